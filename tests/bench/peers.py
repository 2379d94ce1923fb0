"""What a user would write instead. The programs are not part of this repository: PEERS names their folder."""

import json
import os
import shutil
import subprocess
import threading
import venv

from broker import BROKERS, STATE, limit_s

BUILD_S = 600


def measured(command, folder):
    """Runs a peer on an empty folder. It prints RESULT lines of JSON."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as peer:
        bound = threading.Timer(limit_s(int(os.environ["EVENTS"])), peer.kill)
        bound.start()
        try:
            lines = [json.loads(line[7:]) for line in peer.stdout if line.startswith("RESULT ")]
            _, status, usage = os.wait4(peer.pid, 0)
            peer.returncode = os.waitstatus_to_exitcode(status)
        finally:
            bound.cancel()
            if peer.returncode is None:
                peer.kill()
    if peer.returncode:
        raise RuntimeError(f"{command[0]} failed: exit {peer.returncode}")
    figures = next(line for line in lines if "done_s" in line)
    return {
        "cpu_s": figures["cpu_s_at_done"],
        "wall_s": figures["done_s"],
        "messages": figures["events"],
        "peak_mb": usage.ru_maxrss / 1024,
    }


def python_peer(script):
    folder = os.path.join(STATE, "peers", "venv")
    python = os.path.join(folder, "bin", "python")
    probe = [python, "-c", "import confluent_kafka, orjson"]
    if not os.path.exists(python) or subprocess.run(probe, stderr=subprocess.DEVNULL, check=False).returncode:
        venv.create(folder, with_pip=True)
        install = [python, "-m", "pip", "install", "-q", "confluent-kafka", "orjson"]
        subprocess.run(install, check=True, timeout=BUILD_S)
    state = os.path.join(STATE, "peers", "python")
    command = [python, script, "--brokers", BROKERS, "--state", state]
    return lambda prefix: measured([*command, "--prefix", prefix], state)


def go_peer(source):
    program = os.path.join(STATE, "peers", "go_peer")
    subprocess.run(["go", "build", "-o", program, "."], cwd=source, check=True, timeout=BUILD_S)
    state = os.path.join(STATE, "peers", "go")
    return lambda prefix: measured([program, state, "sonic", BROKERS, prefix], state)


def find(wanted=("python_peer", "go_peer")):
    """({name: function(prefix)}, reasons for those that are not measured)"""
    folder = os.environ.get("PEERS", "")
    if not folder:
        return {}, ["peers: not measured, PEERS names no folder"]
    found, reasons = {}, []
    os.makedirs(os.path.join(STATE, "peers"), exist_ok=True)
    for name, make, path in (
        ("python_peer", python_peer, os.path.join(folder, "python_peer.py")),
        ("go_peer", go_peer, os.path.join(folder, "go_peer")),
    ):
        if name not in wanted:
            continue
        if not os.path.exists(path):
            reasons.append(f"{name}: not measured, {path} is not there")
            continue
        try:
            found[name] = make(os.path.abspath(path))
        except (OSError, subprocess.SubprocessError) as error:
            reasons.append(f"{name}: not measured, it could not be built: {error}")
    return found, reasons
