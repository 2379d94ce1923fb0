#include "views/engine/read/rows.h"

#include "views/base/real.h"
#include "views/engine/read/page_cursor.h"

#include <assert.h>
#include <math.h>

enum { CURSOR_PLAIN_MAX = 256 };

struct rows *rows_open(struct reader *reader, struct statement *statement, const char *what, int limit) {
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
    return sqlite3_column_name(rows->statement->stmt, column);
}

struct span rows_member(const struct rows *rows, int column) {
    const struct statement *statement = rows->statement;
    size_t begin = column == 0 ? 0 : statement->forms[column - 1].member_end;
    return (struct span){statement->members.data + begin, statement->forms[column].member_end - begin};
}

void rows_cell(const struct rows *rows, int column, struct cell *ret) {
    const struct column_form *form = &rows->statement->forms[column];
    // Unprotected, as SQLite calls it: ours alone while the connection belongs to this thread.
    sqlite3_value *value = sqlite3_column_value(rows->statement->stmt, column);
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

void rows_bind_value(sqlite3_stmt *stmt, int index, struct span value) {
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

void rows_bind_cell(sqlite3_stmt *stmt, int index, const struct cell *cell) {
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

// Whether `text` goes into a URL's and a header's value as it is, and back to the same text.
static bool rows_is_own_cursor(struct span text) {
    int64_t integer;
    double real;
    if (text.size == 0 || text.size > CURSOR_PLAIN_MAX || integer_parse(text, &integer) ||
        real_parse(text, &real))
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~' || strchr("%&+#", text.data[i]) != NULL)
            return false;
    return true;
}

// The first column of the last row: its own text where that reads back as the same value, so that a person
// can write it, else encoded.
static void rows_make_column_cursor(struct rows *rows, struct buffer *out) {
    struct cell cell;
    struct cell back;
    char real[REAL_TEXT_SIZE];
    size_t size;
    rows_cell(rows, 0, &cell);
    switch (cell.kind) {
    case CELL_NULL:
        rows->no_cursor = "another page follows, and the first column of this one's last row is NULL: "
                          "nothing comes after NULL";
        return;
    case CELL_INTEGER:
    case CELL_BOOLEAN:
    case CELL_DECIMAL:
        buffer_integer(out, cell.integer);
        return;
    case CELL_TEXT:
        if (rows_is_own_cursor(cell.bytes) &&
            !cursor_read(cell.bytes, CURSOR_COLUMN, &rows->reader->scratch, &back, 1)) {
            buffer_append(out, cell.bytes.data, cell.bytes.size);
            return;
        }
        break;
    case CELL_REAL:
        size = real_write(cell.real, real);
        if (isfinite(cell.real) && memchr(real, '.', size) != NULL) {
            buffer_append(out, real, size);
            return;
        }
        break;
    case CELL_BLOB:
        break;
    }
    cursor_write(out, CURSOR_COLUMN, &cell, 1);
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
        rows_make_column_cursor(rows, out);
    } else {
        cells[0] = (struct cell){.kind = CELL_INTEGER, .integer = rows->passed + rows->given};
        cursor_write(out, CURSOR_OFFSET, cells, 1);
    }
    if (out->size > READ_CURSOR_SIZE_MAX)
        rows->no_cursor = "another page follows, and the key of this one's last row is too long for a cursor";
    else if (out->failed)
        rows->no_cursor = "out of memory";
}

int rows_next(struct rows *rows, struct error *error) {
    if (!rows->open)
        return 0;
    int code = sqlite3_step(rows->statement->stmt);
    if (code == SQLITE_ROW && rows->given < rows->limit) {
        rows->given++;
        if (rows->given == rows->limit && rows->pages)
            rows_make_cursor(rows);
        return 1;
    }
    rows->more = code == SQLITE_ROW && rows->pages;
    int status = 0;
    if (rows->more && rows->no_cursor != NULL)
        status = error_set(error, ERROR_INPUT, "%s: %s", rows->what, rows->no_cursor);
    else if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = reader_error(rows->reader, rows->what, error);
    rows_close(rows);
    return status;
}

struct span rows_cursor(const struct rows *rows) {
    const struct buffer *cursor = &rows->reader->cursor;
    if (!rows->more)
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
