#!/bin/sh
# SQLite 3.40.1 to 3.50.4 (3.53.1 does not): a row that a RIGHT JOIN adds since it has no partner has the generated column of another
# row, where an index has the joined column and that one.
#
# `a.g` is read from the index while rows of the join are found. For those that are left over the table itself is read, and what
# was made of the index for g is taken as it stands: it is of the row that was looked at last. So g is wrong, and a condition on g
# or on the expression of an index of expressions leaves rows out that belong there. The same as LEFT JOIN is right, and so it is
# without the index, and with a column that is kept (STORED).
# What to do: write the LEFT JOIN, or STORED.
#
# Seen (2026-11-30): a(id, x, g as (ifnull(x, 9))) has x = 1 and x = NULL, b(k) has 5
#   3.40.1 no index, right join: 1 g=1, 2 g=9; g = 9: 1 row
#   3.40.1 index on (x, g), right join: 1 g=1, 2 g=1; g = 9: 0 rows
#   3.40.1 index on (x, g), left join: 1 g=1, 2 g=9; g = 9: 1 row
#   3.53.1 index on (x, g), right join: 1 g=1, 2 g=9; g = 9: 1 row
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >look.c <<'END'
#include "sqlite3.h"
#include <stdio.h>

static void look(sqlite3 *db, const char *index, const char *join, const char *from) {
    char sql[200];
    sqlite3_stmt *statement = NULL;
    snprintf(sql, sizeof sql, "select group_concat(id || ' g=' || g, ', ') from (select a.id, a.g from %s order by 1)", from);
    sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    sqlite3_step(statement);
    printf("%s %s, %s join: %s; ", sqlite3_libversion(), index, join, sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    snprintf(sql, sizeof sql, "select count(*) from %s where a.g = 9", from);
    sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    sqlite3_step(statement);
    int rows = sqlite3_column_int(statement, 0);
    printf("g = 9: %d row%s\n", rows, rows == 1 ? "" : "s");
    sqlite3_finalize(statement);
}

static void look_all(sqlite3 *db, const char *index) {
    look(db, index, "right", "b right join a on a.x = b.k");
    look(db, index, "left", "a left join b on a.x = b.k");
}

int main(void) {
    for (int stored = 0; stored < 2; stored++) {
        sqlite3 *db = NULL;
        sqlite3_open(":memory:", &db);
        sqlite3_exec(db, stored ? "create table a(id integer primary key, x int, g as (ifnull(x, 9)) stored)"
                                : "create table a(id integer primary key, x int, g as (ifnull(x, 9)))", NULL, NULL, NULL);
        sqlite3_exec(db, "create table b(k int); insert into b values (5); insert into a(x) values (1), (null)", NULL, NULL, NULL);
        if (!stored)
            look_all(db, "no index");
        sqlite3_exec(db, "create index i on a(x, g)", NULL, NULL, NULL);
        look_all(db, stored ? "index on (x, g), g is stored" : "index on (x, g)");
        sqlite3_close(db);
    }
    return 0;
}
END
for version in 8.1.0 11.3.0 12.4.1 12.10.0; do # packages that bring the amalgamations of 3.40.1, 3.46.1, 3.50.4 and 3.53.1
    archive=$(npm pack --silent "better-sqlite3@$version")
    mkdir "$version"
    tar -xzf "$archive" -C "$version" package/deps/sqlite3
    source=$version/package/deps/sqlite3
    cc -O1 -w -I "$source" look.c "$source/sqlite3.c" -lpthread -ldl -lm -o "look-$version"
    "./look-$version"
done >seen
cat seen
cat >expected <<'END'
3.40.1 no index, right join: 1 g=1, 2 g=9; g = 9: 1 row
3.40.1 no index, left join: 1 g=1, 2 g=9; g = 9: 1 row
3.40.1 index on (x, g), right join: 1 g=1, 2 g=1; g = 9: 0 rows
3.40.1 index on (x, g), left join: 1 g=1, 2 g=9; g = 9: 1 row
3.40.1 index on (x, g), g is stored, right join: 1 g=1, 2 g=9; g = 9: 1 row
3.40.1 index on (x, g), g is stored, left join: 1 g=1, 2 g=9; g = 9: 1 row
3.46.1 no index, right join: 1 g=1, 2 g=9; g = 9: 1 row
3.46.1 no index, left join: 1 g=1, 2 g=9; g = 9: 1 row
3.46.1 index on (x, g), right join: 1 g=1, 2 g=1; g = 9: 0 rows
3.46.1 index on (x, g), left join: 1 g=1, 2 g=9; g = 9: 1 row
3.46.1 index on (x, g), g is stored, right join: 1 g=1, 2 g=9; g = 9: 1 row
3.46.1 index on (x, g), g is stored, left join: 1 g=1, 2 g=9; g = 9: 1 row
3.50.4 no index, right join: 1 g=1, 2 g=9; g = 9: 1 row
3.50.4 no index, left join: 1 g=1, 2 g=9; g = 9: 1 row
3.50.4 index on (x, g), right join: 1 g=1, 2 g=1; g = 9: 0 rows
3.50.4 index on (x, g), left join: 1 g=1, 2 g=9; g = 9: 1 row
3.50.4 index on (x, g), g is stored, right join: 1 g=1, 2 g=9; g = 9: 1 row
3.50.4 index on (x, g), g is stored, left join: 1 g=1, 2 g=9; g = 9: 1 row
3.53.1 no index, right join: 1 g=1, 2 g=9; g = 9: 1 row
3.53.1 no index, left join: 1 g=1, 2 g=9; g = 9: 1 row
3.53.1 index on (x, g), right join: 1 g=1, 2 g=9; g = 9: 1 row
3.53.1 index on (x, g), left join: 1 g=1, 2 g=9; g = 9: 1 row
3.53.1 index on (x, g), g is stored, right join: 1 g=1, 2 g=9; g = 9: 1 row
3.53.1 index on (x, g), g is stored, left join: 1 g=1, 2 g=9; g = 9: 1 row
END
diff expected seen
