#include "views/engine/delta/dedup.h"

#include "views/base/arena.h"
#include "views/engine/delta/dedup_blocks.h"
#include "views/engine/sqlite/sqlite_value.h"
#include "views/engine/sqlite/stmt.h"

#include <stdlib.h>
#include <string.h>

enum argument {
    ARGUMENT_TABLE,
    ARGUMENT_KEY_COLUMN,
    ARGUMENT_VALUE_COLUMN,
    ARGUMENT_KEY,
    ARGUMENT_VALUE,
    ARGUMENTS
};
enum { NAMES = ARGUMENT_KEY };

// Its names and values are in the arena.
struct dedup_set {
    const char *names[NAMES];
    int64_t id;                            // in _once
    struct value values[DEDUP_VALUES_MAX]; // by number
    int value_count;
};

struct dedup {
    sqlite3 *db;
    struct dedup **called; // the function's: NULL there = nobody answers it any more
    struct dedup_blocks blocks;
    struct arena arena;
    struct dedup_set *sets[DEDUP_SETS_MAX];
    int set_count;
};

static int dedup_out_of_memory(struct error *error) {
    return error_set(error, ERROR_SYSTEM, "out of memory");
}

// --- values

static int dedup_note_value(struct dedup *dedup, const struct dedup_set *set, const struct value *value,
                            struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *note = NULL;
    if (stmt_prepare(dedup->db,
                     "insert into _once_values(once, number, value) values(:once, :number, :value)",
                     "_once_values", &note, error) != 0)
        return -1;
    stmt_bind_integer(note, ":once", set->id);
    stmt_bind_integer(note, ":number", set->value_count);
    sqlite_value_bind(note, sqlite3_bind_parameter_index(note, ":value"), value);
    return stmt_step(note, "_once_values", NULL, error);
}

static int dedup_keep_value(struct dedup *dedup, struct dedup_set *set, const struct value *value,
                            struct error *error) {
    struct value *kept = &set->values[set->value_count];
    *kept = *value;
    if (value->kind == VALUE_TEXT) {
        char *bytes = arena_take(&dedup->arena, value->bytes.size + 1);
        if (bytes == NULL)
            return dedup_out_of_memory(error);
        memcpy(bytes, value->bytes.data, value->bytes.size);
        kept->bytes.data = bytes;
    }
    set->value_count++;
    return 0;
}

// The number of a value, which it gets if it is new.
static int dedup_number_of(struct dedup *dedup, struct dedup_set *set, const struct value *value, int *ret,
                           struct error *error) {
    for (*ret = 0; *ret < set->value_count; ++*ret)
        if (value_same(&set->values[*ret], value))
            return 0;
    if (value->kind != VALUE_TEXT && value->kind != VALUE_INTEGER)
        return error_set(error, ERROR_INPUT, "once: a value of %s.%s is neither a text nor an integer",
                         set->names[ARGUMENT_TABLE], set->names[ARGUMENT_VALUE_COLUMN]);
    if (set->value_count == DEDUP_VALUES_MAX)
        return error_set(error, ERROR_INPUT,
                         "once: %s.%s has more than %d different values; a unique index has no such bound",
                         set->names[ARGUMENT_TABLE], set->names[ARGUMENT_VALUE_COLUMN], DEDUP_VALUES_MAX);
    return dedup_note_value(dedup, set, value, error) != 0 ? -1 : dedup_keep_value(dedup, set, value, error);
}

static int dedup_add(struct dedup *dedup, struct dedup_set *set, const struct value *key,
                     const struct value *value, bool *ret_new, struct error *error) {
    *ret_new = true;
    if (key->kind == VALUE_NULL || value->kind == VALUE_NULL)
        return 0;
    if (key->kind != VALUE_INTEGER)
        return error_set(error, ERROR_INPUT, "once: a key of %s.%s is no integer; a unique index takes any",
                         set->names[ARGUMENT_TABLE], set->names[ARGUMENT_KEY_COLUMN]);
    int number;
    return dedup_number_of(dedup, set, value, &number, error) != 0
               ? -1
               : dedup_blocks_add(&dedup->blocks, set->id, key->integer, number, ret_new, error);
}

// --- sets

static int dedup_load_values(struct dedup *dedup, struct dedup_set *set, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *load = NULL;
    if (stmt_prepare(dedup->db,
                     "select value from _once_values where once = :once order by number limit :most",
                     "_once_values", &load, error) != 0)
        return -1;
    stmt_bind_integer(load, ":once", set->id);
    stmt_bind_integer(load, ":most", DEDUP_VALUES_MAX);
    int row;
    while ((row = stmt_row(load, "_once_values", error)) == 1) {
        struct value value;
        if (sqlite_value_borrow(sqlite3_column_value(load, 0), &value) != SQLITE_OK)
            return dedup_out_of_memory(error);
        if (dedup_keep_value(dedup, set, &value, error) != 0)
            return -1;
    }
    return row;
}

static void dedup_bind_names(sqlite3_stmt *stmt, const struct dedup_set *set) {
    static const char *const names[NAMES] = {
        [ARGUMENT_TABLE] = ":table", [ARGUMENT_KEY_COLUMN] = ":key", [ARGUMENT_VALUE_COLUMN] = ":value"};
    for (int i = 0; i < NAMES; i++)
        stmt_bind_text(stmt, names[i], span_of(set->names[i]));
}

// A quoted name that is no column would be a text to SQLite.
static int dedup_check_columns(struct dedup *dedup, const struct dedup_set *set, struct error *error) {
    for (int i = ARGUMENT_KEY_COLUMN; i <= ARGUMENT_VALUE_COLUMN; i++)
        if (sqlite3_table_column_metadata(dedup->db, "main", set->names[ARGUMENT_TABLE], set->names[i], NULL,
                                          NULL, NULL, NULL, NULL) != SQLITE_OK)
            return error_set(error, ERROR_INPUT, "once: %s", sqlite3_errmsg(dedup->db));
    return 0;
}

static int dedup_make_set(struct dedup *dedup, struct dedup_set *set, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *make = NULL;
    if (stmt_prepare(dedup->db, "insert into _once(\"table\", key, value) values(:table, :key, :value)",
                     "_once", &make, error) != 0)
        return -1;
    dedup_bind_names(make, set);
    if (stmt_step(make, "_once", NULL, error) != 0)
        return -1;
    set->id = sqlite3_last_insert_rowid(dedup->db);
    return 0;
}

static int dedup_learn(struct dedup *dedup, struct dedup_set *set, struct error *error) {
    CLEANUP(stmt_free_text)
    char *sql = sqlite3_mprintf("select \"%w\", \"%w\" from main.\"%w\"", set->names[ARGUMENT_KEY_COLUMN],
                                set->names[ARGUMENT_VALUE_COLUMN], set->names[ARGUMENT_TABLE]);
    CLEANUP(stmt_finalize) sqlite3_stmt *rows = NULL;
    if (sql == NULL)
        return dedup_out_of_memory(error);
    if (dedup_check_columns(dedup, set, error) != 0 || dedup_make_set(dedup, set, error) != 0 ||
        stmt_prepare(dedup->db, sql, set->names[ARGUMENT_TABLE], &rows, error) != 0)
        return -1;
    int row;
    while ((row = stmt_row(rows, set->names[ARGUMENT_TABLE], error)) == 1) {
        struct value key;
        struct value value;
        bool is_new;
        if (sqlite_value_borrow(sqlite3_column_value(rows, 0), &key) != SQLITE_OK ||
            sqlite_value_borrow(sqlite3_column_value(rows, 1), &value) != SQLITE_OK)
            return dedup_out_of_memory(error);
        if (dedup_add(dedup, set, &key, &value, &is_new, error) != 0)
            return -1;
    }
    return row;
}

static int dedup_load_set(struct dedup *dedup, struct dedup_set *set, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *find = NULL;
    if (stmt_prepare(dedup->db,
                     "select id from _once where \"table\" = :table and key = :key and value = :value",
                     "_once", &find, error) != 0)
        return -1;
    dedup_bind_names(find, set);
    int found = stmt_row(find, "_once", error);
    if (found < 0)
        return -1;
    if (found == 0)
        return dedup_learn(dedup, set, error);
    set->id = sqlite3_column_int64(find, 0);
    return dedup_load_values(dedup, set, error);
}

static struct dedup_set *dedup_find_set(const struct dedup *dedup, const char *const *names) {
    for (int i = 0; i < dedup->set_count; i++) {
        int same = 0;
        while (same < NAMES && sqlite3_stricmp(dedup->sets[i]->names[same], names[same]) == 0)
            same++;
        if (same == NAMES)
            return dedup->sets[i];
    }
    return NULL;
}

// NULL = error.
static struct dedup_set *dedup_open_set(struct dedup *dedup, const char *const *names, struct error *error) {
    if (dedup->set_count == DEDUP_SETS_MAX)
        return (void)error_set(error, ERROR_INPUT, "once: more than %d tables and columns", DEDUP_SETS_MAX),
               NULL;
    struct dedup_set *set = arena_take(&dedup->arena, sizeof *set);
    if (set == NULL)
        return (void)dedup_out_of_memory(error), NULL;
    set->value_count = 0;
    for (int i = 0; i < NAMES; i++) {
        size_t size = strlen(names[i]) + 1;
        char *name = arena_take(&dedup->arena, size);
        if (name == NULL)
            return (void)dedup_out_of_memory(error), NULL;
        set->names[i] = memcpy(name, names[i], size);
    }
    return dedup_load_set(dedup, set, error) == 0 ? dedup->sets[dedup->set_count++] = set : NULL;
}

// --- the function

// A call whose names are constants finds its set once in a run of its statement: SQLite keeps it until the
// reset.
static struct dedup_set *dedup_known_set(sqlite3_context *context) {
    struct dedup_set *set = NULL;
    for (int i = 0; i < NAMES; i++) // SQLite lets go of what is not constant
        if ((set = sqlite3_get_auxdata(context, i)) == NULL)
            return NULL;
    return set;
}

static struct dedup_set *dedup_set_of_call(sqlite3_context *context, struct dedup *dedup,
                                           sqlite3_value **arguments, struct error *error) {
    struct dedup_set *set = dedup_known_set(context);
    if (set != NULL)
        return set;
    const char *names[NAMES];
    for (int i = 0; i < NAMES; i++) {
        names[i] = (const char *)sqlite3_value_text(arguments[i]);
        if (names[i] == NULL)
            return (void)error_set(error, ERROR_INPUT, "once: the table and its columns are given as texts"),
                   NULL;
    }
    set = dedup_find_set(dedup, names);
    if (set == NULL)
        set = dedup_open_set(dedup, names, error);
    for (int i = 0; set != NULL && i < NAMES; i++)
        sqlite3_set_auxdata(context, i, set, NULL);
    return set;
}

static void dedup_call(sqlite3_context *context, int count, sqlite3_value **arguments) {
    (void)count;
    struct dedup *dedup = *(struct dedup **)sqlite3_user_data(context);
    if (dedup == NULL) {
        sqlite3_result_error(context, "once() is called by apply statements only", -1);
        return;
    }
    struct error error = {0};
    struct dedup_set *set = dedup_set_of_call(context, dedup, arguments, &error);
    struct value key;
    struct value value;
    bool is_new = false;
    if (sqlite_value_borrow(arguments[ARGUMENT_KEY], &key) != SQLITE_OK ||
        sqlite_value_borrow(arguments[ARGUMENT_VALUE], &value) != SQLITE_OK)
        sqlite3_result_error_nomem(context);
    else if (set == NULL || dedup_add(dedup, set, &key, &value, &is_new, &error) != 0)
        sqlite3_result_error(context, error.message, -1);
    else
        sqlite3_result_int(context, is_new);
}

// The connection has another function of the name, or ends.
static void dedup_end_function(void *self) {
    struct dedup **called = self;
    if (*called != NULL)
        (*called)->called = NULL;
    sqlite3_free(called);
}

static int dedup_define(sqlite3 *db, struct dedup *dedup, struct error *error) {
    struct dedup **called = sqlite3_malloc(sizeof(struct dedup *));
    if (called == NULL)
        return dedup_out_of_memory(error);
    *called = dedup;
    // No part of a schema may call it: the answer depends on earlier calls.
    if (sqlite3_create_function_v2(db, "once", ARGUMENTS, SQLITE_UTF8 | SQLITE_DIRECTONLY, called, dedup_call,
                                   NULL, NULL, dedup_end_function) != SQLITE_OK)
        return stmt_error(error, db, "once");
    if (dedup != NULL)
        dedup->called = called;
    return 0;
}

int dedup_declare(struct sqlite3 *db, struct error *error) {
    return dedup_define(db, NULL, error);
}

int dedup_open(struct dedup **ret, struct sqlite3 *db, struct error *error) {
    CLEANUP(dedup_close) struct dedup *dedup = calloc(1, sizeof *dedup);
    if (dedup == NULL)
        return dedup_out_of_memory(error);
    dedup->db = dedup->blocks.db = db;
    if (dedup_define(db, dedup, error) != 0)
        return -1;
    *ret = dedup;
    dedup = NULL;
    return 0;
}

void dedup_close(struct dedup **dedup) {
    struct dedup *closed = *dedup;
    if (closed == NULL)
        return;
    if (closed->called != NULL)
        *closed->called = NULL;
    dedup_blocks_done(&closed->blocks);
    arena_free(&closed->arena);
    free(closed);
    *dedup = NULL;
}

int dedup_write(struct dedup *dedup, struct error *error) {
    return dedup_blocks_write(&dedup->blocks, error);
}

// The rollback may have taken numbers of values and of sets too.
void dedup_forget(struct dedup *dedup) {
    dedup_blocks_forget(&dedup->blocks);
    arena_reset(&dedup->arena);
    dedup->set_count = 0;
}

int dedup_drop(struct sqlite3 *db, const char *table, struct error *error) {
    static const char *const deletes[] = {
        "delete from _once_blocks where once in (select id from _once where \"table\" = :table)",
        "delete from _once_values where once in (select id from _once where \"table\" = :table)",
        "delete from _once where \"table\" = :table",
    };
    for (size_t i = 0; i < sizeof deletes / sizeof *deletes; i++) {
        CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
        if (stmt_prepare(db, deletes[i], "_once", &stmt, error) != 0)
            return -1;
        stmt_bind_text(stmt, ":table", span_of(table));
        if (stmt_step(stmt, "_once", NULL, error) != 0)
            return -1;
    }
    return 0;
}
