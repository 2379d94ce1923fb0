#!/usr/bin/env python3
"""Clients that ask for much and read late: what they get is what they asked for, whoever asks for as long an answer meanwhile."""

import array
import fcntl
import json
import random
import socket
import subprocess
import sys
import termios
import unittest

import tide

SLOW = 12  # connections: three for each thread of the server's
PIPELINED = 150  # answers of 3.6 KB, more than a UNIX socket of Linux's default size holds
QUICK = 400
ROWS = 64
SOURCE = "create table notes(id int primary key, note text);"


def note(row):
    return f"{row:04d};" * 680


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        self.read = b""
        self.asked = []

    def ask(self, rows):
        self.asked += rows
        self.socket.sendall("".join(f"GET /v1/tables/notes?id={row} HTTP/1.1\r\nHost: localhost\r\n\r\n" for row in rows).encode())

    def waiting(self):
        """Bytes that have come and were not read."""
        count = array.array("i", [0])
        fcntl.ioctl(self.socket, termios.FIONREAD, count)
        return count[0]

    def more(self, size):
        got = self.socket.recv(size)
        if not got:
            raise AssertionError("closed before all was answered")
        self.read += got

    def answers(self, size=65536):
        """(row asked for, body) of each that is outstanding"""
        while self.asked:
            while b"\r\n\r\n" not in self.read:
                self.more(size)
            head, rest = self.read.split(b"\r\n\r\n", 1)
            lengths = [line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: ")]
            while len(rest) < int(lengths[0]):
                self.more(size)
                rest = self.read.split(b"\r\n\r\n", 1)[1]
            self.read = rest[int(lengths[0]) :]
            yield self.asked.pop(0), rest[: int(lengths[0])]


class SlowReaders(tide.Case):
    def serve(self):
        views, db, path = self.path / "views", self.path / "x.db", self.path / "http"
        views.mkdir()
        (views / "source.sql").write_text(SOURCE)
        lines = [tide.line("notes", row, {"id": row}, {"before": None, "after": {"id": row, "note": note(row)}, "op": "c",
                 "source": {"lsn": 1000 + row, "ts_ms": 1700000000000, "snapshot": "false", "schema": "public", "table": "notes",
                            "db": "shop", "name": tide.PREFIX}, "ts_ms": 1700000000000}) for row in range(ROWS)]  # fmt: skip
        tide.replay(db, tide.write_capture(self.path / "capture.jsonl", lines), flags=("--views", views))
        with open(self.path / "log", "wb") as log:
            process = subprocess.Popen([tide.program(), "serve", "--db", db, "--views", views, "--listen", f"unix:{path}"],
                                       stderr=log, env=tide.environment())  # fmt: skip
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        tide.wait_for("the log", lambda: "serving unix:" in (self.path / "log").read_text())
        return path

    def client(self, path):
        client = Client(path)
        self.addCleanup(client.socket.close)
        return client

    def check(self, answers):
        for row, body in answers:
            self.assertEqual([{"id": row, "note": note(row)}], json.loads(body)["rows"])

    def test_each_gets_its_own(self):
        chance = random.Random(1)
        path = self.serve()
        slow = [self.client(path) for _ in range(SLOW)]
        for client in slow:
            client.ask(chance.choices(range(ROWS), k=PIPELINED))
        tide.wait_for("answers that nobody reads", lambda: all(client.waiting() > 60000 for client in slow))
        quick = [self.client(path) for _ in range(SLOW)]
        for _ in range(QUICK):
            client = chance.choice(quick)
            client.ask([chance.randrange(ROWS)])
            self.check(client.answers())
            chance.choice(slow).more(chance.randint(1, 9000))
        for client in slow:
            self.check(client.answers(3000))


if __name__ == "__main__":
    sys.exit(unittest.main())
