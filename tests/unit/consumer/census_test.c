// Which declared tables have a topic.
#include "consumer/consume/census.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic_that_tables_share_is_each_ones),
        cmocka_unit_test(a_name_alone_is_one_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
