#!/usr/bin/env python3
"""compare.py DB TRUTH.json: is the mirror in DB equal to the source's rows in TRUTH.json? Exit 1 when not.

TRUTH.json is {"table": [row, ...]}, each row as PostgreSQL's row_to_json gives it (time zone UTC), numbers
with a point as strings; capture.sh writes it. The mirror stores values as README.md of the views says:
decimals counted in their last digit, booleans as 0 and 1, times in one form. verify.sh and consistent.sh
use this module too.
"""

import hashlib
import json
import re
import sqlite3
import sys

KEYS = {"orders": ["id"], "customers": ["id"], "inventory": ["sku"], "points": ["order_id", "customer_id"]}
DECIMAL_DIGITS = {("orders", "total"): 2, ("inventory", "unit_price"): 2}
TIME_ENDS = {("orders", "created_at"): "Z", ("customers", "created_at"): "Z", ("inventory", "updated_at"): ""}
JSON_COLUMNS = {("orders", "meta")}
SHOWN_MAX = 20


def stored(table, column, value):
    """A value of PostgreSQL's row_to_json as the mirror should hold it."""
    place = (table, column)
    if value is None:
        return None
    if place in JSON_COLUMNS:
        return json.dumps(value, sort_keys=True)
    if place in DECIMAL_DIGITS:
        whole, _, part = str(value).partition(".")
        return int(whole + part.ljust(DECIMAL_DIGITS[place], "0"))
    if place in TIME_ENDS and value not in ("infinity", "-infinity"):
        second, part = re.match(r"([0-9]+-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?", value).groups()
        return f"{second}.{(part or '').ljust(6, '0')}{TIME_ENDS[place]}"
    if isinstance(value, bool):
        return int(value)
    return value


def held(table, column, value):
    """A value of the mirror, in the form in which it can be compared: JSON has no one spelling."""
    if (table, column) in JSON_COLUMNS and value is not None:
        return json.dumps(json.loads(value, parse_float=str), sort_keys=True)
    return value


def key_of(table, row):
    return tuple(row[name] for name in KEYS[table])


def open_mirror(path):
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=10)
    connection.row_factory = sqlite3.Row
    return connection


def mirror_rows(connection, table):
    """The rows without the engine's own columns."""
    rows = connection.execute(f"select * from {table}").fetchall()
    return {
        key_of(table, row): {c: held(table, c, row[c]) for c in row.keys() if not c.startswith("_")}
        for row in rows
    }


def table_differences(table, source, mirror):
    want = {key_of(table, row): {c: stored(table, c, v) for c, v in row.items()} for row in source}
    for key in sorted(want.keys() | mirror.keys(), key=str):
        if key not in mirror:
            yield f"{table} {key}: missing in the mirror"
        elif key not in want:
            yield f"{table} {key}: a row that the source does not have"
        else:
            for column, value in want[key].items():
                have = mirror[key].get(column)
                if have != value or type(have) is not type(value):
                    yield f"{table} {key} {column}: {str(have)[:60]!r}, the source has {str(value)[:60]!r}"


def digest(connection):
    """One number for everything that the mirror holds; two mirrors at one position must agree on it."""
    total = hashlib.sha256()
    for table in KEYS:
        rows = mirror_rows(connection, table)
        for key in sorted(rows, key=str):
            total.update(json.dumps([table, rows[key]], sort_keys=True).encode())
    return total.hexdigest()[:16]


def position(connection):
    row = connection.execute("select lsn, txid, transactional from _position").fetchone()
    return (None, None, 0) if row is None else tuple(row)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[2], encoding="utf-8") as file:
        truth = json.load(file)
    mirror = open_mirror(sys.argv[1])
    found = []
    integrity = mirror.execute("pragma integrity_check").fetchone()[0]
    if integrity != "ok":
        found.append(f"integrity_check: {integrity}")
    for table, rows in truth.items():
        found += table_differences(table, rows, mirror_rows(mirror, table))
    print("\n".join(found[:SHOWN_MAX]) if found else "equal")
    if len(found) > SHOWN_MAX:
        print(f"... {len(found)} differences in all")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
