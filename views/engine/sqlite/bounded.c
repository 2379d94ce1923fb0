#include "views/engine/sqlite/bounded.h"

#include <stddef.h>

// The progress handler cannot be called from here, and SQLite calls it within a statement, this one too: it is as many steps as
// any connection's handler waits for (STATEMENT_LIMIT_STEPS).
static bool bounded_may_go_on(sqlite3 *db) {
    static const char sql[] = "with recursive n(i) as (select 1 union all select i + 1 from n limit 5000) "
                              "select max(i) from n";
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db, sql, sizeof sql, &stmt, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    (void)sqlite3_finalize(stmt);
    return code == SQLITE_ROW;
}

bool bounded_step(sqlite3_context *context, uint64_t *steps) {
    if (++*steps % BOUNDED_STEPS != 0 || bounded_may_go_on(sqlite3_context_db_handle(context)))
        return true;
    sqlite3_result_error_code(context, SQLITE_INTERRUPT);
    return false;
}
