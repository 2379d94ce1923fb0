#!/usr/bin/env python3
"""check_clang.py COMPILE_COMMANDS.JSON: every file that gcc compiles is free of clang's warnings too. Writes nothing."""
import concurrent.futures
import json
import os
import shlex
import subprocess
import sys


def check(entry):
    """What clang says of one file, "" when nothing."""
    words = shlex.split(entry["command"])[1:]
    out = words.index("-o")
    del words[out : out + 2]
    # what only gcc knows, a warning or how to link, is for gcc alone
    words = ["clang", "-fsyntax-only", "-Werror", *(w for w in words if w != "-c"), "-Wno-unknown-warning-option",
             "-Wno-ignored-optimization-argument"]  # fmt: skip
    done = subprocess.run(words, cwd=entry["directory"], capture_output=True, text=True)
    return done.stderr if done.returncode != 0 else ""


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        entries = json.load(file)
    # a file that several programs are made of is looked at once
    entries = list({entry["file"]: entry for entry in reversed(entries)}.values())
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong = [said for said in pool.map(check, entries) if said]
    print("".join(wrong), end="")
    print(f"{len(entries)} files, {len(wrong)} with warnings of clang")
    return 1 if wrong or not entries else 0


if __name__ == "__main__":
    sys.exit(main())
