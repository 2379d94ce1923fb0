#!/usr/bin/env python3
"""The rules of the house about texts: sizes of functions and files, headers, comments, and links of the documents.

    python3 tests/check_text.py

Prints each breach; exit 1 when there is any.
"""
import os
import re
import subprocess
import sys

HOUSES = ("views/", "consumer/", "http/")
FUNCTION_LINES_MAX = 50
FILE_LINES_MAX = 800


def files():
    """What is in the tree; everything below it where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [name for name in listed.stdout.splitlines() if os.path.isfile(name)]
    found = (os.path.relpath(os.path.join(folder, name)) for folder, _, names in os.walk(".") for name in names)
    return sorted(name for name in found if not name.startswith("build/"))


def long_functions(lines):
    """From the line that opens the body to "}" at the margin."""
    begin = name = None
    for number, line in enumerate(lines, 1):
        if re.match(r"[A-Za-z_].*\(", line):
            name = re.match(r"[^(]*?(\w+)\(", line)
        if begin is None and line.endswith(") {"):
            begin = number
        if line == "}" and begin is not None:
            if number - begin + 1 > FUNCTION_LINES_MAX:
                yield begin, name[1] if name else "a function", number - begin + 1
            begin = None


def breaches_of_code(path, lines):
    if path.startswith(HOUSES):
        if len(lines) > FILE_LINES_MAX:
            yield f"{path}: {len(lines)} lines, at most {FILE_LINES_MAX}"
        for number, name, count in long_functions(lines):
            yield f"{path}:{number}: {name} has {count} lines, at most {FUNCTION_LINES_MAX}"
    if path.endswith(".h") and not lines[0].startswith("//"):
        yield f"{path}: a header begins with what it promises"
    for number, line in enumerate(lines, 1):
        before = lines[number - 2] if number > 1 else ""
        if re.search(r"(^|\s)// ?Of\b", line) and not re.match(r"\s*//.*[^.:]$", before):
            yield f"{path}:{number}: a comment begins with its subject, not with \"Of\""


def anchors(path):
    """As GitHub makes them of headings, and what stands as <a id>."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    found = set(re.findall(r'<a id="([^"]+)">', text))
    for heading in re.findall(r"^#+ +(.*)$", text, re.M):
        found.add(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    return found


def breaches_of_document(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
        if not os.path.exists(target):
            yield f"{path}: {link} is not in the tree"
        elif anchor and target.endswith(".md") and anchor not in anchors(target):
            yield f"{path}: {link}: no such heading"


def main():
    breaches = []
    for path in files():
        if path.endswith((".c", ".h")):
            with open(path, encoding="utf-8") as file:
                breaches.extend(breaches_of_code(path, file.read().splitlines() or [""]))
        elif path.endswith(".md"):
            breaches.extend(breaches_of_document(path))
    for breach in breaches:
        print(breach)
    if breaches:
        print(f"{len(breaches)} breaches")
        sys.exit(1)
    print("sizes, headers, comments and links are as promised")


if __name__ == "__main__":
    main()
