#!/bin/sh
# Debezium 3.6.1's TimezoneConverter ends the connector's task at the first timestamptz that is infinite.
#
# The connector sends PostgreSQL's 'infinity' and '-infinity' as these very texts in a ZonedTimestamp, and the transform parses each
# ZonedTimestamp: DateTimeParseException, also with converted.timezone=UTC. A timestamp without a zone is a number for both, and is
# moved by the zone's offset, so that the number which stands for infinity is none any more.
# What to do: exclude.list with such columns (source:TABLE:COLUMN).
#
# Seen (2026-11-30): converted.timezone=+02:00
#   timestamptz 2026-07-01T12:00:00Z: 2026-07-01T14:00:00+02:00
#   timestamptz infinity: DateTimeParseException
#   timestamp infinity (9223372036825200000): 9223372029625200000
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
    static void look(String what, Schema time, Object value) {
        Schema rows = SchemaBuilder.struct().name("t.Value").optional().field("at", time).build();
        Schema sources = SchemaBuilder.struct().field("table", Schema.STRING_SCHEMA).build();
        Envelope envelope = Envelope.defineSchema().withName("t.Envelope").withRecord(rows).withSource(sources).build();
        TimezoneConverter<SourceRecord> converter = new TimezoneConverter<>();
        converter.configure(Map.of("converted.timezone", "+02:00"));
        Struct made = envelope.create(new Struct(rows).put("at", value), new Struct(sources).put("table", "t"), Instant.EPOCH);
        String seen;
        try {
            Struct now = (Struct) converter.apply(new SourceRecord(Map.of(), Map.of(), "p.s.t", envelope.schema(), made)).value();
            seen = now.getStruct("after").get("at").toString();
        } catch (RuntimeException e) {
            seen = e.getClass().getSimpleName();
        }
        System.out.println(what + ": " + seen);
    }

    public static void main(String[] arguments) {
        look("timestamptz 2026-07-01T12:00:00Z", ZonedTimestamp.builder().build(), "2026-07-01T12:00:00Z");
        look("timestamptz infinity", ZonedTimestamp.builder().build(), "infinity");
        look("timestamp infinity (9223372036825200000)", MicroTimestamp.builder().build(), 9223372036825200000L);
    }
}
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
java -cp 'jars/*' Look.java >seen
cat seen
cat >expected <<'END'
timestamptz 2026-07-01T12:00:00Z: 2026-07-01T14:00:00+02:00
timestamptz infinity: DateTimeParseException
timestamp infinity (9223372036825200000): 9223372029625200000
END
diff expected seen
