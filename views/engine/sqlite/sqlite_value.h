// Values as SQLite has them and as a change has them: borrowed, copied, answered, bound. The
// connection's thread.
#ifndef TIDEMARK_SQLITE_SQLITE_VALUE_H
#define TIDEMARK_SQLITE_SQLITE_VALUE_H

#include "views/base/arena.h"
#include "views/engine/row/packed_row.h"

struct sqlite3_context;
struct sqlite3_stmt;
struct sqlite3_value;

// Lives as long as SQLite keeps `value` as it is. SQLITE_NOMEM, and VALUE_NULL, when SQLite had no memory to
// show its bytes.
int sqlite_value_borrow(struct sqlite3_value *value, struct value *ret);
// The same as text, whatever it is but NULL.
int sqlite_value_borrow_text(struct sqlite3_value *value, struct value *ret);
// Copied into the arena. SQLITE_NOMEM.
int sqlite_value_take(struct arena *arena, struct sqlite3_value *from, struct value *ret);
// What a virtual table's column answers; the value must outlive the statement's step.
void sqlite_value_result(struct sqlite3_context *context, const struct value *value);
void sqlite_value_result_packed(struct sqlite3_context *context, const struct packed_row *row, int column);
// At ?index, the bytes borrowed until the statement has run. VALUE_ABSENT and VALUE_UNAVAILABLE bind NULL.
void sqlite_value_bind(struct sqlite3_stmt *stmt, int index, const struct value *value);

#endif
