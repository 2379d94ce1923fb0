// What a boundary of a transaction (BEGIN, END) is made of, byte by byte. Pure, any thread. Inside the envelope
// decoder only; the bottom of it.
#ifndef TIDEMARK_DECODE_ENVELOPE_BOUNDARY_H
#define TIDEMARK_DECODE_ENVELOPE_BOUNDARY_H

#include "consumer/json/json.h"

enum boundary_member {
    BOUNDARY_STATUS,
    BOUNDARY_ID,
    BOUNDARY_TS_MS,
    BOUNDARY_EVENT_COUNT,
    BOUNDARY_COLLECTIONS,
    BOUNDARY_MEMBERS,
    BOUNDARY_TXID =
        BOUNDARY_MEMBERS, // of the id "TXID:LSN", where a shape has split it; then there is no BOUNDARY_ID
    BOUNDARY_LSN,
    BOUNDARY_VALUES,
};

// An entry of data_collections as Debezium writes it: BEGIN, the name, its quote, MIDDLE, digits, a brace.
#define BOUNDARY_COLLECTION_BEGIN "{\"data_collection\":"
#define BOUNDARY_COLLECTION_MIDDLE ",\"event_count\":"

// The member that the newest KEY names, or -1.
int boundary_find(const struct json_reader *json);
// Past a value of data_collections as Debezium writes it; NULL: written otherwise, or no JSON.
const char *boundary_pass_collections(const char *at, const char *end);

#endif
