#!/usr/bin/env python3
"""coverage.py OUT BUILD...: what of views, consumer and http none of the builds' tests ran, from what gcov's counters hold.

OUT gets each such line under its function with the kind of reason why; printed are the sums by kind, the functions with many lines
that no kind explains, and those that never run.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
ROOMS = ("views/", "consumer/", "http/")
BATCH = 40  # counter files that one gcov reads
WORKERS = 2
FAILED = "`faults` and `broker_calls` fail each such call, in a program that counts nothing"
SHOWN_MIN = 4  # unexplained lines of a function that is printed
# (kind, what is matched: "place" is FILE:FUNCTION, "line" the source; the first one that fits; why none of these tests runs it)
KINDS = (
    ("postgres", "place", r"^consumer/(postgres/|prove_postgres)", "a PostgreSQL server: `lab/prove` runs it"),
    ("memory", "place", r"memory$", f"no memory: {FAILED}"),
    ("memory", "line", r"out of memory|NO_?MEM", f"no memory: {FAILED}"),
    ("nothing", "line", r"^([{}]|do( {)?|else|default:|\(void\)\w+;|va_list \w+;|(static |const )*(struct|enum|char|int|size_t|ssize_t|u?int\d+_t) [^=(]*[;=]?)$",
     "no code of its own: a declaration, or where a block begins"),
    ("passed on", "line", r"^(if \(error != NULL\)|break;|continue;|goto \w+;|return;|return (-1|NULL|false|\w*_FAILED).*|return .*error\)?.*)$",
     f"a call above failed, and its error is passed on, or the way out of that: {FAILED}"),
    ("message", "line", r"error_\w+\(|problem_set\(|log_event\(|^\"", "the message of a failure: as above"),
)  # fmt: skip


def counters(build):
    """Of the program's own objects, not the tests'."""
    found = sorted(build.glob("CMakeFiles/*.dir/**/*.gcda"))
    return [path for path in found if any(f"/{room}" in str(path) for room in ROOMS)]


def read(paths):
    done = subprocess.run(["gcov", "--json-format", "--stdout", *map(str, paths)], capture_output=True, text=True, check=True)
    return [json.loads(text) for text in done.stdout.splitlines() if text.startswith("{")]


class Merged:
    def __init__(self):
        self.lines = collections.defaultdict(lambda: collections.defaultdict(int))  # file: {line: times}
        self.of = collections.defaultdict(dict)  # file: {line: function}
        self.functions = collections.defaultdict(lambda: collections.defaultdict(int))

    def take(self, document):
        for file in document["files"]:
            path = os.path.relpath(os.path.join(document["current_working_directory"], file["file"]), TOP)
            if not path.startswith(ROOMS):
                continue
            for function in file["functions"]:
                self.functions[path][function["name"]] += function["execution_count"]
            for line in file["lines"]:
                self.lines[path][line["line_number"]] += line["count"]
                if "function_name" in line:
                    self.of[path][line["line_number"]] = line["function_name"]


def kind_of(place, text):
    for kind, of, pattern, _ in KINDS:
        if re.search(pattern, place if of == "place" else text):
            return kind
    return None


def never(merged):
    """(file, function, line, text, kind), in the files' order."""
    for path in sorted(merged.lines):
        source = (TOP / path).read_text().splitlines()
        for line, count in sorted(merged.lines[path].items()):
            if not count:
                function = merged.of[path].get(line, "?")
                text = source[line - 1].strip()
                yield path, function, line, text, kind_of(f"{path}:{function}", text)


def main():
    out, builds = pathlib.Path(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]]
    paths = [path for build in builds for path in counters(build)]
    if not paths:
        raise SystemExit(f"coverage.py: no counters in {', '.join(map(str, builds))}: tests/coverage.sh makes them")
    merged = Merged()
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for documents in pool.map(read, (paths[i : i + BATCH] for i in range(0, len(paths), BATCH))):
            for document in documents:
                merged.take(document)
    lines = sum(map(len, merged.lines.values()))
    left = list(never(merged))
    functions = {(path, name): count for path, of in merged.functions.items() for name, count in of.items()}
    unrun = sorted(place for place, count in functions.items() if not count)
    kinds = collections.Counter(kind for *_, kind in left)
    with out.open("w") as file:
        before = None
        for path, function, line, text, kind in left:
            if (path, function) != before:
                print(f"{path}:{function}", file=file)
                before = path, function
            print(f"    {line:4d}  {kind or '-':10s}  {text}", file=file)
    print(f"{lines - len(left):,} of {lines:,} lines and {len(functions) - len(unrun):,} of {len(functions):,} functions run; the others: {out}")
    for kind, why in {kind: why for kind, _, _, why in KINDS}.items():
        print(f"{kinds[kind]:6,} {kind}: {why}")
    others = collections.Counter((path, function) for path, function, *_, kind in left if kind is None)
    print(f"{kinds[None]:6,} others, in {len(others)} functions; those with {SHOWN_MIN} or more:")
    for (path, function), count in sorted(others.items()):
        if count >= SHOWN_MIN:
            print(f"       {path}:{function} {count}")
    print("Functions that never run, but for those of `postgres`:")
    for path, name in unrun:
        if kind_of(f"{path}:{name}", "") != "postgres":
            print(f"       {path}:{name}")


if __name__ == "__main__":
    main()
