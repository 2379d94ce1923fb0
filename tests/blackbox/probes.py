#!/usr/bin/env python3
"""What systemd's unit and Kubernetes' manifest say of the program is so: exit codes, probes and their answers in each state, the time
that stopping may take; and a kubelet that stops it while it is asked."""

import http.client
import itertools
import json
import re
import resource
import signal
import sys
import threading
import unittest
import urllib.request

import tide

PACKAGING = tide.TOP / "packaging"
# Refuses the second row, which has no customer.
REFUSING = {
    "source.sql": tide.ORDERS,
    "own/schema.sql": "create table own_customers(id integer not null, orders integer not null);\n",
    "own/apply.orders.sql": "insert into own_customers select customer_id, _weight from _delta_orders;\n",
    "own/query.count.sql": "-- tidemark: upto is integer\nwith recursive c(n) as (select 1 union all select n + 1 from c where n < :upto)\n"
    "select count(*) as n from c\n",
}
COUNTED = 500_000  # a part of a second: slow, and done within the time that stopping gives it
ENDED_SECONDS_MAX = 60


def setting(name):
    """Of the unit: the words behind NAME=."""
    return re.search(rf"^{name}=(.*)$", (PACKAGING / "tidemark.service").read_text(), re.M)[1].split()


def probe(name):
    """Of the manifest: the block of this name, as {key: number or text}."""
    text = (PACKAGING / "kubernetes.yaml").read_text()
    block = re.search(rf"^( +){name}:\n((?:\1 +.*\n)+)", text, re.M)[2]
    found = {key: int(value) for key, value in re.findall(r"(\w+Seconds|failureThreshold): (\d+)", block)}
    return {"path": re.search(r"path: (\S+?),", block)[1], **found}


def milliseconds(header, name):
    return int(re.search(rf"{name} = (\d+),", (tide.TOP / header).read_text())[1])


class Probes(tide.Case):
    def start(self, lines, command="demo", *more):
        views = self.path / "views"
        for name, text in REFUSING.items():
            (views / name).parent.mkdir(parents=True, exist_ok=True)
            (views / name).write_text(text)
        if command == "demo":
            more = ("--capture", tide.write_capture(self.path / "own.jsonl", lines), *more)
        server = tide.Server(command, "--db", self.path / "own.db", "--views", views, *more, stderr=self.path / "log")
        self.addCleanup(server.__exit__)
        return server

    def answers(self, server):
        """What the manifest's probes get: (liveness, readiness)."""
        return tuple(server.get(probe(name)["path"])[0] for name in ("livenessProbe", "readinessProbe"))

    def await_state(self, server, state):
        tide.wait_for(state, lambda: server.get("/v1/lag")[1]["state"] == state)

    def test_the_time_to_stop(self):
        # answers under way, those that were interrupted, what is being committed and told to the group, with as much again
        bound = 2 * milliseconds("http/server.h", "SERVER_STOP_WAIT_MS") + milliseconds("consumer/broker/kafka.h", "KAFKA_CLOSE_WAIT_MS")
        self.assertGreaterEqual(int(setting("TimeoutStopSec")[0]) * 1000, 2 * bound)
        text = (PACKAGING / "kubernetes.yaml").read_text()
        grace = int(re.search(r"terminationGracePeriodSeconds: (\d+)", text)[1])
        before = int(re.search(r"preStop: {sleep: {seconds: (\d+)}}", text)[1])
        self.assertGreaterEqual((grace - before) * 1000, 2 * bound)

    def test_the_unit(self):
        self.assertEqual(["exec"], setting("Type"))  # nobody tells systemd that it is ready
        self.assertEqual(["/bin/kill", "-HUP", "$MAINPID"], setting("ExecReload"))
        self.assertEqual(["on-failure"], setting("Restart"))
        self.assertEqual(["2", "3"], setting("RestartPreventExitStatus"))
        done = tide.run(*setting("ExecStart")[1:2], "--no-such-flag")
        self.assertEqual(2, done.returncode, done.stderr)

    def test_the_probes_while_it_starts_and_reads_on(self):
        port = tide.free_port()
        server = self.start([], "run", "--brokers", f"127.0.0.1:{port}", "--prefix", tide.PREFIX)
        self.assertEqual((200, 503), self.answers(server))
        self.await_state(server, "disconnected")
        self.assertEqual((200, 503), self.answers(server))
        self.assertEqual(200, server.get(probe("startupProbe")["path"])[0])
        self.assertEqual(0, server.stop())
        broker = self.start([tide.order(0, 1, 7)])
        self.await_state(broker, "live")
        self.assertEqual((200, 200), self.answers(broker))
        self.assertEqual(0, broker.stop())

    def test_the_probes_while_the_disk_fails(self):
        server = self.start([tide.order(n, n, 7) for n in range(200)], "demo", "--rate", "50")
        tide.wait_for("ready", lambda: server.get("/readyz")[0] == 200)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        self.await_state(server, "degraded")
        self.assertEqual((200, 200), self.answers(server))
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.await_state(server, "live")
        self.assertEqual(0, server.stop())

    def test_the_probes_when_it_is_halted(self):
        server = self.start([tide.order(0, 1, 7), tide.order(1, 2, None)])
        self.await_state(server, "halted")
        self.assertEqual((200, 503), self.answers(server))
        self.assertIn("halted", json.dumps(server.get("/readyz")[1]))
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(3, server.process.wait(ENDED_SECONDS_MAX))

    def test_a_kubelet_stops_it(self):
        """What is under way when SIGTERM comes is answered, whole or by a problem; the probe is told 503 or refused, and 200 never again."""
        server = self.start([tide.order(0, 1, 7)])
        self.await_state(server, "live")
        host = server.address.removeprefix("http://")
        told, asked, counted = [], threading.Event(), []

        def poll():
            # one connection, as who balances has it, and a new one where that has ended
            connection = http.client.HTTPConnection(host, timeout=ENDED_SECONDS_MAX)
            while server.process.poll() is None:
                try:
                    connection.request("GET", "/readyz")
                    with connection.getresponse() as answer:
                        answer.read()
                        told.append(answer.status)
                except (OSError, http.client.HTTPException):
                    told.append(None)
                    connection.close()
                asked.set()

        def count():
            counted.append(server.get(f"/v1/views/own/count?upto={COUNTED}"))

        threads = [threading.Thread(target=poll), threading.Thread(target=count)]
        for thread in threads:
            thread.start()
        asked.wait(ENDED_SECONDS_MAX)
        tide.wait_for("the query", lambda: re.search(r"tidemark_http_slow_total [1-9]", self.metrics(server)) or counted)
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, server.process.wait(ENDED_SECONDS_MAX))
        for thread in threads:
            thread.join(ENDED_SECONDS_MAX)
        (status, document), *_ = counted
        if status == 503:  # a busy machine: it had its time, and is told so
            self.assertIn("interrupted", document["detail"])
        else:
            self.assertEqual((200, [{"n": COUNTED}]), (status, document.get("rows")), document)
        self.assertEqual(200, told[0])
        self.assertLessEqual(set(itertools.dropwhile(lambda answer: answer == 200, told)), {503, None})
        self.assertRegex(server.log().splitlines()[-1], r" info  stopped by SIGTERM: ")

    def metrics(self, server):
        with urllib.request.urlopen(server.address + "/metrics", timeout=ENDED_SECONDS_MAX) as answer:
            return answer.read().decode()


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])
