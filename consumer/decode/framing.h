// What the serializers of schema registries put before a document: a byte 0 and the schema's id, of four bytes (Confluent's wire
// format, Karapace's, Apicurio's since 3.0) or eight (Apicurio's before, in converter 2.6.13). Behind those of JSON Schema
// (Confluent's JsonSchemaConverter) the document is JSON as JsonConverter writes it without schemas, and is read as that: what its
// types are the registry knows, and nobody asks it. Pure.
#ifndef TIDEMARK_DECODE_FRAMING_H
#define TIDEMARK_DECODE_FRAMING_H

#include "consumer/message.h"

enum {
    FRAMING_MAGIC = 0,
    FRAMING_SIZE = 5, // the magic byte and an id of four bytes, big-endian
    FRAMING_LONG_SIZE = 9,
};

static inline bool framing_is(struct span bytes) {
    return bytes.size >= FRAMING_SIZE && bytes.data[0] == FRAMING_MAGIC;
}

// The JSON object behind a framing, or the bytes as they are. Objects alone: a key that Avro wrote may have the bytes of a number.
static inline struct span framing_pass(struct span bytes) {
    if (!framing_is(bytes))
        return bytes;
    const char *end = bytes.data + bytes.size, *four = bytes.data + FRAMING_SIZE;
    if (four < end && *four == '{')
        return (struct span){four, (size_t)(end - four)};
    const char *eight = bytes.data + FRAMING_LONG_SIZE;
    bool is_long = bytes.size > FRAMING_LONG_SIZE && memcmp(bytes.data, "\0\0\0\0", FRAMING_SIZE - 1) == 0;
    return is_long && *eight == '{' ? (struct span){eight, (size_t)(end - eight)} : bytes;
}

// The message, or `room` with its documents alone.
static inline const struct message *framing_pass_message(const struct message *message,
                                                         struct message *room) {
    if (!framing_is(message->value) && !framing_is(message->key))
        return message;
    *room = *message;
    room->key = framing_pass(message->key);
    room->value = framing_pass(message->value);
    return room;
}

#endif
