#include "consumer/demo/traffic.h"

#include "views/base/buffer.h"
#include "views/base/cleanup.h"
#include "views/base/random.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    ROWS_MAX = 4096,   // customers, and goods
    OPEN_MAX = 256,    // orders in one status that wait for their next step
    OPEN_FEW = 24,     // pending ones below which another is placed
    BATCH_MAX = 8,     // messages of one transaction
    STEP_MS = 20,      // the generator's own clock, a transaction
    ROW_BYTES = 192,   // WAL between two rows
    COMMIT_BYTES = 48, // and to the commit
    RESTOCK = 50,
    AVAILABLE_LOW = 8,
    QUANTITY_MAX = 3,
    TOAST_BYTES = 2000, // a longer column that did not change is not in the log
    TOPIC_NAME_SIZE = 256,
    DEFAULT_CENTS = 999,
    FIRST_ORDER = 10000,
};
static const int64_t ORDER_ID_MAX = 1000000000; // the capture's odd large keys are not counted on from

struct good {
    char *sku;
    char *description;
    int64_t on_hand;
    int64_t reserved;
    int64_t cents;
    int64_t updated_at_us;
    int32_t partition;
};

struct customer {
    json_t *row;
    int64_t id;
    int32_t partition;
};

struct traffic_order {
    int64_t id;
    int customer;
    int good;
    int quantity;
    int64_t created_at_ms;
};

struct order_list {
    struct traffic_order orders[OPEN_MAX];
    int count;
};

struct message_buffer {
    enum traffic_topic topic;
    int32_t partition;
    struct buffer key;
    struct buffer value;
    bool tombstone;
};

struct traffic {
    char topics[TRAFFIC_TOPICS][TOPIC_NAME_SIZE];
    struct span prefix; // of the capture's bytes
    bool transactions;
    char *version;
    char *database;
    struct good goods[ROWS_MAX];
    int good_count;
    struct customer customers[ROWS_MAX];
    int customer_count;
    struct order_list pending, paid, cancelled;
    uint64_t random;
    int64_t next_order;
    int64_t lsn; // of the newest commit
    int64_t txid;
    int64_t own_ms; // the generator's own clock
    int64_t now_ms; // what envelopes are stamped with
    struct message_buffer batch[BATCH_MAX];
    int batch_count;
    int batch_next;
    int events[TRAFFIC_TOPICS]; // rows of the transaction that is being written
    struct buffer heartbeat[2];
};

static int traffic_pick(struct traffic *traffic, int count) {
    return (int)random_below(&traffic->random, (uint64_t)count);
}

static void traffic_decref(json_t **json) {
    json_decref(*json);
}

static int64_t traffic_cents_of(const json_t *price) {
    double number = json_is_string(price) ? strtod(json_string_value(price), NULL) : json_number_value(price);
    return number > 0 && number < 1e9 ? (int64_t)(number * 100 + 0.5) : DEFAULT_CENTS;
}

static void traffic_free_good(struct good *good) {
    free(good->sku);
    free(good->description);
    *good = (struct good){0};
}

static int traffic_keep_good(struct traffic *traffic, const json_t *row, int32_t partition, bool deleted,
                             struct error *error) {
    const char *sku = json_string_value(json_object_get(row, "sku"));
    if (sku == NULL)
        return 0;
    int i = 0;
    while (i < traffic->good_count && strcmp(traffic->goods[i].sku, sku) != 0)
        i++;
    if (i < traffic->good_count) {
        traffic_free_good(&traffic->goods[i]);
        traffic->goods[i] = traffic->goods[--traffic->good_count];
        traffic->goods[traffic->good_count] = (struct good){0};
    }
    if (deleted || traffic->good_count == ROWS_MAX)
        return 0;
    const char *description = json_string_value(json_object_get(row, "description"));
    struct good *good = &traffic->goods[traffic->good_count++];
    *good = (struct good){
        .sku = strdup(sku),
        .description = strdup(description != NULL ? description : sku),
        .on_hand = json_integer_value(json_object_get(row, "on_hand")),
        .reserved = json_integer_value(json_object_get(row, "reserved")),
        .cents = traffic_cents_of(json_object_get(row, "unit_price")),
        .updated_at_us = json_integer_value(json_object_get(row, "updated_at")),
        .partition = partition,
    };
    return good->sku != NULL && good->description != NULL ? 0
                                                          : error_set(error, ERROR_SYSTEM, "out of memory");
}

static void traffic_keep_customer(struct traffic *traffic, json_t *row, int32_t partition, bool deleted) {
    int64_t id = json_integer_value(json_object_get(row, "id"));
    int i = 0;
    while (i < traffic->customer_count && traffic->customers[i].id != id)
        i++;
    if (i < traffic->customer_count) {
        json_decref(traffic->customers[i].row);
        traffic->customers[i] = traffic->customers[--traffic->customer_count];
    }
    if (!deleted && traffic->customer_count < ROWS_MAX)
        traffic->customers[traffic->customer_count++] = (struct customer){json_incref(row), id, partition};
}

static int traffic_keep_text(char **kept, const json_t *text, struct error *error) {
    if (!json_is_string(text) || *kept != NULL)
        return 0;
    *kept = strdup(json_string_value(text));
    return *kept != NULL ? 0 : error_set(error, ERROR_SYSTEM, "out of memory");
}

static int64_t traffic_larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int traffic_keep_row(struct traffic *traffic, struct span topic, int32_t partition,
                            const json_t *envelope, struct error *error) {
    const json_t *source = json_object_get(envelope, "source");
    traffic->lsn = traffic_larger(traffic->lsn, json_integer_value(json_object_get(source, "lsn")));
    traffic->txid = traffic_larger(traffic->txid, json_integer_value(json_object_get(source, "txId")));
    if (traffic_keep_text(&traffic->version, json_object_get(source, "version"), error) != 0 ||
        traffic_keep_text(&traffic->database, json_object_get(source, "db"), error) != 0)
        return -1;
    json_t *row = json_object_get(envelope, "after");
    bool deleted = !json_is_object(row);
    if (deleted)
        row = json_object_get(envelope, "before");
    if (!json_is_object(row))
        return 0;
    if (span_is(topic, traffic->topics[TRAFFIC_INVENTORY]))
        return traffic_keep_good(traffic, row, partition, deleted, error);
    if (span_is(topic, traffic->topics[TRAFFIC_CUSTOMERS]))
        traffic_keep_customer(traffic, row, partition, deleted);
    else if (span_is(topic, traffic->topics[TRAFFIC_ORDERS])) {
        int64_t id = json_integer_value(json_object_get(row, "id"));
        if (id < ORDER_ID_MAX)
            traffic->next_order = traffic_larger(traffic->next_order, id + 1);
    }
    return 0;
}

// "txid:lsn" of an END: its LSN is the commit's, above those of its rows.
static void traffic_keep_position(struct traffic *traffic, const json_t *event) {
    const char *id = json_string_value(json_object_get(event, "id"));
    const char *colon = id != NULL ? strchr(id, ':') : NULL;
    if (colon == NULL)
        return;
    traffic->txid = traffic_larger(traffic->txid, strtoll(id, NULL, 10));
    traffic->lsn = traffic_larger(traffic->lsn, strtoll(colon + 1, NULL, 10));
}

static int traffic_keep_line(struct traffic *traffic, const struct capture_line *line, struct error *error) {
    traffic->own_ms = traffic_larger(traffic->own_ms, line->ts_ms);
    if (line->value.data == NULL)
        return 0;
    CLEANUP(traffic_decref) json_t *value = json_loadb(line->value.data, line->value.size, 0, NULL);
    if (!json_is_object(value))
        return 0; // the demo may well play what the consumer must refuse
    json_t *payload = json_object_get(value, "payload");
    json_t *envelope = json_is_object(payload) ? payload : value;
    if (span_is(line->topic, traffic->topics[TRAFFIC_TRANSACTION])) {
        traffic_keep_position(traffic, envelope);
        return 0;
    }
    if (json_object_get(envelope, "source") != NULL)
        return traffic_keep_row(traffic, line->topic, line->partition, envelope, error);
    CLEANUP(traffic_decref)
    json_t *wrapped = json_pack("{s:O}", "after", envelope); // unwrapped: the value is the row
    return traffic_keep_row(traffic, line->topic, line->partition, wrapped, error);
}

static void traffic_name_topics(struct traffic *traffic) {
    static const char *const names[TRAFFIC_TOPICS] = {
        [TRAFFIC_ORDERS] = ".public.orders",       [TRAFFIC_INVENTORY] = ".public.inventory",
        [TRAFFIC_CUSTOMERS] = ".public.customers", [TRAFFIC_POINTS] = ".public.points",
        [TRAFFIC_TRANSACTION] = ".transaction",    [TRAFFIC_HEARTBEAT] = "",
    };
    for (enum traffic_topic i = TRAFFIC_ORDERS; i < TRAFFIC_TOPICS; i++)
        (void)snprintf(traffic->topics[i], TOPIC_NAME_SIZE, "%s%.*s%s",
                       i == TRAFFIC_HEARTBEAT ? "__debezium-heartbeat." : "", (int)traffic->prefix.size,
                       traffic->prefix.data, names[i]);
}

static int traffic_read_capture(struct traffic *traffic, struct capture *capture, struct error *error) {
    CLEANUP(arena_free) struct arena arena = {0};
    struct capture_line line;
    int result;
    capture_rewind(capture);
    while ((result = capture_next(capture, &arena, &line, error)) == 1) {
        if (traffic_keep_line(traffic, &line, error) != 0)
            return -1;
        arena_reset(&arena);
    }
    capture_rewind(capture);
    return result;
}

int traffic_new(struct traffic **ret, struct capture *capture, uint64_t seed, struct error *error) {
    CLEANUP(traffic_free) struct traffic *traffic = calloc(1, sizeof *traffic);
    if (traffic == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    traffic->random = seed;
    traffic->next_order = FIRST_ORDER;
    traffic->prefix = capture_prefix(capture);
    if (traffic->prefix.data == NULL)
        return error_set(error, ERROR_INPUT, "traffic cannot go on from a capture without a table's topic");
    traffic->transactions = capture_has_topic(capture, ".transaction");
    traffic_name_topics(traffic);
    if (traffic_read_capture(traffic, capture, error) != 0)
        return -1;
    if (traffic->good_count == 0 || traffic->customer_count == 0)
        return error_set(error, ERROR_INPUT, "traffic cannot go on from a capture that ends without %s",
                         traffic->good_count == 0 ? "inventory" : "customers");
    *ret = traffic;
    traffic = NULL;
    return 0;
}

void traffic_free(struct traffic **traffic) {
    struct traffic *freed = *traffic;
    if (freed == NULL)
        return;
    for (int i = 0; i < freed->good_count; i++)
        traffic_free_good(&freed->goods[i]);
    for (int i = 0; i < freed->customer_count; i++)
        json_decref(freed->customers[i].row);
    for (int i = 0; i < BATCH_MAX; i++) {
        buffer_free(&freed->batch[i].key);
        buffer_free(&freed->batch[i].value);
    }
    buffer_free(&freed->heartbeat[0]);
    buffer_free(&freed->heartbeat[1]);
    free(freed->version);
    free(freed->database);
    free(freed);
    *traffic = NULL;
}

const char *traffic_topic_name(const struct traffic *traffic, enum traffic_topic topic) {
    return traffic->topics[topic];
}

static void traffic_write_time(struct buffer *out, int64_t ms) {
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    (void)gmtime_r(&seconds, &parts);
    char text[32];
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    buffer_format(out, "\"%s.%03d000Z\"", text, (int)(ms % 1000));
}

static void traffic_write_money(struct buffer *out, int64_t cents) {
    buffer_format(out, "\"%" PRId64 ".%02d\"", cents / 100, (int)(cents % 100));
}

static int64_t traffic_order_cents(const struct traffic *traffic, const struct traffic_order *order) {
    return traffic->goods[order->good].cents * order->quantity;
}

static void traffic_write_order(const struct traffic *traffic, struct buffer *out,
                                const struct traffic_order *order, const char *status) {
    const struct good *good = &traffic->goods[order->good];
    buffer_format(out, "{\"id\":%" PRId64 ",\"customer_id\":%" PRId64 ",\"sku\":", order->id,
                  traffic->customers[order->customer].id);
    buffer_json_string(out, span_of(good->sku));
    buffer_format(out, ",\"quantity\":%d,\"total\":", order->quantity);
    traffic_write_money(out, traffic_order_cents(traffic, order));
    buffer_format(out,
                  ",\"status\":\"%s\",\"placed_on\":%" PRId64 ",\"notes\":null,\"meta\":null,\"created_at\":",
                  status, order->created_at_ms / 86400000);
    traffic_write_time(out, order->created_at_ms);
    buffer_char(out, '}');
}

static void traffic_write_good(struct buffer *out, const struct good *good) {
    buffer_text(out, "{\"sku\":");
    buffer_json_string(out, span_of(good->sku));
    buffer_text(out, ",\"description\":");
    buffer_json_string(out, span_of(good->description));
    buffer_format(out, ",\"on_hand\":%" PRId64 ",\"reserved\":%" PRId64 ",\"unit_price\":", good->on_hand,
                  good->reserved);
    traffic_write_money(out, good->cents);
    buffer_format(out, ",\"updated_at\":%" PRId64 "}", good->updated_at_us);
}

static void traffic_write_customer(struct buffer *out, const struct customer *customer) {
    json_t *bio = json_object_get(customer->row, "bio");
    if (json_string_length(bio) > TOAST_BYTES)
        (void)json_object_set_new(customer->row, "bio", json_string("__debezium_unavailable_value"));
    CLEANUP(free_charp) char *text = json_dumps(customer->row, JSON_COMPACT | JSON_PRESERVE_ORDER);
    buffer_text(out, text != NULL ? text : "null");
    out->failed |= text == NULL;
}

static struct message_buffer *traffic_add_message(struct traffic *traffic, enum traffic_topic topic,
                                                  int32_t partition) {
    struct message_buffer *message = &traffic->batch[traffic->batch_count++];
    message->topic = topic;
    message->partition = partition;
    message->tombstone = false;
    buffer_clear(&message->key);
    buffer_clear(&message->value);
    return message;
}

static void traffic_write_times(struct buffer *out, int64_t ms) {
    buffer_format(out, "\"ts_ms\":%" PRId64 ",\"ts_us\":%" PRId64 "000,\"ts_ns\":%" PRId64 "000000", ms, ms,
                  ms);
}

// Opens a row's message up to where its images begin.
static struct message_buffer *traffic_begin_row(struct traffic *traffic, enum traffic_topic topic,
                                                int32_t partition) {
    struct message_buffer *message = traffic_add_message(traffic, topic, partition);
    traffic->lsn += ROW_BYTES;
    traffic->events[topic]++;
    buffer_text(&message->value, "{\"before\":");
    return message;
}

static int traffic_total_events(const struct traffic *traffic) {
    int total = 0;
    for (int i = 0; i < TRAFFIC_TOPICS; i++)
        total += traffic->events[i];
    return total;
}

static const char *traffic_table_name(enum traffic_topic topic) {
    static const char *const names[TRAFFIC_TOPICS] = {[TRAFFIC_ORDERS] = "orders",
                                                      [TRAFFIC_INVENTORY] = "inventory",
                                                      [TRAFFIC_CUSTOMERS] = "customers",
                                                      [TRAFFIC_POINTS] = "points"};
    return names[topic];
}

static void traffic_end_row(struct traffic *traffic, struct message_buffer *message, char op,
                            int64_t commit_before) {
    struct buffer *out = &message->value;
    buffer_text(out, ",\"source\":{\"version\":");
    buffer_json_string(out, span_of(traffic->version != NULL ? traffic->version : "2.7.4.Final"));
    buffer_text(out, ",\"connector\":\"postgresql\",\"name\":");
    buffer_json_string(out, traffic->prefix);
    buffer_format(out, ",\"ts_ms\":%" PRId64 ",\"snapshot\":null,\"db\":", traffic->now_ms);
    buffer_json_string(out, span_of(traffic->database != NULL ? traffic->database : "shop"));
    buffer_format(out, ",\"sequence\":\"[\\\"%" PRId64 "\\\",\\\"%" PRId64 "\\\"]\"", commit_before,
                  traffic->lsn);
    buffer_format(out, ",\"ts_us\":%" PRId64 "000,\"ts_ns\":%" PRId64 "000000", traffic->now_ms,
                  traffic->now_ms);
    buffer_format(out,
                  ",\"schema\":\"public\",\"table\":\"%s\",\"txId\":%" PRId64 ",\"lsn\":%" PRId64
                  ",\"xmin\":null},\"transaction\":",
                  traffic_table_name(message->topic), traffic->txid, traffic->lsn);
    if (traffic->transactions)
        buffer_format(
            out, "{\"id\":\"%" PRId64 ":%" PRId64 "\",\"total_order\":%d,\"data_collection_order\":%d}",
            traffic->txid, traffic->lsn, traffic_total_events(traffic), traffic->events[message->topic]);
    else
        buffer_text(out, "null");
    buffer_format(out, ",\"op\":\"%c\",", op);
    traffic_write_times(out, traffic->now_ms);
    buffer_char(out, '}');
}

static void traffic_change_order(struct traffic *traffic, const struct traffic_order *order,
                                 const char *before, const char *after, int64_t commit_before) {
    struct message_buffer *message = traffic_begin_row(traffic, TRAFFIC_ORDERS, -1);
    buffer_format(&message->key, "{\"id\":%" PRId64 "}", order->id);
    if (before != NULL)
        traffic_write_order(traffic, &message->value, order, before);
    else
        buffer_text(&message->value, "null");
    buffer_text(&message->value, ",\"after\":");
    if (after != NULL)
        traffic_write_order(traffic, &message->value, order, after);
    else
        buffer_text(&message->value, "null");
    traffic_end_row(traffic, message, before == NULL ? 'c' : after == NULL ? 'd' : 'u', commit_before);
    if (after != NULL)
        return;
    struct message_buffer *tombstone = traffic_add_message(traffic, TRAFFIC_ORDERS, -1);
    tombstone->tombstone = true;
    buffer_format(&tombstone->key, "{\"id\":%" PRId64 "}", order->id);
}

static void traffic_change_good(struct traffic *traffic, int number, int64_t on_hand, int64_t reserved,
                                int64_t commit_before) {
    struct good *good = &traffic->goods[number];
    good->on_hand += on_hand;
    good->reserved += reserved;
    good->updated_at_us = traffic->own_ms * 1000;
    struct message_buffer *message = traffic_begin_row(traffic, TRAFFIC_INVENTORY, good->partition);
    buffer_text(&message->key, "{\"sku\":");
    buffer_json_string(&message->key, span_of(good->sku));
    buffer_char(&message->key, '}');
    buffer_text(&message->value, "null,\"after\":");
    traffic_write_good(&message->value, good);
    traffic_end_row(traffic, message, 'u', commit_before);
}

static void traffic_give_points(struct traffic *traffic, const struct traffic_order *order,
                                int64_t commit_before) {
    int64_t customer = traffic->customers[order->customer].id;
    struct message_buffer *message = traffic_begin_row(traffic, TRAFFIC_POINTS, -1);
    buffer_format(&message->key, "{\"order_id\":%" PRId64 ",\"customer_id\":%" PRId64 "}", order->id,
                  customer);
    buffer_format(&message->value,
                  "null,\"after\":{\"order_id\":%" PRId64 ",\"customer_id\":%" PRId64 ",\"points\":%" PRId64
                  ",\"reason\":\"order shipped\"}",
                  order->id, customer, traffic_order_cents(traffic, order) / 100);
    traffic_end_row(traffic, message, 'c', commit_before);
}

static void traffic_change_tier(struct traffic *traffic, int64_t commit_before) {
    static const char *const tiers[] = {"bronze", "silver", "gold"};
    struct customer *customer = &traffic->customers[traffic_pick(traffic, traffic->customer_count)];
    (void)json_object_set_new(customer->row, "loyalty_tier", json_string(tiers[traffic_pick(traffic, 3)]));
    struct message_buffer *message = traffic_begin_row(traffic, TRAFFIC_CUSTOMERS, customer->partition);
    buffer_format(&message->key, "{\"id\":%" PRId64 "}", customer->id);
    buffer_text(&message->value, "null,\"after\":");
    traffic_write_customer(&message->value, customer);
    traffic_end_row(traffic, message, 'u', commit_before);
}

static struct traffic_order traffic_take_order(struct traffic *traffic, struct order_list *list) {
    int i = traffic_pick(traffic, list->count);
    struct traffic_order order = list->orders[i];
    list->orders[i] = list->orders[--list->count];
    return order;
}

static void traffic_add_order(struct order_list *list, struct traffic_order order) {
    if (list->count < OPEN_MAX) // the others stay as they are for ever
        list->orders[list->count++] = order;
}

static void traffic_place(struct traffic *traffic, int64_t commit_before) {
    struct traffic_order order = {
        .id = traffic->next_order++,
        .customer = traffic_pick(traffic, traffic->customer_count),
        .good = traffic_pick(traffic, traffic->good_count),
        .quantity = 1 + traffic_pick(traffic, QUANTITY_MAX),
        .created_at_ms = traffic->own_ms,
    };
    const struct good *good = &traffic->goods[order.good];
    if (good->on_hand - good->reserved < AVAILABLE_LOW)
        traffic_change_good(traffic, order.good, RESTOCK, 0, commit_before);
    traffic_change_order(traffic, &order, NULL, "pending", commit_before);
    traffic_change_good(traffic, order.good, 0, order.quantity, commit_before);
    traffic_add_order(&traffic->pending, order);
}

static void traffic_pay(struct traffic *traffic, int64_t commit_before) {
    struct traffic_order order = traffic_take_order(traffic, &traffic->pending);
    traffic_change_order(traffic, &order, "pending", "paid", commit_before);
    traffic_add_order(&traffic->paid, order);
}

static void traffic_ship(struct traffic *traffic, int64_t commit_before) {
    struct traffic_order order = traffic_take_order(traffic, &traffic->paid);
    traffic_change_order(traffic, &order, "paid", "shipped", commit_before);
    traffic_change_good(traffic, order.good, -order.quantity, -order.quantity, commit_before);
    traffic_give_points(traffic, &order, commit_before);
}

static void traffic_cancel(struct traffic *traffic, int64_t commit_before) {
    struct traffic_order order = traffic_take_order(traffic, &traffic->pending);
    traffic_change_order(traffic, &order, "pending", "cancelled", commit_before);
    traffic_change_good(traffic, order.good, 0, -order.quantity, commit_before);
    traffic_add_order(&traffic->cancelled, order);
}

static void traffic_forget(struct traffic *traffic, int64_t commit_before) {
    struct traffic_order order = traffic_take_order(traffic, &traffic->cancelled);
    traffic_change_order(traffic, &order, "cancelled", NULL, commit_before);
}

static void traffic_write_rows(struct traffic *traffic, int64_t commit_before) {
    int dice = traffic_pick(traffic, 100);
    if (traffic->pending.count == OPEN_MAX || (dice < 30 && traffic->pending.count > OPEN_FEW))
        traffic_pay(traffic, commit_before);
    else if (dice < 60 && traffic->paid.count > OPEN_FEW / 2)
        traffic_ship(traffic, commit_before);
    else if (dice < 66 && traffic->pending.count > OPEN_FEW / 2)
        traffic_cancel(traffic, commit_before);
    else if (dice < 69 && traffic->cancelled.count > 0)
        traffic_forget(traffic, commit_before);
    else if (dice < 72)
        traffic_change_tier(traffic, commit_before);
    else if (dice < 86 && traffic->pending.count > OPEN_FEW / 4)
        traffic_pay(traffic, commit_before);
    else
        traffic_place(traffic, commit_before);
}

static void traffic_write_boundary(struct traffic *traffic, const char *status, int64_t lsn) {
    struct message_buffer *message = traffic_add_message(traffic, TRAFFIC_TRANSACTION, -1);
    buffer_format(&message->key, "{\"id\":\"%" PRId64 ":%" PRId64 "\"}", traffic->txid, lsn);
    buffer_format(&message->value, "{\"status\":\"%s\",\"id\":\"%" PRId64 ":%" PRId64 "\",", status,
                  traffic->txid, lsn);
    int total = traffic_total_events(traffic);
    if (total == 0) {
        buffer_text(&message->value, "\"event_count\":null,\"data_collections\":null");
    } else {
        buffer_format(&message->value, "\"event_count\":%d,\"data_collections\":[", total);
        bool first = true;
        for (enum traffic_topic i = TRAFFIC_ORDERS; i < TRAFFIC_TRANSACTION; i++)
            if (traffic->events[i] > 0) {
                buffer_format(&message->value, "%s{\"data_collection\":\"public.%s\",\"event_count\":%d}",
                              first ? "" : ",", traffic_table_name(i), traffic->events[i]);
                first = false;
            }
        buffer_char(&message->value, ']');
    }
    buffer_format(&message->value, ",\"ts_ms\":%" PRId64 "}", traffic->now_ms);
}

static void traffic_write_transaction(struct traffic *traffic, int64_t now_ms) {
    int64_t commit_before = traffic->lsn;
    traffic->own_ms += STEP_MS;
    traffic->now_ms = now_ms != 0 ? now_ms : traffic->own_ms;
    traffic->txid++;
    traffic->batch_count = 0;
    traffic->batch_next = 0;
    memset(traffic->events, 0, sizeof traffic->events);
    if (traffic->transactions)
        traffic_write_boundary(traffic, "BEGIN", commit_before);
    traffic_write_rows(traffic, commit_before);
    traffic->lsn += COMMIT_BYTES;
    if (traffic->transactions)
        traffic_write_boundary(traffic, "END", traffic->lsn);
}

int traffic_next(struct traffic *traffic, int64_t now_ms, struct traffic_message *ret, struct error *error) {
    if (traffic->batch_next == traffic->batch_count)
        traffic_write_transaction(traffic, now_ms);
    const struct message_buffer *message = &traffic->batch[traffic->batch_next++];
    if (message->key.failed || message->value.failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *ret = (struct traffic_message){
        .topic = message->topic,
        .partition = message->partition,
        .key = {message->key.data, message->key.size},
        .value = {message->tombstone ? NULL : message->value.data, message->value.size},
        .ts_ms = traffic->now_ms,
    };
    return 0;
}

bool traffic_is_between(const struct traffic *traffic) {
    return traffic->batch_next == traffic->batch_count;
}

int traffic_heartbeat(struct traffic *traffic, int64_t now_ms, struct traffic_message *ret,
                      struct error *error) {
    struct buffer *key = &traffic->heartbeat[0];
    struct buffer *value = &traffic->heartbeat[1];
    int64_t ms = now_ms != 0 ? now_ms : traffic->own_ms;
    buffer_clear(key);
    buffer_clear(value);
    buffer_text(key, "{\"serverName\":");
    buffer_json_string(key, traffic->prefix);
    buffer_char(key, '}');
    buffer_format(value, "{\"ts_ms\":%" PRId64 "}", ms);
    if (key->failed || value->failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *ret = (struct traffic_message){.topic = TRAFFIC_HEARTBEAT,
                                    .partition = 0,
                                    .key = {key->data, key->size},
                                    .value = {value->data, value->size},
                                    .ts_ms = ms};
    return 0;
}
