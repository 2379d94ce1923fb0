#!/usr/bin/env python3
"""`tidemark prove`: right views are equal to what their mirror's rows make of them after every commit; of wrong ones the
first difference is named."""

import shutil
import sqlite3
import sys
import unittest

import tide

SOURCE = (
    "create table orders(id bigint primary key, customer_id bigint, total numeric(12,2));\n"
    "create table customers(id bigint primary key, tier text);\n"
)
TOTALS = "create table own_totals(customer_id integer primary key, orders integer, total integer);\n"
UPSERT = " where true on conflict(customer_id) do update set orders = orders + excluded.orders, total = total + excluded.total\n"
RIGHT = "insert into own_totals select customer_id, _weight, total from _sums_orders('customer_id')" + UPSERT
BY_TIER = "create table own_tiers(tier text primary key, orders integer not null) without rowid;\n"


def event(table, offset, key, before, after):
    source = {"lsn": 1000 + offset, "ts_ms": 1700000000000 + offset, "snapshot": "false", "schema": "public",
              "table": table, "db": "shop", "name": tide.PREFIX}  # fmt: skip
    op = "u" if before and after else "c" if after else "d"
    return tide.line(table, offset, {"id": key}, {"before": before, "after": after, "source": source, "op": op})


def order(offset, key, customer, before=None, total="1.00"):
    row = lambda who: who and {"id": key, "customer_id": who, "total": total}  # noqa: E731
    return event("orders", offset, key, row(before), row(customer))


def customer(offset, key, tier):
    return event("customers", offset, key, None, {"id": key, "tier": tier})


LINES = [
    customer(0, 1, "gold"),
    order(0, 10, 1),
    order(1, 11, 1),
    customer(1, 2, "silver"),
    order(2, 12, 2),
    order(3, 10, 2, before=1),  # moves from one customer to the other
    order(4, 11, None, before=1),
    order(5, 13, 1),
]


class Prove(tide.Case):
    def setUp(self):
        super().setUp()
        self.db = self.path / "scratch.db"
        self.capture = tide.write_capture(self.path / "own.jsonl", LINES)

    def views(self, schema, statement, **queries):
        shutil.rmtree(self.path / "views", ignore_errors=True)
        own = self.path / "views" / "own"
        own.mkdir(parents=True)
        (own.parent / "source.sql").write_text(SOURCE)
        (own / "schema.sql").write_text(schema)
        (own / "apply.own.sql").write_text(statement)
        for name, sql in queries.items():
            (own / f"query.{name}.sql").write_text(sql)
        return own.parent

    def prove(self, *arguments, views=None):
        views = ("--views", views) if views else ()
        return tide.run("prove", *views, *arguments)

    def refused(self, views, *says, arguments=()):
        done = self.prove(*arguments, self.capture, views=views)
        self.assertEqual(1, done.returncode, done.stdout + done.stderr)
        last = done.stderr.splitlines()[-1]
        for text in says:
            self.assertIn(text, last)

    def test_the_built_in_views_are_right(self):
        lines = tide.read_capture(tide.CAPTURES / "basic.jsonl")
        done = self.prove(tide.write_capture(self.capture, lines[:30] + lines[60:75]))
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(5, done.stdout.count(": equal\n"), done.stdout)
        self.assertEqual([self.capture], list(self.path.iterdir()))  # no file is left

    def test_a_right_view(self):
        views = self.views(TOTALS, RIGHT, all="select * from own_totals where orders <> 0 order by 1;\n-- all\n",
                           one="-- tidemark: id is integer required\nselect * from own_totals where customer_id = :id\n")  # fmt: skip
        done = self.prove("--db", self.db, self.capture, views=views)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertFalse(self.db.exists())

    def test_rows_counted_without_their_weight(self):
        wrong = "insert into own_totals select customer_id, count(*), sum(_weight * total) from _delta_orders"
        views = self.views(TOTALS, wrong + UPSERT.replace("where true", "where true group by 1"))
        says = ("view own, table own_totals, customer_id = 1: got orders = 3, total = 100, wanted orders = 1, total = 100",
                "own.jsonl:6 (theworldshop.public.orders partition 0 offset 3)", "cut after each transaction")  # fmt: skip
        self.refused(views, *says)
        # the scratch file is left where it was asked for
        self.refused(views, *says, arguments=("--db", self.db))
        db = sqlite3.connect(self.db)
        self.assertEqual([(1, 3, 100), (2, 2, 200)], db.execute("select * from own_totals").fetchall())
        db.close()
        self.refused(views, f"{self.db}: view own, table own_totals, customer_id = 1: got orders = 3", arguments=("--db", self.db))

    def test_a_join_of_two_deltas(self):
        """It misses an order of a customer who came before it, and all that changes later."""
        views = self.views(BY_TIER, "insert into own_tiers select c.tier, sum(o._weight * c._weight) from _delta_orders o"
                           " join _delta_customers c on c.id = o.customer_id where true group by 1"
                           " on conflict(tier) do update set orders = orders + excluded.orders\n")  # fmt: skip
        self.refused(views, "view own, table own_tiers, tier = 'gold': got no row, wanted orders = 1", "own.jsonl:2 ")

    def test_a_row_at_zero_that_a_query_shows(self):
        views = self.views(TOTALS, RIGHT, all="select customer_id from own_totals order by 1")
        tide.write_capture(self.capture, [order(0, 10, 1), order(1, 10, None, before=1)])
        self.refused(views, "view own, query all, row 1 of its answer: got customer_id = 1, wanted no row")

    def test_groups_told_apart_by_expressions(self):
        """A unique index is how NULL is one group; a row at 0 is as good as none there too, and a wrong one is named by its group."""
        schema = ("create table own_tiers(tier text, orders integer not null, \"of\" integer);\n"
                  "create unique index own_key on own_tiers(ifnull(\"TIER\",x''), \"of\");\n")  # fmt: skip
        apply = ("insert into own_tiers select tier, {}, 1 from _delta_customers where true group by tier having sum(_weight) <> 0"
                 " on conflict(ifnull(tier, x''), \"of\") do update set orders = orders + excluded.orders\n")  # fmt: skip
        first, then = {"id": 1, "tier": None}, {"id": 1, "tier": "gold"}
        tide.write_capture(self.capture, [customer(0, 1, None), event("customers", 1, 1, first, then)])
        done = self.prove(self.capture, views=self.views(schema, apply.format("sum(_weight)")))
        self.assertEqual(0, done.returncode, done.stderr)
        self.refused(self.views(schema, apply.format("abs(sum(_weight))")), "own_tiers, tier = null, of = 1: got orders = 2, wanted no row")

    def test_a_group_of_no_rows_that_keeps_a_null(self):
        """It has no number beside its key: of no rows a max is NULL."""
        schema = "create table own_most(customer_id integer primary key, most integer);\n"
        apply = ("insert or replace into own_most select customer_id, (select max(total) from orders o"
                 " where o.customer_id = s.customer_id) from _sums_orders('customer_id') s\n")  # fmt: skip
        tide.write_capture(self.capture, [order(0, 10, 1), order(1, 10, 2, before=1)])
        done = self.prove(self.capture, views=self.views(schema, apply, all="select * from own_most where most is not null"))
        self.assertEqual(0, done.returncode, done.stderr)
        self.refused(self.views(schema, apply, all="select * from own_most"), "query all", "got customer_id = 1, most = null")

    def test_a_group_whose_sum_is_0_is_missing(self):
        views = self.views(BY_TIER, "insert into own_tiers select c.tier, sum(o._weight * c._weight * o.total) from _delta_orders o"
                           " join _delta_customers c on c.id = o.customer_id where true group by 1"
                           " on conflict(tier) do update set orders = orders + excluded.orders\n")  # fmt: skip
        tide.write_capture(self.capture, [customer(0, 1, "gold"), order(0, 10, 1, total="0.00")])
        self.refused(views, "table own_tiers, tier = 'gold': got no row, wanted orders = 0", "own.jsonl:2 ")

    def test_tables_of_fts5_and_rtree(self):
        """Behind each are tables of SQLite's own, which are others by the order of its rows."""
        schema = ("create virtual table own_search using fts5(id unindexed, tier);\n"
                  "create virtual table own_box using rtree(id, low, high);\n")  # fmt: skip
        gone = "delete from own_search where id in (select id from _delta_customers)\n"
        come = "insert into own_search select id, tier from _delta_customers where _weight > 0\n"
        boxes = "insert or replace into own_box select id, total, total from orders where id in (select id from _delta_orders)\n"
        ask = "-- tidemark: tier is text\nselect s.id, b.id as box from own_search s left join own_box b on b.id = s.id + 9 where"
        ask += " :tier is null or s.rowid in (select rowid from own_search where own_search match :tier) order by 1"
        lines = LINES + [event("customers", 2, 1, {"id": 1, "tier": "gold"}, {"id": 1, "tier": "old silver"})]
        tide.write_capture(self.capture, lines)
        views = self.views(schema, gone, found=ask)
        (views / "own" / "apply.own2.sql").write_text(come)
        (views / "own" / "apply.own3.sql").write_text("delete from own_box where id in (select id from _delta_orders where _weight < 0)\n")
        (views / "own" / "apply.own4.sql").write_text(boxes)
        done = self.prove(self.capture, views=views)
        self.assertEqual(0, done.returncode, done.stderr)
        (views / "own" / "apply.own.sql").unlink()
        self.refused(views, "table own_search, id = 1, tier = 'gold': got a row 1 times more", "own.jsonl:9 ")

    def test_words_that_fts5_finds_no_row_by_any_more(self):
        """Its rows are another table's, so that they do not show it."""
        schema = ("create virtual table own_words using fts5(tier, content='customers', content_rowid='id');\n"
                  "create trigger own_in after insert on customers begin insert into own_words(rowid, tier) values(NEW.id, NEW.tier); end;\n"
                  "create trigger own_out after delete on customers begin {0} end;\ncreate trigger own_on after update on customers begin {0} "
                  "insert into own_words(rowid, tier) values(NEW.id, NEW.tier); end;\n")  # fmt: skip
        lines = [customer(0, 1, "gold"), customer(1, 2, "old silver"), event("customers", 2, 1, {"id": 1, "tier": "gold"}, {"id": 1, "tier": "silver"})]
        tide.write_capture(self.capture, lines)
        for takes, right in (("insert into own_words(own_words, rowid, tier) values('delete', OLD.id, OLD.tier);", True), ("delete from own_words where rowid = OLD.id;", False)):
            views = self.views(schema.format(takes), "")
            (views / "own" / "apply.own.sql").unlink()
            if right:
                done = self.prove(self.capture, views=views)
                self.assertEqual(0, done.returncode, done.stderr)
            else:
                self.refused(views, "table own_words, its index of words: got others than its rows have, wanted those of its rows", "own.jsonl:3 ")

    def test_what_another_statement_has_made(self):
        """A statement that names no column of _delta_T runs for what the view's others see: of _sums_T, of _changes_T; and triggers."""
        top = "create table own_top(customer_id integer, orders integer);\n"
        again = "insert into own_top select customer_id, orders from own_totals where orders > 0 and exists (select 1 from _delta_orders)\n"
        steps = ("insert into own_totals select k, sum(w), 0 from (select old_customer_id as k, -1 as w from _changes_orders where old_id is not null"
                 " union all select new_customer_id, 1 from _changes_orders where new_id is not null) where k is not null group by k having true"
                 " on conflict(customer_id) do update set orders = orders + excluded.orders\n")  # fmt: skip
        out, come = "update own_totals set orders = orders - 1 where customer_id = OLD.customer_id;", "insert into own_totals values(NEW.customer_id, 1, 0) on conflict(customer_id) do update set orders = orders + 1;"
        fired = f"create trigger own_in after insert on orders begin {come} end;create trigger own_out after delete on orders begin {out} end;create trigger own_on after update on orders begin {out} {come} end;\n"
        for first, triggers in ((RIGHT, ""), (steps, ""), ("", fired)):
            views = self.views(TOTALS + top + triggers, first)
            if first == "":
                (views / "own" / "apply.own.sql").unlink()
            (views / "own" / "apply.own2.sql").write_text("delete from own_top where exists (select 1 from _delta_orders)\n")
            (views / "own" / "apply.own3.sql").write_text(again)
            done = self.prove(self.capture, views=views)
            self.assertEqual((0, False), (done.returncode, "without _weight" in done.stderr), done.stderr)

    def test_groups_that_are_only_asked_for(self):
        """A _sums_T of which no count and no sum is named has the groups whose rows the view's statements see change."""
        tide.write_capture(self.capture, [order(0, 10, 1), order(1, 11, 1, total="2.00"), order(2, 10, 1, before=1, total="5.00"), order(3, 11, 2, before=1, total="2.00")])
        for asks in ("exists (select 1 from _sums_orders('customer_id'))", "customer_id in (select customer_id from _sums_orders('customer_id'))",
                     "customer_id in (select customer_id from _sums_orders('customer_id', 'customer_id', 1, 2))"):  # fmt: skip
            views = self.views(TOTALS + "create table own_top(customer_id integer, total integer);\n", RIGHT)
            (views / "own" / "apply.own2.sql").write_text(f"delete from own_top where {asks}\n")
            (views / "own" / "apply.own3.sql").write_text(f"insert into own_top select customer_id, total from own_totals where orders > 0 and {asks}\n")
            done = self.prove(self.capture, views=views)
            self.assertEqual(0, done.returncode, done.stderr)

    def test_a_group_of_null_beside_one_of_no_letters(self):
        """x'' and '' are two keys, of which either may be of no rows by now."""
        apply = ("insert into own_tiers select ifnull(tier, x''), _weight from _sums_customers('tier') where true"
                 " on conflict(tier) do update set orders = orders + excluded.orders\n")  # fmt: skip
        rows = [{"id": 1, "tier": tier} for tier in (None, "", "gold")]
        tide.write_capture(self.capture, [customer(0, 1, None), event("customers", 1, 1, *rows[:2]), event("customers", 2, 1, *rows[1:])])
        done = self.prove(self.capture, views=self.views(BY_TIER, apply))
        self.assertEqual(0, done.returncode, done.stderr)
        self.refused(self.views(BY_TIER, apply.replace("_weight", "abs(_weight)")), "table own_tiers, tier = x'': got orders = 2, wanted no row", "own.jsonl:2 ")

    def test_either_spelling_stands_for_a_group(self):
        """Of a CITEXT the file has that of the row that came first, and views made anew that of one that is there."""
        lines = [customer(0, 1, "Gold"), customer(1, 2, "GOLD"), event("customers", 2, 1, {"id": 1, "tier": "Gold"}, None)]
        tide.write_capture(self.capture, lines)
        apply = ("insert into own_tiers select tier, _weight from _sums_customers('tier') where true"
                 " on conflict(tier) do update set orders = orders + excluded.orders\n")  # fmt: skip
        for query, right in ("select tier, orders from own_tiers", True), ("select tier || '' as tier, orders from own_tiers", False):
            views = self.views(BY_TIER.replace("text primary key", "text collate citext primary key"), apply, all=f"{query} where orders <> 0")
            (views / "source.sql").write_text(SOURCE.replace("tier text", "tier citext"))
            done = self.prove(self.capture, views=views)
            self.assertEqual(0 if right else 1, done.returncode, done.stderr)

    def test_case_of_what_is_no_key_counts(self):
        """A copy that is not kept up to date by one letter is stale, whatever collation its column has; digits of a number are not."""
        lines = [customer(0, 1, "gold"), event("customers", 1, 1, {"id": 1, "tier": "gold"}, {"id": 1, "tier": "GOLD"})]
        tide.write_capture(self.capture, lines)
        stale = ("insert into own_copy select id, tier from _delta_customers where _weight > 0"
                 " and not exists (select 1 from own_copy c where c.id = _delta_customers.id)\n")  # fmt: skip
        for key in ("id integer primary key,", "id integer,"):
            for collation in ("", "collate nocase", "collate citext", "collate rtrim"):
                views = self.views(f"create table own_copy({key} tier text {collation});\n", stale)
                self.refused(views, "own_copy", "'GOLD'")
        tide.write_capture(self.capture, [customer(0, 1, "1.5"), event("customers", 1, 1, {"id": 1, "tier": "1.5"}, {"id": 1, "tier": "1.50"})])
        views = self.views("create table own_copy(id integer primary key, tier text collate numeric);\n", stale)
        done = self.prove(self.capture, views=views)
        self.assertEqual(0, done.returncode, done.stderr)

    def test_tables_without_a_key(self):
        views = self.views("create table own_log(customer_id integer, total integer);\n",
                           "insert into own_log select customer_id, total from _delta_orders where _weight > 0\n")  # fmt: skip
        self.refused(views, "table own_log, customer_id = 1, total = 100: got a row 1 times more", "own.jsonl:6 ")

    def test_a_file_as_it_stands(self):
        views = self.views(TOTALS, RIGHT)
        tide.replay(self.db, self.capture, flags=("--views", views))
        before = self.db.read_bytes()
        done = self.prove("--db", self.db)  # with the views that it remembers
        self.assertEqual((0, "the file as it stands: equal\n"), (done.returncode, done.stdout), done.stderr)
        self.assertEqual(before, self.db.read_bytes())
        db = sqlite3.connect(self.db)
        db.execute("update own_totals set total = total + 1 where customer_id = 2")
        db.commit()
        db.close()
        done = self.prove("--db", self.db)
        self.assertEqual(1, done.returncode)
        self.assertIn("customer_id = 2: got total = 201, wanted total = 200".replace("got ", "got orders = 2, ").replace(
            "wanted ", "wanted orders = 2, "), done.stderr)  # fmt: skip

    def test_what_is_asked_for_wrongly(self):
        for arguments, code, says in (
            ((), 2, "needs a CAPTURE, or --db FILE"),
            (("--db", self.db), 1, "No such file"),
            ((self.path / "none.jsonl",), 1, "none.jsonl"),
        ):
            done = self.prove(*arguments)
            self.assertEqual(code, done.returncode, done.stderr)
            self.assertIn(says, done.stderr)

    def test_a_source_that_is_none(self):
        """--postgres: nothing is proven, and no message repeats a password. What is proven is tests/lab/prove's."""
        secret = "not2be4told"
        refused = f"host=127.0.0.1 port=1 user=u password={secret}"
        for arguments, code, says in (
            (("--postgres", refused), 2, "needs --db FILE"),
            (("--postgres", refused, "--db", self.db, self.capture), 2, "takes no CAPTURE"),
            (("--postgres", f"host={secret}= {secret}", "--db", self.db), 2, "not a connection string"),
            (("--postgres", f"postgres://u:{secret}@[x", "--db", self.db), 2, "not a connection string"),
            (("--postgres", refused, "--db", self.db), 3, "nothing is proven: PostgreSQL: "),
        ):
            done = self.prove(*arguments)
            self.assertEqual(code, done.returncode, done.stderr)
            self.assertIn(says, done.stderr)
            self.assertNotIn(secret, done.stderr + done.stdout)


if __name__ == "__main__":
    sys.exit(unittest.main())
