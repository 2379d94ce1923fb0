import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.format.Json;
import java.io.BufferedWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

// Source PORT MODE FOLDER: runs FOLDER/before.sql, starts the connector, and once it streams runs FOLDER/after.sql. FOLDER/capture.jsonl gets
// what the connector sent, FOLDER/truth.json the tables' last rows as the server writes them. MODE: plain, or schemas in the messages.
public class Source {
    static final int START_TRIES = 600; // of 100 ms
    static final int SILENCE_S = 120;
    static final String MARK = "shop.shop.mark";
    static final ObjectMapper mapper = new ObjectMapper();
    static Connection connection;

    static void connect(String port) throws Exception {
        for (int tries = 0; connection == null; tries++) {
            try {
                connection = DriverManager.getConnection("jdbc:mariadb://127.0.0.1:" + port + "/", "shop", "shop");
            } catch (SQLException e) { // the server is starting
                if (tries == START_TRIES)
                    throw e;
                Thread.sleep(100);
            }
        }
    }

    static void run(List<String> statements) throws SQLException {
        for (String statement : statements)
            connection.createStatement().execute(statement);
    }

    static Properties settings(String port, String mode) {
        Properties p = new Properties();
        p.putAll(Map.of("name", "shop", "connector.class", "io.debezium.connector.mariadb.MariaDbConnector", "topic.prefix", "shop",
            "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore",
            "schema.history.internal", "io.debezium.relational.history.MemorySchemaHistory", "include.schema.changes", "false"));
        p.putAll(Map.of("database.hostname", "127.0.0.1", "database.port", port, "database.user", "shop", "database.password", "shop",
            "database.server.id", "2", "database.include.list", "shop", "database.ssl.mode", "disable",
            "converter.schemas.enable", mode.equals("schemas") ? "true" : "false",
            "decimal.handling.mode", mode.equals("schemas") ? "precise" : "string"));
        return p;
    }

    // Everything up to the row of the table `mark` with this number.
    static void take(BlockingQueue<ChangeEvent<String, String>> seen, BufferedWriter capture, int mark) throws Exception {
        for (;;) {
            ChangeEvent<String, String> event = Objects.requireNonNull(seen.poll(SILENCE_S, TimeUnit.SECONDS), "the connector is silent");
            if (event.destination().equals(MARK)) {
                if (event.value().contains("\"after\":{\"id\":" + mark + "}"))
                    return;
                continue;
            }
            ObjectNode line = mapper.createObjectNode();
            line.put("topic", event.destination()).put("partition", 0).put("offset", offset++).put("ts", System.currentTimeMillis());
            line.put("key", event.key()).put("value", event.value());
            capture.write(mapper.writeValueAsString(line) + "\n");
        }
    }

    static long offset = 0;

    // As the server writes it, not the driver (3.5.3 writes 13:50:34.031 of a datetime(3) as 13:50:34.31000).
    static String asText(String column, String type) {
        if (type.contains("BINARY"))
            return "lower(hex(" + column + "))";
        return type.equals("BIT") ? column + " + 0" : "cast(" + column + " as char)";
    }

    static List<List<String>> rowsOf(String table) throws SQLException {
        List<String> columns = new ArrayList<>();
        ResultSet none = connection.createStatement().executeQuery("select * from " + table + " limit 0");
        for (int i = 1; i <= none.getMetaData().getColumnCount(); i++)
            columns.add(asText(none.getMetaData().getColumnName(i), none.getMetaData().getColumnTypeName(i)));
        ResultSet rows = connection.createStatement().executeQuery("select " + String.join(", ", columns) + " from " + table);
        List<List<String>> all = new ArrayList<>();
        while (rows.next()) {
            List<String> row = new ArrayList<>();
            for (int i = 1; i <= columns.size(); i++)
                row.add(rows.getString(i));
            all.add(row);
        }
        return all;
    }

    static void writeTruth(Path file) throws Exception {
        ObjectNode truth = mapper.createObjectNode();
        for (String table : List.of("kinds", "keyed", "pairs"))
            truth.set(table, mapper.valueToTree(rowsOf(table)));
        Files.writeString(file, mapper.writeValueAsString(truth));
    }

    public static void main(String[] arguments) throws Exception {
        String port = arguments[0], mode = arguments[1];
        Path folder = Path.of(arguments[2]);
        connect(port);
        run(List.of("set global max_allowed_packet = 67108864", "set sql_mode = ''", "set time_zone = '+00:00'", "drop database if exists shop",
            "create database shop", "use shop", "create table mark (id int primary key)"));
        run(Files.readAllLines(folder.resolve("before.sql")));
        run(List.of("insert into mark values (1)"));
        BlockingQueue<ChangeEvent<String, String>> seen = new LinkedBlockingQueue<>();
        DebeziumEngine<ChangeEvent<String, String>> engine =
            DebeziumEngine.create(Json.class).using(settings(port, mode)).notifying(seen::add).build();
        new Thread(engine).start();
        try (BufferedWriter capture = Files.newBufferedWriter(folder.resolve("capture.jsonl"))) {
            // the tables come by their names: a row of the next one says that this is no row of the snapshot's end
            take(seen, capture, 1);
            run(List.of("insert into mark values (2)"));
            take(seen, capture, 2);
            run(Files.readAllLines(folder.resolve("after.sql")));
            run(List.of("insert into mark values (3)"));
            take(seen, capture, 3);
        }
        writeTruth(folder.resolve("truth.json"));
        System.exit(0);
    }
}
