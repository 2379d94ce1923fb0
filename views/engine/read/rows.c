#include "views/engine/read/rows.h"

#include "views/base/real.h"
#include "views/engine/read/page_cursor.h"

#include <assert.h>

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
    int code = sqlite3_step(rows->statement->stmt);
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

void rows_list_name(struct buffer *list, const char *name) {
    if (list->size > 0)
        buffer_text(list, ", ");
    buffer_text(list, name);
}

int rows_bad_cursor(struct span after, struct error *error) {
    return error_set(error, ERROR_USAGE, "after=%.*s is not a cursor that this route gave", (int)after.size,
                     after.data);
}
