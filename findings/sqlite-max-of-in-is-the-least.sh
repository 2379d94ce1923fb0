#!/bin/sh
# SQLite 3.40.1 (3.42.0 does not): behind ANALYZE, `select max(x) from t where x in (select y from f)` gives the least such x where x and y are indexed.
#
# max() of an indexed column is read from the end of its index, and stops at the first row. With IN the outer loop goes over the values of f, by
# f's own index, and that one was walked upwards though the other is walked downwards: the first row found is of the least value. It needs the
# statistics that ANALYZE (or PRAGMA optimize) leaves: without them SQLite does not stop at the first row. min() is right, and so are ORDER BY .. DESC,
# a list of values, and `+x in (..)`. Debian 12 has 3.40.1.
# What to do: `select x .. order by x desc limit 1`, or `max(+x)`.
#
# Seen (2026-11-30): t has 1 to 5, f has 2, 3, 4
#   3.40.1: max is 4, by order 4, min 2
#   3.40.1 behind analyze: max is 2, by order 4, min 2
#   3.54.1 behind analyze: max is 4, by order 4, min 2
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >look.c <<'END'
#include "sqlite3.h"
#include <stdio.h>

static void ask(sqlite3 *db, const char *sql, const char *before) {
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    sqlite3_step(statement);
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    printf("%s %s", before, text != NULL ? text : "NULL");
    sqlite3_finalize(statement);
}

static void look(sqlite3 *db, const char *when) {
    printf("%s%s: ", sqlite3_libversion(), when);
    ask(db, "select max(x) from t where x in (select y from f)", "max is");
    ask(db, "select x from t where x in (select y from f) order by x desc limit 1", ", by order");
    ask(db, "select min(x) from t where x in (select y from f)", ", min");
    ask(db, "select max(+x) from t where x in (select y from f)", ", max(+x)");
    ask(db, "select max(x) from t where x in (2, 3, 4)", ", of a list");
    puts("");
}

int main(void) {
    sqlite3 *db = NULL;
    sqlite3_open(":memory:", &db);
    sqlite3_exec(db, "create table t(x int); create index on_x on t(x); insert into t values (1), (2), (3), (4), (5);"
                     "create table f(y int primary key); insert into f values (2), (3), (4)", NULL, NULL, NULL);
    look(db, "");
    sqlite3_exec(db, "analyze", NULL, NULL, NULL);
    look(db, " behind analyze");
    sqlite3_close(db);
    return 0;
}
END
for version in 8.1.0 8.4.0 13.2.0; do # packages that bring the amalgamations of 3.40.1, 3.42.0 and 3.54.1
    archive=$(npm pack --silent "better-sqlite3@$version")
    mkdir "$version"
    tar -xzf "$archive" -C "$version" package/deps/sqlite3
    source=$version/package/deps/sqlite3
    cc -O0 -w -I "$source" look.c "$source/sqlite3.c" -lpthread -ldl -lm -o "look-$version"
    "./look-$version"
done >seen
cat seen
cat >expected <<'END'
3.40.1: max is 4, by order 4, min 2, max(+x) 4, of a list 4
3.40.1 behind analyze: max is 2, by order 4, min 2, max(+x) 4, of a list 4
3.42.0: max is 4, by order 4, min 2, max(+x) 4, of a list 4
3.42.0 behind analyze: max is 4, by order 4, min 2, max(+x) 4, of a list 4
3.54.1: max is 4, by order 4, min 2, max(+x) 4, of a list 4
3.54.1 behind analyze: max is 4, by order 4, min 2, max(+x) 4, of a list 4
END
diff expected seen
