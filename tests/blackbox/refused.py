#!/usr/bin/env python3
"""A view's trigger that refuses rows: they are in quarantine, all others are applied, once each and in their order, whoever
brings them."""

import json
import sqlite3
import subprocess
import sys
import unittest

import tide

VIEWS = {
    "source.sql": tide.ORDERS,
    "strict/schema.sql": "create table seen(seq integer primary key, id integer, customer_id integer check(customer_id < 100));\n"
    "create trigger strict_insert after insert on orders begin\n"
    "insert into seen(id, customer_id) values(new.id, new.customer_id); end;\n",
    "strict/query.all.sql": "select id, customer_id from seen order by seq\n",
}
# key and customer, in the log's order
ROWS = [(n, n) for n in range(1, 60)] + [(60, 100), (61, 61), (62, 200)] + [(n, 1) for n in range(63, 90)]
GOOD = [row for row in ROWS if row[1] < 100]


class Refused(tide.Case):
    def setUp(self):
        super().setUp()
        self.db = self.path / "own.db"
        self.views = self.path / "views"
        for name, text in VIEWS.items():
            (self.views / name).parent.mkdir(parents=True, exist_ok=True)
            (self.views / name).write_text(text)
        self.capture = tide.write_capture(self.path / "own.jsonl", [tide.order(n, *row) for n, row in enumerate(ROWS)])

    def check(self):
        db = sqlite3.connect(self.db)
        try:
            self.assertEqual(GOOD, db.execute("select id, customer_id from seen order by seq").fetchall())
            self.assertEqual(sorted(GOOD), db.execute("select id, customer_id from orders order by id").fetchall())
            waiting = db.execute('select "offset", reason from _quarantine order by 1').fetchall()
        finally:
            db.close()
        self.assertEqual([59, 61], [offset for offset, _ in waiting])
        for _, reason in waiting:
            self.assertIn("CHECK constraint failed: customer_id < 100", reason)

    def check_counts(self, done):
        self.assertEqual(0, done.returncode, done.stderr)
        counts = json.loads(done.stdout)
        # What was in the file when it went back is no duplicate.
        self.assertEqual({"messages": len(ROWS), "applied": len(GOOD), "quarantined": 2, "duplicates": 0, "ignored": 0},
                         {name: counts[name] for name in ("messages", "applied", "quarantined", "duplicates", "ignored")})  # fmt: skip
        self.check()

    def test_replay_goes_back(self):
        done = tide.run("replay", "--json", "--db", self.db, "--views", self.views, self.capture)
        self.check_counts(done)
        self.assertEqual(1, done.stderr.count("are written as they come from now on"), done.stderr)

    def test_replay_of_a_pipe_cannot(self):
        with open(self.capture, "rb") as capture:
            done = subprocess.run([tide.program(), "replay", "--json", "--db", self.db, "--views", self.views, "-"], stdin=capture,
                                  capture_output=True, text=True, env=tide.environment(), check=False)  # fmt: skip
        self.check_counts(done)
        self.assertNotIn("as they come from now on", done.stderr)

    def test_a_consumer_goes_back(self):
        server = tide.Server("demo", "--capture", self.capture, "--db", self.db, "--views", self.views, stderr=self.path / "log")
        self.addCleanup(server.__exit__)
        tide.wait_for("live", lambda: server.get("/v1/lag")[1]["state"] == "live")
        self.assertEqual(0, server.stop())
        self.check()


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])
