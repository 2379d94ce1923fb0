#include "consumer/decode/cells.h"

#include "consumer/json/json.h"

const char cells_refused[] =
    "columns come as {\"value\":..,\"set\":..}, as YugabyteDB's connectors and Cassandra's write them: they are not read; "
    "YugabyteDB's transform PGCompatible takes them out";

const char cells_scylla_refused[] =
    "ScyllaDB's connector writes the columns that were modified, as {\"value\":..}, and null for the others, which its transforms "
    "(ScyllaFlattenColumns, ScyllaExtractNewRecordState) make like a NULL: its rows are not read";

#define CELLS_KEY_IS(json, literal) json_key_is((json), (literal), sizeof(literal) - 1)

bool cells_is_one(struct span value) {
    struct json_reader json;
    int value_members = 0, set_members = 0, others = 0;
    enum json_kind kind;
    json_open(&json, value);
    if (json_next(&json) != JSON_OBJECT_BEGIN)
        return false;
    while ((kind = json_next(&json)) == JSON_KEY && others == 0) {
        bool is_value = CELLS_KEY_IS(&json, "value"), is_set = CELLS_KEY_IS(&json, "set");
        value_members += is_value;
        set_members += is_set;
        others += !is_value && !is_set && !CELLS_KEY_IS(&json, "deletion_ts");
        if (!json_skip(&json))
            return false;
    }
    return kind == JSON_OBJECT_END && value_members == 1 && set_members == 1 && others == 0;
}

bool cells_are_of(struct span connector) {
    return span_is(connector, "scylla");
}

bool cells_are(struct span object) {
    struct json_reader json;
    int cells = 0;
    enum json_kind kind;
    json_open(&json, object);
    if (json_next(&json) != JSON_OBJECT_BEGIN)
        return false;
    while ((kind = json_next(&json)) == JSON_KEY) {
        struct span value;
        if (!json_raw(&json, &value))
            return false;
        if (span_is(value, "null"))
            continue;
        if (!cells_is_one(value))
            return false;
        cells++;
    }
    return kind == JSON_OBJECT_END && cells > 0;
}
