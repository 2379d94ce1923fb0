// Rows of a mirrored table: by equality in key order, which most questions are and one statement serves them all; else by
// the plan of a question. See read.h.
#include "views/base/hash.h"
#include "views/engine/read/page_cursor.h"
#include "views/engine/read/rows.h"
#include "views/engine/read/table_plan.h"
#include "views/engine/row/column_type.h"

static int table_query_no_memory(struct error *error) {
    return error_set(error, ERROR_SYSTEM, "out of memory");
}

// The columns in ascending order, so that the order in a URL makes no other statement; `places` keeps which
// parameter each one came from.
static int table_query_sort_equals(const struct table *table, const struct parameter *equals, int count,
                                   struct statement_key *key, int *places, struct error *error) {
    if (count > STATEMENT_EQUALS_MAX)
        return error_set(error, ERROR_USAGE, "at most %d columns can be compared at once",
                         STATEMENT_EQUALS_MAX);
    for (int i = 0; i < count; i++) {
        int column = table_column(table, equals[i].name.data, equals[i].name.size);
        if (column < 0)
            return filter_unknown_column(table, equals[i].name, error);
        int at = key->equal_count;
        while (at > 0 && key->equals[at - 1] >= column) {
            if (key->equals[at - 1] == column)
                return error_set(error, ERROR_USAGE, "column \"%s\" is given twice",
                                 table->columns[column].name);
            key->equals[at] = key->equals[at - 1];
            places[at] = places[at - 1];
            at--;
        }
        key->equals[at] = (uint16_t)column;
        places[at] = i;
        key->equal_count++;
    }
    return 0;
}

// How an equal value of the column is compared unless it is an odd one, such as a decimal with more digits than fit.
static enum column_compare table_query_usual_compare(const struct column *column) {
    bool collated = column->type == COLUMN_NUMERIC || column->variant == COLUMN_CITEXT;
    return collated && column->type != COLUMN_ARRAY ? COMPARE_COLLATED : COMPARE_PLAIN;
}

static void table_query_append_keys(sqlite3_str *sql, const struct table *table) {
    for (int i = 0; i < table->key_count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"", i > 0 ? "," : "", table->columns[table->keys[i]].name);
}

static char *table_query_count_sql(const struct table *table) {
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "select count(*) from \"%w\"", table->name);
    return sqlite3_str_finish(sql);
}

// Values bind as ?1.. in the order of equals, then the key to begin after, then the limit.
static char *table_query_sql(const struct table *table, const struct statement_key *key) {
    sqlite3_str *sql = sqlite3_str_new(NULL);
    for (int i = 0; i < table->column_count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"", i > 0 ? "," : "select ", table->columns[i].name);
    sqlite3_str_appendf(sql, " from \"%w\"", table->name);
    const char *join = " where ";
    for (int i = 0; i < key->equal_count; i++) {
        const struct column *column = &table->columns[key->equals[i]];
        sqlite3_str_appendall(sql, join);
        sqlite3_str_appendf(sql, "\"%w\"", column->name);
        if (table_query_usual_compare(column) == COMPARE_COLLATED)
            sqlite3_str_appendf(sql, " collate %s", column_type_collation(column));
        sqlite3_str_appendall(sql, "=?");
        join = " and ";
    }
    if (key->keyset) {
        sqlite3_str_appendf(sql, "%s(", join);
        table_query_append_keys(sql, table);
        sqlite3_str_appendall(sql, ")>(?");
        for (int i = 1; i < table->key_count; i++)
            sqlite3_str_appendall(sql, ",?");
        sqlite3_str_appendall(sql, ")");
    }
    sqlite3_str_appendall(sql, " order by ");
    table_query_append_keys(sql, table);
    sqlite3_str_appendall(sql, " limit ?");
    return sqlite3_str_finish(sql);
}

// 1 = bound, 0 = a value is odd, -1 = error.
static int table_query_bind_equals(struct rows *rows, const struct parameter *equals, const int *places,
                                   struct error *error) {
    struct arena *arena = &rows->reader->plan.filter.arena;
    for (int i = 0; i < rows->statement->key.equal_count; i++) {
        const struct column *column = &rows->table->columns[rows->statement->key.equals[i]];
        struct column_value value;
        if (column_value_read(column, equals[places[i]].value, arena, &value, error) != 0)
            return -1;
        if (value.compare == COMPARE_DECIMAL)
            return column_value_bad(column, equals[places[i]].value, error); // no row has it
        enum column_compare compare = value.compare == COMPARE_TIME ? COMPARE_PLAIN : value.compare;
        if (compare != table_query_usual_compare(column))
            return 0;
        if (rows_bind_cell(rows->statement->stmt, i + 1, &value.cell) != SQLITE_OK)
            return reader_error(rows->reader, rows->what, error);
    }
    return 1;
}

static struct statement *table_query_statement(struct reader *reader, const struct table *table,
                                               const struct statement_key *key, struct error *error) {
    struct statement *statement = statement_find(&reader->cache, key);
    if (statement != NULL)
        return statement;
    CLEANUP(stmt_free_text)
    char *sql = key->count ? table_query_count_sql(table) : table_query_sql(table, key);
    const struct statement_columns all = {.table = table, .count = table->column_count};
    if (sql == NULL) {
        (void)table_query_no_memory(error);
        return NULL;
    }
    return statement_prepare(&reader->cache, reader->db, key, sql, table->name, key->count ? NULL : &all,
                             error);
}

static int table_query_bad_cursor(const struct table *table, struct span after, struct error *error) {
    static const char name[] = "after";
    return table_column(table, name, sizeof name - 1) < 0
               ? rows_bad_cursor(after, error)
               : error_set(
                     error, ERROR_USAGE,
                     "after=%.*s is not a cursor that this route gave; the column of this name is asked for as "
                     "column.after",
                     (int)after.size, after.data);
}

static int table_query_bind_after(struct rows *rows, struct span after, int index, struct error *error) {
    struct cell keys[TABLE_KEYS_MAX];
    if (!cursor_read(after, CURSOR_KEYS, &rows->reader->scratch, keys, rows->table->key_count)) {
        const struct table *table = rows->table;
        rows_close(rows);
        return table_query_bad_cursor(table, after, error);
    }
    for (int i = 0; i < rows->table->key_count; i++)
        if (rows_bind_cell(rows->statement->stmt, index + i, &keys[i]) != SQLITE_OK)
            return rows_not_bound(rows, error);
    return 0;
}

// 1 = *ret has the rows, 0 = the question is none of equality alone, -1 = error.
static int table_query_by_equality(struct reader *reader, const struct table *table,
                                   const struct table_question *question, struct rows **ret,
                                   struct error *error) {
    struct statement_key key = {.subject = table, .keyset = question->after.data != NULL};
    int places[STATEMENT_EQUALS_MAX];
    if (table_query_sort_equals(table, question->filters, question->filter_count, &key, places, error) != 0)
        return -1;
    struct statement *statement = table_query_statement(reader, table, &key, error);
    if (statement == NULL)
        return -1;
    struct rows *rows = rows_open(reader, statement, table->name, question->limit);
    rows->table = table;
    int bound = table_query_bind_equals(rows, question->filters, places, error);
    if (bound <= 0) {
        rows_close(rows);
        return bound;
    }
    int index = key.equal_count + 1;
    if (key.keyset && table_query_bind_after(rows, question->after, index, error) != 0)
        return -1;
    if (key.keyset)
        index += table->key_count;
    if (sqlite3_bind_int64(statement->stmt, index, question->limit + 1) != SQLITE_OK)
        return rows_not_bound(rows, error);
    *ret = rows;
    return 1;
}

// A name in quotes is taken apart where filters are.
static bool table_query_is_plain(const struct parameter *parameter) {
    bool quoted = parameter->name.size > 0 && parameter->name.data[0] == '"';
    return !quoted && filter_is_plain(parameter);
}

static bool table_query_is_equality(const struct table_question *question) {
    if (question->select.data != NULL || question->order.data != NULL || question->offset > 0 ||
        question->quarantined != QUARANTINED_ANY)
        return false;
    for (int i = 0; i < question->filter_count; i++)
        if (!table_query_is_plain(&question->filters[i]))
            return false;
    return true;
}

// The statement of a SQL text, and of the names that its columns have. Takes `sql`.
static struct statement *table_query_planned(struct reader *reader, const struct table *table, char *made,
                                             const struct statement_columns *columns, struct error *error) {
    CLEANUP(stmt_free_text) char *sql = made;
    struct buffer *text = &reader->plan.text;
    buffer_clear(text);
    buffer_text(text, sql != NULL ? sql : "");
    for (int i = 0; columns != NULL && i < columns->count; i++)
        buffer_json_string(text, columns->names[i]);
    if (sql == NULL || text->failed) {
        (void)table_query_no_memory(error);
        return NULL;
    }
    const struct statement_key key = {.subject = table, .text = {text->data, text->size}};
    struct statement *statement = statement_find(&reader->cache, &key);
    return statement != NULL
               ? statement
               : statement_prepare(&reader->cache, reader->db, &key, sql, table->name, columns, error);
}

// A step of a planned statement failed: with the index that would have served when it took too long.
static int table_query_fail(struct reader *reader, const struct table *table, sqlite3_stmt *stmt,
                            struct error *error) {
    struct index_advice advice = {0};
    int status = reader_error(reader, table->name, error);
    table_plan_advise(&reader->plan, &advice);
    if (error->kind == ERROR_TIMEOUT)
        index_advice_add(&advice, table, stmt, error);
    return status;
}

// Whether a time of the column does not come in the order of its bytes: of a year before 0 or after 9999. With an index
// this is known at once, and without one the rows have to be sorted anyway.
static int table_query_has_odd_times(struct reader *reader, const struct table *table, int column, bool *ret,
                                     struct error *error) {
    sqlite3_str *sql = sqlite3_str_new(NULL);
    const char *name = table->columns[column].name;
    sqlite3_str_appendf(
        sql,
        "select 1 from \"%w\" where \"%w\">='+' and \"%w\"<',' or \"%w\">='-0' and \"%w\"<'-:' "
        "limit 1",
        table->name, name, name, name, name);
    struct statement *statement = table_query_planned(reader, table, sqlite3_str_finish(sql), NULL, error);
    if (statement == NULL)
        return -1;
    CLEANUP(stmt_reset) sqlite3_stmt *stmt = statement->stmt;
    int code = sqlite3_step(stmt);
    *ret = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : table_query_fail(reader, table, stmt, error);
}

// Times are ordered by their bytes, as an index has them, where that is their order.
static int table_query_choose_collations(struct reader *reader, const struct table *table,
                                         struct error *error) {
    struct ordering *ordering = &reader->plan.ordering;
    for (int i = 0; i < ordering->given; i++) {
        struct ordering_term *term = &ordering->terms[i];
        bool odd = false;
        if (term->collation == NULL || !column_is_time(&table->columns[term->column]))
            continue;
        if (table_query_has_odd_times(reader, table, term->column, &odd, error) != 0)
            return -1;
        if (!odd)
            term->collation = NULL;
    }
    return 0;
}

// What tells one order from another in a cursor, never 0.
static int64_t table_query_order_id(struct span order) {
    return order.size == 0 ? 0 : (int64_t)(hash_bytes(HASH_SEED, order) >> 1 | 1);
}

static int table_query_read_after(struct reader *reader, const struct table *table, struct span after,
                                  struct error *error) {
    struct table_plan *plan = &reader->plan;
    int order = plan->cursor.order != 0;
    plan->begins_after = after.data != NULL;
    if (!plan->begins_after)
        return 0;
    struct cell cells[TABLE_CURSOR_CELLS_MAX];
    int count = plan->ordering.count;
    if (!cursor_read(after, order ? CURSOR_ORDER : CURSOR_KEYS, &reader->scratch, cells, count + order) ||
        (order && (cells[0].kind != CELL_INTEGER || cells[0].integer != plan->cursor.order)))
        return table_query_bad_cursor(table, after, error);
    for (int i = 0; i < count; i++)
        plan->after[i] = cells[order + i];
    return 0;
}

static int table_query_read(struct reader *reader, const struct table *table,
                            const struct table_question *question, struct error *error) {
    struct table_plan *plan = &reader->plan;
    plan->quarantined = question->quarantined;
    if (filter_read(&plan->filter, table, question->filters, question->filter_count, error) != 0 ||
        ordering_read(&plan->ordering, table, question->order, &plan->filter.arena, error) != 0 ||
        selection_read(&plan->selection, table, question->select, &plan->filter.arena, error) != 0)
        return -1;
    table_plan_lay_out(plan, table_query_order_id(question->order));
    if (question->after.data != NULL && question->offset > 0)
        return error_set(error, ERROR_USAGE, "offset and after say both where to begin: give one of them");
    return table_query_read_after(reader, table, question->after, error);
}

static int table_query_bind_values(sqlite3_stmt *stmt, const struct cell *cells, int count, int *index) {
    int code = SQLITE_OK;
    for (int i = 0; i < count && code == SQLITE_OK; i++)
        code = rows_bind_cell(stmt, (*index)++, &cells[i]);
    return code;
}

static int table_query_bind_plan(const struct table_plan *plan, const struct table_question *question,
                                 sqlite3_stmt *stmt) {
    int index = 1;
    int code = table_query_bind_values(stmt, plan->filter.values, plan->filter.value_count, &index);
    if (code == SQLITE_OK && plan->begins_after)
        code = table_query_bind_values(stmt, plan->after, plan->ordering.count, &index);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(stmt, index++, question->limit + 1);
    return code == SQLITE_OK ? sqlite3_bind_int64(stmt, index, question->offset) : code;
}

static int table_query_by_plan(struct reader *reader, const struct table *table,
                               const struct table_question *question, struct rows **ret,
                               struct error *error) {
    struct table_plan *plan = &reader->plan;
    if (table_query_read(reader, table, question, error) != 0 ||
        table_query_choose_collations(reader, table, error) != 0)
        return -1;
    const struct statement_columns columns = {.table = table,
                                              .columns = plan->selection.columns,
                                              .names = plan->selection.names,
                                              .count = plan->selection.count};
    struct statement *statement =
        table_query_planned(reader, table, table_plan_sql(plan, table), &columns, error);
    if (statement == NULL)
        return -1;
    struct rows *rows = rows_open(reader, statement, table->name, question->limit);
    rows->table = table;
    rows->plan = plan;
    if (table_query_bind_plan(plan, question, statement->stmt) != SQLITE_OK)
        return rows_not_bound(rows, error);
    *ret = rows;
    return 0;
}

int reader_table(struct reader *reader, const struct table *table, const struct table_question *question,
                 struct rows **ret, struct error *error) {
    if (table_query_is_equality(question)) {
        if (reader->plan.filter.arena.held > 0)
            arena_reset(&reader->plan.filter.arena);
        int found = table_query_by_equality(reader, table, question, ret, error);
        if (found != 0)
            return found < 0 ? -1 : 0;
    }
    return table_query_by_plan(reader, table, question, ret, error);
}

int reader_count_filtered(struct reader *reader, const struct table *table,
                          const struct table_question *question, int64_t *ret, struct error *error) {
    struct table_plan *plan = &reader->plan;
    plan->quarantined = question->quarantined;
    if (filter_read(&plan->filter, table, question->filters, question->filter_count, error) != 0)
        return -1;
    plan->ordering.given = 0;
    struct statement *statement =
        table_query_planned(reader, table, table_plan_count_sql(plan, table), NULL, error);
    if (statement == NULL)
        return -1;
    CLEANUP(stmt_reset) sqlite3_stmt *stmt = statement->stmt;
    int index = 1;
    if (table_query_bind_values(stmt, plan->filter.values, plan->filter.value_count, &index) != SQLITE_OK)
        return reader_error(reader, table->name, error);
    if (sqlite3_step(stmt) != SQLITE_ROW)
        return table_query_fail(reader, table, stmt, error);
    *ret = sqlite3_column_int64(stmt, 0);
    return 0;
}

int reader_count_rows(struct reader *reader, const struct table *table, int64_t *ret, struct error *error) {
    const struct statement_key key = {.subject = table, .count = true};
    const struct statement *statement = table_query_statement(reader, table, &key, error);
    if (statement == NULL)
        return -1;
    CLEANUP(stmt_reset) sqlite3_stmt *stmt = statement->stmt;
    if (sqlite3_step(stmt) != SQLITE_ROW)
        return reader_error(reader, table->name, error);
    *ret = sqlite3_column_int64(stmt, 0);
    return 0;
}
