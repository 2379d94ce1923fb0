// The SQL of a mirrored table, made from its declaration: only quoted identifiers are composed, values are
// always bound. Parameters: ?1, ?2, ... = the table's columns by number, and the names given below. Each
// function returns text for the caller to free with sqlite3_free, NULL when out of memory. Pure.
#ifndef TIDEMARK_ROW_TABLE_SQL_H
#define TIDEMARK_ROW_TABLE_SQL_H

#include "views/base/span.h"
#include "views/engine/table.h"

#include <stdbool.h>

struct sqlite3_str;

// Columns whose keep bit one bound integer carries; wider tables bind several (:keep0, :keep1, ...).
enum { TABLE_SQL_KEEP_BITS = 62 };

// CREATE TABLE of the mirror, with the engine's columns _lsn and _snapshot, and of what deletes leave behind
// (_deleted_NAME: _part, the key, _lsn, _ts_ms). Parts are filled one after the other: deletes of one commit are of keys
// from all over, and in the order of keys alone they would change nearly every page of what is kept.
char *table_sql_create(const struct table *table);
// Whether the column is one of the engine's two.
bool table_sql_is_engine_column(struct span name);

enum mirror_upsert {
    UPSERT_STREAMED, // :lsn; nothing when the row's _lsn is not older
    UPSERT_SNAPSHOT, // :snapshot; nothing when the row has streamed changes after it
    UPSERT_FORCED,   // incremental snapshots and events without a position: always, _lsn stays
    UPSERT_KINDS,
};
// `masked`: columns whose bit is set in :keepN stay as they are in a row that exists.
char *table_sql_upsert(const struct table *table, enum mirror_upsert kind, bool masked);
// The same of a row that is none of the ghosts of a snapshot that did not name it: -2 - its LSN goes into _snapshot, as :behind.
char *table_sql_upsert_behind(const struct table *table, enum mirror_upsert kind, bool masked);
// The two halves of an upsert, of the same parameters, for a write whose failure undoes the whole transaction: a row that is
// not there yet, and one that is there and older.
char *table_sql_insert_new(const struct table *table, enum mirror_upsert kind);
char *table_sql_update_older(const struct table *table, enum mirror_upsert kind);
// Changes a row that is at :lsn, of no snapshot from there on, and has other values, but for those whose bit is set in
// :keepN. Not for a table of keys alone.
char *table_sql_write_again(const struct table *table);
// Keys bind as :key1.. in key order in all that follow.
char *table_sql_delete(const struct table *table);     // :lsn; only a row that is older
char *table_sql_delete_key(const struct table *table); // whatever its position
// Appends `select "a","b",... from main."T"`: the columns that are set, NULL = all; none is: 1.
void table_sql_select(struct sqlite3_str *sql, const struct table *table, const bool *columns);
// Many rows at once, from the virtual table _pending_T of mirror/pending_vtab.h.
char *table_sql_write_pending(const struct table *table, enum mirror_upsert kind);
// _step and the columns that are set, in order, of the pending keys that have a row.
char *table_sql_recall_pending(const struct table *table, const bool *columns);
char *table_sql_note_pending_deletes(const struct table *table); // :part
char *table_sql_newest_lsn(const struct table *table);
char *table_sql_has_rows(const struct table *table);
// The highest value of the first key column that the file has, NULL = it has no row.
char *table_sql_highest_key(const struct table *table);
// The columns that are set, in order, of one key; none is: whether there is a row.
char *table_sql_some_columns(const struct table *table, const bool *columns);
char *table_sql_lsn(const struct table *table);            // of one key
char *table_sql_note_deleted(const struct table *table);   // :part, :lsn, :ts_ms; keeps the newest
char *table_sql_deleted_lsn(const struct table *table);    // :part; _lsn
char *table_sql_deleted_lately(const struct table *table); // :part; _lsn of that part or the one before it
char *table_sql_next_part(const struct table *table); // the number of the first part behind :part, or NULL
char *
table_sql_part(const struct table *table); // :part; its newest _lsn (-1 = none), and how many rows it has
char *table_sql_truncate_key(const struct table *table); // :lsn, one key
char *table_sql_note_swept(
    const struct table *table); // :part, :snapshot, :ts_ms; positions of the rows that a sweep will delete
char *table_sql_purge_deleted(const struct table *table); // :before_ms
char *table_sql_lacks_column(const struct table *table, int column);
char *table_sql_set_column(const struct table *table, int column); // :value
// The generated columns in order, from ?N = the table's column N.
char *table_sql_compute_generated(const struct table *table);
// The same of a row that is there, into it.
char *table_sql_set_generated(const struct table *table);
// The first one whose result is beyond 64 bits, by its number, or null: of what follows `select` from the table's columns; of the
// row that an upsert of ?N makes where :keepN says which columns stay.
void table_sql_beyond(struct sqlite3_str *sql, const struct table *table);
// What is wrong with it, for a message.
const char *table_sql_beyond_what(const struct column *column);
char *table_sql_beyond_upsert(const struct table *table);
// The first :limit rows in the order of their keys that a truncate at :lsn or a sweep of :snapshot deletes; and the bytes
// of the columns that are set, of the same rows.
char *table_sql_truncate(const struct table *table);
char *table_sql_truncate_sizes(const struct table *table, const bool *columns);
char *table_sql_sweep(const struct table *table);
char *table_sql_sweep_sizes(const struct table *table, const bool *columns);
// A row where there is one that a sweep of :snapshot would delete, and that has an _lsn below :below.
char *table_sql_unnamed(const struct table *table);
// For a rebuild: the rows out and in again, so that insert triggers see them.
char *table_sql_copy_out(const struct table *table); // into temp._rebuild_NAME
char *table_sql_copy_in(const struct table *table);

#endif
