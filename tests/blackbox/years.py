#!/usr/bin/env python3
"""A year in the life of a schema: a source that changes its tables, a reader that follows before, at or after it.

years.py [--years N] [--seed N] [--jobs N] [--keep]

For each seed: a source of a few tables, whose columns come, go, are renamed and retyped, whose tables are renamed and
truncated, whose defaults hold for a while; with unchanged TOAST, incremental snapshots, and a connector that sends a stretch
again. Then a reader: source.sql of some moments of that year, or a part of it, each at a place of the log before or behind it, at
last the whole of both, perhaps of a log whose beginning is gone; perhaps a backup of before a change, put back. The mirror then equals the source's rows, every column, but for
what no event tells, which is to be told: a column whose rows came without it, a row that is lacking.
"""

import argparse
import multiprocessing
import random
import shutil
import sqlite3
import sys
import time

import orders
import tide

YEARS = 60
STEPS = 70
KEYS = 12
LONG = "long " * 60
UNAVAILABLE = "__debezium_unavailable_value"
TYPES = {"int": lambda rng: rng.randint(0, 999), "text": lambda rng: rng.choice(["", "a", "b c", "é", LONG + str(rng.randint(0, 9))]),
         "numeric(10, 2)": lambda rng: f"{rng.randint(0, 9999) / 100:.2f}", "boolean": lambda rng: rng.random() < 0.5}  # fmt: skip
# The casts of which the log's values say the same as the source's.
CASTS = {"int": ["bigint", "text"], "text": ["varchar"], "numeric(10, 2)": ["numeric(12, 4)"]}
KIND = {"bigint": "int", "varchar": "text", "numeric(12, 4)": "numeric(10, 2)"}


class Column:
    def __init__(self, name, kind, not_null=False, default=None):
        self.name, self.kind, self.not_null, self.default = name, kind, not_null, default
        self.older = []

    def declared(self):
        literal = self.default if not isinstance(self.default, str) else "'" + self.default + "'"
        return f"{self.name} {self.kind}{' not null' * self.not_null}{'' if self.default is None else f' default {literal}'}"


class Table:
    def __init__(self, name, columns):
        self.name, self.columns, self.rows, self.older = name, columns, {}, []
        self.untold = set()  # (key, column): no event has had it


class Source:
    """Its rows, and the log that its connector writes."""

    def __init__(self, rng):
        self.rng, self.lsn, self.names, self.lines, self.versions = rng, 1000, 0, [], []
        self.offsets = {}
        self.tables = [Table(self.name("t"), [self.column() for _ in range(rng.randint(1, 3))]) for _ in range(2)]
        self.version()

    def name(self, letter):
        self.names += 1
        return f"{letter}{self.names}"

    def column(self):
        return Column(self.name("c"), self.rng.choice(list(TYPES)))

    def value(self, column):
        value = TYPES[KIND.get(column.kind, column.kind)](self.rng)
        return None if not column.not_null and self.rng.random() < 0.15 else value

    def version(self):
        """What a reader could declare by now: [(table, its older names, [(column, its declaration, its older names)])]."""
        tables = [(t.name, list(t.older), [(c.name, c.declared(), list(c.older)) for c in t.columns]) for t in self.tables]
        self.versions.append((tables, len(self.lines)))

    def send(self, table, op, key, after, before=None, **source):
        self.lsn += 10
        told = {"connector": "postgresql", "schema": "public", "table": table.name, "lsn": self.lsn, "txId": self.lsn,
                "ts_ms": 1700000000000 + self.lsn, **source}  # fmt: skip
        value = {"op": op, "before": before, "after": after, "source": told, "ts_ms": told["ts_ms"]}
        table.untold = {(of, column) for of, column in table.untold if of != key and key is not None}
        partition = (key or 0) % 2
        self.put(tide.line(table.name, 0, None if key is None else {"id": key}, value, partition))

    def put(self, line):
        place = (line["topic"], line["partition"])
        self.offsets[place] = self.offsets.get(place, -1) + 1
        self.lines.append({**line, "offset": self.offsets[place], "ts": 1700000000000 + len(self.lines)})

    def insert(self, table):
        key = self.rng.randint(1, KEYS)
        if key not in table.rows:
            table.rows[key] = {c.name: self.value(c) for c in table.columns}
            self.send(table, "c", key, {"id": key, **table.rows[key]})

    def update(self, table):
        for key in self.rng.sample(list(table.rows), min(len(table.rows), self.rng.choice([1, 1, 3]))):
            row, after = table.rows[key], {"id": key}
            for column in table.columns:
                changes = self.rng.random() < 0.5
                if changes:
                    row[column.name] = self.value(column)
                long = isinstance(row[column.name], str) and len(row[column.name]) > 100
                after[column.name] = UNAVAILABLE if long and not changes else row[column.name]
            self.send(table, "u", key, after)

    def delete(self, table):
        if table.rows:
            key = self.rng.choice(list(table.rows))
            del table.rows[key]
            self.send(table, "d", key, None, {"id": key})

    def truncate(self, table):
        table.rows = {}
        self.send(table, "t", None, None)

    def incremental(self, table):
        for key, row in table.rows.items():
            self.send(table, "r", key, {"id": key, **row}, snapshot="incremental", lsn=None, txId=None)

    def restart(self, table):
        """The connector sends what came last again, as it was."""
        del table
        rows = self.lines[len(self.lines) - self.rng.randint(0, 12) :]
        for line in rows:
            # an incremental one goes on where it was
            if '"incremental"' not in line["value"]:
                self.put(line)

    def add(self, table):
        column = self.column()
        given = self.rng.choice([None, None, "default", "not null default", "default dropped"])
        while given is not None and (column.default is None or column.default == "" or len(str(column.default)) > 100):
            column.default = TYPES[column.kind](self.rng)
        if given is not None and column.kind == "boolean":
            column.default = "true" if column.default else "false"
        column.not_null = given is not None and given != "default"
        value = {"true": True, "false": False}.get(column.default, column.default) if column.kind == "boolean" else column.default
        for row in table.rows.values():
            row[column.name] = value
        if given == "default dropped":
            column.default = None
        table.columns.append(column)
        table.untold |= {(key, column) for key in table.rows}

    def create(self, table):
        del table
        if len(self.tables) < 4:
            self.tables.append(Table(self.name("t"), [self.column()]))

    def drop(self, table):
        if len(table.columns) > 1:
            column = table.columns.pop(self.rng.randrange(len(table.columns)))
            for row in table.rows.values():
                del row[column.name]

    def rename(self, table):
        column = self.rng.choice(table.columns)
        column.older.append(column.name)
        column.name = self.name("c")
        for row in table.rows.values():
            row[column.name] = row.pop(column.older[-1])

    def rename_table(self, table):
        table.older.append(table.name)
        table.name = self.name("t")

    def retype(self, table):
        column = self.rng.choice(table.columns)
        if column.kind in CASTS:
            kind = self.rng.choice(CASTS[column.kind])
            column.default = None
            for row in table.rows.values():
                value = row[column.name]
                row[column.name] = str(value) if kind == "text" and value is not None else value
            column.kind = kind

    def set_default(self, table):
        column = self.rng.choice(table.columns)
        if column.kind == "int":
            column.default = self.rng.choice([None, self.rng.randint(0, 999)])

    def live(self):
        steps = [self.insert] * 8 + [self.update] * 6 + [self.delete] * 2 + [self.add] * 2 + [self.rename] * 2
        steps += [self.truncate, self.incremental, self.create, self.restart, self.drop, self.rename_table, self.retype, self.set_default]
        for _ in range(STEPS):
            step = self.rng.choice(steps)
            step(self.rng.choice(self.tables))
            if step not in (self.insert, self.update, self.delete):
                self.version()


def written(tables, rng=None):
    """A careful reader's source.sql, the older names too; with `rng` without some of it."""
    text = ""
    for name, older, columns in tables:
        if rng is not None and rng.random() < 0.15:
            continue
        kept = [column for column in columns if rng is None or rng.random() < 0.8]
        text += f"create table {name}(id int primary key{''.join(', ' + declared for _, declared, _ in kept)});\n"
        text += "".join(f"-- tidemark: renamed {name}.{column} from {other}\n" for column, _, others in kept for other in others)
        text += "".join(f"-- tidemark: renamed {name} from {other}\n" for other in older)
        if older:
            text += f"-- tidemark: topic {name} = /{tide.PREFIX}\\.public\\.({'|'.join([*older, name])})/\n"
    return text


def stored(value, kind):
    if value is None:
        return None
    if kind.startswith("numeric"):
        return round(float(value) * 10 ** int(kind.split(",")[1].strip(" )")))
    return int(value) if kind in ("int", "bigint", "boolean") else str(value)


def differences(db, source, told, cut):
    """`cut`: the log's beginning was gone in the end."""
    connection = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    try:
        for table in source.tables:
            columns = ["id", *(c.name for c in table.columns)]
            found = {row[0]: row for row in connection.execute(f"select {', '.join(columns)} from {table.name}")}
            for key in found.keys() ^ table.rows.keys():
                if key in found or f"table {table.name} is incomplete" not in told:
                    yield f"{table.name} {key} is {'too many' if key in found else 'missing'}"
            for key in found.keys() & table.rows.keys():
                for place, column in enumerate(table.columns, 1):
                    wanted = stored(table.rows[key][column.name], column.kind)
                    lacks = f"table {table.name}: of " in told
                    names = [column.name, *column.older]
                    without = any(f"rows come without {name}," in told or f".{name} added (rows that no event names since" in told for name in names)
                    # what a column that may be null was added with is told by nobody, once that is no default any more
                    is_told = lacks and cut or (lacks or without or not column.not_null and column.default is None) and (key, column) in table.untold
                    if found[key][place] != wanted and not is_told:
                        yield f"{table.name}.{column.name} of {key} is {str(found[key][place])[:20]!r}, not {str(wanted)[:20]!r}"
    finally:
        connection.close()


def steps_of(source, rng):
    """[(version, how many messages)], the last of all."""
    places = sorted(rng.sample(range(len(source.versions)), min(len(source.versions), rng.choice([0, 1, 2, 3, 6]))))
    steps, at = [], 0
    for place in places:
        at = max(at, min(len(source.lines), source.versions[place][1] + rng.choice([0, 0, rng.randint(-9, 9), rng.randint(-60, 60)])))
        steps.append((place, at))
    return [*steps, (len(source.versions) - 1, len(source.lines))]


def follow(folder, source, rng):
    """What the log says of the way there; the file is folder/year.db."""
    db, told, backups = folder / "year.db", "", []
    # of the topics of a renamed table an incremental snapshot's rows are in order by the log alone
    mixed = rng.random() < 0.5 and not any(table.older for table in source.tables)
    delivered = rng.choice(orders.INTERLEAVINGS)(orders.partitions_of(source.lines), rng) if mixed else source.lines
    steps, read = steps_of(source, rng), 0
    while steps:
        version, at = steps.pop(0)
        views = folder / f"views{len(backups)}"
        shutil.rmtree(views, ignore_errors=True)
        views.mkdir()
        less = rng if steps and rng.random() < 0.4 else None
        text = written(source.versions[version][0], less)
        (views / "source.sql").write_text(text or written(source.versions[version][0]))
        at_least = rng.randint(0, read) if not steps and rng.random() < 0.2 else 0
        if db.exists():
            backups.append((db.read_bytes(), [(version, at), *steps]))
        done = tide.run("replay", "--db", db, "--views", views, "--commit-messages", rng.choice([1, 7, 20000]),
                        tide.write_capture(folder / "part.jsonl", delivered[at_least:at]))  # fmt: skip
        read = max(read, at)
        if done.returncode != 0:
            raise AssertionError(f"exit {done.returncode}: {done.stderr[-400:]}")
        told += done.stderr
        if backups and len(backups) < 9 and at_least == 0 and rng.random() < 0.1:
            text, steps = rng.choice(backups)
            steps = list(steps)
            db.write_bytes(text)
            read = 0
    return told, at_least > 0


def one(job):
    seed, keep = job
    rng = random.Random(f"year {seed}")
    source = Source(rng)
    source.live()
    with tide.Folder() as folder:
        try:
            found = sorted(differences(folder / "year.db", source, *follow(folder, source, rng)))
        except AssertionError as error:
            found = [str(error)]
        if found and keep:
            shutil.copytree(folder, f"/tmp/year-{seed}", dirs_exist_ok=True)
        return seed, found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--years", type=int, default=YEARS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="leaves captures and files of failures in /tmp")
    args = parser.parse_args()
    tide.program()  # says at once when there is none
    begun = time.monotonic()
    failures = 0
    with multiprocessing.Pool(args.jobs) as pool:
        for seed, found in pool.imap_unordered(one, [(args.seed + number, args.keep) for number in range(args.years)]):
            if found:
                failures += 1
                print(f"--seed {seed} --years 1:", *found[:6], sep="\n  ", flush=True)
    print(f"{failures} of {args.years} failed, {time.monotonic() - begun:.0f} s")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
