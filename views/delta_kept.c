#include "views/delta_kept.h"

#include "views/key.h"
#include "views/stmt.h"
#include "views/stored.h"

#include <stdalign.h>
#include <stdlib.h>

struct kept_row {
    struct kept_row *next; // of those that have gone
    size_t size;
    alignas(union packed_cell) char row[]; // struct packed_row
};

static struct packed_row *packed(struct kept_row *row) {
    return (struct packed_row *)(void *)row->row;
}

static struct kept_row **place_of(const struct delta_kept *kept, const struct table *table,
                                  const struct value *key) {
    return &kept->rows[key_hash(table, key) % DELTA_KEPT_PLACES];
}

const struct packed_row *delta_kept_find(const struct delta_kept *kept, const struct table *table,
                                         const struct value *key) {
    if (kept->rows == NULL)
        return NULL;
    struct kept_row *row = *place_of(kept, table, key);
    return row != NULL && key_equal(table, packed(row), key) ? packed(row) : NULL;
}

static struct kept_row *copy_row(const struct table *table, sqlite3_stmt *from, const int *places) {
    struct value values[TABLE_COLUMNS_MAX];
    int count = table->column_count;
    for (int i = 0; i < count; i++)
        values[i] = places[i] >= 0 ? stored_borrow(sqlite3_column_value(from, places[i]))
                                   : (struct value){.kind = VALUE_ABSENT};
    size_t size = packed_row_size(values, count);
    struct kept_row *row =
        size <= DELTA_KEPT_GONE_BYTES ? malloc(offsetof(struct kept_row, row) + size) : NULL;
    if (row == NULL)
        return NULL;
    row->next = NULL;
    row->size = offsetof(struct kept_row, row) + size;
    packed_row_put(packed(row), size, values, count);
    return row;
}

// A statement may still show it.
static void let_go(struct delta_kept *kept, struct kept_row **place) {
    struct kept_row *row = *place;
    if (row == NULL)
        return;
    row->next = kept->gone;
    kept->gone = row;
    kept->bytes -= row->size;
    kept->gone_bytes += row->size;
    *place = NULL;
}

const struct packed_row *delta_kept_add(struct delta_kept *kept, const struct table *table,
                                        struct sqlite3_stmt *from, const int *places) {
    if (kept->rows == NULL)
        kept->rows = calloc(DELTA_KEPT_PLACES, sizeof(struct kept_row *));
    struct kept_row *row =
        kept->rows != NULL && kept->gone_bytes < DELTA_KEPT_GONE_BYTES ? copy_row(table, from, places) : NULL;
    if (row == NULL)
        return NULL;
    struct value key[TABLE_COLUMNS_MAX];
    packed_row_key(packed(row), table, key);
    struct kept_row **place = place_of(kept, table, key);
    if (*place == NULL && kept->bytes + row->size > DELTA_KEPT_BYTES) {
        free(row);
        return NULL;
    }
    let_go(kept, place);
    *place = row;
    kept->bytes += row->size;
    return packed(row);
}

static void free_gone(struct delta_kept *kept) {
    struct kept_row *next;
    for (struct kept_row *row = kept->gone; row != NULL; row = next) {
        next = row->next;
        free(row);
    }
    kept->gone = NULL;
    kept->gone_bytes = 0;
}

void delta_kept_settle(struct delta_kept *kept, const struct table *table, const struct delta_list *list) {
    if (kept->rows == NULL)
        return;
    for (int i = 0; i < list->count; i++) {
        struct value key[TABLE_COLUMNS_MAX];
        packed_row_key(delta_step_key(&list->steps[i]), table, key);
        if (delta_kept_find(kept, table, key) != NULL)
            let_go(kept, place_of(kept, table, key));
    }
    free_gone(kept);
}

void delta_kept_clear(struct delta_kept *kept) {
    for (int i = 0; kept->rows != NULL && i < DELTA_KEPT_PLACES; i++)
        let_go(kept, &kept->rows[i]);
    free_gone(kept);
    free(kept->rows);
    *kept = (struct delta_kept){0};
}
