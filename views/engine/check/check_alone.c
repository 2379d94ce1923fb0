#include "views/engine/check/check_alone.h"

#include "views/engine/check/clock.h"
#include "views/engine/check/guard.h"
#include "views/engine/check/lint_apply.h"
#include "views/engine/check/lint_arms.h"
#include "views/engine/check/lint_drift.h"
#include "views/engine/check/lint_literals.h"
#include "views/engine/check/lint_names.h"
#include "views/engine/check/lint_numeric.h"
#include "views/engine/check/lint_order.h"
#include "views/engine/check/lint_schema.h"
#include "views/engine/check/lint_sqlite.h"
#include "views/engine/check/lint_totals.h"
#include "views/engine/check/match.h"
#include "views/engine/row/table_sql.h"

#include <string.h>

// How SQLite's words begin when a name is of no table.
#define CHECK_NO_TABLE "no such table"

static int check_apply_fault(const struct apply_statement *apply, size_t at, const char *says,
                             struct error *error) {
    return error_set(error, ERROR_INPUT, "%s:%d: %s", apply->file, stmt_line(apply->sql, at), says);
}

// SQLite does not tell which table lacks its arguments.
static const char *check_apply_hint(const struct guard *guard, const char *says) {
#define HINT_AT "; _at_TABLE has one row: the statement gives = for its _step and for every key column"
#define HINT_SUMS "; _sums_TABLE('COLUMN' [, 'COLUMN', VALUE...]): the first argument is the name of a column"
    if (strncmp(says, CHECK_NO_TABLE, strlen(CHECK_NO_TABLE)) == 0)
        return "; a statement here sees the mirrored tables and its view's own";
    if (strcmp(says, GUARD_NO_ARGUMENTS) != 0)
        return "";
    if (!guard->reads_at)
        return HINT_SUMS;
    return guard->reads_sums ? HINT_AT HINT_SUMS : HINT_AT;
}

// With nothing to read it ends at once, or never; what else it says of empty tables says nothing of full ones.
static int check_apply_ends(sqlite3_stmt *stmt, const struct apply_statement *apply, struct error *error) {
    int code = sqlite3_step(stmt);
    while (code == SQLITE_ROW)
        code = sqlite3_step(stmt);
    (void)sqlite3_reset(stmt);
    if ((code & 0xff) != SQLITE_INTERRUPT)
        return 0;
    char says[ERROR_MESSAGE_SIZE];
    (void)sqlite3_snprintf(sizeof says, says, GUARD_ENDLESS, GUARD_STEPS_MAX);
    return check_apply_fault(apply, (size_t)(stmt_skip_blank(apply->sql) - apply->sql), says, error);
}

static int check_apply(struct catalog *catalog, sqlite3 *scratch, const struct view *view,
                       const struct apply_statement *apply, struct guard *guard, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    const char *tail = "";
    guard_begin(guard, scratch, GUARDED_APPLY);
    if (sqlite3_prepare_v2(scratch, apply->sql, -1, &stmt, &tail) != SQLITE_OK) {
        const char *says = sqlite3_errmsg(scratch);
        size_t place = guard_error_place(guard, scratch, apply->sql);
        (void)error_set(error, ERROR_INPUT, "%s:%d: %s%s", apply->file, stmt_line(apply->sql, place), says,
                        check_apply_hint(guard, says));
        (void)guard_explain(guard, error);
        return guard_show(apply->sql, place, error);
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
            apply, 0,
            "it reads no _changes_TABLE, _delta_TABLE, _sums_TABLE: nothing would make it run; where it is to run "
            "with each change of TABLE, add where exists (select 1 from _delta_TABLE)",
            error);
    if (sqlite3_bind_parameter_count(stmt) > 0)
        return check_apply_fault(apply, 0, "it has parameters, and nobody gives them", error);
    guard_end(scratch);
    if (check_apply_ends(stmt, apply, error) != 0 ||
        match_check(scratch, apply->sql, apply->file, apply->sql, error) != 0 ||
        match_check(scratch, apply->sql, view->file, view->schema, error) != 0)
        return -1;
    lint_numeric_totals(catalog, scratch, apply, guard);
    const bool kept = lint_names_is_kept(view, span_of(guard->written));
    lint_apply(catalog, scratch, apply, guard, kept);
    lint_totals(catalog, scratch, apply, guard, kept);
    lint_sqlite(catalog, scratch, apply->file, apply->sql);
    clock_lint_apply(catalog, scratch, apply);
    if (lint_numeric_update(apply, guard, error) != 0 ||
        lint_numeric_aggregates(apply->file, apply->sql, guard, error) != 0)
        return -1;
    lint_numeric_expressions(catalog, apply->file, apply->sql, guard);
    lint_order(catalog, apply->file, apply->sql, guard);
    lint_literals(catalog, apply->file, apply->sql, guard);
    return 0;
}

static bool check_alone_lacks_table(sqlite3 *scratch) {
    return strncmp(sqlite3_errmsg(scratch), CHECK_NO_TABLE, strlen(CHECK_NO_TABLE)) == 0;
}

static int check_alone_lacking(struct error *error) {
    if (error == NULL)
        return -1;
    const struct error cause = *error;
    return error_set(error, ERROR_INPUT, "%s; a schema sees the mirrored tables and its own", cause.message);
}

static int check_alone_schema(sqlite3 *scratch, const struct view *view, struct error *error) {
    if (stmt_run(scratch, view->schema, view->file, error) == 0)
        return 0;
    return check_alone_lacks_table(scratch) ? check_alone_lacking(error) : error_become(error, ERROR_INPUT);
}

// SQLite knows no page of a virtual table.
static int check_alone_is_virtual(sqlite3 *scratch, const char *name, bool *ret, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(
            scratch,
            "select rootpage = 0 from sqlite_schema where type = 'table' and name = :name collate nocase",
            name, &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":name", span_of(name));
    int row = stmt_row(stmt, name, error);
    *ret = row == 1 && sqlite3_column_int(stmt, 0) != 0;
    return row < 0 ? -1 : 0;
}

// Its rows are carried over by their columns, and a virtual one's rowids, which are keys there, and what a contentless one holds
// are in none.
static int check_alone_refuse_virtual(sqlite3 *scratch, const struct view *view, struct error *error) {
    for (int i = 0; i < view->history_count; i++) {
        bool is_virtual;
        if (check_alone_is_virtual(scratch, view->history[i], &is_virtual, error) != 0)
            return -1;
        if (is_virtual)
            return error_set(
                error, ERROR_INPUT,
                "%s:%d: %s is a virtual table, of which not all can be kept: keep a plain table, and let an after "
                "insert trigger on that one fill %s",
                view->file, guard_object_line(view, view->history[i]), view->history[i], view->history[i]);
    }
    return 0;
}

// What is kept through a change of the view is its own: not the mirror's, not another view's.
static int check_alone_history(sqlite3 *scratch, const struct catalog *catalog, const struct view *view,
                               struct error *error) {
    for (int i = 0; i < view->history_count; i++)
        if (guard_is_mirrored(catalog, view->history[i]) ||
            sqlite3_table_column_metadata(scratch, "main", view->history[i], NULL, NULL, NULL, NULL, NULL,
                                          NULL) != SQLITE_OK)
            return error_set(error, ERROR_INPUT, "%s: `-- tidemark: keep %s` names no table of it",
                             view->file, view->history[i]);
    return 0;
}

// `columns` of the SQL view that the row of `names` names, for sqlite3_free. NULL = out of memory.
static char *check_alone_select(sqlite3_stmt *names, const char *columns) {
    const char *name = (const char *)sqlite3_column_text(names, 0);
    return name != NULL ? sqlite3_mprintf("select %s from \"%w\"", columns, name) : NULL;
}

// SQL views compile when they are used: `columns` of each. `view` NULL: what does not compile is passed over.
static int check_alone_sql_views(struct catalog *catalog, sqlite3 *scratch, const struct view *view,
                                 const char *columns, struct guard *guard, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *names = NULL;
    if (stmt_prepare(scratch, "select name from sqlite_schema where type = 'view'", "views", &names, error) !=
        0)
        return -1;
    guard_begin(guard, scratch, GUARDED_SCHEMA);
    int row;
    while ((row = stmt_row(names, "views", error)) == 1) {
        CLEANUP(stmt_free_text) char *sql = check_alone_select(names, columns);
        CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
        if (sql == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        if (sqlite3_prepare_v2(scratch, sql, -1, &stmt, NULL) == SQLITE_OK || view == NULL) {
            if (view != NULL && match_lint(catalog, scratch, sql, view->file, view->schema, error) != 0)
                return -1;
            continue;
        }
        const char *name = (const char *)sqlite3_column_text(names, 0);
        (void)error_set(error, ERROR_INPUT, "%s:%d: in the view %s: %s", view->file,
                        guard_object_line(view, name), name, sqlite3_errmsg(scratch));
        return check_alone_lacks_table(scratch) ? check_alone_lacking(error) : guard_explain(guard, error);
    }
    return row;
}

// A trigger's body compiles with what fires it. It has before, where the tables of the views before this one are there too: it may
// be of them, and what it writes there is gone when that view is made anew, and fails when it is not loaded.
static int check_alone_trigger(sqlite3 *scratch, const struct table *table, const char *write,
                               const struct view *view, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(scratch, write, -1, &stmt, NULL) == SQLITE_OK || !check_alone_lacks_table(scratch))
        return 0;
    const char *says = sqlite3_errmsg(scratch);
    const char *dot = strrchr(says, '.'); // "no such table: main.NAME"
    (void)error_set(error, ERROR_INPUT, "%s:%d: in a trigger on %s: %s", view->file,
                    guard_object_line(view, dot != NULL ? dot + 1 : ""), table->name, says);
    return check_alone_lacking(error);
}

// What the schema's SQL views and triggers read, without what reads the views' own columns. All of them have compiled
// before; one without a column of what SQLite tells of itself is refused where a query reads it.
static int check_alone_read(sqlite3 *scratch, struct catalog *catalog, const struct view *view,
                            struct guard *guard, struct error *error) {
    if (check_alone_sql_views(catalog, scratch, NULL, "1", guard, error) != 0)
        return -1;
    guard->guarded = GUARDED_TRIGGER;
    for (int i = 0; i < catalog->table_count; i++) {
        CLEANUP(stmt_free_text) char *upsert = table_sql_upsert(&catalog->tables[i], UPSERT_STREAMED, false);
        CLEANUP(stmt_free_text) char *delete = table_sql_delete(&catalog->tables[i]);
        if (upsert == NULL || delete == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        if (check_alone_trigger(scratch, &catalog->tables[i], upsert, view, error) != 0 ||
            check_alone_trigger(scratch, &catalog->tables[i], delete, view, error) != 0)
            return -1;
    }
    return 0;
}

int check_alone(struct catalog *catalog, const struct view *view, struct error *error) {
    CLEANUP(stmt_close) sqlite3 *scratch = NULL;
    struct guard guard = {.catalog = catalog};
    if (guard_open_scratch(catalog, &scratch, error) != 0 || check_alone_schema(scratch, view, error) != 0 ||
        check_alone_history(scratch, catalog, view, error) != 0 ||
        check_alone_refuse_virtual(scratch, view, error) != 0 ||
        check_alone_sql_views(catalog, scratch, view, "*", &guard, error) != 0 ||
        check_alone_read(scratch, catalog, view, &guard, error) != 0 ||
        lint_numeric_aggregates(view->file, view->schema, &guard, error) != 0)
        return -1;
    lint_order(catalog, view->file, view->schema, &guard);
    lint_literals(catalog, view->file, view->schema, &guard);
    lint_arms(catalog, scratch, view->file, view->schema);
    guard_end(scratch);
    lint_sqlite(catalog, scratch, view->file, view->schema);
    lint_schema(catalog, view->file, view->schema);
    clock_lint_triggers(catalog, scratch, view);
    for (int i = 0; i < view->apply_count; i++)
        if (check_apply(catalog, scratch, view, &view->applies[i], &guard, error) != 0)
            return -1;
    lint_drift(catalog, scratch, view);
    return 0;
}
