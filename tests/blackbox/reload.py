#!/usr/bin/env python3
"""SIGHUP reads source.sql and the views again: changed views and tables are taken over without a failed request, broken
ones are refused and the old go on."""

import re
import signal
import sys
import threading
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


class Reload(unittest.TestCase):
    def setUp(self):
        folder = tide.Folder()
        self.path = folder.__enter__()
        self.addCleanup(folder.__exit__, None, None, None)
        self.views = self.path / "views"
        (self.views / "own").mkdir(parents=True)
        self.write({"source.sql": SOURCE, "own/schema.sql": SCHEMA, "own/apply.orders.sql": APPLY,
                    "own/query.all.sql": QUERY})  # fmt: skip
        broker = tide.Server("demo", "--db", self.path / "demo.db", stderr=self.path / "demo.log")
        self.addCleanup(broker.__exit__)
        at = tide.wait_for("the broker", lambda: re.search(r"embedded broker on (\S+),", broker.log()))
        self.server = tide.Server("run", "--brokers", at[1], "--prefix", tide.PREFIX, "--db", self.path / "run.db",
                                  "--views", self.views, stderr=self.path / "run.log")  # fmt: skip
        self.addCleanup(self.server.__exit__)
        self.await_rows("/v1/tables/orders", 7)

    def write(self, files):
        for name, text in files.items():
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
        self.assertEqual(0, self.server.stop())

    def test_a_column_is_added_without_a_failed_request(self):
        failed = []
        done = threading.Event()

        def ask():
            while not done.is_set():
                try:
                    with urllib.request.urlopen(self.server.address + "/v1/tables/orders?limit=1", timeout=30) as answer:
                        answer.read()
                except (urllib.error.URLError, OSError) as error:
                    failed.append(repr(error))

        client = threading.Thread(target=ask)
        client.start()
        try:
            self.write({"source.sql": WIDER})
            self.hang_up("source.sql and the views were read again")
            tide.wait_for("the column's values", lambda: all(
                row.get("quantity") is not None for row in self.rows("/v1/tables/orders", 7) or [{}]))  # fmt: skip
        finally:
            done.set()
            client.join()
        self.assertEqual([], failed)

    def test_what_is_broken_is_refused(self):
        old = self.server.get("/v1/views/own/all")[1]["rows"]
        self.write({"own/query.all.sql": "select nothing from own_statuses;\n"})
        self.hang_up("source.sql and the views stay as they were")
        self.assertEqual(old, self.server.get("/v1/views/own/all")[1]["rows"])
        self.write({"own/query.all.sql": QUERY})
        self.hang_up("source.sql and the views are as they were")
        self.assertEqual(200, self.server.get("/readyz")[0])


if __name__ == "__main__":
    sys.exit(unittest.main())
