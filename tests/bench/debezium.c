#define _GNU_SOURCE // memmem
#include "tests/bench/debezium.h"

#include "consumer/capture.h"
#include "views/base/arena.h"
#include "views/base/cleanup.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

const char *debezium_table(enum shop_topic topic) {
    static const char *const names[SHOP_TABLES] = {"orders", "inventory", "customers", "points"};
    return names[topic];
}

// --- schemas, as a real capture has them

// `text` up to its payload, with the capture's prefix in the names replaced by ours.
static void copy_schema(struct buffer *out, struct span text, struct span theirs, const char *ours) {
    static const char payload[] = "\"payload\":";
    static const char name[] = "\"name\":\"";
    const char *end = memmem(text.data, text.size, payload, sizeof payload - 1);
    if (out->size > 0 || end == NULL)
        return;
    end += sizeof payload - 1;
    const char *at = text.data;
    for (;;) {
        const char *found = memmem(at, (size_t)(end - at), name, sizeof name - 1);
        if (found == NULL)
            break;
        found += sizeof name - 1;
        buffer_append(out, at, (size_t)(found - at));
        at = found;
        if ((size_t)(end - at) > theirs.size && memcmp(at, theirs.data, theirs.size) == 0 &&
            at[theirs.size] == '.') {
            buffer_text(out, ours);
            at += theirs.size;
        }
    }
    buffer_append(out, at, (size_t)(end - at));
}

static bool is_topic(struct span topic, struct span prefix, enum shop_topic wanted) {
    char name[256];
    (void)snprintf(name, sizeof name, "%.*s%s%s", (int)prefix.size, prefix.data,
                   wanted == SHOP_TRANSACTION ? ".transaction" : ".public.",
                   wanted == SHOP_TRANSACTION ? "" : debezium_table(wanted));
    return span_is(topic, name);
}

static int read_schemas(struct debezium *debezium, const char *path, struct error *error) {
    CLEANUP(capture_close) struct capture *capture = NULL;
    CLEANUP(arena_free) struct arena arena = {0};
    if (capture_open(&capture, path, error) != 0)
        return -1;
    struct span theirs = capture_prefix(capture);
    struct capture_line line;
    int more;
    while ((more = capture_next(capture, &arena, &line, error)) == 1) {
        for (int i = 0; i < SHOP_TOPICS; i++)
            if (line.key.data != NULL && line.value.data != NULL &&
                is_topic(line.topic, theirs, (enum shop_topic)i)) {
                copy_schema(&debezium->key_schemas[i], line.key, theirs, debezium->prefix);
                copy_schema(&debezium->value_schemas[i], line.value, theirs, debezium->prefix);
            }
        arena_reset(&arena);
    }
    for (int i = 0; more == 0 && i < SHOP_TOPICS; i++)
        if (debezium->value_schemas[i].size == 0)
            return error_set(error, ERROR_INPUT, "%s: no schema of topic %d of the shop", path, i);
    return more;
}

int debezium_init(struct debezium *debezium, const char *prefix, const char *schemas, struct error *error) {
    *debezium = (struct debezium){.prefix = prefix, .schemas = schemas != NULL, .second = -1};
    return schemas != NULL ? read_schemas(debezium, schemas, error) : 0;
}

void debezium_done(struct debezium *debezium) {
    for (int i = 0; i < SHOP_TOPICS; i++) {
        buffer_free(&debezium->key_schemas[i]);
        buffer_free(&debezium->value_schemas[i]);
    }
}

void debezium_begin_key(struct debezium *debezium, struct buffer *out, enum shop_topic topic) {
    buffer_append(out, debezium->key_schemas[topic].data, debezium->key_schemas[topic].size);
}

void debezium_end_key(struct debezium *debezium, struct buffer *out) {
    if (debezium->schemas)
        buffer_char(out, '}');
}

// --- rows

void debezium_begin_row(struct debezium *debezium, struct buffer *out, enum shop_topic topic) {
    buffer_append(out, debezium->value_schemas[topic].data, debezium->value_schemas[topic].size);
    buffer_text(out, "{\"before\":");
}

static void write_sequence(struct buffer *out, const struct debezium_place *place) {
    if (place->commit_before < 0)
        buffer_format(out, "\"[null,\\\"%" PRId64 "\\\"]\"", place->lsn);
    else
        buffer_format(out, "\"[\\\"%" PRId64 "\\\",\\\"%" PRId64 "\\\"]\"", place->commit_before, place->lsn);
}

void debezium_end_image(const struct debezium *debezium, struct buffer *out) {
    for (int i = 0; i < debezium->undeclared; i++)
        buffer_format(out, ",\"extra_%02d\":%d", i, 100 + i);
    buffer_char(out, '}');
}

// What {"before":..,"after":.. comes to: the row after, or the one before where it was deleted.
static void unwrap(struct buffer *out, enum shop_topic topic, char op, const struct debezium_place *place) {
    static const char before[] = "{\"before\":";
    static const char after[] = ",\"after\":";
    char *end = memmem(out->data, out->size, after, sizeof after - 1);
    if (out->failed || end == NULL)
        return;
    char *row = op == 'd' ? out->data + sizeof before - 1 : end + sizeof after - 1;
    size_t size = op == 'd' ? (size_t)(end - row) : out->size - (size_t)(row - out->data);
    memmove(out->data, row, size);
    out->size = size - 1; // without the brace
    buffer_format(out,
                  ",\"__deleted\":\"%s\",\"__op\":\"%c\",\"__source_lsn\":%" PRId64
                  ",\"__source_txId\":%" PRId64 ",\"__source_ts_ms\":%" PRId64
                  ",\"__source_table\":\"%s\",\"__source_snapshot\":\"%s\"}",
                  op == 'd' ? "true" : "false", op, place->lsn, place->txid, place->ts_us / 1000,
                  debezium_table(topic), place->snapshot == NULL ? "false" : place->snapshot);
}

static void write_mariadb_source(struct buffer *out, enum shop_topic topic,
                                 const struct debezium_place *place) {
    buffer_format(out,
                  ",\"db\":\"public\",\"sequence\":null,\"ts_us\":%" PRId64 ",\"ts_ns\":%" PRId64
                  "000,\"table\":\"%s\",\"server_id\":7,\"gtid\":\"0-7-%" PRId64
                  "\",\"file\":\"mariadb-bin.000004\",\"pos\":%" PRId64
                  ",\"row\":0,\"thread\":null,\"query\":null},\"transaction\":",
                  place->ts_us, place->ts_us, debezium_table(topic), place->txid, place->lsn);
}

static void write_postgres_source(struct buffer *out, enum shop_topic topic,
                                  const struct debezium_place *place) {
    buffer_text(out, ",\"db\":\"shop\",\"sequence\":");
    write_sequence(out, place);
    buffer_format(out,
                  ",\"ts_us\":%" PRId64 ",\"ts_ns\":%" PRId64 "000,\"schema\":\"public\",\"table\":\"%s\","
                  "\"txId\":%" PRId64 ",\"lsn\":%" PRId64 ",\"xmin\":null},\"transaction\":",
                  place->ts_us, place->ts_us, debezium_table(topic), place->txid, place->lsn);
}

void debezium_end_row(struct debezium *debezium, struct buffer *out, enum shop_topic topic, char op,
                      const struct debezium_place *place) {
    bool mariadb = debezium->form == SHOP_MARIADB;
    if (debezium->form == SHOP_UNWRAPPED) {
        unwrap(out, topic, op, place);
        return;
    }
    buffer_format(out,
                  ",\"source\":{\"version\":\"3.4.0.Final\",\"connector\":\"%s\",\"name\":\"%s\","
                  "\"ts_ms\":%" PRId64 ",\"snapshot\":",
                  mariadb ? "mariadb" : "postgresql", debezium->prefix, place->ts_us / 1000);
    if (place->snapshot == NULL)
        buffer_text(out, "null");
    else
        buffer_format(out, "\"%s\"", place->snapshot);
    (mariadb ? write_mariadb_source : write_postgres_source)(out, topic, place);
    if (place->total_order == 0 || !debezium->transactions)
        buffer_text(out, "null");
    else
        buffer_format(out,
                      "{\"id\":\"%" PRId64 ":%" PRId64 "\",\"total_order\":%d,\"data_collection_order\":%d}",
                      place->txid, place->lsn, place->total_order, place->collection_order);
    buffer_format(out,
                  ",\"op\":\"%c\",\"ts_ms\":%" PRId64 ",\"ts_us\":%" PRId64 ",\"ts_ns\":%" PRId64 "417}%s",
                  op, place->sent_us / 1000, place->sent_us, place->sent_us, debezium->schemas ? "}" : "");
}

static void write_collections(struct buffer *out, const int *events) {
    int total = 0;
    for (int i = 0; i < SHOP_TABLES; i++)
        total += events[i];
    buffer_format(out, "\"event_count\":%d,\"data_collections\":[", total);
    bool first = true;
    for (int i = 0; i < SHOP_TABLES; i++)
        if (events[i] > 0) {
            buffer_format(out, "%s{\"data_collection\":\"public.%s\",\"event_count\":%d}", first ? "" : ",",
                          debezium_table((enum shop_topic)i), events[i]);
            first = false;
        }
    buffer_char(out, ']');
}

void debezium_boundary(struct debezium *debezium, struct buffer *key, struct buffer *value, const int *events,
                       const struct debezium_place *place) {
    debezium_begin_key(debezium, key, SHOP_TRANSACTION);
    buffer_format(key, "{\"id\":\"%" PRId64 ":%" PRId64 "\"}", place->txid, place->lsn);
    debezium_end_key(debezium, key);
    buffer_append(value, debezium->value_schemas[SHOP_TRANSACTION].data,
                  debezium->value_schemas[SHOP_TRANSACTION].size);
    buffer_format(value, "{\"status\":\"%s\",\"id\":\"%" PRId64 ":%" PRId64 "\",",
                  events == NULL ? "BEGIN" : "END", place->txid, place->lsn);
    if (events == NULL)
        buffer_text(value, "\"event_count\":null,\"data_collections\":null");
    else
        write_collections(value, events);
    buffer_format(value, ",\"ts_ms\":%" PRId64 "}%s", place->ts_us / 1000, debezium->schemas ? "}" : "");
}

// --- values

// decimal.handling.mode=string without schemas; precise (base64 of two's complement) with them.
void debezium_money(const struct debezium *debezium, struct buffer *out, int64_t cents) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (!debezium->schemas) {
        buffer_format(out, "\"%" PRId64 ".%02d\"", cents / 100, (int)(cents % 100));
        return;
    }
    unsigned char bytes[9] = {0};
    int size = 1;
    while (size < 8 && cents >> (size * 8 - 1) != 0)
        size++;
    for (int i = 0; i < size; i++)
        bytes[i] = (unsigned char)(cents >> ((size - 1 - i) * 8));
    buffer_char(out, '"');
    for (int i = 0; i < size; i += 3) {
        unsigned group = (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];
        buffer_char(out, digits[group >> 18]);
        buffer_char(out, digits[group >> 12 & 63]);
        buffer_char(out, i + 1 < size ? digits[group >> 6 & 63] : '=');
        buffer_char(out, i + 2 < size ? digits[group & 63] : '=');
    }
    buffer_char(out, '"');
}

void debezium_timestamptz(struct debezium *debezium, struct buffer *out, int64_t us) {
    time_t second = (time_t)(us / 1000000);
    if (debezium->second != second) {
        struct tm parts;
        (void)gmtime_r(&second, &parts);
        (void)strftime(debezium->second_text, sizeof debezium->second_text, "%Y-%m-%dT%H:%M:%S", &parts);
        debezium->second = second;
    }
    buffer_format(out, "\"%s.%06dZ\"", debezium->second_text, (int)(us % 1000000));
}
