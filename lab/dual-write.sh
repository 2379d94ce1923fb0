#!/bin/sh
# sh lab/dual-write.sh [--orders N] [--seed N] [--kills N]: what writing a database and a topic from one program costs, beside CDC.
set -eu
. "$(dirname -- "$0")/settings.sh"
need_python
for program in psql kcat java; do
    command -v "$program" >/dev/null || die "$program is missing: run sh lab/setup.sh first"
done
exec python3 "$lab_dir/dual_write.py" "$@"
