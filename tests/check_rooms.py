#!/usr/bin/env python3
"""The rules of the house that need a graph: who may include whom, no circles, names that say their module.

    python3 tests/check_rooms.py [LIBRARY.a ...]

A folder is a room. Its headers are its doors: they may be included from everywhere below the folder that the room
stands in, and from nowhere else. What is private lies one level deeper. views/base/ and views/engine/ are the doors of
views, consumer/ and http/ those of the other two; consumer and http never meet but in consumer/main.c.

With libraries, circles of calls are looked for too: an object that needs a symbol calls the object that defines it.
Prints each breach; exit 1 when there is any.
"""
import os
import re
import subprocess
import sys

HOUSES = ("views", "consumer", "http")
PUBLIC = ("views/base", "views/engine")
MAIN = "consumer/main.c"
# Who may include a library's header, by folder or file: one door a library.
DOORS = {
    r"librdkafka/rdkafka\.h": ("consumer/broker/", "consumer/demo/mock_broker.c"),
    r"librdkafka/rdkafka_mock\.h": ("consumer/demo/mock_broker.c",),
    r"pg_query\.h": ("views/engine/catalog/source/pg_parse.c",),
    r"libpq-fe\.h": ("consumer/postgres/libpq.c",),
    r"gnutls/.*\.h": ("consumer/status/secure.c",),
    r"microhttpd\.h": ("http/server.c", "http/reply.", "http/tls.c"),
    r"sqlite3\.h": ("views/engine/sqlite/", "views/engine/row/table_sql.c", "views/engine/row/table_change.c"),
}
# Besides its file's and its rooms' names, what a static function may carry.
ALSO = {}


def sources():
    for house in HOUSES:
        for folder, _, names in sorted(os.walk(house)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield folder + "/" + name


def module(path):
    """The .c and the .h of one name are one module, also where the header is a door of the floor above."""
    return path.rsplit(".", 1)[0]


def with_doors(texts):
    """views/engine/store.h is the door of views/engine/store/store.c, which includes it first: one module."""
    door = {}
    for path, text in texts.items():
        first = includes_of(path, text)[:1]
        if path.startswith("views/") and path.endswith(".c") and first and os.path.dirname(first[0]) == "views/engine":
            if os.path.basename(first[0])[:-2] == os.path.basename(path)[:-2]:
                door[module(first[0])] = module(path)
    return door


def includes_of(path, text):
    return re.findall(r'^\s*#\s*include\s+"((?:views|consumer|http|tests)/[^"]+)"', text, re.M)


def visible(header, includer):
    house = header.split("/")[0]
    folder = os.path.dirname(header)
    if house == "views" and folder in PUBLIC:
        return True
    if house != includer.split("/")[0]:
        return includer == MAIN and house == "http" and folder == "http"
    around = os.path.dirname(folder)
    return around == "" or includer.startswith(around + "/")


def neighbours(module_a, module_b):
    """The two rooms, or modules, of one folder that the one and the other lie in."""
    a, b = module_a.split("/"), module_b.split("/")
    shared = len(os.path.commonprefix([a[:-1], b[:-1]]))
    return "/".join(a[: shared + 1]), "/".join(b[: shared + 1])


def room_edges(edges):
    found = {}
    for module_a, others in edges.items():
        for a, b in (neighbours(module_a, other) for other in others):
            if a != b:
                found.setdefault(a, set()).add(b)
    return found


def circles(edges):
    """Tarjan's strongly connected components with more than one member."""
    index, low, stack, found = {}, {}, [], []
    sys.setrecursionlimit(10000)

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in edges.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = []
            while True:
                group.append(stack.pop())
                if group[-1] == node:
                    break
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return found


def compile_paths(libraries):
    """(library, member) to source path: a build folder names an object after its source."""
    found = {}
    for library in libraries:
        name = os.path.basename(library)[3:-2]
        base = os.path.join(os.path.dirname(library), "CMakeFiles", name + ".dir")
        for folder, _, names in os.walk(base):
            for file in names:
                if file.endswith(".c.o"):
                    path = os.path.relpath(os.path.join(folder, file), base)[:-2]
                    found[os.path.join(folder, file)] = path
    return found


def call_edges(libraries):
    defined, needed = {}, {}
    for object_file, path in compile_paths(libraries).items():
        if path.split("/")[0] not in HOUSES:
            continue
        listing = subprocess.run(["nm", object_file], capture_output=True, text=True, check=True).stdout
        for line in listing.splitlines():
            parts = line.split()
            if parts[0] == "U":
                needed.setdefault(path, set()).add(parts[1])
            elif len(parts) == 3 and parts[1] in "TDBRC":
                defined[parts[2]] = path
    edges = {}
    for path, symbols in needed.items():
        for symbol in symbols:
            other = defined.get(symbol)
            if other is not None and other != path:
                edges.setdefault(module(path), set()).add(module(other))
    return edges


def file_local_names(path, text):
    """Static functions whose first two words hold neither the file's name nor a room's."""
    parts = path[:-2].split("/")
    rooms = [part.split("_") for part in parts[1:]] + [[name] for name in ALSO.get(path, ())]
    for name in re.findall(r"^static (?!inline|__attribute__)[^;={]*?\b(\w+)\([^;]*?\{$", text, re.M):
        words = name.split("_")
        if not any(words[at : at + len(room)] == room for room in rooms for at in (0, 1)):
            yield name


def main():
    libraries = sys.argv[1:]
    breaches = []
    edges, texts = {}, {}
    for path in sources():
        with open(path, encoding="utf-8") as file:
            texts[path] = file.read()
    door = with_doors(texts)
    for path, text in texts.items():
        mine = door.get(module(path), module(path))
        for header in includes_of(path, text):
            if header.startswith("tests/"):
                breaches.append(f"{path}: the program includes no test: {header}")
                continue
            if header.startswith("consumer/") and path.startswith("http/"):
                breaches.append(f"{path}: http never includes consumer: {header}")
            elif not visible(header, path):
                breaches.append(f"{path}: {header} is behind a door that does not open here")
            other = door.get(module(header), module(header))
            if other != mine:
                edges.setdefault(mine, set()).add(other)
        for pattern, allowed in DOORS.items():
            if re.search(r"^\s*#\s*include\s+[<\"]" + pattern, text, re.M) and not path.startswith(allowed):
                breaches.append(f"{path}: {pattern} only in {', '.join(allowed)}")
        if path.endswith(".c"):
            for name in file_local_names(path, text):
                breaches.append(f"{path}: {name}() does not carry its module's name")
    for group in circles(edges):
        breaches.append("a circle of includes: " + " ".join(group))
    for group in circles(room_edges(edges)):
        breaches.append("a circle of rooms: " + " ".join(group))
    if libraries:
        for group in circles(call_edges(libraries)):
            breaches.append("a circle of calls: " + " ".join(group))
    for breach in breaches:
        print(breach)
    if breaches:
        print(f"{len(breaches)} breaches")
        sys.exit(1)
    print("rooms, doors, circles and names are as promised")


if __name__ == "__main__":
    main()
