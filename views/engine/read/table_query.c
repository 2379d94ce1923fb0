// Rows of a mirrored table by equality, in key order. See read.h.
#include "views/base/base64.h"
#include "views/base/real.h"
#include "views/engine/decimal.h"
#include "views/engine/read/numeric_equal.h"
#include "views/engine/read/page_cursor.h"
#include "views/engine/read/rows.h"

#include <math.h>

static int table_query_unknown_column(const struct table *table, struct span name, struct error *error) {
    CLEANUP(buffer_free) struct buffer list = {0};
    for (int i = 0; i < table->column_count; i++)
        rows_list_name(&list, table->columns[i].name);
    buffer_char(&list, '\0');
    return error_set(error, ERROR_NOTFOUND, "%s has no column \"%.*s\"; it has: %s", table->name,
                     (int)name.size, name.data, list.failed ? "" : list.data);
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
            return table_query_unknown_column(table, equals[i].name, error);
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
        if (column->type == COLUMN_NUMERIC)
            sqlite3_str_appendf(sql, "numeric_equal(\"%w\",?)", column->name);
        else
            sqlite3_str_appendf(sql, "\"%w\"=?", column->name);
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

static struct cell table_query_text(struct span text) {
    return (struct cell){.kind = CELL_TEXT, .bytes = text};
}

static bool table_query_read_boolean(struct span value, struct cell *ret) {
    bool yes = span_is(value, "true") || span_is(value, "1");
    *ret = (struct cell){.kind = CELL_BOOLEAN, .integer = yes};
    return yes || span_is(value, "false") || span_is(value, "0");
}

// SQLite has no NaN of its own: the mirror keeps it as text.
static bool table_query_read_real(struct span value, struct cell *ret) {
    *ret = (struct cell){.kind = CELL_REAL};
    if (!real_parse(value, &ret->real))
        return false;
    if (isnan(ret->real))
        *ret = table_query_text(value);
    return true;
}

static bool table_query_read_bytes(struct buffer *scratch, struct span value, struct cell *ret) {
    buffer_clear(scratch);
    if (!base64_read(scratch, value))
        return false;
    *ret = (struct cell){.kind = CELL_BLOB, .bytes = {scratch->size > 0 ? scratch->data : "", scratch->size}};
    return true;
}

// As the column's declared type reads the text. False when the type cannot be that. The cell's bytes are the
// value's own or in `scratch`.
static bool table_query_read(const struct column *column, struct span value, struct buffer *scratch,
                             struct cell *ret) {
    switch (column->type) {
    case COLUMN_INTEGER:
        *ret = (struct cell){.kind = CELL_INTEGER};
        return integer_parse(value, &ret->integer);
    case COLUMN_BOOLEAN:
        return table_query_read_boolean(value, ret);
    case COLUMN_DECIMAL:
        *ret = (struct cell){.kind = CELL_DECIMAL};
        return decimal_parse(value, column->precision, column->scale, &ret->integer);
    case COLUMN_REAL:
        return table_query_read_real(value, ret);
    case COLUMN_BYTEA:
        return table_query_read_bytes(scratch, value, ret);
    case COLUMN_NUMERIC:
        *ret = table_query_text(value);
        return numeric_is_valid(value);
    case COLUMN_TEXT:
    case COLUMN_JSON:
    case COLUMN_DATE:
    case COLUMN_TIME:
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMPTZ:
    case COLUMN_ARRAY:
    case COLUMN_BIT:
    case COLUMN_OTHER:
        *ret = table_query_text(value);
        return true;
    }
    return false;
}

static int table_query_bind_equals(struct rows *rows, const struct parameter *equals, const int *places,
                                   struct error *error) {
    for (int i = 0; i < rows->statement->key.equal_count; i++) {
        const struct column *column = &rows->table->columns[rows->statement->key.equals[i]];
        struct span value = equals[places[i]].value;
        struct cell cell;
        if (!table_query_read(column, value, &rows->reader->scratch, &cell))
            return error_set(error, ERROR_USAGE, "%s=%.*s: the column is %s", column->name,
                             (int)(value.size < 100 ? value.size : 100), value.data, column->declared);
        if (rows_bind_cell(rows->statement->stmt, i + 1, &cell) != SQLITE_OK)
            return reader_error(rows->reader, rows->what, error);
    }
    return 0;
}

static struct statement *table_query_statement(struct reader *reader, const struct table *table,
                                               const struct statement_key *key, struct error *error) {
    struct statement *statement = statement_find(&reader->cache, key);
    if (statement != NULL)
        return statement;
    CLEANUP(stmt_free_text)
    char *sql = key->count ? table_query_count_sql(table) : table_query_sql(table, key);
    if (sql == NULL) {
        (void)error_set(error, ERROR_SYSTEM, "out of memory");
        return NULL;
    }
    return statement_prepare(&reader->cache, reader->db, key, sql, table->name, error);
}

int reader_table(struct reader *reader, const struct table *table, const struct parameter *equals, int count,
                 int limit, struct span after, struct rows **ret, struct error *error) {
    struct statement_key key = {.subject = table, .keyset = after.data != NULL};
    int places[STATEMENT_EQUALS_MAX];
    if (table_query_sort_equals(table, equals, count, &key, places, error) != 0)
        return -1;
    struct statement *statement = table_query_statement(reader, table, &key, error);
    if (statement == NULL)
        return -1;
    struct rows *rows = rows_open(reader, statement, table->name, limit);
    rows->table = table;
    if (table_query_bind_equals(rows, equals, places, error) != 0) {
        rows_close(rows);
        return -1;
    }
    int index = key.equal_count + 1;
    struct cell keys[TABLE_KEYS_MAX];
    if (key.keyset && !cursor_read(after, CURSOR_KEYS, &reader->scratch, keys, table->key_count)) {
        rows_close(rows);
        return rows_bad_cursor(after, error);
    }
    for (int i = 0; key.keyset && i < table->key_count; i++)
        if (rows_bind_cell(statement->stmt, index++, &keys[i]) != SQLITE_OK)
            return rows_not_bound(rows, error);
    if (sqlite3_bind_int(statement->stmt, index, limit + 1) != SQLITE_OK)
        return rows_not_bound(rows, error);
    *ret = rows;
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
