#include "views/engine/delta/row_cache.h"

#include "views/engine/row/key.h"
#include "views/engine/sqlite/sqlite_value.h"
#include "views/engine/sqlite/stmt.h"

#include <stdalign.h>
#include <stdlib.h>

struct cached_row {
    struct cached_row *next; // of those that were evicted
    size_t size;
    alignas(union packed_cell) char row[]; // struct packed_row
};

static struct packed_row *row_cache_packed(struct cached_row *row) {
    return (struct packed_row *)(void *)row->row;
}

static struct cached_row **row_cache_bucket_of(const struct row_cache *cache, const struct table *table,
                                               const struct value *key) {
    return &cache->rows[key_hash(table, key) % ROW_CACHE_BUCKETS];
}

const struct packed_row *row_cache_find(const struct row_cache *cache, const struct table *table,
                                        const struct value *key) {
    if (cache->rows == NULL)
        return NULL;
    struct cached_row *row = *row_cache_bucket_of(cache, table, key);
    return row != NULL && key_equal(table, row_cache_packed(row), key) ? row_cache_packed(row) : NULL;
}

static struct cached_row *row_cache_copy_row(const struct table *table, sqlite3_stmt *from,
                                             const int *columns_at) {
    struct value values[TABLE_COLUMNS_MAX];
    int count = table->column_count;
    for (int i = 0; i < count; i++) {
        values[i] = (struct value){.kind = VALUE_ABSENT};
        if (columns_at[i] >= 0 &&
            sqlite_value_borrow(sqlite3_column_value(from, columns_at[i]), &values[i]) != SQLITE_OK)
            return NULL;
    }
    size_t size = packed_row_size(values, count);
    struct cached_row *row =
        size <= ROW_CACHE_EVICTED_BYTES ? malloc(offsetof(struct cached_row, row) + size) : NULL;
    if (row == NULL)
        return NULL;
    row->next = NULL;
    row->size = offsetof(struct cached_row, row) + size;
    packed_row_put(row_cache_packed(row), size, values, count);
    return row;
}

// A statement may still show it.
static void row_cache_evict(struct row_cache *cache, struct cached_row **bucket) {
    struct cached_row *row = *bucket;
    if (row == NULL)
        return;
    row->next = cache->evicted;
    cache->evicted = row;
    cache->bytes -= row->size;
    cache->evicted_bytes += row->size;
    *bucket = NULL;
}

const struct packed_row *row_cache_add(struct row_cache *cache, const struct table *table,
                                       struct sqlite3_stmt *from, const int *columns_at) {
    if (cache->rows == NULL)
        cache->rows = calloc(ROW_CACHE_BUCKETS, sizeof(struct cached_row *));
    struct cached_row *row = cache->rows != NULL && cache->evicted_bytes < ROW_CACHE_EVICTED_BYTES
                                 ? row_cache_copy_row(table, from, columns_at)
                                 : NULL;
    if (row == NULL)
        return NULL;
    struct value key[TABLE_COLUMNS_MAX];
    packed_row_key(row_cache_packed(row), table, key);
    struct cached_row **bucket = row_cache_bucket_of(cache, table, key);
    if (*bucket == NULL && cache->bytes + row->size > ROW_CACHE_BYTES) {
        free(row);
        return NULL;
    }
    row_cache_evict(cache, bucket);
    *bucket = row;
    cache->bytes += row->size;
    return row_cache_packed(row);
}

static void row_cache_free_evicted(struct row_cache *cache) {
    struct cached_row *next;
    for (struct cached_row *row = cache->evicted; row != NULL; row = next) {
        next = row->next;
        free(row);
    }
    cache->evicted = NULL;
    cache->evicted_bytes = 0;
}

void row_cache_invalidate(struct row_cache *cache, const struct table *table, const struct delta_step *steps,
                          int count) {
    if (cache->rows == NULL)
        return;
    for (int i = 0; i < count; i++) {
        struct value key[TABLE_COLUMNS_MAX];
        packed_row_key(delta_step_key(&steps[i]), table, key);
        if (row_cache_find(cache, table, key) != NULL)
            row_cache_evict(cache, row_cache_bucket_of(cache, table, key));
    }
    row_cache_free_evicted(cache);
}

void row_cache_clear(struct row_cache *cache) {
    for (int i = 0; cache->rows != NULL && i < ROW_CACHE_BUCKETS; i++)
        row_cache_evict(cache, &cache->rows[i]);
    row_cache_free_evicted(cache);
    free(cache->rows);
    *cache = (struct row_cache){0};
}
