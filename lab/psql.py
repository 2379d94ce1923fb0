"""PostgreSQL by way of psql: single statements, and sessions that stay open."""

import json
import os
import subprocess
import time

CONNECT_WAIT_S = 60
END = "-- end of answer --"


def command(database, *options):
    return [
        "psql",
        "-X",
        "-At",
        "-h",
        "127.0.0.1",
        "-p",
        os.environ["LAB_PG_PORT"],
        "-U",
        "postgres",
        "-d",
        database,
        *options,
    ]


class Lost(Exception):
    """The session's connection ended: what it was doing may or may not have been committed."""


class Failed(Exception):
    """PostgreSQL refused a statement."""


def execute(database, sql):
    """Runs statements, returns the lines of their rows."""
    done = subprocess.run(
        command(database, "-q", "-v", "ON_ERROR_STOP=1"),
        input=sql,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Failed(f"{done.stderr.strip()} in: {sql[:300]}")
    return done.stdout.splitlines()


def rows(database, query):
    """The rows of a query as dictionaries; numbers with a point stay text, so that no digit is lost."""
    return [
        json.loads(line, parse_float=str)
        for line in execute(database, f"select row_to_json(_q) from ({query}) _q")
    ]


class Session:
    """One connection. run() sends statements and waits for their answer; tags (BEGIN, COMMIT, ...) and errors are
    among the lines it returns."""

    def __init__(self, database, *options):
        self.database = database
        self.options = options
        self.process = None
        self.open()

    def open(self):
        deadline = time.monotonic() + CONNECT_WAIT_S
        while True:
            self.process = subprocess.Popen(
                command(self.database, *self.options),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            try:
                self.run("select 1;")
                return
            except Lost as lost:
                self.close()
                if time.monotonic() > deadline:
                    raise SystemExit(
                        f"PostgreSQL on port {os.environ['LAB_PG_PORT']} does not answer: {lost}"
                    ) from lost
                time.sleep(0.5)

    def run(self, sql):
        lines = []
        try:
            self.process.stdin.write(f"{sql}\n\\echo {END}\n")
            self.process.stdin.flush()
            for line in self.process.stdout:
                line = line.rstrip("\n")
                if line == END:
                    if any(
                        "server closed the connection" in text
                        or "terminating connection" in text
                        or "connection to server was lost" in text
                        or "You are currently not connected" in text
                        for text in lines
                    ):
                        raise Lost(" ".join(lines)[:200])
                    return lines
                lines.append(line)
        except (BrokenPipeError, ValueError) as error:
            raise Lost(str(error)) from error
        raise Lost(" ".join(lines)[:200] or "the session ended")

    def committed(self, sql):
        """Runs a whole transaction; False when it was rolled back, for whatever reason."""
        lines = self.run(sql)
        return bool(lines) and lines[-1] == "COMMIT"

    def close(self):
        if self.process is None:
            return
        try:
            self.process.stdin.close()
        except OSError:
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process = None
