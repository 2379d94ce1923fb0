#!/usr/bin/env python3
"""large.py: transactions that take the connector long to send, on the running lab (sh lab/setup.sh; TIDEMARK_VIEWS=tests/lab/views).

1. A transaction that inserts 150,000 rows into two tables. A reader asks every 50 ms: each answer shows none of it or all
   of it, and promises that; meanwhile /v1/lag and /v1/status say which transaction is waited for.
2. One that deletes them, while Connect is killed (SIGKILL) in the middle of it and is away for longer than any wait of
   tidemark's: no transaction is passed, answers stay whole, and all of it is shown in the end.

Exit 1 when a promise was broken. Some 2 minutes.
"""

import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

LAB = pathlib.Path(__file__).resolve().parent.parent.parent / "lab"
sys.path.insert(0, str(LAB))
import kafka  # noqa: E402

ROWS = 75000  # of each of two tables
ASK_EVERY_S = 0.05
SHOWN_WITHIN_S = 240
AWAY_S = 35  # longer than the six times transaction_wait_ms after which heartbeats are evidence
HALF = ROWS // 5  # rows of the transaction that have been sent when Connect is killed
PREFIX = os.environ.get("LAB_PREFIX", "theworldshop")
DATABASE = os.environ.get("LAB_DATABASE", "theworldshop")
# The shop leaves rows with such keys alone.
INSERT = f"""insert into customers(id, email, full_name, marketing_opt_in)
    select -i, 'large@' || i, 'large', false from generate_series(1, {ROWS}) as i;
insert into orders(id, customer_id, total, status) select -i, 1, 1, 'large' from generate_series(1, {ROWS}) as i;"""
DELETE = "delete from customers where id < 0; delete from orders where id < 0;"


def say(text):
    print(f"large.py: {text}", flush=True)


def get(path):
    url = f"http://127.0.0.1:{os.environ['LAB_HTTP_PORT']}{path}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return json.loads(error.read())


def transaction(sql):
    """Runs it as one; its txid."""
    done = subprocess.run(
        ["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", os.environ["LAB_PG_PORT"],
         "-U", "postgres", "-d", DATABASE, "-c", f"begin; select txid_current(); {sql} commit;"],
        capture_output=True, text=True, check=True)  # fmt: skip
    return int(done.stdout.split()[0])


def lab(script, *arguments):
    subprocess.run(["sh", str(LAB / f"{script}.sh"), *arguments], check=True)


def sent():
    return kafka.end_sum([f"{PREFIX}.public.customers", f"{PREFIX}.public.orders"])


class Reader(threading.Thread):
    """Asks until it is told to stop; what it saw."""

    def __init__(self, first):
        super().__init__(daemon=True)
        self.first = first  # what was done before may be under way yet
        self.done = threading.Event()
        self.broken = []
        self.states = {}  # (customers, orders): answers
        self.reasons = set()
        self.newest = None
        self.failure = None

    def look(self):
        answer = get("/v1/views/large/counts")
        row, position = answer["rows"][0], answer["position"]
        self.newest = (row["customers"], row["orders"])
        if not self.states and (position["consistency"] != "transactional" or self.newest != self.first):
            return  # just set up: the snapshot is not whole yet, or what the step before has deleted is there
        self.states[self.newest] = self.states.get(self.newest, 0) + 1
        if position["consistency"] != "transactional" or self.newest not in ((0, 0), (ROWS, ROWS)):
            self.broken.append((self.newest, position["consistency"], position["lsn"]))
        for document in (get("/v1/lag"), get("/v1/status")):
            text = json.dumps(document)
            at = text.find("waiting: transaction ")
            if at >= 0:
                self.reasons.add(text[at : text.index('"', at)])

    def run(self):
        while not self.done.wait(ASK_EVERY_S):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001  told by who joins
                self.failure = error
                return

    def await_state(self, wanted):
        deadline = time.monotonic() + SHOWN_WITHIN_S
        while self.newest != wanted and self.failure is None:
            if time.monotonic() > deadline:
                raise SystemExit(f"large.py: {wanted} rows are not shown after {SHOWN_WITHIN_S} s, but {self.newest}: "
                                 f"{json.dumps(get('/v1/status'))[:2000]}")  # fmt: skip
            time.sleep(ASK_EVERY_S)

    def finish(self, txid, states):
        self.done.set()
        self.join()
        if self.failure is not None:
            raise SystemExit(f"large.py: the reader failed: {self.failure!r}")
        say(f"transaction {txid}: {sum(self.states.values())} answers {self.states}, {len(self.broken)} broken; "
            f"{len(self.reasons)} reasons, as {sorted(self.reasons)[:1]}")  # fmt: skip
        if self.broken:
            raise SystemExit(f"large.py: torn or not transactional: {self.broken[:5]}")
        if set(self.states) != states:
            raise SystemExit(f"large.py: expected to see {states}")
        if not any(f"waiting: transaction {txid}," in reason for reason in self.reasons):
            raise SystemExit(f"large.py: nothing said that transaction {txid} is waited for: {sorted(self.reasons)[:5]}")


def passed():
    return get("/v1/status")["counters"]["transactions_passed"]


def under_traffic():
    reader = Reader((0, 0))
    reader.start()
    reader.await_state((0, 0))
    began = time.monotonic()
    txid = transaction(INSERT)
    committed = time.monotonic()
    reader.await_state((ROWS, ROWS))
    say(f"{2 * ROWS} rows: committed after {committed - began:.1f} s, shown {time.monotonic() - committed:.1f} s later")
    reader.finish(txid, {(0, 0), (ROWS, ROWS)})


def killed_in_the_middle():
    reader = Reader((ROWS, ROWS))
    reader.start()
    reader.await_state((ROWS, ROWS))
    before = sent()
    txid = transaction(DELETE)
    deadline = time.monotonic() + SHOWN_WITHIN_S
    while sent() < before + HALF:
        if time.monotonic() > deadline:
            raise SystemExit("large.py: Debezium does not send the transaction")
    lab("teardown", "--kill", "connect")
    of_it = sent() - before
    say(f"Connect killed after {of_it} messages of the transaction; away for {AWAY_S} s")
    if of_it >= 4 * ROWS:  # a delete and its tombstone
        raise SystemExit("large.py: all of it was sent: the kill came too late")
    time.sleep(AWAY_S)  # a real connector that is away has no virtual time
    lab("setup", "connect", "connector")
    back = time.monotonic()
    reader.await_state((0, 0))
    say(f"shown {time.monotonic() - back:.1f} s after the connector was back")
    reader.finish(txid, {(ROWS, ROWS), (0, 0)})


def main():
    if len(sys.argv) != 1:
        sys.exit(__doc__)
    before = passed()
    under_traffic()
    killed_in_the_middle()
    if passed() != before:
        raise SystemExit(f"large.py: {passed() - before} transactions were passed")
    say("every answer was whole, no transaction was passed")


if __name__ == "__main__":
    main()
