#!/usr/bin/env python3
"""read-your-writes.sh [--tries N] [--txid-tries N] [--parallel N] [--wait-ms N]: what was committed is what is answered.

Each try commits an order, or changes one, in PostgreSQL, and asks tidemark for it in the next moment: with
after_lsn=pg_current_wal_lsn(), taken after the commit, or with after_txid=pg_current_xact_id(), taken inside the
transaction. The answer has to have just that row, and may not time out. An LSN taken after a commit may lie beyond
it, then it is the next commit, or the connector's heartbeat, that reaches it; hence several sessions at once.
"""

import argparse
import itertools
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import psql

SHOWN_MAX = 5
HTTP_GRACE_S = 20


class Tries:
    """The tries of one kind, handed out to the sessions; what became of them."""

    def __init__(self, kind, count, wait_ms):
        self.kind = kind
        self.wait_ms = wait_ms
        self.left = iter(range(count))
        self.lock = threading.Lock()
        self.waits = []
        self.failures = []

    def take(self):
        with self.lock:
            return next(self.left, None)

    def note(self, seconds, failure):
        with self.lock:
            self.waits.append(seconds)
            if failure:
                self.failures.append(failure)


class Writer(threading.Thread):
    """One session with PostgreSQL and one order of its own: placed, changed twice, placed anew under another id."""

    CHANGES = 3

    def __init__(self, database, base, tries, ids):
        super().__init__(daemon=True)
        self.session = psql.Session(database)
        self.base = base
        self.tries = tries
        self.ids = ids
        self.written = 0
        self.order = None

    def statement(self, quantity):
        if self.written % self.CHANGES == 0:
            self.order = next(self.ids)
            return (
                f"insert into orders(id, customer_id, sku, quantity, total, status) "
                f"values ({self.order}, 1, null, {quantity}, 1, 'pending');"
            )
        return f"update orders set quantity = {quantity} where id = {self.order};"

    def write(self, quantity):
        """The query parameter that says what has to be in the answer."""
        change = self.statement(quantity)
        self.written += 1
        if self.tries.kind == "after_txid":
            lines = self.session.run(f"begin; {change} select pg_current_xact_id(); commit;")
            return lines[2] if lines[-1] == "COMMIT" else None
        committed = self.session.committed(f"begin; {change} commit;")
        return self.session.run("select pg_current_wal_lsn();")[-1] if committed else None

    def read(self, after):
        """(rows, None) or (None, what went wrong)"""
        asked = {"id": self.order, self.tries.kind: after, "wait_ms": self.tries.wait_ms}
        url = f"{self.base}/v1/tables/orders?{urllib.parse.urlencode(asked)}"
        try:
            with urllib.request.urlopen(url, timeout=self.tries.wait_ms / 1000 + HTTP_GRACE_S) as answer:
                return json.loads(answer.read())["rows"], None
        except urllib.error.HTTPError as error:
            with error:
                return None, f"{error.code} {error.read().decode(errors='replace')[:300]}"
        except OSError as error:
            return None, str(error)

    def one(self, number):
        quantity = number + 1
        after = self.write(quantity)
        if after is None:
            self.tries.note(0, f"order {self.order}: PostgreSQL did not commit")
            return
        begun = time.monotonic()
        rows, wrong = self.read(after)
        took = time.monotonic() - begun
        if wrong is None and [row["quantity"] for row in rows] != [quantity]:
            wrong = f"answered {rows}, written was quantity {quantity}"
        self.tries.note(took, wrong and f"order {self.order}, {self.tries.kind}={after}: {wrong}")

    def run(self):
        try:
            for number in iter(self.tries.take, None):
                self.one(number)
        except (psql.Lost, psql.Failed) as lost:
            self.tries.note(0, f"PostgreSQL: {lost}")
        finally:
            self.session.close()


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def run_tries(kind, count, options, database, ids):
    """Whether each try got its row; says how long a wait took."""
    tries = Tries(kind, count, options.wait_ms)
    base = f"http://127.0.0.1:{os.environ['LAB_HTTP_PORT']}"
    writers = [Writer(database, base, tries, ids) for _ in range(min(options.parallel, count))]
    begun = time.monotonic()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    good = count - len(tries.failures)
    ms = [f"{1000 * quantile(tries.waits, share):.0f}" for share in (0.5, 0.99, 1)]
    print(
        f"{kind}: {good} of {count} tries got their row, {len(writers)} sessions, {time.monotonic() - begun:.1f} s; "
        f"a wait took {ms[0]} ms (p50), {ms[1]} ms (p99), {ms[2]} ms at most",
        flush=True,
    )
    for failure in tries.failures[:SHOWN_MAX]:
        print(f"  {failure}")
    return not tries.failures and len(tries.waits) == count


def main():
    parser = argparse.ArgumentParser(
        prog="read-your-writes.sh", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tries", type=int, default=1000, help="with after_lsn (default 1000)")
    parser.add_argument("--txid-tries", type=int, default=200, help="with after_txid (default 200)")
    parser.add_argument("--parallel", type=int, default=32, help="sessions at once (default 32)")
    parser.add_argument("--wait-ms", type=int, default=5000, help="of each request (default 5000)")
    options = parser.parse_args()
    if options.tries < 1 or options.txid_tries < 1 or options.parallel < 1:
        parser.error("--tries, --txid-tries and --parallel want numbers above 0")
    database = os.environ["LAB_DATABASE"]
    # below 0, where the shop has none; no sku, so no stock is reserved for them
    lowest = int(psql.execute(database, "select least(0, coalesce(min(id), 0)) from orders")[0])
    ids = itertools.count(lowest - 1, -1)
    good = run_tries("after_lsn", options.tries, options, database, ids)
    good &= run_tries("after_txid", options.txid_tries, options, database, ids)
    psql.execute(database, "delete from orders where id < 0")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
