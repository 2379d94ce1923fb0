#include "views/engine/sqlite/exact_functions.h"

#include "views/engine/row/numeric_sum.h"
#include "views/engine/row/real_sum.h"
#include "views/engine/sqlite/stmt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// --- decimals

enum { INTEGER_TEXT_SIZE = 24 };

static void exact_functions_refuse(sqlite3_context *context, const char *name, sqlite3_value *value) {
    char *message = sqlite3_mprintf(
        sqlite3_value_type(value) == SQLITE_FLOAT
            ? "%s(): %s is a REAL, which is not exact: it takes NUMERIC as text, and integers; is the view's own "
              "column declared TEXT?"
            : "%s(): '%.40s' is no NUMERIC",
        name, (const char *)sqlite3_value_text(value));
    if (message == NULL)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_error(context, message, -1);
    sqlite3_free(message);
}

// False, and the error is the function's answer: what `value` is cannot be added.
static bool exact_functions_add(sqlite3_context *context, const char *name, struct numeric_sum *sum,
                                sqlite3_value *value, int64_t weight) {
    enum numeric_result result = NUMERIC_INVALID;
    int type = sqlite3_value_type(value);
    if (type == SQLITE_INTEGER) {
        char text[INTEGER_TEXT_SIZE];
        int size = snprintf(text, sizeof text, "%lld", (long long)sqlite3_value_int64(value));
        result = numeric_sum_add(sum, (struct span){text, (size_t)size}, weight);
    } else if (type == SQLITE_TEXT) {
        const char *text = (const char *)sqlite3_value_text(value);
        if (text != NULL)
            result = numeric_sum_add(sum, (struct span){text, (size_t)sqlite3_value_bytes(value)}, weight);
        else
            result = NUMERIC_NO_MEMORY;
    }
    if (result == NUMERIC_INVALID)
        exact_functions_refuse(context, name, value);
    else if (result == NUMERIC_NO_MEMORY)
        sqlite3_result_error_nomem(context);
    return result == NUMERIC_OK;
}

static void exact_functions_answer(sqlite3_context *context, struct numeric_sum *sum) {
    char *text = numeric_sum_text(sum);
    if (text == NULL)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_text(context, text, -1, free);
}

void exact_functions_decimal_text(sqlite3_context *context, sqlite3_value *value, int scale) {
    CLEANUP(numeric_sum_done) struct numeric_sum sum = {0};
    CLEANUP(free_charp) char *text = NULL;
    if (!exact_functions_add(context, "decimal", &sum, value, 1))
        return;
    text = numeric_sum_text(&sum);
    const char *point = text != NULL ? strchr(text, '.') : NULL;
    int places = point != NULL ? (int)strlen(point + 1) : 0;
    int missing = scale > places && numeric_sum_rank(&sum) == 0 ? scale - places : 0;
    CLEANUP(stmt_free_text)
    char *padded = text == NULL ? NULL
                                : sqlite3_mprintf("%s%s%.*c", text, point == NULL && missing > 0 ? "." : "",
                                                  missing, '0');
    if (padded == NULL)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_text(context, padded, missing > 0 ? -1 : (int)strlen(text), SQLITE_TRANSIENT);
}

static bool exact_functions_has_null(int count, sqlite3_value **values) {
    for (int i = 0; i < count; i++)
        if (sqlite3_value_type(values[i]) == SQLITE_NULL)
            return true;
    return false;
}

enum { ADD = 1, SUBTRACT = -1 };

// Taking one away is not what a sum's weight of -1 is, which takes an addend out: NaN less NaN is NaN.
static bool exact_functions_subtract(sqlite3_context *context, const char *name, struct numeric_sum *sum,
                                     sqlite3_value *value) {
    static const struct span opposites[] = {SPAN("Infinity"), {0}, SPAN("-Infinity"), SPAN("NaN")};
    CLEANUP(numeric_sum_done) struct numeric_sum other = {0};
    if (!exact_functions_add(context, name, &other, value, ADD))
        return false;
    int rank = numeric_sum_rank(&other);
    if (rank == 0)
        return exact_functions_add(context, name, sum, value, SUBTRACT);
    return numeric_sum_add(sum, opposites[rank + 1], ADD) == NUMERIC_OK;
}

static void exact_functions_decimal_add(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    if (exact_functions_has_null(2, values))
        return;
    CLEANUP(numeric_sum_done) struct numeric_sum sum = {0};
    if (exact_functions_add(context, "decimal_add", &sum, values[0], ADD) &&
        exact_functions_add(context, "decimal_add", &sum, values[1], ADD))
        exact_functions_answer(context, &sum);
}

static void exact_functions_decimal_sub(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    if (exact_functions_has_null(2, values))
        return;
    CLEANUP(numeric_sum_done) struct numeric_sum sum = {0};
    if (exact_functions_add(context, "decimal_sub", &sum, values[0], ADD) &&
        exact_functions_subtract(context, "decimal_sub", &sum, values[1]))
        exact_functions_answer(context, &sum);
}

// Each compared with 0 first: NaN and infinities are numbers here, and equal themselves.
static void exact_functions_decimal_cmp(sqlite3_context *context, int count, sqlite3_value **values) {
    static const char name[] = "decimal_cmp";
    (void)count;
    if (exact_functions_has_null(2, values))
        return;
    CLEANUP(numeric_sum_done) struct numeric_sum a = {0};
    CLEANUP(numeric_sum_done) struct numeric_sum b = {0};
    CLEANUP(numeric_sum_done) struct numeric_sum difference = {0};
    if (!exact_functions_add(context, name, &a, values[0], ADD) ||
        !exact_functions_add(context, name, &b, values[1], ADD) ||
        !exact_functions_add(context, name, &difference, values[0], ADD) ||
        !exact_functions_add(context, name, &difference, values[1], SUBTRACT))
        return;
    int ranks = numeric_sum_rank(&a) - numeric_sum_rank(&b);
    if (ranks == 0)
        ranks = numeric_sum_rank(&a) != 0 ? 0 : numeric_sum_sign(&difference);
    sqlite3_result_int(context, (ranks > 0) - (ranks < 0));
}

struct decimal_state {
    struct numeric_sum sum;
    int64_t count; // of values that are not NULL
    bool failed;
};

static void exact_functions_decimal_turn(sqlite3_context *context, int count, sqlite3_value **values,
                                         int sign) {
    if (exact_functions_has_null(count, values))
        return;
    struct decimal_state *state = sqlite3_aggregate_context(context, sizeof *state);
    int64_t weight = count > 1 ? sqlite3_value_int64(values[1]) : 1;
    if (state == NULL) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (count > 1 && (sqlite3_value_type(values[1]) != SQLITE_INTEGER || weight > NUMERIC_WEIGHT_MAX ||
                      weight < -NUMERIC_WEIGHT_MAX)) {
        sqlite3_result_error(context, "decimal_sum(x, weight): the weight is an integer of 31 bits", -1);
        state->failed = true;
        return;
    }
    state->count += sign;
    if (!exact_functions_add(context, "decimal_sum", &state->sum, values[0], sign * weight))
        state->failed = true;
}

static void exact_functions_decimal_step(sqlite3_context *context, int count, sqlite3_value **values) {
    exact_functions_decimal_turn(context, count, values, ADD);
}

static void exact_functions_decimal_inverse(sqlite3_context *context, int count, sqlite3_value **values) {
    exact_functions_decimal_turn(context, count, values, SUBTRACT);
}

static void exact_functions_decimal_value(sqlite3_context *context) {
    struct decimal_state *state = sqlite3_aggregate_context(context, 0);
    if (state != NULL && state->count > 0 && !state->failed)
        exact_functions_answer(context, &state->sum);
}

static void exact_functions_decimal_final(sqlite3_context *context) {
    struct decimal_state *state = sqlite3_aggregate_context(context, 0);
    exact_functions_decimal_value(context);
    if (state != NULL)
        numeric_sum_done(&state->sum);
}

// --- doubles

struct real_state {
    struct real_sum sum;
    int64_t count;
};

static void exact_functions_real_turn(sqlite3_context *context, sqlite3_value *value, int sign) {
    if (sqlite3_value_type(value) == SQLITE_NULL)
        return;
    struct real_state *state = sqlite3_aggregate_context(context, sizeof *state);
    if (state == NULL) {
        sqlite3_result_error_nomem(context);
        return;
    }
    state->count += sign;
    // the mirror's NaN is a text
    bool nan = sqlite3_value_type(value) == SQLITE_TEXT &&
               sqlite3_stricmp((const char *)sqlite3_value_text(value), "nan") == 0;
    if (real_sum_add(&state->sum, nan ? (double)NAN : sqlite3_value_double(value), sign) != 0)
        sqlite3_result_error_nomem(context);
}

static void exact_functions_real_step(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    exact_functions_real_turn(context, values[0], ADD);
}

static void exact_functions_real_inverse(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    exact_functions_real_turn(context, values[0], SUBTRACT);
}

static void exact_functions_real_value(sqlite3_context *context) {
    const struct real_state *state = sqlite3_aggregate_context(context, 0);
    if (state != NULL && state->count > 0)
        sqlite3_result_double(context, real_sum_value(&state->sum));
}

static void exact_functions_real_final(sqlite3_context *context) {
    struct real_state *state = sqlite3_aggregate_context(context, 0);
    exact_functions_real_value(context);
    if (state != NULL)
        real_sum_done(&state->sum);
}

// --- registering

enum { EXACT_FLAGS = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS };

static int exact_functions_register_scalars(sqlite3 *db, struct error *error) {
    static const struct {
        const char *name;
        void (*call)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {
        {"decimal_add", exact_functions_decimal_add},
        {"decimal_sub", exact_functions_decimal_sub},
        {"decimal_cmp", exact_functions_decimal_cmp},
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (sqlite3_create_function_v2(db, functions[i].name, 2, EXACT_FLAGS, NULL, functions[i].call, NULL,
                                       NULL, NULL) != SQLITE_OK)
            return stmt_error(error, db, functions[i].name);
    return 0;
}

int exact_functions_register(struct sqlite3 *db, struct error *error) {
    if (exact_functions_register_scalars(db, error) != 0)
        return -1;
    for (int arguments = 1; arguments <= 2; arguments++)
        if (sqlite3_create_window_function(db, "decimal_sum", arguments, EXACT_FLAGS, NULL,
                                           exact_functions_decimal_step, exact_functions_decimal_final,
                                           exact_functions_decimal_value, exact_functions_decimal_inverse,
                                           NULL) != SQLITE_OK)
            return stmt_error(error, db, "decimal_sum");
    if (sqlite3_create_window_function(db, "real_sum", 1, EXACT_FLAGS, NULL, exact_functions_real_step,
                                       exact_functions_real_final, exact_functions_real_value,
                                       exact_functions_real_inverse, NULL) != SQLITE_OK)
        return stmt_error(error, db, "real_sum");
    return 0;
}
