// Queries of views. See read.h.
#include "views/base/real.h"
#include "views/engine/read/page_cursor.h"
#include "views/engine/read/query_parameter.h"
#include "views/engine/read/rows.h"

#include <assert.h>

// Number of the query's parameter, -1 = it has none of that name.
static int query_find_parameter(const struct query *query, struct span name) {
    for (int i = 0; i < query->parameter_count; i++)
        if (span_is(name, query->parameters[i]))
            return i;
    return -1;
}

static int query_unknown_parameter(const struct query *query, struct span name, struct error *error) {
    CLEANUP(buffer_free) struct buffer list = {0};
    for (int i = 0; i < query->parameter_count; i++)
        rows_list_name(&list, query->parameters[i]);
    buffer_char(&list, '\0');
    return error_set(error, ERROR_NOTFOUND, "%s/%s has no parameter \"%.*s\"; it has: %s", query->view,
                     query->name, (int)name.size, name.data,
                     list.failed || list.size == 1 ? "none" : list.data);
}

static int query_check_parameters(const struct query *query, const struct parameter *parameters, int count,
                                  struct error *error) {
    bool given[READ_PARAMETERS_MAX] = {false};
    assert(query->parameter_count <= READ_PARAMETERS_MAX); // check/parameters.c refuses more
    for (int i = 0; i < count; i++) {
        int number = query_find_parameter(query, parameters[i].name);
        if (number < 0)
            return query_unknown_parameter(query, parameters[i].name, error);
        given[number] = true;
        if (query_parameter_check(&query->rules[number], parameters[i].name, parameters[i].value, error) != 0)
            return -1;
        for (int j = 0; j < i; j++)
            if (span_equal(parameters[i].name, parameters[j].name))
                return error_set(error, ERROR_USAGE, "parameter \"%.*s\" is given twice",
                                 (int)parameters[i].name.size, parameters[i].name.data);
    }
    for (int i = 0; i < query->parameter_count; i++)
        if (query->rules[i].required && !given[i])
            return error_set(error, ERROR_USAGE, "%s/%s: parameter \"%s\" is required", query->view,
                             query->name, query->parameters[i]);
    return 0;
}

// Where a query that names :after is to go on: the text as it came, or the value that a cursor of ours has.
struct query_after {
    bool given;
    bool encoded;
    struct span text;
    struct cell cell;
};

static int query_read_after(struct reader *reader, const struct query *query, struct span text,
                            struct query_after *ret, struct error *error) {
    *ret = (struct query_after){.given = text.data != NULL, .text = text};
    if (!ret->given)
        return 0;
    ret->encoded = cursor_read(text, CURSOR_COLUMN, &reader->scratch, &ret->cell, 1);
    if (!ret->encoded)
        return query_parameter_check(&query->after_rule, SPAN("after"), text, error);
    // A row's own value, whatever the rule: the rule is for what people write.
    return ret->cell.kind == CELL_NULL ? rows_bad_cursor(text, error) : 0;
}

// The value was checked. SQLite's code.
static int query_bind_text(sqlite3_stmt *stmt, int index, const struct parameter_rule *rule,
                           struct span value) {
    char text[QUERY_PARAMETER_TEXT_SIZE];
    struct cell cell = {.kind = CELL_NULL};
    (void)query_parameter_read(rule, value, text, &cell);
    return rows_bind_cell(stmt, index, &cell);
}

// SQLite's code.
static int query_bind(const struct rows *rows, const struct query *query, const struct parameter *parameters,
                      int count, const struct query_after *after) {
    sqlite3_stmt *stmt = rows->statement->stmt;
    int places = sqlite3_bind_parameter_count(stmt);
    int code = SQLITE_OK;
    for (int i = 1; i <= places && code == SQLITE_OK; i++) {
        const char *colon_name = sqlite3_bind_parameter_name(stmt, i);
        struct span name = span_of(colon_name != NULL ? colon_name + 1 : "");
        if (query->names_limit && span_is(name, "limit"))
            // One more tells whether a page follows.
            code = sqlite3_bind_int64(stmt, i, rows->limit + (rows->pages ? 1 : 0));
        else if (after->encoded && span_is(name, "after"))
            code = rows_bind_cell(stmt, i, &after->cell);
        else if (after->given && span_is(name, "after"))
            code = query_bind_text(stmt, i, &query->after_rule, after->text);
        for (int j = 0; j < count && code == SQLITE_OK; j++)
            if (span_equal(name, parameters[j].name))
                code = query_bind_text(stmt, i, &query->rules[query_find_parameter(query, name)],
                                       parameters[j].value);
    }
    return code;
}

static struct statement *query_statement(struct reader *reader, const struct query *query,
                                         struct error *error) {
    static const struct statement_columns without_engines = {.table = NULL};
    const struct statement_key key = {.subject = query};
    struct statement *statement = statement_find(&reader->cache, &key);
    return statement != NULL
               ? statement
               : statement_prepare(&reader->cache, reader->db, &key, query->sql, query->file,
                                   query->names_engine_columns ? NULL : &without_engines, error);
}

int reader_query_columns(struct reader *reader, const struct query *query,
                         void (*visit)(void *self, const char *name, const char *declared), void *self,
                         struct error *error) {
    const struct statement *statement = query_statement(reader, query, error);
    if (statement == NULL)
        return -1;
    for (int i = 0; i < statement->column_count; i++)
        visit(self, statement->names.data + statement->forms[i].name,
              sqlite3_column_decltype(statement->stmt, statement->forms[i].place));
    return 0;
}

int reader_query(struct reader *reader, const struct query *query, const struct parameter *parameters,
                 int count, int64_t limit, struct span after, struct rows **ret, struct error *error) {
    if (query_check_parameters(query, parameters, count, error) != 0 ||
        reader_check_enabled(reader, query, error) != 0)
        return -1;
    struct query_after begin = {0};
    if (query->names_after && query_read_after(reader, query, after, &begin, error) != 0)
        return -1;
    struct cell offset = {0};
    bool pages = query->names_after || !query->names_limit;
    if (after.data != NULL && !query->names_after &&
        (!pages || !cursor_read(after, CURSOR_OFFSET, &reader->scratch, &offset, 1) ||
         offset.kind != CELL_INTEGER || offset.integer < 0))
        return rows_bad_cursor(after, error);
    struct statement *statement = query_statement(reader, query, error);
    if (statement == NULL)
        return -1;
    struct rows *rows = rows_open(reader, statement, query->file, limit);
    rows->pages = pages;
    rows->first_is_next = query->names_after;
    rows->passed_first = offset.integer;
    rows->after_rule = &query->after_rule;
    rows->after = query->names_after ? after : (struct span){0};
    if (query_bind(rows, query, parameters, count, &begin) != SQLITE_OK)
        return rows_not_bound(rows, error);
    *ret = rows;
    return 0;
}
