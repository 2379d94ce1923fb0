#!/usr/bin/env python3
"""Between the process and its broker: answers that do not come, that come damaged, or that say no. What the state says."""

import contextlib
import json
import pathlib
import signal
import socket
import struct
import sys
import threading
import time
import unittest

import tide

STOOD_STILL_S = 2.2
FETCH = 1
FIND_COORDINATOR = 10


class Link:
    """A proxy on loopback that knows which answers are to fetches. The broker's own port is told as the proxy's."""

    def __init__(self, port):
        self.port = port
        self.held = None  # answers to fetches that wait, None = they go through
        self.connected = set()
        self.is_cut = False
        self.damage = None  # these bytes of an answer are spoilt
        self.denied = None  # a topic that may not be described; then the broker says that it is no embedded one
        self.no_group = False  # the account may not use the group
        self.fetching = 0  # connections over which something was fetched
        self.open_at = None  # fetches that end at this offset are told that the log goes on, and is committed up to there
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.own = self.listener.getsockname()[1]
        self.told = self.own  # the broker's own port, as its answers have it
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            with self.lock:
                if self.is_cut:
                    client.close()
                    continue
                self.connected.add(client)
            broker = socket.create_connection(("127.0.0.1", self.port))
            asked = {}
            threading.Thread(target=self.ask, args=(client, broker, asked), daemon=True).start()
            threading.Thread(target=self.answer, args=(broker, client, asked), daemon=True).start()

    def cut(self):
        """Connections end, and new ones do at once."""
        with self.lock:
            self.is_cut = True
            while self.connected:
                with contextlib.suppress(OSError):  # the other end was quicker
                    self.connected.pop().shutdown(socket.SHUT_RDWR)

    def mend(self):
        with self.lock:
            self.is_cut = False

    def hold(self):
        with self.lock:
            self.held = []

    def let_go(self):
        with self.lock:
            held, self.held = self.held or [], None
        for client, frame in held:
            try:
                client.sendall(struct.pack(">i", len(frame)) + frame)
            except OSError:
                pass

    @staticmethod
    def frame(source):
        head = source.recv(4, socket.MSG_WAITALL)
        return source.recv(struct.unpack(">i", head)[0], socket.MSG_WAITALL) if len(head) == 4 else None

    @staticmethod
    def with_denied_group(frame, version):
        """Kafka's error 30: behind the correlation id, the tags of version 3 and the throttle time of 1 and newer."""
        at = 4 + (version >= 3) + 4 * (version >= 1)
        return frame[:at] + struct.pack(">h", 30) + frame[at + 2 :]

    def with_denied_topic(self, frame):
        """Kafka's error 29 before the topic's name, whose length comes in two bytes or in one (Metadata 9 and newer)."""
        for size in (struct.pack(">h", len(self.denied)), bytes([len(self.denied) + 1])):
            name = size + self.denied
            frame = frame.replace(b"\0\0" + name, struct.pack(">h", 29) + name)
        return frame.replace(b"mockCluster", b"someCluster")

    def with_open_transaction(self, frame):
        """Partition 0, no error, the high watermark, the last stable offset."""
        at = self.open_at
        return frame.replace(struct.pack(">ihqq", 0, 0, at, at), struct.pack(">ihqq", 0, 0, at + 1, at))

    def ask(self, client, broker, asked):
        fetches = False
        try:
            while frame := self.frame(client):
                key, version, correlation = struct.unpack(">hhi", frame[:8])
                asked[correlation] = (key, version)
                if key == FETCH and not fetches:
                    fetches = True
                    with self.lock:
                        self.fetching += 1
                broker.sendall(struct.pack(">i", len(frame)) + frame)
        except OSError:
            pass
        broker.close()

    def answer(self, broker, client, asked):
        # what is before the host is its length, of two bytes or of one
        there, here = (b"127.0.0.1" + struct.pack(">i", port) for port in (self.port, self.told))
        try:
            while frame := self.frame(broker):
                key, version = asked.pop(struct.unpack(">i", frame[:4])[0], (None, None))
                if key == FIND_COORDINATOR and self.no_group:
                    frame = self.with_denied_group(frame, version)
                if key == FETCH:
                    if self.open_at is not None:
                        frame = self.with_open_transaction(frame)
                    if self.damage:
                        frame = frame.replace(self.damage, b"#" * len(self.damage))
                    with self.lock:
                        if self.held is not None:
                            self.held.append((client, frame))
                            continue
                frame = frame.replace(there, here)
                if self.denied:
                    frame = self.with_denied_topic(frame)
                client.sendall(struct.pack(">i", len(frame)) + frame)
        except OSError:
            pass
        with self.lock:
            self.connected.discard(client)
            client.close()


class BrokerFaults(tide.Case):
    def start_broker(self, lines, name="demo"):
        capture = tide.write_capture(self.path / f"{name}.jsonl", lines)
        broker = tide.Server("demo", "--capture", capture, "--db", self.path / f"{name}.db", stderr=self.path / f"{name}.log")
        self.addCleanup(broker.__exit__)
        tide.wait_for("fed", lambda: broker.get("/v1/lag")[1]["state"] == "live")
        return Link(int(broker.brokers().removeprefix("127.0.0.1:")))

    def start(self, lines, *more, damage=None):
        link = self.start_broker(lines)
        link.damage = damage
        return link, self.run_behind(link, *more)

    def run_behind(self, link, *more):
        server = tide.Server("run", "--brokers", f"127.0.0.1:{link.own}", "--prefix", tide.PREFIX, "--db", self.path / "run.db",
                             *more, stderr=self.path / "run.log")  # fmt: skip
        self.addCleanup(server.__exit__)
        return server

    def await_state(self, server, state):
        return tide.wait_for(state, lambda: server.get("/v1/lag")[1]["state"] == state)

    def test_metadata_is_answered_and_fetches_are_not(self):
        link, server = self.start([tide.order(0, 1, 7)])
        self.await_state(server, "live")
        link.hold()
        self.await_state(server, "disconnected")
        self.assertRegex(server.get("/v1/status")[1]["reason"],
                         r"^no broker has answered a fetch of theworldshop\.\S+ partition 0.* for \d+ s: its leader, broker 1, does not answer$")  # fmt: skip
        self.assertEqual([{"id": 1}], server.get("/v1/tables/orders?select=id")[1]["rows"])
        link.let_go()
        self.await_state(server, "live")
        link.hold()
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, server.process.wait(40))  # librdkafka's own end waits for a minute

    def test_a_broker_that_tells_an_address_where_nobody_is(self):
        """advertised.listeners: the bootstrap server answers, and what it says of the brokers leads nowhere."""
        link = self.start_broker([tide.order(0, 1, 7)])
        link.told = tide.free_port()
        # as the broker, or as the group's coordinator, whichever librdkafka tried last
        why = rf"127\.0\.0\.1:{link.told}(/1)?: Connect to ipv4#127\.0\.0\.1:{link.told} failed: Connection refused"
        server = self.run_behind(link)
        self.await_state(server, "disconnected")
        self.assertRegex(server.get("/v1/status")[1]["reason"], why)
        self.assertRegex(server.get("/readyz")[1]["detail"], why)
        self.assertEqual(0, server.stop())
        done = tide.run("doctor", "--brokers", f"127.0.0.1:{link.own}", "--prefix", tide.PREFIX)
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stderr, "^tidemark: no broker told the ends of the topics for 15 s; " + why)

    def test_a_topic_that_may_not_be_seen(self):
        """An account without Describe: a listing leaves the topic out, as if nobody had made it."""
        link = self.start_broker([tide.order(0, 1, 7)])
        link.denied = f"{tide.PREFIX}.public.customers".encode()
        says = ("Topic authorization failed: whether these exist is not told, and this account needs Read on those "
                f"that do: {tide.PREFIX}.public.customers")  # fmt: skip
        server = self.run_behind(link)
        tide.wait_for("the reason", lambda: says in (server.get("/v1/status")[1]["reason"] or ""))
        self.assertIn(f"warn  {says}\n", server.log())
        lint = tide.wait_for("the checks", lambda: server.get("/v1/status")[1]["lint"])
        self.assertIn("access", [found["check"] for found in lint if found["level"] == "fail"])
        self.assertEqual(0, server.stop())
        done = tide.run("doctor", "--brokers", f"127.0.0.1:{link.own}", "--prefix", tide.PREFIX, "--views", self.views())
        self.assertEqual(1, done.returncode, done.stdout)
        self.assertRegex(done.stdout, r"fail +access +Topic authorization failed, and whether they exist is not told: "
                         rf"{tide.PREFIX}\.public\.customers\n")  # fmt: skip

    def test_an_account_that_may_not_use_the_group_reads_what_comes_later(self):
        """librdkafka keeps a commit until the group's coordinator is known, and begins to read nothing meanwhile."""
        customer = tide.order(0, 5, 7) | {"topic": f"{tide.PREFIX}.public.customers"}
        customer["value"] = customer["value"].replace('"table": "orders"', '"table": "customers"')
        link = self.start_broker([tide.order(0, 1, 7), customer])
        link.denied = customer["topic"].encode()
        link.no_group = True
        server = self.run_behind(link, "--views", self.views())
        self.await_state(server, "live")
        told = r"Group authorization failed: outside tools do not see the lag until .* Read on the group tidemark-[0-9a-f]{32};"
        self.assertRegex(server.log(), told)
        uptime = "uptime_seconds"  # the group is told every 5 s
        tide.wait_for("the time of a commit", lambda: server.get("/v1/status")[1][uptime] >= 7)
        link.denied = None
        tide.wait_for("the rows of a topic that was granted",
                      lambda: server.get("/v1/tables/customers")[1]["rows"] == [{"id": 5}], seconds=25)  # fmt: skip
        self.assertEqual(0, server.stop())

    def views(self):
        views = self.path / "views"
        views.mkdir()
        (views / "source.sql").write_text(tide.ORDERS + "create table customers(id bigint primary key);\n")
        return views

    def test_a_kafka_transaction_that_is_open_is_told(self):
        """A producer that died leaves one, for as long as its transaction.timeout.ms; one that hangs, for ever (KIP-664)."""
        link, server = self.start([tide.order(0, 1, 7), tide.order(1, 2, 7)])
        self.await_state(server, "live")
        link.open_at = 2
        self.await_state(server, "catching_up")
        reason = (f"waiting: the end of a Kafka transaction that is open in {tide.PREFIX}.public.orders partition 0 at offset 2 or "
                  "before: nothing behind it can be read until its producer or the broker ends it")  # fmt: skip
        tide.wait_for("the reason", lambda: server.get("/v1/status")[1]["reason"] == reason)
        tide.wait_for("the line of the log", lambda: f"catching_up: {reason}" in server.log())
        link.open_at = None
        self.await_state(server, "live")
        self.assertEqual(0, server.stop())

    def test_what_was_the_end_before_a_cut_is_none_after_it(self):
        link, server = self.start([tide.order(0, 1, 7)])
        self.await_state(server, "live")
        link.cut()
        self.await_state(server, "disconnected")
        link.hold()
        link.mend()
        told = set()

        def answers_nothing():
            told.add(server.get("/v1/lag")[1]["state"])
            return "no broker has answered a fetch" in (server.get("/v1/status")[1]["reason"] or "")

        tide.wait_for("that fetches are not answered", answers_nothing)
        self.assertNotIn("live", told)
        link.let_go()
        self.await_state(server, "live")
        self.assertEqual(0, server.stop())

    def orders_at(self, first, count):
        """As many orders of these ids, sent at other times than any other's."""
        return [tide.order(offset, first + offset, 7) | {"ts": 1700000000000 + first * 1000 + offset} for offset in range(count)]

    def test_a_log_that_was_made_anew_out_of_sight(self):
        """It has more messages than were read of the one before, so that no offset tells."""
        link, server = self.start(self.orders_at(100, 3))
        self.await_state(server, "live")
        link.cut()
        self.await_state(server, "disconnected")
        link.port = self.start_broker(self.orders_at(200, 6), "another").port
        link.mend()
        self.await_state(server, "halted")
        self.assertRegex(server.get("/v1/status")[1]["reason"], r"^theworldshop\.public\.orders partition 0: offset 2 is not the message any more "
                         r"that was read there: .*; read the topics into a new --db file$")  # fmt: skip
        self.assertEqual(3, server.stop())
        # rows of the other log may be there: a start behind them finds nothing strange, and the file says it
        server = self.run_behind(link)
        self.await_state(server, "live")
        orders = next(table for table in server.get("/v1/status")[1]["tables"] if table["name"] == "orders")
        self.assertFalse(orders["complete"])
        self.assertRegex(orders["incomplete"], "^theworldshop.public.orders partition 0: offset 2 is not the message any more")
        self.assertEqual(0, server.stop())

    def test_a_connection_that_is_lost_says_nothing_of_the_log(self):
        """The newest message is asked for by a client beside the live reading, and is the one that was read."""
        link, server = self.start(self.orders_at(100, 3))
        for _ in range(2):
            self.await_state(server, "live")
            link.cut()
            self.await_state(server, "disconnected")
            link.fetching = 0
            link.mend()
            tide.wait_for("the live reading, and a client beside it", lambda: link.fetching >= 2)
        self.await_state(server, "live")
        self.assertEqual(0, server.stop())

    def test_a_halted_process_keeps_no_client_beside_the_live_one(self):
        """Nobody would take what librdkafka tells of it twice a second: 2 MB a minute."""
        def clients():
            tasks = pathlib.Path(f"/proc/{server.process.pid}/task").glob("*/comm")
            return [task.read_text().strip() for task in tasks].count("rdk:main")

        link, server = self.start(self.orders_at(100, 3))
        self.await_state(server, "live")
        link.cut()
        self.await_state(server, "disconnected")
        link.fetching = 0
        link.hold()
        link.mend()
        tide.wait_for("the live reading, and a client beside it", lambda: link.fetching >= 2 and clients() == 2)
        (self.path / "run.db").unlink()
        self.await_state(server, "halted")
        tide.wait_for("the end of the client beside it", lambda: clients() == 1)
        link.let_go()
        self.assertEqual(3, server.stop())

    def test_a_process_that_stood_still_looks_at_the_log(self):
        """Its connection is the same, so that nothing else tells what became of the topic meanwhile."""
        link, server = self.start(self.orders_at(100, 3))
        self.await_state(server, "live")
        tide.wait_for("statistics", lambda: server.get("/v1/status")[1]["uptime_seconds"] >= 2)
        self.assertEqual(1, link.fetching)
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(STOOD_STILL_S)
        server.process.send_signal(signal.SIGCONT)
        tide.wait_for("a client beside the live reading", lambda: link.fetching == 2)
        self.await_state(server, "live")
        self.assertEqual(0, server.stop())

    def test_a_damaged_batch_halts(self):
        link, server = self.start([tide.order(0, 1, 7), tide.order(1, 4711, 7), tide.order(2, 3, 7)], damage=b'"id": 4711')
        self.await_state(server, "halted")
        reason = server.get("/v1/status")[1]["reason"]
        self.assertRegex(reason, r"^theworldshop\.public\.orders partition 0: the batch at offset \d cannot be read, and none behind "
                         r"it is: .*CRC")  # fmt: skip
        rows = server.get("/v1/tables/orders?select=id")[1].get("rows", [])
        self.assertNotIn({"id": 3}, rows)
        self.assertEqual(3, server.stop())
        # read again, unspoilt, nothing is missing
        link.damage = None
        server = tide.Server("run", "--brokers", f"127.0.0.1:{link.own}", "--prefix", tide.PREFIX, "--db", self.path / "run.db",
                             stderr=self.path / "again.log")  # fmt: skip
        self.addCleanup(server.__exit__)
        self.await_state(server, "live")
        self.assertEqual([{"id": 1}, {"id": 3}, {"id": 4711}], server.get("/v1/tables/orders?select=id")[1]["rows"])
        self.assertEqual(0, server.stop())


    def test_a_damaged_batch_ends_the_filling_of_a_new_column(self):
        """The live reading is past it and goes on; answers say what they lack until a start finds the log whole."""
        lines = []
        for n in range(40):  # more than a batch or two has room for
            line = tide.order(n, 4711 if n == 0 else n, 7)
            envelope = json.loads(line["value"])
            envelope["after"]["note"] = "n" * 100_000
            lines.append({**line, "value": json.dumps(envelope)})
        views = self.path / "views"
        views.mkdir()
        (views / "source.sql").write_text(tide.ORDERS)
        link, server = self.start(lines, "--views", views)
        tide.wait_for("all rows", lambda: server.get("/v1/lag")[1]["state"] == "live" and len(
            server.get("/v1/tables/orders?select=id&limit=100")[1]["rows"]) == 40)  # fmt: skip
        self.assertEqual(0, server.stop())
        (views / "source.sql").write_text(tide.ORDERS.replace(");", ", note text);"))
        link.damage = b'"id": 4711'
        server = self.run_behind(link, "--views", views)
        tide.wait_for("the end of the filling", lambda: "filling from the log stops" in server.log())
        self.assertRegex(server.log(), r"filling from the log stops until the next start: theworldshop\.public\.orders partition 0: the batch at "
                         r"offset \d+ cannot be read")  # fmt: skip
        self.await_state(server, "live")
        answer = server.get("/v1/tables/orders?id=1")[1]
        self.assertEqual(("orders.note", None), (answer["position"]["filling"], answer["rows"][0]["note"]))
        self.assertEqual(0, server.stop())
        link.damage = None
        server = self.run_behind(link, "--views", views)
        tide.wait_for("the filling", lambda: server.get("/v1/status")[1]["filling"] is None)
        self.assertEqual("n" * 100_000, server.get("/v1/tables/orders?id=1")[1]["rows"][0]["note"])
        self.assertEqual(0, server.stop())


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])
