#!/bin/sh
# SQLite 3.40.1 to 3.53.1 (3.54.1 does not): in an upsert, `excluded.n` of a BIGINT is rounded to a double where the table has a VIRTUAL
# generated column and a REAL one before it.
#
# `set n = excluded.n` stores 9007199254740992 for 9007199254740993, and into a TEXT 5 becomes '5.0'. A virtual column is not stored,
# so a column has another number in the row than in the table; which of the new row's values is a REAL, and may be kept as an
# integer, is looked up by the one number where the other is meant, and n is taken for its neighbour. The first insert of the row is
# right, as is any UPDATE: only what comes again is another. It is silent.
# What to do: STORED generated columns, or generated and REAL columns at the end of the table; `cast(excluded.n as integer)` comes too late.
#
# Seen (2026-11-30): the same row is inserted twice, the second time with `on conflict(id) do update set n = excluded.n, t = excluded.n`
#   3.40.1 t(id, twice as (id * 2), r real, n bigint, t text): n 9007199254740992, t 9.00719925474099e+15
#   3.40.1 the same, twice is stored: n 9007199254740993, t 9007199254740993
#   3.54.1 t(id, twice as (id * 2), r real, n bigint, t text): n 9007199254740993, t 9007199254740993
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >look.c <<'END'
#include "sqlite3.h"
#include <stdio.h>

static void look(const char *what, const char *make) {
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    sqlite3_open(":memory:", &db);
    sqlite3_exec(db, make, NULL, NULL, NULL);
    for (int i = 0; i < 2; i++)
        sqlite3_exec(db,
                     "insert into t(id, r, n, t) values (1, 0.5, 9007199254740993, 'new')"
                     " on conflict(id) do update set n = excluded.n, t = excluded.n",
                     NULL, NULL, NULL);
    sqlite3_prepare_v2(db, "select n, t from t", -1, &statement, NULL);
    sqlite3_step(statement);
    printf("%s %s: n %s, t %s\n", sqlite3_libversion(), what, sqlite3_column_text(statement, 0), sqlite3_column_text(statement, 1));
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

int main(void) {
    look("t(id, twice as (id * 2), r real, n bigint, t text)",
         "create table t(id integer primary key, twice as (id * 2), r real, n bigint, t text)");
    look("the same, twice is stored", "create table t(id integer primary key, twice as (id * 2) stored, r real, n bigint, t text)");
    look("the same, twice is last", "create table t(id integer primary key, r real, n bigint, t text, twice as (id * 2))");
    look("the same, r is text", "create table t(id integer primary key, twice as (id * 2), r text, n bigint, t text)");
    return 0;
}
END
for version in 8.1.0 12.4.1 12.10.0 13.2.0; do # packages that bring the amalgamations of 3.40.1, 3.50.4, 3.53.1 and 3.54.1
    archive=$(npm pack --silent "better-sqlite3@$version")
    mkdir "$version"
    tar -xzf "$archive" -C "$version" package/deps/sqlite3
    source=$version/package/deps/sqlite3
    cc -O1 -w -I "$source" look.c "$source/sqlite3.c" -lpthread -ldl -lm -o "look-$version"
    "./look-$version"
done >seen
cat seen
cat >expected <<'END'
3.40.1 t(id, twice as (id * 2), r real, n bigint, t text): n 9007199254740992, t 9.00719925474099e+15
3.40.1 the same, twice is stored: n 9007199254740993, t 9007199254740993
3.40.1 the same, twice is last: n 9007199254740993, t 9007199254740993
3.40.1 the same, r is text: n 9007199254740993, t 9007199254740993
3.50.4 t(id, twice as (id * 2), r real, n bigint, t text): n 9007199254740992, t 9.00719925474099e+15
3.50.4 the same, twice is stored: n 9007199254740993, t 9007199254740993
3.50.4 the same, twice is last: n 9007199254740993, t 9007199254740993
3.50.4 the same, r is text: n 9007199254740993, t 9007199254740993
3.53.1 t(id, twice as (id * 2), r real, n bigint, t text): n 9007199254740992, t 9007199254740992.0
3.53.1 the same, twice is stored: n 9007199254740993, t 9007199254740993
3.53.1 the same, twice is last: n 9007199254740993, t 9007199254740993
3.53.1 the same, r is text: n 9007199254740993, t 9007199254740993
3.54.1 t(id, twice as (id * 2), r real, n bigint, t text): n 9007199254740993, t 9007199254740993
3.54.1 the same, twice is stored: n 9007199254740993, t 9007199254740993
3.54.1 the same, twice is last: n 9007199254740993, t 9007199254740993
3.54.1 the same, r is text: n 9007199254740993, t 9007199254740993
END
diff expected seen
