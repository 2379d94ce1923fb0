#!/bin/sh
# sh lab/replicas.sh [--reads N] [--seconds LIMIT] [--rate EVENTS_PER_S]: three tidemarks behind HAProxy, and readers that never go back in time.
set -eu
. "$(dirname -- "$0")/settings.sh"
. "$lab_dir/packages.sh"
case ${1:-} in
-h | --help) exec python3 "$lab_dir/replicas.py" --help ;;
esac
PATH=$PATH:/usr/sbin # where Debian keeps haproxy
need_packages python3=python3 haproxy=haproxy
[ -x "$LAB_TIDEMARK" ] || die "$LAB_TIDEMARK is missing: cmake --preset release && cmake --build --preset release --target tidemark"
exec python3 "$lab_dir/replicas.py" "$@"
