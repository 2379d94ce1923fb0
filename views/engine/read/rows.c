// Questions and their rows: queries of views, tables by equality, the quarantine. See read.h.
#include "views/base/base64.h"
#include "views/base/real.h"
#include "views/engine/decimal.h"
#include "views/engine/read/page_cursor.h"
#include "views/engine/read/reader.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

static const char quarantine_subject[] = "quarantine";
static const char quarantine_sql[] =
    "select id, topic, partition, \"offset\", cast(key as text) as key, reason, "
    "strftime('%Y-%m-%dT%H:%M:%fZ', at_ms / 1000.0, 'unixepoch') as time "
    "from _quarantine where :after is null or id < :after order by id desc";

// DECIMAL(p,s), DECIMAL(p) and BOOLEAN; SQLite gives the words of the declaration as they stand there.
static struct column_form rows_form_of(const char *declared) {
    if (declared != NULL && strcasecmp(declared, "boolean") == 0)
        return (struct column_form){.integers = CELL_BOOLEAN};
    if (declared == NULL || strncasecmp(declared, "decimal", 7) != 0)
        return (struct column_form){.integers = CELL_INTEGER};
    const char *comma = strchr(declared, ',');
    long scale = comma != NULL ? strtol(comma + 1, NULL, 10) : 0;
    if (scale < 0 || scale > DECIMAL_PRECISION_MAX)
        return (struct column_form){.integers = CELL_INTEGER};
    return (struct column_form){.integers = CELL_DECIMAL, .scale = (int)scale};
}

static bool rows_kept_is(const struct kept *kept, const struct kept *wanted) {
    return kept->subject == wanted->subject && kept->keyset == wanted->keyset &&
           kept->equal_count == wanted->equal_count &&
           memcmp(kept->equals, wanted->equals, (size_t)wanted->equal_count) == 0;
}

static struct kept *rows_find_kept(struct reader *reader, const struct kept *wanted) {
    for (int i = 0; i < reader->kept_count; i++)
        if (rows_kept_is(&reader->kept[i], wanted)) {
            reader->kept[i].used = ++reader->used;
            return &reader->kept[i];
        }
    return NULL;
}

// A free place, or that of the statement that was used longest ago.
static struct kept *rows_free_kept(struct reader *reader) {
    if (reader->kept_count < READ_STATEMENTS_MAX)
        return &reader->kept[reader->kept_count++];
    struct kept *oldest = &reader->kept[0];
    for (int i = 1; i < reader->kept_count; i++)
        if (reader->kept[i].used < oldest->used)
            oldest = &reader->kept[i];
    stmt_finalize(&oldest->stmt);
    buffer_free(&oldest->members);
    free(oldest->forms);
    return oldest;
}

static void read_forms(sqlite3_stmt *stmt, int count, struct column_form *forms, struct buffer *members) {
    for (int i = 0; i < count; i++) {
        forms[i] = rows_form_of(sqlite3_column_decltype(stmt, i));
        buffer_char(members, i == 0 ? '{' : ',');
        buffer_json_string(members, span_of(sqlite3_column_name(stmt, i)));
        buffer_char(members, ':');
        forms[i].member_end = members->size;
    }
}

static struct kept *rows_keep(struct reader *reader, const struct kept *wanted, const char *sql,
                              const char *what, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(reader->db, sql, what, &stmt, error) < 0)
        return NULL;
    int count = sqlite3_column_count(stmt);
    CLEANUP(buffer_free) struct buffer members = {0};
    struct column_form *forms = calloc((size_t)count + 1, sizeof *forms);
    if (forms != NULL)
        read_forms(stmt, count, forms, &members);
    if (forms == NULL || members.failed) {
        free(forms);
        (void)error_set(error, ERROR_SYSTEM, "out of memory");
        return NULL;
    }
    struct kept *kept = rows_free_kept(reader);
    *kept = *wanted;
    kept->stmt = stmt;
    kept->column_count = count;
    kept->forms = forms;
    kept->members = members;
    kept->used = ++reader->used;
    stmt = NULL;
    members = (struct buffer){0};
    return kept;
}

static struct rows *rows_open_rows(struct reader *reader, struct kept *kept, const char *what, int limit) {
    assert(reader->begun && !reader->rows.open);
    reader->rows = (struct rows){
        .reader = reader, .kept = kept, .what = what, .limit = limit, .open = true, .pages = true};
    buffer_clear(&reader->cursor);
    return &reader->rows;
}

void rows_close(struct rows *rows) {
    if (!rows->open)
        return;
    (void)sqlite3_reset(rows->kept->stmt);
    (void)sqlite3_clear_bindings(rows->kept->stmt);
    rows->open = false;
}

int rows_column_count(const struct rows *rows) {
    return rows->kept->column_count;
}

const char *rows_column_name(const struct rows *rows, int column) {
    return sqlite3_column_name(rows->kept->stmt, column);
}

struct span rows_member(const struct rows *rows, int column) {
    const struct kept *kept = rows->kept;
    size_t begin = column == 0 ? 0 : kept->forms[column - 1].member_end;
    return (struct span){kept->members.data + begin, kept->forms[column].member_end - begin};
}

void rows_cell(const struct rows *rows, int column, struct cell *ret) {
    const struct column_form *form = &rows->kept->forms[column];
    // Unprotected, as SQLite calls it: ours alone while the connection belongs to this thread.
    sqlite3_value *value = sqlite3_column_value(rows->kept->stmt, column);
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
        ret->kind = form->integers;
        ret->scale = form->scale;
        ret->integer = sqlite3_value_int64(value);
        break;
    case SQLITE_FLOAT:
        ret->kind = CELL_REAL;
        ret->real = sqlite3_value_double(value);
        break;
    case SQLITE_TEXT:
        // The same bytes as its text's, and no copy is made to end them with a NUL.
        ret->kind = CELL_TEXT;
        ret->bytes.data = sqlite3_value_blob(value);
        ret->bytes.size = (size_t)sqlite3_value_bytes(value);
        if (ret->bytes.data == NULL)
            ret->bytes.data = "";
        break;
    case SQLITE_BLOB:
        ret->kind = CELL_BLOB;
        ret->bytes.data = sqlite3_value_blob(value);
        ret->bytes.size = (size_t)sqlite3_value_bytes(value);
        break;
    default:
        ret->kind = CELL_NULL;
        break;
    }
}

static void rows_write_plain_cursor(struct buffer *out, const struct cell *cell) {
    char real[REAL_TEXT_SIZE];
    switch (cell->kind) {
    case CELL_INTEGER:
    case CELL_BOOLEAN:
    case CELL_DECIMAL:
        buffer_integer(out, cell->integer);
        break;
    case CELL_REAL:
        buffer_append(out, real, real_write(cell->real, real));
        break;
    case CELL_TEXT:
        buffer_append(out, cell->bytes.data, cell->bytes.size);
        break;
    case CELL_NULL:
    case CELL_BLOB:
        break;
    }
}

// The cursor is made while the last row that fits is there; rows_cursor gives it only if another row follows.
static void rows_make_cursor(struct rows *rows) {
    struct buffer *out = &rows->reader->cursor;
    struct cell cells[TABLE_KEYS_MAX];
    if (rows->table != NULL) {
        for (int i = 0; i < rows->table->key_count; i++)
            rows_cell(rows, rows->table->keys[i], &cells[i]);
        cursor_write(out, CURSOR_KEYS, cells, rows->table->key_count);
    } else if (rows->first_is_next) {
        rows_cell(rows, 0, &cells[0]);
        rows_write_plain_cursor(out, &cells[0]);
    } else {
        cells[0] = (struct cell){.kind = CELL_INTEGER, .integer = rows->passed + rows->given};
        cursor_write(out, CURSOR_OFFSET, cells, 1);
    }
}

int rows_next(struct rows *rows, struct error *error) {
    if (!rows->open)
        return 0;
    int code = sqlite3_step(rows->kept->stmt);
    if (code == SQLITE_ROW && rows->given < rows->limit) {
        rows->given++;
        if (rows->given == rows->limit && rows->pages)
            rows_make_cursor(rows);
        return 1;
    }
    rows->more = code == SQLITE_ROW && rows->pages;
    int status =
        code == SQLITE_ROW || code == SQLITE_DONE ? 0 : reader_error(rows->reader, rows->what, error);
    rows_close(rows);
    return status;
}

struct span rows_cursor(const struct rows *rows) {
    const struct buffer *cursor = &rows->reader->cursor;
    if (!rows->more || cursor->failed || cursor->size == 0)
        return (struct span){0};
    return (struct span){cursor->data, cursor->size};
}

static void rows_bind_value(sqlite3_stmt *stmt, int index, struct span value) {
    int64_t integer;
    double real;
    char text[REAL_TEXT_SIZE];
    if (integer_parse(value, &integer))
        (void)sqlite3_bind_int64(stmt, index, integer);
    else if (real_parse(value, &real) && isfinite(real) && memchr(value.data, '.', value.size) != NULL &&
             span_equal(value, (struct span){text, real_write(real, text)}))
        (void)sqlite3_bind_double(stmt, index, real);
    else
        (void)sqlite3_bind_text64(stmt, index, value.data, value.size, SQLITE_TRANSIENT, SQLITE_UTF8);
}

// Number of the query's parameter, -1 = it has none of that name.
static int rows_find_parameter(const struct query *query, struct span name) {
    for (int i = 0; i < query->parameter_count; i++)
        if (span_is(name, query->parameters[i]))
            return i;
    return -1;
}

// YYYY-MM-DD, as the mirror writes dates of the years 0 to 9999: compared as text they are compared in time.
static bool rows_is_date(struct span text) {
    static const char pattern[] = "dddd-dd-dd";
    if (text.size != sizeof pattern - 1)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (pattern[i] == 'd' ? text.data[i] < '0' || text.data[i] > '9' : text.data[i] != pattern[i])
            return false;
    return true;
}

static int rows_check_type(enum parameter_type type, struct span name, struct span value,
                           struct error *error) {
    int64_t integer;
    double real;
    const char *wanted = NULL;
    if (type == PARAMETER_INTEGER && !integer_parse(value, &integer))
        wanted = "an integer";
    if (type == PARAMETER_NUMBER && !real_parse(value, &real))
        wanted = "a number";
    if (type == PARAMETER_DATE && !rows_is_date(value))
        wanted = "a date, YYYY-MM-DD";
    return wanted == NULL ? 0
                          : error_set(error, ERROR_USAGE, "%.*s=%.*s: it is %s", (int)name.size, name.data,
                                      (int)(value.size < 40 ? value.size : 40), value.data, wanted);
}

// "a, b, c" for messages.
static void rows_list_name(struct buffer *list, const char *name) {
    if (list->size > 0)
        buffer_text(list, ", ");
    buffer_text(list, name);
}

static int rows_unknown_parameter(const struct query *query, struct span name, struct error *error) {
    CLEANUP(buffer_free) struct buffer list = {0};
    for (int i = 0; i < query->parameter_count; i++)
        rows_list_name(&list, query->parameters[i]);
    buffer_char(&list, '\0');
    return error_set(error, ERROR_NOTFOUND, "%s/%s has no parameter \"%.*s\"; it has: %s", query->view,
                     query->name, (int)name.size, name.data,
                     list.failed || list.size == 1 ? "none" : list.data);
}

static int rows_check_parameters(const struct query *query, const struct parameter *parameters, int count,
                                 struct error *error) {
    for (int i = 0; i < count; i++) {
        int number = rows_find_parameter(query, parameters[i].name);
        if (number < 0)
            return rows_unknown_parameter(query, parameters[i].name, error);
        if (rows_check_type(query->parameter_types[number], parameters[i].name, parameters[i].value, error) !=
            0)
            return -1;
        for (int j = 0; j < i; j++)
            if (span_equal(parameters[i].name, parameters[j].name))
                return error_set(error, ERROR_USAGE, "parameter \"%.*s\" is given twice",
                                 (int)parameters[i].name.size, parameters[i].name.data);
    }
    return 0;
}

static void rows_bind_query(const struct rows *rows, const struct query *query,
                            const struct parameter *parameters, int count, struct span after) {
    sqlite3_stmt *stmt = rows->kept->stmt;
    int places = sqlite3_bind_parameter_count(stmt);
    for (int i = 1; i <= places; i++) {
        const char *colon_name = sqlite3_bind_parameter_name(stmt, i);
        struct span name = span_of(colon_name != NULL ? colon_name + 1 : "");
        if (query->names_limit && span_is(name, "limit"))
            // One more tells whether a page follows.
            (void)sqlite3_bind_int(stmt, i, rows->limit + (rows->pages ? 1 : 0));
        else if (query->names_after && span_is(name, "after") && after.data != NULL)
            rows_bind_value(stmt, i, after);
        for (int j = 0; j < count; j++)
            if (span_equal(name, parameters[j].name))
                rows_bind_value(stmt, i, parameters[j].value);
    }
}

static int rows_pass_over(struct rows *rows, int64_t count, struct error *error) {
    for (rows->passed = 0; rows->passed < count; rows->passed++) {
        int code = sqlite3_step(rows->kept->stmt);
        if (code == SQLITE_ROW)
            continue;
        int status = code == SQLITE_DONE ? 0 : reader_error(rows->reader, rows->what, error);
        rows_close(rows);
        return status;
    }
    return 0;
}

static int rows_bad_cursor(struct span after, struct error *error) {
    return error_set(error, ERROR_USAGE, "after=%.*s is not a cursor that this route gave", (int)after.size,
                     after.data);
}

int reader_query(struct reader *reader, const struct query *query, const struct parameter *parameters,
                 int count, int limit, struct span after, struct rows **ret, struct error *error) {
    if (rows_check_parameters(query, parameters, count, error) < 0)
        return -1;
    if (query->names_after && after.data != NULL &&
        rows_check_type(query->after_type, SPAN("after"), after, error) != 0)
        return -1;
    struct cell offset = {0};
    bool pages = query->names_after || !query->names_limit;
    if (after.data != NULL && !query->names_after &&
        (!pages || !cursor_read(after, CURSOR_OFFSET, &reader->scratch, &offset, 1) ||
         offset.kind != CELL_INTEGER || offset.integer < 0))
        return rows_bad_cursor(after, error);
    const struct kept wanted = {.subject = query};
    struct kept *kept = rows_find_kept(reader, &wanted);
    if (kept == NULL)
        kept = rows_keep(reader, &wanted, query->sql, query->file, error);
    if (kept == NULL)
        return -1;
    struct rows *rows = rows_open_rows(reader, kept, query->file, limit);
    rows->pages = pages;
    rows->first_is_next = query->names_after;
    rows_bind_query(rows, query, parameters, count, after);
    if (rows_pass_over(rows, offset.integer, error) < 0)
        return -1;
    *ret = rows;
    return 0;
}

int reader_quarantine(struct reader *reader, int limit, struct span after, struct rows **ret,
                      struct error *error) {
    int64_t before = 0;
    if (after.data != NULL && !integer_parse(after, &before))
        return rows_bad_cursor(after, error);
    const struct kept wanted = {.subject = quarantine_subject};
    struct kept *kept = rows_find_kept(reader, &wanted);
    if (kept == NULL)
        kept = rows_keep(reader, &wanted, quarantine_sql, "quarantine", error);
    if (kept == NULL)
        return -1;
    struct rows *rows = rows_open_rows(reader, kept, "quarantine", limit);
    rows->first_is_next = true;
    if (after.data != NULL)
        stmt_bind_integer(kept->stmt, ":after", before);
    *ret = rows;
    return 0;
}

static int rows_unknown_column(const struct table *table, struct span name, struct error *error) {
    CLEANUP(buffer_free) struct buffer list = {0};
    for (int i = 0; i < table->column_count; i++)
        rows_list_name(&list, table->columns[i].name);
    buffer_char(&list, '\0');
    return error_set(error, ERROR_NOTFOUND, "%s has no column \"%.*s\"; it has: %s", table->name,
                     (int)name.size, name.data, list.failed ? "" : list.data);
}

// The columns in ascending order, so that the order in a URL makes no other statement; `places` keeps which
// parameter each one came from.
static int rows_sort_equals(const struct table *table, const struct parameter *equals, int count,
                            struct kept *wanted, int *places, struct error *error) {
    if (count > READ_TABLE_EQUALS_MAX)
        return error_set(error, ERROR_USAGE, "at most %d columns can be compared at once",
                         READ_TABLE_EQUALS_MAX);
    for (int i = 0; i < count; i++) {
        int column = table_column(table, equals[i].name.data, equals[i].name.size);
        if (column < 0 || column > UINT8_MAX)
            return rows_unknown_column(table, equals[i].name, error);
        int at = wanted->equal_count;
        while (at > 0 && wanted->equals[at - 1] >= column) {
            if (wanted->equals[at - 1] == column)
                return error_set(error, ERROR_USAGE, "column \"%s\" is given twice",
                                 table->columns[column].name);
            wanted->equals[at] = wanted->equals[at - 1];
            places[at] = places[at - 1];
            at--;
        }
        wanted->equals[at] = (uint8_t)column;
        places[at] = i;
        wanted->equal_count++;
    }
    return 0;
}

static void rows_append_keys(sqlite3_str *sql, const struct table *table) {
    for (int i = 0; i < table->key_count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"", i > 0 ? "," : "", table->columns[table->keys[i]].name);
}

// Values bind as ?1.. in the order of equals, then the key to begin after, then the limit.
static char *rows_table_sql(const struct table *table, const struct kept *wanted) {
    sqlite3_str *sql = sqlite3_str_new(NULL);
    for (int i = 0; i < table->column_count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"", i > 0 ? "," : "select ", table->columns[i].name);
    sqlite3_str_appendf(sql, " from \"%w\"", table->name);
    const char *join = " where ";
    for (int i = 0; i < wanted->equal_count; i++) {
        sqlite3_str_appendf(sql, "%s\"%w\"=?", join, table->columns[wanted->equals[i]].name);
        join = " and ";
    }
    if (wanted->keyset) {
        sqlite3_str_appendf(sql, "%s(", join);
        rows_append_keys(sql, table);
        sqlite3_str_appendall(sql, ")>(?");
        for (int i = 1; i < table->key_count; i++)
            sqlite3_str_appendall(sql, ",?");
        sqlite3_str_appendall(sql, ")");
    }
    sqlite3_str_appendall(sql, " order by ");
    rows_append_keys(sql, table);
    sqlite3_str_appendall(sql, " limit ?");
    return sqlite3_str_finish(sql);
}

static bool rows_bind_boolean(sqlite3_stmt *stmt, int index, struct span value) {
    bool yes = span_is(value, "true") || span_is(value, "1");
    if (!yes && !span_is(value, "false") && !span_is(value, "0"))
        return false;
    (void)sqlite3_bind_int(stmt, index, yes);
    return true;
}

static bool rows_bind_decimal(sqlite3_stmt *stmt, int index, const struct column *column, struct span value) {
    int64_t scaled;
    if (!decimal_parse(value, column->precision, column->scale, &scaled))
        return false;
    (void)sqlite3_bind_int64(stmt, index, scaled);
    return true;
}

static bool rows_bind_bytes(struct reader *reader, sqlite3_stmt *stmt, int index, struct span value) {
    buffer_clear(&reader->scratch);
    if (!base64_read(&reader->scratch, value))
        return false;
    const char *data = reader->scratch.size > 0 ? reader->scratch.data : "";
    (void)sqlite3_bind_blob64(stmt, index, data, reader->scratch.size, SQLITE_TRANSIENT);
    return true;
}

// As the column's declared type reads the text. False when the type cannot be that.
static bool rows_bind_typed(struct reader *reader, sqlite3_stmt *stmt, int index, const struct column *column,
                            struct span value) {
    int64_t integer;
    double real;
    switch (column->type) {
    case COLUMN_INTEGER:
        if (!integer_parse(value, &integer))
            return false;
        (void)sqlite3_bind_int64(stmt, index, integer);
        return true;
    case COLUMN_BOOLEAN:
        return rows_bind_boolean(stmt, index, value);
    case COLUMN_DECIMAL:
        return rows_bind_decimal(stmt, index, column, value);
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
        return rows_bind_bytes(reader, stmt, index, value);
    case COLUMN_NUMERIC:
    case COLUMN_TEXT:
    case COLUMN_JSON:
    case COLUMN_DATE:
    case COLUMN_TIME:
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMPTZ:
    case COLUMN_ARRAY:
        (void)sqlite3_bind_text64(stmt, index, value.data, value.size, SQLITE_TRANSIENT, SQLITE_UTF8);
        return true;
    }
    return false;
}

static int rows_bind_equals(struct rows *rows, const struct parameter *equals, const int *places,
                            struct error *error) {
    for (int i = 0; i < rows->kept->equal_count; i++) {
        const struct column *column = &rows->table->columns[rows->kept->equals[i]];
        struct span value = equals[places[i]].value;
        if (!rows_bind_typed(rows->reader, rows->kept->stmt, i + 1, column, value))
            return error_set(error, ERROR_USAGE, "%s=%.*s: the column is %s", column->name,
                             (int)(value.size < 100 ? value.size : 100), value.data, column->declared);
    }
    return 0;
}

static void rows_bind_cell(sqlite3_stmt *stmt, int index, const struct cell *cell) {
    switch (cell->kind) {
    case CELL_NULL:
        break;
    case CELL_INTEGER:
    case CELL_BOOLEAN:
    case CELL_DECIMAL:
        (void)sqlite3_bind_int64(stmt, index, cell->integer);
        break;
    case CELL_REAL:
        (void)sqlite3_bind_double(stmt, index, cell->real);
        break;
    case CELL_TEXT:
        (void)sqlite3_bind_text64(stmt, index, cell->bytes.data, cell->bytes.size, SQLITE_TRANSIENT,
                                  SQLITE_UTF8);
        break;
    case CELL_BLOB:
        (void)sqlite3_bind_blob64(stmt, index, cell->bytes.data, cell->bytes.size, SQLITE_TRANSIENT);
        break;
    }
}

static struct kept *rows_keep_table(struct reader *reader, const struct table *table,
                                    const struct kept *wanted, struct error *error) {
    struct kept *kept = rows_find_kept(reader, wanted);
    if (kept != NULL)
        return kept;
    CLEANUP(stmt_free_text) char *sql = rows_table_sql(table, wanted);
    if (sql == NULL) {
        (void)error_set(error, ERROR_SYSTEM, "out of memory");
        return NULL;
    }
    return rows_keep(reader, wanted, sql, table->name, error);
}

int reader_table(struct reader *reader, const struct table *table, const struct parameter *equals, int count,
                 int limit, struct span after, struct rows **ret, struct error *error) {
    struct kept wanted = {.subject = table, .keyset = after.data != NULL};
    int places[READ_TABLE_EQUALS_MAX];
    if (rows_sort_equals(table, equals, count, &wanted, places, error) < 0)
        return -1;
    struct kept *kept = rows_keep_table(reader, table, &wanted, error);
    if (kept == NULL)
        return -1;
    struct rows *rows = rows_open_rows(reader, kept, table->name, limit);
    rows->table = table;
    if (rows_bind_equals(rows, equals, places, error) < 0) {
        rows_close(rows);
        return -1;
    }
    int index = kept->equal_count + 1;
    struct cell keys[TABLE_KEYS_MAX];
    if (wanted.keyset && !cursor_read(after, CURSOR_KEYS, &reader->scratch, keys, table->key_count)) {
        rows_close(rows);
        return rows_bad_cursor(after, error);
    }
    for (int i = 0; wanted.keyset && i < table->key_count; i++)
        rows_bind_cell(kept->stmt, index++, &keys[i]);
    (void)sqlite3_bind_int(kept->stmt, index, limit + 1);
    *ret = rows;
    return 0;
}
