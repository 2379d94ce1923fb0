#!/bin/sh
# SQLite's preupdate hook: of a table with a VIRTUAL generated column the values stand under their neighbours' numbers (3.40.1 to 3.48.0,
# 3.49.1 no more), and a column that was added with a default is NULL in the old row (3.40.1 to 3.46.1, 3.47.0 no more).
#
# sqlite3_preupdate_old() and _new() number a row's values as they are stored, not as the table declares its columns. A virtual column is
# not stored, so what stands behind it moves up by one, the generated column gets its neighbour's value, and the last column is an
# error (SQLITE_RANGE). No error is given for the shifted ones. In a table without rowid the old row of an update is numbered by its
# columns and the new one is not, within one call of the hook.
# From 3.49.1 on the virtual column alone is SQLITE_RANGE. What was added by ALTER TABLE .. DEFAULT 7 and was not
# written since is NULL in the old row, while every SELECT says 7.
# What to do: STORED columns, or none, in tables that are watched; an UPDATE of the rows behind ALTER TABLE.
#
# Seen (2026-11-30), `-` is SQLITE_RANGE:
#   3.46.1 t(id, twice as (x * 2), x, name): update old (1, 5, fig, -) new (1, 6, fig, -)
#   3.46.1 w(id, twice as (x * 2), x, name) without rowid: update old (1, -, 5, fig) new (1, 6, fig, -)
#   3.46.1 a(id, x), added y default 7: update old (1, 5, NULL) new (1, 6, 7)
#   3.49.1 t(id, twice as (x * 2), x, name): update old (1, -, 5, fig) new (1, -, 6, fig)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >look.c <<'END'
#include "sqlite3.h"
#include <stdio.h>

static const char *table;

static void show(sqlite3 *db, const char *which, int (*value_of)(sqlite3 *, int, sqlite3_value **)) {
    printf(" %s (", which);
    for (int column = 0; column < sqlite3_preupdate_count(db); column++) {
        sqlite3_value *value = NULL;
        int status = value_of(db, column, &value);
        const char *text = status == SQLITE_OK ? (const char *)sqlite3_value_text(value) : status == SQLITE_RANGE ? "-" : "error";
        printf("%s%s", column > 0 ? ", " : "", text != NULL ? text : "NULL");
    }
    printf(")");
}

static void on_preupdate(void *self, sqlite3 *db, int op, const char *database, const char *name, sqlite3_int64 before,
                         sqlite3_int64 after) {
    if (op != SQLITE_UPDATE)
        return;
    printf("%s %s: update", sqlite3_libversion(), table);
    show(db, "old", sqlite3_preupdate_old);
    show(db, "new", sqlite3_preupdate_new);
    printf("\n");
}

static void look(sqlite3 *db, const char *what, const char *make, const char *change) {
    table = what;
    if (sqlite3_exec(db, make, NULL, NULL, NULL) != SQLITE_OK || sqlite3_exec(db, change, NULL, NULL, NULL) != SQLITE_OK)
        printf("%s\n", sqlite3_errmsg(db));
}

int main(void) {
    sqlite3 *db = NULL;
    sqlite3_open(":memory:", &db);
    sqlite3_preupdate_hook(db, on_preupdate, NULL);
    look(db, "t(id, twice as (x * 2), x, name)",
         "create table t(id integer primary key, twice as (x * 2), x, name); insert into t(id, x, name) values (1, 5, 'fig')",
         "update t set x = 6");
    look(db, "w(id, twice as (x * 2), x, name) without rowid",
         "create table w(id primary key, twice as (x * 2), x, name) without rowid; insert into w(id, x, name) values (1, 5, 'fig')",
         "update w set x = 6");
    look(db, "a(id, x), added y default 7",
         "create table a(id integer primary key, x); insert into a values (1, 5); alter table a add column y default 7",
         "update a set x = 6");
    return sqlite3_close(db);
}
END
for version in 8.1.0 11.3.0 11.5.0 11.8.0 11.9.1; do # packages that bring the amalgamations of 3.40.1, 3.46.1, 3.47.0, 3.48.0, 3.49.1
    archive=$(npm pack --silent "better-sqlite3@$version")
    mkdir "$version"
    tar -xzf "$archive" -C "$version" package/deps/sqlite3
    source=$version/package/deps/sqlite3
    cc -O1 -w -DSQLITE_ENABLE_PREUPDATE_HOOK -I "$source" look.c "$source/sqlite3.c" -lpthread -ldl -lm -o "look-$version"
    "./look-$version"
done >seen
cat seen
cat >expected <<'END'
3.40.1 t(id, twice as (x * 2), x, name): update old (1, 5, fig, -) new (1, 6, fig, -)
3.40.1 w(id, twice as (x * 2), x, name) without rowid: update old (1, -, 5, fig) new (1, 6, fig, -)
3.40.1 a(id, x), added y default 7: update old (1, 5, NULL) new (1, 6, 7)
3.46.1 t(id, twice as (x * 2), x, name): update old (1, 5, fig, -) new (1, 6, fig, -)
3.46.1 w(id, twice as (x * 2), x, name) without rowid: update old (1, -, 5, fig) new (1, 6, fig, -)
3.46.1 a(id, x), added y default 7: update old (1, 5, NULL) new (1, 6, 7)
3.47.0 t(id, twice as (x * 2), x, name): update old (1, 5, fig, -) new (1, 6, fig, -)
3.47.0 w(id, twice as (x * 2), x, name) without rowid: update old (1, -, 5, fig) new (1, 6, fig, -)
3.47.0 a(id, x), added y default 7: update old (1, 5, 7) new (1, 6, 7)
3.48.0 t(id, twice as (x * 2), x, name): update old (1, 5, fig, -) new (1, 6, fig, -)
3.48.0 w(id, twice as (x * 2), x, name) without rowid: update old (1, -, 5, fig) new (1, 6, fig, -)
3.48.0 a(id, x), added y default 7: update old (1, 5, 7) new (1, 6, 7)
3.49.1 t(id, twice as (x * 2), x, name): update old (1, -, 5, fig) new (1, -, 6, fig)
3.49.1 w(id, twice as (x * 2), x, name) without rowid: update old (1, -, 5, fig) new (1, -, 6, fig)
3.49.1 a(id, x), added y default 7: update old (1, 5, 7) new (1, 6, 7)
END
diff expected seen
