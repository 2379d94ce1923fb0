#!/usr/bin/env python3
"""What a process says of itself is so: halted, degraded, silent; and how it ends. On the embedded broker."""

import json
import signal
import sqlite3
import sys
import unittest

import tide

ORDERS = "create table orders(id bigint primary key, customer_id bigint, total numeric(12,2));\n"
# refuses the second row that has no customer, as a column declared not null does
REFUSING = {
    "source.sql": ORDERS,
    "own/schema.sql": "create table own_customers(id integer not null, orders integer not null);\n",
    "own/apply.orders.sql": "insert into own_customers select customer_id, _weight from _delta_orders;\n",
    "own/query.all.sql": "select * from own_customers;\n",
}


def order(offset, key, customer):
    after = {"id": key, "customer_id": customer, "total": "1.00"}
    source = {"lsn": 1000 + offset, "ts_ms": 1700000000000 + offset, "snapshot": "false", "schema": "public",
              "table": "orders", "db": "shop", "name": tide.PREFIX}  # fmt: skip
    return tide.line("orders", offset, {"id": key},
                     {"before": None, "after": after, "source": source, "op": "c", "ts_ms": 1700000000000 + offset})


class States(unittest.TestCase):
    def setUp(self):
        folder = tide.Folder()
        self.path = folder.__enter__()
        self.addCleanup(folder.__exit__, None, None, None)
        self.db = self.path / "own.db"

    def files(self, contents):
        for name, text in contents.items():
            path = self.path / "views" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self.path / "views"

    def demo(self, lines, *more):
        capture = tide.write_capture(self.path / "own.jsonl", lines)
        server = tide.Server("demo", "--capture", capture, "--db", self.db, *more, stderr=self.path / "log")
        self.addCleanup(server.__exit__)
        return server

    def await_state(self, server, state):
        return tide.wait_for(state, lambda: server.get("/v1/lag")[1]["state"] == state)

    def test_halted_holds_nothing_and_ends_with_3(self):
        server = self.demo([order(0, 1, 7), order(1, 2, None)], "--views", self.files(REFUSING))
        self.await_state(server, "halted")
        other = sqlite3.connect(self.db, timeout=5, isolation_level=None)
        other.execute("begin immediate")  # a write transaction of the process would refuse it
        other.execute("rollback")
        self.assertEqual(None, other.execute("select max(id) from orders").fetchone()[0])
        other.close()
        self.assertEqual(200, server.get("/healthz")[0])
        self.assertEqual(3, server.stop())

    def test_stopped_ends_with_0(self):
        server = self.demo([order(0, 1, 7)], "--views", self.files(REFUSING))
        self.await_state(server, "live")
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, server.process.wait(30))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
