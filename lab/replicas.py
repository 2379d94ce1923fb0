#!/usr/bin/env python3
"""replicas.sh [--reads N] [--seconds LIMIT] [--rate EVENTS_PER_S] [--sessions N] [--controls N]

Three tidemarks with a file each behind HAProxy (config/haproxy.cfg), fed by the embedded broker of a fourth. Each
session carries the highest Tidemark-Lsn that it was answered as after_lsn to its next read, whichever replica that
reaches: no answer may show less than the one before. Sessions that carry nothing are the control: some of their answers
have to go back, else nothing was tested, and the run fails. After a third of the reads one replica is killed, and its
disk is lost; after a half it joins again, from a copy of another. Whatever two replicas answer to one question at one
position has to be the same, byte by byte.
"""

import argparse
import collections
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

from read_your_writes import quantile

LAB = pathlib.Path(__file__).parent
STATE = pathlib.Path(os.environ["LAB_STATE"]) / "replicas"
PREFIX = "theworldshop"  # of the built-in capture, which the embedded broker plays
HOST = "shop.example"  # as clients call the balancer, which passes it on
REPLICAS = ("replica1", "replica2", "replica3")
KILLED, COPIED = REPLICAS[:2]
QUESTIONS = (
    "/v1/views/analytics/orders_by_status?",
    "/v1/tables/orders?order=id.desc&limit=5",
    "/v1/views/warehouse/low_stock?below=95&limit=20",
    "/v1/views/email/outbox?limit=50",
)
WAIT_MS = 5000
ANSWER_S_MAX = 20
READY_S_MAX = 60
BACK_MIN = 50  # answers of the replica that joined again, before the run may end
SHOWN_MAX = 5
POLL_S = 0.05


def to_number(lsn):
    high, low = lsn.split("/")
    return int(high, 16) << 32 | int(low, 16)


def say(text):
    print(f"replicas.sh: {text}", flush=True)


class Tally:
    """What the sessions were answered; of all threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.reads = 0
        self.control_reads = 0
        self.control_back = 0
        self.back = []  # the answers that showed less than was carried
        self.took = []
        self.by = collections.Counter()
        self.again = collections.Counter()  # what was not answered, and asked again
        self.rows = {}  # (question, position): (digest, replica)
        self.shared = set()  # those of them that a second replica answered too
        self.torn = []
        self.over = threading.Event()

    def answered(self, question, lsn, body, replica):
        digest = hashlib.blake2b(body, digest_size=8).digest()
        first = self.rows.setdefault((question, lsn), (digest, replica))
        if first[1] != replica:
            self.shared.add((question, lsn))
        if first[0] != digest:
            self.torn.append(f"{question} at {lsn} of {first[1]} and of {replica}: not the same rows")

    def note(self, carries, question, before, answer, seconds):
        lsn, body, replica = answer
        went_back = to_number(lsn) < before
        with self.lock:
            self.answered(question, lsn, body, replica)
            if not carries:
                self.control_reads += 1
                self.control_back += went_back
                return
            self.reads += 1
            self.by[replica] += 1
            self.took.append(seconds)
            if went_back:
                self.back.append(f"{question}: {lsn} of {replica} after {before >> 32:X}/{before & 0xFFFFFFFF:X}")


class Session(threading.Thread):
    """One client: reads one after the other, until it is over."""

    def __init__(self, tally, port, number, carries):
        super().__init__(daemon=True)
        self.tally = tally
        self.port = port
        self.number = number
        self.carries = carries
        self.newest = 0
        self.connection = None

    def read(self, path):
        """(lsn, body, replica), or None and counted why."""
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S_MAX)
            self.connection.request("GET", path, headers={"Host": HOST, "Accept": "application/x-ndjson"})
            answer = self.connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            self.connection = None
            why = type(error).__name__
        else:
            lsn = answer.headers["Tidemark-Lsn"]
            if answer.status == 200 and lsn != "null":
                return lsn, body, answer.headers["Lab-Replica"]
            why = "200 without a position" if answer.status == 200 else str(answer.status)
        with self.tally.lock:
            self.tally.again[why] += 1
        self.tally.over.wait(POLL_S)
        return None

    def run(self):
        turn = self.number
        while not self.tally.over.is_set():
            question = QUESTIONS[turn % len(QUESTIONS)]
            carried = f"&after_lsn={self.newest}&wait_ms={WAIT_MS}" if self.carries and self.newest else ""
            begun = time.monotonic()
            answer = self.read(question + carried)
            if answer is None:
                continue
            self.tally.note(self.carries, question, self.newest, answer, time.monotonic() - begun)
            self.newest = max(self.newest, to_number(answer[0]))
            turn += 1
        if self.connection is not None:
            self.connection.close()


class Lab:
    """The processes: gone when the block is left. They also end by themselves, by --for and timeout."""

    def __init__(self, options):
        self.options = options
        self.end = time.monotonic() + options.seconds
        self.life = str(int(options.seconds) + 120)
        self.processes = {}
        self.brokers = None

    def __enter__(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit("replicas.sh: stopped by a signal"))
        shutil.rmtree(STATE, ignore_errors=True)
        STATE.mkdir(parents=True)
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name, *words, **more):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TIDEMARK_")} | more
        with open(STATE / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
            )

    def wait_for(self, what, condition, seconds=None):
        """Whatever the condition gives at last; never longer than the run may take."""
        end = min(self.end, time.monotonic() + (seconds or self.options.seconds))
        while True:
            found = condition()
            if found:
                return found
            for name, process in self.processes.items():
                if process.poll() not in (None, -signal.SIGKILL):
                    sys.exit(f"replicas.sh: {name} ended with {process.returncode}; see {STATE}/{name}.log")
            if time.monotonic() > end:
                sys.exit(f"replicas.sh: {what}: not in time; see {STATE}/*.log")
            time.sleep(POLL_S)

    def start_broker(self):
        rate = str(self.options.rate)
        self.start("broker", os.environ["LAB_TIDEMARK"], "demo", "--db", str(STATE / "broker.db"), "--traffic", rate,
                   "--listen", f"unix:{STATE}/broker.socket", "--for", self.life)  # fmt: skip
        log = STATE / "broker.log"
        said = self.wait_for("the embedded broker", lambda: re.search(r"embedded broker on (\S+),", log.read_text()))
        self.brokers = said[1]

    def file(self, name):
        return STATE / f"{name}.db"

    def start_replica(self, name):
        self.start(name, os.environ["LAB_TIDEMARK"], "run", "--brokers", self.brokers, "--prefix", PREFIX, "--db",
                   str(self.file(name)), "--listen", f"127.0.0.1:{self.port(name)}", "--allow-host", HOST, "--for",
                   self.life)  # fmt: skip

    def port(self, name):
        return int(os.environ[f"LAB_{name.upper()}_PORT"])

    def get(self, name, path):
        """The document, or None while there is none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port(name), timeout=ANSWER_S_MAX)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            return json.loads(body) if answer.status == 200 else None
        except OSError:
            return None
        finally:
            connection.close()

    def wait_ready(self, name):
        self.wait_for(f"{name} to be ready", lambda: self.get(name, "/readyz"), READY_S_MAX)

    def wait_position(self, name):
        """A snapshot has none: until a transaction of the traffic is shown."""

        def position():
            answer = self.get(name, QUESTIONS[0])
            return answer and answer["position"]["lsn"]

        self.wait_for(f"{name} to have a position", position, READY_S_MAX)

    def start_balancer(self):
        configuration = str(LAB / "config" / "haproxy.cfg")
        self.start("haproxy", "timeout", self.life, "haproxy", "-db", "-f", configuration)
        self.wait_for("HAProxy", lambda: self.get("balancer", "/readyz"), READY_S_MAX)

    def kill_replica(self):
        process = self.processes[KILLED]
        process.kill()
        process.wait()
        for file in STATE.glob(f"{self.file(KILLED).name}*"):
            file.unlink()

    def back_up(self):
        """As `sqlite3 replica2.db "vacuum into ..."` does it, beside the running process; the file's name."""
        backup = STATE / "backup.db"
        source = sqlite3.connect(self.file(COPIED), timeout=10)
        source.execute("vacuum into ?", (str(backup),))
        source.close()
        return backup


def kill_and_join(lab, tally):
    """The accident; how many answers the killed one had given, when it was back."""
    reads = lab.options.reads
    lab.wait_for("a third of the reads", lambda: tally.reads >= reads // 3)
    lab.kill_replica()
    backup = lab.back_up()
    say(f"{KILLED} was killed after {tally.reads:,} reads, its file is gone; {COPIED} was copied, "
        f"{backup.stat().st_size / 1e6:.1f} MB")  # fmt: skip
    lab.wait_for("half of the reads", lambda: tally.reads >= reads // 2)
    backup.rename(lab.file(KILLED))
    with tally.lock:
        before = tally.by[KILLED]
    begun = time.monotonic()
    lab.start_replica(KILLED)
    lab.wait_ready(KILLED)
    took = time.monotonic() - begun
    applied = [lab.get(name, "/v1/status")["counters"]["applied"] for name in (KILLED, COPIED)]
    say(f"{KILLED} joined again from the copy after {tally.reads:,} reads, ready in {took:.1f} s; it has read "
        f"{applied[0]:,} row events, {COPIED} {applied[1]:,}")  # fmt: skip
    return before


def report(lab, tally, seconds, back_before):
    """Whether all is as promised."""
    options = lab.options
    by = ", ".join(f"{name} {tally.by[name]:,}" for name in REPLICAS)
    ms = [f"{1000 * quantile(tally.took, share):.1f}" for share in (0.5, 0.99, 1)]
    say(f"{tally.reads:,} reads in {seconds:.1f} s ({tally.reads / seconds:,.0f}/s) of {options.sessions} sessions "
        f"that carry Tidemark-Lsn, --rate {options.rate}: {len(tally.back)} went back")  # fmt: skip
    say(f"answered by {by}; {tally.by[KILLED] - back_before:,} by {KILLED} since it is back")
    say(f"a read took {ms[0]} ms (p50), {ms[1]} ms (p99), {ms[2]} ms at most")
    say(f"control: {tally.control_reads:,} reads of {options.controls} sessions that carry nothing: "
        f"{tally.control_back:,} went back")  # fmt: skip
    say(f"{len(tally.shared):,} times two replicas or more answered one question at one position: "
        f"{len(tally.torn)} differ")  # fmt: skip
    say(f"asked again: {dict(tally.again) or 'none'}")
    for wrong in (tally.back + tally.torn)[:SHOWN_MAX]:
        say(f"  {wrong}")
    return not tally.back and not tally.torn


def read_all(lab):
    tally = Tally()
    port = int(os.environ["LAB_BALANCER_PORT"])
    carriers = [Session(tally, port, number, True) for number in range(lab.options.sessions)]
    controls = [Session(tally, port, number, False) for number in range(lab.options.controls)]
    begun = time.monotonic()
    for session in carriers + controls:
        session.start()
    try:
        before = kill_and_join(lab, tally)
        lab.wait_for("all reads, some of them of who joined again, and a control that goes back", lambda: (
            tally.reads >= lab.options.reads and tally.by[KILLED] - before >= BACK_MIN
            and tally.control_back and tally.shared))  # fmt: skip
    finally:
        seconds = time.monotonic() - begun
        tally.over.set()
        for session in carriers + controls:
            session.join(ANSWER_S_MAX)
    return report(lab, tally, seconds, before)


def main():
    parser = argparse.ArgumentParser(
        prog="replicas.sh", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reads", type=int, default=100000, help="of the sessions that carry (default 100000)")
    parser.add_argument("--seconds", type=float, default=900, help="at most (default 900)")
    parser.add_argument("--rate", type=int, default=200, help="events a second meanwhile (default 200)")
    parser.add_argument("--sessions", type=int, default=8, help="that carry (default 8)")
    parser.add_argument("--controls", type=int, default=2, help="that do not (default 2)")
    options = parser.parse_args()
    if min(options.reads, options.seconds, options.rate, options.sessions, options.controls) < 1:
        parser.error("all want numbers of 1 and more")
    with Lab(options) as lab:
        lab.start_broker()
        for name in REPLICAS:
            lab.start_replica(name)
        for name in REPLICAS:
            lab.wait_ready(name)
            lab.wait_position(name)
        lab.start_balancer()
        good = read_all(lab)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
