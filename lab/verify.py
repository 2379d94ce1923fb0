#!/usr/bin/env python3
"""verify.sh [--wait SECONDS]: is each part of the lab up, and does every view show what PostgreSQL holds?

First it says what is ready, and where. Writers are held still (a SHARE lock on the shop's tables) while both sides are
read, so it may be run under traffic. Prints one line a check; exit 1 when any failed.
"""

import argparse
import collections
import os
import sqlite3
import sys
import time

import compare
import kafka
import psql
from connect import Connect
from shop import RESERVED_RULE
from tidemark import Tidemark

DATABASE, PREFIX = os.environ["LAB_DATABASE"], os.environ["LAB_PREFIX"]
LOCK_WAIT_S = 30
SLOT_WAIT_S = 30
LINES_MAX = 10  # differences shown of one check

# a view's answer must equal this query's rows, as a bag
VIEWS = {
    "warehouse/picks": "select id as order_id, customer_id, sku, quantity from orders where status = 'paid'",
    "warehouse/stock": """select sku, description, on_hand, reserved, on_hand - reserved as available,
        coalesce((select sum(quantity) from orders o where o.sku = i.sku and status = 'paid'), 0) as to_ship from inventory i""",
    "warehouse/low_stock?below=90": """select sku, on_hand - reserved as available from inventory
        where on_hand - reserved < 90""",
    "email/audience": "select id as customer_id, email, full_name, loyalty_tier from customers where marketing_opt_in",
    "analytics/orders_by_status": "select status, count(*) as orders, sum(total) as total from orders group by 1",
    "analytics/revenue_by_day": """select placed_on, count(*) as orders, sum(total) as revenue from orders
        where status in ('paid', 'shipped') group by 1""",
    "analytics/customers_by_tier": "select loyalty_tier, count(*) as customers from customers group by 1",
    "analytics/top_skus": """select sku, sum(quantity) as quantity, sum(total) as revenue from orders
        where status in ('paid', 'shipped') and sku is not null group by 1""",
    "loyalty/points": """select customer_id, max(full_name) as full_name, sum(points) as points, count(*) as orders
        from points left join customers on customers.id = customer_id group by 1""",
}


class Checks:
    def __init__(self):
        self.lines = []
        self.failed = 0
        self.heads = 0

    def add(self, part, what, good, detail=""):
        self.lines.append((part, what, "ok" if good else "FAILED", detail))
        self.failed += not good

    def guard(self, part, what, check):
        """check() gives (good, detail); whatever it raises is a failure with its reason."""
        try:
            good, detail = check()
        except Exception as error:  # a part that is down shows as a line of the table, not as a trace
            good, detail = False, f"{type(error).__name__}: {str(error)[:150]}"
        self.add(part, what, good, detail)
        return good

    def head(self, what, check):
        """check() says what is ready; whatever it raises is why it is not. Printed at once: the rest takes a while."""
        try:
            print(f"{what}{check()}", flush=True)
        except Exception as error:
            print(f"{what} is NOT ready: {type(error).__name__}: {str(error)[:150]}", flush=True)
            self.failed += 1
        self.heads += 1

    def show(self):
        widths = [max(len(line[i]) for line in self.lines) for i in range(3)]
        for part, what, result, detail in self.lines:
            head = f"{part:<{widths[0]}}  {what:<{widths[1]}}  {result:<{widths[2]}}"
            print(f"{head}  {detail}".rstrip().replace("\n", "\n" + " " * (len(head) + 2)))


def tell_stack(checks):
    def place(variable):
        return f"127.0.0.1:{os.environ[variable]}"

    def postgres():
        version = psql.execute("postgres", "show server_version")[0].split()[0]
        level = psql.execute("postgres", "show wal_level")[0]
        if level != "logical":
            raise psql.Failed(f"wal_level={level}, and Debezium needs logical")
        return f" {version.split('.')[0]} with wal_level=logical is ready on {place('LAB_PG_PORT')} ({version})"

    def broker():
        return f" is ready on {place('LAB_KAFKA_PORT')} ({len(kafka.topics())} topics)"

    def connect():
        worker = Connect()
        plugins = worker.call("GET", "/connector-plugins")
        debezium = [plugin["version"] for plugin in plugins if "PostgresConnector" in plugin["class"]]
        if not debezium:
            raise psql.Failed("Connect has no plugin of Debezium's for PostgreSQL")
        version = worker.call("GET", "/")["version"]
        return f" is ready on {place('LAB_CONNECT_PORT')} (Kafka Connect {version}, Debezium {debezium[0]})"

    def seed():
        counts = [(table, int(psql.execute(DATABASE, f"select count(*) from {table}")[0])) for table in compare.KEYS]
        if not all(count for table, count in counts if table in ("customers", "inventory")):
            raise psql.Failed(f"{counts}: no customers, or nothing to sell")
        return f" is seeded ({', '.join(f'{count} {table}' for table, count in counts)})"

    checks.head("PostgreSQL", postgres)
    checks.head("Kafka", broker)
    checks.head("Kafka Connect with Debezium", connect)
    checks.head(f"Database {DATABASE}", seed)
    print(flush=True)


def check_stack(checks):
    def postgres():
        level = psql.execute(DATABASE, "show wal_level")[0]
        return level == "logical", f"wal_level {level}"

    def slot():
        """A connector that takes its snapshot, or has just started again, uses its slot a little later."""
        deadline = time.monotonic() + SLOT_WAIT_S
        while True:
            found = psql.rows(
                DATABASE,
                f"""select active, pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint as behind
                from pg_replication_slots where slot_name = '{PREFIX}'""",
            )
            if found and found[0]["active"]:
                return True, f"in use, {found[0]['behind']} bytes not confirmed yet"
            if time.monotonic() > deadline:
                return False, "not in use" if found else f"there is no slot {PREFIX}"
            time.sleep(0.5)

    def broker():
        known = kafka.topics()
        return True, f"{sum(name.startswith(PREFIX + '.') for name in known)} topics of {PREFIX}"

    def transaction_topic():
        known = kafka.topics()
        parts = known.get(f"{PREFIX}.transaction")
        return (
            parts == 1,
            f"{PREFIX}.transaction has {parts or 'no'} partition(s); more than one would lose the order of commits",
        )

    def connector():
        states = Connect().states(PREFIX)
        good = len(states) > 1 and all(state == "RUNNING" for _, state, _ in states)
        return (
            good,
            ", ".join(
                f"{what} {state} {trace.splitlines()[0] if trace else ''}".strip()
                for what, state, trace in states
            )
            or "Connect does not answer or does not know it: sh lab/setup.sh",
        )

    up = checks.guard("PostgreSQL", "answers", postgres)
    if up:
        checks.guard("PostgreSQL", "replication slot", slot)
    checks.guard("Kafka", "answers", broker)
    checks.guard("Kafka", "transaction topic", transaction_topic)
    checks.guard("Connect", f"connector {PREFIX}", connector)
    return up


def check_tables(checks, mirror, source):
    for table in compare.KEYS:
        found = list(compare.table_differences(table, source[table], compare.mirror_rows(mirror, table)))
        lines = found[:LINES_MAX] + ([f"... {len(found)} in all"] if len(found) > LINES_MAX else [])
        checks.add(
            "mirror",
            table,
            not found,
            "\n".join([f"{len(source[table])} rows in PostgreSQL, {len(found)} differences"] + lines),
        )

    def whole():
        result = mirror.execute("pragma integrity_check").fetchone()[0]
        return result == "ok", result

    def rule():
        torn = mirror.execute(RESERVED_RULE).fetchone()[0]
        return torn == 0, f"sum(reserved) - sum(open quantities) = {torn}"

    checks.guard("mirror", "integrity_check", whole)
    checks.guard("mirror", "stock adds up", rule)


def bag(rows, columns):
    return collections.Counter(tuple(row.get(column) for column in columns) for row in rows)


def check_views(checks, tidemark, source):
    for view, want in source.items():

        def equal(view=view, want=want):
            found = tidemark.rows(f"/v1/views/{view}")
            columns = list(want[0] if want else found[0] if found else {})
            missing, extra = bag(want, columns) - bag(found, columns), bag(found, columns) - bag(
                want, columns
            )
            lines = [f"PostgreSQL has {dict(zip(columns, row))}" for row in list(missing)[:3]]
            lines += [f"the view has {dict(zip(columns, row))}" for row in list(extra)[:3]]
            return not missing and not extra, "\n".join([f"{len(want)} rows"] + lines)

        checks.guard("view", view, equal)

    def outbox():
        found = tidemark.rows("/v1/views/email/outbox")
        ids = [row["message_id"] for row in found]
        return len(ids) == len(set(ids)), f"{len(ids)} messages, {len(ids) - len(set(ids))} of them twice"

    checks.guard("view", "email/outbox", outbox)


def check_status(checks, tidemark):
    def status():
        answer = tidemark.get("/v1/status")
        good = answer["consistency"] == "transactional" and answer["quarantined"] == 0
        return good, f"{answer['state']}, {answer['consistency']}, {answer['quarantined']} in quarantine"

    checks.guard("tidemark", "status", status)


def held_still(session):
    """Locks out writers and returns the log position of a marker behind everything that they committed."""
    lines = session.run(
        f"begin isolation level read committed; set local lock_timeout = '{LOCK_WAIT_S}s';"
        " lock table orders, customers, inventory, points in share mode;"
    )
    if any(line.startswith("ERROR") for line in lines):
        raise psql.Failed(
            f"the shop's tables could not be locked within {LOCK_WAIT_S} s: a transaction holds them"
        )
    return psql.execute(DATABASE, "select pg_logical_emit_message(true, 'tidemark', 'marker')")[0]


def compare_all(checks, tidemark, wait_s):
    session = psql.Session(DATABASE)
    try:
        marker = held_still(session)
        position = tidemark.wait_lsn(marker, wait_s)
        checks.add(
            "tidemark",
            "reached the marker",
            position is not None,
            (
                f"{marker}, shows {position['lsn']}"
                if position
                else f"{marker} not within {wait_s} s; see {os.environ['LAB_STATE']}/logs/tidemark.log"
            ),
        )
        if position:
            check_status(checks, tidemark)
            mirror = compare.open_mirror(f"{os.environ['LAB_STATE']}/tidemark/shop.db")
            check_tables(
                checks,
                mirror,
                {table: psql.rows(DATABASE, f"select * from {table}") for table in compare.KEYS},
            )
            check_views(checks, tidemark, {view: psql.rows(DATABASE, query) for view, query in VIEWS.items()})
    finally:
        session.close()


def main():
    parser = argparse.ArgumentParser(
        prog="verify.sh", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--wait",
        type=int,
        default=120,
        help="seconds to wait until tidemark shows what is committed now (default 120)",
    )
    options = parser.parse_args()
    checks = Checks()
    tell_stack(checks)
    if check_stack(checks):
        try:
            compare_all(checks, Tidemark(os.environ["LAB_HTTP_PORT"]), options.wait)
        except (psql.Failed, psql.Lost, sqlite3.Error, OSError) as error:
            checks.add("lab", "comparison", False, str(error)[:300])
    else:
        checks.add("lab", "comparison", False, "not without PostgreSQL: sh lab/setup.sh starts what is down")
    checks.show()
    count = checks.heads + len(checks.lines)
    print(f"verify.sh: {count - checks.failed} of {count} checks are good")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
