#!/bin/sh
# Debezium 3.6.1's DecodeLogicalDecodingMessageContent ends the connector's task at the first tombstone.
#
# It asks each message for the name of its value's schema, and a tombstone has none: NullPointerException. Tombstones follow every delete
# by default (tombstones.on.delete), and the transform is documented without a predicate, so a connector that decodes its
# logical messages runs until a row of any table is deleted, or its primary key changed, and again at each start ends there.
# What to do: a predicate, TopicNameMatches of PREFIX.message, or RecordIsTombstone with negate=true.
#
# Seen (2026-11-30):
#   create passes
#   delete passes
#   tombstone NullPointerException
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
import io.debezium.connector.postgresql.transforms.DecodeLogicalDecodingMessageContent;
import io.debezium.data.Envelope;
import java.time.Instant;
import java.util.Map;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.source.SourceRecord;

public class Look {
    static Schema keys = SchemaBuilder.struct().name("t.Key").field("id", Schema.INT32_SCHEMA).build();
    static Schema rows = SchemaBuilder.struct().name("t.Value").optional().field("id", Schema.INT32_SCHEMA).build();
    static Schema sources = SchemaBuilder.struct().field("table", Schema.STRING_SCHEMA).build();
    static Envelope envelope = Envelope.defineSchema().withName("t.Envelope").withRecord(rows).withSource(sources).build();

    static void look(String what, Schema schema, Object value) {
        DecodeLogicalDecodingMessageContent<SourceRecord> decode = new DecodeLogicalDecodingMessageContent<>();
        decode.configure(Map.of());
        SourceRecord event = new SourceRecord(Map.of(), Map.of(), "p.s.t", keys, new Struct(keys).put("id", 7), schema, value);
        try {
            System.out.println(what + (decode.apply(event) == event ? " passes" : " is another"));
        } catch (RuntimeException e) {
            System.out.println(what + " " + e.getClass().getSimpleName());
        }
    }

    public static void main(String[] arguments) {
        Struct row = new Struct(rows).put("id", 7);
        Struct source = new Struct(sources).put("table", "t");
        look("create", envelope.schema(), envelope.create(row, source, Instant.EPOCH));
        look("delete", envelope.schema(), envelope.delete(row, source, Instant.EPOCH));
        look("tombstone", null, null);
    }
}
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
java -cp 'jars/*' Look.java >seen
cat seen
cat >expected <<'END'
create passes
delete passes
tombstone NullPointerException
END
diff expected seen
