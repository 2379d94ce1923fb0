#!/bin/sh
# sh tests/bench/run.sh [VERB] [PART...]: how fast tidemark is, beside what it is made of and what else one could take.
# Without a verb: set up, run, stop the broker. Verbs:
#   setup      builds, starts Kafka, loads the topics (kept: the next time it only starts)
#   run        measures and prints one table; also tests/bench/results/latest.json. What fails is said, the rest is
#              measured; with PARTs only those are measured anew, the others stay as they were in latest.json
#   table      prints the table of latest.json again
#   keep       latest.json becomes results/kept.json, and README.md's table is made of it
#   readme     README.md's table from results/kept.json
#   teardown   stops the broker; with --purge its data goes too
# Parts: parts throughput peers http latency followers restart long (ten times the events) cliffs (the roads beside the
# benchmark's own, beside the program of BENCH_BESIDE); all of them when none is named. `run followers` alone needs no broker and starts none.
# In the environment: EVENTS (1000000), RUNS (3), BENCH_MINUTES (90: no longer than this, loading included), PEERS (a
# folder with python_peer.py and go_peer), TIDEMARK (another program than the one built here), BENCH_BUILD, BENCH_STATE
# (where data goes: about 30 GB), BENCH_BESIDE (a program to measure cliffs beside, or a commit to build; none to leave it
# out; 4cb20ab), BENCH_KAFKA_PORT (and the one after it), BENCH_HTTP_PORT (likewise).
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
top=$(dirname -- "$(dirname -- "$here")")
: "${EVENTS:=1000000}" "${RUNS:=3}" "${BENCH_MINUTES:=90}" "${BENCH_KAFKA_PORT:=19192}" "${BENCH_HTTP_PORT:=19180}"
: "${BENCH_STATE:=$top/build/bench/state}" "${BENCH_BUILD:=$top/build/release}" "${PEERS:=}"
: "${TIDEMARK:=$BENCH_BUILD/tidemark}" "${BENCH_BESIDE:=4cb20ab}"
# the lab's broker, with its own port and data
: "${LAB_JARS:=$top/lab/state/jars}"
LAB_STATE=$BENCH_STATE LAB_KAFKA_PORT=$BENCH_KAFKA_PORT LAB_CONTROLLER_PORT=$((BENCH_KAFKA_PORT + 1))
LAB_KAFKA=$(LAB_STATE=$LAB_STATE sh "$top/lab/settings.sh" LAB_KAFKA)
PYTHONDONTWRITEBYTECODE=1
export EVENTS RUNS BENCH_MINUTES BENCH_KAFKA_PORT BENCH_HTTP_PORT BENCH_STATE BENCH_BUILD PEERS TIDEMARK
export LAB_STATE LAB_JARS LAB_KAFKA LAB_KAFKA_PORT LAB_CONTROLLER_PORT PYTHONDONTWRITEBYTECODE

usage() {
    sed -n '2,/^set -eu/s/^# //p' "$0"
}

build() {
    mkdir -p "$BENCH_STATE"
    : >"$BENCH_STATE/build.log"
    # always configured: an earlier one may have left out the tests, and with them these targets
    (cd "$top" && cmake --preset release -D BUILD_TESTING=ON -B "$BENCH_BUILD") >>"$BENCH_STATE/build.log" 2>&1 ||
        build_failed
    cmake --build "$BENCH_BUILD" --target tidemark bench-load bench-parts bench-latency bench-bare bench-followers bench-many \
        >>"$BENCH_STATE/build.log" 2>&1 || build_failed
}

# What cliffs are measured beside: a program as it is, or a commit's, built once.
beside() {
    BENCH_BESIDE_NAME=$BENCH_BESIDE
    export BENCH_BESIDE BENCH_BESIDE_NAME
    if [ "$BENCH_BESIDE" = none ]; then
        BENCH_BESIDE=
    elif [ ! -x "$BENCH_BESIDE" ]; then
        source=$BENCH_STATE/beside/$BENCH_BESIDE
        if [ ! -x "$source/build/release/tidemark" ]; then
            echo "bench: building $BENCH_BESIDE"
            mkdir -p "$source"
            git -C "$top" archive "$BENCH_BESIDE" | tar -x -C "$source"
            (cd "$source" && cmake --preset release -D BUILD_TESTING=OFF && cmake --build --preset release --target tidemark) \
                >>"$BENCH_STATE/build.log" 2>&1 || build_failed
        fi
        BENCH_BESIDE=$source/build/release/tidemark
    fi
}

build_failed() {
    tail -n 20 "$BENCH_STATE/build.log" >&2
    echo "run.sh: the build failed; see $BENCH_STATE/build.log" >&2
    exit 1
}

start() {
    # javac's presence says that java runs a source file
    for need in wrk=wrk javac=openjdk-17-jdk-headless; do
        command -v "${need%=*}" >/dev/null || {
            echo "run.sh: missing: ${need%=*} (apt-get install ${need#*=})" >&2
            exit 1
        }
    done
    build
    # the broker outlives this script, so it must not inherit what the caller has open (flock's file, for one)
    sh "$top/lab/setup.sh" kafka 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
}

teardown() {
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
setup | run)
    if [ "$verb $*" = "run followers" ]; then build; else start; fi
    case " $* " in *" cliffs "* | "  ") beside ;; esac
    python3 "$here/bench.py" "$verb" "$@"
    ;;
all)
    trap 'sh "$top/lab/teardown.sh" kafka' EXIT
    start
    beside
    python3 "$here/bench.py" run
    ;;
table | keep | readme) python3 "$here/report.py" "$verb" ;;
teardown) teardown "$@" ;;
-h | --help) usage ;;
*)
    usage >&2
    exit 2
    ;;
esac
