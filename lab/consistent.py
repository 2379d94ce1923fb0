#!/usr/bin/env python3
"""consistent.sh [--rate N] [--duration SECONDS] [--seed N]

Three consumers that know nothing of each other: warehouse, email and analytics, each a tidemark of its own
with --only its view, its own file, its own port. The shop goes on all the while; email is stopped, falls
behind, is started again and catches up. At any one position of the log the mirrors must be identical.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import time
import urllib.error

import compare
import psql
from tidemark import Tidemark
from watch import Watcher

LAB = pathlib.Path(__file__).parent
DATABASE = os.environ["LAB_DATABASE"]
NAMES = ("warehouse", "email", "analytics")
STOPPED = "email"
CAUGHT_UP_WAIT_S = 120
SAME_POSITION_WAIT_S = 30


def script(name, *words):
    subprocess.run(["sh", str(LAB / name), *words], check=True, stdout=subprocess.DEVNULL)


class Three:
    def __init__(self):
        self.files = {name: f"{os.environ['LAB_STATE']}/tidemark/{name}.db" for name in NAMES}
        self.ports = {name: os.environ[f"LAB_{name.upper()}_PORT"] for name in NAMES}
        self.services = {name: Tidemark(port) for name, port in self.ports.items()}

    def reach_marker(self, names=NAMES):
        """Waits until they show everything that is committed now; returns the seconds that the slowest took."""
        marker = psql.execute(DATABASE, "select pg_logical_emit_message(true, 'tidemark', 'marker')")[0]
        start = time.monotonic()
        for name in names:
            if not self.services[name].wait_lsn(marker, CAUGHT_UP_WAIT_S):
                sys.exit(
                    f"consistent.sh: {name} did not reach {marker} within {CAUGHT_UP_WAIT_S} s; see "
                    f"{os.environ['LAB_STATE']}/logs/tidemark-{name}.log"
                )
        return time.monotonic() - start

    def look(self, name):
        mirror = compare.open_mirror(self.files[name])
        try:
            mirror.execute("begin")
            return compare.position(mirror)[0], compare.digest(mirror)
        finally:
            mirror.close()

    def behind(self):
        """How many messages each file lacks of what the furthest one has."""
        applied = {}
        for name in NAMES:
            mirror = compare.open_mirror(self.files[name])
            applied[name] = mirror.execute("select coalesce(sum(next_offset), 0) from _offsets").fetchone()[0]
            mirror.close()
        return {name: max(applied.values()) - applied[name] for name in NAMES}

    def at_one_position(self):
        """Heartbeats move the position every second; between two of them the three stand at the same one."""
        deadline = time.monotonic() + SAME_POSITION_WAIT_S
        while time.monotonic() < deadline:
            seen = {name: self.look(name) for name in NAMES}
            if len({lsn for lsn, _ in seen.values()}) == 1:
                return seen
            time.sleep(0.05)
        return seen

    def strangers(self):
        """Routes of another's view that a consumer answers; there should be none."""
        found = []
        for name, other in (
            ("warehouse", "email/outbox"),
            ("email", "analytics/orders_by_status"),
            ("analytics", "warehouse/picks"),
        ):
            try:
                self.services[name].get(f"/v1/views/{other}")
                found.append(f"{name} serves {other}")
            except urllib.error.HTTPError as error:
                if error.code != 404:
                    found.append(f"{name} answers {error.code} for {other}")
        return found


def show(three, seen):
    print(f"\n{'consumer':<12}{'position':<14}{'digest of the mirror':<24}{'lag':<10}http")
    for name, (lsn, digest) in seen.items():
        lag = three.services[name].get("/v1/lag")["messages"]
        print(
            f"{name:<12}{f'{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}':<14}{digest:<24}{lag!s:<10}http://127.0.0.1:{three.ports[name]}/"
        )


def main():
    parser = argparse.ArgumentParser(
        prog="consistent.sh", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", default="20", help="the shop's transactions a second (default 20)")
    parser.add_argument("--duration", type=float, default=30, help="seconds of traffic (default 30)")
    parser.add_argument(
        "--seed", default=str(int(time.time())), help="the shop's seed; default: from the clock"
    )
    options = parser.parse_args()
    script("setup.sh", *[f"tidemark-{name}" for name in NAMES])
    three = Three()
    three.reach_marker()
    print("consistent: warehouse, email and analytics are up and have caught up", flush=True)
    watcher = Watcher(list(three.files.values()))
    watcher.start()
    shop = subprocess.Popen(
        [
            "sh",
            str(LAB / "shop.sh"),
            "--rate",
            options.rate,
            "--duration",
            str(options.duration),
            "--seed",
            options.seed,
        ]
    )
    time.sleep(options.duration / 4)
    script("teardown.sh", f"tidemark-{STOPPED}")
    print(f"consistent: {STOPPED} stopped, the shop goes on", flush=True)
    time.sleep(options.duration / 4)
    print(f"consistent: messages behind the furthest: {three.behind()}", flush=True)
    script("setup.sh", f"tidemark-{STOPPED}")
    print(
        f"consistent: {STOPPED} started again, and shows the present after {three.reach_marker([STOPPED]):.1f} s",
        flush=True,
    )
    if shop.wait():
        sys.exit("consistent.sh: the shop failed; above is why")
    three.reach_marker()
    watcher.stop()
    seen = three.at_one_position()
    show(three, seen)
    same_place = len({lsn for lsn, _ in seen.values()}) == 1
    same_rows = len({digest for _, digest in seen.values()}) == 1
    strangers = three.strangers()
    print(f"\nunder traffic: {watcher.report()}")
    script("teardown.sh", *[f"tidemark-{name}" for name in NAMES])
    wrong = strangers + ([] if same_place else [f"not at one position within {SAME_POSITION_WAIT_S} s"])
    if same_place and not same_rows:
        wrong.append("at one position the mirrors differ")
    if watcher.torn or watcher.differing:
        wrong.append("under traffic: see above")
    print("\n".join(wrong) if wrong else "The three agree, row by row, at the same position.")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
