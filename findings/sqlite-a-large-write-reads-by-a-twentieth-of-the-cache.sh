#!/bin/sh
# SQLite (3.46.1 and 3.54.1): within a transaction that has changed many pages, what it reads stays in the page cache for about
# a twentieth of `cache_size` only.
#
# Up to nine tenths of the cache may be changed pages; only then is one written out for each page that is read. The one that was
# written out stays in the cache, as the newest of the clean ones, and pushes out what was read before it: half of the last
# tenth is of pages that nobody asks for. So rows that are looked at and then written, some at a time, are read twice, once to
# look and once to write, where these are a hundred pages beside a cache of a thousand. Nothing tells it, and a larger cache
# moves it by a twentieth of what it has more.
#
# Seen (2026-11-29): 6,000 rows of a page each, a cache of 1,000 pages; so many rows are selected, then updated, and so on, in
# one transaction; reads of 4,096 bytes a page, in its second half
#   3.46.1 10 rows at a time: 1.0
#   3.46.1 100 rows at a time: 2.0
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >look.py <<'END'
import os

import apsw

PAGES, CACHE = 6000, 1000
counts = {"reads": 0}


class File(apsw.VFSFile):
    def xRead(self, amount, offset):
        counts["reads"] += amount == 4096
        return super().xRead(amount, offset)


class Counting(apsw.VFS):
    def __init__(self):
        super().__init__("counting", "unix")

    def xOpen(self, name, flags):
        return File("unix", name, flags)


def tried(some):
    name = f"{len(os.listdir())}.db"
    db = apsw.Connection(name, vfs="counting")
    db.execute("pragma journal_mode = wal; pragma wal_autocheckpoint = 0")
    db.execute("create table t(id integer primary key, filler text)")
    db.execute("with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)"
               " insert into t select i, printf('%.*c', 3000, 'x') from n", (PAGES,))
    db.close()
    db = apsw.Connection(name, vfs="counting")
    db.execute(f"pragma cache_size = {CACHE}")
    db.execute("begin")
    for first in range(1, PAGES, some):
        if first == PAGES // 2 + 1:
            counts.update(reads=0)
        rows = (first, first + some)
        db.execute("select sum(length(filler)) from t where id >= ? and id < ?", rows).fetchall()
        db.execute("update t set filler = printf('%.*c', 3000, 'y') where id >= ? and id < ?", rows)
    print(f"{apsw.sqlite_lib_version()} {some} rows at a time: {counts['reads'] / (PAGES // 2):.1f}")
    db.execute("rollback")
    db.close()


vfs = Counting()
tried(10)
tried(100)
END
python3 -m venv tools
for version in 3.46.1.0 3.54.1.0; do # each brings its SQLite
    tools/bin/pip install --quiet --only-binary :all: "apsw==$version"
    tools/bin/python look.py
done >seen
cat seen
for version in 3.46.1 3.54.1; do
    echo "$version 10 rows at a time: 1.0"
    echo "$version 100 rows at a time: 2.0"
done >expected
diff expected seen
