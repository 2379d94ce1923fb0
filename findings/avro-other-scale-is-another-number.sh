#!/bin/sh
# Apache Avro 1.12.0 (Java): a decimal that was written with scale 2 and is read with scale 4 is a hundredth of what it was, and milliseconds are read as
# microseconds, while its own SchemaCompatibility says COMPATIBLE.
#
# Avro's specification says that two decimals match when their scales and precisions do. The library resolves the types beneath, bytes with bytes, long
# with long, and puts the reader's logical type on what comes out: digits without a scale get the reader's, numbers without a unit the reader's unit,
# a date becomes a time of day. SchemaCompatibility, which asks in the name of the readers, looks at none of it. So where `numeric(10,2)` becomes
# `numeric(12,4)` at the source, a reader with a schema of its own (a generated class, say) has rows of the other time a hundred times too small or
# large, without an error. The writer's schema is at hand, and is not asked.
# What to do: read with the writer's schema, and take the scale from it; compare logicalType, scale and precision in the check of a new schema.
#
# Seen (2026-11-30): written, read, what the check says
#   decimal(10,2) 1234567.89 as decimal(12,4): 12345.6789, COMPATIBLE
#   timestamp-micros 2026-07-20T12:00:00Z as timestamp-millis: +58520-02-07T00:00:00Z, COMPATIBLE
#   date 2026-07-20 as time-millis: 00:00:20.654, COMPATIBLE
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId><artifactId>look</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.avro</groupId><artifactId>avro</artifactId><version>1.12.0</version></dependency>
  </dependencies>
</project>
END
cat >Look.java <<'END'
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.time.*;
import org.apache.avro.*;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.generic.*;
import org.apache.avro.io.*;

public class Look {
    static Schema row(String type, String logical, String more) {
        return new Schema.Parser().parse("{'type':'record','name':'t','fields':[{'name':'v','type':{'type':'TYPE','logicalType':'LOGICAL'MORE}}]}"
            .replace('\'', '"').replace("TYPE", type).replace("LOGICAL", logical).replace("MORE", more));
    }

    static Schema decimal(int precision, int scale) {
        return row("bytes", "decimal", ",\"precision\":" + precision + ",\"scale\":" + scale);
    }

    static String name(Schema row) {
        LogicalType type = row.getField("v").schema().getLogicalType();
        return type instanceof LogicalTypes.Decimal d ? "decimal(" + d.getPrecision() + "," + d.getScale() + ")" : type.getName();
    }

    static void look(Schema writer, Schema reader, Object value) throws Exception {
        GenericData data = new GenericData();
        data.addLogicalTypeConversion(new Conversions.DecimalConversion());
        data.addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
        data.addLogicalTypeConversion(new TimeConversions.TimestampMicrosConversion());
        data.addLogicalTypeConversion(new TimeConversions.DateConversion());
        data.addLogicalTypeConversion(new TimeConversions.TimeMillisConversion());
        GenericRecord record = new GenericData.Record(writer);
        record.put("v", value);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        new GenericDatumWriter<Object>(writer, data).write(record, encoder);
        encoder.flush();
        DatumReader<GenericRecord> resolving = new GenericDatumReader<>(writer, reader, data);
        Object seen = resolving.read(null, DecoderFactory.get().binaryDecoder(bytes.toByteArray(), null)).get("v");
        System.out.println(name(writer) + " " + value + " as " + name(reader) + ": " + seen + ", "
            + SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getType());
    }

    public static void main(String[] arguments) throws Exception {
        BigDecimal total = new BigDecimal("1234567.89");
        look(decimal(10, 2), decimal(10, 2), total);
        look(decimal(10, 2), decimal(12, 4), total);
        look(decimal(10, 2), decimal(4, 2), total);
        Schema millis = row("long", "timestamp-millis", ""), micros = row("long", "timestamp-micros", "");
        Instant noon = Instant.parse("2026-07-20T12:00:00Z");
        look(millis, micros, noon);
        look(micros, millis, noon);
        look(row("int", "date", ""), row("int", "time-millis", ""), LocalDate.parse("2026-07-20"));
    }
}
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
java -cp 'jars/*' Look.java 2>log >seen || cat log
cat seen
cat >expected <<'END'
decimal(10,2) 1234567.89 as decimal(10,2): 1234567.89, COMPATIBLE
decimal(10,2) 1234567.89 as decimal(12,4): 12345.6789, COMPATIBLE
decimal(10,2) 1234567.89 as decimal(4,2): 1234567.89, COMPATIBLE
timestamp-millis 2026-07-20T12:00:00Z as timestamp-micros: 1970-01-21T15:42:28.800Z, COMPATIBLE
timestamp-micros 2026-07-20T12:00:00Z as timestamp-millis: +58520-02-07T00:00:00Z, COMPATIBLE
date 2026-07-20 as time-millis: 00:00:20.654, COMPATIBLE
END
diff expected seen
