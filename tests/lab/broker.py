#!/usr/bin/env python3
"""What only a real broker has: transactions with their markers, and topics that are deleted and made again. Needs the
lab's Kafka alone (`sh lab/setup.sh kafka`); topics have a prefix of their own.

    LAB_KAFKA_PORT=19092 LAB_KAFKA=4.4.0 LAB_JARS=lab/state/jars python3 tests/lab/broker.py
"""

import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import time
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TOP / "tests" / "blackbox"), str(TOP / "lab")]
import client  # noqa: E402
import kafka as tools  # noqa: E402
import tide  # noqa: E402

BROKERS = f"127.0.0.1:{os.environ['LAB_KAFKA_PORT']}"
SOURCE_SQL = "create table orders(id bigint primary key, total numeric(12,2));\n"


def row(key, total, lsn):
    after = {"id": key, "total": total}
    source = {"lsn": lsn, "ts_ms": 1700000000000 + lsn, "snapshot": "false", "schema": "public", "table": "orders"}
    return {"before": None, "after": after, "source": source, "op": "c", "ts_ms": 1700000000000 + lsn}


class Broker(unittest.TestCase):
    def setUp(self):
        folder = tide.Folder()
        self.path = folder.__enter__()
        self.addCleanup(folder.__exit__, None, None, None)
        self.prefix = f"broker{time.time_ns()}"
        self.topic = f"{self.prefix}.public.orders"
        self.db = self.path / "own.db"
        views = self.path / "views"
        views.mkdir()
        (views / "source.sql").write_text(SOURCE_SQL)
        tools.create(self.topic, 2)
        self.producer = client.TransactionalProducer(BROKERS, self.prefix)
        self.addCleanup(self.producer.close)
        self.addCleanup(tools.delete, self.topic.replace(".", "[.]"))

    def run_program(self, *more):
        server = tide.Server("run", "--brokers", BROKERS, "--prefix", self.prefix, "--db", self.db, "--views",
                             self.path / "views", *more, stderr=self.path / "log")  # fmt: skip
        self.addCleanup(server.__exit__)
        return server

    def await_lag(self, server, rows):
        """Live, all applied: what /v1/lag says then."""
        seen = []

        def look():
            seen[:] = [server.get("/v1/lag")[1]]
            found = server.get("/v1/tables/orders?limit=1000")[1]
            done = seen[0]["state"] == "live" and seen[0]["messages"] == 0 and len(found.get("rows", ())) == rows
            return done and (seen[0], found)

        try:
            return tide.wait_for("lag 0", look, 30)
        except AssertionError as error:
            raise AssertionError(f"{error}: {json.dumps(seen)}\n{server.log()[-1500:]}") from None

    def test_markers_are_no_lag(self):
        for n in range(3):
            self.producer.send(self.topic, [(n % 2, {"id": n}, row(n, "1.00", 100 + n))])
        server = self.run_program()
        # 2 messages and 2 markers in partition 0, one of each in partition 1
        for _ in ("the first time", "after a restart"):
            lag, answer = self.await_lag(server, 3)
            self.assertEqual([(4, 4, 0), (2, 2, 0)],
                             [(p["applied"], p["high"], p["lag"]) for p in lag["partitions"]])  # fmt: skip
            self.assertEqual(0, answer["lag"]["messages"])
            self.assertEqual(0, server.stop())
            group = "tidemark-" + self.one("select value from _meta where name = 'id'")
            self.assertEqual([4, 2], [client.committed(BROKERS, group, self.topic, p) for p in (0, 1)])
            server = self.run_program()
        self.await_lag(server, 3)
        self.producer.send(self.topic, [(0, {"id": 9}, row(9, "9.00", 900))], commit=False)
        self.producer.send(self.topic, [(1, {"id": 10}, row(10, "9.00", 901)), (1, {"id": 11}, row(11, "9.00", 902))],
                           commit=False)  # fmt: skip
        tide.wait_for("the aborted batches", lambda: sum(
            p["high"] for p in server.get("/v1/lag")[1]["partitions"]) == 6 + 2 + 3)  # fmt: skip
        lag, answer = self.await_lag(server, 3)
        self.assertEqual([6, 5], [p["applied"] for p in lag["partitions"]])
        self.assertEqual(0, answer["lag"]["messages"])
        self.producer.send(self.topic, [(0, {"id": 12}, row(12, "3.00", 903))])
        self.await_lag(server, 4)
        self.assertEqual(0, server.stop())

    def one(self, sql):
        connection = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)
        try:
            return connection.execute(sql).fetchone()[0]
        finally:
            connection.close()

    def test_a_topic_made_again_is_noticed(self):
        """As many messages as before, other ones: no offset tells, only the newest message that was applied."""
        messages = [(0, {"id": n}, row(n, "1.00", 100 + n)) for n in range(10)]
        self.producer.send(self.topic, messages)
        server = self.run_program()
        self.await_lag(server, 10)
        tools.delete(self.topic.replace(".", "[.]"))
        tide.wait_for("that it is gone", lambda: "does not exist" in (server.get("/v1/status")[1]["reason"] or ""))
        self.assertNotEqual("live", server.get("/v1/lag")[1]["state"])
        tools.create(self.topic, 2)
        self.producer.send(self.topic, [(0, {"id": n}, row(n, "2.00", 200 + n)) for n in range(50, 70)])
        tide.wait_for("halted", lambda: server.get("/v1/lag")[1]["state"] == "halted")
        reason = server.get("/v1/status")[1]["reason"]
        self.assertTrue("made anew" in reason or "not in the log" in reason or "was cut off" in reason, reason)
        self.assertEqual(10, self.one("select count(*) from orders"))
        self.assertEqual(3, server.stop())

    def test_a_lost_beginning_is_told(self):
        self.producer.send(self.topic, [(0, {"id": n}, row(n, "1.00", 100 + n)) for n in range(10)])
        places = self.path / "offsets.json"
        places.write_text(json.dumps({"version": 1, "partitions": [
            {"topic": self.topic, "partition": 0, "offset": 4}]}))  # fmt: skip
        subprocess.run(["java", "-XX:TieredStopAtLevel=1", "-cp", f"{os.environ['LAB_JARS']}/kafka-{os.environ['LAB_KAFKA']}/*",
                        "org.apache.kafka.tools.DeleteRecordsCommand", "--bootstrap-server", BROKERS,
                        "--offset-json-file", str(places)], check=True, capture_output=True)  # fmt: skip
        server = self.run_program()
        lag, _ = self.await_lag(server, 6)
        self.assertEqual([4, 0], [p["log_start"] for p in lag["partitions"]])
        self.assertRegex(server.log(), r" warn  table orders is incomplete: \S+ partition 0 began at offset 4 ")
        self.assertEqual(0, server.stop())
        server = self.run_program()
        self.await_lag(server, 6)
        tables = {table["name"]: table for table in server.get("/v1/status")[1]["tables"]}
        self.assertFalse(tables["orders"]["complete"])  # known over a restart
        self.assertEqual(0, server.stop())

    def test_deletes_that_compaction_took_are_told(self):
        """The process is away while rows are deleted, and the log forgets the deletes and their tombstones."""
        self.prefix += "c"
        self.topic = f"{self.prefix}.public.orders"
        settings = {"cleanup.policy": "compact", "segment.ms": 1000, "delete.retention.ms": 0, "max.compaction.lag.ms": 1000,
                    "min.cleanable.dirty.ratio": 0.01}  # fmt: skip
        tools.topic_tool("--create", "--topic", self.topic, "--partitions", "1",
                         *(word for name in settings for word in ("--config", f"{name}={settings[name]}")))  # fmt: skip
        self.addCleanup(tools.delete, self.topic.replace(".", "[.]"))
        self.producer.send(self.topic, [(0, {"id": n}, row(n, "1.00", 100 + n)) for n in range(5)])
        server = self.run_program()
        self.await_lag(server, 5)
        self.assertEqual(0, server.stop())
        gone = [{**row(n, "1.00", 200 + n), "op": "d", "after": None, "before": {"id": n, "total": None}} for n in range(4)]
        self.producer.send(self.topic, [(0, {"id": n}, value) for n in range(4) for value in (gone[n], None)])
        added = 10

        def is_compacted():
            nonlocal added
            self.producer.send(self.topic, [(0, {"id": added}, row(added, "1.00", 300 + added))])
            added += 1
            return all(json.loads(message["key"])["id"] > 3 for message in tools.read(self.topic))

        tide.wait_for("the compaction", is_compacted, 120)
        server = self.run_program()
        tide.wait_for("the lint", lambda: not self.orders(server)["complete"], 30)
        reason = self.orders(server)["incomplete"]
        self.assertRegex(reason, r" partition 0 is compacted, and its offsets \d+ to \d+ were gone before they were read: ")
        self.assertIn(" warn  table orders may have rows too many: " + reason, server.log())
        self.assertEqual(4, self.one("select count(*) from orders where id < 4"))  # ghosts: what is told
        self.producer.send(self.topic, [(0, {"id": added}, row(added, "1.00", 900))])
        self.await_lag(server, added - 10 + 5 + 1)
        self.assertEqual(0, server.stop())
        server = self.run_program()
        self.assertEqual(reason, self.orders(server)["incomplete"])  # known over a restart
        self.assertEqual(0, server.stop())

    @staticmethod
    def orders(server):
        return next(table for table in server.get("/v1/status")[1]["tables"] if table["name"] == "orders")


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])
