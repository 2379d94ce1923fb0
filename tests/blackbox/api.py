#!/usr/bin/env python3
"""What HTTP tells: headers of every answer, before anything was applied, columns and numbers that are asked for."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import socket
import sqlite3
import sys
import unittest
import unittest.mock
import urllib.error
import urllib.request

import tide

BASIC = tide.CAPTURES / "basic.jsonl"
POSITION = ("Tidemark-Lsn", "Tidemark-Consistency", "Tidemark-State", "Tidemark-Lag")


def ask(server, path, **headers):
    """(status, headers, body)"""
    request = urllib.request.Request(server.address + path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def envelope(table, offset, key, row):
    source = {"version": "3.1.2.Final", "connector": "postgresql", "name": "app", "ts_ms": 1700000000000 + offset,
              "snapshot": "false", "db": "appdb", "schema": "public", "table": table, "txId": 500 + offset,
              "lsn": 1000 + 8 * offset}  # fmt: skip
    value = {"before": None, "after": row, "source": source, "op": "c", "ts_ms": 1700000000000 + offset}
    return tide.line(f"app.public.{table}", offset, key, value)


def undescribed(document, schema, value, at="$"):
    """Where `value` is not what an OpenAPI schema says of it. A member that no schema names is such a place, too: clients that are
    generated refuse it, or drop it."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].removeprefix("#/components/schemas/")]
    if "anyOf" in schema:
        of_each = [undescribed(document, one, value, at) for one in schema["anyOf"]]
        return min(of_each, key=len)
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)}
    types = schema.get("type", list(kinds))
    types = [types] if isinstance(types, str) else types
    if not any(isinstance(value, kinds[t]) for t in types) or value not in schema.get("enum", [value]):
        return [f"{at} = {json.dumps(value)[:60]}"]
    if isinstance(value, list):
        return [fault for i, part in enumerate(value) for fault in undescribed(document, schema.get("items", {}), part, f"{at}[{i}]")]
    if not isinstance(value, dict) or "properties" not in schema:
        return []
    faults = [f"{at}.{name} is not there" for name in schema.get("required", []) if name not in value]
    for name, part in value.items():
        told = schema["properties"].get(name, schema.get("additionalProperties"))
        faults += [f"{at}.{name} is not told of"] if told is None else undescribed(document, told, part, f"{at}.{name}")
    return faults


def narrowed(node):
    """What clients of openapi-generator read less of than is served: an integer without a format is one of 32 bits, and a member that is
    required may not be null where it is a list or an object."""
    if isinstance(node, list):
        for part in node:
            yield from narrowed(part)
    if not isinstance(node, dict):
        return
    kinds = node.get("type", "")
    if not isinstance(kinds, dict) and "integer" in kinds and node.get("format") != "int64" and node.get("maximum", 2**31) >= 2**31:
        yield node
    members = node.get("properties", {})
    yield from (name for name in members and node.get("required", []) if {"type": "null"} in members.get(name, {}).get("anyOf", []))
    for part in node.values():
        yield from narrowed(part)


class Api(tide.Case):
    def server(self, *arguments):
        server = tide.Server(*arguments, stderr=self.path / f"log{len(list(self.path.glob('log*')))}")
        self.addCleanup(server.__exit__)
        return server

    def own(self, source, lines, queries=None):
        """serve over a file of our own tables, rows and queries"""
        views = self.path / "views"
        for name, text in {"source.sql": source, **(queries or {})}.items():
            (views / name).parent.mkdir(parents=True, exist_ok=True)
            (views / name).write_text(text)
        db = self.path / "own.db"
        capture = tide.write_capture(self.path / "capture.jsonl", lines)
        tide.replay(db, capture, flags=("--views", views, "--prefix", "app"))
        return views, self.server("serve", "--db", db, "--views", views)

    def ids(self, server, path):
        status, _, body = ask(server, path)
        self.assertEqual(200, status, body)
        return [row["id"] for row in json.loads(body)["rows"]]

    def test_what_is_asked_for_elsewhere(self):
        db = self.path / "basic.db"
        tide.replay(db, BASIC)
        server = self.server("serve", "--db", db)
        for path, told in (
            ("/v1/orders", "rows of orders are at /v1/tables/orders, one of them by its columns: ?id=.."),
            ("/v1/tables/orders/5001", "rows of orders are at /v1/tables/orders, one of them by its columns: ?id=.."),
            ("/v1/warehouse/stock", "no such route; /v1/views/warehouse/stock is"),
            ("/v1/tables/nothing/1", "no such route"),
            ("/orders", "no such route"),
        ):
            status, _, body = ask(server, path)
            self.assertEqual(404, status)
            self.assertIn(told, json.loads(body)["detail"], path)
        # an address that works: a key that is called like a parameter, a name that no path has as it is
        _, server = self.own('create table "a b"("limit" int primary key);', [{**envelope("a_b", 0, {"limit": 1}, {"limit": 1})}])
        detail = json.loads(ask(server, "/v1/a%20b")[2])["detail"]
        self.assertIn("at /v1/tables/a%20b, one of them by its columns: ?column.limit=..", detail)
        self.assertEqual(200, ask(server, "/v1/tables/a%20b?column.limit=1")[0])

    def test_lists_on_several_lines(self):
        """A header that is a list may stand on several lines (RFC 9110, 5.3); the range that names a form most exactly says how much
        it is wanted (12.5.1)."""
        db = self.path / "basic.db"
        tide.replay(db, BASIC)
        server = self.server("serve", "--db", db)
        connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=30)
        self.addCleanup(connection.close)

        def get(*headers, path="/v1/tables/orders?limit=1000"):
            connection.putrequest("GET", path, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            answer.read()
            return answer

        def media(*headers):
            return get(*headers).headers["Content-Type"].split(";")[0]

        json_type, csv, lines = "application/json", "text/csv", "application/x-ndjson"
        self.assertEqual(csv, media(("Accept", "text/html"), ("Accept", csv)))
        self.assertEqual(lines, media(("Accept", f"{csv};q=0.5"), ("Accept", "*/*;q=0.1"), ("accept", lines)))
        self.assertEqual(json_type, media(("Accept", f"{csv};q=0.5, */*")))
        self.assertEqual(json_type, media(("Accept", f"{csv};q=0.5"), ("Accept", "*/*")))
        self.assertEqual(json_type, media())
        tag = get().headers["ETag"]
        self.assertEqual(304, get(("If-None-Match", '"other"'), ("If-None-Match", tag)).status)
        self.assertEqual(200, get(("If-None-Match", '"other"')).status)
        self.assertIn("Content-Range", get(("Prefer", "handling=strict"), ("Prefer", "count=exact")).headers)
        self.assertEqual("gzip", get(("Accept-Encoding", "br"), ("Accept-Encoding", "gzip")).headers["Content-Encoding"])
        self.assertEqual(json_type, media(*[("Accept", "a/b")] * 30, ("Accept", f"{csv};q=0.1"), ("Accept", json_type)))

    def test_before_anything_was_applied(self):
        broker = f"127.0.0.1:{tide.free_port()}"
        arguments = ("run", "--brokers", broker, "--prefix", tide.PREFIX, "--db")
        server = self.server(*arguments, self.path / "new.db")
        for path in ("/v1/tables/orders", "/v1/views/warehouse/stock"):
            status, headers, body = ask(server, path)
            self.assertEqual((503, "/problems/not-ready"), (status, json.loads(body)["type"]))
            self.assertEqual([], [name for name in POSITION if name not in headers])
        server.stop()
        empty = self.server(*arguments, self.path / "new.db", "--answer-empty")
        self.assertEqual((200, []), (lambda s, _, b: (s, json.loads(b)["rows"]))(*ask(empty, "/v1/tables/orders")))
        self.assertEqual(503, ask(empty, "/readyz")[0])
        empty.stop()
        tide.replay(self.path / "new.db", BASIC)
        serving = self.server("serve", "--db", self.path / "new.db")
        self.assertEqual(200, ask(serving, "/v1/tables/orders")[0])
        self.assertEqual(200, ask(serving, "/readyz")[0])

    def test_who_reads_no_topic_does_not_know_what_events_have(self):
        tide.replay(self.path / "x.db", BASIC)
        server = self.server("serve", "--db", self.path / "x.db")
        status = json.loads(ask(server, "/v1/status")[2])
        for member in ("drift", "undeclared", "undeclared_count", "unplaced", "unplaced_messages"):
            self.assertIsNone(status[member], member)
        self.assertEqual([(None, None)] * 4, [(table["missing"], table["extra"]) for table in status["tables"]])
        self.assertNotIn("tidemark_drift_columns", ask(server, "/metrics")[2].decode())

    def test_headers_of_every_answer(self):
        tide.replay(self.path / "x.db", BASIC)
        server = self.server("serve", "--db", self.path / "x.db")
        for kind in ("application/json", "text/csv", "application/x-ndjson"):
            status, headers, _ = ask(server, "/v1/views/warehouse/stock", Accept=kind)
            self.assertEqual(200, status)
            again, later, body = ask(server, "/v1/views/warehouse/stock", Accept=kind, If_None_Match=headers["ETag"])
            self.assertEqual((304, b""), (again, body))
            for answer in (headers, later):
                self.assertRegex(answer["Tidemark-Lsn"], r"^[0-9A-F]+/[0-9A-F]+$")
                self.assertEqual("transactional", answer["Tidemark-Consistency"])
                self.assertEqual("serving", answer["Tidemark-State"])
                self.assertEqual("serving", json.loads(answer["Tidemark-Lag"])["state"])

    def test_a_client_that_polls_learns_that_the_broker_is_gone(self):
        demo = self.server("demo")
        server = self.server("run", "--brokers", demo.brokers(), "--prefix", tide.PREFIX, "--db", self.path / "r.db")
        tide.wait_for("ready", lambda: server.get("/readyz")[0] == 200)
        orders = next(t for t in server.get("/v1/status")[1]["tables"] if t["name"] == "orders")
        self.assertGreater(orders["rows"], 0)
        self.assertGreater(orders["newest_event_ms"], 1600000000000)
        path = "/v1/views/warehouse/stock"
        _, first, _ = ask(server, path)
        etag, state = first["ETag"], first["Tidemark-State"]
        self.assertEqual(304, ask(server, path, If_None_Match=etag)[0])
        demo.kill()
        told = tide.wait_for("another answer than 304", lambda: next(
            (answer for answer in [ask(server, path, If_None_Match=etag)] if answer[0] != 304), None))  # fmt: skip
        self.assertEqual(200, told[0])
        self.assertNotEqual(state, told[1]["Tidemark-State"])

    def test_what_asks_for_the_time_has_no_tag(self):
        """Its answer is another later, though nothing was committed: 304 would keep a client with rows that are gone."""
        queries = {"rows": "datetime(at) < '2030-01-01'", "due": "at < strftime('%Y-%m-%dT%H:%M:%S', 'NOW', '-1 hour')",
                   "old": "at < current_date", "through": "id in (select id from own_due)", "short": "unixepoch(at) < unixepoch()", "format": "strftime('%s', at) < strftime('%s')",
                   "date": "date(at) < '2030-01-01' and strftime('%Y', at) < '2030'"}  # fmt: skip
        files = {f"own/query.{name}.sql": f"select id from notes where {where} order by id" for name, where in queries.items()}
        files["own/schema.sql"] = "create view own_due as select id from notes where datetime(at) < datetime('now');"
        note = {"id": 1, "at": "2026-01-01T00:00:00Z"}
        _, server = self.own("create table notes(id int primary key, at timestamptz);", [envelope("notes", 0, {"id": 1}, note)], files)
        for name in queries:
            status, headers, _ = ask(server, f"/v1/views/own/{name}")
            self.assertEqual((200, name in ("rows", "date")), (status, "ETag" in headers), name)
            self.assertEqual(304 if name in ("rows", "date") else 200, ask(server, f"/v1/views/own/{name}", If_None_Match="*")[0], name)

    def test_a_copy_that_goes_on_by_itself_has_other_tags(self):
        views = self.path / "views"
        views.mkdir()
        (views / "source.sql").write_text("create table notes(id int primary key, v text);")

        def line(partition, offset, key):
            return {**envelope("notes", offset, {"id": key}, {"id": key, "v": "x"}), "partition": partition}

        lines = [line(0, 0, 1), line(1, 0, 2)]
        first, copy = self.path / "first.db", self.path / "copy.db"
        flags = ("--views", views, "--prefix", "app")
        tide.replay(first, tide.write_capture(self.path / "both.jsonl", lines), flags=flags)
        with contextlib.closing(sqlite3.connect(first)) as source:
            source.execute("vacuum into ?", (str(copy),))
        # each as many messages and commits, of another partition
        for db, more in ((first, line(0, 1, 3)), (copy, line(1, 1, 4))):
            tide.replay(db, tide.write_capture(self.path / f"{db.stem}.jsonl", lines + [more]), flags=flags)
        path = "/v1/tables/notes"
        servers = [self.server("serve", "--db", db, "--views", views) for db in (first, copy)]
        tag = ask(servers[0], path)[1]["ETag"]
        self.assertEqual(304, ask(servers[0], path, If_None_Match=tag)[0])
        status, _, body = ask(servers[1], path, If_None_Match=tag)
        self.assertEqual(200, status)
        self.assertEqual([1, 2, 4], [row["id"] for row in json.loads(body)["rows"]])

    def test_a_tag_is_its_build_s(self):
        """304 said that nothing had changed behind an upgrade that writes or orders the same rows otherwise."""
        tide.replay(self.path / "api.db", tide.CAPTURES / "basic.jsonl")
        code = bytearray(pathlib.Path(tide.program()).read_bytes())
        note = bytes.fromhex("04000000 14000000 03000000") + b"GNU\0"  # a build ID of 20 bytes
        self.assertEqual(1, code.count(note))
        code[code.index(note) + len(note)] ^= 1
        other = self.path / "tidemark-of-another-build"
        other.write_bytes(code)
        other.chmod(0o755)
        path = "/v1/tables/orders"

        def first_event(server, **headers):
            asked = urllib.request.Request(f"{server.address}{path}/follow", headers={"Accept": "application/x-ndjson", **headers})
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return json.loads(answer.readline())

        server = self.server("serve", "--db", self.path / "api.db")
        tag, at = ask(server, path)[1]["ETag"], {"Last-Event-ID": first_event(server)["id"]}
        again = self.server("serve", "--db", self.path / "api.db")
        self.assertEqual(304, ask(again, path, If_None_Match=tag)[0])
        self.assertEqual("position", first_event(again, **at)["event"])
        with unittest.mock.patch.dict(os.environ, TIDEMARK_PROGRAM=str(other)):
            upgraded = self.server("serve", "--db", self.path / "api.db")
        self.assertEqual(200, ask(upgraded, path, If_None_Match=tag)[0])
        self.assertEqual("reset", first_event(upgraded, **at)["event"])

    def test_openapi_has_the_statuses_that_come(self):
        tide.replay(self.path / "api.db", tide.CAPTURES / "basic.jsonl")
        server = self.server("serve", "--db", self.path / "api.db")
        paths = json.loads(ask(server, "/openapi.json")[2])["paths"]
        every = {"200", "400", "408", "413", "414", "421", "431", "500", "503", "505"}
        for path, statuses in {
            "/healthz": set(),
            "/v1/lag": set(),
            "/v1/tables/orders": {"304", "406", "504"},
            "/v1/views/warehouse/stock": {"304", "504"},
            "/rest/v1/orders": {"206", "304", "404", "406", "416", "504"},
            "/v1/tables/orders/follow": {"504"},
            "/v1/views/warehouse/stock/follow": {"504"},
            "/v1/digest/orders": set(),
            "/v1/views/{view}": {"404"},
            "/v1/quarantine": {"304", "504"},
            "/v1/quarantine/{id}": {"404"},
            "/v1/quarantine/{id}/retry": {"202", "403", "404", "409"},
            "/v1/quarantine/{id}/discard": {"202", "403", "404", "409"},
        }.items():
            with self.subTest(path):
                (operation,) = paths[path].values()
                self.assertEqual(every | statuses, set(operation["responses"]))

    def test_openapi_says_who_needs_a_token(self):
        tide.replay(self.path / "api.db", tide.CAPTURES / "basic.jsonl")
        (self.path / "tokens").write_text("a-token-of-this-test-alone\n")
        for flags, guarded in ((), {"post"}), (("--token-file", self.path / "tokens"), {"get", "post"}):
            server = self.server("serve", "--db", self.path / "api.db", *flags)
            document = json.loads(ask(server, "/openapi.json", Authorization="Bearer a-token-of-this-test-alone")[2])
            self.assertEqual("bearer", document["components"]["securitySchemes"]["token"]["scheme"])
            for path, item in document["paths"].items():
                for method, operation in item.items():
                    with self.subTest(path, flags=flags):
                        needs = method in guarded and path not in ("/", "/healthz", "/readyz")
                        self.assertEqual([{"token": []}] if needs else None, operation.get("security"))
                        self.assertEqual(needs and "get" in guarded, "401" in operation["responses"])
            self.assertEqual(None if flags else [], document.get("security"))

    def test_openapi_tells_every_member_of_answers(self):
        source = "create type mood as enum ('sad', 'ok'); create table caps(id int primary key, how mood, paid boolean, at timestamptz);"
        types = ("text", "integer", "number", "decimal(9,2)", "date", "boolean", "timestamp", "timestamptz", "uuid")
        rules = "".join(f"-- tidemark: p{i} is {kind}\n" for i, kind in enumerate(types))
        conditions = "".join(f" or id = :p{i}" for i in range(len(types)))
        views = {"v/query.q.sql": f"{rules}select id from caps where id = :any{conditions} order by id"}
        rows = [{"id": i, "how": "ok", "paid": True, "at": "2026-01-01T00:00:00Z"} for i in range(3)]
        lines = [envelope("caps", i, {"id": row["id"]}, row) for i, row in enumerate(rows)]
        _, server = self.own(source, [*lines, tide.line("app.public.caps", 3, {"id": 9}, "{")], views)
        document = json.loads(ask(server, "/openapi.json")[2])
        for path, item in document["paths"].items():
            content = item.get("get", {"responses": {"200": {}}})["responses"]["200"]
            content = document["components"]["responses"][content["$ref"].split("/")[-1]] if "$ref" in content else content
            content = content.get("content", {}).get("application/json")
            asked = path.replace("{id}", "1").replace("{view}", "v")
            if content is not None and asked != "/openapi.json":
                with self.subTest(asked):
                    self.assertEqual([], undescribed(document, content["schema"], json.loads(ask(server, asked)[2])))
        # openapi-generator knows null beside one other type; beside an array or an object only as a schema of its own
        self.assertEqual([], re.findall(r'"type": \["(?:array|object)"', json.dumps(document)))
        self.assertEqual([], list(narrowed(document)))
        for path, item in document["paths"].items():
            for parameter in item.get("get", {}).get("parameters", []):
                self.assertNotIn("anyOf", parameter.get("schema", {}), path)  # its Java client fails where one is not given

    def test_openapi_offers_no_order_that_is_refused(self):
        _, server = self.own("create type mood as enum ('sad', 'ok'); create table caps(id int primary key, how mood, doc json, n real);",
                             [envelope("caps", 0, {"id": 0}, {"id": 0, "how": "ok", "doc": "{}", "n": 1})])  # fmt: skip
        parameters = json.loads(ask(server, "/openapi.json")[2])["paths"]["/v1/tables/caps"]["get"]["parameters"]
        schemas = {p["name"]: p["schema"] for p in parameters if "schema" in p}
        self.assertEqual(["id.asc", "id.desc", "n.asc", "n.desc"], schemas["order"]["items"]["enum"])
        self.assertEqual(200, ask(server, "/v1/tables/caps?order=" + ",".join(schemas["order"]["items"]["enum"]))[0])
        for name, wrong in (("id", "eq.1e3"), ("id", "is.true"), ("n", "gt.."), ("n", "gt.--5"), ("n", "is.unknown")):
            with self.subTest(name, wrong=wrong):
                self.assertEqual(400, ask(server, f"/v1/tables/caps?{name}={wrong}")[0])
                patterns = [s["pattern"] for s in schemas[name].get("anyOf", [schemas[name]]) if "pattern" in s]
                self.assertFalse(any(re.search(pattern, wrong) for pattern in patterns))

    def test_openapi_names_every_problem(self):
        tide.replay(self.path / "api.db", tide.CAPTURES / "basic.jsonl")
        server = self.server("serve", "--db", self.path / "api.db")
        document = json.loads(ask(server, "/openapi.json")[2])
        pages = document["paths"]["/problems/{problem}"]["get"]["parameters"][0]["schema"]["enum"]
        types = document["components"]["schemas"]["problem"]["properties"]["type"]["enum"]
        self.assertEqual([f"/problems/{page}" for page in pages], types)
        for name, response in document["components"]["responses"].items():
            if name.startswith("problem_"):
                _, told = response["content"]["application/problem+json"]["schema"]["allOf"]
                self.assertEqual(name, f"problem_{told['properties']['status']['const']}")
                self.assertLessEqual(set(told["properties"]["type"]["enum"]), set(types))

    def test_a_number_that_no_double_is(self):
        queries = {"v/query.q.sql": "-- tidemark: x is number\nselect :x as x"}
        _, server = self.own("create table caps(id int primary key);", [envelope("caps", 0, {"id": 1}, {"id": 1})], queries)
        for value, told in (("1e400", "a number, and this one is beyond what a double is"), ("%201e-400", "beyond what a double is"), ("1,5", "x=1,5: it is a number")):
            status, _, body = ask(server, f"/v1/views/v/q?x={value}")
            self.assertEqual(400, status)
            self.assertIn(told, json.loads(body)["detail"])
            self.assertEqual("beyond" in told, "beyond" in json.loads(body)["detail"])

    def test_a_column_called_like_a_parameter(self):
        source = 'create table caps(id int primary key, "limit" int, after text, wait_ms int, after_lsn int, name text);'
        rows = [{"id": i, "limit": i % 3, "after": f"a{i}", "wait_ms": i, "after_lsn": i, "name": f"n{i}"} for i in range(1, 8)]
        views, server = self.own(source, [envelope("caps", i, {"id": row["id"]}, row) for i, row in enumerate(rows)])
        self.assertEqual([2, 5], self.ids(server, "/v1/tables/caps?column.limit=2"))
        self.assertEqual([2], self.ids(server, "/v1/tables/caps?column.limit=2&limit=1"))
        self.assertEqual([3], self.ids(server, "/v1/tables/caps?column.after=a3&column.wait_ms=3&column.after_lsn=3"))
        self.assertEqual([4], self.ids(server, "/v1/tables/caps?column.name=n4&column.id=4"))
        for more in ("", "&order=name"):
            status, _, body = ask(server, f"/v1/tables/caps?after=a3{more}")
            self.assertEqual(400, status)
            self.assertIn("after=a3 is not a cursor that this route gave; the column of this name is asked for as column.after", json.loads(body)["detail"])
        status, _, body = ask(server, "/v1/tables/caps?column.colour=2")
        self.assertEqual((400, "/problems/unknown-parameter"), (status, json.loads(body)["type"]))
        self.assertIn('"colour"', json.loads(body)["detail"])
        told = {c["name"]: c["parameter"] for c in json.loads(ask(server, "/v1/views")[2])["tables"][0]["columns"]}
        self.assertEqual(("column.limit", "name"), (told["limit"], told["name"]))
        names = [p.get("name") for p in json.loads(ask(server, "/openapi.json")[2])["paths"]["/v1/tables/caps"]["get"]["parameters"]]
        self.assertIn("column.limit", names)
        self.assertNotIn("limit", names)
        done = tide.run("check", "--views", views)
        self.assertIn("GET /v1/tables/caps?column.limit=&column.after=&column.wait_ms=&column.after_lsn=\n", done.stdout)

    def test_names_of_openapi_are_of_one(self):
        """A view's _ and a query's, and the words that ids begin with, do not make two names one; the built-in ones are as they were."""
        tables = ("view_stock_open", "view9_stock_open", "views_seen", "a$b", "a_b")
        views = {
            "stock/query.by_day_open.sql": "select 1 as one",
            "stock_by/query.day_open.sql": "select 2 as two",
            "stock_by_day/query.open.sql": "select 3 as three",
            "stock-by/query.day_open.sql": "select 4 as four",
            "stock/query.open.sql": "select 5 as five",
        }
        source = "".join(f'create table "{name}"(id int primary key, column_{i} int);\n' for i, name in enumerate(tables))
        _, server = self.own(source, [envelope("a_b", 0, {"id": 1}, {"id": 1, "column_4": 1})], views)
        document = json.loads(ask(server, "/openapi.json")[2])
        operations = [one for path in document["paths"].values() for one in path.values() if isinstance(one, dict)]
        ids = [one["operationId"] for one in operations]
        self.assertEqual(sorted(set(ids)), sorted(ids))
        self.assertTrue(all(re.fullmatch("[A-Za-z0-9_]+", one) for one in [*ids, *document["components"]["schemas"]]))
        wanted = {"stock/by_day_open": "one", "stock_by/day_open": "two", "stock_by_day/open": "three", "stock-by/day_open": "four", "stock/open": "five"}
        paths = {f"/v1/views/{path}": [column] for path, column in wanted.items()}
        paths |= {f"/v1/tables/{name.replace('$', '%24')}": ["column_" + str(i), "id"] for i, name in enumerate(tables)}
        for path, columns in paths.items():
            schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            answer = document["components"]["schemas"][schema["$ref"].split("/")[-1]]
            row = document["components"]["schemas"][answer["properties"]["rows"]["items"]["$ref"].split("/")[-1]]
            self.assertEqual(columns, sorted(row["properties"]), path)
        self.assertLessEqual({"view_stock_by_day_open", "view_stock_open", "table_a_b", "table_views_seen", "rest_a_b"}, set(ids))

    def test_a_count_that_takes_long_behind_a_wait(self):
        """The wait comes first, and what is asked then has as much time as any other."""
        source = "create table many(id int primary key, name text);"
        _, server = self.own(source, [envelope("many", 0, {"id": 0}, {"id": 0, "name": "x"})])
        server.stop()
        with contextlib.closing(sqlite3.connect(self.path / "own.db")) as connection, connection:
            connection.execute("with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000)"
                               " insert into many(id, name) select i, 'name of ' || i from n")  # fmt: skip
        server = self.server("serve", "--db", self.path / "own.db", "--views", self.path / "views")
        # six million comparisons take more than the 50 ms of a first try on any machine
        none = ",".join(f"name.ilike.*q{n}*" for n in range(30))
        slow = f"/v1/tables/many?or=({none},name.ilike.*NAME*9*)&limit=1"
        status, _, body = ask(server, slow, Prefer="count=exact")
        self.assertEqual(200, status, body)
        self.assertGreater(json.loads(body)["count"], 50000)
        self.assertIn("\ntidemark_http_slow_total 1\n", ask(server, "/metrics")[2].decode())
        status, _, body = ask(server, f"{slow}&after_txid=999999&wait_ms=100", Prefer="count=exact")
        self.assertEqual((504, "/problems/position-not-reached"), (status, json.loads(body)["type"]))
        status, _, body = ask(server, "/v1/tables/many?nme=1&after_txid=999999&wait_ms=30000", Prefer="count=exact")
        self.assertEqual((400, "/problems/unknown-parameter"), (status, json.loads(body)["type"]))

    def test_a_star_is_the_source_s_columns(self):
        """A mirrored table has two of the engine's besides, which only who names them has asked for."""
        views = {
            "v/query.star.sql": "select * from caps -- without _lsn",
            "v/query.joined.sql": "select c.*, m.*, c.id + 1 as next from caps c join more m on m.cap = c.id where :after is null or c.id > :after",
            "v/query.named.sql": 'select *, c."_lsn" + 0 as at from caps c',
            "own/schema.sql": "create view own_marks as select id, _Snapshot from caps;",
            "own/query.star.sql": "select * from own_marks",
            "z/query.star.sql": "select * from own_marks",
        }
        lines = [envelope("caps", i, {"id": i}, {"id": i, "name": f"n{i}"}) for i in range(2)]
        lines += [envelope("more", i, {"no": i + 5}, {"no": i + 5, "cap": i}) for i in range(2)]
        _, server = self.own("create table caps(id int primary key, name text); create table more(no int primary key, cap int);", lines, views)
        schemas = json.loads(ask(server, "/openapi.json")[2])["components"]["schemas"]
        for path, columns in (("v/star", ["id", "name"]), ("v/joined", ["id", "name", "no", "cap", "next"]),
                              ("v/named", ["id", "name", "_lsn", "_snapshot", "at"]), ("own/star", ["id", "_snapshot"]), ("z/star", ["id", "_snapshot"])):  # fmt: skip
            with self.subTest(path):
                first = json.loads(ask(server, f"/v1/views/{path}?limit=1")[2])
                self.assertEqual(columns, [name.lower() for name in first["rows"][0]])
                row = schemas["answer_of_view_" + path.replace("/", "_")]["properties"]["rows"]["items"]
                row = schemas[row["$ref"].split("/")[-1]]
                self.assertEqual(sorted(columns), sorted(name.lower() for name in row["properties"]))
                _, _, table = ask(server, f"/v1/views/{path}?limit=1&after={first['next']}", Accept="text/csv")
                self.assertEqual(columns, table.decode().lower().split("\r\n")[0].split(","))
                self.assertTrue(table.decode().split("\r\n")[1].startswith("1,"))
        self.assertEqual([{"id": 1, "name": "n1", "no": 6, "cap": 1, "next": 2}],
                         json.loads(ask(server, "/v1/views/v/joined?after=0")[2])["rows"])  # fmt: skip

    def test_words_that_are_no_full_text_query(self):
        views = {
            "v/schema.sql": "create virtual table v_five using fts5(id unindexed, name);\ncreate virtual table v_four using fts4(name);\n",
            "v/apply.a.sql": "insert into v_five select id, name from _delta_caps where _weight > 0",
            "v/query.five.sql": "-- tidemark: words is text required\nselect id from v_five where v_five match :words order by id",
            "v/query.four.sql": "-- tidemark: words is text required\nselect name from v_four where v_four match :words",
            "v/query.fixed.sql": "select id from v_five where v_five match 'AND'",
            "v/query.own.sql": "-- tidemark: words is text required\nselect id from v_five where v_five match 'title : ' || :words",
        }
        lines = [envelope("caps", i, {"id": i}, {"id": i, "name": f"n{i} hat"}) for i in range(2)]
        _, server = self.own("create table caps(id int primary key, name text);", lines, views)
        for name, words, says in (
            ("five", "AND", 'fts5: syntax error near "AND"'), ("five", '"hat', "unterminated string"), ("five", "col:hat", "no such column: col"),
            ("five", "from:hat", "no such column: from"), ("five", "words : hat", "no such column: words"), ("five", "d:hat", "no such column: d"),
            ("five", "hat OR", 'fts5: syntax error near ""'), ("four", '"hat', 'malformed MATCH expression: ["hat]'), ("five", "*x", "unknown special query: x"),
        ):  # fmt: skip
            for follow in "", "/follow":
                with self.subTest(words=words, follow=follow):
                    status, _, body = ask(server, f"/v1/views/v/{name}{follow}?words={urllib.parse.quote(words)}")
                    self.assertEqual(400, status, body)
                    self.assertEqual("/problems/bad-parameter", json.loads(body)["type"])
                    self.assertIn(f"v/query.{name}.sql: {says}: what was asked for is no full-text query", json.loads(body)["detail"])
        self.assertEqual([{"id": 0}, {"id": 1}], json.loads(ask(server, "/v1/views/v/five?words=hat")[2])["rows"])
        self.assertEqual(500, ask(server, "/v1/views/v/fixed")[0])
        self.assertEqual(500, ask(server, "/v1/views/v/own?words=hat")[0])

    def test_csv_by_the_path_alone(self):
        """Who can give a URL and no header, as a spreadsheet, gets all rows, or is told that there are more."""
        queries = {
            "v/query.some.sql": "select id, name from things where :below is null or id < :below order by id",
            "v/query.first.sql": "select id from things where :below is null or id < :below order by id limit :limit",
        }
        source = 'create table things(id int primary key, name text); create table "things.csv"(id int primary key);'
        lines = [envelope("things", i, {"id": i}, {"id": i, "name": f"n, {i}"}) for i in range(1200)]
        _, server = self.own(source + "create table others(id int primary key);", lines + [envelope("others", 0, {"id": 1}, {"id": 1})], queries)
        status, headers, body = ask(server, "/v1/tables/others.csv")
        self.assertEqual((200, "text/csv; charset=utf-8", b"id\r\n1\r\n"), (status, headers["Content-Type"], body))
        self.assertEqual("json", ask(server, "/v1/tables/things.csv")[1]["Content-Type"].split("/")[1])  # it is a table's name
        _, _, body = ask(server, "/v1/views/v/some.csv?below=1000", Accept="application/json")
        self.assertEqual(["id,name"] + [f'{i},"n, {i}"' for i in range(1000)], body.decode().split("\r\n")[:-1])
        status, _, body = ask(server, "/v1/views/v/some.csv")
        self.assertEqual((500, "/problems/answer-too-large"), (status, json.loads(body)["type"]))
        self.assertIn("more than 1000 rows", json.loads(body)["detail"])
        self.assertIn("Tidemark-Next", json.loads(body)["detail"])
        # which binds :limit and has no pages
        status, _, body = ask(server, "/v1/views/v/first.csv")
        self.assertEqual((500, "/problems/answer-too-large"), (status, json.loads(body)["type"]))
        self.assertNotIn("Tidemark-Next", json.loads(body)["detail"])
        for asked, count in (("below=1000", 1000), ("limit=1000", 1000), ("limit=2", 2)):
            status, _, body = ask(server, f"/v1/views/v/first.csv?{asked}")
            self.assertEqual((200, count + 1), (status, body.count(b"\r\n")))
        self.assertEqual(1001, ask(server, "/v1/views/v/first?limit=1000", Accept="text/csv")[2].count(b"\r\n"))
        status, headers, body = ask(server, "/v1/views/v/some.csv?limit=2")
        self.assertEqual((200, 3), (status, body.count(b"\r\n")))
        self.assertIsNotNone(headers["Tidemark-Next"])
        for path in ("/v1/tables/nothing.csv", "/v1/views/v/nothing.csv", "/v1/tables/others.csv/follow", "/v1/tables/.csv", "/v1/digest/others.csv"):
            self.assertEqual(404, ask(server, path)[0], path)

    def test_numeric_is_compared_as_a_number(self):
        amounts = ["100.00", "0.10", "1E+3", "NaN", "-5", None, "123456789012345678901234567890.50"]
        lines = [envelope("pay", i, {"id": i}, {"id": i, "amount": amount}) for i, amount in enumerate(amounts)]
        _, server = self.own("create table pay(id int primary key, amount numeric);", lines)
        expected = {"100": [0], "1e2": [0], "100.001": [], "0.1": [1], ".1": [1], "1000": [2], "nan": [3], "-5.0": [4],
                    "5": [], "123456789012345678901234567890.5": [6], "123456789012345678901234567890": []}  # fmt: skip
        for asked, ids in expected.items():
            self.assertEqual(ids, self.ids(server, f"/v1/tables/pay?amount={asked}"), asked)
        self.assertEqual(400, ask(server, "/v1/tables/pay?amount=1x")[0])

    def test_a_file_remembers_its_views(self):
        rows = [{"id": i, "kind": "ab"[i % 2]} for i in range(1, 6)]
        views, server = self.own("create table things(id int primary key, kind text);",
                                 [envelope("things", i, {"id": row["id"]}, row) for i, row in enumerate(rows)])  # fmt: skip
        server.stop()
        (views / "kinds").mkdir()
        query = views / "kinds" / "query.of.sql"
        query.write_text("select id from things where kind = :kind order by id")
        empty = tide.write_capture(self.path / "empty.jsonl", [])
        arguments = ("--db", self.path / "own.db", "--views", views)
        self.assertEqual(0, tide.run("replay", *arguments, empty).returncode)
        for path in sorted(views.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        remembered = self.server("serve", "--db", self.path / "own.db")
        self.assertEqual([2, 4], self.ids(remembered, "/v1/views/kinds/of?kind=a"))
        self.assertEqual(404, ask(remembered, "/v1/views/warehouse/stock")[0])
        self.assertEqual(5, len(self.ids(remembered, "/v1/tables/things")))
        remembered.stop()
        self.assertIn("there are: kinds", tide.run("serve", "--db", self.path / "own.db", "--only", "x", "--for", "1").stderr)

    def test_a_copy_that_cannot_be_written(self):
        folder = self.path / "readonly"
        folder.mkdir()
        db = folder / "copy?.db"
        tide.replay(db, BASIC)
        self.assertEqual([db], list(folder.iterdir()), "the log is gone after a clean end")
        folder.chmod(0o555)
        self.path.chmod(0o755)
        # root may write anywhere: then another user serves it
        user = 65534 if os.getuid() == 0 else None
        server = tide.Server("serve", "--db", db, stderr=self.path / "log", user=user)
        self.addCleanup(server.__exit__)
        self.assertEqual(200, server.get("/v1/views/warehouse/stock")[0])
        self.assertEqual(200, server.get("/readyz")[0])
        # what somebody writes after all is not read as if it were whole
        os.utime(db, ns=(1, 1))
        status, problem = server.get("/v1/views/warehouse/stock")
        self.assertEqual((500, True), (status, "start again" in problem["detail"]))
        folder.chmod(0o755)


class Protocol(unittest.TestCase):
    """What HTTP itself says: forms of the target, methods, bodies, and the pages that problems' types point at."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tide.Folder()
        path = cls.folder.__enter__()
        cls.addClassCleanup(cls.folder.__exit__, None, None, None)
        tide.replay(path / "x.db", BASIC)
        cls.server = tide.Server("serve", "--db", path / "x.db", stderr=path / "log")
        cls.addClassCleanup(cls.server.__exit__)
        cls.host = cls.server.address.removeprefix("http://")

    def send(self, text):
        """(status, headers, body) of bytes as they are"""
        host, port = self.host.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(text.encode())
            answer = http.client.HTTPResponse(connection, method=text.split(" ")[0])
            answer.begin()
            return answer.status, answer.headers, answer.read()

    def test_forms_of_a_target(self):
        for target in ("/v1/lag", "/v1/lag/", f"http://{self.host}/v1/lag", f"HTTP://{self.host}/v1/lag/?"):
            status, _, body = self.send(f"GET {target} HTTP/1.1\r\nHost: {self.host}\r\n\r\n")
            self.assertEqual((200, "serving"), (status, json.loads(body)["state"]), target)
        self.assertEqual(404, self.send(f"GET /v1/lag// HTTP/1.1\r\nHost: {self.host}\r\n\r\n")[0])
        self.assertEqual(["orders"], [t["name"] for t in ask(self.server, "/v1/tables/")[2] and
                                      json.loads(ask(self.server, "/v1/tables/")[2])["tables"]][:1])  # fmt: skip
        self.assertEqual("email", json.loads(ask(self.server, "/v1/views/email")[2])["name"])
        status, _, body = ask(self.server, "/v1/views/nope")
        self.assertEqual((404, "/problems/unknown-view"), (status, json.loads(body)["type"]))

    def test_operation_ids_of_what_is_built_in(self):
        """Clients that were generated name them."""
        paths = json.loads(ask(self.server, "/openapi.json")[2])["paths"]
        for path, one in (("/v1/views/analytics/orders_by_status", "view_analytics_orders_by_status"), ("/v1/tables/orders", "table_orders"),
                          ("/v1/views/warehouse/low_stock/follow", "follow_view_warehouse_low_stock"), ("/rest/v1/orders", "rest_orders")):  # fmt: skip
            self.assertEqual(one, paths[path]["get"]["operationId"])

    def test_methods(self):
        for target, allow in (("/v1/tables/orders", "GET, HEAD, OPTIONS"), ("/v1/quarantine/1/retry", "POST, OPTIONS"),
                              ("*", "GET, HEAD, POST, OPTIONS")):  # fmt: skip
            status, headers, body = self.send(f"OPTIONS {target} HTTP/1.1\r\nHost: {self.host}\r\n\r\n")
            self.assertEqual((204, allow, b""), (status, headers["Allow"], body))
        self.assertEqual(404, self.send(f"OPTIONS /nope HTTP/1.1\r\nHost: {self.host}\r\n\r\n")[0])
        status, headers, _ = self.send(f"DELETE /v1/tables/orders HTTP/1.1\r\nHost: {self.host}\r\n\r\n")
        self.assertEqual((405, "GET, HEAD, OPTIONS"), (status, headers["Allow"]))
        _, with_body, _ = self.send(f"GET /v1/tables/orders HTTP/1.1\r\nHost: {self.host}\r\n\r\n")
        status, headers, body = self.send(f"HEAD /v1/tables/orders HTTP/1.1\r\nHost: {self.host}\r\n\r\n")
        self.assertEqual((200, with_body["Content-Length"], b""), (status, headers["Content-Length"], body))
        for target in ("/v1/live", "/v1/tables/orders/follow", "/v1/views/warehouse/stock/follow"):
            with self.subTest(target):
                status, headers, body = self.send(f"HEAD {target} HTTP/1.1\r\nHost: {self.host}\r\n\r\n")
                self.assertEqual((200, "text/event-stream", None, b""),
                                 (status, headers["Content-Type"], headers["Content-Length"], body))  # fmt: skip

    def test_bounds(self):
        many = "&".join(f"p{i}" for i in range(1500))
        status, _, body = self.send(f"GET /v1/tables/orders?{many} HTTP/1.1\r\nHost: {self.host}\r\n\r\n")
        self.assertEqual((400, "/problems/malformed-request"), (status, json.loads(body)["type"]))
        status, _, body = self.send(f"POST /v1/lag HTTP/1.1\r\nHost: {self.host}\r\nContent-Length: 10000000\r\n\r\n")
        self.assertEqual((413, "/problems/content-too-large"), (status, json.loads(body)["type"]))

    def test_after_offset_of_a_topic_that_is_not_read(self):
        status, _, body = ask(self.server, "/v1/tables/orders?after_offset=nope:0:1&wait_ms=30000")
        self.assertEqual((400, "/problems/bad-parameter"), (status, json.loads(body)["type"]))
        self.assertIn("nope", json.loads(body)["detail"])
        topic = json.loads(ask(self.server, "/v1/lag")[2])["partitions"][0]["topic"]
        self.assertEqual(504, ask(self.server, f"/v1/tables/orders?after_offset={topic}:0:99999999")[0])

    def test_problems_are_pages(self):
        _, _, body = ask(self.server, "/problems/nope")
        for type_ in json.loads(body)["known"]:
            status, headers, page = ask(self.server, type_)
            self.assertEqual((200, "text/html; charset=utf-8"), (status, headers["Content-Type"]))
            self.assertIn(f"<code>{type_}</code>", page.decode())


if __name__ == "__main__":
    sys.exit(unittest.main())
