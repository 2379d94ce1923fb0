#define _GNU_SOURCE // memmem
#include "consumer/decode/envelope/odd_row.h"

#include "consumer/decode/envelope/payload.h"

#include <string.h>
#include <strings.h>

// The column that a member's name is but for its letters' case; NULL = none.
static const char *odd_row_find_in_other_case(const struct table *table, struct span name) {
    for (int i = 0; i < table->column_count; i++) {
        const char *column = table->columns[i].name;
        if (strlen(column) == name.size && strncasecmp(column, name.data, name.size) == 0)
            return column;
    }
    return NULL;
}

int odd_row_refuse_columns(struct span value, const struct members *members, const struct table *table,
                           struct error *error) {
    struct json_reader json;
    struct payload_form form;
    struct error ignored = {0};
    json_open(&json, members->after.data != NULL ? members->after : value);
    bool is_object = payload_enter_object(NULL, &json, NULL, &form, &ignored) == 1;
    struct span first = is_object && json_next(&json) == JSON_KEY ? json.text : SPAN("");
    const char *column = odd_row_find_in_other_case(table, first);
    if (column != NULL)
        return error_set(
            error, ERROR_INPUT,
            "the row has no column of table %s, but `%.*s`, and source.sql declares `%s`: small and capital letters differ; write the "
            "table's columns in double quotes there, as the messages have them",
            table->name, (int)first.size, first.data, column);
    return error_set(
        error, ERROR_INPUT,
        "the row has no column of table %s, and begins with the member `%.*s`: it was put into a member (HoistField), "
        "wrapped twice, or written in Avro's JSON encoding, which names types",
        table->name, members_visible(first), first.data);
}

int odd_row_refuse_op(struct span value, const struct members *members, struct error *error) {
    bool flat = memmem(value.data, value.size, "\"after.", 7) != NULL ||
                memmem(value.data, value.size, "\"after_", 7) != NULL;
    return error_set(
        error, ERROR_INPUT, "op %.*s without a row in after%s", members_visible(members->op),
        members->op.data,
        flat ? "; its columns stand beside op, as Kafka's Flatten writes them: take that out, or put "
               "ExtractNewRecordState before it"
             : "");
}
