#include "views/engine/sqlite/functions.h"

#include "views/engine/decimal.h"
#include "views/engine/sqlite/collations.h"
#include "views/engine/sqlite/exact_functions.h"
#include "views/engine/sqlite/glob_function.h"
#include "views/engine/sqlite/like_function.h"
#include "views/engine/sqlite/patch_function.h"
#include "views/engine/sqlite/stmt.h"
#include "views/engine/sqlite/text_functions.h"
#include "views/engine/sqlite/trim_function.h"

enum { NUMERIC_SCALE_MAX = 16383 }; // PostgreSQL's

static const struct change *functions_current_change(sqlite3_context *context) {
    const struct change *const *current = sqlite3_user_data(context);
    return current != NULL ? *current : NULL;
}

static void functions_result_or_null(sqlite3_context *context, int64_t value, int64_t none) {
    if (value == none)
        sqlite3_result_null(context);
    else
        sqlite3_result_int64(context, value);
}

static void functions_change_op(sqlite3_context *context, int count, sqlite3_value **values) {
    static const char ops[] = {[CHANGE_CREATE] = 'c', [CHANGE_UPDATE] = 'u',   [CHANGE_DELETE] = 'd',
                               [CHANGE_READ] = 'r',   [CHANGE_TRUNCATE] = 't', [CHANGE_TOMBSTONE] = 'd'};
    (void)count, (void)values;
    const struct change *change = functions_current_change(context);
    if (change != NULL)
        sqlite3_result_text(context, &ops[change->op], 1, SQLITE_STATIC);
}

static void functions_change_snapshot(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count, (void)values;
    const struct change *change = functions_current_change(context);
    sqlite3_result_int(context, change == NULL || change_is_snapshot(change));
}

static void functions_change_ts_ms(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count, (void)values;
    const struct change *change = functions_current_change(context);
    functions_result_or_null(context, change != NULL ? change->ts_ms : 0, 0);
}

static void functions_change_txid(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count, (void)values;
    const struct change *change = functions_current_change(context);
    functions_result_or_null(context, change != NULL && change->txid >= 0 ? change->txid : TXID_NONE,
                             TXID_NONE);
}

static void functions_change_lsn(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count, (void)values;
    const struct change *change = functions_current_change(context);
    functions_result_or_null(context, change != NULL ? change->lsn : LSN_NONE, LSN_NONE);
}

static void functions_decimal(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    if (sqlite3_value_type(values[0]) == SQLITE_NULL)
        return;
    int scale = sqlite3_value_int(values[1]);
    if (sqlite3_value_type(values[0]) == SQLITE_TEXT && scale >= 0 && scale <= NUMERIC_SCALE_MAX) {
        exact_functions_decimal_text(context, values[0], scale);
        return;
    }
    if (sqlite3_value_type(values[0]) != SQLITE_INTEGER || scale < 0 || scale > DECIMAL_PRECISION_MAX) {
        sqlite3_result_error(
            context,
            "decimal(value, scale) takes an integer and a scale of 0 to 18, or a NUMERIC as text "
            "and a scale of 0 to 16383",
            -1);
        return;
    }
    char text[DECIMAL_TEXT_SIZE];
    size_t size = decimal_write(sqlite3_value_int64(values[0]), scale, text);
    sqlite3_result_text(context, text, (int)size, SQLITE_TRANSIENT);
}

int functions_register(struct sqlite3 *db, const struct change *const *current, struct error *error) {
    static const struct {
        const char *name;
        int arguments;
        int flags;
        void (*call)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {
        {"change_op", 0, SQLITE_UTF8, functions_change_op},
        {"change_snapshot", 0, SQLITE_UTF8, functions_change_snapshot},
        {"change_ts_ms", 0, SQLITE_UTF8, functions_change_ts_ms},
        {"change_txid", 0, SQLITE_UTF8, functions_change_txid},
        {"change_lsn", 0, SQLITE_UTF8, functions_change_lsn},
        {"decimal", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, functions_decimal},
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        // SQLite hands the pointer back as it is and never writes through it.
        union {
            const struct change *const *borrowed;
            void *user_data;
        } pass = {.borrowed = current};
        if (sqlite3_create_function_v2(db, functions[i].name, functions[i].arguments, functions[i].flags,
                                       pass.user_data, functions[i].call, NULL, NULL, NULL) != SQLITE_OK)
            return stmt_error(error, db, functions[i].name);
    }
    (void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, FUNCTIONS_VALUE_BYTES_MAX);
    (void)sqlite3_limit(db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, FUNCTIONS_PATTERN_BYTES_MAX);
    if (trim_function_register(db) != SQLITE_OK || like_function_register(db) != SQLITE_OK ||
        glob_function_register(db) != SQLITE_OK || patch_function_register(db) != SQLITE_OK)
        return stmt_error(error, db, "trim, like, glob, json_patch");
    if (collations_register(db, error) != 0 || text_functions_register(db, error) != 0)
        return -1;
    return exact_functions_register(db, error);
}
