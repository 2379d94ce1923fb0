#!/usr/bin/env python3
"""Power is cut: of what was written and not synced nothing is left, or a part of it in order, or any sectors of it.

A run of the program is recorded (power.c). From the record the files are made as a power cut at some point could have left them, and looked at:
sound (integrity_check); as they were after some commit, no older than what was synced, and, with --durable, no older than
what anybody was told; not older than what the consumer group was told, in either mode; and when the log is read again the
end is the truth, with no message id twice. A cut may come while a run after a cut is at work.

    power.py --shim build/release/tests/faults/libpower.so --tiny build/release/tests/faults/tidemark-tiny [--cuts N] [--seed N]
"""

import argparse
import contextlib
import hashlib
import multiprocessing
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import faults  # noqa: E402
import offset_commit  # noqa: E402
import tide  # noqa: E402

SECTOR = 512
DB = "shop.db"
RECORD = struct.Struct("@B3xiQQ")
OFFSET_COMMIT = b"\0\x08"
SEQUENCE = re.compile(rb'"seq":(\d+),"message_id":"([^"]+)"')
POSITION = re.compile(rb'"offsets":(\{[^}]*\})')
WAYS = ("whole", "ordered", "torn")
CUTS_A_RUN = 40  # at most, of one recording: commits fall otherwise each time
RUNS = ("new", "killed", "cut")  # what a recorded run finds


class Wrong(Exception):
    pass


def read_trace(path):
    bytes_ = path.read_bytes()
    events, at = [], 0
    while at + RECORD.size <= len(bytes_):
        kind, file, offset, size = RECORD.unpack_from(bytes_, at)
        at += RECORD.size
        events.append((chr(kind), file, offset, bytes_[at : at + size]))
        at += size
    return events


def write_to(content, offset, data):
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def change(content, event):
    if event[0] == "W":
        write_to(content, event[2], event[3])
    elif len(content) > event[2]:
        del content[event[2] :]
    else:
        content.extend(bytes(event[2] - len(content)))


class Disk:
    """The files of a folder: what is on the disk, and what was done since without a sync, in order."""

    def __init__(self, before):
        self.content = {-1 - i: bytearray(data) for i, data in enumerate(before.values())}
        self.names = {name: -1 - i for i, name in enumerate(before)}  # on the disk
        self.now = dict(self.names)
        self.folder = []  # of the names, not on the disk
        self.pending = {}
        self.number = {}  # what the recorder calls a file that was there

    def file(self, number):
        return self.number.get(number, number)

    def take(self, event):
        kind, number, offset, data = event
        if kind == "O":
            name = data.decode()
            if name in self.now:
                self.number[number] = self.now[name]
            else:
                self.content[number] = bytearray()
                self.number.pop(number, None)
                self.now[name] = number
                self.folder.append(("O", name, number))
        elif kind in "WT":
            if kind == "W" or offset != len(self.content[self.file(number)]) or self.pending.get(self.file(number)):
                self.pending.setdefault(self.file(number), []).append((kind, number, offset, data))
        elif kind == "S":
            for done in self.pending.pop(self.file(number), ()):
                change(self.content[self.file(number)], done)
        elif kind == "D":
            for done in self.folder:
                self.rename(self.names, done)
            self.folder = []
        elif kind == "U":
            self.now.pop(data.decode(), None)
            self.folder.append(("U", data.decode(), 0))
        elif kind == "R":
            old, new = data.decode().split("\0")
            self.folder.append(("R", old, new))
            self.rename(self.now, self.folder[-1])

    def go_on(self):
        """The same for another process, whose recorder counts the files anew."""
        disk = Disk({})
        order = {number: -1 - i for i, number in enumerate(self.content)}
        disk.content = {order[number]: bytearray(data) for number, data in self.content.items()}
        disk.pending = {order[number]: list(events) for number, events in self.pending.items()}
        disk.names = {name: order[number] for name, number in self.names.items()}
        disk.now = {name: order[number] for name, number in self.now.items()}
        disk.folder = [(kind, name, order[what] if kind == "O" else what) for kind, name, what in self.folder]
        return disk

    @staticmethod
    def rename(names, done):
        kind, name, what = done
        if kind == "O":
            names[name] = what
        elif kind == "U":
            names.pop(name, None)
        elif name in names:
            names[what] = names.pop(name)

    def left(self, way, rng):
        """The files as a cut leaves them; way "killed": all that was written."""
        names = dict(self.names)
        kept = {"whole": 0, "killed": len(self.folder)}.get(way, rng.randint(0, len(self.folder)))
        for done in self.folder[:kept]:
            self.rename(names, done)
        return {name: bytes(self.file_left(number, way, rng)) for name, number in names.items()}

    def file_left(self, number, way, rng):
        content = bytearray(self.content[number])
        pending = self.pending.get(number, [])
        if way == "ordered":
            pending = pending[: rng.randint(0, len(pending))]
        share = rng.choice((0.1, 0.5, 0.9)) if way == "torn" else 1
        for event in pending if way != "whole" else ():
            if way != "torn":
                change(content, event)
            elif event[0] == "T":
                if rng.random() < share:
                    change(content, event)
            else:
                self.write_torn(content, event, share, rng)
        return content

    @staticmethod
    def write_torn(content, event, share, rng):
        _, _, offset, data = event
        at = 0
        while at < len(data):
            size = min(SECTOR - (offset + at) % SECTOR, len(data) - at)
            if rng.random() < share:
                write_to(content, offset + at, data[at : at + size])
            at += size
        if rng.random() < 0.5 and len(content) < offset + len(data):
            content.extend(bytes(offset + len(data) - len(content)))  # it has the size, and not the bytes


# --- what was told


def group_offsets(request):
    try:
        group, told = offset_commit.read(request)
    except offset_commit.Unknown as unknown:
        raise Wrong(f"an OffsetCommit request that is not read: {unknown}") from unknown
    if not group.startswith("tidemark-"):
        raise Wrong(f"an OffsetCommit request of {group!r}")
    return told


def served_offsets(answer):
    found = {}
    for text in POSITION.findall(answer):
        for topic, offsets in faults.json.loads(text).items():
            for partition, offset in enumerate(offsets):
                if offset is not None:
                    found[topic, partition] = max(offset, found.get((topic, partition), 0))
    return found


def take_told(told, message):
    """Of an answer its position and mails, of a request to the group its offsets."""
    if message[4:6] == OFFSET_COMMIT:
        kind, found = "group", group_offsets(message)
    else:
        kind, found = "served", served_offsets(message)
        told["mails"].update((int(seq), id_.decode()) for seq, id_ in SEQUENCE.findall(message))
    for key, offset in found.items():
        told[kind][key] = max(offset, told[kind].get(key, 0))


# --- what is found


def write_files(folder, files):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)


def read_files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("-shm")}


def look(db, whole=True):
    """(version, offsets, mails, digest of all rows) of a file; version -1: it has nothing yet."""
    if not db.exists() or db.stat().st_size == 0 and not db.with_name(db.name + "-wal").exists():
        return -1, {}, [], None
    with contextlib.closing(sqlite3.connect(f"file:{db}?mode=rw", uri=True)) as connection:
        connection.execute("pragma wal_autocheckpoint = 0")
        try:
            if whole and connection.execute("pragma integrity_check").fetchone()[0] != "ok":
                raise Wrong("integrity_check is not ok")
            if connection.execute("select 1 from sqlite_schema where name = '_position'").fetchone() is None:
                return -1, {}, [], None
            version = connection.execute("select version from _position").fetchone()[0]
            offsets = {(t, p): o for t, p, o in connection.execute("select topic, partition, next_offset from _offsets")}
            mails = connection.execute("select seq, message_id from email_outbox").fetchall() if connection.execute(
                "select 1 from sqlite_schema where name = 'email_outbox'").fetchone() else []  # fmt: skip
        except sqlite3.DatabaseError as error:
            raise Wrong(f"it cannot be read: {error}") from error
    digest = None
    if whole:
        rows = faults.content(db)
        digest = hashlib.sha256(repr(sorted(rows.items())).encode()).hexdigest()
    return version, offsets, mails, digest


def ends_alike(db, truth, ids):
    found = list(tide.check_truth.differences(db, truth))
    if found:
        raise Wrong("; ".join(found[:4]))
    have = tide.check_truth.message_ids(db)
    if len(have) != len(set(have)):
        raise Wrong("a message id is there twice")
    if have != ids:
        raise Wrong(f"message ids differ: {sorted(set(have) ^ set(ids))[:8]}")


# --- runs that are recorded


class Scenario:
    """How a run is begun, and what it is like."""

    def __init__(self, name, program, durable, flags=(), before=None, serves=False):
        self.name, self.program, self.durable, self.flags = name, program, durable, list(flags)
        self.before, self.serves = before, serves  # flags of a run that made the file

    def play(self, folder, env=None, flags=None):
        more = ["--durable"] if self.durable else []
        command = [self.program, "replay", "--db", str(folder / DB), *(self.flags if flags is None else flags), *more,
                   str(faults.CAPTURE)]  # fmt: skip
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                              timeout=faults.RUN_SECONDS_MAX, env=env or tide.environment(), check=False)  # fmt: skip
        if done.returncode != 0:
            raise Wrong(f"replay: exit {done.returncode}: {done.stderr[-600:]}")

    def serve(self, folder, env):
        """A demo whose answers and commits to the group are part of the record, until the capture is applied."""
        os.environ["TIDEMARK_PROGRAM"] = self.program
        more = ["--durable"] if self.durable else []
        server = tide.Server("demo", "--db", folder / DB, "--capture", faults.CAPTURE, "--rate", "600", *more, stderr=folder.parent / "log",
                             env={k: v for k, v in env.items() if k.startswith(("LD_", "POWER_"))})  # fmt: skip
        with server:
            lines = tide.read_capture(faults.CAPTURE)
            last = max(line["offset"] for line in lines if line["topic"].endswith(".public.orders"))

            def is_applied():
                server.get("/v1/views/email/outbox?limit=1000")
                offsets = server.get("/v1/tables/orders?limit=1")[1].get("position", {}).get("offsets", {})
                return max(offsets.get(f"{tide.PREFIX}.public.orders", [0])) > last

            tide.wait_for("the capture's orders", is_applied)
            # once more told to the group, and once more moved into the file
            for _ in range(3):
                server.get("/v1/tables/orders?limit=1")
            if server.stop() != 0:
                raise Wrong(f"demo: {server.log()[-600:]}")

    def record(self, path, shim, disk):
        """Events of a run over what the disk would show."""
        folder, trace = path / "run", path / "trace"
        write_files(folder, disk.left("killed", random.Random(0)))
        trace.unlink(missing_ok=True)
        env = tide.environment(LD_PRELOAD=str(shim), POWER_FOLDER=str(folder), POWER_TRACE=str(trace))
        if self.serves:
            self.serve(folder, env)
        else:
            self.play(folder, env)
        events = read_trace(trace)
        for event in events:
            if event[0] != "M":
                disk.take(event)
        if disk.left("killed", random.Random(0)) != read_files(folder):
            raise Wrong("the record is not what was done to the files: the shim misses a call")
        return events

    def end(self, path):
        """Message ids at the end of a run that no power cut touches."""
        write_files(path / "end", self.files_before(path))
        self.play(path / "end")
        return tide.check_truth.message_ids(path / "end" / DB)

    def files_before(self, path):
        if self.before is None:
            return {}
        folder = path / "before"
        write_files(folder, {})
        self.play(folder, flags=self.before)
        return read_files(folder)


class Recording:
    """One run, and what can be known of each point of it."""

    def __init__(self, scenario, path, shim, disk, told, known):
        self.scenario, self.path, self.disk, self.told = scenario, path, disk, told
        self.events = scenario.record(path, shim, disk.go_on())
        self.known = known  # by version: the digests of its rows, more than one when its views were changed

    def at(self, point):
        disk, told = self.disk.go_on(), {kind: what.copy() for kind, what in self.told.items()}
        for event in self.events[:point]:
            if event[0] == "M":
                take_told(told, event[3])
            else:
                disk.take(event)
        return disk, told

    def learn(self):
        """What the file holds after each commit: the states that a cut may go back to."""
        disk = self.disk.go_on()
        folder = self.path / "known"
        for event in [*self.events, ("S", -1, 0, b"")]:
            if event[0] in "WS":
                # a commit may have ended with the write before
                write_files(folder, disk.left("killed", random.Random(0)))
                version, *_, digest = look(folder / DB, whole=self.scenario.before is not None)
                if version not in self.known:
                    digest = look(folder / DB)[3]
                self.known.setdefault(version, set()).add(digest)
            if event[0] != "M" and event[1] != -1:
                disk.take(event)

    def cut(self, point, way, seed, end, folder):
        """What a cut leaves is looked at, and brought to the end; raises Wrong."""
        rng = random.Random(f"{self.scenario.name} {point} {way} {seed}")
        disk, told = self.at(point)
        write_files(folder, disk.left("whole", rng))
        synced = look(folder / DB, whole=False)[0]
        self.left = disk.left(way, rng)
        write_files(folder, self.left)
        version, offsets, mails, digest = look(folder / DB)
        if version not in self.known:
            raise Wrong(f"version {version} was never committed")
        if digest not in self.known[version]:
            raise Wrong(f"version {version} has other rows than when it was committed")
        if version < synced:
            raise Wrong(f"version {version} is older than {synced}, which was synced")
        must = dict(told["group"])
        if self.scenario.durable:
            for key, offset in told["served"].items():
                must[key] = max(offset, must.get(key, 0))
            if not told["mails"] <= set(mails):
                raise Wrong(f"mails that were told of are gone: {sorted(told['mails'] - set(mails))[:5]}")
        for key, offset in must.items():
            if offsets.get(key, 0) < offset:
                raise Wrong(f"{key} stands at {offsets.get(key, 0)}, and {offset} was told")
        write_files(folder, self.left)
        self.scenario.play(folder)
        ends_alike(folder / DB, *end)


def scenarios(tiny):
    release = tide.program()
    small = ["--commit-messages", "3"]
    for durable in (False, True):
        kind = "durable" if durable else "normal"
        yield Scenario(f"replay {kind}", release, durable, small)
        yield Scenario(f"replay tiny {kind}", tiny, durable, small)
        yield Scenario(f"views {kind}", tiny, durable, small, before=[*small, "--only", "warehouse"])
        yield Scenario(f"demo {kind}", release, durable, serves=True)
        yield Scenario(f"demo tiny {kind}", tiny, durable, serves=True)


def interesting(events, rng):
    """A point of a run: anywhere, or right before or behind a sync or something told."""
    marks = [i for i, event in enumerate(events) if event[0] in "SDUM"]
    if marks and rng.random() < 0.5:
        return min(max(rng.choice(marks) + rng.randint(-1, 2), 0), len(events))
    return rng.randint(0, len(events))


def next_run(scenario, path, shim, kind, before, cut):
    """A recording of a run over nothing, over what a killed one left, or over what a power cut left."""
    disk, told, known = Disk({}), {"group": {}, "served": {}, "mails": set()}, {}
    if kind == "new":
        disk = Disk(scenario.files_before(path))
    elif kind == "killed":
        disk, told = before.at(cut)
        write_files(path / "cut", disk.left("killed", random.Random(0)))
        version = look(path / "cut" / DB, whole=False)[0]
        disk, known = disk.go_on(), {v: digests for v, digests in before.known.items() if v <= version}
    else:
        disk = Disk(before.left)
    recording = Recording(scenario, path, shim, disk, told, known)
    recording.learn()
    return recording


def one_scenario(job):
    scenario, cuts, seed, shim, truth = job
    wrong, done = [], 0
    with tide.Folder() as path:
        rng = random.Random(f"{seed} {scenario.name}")
        end = (truth, scenario.end(path))
        recording, kind = None, "new"
        of_one = min(max(cuts // len(RUNS), 2), CUTS_A_RUN)
        for number in range(cuts):
            try:
                if number % of_one == 0:
                    kind = RUNS[number // of_one % len(RUNS)]
                    where = rng.randint(0, len(recording.events)) if recording is not None else 0
                    recording = next_run(scenario, path, shim, kind, recording, where)
                point, way = interesting(recording.events, rng), rng.choice(WAYS)
                recording.cut(point, way, seed, end, path / "cut")
            except (Wrong, faults.Fault) as fault:
                wrong.append(f"{scenario.name}, {kind}, cut {number} at event {point} of {len(recording.events)}, {way}: {fault}")
            done += 1
    return scenario.name, done, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shim", required=True)
    parser.add_argument("--tiny", required=True)
    parser.add_argument("--cuts", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="scenarios that have this in their name")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, {arguments.cuts} cuts", flush=True)
    begun = time.monotonic()
    shim = os.path.abspath(arguments.shim)
    truth = tide.read_truth(faults.CAPTURE.stem)
    chosen = [s for s in scenarios(os.path.abspath(arguments.tiny)) if (arguments.only or "") in s.name]
    shares = [arguments.cuts // len(chosen) + (i < arguments.cuts % len(chosen)) for i in range(len(chosen))]
    jobs = [(s, share, arguments.seed, shim, truth) for s, share in zip(chosen, shares, strict=True)]
    failed = total = 0
    with multiprocessing.Pool(arguments.jobs) as pool:
        for name, done, wrong in pool.imap_unordered(one_scenario, jobs):
            print(f"{name}: {done} cuts, {len(wrong)} wrong", *wrong[:8], sep="\n  ", flush=True)
            failed += len(wrong)
            total += done
        pool.close()
        pool.join()
    print(f"{total} cuts, {failed} wrong, {time.monotonic() - begun:.0f} s")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
