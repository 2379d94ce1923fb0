#!/bin/sh
# SQLite 3.40.1 to 3.51.3 (3.53.0 does not): `alter table t drop column c` of the last column fails, or takes a CHECK or the PRIMARY KEY and
# all its values with it, in silence, where a comment before c's name has a comma.
#
# The declaration is cut from the comma before the column, which is looked for backwards from its name, byte by byte, in comments too.
# What is left ends within the comment: mostly no statement any more ("incomplete input", of which the manual's list of reasons
# says nothing), and the column cannot be dropped. But where a constraint follows on c's own line and another one on the next, the
# comment swallows the first alone: the statement succeeds, and an integrity check is content. An INTEGER PRIMARY KEY lost so is
# NULL in each row, since it was the rowid. A column that becomes the last one by another drop is the same, and what stood
# before a dropped column stays, before the next.
# What to do: a column's comment behind it, or before the comma that ends its line.
#
# Seen (2026-11-30), a row with 5 in a, and c dropped, the last column (a / is a new line here):
#   3.40.1 a int, b, -- one two / c: done, a is 5
#   3.40.1 a int, b, -- one, two / c: error in table t after drop column: incomplete input
#   3.40.1 a int, b, -- one, two / c, check (a > 0), / check (b > 0): done, a is 5, takes -1
#   3.40.1 a integer, b, -- one, two / c, primary key (a), / check (b > 0): done, a is NULL, takes -1, takes -1 twice
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >look.c <<'END'
#include "sqlite3.h"
#include <stdio.h>

// `columns`: of the declaration, each / a new line. `before` is dropped first, when it is given.
static void look(const char *columns, const char *before) {
    sqlite3 *db = NULL;
    char *wrong = NULL;
    char sql[256];
    int size = snprintf(sql, sizeof sql, "create table t(%s)", columns);
    for (int i = 0; i < size; i++)
        if (sql[i] == '/')
            sql[i] = '\n';
    sqlite3_open(":memory:", &db);
    sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (before != NULL) {
        snprintf(sql, sizeof sql, "alter table t drop column %s", before);
        sqlite3_exec(db, sql, NULL, NULL, NULL);
    }
    sqlite3_exec(db, "insert into t(a, b) values (5, 1)", NULL, NULL, NULL);
    printf("%s %s%s%s: ", sqlite3_libversion(), columns, before != NULL ? ", less " : "", before != NULL ? before : "");
    if (sqlite3_exec(db, "alter table t drop column c", NULL, NULL, &wrong) == SQLITE_OK) {
        sqlite3_stmt *statement = NULL;
        sqlite3_prepare_v2(db, "select a from t", -1, &statement, NULL);
        sqlite3_step(statement);
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        printf("done, a is %s", text != NULL ? text : "NULL");
        sqlite3_finalize(statement);
        for (int i = 0; i < 2; i++)
            if (sqlite3_exec(db, "insert into t(a, b) values (-1, 1)", NULL, NULL, NULL) == SQLITE_OK)
                printf(", takes -1%s", i == 1 ? " twice" : "");
        printf("\n");
    } else
        printf("%s\n", wrong);
    sqlite3_free(wrong);
    sqlite3_close(db);
}

int main(void) {
    look("a int, b, -- one two / c", NULL);
    look("a int, b, -- one, two / c", NULL);
    look("a int, b, c -- one, two /", NULL);
    look("a int, b, -- one, two / d, c", "d");
    look("a int, b, -- one, two / c, check (a > 0), / check (b > 0)", NULL);
    look("a integer, b, -- one, two / c, primary key (a), / check (b > 0)", NULL);
    return 0;
}
END
for version in 8.1.0 12.8.0 12.9.0 13.2.0; do # packages that bring the amalgamations of 3.40.1, 3.51.3, 3.53.0 and 3.54.1
    archive=$(npm pack --silent "better-sqlite3@$version")
    mkdir "$version"
    tar -xzf "$archive" -C "$version" package/deps/sqlite3
    source=$version/package/deps/sqlite3
    cc -O0 -w -I "$source" look.c "$source/sqlite3.c" -lpthread -ldl -lm -o "look-$version"
    "./look-$version"
done >seen
cat seen
cat >expected <<'END'
3.40.1 a int, b, -- one two / c: done, a is 5, takes -1, takes -1 twice
3.40.1 a int, b, -- one, two / c: error in table t after drop column: incomplete input
3.40.1 a int, b, c -- one, two /: done, a is 5, takes -1, takes -1 twice
3.40.1 a int, b, -- one, two / d, c, less d: error in table t after drop column: incomplete input
3.40.1 a int, b, -- one, two / c, check (a > 0), / check (b > 0): done, a is 5, takes -1, takes -1 twice
3.40.1 a integer, b, -- one, two / c, primary key (a), / check (b > 0): done, a is NULL, takes -1, takes -1 twice
3.51.3 a int, b, -- one two / c: done, a is 5, takes -1, takes -1 twice
3.51.3 a int, b, -- one, two / c: error in table t after drop column: incomplete input
3.51.3 a int, b, c -- one, two /: done, a is 5, takes -1, takes -1 twice
3.51.3 a int, b, -- one, two / d, c, less d: error in table t after drop column: incomplete input
3.51.3 a int, b, -- one, two / c, check (a > 0), / check (b > 0): done, a is 5, takes -1, takes -1 twice
3.51.3 a integer, b, -- one, two / c, primary key (a), / check (b > 0): done, a is NULL, takes -1, takes -1 twice
3.53.0 a int, b, -- one two / c: done, a is 5, takes -1, takes -1 twice
3.53.0 a int, b, -- one, two / c: done, a is 5, takes -1, takes -1 twice
3.53.0 a int, b, c -- one, two /: done, a is 5, takes -1, takes -1 twice
3.53.0 a int, b, -- one, two / d, c, less d: done, a is 5, takes -1, takes -1 twice
3.53.0 a int, b, -- one, two / c, check (a > 0), / check (b > 0): done, a is 5
3.53.0 a integer, b, -- one, two / c, primary key (a), / check (b > 0): done, a is 5, takes -1
3.54.1 a int, b, -- one two / c: done, a is 5, takes -1, takes -1 twice
3.54.1 a int, b, -- one, two / c: done, a is 5, takes -1, takes -1 twice
3.54.1 a int, b, c -- one, two /: done, a is 5, takes -1, takes -1 twice
3.54.1 a int, b, -- one, two / d, c, less d: done, a is 5, takes -1, takes -1 twice
3.54.1 a int, b, -- one, two / c, check (a > 0), / check (b > 0): done, a is 5
3.54.1 a integer, b, -- one, two / c, primary key (a), / check (b > 0): done, a is 5, takes -1
END
diff expected seen
