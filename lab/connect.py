#!/usr/bin/env python3
"""Kafka Connect's REST interface, as much of it as the lab needs.

connect.py register NAME CONFIG.json   register or change a connector, wait until it is RUNNING with its task
connect.py state NAME                  print the states
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

RUNNING_WAIT_S = 120
RESTART_EVERY_S = 10  # a FAILED task is started again, but not faster than this


class Connect:
    def __init__(self, port=None):
        self.base = f"http://127.0.0.1:{port or os.environ['LAB_CONNECT_PORT']}"

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def answers(self):
        try:
            self.call("GET", "/connectors")
            return True
        except OSError:
            return False

    def has(self, name, config):
        """Whether the connector is there with just this configuration: to send it again would restart it."""
        try:
            return self.call("GET", f"/connectors/{name}/config") == config | {"name": name}
        except OSError:
            return False

    def register(self, name, config):
        """Bounded retries: a worker that just started answers 409 while its group settles."""
        deadline = time.monotonic() + RUNNING_WAIT_S
        while not self.has(name, config):
            try:
                self.call("PUT", f"/connectors/{name}/config", config)
                return
            except urllib.error.HTTPError as error:
                reason = error.read().decode(errors="replace")
                if error.code not in (409, 500, 503) or time.monotonic() > deadline:
                    raise SystemExit(
                        f"Connect refuses the connector {name}: {error.code} {reason}"
                    ) from error
            except OSError as error:
                if time.monotonic() > deadline:
                    raise SystemExit(f"Connect at {self.base} does not answer: {error}") from error
            time.sleep(0.5)

    def states(self, name):
        """[(what, state, trace)] of the connector and its tasks; empty when unknown."""
        try:
            status = self.call("GET", f"/connectors/{name}/status")
        except OSError:
            return []
        parts = [("connector", status["connector"])] + [(f"task {t['id']}", t) for t in status["tasks"]]
        return [(what, part["state"], part.get("trace", "")) for what, part in parts]

    def running(self, name):
        states = self.states(name)
        return len(states) > 1 and all(state == "RUNNING" for _, state, _ in states)

    def wait_running(self, name, seconds=RUNNING_WAIT_S):
        deadline = time.monotonic() + seconds
        restarted = 0.0
        while not self.running(name):
            failed = [part for part in self.states(name) if part[1] == "FAILED"]
            now = time.monotonic()
            if failed and now - restarted > RESTART_EVERY_S:
                print(
                    f"{failed[0][0]} of {name} has FAILED, starting it again: {failed[0][2].splitlines()[:1]}"
                )
                restarted = now
                try:
                    self.call("POST", f"/connectors/{name}/restart?includeTasks=true&onlyFailed=true")
                except OSError as error:
                    print(f"restart of {name}: {error}")
            if now > deadline:
                raise SystemExit(f"connector {name} is not RUNNING after {seconds} s: {self.states(name)}")
            time.sleep(0.5)


def main():
    if sys.argv[1:2] == ["register"] and len(sys.argv) == 4:
        connect = Connect()
        with open(sys.argv[3], encoding="utf-8") as file:
            connect.register(sys.argv[2], json.load(file))
        connect.wait_running(sys.argv[2])
    elif sys.argv[1:2] == ["state"] and len(sys.argv) == 3:
        for what, state, trace in Connect().states(sys.argv[2]):
            print(what, state, trace[:200])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
