#!/bin/sh
# SQLite 3.47.0 and later (3.50.4 too): a statement with a bound LIMIT is prepared again at each run after a bind.
#
# Since 3.47 the planner looks at the value that is bound to LIMIT, and so each new binding of it expires the prepared
# statement, also when the same value is bound again: sqlite3_step() parses and plans it anew. A keyed read that takes
# microseconds then costs some times as much, and nothing tells but SQLITE_STMTSTATUS_REPREPARE. 3.46.1 does not, and
# SQLITE_DBCONFIG_ENABLE_QPSG (query planner stability guarantee) ends it.
#
# Seen (2026-11-28), of 20 runs with the same value bound each time:
#   3.46.1 qpsg=0 bound limit: prepared again 0 times, constant limit: 0 times
#   3.47.0 qpsg=0 bound limit: prepared again 20 times, constant limit: 0 times
#   3.47.0 qpsg=1 bound limit: prepared again 0 times, constant limit: 0 times
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >look.c <<'END'
#include "sqlite3.h"
#include <stdio.h>

static int prepared_again(sqlite3 *db, const char *sql) {
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    for (int run = 0; run < 20; run++) {
        sqlite3_bind_int(statement, 1, 10);
        while (sqlite3_step(statement) == SQLITE_ROW)
            continue;
        sqlite3_reset(statement);
    }
    int count = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_REPREPARE, 0);
    sqlite3_finalize(statement);
    return count;
}

int main(void) {
    sqlite3 *db = NULL;
    sqlite3_open(":memory:", &db);
    sqlite3_exec(db, "create table t(a integer primary key, b); insert into t values (1, 1), (2, 2), (3, 3)", NULL, NULL, NULL);
    for (int qpsg = 0; qpsg < 2; qpsg++) {
        sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_QPSG, qpsg, NULL);
        printf("%s qpsg=%d bound limit: prepared again %d times, constant limit: %d times\n", sqlite3_libversion(), qpsg,
               prepared_again(db, "select b from t where a > 0 limit ?1"),
               prepared_again(db, "select b from t where a < ?1 limit 10"));
    }
    return sqlite3_close(db);
}
END
for version in 11.3.0 11.5.0 12.4.1; do # packages that bring the amalgamations of 3.46.1, 3.47.0 and 3.50.4
    archive=$(npm pack --silent "better-sqlite3@$version")
    mkdir "$version"
    tar -xzf "$archive" -C "$version" package/deps/sqlite3
    source=$version/package/deps/sqlite3
    cc -O1 -w -I "$source" look.c "$source/sqlite3.c" -lpthread -ldl -lm -o "look-$version"
    "./look-$version"
done >seen
cat seen
cat >expected <<'END'
3.46.1 qpsg=0 bound limit: prepared again 0 times, constant limit: 0 times
3.46.1 qpsg=1 bound limit: prepared again 0 times, constant limit: 0 times
3.47.0 qpsg=0 bound limit: prepared again 20 times, constant limit: 0 times
3.47.0 qpsg=1 bound limit: prepared again 0 times, constant limit: 0 times
3.50.4 qpsg=0 bound limit: prepared again 20 times, constant limit: 0 times
3.50.4 qpsg=1 bound limit: prepared again 0 times, constant limit: 0 times
END
diff expected seen
