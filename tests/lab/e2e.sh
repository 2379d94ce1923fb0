#!/bin/sh
# The end-to-end suite on the real stack: PostgreSQL, Kafka, Kafka Connect with Debezium, tidemark. It has a state folder
# and ports of its own, so that a lab that runs beside it is left alone; only the jars are shared.
#   sh tests/lab/e2e.sh [--keep]      --keep: leaves the stack running at the end
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
: "${LAB_STATE:=$top/build/e2e}"
: "${LAB_PG_PORT:=16432}" "${LAB_KAFKA_PORT:=20092}" "${LAB_CONTROLLER_PORT:=20093}" "${LAB_CONNECT_PORT:=20083}"
: "${LAB_HTTP_PORT:=20080}" "${LAB_WAREHOUSE_PORT:=20181}" "${LAB_EMAIL_PORT:=20182}" "${LAB_ANALYTICS_PORT:=20183}"
: "${E2E_SEED:=$(date +%s)}" "${E2E_RATE:=25}"
traffic_max=600 # seconds; it is stopped when the accidents are over
export LAB_STATE LAB_PG_PORT LAB_KAFKA_PORT LAB_CONTROLLER_PORT LAB_CONNECT_PORT LAB_HTTP_PORT LAB_WAREHOUSE_PORT \
    LAB_EMAIL_PORT LAB_ANALYTICS_PORT
TIDEMARK_VIEWS=$top/tests/lab/views # a user's own, beside the built-in ones
export TIDEMARK_VIEWS
keep=
case ${1:-} in
'') ;;
--keep) keep=1 ;;
*)
    sed -n '2,4s/^# *//p' "$0" >&2
    exit 2
    ;;
esac

lab() {
    script=$1
    shift
    sh "$top/lab/$script.sh" "$@"
}

began=$(date +%s)
step() {
    what=$*
    printf '\n== %4d s  %s\n' $(($(date +%s) - began)) "$what"
}

# whatever happened: the shop's and the watchers' end, the logs on a failure, the stack down
finish() {
    status=$?
    trap - EXIT INT TERM
    for pid in ${shop:-} ${watcher:-} ${viewer:-}; do kill "$pid" 2>/dev/null || true; done
    if [ "$status" != 0 ]; then
        printf '\n== FAILED in: %s (seed %s). The ends of the logs:\n' "$what" "$E2E_SEED"
        for log in "$LAB_STATE"/logs/*.log; do
            [ -s "$log" ] && printf -- '-- %s\n' "$log" && tail -n 25 "$log" | cut -c1-400
        done
        printf '== logs are kept in %s\n' "$LAB_STATE/logs"
    fi
    [ -n "$keep" ] || lab teardown || true
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step "setup, from nothing"
lab teardown --purge
lab setup
lab setup
lab verify

step "lab/LESSON.md, as it says"
python3 "$top/tests/lab/lesson.py"

step "transactions of Kafka with their markers, a topic that is made again"
LAB_JARS=$(sh "$top/lab/settings.sh" LAB_JARS) LAB_KAFKA=$(sh "$top/lab/settings.sh" LAB_KAFKA) python3 "$top/tests/lab/broker.py"

step "traffic with accidents (seed $E2E_SEED)"
sh "$top/lab/shop.sh" --rate "$E2E_RATE" --duration $traffic_max --seed "$E2E_SEED" &
shop=$!
LAB_DATABASE=theworldshop python3 "$top/lab/watch.py" $traffic_max "$LAB_STATE/tidemark/shop.db" &
watcher=$!
python3 "$top/tests/lab/watch_view.py" $traffic_max "http://127.0.0.1:$LAB_HTTP_PORT" &
viewer=$!
sleep 5
step "tidemark: kill -9"
lab teardown --kill tidemark
lab setup tidemark
sleep 3
step "Connect: kill -9"
lab teardown --kill connect
lab setup connect connector
sleep 3
step "the broker: stopped and started"
lab teardown kafka
lab setup kafka
sleep 3
step "PostgreSQL: stopped and started"
lab teardown postgres
lab setup postgres connector
sleep 3
step "the broker: kill -9, and tidemark with it"
lab teardown --kill kafka tidemark
lab setup kafka tidemark connector

step "the traffic's end"
sleep 5
kill "$shop"
wait "$shop" || exit 1
shop=
kill "$watcher"
wait "$watcher" || exit 1
watcher=
kill "$viewer"
wait "$viewer" || exit 1
viewer=

step "verify"
lab setup connector
lab verify

step "the mirror is the source: types, traffic, changed cells"
# shellcheck disable=SC2086 # words on purpose
python3 "$top/tests/lab/prove/prove.py" --seed "$E2E_SEED" ${E2E_PROVE:-}

step "what was committed is what the next answer shows"
lab read-your-writes

step "transactions of 150,000 rows under traffic, and Connect killed in the middle of one"
sh "$top/lab/shop.sh" --rate "$E2E_RATE" --duration $traffic_max --seed "$E2E_SEED" &
shop=$!
python3 "$top/tests/lab/large.py"
kill "$shop"
wait "$shop" || exit 1
shop=
lab verify

step "the connector loses its slot and its offsets while rows go: a second snapshot, and no deletes"
lab teardown connect
psql -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$LAB_PG_PORT" -U postgres -d theworldshop <<'SQL'
select pg_drop_replication_slot('theworldshop') \g /dev/null
delete from orders where id in (select id from orders where status in ('shipped', 'cancelled') order by id limit 20);
delete from customers where id > 20;
truncate points;
insert into points values (1, 1, 1, 'after the gap');
SQL
LAB_GROUP=connect2 # its offsets are in topics of its own: none
export LAB_GROUP
lab setup connect connector
lab verify

step "dual write beside the log"
lab dual-write --orders 120 --seed "$E2E_SEED"

step "three consumers"
lab consistent --duration 20 --seed "$E2E_SEED"

step "verify, and down twice"
lab verify
if [ -z "$keep" ]; then
    lab teardown
    lab teardown
fi
printf '\n== lab: all good after %d s\n' $(($(date +%s) - began))
