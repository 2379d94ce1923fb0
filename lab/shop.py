#!/usr/bin/env python3
"""shop.sh [--rate TRANSACTIONS_PER_S] [--duration SECONDS] [--seed N] [--database NAME]

A day in the shop: orders placed, paid, shipped and cancelled, each with its move of stock, in one
transaction; some rolled back, some kept open while others commit; deletes, key changes, large values, a
truncate now and then. Every transaction keeps sum(inventory.reserved) = sum(orders.quantity) of the orders
with a sku that are pending or paid.
"""

import argparse
import collections
import os
import random
import signal
import time

import psql

SKUS = [f"SKU-{n}" for n in range(1, 21)]
SLOW_SKUS = [f"SKU-{n}" for n in range(21, 25)]  # long transactions hold locks: on shelves of their own
SLOW_SESSIONS = 2
ROLLBACK_SHARE = 0.08
SLOW_SHARE = 0.06
ORDERS_MAX = 3000  # above it, more is deleted than placed
RESERVED_RULE = """select coalesce((select sum(reserved) from inventory), 0) -
 coalesce((select sum(quantity) from orders where status in ('pending', 'paid') and sku is not null), 0)"""


class Slow:
    """A transaction that stays open while others commit."""

    def __init__(self, database):
        self.session = psql.Session(database)
        self.due = None
        self.rest = ""


class Shop:
    def __init__(self, database, seed):
        self.database = database
        self.random = random.Random(seed)
        self.session = psql.Session(database)
        self.slow = [Slow(database) for _ in range(SLOW_SESSIONS)]
        self.counts = collections.Counter()
        self.orders = {}
        self.kinds = [
            (self.place, 30),
            (self.pay, 20),
            (self.ship, 15),
            (self.cancel, 7),
            (self.remove, 6),
            (self.rename, 2),
            (self.restock, 6),
            (self.customer, 5),
            (self.bio, 2),
            (self.join, 2),
            (self.leave, 1),
            (self.renumber, 1),
            (self.correct, 3),
            (self.many, 2),
            (self.clear, 0.2),
        ]
        self.closing = False
        self.load()

    def load(self):
        """What is there: at the start, and after a lost connection left doubt."""
        self.session.run("set lock_timeout = '300ms';")
        found = psql.rows(self.database, "select id, customer_id, sku, quantity, status from orders")
        self.orders = {row["id"]: row for row in found}
        self.next_order = max([5999, *self.orders]) + 1
        self.next_customer = int(
            psql.execute(self.database, "select coalesce(max(id), 0) + 1 from customers")[0]
        )

    # Each kind gives (statements, change to self.orders when committed), or None when there is nothing to do it to.

    def pick(self, *states):
        ids = [key for key, row in self.orders.items() if row["status"] in states and row["sku"]]
        return self.orders[self.random.choice(ids)] if ids else None

    def place(self, skus=None):
        if len(self.orders) > ORDERS_MAX:
            return self.remove()
        sku, quantity = self.random.choice(skus or SKUS), self.random.randint(1, 4)
        key, customer = self.next_order, self.random.randint(1, 20)
        self.next_order += 1
        notes = self.random.choice(
            ["null", "'leave at the door'", f"repeat('n{key} ', {self.random.randint(1, 900)})"]
        )
        meta = self.random.choice(["null", """'{"gift": true, "tags": ["a", "b"]}'"""])
        row = {"id": key, "customer_id": customer, "sku": sku, "quantity": quantity, "status": "pending"}
        return (
            f"insert into orders(id, customer_id, sku, quantity, total, status, notes, meta) "
            f"select {key}, {customer}, sku, {quantity}, {quantity} * unit_price, 'pending', {notes}, {meta} "
            f"from inventory where sku = '{sku}'; "
            f"update inventory set reserved = reserved + {quantity}, updated_at = clock_timestamp() where sku = '{sku}';",
            lambda: self.orders.__setitem__(key, row),
        )

    def move(self, row, status, stock, extra=""):
        if not row:
            return None
        return (
            f"update orders set status = '{status}' where id = {row['id']}; {stock} {extra}",
            lambda: row.__setitem__("status", status),
        )

    def pay(self):
        row = self.pick("pending")
        return row and self.move(
            row,
            "paid",
            "",
            f"insert into points values ({row['id']}, {row['customer_id']}, "
            f"{10 * row['quantity']}, 'order paid') on conflict do nothing;",
        )

    def ship(self):
        row = self.pick("paid")
        return row and self.move(
            row,
            "shipped",
            f"update inventory set on_hand = on_hand - {row['quantity']}, "
            f"reserved = reserved - {row['quantity']}, updated_at = clock_timestamp() where sku = '{row['sku']}';",
        )

    def cancel(self):
        row = self.pick("pending", "paid")
        return row and self.move(
            row,
            "cancelled",
            f"update inventory set reserved = reserved - {row['quantity']}, "
            f"updated_at = clock_timestamp() where sku = '{row['sku']}';",
            f"delete from points where order_id = {row['id']};",
        )

    def remove(self):
        row = self.pick("shipped", "cancelled")
        return row and (
            f"delete from points where order_id = {row['id']}; delete from orders where id = {row['id']};",
            lambda: self.orders.pop(row["id"], None),
        )

    def rename(self):
        row = self.pick("pending", "paid", "shipped")
        if not row:
            return None
        new = self.next_order
        self.next_order += 1

        def done():
            self.orders[new] = self.orders.pop(row["id"]) | {"id": new}

        return (
            f"update orders set id = {new} where id = {row['id']}; update points set order_id = {new} where order_id = {row['id']};",
            done,
        )

    def restock(self):
        sku = self.random.choice(SKUS)
        return (
            f"update inventory set on_hand = on_hand + {self.random.randint(5, 40)}, updated_at = clock_timestamp() where sku = '{sku}';",
            None,
        )

    def customer(self):
        change = self.random.choice(
            [
                "loyalty_tier = 'gold'",
                "loyalty_tier = 'silver'",
                "loyalty_tier = null",
                "marketing_opt_in = not marketing_opt_in",
                "full_name = full_name || ' ✓'",
            ]
        )
        return f"update customers set {change} where id = {self.random.randint(1, 20)};", None

    def bio(self):
        return (
            f"update customers set bio = repeat('{self.random.choice('abc')}', {self.random.randint(2500, 5000)}) "
            f"where id = {self.random.randint(1, 20)};",
            None,
        )

    def join(self):
        key = self.next_customer
        self.next_customer += 1
        return (
            f"insert into customers(id, email, full_name, bio) values ({key}, 'n{key}@example.com', 'New {key}', "
            f"repeat('x', {self.random.randint(0, 4000)}));",
            None,
        )

    def leave(self):
        return "delete from customers where id = (select min(id) from customers where id > 20);", None

    def renumber(self):
        key = self.next_customer
        self.next_customer += 1
        return (
            f"update customers set id = {key} where id = (select min(id) from customers where id > 20);",
            None,
        )

    def correct(self):
        return (
            f"update points set points = points + {self.random.randint(-5, 5)} where (order_id, customer_id) in "
            f"(select order_id, customer_id from points order by order_id desc limit {self.random.randint(1, 5)});",
            None,
        )

    def many(self):
        return "update inventory set unit_price = unit_price + 0.01, updated_at = clock_timestamp();", None

    def clear(self):
        return "truncate points;", None

    def transaction(self):
        """One or two kinds in one transaction; the second sees the first only when it commits, so they differ."""
        parts = []
        for _ in range(self.random.choice([1, 1, 2])):
            kind = self.random.choices([k for k, _ in self.kinds], [w for _, w in self.kinds])[0]
            part = kind()
            if part and kind.__name__ not in [name for name, _ in parts]:
                parts.append((kind.__name__, part))
            if kind.__name__ in ("pay", "ship", "cancel", "remove", "rename"):
                break  # they choose an order by its state
        return parts

    def commit(self, parts):
        end = "rollback" if self.random.random() < ROLLBACK_SHARE else "commit"
        # psql sends one statement after another, as a program would
        if self.session.committed(f"begin; {' '.join(sql for _, (sql, _) in parts)} {end};"):
            self.counts["committed"] += 1
            for name, (_, done) in parts:
                self.counts[name] += 1
                if done:
                    done()
        else:
            self.counts["rolled back"] += 1

    def begin_slow(self, slow, now):
        part = self.place(SLOW_SKUS)
        if not part:
            return
        sql, done = part
        slow.session.run(f"set lock_timeout = '300ms'; begin; {sql}")
        slow.done = done
        slow.rest = "rollback;" if self.random.random() < 0.25 else "commit;"
        slow.due = now + self.random.uniform(0.3, 3)

    def end_slow(self, slow):
        slow.due = None
        if slow.session.committed(slow.rest):
            self.counts["long"] += 1
            self.counts["committed"] += 1
            slow.done()
        else:
            self.counts["rolled back"] += 1

    def step(self, now):
        for slow in self.slow:
            if slow.due is not None and slow.due <= now:
                self.end_slow(slow)
        free = [slow for slow in self.slow if slow.due is None]
        if free and self.random.random() < SLOW_SHARE:
            self.begin_slow(free[0], now)
        parts = self.transaction()
        if parts:
            self.commit(parts)

    def recover(self, lost):
        print(f"shop: connection lost ({str(lost)[:100]}), connecting again", flush=True)
        self.counts["lost connections"] += 1
        for session in [self.session] + [slow.session for slow in self.slow]:
            session.close()
            session.open()
        for slow in self.slow:
            slow.due = None
        self.load()

    def run(self, rate, duration):
        start = time.monotonic()
        ticks = 0
        while (now := time.monotonic()) - start < duration and not self.closing:
            try:
                self.step(now)
            except (psql.Lost, psql.Failed) as lost:
                self.recover(lost)
            ticks += 1
            # behind the rate there is no catching up: the next tick counts from now
            wait = start + ticks / rate - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            else:
                ticks = int((time.monotonic() - start) * rate)
        for slow in self.slow:
            try:
                if slow.due is not None:
                    self.end_slow(slow)
            except psql.Lost:
                pass
            slow.session.close()
        self.session.close()
        return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(
        prog="shop.sh", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=float, default=20, help="transactions a second (default 20)")
    parser.add_argument("--duration", type=float, default=60, help="seconds (default 60)")
    parser.add_argument("--seed", type=int, default=None, help="default: from the clock, and printed")
    parser.add_argument("--database", default=os.environ["LAB_DATABASE"])
    options = parser.parse_args()
    if options.rate <= 0 or options.duration <= 0:
        parser.error("--rate and --duration want numbers above 0")
    seed = options.seed if options.seed is not None else int(time.time())
    print(f"shop: seed {seed}, {options.rate:g} transactions a second for {options.duration:g} s", flush=True)
    shop = Shop(options.database, seed)
    # asked to stop, it ends as it does when its time is over
    signal.signal(signal.SIGTERM, lambda *_: setattr(shop, "closing", True))
    took = shop.run(options.rate, options.duration)
    counts = ", ".join(f"{name} {n}" for name, n in sorted(shop.counts.items()))
    print(f"shop: {took:.1f} s: {counts}")


if __name__ == "__main__":
    main()
