#!/usr/bin/env python3
"""capture.sh [--debezium VERSION] [--out FOLDER] SCENARIO[=NAME]...

Makes captures from the real thing, with its real accidents: for each, a database of its own, a Connect
worker of its own that is killed and loses its offsets where the scenario says so, and at the end NAME.jsonl
(every message of the connector's topics) and NAME.truth.json (PostgreSQL's rows at that moment). The lab's
PostgreSQL and Kafka are used, its connector is not.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import random
import subprocess
import sys
import time

import fill
import kafka
import psql
from compare import KEYS
from connect import Connect

LAB = pathlib.Path(__file__).parent
SETTLE_S = 90
NEVER_MS = 3_600_000  # a worker that flushes its offsets so seldom repeats everything when it is killed
J = "org.apache.kafka.connect.json.JsonConverter"
CONVERTER_DEFAULTS = {"value.converter.replace.null.with.default": "true"}


@dataclasses.dataclass
class Scenario:
    kind: str  # basic, chaos or transfers
    partitions: int = 1
    debezium: str = "2.7.4.Final"
    seed: int = 0
    steps: int = 100  # random steps a round
    kills: int = 0  # rounds that end with the worker killed
    resnapshot: bool = False  # slot and offsets lost while rows disappear
    incremental: bool = False  # an incremental snapshot in the middle of a round
    settings: dict = dataclasses.field(default_factory=dict)


SCENARIOS = {
    "basic": Scenario("basic"),
    "doubles": Scenario("basic", settings={"decimal.handling.mode": "double", **CONVERTER_DEFAULTS}),
    "schemas": Scenario(
        "basic",
        debezium="3.4.0.Final",
        settings={
            "decimal.handling.mode": "precise",
            "key.converter.schemas.enable": "true",
            "value.converter.schemas.enable": "true",
        },
    ),
    "flat": Scenario(
        "basic",
        debezium="3.4.0.Final",
        settings={
            "transforms": "unwrap",
            "transforms.unwrap.type": "io.debezium.transforms.ExtractNewRecordState",
            "transforms.unwrap.delete.tombstone.handling.mode": "rewrite",
            "transforms.unwrap.add.fields": "op,source.lsn,source.txId,source.ts_ms,source.sequence,source.table,source.snapshot",
            **CONVERTER_DEFAULTS,
        },
    ),
    "hazards": Scenario("chaos", partitions=3, seed=11, kills=2),
    "resnapshot": Scenario("chaos", partitions=3, seed=12, steps=80, kills=1, resnapshot=True),
    "notx": Scenario(
        "chaos", partitions=2, seed=13, steps=80, kills=1, settings={"provide.transaction.metadata": "false"}
    ),
    "transfers": Scenario("transfers", partitions=4, seed=31, steps=300),
    "hazards34": Scenario(
        "chaos", partitions=4, debezium="3.4.0.Final", seed=41, steps=70, kills=2, incremental=True
    ),
    "resnapshot34": Scenario(
        "chaos",
        partitions=3,
        debezium="3.4.0.Final",
        seed=42,
        steps=60,
        kills=1,
        resnapshot=True,
        incremental=True,
    ),
}


class Worker:
    """A Connect worker in a folder and a group of its own, run by setup.sh and teardown.sh."""

    def __init__(self, flush_ms, debezium):
        self.debezium = debezium
        self.port = os.environ["LAB_CAPTURE_PORT"]
        self.connect = Connect(self.port)
        self.fresh_group()
        self.start(flush_ms)

    def fresh_group(self):
        """A new group knows no offsets."""
        self.group = f"capture{time.time_ns() // 1_000_000}"

    def environment(self):
        return os.environ | {
            "LAB_STATE": f"{os.environ['LAB_STATE']}/capture",
            "LAB_CONNECT_PORT": self.port,
            "LAB_GROUP": self.group,
            "LAB_FLUSH_MS": str(self.flush_ms),
            "LAB_DEBEZIUM": self.debezium,
            # empty: settings.sh says which Connect this Debezium can run on
            "LAB_KAFKA": os.environ["LAB_KAFKA"] if self.debezium == os.environ["LAB_DEBEZIUM"] else "",
        }

    def start(self, flush_ms):
        self.flush_ms = flush_ms
        subprocess.run(
            ["sh", str(LAB / "setup.sh"), "connect"],
            env=self.environment(),
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def kill(self):
        subprocess.run(
            ["sh", str(LAB / "teardown.sh"), "--kill", "connect"],
            env=self.environment(),
            check=True,
            stdout=subprocess.DEVNULL,
        )


class Capture:
    def __init__(self, name, scenario):
        self.name = name
        self.scenario = scenario
        self.database = f"capture_{name}"
        self.prefix = name if name != "basic" else "theworldshop"
        self.random = random.Random(scenario.seed)
        self.transactions = scenario.settings.get("provide.transaction.metadata", "true") == "true"
        self.worker = None
        self.sessions = []

    def topics(self):
        return [
            t
            for t in kafka.topics()
            if t.startswith(f"{self.prefix}.") or t == f"__debezium-heartbeat.{self.prefix}"
        ]

    def settle(self):
        """Until the topics hold all that is committed now: a marker is there and no row comes after it."""
        if self.transactions:
            marker = psql.execute(
                self.database, "select txid_current() from pg_logical_emit_message(true, 'tidemark', 'marker')"
            )[0]
        else:  # a row of the signals' table, of which Debezium writes a line to its log
            marker = psql.execute(
                self.database,
                "insert into dbz_signal values (gen_random_uuid()::text, 'log', '{\"message\": \"marker\"}') returning id",
            )[0]
        deadline = time.monotonic() + SETTLE_S
        while not self.reached(marker):
            if time.monotonic() > deadline:
                raise SystemExit(
                    f"{self.name}: the connector did not reach marker {marker} within {SETTLE_S} s; see "
                    f"{os.environ['LAB_STATE']}/capture/logs/connect.log"
                )
            time.sleep(0.5)
        same, last = 0, -1
        while same < 4 and time.monotonic() < deadline:
            total = kafka.end_sum([t for t in self.topics() if ".public." in t])
            same = same + 1 if total == last else 0
            last = total
            time.sleep(0.7)

    def reached(self, marker):
        topic = f"{self.prefix}.transaction" if self.transactions else f"{self.prefix}.public.dbz_signal"
        text = f'"END","id":"{marker}:' if self.transactions else marker
        return topic in kafka.topics() and any(text in (m.get("payload") or "") for m in kafka.read(topic))

    def register(self):
        values = os.environ | {
            "LAB_DATABASE": self.database,
            "LAB_PREFIX": self.prefix,
            "LAB_DEBEZIUM": self.scenario.debezium,
            "LAB_PARTITIONS": str(self.scenario.partitions),
        }
        config = json.loads(fill.fill("connector.json", values)) | self.scenario.settings
        self.worker.connect.register(self.name, config)
        self.worker.connect.wait_running(self.name)

    def drop_slot(self):
        psql.execute(
            "postgres",
            f"""do $$ begin
            for i in 1..100 loop
                begin
                    perform pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '{self.prefix}';
                    return;
                exception when object_in_use then perform pg_sleep(0.2);
                end;
            end loop;
        end $$""",
        )

    def clear(self):
        """What an earlier run left behind; topics go before the slot, so that nothing writes to them."""
        self.drop_slot()
        if self.topics():
            kafka.delete(rf"({self.prefix}\..*|__debezium-heartbeat\.{self.prefix})")
        psql.execute("postgres", f"drop database if exists {self.database} with (force)")

    # traffic ------------------------------------------------------------------------------------------------

    def statement(self):
        """Something random about a few keys, so that they meet each other again and again."""
        pick, key = self.random, self.random.randrange(1, 60)
        sku, customer = f"SKU-{pick.randrange(1, 20)}", pick.randrange(1, 12)
        notes = pick.choice(["null", f"'n{pick.randrange(99)}'", f"repeat('z', {pick.randrange(1, 2500)})"])
        kinds = [
            (
                34,
                f"insert into orders(id, customer_id, sku, quantity, total, status, notes) values ({key}, {customer}, '{sku}', "
                f"{pick.randrange(1, 5)}, {pick.randrange(1, 99999) / 100:.2f}, 'pending', {notes}) "
                "on conflict(id) do update set quantity = orders.quantity + 1;",
            ),
            (
                27,
                f"update orders set status = '{pick.choice(['pending', 'paid', 'shipped', 'cancelled'])}' where id = {key};",
            ),
            (8, f"delete from orders where id = {key};"),
            (
                3,
                f"update orders set id = id + 10000 where id = {key} and not exists (select 1 from orders where id = {key + 10000});",
            ),
            (
                3,
                f"update orders set id = {key} where id = {key + 10000} and not exists (select 1 from orders where id = {key});",
            ),
            (
                10,
                f"update inventory set on_hand = on_hand - 1, reserved = reserved + {pick.randrange(3)}, "
                f"updated_at = clock_timestamp() where sku = '{sku}';",
            ),
            (
                8,
                f"update customers set loyalty_tier = '{pick.choice(['gold', 'silver', 'none'])}' where id = {customer};",
            ),
            (
                4,
                f"update customers set bio = repeat('{pick.choice('abc')}', {pick.randrange(2500, 5000)}) where id = {customer};",
            ),
            (1, "update customers set id = 1020 where id = 20;"),
            (1, "update customers set id = 20 where id = 1020;"),
            (1, "update customers set id = 1004, loyalty_tier = 'moved' where id = 4;"),
            (1, "update customers set id = 4 where id = 1004;"),
            (
                5,
                f"insert into points values ({key}, {customer}, {pick.randrange(99)}, 'r') "
                "on conflict(order_id, customer_id) do update set points = excluded.points;",
            ),
            (0.5, "truncate points;"),
            (
                0.2,
                f"truncate orders, points; insert into orders(id, customer_id, total) values ({key}, {customer}, 1.00);",
            ),
            (2, f"delete from points where order_id = {key};"),
        ]
        return pick.choices([sql for _, sql in kinds], [weight for weight, _ in kinds])[0]

    def interleave(self):
        """One transaction opens, another commits in its middle, then the first goes on and ends."""
        first, second = self.random.sample(range(20000, 20040), 2)
        order = (
            "insert into orders(id, customer_id, total, status) values ({}, {}, 1.00, 'pending') "
            "on conflict(id) do update set status = '{}', total = orders.total + {};"
        )
        a, b = self.sessions
        a.run(f"begin; {order.format(first, 1, 'paid', 1)}")
        b.run(
            f"begin; {order.format(second, 2, 'shipped', 2)} update inventory set reserved = reserved + 1 where sku = 'SKU-1'; commit;"
        )
        a.run(
            f"update inventory set on_hand = on_hand - 1 where sku = 'SKU-2'; {self.random.choice(['commit'] * 3 + ['rollback'])};"
        )

    def steps(self, count):
        for _ in range(count):
            if self.random.random() < 0.12:
                self.interleave()
            else:
                body = " ".join(self.statement() for _ in range(self.random.randrange(1, 5)))
                self.sessions[1].run(f"begin; {body} {self.random.choice(['commit'] * 9 + ['rollback'])};")

    def signal_snapshot(self, mark):
        psql.execute(
            self.database,
            f"""insert into dbz_signal values ('{mark}', 'execute-snapshot',
            '{{"data-collections": ["public.orders", "public.customers"], "type": "incremental"}}')""",
        )

    def basic(self):
        psql.execute(self.database, (LAB / "config" / "capture-basic.sql").read_text(encoding="utf-8"))

    def chaos(self):
        # the snapshot's offsets are kept; of what comes later none
        self.worker.kill()
        self.worker.start(NEVER_MS)
        self.worker.connect.wait_running(self.name)
        for round_number in range(self.scenario.kills):
            self.steps(self.scenario.steps // 2)
            if self.scenario.incremental:
                self.signal_snapshot(f"round{round_number}")
            self.steps(self.scenario.steps // 2)
            if round_number % 2 == 0:
                self.settle()  # else killed in the middle of whatever it is sending
            self.worker.kill()
            self.steps(5)
            self.worker.start(NEVER_MS)
            self.settle()
        if self.scenario.resnapshot:
            self.lose_offsets()

    def lose_offsets(self):
        """Rows that go while nobody watches have no delete event; the new snapshot only fails to name them."""
        self.worker.kill()
        self.drop_slot()
        psql.execute(
            self.database,
            """delete from orders where id in (select id from orders order by id limit 7);
            delete from customers where id in (7, 8); update inventory set on_hand = 7 where sku = 'SKU-7';
            truncate points; insert into points values (1, 1, 1, 'after the gap')""",
        )
        self.worker.fresh_group()
        self.worker.start(NEVER_MS)
        self.register()
        self.settle()
        self.steps(self.scenario.steps // 2)

    def transfers(self):
        """Every transaction keeps sum(on_hand) = 2400 and count(paid orders) = sum(reserved), after the reset."""
        psql.execute(self.database, "update inventory set on_hand = 100, reserved = 0; delete from orders;")
        stock = "update inventory set on_hand = on_hand + {} where sku = 'SKU-{}'; "
        long, short = self.sessions
        for step in range(self.scenario.steps):
            low, high = sorted(self.random.sample(range(1, 25), 2))
            count = self.random.randrange(1, 9)
            sql = stock.format(-count, low) + stock.format(count, high)
            if self.random.random() < 0.5:
                sql += (
                    f"insert into orders(id, customer_id, sku, quantity, total, status) values ({50001 + step}, "
                    f"{self.random.randrange(1, 20)}, 'SKU-{high}', 1, 1.00, 'paid'); "
                    f"update inventory set reserved = reserved + 1 where sku = 'SKU-{high}'; "
                )
            others = [sku for sku in range(1, 25) if sku not in (low, high)][:2]
            if step % 10 == 3:
                long.run("begin; " + stock.format(-1, others[0]))
            short.run(f"begin; {sql} commit;")
            if step % 10 == 3:
                long.run(stock.format(1, others[1]) + "commit;")

    # the files ----------------------------------------------------------------------------------------------

    def write(self, folder):
        messages = [
            m | {"value": m.get("payload")} for topic in sorted(self.topics()) for m in kafka.read(topic)
        ]
        messages.sort(key=lambda m: (m["ts"], m["topic"], m["partition"], m["offset"]))
        with open(folder / f"{self.name}.jsonl", "w", encoding="utf-8") as file:
            for message in messages:
                line = {
                    field: message.get(field)
                    for field in ("topic", "partition", "offset", "ts", "key", "value")
                }
                file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
        truth = {
            table: psql.rows(self.database, f"select * from {table} order by {', '.join(key)}")
            for table, key in KEYS.items()
        }
        with open(folder / f"{self.name}.truth.json", "w", encoding="utf-8") as file:
            json.dump(truth, file, ensure_ascii=False, indent=0)
        rows = ", ".join(f"{len(found)} {table}" for table, found in truth.items())
        print(f"capture: {self.name}: {len(messages)} messages; the truth: {rows}", flush=True)

    def make(self, folder):
        self.clear()
        psql.execute("postgres", f"create database {self.database}")
        psql.execute(self.database, (LAB / "config" / "seed.sql").read_text(encoding="utf-8"))
        psql.execute(self.database, f'create publication "{self.prefix}" for all tables')
        try:
            self.worker = Worker(1000, self.scenario.debezium)
            self.register()
            self.settle()
            self.sessions = [psql.Session(self.database), psql.Session(self.database)]
            getattr(self, self.scenario.kind)()
            for session in self.sessions:
                session.close()
            self.settle()
            self.write(folder)
        finally:
            if self.worker:
                self.worker.kill()
            self.clear()


def main():
    parser = argparse.ArgumentParser(
        prog="capture.sh",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="scenarios: " + ", ".join(SCENARIOS),
    )
    parser.add_argument(
        "scenario", nargs="+", help="one of those below; =NAME names its files and its topics' prefix"
    )
    parser.add_argument("--debezium", help="such as 3.6.1.Final, 3.4.0.Final, 2.7.4.Final; default: the scenario's own")
    parser.add_argument("--seed", type=int, help="default: the scenario's own")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."), help="default: here")
    options = parser.parse_args()
    wanted = [word.partition("=")[::2] for word in options.scenario]
    for kind, _ in wanted:
        if kind not in SCENARIOS:
            parser.error(f"no scenario {kind}; there are {', '.join(SCENARIOS)}")
    options.out.mkdir(parents=True, exist_ok=True)
    if subprocess.run(["sh", str(LAB / "setup.sh"), "postgres", "kafka"], check=False).returncode:
        sys.exit(1)
    for kind, name in wanted:
        given = {"debezium": options.debezium, "seed": options.seed}
        scenario = dataclasses.replace(
            SCENARIOS[kind], **{field: value for field, value in given.items() if value is not None}
        )
        Capture(name or kind, scenario).make(options.out)


if __name__ == "__main__":
    main()
