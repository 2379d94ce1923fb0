#include "views/engine/delta/sums.h"

#include "views/base/arena.h"
#include "views/base/bounds.h"
#include "views/base/buffer.h"
#include "views/base/probe.h"
#include "views/engine/delta/exact_column.h"
#include "views/engine/delta/net_changes.h"
#include "views/engine/delta/vtab.h"
#include "views/engine/row/table_sql.h"
#include "views/engine/row/value_order.h"

// Columns: _weight, those of T, then hidden the arguments.
enum { WEIGHT_COLUMN, FIRST_COLUMN };
enum {
    ARGUMENT_BY,
    ARGUMENT_OF,
    ARGUMENT_VALUES,
    ARGUMENTS = ARGUMENT_VALUES + DELTA_SUMS_VALUES_MAX,
};
enum {
    BUCKETS_FIRST = BOUND(64, 2),
    ROWS_GUESS = 100,
};

struct group {
    struct value by;
    int64_t weight;
    struct value *sums; // by number of the summed columns; behind them the exact ones' struct exact_column
    bool two;           // rows: the exact ones need a second
};

struct sums_cursor {
    struct delta_cursor base; // `at`: twice the group's number, and 1 for its second row
    const struct table *table;
    int by;
    int of; // -1 = all rows
    struct value values[DELTA_SUMS_VALUES_MAX];
    int value_count;
    bool asks_which; // the statement names no count and no sum: a group is there where rows of it change
    int *summed;     // columns, those that are summed exactly behind the others
    int plain_count;
    int summed_count;
    struct group *groups;
    int count;
    int capacity;
    int *buckets; // of groups by what their rows have in common (probe.h)
    int size;
    struct arena arena;
};

// --- adding up

// As SQLite's own +: what does not fit an integer goes on as a REAL.
static void delta_sums_add(struct value *sum, const struct value *value, int weight) {
    int64_t integer = 0;
    bool overflow = true;
    if (value->kind == VALUE_INTEGER && sum->kind == VALUE_INTEGER)
        overflow = weight > 0 ? __builtin_add_overflow(sum->integer, value->integer, &integer)
                              : __builtin_sub_overflow(sum->integer, value->integer, &integer);
    if (!overflow)
        sum->integer = integer;
    else if (value->kind == VALUE_INTEGER || value->kind == VALUE_REAL)
        *sum = (struct value){.kind = VALUE_REAL, .real = value_number(sum) + weight * value_number(value)};
}

static bool delta_sums_is_meant(const struct sums_cursor *cursor, const struct packed_row *row) {
    if (cursor->of < 0)
        return true;
    struct value value = packed_row_value(row, cursor->of);
    for (int i = 0; i < cursor->value_count; i++)
        if (value_rank(&value) != 0 && value_compare(&value, &cursor->values[i]) == 0)
            return true;
    return false;
}

static int delta_sums_bucket_of(const struct sums_cursor *cursor, const struct value *by) {
    uint64_t hash = value_hash(HASH_SEED, by);
    size_t size = (size_t)cursor->size;
    size_t bucket = probe_first(hash, size);
    while (cursor->buckets[bucket] != PROBE_FREE &&
           value_compare(&cursor->groups[cursor->buckets[bucket]].by, by) != 0)
        bucket = probe_next(bucket, size);
    return (int)bucket;
}

static int delta_sums_grow(struct sums_cursor *cursor) {
    int size = cursor->size == 0 ? BUCKETS_FIRST : cursor->size * 2;
    int *buckets = probe_new((size_t)size);
    struct group *groups = realloc(cursor->groups, (size_t)size / 2 * sizeof *groups);
    if (groups != NULL)
        cursor->groups = groups;
    if (buckets == NULL || groups == NULL) {
        free(buckets);
        return -1;
    }
    free(cursor->buckets);
    cursor->buckets = buckets;
    cursor->size = size;
    cursor->capacity = size / 2;

    for (int i = 0; i < cursor->count; i++)
        buckets[delta_sums_bucket_of(cursor, &cursor->groups[i].by)] = i;
    return 0;
}

static struct exact_column *delta_sums_exact_column(const struct sums_cursor *cursor,
                                                    const struct group *group) {
    return (struct exact_column *)(void *)(group->sums + cursor->summed_count);
}

// `lasting`: the bytes live as long as the cursor.
static struct group *delta_sums_group_of(struct sums_cursor *cursor, struct value by, bool lasting) {
    if (cursor->count == cursor->capacity && delta_sums_grow(cursor) != 0)
        return NULL;
    int bucket = delta_sums_bucket_of(cursor, &by);
    if (cursor->buckets[bucket] != PROBE_FREE)
        return &cursor->groups[cursor->buckets[bucket]];
    size_t bytes = lasting ? 0 : value_bytes(&by);
    size_t exact_count = (size_t)(cursor->summed_count - cursor->plain_count);
    size_t size =
        (size_t)cursor->summed_count * sizeof(struct value) + exact_count * sizeof(struct exact_column);
    char *memory = arena_take(&cursor->arena, size + bytes);
    if (memory == NULL)
        return NULL;
    if (!lasting && value_has_bytes(&by))
        by.bytes.data = bytes > 0 ? memcpy(memory + size, by.bytes.data, bytes) : "";
    struct group *group = &cursor->groups[cursor->count];
    *group = (struct group){.by = by, .sums = (struct value *)(void *)memory};
    for (int i = 0; i < cursor->summed_count; i++)
        group->sums[i] = (struct value){.kind = VALUE_INTEGER};
    for (size_t i = 0; i < exact_count; i++)
        delta_sums_exact_column(cursor, group)[i] = (struct exact_column){
            .type = cursor->table->columns[cursor->summed[(size_t)cursor->plain_count + i]].type};
    cursor->buckets[bucket] = cursor->count++;
    return group;
}

static int delta_sums_add_row(struct sums_cursor *cursor, const struct packed_row *row, int weight,
                              bool lasting) {
    if (!delta_sums_is_meant(cursor, row))
        return SQLITE_OK;
    struct group *group = delta_sums_group_of(cursor, packed_row_value(row, cursor->by), lasting);
    if (group == NULL)
        return SQLITE_NOMEM;
    group->weight += weight;
    for (int i = 0; i < cursor->plain_count; i++) {
        struct value value = packed_row_value(row, cursor->summed[i]);
        delta_sums_add(&group->sums[i], &value, weight);
    }
    int code = SQLITE_OK;
    for (int i = cursor->plain_count; code == SQLITE_OK && i < cursor->summed_count; i++) {
        struct value value = packed_row_value(row, cursor->summed[i]);
        code = exact_column_add(&delta_sums_exact_column(cursor, group)[i - cursor->plain_count], &value,
                                weight);
    }
    return code;
}

static int delta_sums_add_changes(const struct delta_vtab *module, struct sums_cursor *cursor) {
    const struct delta_list *list = &module->input->lists[module->table->index];
    const uint64_t compared = module->input->compared[module->table->index];
    // Who asks which groups change has no row take another's away.
    const int gone = cursor->asks_which ? 1 : -1;
    for (int i = module->input->from[module->table->index]; i < list->count; i++) {
        const struct delta_step *step = &list->steps[i];
        delta_expect(list, i, true);
        if (!step->last)
            continue;
        const struct packed_row *old = list->steps[step->first].before;
        const struct packed_row *new = step->deleted ? NULL : step->row;
        if (cursor->asks_which && net_changes_is_same(module->table, compared, old, new))
            continue;
        int code = old != NULL ? delta_sums_add_row(cursor, old, gone, true) : SQLITE_OK;
        if (code == SQLITE_OK && new != NULL)
            code = delta_sums_add_row(cursor, new, 1, true);
        if (code != SQLITE_OK)
            return code;
    }
    return SQLITE_OK;
}

// `scratch`: room for a row, for which it grows.
static int delta_sums_add_stored(struct sums_cursor *cursor, sqlite3_stmt *stmt, int count,
                                 struct buffer *scratch) {
    struct value values[TABLE_COLUMNS_MAX];
    for (int i = 0; i < count; i++)
        if (sqlite_value_borrow(sqlite3_column_value(stmt, i), &values[i]) != SQLITE_OK)
            return SQLITE_NOMEM;
    buffer_clear(scratch);
    size_t size = packed_row_size(values, count);
    if (!buffer_reserve(scratch, size))
        return SQLITE_NOMEM;
    struct packed_row *row = (struct packed_row *)(void *)scratch->data;
    packed_row_put(row, size, values, count);
    return delta_sums_add_row(cursor, row, 1, false);
}

// A view is filled: every row of the mirror.
static int delta_sums_add_mirror(const struct delta_vtab *module, struct sums_cursor *cursor) {
    sqlite3_str *sql = sqlite3_str_new(module->db);
    int count = module->table->column_count;
    table_sql_select(sql, module->table, NULL);
    CLEANUP(stmt_free_text) char *text = sqlite3_str_finish(sql);
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    CLEANUP(buffer_free) struct buffer scratch = {0};
    if (text == NULL)
        return SQLITE_NOMEM;
    int code = sqlite3_prepare_v2(module->db, text, -1, &stmt, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        code = delta_sums_add_stored(cursor, stmt, count, &scratch);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

// --- exact sums

static bool delta_sums_is_zero(const struct value *sum) {
    if (sum->kind == VALUE_TEXT)
        return sum->bytes.size == 1 && sum->bytes.data[0] == '0';
    return sum->kind != VALUE_NULL && value_number(sum) == 0;
}

// A group that has no row: what its exact sums were before is not asked.
static bool delta_sums_is_idle(const struct sums_cursor *cursor, const struct group *group) {
    if (group->weight != 0)
        return false;
    for (int i = 0; i < cursor->summed_count; i++)
        if (i < cursor->plain_count
                ? !delta_sums_is_zero(&group->sums[i])
                : !exact_column_is_zero(&delta_sums_exact_column(cursor, group)[i - cursor->plain_count]))
            return false;
    return true;
}

static int delta_sums_finish_reals(const struct delta_vtab *module, struct sums_cursor *cursor, int number) {
    const struct sums_call said = {cursor->table, cursor->summed[number], cursor->by,
                                   cursor->of,    cursor->values,         cursor->value_count};
    CLEANUP(stmt_free_text) char *name = exact_column_call_name(&said);
    CLEANUP(buffer_free) struct buffer bytes = {0};
    int call;
    bool again;
    int code = name == NULL ? SQLITE_NOMEM : exact_sums_call(module->input->exact, name, &call, &again);
    for (int i = 0; code == SQLITE_OK && i < cursor->count; i++) {
        struct group *group = &cursor->groups[i];
        struct exact_column *exact = &delta_sums_exact_column(cursor, group)[number - cursor->plain_count];
        if (delta_sums_is_idle(cursor, group))
            continue;
        buffer_clear(&bytes);
        exact_column_name_value(&group->by, &bytes);
        if (bytes.failed)
            return SQLITE_NOMEM;
        code = exact_column_real(exact, module->input->exact, call, again,
                                 (struct span){bytes.data, bytes.size}, &group->sums[number]);
        group->two |= exact->has_second;
    }
    return code;
}

static int delta_sums_finish_numerics(struct sums_cursor *cursor, int number) {
    int code = SQLITE_OK;
    for (int i = 0; code == SQLITE_OK && i < cursor->count; i++) {
        struct group *group = &cursor->groups[i];
        code = exact_column_numeric(&delta_sums_exact_column(cursor, group)[number - cursor->plain_count],
                                    &cursor->arena, &group->sums[number]);
    }
    return code;
}

// All rows are added: computes what the view is to add in the exact columns.
static int delta_sums_finish(const struct delta_vtab *module, struct sums_cursor *cursor) {
    int code = SQLITE_OK;
    if (cursor->count == 0 && module->input->exact == NULL) // where views are checked: nothing changes
        return SQLITE_OK;
    for (int i = cursor->plain_count; code == SQLITE_OK && i < cursor->summed_count; i++)
        code = cursor->table->columns[cursor->summed[i]].type == COLUMN_REAL
                   ? delta_sums_finish_reals(module, cursor, i)
                   : delta_sums_finish_numerics(cursor, i);
    return code;
}

// --- the virtual table

static void delta_sums_declare(sqlite3_str *sql, const struct delta_vtab *module) {
    sqlite3_str_appendall(sql, "_weight integer,");
    delta_vtab_columns(sql, module->table, "");
    sqlite3_str_appendall(sql, ",_by hidden,_of hidden");
    for (int i = 0; i < DELTA_SUMS_VALUES_MAX; i++)
        sqlite3_str_appendf(sql, ",_value%d hidden", i + 1);
}

static int delta_sums_complain(sqlite3_vtab *table, const char *what) {
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf("_sums_%s('COLUMN' [, 'COLUMN', VALUE...]): %s",
                                     ((struct delta_vtab *)table)->table->name, what);
    return SQLITE_ERROR;
}

// The column that an argument names, as the statement is prepared.
static int delta_sums_named_column(const struct delta_vtab *module, sqlite3_index_info *info, int constraint,
                                   int *ret) {
    sqlite3_value *value = NULL;
    if (sqlite3_vtab_rhs_value(info, constraint, &value) != SQLITE_OK ||
        sqlite3_value_type(value) != SQLITE_TEXT)
        return -1;
    *ret = table_column(module->table, (const char *)sqlite3_value_text(value),
                        (size_t)sqlite3_value_bytes(value));
    return *ret < 0 ? -1 : 0;
}

static bool delta_sums_is_used(const sqlite3_index_info *info, int column) {
    return delta_vtab_uses(info->colUsed, FIRST_COLUMN + column);
}

// The lists keep, from now on, what the sums need of the rows before a change.
static void delta_sums_note_used(const struct delta_vtab *module, const sqlite3_index_info *info, int by,
                                 int of) {
    if (module->input->named != NULL)
        module->input->named[module->table->index] = module->input->netted[module->table->index] = true;
    if (module->input->uses == NULL)
        return;
    struct delta_use *use = &module->input->uses[module->table->index];
    use->has_used = true;
    for (int i = 0; i < module->table->column_count; i++) {
        const bool is_used = i == by || i == of || delta_sums_is_used(info, i);
        use->used[i] |= is_used;
        if (is_used && module->input->columns != NULL)
            module->input->columns[module->table->index] |= net_changes_bit(i);
    }
}

// The columns that the sums are by and of, and those that are used, go to filter() as idxStr, how many values
// as idxNum.
static int delta_sums_best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
    struct delta_vtab *module = (struct delta_vtab *)table;
    int given[ARGUMENTS] = {0}; // constraint number + 1
    int order[ARGUMENTS];       // arguments as filter() gets them
    int passed = 0;
    for (int i = 0; i < info->nConstraint && passed < ARGUMENTS; i++) {
        int argument = info->aConstraint[i].iColumn - FIRST_COLUMN - module->table->column_count;
        if (argument < 0 || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        if (!info->aConstraint[i].usable)
            return SQLITE_CONSTRAINT;
        given[argument] = i + 1;
        // a constraint is left out only if its value is passed on
        order[passed] = argument;
        info->aConstraintUsage[i].argvIndex = ++passed;
        info->aConstraintUsage[i].omit = 1;
    }
    int by = -1;
    int of = -1;
    // None at all: SQLite may only be asking what one side of an OR would cost.
    if (given[ARGUMENT_BY] == 0)
        return SQLITE_CONSTRAINT;
    if (delta_sums_named_column(module, info, given[ARGUMENT_BY] - 1, &by) != 0)
        return delta_sums_complain(table, "the first argument is the name of a column");
    if (given[ARGUMENT_OF] != 0 && delta_sums_named_column(module, info, given[ARGUMENT_OF] - 1, &of) != 0)
        return delta_sums_complain(table, "the second argument is the name of a column");
    if ((of >= 0) != (given[ARGUMENT_VALUES] != 0))
        return delta_sums_complain(table, "a second column goes with 1 to 4 values");
    // filter() needs the values only: a bit for each argument that is one
    for (int i = 0; i < passed; i++)
        if (order[i] >= ARGUMENT_VALUES)
            info->idxNum |= 1 << i;
    delta_sums_note_used(module, info, by, of);
    char *text = sqlite3_mprintf("%d,%d,%llx", by, of, (unsigned long long)info->colUsed);
    return delta_vtab_plan(info, text, ROWS_GUESS, ROWS_GUESS);
}

static void delta_sums_clear(struct delta_cursor *base) {
    struct sums_cursor *cursor = (struct sums_cursor *)base;
    for (int i = 0; cursor->plain_count < cursor->summed_count && i < cursor->count; i++)
        for (int e = 0; e < cursor->summed_count - cursor->plain_count; e++)
            exact_column_done(&delta_sums_exact_column(cursor, &cursor->groups[i])[e]);
    free(cursor->summed);
    free(cursor->groups);
    free(cursor->buckets);
    arena_free(&cursor->arena);
    *cursor = (struct sums_cursor){.base.base = base->base};
}

static int delta_sums_read_plan(const struct delta_vtab *module, struct sums_cursor *cursor,
                                const char *plan) {
    char *at;
    cursor->by = (int)strtol(plan, &at, 10);
    cursor->of = (int)strtol(at + 1, &at, 10);
    const sqlite3_index_info info = {.colUsed = strtoull(at + 1, NULL, 16)};
    cursor->table = module->table;
    cursor->summed = malloc((size_t)module->table->column_count * sizeof *cursor->summed);
    if (cursor->summed == NULL)
        return SQLITE_NOMEM;
    for (int exact = 0; exact <= 1; exact++) {
        for (int i = 0; i < module->table->column_count; i++)
            if (i != cursor->by && delta_sums_is_used(&info, i) &&
                exact_column_is(module->table->columns[i].type) == (exact != 0))
                cursor->summed[cursor->summed_count++] = i;
        if (exact == 0)
            cursor->plain_count = cursor->summed_count;
    }
    cursor->asks_which = cursor->summed_count == 0 && !delta_vtab_uses(info.colUsed, WEIGHT_COLUMN);
    return SQLITE_OK;
}

// What adds up to nothing is no group.
static bool delta_sums_is_nothing(const struct sums_cursor *cursor, const struct group *group) {
    if (group->weight != 0)
        return false;
    for (int i = 0; i < cursor->summed_count; i++)
        if (!delta_sums_is_zero(&group->sums[i]))
            return false;
    return true;
}

static bool delta_sums_is_row(const struct sums_cursor *cursor) {
    const struct group *group = &cursor->groups[cursor->base.at / 2];
    return cursor->base.at % 2 != 0 ? group->two : !delta_sums_is_nothing(cursor, group);
}

static void delta_sums_pass_nothing(struct sums_cursor *cursor) {
    while (cursor->base.at / 2 < cursor->count && !delta_sums_is_row(cursor))
        cursor->base.at++;
}

static int delta_sums_filter(sqlite3_vtab_cursor *base, int are_values, const char *plan, int count,
                             sqlite3_value **values) {
    struct sums_cursor *cursor = (struct sums_cursor *)base;
    const struct delta_vtab *module = (const struct delta_vtab *)base->pVtab;
    delta_sums_clear(&cursor->base);
    int code = delta_sums_read_plan(module, cursor, plan);
    for (int i = 0; code == SQLITE_OK && i < count; i++)
        if ((are_values >> i & 1) != 0)
            code = sqlite_value_take(&cursor->arena, values[i], &cursor->values[cursor->value_count++]);
    if (code == SQLITE_OK && module->input->fill)
        code = delta_sums_add_mirror(module, cursor);
    else if (code == SQLITE_OK && module->input->lists != NULL)
        code = delta_sums_add_changes(module, cursor);
    if (code == SQLITE_OK)
        code = delta_sums_finish(module, cursor);
    if (code == SQLITE_CORRUPT)
        (void)delta_sums_complain(base->pVtab, "_real_sum_groups: a row is damaged");
    delta_sums_pass_nothing(cursor);
    return code;
}

static int delta_sums_next(sqlite3_vtab_cursor *base) {
    struct sums_cursor *cursor = (struct sums_cursor *)base;
    cursor->base.at++;
    delta_sums_pass_nothing(cursor);
    return SQLITE_OK;
}

static int delta_sums_eof(sqlite3_vtab_cursor *base) {
    const struct sums_cursor *cursor = (const struct sums_cursor *)base;
    return cursor->base.at / 2 >= cursor->count;
}

// What the group's second row has of a column that it was not made for is nothing.
static struct value delta_sums_value_of(const struct sums_cursor *cursor, const struct group *group,
                                        int number) {
    if (cursor->base.at % 2 == 0)
        return group->sums[number];
    if (number < cursor->plain_count)
        return (struct value){.kind = VALUE_INTEGER};
    const struct exact_column *exact = &delta_sums_exact_column(cursor, group)[number - cursor->plain_count];
    if (exact->type == COLUMN_NUMERIC)
        return (struct value){.kind = VALUE_TEXT, .bytes = SPAN("0")};
    return (struct value){.kind = VALUE_REAL, .real = exact->has_second ? exact->second : 0};
}

static int delta_sums_column_of(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
    const struct sums_cursor *cursor = (const struct sums_cursor *)base;
    const struct group *group = &cursor->groups[cursor->base.at / 2];
    if (column == WEIGHT_COLUMN)
        sqlite3_result_int64(context, cursor->base.at % 2 == 0 ? group->weight : 0);
    else if (column - FIRST_COLUMN == cursor->by)
        sqlite_value_result(context, &group->by);
    else
        for (int i = 0; i < cursor->summed_count; i++)
            if (column - FIRST_COLUMN == cursor->summed[i]) {
                const struct value value = delta_sums_value_of(cursor, group, i);
                sqlite_value_result(context, &value);
            }
    return SQLITE_OK;
}

int delta_sums_register(struct sqlite3 *db, const struct delta_vtab *module, struct error *error) {
    static const struct delta_vtab_type type = {
        .name = "_sums_%s",
        .cursor_size = sizeof(struct sums_cursor),
        .declare = delta_sums_declare,
        .clear = delta_sums_clear,
        .methods = DELTA_VTAB_METHODS(delta_sums_best_index, delta_sums_filter, delta_sums_next,
                                      delta_sums_eof, delta_sums_column_of),
    };
    return delta_vtab_register(db, &type, module, error);
}
