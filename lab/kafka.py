"""Kafka by way of kcat: topics, ends, reading and publishing. As a program it makes a topic."""

import json
import os
import subprocess
import sys


def command(*options):
    return ["kcat", "-b", f"127.0.0.1:{os.environ['LAB_KAFKA_PORT']}", *options]


def topics():
    """{topic: number of partitions}; raises CalledProcessError when no broker answers."""
    done = subprocess.run(command("-L", "-J", "-m", "5"), capture_output=True, text=True, check=True)
    return {topic["topic"]: len(topic["partitions"]) for topic in json.loads(done.stdout)["topics"]}


def end_sum(names):
    """How many messages the topics hold in all: sum of their end offsets."""
    known = topics()
    wanted = [f"{name}:{part}:-1" for name in names if name in known for part in range(known[name])]
    if not wanted:
        return 0
    done = subprocess.run(
        command("-Q", *[w for place in wanted for w in ("-t", place)]),
        capture_output=True,
        text=True,
        check=True,
    )
    return sum(int(line.split()[-1]) for line in done.stdout.splitlines() if line.strip())


def read(topic):
    """Every message of a topic, as kcat's JSON has it: topic, partition, offset, ts, key, payload."""
    done = subprocess.run(
        command("-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J"),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def publish(topic, key, value):
    """Returns when the broker has it."""
    subprocess.run(
        command("-P", "-t", topic, "-k", key, "-X", "linger.ms=0"),
        input=value,
        capture_output=True,
        text=True,
        check=True,
    )


def jars():
    """The folder of Kafka's."""
    return f"{os.environ['LAB_JARS']}/kafka-{os.environ['LAB_KAFKA']}"


def topic_tool(*options):
    """Kafka's own command for topics: they are made and deleted by name, never by accident."""
    command_line = [
        "java",
        "-XX:TieredStopAtLevel=1",
        "-Xmx128m",
        "-cp",
        f"{jars()}/*",
        "org.apache.kafka.tools.TopicCommand",
        "--bootstrap-server",
        f"127.0.0.1:{os.environ['LAB_KAFKA_PORT']}",
        *options,
    ]
    done = subprocess.run(command_line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(
            f"kafka's TopicCommand {' '.join(options)}: {done.stdout.strip()[:500]} {done.stderr.strip()[:500]}"
        )


def create(topic, partitions):
    topic_tool("--create", "--if-not-exists", "--topic", topic, "--partitions", str(partitions))


def delete(pattern):
    """Deletes the topics whose whole name matches the regular expression."""
    topic_tool("--delete", "--if-exists", "--topic", pattern)


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] != "create":
        sys.exit("kafka.py create TOPIC PARTITIONS")
    create(sys.argv[2], int(sys.argv[3]))
