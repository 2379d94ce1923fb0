#!/usr/bin/env python3
"""workload.py SEED MODE FOLDER: the statements of a seeded workload, FOLDER/before.sql for the snapshot and FOLDER/after.sql for the binlog.
A statement a line."""

import datetime
import os
import random
import sys
import uuid

ROWS, BEFORE, AFTER = 60, 150, 450
TABLES = (
    "create table kinds (id int primary key, truth tinyint(1), bits bit(10), small smallint, whole int unsigned, price decimal(10, 2),"
    " amount decimal(30, 6), ratio double, fixed char(5), words varchar(40), padded binary(4), bytes varbinary(8), note mediumtext,"
    " document json, label enum('new', 'used', 'a,b'), labels set('x', 'y', 'z'), on_day date, at_second datetime, at_milli datetime(3),"
    " at_micro datetime(6), moment timestamp null, moment_micro timestamp(6) null, lasted time(6), in_year year, code uuid)",
    "create table keyed (code uuid primary key, other uuid, n int)",
    "create table pairs (a int, b varchar(20), n int, primary key (a, b))",
)
WORDS = ("", "a", "été", "x y ", "it's", "日本", "😀", "back\\\\slash", "line\\nbreak", '"quoted"')


def readings(made):
    """What a generator may have made of those that are streamed as this one is: see consumer/decode/envelope/shifted_uuid.h."""
    kept = made.rstrip(b"\0")
    streamed = kept.rjust(16, b"\0")
    zeros = len(streamed) - len(streamed.lstrip(b"\0"))
    tried = (uuid.UUID(bytes=streamed[count:] + bytes(count)) for count in range(zeros + 1))
    return sum(one.variant == uuid.RFC_4122 and 1 <= one.version <= 8 for one in tried)


def generated(numbers):
    """A UUID as a generator makes it; one of three ends with zero bytes, as one of 256 does. None that may be another: it is quarantined."""
    while True:
        made = bytearray(uuid.UUID(int=numbers.getrandbits(128), version=4).bytes)
        for at in range(1, 1 + numbers.choice((0, 0, 0, 0, 1, 1, 2, 3))):
            made[-at] = 0
        if readings(bytes(made)) == 1:
            return f"'{uuid.UUID(bytes=bytes(made))}'"


def moment(numbers, digits, first=datetime.datetime(1971, 1, 1), days=365 * 60):
    at = first + datetime.timedelta(days=numbers.randrange(days), microseconds=numbers.randrange(86400 * 10**6))
    return f"'{at:%Y-%m-%d %H:%M:%S}.{at.microsecond:06}"[: 21 + digits if digits else 20] + "'"


def duration(numbers):
    seconds, micros = numbers.randrange(838 * 3600), numbers.randrange(10**6)
    return f"'{numbers.choice(('', '-'))}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{micros:06}'"


VALUES = {
    "truth": lambda n: n.choice("01"),
    "bits": lambda n: f"b'{n.getrandbits(10):b}'",
    "small": lambda n: str(n.choice((-32768, 0, 32767, n.randrange(-1000, 1000)))),
    "whole": lambda n: str(n.choice((0, 4294967295, n.getrandbits(32)))),
    "price": lambda n: f"{n.choice((-1, 1)) * n.randrange(10**10) / 100:.2f}",
    "amount": lambda n: f"{n.randrange(-(10**24), 10**24)}.{n.randrange(10**6):06}",
    "ratio": lambda n: repr(n.choice((0.1, 1e300, -2.5e-7, n.uniform(-1e6, 1e6)))),
    "fixed": lambda n: f"'{n.choice(('', 'ab', 'abcde', 'é'))}'",
    "words": lambda n: "'" + n.choice(WORDS).replace("'", "''") + "'",
    "padded": lambda n: f"x'{n.randbytes(n.randrange(4)).hex()}{n.choice(('', '00'))}'",
    "bytes": lambda n: f"x'{n.randbytes(n.randrange(8)).hex()}'",
    "note": lambda n: f"repeat('{n.choice('abc')}', {n.choice((1, 100, 70000))})",
    "document": lambda n: f"""'{{"a": {n.randrange(100)}, "b": [1, 2.50, null]}}'""",
    "label": lambda n: n.choice(("'new'", "'used'", "'a,b'")),
    "labels": lambda n: n.choice(("''", "'x'", "'x,z'", "'x,y,z'")),
    "on_day": lambda n: n.choice(("'1000-01-01'", "'9999-12-31'", moment(n, 0)[:11] + "'")),
    "at_second": lambda n: moment(n, 0, datetime.datetime(1000, 1, 1), 365 * 3000),
    "at_milli": lambda n: moment(n, 3),
    "at_micro": lambda n: moment(n, 6),
    "moment": lambda n: moment(n, 0),
    "moment_micro": lambda n: moment(n, 6),
    "lasted": duration,
    "in_year": lambda n: str(n.randrange(1901, 2156)),
    "code": generated,
}


def kind(numbers):
    given = {name: value(numbers) if numbers.random() < 0.9 else "null" for name, value in VALUES.items()}
    return ", ".join(f"{name} = {value}" for name, value in given.items())


def statement(numbers, codes):
    table = numbers.choice(("kinds", "kinds", "keyed", "pairs"))
    what = numbers.random()
    if table == "kinds":
        row = numbers.randrange(ROWS)
        if what < 0.15:
            return f"delete from kinds where id = {row}"
        return f"replace into kinds set id = {row}, {kind(numbers)}" if what < 0.4 else f"update kinds set {kind(numbers)} where id = {row}"
    if table == "keyed":
        code = numbers.choice(codes)
        if what < 0.2:
            return f"delete from keyed where code = {code}"
        if what < 0.4:
            return f"update ignore keyed set code = {numbers.choice(codes)} where code = {code}"
        return (f"insert into keyed values ({code}, {generated(numbers)}, {numbers.randrange(100)})"
                " on duplicate key update other = value(other), n = value(n)")  # fmt: skip
    a, b, n = numbers.randrange(6), numbers.choice("xyz"), numbers.randrange(100)
    if what < 0.2:
        return f"delete from pairs where a = {a}"
    if what < 0.4:
        return f"update ignore pairs set a = {numbers.randrange(6)}, n = {n} where a = {a} and b = '{b}'"
    return f"insert into pairs values ({a}, '{b}', {n}) on duplicate key update n = value(n)"


def main():
    seed, mode, folder = sys.argv[1:]
    numbers = random.Random(f"{seed} {mode}")
    codes = [generated(numbers) for _ in range(40)]
    os.makedirs(folder, exist_ok=True)
    first = [f"insert into kinds set id = {row}, {kind(numbers)}" for row in range(ROWS)]
    parts = {"before": [*TABLES, *first, *(statement(numbers, codes) for _ in range(BEFORE))],
             "after": [statement(numbers, codes) for _ in range(AFTER)]}  # fmt: skip
    for name, statements in parts.items():
        with open(os.path.join(folder, f"{name}.sql"), "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in statements)


main()
