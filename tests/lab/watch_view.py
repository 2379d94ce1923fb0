#!/usr/bin/env python3
"""watch_view.py SECONDS URL: asks a user's own view (tests/lab/views) while the shop goes on and parts are killed.

lab/shop.py keeps, in every transaction, as much stock reserved as is ordered. Several clients ask as fast as they can;
each answer that says "transactional" has to show it, and no such answer may go back behind an earlier one. Answers
that promise no more than per-key are counted, and times without an answer. Exit 1 when a promise was broken, or hardly
anything was answered. SIGTERM ends it as the end of its time does.
"""

import http.client
import json
import signal
import sys
import threading
import urllib.parse

CLIENTS = 4
PATH = "/v1/views/whole/sums"
ANSWERS_MIN = 300
RETRY_S = 0.05
SHOWN_MAX = 5


class Client(threading.Thread):
    def __init__(self, place, done):
        super().__init__(daemon=True)
        self.place = place
        self.done = done
        self.lsn = ""
        self.whole = self.per_key = self.outages = 0
        self.wrong = []

    def check(self, status, text):
        if status != 200:
            self.wrong.append(f"{status} {text[:200]}")
            return
        document = json.loads(text)
        position, row = document["position"], document["rows"][0]
        if position["consistency"] != "transactional":
            self.per_key += 1
            return
        self.whole += 1
        # of one length, so that text compares as numbers do
        lsn = "/".join(part.zfill(8) for part in position["lsn"].split("/"))
        if lsn < self.lsn:
            self.wrong.append(f"went back from {self.lsn} to {lsn}")
        self.lsn = lsn
        if row["reserved"] != row["ordered"]:
            self.wrong.append(f"at {position['lsn']}: {row}")

    def ask(self):
        connection = http.client.HTTPConnection(self.place, timeout=10)
        try:
            while not self.done.is_set():
                connection.request("GET", PATH)
                answer = connection.getresponse()
                self.check(answer.status, answer.read().decode())
        finally:
            connection.close()

    def run(self):
        was_up = False
        while not self.done.is_set():
            before = self.whole + self.per_key
            try:
                self.ask()
            except (OSError, http.client.HTTPException):
                was_up |= self.whole + self.per_key > before
                self.outages += was_up
                was_up = False
                self.done.wait(RETRY_S)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    clients = [Client(urllib.parse.urlsplit(sys.argv[2]).netloc, done) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    done.wait(float(sys.argv[1]))
    done.set()
    for client in clients:
        client.join(20)
    whole, per_key = sum(c.whole for c in clients), sum(c.per_key for c in clients)
    wrong = [text for client in clients for text in client.wrong]
    print(f"over HTTP: {whole} answers said transactional, {len(wrong)} of them wrong; {per_key} more promised no more "
          f"than per-key; {max(c.outages for c in clients)} times it was down")  # fmt: skip
    print("".join(f"  {text}\n" for text in wrong[:SHOWN_MAX]), end="")
    sys.exit(1 if wrong or whole < ANSWERS_MIN else 0)


if __name__ == "__main__":
    main()
