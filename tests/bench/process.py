"""Programs under measurement: started, asked, ended in any case; what they used comes from /proc."""

import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time

from broker import BROKERS, STATE, TABLES, limit_s

PORT = int(os.environ["BENCH_HTTP_PORT"])
TICK = os.sysconf("SC_CLK_TCK")
STOP_S = 60
STEP_S = 0.01


def get(path, port=PORT, timeout=10):
    """(status, body); status 0 when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


def cpu_s(pid):
    """User and system time of a process so far."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


@contextlib.contextmanager
def running(command, **options):
    """A program that does not outlive the block, however that ends."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


class Tidemark:
    """`tidemark run` on a prefix. fresh: its file is made anew. program: another one than ours. views: of --views."""

    def __init__(self, prefix, fresh=True, limit=limit_s(int(os.environ["EVENTS"])), program=None, views=None):
        self.folder = os.path.join(STATE, "db")
        self.db = os.path.join(self.folder, "bench.db")
        self.limit_s = limit
        if fresh:
            shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder, exist_ok=True)
        self.log = os.path.join(STATE, "tidemark.log")
        self.begun = time.monotonic()
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [program or os.environ["TIDEMARK"], "run", "--brokers", BROKERS, "--prefix", prefix]
                + ["--db", self.db, "--listen", f"127.0.0.1:{PORT}"] + (["--views", views] if views else []),
                stderr=log,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is not None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def wait_until(self, reached, what, step_s=STEP_S):
        """Seconds since the start when `reached` first is true."""
        while not reached():
            if self.process.poll() is not None or time.monotonic() - self.begun > self.limit_s:
                with open(self.log, encoding="utf-8") as log:
                    raise RuntimeError(f"tidemark, {what}: not within {self.limit_s} s, or it ended: {log.read()[-2000:]}")
            time.sleep(step_s)
        return time.monotonic() - self.begun

    def wait(self, path, step_s=STEP_S):
        """Seconds since the start when the path first answers 200."""
        return self.wait_until(lambda: get(path)[0] == 200, path, step_s)

    def wait_live(self):
        """Until it reads at the ends: on empty topics, of which /readyz knows nothing."""
        self.wait_until(lambda: get("/v1/lag")[1].startswith(b'{"state":"live"'), "live")

    def wait_applied(self, messages):
        self.wait_until(lambda: self.applied() >= messages, f"{messages} messages applied", 2 * STEP_S)

    def cpu_s(self):
        return cpu_s(self.process.pid)

    def peak_mb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024

    def applied(self):
        """Messages applied so far, all partitions."""
        status, body = get("/v1/lag")
        return sum(p["applied"] or 0 for p in json.loads(body)["partitions"]) if status == 200 else 0

    def order_ids(self, count):
        """Keys of orders that are in the mirror, drawn evenly."""
        with sqlite3.connect(f"file:{self.db}?mode=ro", uri=True) as db:
            ids = [row[0] for row in db.execute("select id from orders order by id")]
        db.close()
        return random.Random(count).choices(ids, k=count)

    def check(self, truth):
        """The mirror is the source, or the figures mean nothing."""
        with sqlite3.connect(f"file:{self.db}?mode=ro", uri=True) as db:
            rows = {table: db.execute(f"select count(*) from {table}").fetchone()[0] for table in TABLES}
            by_status = db.execute("select status, count(*), sum(total) from orders group by status").fetchall()
        db.close()
        expected = {status: pair for status, pair in truth["orders_by_status"].items() if pair[0]}
        got = {status: [count, cents] for status, count, cents in by_status}
        if got != expected or any(rows[table] != truth[table] for table in TABLES):
            raise RuntimeError(f"the mirror is not the source: {rows} {got}, expected {truth}")
