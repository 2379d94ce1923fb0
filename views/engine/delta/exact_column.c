#include "views/engine/delta/exact_column.h"

#include "views/engine/row/value_order.h"
#include "views/engine/sqlite/stmt.h"

#include <math.h>
#include <strings.h>

void exact_column_done(struct exact_column *exact) {
    if (exact->type == COLUMN_REAL)
        real_sum_done(&exact->real);
    else
        numeric_sum_done(&exact->numeric);
}

// The mirror keeps NaN as a text, since SQLite has none.
static int exact_column_add_real(struct exact_column *exact, const struct value *value, int weight) {
    double number = 0;
    if (value->kind == VALUE_INTEGER)
        number = (double)value->integer;
    else if (value->kind == VALUE_REAL)
        number = value->real;
    else if (value->kind == VALUE_TEXT && value->bytes.size == 3 &&
             strncasecmp(value->bytes.data, "nan", 3) == 0)
        number = NAN;
    return real_sum_add(&exact->real, number, weight) == 0 ? SQLITE_OK : SQLITE_NOMEM;
}

int exact_column_add(struct exact_column *exact, const struct value *value, int weight) {
    if (exact->type == COLUMN_REAL)
        return exact_column_add_real(exact, value, weight);
    // What is no number (quarantined long before it comes here) counts as 0, as every text did.
    if (value->kind == VALUE_TEXT &&
        numeric_sum_add(&exact->numeric, value->bytes, weight) == NUMERIC_NO_MEMORY)
        return SQLITE_NOMEM;
    return SQLITE_OK;
}

int exact_column_numeric(struct exact_column *exact, struct arena *arena, struct value *ret) {
    CLEANUP(free_charp) char *text = numeric_sum_text(&exact->numeric);
    size_t size = text != NULL ? strlen(text) : 0;
    char *copy = text != NULL ? arena_take(arena, size) : NULL;
    if (copy == NULL)
        return SQLITE_NOMEM;
    memcpy(copy, text, size);
    *ret = (struct value){.kind = VALUE_TEXT, .bytes = {copy, size}};
    return SQLITE_OK;
}

static struct value exact_column_value(double number) {
    return isnan(number) ? (struct value){.kind = VALUE_NULL}
                         : (struct value){.kind = VALUE_REAL, .real = number};
}

// What leads a total of `before` to `after`. NaN is NULL in SQLite, as is anything that NULL is added to: what leads
// away from it (and from an infinity, by way of NULL) counts on `ifnull(total, 0) + d`.
static void exact_column_lead(struct exact_column *exact, double before, double after, struct value *ret) {
    if (isnan(after) || isnan(before)) {
        *ret = exact_column_value(after);
        return;
    }
    if (before == after) {
        *ret = exact_column_value(0);
        return;
    }
    double first = isinf(before) ? -before : after - before;
    double reached = before + first;
    double second = isfinite(reached) ? after - reached : after;
    // more than the largest double lies between them
    if (!isinf(before) && !isinf(after) && (!isfinite(reached) || reached + second != after)) {
        first = -before;
        reached = 0;
        second = after;
    }
    *ret = exact_column_value(first);
    exact->has_second = reached != after;
    exact->second = second;
}

bool exact_column_is_zero(struct exact_column *exact) {
    return exact->type == COLUMN_REAL ? real_sum_is_zero(&exact->real) : numeric_sum_is_zero(&exact->numeric);
}

int exact_column_real(struct exact_column *exact, struct exact_sums *sums, int call, bool again,
                      struct span group, struct value *ret) {
    CLEANUP(real_sum_done) struct real_sum sum = {0};
    int code = exact_sums_load(sums, call, group, &sum);
    if (code != SQLITE_OK)
        return code;
    double before = real_sum_value(&sum);
    if (real_sum_add_sum(&sum, &exact->real) != 0)
        return SQLITE_NOMEM;
    exact_column_lead(exact, before, real_sum_value(&sum), ret);
    return again || real_sum_is_zero(&exact->real) ? SQLITE_OK : exact_sums_keep(sums, call, group, &sum);
}

// --- names

void exact_column_name_value(const struct value *value, struct buffer *ret) {
    static const char kinds[] = {
        [VALUE_INTEGER] = 'i', [VALUE_REAL] = 'r', [VALUE_TEXT] = 't', [VALUE_BLOB] = 'b'};
    static const double beyond = 9223372036854775808.0; // 2^63
    struct value named = *value;
    if (value_rank(value) == 0) {
        buffer_char(ret, 'n');
        return;
    }
    if (named.kind == VALUE_REAL && named.real >= -beyond && named.real < beyond &&
        (double)(int64_t)named.real == named.real)
        named = (struct value){.kind = VALUE_INTEGER, .integer = (int64_t)named.real};
    buffer_char(ret, kinds[named.kind]);
    uint64_t bits = (uint64_t)named.integer;
    if (value_has_bytes(&named))
        buffer_append(ret, named.bytes.data, named.bytes.size);
    else
        for (size_t i = 0; i < sizeof bits; i++)
            buffer_char(ret, (char)(bits >> 8 * i & 0xff));
}

char *exact_column_call_name(const struct sums_call *call) {
    const struct column *columns = call->table->columns;
    bool failed = false;
    sqlite3_str *name = sqlite3_str_new(NULL);
    sqlite3_str_appendf(name, "\"%w\".\"%w\" by \"%w\"", call->table->name, columns[call->column].name,
                        columns[call->by].name);
    if (call->of >= 0)
        sqlite3_str_appendf(name, " of \"%w\"", columns[call->of].name);
    for (int i = 0; i < call->value_count; i++) {
        CLEANUP(buffer_free) struct buffer bytes = {0};
        exact_column_name_value(&call->values[i], &bytes);
        sqlite3_str_appendchar(name, 1, ' ');
        for (size_t b = 0; b < bytes.size; b++)
            sqlite3_str_appendf(name, "%02x", (unsigned)(unsigned char)bytes.data[b]);
        failed |= bytes.failed;
    }
    CLEANUP(stmt_free_text) char *text = sqlite3_str_finish(name);
    char *ret = failed ? NULL : text;
    text = failed ? text : NULL;
    return ret;
}
