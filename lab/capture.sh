#!/bin/sh
# sh lab/capture.sh [--debezium VERSION] [--out FOLDER] SCENARIO[=NAME]...: captures and their truth from the real stack.
set -eu
. "$(dirname -- "$0")/settings.sh"
need_python
exec python3 "$lab_dir/capture.py" "$@"
