#!/usr/bin/env python3
"""/metrics: the text format and its naming rules (those of promtool's lint), and that each metric which the alerts, the
dashboard and the documents name exists."""

import json
import re
import sys
import unittest
import urllib.request

import tide

MONITORING = tide.TOP / "lab" / "monitoring"
NAME = re.compile(r"[a-z][a-z0-9_]*")
SAMPLE = re.compile(r'([a-z0-9_]+)(?:\{((?:[a-z0-9_]+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)')
UNITS = re.compile(r"_(milli|micro|nano)?seconds?_|_(ms|us|minutes|hours|kilobytes|megabytes|percent|celsius_f)(_|$)")
# What PromQL and Grafana add to the names: their own functions and variables are none of ours.
OURS = re.compile(r"\b((?:tidemark|process)_[a-z0-9_]+)")


def parse(text):
    """{family: (type, help, [(name, labels, value)])}; AssertionError where it is not the format."""
    families, current = {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            _, _, current, told = line.split(" ", 3)
            assert current not in families, f"{current} is told of twice"
            families[current] = [None, told, []]
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == current and families[name][0] is None, line
            families[name][0] = kind
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            name, labels, value = sample.groups()
            base = re.sub(r"_(bucket|sum|count)$", "", name) if families[current][0] == "histogram" else name
            assert base == current, f"{name} stands among the samples of {current}"
            families[current][2].append((name, labels or "", float(value)))
    return families


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tide.Folder()
        cls.addClassCleanup(cls.folder.__exit__, None, None, None)
        path = cls.folder.__enter__()
        with tide.Server("demo", "--db", path / "x.db", "--traffic", "200", stderr=path / "log") as server:
            tide.wait_for("live", lambda: server.get("/v1/lag")[1]["state"] == "live")
            server.get("/v1/views/warehouse/picks")
            server.get("/nowhere")
            cls.metrics(server)  # so that /metrics itself has been answered once
            cls.text = cls.metrics(server)
            cls.position = server.get("/v1/status")[1]
        cls.families = parse(cls.text)

    @staticmethod
    def metrics(server):
        with urllib.request.urlopen(server.address + "/metrics", timeout=30) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            return answer.read().decode()

    def value(self, name, labels=""):
        (found,) = [v for n, told, v in self.families[re.sub(r"_(bucket|sum|count)$", "", name) if name not in self.families else name][2]
                    if n == name and labels in told]  # fmt: skip
        return found

    def test_lint(self):
        for name, (kind, told, samples) in self.families.items():
            with self.subTest(name):
                self.assertRegex(name, NAME)
                self.assertIn(kind, ("counter", "gauge", "histogram"))
                self.assertTrue(told.endswith("."), told)
                self.assertEqual(kind == "counter", name.endswith("_total"))
                self.assertFalse(kind != "histogram" and re.search(r"_(count|sum|bucket)$", name))
                self.assertFalse(UNITS.search(name.replace("_seconds", "")), "a base unit")
                self.assertFalse(any(word in name for word in ("gauge", "counter", "histogram", "summary")))
                self.assertEqual(len(samples), len({(n, labels) for n, labels, _ in samples}), "each sample once")
                self.assertTrue(all(value >= 0 for _, _, value in samples))

    def test_histograms(self):
        for name, (kind, _, samples) in self.families.items():
            if kind != "histogram":
                continue
            series = {}
            for sample, labels, value in samples:
                rest, bucket, le = labels.rpartition('le="')
                series.setdefault(rest.rstrip(",") if bucket else labels, []).append((sample, le.rstrip('"'), value))
            for labels, points in series.items():
                with self.subTest(f"{name} {labels}"):
                    buckets = [(float(le), value) for sample, le, value in points if sample.endswith("_bucket")]
                    self.assertEqual(sorted(buckets), buckets)
                    self.assertEqual(sorted(v for _, v in buckets), [v for _, v in buckets])
                    self.assertEqual(float("inf"), buckets[-1][0])
                    (count,) = [v for sample, _, v in points if sample.endswith("_count")]
                    self.assertEqual(count, buckets[-1][1])

    def test_what_they_say(self):
        self.assertEqual(1, self.value("tidemark_state", 'state="live"'))
        info = [labels for _, labels, _ in self.families["tidemark_build_info"][2]][0]
        self.assertIn(f'version="{self.position["version"]}"', info)
        for library in ("sqlite", "librdkafka", "libmicrohttpd", "jansson"):
            self.assertRegex(info, rf'\b{library}="\d')
        took = "tidemark_http_request_duration_seconds"
        self.assertEqual(1, self.value(took + "_count", 'route="/v1/views/{view}/{query}"'))
        self.assertEqual(1, self.value(took + "_count", 'route="none"'))
        self.assertEqual(1, self.value(took + "_count", 'route="/metrics"'))
        self.assertGreater(self.value(took + "_sum", 'route="/v1/views/{view}/{query}"'), 0)
        self.assertGreater(self.value("tidemark_commit_duration_seconds_count"), 0)
        self.assertGreater(self.value("tidemark_apply_delay_seconds_count"), 0)
        self.assertGreaterEqual(self.value("tidemark_commit_duration_seconds_count"), self.value("tidemark_commits_total"))
        self.assertGreater(self.value("tidemark_file_bytes"), 0)
        self.assertGreater(self.value("tidemark_disk_free_bytes"), 0)
        self.assertGreater(self.value("process_resident_memory_bytes"), 1e6)
        self.assertGreater(self.value("process_cpu_seconds_total"), 0)
        self.assertLess(self.value("process_open_fds"), self.value("process_max_fds"))
        self.assertLess(self.value("tidemark_heartbeat_age_seconds"), 60)

    def exists(self, name):
        return name in self.families or re.sub(r"_(bucket|sum|count)$", "", name) in self.families

    def test_what_alerts_and_dashboard_name_exists(self):
        texts = re.findall(r"expr: (?:>-\n\s+)?(.*)", (MONITORING / "alerts.yml").read_text())
        dashboard = json.loads((MONITORING / "dashboard.json").read_text())
        texts += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertGreater(len(texts), 40)
        for text in texts:
            with self.subTest(text):
                names = OURS.findall(text)
                self.assertTrue(names or "up{" in text)
                for name in names:
                    self.assertTrue(self.exists(name), f"there is no metric {name}")
        places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in dashboard["panels"]]
        self.assertEqual(len(places), len(set(places)), "no panel lies on another")
        self.assertEqual(len(places), len({p["id"] for p in dashboard["panels"]}))

    def test_what_the_documents_name_exists(self):
        for path in ("README.md", "http/README.md", "consumer/README.md", "views/README.md", "lab/README.md"):
            for name in re.findall(r"`(tidemark_[a-z_]+|process_[a-z_]+)", (tide.TOP / path).read_text()):
                with self.subTest(f"{path}: {name}"):
                    self.assertTrue(self.exists(name))


if __name__ == "__main__":
    sys.exit(unittest.main())
