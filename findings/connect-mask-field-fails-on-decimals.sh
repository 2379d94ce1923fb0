#!/bin/sh
# Kafka Connect 4.4.0's MaskField: a DECIMAL that it masks ends the task, and a `replacement` must have the column's digits.
#
# It puts BigDecimal 0 in place of any decimal, of scale 0 whatever the schema's is, and the JSON converter (Avro's likewise) refuses
# a value of another scale than its schema's. Debezium sends NUMERIC so by default. NULLs pass, so that the task ends at the first row
# that has a value. `replacement` is read as it is written: 0 fails, 0.00 passes. With decimal.format=NUMERIC all pass.
# What to do: replacement=0.00, with as many digits as the column has; a transform for each scale.
#
# Seen (2026-11-30): of a DECIMAL of scale 2
#   masked: DataException: Decimal value has mismatching scale for given Decimal schema. Schema has scale 2, value has scale 0.
#   masked, NULL: {"total":null}
#   masked, replacement 0: DataException: Decimal value has mismatching scale for given Decimal schema. Schema has scale 2, value has scale 0.
#   masked, replacement 0.00: {"total":"AA=="}
#   masked, NUMERIC: {"total":0}
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
import java.math.BigDecimal;
import java.util.*;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.transforms.MaskField;

public class Look {
    static void look(String what, String replacement, String format, BigDecimal total) {
        Schema rows = SchemaBuilder.struct().name("t.Value").field("total", Decimal.builder(2).optional().build()).build();
        Map<String, String> settings = new HashMap<>(Map.of("fields", "total"));
        if (replacement != null)
            settings.put("replacement", replacement);
        MaskField.Value<SourceRecord> mask = new MaskField.Value<>();
        mask.configure(settings);
        JsonConverter converter = new JsonConverter();
        converter.configure(Map.of("schemas.enable", "false", "decimal.format", format), false);
        String seen;
        try {
            SourceRecord made = mask.apply(new SourceRecord(Map.of(), Map.of(), "t", rows, new Struct(rows).put("total", total)));
            seen = new String(converter.fromConnectData("t", made.valueSchema(), made.value()));
        } catch (RuntimeException e) {
            seen = e.getClass().getSimpleName() + ": " + e.getMessage();
        }
        System.out.println(what + ": " + seen);
    }

    public static void main(String[] arguments) {
        look("masked", null, "BASE64", new BigDecimal("42.10"));
        look("masked, NULL", null, "BASE64", null);
        look("masked, replacement 0", "0", "BASE64", new BigDecimal("42.10"));
        look("masked, replacement 0.00", "0.00", "BASE64", new BigDecimal("42.10"));
        look("masked, NUMERIC", null, "NUMERIC", new BigDecimal("42.10"));
    }
}
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
java -cp 'jars/*' Look.java >seen
cat seen
cat >expected <<'END'
masked: DataException: Decimal value has mismatching scale for given Decimal schema. Schema has scale 2, value has scale 0.
masked, NULL: {"total":null}
masked, replacement 0: DataException: Decimal value has mismatching scale for given Decimal schema. Schema has scale 2, value has scale 0.
masked, replacement 0.00: {"total":"AA=="}
masked, NUMERIC: {"total":0}
END
diff expected seen
