#include "views/engine/read/filter/functions.h"

#include "views/base/buffer.h"
#include "views/base/cleanup.h"
#include "views/base/json_same.h"
#include "views/base/json_text.h"
#include "views/engine/sqlite/collations.h"

static void functions_match(sqlite3_context *context, sqlite3_value **values, bool any_case) {
    const struct filter_functions *functions = sqlite3_user_data(context);
    if (sqlite3_value_type(values[0]) == SQLITE_NULL || sqlite3_value_type(values[1]) == SQLITE_NULL)
        return;
    const void *pattern = sqlite3_value_text(values[1]);
    const void *text = sqlite3_value_text(values[0]);
    if (pattern == NULL || text == NULL) {
        sqlite3_result_error_nomem(context);
        return;
    }
    const struct like like = {
        .pattern = collations_span(pattern, sqlite3_value_bytes(values[1])),
        .any_case = any_case,
        .letters = functions->letters,
        .interrupted = functions->interrupted,
        .self = functions->self,
    };
    int found = like_match(&like, collations_span(text, sqlite3_value_bytes(values[0])));
    if (found < 0)
        sqlite3_result_error_code(context, SQLITE_INTERRUPT);
    else
        sqlite3_result_int(context, found);
}

static void functions_like(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    functions_match(context, values, false);
}

static void functions_ilike(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    functions_match(context, values, true);
}

// What is no JSON, as the placeholder of a value that never came, is itself.
static void functions_json(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    if (sqlite3_value_type(values[0]) == SQLITE_NULL)
        return;
    const void *bytes = sqlite3_value_text(values[0]);
    CLEANUP(buffer_free) struct buffer same = {0};
    if (bytes == NULL) {
        sqlite3_result_error_nomem(context);
        return;
    }
    const struct span text = collations_span(bytes, sqlite3_value_bytes(values[0]));
    if (!json_text_is_valid(text)) {
        sqlite3_result_value(context, values[0]);
        return;
    }
    json_same_write(&same, text);
    if (same.failed)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_text64(context, same.data, same.size, SQLITE_TRANSIENT, SQLITE_UTF8);
}

int filter_functions_register(struct filter_functions *functions, sqlite3 *db, const char *what,
                              struct error *error) {
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    functions->letters = like_letters();
    if (sqlite3_create_function_v2(db, "filter_like", 2, flags, functions, functions_like, NULL, NULL,
                                   NULL) == SQLITE_OK &&
        sqlite3_create_function_v2(db, "filter_ilike", 2, flags, functions, functions_ilike, NULL, NULL,
                                   NULL) == SQLITE_OK &&
        sqlite3_create_function_v2(db, "filter_json", 1, flags, functions, functions_json, NULL, NULL,
                                   NULL) == SQLITE_OK)
        return 0;
    return stmt_error(error, db, what);
}

void filter_functions_free(struct filter_functions *functions) {
    like_letters_free(&functions->letters);
}
