#include "views/engine/read/page_cursor.h"

#include "views/base/base64.h"
#include "views/base/cleanup.h"
#include "views/base/real.h"

// A kind's letter, then the cells: "n", "i42;", "r" + the double's text + ";", "t5:hello", "b5:bytes".

static void page_cursor_write_sized(struct buffer *plain, char letter, struct span bytes) {
    buffer_char(plain, letter);
    buffer_integer(plain, (int64_t)bytes.size);
    buffer_char(plain, ':');
    buffer_append(plain, bytes.data, bytes.size);
}

static void page_cursor_write_cell(struct buffer *plain, const struct cell *cell) {
    char real[REAL_TEXT_SIZE];
    switch (cell->kind) {
    case CELL_NULL:
        buffer_char(plain, 'n');
        break;
    case CELL_INTEGER:
    case CELL_BIGINT:
    case CELL_BOOLEAN:
    case CELL_DECIMAL:
        buffer_char(plain, 'i');
        buffer_integer(plain, cell->integer);
        buffer_char(plain, ';');
        break;
    case CELL_REAL:
        buffer_char(plain, 'r');
        buffer_append(plain, real, real_write(cell->real, real));
        buffer_char(plain, ';');
        break;
    case CELL_TEXT:
    case CELL_JSON:
        page_cursor_write_sized(plain, 't', cell->bytes);
        break;
    case CELL_BLOB:
        page_cursor_write_sized(plain, 'b', cell->bytes);
        break;
    }
}

void cursor_write(struct buffer *out, enum cursor_kind kind, const struct cell *cells, int count) {
    CLEANUP(buffer_free) struct buffer plain = {0};
    buffer_char(&plain, (char)kind);
    for (int i = 0; i < count; i++)
        page_cursor_write_cell(&plain, &cells[i]);
    if (plain.failed)
        out->failed = true;
    else
        base64_write_url(out, (struct span){plain.data, plain.size});
}

// What stands before `end`, and passes over both.
static bool page_cursor_take_until(struct span *rest, char end, struct span *ret) {
    const char *at = rest->size > 0 ? memchr(rest->data, end, rest->size) : NULL;
    if (at == NULL)
        return false;
    *ret = (struct span){rest->data, (size_t)(at - rest->data)};
    *rest = (struct span){at + 1, rest->size - ret->size - 1};
    return true;
}

static bool read_sized(struct span *rest, struct span *ret) {
    struct span digits;
    int64_t size = 0;
    if (!page_cursor_take_until(rest, ':', &digits) || !integer_parse(digits, &size) || size < 0 ||
        (uint64_t)size > rest->size)
        return false;
    *ret = (struct span){rest->data, (size_t)size};
    *rest = (struct span){rest->data + size, rest->size - (size_t)size};
    return true;
}

static bool read_cell(struct span *rest, struct cell *ret) {
    if (rest->size == 0)
        return false;
    char letter = rest->data[0];
    *rest = (struct span){rest->data + 1, rest->size - 1};
    struct span digits;
    *ret = (struct cell){.kind = CELL_NULL};
    switch (letter) {
    case 'n':
        return true;
    case 'i':
        ret->kind = CELL_INTEGER;
        return page_cursor_take_until(rest, ';', &digits) && integer_parse(digits, &ret->integer);
    case 'r':
        ret->kind = CELL_REAL;
        return page_cursor_take_until(rest, ';', &digits) && real_parse(digits, &ret->real);
    case 't':
    case 'b':
        ret->kind = letter == 't' ? CELL_TEXT : CELL_BLOB;
        return read_sized(rest, &ret->bytes);
    default:
        return false;
    }
}

bool cursor_read(struct span text, enum cursor_kind kind, struct buffer *scratch, struct cell *cells,
                 int count) {
    buffer_clear(scratch);
    if (!base64_read(scratch, text) || scratch->size == 0 || scratch->data[0] != (char)kind)
        return false;
    struct span rest = {scratch->data + 1, scratch->size - 1};
    for (int i = 0; i < count; i++)
        if (!read_cell(&rest, &cells[i]))
            return false;
    return rest.size == 0;
}
