"""A small source of Debezium's messages, for captures that no connector would write on request: transactions of a shop
with their BEGIN, rows and END, in the order of their commits, and the rows that the source has at their end."""

import itertools
import json
import zlib

import tide

TRANSACTIONS = f"{tide.PREFIX}.transaction"
BEGUN_MS = 1700000000000
AUDIT = "public.audit"  # a table that the connector captures and nobody mirrors here


def topic_of(table):
    return f"{tide.PREFIX}.public.{table}"


def inventory_row(sku, on_hand, reserved=0):
    return {"sku": sku, "description": f"thing {sku}", "on_hand": on_hand, "reserved": reserved, "unit_price": "1.50",
            "updated_at": 1700000000000000}  # fmt: skip


def order_row(number, quantity, status="pending"):
    return {"id": number, "customer_id": 1, "sku": "SKU-1", "quantity": quantity, "total": "3.00", "status": status,
            "placed_on": 19000, "notes": None, "meta": None, "created_at": "2023-11-14T22:13:20.000000Z"}  # fmt: skip


KEYS = {"inventory": "sku", "orders": "id"}


class Source:
    """Lines have no offsets until they are given out: `lines` numbers them as they stand."""

    def __init__(self, partitions=4):
        self.partitions = partitions
        self.transaction_partitions = 1
        self.lsn = 1000
        self.txid = 700
        self.committed = None
        self.rows = {table: {} for table in KEYS}
        self.log = []  # [topic, partition, key, value, txid], values still objects

    def _partition(self, key):
        return zlib.crc32(json.dumps(key).encode()) % self.partitions

    def _tell(self, status, count, tables):
        identity = f"{self.txid}:{self.lsn}"
        value = {"status": status, "id": identity, "event_count": count, "data_collections": tables,
                 "ts_ms": BEGUN_MS + self.txid}  # fmt: skip
        partition = zlib.crc32(identity.encode()) % self.transaction_partitions
        return [TRANSACTIONS, partition, {"id": identity}, value, self.txid]

    def _row(self, table, key, row, order):
        before = self.rows[table].get(key)
        self.lsn += 64
        source = {"version": "3.4.0.Final", "connector": "postgresql", "name": tide.PREFIX, "snapshot": "false",
                  "ts_ms": BEGUN_MS + self.txid, "db": tide.PREFIX, "schema": "public", "table": table, "lsn": self.lsn,
                  "sequence": json.dumps([None if self.committed is None else str(self.committed), str(self.lsn)]),
                  "txId": self.txid, "xmin": None}  # fmt: skip
        transaction = {"id": f"{self.txid}:{self.lsn}", "total_order": order, "data_collection_order": order}
        value = {"before": before and {KEYS[table]: key}, "after": row, "source": source, "transaction": transaction,
                 "op": "d" if row is None else "u" if before else "c", "ts_ms": BEGUN_MS + self.txid}  # fmt: skip
        place = [topic_of(table), self._partition(key), {KEYS[table]: key}]
        yield [*place, value, self.txid]
        if row is None:
            del self.rows[table][key]
            yield [*place, None, self.txid]
        else:
            self.rows[table][key] = row

    def stream(self, changes, audited=0):
        """The messages of one transaction; changes are (table, key, row), row None deletes. `audited`: rows of a table
        that nobody mirrors, which END counts."""
        self.txid += 1
        self.lsn += 64
        yield self._tell("BEGIN", None, None)
        counts = {}
        for order, (table, key, row) in enumerate(changes, 1):
            counts[table] = counts.get(table, 0) + 1
            yield from self._row(table, key, row, order + audited)
        self.lsn += 64
        told = [{"data_collection": f"public.{table}", "event_count": count} for table, count in counts.items()]
        told += [{"data_collection": AUDIT, "event_count": audited}] if audited else []
        end = self._tell("END", sum(counts.values()) + audited, told)
        self.committed = self.lsn
        yield end

    def transaction(self, changes, audited=0):
        """Its messages, and their transaction's id."""
        self.log += self.stream(changes, audited)
        return self.txid

    def move_stock(self, rng, skus=8):
        """Stock goes from one shelf to another, and an order is placed for it: three rows, and two sums stay."""
        one, other = rng.sample(range(skus), 2)
        number = 1000 + self.txid
        changes = []
        for sku, by in ((one, -1), (other, 1)):
            key = f"SKU-{sku}"
            had = self.rows["inventory"].get(key, {"on_hand": 100})["on_hand"]
            changes.append(("inventory", key, inventory_row(key, had + by)))
        return self.transaction([*changes, ("orders", number, order_row(number, 1))])


def is_end(message):
    return message[0] == TRANSACTIONS and message[3]["status"] == "END"


def numbered(log):
    """Offsets as Kafka gives them, without gaps."""
    counters = {}
    return [line_of(message, next(counters.setdefault((message[0], message[1]), itertools.count()))) for message in log]


def line_of(message, offset):
    topic, partition, key, value, txid = message
    return {"topic": topic, "partition": partition, "offset": offset, "ts": BEGUN_MS + txid, "key": json.dumps(key),
            "value": None if value is None else json.dumps(value)}  # fmt: skip


def differences(mirror, rows):
    """Of a file's mirror, an open connection, from the source's rows."""
    columns = {"inventory": ("sku", "on_hand", "reserved"), "orders": ("id", "quantity", "status")}
    found = []
    for table, names in columns.items():
        have = set(map(tuple, mirror.execute(f"select {', '.join(names)} from {table}").fetchall()))
        want = {tuple(row[name] for name in names) for row in rows[table].values()}
        found += [f"{table} {row}: missing" for row in sorted(want - have)]
        found += [f"{table} {row}: too many" for row in sorted(have - want)]
    return found
