#include "views/engine/delta/batch.h"

#include "views/base/bounds.h"
#include "views/base/cleanup.h"

#include <stdlib.h>

enum {
    BATCH_FIRST_CAPACITY = BOUND(256, 4),
    EXPECTED_STEPS = 12, // steps ahead, of which the row and the chain are asked for
    EXPECTED_ROWS = 6,   // and of which the row before, once the chain is there
};

struct delta_batch {
    const struct catalog *catalog;
    struct delta_list *lists; // by table number
    struct arena arena;
    int steps;  // of all lists
    int number; // of the newest
    int statements;
    int *seen; // by statement, then by table number
};

int delta_batch_new(struct delta_batch **ret, const struct catalog *catalog, int statements,
                    struct error *error) {
    CLEANUP(delta_batch_free) struct delta_batch *batch = calloc(1, sizeof *batch);
    if (batch != NULL) {
        size_t tables = (size_t)catalog->table_count;
        batch->catalog = catalog;
        batch->statements = statements;
        batch->lists = calloc(tables, sizeof *batch->lists);
        batch->seen = calloc((size_t)statements * tables + 1, sizeof *batch->seen);
    }
    if (batch == NULL || batch->lists == NULL || batch->seen == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int i = 0; i < catalog->table_count; i++)
        batch->lists[i].pending.table = &catalog->tables[i];
    *ret = batch;
    batch = NULL;
    return 0;
}

void delta_batch_free(struct delta_batch **batch) {
    struct delta_batch *b = *batch;
    if (b == NULL)
        return;
    for (int i = 0; b->lists != NULL && i < b->catalog->table_count; i++) {
        free(b->lists[i].steps);
        newest_done(&b->lists[i].pending);
        key_index_done(&b->lists[i].index);
    }
    free(b->lists);
    free(b->seen);
    arena_free(&b->arena);
    free(b);
    *batch = NULL;
}

struct delta_list *delta_list(struct delta_batch *batch, const struct table *table) {
    return &batch->lists[table->index];
}

struct delta_list *delta_lists(struct delta_batch *batch) {
    return batch->lists;
}

void delta_expect(const struct delta_list *list, int at, bool first) {
    const struct delta_step *steps = list->steps;
    if (at + EXPECTED_STEPS < list->count) {
        const struct delta_step *far = &steps[at + EXPECTED_STEPS];
        delta_step_fetch_row(far->row);
        fetch_soon(&steps[first || far->previous < 0 ? far->first : far->previous], sizeof *steps);
    }
    if (at + EXPECTED_ROWS < list->count) {
        const struct delta_step *near = &steps[at + EXPECTED_ROWS];
        delta_step_fetch_row(first || near->previous < 0 ? steps[near->first].before
                                                         : steps[near->previous].row);
    }
}

int *delta_seen(struct delta_batch *batch, int statement) {
    return batch->seen + (ptrdiff_t)statement * batch->catalog->table_count;
}

struct delta_step *delta_add(struct delta_batch *batch, const struct table *table) {
    struct delta_list *list = &batch->lists[table->index];
    if (list->count == list->capacity) {
        // by a quarter: doubled, half of the room would often stay empty
        int capacity = list->capacity == 0 ? BATCH_FIRST_CAPACITY : list->capacity + list->capacity / 4;
        struct delta_step *grown = realloc(list->steps, (size_t)capacity * sizeof *grown);
        if (grown == NULL)
            return NULL;
        list->steps = grown;
        list->capacity = capacity;
    }
    struct delta_step *step = &list->steps[list->count];
    *step =
        (struct delta_step){.first = list->count, .previous = -1, .number = ++batch->number, .last = true};
    list->count++;
    batch->steps++;
    return step;
}

struct packed_row *delta_pack(struct delta_batch *batch, const struct table *table,
                              const struct value *values) {
    size_t size = packed_row_size(values, table->column_count);
    struct packed_row *row = arena_take(&batch->arena, size);
    if (row != NULL)
        packed_row_put(row, size, values, table->column_count);
    return row;
}

struct packed_row *delta_pack_over(struct delta_batch *batch, const struct change *change,
                                   const struct delta_step *over, uint32_t *ret_room) {
    const struct change_packed *packed = &change->packed;
    int count = change->table->column_count;
    size_t size = packed->row != NULL ? packed->size : packed_row_size(change->values, count);
    bool fits = over != NULL && size <= over->room;
    struct packed_row *row = fits ? over->row : arena_take(&batch->arena, size);
    if (row == NULL)
        return NULL;
    if (packed->row != NULL)
        memcpy(row, packed->row, size);
    else
        packed_row_put(row, size, change->values, count);
    *ret_room = fits ? over->room : (uint32_t)size;
    return row;
}

bool delta_is_full(const struct delta_batch *batch) {
    return batch->steps >= DELTA_STEPS_MAX || arena_used(&batch->arena) >= DELTA_BYTES_MAX;
}

bool delta_has_enough(const struct delta_batch *batch) {
    return batch->steps >= DELTA_STEPS_MAX - DELTA_STEPS_MAX / DELTA_SPARE_PART ||
           arena_used(&batch->arena) >= DELTA_BYTES_MAX - DELTA_BYTES_MAX / DELTA_SPARE_PART;
}

void delta_take_back(struct delta_batch *batch, const struct table *table, int count) {
    struct delta_list *list = &batch->lists[table->index];
    batch->steps -= list->count - count;
    list->count = count;
    if (list->recalled > count)
        list->recalled = count;
    if (list->written > count)
        list->written = count;
    if (list->index.count > count)
        key_index_clear(&list->index);
}

void delta_reset(struct delta_batch *batch) {
    for (int i = 0; i < batch->catalog->table_count; i++) {
        newest_clear(&batch->lists[i].pending);
        batch->lists[i].count = batch->lists[i].recalled = batch->lists[i].written = 0;
        batch->lists[i].has_reads = batch->lists[i].has_joints = false;
        key_index_clear(&batch->lists[i].index);
    }
    memset(batch->seen, 0, (size_t)(batch->statements * batch->catalog->table_count) * sizeof *batch->seen);
    batch->steps = batch->number = 0;
    arena_reset(&batch->arena);
}
