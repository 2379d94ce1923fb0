#!/usr/bin/env python3
"""PostgreSQL's limits from end to end: 1600 columns, 32 of them the key; inserts, updates, unchanged TOAST values, a key
change, a delete, a view over the changes, HTTP."""

import pathlib
import sqlite3
import sys
import tempfile
import unittest

import tide

COLUMNS = 1600
KEYS = 32
PREFIX = "theworldshop"
UNAVAILABLE = "__debezium_unavailable_value"
KEY = [f"k{i}" for i in range(KEYS)]
REST = [f"c{i}" for i in range(COLUMNS - KEYS)]


class Wide:
    def __init__(self):
        self.lines, self.lsn = [], 1000

    def say(self, op, key, row=None, before=None):
        self.lsn += 8
        source = {"lsn": self.lsn, "txId": self.lsn, "ts_ms": self.lsn, "schema": "public", "table": "wide", "snapshot": "false"}
        value = {"before": before, "after": row, "source": source, "op": op, "ts_ms": self.lsn}
        self.lines.append(tide.line("wide", len(self.lines), key, value))

    def tombstone(self, key):
        self.lines.append(tide.line("wide", len(self.lines), key, None))


def key_of(number):
    return {name: number * 100 + at for at, name in enumerate(KEY)}


def row_of(number, word):
    return key_of(number) | {name: f"{word}{at}" for at, name in enumerate(REST)}


class Limits(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)
        views = self.path / "views"
        (views / "count").mkdir(parents=True)
        (views / "source.sql").write_text(
            "create table wide(" + ", ".join([f"{k} int" for k in KEY] + [f"{c} text" for c in REST]) +
            f", primary key({', '.join(KEY)}));\n")  # fmt: skip
        (views / "count" / "schema.sql").write_text("create table count_c(word text primary key, n integer not null);\n")
        (views / "count" / "apply.words.sql").write_text(
            f"insert into count_c(word, n) select {REST[-1]}, sum(_weight) from _delta_wide group by 1\n"
            "on conflict(word) do update set n = n + excluded.n\n")  # fmt: skip
        (views / "count" / "query.words.sql").write_text("select word, n from count_c where n <> 0 order by word\n")
        self.views, self.db = views, self.path / "wide.db"

    def rows(self, sql):
        connection = sqlite3.connect(self.db)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def replay(self, wide):
        capture = self.path / "wide.jsonl"
        tide.write_capture(capture, wide.lines)
        tide.replay(self.db, capture, flags=("--views", str(self.views), "--prefix", PREFIX))
        self.assertEqual([], self.rows("select * from _quarantine"))

    def test_1600_columns_of_which_32_are_the_key(self):
        wide = Wide()
        for number in range(1, 8):
            wide.say("c", key_of(number), row_of(number, "a"))
        changed = row_of(1, "b")
        wide.say("u", key_of(1), changed)
        kept = {name: UNAVAILABLE if at % 2 else value for at, (name, value) in enumerate(row_of(2, "d").items())} | key_of(2)
        wide.say("u", key_of(2), kept)
        wide.say("d", key_of(3), None, key_of(3))
        wide.tombstone(key_of(3))
        self.replay(wide)
        wanted = {2: [kept[c] if kept[c] != UNAVAILABLE else row_of(2, "a")[c] for c in REST], 1: [changed[c] for c in REST]}
        wanted |= {number: [row_of(number, "a")[c] for c in REST] for number in range(4, 8)}
        names = ", ".join(REST)
        got = {key // 100: list(row) for key, *row in self.rows(f"select k0, {names} from wide")}
        self.assertEqual(wanted, got)
        self.assertEqual(tuple(key_of(7).values()), self.rows(f"select {', '.join(KEY)} from wide where k0 = 700")[0])
        last = len(REST) - 1
        words = {f"a{last}": 5, f"b{last}": 1} if (len(KEY) + last) % 2 else {f"a{last}": 4, f"b{last}": 1, f"d{last}": 1}
        self.assertEqual(words, dict(self.rows("select word, n from count_c where n <> 0")))
        with tide.Server("serve", "--db", self.db, "--views", self.views, stderr=self.path / "log") as server:
            status, document = server.get("/v1/tables/wide?k31=731")
            self.assertEqual(200, status, document)
            self.assertEqual(1, len(document["rows"]))
            self.assertEqual(COLUMNS, len(document["rows"][0]))
            self.assertEqual(f"a{last}", document["rows"][0][REST[-1]])
            status, page = server.get("/v1/tables/wide?limit=2")
            self.assertEqual((200, 2), (status, len(page["rows"])), page)
            status, rest = server.get(f"/v1/tables/wide?limit=9&after={page['next']}")
            self.assertEqual((200, 4), (status, len(rest["rows"])), rest)

    def test_more_is_refused(self):
        for more, says in ((1601, "more than 1600 columns"), (0, "more than 32 columns")):
            columns = [f"c{i} int" for i in range(more or 33)]
            keys = ["c0"] if more else [f"c{i}" for i in range(33)]
            (self.views / "source.sql").write_text(f"create table t({', '.join(columns)}, primary key({', '.join(keys)}));\n")
            done = tide.run("check", "--views", self.views)
            self.assertEqual(1, done.returncode)
            self.assertIn(says, done.stderr)


if __name__ == "__main__":
    sys.exit(unittest.main())
