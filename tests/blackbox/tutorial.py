#!/usr/bin/env python3
"""views/TUTORIAL.md, done as it says: its files written, its commands run in one shell, what it shows compared.

A block with a language, such as ```sql, is the file that the paragraph before it names first. In a block without one a line that
begins with "$ " is a command, and the lines after it are what it prints: "..." is anything, white space does not count.
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest

import tide

TUTORIAL = tide.TOP / "views" / "TUTORIAL.md"
MARK = "----- tutorial:"
SHELL_SECONDS_MAX = 120
SHOWN_MAX = 3000


def blocks(text):
    """(language, the name of a file or None, text) of each fenced block."""
    for found in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S):
        paragraph = text[: found.start()].rstrip().rsplit("\n\n", 1)[-1]
        name = re.search(r"`([\w./-]+/[\w./-]+\.(?:sql|sh|py))`", paragraph)
        yield found[1], name and name[1], found[2]


def commands(block):
    """(command, what it shows) of each line that begins with "$ "."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def matches(shown, printed):
    """White space, which breaks the long lines, does not count; "..." is anything."""
    pieces = [re.escape(re.sub(r"\s", "", piece)) for piece in shown.split("...")]
    return re.fullmatch(".*".join(pieces), re.sub(r"\s", "", printed), re.S) is not None


class Script:
    """What the document says as one script of bash, and what each command is to print."""

    def __init__(self, text):
        self.lines = []
        self.wanted = []  # (command, what is shown)
        for language, name, block in blocks(text):
            if language:
                if name is None:
                    raise AssertionError(f"no file is named before: {block}")
                self.lines += [f"cat >{name} <<'END_OF_FILE'", block + "END_OF_FILE"]
                continue
            for command, shown in commands(block):
                self.wanted.append((command, shown))
                self.lines += [command, f"printf '\\n%s%d\\n' '{MARK}' $?"]

    def run(self, folder, seconds_max=SHELL_SECONDS_MAX, **more):
        """[(exit code, what was printed)] of the commands. What they left running is ended."""
        path = pathlib.Path(tide.program()).parent
        shell = subprocess.Popen(["bash", "-c", "\n".join(self.lines)], cwd=folder, stdin=subprocess.DEVNULL, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                                 env=tide.environment(PATH=f"{path}:{os.environ['PATH']}", **more))  # fmt: skip
        try:
            printed, _ = shell.communicate(timeout=seconds_max)
        finally:
            try:
                os.killpg(shell.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        parts = re.split(rf"\n{MARK}(\d+)\n", printed)
        return [(int(code), text) for text, code in zip(parts[0::2], parts[1::2])]


def logs_of(folder):
    return "".join(path.read_text(errors="replace")[-800:] for path in folder.glob("*.log"))


def compare(test, script, done, logs):
    """Each command ended well and printed what the text shows; logs() is shown where not."""
    for (command, shown), (code, printed) in zip(script.wanted, done):
        with test.subTest(command):
            test.assertEqual(0, code, printed[-SHOWN_MAX:] + logs())
            test.assertTrue(matches(shown, printed), f"the text shows\n{shown}\nbut it was\n{printed[-SHOWN_MAX:]}\n{logs()}")
    test.assertEqual(len(script.wanted), len(done), f"the shell ended early: {done[-1:]} {logs()}")


class Tutorial(unittest.TestCase):
    maxDiff = SHOWN_MAX

    def test_the_text_as_it_stands(self):
        text = TUTORIAL.read_text(encoding="utf-8")
        for address in ("127.0.0.1:8080", "127.0.0.1:8081"):
            text = text.replace(address, f"127.0.0.1:{tide.free_port()}")
        script = Script(text)
        with tide.Folder() as folder:
            (folder / "fixtures").symlink_to(tide.TOP / "fixtures")
            done = script.run(folder)
            logs = logs_of(folder / "build")
        compare(self, script, done, lambda: logs)

    def test_a_wrong_text_is_found(self):
        self.assertTrue(matches('{"a":...,\n "b":1}\n', '{"a":{"c":2},"b":1}\n'))
        self.assertFalse(matches('{"a":1}\n', '{"a":2}\n'))
        self.assertFalse(matches("", "something\n"))
        self.assertFalse(matches("...equal", "not equal at 3"))
        with tide.Folder() as folder:
            script = Script("As `x/y.sql`:\n\n```sql\nselect 1\n```\n\n```\n$ cat x/y.sql\nselect 1\n$ false\n```\n")
            (folder / "x").mkdir()
            self.assertEqual([(0, "select 1\n"), (1, "")], script.run(folder))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
