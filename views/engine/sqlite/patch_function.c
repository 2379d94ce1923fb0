#include "views/engine/sqlite/patch_function.h"

#include <sqlite3.h>
#include <stdint.h>
#include <string.h>

// Bytes of one document times bytes of the other: 100 KB and 100 KB.
static const uint64_t patch_function_work_max = 10000000000;

// A connection of its own, which has SQLite's own function still. Opened when first needed.
struct patch {
    sqlite3 *db;
    sqlite3_stmt *stmt;
};

static void patch_function_free(void *self) {
    struct patch *patch = self;
    (void)sqlite3_finalize(patch->stmt);
    (void)sqlite3_close(patch->db);
    sqlite3_free(patch);
}

static int patch_function_open(struct patch *patch) {
    if (patch->stmt != NULL)
        return SQLITE_OK;
    static const char sql[] = "select json_patch(?, ?)";
    int code = SQLITE_OK;
    if (patch->db == NULL)
        code = sqlite3_open_v2(":memory:", &patch->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    return code != SQLITE_OK ? code
                             : sqlite3_prepare_v3(patch->db, sql, sizeof sql, SQLITE_PREPARE_PERSISTENT,
                                                  &patch->stmt, NULL);
}

static void patch_function_run(sqlite3_context *context, struct patch *patch, sqlite3_value **values) {
    enum { JSON = 'J' }; // the subtype that SQLite's functions of JSON give their results
    int code = patch_function_open(patch);
    for (int i = 0; i < 2 && code == SQLITE_OK; i++)
        code = sqlite3_bind_value(patch->stmt, i + 1, values[i]);
    if (code == SQLITE_OK)
        code = sqlite3_step(patch->stmt);
    if (code == SQLITE_ROW) {
        sqlite3_result_value(context, sqlite3_column_value(patch->stmt, 0));
        if (sqlite3_column_type(patch->stmt, 0) == SQLITE_TEXT)
            sqlite3_result_subtype(context, JSON);
    } else if ((code & 0xff) == SQLITE_NOMEM) {
        sqlite3_result_error_nomem(context);
    } else {
        sqlite3_result_error(context, sqlite3_errmsg(patch->db), -1);
    }
    (void)sqlite3_reset(patch->stmt);
    (void)sqlite3_clear_bindings(patch->stmt);
}

static void patch_function_call(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    uint64_t work = (uint64_t)sqlite3_value_bytes(values[0]) * (uint64_t)sqlite3_value_bytes(values[1]);
    if (work > patch_function_work_max)
        sqlite3_result_error(
            context,
            "json_patch(x, y): x and y are too long, since it takes as long as their lengths multiplied: up to "
            "100 KB each; json_set changes single members of longer ones",
            -1);
    else
        patch_function_run(context, sqlite3_user_data(context), values);
}

int patch_function_register(struct sqlite3 *db) {
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
#ifdef SQLITE_RESULT_SUBTYPE
    flags |= SQLITE_RESULT_SUBTYPE;
#endif
    struct patch *patch = sqlite3_malloc64(sizeof *patch);
    if (patch == NULL)
        return SQLITE_NOMEM;
    *patch = (struct patch){.db = NULL};
    return sqlite3_create_function_v2(db, "json_patch", 2, flags, patch, patch_function_call, NULL, NULL,
                                      patch_function_free);
}
