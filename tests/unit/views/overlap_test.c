// A commit that is written while changes of the next one are applied ends as one that is waited for: two
// stores get the same random changes, commits, rollbacks and restarts; one commits at once, the other hands
// over and goes on. After each commit both files hold the same.
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"

#include "views/base/random.h"

enum {
    KEYS = 9,
    GROUPS = 4,
    ROUNDS = 2000,
    OLD = 25,
    DUMP_SIZE = 64 * 1024,
};

// A sanitized build is some times slower.
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { SEEDS = 3 };
#else
enum { SEEDS = 8 };
#endif

struct pair {
    struct fixture waits; // its commits are waited for
    struct fixture goes;  // its commits are handed over
    uint64_t random;
    int64_t lsn;
    bool handed;      // a commit of `goes` is not finished
    bool mostly_read; // half of the changes are rows of snapshots
    char wanted[DUMP_SIZE];
    char got[DUMP_SIZE];
};

static int64_t below(struct pair *pair, int count) {
    return (int64_t)random_below(&pair->random, (uint64_t)count);
}

static bool one_in(struct pair *pair, int count) {
    return below(pair, count) == 0;
}

static const struct store_commit nothing_said = {
    .lsn = LSN_NONE, .txid = -1, .sequence = {.lsn = LSN_NONE}, .offsets = SPAN("{}")};

static void start(struct fixture *f) {
    fixture_begin(f);
    if (store_commit_start(f->store, &nothing_said, &f->error) != 0)
        fail_msg("%s", f->error.message);
}

// The views' rows too: the log tells the order in which the statements saw the changes.
static void dump(struct fixture *f, char *text) {
    static const char *const queries[] = {
        "select * from orders order by id",
        "select * from customers order by id",
        "select * from _deleted_orders order by id",
        "select * from _deleted_customers order by id",
        "select name, truncate_lsn, snapshot_lsn, snapshot_open, deleted_lsn, newest_lsn from _tables order by 1",
        "select * from _transactions order by txid",
        "select * from sums_t where n <> 0 order by a",
        "select * from log_t order by rowid desc limit 60",
        "select count(*) from log_t",
    };
    size_t at = 0;
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        at += (size_t)snprintf(text + at, DUMP_SIZE - at, "%s\n  %s\n", queries[i], rows(f, queries[i]));
}

static void finish(struct pair *pair) {
    if (!pair->handed)
        return;
    pair->handed = false;
    if (store_commit_finish(pair->goes.store, &pair->goes.error) != 0)
        fail_msg("%s", pair->goes.error.message);
    dump(&pair->goes, pair->got);
    assert_string_equal(pair->got, pair->wanted);
}

static void commit_both(struct pair *pair) {
    commit(&pair->waits);
    finish(pair);
    dump(&pair->waits, pair->wanted);
    start(&pair->goes);
    pair->handed = true;
}

static void roll_back_both(struct pair *pair) {
    rollback(&pair->waits);
    rollback(&pair->goes);
    if (pair->handed) {
        dump(&pair->goes, pair->got);
        assert_string_equal(pair->got, pair->wanted);
    }
    pair->handed = false;
}

static void restart_both(struct pair *pair) {
    commit_both(pair);
    finish(pair);
    fixture_close(&pair->waits);
    fixture_close(&pair->goes);
    fixture_open(&pair->waits);
    fixture_open(&pair->goes);
}

static int64_t choose_lsn(struct pair *pair) {
    if (!one_in(pair, 6))
        return ++pair->lsn;
    int64_t lsn = pair->lsn - below(pair, OLD);
    return lsn > 0 ? lsn : 1;
}

static void change_both(struct pair *pair) {
    static const char *const tables[] = {"orders", "customers"};
    const char *table = tables[one_in(pair, 5)];
    int64_t chance = pair->mostly_read && one_in(pair, 2) ? 90 : below(pair, 100);
    int64_t lsn = choose_lsn(pair);
    char key[16];
    char row[64];
    (void)snprintf(key, sizeof key, "%d", (int)below(pair, KEYS));
    (void)snprintf(row, sizeof row, "%s|%d|%d", key, (int)below(pair, GROUPS), (int)below(pair, 100));
    if (chance < 70) {
        enum change_op op = one_in(pair, 2) ? CHANGE_CREATE : CHANGE_UPDATE;
        assert_int_equal(fixture_change(&pair->waits, op, lsn, table, row),
                         fixture_change(&pair->goes, op, lsn, table, row));
    } else if (chance < 90) {
        assert_int_equal(erase(&pair->waits, lsn, table, key), erase(&pair->goes, lsn, table, key));
    } else if (chance < 94) {
        assert_int_equal(snapshot(&pair->waits, lsn, table, row), snapshot(&pair->goes, lsn, table, row));
    } else if (chance < 96) {
        assert_int_equal(truncate_table(&pair->waits, lsn, table), truncate_table(&pair->goes, lsn, table));
    } else {
        fixture_transaction_end(&pair->waits, lsn);
        fixture_transaction_end(&pair->goes, lsn);
    }
}

static void write_views(struct fixture *f, bool triggers) {
    fixture_file(f, "source.sql",
                 "create table orders(id int primary key, a int, b int);\n"
                 "create table customers(id int primary key, a int, b int);\n");
    fixture_file(f, "sums/schema.sql", "create table sums_t(a integer primary key, n, b);\n");
    fixture_file(f, "sums/apply.t.sql",
                 "insert into sums_t select a, _weight, b from _sums_orders('a') where true"
                 " on conflict(a) do update set n = n + excluded.n, b = b + excluded.b");
    fixture_file(f, "log/schema.sql", "create table log_t(op, id, old_a, old_b, a, b, name);");
    // Looks a table up: it must have been written, so changes of customers wait for the file.
    fixture_file(f, "log/apply.t.sql",
                 "insert into log_t select _op, ifnull(new_id, old_id), old_a, old_b, new_a, new_b,"
                 " (select c.a from customers c where c.id = iif(new_id is null, old_a, new_a))"
                 " from _changes_orders");
    if (triggers)
        fixture_file(f, "strict/schema.sql",
                     "create table strict_t(n);\ncreate trigger strict_i after insert"
                     " on orders begin insert into strict_t values(1); end;\n");
}

static void run_seed(uint64_t seed) {
    static struct pair pair;
    pair = (struct pair){.random = seed, .lsn = 100, .mostly_read = seed % 3 == 0};
    int commit_every = 1 + (int)below(&pair, 60);
    bool triggers = seed % 4 == 0;
    print_message("seed %d: a commit about every %d changes%s%s\n", (int)seed, commit_every,
                  pair.mostly_read ? ", mostly rows of snapshots" : "",
                  triggers ? ", each change written at once" : "");
    struct fixture *const both[] = {&pair.waits, &pair.goes};
    for (int i = 0; i < 2; i++) {
        fixture_make(both[i]);
        write_views(both[i], triggers);
        fixture_open(both[i]);
    }
    for (int i = 0; i < ROUNDS; i++) {
        change_both(&pair);
        if (one_in(&pair, 150))
            roll_back_both(&pair);
        else if (one_in(&pair, 300))
            restart_both(&pair);
        else if (one_in(&pair, commit_every))
            commit_both(&pair);
    }
    commit_both(&pair);
    finish(&pair);
    for (int i = 0; i < 2; i++)
        fixture_remove(both[i]);
}

static void as_one_that_is_waited_for(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run_seed(seed);
}

// What comes after a commit that failed cannot be written either: the error tells why, until a rollback.
static void a_failed_commit_is_told_and_undone(void **state) {
    (void)state;
    static struct fixture f;
    fixture_make(&f);
    write_views(&f, false);
    fixture_file(&f, "most/schema.sql", "create table most_t(b integer check(b < 50));");
    fixture_file(&f, "most/apply.t.sql", "insert or rollback into most_t select new_b from _changes_orders");
    fixture_open(&f);
    (void)create(&f, 1, "orders", "1|1|10");
    start(&f);
    assert_int_equal(store_commit_finish(f.store, &f.error), 0);
    (void)create(&f, 2, "orders", "2|1|60");
    start(&f);
    (void)create(&f, 3, "orders", "3|1|10");
    assert_int_equal(store_commit_finish(f.store, &f.error), -1);
    assert_non_null(strstr(f.error.message, "most/apply.t.sql"));
    f.error.message[0] = '\0';
    assert_int_equal(fixture_try_commit(&f), -1);
    assert_non_null(strstr(f.error.message, "most/apply.t.sql"));
    rollback(&f);
    assert_string_equal(rows(&f, "select id from orders"), "1");
    assert_true(create(&f, 2, "orders", "2|1|20"));
    start(&f);
    assert_int_equal(store_commit_finish(f.store, &f.error), 0);
    assert_string_equal(rows(&f, "select id, (select count(*) from most_t) from orders"), "1|2, 2|2");
    fixture_remove(&f);
}

// With one order on its way to the file.
static void open_and_start(struct fixture *f) {
    fixture_make(f);
    write_views(f, false);
    fixture_open(f);
    (void)create(f, 1, "orders", "1|1|10");
    start(f);
}

static void a_rollback_ends_a_commit_that_nobody_finished(void **state) {
    (void)state;
    static struct fixture f;
    open_and_start(&f);
    rollback(&f);
    assert_false(store_commit_is_done(f.store));
    assert_string_equal(rows(&f, "select id from orders"), "1");
    (void)create(&f, 2, "orders", "2|1|10");
    start(&f);
    assert_int_equal(store_commit_finish(f.store, &f.error), 0);
    assert_string_equal(rows(&f, "select id from orders"), "1, 2");
    fixture_remove(&f);
}

static void closing_waits_for_what_was_handed_over(void **state) {
    (void)state;
    static struct fixture f;
    open_and_start(&f);
    (void)create(&f, 2, "orders", "2|1|10");
    fixture_close(&f);
    fixture_open(&f);
    assert_string_equal(rows(&f, "select id from orders"), "1");
    fixture_remove(&f);
}

// Whoever asks for the file gets it: nothing of what was accepted is written before the commit.
static void assert_nothing_is_written(struct fixture *f) {
    assert_int_equal(sqlite3_exec(f->reader, "begin immediate; rollback", NULL, NULL, NULL), SQLITE_OK);
}

static void rows_of_snapshots_wait_for_the_commit_too(void **state) {
    (void)state;
    static struct fixture f;
    open_and_start(&f);
    assert_true(snapshot(&f, 5, "customers", "1|1|10"));
    const struct change chunk = {
        .op = CHANGE_READ, .snapshot = SNAPSHOT_INCREMENTAL, .lsn = LSN_NONE, .txid = -1};
    enum store_outcome outcome = STORE_REPEATED;
    assert_int_equal(fixture_try(&f, chunk, "customers", "2|1|40", &outcome), 0);
    assert_int_equal(outcome, STORE_APPLIED);
    assert_true(snapshot(&f, 5, "orders", "1|1|20"));
    assert_true(snapshot(&f, 5, "orders", "2|1|30"));
    assert_int_equal(store_commit_finish(f.store, &f.error), 0);
    assert_nothing_is_written(&f);
    commit(&f);
    assert_string_equal(rows(&f, "select * from orders"), "1|1|20|1|5, 2|1|30|-1|5");
    assert_string_equal(rows(&f, "select * from customers"), "1|1|10|-1|5, 2|1|40|-1|-1");
    // one that is older than the row's change asks the file, and says nothing
    assert_true(update(&f, 9, "orders", "1|1|50"));
    assert_false(snapshot(&f, 8, "orders", "1|1|60"));
    assert_true(snapshot(&f, 9, "orders", "1|1|70"));
    assert_true(update(&f, 10, "orders", "1|1|80"));
    commit(&f);
    assert_string_equal(rows(&f, "select * from orders where id = 1"), "1|1|80|10|9");
    fixture_remove(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_one_that_is_waited_for),
        cmocka_unit_test(a_failed_commit_is_told_and_undone),
        cmocka_unit_test(a_rollback_ends_a_commit_that_nobody_finished),
        cmocka_unit_test(closing_waits_for_what_was_handed_over),
        cmocka_unit_test(rows_of_snapshots_wait_for_the_commit_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
