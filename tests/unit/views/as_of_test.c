// _at_T: the rows of another table as they were at each change of a commit, however they were written, and
// what a statement must say to be told.
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"

#include "views/engine/delta/delta.h"

static const char source[] = "create table orders(id int primary key, customer_id int, amount int);\n"
                             "create table customers(id int primary key, name text, city text, note text);\n";

static const char log_schema[] = "create table log_t(op, id, name, city);\n";
static const char log_at[] = "insert into log_t select o._op, ifnull(o.new_id, o.old_id),"
                             " iif(c.id is null, c.name, ifnull(c.name, 'a row of nothing')), c.city"
                             " from _changes_orders o left join _at_customers c on c._step = o._step"
                             " and c.id = ifnull(o.new_customer_id, o.old_customer_id)";

static int setup(void **state) {
    static struct fixture f;
    fixture_make(&f);
    fixture_file(&f, "source.sql", source);
    fixture_file(&f, "log/schema.sql", log_schema);
    fixture_file(&f, "log/apply.t.sql", log_at);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    fixture_remove(*state);
    return 0;
}

static void set_triggers(struct fixture *f) {
    fixture_file(f, "strict/schema.sql",
                 "create table strict_t(n);\ncreate trigger strict_i after insert on customers"
                 " begin insert into strict_t values(1); end;\n");
}

// --- as of the change

// Accepted and written together, or each written as it comes: nobody can tell.
static void change_customers(struct fixture *f) {
    (void)create(f, 10, "orders", "1|7|0"); // before there is a customer
    (void)create(f, 11, "customers", "7|ann|york|n");
    (void)create(f, 12, "orders", "2|7|0");
    (void)update(f, 13, "customers", "7|bob|york|n");
    (void)update(f, 14, "customers", "7|bob|rome|n");
    (void)create(f, 15, "orders", "3|7|0");
    (void)erase(f, 16, "customers", "7");
    (void)create(f, 17, "orders", "4|7|0");
    (void)create(f, 18, "customers", "7|eve|oslo|n");
    (void)create(f, 19, "orders", "5|7|0");
    (void)erase(f, 20, "orders", "1");
    commit(f);
    assert_string_equal(seen(f, "log_t"),
                        "c|1|-|-, c|2|ann|york, c|3|bob|rome, c|4|-|-, c|5|eve|oslo, d|1|eve|oslo");
    // now the file has the customer
    (void)create(f, 30, "orders", "6|7|0"); // before its change
    (void)create(f, 31, "orders", "7|8|0"); // of none
    (void)update(f, 32, "customers", "7|joe|oslo|n");
    (void)update(f, 33, "orders", "6|7|1");
    (void)create(f, 34, "orders", "8|null|0");
    commit(f);
    assert_string_equal(seen(f, "log_t"), "c|6|eve|oslo, c|7|-|-, u|6|joe|oslo, c|8|-|-");
    (void)update(f, 40, "orders", "6|7|2"); // no customer changes
    commit(f);
    assert_string_equal(seen(f, "log_t"), "u|6|joe|oslo");
    (void)update(f, 50, "orders", "6|7|3");
    (void)erase(f, 51, "customers", "7");
    (void)update(f, 52, "orders", "6|7|4");
    commit(f);
    assert_string_equal(seen(f, "log_t"), "u|6|joe|oslo, u|6|-|-");
}

static void an_order_sees_its_customer_as_of_then(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    change_customers(f);
}

static void rows_written_one_by_one_are_seen_as_of_then(void **state) {
    struct fixture *f = *state;
    set_triggers(f);
    fixture_open(f);
    change_customers(f);
}

// Nothing else makes it run: a change of a customer is none of an order.
static void a_change_of_the_other_table_is_no_news(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "log/schema.sql", "create table log_t(op, id, name, city);\ncreate table log_runs(n);\n");
    fixture_file(f, "log/apply.runs.sql",
                 "insert into log_runs select count(*) from _changes_orders o left join _at_customers c"
                 " on c._step = o._step and c.id = o.new_customer_id");
    fixture_open(f);
    assert_string_equal(seen(f, "log_runs"), "0"); // filled
    (void)create(f, 10, "customers", "7|ann|york|n");
    commit(f);
    assert_string_equal(seen(f, "log_runs"), "");
    for (int i = 0; i < 20; i++) {
        char row[64];
        (void)snprintf(row, sizeof row, "%d|7|0", i);
        (void)create(f, 20 + 2 * i, "orders", row);
        (void)snprintf(row, sizeof row, "7|ann %d|york|n", i);
        (void)update(f, 21 + 2 * i, "customers", row);
    }
    commit(f);
    assert_string_equal(rows(f, "select sum(n) from log_runs"), "20");
    // one run for as many changes as are kept, not one before each
    int64_t runs = strtoll(rows(f, "select count(*) from log_runs"), NULL, 10);
    assert_in_range(runs, 1, 1 + 40 / DELTA_STEPS_MAX);
    assert_string_equal(rows(f, "select count(distinct name) from log_t"), "20");
}

static void snapshots_and_truncates_are_changes(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    (void)create(f, 10, "customers", "7|ann|york|n");
    (void)create(f, 11, "customers", "8|sue|york|n");
    commit(f);
    (void)create(f, 20, "orders", "1|7|0");
    (void)snapshot(f, 30, "customers", "7|bob|york|n");
    (void)create(f, 31, "orders", "2|7|0");
    (void)update(f, 32, "customers", "7|eve|york|n"); // accepted after one that was written at once
    (void)create(f, 33, "orders", "3|7|0");
    (void)create(f, 34, "orders", "4|8|0");
    assert_int_equal(sweep(f, "customers"), 1);
    (void)create(f, 36, "orders", "5|8|0");
    (void)create(f, 37, "orders", "6|7|0");
    commit(f);
    assert_string_equal(seen(f, "log_t"), "c|1|ann|york, c|2|bob|york, c|3|eve|york, c|4|sue|york, c|5|-|-, "
                                          "c|6|eve|york");
    (void)create(f, 40, "orders", "7|7|0");
    (void)truncate_table(f, 41, "customers");
    (void)create(f, 42, "orders", "8|7|0");
    (void)create(f, 43, "customers", "7|joe|oslo|n");
    (void)create(f, 44, "orders", "9|7|0");
    commit(f);
    assert_string_equal(seen(f, "log_t"), "c|7|eve|york, c|8|-|-, c|9|joe|oslo");
}

// Its own table too: the step before a change is how the row was.
static void any_step_can_be_asked_for(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "log/schema.sql", "create table log_t(id, was, is_now, begun, ended);");
    fixture_file(f, "log/apply.t.sql",
                 "insert into log_t select ifnull(o.new_id, o.old_id), p.amount, n.amount, b.amount, e.amount"
                 " from _changes_orders o"
                 " left join _at_orders p on p._step = o._step - 1 and p.id = ifnull(o.new_id, o.old_id)"
                 " left join _at_orders(o._step) n on n.id = ifnull(o.new_id, o.old_id)"
                 " left join _at_orders(0) b on b.id = ifnull(o.new_id, o.old_id)"
                 " left join _at_orders e on e._step = 9223372036854775807"
                 " and e.id = ifnull(o.new_id, o.old_id)");
    fixture_open(f);
    (void)create(f, 10, "orders", "1|7|5");
    (void)create(f, 11, "orders", "2|7|50");
    (void)update(f, 12, "orders", "1|7|6");
    commit(f);
    assert_string_equal(seen(f, "log_t"), "1|-|5|-|6, 2|-|50|-|50, 1|5|6|-|6");
    (void)update(f, 20, "orders", "1|7|7");
    (void)snapshot(f, 21, "orders", "1|7|8");
    (void)erase(f, 22, "orders", "1");
    (void)create(f, 23, "orders", "1|7|9");
    (void)erase(f, 24, "orders", "2");
    commit(f);
    assert_string_equal(seen(f, "log_t"), "1|6|7|6|9, 1|7|8|6|9, 1|8|-|6|9, 1|-|9|6|9, 2|50|-|50|-");
}

static void no_step_is_no_row(void **state) {
    struct fixture *f = *state;
    fixture_file(
        f, "log/apply.t.sql",
        "insert into log_t select t.column1, o.new_id, c.name, typeof(c._step) from _changes_orders o,"
        " (values(null), ('x'), (0.5), (x'31'), ('0'), (0.0)) t left join _at_customers c"
        " on c._step = t.column1 and c.id = o.new_customer_id");
    fixture_open(f);
    (void)create(f, 10, "customers", "7|ann|york|n");
    commit(f);
    (void)create(f, 20, "orders", "1|7|0");
    commit(f);
    assert_string_equal(seen(f, "log_t"), "-|1|-|null, x|1|-|null, 0.5|1|-|null, 1|1|-|null, "
                                          "0|1|ann|integer, 0.0|1|ann|integer");
}

// --- many

// More changes than are kept: what came before is written and forgotten in the middle of a transaction.
static void settling_in_the_middle_is_not_seen(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    const int rounds = DELTA_STEPS_MAX / 2 + 1000;
    char row[64];
    for (int i = 0; i < rounds; i++) {
        (void)snprintf(row, sizeof row, "7|name %d|york|n", i);
        (void)fixture_change(f, i == 0 ? CHANGE_CREATE : CHANGE_UPDATE, 10 + i, "customers", row);
        (void)snprintf(row, sizeof row, "%d|7|0", i);
        (void)create(f, 10 + i, "orders", row);
    }
    commit(f);
    char all[64];
    (void)snprintf(all, sizeof all, "%d|%d", rounds, rounds);
    assert_string_equal(rows(f, "select count(*), sum(name = 'name ' || id) from log_t"), all);
}

// As often as a list may hold, asked for at every one of them, from the newest back too.
static void a_row_that_changes_very_often(void **state) {
    struct fixture *f = *state;
    enum { OFTEN = DELTA_STEPS_MAX < 20000 ? DELTA_STEPS_MAX / 2 : 10000 };
    char text[256];
    fixture_file(f, "log/schema.sql",
                 "create table log_t(op, id, name, city);\ncreate table log_back(id, name);\n");
    (void)snprintf(text, sizeof text,
                   "insert into log_back select o.new_id, c.name from _changes_orders o"
                   " join _at_customers c on c._step = 2 * %d - o._step and c.id = 7",
                   OFTEN + 1);
    fixture_file(f, "log/apply.back.sql", text);
    fixture_open(f);
    char row[64];
    for (int i = 1; i <= OFTEN; i++) { // steps 1, 2; 3, 4; ...
        (void)snprintf(row, sizeof row, "7|name %d|york|n", i);
        (void)fixture_change(f, i == 1 ? CHANGE_CREATE : CHANGE_UPDATE, 10 + i, "customers", row);
        (void)snprintf(row, sizeof row, "%d|7|0", i);
        (void)create(f, 10 + i, "orders", row);
    }
    commit(f);
    char all[64];
    (void)snprintf(all, sizeof all, "%d|%d", OFTEN, OFTEN);
    assert_string_equal(rows(f, "select count(*), sum(name = 'name ' || id) from log_t"), all);
    (void)snprintf(text, sizeof text, "select count(*), sum(name = 'name ' || (%d - id)) from log_back",
                   OFTEN + 1);
    assert_string_equal(rows(f, text), all);
}

static void a_refused_change_never_was(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "strict/schema.sql", "create unique index strict_i on customers(name);");
    // the statement that looks up orders makes the others' lists be asked in between
    fixture_file(f, "log/schema.sql",
                 "create table log_t(op, id, name, city);\ncreate table log_early(id, name);\n");
    fixture_file(f, "log/apply.early.sql",
                 "insert into log_early select p.new_id, a.name from _changes_orders p"
                 " left join _at_customers a on a._step = p._step and a.id = p.new_customer_id"
                 " where (select count(*) from customers) >= 0");
    fixture_open(f);
    (void)create(f, 10, "customers", "7|ann|york|n");
    (void)create(f, 11, "orders", "1|7|0");
    (void)create(f, 12, "customers", "8|sue|york|n");
    (void)create(f, 13, "orders", "2|7|0");
    enum store_outcome outcome;
    const struct change refused = {.op = CHANGE_UPDATE, .lsn = 14, .txid = 1};
    assert_int_equal(fixture_try(f, refused, "customers", "7|sue|york|n", &outcome), -1);
    (void)create(f, 15, "orders", "3|7|0");
    (void)update(f, 16, "customers", "7|bob|york|n");
    (void)create(f, 17, "orders", "4|7|0");
    (void)create(f, 18, "orders", "5|8|0");
    commit(f);
    assert_string_equal(seen(f, "log_t"),
                        "c|1|ann|york, c|2|ann|york, c|3|ann|york, c|4|bob|york, c|5|sue|york");
    assert_string_equal(seen(f, "log_early"), "1|ann, 2|ann, 3|ann, 4|bob, 5|sue");
}

// A statement that looks up rows of a third table runs early, when what it is told of the second is not
// written yet.
static void a_statement_that_runs_early_sees_the_same(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "source.sql",
                 "create table orders(id int primary key, customer_id int, amount int);\n"
                 "create table customers(id int primary key, name text, city text, note text);\n"
                 "create table rates(id int primary key, rate int);\n");
    fixture_file(f, "log/schema.sql",
                 "create table log_t(op, id, name, city);\ncreate table log_rate(id, name, rate);\n");
    fixture_file(f, "log/apply.rate.sql",
                 "insert into log_rate select o.new_id, c.name, (select rate from rates where id = 1)"
                 " from _changes_orders o left join _at_customers c on c._step = o._step"
                 " and c.id = o.new_customer_id");
    fixture_open(f);
    (void)create(f, 10, "customers", "7|ann|york|n");
    commit(f);
    (void)create(f, 20, "orders", "1|7|0");
    (void)update(f, 21, "customers", "7|bob|york|n");
    (void)create(f, 22, "rates", "1|5"); // here it runs
    (void)create(f, 23, "orders", "2|7|0");
    (void)update(f, 24, "customers", "7|eve|york|n");
    (void)create(f, 25, "orders", "3|7|0");
    (void)update(f, 26, "rates", "1|6"); // and here
    (void)create(f, 27, "orders", "4|7|0");
    commit(f);
    assert_string_equal(seen(f, "log_rate"), "1|ann|-, 2|bob|5, 3|eve|5, 4|eve|6");
    // what an early run read in the file changes after it, within the commit and in the next
    (void)create(f, 30, "orders", "5|7|0");
    (void)update(f, 31, "rates", "1|7");
    (void)create(f, 32, "orders", "6|7|0");
    (void)update(f, 33, "customers", "7|joe|york|n");
    (void)create(f, 34, "orders", "7|7|0");
    commit(f);
    assert_string_equal(seen(f, "log_rate"), "5|eve|6, 6|eve|7, 7|joe|7");
    (void)create(f, 40, "orders", "8|7|0");
    commit(f);
    (void)erase(f, 50, "customers", "7");
    (void)update(f, 51, "customers", "7|sue|york|n");
    commit(f);
    (void)create(f, 60, "orders", "9|7|0");
    commit(f);
    assert_string_equal(seen(f, "log_rate"), "8|joe|7, 9|sue|7");
    assert_string_equal(seen(f, "log_t"),
                        "c|1|ann|york, c|2|bob|york, c|3|eve|york, c|4|eve|york, c|5|eve|york, "
                        "c|6|eve|york, c|7|joe|york, c|8|joe|york, c|9|sue|york");
}

// More of the file than is kept in memory.
static void rows_of_the_file_that_are_long(void **state) {
    struct fixture *f = *state;
    enum { CUSTOMERS = 70, LENGTH = 300 * 1000 };
    fixture_file(f, "log/schema.sql", "create table log_t(customer, name, length);");
    fixture_file(f, "log/apply.t.sql",
                 "insert into log_t select c.id, c.name, length(c.note) from _changes_orders o"
                 " join _at_customers c on c._step = o._step and c.id = o.new_customer_id");
    fixture_open(f);
    CLEANUP(free_charp) char *row = malloc(LENGTH + 64);
    assert_non_null(row);
    for (int i = 0; i < CUSTOMERS; i++) {
        int at = snprintf(row, 64, "%d|name %d|york|", i, i);
        memset(row + at, 'n', LENGTH);
        row[at + LENGTH] = '\0';
        (void)create(f, 10, "customers", row);
    }
    commit(f);
    for (int i = 0; i < 3 * CUSTOMERS; i++) {
        (void)snprintf(row, 64, "%d|%d|0", i, i % CUSTOMERS);
        (void)create(f, 20, "orders", row);
    }
    commit(f);
    assert_string_equal(rows(f, "select count(*), count(distinct customer), sum(name = 'name ' || customer),"
                                " min(length) from log_t"),
                        "210|70|210|300000");
}

// --- keys

static void a_key_is_compared_as_its_column_would(void **state) {
    struct fixture *f = *state;
    fixture_remove(f);
    fixture_make(f);
    fixture_file(f, "source.sql",
                 "create table orders(id int primary key, n int);\n"
                 "create table ints(k bigint primary key, v text);\n"
                 "create table prices(k decimal(10, 2) primary key, v text);\n"
                 "create table reals(k double precision primary key, v text);\n"
                 "create table texts(k text primary key, v text);\n"
                 "create table bytes(k bytea primary key, v text);\n"
                 "create table pairs(a text, b int, v text, primary key(b, a));\n");
    static const char *const tables[] = {"ints", "prices", "reals", "texts", "bytes"};
    fixture_file(
        f, "log/schema.sql",
        "create table log_keys(k);\ninsert into log_keys values(1), (1.0), ('1'), ('1.0'), (' 1 '), ('x'), (1.5),"
        " (x'31'), (null), (9007199254740993), (9007199254740992.0), (9007199254740993.0), (1e300),"
        " (-1e300), ('9007199254740993'), ('');\n"
        "create table log_t(of, k, at, real);\ncreate table log_pairs(v);\n");
    for (int i = 0; i < 10; i++) { // compared with a column, and with an expression
        const char *table = tables[i / 2];
        const char *sign = i % 2 == 0 ? "" : "+";
        char path[64];
        char text[512];
        (void)snprintf(path, sizeof path, "log/apply.%s%d.sql", table, i % 2);
        // the table itself is what _at_ must agree with
        (void)snprintf(
            text, sizeof text,
            "insert into log_t select '%s%s', quote(l.k), group_concat(a.v), (select group_concat(t.v)"
            " from %s t where t.k = %sl.k) from _changes_orders o cross join log_keys l"
            " left join _at_%s a on a._step = o._step and a.k = %sl.k group by l.rowid",
            table, sign, table, sign, table, sign);
        fixture_file(f, path, text);
    }
    fixture_file(f, "log/apply.pairs.sql",
                 "insert into log_pairs select a.v from _changes_orders o"
                 " join _at_pairs a on a.a = 1 and a._step = o._step and a.b = '2'");
    for (int listed = 0; listed < 2; listed++) {
        fixture_open(f);
        (void)create(f, 10, "ints", "1|one");
        (void)create(f, 10, "ints", "9007199254740993|big");
        (void)create(f, 10, "ints", "9007199254740992|less");
        (void)create(f, 10, "prices", "1|one");
        (void)create(f, 10, "reals", "1|one");
        (void)create(f, 10, "reals", "1.5|half");
        (void)create(f, 10, "reals", "9007199254740992|big");
        (void)create(f, 10, "texts", "1|one");
        (void)create(f, 10, "texts", "1.0|real");
        (void)create(f, 10, "texts", "|empty");
        (void)create(f, 10, "bytes", "1|text");
        (void)create(f, 10, "pairs", "1|2|pair");
        if (listed == 0)
            commit(f);
        (void)create(f, 20, "orders", "1|1");
        commit(f);
        assert_string_equal(rows(f, "select * from log_t where at is not real"), "");
        assert_string_equal(
            rows(f, "select of, count(at) from log_t group by of order by of"),
            "bytes|1, bytes+|1, ints|9, ints+|9, prices|5, prices+|5, reals|8, reals+|8, texts|3, texts+|5");
        assert_string_equal(rows(f, "select * from log_pairs"), "pair");
        fixture_close(f);
        (void)unlink(f->db);
    }
}

// --- filling, and what takes over

static void a_view_is_filled_from_the_file(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    (void)create(f, 10, "customers", "7|ann|york|n");
    (void)create(f, 11, "orders", "1|7|0");
    (void)update(f, 12, "customers", "7|bob|york|n");
    (void)create(f, 13, "orders", "2|8|0");
    commit(f);
    assert_string_equal(rows(f, "select * from log_t"), "c|1|ann|york, c|2|-|-");
    fixture_close(f);
    fixture_file(f, "log/schema.sql", "-- anew\ncreate table log_t(op, id, name, city);\n");
    fixture_open(f);
    assert_string_equal(rows(f, "select * from log_t"), "r|1|bob|york, r|2|-|-");
}

// A file whose outbox was kept by a look-up goes on with the built-in statement: nothing is told again.
static void the_built_in_outbox_takes_over(void **state) {
    struct fixture *f = *state;
    fixture_remove(f);
    fixture_make(f);
    assert_int_equal(fixture_load(f), 0);
    const struct view *email = catalog_view(f->catalog, "email");
    assert_non_null(email);
    assert_non_null(strstr(email->applies[0].sql, "_at_customers c on c._step = o._step and"));
    fixture_file(f, "email/schema.sql", email->schema);
    fixture_file(f, "email/apply.outbox.sql",
                 "insert into email_outbox(message_id, kind, order_id, customer_id, \"to\")\n"
                 "select 'old-' || o.new_id, 'order_placed', o.new_id, o.new_customer_id, c.email\n"
                 "from _changes_orders o left join customers c on c.id = o.new_customer_id\n"
                 "where o._snapshot = 0 and o._op = 'c' on conflict do nothing\n");
    static const char told[] = "select message_id, \"to\" from email_outbox order by seq";
    fixture_open(f);
    (void)create(f, 10, "customers", "7|ann@x|ann");
    (void)create(f, 11, "orders", "1|7|a|1|100|pending");
    commit(f);
    assert_string_equal(rows(f, told), "old-1|ann@x");
    fixture_close(f);
    for (int i = 0; i < f->file_count; i++)
        assert_int_equal(unlink(f->files[i]), 0);
    *strrchr(f->files[0], '/') = '\0';
    assert_int_equal(rmdir(f->files[0]), 0);
    f->file_count = 0;
    fixture_open(f);
    assert_string_equal(rows(f, told), "old-1|ann@x");
    assert_string_equal(rows(f, "select name, sql like '%_at_customers%' from _applies where view = 'email'"),
                        "outbox|1");
    (void)create(f, 20, "orders", "2|7|a|1|100|pending");
    (void)update(f, 21, "customers", "7|ann@y|ann");
    (void)create(f, 22, "orders", "3|7|a|1|100|pending");
    commit(f);
    assert_string_equal(rows(f, told), "old-1|ann@x, order-2-placed|ann@x, order-3-placed|ann@y");
}

// --- what a statement must say

static void a_plan_without_its_arguments_is_refused(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *from;
        const char *says;
    } cases[] = {
        {"_changes_orders o, _at_customers c", "gives = for its _step and for every key column"},
        {"_changes_orders o, _at_customers c where c._step = o._step", "for every key column"},
        {"_changes_orders o, _at_customers c where c.id = o.new_customer_id", "for its _step"},
        {"_changes_orders o, _at_customers c where c._step <= o._step and c.id = 1", "for its _step"},
        {"_changes_orders o, _at_customers c where c._step = o._step and c.id > 1", "for every key column"},
        {"_changes_orders o, _at_pairs c where c._step = o._step and c.a = 1", "for every key column"},
        {"_changes_orders o, _at_pairs c where c._step = o._step and c.b = 1 and c.a = 'x' collate nocase",
         "for every key column"},
        {"_changes_orders o, _sums_orders, _at_customers c where c._step = o._step and c.id = 1",
         "the first argument is the name of a column"},
        {"_changes_orders o, _at_nothing c where c._step = o._step", "no such table"},
        {"_changes_orders o, _at_customers(1, 2) c where c.id = 1", "too many arguments"},
        {"_at_customers c where c._step = 1 and c.id = 1", "nothing would make it run"},
    };
    fixture_file(f, "source.sql",
                 "create table orders(id int primary key, customer_id int, amount int);\n"
                 "create table customers(id int primary key, name text, city text, note text);\n"
                 "create table pairs(a text, b int, v text, primary key(b, a));\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "insert into log_t(op)\nselect 1\nfrom %s", cases[i].from);
        fixture_file(f, "log/apply.t.sql", text);
        const char *complaint = fixture_complaint(f);
        bool placed = strstr(complaint, "log/apply.t.sql:3: ") != NULL ||
                      strcmp(cases[i].says, "nothing would make it run") == 0;
        if (!placed || strstr(complaint, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].from, complaint);
    }
}

static void only_statements_read_it(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "log/query.q.sql", "select * from _at_customers where _step = 1 and id = 1");
    const char *complaint = fixture_complaint(f);
    if (strstr(complaint, "log/query.q.sql:1") == NULL || strstr(complaint, "_at_customers") == NULL ||
        strstr(complaint, "only an apply.NAME.sql reads") == NULL)
        fail_msg("%s", complaint);
    fixture_file(f, "log/query.q.sql", "select * from log_t");
    fixture_file(f, "log/schema.sql",
                 "create table log_t(op, id, name, city);\n"
                 "create view log_v as select * from _at_customers where _step = 1 and id = 1;\n");
    complaint = fixture_complaint(f);
    if (strstr(complaint, "log/schema.sql:2") == NULL || strstr(complaint, "only an apply") == NULL)
        fail_msg("%s", complaint);
    fixture_file(f, "log/schema.sql", log_schema);
    fixture_file(f, "log/apply.t.sql", "insert into _at_customers(name) select new_id from _changes_orders");
    assert_non_null(strstr(fixture_complaint(f), "_at_customers"));
}

// In any plan that SQLite makes of it.
static void arguments_hold_in_any_statement(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "log/schema.sql", "create table log_t(n, k, name);");
    fixture_file(f, "log/apply.t.sql",
                 "insert into log_t select 1, c.id, c.name from _changes_orders o join _at_customers c"
                 " on c._step = o._step and c.id in (7, 8, '9', null) union all"
                 " select 2, c.id, max(c.name) from _at_customers c join _changes_orders o"
                 " on o._step = c._step and c.id = o.new_customer_id group by c.id union all"
                 " select 3, o.new_id, (select upper(name) from _at_customers where _step = o._step"
                 " and id = o.new_customer_id) from _changes_orders o union all"
                 " select 4, o.new_id, c.name from _changes_orders o join _at_customers c"
                 " on c._step = o._step and (c.id = 7 or c.id = 8) and c.name <> 'x'");
    fixture_open(f);
    (void)create(f, 10, "customers", "8|sue|york|n");
    commit(f);
    (void)create(f, 20, "customers", "7|ann|york|n");
    (void)create(f, 21, "orders", "1|7|0");
    (void)update(f, 22, "customers", "7|bob|york|n");
    (void)create(f, 23, "orders", "2|7|0");
    commit(f);
    assert_string_equal(rows(f, "select * from log_t order by 1, 2, 3"),
                        "1|7|ann, 1|7|bob, 1|8|sue, 1|8|sue, 2|7|bob, 3|1|ANN, 3|2|BOB, "
                        "4|1|ann, 4|1|sue, 4|2|bob, 4|2|sue");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(an_order_sees_its_customer_as_of_then),
        TEST(rows_written_one_by_one_are_seen_as_of_then),
        TEST(a_change_of_the_other_table_is_no_news),
        TEST(snapshots_and_truncates_are_changes),
        TEST(any_step_can_be_asked_for),
        TEST(no_step_is_no_row),
        TEST(settling_in_the_middle_is_not_seen),
        TEST(a_row_that_changes_very_often),
        TEST(a_refused_change_never_was),
        TEST(a_statement_that_runs_early_sees_the_same),
        TEST(rows_of_the_file_that_are_long),
        TEST(a_key_is_compared_as_its_column_would),
        TEST(a_view_is_filled_from_the_file),
        TEST(the_built_in_outbox_takes_over),
        TEST(a_plan_without_its_arguments_is_refused),
        TEST(only_statements_read_it),
        TEST(arguments_hold_in_any_statement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
