#!/bin/sh
# Debezium 3.6.1's EnforceRecordSize, which is there so that a large row does not end the connector: a large row of a table with a NUMERIC
# column ends it, and unwrapped rows are not cut at all.
#
# Of a message above max.bytes it cuts strings and bytes, and takes any field whose schema is BYTES for a ByteBuffer. A NUMERIC is one of
# them in the default decimal.handling.mode=precise, and its value is a BigDecimal: ClassCastException. Smaller messages pass, so
# that the first large one is the one that fails. Behind ExtractNewRecordState it passes everything as it is, and says nothing.
# What to do: decimal.handling.mode=string (or double), and the transform before unwrapping.
#
# Seen (2026-11-30): max.bytes=1200, min.field.size=10
#   100 characters, beside a text: 100
#   100 characters, beside a NUMERIC: 100
#   100 characters, unwrapped: 100
#   5000 characters, beside a text: cut
#   5000 characters, beside a NUMERIC: ClassCastException
#   5000 characters, unwrapped: 5000
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
import io.debezium.transforms.EnforceRecordSize;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Map;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.source.SourceRecord;

public class Look {
    static Schema sources = SchemaBuilder.struct().field("table", Schema.STRING_SCHEMA).build();

    static void look(String what, boolean wrapped, Schema schema, Object total, int characters) {
        Schema rows = SchemaBuilder.struct().name("t.Value").optional().field("note", Schema.STRING_SCHEMA).field("total", schema).build();
        Struct row = new Struct(rows).put("note", "x".repeat(characters)).put("total", total);
        Envelope envelope = Envelope.defineSchema().withName("t.Envelope").withRecord(rows).withSource(sources).build();
        EnforceRecordSize<SourceRecord> enforce = new EnforceRecordSize<>();
        enforce.configure(Map.of("max.bytes", "1200", "min.field.size", "10"));
        String seen;
        try {
            Struct value = wrapped ? envelope.create(row, new Struct(sources).put("table", "t"), Instant.EPOCH) : row;
            Struct made = (Struct) enforce.apply(new SourceRecord(Map.of(), Map.of(), "t", wrapped ? envelope.schema() : rows, value)).value();
            int left = (wrapped ? made.getStruct("after") : made).getString("note").length();
            seen = left < characters ? "cut" : "" + left;
        } catch (RuntimeException e) {
            seen = e.getClass().getSimpleName();
        }
        System.out.println(characters + " characters, " + what + ": " + seen);
    }

    public static void main(String[] arguments) {
        for (int characters : new int[] {100, 5000}) {
            look("beside a text", true, Schema.STRING_SCHEMA, "42.10", characters);
            look("beside a NUMERIC", true, Decimal.schema(2), new BigDecimal("42.10"), characters);
            look("unwrapped", false, Schema.STRING_SCHEMA, "42.10", characters);
        }
    }
}
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
java -cp 'jars/*' Look.java >seen
cat seen
cat >expected <<'END'
100 characters, beside a text: 100
100 characters, beside a NUMERIC: 100
100 characters, unwrapped: 100
5000 characters, beside a text: cut
5000 characters, beside a NUMERIC: ClassCastException
5000 characters, unwrapped: 5000
END
diff expected seen
