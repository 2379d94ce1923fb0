#!/usr/bin/env python3
"""run --rebuild: what a file cannot do in place is done beside, while it is served: from the topics, with its history, through
kills, and without a failed request."""

import collections
import contextlib
import random
import signal
import sqlite3
import subprocess
import sys
import unittest

import evolution
import reload
import tide

SOURCE = "create table orders(id bigint primary key, status text, total numeric(12,2));\n"
KEPT = "-- tidemark: keep own_told\ncreate table own_told(seq integer primary key autoincrement, id integer, status text{});\n"
TOLD = """insert into own_told(id, status) select new_id, new_status from _changes_orders where _snapshot = 0 and new_id is not null
and case when new_status is not old_status then once('own_told', 'id', 'status', new_id, new_status) end
"""
NOTED = TOLD.replace("(id, status) select new_id, new_status", "(id, status, note) select new_id, new_status, 'noted'")
QUERY = "select seq, id, status{} from own_told where seq > coalesce(:after, 0) order by seq;\n"
COUNTED = "create table own_counted(status text primary key, orders integer not null);\n"
COUNT = """insert into own_counted select status, sum(_weight) from _delta_orders group by status
on conflict (status) do update set orders = orders + excluded.orders;
"""


class Rebuilt(tide.Case):
    def setUp(self):
        super().setUp()
        self.views = self.path / "views"
        self.old()
        broker = tide.Server("demo", *self.capture(), "--traffic", "200", "--db", self.path / "demo.db", stderr=self.path / "demo.log")
        self.addCleanup(broker.__exit__)
        self.brokers = broker.brokers()
        self.db = self.path / "run.db"
        self.start()
        tide.wait_for("some history", lambda: len(self.told()) > 20)

    def capture(self):
        return ()

    def write(self, files):
        for name, text in files.items():
            (self.views / name).parent.mkdir(parents=True, exist_ok=True)
            (self.views / name).write_text(text)

    def old(self):
        self.write({"source.sql": SOURCE, "own/schema.sql": KEPT.format("") + COUNTED, "own/apply.told.sql": TOLD,
                    "own/apply.counted.sql": COUNT, "own/query.all.sql": QUERY.format("")})  # fmt: skip

    def new(self):
        self.write({"own/schema.sql": KEPT.format(", note text") + COUNTED, "own/apply.told.sql": NOTED,
                    "own/query.all.sql": QUERY.format(", note")})  # fmt: skip

    def start(self, *flags):
        self.server = tide.Server("run", "--brokers", self.brokers, "--prefix", tide.PREFIX, "--db", self.db, "--views", self.views,
                                  *flags, stderr=self.path / "run.log")  # fmt: skip
        self.addCleanup(self.server.__exit__)

    def told(self):
        """{seq: (id, status)} as the file has it."""
        with contextlib.closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as file:
            return {row[0]: row[1:] for row in file.execute("select seq, id, status from own_told")}

    def check_file(self, before):
        with contextlib.closing(sqlite3.connect(self.db)) as file:
            self.assertEqual("ok", file.execute("pragma integrity_check").fetchone()[0])
            counted = "select status, orders from own_counted where orders > 0 order by status"
            made = "select status, count(*) from orders group by status order by status"
            self.assertEqual(file.execute(made).fetchall(), file.execute(counted).fetchall())
        told = self.told()
        self.assertEqual(before, {seq: told.get(seq) for seq in before}, "history stays as it was")
        self.assertEqual(len(told), len(set(told.values())), "nothing is told twice")
        return told

    def is_new(self):
        rows = self.server.get("/v1/views/own/all")[1]["rows"]
        return rows and "note" in rows[0]


class Rebuild(Rebuilt):
    def test_a_kept_table_gets_a_column(self):
        before = self.told()
        self.new()
        self.assertEqual(0, self.server.stop(), self.server.log())
        refused = tide.run("run", "--brokers", self.brokers, "--prefix", tide.PREFIX, "--db", self.db, "--views", self.views)
        self.assertEqual(1, refused.returncode)
        self.assertIn("run --rebuild", refused.stderr)
        with contextlib.closing(sqlite3.connect(self.db)) as file:  # as if rows of these numbers had been trimmed
            file.execute("update sqlite_sequence set seq = 100000 where name = 'own_told'")
            file.commit()
        self.start("--rebuild")
        with reload.Asking(self.server.address + "/v1/views/own/all?limit=20") as asking:
            tide.wait_for("the new file", self.is_new)
            count = asking.count
            tide.wait_for("answers after it", lambda: asking.count > count + 10 and len(self.told()) > len(before))
        asking.tell("through the rebuild")
        self.assertEqual([], asking.failed)
        self.assertFalse(self.db.with_name("run.db.next").exists())
        self.assertIsNone(self.server.get("/v1/status")[1]["reload"])
        noted = {row["seq"]: row["note"] for row in self.server.get("/v1/views/own/all?limit=1000")[1]["rows"]}
        self.assertIsNone(noted[1], "what was told of before has no note")
        self.assertEqual(0, self.server.stop(), self.server.log())
        after = self.check_file(before)
        self.assertEqual(set(), {seq for seq in set(after) - set(before) if seq <= 100000}, "no number is given twice")
        self.start("--rebuild")
        tide.wait_for("more", lambda: len(self.told()) > len(after))
        self.assertTrue(self.is_new())

    def test_killed_at_many_points(self):
        rng = random.Random("rebuild")
        before = self.told()
        self.new()
        replaced = 0
        for number in range(8):
            self.server.kill()
            self.start("--rebuild")
            if number % 4:
                tide.wait_for("it reads", lambda: "is built from the topics" in self.server.log())
            try:
                self.server.process.wait(timeout=rng.uniform(0, 1.5))
            except subprocess.TimeoutExpired:
                self.server.kill()
            before = self.check_file(before)
            if self.has_note():  # it came so far: the way is gone once more
                replaced += 1
                self.old_file()
                before = self.told()
        print(f"{replaced} of 8 times the new file was there", file=sys.stderr)
        self.start("--rebuild")
        tide.wait_for("the new file", self.is_new)
        self.assertEqual(0, self.server.stop(), self.server.log())
        self.check_file(before)

    def has_note(self):
        with contextlib.closing(sqlite3.connect(self.db)) as file:
            return bool(file.execute("select 1 from pragma_table_info('own_told') where name = 'note'").fetchall())

    def old_file(self):
        """Made anew, as it was before the change."""
        for suffix in ("", "-wal", "-shm", ".next", ".next-wal", ".next-shm"):
            self.db.with_name(self.db.name + suffix).unlink(missing_ok=True)
        self.old()
        self.start()
        tide.wait_for("some history", lambda: len(self.told()) > 20)
        self.server.kill()
        self.new()

    def await_refused(self):
        """What is told of it; the old file goes on."""
        self.assertEqual(0, self.server.stop(), self.server.log())
        self.start("--rebuild")

        def refused():
            reload = self.server.get("/v1/status")[1]["reload"] or {}
            return reload.get("state") == "refused" and reload["message"]

        told = tide.wait_for("refused", refused)
        count = len(self.told())
        tide.wait_for("the old file goes on", lambda: len(self.told()) > count)
        return told

    def test_history_that_would_be_lost_is_refused(self):
        self.write({"own/schema.sql": COUNTED, "own/query.all.sql": "select status, orders from own_counted order by status;\n"})
        (self.views / "own" / "apply.told.sql").unlink()
        self.assertIn("own_told is history", self.await_refused())

    def test_a_refused_one_leaves_the_loop_where_it_stands(self):
        """It went on from where the file had stood when it was opened: all since was read again, and shown at LSNs of before."""
        self.assertEqual(0, self.server.stop(), self.server.log())
        self.start("--rebuild")
        count = len(self.told())
        tide.wait_for("much since", lambda: len(self.told()) > count + 50)
        self.write({"own/schema.sql": COUNTED, "own/query.all.sql": "select status, orders from own_counted order by status;\n"})
        (self.views / "own" / "apply.told.sql").unlink()
        applied = self.server.get("/v1/status")[1]["counters"]["applied"]
        self.server.process.send_signal(signal.SIGHUP)
        tide.wait_for("refused", lambda: "own_told is history that the log does not tell" in self.server.log())
        count = len(self.told())
        tide.wait_for("more", lambda: len(self.told()) > count + 10)
        counters = self.server.get("/v1/status")[1]["counters"]
        self.assertEqual(0, counters["duplicates"])
        self.assertGreater(counters["applied"], applied, "they count since the start")

    def test_a_row_that_the_new_views_cannot_take_is_named(self):
        self.new()
        self.write({"own/schema.sql": KEPT.format(", note text check (note <> 'noted')") + COUNTED})
        self.assertRegex(self.await_refused(), r"run\.db\.next: view own: own/apply\.told\.sql:1: CHECK constraint failed: note <> 'noted'")


class WithoutSnapshot(Rebuilt):
    """The log has no more of the older rows than it had when the file was made, so nothing is lost with it."""

    def capture(self):
        source = {"connector": "postgresql", "lsn": 1000, "ts_ms": 1700000000000, "snapshot": "false", "schema": "public",
                  "table": "orders", "db": "shop", "name": tide.PREFIX}  # fmt: skip
        update = {"before": None, "after": {"id": 1, "status": "paid", "total": "1.00"}, "source": source, "op": "u"}
        others = [line for line in tide.read_capture(tide.CAPTURES / "basic.jsonl")
                  if not line["topic"].endswith(".orders") or '"op":"r"' not in (line["value"] or "")]  # fmt: skip
        lines = [tide.line("orders", 0, {"id": 1}, update), *others]
        offsets = collections.Counter()
        for line in lines:
            place = line["topic"], line["partition"]
            line["offset"] = offsets[place]
            offsets[place] += 1
        return ("--capture", tide.write_capture(self.path / "updates.jsonl", lines))

    def test_a_file_that_began_with_an_update(self):
        self.assertIn("orders begins with the change of a row", self.orders()["incomplete"])
        before = self.told()
        self.new()
        self.assertEqual(0, self.server.stop(), self.server.log())
        self.start("--rebuild")
        tide.wait_for("the new file", self.is_new)
        self.assertFalse(self.orders()["complete"])
        self.assertEqual(0, self.server.stop(), self.server.log())
        self.check_file(before)

    def orders(self):
        return self.server.get("/v1/status")[1]["tables"][0]


class Passed(tide.Case):
    def test_the_beginning_of_the_log_passes_what_is_built(self):
        """It is begun anew, and says then what is the matter: the embedded broker keeps 5 MB of a partition."""
        rows = [evolution.item(n, n, "pen", note=f"{n:06} " * 20000) for n in range(80)]
        kept = {"schema.sql": "-- tidemark: keep own_told\ncreate table own_told(n integer primary key{});\n", "query.all.sql": "select * from own_told\n"}

        def views(name, more):
            (self.path / name / "own").mkdir(parents=True)
            (self.path / name / "source.sql").write_text(evolution.ITEMS)
            for file, text in kept.items():
                (self.path / name / "own" / file).write_text(text.replace("{}", more))
            return self.path / name

        old, new, db = views("old", ""), views("new", ", note text"), self.path / "run.db"
        capture = tide.write_capture(self.path / "all.jsonl", rows)
        tide.replay(db, capture, flags=("--views", old))
        beside = self.path / "run.db.next"
        tide.replay(beside, tide.write_capture(self.path / "first.jsonl", rows[:1]), flags=("--views", new))
        with contextlib.closing(sqlite3.connect(db)) as file:
            (name,) = file.execute("select value || ' 0' from _meta where name = 'id'").fetchone()
        with contextlib.closing(sqlite3.connect(beside)) as file:
            file.execute("insert into _meta values ('fill', ?)", (name,))
            file.commit()
        with tide.Server("demo", "--db", self.path / "demo.db", "--views", old, "--capture", capture, stderr=self.path / "demo.log") as broker:
            tide.wait_for("the log", lambda: broker.get("/v1/status")[1].get("counters", {}).get("applied") == 80)
            refused, built = "the beginning of its topic is gone", "was built anew"

            def run(log):
                return tide.Server("run", "--brokers", broker.brokers(), "--prefix", tide.PREFIX, "--db", db, "--views", new, "--rebuild",
                                   stderr=self.path / log)  # fmt: skip

            with run("log") as server:
                tide.wait_for("refused", lambda: "is begun anew at the next SIGHUP or start" in server.log())
                tide.wait_for("gone", lambda: not beside.exists())
                server.process.send_signal(signal.SIGHUP)
                tide.wait_for("begun anew", lambda: refused in ((server.get("/v1/status")[1]["reload"] or {}).get("message") or ""))
                self.assertEqual(0, server.stop())
            with run("again.log") as server:  # what was built is there still, and is gone on with
                tide.wait_for("asked again", lambda: refused in server.log() or built in server.log())
                self.assertNotIn(built, server.log())
                self.assertEqual(0, server.stop())
        with contextlib.closing(sqlite3.connect(db)) as file:
            self.assertEqual((80,), file.execute("select count(*) from items").fetchone())

    def test_a_topic_that_is_there_no_more(self):
        """What the file has of its table is nowhere else: the rows were gone with the old file."""
        kept = {"schema.sql": "-- tidemark: keep own_told\ncreate table own_told(n integer primary key{});\n", "query.all.sql": "select * from own_told\n"}
        rows = [evolution.item(n, n, "pen") for n in range(3)]

        def views(name, more):
            (self.path / name / "own").mkdir(parents=True)
            (self.path / name / "source.sql").write_text(evolution.ITEMS + "create table orders(id bigint primary key, total numeric(9, 2));\n")
            for file, text in kept.items():
                (self.path / name / "own" / file).write_text(text.replace("{}", more))
            return self.path / name

        old, new, db = views("old", ""), views("new", ", note text"), self.path / "run.db"
        tide.replay(db, tide.write_capture(self.path / "all.jsonl", [*rows, tide.order(0, 7, 7)]), flags=("--views", old))
        capture = tide.write_capture(self.path / "items.jsonl", rows)
        with tide.Server("demo", "--db", self.path / "demo.db", "--views", old, "--capture", capture, stderr=self.path / "demo.log") as broker:
            tide.wait_for("the log", lambda: broker.get("/v1/status")[1].get("counters", {}).get("applied") == 3)
            with tide.Server("run", "--brokers", broker.brokers(), "--prefix", tide.PREFIX, "--db", db, "--views", new, "--rebuild",
                             stderr=self.path / "log") as server:  # fmt: skip
                tide.wait_for("an answer", lambda: "does not exist any more, or may not be seen" in server.log() or "was built anew" in server.log())
                self.assertNotIn("was built anew", server.log())
                self.assertEqual(0, server.stop())
        with contextlib.closing(sqlite3.connect(db)) as file:
            self.assertEqual((7,), file.execute("select id from orders").fetchone())


if __name__ == "__main__":
    sys.exit(unittest.main())
