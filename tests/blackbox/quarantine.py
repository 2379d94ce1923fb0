#!/usr/bin/env python3
"""What could not be applied: told in every answer, superseded, retried after source.sql was mended, discarded for a reason;
on the command line and over HTTP, beside a process that consumes and without one."""

import contextlib
import json
import shutil
import sqlite3
import sys
import unittest
import urllib.error
import urllib.request

import tide

# A time of which the connector's mode is not told is refused; the line says it.
SOURCE = "create table items(id int primary key, qty int, at timestamp);\n"
MENDED = SOURCE + "-- tidemark: time items = connect\n"
QUERY = "select id, qty, at from items order by id\n"
AT = 1700000000000  # milliseconds: of a timestamp without precision microseconds are awaited
TOKEN = "a-token-of-this-test-alone"


def change(offset, key, qty, op="c", at=AT * 1000, lsn=None, partition=0):
    row = {"id": key, "qty": qty, "at": at}
    source = {"lsn": 1000 + 10 * (offset if lsn is None else lsn), "ts_ms": AT + offset, "snapshot": "false", "schema": "public",
              "table": "items", "db": "shop", "name": tide.PREFIX}  # fmt: skip
    value = {"before": row if op == "d" else None, "after": None if op == "d" else row, "source": source, "op": op}
    return tide.line("items", offset, {"id": key}, value, partition=partition)


def bad(offset, key, qty, **more):
    return change(offset, key, qty, at=AT, **more)


def flat(offset, key, qty, deleted="false", partition=0):
    """A row without its envelope and position."""
    row = {"id": key, "qty": qty, "at": AT, "__deleted": deleted}
    return tide.line("items", offset, {"id": key}, row, partition=partition)


def read(offset, key, qty):
    """A row of an incremental snapshot's chunk."""
    line = bad(offset, key, qty, op="r")
    value = json.loads(line["value"])
    value["source"] |= {"lsn": None, "snapshot": "incremental"}
    return line | {"value": json.dumps(value)}


# 1 is right; 2 waits; 3 is made right by a later change; 4 is of nobody knows which row
LINES = [
    change(0, 1, 10),
    bad(1, 2, 20),
    bad(2, 3, 30),
    tide.line("items", 3, "no key", b"\0\0\0\0\7binary".decode("latin-1")),
    change(4, 3, 31, op="u"),
]


class Case(tide.Case):
    def setUp(self):
        super().setUp()
        self.db = self.path / "items.db"
        (self.path / "views" / "own").mkdir(parents=True)
        (self.path / "views" / "own" / "query.all.sql").write_text(QUERY)
        self.source(SOURCE)

    def source(self, text):
        (self.path / "views" / "source.sql").write_text(text)

    def replay(self, lines, name="lines.jsonl"):
        path = tide.write_capture(self.path / name, lines)
        return tide.replay(self.db, path, flags=("--views", str(self.path / "views")))

    def query(self, sql):
        connection = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def quarantine(self, *words, code=0):
        done = tide.run("quarantine", *words, "--db", self.db)
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def states(self):
        return self.query("select id, state from _quarantine order by id")

    def serve(self, *more):
        server = tide.Server("serve", "--db", self.db, *more, stderr=self.path / "log")
        self.addCleanup(server.__exit__)
        return server

    def post(self, server, path, token=TOKEN):
        request = urllib.request.Request(server.address + path, data=b"", method="POST")
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())


class Quarantine(Case):
    def test_every_answer_tells(self):
        self.assertEqual(3, self.replay(LINES)["quarantined"])
        server = self.serve()
        for path in ("/v1/views/own/all", "/v1/tables/items", "/v1/quarantine"):
            with urllib.request.urlopen(server.address + path) as answer:
                self.assertEqual("2", answer.headers["Tidemark-Quarantine"])
                self.assertEqual(2, json.loads(answer.read())["position"]["quarantine"])
        self.assertEqual([3, 1], [row["id"] for row in server.get("/v1/quarantine")[1]["rows"]])
        self.assertEqual([2], [row["id"] for row in server.get("/v1/quarantine?state=superseded")[1]["rows"]])
        self.assertEqual([3, 2, 1], [row["id"] for row in server.get("/v1/quarantine?state=all")[1]["rows"]])
        self.assertEqual(400, server.get("/v1/quarantine?state=lost")[0])
        status, one = server.get("/v1/quarantine/1")
        self.assertEqual((200, "waiting", "items", [2], LINES[1]["value"], LINES[1]["key"], 1),
                         (status, one["state"], one["table"], one["row_key"], one["value"], one["key"], one["offset"]))  # fmt: skip
        for row in server.get("/v1/quarantine?state=all")[1]["rows"]:
            one = server.get(f"/v1/quarantine/{row['id']}")[1]
            self.assertEqual(row, {name: one[name] for name in row}, "the list says what the message says")
        self.assertEqual(404, server.get("/v1/quarantine/17")[0])
        self.assertEqual(404, server.get("/v1/quarantine/x")[0])
        with urllib.request.urlopen(server.address + "/metrics") as answer:
            self.assertIn("\ntidemark_quarantine_rows 2\n", answer.read().decode())

    def test_which_rows_it_is(self):
        """Those that are there and older than a message that waits; and the keys of all."""
        self.replay([change(0, 1, 10), change(1, 2, 20), bad(2, 2, 21, op="u"), bad(3, 3, 30), change(4, 4, 40)])
        server = self.serve()

        def ids(question):
            status, answer = server.get(f"/v1/tables/items?{question}")
            self.assertEqual(200, status, answer)
            return [row["id"] for row in answer["rows"]], answer.get("quarantined")

        waiting = [{"id": 1, "row_key": [2]}, {"id": 2, "row_key": [3]}]
        self.assertEqual(([2], waiting), ids("quarantined=true"))
        self.assertEqual(([1, 4], waiting), ids("quarantined=false"))
        self.assertEqual(([4], waiting), ids("quarantined=false&qty=gt.10&order=qty.desc"))
        self.assertEqual(([1, 2, 4], waiting), ids(""))
        self.assertEqual(([], waiting), ids("id=3"))
        self.assertEqual(400, server.get("/v1/tables/items?quarantined=maybe")[0])

    def test_keys_of_any_type(self):
        source = SOURCE + ("create table pairs(n numeric(30,2), t text, b bytea, big bigint, d decimal(8,2), yes boolean, f float8, v int,\n"
                  "  primary key(t, big, n, b, d, yes, f));\n"
                  "-- tidemark: bytes pairs.b = base64\n")  # fmt: skip
        self.source(source)

        def pair(offset, t, v, op="c"):
            row = {"n": "1.50", "t": t, "b": "AP8=", "big": 9007199254740993, "d": "2.00", "yes": True, "f": "-Infinity", "v": v}
            key = {k: row[k] for k in row if k != "v"}
            at = {"lsn": 1000 + offset, "ts_ms": AT, "snapshot": "false", "schema": "public", "table": "pairs", "db": "s", "name": "x"}
            return tide.line("pairs", offset, key, {"before": None, "after": row, "source": at, "op": op})

        self.replay([pair(0, "x\u00e9", 1), pair(1, 'a"', 1), pair(2, 'a"', "many", "u")])
        server = self.serve()
        _, answer = server.get("/v1/tables/pairs?quarantined=true")
        self.assertEqual(['a"'], [row["t"] for row in answer["rows"]])
        key = [answer["rows"][0][name] for name in ("t", "big", "n", "b", "d", "yes", "f")]
        self.assertEqual(['a"', "9007199254740993", "1.50", "AP8=", "2.00", True, "-Infinity"], key)
        self.assertEqual([key], [one["row_key"] for one in answer["quarantined"]])
        self.assertEqual([key], [one["row_key"] for one in server.get("/v1/quarantine")[1]["rows"]])
        self.assertEqual(key, server.get("/v1/quarantine/1")[1]["row_key"])
        _, answer = server.get("/v1/tables/pairs?quarantined=false")
        self.assertEqual(["x\u00e9"], [row["t"] for row in answer["rows"]])

    def test_keys_that_json_functions_lack(self):
        """SQLite's json_extract ends a text at its first NUL, and fails whole on the key of an older file that is no JSON."""
        self.source(SOURCE + "create table named(name text, f float8, v int, primary key(name, f));\n")

        def named(offset, name, f, v, op="c"):
            key = {"name": name, "f": f}
            at = {"lsn": 1000 + offset, "ts_ms": AT, "snapshot": "false", "schema": "public", "table": "named", "db": "s", "name": "x"}
            return tide.line("named", offset, key, {"before": None, "after": key | {"v": v}, "source": at, "op": op})

        keys = [["a\0b", 0.1], ["a\0c", 0.1], ["a", -0.0], ["\b\f\u00e9\U0001f600", 1e300]]
        events = [named(i, *key, 1) for i, key in enumerate(keys)]
        self.replay([*events, named(4, *keys[0], "many", "u"), named(5, "a", 0.0, "many", "u"), named(6, *keys[3], "many", "u")])
        server = self.serve()

        def ids(question):
            status, answer = server.get(f"/v1/tables/named?{question}")
            self.assertEqual(200, status, answer)
            return sorted([row["name"], row["f"]] for row in answer["rows"])

        self.assertEqual(sorted([keys[0], keys[2], keys[3]]), ids("quarantined=true"))
        self.assertEqual([keys[1]], ids("quarantined=false"))
        shown = [row["row_key"] for row in server.get("/v1/quarantine")[1]["rows"]]
        self.assertEqual([keys[3], ["a", 0], keys[0]], shown)
        server.__exit__()
        with contextlib.closing(sqlite3.connect(self.db)) as connection, connection:
            connection.execute("update _quarantine set row_key = '[\"a\",inf]' where id = 2")
            connection.execute("update _quarantine set row_key = '[\"a\"]' where id = 3")
        server = self.serve()
        self.assertEqual([keys[0]], ids("quarantined=true"))
        self.assertEqual(sorted(keys[1:]), ids("quarantined=false"))
        shown = [row["row_key"] for row in server.get("/v1/quarantine")[1]["rows"]]
        self.assertEqual([["a"], None, keys[0]], shown)

    def test_a_list_of_nothing_says_so(self):
        self.replay(LINES[:1])
        for state, words in (((), "no message is waiting; --state all lists"), (("--state", "discarded"), "no message is discarded"),
                             (("--state", "all"), "no message was quarantined\n")):  # fmt: skip
            listed, told = self.quarantine("list", *state)
            self.assertEqual("", listed)
            self.assertIn(words, told)

    def test_the_command_line(self):
        self.replay(LINES)
        listed, _ = self.quarantine("list")
        self.assertRegex(listed, r"(?m)^1 waiting \S+ theworldshop.public.items partition 0 offset 1 items \[2\]\n    column at ")
        self.assertNotIn("offset 2 ", listed)
        self.assertIn("2 superseded", self.quarantine("list", "--state", "all")[0])
        shown, _ = self.quarantine("show", "1")
        self.assertIn(f"value: {LINES[1]['value']}\n", shown)
        self.assertIn("no message 17", self.quarantine("show", "17", code=1)[1])
        for words in ([], ["lost"], ["show"], ["show", "1", "3"], ["retry"], ["retry", "x"], ["discard", "1"], ["list", "1"], ["list", "--reason", "x"]):
            self.quarantine(*words, code=2)

    def test_a_retry_that_fails_again(self):
        self.replay(LINES)
        out, err = self.quarantine("retry", "1", code=1)
        self.assertIn("1 waiting: column at ", out)
        self.assertIn("not all could be applied", err)
        self.assertEqual([(1, "waiting"), (2, "superseded"), (3, "waiting")], self.states())
        self.assertIn("is superseded", self.quarantine("retry", "2", code=1)[1])

    def test_after_source_sql_was_mended(self):
        self.replay(LINES)
        before = self.query("select lsn, transactional, applied_total, offsets from _position")
        self.source(MENDED)
        self.replay([change(9, 9, 90, at=AT)], "more.jsonl")
        out, _ = self.quarantine("retry", "1")
        self.assertEqual("1 applied\n", out)
        self.assertEqual([(2, 20, "2023-11-14T22:13:20.000000")], self.query("select id, qty, at from items where id = 2"))
        self.assertEqual([(1, "applied"), (2, "superseded"), (3, "waiting")], self.states())
        self.assertEqual(before[0][:2], self.query("select lsn, transactional from _position")[0])
        self.assertEqual([(1,)], self.query("select quarantined from _position"))
        self.assertEqual([], self.query("select * from _quarantine_requests"))

    def test_what_is_older_than_its_row(self):
        """Retried all at once: the newest of a row wins, whatever the order."""
        lines = [bad(0, 1, 10), bad(1, 1, 11, op="u", lsn=5), bad(2, 1, 12, op="u", lsn=3)]
        self.replay(lines)
        self.source(MENDED)
        self.replay([change(9, 9, 90, at=AT)], "more.jsonl")
        self.quarantine("retry", "2")
        self.assertEqual([(1, "superseded"), (2, "applied"), (3, "superseded")], self.states())
        self.assertEqual([(11,)], self.query("select qty from items where id = 1"))

    def test_what_lacks_a_newer_value(self):
        """The row is newer but for an unchanged TOAST value, which only the message may have: it is counted on."""
        self.source("create table items(id int primary key, qty int, at timestamp, note text);\n")
        newer = change(1, 1, 11, op="u")
        value = json.loads(newer["value"])
        value["after"]["note"] = "__debezium_unavailable_value"
        newer["value"] = json.dumps(value)
        self.replay([bad(0, 1, 10), newer])
        self.source("create table items(id int primary key, qty int, at timestamp, note text);\n-- tidemark: time items = connect\n")
        self.replay([change(9, 9, 90, at=AT)], "more.jsonl")
        self.assertIn("unchanged TOAST", self.quarantine("retry", "1", code=1)[0])
        self.assertEqual([(11,)], self.query("select qty from items where id = 1"))
        self.assertEqual([(1,)], self.query("select quarantined from _position"))

    def test_what_came_before_a_truncate_or_a_delete(self):
        lines = [bad(0, 1, 10), bad(1, 2, 20), change(2, 1, 0, op="d"), change(3, 7, 70)]
        truncate = json.loads(change(4, 0, 0)["value"]) | {"op": "t", "after": None}
        self.replay(lines)
        self.assertEqual([(1, "superseded"), (2, "waiting")], self.states())
        self.replay(lines + [tide.line("items", 4, None, truncate)], "more.jsonl")
        self.assertEqual([(1, "superseded"), (2, "superseded")], self.states())
        self.assertEqual([(0,)], self.query("select count(*) from items"))

    def test_a_chunk_that_is_older_than_its_table(self):
        """It names no position: the source's clock tells that the table was truncated, or read anew, since."""
        truncate = json.loads(change(2, 0, 0)["value"]) | {"op": "t", "after": None}
        anew = json.loads(change(2, 7, 70, op="r", at=AT)["value"])
        anew["source"]["snapshot"] = "last"
        for later, rows in (([tide.line("items", 2, None, truncate)], [9]),
                            ([tide.line("items", 2, {"id": 7}, anew)], [7, 9])):  # fmt: skip
            self.db = self.path / f"{len(rows)}.db"
            self.source(SOURCE)
            self.replay([change(0, 2, 20), read(1, 1, 100)])
            self.source(MENDED)
            self.replay(later, "later.jsonl")
            self.replay([change(9, 9, 90, at=AT)], "more.jsonl")
            out, _ = self.quarantine("retry", "1")
            self.assertEqual("1 superseded: its row is newer, or its table was truncated or read anew since\n", out)
            self.assertEqual(rows, [row for (row,) in self.query("select id from items order by id")])
            self.assertEqual([(0,)], self.query("select quarantined from _position"))

    def test_a_key_that_could_not_be_read_is_not_read_late(self):
        """Retried twice, it is refused twice: later changes of its row were not looked for."""
        self.source("create table items(id date primary key, qty int, at timestamp);\n")
        self.replay([flat(0, 1, 100), change(9, 9, 90)])
        self.source(MENDED)
        (self.path / "items.db").rename(self.path / "old.db")
        self.replay([change(0, 9, 90, at=AT)], "more.jsonl")
        self.assertEqual([], self.states())
        connection = sqlite3.connect(self.db)
        connection.execute("attach ? as old", (str(self.path / "old.db"),))
        connection.execute("insert into _quarantine select * from old._quarantine")
        connection.execute("update _quarantine set row_key = null")
        connection.commit()
        connection.close()
        for _ in range(2):
            self.assertIn("names no position", self.quarantine("retry", "1", code=1)[0])
        self.assertEqual([], self.query("select qty from items where id = 1"))

    def test_all(self):
        self.replay([bad(i, i, i) for i in range(1, 6)])
        self.source(MENDED)
        self.replay([change(9, 9, 90, at=AT)], "more.jsonl")
        self.assertEqual("5 waited, 0 wait now\n", self.quarantine("retry", "all")[0])
        self.assertEqual([(15,)], self.query("select sum(qty) from items where id < 6"))

    def test_one_of_several_that_does_not_wait(self):
        """Nothing is done of any, neither then nor at the next start."""
        self.replay(LINES)
        for other, says in (("2", "message 2 does not wait in quarantine: it is superseded"), ("17", "no message 17 in quarantine")):
            for command in (("retry", "1", other, "3"), ("discard", "1", other, "3", "--reason", "x")):
                self.assertIn(says, self.quarantine(*command, code=1)[1])
                self.assertEqual([], self.query("select * from _quarantine_requests"))
        self.replay(LINES)
        self.assertEqual([(1, "waiting"), (2, "superseded"), (3, "waiting")], self.states())

    def test_discard(self):
        self.replay(LINES)
        out, _ = self.quarantine("discard", "3", "--reason", "of the old connector")
        self.assertEqual("3 discarded: of the old connector\n", out)
        self.assertEqual([("discarded", "of the old connector")], self.query("select state, note from _quarantine where id = 3"))
        self.assertEqual([(1,)], self.query("select quarantined from _position"))

    def test_without_a_token_nobody_may(self):
        self.replay(LINES)
        server = self.serve()
        status, problem = self.post(server, "/v1/quarantine/1/retry")
        self.assertEqual((403, "/problems/forbidden"), (status, problem["type"]))
        self.assertIn("--token-file", problem["detail"])

    def test_beside_a_process_that_consumes(self):
        """It holds the file; what is asked is in the file until it is done."""
        self.source(MENDED)
        broken = tide.line("items", 1, {"id": 2}, "{")
        lines = [change(0, 1, 10, at=AT), broken, tide.line("items", 2, {"id": 3}, "{"), tide.line("items", 3, {"id": 4}, "{")]
        token = self.path / "token"
        token.write_text(TOKEN + "\n")
        capture = tide.write_capture(self.path / "lines.jsonl", lines)
        with tide.Server("demo", "--capture", capture, "--views", self.path / "views", "--db", self.db, "--token-file", token,
                         stderr=self.path / "log") as server:  # fmt: skip
            request = urllib.request.Request(server.address + "/v1/status", headers={"Authorization": f"Bearer {TOKEN}"})

            def quarantined():
                with urllib.request.urlopen(request) as answer:
                    return json.loads(answer.read())["quarantined"]

            tide.wait_for("three in quarantine", lambda: quarantined() == 3)
            out, _ = self.quarantine("retry", "1", code=1)
            self.assertIn("1 waiting: not valid JSON", out)
            self.quarantine("discard", "1", "--reason", "broken at the source")
            self.assertEqual(2, quarantined())
            status, problem = self.post(server, "/v1/quarantine/2/retry")
            self.assertEqual((409, "/problems/still-quarantined"), (status, problem["type"]))
            self.assertEqual(400, self.post(server, "/v1/quarantine/2/discard")[0])
            status, one = self.post(server, "/v1/quarantine/2/discard?reason=broken%20too")
            self.assertEqual((200, "discarded", "broken too", 1), (status, one["state"], one["note"], one["position"]["quarantine"]))
            self.assertEqual(409, self.post(server, "/v1/quarantine/2/retry")[0])
            self.assertEqual(404, self.post(server, "/v1/quarantine/17/retry")[0])
            self.assertEqual(401, self.post(server, "/v1/quarantine/3/retry", token=None)[0])
            self.assertEqual(1, quarantined())

    def test_what_only_serves_does_nothing(self):
        """It is asked, kept, and done by the next start of a process that writes."""
        self.replay(LINES)
        token = self.path / "token"
        token.write_text(TOKEN + "\n")
        server = self.serve("--token-file", token)
        for twice in ("reason=x&reason=y", "reason=x&wait_ms=1&wait_ms=2"):
            status, problem = self.post(server, f"/v1/quarantine/3/discard?{twice}")
            self.assertEqual((400, "/problems/bad-parameter"), (status, problem["type"]))
            self.assertIn("is given twice", problem["detail"])
        status, one = self.post(server, "/v1/quarantine/3/discard?reason=x")
        self.assertEqual((202, "waiting", True), (status, one["state"], one["asked"]))
        self.quarantine("retry", "1", code=1)
        self.assertEqual((3, "discarded"), self.states()[2])


# 1 is the older message of a row, 2 the newer; what is asked for, in its order
ORDERS = (
    [("retry", "all")],
    [("retry", "1", "2")],
    [("retry", "2", "1")],
    [("retry", "1"), ("retry", "2")],
    [("retry", "2"), ("retry", "1")],
    [("retry", "2"), ("retry", "all")],
    [("discard", "1", "--reason", "x"), ("retry", "2")],
    [("retry", "1"), ("retry", "1"), ("retry", "all")],
)
KINDS = (
    (flat(0, 1, 100), flat(1, 1, 200)),
    (read(0, 1, 100), bad(1, 1, 200, op="u")),
    (bad(0, 1, 100, op="u"), read(1, 1, 200)),
    (read(0, 1, 100), read(1, 1, 200)),
    (flat(7, 1, 100), flat(1, 1, 200, partition=1)),
    (bad(0, 1, 100), flat(1, 1, 200)),
    (flat(0, 1, 100), bad(1, 1, 200)),
)


class Orders(Case):
    """Whatever the order of what is asked, a row ends at its newest message."""

    files = 0

    def check(self, lines, asked, right, waiting=0, later=()):
        """`asked`: each of them is begun from the same file."""
        self.source(SOURCE)
        self.assertEqual(len(lines), self.replay(lines)["quarantined"])
        self.source(MENDED)
        self.replay([change(90, 9, 90, at=AT), *later], "more.jsonl")
        begin = self.db
        for words in asked:
            self.another()
            with self.subTest(lines[0]["value"], asked=words):
                shutil.copy(begin, self.db)
                for one in words:
                    tide.run("quarantine", *one, "--db", self.db)
                self.assertEqual(right, self.query("select qty from items where id = 1"))
                self.assertEqual([(waiting,)], self.query("select quarantined from _position"))
        self.another()

    def another(self):
        self.files += 1
        self.db = self.path / f"{self.files}.db"

    def each(self, asked, *more, **options):
        for lines in KINDS:
            self.check(lines, asked, *more, **options)

    def test_two_that_wait(self):
        self.each(ORDERS, [(200,)])

    def test_a_newer_change_came_meanwhile(self):
        for later in (change(91, 1, 300, op="u", at=AT), flat(91, 1, 300)):
            self.each(ORDERS[:2], [(300,)], later=[later])

    def test_a_delete_came_meanwhile_and_found_no_row(self):
        for later in (change(91, 1, 0, op="d"), flat(91, 1, 0, deleted="true"), tide.line("items", 91, {"id": 1}, None)):
            self.each(ORDERS[:1], [], later=[later])

    def test_the_newer_one_is_not_missed(self):
        """What a person takes for settled brings nothing; and while it waits, the older one is shown."""
        self.each([[("discard", "2", "--reason", "x"), ("retry", "1")]], [(100,)])
        self.each([[("retry", "1")]], [(100,)], 1)


if __name__ == "__main__":
    sys.exit(unittest.main())
