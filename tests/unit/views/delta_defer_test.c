// Changes are accepted in memory and written together at the commit: that nobody can tell. Keys of every
// kind, rows that wait for one another, many changes, those that are refused, and what a statement looks up
// meanwhile.
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"

#include "views/engine/delta/batch.h"
#include "views/engine/delta/delta.h"

#include <inttypes.h>

static const char source[] =
    "create table orders(id int primary key, customer_id int, amount int, note text);\n"
    "create table customers(id int primary key, name text, city text);\n";

static int setup(void **state) {
    static struct fixture f;
    fixture_make(&f);
    fixture_file(&f, "source.sql", source);
    fixture_sums(&f);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    fixture_remove(*state);
    return 0;
}

// --- looking up

static void a_statement_sees_others_as_of_the_change(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "log/schema.sql", "create table log_t(id, name, customers);");
    // count(*) reads no column; the name is not as it was declared
    fixture_file(f, "log/apply.t.sql",
                 "insert into log_t select new_id, (select name from customers where id = new_customer_id),"
                 " (select count(*) from CUSTOMERS) from _Changes_Orders where _op = 'c'");
    fixture_open(f);
    (void)create(f, 10, "orders", "1|7|1|n");
    (void)create(f, 11, "customers", "7|ann|york");
    (void)create(f, 12, "orders", "2|7|1|n");
    (void)update(f, 13, "customers", "7|bob|york");
    (void)create(f, 14, "orders", "3|7|1|n");
    (void)update(f, 15, "customers", "7|bob|rome"); // nobody looks the city up
    (void)create(f, 16, "orders", "4|7|1|n");
    (void)erase(f, 17, "customers", "7");
    (void)create(f, 18, "orders", "5|7|1|n");
    (void)create(f, 19, "customers", "7|eve|york");
    (void)create(f, 20, "customers", "8|joe|york");
    commit(f);
    assert_string_equal(rows(f, "select * from log_t order by id"),
                        "1|-|0, 2|ann|1, 3|bob|1, 4|bob|1, 5|-|0");
    assert_sums(f);
    (void)create(f, 30, "orders", "6|7|1|n");
    (void)truncate_table(f, 31, "customers");
    (void)create(f, 32, "orders", "7|8|1|n");
    (void)snapshot(f, 40, "customers", "8|sue|york");
    (void)create(f, 41, "orders", "8|8|1|n");
    commit(f);
    assert_string_equal(rows(f, "select * from log_t where id > 5 order by id"), "6|eve|2, 7|-|0, 8|sue|1");
    assert_sums(f);
}

// A row that a lookup's settling wrote changes again: its second chain begins where the first ended.
static void a_row_goes_on_after_a_settling(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "log/schema.sql", "create table log_t(weight, id, amount, name);");
    fixture_file(f, "log/apply.t.sql",
                 "insert into log_t select _weight, id, amount, (select name from customers c where c.id ="
                 " customer_id) from _delta_orders order by id, _weight");
    fixture_open(f);
    (void)create(f, 9, "customers", "7|ann|york");
    (void)create(f, 10, "orders", "1|7|1|n");
    (void)update(f, 11, "orders", "1|7|2|n");
    (void)update(f, 12, "customers", "7|bob|york");
    (void)update(f, 13, "orders", "1|7|3|n");
    (void)erase(f, 14, "orders", "1");
    (void)create(f, 15, "orders", "1|7|4|n");
    (void)update(f, 16, "customers", "7|eve|york");
    (void)erase(f, 17, "orders", "1");
    commit(f);
    assert_string_equal(rows(f, "select * from log_t"), "1|1|2|ann, -1|1|2|bob, 1|1|4|bob, -1|1|4|eve");
    assert_string_equal(rows(f, "select * from orders"), "");
    assert_sums(f);
}

// --- order

static void old_changes_stay_old(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    assert_true(create(f, 10, "orders", "1|1|1|n"));
    assert_true(update(f, 20, "orders", "1|1|2|n"));
    assert_false(create(f, 10, "orders", "1|1|1|n"));
    assert_false(update(f, 20, "orders", "1|1|9|n"));
    assert_false(erase(f, 15, "orders", "1"));
    assert_true(create(f, 5, "orders", "2|1|1|n")); // another row's may be lower
    commit(f);
    assert_false(update(f, 20, "orders", "1|1|9|n"));
    assert_true(erase(f, 30, "orders", "1"));
    assert_false(update(f, 25, "orders", "1|1|9|n"));
    assert_false(erase(f, 30, "orders", "1"));
    assert_true(create(f, 31, "orders", "1|1|4|n"));
    assert_true(erase(f, 40, "orders", "2"));
    commit(f);
    assert_false(create(f, 35, "orders", "2|1|9|n"));
    assert_false(create(f, 40, "orders", "2|1|9|n"));
    assert_false(erase(f, 31, "orders", "1"));
    commit(f);
    assert_string_equal(rows(f, "select id, amount from orders"), "1|4");
    fixture_close(f);
    fixture_open(f);
    assert_false(create(f, 40, "orders", "2|1|9|n"));
    assert_false(update(f, 31, "orders", "1|1|9|n"));
    assert_true(create(f, 41, "orders", "2|2|7|n"));
    commit(f);
    assert_string_equal(rows(f, "select id, amount from orders"), "1|4, 2|7");
    assert_sums(f);
}

// What is written at once meets what is pending.
static void snapshots_and_partial_rows_meet_pending_ones(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    (void)create(f, 60, "orders", "1|1|1|n");
    assert_false(snapshot(f, 50, "orders", "1|1|9|n"));
    (void)create(f, 40, "orders", "2|1|2|n");
    assert_true(snapshot(f, 50, "orders", "2|2|3|n"));
    (void)update(f, 45, "orders", "2|2|4|n"); // a long transaction
    (void)update(f, 70, "orders", "1|2");     // amount and note as they were
    (void)create(f, 30, "orders", "3|1|5|n");
    assert_int_equal(sweep(f, "orders"), 1);
    commit(f);
    assert_string_equal(rows(f, "select id, customer_id, amount, note from orders"), "1|2|1|n, 2|2|4|n");
    assert_sums(f);
    (void)truncate_table(f, 65, "orders");
    (void)update(f, 64, "orders", "2|1|1|n");
    commit(f);
    assert_string_equal(rows(f, "select id, amount from orders"), "1|1");
    assert_sums(f);
}

static void a_rollback_forgets_what_was_accepted(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    (void)create(f, 10, "orders", "1|1|1|n");
    (void)create(f, 11, "orders", "2|1|2|n");
    commit(f);
    (void)update(f, 20, "orders", "1|2|5|n");
    (void)erase(f, 21, "orders", "2");
    (void)create(f, 22, "orders", "3|3|5|n");
    (void)snapshot(f, 30, "orders", "4|4|4|n");
    rollback(f);
    commit(f);
    assert_string_equal(rows(f, "select id, amount from orders"), "1|1, 2|2");
    assert_sums(f);
    assert_true(update(f, 15, "orders", "2|2|7|n"));
    assert_true(create(f, 12, "orders", "3|3|6|n"));
    commit(f);
    assert_string_equal(rows(f, "select id, amount from orders"), "1|1, 2|7, 3|6");
    assert_sums(f);
}

// --- many

// One of them, many statements' worth of deleted rows from the first.
enum { MANY = DELTA_STEPS_MAX + DELTA_STEPS_MAX / 4 + 20, REFUSED = MANY * 2 / 7 };

static void create_many(struct fixture *f, int64_t lsn, int count) {
    for (int i = 0; i < count; i++) {
        char row[64];
        (void)snprintf(row, sizeof row, "%d|%d|%d|n", i, i % 3, i);
        (void)create(f, lsn, "orders", row);
    }
}

static void more_changes_than_are_kept(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    create_many(f, 10, MANY);
    (void)update(f, 20, "orders", "0|2|7|n");
    (void)erase(f, 20, "orders", "1");
    commit(f);
    char left[64]; // 2 to MANY - 1
    (void)snprintf(left, sizeof left, "%d|%" PRId64, MANY - 2, (int64_t)MANY * (MANY - 1) / 2 - 1);
    assert_string_equal(rows(f, "select count(*), sum(amount) from orders where id > 1"), left);
    assert_sums(f);
    (void)truncate_table(f, 30, "orders");
    (void)create(f, 31, "orders", "5|1|5|n");
    commit(f);
    assert_string_equal(rows(f, "select * from orders"), "5|1|5|n|31|-1");
    assert_sums(f);
}

// Whether a transaction of the file is open: then rows are being written.
static bool is_written(struct fixture *f) {
    (void)sqlite3_busy_timeout(f->reader, 0);
    int code = sqlite3_exec(f->reader, "begin immediate", NULL, NULL, NULL);
    (void)sqlite3_busy_timeout(f->reader, FIXTURE_BUSY_MS);
    if (code == SQLITE_OK)
        assert_int_equal(sqlite3_exec(f->reader, "rollback", NULL, NULL, NULL), SQLITE_OK);
    else
        assert_int_equal(code, SQLITE_BUSY);
    return code != SQLITE_OK;
}

// The LSNs rise, so that none of them has to be asked for.
static void create_next(struct fixture *f, int *id) {
    char row[64];
    (void)snprintf(row, sizeof row, "%d|1|%d|n", *id, *id);
    (void)create(f, 10 + *id, "orders", row);
    ++*id;
}

// What would be enough for a commit is not all that there is room for: a transaction that goes on has the rest of it.
static void a_transaction_that_goes_on_has_room(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    int id = 0;
    while (!store_has_enough(f->store))
        create_next(f, &id);
    assert_true(id <= DELTA_STEPS_MAX - DELTA_STEPS_MAX / DELTA_SPARE_PART);
    for (int more = id / DELTA_SPARE_PART; more > 0; more--)
        create_next(f, &id);
    assert_false(is_written(f));
    while (id <= DELTA_STEPS_MAX)
        create_next(f, &id);
    assert_true(is_written(f));
    commit(f);
    char count[16];
    (void)snprintf(count, sizeof count, "%d", id);
    assert_string_equal(rows(f, "select count(*) from orders"), count);
    assert_sums(f);
}

// What lies above the file's highest key is not looked up there; what lies below is.
static void rows_above_and_below_the_files_own(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    for (int round = 0; round < 3; round++) {
        int64_t lsn = 100 * (round + 1);
        char row[64];
        for (int i = 0; i < 8; i++) { // every second is between those of the file
            (void)snprintf(row, sizeof row, "%d|%d|%d|n", i % 2 != 0 ? i - 8 * round : 10 * round + i, i, i);
            assert_true(create(f, lsn + i, "orders", row));
        }
        (void)snprintf(row, sizeof row, "%d", 10 * round + 6); // new, and gone again
        assert_true(erase(f, lsn + 10, "orders", row));
        if (round > 0) {
            (void)snprintf(row, sizeof row, "%d|9|90|n", 10 * (round - 1) + 4); // of the commit before
            assert_true(update(f, lsn + 11, "orders", row));
            (void)snprintf(row, sizeof row, "%d", 10 * (round - 1) + 2);
            assert_true(erase(f, lsn + 12, "orders", row));
        }
        commit(f);
        assert_sums(f);
    }
    assert_string_equal(
        rows(f, "select id, amount, _lsn from orders order by id"),
        "-15|1|301, -13|3|303, -11|5|305, -9|7|307, -7|1|201, -5|3|203, -3|5|205, -1|7|207, 0|0|100, "
        "1|1|101, 3|3|103, 4|90|211, 5|5|105, 7|7|107, 10|0|200, 14|90|311, 20|0|300, 22|2|302, 24|4|304");
    assert_string_equal(rows(f, "select id from _deleted_orders order by id"), "2, 6, 12, 16, 26");
    assert_int_equal(store_take_astray(f->store, catalog_table(f->catalog, "orders", 6)).deletes, 0);
    assert_false(create(f, 206, "orders", "16|1|1|n")); // sent again: it was deleted since
    assert_true(create(f, 400, "orders", "16|1|1|n"));
    commit(f);
    assert_string_equal(rows(f, "select * from orders where id between 12 and 16"),
                        "14|9|90|n|311|-1, 16|1|1|n|400|-1");
    assert_sums(f);
}

// A table that was empty when its snapshot began has ghosts only of what else was applied since.
static void ghosts_of_a_first_snapshot(void **state) {
    struct fixture *f = *state;
    const struct table *orders;
    fixture_open(f);
    orders = catalog_table(f->catalog, "orders", 6);
    assert_true(snapshot(f, 50, "orders", "1|7|1|n"));
    assert_true(snapshot(f, 50, "orders", "2|7|2|n"));
    assert_true(create(f, 60, "orders", "3|7|3|n"));
    assert_true(store_snapshot(f->store, orders).open);
    assert_int_equal(store_snapshot(f->store, orders).lsn, 50);
    assert_int_equal(sweep(f, "orders"), 0);
    assert_false(store_snapshot(f->store, orders).open);
    assert_true(snapshot(f, 50, "customers", "1|ann|york"));
    assert_true(create(f, 40, "customers", "2|bob|york")); // deleted before the snapshot, which nobody told
    assert_int_equal(sweep(f, "customers"), 1);
    commit(f);
    assert_sums(f);
    assert_true(snapshot(f, 90, "orders", "1|7|1|n"));
    assert_true(snapshot(f, 90, "orders", "3|7|3|n"));
    assert_int_equal(sweep(f, "orders"), 1);
    commit(f);
    assert_string_equal(rows(f, "select id from orders order by id"), "1, 3");
    assert_string_equal(rows(f, "select id from customers"), "1");
    assert_sums(f);
}

// The snapshot goes on in another process, or after what was not committed was taken back.
static void ghosts_after_a_restart_or_a_rollback(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    assert_true(snapshot(f, 50, "orders", "1|7|1|n"));
    rollback(f);
    assert_true(create(f, 40, "orders", "2|7|2|n"));
    commit(f);
    assert_true(snapshot(f, 50, "orders", "1|7|1|n"));
    commit(f);
    fixture_close(f);
    fixture_open(f);
    assert_true(snapshot(f, 50, "orders", "3|7|3|n"));
    assert_int_equal(sweep(f, "orders"), 1);
    commit(f);
    assert_string_equal(rows(f, "select id from orders order by id"), "1, 3");
    assert_sums(f);
}

static void more_ghosts_than_go_at_once(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    create_many(f, 10, MANY / 2);
    commit(f);
    (void)snapshot(f, 50, "orders", "7|1|9|n");
    (void)update(f, 60, "orders", "8|1|8|n");
    assert_int_equal(sweep(f, "orders"), MANY / 2 - 2);
    commit(f);
    assert_string_equal(rows(f, "select id, amount from orders"), "7|9, 8|8");
    assert_sums(f);
    assert_false(update(f, 10, "orders", "9|1|8|n"));
    commit(f);
}

static void long_values_are_written_before_there_are_too_many(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    enum { NOTE = 1 << 20, ROWS = 40 };
    char *row = malloc(NOTE + 64);
    assert_non_null(row);
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < ROWS; i++) {
            int at = snprintf(row, 64, "%d|%d|%d|", i, i % 2, i + turn);
            memset(row + at, 'a' + i % 26, NOTE);
            row[at + NOTE] = '\0';
            (void)fixture_change(f, turn == 0 ? CHANGE_CREATE : CHANGE_UPDATE, 10 + turn, "orders", row);
        }
        if (turn == 0)
            commit(f);
    }
    free(row);
    (void)erase(f, 20, "orders", "3");
    commit(f);
    assert_string_equal(rows(f, "select count(*), sum(length(note)), sum(amount) from orders"),
                        "39|40894464|816");
    assert_sums(f);
}

// --- refused

static void refuse(struct fixture *f, int64_t lsn, const char *row) {
    enum store_outcome outcome;
    const struct change change = {.op = CHANGE_CREATE, .lsn = lsn, .txid = f->txid};
    assert_int_equal(fixture_try(f, change, "orders", row, &outcome), -1);
    assert_int_equal(f->error.kind, ERROR_INPUT);
}

static void a_trigger_refuses_one_change(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "strict/schema.sql",
                 "create table strict_t(id integer primary key, amount check (amount < 100));\n"
                 "create trigger strict_c after insert on ORDERS begin"
                 " insert into strict_t values(NEW.id, NEW.amount); end;\n"
                 "create trigger strict_d after delete on orders begin"
                 " select raise(abort, 'not this one') where OLD.amount = 17; end;\n");
    fixture_open(f);
    (void)create(f, 10, "orders", "1|1|1|n");
    refuse(f, 11, "2|1|100|n");
    (void)create(f, 12, "orders", "3|1|3|n");
    (void)create(f, 13, "orders", "2|1|2|n");
    (void)create(f, 14, "customers", "1|a|b"); // of a table without triggers
    commit(f);
    assert_string_equal(rows(f, "select id, amount from orders"), "1|1, 2|2, 3|3");
    assert_string_equal(rows(f, "select * from strict_t"), "1|1, 2|2, 3|3");
    assert_sums(f);
}

// Who does not want to know why passes no error.
static void a_refusal_needs_no_error(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "strict/schema.sql",
                 "create table strict_t(id integer primary key, amount check (amount < 100));\n"
                 "create trigger strict_c after insert on orders begin"
                 " insert into strict_t values(NEW.id, NEW.amount); end;\n");
    fixture_open(f);
    struct value values[] = {{.kind = VALUE_INTEGER, .integer = 1},
                             {.kind = VALUE_INTEGER, .integer = 1},
                             {.kind = VALUE_INTEGER, .integer = 100},
                             {.kind = VALUE_NULL}};
    const struct change change = {.op = CHANGE_CREATE,
                                  .table = catalog_table(f->catalog, "orders", 6),
                                  .values = values,
                                  .lsn = 10,
                                  .previous_commit = LSN_NONE,
                                  .txid = 1};
    enum store_outcome outcome;
    fixture_begin(f);
    assert_int_equal(store_apply(f->store, &change, &outcome, NULL), -1);
    commit(f);
    assert_string_equal(rows(f, "select id from orders"), "");
}

static bool another_may_write(struct fixture *f) {
    if (sqlite3_exec(f->reader, "begin immediate", NULL, NULL, NULL) != SQLITE_OK)
        return false;
    assert_int_equal(sqlite3_exec(f->reader, "rollback", NULL, NULL, NULL), SQLITE_OK);
    return true;
}

// What a halted consumer calls: the file is then as free as if nobody had it open.
static void a_rollback_leaves_no_transaction_open(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    (void)create(f, 10, "orders", "1|1|1|n");
    commit(f);
    const struct store_offset offset = {.topic = "t", .partition = 0, .next_offset = 5};
    (void)create(f, 20, "orders", "2|1|1|n");
    assert_int_equal(store_set_offset(f->store, &offset, &f->error), 0);
    assert_false(another_may_write(f));
    rollback(f);
    assert_true(another_may_write(f));
    (void)truncate_table(f, 30, "orders"); // and with one that is written at once
    assert_false(another_may_write(f));
    rollback(f);
    assert_true(another_may_write(f));
    // and with a commit that another thread writes
    struct store_commit next = {
        .lsn = LSN_NONE, .txid = -1, .sequence = {.lsn = LSN_NONE}, .offsets = SPAN("{}")};
    (void)create(f, 40, "orders", "3|1|1|n");
    assert_int_equal(store_commit_start(f->store, &next, &f->error), 0);
    (void)create(f, 50, "orders", "4|1|1|n");
    rollback(f);
    assert_true(another_may_write(f));
    assert_string_equal(rows(f, "select id from orders"), "1, 3");
    assert_false(store_in_transaction(f->store));
    (void)create(f, 60, "orders", "5|1|1|n");
    commit(f);
    assert_string_equal(rows(f, "select id from orders"), "1, 3, 5");
}

// Nothing is left to go on with, so the whole commit is lost rather than a part of it kept.
static void a_truncate_is_refused_whole(void **state) {
    struct fixture *f = *state;
    char text[256];
    (void)snprintf(text, sizeof text,
                   "create table strict_t(n);\n"
                   "create trigger strict_d after delete on orders when OLD.amount = %d begin"
                   " select raise(abort, 'not this one'); end;\n",
                   REFUSED);
    fixture_file(f, "strict/schema.sql", text);
    fixture_open(f);
    create_many(f, 10, MANY);
    commit(f);
    (void)update(f, 15, "orders", "3|7|5|n");
    enum store_outcome outcome;
    const struct change change = {.op = CHANGE_TRUNCATE, .lsn = 20, .txid = f->txid};
    assert_int_equal(fixture_try(f, change, "orders", "0", &outcome), -1);
    assert_int_equal(f->error.kind, ERROR_INPUT);
    (void)update(f, 16, "orders", "4|7|5|n");
    commit(f);
    char all[64];
    (void)snprintf(all, sizeof all, "%d|2", MANY);
    assert_string_equal(rows(f, "select count(*), sum(customer_id = 7) from orders"), all);
    assert_sums(f);
    (void)snprintf(text, sizeof text, "%d|7|5|n", REFUSED);
    (void)update(f, 17, "orders", text);
    (void)truncate_table(f, 20, "orders");
    commit(f);
    assert_string_equal(rows(f, "select count(*) from orders"), "0");
    assert_sums(f);
}

static void a_unique_index_refuses_one_change(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "strict/schema.sql", "create unique index strict_i on Orders(amount);");
    fixture_open(f);
    (void)create(f, 10, "orders", "1|1|1|n");
    refuse(f, 11, "2|1|1|n");
    (void)create(f, 12, "orders", "2|1|2|n");
    commit(f);
    assert_string_equal(rows(f, "select id, amount from orders"), "1|1, 2|2");
    assert_sums(f);
}

static void an_index_that_computes_refuses_one_change(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "strict/schema.sql", "create index strict_i on orders(json_extract(note, '$.a'));");
    fixture_open(f);
    (void)create(f, 10, "orders", "1|1|1|{}");
    refuse(f, 11, "2|1|1|no JSON");
    (void)create(f, 12, "orders", "2|1|2|{}");
    commit(f);
    assert_string_equal(rows(f, "select id, amount from orders"), "1|1, 2|2");
    assert_sums(f);
}

// --- keys

static const char toast[] = "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz"
                            "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz";

static const char *with_note(int id, const char *note) {
    static char row[256];
    (void)snprintf(row, sizeof row, "%d|1|%d|%s", id, id, note);
    return row;
}

static void toast_values_move_with_a_key(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "log/schema.sql", "create table log_t(op, was, is_now, note);");
    fixture_file(f, "log/apply.t.sql",
                 "insert into log_t select _op, old_id, new_id, substr(new_note, 1, 3) from _changes_orders");
    for (int ended = 0; ended < 2; ended++) {
        // the delete first, then the create first; both of rows made by this very commit, then of written
        // ones
        fixture_close(f);
        (void)unlink(f->db);
        fixture_open(f);
        (void)create(f, 10, "orders", with_note(1, toast));
        (void)create(f, 11, "orders", with_note(2, toast));
        if (ended == 1) {
            fixture_transaction_end(f, 12);
            commit(f);
        }
        f->txid++;
        (void)erase(f, 20, "orders", "1");
        (void)create(f, 20, "orders", with_note(101, "?"));
        (void)create(f, 30, "orders", with_note(102, "?"));
        (void)erase(f, 30, "orders", "2");
        (void)update(f, 40, "orders", with_note(101, "?"));
        fixture_transaction_end(f, 50);
        commit(f);
        assert_string_equal(rows(f, "select id, substr(note, 1, 3), length(note) from orders"),
                            "101|012|144, 102|012|144");
        assert_string_equal(rows(f, "select * from _carry"), "");
        assert_string_equal(rows(f, "select * from log_t where was > 100 or is_now > 100"),
                            "c|-|101|012, c|-|102|-, u|102|102|012, u|101|101|012");
        assert_sums(f);
        f->txid++;
        (void)update(f, 60, "orders", with_note(101, toast));
        (void)erase(f, 61, "orders", "101");
        fixture_transaction_end(f, 70);
        f->txid++;
        (void)create(f, 80, "orders", with_note(103, toast));
        (void)erase(f, 81, "orders", "102");
        commit(f);
        assert_string_equal(rows(f, "select id, length(note) from orders"), "103|144");
        assert_sums(f);
    }
}

// The create that a delete's value is carried to comes only after the old key is in use again.
static void toast_values_outlive_a_new_row_of_the_key(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    (void)create(f, 10, "orders", with_note(1, toast));
    commit(f);
    f->txid++;
    (void)erase(f, 20, "orders", "1");
    (void)create(f, 30, "orders", "1|1|9|new");
    (void)create(f, 20, "orders", with_note(101, "?"));
    commit(f);
    assert_string_equal(rows(f, "select id, amount, length(note) from orders"), "1|9|3, 101|101|144");
    assert_sums(f);
}

static void keys_of_every_kind(void **state) {
    struct fixture *f = *state;
    fixture_remove(f);
    fixture_make(f);
    fixture_file(f, "source.sql",
                 "create table \"Words\"(word text primary key, n int);\n"
                 "create table pairs(a text, b int, n int, primary key(b, a));\n"
                 "create table reals(r double precision primary key, n int);\n"
                 "create table \"Days\"(day date, price decimal(8,2), n int, primary key(day, price));\n");
    fixture_file(f, "sums/schema.sql",
                 "create table sums_t(t primary key, rows, n);\n"
                 "create table sums_n(t primary key, rows, n);\n");
    static const char *const tables[] = {"Words", "pairs", "reals", "Days"};
    for (int i = 0; i < 4; i++) {
        char path[64];
        char text[512];
        (void)snprintf(path, sizeof path, "sums/apply.%s.sql", tables[i]);
        (void)snprintf(text, sizeof text,
                       "insert into sums_t select '%s', sum(_weight), sum(_weight * n) from _DELTA_%s"
                       " having count(*) > 0 on conflict do update set"
                       " rows = rows + excluded.rows, n = n + excluded.n",
                       tables[i], tables[i]);
        fixture_file(f, path, text);
        (void)snprintf(path, sizeof path, "sums/apply.n_%s.sql", tables[i]);
        (void)snprintf(text, sizeof text,
                       "insert into sums_n select '%s', sum(_weight), sum(_weight * n) from _sums_%s('n')"
                       " having count(*) > 0 on conflict do update set rows = rows + excluded.rows,"
                       " n = n + excluded.n",
                       tables[i], tables[i]);
        fixture_file(f, path, text);
    }
    fixture_open(f);
    (void)create(f, 10, "Words", "|1"); // an empty text is a key
    (void)create(f, 10, "Words", "a|2");
    (void)create(f, 10, "Words", "A|3");
    (void)create(f, 10, "Words", "a |4");
    (void)update(f, 11, "Words", "a|5");
    (void)create(f, 10, "pairs", "x|1|1");
    (void)create(f, 10, "pairs", "x|2|2");
    (void)create(f, 10, "pairs", "y|1|3");
    (void)create(f, 10, "reals", "1.5|1");
    (void)create(f, 10, "reals", "-0.0|2");
    (void)update(f, 11, "reals", "0|3");
    (void)create(f, 10, "Days", "2026-01-02|150|1");
    (void)create(f, 10, "Days", "2026-01-02|151|2");
    commit(f);
    (void)update(f, 20, "Words", "|7");
    (void)snapshot(f, 20, "Words", "a |6");
    (void)erase(f, 20, "Words", "A");
    (void)update(f, 20, "pairs", "x|2|7");
    (void)erase(f, 20, "pairs", "y|1");
    (void)snapshot(f, 20, "pairs", "x|1|9");
    (void)update(f, 21, "pairs", "x|1|10");
    (void)erase(f, 20, "reals", "0");
    (void)update(f, 20, "reals", "1.5|4");
    (void)erase(f, 20, "Days", "2026-01-02|150");
    (void)update(f, 20, "Days", "2026-01-02|151|9");
    commit(f);
    assert_string_equal(rows(f, "select word, n from words"), "|7, a|5, a |6");
    assert_string_equal(rows(f, "select a, b, n from pairs"), "x|1|10, x|2|7");
    assert_string_equal(rows(f, "select r, n from reals"), "1.5|4");
    assert_string_equal(rows(f, "select day, price, n from days"), "2026-01-02|151|9");
    static const char wanted[] = "Days|1|9, Words|3|18, pairs|2|17, reals|1|4";
    assert_string_equal(rows(f, "select * from sums_t order by t"), wanted);
    assert_string_equal(rows(f, "select t, rows from sums_n order by t"),
                        "Days|1, Words|3, pairs|2, reals|1");
    assert_false(create(f, 15, "Words", "A|3"));
    assert_false(create(f, 15, "pairs", "y|1|3"));
    assert_false(create(f, 15, "reals", "-0.0|3"));
    commit(f);
}

// More columns than SQLite tells apart for a virtual table.
static void a_wide_table(void **state) {
    struct fixture *f = *state;
    fixture_remove(f);
    fixture_make(f);
    enum { WIDTH = 150 };
    char text[WIDTH * 16] = "create table wide(id int primary key";
    size_t at = strlen(text);
    for (int i = 1; i < WIDTH; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, ", c%d int", i);
    (void)snprintf(text + at, sizeof text - at, ");\n");
    fixture_file(f, "source.sql", text);
    fixture_file(f, "sums/schema.sql",
                 "create table sums_d(k primary key, low, high);\n"
                 "create table sums_s(k primary key, low, high);\n"
                 "create table sums_log(low, high, old_high, new_low);\n");
    fixture_file(f, "sums/apply.d.sql",
                 "insert into sums_d select c120, sum(_weight * c3), sum(_weight * c149) from _delta_wide"
                 " group by c120 having count(*) > 0 on conflict(k) do update set low = low + excluded.low,"
                 " high = high + excluded.high");
    fixture_file(f, "sums/apply.s.sql",
                 "insert into sums_s select c120, c3, c149 from _sums_wide('c120', 'c148', 1, 2) where true"
                 " on conflict(k) do update set low = low + excluded.low, high = high + excluded.high");
    fixture_file(f, "sums/apply.log.sql",
                 "insert into sums_log select old_c3, new_c149, old_c149, new_c3 from _changes_wide");
    fixture_open(f);
    for (int turn = 0; turn < 3; turn++) {
        for (int id = 1; id <= 5; id++) {
            if (turn == 2 && id == 3) {
                (void)erase(f, 30, "wide", "3");
                continue;
            }
            char row[WIDTH * 8];
            at = (size_t)snprintf(row, sizeof row, "%d", id);
            for (int i = 1; i < WIDTH; i++)
                at += (size_t)snprintf(row + at, sizeof row - at, "|%d",
                                       i == 120   ? (id + turn) % 2
                                       : i == 148 ? id % 3
                                                  : i * id + turn);
            // a snapshot's row is written at once
            (void)(turn == 1 && id == 4 ? snapshot(f, 25, "wide", row)
                                        : fixture_change(f, turn == 0 ? CHANGE_CREATE : CHANGE_UPDATE,
                                                         10 + 10 * turn, "wide", row));
        }
        commit(f);
        char computed[256];
        (void)snprintf(computed, sizeof computed, "%s",
                       rows(f, "select c120, sum(c3), sum(c149) from wide group by 1 order by 1"));
        assert_string_equal(rows(f, "select * from sums_d order by 1"), computed);
        (void)snprintf(computed, sizeof computed, "%s",
                       rows(f, "select c120, sum(c3), sum(c149) from wide where c148 in (1, 2)"
                               " group by 1 order by 1"));
        assert_string_equal(rows(f, "select * from sums_s order by 1"), computed);
    }
    assert_string_equal(rows(f, "select * from sums_log where rowid > 10"),
                        "4|151|150|5, 7|300|299|8, 10|-|448|-, 13|598|597|14, 16|747|746|17");
}

// LSNs are milliseconds of the source's clock, too.
static void commit_at(struct fixture *f, int64_t at_ms) {
    (void)erase(f, at_ms, "orders", "1000");
    commit(f);
}

static void what_deletes_leave_behind_goes_in_time(void **state) {
    struct fixture *f = *state;
    static const char left[] = "select id from _deleted_orders where id < 1000";
    const int64_t hour = 3600 * 1000;
    const int64_t week = 7 * 24 * hour;
    fixture_open(f);
    (void)erase(f, 10, "orders", "1");
    (void)erase(f, 10 + hour, "orders", "2");
    commit_at(f, week - hour);
    assert_string_equal(rows(f, left), "1, 2");
    commit_at(f, week + 2 * hour); // too soon after the last time
    assert_string_equal(rows(f, left), "1, 2");
    assert_false(create(f, 10, "orders", "1|7|1|n"));
    commit_at(f, week + 23 * hour);
    assert_string_equal(rows(f, left), "");
    (void)erase(f, week + 24 * hour, "orders", "3");
    commit_at(f, 2 * week);
    assert_string_equal(rows(f, left), "3");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_statement_sees_others_as_of_the_change),
        TEST(a_row_goes_on_after_a_settling),
        TEST(old_changes_stay_old),
        TEST(snapshots_and_partial_rows_meet_pending_ones),
        TEST(a_rollback_forgets_what_was_accepted),
        TEST(more_changes_than_are_kept),
        TEST(a_transaction_that_goes_on_has_room),
        TEST(rows_above_and_below_the_files_own),
        TEST(ghosts_of_a_first_snapshot),
        TEST(ghosts_after_a_restart_or_a_rollback),
        TEST(more_ghosts_than_go_at_once),
        TEST(long_values_are_written_before_there_are_too_many),
        TEST(a_trigger_refuses_one_change),
        TEST(a_refusal_needs_no_error),
        TEST(a_rollback_leaves_no_transaction_open),
        TEST(a_truncate_is_refused_whole),
        TEST(a_unique_index_refuses_one_change),
        TEST(an_index_that_computes_refuses_one_change),
        TEST(toast_values_move_with_a_key),
        TEST(toast_values_outlive_a_new_row_of_the_key),
        TEST(keys_of_every_kind),
        TEST(a_wide_table),
        TEST(what_deletes_leave_behind_goes_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
