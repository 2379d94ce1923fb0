#!/usr/bin/env python3
"""bench.py setup|run [PART...]: what run.sh measures. See run.sh."""

import datetime
import fcntl
import os
import platform
import signal
import subprocess
import sys
import time
import traceback

import broker
import measures
import report
from measures import EVENTS, RUNS

MINUTES = int(os.environ["BENCH_MINUTES"])
# Seconds, about, of each run of a part: as many, and more for each million events. Loading comes on top, once.
EXPECTED = {"parts": (5, 50), "throughput": (5, 45), "peers": (10, 35), "http": (29, 20), "latency": (75, 0), "followers": (26, 0),
            "restart": (3, 20), "long": (3, 120), "cliffs": (170, 280)}
EXPECTED_LOAD_S = 20  # each million events


def setup(parts):
    for part in parts:
        for prefix in measures.NEEDS[part]:
            broker.load_named(prefix)


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = round(int(file.readline().split()[1]) / (1 << 20))
    return f"{os.cpu_count()} cores of {model}, {memory} GB, {platform.system()} {platform.release()}"


def commit():
    """The commit that is measured; with a + when the sources differ from it."""
    git = ["git", "-C", broker.TOP]
    done = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "views", "consumer", "http"], check=False)
    return (done.stdout.strip() or "unknown") + ("+" if changed.returncode == 1 else "")


def begin(parts):
    """A result to fill: what was measured before under the same conditions stays when single parts are run again."""
    fresh = {"machine": machine(), "events": EVENTS, "messages": 0, "runs": RUNS, "parts": {}}
    if set(parts) >= set(report.PARTS) or not os.path.exists(report.LATEST):
        return fresh
    before = report.load(report.LATEST)
    same = all(before.get(key) == fresh[key] for key in ("machine", "events", "runs"))
    return before if same else fresh


class OutOfTime(Exception):
    def __init__(self):
        super().__init__(f"the {MINUTES} minutes of BENCH_MINUTES are over")


def on_alarm(*_):
    raise OutOfTime


def measure(name, seconds):
    """One part: its figures, or why there are none. What it started has ended in any case."""
    part = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "load": [os.getloadavg()[0]],
        "costs": {},
        "measures": {},
        "notes": [],
        "raw": {},
        "failed": None,
    }
    begun = time.monotonic()
    try:
        if seconds < 1:
            raise OutOfTime
        signal.alarm(int(seconds))
        setup([name])
        getattr(measures, f"measure_{name}")(part)
    except OutOfTime as error:
        part["failed"] = str(error)
    except (Exception, SystemExit) as error:  # whatever it is, the other parts are measured
        traceback.print_exc()
        part["failed"] = f"{type(error).__name__}: {error}"[:500]
    finally:
        signal.alarm(0)
    part["seconds"] = round(time.monotonic() - begun, 1)
    part["load"].append(os.getloadavg()[0])
    return part


def say_how_long(parts):
    loads = {prefix for part in parts for prefix in measures.NEEDS[part] if not broker.is_loaded(prefix)}
    seconds = sum(RUNS * (EXPECTED[part][0] + EXPECTED[part][1] * EVENTS / 1e6) for part in parts)
    seconds += sum(EXPECTED_LOAD_S * broker.wanted(prefix)[1] / 1e6 for prefix in loads)
    print(f"bench: about {max(1, round(seconds / 60))} minutes, {MINUTES} at most", flush=True)


def run(parts):
    result = begin(parts)
    say_how_long(parts)
    signal.signal(signal.SIGALRM, on_alarm)
    ends = time.monotonic() + MINUTES * 60
    for name in parts:
        print(f"bench: {name}", flush=True)
        result["parts"][name] = measure(name, ends - time.monotonic())
        result["messages"] = (broker.loaded("bench") or {}).get("messages", 0)
        report.save(report.LATEST, result)
        print(f"bench: {name} took {result['parts'][name]['seconds']:.0f} s", flush=True)
    print("\n" + report.table(result) + f"\nalso in {report.LATEST}")
    return any(result["parts"][name]["failed"] for name in parts)


def main():
    verb, *parts = sys.argv[1:]
    unknown = [part for part in parts if part not in report.PARTS]
    if verb not in ("setup", "run") or unknown:
        sys.exit(f"bench.py: unknown: {' '.join(unknown) or verb}; parts are {' '.join(report.PARTS)}")
    os.makedirs(broker.STATE, exist_ok=True)
    with open(os.path.join(broker.STATE, "bench.lock"), "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"bench.py: another bench uses {broker.STATE}")
        if verb == "setup":
            setup(parts or report.PARTS)
        elif run(parts or report.PARTS):
            sys.exit(1)


if __name__ == "__main__":
    main()
