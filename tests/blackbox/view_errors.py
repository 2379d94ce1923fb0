#!/usr/bin/env python3
"""A view whose statement fails: which row did it, and how the others go on without it."""

import json
import shutil
import sqlite3
import sys
import unittest
import urllib.request

import tide

FILES = {
    "source.sql": tide.ORDERS,
    # refuses the second customer's row
    "strict/schema.sql": "create table strict_customers(id integer primary key, orders integer, check (id <> 2));\n",
    "strict/apply.count.sql": "\n-- by customer\ninsert into strict_customers\nselect customer_id, _weight from"
    " _sums_orders('customer_id') where true\non conflict(id) do update set orders = orders + excluded.orders\n",
    "strict/query.all.sql": "select id, orders from strict_customers order by id\n",
    "easy/schema.sql": "create table easy_customers(id integer primary key, orders integer);\n",
    "easy/apply.count.sql": "insert into easy_customers select customer_id, _weight from _sums_orders('customer_id')"
    " where true on conflict(id) do update set orders = orders + excluded.orders\n",
    "easy/query.all.sql": "select id, orders from easy_customers order by id\n",
    # reads the other's table, and no column of it
    "easy/query.strict.sql": "select (select count(*) from strict_customers) as n\n",
}


LINES = [tide.order(n, 10 + n, customer) for n, customer in enumerate((1, 1, 3, 2, 3, 1))]
WHAT = ("view strict: strict/apply.count.sql:3: CHECK constraint failed: id <> 2; it was orders {\"id\": 13}, "
        "theworldshop.public.orders partition 0 offset 3; ")  # fmt: skip


class ViewErrors(tide.Case):
    def setUp(self):
        super().setUp()
        self.db = self.path / "own.db"
        self.views = self.files(FILES)
        self.capture = tide.write_capture(self.path / "own.jsonl", LINES)

    def files(self, contents):
        for name, text in contents.items():
            path = self.path / "views" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self.path / "views"

    def query(self, sql):
        db = sqlite3.connect(self.db)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def serve(self, command, *more):
        server = tide.Server(command, "--db", self.db, "--views", self.views, *more, stderr=self.path / "log")
        self.addCleanup(server.__exit__)
        return server

    def replay(self, *more):
        return tide.run("replay", "--db", self.db, "--views", self.views, *more, self.capture)

    def test_an_index_that_a_statement_has_damaged(self):
        """fts5 takes the words that go from a table that has others by then: the view's fault, and no damage of the file's."""
        shutil.rmtree(self.path / "views")
        self.files({"source.sql": tide.ORDERS, "words/schema.sql": "create virtual table words using fts5(customer_id, content='orders', content_rowid='id');\n",
                    "words/apply.1.sql": "delete from words where rowid in (select id from _delta_orders)\n",
                    "words/apply.2.sql": "insert into words(rowid, customer_id) select id, customer_id from _delta_orders where _weight > 0\n"})  # fmt: skip
        done = self.replay()
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIn("view words: words/apply.1.sql:1: a table of fts5, fts4 or rtree was told to take out what it has not", done.stderr)
        self.assertNotIn("backup", done.stderr)
        self.assertEqual(0, self.replay("--on-view-error", "disable").returncode)
        self.files({"words/schema.sql": "create virtual table words using fts5(customer_id);\n"})
        self.assertEqual(0, self.replay().returncode)
        self.assertEqual([(len(LINES),)], self.query("select count(*) from words where words match '1 OR 2 OR 3'"))

    def test_replay_names_the_row(self):
        tide.write_capture(self.capture, LINES[:2])
        self.assertEqual(0, self.replay().returncode)
        tide.write_capture(self.capture, LINES)
        done = self.replay()
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIn(WHAT, done.stderr)
        self.assertIn("--on-view-error disable", done.stderr)
        self.assertEqual([(10,), (11,)], self.query("select id from orders"))  # as it was
        self.assertEqual([], self.query("select * from _quarantine"))

    def test_it_halts(self):
        server = self.serve("demo", "--capture", self.capture)
        tide.wait_for("halted", lambda: server.get("/v1/lag")[1]["state"] == "halted")
        status = server.get("/v1/status")[1]
        self.assertTrue(status["reason"].startswith(WHAT), status["reason"])
        self.assertEqual([None, None], [view["disabled"] for view in status["views"]])
        self.assertEqual([], self.query("select * from orders"))
        self.assertEqual(3, server.stop())

    def check_disabled(self, server, rows):
        self.assertEqual(rows, [list(row.values()) for row in server.get("/v1/views/easy/all")[1]["rows"]])
        for path in ("/v1/views/strict/all", "/v1/views/easy/strict"):
            status, document = server.get(path)
            self.assertEqual((503, "/problems/view-disabled"), (status, document["type"]))
            self.assertIn(WHAT, document["detail"])
        told = {view["name"]: view["disabled"] for view in server.get("/v1/status")[1]["views"]}
        self.assertIsNone(told["easy"])
        self.assertIn(WHAT, told["strict"])
        with urllib.request.urlopen(server.address + "/metrics", timeout=30) as answer:
            metrics = answer.read().decode()
        self.assertIn('tidemark_view_disabled{view="strict"} 1\n', metrics)
        self.assertIn('tidemark_view_disabled{view="easy"} 0\n', metrics)

    def test_the_others_go_on(self):
        server = self.serve("demo", "--capture", self.capture, "--on-view-error", "disable", "--log-format", "json")
        tide.wait_for("live", lambda: server.get("/v1/lag")[1]["state"] == "live")
        rows = [[1, 3], [2, 1], [3, 2]]
        self.check_disabled(server, rows)
        self.assertEqual(0, server.stop())
        told = [json.loads(line) for line in server.log().splitlines()]
        self.assertEqual([("error", "strict")], [(t["level"], t["view"]) for t in told if t["event"] == "view_disabled"])
        # neither a start nor a copy that is served forgets it
        done = self.replay()
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("not kept since one of their statements failed, until their files change: strict", done.stderr)
        self.check_disabled(self.serve("serve"), rows)
        # other files make it anew, from the mirror
        self.files({"strict/schema.sql": FILES["strict/schema.sql"].replace("id <> 2", "id <> 4")})
        self.assertEqual(0, self.replay().returncode)
        server = self.serve("serve")
        for path in ("/v1/views/strict/all", "/v1/views/easy/all"):
            self.assertEqual(rows, [list(row.values()) for row in server.get(path)[1]["rows"]])
        self.assertEqual([], self.query("select * from _meta where name like 'disabled%'"))

    def test_a_view_that_cannot_be_filled(self):
        strict = [(self.views / "strict" / name).rename(self.path / name) for name in ("schema.sql", "apply.count.sql")]
        self.files({"easy/query.strict.sql": "select 1 as n\n", "strict/query.all.sql": "select 1 as n\n"})
        tide.replay(self.db, self.capture, flags=("--views", self.views))
        for file in strict:
            file.rename(self.views / "strict" / file.name)
        done = self.replay()
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIn("view strict: strict/apply.count.sql:3: CHECK constraint failed: id <> 2", done.stderr)
        done = self.replay("--on-view-error", "disable")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("disabled: view strict: ", done.stderr)
        server = self.serve("serve")
        self.assertEqual(503, server.get("/v1/views/strict/all")[0])
        self.assertEqual(200, server.get("/v1/views/easy/all")[0])
        self.assertEqual([(2,)], self.query("select count(*) from _views"))

    def test_the_rows_that_a_snapshot_lacks(self):
        """They go all at once: the view's statement fails on no one row, and the table is named."""
        self.files({"strict/schema.sql": "create table strict_customers(id integer primary key, orders integer check (orders > 0));\n"})
        snapshot = tide.order(len(LINES), 10, 1)
        envelope = json.loads(snapshot["value"])
        envelope["op"], envelope["source"]["snapshot"] = "r", "last"
        self.assertEqual(0, self.replay().returncode)
        tide.write_capture(self.capture, [*LINES, {**snapshot, "value": json.dumps(envelope)}])
        done = self.replay()
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIn("view strict: strict/apply.count.sql:3: CHECK constraint failed: orders > 0; it was the rows of orders that its "
                      "newest snapshot does not have; ", done.stderr)  # fmt: skip
        self.assertIn("--on-view-error disable", done.stderr)
        self.assertEqual(0, self.replay("--on-view-error", "disable").returncode)
        self.assertEqual([(10,)], self.query("select id from orders"))
        self.assertEqual([(1, 1)], self.query("select * from easy_customers where orders > 0"))

    def test_what_fails_as_a_whole_only(self):
        """Row by row the sum stays within 64 bits: then there is no row to name, and it goes on."""
        half = 2**62
        self.files({"strict/schema.sql": "create table strict_sums(id integer primary key, total integer);\n",
                    "strict/apply.count.sql": f"insert into strict_sums select 1, sum(_weight * customer_id * {half})"
                    " from _delta_orders where true on conflict(id) do update set total = 0\n",
                    "strict/query.all.sql": "select id, total from strict_sums\n",
                    "easy/query.strict.sql": "select 1 as n\n"})  # fmt: skip
        tide.write_capture(self.capture, [tide.order(n, 10 + n, 1) for n in range(3)])
        done = self.replay()
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("applied again row by row", done.stderr)
        self.assertEqual([(3,)], self.query("select count(*) from orders"))

    def test_the_flag(self):
        done = self.replay("--on-view-error", "maybe")
        self.assertEqual(2, done.returncode, done.stderr)
        done = tide.run("replay", "--db", self.db, "--views", self.views, self.capture,
                        env={"TIDEMARK_ON_VIEW_ERROR": "disable"})  # fmt: skip
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual([(3,)], self.query("select count(*) from easy_customers"))


if __name__ == "__main__":
    sys.exit(unittest.main())
