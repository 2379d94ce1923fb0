#include "http/result.h"

#include "http/render.h"
#include "views/base/hash.h"

#include <stdlib.h>

void result_clear(struct result *result) {
    buffer_clear(&result->text);
    result->count = 0;
    for (int i = 0; i < result->index_size; i++)
        result->index[i] = -1;
}

void result_free(struct result *result) {
    free(result->rows);
    free(result->index);
    buffer_free(&result->text);
    *result = (struct result){0};
}

static struct span result_row_text(const struct result *result, const struct result_row *row) {
    return (struct span){result->text.data + row->row_at, row->row_size};
}

static struct span result_key_text(const struct result *result, const struct result_row *row) {
    return row->key_size > 0 ? (struct span){result->text.data + row->key_at, row->key_size}
                             : result_row_text(result, row);
}

// Where the row with that key is in the index, or the free place where it would be.
static int result_place(const struct result *result, uint64_t hash, struct span key, uint32_t times) {
    int place = (int)(hash % (uint64_t)result->index_size);
    for (; result->index[place] >= 0; place = (place + 1) % result->index_size) {
        const struct result_row *row = &result->rows[result->index[place]];
        if (row->hash == hash && row->times == times && span_equal(result_key_text(result, row), key))
            break;
    }
    return place;
}

static bool result_grow(struct result *result) {
    if (result->count < result->capacity)
        return true;
    int capacity = result->capacity > 0 ? result->capacity * 2 : 64;
    struct result_row *rows = realloc(result->rows, (size_t)capacity * sizeof *rows);
    if (rows == NULL)
        return false;
    result->rows = rows;
    int *index = malloc(2 * (size_t)capacity * sizeof *index);
    if (index == NULL)
        return false;
    free(result->index);
    result->index = index;
    result->index_size = 2 * capacity;
    result->capacity = capacity;
    for (int i = 0; i < result->index_size; i++)
        index[i] = -1;
    for (int i = 0; i < result->count; i++) {
        const struct result_row *row = &rows[i];
        index[result_place(result, row->hash, result_key_text(result, row), row->times)] = i;
    }
    return true;
}

static void result_write_key(struct result *result, const struct rows *rows, const struct result_key *key) {
    for (int i = 0; i < key->count; i++) {
        struct span member = rows_member(rows, key->columns[i]);
        struct cell cell;
        buffer_char(&result->text, i == 0 ? '{' : ',');
        buffer_append(&result->text, member.data + 1, member.size - 1); // without its own { or ,
        rows_cell(rows, key->columns[i], &cell);
        render_cell(&result->text, &cell, result->bigint);
    }
    if (key->count > 0)
        buffer_char(&result->text, '}');
}

// False where two rows have one key.
static bool result_add(struct result *result, const struct rows *rows, const struct result_key *key) {
    struct result_row row = {.key_at = (uint32_t)result->text.size};
    result_write_key(result, rows, key);
    row.row_at = (uint32_t)result->text.size;
    row.key_size = row.row_at - row.key_at;
    render_row(&result->text, rows, result->bigint);
    if (result->text.failed)
        return true;
    row.row_size = (uint32_t)result->text.size - row.row_at;
    struct span name = result_key_text(result, &row);
    row.hash = hash_bytes(HASH_SEED, name);
    int place = result_place(result, row.hash, name, 0);
    while (result->index[place] >= 0) {
        if (key->count > 0)
            return false;
        place = result_place(result, row.hash, name, ++row.times);
    }
    result->index[place] = result->count;
    result->rows[result->count++] = row;
    return true;
}

enum result_outcome result_read(struct result *result, struct rows *rows, const struct result_key *key,
                                struct error *error) {
    result_clear(result);
    result->text.limit = RESULT_BYTES_MAX;
    int row;
    while ((row = rows_next(rows, error)) == 1) {
        if (result->count == RESULT_ROWS_MAX)
            return RESULT_TOO_LARGE;
        if (!result_grow(result)) {
            (void)error_set(error, ERROR_SYSTEM, "out of memory");
            return RESULT_FAILED;
        }
        if (!result_add(result, rows, key))
            return RESULT_TWINS;
        if (result->text.full)
            return RESULT_TOO_LARGE;
    }
    if (row == 0 && result->text.failed)
        row = error_set(error, ERROR_SYSTEM, "out of memory");
    return row < 0 ? RESULT_FAILED : RESULT_READ;
}

void result_write_rows(const struct result *result, struct buffer *out) {
    buffer_char(out, '[');
    for (int i = 0; i < result->count; i++) {
        struct span text = result_row_text(result, &result->rows[i]);
        if (i > 0)
            buffer_char(out, ',');
        buffer_append(out, text.data, text.size);
    }
    buffer_char(out, ']');
}

static struct result_row *result_find(struct result *result, uint64_t hash, struct span key, uint32_t times) {
    int place = result->index_size > 0 ? result->index[result_place(result, hash, key, times)] : -1;
    return place >= 0 ? &result->rows[place] : NULL;
}

static void result_write_item(struct buffer *out, bool *first, struct span text) {
    if (!*first)
        buffer_char(out, ',');
    *first = false;
    buffer_append(out, text.data, text.size);
}

// The rows that `before` lacks, or that it has otherwise. True when there is one.
static bool result_write_new(struct result *before, const struct result *after, bool changed,
                             struct buffer *out) {
    bool first = true;
    for (int i = 0; i < after->count; i++) {
        const struct result_row *row = &after->rows[i];
        struct span text = result_row_text(after, row);
        struct result_row *old = result_find(before, row->hash, result_key_text(after, row), row->times);
        if (old != NULL)
            old->met = true;
        bool differs = old != NULL && !span_equal(result_row_text(before, old), text);
        if (changed ? differs : old == NULL)
            result_write_item(out, &first, text);
    }
    return !first;
}

static bool result_write_gone(const struct result *before, struct buffer *out) {
    bool first = true;
    for (int i = 0; i < before->count; i++)
        if (!before->rows[i].met)
            result_write_item(out, &first, result_key_text(before, &before->rows[i]));
    return !first;
}

bool result_write_changes(struct result *before, const struct result *after, struct buffer *out) {
    size_t size = out->size;
    for (int i = 0; i < before->count; i++)
        before->rows[i].met = false;
    buffer_text(out, "\"added\":[");
    bool any = result_write_new(before, after, false, out);
    buffer_text(out, "],\"changed\":[");
    any |= result_write_new(before, after, true, out);
    buffer_text(out, "],\"removed\":[");
    any |= result_write_gone(before, out);
    buffer_char(out, ']');
    if (!any && !out->failed)
        out->size = size;
    return any;
}
