#!/bin/sh
# Debezium 3.6.1's HeaderToValue with a field in `after` ends the connector's task at the first delete, and one in `before` at the first create.
#
# It builds the schema of the struct anew to add the field, and forgets that it may be null: then the JSON converter (Avro's likewise)
# refuses every message that has no such struct, with the name of no field. Which messages have none is the envelope's rule: deletes no
# `after`, creates, snapshots and most updates no `before`. Fields in `source` are right, and tombstones pass.
# What to do: fields in `source`, or at the top.
#
# Seen (2026-11-30):
#   fields=after.by: create passes, delete DataException: Conversion error: null value for field that is required and has no default value
#   fields=before.by: create DataException: Conversion error: null value for field that is required and has no default value, delete passes
#   fields=source.by: create passes, delete passes
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
import io.debezium.transforms.HeaderToValue;
import java.time.Instant;
import java.util.Map;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;

public class Look {
    static Schema rows = SchemaBuilder.struct().name("t.Value").optional().field("id", Schema.INT32_SCHEMA).build();
    static Schema sources = SchemaBuilder.struct().field("table", Schema.STRING_SCHEMA).build();
    static Envelope envelope = Envelope.defineSchema().withName("t.Envelope").withRecord(rows).withSource(sources).build();

    static String look(String field, Struct event) {
        HeaderToValue<SourceRecord> transform = new HeaderToValue<>();
        transform.configure(Map.of("headers", "by", "fields", field, "operation", "copy"));
        JsonConverter converter = new JsonConverter();
        converter.configure(Map.of("schemas.enable", "false"), false);
        ConnectHeaders headers = new ConnectHeaders();
        headers.addString("by", "me");
        SourceRecord made = transform.apply(new SourceRecord(Map.of(), Map.of(), "t", 0, null, null, envelope.schema(), event, 0L, headers));
        try {
            converter.fromConnectData("t", made.valueSchema(), made.value());
            return "passes";
        } catch (RuntimeException e) {
            return e.getClass().getSimpleName() + ": " + e.getMessage();
        }
    }

    public static void main(String[] arguments) {
        Struct row = new Struct(rows).put("id", 7);
        Struct source = new Struct(sources).put("table", "t");
        for (String field : new String[] {"after.by", "before.by", "source.by"})
            System.out.println("fields=" + field + ": create " + look(field, envelope.create(row, source, Instant.EPOCH)) + ", delete "
                + look(field, envelope.delete(row, source, Instant.EPOCH)));
    }
}
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
java -cp 'jars/*' Look.java >seen
cat seen
cat >expected <<'END'
fields=after.by: create passes, delete DataException: Conversion error: null value for field that is required and has no default value
fields=before.by: create DataException: Conversion error: null value for field that is required and has no default value, delete passes
fields=source.by: create passes, delete passes
END
diff expected seen
