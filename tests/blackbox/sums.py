#!/usr/bin/env python3
"""Views that add up doubles and decimals hold what the rows come to, rounded once, wherever commits fell and in whatever
order the partitions were read. Python's fractions say what is right. Seeds are fixed and printed."""

import json
import math
import random
import sqlite3
import sys
import unittest
from fractions import Fraction

import tide

SEEDS = (1, 2, 3)
PARTITIONS = 3
KEYS = 25
CUSTOMERS = 4
EVENTS = 150
ORDERS = 3
CUTTINGS = (1, 2, 7, 1000)

SOURCE = "create table pay(id int primary key, cust int, amount double precision, price numeric);\n"
SCHEMA = "create table v_sum(cust integer primary key, n integer, total real, price text);\n"
APPLY = (
    "insert into v_sum(cust, n, total, price) select cust, _weight, amount, price from _sums_pay('cust') where true\n"
    "on conflict(cust) do update set n = n + excluded.n, total = {total} + excluded.total,\n"
    " price = decimal_add(price, excluded.price)\n"
)
QUERY = "select cust, n, total, price from v_sum where n <> 0 order by cust"


def envelope(number, op, row):
    source = {"version": "3.1.2.Final", "connector": "postgresql", "name": "app", "ts_ms": 1700000000000 + number,
              "snapshot": "false", "db": "appdb", "schema": "public", "table": "pay", "txId": 500 + number,
              "lsn": 1000 + 8 * number}  # fmt: skip
    before, after = (row, None) if op == "d" else (None, row)
    return {"before": before, "after": after, "source": source, "op": op, "ts_ms": 1700000000001 + number}


def partitions_of(changes):
    """Lines of each partition in the order of their offsets; `changes`: (op, row)."""
    lines = [[] for _ in range(PARTITIONS)]
    for number, (op, row) in enumerate(changes):
        partition = row["id"] % PARTITIONS
        lines[partition].append(json.dumps({
            "topic": "app.public.pay", "partition": partition, "offset": len(lines[partition]),
            "ts": 1700000000000 + number, "key": json.dumps({"id": row["id"]}),
            "value": json.dumps(envelope(number, op, row))}))  # fmt: skip
    return lines


def interleaved(random_, partitions):
    queues = [list(reversed(lines)) for lines in partitions]
    while any(queues):
        yield random_.choice([queue for queue in queues if queue]).pop()


def random_double(random_):
    return math.ldexp(random_.uniform(-1, 1), random_.choice((random_.randint(-1074, 1000), random_.randint(-5, 60))))


def random_decimal(random_):
    digits = "".join(random_.choice("0123456789") for _ in range(random_.randint(1, 60)))
    point = random_.randint(1, len(digits))
    text = digits[:point].lstrip("0") or "0"
    return random_.choice(("", "-")) + text + ("." + digits[point:] if digits[point:] else "")


def random_changes(random_):
    rows, changes = {}, []
    for _ in range(EVENTS):
        key = random_.randrange(KEYS)
        if key in rows and random_.random() < 0.3:
            changes.append(("d", rows.pop(key)))
            continue
        op = "u" if key in rows else "c"
        rows[key] = {"id": key, "cust": random_.randrange(CUSTOMERS), "amount": random_double(random_),
                     "price": random_decimal(random_)}  # fmt: skip
        changes.append((op, rows[key]))
    return rows, changes


def decimal_text(number):
    """A fraction whose denominator has no other primes than 2 and 5, without zeros at the end."""
    places = 0
    while (number * 10**places).denominator != 1:
        places += 1
    digits = str(abs(number.numerator * 10**places // number.denominator)).rjust(places + 1, "0")
    text = digits if places == 0 else digits[:-places] + "." + digits[-places:]
    return "-" + text if number < 0 else text


def expected(rows):
    groups = {}
    for row in rows.values():
        groups.setdefault(row["cust"], []).append(row)
    return [(cust, len(group), float(sum(Fraction(row["amount"]) for row in group)),
             decimal_text(sum(Fraction(row["price"]) for row in group)))
            for cust, group in sorted(groups.items())]  # fmt: skip


class Sums(unittest.TestCase):
    def make(self, folder, total="total"):
        views = folder / "views"
        (views / "v").mkdir(parents=True)
        (views / "source.sql").write_text(SOURCE)
        (views / "v" / "schema.sql").write_text(SCHEMA)
        (views / "v" / "apply.sum.sql").write_text(APPLY.format(total=total))
        return views

    def replay(self, db, views, capture, commit_messages):
        tide.replay(db, capture, flags=("--views", str(views), "--prefix", "app", "--commit-messages", str(commit_messages)))

    def ask(self, db, sql=QUERY):
        connection = sqlite3.connect(db)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def test_no_cutting_and_no_order_changes_a_sum(self):
        for seed in SEEDS:
            print(f"seed {seed}", file=sys.stderr)
            random_ = random.Random(seed)
            rows, changes = random_changes(random_)
            partitions = partitions_of(changes)
            with tide.Folder() as folder:
                views = self.make(folder)
                for order in range(ORDERS):
                    capture = folder / f"{order}.jsonl"
                    capture.write_text("".join(line + "\n" for line in interleaved(random_, partitions)))
                    for cutting in CUTTINGS:
                        db = folder / f"{order}-{cutting}.db"
                        self.replay(db, views, capture, cutting)
                        self.assertEqual(expected(rows), self.ask(db), (seed, order, cutting))
                # and a view that is made from the rows alone
                apply = views / "v" / "apply.sum.sql"
                apply.write_text(apply.read_text() + "-- again\n")
                self.replay(db, views, capture, 1)
                self.assertEqual(expected(rows), self.ask(db), (seed, "rebuilt"))

    def test_a_cut_log_goes_on(self):
        """Each half is read by a process of its own."""
        random_ = random.Random(9)
        rows, changes = random_changes(random_)
        lines = list(interleaved(random_, partitions_of(changes)))
        with tide.Folder() as folder:
            views = self.make(folder)
            capture, db = folder / "half.jsonl", folder / "half.db"
            for end in range(10, len(lines) + 10, 10):
                capture.write_text("".join(line + "\n" for line in lines[:end]))
                self.replay(db, views, capture, 3)
            self.assertEqual(expected(rows), self.ask(db))

    def test_infinity_and_nan_come_and_go(self):
        """`ifnull(total, 0)` leads back from NULL, which is what SQLite has for NaN."""

        def row(key, amount):
            return {"id": key, "cust": 1, "amount": amount, "price": "1"}

        steps = (
            ("c", row(1, 0.1), 0.1),
            ("c", row(2, "Infinity"), math.inf),
            ("c", row(3, 0.2), math.inf),
            ("c", row(4, "-Infinity"), None),
            ("d", row(2, "Infinity"), -math.inf),
            ("c", row(5, "NaN"), None),
            ("d", row(4, "-Infinity"), None),
            ("d", row(5, "NaN"), float(Fraction(0.1) + Fraction(0.2))),
            ("c", row(6, "Infinity"), math.inf),
            ("u", row(6, "-Infinity"), -math.inf),
            ("u", row(6, 1.7e308), 1.7e308),
            ("u", row(6, -1.7e308), -1.7e308),
        )
        lines = []
        with tide.Folder() as folder:
            views = self.make(folder, total="ifnull(total, 0)")
            capture, db = folder / "steps.jsonl", folder / "steps.db"
            for number, (_, _, total) in enumerate(steps):
                lines = [line for part in partitions_of([step[:2] for step in steps[: number + 1]]) for line in part]
                capture.write_text("".join(line + "\n" for line in lines))
                self.replay(db, views, capture, 1000)
                self.assertEqual([(total,)], self.ask(db, "select total from v_sum"), steps[number])


if __name__ == "__main__":
    sys.exit(unittest.main())
