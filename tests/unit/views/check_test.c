// What `check` refuses is what a start would refuse: schemas that do not stand alone, triggers that tell lies.
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"

#include "views/engine/read.h"

static int setup(void **state) {
    static struct fixture f;
    fixture_make(&f);
    fixture_file(&f, "source.sql", "create table orders(id int primary key, amount int);\n");
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    fixture_remove(*state);
    return 0;
}

// As install has it: each view comes and goes by itself, beside the mirror.
static void a_schema_stands_alone(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "a/schema.sql", "create table a_t(id integer primary key, amount int);\n");
    static const char *const leaning[] = {
        "-- on a's table\ncreate index b_i on a_t(amount);\n",
        "-- on a's table\ncreate trigger b_g after insert on a_t begin select 1; end;\n",
        "-- of a's rows\ncreate table b_t as select * from a_t;\n",
        "-- through a view, which SQLite compiles when it is used\ncreate view b_v as select amount from a_t;\n",
        "-- into a's table\ninsert into a_t values(1, 2);\n",
    };
    for (size_t i = 0; i < sizeof leaning / sizeof *leaning; i++) {
        fixture_file(f, "b/schema.sql", leaning[i]);
        const char *complaint = fixture_complaint(f);
        if (strstr(complaint, "b/schema.sql:2: ") == NULL || strstr(complaint, "a_t") == NULL ||
            strstr(complaint, "the mirrored tables and its own") == NULL)
            fail_msg("%s: %s", leaning[i], complaint);
        assert_int_equal(f->error.kind, ERROR_INPUT);
    }
    fixture_file(f, "b/schema.sql", "create view b_v as select amount from orders;\n");
    fixture_file(f, "b/query.both.sql", "select amount from b_v union select amount from a_t");
    assert_string_equal(fixture_complaint(f), "");
    fixture_open(f);
}

#define BODY "update on orders begin select 1; end;\n"

static void a_trigger_is_after_whatever_its_name(void **state) {
    struct fixture *f = *state;
    static const char *const lies[] = {
        "create trigger after_paid before " BODY,
        "create trigger after_paid " BODY,
        "create trigger \"runs after\" before " BODY,
        "create trigger [after \"] before " BODY,
        "create trigger 'it''s after' before " BODY,
        "create trigger after before " BODY,
        "create trigger t /* after */ before " BODY,
        "create trigger t -- after\n before " BODY,
        "create trigger if not exists t BEFORE " BODY,
        "create trigger before_after before update of amount on orders begin select 'after'; end;\n",
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        fixture_file(f, "a/schema.sql", lies[i]);
        if (strstr(fixture_complaint(f), "only AFTER triggers") == NULL)
            fail_msg("%s: %s", lies[i], f->error.message);
    }
    static const char *const good[] = {
        "create trigger begin_x after " BODY,
        "create trigger \"begin\" AFTER " BODY,
        "create trigger `be``gin` after " BODY,
        "create trigger main.before after " BODY,
        "create trigger if not exists t /* before */ After " BODY,
        "create trigger t\n-- before\nafter " BODY,
        "create table a_t(x);\ncreate trigger t before update on a_t begin select 1; end;\n",
        "create view a_v as select 1 x;\ncreate trigger t instead of update on a_v begin select 1; end;\n",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        fixture_file(f, "a/schema.sql", good[i]);
        if (fixture_complaint(f)[0] != '\0')
            fail_msg("%s: %s", good[i], f->error.message);
    }
}

static void a_check_that_fails_needs_no_error(void **state) {
    struct fixture *f = *state;
    static const char *const broken[][2] = {
        {"a/schema.sql", "create table orders(x);\n"},
        {"a/schema.sql", "create table _x(x);\n"},
        {"a/schema.sql", "create table a_t(x);\n-- tidemark: keep nothing\n"},
        {"a/schema.sql",
         "create trigger t after insert on orders begin insert into nothing values(1); end;\n"},
        {"a/apply.x.sql", "insert into nothing select id from _delta_orders"},
        {"a/query.x.sql", "select nothing"},
        {"a/query.x.sql", "delete from orders"},
    };
    char views[FIXTURE_PATH_SIZE];
    (void)snprintf(views, sizeof views, "%s/views", f->folder);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        fixture_file(f, "a/schema.sql", "create table a_t(x);\n");
        fixture_file(f, "a/apply.x.sql", "insert into a_t select id from _delta_orders");
        fixture_file(f, "a/query.x.sql", "select 1");
        fixture_file(f, broken[i][0], broken[i][1]);
        catalog_free(&f->catalog);
        assert_int_equal(catalog_load(views, NULL, &f->catalog, NULL), 0);
        assert_int_equal(catalog_check(f->catalog, NULL), -1);
    }
    fixture_file(f, "source.sql", "create table orders(");
    catalog_free(&f->catalog);
    assert_int_equal(catalog_load(views, NULL, &f->catalog, NULL), -1);
}

// A question has at most so many, so those past them could never be given.
static void a_query_has_no_more_parameters_than_a_question(void **state) {
    struct fixture *f = *state;
    char sql[1024];
    for (int count = READ_PARAMETERS_MAX; count <= READ_PARAMETERS_MAX + 1; count++) {
        size_t size = (size_t)snprintf(sql, sizeof sql, "select :limit, :after");
        for (int i = 1; i <= count; i++)
            size += (size_t)snprintf(sql + size, sizeof sql - size, ", :p%d", i);
        fixture_file(f, "a/query.many.sql", sql);
        const char *complaint = fixture_complaint(f);
        if (count <= READ_PARAMETERS_MAX)
            assert_string_equal(complaint, "");
        else
            assert_string_equal(complaint, "a/query.many.sql:1: more than 64 parameters");
    }
}

static void a_pipe_is_not_waited_for(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "a/query.x.sql", "select 1");
    const char *path = f->files[f->file_count - 1];
    static const char *const links[] = {NULL, "/dev/zero", "/dev/tty", "."};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        assert_int_equal(unlink(path), 0);
        assert_int_equal(links[i] != NULL ? symlink(links[i], path) : mkfifo(path, 0600), 0);
        const char *complaint = fixture_complaint(f);
        if (strstr(complaint, "a/query.x.sql: ") == NULL)
            fail_msg("%s: %s", links[i], complaint);
        assert_int_equal(f->error.kind, ERROR_INPUT);
    }
}

static void a_view_reads_nothing_of_sqlite(void **state) {
    struct fixture *f = *state;
    static const char *const refused[][2] = {
        {"select file from pragma_database_list", "may not read pragma_database_list"},
        {"select f.name from orders o join pragma_table_info('orders') f", "may not read pragma_table_info"},
        {"select count(*) n from pragma_function_list", "may not read pragma_function_list"},
        {"select sql from sqlite_schema", "may not read sqlite_"},
        {"select count(*) n from sqlite_master", "may not read sqlite_"},
        {"select name from sqlite_temp_schema", "may not read sqlite_"},
        {"select sql from a_v", "may not read sqlite_"},
        {"select name from dbstat", "no such table: dbstat"},
        {"select load_extension('/x') x", "may not call load_extension()"},
        {"select sqlite_compileoption_get(1) x", "may not call sqlite_compileoption_get()"},
        {"select fts3_tokenizer('simple') x", "fts3_tokenizer"},
    };
    fixture_file(f, "a/schema.sql", "create view a_v as select sql from sqlite_schema;\n");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        fixture_file(f, "a/query.x.sql", refused[i][0]);
        const char *complaint = fixture_complaint(f);
        if (strncmp(complaint, "a/query.x.sql:1: ", 17) != 0 || strstr(complaint, refused[i][1]) == NULL)
            fail_msg("%s: %s", refused[i][0], complaint);
    }
    fixture_file(
        f, "a/schema.sql",
        "create table a_t(x unique, y, i integer primary key autoincrement);\ncreate index a_i on a_t(y);\n"
        "create table a_u as select id from orders;\ncreate view a_v as select value from json_each('[1]');\n"
        "create trigger a_g after insert on orders begin insert into a_t(x) select new.id; end;\n");
    static const char *const passed[] = {
        "select value from json_each('[1]')",
        "with c as (select 1) select count(*) as n from c",
        "select instr(replace(value, 'a', 'b'), 'b') as n from a_v",
        "select key from json_tree('{}')",
    };
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
        fixture_file(f, "a/query.x.sql", passed[i]);
        assert_string_equal(fixture_complaint(f), "");
    }
}

// Their modules ask for pragmas of SQLite's while they make a table; a schema of one that is not SQLite's own is refused.
static void a_view_may_search(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "a/schema.sql",
                 "create virtual table a_5 using fts5(x);\ncreate virtual table a_4 using fts4(x);\n"
                 "create virtual table a_r using rtree(id, low, high);\n");
    fixture_file(f, "a/apply.x.sql", "insert into a_5 select id from _delta_orders where _weight > 0");
    fixture_file(f, "a/query.x.sql", "select x from a_5 where a_5 match :text order by rank, x");
    assert_string_equal(fixture_complaint(f), "");
    static const char *const refused[] = {"pragma user_version", "pragma page_size = 512",
                                          "create virtual table a_d using dbstat"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        fixture_file(f, "a/schema.sql", refused[i]);
        if (strncmp(fixture_complaint(f), "a/schema.sql:1: ", 16) != 0)
            fail_msg("%s: %s", refused[i], fixture_complaint(f));
    }
}

// What FAIL keeps would be a row whose message is in quarantine; ROLLBACK undoes other messages' changes.
static void what_refuses_a_change_keeps_none_of_it(void **state) {
    struct fixture *f = *state;
    static const char *const refused[][2] = {
        {"select Raise ( FAIL, 'x');", "FAIL keeps a half"},
        {"select raise(/* not */ rollback, 'x');",
         "rollback undoes all changes since the last commit; write raise(abort, ..)"},
        {"insert or fail into a_t values(1);", "fail keeps a half"},
        {"update OR rollback a_t set x = 1;", "write or abort"},
    };
    char sql[512];
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        (void)snprintf(sql, sizeof sql,
                       "create table a_t(x);\ncreate trigger a_g after insert on orders begin\n%s end;\n",
                       refused[i][0]);
        fixture_file(f, "a/schema.sql", sql);
        const char *complaint = fixture_complaint(f);
        if (strncmp(complaint, "a/schema.sql:3: ", 16) != 0 || strstr(complaint, refused[i][1]) == NULL)
            fail_msg("%s: %s", refused[i][0], complaint);
    }
    fixture_file(f, "a/schema.sql", "create table a_t(\nx unique on conflict fail);\n");
    assert_non_null(strstr(fixture_complaint(f), "a/schema.sql:2: fail keeps a half"));
    fixture_file(f, "a/schema.sql",
                 "create table a_t(x unique, fail, [or], rollback);\n"
                 "create trigger a_g after insert on orders begin\n"
                 "select raise(abort, 'or fail') where 1 or (select fail from a_t);\n"
                 "insert or ignore into a_t(x, fail, rollback) values(1, 2, 'on conflict fail');\n"
                 "insert or replace into a_t(x) values(1); end;\n");
    assert_string_equal(fixture_complaint(f), "");
    fixture_file(f, "a/apply.x.sql", "insert or rollback into a_t(x) select new_id from _changes_orders");
    assert_string_equal(fixture_complaint(f), "");
}

static void a_schema_without_end_is_refused(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "a/schema.sql",
                 "create table a_n(i);\n"
                 "insert into a_n with recursive n(i) as (select 1 union all select i + 1 from n"
                 " limit 100000) select i from n;\n"
                 "create table a_t as with recursive n(i) as (select 1 union all select i + 1"
                 " from n) select count(*) as i from n;\n");
    assert_string_equal(
        fixture_complaint(f),
        "a/schema.sql:3: takes more than 100000000 steps though all tables are empty: a `with "
        "recursive` there needs an end (`where`, `limit`)");
    assert_int_equal(f->error.kind, ERROR_INPUT);
}

static void only_a_table_of_the_view_is_kept(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "a/schema.sql", "create table a_t(x);\n");
    static const char *const refused[] = {"orders", "ORDERS", "a_t", "b_v", "b_i", "nothing"};
    char sql[256];
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        (void)snprintf(sql, sizeof sql,
                       "-- tidemark: keep %s\ncreate table b_t(x);\ncreate index b_i on b_t(x);\n"
                       "create view b_v as select x from b_t;\n",
                       refused[i]);
        fixture_file(f, "b/schema.sql", sql);
        if (strstr(fixture_complaint(f), "names no table of it") == NULL)
            fail_msg("%s: %s", refused[i], f->error.message);
    }
    fixture_file(f, "b/schema.sql", "-- tidemark: keep b_t\ncreate table b_t(x);\n");
    assert_string_equal(fixture_complaint(f), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_schema_stands_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_trigger_is_after_whatever_its_name, setup, teardown),
        cmocka_unit_test_setup_teardown(a_query_has_no_more_parameters_than_a_question, setup, teardown),
        cmocka_unit_test_setup_teardown(a_view_may_search, setup, teardown),
        cmocka_unit_test_setup_teardown(what_refuses_a_change_keeps_none_of_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_schema_without_end_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(only_a_table_of_the_view_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pipe_is_not_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(a_view_reads_nothing_of_sqlite, setup, teardown),
        cmocka_unit_test_setup_teardown(a_check_that_fails_needs_no_error, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
