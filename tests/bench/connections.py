#!/usr/bin/env python3
"""How an honest client fares beside thousands of connections that are open and idle, that send their headers byte by byte, or
that do not read their answers: `connections.py [--connections 10000] [--seconds 10] [--limit-ms 50]`.

Prints a JSON line: the honest client's p50, p99 and longest GET in milliseconds, alone and beside the crowd, connecting
anew each time and on one connection; and the server's memory. Exit 1 when a p99 beside the crowd is over --limit-ms. Such
a figure means nothing while the machine does other work."""

import argparse
import http.client
import json
import pathlib
import resource
import selectors
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "blackbox"))
import tide  # noqa: E402

KINDS = {
    "idle": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",  # asks once, then stays
    "slow": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n",  # and a header line now and then
    "unread": b"GET /v1/tables/orders?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3,
}


class Crowd:
    """Connections that are kept at a number: one that the server closes is made again."""

    def __init__(self, port, kind, count):
        self.port, self.kind, self.count = port, kind, count
        self.selector = selectors.DefaultSelector()
        self.open, self.made, self.stop = 0, 0, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def connect(self):
        connection = socket.socket()
        connection.settimeout(10)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(KINDS[self.kind])
        connection.setblocking(False)
        self.selector.register(connection, selectors.EVENT_READ)
        self.open += 1
        self.made += 1

    def look(self, connection):
        try:
            if connection.recv(4096):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self.selector.unregister(connection)
        connection.close()
        self.open -= 1

    def trickle(self):
        for key in list(self.selector.get_map().values()):
            try:
                key.fileobj.send(b"a: b\r\n")
            except OSError:
                continue

    def run(self):
        trickled = time.monotonic()
        while not self.stop:
            for _ in range(200):
                if self.open < self.count:
                    self.connect()
            if self.kind != "unread":
                for key, _ in self.selector.select(0.05):
                    self.look(key.fileobj)
            else:
                time.sleep(0.05)
            if self.kind == "slow" and time.monotonic() - trickled > 5:
                self.trickle()
                trickled = time.monotonic()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()


def measure(port, seconds, anew):
    took = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.monotonic()
        connection.request("GET", "/v1/tables/orders?id=5001")
        answer = connection.getresponse()
        answer.read()
        took.append((time.monotonic() - begun) * 1000)
        if answer.status != 200:
            raise SystemExit(f"an honest client was answered {answer.status}")
        if anew:
            connection.close()
        time.sleep(0.002)
    connection.close()
    took.sort()
    return {"requests": len(took), "p50": round(took[len(took) // 2], 2), "p99": round(took[len(took) * 99 // 100], 2),
            "longest": round(took[-1], 2)}  # fmt: skip


def memory_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=10000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--limit-ms", type=float, default=50)
    parser.add_argument("kinds", nargs="*", default=list(KINDS))
    asked = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    found = {}
    with tide.Folder() as folder:
        tide.replay(folder / "a.db", tide.CAPTURES / "basic.jsonl")
        for kind in ["none", *asked.kinds]:
            with tide.Server("serve", "--db", folder / "a.db", stderr=folder / "log") as server:
                port = int(server.address.rsplit(":", 1)[1])
                crowd = Crowd(port, kind, asked.connections) if kind != "none" else None
                if crowd is not None:
                    tide.wait_for("the crowd", lambda: server.get("/v1/status")[1]["http"]["connections"] >= asked.connections)
                found[kind] = {"kept": measure(port, asked.seconds, False), "anew": measure(port, asked.seconds, True),
                               "memory_mb": memory_mb(server.process.pid)}  # fmt: skip
                if crowd is not None:
                    found[kind]["connections"], found[kind]["made"] = crowd.open, crowd.made
                    crowd.stop = True
                    crowd.thread.join()
    print(json.dumps(found))
    worst = max(found[kind][way]["p99"] for kind in asked.kinds for way in ("kept", "anew"))
    sys.exit(1 if worst > asked.limit_ms else 0)


if __name__ == "__main__":
    main()
