#!/bin/sh
# tests/lab/outages.py on the lab's Kafka: setup.sh brings the jars, by a broker that is started and stopped again.
#   sh tests/lab/outages.sh [TEST...]
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
: "${LAB_STATE:=$top/build/outages}" "${LAB_KAFKA_PORT:=20192}" "${LAB_CONTROLLER_PORT:=20193}"
export LAB_STATE LAB_KAFKA_PORT LAB_CONTROLLER_PORT
sh "$top/lab/setup.sh" kafka
sh "$top/lab/teardown.sh" --purge
[ -x "$top/build/release/tidemark" ] || cmake --build "$top/build/release" --target tidemark
LAB_JARS=$(sh "$top/lab/settings.sh" LAB_JARS) LAB_KAFKA=$(sh "$top/lab/settings.sh" LAB_KAFKA) exec python3 "$top/tests/lab/outages.py" "$@"
