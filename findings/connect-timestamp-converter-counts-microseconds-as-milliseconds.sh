#!/bin/sh
# Kafka Connect 4.4.0's TimestampConverter moves Debezium's timestamptz texts by up to 16 minutes and 39 seconds.
#
# Debezium 3.6.1 for PostgreSQL sends a timestamptz as an ISO text with six digits of a second. The format of TimestampConverter is Java's old
# SimpleDateFormat, which reads the digits behind the point, however many, as a number of milliseconds, and carries what is above a second
# into the minutes: .123456 is 123 seconds and 456 milliseconds, half a second is 8 minutes and 20 seconds. SSSSSS in the format is no other, and
# a format that ends at the seconds passes over what follows, the zone too. Whole seconds are right, so that tests by hand pass. No error.
# What to do: convert in the database or the reader, not here.
#
# Seen (2026-11-30), format yyyy-MM-dd'T'HH:mm:ss.SSSSSSX:
#   2026-07-20T12:00:00.000000Z -> 2026-07-20T12:00:00Z
#   2026-07-20T12:00:00.500000Z -> 2026-07-20T12:08:20Z
#   2026-07-20T12:00:00.123456Z -> 2026-07-20T12:02:03.456Z
#   2026-07-20T12:00:00.999999Z -> 2026-07-20T12:16:39.999Z
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
        String text = ZonedTimestamp.toIsoString(ZonedDateTime.parse(moment), null, 6); // as Debezium writes it
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
        for (String format : new String[] {"yyyy-MM-dd'T'HH:mm:ss.SSSX", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSX"}) {
            System.out.println(format);
            for (String moment : new String[] {"2026-07-20T12:00:00Z", "2026-07-20T12:00:00.5Z", "2026-07-20T12:00:00.123456Z", "2026-07-20T12:00:00.999999Z"})
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
2026-07-20T12:00:00.000000Z -> 2026-07-20T12:00:00Z
2026-07-20T12:00:00.500000Z -> 2026-07-20T12:08:20Z
2026-07-20T12:00:00.123456Z -> 2026-07-20T12:02:03.456Z
2026-07-20T12:00:00.999999Z -> 2026-07-20T12:16:39.999Z
yyyy-MM-dd'T'HH:mm:ss.SSSSSSX
2026-07-20T12:00:00.000000Z -> 2026-07-20T12:00:00Z
2026-07-20T12:00:00.500000Z -> 2026-07-20T12:08:20Z
2026-07-20T12:00:00.123456Z -> 2026-07-20T12:02:03.456Z
2026-07-20T12:00:00.999999Z -> 2026-07-20T12:16:39.999Z
END
diff expected seen
