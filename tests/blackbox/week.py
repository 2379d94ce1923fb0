#!/usr/bin/env python3
"""A fortnight of a source at a steady rate, by the source's time, with a restart after each piece: what the file, the memory and
a start take must stay as they were. Rows are as many at the end as at the beginning; orders come and go, keys change with
unchanged TOAST values, messages cannot be read, mails are told once.

The first week fills what is kept for seven days; the second is compared with itself, its second day with its seventh. The rate
is a scale model of 1,000 events a second (86,400,000 a day): --events says how many a day are made, and it is printed by how
much that is less. --restart-hours 1 is an hour a process."""

import argparse
import collections
import contextlib
import itertools
import random
import re
import shutil
import sqlite3
import subprocess
import sys

import tide

FULL_RATE = 1000 * 86400  # events a day
DAY_MS = 86400 * 1000
FIRST_MS = 1700000000000  # of the source's clock: long ago, so that it is believed
DAYS = 14
COMPARED = (9, 14)
LIVE = 600  # orders
CUSTOMERS = 200
TRIMMED_DAYS = 1
APART = 1.04  # so much more on the last day: splits of pages are no growth
EVENTS_A_TRANSACTION = 4.25
PAGE = 4096
# What grows by more than the rows that are there, with its reason (views/README.md, "What grows"): the bounds of the first two
# are counts, which a scaled source does not reach unless they stand there from the beginning (--full).
GROWING_FULL = {"_once_blocks"}
GROWING = GROWING_FULL | {"_quarantine", "_transactions"}
TRANSACTIONS_MOST = 2 * 100000
ROWS_MOST = {"_quarantine": 100000, "_transactions": TRANSACTIONS_MOST, "_quarantine_requests": 0}
ONCE_BYTES_A_KEY = 4
NOTES = "n" * 400  # long enough to be TOASTed
UNAVAILABLE = "__debezium_unavailable_value"

# Memory: a process between, since what a process has had before its exec counts as its own.
PEAK = """
import os, resource, sys
status = os.spawnv(os.P_WAIT, sys.argv[1], sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


class Source:
    """Writes captures. All of it follows from the seed."""

    def __init__(self, seed, transactions):
        self.random = random.Random(seed)
        self.transactions = transactions
        self.lsn = 1000
        self.txid = 700
        self.offsets = {}
        self.orders = {}  # id: [customer, status, notes]
        self.next_id = 1
        self.events = 0
        self.quarantined = 0
        self.carried = 0
        self.mails = 0

    def message(self, topic, key, value, ts_ms):
        offset = self.offsets.get(topic, 0)
        self.offsets[topic] = offset + 1
        quote = lambda text: "null" if text is None else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'  # noqa: E731
        self.file.write(f'{{"topic":"{tide.PREFIX}.{topic}","partition":0,"offset":{offset},"ts":{ts_ms},'
                        f'"key":{quote(key)},"value":{quote(value)}}}\n')  # fmt: skip

    def begin(self, ts_ms):
        self.ts_ms = ts_ms
        self.txid += self.random.choice((1, 2, 3))
        self.commit_before = self.lsn
        self.rows = {}

    def row(self, table, op, key, before, after, same_place=False):
        self.events += 1
        self.lsn += 0 if same_place else 8
        self.rows[table] = self.rows.get(table, 0) + 1
        transaction = "null"
        if self.transactions:
            transaction = (f'{{"id":"{self.txid}:{self.lsn}","total_order":{sum(self.rows.values())},'
                           f'"data_collection_order":{self.rows[table]}}}')  # fmt: skip
        self.message(f"public.{table}", key, f'{{"before":{before},"after":{after},"source":{{"version":"3.4.0.Final",'
                     f'"connector":"postgresql","name":"{tide.PREFIX}","ts_ms":{self.ts_ms},"snapshot":"false","db":"d",'
                     f'"sequence":"[\\"{self.commit_before}\\",\\"{self.lsn}\\"]","schema":"public","table":"{table}",'
                     f'"txId":{self.txid},"lsn":{self.lsn},"xmin":null}},"transaction":{transaction},"op":"{op}",'
                     f'"ts_ms":{self.ts_ms}}}', self.ts_ms)  # fmt: skip
        if op == "d":
            self.message(f"public.{table}", key, None, self.ts_ms)

    def end(self):
        self.lsn += 8
        if not self.transactions or not self.rows:
            return
        counts = ",".join(f'{{"data_collection":"public.{t}","event_count":{n}}}' for t, n in self.rows.items())
        # A BEGIN would come first; it says nothing that is needed here.
        at = f"{self.txid}:{self.lsn}"
        self.message("transaction", f'{{"id":"{at}"}}',
                     f'{{"status":"END","id":"{at}","event_count":{sum(self.rows.values())},"data_collections":[{counts}],'
                     f'"ts_ms":{self.ts_ms}}}', self.ts_ms)  # fmt: skip

    def order(self, number, notes=None):
        customer, status, kept = self.orders[number]
        notes = kept if notes is None else notes
        notes = "null" if notes is None else f'"{notes}"'
        return (f'{{"id":{number},"customer_id":{customer},"sku":"S{number % 50}","quantity":1,"total":"{number % 90 + 10}.50",'
                f'"status":"{status}","placed_on":19000,"notes":{notes},"meta":null,"created_at":"2023-11-14T00:00:00.000000Z"}}')  # fmt: skip

    def place(self):
        number = self.next_id
        self.next_id += 1
        self.orders[number] = [number % CUSTOMERS, "pending", NOTES if number % 5 == 0 else None]
        self.row("orders", "c", f'{{"id":{number}}}', "null", self.order(number))
        self.mails += 1

    def archive(self, number):
        self.row("orders", "d", f'{{"id":{number}}}', f'{{"id":{number}}}', "null")
        del self.orders[number]

    def pay(self, number):
        was = self.orders[number]
        if was[1] == "pending":
            was[1] = "paid"
            self.mails += 1
        unchanged = UNAVAILABLE if was[2] is not None else None
        self.row("orders", "u", f'{{"id":{number}}}', "null", self.order(number, unchanged))

    def move(self, number):
        """The key changes and the long value does not: a delete and a create at one place, the value in neither."""
        to = self.next_id
        self.next_id += 1
        self.orders[to] = was = self.orders.pop(number)
        self.row("orders", "d", f'{{"id":{number}}}', f'{{"id":{number}}}', "null")
        unchanged = UNAVAILABLE if was[2] is not None else None
        self.row("orders", "c", f'{{"id":{to}}}', "null", self.order(to, unchanged), same_place=True)
        self.mails += 1 + (was[1] == "paid")
        self.carried += was[2] is not None

    def unreadable(self):
        self.message("public.orders", '{"id":-1}', f'{{"no":"envelope {self.quarantined}"}}', self.ts_ms)
        self.quarantined += 1

    def one_of_the_older(self):
        return next(itertools.islice(self.orders, self.random.randrange(LIVE // 2), None))

    def transaction(self, ts_ms):
        self.begin(ts_ms)
        while len(self.orders) < LIVE:
            self.place()
        self.place()
        self.pay(self.one_of_the_older())
        self.customer(self.random.randrange(CUSTOMERS))
        if self.random.randrange(8) == 0:
            self.move(self.one_of_the_older())
        self.archive(next(iter(self.orders)))
        if self.random.randrange(40) == 0:
            self.unreadable()
        self.end()

    def steady(self, from_ms, to_ms, transactions):
        for i in range(transactions):
            self.transaction(from_ms + (to_ms - from_ms) * i // transactions)

    def customer(self, number):
        self.row("customers", "u", f'{{"id":{number}}}', "null",
                 f'{{"id":{number},"email":"c@example.com","full_name":"Customer","loyalty_tier":"gold",'
                 f'"marketing_opt_in":true,"created_at":"2023-11-14T00:00:00.000000Z","bio":null}}')  # fmt: skip

    def fill(self):
        """As many transactions, and messages that cannot be read, as the file keeps."""
        for number in range(TRANSACTIONS_MOST):
            self.begin(FIRST_MS)
            self.customer(number % CUSTOMERS)
            if number % 2 == 0:
                self.unreadable()
            self.end()


def views_that_trim(path):
    """The built-in views, and the outbox of a day alone."""
    shutil.copytree(tide.TOP / "views" / "email", path / "email")
    shutil.copy(tide.TOP / "views" / "source.sql", path)
    (path / "email" / "apply.trim.sql").write_text(
        "delete from email_outbox\n"
        f"where at_ms < (select max(_ts_ms) from _changes_orders) - {TRIMMED_DAYS * DAY_MS}\n"
        "    and seq < (select max(seq) from email_outbox)\n"
    )
    return path


class Week:
    def __init__(self, folder, args):
        self.folder = folder
        self.db = folder / "week.db"
        self.source = Source(args.seed, not args.per_key)
        self.restart_hours = args.restart_hours
        self.transactions_a_piece = max(1, round(args.events * args.restart_hours / 24 / EVENTS_A_TRANSACTION))
        self.flags = [] if args.untrimmed else ["--views", views_that_trim(folder / "views")]

    def replay(self, path, prefix=()):
        words = [*prefix, tide.program(), "replay", "--log-level", "error", "--prefix", tide.PREFIX, "--db", self.db, *self.flags, path]
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, env=tide.environment(),
                              check=False, timeout=600)  # fmt: skip
        if done.returncode != 0:
            raise AssertionError(f"{words}: exit {done.returncode}: {done.stderr[-800:]}")
        return done

    def piece(self, write):
        """A process of its own for what `write` writes; its peak in kB."""
        path = self.folder / "piece.jsonl"
        with open(path, "w", encoding="ascii") as self.source.file:
            write(self.source)
        done = self.replay(path, prefix=(sys.executable, "-S", "-I", "-c", PEAK))
        path.unlink()
        return int(done.stdout.split()[-1])

    def day(self, number):
        piece_ms = self.restart_hours * DAY_MS // 24
        begins = range(FIRST_MS + number * DAY_MS, FIRST_MS + (number + 1) * DAY_MS, piece_ms)
        count = self.transactions_a_piece
        return max(self.piece(lambda source, at=at: source.steady(at, at + piece_ms, count)) for at in begins)

    def start_instructions(self):
        """Of a process that begins where the file stands, and finds nothing new."""
        empty = self.folder / "empty.jsonl"
        empty.write_text("\n")
        done = self.replay(empty, prefix=("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"))
        return int(re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)[1].replace(",", ""))

    def measure(self, peak):
        with contextlib.closing(sqlite3.connect(self.db)) as db:
            names = dict(db.execute("select name, tbl_name from sqlite_schema"))
            bytes_of = collections.Counter()
            for name, size in db.execute("select name, sum(pgsize) from dbstat group by name"):
                bytes_of[names.get(name, name)] += size
            rows = {t: db.execute(f'select count(*) from "{t}"').fetchone()[0] for t in bytes_of if t != "sqlite_schema"}
        return {"file": self.db.stat().st_size, "tables": bytes_of, "rows": rows, "peak kB": peak,
                "start": self.start_instructions(), "numbers": self.source.next_id}  # fmt: skip


def measure(args):
    """What is on the days that are compared, and what the mirror is wrong in at the end."""
    with tide.Folder() as folder:
        week = Week(folder, args)
        if args.full:
            week.piece(lambda source: source.fill())
        measured = []
        for number in range(1, DAYS + 1):
            peak = week.day(number)
            if number in COMPARED:
                measured.append(week.measure(peak))
        with contextlib.closing(sqlite3.connect(week.db)) as db:
            orders = {i: [c, s, n] for i, c, s, n in db.execute("select id, customer_id, status, notes from orders")}
            mails = db.execute("select count(*), count(distinct message_id) from email_outbox").fetchone()
        wrong = [i for i in orders.keys() | week.source.orders.keys() if orders.get(i) != week.source.orders.get(i)]
        if not args.untrimmed and mails[0] != mails[1] or args.untrimmed and mails != (week.source.mails, week.source.mails):
            wrong.append(f"mails {mails}, {week.source.mails} were due")
        return week.source, measured, wrong


def growth(first, last, args):
    """What has grown beyond its bound, as texts."""
    reasons = GROWING_FULL if args.full else GROWING
    if args.untrimmed:
        reasons = reasons | {"email_outbox"}
    steady = lambda day: sum(size for table, size in day["tables"].items() if table not in reasons)  # noqa: E731
    pairs = [("peak kB", first["peak kB"], last["peak kB"]), ("instructions of a start", first["start"], last["start"]),
             ("the file's tables but " + ", ".join(sorted(reasons)), steady(first), steady(last))]  # fmt: skip
    found = [f"{what}: {was:,}, {now:,} at the end" for what, was, now in pairs if now > was * APART]
    found += [f"{table} has {last['rows'][table]:,} rows" for table, most in ROWS_MOST.items() if last["rows"][table] > most]
    told = last["tables"]["_once_blocks"] - first["tables"]["_once_blocks"]
    keys = last["numbers"] - first["numbers"]
    if told > keys * ONCE_BYTES_A_KEY + 2 * PAGE:
        found.append(f"_once_blocks: {told:,} bytes more for {keys:,} keys")
    return found


def show(source, first, last, args):
    print(f"seed {args.seed}: {args.events:,} events a day, {FULL_RATE // args.events:,} times less than 1,000 a second; "
          f"a restart each {args.restart_hours} h; {source.events:,} events, {source.carried:,} TOAST values carried, "
          f"{source.quarantined:,} messages in quarantine, {source.mails:,} mails; "
          f"{'per key' if args.per_key else 'transactions'}, {'outbox kept' if args.untrimmed else 'outbox trimmed'}")  # fmt: skip
    print(f"  {'':24} {'day ' + str(COMPARED[0]):>14} {'day ' + str(COMPARED[1]):>14}")
    for name in ("file", "peak kB", "start"):
        print(f"  {name:24} {first[name]:>14,} {last[name]:>14,}")
    for table, size in sorted(last["tables"].items(), key=lambda item: -item[1]):
        before = first["tables"].get(table, 0)
        if before != size:
            print(f"  {table:24} {before:>14,} {size:>14,}  rows {first['rows'].get(table, 0):,} {last['rows'].get(table, 0):,}")


def run(args):
    """What is not as it is to be, as texts."""
    source, (first, last), wrong = measure(args)
    show(source, first, last, args)
    if len(source.orders) != LIVE or source.carried == 0 or source.quarantined == 0:
        wrong.append("the source did not do what is to be measured")
    return growth(first, last, args) + [f"wrong: {what}" for what in wrong[:10]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--events", type=int, default=2000, help="a day")
    parser.add_argument("--restart-hours", type=int, default=12)
    parser.add_argument("--full", action="store_true", help="quarantine and transactions stand at their bounds from the beginning")
    parser.add_argument("--long", action="store_true", help="--events 86400 --restart-hours 1 --full")
    args = parser.parse_args()
    if args.long:
        args.events, args.restart_hours, args.full = 86400, 1, True
    if shutil.which("valgrind") is None:
        sys.exit("valgrind is not installed (sh tests/run.sh installs it)")
    found = []
    # A source with transactions and an outbox of a day; one without them and the built-in views, whose outbox keeps all.
    for args.per_key, args.untrimmed in ((False, False), (True, True)):
        found += run(args)
    for text in found:
        print(text, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
