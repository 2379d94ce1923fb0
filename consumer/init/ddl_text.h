// What --ddl names, as source.sql's text.
#ifndef TIDEMARK_INIT_DDL_TEXT_H
#define TIDEMARK_INIT_DDL_TEXT_H

#include "views/base/buffer.h"
#include "views/base/error.h"

enum { DDL_TEXT_BYTES_MAX = 64 << 20, DDL_TEXT_HEADING_LINES = 1 };

// Appends the file behind a heading of DDL_TEXT_HEADING_LINES; before it, of each table without a key, a line that leaves it out.
// *ret_without: how many are. Errors: ERROR_INPUT, with the place in the file; ERROR_SYSTEM.
int ddl_text_append(struct buffer *out, const char *path, int *ret_without, struct error *error);
// How many lines stand before the file's own where so many tables are left out, the heading among them.
int ddl_text_before(int without);
// Makes an error that names a place in source.sql, which will not be there, name the file, and the line less `before`. Returns -1.
int ddl_text_blame(const char *path, int before, struct error *error);

#endif
