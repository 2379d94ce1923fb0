#!/usr/bin/env python3
"""A file that was made with fewer columns, fewer tables or other types, and then changed, is like a file made new.

evolve.py [--capture NAME]... [--orders N] [--seed N] [--jobs N] [--keep]

For each capture and seed: a source.sql with some of the tables and columns, some of them of another type, the built-in
views beside it where they can be, and a part of the capture in a random delivery order; perhaps another such source.sql
and more of the capture; then the whole of both. Every third time the program is killed at random moments on the way. After
each: the mirror equals the truth, views equal their aggregates, nothing is left to be filled, and where the views were
there from the start the outbox has what it has in a file made new.
"""

import argparse
import multiprocessing
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import orders
import tide
from tide import check_truth

ORDERS = 10
TYPES = ["int", "text", "boolean", "decimal(12, 3)", "double precision", "date", "timestamptz", "jsonb", "bytea"]
# What the built-in views do not read.
UNREAD = {"orders": ["notes", "meta"], "customers": ["created_at", "bio"], "inventory": ["updated_at", "unit_price"]}
KILLED_MAX = 12


def source():
    """{table: [(column or None, declaration)]} of the built-in source.sql."""
    text = (tide.TOP / "views" / "source.sql").read_text()
    text = re.sub(r"--.*", "", text)
    tables = {}
    for name, body in re.findall(r"create table (\w+)\((.*?)\n\);", text, flags=re.DOTALL):
        tables[name] = []
        for line in re.split(r",\n", body):
            line = line.strip()
            key = line.startswith("primary key") or "primary key" in line or name == "points" and line.split()[0].endswith("_id")
            tables[name].append((None if key else line.split()[0], line))
    return tables


def written(tables):
    return "".join(f"create table {name}(\n    " + ",\n    ".join(line for _, line in lines) + "\n);\n" for name, lines in tables.items())


def views_of(folder, tables, views):
    """A folder with this source.sql, and the built-in views that can be there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for view in views:
        shutil.copytree(tide.TOP / "views" / view, folder / view)
    (folder / "source.sql").write_text(written(tables))
    return folder


def lesser(tables, rng, views):
    """Some of it; (tables, views)."""
    views = list(views)
    changed = {}
    for name, lines in tables.items():
        if views and name == "points" and rng.random() < 0.5:
            views.remove("loyalty")
            continue
        if not views and len(changed) > 0 and rng.random() < 0.25:
            continue
        changed[name] = []
        for column, line in lines:
            free = column is not None and (not views or column in UNREAD.get(name, []))
            if free and rng.random() < 0.3:
                continue
            if free and rng.random() < 0.3:
                # nothing goes to quarantine, whose effects would not come again
                line = f"{column} {'text' if views else rng.choice(TYPES)}"
            changed[name].append((column, line))
        rng.shuffle(changed[name])
        changed[name].sort(key=lambda item: item[1].startswith("primary key"))
    return changed, views


def replay(db, views, capture, rng, kills):
    """Runs to the end; before that `kills` times only as far as a random moment."""
    begun = time.monotonic()
    command = [tide.program(), "replay", "--db", str(db), "--views", str(views), "--commit-messages", str(rng.choice([1, 7, 20000])), str(capture)]
    for left in range(kills, -1, -1):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=tide.environment())
        try:
            _, text = process.communicate(timeout=rng.uniform(0, 0.15) if left else tide.RUN_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            _, text = process.communicate()
            if not left:
                raise AssertionError("a replay did not end") from None
            continue
        if process.returncode != 0:
            raise AssertionError(f"exit {process.returncode}: {text.decode(errors='replace').strip()[-800:]}")
        if left:
            continue
        return text.decode(errors="replace"), time.monotonic() - begun
    return None


def left_to_fill(db):
    connection = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    try:
        for row in connection.execute("select * from _fill where kind <> 'gone'"):
            yield f"left to be filled: {row}"
        for row in connection.execute("select filling from _position where filling is not null"):
            yield f"says that it fills {row[0]}"
    finally:
        connection.close()
    if db.with_name(db.name + "-fill").exists():
        yield "the file beside is there still"


NEW = {}


def message_ids_of(name, folder):
    if name not in NEW:
        tide.replay(folder / "new.db", tide.CAPTURES / f"{name}.jsonl")
        NEW[name] = check_truth.message_ids(folder / "new.db")
    return NEW[name]


def one(job):
    """(name, seed, differences)"""
    name, seed, keep = job
    lines, truth = orders.load(name)
    rng = random.Random(f"evolve {name} {seed}")
    all_views = ["analytics", "email", "loyalty", "warehouse"]
    kept = rng.random() < 0.5
    kills = rng.randint(1, KILLED_MAX // 3) if seed % 3 == 2 else 0
    with tide.Folder() as folder:
        db = folder / "evolve.db"
        delivered = rng.choice(orders.INTERLEAVINGS)(orders.partitions_of(lines), rng)
        cuts = sorted(rng.choice([len(lines), rng.randint(0, len(lines))]) for _ in range(rng.randint(1, 2)))
        try:
            for number, cut in enumerate(cuts):
                capture = tide.write_capture(folder / f"{number}.jsonl", delivered[:cut])
                tables, views = lesser(source(), rng, all_views if kept else [])
                replay(db, views_of(folder / f"views{number}", tables, views), capture, rng, kills)
            capture = tide.write_capture(folder / "whole.jsonl", delivered)
            replay(db, views_of(folder / "views", source(), all_views), capture, rng, kills)
            found = list(check_truth.differences(db, truth)) + list(left_to_fill(db))
            ids = check_truth.message_ids(db)
            if kept and ids != message_ids_of(name, folder):
                found.append(f"the outbox has {sorted(set(ids) ^ set(NEW[name]))[:6]} more or less")
        except AssertionError as error:
            found = [str(error)]
        if found and keep:
            shutil.copytree(folder, f"/tmp/evolve-{name}-{seed}", dirs_exist_ok=True)
        return name, seed, found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--capture", action="append")
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="leaves captures and files of failures in /tmp")
    args = parser.parse_args()
    tide.program()  # says at once when there is none
    jobs = [(name, args.seed + number, args.keep) for name in args.capture or tide.capture_names() for number in range(args.orders)]
    print(f"seed {args.seed}, {len(jobs)} files", flush=True)
    begun = time.monotonic()
    failures = 0
    with multiprocessing.Pool(args.jobs) as pool:
        for name, seed, found in pool.imap_unordered(one, jobs):
            if found:
                failures += 1
                print(f"{name}, --seed {seed} --orders 1:", *found[:6], sep="\n  ", flush=True)
    print(f"{failures} of {len(jobs)} failed, {time.monotonic() - begun:.0f} s")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
