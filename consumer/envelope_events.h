// The events that are no rows: boundaries of transactions, and heartbeats. Inside the envelope decoder only.
#ifndef TIDEMARK_ENVELOPE_EVENTS_H
#define TIDEMARK_ENVELOPE_EVENTS_H

#include "consumer/envelope.h"

// Sets `event`'s kind and members; a tombstone leaves it EVENT_NOTHING.
int events_decode_transaction(const struct catalog *catalog, const struct message *message,
                              struct event *event, struct error *error);
int events_decode_heartbeat(const struct message *message, struct event *event, struct error *error);

#endif
