#!/usr/bin/env python3
"""shop_test.py BENCH_LOAD TIDEMARK SCHEMAS: the bench's traffic is what a connector sends: applied from a capture, with
and without schemas, every row event counts, none is a repeat, and the mirror is what the shop says it holds."""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile

EVENTS = 5000
SEED = 7
TABLES = ("orders", "inventory", "customers", "points")


def run(*command):
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def mirror(path):
    db = sqlite3.connect(path)
    rows = {table: db.execute(f"select count(*) from {table}").fetchone()[0] for table in TABLES}
    by_status = db.execute("select status, count(*), sum(total) from orders group by status").fetchall()
    db.close()
    return {**rows, "orders_by_status": {status: [count, cents] for status, count, cents in by_status}}


def main():
    load, tidemark, schemas = sys.argv[1:]
    print(f"seed {SEED}")
    for options in ([], ["--schemas", schemas], ["--growing"], ["--undeclared", "50"], ["--no-transactions"],
                    ["--form", "unwrapped"], ["--form", "mariadb"], ["--customers", str(EVENTS)]):
        with tempfile.TemporaryDirectory() as folder:
            capture, db = os.path.join(folder, "shop.jsonl"), os.path.join(folder, "shop.db")
            made = run(load, "--events", str(EVENTS), "--seed", str(SEED), "--small", "--capture", capture, *options)
            done = run(tidemark, "replay", "--json", "--db", db, capture)
            got = mirror(db)
        truth = made["truth"]
        truth["orders_by_status"] = {k: v for k, v in truth["orders_by_status"].items() if v[0]}
        counts = (done["messages"], done["applied"], done["duplicates"], done["quarantined"])
        if counts != (made["messages"], made["events"], 0, 0) or got != truth:
            sys.exit(f"{options}: {done} {got}, expected {made}")
        print(f"{options or 'plain'}: {made['messages']} messages, {made['events']} row events")


if __name__ == "__main__":
    main()
