#!/usr/bin/env python3
"""Each of librdkafka's functions that can fail does so once, and from then on, under a `run` that reads a demo's broker: never
`live`, nothing behind, with other rows than the truth; what ends says why; what does not come to the end says what keeps it;
SIGTERM ends it; and a clean run after it ends at the truth. --samples K takes the first K calls of each, 0 the first 40.

    TIDEMARK_PROGRAM=build/release/tidemark python3 tests/faults/broker_calls.py --shim build/release/tests/faults/libfault_kafka.so
"""

import argparse
import http.client
import itertools
import os
import pathlib
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "blackbox"))
import tide  # noqa: E402
from faults import CAPTURE, Fault, content  # noqa: E402

CALLS = (
    "rd_kafka_new",
    "rd_kafka_conf_set",
    "rd_kafka_queue_get_partition",
    "rd_kafka_incremental_assign",
    "rd_kafka_consume_batch_queue",
    "rd_kafka_metadata",
    "rd_kafka_offsets_for_times",
    "rd_kafka_get_watermark_offsets",
    "rd_kafka_commit",
    "rd_kafka_queue_poll",
    "rd_kafka_brokers_add",
)
MOST = 40
AT_ONCE = 6  # they wait most of their time
ENDS = (0, 1, 2, 3)
CAUGHT_UP = ("live", "upstream_silent")  # the capture's heartbeats are old


def rows_of(db):
    """As far as it does not depend on which partition is read first: an outbox's order and what it looked up do."""
    found = content(db)
    del found["email_outbox"]
    found["warehouse_to_ship"] = [row for row in found["warehouse_to_ship"] if not row.endswith(", 0)")]  # of no order any more
    return {**found, "mails": sorted(tide.check_truth.message_ids(db)), "_position": found["_position"][0][2]}


def same(db, truth, when):
    found = rows_of(db)
    for name in sorted(truth):
        if found[name] != truth[name]:
            raise Fault(f"{when}, {name} is {str(found[name])[:200]}, not {str(truth[name])[:200]}")


def told(server):
    """State, messages behind, reason."""
    lag, status = server.get("/v1/lag")[1], server.get("/v1/status")[1]
    return lag["state"], lag["messages"], status["reason"] or status["last_error"] or ""


def settle(server, truth):
    """Until it has come to the end, or has told why not. What it says is held to what the file has."""

    def look():
        if server.process.poll() is not None:
            return True
        try:
            state, behind, reason = told(server)
        except (OSError, http.client.HTTPException, ValueError):
            return False  # it ends, in the middle of an answer
        if state in CAUGHT_UP and behind == 0:
            same(server.db, truth, f"while {state}, nothing behind")
            return True
        return state == "halted" or (state in ("disconnected", "catching_up", "starting") and reason != "")

    tide.wait_for("the end, or a reason", look)


def one_run(brokers, folder, env, truth):
    db = folder / "shop.db"
    try:
        server = tide.Server("run", "--brokers", brokers, "--prefix", tide.PREFIX, "--db", db, stderr=folder / "log", env=env)
    except AssertionError as error:
        if "ended with 1" in str(error) or "ended with 2" in str(error):
            return  # told at its start
        raise Fault(str(error)) from error
    server.db = db
    with server:
        settle(server, truth)
        code = server.stop()
        if code not in ENDS:
            raise Fault(f"ended with {code}: {server.log()[-400:]}")


def one(brokers, shim, call, at, ever, truth):
    shown = f"FAULT_CALL={call} FAULT_AT={at}{' FAULT_EVER=1' if ever else ''}"
    with tide.Folder() as folder:
        env = {"LD_PRELOAD": str(shim), "FAULT_CALL": call, "FAULT_AT": str(at), **({"FAULT_EVER": "1"} if ever else {})}
        try:
            one_run(brokers, folder, env, truth)
            with tide.Server("run", "--brokers", brokers, "--prefix", tide.PREFIX, "--db", folder / "shop.db",
                             stderr=folder / "again") as server:  # fmt: skip
                tide.wait_for("the end", lambda: told(server)[0] in CAUGHT_UP and told(server)[1] == 0)
                same(folder / "shop.db", truth, "after a clean run")
                server.stop()
        except (Fault, AssertionError) as fault:
            return f"{shown}: {fault}\n{(folder / 'log').read_text()[-1500:]}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shim", required=True)
    parser.add_argument("--samples", type=int, default=1)
    parser.add_argument("--only", choices=CALLS)
    arguments = parser.parse_args()
    shim = os.path.abspath(arguments.shim)
    with tide.Folder() as path, tide.Server("demo", "--capture", CAPTURE, "--db", path / "demo.db", stderr=path / "log") as demo:
        tide.wait_for("the capture", lambda: told(demo)[:2] == ("live", 0))
        truth = rows_of(path / "demo.db")
        brokers = demo.brokers()
        calls = [arguments.only] if arguments.only else CALLS
        cases = list(itertools.product(calls, range(1, (arguments.samples or MOST) + 1), (False, True)))
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            wrong = [text for text in pool.map(lambda case: one(brokers, shim, *case, truth), cases) if text]
    print(*wrong, f"{len(cases)} runs, {len(wrong)} wrong", sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
