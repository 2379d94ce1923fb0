# Sourced by setup.sh and teardown.sh: how each part of the lab is started, asked and stopped.
# A part is a process that setup.sh started; $run_dir/NAME.pid holds its process id and start time, so that a
# number that the system gave to someone else later is never taken for ours.
# shellcheck disable=SC2154 # settings.sh sets them

# the start time of a live process, empty when there is none
started_at() {
    [ -r "/proc/$1/stat" ] || return 0
    # the name in parentheses may hold blanks
    sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" { print $20 }'
}

part_pid() {
    [ -r "$run_dir/$1.pid" ] || return 1
    read -r pid start <"$run_dir/$1.pid" || return 1
    [ -n "$pid" ] && [ -n "$start" ] && [ "$(started_at "$pid")" = "$start" ] && echo "$pid"
}

part_alive() {
    if [ "$1" = postgres ]; then
        postgres_alive
    else
        part_pid "$1" >/dev/null
    fi
}

# part_start NAME COMMAND...
part_start() {
    name=$1
    shift
    mkdir -p "$log_dir" "$run_dir"
    setsid "$@" </dev/null >>"$log_dir/$name.log" 2>&1 &
    echo "$! $(started_at $!)" >"$run_dir/$name.pid"
}

# part_stop NAME SECONDS: asks, waits that long, then kills. Connect is known to hang when asked.
part_stop() {
    pid=$(part_pid "$1") || {
        rm -f "$run_dir/$1.pid"
        return 0
    }
    kill -TERM "$pid" 2>/dev/null || true
    if ! wait_until "$2" part_gone "$1"; then
        say "$1 did not stop within $2 s: killed"
        part_kill "$1"
    fi
    rm -f "$run_dir/$1.pid"
}

part_kill() {
    if [ "$1" = postgres ]; then
        as_postgres "$(pg_bin)/pg_ctl" stop -D "$(pg_data)" -m immediate -s
        return
    fi
    pid=$(part_pid "$1") || return 0
    kill -KILL "$pid" 2>/dev/null || true
    wait_until 10 part_gone "$1" || die "$1 (process $pid) does not die"
    rm -f "$run_dir/$1.pid"
}

part_gone() {
    ! part_pid "$1" >/dev/null
}

# wait_until SECONDS COMMAND...: polls four times a second
wait_until() {
    tries=$(($1 * 4))
    shift
    while ! "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.25
    done
}

# wait_part NAME SECONDS LOG COMMAND...: as wait_until, but a part that died ends it at once
wait_part() {
    waited=$1 seconds=$2 log=$3
    shift 3
    tries=$((seconds * 4))
    while ! "$@"; do
        part_alive "$waited" || die "$waited died at its start; see $log" "$log"
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || die "$waited was started but did not answer within $seconds s; see $log" "$log"
        sleep 0.25
    done
}

# port_free PORT NAME VARIABLE
port_free() {
    python3 "$lab_dir/port.py" "$1" || die "port $1, wanted for $2, is in use (above: by whom, where that can be \
seen). Stop what uses it, or choose another: $3=PORT sh lab/$lab_name"
}

http_ok() {
    python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=2)' "$1" 2>/dev/null
}

# PostgreSQL -------------------------------------------------------------------------------------------------

# where the server's programs are: what Maven brought, or for LAB_POSTGRES=system the newest that is installed
pg_bin() {
    if [ -r "$run_dir/postgres.bin" ]; then
        cat "$run_dir/postgres.bin"
    elif [ "$LAB_POSTGRES" != system ]; then
        [ -x "$postgres_dir/bin/initdb" ] && echo "$postgres_dir/bin"
    else
        for dir in /usr/lib/postgresql/*/bin; do
            [ -x "$dir/initdb" ] && found=$dir
        done
        [ -n "${found:-}" ] && echo "$found"
    fi
}

# PostgreSQL refuses to run as root: then its own user runs it, or nobody where no package made that user
pg_user() {
    if id -u postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && runuser -u "$(pg_user)" -- "$@")
    else
        "$@"
    fi
}

# where the cluster lives: in the lab's folder, unless the user who runs it cannot get there
pg_data() {
    if [ -r "$run_dir/postgres.data" ]; then
        cat "$run_dir/postgres.data"
    else
        echo "$pg_dir/data"
    fi
}

pg_log() {
    echo "$(dirname -- "$(pg_data)")/postgres.log"
}

postgres_alive() {
    [ -d "$(pg_data)" ] && as_postgres "$(pg_bin)/pg_ctl" status -D "$(pg_data)" >/dev/null 2>&1
}

pg_sql() {
    psql -X -q -At -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$LAB_PG_PORT" -U postgres "$@"
}

postgres_create() {
    mkdir -p "$pg_dir" "$run_dir"
    bin=$(pg_bin)
    if [ "$(id -u)" = 0 ]; then
        chown "$(pg_user)" "$pg_dir"
        if ! as_postgres test -x "$pg_dir" || ! as_postgres test -x "$bin/initdb"; then
            pg_dir=$(mktemp -d /var/tmp/tidemark-lab.XXXXXX)
            chown "$(pg_user)" "$pg_dir"
            say "the user $(pg_user) cannot reach $LAB_STATE: PostgreSQL's data goes to $pg_dir"
            if ! as_postgres test -x "$bin/initdb"; then
                cp -R "$(dirname -- "$bin")" "$pg_dir/server"
                bin=$pg_dir/server/bin
            fi
        fi
    fi
    echo "$pg_dir/data" >"$run_dir/postgres.data"
    # what LAB_POSTGRES says later does not change the server under its data
    echo "$bin" >"$run_dir/postgres.bin"
    # trust: the server listens on loopback only and holds nothing but the lab's shop
    as_postgres "$(pg_bin)/initdb" -D "$pg_dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N \
        >"$LAB_STATE/initdb.log" 2>&1 || die "initdb failed; see $LAB_STATE/initdb.log" "$LAB_STATE/initdb.log"
    as_postgres tee -a "$pg_dir/data/postgresql.conf" >/dev/null <<CONF

# tidemark's lab
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
wal_level = logical
max_wal_senders = 8
max_replication_slots = 8
timezone = 'UTC'
log_timezone = 'UTC'
shared_buffers = 64MB
max_wal_size = 512MB
CONF
}

postgres_start() {
    # the user who runs it may alone look into its folder
    as_postgres test -s "$(pg_data)/PG_VERSION" || postgres_create
    made=$(as_postgres cat "$(pg_data)/PG_VERSION")
    case $LAB_POSTGRES in
    "$made" | "$made".* | system) ;;
    *) die "the data in $(pg_data) is PostgreSQL $made's: go on with LAB_POSTGRES=$made, or remove it with sh lab/teardown.sh --purge" ;;
    esac
    as_postgres "$(pg_bin)/pg_ctl" start -s -w -t 60 -D "$(pg_data)" -l "$(pg_log)" -o "-p $LAB_PG_PORT" ||
        die "PostgreSQL did not start; see $(pg_log)" "$(pg_log)"
    mkdir -p "$log_dir"
    ln -sf "$(pg_log)" "$log_dir/postgres.log"
}

postgres_stop() {
    as_postgres "$(pg_bin)/pg_ctl" stop -s -w -t 30 -D "$(pg_data)" -m fast ||
        as_postgres "$(pg_bin)/pg_ctl" stop -s -w -t 30 -D "$(pg_data)" -m immediate
}

# Kafka and Connect ------------------------------------------------------------------------------------------

# java_run HEAP CLASS ARGUMENTS...: small heaps, the quick compiler only: two cores are shared by the whole lab
java_run() {
    heap=$1
    shift
    set -- java "-Xms64m" "-Xmx$heap" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        "-Dlog4j2.configurationFile=$lab_dir/config/log4j2.properties" -cp "$kafka_jars/*" "$@"
    "${run_with:-command}" "$@"
}

fill() {
    python3 "$lab_dir/fill.py" "$1" >"$LAB_STATE/$1"
}

kafka_answers() {
    kcat -b "127.0.0.1:$LAB_KAFKA_PORT" -L -m 2 >/dev/null 2>&1
}

kafka_start() {
    fill broker.properties
    if [ ! -s "$LAB_STATE/kafka/meta.properties" ]; then
        mkdir -p "$log_dir"
        # any 16 bytes, as base64 for URLs
        java_run 256m kafka.tools.StorageTool format --standalone -t "TidemarkLabCluster001A" \
            -c "$LAB_STATE/broker.properties" >>"$log_dir/kafka.log" 2>&1 ||
            die "Kafka's storage could not be made; see $log_dir/kafka.log" "$log_dir/kafka.log"
    fi
    run_with=java_part part=kafka
    java_run 512m kafka.Kafka "$LAB_STATE/broker.properties"
    run_with=
    wait_part kafka 60 "$log_dir/kafka.log" kafka_answers
}

java_part() {
    part_start "$part" "$@"
}

connect_start() {
    fill connect.properties
    run_with=java_part part=connect
    java_run 640m org.apache.kafka.connect.cli.ConnectDistributed "$LAB_STATE/connect.properties"
    run_with=
    wait_part connect 120 "$log_dir/connect.log" http_ok "http://127.0.0.1:$LAB_CONNECT_PORT/connectors"
}

# tidemark ---------------------------------------------------------------------------------------------------

# tidemark_start NAME PORT [OPTION...]: its own file, its own port
tidemark_start() {
    name=$1 port=$2
    shift 2
    mkdir -p "$LAB_STATE/tidemark"
    file=shop
    [ "$name" = tidemark ] || file=${name#tidemark-}
    part_start "$name" "$LAB_TIDEMARK" run --brokers "127.0.0.1:$LAB_KAFKA_PORT" --prefix "$LAB_PREFIX" \
        --db "$LAB_STATE/tidemark/$file.db" --listen "127.0.0.1:$port" "$@"
    wait_part "$name" 30 "$log_dir/$name.log" http_ok "http://127.0.0.1:$port/healthz"
}
