#!/usr/bin/env python3
"""fill.py NAME: prints config/NAME with every @VARIABLE@ replaced by that environment variable."""

import os
import pathlib
import re
import sys


def fill(name, values):
    text = (pathlib.Path(__file__).parent / "config" / name).read_text(encoding="utf-8")
    return re.sub(r"@(LAB_\w+)@", lambda found: values[found[1]], text)


if __name__ == "__main__":
    try:
        sys.stdout.write(fill(sys.argv[1], os.environ))
    except KeyError as missing:
        sys.exit(f"config/{sys.argv[1]} wants {missing}, which is not set: lab/settings.sh sets it")
