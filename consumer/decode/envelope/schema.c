#include "consumer/decode/envelope/schema.h"

#include "consumer/decode/envelope/older_names.h"
#include "views/base/cleanup.h"

#include <stdlib.h>

struct schema_cache {
    struct schema *schemas[SCHEMA_CACHE_MAX]; // newest used first
    int count;
};

int schema_cache_new(struct schema_cache **ret, struct error *error) {
    struct schema_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *ret = cache;
    return 0;
}

static void schema_free_schema(struct schema **schema) {
    if (*schema == NULL)
        return;
    free((char *)(*schema)->bytes.data);
    free(*schema);
    *schema = NULL;
}

void schema_cache_free(struct schema_cache **cache) {
    if (*cache == NULL)
        return;
    for (int i = 0; i < (*cache)->count; i++)
        schema_free_schema(&(*cache)->schemas[i]);
    free(*cache);
    *cache = NULL;
}

// One entry of a schema's "fields".
struct schema_field {
    struct span name;     // its member "field"
    struct span type;     // its member "type", where that is a string
    struct span semantic; // its member "name"
    struct span scale;    // parameters.scale
    struct span length;   // parameters.length
    struct span fields;   // of a struct: the bytes of its own "fields"
    struct span items;    // of an array: the semantic of its elements
    struct span items_type;
};

static int schema_broken(const struct json_reader *json, struct error *error) {
    return error_set(error, ERROR_INPUT, "schema: not as Kafka Connect writes it, at byte %zu",
                     json_offset(json));
}

static int schema_read_string(struct json_reader *json, struct span *ret, struct error *error) {
    enum json_kind kind = json_next(json);
    if (kind != JSON_STRING && kind != JSON_NULL)
        return schema_broken(json, error);
    *ret = kind == JSON_STRING ? json->text : (struct span){0};
    return 0;
}

static int schema_read_parameters(struct json_reader *json, struct schema_field *field, struct error *error) {
    enum json_kind kind = json_next(json);
    if (kind == JSON_NULL)
        return 0;
    if (kind != JSON_OBJECT_BEGIN)
        return schema_broken(json, error);
    while ((kind = json_next(json)) == JSON_KEY) {
        int status = 0;
        if (json_key_is(json, "scale", 5))
            status = schema_read_string(json, &field->scale, error);
        else if (json_key_is(json, "length", 6))
            status = schema_read_string(json, &field->length, error);
        else if (!json_skip(json))
            status = schema_broken(json, error);
        if (status != 0)
            return -1;
    }
    return kind == JSON_OBJECT_END ? 0 : schema_broken(json, error);
}

static int schema_read_items(struct json_reader *json, struct schema_field *field, struct error *error);

static int schema_read_type(struct json_reader *json, struct schema_field *field, struct error *error) {
    struct json_value value;
    if (!json_take(json, &value))
        return schema_broken(json, error);
    if (value.kind == JSON_STRING)
        field->type = json_between_quotes(value.raw);
    return 0;
}

static int schema_field_member(struct json_reader *json, struct schema_field *field, struct error *error) {
    if (json_key_is(json, "field", 5))
        return schema_read_string(json, &field->name, error);
    if (json_key_is(json, "type", 4))
        return schema_read_type(json, field, error);
    if (json_key_is(json, "name", 4))
        return schema_read_string(json, &field->semantic, error);
    if (json_key_is(json, "parameters", 10))
        return schema_read_parameters(json, field, error);
    if (json_key_is(json, "items", 5))
        return schema_read_items(json, field, error);
    if (json_key_is(json, "fields", 6))
        return json_raw(json, &field->fields) ? 0 : schema_broken(json, error);
    return json_skip(json) ? 0 : schema_broken(json, error);
}

// The { has been read.
static int schema_read_field(struct json_reader *json, struct schema_field *ret, struct error *error) {
    *ret = (struct schema_field){0};
    enum json_kind kind;
    while ((kind = json_next(json)) == JSON_KEY)
        if (schema_field_member(json, ret, error) != 0)
            return -1;
    return kind == JSON_OBJECT_END ? 0 : schema_broken(json, error);
}

// An array's own name says nothing to us; what its elements are is kept as the field's.
static int schema_read_items(struct json_reader *json, struct schema_field *field, struct error *error) {
    struct schema_field items;
    switch (json_next(json)) {
    case JSON_NULL:
        return 0;
    case JSON_OBJECT_BEGIN:
        if (schema_read_field(json, &items, error) != 0)
            return -1;
        field->items = items.semantic;
        field->items_type = items.type;
        field->scale = items.scale;
        field->length = items.length;
        return 0;
    default:
        return schema_broken(json, error);
    }
}

// A name of no meaning here does not make the bytes another encoding's.
static enum semantic schema_of_type(struct span type) {
    return span_is(type, "bytes")    ? SEMANTIC_BYTES
           : span_is(type, "float")  ? SEMANTIC_FLOAT
           : span_is(type, "double") ? SEMANTIC_DOUBLE
                                     : SEMANTIC_PLAIN;
}

static int schema_set_field(struct schema *schema, int column, const struct schema_field *field,
                            struct error *error) {
    struct value_field *read = &schema->fields[column];
    bool of_elements = field->items_type.data != NULL || field->items.data != NULL;
    struct span name = of_elements ? field->items : field->semantic;
    read->semantic = name.data != NULL ? semantic_of(name) : SEMANTIC_PLAIN;
    if (read->semantic == SEMANTIC_PLAIN)
        read->semantic = schema_of_type(of_elements ? field->items_type : field->type);
    int64_t scale;
    if (read->semantic == SEMANTIC_BITS && field->length.data != NULL &&
        json_to_integer(field->length, &scale) && scale > 0 && scale <= SCHEMA_BITS_MAX)
        read->scale = (int)scale;
    if (read->semantic != SEMANTIC_CONNECT_DECIMAL)
        return 0;
    if (field->scale.data == NULL || !json_to_integer(field->scale, &scale) || scale < -SCHEMA_SCALE_MAX ||
        scale > SCHEMA_SCALE_MAX)
        return error_set(error, ERROR_INPUT, "schema: column %s is a Decimal without a scale",
                         schema->table->columns[column].name);
    read->scale = (int)scale;
    return 0;
}

// older_names_has of the entries of "fields", a span.
static bool schema_has_field(const void *self, const char *name) {
    struct json_reader json;
    struct schema_field field;
    json_open(&json, *(const struct span *)self);
    (void)json_next(&json);
    while (json_next(&json) == JSON_OBJECT_BEGIN && schema_read_field(&json, &field, NULL) == 0)
        if (field.name.data != NULL && span_is(field.name, name))
            return true;
    return false;
}

// `fields`: all of them.
static int schema_set_column(struct schema *schema, const struct schema_field *field, struct span fields,
                             struct error *error) {
    if (field->name.data == NULL)
        return 0;
    int column = older_names_find_plain(schema->table, field->name, schema_has_field, &fields);
    if (column < 0)
        column = table_column(schema->table, field->name.data, field->name.size);
    return column >= 0 ? schema_set_field(schema, column, field, error) : 0;
}

// Sets the columns of `schema` from the entries of "fields"; ret_after: the entry "after" when there is one
// beside "op".
static int schema_read_fields(struct schema *schema, struct span fields, struct span *ret_after,
                              struct error *error) {
    struct json_reader json;
    struct schema_field field;
    struct span after = {0};
    bool has_op = false;
    json_open(&json, fields);
    if (json_next(&json) != JSON_ARRAY_BEGIN)
        return schema_broken(&json, error);
    enum json_kind kind;
    while ((kind = json_next(&json)) == JSON_OBJECT_BEGIN) {
        if (schema_read_field(&json, &field, error) != 0 ||
            schema_set_column(schema, &field, fields, error) != 0)
            return -1;
        has_op |= span_is(field.name, "op");
        if (span_is(field.name, "after"))
            after = field.fields;
    }
    if (has_op && ret_after != NULL)
        *ret_after = after;
    return kind == JSON_ARRAY_END ? 0 : schema_broken(&json, error);
}

static int schema_parse(struct schema *schema, struct error *error) {
    struct json_reader json;
    struct schema_field top;
    struct span after = {0};
    json_open(&json, schema->bytes);
    if (json_next(&json) != JSON_OBJECT_BEGIN || schema_read_field(&json, &top, error) != 0 ||
        json_next(&json) != JSON_END)
        return schema_broken(&json, error);
    if (top.fields.data == NULL) // of a scalar key
        return schema->table->key_count == 1 ? schema_set_field(schema, schema->table->keys[0], &top, error)
                                             : 0;
    if (schema_read_fields(schema, top.fields, &after, error) != 0)
        return -1;
    if (after.data == NULL)
        return 0;
    // An envelope: its own members are no columns.
    memset(schema->fields, 0, (size_t)schema->table->column_count * sizeof *schema->fields);
    return schema_read_fields(schema, after, NULL, error);
}

// One column of bytes tells the connector's binary.handling.mode: one of text may have been a TEXT before.
static void schema_set_bytea(struct schema *schema) {
    for (int i = 0; i < schema->table->column_count; i++) {
        enum semantic semantic = schema->fields[i].semantic;
        if (schema->table->columns[i].type != COLUMN_BYTEA || semantic == SEMANTIC_NONE)
            continue;
        if (semantic == SEMANTIC_BYTES || schema->bytea == CHANGE_BYTES_UNTOLD)
            schema->bytea = semantic == SEMANTIC_BYTES ? CHANGE_BYTES_PLAIN : CHANGE_BYTES_TEXT;
    }
}

static void schema_move_to_front(struct schema_cache *cache, int index) {
    struct schema *schema = cache->schemas[index];
    memmove(cache->schemas + 1, cache->schemas, (size_t)index * sizeof *cache->schemas);
    cache->schemas[0] = schema;
}

const struct schema *schema_at(struct schema_cache *cache, struct span bytes, const struct table *table) {
    for (int i = 0; i < cache->count; i++) {
        const struct schema *schema = cache->schemas[i];
        if (schema->table != table || schema->bytes.size > bytes.size ||
            memcmp(schema->bytes.data, bytes.data, schema->bytes.size) != 0)
            continue;
        schema_move_to_front(cache, i);
        return schema;
    }
    return NULL;
}

int schema_read(struct schema_cache *cache, struct span bytes, const struct table *table,
                const struct schema **ret, struct error *error) {
    for (int i = 0; i < cache->count; i++) {
        if (cache->schemas[i]->table == table && span_equal(cache->schemas[i]->bytes, bytes)) {
            schema_move_to_front(cache, i);
            *ret = cache->schemas[0];
            return 0;
        }
    }
    CLEANUP(schema_free_schema)
    struct schema *schema = calloc(1, sizeof *schema + (size_t)table->column_count * sizeof *schema->fields);
    char *copy = malloc(bytes.size);
    if (schema == NULL || copy == NULL) {
        free(copy);
        return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    memcpy(copy, bytes.data, bytes.size);
    schema->bytes = (struct span){copy, bytes.size};
    schema->table = table;
    if (schema_parse(schema, error) != 0)
        return -1;
    schema_set_bytea(schema);
    if (cache->count == SCHEMA_CACHE_MAX)
        schema_free_schema(&cache->schemas[--cache->count]);
    cache->schemas[cache->count++] = schema;
    schema = NULL;
    schema_move_to_front(cache, cache->count - 1);
    *ret = cache->schemas[0];
    return 0;
}

int schema_learn_key(struct schema_cache *cache, struct span of_row, const struct table *table,
                     struct schema **kept, struct error *error) {
    const struct schema *schema;
    if (schema_read(cache, of_row, table, &schema, error) != 0)
        return -1;
    bool says_more = false;
    for (int i = 0; i < table->key_count; i++)
        says_more |= schema->fields[table->keys[i]].semantic > SEMANTIC_PLAIN;
    if (!says_more)
        return 0;
    if (*kept == NULL)
        *kept = calloc(1, sizeof **kept + (size_t)table->column_count * sizeof *schema->fields);
    if (*kept == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    (*kept)->table = table;
    for (int i = 0; i < table->key_count; i++)
        (*kept)->fields[table->keys[i]] = schema->fields[table->keys[i]];
    return 0;
}
