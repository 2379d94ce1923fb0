"""Kafka's OffsetCommit request, as librdkafka sends it: what a consumer group is told.

Kafka's protocol guide, "OffsetCommit API (Key: 8)". From version 8 on it is flexible (KIP-482): lengths are unsigned varints of one
more, and tagged fields end each structure. librdkafka 2.0.2 sends version 7, 2.8 to 2.16 send 9; version 10 names topics by id.
"""

import struct

VERSIONS = range(2, 10)
FLEXIBLE = 8
HEADER = struct.Struct(">hhi")  # key, version, correlation id


class Unknown(Exception):
    """A request that this module does not read: by its version, or since its bytes do not fit."""


class _Bytes:
    def __init__(self, bytes_, at):
        self.bytes, self.at, self.flexible = bytes_, at, False

    def number(self, format_):
        found = struct.unpack_from(format_, self.bytes, self.at)[0]
        self.at += struct.calcsize(format_)
        return found

    def varint(self):
        found = shift = 0
        while True:
            byte = self.number(">B")
            found |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return found

    def take(self, size):
        if self.at + max(size, 0) > len(self.bytes):
            raise Unknown(f"{size} bytes at {self.at} of {len(self.bytes)}")
        found = self.bytes[self.at : self.at + max(size, 0)]
        self.at += len(found)
        return found

    def text(self):
        """Empty for null."""
        return self.take(self.varint() - 1 if self.flexible else self.number(">h")).decode()

    def count(self):
        return self.varint() - 1 if self.flexible else self.number(">i")

    def tags(self):
        if self.flexible:
            for _ in range(self.varint()):
                self.varint()
                self.take(self.varint())


def read(request):
    """(group, {(topic, partition): offset}) of a whole request, its size before it."""
    try:
        return _read(request)
    except (struct.error, UnicodeDecodeError) as error:
        raise Unknown(str(error)) from error


def _read(request):
    size = struct.unpack_from(">i", request)[0]
    bytes_ = _Bytes(request[: 4 + size], 4 + HEADER.size)
    _, version, _ = HEADER.unpack_from(request, 4)
    if version not in VERSIONS:
        raise Unknown(f"version {version}: {VERSIONS[0]} to {VERSIONS[-1]} are read")
    bytes_.text()  # the client id is no compact text in any version
    bytes_.flexible = version >= FLEXIBLE
    bytes_.tags()
    group = bytes_.text()
    bytes_.number(">i")  # generation
    bytes_.text()  # member
    if version >= 7:
        bytes_.text()  # instance
    if version <= 4:
        bytes_.number(">q")  # retention
    told = {}
    for _ in range(bytes_.count()):
        topic = bytes_.text()
        for _ in range(bytes_.count()):
            partition = bytes_.number(">i")
            told[topic, partition] = bytes_.number(">q")
            if version >= 6:
                bytes_.number(">i")  # leader epoch
            bytes_.text()  # metadata
            bytes_.tags()
        bytes_.tags()
    bytes_.tags()
    if bytes_.at != 4 + size:
        raise Unknown(f"version {version}: its {4 + size} bytes end at {bytes_.at}")
    return group, told
