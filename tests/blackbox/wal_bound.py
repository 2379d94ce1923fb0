#!/usr/bin/env python3
"""The write-ahead log has a bound, whatever readers do: slow queries end with 503, applying goes on."""

import sys
import threading
import unittest

import tide

BOUND_MB = 128
APPLIED = 100000  # rows, whose log would be some 150 MB
SLOW = """-- tidemark: n is integer required
with recursive n(x) as (select 1 union all select x + 1 from n where x < :n)
select count(*) as rows from n, (select 1 from orders limit 1);
"""


class WalBound(tide.Case):
    def test_slow_readers_let_it_begin_anew(self):
        views = self.path / "views"
        (views / "slow").mkdir(parents=True)
        (views / "slow" / "query.count.sql").write_text(SLOW)
        db = self.path / "shop.db"
        server = tide.Server("demo", "--traffic", "30000", "--views", views, "--db", db, "--wal-max-mb", BOUND_MB,
                             stderr=self.path / "log")  # fmt: skip
        self.addCleanup(server.__exit__)
        details = []
        done = threading.Event()

        def ask():
            while not done.is_set():
                status, document = server.get("/v1/views/slow/count?n=100000000")
                if status == 503:
                    details.append(document["detail"])

        clients = [threading.Thread(target=ask) for _ in range(2)]
        for client in clients:
            client.start()
        log = db.with_name("shop.db-wal")
        largest = 0

        def has_begun_anew():
            nonlocal largest
            size = log.stat().st_size if log.exists() else 0
            largest = max(largest, size)
            told = any("write-ahead log" in detail for detail in details)
            return told and server.get("/v1/status")[1]["counters"]["applied"] > APPLIED

        try:
            tide.wait_for("a slow query that ended, and rows", has_begun_anew, seconds=120)
        finally:
            done.set()
            for client in clients:
                client.join()
        self.assertLess(largest, BOUND_MB << 20)
        document = server.get("/v1/status")[1]
        self.assertIn(document["state"], ("live", "catching_up"), document)


if __name__ == "__main__":
    sys.exit(unittest.main())
