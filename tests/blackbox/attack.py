#!/usr/bin/env python3
"""HTTP under attack: clients that send slowly, read slowly, stay, or are too many. States are waited for, never times."""

import contextlib
import http.client
import json
import re
import socket
import sys
import unittest

import tide

BASIC = tide.CAPTURES / "basic.jsonl"
PATIENCE = 60


def read_answers(connection):
    """All that comes until the server closes, as (status, headers, document) of the first answer; None = nothing came."""
    connection.settimeout(PATIENCE)
    got = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            got += piece
    if not got:
        return None
    head, _, body = got.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode().lower(), json.loads(body) if body else None


class Attack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tide.Folder()
        cls.path = folder.__enter__()
        cls.addClassCleanup(folder.__exit__, None, None, None)
        cls.db = cls.path / "a.db"
        views = cls.path / "views" / "lab"
        views.mkdir(parents=True)
        (views / "query.fat.sql").write_text(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 60)\n"
            "select i, printf('%.*c', 1000000, 'x') as t from n\n")  # fmt: skip
        cls.views = views.parent
        tide.replay(cls.db, BASIC, flags=("--views", cls.views))

    def server(self, *flags, **more):
        server = tide.Server("serve", "--db", self.db, "--views", self.views, *flags, stderr=self.path / f"log{id(flags)}", **more)
        self.addCleanup(server.__exit__)
        return server

    def connect(self, server, address=None):
        host, port = re.match(r"http://(.+):(\d+)", server.address).groups()
        connection = socket.create_connection((address or host, int(port)), timeout=PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def send(self, server, target, address=None):
        connection = self.connect(server, address)
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        return connection

    def refused(self, server, reason):
        return server.get("/v1/status")[1]["http"]["refused"][reason]

    def test_headers_and_bodies_come_by_a_deadline(self):
        server = self.server("--request-timeout", "1")
        slow = {
            "headers_late": self.connect(server),
            "body_late": self.connect(server),
        }
        slow["headers_late"].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        slow["body_late"].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        sends = {"headers_late": b"a: b\r\n", "body_late": b"x"}
        ended = {}

        def all_ended():
            for reason, connection in slow.items():
                if reason in ended:
                    continue
                connection.settimeout(0.05)
                try:
                    connection.sendall(sends[reason])  # it never stops to send
                    first = connection.recv(65536)
                except TimeoutError:
                    continue
                except OSError:
                    first = b""
                ended[reason] = first
            return len(ended) == len(slow)

        tide.wait_for("slow clients to be closed", all_ended)
        for reason, first in ended.items():
            self.assertEqual(1, self.refused(server, reason), reason)
            self.assertTrue(first.startswith(b"HTTP/1.1 408 "), first)
            self.assertIn(b"/problems/request-timeout", first)

    def test_who_has_no_request_makes_room(self):
        most = 16
        server = self.server("--max-connections", str(most))
        idle = [self.connect(server) for _ in range(most)]
        for i in range(most):  # each new one is answered, and the oldest of those that ask nothing goes
            answered = self.send(server, "/healthz")
            self.assertTrue(answered.recv(65536).startswith(b"HTTP/1.1 200 "))
            self.assertIsNone(read_answers(idle[i]))
        self.assertGreaterEqual(self.refused(server, "made_room"), most)

    def test_when_all_are_answered_the_next_is_told(self):
        server = self.server("--max-connections", "16")
        for _ in range(32):
            self.send(server, "/v1/tables/orders?wait_ms=30000&after_txid=999999999")

        def refused():
            first = self.send(server, "/healthz").recv(65536)
            return first if first.startswith(b"HTTP/1.1 503 ") else None

        head, _, body = tide.wait_for("a refusal", refused).partition(b"\r\n\r\n")
        self.assertEqual("/problems/too-many-connections", json.loads(body)["type"])
        self.assertIn(b"\r\nRetry-After: 1\r\n", head)
        self.assertIn(b"\r\nContent-Type: application/problem+json\r\n", head)

    def test_an_address_has_so_many(self):
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(probe.close)
        try:
            probe.connect(("192.0.2.1", 9))
            own = probe.getsockname()[0]
        except OSError:
            self.skipTest("this machine has no address but loopback")
        server = self.server("--no-auth", "--max-connections-per-address", "4", listen="0.0.0.0:0")
        mine = [self.send(server, "/healthz", own) for _ in range(4)]
        for connection in mine:
            self.assertTrue(connection.recv(65536).startswith(b"HTTP/1.1 200 "))
        status, headers, problem = read_answers(self.send(server, "/healthz", own))
        self.assertEqual((503, "/problems/too-many-connections"), (status, problem["type"]))
        for connection in [self.send(server, "/healthz", "127.0.0.1") for _ in range(8)]:
            self.assertTrue(connection.recv(65536).startswith(b"HTTP/1.1 200 "))
        mine[0].close()

        def again():
            return self.send(server, "/healthz", own).recv(65536).startswith(b"HTTP/1.1 200 ")

        tide.wait_for("one that left to make room", again)

    def test_those_who_do_not_read(self):
        server = self.server("--answer-memory-mb", "128")
        unread = []

        def refused():
            connection = self.connect(server)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(b"GET /v1/views/lab/fat HTTP/1.1\r\nHost: localhost\r\n\r\n")
            first = connection.recv(4096)
            unread.append(connection)
            return first if first.startswith(b"HTTP/1.1 503 ") else None

        self.assertIn(b"/problems/too-busy", tide.wait_for("too much under way", refused))
        status, document = server.get("/v1/status")
        self.assertEqual(200, status)
        self.assertLessEqual(document["http"]["answer_bytes"], 128 << 20)
        self.assertEqual(200, server.get("/v1/tables/orders")[0])
        for connection in unread:
            connection.close()
        tide.wait_for("their answers to be let go", lambda: server.get("/v1/status")[1]["http"]["answer_bytes"] < 1 << 20)

    def test_every_request_is_answered(self):
        server = self.server()
        headers = "".join(f"a{i}: b\r\n" for i in range(200))
        chunk = f"{65536:x}\r\n" + "x" * 65536 + "\r\n"
        for request, status, kind in (
            (f"GET /healthz HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n", 431, "headers-too-large"),
            ("POST /v1/lag HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + 17 * chunk + "0\r\n\r\n", 413,
             "content-too-large"),
        ):  # fmt: skip
            connection = self.connect(server)
            connection.sendall(request.encode())
            got = connection.recv(65536)
            self.assertTrue(got.startswith(f"HTTP/1.1 {status} ".encode()), got)
            self.assertIn(f"/problems/{kind}".encode(), got)
        for count in (64, 490, 1200, 4000):
            target = "/v1/tables/orders?" + "&".join("a" for i in range(count))
            connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=PATIENCE)
            self.addCleanup(connection.close)
            connection.request("GET", target)
            answer = connection.getresponse()
            self.assertIn(answer.status, (400, 414))
            self.assertIn("/problems/", json.loads(answer.read())["type"])


if __name__ == "__main__":
    sys.exit(unittest.main())
