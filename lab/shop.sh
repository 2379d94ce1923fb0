#!/bin/sh
# sh lab/shop.sh [--rate N] [--duration SECONDS] [--seed N]: customers' traffic on the lab's PostgreSQL.
set -eu
. "$(dirname -- "$0")/settings.sh"
need_python
command -v psql >/dev/null || die "psql is missing: run sh lab/setup.sh first"
exec python3 "$lab_dir/shop.py" "$@"
