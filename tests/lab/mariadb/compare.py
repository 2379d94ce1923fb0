#!/usr/bin/env python3
"""compare.py FOLDER: FOLDER/mirror.db against FOLDER/truth.json, each value read by its own type. Exit 1 on a difference."""

import json
import os
import re
import sqlite3
import sys
from decimal import Decimal

SHOWN_MAX = 20
COLUMNS = {
    "kinds": "id truth bits small whole price amount ratio fixed words padded bytes note document label labels on_day at_second at_milli"
             " at_micro moment moment_micro lasted in_year code",
    "keyed": "code other n",
    "pairs": "a b n",
}  # fmt: skip
KEYS = {"kinds": 1, "keyed": 1, "pairs": 2}
INTEGERS = ("id", "truth", "bits", "small", "whole", "in_year", "n", "a")


def micros(text):
    sign, hours, minutes, seconds, part = re.fullmatch(r"(-?)(\d+):(\d+):(\d+)(?:\.(\d+))?", text).groups()
    whole = ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 10**6 + int((part or "0").ljust(6, "0"))
    return -whole if sign else whole


def of_server(column, text):
    if text is None:
        return None
    if column in INTEGERS:
        return int(text)
    if column in ("price", "amount"):
        return Decimal(text)
    if column == "ratio":
        return float(text)
    if column == "lasted":
        return micros(text)
    if column.startswith(("at_", "moment")):
        return (text.replace("T", " ") + ("" if "." in text else ".")).ljust(26, "0")[:26]
    return text


def of_mirror(column, value):
    if value is None:
        return None
    if column == "price":
        return Decimal(value).scaleb(-2)
    if column == "amount":
        return Decimal(value)
    if column == "bits":
        return int(value, 2)
    if column in ("padded", "bytes"):
        return value.hex()
    if column == "lasted":
        return int(value)
    if column.startswith(("at_", "moment")):
        return value.replace("T", " ").rstrip("Z")
    return value


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "truth.json"), encoding="utf-8") as file:
        truth = json.load(file)
    mirror = sqlite3.connect(os.path.join(folder, "mirror.db"))
    differences = [f"quarantined: {reason}" for (reason,) in mirror.execute("select reason from _quarantine")]
    rows = 0
    for table, names in COLUMNS.items():
        columns = names.split()
        theirs = {tuple(row[: KEYS[table]]): row for row in ([of_server(*pair) for pair in zip(columns, row)] for row in truth[table])}
        chosen = ", ".join(f'"{name}"' for name in columns)
        ours = {tuple(row[: KEYS[table]]): row
                for row in ([of_mirror(*pair) for pair in zip(columns, row)] for row in mirror.execute(f"select {chosen} from {table}"))}  # fmt: skip
        rows += len(theirs)
        differences += [f"{table} {key}: not at the source" for key in ours if key not in theirs]
        differences += [f"{table} {key}: not in the mirror" for key in theirs if key not in ours]
        differences += [f"{table} {key} {name}: {mine!r}, at the source {other!r}" for key in theirs if key in ours
                        for name, mine, other in zip(columns, ours[key], theirs[key]) if mine != other]  # fmt: skip
    for difference in differences[:SHOWN_MAX]:
        print(difference[:300])
    print(f"{os.path.basename(folder)}: {rows} rows, {len(differences)} differences")
    sys.exit(1 if differences or rows < 50 else 0)


main()
