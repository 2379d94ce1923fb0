#!/usr/bin/env python3
"""Files and views: what is refused and why, what is rebuilt, what is kept."""

import contextlib
import os
import re
import shutil
import sqlite3
import sys
import unittest

import orders
import tide
from tide import check_truth

BASIC = tide.CAPTURES / "basic.jsonl"
VIEWS = tide.TOP / "views"

FORMAT = 10  # the newest, of store.h
# Each makes a file of the newest format one of its own.
FORMAT_9 = "".join(f"alter table {table} drop column {name}; " for table, name in (
    ("_offsets", "unread"), ("_tables", "left_out_lsn"), ("_tables", "whole_lsn"), ("_tables", "cut_ms"), ("_tables", "snapshot_ahead"), ("_tables", "snapshot_commit"),
    ("_quarantine", "behind_lsn")))  # fmt: skip
FORMAT_7 = FORMAT_9 + "".join(f"alter table {table} drop column {name}; " for table, name in (
    ("_offsets", "snapshot_lsn"), ("_offsets", "snapshot_ms"), ("_offsets", "newest_lsn"), ("_offsets", "newest_source_ms"),
    ("_tables", "stale_before_ms"), ("_tables", "snapshot_ts_ms"), ("_tables", "has_chunks")))  # fmt: skip
FORMAT_5 = FORMAT_7 + "drop table _fill; alter table _position drop column filling; "
FORMAT_4 = FORMAT_5 + """drop table _quarantine_requests; alter table _position drop column quarantined; drop table _quarantine;
    create table _quarantine(id integer primary key, topic text not null, partition integer not null,
        "offset" integer not null, key blob, value blob, reason text not null, at_ms integer not null);
    insert into _quarantine values(3, 't', 1, 7, x'6b', null, 'no JSON (its value was dropped: quarantine is full)', 1000),
        (4, 't', 1, 8, null, x'76', 'no JSON', 2000);
"""


def checks(sql):
    """The table's constraints beside those of pragma table_xinfo, without their comments and blanks."""
    return sorted(re.findall(r"check ?\((?:[^()]|\([^()]*\))*\)|unique\b|without rowid|references\b", re.sub(r"\s+", " ", re.sub(r"--[^\n]*", "", sql))))


def undivide(connection):
    """What deletes left behind, as format 8 had it: without parts."""
    for (name,) in connection.execute("select name from sqlite_schema where type = 'table' and name glob '_deleted_*'").fetchall():
        columns = connection.execute("select name, type from pragma_table_info(?) where pk > 1 order by pk", (name,)).fetchall()
        declared = "".join(f'"{column}" {kind} not null,' for column, kind in columns)
        keys = ",".join(f'"{column}"' for column, _ in columns)
        connection.executescript(f"""alter table "{name}" rename to divided;
            create table "{name}"({declared}_lsn integer,_ts_ms integer,primary key({keys})) without rowid;
            insert into "{name}" select {keys}, max(_lsn), max(_ts_ms) from divided group by {keys}; drop table divided""")
    (source,) = connection.execute("select value from _meta where name = 'source'").fetchone()
    undivided = re.sub(r'("_deleted_\w+"\()_part integer not null,(.*?primary key\()_part,', r"\1\2", source)
    connection.execute("update _meta set value = ? where name = 'source'", (undivided,))
    connection.commit()


class Case(tide.Case):
    def setUp(self):
        super().setUp()
        self.db = self.path / "shop.db"

    def refused(self, *arguments, code=1, says):
        done = tide.run(*arguments)
        self.assertEqual(code, done.returncode, done.stderr)
        told = [line for line in done.stderr.splitlines() if line.startswith("tidemark: ")]
        self.assertEqual(1, len(told), done.stderr)
        for words in says if isinstance(says, (list, tuple)) else [says]:
            self.assertIn(str(words), told[0])
        return done

    def query(self, sql):
        connection = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def objects(self):
        return {row[0] for row in self.query("select name from sqlite_schema")}


class Files(Case):
    def test_two_processes(self):
        with tide.Server("demo", "--db", self.db, stderr=self.path / "log"):
            self.refused("replay", "--db", self.db, BASIC, says=[self.db, "another tidemark process", "tidemark serve"])
            self.refused("demo", "--db", self.db, "--for", "5", "--listen", "127.0.0.1:0",
                         says=[self.db, "another tidemark process"])  # fmt: skip
            # beside it one may read
            with tide.Server("serve", "--db", self.db, stderr=self.path / "log2") as reader:
                self.assertEqual(200, reader.get("/healthz")[0])

    def test_the_lock_goes_with_the_process(self):
        with tide.Server("demo", "--db", self.db, stderr=self.path / "log") as server:
            server.kill()
        self.assertEqual(0, tide.run("replay", "--db", self.db, BASIC).returncode)

    def test_places_that_cannot_be_written(self):
        (self.path / "file").write_text("x")
        # neither is a folder where even root could write
        for place in ("/proc/none.db", self.path / "file" / "shop.db", self.path / "none" / "shop.db", self.path):
            with self.subTest(str(place)):
                self.refused("replay", "--db", place, BASIC, says=place)

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_a_folder_that_is_not_ours(self):
        folder = self.path / "closed"
        folder.mkdir(mode=0o500)
        self.refused("replay", "--db", folder / "shop.db", BASIC, says=[folder, "Permission denied"])

    def test_files_that_are_not_ours(self):
        text = self.path / "notes.txt"
        text.write_text("not a database, but long enough to be looked at as one. " * 100)
        self.refused("replay", "--db", text, BASIC, says=[text, "not a tidemark file"])
        self.assertTrue(text.read_text().startswith("not a database"))
        other = self.path / "other.db"
        connection = sqlite3.connect(other)
        connection.execute("create table mine(a)")
        connection.commit()
        connection.close()
        self.refused("replay", "--db", other, BASIC, says=[other, "not a tidemark file"])
        self.refused("serve", "--db", other, "--listen", "127.0.0.1:0", says=other)
        self.refused("serve", "--db", self.path / "none.db", "--listen", "127.0.0.1:0", says="none.db")

    def test_a_file_that_remembers_no_source_sql(self):
        tide.replay(self.db, BASIC)
        with contextlib.closing(sqlite3.connect(self.db)) as connection:
            connection.execute("delete from _files where path = 'source.sql'")
            connection.commit()
        for command in (("serve", "--listen", "127.0.0.1:0"), ("quarantine", "list"), ("prove", BASIC)):
            self.refused(*command, "--db", self.db, says=[f"{self.db}: remembers views without a source.sql", "put a backup in its place"])

    def test_a_file_that_is_locked_or_damaged(self):
        """The file is named, and what to do; SQLite names a statement."""
        tide.replay(self.db, BASIC)
        holder = sqlite3.connect(self.db, isolation_level=None)
        self.addCleanup(holder.close)
        holder.execute("begin exclusive")
        self.refused("replay", "--db", self.db, BASIC, says=f"database is locked; another program holds {self.db}")
        holder.execute("rollback")
        holder.close()
        root = self.query("select rootpage from sqlite_schema where name = 'orders'")[0][0]
        with open(self.db, "r+b") as file:
            file.seek((root - 1) * 4096)
            file.write(b"\xff" * 200)
        self.refused("replay", "--db", self.db, BASIC,
                     says=f"malformed; put a backup in the place of {self.db}, or read the topics into a new")  # fmt: skip

    def test_a_newer_format(self):
        tide.replay(self.db, BASIC)
        connection = sqlite3.connect(self.db)
        connection.execute(f"pragma user_version = {FORMAT + 1}")
        connection.close()
        self.refused("replay", "--db", self.db, BASIC, says=[self.db, f"format is {FORMAT + 1}", "newer tidemark"])
        self.refused("serve", "--db", self.db, "--listen", "127.0.0.1:0", says=[self.db, f"format is {FORMAT + 1}", "newer tidemark"])

    def test_a_file_cut_off(self):
        tide.replay(self.db, BASIC)
        os.truncate(self.db, self.db.stat().st_size // 2)
        done = tide.run("replay", "--db", self.db, tide.CAPTURES / "hazards.jsonl")
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIn(str(self.db), done.stderr)

    def test_prefixes_do_not_mix(self):
        tide.replay(self.db, BASIC)
        done = tide.run("replay", "--db", self.db, tide.CAPTURES / "hazards.jsonl")
        self.assertEqual(2, done.returncode)
        self.assertIn("theworldshop", done.stderr)
        self.assertIn("hazards", done.stderr)

    def test_several_captures(self):
        lines = tide.read_capture(BASIC)
        first = tide.write_capture(self.path / "1.jsonl", lines[:70])
        second = tide.write_capture(self.path / "2.jsonl", lines[70:])
        counts = tide.replay(self.db, first, second)
        self.assertEqual(len(lines), counts["messages"])
        self.assertEqual([], list(check_truth.differences(self.db, tide.read_truth("basic"))))

    def test_an_incomplete_capture_says_so(self):
        lines = tide.read_capture(BASIC)
        last = max(i for i, l in enumerate(lines) if tide.is_transaction_topic(l["topic"]) and "END" in l["value"])
        path = tide.write_capture(self.path / "cut.jsonl", [l for i, l in enumerate(lines) if i != last])
        done = tide.run("replay", "--db", self.db, path)
        self.assertEqual(0, done.returncode)
        self.assertIn("END", done.stderr)
        self.assertEqual([], list(check_truth.differences(self.db, tide.read_truth("basic"))))

    def test_as_the_contract_shows(self):
        tide.replay(self.db, BASIC)
        self.assertIn(4200, [row[0] for row in self.query("select total from orders")])
        self.assertEqual([("ok",)], self.query("pragma integrity_check"))


class Views(Case):
    def view(self, view, schema=None, applies=None, **queries):
        folder = self.path / "views" / view
        folder.mkdir(parents=True, exist_ok=True)
        if schema is not None:
            (folder / "schema.sql").write_text(schema)
        for name, sql in (applies or {}).items():
            (folder / f"apply.{name}.sql").write_text(sql)
        for query, sql in queries.items():
            (folder / f"query.{query}.sql").write_text(sql)
        return self.path / "views"

    def test_errors_name_file_and_line(self):
        cases = [
            ("schema.sql", "create table a(b);\ncreate trigger t after insert on nowhere begin select 1; end;\n", None,
             ["mine/schema.sql:2", "nowhere"]),
            ("schema.sql", "create table a(b);\n\nthis is no sql;\n", None, ["mine/schema.sql:3"]),
            ("schema.sql", "create table orders(id);\n", None, ["mine/schema.sql:1", "orders"]),
            ("schema.sql", "create table _mine(id);\n", None, ["mine/schema.sql", "_mine"]),
            ("schema.sql", "drop table orders;\n", None, ["mine/schema.sql"]),
            ("schema.sql", "insert into orders(id) values(1);\n", None, ["mine/schema.sql", "orders"]),
            ("schema.sql", "create trigger t before insert on orders begin select 1; end;\n", None, ["trigger t", "AFTER"]),
            ("schema.sql", "create table a(b);\ncreate trigger t after insert on orders begin insert into a values(NEW.nothing); end;\n",
             None, ["nothing"]),
            ("schema.sql", "-- tidemark: keep nothing\ncreate table a(b);\n", None, ["mine/schema.sql", "keep nothing"]),
            ("schema.sql", "attach '/tmp/x' as x;\n", None, ["mine/schema.sql"]),
            ("query", None, "select *\nfrom nowhere\n", ["mine/query.q.sql:2", "nowhere"]),
            ("query", None, "select 1; select 2;\n", ["mine/query.q.sql", "one statement"]),
            ("query", None, "delete from orders\n", ["mine/query.q.sql", "orders"]),
            ("query", None, "", ["mine/query.q.sql", "no statement"]),
            ("query", None, "select ?\n", ["mine/query.q.sql", ":name"]),
        ]  # fmt: skip
        for _, schema, query, says in cases:
            with self.subTest(schema or query or "nothing"):
                shutil.rmtree(self.path / "views", ignore_errors=True)
                views = self.view("mine", schema, **({} if query is None else {"q": query}))
                self.refused("check", "--views", views, says=says)
                self.refused("replay", "--db", self.path / "never.db", "--views", views, BASIC, says=says)

    def test_errors_of_statements(self):
        table = "create table mine_a(k primary key, n integer);\n"
        ours = "delete from mine_a where k in (select id from _delta_orders)"
        cases = [
            (table, "insert into mine_a\nselect nothing, 1\nfrom _delta_orders", ["mine/apply.a.sql:2", "nothing"]),
            (table, "insert into mine_a select id, 1\nfrom _delta_nowhere", ["mine/apply.a.sql:2", "_delta_nowhere"]),
            (table, "insert into mine_a\nselect customer_id, 1 from loyalty_balance, _delta_orders",
             ["mine/apply.a.sql:2", "loyalty_balance", "its view's own"]),
            (table, ours + ";\n\ndelete from mine_a", ["mine/apply.a.sql:1", "one statement"]),
            (table, "-- nothing\n", ["mine/apply.a.sql:1", "no statement"]),
            (table, "select * from _delta_orders", ["mine/apply.a.sql:1", "inserts, updates or deletes"]),
            (table, "explain " + ours, ["mine/apply.a.sql:1", "inserts, updates or deletes"]),
            (table, "create table b as select * from _delta_orders", ["mine/apply.a.sql:1", "schema.sql"]),
            (table, "drop table mine_a", ["mine/apply.a.sql:1", "nothing else"]),
            (table, "delete from mine_a", ["mine/apply.a.sql:1", "_delta_TABLE"]),
            (table, "delete from orders where id in (select id from _delta_orders)", ["mine/apply.a.sql:1", "mirrored table orders"]),
            (table, "insert into _deleted_orders(id) select id from _delta_orders", ["mine/apply.a.sql:1", "_deleted_orders"]),
            (table, "insert into _delta_orders(id) select id from _delta_orders", ["mine/apply.a.sql:1", "_delta_orders"]),
            (table, "insert into mine_a select id, :n from _delta_orders", ["mine/apply.a.sql:1", "parameters"]),
            (table, "insert into mine_a select new_id, change_op() from _changes_orders", ["mine/apply.a.sql:1", "change_op()"]),
            (table + "create view mine_b as\nselect * from _changes_orders;\n", ours, ["mine/schema.sql:2", "_changes_orders"]),
            (table + "create trigger mine_t after insert on orders\n"
             "begin insert into mine_a select new_id, 1 from _changes_orders; end;\n", ours, ["mine/schema.sql", "_changes_orders"]),
            (table + "insert into mine_a select id, 1 from _delta_orders;\n", ours, ["mine/schema.sql:2", "_delta_orders"]),
        ]  # fmt: skip
        for schema, statement, says in cases:
            with self.subTest(statement):
                views = self.view("mine", schema, applies={"a": statement})
                self.refused("check", "--views", views, says=says)
        views = self.view("mine", table, applies={"a": ours}, q="select * from _delta_orders")
        self.refused("check", "--views", views, says=["mine/query.q.sql:1", "_delta_orders"])
        self.view("mine", q="select k from mine_a")
        self.assertEqual(0, tide.run("check", "--views", views).returncode)
        (views / "mine" / "aply.b.sql").write_text(ours)
        self.refused("check", "--views", views, says=["mine/aply.b.sql", "apply.NAME.sql"])

    def test_check_prints_the_routes(self):
        done = tide.run("check")
        self.assertEqual(0, done.returncode, done.stderr)
        for route in ("/v1/views/warehouse/picks?sku=", "/v1/views/warehouse/stock", "/v1/views/warehouse/low_stock?below=",
                      "/v1/views/email/outbox", "/v1/views/email/audience", "/v1/views/analytics/orders_by_status",
                      "/v1/views/analytics/revenue_by_day?from=&to=", "/v1/views/analytics/top_skus",
                      "/v1/views/analytics/customers_by_tier", "/v1/views/loyalty/points?customer_id=",
                      "/v1/tables/orders", "/v1/tables/customers", "/v1/tables/inventory", "/v1/tables/points"):  # fmt: skip
            self.assertIn(route, done.stdout)
        views = self.view("mine", None, all="select id from orders where status = :status")
        self.assertIn("GET /v1/views/mine/all?status=", tide.run("check", "--views", views).stdout)

    def test_only(self):
        self.refused("replay", "--db", self.db, "--only", "wharehouse", BASIC, code=2, says=["wharehouse", "warehouse", "email"])
        tide.replay(self.db, BASIC, flags=("--only", "warehouse,email"))
        self.assertTrue({"warehouse_to_ship", "email_outbox"} <= self.objects())
        self.assertFalse({"analytics_orders_by_status", "loyalty_balance"} & self.objects())
        # a view that comes later is filled from the mirror
        done = tide.run("replay", "--db", self.db, BASIC)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("analytics", done.stderr)
        self.assertEqual([], list(check_truth.differences(self.db, tide.read_truth("basic"))))

    def test_no_such_folder(self):
        self.refused("check", "--views", self.path / "none", says=["none", "--views"])

    def test_beside_the_built_in_ones(self):
        views = self.view("tall", "create table tall_orders(id primary key);\n"
                          "create trigger tall_insert after insert on orders begin insert into tall_orders values(NEW.id); end;\n"
                          "create trigger tall_delete after delete on orders begin delete from tall_orders where id = OLD.id; end;\n",
                          list="select id from tall_orders")  # fmt: skip
        tide.replay(self.db, BASIC, flags=("--views", str(views)))
        same = "select count(*), (select count(*) from orders) from tall_orders"
        self.assertEqual(*self.query(same)[0])
        self.assertTrue(self.query("select count(*) from email_outbox")[0][0] > 0)
        with tide.Server("serve", "--db", self.db, "--views", views, stderr=self.path / "log") as server:
            status, document = server.get("/v1/views/tall/list")
            self.assertEqual((200, self.query(same)[0][0]), (status, len(document["rows"])))

    def test_with_a_source_of_its_own(self):
        views = self.view("few", None, list="select id, note from notes")
        (views / "source.sql").write_text("create table notes(id int primary key, note text);\n")
        done = tide.run("check", "--views", views)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual({"GET /v1/views/few/list", "GET /v1/tables/notes"}, set(done.stdout.split("\n")) - {""})
        tide.replay(self.db, BASIC, flags=("--views", str(views)))
        self.assertNotIn("orders", self.objects())
        (views / "source.sql").write_text("create table notes(id int primary key, note text, more text);\n")
        done = tide.run("replay", "--db", self.db, "--views", views, BASIC)
        self.assertIn("source.sql has changed, and the file with it: notes.more added", done.stderr)
        (views / "source.sql").write_text("create table notes(id int primary key,\n note nothing text oops;\n")
        done = self.refused("check", "--views", views, says="source.sql:2:15: syntax error at or near \"text\"")
        self.assertIn("\n note nothing text oops;\n              ^\n", done.stderr)

    def copy_of(self, name):
        shutil.copytree(VIEWS / name, self.path / "views" / name)
        return self.path / "views", self.path / "views" / name / "schema.sql"

    def test_a_changed_view_is_rebuilt(self):
        tide.replay(self.db, BASIC)
        views, schema = self.copy_of("loyalty")
        schema.write_text(schema.read_text() + "create table loyalty_extra(customer_id integer, points integer);\n"
                          "create trigger loyalty_extra_insert after insert on points\n"
                          "begin insert into loyalty_extra values(NEW.customer_id, NEW.points); end;\n")  # fmt: skip
        done = tide.run("replay", "--db", self.db, "--views", views, BASIC)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("loyalty", done.stderr)
        extra = "select customer_id, points from loyalty_extra order by 1, 2"
        self.assertEqual(self.query("select customer_id, points from points order by 1, 2"), self.query(extra))
        self.assertEqual([], list(check_truth.differences(self.db, tide.read_truth("basic"))))
        # back again: what the other one made is gone
        tide.replay(self.db, BASIC)
        self.assertNotIn("loyalty_extra", self.objects())
        self.assertEqual([], list(check_truth.differences(self.db, tide.read_truth("basic"))))

    def test_a_file_with_a_text_in_double_quotes(self):
        """As made before a name in double quotes had to be one: refused where it was written, and mended there."""
        schema = "create view mine_paid as select id from orders where status = %s;\ncreate index mine_i on orders(id) where status = %s;\n"
        good, old = schema % ("'paid'", "'paid'"), schema % ('"paid"', '"paid"')
        views = self.view("mine", good, q="select count(*) as n from mine_paid")
        tide.replay(self.db, BASIC, flags=("--views", views))
        paid = self.query("select count(*) from mine_paid")
        with contextlib.closing(sqlite3.connect(self.db)) as db, db:
            db.executescript("drop view mine_paid; drop index mine_i;" + old)
            db.execute("update _views set hash = 'old', schema = ? where name = 'mine'", (old,))
            db.execute("update _files set text = ? where path = 'mine/schema.sql'", (old,))
        self.refused("serve", "--db", self.db, says=["mine/schema.sql", "no such column: paid"])
        tide.replay(self.db, BASIC, flags=("--views", views))
        self.assertEqual(paid, self.query("select count(*) from mine_paid"))
        self.assertNotIn('"paid"', str(self.query("select sql from sqlite_schema")))

    def test_a_sqlite_that_writes_reals_otherwise(self):
        """A REAL's text may be the key of a group: since 3.52 it has 17 digits, where it had 15."""
        tide.replay(self.db, BASIC)
        self.assertNotIn("filled", tide.run("replay", "--db", self.db, BASIC).stderr)
        outbox = self.query("select * from email_outbox order by seq")
        with contextlib.closing(sqlite3.connect(self.db)) as connection, connection:
            connection.execute("update _meta set value = '0.30000000000000004' where name = 'real_text'")
        done = tide.run("replay", "--db", self.db, BASIC)
        self.assertIn("views filled from the mirror: ", done.stderr)
        self.assertEqual(outbox, self.query("select * from email_outbox order by seq"))
        self.assertEqual([], list(check_truth.differences(self.db, tide.read_truth("basic"))))
        self.assertNotIn("filled", tide.run("replay", "--db", self.db, BASIC).stderr)

    def test_history_is_kept(self):
        tide.replay(self.db, BASIC)
        before = self.query("select * from email_outbox order by seq")
        views, schema = self.copy_of("email")
        original = schema.read_text()
        schema.write_text(original + "create index email_by_order on email_outbox(order_id);\n")
        done = tide.run("replay", "--db", self.db, "--views", views, BASIC)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(before, self.query("select * from email_outbox order by seq"))
        self.assertIn("email_by_order", self.objects())
        schema.write_text(original.replace("kind text not null", "kind text not null, more text", 1))
        self.refused("replay", "--db", self.db, "--views", views, BASIC, says=["email_outbox", "history"])
        self.assertEqual(before, self.query("select * from email_outbox order by seq"))

    def test_history_that_a_trigger_of_another_writes(self):
        """Its rows are not written a second time when both are given back, nor taken away; what is no history is made of it anew."""
        schema = ("-- tidemark: keep own_letters\n-- tidemark: keep own_told\n"
                  "create table own_letters(n integer primary key, id int); create table own_told(id int primary key); create table own_seen(id int);\n"
                  "create trigger own_post after insert on own_told begin insert into own_letters(id) values (new.id); insert into own_seen values (new.id); end;\n")
        views = self.view("own", schema, {"told": "insert into own_told select new_id from _changes_items where _snapshot = 0 and new_id is not null\n"},
                          all="select n, id from own_letters\n")  # fmt: skip
        (views / "source.sql").write_text("create table items(id int primary key, name text);\n")
        lines = [tide.line("items", n, {"id": n}, {"op": "c", "after": {"id": n, "name": "pen"}, "source": {"lsn": 1000 + n}}) for n in range(3)]
        capture = tide.write_capture(self.path / "items.jsonl", lines)
        for changed in ("", "-- changed\n"):
            (views / "own" / "schema.sql").write_text(schema + changed)
            done = tide.run("replay", "--db", self.db, "--views", views, capture)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertEqual([(1, 0), (2, 1), (3, 2)], self.query("select n, id from own_letters"))
            self.assertEqual([(0,), (1,), (2,)], self.query("select id from own_seen"))
        self.assertIn("views filled from the mirror: own", done.stderr)

    def test_history_with_a_generated_column_whose_numbers_are_never_given_again(self):
        source = "create table items(id int primary key, name text);\n"
        columns = "n integer primary key autoincrement, id int, twice int generated always as (id * 2) stored{}"
        schema = "-- tidemark: keep own_told\ncreate table own_told(" + columns + ");\n"
        told = "insert into own_told(id) select new_id from _changes_items where _snapshot = 0 and new_id is not null\n"
        lines = [tide.line("items", n, {"id": n}, {"op": "c", "after": {"id": n, "name": "pen"}, "source": {"lsn": 1000 + n}}) for n in range(8)]

        def replay(count, schema, code=0):
            views = self.view("own", schema, {"told": told}, all="select n, id, twice from own_told\n")
            (views / "source.sql").write_text(source)
            done = tide.run("replay", "--db", self.db, "--views", views, tide.write_capture(self.path / "items.jsonl", lines[:count]))
            self.assertEqual(code, done.returncode, done.stderr)
            return done.stderr

        def change(sql):
            connection = sqlite3.connect(self.db)
            connection.execute(sql)
            connection.commit()
            connection.close()

        replay(2, schema.format(""))
        self.assertIn("views filled from the mirror: own", replay(4, schema.format("") + "create index own_ids on own_told(id);\n"))
        self.assertEqual([(n + 1, n, 2 * n) for n in range(4)], self.query("select n, id, twice from own_told"))
        change("delete from own_told")  # a mailer has told them all
        replay(5, schema.format(""))
        self.assertEqual([(5, 4)], self.query("select n, id from own_told"))
        change("delete from own_told")
        replay(6, schema.format("") + "-- changed\n")
        self.assertEqual([(6, 5)], self.query("select n, id from own_told"))
        spelled = schema.replace("keep own_told", "keep Own_TOLD").format("")  # SQLite knows no case of names
        for count, changed in ((7, spelled), (8, spelled + "-- changed\n")):
            change("delete from own_told")
            replay(count, changed)
            self.assertEqual([(count, count - 1)], self.query("select n, id from own_told"))

    def test_a_view_with_history_whose_folder_has_another_name(self):
        """It was refused: table email_outbox already exists."""
        half, whole = self.halves()
        views, _ = self.copy_of("email")
        for other in ("analytics", "loyalty", "warehouse"):
            shutil.copytree(tide.TOP / "views" / other, views / other)
        (views / "source.sql").write_text((tide.TOP / "views" / "source.sql").read_text())
        tide.replay(self.db, half, flags=("--views", views))
        before = self.query("select * from email_outbox order by seq")
        (views / "email").rename(views / "mail")
        done = tide.run("replay", "--db", self.db, "--views", views, whole)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("views filled from the mirror: mail", done.stderr)
        told = self.query("select * from email_outbox order by seq")
        self.assertEqual(before, told[: len(before)])
        self.assertEqual([("analytics",), ("loyalty",), ("mail",), ("warehouse",)], self.query("select name from _views order by 1"))
        self.assertEqual([], self.query("select view from _applies where view = 'email'"))
        tide.replay(self.path / "new.db", whole)
        new = sorted(check_truth.message_ids(self.path / "new.db"))
        self.assertEqual(new, sorted(row[1] for row in told))

    def refuses_a_log(self, kept, behind):
        """Of a file with `kept` commits in its log when it is copied by `vacuum into`, and a log that is begun anew `behind` commits later
        where there were none."""
        db, copy = self.path / f"kept{kept}.db", self.path / f"copy{kept}.db"
        tide.replay(db, BASIC)
        with contextlib.closing(sqlite3.connect(db, isolation_level=None)) as connection:
            connection.execute("pragma wal_autocheckpoint = 0")

            def commit(times):
                for _ in range(times):
                    connection.execute("begin")
                    connection.execute("update _position set version = version + 1")
                    connection.execute("create table if not exists grows(t)")
                    connection.execute("insert into grows values (zeroblob(9000))")
                    connection.execute("commit")

            commit(kept)
            connection.execute("vacuum into ?", (str(copy),))
            commit(behind)
            if kept == 0:
                connection.execute("pragma wal_checkpoint(truncate)")
                commit(1)
            shutil.copy(f"{db}-wal", f"{copy}-wal")
        before = copy.read_bytes()
        for command in (("replay", BASIC), ("serve", "--listen", "127.0.0.1:0"), ("quarantine", "list")):
            self.refused(*command, "--db", copy, says=["-wal is not this file's log", "delete", "backup"])
        self.assertEqual(before, copy.read_bytes())

    def test_a_backup_of_while_the_log_was_written(self):
        """Put back beside that very log it would be the state before the crash again, which is told; the crashed file goes on."""
        tide.replay(self.db, BASIC)
        copy, again, crashed = (self.path / name for name in ("copy.db", "again.db", "crashed.db"))
        with contextlib.closing(sqlite3.connect(self.db, isolation_level=None)) as connection:
            connection.execute("pragma wal_autocheckpoint = 0")
            for n in range(6):
                connection.execute("begin")
                connection.execute("update _position set version = version + 1")
                connection.execute("insert into orders(id, notes) values (?, ?)", (90000 + n, "x" * 9000))
                connection.execute("commit")
                if n == 3:
                    for target in (copy, again):
                        with contextlib.closing(sqlite3.connect(target)) as backup:
                            connection.backup(backup)
            shutil.copy(f"{self.db}-wal", f"{copy}-wal")
            shutil.copy(f"{self.db}-wal", f"{crashed}-wal")
            shutil.copy(self.db, crashed)
        before = copy.read_bytes()
        for command in (("replay", BASIC), ("serve", "--listen", "127.0.0.1:0"), ("quarantine", "list")):
            self.refused(*command, "--db", copy, says=["-wal is not this file's log", "the log is of a file of which this is a copy", "delete"])
        self.assertEqual(before, copy.read_bytes())
        for db in crashed, again:
            tide.replay(db, BASIC)
        # what is written into the copy from then on is its own
        with contextlib.closing(sqlite3.connect(again, isolation_level=None)) as connection:
            connection.execute("pragma wal_autocheckpoint = 0")
            connection.execute("begin")
            connection.execute("update _position set version = version + 1")
            for n in range(5):
                connection.execute(f"create table more{n}(t)")
            connection.execute("commit")
            connection.execute("vacuum")
            shutil.copy(again, self.path / "own.db")
            shutil.copy(f"{again}-wal", self.path / "own.db-wal")
        tide.replay(self.path / "own.db", BASIC)

    def test_a_log_that_is_not_the_files(self):
        """A backup that is put back beside the log of a crash: SQLite would write that into it."""
        tide.replay(self.db, BASIC)
        backup, log = self.path / "backup.db", self.db.with_name(self.db.name + "-wal")
        shutil.copy(self.db, backup)
        connection = sqlite3.connect(self.db)
        connection.execute("pragma wal_autocheckpoint = 0")

        def commit(times):
            for _ in range(times):
                connection.execute("update _position set version = version + 1")
                connection.commit()

        commit(20)
        connection.execute("pragma wal_checkpoint(truncate)")
        shutil.copy(self.db, self.path / "crashed.db")
        commit(3)
        shutil.copy(log, self.path / "crashed.db-wal")
        connection.close()
        for suffix in ("-wal", "-shm"):
            self.db.with_name(self.db.name + suffix).unlink(missing_ok=True)
        shutil.copy(backup, self.db)
        shutil.copy(self.path / "crashed.db-wal", log)
        before = self.db.read_bytes()
        self.refused("replay", "--db", self.db, BASIC, says=["-wal is not this file's log", "delete", "backup"])
        self.assertEqual(before, self.db.read_bytes())
        log.unlink()
        tide.replay(self.db, BASIC)
        self.assertEqual([], list(check_truth.differences(self.db, tide.read_truth("basic"))))
        # nor is one that is a commit too young, or of the file that a vacuumed copy was made of
        for kept, behind in ((0, 2), (2, 1)):
            with self.subTest(kept=kept, behind=behind):
                self.refuses_a_log(kept, behind)
        # a program of before counted two in a commit that filled columns, and it is the file's all the same
        filled = self.path / "filled.db"
        tide.replay(filled, BASIC)
        with contextlib.closing(sqlite3.connect(filled)) as connection:
            connection.execute("pragma wal_autocheckpoint = 0")
            connection.execute("update _position set version = version + 2")
            connection.commit()
            shutil.copy(filled, self.path / "two.db")
            shutil.copy(f"{filled}-wal", self.path / "two.db-wal")
        tide.replay(self.path / "two.db", BASIC)
        # with the file that it is of it goes on
        tide.replay(self.path / "crashed.db", BASIC)
        self.assertEqual([], list(check_truth.differences(self.path / "crashed.db", tide.read_truth("basic"))))

    def test_a_view_that_is_not_loaded_any_more(self):
        views = self.view("gone", "create table gone_rows(id);\n", list="select id from gone_rows")
        tide.replay(self.db, BASIC, flags=("--views", str(views)))
        self.assertIn("gone_rows", self.objects())
        done = tide.run("replay", "--db", self.db, BASIC)
        self.assertIn("gone", done.stderr)
        self.assertNotIn("gone_rows", self.objects())
        # one that holds history stays
        done = tide.run("replay", "--db", self.db, "--only", "warehouse", BASIC)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("email_outbox", self.objects())

    def halves(self):
        """The capture's first half, and all of it."""
        lines = tide.read_capture(BASIC)
        return tide.write_capture(self.path / "half.jsonl", lines[: len(lines) // 2]), BASIC

    SKUS = "create table mine_skus(sku text primary key, orders integer not null) without rowid;\n"
    SKUS_APPLY = (
        "insert into mine_skus(sku, orders)\nselect ifnull(sku, ''), sum(_weight) from _delta_orders group by sku"
        " having sum(_weight) <> 0\non conflict(sku) do update set orders = orders + excluded.orders\n"
    )
    SKUS_DIFFER = (
        "with have as (select sku, orders from mine_skus where orders > 0),"
        " want as (select ifnull(sku, ''), count(*) from orders group by sku)"
        " select * from (select * from have except select * from want)"
        " union all select * from (select * from want except select * from have)"
    )

    def test_statements_of_a_view(self):
        half, whole = self.halves()
        views = self.view("mine", self.SKUS, applies={"skus": self.SKUS_APPLY}, skus="select * from mine_skus")
        tide.replay(self.db, half, flags=("--views", str(views)))
        self.assertEqual([], self.query(self.SKUS_DIFFER))
        self.assertEqual([("skus", self.SKUS_APPLY)], self.query("select name, sql from _applies where view = 'mine'"))
        done = tide.run("replay", "--db", self.db, "--views", views, whole)
        self.assertNotIn("filled", done.stderr, "what did not change is not filled again")
        self.assertEqual([], self.query(self.SKUS_DIFFER))
        self.assertTrue(self.query("select count(*) from mine_skus where orders > 0")[0][0] > 1)
        # another statement: filled anew, and only this one
        self.view("mine", applies={"skus": self.SKUS_APPLY.replace("sum(_weight) from", "10 * sum(_weight) from")})
        done = tide.run("replay", "--db", self.db, "--views", views, whole)
        self.assertIn("filled from the mirror: mine\n", done.stderr)
        ten = "select (select sum(orders) from mine_skus), 10 * count(*) from orders"
        self.assertEqual(*self.query(ten)[0])
        # gone: nothing of it is left
        done = tide.run("replay", "--db", self.db, whole)
        self.assertNotIn("mine_skus", self.objects())
        self.assertEqual([], self.query("select * from _applies where view = 'mine'"))
        self.assertEqual([], list(check_truth.differences(self.db, tide.read_truth("basic"))))

    def test_statements_and_triggers_side_by_side(self):
        """Filling a view by statements leaves the others' triggers where they are."""
        half, whole = self.halves()
        views = self.view("mine", self.SKUS, applies={"skus": self.SKUS_APPLY})
        shutil.copytree(tide.TWINS / "rows", views / "rows")
        tide.replay(self.db, half, flags=("--views", str(views)))
        triggers = "select name, tbl_name, sql from sqlite_schema where type = 'trigger' order by name"
        before = self.query(triggers)
        self.assertTrue(before)
        self.view("mine", self.SKUS + "create index mine_by_orders on mine_skus(orders);\n")
        tide.replay(self.db, whole, flags=("--views", str(views)))
        self.assertEqual(before, self.query(triggers))
        self.assertEqual([], self.query(self.SKUS_DIFFER))
        self.assertEqual([], list(orders.differs_from_twins(self.db)))
        # both in one view
        self.view("mine", self.SKUS + "create table mine_seen(id integer primary key);\n"
                  "create trigger mine_see after insert on orders begin insert into mine_seen values(NEW.id); end;\n")  # fmt: skip
        tide.replay(self.db, whole, flags=("--views", str(views)))
        self.assertEqual([], self.query(self.SKUS_DIFFER))
        self.assertEqual(*self.query("select (select count(*) from mine_seen), (select count(*) from orders)")[0])
        self.assertEqual([], list(orders.differs_from_twins(self.db)))

    def test_history_of_a_view_that_is_not_loaded_any_more(self):
        """The file has the statements: they go on."""
        half, whole = self.halves()
        schema = ("-- tidemark: keep told_orders\ncreate table told_orders(seq integer primary key, id, op, was, status, txid);\n")
        statement = ("insert into told_orders(id, op, was, status, txid)\n"
                     "select ifnull(new_id, old_id), _op, old_status, new_status, _txid from _changes_orders where _snapshot = 0\n")  # fmt: skip
        views = self.view("told", schema, applies={"orders": statement})
        tide.replay(self.path / "once.db", whole, flags=("--views", str(views)))
        tide.replay(self.db, half, flags=("--views", str(views)))
        told = "select id, op, was, status, txid from told_orders order by seq"
        begun = self.query(told)
        tide.replay(self.db, whole)
        all_told = self.query(told)
        self.assertEqual(begun, all_told[: len(begun)])
        self.assertGreater(len(all_told), len(begun))
        connection = sqlite3.connect(self.path / "once.db")
        self.assertEqual(sorted(connection.execute(told), key=str), sorted(all_told, key=str))
        connection.close()
        # loaded again, with another statement: what was told stays, and nothing is told twice
        self.view("told", applies={"orders": "-- as it was\n" + statement})
        tide.replay(self.db, whole, flags=("--views", str(views)))
        self.assertEqual(all_told, self.query(told))

    def test_a_statement_that_fails(self):
        """No one message is at fault: it stops, and nothing of the commit is there."""
        strict = "create table strict_skus(sku primary key, check (sku <> 'SKU-2')) without rowid;\n"
        statement = "insert into strict_skus select sku from _delta_inventory where _weight > 0 on conflict do nothing\n"
        views = self.view("strict", strict, applies={"skus": statement})
        self.refused("replay", "--db", self.db, "--views", views, BASIC, says=["strict/apply.skus.sql", "CHECK constraint failed"])
        self.assertEqual([], self.query("select * from inventory where sku = 'SKU-2'"))
        self.assertEqual([], self.query("select * from strict_skus where sku = 'SKU-2'"))
        self.assertEqual([], self.query("select * from _quarantine"))
        self.view("strict", strict.replace("SKU-2", "SKU-none"))
        tide.replay(self.db, BASIC, flags=("--views", str(views)))
        self.assertEqual([], list(check_truth.differences(self.db, tide.read_truth("basic"))))
        self.assertEqual(*(self.query(f"select sku from {table} order by 1") for table in ("inventory", "strict_skus")))

    def old_views(self):
        """The built-in views as they were kept by triggers, in their own names."""
        text = re.sub(r"\brows_", "", (tide.TWINS / "rows" / "schema.sql").read_text())
        schemas = {"email": "-- tidemark: keep email_outbox\n", "warehouse": "", "loyalty": "", "analytics": ""}
        for statement in re.split(r"^(?=create )", text, flags=re.MULTILINE)[1:]:
            schemas[re.match(r"create \w+ ([a-z]+)_", statement)[1]] += statement
        for name, schema in schemas.items():
            self.view(name, schema)
        return self.path / "views"

    def test_a_file_of_format_1(self):
        half, whole = self.halves()
        views = self.old_views()
        tide.replay(self.path / "old.db", half, whole, flags=("--views", str(views)))
        tide.replay(self.db, half, flags=("--views", str(views)))
        self.make_older("drop table _applies; alter table _tables drop column newest_lsn; alter table _transactions drop column last;"
                        " pragma user_version = 1")  # fmt: skip
        self.refused("serve", "--db", self.db, "--listen", "127.0.0.1:0", says=[self.db, "format is 1", "tidemark run"])
        done = tide.run("replay", "--db", self.db, whole)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("filled from the mirror: analytics, email, loyalty, warehouse", done.stderr)
        self.assertEqual([(FORMAT,)], self.query("pragma user_version"))
        self.assertEqual([], self.query("select name from sqlite_schema where type = 'trigger'"))
        viewed = self.query("select distinct view from _applies order by 1")
        self.assertEqual([("analytics",), ("email",), ("loyalty",), ("warehouse",)], viewed)
        self.assertEqual([], list(check_truth.differences(self.db, tide.read_truth("basic"))))
        self.is_like_a_new_one("_applies", "_tables")
        new = self.query("select * from email_outbox order by seq")
        self.db = self.path / "old.db"
        self.assertEqual(self.query("select * from email_outbox order by seq"), new)

    def make_older(self, script):
        connection = sqlite3.connect(self.db)
        undivide(connection)
        connection.executescript("drop table _once; drop table _once_values; drop table _once_blocks;"
                                 " drop table _real_sums; drop table _real_sum_groups; " + FORMAT_4 + script)
        connection.close()

    def is_like_a_new_one(self, *tables):
        """In what a file is declared as; the text differs, since a column that is added stands behind the others' comments."""
        tide.replay(self.path / "new.db", BASIC)
        columns = "select name, type, \"notnull\", dflt_value, pk from pragma_table_xinfo('%s')"
        indexes = "select name, sql from sqlite_schema where type = 'index' and tbl_name = '%s' order by 1"
        created = "select sql from sqlite_schema where type = 'table' and name = '%s'"
        with contextlib.closing(sqlite3.connect(self.path / "new.db")) as new:
            for table in tables:
                for same in (columns, indexes):
                    self.assertEqual(new.execute(same % table).fetchall(), self.query(same % table))
                self.assertEqual(checks(new.execute(created % table).fetchone()[0]), checks(self.query(created % table)[0][0]), table)

    def go_on_from(self, number, script):
        """Half of the capture is in a file of that format."""
        half, whole = self.halves()
        tide.replay(self.db, half)
        deleted = self.query("select * from _deleted_orders")
        self.assertGreater(len(deleted), 0)
        connection = sqlite3.connect(self.db)
        if number < 9:
            undivide(connection)
        connection.executescript(f"{script} pragma user_version = {number}")
        connection.close()
        tide.replay(self.db, whole)
        self.assertLessEqual(set(deleted), set(self.query("select * from _deleted_orders")))

    def test_a_file_of_format_4(self):
        self.go_on_from(4, FORMAT_4)
        self.is_like_a_new_one("_position", "_quarantine", "_quarantine_requests")
        self.assertEqual([(3, 7, b"k", None, "no JSON", 1, "waiting"), (4, 8, None, b"v", "no JSON", 0, "waiting")],
                         self.query('select id, "offset", key, value, reason, value_dropped, state from _quarantine'))
        self.assertEqual([(2,)], self.query("select quarantined from _position"))

    def test_files_that_older_programs_made(self):
        for dump in sorted((tide.TOP / "fixtures" / "files").glob("format_*.sql")):
            with self.subTest(dump.name):
                self.db = self.path / f"{dump.stem}.db"
                connection = sqlite3.connect(self.db)
                connection.executescript(dump.read_text())
                (deleted,) = connection.execute("select count(*) from _deleted_orders").fetchone()
                connection.close()
                tide.replay(self.db, BASIC)
                self.assertEqual([(FORMAT,)], self.query("pragma user_version"))
                self.assertEqual([(deleted,)], self.query("select count(*) from _deleted_orders"))
                self.assertEqual([], list(check_truth.differences(self.db, tide.read_truth("basic"))))
                self.is_like_a_new_one("_offsets", "_tables", "_position", "_quarantine", "_quarantine_requests", "_carry", "_fill", "_deleted_orders", "_deleted_points")

    def test_files_of_newer_formats(self):
        for number, script, tables in ((5, FORMAT_5, ("_position", "_fill")), (7, FORMAT_7, ("_offsets", "_tables")),
                                       (8, FORMAT_9, ("_deleted_orders", "_deleted_customers")), (9, FORMAT_9, ("_offsets", "_tables", "_quarantine"))):  # fmt: skip
            with self.subTest(number):
                self.db = self.path / f"{number}.db"
                self.go_on_from(number, script)
                self.is_like_a_new_one(*tables)
                self.assertEqual([], list(check_truth.differences(self.db, tide.read_truth("basic"))))

    def test_a_key_that_awaits_a_value_in_an_older_file(self):
        """json_array() wrote it: it is found by the text that is written of that key now."""
        wants = "".join(f"insert into _carry values('customers', 999999, {n}, 'name', 'want', null, {key}, 9e15); "
                        for n, key in enumerate(("'[5000.0]'", "'[0.1]'", "'[7]'", "'[\"\\b\\n\"]'", "'[Inf]'", "null")))  # fmt: skip
        self.go_on_from(9, FORMAT_9 + wants)
        self.assertEqual([("[5000]",), ("[0.10000000000000001]",), ("[7]",), (r'["\u0008\n"]',), ("[Inf]",), (None,)],
                         self.query("select key from _carry where txid = 999999 order by lsn"))

    def test_a_view_of_net_changes_in_an_older_file(self):
        """What it kept may have gone stale: it is filled anew."""
        half, whole = self.halves()
        views = self.view("mine", self.SKUS, applies={"skus": self.SKUS_APPLY})
        tide.replay(self.db, half, flags=("--views", str(views)))
        connection = sqlite3.connect(self.db)
        undivide(connection)
        connection.executescript(f"{FORMAT_9} update mine_skus set orders = 99; pragma user_version = 8")
        connection.close()
        tide.replay(self.db, whole, flags=("--views", str(views)))
        self.assertEqual([], self.query(self.SKUS_DIFFER))

    def test_views_that_an_older_program_let_go_stale(self):
        """Made anew once, by the first start with each; those that it kept right are not, and a file is not served with them."""
        connection = sqlite3.connect(self.db)
        connection.executescript((tide.TOP / "fixtures" / "files" / "stale_10.sql").read_text())
        connection.close()
        views = self.path / "views"
        for name, text in self.query("select path, text from _files"):
            (views / name).parent.mkdir(parents=True, exist_ok=True)
            (views / name).write_text(text)
        made = "select (select hash from _views where name = 'copies'), total from totals_all"
        (before,), (told,) = self.query(made), self.query("select * from told_most")
        self.assertEqual((15, 15), (before[1], told[0]))
        self.refused("serve", "--db", self.db, "--views", views, "--listen", "127.0.0.1:0", says=["asked", "older tidemark", "once"])
        empty = tide.write_capture(self.path / "empty.jsonl", [])
        for only, filled in (("asked,copies,fired,totals", "asked, fired, totals"), ("asked,copies,fired,told,totals", "told"), ("asked,copies,fired,told,totals", None)):
            done = tide.run("replay", "--db", self.db, "--views", views, "--prefix", "app", "--only", only, empty)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertEqual([filled] if filled else [], re.findall(r"views filled from the mirror: (.*)", done.stderr))
        self.assertEqual([(before[0], 35)], self.query(made))
        self.assertEqual([(35, 35, 35)], self.query("select * from told_most, fired_all, asked_most"))
        self.assertEqual([(1, "c"), (2, "c"), (1, "u")], self.query("select * from told_log"))

    def test_what_is_kept_is_not_told_again(self):
        """A view that is made anew puts nothing more into a table that is carried over; one that is kept from now on has all rows once."""
        views, schema = self.path / "kept", "-- tidemark: keep kept_log\n-- tidemark: keep kept_sums\ncreate table kept_log(id int, total int);\ncreate table kept_sums(sku text primary key, orders int);\n"
        (views / "kept").mkdir(parents=True)
        for name, text in {"log": "insert into kept_log select id, total from _delta_orders where _weight > 0",
                           "sums": "insert into kept_sums select ifnull(sku, ''), _weight from _sums_orders('sku') where true on conflict(sku) do update set orders = orders + excluded.orders"}.items():  # fmt: skip
            (views / "kept" / f"apply.{name}.sql").write_text(text + "\n")
        kept = "select (select json_group_array(id || ' ' || total) from kept_log), (select json_group_object(sku, orders) from kept_sums)"
        before = None
        for more in ("", "-- again\n", "-- tidemark: keep kept_ids\ncreate table kept_ids(id int);\n"):
            (views / "kept" / "schema.sql").write_text(schema + more)
            if "ids" in more:
                (views / "kept" / "apply.ids.sql").write_text("insert into kept_ids select id from _delta_orders where _weight > 0\n")
            tide.replay(self.db, BASIC, flags=("--views", views))
            before = before or self.query(kept)
            self.assertEqual(before, self.query(kept))
        self.assertEqual([], self.query("select sku, orders from kept_sums where orders <> 0 except select ifnull(sku, ''), count(*) from orders group by 1"))
        self.assertEqual(self.query("select id from orders order by 1"), self.query("select id from kept_ids order by 1"))

    def test_what_is_kept_is_neither_taken_away_nor_added_to(self):
        """By a delete whose insert is not run, nor by an update; a statement for another table's changes has not told before."""
        views, rows = self.path / "kept", "create table kept_rows(id int, total int);\ncreate table kept_sums(sku text primary key, orders int);\n"
        (views / "kept").mkdir(parents=True)
        statements = {"a": "delete from kept_rows where id in (select id from _delta_orders)", "b": "insert into kept_rows select id, total from _delta_orders where _weight > 0",
                      "c": "insert or ignore into kept_sums select distinct ifnull(sku, ''), 0 from _delta_orders",
                      "d": "update kept_sums set orders = orders + s._weight from _sums_orders('sku') s where ifnull(s.sku, '') = kept_sums.sku"}  # fmt: skip
        customers = {"e": "insert into kept_rows select -id, 0 from _delta_customers where _weight > 0"}
        customers["a2"] = "delete from kept_rows where id in (select o.id from orders o) and exists (select 1 from _delta_customers)"
        for more in ({}, {"c": statements["c"] + " where true"}, customers, {"e": customers["e"] + " and true"}):
            (views / "kept" / "schema.sql").write_text("-- tidemark: keep kept_rows\n-- tidemark: keep kept_sums\n" + rows)
            statements.update(more)
            for name, text in statements.items():
                (views / "kept" / f"apply.{name}.sql").write_text(text + "\n")
            tide.replay(self.db, BASIC, flags=("--views", views))
            self.assertEqual(self.query("select id, total from orders order by 1"), self.query("select * from kept_rows where id > 0 order by 1"))
            self.assertEqual(self.query("select id from customers where 'e' in (select name from _applies) order by 1"), self.query("select -id from kept_rows where id < 0 order by 1"))
            self.assertEqual([], self.query("select sku, orders from kept_sums where orders <> 0 except select ifnull(sku, ''), count(*) from orders group by 1"))

    def test_a_file_of_format_2(self):
        """Its outbox has a unique index, and what that has told is not told again."""
        half, whole = self.halves()
        views, schema = self.copy_of("email")
        schema.write_text(schema.read_text().replace("at_ms integer -- commit time at the source", "at_ms integer, unique(order_id, kind)"))
        apply = schema.parent / "apply.outbox.sql"
        text = apply.read_text()
        asks = re.search(r"where once\(.*\)\n", text)
        apply.write_text(text.replace(asks[0], "where true\non conflict do nothing\n"))
        tide.replay(self.path / "old.db", half, whole, flags=("--views", str(views)))
        tide.replay(self.db, half, flags=("--views", str(views)))
        told = "select * from email_outbox order by seq"
        before = self.query(told)
        self.make_older("pragma user_version = 2")
        # the orders come again, and only the outbox knows of them
        connection = sqlite3.connect(self.db)
        connection.executescript("delete from _offsets; delete from orders; delete from _deleted_orders; update _tables set newest_lsn = -1, deleted_lsn = -1 where name = 'orders'")
        connection.close()
        tide.replay(self.db, whole)
        self.assertEqual([(FORMAT,)], self.query("pragma user_version"))
        after = self.query(told)
        self.assertGreater(len(before), 0)
        self.assertEqual(before, after[: len(before)])
        self.assertEqual(len(after), len({row[1] for row in after}))
        self.assertEqual([], self.query("select * from pragma_index_list('email_outbox')"))
        self.is_like_a_new_one("_once", "_once_values", "_once_blocks", "_real_sums", "_real_sum_groups")
        self.db = self.path / "old.db"
        self.assertEqual(self.query("select message_id from email_outbox order by 1"), sorted((row[1],) for row in after))

    def test_a_views_constraint_quarantines(self):
        views = self.view("strict", "create table strict_skus(sku primary key, check (sku <> 'SKU-2')) without rowid;\n"
                          "create trigger strict_insert after insert on inventory begin insert into strict_skus values(NEW.sku); end;\n",
                          list="select sku from strict_skus")  # fmt: skip
        counts = tide.replay(self.db, BASIC, flags=("--views", str(views)))
        self.assertGreater(counts["quarantined"], 0)
        self.assertEqual([], self.query("select sku from inventory where sku = 'SKU-2'"))
        self.assertIn("CHECK constraint failed", self.query("select reason from _quarantine")[0][0])


if __name__ == "__main__":
    sys.exit(unittest.main())
