#!/usr/bin/env python3
"""Requests that cannot be read: each is answered with a problem, first on a connection and after others, and the server goes on.

What libmicrohttpd cannot read it answers by itself, and the program writes those answers (http/reply.h). Where the library is
linked so that they cannot be had (-Bsymbolic-functions), their bodies are its pages: the statuses are tested then.
"""

import json
import re
import socket
import subprocess
import sys
import unittest

import tide

BASIC = tide.CAPTURES / "basic.jsonl"
PATIENCE = 60
HOST = "Host: localhost\r\n"
POST = f"POST /v1/lag HTTP/1.1\r\n{HOST}"
CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n"

# name, bytes, statuses that may be, end of the problem's type, what its detail names. 0.9.75 has no answer to some, and
# takes some that 1.0.1 does not: both are told in http/README.md.
REQUESTS = (
    ("version 2.0", f"GET / HTTP/2.0\r\n{HOST}\r\n", (505,), "other-version", "HTTP/1.1"),
    ("HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (505,), "other-version", "--http1.1"),
    ("version 0.9", f"GET / HTTP/0.9\r\n{HOST}\r\n", (505,), "other-version", "HTTP/1.1"),
    ("version in small letters", f"GET / http/1.1\r\n{HOST}\r\n", (400,), "malformed-request", "first line"),
    ("no version", f"GET /healthz\r\n{HOST}\r\n", (400, 505), "", "HTTP/1.1"),
    ("version of three numbers", f"GET / HTTP/1.1.1\r\n{HOST}\r\n", (400,), "malformed-request", "first line"),
    ("no number", f"GET / HTTP/x.1\r\n{HOST}\r\n", (400,), "malformed-request", "first line"),
    ("another protocol", "SSH-2.0-OpenSSH_9.2 x y\r\n\r\n", (400,), "malformed-request", "first line"),
    ("SIP", "OPTIONS sip:a@b SIP/2.0\r\n\r\n", (400,), "malformed-request", "first line"),
    ("a space in the URL", f"GET /v1/tables/a b HTTP/1.1\r\n{HOST}\r\n", (400,), "malformed-request", ""),
    ("header without colon", f"GET / HTTP/1.1\r\n{HOST}nothing\r\n\r\n", (400,), "malformed-request", "NAME: VALUE"),
    ("first header without colon", f"GET / HTTP/1.1\r\nnothing\r\n{HOST}\r\n", (400,), "malformed-request", "NAME: VALUE"),
    ("no Host", "GET / HTTP/1.1\r\n\r\n", (400,), "malformed-request", "Host"),
    ("space before the colon", "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", (400,), "malformed-request", "Host"),
    ("two Hosts", f"GET / HTTP/1.1\r\n{HOST}{HOST}\r\n", (400,), "malformed-request", "several"),
    ("length that is no number", f"{POST}Content-Length: x\r\n\r\n", (400,), "malformed-request", "Content-Length"),
    ("length below 0", f"{POST}Content-Length: -1\r\n\r\n", (400,), "malformed-request", "Content-Length"),
    ("hexadecimal length", f"{POST}Content-Length: 0x10\r\n\r\n", (400,), "malformed-request", "Content-Length"),
    ("length with a sign", f"{POST}Content-Length: +1\r\n\r\nx", (400,), "malformed-request", "Content-Length"),
    ("empty length", f"{POST}Content-Length:\r\n\r\n", (400,), "malformed-request", "Content-Length"),
    ("length of two", f"{POST}Content-Length: 1, 1\r\n\r\nx", (400,), "malformed-request", "Content-Length"),
    ("two lengths", f"{POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", (400,), "malformed-request", "several"),
    ("length beyond 64 bits", f"{POST}Content-Length: {2**64}\r\n\r\n", (413,), "content-too-large", "1 MB"),
    ("length beyond all", f"{POST}Content-Length: {'9' * 40}\r\n\r\n", (413,), "content-too-large", "1 MB"),
    ("length beyond the bound", f"{POST}Content-Length: 1048577\r\n\r\n", (413,), "content-too-large", "1 MB"),
    ("length and chunks", f"{POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400,), "malformed-request", "both"),
    ("chunks and length", f"{POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", (400,), "malformed-request", "both"),
    ("another coding", f"{POST}Transfer-Encoding: gzip\r\n\r\n", (400,), "malformed-request", "chunked"),
    ("a coding that smuggles", f"{POST}Transfer-Encoding: xchunked\r\n\r\n", (400,), "malformed-request", "chunked"),
    ("chunks in HTTP/1.0", f"POST /v1/lag HTTP/1.0\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400,), "malformed-request", "HTTP/1.0"),
    ("chunk that is none", f"{CHUNKED}hello\r\n", (400,), "malformed-request", "hexadecimal"),
    ("chunk with a sign", f"{CHUNKED}-1\r\nx\r\n", (400,), "malformed-request", "hexadecimal"),
    ("chunk without its end", f"{CHUNKED}1\r\nxyz\r\n0\r\n\r\n", (400,), "malformed-request", "hexadecimal"),
    ("chunk beyond 64 bits", f"{CHUNKED}{'f' * 20}\r\n", (413,), "content-too-large", "1 MB"),
    ("chunked body of a GET", f"GET /healthz HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\nq\r\n", (400,), "malformed-request", "hexadecimal"),
    ("URL of 40 KB", f"GET /{'a' * 40000} HTTP/1.1\r\n{HOST}\r\n", (414,), "url-too-long", "8192"),
    ("URL without an end", f"GET /{'a' * 40000}", (414,), "url-too-long", "8192"),
    ("header of 40 KB", f"GET / HTTP/1.1\r\n{HOST}a: {'a' * 40000}\r\n\r\n", (431,), "headers-too-large", "32 KB"),
    ("cookies of 20 KB", f"GET / HTTP/1.1\r\n{HOST}Cookie: {'a=b; ' * 4000}\r\n\r\n", (431,), "headers-too-large", "cookies"),
    ("2,000 headers", f"GET / HTTP/1.1\r\n{HOST}" + "".join(f"a{i}: b\r\n" for i in range(2000)) + "\r\n", (431,), "headers-too-large", "100"),
    ("no room for a body", f"{POST}Content-Length: 9\r\na: {'a' * 32500}\r\n\r\nxxxxxxxxx", (431, 405), "", ""),
    ("a NUL in the URL", f"GET /a%00 HTTP/1.1\r\n{HOST}\r\n", (400,), "malformed-request", "NUL"),
    ("an escape that is none", f"GET /%zz HTTP/1.1\r\n{HOST}\r\n", (400,), "malformed-request", "hexadecimal"),
    ("no UTF-8", f"GET /%ff HTTP/1.1\r\n{HOST}\r\n", (400,), "malformed-request", "UTF-8"),
)  # fmt: skip


def has_hook():
    """Whether the library calls MHD_queue_response so that the program's own comes before it."""
    linked = subprocess.run(["ldd", tide.program()], capture_output=True, text=True, check=True).stdout
    library = re.search(r"libmicrohttpd\S* => (\S+)", linked)
    relocations = subprocess.run(["readelf", "-rW", library.group(1)], capture_output=True, text=True, check=True).stdout
    return "MHD_queue_response" in relocations


class Malformed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tide.Folder()
        path = folder.__enter__()
        cls.addClassCleanup(folder.__exit__, None, None, None)
        tide.replay(path / "a.db", BASIC)
        cls.server = tide.Server("serve", "--db", path / "a.db", stderr=path / "log")
        cls.addClassCleanup(cls.server.__exit__)
        cls.ours = has_hook()

    def connect(self):
        host, port = re.match(r"http://(.+):(\d+)", self.server.address).groups()
        connection = socket.create_connection((host, int(port)), timeout=PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def read(self, connection):
        """(status, head, body) of one answer; None = closed before there was one."""
        got = b""
        try:
            while b"\r\n\r\n" not in got:
                piece = connection.recv(65536)
                if not piece:
                    return None
                got += piece
            head, _, body = got.partition(b"\r\n\r\n")
            length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
            while len(body) < length:
                body += connection.recv(65536)
        except ConnectionResetError:
            return None
        return int(head.split()[1]), head.decode().lower(), body

    def send(self, connection, text):
        try:
            connection.sendall(text.encode())
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was answered before all was sent

    def expect(self, answer, statuses, kind, detail):
        self.assertIsNotNone(answer, "closed without an answer")
        status, head, body = answer
        self.assertIn(status, statuses)
        if not self.ours and not body.startswith(b"{"):
            return
        self.assertIn("\r\ncontent-type: application/problem+json", head)
        problem = json.loads(body)
        self.assertEqual(status, problem["status"])
        self.assertTrue(problem["type"].endswith(kind), problem)
        self.assertIn(detail, problem["detail"])
        self.assertEqual({"type", "title", "status", "detail"}, set(problem))

    def test_each(self):
        for name, text, *wanted in REQUESTS:
            for before in (0, 1, 3):
                with self.subTest(name, before=before):
                    connection = self.connect()
                    for _ in range(before):
                        self.send(connection, f"GET /healthz HTTP/1.1\r\n{HOST}\r\n")
                        self.assertEqual(200, self.read(connection)[0])
                    self.send(connection, text)
                    self.expect(self.read(connection), *wanted)
                    self.assertEqual(200, self.server.get("/healthz")[0])
                    connection.close()

    def test_some_are_closed_by_old_libraries(self):
        for text in ("GARBAGE\r\n\r\n", f" GET / HTTP/1.1\r\n{HOST}\r\n", "\x16\x03\x01\x02\x00\x01\r\n\r\n"):
            with self.subTest(text):
                connection = self.connect()
                self.send(connection, text)
                answer = self.read(connection)
                if answer is not None:
                    self.expect(answer, (400,), "malformed-request", "first line")
                self.assertEqual(200, self.server.get("/healthz")[0])

    def test_pipelined(self):
        connection = self.connect()
        self.send(connection, f"GET /healthz HTTP/1.1\r\n{HOST}\r\nGET / HTTP/3.0\r\n\r\nGET /healthz HTTP/1.1\r\n{HOST}\r\n")
        got = b""
        while piece := connection.recv(65536):
            got += piece
        self.assertEqual([b"200", b"505"], re.findall(rb"HTTP/1.1 (\d+)", got))  # none after it: it ends the connection


if __name__ == "__main__":
    sys.exit(unittest.main())
