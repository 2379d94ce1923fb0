#!/usr/bin/env python3
"""report.py table [FILE]: what was measured, as the table that run.sh prints. readme [--check]: the figures of tests/bench/README.md
from results/kept.json, written, or compared only. keep: results/latest.json becomes kept.json, and README.md is written."""

import json
import os
import shutil
import sys
import textwrap

FOLDER = os.path.dirname(os.path.abspath(__file__))
LATEST = os.path.join(FOLDER, "results", "latest.json")
KEPT = os.path.join(FOLDER, "results", "kept.json")
README = os.path.join(FOLDER, "README.md")
BEGIN, END = "<!-- bench:begin -->\n", "<!-- bench:end -->"

PARTS = ("parts", "throughput", "peers", "http", "latency", "followers", "restart", "long", "cliffs")

# The rows of the table in their order: name, unit, what must be reached and what is aimed at (None: a figure to compare
# with), which is better.
ROWS = (
    ("row events/s", "/s", 130000, 250000, "more"),
    ("CPU an event", "us", 9, 5, "less"),
    ("peak memory", "MB", 110, 64, "less"),
    ("row events/s against librdkafka alone", "", None, None, "more"),
    ("with schemas: row events/s", "/s", None, None, "more"),
    ("with schemas: CPU an event", "us", None, None, "less"),
    ("with schemas: row events/s against librdkafka alone", "", 0.75, 0.9, "more"),
    ("CPU of python_peer against ours", "", 2.3, 3, "more"),
    ("row events/s against python_peer", "", 1.2, 2.5, "more"),
    ("CPU of go_peer against ours", "", 2.6, 3.4, "more"),
    ("row events/s against go_peer", "", 0.7, 1.3, "more"),
    ("keyed GET/s, 8 connections", "/s", None, None, "more"),
    ("keyed GET/s against a bare libmicrohttpd server", "", 1, 1.1, "more"),
    ("CPU of the bare server against ours", "", None, None, "more"),
    ("keyed GET, p99 idle", "ms", 3, 1, "less"),
    ("keyed GET, p99 while applying at full speed", "ms", None, None, "less"),
    ("keyed GET, p99 while applying at full speed, beside the bare server's idle", "times", 2.5, 1.5, "less"),
    ("a view's 100 rows, a second", "/s", None, None, "more"),
    ("a view's 100 rows, against the bare server", "", 0.9, 1, "more"),
    ("a whole table as NDJSON, a second", "/s", None, None, "more"),
    ("a whole table as NDJSON, against the bare server", "", 0.8, 0.9, "more"),
    ("broker's timestamp to visible at 1,000 events/s, p50", "ms", None, None, "less"),
    ("broker's timestamp to visible at 1,000 events/s, p99", "ms", 5, 3, "less"),
    ("a bare consumer has all of the row's transaction, p50", "ms", None, None, "less"),
    ("a bare consumer has all of the row's transaction, p99", "ms", None, None, "less"),
    ("visible from the newest timestamp of the row's transaction, p50", "ms", None, None, "less"),
    ("visible from the newest timestamp of the row's transaction, p99", "ms", None, None, "less"),
    ("a bare consumer, from the newest timestamp of the row's transaction, p50", "ms", None, None, "less"),
    ("a bare consumer, from the newest timestamp of the row's transaction, p99", "ms", None, None, "less"),
    ("1,000 followers of one query at 100 commits/s: commit to the last, p50", "ms", None, None, "less"),
    ("1,000 followers of one query at 100 commits/s: commit to the last, p99", "ms", None, None, "less"),
    ("1,000 followers of one query at 100 commits/s: evaluations a commit", "", 1, 1, "less"),
    ("1,000 followers of one query at 1,000 commits/s: commit to the last, p50", "ms", None, None, "less"),
    ("1,000 followers of one query at 1,000 commits/s: commit to the last, p99", "ms", 50, 15, "less"),
    ("1,000 followers of one query at 1,000 commits/s: evaluations a commit", "", 1, 1, "less"),
    ("restart to ready, a million rows", "s", 1, 0.3, "less"),
    ("after kill -9 at full speed: first answer", "s", 3, 1, "less"),
    ("after kill -9 at full speed: ready, a tenth of the log later", "s", 3, 1, "less"),
    ("ten times the events: CPU an event", "times", 1.15, 1.05, "less"),
    ("ten times the events: time an event", "times", 1.05, 1, "less"),
    ("ten times the events: peak memory", "MB", 110, 64, "less"),
    ("the benchmark's rows: CPU beside before", "times", 0.8, 0.62, "less"),
    ("50 undeclared columns: CPU beside none", "times", 1.6, 1.3, "less"),
    ("unwrapped rows: CPU a row beside the benchmark's", "times", 1, 0.9, "less"),
    ("no transactions: CPU a row beside the benchmark's", "times", 1, 0.9, "less"),
    ("MariaDB's envelopes: CPU a row beside the benchmark's", "times", 1, 0.9, "less"),
    ("a view by triggers: CPU beside a statement", "times", None, None, "less"),
    ("a view by triggers: time beside a statement", "times", 1.3, 1.1, "less"),
    ("100 columns of mixed types: CPU a byte beside the benchmark's", "times", 1, 0.7, "less"),
    ("snapshot rows: CPU beside before", "times", None, None, "less"),
    ("snapshot rows: time beside before", "times", 0.7, 0.5, "less"),
    ("snapshot rows: peak memory", "MB", 110, 64, "less"),
    ("a start with a small backlog: to all applied", "s", None, None, "less"),
    ("a start with a small backlog: time beside before", "times", 0.5, 0.4, "less"),
    ("a start with a small backlog: time beside go_peer", "times", 1, 0.8, "less"),
    ("1,200 partitions: start to the first message", "s", None, None, "less"),
    ("1,200 partitions: start to the first message, beside before", "times", 0.5, 0.25, "less"),
    ("1,200 partitions: start to all applied", "s", None, None, "less"),
    ("1,200 partitions: start to all applied, beside before", "times", None, None, "less"),
    ("1,200 partitions: idle, of a core", "%", None, None, "less"),
    ("1,200 partitions: idle, of a core, beside before", "times", 0.25, 0.06, "less"),
)


def figure(value, unit):
    if value is None:
        return ""
    text = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}".rstrip("0").rstrip(".")
    return text + {"": "", "/s": "/s"}.get(unit, f" {unit}")


def reached(value, bound, better):
    return value >= bound if better == "more" else value <= bound


def rating(value, floor, goal, better):
    if floor is None:
        return ""
    return "goal" if reached(value, goal, better) else "floor" if reached(value, floor, better) else "**below**"


def merged(result, kind):
    """costs, measures or notes of all parts that were measured."""
    if kind == "notes":
        return [note for name in PARTS for note in result["parts"].get(name, {}).get("notes", [])]
    return {key: value for name in PARTS for key, value in result["parts"].get(name, {}).get(kind, {}).items()}


def lines(result):
    yield "| | measured | floor | goal | |"
    yield "|---|---|---|---|---|"
    for name, cost in merged(result, "costs").items():
        text = f"{figure(cost['cpu_us'], 'us')}, {figure(cost['events_s'], '/s')}, {figure(cost['peak_mb'], 'MB')}"
        yield f"| {name} | {text} | | | |"
    measures = merged(result, "measures")
    for name, unit, floor, goal, better in ROWS:
        if name in measures:
            value = measures[name]
            yield (f"| {name} | {figure(value, unit)} | {figure(floor, unit)} | {figure(goal, unit)} "
                   f"| {rating(value, floor, goal, better)} |")


def about(result):
    measured = result["parts"].values()
    commits = sorted({part["commit"] for part in measured})
    days = sorted({part["date"][:10] for part in measured})
    loads = [load for part in measured for load in part["load"]]
    return (f"{' and '.join(days)}, commit {', '.join(commits)}, on {result['machine']}: {result['events']:,} row events in "
            f"{result['messages']:,} messages, medians of {result['runs']} runs; the machine's load average {min(loads):.1f} to "
            f"{max(loads):.1f}.")


def table(result):
    failed = [f"- FAILED {name}: {part['failed']}" for name, part in result["parts"].items() if part["failed"]]
    missing = [name for name in PARTS if name not in result["parts"]]
    text = [about(result), "", *lines(result), "", *[f"- {note}" for note in merged(result, "notes")], *failed]
    if missing:
        text.append(f"- not measured: {', '.join(missing)}")
    return "\n".join(text) + "\n"


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, json.JSONDecodeError) as error:
        sys.exit(f"report.py: {path}: {error}; measure first: sh tests/bench/run.sh")


def save(path, result):
    """Whole or not at all."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    os.replace(path + ".new", path)


def readme_text(result):
    head = textwrap.fill(
        "Each part alone first (CPU an event, row events/s, peak memory), then tidemark with all four views, the transaction "
        "topic read and default settings. Floor and goal are what the project asks of itself. Measured " + about(result), 125)
    notes = "".join(f"- {note}\n" for note in merged(result, "notes"))
    return head + "\n\n" + "\n".join(lines(result)) + "\n\n" + notes


def readme(check):
    if not os.path.exists(KEPT):
        print("no figures are kept yet")
        return
    with open(README, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    wanted = before + BEGIN + readme_text(load(KEPT)) + END + after
    if check and wanted != text:
        sys.exit("tests/bench/README.md's figures are not what tests/bench/results/kept.json says: sh tests/bench/run.sh readme")
    if not check:
        with open(README, "w", encoding="utf-8") as file:
            file.write(wanted)
    print("tests/bench/README.md's figures are what results/kept.json says")


def keep():
    result = load(LATEST)
    absent = [name for name in PARTS if name not in result["parts"] or result["parts"][name]["failed"]]
    if absent:
        sys.exit(f"report.py: not kept: {', '.join(absent)} failed or were not measured: sh tests/bench/run.sh run {absent[0]}")
    shutil.copyfile(LATEST, KEPT)
    readme(check=False)


def main():
    verb, *rest = sys.argv[1:] or ["table"]
    if verb == "table":
        print(table(load(rest[0] if rest else LATEST)), end="")
    elif verb == "readme" and rest in ([], ["--check"]):
        readme(check=bool(rest))
    elif verb == "keep" and not rest:
        keep()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
