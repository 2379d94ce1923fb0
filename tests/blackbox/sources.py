#!/usr/bin/env python3
"""Captures of any source: each NAME.jsonl of fixtures/sources with its NAME.source.sql and truth.

sources.py [--orders N] [--seed N] [CAPTURE...]

Each is replayed as it was read, then in N random interleavings that keep each partition's order. After each the mirror
equals the source's rows, whatever types they have, and nothing is in quarantine.
"""

import argparse
import json
import pathlib
import random
import shutil
import sqlite3
import sys
import tempfile
import time

import orders
import tide

sys.path.insert(0, str(tide.TOP / "tests"))
import check_any  # noqa: E402

SOURCES = tide.TOP / "fixtures" / "sources"
SHOWN = 10


def names():
    return sorted(path.name.removesuffix(".source.sql") for path in SOURCES.glob("*.source.sql"))


def differences(name, lines, directory):
    views = pathlib.Path(directory)
    shutil.copy(SOURCES / f"{name}.source.sql", views / "source.sql")
    db = views / "sources.db"
    prefix = next(line["topic"] for line in lines if line["topic"].count(".") == 2).split(".")[0]
    counts = tide.replay(db, tide.write_capture(views / "capture.jsonl", lines),
                         flags=("--views", views, "--prefix", prefix, "--log-level", "error"))  # fmt: skip
    truth = json.loads((SOURCES / f"{name}.truth.json").read_text(encoding="utf8"), parse_float=str)
    yield from check_any.differences(str(db), truth)
    if counts["quarantined"]:
        connection = sqlite3.connect(db)
        yield from (reason for (reason,) in connection.execute("select reason from _quarantine limit 3"))
        connection.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=8)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("captures", nargs="*", default=names())
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    failed = False
    for name in arguments.captures:
        read = [json.loads(line) for line in (SOURCES / f"{name}.jsonl").open(encoding="utf8")]
        rng = random.Random(f"{arguments.seed} {name}")
        deliveries = [read]
        deliveries += [orders.uniform(orders.partitions_of(read), rng) for _ in range(arguments.orders)]
        for number, lines in enumerate(deliveries):
            with tempfile.TemporaryDirectory() as directory:
                found = list(differences(name, lines, directory))
            if found:
                print(f"{name}, order {number}:", *found[:SHOWN], sep="\n  ")
                failed = True
        print(f"{name}: {len(deliveries)} orders")
    return failed


if __name__ == "__main__":
    sys.exit(main())
