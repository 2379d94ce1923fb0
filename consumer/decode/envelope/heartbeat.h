// Messages of the heartbeat topic. Inside the envelope decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_HEARTBEAT_H
#define TIDEMARK_DECODE_ENVELOPE_HEARTBEAT_H

#include "consumer/decode/event.h"
#include "consumer/message.h"

// Sets `event`'s kind and time; a tombstone leaves it EVENT_NOTHING.
int heartbeat_decode(const struct message *message, struct event *event, struct error *error);

#endif
