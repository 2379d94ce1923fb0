#!/usr/bin/env python3
"""Events that never come: ENDs and rows that are lost, a transaction topic that is missing, late or repartitioned, table
topics that are compacted or get more partitions, a connector that starts again inside a transaction. Each ends at the
source's rows (without what was lost), tells what it passed, and waits for what may still come.

transactions.py [--huge] [test]...     --huge: one transaction of 1,000,000 rows, and the memory that it takes
"""

import contextlib
import copy
import itertools
import json
import pathlib
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

import orders
import source
import tide
from source import TRANSACTIONS, Source, inventory_row, is_end, numbered, order_row

SEED = 20261123
HUGE_ROWS = 1000000
HUGE_MEMORY_KB = 200 * 1024
ENDLESS = "has not come"
LOST = "are not in their topics"
ABSENT = "have not come"


def shop(count=40, seed=SEED):
    """A source after a few transactions, each with rows in several partitions."""
    its = Source()
    its.transaction([("inventory", f"SKU-{n}", inventory_row(f"SKU-{n}", 100)) for n in range(8)])
    rng = random.Random(seed)
    for _ in range(count):
        its.move_stock(rng)
    return its


def without(log, drop):
    return [message for message in log if not drop(message)]


def rows_of(log, txid, table=None):
    return [m for m in log if m[4] == txid and m[0] != TRANSACTIONS and (table is None or m[0] == source.topic_of(table))]


def position(db):
    """(lsn, transactional)"""
    mirror = tide.check_truth.compare.open_mirror(db)
    lsn, _, transactional = tide.check_truth.compare.position(mirror)
    mirror.close()
    return lsn, bool(transactional)


class Case(tide.Case):
    def setUp(self):
        super().setUp()
        self.db = self.path / "shop.db"

    def capture(self, lines):
        return tide.write_capture(self.path / "capture.jsonl", lines)

    def replay(self, lines, *flags):
        """What it warned of."""
        done = tide.run("replay", "--json", "--db", self.db, *flags, self.capture(lines))
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(0, json.loads(done.stdout)["quarantined"], done.stderr)
        return [text for text in done.stderr.splitlines() if " warn " in text]

    def demo(self, lines, *flags):
        server = tide.Server("demo", "--capture", self.capture(lines), "--db", self.db, *flags, stderr=self.path / "log")
        self.addCleanup(server.__exit__)
        return server

    def settled(self, server, count):
        """The status once so many messages are applied, and it is live."""

        def look():
            status = server.get("/v1/status")[1]
            told[:] = [status]
            done = status["counters"]["messages"] >= count and status["state"] == "live"
            return status if done else None

        told = []
        try:
            return tide.wait_for(f"{count} messages applied", look, 20)
        except AssertionError as error:
            raise AssertionError(f"{error}: {told}\n{server.log()[-1500:]}") from None

    def waiting(self, server, reason):
        """The status once it has said so for some seconds."""

        def look():
            status = server.get("/v1/status")[1]
            told[:] = [status]
            return status if (status["reason"] or "").startswith(reason) else None

        told = []
        try:
            return tide.wait_for(reason, look, 20)
        except AssertionError as error:
            raise AssertionError(f"{error}: {told}\n{server.log()[-1500:]}") from None

    def assert_rows(self, rows):
        mirror = tide.check_truth.compare.open_mirror(self.db)
        found = source.differences(mirror, rows)
        mirror.close()
        self.assertEqual([], found[:5])
        self.assertEqual([], list(tide.check_truth.differences(self.db, None)))

    def assert_shows(self, its, warnings, expected):
        """The end is the source's; each expected warning was given, and no other."""
        self.assert_rows(its.rows)
        for text in expected:
            self.assertTrue(any(text in warning for warning in warnings), (text, warnings))
        strange = [warning for warning in warnings if not any(text in warning for text in expected)]
        self.assertEqual([], strange)


class LostEnds(Case):
    def test_the_last(self):
        its = shop()
        lines = numbered(without(its.log, lambda m: is_end(m) and m[4] == its.txid))
        warnings = self.replay(lines)
        self.assert_shows(its, warnings, [ENDLESS])
        self.assertEqual((None, False), position(self.db))

    def test_the_last_while_following(self):
        """Its BEGIN is there: it may still be being sent. Waited for, the state before is shown, and it says so."""
        its = shop()
        lines = numbered(without(its.log, lambda m: is_end(m) and m[4] == its.txid))
        server = self.demo(lines, "--transaction-wait-ms", "300")
        status = self.waiting(server, f"waiting: transaction {its.txid}, ")
        self.assertEqual("transactional", status["consistency"])
        self.assertEqual(0, status["counters"]["transactions_passed"])
        self.assertEqual(0, server.stop())
        self.assertNotIn("going on without", server.log())
        self.assertNotIn("one by one", server.log())

    def test_in_the_middle(self):
        its = shop()
        lost = its.txid - 20
        lines = numbered(without(its.log, lambda m: is_end(m) and m[4] == lost))
        server = self.demo(lines, "--transaction-wait-ms", "30000")
        status = self.settled(server, len(lines))
        self.assertEqual("transactional", status["consistency"])
        self.assertEqual(1, status["counters"]["transactions_passed"], server.log())
        self.assertIn(str(lost), server.log())
        self.assertEqual(0, server.stop())
        self.assert_rows(its.rows)

    def test_in_the_middle_in_any_order(self):
        its = shop()
        lost = its.txid - 20
        lines = numbered(without(its.log, lambda m: is_end(m) and m[4] == lost))
        rng = random.Random(SEED)
        for order in orders.INTERLEAVINGS:
            with self.subTest(order.__name__):
                self.db = self.path / f"{order.__name__}.db"
                self.replay(order(orders.partitions_of(lines), rng), "--commit-messages", rng.choice([1, 7, 20000]))
                self.assert_rows(its.rows)
                self.assertEqual((its.committed, True), position(self.db))


class LostRows(Case):
    def without_one(self, its, txid, table):
        """Its last row of the table is lost; the row is what an earlier transaction left."""
        lost = rows_of(its.log, txid, table)[-1]
        return numbered(without(its.log, lambda m: m is lost)), lost

    def test_in_the_middle(self):
        """What comes after it in every partition shows that it will not come: nobody waits."""
        its = shop()
        txid = its.txid - 20
        lines, lost = self.without_one(its, txid, "orders")
        del its.rows["orders"][lost[2]["id"]]
        server = self.demo(lines, "--transaction-wait-ms", "30000")
        begun = time.monotonic()
        status = self.settled(server, len(lines))
        self.assertLess(time.monotonic() - begun, 20)
        self.assertEqual("transactional", status["consistency"])
        self.assertEqual(1, status["counters"]["transactions_passed"])
        self.assertIn(LOST, server.log())
        self.assertIn(f"transaction {txid} ", server.log())
        self.assertEqual(0, server.stop())
        self.assert_rows(its.rows)

    def test_at_the_end(self):
        """Of a table's partitions that are read to their ends nobody knows: it is waited for, as long as it takes."""
        its = shop()
        lines, _ = self.without_one(its, its.txid, "orders")
        server = self.demo(lines, "--transaction-wait-ms", "300")
        status = self.waiting(server, f"waiting: transaction {its.txid}, 1 rows of orders have not come")
        self.assertEqual("transactional", status["consistency"])
        self.assertEqual(0, status["counters"]["transactions_passed"])
        self.assertEqual(0, server.stop())
        self.assertNotIn("going on without", server.log())
        self.assertNotIn("one by one", server.log())

    def test_at_a_tables_end(self):
        """As above, and later transactions were sent long after it: it will not come. With the next whole transaction answers
        are transactional again."""
        its = shop()
        txid = its.txid
        for number in range(5):
            its.transaction([("inventory", "SKU-1", inventory_row("SKU-1", number))])
        lines, lost = self.without_one(its, txid, "orders")
        del its.rows["orders"][lost[2]["id"]]
        for line in lines:
            if line["topic"] == TRANSACTIONS and json.loads(line["value"])["id"] > f"{txid + 1}:":
                line["ts"] += 60000
        server = self.demo(lines, "--transaction-wait-ms", "300")
        status = self.settled(server, len(lines))
        self.assertEqual("transactional", status["consistency"])
        self.assertEqual(1, status["counters"]["transactions_passed"])
        self.assertIn(ABSENT, server.log())
        self.assertIn("1 of orders: the connector has sent later transactions", server.log())
        lsn = server.get("/v1/tables/orders?limit=1")[1]["position"]["lsn"]
        self.assertEqual(f"0/{its.committed:X}", lsn)
        self.assertEqual(0, server.stop())
        self.assert_rows(its.rows)

    def test_of_each_at_a_tables_end(self):
        """A transform drops the table's rows of thirty transactions, a minute apart: they are waited for together, not one after
        another, so that a source that commits more often does not leave the reader behind for good."""
        its = shop()
        first = its.txid + 1
        for number in range(30):
            its.transaction([("inventory", "SKU-1", inventory_row("SKU-1", number)), ("orders", 100, order_row(100, number))])
        its.transaction([("inventory", "SKU-1", inventory_row("SKU-1", 1))])
        its.rows["orders"].pop(100)
        dropped = source.topic_of("orders")
        lines = numbered(without(its.log, lambda m: m[0] == dropped and m[4] >= first))
        for line in lines:
            line["ts"] += 60000 * max(0, line["ts"] - source.BEGUN_MS - first)
        server = self.demo(lines, "--transaction-wait-ms", "2500")
        begun = time.monotonic()
        status = self.settled(server, len(lines))
        self.assertLess(time.monotonic() - begun, 10)
        self.assertEqual(30, status["counters"]["transactions_passed"])
        self.assertIn("some of its rows never come", server.log())
        self.assertEqual(0, server.stop())
        self.assert_rows(its.rows)

    def test_replay_does_not_wait(self):
        its = shop()
        lines, lost = self.without_one(its, its.txid, "orders")
        del its.rows["orders"][lost[2]["id"]]
        self.assert_shows(its, self.replay(lines), [ABSENT])
        self.assertEqual((None, False), position(self.db))


    def test_started_again(self):
        """What was shown in part is not whole by starting again, only by the next whole transaction."""
        its = shop()
        lines, lost = self.without_one(its, its.txid, "orders")
        heartbeat = tide.line(f"__debezium-heartbeat.{tide.PREFIX}", 0, {"serverName": tide.PREFIX}, {"ts_ms": 1})
        self.replay(lines)
        self.assertEqual([], self.replay([*lines, heartbeat]))
        self.assertEqual((None, False), position(self.db))
        its.transaction([("inventory", "SKU-1", inventory_row("SKU-1", 1))])
        lines = numbered(without(its.log, lambda m: m is lost))
        self.assertEqual([], self.replay([*lines, heartbeat]))
        self.assertEqual((its.committed, True), position(self.db))


class TransactionTopic(Case):
    def test_missing(self):
        its = shop()
        lines = numbered(without(its.log, lambda m: m[0] == TRANSACTIONS))
        self.assert_shows(its, self.replay(lines), [])
        self.assertEqual((None, False), position(self.db))

    def test_begins_later(self):
        """Its retention was shorter than the tables'."""
        its = shop()
        rng = random.Random(SEED)
        first = its.txid - 15
        lines = numbered(without(its.log, lambda m: m[0] == TRANSACTIONS and m[4] < first))
        for order in orders.INTERLEAVINGS:
            with self.subTest(order.__name__):
                self.db = self.path / f"{order.__name__}.db"
                self.replay(order(orders.partitions_of(lines), rng), "--commit-messages", rng.choice([1, 7, 20000]))
                self.assert_rows(its.rows)
                self.assertEqual((its.committed, True), position(self.db))

    def test_begins_later_while_following(self):
        its = shop()
        first = its.txid - 15
        lines = numbered(without(its.log, lambda m: m[0] == TRANSACTIONS and m[4] < first))
        server = self.demo(lines, "--transaction-wait-ms", "30000")
        status = self.settled(server, len(lines))
        self.assertEqual("transactional", status["consistency"])
        self.assertEqual(25, status["counters"]["transactions_passed"])
        self.assertEqual(1, server.log().count("its END is not in the transaction topic"), server.log())
        self.assertEqual(0, server.stop())
        self.assert_rows(its.rows)

    def repartitioned(self):
        its = Source()
        its.transaction([("inventory", f"SKU-{n}", inventory_row(f"SKU-{n}", 100)) for n in range(8)])
        rng = random.Random(SEED)
        for number in range(40):
            its.transaction_partitions = 1 if number < 20 else 2
            its.move_stock(rng)
        return its, numbered(its.log)

    def test_repartitioned(self):
        its, lines = self.repartitioned()
        self.assertEqual({0, 1}, {line["partition"] for line in lines if line["topic"] == TRANSACTIONS})
        rng = random.Random(SEED)
        for order in orders.INTERLEAVINGS:
            with self.subTest(order.__name__):
                self.db = self.path / f"{order.__name__}.db"
                warnings = self.replay(order(orders.partitions_of(lines), rng), "--commit-messages", rng.choice([1, 7]))
                self.assert_shows(its, warnings, [])
                self.assertEqual((its.committed, True), position(self.db))

    def test_repartitioned_while_following(self):
        its, lines = self.repartitioned()
        server = self.demo(lines, "--transaction-wait-ms", "30000")
        status = self.settled(server, len(lines))
        self.assertEqual("transactional", status["consistency"])
        self.assertEqual(0, status["counters"]["transactions_passed"])
        self.assertEqual(0, server.stop())
        self.assert_rows(its.rows)


class TableTopics(Case):
    def test_compacted(self):
        """Of each key only its newest message is left, and gaps between the offsets."""
        its = shop()
        its.transaction([("orders", key, None) for key in list(its.rows["orders"])[:4]])
        last = {(m[0], json.dumps(m[2])): id(m) for m in its.log if m[0] != TRANSACTIONS}
        kept = [line for line, m in zip(numbered(its.log), its.log)
                if m[0] == TRANSACTIONS or last[m[0], json.dumps(m[2])] == id(m)]  # fmt: skip
        self.assertLess(len(kept), len(its.log))
        rng = random.Random(SEED)
        for order in orders.INTERLEAVINGS:
            with self.subTest(order.__name__):
                self.db = self.path / f"{order.__name__}.db"
                warnings = self.replay(order(orders.partitions_of(kept), rng), "--commit-messages", rng.choice([1, 7]))
                self.assertTrue(warnings)
                self.assert_rows(its.rows)

    def test_more_partitions(self):
        """From the middle on keys are in other partitions, some of them new."""
        its = shop(20)
        its.partitions = 7
        rng = random.Random(SEED)
        for _ in range(20):
            its.move_stock(rng)
        lines = numbered(its.log)
        self.assertLess(3, max(line["partition"] for line in lines))
        for order in orders.INTERLEAVINGS:
            with self.subTest(order.__name__):
                self.db = self.path / f"{order.__name__}.db"
                warnings = self.replay(order(orders.partitions_of(lines), rng), "--commit-messages", rng.choice([1, 7]))
                self.assert_shows(its, warnings, [])
                self.assertEqual((its.committed, True), position(self.db))

    def test_more_partitions_in_the_next_run(self):
        """The file knows four; the rest is found when it is started again."""
        its = shop(20)
        first = len(its.log)
        its.partitions = 7
        rng = random.Random(SEED)
        for _ in range(20):
            its.move_stock(rng)
        lines = numbered(its.log)
        self.assertEqual([], self.replay(lines[:first]))
        server = self.demo(lines, "--transaction-wait-ms", "30000")
        status = self.settled(server, len(lines) - first)
        self.assertEqual("transactional", status["consistency"])
        self.assertEqual(0, status["counters"]["transactions_passed"])
        self.assertEqual(0, server.stop())
        self.assert_rows(its.rows)

    def test_tables_that_nobody_mirrors(self):
        its = shop(10)
        its.transaction([("orders", 1, order_row(1, 1))], audited=3)
        its.transaction([], audited=5)
        its.transaction([("orders", 1, order_row(1, 2)), ("inventory", "SKU-1", inventory_row("SKU-1", 7))], audited=1)
        its.transaction([])
        self.assert_shows(its, self.replay(numbered(its.log)), [])
        self.assertEqual((its.committed, True), position(self.db))


class Repeats(Case):
    def test_a_restart_inside_a_transaction(self):
        """BEGIN and some rows, then the connector again, from an earlier transaction on."""
        rng = random.Random(SEED)
        for number in range(30):
            its = shop(20, seed=number)
            starts = [i for i, m in enumerate(its.log) if m[0] == TRANSACTIONS and m[3]["status"] == "BEGIN"]
            start = rng.randrange(5, len(starts) - 1)
            killed = rng.randrange(starts[start] + 1, starts[start + 1])  # inside of it, before or after any row
            back = starts[start - rng.randrange(0, 4)]
            log = its.log[:killed] + copy.deepcopy(its.log[back:])
            lines = orders.INTERLEAVINGS[number % len(orders.INTERLEAVINGS)](orders.partitions_of(numbered(log)), rng)
            with self.subTest(number):
                self.db = self.path / f"{number}.db"
                warnings = self.replay(lines, "--commit-messages", rng.choice([1, 7, 20000]))
                self.assert_shows(its, warnings, [])
                self.assertEqual((its.committed, True), position(self.db))


class Snapshots(Case):
    def test_end_by_what_follows(self):
        """Real ones: the first table has one row, which is marked `first` and nothing else (Debezium 3.6)."""
        for name in ("one_row_first_table", "partitioned_root_false"):
            with self.subTest(name):
                folder = tide.TOP / "fixtures" / "cases" / name
                server = tide.Server("demo", "--capture", folder / "capture.jsonl", "--views", folder,
                                     "--db", self.path / f"{name}.db", stderr=self.path / "log")  # fmt: skip
                self.addCleanup(server.__exit__)

                def look(server=server):
                    status = server.get("/v1/status")[1]
                    return status if (status["state"], status["consistency"]) == ("live", "transactional") else None

                status = tide.wait_for("live and transactional", look, 20)
                self.assertEqual(0, status["counters"]["transactions_passed"])
                self.assertEqual(0, server.stop())


class Huge(Case):
    def setUp(self):
        super().setUp()
        # the capture is larger than what fits into memory files everywhere
        folder = tempfile.TemporaryDirectory(prefix="tidemark-huge-")
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.db = self.path / "shop.db"

    def write(self, rows):
        """Small transactions, a huge one, a small one; the rows of orders before the huge one."""
        its = shop(20)
        before = len(its.rows["orders"])
        changes = (("orders", 10**7 + n, order_row(10**7 + n, 1)) for n in range(rows))
        offsets = {}
        with open(self.path / "capture.jsonl", "w", encoding="utf-8") as file:
            last = [("orders", 1, order_row(1, 1))]
            for message in itertools.chain(its.log, its.stream(changes), its.stream(last)):
                place = (message[0], message[1])
                offsets[place] = offsets.get(place, -1) + 1
                file.write(json.dumps(source.line_of(message, offsets[place])) + "\n")
        return its, before

    def replay_watched(self):
        """(its most memory in KB, without the pages of files that are mapped, seconds, the numbers of orders that were seen meanwhile)"""
        begun = time.monotonic()
        process = subprocess.Popen([tide.program(), "replay", "--db", self.db, self.path / "capture.jsonl"],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=tide.environment())  # fmt: skip
        seen, memory = set(), 0
        while process.poll() is None:
            try:
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
                memory = max([memory, *(int(n) for n in re.findall(r"RssAnon:\s+(\d+) kB", status))])
                with contextlib.closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as reader:
                    seen.add(reader.execute("select count(*) from orders").fetchone()[0])
            except (OSError, sqlite3.Error):
                pass  # not made yet, or just ended
            time.sleep(0.2)
        self.assertEqual(0, process.returncode, process.stderr.read())
        process.stderr.close()
        return memory, time.monotonic() - begun, seen

    def test_one_transaction(self):
        """All of its rows or none are shown, and memory does not grow with them."""
        its, before = self.write(HUGE_ROWS)
        size = (self.path / "capture.jsonl").stat().st_size
        memory, seconds, seen = self.replay_watched()
        print(f"a transaction of {HUGE_ROWS} rows, {size >> 20} MB: {seconds:.1f} s, {memory >> 10} MB at most, "
              f"numbers of orders seen: {sorted(seen)}", file=sys.stderr)  # fmt: skip
        self.assertLess(memory, HUGE_MEMORY_KB)
        self.assertEqual((its.committed, True), position(self.db))
        self.assertLessEqual(seen, {0, *range(before + 1), before + HUGE_ROWS, before + HUGE_ROWS + 1})
        self.assert_rows(its.rows)


def main():
    huge = "--huge" in sys.argv
    if huge:
        sys.argv.remove("--huge")
    else:
        global Huge
        del Huge
    print(f"seed {SEED}", file=sys.stderr)
    sys.exit(unittest.main())


if __name__ == "__main__":
    main()
