// Which declared tables have a topic.
#include "consumer/consume/census.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// The declared tables without a topic, once these have been listed.
static const char *missing(const char *source, const char *const topics[], char ret[CENSUS_TEXT_SIZE]) {
    struct error error = {0};
    struct catalog *catalog;
    struct progress *progress;
    struct census *census;
    assert_int_equal(catalog_load_source(source, &catalog, &error), 0);
    assert_int_equal(progress_new(&progress, &error), 0);
    assert_int_equal(census_new(&census, catalog, "shop", progress, &error), 0);
    census_begin(census);
    for (; *topics != NULL; topics++) {
        const struct table *table;
        if (topic_role(*topics, "shop", catalog, &table) != TOPIC_TABLE)
            table = NULL;
        census_note(census, *topics, 1, table);
    }
    census_end(census);
    const char *found = census_missing(census);
    (void)snprintf(ret, CENSUS_TEXT_SIZE, "%s", found != NULL ? found : "none");
    assert_int_equal(progress_tables_without_topic(progress, catalog->table_count) == 0, found == NULL);
    census_free(&census);
    progress_free(&progress);
    catalog_free(&catalog);
    return ret;
}

// A router's: the lines of several tables name it, or an expression of theirs does.
static void a_topic_that_tables_share_is_each_ones(void **state) {
    (void)state;
    static const char shared[] = "create table a(id int primary key);\ncreate table b(id int primary key);\n"
                                 "create table c(id int primary key);\ncreate table d(id int primary key);\n"
                                 "-- tidemark: topic a = shop.all\n-- tidemark: topic b = shop.all\n"
                                 "-- tidemark: topic c = /shop\\.a.*/\n";
    char text[CENSUS_TEXT_SIZE];
    assert_string_equal(missing(shared, (const char *const[]){"shop.all", NULL}, text), "d");
    assert_string_equal(missing(shared, (const char *const[]){"shop.any", NULL}, text), "a, b, d");
    assert_string_equal(missing(shared, (const char *const[]){"shop.all", "shop.public.d", NULL}, text),
                        "none");
}

static void a_name_alone_is_one_tables(void **state) {
    (void)state;
    static const char own[] =
        "create table a(id int primary key);\ncreate table b(id int primary key);\n-- tidemark: topic b = shop.b\n";
    char text[CENSUS_TEXT_SIZE];
    assert_string_equal(missing(own, (const char *const[]){"shop.public.a", NULL}, text), "b");
    assert_string_equal(missing(own, (const char *const[]){"shop.public.b", NULL}, text), "a, b");
}

struct named {
    int count;
    char text[64 * PROGRESS_UNDECLARED_MAX];
};

static void add_named(void *self, const char *topic) {
    struct named *named = self;
    size_t used = strlen(named->text);
    (void)snprintf(named->text + used, sizeof named->text - used, "%s ", topic);
    named->count++;
}

// So many topics that no table is declared for, from the first or from the last one on.
static void list_undeclared(struct census *census, struct progress *progress, int count, bool backwards,
                            struct named *ret) {
    census_begin(census);
    for (int i = 0; i < count; i++) {
        char topic[32];
        (void)snprintf(topic, sizeof topic, "shop.public.t%04d", backwards ? count - 1 - i : i);
        census_note(census, topic, 1, NULL);
    }
    census_end(census);
    *ret = (struct named){0};
    progress_undeclared_each(progress, add_named, ret);
}

// In whichever order a broker lists them, and none of them is lost from the count.
static void the_first_by_name_are_named(void **state) {
    (void)state;
    enum { MORE = 44 };
    struct error error = {0};
    struct catalog *catalog;
    struct progress *progress;
    struct census *census;
    static struct named forwards;
    static struct named backwards;
    assert_int_equal(catalog_load_source("create table a(id int primary key);", &catalog, &error), 0);
    assert_int_equal(progress_new(&progress, &error), 0);
    assert_int_equal(census_new(&census, catalog, "shop", progress, &error), 0);
    list_undeclared(census, progress, PROGRESS_UNDECLARED_MAX + MORE, false, &forwards);
    list_undeclared(census, progress, PROGRESS_UNDECLARED_MAX + MORE, true, &backwards);
    assert_int_equal(forwards.count, PROGRESS_UNDECLARED_MAX);
    assert_string_equal(backwards.text, forwards.text);
    assert_non_null(strstr(backwards.text, "shop.public.t0000 shop.public.t0001 "));
    struct progress_summary summary;
    progress_summary(progress, &summary);
    assert_int_equal(summary.undeclared, PROGRESS_UNDECLARED_MAX + MORE);
    list_undeclared(census, progress, 2, true, &backwards);
    assert_string_equal(backwards.text, "shop.public.t0000 shop.public.t0001 ");
    census_free(&census);
    progress_free(&progress);
    catalog_free(&catalog);
}

static void find_topic(void *self, const struct table_progress *table) {
    (void)snprintf(self, CENSUS_TEXT_SIZE, "%s", table->topic_count > 0 ? table->topics[0] : "none");
}

static void a_topic_that_is_gone_is_no_tables(void **state) {
    (void)state;
    struct error error = {0};
    struct catalog *catalog;
    struct progress *progress;
    struct census *census;
    char topic[CENSUS_TEXT_SIZE];
    assert_int_equal(catalog_load_source("create table a(id int primary key);", &catalog, &error), 0);
    assert_int_equal(progress_new(&progress, &error), 0);
    assert_int_equal(census_new(&census, catalog, "shop", progress, &error), 0);
    for (int listing = 0; listing < 3; listing++) {
        bool has = listing != 1;
        census_begin(census);
        if (has)
            census_note(census, "shop.public.a", 1, &catalog->tables[0]);
        census_end(census);
        progress_table_visit(progress, 0, find_topic, topic);
        assert_string_equal(topic, has ? "shop.public.a" : "none");
        assert_int_equal(progress_tables_without_topic(progress, 1), !has);
    }
    census_free(&census);
    progress_free(&progress);
    catalog_free(&catalog);
}

// The answer to a listing may take seconds.
static void a_listing_under_way_says_nothing(void **state) {
    (void)state;
    struct error error = {0};
    struct catalog *catalog;
    struct progress *progress;
    struct census *census;
    assert_int_equal(catalog_load_source("create table a(id int primary key);", &catalog, &error), 0);
    assert_int_equal(progress_new(&progress, &error), 0);
    assert_int_equal(census_new(&census, catalog, "shop", progress, &error), 0);
    for (int listing = 0; listing < 2; listing++) {
        census_begin(census);
        if (listing == 0)
            census_note(census, "shop.tx", 1, NULL);
        assert_string_equal(census_may_be_transactions(census), listing == 0 ? "" : "shop.tx");
        census_end(census);
        assert_string_equal(census_may_be_transactions(census), listing == 0 ? "shop.tx" : "");
    }
    census_free(&census);
    progress_free(&progress);
    catalog_free(&catalog);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic_that_tables_share_is_each_ones),
        cmocka_unit_test(a_name_alone_is_one_tables),
        cmocka_unit_test(the_first_by_name_are_named),
        cmocka_unit_test(a_listing_under_way_says_nothing),
        cmocka_unit_test(a_topic_that_is_gone_is_no_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
