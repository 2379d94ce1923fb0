#!/bin/sh
# Kafka Connect's JsonConverter (3.9.1, 4.4.0): NaN and the infinities that it writes itself it reads back as 0.0.
#
# With schemas.enable=true a float or double that is no finite number is written as a JSON string, "NaN". Reading, the
# converter asks that string for its numeric value by the schema's type, which is 0.0 for any text. So a source's NaN, as Debezium
# sends it of PostgreSQL's double precision, is a zero to every sink that reads with JsonConverter. Nothing is reported.
# Without schemas the same message comes back as the string "NaN".
# What to do: Avro or Protobuf for such columns, or a sink that reads the JSON by itself.
#
# Seen (2026-11-28):
#   4.4.0 NaN {"schema":{"type":"double","optional":false},"payload":"NaN"} read as 0.0 (Double)
#   4.4.0 -Infinity {"schema":{"type":"double","optional":false},"payload":"-Infinity"} read as 0.0 (Double)
#   4.4.0 NaN "NaN" read as NaN (String)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId><artifactId>look</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>connect-json</artifactId><version>${kafka}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
END
cat >Look.java <<'END'
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.json.JsonConverter;

public class Look {
    public static void main(String[] arguments) {
        for (String schemas : new String[] {"true", "false"}) {
            JsonConverter converter = new JsonConverter();
            converter.configure(Map.of("schemas.enable", schemas), false);
            for (double value : new double[] {1.5, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
                byte[] written = converter.fromConnectData("topic", Schema.FLOAT64_SCHEMA, value);
                Object read = converter.toConnectData("topic", written).value();
                System.out.println(arguments[0] + " " + value + " " + new String(written) + " read as " + read + " ("
                    + read.getClass().getSimpleName() + ")");
            }
        }
    }
}
END
for version in 3.9.1 4.4.0; do
    mvn -q -B "-Dkafka=$version" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies "-DoutputDirectory=$version" >&2
    java -cp "$version/*" Look.java "$version"
done >seen
cat seen
for version in 3.9.1 4.4.0; do
    sed "s/^/$version /" <<'END'
1.5 {"schema":{"type":"double","optional":false},"payload":1.5} read as 1.5 (Double)
NaN {"schema":{"type":"double","optional":false},"payload":"NaN"} read as 0.0 (Double)
Infinity {"schema":{"type":"double","optional":false},"payload":"Infinity"} read as 0.0 (Double)
-Infinity {"schema":{"type":"double","optional":false},"payload":"-Infinity"} read as 0.0 (Double)
1.5 1.5 read as 1.5 (Double)
NaN "NaN" read as NaN (String)
Infinity "Infinity" read as Infinity (String)
-Infinity "-Infinity" read as -Infinity (String)
END
done >expected
diff expected seen
