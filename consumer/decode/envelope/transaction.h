// Messages of the transaction topic: BEGIN and END. Inside the envelope decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_TRANSACTION_H
#define TIDEMARK_DECODE_ENVELOPE_TRANSACTION_H

#include "consumer/decode/event.h"
#include "consumer/decode/placement.h"
#include "consumer/message.h"

struct shapes;

// What ENDs call the tables of.
struct transaction_tables {
    const struct catalog *catalog;
    struct placement_known known;
};

// Sets `event`'s kind and members; a tombstone leaves it EVENT_NOTHING.
int transaction_decode(struct shapes *shapes, struct transaction_tables *tables,
                       const struct message *message, struct event *event, struct error *error);

#endif
