// Messages decoded ahead of the loop, on a thread of their own, so that two cores share the work while the
// loop is behind. Stands between a message_source and the loop: a slot's messages come in the source's order,
// each with its event.
//
// The loop's thread calls everything here, and the source is only asked on it. Where a slot has
// PREFETCH_LEAST or more messages delivered, they are handed to the decoder's thread in batches: one lock a
// batch, never one a message. Where it has fewer, the loop decodes them itself, one by one, so that nothing
// waits for a wake-up; so it does with a batch that the thread has not begun when its first event is asked
// for. Each thread has a decoder of its own. The thread starts with the first batch and ends with prefetch_free.
//
// Memory: a batch's messages stay with the source until each is released; its events live in one arena, which
// goes back to a pool with the batch.
#ifndef TIDEMARK_APPLY_LOOP_PREFETCH_H
#define TIDEMARK_APPLY_LOOP_PREFETCH_H

#include "consumer/apply/loop/drift.h"
#include "consumer/decode/envelope.h"
#include "views/base/bounds.h"

struct prefetch;

enum {
    PREFETCH_BATCH_MESSAGES = BOUND(256, 4),
    PREFETCH_BATCH_BYTES = BOUND(512 << 10, 2048), // of messages: the one that passes it closes the batch
    PREFETCH_BATCHES_MAX = BOUND(64, 3), // of all slots, two a slot at most; beyond it the loop decodes
    PREFETCH_LEAST = BOUND(64, 2),       // fewer are not worth a hand-over
    PREFETCH_ARENA_BYTES_KEPT = BOUND(1 << 20, 1024), // a batch of longer messages gives its memory back
};

struct prefetch_config {
    struct message_source source;    // without peek_at nothing is decoded ahead
    struct envelope_config envelope; // without its `drift`
    // Where the columns are counted that a table lacks: on the loop's thread, before the first event of a batch
    // is given out.
    struct drift *drift;
    // Told of a row's change that was decoded ahead, when it is the `count`th from the slot's next: for each count from
    // `ahead_max` down to 1. NULL: nobody is.
    void (*ahead)(void *self, const struct change *change, int count);
    // Makes of a row's change what will be kept of it, on the decoding thread. NULL: nobody does.
    void (*pack)(struct change *change, struct arena *arena);
    int ahead_max;
    void *self;
};

int prefetch_new(struct prefetch **ret, const struct prefetch_config *config, struct error *error);
// Ends the thread first: after it nobody reads the source's messages. What was decoded and not asked for is
// dropped; its messages are the source's still.
void prefetch_free(struct prefetch **prefetch);

// Before the slot's first message is asked for; without effect for a slot that is there. `table`: the topic's,
// for TOPIC_TABLE.
int prefetch_add_slot(struct prefetch *prefetch, int slot, enum topic_role role, const struct table *table,
                      struct error *error);

// The slot's oldest message that was not released, NULL when there is none now.
const struct message *prefetch_peek(struct prefetch *prefetch, int slot);
// That message's event; lives until its release, and so do changes that the caller makes to it. ret_failure:
// why the message could not be decoded (then only what event.placed says is set), NULL when it could. May
// wait for a batch that the thread is decoding. Errors: what is not the message's fault, as ERROR_SYSTEM.
int prefetch_event(struct prefetch *prefetch, int slot, struct event **ret, const char **ret_failure,
                   struct error *error);
void prefetch_release(struct prefetch *prefetch, int slot);

// Decodes the slot's `back`th newest message that is delivered and not released (1 = the newest) into `ret`,
// wherever the loop stands. False when there is none, or it cannot be decoded. ret_ts_ms: when it was sent.
bool prefetch_newest(struct prefetch *prefetch, int slot, int back, struct event *ret, int64_t *ret_ts_ms);

// The columns that tables lack are all counted then, of the events that were given out.
void prefetch_tell_drift(struct prefetch *prefetch);
// Messages decoded by the thread so far and given out.
int64_t prefetch_count(const struct prefetch *prefetch);

#endif
