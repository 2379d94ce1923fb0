#include "views/catalog_check.h"

#include "views/functions.h"
#include "views/mirror_sql.h"
#include "views/stmt.h"

#include <stdlib.h>
#include <string.h>

// What SQLite's authorizer is to refuse, and why it did.
struct guard {
    const struct catalog *catalog;
    bool in_query; // else in a schema.sql or a trigger
    char reason[ERROR_MESSAGE_SIZE];
    char trigger[ERROR_MESSAGE_SIZE]; // the newest whose body was looked at
};

static bool is_source_table(const struct guard *guard, const char *name) {
    return name != NULL && catalog_table(guard->catalog, name, strlen(name)) != NULL;
}

static int refuse(struct guard *guard, const char *format, const char *name) {
    (void)sqlite3_snprintf(sizeof guard->reason, guard->reason, format, name != NULL ? name : "");
    return SQLITE_DENY;
}

static int authorize_write(struct guard *guard, const char *table) {
    if (guard->in_query)
        return refuse(guard, "a query only reads; this one writes %s", table);
    if (is_source_table(guard, table))
        return refuse(guard, "a view may not write the mirrored table %s", table);
    if (table[0] == '_')
        return refuse(guard, "a view may not touch %s: names beginning with _ are the engine's", table);
    return SQLITE_OK;
}

static int authorize_create(struct guard *guard, const char *name) {
    if (guard->in_query)
        return refuse(guard, "a query only reads; this one creates %s", name);
    if (name[0] == '_')
        return refuse(guard, "%s: names beginning with _ are the engine's", name);
    return SQLITE_OK;
}

// Creating and dropping also writes the schema table; what is created is judged by its own action.
static int authorize(void *self, int action, const char *first, const char *second, const char *database,
                     const char *within) {
    struct guard *guard = self;
    (void)second, (void)database, (void)within;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
    case SQLITE_REINDEX:
        return SQLITE_OK;
    case SQLITE_INSERT:
    case SQLITE_DELETE:
    case SQLITE_UPDATE:
        return strcmp(first, "sqlite_master") == 0 ? SQLITE_OK : authorize_write(guard, first);
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_VIEW:
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_VTABLE:
        return authorize_create(guard, first);
    case SQLITE_CREATE_TRIGGER:
        return authorize_create(guard, first);
    default:
        return refuse(guard, "a view has tables, views, indexes, triggers and queries, nothing else%s", "");
    }
}

// SQLite's own "not authorized" says nothing; the reason does.
static int explain(const struct guard *guard, struct error *error) {
    if (guard->reason[0] != '\0') {
        char *colon = strstr(error->message, ": ");
        if (colon != NULL)
            *colon = '\0';
        char place[ERROR_MESSAGE_SIZE];
        (void)sqlite3_snprintf(sizeof place, place, "%s", error->message);
        return error_set(error, ERROR_INPUT, "%s: %s", place, guard->reason);
    }
    error->kind = ERROR_INPUT;
    return -1;
}

static int create_mirror(sqlite3 *scratch, const struct catalog *catalog, struct error *error) {
    for (int i = 0; i < catalog->table_count; i++) {
        CLEANUP(stmt_free_text) char *sql = mirror_sql_create(&catalog->tables[i]);
        if (sql == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        if (stmt_run(scratch, sql, "source.sql", error) != 0)
            return -1;
    }
    return 0;
}

static int check_schema(sqlite3 *scratch, const struct view *view, struct guard *guard, struct error *error) {
    guard->reason[0] = '\0';
    if (stmt_run(scratch, view->schema, view->file, error) != 0)
        return explain(guard, error);
    for (int i = 0; i < view->kept_count; i++)
        if (sqlite3_table_column_metadata(scratch, "main", view->kept[i], NULL, NULL, NULL, NULL, NULL,
                                          NULL) != SQLITE_OK)
            return error_set(error, ERROR_INPUT, "%s: `-- tidemark: keep %s` names no table of it",
                             view->file, view->kept[i]);
    return 0;
}

// The line of a schema.sql that names a trigger, 1 when none does.
static int trigger_line(const struct view *view, const char *trigger) {
    const char *at = trigger[0] != '\0' ? strstr(view->schema, trigger) : NULL;
    return at != NULL ? stmt_line(view->schema, (size_t)(at - view->schema)) : 1;
}

// A guarded-out upsert fires BEFORE triggers though nothing changes, so only AFTER ones tell the truth. The
// body is not looked at: the words stand between the trigger's name and its BEGIN.
static int check_trigger_times(sqlite3 *scratch, const struct catalog *catalog, const struct view *view,
                               struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *triggers = NULL;
    if (stmt_prepare(scratch,
                     "select name, tbl_name from sqlite_schema where type = 'trigger' and "
                     "substr(sql, 1, instr(lower(sql), 'begin')) not like '%after%'",
                     "triggers", &triggers, error) != 0)
        return -1;
    int row;
    while ((row = stmt_row(triggers, "triggers", error)) == 1) {
        const char *name = (const char *)sqlite3_column_text(triggers, 0);
        const char *table = (const char *)sqlite3_column_text(triggers, 1);
        if (catalog_table(catalog, table, strlen(table)) != NULL)
            return error_set(
                error, ERROR_INPUT,
                "%s:%d: trigger %s on %s: only AFTER triggers, a BEFORE trigger also fires for changes "
                "that are not applied",
                view->file, trigger_line(view, name), name, table);
    }
    return row;
}

// Trigger bodies compile when a statement on their table is prepared: after each view, so that the newest is
// at fault.
static int check_trigger_bodies(sqlite3 *scratch, const struct catalog *catalog, const struct view *view,
                                struct guard *guard, struct error *error) {
    for (int i = 0; i < catalog->table_count; i++) {
        CLEANUP(stmt_free_text) char *upsert = mirror_sql_upsert(&catalog->tables[i], UPSERT_STREAMED, false);
        CLEANUP(stmt_free_text) char *delete = mirror_sql_delete(&catalog->tables[i]);
        if (upsert == NULL || delete == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        const char *const texts[] = {upsert, delete};
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
            CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
            guard->reason[0] = guard->trigger[0] = '\0';
            if (sqlite3_prepare_v2(scratch, texts[t], -1, &stmt, NULL) == SQLITE_OK)
                continue;
            (void)error_set(error, ERROR_INPUT, "%s:%d: in a trigger on %s: %s", view->file,
                            trigger_line(view, guard->trigger), catalog->tables[i].name,
                            sqlite3_errmsg(scratch));
            return explain(guard, error);
        }
    }
    return 0;
}

// Outside of a trigger the statement is the engine's own write; inside, it is the view's.
static int authorize_trigger(void *self, int action, const char *first, const char *second,
                             const char *database, const char *within) {
    struct guard *guard = self;
    if (within == NULL)
        return SQLITE_OK;
    (void)sqlite3_snprintf(sizeof guard->trigger, guard->trigger, "%s", within);
    return authorize(self, action, first, second, database, within);
}

static int check_view_schema(sqlite3 *scratch, const struct catalog *catalog, const struct view *view,
                             struct guard *guard, struct error *error) {
    (void)sqlite3_set_authorizer(scratch, authorize, guard);
    if (check_schema(scratch, view, guard, error) != 0)
        return -1;
    (void)sqlite3_set_authorizer(scratch, authorize_trigger, guard);
    if (check_trigger_bodies(scratch, catalog, view, guard, error) != 0)
        return -1;
    (void)sqlite3_set_authorizer(scratch, NULL, NULL);
    return check_trigger_times(scratch, catalog, view, error);
}

// The type that a line `-- tidemark: NAME is TYPE` gives a parameter.
static int declared_type(const struct query *query, const char *name, enum parameter_type *ret,
                         struct error *error) {
    static const char *const types[] = {
        [PARAMETER_INTEGER] = "integer", [PARAMETER_NUMBER] = "number", [PARAMETER_DATE] = "date"};
    char directive[ERROR_MESSAGE_SIZE];
    (void)sqlite3_snprintf(sizeof directive, directive, "-- tidemark: %s is ", name);
    const char *at = strstr(query->sql, directive);
    *ret = PARAMETER_ANY;
    if (at == NULL)
        return 0;
    const char *type = at + strlen(directive);
    size_t size = strcspn(type, " \t\r\n");
    for (int i = PARAMETER_INTEGER; i <= PARAMETER_DATE; i++) {
        if (strlen(types[i]) == size && memcmp(types[i], type, size) == 0) {
            *ret = (enum parameter_type)i;
            return 0;
        }
    }
    return error_set(error, ERROR_INPUT, "%s:%d: a parameter is integer, number or date", query->file,
                     stmt_line(query->sql, (size_t)(at - query->sql)));
}

static int add_parameter(struct query *query, const char *name, struct error *error) {
    static const char *const taken[] = {"after_lsn", "after_txid", "after_offset", "wait_ms",
                                        "max_lag_seconds"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(taken[i], name) == 0)
            return error_set(error, ERROR_INPUT,
                             "%s:1: :%s cannot be given, every query has a parameter of that name",
                             query->file, name);
    size_t count = (size_t)query->parameter_count + 1;
    char **names = realloc(query->parameters, count * sizeof *names);
    if (names != NULL)
        query->parameters = names;
    enum parameter_type *types = realloc(query->parameter_types, count * sizeof *types);
    if (types != NULL)
        query->parameter_types = types;
    char *copy = strdup(name);
    if (names == NULL || types == NULL || copy == NULL) {
        free(copy);
        return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    query->parameters[query->parameter_count] = copy;
    query->parameter_count++;
    return declared_type(query, name, &query->parameter_types[count - 1], error);
}

static int read_parameters(struct query *query, sqlite3_stmt *stmt, struct error *error) {
    for (int i = 1; i <= sqlite3_bind_parameter_count(stmt); i++) {
        const char *name = sqlite3_bind_parameter_name(stmt, i);
        if (name == NULL || name[0] != ':')
            return error_set(error, ERROR_INPUT, "%s:1: parameters are written :name", query->file);
        if (strcmp(name, ":limit") == 0)
            query->names_limit = true;
        else if (strcmp(name, ":after") == 0)
            query->names_after = true;
        else if (add_parameter(query, name + 1, error) != 0)
            return -1;
    }
    return query->names_after ? declared_type(query, "after", &query->after_type, error) : 0;
}

// Where in `sql` it went wrong. Of a missing table SQLite tells the name only.
static size_t error_place(sqlite3 *db, const char *sql) {
    int offset = sqlite3_error_offset(db);
    if (offset >= 0)
        return (size_t)offset;
    const char *blank = strrchr(sqlite3_errmsg(db), ' ');
    const char *name = blank != NULL ? strstr(sql, blank + 1) : NULL;
    return name != NULL ? (size_t)(name - sql) : 0;
}

static int check_query(sqlite3 *scratch, struct query *query, struct guard *guard, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    const char *tail = "";
    guard->reason[0] = '\0';
    if (sqlite3_prepare_v2(scratch, query->sql, -1, &stmt, &tail) != SQLITE_OK) {
        int line = stmt_line(query->sql, error_place(scratch, query->sql));
        (void)error_set(error, ERROR_INPUT, "%s:%d: %s", query->file, line, sqlite3_errmsg(scratch));
        return explain(guard, error);
    }
    if (stmt == NULL)
        return error_set(error, ERROR_INPUT, "%s:1: there is no statement", query->file);
    CLEANUP(stmt_finalize) sqlite3_stmt *second = NULL;
    if (sqlite3_prepare_v2(scratch, tail, -1, &second, NULL) != SQLITE_OK || second != NULL)
        return error_set(error, ERROR_INPUT, "%s:%d: one statement a file", query->file,
                         stmt_line(query->sql, (size_t)(tail - query->sql)));
    if (sqlite3_column_count(stmt) == 0 || !sqlite3_stmt_readonly(stmt))
        return error_set(error, ERROR_INPUT, "%s:1: a query selects rows", query->file);
    return read_parameters(query, stmt, error);
}

int catalog_check(struct catalog *catalog, struct error *error) {
    CLEANUP(stmt_close) sqlite3 *scratch = NULL;
    struct guard guard = {.catalog = catalog};
    if (sqlite3_open(":memory:", &scratch) != SQLITE_OK)
        return stmt_error(error, scratch, "check");
    if (functions_register(scratch, NULL, error) != 0 || create_mirror(scratch, catalog, error) != 0)
        return -1;
    for (int i = 0; i < catalog->view_count; i++)
        if (check_view_schema(scratch, catalog, &catalog->views[i], &guard, error) != 0)
            return -1;
    guard.in_query = true;
    (void)sqlite3_set_authorizer(scratch, authorize, &guard);
    for (int i = 0; i < catalog->view_count; i++)
        for (int q = 0; q < catalog->views[i].query_count; q++)
            if (check_query(scratch, &catalog->views[i].queries[q], &guard, error) != 0)
                return -1;
    return 0;
}
