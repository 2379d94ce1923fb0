// PostgreSQL's grammar cuts names behind 63 bytes, as PostgreSQL itself does (NAMEDATALEN). MySQL's and MariaDB's have 64 characters, which
// may be 192 bytes, SQL Server's and Oracle's 128, and their events say them whole. So long names are parsed as short ones that stand
// for them, filled up with spaces, so that every place in the tree stays the text's.
#ifndef TIDEMARK_CATALOG_SOURCE_LONG_NAMES_H
#define TIDEMARK_CATALOG_SOURCE_LONG_NAMES_H

#include "views/engine/catalog/source/pg_parse.h"
#include "views/engine/catalog/source/text.h"

// As source_newer_parse (newer.h), of a statement of `text`.
json_t *source_long_names_parse(const struct source_text *text, const struct source_statement *statement,
                                struct pg_parse_error *error);
// How PostgreSQL cuts the name: NULL where it does not, or without memory. The caller frees it.
char *source_long_names_cut(const char *name);

#endif
