#!/bin/sh
# Debezium 3.6.1's ExtractNewRecordState with delete.tombstone.handling.mode=tombstone (the default), JsonConverter: no tombstone.
#
# The mode drops the tombstone that the connector sends after a delete, and in its place makes the delete event's value null
# but keeps that value's schema. JsonConverter (4.4.0) has bytes for a null with a schema: the four letters `null`, or with
# schemas the text {"schema":...,"payload":null}. To Kafka neither is a tombstone: log compaction keeps the key for ever,
# and a reader that tells a delete by a missing value finds none. delete-to-tombstone, another mode, writes a real one.
# What to do: delete-to-tombstone or rewrite-with-tombstone on compacted topics; readers should take both forms for a delete.
#
# Seen (2026-11-28), the two records of one deleted row:
#   tombstone, without schemas: delete event -> "null" (4 bytes), tombstone after it -> dropped
#   delete-to-tombstone, without schemas: delete event -> a tombstone, tombstone after it -> dropped
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
import io.debezium.transforms.ExtractNewRecordState;
import java.time.Instant;
import java.util.Map;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;

public class Look {
    static Schema keys = SchemaBuilder.struct().field("id", Schema.INT32_SCHEMA).build();

    static SourceRecord message(Schema schema, Object value) {
        return new SourceRecord(Map.of(), Map.of(), "topic", 0, keys, new Struct(keys).put("id", 7), schema, value);
    }

    static String written(SourceRecord record, String schemas) {
        JsonConverter converter = new JsonConverter();
        converter.configure(Map.of("schemas.enable", schemas), false);
        if (record == null)
            return "dropped";
        byte[] bytes = converter.fromConnectData("topic", record.valueSchema(), record.value());
        if (bytes == null)
            return "a tombstone";
        return "\"" + new String(bytes).replaceAll("\\{\"schema\":\\{.*\\},", "{\"schema\":...,") + "\"";
    }

    public static void main(String[] arguments) {
        Schema rows = SchemaBuilder.struct().name("t.Value").optional().field("id", Schema.INT32_SCHEMA).build();
        Schema sources = SchemaBuilder.struct().field("table", Schema.STRING_SCHEMA).build();
        Envelope envelope = Envelope.defineSchema().withName("t.Envelope").withRecord(rows).withSource(sources).build();
        Struct deletion = envelope.delete(new Struct(rows).put("id", 7), new Struct(sources).put("table", "t"), Instant.EPOCH);
        for (String mode : new String[] {"default", "tombstone", "rewrite-with-tombstone", "delete-to-tombstone"}) {
            ExtractNewRecordState<SourceRecord> unwrap = new ExtractNewRecordState<>();
            unwrap.configure(mode.equals("default") ? Map.of() : Map.of("delete.tombstone.handling.mode", mode));
            for (String schemas : new String[] {"false", "true"})
                System.out.println(mode + (schemas.equals("true") ? ", with schemas" : ", without schemas") + ": delete event -> "
                    + written(unwrap.apply(message(envelope.schema(), deletion)), schemas) + ", tombstone after it -> "
                    + written(unwrap.apply(message(null, null)), schemas));
        }
    }
}
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
java -cp 'jars/*' Look.java >seen
cat seen
cat >expected <<'END'
default, without schemas: delete event -> "null", tombstone after it -> dropped
default, with schemas: delete event -> "{"schema":...,"payload":null}", tombstone after it -> dropped
tombstone, without schemas: delete event -> "null", tombstone after it -> dropped
tombstone, with schemas: delete event -> "{"schema":...,"payload":null}", tombstone after it -> dropped
rewrite-with-tombstone, without schemas: delete event -> "{"id":7,"__deleted":"true"}", tombstone after it -> a tombstone
rewrite-with-tombstone, with schemas: delete event -> "{"schema":...,"payload":{"id":7,"__deleted":"true"}}", tombstone after it -> a tombstone
delete-to-tombstone, without schemas: delete event -> a tombstone, tombstone after it -> dropped
delete-to-tombstone, with schemas: delete event -> a tombstone, tombstone after it -> dropped
END
diff expected seen
