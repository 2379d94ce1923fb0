// The changes that one commit brings, from their acceptance until they are written: for each mirrored table
// the list of its steps in their order, the newest step of each key that is not written yet, and how far each
// of the views' statements has seen the lists. There are two batches, so that one is filled while the other
// is written. Owns its memory; knows no SQLite. One thread at a
// time has a batch.
#ifndef TIDEMARK_DELTA_BATCH_H
#define TIDEMARK_DELTA_BATCH_H

#include "views/base/arena.h"
#include "views/base/bounds.h"
#include "views/base/error.h"
#include "views/engine/catalog.h"
#include "views/engine/delta/key_index.h"
#include "views/engine/delta/newest_by_key.h"
#include "views/engine/delta/step.h"

struct delta_batch;

enum {
    // The lists of all tables together: a batch of more is written before another change is accepted.
    DELTA_STEPS_MAX = BOUND(196608, 8),
    DELTA_BYTES_MAX = BOUND(11 << 19, 2048),
    // A batch of all but this part of them is handed over where a transaction ends; one that goes on has the part.
    DELTA_SPARE_PART = 8,
};

// What the views' statements see of a table; set when they are prepared.
struct delta_use {
    int *places;     // of the columns in the file's table, which may be older than the declaration
    bool *used;      // columns that some statement sees of the rows before a change
    bool *looked_up; // columns that some statement looks up when other tables change
    bool has_used;
    bool has_steps; // some statement sees its changes one by one, or its rows as they were at a change
    bool is_looked_up;
};

struct delta_list {
    struct delta_step *steps;
    int count;
    int capacity;
    struct newest_by_key pending;
    int recalled;    // steps before this one know what the row was before their chain
    int written;     // of the steps before this one none is pending
    bool has_reads;  // rows of snapshots are among the pending
    bool has_joints; // a row may have more than one chain
    struct key_index index;
};

// `statements`: of the views, each with a place in every table's list. `catalog` outlives the batch.
int delta_batch_new(struct delta_batch **ret, const struct catalog *catalog, int statements,
                    struct error *error);
void delta_batch_free(struct delta_batch **batch);

struct delta_list *delta_list(struct delta_batch *batch, const struct table *table);
// All lists, by table number.
struct delta_list *delta_lists(struct delta_batch *batch);
// Packs a row into the batch's memory, for a step to point at; it lives until the next delta_reset. `values`:
// of all columns. NULL = no memory.
struct packed_row *delta_pack(struct delta_batch *batch, const struct table *table,
                              const struct value *values);
// The row of an accepted change: in the place of `over`'s row when that has the room, NULL = nowhere.
// *ret_room: the bytes of that place.
struct packed_row *delta_pack_over(struct delta_batch *batch, const struct change *change,
                                   const struct delta_step *over, uint32_t *ret_room);
// Step `at` is looked at soon, with its row and the one before it, and steps behind it one after the other: asks the
// processor for what they point at, a few steps ahead of each other. `first`: the row before its chain is wanted, else the
// one before the step. A batch is larger than the processor's cache, and rows lie in it by the order of their arrival.
void delta_expect(const struct delta_list *list, int at, bool first);
// By table number: the first step that the statement has not seen.
int *delta_seen(struct delta_batch *batch, int statement);
// A new step at the end of the table's list, zeroed but for its number, `last`, `first` and `previous`
// (itself, none). NULL = no memory.
struct delta_step *delta_add(struct delta_batch *batch, const struct table *table);
bool delta_is_full(const struct delta_batch *batch);
// Whether only the spare part of the bounds is left.
bool delta_has_enough(const struct delta_batch *batch);
// Drops the table's steps from number `count` on: SQLite rolled back the statements that made them.
void delta_take_back(struct delta_batch *batch, const struct table *table, int count);
// Forgets all steps, pending ones too.
void delta_reset(struct delta_batch *batch);

#endif
