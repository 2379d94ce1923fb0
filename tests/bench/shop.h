// Shop traffic at volume: faithful Debezium 3.4 messages of one connector with transaction metadata, made
// from a seed alone, so that every run measures the same bytes. A snapshot of customers and inventory first,
// then source transactions of one to some forty rows: baskets, payments, shipments, cancellations,
// restocking, archiving. What the source holds at the end is known (shop_truth), so that a measured run can
// be checked. One thread.
#ifndef TIDEMARK_BENCH_SHOP_H
#define TIDEMARK_BENCH_SHOP_H

#include "views/base/error.h"
#include "views/base/span.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct shop;

enum shop_topic {
    SHOP_ORDERS,
    SHOP_INVENTORY,
    SHOP_CUSTOMERS,
    SHOP_POINTS,
    SHOP_TABLES,
    SHOP_TRANSACTION = SHOP_TABLES,
    SHOP_TOPICS,
};

enum {
    SHOP_PARTITIONS = 3,
    SHOP_CUSTOMERS_DEFAULT = 10000,
    SHOP_GOODS_DEFAULT = 2000,
};

enum shop_form {
    SHOP_ENVELOPES, // PostgreSQL's
    SHOP_UNWRAPPED, // by ExtractNewRecordState, with the fields that name positions
    SHOP_MARIADB,
};

struct shop_config {
    const char *prefix;
    uint64_t seed;
    int64_t events;      // row events in all, rounded up to a whole transaction; 0 = no end
    const char *schemas; // a capture whose messages carry schemas: these have the same ones. NULL = none
    bool growing;        // orders are placed and nothing else happens: a mirror of many rows
    int customers;       // of the snapshot; 0 = SHOP_CUSTOMERS_DEFAULT
    int goods;           // 0 = SHOP_GOODS_DEFAULT
    enum shop_form form; // all but PostgreSQL's envelopes have no transactions
    bool no_transactions;
    int undeclared; // columns more in each row, which source.sql does not declare
};

struct shop_message {
    enum shop_topic topic;
    int32_t partition;
    struct span key;
    struct span value; // data NULL = a tombstone
    int64_t ts_ms;
    bool is_row; // a row event: neither a boundary nor a tombstone
};

// ERROR_INPUT: the capture cannot be read or lacks a table's schema.
int shop_new(struct shop **ret, const struct shop_config *config, struct error *error);
void shop_free(struct shop **shop);
void shop_topic_name(const struct shop *shop, enum shop_topic topic, char *ret, size_t size);

// 1 = a message, whose bytes live until the next call; 0 = the end; -1 = ERROR_SYSTEM. now_us: the clock for
// its transaction, 0 = the shop's own.
int shop_next(struct shop *shop, int64_t now_us, struct shop_message *ret, struct error *error);
bool shop_is_between(const struct shop *shop); // no transaction is half given out
int64_t shop_rows(const struct shop *shop);    // row events so far
// {"orders":n,...,"orders_by_status":{"paid":[n,cents],...}} as the source has it.
void shop_truth(const struct shop *shop, FILE *out);

#endif
