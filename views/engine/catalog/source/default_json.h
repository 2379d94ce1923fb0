// A literal default of JSONB or HSTORE as PostgreSQL writes the value that it makes of it, which events have. Pure.
#ifndef TIDEMARK_CATALOG_SOURCE_DEFAULT_JSON_H
#define TIDEMARK_CATALOG_SOURCE_DEFAULT_JSON_H

#include "views/base/buffer.h"

// Members by the length of their names, the last of one name, a blank behind each comma and colon. False: it is no JSON, or has a
// number that is no 64-bit integer, whose digits a reader does not keep; `ret` holds nothing of use.
bool default_json_binary(const char *literal, struct buffer *ret);
// '"a"=>"1", b=>NULL' as the object {"a":"1","b":null}. False: it is no such list, or one name stands twice.
bool default_json_pairs(const char *literal, struct buffer *ret);

#endif
