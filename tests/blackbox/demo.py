#!/usr/bin/env python3
"""The embedded broker end to end: `tidemark demo` reaches the same end as replay, through kill -9 and restart, and
/v1/lag goes from the full count to 0. Waits are polls with a bound."""

import json
import os
import random
import sqlite3
import sys
import time
import unittest

import tide
from tide import check_truth

SEED = 20261122


MIRRORED = ("orders", "customers", "inventory", "points")


def is_followed(topic):
    """Logical messages and other tables are not even read."""
    return (topic.startswith("__debezium-heartbeat.") or tide.is_transaction_topic(topic)
            or topic.count(".") == 2 and topic.split(".")[2] in MIRRORED)  # fmt: skip


def messages_of(name):
    return sum(is_followed(line["topic"]) for line in tide.read_capture(tide.CAPTURES / f"{name}.jsonl"))


def lag(server):
    status, document = server.get("/v1/lag")
    assert status == 200, (status, document)
    return document


def caught_up(server, count):
    """Live, with everything fed and applied."""

    def look():
        document = lag(server)
        if document["state"] == "halted":
            raise AssertionError(json.dumps(server.get("/v1/status")[1]))
        applied = sum(p["applied"] or 0 for p in document["partitions"])
        told[:] = [f"applied {applied}, behind {document['messages']}, {document['state']}"]
        return document if document["messages"] == 0 and applied == count else None

    told = []
    try:
        return tide.wait_for(f"{count} messages applied", look, 30)
    except AssertionError as error:
        raise AssertionError(f"{error}: {told}\n{server.log()[-1500:]}") from None


# ThreadSanitizer is slower, and looks for something else than wrong rows: threads do the same in other captures
SOME = "TSAN_OPTIONS" in os.environ
FED = 2000 if SOME else 20000  # more than the broker is fed at once


class Demo(tide.Case):
    def setUp(self):
        super().setUp()
        self.db = self.path / "demo.db"

    def demo(self, name, *more):
        flags = ("--transaction-wait-ms", "2000")
        server = tide.Server("demo", "--capture", tide.CAPTURES / f"{name}.jsonl", "--db", self.db, *flags, *more,
                             stderr=self.path / "log")  # fmt: skip
        self.addCleanup(server.__exit__)
        return server

    def settle(self):
        """A snapshot's ghosts go a moment after its last row: other partitions may bring more of it. Until then the
        position does not say "transactional"."""

        def look():
            connection = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)
            try:
                return connection.execute("select count(*) from _tables where snapshot_open").fetchone()[0] == 0
            finally:
                connection.close()

        tide.wait_for("snapshots swept", look)

    def assert_truth(self, name):
        self.assertEqual([], list(check_truth.differences(self.db, tide.read_truth(name))))
        other = self.path / "replayed.db"
        if not other.exists():
            tide.replay(other, tide.CAPTURES / f"{name}.jsonl")
        self.assertEqual(check_truth.message_ids(other), check_truth.message_ids(self.db))

    def test_every_capture_reaches_its_end(self):
        for name in ("basic36", "flat", "resnapshot34") if SOME else tide.capture_names():
            with self.subTest(name):
                self.db = self.path / f"{name}.db"
                (self.path / "replayed.db").unlink(missing_ok=True)
                server = self.demo(name)
                caught_up(server, messages_of(name))
                tide.wait_for("ready", lambda: server.get("/readyz")[0] == 200)
                self.assertEqual(200, server.get("/healthz")[0])
                self.settle()
                self.assertEqual(0, server.stop())
                self.assert_truth(name)

    def test_lag_goes_from_all_to_nothing(self):
        """Fed slowly, the lag that is told is what is not applied, and ends at 0; the file's position grows only."""
        count = messages_of("basic")
        server = self.demo("basic", "--rate", "200")
        lags, totals = [], []
        while not totals or totals[-1] < count:
            document = lag(server)
            known = [p for p in document["partitions"] if p["high"] is not None]
            for p in known:
                self.assertEqual(p["high"] - p["applied"], p["lag"])
            if document["messages"] is not None:
                self.assertEqual(sum(p["lag"] for p in known), document["messages"])
            lags.append(document["messages"])
            totals.append(sum(p["applied"] or 0 for p in document["partitions"]))
        self.assertEqual(sorted(totals), totals)
        self.assertEqual(0, caught_up(server, count)["messages"])
        self.assertEqual(0, server.stop())
        self.assert_truth("basic")

    def test_live_is_told_of_the_whole_capture(self):
        """The broker is fed as the consumer goes on, which may stand at its end meanwhile."""
        for count in (5, FED):
            with self.subTest(count):
                self.db = self.path / f"{count}.db"
                capture = tide.write_capture(self.path / "own.jsonl", [tide.order(i, i + 1, 7) for i in range(count)])
                server = tide.Server("demo", "--capture", capture, "--db", self.db, stderr=self.path / "log")
                self.addCleanup(server.__exit__)

                def is_live(server=server):
                    document = lag(server)
                    return document if document["state"] == "live" else None

                document = tide.wait_for("live", is_live)
                self.assertEqual(count, sum(p["applied"] or 0 for p in document["partitions"]), document)
                self.assertEqual(0, server.stop())

    def test_kills(self):
        """kill -9 at random moments, each followed by a start on the same file."""
        rng = random.Random(SEED)
        print(f"seed {SEED}", file=sys.stderr)
        for name in ("hazards", "transfers"):
            self.db = self.path / f"{name}.db"
            (self.path / "replayed.db").unlink(missing_ok=True)
            count = messages_of(name)
            last = 0
            for part in range(1, 4):
                server = self.demo(name, "--commit-messages", "1", "--rate", "1000")
                until = rng.randint(min(last, count * part // 4), count * part // 4)
                tide.wait_for("more applied", lambda: sum(
                    p["applied"] or 0 for p in lag(server)["partitions"]) >= min(until, count))  # fmt: skip
                server.kill()
                connection = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)
                self.assertEqual("ok", connection.execute("pragma integrity_check").fetchone()[0])
                last = connection.execute("select sum(next_offset) from _offsets").fetchone()[0] or 0
                connection.close()
                self.assertEqual([], list(check_truth.differences(self.db, None)))
            server = self.demo(name)
            caught_up(server, count)
            self.assertEqual(0, server.stop())
            self.assert_truth(name)

    def test_no_answer_shows_half_a_transaction(self):
        """transfers.jsonl keeps two sums in every transaction: a reader beside the running program never sees them broken
        where the answer says that it is transactional."""
        server = self.demo("transfers", "--commit-messages", "1", "--rate", "300")
        count = messages_of("transfers")
        connection = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True, isolation_level=None)
        looked, reset = 0, reset_lsn("transfers")
        end = time.monotonic() + 60
        while time.monotonic() < end:
            connection.execute("begin")
            lsn, transactional, total = connection.execute(
                "select coalesce(lsn, -1), transactional, applied_total from _position").fetchone()  # fmt: skip
            sums = connection.execute(
                "select (select sum(on_hand) from inventory), (select count(*) from orders where status = 'paid')"
                " - (select sum(reserved) from inventory)").fetchone()  # fmt: skip
            connection.execute("commit")
            if transactional and lsn >= reset:
                looked += 1
                self.assertEqual((2000, 0), sums, f"at LSN {lsn}")
            if total >= count:
                break
        connection.close()
        self.assertGreater(looked, 10)
        caught_up(server, count)
        self.assertEqual(0, server.stop())
        self.assert_truth("transfers")

    def test_goes_on_from_a_replay(self):
        """A replay also notes topics that no consumer reads: the lag is known all the same."""
        tide.replay(self.db, tide.CAPTURES / "basic.jsonl")
        server = self.demo("basic")
        tide.wait_for("a lag of nothing", lambda: lag(server)["messages"] == 0)
        self.assertEqual(0, server.stop())

    def test_a_capture_that_is_cut_off(self):
        """Its pages are gone: told, where the system's signal alone would end the process without a word."""
        capture = self.path / "cut.jsonl"
        capture.write_bytes((tide.CAPTURES / "hazards.jsonl").read_bytes())
        with tide.Server("demo", "--capture", capture, "--rate", "20", stderr=self.path / "cut.log") as server:
            capture.write_bytes(b"")
            self.assertEqual(1, server.process.wait(60))
            self.assertIn("tidemark: a file was cut off", server.log())

    def test_the_built_in_capture(self):
        """Without flags but an address: a temporary file, the built-in capture; --for ends it with 0."""
        with tide.Server("demo", "--for", "5", stderr=self.path / "log") as server:
            caught_up(server, messages_of("basic"))
            tide.wait_for("a transactional answer", lambda: server.get("/v1/views/warehouse/picks")[1]["position"][
                "consistency"] == "transactional")  # fmt: skip
            self.assertEqual(0, server.process.wait(60))

    def test_traffic_moves(self):
        with tide.Server("demo", "--traffic", "200", "--db", self.db, stderr=self.path / "log") as server:
            count = messages_of("basic")

            def more():
                return sum(p["applied"] or 0 for p in lag(server)["partitions"]) > count + 200

            tide.wait_for("traffic applied", more)
            self.assertEqual(0, server.stop())
        self.assertEqual([], list(check_truth.differences(self.db, None)))


def reset_lsn(name):
    """Commit LSN of the second transaction: the capture begins with a reset in two."""
    ends = []
    for line in tide.read_capture(tide.CAPTURES / f"{name}.jsonl"):
        if tide.is_transaction_topic(line["topic"]):
            value = json.loads(line["value"])
            if value["status"] == "END":
                ends.append(int(value["id"].split(":")[1]))
    return sorted(ends)[1]


if __name__ == "__main__":
    sys.exit(unittest.main())
