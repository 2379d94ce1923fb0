#!/bin/sh
# sh tests/bench/run.sh [VERB] [PART...]: how fast tidemark is, beside what it is made of and what else one could take.
# Without a verb: set up, run, stop the broker. Verbs:
#   setup      builds, starts Kafka, loads the topics (kept: the next time it only starts)
#   run        measures and prints the table; also tests/bench/results/latest.json
#   teardown   stops the broker; with --purge its data goes too
# Parts (default: all but long): parts throughput peers http latency restart, and long (10 times the events).
# In the environment: EVENTS (1000000), RUNS (3), PEERS (a folder with python_peer.py and go_peer), TIDEMARK (another
# program than the one built here), BENCH_STATE (where data goes), BENCH_KAFKA_PORT, BENCH_HTTP_PORT.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
top=$(dirname -- "$(dirname -- "$here")")
: "${EVENTS:=1000000}" "${RUNS:=3}" "${BENCH_KAFKA_PORT:=19192}" "${BENCH_HTTP_PORT:=19180}"
: "${BENCH_STATE:=$top/build/bench/state}" "${BENCH_BUILD:=$top/build/release}" "${PEERS:=}"
: "${TIDEMARK:=$BENCH_BUILD/tidemark}"
# the lab's broker, with its own port and data
: "${LAB_JARS:=$top/lab/state/jars}"
LAB_STATE=$BENCH_STATE LAB_KAFKA_PORT=$BENCH_KAFKA_PORT LAB_CONTROLLER_PORT=$((BENCH_KAFKA_PORT + 1))
export EVENTS RUNS BENCH_KAFKA_PORT BENCH_HTTP_PORT BENCH_STATE BENCH_BUILD PEERS TIDEMARK
export LAB_STATE LAB_JARS LAB_KAFKA_PORT LAB_CONTROLLER_PORT

usage() {
    sed -n '2,/^set -eu/s/^# //p' "$0"
}

build() {
    command -v wrk >/dev/null || missing="${missing:-} wrk"
    command -v valgrind >/dev/null || missing="${missing:-} valgrind"
    if [ -n "${missing:-}" ]; then
        echo "run.sh: missing:$missing (apt-get install$missing)" >&2
        exit 1
    fi
    mkdir -p "$BENCH_STATE"
    [ -f "$BENCH_BUILD/build.ninja" ] ||
        (cd "$top" && cmake --preset release -B "$BENCH_BUILD") >"$BENCH_STATE/build.log" 2>&1
    cmake --build "$BENCH_BUILD" --target tidemark bench-load bench-parts bench-latency bench-bare \
        >>"$BENCH_STATE/build.log" 2>&1 || {
        tail -n 20 "$BENCH_STATE/build.log" >&2
        echo "run.sh: the build failed; see $BENCH_STATE/build.log" >&2
        exit 1
    }
}

setup() {
    build
    sh "$top/lab/setup.sh" kafka
    python3 "$here/bench.py" setup "$@"
}

teardown() {
    # shellcheck disable=SC2086 # a word or none
    if [ "${1:-}" = --purge ]; then
        sh "$top/lab/teardown.sh" --purge
        rm -rf "$BENCH_STATE"
    else
        sh "$top/lab/teardown.sh" kafka
    fi
}

verb=${1:-all}
[ $# -eq 0 ] || shift
case $verb in
setup) setup "$@" ;;
run)
    setup "$@"
    python3 "$here/bench.py" run "$@"
    ;;
teardown) teardown "$@" ;;
all)
    trap 'sh "$top/lab/teardown.sh" kafka' EXIT
    setup
    python3 "$here/bench.py" run
    ;;
-h | --help) usage ;;
*)
    usage >&2
    exit 2
    ;;
esac
