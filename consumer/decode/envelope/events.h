// The events that are no rows: boundaries of transactions, and heartbeats. Inside the envelope decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_EVENTS_H
#define TIDEMARK_DECODE_ENVELOPE_EVENTS_H

#include "consumer/decode/envelope.h"

// Members of a boundary.
enum boundary_member {
    BOUNDARY_STATUS,
    BOUNDARY_ID,
    BOUNDARY_TS_MS,
    BOUNDARY_EVENT_COUNT,
    BOUNDARY_COLLECTIONS,
    BOUNDARY_MEMBERS,
};

struct shapes;

// The member that the newest KEY names, or -1.
int events_find_member(const struct json_reader *json);
// Past a value of data_collections as Debezium writes it; NULL: written otherwise, or no JSON.
const char *events_pass_collections(const char *at, const char *end);
// Sets `event`'s kind and members; a tombstone leaves it EVENT_NOTHING.
int events_decode_transaction(struct shapes *shapes, const struct catalog *catalog,
                              const struct message *message, struct event *event, struct error *error);
int events_decode_heartbeat(const struct message *message, struct event *event, struct error *error);

#endif
