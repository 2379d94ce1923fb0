#!/bin/sh
# sh lab/consistent.sh [--rate N] [--duration SECONDS] [--seed N]: three consumers, one of them late, one truth.
set -eu
. "$(dirname -- "$0")/settings.sh"
need_python
command -v psql >/dev/null || die "psql is missing: run sh lab/setup.sh first"
exec python3 "$lab_dir/consistent.py" "$@"
