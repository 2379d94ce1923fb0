#!/usr/bin/env python3
"""timeline_test.py TIDEMARK FIXTURES: a source that fails over half way through a capture: LSNs go on lower, times later.

The second half of transfers.jsonl is moved to a new timeline. Without acceptance: nothing of it is applied and the error says
why; accepted: the end is the source's truth, with and without a transaction topic, however the partitions interleave.
"""
import json, os, random, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from check_truth import differences

TIDEMARK, FIXTURES = sys.argv[1:3]
LATER_MS = 600_000


def value_of(message):
    return json.loads(message["value"]) if message["value"] else None


def is_end(message, value):
    return message["topic"].endswith(".transaction") and value["status"] == "END"


def place(message):
    """The commit before a message's own transaction, for rows; an END's own commit."""
    value = value_of(message)
    if value is None or "ts_ms" in value and len(value) == 1:
        return None
    if message["topic"].endswith(".transaction"):
        return int(value["id"].split(":")[1])
    if value["op"] == "r":
        return None
    before = json.loads(value["source"]["sequence"])[0]
    return int(before) if before else None


def moved(message, by, keep_old_commit_before):
    value = value_of(message)
    if message["topic"].endswith(".transaction"):
        txid, lsn = value["id"].split(":")
        value["id"] = "%s:%d" % (txid, int(lsn) - by)
        value["ts_ms"] += LATER_MS
    else:
        source = value["source"]
        before, lsn = json.loads(source["sequence"])
        source["lsn"] -= by
        source["ts_ms"] += LATER_MS
        before = before if keep_old_commit_before is None or int(before) > keep_old_commit_before else str(keep_old_commit_before + by)
        source["sequence"] = json.dumps([str(int(before) - by), str(int(lsn) - by)])
        txid = value["transaction"]["id"].split(":")[0]
        value["transaction"]["id"] = "%s:%d" % (txid, source["lsn"])
    return dict(message, value=json.dumps(value))


def failed_over(messages, first_keeps_old_commit):
    ends = [place(m) for m in messages if m["topic"].endswith(".transaction") and is_end(m, value_of(m))]
    boundary = ends[len(ends) // 2]
    by = boundary - 1000
    out = []
    tombstone_of = {}
    for m in messages:
        at = place(m)
        new = at is not None and (at > boundary if m["topic"].endswith(".transaction") else at >= boundary)
        if m["value"] is None:
            new = tombstone_of.get((m["topic"], m["partition"]), False)
        tombstone_of[m["topic"], m["partition"]] = new
        # what a BEGIN at the boundary's own LSN says of the next transaction is of the new timeline as well
        if m["topic"].endswith(".transaction") and value_of(m)["status"] == "BEGIN" and at is not None and at >= boundary:
            new = True
        out.append(moved(m, by, boundary if first_keeps_old_commit else None) if new and m["value"] else m)
    return out


def interleaved(messages, rng):
    queues = {}
    for m in messages:
        queues.setdefault((m["topic"], m["partition"]), []).append(m)
    queues = list(queues.values())
    out = []
    while queues:
        queue = rng.choice(queues)
        for _ in range(rng.randrange(1, 30)):
            if queue:
                out.append(queue.pop(0))
        queues = [q for q in queues if q]
    return out


def replay(folder, messages, *flags):
    capture, db = os.path.join(folder, "capture.jsonl"), os.path.join(folder, "file.db")
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(db + suffix):
            os.remove(db + suffix)
    with open(capture, "w") as out:
        for m in messages:
            out.write(json.dumps(m) + "\n")
    run = lambda *more: subprocess.run([TIDEMARK, "replay", "--json", "--db", db, *more, capture], capture_output=True, text=True)
    return db, run(*flags), run


def check(name, condition, detail=""):
    if not condition:
        sys.exit("timeline: %s\n%s" % (name, detail))


messages = [json.loads(line) for line in open(os.path.join(FIXTURES, "captures/transfers.jsonl"))]
truth = json.load(open(os.path.join(FIXTURES, "captures/transfers.truth.json")))
passed = 0
with tempfile.TemporaryDirectory() as folder:
    for keeps in (False, True):
        for seed in range(6):
            rng = random.Random(seed)
            log = failed_over(messages, keeps)
            log = log if seed == 0 else interleaved(log, rng)
            where = "seed %d, first transaction names the old commit: %s" % (seed, keeps)
            db, result, again = replay(folder, log)
            check("halts, " + where, result.returncode == 1 and "--accept-timeline" in result.stderr, result.stderr[-2000:])
            result = again("--accept-timeline")
            check("accepted after the halt, " + where, result.returncode == 0, result.stderr[-2000:])
            check("the truth, " + where, not list(differences(db, truth)), "\n".join(list(differences(db, truth))[:10]))
            result = again()
            check("goes on in the accepted timeline, " + where, result.returncode == 0, result.stderr[-2000:])
            db, result, again = replay(folder, log, "--on-timeline", "accept")
            check("accepts by itself, " + where, result.returncode == 0 and not list(differences(db, truth)), result.stderr[-2000:])
            passed += 4
    rows_only = [m for m in failed_over(messages, False) if not m["topic"].endswith(".transaction")]
    db, result, again = replay(folder, rows_only)
    check("rows alone halt", result.returncode == 1 and "--accept-timeline" in result.stderr, result.stderr[-2000:])
    result = again("--accept-timeline")
    check("rows alone, accepted", result.returncode == 0 and not list(differences(db, truth)),
          result.stderr[-2000:] + "\n".join(list(differences(db, truth))[:10]))
    passed += 2
print("%d passed, 0 failed" % passed)
