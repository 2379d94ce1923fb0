#include "consumer/decode/envelope/row.h"

#include "consumer/decode/envelope/older_names.h"
#include "consumer/decode/guess.h"

#include <string.h>

void row_begin(struct row_reader *row) {
    for (int i = 0; i < row->table->column_count; i++)
        row->values[i].kind = VALUE_ABSENT;
    row->expected = 0;
    row->found_unavailable = false;
    row->failed = false;
    row->far = row->unsure = -1;
}

int row_broken(const struct json_reader *json, struct error *error) {
    char guess[GUESS_SIZE] = "";
    struct span all = {json->start, (size_t)(json->end - json->start)};
    bool guessed = all.size > 0 && all.data[0] != '{' && guess_format(all, guess);
    return error_set(error, ERROR_INPUT, "not valid JSON at byte %zu: %s%s%s", json_offset(json),
                     json->error != NULL ? json->error : "unexpected token",
                     guessed ? "; it looks like " : "", guess);
}

// Debezium writes columns in the table's order, so the next one is tried first.
static int envelope_row_find_column(struct row_reader *row, const struct json_reader *json) {
    const struct table *table = row->table;
    const struct older_names_object object = {row->object, json->end};
    int older = table->has_renamed ? older_names_find(table, json, older_names_in_object, &object) : -1;
    if (older >= 0)
        return older;
    for (int tried = 0; tried < table->column_count; tried++) {
        int number = row->expected + tried;
        if (number >= table->column_count)
            number -= table->column_count;
        const char *name = table->columns[number].name;
        if (json_key_is(json, name, strlen(name))) {
            row->expected = number + 1 < table->column_count ? number + 1 : 0;
            return number;
        }
    }
    return -1;
}

int row_member(struct row_reader *row, struct json_reader *json, struct error *error) {
    int number = envelope_row_find_column(row, json);
    if (number < 0)
        return 0;
    struct value *value = &row->values[number];
    struct value_field field = row->schema != NULL ? row->schema->fields[number] : (struct value_field){0};
    struct error failure = {0};
    bool twice = value->kind != VALUE_ABSENT;
    struct json_value read;
    if (!json_take(json, &read))
        return row_broken(json, error);
    int status = value_take(&read, &row->table->columns[number], field, row->settings,
                            row->may_be_unavailable, row->arena, value, &failure);
    row_note_time(row, number, field, &read);
    if (status != 0 && failure.kind != ERROR_INPUT) {
        if (error != NULL)
            *error = failure;
        return -1;
    }
    if (status == 0 && twice)
        status = error_set(&failure, ERROR_INPUT, "column %s stands twice", row->table->columns[number].name);
    if (status != 0 && row->key_alone && row->table->columns[number].key == 0) {
        *value = (struct value){.kind = VALUE_UNAVAILABLE};
        return 1;
    }
    if (status != 0 && !row->failed) {
        row->failed = true;
        if (error != NULL)
            *error = failure;
    }
    if (status == 0 && value->kind == VALUE_UNAVAILABLE)
        row->found_unavailable = true;
    return 1;
}

int row_rest(struct row_reader *row, struct json_reader *json, struct error *error) {
    row_begin(row);
    row->object = json->token;
    enum json_kind kind;
    while ((kind = json_next(json)) == JSON_KEY) {
        struct span name = json->text;
        int member = row_member(row, json, error);
        if (member < 0)
            return -1;
        if (member == 1)
            continue;
        if (row->config->drift != NULL)
            row->config->drift(row->config->self, row->table, name, 1);
        if (!json_skip(json))
            return row_broken(json, error);
    }
    return kind == JSON_OBJECT_END ? 1 : row_broken(json, error);
}

int row_object(struct row_reader *row, struct json_reader *json, struct error *error) {
    switch (json_next(json)) {
    case JSON_OBJECT_BEGIN:
        return row_rest(row, json, error);
    case JSON_NULL:
        row_begin(row);
        return 0;
    case JSON_ERROR:
        return row_broken(json, error);
    case JSON_STRING:
        return error_set(
            error, ERROR_INPUT,
            "a row is an object or null, and this is text, as MongoDB's connector writes documents: "
            "they are not read");
    default:
        return error_set(error, ERROR_INPUT, "a row is an object or null");
    }
}
