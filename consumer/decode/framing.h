// What the serializers of schema registries put before a document: a byte 0 and the schema's id, of four bytes (Confluent's wire
// format, Karapace's, Apicurio's since 3.0) or eight (Apicurio's before, in converter 2.6.13); AWS Glue's a byte 3, one that says
// whether the document is compressed, and a UUID. Behind those of JSON Schema (Confluent's JsonSchemaConverter, Glue's) the
// document is JSON as JsonConverter writes it without schemas, and is read as that: what its types are the registry knows, and
// nobody asks it. Pure.
#ifndef TIDEMARK_DECODE_FRAMING_H
#define TIDEMARK_DECODE_FRAMING_H

#include "consumer/message.h"

enum {
    FRAMING_MAGIC = 0,
    FRAMING_SIZE = 5, // the magic byte and an id of four bytes, big-endian
    FRAMING_LONG_SIZE = 9,
    FRAMING_GLUE_VERSION = 3,
    FRAMING_GLUE_PLAIN = 0, // not compressed
    FRAMING_GLUE_SIZE = 18, // both bytes and the schema version's UUID
};

static inline bool framing_is(struct span bytes) {
    return bytes.size >= FRAMING_SIZE && bytes.data[0] == FRAMING_MAGIC;
}

static inline bool framing_is_glue(struct span bytes) {
    return bytes.size >= FRAMING_GLUE_SIZE && bytes.data[0] == FRAMING_GLUE_VERSION;
}

static inline bool framing_has_object(struct span bytes, size_t at) {
    return bytes.size > at && bytes.data[at] == '{';
}

// The JSON object behind a framing, or the bytes as they are. Objects alone: a key that Avro wrote may have the bytes of a number.
static inline struct span framing_pass(struct span bytes) {
    size_t size = 0;
    if (framing_is_glue(bytes) && bytes.data[1] == FRAMING_GLUE_PLAIN)
        size = FRAMING_GLUE_SIZE;
    else if (framing_is(bytes) && framing_has_object(bytes, FRAMING_SIZE))
        size = FRAMING_SIZE;
    else if (framing_is(bytes) && bytes.size > FRAMING_LONG_SIZE &&
             memcmp(bytes.data, "\0\0\0\0", FRAMING_SIZE) == 0)
        size = FRAMING_LONG_SIZE;
    return size > 0 && framing_has_object(bytes, size) ? (struct span){bytes.data + size, bytes.size - size}
                                                       : bytes;
}

// No JSON begins so.
static inline bool framing_may_be(struct span bytes) {
    return bytes.size > 0 && (bytes.data[0] == FRAMING_MAGIC || bytes.data[0] == FRAMING_GLUE_VERSION);
}

// The message, or `room` with its documents alone.
static inline const struct message *framing_pass_message(const struct message *message,
                                                         struct message *room) {
    if (!framing_may_be(message->value) && !framing_may_be(message->key))
        return message;
    *room = *message;
    room->key = framing_pass(message->key);
    room->value = framing_pass(message->value);
    return room;
}

#endif
