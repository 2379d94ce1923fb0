#!/usr/bin/env python3
"""Followers see whole transactions, and lose and repeat nothing, whatever is killed.

A bank of 100 accounts, made by this test: each source transaction moves money between two of them, so that every
position has its own true balances, which are known here. Followers of the table and of a view rebuild their rows from
the events; at every position that an event names the rebuilt rows must be the true ones. The server is killed with
SIGKILL and started again on its file, followers hang up in the middle of an event and come again with Last-Event-ID.
Seeds are fixed; waits are polls with a bound.

    follow.py [--transfers N] [--followers N] [--kills N]
"""

import argparse
import http.client
import json
import random
import sys
import threading
import unittest
import urllib.parse

import tide
from demo import caught_up, lag

SEED = 20261128
ACCOUNTS = 100
BRANCHES = 10
PARTITIONS = 4
START = 1000
OPTIONS = argparse.Namespace(transfers=400, followers=8, kills=3)

SOURCE = "create table accounts(id bigint primary key, branch integer not null, balance bigint not null);\n"
SUMS = "select branch, sum(balance) as balance, count(*) as accounts from accounts group by branch order by branch\n"
TABLE = "/v1/tables/accounts/follow"
VIEW = "/v1/views/bank/branches/follow"


def transfers(count):
    """[(commit LSN, {account: new balance}), ..]: the first makes the accounts."""
    rng = random.Random(SEED)
    balances = {i: START for i in range(1, ACCOUNTS + 1)}
    made = [(0x1000, dict(balances))]
    for i in range(1, count + 1):
        one, other = rng.sample(range(1, ACCOUNTS + 1), 2)
        amount = rng.randint(1, 50)
        balances[one] -= amount
        balances[other] += amount
        made.append((0x1000 + 0x100 * i, {one: balances[one], other: balances[other]}))
    return made


def capture_of(made):
    offsets = {}

    def line(topic, partition, key, value):
        at = offsets.get((topic, partition), 0)
        offsets[topic, partition] = at + 1
        return tide.line(topic, at, key, value, partition)

    for number, (lsn, rows) in enumerate(made):
        txid, end = 700 + number, f"{700 + number}:{lsn}"
        ts_ms = 1700000000000 + number
        yield line(f"{tide.PREFIX}.transaction", 0, {"id": end}, {"status": "BEGIN", "id": end, "ts_ms": ts_ms})
        for order, (account, balance) in enumerate(sorted(rows.items()), 1):
            source = {"version": "2.7.4.Final", "connector": "postgresql", "name": tide.PREFIX, "ts_ms": ts_ms,
                      "snapshot": "false", "db": "bank", "schema": "public", "table": "accounts", "txId": txid,
                      "lsn": lsn - len(rows) + order - 1, "xmin": None}  # fmt: skip
            after = {"id": account, "branch": account % BRANCHES, "balance": balance}
            yield line(f"{tide.PREFIX}.public.accounts", account % PARTITIONS, {"id": account},
                       {"before": None, "after": after, "source": source, "op": "c" if number == 0 else "u",
                        "ts_ms": ts_ms, "transaction": {"id": f"{txid}:{source['lsn']}", "total_order": order,
                                                        "data_collection_order": order}})  # fmt: skip
        yield line(f"{tide.PREFIX}.transaction", 0, {"id": end},
                   {"status": "END", "id": end, "event_count": len(rows), "ts_ms": ts_ms,
                    "data_collections": [{"data_collection": "public.accounts", "event_count": len(rows)}]})  # fmt: skip


def number_of(lsn):
    high, _, low = lsn.partition("/")
    return int(high, 16) << 32 | int(low, 16)


class Follower(threading.Thread):
    """Follows until it is told to end; comes again after each break."""

    def __init__(self, number, running, made, is_view):
        super().__init__(daemon=True)
        self.rng = random.Random(SEED + number)
        self.running = running
        self.made = made
        self.path = VIEW if is_view else TABLE
        self.is_view = is_view
        self.as_lines = number % 4 >= 2
        self.done = threading.Event()
        self.rows, self.key, self.last_id = {}, None, None
        self.truth, self.next, self.lsn = {}, 0, -1  # as far as `made` was followed
        self.checked = self.events = self.resets = self.resumed = self.hung_up = 0
        self.wrong = []

    def true_rows(self, lsn):
        while self.next < len(self.made) and self.made[self.next][0] <= lsn:
            self.truth.update(self.made[self.next][1])
            self.next += 1
        if not self.is_view:
            return {(i,): {"id": i, "branch": i % BRANCHES, "balance": b} for i, b in self.truth.items()}
        sums = {}
        for account, balance in self.truth.items():
            row = sums.setdefault((account % BRANCHES,), {"branch": account % BRANCHES, "balance": 0, "accounts": 0})
            row["balance"] += balance
            row["accounts"] += 1
        return sums

    def key_of(self, row):
        return tuple(row[name] for name in self.key)

    def carry_out(self, event):
        kind = event["event"]
        if kind in ("rows", "reset"):
            self.key = event["key"]
            self.rows = {self.key_of(row): row for row in event["rows"]}
            self.resets += kind == "reset"
        for key in (self.key_of(row) for row in event.get("removed", [])):
            if self.rows.pop(key, None) is None:
                self.wrong.append(f"{key} is removed and was not there: {event}")
        for name, there in (("added", False), ("changed", True)):
            for row in event.get(name, []):
                if (self.key_of(row) in self.rows) != there:
                    self.wrong.append(f"{name}, which is wrong: {row} in {event}")
                self.rows[self.key_of(row)] = row
        self.last_id = event["id"]
        self.events += 1

    def check(self, event):
        if event.get("event") not in ("rows", "reset", "changes", "position"):
            self.wrong.append(f"not expected: {event}")
            return
        self.carry_out(event)
        position = event["position"]
        if position["lsn"] is None:
            return
        lsn = number_of(position["lsn"])
        if lsn < self.lsn:
            self.wrong.append(f"the position went back from {self.lsn:x} to {lsn:x}")
            return
        self.lsn = lsn
        self.checked += 1
        if self.rows != self.true_rows(lsn):
            self.wrong.append(f"torn at {position['lsn']}: {event}")

    def read_events(self, answer):
        """Each event's object; a stream that ends in the middle of one gives nothing of it."""
        while not self.done.is_set():
            text = answer.readline().decode()
            if not text.endswith("\n"):
                return
            if self.as_lines:
                yield json.loads(text)
            elif text.startswith("data: "):
                yield json.loads(text.removeprefix("data: "))

    def follow(self, address):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=15)
        try:
            headers = {"Accept": "application/x-ndjson"} if self.as_lines else {}
            if self.last_id is not None:
                headers["Last-Event-ID"] = self.last_id
            connection.request("GET", self.path, headers=headers)
            answer = connection.getresponse()
            if answer.status != 200:
                problem = json.loads(answer.read())
                if not problem["type"].endswith("/not-ready"):
                    self.wrong.append(f"{answer.status}: {problem}")
                self.done.wait(0.02)
                return
            stays = self.rng.randint(1, 60)
            for number, event in enumerate(self.read_events(answer)):
                self.resumed += number == 0 and self.last_id is not None and event.get("event") != "reset"
                self.check(event)
                if number >= stays:
                    self.hung_up += 1
                    return
        finally:
            connection.close()

    def run(self):
        while not self.done.is_set():
            try:
                self.follow(self.running.address)
            except (OSError, http.client.HTTPException, ValueError):
                self.done.wait(0.01)  # killed; its successor is on its way


class Running:
    """The server that is followed now."""

    def __init__(self):
        self.address = "http://127.0.0.1:9"


class Follow(tide.Case):
    def setUp(self):
        super().setUp()
        view = self.path / "views" / "bank"
        view.mkdir(parents=True)
        (self.path / "views" / "source.sql").write_text(SOURCE)
        (view / "query.branches.sql").write_text(SUMS)
        self.running = Running()

    def start(self, *flags):
        server = tide.Server("demo", "--capture", self.path / "bank.jsonl", "--db", self.path / "bank.db", "--views",
                             self.path / "views", *flags, stderr=self.path / "log")  # fmt: skip
        self.addCleanup(server.__exit__)
        self.running.address = server.address
        return server

    def end_followers(self, followers):
        for follower in followers:
            follower.done.set()
        for follower in followers:
            follower.join(30)
        total = {name: sum(getattr(f, name) for f in followers)
                 for name in ("events", "checked", "resets", "resumed", "hung_up")}  # fmt: skip
        print(f"{len(followers)} followers: {total}", file=sys.stderr)
        wrong = [text for follower in followers for text in follower.wrong]
        self.assertEqual([], [text[:500] for text in wrong[:5]], f"{len(wrong)} wrong")
        return total

    def test_transfers_through_kills(self):
        made = transfers(OPTIONS.transfers)
        messages = len(tide.write_capture(self.path / "bank.jsonl", capture_of(made)).read_text().splitlines())
        rng = random.Random(SEED)
        print(f"seed {SEED}", file=sys.stderr)
        followers = [Follower(i, self.running, made, i % 2 == 1) for i in range(OPTIONS.followers)]
        for follower in followers:
            follower.start()
        for part in range(1, OPTIONS.kills + 1):
            server = self.start("--rate", 2000, "--commit-messages", str(rng.choice([1, 20, 20000])))
            until = rng.randint(messages * part // (OPTIONS.kills + 2), messages * (part + 1) // (OPTIONS.kills + 2))
            tide.wait_for("more applied", lambda: sum(p["applied"] or 0 for p in lag(server)["partitions"]) >= until)
            server.kill()
        server = self.start("--rate", 2000)
        caught_up(server, messages)
        tide.wait_for("the last position", lambda: all(f.lsn == made[-1][0] for f in followers))
        total = self.end_followers(followers)
        self.assertEqual(0, server.stop())
        self.assertGreaterEqual(total["checked"], 10 * len(followers))
        self.assertGreater(total["resumed"], 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--transfers", type=int, default=OPTIONS.transfers)
    parser.add_argument("--followers", type=int, default=OPTIONS.followers)
    parser.add_argument("--kills", type=int, default=OPTIONS.kills)
    OPTIONS, rest = parser.parse_known_args()
    sys.exit(unittest.main(argv=sys.argv[:1] + rest))
