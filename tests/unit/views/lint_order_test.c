// What check warns of where texts are compared by their bytes and the source compares otherwise (lint_order.h): statements, and
// a part of what is said of them.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "delta_fixture.h"

static const char source[] =
    "create table pay(id int primary key, cust int not null, amount numeric, fee numeric(10, 2), price money, email citext,"
    " code char(5), currency char(3), note text);\n"
    "create table debt(id int primary key, amount decimal(10, 2), owed numeric, email citext, code char(5), name text);\n";

struct text {
    const char *sql;
    const char *says; // part of the only warning; "" = there is none
};

static void check(const char *file, const struct text *texts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct fixture f;
        fixture_make(&f);
        fixture_file(&f, "source.sql", source);
        fixture_file(
            &f, "v/schema.sql",
            "create table v_t(cust integer primary key, total text, amount text);\n-- tidemark: keep v_t\n");
        fixture_file(&f, file, texts[i].sql);
        assert_string_equal(fixture_complaint(&f), "");
        bool silent = texts[i].says[0] == '\0';
        const char *warning = f.catalog->warning_count > 0 ? f.catalog->warnings[0] : "";
        if (f.catalog->warning_count != !silent || strstr(warning, texts[i].says) == NULL)
            fail_msg("%s: %d, \"%s\", not \"%s\"", texts[i].sql, f.catalog->warning_count, warning,
                     texts[i].says);
        fixture_remove(&f);
    }
}

static void comparisons_are_warned_of(void **state) {
    (void)state;
    static const struct text texts[] = {
        {"select id from pay\nwhere amount >= '9'",
         "v/query.q.sql:2: amount is a NUMERIC that is kept as text, and >= compares texts, where '10' is below '9'"},
        {"select id from pay where amount >= '9'",
         "write amount collate numeric, or compare by decimal_cmp(amount, ..)"},
        {"select id from pay where price < 9", "price is a NUMERIC"},
        {"select id from pay where :least is null or amount > :least", "and > compares"},
        {"select id from pay where '9' <= amount", "and <= compares"},
        {"select id from pay p where coalesce(p.amount, 0) = 9", "p.amount is a NUMERIC"},
        {"select id from pay where amount not between '1' and '2'", "and between compares"},
        {"select id from pay where amount between '1' and '2' collate numeric", "and between compares"},
        {"select id from pay where amount in ('1', '2')", "and in compares"},
        {"select id from pay where amount is not :x", "and is compares"},
        {"select id from pay p where p.amount > 1 and exists (select 1 from debt d where d.amount = 4)",
         "p.amount is"},
        {"select decimal(p.amount, 2) as amount from pay p where p.amount > 1", "p.amount is"},
        {"select p.id from pay p join debt d on d.owed = p.amount", "d.owed is a NUMERIC"},
        {"select p.id from pay p join debt d using (email)",
         "email is a CITEXT, and using (not on) compares"},
        {"select id from pay where email = :email", "write email collate citext"},
        {"select p.id from pay p join debt d on p.email = d.name",
         "p.email is a CITEXT, and = compares texts with their case"},
        {"select id from pay where code = 'ab'",
         "code is a CHAR(n), and = compares texts with the spaces at their end"},
        {"select id from pay where code in ('abcde', 'ab')", "write code collate rtrim"},
        {"select p.id from pay p join debt d on p.code = d.name", "p.code collate rtrim"},
        {"select id from pay where amount >= '9' collate numeric", ""},
        {"select id from pay where amount collate numeric >= '9' or amount collate numeric in ('1')", ""},
        {"select id from pay where decimal_cmp(amount, '9') >= 0", ""},
        {"select id from pay where amount is not null and amount is null", ""},
        {"select id from pay where cast(amount as real) > 9 or amount > cast(:x as real) or amount > cust",
         ""},
        {"select id from pay where amount + 0 > 9 or 9 < amount * 2 or length(amount) > 9", ""},
        {"select id from pay where fee > 900 and note = 'x' and cust > 9", ""},
        {"select id from pay where email = '' or email collate citext = :email or note = lower(:email) collate citext",
         ""},
        {"select id from pay where currency = 'EUR' or currency in ('EUR', 'USD') or code collate rtrim = 'ab'",
         ""},
        {"select p.id from pay p join debt d on p.code = d.code", ""},
        {"select id from (select id, length(amount) as amount from pay) where amount > 9", ""},
        {"select 'amount > 9' as a -- amount > 9\nfrom pay", ""},
    };
    check("v/query.q.sql", texts, sizeof texts / sizeof *texts);
}

static void orders_and_groups_are_warned_of(void **state) {
    (void)state;
    static const struct text texts[] = {
        {"select id from pay order by amount", "and order by compares"},
        {"select id from pay order by cust, amount desc limit 5", "amount is"},
        {"select id, amount from pay order by 2 desc", "amount is"},
        {"select id, amount as a from pay order by a", "amount is"},
        {"select id, amount from pay order by coalesce(amount, '0')", "and order by compares"},
        {"select count(*) as n from pay group by amount", "and group by compares"},
        {"select email, count(*) as n from pay group by 1", "email is a CITEXT, and group by compares"},
        {"select distinct amount from pay", "and distinct compares"},
        {"select count(distinct p.email) as n from pay p", "p.email is a CITEXT, and distinct compares"},
        {"select id, row_number() over (partition by email order by id) as n from pay",
         "and partition by compares"},
        {"select id, rank() over (order by amount desc) as n from pay", "and order by compares"},
        {"select max(email) as last from pay", "and max() compares"},
        {"select id, max(amount, '5') as n from pay", "and max() compares"},
        {"select id from pay order by amount collate numeric, id", ""},
        {"select id, amount collate numeric as amount from pay order by 2", ""},
        {"select cust, email collate citext as email, count(*) as n from pay group by email collate citext, cust order by 2",
         ""},
        {"select id, decimal(fee, 2) as fee, amount from pay order by fee, cust, 1", ""},
        {"select code, count(*) as n from pay group by code order by code", ""},
        {"select id, length(amount) as amount from pay order by amount", ""},
        {"select id from pay order by amount + 0", ""},
    };
    check("v/query.q.sql", texts, sizeof texts / sizeof *texts);
}

static void statements_and_schemas_are_warned_of(void **state) {
    (void)state;
    static const struct text statements[] = {
        {"insert into v_t(cust, total) select cust, amount from _delta_pay where _weight > 0\nand amount > '9'"
         " on conflict(cust) do update set total = excluded.total",
         "v/apply.a.sql:2: amount is a NUMERIC"},
        {"update v_t set amount = d.amount from (select cust, amount from _delta_pay where _weight > 0) d"
         " where d.cust = v_t.cust",
         ""},
        {"update v_t set total = d.amount, amount = d.amount from _delta_pay d where d.cust = v_t.cust and d._weight > 0",
         ""},
    };
    static const struct text schemas[] = {
        {"create table v_t(cust integer primary key, total text, amount text);\n"
         "create view v_v as select id from pay where email = note;\n",
         "v/schema.sql:2: email is a CITEXT"},
        {"create table v_t(cust integer primary key, total text, amount text);\n"
         "create trigger v_g after insert on pay when NEW.amount > '9' begin insert into v_t(cust) values(1); end;\n-- tidemark: keep v_t\n",
         "v/schema.sql:2: NEW.amount is a NUMERIC"},
        {"create table v_t(cust integer primary key, total text collate numeric, amount text);\n"
         "create index v_i on v_t(amount collate numeric);\n",
         ""},
    };
    check("v/apply.a.sql", statements, sizeof statements / sizeof *statements);
    check("v/schema.sql", schemas, sizeof schemas / sizeof *schemas);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparisons_are_warned_of),
        cmocka_unit_test(orders_and_groups_are_warned_of),
        cmocka_unit_test(statements_and_schemas_are_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
