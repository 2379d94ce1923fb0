#!/usr/bin/env python3
"""What a process says of itself is so: halted, degraded, silent; and how it ends. On the embedded broker."""

import json
import resource
import signal
import sqlite3
import sys
import unittest

import tide

# refuses the second row that has no customer, as a column declared not null does
REFUSING = {
    "source.sql": tide.ORDERS,
    "own/schema.sql": "create table own_customers(id integer not null, orders integer not null);\n",
    "own/apply.orders.sql": "insert into own_customers select customer_id, _weight from _delta_orders;\n",
    "own/query.all.sql": "select * from own_customers;\n",
}


STOP_SECONDS_MAX = 40  # 5 on a machine with time for it

# one topic for two tables
SHARED = {
    "source.sql": "create table one(id int primary key, v text);\ncreate table two(id int primary key, v text);\n"
    f"-- tidemark: topic one = {tide.PREFIX}.public.all\n-- tidemark: topic two = {tide.PREFIX}.public.all\n",
}


def shared(offset, key, table, op):
    row = {"id": key, "v": table}
    source = {"lsn": 1000 + offset, "ts_ms": 1700000000000 + offset, "snapshot": "false", "db": "shop",
              "name": tide.PREFIX}  # fmt: skip
    if table is not None:
        source |= {"schema": "public", "table": table}
    value = {"before": row if op == "d" else None, "after": None if op == "d" else row, "source": source, "op": op}
    return tide.line("all", offset, {"id": key}, None if op == "tombstone" else value)


SHARED_ROWS = (
    [1, "one", "c"],
    [1, "two", "c"],
    [1, "three", "c"],
    [1, "three", "d"],
    [1, "three", "tombstone"],  # of three's row, whose delete went before: nothing more is told of it
    [2, "three", "c"],
    [3, None, "c"],  # names no table
    [1, None, "tombstone"],  # alone: of whose row is not said
)


class States(tide.Case):
    def setUp(self):
        super().setUp()
        self.db = self.path / "own.db"

    def counters(self, server):
        status, document = server.get("/v1/status")
        self.assertEqual(200, status, document)
        return document["counters"]

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

    def follow(self, broker, *more):
        """A `run` beside a demo, whose broker it reads."""
        brokers = broker.brokers()
        server = tide.Server("run", "--brokers", brokers, "--prefix", tide.PREFIX, "--db", self.path / "run.db", *more,
                             stderr=self.path / "run.log")  # fmt: skip
        self.addCleanup(server.__exit__)
        return server

    def test_rows_that_are_nobodys_are_told(self):
        lines = [shared(offset, *row) for offset, row in enumerate(SHARED_ROWS)]
        views = self.files(SHARED)
        server = self.demo(lines, "--views", views)
        self.await_state(server, "live")
        document = server.get("/v1/status")[1]
        topic = f"{tide.PREFIX}.public.all"
        self.assertEqual([{"topic": topic, "table": "public.three", "messages": 3},
                          {"topic": topic, "table": None, "messages": 2}], document["unplaced"])  # fmt: skip
        self.assertEqual(5, document["unplaced_messages"])
        for table in ("one", "two"):
            rows = server.get(f"/v1/tables/{table}")[1]["rows"]
            self.assertEqual([{"id": 1, "v": table}], rows)
        told = [text for text in server.log().splitlines() if "not applied" in text]
        self.assertEqual(2, len(told), told)
        self.assertIn("rows of public.three are no declared table's", told[0])
        self.assertIn("does not say whose it is", told[1])

        lines.append(tide.line("other", 0, {"id": 1}, {"op": "c"}))
        capture = tide.write_capture(self.path / "replayed.jsonl", lines)
        done = tide.run("replay", "--db", self.path / "replayed.db", "--views", views, capture)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(1, done.stderr.count("are no declared table's"), done.stderr)
        self.assertEqual(1, done.stderr.count("does not say whose it is"), done.stderr)
        self.assertIn("topic theworldshop.public.other feeds no declared table", done.stderr)
        self.assertRegex(done.stderr, r"rows of public\.three .* partition 0 offset 2 ")

    def test_deletes_that_find_no_row_are_counted_and_told(self):
        """REPLICA IDENTITY USING INDEX: each delete names key 0."""
        def line(offset, key, op, lsn=None):
            row = {"id": key, "customer_id": 1, "total": "1.00"}
            source = {"lsn": lsn or 1000 + offset, "ts_ms": 1700000000000 + offset, "snapshot": "false", "schema": "public",
                      "table": "orders", "db": "shop", "name": tide.PREFIX}  # fmt: skip
            value = {"before": row if op == "d" else None, "after": None if op == "d" else row, "source": source, "op": op}
            return tide.line("orders", offset, {"id": key}, value)

        lines = [line(key - 1, key, "c") for key in range(1, 9)]
        lines += [line(8, 8, "d")] + [line(9 + i, 0, "d") for i in range(4)]
        lines.append(line(13, 0, "d", lsn=1009))  # sent again
        server = self.demo(lines, "--views", self.files({"source.sql": tide.ORDERS}))
        self.await_state(server, "live")
        self.assertEqual(4, self.counters(server)["deletes_without_row"])
        self.assertEqual(1, server.log().count("table orders: deletes find no row"), server.log())

    def test_halted_holds_nothing_and_ends_with_3(self):
        server = self.demo([tide.order(0, 1, 7), tide.order(1, 2, None)], "--views", self.files(REFUSING))
        self.await_state(server, "halted")
        other = sqlite3.connect(self.db, timeout=5, isolation_level=None)
        other.execute("begin immediate")  # a write transaction of the process would refuse it
        other.execute("rollback")
        self.assertEqual(None, other.execute("select max(id) from orders").fetchone()[0])
        other.close()
        self.assertEqual(200, server.get("/healthz")[0])
        self.assertEqual(3, server.stop())
        self.assertRegex(server.log().splitlines()[-1], r" error halted, and stopped by SIGINT: ")

    def test_a_state_that_is_not_well_is_a_warning(self):
        broker = self.demo([tide.order(0, 1, 7)])
        server = self.follow(broker, "--log-format", "json")
        self.await_state(server, "live")
        broker.kill()
        self.await_state(server, "disconnected")
        lines = [json.loads(line) for line in server.log().splitlines()]
        told = [(t["level"], t["state"]) for t in lines if t["event"] == "state"]
        self.assertEqual([("info", "live"), ("warn", "disconnected")], told[-2:])
        self.assertEqual(0, server.stop())

    def test_a_disk_that_fails_is_waited_for(self):
        """The process may write no file any more, and then may again."""
        server = self.demo([tide.order(n, n, 7) for n in range(200)], "--rate", "50")
        tide.wait_for("something applied", lambda: self.counters(server)["applied"] > 10)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        self.await_state(server, "degraded")
        self.assertIn("disk I/O error (SQLite's code 778", server.get("/v1/status")[1]["reason"])  # SQLITE_IOERR_WRITE
        self.assertEqual(200, server.get("/healthz")[0])
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        tide.wait_for("all applied", lambda: self.counters(server)["applied"] == 200)
        self.await_state(server, "live")
        self.assertEqual(0, self.counters(server)["quarantined"])
        self.assertEqual(0, server.stop())
        connection = sqlite3.connect(self.db)
        self.assertEqual((200, "ok"), (connection.execute("select count(*) from orders").fetchone()[0],
                                       connection.execute("pragma integrity_check").fetchone()[0]))  # fmt: skip
        connection.close()

    def test_a_locked_file_is_waited_for(self):
        """Another tool holds SQLite's write lock for longer than a commit waits for it."""
        server = self.demo([tide.order(n, n, 7) for n in range(500)], "--rate", "50")
        tide.wait_for("something applied", lambda: self.counters(server)["applied"] > 10)
        other = sqlite3.connect(self.db, timeout=30, isolation_level=None)
        other.execute("begin immediate")
        self.await_state(server, "degraded")
        self.assertIn("database is locked", server.get("/v1/status")[1]["reason"])
        other.execute("rollback")
        other.close()
        tide.wait_for("all applied", lambda: self.counters(server)["applied"] == 500)
        self.await_state(server, "live")
        self.assertEqual(0, server.stop())

    def test_many_partitions_are_one_line(self):
        beat = "__debezium-heartbeat." + tide.PREFIX
        server = self.demo([tide.order(0, 1, 7), *({**tide.line(beat, 0, {}, {"ts_ms": 1}), "partition": n} for n in range(200))],
                           "--log-format", "json")  # fmt: skip
        self.await_state(server, "live")
        lines = [json.loads(line) for line in server.log().splitlines()]
        reading = [t["message"] for t in lines if t["event"] == "reading"]
        self.assertLess(len(reading), 10, reading)
        self.assertRegex(reading[0], r"^reading \d+ partitions more$")
        self.assertEqual(0, server.stop())

    def table(self, server, name):
        return next(table for table in server.get("/v1/status")[1]["tables"] if table["name"] == name)

    def test_an_incomplete_table_is_remembered(self):
        """Until a snapshot has its rows. How it becomes so: tests/lab/broker.py."""
        lines = tide.read_capture(tide.CAPTURES / "resnapshot.jsonl")
        second = next(n for n, line in enumerate(lines) if n > 200 and '"snapshot":"' in (line["value"] or "")
                      and '"snapshot":"false"' not in line["value"])  # fmt: skip
        first = tide.write_capture(self.path / "first.jsonl", lines[:second])
        tide.replay(self.db, first)
        db = sqlite3.connect(self.db)
        db.execute("insert into _meta values('incomplete:orders', 'orders partition 0 began at offset 4')")
        db.commit()
        db.close()
        for command in ("serve", "demo"):
            more = ("--capture", first) if command == "demo" else ()
            server = tide.Server(command, "--db", self.db, *more, stderr=self.path / "log")
            self.addCleanup(server.__exit__)
            table = self.table(server, "orders")
            self.assertEqual((False, "orders partition 0 began at offset 4"), (table["complete"], table["incomplete"]))
            self.assertTrue(self.table(server, "customers")["complete"])
            self.assertEqual(0, server.stop())
        tide.replay(self.db, tide.CAPTURES / "resnapshot.jsonl")
        server = tide.Server("serve", "--db", self.db, stderr=self.path / "log")
        self.addCleanup(server.__exit__)
        table = self.table(server, "orders")
        self.assertEqual((True, None), (table["complete"], table["incomplete"]))

    def test_a_line_for_machines_says_what_it_is_about(self):
        broken = tide.order(1, 2, 7)
        broken["key"] = None
        capture = tide.write_capture(self.path / "own.jsonl", [tide.order(0, 1, 7), broken])
        done = tide.run("replay", "--db", self.db, "--log-format", "json", capture)
        self.assertEqual(0, done.returncode, done.stderr)
        told = [json.loads(line) for line in done.stderr.splitlines()]
        self.assertEqual([], [line for line in told if line["event"] == "note"])
        about = [{k: line[k] for k in ("level", "topic", "partition", "offset", "lsn")} for line in told
                 if line["event"] == "quarantined"]  # fmt: skip
        self.assertEqual([{"level": "warn", "topic": f"{tide.PREFIX}.public.orders", "partition": 0, "offset": 1,
                           "lsn": "0/3E9"}], about)  # fmt: skip

    def test_stopped_ends_with_0(self):
        server = self.demo([tide.order(0, 1, 7)], "--views", self.files(REFUSING))
        self.await_state(server, "live")
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, server.process.wait(30))
        self.assertRegex(server.log().splitlines()[-1], r" info  stopped by SIGTERM: 1 messages taken since the start, "
                         r"1 applied, 0 quarantined, 0 messages behind$")  # fmt: skip

    def test_it_stops_though_the_broker_answers_nothing(self):
        """Its connections stay, as with a cut link. librdkafka waits for a minute."""
        broker = self.demo([tide.order(0, 1, 7)])
        server = self.follow(broker)
        self.await_state(server, "live")
        broker.process.send_signal(signal.SIGSTOP)
        self.addCleanup(broker.process.send_signal, signal.SIGCONT)
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, server.process.wait(STOP_SECONDS_MAX))
        self.assertRegex(server.log().splitlines()[-1], " stopped by SIGTERM: ")

    def test_a_dead_connector_is_silent_after_a_restart_too(self):
        beat = "__debezium-heartbeat." + tide.PREFIX
        broker = self.demo([tide.order(0, 1, 7), tide.line(beat, 0, {}, {"ts_ms": 1700000000000})])
        for _ in range(3):
            server = self.follow(broker, "--silent-after-ms", "3000")
            self.await_state(server, "upstream_silent")
            self.assertEqual(200, server.get("/readyz")[0])
            self.assertEqual(0, server.stop())

    def test_a_table_without_a_topic_is_named(self):
        broker = self.demo([tide.order(0, 1, 7)])
        views = self.files({"source.sql": tide.ORDERS + "create table invoices(id bigint primary key);\n"})
        server = self.follow(broker, "--views", views)
        self.await_state(server, "live")
        self.assertIn("no topic of prefix theworldshop yet for: invoices\n", server.log())
        self.assertEqual("no topic yet for: invoices", server.get("/v1/status")[1]["reason"])
        self.assertEqual(0, server.stop())

    def test_a_prefix_that_is_misspelt(self):
        """The prefixes that there are topics of are named, also where a line names a topic of another one, which is read."""
        broker = self.demo([tide.order(0, 1, 7), tide.line("theworld.public.orders", 0, {"id": 1}, {})])
        named = "create table parts(id bigint primary key, customer_id bigint, total numeric(9, 2));\n-- tidemark: topic parts = theworldshop.public.orders\n"
        for source, state, reason in ((tide.ORDERS, "starting", "no topic of prefix theworldshap exists yet; there are topics of "),
                                      (tide.ORDERS + named, "live", "no topic yet for: orders; there are topics of ")):  # fmt: skip
            views = self.files({"source.sql": source})
            server = tide.Server("run", "--brokers", broker.brokers(), "--prefix", "theworldshap", "--db", self.path / f"{state}.db",
                                 "--views", views, stderr=self.path / f"{state}.log")  # fmt: skip
            self.addCleanup(server.__exit__)
            told = tide.wait_for("the reason", lambda server=server, state=state: server.get("/v1/status")[1]["state"] == state and
                                 server.get("/v1/status")[1]["reason"])  # fmt: skip
            self.assertTrue(told.startswith(reason), told)
            self.assertIn("theworld", told.removeprefix(reason).split(", "))
            self.assertIn("; there are topics of ", server.log())
            self.assertEqual(0, server.stop())

    def test_no_table_has_a_topic(self):
        broker = self.demo([tide.order(0, 1, 7), tide.line("__debezium-heartbeat." + tide.PREFIX, 0, {}, {"ts_ms": 1700000000000})])
        views = self.files({"source.sql": "create table order_(id bigint primary key);\n"})
        server = self.follow(broker, "--views", views, "--silent-after-ms", "999999999999")
        self.await_state(server, "live")
        self.assertIn("no table of source.sql has a topic: it declares order_; the topics of prefix theworldshop are "
                      "theworldshop.public.orders\n", server.log())  # fmt: skip
        self.assertEqual(0, server.stop())


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])
