#!/bin/sh
# Debezium 3.6.1's TimezoneConverter: one zone writes a timestamptz forwards and moves a timestamp without a zone backwards.
#
# With converted.timezone=+02:00 a ZonedTimestamp of 12:00Z becomes 14:00+02:00, the same moment. Of a MicroTimestamp (Timestamp,
# NanoTimestamp and Connect's own alike) of 12:00 the number is taken for wall time of that zone and written as UTC: 10:00. So a row whose
# two columns were equal has them four hours apart, and that fields are taken to be UTC, as is documented of all,
# holds of one. In a zone with summer time two numbers of one night become one (02:30 and 03:30), and zoned values get the
# offset of their UTC clock time. Rows that ExtractNewRecordState has unwrapped before are passed as they are. Nothing is reported.
# What to do: exclude.list with the columns without a zone, and the transform before unwrapping.
#
# Seen (2026-11-30):
#   +02:00, both 2026-07-01T12:00:00: timestamp 2026-07-01T10:00:00, timestamptz 2026-07-01T14:00:00+02:00
#   Europe/Berlin, both 2026-03-29T02:30:00: timestamp 2026-03-29T01:30:00, timestamptz 2026-03-29T03:30:00+01:00
#   Europe/Berlin, both 2026-03-29T03:30:00: timestamp 2026-03-29T01:30:00, timestamptz 2026-03-29T05:30:00+02:00
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
import io.debezium.data.Envelope;
import io.debezium.time.*;
import io.debezium.transforms.TimezoneConverter;
import java.time.Instant;
import java.util.Map;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.source.SourceRecord;

public class Look {
    static Schema rows = SchemaBuilder.struct().name("t.Value").optional()
        .field("plain", MicroTimestamp.builder().build()).field("zoned", ZonedTimestamp.builder().build()).build();
    static Schema sources = SchemaBuilder.struct().field("table", Schema.STRING_SCHEMA).build();
    static Envelope envelope = Envelope.defineSchema().withName("t.Envelope").withRecord(rows).withSource(sources).build();

    static String shown(Struct row) {
        return "timestamp " + Instant.EPOCH.plusNanos(1000 * row.getInt64("plain")).toString().replace("Z", "") + ", timestamptz " + row.get("zoned");
    }

    public static void main(String[] arguments) {
        Struct source = new Struct(sources).put("table", "t");
        for (String zone : new String[] {"+02:00", "America/New_York", "Europe/Berlin"}) {
            TimezoneConverter<SourceRecord> converter = new TimezoneConverter<>();
            converter.configure(Map.of("converted.timezone", zone));
            for (String time : new String[] {"2026-07-01T12:00:00", "2026-03-29T02:30:00", "2026-03-29T03:30:00"}) {
                long micros = Instant.parse(time + "Z").toEpochMilli() * 1000;
                Struct row = new Struct(rows).put("plain", micros).put("zoned", time + "Z");
                SourceRecord event = new SourceRecord(Map.of(), Map.of(), "p.s.t", envelope.schema(), envelope.create(row, source, Instant.EPOCH));
                System.out.println(zone + ", both " + time + ": " + shown(((Struct) converter.apply(event).value()).getStruct("after")));
            }
            Struct row = new Struct(rows).put("plain", 0L).put("zoned", "1970-01-01T00:00:00Z");
            SourceRecord unwrapped = new SourceRecord(Map.of(), Map.of(), "p.s.t", rows, row);
            System.out.println(zone + ", a row without its envelope: " + shown((Struct) converter.apply(unwrapped).value()));
        }
    }
}
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
java -cp 'jars/*' Look.java >seen
cat seen
cat >expected <<'END'
+02:00, both 2026-07-01T12:00:00: timestamp 2026-07-01T10:00:00, timestamptz 2026-07-01T14:00:00+02:00
+02:00, both 2026-03-29T02:30:00: timestamp 2026-03-29T00:30:00, timestamptz 2026-03-29T04:30:00+02:00
+02:00, both 2026-03-29T03:30:00: timestamp 2026-03-29T01:30:00, timestamptz 2026-03-29T05:30:00+02:00
+02:00, a row without its envelope: timestamp 1970-01-01T00:00:00, timestamptz 1970-01-01T00:00:00Z
America/New_York, both 2026-07-01T12:00:00: timestamp 2026-07-01T16:00:00, timestamptz 2026-07-01T08:00:00-04:00
America/New_York, both 2026-03-29T02:30:00: timestamp 2026-03-29T06:30:00, timestamptz 2026-03-28T22:30:00-04:00
America/New_York, both 2026-03-29T03:30:00: timestamp 2026-03-29T07:30:00, timestamptz 2026-03-28T23:30:00-04:00
America/New_York, a row without its envelope: timestamp 1970-01-01T00:00:00, timestamptz 1970-01-01T00:00:00Z
Europe/Berlin, both 2026-07-01T12:00:00: timestamp 2026-07-01T10:00:00, timestamptz 2026-07-01T14:00:00+02:00
Europe/Berlin, both 2026-03-29T02:30:00: timestamp 2026-03-29T01:30:00, timestamptz 2026-03-29T03:30:00+01:00
Europe/Berlin, both 2026-03-29T03:30:00: timestamp 2026-03-29T01:30:00, timestamptz 2026-03-29T05:30:00+02:00
Europe/Berlin, a row without its envelope: timestamp 1970-01-01T00:00:00, timestamptz 1970-01-01T00:00:00Z
END
diff expected seen
