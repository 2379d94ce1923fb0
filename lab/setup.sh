#!/bin/sh
# sh lab/setup.sh [PART...]: brings the lab up, or what is missing of it. Running it again is safe: what runs is left
# alone, what died is started. Parts: postgres kafka connect connector tidemark (all of them when none is named), and
# for consistent.sh tidemark-warehouse tidemark-email tidemark-analytics. Ports, folders and versions: lab/settings.sh.
set -eu
. "$(dirname -- "$0")/settings.sh"
. "$lab_dir/parts.sh"
. "$lab_dir/packages.sh"

usage() {
    sed -n '2,5s/^# //p' "$0"
}

parts=
for word in "$@"; do
    case $word in
    postgres | kafka | connect | connector | tidemark | tidemark-*) parts="$parts $word" ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
done
[ -n "$parts" ] || parts="postgres kafka connect connector tidemark"

wanted() {
    case " $parts " in *" $1 "*) return 0 ;; esac
    return 1
}
# our own build is kept up to date; a program that LAB_TIDEMARK names is taken as it is
built=$top_dir/build/release/tidemark
case "$parts" in *tidemark*) program=1 ;; *) program= ;; esac

build() {
    [ -f "$top_dir/build/release/build.ninja" ] || (cd "$top_dir" && cmake --preset release -D BUILD_TESTING=OFF) || return 1
    cmake --build "$top_dir/build/release" --target tidemark
}

# tools: the packages that are missing, installed and said ---------------------------------------------------

needs="python3=python3 psql=postgresql-client kcat=kcat"
fetches=
if wanted kafka || wanted connect; then
    needs="$needs java=openjdk-17-jre-headless"
    fetches="kafka"
fi
if wanted connect; then fetches="$fetches debezium"; fi
if wanted postgres && [ "$LAB_POSTGRES" != system ]; then fetches="$fetches postgres"; fi
if wanted postgres && [ "$LAB_POSTGRES" = system ] && [ -z "$(pg_bin)" ]; then needs="$needs initdb=postgresql"; fi
stamp=$(cksum <"$lab_dir/pom.xml")
folder_of() {
    case $1 in
    kafka) echo "$kafka_jars" ;;
    debezium) echo "$debezium_jars" ;;
    postgres) echo "$postgres_dir" ;;
    esac
}

# is_fetched PART: whole, and as pom.xml says now
is_fetched() {
    [ "$(cat "$(folder_of "$1")/complete" 2>/dev/null)" = "$stamp" ]
}
for part in $fetches; do
    is_fetched "$part" || needs="$needs mvn=maven xz=xz-utils"
done
# shellcheck disable=SC2086 # words on purpose
need_packages $needs
if [ -n "$program" ] && [ "$LAB_TIDEMARK" = "$built" ]; then need_build; fi
if wanted kafka || wanted connect; then
    java -version >/dev/null 2>&1 || die "java is there but does not run: try 'java -version'; the lab wants Java 17 or newer"
fi

# the name that zonky gives this machine
platform() {
    case $(uname -m) in
    x86_64) machine=amd64 ;;
    aarch64) machine=arm64v8 ;;
    *) die "no binaries of PostgreSQL for $(uname -m) are known to the lab: LAB_POSTGRES=system takes what is installed" ;;
    esac
    libc=
    if ldd --version 2>&1 | grep -qi musl; then libc=-alpine; fi
    echo "linux-$machine$libc"
}

# fetch kafka|debezium|postgres VERSION MEGABYTES
fetch() {
    is_fetched "$1" && return 0
    folder=$(folder_of "$1")
    say "fetching $1 $2 with Maven into $folder (once, about $3 MB)"
    mkdir -p "$LAB_JARS" "$log_dir"
    rm -rf "$folder"
    goal=unpack
    [ "$1" = kafka ] && goal=copy-dependencies
    mvn -B -q -f "$lab_dir/pom.xml" "-Dlab.folder=$folder" "-Dlab.version=$2" "-Dlab.platform=$(platform)" \
        "dependency:$goal@$1" >"$log_dir/maven.log" 2>&1 ||
        die "Maven could not fetch $1 $2; see $log_dir/maven.log" "$log_dir/maven.log"
    if [ "$1" = postgres ]; then
        tar -xJf "$folder"/postgres-linux-*.txz -C "$folder" || die "$folder holds no archive that tar can read"
        rm -f "$folder"/postgres-linux-*.txz
    fi
    echo "$stamp" >"$folder/complete"
}
for part in $fetches; do
    case $part in
    kafka) fetch kafka "$LAB_KAFKA" 60 ;;
    debezium) fetch debezium "$LAB_DEBEZIUM" 30 ;;
    postgres) fetch postgres "$postgres_version" 15 ;;
    esac
done
if [ -n "$program" ] && [ "$LAB_TIDEMARK" = "$built" ]; then
    [ -x "$built" ] || say "building tidemark"
    mkdir -p "$log_dir"
    build >"$log_dir/build.log" 2>&1 || die "tidemark could not be built; see $log_dir/build.log" "$log_dir/build.log"
elif [ -n "$program" ] && [ ! -x "$LAB_TIDEMARK" ]; then
    die "LAB_TIDEMARK=$LAB_TIDEMARK is not there, or not a program"
fi

# ports: looked at before anything is started ----------------------------------------------------------------

# ours NAME PORT VARIABLE: checks the port unless our own part holds it
ours() {
    wanted "$1" && ! part_alive "$1" && port_free "$2" "$1" "$3"
    return 0
}
ours postgres "$LAB_PG_PORT" LAB_PG_PORT
ours kafka "$LAB_KAFKA_PORT" LAB_KAFKA_PORT
ours kafka "$LAB_CONTROLLER_PORT" LAB_CONTROLLER_PORT
ours connect "$LAB_CONNECT_PORT" LAB_CONNECT_PORT
ours tidemark "$LAB_HTTP_PORT" LAB_HTTP_PORT
ours tidemark-warehouse "$LAB_WAREHOUSE_PORT" LAB_WAREHOUSE_PORT
ours tidemark-email "$LAB_EMAIL_PORT" LAB_EMAIL_PORT
ours tidemark-analytics "$LAB_ANALYTICS_PORT" LAB_ANALYTICS_PORT

# the parts, in the order in which they need each other ------------------------------------------------------

# start PART COMMAND...
start() {
    wanted "$1" || return 0
    if part_alive "$1"; then
        say "$1 runs already"
        return 0
    fi
    starting=$1
    shift
    "$@"
    say "$starting is up"
}

create_database() {
    [ "$(pg_sql -d postgres -c "select 1 from pg_database where datname = '$LAB_DATABASE'")" = 1 ] && return 0
    # made beside its name, so that a set-up that dies half way leaves nothing that looks whole
    pg_sql -d postgres -c "drop database if exists ${LAB_DATABASE}_new" -c "create database ${LAB_DATABASE}_new" 2>/dev/null
    pg_sql -d "${LAB_DATABASE}_new" -1 -f "$lab_dir/config/seed.sql"
    pg_sql -d postgres -c "alter database ${LAB_DATABASE}_new rename to $LAB_DATABASE"
    say "database $LAB_DATABASE made and seeded"
}

# Not the connector's: with publication.autocreate.mode=filtered it makes it anew at each start, and decodes older rows by newer types
create_publication() {
    [ "$(pg_sql -d "$LAB_DATABASE" -c "select 1 from pg_publication where pubname = '$LAB_PREFIX'")" = 1 ] && return 0
    pg_sql -d "$LAB_DATABASE" -c "create publication \"$LAB_PREFIX\" for table orders, customers, inventory, points, dbz_signal"
}

start postgres postgres_start
wanted postgres && create_database
start kafka kafka_start
start connect connect_start
if wanted connector; then
    create_publication
    fill connector.json
    python3 "$lab_dir/connect.py" register "$LAB_PREFIX" "$LAB_STATE/connector.json" ||
        die "the connector is not running; see $log_dir/connect.log" "$log_dir/connect.log"
    say "connector $LAB_PREFIX (Debezium $LAB_DEBEZIUM) is RUNNING"
fi
start tidemark tidemark_start tidemark "$LAB_HTTP_PORT"
start tidemark-warehouse tidemark_start tidemark-warehouse "$LAB_WAREHOUSE_PORT" --only warehouse
start tidemark-email tidemark_start tidemark-email "$LAB_EMAIL_PORT" --only email
start tidemark-analytics tidemark_start tidemark-analytics "$LAB_ANALYTICS_PORT" --only analytics
if wanted tidemark; then
    say "tidemark: http://127.0.0.1:$LAB_HTTP_PORT/   log: $log_dir/tidemark.log"
    say "next: sh lab/verify.sh, sh lab/shop.sh, sh lab/dual-write.sh, sh lab/consistent.sh; at the end sh lab/teardown.sh"
fi
