// Which topic feeds which table, and which table a row or a count is of: names as Debezium writes them, as routers
// change them, and as source.sql declares them.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "consumer/decode/placement.h"
#include "consumer/decode/topic_role.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char source[] =
    "create table orders(id int primary key);\n"
    "create table sales.orders(id int primary key);\n"
    "create table \"täble\"(id int primary key);\n"
    "create table \"Order Lines\"(id int primary key);\n"
    "create table \"a.b\"(id int primary key);\n"
    "create table visits(id int, day date, primary key(id, day)) partition by range (day);\n"
    "create table visits_2026 partition of visits for values from ('2026-01-01') to ('2027-01-01');\n"
    "create table shards(id int primary key);\n"
    "-- tidemark: topic shards = /app\\.shard_[0-9]+\\.customers/\n"
    "create table one(id int primary key);\n"
    "create table two(id int primary key);\n"
    "-- tidemark: topic one = everything\n"
    "-- tidemark: topic two = everything\n"
    "create table orders_eu(id int primary key);\n"
    "create table orders_us(id int primary key);\n"
    "create table mixed(id int primary key);\n"
    "-- tidemark: topic orders_eu = eu.public.orders\n"
    "-- tidemark: topic orders_us = app.us.orders\n"
    "-- tidemark: topic mixed = routed\n"
    "create table stock_eu(id int primary key);\n"
    "-- tidemark: topic stock_eu = eu.public.stock\n"
    "-- tidemark: ignore stock\n"
    "-- tidemark: ignore left\n"
    "-- tidemark: ignore sales.left_too\n"
    "-- tidemark: ignore mixed.id2\n"
    "create table people(id int primary key);\n"
    "-- tidemark: renamed people from \"Staff Members\"\n"
    "create table hr.wages(id int primary key);\n"
    "-- tidemark: renamed hr.wages from pay\n"
    "-- tidemark: renamed mixed from blend\n"
    "create table invoices(id int primary key);\n"
    "-- tidemark: renamed invoices from archive.bills\n"
    "-- tidemark: renamed visits from calls\n"
    "-- tidemark: renamed shards from pieces\n";

static struct catalog *load(void) {
    char folder[] = "/tmp/placement-test-XXXXXX";
    char path[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/source.sql", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(source, file) >= 0);
    assert_int_equal(fclose(file), 0);
    struct catalog *catalog = NULL;
    struct error error = {0};
    if (catalog_load(folder, NULL, &catalog, &error) != 0)
        fail_msg("%s", error.message);
    (void)unlink(path);
    (void)rmdir(folder);
    return catalog;
}

static const char *name_of(const struct table *table) {
    return table != NULL ? table->name : "-";
}

static const char *said(struct placement placement) {
    return placement.ignored ? "ignored" : name_of(placement.table);
}

static void topics(void **state) {
    (void)state;
    struct catalog *catalog = load();
    static const struct {
        const char *topic;
        enum topic_role role;
        const char *table;
    } cases[] = {
        {"app.public.orders", TOPIC_TABLE, "orders"},
        {"app.shop.public.orders", TOPIC_TABLE, "orders"}, // the database before the schema
        {"app.orders", TOPIC_IGNORED, "-"},
        {"other.public.orders", TOPIC_IGNORED, "-"},
        {"app.public.t_ble", TOPIC_TABLE, "täble"},
        {"app.public.t_ue4ble", TOPIC_IGNORED, "-"},
        {"app.public.t_u00e4ble", TOPIC_TABLE, "täble"}, // SchemaUnicodeTopicNamingStrategy
        {"app.public.Order_Lines", TOPIC_TABLE, "Order Lines"},
        {"app.public.Order_u0020Lines", TOPIC_TABLE, "Order Lines"},
        {"app.public.a.b", TOPIC_TABLE, "a.b"},
        {"app.public.visits", TOPIC_TABLE, "visits"},
        {"app.public.visits_2026", TOPIC_TABLE, "visits"}, // a partition, without publish.via.partition.root
        {"app.shop.public.visits_2026", TOPIC_TABLE, "visits"},
        {"app.public.visits_2031", TOPIC_IGNORED, "-"},
        {"app.visits_2026", TOPIC_IGNORED, "-"},
        {"app.shard_7.customers", TOPIC_TABLE, "shards"},
        {"app.shard_7.customers.old", TOPIC_IGNORED, "-"}, // the whole name
        {"app.public.shards", TOPIC_IGNORED, "-"},         // its line says where it comes from
        {"everything", TOPIC_TABLE, "one"},
        {"app.sales.orders", TOPIC_TABLE, "sales.orders"}, // before a table of any schema
        {"app.us.orders", TOPIC_TABLE, "orders_us"},       // a line before a name
        {"eu.public.orders", TOPIC_TABLE, "orders_eu"},
        {"app.transaction", TOPIC_TRANSACTION, "-"},
        {"__debezium-heartbeat.app", TOPIC_HEARTBEAT, "-"},
        {"__debezium-heartbeat.other", TOPIC_IGNORED, "-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct table *table;
        enum topic_role role = topic_role(cases[i].topic, "app", catalog, &table);
        if (role != cases[i].role || strcmp(name_of(table), cases[i].table) != 0)
            fail_msg("%s: role %d, table %s", cases[i].topic, (int)role, name_of(table));
    }
    assert_true(topic_is_heartbeats("source.__debezium-heartbeat.app", "source.app")); // MirrorMaker's copy
    assert_false(topic_is_heartbeats("other.__debezium-heartbeat.app", "source.app"));
    assert_false(topic_is_heartbeats("source.app.__debezium-heartbeat.x", "source.app"));
    assert_false(topic_is_heartbeats("source.app", "source.app"));
    static const struct {
        const char *topic;
        bool transactions, heartbeats;
    } likely[] = {
        {"app.tx", true, false},
        {"app.public.tx", false, false},
        {"apple.tx", false, false},
        {"beats.app", false, true},
        {"cdc.heartbeat.app", false, true},
        {"eu.public.app", false, false}, // a table of another connector
        {"__debezium-heartbeat.app", false, false},
        {".app", false, false},
        {"app_transaction", true, false},
        {"app_transactions", false, false},
        {"__debezium-heartbeat_app", false, true},
    };
    for (size_t i = 0; i < sizeof likely / sizeof *likely; i++) {
        assert_int_equal(topic_may_be_transactions(likely[i].topic, "app"), likely[i].transactions);
        assert_int_equal(topic_may_be_heartbeats(likely[i].topic, "app"), likely[i].heartbeats);
    }
    // a topic of a name of before: the line reads it and the table's own
    static const char *const older[][2] = {
        {"app.public.Staff_Members", "topic people = /app\\.public\\.Staff_Members|app\\.public\\.people/"},
        {"app.shop.public.Staff_Members",
         "topic people = /app\\.shop\\.public\\.Staff_Members|app\\.shop\\.public\\.people/"},
        {"app.public.pay", "topic hr.wages = /app\\.public\\.pay|app\\.hr\\.wages/"},
        // it left its schema
        {"app.archive.bills", "topic invoices = /app\\.archive\\.bills|app\\.public\\.invoices/"},
        {"app.shop.archive.bills",
         "topic invoices = /app\\.shop\\.archive\\.bills|app\\.shop\\.public\\.invoices/"},
        {"app.public.blend", "topic mixed = /app\\.public\\.blend|routed/"},
        {"app.public.pieces", "topic shards = /app\\.public\\.pieces|app\\.shard_[0-9]+\\.customers/"},
    };
    char line[TOPIC_LINE_SIZE];
    for (size_t i = 0; i < sizeof older / sizeof *older; i++) {
        assert_true(topic_write_line_of_older(older[i][0], "app", catalog, line));
        assert_string_equal(line, older[i][1]);
    }
    // its partitions' topics would not be read
    assert_false(topic_write_line_of_older("app.public.calls", "app", catalog, line));
    assert_false(topic_write_line_of_older("app.public.others", "app", catalog, line));
    assert_false(topic_write_line_of_older("other.public.pay", "app", catalog, line));
    assert_true(topic_is_left_out("app.public.left", "app", catalog));
    assert_true(topic_is_left_out("app.shop.sales.left_too", "app", catalog));
    assert_false(topic_is_left_out("app.public.left_too", "app", catalog));
    assert_false(topic_is_left_out("other.public.left", "app", catalog));
    const struct table *visits = catalog_table(catalog, "visits", 6);
    assert_int_equal(topic_feeds("everything", "app", catalog_table(catalog, "two", 3)), TOPIC_FEEDS_TABLE);
    assert_int_equal(topic_feeds("app.public.visits", "app", visits), TOPIC_FEEDS_TABLE);
    assert_int_equal(topic_feeds("app.public.visits_2026", "app", visits), TOPIC_FEEDS_TABLE + 1);
    assert_int_equal(topic_feeds("app.public.two", "app", visits), TOPIC_FEEDS_NOT);
    catalog_free(&catalog);
}

static void rows(void **state) {
    (void)state;
    struct catalog *catalog = load();
    static const struct {
        const char *topic_table;
        const char *schema;
        const char *relation;
        const char *table;
        bool routed;
    } cases[] = {
        {"orders", NULL, NULL, "orders", false}, // an unwrapped row says nothing
        {"orders", "public", "orders", "orders", false},
        {"orders", "public", "täble", "täble", false},
        {"visits", "public", "visits_2026", "visits", false}, // a declared partition
        {"visits", "public", "visits_2031", "visits", true},  // one that nobody declared
        {"shards", "shard_7", "customers", "shards", true},
        {"one", "public", "one", "one", false},
        {"one", "public", "two", "two", false},
        {"one", "public", "three", "-", true}, // a shared topic: nobody's
        {"one", NULL, NULL, "-", false},
        {"sales.orders", "sales", "orders", "sales.orders", false},
        {"orders_eu", "public", "orders", "orders_eu", true}, // another server's, in a topic of its own
        {"orders_eu", "public", "visits", "visits", false},
        {"orders_eu", "public", "orders_us", "orders_eu", true}, // which has another topic
        {"mixed", "public", "orders", "orders", false},
        {"mixed", "public", "left", "ignored", false},
        {"mixed", NULL, "left", "ignored", false},
        {"mixed", "sales", "left_too", "ignored", false},
        {"mixed", "public", "left_too", "mixed", true},
        {"mixed", "mixed", "id2", "mixed", true}, // a column's line
        {"one", "public", "left", "ignored", false},
        {"mixed", "public", "stock", "ignored", false},
        {"stock_eu", "public", "stock", "stock_eu", true}, // another server's
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct table *topic_table =
            catalog_table(catalog, cases[i].topic_table, strlen(cases[i].topic_table));
        assert_non_null(topic_table);
        struct placement found =
            placement_of_row(catalog, topic_table, span_of(cases[i].schema), span_of(cases[i].relation));
        if (strcmp(said(found), cases[i].table) != 0 || found.routed != cases[i].routed)
            fail_msg("%s in %s: %s", cases[i].relation, cases[i].topic_table, said(found));
    }
    catalog_free(&catalog);
}

static void collections(void **state) {
    (void)state;
    struct catalog *catalog = load();
    static const struct {
        const char *name;
        const char *table;
    } cases[] = {
        {"public.orders", "orders"},
        {"sales.orders", "sales.orders"},
        {"shop.sales.orders", "sales.orders"},
        {"public.Order Lines", "Order Lines"},
        {"public.a.b", "a.b"},
        {"public.visits_2026", "visits"},
        {"public.nobody", "-"},
        {"orders", "-"},
        {"public.left", "ignored"},
        {"shop.sales.left_too", "ignored"},
        {"public.left_too", "-"},
        {"public.stock", "-"}, // may be those of stock_eu
    };
    static struct placement_known known;
    for (size_t i = 0; i < 3 * sizeof cases / sizeof *cases; i++) {
        size_t c = i % (sizeof cases / sizeof *cases);
        struct placement found = placement_of_collection(catalog, span_of(cases[c].name));
        if (strcmp(said(found), cases[c].table) != 0)
            fail_msg("%s: %s", cases[c].name, said(found));
        assert_string_equal(said(placement_of_known_collection(&known, catalog, span_of(cases[c].name))),
                            said(found));
    }
    char longest[2 * PLACEMENT_KNOWN_SIZE] = "public.";
    memset(longest + 7, 'a', sizeof longest - 8);
    assert_null(placement_of_known_collection(&known, catalog, span_of(longest)).table);
    assert_null(placement_of_known_collection(&known, catalog, (struct span){0}).table);
    catalog_free(&catalog);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics),
        cmocka_unit_test(rows),
        cmocka_unit_test(collections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
