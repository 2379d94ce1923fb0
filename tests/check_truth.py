#!/usr/bin/env python3
"""check_truth.py DB TRUTH.json: does the file hold the source's final rows, and do its views agree with them?

Prints the differences; exit 1 if there are any. Compares every row and column of the mirror (as lab/compare.py does),
then the tables that views keep incrementally with the same aggregates computed from the mirror.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import compare  # noqa: E402

SHOWN_MAX = 20
SOLD = "status in ('paid', 'shipped')"

# What a view keeps row by row, and the same computed at once. sum() of nothing but NULLs is 0 here.
AGGREGATES = {
    "analytics_orders_by_status": (
        "select status, orders, total from analytics_orders_by_status",
        "select status, count(*), coalesce(sum(total), 0) from orders group by status",
    ),
    "analytics_revenue_by_day": (
        "select placed_on, orders, revenue from analytics_revenue_by_day",
        f"select placed_on, count(*), coalesce(sum(total), 0) from orders where {SOLD} group by placed_on",
    ),
    "analytics_top_skus": (
        "select sku, orders, quantity, revenue from analytics_top_skus",
        "select sku, count(*), coalesce(sum(quantity), 0), coalesce(sum(total), 0)"
        f" from orders where {SOLD} group by sku",
    ),
    "analytics_customers_by_tier": (
        "select loyalty_tier, customers from analytics_customers_by_tier",
        "select loyalty_tier, count(*) from customers group by loyalty_tier",
    ),
    "loyalty_balance": (
        "select customer_id, points, orders from loyalty_balance",
        "select customer_id, coalesce(sum(points), 0), count(*) from points group by customer_id",
    ),
    "warehouse_to_ship": (
        "select sku, quantity from warehouse_to_ship where quantity <> 0",
        "select sku, sum(quantity) from orders where status = 'paid' and sku is not null group by sku"
        " having sum(quantity) <> 0",
    ),
}


def view_differences(connection):
    for name, (kept, computed) in AGGREGATES.items():
        have = {tuple(row) for row in connection.execute(kept)}
        want = {tuple(row) for row in connection.execute(computed)}
        for row in sorted(have - want, key=str):
            yield f"{name} has {row}, the mirror does not say so"
        for row in sorted(want - have, key=str):
            yield f"{name} lacks {row}"


def differences(db, truth):
    """`truth` None: only whether the file is sound and its views agree with its mirror."""
    connection = compare.open_mirror(db)
    connection.execute("begin")
    integrity = connection.execute("pragma integrity_check").fetchone()[0]
    if integrity != "ok":
        yield f"integrity_check: {integrity}"
    for table, rows in (truth or {}).items():
        yield from compare.table_differences(table, rows, compare.mirror_rows(connection, table))
    yield from view_differences(connection)
    connection.close()


def message_ids(db):
    connection = compare.open_mirror(db)
    ids = [row[0] for row in connection.execute("select message_id from email_outbox order by message_id")]
    connection.close()
    return ids


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[2], encoding="utf-8") as file:
        truth = json.load(file)
    found = list(differences(sys.argv[1], truth))
    print("\n".join(found[:SHOWN_MAX]) if found else "equal")
    if len(found) > SHOWN_MAX:
        print(f"... {len(found)} differences in all")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
