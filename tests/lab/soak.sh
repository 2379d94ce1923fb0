#!/bin/sh
# A long time of the whole lab with accidents: PostgreSQL, Kafka, Connect and tidemark are killed and started again under traffic,
# readers and followers; at the end mirror and views equal the source, and memory, descriptors, threads and file are flat.
#   SOAK_MINUTES=60 SOAK_SEED=N sh tests/lab/soak.sh
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
: "${SOAK_MINUTES:=60}" "${SOAK_SEED:=$(date +%s)}" "${SOAK_RATE:=25}"
: "${LAB_STATE:=$top/build/soak}" "${LAB_TIDEMARK:=$top/build/release/tidemark}"
: "${LAB_PG_PORT:=16532}" "${LAB_KAFKA_PORT:=20292}" "${LAB_CONTROLLER_PORT:=20293}" "${LAB_CONNECT_PORT:=20283}"
: "${LAB_HTTP_PORT:=20280}"
export LAB_STATE LAB_TIDEMARK LAB_PG_PORT LAB_KAFKA_PORT LAB_CONTROLLER_PORT LAB_CONNECT_PORT LAB_HTTP_PORT
TIDEMARK_VIEWS=$top/tests/lab/views
export TIDEMARK_VIEWS

lab() {
    script=$1
    shift
    sh "$top/lab/$script.sh" "$@"
}

finish() {
    status=$?
    trap - EXIT INT TERM
    if [ -n "${shop:-}" ]; then kill "$shop" 2>/dev/null || true; fi
    if [ "$status" != 0 ]; then
        printf '\n== FAILED (seed %s). The ends of the logs:\n' "$SOAK_SEED"
        for log in "$LAB_STATE"/logs/*.log; do
            [ -s "$log" ] && printf -- '-- %s\n' "$log" && tail -n 25 "$log" | cut -c1-400
        done
    fi
    lab teardown || true
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

printf '== soak of %s minutes, seed %s\n' "$SOAK_MINUTES" "$SOAK_SEED"
lab teardown --purge
lab setup
lab verify
sh "$top/lab/shop.sh" --rate "$SOAK_RATE" --duration $((SOAK_MINUTES * 60 + 3600)) --seed "$SOAK_SEED" &
shop=$!
python3 "$top/tests/lab/soak.py" --minutes "$SOAK_MINUTES" --seed "$SOAK_SEED" --shop "$shop"
kill "$shop"
wait "$shop" || exit 1
shop=
lab setup
lab verify
TIDEMARK_POSTGRES="host=127.0.0.1 port=$LAB_PG_PORT user=postgres dbname=theworldshop" "$LAB_TIDEMARK" \
    prove --db "$LAB_STATE/tidemark/shop.db"
printf '\n== soak: all good after %s minutes\n' "$SOAK_MINUTES"
