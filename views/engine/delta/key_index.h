// By key, the steps of one table's list (delta.h): what a row was at a change, in few looks however often it
// changed. Kept for the lists that a statement asks; what came since the last question is added with the
// next. Memory stays for the next list. Inside views only (delta.c, delta_as_of.c); the list's thread.
#ifndef TIDEMARK_DELTA_KEY_INDEX_H
#define TIDEMARK_DELTA_KEY_INDEX_H

#include "views/engine/row/packed_row.h"

struct delta_list;
struct key_index_link;

struct key_index {
    int *newest; // open addressing by key: its newest step, -1 = free
    int size;    // of `newest`, a power of two
    int keys;
    struct key_index_link *links; // by step
    int capacity;                 // of `links`
    int count;                    // steps that are in it
};

// The row of the key (`key`: by column number) as it was when the step `number` had been taken: *ret, NULL =
// there was none. 1 = so the list says; 0 = no step of the list is of the key; -1 = out of memory. Steps of
// the list must have their keys, and know what the row was before their chain.
int key_index_find(struct delta_list *list, const struct table *table, const struct value *key,
                   int64_t number, const struct packed_row **ret);
// The list begins anew, or lost steps.
void key_index_clear(struct key_index *index);
void key_index_done(struct key_index *index);

#endif
