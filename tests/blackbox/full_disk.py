#!/usr/bin/env python3
"""A full disk: told, waited for with growing pauses, held up for by nothing, and gone on from by itself when there is room.

A shim of the C library's writes (full_disk.c) answers ENOSPC while a file exists, so that no disk has to be filled."""

import re
import shutil
import sqlite3
import subprocess
import sys
import unittest

import tide

ROWS = 400
LARGE = 6000  # more than views/engine/mirror/flush.c keeps for the commit (WRITTEN_OUT_FROM)


@unittest.skipIf(shutil.which("cc") is None, "needs a C compiler")
class FullDisk(tide.Case):
    def setUp(self):
        super().setUp()
        self.db = self.path / "shop.db"
        self.full = self.path / "full"
        shim = self.path / "full_disk.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, tide.TOP / "tests" / "blackbox" / "full_disk.c", "-ldl"], check=True)
        self.shim = {"LD_PRELOAD": str(shim), "FULL_DISK": str(self.full), "FULL_DISK_OF": str(self.db)}

    def demo(self, rate):
        capture = tide.write_capture(self.path / "capture.jsonl", [tide.order(n, n, 7) for n in range(ROWS)])
        server = tide.Server("demo", "--db", self.db, "--capture", capture, "--rate", str(rate),
                             stderr=self.path / "log", env=self.shim)  # fmt: skip
        self.addCleanup(server.__exit__)
        return server

    def status(self, server):
        code, document = server.get("/v1/status")
        self.assertEqual(200, code)
        return document

    def test_it_is_waited_for(self):
        server = self.demo(rate=200)
        tide.wait_for("something applied", lambda: self.status(server)["counters"]["applied"] > 10)
        self.full.touch()
        tide.wait_for("degraded", lambda: self.status(server)["state"] == "degraded")
        states = set()

        def third():
            document = self.status(server)
            states.add((document["state"], document["reason"]))
            return len(self.pauses(server)) >= 3

        tide.wait_for("three tries", third)
        self.assertEqual([0.5, 1.0, 2.0], self.pauses(server)[:3])
        self.assertEqual({"degraded"}, {state for state, _ in states}, "it is not said to be well in between")
        for _, reason in states:
            self.assertIn("database or disk is full", reason)
        self.held_by_nobody()
        self.full.unlink()
        tide.wait_for("all applied", lambda: self.status(server)["counters"]["applied"] == ROWS)
        tide.wait_for("live", lambda: self.status(server)["state"] == "live")
        document = self.status(server)
        self.assertEqual((0, 0), (document["counters"]["quarantined"], document["quarantined"]))
        self.assertEqual(0, server.stop())
        self.whole()

    def test_it_is_stopped_while_full(self):
        server = self.demo(rate=200)
        tide.wait_for("something applied", lambda: self.status(server)["counters"]["applied"] > 10)
        self.full.touch()
        tide.wait_for("degraded", lambda: self.status(server)["state"] == "degraded")
        self.assertEqual(200, server.get("/v1/tables/orders?limit=1")[0])
        self.assertEqual(0, server.stop())
        self.full.unlink()
        server = self.demo(rate=0)
        tide.wait_for("live", lambda: self.status(server)["state"] == "live")
        self.assertEqual(0, server.stop())
        self.whole()

    def test_a_commit_that_is_written_out_before_its_end(self):
        """Many rows are handed to the system before the commit: what that says is told as what the commit says is."""
        (self.path / "views").mkdir()
        (self.path / "views" / "source.sql").write_text("create table orders(id bigint primary key, customer_id bigint, total numeric(9, 2));")
        views = ("--views", self.path / "views")
        few, many = (tide.write_capture(self.path / f"{count}.jsonl", [tide.order(n, n, 7) for n in range(count)]) for count in (1, LARGE))
        tide.replay(self.db, few, flags=views)
        self.full.touch()
        told = tide.run("replay", "--db", self.db, *views, many, env=self.shim | {"FULL_DISK_OF": f"{self.db}-wal"})
        self.assertEqual((1, "tidemark: orders: database or disk is full"), (told.returncode, told.stderr.splitlines()[-1]))
        self.full.unlink()
        tide.replay(self.db, many, flags=views)
        self.whole(LARGE)

    def pauses(self, server):
        return [float(s) for s in re.findall(r"degraded: .* is full; it is tried again in ([0-9.]+) s", server.log())]

    def held_by_nobody(self):
        other = sqlite3.connect(self.db, timeout=5, isolation_level=None)
        other.execute("begin immediate")
        other.execute("rollback")
        other.close()

    def whole(self, rows=ROWS):
        connection = sqlite3.connect(self.db)
        self.assertEqual((rows, "ok"), (connection.execute("select count(*) from orders").fetchone()[0],
                                        connection.execute("pragma integrity_check").fetchone()[0]))  # fmt: skip
        connection.close()


if __name__ == "__main__":
    sys.exit(unittest.main())
