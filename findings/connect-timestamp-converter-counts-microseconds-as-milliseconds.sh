#!/bin/sh
# Kafka Connect 4.4.0's TimestampConverter moves Debezium's timestamptz texts by up to 16 minutes and 39 seconds.
#
# Debezium 3.6.1 sends a timestamptz as an ISO text with as many digits of a second as it needs, none to six. The format of TimestampConverter is
# Java's old SimpleDateFormat, which reads the digits behind the point, however many, as a number of milliseconds, and carries what is
# above a second into the minutes: .123456 is 123 seconds and 456 milliseconds. .5 is five milliseconds, and a text without a fraction ends the task.
# What stands behind the end of the format is passed over, the fraction and the zone too.
# Only three digits are right, and timestamptz(3) has fewer where a value ends with zeros: .120 is sent as .12. What is moved is told nowhere.
# What to do: convert in the database or the reader, not here.
#
# Seen (2026-11-30), format yyyy-MM-dd'T'HH:mm:ss.SSSX, Debezium's text for each value:
#   2026-07-20T12:00:00.123Z -> 2026-07-20T12:00:00.123Z
#   2026-07-20T12:00:00.12Z -> 2026-07-20T12:00:00.012Z
#   2026-07-20T12:00:00.123456Z -> 2026-07-20T12:02:03.456Z
#   2026-07-20T12:00:00.999999Z -> 2026-07-20T12:16:39.999Z
#   2026-07-20T12:00:00Z -> DataException
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId><artifactId>look</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>io.debezium</groupId><artifactId>debezium-connector-postgres</artifactId><version>3.6.1.Final</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>connect-json</artifactId><version>4.4.0</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>connect-transforms</artifactId><version>4.4.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
END
cat >Look.java <<'END'
import io.debezium.time.ZonedTimestamp;
import java.time.*;
import java.util.*;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.transforms.TimestampConverter;

public class Look {
    static void look(String moment, String format) {
        String text = ZonedTimestamp.toIsoString(OffsetDateTime.parse(moment), null); // as Debezium writes it
        TimestampConverter<SourceRecord> converter = new TimestampConverter.Value<>();
        converter.configure(Map.of("field", "at", "target.type", "Timestamp", "format", format));
        Schema rows = SchemaBuilder.struct().field("at", ZonedTimestamp.schema()).build();
        String seen;
        try {
            SourceRecord made = converter.apply(new SourceRecord(Map.of(), Map.of(), "t", rows, new Struct(rows).put("at", text)));
            seen = ((java.util.Date) ((Struct) made.value()).get("at")).toInstant().toString();
        } catch (RuntimeException e) {
            seen = e.getClass().getSimpleName();
        }
        System.out.println(text + " -> " + seen);
    }

    public static void main(String[] arguments) {
        for (String format : new String[] {"yyyy-MM-dd'T'HH:mm:ss.SSSX", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSX", "yyyy-MM-dd'T'HH:mm:ss"}) {
            System.out.println(format);
            for (String moment : new String[] {"2026-07-20T12:00:00.123Z", "2026-07-20T12:00:00.120Z", "2026-07-20T12:00:00.123456Z", "2026-07-20T12:00:00.999999Z", "2026-07-20T12:00:00Z"})
                look(moment, format);
        }
    }

}
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
java -cp 'jars/*' Look.java >seen
cat seen
cat >expected <<'END'
yyyy-MM-dd'T'HH:mm:ss.SSSX
2026-07-20T12:00:00.123Z -> 2026-07-20T12:00:00.123Z
2026-07-20T12:00:00.12Z -> 2026-07-20T12:00:00.012Z
2026-07-20T12:00:00.123456Z -> 2026-07-20T12:02:03.456Z
2026-07-20T12:00:00.999999Z -> 2026-07-20T12:16:39.999Z
2026-07-20T12:00:00Z -> DataException
yyyy-MM-dd'T'HH:mm:ss.SSSSSSX
2026-07-20T12:00:00.123Z -> 2026-07-20T12:00:00.123Z
2026-07-20T12:00:00.12Z -> 2026-07-20T12:00:00.012Z
2026-07-20T12:00:00.123456Z -> 2026-07-20T12:02:03.456Z
2026-07-20T12:00:00.999999Z -> 2026-07-20T12:16:39.999Z
2026-07-20T12:00:00Z -> DataException
yyyy-MM-dd'T'HH:mm:ss
2026-07-20T12:00:00.123Z -> 2026-07-20T12:00:00Z
2026-07-20T12:00:00.12Z -> 2026-07-20T12:00:00Z
2026-07-20T12:00:00.123456Z -> 2026-07-20T12:00:00Z
2026-07-20T12:00:00.999999Z -> 2026-07-20T12:00:00Z
2026-07-20T12:00:00Z -> 2026-07-20T12:00:00Z
END
diff expected seen
