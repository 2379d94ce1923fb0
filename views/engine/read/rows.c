#include "views/engine/read/rows.h"

#include "views/base/cleanup.h"
#include "views/base/real.h"
#include "views/engine/read/page_cursor.h"
#include "views/engine/read/query_parameter.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { CURSOR_PLAIN_MAX = 256 };

struct rows *rows_open(struct reader *reader, struct statement *statement, const char *what, int64_t limit) {
    assert(reader->begun && !reader->rows.open);
    reader->rows = (struct rows){
        .reader = reader, .statement = statement, .what = what, .limit = limit, .open = true, .pages = true};
    buffer_clear(&reader->cursor);
    return &reader->rows;
}

int rows_column_count(const struct rows *rows) {
    return rows->statement->column_count;
}

const char *rows_column_name(const struct rows *rows, int column) {
    const struct statement *statement = rows->statement;
    return statement->names.data + statement->forms[column].name;
}

int rows_table_column(const struct rows *rows, int column) {
    if (rows->table == NULL)
        return -1;
    return rows->plan != NULL ? rows->plan->selection.columns[column] : column;
}

struct span rows_member(const struct rows *rows, int column) {
    const struct statement *statement = rows->statement;
    size_t begin = column == 0 ? 0 : statement->forms[column - 1].member_end;
    return (struct span){statement->members.data + begin, statement->forms[column].member_end - begin};
}

void rows_cell(const struct rows *rows, int column, struct cell *ret) {
    const struct column_form *form = &rows->statement->forms[column];
    // Unprotected, as SQLite calls it: ours alone while the connection belongs to this thread.
    sqlite3_value *value = sqlite3_column_value(rows->statement->stmt, form->place);
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
        ret->kind = form->texts;
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

int rows_bind_cell(sqlite3_stmt *stmt, int index, const struct cell *cell) {
    const struct span bytes = cell->bytes;
    switch (cell->kind) {
    case CELL_NULL:
        break;
    case CELL_INTEGER:
    case CELL_BIGINT:
    case CELL_BOOLEAN:
    case CELL_DECIMAL:
        return sqlite3_bind_int64(stmt, index, cell->integer);
    case CELL_REAL:
        return sqlite3_bind_double(stmt, index, cell->real);
    case CELL_TEXT:
    case CELL_JSON:
        return sqlite3_bind_text64(stmt, index, bytes.data, bytes.size, SQLITE_TRANSIENT, SQLITE_UTF8);
    case CELL_BLOB:
        return sqlite3_bind_blob64(stmt, index, bytes.data, bytes.size, SQLITE_TRANSIENT);
    }
    return sqlite3_bind_null(stmt, index);
}

// Whether the SQL filters by the column itself: `'title: ' || :words`.
static bool rows_sql_filters_by(const char *sql, const char *column) {
    for (const char *at = strstr(sql, column); at != NULL; at = strstr(at + 1, column)) {
        const char *behind = at + strlen(column);
        if (behind[strspn(behind, " \"")] == ':')
            return true;
    }
    return false;
}

// A column that fts5 does not know stands in the text. One that the SQL lacks came with another schema, and the SQL does not compile.
static bool rows_lacks_column_of_text(const struct rows *rows, const char *column) {
    CLEANUP(stmt_finalize) sqlite3_stmt *again = NULL;
    const char *sql = sqlite3_sql(rows->statement->stmt);
    return !rows_sql_filters_by(sql, column) &&
           sqlite3_prepare_v2(rows->reader->db, sql, -1, &again, NULL) == SQLITE_OK;
}

// SQLite has one code for this and for SQL that fails on what rows hold, so its words tell: fts5's and fts4's of a text that
// they cannot read.
static bool rows_is_asked_wrongly(const struct rows *rows, const char *says) {
    static const char no_column[] = "no such column: ";
    static const char *const words[] = {"fts5: ", "unterminated string",
                                        "unknown special query: ", "malformed MATCH expression: "};
    if ((sqlite3_errcode(rows->reader->db) & 0xff) != SQLITE_ERROR ||
        sqlite3_bind_parameter_count(rows->statement->stmt) == 0)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(says, words[i], strlen(words[i])) == 0)
            return true;
    return strncmp(says, no_column, strlen(no_column)) == 0 &&
           rows_lacks_column_of_text(rows, says + strlen(no_column));
}

int rows_step_failed(struct rows *rows, struct error *error) {
    char says[ERROR_MESSAGE_SIZE]; // what is asked of SQLite meanwhile has its own
    (void)snprintf(says, sizeof says, "%s", sqlite3_errmsg(rows->reader->db));
    return rows_is_asked_wrongly(rows, says)
               ? error_set(error, ERROR_USAGE,
                           "%s: %s: what was asked for is no full-text query; words stand in double quotes, "
                           "of which one within is doubled",
                           rows->what, says)
               : reader_error(rows->reader, rows->what, error);
}

int rows_not_bound(struct rows *rows, struct error *error) {
    int status = reader_error(rows->reader, rows->what, error);
    rows_close(rows);
    return status;
}

// Whether `text` goes into a URL's and a header's value as it is, and is no cursor that is decoded.
static bool rows_can_be_cursor(const struct rows *rows, struct span text) {
    struct cell cell;
    if (text.size == 0 || text.size > CURSOR_PLAIN_MAX)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~' || strchr("%&+#", text.data[i]) != NULL)
            return false;
    return !cursor_read(text, CURSOR_COLUMN, &rows->reader->scratch, &cell, 1);
}

// Whether the query that is given `text` as :after binds the value of `cell`.
static bool rows_reads_back(const struct rows *rows, struct span text, const struct cell *cell) {
    static const struct parameter_rule any = {.type = PARAMETER_ANY};
    char copy[QUERY_PARAMETER_TEXT_SIZE];
    struct cell back;
    if (!query_parameter_read(rows->after_rule != NULL ? rows->after_rule : &any, text, copy, &back))
        return false;
    switch (back.kind) {
    case CELL_INTEGER:
    case CELL_BIGINT:
        return (cell->kind == CELL_INTEGER || cell->kind == CELL_BIGINT || cell->kind == CELL_BOOLEAN ||
                cell->kind == CELL_DECIMAL) &&
               cell->integer == back.integer;
    case CELL_REAL:
        return cell->kind == CELL_REAL && memcmp(&cell->real, &back.real, sizeof back.real) == 0;
    case CELL_TEXT:
    case CELL_JSON:
        return cell->kind == CELL_TEXT && span_equal(cell->bytes, back.bytes);
    default:
        return false;
    }
}

// The first column of the last row: its own text where that reads back as the same value, so that a person
// can write it, else encoded.
static void rows_make_column_cursor(struct rows *rows, struct buffer *out) {
    struct cell cell;
    char number[REAL_TEXT_SIZE];
    struct span plain = {0};
    rows_cell(rows, 0, &cell);
    switch (cell.kind) {
    case CELL_NULL:
        rows->no_cursor = "another page follows, and the first column of this one's last row is NULL: "
                          "nothing comes after NULL";
        return;
    case CELL_INTEGER:
    case CELL_BIGINT:
    case CELL_BOOLEAN:
    case CELL_DECIMAL:
        plain =
            (struct span){number, (size_t)snprintf(number, sizeof number, "%lld", (long long)cell.integer)};
        break;
    case CELL_TEXT:
    case CELL_JSON:
        plain = cell.bytes;
        break;
    case CELL_REAL:
        plain = (struct span){number, real_write(cell.real, number)};
        break;
    case CELL_BLOB:
        break;
    }
    if (rows_can_be_cursor(rows, plain) && rows_reads_back(rows, plain, &cell))
        buffer_append(out, plain.data, plain.size);
    else
        cursor_write(out, CURSOR_COLUMN, &cell, 1);
}

// Whether the row behind the page has the first column of the page's last one: `> :after` would leave it out. What NULL
// there means, only the query's own words can say.
static bool rows_next_ties(struct rows *rows) {
    CLEANUP(buffer_free) struct buffer next = {0};
    const struct buffer *last = &rows->reader->cursor;
    struct cell cell;
    rows_cell(rows, 0, &cell);
    if (cell.kind == CELL_NULL)
        return false;
    rows_make_column_cursor(rows, &next);
    return !next.failed && next.size == last->size && memcmp(next.data, last->data, next.size) == 0;
}

// Where the row stands: the values that it is ordered by, behind what tells one order from another; without an order
// the key.
static void rows_make_table_cursor(struct rows *rows, struct buffer *out) {
    struct cell cells[TABLE_CURSOR_CELLS_MAX];
    const struct table_plan *plan = rows->plan;
    int count = 0;
    if (plan != NULL && plan->cursor.order != 0)
        cells[count++] = (struct cell){.kind = CELL_INTEGER, .integer = plan->cursor.order};
    enum cursor_kind kind = count > 0 ? CURSOR_ORDER : CURSOR_KEYS;
    int places = plan != NULL ? plan->cursor.column_count : rows->table->key_count;
    for (int i = 0; i < places; i++)
        rows_cell(rows, plan != NULL ? plan->cursor.columns[i] : rows->table->keys[i], &cells[count++]);
    cursor_write(out, kind, cells, count);
}

// The cursor is made while the last row that fits is there; rows_cursor gives it only if another row follows.
static void rows_make_cursor(struct rows *rows) {
    struct buffer *out = &rows->reader->cursor;
    struct cell cells[1];
    if (rows->table != NULL) {
        rows_make_table_cursor(rows, out);
    } else if (rows->first_is_next) {
        rows_make_column_cursor(rows, out);
    } else {
        cells[0] = (struct cell){.kind = CELL_INTEGER, .integer = rows->passed + rows->given};
        cursor_write(out, CURSOR_OFFSET, cells, 1);
    }
    if (out->size > READ_CURSOR_SIZE_MAX)
        rows->no_cursor = "another page follows, and the key of this one's last row is too long for a cursor";
    else if (out->failed)
        rows->no_cursor = "out of memory";
    else if (rows->after.data != NULL && span_equal(rows->after, (struct span){out->data, out->size}))
        rows->no_cursor =
            "another page follows, and this one ends where it was to begin behind: the next page would be "
            "this one again. Let the query compare :after with its first column, as it selects it";
}

// One that took too long for want of an index names it.
static int rows_fail(struct rows *rows, struct error *error) {
    int status = rows_step_failed(rows, error);
    if (rows->table == NULL || error->kind != ERROR_TIMEOUT)
        return status;
    struct index_advice advice = {0};
    const struct statement_key *key = &rows->statement->key;
    if (rows->plan != NULL)
        table_plan_advise(rows->plan, &advice);
    for (int i = 0; i < key->equal_count; i++)
        index_advice_column(&advice, key->equals[i]);
    index_advice_add(&advice, rows->table, rows->statement->stmt, error);
    return status;
}

int rows_next(struct rows *rows, struct error *error) {
    if (!rows->open)
        return 0;
    int code = SQLITE_ROW;
    while (rows->passed < rows->passed_first && (code = sqlite3_step(rows->statement->stmt)) == SQLITE_ROW)
        rows->passed++;
    if (code == SQLITE_ROW)
        code = sqlite3_step(rows->statement->stmt);
    if (code == SQLITE_ROW && rows->given < rows->limit) {
        rows->given++;
        if (rows->given == rows->limit && rows->pages && !rows->cursorless)
            rows_make_cursor(rows);
        return 1;
    }
    rows->more =
        code == SQLITE_ROW && rows->pages && rows->limit > 0; // behind no row there is no place to go on
    if (rows->more && rows->first_is_next && !rows->cursorless && rows->no_cursor == NULL &&
        rows_next_ties(rows))
        rows->no_cursor =
            "another page follows, and its first row has in the first column what this one's last row "
            "has: the next page would leave it out. Make the first column one that is unique and "
            "that the query is ordered by, or ask for more rows";
    int status = 0;
    if (rows->more && rows->no_cursor != NULL)
        status = error_set(error, ERROR_INPUT, "%s: %s", rows->what, rows->no_cursor);
    else if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = rows_fail(rows, error);
    rows_close(rows);
    return status;
}

void rows_without_cursor(struct rows *rows) {
    rows->cursorless = true;
}

bool rows_have_more(const struct rows *rows) {
    return rows->more;
}

struct span rows_cursor(const struct rows *rows) {
    const struct buffer *cursor = &rows->reader->cursor;
    if (!rows->more || rows->cursorless)
        return (struct span){0};
    return (struct span){cursor->data, cursor->size};
}

void rows_list_name(struct buffer *list, const char *name) {
    if (list->size > 0)
        buffer_text(list, ", ");
    buffer_text(list, name);
}

int rows_bad_cursor(struct span after, struct error *error) {
    return error_set(error, ERROR_USAGE, "after=%.*s is not a cursor that this route gave", (int)after.size,
                     after.data);
}
