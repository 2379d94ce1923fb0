// The SQL that makes a mirrored table of an older declaration one of a newer, made from the declarations: only quoted
// identifiers and literal defaults are composed. Each function returns text for the caller to free with sqlite3_free,
// NULL when out of memory. Pure.
#ifndef TIDEMARK_ROW_TABLE_CHANGE_H
#define TIDEMARK_ROW_TABLE_CHANGE_H

#include "views/engine/table.h"

// All tables' CREATE TABLE in their order (table_sql_create): what a file's mirror is.
char *table_change_mirror(const struct table *tables, int count);
char *table_change_rename(const char *old_name, const char *new_name);
char *table_change_drop(const char *name);
// `key`: it is part of the key.
char *table_change_rename_column(const char *table, const char *old_name, const char *new_name, bool key);
char *table_change_drop_column(const char *table, const char *column);
// A key's value in another form than it is read in now: a uuid in capitals, a numeric without digits that ends with zeros.
char *table_change_other_form(const char *table, const struct column *column);
// Rows that are there get the column's literal default; else they are null there, and not written for it.
char *table_change_add_column(const char *table, const struct column *column);
// 1 where a row is null there, else 0.
char *table_change_has_null(const char *table, const char *column);
// Rows that are null there get the column's literal default.
char *table_change_default(const char *table, const struct column *column);
// A row that one of them is beyond 64 bits of: the column's number, and the row's key columns in the key's order.
char *table_change_beyond(const struct table *table);
// Computes the generated columns of all rows.
char *table_change_generate(const struct table *table);
// Takes the spaces at the end of what fills its column. A text that came later as it is now is mostly another long.
char *table_change_unpad(const char *table, const char *column, int width);
// The table under another key, with the rows that have a value in each of its columns; of two rows with one key the first.
// `from`: by column of `is`, the name of the column to take its values from, NULL = none: its literal default, or null.
char *table_change_key(const struct table *is, const char *const *from);

// The rows of fill.T that main.T has not, or at another position, or with another value (null only in the columns that are
// set): all columns, _lsn, _snapshot, whether main.T has it at the same position, whether it has none; by key.
// Not `first`: behind the key ?1, ?2, ...
char *table_change_fill(const struct table *table, const bool *columns, bool first);
// The rows of main.T that fill.T saw deleted since, in the same form: all columns but the key's are null.
char *table_change_fill_gone(const struct table *table, bool first);
// How many rows of main.T are newer than fill.T has them, or not there, and of both together, how many are null in one of the
// columns where that cannot be, of which no event that was read again says anything.
char *table_change_lacking(const struct table *table, const bool *columns);
// What deletes left behind in fill.T, into main.T.
char *table_change_fill_deleted(const struct table *table);

#endif
