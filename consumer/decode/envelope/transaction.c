#include "consumer/decode/envelope/transaction.h"

#include "consumer/decode/envelope/payload.h"
#include "consumer/decode/envelope/shape.h"
#include "consumer/decode/placement.h"
#include "consumer/json/scan.h"

// Rows of it may come through a router all the same. Its place doubles as it fills.
static int transaction_add_other(struct span name, int64_t count, struct event *event, struct error *error) {
    enum { FIRST = 8 };
    int used = event->other_count;
    if (used == EVENT_OTHERS_MAX)
        return 0;
    if (used == 0 || (used >= FIRST && (used & (used - 1)) == 0)) {
        size_t places = used == 0 ? FIRST : (size_t)used * 2;
        struct event_collection *grown = arena_take(&event->arena, places * sizeof *grown);
        if (grown == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        if (used > 0)
            memcpy(grown, event->others, (size_t)used * sizeof *grown);
        event->others = grown;
    }
    event->others[event->other_count++] = (struct event_collection){placement_hash(name), count};
    return 0;
}

// A table that is not mirrored here does not count.
static int transaction_count_collection(struct transaction_tables *tables, struct span name, int64_t count,
                                        struct event *event, struct error *error) {
    struct placement placement = placement_of_known_collection(&tables->known, tables->catalog, name);
    const struct table *table = placement.table;
    if (count < 0)
        return error_set(error, ERROR_INPUT, "event_count is negative");
    if (table != NULL) {
        event->expected[table->index] += count;
        event->expected_total += count;
        return 0;
    }
    return count > 0 && name.data != NULL && !placement.ignored
               ? transaction_add_other(name, count, event, error)
               : 0;
}

// The members of one collection; the { has been read.
static int transaction_read_collection(struct transaction_tables *tables, struct json_reader *json,
                                       struct event *event, struct error *error) {
    struct json_value name = {.kind = JSON_NULL}, value;
    int64_t count = 0;
    enum json_kind kind;
    while ((kind = json_next(json)) == JSON_KEY) {
        bool is_count = KEY_IS(json, "event_count"), is_name = KEY_IS(json, "data_collection");
        if (!json_take(json, &value))
            return row_broken(json, error);
        if (is_name)
            name = value;
        if (is_count && members_integer(&value, "event_count", &count, error) != 0)
            return -1;
    }
    if (kind != JSON_OBJECT_END)
        return row_broken(json, error);
    struct span text;
    return members_unescape(&name, &event->arena, &text, error) == 0
               ? transaction_count_collection(tables, text, count, event, error)
               : -1;
}

// {"data_collection":"public.orders","event_count":2} as Debezium writes it: past it. NULL: it is written
// otherwise, and nothing was counted. (It is valid JSON, where such bytes never follow an escaped quote.)
static const char *transaction_read_plain_collection(struct transaction_tables *tables, const char *p,
                                                     const char *end, struct event *event) {
    p = pass_word(p, end, SPAN(BOUNDARY_COLLECTION_BEGIN "\""));
    const char *name = p, *quote = p != NULL ? memchr(p, '"', (size_t)(end - p)) : NULL;
    p = quote != NULL ? pass_word(quote, end, SPAN("\"" BOUNDARY_COLLECTION_MIDDLE)) : NULL;
    if (p == NULL || memchr(name, '\\', (size_t)(quote - name)) != NULL)
        return NULL;
    const char *digits = p;
    p = pass_digits(p, end);
    int64_t count;
    if (p == end || *p != '}' || !json_to_integer((struct span){digits, (size_t)(p - digits)}, &count))
        return NULL;
    struct span text = {name, (size_t)(quote - name)};
    return transaction_count_collection(tables, text, count, event, NULL) == 0 ? p + 1 : NULL;
}

static bool transaction_read_plain_collections(struct transaction_tables *tables, struct span array,
                                               struct event *event) {
    const char *p = array.data, *end = p + array.size;
    while (p + 1 < end) {
        p = transaction_read_plain_collection(tables, p + 1, end, event); // past the [ or the comma
        if (p == NULL || p == end || (*p != ',' && *p != ']'))
            return false;
    }
    return true;
}

static void transaction_forget_collections(struct transaction_tables *tables, struct event *event) {
    memset(event->expected, 0, (size_t)tables->catalog->table_count * sizeof *event->expected);
    event->expected_total = 0;
    event->others = NULL;
    event->other_count = 0;
}

// [{"data_collection":"public.orders","event_count":2},..]
static int transaction_read_collections(struct transaction_tables *tables, const struct json_value *value,
                                        struct event *event, struct error *error) {
    transaction_forget_collections(tables, event);
    if (value->kind == JSON_NULL || value->kind == JSON_ERROR)
        return 0;
    if (value->kind != JSON_ARRAY_BEGIN)
        return error_set(error, ERROR_INPUT, "data_collections is no array");
    if (transaction_read_plain_collections(tables, value->raw, event))
        return 0;
    transaction_forget_collections(tables, event);
    struct json_reader json;
    enum json_kind kind;
    json_open(&json, value->raw);
    (void)json_next(&json);
    while ((kind = json_next(&json)) == JSON_OBJECT_BEGIN)
        if (transaction_read_collection(tables, &json, event, error) != 0)
            return -1;
    return kind == JSON_ARRAY_END ? 0 : row_broken(&json, error);
}

// The general reader: 1, 0 (a tombstone), -1.
static int transaction_read_members(struct span message, struct json_value values[BOUNDARY_VALUES],
                                    struct payload_form *form, struct error *error) {
    struct json_reader json;
    json_open(&json, message);
    int entered = message.size == 0 ? 0 : payload_enter_object(NULL, &json, NULL, form, error);
    if (entered <= 0)
        return entered;
    for (int i = 0; i < BOUNDARY_VALUES; i++)
        values[i].kind = JSON_ERROR;
    enum json_kind kind;
    while ((kind = json_next(&json)) == JSON_KEY) {
        int member = boundary_find(&json);
        if (member >= 0 ? !json_take(&json, &values[member]) : !json_skip(&json))
            return row_broken(&json, error);
    }
    if (kind != JSON_OBJECT_END)
        return row_broken(&json, error);
    return payload_leave(&json, error) == 0 ? 1 : -1;
}

// The id: 1, 0 (of another form than PostgreSQL's), -1.
static int transaction_take_id(const struct json_value values[BOUNDARY_VALUES], struct event *event,
                               struct error *error) {
    int64_t txid, lsn;
    struct span id;
    if (values[BOUNDARY_TXID].kind == JSON_NUMBER) {
        if (!json_to_integer(values[BOUNDARY_TXID].raw, &txid) ||
            !members_read_lsn(values[BOUNDARY_LSN].raw, &lsn))
            return 0;
    } else {
        if (members_unescape(&values[BOUNDARY_ID], &event->arena, &id, error) != 0)
            return -1;
        if (id.data == NULL)
            return error_set(error, ERROR_INPUT, "a boundary without an id");
        if (!members_split_id(id, &txid, &lsn))
            return 0;
    }
    event->change.txid = txid;
    event->change.lsn = lsn;
    return 1;
}

static int transaction_take_members(struct transaction_tables *tables,
                                    const struct json_value values[BOUNDARY_VALUES], struct event *event,
                                    struct error *error) {
    event->event_count = 0;
    struct span status;
    if (members_integer(&values[BOUNDARY_TS_MS], "ts_ms", &event->change.ts_ms, error) != 0 ||
        members_integer(&values[BOUNDARY_EVENT_COUNT], "event_count", &event->event_count, error) != 0 ||
        transaction_read_collections(tables, &values[BOUNDARY_COLLECTIONS], event, error) != 0 ||
        members_unescape(&values[BOUNDARY_STATUS], &event->arena, &status, error) != 0)
        return -1;
    int known = transaction_take_id(values, event, error);
    if (known < 0)
        return -1;
    if (known == 0) {
        event->positions = POSITIONS_FOREIGN;
        event->foreign_member = "id";
        return 0;
    }
    bool is_end = TEXT_IS(status, "END");
    if (!is_end && !TEXT_IS(status, "BEGIN"))
        return error_set(error, ERROR_INPUT, "status is neither BEGIN nor END");
    event->kind = is_end ? EVENT_END : EVENT_BEGIN;
    return 0;
}

int transaction_decode(struct shapes *shapes, struct transaction_tables *tables,
                       const struct message *message, struct event *event, struct error *error) {
    struct json_value values[BOUNDARY_VALUES];
    struct payload_form form = {0};
    if (shapes_read_boundary(shapes, message->value, values))
        return transaction_take_members(tables, values, event, error);
    int read = transaction_read_members(message->value, values, &form, error);
    if (read <= 0)
        return read; // a tombstone in a compacted transaction topic says nothing
    if (transaction_take_members(tables, values, event, error) != 0)
        return -1;
    shapes_learn_boundary(shapes, message->value, &form);
    return 0;
}
