#!/usr/bin/env python3
"""A view's statement without end: told, bounded, and no hindrance to stopping."""

import signal
import sqlite3
import sys
import unittest

import tide

ENDLESS = "(with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c where n > {})"
# ends at once for customer 1
WHEN = "case when customer_id = 1 then 0 else " + ENDLESS.format("customer_id") + " end"
QUERY = "select id, n from tallies order by id\n"
TABLE = "create table tallies(id integer primary key, n integer);\n"
APPLY = {
    "source.sql": tide.ORDERS,
    "tally/schema.sql": TABLE,
    "tally/apply.count.sql": f"\ninsert into tallies select id, {WHEN} from _delta_orders where _weight > 0\n",
    "tally/query.all.sql": QUERY,
}
TRIGGER = {
    "source.sql": tide.ORDERS,
    "tally/schema.sql": TABLE + "create trigger tally after insert on orders begin\n"
    f"insert into tallies select new.id, {WHEN.replace('customer_id', 'new.customer_id')}; end;\n",
    "tally/query.all.sql": QUERY,
}
SCHEMA = {
    "source.sql": tide.ORDERS,
    "tally/schema.sql": "\n" + f"create table tallies as select id, {WHEN} as n from orders;\n",
    "tally/query.all.sql": QUERY,
}
NOTHING = {"source.sql": tide.ORDERS, "tally/schema.sql": TABLE, "tally/query.all.sql": QUERY}
LONGER = "it ran for {} s, and longer than that none may (--statement-seconds): does a `with recursive` there end?"


class Endless(tide.Case):
    def setUp(self):
        super().setUp()
        self.db = self.path / "own.db"
        self.views = self.path / "views"
        self.capture = tide.write_capture(self.path / "own.jsonl", [tide.order(0, 1, 1), tide.order(1, 2, 2)])

    def files(self, contents):
        for name, text in contents.items():
            path = self.views / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def flags(self, seconds=None):
        return ["--db", self.db, "--views", self.views,
                *([] if seconds is None else ["--statement-seconds", str(seconds)])]  # fmt: skip

    def demo(self, seconds=None):
        server = tide.Server("demo", "--capture", self.capture, *self.flags(seconds), stderr=self.path / "log")
        self.addCleanup(server.__exit__)
        return server

    def orders(self):
        db = sqlite3.connect(self.db)
        try:
            return db.execute("select count(*) from orders").fetchone()[0]
        finally:
            db.close()

    def await_slow(self, server, what):
        tide.wait_for("slow", lambda: f"{what} has been running for " in server.log())
        tide.wait_for("told", lambda: what in server.get("/v1/status")[1]["reason"])
        self.assertEqual("catching_up", server.get("/v1/lag")[1]["state"])

    def test_it_halts_and_names_the_statement(self):
        self.files(APPLY)
        server = self.demo(0.1)
        tide.wait_for("halted", lambda: server.get("/v1/lag")[1]["state"] == "halted")
        reason = server.get("/v1/status")[1]["reason"]
        self.assertIn("view tally: tally/apply.count.sql:2: " + LONGER.format(0.1), reason)
        self.assertIn('it was orders {"id": 2}', reason)
        self.assertEqual(3, server.stop())

    def test_a_trigger(self):
        self.files(TRIGGER)
        server = self.demo(0.1)
        tide.wait_for("halted", lambda: server.get("/v1/lag")[1]["state"] == "halted")
        self.assertIn("a view's trigger on table orders: orders: " + LONGER.format(0.1), server.get("/v1/status")[1]["reason"])
        self.assertEqual(3, server.stop())

    def test_sigterm_ends_a_commit(self):
        self.files(APPLY)
        server = self.demo()
        self.await_slow(server, "tally/apply.count.sql")
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, server.process.wait(60))
        self.assertIn("tally/apply.count.sql: given up, since the process is to stop; what was not committed is applied again at "
                      "the next start", server.log())  # fmt: skip
        self.assertRegex(server.log().splitlines()[-1], " stopped by SIGTERM: ")
        self.assertIn(self.orders(), (0, 1))

    def test_a_fill_is_bounded(self):
        self.files(NOTHING)
        tide.replay(self.db, self.capture, flags=self.flags()[2:])
        for place, contents in (("view tally: tally/apply.count.sql:2", APPLY), ("tally/schema.sql:2", SCHEMA),
                                ("orders:1", TRIGGER)):  # fmt: skip
            with self.subTest(place):
                (self.views / "tally/apply.count.sql").unlink(missing_ok=True)
                self.files(contents)
                done = tide.run("replay", *self.flags(0.005), self.capture)
                self.assertEqual(1, done.returncode, done.stderr)
                self.assertIn(f"tidemark: {place}: " + LONGER.format(0.3), done.stderr)
        self.assertEqual(2, self.orders())

    def test_sigterm_ends_a_start(self):
        self.files(NOTHING)
        tide.replay(self.db, self.capture, flags=self.flags()[2:])
        self.files(APPLY)
        log = self.path / "log"
        with open(log, "wb") as stderr:
            process = tide.subprocess.Popen(
                [tide.program(), "run", "--brokers", "127.0.0.1:1", "--prefix", tide.PREFIX, *map(str, self.flags()),
                 "--listen", "127.0.0.1:0"], stderr=stderr, env=tide.environment())  # fmt: skip
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        tide.wait_for("slow", lambda: "tally/apply.count.sql has been running for " in log.read_text())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(60))
        self.assertIn("stopped by SIGTERM before the views were filled: tally/apply.count.sql:2: given up", log.read_text())
        self.assertEqual(2, self.orders())

    def test_check_refuses_what_has_no_end_with_empty_tables(self):
        own = "with recursive c(n) as (select 1 union all select n + 1 from c)\n"
        self.files(APPLY | {"tally/apply.count.sql": own + "insert into tallies select id, n from c, _delta_orders\n"})
        done = tide.run("check", "--views", self.views)
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIn("tally/apply.count.sql:1: takes more than 100000000 steps though all tables are empty", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])
