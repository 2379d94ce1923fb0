// PostgreSQL's DDL is newer than the grammar that we link (Debian 12's libpg_query knows 15): what 16 to 18 write
// into pg_dump's tables is told in older words of the same length, so that every place in the tree stays the text's.
//   generated always as (..) virtual, or neither word (18)   a default whose text begins with "generated"
//   constraint NAME not null COLUMN (18)                     a check that always holds
//   not enforced, enforced, without overlaps, period (18)    nothing
//   check (EXPRESSION)                                       check (1=1): IS JSON (16) and what is newer
//   a column's storage KIND (16)                             nothing
//   set expression as (..) (17)                              set default (..)
#ifndef TIDEMARK_CATALOG_SOURCE_NEWER_H
#define TIDEMARK_CATALOG_SOURCE_NEWER_H

#include "views/engine/catalog/source/pg_parse.h"

// As pg_parse; the error is the one of the statement as it is written.
json_t *source_newer_parse(struct span statement, struct pg_parse_error *error);

#endif
