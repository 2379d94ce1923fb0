#!/usr/bin/env python3
"""watch.py SECONDS FILE...: looks into tidemark's files while they change.

Each look is one read transaction. It counts looks in which the shop's stock does not add up (half of a
transaction was to be seen), and pairs of files that were seen at the same position of the log with
different rows. Exit 1 when there was either.
"""

import os
import signal
import sqlite3
import sys
import threading

import compare
from shop import RESERVED_RULE

LOOK_EVERY_S = 0.2


class Watcher(threading.Thread):
    def __init__(self, paths):
        super().__init__(daemon=True)
        self.paths = paths
        self.done = threading.Event()
        self.looks = self.per_key = self.torn = self.agreed = 0
        self.differing = []
        self.digests = {}  # position: {path: digest}

    def look(self, path):
        if not os.path.exists(path):
            return
        mirror = compare.open_mirror(path)
        try:
            mirror.execute("begin")
            lsn, _, transactional = compare.position(mirror)
            if lsn is None or not transactional:
                self.per_key += 1  # in a snapshot, or rows whose transaction's END did not come: it says so
                return
            self.looks += 1
            self.torn += mirror.execute(RESERVED_RULE).fetchone()[0] != 0
            known = self.digests.setdefault(lsn, {})
            if path not in known:
                known[path] = compare.digest(mirror)
                if len(known) > 1:
                    self.agreed += 1
                    if len(set(known.values())) > 1:
                        self.differing.append((lsn, dict(known)))
        except sqlite3.Error as error:
            print(f"watch: {path}: {error}", file=sys.stderr)
        finally:
            mirror.close()

    def run(self):
        while not self.done.is_set():
            for path in self.paths:
                self.look(path)
            self.done.wait(LOOK_EVERY_S)

    def stop(self):
        self.done.set()
        self.join()

    def report(self):
        lines = [
            f"{self.looks} looks, {self.torn} of them at half a transaction; {self.per_key} more that promised no more "
            "than per-key"
        ]
        if len(self.paths) > 1:
            lines.append(
                f"{self.agreed} times two files were seen at one position, {len(self.differing)} times they differed"
            )
            lines += [f"at {lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}: {known}" for lsn, known in self.differing[:5]]
        return "\n".join(lines)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    watcher = Watcher(sys.argv[2:])
    # asked to stop, it reports as it does when its time is over
    signal.signal(signal.SIGTERM, lambda *_: watcher.done.set())
    watcher.start()
    watcher.done.wait(float(sys.argv[1]))
    watcher.stop()
    print(watcher.report())
    sys.exit(1 if watcher.torn or watcher.differing or not watcher.looks else 0)


if __name__ == "__main__":
    main()
