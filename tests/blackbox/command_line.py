#!/usr/bin/env python3
"""The command line: exit codes, one line an error, flags and their environment twins, help, the log's forms."""

import contextlib
import gzip
import json
import re
import resource
import socket
import subprocess
import sys
import threading
import unittest

import tide

BASIC = str(tide.CAPTURES / "basic.jsonl")
COMMANDS = {
    "run": ["--brokers", "--prefix", "--db", "--views", "--only", "--listen", "-X", "--log-format", "--transaction-wait-ms"],
    "demo": ["--capture", "--db", "--listen", "--rate", "--traffic", "--for", "--seed"],
    "replay": ["--db", "--views", "--only", "--json", "--commit-messages"],
    "serve": ["--db", "--views", "--listen", "--for"],
    "check": ["--views", "--only"],
}

# (arguments, what the one line on stderr must say)
USAGE = [
    ([], "tidemark --help"),
    (["frobnicate"], "frobnicate"),
    (["replay"], "--db"),
    (["replay", "--db", "x.db"], "CAPTURE"),
    (["replay", "--db"], "--db"),
    (["replay", "--frob", BASIC], "`tidemark replay` has no flag --frob; see `tidemark replay --help`"),
    (["replay", "--comit-mesages=5", BASIC], "no flag --comit-mesages=5; --commit-messages is there, and may be meant; see"),
    (["replay", "--watc", BASIC], "no flag --watc; see"),  # it is another command's
    (["replay", "--db", "x.db", "--json=yes", BASIC], "--json"),
    (["replay", "--db", "x.db", "--commit-messages", "0", BASIC], "--commit-messages"),
    (["replay", "--db", "x.db", "--commit-messages", "many", BASIC], "--commit-messages"),
    (["replay", "--db", "x.db", "--commit-messages", "4294967297", BASIC], "--commit-messages 4294967297: it is 1 to 100000000"),
    (["demo", "--transaction-wait-ms", "86400001"], "--transaction-wait-ms 86400001: it is 0 to 86400000"),
    (["demo", "--transaction-wait-ms", "9223372036854775807"], "--transaction-wait-ms"),
    (["replay", "--db", "x.db", "--listen", "127.0.0.1:0", BASIC], "--listen"),
    (["run"], "--brokers"),
    (["run", "--brokers", "127.0.0.1:1"], "--prefix"),
    (["run", "--brokers", "127.0.0.1:1", "--prefix", "p"], "--db"),
    (["run", "--brokers", "127.0.0.1:1", "--prefix", "", "--db", "x.db"], "--prefix"),
    (["run", "--brokers", "127.0.0.1:1", "--prefix", "p", "--db", "x.db", "-X", "nothing"], "-X"),
    (["demo", "--rate", "-1"], "--rate"),
    (["demo", "--rate", "fast"], "--rate"),
    (["demo", "--for", "soon"], "--for"),
    (["demo", "--for", "nan"], "--for"),
    (["demo", "--for", "1e13"], "--for 1e13: a number from 0 to 1000000000000 is needed"),
    (["demo", "--seed", "9223372036854775808"], "--seed 9223372036854775808: a whole number from 0 to 9223372036854775807"),
    (["demo", "-X", "a=b"], "-X"),
    (["demo", "--log-format", "xml"], "--log-format"),
    (["demo", "--log-level", "loud"], "--log-level loud: it is error, warn, info or debug"),
    (["serve"], "--db"),
    (["check", "more"], "more"),
]
RUN = ["run", "--brokers", "127.0.0.1:1", "--prefix", "p", "--db", "x.db", "--listen", "unix:http"]
# What is wrong with a value, and nothing but the machine's libraries tells: the same.
USAGE += [
    ([*RUN, "-X", "bogus=1"], '-X bogus: No such configuration property: "bogus"'),
    ([*RUN, "-X", "security.protocol=carrier_pigeon"], "-X security.protocol"),
    ([*RUN, "-X", "group.id=mine"], "-X group.id cannot be set"),
    ([*RUN, "-X", "security.protocol=ssl", "-X", "ssl.ca.location=/none"], "librdkafka does not start with these properties"),
    ([*RUN, "--prefix", "the shop"], "--prefix the shop"),
    ([*RUN, "--only", "none"], "none"),
    ([*RUN, "--socket-mode", "999"], "--socket-mode 999"),
    ([*RUN, "--allow-origin", "shop"], "--allow-origin"),
    ([*RUN, "--no-auth", "--token-file", "none"], "--no-auth and --token-file"),
    (["init", *RUN[1:5], "-X", "bogus=1"], "-X bogus"),
    (["doctor", *RUN[1:5], "-X", "bogus=1"], "-X bogus"),
]
# What the flags name cannot be used: the exit code is 1, and again nothing is made, no file and no socket's.
UNUSABLE = [
    ([*RUN, "--views", "none"], "none"),
    ([*RUN, "--views", "broken"], "source.sql:1:8: syntax error"),
    ([*RUN, "--token-file", "none"], "--token-file none"),
    ([*RUN, "--tls-cert", "none", "--tls-key", "none"], "--tls-cert none"),
    (["demo", "--db", "x.db", "--listen", "unix:http", "--capture", "none.jsonl"], "none.jsonl"),
    (["demo", "--db", "x.db", "--listen", "unix:http", "--capture", "broken/source.sql"], "broken/source.sql:1"),
    (["demo", "--db", "x.db", "--listen", "unix:http", "--capture", "broken"], "broken"),
    (["replay", "--db", "x.db", "broken/source.sql"], "broken/source.sql:1"),
    (["replay", "--db", "x.db", "--views", "broken", BASIC], "source.sql:1:8: syntax error"),
]


class CommandLine(tide.Case):
    def told(self, done):
        lines = done.stderr.strip().splitlines()
        self.assertTrue(lines and lines[-1].startswith("tidemark: "), done.stderr)
        return lines[-1]

    def test_usage(self):
        for arguments, says in USAGE:
            with self.subTest(" ".join(arguments)):
                done = tide.run(*arguments, cwd=self.path)
                self.assertEqual(2, done.returncode, done.stderr)
                self.assertIn(says, self.told(done))
                self.assertEqual("", done.stdout)
        self.assertEqual([], list(self.path.iterdir()), "a usage error makes no file")

    def test_what_cannot_be_used_makes_nothing(self):
        (self.path / "broken").mkdir()
        (self.path / "broken" / "source.sql").write_text("create tabel orders(id int primary key);\n")
        for arguments, says in UNUSABLE:
            with self.subTest(" ".join(arguments)):
                done = tide.run(*arguments, cwd=self.path)
                self.assertEqual(1, done.returncode, done.stderr)
                self.assertIn(says, done.stderr)
                self.assertTrue(done.stderr.startswith("tidemark: "), done.stderr)
                self.assertEqual(["broken"], [path.name for path in self.path.iterdir()])

    def test_failures(self):
        for arguments, says in [
            (["replay", "--db", "x.db", "none.jsonl"], "none.jsonl"),
            (["demo", "--capture", "none.jsonl"], "none.jsonl"),
            (["serve", "--db", "none.db"], "none.db"),
            (["check", "--views", "none"], "none"),
            (["demo", "--listen", "nowhere"], "nowhere"),
            (["demo", "--listen", "127.0.0.1:99999"], "99999"),
        ]:
            with self.subTest(" ".join(arguments)):
                done = tide.run(*arguments, cwd=self.path)
                self.assertIn(done.returncode, (1, 2), done.stderr)
                self.assertIn(says, self.told(done))

    def test_no_such_file(self):
        for command in ("serve", "quarantine list"):
            done = tide.run(*command.split(), "--db", self.path / "nope.db")
            self.assertEqual((1, f"tidemark: {self.path / 'nope.db'}: No such file or directory\n"), (done.returncode, done.stderr))

    def test_an_output_that_cannot_be_written(self):
        for arguments in (["check"], ["--help"], ["--version"], ["replay", "--json", "--db", self.path / "x.db", BASIC]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([tide.program(), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
                                      text=True, timeout=60, env=tide.environment(), check=False)  # fmt: skip
            self.assertEqual(1, done.returncode, (arguments, done.stderr))
            self.assertIn("tidemark: standard output: No space left on device", done.stderr)

    def test_a_file_that_may_not_grow(self):
        """ulimit -f: an error as of a full disk, not a signal's end without a word."""
        for arguments in (["replay", "--db", self.path / "x.db", BASIC], ["prove", "--db", self.path / "y.db", BASIC]):
            done = subprocess.run([tide.program(), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                                  env=tide.environment(), check=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)))  # fmt: skip
            self.assertEqual(1, done.returncode, (arguments, done.stderr))
            self.assertRegex(done.stderr, r"(?m)^tidemark: .*(full|File too large|I/O error)")

    def test_a_port_in_use(self):
        with tide.Server("demo", stderr=self.path / "log") as server:
            place = server.address.removeprefix("http://")
            done = tide.run("demo", "--listen", place, "--for", "5")
            self.assertEqual(1, done.returncode, done.stderr)
            self.assertIn(place, self.told(done))
            self.assertIn("give another --listen", self.told(done))
        done = tide.run("demo", "--listen", "192.0.2.1:8080", "--for", "5")
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIn("this machine has no such address", self.told(done))

    def test_help(self):
        done = tide.run("--help")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        for command, flags in COMMANDS.items():
            self.assertIn(f"tidemark {command}", done.stdout)
            with self.subTest(command):
                its = tide.run(command, "--help")
                self.assertEqual((0, ""), (its.returncode, its.stderr))
                for flag in flags:
                    self.assertIn(flag, its.stdout)

    def test_version(self):
        done = tide.run("--version")
        self.assertEqual(0, done.returncode)
        first, *libraries = done.stdout.splitlines()
        self.assertRegex(first, r"^tidemark \d+\.\d+\.\d+$")
        self.assertEqual(["SQLite", "librdkafka", "libmicrohttpd", "jansson", "zlib", "libpg_query"],
                         [line.split()[0] for line in libraries])  # fmt: skip
        for line in libraries:
            self.assertRegex(line, r"^\w+ \d+(\.\d+)+$")

    def test_environment_twins(self):
        db = str(self.path / "twin.db")
        done = tide.run("replay", BASIC, env={"TIDEMARK_DB": db, "TIDEMARK_JSON": "1", "TIDEMARK_ONLY": "warehouse",
                                              "TIDEMARK_COMMIT_MESSAGES": "10"})  # fmt: skip
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(153, json.loads(done.stdout)["messages"])
        flag = tide.run("replay", "--db", str(self.path / "flag.db"), BASIC, env={"TIDEMARK_DB": db})
        self.assertEqual(0, flag.returncode)
        self.assertTrue((self.path / "flag.db").exists(), "a flag wins")
        # librdkafka names the value that it refuses: without the return
        lines = "# of the cluster\r\n\r\nclient.id=a\r\nsecurity.protocol=carrier_pigeon\r\n"
        wrong = tide.run(*RUN, env={"TIDEMARK_X": lines})
        self.assertEqual(2, wrong.returncode, wrong.stderr)
        self.assertIn('"carrier_pigeon"', self.told(wrong))
        wrong = tide.run(*RUN, env={"TIDEMARK_X": "client.id=a\n\nsasl.password"})
        self.assertEqual(2, wrong.returncode, wrong.stderr)
        self.assertIn("TIDEMARK_X, line 3: ", self.told(wrong))
        wrong = tide.run("replay", "--db", db, BASIC, env={"TIDEMARK_COMMIT_MESSAGES": "x"})
        self.assertEqual(2, wrong.returncode)
        self.assertIn("TIDEMARK_COMMIT_MESSAGES", self.told(wrong))

    def test_a_twin_that_is_misspelt(self):
        """It would set nothing, in silence. What others have put there for themselves is no twin."""
        for name, meant in (("TIDEMARK_DURABEL", "TIDEMARK_DURABLE"), ("TIDEMARK_COMIT_MESSAGE", "TIDEMARK_COMMIT_MESSAGES"),
                            ("TIDEMARK_ONYL", "TIDEMARK_ONLY"), ("TIDEMARK_LOGLEVEL", "TIDEMARK_LOG_LEVEL"), ("TIDEMARK_BD", "TIDEMARK_DB"),
                            ("TIDEMARK_DB_FILE", "TIDEMARK_DB"), ("TIDEMARK_VIEWS_DIR", "TIDEMARK_VIEWS"),
                            ("TIDEMARK_LISTEN_ADDR", "TIDEMARK_LISTEN"), ("TIDEMARK_BROKERS_LIST", "TIDEMARK_BROKERS"), ("TIDEMARK_VIEWS_PATH", "TIDEMARK_VIEWS")):  # fmt: skip
            done = tide.run("check", env={name: "1"})
            self.assertEqual(2, done.returncode, done.stderr)
            self.assertIn(f"{name} is the twin of no flag; {meant} is, and may be meant", self.told(done))
        others = {"TIDEMARK_SERVICE_HOST": "10.0.0.1", "TIDEMARK_PORT": "tcp://10.0.0.1:8080", "TIDEMARK_PORT_8080_TCP_ADDR": "10.0.0.1",
                  "TIDEMARK_ID": "7", "TIDEMARK_DB_SERVICE_HOST": "10.0.0.2", "TIDEMARK_DB_PORT": "tcp://10.0.0.2:5432", "TIDEMARK_": "", "TIDEMARK_RATE": "5",
                  "TIDEMARK_CONFIG_DIR": "/etc/tidemark", "TIDEMARK_STATE_DIR": "/var/lib/tidemark"}  # fmt: skip
        self.assertEqual((0, ""), (lambda done: (done.returncode, done.stderr))(tide.run("check", env=others)))

    def test_config_file(self):
        """A flag wins over the environment, that over the file."""
        config = self.path / "tidemark.json"

        def replayed(document, *flags, **env):
            config.write_text(document if isinstance(document, str) else json.dumps(document))
            return tide.run("replay", *flags, BASIC, cwd=self.path, env={"TIDEMARK_CONFIG": str(config), **env})

        done = replayed({"db": "file.db", "json": True, "only": ["warehouse", "email"], "commit-messages": 10,
                         "listen": "127.0.0.1:0", "X": {"sasl.password": "x"}, "views": None})  # fmt: skip
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(153, json.loads(done.stdout)["messages"])
        self.assertTrue((self.path / "file.db").exists())
        self.assertEqual("", replayed({"db": "file.db", "json": True}, TIDEMARK_JSON="no").stdout)
        self.assertNotEqual("", replayed({"db": "file.db", "json": False}, "--json", TIDEMARK_JSON="no").stdout)
        replayed({"db": "file.db"}, TIDEMARK_DB="twin.db")
        replayed({"db": "file.db"}, "--db", "flag.db", TIDEMARK_DB="no.db")
        self.assertEqual([True, True, False], [(self.path / n).exists() for n in ("twin.db", "flag.db", "no.db")])
        other = self.path / "other.json"
        other.write_text('{"db": "other.db"}')
        for flags in (["--config", str(other)], [f"--config={other}"], ["--only", "warehouse", "--config", str(other)]):
            with self.subTest(flags):
                done = tide.run("replay", *flags, "--json", BASIC, cwd=self.path, env={"TIDEMARK_CONFIG": "none.json"})
                self.assertEqual(0, done.returncode, done.stderr)
        for document, says in [
            ({"bogus": 1}, 'no key "bogus"; there are prefix, db, '), ({"config": "x"}, 'no key "config"'),
            ({"db": ["a", 1]}, '"db" is a text'), ({"db": {}}, '"db" is a text'), ({"X": "secret"}, '"X" is an object'),
            ({"db": "x.db", "commit-messages": "secret"}, "commit-messages"), ({"json": "maybe", "db": "x.db"}, "yes or no"),
            ("[1]", "not a JSON object"), ('{"db": "secret', ":1:"), ('{"db": "secret", "db": "x"}', "twice"), ("", "not valid JSON"),
            ('{"commit-messages": 99999999999999999999}', "larger than any flag takes"), ('{"db": "a\\u0000"}', "NUL"),
        ]:  # fmt: skip
            with self.subTest(document):
                done = replayed(document)
                self.assertEqual(2, done.returncode)
                self.assertIn(str(config), self.told(done))
                self.assertIn(says, self.told(done))
        for encoding, code, says in (("utf-8-sig", 0, ""), ("utf-16", 2, "it is UTF-16"), ("latin-1", 2, "not UTF-8")):
            foreign = self.path / "foreign.json"
            foreign.write_bytes('{"db": "caf\u00e9.db"}'.encode(encoding))
            done = tide.run("replay", "--config", foreign, BASIC, cwd=self.path)
            self.assertEqual(code, done.returncode, done.stderr)
            self.assertIn(says, done.stderr)
        for document in ('{"db": "secret', '{"db": "secret", "db": "x"}', {"X": "secret"}, {"X": {"a.b": ["secret"]}}):
            self.assertNotIn("secret", replayed(document).stderr)
        self.assertIn("none.json", self.told(tide.run("check", "--config", "none.json")))
        done = tide.run("run", "--config", str(other), "--brokers", "127.0.0.1:1", "--prefix", "p", "--listen", "nowhere")
        self.assertIn("nowhere", self.told(done))

    def test_librdkafkas_properties_in_a_config_file(self):
        config = self.path / "tidemark.json"
        config.write_text(json.dumps({"brokers": "127.0.0.1:1", "prefix": "p", "db": str(self.path / "x.db"), "for": 1,
                                      "listen": "127.0.0.1:0", "X": {"no.such.property": "secret"}}))  # fmt: skip
        done = tide.run("run", "--config", config)
        self.assertNotEqual(0, done.returncode)
        self.assertIn("no.such.property", done.stderr)
        self.assertNotIn("secret", done.stderr)

    def test_a_twin_is_yes_or_no(self):
        db = str(self.path / "twin.db")
        for value, json_printed in [("yes", True), ("ON", True), ("true", True), ("1", True),
                                    ("no", False), ("off", False), ("False", False), ("0", False)]:  # fmt: skip
            with self.subTest(value):
                done = tide.run("replay", "--db", db, BASIC, env={"TIDEMARK_JSON": value})
                self.assertEqual((0, json_printed), (done.returncode, done.stdout != ""))
        for value in ("", "nope", "2", "y"):
            with self.subTest(value):
                done = tide.run("replay", "--db", db, BASIC, env={"TIDEMARK_ACCEPT_TIMELINE": value})
                self.assertEqual(2, done.returncode)
                self.assertIn("TIDEMARK_ACCEPT_TIMELINE", self.told(done))

    def test_captures_as_others_write_them(self):
        plain = tide.CAPTURES.joinpath("basic.jsonl").read_bytes()
        kcat = b"".join(
            json.dumps({"topic": line["topic"], "partition": line["partition"], "offset": line["offset"],
                        "tstype": "create", "ts": line["ts"], "broker": 1, "key": line["key"],
                        "payload": line["value"]}).encode() + b"\n\r\n"
            for line in tide.read_capture(BASIC))  # fmt: skip
        packed = self.path / "packed"
        packed.write_bytes(gzip.compress(plain[:5000]) + gzip.compress(plain[5000:]))
        for name, arguments, stdin in [("kcat -J with blank lines", ["-"], kcat), ("gzip", [packed], b""),
                                       ("gzip on a pipe", ["-"], packed.read_bytes()), ("a pipe", ["-"], plain)]:  # fmt: skip
            with self.subTest(name):
                db = self.path / f"{name}.db"
                done = subprocess.run([tide.program(), "replay", "--json", "--db", str(db), *map(str, arguments)],
                                      input=stdin, capture_output=True, env=tide.environment(), check=False)  # fmt: skip
                self.assertEqual(0, done.returncode, done.stderr)
                self.assertEqual(153, json.loads(done.stdout)["messages"])
        packed.write_bytes(gzip.compress(plain)[:-9])
        done = tide.run("replay", "--db", self.path / "cut.db", packed)
        self.assertEqual(1, done.returncode)
        self.assertIn("cut off", self.told(done))

    def test_nothing_was_for_the_mirror(self):
        (self.path / "v").mkdir()
        (self.path / "v" / "source.sql").write_text("create table other(id bigint primary key);\n")
        done = tide.run("replay", "--db", self.path / "x.db", "--views", self.path / "v", BASIC)
        self.assertEqual(0, done.returncode)
        self.assertIn("no message was for a table of source.sql: the topics are ", done.stderr)
        self.assertIn("theworldshop.public.orders", done.stderr)

    def test_strict(self):
        bad = tide.write_capture(self.path / "bad.jsonl", [tide.line("orders", 0, "{}", "no json")])
        done = tide.run("replay", "--db", self.path / "x.db", bad)
        self.assertEqual(0, done.returncode)
        done = tide.run("replay", "--strict", "--db", self.path / "y.db", bad)
        self.assertEqual(1, done.returncode)
        self.assertIn("1 messages are quarantined", self.told(done))
        self.assertEqual(0, tide.run("replay", "--strict", "--db", self.path / "z.db", BASIC).returncode)

    def test_replay_json(self):
        done = tide.run("replay", "--json", "--db", self.path / "x.db", BASIC)
        self.assertEqual(1, len(done.stdout.splitlines()))
        counts = json.loads(done.stdout)
        self.assertEqual(["messages", "applied", "duplicates", "ignored", "quarantined", "seconds"], list(counts))
        self.assertEqual(counts["messages"], sum(counts[k] for k in ("applied", "duplicates", "ignored", "quarantined")))
        again = json.loads(tide.run("replay", "--json", "--db", self.path / "x.db", BASIC).stdout)
        self.assertEqual((counts["messages"], 0), (again["duplicates"], again["applied"]))

    def test_log_format_json(self):
        done = tide.run("replay", "--db", self.path / "x.db", "--log-format", "json", BASIC)
        lines = [line for line in done.stderr.splitlines() if line]
        self.assertTrue(lines)
        for line in lines:
            self.assertIsInstance(json.loads(line), dict)
        quiet = tide.run("replay", "--db", self.path / "y.db", "--log-level", "error", BASIC)
        self.assertEqual("", quiet.stderr)

    def test_secrets_are_not_told(self):
        secret = "hunter2-hunter2"
        done = tide.run("run", "--brokers", "127.0.0.1:1", "--prefix", "p", "--db", self.path / "x.db", "--for", "1",
                        "--listen", "127.0.0.1:0", "-X", "sasl.password=" + secret, "-X", "no.such.property=" + secret)  # fmt: skip
        self.assertNotEqual(0, done.returncode)
        self.assertIn("no.such.property", done.stderr)
        self.assertNotIn(secret, done.stderr + done.stdout)

    def test_run_without_a_broker(self):
        """Nobody there: HTTP answers, the state says so, no 0 is told for what is not known."""
        port = tide.free_port()
        with tide.Server("run", "--brokers", f"127.0.0.1:{port}", "--prefix", "p", "--db", self.path / "x.db",
                         stderr=self.path / "log") as server:  # fmt: skip
            tide.wait_for("disconnected", lambda: server.get("/v1/lag")[1]["state"] == "disconnected")
            self.assertIsNone(server.get("/v1/lag")[1]["messages"])
            self.assertEqual(200, server.get("/healthz")[0])
            self.assertEqual(503, server.get("/readyz")[0])
            self.assertEqual(0, server.stop())

    def test_a_port_that_is_no_brokers(self):
        """librdkafka asks for more memory for what is an answer of HTTP's: what it means is said beside it."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def answer():
                while True:
                    with contextlib.suppress(OSError), listener.accept()[0] as client:
                        client.recv(1000)
                        client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

            threading.Thread(target=answer, daemon=True).start()
            with tide.Server("run", "--brokers", f"127.0.0.1:{listener.getsockname()[1]}", "--prefix", "p", "--db", self.path / "x.db",
                             stderr=self.path / "log") as server:  # fmt: skip
                said = "another service's port, or a listener that wants TLS (-X security.protocol=SSL)"
                tide.wait_for("what it may be", lambda: said in server.get("/readyz")[1]["detail"])
                self.assertEqual(0, server.stop())

    def test_serve(self):
        tide.replay(self.path / "x.db", BASIC)
        with tide.Server("serve", "--db", self.path / "x.db", stderr=self.path / "log") as server:
            status, document = server.get("/v1/views/analytics/orders_by_status")
            self.assertEqual(200, status)
            self.assertTrue(all(re.fullmatch(r"-?\d+\.\d\d", row["total"]) for row in document["rows"]))
            self.assertEqual("transactional", document["position"]["consistency"])
            self.assertEqual(404, server.get("/v1/views/analytics/none")[0])
            self.assertEqual(0, server.stop())


if __name__ == "__main__":
    sys.exit(unittest.main())
