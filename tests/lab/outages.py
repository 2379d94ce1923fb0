#!/usr/bin/env python3
"""A real cluster whose brokers die, move, stop answering, refuse and hand out damaged batches, over a link that is slow, stuck or
cut: what the state says meanwhile, and that the views equal the truth when it is over.

    LAB_KAFKA=4.4.0 LAB_JARS=lab/state/jars python3 tests/lab/outages.py [Outages.test_...]
"""

import contextlib
import json
import pathlib
import re
import signal
import sqlite3
import sys
import time
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TOP / "tests" / "blackbox")]
import client  # noqa: E402
import cluster  # noqa: E402
import tide  # noqa: E402

BROKERS = 3
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
STOP_SECONDS_MAX = 10  # the program's own bound is 5
LARGE = 5_000_000  # bytes of a message: more than a fetch asks for
TOO_LARGE = 70_000_000  # more than is taken
SOURCE_SQL = "create table orders(id bigint primary key, total numeric(12,2), version bigint, note text);\n"
# What is counted twice or not at all shows in these two: each change in its order, and a sum that differences lead.
SCHEMA_SQL = """-- tidemark: keep order_changes
create table order_changes(seq integer primary key, order_id integer, version integer);
create table order_sums(one integer primary key, orders integer not null, total decimal(12, 2) not null);
"""
APPLY_CHANGES_SQL = """insert or rollback into order_changes(order_id, version)
select new_id, new_version from _changes_orders where new_id is not null
"""
APPLY_SUMS_SQL = """insert into order_sums(one, orders, total)
select 1, ifnull(sum(_weight), 0), ifnull(sum(total * _weight), 0) from _delta_orders where true group by 1
on conflict(one) do update set orders = orders + excluded.orders, total = total + excluded.total
"""


class Shop:
    """Orders that are made and changed, and what a view of them must be."""

    def __init__(self, topic, partitions):
        self.topic, self.partitions = topic, partitions
        self.lsn = 1000
        self.orders = {}  # id: (total in cents, version)

    def event(self, key, note="x"):
        total, version = self.orders.get(key, (0, 0))
        before = {"id": key, "total": f"{total / 100:.2f}", "version": version} if version else None
        total, version = total + 101 + key, version + 1
        self.orders[key] = (total, version)
        self.lsn += 10
        source = {"lsn": self.lsn, "ts_ms": 1700000000000 + self.lsn, "snapshot": "false", "schema": "public", "table": "orders"}
        after = {"id": key, "total": f"{total / 100:.2f}", "version": version, "note": note}
        envelope = {"before": before, "after": after, "source": source, "op": "u" if before else "c", "ts_ms": source["ts_ms"]}
        return key % self.partitions, {"id": key}, envelope

    def events(self, count, first=0, note="x"):
        return [self.event(first + n % max(count // 2, 1), note) for n in range(count)]

    def truth(self):
        rows = sorted((key, total, version) for key, (total, version) in self.orders.items())
        changes = sorted((key, v + 1) for key, (_, version) in self.orders.items() for v in range(version))
        return rows, changes, [(len(rows), sum(total for _, total, _ in rows))]


class Outages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tide.Folder()
        path = folder.__enter__()
        cls.addClassCleanup(folder.__exit__, None, None, None)
        cls.cluster = cluster.Cluster(path, BROKERS)
        cls.addClassCleanup(cls.cluster.close)

    def setUp(self):
        folder = tide.Folder()
        self.path = folder.__enter__()
        self.addCleanup(folder.__exit__, None, None, None)
        self.addCleanup(self.mend)
        self.prefix = f"outage{time.time_ns()}"
        self.topic = f"{self.prefix}.public.orders"
        self.db = self.path / "own.db"
        views = self.path / "views"
        (views / "shop").mkdir(parents=True)
        (views / "source.sql").write_text(SOURCE_SQL)
        (views / "shop" / "schema.sql").write_text(SCHEMA_SQL)
        (views / "shop" / "apply.changes.sql").write_text(APPLY_CHANGES_SQL)
        (views / "shop" / "apply.sums.sql").write_text(APPLY_SUMS_SQL)
        (views / "shop" / "query.sums.sql").write_text("select * from order_sums\n")

    def mend(self):
        for one in self.cluster.links:
            one.mend()
        for node in self.cluster.nodes():
            if node.process is None:
                node.start()
            node.go_on()
        self.cluster.await_up()

    def producer(self, **properties):
        made = client.Producer(self.cluster.bootstrap(), **properties)
        self.addCleanup(made.close)
        return made

    def begin(self, partitions=3, replicas=None, settings=None, **more):
        """A topic with some orders, and a program that shows them."""
        self.cluster.create(self.topic, partitions, replicas, **(settings or {}))
        self.shop = Shop(self.topic, partitions)
        self.sender = self.producer()
        self.sender.send(self.topic, self.shop.events(60))
        self.server = self.run_program(**more)
        self.await_equal()

    def run_program(self, brokers=None, properties=()):
        options = [word for one in properties for word in ("-X", one)]
        server = tide.Server("run", "--brokers", brokers or self.cluster.linked(), "--prefix", self.prefix, "--db", self.db, "--views",
                             self.path / "views", *options, stderr=self.path / f"log{time.time_ns()}")  # fmt: skip
        self.addCleanup(server.__exit__)
        return server

    def state(self):
        return self.server.get("/v1/lag")[1]["state"]

    def reason(self):
        return self.server.get("/v1/status")[1]["reason"] or ""

    def found(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as file:
            return (
                file.execute("select id, total, version from orders order by id").fetchall(),
                file.execute("select order_id, version from order_changes order by 1, 2").fetchall(),
                file.execute("select orders, total from order_sums").fetchall(),
            )

    def await_state(self, *states):
        try:
            return tide.wait_for(" or ".join(states), lambda: self.state() in states)
        except AssertionError as error:
            raise AssertionError(f"{error}, but {self.state()}: {self.reason()}\n{self.server.log()[-2000:]}") from None

    def is_behind(self):
        lag = self.server.get("/v1/lag")[1]
        return lag["state"] != "live" or lag["messages"] != 0

    def await_equal(self):
        """Live and nothing behind: then it is all there, at once, and nothing twice."""
        try:
            tide.wait_for("live", lambda: not self.is_behind(), 120)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.reason()}\n{self.server.log()[-2000:]}") from None
        self.assertEqual(self.shop.truth(), self.found(), self.server.log()[-2000:])

    def await_rows(self):
        """As await_equal where the fault is too short to be told: live may be said until it is."""
        tide.wait_for("the rows", lambda: self.found() == self.shop.truth(), 120)
        self.await_equal()

    def send(self, count=40, first=0):
        self.sender.send(self.topic, self.shop.events(count, first))

    def test_the_leader_dies_and_comes_back(self):
        self.begin()
        for how in ("kill", "stop", "kill"):
            leader = self.cluster.leader(self.topic, 0)
            getattr(self.cluster.brokers[leader], how)()
            self.send()
            self.await_rows()
            self.cluster.brokers[leader].start()
            self.cluster.await_up()
            self.send(first=100)
            self.await_rows()
        self.assertEqual(0, self.server.stop())

    def test_the_leader_moves(self):
        self.begin()
        for _ in range(2):
            moves = [{"topic": self.topic, "partition": p, "replicas": [2 + (p + turn + 1) % BROKERS for turn in range(BROKERS)]}
                     for p in range(3)]  # fmt: skip
            plan = self.path / "plan.json"
            plan.write_text(json.dumps({"version": 1, "partitions": moves}))
            self.cluster.tool("reassign.ReassignPartitionsCommand", "--reassignment-json-file", str(plan), "--execute")
            self.cluster.tool("LeaderElectionCommand", "--election-type", "preferred", "--topic", self.topic, "--partition", "0")
            self.send()
            self.await_rows()
        self.assertEqual(0, self.server.stop())

    def test_a_partition_without_a_leader(self):
        self.begin(2, [[0], [1]])
        self.cluster.brokers[0].stop()
        self.await_state("catching_up")
        self.assertIn(f"{self.topic} partition 0", self.reason())
        self.sender.send(self.topic, [self.shop.event(2 * n + 1) for n in range(20)])
        tide.wait_for("the other partition", lambda: [r for r in self.found()[0] if r[0] % 2] ==
                      [r for r in self.shop.truth()[0] if r[0] % 2])  # fmt: skip
        self.assertTrue(self.is_behind())
        self.cluster.brokers[1].kill()
        self.await_state("disconnected")
        self.cluster.brokers[0].start()
        self.cluster.brokers[1].start()
        self.cluster.await_up()
        self.send()
        self.await_rows()
        self.assertEqual(0, self.server.stop())

    def test_all_brokers_start_again(self):
        self.begin()
        for how in ("stop", "kill"):
            for broker in self.cluster.brokers:
                getattr(broker, how)()
            self.await_state("disconnected")
            self.assertNotEqual("", self.reason())
            for broker in self.cluster.brokers:
                broker.start()
            self.cluster.await_up()
            self.send()
            self.await_rows()
        self.assertEqual(0, self.server.stop())

    def test_brokers_that_stand_still(self):
        self.begin()
        for broker in self.cluster.brokers:
            broker.pause()
        self.await_state("disconnected")
        self.assertRegex(self.reason(), "no broker has answered a fetch")
        for broker in self.cluster.brokers:
            broker.go_on()
        self.cluster.await_up()
        self.send()
        self.await_rows()
        self.assertEqual(0, self.server.stop())

    def test_a_link_that_is_cut(self):
        self.begin()
        for one in self.cluster.links:
            one.cut()
        self.await_state("disconnected")
        self.assertRegex(self.reason(), "(?i)connect")
        self.send()
        self.assertTrue(self.is_behind())
        for one in self.cluster.links:
            one.mend()
        self.await_equal()
        self.cluster.links[0].cut()  # one of three
        self.await_state("catching_up", "disconnected")
        self.assertRegex(self.reason(), re.escape(self.topic) + r" partition \d")
        self.send()
        self.cluster.links[0].mend()
        self.await_equal()
        self.assertEqual(0, self.server.stop())

    def test_a_link_that_is_stuck(self):
        self.begin()
        for one in self.cluster.links:
            one.stick()
        self.await_state("disconnected")
        self.send()
        self.assertTrue(self.is_behind())
        for one in self.cluster.links:
            one.mend()
        self.await_equal()
        for one in self.cluster.links:
            one.stick()
        self.await_state("disconnected")
        self.server.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, self.server.process.wait(STOP_SECONDS_MAX))

    def test_a_link_that_is_slow(self):
        self.begin()
        for one in self.cluster.links:
            one.delay, one.rate = 0.005, 600_000
        self.sender.send(self.topic, self.shop.events(600, note="n" * 10000))
        tide.wait_for("that it is told", self.is_behind)
        self.await_equal()
        self.assertNotIn("disconnected", self.server.log())
        self.assertEqual(0, self.server.stop())

    def login(self, password=cluster.USERS["reader"]):
        return ["security.protocol=SASL_PLAINTEXT", "sasl.mechanisms=PLAIN", "sasl.username=reader", f"sasl.password={password}"]

    def test_authorization_that_is_lost_and_given_back(self):
        self.cluster.create(self.topic, 2)
        self.shop = Shop(self.topic, 2)
        self.sender = self.producer()
        self.send()
        for operation in ("READ", "DESCRIBE"):
            self.cluster.acl("--add", "reader", self.topic, operation)
        self.server = self.run_program(self.cluster.bootstrap(self.cluster.sasl), self.login())
        self.await_equal()
        for lost in (["READ"], ["READ", "DESCRIBE"]):
            for operation in lost:
                self.cluster.acl("--remove", "reader", self.topic, operation)
            self.await_state("catching_up", "disconnected")
            self.send()
            tide.wait_for("the cause", lambda: "authorization failed" in self.reason())
            self.assertTrue(self.is_behind())
            for operation in lost:
                self.cluster.acl("--add", "reader", self.topic, operation)
            self.await_equal()
        self.assertEqual(0, self.server.stop())
        self.server = self.run_program(self.cluster.bootstrap(self.cluster.sasl), self.login("wrong"))
        self.await_state("disconnected")
        self.assertRegex(self.reason(), "(?i)authentication")
        self.assertNotIn("wrong", self.reason())
        self.assertEqual(0, self.server.stop())

    def test_large_messages(self):
        self.cluster.create(self.topic, 1, max_message_bytes=200_000_000)
        self.shop = Shop(self.topic, 1)
        self.sender = self.producer(message_max_bytes="200000000", queue_buffering_max_kbytes="400000")
        self.send()
        self.server = self.run_program()
        self.sender.send(self.topic, [self.shop.event(1, "n" * LARGE), self.shop.event(2)])
        self.await_rows()
        self.assertEqual(0, self.server.stop())
        # larger than the user lets an answer be
        self.sender.send(self.topic, [self.shop.event(3, "n" * LARGE), self.shop.event(4)])
        small = ["fetch.message.max.bytes=1000000", "fetch.max.bytes=1000000", "message.max.bytes=1000000",
                 "receive.message.max.bytes=1001000"]  # fmt: skip
        self.server = self.run_program(properties=small)
        tide.wait_for("the cause", lambda: "receive.message.max.bytes" in self.reason())
        self.assertTrue(self.is_behind())
        self.assertEqual(0, self.server.stop())
        self.server = self.run_program()
        self.await_equal()
        # larger than a message may be
        partition, key, envelope = self.shop.event(5)
        envelope["after"]["note"] = "n" * TOO_LARGE
        self.sender.send(self.topic, [(partition, key, envelope), self.shop.event(6)])
        tide.wait_for("the quarantine", lambda: self.server.get("/v1/quarantine")[1]["rows"], 120)
        self.assertIn("at most 67108864 are read", self.server.get("/v1/quarantine")[1]["rows"][0]["reason"])
        tide.wait_for("what is behind it", lambda: self.shop.truth()[0][6] in self.found()[0])
        self.assertEqual(0, self.server.stop())

    def test_each_compression(self):
        self.cluster.create(self.topic, 3)
        self.shop = Shop(self.topic, 3)
        self.sender = self.producer()
        self.send()
        self.server = self.run_program()
        for codec in CODECS:
            sender = self.producer(compression_codec=codec, linger_ms="50")
            sender.send(self.topic, self.shop.events(400, note=codec * 40))
            self.await_rows()
        for codec in CODECS[1:]:  # the broker's own
            self.cluster.tool("ConfigCommand", "--alter", "--entity-type", "topics", "--entity-name", self.topic,
                              "--add-config", f"compression.type={codec}")  # fmt: skip
            self.sender.send(self.topic, self.shop.events(400, note=codec * 40))
            self.await_rows()
        self.assertEqual(0, self.server.stop())

    def test_transactions_that_are_open_aborted_and_left(self):
        self.begin()
        for codec in CODECS:
            sender = client.TransactionalProducer(self.cluster.bootstrap(), f"{self.prefix}{codec}", compression_codec=codec)
            self.addCleanup(sender.close)
            ghosts = Shop(self.topic, 3)
            ghosts.lsn = self.shop.lsn + 100000
            sender.send(self.topic, ghosts.events(50, 5000), commit=False)
            sender.send(self.topic, self.shop.events(50))
            self.await_rows()
        sender.begin()
        for message in ghosts.events(50, 5000):
            sender.put(self.topic, *message)
        sender.flush()
        tide.wait_for("that it is told", self.is_behind)
        self.send()  # behind it in the log
        self.assertTrue(self.is_behind())
        sender.end(commit=False)
        self.await_equal()
        self.assertEqual(0, self.server.stop())

    def segment(self):
        folder = self.cluster.path / "broker0" / f"{self.topic}-0"
        return max(folder.glob("*.log"), key=lambda one: one.stat().st_size)

    def spoil(self, text):
        """A byte of the log is another, while its broker is down."""
        self.cluster.brokers[0].stop()
        path = self.segment()
        content = bytearray(path.read_bytes())
        at = content.index(text)
        content[at] ^= 1
        path.write_bytes(content)
        self.cluster.brokers[0].start()
        self.cluster.await_up()
        return at

    def test_a_batch_that_the_disk_damaged(self):
        self.cluster.create(self.topic, 1, [[0]])
        self.shop = Shop(self.topic, 1)
        self.sender = self.producer()
        self.send()
        self.sender.send(self.topic, [self.shop.event(2, "damaged-by-the-disk")])
        self.send()
        at = self.spoil(b"damaged-by-the-disk")
        self.server = self.run_program()
        self.await_state("halted")
        self.assertRegex(self.reason(), re.escape(self.topic) + r" partition 0: the batch at offset 40 cannot be read, .*CRC")
        self.assertEqual(3, self.server.stop())
        path = self.segment()
        self.cluster.brokers[0].stop()
        content = bytearray(path.read_bytes())
        content[at] ^= 1
        path.write_bytes(content)
        self.cluster.brokers[0].start()
        self.cluster.await_up()
        self.server = self.run_program()
        self.await_equal()
        self.assertEqual(0, self.server.stop())


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])
