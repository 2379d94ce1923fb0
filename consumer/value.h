// One JSON value of a Debezium row into the form the mirror stores, by the column's declared type and, where
// the message brings a schema, by the schema's semantic name. Pure; converted bytes go to the arena.
#ifndef TIDEMARK_VALUE_H
#define TIDEMARK_VALUE_H

#include "consumer/json.h"
#include "views/base/error.h"
#include "views/change.h"

// What a schema field's "name" (and type) says of an encoding. Sources: Kafka Connect's
// org.apache.kafka.connect.data and Debezium 2.7/3.4's io.debezium.time, io.debezium.data.
enum semantic {
    SEMANTIC_NONE,            // no schema: the declared type and the settings decide
    SEMANTIC_PLAIN,           // a schema without a name: the JSON value is the value
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

enum time_unit { TIME_UNIT_MS, TIME_UNIT_US, TIME_UNIT_NS };

// What the connector was told, for messages without schemas (Debezium: time.precision.mode,
// decimal.handling.mode are not on the wire). TIMESTAMP without precision is us under the default "adaptive".
struct value_settings {
    enum time_unit timestamp_unit; // default us
    enum time_unit time_unit;      // default us
    struct span unavailable;       // unavailable.value.placeholder, default __debezium_unavailable_value
};

extern const struct value_settings value_settings_default;

struct value_field {
    enum semantic semantic;
    int scale; // of SEMANTIC_CONNECT_DECIMAL
};

// Reads the value that comes next from `json` (after its KEY) into `ret`. On ERROR_INPUT the message names
// the column, its declared type and what came; the JSON reader then stands after the value, so that the rest
// can still be read, unless the JSON itself is broken (json->error is set). A TOAST placeholder in any of its
// forms (string, base64, array, uuid array, hstore) is VALUE_UNAVAILABLE when `may_be_unavailable` (u, or c:
// the log says it only there), else the user's own text. The column's rules: DECIMAL from base64 + schema
// scale, string, or a number's digits (never through a double): more digits than declared is an error unless
// they are zeros; REAL takes numbers, "NaN", "Infinity", "-Infinity"; infinity dates and timestamps are
// 'infinity' and '-infinity', also as the sentinels of PostgreSQL (date 2147483647 / -2147483648 days, us
// 9223372036825200000 / -9223372036832400000).
int value_read(struct json_reader *json, const struct column *column, struct value_field field,
               const struct value_settings *settings, bool may_be_unavailable, struct arena *arena,
               struct value *ret, struct error *error);

#endif
