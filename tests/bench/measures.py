"""One function a part of the table. Each measures RUNS times and keeps medians; raw figures stay beside."""

import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import time

import broker
import peers
from broker import BROKERS, SCHEMAS, STATE, program
from process import PORT, Tidemark, cpu_s, get

EVENTS = int(os.environ["EVENTS"])
RUNS = int(os.environ["RUNS"])
WRK_S = 4
TURNS = 3
CONNECTIONS = 8
LATENCY_RATE = 1000
LATENCY_S = 15
BARE_PORT = PORT + 1


def median(values):
    return statistics.median(values)


def cost(runs):
    """Medians of runs of {events, cpu_s, wall_s, peak_mb}."""
    return {
        "cpu_us": median(r["cpu_s"] / r["events"] * 1e6 for r in runs),
        "events_s": median(r["events"] / r["wall_s"] for r in runs),
        "peak_mb": median(r["peak_mb"] for r in runs),
    }


# --- each part alone


def part_alone(*arguments):
    done = subprocess.run([program("bench-parts"), *arguments], stdout=subprocess.PIPE, text=True, check=True)
    figures = json.loads(done.stdout)
    return {**figures, "peak_mb": figures["rss_kb"] / 1024}


def consume(prefix):
    # librdkafka's own default: with fewer it may rest for a second when a partition's queue is full
    return part_alone("consume", "--brokers", BROKERS, "--prefix", prefix, "-X", "queued.min.messages=100000")


def measure_parts(result):
    events = ("--events", str(EVENTS))
    parts = {
        "librdkafka": lambda: consume("bench"),
        "decode": lambda: part_alone("decode", *events),
        "SQLite with our statements": lambda: part_alone("store", *events),
        "librdkafka, schemas": lambda: consume("benchs"),
        "decode, schemas": lambda: part_alone("decode", *events, "--schemas", SCHEMAS),
    }
    for name, measure in parts.items():
        result["raw"][name] = [measure() for _ in range(RUNS)]
        result["costs"][name] = cost(result["raw"][name])


# --- tidemark to the end of the topics


def catch_up(prefix):
    known = broker.loaded(prefix)
    with Tidemark(prefix) as tidemark:
        wall = tidemark.wait("/readyz", 0.05)
        figures = {
            "events": known["events"],
            "cpu_s": tidemark.cpu_s(),
            "wall_s": wall,
            "peak_mb": tidemark.peak_mb(),
        }
        tidemark.stop()
        tidemark.check(known["truth"])
    return figures


def measure_throughput(result):
    runs = {"tidemark": [], "tidemark, schemas": []}
    against = []
    for _ in range(RUNS):
        runs["tidemark"].append(catch_up("bench"))
        # in turn, so that both see the same machine
        alone = consume("benchs")
        schemas = catch_up("benchs")
        runs["tidemark, schemas"].append(schemas)
        against.append(alone["wall_s"] / schemas["wall_s"])
    for name, figures in runs.items():
        result["raw"][name] = figures
        result["costs"][name] = cost(figures)
    plain = result["costs"]["tidemark"]
    result["measures"]["row events/s, no schemas"] = plain["events_s"]
    result["measures"]["CPU an event, us"] = plain["cpu_us"]
    result["measures"]["with schemas, against librdkafka alone"] = median(against)
    result["measures"]["peak memory, MB"] = max(r["peak_mb"] for r in runs["tidemark"] + runs["tidemark, schemas"])


def measure_long(result):
    def event_s(prefix):
        figures = [catch_up(prefix) for _ in range(RUNS)]
        result["raw"][f"tidemark, {prefix}"] = figures
        return median(f["cpu_s"] / f["events"] for f in figures), max(f["peak_mb"] for f in figures)

    short, short_mb = event_s("bench")
    long, long_mb = event_s("long")
    result["measures"]["time an event, 10 times the events"] = long / short
    result["notes"].append(f"10 times the events: CPU an event {long / short:.2f} times, "
                           f"peak {long_mb:.0f} MB against {short_mb:.0f} MB")


# --- what else one could take


def measure_peers(result):
    found, reasons = peers.find()
    result["notes"] += reasons
    rows = broker.loaded("bench")["rows"]
    runs = {name: [] for name in found}
    own = []
    for _ in range(RUNS if found else 0):
        own.append(catch_up("bench"))
        for name, start in found.items():
            # they read three of the four tables
            runs[name].append({**start("bench"), "events": sum(rows[:3])})
    for name, figures in runs.items():
        result["raw"][name] = figures
        result["costs"][name] = cost(figures)
        mine, theirs = cost(own), cost(figures)
        result["measures"][f"against {name}: CPU"] = theirs["cpu_us"] / mine["cpu_us"]
        result["measures"][f"against {name}: wall"] = mine["events_s"] / theirs["events_s"]


# --- HTTP


def wrk(port, path, first, last):
    """(requests/s, p99 in ms) of keyed requests by 8 connections, ids from first to last."""
    script = os.path.join(STATE, "ids.lua")
    with open(script, "w", encoding="utf-8") as file:
        file.write(f"request = function() return wrk.format('GET', '{path}' .. math.random({first}, {last})) end\n")
    done = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{WRK_S}s", "--latency", "-s", script, f"http://127.0.0.1:{port}"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise SystemExit(f"bench: wrk: {done.stdout}")
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout).groups()
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])
    return rate, float(value) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def keyed(port, pid):
    """Requests/s, p99 in ms and CPU microseconds a request, of an order by its key."""
    begun = cpu_s(pid)
    path = "/v1/tables/orders?id=" if port == PORT else "/?id="
    rate, p99 = wrk(port, path, 5001, 5001 + EVENTS // 20)
    return rate, p99, (cpu_s(pid) - begun) / (rate * WRK_S) * 1e6


def in_turn(tidemark):
    """ours and theirs by turns, on the same file: [(requests/s, p99, CPU a request)] of each"""
    ours, theirs = [], []
    with subprocess.Popen([program("bench-bare"), tidemark.db, str(BARE_PORT)]) as bare:
        while get("/?id=1", BARE_PORT)[0] == 0:
            time.sleep(0.05)
        for _ in range(TURNS):
            ours.append(keyed(PORT, tidemark.process.pid))
            theirs.append(keyed(BARE_PORT, bare.pid))
        bare.terminate()
    return ours, theirs


def measure_http(result):
    ratios, cpu_ratios, p99s, busy = [], [], [], []
    raw = result["raw"]["http"] = []
    for _ in range(RUNS):
        with Tidemark("bench") as tidemark:
            tidemark.wait("/v1/tables/orders?limit=1")
            while tidemark.applied() < EVENTS // 10:
                time.sleep(0.05)
            before = tidemark.applied()
            busy_s, busy_p99 = wrk(PORT, "/v1/tables/orders?id=", 5001, 5001 + EVENTS // 400)
            status, _ = get("/readyz")
            if status != 200:
                busy.append(busy_p99)
            applied = tidemark.applied() - before
            tidemark.wait("/readyz", 0.05)
            ours, theirs = in_turn(tidemark)
        ratios += [mine[0] / bare[0] for mine, bare in zip(ours, theirs)]
        cpu_ratios += [bare[2] / mine[2] for mine, bare in zip(ours, theirs)]
        p99s += [mine[1] for mine in ours]
        raw.append({"ours": ours, "bare": theirs, "applying_s": busy_s, "applying_p99_ms": busy_p99,
                    "applied_meanwhile": applied})
    result["measures"]["keyed GET against bare libmicrohttpd"] = median(ratios)
    result["measures"]["keyed GET p99 idle, ms"] = median(p99s)
    result["notes"].append(f"keyed GET against bare libmicrohttpd by CPU a request: {median(cpu_ratios):.2f}")
    if busy:
        result["measures"]["keyed GET p99 while applying, ms"] = median(busy)
    else:
        result["notes"].append("p99 while applying: tidemark was done before wrk was; more EVENTS are needed")


# --- latency


def measure_latency(result):
    raw = result["raw"]["latency"] = []
    for number in range(RUNS):
        prefix = f"live{int(time.time())}x{number}"
        broker.create(prefix, "--config", "message.timestamp.type=LogAppendTime")
        try:
            with Tidemark(prefix) as tidemark:
                tidemark.wait("/readyz")
                done = subprocess.run(
                    [program("bench-latency"), "--brokers", BROKERS, "--prefix", prefix, "--http", str(PORT)]
                    + ["--rate", str(LATENCY_RATE), "--seconds", str(LATENCY_S)],
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                )
                raw.append(json.loads(done.stdout))
        finally:
            broker.delete(prefix)
    result["measures"]["broker to visible p99, ms"] = median(r["from_broker_ms"]["p99"] for r in raw)
    result["notes"].append(f"broker to visible, p50: {median(r['from_broker_ms']['p50'] for r in raw):.1f} ms")


# --- restarts


def measure_restart(result):
    known = broker.loaded("rows")
    clean, killed, caught_up = [], [], []
    with Tidemark("rows") as tidemark:
        tidemark.wait("/readyz", 0.05)
    for _ in range(RUNS):
        with Tidemark("rows", fresh=False) as tidemark:
            clean.append(tidemark.wait("/readyz"))
    tidemark.check(known["truth"])
    for _ in range(RUNS):
        with Tidemark("rows") as tidemark:
            while tidemark.applied() < known["messages"] * 0.9:
                time.sleep(0.02)
            tidemark.stop(signal.SIGKILL)
        with Tidemark("rows", fresh=False) as tidemark:
            killed.append(tidemark.wait("/v1/tables/orders?limit=1"))
            caught_up.append(tidemark.wait("/readyz"))
            tidemark.stop()
            tidemark.check(known["truth"])
    result["raw"]["restart"] = {"ready_s": clean, "killed_answer_s": killed, "killed_caught_up_s": caught_up}
    result["measures"]["restart to ready, 1M rows, s"] = median(clean)
    result["measures"]["after kill -9, to the first answer, s"] = median(killed)
    result["notes"].append(f"after kill -9 with a tenth of the log to read: caught up after {median(caught_up):.2f} s")
    shutil.rmtree(os.path.join(STATE, "db"), ignore_errors=True)
