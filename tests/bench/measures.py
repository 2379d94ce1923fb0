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
import cliffs
import peers
from broker import BROKERS, SCHEMAS, STATE, limit_s, program
from process import PORT, STEP_S, Tidemark, cpu_s, get, running

EVENTS = int(os.environ["EVENTS"])
RUNS = int(os.environ["RUNS"])
# What must have been loaded for a part.
NEEDS = {
    "parts": ("bench", "benchs"),
    "throughput": ("bench", "benchs"),
    "peers": ("bench",),
    "http": ("bench",),
    "latency": (),
    "followers": (),
    "restart": ("rows",),
    "long": ("bench", "long"),
    "cliffs": cliffs.NEEDS,
}
WRK_S = 4
BUSY_WRK_S = 3
TURNS = 3
CONNECTIONS = 8
WHOLE_CONNECTIONS = 2
OTHER_WRK_S = 3
IDS = 20000
LATENCY_RATE = 1000
LATENCY_S = 20
LATENCY_NAMES = {
    ("visible", "from_broker_ms"): f"broker's timestamp to visible at {LATENCY_RATE:,} events/s",
    ("bare", "from_broker_ms"): "a bare consumer has all of the row's transaction",
    ("visible", "from_transaction_ms"): "visible from the newest timestamp of the row's transaction",
    ("bare", "from_transaction_ms"): "a bare consumer, from the newest timestamp of the row's transaction",
}
BARE_PORT = PORT + 1
FOLLOWERS = 1000
FOLLOWERS_RATES = (100, 1000)
FOLLOWERS_S = 10


def median(values):
    return statistics.median(values)


def cost(runs):
    """Medians of runs of {events, cpu_s, wall_s, peak_mb}."""
    return {
        "cpu_us": median(r["cpu_s"] / r["events"] * 1e6 for r in runs),
        "events_s": median(r["events"] / r["wall_s"] for r in runs),
        "peak_mb": median(r["peak_mb"] for r in runs),
    }


def output_of(*command):
    """What a program of ours printed as JSON."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=limit_s(EVENTS))
    return json.loads(done.stdout)


# --- each part alone


def part_alone(*arguments):
    figures = output_of(program("bench-parts"), *arguments)
    return {**figures, "peak_mb": figures["rss_kb"] / 1024}


def consume(prefix, *options):
    return part_alone("consume", "--brokers", BROKERS, "--prefix", prefix, *options)


def measure_parts(part):
    events = ("--events", str(EVENTS))
    alone = {
        "librdkafka alone": lambda: consume("bench"),
        "librdkafka alone, our settings": lambda: consume("bench", "--settings", "ours"),
        "decoding alone": lambda: part_alone("decode", *events),
        "SQLite alone, our statements and triggers": lambda: part_alone("store", *events),
        "with schemas: librdkafka alone": lambda: consume("benchs"),
        "with schemas: librdkafka alone, our settings": lambda: consume("benchs", "--settings", "ours"),
        "with schemas: decoding alone": lambda: part_alone("decode", *events, "--schemas", SCHEMAS),
    }
    part["raw"] = {name: [] for name in alone}
    for _ in range(RUNS):
        for name, measure in alone.items():
            part["raw"][name].append(measure())
    part["costs"] = {name: cost(runs) for name, runs in part["raw"].items()}


# --- tidemark to the end of the topics


def catch_up(prefix):
    known = broker.loaded(prefix)
    with Tidemark(prefix, limit=limit_s(known["events"])) as tidemark:
        wall = tidemark.wait("/readyz", 2 * STEP_S)
        figures = {
            "events": known["events"],
            "cpu_s": tidemark.cpu_s(),
            "wall_s": wall,
            "peak_mb": tidemark.peak_mb(),
        }
        tidemark.stop()
        tidemark.check(known["truth"])
    return figures


def against_librdkafka(prefix, raw):
    """One run of both, in turn, so that they see the same machine."""
    alone, ours = consume(prefix), catch_up(prefix)
    raw.setdefault(f"librdkafka, {prefix}", []).append(alone)
    raw.setdefault(f"tidemark, {prefix}", []).append(ours)
    return alone["wall_s"] / ours["wall_s"]


def measure_throughput(part):
    ratios = {"bench": [], "benchs": []}
    for _ in range(RUNS):
        for prefix, values in ratios.items():
            values.append(against_librdkafka(prefix, part["raw"]))
    plain, schemas = (part["raw"][f"tidemark, {prefix}"] for prefix in ratios)
    part["measures"] = {
        "row events/s": cost(plain)["events_s"],
        "CPU an event": cost(plain)["cpu_us"],
        "peak memory": max(r["peak_mb"] for r in plain + schemas),
        "row events/s against librdkafka alone": median(ratios["bench"]),
        "with schemas: row events/s": cost(schemas)["events_s"],
        "with schemas: CPU an event": cost(schemas)["cpu_us"],
        "with schemas: row events/s against librdkafka alone": median(ratios["benchs"]),
    }


def measure_long(part):
    raw = part["raw"] = {"bench": [], "long": []}
    for _ in range(RUNS):
        for prefix, runs in raw.items():
            runs.append(catch_up(prefix))
    short, long = cost(raw["bench"]), cost(raw["long"])
    part["measures"] = {
        "ten times the events: CPU an event": long["cpu_us"] / short["cpu_us"],
        "ten times the events: time an event": short["events_s"] / long["events_s"],
        "ten times the events: peak memory": max(r["peak_mb"] for r in raw["long"]),
    }
    part["notes"].append(f"ten times the events, {raw['long'][0]['events']:,}: {long['events_s']:,.0f}/s")


# --- what else one could take

PEERS = {
    "python_peer": "confluent-kafka, orjson and sqlite3, a thousand messages coalesced by key in a commit",
    "go_peer": "sarama, sonic and LevelDB",
}


def peers_in_turn(found, part):
    """RUNS of tidemark and of each peer by turns. A peer that fails is left out, the others are not."""
    rows = broker.loaded("bench")["rows"]
    raw = part["raw"]
    for _ in range(RUNS):
        raw.setdefault("tidemark", []).append(catch_up("bench"))
        for name in list(found):
            try:
                # they read three of the four tables
                raw.setdefault(name, []).append({**found[name]("bench"), "events": sum(rows[:3])})
            except (OSError, RuntimeError, subprocess.SubprocessError, StopIteration, KeyError) as error:
                part["notes"].append(f"{name}: not measured: {error}")
                del found[name]


def measure_peers(part):
    found, reasons = peers.find()
    part["notes"] += reasons
    if found:
        peers_in_turn(found, part)
    for name in found:
        mine, theirs = cost(part["raw"]["tidemark"]), cost(part["raw"][name])
        part["costs"][name] = theirs
        part["notes"].append(f"{name}: {PEERS[name]}; a mirror of three tables and one sum, no transactions, no repeats told")
        part["measures"][f"CPU of {name} against ours"] = theirs["cpu_us"] / mine["cpu_us"]
        part["measures"][f"row events/s against {name}"] = mine["events_s"] / theirs["events_s"]


# --- HTTP


def wrk(port, path, ids, seconds, accept=None):
    """(requests/s, p99 in ms) of requests by 8 connections: of keyed ones, for rows that are there, or of one path."""
    script = os.path.join(STATE, "ids.lua")
    url = f"http://127.0.0.1:{port}"
    if ids:
        with open(script, "w", encoding="utf-8") as file:
            file.write(f"ids = {{{','.join(map(str, ids))}}}\n")
            file.write(f"request = function() return wrk.format('GET', '{path}' .. ids[math.random(#ids)]) end\n")
        what = ["-s", script, url]
    else:
        what = ["-H", f"Accept: {accept or '*/*'}", url + path]
    done = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS if accept is None else WHOLE_CONNECTIONS}", f"-d{seconds}s", "--latency", "--timeout", "30s", *what],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=seconds + 60,
    )
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"wrk: {done.stdout}")
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout).groups()
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])
    return rate, float(value) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def keyed(port, pid, ids):
    """Requests/s, p99 in ms and CPU microseconds a request, of an order by its key."""
    begun = cpu_s(pid)
    rate, p99 = wrk(port, "/v1/tables/orders?id=" if port == PORT else "/?id=", ids, WRK_S)
    return rate, p99, (cpu_s(pid) - begun) / (rate * WRK_S) * 1e6


OTHER_READS = {  # ours, the bare server's, and what is accepted
    "a view's 100 rows": ("/v1/views/warehouse/stock?limit=100", "/view", None),
    "a whole table as NDJSON": ("/v1/tables/orders?limit=all", "/all", "application/x-ndjson"),
}


def in_turn(tidemark, ids):
    """ours and theirs by turns, on the same file: [(requests/s, p99, CPU a request)] of each, and requests/s of OTHER_READS"""
    ours, theirs = [], []
    others = {name: [] for name in OTHER_READS}
    with running([program("bench-bare"), tidemark.db, str(BARE_PORT)]) as bare:
        tidemark.wait_until(lambda: get("/?id=1", BARE_PORT)[0] == 200, "the bare server answers")
        for _ in range(TURNS):
            ours.append(keyed(PORT, tidemark.process.pid, ids))
            theirs.append(keyed(BARE_PORT, bare.pid, ids))
        for name, (path, bare_path, accept) in OTHER_READS.items():
            others[name].append((wrk(PORT, path, None, OTHER_WRK_S, accept)[0],
                                 wrk(BARE_PORT, bare_path, None, OTHER_WRK_S, accept)[0]))
        bare.terminate()
    return ours, theirs, others


def while_applying(tidemark):
    """(requests/s, p99, messages applied meanwhile), or None when it had caught up before the end."""
    tidemark.wait_applied(EVENTS // 10)
    ids = tidemark.order_ids(IDS)
    before = tidemark.applied()
    rate, p99 = wrk(PORT, "/v1/tables/orders?id=", ids, BUSY_WRK_S)
    return None if get("/readyz")[0] == 200 else (rate, p99, tidemark.applied() - before)


def measure_http(part):
    busy, ours, theirs = [], [], []
    others = {name: [] for name in OTHER_READS}
    # many events when there are, so that they last
    longest = "long" if broker.is_loaded("long") else "bench"
    for _ in range(RUNS):
        with Tidemark(longest) as tidemark:
            seen = while_applying(tidemark)
            busy += [seen] if seen else []
        with Tidemark("bench") as tidemark:
            tidemark.wait("/readyz", 2 * STEP_S)
            mine, bare, read = in_turn(tidemark, tidemark.order_ids(IDS))
        ours += mine
        theirs += bare
        for name in others:
            others[name] += read[name]
    part["raw"] = {"ours": ours, "bare": theirs, "applying": busy, "others": others}
    part["measures"] = {
        "keyed GET/s, 8 connections": median(mine[0] for mine in ours),
        "keyed GET/s against a bare libmicrohttpd server": median(m[0] / b[0] for m, b in zip(ours, theirs)),
        "CPU of the bare server against ours": median(b[2] / m[2] for m, b in zip(ours, theirs)),
        "keyed GET, p99 idle": median(mine[1] for mine in ours),
    }
    for name, pairs in others.items():
        part["measures"][f"{name}, a second"] = median(mine for mine, _ in pairs)
        part["measures"][f"{name}, against the bare server"] = median(mine / bare for mine, bare in pairs)
    part["notes"].append(f"the bare server's p99: {median(bare[1] for bare in theirs):.2f} ms")
    if busy:
        part["measures"]["keyed GET, p99 while applying at full speed"] = median(seen[1] for seen in busy)
        part["measures"]["keyed GET, p99 while applying at full speed, beside the bare server's idle"] = (
            median(seen[1] for seen in busy) / median(bare[1] for bare in theirs))
    else:
        part["notes"].append("p99 while applying: tidemark was done before wrk was; more EVENTS are needed")


# --- latency


def latency(prefix, *options):
    return output_of(program("bench-latency"), "--brokers", BROKERS, "--prefix", prefix, "--rate", str(LATENCY_RATE),
                     "--seconds", str(LATENCY_S), *options, "--", *broker.feed_command())


def tidemark_latency(prefix):
    with Tidemark(prefix) as tidemark:
        tidemark.wait_live()
        return latency(prefix, "--http", str(PORT))


def measure_latency(part):
    """tidemark, and then a bare consumer, on the same topics."""
    raw = part["raw"] = {"visible": [], "bare": []}
    for number in range(RUNS):
        prefix = f"live{int(time.time())}x{number}"
        broker.create(prefix, "--config", "message.timestamp.type=LogAppendTime")
        try:
            raw["visible"].append(tidemark_latency(prefix))
            raw["bare"].append(latency(prefix))
        finally:
            broker.delete(prefix)
    for (name, figures), text in LATENCY_NAMES.items():
        for percentile in ("p50", "p99"):
            part["measures"][f"{text}, {percentile}"] = median(run[figures][percentile] for run in raw[name])


# --- followers


def follow(rate):
    """A crowd follows one query; bench-followers has the server and commits, without a broker."""
    folder = os.path.join(STATE, "followers")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    try:
        return output_of(program("bench-followers"), os.path.join(folder, "bench.db"), str(PORT), str(rate),
                         str(FOLLOWERS_S), str(FOLLOWERS))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure_followers(part):
    raw = part["raw"] = {str(rate): [] for rate in FOLLOWERS_RATES}
    for _ in range(RUNS):
        for rate in FOLLOWERS_RATES:
            raw[str(rate)].append(follow(rate))
    for rate in FOLLOWERS_RATES:
        runs = raw[str(rate)]
        name = f"{FOLLOWERS:,} followers of one query at {rate:,} commits/s"
        for percentile in ("p50", "p99"):
            part["measures"][f"{name}: commit to the last, {percentile}"] = median(
                r["commit_to_last_ms"][percentile] for r in runs)
        part["measures"][f"{name}: evaluations a commit"] = max(r["evaluations_a_commit"] for r in runs)
        part["notes"].append(
            f"{name}: {median(r['server_cpu'] for r in runs):.2f} of a core in the server, "
            f"{median(r['server_us_an_event'] for r in runs):.2f} us an event and follower, "
            f"{median(r['events_a_commit'] for r in runs):.2f} events a commit, "
            f"{median(r['followers_cpu'] for r in runs):.2f} of a core in the followers")


# --- restarts


def after_kill(known):
    """Killed at nine tenths of the log: seconds to the first answer and to being ready."""
    with Tidemark("rows") as tidemark:
        tidemark.wait_applied(known["messages"] * 9 // 10)
        tidemark.stop(signal.SIGKILL)
    with Tidemark("rows", fresh=False) as tidemark:
        answer, ready = tidemark.wait("/v1/tables/orders?limit=1"), tidemark.wait("/readyz")
        tidemark.stop()
        tidemark.check(known["truth"])
    return answer, ready


def measure_restart(part):
    known = broker.loaded("rows")
    clean = []
    with Tidemark("rows") as tidemark:
        tidemark.wait("/readyz", 2 * STEP_S)
    for _ in range(RUNS):
        with Tidemark("rows", fresh=False) as tidemark:
            clean.append(tidemark.wait("/readyz"))
    tidemark.check(known["truth"])
    killed = [after_kill(known) for _ in range(RUNS)]
    part["raw"] = {"ready_s": clean, "killed_s": killed}
    part["measures"] = {
        "restart to ready, a million rows": median(clean),
        "after kill -9 at full speed: first answer": median(answer for answer, _ in killed),
        "after kill -9 at full speed: ready, a tenth of the log later": median(ready for _, ready in killed),
    }
    shutil.rmtree(os.path.join(STATE, "db"), ignore_errors=True)


# --- the roads beside the benchmark's own


def measure_cliffs(part):
    cliffs.measure(part)
