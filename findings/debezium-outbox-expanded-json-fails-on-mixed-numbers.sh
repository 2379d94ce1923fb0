#!/bin/sh
# Debezium 3.6.1's EventRouter (outbox) with table.expand.json.payload=true: an array of objects whose numbers are 1 and 2.5 fails.
#
# The schema is guessed from the payload. Where it cannot be (numbers of two types directly in an array) the payload goes on as the text
# that it was, as documented. Where the same happens one level deeper, or an integer is beyond 2^63, or the payload is an array, the
# schema of an object is put beside that text, and Connect refuses the pair: DataException, which ends the task. Whether an event passes
# depends on its numbers: a price of 2.00 that a serializer writes as 2 is an integer, and 2^31 is of another type than 1. Fractions
# are doubles, and members that are null or an empty array are left out.
# What to do: leave the payload a text, or write numbers of one kind in one form (strings).
#
# Seen (2026-11-30):
#   {"prices":[{"price":1},{"price":2}]} -> {"prices":[{"price":1},{"price":2}]}
#   {"prices":[1,2.5]} -> "{\"prices\":[1,2.5]}"
#   {"prices":[{"price":1},{"price":2.5}]} -> DataException: Invalid type for STRUCT: class java.lang.String
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
import io.debezium.transforms.outbox.EventRouter;
import java.time.Instant;
import java.util.Map;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;

public class Look {
    public static void main(String[] arguments) {
        Schema rows = SchemaBuilder.struct().name("outbox.Value").optional().field("id", Schema.STRING_SCHEMA)
            .field("aggregatetype", Schema.STRING_SCHEMA).field("aggregateid", Schema.STRING_SCHEMA).field("type", Schema.STRING_SCHEMA)
            .field("payload", SchemaBuilder.string().optional().name("io.debezium.data.Json").build()).build();
        Schema sources = SchemaBuilder.struct().field("table", Schema.STRING_SCHEMA).build();
        Envelope envelope = Envelope.defineSchema().withName("outbox.Envelope").withRecord(rows).withSource(sources).build();
        EventRouter<SourceRecord> router = new EventRouter<>();
        router.configure(Map.of("table.expand.json.payload", "true"));
        JsonConverter converter = new JsonConverter();
        converter.configure(Map.of("schemas.enable", "false"), false);
        String[] payloads = {"{\"prices\":[{\"price\":1},{\"price\":2}]}", "{\"prices\":[{\"price\":1},{\"price\":2.5}]}",
            "{\"prices\":[{\"price\":1},{\"price\":2147483648}]}", "{\"prices\":[1,2.5]}", "{\"id\":9223372036854775807}",
            "{\"id\":9223372036854775808}", "[1,2]", "{\"total\":0.1234567890123456789}", "{\"note\":null,\"lines\":[]}"};
        for (String payload : payloads) {
            Struct row = new Struct(rows).put("id", "1").put("aggregatetype", "order").put("aggregateid", "1").put("type", "made").put("payload", payload);
            SourceRecord event = new SourceRecord(Map.of(), Map.of(), "outbox", envelope.schema(),
                envelope.create(row, new Struct(sources).put("table", "outbox"), Instant.EPOCH));
            try {
                SourceRecord made = router.apply(event);
                System.out.println(payload + " -> " + new String(converter.fromConnectData("t", made.valueSchema(), made.value())));
            } catch (DataException e) {
                System.out.println(payload + " -> DataException: " + e.getMessage());
            }
        }
    }
}
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
java -cp 'jars/*' Look.java >seen
cat seen
cat >expected <<'END'
{"prices":[{"price":1},{"price":2}]} -> {"prices":[{"price":1},{"price":2}]}
{"prices":[{"price":1},{"price":2.5}]} -> DataException: Invalid type for STRUCT: class java.lang.String
{"prices":[{"price":1},{"price":2147483648}]} -> DataException: Invalid type for STRUCT: class java.lang.String
{"prices":[1,2.5]} -> "{\"prices\":[1,2.5]}"
{"id":9223372036854775807} -> {"id":9223372036854775807}
{"id":9223372036854775808} -> DataException: Invalid type for STRUCT: class java.lang.String
[1,2] -> DataException: Invalid type for ARRAY: class java.lang.String
{"total":0.1234567890123456789} -> {"total":0.12345678901234568}
{"note":null,"lines":[]} -> {}
END
diff expected seen
