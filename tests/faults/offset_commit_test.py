#!/usr/bin/env python3
"""offset_commit.py reads what librdkafka sends, and refuses what it cannot read."""

import struct
import unittest

import offset_commit

TOLD = {("shop.public.orders", 0): 7, ("shop.public.orders", 3): 1 << 40, ("shop.transaction", 0): 0}
GROUP = "tidemark-1"
# The demo's, as librdkafka 2.16.0 sent it, its topics but for the last left out.
SENT_2_16 = bytes.fromhex(
    "0000007200080009000000040008746964656d61726b002a746964656d61726b2d6234343666323931303335316435333534326161313462376339396132346533"
    "ffffffff0100" "0219746865776f726c6473686f702e7472616e73616374696f6e02000000000000000000000001ffffffff0100" "0000"
)  # fmt: skip


def text(value, flexible):
    bytes_ = value.encode()
    assert len(bytes_) < 127  # one byte of a varint
    return (bytes([len(bytes_) + 1]) if flexible else struct.pack(">h", len(bytes_))) + bytes_


def request(version):
    """As the protocol guide says, with a tagged field in each structure that may have some."""
    flexible = version >= 8
    tags = bytes([1, 5, 2, 0xAA, 0xBB]) if flexible else b""

    def count(number):
        return bytes([number + 1]) if flexible else struct.pack(">i", number)

    null = b"\0" if flexible else struct.pack(">h", -1)
    body = struct.pack(">hhi", 8, version, 77) + text("client", False) + tags + text(GROUP, flexible) + struct.pack(">i", -1)
    body += text("", flexible)
    body += null if version >= 7 else b""
    body += struct.pack(">q", -1) if version <= 4 else b""
    topics = sorted({topic for topic, _ in TOLD})
    body += count(len(topics))
    for topic in topics:
        partitions = [(p, offset) for (t, p), offset in sorted(TOLD.items()) if t == topic]
        body += text(topic, flexible) + count(len(partitions))
        for partition, offset in partitions:
            body += struct.pack(">iq", partition, offset)
            body += struct.pack(">i", -1) if version >= 6 else b""
            body += null + tags
        body += tags
    body += tags
    return struct.pack(">i", len(body)) + body


class OffsetCommit(unittest.TestCase):
    def test_each_version(self):
        for version in offset_commit.VERSIONS:
            self.assertEqual(offset_commit.read(request(version)), (GROUP, TOLD), version)

    def test_what_was_sent(self):
        self.assertEqual(
            offset_commit.read(SENT_2_16), ("tidemark-b446f2910351d53542aa14b7c99a24e3", {("theworldshop.transaction", 0): 1}))  # fmt: skip

    def test_what_is_behind_it_is_another_request(self):
        self.assertEqual(offset_commit.read(request(9) + request(7)), (GROUP, TOLD))

    def test_other_versions_are_named(self):
        for version in (1, 10):
            with self.assertRaisesRegex(offset_commit.Unknown, f"version {version}: 2 to 9"):
                offset_commit.read(request(version))

    def test_a_cut_request_is_refused(self):
        for version in (7, 9):
            whole = request(version)
            for size in range(4, len(whole)):
                with self.assertRaises(offset_commit.Unknown):
                    offset_commit.read(whole[:size])
                with self.assertRaises(offset_commit.Unknown):
                    offset_commit.read(struct.pack(">i", size - 4) + whole[4:size])


if __name__ == "__main__":
    unittest.main()
