#include "consumer/envelope_events.h"

#include "consumer/envelope_payload.h"

static int collection_member(struct json_reader *json, struct span *name, int64_t *count,
                             struct error *error) {
    if (KEY_IS(json, "data_collection"))
        return members_scalar(json, name, error);
    if (KEY_IS(json, "event_count"))
        return members_integer(json, "event_count", count, error);
    return json_skip(json) ? 0 : row_broken(json, error);
}

// [{"data_collection":"public.orders","event_count":2},..]: tables that are not mirrored here do not count.
static int read_collections(const struct catalog *catalog, struct json_reader *json, struct event *event,
                            struct error *error) {
    enum json_kind kind = json_next(json);
    if (kind == JSON_NULL)
        return 0;
    if (kind != JSON_ARRAY_BEGIN)
        return json->error != NULL ? row_broken(json, error)
                                   : error_set(error, ERROR_INPUT, "data_collections is no array");
    while ((kind = json_next(json)) == JSON_OBJECT_BEGIN) {
        struct span name = {0};
        int64_t count = 0;
        while ((kind = json_next(json)) == JSON_KEY)
            if (collection_member(json, &name, &count, error) != 0)
                return -1;
        if (kind != JSON_OBJECT_END)
            return row_broken(json, error);
        const char *dot = name.data != NULL ? memchr(name.data, '.', name.size) : NULL;
        const struct table *table =
            dot != NULL ? catalog_table(catalog, dot + 1, name.size - (size_t)(dot + 1 - name.data)) : NULL;
        if (count < 0)
            return error_set(error, ERROR_INPUT, "event_count is negative");
        if (table != NULL) {
            event->expected[table->index] += count;
            event->expected_total += count;
        }
    }
    return kind == JSON_ARRAY_END ? 0 : row_broken(json, error);
}

static int transaction_member(const struct catalog *catalog, struct json_reader *json, struct span *status,
                              struct span *id, struct event *event, struct error *error) {
    if (KEY_IS(json, "status"))
        return members_scalar(json, status, error);
    if (KEY_IS(json, "id"))
        return members_scalar(json, id, error);
    if (KEY_IS(json, "ts_ms"))
        return members_integer(json, "ts_ms", &event->change.ts_ms, error);
    if (KEY_IS(json, "event_count"))
        return members_integer(json, "event_count", &event->event_count, error);
    if (KEY_IS(json, "data_collections"))
        return read_collections(catalog, json, event, error);
    return json_skip(json) ? 0 : row_broken(json, error);
}

int events_decode_transaction(const struct catalog *catalog, const struct message *message,
                              struct event *event, struct error *error) {
    struct json_reader json;
    const struct schema *none = NULL;
    json_open(&json, message->value);
    int entered = message->value.size == 0 ? 0 : payload_enter(NULL, &json, NULL, &none, error);
    if (entered <= 0)
        return entered; // a tombstone in a compacted transaction topic says nothing
    memset(event->expected, 0, (size_t)catalog->table_count * sizeof *event->expected);
    event->expected_total = event->event_count = 0;
    struct span status = {0};
    struct span id = {0};
    enum json_kind kind;
    while ((kind = json_next(&json)) == JSON_KEY)
        if (transaction_member(catalog, &json, &status, &id, event, error) != 0)
            return -1;
    if (kind != JSON_OBJECT_END)
        return row_broken(&json, error);
    if (payload_leave(&json, error) != 0 ||
        members_split_id(id, &event->change.txid, &event->change.lsn, error) != 0)
        return -1;
    if (!span_is(status, "BEGIN") && !span_is(status, "END"))
        return error_set(error, ERROR_INPUT, "status is neither BEGIN nor END");
    event->kind = span_is(status, "END") ? EVENT_END : EVENT_BEGIN;
    if (event->kind == EVENT_END && event->change.lsn == LSN_NONE)
        return error_set(error, ERROR_INPUT, "the id of an END has no LSN");
    return 0;
}

int events_decode_heartbeat(const struct message *message, struct event *event, struct error *error) {
    struct json_reader json;
    const struct schema *none = NULL;
    json_open(&json, message->value);
    int entered = message->value.size == 0 ? 0 : payload_enter(NULL, &json, NULL, &none, error);
    if (entered <= 0)
        return entered;
    enum json_kind kind;
    while ((kind = json_next(&json)) == JSON_KEY) {
        if (KEY_IS(&json, "ts_ms")) {
            if (members_integer(&json, "ts_ms", &event->heartbeat_ms, error) != 0)
                return -1;
        } else if (!json_skip(&json)) {
            return row_broken(&json, error);
        }
    }
    if (kind != JSON_OBJECT_END)
        return row_broken(&json, error);
    if (payload_leave(&json, error) != 0)
        return -1;
    event->kind = EVENT_HEARTBEAT;
    return 0;
}
