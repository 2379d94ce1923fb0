"""librdkafka's producers, and what a group has committed, through ctypes: the same library as the program's."""

import ctypes
import json

WAIT_MS = 60000
COPY = 2  # RD_KAFKA_MSG_F_COPY


class Message(ctypes.Structure):
    _fields_ = [("error", ctypes.c_int)]


DELIVERED = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(Message), ctypes.c_void_p)


class Client:
    library = ctypes.CDLL("librdkafka.so.1")
    for name, result in (
        ("conf_new", ctypes.c_void_p), ("new", ctypes.c_void_p), ("topic_new", ctypes.c_void_p),
        ("init_transactions", ctypes.c_void_p), ("begin_transaction", ctypes.c_void_p),
        ("commit_transaction", ctypes.c_void_p), ("abort_transaction", ctypes.c_void_p),
        ("error_string", ctypes.c_char_p), ("err2str", ctypes.c_char_p), ("topic_partition_list_new", ctypes.c_void_p),
        ("topic_partition_list_add", ctypes.c_void_p), ("last_error", ctypes.c_int),
    ):  # fmt: skip
        getattr(library, f"rd_kafka_{name}").restype = result

    def __init__(self, kind, brokers, **properties):
        conf = self.call("conf_new")
        text = ctypes.create_string_buffer(512)
        for name, value in {"bootstrap_servers": brokers, **properties}.items():
            if self.call("conf_set", conf, name.replace("_", ".").encode(), value.encode(), text, len(text)):
                raise AssertionError(text.value.decode())
        self.call("conf_set_log_cb", conf, None)
        self.set_up(conf)
        self.client = self.call("new", kind, conf, text, len(text))
        assert self.client, text.value.decode()

    def set_up(self, conf):
        pass

    def call(self, name, *arguments):
        passed = [ctypes.c_void_p(a) if isinstance(a, int) and a > 2**31 else a for a in arguments]
        return getattr(self.library, f"rd_kafka_{name}")(*passed)

    def check(self, error):
        if error:
            raise AssertionError(self.call("error_string", error).decode())

    def close(self):
        self.call("destroy", self.client)


class Producer(Client):
    """`send` returns when the brokers have it all; what they refuse raises."""

    def __init__(self, brokers, **properties):
        self.topics = {}
        self.failed = []
        super().__init__(0, brokers, **{"linger_ms": "5", **properties})

    def set_up(self, conf):
        self.delivered = DELIVERED(lambda _, message, __: message[0].error and self.failed.append(message[0].error))
        self.call("conf_set_dr_msg_cb", conf, self.delivered)

    def put(self, topic, partition, key, value):
        """Not awaited. `key`, `value`: documents, or bytes, or None."""
        if topic not in self.topics:
            self.topics[topic] = self.call("topic_new", self.client, topic.encode(), None)
        key, value = (thing if thing is None or isinstance(thing, bytes) else json.dumps(thing).encode() for thing in (key, value))
        while self.call("produce", self.topics[topic], ctypes.c_int32(partition), COPY, value, ctypes.c_size_t(len(value or b"")),
                        key, ctypes.c_size_t(len(key or b"")), None):  # fmt: skip
            assert self.call("last_error") == -184, f"produce: error {self.call('last_error')}"  # the queue is full
            self.call("poll", self.client, 100)

    def flush(self):
        assert self.call("flush", self.client, WAIT_MS) == 0, "not all was delivered"
        assert not self.failed, self.call("err2str", self.failed[0]).decode()

    def send(self, topic, messages):
        """[(partition, key, value)]"""
        for partition, key, value in messages:
            self.put(topic, partition, key, value)
        self.flush()


class TransactionalProducer(Producer):
    def __init__(self, brokers, name, **properties):
        super().__init__(brokers, transactional_id=name, **properties)
        self.check(self.call("init_transactions", self.client, WAIT_MS))

    def begin(self):
        self.check(self.call("begin_transaction", self.client))

    def end(self, commit):
        self.check(self.call("commit_transaction" if commit else "abort_transaction", self.client, WAIT_MS))
        if not commit:
            self.failed.clear()

    def send(self, topic, messages, commit=True):
        """One Kafka transaction: [(partition, key, value)], committed or aborted."""
        self.begin()
        super().send(topic, messages)
        self.end(commit)


class PartitionOffset(ctypes.Structure):
    _fields_ = [("topic", ctypes.c_char_p), ("partition", ctypes.c_int32), ("offset", ctypes.c_int64)]


def committed(brokers, group, topic, partition):
    client = Client(1, brokers, group_id=group)
    places = client.call("topic_partition_list_new", 1)
    place = client.call("topic_partition_list_add", places, topic.encode(), ctypes.c_int32(partition))
    assert client.call("committed", client.client, places, WAIT_MS) == 0
    offset = PartitionOffset.from_address(place).offset
    client.close()
    return offset
