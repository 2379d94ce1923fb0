// source.sql as PostgreSQL's DDL: what a whole pg_dump makes, what is refused and where, what the lines for tidemark
// say.
#include "views/base/buffer.h"
#include "views/engine/catalog/source_sql.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

struct read {
    struct table *tables;
    int count;
    struct buffer text;
};

static char *file_text(const char *path) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    (void)fclose(file);
    return text;
}

static void write_value(struct buffer *text, const struct value *value) {
    if (value->kind == VALUE_NULL)
        buffer_text(text, " = null");
    if (value->kind == VALUE_INTEGER)
        buffer_format(text, " = %lld", (long long)value->integer);
    if (value->kind == VALUE_REAL)
        buffer_format(text, " = %g", value->real);
    if (value->kind == VALUE_TEXT)
        buffer_format(text, " = '%.*s'", (int)value->bytes.size, value->bytes.data);
    if (value->kind == VALUE_BLOB)
        for (size_t i = 0; i < value->bytes.size; i++)
            buffer_format(text, "%s%02x", i == 0 ? " = x" : "", (unsigned char)value->bytes.data[i]);
}

// name key(..) [schema relation] { column words = default := generated; .. } partitions, / behind those that have some themselves
static void write_table(struct buffer *text, const struct table *table) {
    buffer_format(text, "%s key(", table->name);
    for (int i = 0; i < table->key_count; i++)
        buffer_format(text, "%s%s", i > 0 ? "," : "", table->columns[table->keys[i]].name);
    buffer_format(text, ") of %s %s:", table->schema != NULL ? table->schema : "-", table->relation);
    for (int i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        buffer_format(text, "%s %s %s", i > 0 ? "," : "", column->name, column->declared);
        write_value(text, &column->fallback);
        if (column->generated != NULL)
            buffer_format(text, " := %s", column->generated);
    }
    for (int i = 0; i < table->partition_count; i++) {
        buffer_format(text, "%s %s", i == 0 ? "; partitions" : "", table->partitions[i]);
        for (int b = 0; b < table->branch_count; b++)
            if (strcmp(table->branches[b], table->partitions[i]) == 0)
                buffer_char(text, '/');
    }
    buffer_format(text, "%s\n", table->identity_index ? "; identity by an index" : "");
}

static void read_all(struct read *read, const char *sql) {
    struct error error = {0};
    *read = (struct read){0};
    if (source_sql_read(sql, &read->tables, &read->count, &error) != 0)
        fail_msg("%s\n%s", error.message, error.excerpt);
    for (int i = 0; i < read->count; i++)
        write_table(&read->text, &read->tables[i]);
    buffer_char(&read->text, '\0');
}

static void done(struct read *read) {
    source_sql_free(&read->tables, &read->count);
    buffer_free(&read->text);
}

static void makes(const char *sql, const char *wanted) {
    struct read read;
    read_all(&read, sql);
    assert_string_equal(read.text.data, wanted);
    done(&read);
}

static void test_pg_dump(void **state) {
    (void)state;
    char *dump = file_text(FIXTURES "/ddl/pg_dump_15.sql");
    char *wanted = file_text(FIXTURES "/ddl/pg_dump_15.tables");
    makes(dump, wanted);
    free(dump);
    free(wanted);
}

static void test_alterations(void **state) {
    (void)state;
    makes(
        "create table a(id int, b text, c int); alter table a add primary key(id), add d numeric(4,1) default 1.5, "
        "drop column c; alter table a alter d type numeric(6,2), alter d set default 2; alter table a rename b to e;"
        "create table b(like a, f int primary key); create table c(id int primary key) ; drop table c;"
        "alter table b rename to bb; create table if not exists a(x int); alter table a add if not exists d int;",
        "a key(id) of - a: id int, e text, d numeric(6,2) = 150\n"
        "bb key(f) of - bb: id int, e text, d numeric(6,2), f int\n");
    makes(
        "create table t(a int, b int); create unique index u on t(b, a); alter table t add primary key using index u",
        "t key(b,a) of - t: a int, b int\n");
    makes(
        "create table t(a int not null, b int unique); create unique index u on t(a);", // the one that cannot be NULL
        "t key(a) of - t: a int, b int\n");
    makes(
        "create table t(a int primary key, b int unique); alter table t replica identity using index t_b_key;",
        "t key(a) of - t: a int, b int; identity by an index\n");
    makes("create type pair as (a int, b text); create table t of pair (primary key(a));",
          "t key(a) of - t: a int, b text\n");
}

#define TWO "create table t(a int not null, b int not null, constraint c unique(b)); "
// What migrations do to a key, one after another: the last word holds. Each was asked of PostgreSQL 16.13 (pg_index).
static const struct {
    const char *sql;
    const char *wanted;
} migrations[] = {
    {"create table t(a int primary key, b int); alter table t drop constraint t_pkey, add primary key(b)",
     "t key(b) of - t: a int, b int\n"},
    {"create table t(a int constraint k primary key, b int); alter table t drop constraint k; alter table t add constraint k2 "
     "primary key(a, b); alter table t drop constraint k2; alter table t add primary key(b);",
     "t key(b) of - t: a int, b int\n"},
    {"create table t(a int primary key, b int); alter table t rename to u; alter table u drop constraint t_pkey, add primary key(b);",
     "u key(b) of - u: a int, b int\n"},
    {"create table t(a int primary key, b int); alter table t rename constraint t_pkey to k; alter table t drop constraint k; "
     "alter table t add primary key(b);",
     "t key(b) of - t: a int, b int\n"},
    {"create table t(a int primary key, b int); alter index t_pkey rename to k; alter table t drop constraint k, add primary key(b);",
     "t key(b) of - t: a int, b int\n"},
    {"create table t(a int primary key, b int); alter table t drop constraint if exists other; alter table t drop constraint t_pkey "
     "cascade; alter table t add constraint t_pkey primary key(b);",
     "t key(b) of - t: a int, b int\n"},
    {"create table t(a int primary key, b int not null unique); alter table t drop constraint t_pkey;",
     "t key(b) of - t: a int, b int\n"},
    {"create table t(a int primary key, b int not null unique); alter table t drop column a;",
     "t key(b) of - t: b int\n"},
    {"create table t(a int, b int not null, c int not null, unique(b), primary key(a, c)); alter table t drop column c;",
     "t key(b) of - t: a int, b int\n"},
    {TWO "create unique index i on t(a); drop index i;", "t key(b) of - t: a int, b int\n"},
    {TWO "create unique index i on t(a); drop index if exists public.i, nothing;",
     "t key(b) of - t: a int, b int\n"},
    {TWO "create unique index i on t(a); alter table t drop constraint c;",
     "t key(a) of - t: a int, b int\n"},
    {TWO "create unique index i on t(a); alter table t replica identity using index i;",
     "t key(a) of - t: a int, b int\n"},
    {TWO
     "create unique index i on t(a); alter index i rename to j; alter table t replica identity using index j;",
     "t key(a) of - t: a int, b int\n"},
    {TWO
     "create unique index i on t(a); alter table t replica identity using index i; alter index i rename to j;",
     "t key(a) of - t: a int, b int\n"},
    {TWO "create unique index i on t(a); alter table t replica identity using index c;",
     "t key(b) of - t: a int, b int\n"},
    {TWO
     "create unique index i on t(a); alter table t add constraint d unique using index i; alter table t replica identity using "
     "index d;",
     "t key(a) of - t: a int, b int\n"},
    {TWO
     "create unique index i on t(a); alter table t add constraint p primary key using index i; alter table t drop constraint p;",
     "t key(b) of - t: a int, b int\n"},
    {TWO "create unique index i on t(a); alter table t add constraint p primary key using index i;",
     "t key(a) of - t: a int, b int\n"},
    // of names that nobody gave
    {"create table t(a int not null, b int not null, unique(a), unique(b)); alter table t replica identity using index t_b_key;",
     "t key(b) of - t: a int, b int\n"},
    {"create table t(a int not null unique, b int not null unique, unique(a)); alter table t replica identity using index t_a_key;",
     "t key(a) of - t: a int, b int\n"},
    {"create table t(a int not null, b int not null); create unique index on t(b); create unique index on t(a) include (b); "
     "alter table t replica identity using index t_a_b_idx;",
     "t key(a) of - t: a int, b int\n"},
    {"create table t(a int not null, b int not null, unique(b) include (a), unique(a)); alter table t replica identity using index "
     "t_b_a_key;",
     "t key(b) of - t: a int, b int\n"},
    // a table's or a column's other name is its indexes' too
    {"create table t(a int not null, b int, unique(a)); alter table t rename to u;",
     "u key(a) of - u: a int, b int\n"},
    {"create table t(a int not null, b int, unique(a)); alter table t rename a to c;",
     "t key(c) of - t: c int, b int\n"},
    {"create schema s; create table t(a int not null, b int, unique(a)); alter table t set schema s; alter table s.t rename a to c;",
     "s.t key(c) of s t: c int, b int\n"},
    {"create table t(a int primary key, b int); alter table t rename a to c; alter table t drop constraint t_pkey, add primary key(b);",
     "t key(b) of - t: c int, b int\n"},
    // one that is made again has none of those of before
    {"create table t(a int not null unique, b int); drop table t; create table t(a int not null, b int not null unique);",
     "t key(b) of - t: a int, b int\n"},
    // the key's own index says no less than the key
    {"create table t(a int primary key, b int); alter table t replica identity using index t_pkey;",
     "t key(a) of - t: a int, b int\n"},
    {TWO "alter table t add primary key(a); alter table t replica identity using index c;",
     "t key(a) of - t: a int, b int; identity by an index\n"},
    {TWO
     "alter table t add primary key(a); alter table t replica identity using index c; alter table t replica identity default;",
     "t key(a) of - t: a int, b int\n"},
    {"create table t(a int not null, b int, unique(a)); alter table t drop constraint t_a_key, add constraint x unique(a), add "
     "check (a > 0), alter a set default 1, alter b type bigint using b::bigint, alter b set not null, alter b drop not null;",
     "t key(a) of - t: a int = 1, b bigint\n"},
    {"create table t(a int primary key, b int); create table p(c int); alter table t validate constraint x; alter table t inherit p; "
     "alter table t no inherit p; alter table t owner to me, set (fillfactor=70), cluster on t_pkey; drop table p;"
     "alter index t_pkey set (fillfactor=70); alter index i attach partition j; drop index i on t;",
     "t key(a) of - t: a int, b int\n"},
    {"create type m as enum('a', 'b'); alter type m rename to n; alter type n rename value 'a' to 'c'; alter type n add value 'd' "
     "before 'b'; alter type m2 add attribute x int; create table t(a n primary key);",
     "t key(a) of - t: a n\n"},
};

static void test_migrations(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof migrations / sizeof *migrations; i++)
        makes(migrations[i].sql, migrations[i].wanted);
}

static void test_what_is_generated_of_a_renamed_column(void **state) {
    (void)state;
    makes(
        "create table t(id int primary key, a int, g int generated always as (case when t.a > 0 then a + 1 else id end) stored);"
        "create table u(like t including all); alter table t rename a to b; alter table u rename id to a2;",
        "t key(id) of - t: id int, b int, g int := (case when (\"b\">(0)) then (\"b\"+(1)) else \"id\" end)\n"
        "u key(a2) of - u: a2 int, a int, g int := (case when (\"a\">(0)) then (\"a\"+(1)) else \"a2\" end)\n");
}

static void test_labels_that_are_renamed(void **state) {
    (void)state;
    struct read read;
    read_all(
        &read,
        "create type m as enum('a', 'b'); create table t(a m primary key); alter type m rename value 'a' to 'c';"
        "alter type m add value if not exists 'b'; alter type m add value 'd';");
    const struct column *column = &read.tables[0].columns[0];
    assert_int_equal(column->label_count, 3);
    assert_string_equal(column->labels[0], "c");
    assert_string_equal(column->labels[1], "b");
    assert_string_equal(column->labels[2], "d");
    done(&read);
}

// A program of before passed over what drops a constraint: by that a file of then is known.
static void test_as_before_nothing_is_dropped(void **state) {
    (void)state;
    struct table *tables;
    int count;
    struct error error = {0};
    const char *sql =
        "create table t(a int primary key, b int not null unique); alter table t drop constraint t_pkey;";
    assert_int_equal(source_sql_read_as(sql, SOURCE_AS_BEFORE, &tables, &count, &error), 0);
    assert_int_equal(tables[0].keys[0], 0);
    source_sql_free(&tables, &count);
}

// What is refused since stays readable in a file, whose source.sql could not be mended otherwise.
static void test_as_before_java_classes_are_letters(void **state) {
    (void)state;
    struct table *tables;
    int count;
    struct error error = {0};
    const char *sql = "create table t(a int primary key);\n-- tidemark: topic t = /app\\.t\\d*/\n";
    assert_int_equal(source_sql_read(sql, &tables, &count, &error), -1);
    assert_int_equal(source_sql_read_as(sql, SOURCE_AS_BEFORE, &tables, &count, &error), 0);
    assert_string_equal(tables[0].topic, "app\\.t\\d*");
    source_sql_free(&tables, &count);
}

static void test_names(void **state) {
    (void)state;
    makes("create table Users(Id int primary key, \"FullName\" text, \xC3\x9Cmlaut int);",
          "users key(id) of - users: id int, FullName text, \xC3\x9Cmlaut int\n");
    makes("create table Sales.Orders(id int primary key); create table public.orders(id int primary key);"
          "create table \"Odd\".\"a.b\"(\"x\"\"y\" int primary key);",
          "sales.orders key(id) of sales orders: id int\norders key(id) of public orders: id int\n"
          "Odd.a.b key(x\"y) of Odd a.b: x\"y int\n");
}

#define TEN "ten_bytes_"
#define SIXTY TEN TEN TEN TEN TEN TEN

// PostgreSQL's grammar cuts names behind 63 bytes, other sources have longer ones.
static void test_long_names(void **state) {
    (void)state;
    makes("create table " SIXTY "Orders(id int, \"" SIXTY "A \"\"b\"\"\" int default 3, " SIXTY
          "c int generated always as (\"" SIXTY "A \"\"b\"\"\" + 1) stored);"
          "alter table only " SIXTY "orders add constraint " SIXTY "pkey primary key(id);",
          SIXTY "orders key(id) of - " SIXTY "orders: id int, " SIXTY "A \"b\" int = 3, " SIXTY
                "c int := (\"" SIXTY "A \"\"b\"\"\"+(1))\n");
    // what stands for them is as long: the place is the text's
    struct read read;
    struct error error = {0};
    assert_int_equal(source_sql_read("create table " SIXTY "orders(id int primary key, oops no type at all);",
                                     &read.tables, &read.count, &error),
                     -1);
    if (strstr(error.message, "source.sql:1:109: syntax error at or near \"type\"") == NULL)
        fail_msg("%s", error.message);
    assert_non_null(strstr(error.excerpt, "oops no type at all"));
}

static void test_another_schema(void **state) {
    (void)state;
    makes("create table orders(id int primary key); create schema shop; alter table orders set schema shop;"
          "alter table shop.orders add column total int; alter sequence shop.s set schema public;"
          "alter table if exists nobody set schema shop;",
          "shop.orders key(id) of shop orders: id int, total int\n");
}

static void test_partitions(void **state) {
    (void)state;
    makes(
        "create table p(id int, r int, primary key(id, r)) partition by list(r);"
        "create table p_1 partition of p for values in (1);"
        "create table s.p_2(id int, r int) partition by list(id); create table p_3(id int, r int);"
        "alter table s.p_2 attach partition p_3 default; alter table only p attach partition s.p_2 for values in (2);"
        "alter table only s.p_2 add constraint k primary key(id); alter table p_1 add constraint k primary key(id, r);",
        "p key(id,r) of - p: id int, r int; partitions p_1 s.p_2/ p_3\n");
}

// pg_dump writes all tables first, partitions too, then attaches these: none of them is one of the mirror's.
static void test_more_partitions_than_tables(void **state) {
    (void)state;
    struct read read;
    struct error error = {0};
    struct buffer text = {0};
    buffer_text(&text, "create table p(id int primary key) partition by list(id);");
    for (int i = 0; i <= CATALOG_TABLES_MAX; i++)
        buffer_format(&text, "create table p%d(id int not null);\n", i);
    size_t tables = text.size;
    for (int i = 0; i <= CATALOG_TABLES_MAX; i++)
        buffer_format(&text, "alter table only p attach partition p%d for values in (%d);\n", i, i);
    buffer_char(&text, '\0');
    read_all(&read, text.data);
    assert_int_equal(read.count, 1);
    assert_int_equal(read.tables[0].partition_count, CATALOG_TABLES_MAX + 1);
    done(&read);
    text.data[tables] = '\0';
    assert_int_equal(source_sql_read(text.data, &read.tables, &read.count, &error), -1);
    if (strstr(error.message, "source.sql:4096:14: more than 4096 tables, of 4098: ") == NULL)
        fail_msg("%s", error.message);
    buffer_free(&text);
}

static void test_a_partition_that_is_detached(void **state) {
    (void)state;
    makes(
        "create table p(id int, r int default 3, primary key(id, r)) partition by list(r);"
        "create table p_1 partition of p for values in (1); create table s.p_2 partition of p for values in (2);"
        "alter table p detach partition s.p_2 concurrently; alter table s.p_2 add column own text;",
        "p key(id,r) of - p: id int, r int = 3; partitions p_1\n"
        "s.p_2 key(id,r) of s p_2: id int, r int = 3, own text\n");
    const char *levels =
        "create table p(id int, r int, primary key(id, r)) partition by list(r);"
        "create table s.n(id int not null, r int not null) partition by list(r);"
        "create table n_1 partition of s.n for values in (1) partition by list(id); create table n_1a partition of n_1 default;"
        "alter table p attach partition s.n for values in (1, 2); create table n_2 partition of s.n for values in (2);"
        "create table p_3 partition of p for values in (3);";
    const struct {
        const char *more, *wanted;
    } cases[] = {
        {"", "p key(id,r) of - p: id int, r int; partitions s.n/ n_1/ n_1a n_2 p_3\n"},
        {"alter table p detach partition s.n;",
         "p key(id,r) of - p: id int, r int; partitions p_3\n"
         "s.n key(id,r) of s n: id int, r int; partitions n_1/ n_1a n_2\n"},
        {"alter table s.n detach partition n_1;",
         "p key(id,r) of - p: id int, r int; partitions s.n/ n_2 p_3\n"
         "n_1 key(id,r) of - n_1: id int, r int; partitions n_1a\n"},
        {"alter table s.n detach partition n_1;\n-- tidemark: ignore n_1\n",
         "p key(id,r) of - p: id int, r int; partitions s.n/ n_2 p_3\n"},
        {"alter table p detach partition s.n; alter table p attach partition s.n default;",
         "p key(id,r) of - p: id int, r int; partitions p_3 s.n/ n_1/ n_1a n_2\n"},
    };
    makes(
        "create table n(id int, r int, primary key(id, r)) partition by list(r); create table n_1 partition of n default;"
        "create table p(id int, r int, primary key(id, r)) partition by list(r); alter table n rename to m;"
        "alter table p attach partition m default; alter table p detach partition m;",
        "p key(id,r) of - p: id int, r int\n"
        "m key(id,r) of - m: id int, r int; partitions n_1\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer text = {0};
        buffer_text(&text, levels);
        buffer_text(&text, cases[i].more);
        buffer_char(&text, '\0');
        makes(text.data, cases[i].wanted);
        buffer_free(&text);
    }
}

// pg_dump writes a column that a child declares itself beside INHERITS, and what a table says of its type's columns.
static void test_inherited_columns_merge(void **state) {
    (void)state;
    makes(
        "create table p(id int primary key, v text default 'x' not null); create table q(w int primary key, v text);"
        "create table c(v text default 'y', own int, id int, primary key(id)) inherits (p, q);",
        "p key(id) of - p: id int, v text = 'x'\n"
        "q key(w) of - q: w int, v text\n"
        "c key(id) of - c: id int, v text = 'y', w int, own int\n");
    makes("create type pair as (a int, b text);"
          "create table t of pair (a not null, b with options default 'z', unique(a));",
          "t key(a) of - t: a int, b text = 'z'\n");
    makes("-- tidemark: ignore c.v\ncreate table p(id int primary key, v text);"
          "create table c(primary key(id)) inherits (p);",
          "p key(id) of - p: id int, v text\nc key(id) of - c: id int\n");
}

// What PostgreSQL 16 to 18 write and the grammar of 15 does not know.
static void test_newer(void **state) {
    (void)state;
    makes(
        "CREATE TABLE public.t (\n    id integer CONSTRAINT t_id_not_null NOT NULL,\n    a integer,\n"
        "    b integer GENERATED ALWAYS AS ((a * 2)),\n    c integer GENERATED ALWAYS AS (a) VIRTUAL,\n"
        "    d integer GENERATED ALWAYS AS ((a + 1)) STORED,\n    CONSTRAINT has_a NOT NULL a,\n    NOT NULL a,\n"
        "    valid daterange NOT NULL);\n"
        "ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey PRIMARY KEY (id, valid WITHOUT OVERLAPS);\n"
        "ALTER TABLE ONLY public.t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES public.t(id) NOT ENFORCED;\n"
        "ALTER TABLE public.t ADD CONSTRAINT n NOT NULL d NOT VALID;\n",
        "t key(id,valid) of public t: id integer, a integer, b integer := (\"a\"*(2)), c integer := \"a\", "
        "d integer := (\"a\"+(1)), valid daterange\n");
    makes(
        "create table t(id int primary key, storage text storage main default 'x',\n"
        "    a int constraint json check ((storage is json object with unique keys)), check ((a is not json)),\n"
        "    b int generated always as (a * 2) stored, c int generated always as (a * 2) stored);\n"
        "alter table t alter column b set expression as (a * 3), alter c drop expression;",
        "t key(id) of - t: id int, storage text = 'x', a int, b int := (\"a\"*(3)), c int\n");
    makes(
        "create table json_array(id int primary key, b int not null no inherit);"
        "create table if not exists json_value(id int primary key, b int not null no inherit references json_array(id));",
        "json_array key(id) of - json_array: id int, b int\njson_value key(id) of - json_value: id int, b int\n");
    makes(
        "create table t(id int constraint i not null no inherit primary key, b int not null no inherit default 5,\n"
        "    j jsonb default json_object('a' : 1, 'b' : json_array(1, 2) returning jsonb), k int default 7,\n"
        "    l text default json_value('{}'::jsonb, '$.a' default 'x' on empty), constraint n not null k no inherit);",
        "t key(id) of - t: id int, b int = 5, j jsonb, k int = 7, l text\n");
}

static void test_like(void **state) {
    (void)state;
    static const char parent[] =
        "create domain d as int default 5; create table o(id int primary key deferrable, a int default 1,\n"
        "    b int generated always as (a + 1) stored, c d, e d default 7, u text not null unique, n int generated by default as identity);\n";
    static const struct {
        const char *sql;
        const char *wanted;
    } cases[] = {
        {"create table t(like o, primary key(id));",
         "t key(id) of - t: id int, a int, b int, c int = 5, e int = 5, u text, n int\n"},
        {"create table t(like o including defaults, primary key(id));",
         "t key(id) of - t: id int, a int = 1, b int, c int = 5, e int = 7, u text, n int\n"},
        {"create table t(like o including generated including identity including constraints, primary key(id));",
         "t key(id) of - t: id int, a int, b int := (\"a\"+(1)), c int = 5, e int = 5, u text, n int\n"},
        {"create table t(like o including all);",
         "t key(id) of - t: id int, a int = 1, b int := (\"a\"+(1)), c int = 5, e int = 7, u text, n int\n"},
        {"create table t(x int, like o including indexes, y int);",
         "t key(id) of - t: x int, id int, a int, b int, c int = 5, e int = 5, u text, n int, y int\n"},
        {"create table t(like o including all excluding indexes, unique(id));",
         "t key(id) of - t: id int, a int = 1, b int := (\"a\"+(1)), c int = 5, e int = 7, u text, n int\n"},
        {"alter table o drop constraint o_pkey, alter e drop default, alter c type int, alter a drop default;\n"
         "create table t(like o including all);",
         "t key(u) of - t: id int, a int, b int := (\"a\"+(1)), c int, e int = 5, u text, n int\n"},
        {"create table v(a int, u text not null unique); create table t(like v including indexes);",
         "v key(u) of - v: a int, u text\nt key(u) of - t: a int, u text\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[2048];
        struct read read;
        (void)snprintf(sql, sizeof sql, "%s%s", parent, cases[i].sql);
        read_all(&read, sql);
        const char *made = strstr(read.text.data, "\n"); // behind that of o
        assert_non_null(made);
        assert_string_equal(made + 1, cases[i].wanted);
        done(&read);
    }
}

static void test_what_is_no_table(void **state) {
    (void)state;
    makes(
        "\xEF\xBB\xBF\\connect shop\n/* a /* nested */ ; */ -- ; '\nSET x = 'a;b';\n"
        "create function f() returns int language plpgsql as $x$ begin; $$; ' $x$;\n"
        "create function g() returns int begin atomic select case when true then 1 else 2 end; select 2; end;\n"
        "create rule r as on insert to t do (select 1; select 2);\nselect E'it\\'s; ', 'a''; ', \"b\"\"; \" from c;\n"
        "COPY public.t (id) FROM stdin;\n1\n2;'\n\\.\n"
        "create table t(id int primary key);\ngrant all on t to public;\ncreate trigger x before insert on t\n"
        "for each row execute function f();\n\\unrestrict x\n",
        "t key(id) of - t: id int\n");
    makes(
        "create table jobs(id int primary key, atomic boolean, \"case\" int); create table other(id int primary key);\n"
        "comment on column jobs.atomic is 'x'; select atomic from jobs; alter table jobs alter atomic set not null;\n"
        "create function h() returns int begin /* x */ ATOMIC select atomic, case when true then case when atomic\n"
        "then 1 end end from jobs; select 2; end; create table last(id int primary key, atomic atomic);\n"
        "create type atomic as enum('a'); create table atomic(id int primary key); drop table atomic; begin;\n"
        "create procedure i() begin atomic; end; insert into atomic values(1); end;\n",
        "jobs key(id) of - jobs: id int, atomic boolean, case int\nother key(id) of - other: id int\n"
        "last key(id) of - last: id int, atomic atomic\n");
    makes(
        "create temp table x(a int); create foreign table f(a int) server s; create table t(id int primary key)",
        "t key(id) of - t: id int\n");
}

static void test_defaults(void **state) {
    (void)state;
    makes(
        "create table t(id int primary key, a int default -3, b int default (-4), c bigint default '-5'::integer,"
        "d text default 'it''s', e varchar(9) default 'x'::character varying, f char(3) default 'ab',"
        "g boolean default true, h bool default 'f', i numeric(8,2) default 1.5, j numeric default '-1.50',"
        "k numeric(30,2) default 7, l real default 2.5, m date default '2020-02-03', n time default '10:20:30.5',"
        "o timestamp default '2020-02-03 10:20:30', p timestamptz default '2020-02-03 10:20:30.25+00',"
        "q bytea default '\\x00ff', r jsonb default '{}', s json default '{ \"a\":1 }', u int[] default '{}',"
        "v text[] default array[]::text[], w text default null, x int default 0, y uuid default "
        "'11111111-2222-3333-4444-555555555555', z date default 'infinity', aa text[] default '{a, \"b \\\"c\",NULL,\"NULL\"}', "
        "ab int[] default array[1,-2]::int[], ac varchar(3)[] default array['x'::varchar, null], ad boolean[] default '{t,f}', "
        "ae bit(3) default b'101', af bit(3) default '011'::\"bit\", ag inet default '10.0.0.1', ah hstore default '');",
        "t key(id) of - t: id int, a int = -3, b int = -4, c bigint = -5, d text = 'it's', e varchar(9) = 'x', "
        "f char(3) = 'ab ', g boolean = 1, h bool = 0, i numeric(8,2) = 150, j numeric = '-1.50', "
        "k numeric(30,2) = '7.00', l real = 2.5, m date = '2020-02-03', n time = '10:20:30.500000', "
        "o timestamp = '2020-02-03T10:20:30.000000', p timestamptz = '2020-02-03T10:20:30.250000Z', "
        "q bytea = x00ff, r jsonb = '{}', s json = '{ \"a\":1 }', u int[] = '[]', v text[] = '[]', "
        "w text = null, x int = 0, y uuid = '11111111-2222-3333-4444-555555555555', z date = 'infinity', "
        "aa text[] = '[\"a\",\"b \\\"c\",null,\"NULL\"]', ab int[] = '[1,-2]', ac varchar(3)[] = '[\"x\",null]', "
        "ad boolean[] = '[true,false]', ae bit(3) = '101', af bit(3) = '011', ag inet = '10.0.0.1', ah hstore = '{}'\n");
    // No literals, or not as the events would write them.
    makes(
        "create table t(id int primary key, a timestamptz default now(), b int default nextval('s'), c jsonb default "
        "'{\"a\":1.5}', d timestamptz default '2020-01-01 00:00:00', e int default 1+1, f date[] default '{2020-1-1}', "
        "g inet default '10.0.0.1/32', h date default '3 May 2020', i int default 1.5, j numeric(4,1) default 1.25, "
        "k text default ('a' || 'b'), l interval default '1 day', m text[] default '{{a},{b}}', n text[] default array[now()::text], o int[] default '{1,x}', "
        "p bit varying(3) default b'010', q bit(3) default b'01', r inet default '::ffff:1.2.3.4/096', "
        "s int default b'101'::int, t numeric(6,2) default b'101'::int, u int[] default array[b'11'::int], "
        "v text[] default array[array[]::text[]]);",
        "t key(id) of - t: id int, a timestamptz, b int, c jsonb, d timestamptz, e int, f date[], g inet, h date, "
        "i int, j numeric(4,1), k text, l interval, m text[], n text[], o int[], p bit varying(3), q bit(3), r inet, "
        "s int, t numeric(6,2), u int[], v text[]\n");
}

static void generates(const char *type, const char *expression, const char *wanted) {
    char sql[1024];
    struct read read;
    (void)snprintf(sql, sizeof sql,
                   "create table t(id int primary key, a int, b int, p numeric(8,2), q numeric(6,3), s text, "
                   "v varchar(9), f bool, g %s generated always as (%s) stored);",
                   type, expression);
    read_all(&read, sql);
    assert_true(read.tables[0].has_generated);
    assert_string_equal(read.tables[0].columns[8].generated, wanted);
    done(&read);
}

static void test_generated(void **state) {
    (void)state;
    generates("int", "a*b", "(\"a\"*\"b\")");
    generates("int", "-a + 3", "((0-\"a\")+(3))");
    generates("bigint", "abs(a - b) / 2 % 7", "((abs((\"a\"-\"b\"))/(2))%(7))");
    generates("numeric(10,2)", "a * p", "(\"a\"*\"p\")");
    generates("numeric(10,3)", "p + q", "((\"p\"*10)+\"q\")");
    generates("numeric(10,2)", "p + a", "(\"p\"+(\"a\"*100))");
    generates("numeric(12,4)", "p", "(\"p\"*100)");
    generates("numeric(10,1)", "p", "((\"p\"+case when \"p\"<0 then -5 else 5 end)/10)");
    generates("int", "p", "((\"p\"+case when \"p\"<0 then -50 else 50 end)/100)");
    generates("numeric(10,2)", "p * 1.5", "(((\"p\"*(15))+case when (\"p\"*(15))<0 then -5 else 5 end)/10)");
    generates("text", "s || '-' || v", "((\"s\"||'-')||\"v\")");
    generates("text", "s || a", "(\"s\"||\"a\")");
    generates("text", "coalesce(s, v, 'it''s'::text)", "coalesce(\"s\",\"v\",'it''s')");
    generates("text", "(a)::text", "cast(\"a\" as text)");
    generates("text", "case when a > 1 and f then 'x' when s is null then v else null end",
              "(case when ((\"a\">(1)) and \"f\") then 'x' when (\"s\" is null) then \"v\" else null end)");
    generates("boolean", "not (a = b or p <> 1.5)", "(not ((\"a\"=\"b\") or (\"p\"<>((15)*10))))");
    generates("int", "length(s) + nullif(a, 0)", "(length(\"s\")+nullif(\"a\",(0)))");
}

// A table whose columns are compared otherwise than by their bytes, and more types.
static const char compared[] =
    "create domain folded as citext; create collation ci(provider = icu, locale = 'und', deterministic = false);\n"
    "create collation sorted(provider = icu, locale = 'de'); create collation other from ci; create type e as enum('a');\n"
    "create domain loose as text collate ci; create type r as range(subtype = int);\n"
    "create table t(id int primary key, c citext, f folded, u uuid, v uuid, s text, w varchar(9), l text collate ci,\n"
    "    d loose, o text collate other, x text collate \"from elsewhere\", p text collate \"de_DE\", q text collate sorted,\n"
    "    y text collate \"C.UTF-8\", z text collate pg_catalog.\"POSIX.utf8\",\n"
    "    n name, k \"char\", e e, r r, i bigint, m numeric(18,2), j numeric(10,4), g %s generated always as (%s) stored);";

#define UUID_TEXT "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"

static void test_generated_by_what_is_equal(void **state) {
    (void)state;
    static const struct {
        const char *type;
        const char *expression;
        const char *wanted;  // NULL: refused
        const char *message; // with this
    } cases[] = {
        {"bool", "c = 'admin'", NULL, "CITEXT knows no case"},
        {"bool", "'admin' <> f", NULL, "CITEXT knows no case"},
        {"bool", "c = s", NULL, "CITEXT knows no case"},
        {"text", "nullif(c, 'x')", NULL, "CITEXT knows no case"},
        {"bool", "coalesce(s, c) = 'x'", NULL, "CITEXT knows no case"},
        {"bool", "case when s is null then c else 'a' end = 'x'", NULL, "CITEXT knows no case"},
        {"bool", "s::citext = 'x'", NULL, "CITEXT knows no case"},
        {"bool", "c::text = 'admin'", "(\"c\"='admin')", NULL},
        {"bool", "c::varchar || 'a' = 'admin'", "((\"c\"||'a')='admin')", NULL},
        {"citext", "coalesce(c, f, 'x')", "coalesce(\"c\",\"f\",'x')", NULL},
        {"int", "length(c)", "length(\"c\")", NULL},
        {"bool", "u = v", "(\"u\"=\"v\")", NULL},
        {"bool", "u = '" UUID_TEXT "'", "(\"u\"='" UUID_TEXT "')", NULL},
        {"bool", "'" UUID_TEXT "'::uuid = u", "('" UUID_TEXT "'=\"u\")", NULL},
        {"bool", "u = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", NULL, "small letters"},
        {"bool", "u = 'a0eebc999c0b4ef8bb6d6bb9bd380a11'", NULL, "small letters"},
        {"bool", "u = '{" UUID_TEXT "}'::uuid", NULL, "small letters"},
        {"uuid", "nullif(u, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11')", NULL, "small letters"},
        {"uuid", "coalesce('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', u)", NULL, "small letters"},
        {"uuid", "case when s is null then 'A0' end", NULL, "small letters"},
        {"uuid", "coalesce(u, '" UUID_TEXT "')", "coalesce(\"u\",'" UUID_TEXT "')", NULL},
        {"uuid", "s::uuid", NULL, "it casts to text"},
        {"bool", "u::text = 'A0'", "(\"u\"='A0')", NULL},
        {"bool", "l = 'x'", NULL, "deterministic"},
        {"bool", "l::varchar = 'x'", NULL, "deterministic"},
        {"bool", "d = 'x'", NULL, "deterministic"},
        {"bool", "o = 'x'", NULL, "deterministic"},
        {"bool", "x = 'x'", NULL, "deterministic"},
        {"bool", "l || 'a' = 'x'", NULL, "deterministic"},
        {"bool", "p = q", "(\"p\"=\"q\")", NULL},
        {"bool", "n = 'x'", "(\"n\"='x')", NULL},
        {"bool", "k = 'x' and k <> s", "((\"k\"='x') and (\"k\"<>\"s\"))", NULL},
        {"bool", "n is not null", "(\"n\" is not null)", NULL},
        {"int", "length(n)", "length(\"n\")", NULL},
        {"text", "n || k", "(\"n\"||\"k\")", NULL},
        {"bool", "n = '" SIXTY "four'", NULL, "NAME"},
        {"bool", "n = '" SIXTY "four'::text", "(\"n\"='" SIXTY "four')", NULL},
        {"bool", "k = 'xy'", NULL, "NAME"},
        {"bool", "coalesce('" SIXTY "four', n) = s", NULL, "NAME"},
        {"text", "s::name", NULL, "NAME"},
        {"name", "n", "\"n\"", NULL},
        {"name", "'x'", "'x'", NULL},
        {"name", "'" SIXTY "four'", NULL, "NAME"},
        {"name", "coalesce(n, s)",
         "(case when length(cast(coalesce(\"n\",\"s\") as blob))>63 then 0.5 else coalesce(\"n\",\"s\") end)",
         NULL},
        {"\"char\"", "n", "(case when length(cast(\"n\" as blob))>1 then 0.5 else \"n\" end)", NULL},
        {"bool", "r = '[1,2]'", NULL, "several ways"},
        {"bool", "r = r", NULL, "several ways"},
        {"bool", "r is null", "(\"r\" is null)", NULL},
        {"text", "r || '!'", "(\"r\"||'!')", NULL},
        {"bool", "r::text = 'x'", "(\"r\"='x')", NULL},
        {"bool", "'[1,2]'::r is null", NULL, "several ways"},
        {"r", "r", "\"r\"", NULL},
        {"r", "coalesce(r, '[1,2]')", NULL, "several ways"},
        {"r", "'[1,2]'", NULL, "several ways"},
        {"bool", "y = 'x' and z = 'x'", "((\"y\"='x') and (\"z\"='x'))", NULL},
        {"bool", "e = 'a'", "(\"e\"='a')", NULL},
        {"varchar(3)", "s || ' '", "substr((\"s\"||' '),1,3)", NULL},
        // beyond 64 bits both are doubles
        {"bool", "m * j = j * m",
         "(case when 'real' in(typeof((\"m\"*\"j\")),typeof((\"j\"*\"m\"))) then 0.5 else ((\"m\"*\"j\")=(\"j\"*\"m\")) end)",
         NULL},
        {"bool", "not (m - m * i < 0)",
         "(1-(case when 'real' in(typeof((\"m\"-(\"m\"*\"i\"))),typeof(((0)*100))) then 0.5 else ((\"m\"-(\"m\"*\"i\"))<((0)*100)) end))",
         NULL},
        {"bool", "m * m > 5", "((\"m\"*\"m\")>((5)*10000))", NULL},
        {"bool", "i * i = i", "((\"i\"*\"i\")=\"i\")", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct table *tables;
        int count;
        struct error error = {0};
        char sql[2048];
        (void)snprintf(sql, sizeof sql, compared, cases[i].type, cases[i].expression);
        if ((source_sql_read(sql, &tables, &count, &error) == 0) != (cases[i].wanted != NULL) ||
            (cases[i].wanted == NULL && strstr(error.message, cases[i].message) == NULL))
            fail_msg("%s: %s", cases[i].expression, error.message);
        if (cases[i].wanted != NULL)
            assert_string_equal(tables[0].columns[tables[0].column_count - 1].generated, cases[i].wanted);
        source_sql_free(&tables, &count);
    }
}

// What SQLite computes where `m` and `i` are as given, of doubles beyond 64 bits: wanted as quote() writes it, 0.5 = not known.
static void test_generated_beyond_64_bits(void **state) {
    (void)state;
    static const char big[] = "900000000000000000", most[] = "9000000000000000000";
    static const struct {
        const char *type;
        const char *expression;
        const char *m; // in hundredths
        const char *i;
        const char *wanted;
    } cases[] = {
        {"bool", "m * i - m * 0.5 > 0", "300", "2", "1"},
        {"bool", "m * i - m * 0.5 > 0", "-300", "2", "0"},
        {"bool", "m * i - m * 0.5 > 0", "null", "2", "NULL"},
        {"bool", "m * i - m * 0.5 > 0", big, most, "0.5"},
        {"bool", "i - i * 1.1 < 0", "0", "10", "1"},
        {"bool", "i - i * 1.1 < 0", "0", most, "0.5"},
        {"bool", "m * i > 5", big, most, "1"}, // one operation's double is on the right side of any integer
        {"bool", "not (m * i - m > 0)", "300", "2", "0"},
        {"bool", "not (m * i - m > 0)", big, most, "0.5"},
        {"bool", "m * i - m > 0 and i > 5", "300", "6", "1"},
        {"bool", "m * i - m > 0 and i > 5", "300", "2", "0"},
        {"bool", "m * i - m > 0 and i > 5", big, most, "0.5"},
        {"bool", "m * i - m > 0 and i < 5", big, most, "0"},
        {"bool", "m * i - m > 0 or i > 5", big, most, "1"},
        {"bool", "m * i - m > 0 or i < 5", big, most, "0.5"},
        {"bool", "m * i - m > 0 or i < 5", "300", "0", "1"},
        {"bool", "m * i - m > 0 or i < 5 or null", "-300", "7", "NULL"},
        {"bool", "m * i - m > 0 and null and true", "300", "7", "NULL"},
        {"bool", "m * i - m > 0 and null and true", "-300", "7", "0"},
        {"bool", "m * i - m > 0 and null", big, most, "0.5"},
        {"bool", "(m * i) is null", big, most, "0"},
        {"bool", "(m * i - m > 0) is null", big, most, "0.5"},
        {"bool", "(m * i - m > 0) is null", "null", "1", "1"},
        {"bool", "(m * i - m > 0) = (i > 5)", "300", "7", "1"},
        {"bool", "(m * i - m > 0) = (i > 5)", big, most, "0.5"},
        {"text", "case when m * i - m > 0 then 'y' else 'n' end || '!'", "300", "7", "'y!'"},
        {"text", "case when m * i - m > 0 then 'y' else 'n' end || '!'", "-300", "7", "'n!'"},
        {"text", "case when m * i - m > 0 then 'y' else 'n' end || '!'", big, most, "0.5"},
        {"varchar(1)", "case when m * i - m > 0 then 'y' else 'n' end", big, most, "0.5"},
        {"text", "(case when m * i - m > 0 then 1 else 2 end)::text", big, most, "0.5"},
        {"text", "(case when m * i - m > 0 then 1 else 2 end)::text", "300", "7", "'1'"},
        {"int", "length(case when m * i - m > 0 then 'yes' else 'n' end)", "300", "7", "3"},
        {"int", "length(case when m * i - m > 0 then 'yes' else 'n' end)", big, most, "0.5"},
        {"int", "case when m * i - m > 0 then 1 else 2 end", big, most, "0.5"},
        {"bool", "case when m * i - m > 0 then 1 else 2 end < 2", big, most, "0.5"},
        {"bool", "case when m * i - m > 0 then 1 else 2 end < 2", "300", "7", "1"},
        {"bool", "case when i < 5 then m * i - m > 0 else true end", big, most, "1"},
        {"numeric(18,2)", "nullif(m, m * i - m)", "300", "7", "300"},
        {"numeric(18,2)", "nullif(m, m * i - m)", "300", "2", "NULL"},
        {"numeric(18,2)", "nullif(m, m * i - m)", big, most, "0.5"},
    };
    sqlite3 *db;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct read read;
        char sql[2048];
        sqlite3_stmt *stmt;
        (void)snprintf(sql, sizeof sql, compared, cases[i].type, cases[i].expression);
        read_all(&read, sql);
        (void)snprintf(sql, sizeof sql, "select quote(%s) from (select %s as m, %s as i)",
                       read.tables[0].columns[read.tables[0].column_count - 1].generated, cases[i].m,
                       cases[i].i);
        if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
            fail_msg("%s: %s", sql, sqlite3_errmsg(db));
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        const char *is = (const char *)sqlite3_column_text(stmt, 0);
        if (strcmp(is, cases[i].wanted) != 0)
            fail_msg("%s of %s and %s: %s, by %s", cases[i].expression, cases[i].m, cases[i].i, is, sql);
        assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
        done(&read);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_refused(void **state) {
    (void)state;
    static const struct {
        const char *sql;
        const char *message;
        const char *excerpt;
    } cases[] = {
        {"create table t(\n  id int primary key,\n  note nothing text oops);",
         "source.sql:3:16: syntax error at or near \"text\"", "  note nothing text oops);\n               ^"},
        {"\ncreat table t(id int primary key);", "source.sql:2:1: syntax error at or near \"creat\"",
         "creat table t(id int primary key);\n^"},
        {"drop table if exists `t`;",
         "source.sql:1:22: syntax error at or near \"`\": MySQL's and MariaDB's DDL is not read; "
         "`tidemark init` without --ddl",
         NULL},
        {"create table t(id int(11) not null, primary key(id));", "\"(\": MySQL's and MariaDB's DDL", NULL},
        {"create table t(id int primary key, n int unsigned);", "\"unsigned\": MySQL's and MariaDB's DDL",
         NULL},
        {"create table t(id int primary key) engine=InnoDB;", "\"engine\": MySQL's and MariaDB's DDL", NULL},
        {"use `shop`;", "MySQL's and MariaDB's DDL", NULL},
        {"create table t(id int);", "source.sql:1:14: table t has no primary key",
         "create table t(id int);\n             ^"},
        {"create table t(id int, primary key(di));", "source.sql:1:24: the key of table t names a column di",
         NULL},
        {"create table t(id int primary key, id text);", "source.sql:1:36: table t has a column id already",
         NULL},
        {"create table t(id int primary key, \"ID\" text);", "SQLite knows no case of names", NULL},
        {"create table t(id int primary key);\ncreate table \"T\"(id int primary key);",
         "source.sql:2:14: table T stands on line 1 already, and SQLite knows no case", NULL},
        {"create table t(id int primary key); create table public.t(id int primary key);",
         "table t stands on line 1 already", NULL},
        {"create table _t(id int primary key);", "source.sql:1:14: table _t: names beginning with _ are",
         NULL},
        {"create table t(id int primary key, _x int);", "source.sql:1:36: column _x of table t: names", NULL},
        {"create table sqlite_t(id int primary key);", "are SQLite's", NULL},
        {"create table t(id int primary key); alter table u add primary key(id);",
         "source.sql:1:49: there is no table u before this line", NULL},
        {"create table t(id int primary key) ;\n alter table t alter x type int;",
         "source.sql:2:14: table t has no column x", NULL},
        {"create table t as select 1 as id;", "source.sql:1:1: create table .. as: the columns", NULL},
        {"create table t(id int primary key, x text default 'oops);",
         "source.sql:1:51: a quote that does not end", NULL},
        {"create table t(id int primary key);\ncreate table u(\"caf\xe9\" int primary key);",
         "source.sql:2:20: this is not UTF-8", NULL},
        {"/* oops\ncreate table t(id int primary key);", "source.sql:1:1: a comment that does not end", NULL},
        {"select $a$ oops", "source.sql:1:8: a dollar quote that does not end", NULL},
        {"create table t(id int primary key); alter table t add begin atomic;\ncreate table u(id int primary key);",
         "source.sql:2:1: this statement is not told from the one before it", NULL},
        {"create function f() returns int begin atomic select 1 as case; end;\ncreate table t(id int primary key);\n"
         "create function g() returns int begin atomic select 1 as end; end;",
         "source.sql:2:1: this statement is not told from the one before it", NULL},
        {"create table t(id int primary key);\ncreate procedure f() begin atomic select 1 as case; end;\n"
         "create table u(id int primary key);",
         "source.sql:2:1: this statement does not end", NULL},
        {"create table t(id int primary key);\ngrant all on t to (x;\ncreate table u(id int primary key);",
         "source.sql:2:1: this statement does not end", NULL},
        {"create schema s create table t(id int primary key);",
         "source.sql:1:30: create schema .. create table: write the table in a statement of its own", NULL},
        {"create table t(id int primary key); create table u(like t);",
         "source.sql:1:50: table u has no primary key", NULL},
        {"create table t(id int primary key);\ncreate table u(a int primary key, like t including all);",
         "source.sql:2:40: table u has a primary key already, on line 2", NULL},
        {"grant all on x to y;", "source.sql declares no table", NULL},
        {"create table t(id int primary key, g text generated always as (lower(s)) stored, s text);",
         "source.sql:1:64: column g is generated by an expression that SQLite would not compute as PostgreSQL does (a "
         "function of PostgreSQL's)",
         NULL},
        {"create table t(id int primary key, a numeric(8,2), g numeric(8,2) generated always as (a / 3) stored);",
         "it divides a NUMERIC", NULL},
        {"create table t(id int primary key, a text, g boolean generated always as (a > 'x') stored);",
         "the order of texts", NULL},
        {"create table t(id int primary key, a real, g real generated always as (a + 1) stored);",
         "in another form", NULL},
        {"create table t(id int primary key, g tsvector generated always as (to_tsvector('a', 'b')) stored);",
         "a function of PostgreSQL's", NULL},
        {"create table t(a int, g int generated always as (a) stored primary key);",
         "is generated and in the key", NULL},
        {"-- tidemark: tpoic t = x\ncreate table t(id int primary key);",
         "source.sql:1:14: a line for tidemark begins with", NULL},
        {"-- tidemark: topic t\ncreate table t(id int primary key);",
         "source.sql:1:14: the line is written `-- tidemark: topic TABLE = NAME or /regex/`", NULL},
        {"-- tidemark: topic t = /app\\.t_\\d+/\ncreate table t(id int primary key);",
         "\\d is Java's or Perl's: write it as POSIX does, a digit as [0-9]", NULL},
        {"-- tidemark: topic u = x\ncreate table t(id int primary key);",
         "the line names no table of source.sql", NULL},
        {"-- tidemark: bytes t.x = hex\ncreate table t(id int primary key);", "table t has no column x",
         NULL},
        {"-- tidemark: bytes t.id = octal\ncreate table t(id int primary key);",
         "source.sql:1:27: bytes are bytes, base64, base64-url-safe or hex", NULL},
        {"-- tidemark: time t = seconds\ncreate table t(id int primary key);",
         "source.sql:1:23: times are adaptive", NULL},
        {"-- tidemark: unavailable t = hex:5f5\ncreate table t(id int primary key);",
         "source.sql:1:30: the value is unavailable.value.placeholder", NULL},
        {"-- tidemark: unavailable t = hex:zz\ncreate table t(id int primary key);",
         "source.sql:1:30: the value is unavailable.value.placeholder", NULL},
        {"-- tidemark: unavailable * =\ncreate table t(id int primary key);", "the line is written", NULL},
        {"-- tidemark: bytes * = hex\ncreate table t(id int primary key);", "the line is written", NULL},
        {"-- tidemark: key t = id\ncreate table t(id int primary key);",
         "source.sql:1:14: table t declares its primary key on line 2", NULL},
        {"-- tidemark: key t = id,\ncreate table t(id int);", "source.sql:1:22: a key is a list of columns",
         NULL},
        {"-- tidemark: renamed t.id from a b\ncreate table t(id int primary key);", "the line is written",
         NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct table *tables;
        int count;
        struct error error = {0};
        if (source_sql_read(cases[i].sql, &tables, &count, &error) == 0)
            fail_msg("taken: %s", cases[i].sql);
        if (strstr(error.message, cases[i].message) == NULL)
            fail_msg("%s\nsays: %s\nnot: %s", cases[i].sql, error.message, cases[i].message);
        assert_int_equal(error.kind, ERROR_INPUT);
        assert_null(tables);
        if (cases[i].excerpt != NULL)
            assert_string_equal(error.excerpt, cases[i].excerpt);
    }
}

// What is said of all tables gives way to a table's own line, wherever it stands.
static void test_lines_of_all_tables(void **state) {
    (void)state;
    struct read read;
    read_all(&read, "-- tidemark: unavailable a = '_ _'\n-- tidemark: unavailable * = hex:5f5F\n"
                    "-- tidemark: time * = connect\n-- tidemark: time b = nanoseconds\n"
                    "-- tidemark: added * = ''\n-- tidemark: deleted a = gone\n"
                    "create table a(id int primary key); create table b(id int primary key);\n");
    assert_true(span_is(read.tables[0].unavailable, "_ _"));
    assert_true(span_is(read.tables[1].unavailable, "__"));
    assert_string_equal(read.tables[1].added_prefix, "");
    assert_string_equal(read.tables[0].deleted_mark, "gone");
    assert_null(read.tables[1].deleted_mark);
    assert_int_equal(read.tables[0].time_precision, TIME_PRECISION_CONNECT);
    assert_int_equal(read.tables[1].time_precision, TIME_PRECISION_NANOSECONDS);
    done(&read);
}

static void test_lines(void **state) {
    (void)state;
    struct read read;
    read_all(
        &read,
        "-- tidemark: topic Orders = shop.orders\n--tidemark: topic sales.\"Big Ones\" = /^shop\\.b.*$/ \n"
        "-- tidemark: time orders = connect\n-- tidemark: bytes sales.\"Big Ones\".raw = base64url\n"
        "-- tidemark: renamed orders.total from \"Sum\"\n-- tidemark: key kept = b, \"A\"\n"
        "-- tidemark: ignore _migrations\n-- tidemark: ignore orders.words\n-- tidemark: ignore s.x\n"
        "create table _migrations(id int); alter table _migrations add constraint k primary key(id);\n"
        "create table s.x(a int); create table public.orders(id int primary key, total int,\n"
        "words tsvector generated always as (to_tsvector('a', 'b')) stored);\n"
        "create table sales.\"Big Ones\"(id int primary key, raw bytea);\n"
        "create table kept(\"A\" int, b int, c int);\n");
    assert_int_equal(read.count, 3);
    assert_string_equal(read.tables[0].topic, "shop.orders");
    assert_false(read.tables[0].topic_is_regex);
    assert_int_equal(read.tables[0].time_precision, TIME_PRECISION_CONNECT);
    assert_int_equal(read.tables[0].column_count, 2);
    assert_string_equal(read.tables[0].columns[1].older[0], "Sum");
    assert_int_equal(read.tables[0].line, 11);
    assert_int_equal(read.tables[0].key_line, 11);
    assert_int_equal(read.tables[0].columns[1].line, 11);
    assert_string_equal(read.tables[1].topic, "^shop\\.b.*$");
    assert_true(read.tables[1].topic_is_regex);
    assert_int_equal(read.tables[1].columns[1].bytes, BYTES_BASE64URL);
    assert_int_equal(read.tables[2].key_count, 2);
    assert_int_equal(read.tables[2].keys[0], 1);
    assert_int_equal(read.tables[2].keys[1], 0);
    assert_int_equal(read.tables[2].key_line, 6);
    done(&read);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pg_dump),
        cmocka_unit_test(test_alterations),
        cmocka_unit_test(test_migrations),
        cmocka_unit_test(test_what_is_generated_of_a_renamed_column),
        cmocka_unit_test(test_labels_that_are_renamed),
        cmocka_unit_test(test_as_before_nothing_is_dropped),
        cmocka_unit_test(test_as_before_java_classes_are_letters),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_another_schema),
        cmocka_unit_test(test_partitions),
        cmocka_unit_test(test_more_partitions_than_tables),
        cmocka_unit_test(test_a_partition_that_is_detached),
        cmocka_unit_test(test_inherited_columns_merge),
        cmocka_unit_test(test_newer),
        cmocka_unit_test(test_like),
        cmocka_unit_test(test_what_is_no_table),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_generated),
        cmocka_unit_test(test_generated_by_what_is_equal),
        cmocka_unit_test(test_generated_beyond_64_bits),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_lines_of_all_tables),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
