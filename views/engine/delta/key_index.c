#include "views/engine/delta/key_index.h"

#include "views/base/bounds.h"
#include "views/base/probe.h"
#include "views/engine/row/key.h"

#include <stdlib.h>

enum { FIRST_SIZE = BOUND(256, 4) };

// A step among those of its key. Each knows one that is further back, so chosen that any is reached in a
// logarithm of steps (Myers' random access list).
struct key_index_link {
    int older; // -1 = it is the first
    int jump;  // the first: itself
    int depth; // older ones
};

void key_index_done(struct key_index *index) {
    free(index->newest);
    free(index->links);
    *index = (struct key_index){0};
}

void key_index_clear(struct key_index *index) {
    if (index->keys > 0)
        probe_clear(index->newest, (size_t)index->size);
    index->keys = index->count = 0;
}

// Where the key's newest step is or would be.
static int *key_index_bucket_of(const struct key_index *index, const struct delta_step *steps,
                                const struct table *table, const struct value *key) {
    size_t size = (size_t)index->size;
    size_t bucket = probe_first(key_hash(table, key), size);
    while (index->newest[bucket] != PROBE_FREE &&
           !key_equal(table, delta_step_key(&steps[index->newest[bucket]]), key))
        bucket = probe_next(bucket, size);
    return &index->newest[bucket];
}

static int key_index_grow(struct key_index *index, const struct delta_step *steps,
                          const struct table *table) {
    struct key_index grown = *index;
    grown.size = index->size == 0 ? FIRST_SIZE : index->size * 2;
    grown.newest = probe_new((size_t)grown.size);
    if (grown.newest == NULL)
        return -1;
    for (int i = 0; i < index->size; i++)
        if (index->newest[i] >= 0) {
            struct value key[TABLE_COLUMNS_MAX];
            packed_row_key(delta_step_key(&steps[index->newest[i]]), table, key);
            *key_index_bucket_of(&grown, steps, table, key) = index->newest[i];
        }
    free(index->newest);
    *index = grown;
    return 0;
}

static int key_index_make_room(struct key_index *index, int count) {
    if (count <= index->capacity)
        return 0;
    int capacity = index->capacity == 0 ? FIRST_SIZE : index->capacity + index->capacity / 4;
    if (capacity < count)
        capacity = count;
    struct key_index_link *grown = realloc(index->links, (size_t)capacity * sizeof *grown);
    if (grown == NULL)
        return -1;
    index->links = grown;
    index->capacity = capacity;
    return 0;
}

static struct key_index_link key_index_link_to(const struct key_index *index, int step, int older) {
    if (older < 0)
        return (struct key_index_link){.older = -1, .jump = step};
    const struct key_index_link *from = &index->links[older];
    const struct key_index_link *to = &index->links[from->jump];
    bool as_far = from->depth - to->depth == to->depth - index->links[to->jump].depth;
    return (struct key_index_link){
        .older = older, .jump = as_far ? to->jump : older, .depth = from->depth + 1};
}

static int key_index_add_steps(struct key_index *index, const struct delta_step *steps, int count,
                               const struct table *table) {
    if (key_index_make_room(index, count) != 0)
        return -1;
    for (; index->count < count; index->count++) {
        if (index->keys >= index->size / 2 && key_index_grow(index, steps, table) != 0)
            return -1;
        struct value key[TABLE_COLUMNS_MAX];
        packed_row_key(delta_step_key(&steps[index->count]), table, key);
        int *newest = key_index_bucket_of(index, steps, table, key);
        index->keys += *newest < 0;
        index->links[index->count] = key_index_link_to(index, index->count, *newest);
        *newest = index->count;
    }
    return 0;
}

int key_index_find(struct key_index *index, const struct delta_step *steps, int count,
                   const struct table *table, const struct value *key, int64_t number,
                   const struct packed_row **ret) {
    *ret = NULL;
    if (count == 0)
        return 0;
    if (index->count < count && key_index_add_steps(index, steps, count, table) != 0)
        return -1;
    int at = *key_index_bucket_of(index, steps, table, key);
    if (at < 0)
        return 0;
    int later = at; // than `number`, once there is one
    while (at >= 0 && steps[at].number > number) {
        const struct key_index_link *link = &index->links[at];
        later = at;
        at = link->jump != at && steps[link->jump].number > number ? link->jump : link->older;
    }
    if (at < 0)
        *ret = steps[later].before;
    else
        *ret = steps[at].deleted ? NULL : steps[at].row;
    return 1;
}
