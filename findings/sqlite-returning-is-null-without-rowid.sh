#!/bin/sh
# SQLite 3.40.1 and 3.40.0 (3.41.0 does not): in a RETURNING clause `b IS NULL` is 0 of a NULL where the table has no rowid.
#
# INSERT, UPDATE and DELETE alike, of a column that may be NULL and is; typeof(b) in the same clause says null, and so does a
# SELECT of the row. `b IS NOT NULL` is 1, and ifnull(b, ..) is right. A table with rowids is not concerned. 3.40.1 is what
# Debian 12 has. A way around it is to return b itself and to look at the type of what comes.
#
# Seen (2026-11-29):
#   3.40.1 rowid, update: is null 1, typeof null
#   3.40.1 without rowid, update: is null 0, typeof null
#   3.40.1 without rowid, select: is null 1, typeof null
#   3.40.1 without rowid, delete: is null 0, typeof null
#   3.41.0 without rowid, update: is null 1, typeof null
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >look.c <<'C'
#include "sqlite3.h"
#include <stdio.h>

static void look(sqlite3 *db, const char *what, const char *sql) {
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    while (sqlite3_step(statement) == SQLITE_ROW)
        printf("%s %s: is null %d, typeof %s\n", sqlite3_libversion(), what, sqlite3_column_int(statement, 0),
               sqlite3_column_text(statement, 1));
    sqlite3_finalize(statement);
}

int main(void) {
    sqlite3 *db = NULL;
    sqlite3_open(":memory:", &db);
    sqlite3_exec(db,
                 "create table plain(a primary key, b); insert into plain values (1, 'x');"
                 "create table without(a primary key, b) without rowid; insert into without values (1, 'x')",
                 NULL, NULL, NULL);
    look(db, "rowid, update", "update plain set b = null where a = 1 returning b is null, typeof(b)");
    look(db, "rowid, delete", "delete from plain where a = 1 returning b is null, typeof(b)");
    look(db, "without rowid, update", "update without set b = null where a = 1 returning b is null, typeof(b)");
    look(db, "without rowid, select", "select b is null, typeof(b) from without");
    look(db, "without rowid, delete", "delete from without where a = 1 returning b is null, typeof(b)");
    look(db, "without rowid, insert", "insert into without values (2, null) returning b is null, typeof(b)");
    return sqlite3_close(db);
}
C
for version in 8.1.0 8.2.0; do # packages that bring the amalgamations of 3.40.1 and 3.41.0
    archive=$(npm pack --silent "better-sqlite3@$version")
    mkdir "$version"
    tar -xzf "$archive" -C "$version" package/deps/sqlite3
    source=$version/package/deps/sqlite3
    cc -O1 -w -I "$source" look.c "$source/sqlite3.c" -lpthread -ldl -lm -o "look-$version"
    "./look-$version"
done >seen
cat seen
cat >expected <<'END'
3.40.1 rowid, update: is null 1, typeof null
3.40.1 rowid, delete: is null 1, typeof null
3.40.1 without rowid, update: is null 0, typeof null
3.40.1 without rowid, select: is null 1, typeof null
3.40.1 without rowid, delete: is null 0, typeof null
3.40.1 without rowid, insert: is null 0, typeof null
3.41.0 rowid, update: is null 1, typeof null
3.41.0 rowid, delete: is null 1, typeof null
3.41.0 without rowid, update: is null 1, typeof null
3.41.0 without rowid, select: is null 1, typeof null
3.41.0 without rowid, delete: is null 1, typeof null
3.41.0 without rowid, insert: is null 1, typeof null
END
diff expected seen
