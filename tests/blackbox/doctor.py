#!/usr/bin/env python3
"""`tidemark doctor`: what captures of known connectors say of their settings, and each remedy's other side."""

import json
import sys
import unittest

import tide

SOURCE = "create table t(id int primary key, v text, at timestamp);"
POSTGRES = {"connector": "postgresql", "schema": "public", "table": "t", "lsn": 1}


class Doctor(tide.Case):
    def doctor(self, *arguments, code=0):
        """{check: verdict, ...} and {check: what was seen}."""
        done = tide.run("doctor", "--json", *arguments)
        self.assertEqual(code, done.returncode, done.stderr)
        checks = json.loads(done.stdout)["checks"]
        for check in checks:
            self.assertIn(check["verdict"], ("ok", "warn", "fail", "not seen"))
            if check["verdict"] in ("ok", "not seen"):
                self.assertIsNone(check["remedy"], check)
        names = [check["check"] for check in checks]
        self.assertEqual(len(set(names)), len(names))
        return {c["check"]: c["verdict"] for c in checks}, {c["check"]: c["seen"] for c in checks}

    def of(self, lines, *arguments, code=0, source=None):
        capture = tide.write_capture(self.path / "c.jsonl", lines)
        if source is not None:
            (self.path / "source.sql").write_text(source)
            arguments += ("--views", self.path)
        return self.doctor("--capture", capture, "--prefix", tide.PREFIX, *arguments, code=code)

    def row(self, offset, after, op="c", key=None, **more):
        key = {"id": after["id"]} if key is None else key or None
        return tide.line("t", offset, key, {"op": op, "before": None, "after": after, "source": POSTGRES, **more})

    def test_captures_of_known_connectors(self):
        told = {
            "hazards34": "ok ok ok not-seen ok ok ok",
            "schemas": "ok ok ok ok ok ok warn",
            "doubles": "ok warn ok warn ok ok warn",
            "flat": "warn ok ok warn ok ok warn",
            "notx": "ok ok ok not-seen warn ok not-seen",
        }
        checks = "envelope", "decimals", "times", "nulls", "transactions", "heartbeats", "position moves"
        for name, verdicts in told.items():
            with self.subTest(capture=name):
                found, seen = self.doctor("--capture", tide.CAPTURES / f"{name}.jsonl")
                self.assertEqual(verdicts.split(), [found[check].replace(" ", "-") for check in checks], seen)
                self.assertNotIn("fail", found.values())
                self.assertEqual(("ok", "ok", "not seen"), (found["converter"], found["keys"], found["retention"]))

    def test_tables_that_are_left_out_need_no_key(self):
        lines = [self.row(0, {"id": 1, "v": "a", "at": 1}), self.row(1, {"v": "b"}, key={}, source={**POSTGRES, "table": "log"})]
        left_out = SOURCE + f"\n-- tidemark: topic t = {lines[0]['topic']}\n-- tidemark: ignore log\n"
        found, seen = self.of(lines, source=left_out)
        self.assertEqual("ok", found["keys"], seen)
        found, seen = self.of(lines, source=SOURCE, code=1)
        self.assertEqual("fail", found["keys"], seen)

    def test_columns_of_tables_that_are_left_out_are_nobodys(self):
        """By the name of their topic, and of their rows in another's."""
        row = {"id": 1, "d": 1.25, "created_at": 1795386720827, "at": 0}
        log = {**POSTGRES, "table": "log"}
        for topic in "t", "log":
            with self.subTest(topic=topic):
                lines = [self.row(0, {"id": 1, "v": "a", "at": 1795386720827758})]
                lines += [tide.line(topic, i + (topic == "t"), {"id": i}, {"op": "c", "after": {**row, "at": i and 1795386720827758}, "source": log}) for i in range(2)]
                found, seen = self.of(lines, source=SOURCE + "\n-- tidemark: ignore log\n")
                self.assertEqual(("not seen", "ok", "not seen"), (found["decimals"], found["times"], found["nulls"]), seen)
                found, seen = self.of(lines, source=SOURCE + ("\ncreate table log(id int primary key);" if topic == "log" else ""))
                self.assertEqual(("warn", "warn"), (found["decimals"], found["nulls"]), seen)

    def test_rows_of_a_binlog_that_name_no_connector(self):
        binlog = {"__op": "c", "__source_file": "b.000001", "__source_pos": 5, "__source_row": 0, "__source_ts_ms": 1}
        source = "create table t(id int primary key, u uuid);"
        for more, connector, uuids in (({}, "warn", "warn"), ({"__source_connector": "mysql"}, "warn", None), ({"__connector": "mariadb"}, "warn", None)):
            with self.subTest(more):
                found, seen = self.of([tide.line("t", 0, {"id": 1}, {"id": 1, "u": "6fa459ea-ee8a-3ca4-894e-db77e160355e", **binlog, **more})], source=source)
                self.assertEqual((connector, uuids), (found["connector"], found.get("uuids")), seen)
                self.assertEqual(not more, "do not name the connector" in seen["connector"])
        self.assertEqual("warn", self.of([tide.line("t", 0, {"id": 1}, {"id": 1, **binlog})])[0]["connector"])

    def test_topics_of_the_connectors_own_by_other_names(self):
        names = {"theworldshop.transaction": "theworldshop.tx", "__debezium-heartbeat.theworldshop": "beats.theworldshop"}
        lines = [{**line, "topic": names.get(line["topic"], line["topic"])} for line in tide.read_capture(tide.CAPTURES / "basic.jsonl")]
        server = tide.Server("demo", "--capture", tide.write_capture(self.path / "c.jsonl", lines), "--rate", 0,
                             "--db", self.path / "d.db", stderr=self.path / "log")  # fmt: skip
        self.addCleanup(server.stop)
        _, seen = self.doctor("--brokers", server.brokers(), "--prefix", tide.PREFIX)
        self.assertIn("their boundaries are in theworldshop.tx", seen["transactions"])
        self.assertIn("they are in beats.theworldshop", seen["heartbeats"])

        def lint():
            told = {c["check"]: c["message"] for c in server.get("/v1/status")[1]["lint"]}
            return "transactions" in told and told

        told = tide.wait_for("the findings", lint)
        self.assertIn("theworldshop.tx", told["transactions"])
        self.assertIn("beats.theworldshop", told["heartbeats"])
        for check in "transactions", "heartbeats":
            self.assertIn(f"warn  {check}: {told[check]}", server.log())

    def test_what_is_not_shown_stands_in_the_log(self):
        """A table or a column that the source has got meanwhile: also where each declared table has its topic."""
        server = tide.Server("demo", "--capture", tide.CAPTURES / "basic.jsonl", "--rate", 0, "--db", self.path / "d.db", stderr=self.path / "log")
        self.addCleanup(server.stop)
        for told in ("every table of source.sql has a topic; these of prefix theworldshop are not read, since no table is declared for them (`-- tidemark: ignore TABLE` of one that is not wanted): theworldshop.public.dbz_signal",
                     "events have columns that source.sql does not declare, and that are not kept: orders.coupon"):  # fmt: skip
            tide.wait_for(told, lambda told=told: f"warn  {told}\n" in server.log())
            self.assertEqual(1, server.log().count(told))

    def test_positions_of_unwrapped_rows(self):
        lsn, binlog = {"__source_lsn": 5}, {"__source_file": "b.000001", "__source_pos": 5}
        for added, verdict, says in (
            ({}, "warn", "no row says"),
            (lsn, "warn", "fails over"),
            ({**lsn, "__sequence": "[]"}, "warn", "fails over"),
            ({**lsn, "__source_sequence": "[]", "__source_ts_ms": 1}, "ok", "where they stand"),
            ({**binlog, "__source_ts_ms": 1}, "warn", "no row says"),
            ({**binlog, "__source_row": 0}, "warn", "no row says"),
            ({**binlog, "__source_row": 0, "__source_ts_ms": 1}, "ok", "where they stand"),
        ):
            with self.subTest(added):
                found, seen = self.of([tide.line("t", 0, {"id": 1}, {"id": 1, "__op": "c", **added})])
                self.assertEqual(verdict, found["position"])
                self.assertIn(says, seen["position"])

    def binlog_row(self, offset, after, **more):
        source = {"connector": "mariadb", "db": "s", "table": "t", "file": "b.000001", "pos": offset, "row": 0}
        return self.row(offset, after, **{"source": source, **more})

    def ddl(self, offset, statement, tables, snapshot="false"):
        source = {"connector": "mariadb", "db": "s", "table": tables, "snapshot": snapshot, "file": "b.000001", "pos": offset}
        change = {"source": source, "databaseName": "s", "ddl": statement, "tableChanges": []}
        return {**tide.line("t", offset, {"databaseName": "s"}, change), "topic": tide.PREFIX}

    def test_rows_that_a_statement_took(self):
        takes = (
            ("DROP TABLE `s`.`t`", "t"),
            ("/* by hand */ drop -- now\n table if exists u, t", "u,t"),
            ("create or replace table t (id int primary key)", ""),
            ("alter table `partition` drop partition p0", "t"),
            ("ALTER TABLE t TRUNCATE PARTITION p0, p1", "t"),
            ("alter table t exchange partition p0 with table x", "t"),
            ("drop tables if exists t", "t"),
            ("drop database if exists s", None),
            ("DROP SCHEMA s", None),
            ("create or replace database s", None),
            ("alter ignore table t add unique (v)", "t"),
            ("alter online ignore table t add primary key (v)", "t"),
        )
        leaves = (
            ("create table t (id int primary key)", "t"),
            ("alter table t add column `drop` int, add column `partition` int", "t"),
            ("alter table t comment 'drop partition'", "t"),
            ("rename table t to u, v to t", "t,u,v"),  # by which tools change a table in place
            ("drop table t_old", "t_old"),
            ("drop index i on t", "t"),
            ("drop temporary table t", "t"),
            ("alter ignore table t add column c int", "t"),
            ("alter table t add unique (v)", "t"),
            ("create or replace view v as select 1", "v"),
        )
        row = self.binlog_row(0, {"id": 1, "v": "a"})
        for statements, verdict in (takes, "warn"), (leaves, None):
            for statement, tables in statements:
                with self.subTest(statement):
                    found, seen = self.of([row, self.ddl(0, statement, tables)])
                    self.assertEqual(verdict, found.get("schema changes"))
                    if verdict is not None:
                        self.assertTrue(seen["schema changes"].endswith(statement.replace("\n", " ")), seen["schema changes"])
        # of another database, which is not captured
        for database, verdict in ("s", "warn"), ("other", None):
            change = self.ddl(0, f"drop database {database}", None)
            change["value"] = change["value"].replace('"db": "s"', f'"db": "{database}"').replace('"db":"s"', f'"db":"{database}"')
            found, _ = self.of([row, change])
            self.assertEqual(verdict, found.get("schema changes"), change["value"])
        # a snapshot sweeps what went before it
        swept = [row, self.ddl(0, "drop table t", "t"), self.ddl(1, "create table t (id int primary key)", "t", snapshot="true")]
        found, _ = self.of(swept)
        self.assertNotIn("schema changes", found)
        # from a broker too
        lines = [row, *(self.ddl(i, f"drop table t -- {i}", "t") for i in range(6))]
        server = tide.Server("demo", "--capture", tide.write_capture(self.path / "c.jsonl", lines), "--rate", 0,
                             "--db", self.path / "d.db", stderr=self.path / "log")  # fmt: skip
        self.addCleanup(server.stop)
        _, seen = self.doctor("--brokers", server.brokers(), "--prefix", tide.PREFIX)
        self.assertTrue(seen["schema changes"].endswith(": " + ", ".join(f"drop table t -- {i}" for i in range(2, 6))), seen)

    def test_columns_that_a_statement_moved(self):
        told = (
            (True, "alter table t add column if not exists v int first"),
            (True, "ALTER TABLE `t` ADD IF NOT EXISTS v int default 5 /* now */ AFTER `id`, add w int"),
            (False, "alter table t add column if not exists v int"),
            (False, "alter table t add column v int first"),
            (False, "alter table t add column if not exists v int comment 'first', modify w int after id"),
            (False, "alter table t drop column if exists v, add w int after id"),
            (False, "create table if not exists t (id int primary key, `first` int)"),
        )
        row = self.binlog_row(0, {"id": 1, "v": "a"})
        for warned, statement in told:
            with self.subTest(statement):
                found, seen = self.of([row, self.ddl(0, statement, "t")])
                self.assertEqual("warn" if warned else None, found.get("moved columns"), seen)
        # a snapshot reads the columns anew
        lines = [row, self.ddl(0, told[0][1], "t"), self.ddl(1, "create table t (id int primary key)", "t", snapshot="true")]
        found, _ = self.of(lines)
        self.assertNotIn("moved columns", found)

    def test_foreign_keys_that_the_binlog_does_not_have(self):
        row = self.binlog_row(0, {"id": 1, "v": "a"})
        made = "CREATE TABLE `t` (`id` int, `p` int, CONSTRAINT `f` FOREIGN KEY (`p`) REFERENCES `p` (`id`) ON {})"
        plain = "create table t (id int)"
        told = (
            (True, made.format("DELETE CASCADE")),
            (True, made.format("DELETE NO ACTION ON UPDATE SET NULL")),
            (True, "create or replace table t (p int references p (id) on update cascade)"),
            (True, "alter table t add foreign key (p) /* now */ references p (id) on -- it\n delete set default"),
            (True, plain, "alter table t add foreign key (p) references p (id) on delete cascade", "alter table t drop foreign key f"),
            (False, made.format("DELETE RESTRICT")),
            (False, "create table t (id int, at timestamp on update current_timestamp comment 'on delete cascade')"),
            (False, "create trigger r after delete on t for each row insert into u set cascade = 1"),
            (False, made.format("DELETE CASCADE"), plain),
            (False, made.format("DELETE CASCADE"), "DROP TABLE `t`", plain),
        )
        for warned, *statements in told:
            with self.subTest(statements):
                lines = [row, *(self.ddl(i, statement, "t", snapshot="true") for i, statement in enumerate(statements))]
                found, seen = self.of(lines)
                self.assertEqual("warn" if warned else None, found.get("cascades"), seen)
        # the newest statement of each table, dropped ones forgotten among others
        statements = [("create", "a"), ("create", "t"), ("drop", "a,b"), ("create", "u")]
        lines = [row, *(self.ddl(i, f"{what} table x (p int references p (id) on delete cascade)", name)
                        for i, (what, name) in enumerate(statements))]  # fmt: skip
        self.assertTrue(self.of(lines)[1]["cascades"].endswith(": t"))  # of u no row was seen
        # source.sql says it too, and where PostgreSQL's connector sends the rows it does no harm
        source = "create table p(id int primary key); create table t(id int primary key, p int {});"
        for action in "on delete cascade", "on update set null", "on delete set default":
            declared = source.format(f"references p {action}")
            self.assertTrue(self.of([row], source=declared)[1]["cascades"].endswith(": t"))
            self.assertNotIn("cascades", self.of([self.row(0, {"id": 1})], source=declared)[0])
        apart = source.format("") + "alter table only public.t add constraint f foreign key (p) references p(id) on delete cascade;"
        self.assertEqual("warn", self.of([row], source=apart)[0]["cascades"])
        for action in "", "on delete restrict on update no action":
            self.assertNotIn("cascades", self.of([row], source=source.format(f"references p {action}"))[0])

    def boundary(self, offset, number, status, count=None):
        return tide.line(f"{tide.PREFIX}.transaction", offset, {"id": f"0-1-{number}"},
                         {"status": status, "id": f"0-1-{number}", "event_count": count, "data_collections": None, "ts_ms": 1})  # fmt: skip

    def test_rows_that_were_rolled_back(self):
        rows = [self.binlog_row(i, {"id": i}, transaction={"id": f"0-1-{i}", "total_order": 1}) for i in range(4)]
        ended = [line for i in range(4) for line in ((i, "BEGIN"), (i, "END", 1))]
        told = (
            (None, ended),
            ("theworldshop.public.t (1 transactions without END, as of XA PREPARE)", [*ended[:5], *ended[6:]]),
            ("theworldshop.public.t (2 transactions", [*ended[:3], *ended[4:5], *ended[6:]]),
            (None, [*ended[:4], (9, "BEGIN"), *ended[4:]]),  # of a statement: no rows
            (None, [(0, "BEGIN"), *ended]),  # the connector was killed
            (None, [(2, "BEGIN"), *ended]),
            (None, ended[:7]),  # not yet
        )
        for seen_is, boundaries in told:
            with self.subTest(boundaries):
                lines = [*rows, *(self.boundary(i, *boundary) for i, boundary in enumerate(boundaries))]
                found, seen = self.of(lines)
                self.assertEqual(None if seen_is is None else "warn", found.get("rolled back"), seen)
                self.assertIn(seen_is or "", seen.get("rolled back", ""))
        truncate = self.binlog_row(4, None, op="t", key={"id": 9}, transaction={"id": "0-1-9", "total_order": 1})
        lines = [*rows, truncate, *(self.boundary(i, *boundary) for i, boundary in enumerate([*ended, (9, "BEGIN"), *ended[:2]]))]
        self.assertNotIn("rolled back", self.of(lines)[0])
        # between messages that were not looked at an END may be
        lines = [*rows, *(self.boundary(2 * i, *boundary) for i, boundary in enumerate([*ended[:5], *ended[6:]]))]
        self.assertNotIn("rolled back", self.of(lines)[0])

        # what MariaDB writes into the binlog
        lines = [rows[0], self.ddl(0, "ROLLBACK", ""), self.ddl(1, "rollback TO `a`", ""), self.ddl(2, "ROLLBACK", "")]
        found, seen = self.of(lines)
        self.assertEqual("warn", found["rolled back"])
        self.assertTrue(seen["rolled back"].endswith(": 2 ROLLBACK in the binlog, 1 ROLLBACK TO a savepoint"), seen)
        lines.append(self.ddl(3, "create table t (id int)", "t", snapshot="true"))
        self.assertNotIn("rolled back", self.of(lines)[0])

    def test_transactions_without_a_row(self):
        lines = [self.binlog_row(0, {"id": 1}), self.boundary(0, 1, "BEGIN"), self.boundary(1, 1, "END", 1)]
        self.assertNotIn("passed over", self.of(lines)[0])
        found, seen = self.of([*lines, self.boundary(2, 2, "BEGIN"), self.boundary(3, 2, "END", 0)])
        self.assertEqual("not seen", found["passed over"])
        self.assertTrue(seen["passed over"].startswith("1 of 2 transactions have no row"), seen)

    def test_partitions_beside_the_table(self):
        def of_table(name, offset, row, op="r"):
            source = {**POSTGRES, "table": name, "snapshot": "true" if op == "r" else "false"}
            return tide.line(name, offset, {"id": row["id"]}, {"op": op, "before": None, "after": row, "source": source})

        rows = [{"id": i, "v": f"v{i}"} for i in range(4)]
        both = [*(of_table("t", i, row) for i, row in enumerate(rows)), *(of_table("t_a", i, row) for i, row in enumerate(rows[:2]))]
        told = {
            "t": [*both, of_table("t_a", 2, {"id": 9, "v": "x"}, op="c")],  # publish.via.partition.root=false
            "t_a": [*both, of_table("t", 4, {"id": 9, "v": "x"}, op="c")],
            None: both,
            "": [*both, of_table("t", 4, rows[0], op="u"), of_table("t_a", 2, rows[0], op="u")],  # both change: they are two tables
            " ": [of_table("t", 0, rows[0]), of_table("t_a", 0, {**rows[0], "w": 1}), of_table("t_a", 1, rows[1], op="c")],
            "  ": [*both[:4], of_table("t_a", 0, rows[0]), *(of_table("t_a", i, {"id": i, "v": "other"}) for i in range(1, 4)),
                   of_table("t_a", 4, rows[0], op="u")],  # a row that is the same by chance
        }  # fmt: skip
        for still, lines in told.items():
            with self.subTest(still):
                found, seen = self.of(lines)
                self.assertEqual("warn" if (still or "").strip() else None, found.get("partitions"), seen)
                self.assertIn(f": theworldshop.public.{still} (changes" if (still or "").strip() else "", seen.get("partitions", ""))
        # small tables of other names may have the same rows by chance, large ones hardly
        for count in 15, 16:
            rows = [{"id": i, "v": f"v{i}"} for i in range(count)]
            lines = [of_table(name, i, row) for name in ("t", "other") for i, row in enumerate(rows)]
            found, seen = self.of([*lines, of_table("t", count, {"id": 99, "v": "x"}, op="c")])
            self.assertEqual("warn" if count == 16 else None, found.get("partitions"), seen)
        declared = "create table t(id int primary key, v text); create table t_a "
        self.assertEqual("warn", self.of(told["t"], source=declared + "(id int primary key, v text);")[0]["partitions"])
        self.assertNotIn("partitions", self.of(told["t"], source=declared + "partition of t default;")[0])

    def test_lists_are_whole(self):
        """How many more there are stands at their end: two lists in one line have room."""
        names = [f"a_column_of_some_length_{n:02}" for n in range(40)]
        rows = [self.row(n, {"id": n} | {f"{name}_b": "D8w=" for name in names} | {f"{name}_d": 0.1 + n for name in names}) for n in range(3)]
        _, seen = self.of(rows)
        base64, doubles = seen["decimals"].split("; ")
        self.assertRegex(base64, r"such as D8w= and \d\d more$")
        self.assertRegex(doubles, r"_d and \d\d more$")
        long = "xx" + "\u00e9" * 100  # a name is cut between characters
        _, seen = self.of([self.row(0, {"id": 1, long: 0.5})])
        self.assertTrue(seen["decimals"].endswith("xx" + "\u00e9" * 77), seen["decimals"])

    def test_what_is_not_there_is_not_seen(self):
        found, seen = self.of([self.row(0, {"id": 1, "v": "a"})])
        for check in ("decimals", "times", "nulls", "truncates", "tombstones", "replica identity", "toast", "retention"):
            self.assertEqual("not seen", found[check], check)
        self.assertNotIn("declared keys", found)
        for setting in ("skipped.operations=none", "truncate.handling.mode=include"):  # the latter of Debezium 1.x
            self.assertIn(setting, seen["truncates"])

    def test_columns_whose_unchanged_values_come_as_null(self):
        source = "create table t(id int primary key, v numeric[], w int[], x text);\n"
        rows = [self.row(0, {"id": 1, "v": ["1"], "w": [1], "x": "a"}),
                self.row(1, {"id": 1, "v": None, "w": [1], "x": "b"}, op="u")]  # fmt: skip
        found, seen = self.of(rows, source=source)
        self.assertEqual("warn", found["toast nulls"])
        self.assertTrue(seen["toast nulls"].endswith(": t.v"), seen["toast nulls"])
        # with replica identity full
        rows[1] = self.row(1, {"id": 1, "v": None, "w": [1], "x": "b"}, op="u", before={"id": 1, "v": ["1"], "w": [1], "x": "a"})
        found, _ = self.of(rows, source=source)
        self.assertNotIn("toast nulls", found)

    def test_bytes_whose_unchanged_values_come_as_null(self):
        source = "create table t(id int primary key, b bytea);\n"
        rows = [self.row(0, {"id": 1, "b": "aGVsbG8="}), self.row(1, {"id": 1, "b": None}, op="u")]
        for line, warned in (("", False), ("bytes", False), ("hex", False), ("base64", True), ("base64-url-safe", True)):
            with self.subTest(line=line):
                told = f"-- tidemark: bytes t.b = {line}\n" if line else ""
                found, _ = self.of(rows, source=told + source)
                self.assertEqual(warned, "toast nulls" in found)

    def test_another_converter_fails(self):
        found, seen = self.of([tide.line("t", 0, {"id": 1}, "\0\0\0\0\7abc")], code=1)
        self.assertEqual("fail", found["converter"])
        self.assertIn("schema", seen["converter"].lower())

    def test_a_table_without_a_key_fails(self):
        found, seen = self.of([self.row(0, {"id": 1}, key=False)], code=1)
        self.assertEqual("fail", found["keys"])
        self.assertIn("theworldshop.public.t", seen["keys"])

    def test_transactions_of_several_partitions_fail(self):
        ends = [tide.line(f"{tide.PREFIX}.transaction", 0, None, {"status": "BEGIN", "id": "1:1"}, partition=p) for p in (0, 1)]
        found, seen = self.of([self.row(0, {"id": 1}, transaction={"id": "1:1"}), *ends], code=1)
        self.assertEqual("fail", found["transactions"], seen)

    def test_deletes(self):
        delete = tide.line("t", 1, {"id": 1}, {"op": "d", "before": {"id": 1}, "after": None, "source": POSTGRES})
        found, _ = self.of([self.row(0, {"id": 1}), delete])
        self.assertEqual("warn", found["tombstones"])
        found, _ = self.of([self.row(0, {"id": 1}), delete, tide.line("t", 2, {"id": 1}, None)])
        self.assertEqual("ok", found["tombstones"])

    def test_what_source_sql_declares(self):
        rows = [self.row(0, {"id": 1, "v": "a", "at": 1795386720827758})]
        found, seen = self.of(rows, source=SOURCE)
        for check in ("undeclared topics", "declared tables", "declared keys", "declared columns"):
            self.assertEqual("ok", found[check], seen[check])
        self.assertNotIn("undeclared columns", found)
        found, seen = self.of([*rows, tide.line("other", 0, {"id": 1}, {"op": "c", "after": {"id": 1}})],
                              source="create table t(id int, w int, primary key(id, w)); create table gone(id int primary key);",
                              code=1)  # fmt: skip
        self.assertEqual("fail", found["declared keys"])
        self.assertIn("theworldshop.public.other", seen["undeclared topics"])
        self.assertIn("gone", seen["declared tables"])
        self.assertIn("t.w", seen["declared columns"])
        self.assertIn("t.v, t.at", seen["undeclared columns"])

    def test_columns_that_the_newest_rows_have_no_more(self):
        """Renamed or dropped at the source: rows keep what they had."""
        rows = [self.row(0, {"id": 1, "v": "a", "at": 0}), self.row(1, {"id": 1, "w": "b", "at": 0}, op="u")]
        found, seen = self.of(rows, source="create table t(id int primary key, v text, at timestamp, none int);")
        self.assertEqual("warn", found["declared columns"])
        self.assertIn("the newest row has no more, so that rows keep what they had: t.v; no row that was looked at has t.none", seen["declared columns"])
        self.assertIn("t.w", seen["undeclared columns"])
        renamed = "create table t(id int primary key, w text, at timestamp);\n-- tidemark: renamed t.w from v\n"
        for lines in (rows, rows[:1]):
            found, seen = self.of(lines, source=renamed)
            self.assertEqual("ok", found["declared columns"], seen["declared columns"])
            self.assertNotIn("undeclared columns", found)
        delete = tide.line("t", 2, {"id": 1}, {"op": "d", "before": {"id": 1}, "after": None, "source": POSTGRES})
        self.assertEqual("ok", self.of([*rows[:1], delete], source=SOURCE)[0]["declared columns"], "of a delete the key is all that counts")

    def test_rows_elsewhere(self):
        """Of tables that transactions count rows of; what is declared or left out is not asked for."""
        end = {"status": "END", "id": "7:1", "event_count": 2,
               "data_collections": [{"data_collection": name, "event_count": 1} for name in ("public.t", "public.parts")]}  # fmt: skip
        lines = [self.row(0, {"id": 1, "v": "a", "at": 0}), tide.line(f"{tide.PREFIX}.transaction", 0, None, end)]
        found, seen = self.of(lines)
        self.assertEqual("warn", found["rows elsewhere"])
        self.assertTrue(seen["rows elsewhere"].endswith("come in no topic of theworldshop: public.parts"), seen["rows elsewhere"])
        self.assertIn("rows elsewhere", self.of(lines, source=SOURCE)[0])
        for more in ("-- tidemark: ignore parts", "-- tidemark: ignore public.parts", "create table parts(id int primary key);"):
            self.assertNotIn("rows elsewhere", self.of(lines, source=f"{SOURCE}\n{more}\n")[0], more)

    def test_a_topic_of_another_prefix_that_source_sql_names(self):
        """It is looked at as those of the prefix are."""
        parts = tide.line("erp.parts-v2", 0, {"id": 1}, {"op": "c", "after": {"id": 1, "n": 5}, "source": {**POSTGRES, "table": "parts"}})
        capture = tide.write_capture(self.path / "c.jsonl", [self.row(0, {"id": 1, "v": "a", "at": 0}), parts])
        (self.path / "views").mkdir()
        text = SOURCE + "\ncreate table parts(id int primary key);\n-- tidemark: topic parts = erp.parts-v2\n"
        (self.path / "views" / "source.sql").write_text(text)
        with tide.Server("demo", "--capture", capture, "--views", self.path / "views", stderr=self.path / "log") as demo:
            tide.wait_for("all of it", lambda: demo.get("/readyz")[0] == 200)
            found, seen = self.doctor("--brokers", demo.brokers(), "--prefix", tide.PREFIX, "--views", self.path / "views")
            made = tide.run("init", "--brokers", demo.brokers(), "--prefix", tide.PREFIX, "--ddl", self.path / "views" / "source.sql", "--out", self.path / "out")
        self.assertEqual("ok", found["declared tables"], seen["declared tables"])
        self.assertIn("parts.n", seen["undeclared columns"])
        self.assertEqual((0, ""), (made.returncode, made.stderr))
        self.assertNotIn("No topic", (self.path / "out" / "source.sql").read_text())

    def test_a_key_of_other_columns_needs_the_rows_before(self):
        source = "create table t(v text primary key, id int);"
        found, seen = self.of([self.row(0, {"id": 1, "v": "a"})], source=source)
        self.assertEqual("warn", found["declared keys"], seen["declared keys"])
        row = {"id": 1, "v": "a"}
        update = tide.line("t", 1, {"id": 1}, {"op": "u", "before": row, "after": row})
        self.assertEqual("ok", self.of([self.row(0, row), update], source=source)[0]["declared keys"])

    def test_milliseconds_are_told_until_source_sql_says_so(self):
        rows = [self.row(0, {"id": 1, "v": "a", "at": 1795386720827})]
        self.assertEqual("warn", self.of(rows, source=SOURCE)[0]["times"])
        for mended in (SOURCE.replace("timestamp", "timestamp(3)"), SOURCE + "\n-- tidemark: time t = connect\n"):
            self.assertEqual("not seen", self.of(rows, source=mended)[0]["times"])

    def test_decimals_that_only_a_schema_can_read_fail(self):
        source = "create table t(id int primary key, v numeric(10, 2));"
        found, seen = self.of([self.row(0, {"id": 1, "v": "EGg="})], source=source, code=1)
        self.assertEqual("fail", found["declared decimals"])
        self.assertIn("EGg=", seen["declared decimals"])

    def test_decimals_that_nothing_declares_and_only_a_schema_can_read_are_told(self):
        """A table that source.sql declares says by itself what it takes for bytes."""
        lines = [self.row(0, {"id": 1, "total": "EGg=", "rate": 0.5})]
        found, seen = self.of(lines)
        self.assertEqual("warn", found["decimals"], seen)
        self.assertIn("base64", seen["decimals"])
        self.assertIn("t.total, such as EGg=", seen["decimals"])
        for more, source in (({}, "create table t(id int primary key, total bytea, rate float8);"), ({"m": "1.50"}, None)):
            found, seen = self.of([self.row(0, {"id": 1, "total": "EGg=", **more})], source=source)
            self.assertNotIn("base64", seen["decimals"])

    def test_the_table_for_people(self):
        done = tide.run("doctor", "--capture", tide.CAPTURES / "notx.jsonl")
        self.assertRegex(done.stdout, r"(?m)^ok +converter +JSON, without schemas")
        self.assertRegex(done.stdout, r"(?m)^warn +transactions .*\n +remedy: provide.transaction.metadata=true")
        self.assertRegex(done.stdout, r"\d+ ok, 1 warn, 0 fail, \d+ not seen, in 444 messages of \d+ topics\n$")

    def test_a_broker(self):
        with tide.Server("demo", "--capture", tide.CAPTURES / "hazards34.jsonl", stderr=self.path / "demo.log") as demo:
            tide.wait_for("all of it", lambda: demo.get("/readyz")[0] == 200)
            found, seen = self.doctor("--brokers", demo.brokers(), "--prefix", "hazards34")
        for check in ("converter", "keys", "decimals", "times", "transactions", "heartbeats", "retention"):
            self.assertEqual("ok", found[check], seen[check])

    def test_a_running_process_says_the_same(self):
        """As `lint` of its status, from a sample of what went by; what is not seen is left out."""
        lines = [self.row(n, {"id": n, "v": str(n), "extra": 1}) for n in range(30)]
        lines += [{**tide.line(f"{tide.PREFIX}.transaction", 0, {"id": "1"}, {"status": "BEGIN", "id": "1:1", "ts_ms": 1}), "partition": p}
                  for p in range(3)]  # fmt: skip
        _, seen = self.of(lines, code=1, source=SOURCE)
        capture = tide.write_capture(self.path / "c.jsonl", lines)
        (self.path / "views").mkdir()
        (self.path / "views" / "source.sql").write_text(SOURCE)
        server = tide.Server("demo", "--capture", capture, "--views", self.path / "views", stderr=self.path / "log")
        self.addCleanup(server.__exit__)

        levels = {"transactions": "fail", "undeclared columns": "warn", "keys": "ok", "heartbeats": "warn"}
        lint = {}

        def looked():
            nonlocal lint
            lint = {f["check"]: f for f in server.get("/v1/status")[1]["lint"]}
            return all(check in lint and lint[check]["message"] == seen[check] for check in levels)

        try:
            tide.wait_for("the checks", looked)
        except AssertionError as late:
            self.fail(f"{late}: {lint}")
        for check, level in levels.items():
            with self.subTest(check):
                self.assertEqual(level, lint[check]["level"])
                self.assertEqual(level == "ok", lint[check]["remedy"] is None)
        self.assertNotIn("tombstones", lint)
        told = tide.run("status", "--once", "--url", server.address).stdout
        self.assertIn(f"fail         transactions: {seen['transactions']}\n", told)
        self.assertNotIn("keys: ", told)
        self.assertEqual([], [line for line in server.log().splitlines() if "lint" in line])

    def test_what_is_asked_wrongly(self):
        for arguments, words in ((), "needs --brokers"), (("--brokers", "x:1"), "needs --prefix"):
            done = tide.run("doctor", *arguments)
            self.assertEqual(2, done.returncode)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]], verbosity=1)
