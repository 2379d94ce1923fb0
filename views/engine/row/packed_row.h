// A row's values in one piece of memory, about as short as the file has them. Batches hold two rows a change,
// and the more changes a commit has, the fewer times a page is written. The layout, read in place:
//   uint16_t a column    where its cell is, from the row's first byte, and in the three lowest bits its kind
//   8 bytes a cell       one for each column that has a value: the number, or where the value's bytes are
//   bytes                of texts and blobs
// Pure. The memory is the caller's, 8-byte aligned, and outlives the row and what was read of it.
#ifndef TIDEMARK_ROW_PACKED_ROW_H
#define TIDEMARK_ROW_PACKED_ROW_H

#include "views/engine/change.h"

#include <assert.h>

enum { PACKED_KIND = 7 };

struct packed_row {
    uint16_t columns[1]; // as many as the table has
};

union packed_cell {
    int64_t integer;
    double real;
    struct {
        uint32_t at; // from the row's first byte
        uint32_t size;
    } bytes;
};

static_assert(sizeof(union packed_cell) == 8, "as the layout says");
static_assert(TABLE_COLUMNS_MAX * (sizeof(uint16_t) + sizeof(union packed_cell)) <= UINT16_MAX,
              "has a place");
static_assert((int)VALUE_UNAVAILABLE <= (int)PACKED_KIND, "fits three bits");

// Bytes of a text or a blob, 0 of all else.
static inline size_t value_bytes(const struct value *value) {
    return value_has_bytes(value) ? value->bytes.size : 0;
}

static inline bool value_has_cell(const struct value *value) {
    return value->kind == VALUE_INTEGER || value->kind == VALUE_REAL || value_has_bytes(value);
}

static inline size_t packed_row_cells(int count) {
    size_t columns = (size_t)count * sizeof(uint16_t);
    return (columns + sizeof(union packed_cell) - 1) / sizeof(union packed_cell) * sizeof(union packed_cell);
}

// What packed_row_put needs. A row of 4 GB or more has no place: SIZE_MAX.
static inline size_t packed_row_size(const struct value *values, int count) {
    size_t size = packed_row_cells(count);
    for (int i = 0; i < count; i++)
        size += (value_has_cell(&values[i]) ? sizeof(union packed_cell) : 0) + value_bytes(&values[i]);
    return size <= UINT32_MAX ? size : SIZE_MAX;
}

// `size`: packed_row_size of the same, which `ret` has room for. The bytes are put from the end on, so
// that nothing need know where they begin.
static inline void packed_row_put(struct packed_row *ret, size_t size, const struct value *values,
                                  int count) {
    char *row = (char *)ret;
    size_t at = size;
    size_t place = packed_row_cells(count);
    for (int i = 0; i < count; i++) {
        const struct value *value = &values[i];
        ret->columns[i] = (uint16_t)(place | value->kind);
        if (!value_has_cell(value))
            continue;
        union packed_cell cell = {.integer = value->integer};
        if (value_has_bytes(value)) {
            at -= value->bytes.size;
            cell.bytes.at = (uint32_t)at;
            cell.bytes.size = (uint32_t)value->bytes.size;
            if (value->bytes.size > 0)
                memcpy(row + at, value->bytes.data, value->bytes.size);
        }
        memcpy(row + place, &cell, sizeof cell);
        place += sizeof cell;
    }
}

// Its bytes are the row's.
static inline struct value packed_row_value(const struct packed_row *row, int column) {
    const char *first = (const char *)row;
    uint16_t packed = row->columns[column];
    struct value value = {.kind = (enum value_kind)(packed & PACKED_KIND)};
    if (!value_has_cell(&value))
        return value;
    union packed_cell cell;
    memcpy(&cell, first + (packed & ~PACKED_KIND), sizeof cell);
    if (value_has_bytes(&value))
        value.bytes = (struct span){first + cell.bytes.at, cell.bytes.size};
    else
        value.integer = cell.integer;
    return value;
}

static inline void packed_row_values(const struct packed_row *row, int count, struct value *ret) {
    for (int i = 0; i < count; i++)
        ret[i] = packed_row_value(row, i);
}

// The key columns alone, by column number: a change's `values` need no others to name its row.
static inline void packed_row_key(const struct packed_row *row, const struct table *table,
                                  struct value *ret) {
    for (int i = 0; i < table->key_count; i++)
        ret[table->keys[i]] = packed_row_value(row, table->keys[i]);
}

#endif
