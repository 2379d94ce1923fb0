#!/bin/sh
# SQLite 3.54.1 (3.53.4 does not): what a scalar subquery has made as JSON is put into other JSON as a text, in quotes.
#
# `json_object('items', (select json_group_array(x) from ..))` is how rows are nested in SQL. That an array was made by a JSON function is a
# mark on the value, and a subquery now takes it off, as subqueries in FROM, CTEs and views have done since 3.39. So {"items":[5,6]}
# becomes {"items":"[5,6]"}: the same statement, no error, and one level deeper the quotes are escaped again. json_array, json_set,
# json_group_array and json_group_object do the same, through coalesce() too; jsonb functions within the subquery do not. The
# other way round it stays: `select (select json_array(1))` is the same text as ever.
# What to do: json((select ..)), which is the same with every version.
#
# Seen (2026-11-30), of an order with items 5 and 6:
#   3.53.4 json_object('items', (select json_group_array(x) from i)): {"items":[5,6]}
#   3.54.1 json_object('items', (select json_group_array(x) from i)): {"items":"[5,6]"}
#   3.54.1 json_object('items', json((select json_group_array(x) from i))): {"items":[5,6]}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >look.c <<'END'
#include "sqlite3.h"
#include <stdio.h>

int main(void) {
    static const char *const asked[] = {
        "json_object('items', (select json_group_array(x) from i))",
        "json_object('items', coalesce((select json_group_array(x) from i), 'none'))",
        "json_set('{}', '$.items', (select json_group_array(x) from i))",
        "json_object('items', (select jsonb_group_array(x) from i))",
        "json_object('items', json((select json_group_array(x) from i)))",
        "json_object('items', json_array(5, 6))",
        "(select json_group_array(x) from i)",
    };
    sqlite3 *db = NULL;
    sqlite3_open(":memory:", &db);
    sqlite3_exec(db, "create table i(x int); insert into i values (5), (6)", NULL, NULL, NULL);
    for (size_t n = 0; n < sizeof asked / sizeof *asked; n++) {
        char sql[160];
        sqlite3_stmt *statement = NULL;
        snprintf(sql, sizeof sql, "select %s", asked[n]);
        sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
        sqlite3_step(statement);
        printf("%s %s: %s\n", sqlite3_libversion(), asked[n], (const char *)sqlite3_column_text(statement, 0));
        sqlite3_finalize(statement);
    }
    sqlite3_close(db);
    return 0;
}
END
for version in 11.3.0 13.0.3 13.2.0; do # packages that bring the amalgamations of 3.46.1, 3.53.4 and 3.54.1
    archive=$(npm pack --silent "better-sqlite3@$version")
    mkdir "$version"
    tar -xzf "$archive" -C "$version" package/deps/sqlite3
    source=$version/package/deps/sqlite3
    cc -O0 -w -I "$source" look.c "$source/sqlite3.c" -lpthread -ldl -lm -o "look-$version"
    "./look-$version"
done >seen
cat seen
cat >expected <<'END'
3.46.1 json_object('items', (select json_group_array(x) from i)): {"items":[5,6]}
3.46.1 json_object('items', coalesce((select json_group_array(x) from i), 'none')): {"items":[5,6]}
3.46.1 json_set('{}', '$.items', (select json_group_array(x) from i)): {"items":[5,6]}
3.46.1 json_object('items', (select jsonb_group_array(x) from i)): {"items":[5,6]}
3.46.1 json_object('items', json((select json_group_array(x) from i))): {"items":[5,6]}
3.46.1 json_object('items', json_array(5, 6)): {"items":[5,6]}
3.46.1 (select json_group_array(x) from i): [5,6]
3.53.4 json_object('items', (select json_group_array(x) from i)): {"items":[5,6]}
3.53.4 json_object('items', coalesce((select json_group_array(x) from i), 'none')): {"items":[5,6]}
3.53.4 json_set('{}', '$.items', (select json_group_array(x) from i)): {"items":[5,6]}
3.53.4 json_object('items', (select jsonb_group_array(x) from i)): {"items":[5,6]}
3.53.4 json_object('items', json((select json_group_array(x) from i))): {"items":[5,6]}
3.53.4 json_object('items', json_array(5, 6)): {"items":[5,6]}
3.53.4 (select json_group_array(x) from i): [5,6]
3.54.1 json_object('items', (select json_group_array(x) from i)): {"items":"[5,6]"}
3.54.1 json_object('items', coalesce((select json_group_array(x) from i), 'none')): {"items":"[5,6]"}
3.54.1 json_set('{}', '$.items', (select json_group_array(x) from i)): {"items":"[5,6]"}
3.54.1 json_object('items', (select jsonb_group_array(x) from i)): {"items":[5,6]}
3.54.1 json_object('items', json((select json_group_array(x) from i))): {"items":[5,6]}
3.54.1 json_object('items', json_array(5, 6)): {"items":[5,6]}
3.54.1 (select json_group_array(x) from i): [5,6]
END
diff expected seen
