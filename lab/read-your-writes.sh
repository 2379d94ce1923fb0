#!/bin/sh
# sh lab/read-your-writes.sh [--tries N] [--txid-tries N] [--parallel N]: what was committed is what the next answer shows.
set -eu
. "$(dirname -- "$0")/settings.sh"
need_python
command -v psql >/dev/null || die "psql is missing: run sh lab/setup.sh first"
exec python3 "$lab_dir/read_your_writes.py" "$@"
