#include "views/engine/check/check_apply.h"

#include "views/engine/check/guard.h"

#include <string.h>

static int check_apply_fault(const struct apply_statement *apply, size_t at, const char *says,
                             struct error *error) {
    return error_set(error, ERROR_INPUT, "%s:%d: %s", apply->file, stmt_line(apply->sql, at), says);
}

// SQLite does not tell which table lacks its arguments.
static const char *check_apply_hint(const struct guard *guard, const char *says) {
#define HINT_AT "; _at_TABLE has one row: the statement gives = for its _step and for every key column"
#define HINT_SUMS "; _sums_TABLE('COLUMN' [, 'COLUMN', VALUE...]): the first argument is the name of a column"
    if (strncmp(says, "no such table", 13) == 0)
        return "; a statement here sees the mirrored tables and its view's own";
    if (strcmp(says, GUARD_NO_ARGUMENTS) != 0)
        return "";
    if (!guard->reads_at)
        return HINT_SUMS;
    return guard->reads_sums ? HINT_AT HINT_SUMS : HINT_AT;
}

static int check_apply(sqlite3 *scratch, const struct apply_statement *apply, struct guard *guard,
                       struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    const char *tail = "";
    guard_begin(guard, scratch, GUARDED_APPLY);
    if (sqlite3_prepare_v2(scratch, apply->sql, -1, &stmt, &tail) != SQLITE_OK) {
        const char *says = sqlite3_errmsg(scratch);
        (void)error_set(error, ERROR_INPUT, "%s:%d: %s%s", apply->file,
                        stmt_line(apply->sql, guard_error_place(guard, scratch, apply->sql)), says,
                        check_apply_hint(guard, says));
        return guard_explain(guard, error);
    }
    if (stmt == NULL)
        return check_apply_fault(apply, 0, "there is no statement", error);
    bool writes = guard->writes && sqlite3_stmt_isexplain(stmt) == 0;
    bool reads_changes = guard->reads_changes;
    CLEANUP(stmt_finalize) sqlite3_stmt *second = NULL;
    if (sqlite3_prepare_v2(scratch, tail, -1, &second, NULL) != SQLITE_OK || second != NULL)
        return check_apply_fault(apply, (size_t)(tail - apply->sql), "one statement a file", error);
    if (!writes)
        return check_apply_fault(apply, 0, "a statement here inserts, updates or deletes", error);
    if (!reads_changes)
        return check_apply_fault(
            apply, 0, "it reads no _changes_TABLE, _delta_TABLE, _sums_TABLE: nothing would make it run",
            error);
    if (sqlite3_bind_parameter_count(stmt) > 0)
        return check_apply_fault(apply, 0, "it has parameters, and nobody gives them", error);
    return 0;
}

// In a database without the other views: what it reads and writes is the view's own, so that no view depends
// on whether another is loaded, nor on which of them is filled first.
int catalog_check_applies(const struct catalog *catalog, const struct view *view, struct error *error) {
    if (view->apply_count == 0)
        return 0;
    CLEANUP(stmt_close) sqlite3 *scratch = NULL;
    struct guard guard = {.catalog = catalog};
    if (guard_open_scratch(catalog, &scratch, error) != 0)
        return -1;
    if (stmt_run(scratch, view->schema, view->file, error) != 0)
        return error->kind = ERROR_INPUT, -1;
    for (int i = 0; i < view->apply_count; i++)
        if (check_apply(scratch, &view->applies[i], &guard, error) != 0)
            return -1;
    return 0;
}
