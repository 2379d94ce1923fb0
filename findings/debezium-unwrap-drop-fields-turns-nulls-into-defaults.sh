#!/bin/sh
# Debezium 3.6.1's ExtractNewRecordState with drop.fields.header.name: a NULL leaves it as its column's default, and
# replace.null.with.default=false, which is set, holds only for rows of which nothing is dropped.
#
# The chain is the documented one for rows that have what has changed alone: ExtractChangedRecordState names the unchanged columns in a
# header, and ExtractNewRecordState takes these out. It builds the smaller row by the getter that gives the default for a null. So
# a column that was set to NULL comes as its default, whatever the option and the converter say. Rows of which nothing is dropped
# (creates, snapshots, updates of all columns) have their nulls. Nothing is reported.
# What to do: no drop.fields.header.name where a column that may be NULL has a default.
#
# Seen (2026-11-30): status, of which the default is 'new', is set to NULL; replace.null.with.default=false of both
#   create, nothing dropped: {"id":7,"status":null,"note":"a"}
#   update of status, note dropped: {"id":7,"status":"new"}
#   update of note, status dropped: {"id":7,"note":"b"}
#   update of both, nothing dropped: {"id":7,"status":null,"note":"b"}
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
import io.debezium.transforms.*;
import java.time.Instant;
import java.util.*;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;

public class Look {
    static Schema keys = SchemaBuilder.struct().name("t.Key").field("id", Schema.INT32_SCHEMA).build();
    static Schema rows = SchemaBuilder.struct().name("t.Value").optional().field("id", Schema.INT32_SCHEMA)
        .field("status", SchemaBuilder.string().optional().defaultValue("new").build()).field("note", Schema.OPTIONAL_STRING_SCHEMA).build();
    static Schema sources = SchemaBuilder.struct().field("table", Schema.STRING_SCHEMA).build();
    static Envelope envelope = Envelope.defineSchema().withName("t.Envelope").withRecord(rows).withSource(sources).build();

    static Struct row(String status, String note) {
        return new Struct(rows).put("id", 7).put("status", status).put("note", note);
    }

    static void look(String what, Struct before, Struct after) {
        Struct source = new Struct(sources).put("table", "t");
        Struct value = before == null ? envelope.create(after, source, Instant.EPOCH) : envelope.update(before, after, source, Instant.EPOCH);
        ExtractChangedRecordState<SourceRecord> changed = new ExtractChangedRecordState<>();
        changed.configure(Map.of("header.unchanged.name", "Unchanged"));
        ExtractNewRecordState<SourceRecord> unwrap = new ExtractNewRecordState<>();
        unwrap.configure(Map.of("drop.fields.header.name", "Unchanged", "replace.null.with.default", "false"));
        JsonConverter converter = new JsonConverter();
        converter.configure(Map.of("schemas.enable", "false", "replace.null.with.default", "false"), false);
        SourceRecord event = new SourceRecord(Map.of(), Map.of(), "t", 0, keys, new Struct(keys).put("id", 7), envelope.schema(), value, 0L,
            new ConnectHeaders());
        SourceRecord made = unwrap.apply(changed.apply(event));
        System.out.println(what + ": " + new String(converter.fromConnectData("t", made.valueSchema(), made.value())));
    }

    public static void main(String[] arguments) {
        look("create, nothing dropped", null, row(null, "a"));
        look("update of status, note dropped", row("old", "a"), row(null, "a"));
        look("update of note, status dropped", row("old", "a"), row("old", "b"));
        look("update of both, nothing dropped", row("old", "a"), row(null, "b"));
    }
}
END
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
java -cp 'jars/*' Look.java >seen
cat seen
cat >expected <<'END'
create, nothing dropped: {"id":7,"status":null,"note":"a"}
update of status, note dropped: {"id":7,"status":"new"}
update of note, status dropped: {"id":7,"note":"b"}
update of both, nothing dropped: {"id":7,"status":null,"note":"b"}
END
diff expected seen
