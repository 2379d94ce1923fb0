#include "views/engine/mirror/generated.h"

#include "views/engine/line_name.h"
#include "views/engine/row/table_sql.h"
#include "views/engine/sqlite/sqlite_value.h"
#include "views/engine/sqlite/stmt.h"

struct generated {
    sqlite3 *db;
    sqlite3_stmt **statements; // by the table's number, NULL = none, or not prepared yet
    int table_count;
    struct value *values;
    struct arena arena;
};

void generated_close(struct generated **generated) {
    struct generated *g = *generated;
    if (g == NULL)
        return;
    for (int i = 0; g->statements != NULL && i < g->table_count; i++)
        stmt_finalize(&g->statements[i]);
    stmt_close(&g->db);
    arena_free(&g->arena);
    free(g->statements);
    free(g->values);
    free(g);
    *generated = NULL;
}

// Columns of the widest table that has any, 0 = none has.
static int generated_columns_max(const struct catalog *catalog) {
    int max = 0;
    for (int i = 0; i < catalog->table_count; i++)
        if (catalog->tables[i].has_generated && catalog->tables[i].column_count > max)
            max = catalog->tables[i].column_count;
    return max;
}

int generated_open(struct generated **ret, const struct catalog *catalog, struct error *error) {
    int columns = generated_columns_max(catalog);
    *ret = NULL;
    if (columns == 0)
        return 0;
    CLEANUP(generated_close) struct generated *g = calloc(1, sizeof *g);
    if (g == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    g->table_count = catalog->table_count;
    g->statements = calloc((size_t)catalog->table_count, sizeof(sqlite3_stmt *));
    g->values = calloc((size_t)columns, sizeof *g->values);
    if (g->statements == NULL || g->values == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (sqlite3_open(":memory:", &g->db) != SQLITE_OK)
        return stmt_error(error, g->db, "generated columns");
    *ret = g;
    g = NULL;
    return 0;
}

static sqlite3_stmt *generated_statement(struct generated *g, const struct table *table,
                                         struct error *error) {
    sqlite3_stmt **statement = &g->statements[table->index];
    if (*statement != NULL)
        return *statement;
    CLEANUP(stmt_free_text) char *sql = table_sql_compute_generated(table);
    if (sql == NULL)
        return (void)error_set(error, ERROR_SYSTEM, "out of memory"), NULL;
    return stmt_prepare(g->db, sql, table->name, statement, error) == 0 ? *statement : NULL;
}

static int generated_error_beyond(const struct table *table, const struct column *column,
                                  struct error *error) {
    return error_set(
        error, ERROR_INPUT,
        "table %s: column %s is generated, and %s: leave it out with `-- tidemark: ignore %s.%s`",
        table->name, column->name, table_sql_beyond_what(column), line_name_table(table->name).text,
        line_name_column(column->name).text);
}

// Beyond int64_t SQLite goes on in floating point.
static int generated_check(const struct table *table, const struct column *column, const struct value *value,
                           struct error *error) {
    return value->kind == VALUE_REAL ? generated_error_beyond(table, column, error) : 0;
}

int generated_check_beyond(const struct table *table, struct sqlite3_stmt *beyond, struct error *error) {
    CLEANUP(stmt_reset) sqlite3_stmt *row = beyond;
    int found = stmt_row(row, table->name, error);
    if (found != 1 || sqlite3_column_type(row, 0) == SQLITE_NULL)
        return found < 0 ? -1 : 0;
    return generated_error_beyond(table, &table->columns[sqlite3_column_int(row, 0)], error);
}

// A streamed row that has the column (PostgreSQL 18) has what its expression gives, or NULL where a transform made a default of
// another column's.
static bool generated_is_other(const struct change *change, int column, const struct value *computed) {
    const struct value *told = &change->values[column];
    if (change->op == CHANGE_READ || change->table->columns[column].variant == COLUMN_PADDED)
        return false;
    if (told->kind == VALUE_INTEGER)
        return computed->kind != VALUE_INTEGER || computed->integer != told->integer;
    return told->kind == VALUE_TEXT &&
           (computed->kind != VALUE_TEXT || !span_equal(computed->bytes, told->bytes));
}

static int generated_error_other(const struct table *table, int column, struct error *error) {
    return error_set(
        error, ERROR_INPUT,
        "table %s: column %s comes with another value than its expression gives, so the row's values may be "
        "those of its neighbours: Debezium sends such rows behind a blocking snapshot of a table with a "
        "generated column. Restart the connector, then update these rows at the source",
        table->name, table->columns[column].name);
}

static int generated_take_row(struct generated *g, const struct change *change, sqlite3_stmt *row,
                              struct error *error) {
    const struct table *table = change->table;
    int at = 0;
    for (int i = 0; i < table->column_count; i++) {
        if (table->columns[i].generated == NULL)
            continue;
        if (sqlite_value_take(&g->arena, sqlite3_column_value(row, at++), &g->values[i]) != SQLITE_OK)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        if (generated_check(table, &table->columns[i], &g->values[i], error) != 0)
            return -1;
        if (generated_is_other(change, i, &g->values[i]))
            return generated_error_other(table, i, error);
    }
    return 0;
}

int generated_compute(struct generated *g, const struct change *change, const struct value **ret,
                      struct error *error) {
    const struct table *table = change->table;
    bool whole = true;
    *ret = g->values;
    for (int i = 0; i < table->column_count; i++) {
        g->values[i] =
            table->columns[i].generated == NULL ? change->values[i] : (struct value){.kind = VALUE_ABSENT};
        whole &= table->columns[i].generated != NULL ||
                 (g->values[i].kind != VALUE_ABSENT && g->values[i].kind != VALUE_UNAVAILABLE);
    }
    if (!whole)
        return 0;
    sqlite3_stmt *stmt = generated_statement(g, table, error);
    if (stmt == NULL)
        return -1;
    for (int i = 0; i < table->column_count; i++)
        if (table->columns[i].generated == NULL)
            sqlite_value_bind(stmt, i + 1, &g->values[i]);
    arena_reset(&g->arena);
    if (stmt_row(stmt, table->name, error) != 1)
        return -1;
    CLEANUP(stmt_reset) sqlite3_stmt *row = stmt;
    return generated_take_row(g, change, row, error);
}
