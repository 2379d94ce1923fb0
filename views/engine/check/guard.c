#include "views/engine/check/guard.h"

#include "views/engine/delta/delta.h"
#include "views/engine/row/table_sql.h"
#include "views/engine/sqlite/functions.h"

#include <string.h>

bool guard_is_mirrored(const struct catalog *catalog, const char *name) {
    for (int i = 0; i < catalog->table_count; i++)
        if (sqlite3_stricmp(catalog->tables[i].name, name) == 0)
            return true;
    return false;
}

static bool guard_is_changes_table(const char *name) {
    return sqlite3_strnicmp(name, "_delta_", 7) == 0 || sqlite3_strnicmp(name, "_changes_", 9) == 0 ||
           sqlite3_strnicmp(name, "_sums_", 6) == 0;
}

static int guard_refuse(struct guard *guard, const char *format, const char *name) {
    (void)sqlite3_snprintf(sizeof guard->reason, guard->reason, format, name != NULL ? name : "");
    return SQLITE_DENY;
}

static void guard_note_decimal(struct guard *guard, const struct table *table, const char *name) {
    for (int i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        if (column->type == COLUMN_DECIMAL && column->scale > 0 && sqlite3_stricmp(column->name, name) == 0 &&
            guard->decimal_count < GUARD_DECIMALS_MAX)
            guard->decimals[guard->decimal_count++] = column;
    }
}

// What check_lint asks of a statement that is allowed.
static void guard_note_read(struct guard *guard, const char *table, const char *column) {
    const struct catalog *catalog = guard->catalog;
    guard->reads_delta |= sqlite3_strnicmp(table, "_delta_", 7) == 0;
    columns_read_note(&guard->reads, catalog, table, column != NULL ? column : "");
    guard->reads_weight |= column != NULL && sqlite3_stricmp(column, "_weight") == 0;
    for (int i = 0; i < catalog->table_count; i++)
        if (sqlite3_stricmp(catalog->tables[i].name, table) == 0) {
            guard->reads_mirror = true;
            if (column != NULL)
                guard_note_decimal(guard, &catalog->tables[i], column);
        }
}

// What SQLite tells of itself: the file's path, the engine's tables. SQLite reads the schema table's rowid
// itself when a table-valued function is used, and check its names beside a schema. What a query reads
// through an SQL view is judged with the query.
static bool guard_is_internal_table(const struct guard *guard, const char *name, const char *column) {
    bool own = guard->guarded == GUARDED_SCHEMA || (column != NULL && strcmp(column, "ROWID") == 0);
    if (own && strcmp(name, "sqlite_master") == 0)
        return false;
    return sqlite3_strnicmp(name, "sqlite_", 7) == 0 || sqlite3_strnicmp(name, "pragma_", 7) == 0;
}

static bool guard_is_internal_function(const char *name) {
    return sqlite3_strnicmp(name, "sqlite_", 7) == 0 || sqlite3_stricmp(name, "load_extension") == 0 ||
           sqlite3_stricmp(name, "fts3_tokenizer") == 0;
}

static int guard_authorize_read(struct guard *guard, const char *table, const char *column) {
    if (guard_is_internal_table(guard, table, column))
        return guard_refuse(guard, "a view may not read %s: it reads the mirrored tables and views' own",
                            table);
    guard_note_read(guard, table, column);
    bool reads_at = sqlite3_strnicmp(table, "_at_", 4) == 0;
    if (!reads_at && !guard_is_changes_table(table))
        return SQLITE_OK;
    if (guard->guarded != GUARDED_APPLY)
        return guard_refuse(guard,
                            reads_at
                                ? "only an apply.NAME.sql reads %s: it is what rows were within one commit"
                                : "only an apply.NAME.sql reads %s: it is what one commit changes",
                            table);
    if (reads_at)
        guard->reads_at = true;
    else
        guard->reads_changes = true;
    guard->reads_sums |= sqlite3_strnicmp(table, "_sums_", 6) == 0;
    return SQLITE_OK;
}

static int guard_authorize_call(struct guard *guard, const char *function, const char *within) {
    static const char *const adding[] = {"count", "sum", "total", "avg"};
    if (guard_is_internal_function(function))
        return guard_refuse(guard, "a view may not call %s(): it tells or changes what SQLite is", function);
    for (size_t i = 0; i < sizeof adding / sizeof *adding; i++)
        guard->adds_up |= within == NULL && sqlite3_stricmp(function, adding[i]) == 0;
    if (guard->guarded == GUARDED_APPLY && within == NULL && sqlite3_strnicmp(function, "change_", 7) == 0)
        return guard_refuse(
            guard, "%s() tells a trigger's change; a statement here reads _changes_TABLE for it", function);
    if ((guard->guarded != GUARDED_APPLY || within != NULL) && sqlite3_stricmp(function, "once") == 0)
        return guard_refuse(guard, "only an apply.NAME.sql calls %s(): it answers 1 the first time",
                            function);
    return SQLITE_OK;
}

static int guard_authorize_write(struct guard *guard, const char *table) {
    if (guard->guarded == GUARDED_QUERY)
        return guard_refuse(guard, "a query only reads; this one writes %s", table);
    if (guard_is_mirrored(guard->catalog, table))
        return guard_refuse(guard, "a view may not write the mirrored table %s", table);
    if (table[0] == '_')
        return guard_refuse(guard, "a view may not touch %s: names beginning with _ are the engine's", table);
    guard->writes = true;
    (void)sqlite3_snprintf(sizeof guard->written, guard->written, "%s", table);
    return SQLITE_OK;
}

static int guard_authorize_create(struct guard *guard, const char *name) {
    if (guard->guarded == GUARDED_QUERY)
        return guard_refuse(guard, "a query only reads; this one creates %s", name);
    if (guard->guarded == GUARDED_APPLY)
        return guard_refuse(guard, "a statement here inserts, updates or deletes; %s is made in schema.sql",
                            name);
    if (name[0] == '_')
        return guard_refuse(guard, "%s: names beginning with _ are the engine's", name);
    return SQLITE_OK;
}

// What fts3, fts4, fts5, rtree and geopoly ask of the database while a table of theirs is made. Neither changes anything.
static bool guard_is_asked_by_modules(const char *pragma, const char *value) {
    return value == NULL && (strcmp(pragma, "data_version") == 0 || strcmp(pragma, "page_size") == 0);
}

// Creating and dropping also writes the schema table; what is created is judged by its own action.
static int guard_judge(struct guard *guard, int action, const char *first, const char *second,
                       const char *within) {
    if (action == SQLITE_PRAGMA && guard->guarded == GUARDED_SCHEMA &&
        guard_is_asked_by_modules(first, second))
        return SQLITE_OK;
    switch (action) {
    case SQLITE_READ:
        return guard_authorize_read(guard, first, second);
    case SQLITE_FUNCTION:
        return guard_authorize_call(guard, second, within);
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
    case SQLITE_REINDEX:
        return SQLITE_OK;
    case SQLITE_INSERT:
    case SQLITE_DELETE:
    case SQLITE_UPDATE:
        return strcmp(first, "sqlite_master") == 0 ? SQLITE_OK : guard_authorize_write(guard, first);
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_VIEW:
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_VTABLE:
    case SQLITE_CREATE_TRIGGER:
        return guard_authorize_create(guard, first);
    default:
        return guard_refuse(guard,
                            guard->guarded == GUARDED_APPLY
                                ? "a statement here inserts, updates or deletes, nothing else%s"
                                : "a view has tables, views, indexes, triggers and queries, nothing else%s",
                            "");
    }
}

// The engine's own write is not judged, only what a trigger does within it.
static int guard_authorize(void *self, int action, const char *first, const char *second,
                           const char *database, const char *within) {
    struct guard *guard = self;
    (void)database;
    if (guard->guarded == GUARDED_TRIGGER) {
        if (within == NULL)
            return SQLITE_OK;
        (void)sqlite3_snprintf(sizeof guard->trigger, guard->trigger, "%s", within);
    }
    return guard_judge(guard, action, first, second, within);
}

void guard_begin(struct guard *guard, sqlite3 *db, enum guarded guarded) {
    guard->guarded = guarded;
    guard->reason[0] = guard->trigger[0] = '\0';
    guard->reads_changes = guard->reads_at = guard->reads_sums = guard->writes = false;
    guard->reads_delta = guard->reads_weight = guard->reads_mirror = guard->adds_up = false;
    guard->decimal_count = 0;
    guard->reads.count = 0;
    guard->reads.size = 0;
    guard->reads.full = false;
    guard->written[0] = '\0';
    (void)sqlite3_set_authorizer(db, guard_authorize, guard);
}

void guard_end(sqlite3 *db) {
    (void)sqlite3_set_authorizer(db, NULL, NULL);
}

// The reason replaces SQLite's "not authorized".
int guard_explain(const struct guard *guard, struct error *error) {
    if (error == NULL || guard->reason[0] == '\0')
        return error_become(error, ERROR_INPUT);
    char *colon = strstr(error->message, ": ");
    if (colon != NULL)
        *colon = '\0';
    char place[ERROR_MESSAGE_SIZE];
    (void)sqlite3_snprintf(sizeof place, place, "%s", error->message);
    return error_set(error, ERROR_INPUT, "%s: %s", place, guard->reason);
}

int guard_show(const char *text, size_t place, struct error *error) {
    if (error != NULL)
        error_excerpt(error->excerpt, text, strlen(text), place);
    return -1;
}

static int guard_create_mirror(sqlite3 *scratch, const struct catalog *catalog, struct error *error) {
    for (int i = 0; i < catalog->table_count; i++) {
        CLEANUP(stmt_free_text) char *sql = table_sql_create(&catalog->tables[i]);
        if (sql == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        if (stmt_run(scratch, sql, "source.sql", error) != 0)
            return -1;
    }
    return 0;
}

// A table that is there without having been made, such as dbstat, comes of a module.
static int guard_drop_modules(sqlite3 *scratch, struct error *error) {
    const char *kept[] = {"json_each", "json_tree", "fts3",      "fts4",    "fts5",
                          "fts5vocab", "rtree",     "rtree_i32", "geopoly", NULL};
    return sqlite3_drop_modules(scratch, kept) == SQLITE_OK ? 0 : stmt_error(error, scratch, "check");
}

static int guard_stop(void *self) {
    (void)self;
    return 1;
}

int guard_open_scratch(const struct catalog *catalog, sqlite3 **ret, struct error *error) {
    CLEANUP(stmt_close) sqlite3 *scratch = NULL;
    if (sqlite3_open(":memory:", &scratch) != SQLITE_OK)
        return stmt_error(error, scratch, "check");
    stmt_take_no_quoted_texts(scratch);
    if (guard_drop_modules(scratch, error) != 0 || functions_register(scratch, NULL, error) != 0 ||
        guard_create_mirror(scratch, catalog, error) != 0 || delta_register(scratch, catalog, error) != 0)
        return -1;
    sqlite3_progress_handler(scratch, GUARD_STEPS_MAX, guard_stop, NULL);
    *ret = scratch;
    scratch = NULL;
    return 0;
}

int guard_object_line(const struct view *view, const char *name) {
    const char *at = name[0] != '\0' ? strstr(view->schema, name) : NULL;
    return at != NULL ? stmt_line(view->schema, (size_t)(at - view->schema)) : 1;
}

// Where `sql` has the word, -1 = nowhere.
static ptrdiff_t guard_find_word(const char *sql, const char *word, size_t size) {
    for (const char *at = sql; *at != '\0'; at++)
        if (sqlite3_strnicmp(at, word, (int)size) == 0)
            return at - sql;
    return -1;
}

// SQLite gives no place when a table is missing (the message has its name), when it has wrong arguments
// (NAME()), and when it has none (no name either).
size_t guard_error_place(const struct guard *guard, sqlite3 *db, const char *sql) {
    int offset = sqlite3_error_offset(db);
    if (offset >= 0)
        return (size_t)offset;
    const char *says = sqlite3_errmsg(db);
    const char *call = strchr(says, '(');
    const char *end = call != NULL ? call : says + strlen(says);
    const char *name = end;
    while (name > says && name[-1] != ' ')
        name--;
    ptrdiff_t place = -1;
    if (strcmp(says, GUARD_NO_ARGUMENTS) != 0)
        place = guard_find_word(sql, name, (size_t)(end - name));
    else if (!guard->reads_at || (place = guard_find_word(sql, "_at_", 4)) < 0)
        place = guard_find_word(sql, "_sums_", 6);
    return place < 0 ? 0 : (size_t)place;
}
