#!/usr/bin/env python3
"""Every order that Kafka may deliver a capture in leads to the source's rows.

orders.py [--capture NAME]... [--orders N] [--seed N] [--jobs N] [--keep]

For each capture: N random interleavings that keep each partition's order, of several kinds; every message twice in a
row; stretches of the log sent again under new offsets, as a restarted connector does; a prefix, then the whole; without
the transaction topic; some of them beside views that are kept by triggers, which are another way through the mirror. After
each: the mirror equals the truth, views equal their aggregates and their twins, integrity_check is ok, and the email
outbox has the same message ids as ever. One order again: its capture and the seed that is printed.
"""

import argparse
import json
import multiprocessing
import random
import sys
import time

import tide
from tide import check_truth

ORDERS = 50
BESIDE_TRIGGERS = 0.25  # of the deliveries


def partitions_of(lines):
    parts = {}
    for line in lines:
        parts.setdefault((line["topic"], line["partition"]), []).append(line)
    return parts


def interleave(parts, choose):
    """Takes from the partition that `choose(names, left)` names until nothing is left."""
    places = {name: 0 for name in parts}
    left = {name: len(part) for name, part in parts.items()}
    out = []
    while left:
        name, count = choose(list(left), left)
        for _ in range(min(count, left[name])):
            out.append(parts[name][places[name]])
            places[name] += 1
        left[name] -= min(count, left[name])
        if left[name] == 0:
            del left[name]
    return out


def uniform(parts, rng):
    """Any interleaving is as likely as any other."""
    return interleave(parts, lambda names, left: (rng.choices(names, [left[n] for n in names])[0], 1))


def even(parts, rng):
    """Each partition as fast as the others: short ones end early."""
    return interleave(parts, lambda names, left: (rng.choice(names), 1))


def bursty(parts, rng):
    return interleave(parts, lambda names, left: (rng.choice(names), int(rng.expovariate(1 / 40)) + 1))


def one_by_one(parts, rng):
    return interleave(parts, lambda names, left: (rng.choice(names), left[names[0]] + 10**9))


def one_first(parts, rng):
    first = rng.choice(sorted(parts))
    return parts[first] + uniform({n: p for n, p in parts.items() if n != first}, rng)


def one_last(parts, rng):
    last = rng.choice(sorted(parts))
    return uniform({n: p for n, p in parts.items() if n != last}, rng) + parts[last]


def transactions_first(parts, rng):
    ends = [n for n in parts if tide.is_transaction_topic(n[0])]
    return [line for n in ends for line in parts[n]] + uniform({n: parts[n] for n in parts if n not in ends}, rng)


def transactions_last(parts, rng):
    ends = [n for n in parts if tide.is_transaction_topic(n[0])]
    return uniform({n: parts[n] for n in parts if n not in ends}, rng) + [line for n in ends for line in parts[n]]


def lagging(parts, rng):
    """The log's own order, each partition late by an amount of its own: what a live consumer sees."""
    at = {id(line): place for place, line in enumerate(sum(parts.values(), []))}
    due = []
    for name in sorted(parts):
        late = rng.expovariate(1 / 60)
        clock = 0.0
        for line in parts[name]:
            clock = max(clock, line["ts"] + late * rng.random() * 50)
            due.append((clock, at[id(line)], line))
    return [line for _, _, line in sorted(due, key=lambda d: d[:2])]


INTERLEAVINGS = [uniform, even, bursty, one_by_one, one_first, one_last, transactions_first, transactions_last, lagging]


def is_snapshot(line):
    """Rows of a snapshot are read anew after a restart, never sent again as they were."""
    if line["value"] is None or line["topic"].count(".") < 2:
        return False
    value = json.loads(line["value"])
    value = value.get("payload", value) if isinstance(value, dict) else {}
    return isinstance(value, dict) and (value.get("op") == "r" or value.get("__op") == "r")


def is_full_snapshot(line):
    return is_snapshot(line) and '"snapshot":"incremental"' not in line["value"].replace(" ", "").replace("\\", "")


def renumbered(lines):
    places = {}
    out = []
    for line in lines:
        name = (line["topic"], line["partition"])
        out.append({**line, "offset": places.get(name, 0)})
        places[name] = places.get(name, 0) + 1
    return out


def sent_again(lines, rng):
    """The connector is killed at b and goes on from an earlier a, up to three times. It does not go back beyond a full
    snapshot: one starts anew."""
    snapshots = [i for i, line in enumerate(lines) if is_full_snapshot(line)]
    log = []
    done = 0
    for b in sorted(rng.sample(range(1, len(lines) + 1), rng.randint(1, 3))):
        log += lines[done:b]
        done = b
        oldest = max([i + 1 for i in snapshots if i < b], default=0)
        a = rng.choice([oldest, rng.randint(min(oldest, b), b)])
        log += [line for line in lines[a:b] if not is_snapshot(line)]
    return renumbered(log + lines[done:])


def deliveries(lines, kind, rng, is_sequenced):
    """The captures to replay into one file, one after the other."""
    order = rng.choice(INTERLEAVINGS)
    if kind == "order":
        return [order(partitions_of(lines), rng)]
    if kind == "twice":
        return [[line for line in order(partitions_of(lines), rng) for _ in range(2)]]
    if kind == "again":
        return [order(partitions_of(sent_again(lines, rng)), rng)]
    if kind == "prefix":
        whole = order(partitions_of(lines), rng)
        cuts = sorted(rng.randint(0, len(whole)) for _ in range(rng.randint(1, 3)))
        return [whole[:cut] for cut in cuts] + [rng.choice([whole, lines])]
    if kind == "untold" and is_sequenced:
        told = [line for line in lines if not tide.is_transaction_topic(line["topic"])]
        return [order(partitions_of(told), rng)]
    if kind == "untold again" and is_sequenced:
        told = [line for line in lines if not tide.is_transaction_topic(line["topic"])]
        return [order(partitions_of(sent_again(told, rng)), rng)]
    return []


def kinds(orders):
    """At least `orders` interleavings, and a few of each other kind."""
    few = max(1, orders // 5)
    return ["order"] * orders + [k for k in ("twice", "again", "prefix", "untold", "untold again") for _ in range(few)]


LOADED = {}


def load(name):
    if name not in LOADED:
        LOADED[name] = (tide.read_capture(tide.CAPTURES / f"{name}.jsonl"), tide.read_truth(name))
    return LOADED[name]


def wrong_position(db, kind):
    connection = check_truth.compare.open_mirror(db)
    lsn, _, transactional = check_truth.compare.position(connection)
    connection.close()
    if kind.startswith("untold") and (transactional or lsn is not None):
        return [f"the position says transactional ({transactional}, {lsn}) without a transaction topic"]
    return []


def differs_from_twins(db):
    """Tables kept set by set, and the same kept by triggers (views/rows)."""
    connection = check_truth.compare.open_mirror(db)
    counts = {"email_outbox": "true", "warehouse_to_ship": "quantity <> 0", "analytics_customers_by_tier": "customers > 0"}
    there = "select substr(name, 6) from sqlite_schema where type = 'table' and substr(name, 1, 5) = 'rows_'"
    for (name,) in connection.execute(there).fetchall():
        have, want = ([tuple(row) for row in connection.execute(f"select * from {table} where {counts.get(name, 'orders > 0')}")]
                      for table in (name, "rows_" + name))  # fmt: skip
        if have != want:
            yield f"{name} has {[r for r in have if r not in want][:3]}, its twin {[r for r in want if r not in have][:3]}"
    connection.close()


def one(job):
    """(name, kind, seed, differences, message ids)"""
    name, kind, seed, keep = job
    lines, truth = load(name)
    rng = random.Random(f"{name} {kind} {seed}")
    captures = deliveries(lines, kind, rng, any(tide.is_transaction_topic(line["topic"]) for line in lines))
    if not captures:
        return name, kind, seed, [], None
    with tide.Folder() as folder:
        db = folder / "orders.db"
        views = ["--views", tide.TWINS] if rng.random() < BESIDE_TRIGGERS else []
        try:
            for number, part in enumerate(captures):
                path = tide.write_capture(folder / f"{number}.jsonl", part)
                flags = ["--commit-messages", str(rng.choice([1, 7, 100, 20000]))] + views
                counts = tide.replay(db, path, flags=flags)
                if counts["messages"] != len(part) or counts["quarantined"] != 0:
                    return name, kind, seed, [f"{len(part)} messages, counted as {counts}"], None
            found = list(check_truth.differences(db, truth)) + wrong_position(db, kind)
            found += differs_from_twins(db)
            if found and keep:
                for path in folder.iterdir():
                    path.rename(f"/tmp/{name}-{kind.replace(' ', '-')}-{seed}-{path.name}")
            return name, kind, seed, found, check_truth.message_ids(db)
        except AssertionError as error:
            return name, kind, seed, [str(error)], None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--capture", action="append")
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="leaves captures and files of failures in /tmp")
    args = parser.parse_args()
    tide.program()  # says at once when there is none
    jobs = [(name, kind, args.seed + number, args.keep)
            for name in args.capture or tide.capture_names()
            for number, kind in enumerate(kinds(args.orders))]  # fmt: skip
    print(f"seed {args.seed}, {len(jobs)} deliveries", flush=True)
    begun = time.monotonic()
    outboxes, failures, done = {}, 0, {}
    with multiprocessing.Pool(args.jobs) as pool:
        for name, kind, seed, found, ids in pool.imap_unordered(one, jobs, chunksize=4):
            done[name] = done.get(name, 0) + 1
            if ids is not None and outboxes.setdefault(name, (ids, kind, seed))[0] != ids:
                first, kind_first, seed_first = outboxes[name]
                found.append(f"message ids differ from those of {kind_first!r} seed {seed_first}: "
                             f"more {sorted(set(ids) - set(first))[:5]} fewer {sorted(set(first) - set(ids))[:5]}")  # fmt: skip
            if found:
                failures += 1
                print(f"{name}, {kind!r}, --seed {seed} --orders 1:", *found[:6], sep="\n  ", flush=True)
    for name, (ids, _, _) in sorted(outboxes.items()):
        print(f"{name}: {done[name]} deliveries, {len(ids)} messages in the outbox")
    print(f"{failures} of {len(jobs)} failed, {time.monotonic() - begun:.0f} s")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
