#!/bin/sh
# Kafka Connect 4.4.0's Cast to string: a date or timestamp before 1970-01-02 comes as a time alone, and the day is lost.
#
# Cast asks the value, not its schema, which of the three forms it is written in: what is less than a day behind 1970 is a time, what
# divides by days is a date, the rest a timestamp. Everything before 1970 is less than a day behind it. So a Date, all of whose values divide
# by days, is written as a day from 1970-01-02 on, and is the text 00:00:00.000Z, whatever the day, before that; a Timestamp of midnight is a day
# without time. No error, no log. Debezium sends these types with `time.precision.mode=connect`, and dates of birth are the first that suffer.
# What to do: TimestampConverter with target.type=string and a format, which is right for all of them.
#
# Seen (2026-11-30):
#   Date 1969-07-20: Cast 00:00:00.000Z, TimestampConverter 1969-07-20
#   Date 1970-01-01: Cast 00:00:00.000Z, TimestampConverter 1970-01-01
#   Date 1970-01-02: Cast 1970-01-02, TimestampConverter 1970-01-02
#   Timestamp 1969-07-20T20:17:40Z: Cast 20:17:40.000Z, TimestampConverter 1969-07-20T20:17:40Z
#   Timestamp 2026-07-20T00:00:00Z: Cast 2026-07-20, TimestampConverter 2026-07-20T00:00:00Z
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId><artifactId>look</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>connect-transforms</artifactId><version>4.4.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
END
cat >Look.java <<'END'
import java.time.*;
import java.util.*;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.transforms.*;

public class Look {
    static Object made(Transformation<SourceRecord> transform, Map<String, String> settings, Schema schema, Object value) {
        transform.configure(settings);
        Schema rows = SchemaBuilder.struct().field("at", schema).build();
        SourceRecord made = transform.apply(new SourceRecord(Map.of(), Map.of(), "t", rows, new Struct(rows).put("at", value)));
        return ((Struct) made.value()).get("at");
    }

    static void look(String text, Schema schema, String format) {
        boolean day = text.length() == 10;
        java.util.Date value = java.util.Date.from(Instant.parse(day ? text + "T00:00:00Z" : text));
        System.out.println((day ? "Date " : "Timestamp ") + text + ": Cast " + made(new Cast.Value<>(), Map.of("spec", "at:string"), schema, value)
            + ", TimestampConverter "
            + made(new TimestampConverter.Value<>(), Map.of("field", "at", "target.type", "string", "format", format), schema, value));
    }

    public static void main(String[] arguments) {
        for (String text : new String[] {"1969-07-20", "1970-01-01", "1970-01-02", "2026-07-20"})
            look(text, org.apache.kafka.connect.data.Date.SCHEMA, "yyyy-MM-dd");
        for (String text : new String[] {"1969-07-20T20:17:40Z", "1970-01-01T20:17:40Z", "1970-01-02T20:17:40Z", "2026-07-20T00:00:00Z"})
            look(text, org.apache.kafka.connect.data.Timestamp.SCHEMA, "yyyy-MM-dd'T'HH:mm:ss'Z'");
    }
}
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
java -cp 'jars/*' Look.java >seen
cat seen
cat >expected <<'END'
Date 1969-07-20: Cast 00:00:00.000Z, TimestampConverter 1969-07-20
Date 1970-01-01: Cast 00:00:00.000Z, TimestampConverter 1970-01-01
Date 1970-01-02: Cast 1970-01-02, TimestampConverter 1970-01-02
Date 2026-07-20: Cast 2026-07-20, TimestampConverter 2026-07-20
Timestamp 1969-07-20T20:17:40Z: Cast 20:17:40.000Z, TimestampConverter 1969-07-20T20:17:40Z
Timestamp 1970-01-01T20:17:40Z: Cast 20:17:40.000Z, TimestampConverter 1970-01-01T20:17:40Z
Timestamp 1970-01-02T20:17:40Z: Cast 1970-01-02T20:17:40.000Z, TimestampConverter 1970-01-02T20:17:40Z
Timestamp 2026-07-20T00:00:00Z: Cast 2026-07-20, TimestampConverter 2026-07-20T00:00:00Z
END
diff expected seen
