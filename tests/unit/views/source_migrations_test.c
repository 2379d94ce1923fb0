// source.sql as a heap of migrations: a later statement takes back, renames or replaces what an earlier one made.
#include "views/base/buffer.h"
#include "views/engine/catalog/source_sql.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

// "t(key,key)", and behind it each label of an enum and each default of an integer.
static void write_table(struct buffer *text, const struct table *table) {
    buffer_format(text, "%s(", table->name);
    for (int i = 0; i < table->key_count; i++)
        buffer_format(text, "%s%s", i > 0 ? "," : "", table->columns[table->keys[i]].name);
    buffer_text(text, table->key_deferrable ? ") deferrable" : ")");
    for (int i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        for (int l = 0; l < column->label_count; l++)
            buffer_format(text, " %s", column->labels[l]);
        if (column->fallback.kind == VALUE_INTEGER)
            buffer_format(text, " =%lld", (long long)column->fallback.integer);
    }
    buffer_text(text, table->identity_index ? " by an index;" : ";");
}

static void makes(const char *sql, const char *wanted) {
    struct error error = {0};
    struct buffer text = {0};
    struct table *tables = NULL;
    int count = 0;
    if (source_sql_read(sql, &tables, &count, &error) != 0)
        buffer_text(&text, error.message);
    for (int i = 0; i < count; i++)
        write_table(&text, &tables[i]);
    buffer_char(&text, '\0');
    if (strcmp(text.data, wanted) != 0)
        fail_msg("%s\n  %s, not\n  %s", sql, text.data, wanted);
    source_sql_free(&tables, &count);
    buffer_free(&text);
}

static void take_told(void *self, size_t at, const char *what) {
    buffer_format(self, "%zu %.24s;", at, what);
}

// What is told, each with its place and how it begins.
static void tells(const char *sql, const char *wanted) {
    struct error error = {0};
    struct buffer text = {0};
    struct table *tables = NULL;
    int count = 0;
    const struct source_told told = {take_told, &text};
    if (source_sql_read_told(sql, &told, &tables, &count, &error) != 0)
        buffer_text(&text, error.message);
    buffer_char(&text, '\0');
    if (strcmp(text.data, wanted) != 0)
        fail_msg("%s\n  %s, not\n  %s", sql, text.data, wanted);
    source_sql_free(&tables, &count);
    buffer_free(&text);
}

#define NO_KEY(at, table)                                                                                    \
    "source.sql:" at ": table " table                                                                        \
    " has no primary key: the mirror keeps a row a key; name the columns of "                                \
    "the messages' key with `-- tidemark: key " table " = ..`, or leave the table out with `-- tidemark: "   \
    "ignore " table "`"

static void test_unique_indexes_go_with_their_table(void **state) {
    (void)state;
    makes("create table t(a int not null unique, b int); alter table t rename to u;", "u(a);");
    makes("create table t(a int not null unique, b int); alter table t set schema s;", "s.t(a);");
    makes("create table t(a int not null unique, b int); alter table t rename a to c;", "t(c);");
    makes("create table t(a int not null); create unique index i on t(a); alter table t rename a to c;"
          "alter table t rename to u; alter table u add primary key using index i;",
          "u(c);");
    makes(
        "create table t(a int not null unique); drop table t; create table t(a int not null, b int not null unique);",
        "t(b);");
    makes(
        "create table t(a int not null unique); drop table t; create table t(a int not null, b int not null);",
        NO_KEY("1:67", "t"));
    makes(
        "create table t(a int not null unique, b int not null unique); alter table t drop a, add a int not null;",
        "t(b);");
    makes(
        "create table t(a int not null, b int not null unique, c int); create unique index i on t(a) include (c);"
        "alter table t rename c to d; alter table t drop d;",
        "t(b);");
    // A key goes with what it only includes, too.
    makes("create table t(a int not null, b int not null unique, c int, primary key (a) include (c));"
          "alter table t rename c to d; alter table t drop d, alter a drop not null;",
          "t(b);");
    makes(
        "create table t(a int not null, b int not null unique, c int); create unique index i on t(a) include (c);"
        "alter table t add primary key using index i; alter table t drop c, alter a drop not null;",
        "t(b);");
    makes(
        "create table u(a int, c int, primary key (a) include (c)); create table t(like u including indexes, b int);"
        "alter table t drop c, add primary key (b); drop table u;",
        "t(b);");
}

static void test_keys_that_are_dropped(void **state) {
    (void)state;
    makes(
        "create table t(a int primary key deferrable, b int); alter table t drop constraint t_pkey, add primary key(b);",
        "t(b);");
    makes("create table t(a int constraint k primary key, b int); alter table t drop constraint t_pkey;",
          "t(a);");
    makes(
        "create table t(a int, b int, constraint k primary key(a)); alter table t drop constraint k, add primary key(b);",
        "t(b);");
    makes(
        "create table t(a int primary key, b int); alter table t rename to u; alter table u drop constraint t_pkey;"
        "alter table u add primary key(b, a);",
        "u(b,a);");
    makes("create table t(a int primary key, b int); alter table t drop a, add c bigint primary key;",
          "t(c);");
    makes(
        "create table t(a int not null unique, b int not null unique); alter table t drop constraint t_a_key;",
        "t(b);");
    makes(
        "create table t(a int not null, b int not null unique, unique(a, b)); alter table t drop constraint t_b_key;",
        "t(a,b);");
    makes(
        "create table t(a int not null, b int not null); create unique index i on t(a); create unique index j on t(b);"
        "drop index concurrently if exists public.i, other;",
        "t(b);");
    makes(
        "create table t(a int not null unique, b int not null unique); alter table t replica identity using index t_b_key;",
        "t(b);");
    makes(
        "create table t(a int primary key check (a > 0)); alter table t drop constraint t_a_check, drop constraint if exists x;",
        "t(a);");
}

static void test_constraints_of_indexes(void **state) {
    (void)state;
    makes(
        "create table t(a int not null, b int not null); create unique index i on t(b); alter table t drop constraint "
        "if exists i;",
        "t(b);");
    makes(
        "create table t(a int not null, b int not null); create unique index i on t(b); alter table t replica identity "
        "using index i, drop constraint if exists i; create unique index on t(a);",
        "t(b);");
#define INDEXED "create table t(a int not null, b int not null unique); create unique index i on t(a);"
    makes(
        INDEXED
        "alter table t add constraint u unique using index i; alter table t replica identity using index u;",
        "t(a);");
    makes(INDEXED "alter table t add constraint u unique using index i, drop constraint t_b_key;", "t(a);");
    makes(INDEXED "alter table t add constraint u unique using index i; alter table t drop constraint u;",
          "t(b);");
    makes(
        "create table t(a int not null); create unique index i on t(a); alter table t replica identity using index i;"
        "alter table t add constraint k primary key using index i;",
        "t(a);");
    // a name without a schema is public's
    makes(
        "create schema s; create table s.t(a int primary key, b int); create table t(a int not null unique, b int not null unique);"
        "create unique index u on s.t(b); create unique index u on t(b); drop index u; alter table t drop constraint t_b_key;",
        "s.t(a);t(a);");
    // one that another file makes is nothing to the key
    makes(
        "create table t(a int primary key, b int not null); alter table t add constraint u unique using index j;",
        "t(a);");
}

static void test_types_that_change(void **state) {
    (void)state;
    static const char mood[] =
        "create type mood as enum('a', 'b'); create table t(id int primary key, m mood, n mood[]);";
    static const struct {
        const char *change, *wanted;
    } cases[] = {
        {"alter type mood add value 'c' before 'a';", "t(id) a b c a b c;"},
        {"alter type public.mood add value if not exists 'b';", "t(id) a b a b;"},
        {"alter type mood rename value 'a' to 'it''s';", "t(id) it's b it's b;"},
        {"alter type mood owner to postgres; alter type mood rename to mode; alter type mode set schema s;"
         "create table u(id int primary key, m s.mode); alter type s.mode rename value 'a' to 'c';",
         "t(id) c b c b;u(id) c b;"},
        {"alter type elsewhere add value 'c'; alter type p rename attribute a to b;", "t(id) a b a b;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer sql = {0};
        buffer_format(&sql, "%s%s", mood, cases[i].change);
        buffer_char(&sql, '\0');
        makes(sql.data, cases[i].wanted);
        buffer_free(&sql);
    }
    makes(
        "create type m as enum('a'); drop type m; create type m as enum('b'); create table t(id int primary key, m m);",
        "t(id) b;");
    makes("create domain d as int; alter domain d set default 5; create table t(id int primary key, c d);"
          "alter domain d drop default; alter table t add e d; alter domain d set not null;",
          "t(id) =5;");
    makes("create domain d as int default 1; alter domain d rename to e; alter domain e set schema s;"
          "alter domain s.e set default 5; create domain d as int default 2;"
          "create table t(id int primary key, c s.e, f d);",
          "t(id) =5 =2;");
    makes("create type m as enum('a'); create type n as enum('b'); drop type n; alter type m rename to n;"
          "create table t(id int primary key, m n);",
          "t(id) a;");
}

// A table keeps its key's name when it is called otherwise, and names are a schema's.
static void test_names_that_are_taken(void **state) {
    (void)state;
    static const char moved[] = "create table t(a int primary key, b int); alter table t rename to o;";
    static const char again[] = "create table t(a int primary key, b int not null unique);";
    static const struct {
        const char *change, *wanted;
    } cases[] = {
        {"alter table t drop constraint t_pkey1;", "o(a);t(b);"},
        {"alter table t drop constraint t_pkey;", "o(a);t(a);"},
        {"alter index t_pkey1 rename to k; alter table t drop constraint k;", "o(a);t(b);"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer sql = {0};
        buffer_format(&sql, "%s%s%s", moved, again, cases[i].change);
        buffer_char(&sql, '\0');
        makes(sql.data, cases[i].wanted);
        buffer_free(&sql);
    }
    makes("create table t_pkey(a int primary key); create table s.t_pkey(a int primary key);"
          "create table t(a int primary key, b int not null unique); alter table t drop constraint t_pkey1;",
          "t_pkey(a);s.t_pkey(a);t(b);");
    makes("create table s.t(a int primary key); create table t(a int primary key, b int not null unique);"
          "drop index public.t_b_key; alter table t drop constraint t_pkey, add primary key(b);",
          "s.t(a);t(b);");
    makes("create table o(a int primary key, b int not null unique, c int not null);"
          "create unique index j on o(c) include (b); create table t(like o including indexes);"
          "alter table t drop constraint t_pkey, drop constraint t_b_key;",
          "o(a);t(c);");
    makes("create table o(a int primary key, b int not null unique, c int not null);"
          "create unique index j on o(c) include (b); create table t(like o including indexes);"
          "alter table t drop constraint t_pkey; drop index t_c_b_idx;",
          "o(a);t(b);");
}

// A program of before knew the oldest type of a name, and passed over what changes a type.
static void test_types_as_before(void **state) {
    (void)state;
    struct error error = {0};
    struct table *tables;
    int count;
    assert_int_equal(source_sql_read_as("create domain d as int; alter domain d set default 5; drop domain d;"
                                        "create domain d as text; create table t(id int primary key, c d);",
                                        SOURCE_AS_BEFORE, &tables, &count, &error),
                     0);
    assert_int_equal(tables[0].columns[1].type, COLUMN_INTEGER);
    assert_int_equal(tables[0].columns[1].fallback.kind, VALUE_ABSENT);
    source_sql_free(&tables, &count);
}

// Rows of before a column have the default that it came with, which later statements change for new rows alone.
static void test_defaults_of_added_columns(void **state) {
    (void)state;
    makes(
        "create table t(a int primary key); alter table t add b int default 1; alter table t alter b set default 2;",
        "t(a) =1;");
    makes(
        "create table t(a int primary key); alter table t add b int not null default 1; alter table t alter b drop default;",
        "t(a) =1;");
    makes("create table t(a int primary key); alter table t add b int; alter table t alter b set default 5;",
          "t(a);");
    makes(
        "create domain d as int default 4; create table t(a int primary key); alter table t add b d, add c int;"
        "alter table t alter b type bigint; alter table t alter c type d;",
        "t(a) =4;");
    makes(
        "create table t(a int primary key); alter table t add b text default '7', add c text default '8', add d "
        "varchar(3) default '9'; alter table t alter b type int using b::text::int, alter c type int using length(c), "
        "alter d type int using (d::int);",
        "t(a) =7 =9;");
    makes(
        "create table t(a int primary key); alter table t add b numeric(6,2) default 1; alter table t alter b type int;"
        "alter table t add c boolean default true; alter table t alter c type int using c::int;",
        "t(a);");
    makes("create table t(a int primary key, b int); alter table t alter b set default 5;", "t(a) =5;");
    makes("create table t(a int primary key, b int default 4); alter table t alter b drop default;", "t(a);");
    makes(
        "create table t(a int primary key, c text); alter table t add b int default 1, alter c set default 2,"
        "alter b set default 3; alter table t rename b to d; alter table t alter d set default 4;",
        "t(a) =1;");
}

static void test_transactions_that_are_taken_back(void **state) {
    (void)state;
    makes(
        "create table t(a int primary key); begin; drop table t; create table u(a int primary key); rollback;",
        "t(a);");
    makes(
        "create table t(a int primary key); start transaction; alter table t drop a, add b int primary key; abort work;"
        "begin; alter table t rename to u; end;",
        "u(a);");
    makes(
        "begin; create table t(a int primary key, b int); savepoint s; alter table t drop b;"
        "savepoint \"S\"; drop table t; rollback to \"S\"; rollback work to savepoint s; alter table t add c int default 1;"
        "release s; commit; rollback;",
        "t(a) =1;");
    makes("create table t(a int primary key); begin; alter table t add b int default 1; rollback and chain;"
          "alter table t add b int default 2; rollback; alter table t add b int default 3;",
          "t(a) =3;");
    tells("create table t(a int primary key); begin; rollback; begin; alter table t add b int;",
          "52 this transaction does no;");
}

static void test_parts_that_migration_tools_do_not_run(void **state) {
    (void)state;
    makes(
        "-- migrate:up\ncreate table t(a int primary key)\n\n-- migrate:down transaction:false\ndrop table t\n"
        "-- migrate:up\ncreate table u(a int primary key);\n--migrate:down\ndrop table u;",
        "t(a);u(a);");
    makes(
        "-- +goose Up\n-- +goose StatementBegin\ncreate table t(a int primary key);\n-- +goose StatementEnd\n"
        "-- +goose Down\ndrop table t;",
        "t(a);");
    makes("--  +migrate  Up\ncreate table t(a int primary key);\n-- +migrate Down\ndrop table t;", "t(a);");
    makes("-- Up Migration\ncreate table t(a int primary key);\n-- Down Migration\ndrop table t;", "t(a);");
    makes("create table t(a int primary key);\n---- create above / drop below ----\ndrop table t;", "t(a);");
    makes(
        "create table t(a int primary key);\n-- migrate:downs\n-- up and down Migration\nalter table t rename to u;",
        "u(a);");
    // What comes behind such a part, and takes nothing back, is another file's.
    tells(
        "create table t(a int primary key); create table u(a int primary key); alter table u rename to v;"
        "alter table t add b int; alter table t drop b; create table x(a int primary key); drop table x;\n-- migrate:down\n"
        "create table x(a int primary key); create table u(a int primary key); alter table t add b int;"
        "alter table t add a int; create temp table x(a int); create table y(a int primary key);"
        "alter table t add c int, add d int; alter table t drop a, add c int; alter table z add c int;\n-- tidemark: ignore w\ncreate table w(a int);",
        "355 this is not carried out,;389 this is not carried out,;");
    makes(
        "create table t(a int primary key);\n---- create above / drop below ----\ndrop table t;\n"
        "create table u(a int primary key);\n---- create above / drop below ----\ndrop table u;",
        "source.sql:5:1: this line has come before: what stands between, another file's it seems, would be passed over with "
        "what takes back the first one's: leave out what stands below such lines");
}

static void test_blocks(void **state) {
    (void)state;
    // As drizzle and others write what may be there.
    makes(
        "do $$ begin create type e as enum ('a'); exception when duplicate_object then null; end $$;"
        "do $$ begin create type e as enum ('b'); exception when duplicate_object then null; end $$;"
        "create table t(a int primary key, b e);"
        "do $do$\nBEGIN\n alter table t add c int default -1, drop a;\n alter table t add primary key (c); end\n$do$ language plpgsql;",
        "t(c) a =-1;");
    makes(
        "create table t(a int primary key, b int not null, constraint u unique (b)); alter table t drop constraint t_pkey, alter a drop not null;"
        "do $$ begin alter table t add constraint u unique (b); exception when others then null; end $$;",
        "t(b);");
    tells(
        "create table t(a int primary key);"
        "do $$ begin if not exists (select from pg_type where typname = 'e') then create type e as enum (); end if; end $$;"
        "do $$ begin if true then alter table t add constraint c foreign key (a) references t; end if; end $$;"
        "do $$ begin perform 1; create index on t(a); end $$; do $$ declare x int; begin drop table t; end $$;"
        "do $$ begin execute 'alter table t add b int'; end $$; do $$ begin execute format('alter table %I owner to x', 't'); end $$;"
        "do 'begin raise notice ''x''; alter table t add b int; end'; do language plperl $$ begin alter table t add b int; end $$;",
        "34 what this DO block does ;302 what this DO block does ;350 what this DO block does ;474 what this DO block does ;"
        "535 what this DO block does ;");
    // What a mirror has nothing of.
    tells(
        "create table t(a int primary key, b int, constraint u unique (b)); create table p(a int primary key) partition by list (a);"
        "do $$ begin if true then drop trigger if exists x on t; drop policy p on t; drop function f; drop view v; drop table if exists tmp;"
        " drop index if exists i; alter table t drop constraint if exists t_fk; alter index i rename to j; alter view v rename to w;"
        " alter table t rename constraint c to d; alter function f() set schema s; alter view v alter a set default 1;"
        " create temp table tmp as select 1; create materialized view m as select 1; alter table tmp add c int;"
        " alter index p_i attach partition p1_i; create unique index on tmp (a); end if; end $$;",
        "");
    static const char *const changing[] = {
        "drop table t",
        "drop index u",
        "alter table t drop constraint u",
        "alter table t rename constraint t_pkey to k",
        "alter index u rename to k",
        "alter table public.t rename b to c",
        "alter table t set schema s",
        "drop schema s",
        "alter type e rename to f",
        "create table v as select 1",
    };
    for (size_t i = 0; i < sizeof changing / sizeof *changing; i++) {
        struct buffer sql = {0};
        buffer_format(
            &sql,
            "create table t(a int primary key, b int not null, constraint u unique (b)); do $$ begin if true then perform 1; %s; end if; end $$;",
            changing[i]);
        buffer_char(&sql, '\0');
        tells(sql.data, "76 what this DO block does ;");
        buffer_free(&sql);
    }
    // What fails leaves nothing of itself.
    makes(
        "create table t(a int primary key); do $$ begin create table u(b int) inherits (x); exception when others then null; end $$;",
        "t(a);");
    tells(
        "create table t(a int primary key, b int); do $$ begin alter table t add c int, add b int; exception when duplicate_column then null; end $$;",
        "42 what this DO block does ;");
    tells(
        "create table t(a int primary key); create function f() returns void language plpgsql as $$ begin alter table t add b int; end $$;"
        "create function g() returns void language sql as $$ drop table if exists t $$; create procedure h() language sql as $$ delete from t $$;"
        "select pg_catalog.set_config('search_path', '', false); call h(); select 1 from t where f() is null; select s.g(); select s.g(), f(); select 1 as x into u;"
        "select AddGeometryColumn('t', 'g', 4326, 'POINT', 2); select 1 into temp v;",
        "331 what function f does to ;366 what function g does to ;399 the table that select ..;420 what function addgeometr;");
}

static void test_columns_of_types(void **state) {
    (void)state;
    tells(
        "create type c as (k int, v text); create table t of c (primary key (k)); alter type c add attribute w int cascade;"
        "alter type c rename attribute w to x cascade;",
        "73 what alter type .. casca;114 what alter type .. casca;");
    tells(
        "create type c as (k int, v text); alter type c drop attribute v; create table t of c (primary key (k));",
        "83 this table has the colum;");
    tells(
        "create type c as (k int, v text); alter type c drop attribute v; create table t(k int primary key, x c);",
        "");
}

static void test_what_psql_reads(void **state) {
    (void)state;
    tells(
        "create table t(a int primary key);\n\\i other.sql\n \\ir x.sql\n\\restrict i\n\\include y\n\\ignored\n",
        "35 psql would read another ;49 psql would read another ;71 psql would read another ;");
    makes(
        "select 'create database x' \\gexec\ncreate table t(a int primary key);\nselect 1 as x\n\\gset\ncreate table u(a int primary key);",
        "t(a);u(a);");
    makes(
        "create table t(a int primary key);\ncopy public.t (a) from stdin with (format csv, header);\na\n1;\ndrop table t;\n\\.\n"
        "COPY t FROM STDIN CSV;\n2'\n\\.\ncreate table u(a int primary key); copy t from stdin;\n5\n\\.\ncopy t to stdout; create table v(a int primary key);"
        "copy t (stdin) from 'x'; create table w(a int primary key);",
        "t(a);u(a);v(a);w(a);");
}

static void test_a_semicolon_that_is_missing(void **state) {
    (void)state;
#define LACKS(at)                                                                                            \
    "source.sql:1:" at ": this statement is not told from the one before it (is a semicolon missing?), and " \
    "would not be carried out"
    makes("set search_path = x create table t(a int primary key);", LACKS("21"));
    makes("create table t(a int primary key); comment on table t is 'x' alter table t add b int;",
          LACKS("62"));
    makes("create table t(a int primary key); grant select on t to x drop type e; select 1;", LACKS("59"));
    makes(
        "create table t(a int primary key); comment on table t is 'create table u'; grant create on schema x to y;"
        "create event trigger e on sql_drop when tag in ('DROP TABLE') execute function f();"
        "comment on column t.a is $$ drop table t $$; alter default privileges grant select on tables to x;",
        "t(a);");
}

// What a program of before made of it, so that its files go on.
static void made_first(const char *sql, const char *wanted) {
    struct error error = {0};
    struct buffer text = {0};
    struct table *tables = NULL;
    int count = 0;
    assert_int_equal(source_sql_read_as(sql, SOURCE_AS_FIRST, &tables, &count, &error), 0);
    for (int i = 0; i < count; i++) {
        write_table(&text, &tables[i]);
        buffer_format(&text, "%d ", tables[i].column_count);
    }
    buffer_char(&text, '\0');
    assert_string_equal(text.data, wanted);
    source_sql_free(&tables, &count);
    buffer_free(&text);
}

static void test_as_the_first_of_its_format(void **state) {
    (void)state;
    made_first(
        "create table p(a int primary key, b int); create table c(primary key (a)) inherits (p); alter table p add d int, drop b;"
        "begin; alter table p add e int; rollback; do $$ begin alter table p add f int; end $$;",
        "p(a);3 c(a);2 ");
    made_first(
        "create table t(a int, x int, primary key (a) include (x)); alter table t drop x; set search_path = s create table u(a int);"
        "drop schema s cascade; alter schema public rename to q;\n-- migrate:down\nalter table t add s serial;",
        "t(a);2 ");
    made_first(
        "create table t(a int primary key, b int not null unique); alter table t drop constraint t_pkey;",
        "t(b);2 ");
}

// "t: a b! c*/old;": NOT NULL with !, a default of the source's with *, older names behind /, partitions in brackets.
static void has(const char *sql, const char *wanted) {
    struct error error = {0};
    struct buffer text = {0};
    struct table *tables = NULL;
    int count = 0;
    if (source_sql_read(sql, &tables, &count, &error) != 0)
        buffer_text(&text, error.message);
    for (int t = 0; t < count; t++) {
        buffer_text(&text, tables[t].name);
        for (int i = 0; i < tables[t].older_count; i++)
            buffer_format(&text, "/%s", tables[t].older[i]);
        buffer_char(&text, ':');
        for (int i = 0; i < tables[t].column_count; i++) {
            const struct column *column = &tables[t].columns[i];
            buffer_format(&text, " %s%s", column->name, column->not_null && column->key == 0 ? "!" : "");
            if (column->source_default && column->key == 0)
                buffer_char(&text, '*');
            for (int o = 0; o < column->older_count; o++)
                buffer_format(&text, "/%s", column->older[o]);
            if (column->fallback.kind == VALUE_INTEGER)
                buffer_format(&text, "=%lld", (long long)column->fallback.integer);
        }
        for (int i = 0; i < tables[t].partition_count; i++)
            buffer_format(&text, "%s%s%s", i == 0 ? " [" : " ", tables[t].partitions[i],
                          i + 1 == tables[t].partition_count ? "]" : "");
        buffer_char(&text, ';');
    }
    buffer_char(&text, '\0');
    if (strcmp(text.data, wanted) != 0)
        fail_msg("%s\n  %s, not\n  %s", sql, text.data, wanted);
    source_sql_free(&tables, &count);
    buffer_free(&text);
}

static void test_what_tables_that_inherit_get(void **state) {
    (void)state;
#define THREE                                                                                                \
    "create table p(id int primary key, a text); create table c(b text, primary key (id)) inherits (p);"     \
    "create table d(primary key (id)) inherits (c);"
    has(THREE
        "alter table p add n int not null default 7; alter table p rename a to x; alter table p alter x set not null;",
        "p: id x!/a n!=7;c: id x!/a b n!=7;d: id x!/a b n!=7;");
    has(THREE "alter table p drop a; alter table c drop b;", "p: id;c: id;d: id;");
    has(THREE "alter table only p drop a;", "p: id;c: id a b;d: id a b;");
    has(THREE "alter table c no inherit p; alter table p drop a, add b int;", "p: id b;c: id a b;d: id a b;");
    has(THREE "alter table d inherit p; alter table p drop a;", "p: id;c: id b;d: id b;");
    has("create table p(id int primary key, a text); create table c(b text, a text, primary key (id)) inherits (p);"
        "alter table p add b text default 'q'; alter table p drop a, drop b;",
        "p: id;c: id a b;");
    has(THREE "alter table p add column if not exists a int, add z int;",
        "p: id a z;c: id a b z;d: id a b z;");
    has(THREE "alter table p set schema s; alter table s.p rename to q; alter table s.q add z int;",
        "s.q/p/s.p: id a z;c: id a b z;d: id a b z;");
    has(THREE "create table e(id int primary key); drop table p cascade;", "e: id;");
    has("create table p(id int primary key); create table q(id int primary key, z int);"
        "create table c(primary key (id)) inherits (p, q); alter table p add z int; alter table p drop z; alter table q drop id, drop z, add y int primary key;",
        "p: id;q: y;c: id y!;");
}

static void test_numbers_that_the_source_gives(void **state) {
    (void)state;
    has("create table t(id bigserial primary key, a serial, b int generated by default as identity (start 5), c int not null);"
        "alter table t add d smallserial, add e bigint generated always as identity, add f int not null default 1;"
        "alter table t alter c add generated always as identity; alter table t alter f drop default, alter f add generated always as identity;",
        "t: id a!* b!* c!* d!* e!* f!=1;");
    has("create table t(a serial unique);", "t: a;");
}

static void test_names_by_the_search_path(void **state) {
    (void)state;
    // Who sets one path for all has names without a schema.
    has("set search_path = s, public; create table t(a int primary key); alter table t add b int; alter table s.t add c int;"
        "create unique index i on t(b); drop index i; alter table t alter b set not null; reset search_path;",
        "t: a b! c;");
    has("create table s.t(a int primary key); create table t(a int primary key); set search_path to 's'; alter table t add b int;"
        "set schema 'public'; alter table t add c int; select pg_catalog.set_config('search_path', '', false); alter table s.t add d int;",
        "s.t: a b d;t: a c;");
    has("set search_path = s; create table t(a int primary key); set search_path = r, public; create table if not exists t(b int primary key);"
        "alter table t add c int; alter table s.t add d int; set search_path = s; alter table t rename to u; create table if not exists u(z int);",
        "u/t: a d;r.t: b c;");
    has("create table s.t(a int primary key); create table t(a int primary key, b int); begin; set local search_path = \"$user\", s, public; drop table t;"
        "create table u(like public.t including all); savepoint x; rollback to x; alter table u add v int; commit; alter table t add c int; alter schema s rename to q;"
        "drop schema q cascade;",
        "t: a b c;");
    has("create table s.p(a int primary key, b int); create table p(c int primary key); set search_path = s; create table q(d int, primary key (a)) inherits (p);"
        "alter table p add e int; begin; set search_path = public; rollback; alter table p drop b;",
        "s.p: a e;p: c;q: a d e;");
    // IF EXISTS speaks of the path's alone.
    has("create table t(a int primary key); create table u(a int primary key); set search_path = s; drop table if exists t;"
        "alter table if exists u add b int; begin; set local search_path = s, public; abort; drop table if exists u;",
        "t: a;u: a;");
    has("set search_path = q, public; create table v(a int primary key); set search_path = public, s; create table if not exists v(b int primary key);",
        "source.sql:1:121: table v stands on line 1 already");
    has("create domain d as int default 1; create domain s.d as int default 2; create domain d as int default 3; set search_path = s, public;"
        "create table t(id int primary key, a d, b public.d); set search_path = public; create table u(id int primary key, a d);",
        "t: id a=2 b=3;u: id a=3;");
}

static void test_what_is_left_out_by_its_last_name(void **state) {
    (void)state;
    has("create table t(a int primary key, b int); create table u(a int primary key, b int, c int); alter table t rename to x;"
        "alter table x add d int; alter table u rename c to e; alter table u alter e set not null;\n"
        "-- tidemark: ignore x\n-- tidemark: ignore u.e\n-- tidemark: ignore u.b",
        "u: a;");
}

static void test_what_goes_along(void **state) {
    (void)state;
    has("create schema s; create type s.e as enum ('a'); create type m as enum ('q'); create domain d as int default 5;"
        "create table t(id int primary key, a s.e, b m[], c d, z text, unique (id, c)); create table s.u(id int primary key);"
        "drop domain d cascade; drop type m; drop type m cascade; drop schema s; drop schema s cascade;",
        "t: id z;");
    has("create schema s; create type s.e as enum ('a'); create table s.t(id int primary key, a s.e);"
        "create table s.p(id int primary key) partition by range (id); create table s.p1 partition of s.p for values from (0) to (9);"
        "create table p2 partition of s.p default partition by list (id); create table p21 partition of p2 default;"
        "alter schema s rename to r; alter table p2 rename to q; alter table p21 set schema r;",
        "r.t/s.t: id a;r.p/s.p: id [r.p1 q r.p21];");
    has("create table p(id int primary key) partition by range (id); create table p1 partition of p for values from (0) to (9);"
        "create table p2 partition of p default partition by list (id); create table p21 partition of p2 default; drop table p2;",
        "p: id [p1];");
    has("create table t(id int primary key); alter schema public rename to o; create table u(id int primary key);"
        "alter schema o rename to public;",
        "t/t/o.t: id;u: id;");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_of_added_columns),
        cmocka_unit_test(test_unique_indexes_go_with_their_table),
        cmocka_unit_test(test_keys_that_are_dropped),
        cmocka_unit_test(test_constraints_of_indexes),
        cmocka_unit_test(test_types_that_change),
        cmocka_unit_test(test_names_that_are_taken),
        cmocka_unit_test(test_types_as_before),
        cmocka_unit_test(test_transactions_that_are_taken_back),
        cmocka_unit_test(test_parts_that_migration_tools_do_not_run),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_what_tables_that_inherit_get),
        cmocka_unit_test(test_what_goes_along),
        cmocka_unit_test(test_what_psql_reads),
        cmocka_unit_test(test_as_the_first_of_its_format),
        cmocka_unit_test(test_columns_of_types),
        cmocka_unit_test(test_names_by_the_search_path),
        cmocka_unit_test(test_what_is_left_out_by_its_last_name),
        cmocka_unit_test(test_numbers_that_the_source_gives),
        cmocka_unit_test(test_a_semicolon_that_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
