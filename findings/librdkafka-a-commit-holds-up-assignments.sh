#!/bin/sh
# librdkafka 2.16.0: while the group's coordinator cannot be reached, one asynchronous commit of offsets keeps every partition that
# is assigned after it from being read, for most of a minute, though that partition's own leader is there.
#
# incremental_assign() returns at once, and is carried out once no commit is waiting; a commit that has nowhere to go waits long for
# the coordinator. A consumer without group membership, which assigns by itself and commits only so that tools see its lag, so takes
# up no new partitions while that one broker is away. Partitions that it has already go on, so that nothing looks wrong. (2.0.2, behind
# a cluster that had come back at other addresses: 38 s.)
#
# Here on librdkafka's own mock cluster of two brokers: one leads both partitions, the other is the coordinator, and goes.
#
# Seen (2026-11-30; 0.0 and 45 s):
#   confluent-kafka 2.16.1, librdkafka 2.16.0
#   no commit waits, the partition that is assigned then: read within 5 s
#   an asynchronous commit waits for the coordinator, the partition that is assigned then: takes longer than 10 s
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check confluent-kafka==2.16.1
cat >look.py <<'PY'
import ctypes
import glob
import os
import time

import confluent_kafka
from confluent_kafka import Consumer, Producer, TopicPartition

LEADER, COORDINATOR = 1, 2
QUICK_S, SLOW_S, BOUND_S = 5, 10, 100

# The consumers are Python's; the mock cluster is steered through the same library's C interface.
library = ctypes.CDLL(glob.glob(os.path.join(os.path.dirname(confluent_kafka.__file__), "..", "confluent_kafka.libs", "librdkafka-*.so*"))[0])
for name, result, arguments in (
    ("rd_kafka_conf_new", ctypes.c_void_p, []),
    ("rd_kafka_conf_set", ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t]),
    ("rd_kafka_new", ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]),
    ("rd_kafka_mock_cluster_new", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int]),
    ("rd_kafka_mock_cluster_bootstraps", ctypes.c_char_p, [ctypes.c_void_p]),
    ("rd_kafka_mock_topic_create", ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]),
    ("rd_kafka_mock_partition_set_leader", ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_int32]),
    ("rd_kafka_mock_coordinator_set", ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int32]),
    ("rd_kafka_mock_broker_set_down", ctypes.c_int, [ctypes.c_void_p, ctypes.c_int32]),
    ("rd_kafka_mock_broker_set_up", ctypes.c_int, [ctypes.c_void_p, ctypes.c_int32]),
):  # fmt: skip
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
conf = library.rd_kafka_conf_new()
library.rd_kafka_conf_set(conf, b"bootstrap.servers", b"127.0.0.1:1", None, 0)
library.rd_kafka_conf_set(conf, b"log_level", b"0", None, 0)
host = library.rd_kafka_new(0, conf, None, 0)
cluster = library.rd_kafka_mock_cluster_new(host, 2)
address = library.rd_kafka_mock_cluster_bootstraps(cluster).decode()
library.rd_kafka_mock_topic_create(cluster, b"t", 2, 1)
for partition in (0, 1):
    library.rd_kafka_mock_partition_set_leader(cluster, b"t", partition, LEADER)
library.rd_kafka_mock_coordinator_set(cluster, b"group", b"g", COORDINATOR)

producer = Producer({"bootstrap.servers": address, "log_level": 0})
for partition in (0, 1):
    producer.produce("t", value=b"x", partition=partition)
producer.flush(30)


def first_message(consumer, partition):
    """Seconds until the partition's message is read."""
    begun = time.monotonic()
    while time.monotonic() - begun < BOUND_S:
        message = consumer.poll(0.1)
        if message is not None and message.error() is None and message.partition() == partition:
            break
    return time.monotonic() - begun


def read_new_partition(commits):
    consumer = Consumer({"bootstrap.servers": address, "group.id": "g", "enable.auto.commit": False, "log_level": 0})
    consumer.incremental_assign([TopicPartition("t", 0, 0)])
    first_message(consumer, 0)
    consumer.commit(offsets=[TopicPartition("t", 0, 1)], asynchronous=False)
    library.rd_kafka_mock_broker_set_down(cluster, COORDINATOR)
    time.sleep(2)
    if commits:
        consumer.commit(offsets=[TopicPartition("t", 0, 1)], asynchronous=True)
    consumer.incremental_assign([TopicPartition("t", 1, 0)])
    took = first_message(consumer, 1)
    library.rd_kafka_mock_broker_set_up(cluster, COORDINATOR)
    return took


print(f"confluent-kafka {confluent_kafka.__version__}, librdkafka {confluent_kafka.libversion()[0]}", flush=True)
for what, commits in (("no commit waits", False), ("an asynchronous commit waits for the coordinator", True)):
    took = read_new_partition(commits)
    said = f"read within {QUICK_S} s" if took < QUICK_S else f"takes longer than {SLOW_S} s" if took > SLOW_S else "neither"
    print(f"{what}, the partition that is assigned then: {said}", flush=True)
os._exit(0)
PY
venv/bin/python look.py >seen
cat seen
cat >expected <<'END'
confluent-kafka 2.16.1, librdkafka 2.16.0
no commit waits, the partition that is assigned then: read within 5 s
an asynchronous commit waits for the coordinator, the partition that is assigned then: takes longer than 10 s
END
diff expected seen
