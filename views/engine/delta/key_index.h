// The steps of one table's list by key: what a row was at a change, in few looks however often it changed.
// Made for the lists that a statement asks; what came since the last question is added with the next. Memory
// stays for the next list. Used by as_of.c; the list (batch.h) owns it; the list's thread.
#ifndef TIDEMARK_DELTA_KEY_INDEX_H
#define TIDEMARK_DELTA_KEY_INDEX_H

#include "views/engine/delta/step.h"

struct key_index_link;

struct key_index {
    int *newest; // by key: its newest step (probe.h)
    int size;    // of `newest`, a power of two
    int keys;
    struct key_index_link *links; // by step
    int capacity;                 // of `links`
    int count;                    // steps that are in it
};

// The row of the key (`key`: by column number) as it was when the step `number` had been taken: *ret, NULL =
// there was none. 1 = so the list says; 0 = no step of the list is of the key; -1 = out of memory. `steps`:
// all `count` of the list, those of earlier calls first; they have their keys, and know what the row was
// before their chain.
int key_index_find(struct key_index *index, const struct delta_step *steps, int count,
                   const struct table *table, const struct value *key, int64_t number,
                   const struct packed_row **ret);
// The list begins anew, or lost steps.
void key_index_clear(struct key_index *index);
void key_index_done(struct key_index *index);

#endif
