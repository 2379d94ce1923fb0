#!/bin/sh
# Flink 1.20.1's (and 2.1.0's) debezium-json (and json, which it is made of): a TIME(3) is written without its milliseconds, and read without them.
#
# Both sides count in seconds on the way: 13:55:39.123 is written as 13:55:39, and the text "13:55:39.123", as
# another writer has it, is read as 13:55:39.000, without an error, whatever precision the column declares. TIMESTAMP(3) beside it keeps
# its own.
# What to do: CAST(tm AS STRING) in the sink's query; a STRING column in the source's table, and a cast behind it.
#
# Seen (2026-11-30): a row of tm TIME(3) 13:55:39.123 and ts TIMESTAMP(3) 2026-11-18 13:55:39.123
#   written: {"before":null,"after":{"id":1,"tm":"13:55:39","ts":"2026-11-18 13:55:39.123"},"op":"c"}
#   read of what was written: tm 50139000 ms
#   read of "13:55:39.123": tm 50139000 ms
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId><artifactId>look</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.flink</groupId><artifactId>flink-json</artifactId><version>1.20.1</version></dependency>
    <dependency><groupId>org.apache.flink</groupId><artifactId>flink-table-common</artifactId><version>1.20.1</version></dependency>
    <dependency><groupId>org.apache.flink</groupId><artifactId>flink-table-runtime</artifactId><version>1.20.1</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
END
cat >Look.java <<'END'
import java.time.*;
import org.apache.flink.formats.common.TimestampFormat;
import org.apache.flink.formats.json.JsonFormatOptions.MapNullKeyMode;
import org.apache.flink.formats.json.JsonRowDataDeserializationSchema;
import org.apache.flink.formats.json.debezium.DebeziumJsonSerializationSchema;
import org.apache.flink.table.data.*;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.*;

public class Look {
    static RowType columns = RowType.of(new LogicalType[] {new IntType(false), new TimeType(3), new TimestampType(3)}, new String[] {"id", "tm", "ts"});

    // The json format's reader, which debezium-json's has inside.
    static int read(String time) throws Exception {
        JsonRowDataDeserializationSchema reader = new JsonRowDataDeserializationSchema(columns, InternalTypeInfo.of(columns), false, false, TimestampFormat.SQL);
        reader.open(null);
        return reader.deserialize(("{\"id\":1,\"tm\":\"" + time + "\"}").getBytes()).getInt(1);
    }

    public static void main(String[] arguments) throws Exception {
        DebeziumJsonSerializationSchema writer = new DebeziumJsonSerializationSchema(columns, TimestampFormat.SQL, MapNullKeyMode.FAIL, "null", false, false);
        writer.open(null);
        LocalDateTime moment = LocalDateTime.of(2026, 11, 18, 13, 55, 39, 123_000_000);
        GenericRowData row = GenericRowData.of(1, (int) (moment.toLocalTime().toNanoOfDay() / 1_000_000), TimestampData.fromLocalDateTime(moment));
        String written = new String(writer.serialize(row));
        System.out.println("written: " + written);
        System.out.println("read of what was written: tm " + read(written.replaceAll(".*\"tm\":\"([^\"]*)\".*", "$1")) + " ms");
        System.out.println("read of \"13:55:39.123\": tm " + read("13:55:39.123") + " ms");
    }
}
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
java -cp 'jars/*' Look.java >seen
cat seen
cat >expected <<'END'
written: {"before":null,"after":{"id":1,"tm":"13:55:39","ts":"2026-11-18 13:55:39.123"},"op":"c"}
read of what was written: tm 50139000 ms
read of "13:55:39.123": tm 50139000 ms
END
diff expected seen
