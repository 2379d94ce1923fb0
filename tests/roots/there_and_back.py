#!/usr/bin/env python3
"""A file goes from this system's tidemark to another system's and back.

there_and_back.py OTHER FOLDER     OTHER: a command that runs the other's tidemark, which sees FOLDER as /both

Each capture is applied in four parts by the two in turn, beginning with either, so that each goes on with a file that the other
has left. Then the views equal the source, the file is sound, and `prove` of either agrees with what the other has written.
"""

import contextlib
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "blackbox"))
import tide  # noqa: E402
from tide import check_truth  # noqa: E402

PARTS = 4
SECONDS_MAX = 120


def run(who, folder, *arguments):
    program, seen = who
    done = subprocess.run(
        [program, *(str(a).replace(str(folder), seen) for a in arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=SECONDS_MAX, env=tide.environment(), check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise AssertionError(f"{program} {' '.join(map(str, arguments))}: exit {done.returncode}: {done.stderr.strip()[-800:]}")
    return done


def go(name, both, folder):
    db = folder / "shop.db"
    lines = tide.read_capture(tide.CAPTURES / f"{name}.jsonl")
    for part in range(1, PARTS + 1):  # what the file holds already is passed over
        path = tide.write_capture(folder / f"{part}.jsonl", lines[: len(lines) * part // PARTS])
        run(both[part % 2], folder, "replay", "--db", db, path)
    differences = list(check_truth.differences(db, tide.read_truth(name)))
    assert differences == [], f"{name}: {differences[:5]}"
    for who in both:
        run(who, folder, "prove", "--db", db)
    with contextlib.closing(sqlite3.connect(db)) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",), name
        return connection.execute("select count(*) from orders").fetchone()[0]


def main():
    other, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    inner = folder / "there_and_back"
    here, there = (tide.program(), str(inner)), (os.path.abspath(other), f"/both/{inner.name}")
    tried = 0
    for name in tide.capture_names():
        for both in ((here, there), (there, here)):
            shutil.rmtree(inner, ignore_errors=True)
            inner.mkdir(parents=True)
            assert go(name, both, inner) > 0, f"{name}: no row"
            tried += 1
    print(f"{tried} files, {PARTS} parts each by turns: as the source")


if __name__ == "__main__":
    main()
