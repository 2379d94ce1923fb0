#!/bin/sh
# Debezium 3.6.1's HeaderToValue, SwapGeometryCoordinates, GeometryFormatTransformer and VectorToJsonConverter, and Kafka's Flatten
# (4.4.0): a NULL of the row leaves them as its column's default, whatever replace.null.with.default says.
#
# They build each row anew and read its fields by the getter that gives the default for a null. The converter's option comes later, and
# Kafka's other transforms (InsertField, ReplaceField, Cast, ..) have one of that name; these five have none. The row need have
# no geometry and no vector: each row of the topic that they see is built anew. Nothing is reported, and no reader can tell.
# What to do: a predicate, so that they see only the topics that need them, and no defaults in those tables.
#
# Seen (2026-11-30): after of an update that sets status to NULL, of which the default is 'new'; the converter has replace.null.with.default=false
#   TimezoneConverter {"id":7,"status":null}
#   SwapGeometryCoordinates {"id":7,"status":"new"}
#   VectorToJsonConverter {"id":7,"status":"new"}
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
import java.time.Instant;
import java.util.*;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.transforms.Transformation;

public class Look {
    static Schema rows = SchemaBuilder.struct().name("t.Value").optional().field("id", Schema.INT32_SCHEMA)
        .field("status", SchemaBuilder.string().optional().defaultValue("new").build()).build();
    static Schema sources = SchemaBuilder.struct().field("table", Schema.STRING_SCHEMA).build();
    static Envelope envelope = Envelope.defineSchema().withName("t.Envelope").withRecord(rows).withSource(sources).build();

    static Struct row(int id, String status) {
        Struct row = new Struct(rows).put("id", id);
        return status == null ? row.put("status", null) : row.put("status", status);
    }

    @SuppressWarnings("unchecked")
    static void look(String kind, Map<String, String> settings) throws Exception {
        JsonConverter converter = new JsonConverter();
        converter.configure(Map.of("schemas.enable", "false", "replace.null.with.default", "false"), false);
        ConnectHeaders headers = new ConnectHeaders();
        headers.addString("by", "me");
        Struct update = envelope.update(row(7, "old"), row(7, null), new Struct(sources).put("table", "t"), Instant.EPOCH);
        SourceRecord event = new SourceRecord(Map.of(), Map.of(), "t", 0, null, null, envelope.schema(), update, 0L, headers);
        try (Transformation<SourceRecord> transform = (Transformation<SourceRecord>) Class.forName(kind).getDeclaredConstructor().newInstance()) {
            transform.configure(settings);
            SourceRecord made = transform.apply(event);
            String text = new String(converter.fromConnectData("t", made.valueSchema(), made.value()));
            System.out.println(kind.replaceAll(".*\\.", "") + " "
                + text.replaceAll(".*\"after\":(\\{[^}]*\\}).*", "$1").replaceAll(".*(\"after.id\":7,\"after.status\":[^,]*).*", "$1"));
        }
    }

    public static void main(String[] arguments) throws Exception {
        String debezium = "io.debezium.transforms.";
        look(debezium + "TimezoneConverter", Map.of("converted.timezone", "UTC"));
        look(debezium + "ExtractNewRecordState", Map.of("add.fields", "op"));
        look(debezium + "HeaderToValue", Map.of("headers", "by", "fields", "after.by", "operation", "copy"));
        look(debezium + "SwapGeometryCoordinates", Map.of());
        look(debezium + "GeometryFormatTransformer", Map.of());
        look(debezium + "VectorToJsonConverter", Map.of());
        look("org.apache.kafka.connect.transforms.Flatten$Value", Map.of());
    }
}
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
java -cp 'jars/*' Look.java >seen
cat seen
cat >expected <<'END'
TimezoneConverter {"id":7,"status":null}
ExtractNewRecordState {"id":7,"status":null,"__op":"u"}
HeaderToValue {"id":7,"status":"new","by":"me"}
SwapGeometryCoordinates {"id":7,"status":"new"}
GeometryFormatTransformer {"id":7,"status":"new"}
VectorToJsonConverter {"id":7,"status":"new"}
Flatten$Value "after.id":7,"after.status":"new"
END
diff expected seen
