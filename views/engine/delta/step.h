// One step of a table's list: an accepted change of one row. Plain data; the list and its memory are
// batch.h's.
#ifndef TIDEMARK_DELTA_STEP_H
#define TIDEMARK_DELTA_STEP_H

#include "views/base/fetch.h"
#include "views/engine/row/packed_row.h"

enum { STEP_SMALL_MASK = 0xf };

// Steps of the same row between two flushes are a chain.
struct delta_step {
    // The row after the change, all columns. A deleted row in a chain has at least its keys; else NULL.
    struct packed_row *row;
    // The row before the change, its used columns; NULL = there was none. Only a chain's first step has it,
    // once it was recalled.
    const struct packed_row *before;
    int64_t lsn;
    int64_t txid;
    int64_t ts_ms;
    int first;    // of its chain, in the table's list
    int previous; // in its chain, -1 = it is the first
    int number;   // among those of all tables, in the order of acceptance, from 1
    uint8_t op;   // enum change_op
    // enum mirror_upsert: how an accepted step's row is written. A chain's steps have the same.
    uint8_t upsert : 4;
    uint8_t
        finds : 4; // enum mirror_finds: what a chain's first change finds of its row. With its last step, where that is the same
    bool last;     // of its chain
    bool deleted;  // it deletes the row
    bool accepted; // through the pending ones
    bool pending;  // not written yet; of no meaning once its list has nothing pending
    bool ended;    // its transaction is whole
    bool snapshot;
    uint32_t room; // bytes that `row` has where it lies, 0 = not told
};

// The row that has the step's key. A delete that was written at once has only the row that it deleted.
static inline const struct packed_row *delta_step_key(const struct delta_step *step) {
    return step->row != NULL ? step->row : step->before;
}

enum { STEP_FETCHED_BYTES = 192 }; // of a row: most have their columns' places and cells in these

// The row is looked at soon. NULL = there is none.
static inline void delta_step_fetch_row(const struct packed_row *row) {
    fetch_soon(row, STEP_FETCHED_BYTES);
}

#endif
