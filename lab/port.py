#!/usr/bin/env python3
"""port.py PORT: exit 0 when nothing listens there on loopback; else say who does, as far as that can be seen."""
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
