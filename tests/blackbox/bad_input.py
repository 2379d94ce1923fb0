#!/usr/bin/env python3
"""Messages that nobody should send, and captures that nobody should have written.

Each message stands between two good ones. None crashes, none blocks; each is in _quarantine with its place, key, bytes and
a reason that names what and where, or is ignored by a rule that README states (here: the reason None).
"""

import json
import re
import sqlite3
import sys
import unittest

import tide

DEEP = 10_000
ROW = {"id": 7, "email": "a@b.c", "full_name": "A B", "loyalty_tier": "gold", "marketing_opt_in": True,
       "created_at": "2026-11-22T22:21:29.212672Z", "bio": None}  # fmt: skip
ORDER = {"id": 7, "customer_id": 1, "sku": "S", "quantity": 1, "total": "42.00", "status": "paid",
         "placed_on": 20779, "notes": None, "meta": None, "created_at": "2026-11-22T22:21:29Z"}  # fmt: skip
STOCK = {"sku": "S", "description": "d", "on_hand": 1, "reserved": 0, "unit_price": "1.00",
         "updated_at": 1700000000000000}  # fmt: skip


def envelope(row, op="c", table="customers", lsn=1000, **changes):
    source = {"version": "3.4.0.Final", "connector": "postgresql", "name": "theworldshop", "ts_ms": 1700000000000,
              "snapshot": None, "db": "shop", "sequence": '["900","1000"]', "schema": "public", "table": table,
              "txId": 5, "lsn": lsn, "xmin": None}  # fmt: skip
    document = {"before": None, "after": row, "source": source, "op": op, "ts_ms": 1700000000001, "transaction": None}
    document.update(changes)
    return document


def source(**changes):
    return {**envelope(ROW)["source"], **changes}


def text(document):
    return json.dumps(document)


def row(**changes):
    return text(envelope({**ROW, **changes}))


def order(**changes):
    return text(envelope({**ORDER, **changes}, table="orders"))


def raw_order(column, digits):
    """A number written as it stands here."""
    return order(**{column: "@"}).replace('"@"', digits)


GOOD = text(envelope(ROW))
KEY = '{"id":7}'
NO_KEY = object()

# (name, table or topic, key, value, what the reason must say; None = ignored; "applied" = it is understood after all)
MESSAGES = [
    ("cut JSON", "customers", KEY, GOOD[:200], r"not valid JSON at byte 200"),
    ("cut in the last brace", "customers", KEY, GOOD[:-1], r"not valid JSON at byte"),
    ("not JSON", "customers", KEY, "hello", r"not valid JSON at byte 0: [a-z ]+$"),
    ("a registry's framing", "customers", KEY, "\0\0\0\0\7\2x", r"magic byte 0, schema id 7\) of Avro or Protobuf: set .*JsonConverter$"),
    ("XML", "customers", KEY, "<row/>", r"it looks like XML"),
    ("a blank", "customers", KEY, " ", r"not valid JSON"),
    ("a number", "customers", KEY, "42", r"not a JSON object"),
    ("an array", "customers", KEY, "[1,2]", r"not a JSON object"),
    ("two documents", "customers", KEY, GOOD + GOOD, r"not valid JSON at byte"),
    ("an empty object", "customers", KEY, "{}", r"empty"),
    ("a row of no column", "customers", KEY, '{"what":"ever"}', r"the row has no column of table customers, and begins with the member `what`: .*HoistField"),
    ("no op", "customers", KEY, text({k: v for k, v in envelope(ROW).items() if k != "op"}), r"without op"),
    ("null op", "customers", KEY, text(envelope(ROW, op=None)), r"without op"),
    ("unknown op", "customers", KEY, text(envelope(ROW, op="x")), r"unknown op: x"),
    ("op of another type", "customers", KEY, text(envelope(ROW, op=7)), r"unknown op: 7"),
    ("no row", "customers", KEY, text(envelope(None)), r"op c without a row in after"),
    ("after is no row", "customers", KEY, text(envelope([1])), r"row is an object or null"),
    ("after is a string", "customers", KEY, text(envelope("x")), r"row is an object or null"),
    ("source is no object", "customers", KEY, text(envelope(ROW, source=[1])), r"source is no object"),
    ("transaction is no object", "customers", KEY, text(envelope(ROW, transaction="x")), r"transaction is no object"),
    ("transaction id", "customers", KEY, text(envelope(ROW, transaction={"id": "x:y", "total_order": 1})),
     "applied"),
    ("lsn is text", "customers", KEY, text(envelope(ROW, source=source(lsn="abc"))), "applied"),
    ("lsn is a fraction", "customers", KEY, text(envelope(ROW, source=source(lsn=1.5))), "applied"),
    ("lsn beyond 64 bits", "customers", KEY, text(envelope(ROW, source=source(lsn=2**64))), "applied"),
    ("an op that is cut between its letters", "customers", KEY,
     json.dumps(envelope(ROW, op="a" + "\u00e4" * 30), ensure_ascii=False), r"unknown op: a\u00e4{19}$"),
    ("missing key", "customers", NO_KEY, GOOD, r"no key"),
    ("null key", "customers", "null", GOOD, r"key is null"),
    ("empty key", "customers", "", GOOD, r"key: not valid JSON"),
    ("key is cut", "customers", '{"id":', GOOD, r"key: not valid JSON"),
    ("key is a number", "customers", "7", GOOD, "applied"),
    ("key is another number", "customers", "8", GOOD, r"key and row disagree on id"),
    ("key is a text", "customers", '"seven"', GOOD, r"key \(a scalar, as ExtractField\$Key makes one\).*integer"),
    ("key disagrees", "customers", '{"id":8}', GOOD, r"key and row disagree on id"),
    ("key of another type", "customers", '{"id":"seven"}', GOOD, r"key: column id.*integer"),
    ("key column is null", "customers", '{"id":null}', row(id=None), r"key column id has no value"),
    ("a delete without its key", "customers", '{"other":1}', text(envelope(None, op="d")), r"key lacks a column"),
    ("a tombstone without key", "customers", NO_KEY, None, r"no key"),
    ("text for a number", "customers", KEY, row(id="seven"), r"column id.*integer"),
    ("object for a text", "customers", KEY, row(email={"a": 1}), r"column email"),
    ("number for a boolean", "customers", KEY, row(marketing_opt_in="perhaps"), r"column marketing_opt_in"),
    ("a time that is none", "customers", KEY, row(created_at="yesterday"), r"column created_at"),
    ("the 13th month", "customers", KEY, row(created_at="2026-13-01T00:00:00Z"), r"column created_at"),
    ("a number beyond 64 bits", "orders", KEY, raw_order("quantity", "92233720368547758070"), r"column quantity"),
    ("a number beyond every double", "orders", KEY, raw_order("quantity", "1e999"), r"column quantity"),
    ("a fraction for an integer", "orders", KEY, raw_order("quantity", "1.5"), r"column quantity"),
    ("NaN", "orders", KEY, raw_order("total", "NaN"), r"not valid JSON at byte"),
    ("a leading zero", "orders", KEY, raw_order("quantity", "01"), r"not valid JSON at byte"),
    ("a decimal with too many places", "orders", KEY, order(total="42.001"), r"column total"),
    ("a decimal with too many digits", "orders", KEY, order(total="123456789.00"), r"column total"),
    ("a decimal of 5000 digits", "orders", KEY, order(total="9" * 5000), r"column total"),
    ("a decimal with a huge exponent", "orders", KEY, raw_order("total", "1e400000000"), r"column total"),
    ("a decimal that is none", "orders", KEY, order(total="12,5"), r"column total"),
    ("base64 without its schema", "orders", KEY, order(total="EGg="), r"column total"),
    ("base64 garbage with a schema", "orders", KEY,
     text({"schema": {"type": "struct", "fields": [{"field": "after", "type": "struct", "fields": [
         {"field": "total", "type": "bytes", "name": "org.apache.kafka.connect.data.Decimal",
          "parameters": {"scale": "2"}}]}]}, "payload": envelope({**ORDER, "total": "!!!"}, table="orders")}),
     r"column total"),
    ("a schema that is text", "orders", KEY, text({"schema": "x", "payload": envelope(ORDER, table="orders")}),
     r"schema is no object"),
    ("a payload that is text", "customers", KEY, text({"schema": None, "payload": "x"}), r"payload is no object"),
    ("a date beyond the calendar", "orders", KEY, raw_order("placed_on", "9223372036854775807"), r"column placed_on"),
    ("a column twice", "customers", KEY, GOOD.replace('"email":', '"email": "x", "email":', 1), r"column email stands twice"),
    ("a lone surrogate", "customers", KEY, GOOD.replace("a@b.c", "\\ud800"), r"not valid JSON at byte|column email"),
    ("a control character", "customers", KEY, GOOD.replace("a@b.c", "a\x01b"), r"not valid JSON at byte"),
    ("depth beyond all", "customers", KEY, row(bio="@").replace('"@"', "[" * DEEP + "]" * DEEP), r"deep|nest|depth"),
    ("depth where nobody looks", "customers", KEY, text(envelope(ROW, what="@")).replace('"@"', "[" * DEEP + "]" * DEEP),
     r"deep|nest|depth"),
    ("a truncate without lsn", "customers", NO_KEY,
     text(envelope(None, op="t", source={k: v for k, v in source().items() if k != "lsn"})), r"truncate without source.lsn"),
    ("a snapshot row with a placeholder", "customers", KEY,
     text(envelope({**ROW, "marketing_opt_in": "__debezium_unavailable_value"}, op="r")), r"column marketing_opt_in"),
    # ignored by rule
    ("a table that is not mirrored", "dbz_signal", KEY, "garbage", None),
    ("another topic", "elsewhere.public.customers", KEY, "garbage", None),
    ("a logical message", "theworldshop.message", KEY, "garbage", None),
    ("source names a table that is not mirrored", "customers", KEY,
     text(envelope(ROW, source=source(table="customers_old"))), None),
    ("a tombstone in the heartbeat topic", "__debezium-heartbeat.theworldshop", "{}", None, None),
    ("a heartbeat of nothing", "__debezium-heartbeat.theworldshop", "{}", "{}", None),
    # elsewhere
    ("heartbeat garbage", "__debezium-heartbeat.theworldshop", "{}", "garbage", r"not valid JSON at byte 0"),
    ("a heartbeat's time is text", "__debezium-heartbeat.theworldshop", "{}", '{"ts_ms":"noon"}', r"ts_ms is no integer"),
    # understood
    ("members that nobody knows", "customers", '{"id":7001}', text(envelope({**ROW, "id": 7001}, more={"a": [1, {}]})), "applied"),
    ("columns that nobody declared", "customers", '{"id":7002}', text(envelope({**ROW, "id": 7002, "shoe_size": 44})), "applied"),
    ("columns that are missing", "customers", '{"id":7003}', text(envelope({"id": 7003, "email": "m@b.c"})), "applied"),
    ("a value of 10 MB", "customers", '{"id":7004}', text(envelope({**ROW, "id": 7004, "bio": "b" * 10_000_000})), "applied"),
    ("depth that is allowed", "customers", '{"id":7005}', text(envelope({**ROW, "id": 7005}, deep=[[[[[[[[1]]]]]]]])), "applied"),
]  # fmt: skip

TRANSACTIONS = [
    ("garbage", "garbage", r"not valid JSON at byte 0"),
    ("an empty object", "{}", r"a boundary without an id"),
    ("no LSN", '{"status":"END","id":"5","event_count":1}', None),
    ("an id of words", '{"status":"END","id":"a:b"}', None),
    ("an unknown status", '{"status":"PERHAPS","id":"5:6"}', r"status is neither BEGIN nor END"),
    ("collections that are none", '{"status":"END","id":"5:6","data_collections":7}', r"data_collections is no array"),
    ("a negative count", '{"status":"END","id":"5:6","data_collections":[{"data_collection":"public.orders","event_count":-1}]}',
     r"event_count is negative"),
    ("a count beyond 64 bits", '{"status":"END","id":"5:6","event_count":99999999999999999999}', r"event_count is no integer"),
    ("a tombstone", None, None),
]  # fmt: skip


def named(table):
    return f"theworldshop.public.{table}" if "." not in table else table


def good(number, offset):
    return tide.line("customers", offset, {"id": 100000 + number},
                     envelope({**ROW, "id": 100000 + number}, lsn=5000 + number))  # fmt: skip


class Quarantine(tide.Case):
    def replay(self, lines, flags=()):
        db = self.path / "bad.db"
        counts = tide.replay(db, tide.write_capture(self.path / "bad.jsonl", lines), flags=flags)
        connection = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        self.addCleanup(connection.close)
        self.assertEqual("ok", connection.execute("pragma integrity_check").fetchone()[0])
        self.assertEqual([], list(tide.check_truth.differences(db, None)))
        return counts, connection

    def check(self, connection, offset, topic, key, value, reason):
        rows = connection.execute(
            'select * from _quarantine where topic = ? and "offset" = ?', (topic, offset)).fetchall()  # fmt: skip
        if reason in (None, "applied"):
            self.assertEqual([], [r["reason"] for r in rows])
            return
        self.assertEqual(1, len(rows))
        self.assertEqual(0, rows[0]["partition"])
        self.assertEqual(key, None if rows[0]["key"] is None else bytes(rows[0]["key"]).decode())
        self.assertEqual(value, None if rows[0]["value"] is None else bytes(rows[0]["value"]).decode())
        self.assertRegex(rows[0]["reason"], reason)
        self.assertNotIn("\n", rows[0]["reason"])
        self.assertGreater(rows[0]["at_ms"], 1_600_000_000_000)

    def test_messages(self):
        lines, offsets = [], {}
        for number, (_, table, key, value, _) in enumerate(MESSAGES):
            # each in the customers' partition 0 or its own topic's, a good one before and after
            offsets.setdefault(named(table), 0)
            offsets.setdefault(named("customers"), 0)
            lines.append(good(number, offsets[named("customers")]))
            offsets[named("customers")] += 1
            lines.append(tide.line(named(table), offsets[named(table)], None if key is NO_KEY else key, value))
            offsets[named(table)] += 1
        lines.append(good(len(MESSAGES), offsets[named("customers")]))
        counts, connection = self.replay(lines)
        wanted = sum(reason not in (None, "applied") for *_, reason in MESSAGES)
        here = connection.execute("select count(*) from customers where id >= 100000").fetchone()[0]
        self.assertEqual(len(MESSAGES) + 1, here, "good messages before and after bad ones")
        places = iter(line for line in lines if not (line["key"] or "").startswith('{"id": 1000'))
        for name, _, key, value, reason in MESSAGES:
            line = next(places)
            with self.subTest(name):
                self.check(connection, line["offset"], line["topic"], line["key"], line["value"], reason)
        self.assertEqual(wanted, counts["quarantined"])
        self.assertEqual(len(lines), counts["messages"])
        keys = [json.loads(key) for *_, key, _, reason in MESSAGES if reason == "applied"]
        applied = [key["id"] if isinstance(key, dict) else key for key in keys]
        found = [r[0] for r in connection.execute("select id from customers where id between 7001 and 7999")]
        self.assertEqual(sorted(set(applied) - {7}), sorted(found))
        self.assertEqual(10_000_000, connection.execute("select length(bio) from customers where id = 7004").fetchone()[0])

    def test_messages_once_more(self):
        """What is in quarantine is not put there again by a restart."""
        lines = [good(0, 0), tide.line("customers", 1, KEY, "garbage"), good(1, 2)]
        self.replay(lines)
        counts, connection = self.replay(lines)
        self.assertEqual({"messages": 3, "applied": 0, "duplicates": 3, "ignored": 0, "quarantined": 0},
                         {k: v for k, v in counts.items() if k != "seconds"})  # fmt: skip
        self.assertEqual(1, connection.execute("select count(*) from _quarantine").fetchone()[0])

    def test_transactions(self):
        """Garbage in the transaction topic neither blocks nor hides the transactions around it."""
        lines, topic = [], "theworldshop.transaction"
        offset = 0
        for number, (_, value, _) in enumerate(TRANSACTIONS):
            txid, lsn = 1000 + number, 10000 + 10 * number
            change = envelope({**ROW, "id": 100000 + number}, lsn=lsn)
            change["transaction"] = {"id": f"{txid}:{lsn}", "total_order": 1, "data_collection_order": 1}
            change["source"].update(txId=txid, sequence=f'["{lsn - 5}","{lsn}"]')
            lines.append(tide.line(topic, offset, '{"id":"x"}', value))
            lines.append(tide.line("customers", number, {"id": 100000 + number}, change))
            end = {"status": "END", "id": f"{txid}:{lsn + 5}", "event_count": 1, "ts_ms": 1700000000000,
                   "data_collections": [{"data_collection": "public.customers", "event_count": 1}]}  # fmt: skip
            lines.append(tide.line(topic, offset + 1, '{"id":"x"}', end))
            offset += 2
        counts, connection = self.replay(lines)
        self.assertEqual(len(TRANSACTIONS), connection.execute("select count(*) from customers").fetchone()[0])
        self.assertEqual(sum(reason is not None for *_, reason in TRANSACTIONS), counts["quarantined"])
        for number, (name, value, reason) in enumerate(TRANSACTIONS):
            with self.subTest(name):
                self.check(connection, 2 * number, topic, '{"id":"x"}', value, reason)
        self.assertEqual(1, connection.execute("select transactional from _position").fetchone()[0])

    def test_a_row_of_a_transaction_that_is_broken(self):
        """A row that cannot be read but says where it belongs does not keep its transaction waiting."""
        bad = envelope({**ROW, "id": 1, "created_at": "never"}, lsn=100)
        fine = envelope({**ROW, "id": 2}, lsn=101)
        for order_number, change in enumerate((bad, fine), 1):
            change["transaction"] = {"id": f"9:{99 + order_number}", "total_order": order_number}
            change["source"].update(txId=9, sequence='["50","60"]')
        end = {"status": "END", "id": "9:110", "event_count": 2, "ts_ms": 1700000000000,
               "data_collections": [{"data_collection": "public.customers", "event_count": 2}]}  # fmt: skip
        lines = [tide.line("theworldshop.transaction", 0, "{}", end), tide.line("customers", 0, {"id": 1}, bad),
                 tide.line("customers", 1, {"id": 2}, fine)]  # fmt: skip
        counts, connection = self.replay(lines)
        self.assertEqual((1, 1), (counts["quarantined"], counts["applied"]))
        self.assertEqual((110, 1), tuple(connection.execute("select lsn, transactional from _position").fetchone()))

    def test_invalid_utf8(self):
        """Captures are UTF-8 themselves: a line that is not is the capture's fault, told by file and line."""
        path = self.path / "utf8.jsonl"
        lines = [json.dumps(good(0, 0)).encode(), json.dumps(good(1, 1)).encode().replace(b"a@b.c", b"a\xff\xc0c")]
        path.write_bytes(b"\n".join(lines) + b"\n")
        done = tide.run("replay", "--db", self.path / "utf8.db", path)
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stderr, r"utf8\.jsonl:2: .*UTF-8")

    def test_quarantine_is_seen(self):
        with tide.Folder() as folder:
            db = folder / "seen.db"
            tide.replay(db, tide.write_capture(folder / "c.jsonl", [good(0, 0), tide.line("customers", 1, KEY, "garbage")]))
            with tide.Server("serve", "--db", db, stderr=folder / "log") as server:
                status, document = server.get("/v1/quarantine")
                self.assertEqual(200, status)
                self.assertIn("not valid JSON at byte 0", json.dumps(document))
                status, document = server.get("/v1/status")
                self.assertRegex(json.dumps(document), r'"quarantine[a-z_]*": ?1\b')


CAPTURES = [
    ("cut", b'{"topic":"theworldshop.public.orders","partition":0,"offset":0,"ts":1,"ke', r":2: "),
    ("not JSON", b"hello\n", r":2: "),
    ("an array", b"[]\n", r":2: "),
    ("no topic", b'{"partition":0,"offset":0,"ts":1,"key":null,"value":null}\n', r":2: .*topic"),
    ("topic is a number", b'{"topic":7,"partition":0,"offset":0,"ts":1,"key":null,"value":null}\n', r":2: .*topic"),
    ("no offset", b'{"topic":"a","partition":0,"ts":1,"key":null,"value":null}\n', r":2: .*offset"),
    ("a negative offset", b'{"topic":"a","partition":0,"offset":-1,"ts":1,"key":null,"value":null}\n', r":2: .*offset"),
    ("a huge offset", b'{"topic":"a","partition":0,"offset":99999999999999999999,"ts":1,"key":null,"value":null}\n', r":2: .*offset"),
    ("a negative partition", b'{"topic":"a","partition":-1,"offset":0,"ts":1,"key":null,"value":null}\n', r":2: .*partition"),
    ("a huge partition", b'{"topic":"a","partition":4294967296,"offset":0,"ts":1,"key":null,"value":null}\n', r":2: .*partition"),
    ("key is an object", b'{"topic":"a","partition":0,"offset":0,"ts":1,"key":{},"value":null}\n', r":2: .*key"),
    ("value is a number", b'{"topic":"a","partition":0,"offset":0,"ts":1,"key":null,"value":7}\n', r":2: .*value"),
    ("a topic too long", b'{"topic":"' + b"a" * 300 + b'","partition":0,"offset":0,"ts":1,"key":null,"value":null}\n', r":2: .*topic"),
    ("deep", b'{"topic":"a","partition":0,"offset":0,"ts":1,"key":null,"value":' + b"[" * DEEP + b"\n", r":2: "),
]  # fmt: skip


class BrokenCaptures(unittest.TestCase):
    def test_broken(self):
        first = (json.dumps(good(0, 0)) + "\n").encode()
        for name, line, reason in CAPTURES:
            with self.subTest(name), tide.Folder() as folder:
                path = folder / "broken.jsonl"
                path.write_bytes(first + line)
                done = tide.run("replay", "--db", folder / "broken.db", path)
                self.assertEqual(1, done.returncode, done.stderr)
                told = [t for t in done.stderr.splitlines() if t.startswith("tidemark: ")]
                self.assertEqual(1, len(told), done.stderr)
                self.assertRegex(told[0], re.escape(str(path)) + reason)

    def test_no_such_file(self):
        with tide.Folder() as folder:
            for path in (folder / "none.jsonl", folder):
                done = tide.run("replay", "--db", folder / "x.db", path)
                self.assertEqual(1, done.returncode)
                self.assertIn(str(path), done.stderr)

    def test_nothing(self):
        with tide.Folder() as folder:
            (folder / "empty.jsonl").write_bytes(b"")
            self.assertEqual(0, tide.replay(folder / "x.db", folder / "empty.jsonl")["messages"])


if __name__ == "__main__":
    sys.exit(unittest.main())
