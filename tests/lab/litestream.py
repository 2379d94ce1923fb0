#!/usr/bin/env python3
"""Litestream beside the program: what it restores is the file, though both were killed; the write-ahead log keeps its bound.

litestream.py [--rate CHANGES_A_SECOND]      LITESTREAM=its program; started by litestream.sh"""

import argparse
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TOP / "tests" / "blackbox")]
import tide  # noqa: E402

LOG_BYTES_MAX = 256 << 20  # --wal-max-mb's default
STEPS = 3  # parts of the traffic, between two accidents
APPLIED_A_STEP = 400  # row events at least


class Beside:
    """The program and Litestream on one file."""

    def __init__(self, folder, rate):
        self.folder, self.rate = folder, rate
        self.db = folder / "shop.db"
        self.starts = 0
        self.log_bytes = 0
        self.server = self.litestream = None

    def start_server(self):
        self.starts += 1
        self.server = tide.Server("demo", "--traffic", self.rate, "--db", self.db, stderr=self.folder / f"log{self.starts}")

    def start_litestream(self):
        command = [os.environ["LITESTREAM"], "replicate", self.db, f"file://{self.folder}/replica"]
        with open(self.folder / "litestream.log", "ab") as log:
            self.litestream = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)

    def goes_on(self):
        """Waits for more traffic, and notes how long the log was meanwhile."""
        first = self.server.get("/v1/status")[1]["counters"]["applied"]

        def more():
            log = self.db.with_name("shop.db-wal")
            self.log_bytes = max(self.log_bytes, log.stat().st_size if log.exists() else 0)
            return self.server.get("/v1/status")[1]["counters"]["applied"] >= first + max(APPLIED_A_STEP, 2 * self.rate)

        tide.wait_for("more traffic", more)

    def run(self):
        self.start_server()
        self.goes_on()
        self.start_litestream()
        for _ in range(STEPS):
            self.goes_on()
            self.litestream.kill()
            self.litestream.wait(30)
            self.goes_on()
            self.start_litestream()
            self.goes_on()
            self.server.kill()
            self.start_server()
        self.goes_on()
        assert self.server.stop() == 0, self.server.log()[-800:]
        self.litestream.terminate()  # it sends what is left
        assert self.litestream.wait(60) == 0

    def restore(self):
        out = self.folder / "restored.db"
        subprocess.run([os.environ["LITESTREAM"], "restore", "-o", out, f"file://{self.folder}/replica"], check=True)
        return out


def rows(path):
    """{table: its rows, sorted}, without what is SQLite's and Litestream's own."""
    connection = sqlite3.connect(path)
    try:
        names = connection.execute("select name from sqlite_schema where type = 'table' and sql not like 'create virtual%'")
        names = [name for (name,) in names.fetchall() if not name.startswith(("sqlite_", "_litestream"))]
        return {name: sorted(map(repr, connection.execute(f'select * from "{name}"'))) for name in names}
    finally:
        connection.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=int, default=200)
    rate = parser.parse_args().rate
    with tempfile.TemporaryDirectory() as name:
        beside = Beside(pathlib.Path(name), rate)
        beside.run()
        kept, restored = rows(beside.db), rows(beside.restore())
        different = [table for table in kept if kept[table] != restored.get(table)]
        count = sum(map(len, kept.values()))
        print(f"{rate} changes/s: {len(kept)} tables, {count} rows, different: {different or 'none'}; "
              f"the log had {beside.log_bytes >> 20} MB at most")  # fmt: skip
        return bool(different) or not count or beside.log_bytes > LOG_BYTES_MAX


if __name__ == "__main__":
    sys.exit(main())
