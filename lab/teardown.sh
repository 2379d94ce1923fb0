#!/bin/sh
# sh lab/teardown.sh [--purge] [--jars] [--kill] [PART...]: stops what setup.sh started and nothing else; safe to run twice.
#   --purge  removes the lab's data and logs too; --jars also what Maven brought
#   --kill   no asking: SIGKILL (PostgreSQL: immediate shutdown), for trying out crashes
# Parts: postgres kafka connect tidemark (all of them when none is named).
set -eu
. "$(dirname -- "$0")/settings.sh"
. "$lab_dir/parts.sh"

purge="" jars="" kill="" parts=""
for word in "$@"; do
    case $word in
    --purge) purge=1 ;;
    --jars) jars=1 ;;
    --kill) kill=1 ;;
    postgres | kafka | connect | tidemark | tidemark-*) parts="$parts $word" ;;
    -h | --help)
        sed -n '2,5s/^# //p' "$0"
        exit 0
        ;;
    *)
        sed -n '2,5s/^# //p' "$0" >&2
        exit 2
        ;;
    esac
done
if [ -n "$purge$jars" ] && [ -n "$parts" ]; then die "--purge and --jars are for the whole lab, without parts"; fi
all=${parts:-tidemark-warehouse tidemark-email tidemark-analytics tidemark connect kafka postgres}

stop() {
    part_alive "$1" || {
        rm -f "$run_dir/$1.pid"
        return 0
    }
    if [ -n "$kill" ]; then
        part_kill "$1"
        say "$1 killed"
        return 0
    fi
    case $1 in
    postgres) postgres_stop ;;
    connect) part_stop "$1" 10 ;;
    *) part_stop "$1" 30 ;;
    esac
    say "$1 stopped"
}

# capture.sh's worker, should it have been left behind
if [ -z "$parts" ] && [ -d "$LAB_STATE/capture" ]; then
    LAB_STATE=$LAB_STATE/capture sh "$lab_dir/teardown.sh" connect
fi
for part in $all; do
    # without PostgreSQL's programs there is no PostgreSQL of ours
    [ "$part" = postgres ] && [ -z "$(pg_bin)" ] && continue
    stop "$part"
done

if [ -n "$purge" ]; then
    data=$(dirname -- "$(pg_data)")
    case $data in
    "$LAB_STATE/postgres" | /var/tmp/tidemark-lab.*) rm -rf "$data" ;;
    esac
    for name in postgres kafka tidemark capture logs run initdb.log broker.properties connect.properties connector.json; do
        rm -rf "${LAB_STATE:?}/$name"
    done
    say "data and logs removed from $LAB_STATE"
fi
if [ -n "$jars" ]; then
    rm -rf "${LAB_JARS:?}"/kafka-* "$LAB_JARS"/debezium-* "$LAB_JARS"/postgres-*
    say "jars removed from $LAB_JARS"
fi
