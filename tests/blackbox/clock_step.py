#!/usr/bin/env python3
"""The wall clock is put forward and back by two hours under a process: nothing halts, waits or says what is not so.

A shim of the C library's clocks (clock_step.c) has the step, for the process alone. librdkafka's own waits are by the wall clock."""

import shutil
import signal
import subprocess
import sys
import unittest

import tide

HOURS = 2 * 60 * 60
BEATS = 3


@unittest.skipIf(shutil.which("cc") is None, "needs a C compiler")
class ClockStep(tide.Case):
    def setUp(self):
        super().setUp()
        self.step = self.path / "step"
        shim = self.path / "clock_step.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, tide.TOP / "tests" / "blackbox" / "clock_step.c", "-ldl"], check=True)
        self.shim = {"LD_PRELOAD": str(shim), "CLOCK_STEP": str(self.step)}

    def put(self, seconds):
        new = self.path / "new"
        new.write_text(str(seconds))
        new.rename(self.step)

    def test_two_hours_either_way(self):
        broker = tide.Server("demo", "--traffic", "50", "--db", self.path / "demo.db", stderr=self.path / "demo.log")
        self.addCleanup(broker.__exit__)
        brokers = broker.brokers()
        for step in (HOURS, -HOURS):
            with self.subTest(step=step):
                self.put(0)
                log = self.path / f"run{step}.log"
                server = tide.Server("run", "--brokers", brokers, "--prefix", tide.PREFIX, "--db", self.path / f"run{step}.db",
                                     "--silent-after-ms", "20000", stderr=log, env=self.shim)  # fmt: skip
                self.addCleanup(server.__exit__)
                state = lambda: server.get("/v1/lag")[1]["state"]  # noqa: E731
                newest = lambda: server.get("/v1/status")[1]["newest_heartbeat_ms"] or 0  # noqa: E731
                tide.wait_for("live", lambda: state() == "live")
                first = newest()
                tide.wait_for("a heartbeat that came while all was read", lambda: newest() > first)
                self.put(step)
                first = newest()
                applied = server.get("/v1/status")[1]["counters"]["applied"]
                tide.wait_for("heartbeats", lambda: newest() > first + BEATS * 1000)
                tide.wait_for("rows", lambda: server.get("/v1/status")[1]["counters"]["applied"] > applied)
                tide.wait_for("live", lambda: state() == "live")
                for word in ("upstream_silent", "halted", "disconnected"):
                    self.assertNotIn(word, log.read_text())
                server.process.send_signal(signal.SIGTERM)
                self.assertEqual(0, server.process.wait(40))


if __name__ == "__main__":
    unittest.main(argv=[*sys.argv, "-v"])
