#!/usr/bin/env python3
"""SIGHUP, and --watch, read source.sql and the views again: they are built while the old ones answer, and taken over without a
failed request; broken ones are refused and the old go on."""

import contextlib
import json
import random
import shutil
import signal
import sqlite3
import sys
import threading
import time
import unittest
import urllib.error
import urllib.request

import tide

SOURCE = "create table orders(id bigint primary key, status text, total numeric(12,2));\n"
WIDER = "create table orders(id bigint primary key, status text, total numeric(12,2), quantity int);\n"
SCHEMA = "create table own_statuses(status text primary key, orders integer not null);\n"
APPLY = """insert into own_statuses select status, sum(_weight) from _delta_orders group by status
on conflict (status) do update set orders = orders + excluded.orders;
"""
QUERY = "select status, orders from own_statuses where orders > 0 order by status;\n"
TWICE = {"own/schema.sql": SCHEMA.replace("orders integer", "twice integer"),
         "own/query.all.sql": "select status, twice from own_statuses where twice > 0 order by status;\n"}  # fmt: skip


def slow(steps):
    """Twice the orders, computed for as long as it takes to count to `steps`."""
    return f"""insert into own_statuses select status, 2 * sum(_weight) + (with recursive n(i) as
(select 1 union all select i + 1 from n where i < {steps}) select 0 * max(i) from n) from _delta_orders group by status
on conflict (status) do update set twice = twice + excluded.twice;
"""


QUICK = slow(1)
SECONDS = slow(8_000_000)
ENDLESS = slow(4_000_000_000)
FAILING = """insert into own_statuses select status, -sum(_weight) from _delta_orders group by status
on conflict (status) do update set orders = orders + excluded.orders;
"""
CHECKED = "create table own_statuses(status text primary key, orders integer not null check(orders >= 0));\n"


class Asking(threading.Thread):
    """Asks in a tight loop: what it was answered, in order, without repetitions."""

    def __init__(self, url):
        super().__init__()
        self.url = url
        self.ends = threading.Event()
        self.answers = []
        self.failed = []
        self.took = []  # seconds, told and not judged
        self.count = 0

    def run(self):
        while not self.ends.is_set():
            begun = time.monotonic()
            try:
                with urllib.request.urlopen(self.url, timeout=60) as answer:
                    rows = json.loads(answer.read())["rows"]
                self.took.append(time.monotonic() - begun)
                self.count += 1
                if not self.answers or self.answers[-1] != rows:
                    self.answers.append(rows)
            except (urllib.error.URLError, OSError) as error:
                self.failed.append(repr(error))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.join()

    def tell(self, what):
        took = sorted(self.took)
        print(f"{what}: {len(took)} answers, {len(self.failed)} failed, p99 {took[len(took) * 99 // 100] * 1000:.1f} ms, "
              f"the slowest {took[-1] * 1000:.0f} ms", file=sys.stderr)  # fmt: skip


class Reload(tide.Case):
    @classmethod
    def setUpClass(cls):
        folder = tide.Folder()
        path = folder.__enter__()
        cls.addClassCleanup(folder.__exit__, None, None, None)
        broker = tide.Server("demo", "--db", path / "demo.db", stderr=path / "demo.log")
        cls.addClassCleanup(broker.__exit__)
        cls.brokers = broker.brokers()

    def setUp(self):
        super().setUp()
        self.views = self.path / "views"
        self.write({"source.sql": SOURCE, "own/schema.sql": SCHEMA, "own/apply.orders.sql": APPLY,
                    "own/query.all.sql": QUERY})  # fmt: skip
        self.start()

    def start(self, *flags):
        self.server = tide.Server("run", "--brokers", self.brokers, "--prefix", tide.PREFIX, "--db", self.path / "run.db",
                                  "--views", self.views, *flags, stderr=self.path / "run.log")  # fmt: skip
        self.addCleanup(self.server.__exit__)
        self.await_rows("/v1/tables/orders", 7)
        tide.wait_for("/readyz", lambda: self.server.get("/readyz")[0] == 200)

    def write(self, files):
        for name, text in files.items():
            (self.views / name).parent.mkdir(parents=True, exist_ok=True)
            (self.views / name).write_text(text)

    def await_rows(self, path, count):
        return tide.wait_for(path, lambda: self.rows(path, count))

    def rows(self, path, count):
        status, document = self.server.get(path)
        return document["rows"] if status == 200 and len(document["rows"]) == count else None

    def hang_up(self, words, condition=None):
        """The log repeats nothing within ten seconds: a second time it is the answers that tell."""
        self.server.process.send_signal(signal.SIGHUP)
        tide.wait_for(words, condition or (lambda: words in self.server.log()))

    def columns(self, path):
        status, document = self.server.get(path)
        return list(document["rows"][0]) if status == 200 and document["rows"] else []

    def reload(self):
        return self.server.get("/v1/status")[1]["reload"]

    def await_reload(self, state):
        return tide.wait_for(state, lambda: (self.reload() or {}).get("state") == state and self.reload())

    def all(self):
        return self.server.get("/v1/views/own/all")[1]["rows"]

    def doubled(self, rows):
        return [{"status": row["status"], "twice": 2 * row["orders"]} for row in rows]

    def test_a_changed_query_and_a_changed_view(self):
        old = self.server.get("/v1/views/own/all")[1]["rows"]
        self.write({"own/query.all.sql": "select status, 2 * orders as twice from own_statuses where orders > 0 order by status;\n"})
        self.hang_up("source.sql and the views were read again")
        rows = self.await_rows("/v1/views/own/all", len(old))
        self.assertEqual([2 * row["orders"] for row in old], [row["twice"] for row in rows])
        self.write({"own/schema.sql": SCHEMA.replace("own_statuses", "own_by_status"),
                    "own/apply.orders.sql": APPLY.replace("own_statuses", "own_by_status"),
                    "own/query.all.sql": QUERY.replace("own_statuses", "own_by_status")})  # fmt: skip
        self.hang_up("the changed view", lambda: self.columns("/v1/views/own/all") == ["status", "orders"])
        self.assertEqual(old, self.await_rows("/v1/views/own/all", len(old)))
        self.assertEqual(0, self.server.stop(), self.server.log())

    def test_a_column_is_added_without_a_failed_request(self):
        with Asking(self.server.address + "/v1/tables/orders?limit=1&select=id") as asking:
            self.write({"source.sql": WIDER})
            self.hang_up("source.sql and the views were read again")
            tide.wait_for("the column's values", lambda: all(
                row.get("quantity") is not None for row in self.rows("/v1/tables/orders", 7) or [{}]))  # fmt: skip
        self.assertEqual([], asking.failed)

    def test_the_old_view_answers_until_the_new_one_is_built(self):
        old = self.all()
        self.write({**TWICE, "own/apply.orders.sql": SECONDS})
        with Asking(self.server.address + "/v1/views/own/all") as asking:
            self.server.process.send_signal(signal.SIGHUP)
            self.await_reload("building")
            before = asking.count
            tide.wait_for("answers while it is built", lambda: asking.count > before + 10)
            self.assertEqual("building", self.reload()["state"])
            self.assertEqual([old], asking.answers)
            tide.wait_for("the new view", lambda: len(asking.answers) > 1)
        self.assertEqual([], asking.failed)
        self.assertEqual([old, self.doubled(old)], asking.answers)
        self.assertIsNone(self.reload())
        self.assertEqual(200, self.server.get("/readyz")[0])

    def test_killed_and_stopped_while_it_is_built(self):
        old = self.all()
        self.write({**TWICE, "own/apply.orders.sql": ENDLESS})
        self.server.process.send_signal(signal.SIGHUP)
        self.await_reload("building")
        self.server.kill()
        self.write({"own/schema.sql": SCHEMA, "own/apply.orders.sql": APPLY, "own/query.all.sql": QUERY})
        self.start()
        self.assertNotIn("views filled", self.server.log(), "what was not taken over is not in the file")
        self.assertEqual(old, self.all())
        self.write({**TWICE, "own/apply.orders.sql": ENDLESS})
        self.server.process.send_signal(signal.SIGHUP)
        self.await_reload("building")
        self.assertEqual(0, self.server.stop(), self.server.log())
        with sqlite3.connect(self.path / "run.db") as file:
            self.assertEqual("ok", file.execute("pragma integrity_check").fetchone()[0])
        self.write({"own/apply.orders.sql": QUICK})
        self.start()
        self.assertEqual(self.doubled(old), self.all())

    def test_what_the_rows_break_is_refused_and_mended(self):
        old = self.all()
        self.write({"own/schema.sql": CHECKED, "own/apply.orders.sql": FAILING})
        self.server.process.send_signal(signal.SIGHUP)
        told = self.await_reload("refused")
        self.assertIn("CHECK constraint failed", told["message"])
        self.assertEqual(old, self.all())
        self.assertIn("tidemark_reload_refused 1", self.metrics())
        self.write({**TWICE, "own/apply.orders.sql": QUICK})
        self.hang_up("the mended view", lambda: self.all() == self.doubled(old))
        self.assertIsNone(self.reload())
        self.assertIn("tidemark_reload_refused 0", self.metrics())

    def metrics(self):
        with urllib.request.urlopen(self.server.address + "/metrics", timeout=30) as answer:
            return answer.read().decode()

    def test_a_view_comes_and_goes(self):
        old = self.all()
        self.write({"more/query.count.sql": "select count(*) as orders from orders;\n"})
        self.hang_up("the view that came", lambda: self.server.get("/v1/views/more/count")[0] == 200)
        self.assertEqual(7, self.server.get("/v1/views/more/count")[1]["rows"][0]["orders"])
        self.assertEqual(old, self.all())
        shutil.rmtree(self.views / "own")
        self.hang_up("the view that went", lambda: self.server.get("/v1/views/own/all")[0] == 404)
        with sqlite3.connect(self.path / "run.db") as file:
            self.assertEqual([], file.execute("select name from sqlite_schema where name = 'own_statuses'").fetchall())

    def test_a_follower_is_told_to_begin_again(self):
        old = self.all()

        def events(last):
            request = urllib.request.Request(self.server.address + "/v1/views/own/all/follow",
                                             headers={"Last-Event-ID": last} if last else {})  # fmt: skip
            event = {}
            with urllib.request.urlopen(request, timeout=60) as answer:
                for line in answer:  # until the stream ends
                    name, _, value = line.decode().rstrip("\n").partition(": ")
                    if name:
                        event[name] = value
                    else:
                        yield event
                        event = {}

        follower = events(None)
        first = next(event for event in follower if "id" in event)
        self.write({**TWICE, "own/apply.orders.sql": QUICK})
        self.server.process.send_signal(signal.SIGHUP)
        self.assertLess(len(list(follower)), 100)
        tide.wait_for("the new view", lambda: self.all() == self.doubled(old))
        again = events(first["id"])
        self.assertEqual("reset", next(event for event in again if "event" in event)["event"])
        again.close()

    def test_a_saved_file_is_taken_over(self):
        old = self.all()
        self.assertEqual(0, self.server.stop(), self.server.log())
        self.start("--watch")
        self.write({**TWICE, "own/apply.orders.sql": QUICK})
        tide.wait_for("what was saved", lambda: self.all() == self.doubled(old))
        self.write({"own/query.all.sql": "select nothing from own_statuses;\n"})
        self.assertIn("nothing", self.await_reload("refused")["message"])
        self.assertEqual(self.doubled(old), self.all())
        self.write({"own/query.all.sql": TWICE["own/query.all.sql"]})
        tide.wait_for("what was mended", lambda: self.reload() is None)
        self.write({"other/query.count.sql": "select count(*) as orders from orders;\n"})
        tide.wait_for("a new folder", lambda: self.server.get("/v1/views/other/count")[0] == 200)

    def change(self, rng, last):
        """Some tables and columns, and one of the views over them; the last one has all of it."""
        columns = [c for c in ("total numeric(12,2)", "quantity int", "notes text") if last or rng.random() < 0.6]
        source = f"create table orders(id bigint primary key, status text{''.join(', ' + c for c in columns)});\n"
        if last or rng.random() < 0.5:
            source += "create table customers(id bigint primary key, email text);\n"
        if last or rng.random() < 0.5:
            self.write({"own/schema.sql": SCHEMA, "own/apply.orders.sql": APPLY, "own/query.all.sql": QUERY})
        else:
            self.write({**TWICE, "own/apply.orders.sql": QUICK})
        self.write({"source.sql": source})

    def settled(self):
        """The last change is there: a signal is heard some time after it was sent, so that no reload may be one to come."""
        seen = [set(self.columns(path)) for path in ("/v1/tables/orders", "/v1/tables/customers", "/v1/views/own/all")]
        status, document = self.server.get("/v1/status")
        return seen == [{"id", "status", "total", "quantity", "notes"}, {"id", "email"}, {"status", "orders"}] and status == 200 \
            and document["reload"] is None and document["filling"] is None \
            and all(table["rows"] and table["lag"] == 0 for table in document["tables"])  # fmt: skip

    def contents(self, name):
        # closed here: what the garbage collector closes later leaves its log beside the file's next one
        with contextlib.closing(sqlite3.connect(self.path / name)) as file:
            return {table: sorted(file.execute(f"select {columns} from {table} where {where}").fetchall()) for table, columns, where in (
                ("orders", "id, status, total, quantity, notes", "1"), ("customers", "id, email", "1"),
                ("own_statuses", "status, orders", "orders > 0"))}  # fmt: skip

    def test_a_chain_of_changes_ends_like_a_file_made_new(self):
        for seed in range(2):
            rng = random.Random(f"chain {seed}")
            with self.subTest(seed=seed):
                for number in range(5):
                    self.change(rng, number == 4)
                    self.server.process.send_signal(signal.SIGHUP)
                    if rng.random() < 0.3:
                        self.server.kill()
                        self.start()
                    elif rng.random() < 0.5:
                        self.server.get("/v1/status")  # the next change comes while this one is built
                    else:
                        tide.wait_for("this change", lambda: self.reload() is None)
                self.server.process.send_signal(signal.SIGHUP)
                tide.wait_for("all of it", self.settled)
                self.assertEqual(0, self.server.stop(), self.server.log())
                changed = self.contents("run.db")
                (self.path / "run.db").rename(self.path / f"changed.{seed}.db")
                self.start()
                tide.wait_for("a file made new", self.settled)
                self.assertEqual(0, self.server.stop(), self.server.log())
                self.assertEqual(self.contents("run.db"), changed)
                self.start()

    def test_what_is_broken_is_refused(self):
        old = self.server.get("/v1/views/own/all")[1]["rows"]
        self.write({"own/query.all.sql": "select nothing from own_statuses;\n"})
        self.hang_up("source.sql and the views stay as they were")
        self.assertEqual(old, self.server.get("/v1/views/own/all")[1]["rows"])
        self.write({"own/query.all.sql": QUERY})
        self.hang_up("source.sql and the views are as they were")
        tide.wait_for("/readyz", lambda: self.server.get("/readyz")[0] == 200)


if __name__ == "__main__":
    sys.exit(unittest.main())
