// The SQL of a table's feed: _feed_T has the rows of T as they were before each of the newest commits changed them, so
// that T can be read as it was. Made from what the file says of T, the mirror's or a view's. A connection's thread.
#ifndef TIDEMARK_SQLITE_FEED_SQL_H
#define TIDEMARK_SQLITE_FEED_SQL_H

#include "views/base/buffer.h"
#include "views/engine/sqlite/stmt.h"

enum {
    FEED_COLUMNS_MAX = 200
}; // of a table that can be followed so: SQLite bounds how long an expression is

struct feed_sql {
    struct buffer name;        // ends with a NUL, as the texts below; quoted, without its quotes
    struct buffer columns;     // `"a","b"`
    struct buffer old;         // `old."a",old."b"`
    struct buffer added;       // of a row that was not there: `new."a",null`
    struct buffer declared;    // `"a" integer,"b" text`
    struct buffer keys;        // `"a"`
    struct buffer old_is_feed; // `f."a" is old."a"`
    struct buffer new_is_feed;
    struct buffer new_is_row; // `m."a" is new."a"`
    struct buffer new_is_old;
    struct buffer feed_is_row;
    struct buffer sizes; // `ifnull(length(cast("a" as blob)),0)+..`
};

// 1; 0 when its rows cannot be followed so (no table, no primary key, other
// unique columns, too many columns); -1 = error.
int feed_sql_read(struct feed_sql *ret, sqlite3 *db, const char *table, struct error *error);
void feed_sql_free(struct feed_sql *feed);

// Each for the caller to free with sqlite3_free, NULL = no memory.
char *feed_sql_create(const struct feed_sql *feed);  // main._feed_T
char *feed_sql_index(const struct feed_sql *feed);   // and its index
char *feed_sql_trigger(const struct feed_sql *feed); // those that fill it, at the version in temp._feed_now
// By the table's name.
char *feed_sql_unwatch(const char *table);         // drops the triggers
char *feed_sql_drop(const char *table);            // main._feed_T, and they
char *feed_sql_bytes(const struct feed_sql *feed); // of the rows of :version
char *feed_sql_purge(const struct feed_sql *feed); // up to :version
// temp.T: the table as it was at `version`.
char *feed_sql_past(const struct feed_sql *feed, int64_t version);

#endif
