#!/usr/bin/env python3
"""Every allocation, write, read and sync of a replay, and every allocation of a serving process, fails once (and, with
--ever, from then on): no crash, no hang, no exit 0 with other content, no 200 with another body, and a clean run after
it ends at the truth. Of each kind of call --samples are taken, spread over all of them, the first dozen among them;
--samples 0 takes every one.

    TIDEMARK_PROGRAM=build/release/tidemark python3 tests/faults/faults.py --shim build/release/tests/faults/libfault.so
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "blackbox"))
import tide  # noqa: E402

FIRST = 12  # calls that are always among the samples
RUN_SECONDS_MAX = 60
CAPTURE = tide.CAPTURES / "basic.jsonl"
# Not libpg_query and libjansson's parser, which read source.sql at the start, before a file is made: without memory the
# first ends the process by itself (exit 1 or 2), and jansson 2.14 frees what it did not allocate.
MEMORY = ("tidemark", "libsqlite3")
QUESTIONS = (
    "/v1/status",
    "/v1/lag",
    "/v1/views",
    "/v1/tables/orders?limit=3",
    "/v1/tables/orders?status=pending&limit=3",
    "/v1/views/warehouse/stock",
    "/v1/views/analytics/orders_by_status",
    "/v1/views/email/outbox?limit=5",
    "/v1/quarantine",
    "/v1/digest/orders",
    "/openapi.json",
)
MOVING = {"uptime_seconds", "process", "log", "newest_heartbeat_ms", "as_of_age_ms", "last_error", "lag"}


class Fault(Exception):
    pass


def environment(shim, kind, caller, at, ever=False, count=None):
    more = {"LD_PRELOAD": str(shim), "FAULT_KIND": kind, "FAULT_FROM": caller, "FAULT_AT": str(at)}
    if ever:
        more["FAULT_EVER"] = "1"
    if count is not None:
        more["FAULT_COUNT"] = str(count)
    return tide.environment(**more)


def replay(db, env=None):
    try:
        done = subprocess.run([tide.program(), "replay", "--db", str(db), str(CAPTURE)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=RUN_SECONDS_MAX, check=False,
                              env=env or tide.environment())  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Fault(f"did not end within {RUN_SECONDS_MAX} s") from error
    if done.returncode < 0:
        raise Fault(f"ended by {signal.Signals(-done.returncode).name}: {done.stderr[-300:]}")
    return done


def counts(name, row):
    """A group that has no rows any more may stand there or not (views/README.md)."""
    return not name.startswith("analytics_") or any(row[1:])


def content(db):
    """All rows of the mirror and the views, and the position."""
    with contextlib.closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        if connection.execute("pragma integrity_check").fetchone()[0] != "ok":
            raise Fault("integrity_check is not ok")
        names = [row[0] for row in connection.execute(
            "select name from sqlite_schema where type = 'table' and name not like '\\_%' escape '\\' order by name")]
        found = {name: sorted(repr(row) for row in connection.execute(f'select * from "{name}"') if counts(name, row))
                 for name in names}  # fmt: skip
        found["_position"] = connection.execute("select lsn, transactional, offsets from _position").fetchall()
        return found


def same(db, truth, when):
    found = content(db)
    for name in sorted(truth.keys() | found.keys()):
        if truth.get(name) != found.get(name):
            raise Fault(f"{when}, {name} is {str(found.get(name))[:300]}, not {str(truth.get(name))[:300]}")


def one_replay(folder, env, truth):
    db = folder / "shop.db"
    done = replay(db, env)
    if done.returncode == 0:
        same(db, truth, "after exit 0")
    elif not done.stderr.strip().splitlines()[-1:] or "tidemark: " not in done.stderr:
        raise Fault(f"exit {done.returncode} and no reason: {done.stderr[-300:]}")
    if "malformed" in done.stderr or "backup" in done.stderr:
        raise Fault(f"a call failed, and the file is said to be damaged: {done.stderr[-300:]}")
    again = replay(db)
    if again.returncode != 0:
        raise Fault(f"a clean replay after it: exit {again.returncode}: {again.stderr[-300:]}")
    same(db, truth, "after a clean replay")


def still(thing):
    """What an answer says that does not move by itself."""
    if isinstance(thing, dict):
        return {k: still(v) for k, v in thing.items() if k not in MOVING}
    return [still(v) for v in thing] if isinstance(thing, list) else thing


def agrees(found, truth):
    """What is not known is null, and that is so."""
    if isinstance(truth, dict) and isinstance(found, dict):
        return truth.keys() == found.keys() and all(
            agrees(found[k], truth[k]) or (k == "rows" and found[k] is None) for k in truth)  # fmt: skip
    if isinstance(truth, list) and isinstance(found, list):
        return len(truth) == len(found) and all(map(agrees, found, truth))
    return found == truth


def ask(server, path):
    try:
        with urllib.request.urlopen(server.address + path, timeout=RUN_SECONDS_MAX) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError:
        return None, b""  # closed without an answer: the client knows that it has none


def ask_all(server):
    return {path: ask(server, path) for path in QUESTIONS}


def one_serve(folder, env, truth):
    db = folder / "shop.db"
    try:
        server = tide.Server("serve", "--db", db, stderr=folder / "log", env=env)
    except AssertionError as error:
        if "ended with 1" in str(error) or "ended with 2" in str(error):
            return  # told at its start
        raise Fault(str(error)) from error
    with server:
        answers = ask_all(server)
        if server.process.poll() is not None:
            raise Fault(f"ended with {server.process.returncode} while it was asked: {server.log()[-300:]}")
        code = server.stop()
        if code not in (0, 1):
            raise Fault(f"ended with {code}: {server.log()[-300:]}")
    for path, (status, body) in answers.items():
        if status is not None and status < 500 and not agrees(still(json.loads(body)), truth[path]):
            raise Fault(f"{path} answered {status} with {body[:300]}")


def spread(calls, samples):
    if samples == 0 or calls <= samples:
        return range(1, calls + 1)
    rest = max(samples - FIRST, 1)
    return sorted(set(range(1, FIRST + 1)) | {1 + (calls - 1) * i // rest for i in range(rest + 1)})


class Campaign:
    def __init__(self, shim, samples, ever, path):
        self.shim, self.samples, self.ever, self.path = shim, samples, ever, path
        self.runs = self.failures = 0

    def case(self, kind, caller, at, prepare, check, truth):
        with tide.Folder() as folder:
            prepare(folder)
            try:
                check(folder, environment(self.shim, kind, caller, at, self.ever), truth)
            except Fault as fault:
                ever = " FAULT_EVER=1" if self.ever else ""
                return f"FAULT_KIND={kind} FAULT_FROM={caller} FAULT_AT={at}{ever} ({check.__name__}): {fault}"
        return None

    def run(self, kind, caller, calls, prepare, check, truth):
        places = spread(calls, self.samples)
        with ThreadPoolExecutor(max_workers=2) as pool:
            told = list(pool.map(lambda at: self.case(kind, caller, at, prepare, check, truth), places))
        wrong = [text for text in told if text is not None]
        for text in wrong:
            print(text, flush=True)
        self.runs += len(places)
        self.failures += len(wrong)
        print(f"{check.__name__} {kind} from {caller}: {len(places)} of {calls}, {len(wrong)} wrong", flush=True)

    def count_replay(self, kind, caller):
        with tide.Folder() as folder:
            replay(folder / "shop.db", environment(self.shim, kind, caller, 0, count=folder / "count"))
            return int((folder / "count").read_text())

    def count_serve(self, kind, caller, db):
        with tide.Folder() as folder:
            env = environment(self.shim, kind, caller, 0, count=folder / "count")
            with tide.Server("serve", "--db", db, stderr=folder / "log", env=env) as server:
                ask_all(server)
                server.stop()
            return int((folder / "count").read_text())

    def replays(self):
        db = self.path / "truth.db"
        replay(db)
        truth = content(db)
        for caller in MEMORY:
            calls = self.count_replay("malloc", caller)
            self.run("malloc", caller, calls, lambda folder: None, one_replay, truth)
        for kind in ("write", "read", "sync"):
            calls = self.count_replay(kind, "libsqlite3")
            self.run(kind, "libsqlite3", calls, lambda folder: None, one_replay, truth)

    def serves(self):
        db = self.path / "served.db"
        replay(db)
        with tide.Server("serve", "--db", db, stderr=self.path / "log") as server:
            truth = {path: still(json.loads(body)) for path, (_, body) in ask_all(server).items()}
            server.stop()
        for caller in (*MEMORY, "libjansson", "libmicrohttpd"):
            calls = self.count_serve("malloc", caller, db)
            self.run("malloc", caller, calls, lambda folder: shutil.copy(db, folder / "shop.db"), one_serve, truth)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shim", required=True)
    parser.add_argument("--samples", type=int, default=40)
    parser.add_argument("--ever", action="store_true", help="all calls from the k-th on fail")
    parser.add_argument("--only", choices=("replays", "serves"))
    arguments = parser.parse_args()
    with tide.Folder() as path:
        campaign = Campaign(os.path.abspath(arguments.shim), arguments.samples, arguments.ever, path)
        if arguments.only != "serves":
            campaign.replays()
        if arguments.only != "replays":
            campaign.serves()
    print(f"{campaign.runs} runs, {campaign.failures} wrong")
    return campaign.failures > 0


if __name__ == "__main__":
    sys.exit(main())
