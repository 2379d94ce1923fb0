// What is known of an encoding: from a message's schema, or from the connector's settings. Pure.
#ifndef TIDEMARK_DECODE_SEMANTIC_H
#define TIDEMARK_DECODE_SEMANTIC_H

#include "views/base/span.h"

// What a schema field's "name" (and type) says of an encoding. Sources: Kafka Connect's
// org.apache.kafka.connect.data and Debezium 2.7/3.4's io.debezium.time, io.debezium.data.
enum semantic {
    SEMANTIC_NONE,  // no schema: the declared type and the settings decide
    SEMANTIC_PLAIN, // a schema without a name: the JSON value is the value
    SEMANTIC_BYTES, // Connect's type bytes, without a name that says more: base64
    SEMANTIC_FLOAT, // Connect's types float and double, without a name
    SEMANTIC_DOUBLE,
    SEMANTIC_BITS,           // bytes, least significant first; their number of bits beside it
    SEMANTIC_INTERVAL,       // ISO 8601
    SEMANTIC_MICRO_DURATION, // microseconds
    SEMANTIC_NANO_DURATION,
    SEMANTIC_YEAR,            // a number; the binlog's 0000 comes as 1900, which no YEAR is
    SEMANTIC_CONNECT_DECIMAL, // base64 of the unscaled two's complement; scale beside it
    SEMANTIC_VARIABLE_SCALE,  // {"scale","value"}
    SEMANTIC_DATE,            // days
    SEMANTIC_CONNECT_DATE,    // days
    SEMANTIC_TIME_MS,
    SEMANTIC_TIME_US,
    SEMANTIC_TIME_NS,
    SEMANTIC_CONNECT_TIME, // ms
    SEMANTIC_TIMESTAMP_MS,
    SEMANTIC_TIMESTAMP_US,
    SEMANTIC_TIMESTAMP_NS,
    SEMANTIC_CONNECT_TIMESTAMP, // ms
    SEMANTIC_ZONED_TIMESTAMP,   // ISO string
    SEMANTIC_ZONED_TIME,        // ISO string
    SEMANTIC_ISO_DATE,          // strings, time.precision.mode=isostring
    SEMANTIC_ISO_TIME,
    SEMANTIC_ISO_TIMESTAMP,
};

enum semantic semantic_of(struct span name); // SEMANTIC_PLAIN when the name says nothing about the encoding
const char *semantic_name(enum semantic semantic); // NULL for NONE and PLAIN

// TIME_UNIT_ADAPTIVE: ms when the column is declared with a precision of 0 to 3, else us.
enum time_unit { TIME_UNIT_ADAPTIVE, TIME_UNIT_MS, TIME_UNIT_US, TIME_UNIT_NS };

// The connector's settings, for messages without schemas (Debezium: time.precision.mode,
// decimal.handling.mode are not on the wire).
struct value_settings {
    enum time_unit timestamp_unit; // default adaptive
    enum time_unit time_unit;      // default adaptive
    bool declared;                 // the units are what somebody said, not the defaults
    // A TIMESTAMP declared without digits may count milliseconds: so many does MySQL's DATETIME have, which has none by default.
    bool bare_unsure;
    // A TIME declared without digits may count anything, as SQL Server's, Db2's and Informix' do: a number is refused.
    bool bare_time_unsure;
    // Every time of the source is a whole number of microseconds, as PostgreSQL's, MySQL's and MariaDB's are.
    bool whole_micros;
    // Bits of a BIT VARYING may come as digits, as CockroachDB's changefeeds write them: digits that are base64 as well are refused.
    bool bits_unsure;
    // A number of an INTERVAL is a TIME's, MySQL's, in its unit, where no schema says otherwise.
    bool counts_times;
    // unavailable.value.placeholder as source.sql tells it; the default is known beside it.
    struct span unavailable;
    struct span unavailable_text; // as texts have it; data NULL = the same
    size_t unavailable_least;     // bytes of the shorter of the two
    bool unavailable_told;
};

extern const struct value_settings value_settings_default;

struct value_field {
    enum semantic semantic;
    int scale; // of SEMANTIC_CONNECT_DECIMAL; of SEMANTIC_BITS their number, 0 = it is not said
};

#endif
