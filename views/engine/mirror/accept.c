#include "views/engine/mirror/accept.h"

#include "views/base/fetch.h"
#include "views/engine/mirror/bulk.h"
#include "views/engine/mirror/deleted.h"
#include "views/engine/mirror/flush.h"
#include "views/engine/mirror/follows.h"
#include "views/engine/mirror/rows.h"
#include "views/engine/row/key.h"
#include "views/engine/row/value_order.h"

// A table of keys alone has nothing to force: whether there was a row is known when it is written.
static bool mirror_accept_writes(const struct mirror_table *table, const struct change *change) {
    return mirror_upsert_of(change) != UPSERT_FORCED || table->table->key_count < table->table->column_count;
}

static bool mirror_accept_may_wait(const struct mirror_table *table, const struct change *change) {
    switch (change->op) {
    case CHANGE_CREATE:
    case CHANGE_UPDATE:
    case CHANGE_DELETE:
        return change->lsn != LSN_NONE && change->lsn >= table->truncate_lsn;
    case CHANGE_READ:
        return mirror_accept_writes(table, change);
    default:
        return false;
    }
}

bool mirror_may_defer(const struct mirror *mirror, const struct mirror_table *table,
                      const struct change *change) {
    bool in_order = table->in_order && mirror->writing == WRITING_AT_THE_COMMIT;
    return (table->may_defer || in_order) && !mirror->lacked && mirror_accept_may_wait(table, change) &&
           !mirror_outlives_sweep(table, change) && !toast_carry_concerns(mirror->carry, change);
}

// Whether the file holds this change already, or a later one of its key: one at `position` or above.
static int mirror_accept_is_stored(struct mirror *mirror, struct mirror_table *table,
                                   const struct change *change, int64_t position, bool *ret,
                                   struct error *error) {
    int64_t stored;
    if (mirror_begin_write(mirror, error) != 0 ||
        mirror_read_lsn(table, STATEMENT_LSN, change, &stored, error) != 0)
        return -1;
    *ret = position <= stored;
    return *ret ? 0 : mirror_was_deleted(table, change, position, ret, error);
}

int mirror_looks_same(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                      bool *ret, struct error *error) {
    *ret = !table->has_looked_up;
    if (*ret)
        return 0;
    const struct delta_list *list = delta_list(mirror->accepting, table->table);
    uint64_t hash = key_hash(table->table, change->values);
    int pending = newest_find(&list->pending, list->steps, hash, change);
    const struct packed_row *now = NULL;
    if (pending >= 0 && list->steps[pending].pending)
        now = list->steps[pending].deleted ? NULL : list->steps[pending].row;
    else if (mirror_read_columns(mirror, table, STATEMENT_LOOKED_UP, table->looked_up, change, &now, error) !=
             0)
        return -1;
    if (now == NULL)
        return 0;
    for (int i = 0; i < table->table->column_count; i++) {
        enum value_kind kind = change->values[i].kind;
        if (!table->looked_up[i] || kind == VALUE_ABSENT || kind == VALUE_UNAVAILABLE)
            continue;
        struct value value = packed_row_value(now, i);
        if (kind != value.kind || value_compare(&change->values[i], &value) != 0)
            return 0;
    }
    *ret = true;
    return 0;
}

// The pending step that the change takes the place of: nobody would see what it came to. A delete stands, since it and
// what follows are written in two ways. NULL = there is none.
static struct delta_step *mirror_accept_overtaken(const struct mirror_table *table, struct delta_list *list,
                                                  const struct change *change, int previous) {
    if (previous < 0 || table->in_order || !table->may_overtake || change->op == CHANGE_DELETE ||
        list->steps[previous].deleted)
        return NULL;
    return &list->steps[previous];
}

static struct delta_step *mirror_accept_add_step(struct mirror *mirror, const struct mirror_table *table,
                                                 int previous) {
    struct delta_list *list = delta_list(mirror->accepting, table->table);
    struct delta_step *step = delta_add(mirror->accepting, table->table);
    list->has_joints |= list->written > 0;
    if (step != NULL && previous >= 0) {
        struct delta_step *steps = list->steps;
        steps[previous].last = false;
        step->first = steps[previous].first;
        step->previous = previous;
    }
    return step;
}

static int mirror_accept_list_change(struct mirror *mirror, struct mirror_table *table,
                                     const struct change *change, uint64_t hash, int place, int previous,
                                     struct error *error) {
    struct delta_list *list = delta_list(mirror->accepting, table->table);
    struct delta_step *step = mirror_accept_overtaken(table, list, change, previous);
    uint32_t room;
    struct packed_row *row = delta_pack_over(mirror->accepting, change, step, &room);
    if (row != NULL && step == NULL && (step = mirror_accept_add_step(mirror, table, previous)) != NULL)
        newest_put(&list->pending, hash, place, list->count - 1);
    if (row == NULL || step == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    step->row = row;
    step->room = room;
    step->accepted = step->pending = true;
    step->deleted = change->op == CHANGE_DELETE;
    step->op = (uint8_t)change->op;
    step->upsert = mirror_upsert_of(change) & STEP_SMALL_MASK;
    if (previous < 0)
        step->finds = mirror_follows_finds(mirror, table, change) & STEP_SMALL_MASK;
    step->snapshot = step->ended = change->op == CHANGE_READ;
    list->has_reads |= step->snapshot;
    step->lsn = change->lsn;
    step->txid = change->txid;
    step->ts_ms = change->ts_ms;
    return 0;
}

// Writes what the key has pending where the change cannot go on from it: a snapshot's row and a streamed one have
// different positions, and what a key change may still carry away is kept by the delete's own writing.
static int mirror_accept_end_chain(struct mirror *mirror, struct mirror_table *table,
                                   const struct change *change, uint64_t hash, int *previous, int *place,
                                   struct error *error) {
    struct delta_list *list = delta_list(mirror->accepting, table->table);
    const struct delta_step *step = &list->steps[*previous];
    bool may_carry = step->deleted && !step->ended && table->has_toastable;
    if (step->upsert == mirror_upsert_of(change) && !may_carry)
        return 0;
    if (mirror_begin_write(mirror, error) != 0 || mirror_flush_key(mirror, table, change, error) != 0)
        return -1;
    if (table->in_order && // all are written, and the key's place is another
        newest_find_place(&list->pending, list->steps, hash, change, previous, place, error) != 0)
        return -1;
    *previous = -1;
    return 0;
}

static void mirror_accept_note(struct mirror_table *table, const struct change *change, uint64_t hash) {
    lsn_bound_raise(&table->bounds, hash, change->lsn);
    if (change->lsn > table->newest_lsn)
        table->newest_lsn = change->lsn;
    if (change->op == CHANGE_DELETE && change->lsn > table->deleted_lsn)
        table->deleted_lsn = change->lsn;
    table->dirty = true;
}

static bool mirror_accept_has_key(const struct change *change) {
    for (int i = 0; i < change->table->key_count; i++)
        if (!value_has_cell(&change->values[change->table->keys[i]]))
            return false;
    return true;
}

// Each look depends on what the one before it brought: the key's place, the step there, and the step's row, whose key is
// compared and which the change may take the place of.
void mirror_accept_expect(const struct mirror *mirror, const struct mirror_table *table,
                          const struct change *change, int ahead) {
    if (change->packed.row == NULL && (ahead != 1 || !mirror_accept_has_key(change)))
        return;
    const struct delta_list *list = delta_list(mirror->accepting, table->table);
    uint64_t hash = key_hash_of_change(change);
    if (ahead == CHANGES_EXPECTED || change->packed.row == NULL) {
        newest_expect(&list->pending, hash);
        lsn_bound_expect(&table->bounds, hash);
        return;
    }
    int step = newest_alike(&list->pending, hash);
    if (ahead > 1) {
        delta_step_fetch_row(change->packed.row);
        if (step >= 0)
            fetch_soon(&list->steps[step], sizeof *list->steps);
    } else if (step >= 0) {
        delta_step_fetch_row(list->steps[step].row);
    }
}

int mirror_accept(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                  enum mirror_outcome *ret, struct error *error) {
    *ret = MIRROR_REPEATED;
    if (change->op == CHANGE_READ && mirror_bulk_overtakes(table, change))
        return 0;
    const enum mirror_upsert kind = mirror_upsert_of(change);
    struct delta_list *list = delta_list(mirror->accepting, table->table);
    uint64_t hash = key_hash_of_change(change);
    int place;
    int previous;
    if (lsn_bounds_prepare(&table->bounds, table->newest_lsn, error) != 0 ||
        newest_find_place(&list->pending, list->steps, hash, change, &previous, &place, error) != 0)
        return -1;
    if (previous >= 0 && !list->steps[previous].pending)
        previous = -1;
    bool alike = previous >= 0 && list->steps[previous].upsert == kind;
    bool deleted = previous >= 0 && list->steps[previous].deleted;
    if (alike && kind == UPSERT_STREAMED && change->lsn <= list->steps[previous].lsn)
        return 0;
    if (previous >= 0 && mirror_accept_end_chain(mirror, table, change, hash, &previous, &place, error) != 0)
        return -1;
    // A snapshot's row goes by streamed changes that are newer, and not by one at its own place.
    int64_t position = kind == UPSERT_SNAPSHOT ? change->lsn + 1 : change->lsn;
    // One of another snapshot, which began lower than the one that is pending, need not be above what was streamed before that.
    bool goes_on = alike && (kind != UPSERT_SNAPSHOT || change->lsn >= list->steps[previous].lsn);
    if (!goes_on && kind != UPSERT_FORCED && position <= lsn_bound(&table->bounds, hash)) {
        bool stored = false;
        if (mirror_accept_is_stored(mirror, table, change, position, &stored, error) != 0)
            return -1;
        if (stored)
            return 0;
    }
    if (mirror_accept_list_change(mirror, table, change, hash, place, previous, error) != 0)
        return -1;
    if (kind == UPSERT_STREAMED)
        mirror_accept_note(table, change, hash);
    if (change->op == CHANGE_DELETE && previous >= 0 && deleted) {
        table->accepted.deletes++;
        table->accepted.deletes_again++;
    }
    *ret = MIRROR_APPLIED;
    return 0;
}
