#!/usr/bin/env python3
"""GET /v1/digest/{table}: the same for the same rows whatever the delivery order, another when one cell differs."""

import contextlib
import random
import sqlite3
import sys
import unittest
import urllib.error
import urllib.request

import orders
import tide

SEED = 20261128
NAMES = ("basic", "hazards")


class Digest(tide.Case):
    def digests(self, db):
        with tide.Server("serve", "--db", db, stderr=self.path / "log") as server:
            tables = [table["name"] for table in server.get("/v1/status")[1]["tables"]]
            found = {}
            for table in tables:
                status, document = server.get(f"/v1/digest/{table}")
                self.assertEqual(200, status, document)
                self.assertRegex(document["digest"], "^[0-9a-f]{32}$")
                found[table] = (document["rows"], document["digest"], document["position"]["lsn"])
            return found

    def state(self, url):
        """The header Tidemark-State, of a problem too."""
        try:
            with urllib.request.urlopen(url) as answer:
                return answer.headers["Tidemark-State"]
        except urllib.error.HTTPError as error:
            with error:
                return error.headers["Tidemark-State"]

    def test_the_delivery_order_is_of_no_account(self):
        for name in NAMES:
            lines = tide.read_capture(tide.CAPTURES / f"{name}.jsonl")
            wanted = None
            for number in range(3):
                rng = random.Random(SEED + number)
                parts = orders.partitions_of(lines)
                shuffled = lines if number == 0 else orders.uniform(parts, rng)
                db = self.path / f"{name}-{number}.db"
                tide.replay(db, tide.write_capture(self.path / f"{name}-{number}.jsonl", shuffled))
                found = self.digests(db)
                wanted = wanted or found
                self.assertEqual(wanted, found, f"{name}, seed {SEED + number}")

    def test_one_cell_is_seen(self):
        db = self.path / "one.db"
        tide.replay(db, tide.CAPTURES / "basic.jsonl")
        before = self.digests(db)
        changes = (
            "update orders set total = total + 1 where id = (select min(id) from orders)",
            "update orders set notes = 'x' where id = (select max(id) from orders)",
            "update orders set quantity = (case id when (select min(id) from orders) then 3 else 4 end)",
            """update orders set meta = '{"gift": 1}' where id = (select max(id) from orders)""",
            """update orders set meta = '{"gift": 2}' where id = (select max(id) from orders)""",
            "update orders set meta = null, notes = null where id = (select max(id) from orders)",
            "delete from orders where id = (select max(id) from orders)",
        )
        seen = {before["orders"][1]}
        for change in changes:
            with contextlib.closing(sqlite3.connect(db)) as connection, connection:
                connection.execute(change)
            after = self.digests(db)
            self.assertNotIn(after["orders"][1], seen, change)
            seen.add(after["orders"][1])
            self.assertEqual(before["customers"], after["customers"])

    def test_before_anything_was_applied(self):
        """No rows mean nothing then, and their digest would be that of an empty table."""
        db = self.path / "nothing.db"
        tide.replay(db, tide.write_capture(self.path / "nothing.jsonl", []))
        for flags, wanted in (((), 503), (("--answer-empty",), 200)):
            with tide.Server("serve", "--db", db, *flags, stderr=self.path / "log") as server:
                for route in ("tables", "digest"):
                    status, document = server.get(f"/v1/{route}/orders")
                    self.assertEqual(wanted, status, document)
                    self.assertIn("position", document)
                    self.assertEqual("serving", self.state(f"{server.address}/v1/{route}/orders"))

    def test_what_it_refuses(self):
        db = self.path / "refused.db"
        tide.replay(db, tide.CAPTURES / "basic.jsonl")
        with tide.Server("serve", "--db", db, stderr=self.path / "log") as server:
            self.assertEqual(404, server.get("/v1/digest/nothing")[0])
            self.assertEqual(400, server.get("/v1/digest/orders?limit=1")[0])


if __name__ == "__main__":
    sys.exit(unittest.main())
