#!/usr/bin/env python3
"""SIGKILL at random moments, then the whole capture again: the source's rows all the same.

kills.py [--capture NAME]... [--kills N] [--seed N] [--jobs N]

Each try delivers a capture in a random order, one SQLite commit a message or a few, kills the program after a random time, looks
at the file (integrity_check, views against the mirror), and does so again on the same file until a delivery ends by
itself. Goes on with new files until N kills hit a program that had committed something and had more to do.
"""

import argparse
import multiprocessing
import random
import signal
import sqlite3
import subprocess
import sys
import time

import orders
import tide
from tide import check_truth

KILLS = 10
TRIES_MAX = 40  # files a capture
RUNS_MAX = 60  # a file
MESSAGES_A_COMMIT = [1, 1, 5]


def applied(db):
    """Sum of the offsets committed; None while there is no whole file."""
    if not db.exists() or db.stat().st_size == 0:
        return None
    connection = check_truth.compare.open_mirror(db)
    try:
        if connection.execute("select count(*) from sqlite_schema where name = 'email_outbox'").fetchone()[0] == 0:
            return None
        return connection.execute("select coalesce(sum(next_offset), 0) from _offsets").fetchone()[0]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_READONLY_ROLLBACK":  # killed before it was a WAL file: the next start rolls back
            raise
        return None
    finally:
        connection.close()


def start(db, path, messages):
    return subprocess.Popen(
        [tide.program(), "replay", "--db", str(db), "--commit-messages", str(messages), str(path)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=tide.environment(),
    )  # fmt: skip


def run_and_kill(db, path, messages, seconds):
    """True when the program was killed, False when it had ended."""
    process = start(db, path, messages)
    try:
        _, text = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        _, text = process.communicate()
    if process.returncode == -signal.SIGKILL:
        return True
    if process.returncode != 0:
        raise AssertionError(f"exit {process.returncode}: {text.decode(errors='replace')[-600:]}")
    return False


def one_file(folder, path, truth, total, typical, rng):
    """One file from nothing to the end: (effective kills, differences, message ids)."""
    db = folder / "kills.db"
    effective = 0
    messages = rng.choice(MESSAGES_A_COMMIT)
    for _ in range(RUNS_MAX):
        killed = run_and_kill(db, path, messages, rng.uniform(0, typical))
        reached = applied(db)
        if reached is None:
            continue
        if killed:
            effective += 0 < reached < total
            found = list(check_truth.differences(db, None))
            if found:
                return effective, [f"after a kill at {reached} of {total}"] + found, None
        if not killed:
            break
    tide.replay(db, path)
    return effective, list(check_truth.differences(db, truth)), check_truth.message_ids(db)


def one(job):
    name, number, kills, seed = job
    lines, truth = orders.load(name)
    rng = random.Random(f"kills {name} {number} {seed}")
    effective, ids, failures = 0, None, []
    for tries in range(TRIES_MAX):
        with tide.Folder() as folder:
            order = rng.choice(orders.INTERLEAVINGS)(orders.partitions_of(lines), rng) if tries else lines
            path = tide.write_capture(folder / "capture.jsonl", order)
            total = sum({(l["topic"], l["partition"]): l["offset"] + 1 for l in order}.values())
            begun = time.monotonic()
            if run_and_kill(folder / "whole.db", path, 1, tide.RUN_SECONDS_MAX):
                return name, effective, ["a replay did not end"]
            typical = time.monotonic() - begun
            try:
                hit, found, its_ids = one_file(folder, path, truth, total, typical, rng)
            except AssertionError as error:
                hit, found, its_ids = 0, [str(error)], None
        effective += hit
        ids = ids or its_ids
        if found or its_ids != ids:
            failures += [f"try {tries}:"] + (found or ["message ids differ"])
        if effective >= kills or failures:
            return name, effective, failures
    return name, effective, [f"only {effective} of {kills} kills hit a program at work, in {TRIES_MAX} files"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--capture", action="append")
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    tide.program()  # says at once when there is none
    jobs = [(name, 0, args.kills, args.seed) for name in args.capture or tide.capture_names()]
    print(f"seed {args.seed}, {args.kills} kills a capture", flush=True)
    begun = time.monotonic()
    failed = False
    with multiprocessing.Pool(args.jobs) as pool:
        for name, effective, failures in pool.imap_unordered(one, jobs):
            print(f"{name}: {effective} kills", *failures[:8], sep="\n  ", flush=True)
            failed |= bool(failures)
    print(f"{'failed' if failed else 'all good'}, {time.monotonic() - begun:.0f} s")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
