#!/usr/bin/env python3
"""bench.py setup|run [PART...]: what run.sh measures. See run.sh."""

import datetime
import json
import os
import platform
import subprocess
import sys

import broker
import measures
from broker import SCHEMAS
from measures import EVENTS, RUNS

# What must be reached, and what is aimed at. name: (floor, goal, which is better)
TARGETS = {
    "row events/s, no schemas": (130000, 250000, "more"),
    "CPU an event, us": (9, 5, "less"),
    "with schemas, against librdkafka alone": (0.6, 0.85, "more"),
    "against python_peer: CPU": (0.9, 1.5, "more"),
    "against python_peer: wall": (1.2, 2.5, "more"),
    "against go_peer: CPU": (0.9, 1.5, "more"),
    "against go_peer: wall": (0.7, 1.3, "more"),
    "keyed GET against bare libmicrohttpd": (0.6, 0.8, "more"),
    "keyed GET p99 idle, ms": (3, 1, "less"),
    "keyed GET p99 while applying, ms": (15, 5, "less"),
    "broker to visible p99, ms": (50, 10, "less"),
    "restart to ready, 1M rows, s": (1, 0.3, "less"),
    "after kill -9, to the first answer, s": (3, 1, "less"),
    "peak memory, MB": (200, 120, "less"),
    "time an event, 10 times the events": (1.2, 1.05, "less"),
}
PARTS = ("parts", "throughput", "peers", "http", "latency", "restart")


def setup(parts):
    broker.load("bench", EVENTS)
    if "throughput" in parts or "parts" in parts:
        broker.load("benchs", EVENTS, "--schemas", SCHEMAS)
    if "restart" in parts:
        broker.load("rows", EVENTS, "--growing")
    if "long" in parts:
        broker.load("long", 10 * EVENTS)


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = int(file.readline().split()[1]) // (1 << 20)
    return f"{os.cpu_count()} cores {model}, {memory} GB, {platform.system()} {platform.release()}"


def commit():
    command = ["git", "-C", os.path.dirname(os.path.abspath(__file__)), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def rating(name, value):
    floor, goal, better = TARGETS[name]
    reached = (lambda bound: value >= bound) if better == "more" else (lambda bound: value <= bound)
    return "goal" if reached(goal) else "floor" if reached(floor) else "BELOW"


def figure(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"


def table(result):
    print(f"\n{result['machine']}; {result['date']}, commit {result['commit']}")
    print(f"{result['events']:,} row events, medians of {result['runs']} runs; load {result['load'][0]:.1f} "
          f"before, {result['load'][1]:.1f} after\n")
    if result["costs"]:
        print("| alone, on the same messages | CPU us an event | events/s | peak MB |\n|---|---|---|---|")
        for name, cost in result["costs"].items():
            print(f"| {name} | {cost['cpu_us']:.2f} | {cost['events_s']:,.0f} | {cost['peak_mb']:.0f} |")
        print()
    print("| measure | now | floor | goal | |\n|---|---|---|---|---|")
    for name, value in result["measures"].items():
        floor, goal, _ = TARGETS[name]
        print(f"| {name} | {figure(value)} | {floor:,} | {goal:,} | {rating(name, value)} |")
    for note in result["notes"]:
        print(f"- {note}")


def run(parts):
    result = {
        "machine": machine(),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "events": EVENTS,
        "runs": RUNS,
        "load": [os.getloadavg()[0]],
        "costs": {},
        "measures": {},
        "notes": [],
        "raw": {},
    }
    for part in parts:
        print(f"bench: {part}", flush=True)
        getattr(measures, f"measure_{part}")(result)
    result["load"].append(os.getloadavg()[0])
    result["measures"] = {name: result["measures"][name] for name in TARGETS if name in result["measures"]}
    folder = os.path.join(os.path.dirname(__file__), "results")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "latest.json"), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    table(result)
    print(f"\nalso in {os.path.normpath(os.path.join(folder, 'latest.json'))}")


def main():
    verb, *parts = sys.argv[1:]
    unknown = [part for part in parts if part not in PARTS + ("long",)]
    if verb not in ("setup", "run") or unknown:
        sys.exit(f"bench.py: unknown: {' '.join(unknown) or verb}; parts are {' '.join(PARTS)} long")
    (setup if verb == "setup" else run)(parts or PARTS)


if __name__ == "__main__":
    main()
