#!/bin/sh
# sh lab/topic.sh NAME [PARTITIONS]: makes a topic; the lab's broker makes none by accident.
set -eu
. "$(dirname -- "$0")/settings.sh"
need_python
if [ $# -lt 1 ]; then
    sed -n '2s/^# //p' "$0" >&2
    exit 2
fi
exec python3 "$lab_dir/kafka.py" create "$1" "${2:-1}"
