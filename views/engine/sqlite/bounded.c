#include "views/engine/sqlite/bounded.h"

#include <stddef.h>

enum { BOUNDED_SHORT = 1 << 22 }; // text times pattern

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

static bool bounded_is_text(sqlite3_value *value) {
    return sqlite3_value_type(value) != SQLITE_BLOB ||
           sqlite3_compileoption_used("LIKE_DOESNT_MATCH_BLOBS") == 0;
}

bool bounded_match_read(sqlite3_context *context, sqlite3_value **values, struct bounded_match *ret) {
    *ret = (struct bounded_match){.pattern = NULL};
    if (!bounded_is_text(values[0]) || !bounded_is_text(values[1])) {
        sqlite3_result_int(context, 0);
        return false;
    }
    int most = sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LIKE_PATTERN_LENGTH, -1);
    if (sqlite3_value_bytes(values[0]) > most) {
        sqlite3_result_error(context, "LIKE or GLOB pattern too complex", -1);
        return false;
    }
    const char *pattern = (const char *)sqlite3_value_text(values[0]);
    ret->text = (const char *)sqlite3_value_text(values[1]);
    ret->pattern = ret->text != NULL ? pattern : NULL;
    ret->is_short =
        (uint64_t)sqlite3_value_bytes(values[0]) * (uint64_t)sqlite3_value_bytes(values[1]) <= BOUNDED_SHORT;
    return true;
}

// The newest sign for any number of characters is the only one that need be tried again: what the ones before it took is taken
// as early as may be.
bool bounded_search(sqlite3_context *context, const struct bounded_pattern *pattern, const char *at,
                    const char *text, bool *ret) {
    const char *after_any = NULL;
    const char *from = NULL;
    uint64_t steps = 0;
    while (*text != '\0') {
        if (!bounded_step(context, &steps))
            return false;
        if (pattern->is_any(pattern->self, at)) {
            after_any = ++at;
            from = text;
            continue;
        }
        if (pattern->is_next(pattern->self, &at, &text))
            continue;
        if (after_any == NULL) {
            *ret = false;
            return true;
        }
        pattern->pass(&from);
        text = from;
        at = after_any;
    }
    while (pattern->is_any(pattern->self, at))
        at++;
    *ret = *at == '\0';
    return true;
}
