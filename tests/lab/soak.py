#!/usr/bin/env python3
"""soak.py --minutes N --seed N --shop PID: accidents, readers and followers on the running lab, which soak.sh brings up.

In the first half tidemark is killed and stopped too; in the second it goes on through the others' accidents, and what it takes is
measured: memory, descriptors, threads, file. Exit 1 when an answer was wrong, or when one of these grew.
"""

import argparse
import collections
import http.client
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TOP / "tests" / "blackbox"), str(TOP / "lab")]
import follow  # noqa: E402

STATE = pathlib.Path(os.environ["LAB_STATE"])
PLACE = f"127.0.0.1:{os.environ['LAB_HTTP_PORT']}"
FILE = STATE / "tidemark" / "shop.db"
READERS, FOLLOWERS = 4, 8
SAMPLE_S = 5
PAUSE_S = (8, 25)  # between two accidents
READ_PAUSE_S = 0.05
SHOWN_MAX = 5
UP_AGAIN_SECONDS_MAX = 120
# How much more in the measured half's last quarter than in the one before it: a process that has just begun fills its caches first.
# They are the most of it, and each has its bound: SQLite's (16 MB the writer's, 2 MB each of the readers'), the rows of a commit (32 MB),
# of each followed question 4 MB of events and its rows, four times; malloc keeps half as much again for its threads.
MEMORY_MAX = 1.05
MEMORY_BYTES_MAX = 160 << 20
LATE_THREADS = 2  # of the loop, which begin when there is first enough for them: they decode ahead, and write
DESCRIPTORS_MAX = 16
FILE_BYTES_A_MESSAGE_MAX = 1000
WAL_BYTES_MAX = 300 << 20  # its bound is 256 MB
FINE = {200, 304, 503, 504}
PATHS = (
    "/v1/status",
    "/v1/lag",
    "/v1/tables/orders?limit=1000",
    "/v1/tables/orders?status=pending&order=id.desc&limit=50",
    "/v1/tables/customers?limit=20",
    "/v1/views/warehouse/stock",
    "/v1/views/analytics/orders_by_status",
    "/v1/views/email/outbox?limit=1000",
    "/v1/quarantine",
    "/v1/digest/orders",
    "/metrics",
    "/openapi.json",
    "/v1/views/whole/sums",
)


def say(text):
    print(f"soak.py: {text}", flush=True)


def lab(script, *words):
    done = subprocess.run(["sh", str(TOP / "lab" / f"{script}.sh"), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{script} {words}: {done.stdout[-1500:]} {done.stderr[-1500:]}")


class Reader(threading.Thread):
    """Asks one thing after another; what is whole shows as much reserved as ordered, at a position that never goes back."""

    def __init__(self, seed):
        super().__init__(daemon=True)
        self.rng = random.Random(seed)
        self.done = threading.Event()
        self.statuses = collections.Counter()
        self.lsn = 0
        self.wrong = []

    def judge(self, path, status, body):
        self.statuses[status] += 1
        if status not in FINE:
            self.wrong.append(f"{path}: {status} {body[:200]}")
        if status != 200 or not path.startswith("/v1/views/whole/"):
            return
        document = json.loads(body)
        position = document["position"]
        if position["consistency"] != "transactional":
            return
        lsn = follow.number_of(position["lsn"])
        row = document["rows"][0]
        if lsn < self.lsn or row["reserved"] != row["ordered"]:
            self.wrong.append(f"at {position['lsn']}, after {self.lsn:x}: {row}")
        self.lsn = lsn

    def run(self):
        connection = http.client.HTTPConnection(PLACE, timeout=40)
        while not self.done.wait(READ_PAUSE_S):
            path = self.rng.choice(PATHS)
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                self.judge(path, answer.status, answer.read())
            except (OSError, http.client.HTTPException):
                self.statuses["none"] += 1
                connection.close()
        connection.close()


class Watcher(follow.Follower):
    """Follows a view through all accidents, hanging up now and then; each event fits the rows that it has."""

    def __init__(self, number, path):
        super().__init__(number, self, [], True)
        self.address = f"http://{PLACE}"
        self.path = path
        self.ended = 0

    def run(self):
        try:
            super().run()
        except Exception as error:  # whatever it is, it is not left to a thread that nobody asks
            self.wrong.append(f"{self.path}: its follower ended: {error!r}")

    def check(self, event):
        if "event" not in event and event.get("status") == 503:
            self.ended += 1  # the question took more than its second: it begins anew
            return
        if event.get("event") not in ("rows", "reset", "changes", "position"):
            self.wrong.append(f"not expected: {event}")
            return
        self.carry_out(event)
        lsn = event["position"]["lsn"]
        if lsn is None:
            return
        if follow.number_of(lsn) < self.lsn:
            self.wrong.append(f"the position went back from {self.lsn:x} to {lsn}")
        self.lsn = follow.number_of(lsn)
        whole = event["position"]["consistency"] == "transactional" and self.path.startswith("/v1/views/whole/")
        self.checked += whole
        if whole and any(row["reserved"] != row["ordered"] for row in self.rows.values()):
            self.wrong.append(f"torn at {lsn}: {self.rows}")


def get(path):
    connection = http.client.HTTPConnection(PLACE, timeout=40)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def sample():
    """What the process takes now; None while it is not there."""
    try:
        pid = (STATE / "run" / "tidemark.pid").read_text().split()[0]
        status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
        wal = FILE.with_name(FILE.name + "-wal")
        return {
            "pid": int(pid),
            "memory": int(status["VmRSS"].split()[0]) * 1024,
            "threads": int(status["Threads"]),
            "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
            "file": FILE.stat().st_size,
            "wal": wal.stat().st_size if wal.exists() else 0,
            "messages": get("/v1/status")[1]["counters"]["messages"],
        }
    except (OSError, ValueError, KeyError, http.client.HTTPException):
        return None


class Sampler(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.done = threading.Event()
        self.samples = []

    def run(self):
        while not self.done.wait(SAMPLE_S):
            found = sample()
            if found:
                self.samples.append(found)


def restart_connector(_):
    connection = http.client.HTTPConnection(f"127.0.0.1:{os.environ['LAB_CONNECT_PORT']}", timeout=40)
    try:
        connection.request("POST", "/connectors/theworldshop/restart?includeTasks=true")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()
    lab("setup", "connect", "connector")


def again(*parts, kill, ups=()):
    def accident(rng):
        lab("teardown", *(["--kill"] if kill else []), *parts)
        time.sleep(rng.uniform(0, 8))  # how long it is gone
        lab("setup", *parts, *ups)

    return accident


OURS = {
    "tidemark: kill -9": again("tidemark", kill=True),
    "tidemark: SIGTERM": again("tidemark", kill=False),
    "the broker and tidemark: kill -9": again("kafka", "tidemark", kill=True, ups=["connector"]),
}
OTHERS = {
    "the broker: stopped": again("kafka", kill=False),
    "the broker: kill -9": again("kafka", kill=True),
    "Connect: kill -9": again("connect", kill=True, ups=["connector"]),
    "the connector: restarted": restart_connector,
    "PostgreSQL: stopped": again("postgres", kill=False, ups=["connector"]),
}


def accidents(rng, kinds, until, shop):
    count = collections.Counter()
    turn = []
    while time.monotonic() < until:
        turn = turn or rng.sample(sorted(kinds), len(kinds))  # each comes once before one comes again
        name = turn.pop()
        count[name] += 1
        kinds[name](rng)
        os.kill(shop, 0)  # the traffic goes on
        time.sleep(rng.uniform(*PAUSE_S))
    return count


def await_live():
    until = time.monotonic() + UP_AGAIN_SECONDS_MAX
    while True:
        try:
            lag = get("/v1/lag")[1]
            if lag["state"] == "live":
                return
        except (OSError, http.client.HTTPException):
            lag = None
        if time.monotonic() > until:
            raise SystemExit(f"not live {UP_AGAIN_SECONDS_MAX} s after the last accident: {lag}")
        time.sleep(0.2)


def quarter(samples, number, name):
    """Its median; 0 is the first one."""
    size = max(len(samples) // 4, 1)
    return statistics.median(s[name] for s in samples[number * size : (number + 1) * size])


def growth(samples):
    """What grew that must not, of the half in which one process went on."""
    pids = {s["pid"] for s in samples}
    if len(pids) != 1:
        yield f"the process is another: {pids}"
        return
    begun, _, late, ended = ({name: quarter(samples, number, name) for name in samples[0]} for number in range(4))
    for name in ("memory", "threads", "descriptors", "file", "wal", "messages"):
        say(f"{name}, a quarter at a time: {begun[name]:,.0f}, then {late[name]:,.0f} and {ended[name]:,.0f} in the last two, "
            f"at most {max(s[name] for s in samples):,.0f}")  # fmt: skip
    if ended["memory"] > late["memory"] * MEMORY_MAX or max(s["memory"] for s in samples) > MEMORY_BYTES_MAX:
        yield "memory"
    if ended["threads"] > begun["threads"] + LATE_THREADS:
        yield "threads"
    if ended["descriptors"] > begun["descriptors"] + DESCRIPTORS_MAX:
        yield "descriptors"
    if ended["file"] - begun["file"] > (ended["messages"] - begun["messages"]) * FILE_BYTES_A_MESSAGE_MAX:
        yield "the file"
    if max(s["wal"] for s in samples) > WAL_BYTES_MAX:
        yield "the write-ahead log"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--shop", type=int, required=True, help="the process id of the traffic")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    readers = [Reader(arguments.seed + n) for n in range(READERS)]
    paths = ("/v1/views/whole/sums/follow", "/v1/views/analytics/orders_by_status/follow", "/v1/tables/orders/follow")
    watchers = [Watcher(n, paths[n % len(paths)]) for n in range(FOLLOWERS)]
    sampler = Sampler()
    for thread in (*readers, *watchers):
        thread.start()
    begun = time.monotonic()
    half = arguments.minutes * 60 / 2
    count = accidents(rng, {**OURS, **OTHERS}, begun + half, arguments.shop)
    await_live()
    sampler.start()
    count += accidents(rng, OTHERS, begun + 2 * half, arguments.shop)
    await_live()
    for thread in (sampler, *readers, *watchers):
        thread.done.set()
    for thread in (sampler, *readers, *watchers):
        thread.join(60)
    statuses = sum((r.statuses for r in readers), collections.Counter())
    say(f"{sum(count.values())} accidents: {dict(count)}")
    say(f"{sum(statuses.values()):,} answers to readers: {dict(statuses)}")
    say(f"{len(watchers)} followers: {sum(w.events for w in watchers):,} events, {sum(w.checked for w in watchers):,} sums checked, "
        f"{sum(w.resumed for w in watchers)} times resumed, {sum(w.resets for w in watchers)} resets, "
        f"{sum(w.ended for w in watchers)} ended by a question that took too long")  # fmt: skip
    wrong = [text for one in (*readers, *watchers) for text in one.wrong] + [f"{name} grew" for name in growth(sampler.samples)]
    for text in wrong[:SHOWN_MAX]:
        say(f"wrong: {text[:500]}")
    say(f"{len(wrong)} wrong, {(time.monotonic() - begun) / 60:.1f} minutes")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
