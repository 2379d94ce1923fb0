#!/usr/bin/env python3
"""`tidemark check`: what it refuses and what it warns of, with the file; and what a query's parameters may be."""

import json
import sys
import unittest
import urllib.parse

import tide

SOURCE = """create table accounts(id int primary key, name text not null, amount decimal(12,2) not null, nick text, opened date, at timestamptz, uid uuid, size int, exact numeric, settled boolean, seen timestamp);
create table others(id int primary key);
"""
UUID = "6fa459ea-ee8a-3ca4-894e-db77e160355e"


class Check(tide.Case):
    def views(self, **files):
        """A folder with SOURCE and the view v; the files are named by their first word and a dot: query_x, apply_x."""
        views = self.path / f"views{len(list(self.path.iterdir()))}"
        (views / "v").mkdir(parents=True)
        (views / "source.sql").write_text(SOURCE)
        for name, text in files.items():
            (views / "v" / (name.replace("_", ".") + ".sql")).write_text(text)
        return views

    def check(self, **files):
        done = tide.run("check", "--views", self.views(**files))
        return done.returncode, done.stderr

    def refused(self, words, **files):
        code, told = self.check(**files)
        self.assertEqual(1, code, told)
        self.assertIn(words, told)

    def warned(self, words, **files):
        code, told = self.check(**files)
        self.assertEqual(0, code, told)
        self.assertIn(words, told)
        self.assertEqual(1, told.count("warn "), told)

    def passed(self, **files):
        self.assertEqual((0, ""), self.check(**files))

    def test_what_a_file_may_be_called(self):
        for name in ("query_größe", "query_a b", "select"):
            self.refused("NAME of the letters a to z and A to Z, digits, _ and -", **{name: "select 1 as a"})

    def test_the_built_in_views_are_well(self):
        done = tide.run("check")
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_a_name_that_is_taken(self):
        """By a table that source.sql got later, or by another view: both places are told, and what to do."""
        for makes in ("table others(id int)", "view Others as select 1 as a", "index others on accounts(name)", 'table "others"(id int)'):
            name = "Others" if "Others" in makes else "others"
            self.refused(f"v/schema.sql:2: {name} is taken: source.sql:2 makes", schema=f"create table v_x(id int);\ncreate {makes};")
        for makes in ("table if not exists others(id int)", 'view if not exists "others" as select 1 as a', "table IF NOT EXISTS main.Others(id int)",
                      "table if not exists `others`(id int)", "table if not exists main /**/ . [others](id int)"):  # fmt: skip
            name = "Others" if "Others" in makes else "others"
            self.refused(f"v/schema.sql:2: {name} is taken: source.sql:2 makes", schema=f"create table if not exists v_x(id int);\ncreate {makes};")
        views = self.views(schema="create table v_x(id int);\ncreate index v_i on v_x(id);")
        for makes in ("table v_x(id int)", "view v_x as select 1 as a", "index v_i on accounts(name)", "table if not exists [v_x](id int)",
                      "view if not exists `v_x` as select 1 as a"):  # fmt: skip
            (views / "w").mkdir(exist_ok=True)
            (views / "w" / "schema.sql").write_text(f"create table w_x(id int);create {makes};")
            done = tide.run("check", "--views", views)
            name, line = ("v_i", 2) if "v_i" in makes else ("v_x", 1)
            self.assertIn(f"w/schema.sql:1: {name} is taken: v/schema.sql:{line} makes", done.stderr)
            self.assertIn("give one another name", done.stderr)
        # an index that is there and is the same one serves both
        (views / "v" / "schema.sql").write_text("create table v_x(id int);\ncreate unique index v_i on accounts(name) where size > 5;")
        for makes, same in (
            ("unique index if not exists v_i on accounts ( NAME ) where size > 5", True), ("unique index if not exists main.[v_i] on accounts(name) /**/ where size > 5", True),
            ("index if not exists v_i on accounts(name) where size > 5", False), ("unique index if not exists v_i on accounts(name)", False),
            ("unique index if not exists v_i on accounts(nick) where size > 5", False), ("unique index if not exists v_i on accounts(name) where size > '5'", False), ("unique index if not exists v_i on accounts(name) where size > 5 and id > 1", False),
        ):  # fmt: skip
            (views / "w" / "schema.sql").write_text(f"create {makes};create table if not exists w_x(id int);")
            done = tide.run("check", "--views", views)
            self.assertEqual(0 if same else 1, done.returncode, makes)
            self.assertEqual(not same, "w/schema.sql:1: v_i is taken: v/schema.sql:2 makes" in done.stderr, done.stderr)
        for text, code in ("Ada", 0), ("ADA", 1):  # a text is as it is written
            (views / "v" / "schema.sql").write_text("create index v_i on accounts(size) where name = 'Ada';")
            (views / "w" / "schema.sql").write_text(f"create index if not exists v_i on accounts(size) where name = '{text}';create table if not exists w_x(id int);")
            self.assertEqual(code, tide.run("check", "--views", views).returncode, text)
        self.refused("v/schema.sql:2: table v_x already exists", schema="create table v_x(id int);\ncreate table v_x(id int);")

    def test_a_virtual_table_is_not_kept(self):
        """Its rowids, which are its keys, would be others; what its trigger makes of a kept table is made again."""
        for kind in ("fts5(name)", "fts4(name)", "rtree(id, low, high)"):
            self.refused("v/schema.sql:1: V_search is a virtual table, of which not all can be kept",
                         schema=f"-- tidemark: keep V_search\ncreate virtual table v_search using {kind};")  # fmt: skip
        self.passed(schema="-- tidemark: keep v_names\ncreate table v_names(id integer primary key, name text);\n"
                    "create virtual table v_search using fts5(name);\n"
                    "create trigger v_named after insert on v_names begin insert into v_search(rowid, name) values (new.id, new.name); end;\n",
                    apply_n="insert into v_names select new_id, new_name from _changes_accounts where _op = 'c' and _snapshot = 0")  # fmt: skip

    def test_columns(self):
        self.refused('v/query.q.sql:1: two columns are called "id"', query_q="select a.id, b.id from accounts a, accounts b")
        self.warned('"count(*)"', query_q="select count(*) from accounts")
        self.passed(query_q="select count(*) as n from accounts")

    def test_a_parameter_that_every_query_has_is_no_other(self):
        for name in ("after_lsn", "after_txid", "after_offset", "wait_ms", "max_lag_seconds", "bigint", "last_event_id"):
            query = f"select id\nfrom accounts -- :{name}\nwhere id = :{name}"
            self.refused(f"v/query.q.sql:3: :{name} cannot be given", query_q=query)
        self.passed(query_q="select id from accounts where id = :bigints")

    def test_a_name_in_double_quotes_is_no_text(self):
        self.refused("v/query.q.sql:1: no such column: naem", query_q="select id from accounts where \"naem\" = 'paid'")
        self.refused("no such column: paid", query_q='select id from accounts where name = "paid"')
        self.refused("no such column: paid", schema='create view v_paid as select id from accounts where name = "paid"')
        self.refused("no such column: paid", schema='create trigger v_t after insert on accounts when NEW.name = "paid" begin delete from v_x; end;'
                     "create table v_x(id int)")  # fmt: skip
        self.refused("no such column: paid", schema="create table v_x(id int, name text); create index v_i on v_x(id) where name = \"paid\"")
        self.passed(query_q='select "id" from "accounts" where "name" = \'paid\'')

    def test_what_the_connector_does_not_send(self):
        views = self.views()
        key = "create table codes(id int primary key, code text not null unique);\n"
        for source, words in (
            (key + "alter table codes replica identity using index codes_code_key;\n", "deletes with the key 0"),
            (key + "create table spots(id int primary key,\n  area polygon);\n", "source.sql:3: column area is polygon"),
            (key + "alter table codes replica identity full;\n", None),
            ("create table t(id int primary key, b bit(3)[]);\n", "of which Debezium sends NULL, whatever it holds"),
            ("create table t(id int primary key, b bit(3)[2][4]);\n", "column b is bit(3)[], of which Debezium sends NULL, whatever it holds"),
            ("create table t(id int primary key, b time array[3]);\n", "column b is time[], of which Debezium sends whole milliseconds"),
            ("create table t(id int primary key, b bit varying(3)[]);\n", "which Debezium leaves out of events: it stays NULL"),
            ("create table t(id int primary key, r int4multirange[]);\n", "leaves out of events unless include.unknown.datatypes"),
            ("create type mood as enum('a');\ncreate table t(id int primary key, m mood, w text[], u uuid[], n mood[], v tsvector[]);\n", None),
        ):
            (views / "source.sql").write_text(source)
            done = tide.run("check", "--views", views)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertEqual(0 if words is None else 1, done.stderr.count("warn "), done.stderr)
            self.assertIn(words or "", done.stderr)

    def test_keys_of_which_two_are_one(self):
        views = self.views()
        for declared, words in (
            ("timetz", "k of the key of t is timetz, of which Debezium sends 10:00:00+02 as 08:00:00Z"),
            ("time(3) with time zone", "as 08:00:00Z"),
            ("bit varying(8)", "bits without their leading zeros"),
            ("varbit", "bits without their leading zeros"),
            ("interval", "a month as 30.4375 days"),
            ("interval year to month", "a month as 30.4375 days"),
            ("time", None), ("bit(8)", None), ("timestamptz", None), ("text", None),
        ):  # fmt: skip
            for source in (f"create table t(k {declared} primary key);\n", f"create table t(id int, k {declared}, primary key(id, k));\n"):
                (views / "source.sql").write_text(source)
                done = tide.run("check", "--views", views)
                self.assertEqual(0, done.returncode, done.stderr)
                self.assertEqual(0 if words is None else 1, done.stderr.count("warn "), source + done.stderr)
                self.assertIn(words or "", done.stderr)
            (views / "source.sql").write_text(f"create table t(id int primary key, k {declared});\n")
            self.assertEqual("", tide.run("check", "--views", views).stderr)

    def test_tables_that_are_not_in_the_log(self):
        for text, warned in (
            ("create unlogged table t(id int primary key);", True),
            ("create table t(id int primary key);\nalter table t set unlogged;", True),
            ("create unlogged table t(id int primary key);\nalter table t set logged;", False),
            ("create table t(id int primary key);", False),
        ):
            views = self.views()
            (views / "source.sql").write_text(text + "\n")
            done = tide.run("check", "--views", views)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertEqual(warned, "source.sql:1: table t is unlogged" in done.stderr, text)

    def test_types_that_are_none_of_postgresqls(self):
        views = self.views()
        (views / "source.sql").write_text(
            "create type mood as enum('a'); create domain price as numeric(8, 2); create type pair as (a int, b int);\n"
            "create table t(id int primary key, a mood, b price[], c pair, d inet, e interval, f public.citext, g tsrange, h float,\n"
            "  i nmeric(10, 2),\n  j datetime,\n  k geology,\n  l geology, m timestmptz[]);\n")  # fmt: skip
        done = tide.run("check", "--views", views)
        self.assertEqual(0, done.returncode, done.stderr)
        none = "which is no type of PostgreSQL's and is not made here: its values are kept as they come, as text"
        self.assertEqual([f"source.sql:3: column i is nmeric(10, 2), {none}; numeric may be meant",
                          f"source.sql:4: column j is datetime, {none}; timestamp may be meant",
                          f"source.sql:5: column k is geology, {none}",
                          f"source.sql:6: column m is timestmptz[], {none}; timestamptz may be meant"],
                         [line.split("warn  ")[1] for line in done.stderr.splitlines() if none in line])  # fmt: skip

    def test_parameter_lines(self):
        query = "select id from accounts where name = :name"
        self.refused("v/query.q.sql:1: the query has no parameter :nam", query_q="-- tidemark: nam is text\n" + query)
        self.refused("v/query.q.sql:2: a parameter is", query_q="--\n-- tidemark: name is texts\n" + query)
        self.refused("NAME is TYPE", query_q="-- tidemark: name text\n" + query)
        for line in ("-- tidemark name is text", "--tidemark: name is text", "-- Tidemark: name is text", "-- tidemark:name is text"):
            self.refused("v/query.q.sql:1: such a line begins with", query_q=line + "\n" + query)
        self.passed(query_q="-- tidemark shows what is there: name is given\n" + query)
        self.refused("may be required", query_q="-- tidemark: name is decimal(19,2)\n" + query)
        self.refused("may be required", query_q="-- tidemark: name is text require\n" + query)
        for rule in ("numeric", "numeric(19,2)", "integer(4)", "bigints", "varchar(x)", "timestamp with", "numeric(12,2)x"):
            self.refused("may be required", query_q=f"-- tidemark: name is {rule}\n" + query)
        for rule in ("text", "text required", "decimal(12,2)", "timestamp", "uuid required", "date", "boolean", "timestamptz required", "numeric(14,2)",
                     "numeric(14, 2) required", "bigint", "smallint required", "double precision", "real", "varchar(20) required", "character varying",
                     "timestamp with time zone required", "timestamp without time zone", "bool"):
            self.passed(query_q=f"-- tidemark: name is {rule}\n" + query)

    def test_parameters_beside_columns_that_are_stored_otherwise(self):
        query = "select id from accounts a where {}"
        for condition, rule in (
            ("settled = :p", "boolean"), (":p is null or a.settled is :p", "boolean"), (":p >= at", "timestamptz"),
            ("at between '2026' and :p", "timestamptz"), ("seen < :p", "timestamp"),
        ):  # fmt: skip
            self.warned(f"`-- tidemark: p is {rule}`", query_q=query.format(condition))
            self.passed(query_q=f"-- tidemark: p is {rule}\n" + query.format(condition))
        for condition in ("opened = :p", "settled = (id = :p)", "settled and id = :p", "at > '2026' and name = :p"):
            self.passed(query_q=query.format(condition))

    def test_parameters_beside_texts_that_are_computed(self):
        """A parameter that is not declared is a number where it is written as one, and no text is equal to a number."""
        query = "select id from accounts a where {}"
        for condition in (
            "lower(name) = :p", ":p is null or substr(a.name, 1, 4) is :p", ":p >= strftime('%Y', opened)", "coalesce(a.nick, '') = :p",
            "upper(name) in ('A', :p)", "lower(name) not in (:p)", "trim(name) between 'a' and :p", "id = 1 or replace(name, '-', '') <> :p",
            ":p = ifnull(nick, name)", "name || nick = :p", ":p in (name, nick)", ":p in (lower(name), 'x')",
        ):  # fmt: skip
            self.warned("`-- tidemark: p is text`", query_q=query.format(condition))
            self.passed(query_q="-- tidemark: p is text\n" + query.format(condition))
        for condition in ("nick->>'zip' = :p", "json_extract(nick, '$.zip') = :p", ":p = a.nick->>'$.zip'"):
            self.warned("`-- tidemark: p is text`, or integer or number", query_q=query.format(condition))
            self.passed(query_q="-- tidemark: p is integer\n" + query.format(condition))
        for condition in (
            "name = :p", "lower(name) = lower(:p)", "cast(nick as text) = :p", "length(name) = :p", "1 + length(lower(name)) = :p", "lower(name) like :p",
            "size + substr(name, 2) = :p", "coalesce(size, 0) = :p", "lower(name) = 'a' and id = :p", "nick->>:p = 'a'", "lower(name) = :p || ''",
            "cast(substr(name, 5) as integer) = :p", "id in (select :p) and lower(name) = ''", ":p in (id, size)", ":p in (select name from accounts)",
        ):  # fmt: skip
            self.passed(query_q=query.format(condition))

    def test_decimals(self):
        query = "select id from accounts a where {}"
        declared = "-- tidemark: min is decimal(12,2)\n"
        for condition in ("amount > 2.00", "2.5 <= a.amount", "amount between 1 and 2.5", 'a."amount" = 3.0'):
            self.warned("v/query.q.sql:1: amount is stored as a count", query_q=query.format(condition))
        for condition in ("amount > :min", "amount between 100 and :min", ":min < a.amount"):
            self.warned("min is decimal(12,2)", query_q=query.format(condition))
            self.passed(query_q=declared + query.format(condition))
        for condition in ("amount > 200", "id > 2.5", "name = '2.00' and amount = 1", "amount > 1 -- 2.5", "id = :amount"):
            self.passed(query_q=query.format(condition))
        self.warned("decimal(sum(amount), 2)", query_q="select sum(a.amount) as s from accounts a")
        self.passed(query_q="select decimal(sum(a.amount), 2) as s from accounts a")

    def test_statements_without_a_weight(self):
        schema = "create table v_sums(name text primary key, n int not null, amount decimal(12,2) not null);\n-- tidemark: keep v_sums\n"
        head = "insert into v_sums select name, {} from _delta_accounts where true group by name on conflict do update set n = n + excluded.n"
        self.warned("_weight", schema=schema, apply_s=head.format("count(*), sum(amount)"))
        self.passed(schema=schema, apply_s=head.format("sum(_weight), sum(_weight * amount)"))
        again = "insert or replace into v_sums select name, count(*), sum(amount) from accounts where name in (select name from _delta_accounts) group by name"
        self.passed(schema=schema, apply_s=again)

    def test_statements_that_are_wrong_in_some_commits(self):
        """Each with the place, and what to write."""
        schema = "create table v_nicks(nick text primary key, n int not null) without rowid;\ncreate table v_rows(id int primary key, nick text not null);\n-- tidemark: keep v_nicks\n-- tidemark: keep v_rows\n"
        upsert = " where true on conflict(nick) do update set n = n + excluded.n"
        for statement, words in (
            ("insert into v_nicks\nselect nick, _weight from _sums_accounts('nick')" + upsert, "v/apply.s.sql:2: nick may be NULL, and v_nicks.nick is a key"),
            ("insert into v_nicks(n, nick)\nselect _weight,\n  nick from _sums_accounts('nick')" + upsert, "v/apply.s.sql:3: nick may be NULL"),
            ("insert or replace into v_rows select id, nick from _delta_accounts where _weight > 0", "v_rows.nick is not null, so that the statement would fail"),
            ("insert into v_rows select id, name from _delta_accounts", "without _weight: rows as they were come too"),
            ("insert into v_nicks select a.name, sum(a._weight * b._weight) from _delta_accounts a\njoin _delta_others b on b.id = a.id group by 1" + upsert.replace(" where true", ""),
             "v/apply.s.sql:2: a join of two tables of changes"),
            ("insert into v_nicks select name, sum(_weight * size) from _delta_accounts where true group by 1" + upsert.replace(" where true", ""), "the sum of NULLs alone is NULL, and size may be NULL"),
        ):  # fmt: skip
            with self.subTest(statement):
                self.warned(words, schema=schema, apply_s=statement)
                self.assertIn("^", self.check(schema=schema, apply_s=statement)[1])
        for statement in (
            "insert into v_nicks select ifnull(nick, ''), _weight from _sums_accounts('nick')" + upsert,
            "insert into v_nicks select nick, _weight from _sums_accounts('nick') where nick is not null" + upsert.replace(" where true", ""),
            "insert into v_nicks select ifnull(nick, ''), size from _sums_accounts('nick')" + upsert,
            "insert into v_nicks select name, ifnull(sum(_weight * size), 0) from _delta_accounts where true group by 1" + upsert.replace(" where true", ""),
            "insert or replace into v_rows select id, name from _delta_accounts where _weight > 0",
            "delete from v_rows where id in (select id from _delta_accounts)",
        ):  # fmt: skip
            with self.subTest(statement):
                self.passed(schema=schema, apply_s=statement)

    def test_totals_that_become_null_or_are_replaced(self):
        """What a commit adds: a sum that may be NULL, one that takes the place of the total, groups that are left out."""
        schema = "create table v_t(k text primary key, n int, at text);\n"
        add, add_n = " where true on conflict(k) do update set n = n + excluded.n", " having true on conflict(k) do update set n = n + excluded.n"
        delta, sums = " from _delta_accounts group by name", " from _sums_accounts('name')"
        for statement, words in (
            (f"insert into v_t(k, n) select name, sum(_weight) filter (where settled){delta}{add_n}", "filter may leave none"),
            (f"insert into v_t(k, n) select name,\nsum(case when settled then _weight end){delta}{add_n}", "v/apply.s.sql:2: the sum of no rows is NULL, and a case without else"),
            (f"insert into v_t(k, n) select name, sum(case when settled then _weight * size else 0 end){delta}{add_n}", "size may be NULL"),
            (f"insert into v_t(k, n) select name, sum(_weight * (size + 1)){delta}{add_n}", "size may be NULL"),
            (f"insert into v_t(k, n) select name, sum(_weight * settled * 2){delta}{add_n}", "settled may be NULL"),
            (f"insert into v_t(k, n) select 'all', sum(_weight) from _delta_accounts{add_n}", "without group by"),
            ("update v_t set n = n + (select sum(_weight) from _delta_accounts)", "without group by"),
            ("insert into v_t(k, n) select name, _weight * size from _delta_accounts" + add, "size may be NULL: added"),
            (f"insert into v_t(k, n) select name, sum(_weight){delta}{add_n.replace('n + ', '')}", "n is what a commit adds, and takes the place"),
            (f"insert into v_t(k, n) select name, w from (select name, sum(_weight) as w{delta}){add.replace('n + ', '')}", "n is what a commit adds"),
            (f"insert into v_t(k, n) select name, size{sums}{add.replace('n + ', '')}", "n is what a commit adds"),
            (f"insert into v_t(k, n) select name, _weight{sums}{add.replace('n + excluded.n', 'max(n, excluded.n)')}", "n is what a commit adds"),
            (f"insert or replace into v_t(k, n) select name, _weight{sums}", "n is what a commit adds"),
            (f"insert into v_t(k, n) select name, size{sums}{add.replace('true', '_weight > 0')}", "a group that is left out keeps what it had"),
            (f"insert into v_t(k, n) select name, size{sums}{add.replace('true', '_weight <> 0')}", "a group that is left out keeps what it had"),
            (f"insert into v_t(k, n) select name, count(distinct nick) * _weight{delta}, _weight{add_n}", "of the different values of rows that change"),
            ("insert into v_t(k, n) select name, max(size) from _delta_accounts where _weight > 0 group by 1 on conflict(k) do update set n = max(n, excluded.n)", "the max of rows that change"),
            ("update v_t set n = n - 1 where k in (select name from _delta_accounts where _weight < 0)", "it adds once, however many rows of _delta_accounts"),
            (f"insert into v_t(k, n) select name, sum(_weight){delta}", "each commit adds rows of its own to v_t"),
        ):  # fmt: skip
            with self.subTest(statement):
                taken = {"apply_t": "delete from v_t where k in (select name from _delta_accounts) and k not in (select name from accounts)"} if "max(size)" in statement else {}
                self.warned(words, schema=schema, apply_s=statement, **taken)
        for statement in (  # right
            f"insert into v_t(k, n) select name, ifnull(sum(_weight) filter (where settled), 0){delta}{add_n}",
            f"insert into v_t(k, n) select name, sum(case when settled then _weight else 0 end){delta}{add_n}",
            f"insert into v_t(k, n) select name, sum(iif(size > 0, _weight, 0)){delta}{add_n}",
            f"insert into v_t(k, n) select name, sum(_weight * (size is null)){delta}{add_n}",
            f"insert into v_t(k, n) select name, sum(_weight * size) from _delta_accounts where size > 1 group by name{add_n}",
            f"insert into v_t(k, n) select name, ifnull(s, 0) from (select name, sum(_weight * size) as s{delta}){add}",
            "insert into v_t(k, n) select 'all', sum(_weight) from _delta_accounts having count(*) > 0 on conflict(k) do update set n = n + excluded.n",
            "update v_t set n = n + (select sum(_weight) from _delta_accounts d where d.name = k) where k in (select name from _delta_accounts)",
            f"insert into v_t(k, n) select name, _weight{sums}{add.replace('true', '_weight <> 0')}",
            f"insert into v_t(k, n) select name, size{sums}{add.replace('true', '_weight <> 0 or size <> 0')}",
            f"insert into v_t select name, _weight, name || '!'{sums}{add}, at = excluded.at",
            f"insert into v_t(k, n) select name, count(*) from accounts where name in (select name from _delta_accounts) group by name{add_n.replace('n + ', '')}",
            "insert into v_t(k, n) select a.nick, sum(a.size) from accounts a where a.nick in (select nick from _delta_accounts) group by a.nick on conflict(k) do update set n = excluded.n",
            f"insert into v_t(k, n) select name, sum(size) from _sums_accounts('name') group by 1{add_n}",
            f"insert into v_t(k, n) select name, sum(iif(size is null, 0, _weight * size)){delta}{add_n}",
            f"insert into v_t(k, n) select name, sum(_weight * size) from _delta_accounts where size between 1 and 5 group by name{add_n}",
            f"insert into v_t(k, n) select name, sum(_weight) filter (where settled){delta} having true on conflict(k) do update set n = ifnull(n, 0) + ifnull(excluded.n, 0)",
            "insert into v_t(k, n) select name, size from _delta_accounts where _weight > 0 on conflict(k) do update set n = excluded.n + 0",
            "insert or ignore into v_t(k) select name from _delta_accounts",
            "insert or ignore into v_t select name, 0, null from _delta_accounts", "insert into v_t select name, 0, null from _delta_accounts where true on conflict do nothing",
        ):  # fmt: skip
            with self.subTest(statement):
                self.passed(schema=schema, apply_s=statement, apply_t="delete from v_t where k in (select name from _delta_accounts) and k not in (select name from accounts)")
        both = schema.replace("n int", "n int, m int, both int")
        self.passed(schema=both, apply_s=f"insert into v_t(k, n, m) select name, sum(_weight), sum(_weight * id){delta} having true on conflict(k) do update set both = n + m + excluded.n + excluded.m, n = n + excluded.n, m = m + excluded.m")
        seen = "insert or ignore into v_n select id, 0 from _delta_accounts where _weight > 0", "update v_n set n = n + 1 where {0} in (select {0} from _delta_accounts)"
        self.passed(schema="create table v_n(id int primary key, n int);\n-- tidemark: keep v_n\n", apply_1=seen[0], apply_2=seen[1].format("id"))
        self.warned("it adds once, however many rows", schema="create table v_n(id int primary key, n int, size int);\n-- tidemark: keep v_n\n", apply_1=seen[0].replace("0 from", "0, 1 from"), apply_2=seen[1].format("size"))
        self.passed(schema=schema + "-- tidemark: keep v_t\n", apply_s=f"insert or replace into v_t(k, n) select name, _weight{sums}")
        self.passed(schema=schema + "-- tidemark: keep v_t\n", apply_s="insert into v_t(k, n) select name, max(size) from _delta_accounts where _weight > 0 group by 1 on conflict(k) do update set n = max(n, excluded.n)")

    def test_a_row_of_no_rows(self):
        schema, end = "create table v_t(k text primary key, n int);\n", " where exists (select 1 from _delta_accounts) on conflict(k) do update set n = excluded.n"
        self.warned("v/apply.s.sql:1: without group by it is a row of no rows too", schema=schema, apply_s="insert into v_t select 'all', count(*) from accounts" + end)
        for select in ("'all', (select count(*) from accounts)", "name, count(*) from accounts{} group by name having true", "'all', count(*) from accounts{} having count(*) > 0", "name, max(size, 1) from accounts"):
            where = end.partition(" on ")[0]
            self.passed(schema=schema, apply_s="insert into v_t select " + (select.format(where) + end[len(where):] if "{}" in select else select + end),
                        apply_t="delete from v_t where k in (select name from _delta_accounts) and k not in (select name from accounts)")  # fmt: skip

    def test_rows_that_a_trigger_takes_in(self):
        """`instead of insert` says what becomes of them."""
        view = "create table v_t(k text primary key, n int);\ncreate view v_in as select k, n from v_t;\n"
        view += "create trigger v_i instead of insert on v_in begin insert into v_t values(new.k, new.n) on conflict(k) do update set n = n + excluded.n; end;\n"
        self.passed(schema=view, apply_s="insert into v_in(k, n) select name, _weight from _sums_accounts('name')")

    def test_groups_that_come_to_one_key(self):
        """The sums of a REAL are exact by group."""
        schema = "create table v_t(k text primary key, n int, w real);\n"
        for item, column, warns in (("ifnull(tag, '')", "w", True), ("'all'", "w", True), ("lower(tag)", "w", True), ("ifnull(tag, x'')", "w", False), ("name", "w", False), ("name as k", "w", False), ("ifnull(tag, '')", "n", False)):
            views = self.views(schema=schema, apply_s=f"insert into v_t(k, n, w) select\n{item}, {'_weight, weight' if column == 'w' else 'n, 0'} from _sums_things('{'name' if item.startswith('name') else 'tag'}') where true on conflict(k) do update set {column} = {column} + excluded.{column}")
            (views / "source.sql").write_text("create table things(id int primary key, name text not null, tag text, n int, weight real);\n")
            with self.subTest(item=item, column=column):
                done = tide.run("check", "--views", views)
                self.assertEqual((0, warns), (done.returncode, "v/apply.s.sql:2: several groups of _sums_ may come to this one key" in done.stderr), done.stderr)
                self.assertEqual(warns, done.stderr != "")

    def test_rows_of_two_tables(self):
        rows = "create table v_rows(id int primary key, name text);\n"
        gone, come = "delete from v_rows where id in (select id from _delta_accounts)", "insert into v_rows select a.id, 'x' from _delta_accounts a {} join others o on o.id = a.size where a._weight > 0"
        update = "update v_rows set name = 'y' || id where id in (select id from _delta_others where _weight > 0)"
        self.warned("v/apply.2.sql:1: a row whose partner in others comes later is left out for good", schema=rows, apply_1=gone, apply_2=come.format(""), apply_3=update)
        self.passed(schema=rows, apply_1=gone, apply_2=come.format("left"), apply_3=update)
        both = "create table v_n(k int primary key, n int);\n"
        head, end = "insert into v_n select k, sum(w) from (select o.id as k, a._weight as w from _delta_accounts a join others o on o.id = a.size\nunion all select o.id, o._weight from accounts a join _delta_others o on o.id = a.size{})", " group by k having true on conflict(k) do update set n = n + excluded.n"  # fmt: skip
        third = " union all select o.id, -a._weight * o._weight from _delta_accounts a join _delta_others o on o.id = a.size"
        self.warned("v/apply.s.sql:2: a row of accounts and one of others that change in one commit are counted twice", schema=both, apply_s=head.format("") + end)
        self.passed(schema=both, apply_s=head.format(third) + end)
        marks = "insert into v_rows select id, 0 from _delta_accounts where _weight > 0 on conflict(id) do update set name = 0", "update v_rows set name = 1 where id in (select id from _delta_accounts) and id not in (select id from accounts)"
        self.warned("v/apply.1.sql:1: nothing takes a row away from v_rows", schema=rows, apply_1=marks[0], apply_2=marks[1])
        half = "delete from v_rows where id in (select size from _delta_accounts where _weight > 0)", "insert into v_rows select size, max(name) from accounts where size in (select size from _delta_accounts where _weight > 0) group by size"
        self.warned("v/apply.2.sql:1: nothing takes a row away from v_rows", schema=rows, apply_1=half[0], apply_2=half[1])

    def test_rows_that_stay_as_they_were(self):
        rows = "create table v_rows(id int primary key, name text);\n"
        gone = "delete from v_rows where id in (select id from _delta_accounts where _weight < 0)"
        come = "insert {}into v_rows select id, name from _delta_accounts where _weight > 0{}"
        for insert in (come.format("or ignore ", ""), come.format("", " on conflict do nothing")):
            self.warned("v/apply.2.sql:1: a row that changes is there already, and stays as it was", schema=rows, apply_1=gone + " and id not in (select id from accounts)", apply_2=insert)
            self.passed(schema=rows, apply_1=gone, apply_2=insert)
        self.passed(schema=rows, apply_1=gone + " and id not in (select id from accounts)", apply_2="insert or ignore into v_rows select id, 'x' from _delta_accounts where _weight > 0")
        of = "insert or replace into v_rows select a.id, 'x' from accounts a {}join others o on o.id = a.size where a.id in (select id from _delta_accounts) or o.id in (select id from _delta_others)"
        both = "delete from v_rows where id in (select id from _delta_accounts) or id in (select a.id from accounts a join _delta_others o on o.id = a.size)"
        self.warned("v/apply.2.sql:1: a row whose partner in others goes stays in v_rows", schema=rows, apply_1=both.partition(" or ")[0], apply_2=of.format(""))
        self.passed(schema=rows, apply_1=both.partition(" or ")[0], apply_2=of.format("left "))
        self.passed(schema=rows, apply_1=both, apply_2=of.format(""))
        self.warned("v/apply.2.sql:1: it deletes what v/apply.1.sql has just inserted", schema=rows, apply_1=of.format(""), apply_2=both)
        top = "create table v_n(k text primary key, n int);\n"
        self.passed(schema=rows + top, apply_1="insert into v_n select name, _weight from _sums_accounts('name') where true on conflict(k) do update set n = n + excluded.n",
                    apply_2="delete from v_rows where exists (select 1 from _delta_accounts)", apply_3="insert into v_rows select n, min(k) from v_n where n > 0 and exists (select 1 from _delta_accounts) group by n")  # fmt: skip

    def test_a_trigger_of_another_views_table(self):
        """Also of a view that stands before its own, where SQLite compiles it."""
        for body in ("delete from {};", "insert into own_x select id from {};"):
            for name in ("a_rows", "z_rows"):
                views = self.views(schema=f"create table own_x(id int);\ncreate trigger v_in after insert on accounts begin {body.format(name)} end;\n")
                (views / name[0]).mkdir()
                (views / name[0] / "schema.sql").write_text(f"create table {name}(id int);\n")
                done = tide.run("check", "--views", views)
                self.assertIn(f"in a trigger on accounts: no such table: main.{name}", done.stderr)
                self.assertIn("v/schema.sql:2: " if name == "a_rows" else "v/schema.sql:", done.stderr)

    def test_rows_that_are_looked_for_where_they_are_gone(self):
        """A delete that joins what went: the row itself, or the partner that went in the same commit."""
        rows = "create table v_rows(id int primary key, of int);\n"
        come = "insert into v_rows select a.id, o.id from accounts a join others o on o.id = a.size where a.id in (select id from _delta_accounts) or o.id in (select id from _delta_others)"
        of, partner = "delete from v_rows where id in ({})", "select a.id from _delta_others d join accounts a on a.size = d.id"
        for select, words in (
            ("select id from _delta_accounts) or id in (select a.id from accounts a join others o on o.id = a.size where o.id in (select id from _delta_others)", "a row of others that went, or was another"),
            (f"{partner} union select a.id from accounts a join _delta_accounts d on d.id = a.id", "a row of accounts that went, or was another"),
            (partner, "where a row of others goes in one commit with its row of accounts"),
            (f"{partner} union select d.id from _delta_accounts d join others o on o.id = d.size", "where a row of others goes in one commit with its row of accounts"),
        ):  # fmt: skip
            self.warned(f"v/apply.1.sql:1: {words}", schema=rows, apply_1=of.format(select), apply_2=come)
        for select in (f"{partner} union select id from _delta_accounts", "select id from _delta_accounts) or of in (select id from _delta_others",
                       f"{partner.replace(' join', ' left join')} union select id from _delta_accounts"):  # fmt: skip
            self.passed(schema=rows, apply_1=of.format(select), apply_2=come)
        self.passed(schema=rows, apply_0=of.format("select id from _delta_accounts"), apply_1=of.format(partner), apply_2=come)
        group = "select name from accounts where id in (select id from _delta_accounts)"
        update = "update v_rows set of = (select count(*) from accounts a where a.name = v_rows.id) where id in ({})"
        self.warned("v/apply.1.sql:1: a row of accounts that went", schema=rows, apply_1=update.format(group))
        self.passed(schema=rows, apply_1=update.format("select name from _delta_accounts"))
        self.passed(schema=rows, apply_1=of.format("select id from _delta_accounts where id not in (select id from accounts)"))

    def test_what_comes_later_than_what_it_counts(self):
        rows = "create table v_rows(id int primary key, n int);\n"
        gone = "delete from v_rows where id in (select id from _delta_others)"
        come = "insert into v_rows select id, {} from _delta_others o where _weight > 0"
        for source in ("(select size, sum(_weight) as w from _delta_accounts group by size)", "(select size, _weight as w from _sums_accounts('size'))"):
            adds = f"update v_rows set n = n + s.w from {source} s where s.size = v_rows.id"
            count = come.format("(select count(*) from accounts a where a.size = o.id)")
            self.warned("v/apply.3.sql:1: a row that v/apply.2.sql puts into v_rows, or puts there anew, has not", schema=rows, apply_1=gone, apply_2=come.format("0"), apply_3=adds)
            self.warned("v/apply.3.sql:1: what comes together with a row that v/apply.2.sql has just put", schema=rows, apply_1=gone, apply_2=count, apply_3=adds)
            self.passed(schema=rows, apply_1=adds, apply_2=gone, apply_3=count)
            self.passed(schema=rows + "insert into v_rows values(1, 0);\n", apply_1=adds)

    def test_triggers_that_follow_a_half(self):
        rows = "create table v_rows(id int primary key, name text, n int default 0);\n"
        goes = "create trigger v_out after delete on accounts begin update v_rows set n = n - 1 where id = OLD.size; end;\n"
        adds = "begin insert into v_rows(id) values(NEW.size) on conflict(id) do update set n = n + 1; end;\n"
        comes = f"create trigger v_in after insert on accounts {adds}create trigger v_on after update on accounts when OLD.size is not NEW.size {adds}"
        self.warned("v/schema.sql:4: at each update of accounts it adds to v_rows", schema=rows + goes + comes)
        self.passed(schema=rows + goes + comes.replace("is not NEW.size begin", "is not NEW.size begin update v_rows set n = n - 1 where id = OLD.size;"))
        self.passed(schema=rows + goes + comes + "create trigger v_was after update on accounts begin update v_rows set n = n - 1 where id = OLD.size; end;\n")
        self.passed(schema=rows + goes + comes + "-- tidemark: keep v_rows\n")
        new = f"create trigger v_in after insert on accounts {adds}create trigger v_on after update on accounts begin update v_rows set n = NEW.size + 1 where id = NEW.id; end;\n"
        self.passed(schema=rows + goes + new)
        goes = "create trigger v_out after delete on accounts begin delete from v_rows where id = OLD.id; end;\n"
        looks = "create trigger v_in after insert on accounts begin insert into v_rows select NEW.id, o.id, 0 from others o where o.id = NEW.size; end;\n"
        looks += "create trigger v_on after update on accounts begin update v_rows set name = 'x' where id = OLD.id; end;\n"
        self.warned("v/schema.sql:3: no statement or trigger of the view follows others", schema=rows + goes + looks)
        self.passed(schema=rows + goes + looks + "create trigger v_too after update on others begin update v_rows set name = NEW.id where name = OLD.id; end;\n")

    def test_tables_for_searching(self):
        """MATCH where no such table is asked, which fails at the first row (a query without its parameter may answer), and rows of fts5 that are another table's."""
        schema = "create virtual table v_words using fts5(name);\n"
        statements = {"apply_1": "delete from v_words where rowid in (select id from _delta_accounts)", "apply_2": "insert into v_words(rowid, name) select id, name from _delta_accounts where _weight > 0"}
        says = "-- tidemark: w is text\nselect rowid as id\nfrom v_words where {} order by 1"
        for condition in ("v_words match :w", "v_words match :w and rowid > 0", "v_words match 'a' or v_words match :w", ":w is null or rowid in (select rowid from v_words where v_words match :w)"):
            self.passed(schema=schema, query_q=says.format(condition), **statements)
        for condition in (":w is null or v_words match :w", "not v_words match :w", "name || '' match :w"):
            self.warned("v/query.q.sql:3: match fails", schema=schema, query_q=says.format(condition), **statements)
        self.warned("v/query.q.sql:1: match fails", query_q="select id from accounts where name match :w order by id")
        self.warned("v/query.q.sql:2: match fails", schema=schema, query_q="select a.id from accounts a left join v_words v on v.rowid = a.id\nwhere v_words match :w order by 1")
        self.warned("v/schema.sql:2: match fails", schema="create table v_n(id int primary key);\ncreate view v_hot as select id from accounts where name match 'hot';\n")
        self.refused("v/schema.sql:2: match fails", schema="create table v_n(id int primary key);\ncreate trigger v_in after insert on accounts when NEW.name match 'x' begin insert into v_n values(NEW.id); end;\n")
        reads = {"apply_s": "insert or ignore into v_n select id from v_hot where id in (select id from _delta_accounts)"}
        self.refused("v/schema.sql:2: match fails", schema="create table v_n(id int primary key);\ncreate view v_hot as select id from accounts where name match 'hot';\n", **reads)
        self.refused("v/apply.s.sql:1: match fails", schema="create table v_n(id int primary key);\n", apply_s="delete from v_n where id in (select id from _delta_accounts where name match 'x')")
        for content in ("content=accounts, ", "content = 'v_of', "):
            self.warned("v/apply.1.sql:1: fts5 takes the words that are to go out of v_words from", schema="create view v_of as select id, name from accounts;\n" + schema.replace("name)", f"name, {content}content_rowid='id')"), **statements)
        own = "create table v_rows(id int primary key, name text);\n" + schema.replace("name)", "name, content=v_rows, content_rowid=id)")
        rows = "delete from v_rows where id in (select id from _delta_accounts)", "insert into v_rows select id, name from _delta_accounts where _weight > 0"
        self.passed(schema=own, apply_1=statements["apply_1"], apply_2=rows[0], apply_3=rows[1], apply_4=statements["apply_2"])
        self.warned("v/apply.2.sql:1: fts5 takes the words that are to go out of v_words from v_rows, of which a statement before", schema=own, apply_1=rows[0], apply_2=statements["apply_1"], apply_3=rows[1], apply_4=statements["apply_2"])
        follows = ("create trigger v_in after insert on accounts begin insert into v_words(rowid, name) values(NEW.id, NEW.name); end;\n"
                   "create trigger v_out after delete on accounts begin {} end;\ncreate trigger v_on after update on accounts begin {} end;\n")  # fmt: skip
        away = "insert into v_words(v_words, rowid, name) values('delete', OLD.id, OLD.name);"
        of = schema.replace("name)", "name, content='accounts', content_rowid='id')")
        self.passed(schema=of + follows.format(away, away + " insert into v_words(rowid, name) values(NEW.id, NEW.name);"))
        self.passed(schema=schema + follows.format("delete from v_words where rowid = OLD.id;", "update v_words set name = NEW.name where rowid = OLD.id;"))
        self.warned("v/schema.sql:3: fts5 takes the words that are to go out of v_words from the row as it is", schema=of + follows.format("delete from v_words where rowid = OLD.id;", away))
        self.warned("v/schema.sql:4: fts5 takes the words that are to go out of v_words from the row as it is", schema=of + follows.format(away, "update v_words set name = NEW.name where rowid = OLD.id;"))

    def test_tables_that_would_be_others_if_they_were_made_anew(self):
        """Rows that nothing takes away, or that go at once, what is looked up and not followed, what happened: with the place and what to write."""
        rows = "create table v_rows(id int primary key, name text);\n"
        gone, come = "delete from v_rows where id in (select id from _delta_accounts)", "insert into v_rows select id, name from _delta_accounts where _weight > 0"
        again = "insert into v_rows\nselect max(id), name from accounts where name in (select name from _delta_accounts) group by name"
        for statements, words in (
            ((come,), "v/apply.1.sql:1: nothing takes a row away from v_rows"),
            ((come.replace("insert", "insert or replace").replace("> 0", "= 1"),), "nothing takes a row away from v_rows"),
            (("insert or replace" + again.removeprefix("insert"),), "v/apply.1.sql:1: nothing takes a row away from v_rows"),
            ((come, gone), "v/apply.2.sql:1: it deletes what v/apply.1.sql has just inserted"),
            ((gone, "insert into v_rows select a.id, o.id from _delta_accounts a\njoin others o on o.id = a.size where a._weight > 0"), "v/apply.2.sql:2: no statement or trigger of the view follows others"),
            (("insert into v_rows select new_id, 'x'\nfrom _changes_accounts where new_id is not null",), "v/apply.1.sql:2: it takes nothing back"),
            ((gone, "insert into v_rows select new_id, _ts_ms from _changes_accounts where new_id is not null"), "v/apply.2.sql:1: _ts_ms is known of changes only"),
        ):  # fmt: skip
            files = {f"apply_{i}": statement for i, statement in enumerate(statements, 1)}
            with self.subTest(statements):
                self.warned(words, schema=rows, **files)
                self.passed(schema=rows + "-- tidemark: keep v_rows\n", **files) if "just inserted" not in words else None
        touched = "(select size from _delta_accounts union select id from _delta_others)"
        for statements in (
            (gone, come), (gone.replace(")", " where _weight < 0)"), come), (gone, again),
            (come, gone.replace("accounts", "others")),  # what another table's change takes away is to go last
            ("delete from v_rows where id in " + touched, f"insert into v_rows select o.id, count(a.id) from others o left join accounts a on a.size = o.id where o.id in {touched} group by o.id"),
            ("insert into v_rows select 1, (select count(*) from accounts) where exists (select 1 from _delta_accounts) on conflict(id) do update set name = excluded.name",),
            (come + " on conflict(id) do update set name = excluded.name", gone.replace(")", " where _weight < 0) and id not in (select id from accounts)")),
            ("insert into v_rows select h, w from (select new_size as h, 1 as w from _changes_accounts union all select old_size, -1 from _changes_accounts) where true on conflict(id) do update set name = name + excluded.name",),
        ):  # fmt: skip
            with self.subTest(statements):
                self.passed(schema=rows, **{f"apply_{i}": statement for i, statement in enumerate(statements, 1)})

    def test_triggers_and_keys_that_leave_rows_behind(self):
        rows = "create table v_rows(id int primary key, name text);\n"
        comes = "create trigger v_in after insert on accounts begin insert into v_rows values(NEW.id, {}); end;\n"
        goes = "create trigger v_out after delete on accounts begin delete from v_rows where id = OLD.id; end;\n"
        moves = "create trigger v_on after update on accounts begin update v_rows set name = NEW.name where id = OLD.id; end;\n"
        self.warned("v/schema.sql:2: no after delete trigger on accounts takes back what this one has put into v_rows", schema=rows + comes.format("'x'"))
        self.warned("v/schema.sql:2: no after update trigger on accounts takes back", schema=rows + comes.format("NEW.name") + goes)
        self.passed(schema=rows + comes.format("'x'") + goes)
        self.passed(schema=rows + comes.format("NEW.name") + goes + moves)
        self.passed(schema=rows + comes.format("NEW.name") + "-- tidemark: keep v_rows\n")
        # a table that a statement looks up is followed by a trigger too, of each event that it changes by
        looked = {"apply_1": "delete from v_rows where id in (select id from _delta_accounts)",
                  "apply_2": "insert into v_rows select a.id, o.id from _delta_accounts a join others o on o.id = a.size where a._weight > 0"}  # fmt: skip
        follows = "create trigger v_{0} after {0} on others begin update v_rows set name = 'x' where id = {1}.id; end;\n"
        self.passed(schema=rows + follows.format("update", "NEW"), **looked)
        self.passed(schema=rows + follows.format("insert", "NEW") + follows.format("delete", "OLD"), **looked)
        self.warned("no statement or trigger of the view follows others", schema=rows + follows.format("insert", "NEW"), **looked)
        other = "create table v_else(id int primary key);\n" + follows.format("update", "NEW").replace("update v_rows set name = 'x'", "delete from v_else")
        self.warned("no statement or trigger of the view follows others", schema=rows + other, **looked)
        self.warned("v/schema.sql:2: foreign keys of a view's tables are not looked at, so on delete does nothing", schema=rows + "create table v_of(id int references v_rows on delete cascade);\n")
        self.passed(schema=rows + "create table v_of(id int references v_rows);\n")
        statements = {"apply_1": "delete from v_rows where id in (select id from _delta_accounts)", "apply_2": "replace into v_rows select id, name from _delta_accounts where _weight > 0"}
        self.passed(schema=rows, **statements)
        fires = "create table v_n(n int);\ncreate trigger v_out after delete on v_rows begin delete from v_n where n = OLD.id; end;\n"
        self.warned("v/apply.2.sql:1: the row that a replace takes the place of fires no delete trigger", schema=rows + fires, **statements)

    def test_statements_of_another_time_or_machine(self):
        """Those that SQLite fills in too, as a default and by a trigger on the view's own table; and those of rows alone pass."""
        schema = ("create table v_rows(id int primary key, at text, made text default current_timestamp);\ncreate table v_log(id int);\n"
                  "create trigger v_on after insert on v_log begin insert into v_rows(id, made) values(new.id, random()); end;\n"
                  "create table v_short(id int primary key, made int default (unixepoch()));\n-- tidemark: keep v_rows\n-- tidemark: keep v_log\n-- tidemark: keep v_short\n")  # fmt: skip
        come = "from _delta_accounts where _weight > 0"
        for statement, words in (
            (f"insert into v_rows select id, at,\ndatetime('Now', '-1 day') {come}", "v/apply.s.sql:2: 'now' is another each time"),
            (f"insert into v_rows select id, at, null {come}\nand opened <= current_date", "v/apply.s.sql:2: current_date is another"),
            (f"insert into v_rows(id) select id {come}", "v/apply.s.sql:1: current_timestamp is another"),
            (f"insert into v_log select id {come}", "v/apply.s.sql:1: random is another"),
            (f"insert into v_rows select id, datetime(at),\nDateTime() {come}", "v/apply.s.sql:2: datetime() is another"),
            (f"insert into v_rows select id, strftime('%s', at),\nstrftime(substr('%s,', 1, 2)) {come}", "v/apply.s.sql:2: strftime(FORMAT) is another"),
            (f"insert into v_short(id) select id {come}", "v/apply.s.sql:1: unixepoch() is another"),
            (f"insert into v_rows select id, date(at,\n'localtime'), '' {come}", "v/apply.s.sql:2: 'localtime' is the time zone of the machine"),
        ):
            with self.subTest(statement):
                self.warned(words, schema=schema, apply_s=statement)
        self.warned("v/schema.sql:2: 'now' is another", schema="create table v_t(id, at);\ncreate trigger v_g after update on accounts when julianday('now') > 1 begin"
                    " insert into v_t values(new.id, change_ts_ms()); end;\n")  # fmt: skip
        self.warned("v/schema.sql:2: date() is another", schema="create table v_t(id, at);\ncreate trigger v_g after update on accounts begin"
                    " insert into v_t values(new.id, date()); end;\n")  # fmt: skip
        for right in ("'now'", "strftime('%s', at)", "julianday(at)", "date(at, '+02:00')", "datetime(at, 'start of day')"):
            self.passed(schema=schema, apply_s=f"insert into v_rows select id, at, {right} {come}")

    def test_literals_that_are_stored_otherwise(self):
        query, source = "select id from accounts a where {} order by id", SOURCE.replace("nick text", "nick mood").replace("uid uuid", "uid uuid, mood mood")
        right = ["settled = true", "settled = 1", "amount = 4200", "opened >= '2026-01'", "opened = '2026-01-01'", "opened <> 'infinity'", "at >= '2026-01-01'",
                 "at < '2026-01-01T10:00:00'", "at = '2026-01-01T10:00:00.000000Z'", "seen between '2026-01-01' and '2026-01-02'", "nick in ('glad', 'it''s')",
                 "nick < 'none'", "datetime(at) > datetime('now')", "opened > date('now')", "at > strftime('%Y-%m-%dT%H:%M:%S', 'now')", "size = '5'",
                 f"uid = '{UUID}'", "name = 5", "ifnull(nick, '') <> ''", "amount * 2 > 5.5", "length(at) = 27",
                 "nick = 'GLAD' collate nocase", "nick collate nocase = 'GLAD'", "'GLAD' = nick collate nocase", "0.01 * amount >= 42.50", "'gladx' = nick || 'x'",
                 "'x' || nick = 'xglad'", "'5' < seen || ''", "opened = '+10000-01-01'", "opened = '-0001-01-01'", "at <> '-12000-01-01T00:00:00.000000Z'",
                 "seen = '2026-01-01T10:00:00.123456789'", "at = '+10000-01-01T10:00:00.1234567Z'", "at < '2026-01-01T10:00:00.12345678'"]  # fmt: skip
        for condition in right:
            with self.subTest(condition):
                views = self.views(query_q=query.format(condition))
                (views / "source.sql").write_text("create type mood as enum('glad', 'it''s');\n" + source)
                done = tide.run("check", "--views", views)
                self.assertEqual((0, ""), (done.returncode, done.stderr))
        for condition, words in (
            ("settled = 'true'", "settled is stored as 0 or 1, and compared with 'true'"), ("'t' is a.settled", "stored as 0 or 1"),
            ("amount = '42.00'", "amount is stored as a count of its last digit"), ("amount in (1, 2.5)", "compared with 2.5"),
            ("opened = 20700", "opened is stored as YYYY-MM-DD,"), ("opened < '01.02.2026'", "YYYY-MM-DD,"), ("opened = '2026-01'", "YYYY-MM-DD,"),
            ("at >= '2026-01-01 10:00:00'", "YYYY-MM-DDTHH:MM:SS.ffffffZ"), ("seen = '2026-01-01'", "YYYY-MM-DDTHH:MM:SS.ffffff,"),
            ("at between '2026-01-01' and '2026-01-01T10:00:00Z'", "compared with '2026-01-01T10:00:00Z'"), ("1 < seen", "seen is stored as"),
            ("opened = '+1000-01-01'", "YYYY-MM-DD,"), ("opened = '10000-01-01'", "YYYY-MM-DD,"), ("opened = '+010000-01-01'", "YYYY-MM-DD,"),
            ("seen = '2026-01-01T10:00:00.1234567890'", "YYYY"), ("seen = '2026-01-01T10:00:00.123456700'", "YYYY"), ("opened = '-'", "YYYY-MM-DD,"),
            ("seen = '2026-01-01.123456789'", "YYYY"), ("-id < 5 and amount >= 42.50", "amount is stored"),
            ("at > datetime('now', '-1 day')", "datetime has a blank for the T"), ("current_timestamp <= at", "current_timestamp has a blank"),
            ("nick <> 'sad'", "nick is stored as one of its type's labels"), ("nick not in ('glad', 'Glad')", "compared with 'Glad'"),
            (f"uid = '{UUID.upper()}'", "uid is stored as small letters"),
        ):  # fmt: skip
            with self.subTest(condition):
                views = self.views(query_q=query.format(condition))
                (views / "source.sql").write_text("create type mood as enum('glad', 'it''s');\n" + source)
                done = tide.run("check", "--views", views)
                self.assertEqual((0, 1), (done.returncode, done.stderr.count("warn ")), done.stderr)
                self.assertIn(words, done.stderr)
        for quoted in ('"settled"', "`settled`", "[settled]", "a.settled"):
            self.warned("settled is stored as 0 or 1", query_q=f"select id from accounts a where {quoted} = 'true'")
        for own in ("'it''s true'", "`settled`"):
            self.passed(query_q=f"select id from accounts where settled = {own}")
        schema = "create table v_t(id int primary key, settled text);\ncreate trigger v_on after update on accounts when new.settled = 'f' begin delete from v_t; end;\n"
        self.warned("v/schema.sql:2: settled is stored as 0 or 1", schema=schema)
        schema = schema.splitlines()[0] + "\n-- tidemark: keep v_t\n"
        self.warned("v/apply.s.sql:2: settled is stored as 0 or 1", schema=schema, apply_s="insert into v_t select id, 'x' from _delta_accounts\nwhere settled = 't' and _weight > 0")
        for condition, words in (("settled = 'true'", "settled is stored as 0 or 1"), ("nick is not null and amount > 42.50", "amount is stored as a count")):
            for index in ("index v_i on accounts(name)", "unique index if not exists v_i on `accounts`(name, nick)"):
                self.warned(f"v/schema.sql:2: {words}", schema=f"create {index}\nwhere {condition}")
        self.passed(schema="create index v_i on accounts(name) where settled = 1;\ncreate index v_j on accounts(id = 'x')")
        own = ("create table v_own(id int primary key, settled text check (settled in ('yes', 'no')));\ncreate unique index v_i on v_own(id) where settled = 'yes';\n"
               "create view v_read as select id from accounts where settled{};\ncreate table v_last(settled text check (settled <> ''));\n")  # fmt: skip
        self.passed(schema=own.format(""))
        self.warned("v/schema.sql:3: settled is stored as 0 or 1", schema=own.format(" = 'yes'"))
        self.passed(schema=schema, apply_s="update v_t set settled = 'true' where id in (select id from _delta_accounts where _weight > 0)")

    def test_groups_that_are_spelled_otherwise(self):
        schema, statement = "create table v_t(name text {} primary key, n int not null);", "insert into v_t select nick, _weight from _sums_accounts('nick') where nick is not null on conflict do nothing"
        for declared, collation in ("citext", "citext"), ("char(5)", "rtrim"), ("numeric", "numeric"), ("text", None):
            for key in (None, "citext", "rtrim", "numeric"):
                views = self.views(schema=schema.format(f"collate {key}" if key else ""), apply_s=statement)
                (views / "source.sql").write_text(SOURCE.replace("nick text", f"nick {declared}"))
                done = tide.run("check", "--views", views)
                if collation in (None, key):
                    self.assertEqual((0, ""), (done.returncode, done.stderr))
                else:
                    self.assertEqual((0, 1), (done.returncode, done.stderr.count("warn ")), done.stderr)
                    self.assertIn(f"declare v_t.name with collate {collation}\n", done.stderr)

    def test_expressions_of_decimals(self):
        self.warned("v/query.q.sql:2: amount is a count of its last digit, and so is the sum", query_q="select\n sum(amount * 2) as s from accounts")
        self.warned("division by a whole number", query_q="select amount / 100 as s from accounts")
        self.warned("division by a whole number", query_q="select amount / 1000.0 as s from accounts")
        for units in ("amount / 100.0", "sum(amount) / 100.00", "avg(amount)/100.", "printf('%.2f', max(amount) / 100.0)"):
            self.passed(query_q=f"select {units} as s from accounts")
        for product, words in (("amount * size", "amount * size is a count with 2 digits behind the point: write decimal(.., 2)"), ("2 * a.amount", "2 * a.amount is"),
                               ("amount * 1.19", "write decimal(cast(round(..) as integer), 2)"), ("decimal(a.amount * amount, 2)", "a.amount * amount is a count with 4 digits")):  # fmt: skip
            self.warned(words, query_q=f"select id, {product} as s from accounts a")
        for product in ("decimal(amount * size, 2)", "decimal(amount * amount, 4)", "decimal(amount * amount / size, 2)", "amount * 2 > 5", "size * 2", "max(0, amount * 2) > 1"):
            self.passed(query_q=f"select id, {product} as s from accounts a where amount * size > 5")
        self.warned("exact is a NUMERIC that is kept as text, and sum() of an expression", query_q="select sum(exact * 2) as s from accounts")
        for right in ("decimal(sum(amount * 2), 2)", "decimal_sum(exact, 2)", "sum(size * 2)"):
            self.passed(query_q=f"select {right} as s from accounts")

    def test_decimals_that_are_shown_as_counts(self):
        for shown, words in (
            ("abs(amount)", "abs(amount ..) is shown as a count"), ("round(a.amount, 1)", "decimal(round(amount ..), 2)"), ("iif(id > 1, amount, 0)", "iif(.. amount ..) is shown"),
            ("coalesce(size, amount)", "coalesce(.. amount ..) is shown"), ("case when id > 1 then amount when id > 2 then 0 end", "decimal(case .. amount .. end, 2)"),
            ("case when id > 1 then case id when 1 then 2 else 3 end else amount end", "decimal(case .. amount .. end, 2)"), ("'EUR ' || amount", "write decimal(amount, 2)"),
            ("amount || ' EUR'", "is written there as a count"), ("cast(amount as text)", "write decimal(amount, 2)"), ("json_object('id', id, 'amount', amount)", "write decimal(amount, 2)"),
            ("json_array(json_object('amount', a.amount))", "write decimal(amount, 2)"), ("group_concat(distinct amount)", "write decimal(amount, 2)"), ("printf('%d', amount)", "write decimal(amount, 2)"),
        ):  # fmt: skip
            self.warned(words, query_q=f"select id, {shown} as s from accounts a")
            self.passed(query_q=f"select id, {shown.replace('a.amount', 'amount').replace('amount', 'decimal(amount, 2)').replace(chr(39) + 'decimal(amount, 2)', chr(39) + 'amount')} as s from accounts a")
        for shown in ("decimal(abs(amount), 2)", "case when amount > 1 then size end", "abs(amount) > 1", "decimal(case when id > 1 then amount else 0 end, 2)", "cast(amount as real) / 3", "nullif(size, amount)", "case when id > 1 then amount end > 5", "case when case id when 1 then 2 end then amount else 0 end is null", "lag(amount) over (order by id) is null",
                      "abs(amount) notnull"):  # fmt: skip
            self.passed(query_q=f"select id, {shown} as s from accounts")
        inner = "select id, name, decimal(amount, 2) as amount from accounts"
        for outer in ("name || amount", "json_object('amount', amount)", "coalesce(x.amount, '0')", "case when id > 1 then amount else '' end", "max(amount)"):
            self.passed(query_q=f"with x as ({inner}) select id, {outer} as s from x group by id")
            self.passed(query_q=f"with x(id, name, amount) as ({inner}) select id, {outer} as s from x group by id")
            self.passed(query_q=f"select id, {outer} as s from ({inner}) x group by id".replace("as amount from", "amount from"))
            self.warned("amount", query_q=f"with x as ({inner.replace('decimal(amount, 2)', 'coalesce(amount, 0)')}) select id, {outer} as amount from x group by id")
        self.refused("v/query.q.sql:1: a query selects rows", query_q="explain select id from accounts")

    def test_rows_that_a_schema_takes_once(self):
        for schema in ("create table v_a as select id from accounts;", "create table v_a as with x as (select id from others join accounts using (id)) select id from x;",
                       "create table v_a(id int);\ninsert into v_a select id from accounts;", "create table v_a(id int);\nreplace into v_a(id) select a.id from others o, accounts a;"):  # fmt: skip
            self.warned("s is read once, when the view is made", schema=schema)
        trigger = "-- tidemark: keep v_a\ncreate table v_a(id int);\ncreate trigger v_g after insert on accounts begin select case when 1 then 2 end; insert into v_a select id from accounts where id = new.id; end;\n"
        for schema in ("create table v_a as select 1 as id;", "create table v_a(id int, twice int generated always as (id * 2));\ncreate index v_i on accounts(name) where name > 'a';",
                       "create table v_a(id int);\ninsert into v_a values (1), (2);", "create view v_a as select id from accounts;", trigger,
                       "create table v_a(id int, accounts int);\ninsert into v_a(id, accounts) values (1, 2);\nupdate v_a set id = 1, accounts = 2 where id in (1, accounts) returning id, accounts;",
                       "create table v_a as select 1 as id, 2 as accounts from (select 1) group by 1, accounts;", "create table v_a(id int);\nwith w(a, accounts) as (values (1, 2)) insert into v_a select a from w order by a, accounts;"):  # fmt: skip
            self.passed(schema=schema)

    def test_the_place_is_shown(self):
        code, told = self.check(query_q="select id,\n  nam from accounts")
        self.assertEqual((1, "tidemark: v/query.q.sql:2: no such column: nam\n  nam from accounts\n  ^\n"), (code, told))

    def test_files_of_other_encodings(self):
        """A text of another encoding equals none of the mirror's; comments may be of any. Windows writes UTF-16, and a mark before UTF-8."""
        for name, text, told in (
            ("query.q", "select id from accounts\nwhere name = 'caf\u00e9'".encode("latin-1"), "v/query.q.sql:2: this is not UTF-8 (byte 0xE9)"),
            ("query.q", "-- caf\u00e9\nselect id /* \u00e9 */ from accounts".encode("latin-1"), None),
            ("query.q", "select id from accounts where name = 'caf\u00e9'".encode("utf-8-sig"), None),
            ("query.q", "select id from accounts".encode("utf-16"), "v/query.q.sql: it is UTF-16"),
            ("query.q", b"select id from accounts\0", "v/query.q.sql: it has NUL bytes"),
            ("schema", "create table v_t(x);\ninsert into v_t values ('\u00e9');".encode("latin-1"), "v/schema.sql:2: this is not UTF-8"),
            ("apply.x", "insert into v_t select 'caf\u00e9' from _delta_accounts".encode("latin-1"), "v/apply.x.sql:1: this is not UTF-8"),
        ):  # fmt: skip
            with self.subTest(text):
                views = self.views(schema="create table v_t(x);")
                (views / "v" / f"{name}.sql").write_bytes(text)
                done = tide.run("check", "--views", views)
                self.assertEqual(0 if told is None else 1, done.returncode, done.stderr)
                self.assertIn(told or "", done.stderr)

    def test_files_that_nobody_uses(self):
        views = self.views(query_q="select id from accounts")
        for name in ("v/query.x.SQL", "v/notes.txt", "query.a.sql"):
            (views / name).write_text("select 1")
        (views / "v" / "README.md").write_text("what it is for")
        (views / "capture.jsonl").write_text("")
        done = tide.run("check", "--views", views)
        self.assertEqual(0, done.returncode, done.stderr)
        for name in ("v/query.x.SQL", "v/notes.txt", "query.a.sql"):
            self.assertIn(f"{name}: is not used", done.stderr)
        self.assertNotIn("README", done.stderr)
        self.assertNotIn("capture", done.stderr)
        empty = self.path / "empty"
        empty.mkdir()
        done = tide.run("check", "--views", empty)
        self.assertEqual(0, done.returncode)
        self.assertIn("these are the built-in views", done.stderr)

    def test_lines_for_tidemark_that_are_not_read(self):
        lines = {
            "source.sql": ("-- Tidemark: time accounts = connect", "--\ttidemark: ignore others", "-- tidemark : key others = id",
                           "-- tidemark renamed others from b", "-- TIDEMARK bytes accounts.name = hex"),
            "v/schema.sql": ("-- tidemark:keep v_log", "--tidemark: keep v_log", "-- Tidemark: keep v_log", "-- tidemark:  keep v_log",
                             "-- tidemark: Keep v_log", "-- tidemark: kept v_log", "-- tidemark keep v_log"),
            "v/apply.a.sql": ("-- tidemark: keep v_log", "-- Tidemark: keep v_log", "-- tidemark: id is integer"),
        }
        prose = "-- tidemark ignores the rest\n-- for tidemark: a key\n-- tidemark reads what is kept\n-- tidemark: topic others = x\n"
        views = self.views(schema="create table v_log(id integer primary key);\n", apply_a="insert into v_log(id) select id from _delta_others where _weight > 0 on conflict do nothing")
        for file, written in lines.items():
            text = (views / file).read_text()
            (views / file).write_text("\n".join((*written, text)))
            done = tide.run("check", "--views", views)
            self.assertEqual(0, done.returncode, done.stderr)
            for number, line in enumerate(written, 1):
                self.assertIn(f"{file}:{number}: this line is passed over", done.stderr, line)
            (views / file).write_text(text)
        kept = views / "v/schema.sql"
        kept.write_text("-- what tidemark keeps\n-- tidemark: keep v_log for ever\n-- tidemark keeps v_log\n" + kept.read_text())
        # what is quoted is no line of anybody's
        kept.write_text(kept.read_text() + "create table v_said(id integer primary key, a text default '\n-- Tidemark: keep v_log');\n/*\n-- Tidemark: keep v_log\n*/\n")
        prose += "/* /* */\n-- Tidemark: time accounts = connect\n*/\ncomment on table others is $$\n-- Tidemark: topic others = x\n$$;\n"
        (views / "source.sql").write_text(prose + (views / "source.sql").read_text() + "\ncomment on table others is E'\\'\n--Tidemark: topic others = x';\n")
        done = tide.run("check", "--views", views)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertNotIn("passed over", done.stderr)

    def test_what_source_sql_does_unread(self):
        views = self.views()
        source = (views / "source.sql").read_text()
        (views / "source.sql").write_text(source + "do $$ begin if true then alter table others add x int; end if; end $$;\n")
        done = tide.run("check", "--views", views)
        self.assertEqual(0, done.returncode, done.stderr)
        line = source.count("\n") + 1
        self.assertIn(f"source.sql:{line}: what this DO block does to tables, columns, keys or types is not carried out", done.stderr)

    def test_values_of_parameters(self):
        rules = "amount decimal(12,2)|at timestamp|zoned timestamptz|settled boolean|opened date|uid uuid required|name text".split("|")
        lines = "".join("-- tidemark: {} is {}\n".format(*rule.split(" ", 1)) for rule in rules)
        query = lines + """select id from accounts where uid = :uid and (:amount is null or amount = :amount)
            and (:at is null or at = :at) and (:zoned is null or at = :zoned) and (:settled is null or settled = :settled) and (:opened is null or opened = :opened) and (:name is null or name = :name)"""
        views = self.views(query_q=query)
        source = {"version": "3.1.2.Final", "connector": "postgresql", "name": "app", "ts_ms": 1700000000000,
                  "snapshot": "false", "db": "appdb", "schema": "public", "table": "accounts", "txId": 5, "lsn": 1000}  # fmt: skip
        row = {"id": 1, "name": "042", "amount": "2.00", "opened": 19000, "settled": True, "at": "2022-01-08T10:00:34.800000Z", "uid": UUID}
        value = {"before": None, "after": row, "source": source, "op": "c", "ts_ms": 1700000000000}
        capture = tide.write_capture(self.path / "c.jsonl", [tide.line("app.public.accounts", 0, {"id": 1}, value)])
        tide.replay(self.path / "x.db", capture, flags=("--views", views, "--prefix", "app"))
        with tide.Server("serve", "--db", self.path / "x.db", stderr=self.path / "log") as server:

            def get(**asked):
                status, body = server.get("/v1/views/v/q?" + urllib.parse.urlencode(asked))
                return len(body["rows"]) if status == 200 else (status, body["detail"])

            for asked in ({"amount": "2"}, {"amount": "2.00"}, {"at": "2022-01-08T10:00:34.8Z"}, {"name": "042"},
                          {"at": "2022-01-08 10:00:34.800000Z"}, {"opened": "2022-01-08"}, {"uid": UUID.upper()},
                          {"zoned": "2022-01-08T10:00:34.8Z"}, {"zoned": "2022-01-08 11:30:34.8+01:30"}, {"settled": "true"}, {"settled": "1"}):  # fmt: skip
                self.assertEqual(1, get(**{"uid": UUID, **asked}), asked)
            self.assertEqual(0, get(uid=UUID, amount="200"))
            self.assertEqual(0, get(uid=UUID, settled="false"))
            self.assertEqual(0, get(uid=UUID, zoned="2022-01-08"))
            self.assertEqual((400, 'v/q: parameter "uid" is required'), get(amount="2"))
            for name, wrong in (("opened", "2022-13-01"), ("opened", "2023-02-29"), ("at", "2022-01-08"), ("at", "2022-01-08T24:00:00Z"),
                                ("at", "2022-01-08T10:00:34.Z"), ("zoned", "2022-01-08T10:00:60+01"), ("settled", "yes"), ("amount", "2.001"), ("amount", "x"), ("uid", "12")):  # fmt: skip
                status, detail = get(**{"uid": UUID, name: wrong})
                self.assertEqual(400, status)
                self.assertIn(f"{name}={wrong}: it is ", detail)
            self.assertEqual([], server.get("/v1/status")[1]["lint"])
            parameters = server.get("/openapi.json")[1]["paths"]["/v1/views/v/q"]["get"]["parameters"]
            uid = next(p for p in parameters if p.get("name") == "uid")
            self.assertEqual((True, "uuid"), (uid["required"], uid["schema"]["format"]))

    def test_the_order_of_numerics(self):
        """Without a collation a view's SQL compares their texts, and is told of; with it its answers are PostgreSQL's, wherever it
        stands: in a schema, a trigger, a statement, a query."""
        numbers = ["10", "9", "NaN", "1.5", "1.50", "-Infinity", "Infinity", "-2"]
        views = self.views(
            schema="create table v_t(exact text collate numeric primary key, n integer not null);\n"
            "create table v_high(id integer primary key, exact text);\n"
            "create index v_high_exact on v_high(exact collate numeric);\n"
            "create trigger v_trigger after insert on accounts when NEW.exact collate numeric > '9' begin\n"
            "insert into v_high(id, exact) values(NEW.id, NEW.exact); end;\n"
            "create trigger v_gone after delete on accounts begin delete from v_high where id = OLD.id; end;\n"
            "create trigger v_other after update on accounts begin delete from v_high where id = OLD.id;\n"
            "insert into v_high(id, exact) select NEW.id, NEW.exact where NEW.exact collate numeric > '9'; end;\n",
            apply_t="insert into v_t(exact, n) select exact, sum(_weight) from _delta_accounts where exact is not null group by exact\n"
            "collate numeric on conflict(exact) do update set n = n + excluded.n",
            query_high="select id from v_high order by exact collate numeric",
            query_top="select max(exact collate numeric) as top, min(exact collate numeric) as least from accounts",
            query_least="select exact from accounts where exact collate numeric >= :least order by exact collate numeric, id",
            query_groups="select exact, n from v_t order by exact",
            query_texts="select id from accounts\nwhere exact >= :least",
        )
        source = {"version": "3.1.2.Final", "connector": "postgresql", "name": "app", "ts_ms": 1700000000000,
                  "snapshot": "false", "db": "appdb", "schema": "public", "table": "accounts", "txId": 5, "lsn": 1000}  # fmt: skip
        rows = [{"id": i, "name": "a", "amount": "2.00", "exact": n} for i, n in enumerate(numbers, 1)]
        values = [{"before": None, "after": row, "source": {**source, "lsn": 1000 + row["id"]}, "op": "c"} for row in rows]
        lines = [tide.line("app.public.accounts", at, {"id": at + 1}, value) for at, value in enumerate(values)]
        capture = tide.write_capture(self.path / "c.jsonl", lines)
        tide.replay(self.path / "x.db", capture, flags=("--views", views, "--prefix", "app", "--commit-messages", "1"))
        proven = tide.run("prove", "--db", self.path / "x.db", "--views", views, "--prefix", "app", capture)
        self.assertEqual(0, proven.returncode, proven.stdout + proven.stderr)
        with tide.Server("serve", "--db", self.path / "x.db", "--views", views, stderr=self.path / "log") as server:

            def get(query):
                status, body = server.get("/v1/views/v/" + query)
                self.assertEqual(200, status, body)
                return [tuple(row.values()) for row in body["rows"]]

            self.assertEqual([(1,), (7,), (3,)], get("high"))
            self.assertEqual([("NaN", "-Infinity")], get("top"))
            self.assertEqual([("1.5",), ("1.50",), ("9",), ("10",), ("Infinity",), ("NaN",)], get("least?least=1.500"))
            self.assertEqual([(n, 2 if n == "1.5" else 1) for n in ("-Infinity", "-2", "1.5", "9", "10", "Infinity", "NaN")], get("groups"))
            (told,) = server.get("/v1/status")[1]["lint"]
            for part in ("v/query.texts.sql:2: exact is a NUMERIC", "write exact collate numeric"):
                self.assertIn(part, json.dumps(told))


if __name__ == "__main__":
    sys.exit(unittest.main())
