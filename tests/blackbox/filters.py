#!/usr/bin/env python3
"""/v1/tables in PostgREST's dialect: random filters, orders and pages against a model in Python, and each of its words.

    python3 tests/blackbox/filters.py [--seed N] [unittest's own arguments]
"""

import datetime
import decimal
import functools
import gzip
import http.client
import json
import random
import re
import sys
import unittest
import urllib.parse
import urllib.request

import tide

SEED = 7
ROUNDS = 300
SOURCE = """create type mood as enum('sad', 'ok', 'happy');
create table item(id bigint primary key, name text, total numeric(8,2), amount numeric, ratio float8, paid boolean,
  on_day date, at timestamptz, seen timestamp, mail citext, code char(4), ref uuid, tags text[], nums bigint[], meta jsonb,
  raw bytea, lasts interval, ip inet, net cidr, mac macaddr, "order" int, "or" int, mood mood, "hy-phen" int, single real);"""
NAMES = ["", "a", "B", "ab", "a b", "a,b", 'q"x', "a%c", "eq.x", "\u00c9t\u00e9", "z)"]
MAILS = ["Ann@x.org", "ann@X.ORG", "bob@x.org", "\u00c9ve@x.org", "\u00e9VE@x.org"]
AMOUNTS = ["1", "1.0", "1E+2", "-3.5", "0", "12345678901234567890.5", "NaN", "0.10"]
DAYS = ["2024-02-29", "2026-01-01", "1969-12-31", "2026-12-31"]
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def make_rows(generator):
    def some(values):
        return generator.choice([None, *values])

    for number in range(60):
        moment = some([EPOCH + datetime.timedelta(seconds=generator.randrange(1700000000, 1700000600, 60), microseconds=500)])
        yield {
            "id": number + 1 if number < 50 else 2**53 + number,
            "name": some(NAMES),
            "total": some(["0.00", "1.50", "-2.00", "99.99", "100.00"]),
            "amount": some(AMOUNTS),
            "ratio": some([0.5, -1.25, 1e300, 0.0]),
            "paid": some([True, False]),
            "on_day": some(DAYS),
            "at": moment,
            "seen": moment,
            "mail": some(MAILS),
            "code": some(["ab  ", "abcd", "b   "]),
            "ref": some(["6fa459ea-ee8a-3ca4-894e-db77e160355e", "16fd2706-8baf-433b-82eb-8c7fada847da"]),
            "tags": some([["a", "b c"], []]),
            "nums": some([[1, 2**60], []]),
            "meta": some([{"a": [1, None, {"b": "c", "d": 2}], "long": {}}, 5, "text"]),
            "raw": some(["AAH/", ""]),
            "lasts": some(["P1Y2M"]),
            "mood": ["sad", "ok", "happy"][number % 3],
            "ip": ["10.1.2.3", "10.1.2.3/8", "2001:db8::1"][number % 3],
            "net": ["10.0.0.0/8", "10.1.2.3/32", "2001:db8::/32"][number % 3],
            "mac": "08:00:2b:01:02:03",
            "order": number % 3,
            "or": number % 2,
            "hy-phen": number % 4,
            "single": [0.1, 16777216.0, None, 1.17549435e-38, 0.20000000298023224, 1.4e-45][number % 6],
        }


def days(text):
    return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days


def event_of(row):
    """As Debezium writes it without a schema, decimals as text. The JSON is as somebody may have written it who likes lines."""
    moment = row["at"]
    micros = None if moment is None else (moment - EPOCH) // datetime.timedelta(microseconds=1)
    return {**row, "on_day": row["on_day"] and days(row["on_day"]),
            "at": moment and moment.isoformat().replace("+00:00", "Z"), "seen": micros,
            "meta": None if row["meta"] is None else json.dumps(row["meta"], indent=1).replace("\n", "\r\n")}  # fmt: skip


def envelope(offset, row):
    source = {"version": "3.1.2.Final", "connector": "postgresql", "name": "app", "ts_ms": 1700000000000 + offset,
              "snapshot": "false", "db": "appdb", "schema": "public", "table": "item", "txId": 500 + offset,
              "lsn": 1000 + 8 * offset}  # fmt: skip
    value = {"before": None, "after": event_of(row), "source": source, "op": "c", "ts_ms": 1700000000000 + offset}
    return tide.line("app.public.item", offset, {"id": row["id"]}, value)


# -- the model ---------------------------------------------------------------------------------------------------------


@functools.total_ordering
class Numeric:
    """PostgreSQL's order: NaN equals itself and is the greatest."""

    def __init__(self, text):
        self.value = decimal.Decimal(text)

    def key(self):
        return (1, 0) if self.value.is_nan() else (0, self.value)

    def __eq__(self, other):
        return self.key() == other.key()

    def __lt__(self, other):
        return self.key() < other.key()

    __hash__ = None


COMPARED = {
    "id": int,
    "name": lambda text: text.encode(),
    "total": decimal.Decimal,
    "amount": Numeric,
    "ratio": float,
    "paid": bool,
    "on_day": str,
    "at": lambda moment: moment,
    "seen": lambda moment: moment,
    "mail": str.lower,
    "code": lambda text: text.rstrip(" ").encode(),
    "ref": str,
}


def written(column, value):
    """As a client would write it in a URL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if column == "at":
        return value.isoformat()
    if column == "seen":
        return value.replace(tzinfo=None).isoformat(sep=" ")
    return str(value)


def compare(op, a, b):
    return {"eq": a == b, "neq": a != b, "gt": a > b, "gte": a >= b, "lt": a < b, "lte": a <= b}[op]


def like(text, pattern, any_case):
    if any_case:
        text, pattern = text.lower(), pattern.lower()
    memo = {(0, 0)}
    for c in pattern:
        if c == "*":
            memo = {(i, 0) for i, _ in memo for i in range(i, len(text) + 1)}
        else:
            memo = {(i + 1, 0) for i, _ in memo if i < len(text) and c in ("_", text[i])}
    return (len(text), 0) in memo


class Generator:
    """Random conditions: what is asked, and what the model says of a row (None: unknown)."""

    def __init__(self, generator, rows):
        self.random, self.rows = generator, rows

    def value(self, column):
        known = [row[column] for row in self.rows if row[column] is not None]
        return self.random.choice(known)

    def quoted(self, text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def leaf(self, inside):
        column = self.random.choice(list(COMPARED))
        key = COMPARED[column]
        kind = self.random.randrange(10)
        if kind < 6:
            op = self.random.choice(["eq", "neq", "gt", "gte", "lt", "lte"])
            wanted = self.value(column)
            text = written(column, wanted)
            asked = f"{op}.{self.quoted(text) if inside else text}"
            result = lambda v: None if v is None else compare(op, key(v), key(wanted))  # noqa: E731
        elif kind < 7:
            wanted = [self.value(column) for _ in range(self.random.randrange(4))]
            asked = "in.(" + ",".join(self.quoted(written(column, w)) for w in wanted) + ")"
            keys = [key(w) for w in wanted]
            result = lambda v: (False if not keys else None) if v is None else key(v) in keys  # noqa: E731
        elif kind < 8 or column not in ("name", "mail"):
            asked, result = "is.null", lambda v: v is None
        else:
            op = self.random.choice(["like", "ilike"])
            pattern = self.random.choice(["*", "a*", "*b", "_", "*x.org", "ann*", "*\u00c9*", "A_b"])
            asked = f"{op}.{self.quoted(pattern) if inside else pattern}"
            any_case = op == "ilike" or column == "mail"
            result = lambda v: None if v is None else like(v, pattern, any_case)  # noqa: E731
        return column, asked, result

    def condition(self, inside, depth=0):
        """(name, value) of a parameter, or the text of a condition within parentheses; and the model."""
        negated = self.random.randrange(4) == 0
        if depth < 3 and self.random.randrange(3) == 0:
            op = self.random.choice(["and", "or"])
            parts = [self.condition(True, depth + 1) for _ in range(self.random.randrange(1, 4))]
            texts = ",".join(text for text, _ in parts)
            results = [result for _, result in parts]

            def group(row):
                values = [result(row) for result in results]
                sure = op == "or"
                return sure if sure in values else None if None in values else not sure

            prefix = "not." if negated else ""
            asked = f"{prefix}{op}({texts})" if inside else (prefix + op, f"({texts})")
            result = group
        else:
            column, text, of_value = self.leaf(inside)
            text = ("not." if negated else "") + text
            asked = f"{column}.{text}" if inside else (column, text)
            result = lambda row: of_value(row[column])  # noqa: E731
        return asked, (lambda row: None if result(row) is None else not result(row)) if negated else result


def order_key(column, descending, nulls_first):
    @functools.cmp_to_key
    def ordered(a, b):
        a, b = a[column], b[column]
        if (a is None) != (b is None):
            return -1 if (a is None) == nulls_first else 1
        if a is None:
            return 0
        a, b = COMPARED[column](a), COMPARED[column](b)
        sign = (a > b) - (a < b)
        return -sign if descending else sign

    return ordered


# -- the tests ---------------------------------------------------------------------------------------------------------


class Filters(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tide.Folder()
        path = cls.folder.__enter__()
        cls.addClassCleanup(cls.folder.__exit__, None, None, None)
        (path / "views").mkdir()
        (path / "views" / "source.sql").write_text(SOURCE)
        cls.rows = list(make_rows(random.Random(SEED)))
        capture = tide.write_capture(path / "capture.jsonl", [envelope(i, row) for i, row in enumerate(cls.rows)])
        flags = ("--views", path / "views", "--prefix", "app")
        done = tide.replay(path / "x.db", capture, flags=flags)
        assert done["applied"] == len(cls.rows), done
        cls.server = tide.Server("serve", "--db", path / "x.db", "--views", path / "views", stderr=path / "log")
        cls.addClassCleanup(cls.server.__exit__)
        cls.connection = http.client.HTTPConnection(cls.server.address.removeprefix("http://"), timeout=30)
        cls.addClassCleanup(cls.connection.close)

    def ask(self, parameters, **headers):
        """(status, headers, body)"""
        path = "/v1/tables/item?" + urllib.parse.urlencode(parameters)
        self.connection.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def answer(self, *parameters, **headers):
        status, _, body = self.ask(parameters, **headers)
        self.assertEqual(200, status, (parameters, body))
        return json.loads(body)

    def ids(self, *parameters):
        return [int(row["id"]) for row in self.answer(*parameters)["rows"]]

    def refused(self, *parameters, names=""):
        status, _, body = self.ask(parameters)
        self.assertEqual(400, status, (parameters, body))
        self.assertIn(names, json.loads(body)["detail"])

    def test_random_filters(self):
        generator = Generator(random.Random(SEED), self.rows)
        for _ in range(ROUNDS):
            parts = [generator.condition(False) for _ in range(generator.random.randrange(1, 3))]
            expected = [row["id"] for row in self.rows if all(result(row) is True for _, result in parts)]
            asked = [name_and_value for name_and_value, _ in parts]
            self.assertEqual(expected, self.ids(*asked), asked)

    def test_random_orders_and_pages(self):
        generator = random.Random(SEED)
        for _ in range(ROUNDS // 10):
            terms, expected = [], list(self.rows)
            for column in generator.sample(list(COMPARED), generator.randrange(1, 4)):
                descending = generator.random() < 0.5
                nulls = generator.choice(["", ".nullsfirst", ".nullslast"])
                terms.append((column, descending, nulls))
            for column, descending, nulls in reversed(terms):
                expected.sort(key=order_key(column, descending, nulls == ".nullsfirst" or (not nulls and descending)))
            order = ",".join(c + generator.choice([".desc" if d else ".asc", ".desc" if d else ""]) + n for c, d, n in terms)
            limit, after, found = generator.randrange(5, 40), [], []
            select = generator.choice([[], [("select", "name,id")]])
            while True:
                answer = self.answer(("order", order), ("limit", limit), *select, *after)
                found += [int(row["id"]) for row in answer["rows"]]
                if answer["next"] is None:
                    break
                after = [("after", answer["next"])]
            self.assertEqual([row["id"] for row in expected], found, order)

    def test_an_enum_has_the_order_of_its_declaration_which_is_not_kept(self):
        self.assertEqual([row["id"] for row in self.rows if row["mood"] != "happy"], self.ids(("mood", "in.(sad,ok)")))
        for asked in (("mood", "gt.sad"), ("mood", "lte.ok"), ("order", "mood"), ("order", "id,mood.desc"), ("or", "(mood.gt.ok,id.eq.1)")):
            self.refused(asked, names="is an enum, whose declared order is not kept here")

    def test_words(self):
        every = [row["id"] for row in self.rows]
        self.assertEqual(every, self.ids())
        self.assertEqual(self.ids(("id", "gte.3"), ("id", "lt.6")), [3, 4, 5])
        self.assertEqual(self.ids(("order", "id.desc"), ("limit", 2)), every[:-3:-1])
        self.assertEqual(self.ids(("offset", 5), ("limit", 2)), [6, 7])
        self.assertEqual(self.ids(("column.order", 1), ("limit", 2)), [2, 5])
        self.assertEqual(self.ids(("column.or", "gt.0"), ("limit", 2)), [2, 4])
        self.assertEqual(self.ids(("name", "eq.eq.x")), [r["id"] for r in self.rows if r["name"] == "eq.x"])
        self.assertEqual(self.ids(("name", "eq.")), [r["id"] for r in self.rows if r["name"] == ""])
        self.assertEqual(self.ids(("mail", "ANN@x.org")), [r["id"] for r in self.rows if (r["mail"] or "").lower() == "ann@x.org"])
        self.assertEqual(self.ids(("code", "ab")), [r["id"] for r in self.rows if r["code"] == "ab  "])
        self.assertEqual(self.ids(("ref", "6FA459EA-ee8a-3ca4-894e-db77e160355e")),
                         [r["id"] for r in self.rows if (r["ref"] or "").startswith("6fa")])  # fmt: skip
        self.assertEqual(self.ids(("total", "gt.1.499")), self.ids(("total", "gte.1.5")))
        self.assertEqual(self.ids(("meta", 'eq.{"a":[1,null,{"b":"c","d":2}],"long":{}}')), [r["id"] for r in self.rows if isinstance(r["meta"], dict)])
        self.assertEqual(self.ids(("tags", 'eq.["a","b c"]')), [r["id"] for r in self.rows if r["tags"]])
        for spelled in ('{"\\u0061": [1.0, null, {"b": "\\u0063", "d": 2}], "long": {}}', '{"a":[10e-1,null,{"b":"c","d":2}],"long":{}}'):
            self.assertEqual(self.ids(("meta", "eq." + spelled)), [r["id"] for r in self.rows if isinstance(r["meta"], dict)])
        self.assertEqual(self.ids(("tags", 'in.(["\\u0061","b c"])')), [r["id"] for r in self.rows if r["tags"]])
        self.assertEqual(self.ids(("raw", "eq.AAH/")), [r["id"] for r in self.rows if r["raw"] == "AAH/"])
        self.assertEqual(self.ids(("name", "isdistinct.a")), [r["id"] for r in self.rows if r["name"] != "a"])

    def test_values_as_languages_write_them(self):
        """str(True), UUID.hex, str(float('inf')) and datetime.isoformat() of Python, which PostgreSQL's casts take."""
        for column, asked, plain in (
            ("paid", "True", "true"), ("paid", "not.eq.FALSE", "not.eq.false"), ("ref", "6FA459EAEE8A3CA4894EDB77E160355E", "6fa459ea-ee8a-3ca4-894e-db77e160355e"),
            ("ref", "{16fd2706-8baf-433b-82eb-8c7fada847da}", "16fd2706-8baf-433b-82eb-8c7fada847da"), ("ratio", "lt.inf", "lt.Infinity"),
            ("ratio", "gt.-inf", "gt.-Infinity"), ("seen", "gte.2023-11-14T22:15:00+00:00", "gte.2023-11-14T22:15:00"),
        ):  # fmt: skip
            self.assertEqual(self.ids((column, plain)), self.ids((column, asked)), asked)
            self.assertNotEqual([], self.ids((column, asked)))
        self.refused(("seen", "2023-11-14T22:15:00+01:00"), names="without a zone")
        self.refused(("paid", "truee"), names="boolean")
        for ref in ("6fa459ea-ee8a-3ca4-894e-db77e160355", "6fa45-9eaee8a3ca4894edb77e160355e", "6fa459ea--ee8a3ca4894edb77e160355e", "{}"):
            self.refused(("ref", ref), names="uuid")

    def test_spaces_stand_where_postgrest_takes_them(self):
        """Around commas and parentheses, and around what PostgreSQL's casts trim; within a text they are letters."""
        for asked, plain in (
            (("or", "( id.eq.1, id.eq.3 , and ( id.gt.7 , name.is.null ) )"), ("or", "(id.eq.1,id.eq.3,and(id.gt.7,name.is.null))")),
            (("or", "(id.in.( 1, 2, 3 ) , not.or (id.gt.5, paid.is.true ))"), ("or", "(id.in.(1,2,3),not.or(id.gt.5,paid.is.true))")),
            (("id", "in. (1, 2,3 )"), ("id", "in.(1,2,3)")), (("id", "gt. 3 "), ("id", "gt.3")), (("total", "in.(1, 1.50 )"), ("total", "in.(1,1.50)")),
            (("paid", " true"), ("paid", "true")), (("on_day", "gte. 2023-01-01"), ("on_day", "gte.2023-01-01")), (("order", "id.desc, name"), ("order", "id.desc,name")),
        ):  # fmt: skip
            self.assertEqual(self.ids(plain), self.ids(asked), asked)
            self.assertNotEqual([], self.ids(asked), asked)
        self.assertEqual(["id", "total"], list(self.answer(("select", " id, \"total\" "))["rows"][0]))
        self.assertEqual([row["id"] for row in self.rows if row["name"] in ("a", " b")], self.ids(("name", "in.(a, b)")))
        self.refused(("name", 'in.("a", "b")'), names="directly behind its comma")
        self.refused(("select", "id name"), names="no column")

    def test_a_bracket_in_a_text_is_a_letter(self):
        """postgrest-js quotes what has a comma or a parenthesis, and nothing else."""
        for value in ("[x", "{x", "[x,y]", "{x,y"):
            found = [row["id"] for row in self.rows if row["name"] in value.split(",")]
            self.assertEqual(found, self.ids(("name", f"in.({value})")))
        self.assertEqual([7], self.ids(("or", "(name.eq.[x,id.eq.7)")))
        self.assertEqual([7], self.ids(("or", "(name.eq.{x,y},id.eq.7)")))

    def test_a_parameter_may_be_quoted(self):
        """As PostgREST has names with a full stop: "information.cpe"=eq.x"""
        self.assertEqual([3], self.ids(('"id"', "eq.3")))
        self.assertEqual(self.ids(("column.order", 1)), self.ids(('"order"', 1)))
        self.refused(('"colour"', "eq.1"), names='no column ""colour""')
        self.refused(('"id', "eq.1"), names="no column")

    def test_numbers_in_any_form(self):
        """As PostgreSQL reads them: a plus (which a URL makes a space unless it is %2B), zeros, a point at an end, an exponent."""
        ones = [row["id"] for row in self.rows if row["amount"] in ("1", "1.0")]
        for column, plain, *forms in (
            ("id", 7, "+7", " 7", "007", "+007", "eq. 7", "in.(+7,07)"), ("column.order", 0, "-0", "00", "in.(-0)"),
            ("id", 2**53 + 55, f"0000000000000000000000{2**53 + 55}", f"+{2**53 + 55}"),
            ("total", "1.50", "+1.5", "01.5", ".15e1", "1.5e+0", "15.e-1"), ("total", "0.00", "-0", "0.", ".0", "-.0", "00.000"),
            ("total", "gt.0.5", "gt..5", "gt.+.5", "gt.00.5", "gt.5.e-1"), ("total", "gte.0.001", "gte..001", "gte.+1.e-3"),
            ("ratio", "0.5", ".5", "+.5", "5e-1", "5.e-1", "00.50"), ("ratio", "-1.25", "-01.25", "in.(-1.25,+7.)"),
            ("ratio", "lt.inf", "lt.+inf", "lt.+Infinity"), ("amount", "0.10", ".1", "+.1"), ("amount", "-3.5", "-03.5"),
        ):  # fmt: skip
            for form in forms:
                self.assertEqual(self.ids((column, plain)), self.ids((column, form)), (column, form))
        self.assertEqual(ones, self.ids(("amount", "+01.")))
        for column, *forms in (
            ("id", "1e3", ".5", "1.0", "+", "-", "+-7", "--7", "0x7", "7 7", "9223372036854775808", "1_000"),
            ("total", ".", "-.", "+", "1..5", "+-1", "1e", "1 .5"), ("amount", ".", "+-1", "e1"),
            ("ratio", ".", "..5", "+-1", "1e400", "-1e400", "1e-400", ".e1", "+nan"),
        ):  # fmt: skip
            for form in forms:
                self.refused((column, form), names=f"{column}={form}: the column is")

    def test_a_real_is_compared_as_one(self):
        """As PostgreSQL reads a constant beside a float4: a client that widened 0.1 to a double asks for 0.10000000149011612."""
        for plain, *forms in (("0.1", "0.10000000149011612", "in.(0.100000001)"), ("16777216", "16777217", "1.6777217e7"),
                              ("lte.0.1", "lte.0.10000000149011612", "lt.0.11"), ("gte.0.1", "gte.0.10000000149011612")):  # fmt: skip
            self.assertTrue(self.ids(("single", plain)))
            for form in forms:
                self.assertEqual(self.ids(("single", plain)), self.ids(("single", form)), form)
        for beyond in ("1e39", "neq.-1e39", "in.(1,1e-60)", "isdistinct.1e39"):
            self.refused(("single", beyond), names="the column is real")
        self.assertEqual(self.ids(("single", "not.is.null")), self.ids(("single", "gt.-1e39")))
        self.assertEqual(self.answer(("single", "lt.1e-60"), Prefer="count=exact").get("count"), 0)
        # as rows show it, whoever wrote it: old Java's digits of a float, a float of MySQL's widened, denormal
        for shown in ("1.17549435e-38", "0.20000000298023224", "1.4e-45"):
            found = self.ids(("single", shown))
            self.assertEqual([row["id"] for row in self.rows if row["single"] == float(shown)], found)
            for form in (f"in.({shown},7)", f"gte.{shown}"):
                self.assertLessEqual(set(found), set(self.ids(("single", form))))
            self.assertEqual(set(), set(found) & set(self.ids(("single", f"neq.{shown}"))))
        self.assertEqual(self.ids(("single", "0.2")), self.ids(("single", "0.20000000298023224")))
        self.assertEqual([], self.ids(("single", "inf")))

    def test_a_real_in_a_list_counts_as_two(self):
        self.assertEqual([], self.ids(("single", "in.(" + ",".join(["7"] * 512) + ")")))
        self.refused(("single", "in.(" + ",".join(["7"] * 513) + ")"), names="of a real or of CHAR(n) counts as two")

    def test_arrays_are_arrays(self):
        """{} is JSON and PostgreSQL's empty array, and no row has that object: it was no row, silently."""
        self.assertEqual([row["id"] for row in self.rows if row["tags"] == []], self.ids(("tags", "[]")))
        for asked in ("{}", "in.({})", "neq.{}", "null", '"a"', "5", "{a,b}"):
            self.refused(("tags", asked), names="written as JSON: [1,2]")
        self.refused(("or", "(tags.eq.{},id.eq.1)"), names="written as JSON: [1,2]")

    def test_json_is_equal_in_any_order_of_members(self):
        """As jsonb is: members may come in another order, also within, and of those of one name the last counts."""
        found = [row["id"] for row in self.rows if isinstance(row["meta"], dict)]
        for asked in ('{"long":{},"a":[1,null,{"d":2,"b":"c"}]}', '{"a":0,"long":{},"a":[1.0,null,{"b":"c","d":2e0}]}'):
            self.assertEqual(found, self.ids(("meta", asked)))
        self.assertEqual([], self.ids(("meta", '{"long":{},"a":[null,1,{"d":2,"b":"c"}]}')))

    def test_names_in_select(self):
        """As PostgREST reads them: spaces around a name are none of it, and a hyphen is, but for that of ->."""
        names = list(self.answer(("select", " id , hy-phen,x: hy-phen"), ("limit", 1))["rows"][0])
        self.assertEqual(["id", "hy-phen", "x"], names)
        # as clients write a list that know no other form of one
        whole = self.answer(("select", "id,name,paid"), ("order", "paid.desc,id.desc"), ("limit", 9))
        apart = self.answer(("select", "id"), ("order", "paid.desc"), ("select", ""), ("limit", 9), ("select", "name,paid"), ("order", "id.desc"))
        self.assertEqual((whole["rows"], whole["next"]), (apart["rows"], apart["next"]))
        self.refused(("select", "id"), ("limit", 1), ("select", "name"), ("limit", 2), names="limit is given twice")
        for asked in ("meta->a", "x:meta->>a", "hy-phen->a"):
            self.refused(("select", asked), names="a path into JSON (->)")

    def test_intervals_are_what_rows_show(self):
        for asked in ("01:00:00", "1 hour", "in.(P1Y2M,1 day)", ""):
            self.refused(("lasts", asked), names="microseconds, or P0Y0M0DT1H0M0S")
        self.assertEqual([row["id"] for row in self.rows if row["lasts"]], self.ids(("lasts", "in.(P1Y2M,-3600000000)")))

    def test_addresses_are_equal_in_any_spelling(self):
        ids = [[row["id"] for row in self.rows if row["id"] % 3 == rest] for rest in (1, 2, 0)]
        for column, number, value in (
            ("ip", 0, "10.1.2.3/32"), ("ip", 1, "10.1.2.3/8"), ("ip", 2, "2001:DB8:0:0::1"), ("ip", 2, "in.(2001:db8::1/128)"),
            ("net", 0, "10.0.0.0/8"), ("net", 1, "10.1.2.3"), ("net", 2, "2001:DB8::/32"),
        ):  # fmt: skip
            found = self.ids((column, value))
            self.assertEqual([i for i in ids[number] if i <= 50], [i for i in found if i <= 50], (column, value))
        for value in ("08-00-2B-01-02-03", "08002b:010203", "0800.2b01.0203", "08002B010203"):
            self.assertEqual(len(self.rows), len(self.ids(("mac", value))))
        for column, value in (("ip", "10.1.2"), ("ip", "10.1.2.3/33"), ("net", "x"), ("mac", "08:00:2b:01:02"), ("mac", "08002b01020304")):
            self.refused((column, value), names=column)

    def test_refused(self):
        self.refused(("colour", "eq.1"), names="it has: id, name")
        self.refused(("or", "(colour.eq.1)"), names="it has: id, name")
        self.refused(("at", "2026-13-01"), names="timestamptz")
        self.refused(("at", "gt.2026-01-31T22:32:34 01:00"), names="%2B")  # +01:00, not encoded
        self.refused(("on_day", "gt.2026-02-30"), names="date")
        for column, value, form in (("on_day", "gt.yesterday", "as 2026-01-31"), ("total", "42,00", "a number as 1234.50"), ("paid", "yes", "true or false"),
                                    ("total", "42.001", "numeric(8,2)"), ("raw", "!", "in base64"), ("seen", "noon", "as 2026-01-31T22:32:34")):  # fmt: skip
            self.refused((column, value), names=form)
        self.refused(("or", ""), names="or=: expected (condition")
        self.refused(("name", "in.a"), names="name=in.a: in. takes")
        self.refused(("meta", "gt.1"), names="meta=gt.1: the column")
        self.refused(("name", "fts.cat"), names="name=fts.cat: the operator fts is not served")
        self.refused(("name", "like(any).{a*,b*}"), names="(any) and (all) are not served: in.(a,b) and or=")
        self.refused(("or", "(id.eq(any).{1,2},id.gt.5)"), names="(any) and (all) are not served")
        self.refused(("meta", "gt.1"), names="no order")
        self.refused(("order", "tags"), names="no order")
        self.refused(("order", "id.up"), names="order=")
        self.refused(("select", "id::text"), names="cast")
        self.refused(("select", "id,id"), names="two columns")
        self.refused(("select", "id,other(*)"), names="view's query")
        self.refused(("offset", "-1"), names="expected 0")
        self.refused(("offset", "1"), ("after", "aTE7"), names="offset and after")
        self.refused(("limit", "1"), ("limit", "2"), names="twice")
        self.refused(("name", "a"), ("name", "b"), names="twice")
        self.refused(("name", "a"), ("name", "eq.a"), ("name", "a"), names="twice")
        # what stands within or(), or behind a word, is another parameter's: all hold, in whatever order they come
        for conditions in ([("or", "(mood.eq.ok,id.gt.5)"), ("mood", "happy")], [("and", "(mood.eq.ok)"), ("mood", "happy")],
                           [("mood", "eq.happy"), ("mood", "happy")]):  # fmt: skip
            self.assertEqual(self.ids(*conditions), self.ids(*reversed(conditions)))
        self.refused(("bigint", "both"), names="number or string")
        first = self.answer(("order", "id.desc"), ("limit", 2))["next"]
        self.refused(("order", "id.asc"), ("after", first), names="cursor")
        self.refused(("after", first), names="cursor")

    def test_shapes(self):
        row = self.answer(("select", "id,sum:total,nums,meta,tags"), ("id", "eq.51"), ("bigint", "string"))
        self.assertEqual([], row["rows"])
        rows = {int(r["id"]): r for r in self.answer(("select", "id,sum:total,nums,meta,tags"))["rows"]}
        for row in self.rows:
            self.assertEqual({"id": rows[row["id"]]["id"], "sum": row["total"], "nums": row["nums"], "meta": row["meta"],
                              "tags": row["tags"]}, rows[row["id"]])  # fmt: skip
        kinds = {bigint: {type(r["id"]) for r in self.answer(("bigint", bigint))["rows"]} for bigint in ("number", "string")}
        self.assertEqual({"number": {int}, "string": {str}}, kinds)
        self.assertEqual({int, str}, {type(r["id"]) for r in self.answer()["rows"]})
        status, _, body = self.ask([("select", "x:name"), ("id", "lte.3")], Accept="text/csv")
        self.assertEqual((200, "x"), (status, body.decode().split("\r\n")[0]))

    def test_lines(self):
        """A row is one line, and an event's data: JSON's own line breaks are spaces there."""
        _, _, body = self.ask([("select", "meta")], Accept="application/x-ndjson")
        self.assertNotIn(b"\r", body)
        self.assertEqual([row["meta"] for row in self.rows], [json.loads(line)["meta"] for line in body.splitlines()])
        with urllib.request.urlopen(f"{self.server.address}/v1/tables/item/follow", timeout=30) as stream:
            event = {}
            while line := stream.readline().rstrip(b"\n"):
                name, _, value = line.partition(b": ")
                event[name] = value
        self.assertEqual({b"retry", b"event", b"id", b"data"}, set(event))
        self.assertEqual([row["meta"] for row in self.rows], [row["meta"] for row in json.loads(event[b"data"])["rows"]])

    def test_the_document_has_what_is_answered(self):
        with urllib.request.urlopen(f"{self.server.address}/openapi.json", timeout=30) as answer:
            parameters = json.load(answer)["paths"]["/v1/tables/item"]["get"]["parameters"]
        schemas = {p["name"]: p["schema"] for p in parameters if "schema" in p}
        many = "in.(" + ",".join(map(str, range(30))) + ")"
        for column, *values in (
            ("id", "gt.9223372036854775807", "-9223372036854775808", many, "in.()"), ("on_day", "2026-01-31", "lt.infinity", "+12026-12-30"),
            ("total", "gt.1.499", "lt.1e3", "99.9900000"), ("amount", "12345678901234567890.5", "NaN"), ("ratio", "-Infinity", "1E-7"),
            ("at", "gte.2026-01-31 10:00:00+01:00", "2026-01-31", "lt.2026-01-31T10:00Z"), ("seen", "2026-01-31 10:00:00", "-infinity"),
            ("paid", "is.true", "not.is.unknown", "f", "True", "FALSE"), ("ref", "6fa459eaee8a3ca4894edb77e160355e"), ("ratio", "inf", "nan"), ("id", "007", "+7", "in.(-0)"), ("total", "gt.+.5", "5.", "01.e0"),
            ("seen", "2026-01-31T10:00:00+00:00"), ("raw", "eq.", "AAH/", "AAE="), ("ref", "16FD2706-8baf-433b-82eb-8c7fada847da"),
        ):  # fmt: skip
            for value in values:
                self.answer((column, value), ("limit", 1))
                any_of = schemas[column].get("anyOf", [schemas[column]])
                self.assertTrue(any(re.search(s["pattern"], value) for s in any_of if "pattern" in s), (column, value))
        for name, schema in schemas.items():
            for value in schema.get("examples", []):
                self.answer((name, value), ("limit", 1))

    def test_counts(self):
        status, headers, body = self.ask([("id", "gt.2"), ("limit", 3), ("offset", 1)], Prefer="count=exact")
        self.assertEqual((200, "1-3/58", "count=exact"), (status, headers["Content-Range"], headers["Preference-Applied"]))
        self.assertEqual(58, json.loads(body)["count"])
        status, headers, body = self.ask([("id", "lt.0")], Prefer="return=minimal, count=exact")
        self.assertEqual((200, "*/0", 0), (status, headers["Content-Range"], json.loads(body)["count"]))
        _, plain, body = self.ask([("id", "lt.0")])
        self.assertNotIn("count", json.loads(body))
        self.assertNotEqual(plain["ETag"], headers["ETag"])
        self.assertIn("Prefer", plain["Vary"])


class Nanoseconds(tide.Case):
    """A moment with more digits of a second than six, as SQL Server's datetimeoffset has it."""

    FRACTIONS = ("1234559", "123456", "1234561", "1234567", "123457")

    def test_each_comparison(self):
        (self.path / "views").mkdir()
        (self.path / "views" / "source.sql").write_text("create table ev(id int primary key, at timestamptz);")
        lines = [tide.line("app.public.ev", i, {"id": i}, {"before": None, "after": {"id": i, "at": f"2026-01-01T12:00:00.{text}Z"}, "op": "c",
                 "ts_ms": 1, "source": {"connector": "sqlserver", "name": "app", "ts_ms": 1, "snapshot": "false", "db": "app", "schema": "public",
                 "table": "ev"}}) for i, text in enumerate(self.FRACTIONS)]  # fmt: skip
        capture = tide.write_capture(self.path / "capture.jsonl", lines)
        tide.replay(self.path / "x.db", capture, flags=("--views", self.path / "views", "--prefix", "app"))
        with tide.Server("serve", "--db", self.path / "x.db", "--views", self.path / "views", stderr=self.path / "log") as server:
            for wanted in (*self.FRACTIONS, "12345600", "1234", "123456001"):
                for op in ("eq", "neq", "gt", "gte", "lt", "lte"):
                    path = f"{server.address}/v1/tables/ev?at={op}.2026-01-01T12:00:00.{wanted}Z"
                    with urllib.request.urlopen(path, timeout=30) as answer:
                        found = [row["id"] for row in json.load(answer)["rows"]]
                    expected = [i for i, text in enumerate(self.FRACTIONS) if compare(op, text.ljust(9, "0"), wanted.ljust(9, "0"))]
                    self.assertEqual(expected, found, (op, wanted))


class Schemas(tide.Case):
    """Accept-Profile, by which PostgREST's clients say the schema: supabase-js's schema("sales").from("orders")."""

    def test_a_profile_is_a_schema(self):
        (self.path / "views").mkdir()
        (self.path / "views" / "source.sql").write_text("".join(
            f"create table {name}(id int primary key);" for name in ("public.orders", "sales.orders", "public.users", "loose")))  # fmt: skip
        lines = [tide.line(f"app.{schema}.{table}", 0, {"id": i}, {"before": None, "after": {"id": i}, "op": "c", "ts_ms": 1, "source": {
            "connector": "postgresql", "name": "app", "ts_ms": 1, "snapshot": "false", "db": "app", "schema": schema, "table": table, "lsn": i}})
            for i, (schema, table) in enumerate([("public", "orders"), ("sales", "orders"), ("public", "users"), ("public", "loose")])]  # fmt: skip
        capture = tide.write_capture(self.path / "capture.jsonl", lines)
        tide.replay(self.path / "x.db", capture, flags=("--views", self.path / "views", "--prefix", "app"))
        with tide.Server("serve", "--db", self.path / "x.db", "--views", self.path / "views", stderr=self.path / "log") as server:
            connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=30)
            self.addCleanup(connection.close)

            def ask(table, profile=None, **more):
                headers = more if profile is None else {"Accept-Profile": profile, **more}
                connection.request("GET", f"/rest/v1/{table}", headers=headers)
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read() or "null"), answer.headers

            for table, profile, found in (
                ("orders", None, 0), ("orders", "public", 0), ("orders", "sales", 1), ("sales.orders", None, 1), ("users", "public", 2),
                ("loose", "sales", 3),
            ):  # fmt: skip
                self.assertEqual((200, [{"id": found}]), ask(table, profile)[:2], (table, profile))
            status, problem, _ = ask("users", "sales")
            self.assertEqual((404, "unknown-table"), (status, problem["code"]))
            self.assertIn('no table "users" of the schema "sales"', problem["message"])
            _, _, headers = ask("orders", "public")
            self.assertIn("Accept-Profile", headers["Vary"])
            self.assertEqual(200, ask("orders", "sales", **{"If-None-Match": headers["ETag"]})[0])
            self.assertEqual(304, ask("orders", "public", **{"If-None-Match": headers["ETag"]})[0])


def long_rows(count):
    return [{"id": number, "name": f"row {number} " + "x" * (number % 1900), "total": None, "paid": number % 2 == 0} for number in range(count)]


class WholeTables(unittest.TestCase):
    """limit=all: any number of rows from one snapshot, in memory that does not grow with them."""

    COUNT = 12000 if "/release/" in tide.program() or "/coverage/" in tide.program() else 600  # more than the bounds as shipped

    @classmethod
    def setUpClass(cls):
        cls.folder = tide.Folder()
        path = cls.folder.__enter__()
        cls.addClassCleanup(cls.folder.__exit__, None, None, None)
        (path / "views").mkdir()
        (path / "views" / "source.sql").write_text("create table item(id int primary key, name text, total numeric(8,2), paid boolean);")
        cls.rows = long_rows(cls.COUNT)
        lines = [tide.line("app.public.item", i, {"id": row["id"]}, {"before": None, "after": row, "op": "c", "ts_ms": 1, "source": {
            "connector": "postgresql", "name": "app", "ts_ms": 1, "snapshot": "false", "db": "d", "schema": "public", "table": "item",
            "txId": 500 + i, "lsn": 1000 + 8 * i}}) for i, row in enumerate(cls.rows)]  # fmt: skip
        capture = tide.write_capture(path / "capture.jsonl", lines)
        tide.replay(path / "x.db", capture, flags=("--views", path / "views", "--prefix", "app"))
        cls.server = tide.Server("serve", "--db", path / "x.db", "--views", path / "views", stderr=path / "log")
        cls.addClassCleanup(cls.server.__exit__)
        cls.connection = http.client.HTTPConnection(cls.server.address.removeprefix("http://"), timeout=60)
        cls.addClassCleanup(cls.connection.close)

    def ask(self, path, method="GET", **headers):
        self.connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def memory(self):
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith("VmHWM"))

    def test_forms(self):
        before = self.memory()
        _, _, body = self.ask("/v1/tables/item?limit=all")
        answer = json.loads(body)
        self.assertEqual((self.rows, None), (answer["rows"], answer["next"]))
        if "/release/" in tide.program():
            self.assertGreater(len(body), 4 << 20)
            self.assertLess(self.memory() - before, len(body) // 2)
        _, _, lines = self.ask("/v1/tables/item?limit=all", Accept="application/x-ndjson")
        self.assertEqual(self.rows, [json.loads(line) for line in lines.splitlines()])
        _, _, table = self.ask("/v1/tables/item?limit=all&select=id,paid&paid=is.true", Accept="text/csv")
        self.assertEqual(["id,paid"] + [f"{row['id']},true" for row in self.rows if row["paid"]], table.decode().split("\r\n")[:-1])
        for path, accept in (("/v1/tables/item?limit=all", "*/*"), ("/rest/v1/item", "text/csv"), ("/v1/tables/item", "*/*")):
            _, _, plain = self.ask(path, Accept=accept)
            _, headers, packed = self.ask(path, Accept=accept, Accept_Encoding="deflate, gzip;q=0.5")
            self.assertEqual(("gzip", plain), (headers["Content-Encoding"], gzip.decompress(packed)))
            self.assertLess(len(packed), len(plain) // 3)
        _, headers, _ = self.ask("/v1/tables/item?limit=all", Accept_Encoding="gzip;q=0")
        self.assertIsNone(headers["Content-Encoding"])
        status, headers, body = self.ask("/v1/tables/item?limit=all", method="HEAD")
        self.assertEqual((200, b""), (status, body))
        self.assertEqual(304, self.ask("/v1/tables/item?limit=all", If_None_Match=headers["ETag"])[0])
        self.assertEqual(400, self.ask("/v1/tables/item?limit=1001")[0])

    def test_as_postgrest(self):
        status, headers, body = self.ask("/rest/v1/item")
        self.assertEqual((200, f"0-{self.COUNT - 1}/*"), (status, headers["Content-Range"]))
        self.assertEqual(self.rows, json.loads(body))
        self.ask("/v1/tables/item?limit=1")  # the connection's thread has made a cursor
        self.assertEqual((200, b"[]\n"), self.ask("/rest/v1/item?limit=0")[::2])
        status, headers, body = self.ask("/rest/v1/item?id=gte.10&limit=3&offset=1", Prefer="count=exact")
        self.assertEqual((206, f"1-3/{self.COUNT - 10}", self.rows[11:14]), (status, headers["Content-Range"], json.loads(body)))
        status, headers, body = self.ask("/rest/v1/item?id=lt.10", Range="2-4", Range_Unit="items")
        self.assertEqual((200, "2-4/*", self.rows[2:5]), (status, headers["Content-Range"], json.loads(body)))
        self.assertIn("Range-Unit", headers["Vary"])
        other = self.ask("/rest/v1/item?id=lt.10", Range="3-5", Range_Unit="items", If_None_Match=headers["ETag"])
        self.assertEqual((200, self.rows[3:6]), (other[0], json.loads(other[2])))
        status, headers, body = self.ask("/rest/v1/item?id=lt.10", Range="2-4")
        self.assertEqual((200, "2-4/*", self.rows[2:5]), (status, headers["Content-Range"], json.loads(body)))
        for last in (2**63 - 2, 2**63 - 1):
            status, headers, body = self.ask("/rest/v1/item?id=lt.10", Range=f"2-{last}")
            self.assertEqual((200, "2-9/*", self.rows[2:10]), (status, headers["Content-Range"], json.loads(body)))
        # what ends before it begins, as an empty page of a client's, or begins behind all that can be passed over: not all rows
        for none in ("4-2", "99999999999-"):
            status, _, body = self.ask("/rest/v1/item?id=lt.10", Range=none)
            self.assertEqual((416, "PGRST103"), (status, json.loads(body)["code"]))
            self.assertIn(f"Range: {none}", json.loads(body)["message"])
        for more in ({"Range": "bytes=0-4"}, {"Range": "2-4", "Range_Unit": "bytes"}):
            status, headers, _ = self.ask("/rest/v1/item?id=lt.10", **more)
            self.assertEqual((200, "0-9/*"), (status, headers["Content-Range"]))
        status, headers, body = self.ask("/rest/v1/item?id=lt.10&offset=10", Prefer="count=exact")
        self.assertEqual((416, "*/10"), (status, headers["Content-Range"]))
        one = "application/vnd.pgrst.object+json"
        for path in ("/rest/v1/item", "/v1/tables/item"):
            status, _, body = self.ask(path + "?id=eq.3", Accept=one)
            self.assertEqual((200, self.rows[3]), (status, json.loads(body)))
            self.assertEqual(406, self.ask(path + "?id=lt.3", Accept=one)[0])
            self.assertEqual(406, self.ask(path + "?id=lt.0", Accept=one)[0])
        for wanted, rows in (("lt.0", "0 rows"), ("lt.3", "more than 1 row")):  # by which clients know that there is none
            problem = json.loads(self.ask(f"/rest/v1/item?id={wanted}", Accept=one)[2])
            self.assertEqual(("/problems/not-one-row", "PGRST116"), (problem["type"], problem["code"]))
            self.assertEqual(f"The result contains {rows}", problem["details"])
        status, _, body = self.ask("/v1/tables/item?id=lt.3", Accept="application/vnd.pgrst.array+json")
        self.assertEqual((200, self.rows[:3]), (status, json.loads(body)))
        status, _, body = self.ask("/rest/v1/item?colour=eq.3")
        self.assertEqual((400, "unknown-parameter"), (status, json.loads(body)["code"]))
        self.assertIn("colour", json.loads(body)["message"])


class Keys(unittest.TestCase):
    """Behind an order the key goes on by its type, and two spellings of one key are two rows, on whatever page."""

    SOURCE = """create table numbers(id numeric primary key, g int); create table mails(id citext primary key, g int);
create table codes(id char(4) primary key, g int);"""
    ROWS = {"numbers": ["10", "9", "100", "2", "-3"], "mails": ["bob", "ann", "Ann", "ANN"], "codes": ["b   ", "a", "a   "]}
    SORTED = {"numbers": ["-3", "2", "9", "10", "100"], "mails": ["ANN", "Ann", "ann", "bob"], "codes": ["a", "a   ", "b   "]}

    @classmethod
    def setUpClass(cls):
        cls.folder = tide.Folder()
        path = cls.folder.__enter__()
        cls.addClassCleanup(cls.folder.__exit__, None, None, None)
        (path / "views").mkdir()
        (path / "views" / "source.sql").write_text(cls.SOURCE)
        lines = []
        for table, keys in cls.ROWS.items():
            for i, key in enumerate(keys):
                row = {"id": key, "g": 1}
                source = {"connector": "postgresql", "name": "app", "ts_ms": 1700000000000, "snapshot": "false", "db": "appdb",
                          "schema": "public", "table": table, "txId": 500 + i, "lsn": 1000 + len(lines)}  # fmt: skip
                value = {"before": None, "after": row, "source": source, "op": "c", "ts_ms": 1700000000000}
                lines.append(tide.line(f"app.public.{table}", i, {"id": key}, value))
        capture = tide.write_capture(path / "capture.jsonl", lines)
        done = tide.replay(path / "x.db", capture, flags=("--views", path / "views", "--prefix", "app"))
        assert done["applied"] == len(lines), done
        cls.server = tide.Server("serve", "--db", path / "x.db", "--views", path / "views", stderr=path / "log")
        cls.addClassCleanup(cls.server.__exit__)

    def pages(self, table, order, limit):
        found, after = [], {}
        while True:
            asked = urllib.parse.urlencode({"order": order, "limit": limit, **after})
            with urllib.request.urlopen(f"{self.server.address}/v1/tables/{table}?{asked}", timeout=30) as answer:
                page = json.load(answer)
            found += [row["id"] for row in page["rows"]]
            if page["next"] is None:
                return found
            after = {"after": page["next"]}

    def test_pages(self):
        for table, expected in self.SORTED.items():
            for order in ("id", "g", "g,id", "g.desc"):
                for limit in (1, 2, 100):
                    with self.subTest(table=table, order=order, limit=limit):
                        self.assertEqual(expected, self.pages(table, order, limit))


if __name__ == "__main__":
    if "--seed" in sys.argv:
        at = sys.argv.index("--seed")
        SEED = int(sys.argv[at + 1])
        del sys.argv[at : at + 2]
    print(f"seed {SEED}", file=sys.stderr)
    unittest.main()
