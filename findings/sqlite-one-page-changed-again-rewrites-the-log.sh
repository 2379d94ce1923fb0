#!/bin/sh
# SQLite (3.46.1 and 3.54.1): with WAL, one page that changes again within a large transaction makes its commit read all
# frames behind that page back from the log, and write each one's header anew.
#
# A transaction that changes more pages than the cache holds writes some of them to the log before its commit. When such a
# page changes once more, its frame is written over in its place: within a transaction the log is not only appended to.
# Each frame's checksum goes on from the one before it, so all frames from there to the end are read, summed and given
# their headers again at the commit: for each frame a read of 4120 bytes and a write of 24. It is told by nothing; the same rows in
# another order cost none of it. A small index beside a large table does it: its few pages are not used often enough to stay
# in the cache, and often enough to change twice.
#
# Seen (2026-11-29): 2,000 pages changed in one transaction, 50 wanted in the cache; frames that the commit reads, headers that it
# writes (431 of them of frames that it appends)
#   3.46.1 each page once: 0 431
#   3.46.1 the first page once more at the end: 2000 2430
#   3.46.1 the newest page once more at the end: 0 431
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >look.py <<'END'
import os

import apsw

PAGES, CACHE = 2000, 50
counts = {"reads": 0, "headers": 0}


class Log(apsw.VFSFile):
    def xRead(self, amount, offset):
        counts["reads"] += amount == 24 + 4096
        return super().xRead(amount, offset)

    def xWrite(self, data, offset):
        counts["headers"] += len(data) == 24
        super().xWrite(data, offset)


class Counting(apsw.VFS):
    def __init__(self):
        super().__init__("counting", "unix")

    def xOpen(self, name, flags):
        return (Log if flags[0] & apsw.SQLITE_OPEN_WAL else apsw.VFSFile)("unix", name, flags)


def tried(what, *again):
    name = f"{len(os.listdir())}.db"
    db = apsw.Connection(name, vfs="counting")
    db.execute(f"pragma journal_mode = wal; pragma wal_autocheckpoint = 0; pragma cache_size = {CACHE}")
    db.execute("create table t(id integer primary key, filler text)")
    db.execute("with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)"
               " insert into t select i, printf('%.*c', 3000, 'x') from n", (PAGES,))  # a page each
    db.execute("begin")
    db.execute("update t set filler = printf('%.*c', 3000, 'y')")
    for row in again:
        db.execute("update t set filler = printf('%.*c', 3000, 'z') where id = ?", (row,))
    counts.update(reads=0, headers=0)
    db.execute("commit")
    print(f"{apsw.sqlite_lib_version()} {what}: {counts['reads']} {counts['headers']}")
    db.close()


vfs = Counting()
tried("each page once")
tried("the first page once more at the end", 1)
tried("the newest page once more at the end", PAGES)
END
python3 -m venv tools
for version in 3.46.1.0 3.54.1.0; do # each brings its SQLite
    tools/bin/pip install --quiet --only-binary :all: "apsw==$version"
    tools/bin/python look.py
done >seen
cat seen
for version in 3.46.1 3.54.1; do
    echo "$version each page once: 0 431"
    echo "$version the first page once more at the end: 2000 2430"
    echo "$version the newest page once more at the end: 0 431"
done >expected
diff expected seen
