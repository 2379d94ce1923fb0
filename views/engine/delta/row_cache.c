#include "views/engine/delta/row_cache.h"

#include "views/engine/row/key.h"
#include "views/engine/sqlite/sqlite_value.h"
#include "views/engine/sqlite/stmt.h"

#include <stdalign.h>
#include <stdlib.h>

struct cached_row {
    struct cached_row *next; // of those that have gone
    size_t size;
    alignas(union packed_cell) char row[]; // struct packed_row
};

static struct packed_row *row_cache_packed(struct cached_row *row) {
    return (struct packed_row *)(void *)row->row;
}

static struct cached_row **row_cache_place_of(const struct row_cache *kept, const struct table *table,
                                              const struct value *key) {
    return &kept->rows[key_hash(table, key) % ROW_CACHE_PLACES];
}

const struct packed_row *row_cache_find(const struct row_cache *kept, const struct table *table,
                                        const struct value *key) {
    if (kept->rows == NULL)
        return NULL;
    struct cached_row *row = *row_cache_place_of(kept, table, key);
    return row != NULL && key_equal(table, row_cache_packed(row), key) ? row_cache_packed(row) : NULL;
}

static struct cached_row *row_cache_copy_row(const struct table *table, sqlite3_stmt *from,
                                             const int *places) {
    struct value values[TABLE_COLUMNS_MAX];
    int count = table->column_count;
    for (int i = 0; i < count; i++) {
        values[i] = (struct value){.kind = VALUE_ABSENT};
        if (places[i] >= 0 &&
            sqlite_value_borrow(sqlite3_column_value(from, places[i]), &values[i]) != SQLITE_OK)
            return NULL;
    }
    size_t size = packed_row_size(values, count);
    struct cached_row *row =
        size <= ROW_CACHE_GONE_BYTES ? malloc(offsetof(struct cached_row, row) + size) : NULL;
    if (row == NULL)
        return NULL;
    row->next = NULL;
    row->size = offsetof(struct cached_row, row) + size;
    packed_row_put(row_cache_packed(row), size, values, count);
    return row;
}

// A statement may still show it.
static void row_cache_let_go(struct row_cache *kept, struct cached_row **place) {
    struct cached_row *row = *place;
    if (row == NULL)
        return;
    row->next = kept->gone;
    kept->gone = row;
    kept->bytes -= row->size;
    kept->gone_bytes += row->size;
    *place = NULL;
}

const struct packed_row *row_cache_add(struct row_cache *kept, const struct table *table,
                                       struct sqlite3_stmt *from, const int *places) {
    if (kept->rows == NULL)
        kept->rows = calloc(ROW_CACHE_PLACES, sizeof(struct cached_row *));
    struct cached_row *row = kept->rows != NULL && kept->gone_bytes < ROW_CACHE_GONE_BYTES
                                 ? row_cache_copy_row(table, from, places)
                                 : NULL;
    if (row == NULL)
        return NULL;
    struct value key[TABLE_COLUMNS_MAX];
    packed_row_key(row_cache_packed(row), table, key);
    struct cached_row **place = row_cache_place_of(kept, table, key);
    if (*place == NULL && kept->bytes + row->size > ROW_CACHE_BYTES) {
        free(row);
        return NULL;
    }
    row_cache_let_go(kept, place);
    *place = row;
    kept->bytes += row->size;
    return row_cache_packed(row);
}

static void row_cache_free_gone(struct row_cache *kept) {
    struct cached_row *next;
    for (struct cached_row *row = kept->gone; row != NULL; row = next) {
        next = row->next;
        free(row);
    }
    kept->gone = NULL;
    kept->gone_bytes = 0;
}

void row_cache_settle(struct row_cache *kept, const struct table *table, const struct delta_step *steps,
                      int count) {
    if (kept->rows == NULL)
        return;
    for (int i = 0; i < count; i++) {
        struct value key[TABLE_COLUMNS_MAX];
        packed_row_key(delta_step_key(&steps[i]), table, key);
        if (row_cache_find(kept, table, key) != NULL)
            row_cache_let_go(kept, row_cache_place_of(kept, table, key));
    }
    row_cache_free_gone(kept);
}

void row_cache_clear(struct row_cache *kept) {
    for (int i = 0; kept->rows != NULL && i < ROW_CACHE_PLACES; i++)
        row_cache_let_go(kept, &kept->rows[i]);
    row_cache_free_gone(kept);
    free(kept->rows);
    *kept = (struct row_cache){0};
}
