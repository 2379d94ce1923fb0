// What a decoder of envelopes is made with. Borrowed: all of it outlives the decoder.
#ifndef TIDEMARK_DECODE_CONFIG_H
#define TIDEMARK_DECODE_CONFIG_H

#include "consumer/decode/semantic.h"
#include "views/engine/catalog.h"

#include <stdbool.h>

struct envelope_config {
    const struct catalog *catalog;
    const struct value_settings *settings; // outlives the decoder
    // Told of each column that events have and the table does not, and of how many; by envelope_tell_drift at the latest.
    // Fewer than none: a row that was told of is another table's. May be NULL.
    void (*drift)(void *self, const struct table *table, struct span column, int64_t events);
    void *self;
    // By table: whose rows came, for decoders that share one log, since a tombstone does not say it. All 0: none came
    // (envelope_seen_postgres: but they are known). NULL: each knows its own alone. Any thread.
    _Atomic unsigned char *seen;
    // A message whose key has other columns than the declared one is as one that cannot be read (ERROR_INPUT). Unset: it halts.
    bool other_keys;
};

#endif
