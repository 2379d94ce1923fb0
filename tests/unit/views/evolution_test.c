// What differs between two source.sql: renames, retypes, keys, and what may stay.
#include "views/engine/catalog/source_sql.h"
#include "views/engine/store/evolution.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct found {
    struct catalog catalog;
    struct evolution evolution;
};

static void find(struct found *ret, const char *was, const char *is) {
    struct error error = {0};
    *ret = (struct found){0};
    assert_int_equal(source_sql_read(is, &ret->catalog.tables, &ret->catalog.table_count, &error), 0);
    assert_int_equal(evolution_find(&ret->evolution, was, SOURCE_AS_NOW, &ret->catalog, &error), 0);
}

static void done(struct found *found) {
    evolution_free(&found->evolution);
    source_sql_free(&found->catalog.tables, &found->catalog.table_count);
}

static void what_means_the_same_stays(void **state) {
    (void)state;
    struct found f;
    find(&f, "create table t(id int primary key, a varchar(10), b decimal(10, 2), c int)",
         "create table t(c bigint default 7, id int primary key, a text, b decimal(12, 2))");
    assert_false(f.evolution.changes);
    assert_true(f.evolution.only_adds);
    done(&f);
}

static void more_is_no_reason_to_build_views_anew(void **state) {
    (void)state;
    struct found f;
    find(&f, "create table t(id int primary key)",
         "create table t(id int primary key, a text); create table u(id int primary key)");
    assert_true(f.evolution.changes && f.evolution.only_adds);
    assert_false(f.evolution.rebuilds);
    assert_int_equal(f.evolution.tables[0].columns[1].was, -1);
    assert_true(evolution_fills(&f.evolution.tables[0].columns[1], &f.catalog.tables[0].columns[1]));
    assert_null(f.evolution.tables[1].was);
    done(&f);
}

static void another_type_scale_unit_or_form(void **state) {
    (void)state;
    struct found f;
    find(&f, "create table t(id int primary key, a int, b decimal(10, 2), c timestamp, d bytea)",
         "create table t(id int primary key, a text, b decimal(10, 3), c timestamp, d bytea);\n"
         "-- tidemark: time t = connect\n-- tidemark: bytes t.d = hex\n");
    const struct evolution_column *columns = f.evolution.tables[0].columns;
    assert_true(columns[1].retyped && columns[2].retyped);
    assert_true(columns[3].reread && columns[4].reread);
    assert_false(columns[0].retyped || columns[3].retyped || columns[4].retyped);
    assert_true(f.evolution.rebuilds);
    done(&f);
}

static void another_placeholder(void **state) {
    (void)state;
    struct found f;
    find(
        &f, "create table t(id text primary key, a text, b int, c jsonb)",
        "create table t(id text primary key, a text, b int, c jsonb);\n-- tidemark: unavailable * = __none__\n");
    const struct evolution_column *columns = f.evolution.tables[0].columns;
    assert_true(columns[1].reread && columns[3].reread);
    assert_false(columns[0].reread || columns[2].reread);
    done(&f);
}

static void renamed_and_the_old_name_taken_again(void **state) {
    (void)state;
    struct found f;
    const char *lines = "-- tidemark: renamed t.b from a\n-- tidemark: renamed new from old\n";
    char is[512];
    (void)snprintf(is, sizeof is,
                   "create table t(id int primary key, b int, a text);\n"
                   "create table new(id int primary key); create table old(id int primary key, x int);\n%s",
                   lines);
    find(&f, "create table t(id int primary key, a int); create table old(id int primary key)", is);
    assert_int_equal(f.evolution.tables[0].columns[1].was, 1);
    assert_int_equal(f.evolution.tables[0].columns[2].was, -1);
    assert_string_equal(f.evolution.tables[1].was->name, "old");
    assert_null(f.evolution.tables[2].was);
    assert_false(f.evolution.gone[1]);
    done(&f);
    // once that is done the lines say nothing
    find(&f, is, is);
    assert_false(f.evolution.changes);
    done(&f);
}

static void another_key_and_what_goes(void **state) {
    (void)state;
    struct found f;
    find(&f, "create table t(a int, b int, primary key(a)); create table u(id int primary key, x int)",
         "create table t(a int, b int, primary key(a, b)); create table u(id text primary key)");
    assert_true(f.evolution.tables[0].anew && f.evolution.tables[1].anew);
    assert_false(f.evolution.only_adds);
    done(&f);
    find(&f, "create table t(id int primary key, a int); create table u(id int primary key)",
         "create table t(id int primary key)");
    assert_true(f.evolution.gone[1]);
    assert_true(f.evolution.changes);
    assert_false(f.evolution.only_adds || f.evolution.rebuilds);
    done(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_means_the_same_stays),
        cmocka_unit_test(more_is_no_reason_to_build_views_anew),
        cmocka_unit_test(another_type_scale_unit_or_form),
        cmocka_unit_test(another_placeholder),
        cmocka_unit_test(renamed_and_the_old_name_taken_again),
        cmocka_unit_test(another_key_and_what_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
