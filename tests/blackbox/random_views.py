#!/usr/bin/env python3
"""Views that are kept by statements and triggers have, wherever commits fall, what the same SQL makes of the mirror's rows.

Random changes of few keys: inserts, updates (some with an unchanged TOAST value), deletes, key changes, truncates, chunks of an incremental
snapshot, and a connector that sends a stretch again. Seeds are fixed.

    python3 tests/blackbox/random_views.py [--seed N] [--seeds N]
"""

import argparse
import json
import random
import re
import sqlite3
import sys
import unittest

import tide

OPTIONS = argparse.Namespace(seed=1, seeds=30)
STEPS = 120
KEYS = 5
LONG = "long " * 60
UNAVAILABLE = "__debezium_unavailable_value"
SOURCE = "create table docs(id int primary key, kind text, size int, body text);\n"
SCHEMA = """create table v_copy(id int, kind text, body text);
create table v_sums(kind text primary key, n int, size int);
create table v_top(kind text, n int, size int);
create table v_most(kind text, most int);
create table v_steps(kind text primary key, n int, size int);
create table v_fired(kind text primary key, n int);
create virtual table v_words using fts5(body);
create virtual table v_found using fts5(body, content='docs', content_rowid='id');
create trigger v_find after insert on docs begin insert into v_found(rowid, body) values(NEW.id, NEW.body); end;
create trigger v_lose after delete on docs begin insert into v_found(v_found, rowid, body) values('delete', OLD.id, OLD.body); end;
create trigger v_seek after update on docs begin insert into v_found(v_found, rowid, body) values('delete', OLD.id, OLD.body);
insert into v_found(rowid, body) values(NEW.id, NEW.body); end;
create trigger v_in after insert on docs begin
insert into v_fired values(ifnull(NEW.kind, ''), 1) on conflict(kind) do update set n = n + 1; end;
create trigger v_out after delete on docs begin update v_fired set n = n - 1 where kind = ifnull(OLD.kind, ''); end;
create trigger v_on after update on docs begin update v_fired set n = n - 1 where kind = ifnull(OLD.kind, '');
insert into v_fired values(ifnull(NEW.kind, ''), 1) on conflict(kind) do update set n = n + 1; end;
"""
ADD = " on conflict(kind) do update set n = n + excluded.n, size = size + excluded.size"
STATEMENTS = {
    "copy_1": "delete from v_copy where id in (select id from _delta_docs where _weight < 0)",
    "copy_2": "insert into v_copy select id, kind, body from _delta_docs where _weight > 0",
    "most_1": "delete from v_most where ifnull(kind, '') in (select ifnull(kind, '') from _delta_docs)",
    "most_2": "insert into v_most select kind, max(size) from docs where ifnull(kind, '') in (select ifnull(kind, '') from _delta_docs) group by kind",
    "top_1": "delete from v_top where exists (select 1 from _sums_docs('kind'))",
    "top_2": "insert into v_top select kind, n, size from v_sums where n > 0 and exists (select 1 from _sums_docs('kind'))",
    "words_1": "delete from v_words where rowid in (select id from _delta_docs)",
    "words_2": "insert into v_words(rowid, body) select id, body from _delta_docs where _weight > 0",
    "sums": "insert into v_sums select ifnull(kind, ''), sum(_weight), ifnull(sum(_weight * size), 0) from _delta_docs where true group by kind" + ADD,
}  # fmt: skip
# _changes_T has rows written one by one, which is another way through the mirror
STEPWISE = {
    "steps": "insert into v_steps select kind, sum(w), ifnull(sum(w * size), 0) from (select ifnull(old_kind, '') as kind, -1 as w, old_size as size "
    "from _changes_docs where old_id is not null union all select ifnull(new_kind, ''), 1, new_size from _changes_docs where new_id is not null) "
    "where true group by kind" + ADD,
}
GROUPS = "select ifnull(kind, ''), count(*){} from docs group by 1 order by 1"
FOUND = f"select id from docs where body in ('short', '{LONG}') order by 1"
EQUAL = {
    "select id, kind, body from v_copy order by 1, 2": "select id, kind, body from docs order by 1, 2",
    "select kind, n, size from v_sums where n <> 0 order by 1": GROUPS.format(", ifnull(sum(size), 0)"),
    "select kind, n, size from v_top order by 1": GROUPS.format(", ifnull(sum(size), 0)"),
    "select kind, most from v_most order by 1": "select kind, max(size) from docs group by kind order by 1",
    "select kind, n from v_fired where n <> 0 order by 1": GROUPS.format(""),
    "select rowid from v_words where v_words match 'short OR long' order by 1": FOUND,
    "select rowid from v_found where v_found match 'short OR long' order by 1": FOUND,
}
EQUAL_STEPWISE = {"select kind, n, size from v_steps where n <> 0 order by 1": GROUPS.format(", ifnull(sum(size), 0)")}


class Source:
    def __init__(self, rng):
        self.rng, self.lsn, self.rows, self.lines = rng, 1000, {}, []

    def send(self, key, op, after, snapshot="false"):
        source = {"version": "3.1.2.Final", "connector": "postgresql", "name": "app", "ts_ms": 1700000000000 + self.lsn, "snapshot": snapshot,
                  "db": "appdb", "schema": "public", "table": "docs", "txId": self.lsn, "lsn": self.lsn}  # fmt: skip
        before = {"id": key} if op == "d" else None
        value = {"before": before, "after": after, "source": source, "op": op, "ts_ms": source["ts_ms"]}
        self.lines.append(tide.line("app.public.docs", len(self.lines), None if key is None else {"id": key}, value))

    def row(self, key):
        return {"id": key, "kind": self.rng.choice([None, "a", "b"]), "size": self.rng.choice([None, 0, 1, 7]), "body": self.rng.choice([None, "short", "other", LONG])}

    def change(self, key):
        self.lsn += 8
        old, chance = self.rows.get(key), self.rng.random()
        if old is None:
            self.rows[key] = self.row(key)
            self.send(key, "c", self.rows[key])
        elif chance < 0.3:
            del self.rows[key]
            self.send(key, "d", None)
        elif chance < 0.4:  # another key
            moved = {**self.rows.pop(key), "id": key + KEYS * self.rng.randint(1, 2)}
            self.send(key, "d", None)
            self.lsn += 8
            self.send(moved["id"], "u" if moved["id"] in self.rows else "c", moved)
            self.rows[moved["id"]] = moved
        else:
            new = {**old, **self.rng.choice([{"size": self.rng.randint(0, 9)}, {"kind": self.rng.choice(["a", "c"])}, self.row(key)])}
            toast = new["body"] == old["body"] == LONG
            self.rows[key] = new
            self.send(key, "u", {**new, "body": UNAVAILABLE} if toast else new)

    def step(self):
        chance = self.rng.random()
        if chance < 0.02:
            self.lsn += 8
            self.rows.clear()
            self.send(None, "t", None)
        elif chance < 0.06:
            for key in list(self.rows):
                self.send(key, "r", self.rows[key], "incremental")
        elif chance < 0.2:
            for line in self.lines[-self.rng.randint(1, 6) :]:
                self.lines.append({**line, "offset": len(self.lines)})
        else:
            self.change(self.rng.randint(1, KEYS))


class RandomViews(tide.Case):
    def views(self, stepwise):
        views = self.path / f"views{stepwise}"
        (views / "v").mkdir(parents=True)
        (views / "source.sql").write_text(SOURCE)
        (views / "v" / "schema.sql").write_text(SCHEMA if stepwise else SCHEMA[: SCHEMA.index("create virtual table v_found")])
        for name, statement in {**STATEMENTS, **(STEPWISE if stepwise else {})}.items():
            (views / "v" / f"apply.{name}.sql").write_text(statement + "\n")
        return views

    def compare(self, db, stepwise, what):
        connection = sqlite3.connect(db)
        try:
            for kept, anew in {**EQUAL, **EQUAL_STEPWISE}.items():
                if stepwise or not re.search("v_(fired|found|steps)", kept):
                    self.assertEqual(connection.execute(anew).fetchall(), connection.execute(kept).fetchall(), (what, kept))
            return dict(connection.execute("select id, body from docs").fetchall())
        finally:
            connection.close()

    def test_views_are_what_their_rows_make(self):
        folders = [self.views(False), self.views(True)]
        for seed in range(OPTIONS.seed, OPTIONS.seed + OPTIONS.seeds):
            source = Source(random.Random(seed))
            for _ in range(STEPS):
                source.step()
            capture = tide.write_capture(self.path / f"{seed}.jsonl", source.lines)
            for stepwise, views in enumerate(folders):
                for cut in (3, 8, 1000):
                    db = self.path / f"{seed}-{stepwise}-{cut}.db"
                    done = tide.replay(db, capture, flags=("--views", views, "--prefix", "app", "--commit-messages", str(cut)))
                    self.assertEqual(0, done["quarantined"], (seed, json.dumps(done)))
                    stored = self.compare(db, stepwise, (seed, stepwise, cut))
                    self.assertEqual({key: row["body"] for key, row in source.rows.items()}, stored, (seed, stepwise, cut))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=OPTIONS.seed)
    parser.add_argument("--seeds", type=int, default=OPTIONS.seeds)
    OPTIONS, rest = parser.parse_known_args()
    print(f"seed {OPTIONS.seed}", file=sys.stderr)
    sys.exit(unittest.main(argv=sys.argv[:1] + rest))
