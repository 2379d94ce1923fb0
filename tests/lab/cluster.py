"""A Kafka cluster of its own on loopback, for tests that break it: a controller and brokers as processes with small heaps, which
end with the test. Each broker has three listeners: DIRECT for the test and the brokers among themselves, LINK whose address is
that of a link (link.py) before it, and SASL with the users of USERS, whom only ACLs allow anything.

Needs LAB_JARS and LAB_KAFKA, as lab/settings.sh has them, and the jars that lab/setup.sh brings.
"""

import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess

import link
import tide

USERS = {"reader": "reads", "writer": "writes"}
CLUSTER_ID = "TidemarkFaults000000AA"
START_SECONDS_MAX = 120
TOOL_SECONDS_MAX = 120
KILLED_WITH_ITS_PARENT = 1  # PR_SET_PDEATHSIG


def die_with_parent():
    ctypes.CDLL(None).prctl(KILLED_WITH_ITS_PARENT, signal.SIGKILL)


def java(heap, *command):
    jars = f"{os.environ['LAB_JARS']}/kafka-{os.environ['LAB_KAFKA']}/*"
    config = pathlib.Path(__file__).resolve().parent.parent.parent / "lab" / "config" / "log4j2.properties"
    return ["java", f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            f"-Dlog4j2.configurationFile={config}", "-cp", jars, *command]  # fmt: skip


def free_ports(count):
    """Below those that the system hands to outgoing connections: a broker that is started again finds its own free."""
    found = []
    for port in range(21000 + os.getpid() % 5000, 32000):
        try:
            socket.create_server(("127.0.0.1", port)).close()
            found.append(port)
        except OSError:
            continue
        if len(found) == count:
            return found
    raise AssertionError("no free ports")


class Node:
    """A process of the cluster; `kill`, `stop` and `start` again as often as one likes."""

    def __init__(self, path, properties):
        self.path = path
        self.config = path.with_suffix(".properties")
        self.config.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
        self.process = None
        text = subprocess.run(java("128m", "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(self.config)),
                              capture_output=True, text=True, timeout=TOOL_SECONDS_MAX, check=False)  # fmt: skip
        assert text.returncode == 0, text.stdout + text.stderr

    def start(self):
        with open(self.path.with_suffix(".log"), "ab") as log:
            self.process = subprocess.Popen(java("256m", "kafka.Kafka", str(self.config)), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, preexec_fn=die_with_parent)  # fmt: skip

    def kill(self):
        self.end(signal.SIGKILL)

    def stop(self):
        self.end(signal.SIGTERM)

    def end(self, how):
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(START_SECONDS_MAX)
        self.process = None

    def pause(self):
        """It holds its connections and answers nothing, as in a long collection of garbage."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)


class Cluster:
    def __init__(self, path, brokers):
        self.path = path
        controller, *ports = free_ports(1 + 3 * brokers)
        common = {
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,DIRECT:PLAINTEXT,LINK:PLAINTEXT,SASL:SASL_PLAINTEXT",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
            "default.replication.factor": brokers,
        }
        self.controller = Node(path / "controller", {
            "process.roles": "controller", "node.id": 1, "log.dirs": path / "controller",
            "listeners": f"CONTROLLER://127.0.0.1:{controller}", **common})  # fmt: skip
        self.links, self.brokers, self.direct, self.sasl = [], [], [], []
        for i in range(brokers):
            direct, linked, sasl = ports[3 * i : 3 * i + 3]
            self.links.append(link.Link(linked))
            listeners = f"DIRECT://127.0.0.1:{direct},SASL://127.0.0.1:{sasl},LINK://127.0.0.1:"
            users = "".join(f' user_{name}="{password}"' for name, password in USERS.items())
            self.brokers.append(Node(path / f"broker{i}", {
                "process.roles": "broker", "node.id": 2 + i, "log.dirs": path / f"broker{i}",
                "listeners": f"{listeners}{linked}",
                "advertised.listeners": f"{listeners}{self.links[i].own}",
                "inter.broker.listener.name": "DIRECT",
                "listener.name.sasl.sasl.enabled.mechanisms": "PLAIN",
                "listener.name.sasl.plain.sasl.jaas.config":
                    f"org.apache.kafka.common.security.plain.PlainLoginModule required{users};",
                "auto.create.topics.enable": "false",
                "min.insync.replicas": 1,
                "offsets.topic.num.partitions": 2, "offsets.topic.replication.factor": brokers,
                "transaction.state.log.num.partitions": 2, "transaction.state.log.replication.factor": brokers,
                "transaction.state.log.min.isr": 1,
                "group.initial.rebalance.delay.ms": 0,
                "num.network.threads": 2, "num.io.threads": 2, "num.recovery.threads.per.data.dir": 1,
                "broker.session.timeout.ms": 3000, "broker.heartbeat.interval.ms": 500,
                "replica.lag.time.max.ms": 3000, "replica.socket.timeout.ms": 3000,
                "message.max.bytes": 200_000_000, "replica.fetch.response.max.bytes": 200_000_000,
                "socket.request.max.bytes": 210_000_000,
                "log.retention.ms": -1, "log.cleaner.enable": "false", **common}))  # fmt: skip
            self.direct.append(direct)
            self.sasl.append(sasl)
        for node in self.nodes():
            node.start()
        self.await_up()

    def nodes(self):
        return [self.controller, *self.brokers]

    def bootstrap(self, ports=None):
        return ",".join(f"127.0.0.1:{port}" for port in ports or self.direct)

    def linked(self):
        return self.bootstrap([one.own for one in self.links])

    def await_up(self):
        """All brokers are known to each other, and each partition's replicas are in sync."""

        def is_up():
            known = self.metadata()
            return len(known["brokers"]) == len(self.brokers) and all(
                len(place["isrs"]) == len(place["replicas"]) for topic in known["topics"] for place in topic["partitions"])  # fmt: skip

        tide.wait_for("the brokers", is_up, START_SECONDS_MAX)

    def metadata(self):
        done = subprocess.run(["kcat", "-b", self.bootstrap(), "-L", "-J", "-m", "5"], capture_output=True, text=True, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else {"brokers": [], "topics": []}

    def leader(self, topic, partition):
        """The broker's index, None without one."""
        for found in self.metadata()["topics"]:
            for place in found["partitions"] if found["topic"] == topic else ():
                if place["partition"] == partition and place["leader"] >= 0:
                    return place["leader"] - 2
        return None

    def tool(self, name, *options):
        done = subprocess.run(java("128m", f"org.apache.kafka.tools.{name}", "--bootstrap-server", self.bootstrap(), *options),
                              capture_output=True, text=True, timeout=TOOL_SECONDS_MAX, check=False)  # fmt: skip
        assert done.returncode == 0, f"{name} {options}: {done.stdout[-800:]} {done.stderr[-800:]}"
        return done.stdout

    def create(self, topic, partitions, replicas=None, **settings):
        """`replicas`: 0-based brokers of each partition, the first of them leads."""
        where = ["--partitions", str(partitions)]
        if replicas is not None:
            where = ["--replica-assignment", ",".join(":".join(str(2 + i) for i in of) for of in replicas)]
        more = [w for name, value in settings.items() for w in ("--config", f"{name.replace('_', '.')}={value}")]
        self.tool("TopicCommand", "--create", "--topic", topic, *where, *more)

    def acl(self, change, user, topic, operation):
        """`change`: --add or --remove."""
        force = ["--force"] if change == "--remove" else []
        self.tool("AclCommand", change, "--allow-principal", f"User:{user}", "--operation", operation, "--topic", topic, *force)

    def close(self):
        for node in self.nodes():
            if node.process is not None:
                node.kill()
        for one in self.links:
            one.close()
        shutil.rmtree(self.path, ignore_errors=True)
