#!/usr/bin/env python3
"""check_truth.py DB TRUTH.json: does the file hold the source's final rows, and do its views agree with them?

Prints the differences; exit 1 if there are any. Compares every row and column of the mirror (as lab/compare.py does),
then what views keep incrementally, as their queries show it, with the same aggregates computed from the mirror.
"""

import json
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "lab"))
import compare  # noqa: E402

VIEWS = TOP / "views"
SHOWN_MAX = 20
SOLD = "status in ('paid', 'shipped')"

# A view's query that shows what the view keeps row by row; the columns compared; the same computed at once.
# sum() of nothing but NULLs is 0 here.
AGGREGATES = {
    "analytics/query.orders_by_status.sql": (
        "status, orders, total",
        "select status, count(*), coalesce(sum(total), 0) from orders group by status",
    ),
    "analytics/query.revenue_by_day.sql": (
        "placed_on, orders, revenue",
        f"select placed_on, count(*), coalesce(sum(total), 0) from orders where {SOLD} group by placed_on",
    ),
    "analytics/query.top_skus.sql": (
        "sku, quantity, revenue",
        f"select sku, coalesce(sum(quantity), 0), coalesce(sum(total), 0) from orders where {SOLD} group by sku",
    ),
    "analytics/query.customers_by_tier.sql": (
        "loyalty_tier, customers",
        "select loyalty_tier, count(*) from customers group by loyalty_tier",
    ),
    "loyalty/query.points.sql": (
        "customer_id, points, orders",
        "select customer_id, coalesce(sum(points), 0), count(*) from points group by customer_id",
    ),
    "warehouse/query.stock.sql": (
        "sku, available, to_ship",
        "select sku, on_hand - reserved, (select coalesce(sum(quantity), 0) from orders o where o.status = 'paid'"
        " and o.sku = i.sku) from inventory i",
    ),
}


def view_differences(connection):
    for name, (columns, computed) in AGGREGATES.items():
        query = (VIEWS / name).read_text(encoding="utf-8")
        nothing = {parameter: None for parameter in re.findall(r":(\w+)", query)}
        have = sorted(map(tuple, connection.execute(f"select {columns} from ({query})", nothing)), key=str)
        want = sorted(map(tuple, connection.execute(computed)), key=str)
        if have != want:
            only = [row for row in have if row not in want][:3], [row for row in want if row not in have][:3]
            yield f"{name} shows {only[0]}, the mirror says {only[1]}"


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
