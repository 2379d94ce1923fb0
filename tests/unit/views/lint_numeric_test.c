// What check says of sums over NUMERICs that are kept as text (views/engine/check/lint_numeric.h), by table.
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"

static void make(struct fixture *f) {
    fixture_make(f);
    fixture_file(
        f, "source.sql",
        "create table pay(id int primary key, cust int not null, amount numeric, fee numeric(10, 2), note text);\n"
        "create table debt(id int primary key, amount decimal(10, 2), owed numeric);\n");
}

static void sums_of_numerics_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *file;
        const char *sql;
        const char *says; // part of it; "" = nothing is refused
    } texts[] = {
        {"v/query.q.sql", "select\nsum(amount) as a from pay", "v/query.q.sql:2: sum() would add amount"},
        {"v/query.q.sql", "select total(p.amount) as a from pay p", "write decimal_sum(p.amount)"},
        {"v/query.q.sql", "select avg(distinct \"amount\") as a from pay", "show the count beside it"},
        {"v/query.q.sql", "select SUM ( Amount ) as a from pay group by cust", "decimal_sum(Amount)"},
        {"v/query.q.sql", "select cust, sum(amount) as amount from pay group by cust", ""}, // said twice
        {"v/query.q.sql", "select sum(amount) over (order by id) as a from pay", "decimal_sum(amount)"},
        {"v/query.q.sql", "select (select sum(amount) from pay) as a from debt", "decimal_sum(amount)"},
        {"v/query.q.sql", "select decimal_sum(amount) as a from pay", ""},
        {"v/query.q.sql", "select real_sum(amount) as a from pay", ""},
        {"v/query.q.sql", "select sum(fee) as a from pay", ""},
        {"v/query.q.sql", "select sum(cust) as a, max(note) as b from pay", ""},
        {"v/query.q.sql", "select max(amount) as b from pay",
         "v/query.q.sql:1: max() would compare amount as texts"},
        {"v/query.q.sql", "select\nmin(p.amount) as b from pay p", "write min(p.amount collate numeric)"},
        {"v/query.q.sql",
         "select max(amount collate numeric) as b, max(fee) as c, max(length(amount)) as d from pay", ""},
        {"v/query.q.sql", "select max(a) as b from (select amount as a from pay)", ""},
        {"v/query.q.sql", "select sum(amount) as a from (select amount as amount from pay)",
         "decimal_sum(amount)"},
        {"v/query.q.sql", "select sum(p.amount) as a from pay p, debt d where d.amount > 1",
         "decimal_sum(p.amount)"},
        {"v/schema.sql",
         "create table v_t(cust integer primary key, total text, amount text);\n"
         "create view v_v as select max(owed) as a from debt;\n",
         "v/schema.sql:2: max() would compare owed"},
        {"v/query.q.sql", "select sum(cast(amount as integer)) as a from pay", ""},
        {"v/query.q.sql", "select sum(length(amount)) as a from pay", ""},
        {"v/query.q.sql", "select sum(d.amount) as a from pay p, debt d where p.amount > 1", ""},
        {"v/query.q.sql", "select sum(amount) as a from (select length(amount) as amount from pay)", ""},
        {"v/query.q.sql", "select sum(amount) as a from (select length(amount) amount from pay)", ""},
        {"v/query.q.sql", "with p(amount) as (select length(amount) from pay) select sum(amount) as a from p",
         ""},
        {"v/query.q.sql", "select 'sum(amount)' as a, amount as b from pay -- sum(amount)\n", ""},
        {"v/apply.a.sql",
         "insert into v_t(cust, total) select cust, sum(amount)\nfrom _delta_pay group by cust on conflict do nothing",
         "v/apply.a.sql:1: sum() would add amount"},
        {"v/apply.a.sql",
         "insert into v_t(cust, total) select cust, sum(_weight * d.amount) from _delta_pay d group by cust"
         " on conflict(cust) do update set total = decimal_add(total, excluded.total)",
         "write decimal_sum(d.amount, _weight)"},
        {"v/apply.a.sql",
         "insert into v_t(cust, total) select cust, sum(amount * _weight) from _delta_pay group by cust",
         "_weight)"},
        {"v/apply.a.sql",
         "insert into v_t(cust, amount) select cust, sum(amount) from _delta_pay group by cust"
         " on conflict(cust) do update set amount = decimal_add(amount, excluded.amount)",
         "write decimal_sum(amount)"},
        {"v/apply.a.sql", "insert into v_t(cust, total) select new_cust, sum(new_amount) from _changes_pay",
         "decimal_sum(new_amount)"},
        {"v/apply.a.sql",
         "insert into v_t(cust, total) select cust, decimal_sum(amount, _weight) from _delta_pay group by cust"
         " on conflict(cust) do update set total = decimal_add(total, excluded.total)",
         ""},
        {"v/schema.sql",
         "create table v_t(cust integer primary key, total text, amount text);\n"
         "create view v_v as select sum(owed) as a from debt;\n",
         "v/schema.sql:2: sum() would add owed"},
        {"v/schema.sql",
         "create table v_t(cust integer primary key, total text, amount text);\n"
         "create trigger v_g after insert on debt begin\n"
         "insert into v_t(cust, total) values(1, (select total(amount) from pay)); end;\n",
         "v/schema.sql:3: total() would add amount"},
        {"v/schema.sql",
         "create table v_t(cust integer primary key, total text, amount text);\n"
         "create view v_v as select sum(amount) as a from v_t;\n"
         "create trigger v_g after insert on pay begin insert into v_t(cust, total) values(1, NEW.amount); end;\n",
         ""},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fixture f;
        make(&f);
        fixture_file(&f, "v/schema.sql",
                     "create table v_t(cust integer primary key, total text, amount text);\n");
        fixture_file(&f, texts[i].file, texts[i].sql);
        const char *complaint = fixture_complaint(&f);
        if (texts[i].says[0] == '\0' ? complaint[0] != '\0' : strstr(complaint, texts[i].says) == NULL)
            fail_msg("%s: \"%s\", not \"%s\"", texts[i].sql, complaint, texts[i].says);
        fixture_remove(&f);
    }
}

static void totals_that_round_are_warned_of(void **state) {
    (void)state;
    static const struct {
        const char *type; // of the view's column
        const char *select;
        const char *set;
        const char *says; // part of the warning, "" = none
    } texts[] = {
        {"text", "amount", "total + excluded.total", "v/apply.a.sql:3: + adds total as doubles: amount"},
        {"text", "s.amount", "excluded.total + total", "write decimal_add(total, excluded.total)"},
        {"text", "amount", "decimal_add(total, excluded.total)", ""},
        {"", "amount", "decimal_add(total, excluded.total)", ""},
        {"varchar(40)", "amount", "decimal_add(total, excluded.total)", ""},
        {"numeric", "amount", "decimal_add(total, excluded.total)", "v_t.total does not keep the digits"},
        {"decimal(20, 2)", "amount", "decimal_sub(total, excluded.total)", "declare it text"},
        {"integer", "fee", "total + excluded.total", ""},
        {"real", "length(amount)", "total + excluded.total", ""},
    };
    // with the columns' names and without
    for (size_t n = 0; n < 2 * sizeof texts / sizeof *texts; n++) {
        size_t i = n / 2;
        struct fixture f;
        char text[512];
        make(&f);
        (void)snprintf(text, sizeof text, "create table v_t(cust integer primary key, total %s);\n",
                       texts[i].type);
        fixture_file(&f, "v/schema.sql", text);
        (void)snprintf(text, sizeof text,
                       "insert into v_t%s\nselect cust, %s from _sums_pay('cust') s where true\n"
                       "on conflict(cust) do update set total = %s",
                       n % 2 == 0 ? "(cust, total)" : "", texts[i].select, texts[i].set);
        fixture_file(&f, "v/apply.a.sql", text);
        assert_string_equal(fixture_complaint(&f), "");
        const char *warning = f.catalog->warning_count > 0 ? f.catalog->warnings[0] : "";
        if (texts[i].says[0] == '\0' ? warning[0] != '\0' : strstr(warning, texts[i].says) == NULL)
            fail_msg("%s: \"%s\", not \"%s\"", text, warning, texts[i].says);
        fixture_remove(&f);
    }
}

static void sums_of_reals_over_differences_are_warned_of(void **state) {
    (void)state;
    static const struct {
        const char *select;
        const char *says;
    } texts[] = {
        {"select cust, sum(_weight * rate) from _delta_pay group by cust",
         "v/apply.a.sql:2: a total of rate"},
        {"select cust, sum(d.rate * _weight) from _delta_pay d group by cust", "take it from a _sums_ table"},
        {"select cust, sum(_weight * ifnull(rate, 0)) from _delta_pay group by cust", "a total of rate"},
        {"select cust, rate from _sums_pay('cust')", ""},
        {"select cust, sum(_weight * fee) from _delta_pay group by cust", ""},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fixture f;
        char text[512];
        make(&f);
        fixture_file(
            &f, "source.sql",
            "create table pay(id int primary key, cust int not null, rate real not null, fee numeric(10, 2) not null);\n");
        fixture_file(&f, "v/schema.sql",
                     "create table v_t(cust integer primary key, total real);\n-- tidemark: keep v_t\n");
        (void)snprintf(text, sizeof text, "insert into v_t(cust, total)\n%s", texts[i].select);
        fixture_file(&f, "v/apply.a.sql", text);
        assert_string_equal(fixture_complaint(&f), "");
        const char *warning = f.catalog->warning_count > 0 ? f.catalog->warnings[0] : "";
        if (texts[i].says[0] == '\0' ? warning[0] != '\0' : strstr(warning, texts[i].says) == NULL)
            fail_msg("%s: \"%s\", not \"%s\"", text, warning, texts[i].says);
        fixture_remove(&f);
    }
}

static void an_update_from_sums_of_reals_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *sql;
        const char *says;
    } texts[] = {
        {"update v_t set total = total + s.rate\nfrom _sums_pay('cust') s where s.cust = v_t.cust",
         "v/apply.a.sql:2: update"},
        {"update v_t set total = total + s.rate from (select cust, sum(rate) as rate from _sums_pay('cust') group by cust)"
         " s where s.cust = v_t.cust",
         ""},
        {"update v_t set total = total + s.fee from _sums_pay('cust') s where s.cust = v_t.cust", ""},
        {"insert into v_t(cust, total) select cust, rate from _sums_pay('cust') where true on conflict(cust) do update"
         " set total = total + excluded.total",
         ""},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fixture f;
        make(&f);
        fixture_file(
            &f, "source.sql",
            "create table pay(id int primary key, cust int not null, rate real not null, fee numeric(10, 2) not null);\n");
        fixture_file(&f, "v/schema.sql", "create table v_t(cust integer primary key, total real);\n");
        fixture_file(&f, "v/apply.a.sql", texts[i].sql);
        const char *complaint = fixture_complaint(&f);
        if (texts[i].says[0] == '\0' ? complaint[0] != '\0' : strstr(complaint, texts[i].says) == NULL)
            fail_msg("%s: \"%s\", not \"%s\"", texts[i].sql, complaint, texts[i].says);
        fixture_remove(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_of_numerics_are_refused),
        cmocka_unit_test(totals_that_round_are_warned_of),
        cmocka_unit_test(an_update_from_sums_of_reals_is_refused),
        cmocka_unit_test(sums_of_reals_over_differences_are_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
