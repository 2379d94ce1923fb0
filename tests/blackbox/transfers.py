#!/usr/bin/env python3
"""Every answer shows source transactions whole.

Each transaction of transfers.jsonl, once its first two have reset the shop, keeps sum(inventory.on_hand) = 2000 and as
many paid orders as are reserved. A user's own view selects the three sums in one statement; clients ask for it as fast
as they can while `tidemark demo` plays the capture at several rates, and while it is killed and started again. Seeds
are fixed; waits are polls with a bound."""

import http.client
import json
import random
import sys
import threading
import unittest
import urllib.parse

import tide
from demo import caught_up, lag, messages_of

SEED = 20261122
CLIENTS = 4
ANSWERS_MIN = 300  # checked ones, of a run
STOCK = 2000
PATH = "/v1/views/whole/sums"
SUMS = (
    "select (select sum(on_hand) from inventory) as on_hand, (select sum(reserved) from inventory) as reserved,\n"
    " (select count(*) from orders where status = 'paid') as paid\n"
)


TRANSACTIONS = "transfers.transaction"


def number_of(lsn):
    high, _, low = lsn.partition("/")
    return int(high, 16) << 32 | int(low, 16)


def reset_offset():
    """The next offset of the transaction topic once both transactions that reset the shop are finished. The position's
    LSN would say the same, but is told only when the initial snapshot is known to be complete."""
    ends = [line["offset"] for line in tide.read_capture(tide.CAPTURES / "transfers.jsonl")
            if line["topic"] == TRANSACTIONS and json.loads(line["value"])["status"] == "END"]  # fmt: skip
    return ends[1] + 1


class Client(threading.Thread):
    """Asks until it is told to end. `server` changes while it runs: what does not answer is asked again."""

    def __init__(self, server, reset):
        super().__init__(daemon=True)
        self.server = server
        self.reset = reset
        self.done = threading.Event()
        self.was_reset = False
        self.lsn = -1
        self.checked = self.transactional = 0
        self.places = set()  # in the transaction topic
        self.wrong = []

    def check(self, status, document):
        if status == 503 and self.lsn < 0 and document["type"].endswith("/not-ready"):
            return  # nothing was applied yet
        if status != 200:
            self.wrong.append(f"{status}: {document}")
            return
        position, row = document["position"], document["rows"][0]
        lsn = None if position["lsn"] is None else number_of(position["lsn"])
        if lsn is not None:
            if lsn < self.lsn:
                self.wrong.append(f"the position went back from {self.lsn} to {lsn}")
            self.lsn = lsn
        finished = position["offsets"].get(TRANSACTIONS, [0])[0]
        self.was_reset |= finished >= self.reset
        if not self.was_reset:
            return
        self.checked += 1
        self.transactional += position["consistency"] == "transactional"
        self.places.add(finished)
        if row["on_hand"] != STOCK or row["paid"] != row["reserved"]:
            self.wrong.append(f"at {position}: {row}")

    def ask_on(self, address):
        """Until the connection or this client ends."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=10)
        try:
            while not self.done.is_set() and self.server.address == address:
                connection.request("GET", PATH)
                answer = connection.getresponse()
                self.check(answer.status, json.loads(answer.read()))
        finally:
            connection.close()

    def run(self):
        while not self.done.is_set():
            try:
                self.ask_on(self.server.address)
            except (OSError, http.client.HTTPException, ValueError):
                self.done.wait(0.01)  # killed; its successor is on its way


class Running:
    """The server that clients ask now."""

    def __init__(self):
        self.address = "http://127.0.0.1:9"


class Transfers(tide.Case):
    def setUp(self):
        super().setUp()
        view = self.path / "views" / "whole"
        view.mkdir(parents=True)
        (view / "query.sums.sql").write_text(SUMS)
        self.total = messages_of("transfers")
        self.running = Running()
        self.clients = [Client(self.running, reset_offset()) for _ in range(CLIENTS)]

    def start(self, *flags):
        server = tide.Server("demo", "--capture", tide.CAPTURES / "transfers.jsonl", "--db", self.path / "shop.db",
                             "--views", self.path / "views", *flags, stderr=self.path / "log")  # fmt: skip
        self.addCleanup(server.__exit__)
        self.running.address = server.address
        return server

    def await_answers(self):
        """Enough of them, and the last ones transactional: a moment after the end the initial snapshot is known to be
        complete."""
        tide.wait_for("answers", lambda: sum(c.checked for c in self.clients) >= ANSWERS_MIN
                      and all(c.transactional > 0 for c in self.clients))  # fmt: skip

    def end_clients(self, title):
        for client in self.clients:
            client.done.set()
        for client in self.clients:
            client.join(30)
        checked = sum(client.checked for client in self.clients)
        places = set().union(*(client.places for client in self.clients))
        transactional = sum(client.transactional for client in self.clients)
        print(f"{title}: {checked} answers checked at {len(places)} positions, {transactional} of them transactional",
              file=sys.stderr)  # fmt: skip
        wrong = [text for client in self.clients for text in client.wrong]
        self.assertEqual([], wrong[:5], f"{len(wrong)} wrong answers of {checked}")
        self.assertGreaterEqual(checked, ANSWERS_MIN)
        return places

    def assert_end(self, server):
        caught_up(server, self.total)
        self.assertEqual(0, server.get("/v1/status")[1]["counters"]["transactions_passed"])

    def test_rates(self):
        for rate, commit_messages, places_min in ((0, 20000, 1), (0, 1, 2), (2000, 1, 2), (400, 20000, 20)):
            with self.subTest(rate=rate, commit_messages=commit_messages):
                self.setUp()
                server = self.start("--rate", rate, "--commit-messages", commit_messages)
                for client in self.clients:
                    client.start()
                self.assert_end(server)
                self.await_answers()
                places = self.end_clients(f"rate {rate}")
                self.assertGreaterEqual(len(places), places_min)
                self.assertEqual(0, server.stop())
                self.assertEqual([], list(tide.check_truth.differences(self.path / "shop.db", tide.read_truth("transfers"))))  # fmt: skip

    def test_kills(self):
        """SIGKILL at random moments, each followed by a start on the same file: no answer is torn, none goes back."""
        rng = random.Random(SEED)
        print(f"seed {SEED}", file=sys.stderr)
        for client in self.clients:
            client.start()
        kills = 6
        for part in range(1, kills + 1):
            server = self.start("--rate", "1000", "--commit-messages", str(rng.choice([1, 20, 20000])))
            until = rng.randint(self.total * part // (kills + 2), self.total * (part + 1) // (kills + 2))
            tide.wait_for("more applied", lambda: sum(p["applied"] or 0 for p in lag(server)["partitions"]) >= until)
            server.kill()
        server = self.start()
        self.assert_end(server)
        self.await_answers()
        self.assertGreaterEqual(len(self.end_clients(f"{kills} kills")), 3)
        self.assertEqual(0, server.stop())
        self.assertEqual([], list(tide.check_truth.differences(self.path / "shop.db", tide.read_truth("transfers"))))


if __name__ == "__main__":
    sys.exit(unittest.main())
