// The rows of a question: opened by query.c and table_query.c, given out by read.h's functions.
#ifndef TIDEMARK_READ_ROWS_H
#define TIDEMARK_READ_ROWS_H

#include "views/engine/read/reader.h"

// The reader's rows, by a statement that the caller binds next. Within a snapshot that has none open.
struct rows *rows_open(struct reader *reader, struct statement *statement, const char *what, int64_t limit);

// Binds a value that was read, NULL of CELL_NULL. SQLite's code: what it did not take stays NULL, and the rows
// would be those of another question.
int rows_bind_cell(sqlite3_stmt *stmt, int index, const struct cell *cell);
// Why a step of the rows failed. ERROR_USAGE: a parameter is no query of the full-text table that it was put to. Returns -1.
int rows_step_failed(struct rows *rows, struct error *error);
// Closes rows that could not be bound, and says why. Returns -1.
int rows_not_bound(struct rows *rows, struct error *error);

// Says that `after` is no cursor: ERROR_USAGE. Returns -1.
int rows_bad_cursor(struct span after, struct error *error);
// Adds a name to "a, b, c" for messages.
void rows_list_name(struct buffer *list, const char *name);

#endif
