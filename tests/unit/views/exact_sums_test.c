// Views that add up REALs and NUMERICs: what they hold tells nothing of where commits fell or in which order the log
// was delivered (views/engine/delta/exact_column.h).
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"

#include "views/base/buffer.h"
#include "views/base/random.h"

#include <math.h>

enum {
    KEYS = 40,
    CUSTOMERS = 5,
    STEPS = 400,
    CUTTINGS = 5,
    TEXT_SIZE = 64,
};

struct step {
    enum change_op op;
    int64_t lsn;
    char row[3 * TEXT_SIZE];
};

// Doubles of wild exponents, up to 2^1000, so that no sum of them is infinite.
static void random_real(uint64_t *seed, char ret[TEXT_SIZE]) {
    double value = ldexp((double)(int64_t)random_next(seed), (int)(random_next(seed) % 2000) - 1070);
    (void)snprintf(ret, TEXT_SIZE, "%.17g", value);
}

// 1 to 60 digits, of which some stand behind the point.
static void random_numeric(uint64_t *seed, char ret[TEXT_SIZE]) {
    int digits = 1 + (int)(random_next(seed) % 60);
    int point = (int)(random_next(seed) % (unsigned)(digits + 1));
    size_t at = 0;
    if (random_next(seed) % 2 == 0)
        ret[at++] = '-';
    for (int i = 0; i < digits; i++) {
        if (i == point)
            at += (size_t)snprintf(ret + at, 3, "%s", i == 0 ? "0." : ".");
        ret[at++] = (char)('0' + random_next(seed) % 10);
    }
    ret[at] = '\0';
}

static void random_steps(uint64_t *seed, struct step *ret) {
    for (int i = 0; i < STEPS; i++) {
        int key = (int)(random_next(seed) % KEYS);
        char real[TEXT_SIZE], numeric[TEXT_SIZE];
        random_real(seed, real);
        random_numeric(seed, numeric);
        ret[i].lsn = 1000 + i;
        ret[i].op = random_next(seed) % 4 == 0 ? CHANGE_DELETE : CHANGE_UPDATE;
        if (ret[i].op == CHANGE_DELETE)
            (void)snprintf(ret[i].row, sizeof ret[i].row, "%d", key);
        else
            (void)snprintf(ret[i].row, sizeof ret[i].row, "%d|%d|%s|%s", key,
                           (int)(random_next(seed) % CUSTOMERS), real, numeric);
    }
}

static void shuffle(uint64_t *seed, struct step *steps) {
    for (int i = STEPS - 1; i > 0; i--) {
        int other = (int)(random_next(seed) % (unsigned)(i + 1));
        const struct step step = steps[i];
        steps[i] = steps[other];
        steps[other] = step;
    }
}

static const char totals_sql[] = "select cust, n, total, exact from v_sum where n <> 0 order by cust";
static const char apply_sql[] = "insert into v_sum(cust, n, total, exact)"
                                " select cust, _weight, amount, price from _sums_pay('cust') where true"
                                " on conflict(cust) do update set n = n + excluded.n,"
                                " total = total + excluded.total, exact = decimal_add(exact, excluded.exact)";

static void make(struct fixture *f) {
    fixture_make(f);
    fixture_file(f, "source.sql",
                 "create table pay(id int primary key, cust int, amount double precision, price numeric);");
    fixture_file(f, "v/schema.sql",
                 "create table v_sum(cust integer primary key, n integer, total real, exact text);");
    fixture_file(f, "v/apply.sum.sql", apply_sql);
    fixture_open(f);
}

// What SQLite prints of a REAL is 15 digits; all of them are in its bytes.
static void totals(struct fixture *f, struct buffer *ret) {
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(f->reader, totals_sql, -1, &stmt, NULL), SQLITE_OK);
    buffer_clear(ret);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        assert_int_equal(sqlite3_column_type(stmt, 2), SQLITE_FLOAT);
        buffer_format(ret, "%d %d %a %s\n", sqlite3_column_int(stmt, 0), sqlite3_column_int(stmt, 1),
                      sqlite3_column_double(stmt, 2), (const char *)sqlite3_column_text(stmt, 3));
    }
    (void)sqlite3_finalize(stmt);
    buffer_char(ret, '\0');
    assert_false(ret->failed);
}

static void play(struct fixture *f, const struct step *steps, int commit_every, bool restart) {
    for (int i = 0; i < STEPS; i++) {
        (void)fixture_change(f, steps[i].op, steps[i].lsn, "pay", steps[i].row);
        if ((i + 1) % commit_every != 0)
            continue;
        commit(f);
        if (restart && i % 3 == 0) {
            fixture_close(f);
            fixture_open(f);
        }
    }
    commit(f);
}

static const int cuttings[CUTTINGS] = {1, 2, 7, 50, STEPS};

static void no_cutting_and_no_order_changes_a_sum(void **state) {
    (void)state;
    static const uint64_t seed_given = 1128;
    print_message("seed %llu\n", (unsigned long long)seed_given);
    uint64_t seed = seed_given;
    static struct step steps[STEPS];
    random_steps(&seed, steps);
    CLEANUP(buffer_free) struct buffer first = {0};
    CLEANUP(buffer_free) struct buffer other = {0};
    for (int order = 0; order < 4; order++) {
        for (int c = 0; c < CUTTINGS; c++) {
            struct fixture f;
            make(&f);
            play(&f, steps, cuttings[c], order == 1);
            totals(&f, first.size == 0 ? &first : &other);
            if (other.size != 0)
                assert_string_equal(other.data, first.data);
            // the same from the mirror's rows, by a rebuild
            fixture_close(&f);
            fixture_file(&f, "v/apply.sum.sql", "-- again\n");
            char again[sizeof apply_sql + 16];
            (void)snprintf(again, sizeof again, "%s -- again", apply_sql);
            fixture_file(&f, "v/apply.sum.sql", again);
            fixture_open(&f);
            totals(&f, &other);
            assert_string_equal(other.data, first.data);
            fixture_remove(&f);
        }
        shuffle(&seed, steps);
    }
    assert_non_null(strstr(first.data, "0x1"));
}

// What a query's real_sum() and decimal_sum() of the rows are, the view has.
static void the_view_has_what_the_rows_come_to(void **state) {
    (void)state;
    static const uint64_t seed_given = 5;
    print_message("seed %llu\n", (unsigned long long)seed_given);
    uint64_t seed = seed_given;
    static struct step steps[STEPS];
    random_steps(&seed, steps);
    struct fixture f;
    make(&f);
    fixture_close(&f);
    fixture_file(&f, "w/schema.sql",
                 "create table w_sum(cust integer primary key, n integer, total real, exact text);");
    fixture_open(&f);
    play(&f, steps, 3, false);
    fixture_close(&f);
    // filled by a trigger-less statement of its own, from the rows that there are
    fixture_file(&f, "w/apply.sum.sql",
                 "insert or replace into w_sum(cust, n, total, exact)"
                 " select cust, sum(_weight), real_sum(amount), decimal_sum(price, _weight) from _delta_pay"
                 " group by cust");
    fixture_open(&f);
    assert_string_equal(rows(&f, "select count(*) from w_sum"),
                        rows(&f, "select count(*) from v_sum where n > 0"));
    assert_string_equal(
        rows(&f, "select count(*) from w_sum w join v_sum v using (cust) where v.total is not w.total"
                 " or v.exact is not w.exact or v.n is not w.n"),
        "0");
    fixture_remove(&f);
}

static void a_rollback_takes_the_exact_sum_along(void **state) {
    (void)state;
    struct fixture f;
    make(&f);
    (void)create(&f, 1, "pay", "1|1|1e16|0.1");
    (void)create(&f, 2, "pay", "2|1|1|0.2");
    commit(&f);
    (void)create(&f, 3, "pay", "3|1|1|0.3");
    rollback(&f);
    (void)create(&f, 4, "pay", "4|1|1|0.4");
    commit(&f);
    (void)erase(&f, 5, "pay", "1");
    commit(&f);
    assert_string_equal(rows(&f, totals_sql), "1|2|2.0|0.6");
    fixture_remove(&f);
}

// Files of before have no exact sums, and 0 for NUMERICs: their views that may need any are filled anew.
static void an_older_file_gets_its_exact_sums(void **state) {
    (void)state;
    struct fixture f;
    make(&f);
    (void)create(&f, 1, "pay", "1|1|1e16|1");
    (void)create(&f, 2, "pay", "2|1|1|1");
    commit(&f);
    assert_string_equal(rows(&f, "select count(*) from _real_sum_groups"), "1");
    (void)rows(&f, "update v_sum set total = 7, exact = '0'");
    (void)rows(&f, "drop table _deleted_pay");
    (void)rows(
        &f, "create table _deleted_pay(id integer primary key, _lsn integer, _ts_ms integer) without rowid");
    (void)rows(&f, "drop table _real_sums");
    (void)rows(&f, "drop table _real_sum_groups");
    (void)rows(&f, "drop table _quarantine_requests");
    (void)rows(&f, "drop index _quarantine_settled");
    (void)rows(&f, "drop index _quarantine_rows");
    (void)rows(&f, "alter table _position drop column quarantined");
    (void)rows(&f, "drop table _fill");
    (void)rows(&f, "alter table _offsets drop column snapshot_lsn");
    (void)rows(&f, "alter table _offsets drop column snapshot_ms");
    (void)rows(&f, "alter table _offsets drop column newest_lsn");
    (void)rows(&f, "alter table _offsets drop column newest_source_ms");
    (void)rows(&f, "alter table _offsets drop column unread");
    (void)rows(&f, "alter table _tables drop column left_out_lsn");
    (void)rows(&f, "alter table _tables drop column whole_lsn");
    (void)rows(&f, "alter table _tables drop column cut_ms");
    (void)rows(&f, "alter table _tables drop column snapshot_commit");
    (void)rows(&f, "alter table _tables drop column snapshot_ahead");
    (void)rows(&f, "alter table _quarantine drop column behind_lsn");
    (void)rows(&f, "alter table _tables drop column stale_before_ms");
    (void)rows(&f, "alter table _tables drop column snapshot_ts_ms");
    (void)rows(&f, "alter table _tables drop column has_chunks");
    (void)rows(&f, "alter table _position drop column filling");
    (void)rows(&f, "pragma user_version = 3");
    fixture_close(&f);
    fixture_open(&f);
    (void)erase(&f, 5, "pay", "1");
    commit(&f);
    assert_string_equal(rows(&f, totals_sql), "1|1|1.0|1");
    fixture_remove(&f);
}

static void sums_that_are_0_and_views_that_go_leave_nothing(void **state) {
    (void)state;
    struct fixture f;
    make(&f);
    (void)create(&f, 1, "pay", "1|1|2.5|1");
    (void)create(&f, 2, "pay", "2|2|1|1");
    (void)create(&f, 3, "pay", "3|null|1|1");
    commit(&f);
    assert_string_equal(rows(&f, "select count(*) from _real_sum_groups"), "3");
    (void)erase(&f, 5, "pay", "1");
    commit(&f);
    assert_string_equal(rows(&f, "select count(*) from _real_sum_groups"), "2");
    fixture_close(&f);
    fixture_file(&f, "v/apply.sum.sql", "delete from v_sum where cust in (select cust from _delta_pay)");
    fixture_open(&f);
    assert_string_equal(
        rows(&f, "select (select count(*) from _real_sum_groups), (select count(*) from _real_sums)"), "0|0");
    fixture_remove(&f);
}

// One statement reads the table twice, by several values: each has its own sums, and one run counts once.
static void each_call_has_sums_of_its_own(void **state) {
    (void)state;
    struct fixture f;
    fixture_make(&f);
    fixture_file(&f, "source.sql",
                 "create table pay(id int primary key, cust int, kind text, amount double precision);");
    fixture_file(&f, "v/schema.sql",
                 "create table v_kind(name text); insert into v_kind values('a'), ('b'), ('c');"
                 "create table v_sum(kind text, cust int, total real, twice real, primary key(kind, cust));");
    fixture_file(
        &f, "v/apply.sum.sql",
        "insert into v_sum(kind, cust, total, twice)"
        " select name, cust, sum(amount), sum(twice) from ("
        " select k.name, s.cust, s.amount, 0 as twice from v_kind k, _sums_pay('cust', 'kind', k.name) s"
        " union all"
        " select k.name, s.cust, 0, s.amount from v_kind k, _sums_pay('cust', 'kind', k.name) s)"
        " group by name, cust"
        " having true on conflict do update set total = total + excluded.total,"
        " twice = twice + excluded.twice");
    fixture_open(&f);
    (void)create(&f, 1, "pay", "1|1|a|1e16");
    commit(&f);
    (void)create(&f, 2, "pay", "2|1|a|1");
    (void)create(&f, 3, "pay", "3|1|b|0.25");
    commit(&f);
    (void)create(&f, 4, "pay", "4|1|a|1");
    commit(&f);
    (void)erase(&f, 5, "pay", "1");
    commit(&f);
    assert_string_equal(rows(&f, "select * from v_sum order by kind"), "a|1|2.0|2.0, b|1|0.25|0.25");
    fixture_remove(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_cutting_and_no_order_changes_a_sum),
        cmocka_unit_test(the_view_has_what_the_rows_come_to),
        cmocka_unit_test(a_rollback_takes_the_exact_sum_along),
        cmocka_unit_test(an_older_file_gets_its_exact_sums),
        cmocka_unit_test(sums_that_are_0_and_views_that_go_leave_nothing),
        cmocka_unit_test(each_call_has_sums_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
