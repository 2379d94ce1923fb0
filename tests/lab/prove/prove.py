#!/usr/bin/env python3
"""prove.py [--runs N] [--corruptions N] [--seed S]: `tidemark prove --postgres` on the running lab (sh lab/setup.sh).

1. A database with every type that Debezium and source.sql know (views/source.sql), by snapshot and by stream: equal by
   value, and of 2 the cells below are found in it too.
2. N runs while the shop writes 200 transactions a second: no difference.
3. N times a single cell of a mirror is changed in its file, and set right again: each time that cell is named, and no other.

Exit 1 when one of these is not so.
"""

import argparse
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent.parent
sys.path.insert(0, str(TOP / "lab"))
import connect  # noqa: E402
import psql  # noqa: E402

PROGRAM = os.environ.get("LAB_TIDEMARK", str(TOP / "build/release/tidemark"))
STATE = pathlib.Path(os.environ["LAB_STATE"])
SHOP = (os.environ.get("LAB_DATABASE", "theworldshop"), STATE / "tidemark/shop.db", None)
NAME = f"types{int(time.time())}"  # topics and the connector's offsets stay when it has gone
TYPES = (NAME, STATE / f"tidemark/{NAME}.db", HERE / "views")
SHOP_RATE = 200
WAIT_S = 60
SENT_WITHIN_S = 240  # what the connector takes for a snapshot while others work
EQUAL, DIFFERENT = 0, 1


def say(text):
    print(f"prove.py: {text}", flush=True)


def prove(mirror, *options):
    """Exit status and what --json says; stderr when it says nothing."""
    database, db, views = mirror
    dsn = f"host=127.0.0.1 port={os.environ['LAB_PG_PORT']} user=postgres dbname={database}"
    command = [PROGRAM, "prove", "--db", str(db), "--json", "--log-level", "error", *options]
    command += ["--views", str(views)] if views else []
    done = subprocess.run(
        command, env=os.environ | {"TIDEMARK_POSTGRES": dsn}, capture_output=True, text=True, check=False
    )
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        return done.returncode, {"result": "none", "tables": [], "error": done.stderr.strip()}


def differences(answer):
    """(table, key, column or what is wrong with the row) of all that is not equal."""
    for table in answer["tables"]:
        for key in table["keys"]:
            columns = [column["column"] for column in key["columns"]] or [key["what"]]
            for column in columns:
                yield table["table"], tuple(key["key"].values()), column
        if table["result"] != "equal" and not table["keys"]:
            yield table["table"], (), table["notes"]


def told(answer):
    return json.dumps(list(differences(answer))[:5] or answer.get("error"), ensure_ascii=False)


# --- every type


class Types:
    """The database, its connector and a tidemark of its own; gone at the end."""

    def __init__(self):
        self.connect = connect.Connect()
        self.process = None
        self.log = None

    def config(self):
        config = json.loads((STATE / "connector.json").read_text(encoding="utf-8"))
        for name in ("table.include.list", "signal.data.collection"):
            config.pop(name, None)
        own = {"database.dbname": NAME, "topic.prefix": NAME, "slot.name": NAME, "publication.name": NAME}
        single = rf"{NAME}\.transaction,{NAME}\.message,__debezium-heartbeat\.{NAME}"
        return config | own | {
            "publish.via.partition.root": "true",
            "include.unknown.datatypes": "true",
            "publication.autocreate.mode": "all_tables",
            "topic.creation.single.include": single,
        }  # fmt: skip

    def __enter__(self):
        psql.execute("postgres", f"create database {NAME}")
        for file in ("views/source.sql", "rows.sql"):
            psql.execute(NAME, (HERE / file).read_text(encoding="utf-8"))
        self.connect.register(NAME, self.config())
        self.log = open(STATE / "logs/types.log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [PROGRAM, "run", "--brokers", f"127.0.0.1:{os.environ['LAB_KAFKA_PORT']}", "--prefix", NAME, "--db", str(TYPES[1]),
             "--views", str(TYPES[2]), "--listen", f"unix:{STATE}/types.socket"],
            stdout=self.log, stderr=self.log)  # fmt: skip
        return self

    def __exit__(self, kind, value, trace):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.log.close()
        try:
            self.connect.call("DELETE", f"/connectors/{NAME}")
        except OSError as error:
            say(f"the connector could not be deleted: {error}")
        slot = f"from pg_replication_slots where slot_name = '{NAME}'"
        deadline = time.monotonic() + WAIT_S
        while psql.execute("postgres", f"select 1 {slot}"):
            psql.execute("postgres", f"select pg_drop_replication_slot(slot_name) {slot} and not active")
            if time.monotonic() > deadline:
                raise SystemExit("the slot of the types' connector is still in use")
        psql.execute("postgres", f"drop database {NAME} with (force)")


def await_equal(mirror, what):
    """Until the connector has sent all, and the mirror shows it."""
    deadline = time.monotonic() + SENT_WITHIN_S
    while True:
        status, answer = prove(mirror, "--wait", "2")
        if status == EQUAL:
            rows = sum(table["rows"] for table in answer["tables"])
            say(f"{what}: {len(answer['tables'])} tables, {rows} rows, equal")
            return []
        if time.monotonic() > deadline:
            return [f"{what}: {answer['result']}: {told(answer)}"]


# --- under traffic


def written():
    """Grows with each transaction of any session's."""
    return int(psql.execute("postgres", f"select xact_commit from pg_stat_database where datname = '{SHOP[0]}'")[0])


def await_traffic():
    deadline = time.monotonic() + WAIT_S
    before = written()
    while written() < before + SHOP_RATE:
        if time.monotonic() > deadline:
            raise SystemExit("the shop does not write")


def runs_under_traffic(count, seed):
    broken, moved = [], 0
    shop = subprocess.Popen(
        ["sh", str(TOP / "lab/shop.sh"), "--rate", str(SHOP_RATE), "--duration", "3600", "--seed", str(seed)]
    )
    try:
        await_traffic()
        for run in range(count):
            status, answer = prove(SHOP, "--wait", str(SENT_WITHIN_S))
            moved += sum(table["moved"] for table in answer["tables"])
            if status != EQUAL:
                broken.append(f"run {run} under traffic: {answer['result']}: {told(answer)}")
    finally:
        shop.send_signal(signal.SIGTERM)
        shop.wait()
    say(f"{count} runs at {SHOP_RATE} transactions a second: {len(broken)} with differences, {moved} rows moved meanwhile")
    return broken


# --- planted


def other(value, random_):
    """Another value of the same kind."""
    if value is None:
        return random_.choice([1, "x"])
    if isinstance(value, int):
        return value - 1 if value > 0 else value + 1
    if isinstance(value, float):
        return 0.5 if value != 0.5 else 1.5
    if isinstance(value, bytes):
        return value + b"x"
    return random_.choice([value + "x", None])


class Planter:
    def __init__(self, mirror):
        self.mirror = mirror
        self.db = sqlite3.connect(str(mirror[1]), isolation_level=None, timeout=WAIT_S)

    def tables(self):
        names = [row[0] for row in self.db.execute(
            "select t.name from sqlite_schema t where t.type = 'table' and exists(select 1 from pragma_table_info(t.name) c"
            " where c.name = '_snapshot') order by t.name")]  # fmt: skip
        return [name for name in names if self.db.execute(f'select 1 from "{name}" limit 1').fetchone()]

    def plant(self, random_):
        """Changes a cell: its table, its key as the mirror has it, the column, and what sets it right again."""
        table = random_.choice(self.tables())
        columns = [row for row in self.db.execute(f'select name, pk from pragma_table_info("{table}")') if row[0][0] != "_"]
        keys = [name for name, pk in sorted(columns, key=lambda column: column[1]) if pk]
        column = random_.choice([name for name, pk in columns if not pk])
        names = ", ".join(f'"{name}"' for name in keys)
        rows = self.db.execute(f'select {names}, "{column}" from "{table}" order by {names}').fetchall()
        *key, was = random_.choice(rows)
        where = " and ".join(f'"{name}" = ?' for name in keys)
        sql = f'update "{table}" set "{column}" = ? where {where}'
        now = other(was, random_)
        if self.db.execute(sql, [now, *key]).rowcount != 1:
            raise SystemExit(f"{table} {key}: the cell could not be changed")
        return table, key, column, now, lambda: self.db.execute(sql, [was, *key])


def corruptions(count, seed, mirrors):
    broken = []
    random_ = random.Random(seed)
    for number in range(count):
        planter = Planter(mirrors[number % len(mirrors)])
        table, key, column, now, heal = planter.plant(random_)
        status, answer = prove(planter.mirror, "--wait", str(SENT_WITHIN_S))
        found = list(differences(answer))
        heal()
        planter.db.close()
        if status != DIFFERENT or [(t, c) for t, _, c in found] != [(table, column)]:
            broken.append(f"{table} {key} {column} = {now!r}: {answer['result']}: {told(answer)}")
    say(f"{count} cells changed in the file: {count - len(broken)} named, each alone")
    return broken


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--corruptions", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    say(f"seed {options.seed}")
    broken = runs_under_traffic(options.runs, options.seed)
    with Types():
        broken += await_equal(TYPES, "every type, by snapshot")
        psql.execute(NAME, (HERE / "changes.sql").read_text(encoding="utf-8"))
        broken += await_equal(TYPES, "every type, by stream")
        if not broken:
            broken += await_equal(SHOP, "the shop at rest")
            broken += corruptions(options.corruptions, options.seed, [SHOP, TYPES])
    for line in broken:
        say(line)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
