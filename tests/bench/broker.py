"""The bench's broker: its topics, and what is loaded into them. The broker itself is the lab's."""

import json
import os
import subprocess
import sys

TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(TOP, "lab"))
import kafka  # noqa: E402

STATE = os.environ["BENCH_STATE"]
BUILD = os.environ["BENCH_BUILD"]
BROKERS = f"127.0.0.1:{os.environ['BENCH_KAFKA_PORT']}"
SCHEMAS = os.path.join(TOP, "fixtures", "captures", "schemas.jsonl")
TABLES = ("orders", "inventory", "customers", "points")
PARTITIONS = 3


def limit_s(events):
    """A bound for whatever handles so many events: far more than it takes."""
    return 120 + events // 4000


def program(name):
    return os.path.join(BUILD, "tests", "bench", name)


def feed_command():
    """What sends as a connector's rows come: Feed.java, with the lab's options for Java."""
    return ["java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-cp", f"{kafka.jars()}/*", os.path.join(os.path.dirname(os.path.abspath(__file__)), "Feed.java"), BROKERS]


def create(prefix, *options, transactions=True):
    """The topics of a connector, empty."""
    for table in TABLES:
        kafka.topic_tool(
            *("--create", "--if-not-exists", "--topic", f"{prefix}.public.{table}"),
            *("--partitions", str(PARTITIONS), *options),
        )
    if transactions:
        kafka.topic_tool("--create", "--if-not-exists", "--topic", f"{prefix}.transaction", "--partitions", "1", *options)


def delete(prefix):
    kafka.delete(f"{prefix}[.].*")


def loaded(prefix):
    """What bench-load said of the prefix, or None."""
    try:
        with open(os.path.join(STATE, f"{prefix}.load.json"), encoding="utf-8") as file:
            return json.load(file)
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def wanted(prefix):
    """(prefix, events, options): what its topics are to hold."""
    events = int(os.environ["EVENTS"])
    return {
        "bench": (prefix, events),
        "benchs": (prefix, events, "--schemas", SCHEMAS),
        "rows": (prefix, events, "--growing"),
        "long": (prefix, 10 * events),
        "drift": (prefix, events, "--undeclared", "50"),
        "notx": (prefix, events, "--no-transactions"),
        "unwrapped": (prefix, events, "--form", "unwrapped"),
        "mariadb": (prefix, events, "--form", "mariadb"),
        "snap": (prefix, 5 * events, "--customers", str(5 * events - 2000)),
        "small": (prefix, min(events, 112000)),
        "many": (prefix, 12000, "--tables", "100", "--partitions", "12", "--rows", "120"),
        "wide": (prefix, events // 10, "--tables", "1", "--partitions", "3", "--rows", str(events // 10), "--columns", "100"),
    }[prefix]


def is_loaded(prefix):
    _, events, *options = wanted(prefix)
    known = loaded(prefix)
    return bool(known) and known.get("wanted") == events and known.get("options") == list(options)


def source_of(prefix):
    """The folder with the source.sql of tables that bench-many made."""
    return os.path.join(STATE, "sources", prefix)


def load_command(prefix, events, options):
    """What fills the prefix's topics; those of bench-load are made here, bench-many makes its own."""
    if "--tables" in options:
        os.makedirs(source_of(prefix), exist_ok=True)
        return [program("bench-many"), "--prefix", prefix, "--source", os.path.join(source_of(prefix), "source.sql"), *options]
    create(prefix, transactions=not {"--no-transactions", "--form"} & set(options))
    return [program("bench-load"), "--events", str(events), "--prefix", prefix, *options]


def load_named(prefix):
    """Fills the prefix's topics once; a load that broke off is begun anew."""
    loaded_topics = [name for name in kafka.topics() if name.startswith(prefix + ".")]
    if is_loaded(prefix) and loaded_topics:
        return
    _, events, *options = wanted(prefix)
    record = os.path.join(STATE, f"{prefix}.load.json")
    if os.path.exists(record):
        os.remove(record)
    if loaded_topics:
        delete(prefix)
    print(f"bench: loading {events:,} events as {prefix}.* {' '.join(options)}", flush=True)
    done = subprocess.run(
        [*load_command(prefix, events, options), "--brokers", BROKERS],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=limit_s(events),
    )
    with open(record, "w", encoding="utf-8") as file:
        json.dump({**json.loads(done.stdout), "wanted": events, "options": list(options)}, file)
