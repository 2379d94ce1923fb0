// The rows of a question: opened by query.c and table_query.c, given out by read.h's functions.
#ifndef TIDEMARK_READ_ROWS_H
#define TIDEMARK_READ_ROWS_H

#include "views/engine/read/reader.h"

// The reader's rows, by a statement that the caller binds next. Within a snapshot that has none open.
struct rows *rows_open(struct reader *reader, struct statement *statement, const char *what, int limit);

// Binds `value` as INTEGER or REAL when it is written the way SQLite would write that number, else as TEXT.
void rows_bind_value(sqlite3_stmt *stmt, int index, struct span value);
// Binds a cell that a cursor had.
void rows_bind_cell(sqlite3_stmt *stmt, int index, const struct cell *cell);

// Says that `after` is no cursor: ERROR_USAGE. Returns -1.
int rows_bad_cursor(struct span after, struct error *error);
// Adds a name to "a, b, c" for messages.
void rows_list_name(struct buffer *list, const char *name);

#endif
