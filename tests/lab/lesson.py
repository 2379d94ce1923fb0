#!/usr/bin/env python3
"""lab/LESSON.md, done as it says, on a lab that is up: tests/blackbox/tutorial.py's way, with the lab's ports (LAB_..) for the text's.

    sh lab/setup.sh && LAB_PG_PORT=15432 .. python3 tests/lab/lesson.py
"""

import os
import pathlib
import sys
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests" / "blackbox"))
import tide  # noqa: E402
import tutorial  # noqa: E402

LESSON = TOP / "lab" / "LESSON.md"
SECONDS_MAX = 900
PORTS = {"15432": "LAB_PG_PORT", "19092": "LAB_KAFKA_PORT", "18083": "LAB_CONNECT_PORT", "18080": "LAB_HTTP_PORT"}


class Lesson(unittest.TestCase):
    def test_the_text_as_it_stands(self):
        text = LESSON.read_text(encoding="utf-8")
        for port, variable in PORTS.items():
            text = text.replace(port, os.environ.get(variable, port))
        text = text.replace("127.0.0.1:18085", f"127.0.0.1:{tide.free_port()}")
        text = text.replace("PostgreSQL 16 with", f"PostgreSQL {os.environ.get('LAB_POSTGRES', '16')} with")
        script = tutorial.Script(text)
        # the lab's own tidemark is started again on the way, with what it was started with
        kept = {name: value for name, value in os.environ.items() if name == "TIDEMARK_VIEWS"}
        tutorial.compare(self, script, script.run(TOP, SECONDS_MAX, **kept), lambda: tutorial.logs_of(TOP / "build" / "lesson"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]], verbosity=1)
