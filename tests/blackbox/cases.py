#!/usr/bin/env python3
"""Small inputs, each made after a public report, that once ended wrong: every folder of fixtures/cases is a test.

A folder has `capture.jsonl` and `source.sql` (and views, if it needs any), and either
  query.sql   asked of the file after `tidemark replay --prefix app` with the lines of `arguments`, if there are any;
              a row a line, columns joined by |, NULL as NULL
or
  command     a bash script that is run inside the folder with TIDEMARK set and prints the answer itself.
`expected` is what must come out; `expected.2` and so on are other right answers. note.txt says the kind and the report.
"""

import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import unittest

import tide

CASES = tide.TOP / "fixtures" / "cases"
SECONDS_MAX = 60


def shown(value):
    return "NULL" if value is None else value.decode("latin-1") if isinstance(value, bytes) else str(value)


def ask(folder, directory):
    file = pathlib.Path(directory) / "case.db"
    arguments = folder / "arguments"
    more = arguments.read_text().split() if arguments.exists() else []
    done = tide.run("replay", "--db", file, "--views", ".", "--prefix", "app", "--log-level", "warn", *more,
                    "capture.jsonl", cwd=folder)  # fmt: skip
    connection = sqlite3.connect(file)
    try:
        rows = connection.execute((folder / "query.sql").read_text()).fetchall()
    except sqlite3.Error as error:
        rows = [(str(error),)]
    finally:
        connection.close()
    return "\n".join("|".join(shown(value) for value in row) for row in rows), done.stderr


def run(folder, directory):
    environment = tide.environment(TIDEMARK=tide.program(), TMPDIR=directory)
    done = subprocess.run(["bash", "command"], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=SECONDS_MAX, check=False)  # fmt: skip
    return done.stdout.rstrip("\n"), done.stderr


class Cases(unittest.TestCase):
    def check(self, folder):
        right = [path.read_text().rstrip("\n") for path in sorted(folder.glob("expected*"))]
        self.assertTrue(right, "the folder has no expected")
        with tempfile.TemporaryDirectory() as directory:
            got, told = (ask if (folder / "query.sql").exists() else run)(folder, directory)
        note = (folder / "note.txt").read_text()
        self.assertIn(got, right, f"\n{note}\n{told}")


def add(folder):
    setattr(Cases, f"test_{folder.name}", lambda self: self.check(folder))


for case in sorted(CASES.iterdir()):
    if case.is_dir():
        add(case)

if __name__ == "__main__":
    sys.exit(unittest.main())
