#include "consumer/apply/loop/merge.h"

#include "consumer/apply/loop/collections.h"
#include "consumer/apply/loop/timeline.h"
#include "views/base/cleanup.h"

#include <assert.h>

struct current {
    int64_t txid;
    int64_t lsn;
    int64_t ts_ms;
    int64_t expected;
    int64_t seen;
    int64_t orders; // bits in use: the highest total_order + 1, 0 = too many to tell apart
    bool gap;
    bool begun; // a row of it was taken
    bool set;
};

struct merge {
    const struct catalog *catalog;
    bool sequenced;
    bool letting_through;
    bool nameless;
    int64_t finished_lsn;
    int64_t finished_ts_ms;
    int64_t finished_txid;
    struct current current;
    int64_t *missing;     // rows that each table still owes, by table number
    unsigned char *seen;  // one bit a total_order of the current transaction
    size_t seen_capacity; // bytes
    struct passed passed;
    struct collections collections; // that nobody declared
    struct begun {
        int64_t txid;
        bool is; // the newest boundary that was read is its BEGIN
    } begun;
};

int merge_new(struct merge **ret, const struct catalog *catalog, struct store_sequence finished,
              struct error *error) {
    CLEANUP(merge_free) struct merge *merge = calloc(1, sizeof *merge);
    if (merge != NULL)
        merge->missing = calloc((size_t)catalog->table_count, sizeof *merge->missing);
    if (merge == NULL || merge->missing == NULL || !passed_init(&merge->passed) ||
        !collections_init(&merge->collections, catalog))
        return error_set(error, ERROR_SYSTEM, "out of memory");
    merge->catalog = catalog;
    merge->finished_lsn = finished.lsn;
    merge->finished_ts_ms = finished.ts_ms;
    merge->finished_txid = -1;
    *ret = merge;
    merge = NULL;
    return 0;
}

void merge_free(struct merge **merge) {
    if (*merge == NULL)
        return;
    free((*merge)->missing);
    free((*merge)->seen);
    passed_free(&(*merge)->passed);
    collections_free(&(*merge)->collections);
    free(*merge);
    *merge = NULL;
}

void merge_set_sequenced(struct merge *merge, bool sequenced) {
    merge->sequenced = sequenced;
}

void merge_skip_through(struct merge *merge, struct store_sequence newest) {
    if (newest.lsn <= merge->finished_lsn)
        return;
    merge->finished_lsn = newest.lsn;
    merge->finished_ts_ms = newest.ts_ms;
}

bool merge_is_sequenced(const struct merge *merge) {
    return merge->sequenced;
}

// Rows that the current END counts of the row's collection are waited for from now on.
static void merge_learn_routed(struct merge *merge, const struct event *event) {
    int64_t rows = collections_learn(&merge->collections, event);
    merge->missing[event->change.table->index] += rows;
    merge->current.expected += rows;
}

void merge_note_row(struct merge *merge, const struct event *event) {
    if (event->routed)
        merge_learn_routed(merge, event);
    if (event->change.op != CHANGE_READ && event->change.op != CHANGE_TOMBSTONE)
        merge->nameless = event->change.total_order == 0;
}

void merge_set_nameless(struct merge *merge, bool nameless) {
    merge->nameless = nameless;
}

bool merge_rows_are_nameless(const struct merge *merge) {
    return merge->nameless;
}

enum merge_verdict merge_judge(const struct merge *merge, const struct event *event) {
    const struct change *change = &event->change;
    if (change->op == CHANGE_READ || change->op == CHANGE_TOMBSTONE || change->total_order == 0)
        return MERGE_TAKE;
    if (!merge->sequenced)
        return MERGE_TAKE;
    const struct current *current = &merge->current;
    if (current->set && change->txid == current->txid && change->lsn <= current->lsn)
        return MERGE_CURRENT;
    if (merge->letting_through)
        return MERGE_PAST;
    // A transaction's rows name the commit before it: below the current's (or the last finished one's) own
    // commit means earlier. The first transaction after a snapshot names none; its rows' own LSNs lie below
    // its commit's.
    int64_t bound = current->set ? current->lsn : merge->finished_lsn;
    int64_t bound_ts_ms = current->set ? current->ts_ms : merge->finished_ts_ms;
    int64_t place = change->previous_commit != LSN_NONE ? change->previous_commit : change->lsn;
    // Lower in the log and yet later: of a new timeline. Its own END will say so.
    if (place >= bound || timeline_is_new((struct store_sequence){bound, bound_ts_ms}, place, change->ts_ms))
        return MERGE_WAIT;
    return MERGE_PAST;
}

void merge_note_begin(struct merge *merge, const struct event *begin) {
    merge->begun = (struct begun){begin->change.txid, true};
    // Rows that can have an END again wait for it.
    if (merge->letting_through && passed_find(&merge->passed, begin->change.txid) == NULL)
        merge->letting_through = false;
}

void merge_note_end(struct merge *merge) {
    merge->begun.is = false;
}

bool merge_is_being_sent(const struct merge *merge, int64_t *ret_txid) {
    *ret_txid = merge->begun.txid;
    return merge->begun.is;
}

// C moves.
static void merge_move(struct merge *merge) {
    merge->finished_lsn = merge->current.lsn;
    merge->finished_ts_ms = merge->current.ts_ms;
    merge->finished_txid = merge->current.txid;
    merge->current.set = false;
    collections_end(&merge->collections);
}

// Rows are told apart only where there are bits for them. Without, for more rows than MERGE_ORDERS_MAX or where
// memory is out, each is counted as it comes.
static void merge_clear_orders(struct merge *merge, int64_t event_count) {
    struct current *current = &merge->current;
    current->orders = event_count < MERGE_ORDERS_MAX ? event_count + 1 : 0;
    size_t bytes = (size_t)(current->orders + 7) / 8;
    if (bytes > merge->seen_capacity) {
        unsigned char *grown = realloc(merge->seen, bytes);
        if (grown == NULL) {
            current->orders = 0;
            return;
        }
        merge->seen = grown;
        merge->seen_capacity = bytes;
    }
    if (bytes > 0)
        memset(merge->seen, 0, bytes);
}

enum merge_end merge_offer_end(struct merge *merge, const struct event *end) {
    assert(!merge->current.set);
    const struct change *change = &end->change;
    if (change->lsn <= merge->finished_lsn)
        return MERGE_END_REPEATED;
    merge->current = (struct current){.txid = change->txid,
                                      .lsn = change->lsn,
                                      .ts_ms = change->ts_ms,
                                      .expected = end->expected_total,
                                      .set = true};
    merge->begun.is = false;
    // ENDs come again. Where rows are always delivered before their ENDs, each END would be one of a transaction that
    // was let through, and none would ever be waited for.
    merge->letting_through = false;
    memcpy(merge->missing, end->expected, (size_t)merge->catalog->table_count * sizeof *merge->missing);
    merge->current.expected += collections_begin(&merge->collections, end, merge->missing);
    struct passed_txn *passed = merge->passed.endless > 0 ? passed_find(&merge->passed, change->txid) : NULL;
    if (passed != NULL) {
        passed_end(&merge->passed, passed, change->lsn, merge->current.expected);
        passed->inexact |= merge->collections.unsure;
        merge_move(merge);
        return passed_is_whole(passed) ? MERGE_END_PASSED_WHOLE : MERGE_END_PASSED;
    }
    int64_t expected = merge->current.expected;
    merge_clear_orders(merge, end->event_count > expected ? end->event_count : expected);
    return MERGE_END_CURRENT;
}

enum merge_phase merge_get_phase(const struct merge *merge) {
    if (!merge->current.set)
        return merge->sequenced ? MERGE_PHASE_SEEKING : MERGE_PHASE_UNSEQUENCED;
    // Rows that name no transaction cannot be counted for one.
    return merge_is_whole(merge) || merge->nameless ? MERGE_PHASE_COMPLETE : MERGE_PHASE_COLLECTING;
}

bool merge_has_current(const struct merge *merge) {
    return merge->current.set;
}

int64_t merge_current_txid(const struct merge *merge) {
    return merge->current.txid;
}

int64_t merge_current_lsn(const struct merge *merge) {
    return merge->current.lsn;
}

bool merge_current_begun(const struct merge *merge) {
    return merge->current.set && merge->current.begun;
}

void merge_count(struct merge *merge, const struct event *event) {
    struct current *current = &merge->current;
    int64_t order = event->change.total_order;
    current->begun = true;
    if (event->routed)
        merge_learn_routed(merge, event);
    current->gap |= event->change.previous_commit > merge->finished_lsn;
    if (order > 0 && order < current->orders) {
        unsigned char bit = (unsigned char)(1u << (order & 7));
        if (merge->seen[order >> 3] & bit)
            return;
        merge->seen[order >> 3] |= bit;
    }
    current->seen++;
    if (event->change.table != NULL)
        merge->missing[event->change.table->index]--;
}

bool merge_is_whole(const struct merge *merge) {
    return merge->current.set && !merge->collections.unsure && merge->current.seen >= merge->current.expected;
}

bool merge_is_unsure(const struct merge *merge) {
    return merge->current.set && merge->collections.unsure;
}

bool merge_may_route(const struct merge *merge, const struct table *table) {
    return merge->collections.routes[table->index];
}

void merge_settle(struct merge *merge) {
    collections_settle(&merge->collections);
}

bool merge_leaves_gap(const struct merge *merge) {
    return merge->current.set && merge->current.gap;
}

int64_t merge_missing(const struct merge *merge, const struct table *table) {
    return merge->current.set ? merge->missing[table->index] : 0;
}

int64_t merge_lacking(const struct merge *merge) {
    return merge->current.set ? merge->current.expected - merge->current.seen : 0;
}

void merge_excuse(struct merge *merge, const struct table *table) {
    merge->current.expected -= merge->missing[table->index];
    merge->missing[table->index] = 0;
}

// Some of its rows are not in: it is known when they are.
static void merge_remember_current(struct merge *merge) {
    const struct current *current = &merge->current;
    struct passed_txn *passed = passed_add(&merge->passed, current->txid);
    passed_end(&merge->passed, passed, current->lsn, current->expected);
    passed->inexact = current->orders == 0 || merge->collections.unsure;
    if (!passed->inexact)
        passed_take_all(&merge->passed, passed, merge->seen, (size_t)(current->orders + 7) / 8,
                        current->seen);
}

void merge_finish(struct merge *merge) {
    // ENDs come in order: with the first transaction whose rows did wait, those that were let through lie
    // behind.
    if (!merge_is_whole(merge) && !merge->nameless)
        merge_remember_current(merge);
    else if (merge->current.seen > 0)
        passed_drop_endless(&merge->passed);
    merge_move(merge);
}

void merge_let_through(struct merge *merge) {
    merge->letting_through = true;
}

bool merge_is_letting_through(const struct merge *merge) {
    return merge->letting_through;
}

void merge_note_passed(struct merge *merge, const struct event *event) {
    passed_take(&merge->passed, passed_add(&merge->passed, event->change.txid), event->change.total_order);
}

bool merge_note_late(struct merge *merge, const struct event *event, int64_t *ret_lsn) {
    struct passed_txn *passed =
        merge->passed.count > 0 ? passed_find(&merge->passed, event->change.txid) : NULL;
    if (passed == NULL)
        return false;
    passed_take(&merge->passed, passed, event->change.total_order);
    *ret_lsn = passed->lsn;
    return passed_is_whole(passed);
}

int64_t merge_finished_lsn(const struct merge *merge) {
    return merge->finished_lsn;
}

struct store_sequence merge_finished(const struct merge *merge) {
    return (struct store_sequence){merge->finished_lsn, merge->finished_ts_ms};
}

int64_t merge_finished_txid(const struct merge *merge) {
    return merge->finished_txid;
}
