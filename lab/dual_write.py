#!/usr/bin/env python3
"""dual-write.sh [--orders N] [--seed N] [--kills N]

The lesson. A shop writes each order to PostgreSQL and then tells Kafka about it itself, in two systems that
share no transaction. It is killed (SIGKILL, for real) at chosen points; some transactions roll back after
the event was sent; some customers press the button again. Beside it, CDC: Debezium reads the very same
orders from PostgreSQL's log, and tidemark, killed just as hard, applies them. At the end both sides are
measured against PostgreSQL.
"""

import argparse
import collections
import decimal
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import kafka
import psql
from tidemark import Tidemark

LAB = pathlib.Path(__file__).parent
DATABASE = os.environ["LAB_DATABASE"]
TOPIC = "dualwrite.orders"
PARTITIONS = 4
CAUGHT_UP_WAIT_S = 120
DOWNSTREAMS = ("warehouse", "email", "analytics")

# What happens to an order: (weight, does the shop tell Kafka before it commits?, what goes wrong, what the
# customer does).
# The first kind of shop loses events; the second is the usual repair of the first, and invents some.
FATES = {
    "all goes well": (62, False, None, None),
    "killed between commit and publish": (10, False, "after commit", None),
    "the same, the customer tries again": (6, False, "after commit", "again"),
    "killed after publish, the customer tries again": (7, False, "after publish", "again"),
    "killed between publish and commit": (8, True, "before commit", None),
    "rolled back after publish": (7, True, "rollback", None),
}


class Shop:
    """One life of the shop's process, which ends by its own kill -9 where the order's fate says so."""

    def __init__(self, run):
        self.run = run
        self.session = psql.Session(DATABASE)

    def sql(self, order):
        """A second attempt finds its order and changes nothing, as a careful shop does it."""
        return (
            f"with placed as (insert into orders(id, customer_id, sku, quantity, total, status, placed_on) values ({order['id']}, "
            f"{order['customer_id']}, '{order['sku']}', {order['quantity']}, {order['total']}, 'paid', '{self.run.day}') "
            "on conflict do nothing returning sku, quantity) update inventory set reserved = reserved + placed.quantity, "
            "updated_at = clock_timestamp() from placed where inventory.sku = placed.sku;"
        )

    def publish(self, order):
        kafka.publish(TOPIC, str(order["id"]), json.dumps(order | {"event": "order_paid"}))

    def serve(self, order, fate, again):
        _, publish_first, wrong, _ = FATES[fate]
        wrong = None if again else wrong
        if publish_first:
            self.session.run(f"begin; {self.sql(order)}")
            self.publish(order)
            if wrong == "before commit":
                os.kill(os.getpid(), signal.SIGKILL)
            self.session.run("rollback;" if wrong == "rollback" else "commit;")
            return
        if not self.session.committed(f"begin; {self.sql(order)} commit;"):
            sys.exit(f"order {order['id']} was refused")
        if wrong == "after commit":
            os.kill(os.getpid(), signal.SIGKILL)
        self.publish(order)
        if wrong == "after publish":
            os.kill(os.getpid(), signal.SIGKILL)


class Run:
    def __init__(self, orders, seed):
        self.random = random.Random(seed)
        used = [int(psql.execute(DATABASE, "select coalesce(max(id), 0) from orders")[0])]
        used += [int(message["key"]) for message in kafka.read(TOPIC)]
        self.first = (max(used) // 10000 + 1) * 10000
        # a day that no order has, so that a view by day shows this run alone
        self.day = psql.execute(DATABASE, "select least(min(placed_on), current_date) - 1 from orders")[0]
        prices = {
            row["sku"]: decimal.Decimal(row["unit_price"])
            for row in psql.rows(DATABASE, "select sku, unit_price from inventory")
        }
        weights = [fate[0] for fate in FATES.values()]
        self.orders, self.fates = [], []
        for number in range(orders):
            sku, quantity = self.random.choice(sorted(prices)), self.random.randint(1, 3)
            self.orders.append(
                {
                    "id": self.first + number,
                    "customer_id": self.random.randint(1, 20),
                    "sku": sku,
                    "quantity": quantity,
                    "total": str(prices[sku] * quantity),
                }
            )
            self.fates.append(self.random.choices(list(FATES), weights)[0])
        self.last = self.first + orders - 1

    def life(self, start, again):
        """Runs the shop from an order on; returns the next order and whether it is that order's second time."""
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            status = 1
            try:
                shop = Shop(self)
                for number in range(start, len(self.orders)):
                    shop.serve(self.orders[number], self.fates[number], again and number == start)
                    os.write(writer, b".")
                shop.session.close()
                status = 0
            finally:
                os._exit(status)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            done = start + len(pipe.read())
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            once_more = FATES[self.fates[done]][3] == "again"
            return (done, True) if once_more else (done + 1, False)
        if status:
            sys.exit("dual-write.sh: the shop's process failed; above is why")
        return len(self.orders), False

    def go(self, kills):
        """The shop's lives, one after another; tidemark is killed at some of their ends too."""
        deaths = sum(FATES[fate][2] not in (None, "rollback") for fate in self.fates)
        at = set(self.random.sample(range(1, deaths + 1), min(kills, deaths)))
        number, again, lives, restart = 0, False, 0, None
        while number < len(self.orders):
            number, again = self.life(number, again)
            lives += 1
            if lives in at and number < len(self.orders):
                if restart:
                    restart.wait()
                part("teardown.sh", "--kill", "tidemark").wait()
                restart = part("setup.sh", "tidemark")
        if restart and restart.wait():
            sys.exit("dual-write.sh: tidemark did not start again after it was killed")
        return lives - 1, len(at)


def part(script, *words):
    return subprocess.Popen(["sh", str(LAB / script), *words], stdout=subprocess.DEVNULL)


class Belief:
    """What a downstream holds of the run's orders: how often each, and the money."""

    def __init__(self, seen=None, orders=0, revenue=None):
        self.seen = seen
        self.orders = sum(seen.values()) if seen is not None else orders
        self.revenue = revenue

    def compare(self, truth, revenue):
        """(lost, phantom, duplicates); a downstream that only counts shows how far its count is off."""
        if self.seen is None:
            off = len(truth) - self.orders
            return max(off, 0), max(-off, 0), 0
        return (
            len(truth - self.seen.keys()),
            len(self.seen.keys() - truth),
            sum(n - 1 for n in self.seen.values()),
        )


def dual_write_beliefs(run):
    """Three consumers of the shop's own topic, each believing every event it gets."""
    events = [json.loads(message["payload"]) for message in kafka.read(TOPIC)]
    events = [event for event in events if run.first <= event["id"] <= run.last]
    seen = collections.Counter(event["id"] for event in events)
    revenue = sum((decimal.Decimal(event["total"]) for event in events), decimal.Decimal(0))
    return {name: Belief(seen, revenue=revenue if name == "analytics" else None) for name in DOWNSTREAMS}


def tidemark_beliefs(run, tidemark):
    def mine(rows):
        return collections.Counter(
            row["order_id"] for row in rows if run.first <= row["order_id"] <= run.last
        )

    outbox = tidemark.rows("/v1/views/email/outbox")
    days = tidemark.rows("/v1/views/analytics/revenue_by_day", **{"from": run.day, "to": run.day})
    return {
        "warehouse": Belief(mine(tidemark.rows("/v1/views/warehouse/picks"))),
        "email": Belief(mine(row for row in outbox if row["kind"] == "order_paid")),
        "analytics": Belief(
            orders=sum(day["orders"] for day in days),
            revenue=sum((decimal.Decimal(day["revenue"]) for day in days), decimal.Decimal(0)),
        ),
    }


def show(run, truth, revenue, sides):
    print(f"\n{'':24} {'PostgreSQL':>11}", *(f"{side + ':':>14} {'':>22}" for side in sides))
    print(f"{'':24} {'':>11}", *(f"{name:>12}" for _ in sides for name in DOWNSTREAMS))
    cells = [sides[side][name] for side in sides for name in DOWNSTREAMS]
    measured = [belief.compare(truth, revenue) for belief in cells]
    print(f"{'orders, and handled by':24} {len(truth):>11}", *(f"{belief.orders:>12}" for belief in cells))
    money = [f"{belief.revenue:>12}" if belief.revenue is not None else f"{'-':>12}" for belief in cells]
    print(f"{'revenue':24} {revenue:>11}", *money)
    for index, what in enumerate(("lost", "phantom", "duplicates")):
        print(f"{what:24} {'':>11}", *(f"{line[index]:>12}" for line in measured))
    return dict(zip([(side, name) for side in sides for name in DOWNSTREAMS], measured))


def expected(run):
    """What the fates should have done to the dual write: a check of the measurement itself."""
    count = collections.Counter(run.fates)
    return (
        count["killed between commit and publish"],
        count["killed between publish and commit"] + count["rolled back after publish"],
        count["killed after publish, the customer tries again"],
    )


def judge(run, truth, revenue, sides, measured):
    wrong = []
    for name in DOWNSTREAMS:
        if measured["dual write", name] != expected(run):
            wrong.append(
                f"dual write, {name}: measured {measured['dual write', name]}, made to happen {expected(run)}"
            )
        if measured["tidemark", name] != (0, 0, 0) or sides["tidemark"][name].orders != len(truth):
            wrong.append(f"tidemark, {name}: lost, phantom, duplicates are {measured['tidemark', name]}")
    if sides["tidemark"]["analytics"].revenue != revenue:
        wrong.append(
            f"tidemark, analytics: revenue {sides['tidemark']['analytics'].revenue}, PostgreSQL has {revenue}"
        )
    return wrong


def main():
    parser = argparse.ArgumentParser(
        prog="dual-write.sh", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--orders", type=int, default=150, help="how many customers try to order (default 150)"
    )
    parser.add_argument("--seed", type=int, default=None, help="default: from the clock, and printed")
    parser.add_argument(
        "--kills", type=int, default=2, help="how often tidemark is killed meanwhile (default 2)"
    )
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else int(time.time())
    kafka.create(TOPIC, PARTITIONS)
    run = Run(options.orders, seed)
    print(
        f"dual-write: seed {seed}, {options.orders} orders from {run.first} on; the shop is killed where its luck ends",
        flush=True,
    )
    deaths, kills = run.go(options.kills)
    print(
        f"dual-write: the shop's process was killed {deaths} times, tidemark {kills} times\n\nwhat befell the orders:"
    )
    for fate, count in collections.Counter(run.fates).most_common():
        print(f"  {count:>5}  {fate}")
    marker = psql.execute(DATABASE, "select pg_logical_emit_message(true, 'tidemark', 'marker')")[0]
    tidemark = Tidemark(os.environ["LAB_HTTP_PORT"])
    if not tidemark.wait_lsn(marker, CAUGHT_UP_WAIT_S):
        sys.exit(
            f"dual-write.sh: tidemark did not reach {marker} within {CAUGHT_UP_WAIT_S} s: sh lab/verify.sh shows what is down"
        )
    rows = psql.rows(DATABASE, f"select id, total from orders where id between {run.first} and {run.last}")
    truth, revenue = {row["id"] for row in rows}, sum(
        (decimal.Decimal(row["total"]) for row in rows), decimal.Decimal(0)
    )
    sides = {"dual write": dual_write_beliefs(run), "tidemark": tidemark_beliefs(run, tidemark)}
    wrong = judge(run, truth, revenue, sides, show(run, truth, revenue, sides))
    print(
        "\n"
        + (
            "\n".join(wrong)
            if wrong
            else "Every number above was measured: the shop's own events are wrong three ways, the log's are not."
        )
    )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
