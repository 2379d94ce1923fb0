#!/usr/bin/env python3
"""The page at /: one document that asks nobody else, under a policy that fits it. What it shows is tested in tests/lab/page."""

import base64
import hashlib
import re
import sys
import unittest
import urllib.error
import urllib.request

import tide

SIZE_MAX = 90_000
BASIC = tide.CAPTURES / "basic.jsonl"


def get(server, method="GET", path="/", **headers):
    request = urllib.request.Request(server.address + path, headers={k.replace("_", "-"): v for k, v in headers.items()}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


def hash_of(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


class Page(tide.Case):
    def server(self, *arguments):
        server = tide.Server(*arguments, stderr=self.path / f"log{len(list(self.path.glob('log*')))}")
        self.addCleanup(server.__exit__)
        return server

    def test_document(self):
        tide.replay(self.path / "shop.db", BASIC)
        server = self.server("serve", "--db", self.path / "shop.db")
        status, headers, page = get(server)
        self.assertEqual((200, "text/html; charset=utf-8"), (status, headers["Content-Type"]))
        self.assertLess(len(page.encode()), SIZE_MAX)
        self.assertEqual([], [u for u in re.findall(r"(?:https?:)?//[\w.]+", page) if "www.w3.org" not in u and "HOST" not in u and re.match(r"https?:|//\w+\.", u)])
        self.assertEqual([], re.findall(r"<[^>]*\s(?:on\w+|style|src)=", page.split("<script>")[0].split("</style>")[1]))
        self.assertEqual([], re.findall(r"""(?:href|src|action)="/|fetch\((?!urlOf)""", page))  # a proxy may put it below a path
        self.assertEqual([], re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|@import|url\(", page))
        policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
        parts = {tag: re.search(f"<{tag}>(.*?)</{tag}>", page, re.S)[1] for tag in ("script", "style")}
        self.assertEqual(hash_of(parts["script"]), policy["script-src"])
        self.assertEqual(hash_of(parts["style"]), policy["style-src"])
        self.assertEqual(("'none'", "'self'"), (policy["default-src"], policy["connect-src"]))
        self.assertEqual("nosniff", headers["X-Content-Type-Options"])
        self.assertEqual((304, ""), get(server, If_None_Match=headers["ETag"])[::2])
        status, headers, body = get(server, "HEAD")
        self.assertEqual((200, str(len(page.encode())), ""), (status, headers["Content-Length"], body))
        self.assertEqual(405, get(server, "POST")[0])

    def test_at_once_while_starting(self):
        """Nothing applied, and no broker: the page is there all the same, as /v1/live is, which it shows."""
        server = self.server("run", "--brokers", f"127.0.0.1:{tide.free_port()}", "--prefix", "shop", "--db", self.path / "new.db")
        self.assertEqual(200, get(server)[0])
        self.assertEqual(503, get(server, path="/readyz")[0])

    def test_the_demo_says_where_first(self):
        server = self.server("demo", "--db", self.path / "demo.db")
        self.assertIn("serving http://", server.log().splitlines()[0])
        self.assertEqual(200, get(server)[0])


if __name__ == "__main__":
    sys.exit(0 if unittest.main(exit=False, verbosity=1).result.wasSuccessful() else 1)
