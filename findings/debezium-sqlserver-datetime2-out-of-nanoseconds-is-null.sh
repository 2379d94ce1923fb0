#!/bin/sh
# Debezium 3.6.1 for SQL Server, by default: a DATETIME2 of 0001-01-01 or of 9999-12-31 is sent as NULL, and in a NOT NULL column it
# ends the task.
#
# A DATETIME2 that is declared without digits has seven, and time.precision.mode=adaptive (the default) writes more than six as
# nanoseconds since 1970 in an int64, which reaches from 1677-09-21 to 2262-04-11. A moment outside is left out: null, without an error.
# Both ends of the type are everyday values: .NET's DateTime.MinValue and MaxValue, "no end yet". In 3.5.0 such a moment wrapped around
# (debezium-nanoseconds-wrap-around.sh, of the mode nanoseconds). The converter of Oracle's makes null of a TIMESTAMP(9) of 0001-01-01 as well.
# What to do: time.precision.mode=microseconds or isostring, or DATETIME2(6).
#
# Seen (2026-11-30):
#   adaptive, 2026-11-18 13:55:39.1234567: {"id":1,"at":1795010139123456700}
#   adaptive, 0001-01-01 00:00:00: {"id":1,"at":null}
#   adaptive, 9999-12-31 23:59:59.9999999: {"id":1,"at":null}
#   microseconds, 0001-01-01 00:00:00: {"id":1,"at":-62135596800000000}
#   isostring, 9999-12-31 23:59:59.9999999: {"id":1,"at":"9999-12-31T23:59:59.9999999Z"}
#   adaptive, NOT NULL, 0001-01-01 00:00:00: Conversion error: null value for field that is required and has no default value
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId><artifactId>look</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>io.debezium</groupId><artifactId>debezium-connector-sqlserver</artifactId><version>3.6.1.Final</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>connect-json</artifactId><version>4.4.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
END
cat >Look.java <<'END'
import io.debezium.config.Configuration;
import io.debezium.connector.sqlserver.*;
import io.debezium.relational.*;
import io.debezium.schema.*;
import java.sql.Types;
import java.util.*;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.json.JsonConverter;

public class Look {
    // A row of t(id int primary key, at datetime2), as the connector builds it of what JDBC gives, and as JSON.
    static void look(String mode, String moment, boolean optional) {
        Column id = Column.editor().name("id").position(1).jdbcType(Types.INTEGER).type("int", "int").optional(false).create();
        Column at = Column.editor().name("at").position(2).jdbcType(Types.TIMESTAMP).type("datetime2", "datetime2").length(27).scale(7)
            .optional(optional).create();
        Table table = Table.editor().tableId(new TableId("shop", "dbo", "t")).addColumns(id, at).setPrimaryKeyNames("id").create();
        SqlServerConnectorConfig config = new SqlServerConnectorConfig(Configuration.create().with("topic.prefix", "app")
            .with("database.hostname", "none").with("database.names", "shop").with("time.precision.mode", mode).build());
        TableSchema schema = new TableSchemaBuilder(
            new SqlServerValueConverters(config.getDecimalMode(), config.getTemporalPrecisionMode(), config.binaryHandlingMode()),
            SchemaNameAdjuster.NO_OP, new CustomConverterRegistry(List.of()), config.getSourceInfoStructMaker().schema(),
            config.getTransactionMetadataFactory().getTransactionStructMaker().getTransactionBlockSchema(),
            FieldNameSelector.defaultSelector(SchemaNameAdjuster.NO_OP), false, config.getEventConvertingFailureHandlingMode())
            .create(config.getTopicNamingStrategy(SqlServerConnectorConfig.TOPIC_NAMING_STRATEGY), table, null, null, null);
        JsonConverter converter = new JsonConverter();
        converter.configure(Map.of("schemas.enable", "false"), false);
        System.out.print(mode + (optional ? ", " : ", NOT NULL, ") + moment + ": ");
        try {
            Struct row = schema.valueFromColumnData(new Object[] {1, java.sql.Timestamp.valueOf(moment)});
            System.out.println(new String(converter.fromConnectData("t", row.schema(), row)));
        } catch (RuntimeException e) {
            System.out.println(e.getMessage());
        }
    }

    public static void main(String[] arguments) {
        look("adaptive", "2026-11-18 13:55:39.1234567", true);
        look("adaptive", "0001-01-01 00:00:00", true);
        look("adaptive", "9999-12-31 23:59:59.9999999", true);
        look("microseconds", "0001-01-01 00:00:00", true);
        look("isostring", "9999-12-31 23:59:59.9999999", true);
        look("adaptive", "0001-01-01 00:00:00", false);
    }
}
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
java -Duser.timezone=UTC -cp 'jars/*' Look.java >seen
cat seen
cat >expected <<'END'
adaptive, 2026-11-18 13:55:39.1234567: {"id":1,"at":1795010139123456700}
adaptive, 0001-01-01 00:00:00: {"id":1,"at":null}
adaptive, 9999-12-31 23:59:59.9999999: {"id":1,"at":null}
microseconds, 0001-01-01 00:00:00: {"id":1,"at":-62135596800000000}
isostring, 9999-12-31 23:59:59.9999999: {"id":1,"at":"9999-12-31T23:59:59.9999999Z"}
adaptive, NOT NULL, 0001-01-01 00:00:00: Conversion error: null value for field that is required and has no default value
END
diff expected seen
