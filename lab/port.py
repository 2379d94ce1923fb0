#!/usr/bin/env python3
"""port.py PORT: exit 0 when a server could listen there on loopback; else say who is in its way."""

import shutil
import socket
import subprocess
import sys

port = int(sys.argv[1])
with socket.socket() as probe:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", port))
        sys.exit(0)
    except OSError as error:
        print(f"127.0.0.1:{port}: {error.strerror}", file=sys.stderr)
if shutil.which("ss"):
    lines = subprocess.run(["ss", "-Hltnp", f"sport = :{port}"], capture_output=True, text=True).stdout
    sys.stderr.write(lines)
sys.exit(1)
