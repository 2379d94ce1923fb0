#include "consumer/decode/envelope/before.h"

// The object's values, quietly: drift is told of the row itself.
static int before_read(struct schema_cache *schemas, const struct row_reader *row, struct span before,
                       struct event *event, struct value **ret, struct error *error) {
    struct value *old = arena_take(&event->arena, (size_t)row->table->column_count * sizeof *old);
    if (old == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    struct envelope_config quiet = *row->config;
    struct row_reader reader = *row;
    quiet.drift = NULL;
    reader.config = &quiet;
    reader.values = old;
    reader.failed = false;
    reader.may_be_unavailable = true;
    reader.key_alone = true; // the row itself is in `after`
    struct span schema = row->schema != NULL ? row->schema->bytes : row->schema_bytes;
    if (schema.data != NULL && schema_read(schemas, schema, row->table, &reader.schema, error) != 0)
        return -1;
    struct json_reader json;
    json_open(&json, before);
    if (row_object(&reader, &json, error) < 0 || reader.failed)
        return error_prefix(error, "before");
    *ret = old;
    return 0;
}

// A column of the key that no row has is a router's (Flink CDC's TableId), and moves nothing.
static void before_note_move(const struct table *table, struct value *old, struct event *event) {
    bool known = true, same = true;
    for (int i = 0; i < table->key_count; i++) {
        const struct value *now = &event->values[table->keys[i]];
        struct value *value = &old[table->keys[i]];
        if (value->kind == VALUE_ABSENT)
            *value = *now;
        known &= value->kind != VALUE_ABSENT && value->kind != VALUE_NULL;
        same &= value_same(value, now);
    }
    event->moved_from = known && !same ? old : NULL;
}

// A column that was set to NULL had a value before, if none that can be read; one that is null in both was not modified, or is
// NULL all the same.
static void before_keep_unmodified(const struct table *table, const struct value *old, struct event *event) {
    for (int i = 0; i < table->column_count; i++)
        if (table->columns[i].key == 0 && event->values[i].kind == VALUE_NULL &&
            (old[i].kind == VALUE_NULL || old[i].kind == VALUE_ABSENT))
            event->values[i].kind = VALUE_UNAVAILABLE;
}

int before_take(struct schema_cache *schemas, const struct row_reader *row, const struct members *members,
                struct event *event, struct error *error) {
    if (members->before.data == NULL)
        return error_set(
            error, ERROR_INPUT,
            "an update of Spanner's has values of the modified columns alone, and without `before` nothing tells "
            "which of its nulls are: take out the transform that removes it");
    struct value *old;
    if (before_read(schemas, row, members->before, event, &old, error) != 0)
        return -1;
    before_note_move(row->table, old, event);
    if (members_names_modified_alone(members))
        before_keep_unmodified(row->table, old, event);
    return 0;
}
