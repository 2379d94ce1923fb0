// One step of a table's list: an accepted change of one row. Plain data; the list and its memory are batch.h's.
#ifndef TIDEMARK_DELTA_STEP_H
#define TIDEMARK_DELTA_STEP_H

#include "views/engine/row/packed_row.h"

// Steps of the same row between two flushes are a chain.
struct delta_step {
    // the row after it, of all columns; of a row that is gone at least the keys (in chains)
    const struct packed_row *row;
    // first of its chain, once recalled: the row before it, its used columns; NULL = there was none
    const struct packed_row *before;
    int64_t lsn;
    int64_t txid;
    int64_t ts_ms;
    int first;     // of its chain, in the table's list
    int previous;  // in its chain, -1 = it is the first
    int number;    // among those of all tables, in the order of acceptance, from 1
    uint8_t op;    // enum change_op
    bool last;     // of its chain
    bool gone;     // the row is deleted by it
    bool accepted; // through the pending ones
    bool pending;  // not written yet; of no meaning once its list has nothing pending
    bool ended;    // its transaction is whole
    bool snapshot;
};

// Where the step has its key: what a delete leaves is not there, and a written one is known by what it
// deleted.
static inline const struct packed_row *delta_step_key(const struct delta_step *step) {
    return step->row != NULL ? step->row : step->before;
}

#endif
