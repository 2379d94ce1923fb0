#!/usr/bin/env python3
"""`tidemark status`: of a real one, of one that says odd things, of none; once and live in a terminal."""

import fcntl
import http.server
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import unittest

import tide

STATUS = {"state": "live", "reason": None, "consistency": "transactional", "version": "9.9.9", "uptime_seconds": 200,
          "last_error": None, "quarantined": 0, "counters": {"messages": 5, "applied": 4, "duplicates": 1, "quarantined": 0},
          "process": {"memory_bytes": 26600000, "file_bytes": 4096, "wal_bytes": None, "disk_free_bytes": 5000},
          "tables": [{"name": "orders", "rows": 15, "lag": 3, "topic": "p.public.orders", "newest_event_ms": 999_000,
                      "missing": ["a"], "extra": [], "complete": False},
                     {"name": "nobody", "rows": None, "lag": None, "topic": None, "newest_event_ms": None,
                      "missing": [], "extra": [], "complete": True}]}  # fmt: skip
LAG = {"state": "live", "messages": 3, "seconds": None, "partitions": [
    {"topic": "p.public.orders", "partition": 0, "applied": 12, "high": 15, "lag": 3}]}  # fmt: skip
LIVE = {"at_ms": 1_000_000, "position": {"lsn": "0/19C4170"}, "rates": {"events_per_second": 1.25, "transactions_per_second": 1,
                                                                        "commits_per_second": 0.5},
        "hops": {"source_commit_ms": 990_000, "heartbeat_ms": None, "broker_ms": 1_000_000}, "eta_seconds": 125}  # fmt: skip


class Fake:
    """Says what it is told to."""

    def __init__(self, status=None, token=None, body=None, code=200):
        answers = {"/v1/status": {**STATUS, **(status or {})}, "/v1/lag": LAG, "/v1/live": LIVE}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                refused = token is not None and self.headers.get("Authorization") != f"Bearer {token}"
                self.send_response(401 if refused else code)
                self.end_headers()
                self.wfile.write(body if body is not None else (json.dumps(answers[self.path]) + "\n").encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Status(tide.Case):
    def ask(self, url, *flags, **more):
        return tide.run("status", "--url", url, *flags, **more)

    def test_a_real_one(self):
        with tide.Server("demo", stderr=self.path / "log") as server:
            tide.wait_for("live", lambda: server.get("/v1/lag")[1]["state"] == "live")
            for url in (server.address, server.address.removeprefix("http://"), server.address + "/"):
                done = self.ask(url)
                self.assertEqual((0, ""), (done.returncode, done.stderr))
            self.assertIn("state        live\n", done.stdout)
            self.assertIn("behind       0 messages, 0 s\n", done.stdout)
            self.assertRegex(done.stdout, r"\norders +7 +0 ")
            self.assertIn("theworldshop.public.orders 0\n", done.stdout)
            self.assertEqual(done.stdout.splitlines()[0].split("  ")[1], server.address + "/")

    def test_a_unix_socket(self):
        path = self.path / "socket"
        tide.replay(self.path / "x.db", tide.CAPTURES / "basic.jsonl")
        with open(self.path / "log", "wb") as log:
            process = subprocess.Popen([tide.program(), "serve", "--db", self.path / "x.db", "--listen", f"unix:{path}"],
                                       stderr=log, env=tide.environment())  # fmt: skip
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        tide.wait_for("the log", lambda: "serving unix:" in (self.path / "log").read_text())
        done = self.ask(f"unix:{path}")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("state        serving\n", done.stdout)

    def serving(self, *flags):
        """Another address than one of plain HTTP: where it serves."""
        tide.replay(self.path / "x.db", tide.CAPTURES / "basic.jsonl")
        with open(self.path / "log", "wb") as log:
            process = subprocess.Popen([tide.program(), "serve", "--db", self.path / "x.db", *map(str, flags)],
                                       stderr=log, env=tide.environment())  # fmt: skip
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        log = tide.wait_for("the log", lambda: "serving " in (self.path / "log").read_text() and (self.path / "log").read_text())
        return log.split("serving ")[1].split()[0]

    def test_with_tls_and_a_token(self):
        tls = tide.TOP / "fixtures" / "tls"
        tokens = self.path / "tokens"
        tokens.write_text("a-token-of-this-test-alone\n")
        url = self.serving("--listen", "127.0.0.1:0", "--tls-cert", tls / "cert.pem", "--tls-key", tls / "key.pem",
                           "--token-file", tokens)  # fmt: skip
        asked = ("--ca", tls / "cert.pem", "--token-file", tokens)
        for name in (url, url.replace("127.0.0.1", "localhost")):
            done = self.ask(name, *asked)
            self.assertEqual((0, ""), (done.returncode, done.stderr))
            self.assertIn("state        serving\n", done.stdout)
        for code, says, at, flags in (
            (1, "a token is needed", url, asked[:2]),
            (1, "trusted is what the system trusts", url, asked[2:]),
            (1, "does not match the expected", url.replace("127.0.0.1", "127.1"), asked),
            (1, "--ca none.pem", url, ("--ca", "none.pem")),
            (1, "--ca " + str(tokens), url, ("--ca", tokens)),
            (1, "speaks no HTTP", url.replace("https", "http"), asked),
            (2, "--url https://: expected", "https://", ()),
        ):
            with self.subTest(says):
                done = self.ask(at, *flags)
                self.assertEqual(code, done.returncode, done.stderr)
                self.assertIn(says, done.stderr)
        with Fake() as fake:
            done = self.ask(fake.url.replace("http", "https"), *asked)
            self.assertEqual(1, done.returncode, done.stderr)
            self.assertIn("TLS: ", done.stderr)

    def test_a_unix_socket_with_a_token(self):
        tokens = self.path / "tokens"
        tokens.write_text("a-token-of-this-test-alone\n")
        url = self.serving("--listen", f"unix:{self.path / 'socket'}", "--token-file", tokens)
        self.assertIn("a token is needed", self.ask(url).stderr)
        self.assertIn("state        serving\n", self.ask(url, "--token-file", tokens).stdout)

    def test_what_it_shows(self):
        with Fake() as fake:
            done = self.ask(fake.url)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        for line in (f"tidemark 9.9.9  {fake.url}  up 3 m 20 s", "shows        every transaction up to 0/19C4170, whole",
                     "behind       3 messages, ?", "caught up    in about 2 m 5 s",
                     "ages         source's commit 10 s, connector's heartbeat ?, broker 0 s",
                     "a second     1.2 events, 1.0 transactions, 0.5 commits",
                     "process      memory 26.6 MB, file 4.1 kB, write-ahead log ?, disk left 5.0 kB"):  # fmt: skip
            self.assertIn(line + "\n", done.stdout)
        self.assertRegex(done.stdout, r"\norders +15 +3  1 s +older rows may be missing  columns: 1 missing, 0 extra\n")
        self.assertRegex(done.stdout, r"\nnobody +\? +no topic  \?\n")

    def test_halted(self):
        with Fake({"state": "halted", "reason": "a new timeline\x1b[2J\x07 caf\u00e9", "quarantined": 2}) as fake:
            done = self.ask(fake.url)
        self.assertEqual((3, ""), (done.returncode, done.stderr))
        self.assertIn("state        halted\nreason       a new timeline?[2J? caf\u00e9\n", done.stdout)
        self.assertIn("quarantine   2 messages", done.stdout)

    def test_not_reached(self):
        done = self.ask(f"http://127.0.0.1:{tide.free_port()}")
        self.assertEqual((1, ""), (done.returncode, done.stdout))
        self.assertIn("does not answer: Connection refused", done.stderr)
        self.assertEqual(1, self.ask(f"unix:{self.path}/none").returncode)
        for fake, says in [(Fake(body=b"no json"), "not tidemark's"), (Fake(body=b"gone", code=404), "status 404: gone"),
                           (Fake(body=b"[]"), "not tidemark's")]:  # fmt: skip
            with fake, self.subTest(says):
                done = self.ask(fake.url)
                self.assertEqual((1, ""), (done.returncode, done.stdout))
                self.assertIn(says, done.stderr)

    def test_tokens(self):
        token = "0123456789abcdef-token"
        (self.path / "tokens").write_text(f"# of people\n\n{token}\n")
        with Fake(token=token) as fake:
            done = self.ask(fake.url)
            self.assertEqual(1, done.returncode)
            self.assertIn("--token-file", done.stderr)
            self.assertEqual(0, self.ask(fake.url, "--token-file", self.path / "tokens").returncode)
            self.assertEqual(0, self.ask(fake.url, env={"TIDEMARK_TOKEN_FILE": str(self.path / "tokens")}).returncode)
            # a file as the server reads it
            for file in (f"  \n {token} \n", f"{token}\r\n", f"# {'of people ' * 1000}\n\t# more\n{token}"):
                (self.path / "tokens").write_text(file)
                done = self.ask(fake.url, "--token-file", self.path / "tokens")
                self.assertEqual((0, ""), (done.returncode, done.stderr))
            for file, says in (("another-token-of-nobody\n", "is not one of this server's"), ("# none\n", "no token in it"),
                               ("a" * 1025, "a token has at most 1024 characters")):  # fmt: skip
                (self.path / "tokens").write_text(file)
                done = self.ask(fake.url, "--token-file", self.path / "tokens")
                self.assertEqual(1, done.returncode)
                self.assertIn(says, done.stderr)

    def test_urls_that_are_none(self):
        for url in ("http://", "ftp://x", "http://h:x", "http://h:1/v1", "unix:", "http://[::1", "https://h:x", "http://h:123456"):
            with self.subTest(url):
                self.assertEqual(2, self.ask(url).returncode)

    def test_live_in_a_terminal(self):
        """It draws again, says that the server is lost instead of freezing, and is ended by Ctrl-C."""
        screen = b""
        fake = Fake()
        with fake:
            child, terminal = pty.fork()
            if child == 0:
                os.execve(tide.program(), [tide.program(), "status", "--url", fake.url], tide.environment(TERM="xterm"))
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
            self.addCleanup(os.close, terminal)

            def until(what, seconds=30):
                nonlocal screen
                end = time.monotonic() + seconds
                while what not in screen:
                    self.assertLess(time.monotonic(), end, screen[-2000:])
                    if select.select([terminal], [], [], 0.1)[0]:
                        screen += os.read(terminal, 65536)

            until(b"state        live")
            screen = b""
            until(b"state        live")  # again
            self.assertTrue(all(len(line) <= 60 for line in screen.decode().replace("\x1b[H\x1b[J", "").split("\r\n")))
        until(b"LOST the server")
        os.kill(child, signal.SIGINT)
        self.assertEqual(1, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    sys.exit(unittest.main())
