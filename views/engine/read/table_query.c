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

static bool table_query_bind_boolean(sqlite3_stmt *stmt, int index, struct span value) {
    bool yes = span_is(value, "true") || span_is(value, "1");
    if (!yes && !span_is(value, "false") && !span_is(value, "0"))
        return false;
    (void)sqlite3_bind_int(stmt, index, yes);
    return true;
}

static bool table_query_bind_decimal(sqlite3_stmt *stmt, int index, const struct column *column,
                                     struct span value) {
    int64_t scaled;
    if (!decimal_parse(value, column->precision, column->scale, &scaled))
        return false;
    (void)sqlite3_bind_int64(stmt, index, scaled);
    return true;
}

static bool table_query_bind_bytes(struct reader *reader, sqlite3_stmt *stmt, int index, struct span value) {
    buffer_clear(&reader->scratch);
    if (!base64_read(&reader->scratch, value))
        return false;
    const char *data = reader->scratch.size > 0 ? reader->scratch.data : "";
    (void)sqlite3_bind_blob64(stmt, index, data, reader->scratch.size, SQLITE_TRANSIENT);
    return true;
}

// As the column's declared type reads the text. False when the type cannot be that.
static bool table_query_bind_typed(struct reader *reader, sqlite3_stmt *stmt, int index,
                                   const struct column *column, struct span value) {
    int64_t integer;
    double real;
    switch (column->type) {
    case COLUMN_INTEGER:
        if (!integer_parse(value, &integer))
            return false;
        (void)sqlite3_bind_int64(stmt, index, integer);
        return true;
    case COLUMN_BOOLEAN:
        return table_query_bind_boolean(stmt, index, value);
    case COLUMN_DECIMAL:
        return table_query_bind_decimal(stmt, index, column, value);
    case COLUMN_REAL:
        if (!real_parse(value, &real))
            return false;
        // SQLite has no NaN of its own: the mirror keeps it as text.
        if (isnan(real))
            (void)sqlite3_bind_text64(stmt, index, value.data, value.size, SQLITE_TRANSIENT, SQLITE_UTF8);
        else
            (void)sqlite3_bind_double(stmt, index, real);
        return true;
    case COLUMN_BYTEA:
        return table_query_bind_bytes(reader, stmt, index, value);
    case COLUMN_NUMERIC:
        if (!numeric_is_valid(value))
            return false;
        (void)sqlite3_bind_text64(stmt, index, value.data, value.size, SQLITE_TRANSIENT, SQLITE_UTF8);
        return true;
    case COLUMN_TEXT:
    case COLUMN_JSON:
    case COLUMN_DATE:
    case COLUMN_TIME:
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMPTZ:
    case COLUMN_ARRAY:
    case COLUMN_BIT:
    case COLUMN_OTHER:
        (void)sqlite3_bind_text64(stmt, index, value.data, value.size, SQLITE_TRANSIENT, SQLITE_UTF8);
        return true;
    }
    return false;
}

static int table_query_bind_equals(struct rows *rows, const struct parameter *equals, const int *places,
                                   struct error *error) {
    for (int i = 0; i < rows->statement->key.equal_count; i++) {
        const struct column *column = &rows->table->columns[rows->statement->key.equals[i]];
        struct span value = equals[places[i]].value;
        if (!table_query_bind_typed(rows->reader, rows->statement->stmt, i + 1, column, value))
            return error_set(error, ERROR_USAGE, "%s=%.*s: the column is %s", column->name,
                             (int)(value.size < 100 ? value.size : 100), value.data, column->declared);
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
        rows_bind_cell(statement->stmt, index++, &keys[i]);
    (void)sqlite3_bind_int(statement->stmt, index, limit + 1);
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
