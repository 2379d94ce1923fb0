#!/usr/bin/env python3
"""Who may ask, from outside: tokens, addresses, the Host header, CORS, TLS, UNIX sockets; signals that read again or stop."""

import http.client
import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import unittest

import tide

BASIC = str(tide.CAPTURES / "basic.jsonl")
TLS = tide.TOP / "fixtures" / "tls"
TOKEN = "0123456789abcdef-first"
OTHER = "0123456789abcdef-other"
ROWS = "/v1/views/analytics/orders_by_status"


class Serving:
    """`tidemark serve` with the given flags; requests are written by hand, header by header."""

    def __init__(self, folder, *flags, env=None):
        self.log_path = folder / "log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [tide.program(), "serve", "--db", str(folder / "x.db"), *map(str, flags)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, env=tide.environment(**(env or {})))  # fmt: skip
        self.url = tide.wait_for("the address in the log", self._url)

    def _url(self):
        if self.process.poll() is not None:
            raise AssertionError(f"ended with {self.process.returncode}: {self.log()}")
        lines = [line for line in self.log().splitlines() if " serving " in line]
        return lines[0].split(" serving ")[1] if lines else None

    def log(self):
        return self.log_path.read_text()

    def connect(self):
        if self.url.startswith("unix:"):
            client = socket.socket(socket.AF_UNIX)
            client.connect(self.url.removeprefix("unix:"))
            return client
        place, port = self.url.split("://")[1].rsplit(":", 1)
        client = socket.create_connection((place.strip("[]"), int(port)), timeout=30)
        if self.url.startswith("https:"):
            return ssl.create_default_context(cafile=TLS / "cert.pem").wrap_socket(client, server_hostname="localhost")
        return client

    def ask(self, path, *headers, method="GET", hosts=("localhost",), version="1.1"):
        """(status, headers, body)"""
        with self.connect() as client:
            lines = [f"{method} {path} HTTP/{version}", *(f"Host: {host}" for host in hosts), *headers, "Connection: close"]
            client.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            answer = http.client.HTTPResponse(client, method=method)
            answer.begin()
            return answer.status, answer.headers, answer.read().decode()

    def status(self, *arguments, **more):
        return self.ask(*arguments, **more)[0]

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)


class Access(tide.Case):
    def setUp(self):
        super().setUp()
        tide.replay(self.path / "x.db", BASIC)
        self.tokens = self.path / "tokens"
        self.tokens.write_text(TOKEN + "\n")
        self.tokens.chmod(0o600)

    def refused(self, code, says, *flags, env=None):
        db = self.path / "new.db"
        for command in (["demo", "--db", db], ["run", "--brokers", "127.0.0.1:1", "--prefix", "p", "--db", db]):
            done = tide.run(*command, *flags, env=env)
            self.assertEqual(code, done.returncode, done.stderr)
            last = done.stderr.strip().splitlines()[-1]
            self.assertTrue(last.startswith("tidemark: "), done.stderr)
            self.assertIn(says, last)
            self.assertNotIn(TOKEN, done.stderr)
            self.assertFalse(db.exists(), "what is refused makes no file")

    def test_tokens(self):
        with Serving(self.path, "--listen", "127.0.0.1:0", "--token-file", self.tokens) as server:
            bearer = f"Authorization: Bearer {TOKEN}"
            status, headers, body = server.ask(ROWS)
            self.assertEqual((401, 'Bearer realm="tidemark"'), (status, headers["WWW-Authenticate"]))
            self.assertEqual("/problems/unauthorized", json.loads(body)["type"])
            self.assertEqual(200, server.status(ROWS, bearer))
            for path in ("/metrics", "/openapi.json", "/v1/status", "/v1/lag", "/v1/quarantine", "/nowhere"):
                self.assertEqual(401, server.status(path), path)
            self.assertEqual(404, server.status("/nowhere", bearer))
            for path in ("/", "/healthz", "/readyz"):
                self.assertIn(server.status(path), (200, 503), path)
            status, headers, _ = server.ask(ROWS, "Authorization: Bearer " + OTHER)
            self.assertEqual(401, status)
            self.assertIn("invalid_token", headers["WWW-Authenticate"])
            self.assertEqual(401, server.status("/v1/lag", method="POST"))
            self.assertEqual(405, server.status("/v1/lag", bearer, method="POST"))
            self.assertNotIn("can read it", server.log())
            # the file is read again; one that cannot be used changes nothing
            self.tokens.write_text(OTHER + "\n")
            self.tokens.chmod(0o644)
            server.process.send_signal(signal.SIGHUP)
            tide.wait_for("the log's line", lambda: "read again" in server.log())
            self.assertEqual((401, 200), (server.status(ROWS, bearer), server.status(ROWS, "Authorization: Bearer " + OTHER)))
            self.assertIn("every user of this machine can read it", server.log())
            self.tokens.unlink()
            server.process.send_signal(signal.SIGHUP)
            tide.wait_for("the log's line", lambda: "the tokens stay" in server.log())
            self.assertEqual(200, server.status(ROWS, "Authorization: Bearer " + OTHER))
            self.assertNotIn(OTHER, server.log())

    def test_addresses(self):
        for place in ("0.0.0.0:0", "[::]:0"):
            self.refused(2, "--token-file", "--listen", place)
        self.refused(2, "contradict", "--no-auth", "--token-file", self.tokens)
        self.refused(1, "none.tokens", "--token-file", self.path / "none.tokens")
        empty = self.path / "empty"
        empty.write_text("\n")
        self.refused(1, "no token in it", "--token-file", empty)
        with Serving(self.path, "--listen", "0.0.0.0:0", env={"TIDEMARK_NO_AUTH": "yes"}) as server:
            self.assertEqual(200, server.status(ROWS, hosts=["tide.example"]))
            self.assertIn("--no-auth: everybody who reaches", server.log())
        with Serving(self.path, "--listen", "0.0.0.0:0", "--token-file", self.tokens) as server:
            self.assertEqual(401, server.status(ROWS, hosts=["tide.example"]))
            self.assertIn("not encrypted", server.log())

    def test_a_port_in_use_makes_no_file(self):
        with Serving(self.path, "--listen", "127.0.0.1:0") as server:
            self.refused(1, "in use", "--listen", server.url.removeprefix("http://"))

    def test_hosts(self):
        with Serving(self.path, "--listen", "127.0.0.1:0", "--allow-host", "tide.example") as server:
            for host in ("localhost", "127.0.0.1:8080", "[::1]:1", "tide.example", "TIDE.example:80"):
                self.assertEqual(200, server.status(ROWS, hosts=[host]), host)
            status, _, body = server.ask(ROWS, hosts=["evil.example"])
            self.assertEqual((421, "/problems/misdirected-request"), (status, json.loads(body)["type"]))
            self.assertIn("--allow-host evil.example", body)
            self.assertEqual(400, server.status(ROWS, hosts=[]))
            self.assertEqual(400, server.status(ROWS, hosts=["localhost", "localhost"]))
            self.assertEqual(400, server.status(ROWS, hosts=["a b"]))
            self.assertEqual(200, server.status(ROWS, hosts=[], version="1.0"))
        self.refused(2, "--allow-host", "--allow-host", "http://x")

    def test_cors(self):
        page = "Origin: https://shop.example"
        with Serving(self.path, "--listen", "127.0.0.1:0", "--allow-origin", "https://shop.example", "--token-file", self.tokens) as server:
            for headers, wanted in (([f"Authorization: Bearer {TOKEN}"], 200), ([], 401)):
                status, told, _ = server.ask(ROWS, page, *headers)
                self.assertEqual((wanted, "https://shop.example"), (status, told["Access-Control-Allow-Origin"]))
                self.assertIn("Origin", told.get_all("Vary"))
                own = {name for name in told if name.startswith("Tidemark-")} | {"ETag", "Content-Range"}
                self.assertLessEqual(own, set(told["Access-Control-Expose-Headers"].split(", ")))
            status, told, body = server.ask(ROWS, page, "Access-Control-Request-Method: GET",
                                            "Access-Control-Request-Headers: authorization", method="OPTIONS")  # fmt: skip
            self.assertEqual((204, "", "https://shop.example"), (status, body, told["Access-Control-Allow-Origin"]))
            # what supabase's clients send; X-Retry-Count when they ask again after a 503
            sent = {"Authorization", "apikey", "X-Client-Info", "Accept-Profile", "Prefer", "X-Retry-Count", "traceparent", "tracestate", "baggage"}
            self.assertLessEqual(sent, set(told["Access-Control-Allow-Headers"].split(", ")))
            self.assertIn("POST", told["Access-Control-Allow-Methods"])
            status, told, _ = server.ask(ROWS, "Origin: https://evil.example", "Access-Control-Request-Method: GET", method="OPTIONS")
            self.assertEqual((401, None), (status, told["Access-Control-Allow-Origin"]))
            # what is refused before it is looked at: a page could not read the status
            for headers, wanted in ((["Content-Length: 2000000"], 413), ([f"X-{n}: 1" for n in range(200)], 431)):
                status, told, _ = server.ask(ROWS, page, *headers, method="POST")
                self.assertEqual((wanted, "https://shop.example"), (status, told["Access-Control-Allow-Origin"]))
        with Serving(self.path, "--listen", "127.0.0.1:0") as server:
            status, told, _ = server.ask(ROWS, page)
            self.assertEqual((200, None), (status, told["Access-Control-Allow-Origin"]))
        self.refused(2, "--allow-origin", "--allow-origin", "shop.example")

    def test_tls(self):
        pair = ["--tls-cert", TLS / "cert.pem", "--tls-key", TLS / "key.pem"]
        with Serving(self.path, "--listen", "127.0.0.1:0", *pair) as server:
            self.assertTrue(server.url.startswith("https://"))
            self.assertEqual(200, server.status(ROWS))
            with server.connect() as client:
                self.assertIn(client.version(), ("TLSv1.2", "TLSv1.3"))
            self.assertEqual(0, server.stop())
        self.refused(2, "go together", *pair[:2])
        self.refused(1, "none.pem", "--tls-cert", TLS / "none.pem", *pair[2:])
        self.refused(1, "they are no certificate", *pair[:3], TLS / "cert.pem")

    def test_unix_sockets(self):
        path = self.path / "socket"
        flags = ["--listen", f"unix:{path}"]
        with Serving(self.path, *flags, "--socket-mode", "600") as server:
            self.assertEqual(f"unix:{path}", server.url)
            self.assertEqual(0o600, stat.S_IMODE(path.stat().st_mode))
            self.assertEqual(200, server.status(ROWS, hosts=["anything"]))
            self.refused(1, "another process does", *flags)
            self.assertEqual(200, server.status(ROWS), "the refused one took nothing away")
            server.process.kill()
            server.process.wait(30)
        self.assertTrue(path.exists(), "what was killed leaves its socket")
        with Serving(self.path, *flags) as server:
            self.assertEqual(0o660, stat.S_IMODE(path.stat().st_mode))
            self.assertEqual(200, server.status(ROWS))
            self.assertEqual(0, server.stop())
        self.assertFalse(path.exists())
        path.write_text("a file")
        self.refused(1, "is no socket", *flags)
        self.assertEqual("a file", path.read_text())
        self.refused(2, "--socket-mode", *flags, "--socket-mode", "rw")
        self.refused(2, "unix:", "--listen", "unix:" + "x" * 200)

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            with Serving(self.path, "--listen", "127.0.0.1:0") as server:
                server.process.send_signal(signal.SIGHUP)
                tide.wait_for("the log's line", lambda log=server.log: "SIGHUP: " in log())
                self.assertEqual(200, server.status(ROWS))
                self.assertEqual(0, server.stop(number), number)

    def test_a_closed_terminal(self):
        """Who closes the terminal ends what was started there; it stops in order."""
        parent, child = os.openpty()
        with open(self.path / "log", "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])",
                 tide.program(), "demo", "--listen", "127.0.0.1:0"],
                stdin=child, stdout=subprocess.DEVNULL, stderr=log, env=tide.environment(), start_new_session=True)  # fmt: skip
        os.close(child)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        tide.wait_for("the address", lambda: "serving http" in (self.path / "log").read_text())
        os.close(parent)
        self.assertEqual(0, process.wait(60))
        self.assertIn("stopped by SIGHUP, its terminal is gone", (self.path / "log").read_text())


if __name__ == "__main__":
    sys.exit(unittest.main())
