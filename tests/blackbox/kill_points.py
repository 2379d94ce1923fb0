#!/usr/bin/env python3
"""SIGKILL in place of a call that changes the file (kill_at.c), in what a start does to a file: an upgrade, a changed source.sql, changed
views, the sweep of a snapshot; and in `quarantine discard`. Started again, it ends as if nothing had happened."""

import contextlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import unittest

import tide

SEED = 1
KILLS = 10  # of each kind
BASIC = tide.CAPTURES / "basic.jsonl"
SOURCE = "create table orders(id bigint primary key, status text, total numeric(12,2));\n"
WIDER = """create table orders(id bigint primary key, status varchar(20), total numeric(14,3), quantity int, notes text);
create table customers(id bigint primary key, email text);
"""


@unittest.skipIf(shutil.which("cc") is None, "needs a C compiler")
class KillPoints(tide.Case):
    def setUp(self):
        super().setUp()
        self.shim = self.path / "kill_at.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.shim, tide.TOP / "tests" / "blackbox" / "kill_at.c", "-ldl"], check=True)
        self.before = self.path / "before"
        self.before.mkdir()
        self.folder = self.path / "file"
        self.db = self.folder / "shop.db"
        self.count = self.path / "count"

    def run_once(self, arguments, at=None):
        env = {"LD_PRELOAD": str(self.shim), "KILL_OF": str(self.db), "KILL_COUNT": str(self.count)}
        return tide.run(*arguments, "--db", self.db, env=env | ({"KILL_AT": str(at)} if at else {})).returncode

    def begin(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.before, self.folder)

    def contents(self):
        with contextlib.closing(sqlite3.connect(self.db)) as file:
            self.assertEqual("ok", file.execute("pragma integrity_check").fetchone()[0])
            names = [name for (name,) in file.execute("select name from sqlite_schema where type = 'table' and name not glob '[_s]*' order by 1")]
            rows = {name: sorted(map(repr, file.execute(f'select * from "{name}"'))) for name in names}
            rows["_offsets"] = file.execute("select topic, partition, next_offset from _offsets order by 1, 2").fetchall()
            rows["_quarantine"] = file.execute("select id, state, note from _quarantine order by 1").fetchall()
            rows["schema"] = file.execute("select type, name, sql from sqlite_schema where name not glob 'sqlite_*' order by 1, 2").fetchall()
            return rows

    def kill_each(self, *arguments):
        self.begin()
        self.assertEqual(0, self.run_once(arguments))
        calls = int(self.count.read_text())
        right = self.contents()
        rng = random.Random(f"{SEED} {self.id()}")
        print(f"{self.id()}: seed {SEED}, {calls} calls", file=sys.stderr)
        for at in sorted(rng.sample(range(1, calls + 1), min(KILLS, calls))):
            self.begin()
            again = rng.choice([None, rng.randint(1, calls)])
            self.assertIn(self.run_once(arguments, at), (0, -signal.SIGKILL))  # where threads meet otherwise it may end before
            if again:
                self.run_once(arguments, again)
            self.assertEqual(0, self.run_once(arguments), at)
            self.assertEqual(right, self.contents(), f"killed at {at}, then at {again}")
            self.assertEqual(["shop.db"], sorted(path.name for path in self.folder.iterdir()))

    def test_an_upgrade(self):
        for number in (3, 8, 9):
            with self.subTest(format=number):
                for path in self.before.iterdir():
                    path.unlink()
                with contextlib.closing(sqlite3.connect(self.before / "shop.db")) as file:
                    file.executescript((tide.TOP / "fixtures" / "files" / f"format_{number}.sql").read_text())
                self.kill_each("replay", BASIC)

    def test_a_sweep(self):
        capture = tide.CAPTURES / "resnapshot34.jsonl"
        lines = tide.read_capture(capture)
        tide.replay(self.before / "shop.db", tide.write_capture(self.path / "half.jsonl", lines[: len(lines) // 2]))
        self.kill_each("replay", "--commit-messages", "3", capture)

    def test_a_changed_source_and_view(self):
        views = self.path / "views"
        (views / "own").mkdir(parents=True)
        (views / "source.sql").write_text(SOURCE)
        (views / "own" / "schema.sql").write_text("create table own_ids(id integer primary key);\n")
        (views / "own" / "apply.ids.sql").write_text("insert or ignore into own_ids select id from _delta_orders where _weight > 0;\n")
        tide.replay(self.before / "shop.db", BASIC, flags=("--views", views))
        (views / "source.sql").write_text(WIDER)
        (views / "own" / "schema.sql").write_text("create table own_ids(id integer primary key, customer text);\n")
        (views / "own" / "apply.ids.sql").write_text("insert or ignore into own_ids select id, status from _delta_orders where _weight > 0;\n")
        self.kill_each("replay", "--views", views, BASIC)

    def test_discarded(self):
        bad = [tide.line("orders", number, {"id": number}, '{"op":"c"}') for number in range(4)]
        tide.replay(self.before / "shop.db", tide.write_capture(self.path / "bad.jsonl", bad))
        self.kill_each("quarantine", "discard", "1", "2", "3", "--reason", "none")


if __name__ == "__main__":
    sys.exit(unittest.main())
