// A decoder beside the loop's own, for messages in quarantine: whose row one is that could not be read, and what it says
// when it is tried again. Made when it is first needed. Inside apply only.
#ifndef TIDEMARK_APPLY_LOOP_REDECODE_H
#define TIDEMARK_APPLY_LOOP_REDECODE_H

#include "consumer/apply/apply_config.h"
#include "consumer/decode/envelope.h"

struct redecode {
    struct envelope_decoder *decoder; // NULL = not made yet
    struct event event;               // what was read last
    _Atomic unsigned char *seen;      // of envelope_config
};

void redecode_free(struct redecode *redecode);

// The key's values of a row of `table`, by column number, of a message that could not be read; NULL when its key cannot be
// read either. Live until the next call. -1: ERROR_SYSTEM.
int redecode_row_key(struct redecode *redecode, const struct apply_config *config, const struct table *table,
                     const struct message *message, const struct value **ret, struct error *error);
// What the message says now, into redecode->event: 0, or 1 and why it cannot be read. -1: ERROR_SYSTEM.
int redecode_message(struct redecode *redecode, const struct apply_config *config, enum topic_role role,
                     const struct table *table, const struct message *message, struct error *ret_why,
                     struct error *error);

#endif
