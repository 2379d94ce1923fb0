"""The roads beside the benchmark's own: one part of the table. Each is run in turn with the benchmark's load and, where
BENCH_BESIDE names another program, with that on the same topics; medians of RUNS."""

import contextlib
import os
import signal
import sqlite3
import statistics
import time

import broker
import peers
from broker import limit_s
from process import STEP_S, Tidemark, get

EVENTS = int(os.environ["EVENTS"])
RUNS = int(os.environ["RUNS"])
BESIDE = os.environ.get("BENCH_BESIDE", "")
FOLDER = os.path.dirname(os.path.abspath(__file__))
STARTS = 9
IDLE_S = 5
NEEDS = ("bench", "drift", "unwrapped", "mariadb", "notx", "wide", "snap", "small", "many")

# road: (prefix, views)
ROADS = {
    "the benchmark's rows": ("bench", None),
    "50 undeclared columns": ("drift", None),
    "unwrapped rows": ("unwrapped", None),
    "MariaDB's envelopes": ("mariadb", None),
    "no transactions": ("notx", None),
    "a view by a statement": ("bench", os.path.join(FOLDER, "views", "applied")),
    "a view by triggers": ("bench", os.path.join(FOLDER, "views", "triggered")),
    "NUMERIC sums": ("bench", os.path.join(FOLDER, "views", "numeric")),
    "100 columns of mixed types": ("wide", "source"),
    "snapshot rows": ("snap", None),
}
# 4cb20ab has no decimal_add
ALONE = ("NUMERIC sums",)


def median(values):
    return statistics.median(values)


def programs(road=None):
    return {"tidemark": None, **({"before": BESIDE} if BESIDE and road not in ALONE else {})}


def views_of(prefix, views):
    return broker.source_of(prefix) if views == "source" else views


def check(tidemark, prefix, views):
    """The mirror is the source; with other declarations it has as many rows as were sent."""
    known = broker.loaded(prefix)
    if views is None or not os.path.exists(os.path.join(views, "source.sql")):
        tidemark.check(known["truth"])
        return
    with contextlib.closing(sqlite3.connect(f"file:{tidemark.db}?mode=ro", uri=True)) as db:
        tables = [f"table{n:03}" for n in range(int(known["options"][1]))] if "truth" not in known else ["orders"]
        rows = sum(db.execute(f"select count(*) from {table}").fetchone()[0] for table in tables)
    wanted = known["truth"]["orders"] if "truth" in known else known["events"]
    if rows != wanted:
        raise RuntimeError(f"the mirror of {prefix} has {rows} rows, not {wanted}")


def catch_up(prefix, views, program):
    known = broker.loaded(prefix)
    views = views_of(prefix, views)
    with Tidemark(prefix, limit=limit_s(known["events"]), program=program, views=views) as tidemark:
        wall = tidemark.wait("/readyz", STEP_S)
        figures = {"events": known["events"], "bytes": known["bytes"], "cpu_s": tidemark.cpu_s(), "wall_s": wall,
                   "peak_mb": tidemark.peak_mb()}
        tidemark.stop()
        check(tidemark, prefix, views)
    return figures


def cost(runs):
    return {
        "cpu_us": median(r["cpu_s"] / r["events"] * 1e6 for r in runs),
        "events_s": median(r["events"] / r["wall_s"] for r in runs),
        "peak_mb": median(r["peak_mb"] for r in runs),
    }


def ratio(mine, other, what):
    """Median of the ratios of runs that were made one after the other."""
    return median(what(a) / what(b) for a, b in zip(mine, other))


def cpu_an_event(run):
    return run["cpu_s"] / run["events"]


def cpu_a_byte(run):
    return run["cpu_s"] / run["bytes"]


def wall(run):
    return run["wall_s"]


def measure_roads(part):
    raw = part["raw"] = {f"{who}: {road}": [] for road in ROADS for who in programs(road)}
    for _ in range(RUNS):
        for road, (prefix, views) in ROADS.items():
            for who, program in programs(road).items():
                raw[f"{who}: {road}"].append(catch_up(prefix, views, program))
    for road in ROADS:
        for who in programs(road):
            part["costs"][road if who == "tidemark" else f"{road}: before"] = cost(raw[f"{who}: {road}"])
    ours = {road: raw[f"tidemark: {road}"] for road in ROADS}
    base = ours["the benchmark's rows"]
    part["measures"] = {
        "50 undeclared columns: CPU beside none": ratio(ours["50 undeclared columns"], base, cpu_an_event),
        "unwrapped rows: CPU a row beside the benchmark's": ratio(ours["unwrapped rows"], base, cpu_an_event),
        "no transactions: CPU a row beside the benchmark's": ratio(ours["no transactions"], base, cpu_an_event),
        "MariaDB's envelopes: CPU a row beside the benchmark's": ratio(ours["MariaDB's envelopes"], base, cpu_an_event),
        "a view by triggers: CPU beside a statement": ratio(ours["a view by triggers"], ours["a view by a statement"], cpu_an_event),
        "a view by triggers: time beside a statement": ratio(ours["a view by triggers"], ours["a view by a statement"], wall),
        "100 columns of mixed types: CPU a byte beside the benchmark's": ratio(ours["100 columns of mixed types"], base, cpu_a_byte),
        "snapshot rows: peak memory": max(r["peak_mb"] for r in ours["snapshot rows"]),
    }
    text = ours["50 undeclared columns"][0]["bytes"] / base[0]["bytes"]
    part["notes"].append(f"50 undeclared columns: the text is {text:.1f} times as long")
    part["notes"].append(f"snapshot rows: {ours['snapshot rows'][0]['events']:,}")
    if BESIDE:
        before = {road: raw[f"before: {road}"] for road in ROADS if road not in ALONE}
        part["measures"]["the benchmark's rows: CPU beside before"] = ratio(base, before["the benchmark's rows"], cpu_an_event)
        part["measures"]["snapshot rows: CPU beside before"] = ratio(ours["snapshot rows"], before["snapshot rows"], cpu_an_event)
        part["measures"]["snapshot rows: time beside before"] = ratio(ours["snapshot rows"], before["snapshot rows"], wall)


# --- starts


def start(prefix, program, views=None):
    """Seconds to the first message applied and to all of them."""
    known = broker.loaded(prefix)
    with Tidemark(prefix, limit=limit_s(known["events"]), program=program, views=views) as tidemark:
        first = tidemark.wait_until(lambda: tidemark.applied() > 0, "a first message", STEP_S / 2)
        ready = tidemark.wait("/readyz", STEP_S / 2)
        idle = idle_cpu(tidemark) if prefix == "many" else None
        tidemark.stop(signal.SIGKILL)
    return {"first_s": first, "wall_s": ready, "idle": idle}


def idle_cpu(tidemark):
    """Of a core, once all is read and nothing comes."""
    time.sleep(1)
    begun = tidemark.cpu_s()
    time.sleep(IDLE_S)
    return (tidemark.cpu_s() - begun) / IDLE_S


def starts_in_turn(part, prefix, count, views=None):
    runs = {who: [] for who in programs()}
    for _ in range(count):
        for who, program in programs().items():
            runs[who].append(start(prefix, program, views))
    for who, values in runs.items():
        part["raw"][f"{who}: {prefix}"] = values
    return runs


def measure_small(part):
    runs = starts_in_turn(part, "small", STARTS)
    known = broker.loaded("small")
    mine = median(r["wall_s"] for r in runs["tidemark"])
    part["measures"]["a start with a small backlog: to all applied"] = mine
    part["notes"].append(f"a small backlog: {known['events']:,} row events, {known['messages']:,} messages in 13 partitions")
    if BESIDE:
        before = median(r["wall_s"] for r in runs["before"])
        part["measures"]["a start with a small backlog: time beside before"] = mine / before
    found, reasons = peers.find(("go_peer",))
    part["notes"] += reasons
    if "go_peer" in found:
        theirs = median(found["go_peer"]("small")["wall_s"] for _ in range(STARTS))
        part["measures"]["a start with a small backlog: time beside go_peer"] = mine / theirs


def measure_many(part):
    runs = starts_in_turn(part, "many", RUNS, broker.source_of("many"))
    for what, key in (("start to the first message", "first_s"), ("start to all applied", "wall_s"), ("idle, of a core", "idle")):
        mine = median(r[key] for r in runs["tidemark"])
        part["measures"][f"1,200 partitions: {what}"] = mine * 100 if key == "idle" else mine
        if BESIDE:
            before = median(r[key] for r in runs["before"])
            part["measures"][f"1,200 partitions: {what}, beside before"] = mine / before if before else 0


def measure(part):
    measure_roads(part)
    measure_small(part)
    measure_many(part)
    if BESIDE:
        part["notes"].append(f"before: {os.environ['BENCH_BESIDE_NAME']}, run in turn on the same topics")
    else:
        part["notes"].append("cliffs: BENCH_BESIDE names no program to measure beside")
    if get("/readyz")[0]:
        raise RuntimeError("a tidemark was left running")
