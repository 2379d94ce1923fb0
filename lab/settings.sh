# Sourced by every script of the lab: where things live, on which ports, in which versions, and how a script speaks.
# Everything here can be set in the environment. As a program it prints what a setting is: sh lab/settings.sh LAB_KAFKA
# shellcheck disable=SC2034 # for who sources this

lab_dir=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
top_dir=$(dirname -- "$lab_dir")

: "${LAB_STATE:=$lab_dir/state}"         # data, logs, process ids
: "${LAB_JARS:=$lab_dir/state/jars}"     # what Maven brought; kept by teardown.sh --purge
# below 32768: above it the system hands ports to outgoing connections, and may have given away ours
: "${LAB_PG_PORT:=15432}"
: "${LAB_KAFKA_PORT:=19092}"
: "${LAB_CONTROLLER_PORT:=19093}"
: "${LAB_CONNECT_PORT:=18083}"
: "${LAB_HTTP_PORT:=18080}"              # the lab's tidemark
: "${LAB_WAREHOUSE_PORT:=18181}"         # consistent.sh's three
: "${LAB_EMAIL_PORT:=18182}"
: "${LAB_ANALYTICS_PORT:=18183}"
: "${LAB_CAPTURE_PORT:=18184}"           # capture.sh's own Connect
: "${LAB_BALANCER_PORT:=18190}"          # replicas.sh: HAProxy, and the three behind it
: "${LAB_REPLICA1_PORT:=18191}"
: "${LAB_REPLICA2_PORT:=18192}"
: "${LAB_REPLICA3_PORT:=18193}"
: "${LAB_POSTGRES:=16}"                   # 15, 16, 17, 18: binaries from Maven; system: what is installed here
: "${LAB_DEBEZIUM:=3.6.1.Final}"         # or 3.4.0.Final, 2.7.4.Final
# Broker and Connect. Debezium up to 3.4 uses classes that Connect 4.4 has no more (NoClassDefFoundError: ...utils.Sanitizer).
case $LAB_DEBEZIUM in
2.* | 3.[0-4].*) : "${LAB_KAFKA:=4.1.1}" ;;
*) : "${LAB_KAFKA:=4.4.0}" ;;
esac
: "${LAB_PARTITIONS:=4}"
: "${LAB_DATABASE:=theworldshop}"
: "${LAB_PREFIX:=theworldshop}"
: "${LAB_GROUP:=connect}"                # the worker's group, and the name of its own topics
: "${LAB_FLUSH_MS:=10000}"               # how often Connect stores the connector's offsets: what came since is repeated
: "${LAB_TIDEMARK:=$top_dir/build/release/tidemark}"

mkdir -p "$LAB_STATE"
LAB_STATE=$(CDPATH='' cd -- "$LAB_STATE" && pwd)
export LAB_STATE LAB_JARS LAB_PG_PORT LAB_KAFKA_PORT LAB_CONTROLLER_PORT LAB_CONNECT_PORT LAB_HTTP_PORT \
    LAB_WAREHOUSE_PORT LAB_EMAIL_PORT LAB_ANALYTICS_PORT LAB_CAPTURE_PORT LAB_BALANCER_PORT \
    LAB_REPLICA1_PORT LAB_REPLICA2_PORT LAB_REPLICA3_PORT LAB_POSTGRES LAB_DEBEZIUM LAB_KAFKA LAB_PARTITIONS LAB_DATABASE \
    LAB_PREFIX LAB_GROUP LAB_FLUSH_MS LAB_TIDEMARK
log_dir=$LAB_STATE/logs
run_dir=$LAB_STATE/run
pg_dir=$LAB_STATE/postgres
lab_name=$(basename -- "$0")
case $LAB_POSTGRES in
15) postgres_version=15.15.0 ;;
16) postgres_version=16.13.0 ;;
17) postgres_version=17.9.0 ;;
18) postgres_version=18.3.0 ;;
*) postgres_version=$LAB_POSTGRES ;;
esac
# what setup.sh fetches, each once
kafka_jars=$LAB_JARS/kafka-$LAB_KAFKA
debezium_jars=$LAB_JARS/debezium-$LAB_DEBEZIUM
postgres_dir=$LAB_JARS/postgres-$postgres_version

say() {
    printf '%s: %s\n' "$lab_name" "$*"
}

# die MESSAGE [LOG]: the last lines of the log belong to the message
die() {
    printf '%s: %s\n' "$lab_name" "$1" >&2
    if [ -n "${2:-}" ] && [ -r "$2" ]; then
        printf '%s: the end of %s:\n' "$lab_name" "$2" >&2
        tail -n 15 "$2" | sed 's/^/    /' >&2
    fi
    exit 1
}

need_python() {
    command -v python3 >/dev/null || die "python3 is missing: apt-get install python3"
}

case $0 in
*settings.sh) eval "printf '%s\\n' \"\${$1}\"" ;;
esac
