#!/usr/bin/env python3
"""A changed source.sql: what is done to the file in place, what is told, what is refused. (evolve.py: in any order.)"""

import contextlib
import json
import sqlite3
import unittest

import tide

ITEMS = "create table items(id int primary key, name text, price decimal(10, 2), note text);\n"
WATCHED = {
    "schema.sql": "-- tidemark: keep seen_names\ncreate table seen_names(n integer primary key, id int, name text);\n",
    "apply.names.sql": "insert into seen_names(id, name) select new_id, new_name from _changes_items"
    " where case when _snapshot = 0 and _op <> 'd' then once('seen_names', 'id', 'name', new_id, new_name) end\n",
    "query.names.sql": "select id, name from seen_names order by n\n",
}
SUMMED = {
    "schema.sql": "create table summed(name text primary key, items int, price int) without rowid;\n",
    "apply.sums.sql": "insert into summed(name, items, price) select ifnull(name, ''), _weight, price from _sums_items('name') where true\n"
    "on conflict(name) do update set items = items + excluded.items, price = price + excluded.price\n",
    "query.all.sql": "select name, items, price from summed where items > 0 order by name\n",
}


def event(table, offset, key, after, op="c", lsn=None, before=None, topic=None, partition=0, **source):
    """A change without transaction metadata; its LSN grows with its offset."""
    source = {"connector": "postgresql", "schema": "public", "table": table, "lsn": lsn or 1000 + offset, "ts_ms": 1700000000000 + offset,
              "txId": 500 + offset, **source}  # fmt: skip
    value = {"op": op, "before": before, "after": after, "source": source, "ts_ms": 1700000000000}
    return tide.line(topic or table, offset, key, value, partition=partition)


def item(offset, number, name, price="1.50", note="n", **more):
    return event("items", offset, {"id": number}, {"id": number, "name": name, "price": price, "note": note, **more})


def shared_topic(*tables):
    """Declarations of tables whose rows come in one topic, shop.all."""
    return "".join(f"create table {table}(id int primary key, name text);\n-- tidemark: topic {table} = shop.all\n" for table in tables)


class Case(tide.Case):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.db = self.path / "shop.db"
        self.files = 0

    def views(self, source, **views):
        self.files += 1
        folder = self.path / f"views{self.files}"
        folder.mkdir()
        (folder / "source.sql").write_text(source)
        for name, files in views.items():
            (folder / name).mkdir()
            for file, text in files.items():
                (folder / name / file).write_text(text)
        return folder

    def capture(self, *lines):
        self.files += 1
        return tide.write_capture(self.path / f"{self.files}.jsonl", lines)

    def replay(self, capture, source, code=0, **views):
        done = tide.run("replay", "--db", self.db, "--views", self.views(source, **views), capture)
        self.assertEqual(code, done.returncode, done.stderr)
        return done.stderr

    def query(self, sql, db=None):
        connection = sqlite3.connect(f"file:{db or self.db}?mode=ro", uri=True)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def fill_beside(self, source, capture):
        """What a process leaves that was killed as it filled the file's first change."""
        beside = self.db.with_name("shop.db-fill")
        self.assertEqual(0, tide.run("replay", "--db", beside, "--views", self.views(source), capture).returncode)
        (name,) = self.query("select value || ' 1' from _meta where name = 'id'")[0]
        connection = sqlite3.connect(beside)
        connection.execute("insert into _meta values ('fill', ?)", (name,))
        connection.commit()
        connection.close()
        return beside

    def test_who_forgets_the_views_keeps_the_tables(self):
        """Without --views, or with a folder that has no source.sql, the built-in one is taken: it would drop all that the file has."""
        capture = self.capture(item(0, 1, "pen"))
        self.replay(capture, ITEMS)
        empty = self.path / "empty"
        empty.mkdir()
        for flags in ((), ("--views", empty)):
            done = tide.run("replay", "--db", self.db, *flags, capture)
            self.assertEqual(1, done.returncode, done.stderr)
            self.assertIn("would lose items: give the --views that it was made with", done.stderr)
            # neither is another file built to take the place of this one
            done = tide.run("run", "--rebuild", "--brokers", "127.0.0.1:1", "--prefix", tide.PREFIX, "--db", self.db, "--listen", "127.0.0.1:0", *flags)
            self.assertEqual(1, done.returncode, done.stderr)
            self.assertIn("would lose items: give", done.stderr)
            self.assertEqual([(1, "pen")], self.query("select id, name from items"))
        shop = (tide.TOP / "views" / "source.sql").read_text()
        self.db = self.path / "more.db"
        views = self.views(shop.replace("    notes text,", "    notes text,\n    coupon text,"))
        self.assertEqual(0, tide.run("replay", "--db", self.db, "--views", views, tide.CAPTURES / "basic.jsonl").returncode)
        done = tide.run("replay", "--db", self.db, tide.CAPTURES / "basic.jsonl")
        self.assertIn("would lose orders.coupon: give", done.stderr)

    def test_a_column_added_is_filled_from_the_log(self):
        capture = self.capture(item(0, 1, "pen"), item(1, 2, "ink", note=None),
                               event("items", 2, {"id": 1}, {"id": 1, "name": "pen", "price": "2.00", "note": "__debezium_unavailable_value"}, "u"))  # fmt: skip
        self.replay(capture, "create table items(id int primary key, name text);", summed={**SUMMED, "apply.sums.sql": SUMMED["apply.sums.sql"].replace(", price from", ", 0 from")})
        told = self.replay(capture, ITEMS, summed=SUMMED)
        self.assertIn("source.sql has changed, and the file with it: items.price added, items.note added", told)
        self.assertIn("filled from the log: items.note, items.price", told)
        self.assertEqual([(1, "pen", 200, "n"), (2, "ink", 150, None)], self.query("select id, name, price, note from items order by id"))
        self.assertEqual([("ink", 1, 150), ("pen", 1, 200)], self.query("select * from summed order by 1"))
        self.assertEqual([], self.query("select * from _fill"))

    def test_what_no_event_tells_stays_as_it_is(self):
        """A default that holds for new rows only, and a column that was renamed twice: the log has neither value under its name of now."""
        def row(offset, number, op="c", **columns):
            key = {"id": number, "k": 0}
            return event("t", offset, key, {**key, **columns}, op)

        def source(columns, key="id, k"):
            return f"create table t(id int, k int, {columns}, d bytea, primary key ({key}));\n"

        rows = [row(0, 1, a="1"), row(1, 2, a="2"), row(2, 2, "u", b="22"), row(3, 3, b="3", c="y", d="eQ==", e=5)]
        self.replay(self.capture(*rows[:2]), source("a text"))
        self.replay(self.capture(*rows[:2]), source("a text, c text default 'x'"))
        told = self.replay(self.capture(*rows), source("b text, c text default 'y', e int") + "-- tidemark: renamed t.b from a\n")
        self.assertIn("filled from the log: t.b, t.e", told)
        found = [(1, "1", "x", None, None), (2, "22", "x", None, None), (3, "3", "y", b"y", 5)]
        self.assertEqual(found, self.query("select id, b, c, d, e from t order by id"))
        line = "-- tidemark: renamed t.f from b\n"
        self.replay(self.capture(*rows), source("f text, c text default 'y', e int") + line)
        self.assertEqual(found, self.query("select id, f, c, d, e from t order by id"))
        # another key, and a column more
        self.replay(self.capture(*rows), source("f text, c text default 'y', e int, g int default 7", "k, id") + line)
        self.assertEqual([(*row, 7) for row in found], self.query("select id, f, c, d, e, g from t order by id"))

    def test_what_the_log_has_no_more_is_counted(self):
        first, second = item(0, 1, "pen"), item(1, 2, "ink")
        self.replay(self.capture(first, second), "create table items(id int primary key, name text);")
        told = self.replay(self.capture(second), ITEMS + "alter table items add column size int default 7;")
        self.assertIn("table items: of 1 rows the log has no event any more", told)
        rows = "select id, name, price, size from items order by id"
        self.assertEqual([(1, "pen", None, 7), (2, "ink", 150, 7)], self.query(rows))
        self.assertEqual([("items", "note", 1), ("items", "price", 1), ("items", "size", 1)], self.query('select "table", column, lacking from _fill'))
        # it is found where it is given after all
        self.replay(self.capture(first, second), ITEMS + "alter table items add column size int default 7;")
        self.assertEqual([(1, "pen", 150, 7), (2, "ink", 150, 7)], self.query(rows))
        self.assertEqual([], self.query("select * from _fill"))

    def test_a_column_that_cannot_be_null_and_no_event_tells(self):
        """Added with a default that was dropped at once, as migrations do: rows of before have it at the source, and no event says so."""
        def row(offset, number, op="c", **columns):
            return event("t", offset, {"id": number}, {"id": number, **columns}, op)

        source = "create table t(id int primary key, a int{});"
        rows = [row(0, 1, a=1), row(1, 2, a=2), row(2, 3, a=3, c=7), row(3, 2, "u", a=4, c=8)]
        by_c = {"schema.sql": "create table cs(c int primary key, n int);\n",
                "apply.cs.sql": "insert into cs select ifnull(c, -1), _weight from _sums_t('c') where true"
                " on conflict(c) do update set n = n + excluded.n\n"}  # fmt: skip
        self.replay(self.capture(*rows[:2]), source.format(""))
        told = self.replay(self.capture(*rows), source.format(", c int not null"), cs=by_c)
        self.assertIn("table t: of 1 rows the log has no event any more, or none with a value of a column that is not null", told)
        self.assertEqual([("t", "c", 1)], self.query('select "table", column, lacking from _fill'))
        self.assertEqual([(1, None), (2, 8), (3, 7)], self.query("select id, c from t order by id"))
        told = self.replay(self.capture(*rows), source.format(", c int not null default 0"), cs=by_c)
        self.assertIn("t.c has its default where it was null", told)
        self.assertEqual([(1, 0), (2, 8), (3, 7)], self.query("select id, c from t order by id"))
        self.assertEqual([(0, 1), (7, 1), (8, 1)], self.query("select * from cs where n > 0 order by c"))
        self.assertEqual([], self.query("select * from _fill"))
        # another default says nothing of rows that are there
        self.assertNotIn("has changed", self.replay(self.capture(*rows), source.format(", c int not null default 5"), cs=by_c))

    def test_a_default_that_the_program_before_did_not_understand(self):
        """The declaration is the same, and the file says of which defaults its rows have the value."""
        capture = self.capture(event("t", 0, {"id": 1}, {"id": 1}))
        source = "create table t(id int primary key{});"
        added = source.format(", n int not null default 5, v text not null default 'd', w int default 6, x int not null")
        self.replay(capture, source.format(""))
        self.replay(capture, added)
        self.assertEqual([(1, 5, "d", 6, None)], self.query("select id, n, v, w, x from t"))

        def as_before(known):
            connection = sqlite3.connect(self.db)
            connection.execute("update t set n = null, v = null, w = null")
            connection.execute("delete from _meta where name = 'defaults'")
            if known is not None:
                connection.execute("insert into _meta values ('defaults', ?)", (known,))
            connection.commit()
            connection.close()
            told = self.replay(capture, added)
            return told, self.query("select n, v, w, x from t")

        (known,) = self.query("select value from _meta where name = 'defaults'")[0]
        self.assertEqual([(None, None, None, None)], as_before(known)[1])
        told, rows = as_before("")
        self.assertIn("t.n has its default where it was null, t.v has its default where it was null (also", told)
        self.assertEqual([(5, "d", None, None)], rows)
        # a file that says nothing of it may have no value of a text since its value was unchanged and not known
        told, rows = as_before(None)
        self.assertIn("t.n has its default where it was null\n", told)
        self.assertEqual([(5, None, None, None)], rows)
        self.assertNotIn("has changed", self.replay(capture, added))

    def test_an_enum_whose_type_was_not_known(self):
        """The values are the same texts, so rows that the log has no more keep them."""
        source = "{}create table t(id e primary key, a e);"
        self.replay(self.capture(event("t", 0, {"id": "x"}, {"id": "x", "a": "y"})), source.format(""))
        made = "do $$ begin create type e as enum ('x', 'y'); exception when duplicate_object then null; end $$;"
        self.assertNotIn("retyped", self.replay(self.capture(), source.format(made)))
        self.assertEqual([("x", "y")], self.query("select id, a from t"))

    def test_a_default_that_is_not_what_the_rows_have(self):
        """Of a null that is an unknown TOAST value, and of a column that is retyped: the rows keep another value at the source."""
        rows = event("t", 0, {"id": 1}, {"id": 1, "v": "__debezium_unavailable_value", "n": 1}, "u"), event("t", 1, {"id": 2}, {"id": 2})
        source = "create table t(id int primary key, v text not null{}, n {});"
        self.replay(self.capture(*rows), source.format("", "int default 5"))
        told = self.replay(self.capture(*rows), source.format(" default 'd'", "numeric(10, 2) default 7"))
        self.assertIn("t.v has its default where it was null (also in rows of which the log has no event any more", told)
        self.assertIn("t.n retyped (rows that no event names with it have its default of now: at the source they have what they had before", told)
        self.assertEqual([(1, None, 100), (2, "d", 700)], self.query("select id, v, n from t order by id"))

    def test_a_row_that_is_filled_without_a_column_that_cannot_be_null(self):
        """Of a table that was away."""
        source = "create table u(id int primary key);"
        capture = self.capture(event("t", 0, {"id": 1}, {"id": 1}), event("t", 1, {"id": 2}, {"id": 2, "a": 7, "b": 8}))
        self.replay(capture, source + "create table t(id int primary key);")
        self.replay(capture, source)
        told = self.replay(capture, source + "create table t(id int primary key, a int not null, b int not null default 3, c int);")
        self.assertIn("table t: of 1 rows the log has no event any more, or none with a value of a column that is not null", told)
        self.assertEqual([(1, None, 3, None), (2, 7, 8, None)], self.query("select id, a, b, c from t order by id"))

    def test_a_file_made_new_of_rows_without_a_column_that_cannot_be_null(self):
        rows = self.capture(event("t", 0, {"id": 1}, {"id": 1, "a": 1}), event("t", 1, {"id": 2}, {"id": 2, "a": 2, "c": 7}))
        source = "create table t(id int primary key, a int, c int not null{}, d int generated always as (a) stored not null);"
        told = self.replay(rows, source.format(""))
        self.assertEqual(1, told.count("table t: rows come without c, which source.sql declares not null"), told)
        self.assertNotIn("rows come without d", told)
        self.db = self.path / "new.db"
        told = self.replay(rows, source.format(" default 0"))
        self.assertEqual(1, told.count("table t: rows come without c, and have the default that source.sql declares"), told)
        self.db = self.path / "other.db"
        self.assertNotIn("rows come without", self.replay(rows, source.replace(" not null{}", "")))

    def test_a_file_made_new_of_rows_without_a_column_whose_default_is_computed(self):
        rows = self.capture(event("t", 0, {"id": 1}, {"id": 1}), event("t", 1, {"id": 2}, {"id": 2, "c": "2026-01-02T00:00:00Z"}))
        told = self.replay(rows, "create table t(id int primary key, c timestamptz default now());")
        self.assertEqual(1, told.count("table t: rows come without c, whose default is the source's to compute"), told)
        self.assertEqual([(1, None), (2, "2026-01-02T00:00:00.000000Z")], self.query("select id, c from t"))

    def test_an_update_that_makes_its_row_without_a_column(self):
        """A compacted log: of the rows' creates nothing is left."""
        source = "create table t(id int primary key, a int, w int not null default 7);"
        created = event("t", 0, {"id": 1}, {"id": 1, "a": 1, "w": 2})
        told = "table t: rows come without w, and have the default that source.sql declares"
        updates = [event("t", 1, {"id": 1}, {"id": 1, "a": 2}, "u"), event("t", 2, {"id": 1}, {"id": 1, "a": 3}, "u")]
        self.assertNotIn(told, self.replay(self.capture(created, *updates), source))
        self.assertEqual([(1, 3, 2)], self.query("select id, a, w from t"))
        self.db = self.path / "compacted.db"
        self.assertEqual(1, self.replay(self.capture(*updates), source).count(told))
        self.assertEqual([(1, 3, 7)], self.query("select id, a, w from t"))

    def test_until_then_answers_say_so(self):
        self.replay(self.capture(item(0, 1, "pen")), "create table items(id int primary key, name text);", summed={})
        before = self.query("select version from _position")[0][0]
        # what a process leaves that is killed between the change and the filling
        other = self.views(ITEMS)
        done = tide.run("replay", "--db", self.db, "--views", other, self.capture(item(0, 1, "pen"), "not JSON"))
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertEqual([(before + 1, "items.note, items.price")], self.query("select version, filling from _position"))
        with tide.Server("serve", "--db", self.db, stderr=self.path / "log") as server:
            _, answer = server.get("/v1/tables/items")
            self.assertEqual("items.note, items.price", answer["position"]["filling"])
            self.assertEqual([{"id": 1, "name": "pen", "price": None, "note": None}], answer["rows"])
            self.assertEqual("items.note, items.price", server.get("/v1/status")[1]["filling"])

    def test_names_that_an_older_program_cut(self):
        """It read names of more than 63 bytes as PostgreSQL's grammar has them."""
        name = "customer_preferred_delivery_location_description_in_local_language_text"
        source = f"create table items(id int primary key, {name} text);"
        self.replay(self.capture(event("items", 0, {"id": 1}, {"id": 1, name[:63]: "pen"})), source.replace(name, name[:63]))
        self.tell_stored(source)
        told = self.replay(self.capture(event("items", 1, {"id": 2}, {"id": 2, name: "ink"})), source)
        self.assertIn(f"items.{name[:63]} renamed", told)
        self.assertEqual([(1, "pen"), (2, "ink")], self.query(f"select id, {name} from items"))
        self.replay(self.capture(event("items", 2, {"id": 3}, {"id": 3, name: "cap"})), source + "create table more(id int primary key);")
        self.assertEqual(3, self.query("select count(*) from items")[0][0])

    def tell_stored(self, source):
        """What the file says it was made with: of before what is refused now."""
        connection = sqlite3.connect(self.db)
        connection.execute("update _files set text = ? where path = 'source.sql'", (source,))
        connection.commit()
        connection.close()

    def test_what_an_older_program_took_and_is_refused_now(self):
        """The way out that is told is one: the file's own source.sql cannot be changed any more."""
        plain = "create table items(id int primary key, name text, price int, same boolean, u text);"
        capture = self.capture(event("items", 0, {"id": 1}, {"id": 1, "name": "pen", "price": 2, "same": False, "u": "x"}))
        later = self.capture(event("items", 1, {"id": 2}, {"id": 2, "name": "ink", "price": 3, "same": False, "u": "x"}))

        def of(name="text", expression="name = 'Pen'"):
            return plain.replace("name text", f"name {name}").replace("same boolean", f"same boolean generated always as ({expression}) stored")

        loose = "create collation loose(provider = icu, locale = 'und', deterministic = false);\n" + of("text collate loose")
        generated = (of("citext"), loose, of("uuid"), "create type r as range(subtype = int);\n" + of("r", "name = '[1,2)'"), of("name", f"name = '{'x' * 64}'"),
                     of("text", "name::uuid = 'A'"))  # fmt: skip
        for number, stored in enumerate(generated):
            with self.subTest(stored=stored):
                self.db = self.path / f"generated{number}.db"
                self.replay(capture, plain)
                self.tell_stored(stored)
                self.assertIn("-- tidemark: ignore items.same", self.replay(later, stored, code=1))
                with tide.Server("serve", "--db", self.db, stderr=self.path / "log") as server:
                    self.assertEqual([{"id": 1, "same": False}], server.get("/v1/tables/items?select=id,same")[1]["rows"])
                told = self.replay(later, "-- tidemark: ignore items.same\n" + stored)
                self.assertIn("items.same dropped", told)
                self.assertEqual([(1, "pen"), (2, "ink")], self.query("select id, name from items order by id"))
        self.db = self.path / "declared.db"
        self.replay(capture, plain)
        self.tell_stored(of("citext"))
        self.assertIn("items.same declared otherwise", self.replay(later, plain.replace("name text", "name citext")))
        statements = (
            "create schema s create table more(id int primary key);",
            "create function f() returns int language sql begin atomic select 1; select 2 end",
            "create function f() returns int language sql begin atomic select 1; end create table more(id int primary key);",
            "create table more(id int primary key); create table most(a int primary key, like more including all);",
        )
        for number, statement in enumerate(statements):
            with self.subTest(statement=statement):
                self.db = self.path / f"statements{number}.db"
                made = plain + (statement.replace("like more including all", "id int") if "like" in statement else "")
                self.replay(capture, made)
                self.tell_stored(plain + statement)
                with tide.Server("serve", "--db", self.db, stderr=self.path / "log") as server:
                    self.assertEqual([{"id": 1}], server.get("/v1/tables/items?select=id")[1]["rows"])
                self.replay(later, plain)
                self.assertEqual([(1, "pen"), (2, "ink")], self.query("select id, name from items order by id"))
        # a column of this name hid what stands behind it
        self.db = self.path / "atomic.db"
        hides, hidden = plain + "create table more(id int primary key, atomic int);", "create table most(id int primary key);"
        self.replay(capture, hides)
        self.tell_stored(hides + hidden)
        self.assertIn("most added", self.replay(later, hides + hidden))

    def test_dropped_and_renamed(self):
        capture = self.capture(item(0, 1, "pen"), event("old", 0, {"k": 1}, {"k": 1}), event("gone", 0, {"k": 1}, {"k": 1}))
        self.replay(capture, ITEMS + "create table old(k int primary key); create table gone(k int primary key);", summed=SUMMED, watched=WATCHED)
        source = ("create table items(id int primary key, title text, price decimal(10, 2)); create table new(k int primary key);\n"
                  "-- tidemark: renamed items.title from name\n-- tidemark: renamed new from old\n")  # fmt: skip

        def renamed(view):
            return {file: text.replace("'name'", "'title'", 1).replace("new_name", "new_title").replace("ifnull(name", "ifnull(title") for file, text in view.items()}

        watched = {**renamed(WATCHED), "apply.names.sql": WATCHED["apply.names.sql"].replace("new_name", "new_title")}
        told = self.replay(capture, source, summed=renamed(SUMMED), watched=watched)
        for words in ("gone dropped", "old renamed", "items.name renamed", "items.note dropped"):
            self.assertIn(words, told)
        self.assertEqual([(1, "pen", 150)], self.query("select id, title, price from items"))
        self.assertEqual([(1,)], self.query("select k from new"))
        self.assertEqual([("pen", 1, 150)], self.query("select * from summed"))
        self.assertEqual([(1, "pen")], self.query("select id, name from seen_names"))
        self.assertEqual({"items", "new"}, {name for (name,) in self.query("select name from sqlite_schema where name in ('items', 'new', 'old', 'gone')")})
        # the same lines again say nothing
        self.assertNotIn("has changed", self.replay(capture, source, summed=renamed(SUMMED), watched=watched))

    def test_renamed_at_the_source_before_source_sql(self):
        def row(offset, number, op="c", **columns):
            return event("t", offset, {"id": number}, {"id": number, **columns}, op)

        # what came under the new name meanwhile is filled, and what has the older name is read by that
        capture = self.capture(row(0, 1, a="one"), row(1, 2, a="two"), row(2, 1, "u", b="newer"), row(3, 3, b="three"), row(4, 2, "u", b=None), row(5, 4, a="four"))
        self.replay(capture, "create table t(id int primary key, a text);")
        told = self.replay(capture, "create table t(id int primary key, b text default 'x');\n-- tidemark: renamed t.b from a\n")
        self.assertIn("file with it: t.a renamed\n", told)
        self.assertEqual([(1, "newer"), (2, None), (3, "three"), (4, "four")], self.query("select id, b from t order by id"))

    def test_a_renaming_that_nobody_told(self):
        """A dump of after it has the new name alone; what is said afterwards is read again."""
        def row(offset, number, **columns):
            return event("t", offset, {"id": number}, {"id": number, **columns})

        capture = self.capture(row(0, 1, a=1), row(1, 2, a=2), row(2, 3, b=3), event("old", 0, {"id": 1}, {"id": 1}), event("new", 0, {"id": 2}, {"id": 2}))
        self.replay(capture, "create table t(id int primary key, a int); create table old(id int primary key);")
        source = "create table t(id int primary key, b int, c text); create table new(id int primary key);\n"
        told = self.replay(capture, source)
        self.assertIn("warn  source.sql has changed: table old went and new came, with the same columns: if it was renamed,", told)
        self.assertIn("; t.a went and b came: if it was renamed, say so (`-- tidemark: renamed t.b from a`)", told)
        self.assertNotIn("c came", told)
        self.assertEqual([(1, None), (2, None), (3, 3)], self.query("select id, b from t order by id"))
        topic = "-- tidemark: topic new = /theworldshop\\.public\\.(old|new)/\n"
        told = self.replay(capture, source + "-- tidemark: renamed t.b from a\n" + topic)
        self.assertIn("filled from the log: new, t.b", told)
        self.assertNotIn("source.sql has changed: ", told)
        self.assertEqual([(1, 1), (2, 2), (3, 3)], self.query("select id, b from t order by id"))
        self.assertEqual([(1,), (2,)], self.query("select id from new order by id"))

    def test_a_table_that_was_left_out_of_anothers_topic(self):
        """What came before is not there, and its tombstones may come still: they delete no row of the topic's own table."""
        rows = event("t", 0, {"id": 1}, {"id": 1, "v": "t"}), event("log", 1, {"id": 1}, {"id": 1, "v": "log"}, topic="t")
        declared = "create table t(id int primary key, v text);\n"
        log = "create table log(id int primary key, v text);\n"
        self.replay(self.capture(*rows), declared + "-- tidemark: ignore log\n")
        capture = self.capture(*rows, tide.line("t", 2, {"id": 1}, None))
        told = self.replay(capture, declared + log)
        self.assertIn("log was left out, and rows of other tables came in topic theworldshop.public.t", told)
        self.assertIn("`-- tidemark: topic log = theworldshop.public.t`", told)
        self.assertIn("several tables come in it, and a tombstone alone does not say whose it is", told)
        self.assertEqual([(1, "t")], self.query("select id, v from t"))
        self.assertEqual([], self.query("select * from log"))
        # with these lines they are
        lines = "".join(f"-- tidemark: topic {table} = theworldshop.public.t\n" for table in ("t", "log"))
        self.replay(capture, declared + log + lines)
        self.assertEqual([(1, "t")], self.query("select id, v from t"))
        self.assertEqual([(1, "log")], self.query("select id, v from log"))

    def test_a_tombstone_where_a_declared_tables_rows_came_too(self):
        rows = event("t", 0, {"id": 1}, {"id": 1, "v": "t"}), event("log", 1, {"id": 1}, {"id": 1, "v": "log"}, topic="t")
        source = "create table t(id int primary key, v text);\ncreate table log(id int primary key, v text);\n"
        # of the next process too
        for lines in (rows, [tide.line("t", 2, {"id": 1}, None)], [tide.line("t", 3, {"id": 1}, None, partition=0)]):
            told = self.replay(self.capture(*lines), source)
            self.assertEqual("several tables come in it" in told, lines is not rows)
        self.assertEqual([(1, "t")], self.query("select id, v from t"))

    def test_renamed_and_the_log_says_only_that_the_value_is_unchanged(self):
        def row(offset, op="u", number=1, **columns):
            return event("t", offset, {"id": number}, {"id": number, **columns}, op)

        long, short = "long " * 500, "short"
        capture = self.capture(row(0, "c", a=long, n=1), row(1, "c", 2, a=short, n=1))
        self.replay(capture, "create table t(id int primary key, a text, n int);")
        # the log begins behind the values
        capture = self.capture(row(2, b="__debezium_unavailable_value", n=2), row(3, number=2, b=None, n=2))
        self.replay(capture, "create table t(id int primary key, a text, n int);")
        self.replay(capture, "create table t(id int primary key, b text, n int);\n-- tidemark: renamed t.b from a\n")
        self.assertEqual([(1, long, 2), (2, None, 2)], self.query("select id, b, n from t order by id"))

    def test_topics_of_both_names_in_either_order(self):
        """The rules of position make one table of them; what the later topic says is unchanged is known by the older one alone."""
        def row(table, offset, op, lsn, **columns):
            return event(table, offset, {"id": 1}, {"id": 1, **columns}, op, lsn=lsn)

        source = "create table b(id int primary key, v text, n int);\n-- tidemark: renamed b from a\n-- tidemark: topic b = /theworldshop\\.public\\.[ab]/\n"
        older = [row("a", 0, "c", 100, v="long", n=1), row("a", 1, "u", 101, v="long", n=2)]
        newer = [row("b", 0, "u", 200, v="__debezium_unavailable_value", n=3)]
        for lines, v, words in ((older + newer, "long", False), (newer + older, None, True)):
            self.db = self.path / f"{words}.db"
            told = self.replay(self.capture(*lines), source)
            self.assertEqual([(1, v, 3)], self.query("select id, v, n from b"))
            self.assertEqual(words, "table b: a row was changed under its name of now before what made it was read under an older one" in told, told)
            self.assertNotIn("incomplete", told)
        # alone it is no whole log
        self.db = self.path / "alone.db"
        self.assertIn("table b is incomplete: theworldshop.public.b begins with the change", self.replay(self.capture(*newer), source))

    def test_what_is_incomplete_stays_so_for_its_first_reason(self):
        """Changes that do not follow from what is here tell no more then, in a replay too."""
        case = tide.TOP / "fixtures" / "cases" / "changes_that_do_not_follow"
        source = (case / "source.sql").read_text()
        lines = [json.loads(text) for text in (case / "capture.jsonl").read_text().splitlines()]
        for part in (lines[:50], lines[50:58]):  # behind the sweeps of their snapshots
            self.replay(self.capture(*part), source)
        with contextlib.closing(sqlite3.connect(self.db)) as file, file:
            file.execute("insert into _meta values('incomplete:lost_create', 'its log was cut off')")
            file.execute("update _tables set cut_ms = 1800000000000")
        self.assertIn("table lost_delete may be incomplete", self.replay(self.capture(*lines[58:]), source))
        self.assertEqual([("its log was cut off",)], self.query("select value from _meta where name = 'incomplete:lost_create'"))

    def test_what_the_file_knows_of_a_table_goes_with_its_name(self):
        def row(table, offset, number, v="v", op="c"):
            return event(table, offset, {"id": number}, {"id": number, "v": v}, op)

        def marks():
            return self.query("select name from _meta where name glob 'incomplete:*' or name glob 'astray:*'")

        source = "create table %s(id int primary key, v int);\n"
        # a log without its beginning, and a message that waits
        capture = self.capture(row("a", 0, 1, 1, "u"), row("a", 1, 2, "no number"))
        self.assertIn("table a is incomplete", self.replay(capture, source % "a"))
        self.assertEqual([("incomplete:a",)], marks())
        with contextlib.closing(sqlite3.connect(self.db)) as file, file:
            file.execute("insert into _meta values('astray:a', 'none')")  # as of a process that was killed before it told it
        self.replay(capture, source % "b" + "-- tidemark: renamed b from a\n-- tidemark: topic b = theworldshop.public.a\n")
        self.assertEqual([("incomplete:b",)], marks())
        self.assertEqual([("b", "[2]")], self.query('select "table", row_key from _quarantine'))
        server = tide.Server("serve", "--db", self.db, "--views", self.path / f"views{self.files}", stderr=self.path / "log")
        self.addCleanup(server.__exit__)
        (table,) = server.get("/v1/status")[1]["tables"]
        self.assertEqual(("b", False), (table["name"], table["complete"]))
        self.assertEqual(0, server.stop())
        # another table of that name is not what was dropped, and the same number is another row's key
        self.replay(self.capture(), source % "other")
        self.assertEqual([], marks())
        self.replay(self.capture(event("b", 0, {"v": 2}, {"id": 7, "v": 2})), "create table b(id int, v int primary key);\ncreate table other(id int primary key, v int);\n")
        self.assertEqual([(7, 2)], self.query("select id, v from b"))
        self.assertEqual([("waiting",)], self.query("select state from _quarantine"))

    def test_renamed_twice(self):
        def row(offset, number, op="c", **columns):
            return event("t", offset, {"id": number}, {"id": number, **columns}, op)

        # what is `a` in the last one is another column, which took the name
        rows = [row(0, 1, a=1), row(1, 2, a=2), row(2, 2, "u", b=22), row(3, 3, c=3), row(4, 4, b=4, a=40)]
        ways = ("create table t(id int primary key, c int);\n-- tidemark: renamed t.c from a\n-- tidemark: renamed t.c from b\n",
                "create table t(id int primary key, a int); alter table t rename a to b; alter table t rename b to c;")  # fmt: skip
        for way, source in enumerate(ways):
            for first in range(3):
                self.db = self.path / f"{way}{first}.db"
                if first > 0:
                    self.replay(self.capture(*rows[: 2 + 2 * (first - 1)]), "create table t(id int primary key, a int);")
                self.replay(self.capture(*rows), source)
                self.assertEqual([(1, 1), (2, 22), (3, 3), (4, 4)], self.query("select id, c from t order by id"))

    def test_a_truncate_of_a_table_by_its_older_name(self):
        def row(table, offset, number):
            return event(table, offset, {"id": number}, {"id": number}, lsn=1000 + number)

        capture = self.capture(row("oldest", 0, 1), event("oldest", 1, None, None, "t", lsn=1002), row("oldest", 2, 3), event("old", 0, None, None, "t", lsn=1004),
                               row("old", 1, 5), row("new", 0, 6))  # fmt: skip
        topics = "-- tidemark: topic new = /theworldshop\\.public\\.(new|old|oldest)/\n"
        told = self.replay(capture, "create table new(id int primary key);\n-- tidemark: renamed new from oldest\n-- tidemark: renamed new from old\n" + topics)
        self.assertIn(" 0 quarantined", told)
        self.assertEqual([(5,), (6,)], self.query("select id from new order by id"))

    def test_renamed_into_a_name_that_another_left(self):
        def row(offset, number, **columns):
            return event("t", offset, {"id": number}, {"id": number, **columns})

        capture = self.capture(row(0, 1, a=1, a_new=10), row(1, 2, a_old=2, a=20))
        was = "create table t(id int primary key, a int, a_new bigint);"
        self.replay(capture, was)
        told = self.replay(capture, "create table t(id int primary key, a bigint);\n-- tidemark: renamed t.a from a_new\n", code=1)
        self.assertIn("t.a is renamed from a_new, and the file has both", told)
        self.assertEqual([(1, 1, 10), (2, 20, None)], self.query("select id, a, a_new from t order by id"))
        lines = "-- tidemark: renamed t.a from a_new\n-- tidemark: renamed t.a_old from a\n"
        self.replay(capture, "create table t(id int primary key, a bigint, a_old int);\n" + lines)
        self.assertEqual([(1, 1, 10), (2, 2, 20)], self.query("select id, a_old, a from t order by id"))
        # the old name is a new column's, and the same lines say nothing once more
        more = "create table t(id int primary key, a bigint, a_old int, a_new text);\n" + lines
        self.replay(capture, more)
        self.assertEqual([(1, 1, 10, None), (2, 2, 20, None)], self.query("select id, a_old, a, a_new from t order by id"))
        self.assertNotIn("has changed", self.replay(capture, more))

    def test_a_table_that_takes_the_name_of_one_that_is_renamed(self):
        """By the log alone the rows of before are of either; a full snapshot tells."""
        def row(offset, table, number, op="c", **source):
            return event(table, offset, {"id": number}, {"id": number}, op, **source)

        before = self.capture(row(0, "t", 1), row(1, "t", 2))
        self.replay(before, "create table t(id int primary key);")
        source = "create table t_old(id int primary key);\n-- tidemark: renamed t_old from t\ncreate table t(id int primary key);\n"
        words = "source.sql, line 1: table t_old is renamed from t, and another t is declared: no message says which of the two its row was of"
        self.assertIn(words, tide.run("check", "--views", self.views(source)).stderr)
        after = [row(0, "t", 1), row(1, "t", 2), row(2, "t", 3)]
        self.assertIn(words, self.replay(self.capture(*after), source))
        self.assertEqual([(1,), (2,)], self.query("select id from t_old order by id"))
        self.assertEqual([(1,), (2,), (3,)], self.query("select id from t order by id"))
        snapshot = [row(3, "t", 3, "r", lsn=2000, snapshot="last")]
        self.replay(self.capture(*after, *snapshot), source)
        self.assertEqual([(3,)], self.query("select id from t"))
        # which of two topics is whose, lines may tell
        told = "-- tidemark: topic t_old = one\n-- tidemark: topic t = two\n"
        self.assertEqual("", tide.run("check", "--views", self.views(source + told)).stderr)
        # and so in PostgreSQL's words
        statements = "create table t(id int primary key);\nalter table t rename to t_old;\ncreate table t(id int primary key);\n"
        self.assertIn(words, tide.run("check", "--views", self.views(statements)).stderr)

    def test_a_label_that_is_renamed_is_told(self):
        """ALTER TYPE .. RENAME VALUE changes it in all rows, and writes no event."""
        source = "create type state as enum ('new', 'paid');\ncreate table items(id int primary key, state state, states state[]);\n"
        capture = self.capture(event("items", 0, {"id": 1}, {"id": 1, "state": "paid", "states": ["paid"]}))
        self.replay(capture, source)
        self.assertNotIn("label", self.replay(capture, source.replace("'paid'", "'paid', 'sent'")))
        told = self.replay(capture, source.replace("'paid'", "'settled', 'sent'"))
        self.assertIn("items.state has no label 'paid' any more (rows that have it keep it until an event or a snapshot names them)", told)
        self.assertIn("items.states has no label 'paid'", told)
        self.assertNotIn("label", self.replay(capture, source.replace("'paid'", "'settled', 'sent'")))
        self.assertEqual([("paid",)], self.query("select state from items"))

    def test_renamed_by_statements(self):
        """What a migration says at the end of source.sql, as a line `renamed` does."""
        capture = self.capture(item(0, 1, "pen", note="n"), item(1, 2, "ink"))
        self.replay(capture, ITEMS)
        statements = "alter table items rename column name to title;\nalter table items rename note to remark;\n"
        told = self.replay(capture, ITEMS + statements)
        self.assertIn("items.name renamed, items.note renamed", told)
        self.assertEqual([(1, "pen", "n"), (2, "ink", "n")], self.query("select id, title, remark from items order by id"))
        self.db = self.path / "new.db"  # older messages have the older names
        self.replay(capture, ITEMS + statements)
        self.assertEqual([(1, "pen", "n"), (2, "ink", "n")], self.query("select id, title, remark from items order by id"))
        told = self.replay(self.capture(), ITEMS + statements + "alter table items rename to goods;\n")
        self.assertIn("items renamed", told)
        self.assertEqual([(1, "pen"), (2, "ink")], self.query("select id, title from goods order by id"))
        told = self.replay(self.capture(), ITEMS + statements + "alter table items rename to goods;\nalter table goods set schema sold;\n")
        self.assertEqual([(1, "pen"), (2, "ink")], self.query('select id, title from "sold.goods" order by id'))

    def test_what_was_dropped_and_made_anew_is_told(self):
        """By statements; no event says so, and the rows and the log have what was there before under the same names."""
        capture = self.capture(event("t", 0, {"id": 1}, {"id": 1, "a": 1}), event("u", 0, {"id": 1}, {"id": 1}))
        source = "create table t(id int primary key, a int); create table u(id int primary key);"
        self.replay(capture, source)
        told = self.replay(capture, source + "alter table t drop a; alter table t add a int default 5;")
        self.assertIn("t.a dropped and added anew (rows that no event names since have what they had before", told)
        self.assertEqual([(1, 1)], self.query("select id, a from t"))
        more = "alter table t drop a; alter table t add a int default 5; drop table u; create table u(id int primary key);"
        told = self.replay(capture, source + more)
        self.assertIn("u dropped and made anew (rows of the one before stay until a full snapshot)", told)
        self.assertNotIn("t.a", told)
        self.assertNotIn("anew", self.replay(capture, source + more + "begin; alter table t drop a, add a int; rollback;"))

    def test_names_that_are_swapped_are_told(self):
        swapped = ITEMS + "-- tidemark: renamed items.name from note\n-- tidemark: renamed items.note from name\n"
        self.replay(self.capture(item(0, 1, "pen", note="n")), ITEMS)
        told = self.replay(self.capture(item(0, 1, "pen", note="n")), swapped)
        self.assertIn("columns of items are renamed in a circle, name from note", told)
        self.assertEqual([("pen", "n")], self.query("select name, note from items"))
        done = tide.run("check", "--views", self.views(swapped))
        self.assertIn("renamed in a circle", done.stdout + done.stderr)
        self.assertNotIn("in a circle", self.replay(self.capture(), ITEMS + "-- tidemark: renamed items.name from title\n"))
        # a name that is given back is no circle: messages of between have the other one
        back = ITEMS + "alter table items rename column name to title;\nalter table items rename column title to name;\n"
        self.db = self.path / "back.db"
        between = self.capture(event("items", 0, {"id": 2}, {"id": 2, "title": "ink", "note": "n"}))
        self.assertNotIn("in a circle", self.replay(between, back))
        self.assertEqual([("ink", "n")], self.query("select name, note from items"))

    def test_a_text_that_is_a_uuid_now(self):
        capital = "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"
        capture = self.capture(item(0, 1, "pen", note=capital))
        self.replay(capture, ITEMS)
        told = self.replay(capture, ITEMS.replace("note text", "note uuid"))
        self.assertIn("items.note declared otherwise", told)
        self.assertEqual([(1, capital.lower())], self.query("select id, note from items"))

    def test_a_default_that_only_the_source_can_compute_is_told(self):
        capture = self.capture(item(0, 1, "pen"))
        self.replay(capture, ITEMS)
        columns = ", made timestamptz not null default now(), number int default 7, total int generated always as (id + 1) stored);"
        told = self.replay(capture, ITEMS.replace(");\n", columns))
        self.assertIn("items.made added (its default is the source's to compute: rows that no event names since stay NULL until a snapshot), items.number added (rows that no event names since have its default: they are NULL at the source, if it was set later), items.total added", told)
        self.assertEqual([(1, None, 7, 2)], self.query("select id, made, number, total from items"))

    def test_a_default_of_the_columns_domain(self):
        """PostgreSQL gives it to the rows that are there, as a default of the column's own, and writes no event."""
        self.replay(self.capture(item(0, 1, "pen")), ITEMS)
        domains = "create domain state as text default 'open' not null;\ncreate domain late as state;\n"
        columns = ", a state, b late, c late default 'own', d state default null, e state[], f state not null);\n"
        told = self.replay(self.capture(item(0, 1, "pen")), domains + ITEMS.replace(");\n", columns))
        self.assertEqual([("open", "open", "own", None, None, "open")], self.query("select a, b, c, d, e, f from items"))
        self.assertIn("items.d added, items.e added, items.f added", told)

    def test_a_char_that_is_a_text_now(self):
        """PostgreSQL's cast takes the spaces at its end, and writes no event."""
        source = "create table items(id int primary key, code char(5), kind char(3));\n"
        capture = self.capture(event("items", 0, {"id": 1}, {"id": 1, "code": "ab   ", "kind": "x  "}),
                               event("items", 1, {"id": 2}, {"id": 2, "code": "abcde", "kind": None}),
                               event("items", 2, {"id": 3}, {"id": 3, "code": "a ", "kind": "xyz"}))  # fmt: skip
        by_code = {"schema.sql": "create table codes(code text primary key, n int) without rowid;\n",
                   "apply.codes.sql": "insert into codes select ifnull(code, ''), _weight from _sums_items('code') where true"
                   " on conflict(code) do update set n = n + excluded.n\n"}  # fmt: skip
        self.replay(capture, source, codes=by_code)
        told = self.replay(capture, source.replace("char(5)", "text").replace("char(3)", "char(4)"), codes=by_code)
        self.assertIn("items.code has no spaces at its end any more", told)
        self.assertEqual([(1, "ab", "x  "), (2, "abcde", None), (3, "a ", "xyz")], self.query("select id, code, kind from items order by id"))
        self.assertEqual([("a ", 1), ("ab", 1), ("abcde", 1)], self.query("select * from codes order by 1"))

    def test_a_table_renamed_in_other_letters_or_into_a_name_that_is_taken(self):
        capture = self.capture(event("T", 0, {"id": 1}, {"id": 1}), event("t_new", 0, {"id": 5}, {"id": 5}))
        was = 'create table "T"(id int primary key); create table t_new(id int primary key);'
        self.replay(capture, was)
        is_now = "create table t(id int primary key); create table t_new(id int primary key);\n-- tidemark: renamed t from \"T\"\n"
        self.assertIn("T renamed", self.replay(capture, is_now))
        self.assertEqual([("_deleted_t",), ("t",)], self.query("select name from sqlite_schema where name like '%t' and type = 'table' order by name"))
        self.assertEqual([(1,)], self.query("select id from t"))
        told = self.replay(capture, "create table t(id int primary key);\n-- tidemark: renamed t from t_new\n", code=1)
        self.assertIn("table t is renamed from t_new, and the file has both", told)
        self.assertEqual([(1, 5)], self.query("select t.id, n.id from t join t_new n"))

    def test_a_table_that_became_a_partition_and_one_that_is_none_any_more(self):
        capture = self.capture(event("p1", 0, {"id": 1}, {"id": 1, "v": 1}), event("p2", 0, {"id": 5}, {"id": 5, "v": 5}))
        root = "create table p(id int primary key, v int) partition by list(id); create table p2 partition of p default;"
        plain = "create table p1(id int primary key, v int);"
        self.replay(capture, root + plain)
        self.assertEqual([(5, 5)], self.query("select id, v from p"))
        told = self.replay(capture, root + plain + "alter table p attach partition p1 for values in (1);")
        self.assertIn("p1 dropped, p has more topics", told)
        self.assertEqual([(1, 1), (5, 5)], self.query("select id, v from p order by id"))
        # a new one of both names has nothing to be read again
        third = "create table p3 partition of p for values in (3);"
        told = self.replay(capture, root + third + "create table p1 partition of p for values in (1);")
        self.assertNotIn("filled", told)
        told = self.replay(capture, root + third + plain)
        self.assertIn("p.p1 is no partition any more (its rows stay until a full snapshot), p1 added", told)
        self.assertEqual([(1, 1)], self.query("select id, v from p1"))

    def test_the_topic_of_a_table_that_is_renamed_later(self):
        """A replay passed it over while the table had its older name."""
        old, new = event("old", 0, {"id": 1}, {"id": 1, "name": "pen"}), event("new", 0, {"id": 2}, {"id": 2, "name": "ink"}, lsn=2000)
        watched = {name: text.replace("_changes_items", "_changes_{}") for name, text in WATCHED.items()}

        def views(table):
            return {name: text.replace("{}", table) for name, text in watched.items()}

        self.replay(self.capture(old, new), "create table old(id int primary key, name text);", watched=views("old"))
        told = self.replay(self.capture(old, new), "create table new(id int primary key, name text);\n-- tidemark: renamed new from old\n", watched=views("new"))
        self.assertIn("old renamed", told)
        self.assertEqual([(1, "pen"), (2, "ink")], self.query("select id, name from new order by id"))
        self.assertEqual([(1, "pen"), (2, "ink")], self.query("select id, name from seen_names order by n"))
        self.assertEqual([], self.query("select * from _fill"))

    def test_what_the_topic_that_a_line_adds_took(self):
        """Deletes and a truncate under a name of now, which were passed over while the table had its older one alone."""
        def row(table, offset, number, lsn, op="c"):
            after = {"id": number, "name": "pen"} if op == "c" else None
            return event(table, offset, {"id": number} if number else None, after, op, lsn)

        source = "create table old(id int primary key, name text);\n"
        now = source.replace("old", "new") + "-- tidemark: renamed new from old\n-- tidemark: topic new = /theworldshop\\.public\\.(old|new)/\n"
        rows = [row("old", n, n + 1, 10 + n) for n in range(4)]
        later = [row("new", 0, 1, 50, "d"), row("new", 1, 2, 60, "d"), row("new", 2, 2, 70)]
        for name, more, found in (("deletes", later, [2, 3, 4]), ("truncate", [*later, row("new", 3, None, 80, "t"), row("new", 4, 9, 90)], [9])):
            self.db = self.path / f"{name}.db"
            capture = self.capture(*rows, *more)
            self.replay(capture, source, summed={file: text.replace("_items", "_old").replace(" price from", " 0 from") for file, text in SUMMED.items()})
            told = self.replay(capture, now, summed={file: text.replace("_items", "_new").replace(" price from", " 0 from") for file, text in SUMMED.items()})
            self.assertIn("filled from the log: new", told)
            self.assertEqual([(n,) for n in found], self.query("select id from new order by id"))
            self.assertEqual([("pen", len(found))], self.query("select name, items from summed"))
            self.assertEqual([], self.query("select * from _fill"))

    def test_a_topic_that_a_line_adds(self):
        other = event("other", 0, {"id": 2}, {"id": 2, "name": "ink", "price": "1.00", "note": None})
        capture = self.capture(item(0, 1, "pen"), other)
        self.replay(capture, ITEMS)
        told = self.replay(capture, ITEMS + "-- tidemark: topic items = /theworldshop\\.public\\.(items|other)/\n")
        self.assertIn("items has more topics", told)
        self.assertEqual([(1, "pen"), (2, "ink")], self.query("select id, name from items order by id"))

    def test_retyped(self):
        capture = self.capture(item(0, 1, "pen", "1.50"), item(1, 2, "ink", "2.00"))
        told = self.replay(capture, ITEMS.replace("price decimal(10, 2)", "price int"), summed=SUMMED)
        self.assertIn("1 quarantined", told)  # 1.50 is no int
        self.assertEqual([(2, 2)], self.query("select id, price from items"))
        told = self.replay(capture, ITEMS, summed=SUMMED)
        self.assertIn("items.price retyped", told)
        self.assertEqual([(1, 150), (2, 200)], self.query("select id, price from items order by id"))
        self.assertEqual([("ink", 1, 200), ("pen", 1, 150)], self.query("select * from summed order by 1"))
        # more digits before the point mean nothing for what is stored
        self.assertNotIn("filled", self.replay(capture, ITEMS.replace("10, 2", "12, 2"), summed=SUMMED))
        self.assertEqual([], self.query("select * from _fill"))
        self.assertNotIn("has changed", self.replay(capture, ITEMS.replace("10, 2", "12, 2"), summed=SUMMED))

    def test_a_generated_column_is_computed_for_all_rows(self):
        capture = self.capture(item(0, 1, "pen"), item(1, 2, "ink", price="2.50"))
        source = "create table items(id int primary key, name text, price decimal(10, 2){});"
        generated = ", twice decimal(10, 2) generated always as ({}) stored"
        rows = "select id, twice from items order by id"
        self.replay(capture, source.format(""))
        told = self.replay(capture, source.format(generated.format("price * 2")))
        self.assertIn("items.twice added", told)
        self.assertEqual([(1, 300), (2, 500)], self.query(rows))
        twice = {**SUMMED, "apply.sums.sql": SUMMED["apply.sums.sql"].replace("price from _sums", "twice from _sums")}
        told = self.replay(capture, source.format(generated.format("price * 2 + 1")), summed=twice)
        self.assertIn("items.twice declared otherwise", told)
        self.assertEqual([(1, 400), (2, 600)], self.query(rows))
        self.assertEqual([("ink", 1, 600), ("pen", 1, 400)], self.query("select * from summed order by 1"))
        self.replay(self.capture(item(2, 3, "cap", price="3.00")), source.format(generated.format("price * 2 + 1")), summed=twice)
        self.assertEqual([(1, 400), (2, 600), (3, 700)], self.query(rows))

    def test_a_generated_column_beyond_64_bits(self):
        """No row has a double in its place, however it is computed: of a whole row, of what the event lacks and the file has, of all rows."""
        def row(offset, number, op="c", **columns):
            return event("t", offset, {"id": number}, {"id": number, **columns}, op)

        big = 4_000_000_000_000_000_000
        source = "create table t(id int primary key, a bigint, b bigint, body text{});"
        product = ", back numeric(18,0) generated always as (a * b - a * b) stored, twice numeric(18,0) generated always as (a * b) stored"
        reason = "t: column back is generated, and a result on the way to it is beyond 64 bits"
        rows = "select id, a, b, body, back, twice from t order by id"
        unavailable = "__debezium_unavailable_value"
        # 1 lacks a column, 2 has an unchanged TOAST value, 3 is whole, 4 is made of what is not all there, 5 is small
        whole = self.capture(*(row(n, n + 1, a=2, b=3, body="x") for n in range(3)), row(3, 1, "u", a=big, body="x"),
                               row(4, 2, "u", a=big, b=5, body=unavailable), row(5, 3, "u", a=big, b=5, body="x"),
                               row(6, 4, "u", a=big, b=big, body=unavailable), row(7, 5, "u", a=7, b=8, body=unavailable))  # fmt: skip
        self.replay(whole, source.format(product))
        same = [(n, 2, 3, "x", 0, 6) for n in (1, 2, 3)] + [(5, 7, 8, None, 0, 56)]
        self.assertEqual(same, self.query(rows))
        self.assertEqual([(n, f"table {reason}: leave it out with `-- tidemark: ignore t.back`", "waiting") for n in (3, 4, 5, 6)], self.query('select "offset", reason, state from _quarantine order by 1'))
        # a value that comes later, with the delete of the row that had another key
        same = {"lsn": 2000, "txId": 700}
        kept = {"schema.sql": "create table kept(id int primary key, a int);\n",
                "apply.1_went.sql": "delete from kept where id in (select id from _delta_t)\n",
                "apply.2_came.sql": "insert into kept(id, a) select id, a from _delta_t where _weight > 0\n",
                "query.all.sql": "select id, a from kept order by id\n"}  # fmt: skip
        both = "create table t(id int primary key, a bigint, b text, body text{});"
        for text, size in ((source, "length(body) * a"), (both, "length(body) * length(b) * a")):
            # the delete is refused as a whole: its row stays, in the views too, and is told; of two columns that come, each alone would do
            self.db = self.path / f"toast{size.count('length')}.db"
            capture = self.capture(row(0, 1, a=1, b="3" if text == source else "y" * 3000, body="x" * 3000),
                                   event("t", 0, {"id": 2}, {"id": 2, "a": big // 4, "b": None if text == source else unavailable, "body": unavailable}, partition=1, **same),
                                   event("t", 1, {"id": 1}, None, "d", before={"id": 1}, **same))  # fmt: skip
            self.replay(capture, text.format(f", size numeric(18,0) generated always as ({size}) stored"), kept=kept)
            self.assertEqual([(2, big // 4, None, None)], self.query("select id, a, body, size from t where id = 2"))
            self.assertEqual([(1, "waiting")], self.query('select "offset", state from _quarantine'))
            self.assertEqual([(1, 1), (2, big // 4)], self.query("select id, a from t order by id"))
            self.assertEqual([(1, 1), (2, big // 4)], self.query("select id, a from kept order by id"))
            self.assertEqual([], self.query("select id from _deleted_t"))
            # and it is carried out once nothing is computed of it
            self.replay(capture, text.format("") + "\n-- tidemark: ignore t.size\n", kept=kept)
            self.assertEqual(0, tide.run("quarantine", "retry", "1", "--db", self.db).returncode)
            self.assertEqual([(2, big // 4, 3000)], self.query("select id, a, length(body) from t"))
            self.assertEqual([(2, big // 4)], self.query("select id, a from kept"))
            self.assertEqual([("applied",)], self.query("select state from _quarantine"))
        # a text that its column cuts
        self.db = self.path / "cut.db"
        self.replay(self.capture(row(0, 1, body="x" * 63), row(1, 2, body="x" * 64)), source.format(", short name generated always as (body) stored"))
        self.assertEqual([(1, "x" * 63)], self.query("select id, short from t"))
        self.assertIn("longer than its type, which cuts it: leave it out with `-- tidemark: ignore t.short`", self.query("select reason from _quarantine")[0][0])
        # what is compared on the way is told too, and only where it does not fit
        self.db = self.path / "compared.db"
        pays = (", pays boolean generated always as (a * 1.10 - b > 0) stored, grade text generated always as (case when a * 1.10 - b > 0 then 'x' else 'y' end || '!') stored"
                ", less numeric(18,2) generated always as (nullif(a * 1.10 - b, 1)) stored")  # fmt: skip
        compared = self.capture(row(0, 1, a=2, b=3, body="x"), row(1, 2, a=9, b=3, body="x"), row(2, 3, a=big, b=big, body="x"), row(3, 4, a=None, b=3, body="x"),
                                row(4, 1, "u", a=big, b=5, body=unavailable), row(5, 2, "u", a=1, b=5, body=unavailable))  # fmt: skip
        self.replay(compared, source.format(pays))
        self.assertEqual([(1, 0, "y!", -80), (2, 0, "y!", -390), (4, None, "y!", None)], self.query("select id, pays, grade, less from t order by id"))
        self.assertEqual([(n, f"table {reason.replace('back', 'pays')}: leave it out with `-- tidemark: ignore t.pays`") for n in (2, 4)], self.query('select "offset", reason from _quarantine order by 1'))
        self.db = self.path / "there.db"
        self.replay(compared, source.format(""))
        grade = ", grade" + pays.split(", grade")[1].split(", less")[0]
        told = self.replay(compared, source.format(grade), code=1)
        self.assertIn(f"{reason.replace('back', 'grade')} in the row of key [1]: leave it out with `-- tidemark: ignore t.grade`", told)
        # rows that are there
        self.db = self.path / "plain.db"
        self.replay(whole, source.format(""))
        told = self.replay(whole, source.format(product), code=1)
        self.assertIn(f"{reason} in the row of key [1]: leave it out with `-- tidemark: ignore t.back`", told)
        self.assertEqual([(1, big, 3)], self.query("select id, a, b from t where id = 1"))
        # whatever its columns are called, and its key is
        source = "create table t(beyond int, number bigint, k bytea, x double precision, row text, primary key(k, x));"
        rows = [event("t", n, {"k": k, "x": n + 0.1}, {"beyond": 1, "number": number, "k": k, "x": n + 0.1, "row": None}) for n, (k, number) in enumerate((("AAE=", 5), ("AP8=", big)))]
        self.db = self.path / "names.db"
        self.replay(self.capture(*rows), source)
        told = self.replay(self.capture(*rows), source.replace("row text", "row text, big numeric(18,0) generated always as (number * 10) stored"), code=1)
        self.assertIn('column big is generated, and a result on the way to it is beyond 64 bits in the row of key ["00FF",1.1000000000000001]: leave', told)
        self.assertIn("big added", self.replay(self.capture(*rows), source.replace("row text", "row text, big numeric(18,0) generated always as (number + 10) stored")))
        self.assertEqual([(15,), (big + 10,)], self.query("select big from t order by 1"))

    def test_what_a_trigger_refuses_late_leaves_nothing(self):
        """A change that is several statements: a generated column of what the event lacks, and a value for the row of another key."""
        def row(offset, number, op="c", **columns):
            return event("t", offset, {"id": number}, {"id": number, **columns}, op)

        unavailable, same = "__debezium_unavailable_value", {"lsn": 2000, "txId": 700}
        moved = (event("t", 0, {"id": 3}, {"id": 3, "a": 3, "body": unavailable}, partition=1, **same), event("t", 2, {"id": 2}, None, "d", before={"id": 2}, **same))
        first = (row(0, 1, a=1, body="x" * 3000), row(1, 2, a=2, body="y" * 3000))
        for number, (when, lines, rows) in enumerate((
            ("new.size > 60", (row(2, 1, "u", a=50, body=unavailable), row(3, 1, "u", a=5, body=unavailable)), [(1, 5, 3000, 10), (2, 2, 3000, 4)]),
            ("new.body like 'y%'", (*moved, row(3, 1, "u", a=5, body=unavailable)), [(1, 5, 3000, 10), (2, 2, 3000, 4), (3, 3, None, 6)]),
        )):  # fmt: skip
            with self.subTest(when):
                self.db = self.path / f"late{number}.db"
                schema = ("create table kept(id int primary key, a int);\n"
                          f"create trigger kept_not after update on t when {when} begin select raise(abort, 'not that'); end;\n")  # fmt: skip
                kept = {"schema.sql": schema, "apply.1_went.sql": "delete from kept where id in (select id from _delta_t)\n",
                        "apply.2_came.sql": "insert into kept(id, a) select id, a from _delta_t where _weight > 0\n", "query.all.sql": "select id, a from kept order by id\n"}  # fmt: skip
                source = "create table t(id int primary key, a bigint, body text, size numeric(18,0) generated always as (a * 2) stored);"
                self.replay(self.capture(*first, *lines[:-1]), source, kept=kept)
                self.assertEqual([(2, "t: not that", "waiting")], self.query('select "offset", reason, state from _quarantine'))
                left = [(1, 1), *((row[0], row[1]) for row in rows[1:])]
                self.assertEqual(left, self.query("select id, a from t order by id"))
                self.assertEqual(left, self.query("select id, a from kept order by id"))
                self.assertEqual([], self.query("select id from _deleted_t"))
                self.replay(self.capture(*first, *lines), source, kept=kept)
                self.assertEqual(rows, self.query("select id, a, length(body), size from t order by id"))
                self.assertEqual([row[:2] for row in rows], self.query("select id, a from kept order by id"))

    def test_what_a_replay_does_not_keep_is_told(self):
        told = self.replay(self.capture(item(0, 1, "pen", size=7, colour="red")),
                           ITEMS + "create table gifts(id int primary key);\nalter table items add column weight int;")
        self.assertIn("events have columns that source.sql does not declare, and that are not kept: items.size, items.colour", told)
        self.assertIn("events lack columns that source.sql declares, and that stay as they were: items.weight", told)
        self.assertIn("the captures have no topic of these tables of source.sql: gifts", told)
        told = self.replay(self.capture(item(1, 2, "ink")), ITEMS)
        for word in ("not declare", "lack columns", "no topic"):
            self.assertNotIn(word, told)

    def test_another_key(self):
        rows = [event("lines", n, {"doc": 1, "pos": n}, {"doc": 1, "pos": n, "what": f"w{n}"}) for n in range(3)]
        capture = self.capture(*rows)
        source = "create table lines(doc int, pos int, what text, primary key({}));"
        self.replay(capture, source.format("pos, doc"))
        told = self.replay(capture, source.format("doc, pos"))
        self.assertIn("lines has another key", told)
        self.assertEqual([(1, 0, "w0"), (1, 1, "w1"), (1, 2, "w2")], self.query("select doc, pos, what from lines"))
        self.assertEqual([], self.query("select * from _fill"))

    def test_a_primary_key_that_was_changed_at_the_source(self):
        """The log has messages of either key, in either order; the file has read those of before, and is sound without them."""
        source = "create table lines(doc int, pos int, what text, primary key({}));"

        def line(offset, key, pos, what, op="u"):
            row = {"doc": pos + 10, "pos": pos, "what": what}
            return event("lines", offset, {name: row[name] for name in key}, None if op == "d" else row, op, before=row if op == "d" else None)

        for was, now in (["doc"], ["doc", "pos"]), (["doc", "pos"], ["doc"]):
            with self.subTest(now=now):
                self.db = self.path / f"{len(now)}.db"
                old = [*(line(n, was, n, f"w{n}", "c") for n in range(3)), line(3, was, 1, "old")]
                new = [line(4, now, 2, "new"), line(5, now, 0, "w0", "d"), line(6, now, 3, "w3", "c")]
                self.replay(self.capture(*old), source.format(", ".join(was)))
                halted = self.replay(self.capture(*old, *new), source.format(", ".join(was)), code=1)
                self.assertIn("Where the source's primary key was changed", halted)
                told = self.replay(self.capture(*old, *new), source.format(", ".join(now)))
                self.assertIn("lines has another key", told)
                self.assertIn("4 messages of before do not suit the new declaration", told)
                self.assertEqual([(1, "old"), (2, "new"), (3, "w3")], self.query("select pos, what from lines order by pos"))
                self.assertEqual([], self.query("select * from _fill where lacking is null"))
                self.assertEqual([], self.query("select reason from _quarantine"))

    def test_a_table_that_comes_back_tells_nothing_twice(self):
        capture = self.capture(item(0, 1, "pen"), item(1, 2, "ink"), event("other", 0, {"k": 1}, {"k": 1}))
        other = "create table other(k int primary key);"
        self.replay(capture, ITEMS + other, watched=WATCHED)
        self.assertIn("items", self.replay(capture, other, code=1, watched=WATCHED))  # its statement reads it
        kept = {"schema.sql": WATCHED["schema.sql"]}
        self.assertIn("items dropped", self.replay(capture, other, watched=kept))
        told = self.replay(self.capture(item(0, 1, "pen"), item(1, 2, "ink"), item(2, 3, "cup")), ITEMS + other, watched=WATCHED)
        self.assertIn("items added", told)
        self.assertEqual([(1, "pen"), (2, "ink"), (3, "cup")], self.query("select id, name from items order by id"))
        # the table was away when 3 came: what was read before the filling is history that is not told again
        self.assertEqual([(1, "pen"), (2, "ink")], self.query("select id, name from seen_names where id < 3 order by n"))

    def test_what_was_deleted_before_a_table_was_declared_stays_deleted(self):
        """Its topic was read for another table; the connector then sends again what it had sent."""
        def shared(offset, lsn, table, op):
            row = {"id": 1, "name": table}
            before, after = (row, None) if op == "d" else (None, row)
            return event(table, offset, {"id": 1}, after, op, lsn, before, topic="shop.all")

        sent = [shared(0, 10, "items", "c"), *(shared(1 + i, 20 + 10 * i, "pens", "cd"[i % 2]) for i in range(4))]
        self.replay(self.capture(*sent), shared_topic("items", "boxes"))
        told = self.replay(self.capture(*sent), shared_topic("items", "boxes", "pens"))
        self.assertIn("filled from the log: pens", told)
        self.assertEqual([], self.query("select * from pens"))
        self.replay(self.capture(*sent, shared(5, 40, "pens", "c"), shared(6, 20, "pens", "c")), shared_topic("items", "boxes", "pens"))
        self.assertEqual([], self.query("select * from pens"))
        self.assertEqual([(1, "items")], self.query("select id, name from items"))

    def test_what_was_truncated_before_a_table_was_declared_stays_away(self):
        def shared(offset, lsn, table, op, after=None):
            return event(table, offset, {"id": 1} if after else None, after, op, lsn, topic="shop.all")

        row = {"id": 1, "name": "pen"}
        sent = [shared(0, 10, "items", "c", row), shared(1, 20, "pens", "c", row), shared(2, 30, "pens", "t")]
        self.replay(self.capture(*sent), shared_topic("items", "boxes"))
        self.replay(self.capture(*sent), shared_topic("items", "boxes", "pens"))
        self.replay(self.capture(*sent, shared(3, 20, "pens", "c", row)), shared_topic("items", "boxes", "pens"))
        self.assertEqual([], self.query("select * from pens"))

    def test_a_batch_written_twice_around_the_time_a_table_was_declared(self):
        """The first writing ends with a row of an incremental snapshot, which is older."""
        def pen(offset, name, op, **source):
            return event("pens", offset, {"id": 1}, {"id": 1, "name": name}, op, topic="shop.all", **source)

        def chunk(offset):
            line = pen(offset, "old", "r", snapshot="incremental")
            value = tide.json.loads(line["value"])
            value["source"]["lsn"] = value["source"]["txId"] = None
            return {**line, "value": tide.json.dumps(value)}

        sent = [event("items", 0, {"id": 1}, {"id": 1, "name": "pen"}, topic="shop.all"), pen(1, "old", "c", lsn=10), chunk(2), pen(3, "new", "u", lsn=20), chunk(4)]
        self.replay(self.capture(*sent), shared_topic("items", "boxes"))
        self.replay(self.capture(*sent), shared_topic("items", "boxes", "pens"))
        self.assertEqual([("old",)], self.query("select name from pens"))
        self.replay(self.capture(*sent, pen(5, "new", "u", lsn=20)), shared_topic("items", "boxes", "pens"))
        self.assertEqual([("new",)], self.query("select name from pens"))

    def test_a_file_beside_that_is_ahead_of_a_backup_that_was_put_back(self):
        """What it has of a later time is read again, with its effects; so it is when a power cut took the file's newest commits."""
        first, both = self.capture(item(0, 1, "pen")), self.capture(item(0, 1, "pen"), item(1, 2, "ink"))
        self.replay(first, "create table items(id int primary key, name text);", watched={**WATCHED})
        self.fill_beside(ITEMS, both)
        self.replay(first, ITEMS, watched=WATCHED)
        self.assertEqual([(1, "pen", 150, "n")], self.query("select id, name, price, note from items"))
        self.replay(both, ITEMS, watched=WATCHED)
        self.assertEqual([(1, "pen"), (2, "ink")], self.query("select id, name from seen_names order by n"))

    def test_a_file_beside_of_another_change_than_that_of_a_backup_that_was_put_back(self):
        """A change that was killed as it was filled, then the backup of before, then another change: both are the first of their file."""
        capture = self.capture(item(0, 1, "pen"), item(1, 2, "ink"))
        self.replay(capture, "create table items(id int primary key, name text);")
        self.fill_beside(ITEMS.replace(", note text", ""), capture)
        self.replay(capture, ITEMS.replace("price decimal(10, 2), ", ""))
        self.assertEqual([(1, "pen", "n"), (2, "ink", "n")], self.query("select id, name, note from items order by id"))

    def test_the_beginning_of_the_log_passes_what_is_read_again(self):
        """The embedded broker keeps 5 MB of a partition."""
        rows = [item(n, n, "pen", note=f"{n:06} " * 20000) for n in range(80)]
        narrow = "create table items(id int primary key, name text);"
        capture = self.capture(*rows)
        self.replay(capture, narrow)
        beside = self.fill_beside(ITEMS, self.capture(rows[0]))
        with tide.Server("demo", "--db", self.path / "demo.db", "--views", self.views(narrow), "--capture", capture, stderr=self.path / "demo.log") as broker:
            tide.wait_for("the log", lambda: broker.get("/v1/status")[1].get("counters", {}).get("applied") == 80)
            with tide.Server("run", "--brokers", broker.brokers(), "--prefix", tide.PREFIX, "--db", self.db,
                             "--views", self.views(ITEMS), stderr=self.path / "log") as server:  # fmt: skip
                tide.wait_for("the filling", lambda: "filled from the log" in server.log() and server.get("/v1/status")[1]["filling"] is None)
                self.assertIn("the log does not hold any more what is to be read next", server.log())
                (told,) = server.get("/v1/status")[1]["tables"]
                self.assertEqual(0, server.stop())
        (lacking,) = self.query("select count(*) from items where note is null")[0]
        self.assertEqual(lacking, told["lacking"])
        self.assertTrue(0 < lacking < 80, lacking)
        self.assertFalse(beside.exists())

    def test_history_and_once_stay(self):
        capture = self.capture(item(0, 1, "pen"), item(1, 2, "ink"))
        self.replay(capture, ITEMS, watched=WATCHED)
        connection = sqlite3.connect(self.db)
        connection.execute("delete from seen_names where id = 1")  # a mailer cleans up: it stays told
        connection.commit()
        connection.close()
        more = self.capture(item(0, 1, "pen"), item(1, 2, "ink"), event("items", 2, {"id": 1}, {"id": 1, "name": "pen", "cost": "2.50", "note": "x"}, "u"))
        source = ITEMS.replace("price", "cost") + "-- tidemark: renamed items.cost from price\n"
        self.replay(more, source, watched=WATCHED)
        self.assertEqual([(2, "ink")], self.query("select id, name from seen_names"))
        self.assertEqual([(1, 250), (2, 150)], self.query("select id, cost from items order by id"))

    def test_history_that_is_not_loaded(self):
        capture = self.capture(item(0, 1, "pen"))
        self.replay(capture, ITEMS, watched=WATCHED)
        told = self.replay(capture, ITEMS.replace(", note text", ""), code=1)
        self.assertIn("view watched may read, which is not loaded and holds history: load that view too", told)
        self.assertEqual([(1, "pen", 150, "n")], self.query("select id, name, price, note from items"))
        # one more column takes nothing from it
        self.replay(capture, ITEMS + "create table more(k int primary key);")
        self.assertEqual([(1, "pen")], self.query("select id, name from seen_names"))

    def test_a_file_that_does_not_know_its_source(self):
        capture = self.capture(item(0, 1, "pen"))
        self.replay(capture, ITEMS)
        connection = sqlite3.connect(self.db)
        connection.execute("drop table _files")
        connection.commit()
        connection.close()
        told = self.replay(capture, ITEMS.replace(", note text", ""), code=1)
        self.assertIn("the file does not know its own source.sql: start this tidemark once with the source.sql of before", told)
        self.replay(capture, ITEMS)
        self.replay(capture, ITEMS.replace(", note text", ""))

    def served(self, *flags):
        server = tide.Server("serve", "--db", self.db, *flags, stderr=self.path / "serve.log")
        self.addCleanup(server.__exit__)
        return server

    def test_serve_beside_it_goes_on_with_the_new_declaration(self):
        """1500 is 15.00 under the old one, and 1.500 under the new one."""
        capture = self.capture(item(0, 1, "pen", price="1.50"), item(1, 2, "ink", price="2.00"))
        self.replay(capture, ITEMS, summed=SUMMED)
        server = self.served()
        rows = "/v1/tables/items?select=id,price"
        self.assertEqual([{"id": 1, "price": "1.50"}, {"id": 2, "price": "2.00"}], server.get(rows)[1]["rows"])
        self.replay(capture, ITEMS.replace("10, 2", "10, 3").replace(", note text", ""), summed=SUMMED)
        seen = []
        tide.wait_for("the new declaration", lambda: (seen.append(server.get(rows)), seen[-1][0] == 200)[1])
        for status, document in seen[:-1]:
            self.assertEqual((503, "/problems/not-ready"), (status, document["type"]))
            self.assertIn("was made with another source.sql", document["detail"])
        self.assertEqual([{"id": 1, "price": "1.500"}, {"id": 2, "price": "2.000"}], seen[-1][1]["rows"])
        self.assertEqual({"id", "name", "price"}, set(server.get("/v1/tables/items")[1]["rows"][0]))
        self.assertEqual(200, server.get("/readyz")[0])
        self.assertEqual("serving", server.get("/v1/status")[1]["state"])
        self.assertEqual(0, server.stop())

    def test_serve_beside_it_of_a_folder_that_does_not_agree(self):
        capture = self.capture(item(0, 1, "pen"))
        self.replay(capture, ITEMS, summed=SUMMED)
        server = self.served("--views", self.views(ITEMS, summed=SUMMED))
        self.assertEqual(200, server.get("/v1/tables/items")[0])
        self.replay(capture, ITEMS.replace("10, 2", "10, 3"), summed=SUMMED)
        told = tide.wait_for("halted", lambda: (found := server.get("/readyz"))[0] == 503 and found[1]["detail"])
        self.assertIn("was made with another source.sql", told)
        self.assertEqual(503, server.get("/v1/tables/items")[0])
        self.replay(capture, ITEMS, summed=SUMMED)
        tide.wait_for("they agree", lambda: server.get("/readyz")[0] == 200)
        self.assertEqual("1.50", server.get("/v1/tables/items")[1]["rows"][0]["price"])
        refused = tide.run("serve", "--db", self.db, "--listen", "127.0.0.1:0", "--views", self.views(ITEMS.replace("10, 2", "10, 3"), summed=SUMMED))
        self.assertEqual(1, refused.returncode)
        self.assertIn("was made with another source.sql", refused.stderr)

    def test_beside_the_live_reading(self):
        """The embedded broker has the capture; traffic goes on meanwhile."""
        less = tide.TOP / "views" / "source.sql"
        few = less.read_text().replace("    notes text,\n", "")
        capture = tide.CAPTURES / "basic.jsonl"
        lines = tide.read_capture(capture)
        views = {}
        for name in ("analytics", "email", "loyalty", "warehouse"):
            views[name] = {path.name: path.read_text() for path in (tide.TOP / "views" / name).glob("*.sql")}
        self.replay(capture, few, **views)
        ids = self.query("select message_id from email_outbox order by 1")
        for wanted in ("serving", "connected", "reading"):  # it goes on where it was
            with tide.Server("demo", "--db", self.db, "--capture", capture, stderr=self.path / f"log of {wanted}") as server:
                tide.wait_for(wanted, lambda: wanted in server.log() or "filled" in server.log())
                server.kill()
        with tide.Server("demo", "--db", self.db, "--capture", capture, "--traffic", "200", stderr=self.path / "log") as server:
            tide.wait_for("the filling", lambda: server.get("/v1/status")[1]["filling"] is None)
            tide.wait_for("traffic", lambda: server.get("/v1/status")[1]["counters"]["applied"] > 50)
            self.assertEqual(0, server.stop())
        self.assertEqual([], self.query("select * from _fill"))
        new = self.path / "new.db"
        tide.replay(new, capture)
        place = max(int(row[0]) for row in self.query("select id from orders", new))
        notes = "select id, notes from orders where id in (select id from orders where _lsn <= %d) order by id"
        newest = self.query("select max(max(_lsn), max(_snapshot)) from orders", new)[0][0]
        self.assertEqual(self.query(notes % newest, new), self.query(notes % newest)[: len(self.query(notes % newest, new))])
        self.assertGreaterEqual(place, 1)
        self.assertTrue(set(ids) <= set(self.query("select message_id from email_outbox")))
        self.assertGreater(len(lines), 0)


if __name__ == "__main__":
    unittest.main()
