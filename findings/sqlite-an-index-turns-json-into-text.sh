#!/bin/sh
# SQLite 3.54.1, 3.50.4 and 3.40.1 (3.46.1 does not): an index on a JSON expression makes texts in quotes of the arrays that
# `json_group_array(doc -> '$.tags')` with GROUP BY has without it.
#
# That `doc -> '$.tags'` is JSON is a mark on the value, which an index does not keep. Where an index has all that a grouped query needs, the
# expression is taken from it rather than computed, and the aggregate gets a text: [["a"],["b"]] becomes ["[\"a\"]","[\"b\"]"]. So an
# answer changes when an index is made, or dropped, or when the planner takes another one; json_group_object, FILTER and a
# json_object within the aggregate likewise. Without GROUP BY newer versions compute the expression (3.40.1 does not do that either).
# What to do: json(doc -> '$.tags') in the query.
#
# Seen (2026-11-30), group 1 of docs(team, doc), with an index on docs(team, doc -> '$.tags'):
#   3.54.1 no index, json_group_array(doc -> '$.tags') .. group by team: [["a"],["b"]]
#   3.54.1 an index, json_group_array(doc -> '$.tags') .. group by team: ["[\"a\"]","[\"b\"]"]
#   3.54.1 an index, json_group_array(json(doc -> '$.tags')) .. group by team: [["a"],["b"]]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >look.c <<'END'
#include "sqlite3.h"
#include <stdio.h>

int main(void) {
    static const char *const asked[][2] = {
        {"json_group_array(doc -> '$.tags')", "group by team"},
        {"json_group_array(json_object('tags', doc -> '$.tags'))", "group by team"},
        {"json_group_array(json(doc -> '$.tags'))", "group by team"},
        {"json_group_array(doc -> '$.tags')", "where team = 1"},
    };
    sqlite3 *db = NULL;
    sqlite3_open(":memory:", &db);
    sqlite3_exec(db, "create table docs(id integer primary key, team int, doc text);"
                     "insert into docs(team, doc) values (1, '{\"tags\":[\"a\"]}'), (1, '{\"tags\":[\"b\"]}')", NULL, NULL, NULL);
    for (int index = 0; index < 2; index++) {
        for (size_t n = 0; n < sizeof asked / sizeof *asked; n++) {
            char sql[160];
            sqlite3_stmt *statement = NULL;
            snprintf(sql, sizeof sql, "select %s from docs %s", asked[n][0], asked[n][1]);
            sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
            sqlite3_step(statement);
            printf("%s %s index, %s .. %s: %s\n", sqlite3_libversion(), index == 0 ? "no" : "an", asked[n][0], asked[n][1],
                   (const char *)sqlite3_column_text(statement, 0));
            sqlite3_finalize(statement);
        }
        sqlite3_exec(db, "create index i on docs(team, doc -> '$.tags')", NULL, NULL, NULL);
    }
    sqlite3_close(db);
    return 0;
}
END
for version in 8.1.0 11.3.0 12.4.1 13.2.0; do # packages that bring the amalgamations of 3.40.1, 3.46.1, 3.50.4 and 3.54.1
    archive=$(npm pack --silent "better-sqlite3@$version")
    mkdir "$version"
    tar -xzf "$archive" -C "$version" package/deps/sqlite3
    source=$version/package/deps/sqlite3
    cc -O0 -w -I "$source" look.c "$source/sqlite3.c" -lpthread -ldl -lm -o "look-$version"
    "./look-$version"
done >seen
cat seen
cat >expected <<'END'
3.40.1 no index, json_group_array(doc -> '$.tags') .. group by team: [["a"],["b"]]
3.40.1 no index, json_group_array(json_object('tags', doc -> '$.tags')) .. group by team: [{"tags":["a"]},{"tags":["b"]}]
3.40.1 no index, json_group_array(json(doc -> '$.tags')) .. group by team: [["a"],["b"]]
3.40.1 no index, json_group_array(doc -> '$.tags') .. where team = 1: [["a"],["b"]]
3.40.1 an index, json_group_array(doc -> '$.tags') .. group by team: ["[\"a\"]","[\"b\"]"]
3.40.1 an index, json_group_array(json_object('tags', doc -> '$.tags')) .. group by team: [{"tags":"[\"a\"]"},{"tags":"[\"b\"]"}]
3.40.1 an index, json_group_array(json(doc -> '$.tags')) .. group by team: [["a"],["b"]]
3.40.1 an index, json_group_array(doc -> '$.tags') .. where team = 1: ["[\"a\"]","[\"b\"]"]
3.46.1 no index, json_group_array(doc -> '$.tags') .. group by team: [["a"],["b"]]
3.46.1 no index, json_group_array(json_object('tags', doc -> '$.tags')) .. group by team: [{"tags":["a"]},{"tags":["b"]}]
3.46.1 no index, json_group_array(json(doc -> '$.tags')) .. group by team: [["a"],["b"]]
3.46.1 no index, json_group_array(doc -> '$.tags') .. where team = 1: [["a"],["b"]]
3.46.1 an index, json_group_array(doc -> '$.tags') .. group by team: [["a"],["b"]]
3.46.1 an index, json_group_array(json_object('tags', doc -> '$.tags')) .. group by team: [{"tags":["a"]},{"tags":["b"]}]
3.46.1 an index, json_group_array(json(doc -> '$.tags')) .. group by team: [["a"],["b"]]
3.46.1 an index, json_group_array(doc -> '$.tags') .. where team = 1: [["a"],["b"]]
3.50.4 no index, json_group_array(doc -> '$.tags') .. group by team: [["a"],["b"]]
3.50.4 no index, json_group_array(json_object('tags', doc -> '$.tags')) .. group by team: [{"tags":["a"]},{"tags":["b"]}]
3.50.4 no index, json_group_array(json(doc -> '$.tags')) .. group by team: [["a"],["b"]]
3.50.4 no index, json_group_array(doc -> '$.tags') .. where team = 1: [["a"],["b"]]
3.50.4 an index, json_group_array(doc -> '$.tags') .. group by team: ["[\"a\"]","[\"b\"]"]
3.50.4 an index, json_group_array(json_object('tags', doc -> '$.tags')) .. group by team: [{"tags":"[\"a\"]"},{"tags":"[\"b\"]"}]
3.50.4 an index, json_group_array(json(doc -> '$.tags')) .. group by team: [["a"],["b"]]
3.50.4 an index, json_group_array(doc -> '$.tags') .. where team = 1: [["a"],["b"]]
3.54.1 no index, json_group_array(doc -> '$.tags') .. group by team: [["a"],["b"]]
3.54.1 no index, json_group_array(json_object('tags', doc -> '$.tags')) .. group by team: [{"tags":["a"]},{"tags":["b"]}]
3.54.1 no index, json_group_array(json(doc -> '$.tags')) .. group by team: [["a"],["b"]]
3.54.1 no index, json_group_array(doc -> '$.tags') .. where team = 1: [["a"],["b"]]
3.54.1 an index, json_group_array(doc -> '$.tags') .. group by team: ["[\"a\"]","[\"b\"]"]
3.54.1 an index, json_group_array(json_object('tags', doc -> '$.tags')) .. group by team: [{"tags":"[\"a\"]"},{"tags":"[\"b\"]"}]
3.54.1 an index, json_group_array(json(doc -> '$.tags')) .. group by team: [["a"],["b"]]
3.54.1 an index, json_group_array(doc -> '$.tags') .. where team = 1: [["a"],["b"]]
END
diff expected seen
