#!/bin/sh
# SQLite (3.46.1 and 3.50.4): within an upsert's update, `insert or ignore` of a trigger aborts the statement.
#
# A trigger that keeps a set writes `insert or ignore into seen values(new.a)`. Fired by an UPDATE, or by an upsert that
# inserts, it ignores what is there already. Fired by the DO UPDATE of an upsert it fails with a UNIQUE constraint, and the
# upsert with it, though nobody wrote an OR clause: DO UPDATE acts as UPDATE OR ABORT, and the conflict clause of the
# statement that fires a trigger takes the place of those within it. Who mirrors rows by upserts, as sinks of change events
# do, so breaks triggers that were right as long as rows were written by INSERT and UPDATE. `insert .. where not exists`, or
# `on conflict do nothing` within the trigger, is not overruled.
#
# Seen (2026-11-29):
#   3.46.1 update: ok
#   3.46.1 upsert that inserts: ok
#   3.46.1 upsert that updates: UNIQUE constraint failed: seen.a
#   3.46.1 upsert that updates, on conflict do nothing in the trigger: ok
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >look.py <<'END'
import apsw


def tried(name, body, *statements):
    db = apsw.Connection(":memory:")
    db.execute("create table t(id integer primary key, a)")
    db.execute("create table seen(a unique)")
    for event in ("insert", "update"):
        db.execute(f"create trigger on_{event} after {event} on t begin {body}; end")
    try:
        for statement in statements:
            db.execute(statement)
        outcome = "ok"
    except apsw.ConstraintError as error:
        outcome = str(error).removeprefix("ConstraintError: ")  # 3.46 says it so
    print(apsw.sqlite_lib_version(), f"{name}: {outcome}")


IGNORE = "insert or ignore into seen values(new.a)"
NOTHING = "insert into seen values(new.a) on conflict do nothing"
UPSERT = "insert into t values({}, 5) on conflict(id) do update set a = excluded.a"
tried("update", IGNORE, "insert into t values(1, 5)", "update t set a = 5")
tried("upsert that inserts", IGNORE, UPSERT.format(1), UPSERT.format(2))
tried("upsert that updates", IGNORE, UPSERT.format(1), UPSERT.format(1))
tried("upsert that updates, on conflict do nothing in the trigger", NOTHING, UPSERT.format(1), UPSERT.format(1))
END
python3 -m venv tools
for version in 3.46.1.0 3.50.4.0; do # each brings its SQLite
    tools/bin/pip install --quiet --only-binary :all: "apsw==$version"
    tools/bin/python look.py
done >seen
cat seen
for version in 3.46.1 3.50.4; do
    echo "$version update: ok"
    echo "$version upsert that inserts: ok"
    echo "$version upsert that updates: UNIQUE constraint failed: seen.a"
    echo "$version upsert that updates, on conflict do nothing in the trigger: ok"
done >expected
diff expected seen
