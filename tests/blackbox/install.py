#!/usr/bin/env python3
"""What is installed, and how it comes to be: `cmake --install` and the manual page and completions that are made of --help; what
lab/packages.sh says where there is no apt-get; clangd's file."""

import json
import os
import pathlib
import platform
import re
import resource
import shutil
import subprocess
import sys
import unittest

import tide

BUILD = pathlib.Path(tide.program()).parent
TOOLS = ("sh", "awk", "id", "printf", "mktemp")


def flags_of(text):
    return set(re.findall(r"^  (--[a-z-]+|-X)", text, re.M))


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tide.Folder()
        cls.root = folder.__enter__()
        cls.addClassCleanup(folder.__exit__, None, None, None)
        subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.root / "usr"], check=True, stdout=subprocess.DEVNULL)
        overview = tide.run("--help").stdout
        cls.commands = sorted(set(re.findall(r"^  tidemark ([a-z]+) ", overview, re.M)))
        cls.help = {command: tide.run(command, "--help").stdout for command in cls.commands}

    def read(self, path):
        return (self.root / "usr" / path).read_text()

    def test_the_files(self):
        self.assertIn("tidemark", subprocess.run([self.root / "usr/bin/tidemark", "--version"], capture_output=True, text=True).stdout)
        for path in ("share/doc/tidemark/copyright", "share/doc/tidemark/README.md", "lib/sysusers.d/tidemark.conf"):
            self.assertTrue(self.read(path))
        for room in ("consumer", "http", "views"):  # the API, views, connector settings: README.md says no more of them
            self.assertIn(f"]({room}/README.md", self.read("share/doc/tidemark/README.md"))
            self.assertTrue(self.read(f"share/doc/tidemark/{room}/README.md"))
        unit = self.read("lib/systemd/system/tidemark.service")
        for line in ("User=tidemark", "StateDirectory=tidemark", "ExecStart=tidemark run --config /etc/tidemark/config.json",
                     "ProtectSystem=strict", "NoNewPrivileges=yes"):  # fmt: skip
            self.assertIn(f"\n{line}\n", unit)

    def test_the_unit_lets_it_have_its_connections(self):
        """With as many files open as the unit allows, a start warns of nothing: --max-connections' default and what is open beside it fit."""
        files = int(re.search(r"^LimitNOFILE=(\d+)$", self.read("lib/systemd/system/tidemark.service"), re.M).group(1))
        if 0 <= resource.getrlimit(resource.RLIMIT_NOFILE)[1] < files:
            self.skipTest("fewer files may be open here")
        db = self.root / "files.db"
        tide.run("replay", "--db", db, tide.CAPTURES / "basic.jsonl")
        serve = f"ulimit -n {files} && exec '{tide.program()}' serve --db '{db}' --listen 127.0.0.1:0 --for 0.2"
        done = subprocess.run(["sh", "-c", serve], capture_output=True, text=True, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertNotIn("files open", done.stderr)

    @unittest.skipUnless(shutil.which("readelf"), "readelf is not installed")
    def test_what_is_hardened(self):
        """Position-independent, no relocation written to later, no executable stack, canaries, checked copies."""

        def told(*flags):
            return subprocess.run(["readelf", "-W", *flags, self.root / "usr/bin/tidemark"], capture_output=True, text=True, check=True).stdout

        header, segments, dynamic, symbols = (told(flag) for flag in ("-h", "-l", "-d", "-s"))
        self.assertRegex(header, r"Type: +DYN")
        self.assertIn("GNU_RELRO", segments)
        self.assertRegex(segments, r"GNU_STACK .* RW +0x")
        self.assertRegex(dynamic, r"\(FLAGS\) +BIND_NOW")
        self.assertRegex(dynamic, r"\(FLAGS_1\) +Flags: NOW PIE")
        self.assertNotIn("RPATH", dynamic)
        self.assertNotIn("RUNPATH", dynamic)
        self.assertIn("__stack_chk_fail", symbols)
        if platform.libc_ver()[0] == "glibc":
            self.assertRegex(symbols, r"__(memcpy|snprintf|vsnprintf|read|fprintf)_chk")

    def test_the_example_is_a_configuration(self):
        example = json.loads(self.read("share/doc/tidemark/examples/config.json"))
        path = self.root / "config.json"
        path.write_text(json.dumps({**example, "db": "/nonexistent/x.db", "listen": "127.0.0.1:0"}))
        done = tide.run("run", "--config", path)
        self.assertEqual(1, done.returncode, "no usage error")
        self.assertIn("/nonexistent/x.db", done.stderr)

    def test_the_manual_has_every_flag(self):
        page = self.read("share/man/man1/tidemark.1").replace("\\-", "-")
        self.assertFalse(re.search("@[A-Z_]+@", page), "what CMake was to fill in")
        for command, text in self.help.items():
            its = re.split(rf"^\.SS tidemark {command}\b", page, maxsplit=1, flags=re.M)[1]
            its = re.split(r"^\.S[SH] ", its, maxsplit=1, flags=re.M)[0]
            with self.subTest(command):
                self.assertEqual(flags_of(text), set(re.findall(r"^\.B (-[^ ]+) ", its, re.M)))

    def complete(self, *words):
        script = f"""
            source {self.root}/usr/share/bash-completion/completions/tidemark
            COMP_WORDS=({' '.join(f"'{word}'" for word in words)}); COMP_CWORD={len(words) - 1}
            _tidemark; printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=self.root)
        self.assertEqual("", done.stderr)
        return set(done.stdout.split())

    @unittest.skipUnless(shutil.which("bash"), "bash is not installed")
    def test_bash_completes(self):
        self.assertEqual({*self.commands, "--help", "--version"}, self.complete("tidemark", ""))
        for command, text in self.help.items():
            with self.subTest(command):
                self.assertEqual(flags_of(text) - {"-X"} | {"--help"}, self.complete("tidemark", command, "--"))
        self.assertEqual({"json"}, self.complete("tidemark", "run", "--log-format", "j"))
        self.assertEqual({"usr"}, self.complete("tidemark", "check", "--views", "u"))

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_reads_its_file(self):
        subprocess.run(["zsh", "-n", self.root / "usr/share/zsh/vendor-completions/_tidemark"], check=True)

    def test_what_is_missing_is_told_at_once(self):
        names = {"dnf": ["librdkafka-devel", "sqlite-devel", "gcc make"], "apk": ["librdkafka-dev", "build-base", "samurai"],
                 "brew": ["librdkafka", "libmicrohttpd", "ninja"], None: ["librdkafka-dev", "build-essential"]}  # fmt: skip
        for manager, packages in names.items():
            with self.subTest(manager):
                path = self.root / f"path-{manager}"
                path.mkdir()
                for tool in TOOLS:
                    (path / tool).symlink_to(shutil.which(tool))
                if manager:
                    (path / manager).write_text("#!/bin/sh\necho it was called\n")
                    (path / manager).chmod(0o755)
                done = subprocess.run([shutil.which("sh"), tide.TOP / "lab/packages.sh"], capture_output=True, text=True,
                                      env={"PATH": str(path)}, check=False)  # fmt: skip
                self.assertEqual((1, ""), (done.returncode, done.stdout))
                for package in packages:
                    self.assertIn(f" {package}", done.stderr)

    def test_clangd_finds_how_files_are_compiled(self):
        (folder,) = re.findall(r"CompilationDatabase: (\S+)", (tide.TOP / ".clangd").read_text())
        self.assertEqual("build/release", folder)
        if BUILD == tide.TOP / folder:
            self.assertTrue((BUILD / "compile_commands.json").exists())


if __name__ == "__main__":
    os.chdir(tide.TOP)
    sys.exit(unittest.main())
