#!/bin/sh
# Kafka Connect 4.4.0's transforms and the tombstone behind a delete: HoistField makes a message with a value of it, and MaskField,
# HeaderFrom and ValueToKey end the task.
#
# InsertField, ReplaceField, Cast, ExtractField, Flatten and SetSchemaMetadata let a null value pass as it is. HoistField, of the same package,
# puts the null into a struct or map, so that Debezium's tombstone arrives as {"row":null}: compaction keeps that, and with it the
# deleted row's key for ever, and a sink that deletes by tombstones deletes nothing. No error, no log. MaskField, HeaderFrom and ValueToKey want a
# row, and the first delete of any table ends the task, whatever went well before.
# What to do: the predicate RecordIsTombstone with negate=true on these four.
#
# Seen (2026-11-30): a row and a tombstone, as JsonConverter writes them
#   HoistField: {"row":{"id":1,"name":"x"}}, then {"row":null}
#   MaskField: {"id":1,"name":""}, then DataException: Only Map objects supported in absence of schema for [mask fields], found: null
#   Cast: {"id":1,"name":"x"}, then a tombstone
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId><artifactId>look</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>connect-json</artifactId><version>4.4.0</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>connect-transforms</artifactId><version>4.4.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
END
cat >Look.java <<'END'
import java.util.*;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.transforms.*;

public class Look {
    static final Schema KEYS = SchemaBuilder.struct().field("id", Schema.INT32_SCHEMA).build();
    static final Schema ROWS = SchemaBuilder.struct().optional().field("id", Schema.INT32_SCHEMA).field("name", Schema.OPTIONAL_STRING_SCHEMA).build();
    static final JsonConverter JSON = new JsonConverter();

    static String sent(Transformation<SourceRecord> transform, Schema schema, Object value) {
        try {
            SourceRecord made = transform.apply(new SourceRecord(Map.of(), Map.of(), "t", KEYS, new Struct(KEYS).put("id", 1), schema, value));
            byte[] bytes = JSON.fromConnectData("t", made.valueSchema(), made.value());
            return bytes == null ? "a tombstone" : new String(bytes);
        } catch (ConnectException e) {
            return e.getClass().getSimpleName() + ": " + e.getMessage();
        }
    }

    static void look(Transformation<SourceRecord> transform, Map<String, String> settings) {
        transform.configure(settings);
        System.out.println(transform.getClass().getName().replaceAll(".*\\.|\\$.*", "") + ": " + sent(transform, ROWS, new Struct(ROWS).put("id", 1).put("name", "x"))
            + ", then " + sent(transform, null, null));
    }

    public static void main(String[] arguments) {
        JSON.configure(Map.of("schemas.enable", "false"), false);
        look(new HoistField.Value<>(), Map.of("field", "row"));
        look(new MaskField.Value<>(), Map.of("fields", "name"));
        look(new HeaderFrom.Value<>(), Map.of("fields", "name", "headers", "name", "operation", "copy"));
        look(new ValueToKey<>(), Map.of("fields", "id"));
        look(new InsertField.Value<>(), Map.of("static.field", "from", "static.value", "here"));
        look(new ReplaceField.Value<>(), Map.of("exclude", "name"));
        look(new Cast.Value<>(), Map.of("spec", "id:int64"));
        look(new ExtractField.Value<>(), Map.of("field", "name"));
        look(new Flatten.Value<>(), Map.of());
        look(new SetSchemaMetadata.Value<>(), Map.of("schema.name", "row"));
    }
}
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
java -cp 'jars/*' Look.java >seen
cat seen
cat >expected <<'END'
HoistField: {"row":{"id":1,"name":"x"}}, then {"row":null}
MaskField: {"id":1,"name":""}, then DataException: Only Map objects supported in absence of schema for [mask fields], found: null
HeaderFrom: {"id":1,"name":"x"}, then DataException: Only Map objects supported in absence of schema for [header copy], found: null
ValueToKey: {"id":1,"name":"x"}, then DataException: Only Map objects supported in absence of schema for [copying fields from value to key], found: null
InsertField: {"id":1,"name":"x","from":"here"}, then a tombstone
ReplaceField: {"id":1}, then a tombstone
Cast: {"id":1,"name":"x"}, then a tombstone
ExtractField: "x", then a tombstone
Flatten: {"id":1,"name":"x"}, then a tombstone
SetSchemaMetadata: {"id":1,"name":"x"}, then a tombstone
END
diff expected seen
