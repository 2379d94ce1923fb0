// Changes that views' triggers see are written at the commit, one by one: the triggers see of them what they see when
// each is written as it comes, in the order of all tables that have some. Two stores get the same random changes, commits,
// rollbacks and restarts; one writes as they come, the other hands its commits over. What is refused then is told late.
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"

#include "views/base/random.h"

enum {
    FEW_KEYS = 7,
    KEYS = 150,
    GROUPS = 3,
    ROUNDS = 1200,
    OLD = 25,
    PLAIN = 2, // the number of the table that has no trigger
};

// A sanitized build is some times slower.
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { SEEDS = 3 };
#else
enum { SEEDS = 12 };
#endif

struct pair {
    struct fixture comes; // writes as they come
    struct fixture late;  // writes at the commit
    uint64_t random;
    int64_t lsn;
    bool
        calm; // many keys, and little that is written as it comes: much is pending, and places among it are shared
    bool handed; // a commit of `late` is not finished
};

static const char *const tables[] = {"orders", "lines", "customers"};

static int64_t below(struct pair *pair, int count) {
    return (int64_t)random_below(&pair->random, (uint64_t)count);
}

static bool one_in(struct pair *pair, int count) {
    return below(pair, count) == 0;
}

// A trigger that writes down all that triggers are told.
static void write_trigger(struct fixture *f, const char *table, const char *op, const char *old,
                          const char *new) {
    char name[64];
    char text[1024];
    (void)snprintf(name, sizeof name, "log_%s_%s/schema.sql", table, op);
    (void)snprintf(
        text, sizeof text,
        "create table %s_%s_log(what, op, snapshot, ts_ms, txid, lsn, old, new, so_far);\n"
        "create trigger %s_%s_t after %s on %s begin insert into %s_%s_log values('%s', change_op(),"
        " change_snapshot(), change_ts_ms(), change_txid(), change_lsn(), %s, %s,"
        " (select count(*) from orders) * 100 + (select count(*) from lines)); end;\n",
        table, op, table, op, op, table, table, op, op, old, new);
    fixture_file(f, name, text);
}

// `resolves`: some table has a conflict clause, so that rows are written by upserts.
static void write_views(struct fixture *f, bool resolves) {
    static const char old[] = "OLD.id || '.' || OLD.a || '.' || ifnull(OLD.b, 'null')";
    static const char new[] = "NEW.id || '.' || NEW.a || '.' || ifnull(NEW.b, 'null')";
    fixture_file(f, "source.sql",
                 "create table orders(id int primary key, a int, b text);\n"
                 "create table lines(id text primary key, a int, b text);\n"
                 "create table customers(id int primary key, a int, b text);\n");
    for (int i = 0; i < PLAIN; i++) {
        write_trigger(f, tables[i], "insert", "null", new);
        write_trigger(f, tables[i], "update", old, new);
        write_trigger(f, tables[i], "delete", old, "null");
    }
    if (resolves)
        fixture_file(f, "other/schema.sql", "create table other_t(n unique on conflict ignore);");
    fixture_file(f, "sums/schema.sql", "create table sums_t(a integer primary key, n);\n");
    fixture_file(f, "sums/apply.t.sql",
                 "insert into sums_t select a, _weight from _sums_orders('a') where true"
                 " on conflict(a) do update set n = n + excluded.n");
    // Looks a table up: it runs before customers change, so orders are written then.
    fixture_file(f, "past/schema.sql", "create table past_t(op, id, old_a, old_b, a, b, name);");
    fixture_file(f, "past/apply.t.sql",
                 "insert into past_t select _op, ifnull(new_id, old_id), old_a, old_b, new_a, new_b,"
                 " (select c.a from customers c where c.id = iif(new_id is null, old_a, new_a))"
                 " from _changes_orders");
}

static void open_late(struct fixture *f) {
    fixture_open(f);
    store_set_writing(f->store, WRITING_AT_THE_COMMIT);
}

static void assert_same(struct pair *pair) {
    static const char *const queries[] = {
        "select * from orders order by id",
        "select * from lines order by id",
        "select id, a, b, _lsn from customers order by id",
        "select * from _deleted_orders order by id",
        "select * from _deleted_lines order by id",
        "select name, truncate_lsn, snapshot_lsn, snapshot_open, deleted_lsn, newest_lsn from _tables order by 1",
        "select * from _carry order by 1, 2, 3, 4, 5",
        "select * from sums_t where n <> 0 order by a",
        "select * from past_t order by rowid desc limit 60",
        "select count(*) from past_t",
        "select * from (select * from orders_insert_log order by rowid desc limit 30)",
        "select * from (select * from orders_update_log order by rowid desc limit 30)",
        "select * from (select * from orders_delete_log order by rowid desc limit 30)",
        "select * from (select * from lines_insert_log order by rowid desc limit 30)",
        "select * from (select * from lines_update_log order by rowid desc limit 30)",
        "select * from (select * from lines_delete_log order by rowid desc limit 30)",
        "select (select count(*) from orders_insert_log), (select count(*) from orders_update_log),"
        " (select count(*) from orders_delete_log), (select count(*) from lines_insert_log),"
        " (select count(*) from lines_update_log), (select count(*) from lines_delete_log)",
    };
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        const char *comes = rows(&pair->comes, queries[i]);
        const char *late = rows(&pair->late, queries[i]);
        if (strcmp(comes, late) != 0)
            fail_msg("%s\n  %s\n  %s", queries[i], comes, late);
    }
}

static void take_deletes(struct pair *pair, bool compared) {
    for (int i = 0; i < PLAIN; i++) {
        struct store_astray found[2];
        struct fixture *const both[] = {&pair->comes, &pair->late};
        for (int b = 0; b < 2; b++)
            found[b] = store_take_astray(both[b]->store,
                                         catalog_table(both[b]->catalog, tables[i], strlen(tables[i])));
        assert_true(!compared || (found[0].deletes == found[1].deletes &&
                                  found[0].deletes_again == found[1].deletes_again));
    }
}

static void finish(struct pair *pair) {
    if (pair->handed && store_commit_finish(pair->late.store, &pair->late.error) != 0)
        fail_msg("%s", pair->late.error.message);
    pair->handed = false;
}

// The writer's thread may be at work on that of `late` until the next one.
static void commit_both(struct pair *pair) {
    static const struct store_commit nothing_said = {
        .lsn = LSN_NONE, .txid = -1, .sequence = {.lsn = LSN_NONE}, .offsets = SPAN("{}")};
    finish(pair);
    commit(&pair->comes);
    fixture_begin(&pair->late);
    if (store_commit_start(pair->late.store, &nothing_said, &pair->late.error) != 0)
        fail_msg("%s", pair->late.error.message);
    pair->handed = true;
}

static void compare_both(struct pair *pair) {
    commit_both(pair);
    finish(pair);
    assert_same(pair);
    take_deletes(pair, true);
}

static void restart_both(struct pair *pair) {
    compare_both(pair);
    fixture_close(&pair->comes);
    fixture_close(&pair->late);
    fixture_open(&pair->comes);
    open_late(&pair->late);
}

static int64_t choose_lsn(struct pair *pair) {
    if (!one_in(pair, 6))
        return ++pair->lsn;
    int64_t lsn = pair->lsn - below(pair, OLD);
    return lsn > 0 ? lsn : 1;
}

static void apply_both(struct pair *pair, struct change change, const char *table, const char *row) {
    enum store_outcome comes = STORE_REPEATED;
    enum store_outcome late = STORE_REPEATED;
    pair->late.txid = pair->comes.txid;
    change.txid = pair->comes.txid;
    change.ts_ms = 1000 + change.lsn;
    if (fixture_try(&pair->comes, change, table, row, &comes) != 0 ||
        fixture_try(&pair->late, change, table, row, &late) != 0)
        fail_msg("%s %s", pair->comes.error.message, pair->late.error.message);
    assert_int_equal(late, comes);
}

static void change_both(struct pair *pair) {
    const char *table = tables[below(pair, pair->calm && !one_in(pair, 50) ? PLAIN : 3)];
    int64_t chance = pair->calm && one_in(pair, 6) ? 95 : below(pair, pair->calm ? 96 : 100);
    int seldom = pair->calm ? 400 : 20;
    char key[16];
    char row[64];
    int number = (int)below(pair, pair->calm ? KEYS : FEW_KEYS);
    (void)snprintf(key, sizeof key, "%d", number * number * 37);
    (void)snprintf(row, sizeof row, "%s|%d%s", key, (int)below(pair, GROUPS),
                   one_in(pair, seldom)   ? "" // the event lacks the last column
                   : one_in(pair, seldom) ? "|?"
                   : one_in(pair, 9)      ? "|null"
                                          : "|x");
    struct change change = {.op = CHANGE_DELETE, .lsn = choose_lsn(pair)};
    if (chance < 65)
        change.op = one_in(pair, 2) ? CHANGE_CREATE : CHANGE_UPDATE;
    else if (chance >= 90 && chance < 94)
        change = (struct change){.op = CHANGE_READ, .snapshot = SNAPSHOT_FULL, .lsn = change.lsn};
    else if (chance >= 94 && chance < 96)
        change = (struct change){.op = CHANGE_READ, .snapshot = SNAPSHOT_INCREMENTAL, .lsn = change.lsn};
    else if (chance == 96)
        change.op = CHANGE_TRUNCATE;
    else if (chance == 97)
        change = (struct change){.op = CHANGE_TOMBSTONE, .lsn = LSN_NONE};
    else if (chance == 98)
        change = (struct change){.op = CHANGE_UPDATE, .lsn = LSN_NONE};
    if (change.op ==
        CHANGE_DELETE) // one that is older than its row leaves a mark as it comes, and none later
        change.lsn = ++pair->lsn;
    apply_both(pair, change, table, change.op == CHANGE_DELETE || change.op == CHANGE_TOMBSTONE ? key : row);
    if (one_in(pair, 4)) {
        fixture_transaction_end(&pair->comes, change.lsn);
        fixture_transaction_end(&pair->late, change.lsn);
    }
}

static void run_seed(uint64_t seed) {
    static struct pair pair;
    pair = (struct pair){.random = seed, .lsn = 100, .calm = seed % 2 == 0};
    int commit_every = 1 + (int)below(&pair, seed % 2 == 0 ? 400 : 80);
    print_message("seed %d: a commit about every %d changes\n", (int)seed, commit_every);
    fixture_make(&pair.comes);
    fixture_make(&pair.late);
    write_views(&pair.comes, seed % 3 == 0);
    write_views(&pair.late, seed % 3 == 0);
    fixture_open(&pair.comes);
    open_late(&pair.late);
    for (int i = 0; i < ROUNDS; i++) {
        change_both(&pair);
        if (one_in(&pair, 150)) {
            rollback(&pair.comes);
            rollback(&pair.late);
            pair.handed = false;
            take_deletes(&pair, false); // one has counted what the other would have
        } else if (one_in(&pair, 300)) {
            restart_both(&pair);
        } else if (one_in(&pair, commit_every)) {
            (one_in(&pair, 2) ? commit_both : compare_both)(&pair);
        }
    }
    compare_both(&pair);
    fixture_remove(&pair.comes);
    fixture_remove(&pair.late);
}

static void triggers_see_what_they_see_as_it_comes(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run_seed(seed);
}

static int setup(void **state) {
    static struct fixture f;
    fixture_make(&f);
    fixture_file(&f, "source.sql",
                 "create table orders(id int primary key, customer_id int, amount int);\n"
                 "create table lines(id int primary key, order_id int);\n"
                 "create table customers(id int primary key, name text);\n");
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    fixture_remove(*state);
    return 0;
}

static bool another_may_write(struct fixture *f) {
    if (sqlite3_exec(f->reader, "begin immediate", NULL, NULL, NULL) != SQLITE_OK)
        return false;
    assert_int_equal(sqlite3_exec(f->reader, "rollback", NULL, NULL, NULL), SQLITE_OK);
    return true;
}

static void write_log(struct fixture *f) {
    fixture_file(f, "log/schema.sql",
                 "create table log_t(what, id, name);\n"
                 "create trigger log_o after insert on orders begin insert into log_t values('order', NEW.id,"
                 " (select name from customers where id = NEW.customer_id)); end;\n"
                 "create trigger log_l after insert on lines begin insert into log_t values('line', NEW.id,"
                 " (select amount from orders where id = NEW.order_id)); end;\n");
}

// Nothing is written before the commit: the changes of tables with triggers do not hinder the others, nor those them.
static void all_wait_for_the_commit(void **state) {
    struct fixture *f = *state;
    write_log(f);
    open_late(f);
    (void)create(f, 10, "lines", "1|1");
    (void)create(f, 11, "orders", "1|7|5");
    (void)create(f, 12, "lines", "2|1");
    (void)create(f, 13, "orders", "2|8|6");
    (void)update(f, 14, "orders", "1|7|9");
    (void)create(f, 15, "lines", "3|1");
    (void)create(f, 16, "customers", "7|ann");
    assert_true(another_may_write(f));
    commit(f);
    // one after the other, beside the customers of the commit
    assert_string_equal(rows(f, "select * from log_t order by rowid"),
                        "line|1|-, order|1|ann, line|2|5, order|2|-, line|3|9");
    fixture_close(f);
    fixture_open(f); // as they come
    (void)create(f, 20, "customers", "9|joe");
    assert_true(another_may_write(f));
    (void)create(f, 21, "orders", "3|9|9");
    assert_false(another_may_write(f));
    commit(f);
}

// A row that lacks a column is written as it comes, after all that came before it.
static void what_is_written_at_once_comes_after(void **state) {
    struct fixture *f = *state;
    write_log(f);
    open_late(f);
    (void)create(f, 10, "orders", "1|7|5");
    (void)create(f, 11, "lines", "1|1");
    (void)create(f, 12, "orders", "2|7");
    (void)create(f, 13, "lines", "2|2");
    commit(f);
    assert_string_equal(rows(f, "select what, id from log_t order by rowid"),
                        "order|1, line|1, order|2, line|2");
}

static const char strict[] = "create table strict_t(id integer primary key, amount check (amount < 100));\n"
                             "create trigger strict_c after insert on orders begin"
                             " insert into strict_t values(NEW.id, NEW.amount); end;\n";

static void create_refused(struct fixture *f) {
    (void)create(f, 10, "orders", "1|1|1");
    commit(f);
    (void)create(f, 11, "customers", "1|a");
    (void)create(f, 12, "orders", "2|1|2");
    (void)create(f, 13, "orders", "3|1|100");
    (void)create(f, 14, "orders", "4|1|4");
}

static void assert_refused(struct fixture *f) {
    assert_int_equal(f->error.kind, ERROR_REFUSED);
    assert_string_equal(f->error.subject, "orders");
    rollback(f);
    assert_string_equal(rows(f, "select id, (select count(*) from customers) from orders"), "1|0");
}

// As they come, after a rollback.
static void assert_refused_alone(struct fixture *f) {
    store_set_writing(f->store, WRITING_AS_THEY_COME);
    (void)create(f, 12, "orders", "2|1|2");
    enum store_outcome outcome;
    const struct change change = {.op = CHANGE_CREATE, .lsn = 13, .txid = f->txid};
    assert_int_equal(fixture_try(f, change, "orders", "3|1|100", &outcome), -1);
    assert_int_equal(f->error.kind, ERROR_INPUT);
    (void)create(f, 14, "orders", "4|1|4");
    commit(f);
    assert_string_equal(rows(f, "select id from orders"), "1, 2, 4");
}

// The schema refuses the order of an amount of 100, which the commit tells.
static void refuse_at_the_commit(struct fixture *f, const char *schema) {
    fixture_file(f, "strict/schema.sql", schema);
    open_late(f);
    create_refused(f);
    assert_int_equal(fixture_try_commit(f), -1);
    assert_refused(f);
    assert_refused_alone(f);
}

static void one_that_is_refused_is_told_at_the_commit(void **state) {
    struct fixture *f = *state;
    refuse_at_the_commit(f, strict);
    assert_string_equal(rows(f, "select id from strict_t"), "1, 2, 4");
}

static void or_by_another_change(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "strict/schema.sql", strict);
    open_late(f);
    create_refused(f);
    enum store_outcome outcome;
    const struct change change = {.op = CHANGE_TRUNCATE, .lsn = 20, .txid = f->txid};
    assert_int_equal(fixture_try(f, change, "lines", "0", &outcome), -1);
    assert_refused(f);
    assert_refused_alone(f);
}

static void by_a_function_too(void **state) {
    struct fixture *f = *state;
    refuse_at_the_commit(f, "create table strict_t(n);\n"
                            "create trigger strict_c after insert on orders begin insert into strict_t"
                            " select json_extract(iif(NEW.amount = 100, 'no JSON', '{}'), '$.a'); end;\n");
}

static void by_itself_too(void **state) {
    struct fixture *f = *state;
    refuse_at_the_commit(f, "create trigger strict_c after insert on orders when NEW.amount = 100 begin"
                            " select raise(abort, 'not this one'); end;\n");
}

// A trigger that resolves conflicts by itself does so: nothing is refused.
static void conflicts_are_resolved_as_triggers_say(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "log/schema.sql",
                 "create table amounts(amount unique, id);\n"
                 "create table names(amount unique on conflict replace, id);\n"
                 "create trigger log_c after insert on orders begin\n"
                 "insert /* the first */ or\n IGNORE into amounts values(NEW.amount, NEW.id);\n"
                 "insert into names values(NEW.amount, NEW.id); end;\n");
    open_late(f);
    (void)create(f, 10, "orders", "1|1|5");
    (void)create(f, 11, "orders", "2|1|5");
    (void)create(f, 12, "orders", "3|1|6");
    commit(f);
    assert_string_equal(rows(f, "select * from amounts order by 1"), "5|1, 6|3");
    assert_string_equal(rows(f, "select * from names order by 1"), "5|2, 6|3");
}

// An event of an insert may meet a row, and one of an update none.
static void rows_are_written_whatever_the_event_says(void **state) {
    struct fixture *f = *state;
    write_log(f);
    open_late(f);
    (void)update(f, 10, "orders", "1|7|5");
    (void)create(f, 11, "orders", "1|7|6");
    (void)snapshot(f, 20, "orders", "2|8|1");
    (void)snapshot(f, 21, "orders", "1|8|2");
    (void)snapshot(f, 22, "orders", "1|8|3");
    commit(f);
    assert_string_equal(rows(f, "select * from log_t order by rowid"), "order|1|-, order|2|-");
    assert_string_equal(rows(f, "select * from orders order by id"), "1|8|3|11|22, 2|8|1|-1|20");
}

static void write_order(struct fixture *f, const struct change change, int key, int customer, int amount) {
    char row[64];
    enum store_outcome outcome;
    (void)snprintf(row, sizeof row, "%d|%d|%d", key * key * 37, customer, amount);
    if (fixture_try(f, change, "orders", row, &outcome) != 0)
        fail_msg("%s", f->error.message);
    assert_int_equal(outcome, STORE_APPLIED);
}

// A streamed change meets rows of a snapshot that are pending: all of them are written first. What then comes of the row is
// one chain, also where the key's place among the pending was another's by its hash.
static void a_row_goes_on_after_all_were_written(void **state) {
    enum { CROWD = 120 };
    struct fixture *f = *state;
    write_log(f);
    fixture_sums(f);
    open_late(f);
    for (int key = 1; key <= CROWD; key++) {
        const struct change read = {
            .op = CHANGE_READ, .snapshot = SNAPSHOT_INCREMENTAL, .lsn = LSN_NONE, .txid = -1};
        struct change change = {.op = CHANGE_UPDATE, .lsn = 1000 + 2 * key, .txid = f->txid};
        for (int other = 1; other <= CROWD; other++)
            write_order(f, read, other, 1, key);
        write_order(f, change, key, 1, 1000);
        change.lsn++;
        write_order(f, change, key, 2, 2000);
        commit(f);
        assert_sums(f);
    }
}

static void a_unique_index_sees_them_in_order(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "strict/schema.sql", "create unique index strict_i on orders(amount);");
    open_late(f);
    (void)create(f, 10, "orders", "1|1|1");
    (void)update(f, 11, "orders", "1|1|2");
    (void)create(f, 12, "orders", "2|1|1");
    commit(f);
    assert_string_equal(rows(f, "select id, amount from orders order by id"), "1|2, 2|1");
    (void)update(f, 13, "orders", "2|1|2");
    (void)update(f, 14, "orders", "1|1|3");
    assert_int_equal(fixture_try_commit(f), -1);
    assert_int_equal(f->error.kind, ERROR_REFUSED);
    rollback(f);
}

// A view's statement that fails is told as one, singly too.
static void statements_are_at_fault_for_themselves(void **state) {
    struct fixture *f = *state;
    write_log(f);
    fixture_file(f, "most/schema.sql", "create table most_t(amount integer check(amount < 50));");
    fixture_file(f, "most/apply.t.sql",
                 "insert or rollback into most_t select new_amount from _changes_orders");
    open_late(f);
    (void)create(f, 10, "orders", "1|1|60");
    assert_int_equal(fixture_try_commit(f), -1);
    assert_int_equal(f->error.kind, ERROR_VIEW);
    rollback(f);
    store_set_writing(f->store, WRITING_SINGLY);
    (void)create(f, 9, "orders", "2|1|1");
    assert_string_equal(rows(f, "select count(*) from most_t"), "0");
    enum store_outcome outcome;
    const struct change change = {.op = CHANGE_CREATE, .lsn = 10, .txid = f->txid};
    assert_int_equal(fixture_try(f, change, "orders", "1|1|60", &outcome), -1);
    assert_int_equal(f->error.kind, ERROR_VIEW);
    rollback(f);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(triggers_see_what_they_see_as_it_comes),
        TEST(all_wait_for_the_commit),
        TEST(what_is_written_at_once_comes_after),
        TEST(one_that_is_refused_is_told_at_the_commit),
        TEST(or_by_another_change),
        TEST(by_a_function_too),
        TEST(by_itself_too),
        TEST(a_row_goes_on_after_all_were_written),
        TEST(conflicts_are_resolved_as_triggers_say),
        TEST(rows_are_written_whatever_the_event_says),
        TEST(a_unique_index_sees_them_in_order),
        TEST(statements_are_at_fault_for_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
