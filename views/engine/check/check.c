#include "views/engine/check.h"

#include "views/engine/check/check_alone.h"
#include "views/engine/check/clock.h"
#include "views/engine/check/conflicts.h"
#include "views/engine/check/guard.h"
#include "views/engine/check/lint.h"
#include "views/engine/check/lint_arms.h"
#include "views/engine/check/lint_literals.h"
#include "views/engine/check/lint_numeric.h"
#include "views/engine/check/lint_order.h"
#include "views/engine/check/lint_parameters.h"
#include "views/engine/check/lint_sqlite.h"
#include "views/engine/check/match.h"
#include "views/engine/check/once_stale.h"
#include "views/engine/check/parameters.h"
#include "views/engine/check/tokens.h"
#include "views/engine/check/told_again.h"
#include "views/engine/row/table_sql.h"

#include <stdlib.h>
#include <string.h>

static const char check_owner_sql[] = "select view from temp.owners where name = :name";

// The name that SQLite's words say is there already, as the statement has it; empty when they say something else.
static struct span check_taken_name(const char *says) {
    static const char exists[] = " already exists";
    static const char named[] = " named ";
    const size_t size = strlen(says);
    const char *begin = strstr(says, named);
    const char *end = says + size;
    if (begin != NULL && strncmp(says, "there is already ", sizeof "there is already " - 1) == 0) {
        begin += sizeof named - 1;
    } else if (size > sizeof exists && strcmp(end - (sizeof exists - 1), exists) == 0) {
        begin = strchr(says, ' ') + 1;
        end -= sizeof exists - 1;
    } else {
        return SPAN("");
    }
    return (struct span){begin, (size_t)(end - begin)};
}

static void check_say_taken(struct guard *guard, const char *file, int line, const char *name) {
    (void)sqlite3_snprintf(
        sizeof guard->reason, guard->reason,
        "%s is taken: %s:%d makes a table, view, index or trigger of that name; one file holds "
        "all of them: give one another name, in each file that uses it",
        name, file, line);
}

// The line of source.sql that declares the table, 0 = none does.
static int check_mirrored_line(const struct catalog *catalog, const char *name) {
    for (int i = 0; i < catalog->table_count; i++)
        if (sqlite3_stricmp(name, catalog->tables[i].name) == 0)
            return catalog->tables[i].line;
    return 0;
}

// Says where the name is taken, if it is: by a table of the mirror, or in another view's schema.sql.
static bool check_find_taken(sqlite3 *scratch, struct guard *guard, const char *name) {
    CLEANUP(stmt_finalize) sqlite3_stmt *owner = NULL;
    const struct catalog *catalog = guard->catalog;
    const int line = check_mirrored_line(catalog, name);
    if (line > 0) {
        check_say_taken(guard, "source.sql", line, name);
        return true;
    }
    if (stmt_prepare(scratch, check_owner_sql, "owners", &owner, NULL) != 0)
        return false;
    stmt_bind_text(owner, ":name", span_of(name));
    const int view = stmt_row(owner, "owners", NULL) == 1 ? sqlite3_column_int(owner, 0) : -1;
    if (view >= 0)
        check_say_taken(guard, catalog->views[view].file, guard_object_line(&catalog->views[view], name),
                        name);
    return view >= 0;
}

// The name that `sql` begins with, in quotes of any kind, without its schema's. False: it is too long for the room.
static bool check_read_name(const char *sql, char *ret, size_t room) {
    const char *begin = stmt_skip_blank(sql);
    const char *end = tokens_end(begin);
    const char *dot = stmt_skip_blank(end);
    if (*dot == '.') {
        begin = stmt_skip_blank(dot + 1);
        end = tokens_end(begin);
    }
    return tokens_copy_name((struct span){begin, (size_t)(end - begin)}, ret, room);
}

// Names and words in any case, texts as they are.
static bool check_same_token(struct span a, struct span b) {
    return a.size > 0 && a.data[0] == '\''
               ? span_equal(a, b)
               : a.size == b.size && sqlite3_strnicmp(a.data, b.data, (int)a.size) == 0;
}

// Whether the index of that name is what the statement whose `index` stands at `at` would make.
static bool check_is_same_index(sqlite3 *scratch, const char *name, const struct tokens *wanted, int at) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(
            scratch,
            "select sql from main.sqlite_schema where type = 'index' and name = :name collate nocase",
            "indexes", &stmt, NULL) != 0)
        return false;
    stmt_bind_text(stmt, ":name", span_of(name));
    const char *sql =
        stmt_row(stmt, "indexes", NULL) == 1 ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    if (sql == NULL)
        return false;
    struct tokens is;
    tokens_read(&is, sql);
    if (tokens_is(&is, 1, "unique") != tokens_is(wanted, at - 1, "unique"))
        return false;
    int i = tokens_find(&is, "on"); // before it stand the name and what need not be said
    for (at = tokens_next(wanted, at, "on"); i < is.count; i++, at++)
        if (!check_same_token(tokens_at(&is, i), tokens_at(wanted, at)))
            return false;
    return at == wanted->count || tokens_is(wanted, at, ";");
}

// `create table if not exists T` of a T that is another's makes nothing and says nothing: the view's statements would mean that one.
// An index that is there already, and is the same one, serves both.
static int check_exists_already(sqlite3 *scratch, const struct view *view, struct guard *guard,
                                struct error *error) {
    enum { SHOWN_MAX = 128 };
    char name[SHOWN_MAX];
    struct tokens tokens;
    tokens_read(&tokens, view->schema);
    for (int i = 0; i + 3 < tokens.count; i++)
        if (tokens_is(&tokens, i, "if") && tokens_is(&tokens, i + 1, "not") &&
            tokens_is(&tokens, i + 2, "exists") &&
            check_read_name(tokens_at(&tokens, i + 3).data, name, sizeof name) &&
            !(tokens_is(&tokens, i - 1, "index") && check_is_same_index(scratch, name, &tokens, i - 1)) &&
            check_find_taken(scratch, guard, name))
            return error_set(error, ERROR_INPUT, "%s:%d: %s", view->file, tokens_line(&tokens, i),
                             guard->reason);
    return 0;
}

// A name that is given already, which is all that SQLite says: where, and what to do.
static void check_explain_taken(sqlite3 *scratch, struct guard *guard) {
    enum { SHOWN_MAX = 128 };
    char name[SHOWN_MAX];
    const struct span taken = check_taken_name(sqlite3_errmsg(scratch));
    if (taken.size == 0 || !tokens_copy_name(taken, name, sizeof name))
        return;
    guard_end(scratch); // what asks for the owner is ours
    (void)check_find_taken(scratch, guard, name);
}

static int check_schema(sqlite3 *scratch, const struct view *view, struct guard *guard, struct error *error) {
    guard->reason[0] = '\0';
    if (stmt_run(scratch, view->schema, view->file, error) != 0) {
        if ((sqlite3_errcode(scratch) & 0xff) == SQLITE_INTERRUPT)
            (void)sqlite3_snprintf(sizeof guard->reason, guard->reason, GUARD_ENDLESS, GUARD_STEPS_MAX);
        else if (guard->reason[0] == '\0')
            check_explain_taken(scratch, guard);
        return guard_explain(guard, error);
    }
    return 0;
}

// SQLite takes bytes of any encoding, and a text of another one than the mirror's equals none of its texts.
static int check_encoding(const char *file, const char *sql, struct error *error) {
    const char *at = tokens_not_utf8(sql);
    return at == NULL
               ? 0
               : error_set(error, ERROR_INPUT, "%s:%d: this is not UTF-8 (byte 0x%02X): save it as that",
                           file, stmt_line(sql, (size_t)(at - sql)), (unsigned)(unsigned char)*at);
}

static int check_encodings(const struct view *view, struct error *error) {
    if (check_encoding(view->file, view->schema, error) != 0)
        return -1;
    for (int i = 0; i < view->apply_count; i++)
        if (check_encoding(view->applies[i].file, view->applies[i].sql, error) != 0)
            return -1;
    for (int i = 0; i < view->query_count; i++)
        if (check_encoding(view->queries[i].file, view->queries[i].sql, error) != 0)
            return -1;
    return 0;
}

// `sql` as sqlite_schema has it: CREATE TRIGGER NAME, then AFTER, BEFORE, INSTEAD OF or nothing.
static bool check_is_after_trigger(const char *sql) {
    static const char after[] = "after";
    for (int i = 0; i < 3; i++)
        sql = tokens_end(stmt_skip_blank(sql));
    sql = stmt_skip_blank(sql);
    return tokens_end(sql) - sql == (ptrdiff_t)strlen(after) &&
           sqlite3_strnicmp(sql, after, (int)strlen(after)) == 0;
}

// A guarded-out upsert fires BEFORE triggers though nothing changes, so only AFTER ones tell the truth.
static int check_trigger_times(sqlite3 *scratch, const struct catalog *catalog, const struct view *view,
                               struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *triggers = NULL;
    if (stmt_prepare(scratch, "select name, tbl_name, sql from sqlite_schema where type = 'trigger'",
                     "triggers", &triggers, error) != 0)
        return -1;
    int row;
    while ((row = stmt_row(triggers, "triggers", error)) == 1) {
        const char *name = (const char *)sqlite3_column_text(triggers, 0);
        const char *table = (const char *)sqlite3_column_text(triggers, 1);
        const char *sql = (const char *)sqlite3_column_text(triggers, 2);
        if (name == NULL || table == NULL || sql == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        if (guard_is_mirrored(catalog, table) && !check_is_after_trigger(sql))
            return error_set(
                error, ERROR_INPUT,
                "%s:%d: trigger %s on %s: only AFTER triggers, a BEFORE trigger also fires for changes "
                "that are not applied",
                view->file, guard_object_line(view, name), name, table);
    }
    return row;
}

// Trigger bodies compile when a statement on their table is prepared: after each view, so that the newest is
// at fault.
static int check_trigger_bodies(sqlite3 *scratch, const struct catalog *catalog, const struct view *view,
                                struct guard *guard, struct error *error) {
    for (int i = 0; i < catalog->table_count; i++) {
        CLEANUP(stmt_free_text) char *upsert = table_sql_upsert(&catalog->tables[i], UPSERT_STREAMED, false);
        CLEANUP(stmt_free_text) char *delete = table_sql_delete(&catalog->tables[i]);
        if (upsert == NULL || delete == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        const char *const texts[] = {upsert, delete};
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
            CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
            guard->trigger[0] = '\0';
            if (sqlite3_prepare_v2(scratch, texts[t], -1, &stmt, NULL) == SQLITE_OK) {
                if (match_check(scratch, texts[t], view->file, view->schema, error) != 0)
                    return -1;
                continue;
            }
            (void)error_set(error, ERROR_INPUT, "%s:%d: in a trigger on %s: %s", view->file,
                            guard_object_line(view, guard->trigger), catalog->tables[i].name,
                            sqlite3_errmsg(scratch));
            return guard_explain(guard, error);
        }
    }
    return 0;
}

static int check_view_schema(sqlite3 *scratch, const struct catalog *catalog, const struct view *view,
                             struct guard *guard, struct error *error) {
    if (conflicts_check(view->file, view->schema, error) != 0 ||
        check_exists_already(scratch, view, guard, error) != 0)
        return -1;
    guard_begin(guard, scratch, GUARDED_SCHEMA);
    if (check_schema(scratch, view, guard, error) != 0)
        return -1;
    guard_begin(guard, scratch, GUARDED_TRIGGER);
    if (check_trigger_bodies(scratch, catalog, view, guard, error) != 0)
        return -1;
    guard_end(scratch);
    return check_trigger_times(scratch, catalog, view, error);
}

// In quotes or without.
static bool check_names_engine_columns(const char *sql) {
    for (const char *at = stmt_skip_blank(sql); *at != '\0';) {
        const char *end = tokens_end(at);
        if (*at != '\'' && table_sql_is_engine_column(tokens_unquoted((struct span){at, (size_t)(end - at)})))
            return true;
        at = stmt_skip_blank(end);
    }
    return false;
}

// A JSON object has each name once, and a client wants to know it.
static int check_column_names(struct catalog *catalog, const struct query *query, sqlite3_stmt *stmt,
                              struct error *error) {
    int count = sqlite3_column_count(stmt);
    for (int i = 0; i < count; i++) {
        const char *name = sqlite3_column_name(stmt, i);
        if (!query->names_engine_columns && table_sql_is_engine_column(span_of(name)))
            continue; // not shown
        for (int j = 0; j < i; j++)
            if (strcmp(sqlite3_column_name(stmt, j), name) == 0)
                return error_set(error, ERROR_INPUT,
                                 "%s:1: two columns are called \"%s\": name one with `as`", query->file,
                                 name);
        if (strchr(name, '(') != NULL)
            catalog_warn(catalog, "%s:1: a column is called \"%s\": name it with `as`", query->file, name);
    }
    return 0;
}

// --- which views a query shows

// Which view made a name, in the database that they are checked in: the newest schema's are its own.
static int check_own_tables(sqlite3 *scratch, int view, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(scratch, "insert or ignore into temp.owners select name, :view from main.sqlite_schema",
                     "owners", &stmt, error) != 0)
        return -1;
    stmt_bind_integer(stmt, ":view", view);
    return stmt_step(stmt, "owners", NULL, error);
}

// Where there are more tables than are noted, any view's may be among them.
static int check_shown_views(const struct catalog *catalog, sqlite3_stmt *owner, struct query *query,
                             const struct guard *guard, struct error *error) {
    query->reads = calloc((size_t)catalog->view_count, sizeof *query->reads);
    if (query->reads == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int i = 0; i < catalog->view_count; i++)
        query->reads[i] = guard->reads.full;
    for (int i = 0; i < guard->reads.count; i++) {
        stmt_bind_text(owner, ":name", span_of(guard->reads.list[i].table));
        int row = stmt_row(owner, "owners", error);
        if (row < 0)
            return -1;
        int view = row == 1 ? sqlite3_column_int(owner, 0) : -1;
        if (view >= 0)
            query->reads[view] = true;
        (void)sqlite3_reset(owner);
    }
    return 0;
}

// It says _lsn or _snapshot, or its view's schema, or that of a view whose tables and SQL views it reads.
static bool check_shows_engine_columns(const struct catalog *catalog, const struct view *of,
                                       const struct query *query) {
    bool shows = check_names_engine_columns(query->sql) || check_names_engine_columns(of->schema);
    for (int i = 0; i < catalog->view_count && !shows; i++)
        shows = query->reads[i] && check_names_engine_columns(catalog->views[i].schema);
    return shows;
}

static int check_query(struct catalog *catalog, sqlite3 *scratch, sqlite3_stmt *owner, const struct view *of,
                       struct query *query, struct guard *guard, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    const char *tail = "";
    guard_begin(guard, scratch, GUARDED_QUERY);
    if (sqlite3_prepare_v2(scratch, query->sql, -1, &stmt, &tail) != SQLITE_OK) {
        size_t place = guard_error_place(guard, scratch, query->sql);
        (void)error_set(error, ERROR_INPUT, "%s:%d: %s", query->file, stmt_line(query->sql, place),
                        sqlite3_errmsg(scratch));
        (void)guard_explain(guard, error);
        return guard_show(query->sql, place, error);
    }
    if (stmt == NULL)
        return error_set(error, ERROR_INPUT, "%s:1: there is no statement", query->file);
    CLEANUP(stmt_finalize) sqlite3_stmt *second = NULL;
    if (sqlite3_prepare_v2(scratch, tail, -1, &second, NULL) != SQLITE_OK || second != NULL)
        return error_set(error, ERROR_INPUT, "%s:%d: one statement a file", query->file,
                         stmt_line(query->sql, (size_t)(tail - query->sql)));
    if (sqlite3_column_count(stmt) == 0 || !sqlite3_stmt_readonly(stmt) || sqlite3_stmt_isexplain(stmt) != 0)
        return error_set(error, ERROR_INPUT, "%s:1: a query selects rows", query->file);
    if (check_parameters(query, stmt, error) != 0)
        return -1;
    guard_end(scratch); // what asks for the owner is ours
    if (check_shown_views(catalog, owner, query, guard, error) != 0)
        return -1;
    query->names_engine_columns = check_shows_engine_columns(catalog, of, query);
    if (check_column_names(catalog, query, stmt, error) != 0)
        return -1;
    if (match_lint(catalog, scratch, query->sql, query->file, query->sql, error) != 0)
        return -1;
    query->asks_time = clock_look(scratch, query->sql).now != NULL;
    lint_query(catalog, query, guard);
    lint_arms(catalog, scratch, query->file, query->sql);
    lint_sqlite(catalog, scratch, query->file, query->sql);
    lint_parameters(catalog, query, guard);
    if (lint_numeric_aggregates(query->file, query->sql, guard, error) != 0)
        return -1;
    lint_numeric_expressions(catalog, query->file, query->sql, guard);
    lint_order(catalog, query->file, query->sql, guard);
    lint_literals(catalog, query->file, query->sql, guard);
    return 0;
}

static int check_queries(struct catalog *catalog, sqlite3 *scratch, struct guard *guard,
                         struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *owner = NULL;
    if (stmt_prepare(scratch, check_owner_sql, "owners", &owner, error) != 0)
        return -1;
    for (int i = 0; i < catalog->view_count; i++)
        for (int q = 0; q < catalog->views[i].query_count; q++) {
            const struct view *view = &catalog->views[i];
            if (check_query(catalog, scratch, owner, view, &view->queries[q], guard, error) != 0)
                return -1;
        }
    return 0;
}

int catalog_check(struct catalog *catalog, struct error *error) {
    CLEANUP(stmt_close) sqlite3 *scratch = NULL;
    struct guard guard = {.catalog = catalog};
    if (guard_open_scratch(catalog, &scratch, error) != 0)
        return -1;
    lint_source(catalog);
    if (stmt_run(scratch, "create temp table owners(name text primary key collate nocase, view integer)",
                 "owners", error) != 0 ||
        check_own_tables(scratch, -1, error) != 0)
        return -1;
    for (int i = 0; i < catalog->view_count; i++)
        if (check_encodings(&catalog->views[i], error) != 0 ||
            check_view_schema(scratch, catalog, &catalog->views[i], &guard, error) != 0 ||
            check_own_tables(scratch, i, error) != 0 ||
            check_alone(catalog, &catalog->views[i], error) != 0 ||
            once_stale_mark(&catalog->views[i], error) != 0 ||
            told_again_note(&catalog->views[i], error) != 0)
            return -1;
    return check_queries(catalog, scratch, &guard, error);
}
