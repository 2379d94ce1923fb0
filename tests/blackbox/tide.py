"""What the black-box tests share: the program, captures, folders that go away."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
CAPTURES = TOP / "fixtures" / "captures"
TWINS = TOP / "tests" / "blackbox" / "views"  # the built-in views' tables kept by triggers
PREFIX = "theworldshop"
RUN_SECONDS_MAX = 60

sys.path.insert(0, str(TOP / "tests"))
import check_truth  # noqa: E402


def program():
    path = os.environ.get("TIDEMARK_PROGRAM", str(TOP / "build" / "release" / "tidemark"))
    if not os.access(path, os.X_OK):
        sys.exit(f"{path}: no such program; build it, or set TIDEMARK_PROGRAM")
    return path


def environment(**more):
    """Without the flags' twins that the caller's shell may have set."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TIDEMARK_")}
    return {**kept, **more}


def run(*arguments, env=None, cwd=None):
    return subprocess.run(
        [program(), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=RUN_SECONDS_MAX,
        env=environment(**(env or {})),
        cwd=cwd,
        check=False,
    )


def replay(db, *captures, flags=()):
    """The counts that `replay --json` prints; raises when it fails."""
    done = run("replay", "--json", "--db", db, *flags, *captures)
    if done.returncode != 0:
        raise AssertionError(f"replay: exit {done.returncode}: {done.stderr.strip()[-800:]}")
    return json.loads(done.stdout)


class Folder:
    """A folder of its own, gone at the end; kept when the block fails, so that the failure can be looked at."""

    def __enter__(self):
        # The files are small and many, and their fsyncs are not what is tested: memory when there is some.
        shm = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="tidemark-test-", dir=shm))
        return self.path

    def __exit__(self, kind, value, trace):
        shutil.rmtree(self.path, ignore_errors=True)


class Case(unittest.TestCase):
    """A test with a folder of its own, `path`."""

    def setUp(self):
        folder = Folder()
        self.path = folder.__enter__()
        self.addCleanup(folder.__exit__, None, None, None)


def capture_names():
    return sorted(p.name[: -len(".truth.json")] for p in CAPTURES.glob("*.truth.json"))


def is_transaction_topic(topic):
    return topic.endswith(".transaction")


def read_capture(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_truth(name):
    with open(CAPTURES / f"{name}.truth.json", encoding="utf-8") as file:
        return json.load(file)


def write_capture(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return path


def line(table, offset, key, value, partition=0):
    """A line of a capture; objects become their JSON, strings and None stay as they are."""

    def text(thing):
        return thing if thing is None or isinstance(thing, str) else json.dumps(thing)

    topic = table if "." in table else f"{PREFIX}.public.{table}"
    return {"topic": topic, "partition": partition, "offset": offset, "ts": 1700000000000 + offset,
            "key": text(key), "value": text(value)}  # fmt: skip


ORDERS = "create table orders(id bigint primary key, customer_id bigint, total numeric(12,2));\n"


def order(offset, key, customer):
    """The insert of a row of ORDERS, as its transaction's only one."""
    after = {"id": key, "customer_id": customer, "total": "1.00"}
    source = {"lsn": 1000 + offset, "ts_ms": 1700000000000 + offset, "snapshot": "false", "schema": "public",
              "table": "orders", "db": "shop", "name": PREFIX}  # fmt: skip
    return line("orders", offset, {"id": key},
                {"before": None, "after": after, "source": source, "op": "c", "ts_ms": 1700000000000 + offset})  # fmt: skip


def wait_for(what, condition, seconds=60):
    """Polls until the condition gives something; never longer than the limit."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


class Server:
    """A tidemark that serves HTTP, on a port that it chose."""

    def __init__(self, *arguments, env=None, stderr=None, user=None, listen="127.0.0.1:0"):
        self.stderr_path = pathlib.Path(stderr)
        self.stderr = open(stderr, "wb")
        self.process = subprocess.Popen(
            [program(), *map(str, arguments), "--listen", listen],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.stderr,
            env=environment(**(env or {})),
            user=user,
        )
        self.address = wait_for("the address in the log", self._address)

    def _address(self):
        if self.process.poll() is not None:
            raise AssertionError(f"ended with {self.process.returncode}: {self.log()[-800:]}")
        for text in self.log().splitlines():
            at = text.find("serving http://")
            if at >= 0:
                return text[at + len("serving ") :].split()[0].rstrip('"}')
        return None

    def log(self):
        return self.stderr_path.read_text(errors="replace")

    def brokers(self):
        """Where a demo's embedded broker is."""
        return wait_for("the broker", lambda: re.search(r"embedded broker on (\S+),", self.log()))[1]

    def get(self, path):
        """(status, document); a refused connection is an error."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                body = error.read()
            return error.code, json.loads(body) if body else None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def stop(self):
        """Ends it as Ctrl-C would; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Ends it in order, so that a sanitizer looks for what leaked; halted is an end in order, too."""
        try:
            if self.process.poll() is None and self.stop() not in (0, 3):
                raise AssertionError(f"ended with {self.process.returncode}: {self.log()[-800:]}")
        finally:
            self.stderr.close()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
