#define _GNU_SOURCE
#include "tests/bench/shop.h"

#include "tests/bench/debezium.h"
#include "views/base/cleanup.h"
#include "views/base/random.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    CUSTOMERS_MAX = 1 << 23,
    BASKET_MAX = 3,   // orders placed together
    SHIPMENT_MAX = 6, // orders that leave together
    RESTOCK_MAX = 15, // goods that come together
    ARCHIVE_MAX = 8,  // orders that are forgotten together
    GROWING_BASKET = 10,
    BATCH_MAX = 64, // messages of one transaction
    STEP_US = 1370, // between two commits
    SENT_AFTER_US = 81000,
    FIRST_ORDER = 5001,
};
static const int64_t BEGIN_US = 1795385751006276;
static const int64_t BEGIN_LSN = 279116208;
static const int64_t BEGIN_TXID = 611377;

struct good {
    int64_t on_hand;
    int64_t reserved;
    int64_t cents;
    int64_t updated_us;
};

struct customer {
    int64_t created_us;
    int tier; // 0 = null
    bool opt_in;
};

struct order {
    int64_t id;
    int64_t cents;
    int64_t created_us;
    int customer;
    int good;
    int quantity;
};

enum status { PENDING, PAID, SHIPPED, CANCELLED, STATUSES };
static const char *const status_names[STATUSES] = {"pending", "paid", "shipped", "cancelled"};

struct order_list {
    struct order *orders;
    size_t count;
    size_t capacity;
    int64_t cents;
};

struct shop_buffer {
    enum shop_topic topic;
    int32_t partition;
    struct buffer key;
    struct buffer value;
    bool tombstone;
};

struct shop {
    struct shop_config config;
    struct debezium debezium;
    uint64_t random;
    int64_t rows;
    int64_t lsn;
    int64_t commit_before; // -1 = none yet
    int64_t txid;
    int64_t own_us;
    int64_t now_us;
    int64_t next_order;
    int64_t points;
    int64_t snapshot_row;
    // A basket's first row may have been written to the log before the rows of the transaction that
    // committed before it: then its LSN is below that commit.
    int64_t early_lsn; // 0 = none
    int64_t early_txid;
    struct good *goods;
    struct customer *customers;
    int customer_count;
    struct order_list orders[STATUSES];
    struct shop_buffer batch[BATCH_MAX];
    int batch_count;
    int batch_next;
    struct debezium_place place; // of the transaction being written
    int events[SHOP_TABLES];
};

static int pick(struct shop *shop, size_t count) {
    return (int)random_below(&shop->random, count);
}

// Some goods and customers are busier than others.
static int pick_busy(struct shop *shop, int count) {
    int a = pick(shop, (size_t)count);
    int b = pick(shop, (size_t)count);
    return a < b ? a : b;
}

int shop_new(struct shop **ret, const struct shop_config *config, struct error *error) {
    CLEANUP(shop_free) struct shop *shop = calloc(1, sizeof *shop);
    if (shop == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    shop->config = *config;
    if (config->customers == 0)
        shop->config.customers = SHOP_CUSTOMERS_DEFAULT;
    if (config->goods == 0)
        shop->config.goods = SHOP_GOODS_DEFAULT;
    shop->random = config->seed;
    shop->lsn = BEGIN_LSN;
    shop->commit_before = -1;
    shop->txid = BEGIN_TXID;
    shop->own_us = BEGIN_US;
    shop->next_order = FIRST_ORDER;
    shop->goods = calloc((size_t)shop->config.goods, sizeof *shop->goods);
    shop->customers = calloc(CUSTOMERS_MAX, sizeof *shop->customers);
    if (shop->goods == NULL || shop->customers == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (debezium_init(&shop->debezium, config->prefix, config->schemas, error) != 0)
        return -1;
    shop->debezium.form = config->form;
    shop->debezium.transactions = config->form == SHOP_ENVELOPES && !config->no_transactions;
    shop->debezium.undeclared = config->undeclared;
    *ret = shop;
    shop = NULL;
    return 0;
}

void shop_free(struct shop **shop) {
    struct shop *freed = *shop;
    if (freed == NULL)
        return;
    debezium_done(&freed->debezium);
    for (int i = 0; i < BATCH_MAX; i++) {
        buffer_free(&freed->batch[i].key);
        buffer_free(&freed->batch[i].value);
    }
    for (int i = 0; i < STATUSES; i++)
        free(freed->orders[i].orders);
    free(freed->goods);
    free(freed->customers);
    free(freed);
    *shop = NULL;
}

void shop_topic_name(const struct shop *shop, enum shop_topic topic, char *ret, size_t size) {
    if (topic == SHOP_TRANSACTION)
        (void)snprintf(ret, size, "%s.transaction", shop->config.prefix);
    else
        (void)snprintf(ret, size, "%s.public.%s", shop->config.prefix, debezium_table(topic));
}

// --- messages

// Any function of the key will do, as long as a key stays in its partition.
static int32_t partition_of(struct span key) {
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < key.size; i++)
        hash = (hash ^ (unsigned char)key.data[i]) * 16777619U;
    return (int32_t)(hash % SHOP_PARTITIONS);
}

static struct shop_buffer *add_message(struct shop *shop, enum shop_topic topic) {
    struct shop_buffer *message = &shop->batch[shop->batch_count++];
    message->topic = topic;
    message->partition = 0;
    message->tombstone = false;
    buffer_clear(&message->key);
    buffer_clear(&message->value);
    return message;
}

static struct shop_buffer *begin_key(struct shop *shop, enum shop_topic topic) {
    struct shop_buffer *message = add_message(shop, topic);
    debezium_begin_key(&shop->debezium, &message->key, topic);
    return message;
}

static void end_key(struct shop *shop, struct shop_buffer *message) {
    debezium_end_key(&shop->debezium, &message->key);
    message->partition = partition_of((struct span){message->key.data, message->key.size});
    if (!message->tombstone)
        debezium_begin_row(&shop->debezium, &message->value, message->topic);
}

static void end_row(struct shop *shop, struct shop_buffer *message, char op) {
    struct debezium_place *place = &shop->place;
    place->snapshot = NULL;
    place->collection_order = ++shop->events[message->topic];
    place->total_order++;
    place->sent_us += 131;
    if (place->total_order > 1 || place->lsn < 0)
        place->lsn = shop->lsn += 64 + 8 * pick(shop, 24);
    debezium_end_row(&shop->debezium, &message->value, message->topic, op, place);
    shop->rows++;
}

static void write_key(struct shop *shop, struct shop_buffer *message, const struct order *order) {
    if (message->topic == SHOP_POINTS)
        buffer_format(&message->key, "{\"order_id\":%" PRId64 ",\"customer_id\":%d}", order->id,
                      order->customer + 1);
    else
        buffer_format(&message->key, "{\"id\":%" PRId64 "}", order->id);
    end_key(shop, message);
}

// --- rows

static void write_order(struct shop *shop, struct buffer *out, const struct order *order,
                        enum status status) {
    buffer_format(out, "{\"id\":%" PRId64 ",\"customer_id\":%d,\"sku\":\"SKU-%d\",\"quantity\":%d,\"total\":",
                  order->id, order->customer + 1, order->good + 1, order->quantity);
    debezium_money(&shop->debezium, out, order->cents);
    buffer_format(out, ",\"status\":\"%s\",\"placed_on\":%" PRId64 ",\"notes\":", status_names[status],
                  order->created_us / 86400000000);
    buffer_text(out,
                order->id % 5 == 0 ? "\"Bitte beim Nachbarn abgeben, \\\"Müller\\\", 2. Stock\"" : "null");
    buffer_text(out, ",\"meta\":");
    if (order->id % 4 == 0)
        buffer_format(out, "\"{\\\"gift\\\": true, \\\"channel\\\": \\\"%s\\\"}\"",
                      order->id % 8 == 0 ? "app" : "web");
    else
        buffer_text(out, "null");
    buffer_text(out, ",\"created_at\":");
    debezium_timestamptz(&shop->debezium, out, order->created_us);
    debezium_end_image(&shop->debezium, out);
}

// The replica identity of orders is full: the row before comes too. STATUSES = there is none.
static void change_order(struct shop *shop, const struct order *order, enum status before,
                         enum status after) {
    struct shop_buffer *message = begin_key(shop, SHOP_ORDERS);
    write_key(shop, message, order);
    if (before == STATUSES)
        buffer_text(&message->value, "null");
    else
        write_order(shop, &message->value, order, before);
    buffer_text(&message->value, ",\"after\":");
    if (after == STATUSES)
        buffer_text(&message->value, "null");
    else
        write_order(shop, &message->value, order, after);
    end_row(shop, message, before == STATUSES ? 'c' : after == STATUSES ? 'd' : 'u');
}

static void write_tombstone(struct shop *shop, enum shop_topic topic, const struct order *order) {
    struct shop_buffer *message = begin_key(shop, topic);
    message->tombstone = true;
    write_key(shop, message, order);
}

static struct shop_buffer *begin_good(struct shop *shop, int number) {
    const struct good *good = &shop->goods[number];
    struct shop_buffer *message = begin_key(shop, SHOP_INVENTORY);
    buffer_format(&message->key, "{\"sku\":\"SKU-%d\"}", number + 1);
    end_key(shop, message);
    buffer_format(&message->value,
                  "null,\"after\":{\"sku\":\"SKU-%d\",\"description\":\"Item %d, %s\",\"on_hand\":%" PRId64
                  ",\"reserved\":%" PRId64 ",\"unit_price\":",
                  number + 1, number + 1, number % 3 == 0 ? "enamelled, 0.5 l" : "oak", good->on_hand,
                  good->reserved);
    debezium_money(&shop->debezium, &message->value, good->cents);
    buffer_format(&message->value, ",\"updated_at\":%" PRId64, good->updated_us);
    debezium_end_image(&shop->debezium, &message->value);
    return message;
}

static void change_good(struct shop *shop, int number, int64_t on_hand, int64_t reserved) {
    struct good *good = &shop->goods[number];
    good->on_hand += on_hand;
    good->reserved += reserved;
    good->updated_us = shop->now_us;
    end_row(shop, begin_good(shop, number), 'u');
}

static struct shop_buffer *begin_customer(struct shop *shop, int number) {
    static const char *const tiers[] = {"null", "\"bronze\"", "\"silver\"", "\"gold\""};
    const struct customer *customer = &shop->customers[number];
    struct shop_buffer *message = begin_key(shop, SHOP_CUSTOMERS);
    buffer_format(&message->key, "{\"id\":%d}", number + 1);
    end_key(shop, message);
    buffer_format(&message->value,
                  "null,\"after\":{\"id\":%d,\"email\":\"customer%d@example.com\",\"full_name\":\"%s "
                  "Customer %d\",\"loyalty_tier\":%s,\"marketing_opt_in\":%s,\"created_at\":",
                  number + 1, number + 1, number % 7 == 0 ? "Zoë" : "Ada", number + 1, tiers[customer->tier],
                  customer->opt_in ? "true" : "false");
    debezium_timestamptz(&shop->debezium, &message->value, customer->created_us);
    buffer_text(&message->value, ",\"bio\":null");
    debezium_end_image(&shop->debezium, &message->value);
    return message;
}

static void change_points(struct shop *shop, const struct order *order, bool deleted) {
    struct shop_buffer *message = begin_key(shop, SHOP_POINTS);
    write_key(shop, message, order);
    buffer_format(&message->value,
                  "%s{\"order_id\":%" PRId64 ",\"customer_id\":%d,\"points\":%" PRId64 ",\"reason\":%s",
                  deleted ? "" : "null,\"after\":", order->id, order->customer + 1,
                  deleted ? 0 : order->cents / 100, deleted ? "null" : "\"order shipped\"");
    debezium_end_image(&shop->debezium, &message->value);
    buffer_text(&message->value, deleted ? ",\"after\":null" : "");
    end_row(shop, message, deleted ? 'd' : 'c');
    shop->points += deleted ? -1 : 1;
}

// --- what happens in the shop

static int add_order(struct order_list *list, const struct order *order) {
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 1024 : list->capacity * 2;
        struct order *grown = realloc(list->orders, capacity * sizeof *grown);
        if (grown == NULL)
            return -1;
        list->orders = grown;
        list->capacity = capacity;
    }
    list->orders[list->count++] = *order;
    list->cents += order->cents;
    return 0;
}

static struct order take_order(struct shop *shop, struct order_list *list) {
    int i = pick(shop, list->count);
    struct order order = list->orders[i];
    list->orders[i] = list->orders[--list->count];
    list->cents -= order.cents;
    return order;
}

static int place(struct shop *shop) {
    int count = shop->config.growing ? GROWING_BASKET : pick(shop, 4) == 0 ? 1 + pick(shop, BASKET_MAX) : 1;
    if (shop->early_lsn != 0) {
        shop->place.lsn = shop->early_lsn;
        shop->place.txid = shop->early_txid;
    }
    int customer = pick_busy(shop, shop->customer_count);
    for (int i = 0; i < count; i++) {
        struct order order = {.id = shop->next_order++,
                              .customer = customer,
                              .good = pick_busy(shop, shop->config.goods),
                              .quantity = 1 + pick(shop, 4),
                              .created_us = shop->now_us};
        order.cents = shop->goods[order.good].cents * order.quantity;
        change_order(shop, &order, STATUSES, PENDING);
        if (!shop->config.growing)
            change_good(shop, order.good, 0, order.quantity);
        if (add_order(&shop->orders[PENDING], &order) != 0)
            return -1;
    }
    return 0;
}

static int pay(struct shop *shop) {
    struct order order = take_order(shop, &shop->orders[PENDING]);
    change_order(shop, &order, PENDING, PAID);
    return add_order(&shop->orders[PAID], &order);
}

static int ship(struct shop *shop) {
    for (int i = 1 + pick(shop, SHIPMENT_MAX); i > 0 && shop->orders[PAID].count > 0; i--) {
        struct order order = take_order(shop, &shop->orders[PAID]);
        change_order(shop, &order, PAID, SHIPPED);
        change_good(shop, order.good, -order.quantity, -order.quantity);
        change_points(shop, &order, false);
        if (add_order(&shop->orders[SHIPPED], &order) != 0)
            return -1;
    }
    return 0;
}

static int cancel(struct shop *shop) {
    struct order order = take_order(shop, &shop->orders[PENDING]);
    change_order(shop, &order, PENDING, CANCELLED);
    change_good(shop, order.good, 0, -order.quantity);
    return add_order(&shop->orders[CANCELLED], &order);
}

static void archive(struct shop *shop) {
    for (int i = 1 + pick(shop, ARCHIVE_MAX); i > 0; i--) {
        enum status status = pick(shop, 4) == 0 ? CANCELLED : SHIPPED;
        if (shop->orders[status].count == 0)
            continue;
        struct order order = take_order(shop, &shop->orders[status]);
        change_order(shop, &order, status, STATUSES);
        write_tombstone(shop, SHOP_ORDERS, &order);
        if (status == SHIPPED) {
            change_points(shop, &order, true);
            write_tombstone(shop, SHOP_POINTS, &order);
        }
    }
}

static void restock(struct shop *shop) {
    for (int i = 5 + pick(shop, RESTOCK_MAX - 4); i > 0; i--)
        change_good(shop, pick_busy(shop, shop->config.goods), 50, 0);
}

static void change_customer(struct shop *shop) {
    int number = pick_busy(shop, shop->customer_count);
    shop->customers[number].tier = pick(shop, 4);
    end_row(shop, begin_customer(shop, number), 'u');
}

static void new_customer(struct shop *shop, int number) {
    shop->customers[number] =
        (struct customer){.created_us = shop->now_us, .tier = pick(shop, 4), .opt_in = pick(shop, 3) != 0};
}

static void add_customer(struct shop *shop) {
    new_customer(shop, shop->customer_count);
    end_row(shop, begin_customer(shop, shop->customer_count++), 'c');
}

static int write_rows(struct shop *shop) {
    int dice = shop->config.growing ? 0 : pick(shop, 100);
    if (dice >= 34 && dice < 68 && shop->orders[PENDING].count > 100)
        return pay(shop);
    if (dice >= 68 && dice < 78 && shop->orders[PAID].count > 100)
        return ship(shop);
    if (dice >= 78 && dice < 84 && shop->orders[PENDING].count > 100)
        return cancel(shop);
    if (dice >= 84 && dice < 90 && shop->orders[SHIPPED].count > 100 && shop->orders[CANCELLED].count > 0)
        archive(shop);
    else if (dice >= 90 && dice < 93)
        restock(shop);
    else if (dice >= 93 && dice < 96 && shop->customer_count < CUSTOMERS_MAX)
        add_customer(shop);
    else if (dice >= 96)
        change_customer(shop);
    else
        return place(shop);
    return 0;
}

// An archive may find nothing to forget: a transaction without rows is none.
static int write_transaction(struct shop *shop) {
    struct debezium_place *place = &shop->place;
    int64_t keep_lsn = 0;
    int64_t keep_txid = 0;
    if (pick(shop, 10) == 0) {
        keep_lsn = shop->lsn += 96;
        keep_txid = ++shop->txid;
    }
    *place = (struct debezium_place){.lsn = -1,
                                     .commit_before = shop->commit_before,
                                     .txid = ++shop->txid,
                                     .ts_us = shop->now_us,
                                     .sent_us = shop->now_us + SENT_AFTER_US};
    memset(shop->events, 0, sizeof shop->events);
    struct shop_buffer *begin = shop->debezium.transactions ? add_message(shop, SHOP_TRANSACTION) : NULL;
    struct debezium_place first = *place;
    if (write_rows(shop) != 0)
        return -1;
    if (place->total_order == 0) {
        shop->batch_count = 0;
        return 0;
    }
    first.txid = place->txid;
    first.lsn = shop->commit_before < 0 ? BEGIN_LSN : shop->commit_before;
    place->lsn = shop->lsn += 48;
    if (begin != NULL) {
        debezium_boundary(&shop->debezium, &begin->key, &begin->value, NULL, &first);
        struct shop_buffer *end = add_message(shop, SHOP_TRANSACTION);
        debezium_boundary(&shop->debezium, &end->key, &end->value, shop->events, place);
    }
    shop->commit_before = place->lsn;
    shop->early_lsn = keep_lsn;
    shop->early_txid = keep_txid;
    return 0;
}

static const char *snapshot_mark(const struct shop *shop, int64_t row) {
    int64_t customers = shop->config.customers;
    if (row == 0)
        return "first";
    if (row == customers + shop->config.goods - 1)
        return "last";
    return row == customers       ? "first_in_data_collection"
           : row == customers - 1 ? "last_in_data_collection"
                                  : "true";
}

static void write_snapshot_row(struct shop *shop) {
    int64_t row = shop->snapshot_row++;
    struct shop_buffer *message;
    if (row < shop->config.customers) {
        new_customer(shop, shop->customer_count);
        message = begin_customer(shop, shop->customer_count++);
    } else {
        int number = (int)row - shop->config.customers;
        shop->goods[number] = (struct good){
            .on_hand = 500 + pick(shop, 500), .cents = 99 + pick(shop, 30000), .updated_us = shop->now_us};
        message = begin_good(shop, number);
    }
    const struct debezium_place place = {.lsn = BEGIN_LSN,
                                         .commit_before = -1,
                                         .txid = BEGIN_TXID,
                                         .ts_us = BEGIN_US,
                                         .sent_us = shop->now_us,
                                         .snapshot = snapshot_mark(shop, row)};
    debezium_end_row(&shop->debezium, &message->value, message->topic, 'r', &place);
    shop->rows++;
}

static int write_batch(struct shop *shop, int64_t now_us) {
    shop->own_us += STEP_US;
    shop->now_us = now_us != 0 ? now_us : shop->own_us;
    shop->batch_count = 0;
    shop->batch_next = 0;
    while (shop->batch_count == 0)
        if (shop->snapshot_row < shop->config.customers + shop->config.goods)
            write_snapshot_row(shop);
        else if (write_transaction(shop) != 0)
            return -1;
    return 0;
}

int shop_next(struct shop *shop, int64_t now_us, struct shop_message *ret, struct error *error) {
    if (shop->batch_next == shop->batch_count) {
        if (shop->config.events != 0 && shop->rows >= shop->config.events)
            return 0;
        if (write_batch(shop, now_us) != 0)
            return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    const struct shop_buffer *message = &shop->batch[shop->batch_next++];
    if (message->key.failed || message->value.failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *ret = (struct shop_message){
        .topic = message->topic,
        .partition = message->partition,
        .key = {message->key.data, message->key.size},
        .value = {message->tombstone ? NULL : message->value.data, message->value.size},
        .ts_ms = shop->now_us / 1000,
        .is_row = message->topic != SHOP_TRANSACTION && !message->tombstone,
    };
    return 1;
}

bool shop_is_between(const struct shop *shop) {
    return shop->batch_next == shop->batch_count;
}

int64_t shop_rows(const struct shop *shop) {
    return shop->rows;
}

// A short one may end before them.
static int goods_of_snapshot(const struct shop *shop) {
    int64_t goods = shop->snapshot_row - shop->config.customers;
    return goods < 0 ? 0 : (int)goods;
}

void shop_truth(const struct shop *shop, FILE *out) {
    size_t orders = 0;
    for (int i = 0; i < STATUSES; i++)
        orders += shop->orders[i].count;
    (void)fprintf(out,
                  "{\"orders\":%zu,\"customers\":%d,\"inventory\":%d,\"points\":%" PRId64
                  ",\"orders_by_status\":{",
                  orders, shop->customer_count, goods_of_snapshot(shop), shop->points);
    for (int i = 0; i < STATUSES; i++)
        (void)fprintf(out, "%s\"%s\":[%zu,%" PRId64 "]", i == 0 ? "" : ",", status_names[i],
                      shop->orders[i].count, shop->orders[i].cents);
    (void)fprintf(out, "}}");
}
