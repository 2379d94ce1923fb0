// What a view's apply statements see of a commit: the virtual tables _delta_T, _changes_T and _sums_T.
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"

static const char source[] =
    "create table orders(id int primary key, grp text, amount int, rate real, note text);\n"
    "create table people(id int primary key, name text);\n";

// Each statement writes down what it sees. No one names orders.note.
static const char watch_schema[] = "create table watch_net(weight, id, grp, amount);\n"
                                   "create table watch_changes(op, snap, ts_ms, txid, lsn, old_id, old_grp,"
                                   " old_amount, new_id, new_grp, new_amount);\n"
                                   "create table watch_sums(weight, grp, amount, rate);\n"
                                   "create table watch_some(weight, grp, amount);\n";
static const char watch_net[] = "insert into watch_net select _weight, id, grp, amount from _delta_orders"
                                " order by id, _weight";
static const char watch_changes[] = "insert into watch_changes select _op, _snapshot, _ts_ms, _txid, _lsn,"
                                    " old_id, old_grp, old_amount, new_id, new_grp, new_amount"
                                    " from _changes_orders";
static const char watch_sums[] =
    "insert into watch_sums select _weight, grp, amount, rate from _sums_orders('grp')"
    " order by grp";
static const char watch_some[] = "insert into watch_some select _weight, grp, amount"
                                 " from _sums_orders('grp', 'id', 1, 3) order by grp";

static int setup(void **state) {
    static struct fixture f;
    fixture_make(&f);
    fixture_file(&f, "source.sql", source);
    fixture_file(&f, "watch/schema.sql", watch_schema);
    fixture_file(&f, "watch/apply.net.sql", watch_net);
    fixture_file(&f, "watch/apply.changes.sql", watch_changes);
    fixture_file(&f, "watch/apply.sums.sql", watch_sums);
    fixture_file(&f, "watch/apply.some.sql", watch_some);
    fixture_open(&f);
    *state = &f;
    return 0;
}

static int setup_empty(void **state) {
    static struct fixture f;
    fixture_make(&f);
    fixture_file(&f, "source.sql", source);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    fixture_remove(*state);
    return 0;
}

#define ASSERT_SEEN(f, net, changes, sums)                                                                   \
    do {                                                                                                     \
        assert_string_equal(seen(f, "watch_net"), net);                                                      \
        assert_string_equal(seen(f, "watch_changes"), changes);                                              \
        assert_string_equal(seen(f, "watch_sums"), sums);                                                    \
    } while (0)

static void a_row_comes_changes_and_goes(void **state) {
    struct fixture *f = *state;
    (void)create(f, 10, "orders", "1|a|5|0.5|n");
    commit(f);
    ASSERT_SEEN(f, "1|1|a|5", "c|0|1010|1|10|-|-|-|1|a|5", "1|a|5|0.5");
    (void)update(f, 20, "orders", "1|b|7|0.5|n");
    commit(f);
    ASSERT_SEEN(f, "-1|1|a|5, 1|1|b|7", "u|0|1020|1|20|1|a|5|1|b|7", "-1|a|-5|-0.5, 1|b|7|0.5");
    (void)erase(f, 30, "orders", "1");
    commit(f);
    ASSERT_SEEN(f, "-1|1|b|7", "d|0|1030|1|30|1|b|7|-|-|-", "-1|b|-7|-0.5");
    commit(f);
    ASSERT_SEEN(f, "", "", "");
}

static void a_key_change_is_a_delete_and_a_create(void **state) {
    struct fixture *f = *state;
    (void)create(f, 10, "orders", "1|a|5|0|n");
    commit(f);
    ASSERT_SEEN(f, "1|1|a|5", "c|0|1010|1|10|-|-|-|1|a|5", "1|a|5|0.0");
    (void)erase(f, 20, "orders", "1");
    (void)create(f, 20, "orders", "2|a|5|0|n");
    commit(f);
    ASSERT_SEEN(f, "-1|1|a|5, 1|2|a|5", "d|0|1020|1|20|1|a|5|-|-|-, c|0|1020|1|20|-|-|-|2|a|5", "");
}

static void several_changes_of_a_row_come_to_one(void **state) {
    struct fixture *f = *state;
    (void)create(f, 10, "orders", "1|a|5|0|n");
    (void)update(f, 20, "orders", "1|b|6|0|n");
    (void)update(f, 30, "orders", "1|a|7|0|n");
    commit(f);
    ASSERT_SEEN(f, "1|1|a|7",
                "c|0|1010|1|10|-|-|-|1|a|5, u|0|1020|1|20|1|a|5|1|b|6, u|0|1030|1|30|1|b|6|1|a|7",
                "1|a|7|0.0");
    (void)update(f, 40, "orders", "1|b|8|0|n");
    (void)erase(f, 50, "orders", "1");
    (void)create(f, 60, "orders", "1|a|9|0|n");
    commit(f);
    ASSERT_SEEN(f, "-1|1|a|7, 1|1|a|9",
                "u|0|1040|1|40|1|a|7|1|b|8, d|0|1050|1|50|1|b|8|-|-|-, c|0|1060|1|60|-|-|-|1|a|9",
                "0|a|2|0.0");
    (void)update(f, 70, "orders", "1|c|0|0|n");
    (void)update(f, 80, "orders", "1|a|9|0|n");
    commit(f);
    ASSERT_SEEN(f, "", "u|0|1070|1|70|1|a|9|1|c|0, u|0|1080|1|80|1|c|0|1|a|9", "");
}

static void a_row_made_and_deleted_in_one_commit_comes_to_nothing(void **state) {
    struct fixture *f = *state;
    (void)create(f, 10, "orders", "1|a|5|1|n");
    (void)erase(f, 20, "orders", "1");
    commit(f);
    ASSERT_SEEN(f, "", "c|0|1010|1|10|-|-|-|1|a|5, d|0|1020|1|20|1|a|5|-|-|-", "");
    assert_string_equal(rows(f, "select * from orders"), "");
}

static void a_delete_of_no_row_is_no_change(void **state) {
    struct fixture *f = *state;
    assert_true(erase(f, 10, "orders", "1")); // its position is kept
    assert_true(erase(f, 20, "orders", "1"));
    commit(f);
    ASSERT_SEEN(f, "", "", "");
    assert_false(create(f, 15, "orders", "1|a|5|1|n"));
    commit(f);
    ASSERT_SEEN(f, "", "", "");
}

static void what_no_statement_names_is_no_difference(void **state) {
    struct fixture *f = *state;
    (void)create(f, 10, "orders", "1|a|5|0|n");
    commit(f);
    ASSERT_SEEN(f, "1|1|a|5", "c|0|1010|1|10|-|-|-|1|a|5", "1|a|5|0.0");
    (void)update(f, 20, "orders", "1|a|5|0|other");
    commit(f);
    ASSERT_SEEN(f, "", "u|0|1020|1|20|1|a|5|1|a|5", "");
    assert_string_equal(rows(f, "select note from orders"), "other");
    (void)create(f, 30, "people", "1|x");
    commit(f);
    ASSERT_SEEN(f, "", "", "");
}

static void nulls_are_a_group_and_count_as_nothing(void **state) {
    struct fixture *f = *state;
    (void)create(f, 10, "orders", "1|null|5|null|n");
    (void)create(f, 11, "orders", "2|null|null|null|n");
    (void)create(f, 12, "orders", "3|a|null|2.5|n");
    commit(f);
    ASSERT_SEEN(f, "1|1|-|5, 1|2|-|-, 1|3|a|-",
                "c|0|1010|1|10|-|-|-|1|-|5, c|0|1011|1|11|-|-|-|2|-|-, c|0|1012|1|12|-|-|-|3|a|-",
                "2|-|5|0.0, 1|a|0|2.5");
    (void)update(f, 20, "orders", "2|null|0|null|n");
    commit(f);
    ASSERT_SEEN(f, "-1|2|-|-, 1|2|-|0", "u|0|1020|1|20|2|-|-|2|-|0", "");
    (void)update(f, 30, "orders", "1|a|null|null|n");
    commit(f);
    ASSERT_SEEN(f, "-1|1|-|5, 1|1|a|-", "u|0|1030|1|30|1|-|5|1|a|-", "-1|-|-5|0.0, 1|a|0|0.0");
}

static void sums_of_some_rows(void **state) {
    struct fixture *f = *state;
    (void)create(f, 10, "orders", "1|a|1|0|n");
    (void)create(f, 11, "orders", "2|a|2|0|n");
    (void)create(f, 12, "orders", "3|b|4|0|n");
    (void)create(f, 13, "orders", "4|b|8|0|n");
    commit(f);
    assert_string_equal(seen(f, "watch_some"), "1|a|1, 1|b|4");
    (void)update(f, 20, "orders", "1|b|1|0|n");
    (void)erase(f, 21, "orders", "2");
    (void)erase(f, 22, "orders", "3");
    commit(f);
    assert_string_equal(seen(f, "watch_some"), "-1|a|-1, 0|b|-3");
}

static void no_sum_overflows(void **state) {
    struct fixture *f = *state;
    (void)create(f, 10, "orders", "1|a|9223372036854775807|0|n");
    (void)create(f, 11, "orders", "2|a|9223372036854775807|0|n");
    (void)create(f, 12, "orders", "3|b|-9223372036854775808|0|n");
    commit(f);
    assert_string_equal(seen(f, "watch_sums"), "2|a|1.84467440737096e+19|0.0, 1|b|-9223372036854775808|0.0");
    (void)erase(f, 20, "orders", "3");
    (void)erase(f, 21, "orders", "1");
    commit(f);
    assert_string_equal(seen(f, "watch_sums"),
                        "-1|a|-9223372036854775807|0.0, -1|b|9.22337203685478e+18|0.0");
}

// What a source sends must not stop the program: neither in one commit nor from one to the next.
static void the_built_in_views_outlive_any_quantity(void **state) {
    struct fixture *f = *state;
    static const char *const quantities[] = {"9223372036854775807", "9223372036854775806",
                                             "9223372036854775805"};
    fixture_remove(f);
    fixture_make(f); // no source.sql: the built-in views
    fixture_open(f);
    for (int i = 0; i < 3; i++) {
        char row[256];
        (void)snprintf(row, sizeof row, "%d|1|a|%s|999999999999999999|paid|2026-01-02|null|null|2026", i,
                       quantities[i]);
        (void)create(f, 10 + i, "orders", row);
        if (i > 0)
            commit(f);
    }
    assert_string_equal(rows(f, "select sku, orders, quantity from analytics_top_skus"),
                        "a|3|2.76701161105643e+19");
    for (int i = 0; i < 3; i++)
        (void)erase(f, 20, "orders", (const char *[]){"0", "1", "2"}[i]);
    (void)create(f, 30, "orders", "4|1|a|2|3|shipped|2026-01-02|null|null|2026");
    commit(f);
    assert_string_equal(rows(f, "select orders from analytics_top_skus"), "1");
    assert_string_equal(rows(f, "select * from analytics_revenue_by_day"), "2026-01-02|1|3");
}

// A trigger's way: each change as it is written. A snapshot's rows take it too.
static void a_snapshot_is_seen_as_one(void **state) {
    struct fixture *f = *state;
    (void)create(f, 10, "orders", "1|a|5|4|n");
    commit(f);
    (void)seen(f, "watch_changes");
    (void)seen(f, "watch_net");
    (void)seen(f, "watch_sums");
    (void)snapshot(f, 50, "orders", "1|b|5|4|n");
    (void)snapshot(f, 50, "orders", "2|b|6|4|n");
    commit(f);
    ASSERT_SEEN(f, "-1|1|a|5, 1|1|b|5, 1|2|b|6", "r|1|1050|-|50|1|a|5|1|b|5, r|1|1050|-|50|-|-|-|2|b|6",
                "-1|a|-5|-4.0, 2|b|11|8.0");
}

// What the source had lost unseen: nothing happened there now, so no trigger is to act on it.
static void a_ghost_is_of_the_snapshot_to_statements_and_triggers(void **state) {
    struct fixture *f = *state;
    fixture_file(
        f, "mail/schema.sql",
        "create table mail_saw(op, snap, id, lsn, txid);\n"
        "create table mail_box(id);\n"
        "create trigger mail_saw_delete after delete on people begin"
        " insert into mail_saw values(change_op(), change_snapshot(), old.id, change_lsn(), change_txid()); end;\n"
        "create trigger mail_deleted after delete on people when change_snapshot() = 0 begin"
        " insert into mail_box values(old.id); end;\n"
        "create table mail_listed(op, snap, id);\n");
    fixture_file(f, "mail/apply.listed.sql",
                 "insert into mail_listed select _op, _snapshot, old_id from _changes_people"
                 " where old_id is not null");
    fixture_open(f);
    (void)create(f, 10, "people", "1|a");
    (void)create(f, 11, "people", "2|b");
    (void)create(f, 12, "people", "3|c");
    commit(f);
    (void)erase(f, 13, "people", "1");
    commit(f);
    assert_string_equal(seen(f, "mail_box"), "1");
    assert_string_equal(seen(f, "mail_saw"), "d|0|1|13|1");
    assert_string_equal(seen(f, "mail_listed"), "d|0|1");
    (void)snapshot(f, 50, "people", "2|b");
    assert_int_equal(sweep(f, "people"), 1);
    commit(f);
    assert_string_equal(seen(f, "mail_box"), "");
    assert_string_equal(seen(f, "mail_saw"), "d|1|3|50|-");
    assert_string_equal(rows(f, "select * from mail_listed where op = 'd'"), "d|1|3");
}

static void a_truncate_is_a_delete_a_row(void **state) {
    struct fixture *f = *state;
    (void)create(f, 10, "orders", "1|a|5|4|n");
    (void)create(f, 11, "orders", "2|a|6|4|n");
    (void)truncate_table(f, 20, "orders");
    (void)create(f, 30, "orders", "1|a|7|4|n");
    commit(f);
    ASSERT_SEEN(f, "1|1|a|5, 1|2|a|6, -1|1|a|5, 1|1|a|7, -1|2|a|6",
                "c|0|1010|1|10|-|-|-|1|a|5, c|0|1011|1|11|-|-|-|2|a|6, d|0|1020|1|20|1|a|5|-|-|-, "
                "d|0|1020|1|20|2|a|6|-|-|-, c|0|1030|1|30|-|-|-|1|a|7",
                "2|a|11|8.0, -1|a|-4|-4.0");
}

// No column is named, and yet it must be known what the rows were.
static void rows_are_counted_without_naming_a_column(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "watch/schema.sql", "create table watch_weight(w);\ncreate table watch_rows(n);\n");
    fixture_file(f, "watch/apply.weight.sql",
                 "insert into watch_weight select sum(_weight) from _delta_people having count(*) > 0");
    fixture_file(
        f, "watch/apply.rows.sql",
        "insert into watch_rows select group_concat(_op, '') from _changes_people having count(*) > 0");
    fixture_open(f);
    (void)snapshot(f, 5, "people", "7|g");
    (void)create(f, 10, "people", "1|a");
    (void)create(f, 11, "people", "2|b");
    commit(f);
    assert_string_equal(seen(f, "watch_weight"), "3");
    assert_string_equal(seen(f, "watch_rows"), "rcc");
    (void)update(f, 20, "people", "1|c");
    (void)erase(f, 21, "people", "2");
    commit(f);
    assert_string_equal(seen(f, "watch_weight"), "-1");
    assert_string_equal(seen(f, "watch_rows"), "ud");
    (void)truncate_table(f, 15, "people");
    commit(f);
    assert_string_equal(seen(f, "watch_weight"), "-1");
    assert_string_equal(seen(f, "watch_rows"), "d");
    (void)update(f, 30, "people", "1|d");
    commit(f);
    assert_string_equal(seen(f, "watch_weight"), "");
    assert_string_equal(seen(f, "watch_rows"), "u");
}

// A value has the type of its column, however its row was written.
static void a_real_stays_a_real(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "watch/schema.sql",
                 "create table watch_rate(op, was, is_now);\ncreate table watch_net(w, rate);\n");
    fixture_file(
        f, "watch/apply.rate.sql",
        "insert into watch_rate select _op, typeof(old_rate), typeof(new_rate) from _changes_orders");
    fixture_file(f, "watch/apply.net.sql", "insert into watch_net select _weight, rate from _delta_orders");
    fixture_open(f);
    (void)snapshot(f, 5, "orders", "1|a|1|4|n");
    (void)create(f, 10, "orders", "2|a|1|4|n");
    commit(f);
    assert_string_equal(seen(f, "watch_rate"), "r|null|real, c|null|real");
    assert_string_equal(seen(f, "watch_net"), "1|4.0, 1|4.0");
    (void)snapshot(f, 20, "orders", "1|a|2|4|n");
    (void)snapshot(f, 20, "orders", "2|a|2|4|n");
    commit(f);
    assert_string_equal(seen(f, "watch_rate"), "r|real|real, r|real|real");
    assert_string_equal(seen(f, "watch_net"), "");
}

static void a_new_view_is_filled_as_it_would_have_grown(void **state) {
    struct fixture *f = *state;
    static const char *const ways[][2] = {
        {"delta", "insert into %s_t select ifnull(grp, 'none'), sum(_weight), sum(_weight * amount) from"
                  " _delta_orders group by grp on conflict(grp) do update set n = n + excluded.n,"
                  " amount = amount + excluded.amount"},
        {"sums",
         "insert into %s_t select ifnull(grp, 'none'), _weight, amount from _sums_orders('grp') where true"
         " on conflict(grp) do update set n = n + excluded.n, amount = amount + excluded.amount"},
        {"some", "insert into %s_t select ifnull(grp, 'none'), _weight, amount"
                 " from _sums_orders('grp', 'note', 'n', 'm') where true"
                 " on conflict(grp) do update set n = n + excluded.n, amount = amount + excluded.amount"},
        {"changes", "insert into %s_t select ifnull(new_grp, 'none'), count(*), sum(new_amount)"
                    " from _changes_orders where _op <> 'd' group by new_grp on conflict(grp) do nothing"},
    };
    for (int turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
            char name[32];
            char path[64];
            char text[512];
            (void)snprintf(name, sizeof name, "%s_%s", turn == 0 ? "grown" : "filled", ways[i][0]);
            (void)snprintf(path, sizeof path, "%s/schema.sql", name);
            (void)snprintf(text, sizeof text, "create table %s_t(grp text primary key, n, amount)", name);
            fixture_file(f, path, text);
            (void)snprintf(path, sizeof path, "%s/apply.t.sql", name);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            (void)snprintf(text, sizeof text, ways[i][1], name);
#pragma GCC diagnostic pop
            fixture_file(f, path, text);
        }
        fixture_close(f);
        fixture_open(f);
        if (turn == 0) {
            (void)create(f, 10, "orders", "1|b|5|0|n");
            (void)create(f, 11, "orders", "2|a|6|0|m");
            (void)create(f, 12, "orders", "3|null|7|0|n");
            (void)create(f, 13, "orders", "4|a|null|0|o");
            (void)create(f, 14, "orders", "5|null|9|0|null");
            commit(f);
        }
    }
    static const char *const compared[] = {"delta", "sums", "some", "changes"};
    for (size_t i = 0; i < sizeof compared / sizeof *compared; i++) {
        char sql[128];
        (void)snprintf(sql, sizeof sql, "select * from grown_%s_t order by grp", compared[i]);
        char grown[FIXTURE_ROW_SIZE];
        (void)snprintf(grown, sizeof grown, "%s", rows(f, sql));
        (void)snprintf(sql, sizeof sql, "select * from filled_%s_t order by grp", compared[i]);
        assert_string_equal(rows(f, sql), grown);
        assert_true(strlen(grown) > 10);
    }
}

static void wrong_arguments_are_told_with_their_place(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *from;
        const char *says;
    } cases[] = {
        {"_sums_orders", "first argument is the name of a column"},
        {"_sums_orders('nothing')", "first argument is the name of a column"},
        {"_sums_orders(7)", "first argument is the name of a column"},
        {"_sums_orders(lower('GRP'))", "first argument is the name of a column"},
        {"watch_t, _sums_orders(watch_t.a)", "first argument is the name of a column"},
        {"_sums_orders('grp', 'nothing', 1)", "second argument is the name of a column"},
        {"_sums_orders('grp', 'note')", "a second column goes with 1 to 4 values"},
        {"_sums_orders('grp', 'note', 'a', 'b', 'c', 'd', 'e')", "too many arguments"},
        {"_delta_nothing", "no such table"},
        {"_delta_orders('grp')", "_delta_orders"},
    };
    fixture_file(f, "watch/schema.sql", "create table watch_t(a)");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "-- the sums of a column\ninsert into watch_t\nselect 1\nfrom %s",
                       cases[i].from);
        fixture_file(f, "watch/apply.t.sql", text);
        const char *complaint = fixture_complaint(f);
        if (strstr(complaint, "watch/apply.t.sql:4: ") == NULL || strstr(complaint, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].from, complaint);
    }
}

// SQLite asks what each side of an OR would cost by itself, without the arguments; a join from the left keeps
// them to one side.
static void arguments_hold_in_any_statement(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "watch/schema.sql",
                 "create table watch_or(grp, w, amount);\ncreate table watch_left(turn, grp, w);\n"
                 "create table watch_values(v text);\ninsert into watch_values values('n'), ('m');\n"
                 "create table watch_join(v, grp, amount);\n");
    fixture_file(f, "watch/apply.or.sql",
                 "insert into watch_or select grp, _weight, amount from _sums_orders('grp')"
                 " where grp = 'a' or amount > 7 order by grp");
    fixture_file(f, "watch/apply.left.sql",
                 "insert into watch_left select t.column1, s.grp, s._weight from (values(1), (2)) t"
                 " left join _sums_orders('grp', 'note', 'n') s on s._weight = t.column1");
    fixture_file(f, "watch/apply.join.sql",
                 "insert into watch_join select v, grp, amount from watch_values,"
                 " _sums_orders('grp', 'note', v) order by v, grp");
    if (fixture_complaint(f)[0] != '\0')
        fail_msg("%s", f->error.message);
    fixture_open(f);
    assert_string_equal(seen(f, "watch_left"), "1|-|-, 2|-|-"); // the view was filled
    (void)create(f, 10, "orders", "1|a|1|0|n");
    (void)create(f, 11, "orders", "2|a|2|0|m");
    (void)create(f, 12, "orders", "3|b|4|0|n");
    (void)create(f, 13, "orders", "4|c|8|0|m");
    commit(f);
    assert_string_equal(seen(f, "watch_or"), "a|2|3, c|1|8");
    assert_string_equal(rows(f, "select * from watch_left order by 1, 2"), "1|a|1, 1|b|1, 2|-|-");
    assert_string_equal(seen(f, "watch_join"), "m|a|2, m|c|8, n|a|1, n|b|4");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_OWN(name) cmocka_unit_test_setup_teardown(name, setup_empty, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_row_comes_changes_and_goes),
        TEST(a_key_change_is_a_delete_and_a_create),
        TEST(several_changes_of_a_row_come_to_one),
        TEST(a_row_made_and_deleted_in_one_commit_comes_to_nothing),
        TEST(a_delete_of_no_row_is_no_change),
        TEST(what_no_statement_names_is_no_difference),
        TEST(nulls_are_a_group_and_count_as_nothing),
        TEST(sums_of_some_rows),
        TEST(no_sum_overflows),
        TEST(the_built_in_views_outlive_any_quantity),
        TEST(a_snapshot_is_seen_as_one),
        TEST_OWN(a_ghost_is_of_the_snapshot_to_statements_and_triggers),
        TEST(a_truncate_is_a_delete_a_row),
        TEST_OWN(rows_are_counted_without_naming_a_column),
        TEST_OWN(a_real_stays_a_real),
        TEST_OWN(a_new_view_is_filled_as_it_would_have_grown),
        TEST_OWN(wrong_arguments_are_told_with_their_place),
        TEST_OWN(arguments_hold_in_any_statement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
