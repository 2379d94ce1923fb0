#!/bin/sh
# sh lab/verify.sh [--wait SECONDS]: each part up, the connector RUNNING, mirror and views equal to PostgreSQL.
set -eu
. "$(dirname -- "$0")/settings.sh"
need_python
for program in psql kcat; do
    command -v "$program" >/dev/null || die "$program is missing: run sh lab/setup.sh first"
done
exec python3 "$lab_dir/verify.py" "$@"
