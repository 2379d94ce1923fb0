#!/bin/sh
# SQLite 3.40.1 to 3.53.1 (3.54.1 does not): `x not in (select y from t)` overlooks a NULL in y where an index on y is DESC.
#
# A NULL among what is selected makes the answer NULL, so no row is returned; so it is without an index, with an ascending one, and for
# a list of values. An index on y alone is used in place of a table of its own for IN, and whether it holds a NULL is looked up at
# its beginning, where an ascending index has them. A descending one has them at its end. `in` gives 0 in place of NULL, so that
# `not in`, `(x in ..) is null` and a CHECK change their answers when an index is added or dropped.
# What to do: `not exists (select 1 from t where t.y = x)`, or an ascending index (SQLite reads it backwards too).
#
# Seen (2026-11-30), 'fig' in a table with NULL and 'pear':
#   3.40.1 no index: 0 rows not in it, in is NULL
#   3.40.1 ascending: 0 rows not in it, in is NULL
#   3.40.1 descending: 1 rows not in it, in is 0
#   3.54.1 descending: 0 rows not in it, in is NULL
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >look.c <<'END'
#include "sqlite3.h"
#include <stdio.h>

static void ask(sqlite3 *db, const char *sql, const char *before, const char *behind) {
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    sqlite3_step(statement);
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    printf("%s%s%s", before, text != NULL ? text : "NULL", behind);
    sqlite3_finalize(statement);
}

int main(void) {
    static const char *const indexes[][2] = {{"no index", ""}, {"ascending", "create index i on t(y)"}, {"descending", "create index i on t(y desc)"}};
    for (int i = 0; i < 3; i++) {
        sqlite3 *db = NULL;
        sqlite3_open(":memory:", &db);
        sqlite3_exec(db, "create table t(y text); insert into t values (null), ('pear'); create table f(x text); insert into f values ('fig')",
                     NULL, NULL, NULL);
        sqlite3_exec(db, indexes[i][1], NULL, NULL, NULL);
        printf("%s %s:", sqlite3_libversion(), indexes[i][0]);
        ask(db, "select count(*) from f where x not in (select y from t)", " ", " rows not in it,");
        ask(db, "select x in (select y from t) from f", " in is ", "\n");
        sqlite3_close(db);
    }
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
3.40.1 no index: 0 rows not in it, in is NULL
3.40.1 ascending: 0 rows not in it, in is NULL
3.40.1 descending: 1 rows not in it, in is 0
3.50.4 no index: 0 rows not in it, in is NULL
3.50.4 ascending: 0 rows not in it, in is NULL
3.50.4 descending: 1 rows not in it, in is 0
3.53.1 no index: 0 rows not in it, in is NULL
3.53.1 ascending: 0 rows not in it, in is NULL
3.53.1 descending: 1 rows not in it, in is 0
3.54.1 no index: 0 rows not in it, in is NULL
3.54.1 ascending: 0 rows not in it, in is NULL
3.54.1 descending: 0 rows not in it, in is NULL
END
diff expected seen
