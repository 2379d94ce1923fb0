#!/usr/bin/env python3
"""The file under a running process is deleted, moved, replaced or truncated: it halts, says so, and ends with 3."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import unittest

import tide


class FileGone(tide.Case):
    def setUp(self):
        super().setUp()
        self.db = self.path / "in" / "shop.db"
        self.db.parent.mkdir()

    def start(self, *arguments):
        server = tide.Server(*arguments, "--db", self.db, stderr=self.path / "log")
        self.addCleanup(server.__exit__)
        return server

    def expect_halt(self, server, *words):
        status, document = tide.wait_for(
            "halted", lambda: "halted" in (found := server.get("/readyz"))[1].get("detail", "") and found)  # fmt: skip
        self.assertEqual(503, status, document)
        for word in words:
            self.assertIn(word, document["detail"])
        self.assertEqual(200, server.get("/healthz")[0])
        self.assertEqual(3, server.stop())

    def run_demo(self):
        server = self.start("demo", "--traffic", "5000")
        tide.wait_for("traffic", lambda: server.get("/v1/status")[1]["counters"]["applied"] > 500)
        return server

    def test_deleted(self):
        server = self.run_demo()
        self.db.unlink()
        self.expect_halt(server, "shop.db was deleted or moved away", "put the file back")

    def test_all_its_files_deleted(self):
        server = self.run_demo()
        for path in self.db.parent.iterdir():
            path.unlink()
        self.expect_halt(server, "was deleted or moved away")

    def test_its_folder_deleted(self):
        server = self.run_demo()
        shutil.rmtree(self.db.parent)
        self.expect_halt(server, "shop.db was deleted or moved away")

    def test_moved_and_put_back(self):
        server = self.run_demo()
        aside = self.path / "aside.db"
        self.db.rename(aside)
        self.expect_halt(server, "shop.db was deleted or moved away")
        # stopped as it says; with the log that it left beside the old name the file is whole again
        aside.rename(self.db)
        done = tide.run("replay", "--json", "--db", self.db, tide.CAPTURES / "basic.jsonl")
        self.assertEqual(0, done.returncode, done.stderr)

    def test_replaced(self):
        server = self.run_demo()
        other = self.path / "other.db"
        tide.replay(other, tide.CAPTURES / "basic.jsonl")
        os.replace(other, self.db)
        self.expect_halt(server, "another file stands at", "shop.db")
        self.assertEqual(0, tide.run("replay", "--db", self.db, tide.CAPTURES / "basic.jsonl").returncode)

    def test_truncated(self):
        server = self.run_demo()
        tide.wait_for("two looks at the file", lambda: self.db.stat().st_size > 0)
        with open(self.db, "wb"):
            pass
        self.expect_halt(server, "was truncated while it was open")

    def test_its_log_deleted(self):
        server = self.run_demo()
        applied = server.get("/v1/status")[1]["counters"]["applied"]
        self.db.with_name("shop.db-wal").unlink()
        self.expect_halt(server, "shop.db-wal was deleted or moved away", "SIGTERM")
        # the stop moved what the log had into the file
        done = tide.run("replay", "--json", "--db", self.db, tide.CAPTURES / "basic.jsonl")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertGreater(applied, 500)
        self.assertIn('"applied":0', done.stdout)

    def test_its_log_truncated(self):
        server = self.run_demo()
        with open(self.db.with_name("shop.db-wal"), "wb"):
            pass
        self.expect_halt(server, "shop.db-wal was truncated while it was open", "begin with a backup or with a new file")
        # what had been moved into the file is sound: the log was not written on over its hole
        with contextlib.closing(sqlite3.connect(self.db)) as db:
            self.assertEqual([("ok",)], db.execute("pragma integrity_check").fetchall())
        self.assertEqual(0, tide.run("replay", "--db", self.db, tide.CAPTURES / "basic.jsonl").returncode)

    def test_deleted_under_a_replay(self):
        process = subprocess.Popen([tide.program(), "replay", "--db", self.db, "-"], stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=tide.environment())  # fmt: skip
        with process, open(tide.CAPTURES / "basic.jsonl", "rb") as file:
            process.stdin.write(file.readline())
            process.stdin.flush()
            begin = process.stderr.readline().decode()
            self.assertIn("made ", begin)  # told when it has been opened, by all who do
            self.db.unlink()
            with contextlib.suppress(BrokenPipeError):  # it may have ended already
                process.stdin.write(file.read())
                process.stdin.close()
            text = begin + process.stderr.read().decode()
        self.assertEqual(1, process.returncode, text)
        self.assertIn("shop.db was deleted or moved away", text)

    def test_replaced_under_serve(self):
        tide.replay(self.db, tide.CAPTURES / "basic.jsonl")
        server = self.start("serve")
        self.assertEqual(200, server.get("/v1/tables/orders")[0])
        other = self.path / "other.db"
        tide.replay(other, tide.CAPTURES / "basic.jsonl")
        os.replace(other, self.db)
        self.expect_halt(server, "another file stands at")

    def test_only_the_log_is_lost_before_the_first_checkpoint(self):
        server = self.run_demo()
        server.kill()
        self.db.with_name("shop.db-wal").unlink()
        done = tide.run("replay", "--json", "--db", self.db, tide.CAPTURES / "basic.jsonl")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn('"duplicates":0', done.stdout)  # all is read again


if __name__ == "__main__":
    sys.exit(unittest.main())
