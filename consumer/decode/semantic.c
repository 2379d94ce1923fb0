#include "consumer/decode/semantic.h"

const struct value_settings value_settings_default = {
    .timestamp_unit = TIME_UNIT_ADAPTIVE,
    .time_unit = TIME_UNIT_ADAPTIVE,
    .unavailable = {"__debezium_unavailable_value", sizeof "__debezium_unavailable_value" - 1},
    .unavailable_least = sizeof "__debezium_unavailable_value" - 1,
};

static const char *const semantic_names[] = {
    [SEMANTIC_BITS] = "io.debezium.data.Bits",
    [SEMANTIC_INTERVAL] = "io.debezium.time.Interval",
    [SEMANTIC_MICRO_DURATION] = "io.debezium.time.MicroDuration",
    [SEMANTIC_NANO_DURATION] = "io.debezium.time.NanoDuration",
    [SEMANTIC_YEAR] = "io.debezium.time.Year",
    [SEMANTIC_CONNECT_DECIMAL] = "org.apache.kafka.connect.data.Decimal",
    [SEMANTIC_VARIABLE_SCALE] = "io.debezium.data.VariableScaleDecimal",
    [SEMANTIC_DATE] = "io.debezium.time.Date",
    [SEMANTIC_CONNECT_DATE] = "org.apache.kafka.connect.data.Date",
    [SEMANTIC_TIME_MS] = "io.debezium.time.Time",
    [SEMANTIC_TIME_US] = "io.debezium.time.MicroTime",
    [SEMANTIC_TIME_NS] = "io.debezium.time.NanoTime",
    [SEMANTIC_CONNECT_TIME] = "org.apache.kafka.connect.data.Time",
    [SEMANTIC_TIMESTAMP_MS] = "io.debezium.time.Timestamp",
    [SEMANTIC_TIMESTAMP_US] = "io.debezium.time.MicroTimestamp",
    [SEMANTIC_TIMESTAMP_NS] = "io.debezium.time.NanoTimestamp",
    [SEMANTIC_CONNECT_TIMESTAMP] = "org.apache.kafka.connect.data.Timestamp",
    [SEMANTIC_ZONED_TIMESTAMP] = "io.debezium.time.ZonedTimestamp",
    [SEMANTIC_ZONED_TIME] = "io.debezium.time.ZonedTime",
    [SEMANTIC_ISO_DATE] = "io.debezium.time.IsoDate",
    [SEMANTIC_ISO_TIME] = "io.debezium.time.IsoTime",
    [SEMANTIC_ISO_TIMESTAMP] = "io.debezium.time.IsoTimestamp",
};

enum { SEMANTIC_COUNT = sizeof semantic_names / sizeof *semantic_names };

enum semantic semantic_of(struct span name) {
    for (int i = 0; i < SEMANTIC_COUNT; i++)
        if (semantic_names[i] != NULL && span_is(name, semantic_names[i]))
            return (enum semantic)i;
    return SEMANTIC_PLAIN;
}

const char *semantic_name(enum semantic semantic) {
    return semantic_names[semantic];
}
