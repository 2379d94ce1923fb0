#include "consumer/decode/guess.h"

#include "consumer/decode/framing.h"
#include "consumer/json/json.h"
#include "views/base/utf8.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    GLUE_ZLIB = 5, // its compression, if any
    VARINT_BYTES_MAX = 10,
};

#define GUESS_CONVERTER "set the connector's converter to org.apache.kafka.connect.json.JsonConverter"

const char *const guess_cloud_event_names[GUESS_CLOUD_EVENT_NAMES] = {"id", "source", "specversion", "type"};
const char *const guess_ddl_names[GUESS_DDL_NAMES] = {"databaseName", "ddl", "tableChanges"};
const char guess_cloud_event[] = "a CloudEvent, as CloudEventsConverter writes it: " GUESS_CONVERTER;

static uint64_t guess_big_endian(const char *at, int size) {
    uint64_t value = 0;
    for (int i = 0; i < size; i++)
        value = value << 8 | (unsigned char)at[i];
    return value;
}

// What is framed and no JSON object: that would have been read.
static bool guess_registry(struct span bytes, char ret[GUESS_SIZE]) {
    if (!framing_is(bytes))
        return false;
    uint64_t id = guess_big_endian(bytes.data + 1, 4);
    if (id == 0 && bytes.size >= FRAMING_LONG_SIZE)
        id = guess_big_endian(bytes.data + 1, 8);
    (void)snprintf(ret, GUESS_SIZE,
                   "a schema registry's framing (magic byte 0, schema id %" PRIu64
                   ") of Avro or Protobuf: %s",
                   id, GUESS_CONVERTER);
    return true;
}

// What AWS Glue's serializers put before a payload; behind it is no JSON object, or one that is compressed.
static bool guess_glue(struct span bytes, char ret[GUESS_SIZE]) {
    if (!framing_is_glue(bytes) || (bytes.data[1] != FRAMING_GLUE_PLAIN && bytes.data[1] != GLUE_ZLIB))
        return false;
    (void)snprintf(ret, GUESS_SIZE, "AWS Glue Schema Registry's framing (header version %d): %s",
                   FRAMING_GLUE_VERSION, GUESS_CONVERTER);
    return true;
}

struct guess_magic {
    const char *bytes;
    size_t size;
    const char *what;
    bool converter; // which is to be set
};

#define MAGIC(literal) literal, sizeof(literal) - 1

static const struct guess_magic guess_magics[] = {
    {MAGIC("Obj\1"), "Avro in a container file", true},
    {MAGIC("\xC3\x01"), "Avro in its single-object encoding", true},
    {MAGIC("\xAC\xED\0\5"), "a serialized Java object", true},
    {MAGIC("\x1F\x8B"), "gzip: let the producer compress (compression.type), not the payload", false},
    {MAGIC("\x28\xB5\x2F\xFD"), "zstd: let the producer compress (compression.type), not the payload", false},
    {MAGIC("\x04\x22\x4D\x18"), "LZ4: let the producer compress (compression.type), not the payload", false},
    {MAGIC("\x82SNAPPY\0"), "snappy: let the producer compress (compression.type), not the payload", false},
    {MAGIC("\xFF\x06\0\0sNaPpY"), "snappy: let the producer compress (compression.type), not the payload",
     false},
    {MAGIC("\xEF\xBB\xBF"), "text with a byte order mark, which JSON has not", false},
    {MAGIC("\xFE\xFF"), "UTF-16, and JSON is UTF-8", false},
    {MAGIC("\xFF\xFE"), "UTF-16, and JSON is UTF-8", false},
    {MAGIC("<"), "XML", true},
    {MAGIC(GUESS_STRUCT), "a Struct of Kafka Connect's as text, as StringConverter writes it", true},
};

static bool guess_by_magic(struct span bytes, char ret[GUESS_SIZE]) {
    for (size_t i = 0; i < sizeof guess_magics / sizeof *guess_magics; i++) {
        const struct guess_magic *magic = &guess_magics[i];
        if (bytes.size < magic->size || memcmp(bytes.data, magic->bytes, magic->size) != 0)
            continue;
        (void)snprintf(ret, GUESS_SIZE, "%s%s%s", magic->what, magic->converter ? ": " : "",
                       magic->converter ? GUESS_CONVERTER : "");
        return true;
    }
    return false;
}

// Two bytes that a compressor wrote, and whose sixteen bits are a multiple of 31 (RFC 1950).
static bool guess_is_zlib(struct span bytes) {
    return bytes.size > 2 && bytes.data[0] == 0x78 && guess_big_endian(bytes.data, 2) % 31 == 0;
}

static bool guess_is_text(struct span bytes) {
    for (size_t at = 0, size; at < bytes.size; at += size) {
        unsigned char byte = (unsigned char)bytes.data[at];
        bool control = byte < ' ' && byte != '\t' && byte != '\r' && byte != '\n';
        if (control || (size = utf8_sequence(bytes.data + at, bytes.size - at)) == 0)
            return false;
    }
    return true;
}

static bool guess_read_varint(struct span bytes, size_t *at, uint64_t *ret) {
    *ret = 0;
    for (int i = 0; i < VARINT_BYTES_MAX && *at < bytes.size; i++) {
        unsigned char byte = (unsigned char)bytes.data[(*at)++];
        *ret |= (uint64_t)(byte & 0x7F) << (i * 7);
        if (byte < 0x80)
            return true;
    }
    return false;
}

// Passes over a field's value; false when there is none of that wire type.
static bool guess_pass_field(struct span bytes, size_t *at, int wire_type) {
    uint64_t size = 0;
    if (wire_type == 0)
        return guess_read_varint(bytes, at, &size);
    if (wire_type == 1 || wire_type == 5)
        size = wire_type == 1 ? 8 : 4;
    else if (wire_type != 2 || !guess_read_varint(bytes, at, &size))
        return false;
    if (size > bytes.size - *at)
        return false;
    *at += (size_t)size;
    return true;
}

// All of it is fields of Protobuf's wire format.
static bool guess_is_protobuf(struct span bytes) {
    enum { FIELD_NUMBER_MAX = (1 << 29) - 1, WIRE_TYPE_BITS = 3 };
    size_t at = 0;
    while (at < bytes.size) {
        uint64_t tag;
        if (!guess_read_varint(bytes, &at, &tag) || tag >> WIRE_TYPE_BITS == 0 ||
            tag >> WIRE_TYPE_BITS > FIELD_NUMBER_MAX ||
            !guess_pass_field(bytes, &at, (int)(tag & ((1 << WIRE_TYPE_BITS) - 1))))
            return false;
    }
    return bytes.size > 0;
}

bool guess_format(struct span bytes, char ret[GUESS_SIZE]) {
    if (guess_registry(bytes, ret) || guess_glue(bytes, ret) || guess_by_magic(bytes, ret))
        return true;
    const char *what = NULL;
    if (guess_is_zlib(bytes))
        what = "zlib: let the producer compress (compression.type), not the payload";
    else if (!guess_is_text(bytes) && guess_is_protobuf(bytes))
        what = "Protobuf: " GUESS_CONVERTER;
    if (what == NULL)
        return false;
    (void)snprintf(ret, GUESS_SIZE, "%s", what);
    return true;
}

#define GUESS_IS_NOT_READ ", not in Debezium's envelope: it is not read"

const char guess_opless[] =
    "an envelope without op, which tells what became of the row: CockroachDB's changefeeds write it WITH envelope=enriched; "
    "Materialize's ENVELOPE DEBEZIUM has none, and is not read";

// A format's members: all of `needed` are there, and where `alone`, none but those and `optional`.
struct guess_names {
    const char *needed[6];
    const char *optional[4];
    bool alone;
    const char *what;
};

static const struct guess_names guess_by_names[] = {
    {{"isDdl", "mysqlType", "table", "type"}, {0}, false, "a change in Canal's JSON" GUESS_IS_NOT_READ},
    {{"data", "type"},
     {"old", "database", "table", "pkNames"},
     true,
     "a change in Canal's JSON, as Flink writes it" GUESS_IS_NOT_READ},
    {{"database", "table", "type", "ts", "data"}, {0}, false, "a change in Maxwell's JSON" GUESS_IS_NOT_READ},
    {{"data", "metadata"},
     {"before", "userdata"},
     true,
     "a change as AWS DMS and Striim write it" GUESS_IS_NOT_READ},
    {{"record", "action", "metadata"},
     {"changes", "ack_id", "idempotency_key"},
     true,
     "a change as Sequin writes it" GUESS_IS_NOT_READ},
    {{"operationType", "ns", "documentKey"},
     {0},
     false,
     "an event of MongoDB's change streams" GUESS_IS_NOT_READ},
    {{"op_type", "op_ts", "pos", "table"}, {0}, false, "a change in GoldenGate's JSON" GUESS_IS_NOT_READ},
    {{"magic", "messageSchemaId", "message"},
     {0},
     false,
     "a change as Qlik Replicate writes it" GUESS_IS_NOT_READ},
};

enum { GUESS_BY_NAMES = sizeof guess_by_names / sizeof *guess_by_names };

static bool guess_is_among(const struct json_reader *key, const char *const *names, int count) {
    for (int i = 0; i < count && names[i] != NULL; i++)
        if (json_key_is(key, names[i], strlen(names[i])))
            return true;
    return false;
}

static int guess_needed(const struct guess_names *names) {
    int count = 0;
    while (count < (int)(sizeof names->needed / sizeof *names->needed) && names->needed[count] != NULL)
        count++;
    return count;
}

const char *guess_object(struct span object) {
    int found[GUESS_BY_NAMES] = {0};
    bool others[GUESS_BY_NAMES] = {false};
    struct json_reader json;
    enum json_kind kind;
    json_open(&json, object);
    if (json_next(&json) != JSON_OBJECT_BEGIN)
        return NULL;
    while ((kind = json_next(&json)) == JSON_KEY) {
        for (int i = 0; i < GUESS_BY_NAMES; i++) {
            const struct guess_names *names = &guess_by_names[i];
            bool needed = guess_is_among(&json, names->needed, guess_needed(names));
            found[i] += needed;
            others[i] |= !needed && !guess_is_among(&json, names->optional,
                                                    sizeof names->optional / sizeof *names->optional);
        }
        if (!json_skip(&json))
            return NULL;
    }
    for (int i = 0; kind == JSON_OBJECT_END && i < GUESS_BY_NAMES; i++)
        if (found[i] == guess_needed(&guess_by_names[i]) && !(guess_by_names[i].alone && others[i]))
            return guess_by_names[i].what;
    return NULL;
}
