// One Kafka message as the program sees it, whoever brought it: the broker or a capture. Plain data, no Kafka
// type.
#ifndef TIDEMARK_MESSAGE_H
#define TIDEMARK_MESSAGE_H

#include "views/base/span.h"

#include <stdint.h>

struct message {
    int slot; // number of the (topic, partition), as progress_partition gave it
    int64_t offset;
    int64_t ts_ms;     // the broker's timestamp, 0 = none
    struct span key;   // data NULL = null
    struct span value; // data NULL = null
};

// Where messages come from. The loop asks, a source never calls back. One thread.
// A slot's messages come in the order of their offsets, each delivered once.
struct message_source {
    void *self;
    // The oldest message of the slot that was delivered and not released, or NULL when there is none now.
    // It and its bytes live until release, whatever is asked of other slots.
    const struct message *(*peek)(void *self, int slot);
    void (*release)(void *self, int slot);
    // Both may be NULL: then no more than the oldest is asked for. How many messages were delivered and not
    // released, as far as it is known at once; and the one that is `index` places after the oldest, of so
    // many. Its bytes live until it is released itself. Any thread may read them.
    int (*delivered)(void *self, int slot);
    void (*peek_at)(void *self, int slot, int index, struct message *ret);
    // True when nothing lies between what was released and the end of the partition as last learnt, which is not long ago.
    bool (*at_end)(void *self, int slot);
};

#endif
