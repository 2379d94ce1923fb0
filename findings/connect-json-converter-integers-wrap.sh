#!/bin/sh
# Kafka Connect's JsonConverter (3.9.1, 4.4.0), schemas.enable=false: a whole number beyond 64 signed bits comes as another number.
#
# JSON has no widest integer, and producers of unsigned 64-bit ids write such. The converter keeps the low 64 bits as a signed
# number: 18446744073709551615 is -1 to the transforms and sinks behind it, and 10 to the 20th is 7766279631452241920. No error, no
# warning, errors.tolerance has nothing to tolerate. The same value with a decimal point or an exponent becomes a double: near, not
# another number.
# What to do: such numbers as JSON strings, or a converter with a schema.
#
# Seen (2026-11-28):
#   4.4.0 9223372036854775808 read as -9223372036854775808 (Long), written again as -9223372036854775808
#   4.4.0 18446744073709551615 read as -1 (Long), written again as -1
#   4.4.0 18446744073709551615.0 read as 1.8446744073709552E19 (Double), written again as 1.8446744073709552E19
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
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.json.JsonConverter;

public class Look {
    public static void main(String[] arguments) {
        JsonConverter converter = new JsonConverter();
        converter.configure(Map.of("schemas.enable", "false"), false);
        for (String number : new String[] {"9223372036854775807", "9223372036854775808", "18446744073709551615",
                 "100000000000000000000", "18446744073709551615.0"}) {
            SchemaAndValue read = converter.toConnectData("topic", number.getBytes());
            System.out.println(arguments[0] + " " + number + " read as " + read.value() + " (" + read.value().getClass().getSimpleName()
                + "), written again as " + new String(converter.fromConnectData("topic", read.schema(), read.value())));
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
9223372036854775807 read as 9223372036854775807 (Long), written again as 9223372036854775807
9223372036854775808 read as -9223372036854775808 (Long), written again as -9223372036854775808
18446744073709551615 read as -1 (Long), written again as -1
100000000000000000000 read as 7766279631452241920 (Long), written again as 7766279631452241920
18446744073709551615.0 read as 1.8446744073709552E19 (Double), written again as 1.8446744073709552E19
END
done >expected
diff expected seen
