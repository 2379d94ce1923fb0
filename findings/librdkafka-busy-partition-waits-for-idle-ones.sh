#!/bin/sh
# librdkafka 2.6.0: a partition whose queue is full is left out of the next fetch, and when the other partitions have nothing
# that fetch is held for fetch.wait.max.ms. What was full waits for its end, however soon it has room.
#
# So one busy partition is read more slowly by orders of magnitude when idle ones are assigned to the same consumer: about one
# full queue (queued.max.messages.kbytes, at least what one fetch brings) in each fetch.wait.max.ms. Alone it is fetched again as
# soon as there is room (with a small fetch.queue.backoff.ms), since then there is no fetch that could be held. A queue with
# room for one fetch more than is being read keeps the partition in each fetch.
#
# Here 3,000 messages of 1 KB in batches of 64, queues of 16 KB, a wait of 1 s, on librdkafka's own mock cluster; the reader
# takes 16 at a time and works 1 ms on them: 0.4, 8 to 17 and 0.3 s. The last line has queues of 4 MB.
#
# Seen (2026-11-29):
#   confluent-kafka 2.6.0, librdkafka 2.6.0
#   busy alone, read within 2 s
#   busy and an idle one, takes longer than 4 s
#   busy and an idle one, room in the queue, read within 2 s
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check confluent-kafka==2.6.0
cat >look.py <<'PY'
import time

import confluent_kafka
from confluent_kafka import Consumer, Producer, TopicPartition

MESSAGES = 3000
QUICK_S, SLOW_S, BOUND_S = 2, 4, 120
WORK_S = 0.001  # on each 16 messages

producer = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "mock", "batch.num.messages": 64, "log_level": 0})
broker = next(iter(producer.list_topics(timeout=10).brokers.values()))
address = f"{broker.host}:{broker.port}"
for number in range(MESSAGES):
    producer.produce("busy", value=b"x" * 1024, partition=0)
producer.produce("idle", value=b"x", partition=0)
producer.flush(30)


def read(topics, queue_kb):
    """Seconds until the last message of the busy topic was read."""
    consumer = Consumer(
        {
            "bootstrap.servers": address,
            "group.id": "g",
            "queued.max.messages.kbytes": queue_kb,
            "fetch.message.max.bytes": 65536,
            "fetch.wait.max.ms": 1000,
            "fetch.queue.backoff.ms": 0,
            "enable.auto.commit": False,
            "log_level": 0,
        }
    )
    begun = time.monotonic()
    consumer.assign([TopicPartition(topic, 0, 0) for topic in topics])
    seen = 0
    while seen < MESSAGES and time.monotonic() - begun < BOUND_S:
        seen += sum(m.error() is None and m.topic() == "busy" for m in consumer.consume(16, 0.02))
        time.sleep(WORK_S)
    took = time.monotonic() - begun
    consumer.close()
    return took if seen >= MESSAGES else BOUND_S


print(f"confluent-kafka {confluent_kafka.version()[0]}, librdkafka {confluent_kafka.libversion()[0]}")
for what, topics, queue_kb in (
    ("busy alone", ("busy",), 16),
    ("busy and an idle one", ("busy", "idle"), 16),
    ("busy and an idle one, room in the queue", ("busy", "idle"), 4096),
):
    took = read(topics, queue_kb)
    said = f"read within {QUICK_S} s" if took < QUICK_S else f"takes longer than {SLOW_S} s" if took > SLOW_S else "neither"
    print(f"{what}, {said}")
PY
venv/bin/python look.py >seen
cat seen
cat >expected <<'END'
confluent-kafka 2.6.0, librdkafka 2.6.0
busy alone, read within 2 s
busy and an idle one, takes longer than 4 s
busy and an idle one, room in the queue, read within 2 s
END
diff expected seen
