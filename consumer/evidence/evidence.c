#include "consumer/evidence/evidence.h"

#include "consumer/decode/cells.h"
#include "consumer/decode/framing.h"
#include "consumer/decode/guess.h"
#include "consumer/decode/topic_role.h"
#include "consumer/evidence/message/column.h"
#include "consumer/evidence/message/counted.h"
#include "consumer/evidence/message/schema_change.h"
#include "consumer/evidence/message/seen.h"
#include "consumer/evidence/message/shared_key.h"
#include "consumer/evidence/message/unended.h"
#include "views/base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char evidence_heartbeat[] = "__debezium-heartbeat.";
static const char evidence_transaction[] = ".transaction";

void evidence_forget_denied(struct evidence *evidence) {
    for (int i = 0; i < evidence->denied_count; i++)
        free(evidence->denied[i]);
    evidence->denied_count = 0;
}

void evidence_deny(struct evidence *evidence, const char *name) {
    char *copy = evidence->denied_count < EVIDENCE_DENIED_MAX ? strdup(name) : NULL;
    if (copy != NULL)
        evidence->denied[evidence->denied_count++] = copy;
}

static void evidence_free_topics(struct evidence_topic *topics, int count) {
    for (int t = 0; t < count; t++) {
        struct evidence_topic *topic = &topics[t];
        for (int c = 0; c < topic->column_count; c++)
            free(topic->columns[c].name);
        free(topic->columns);
        free(topic->name);
        beginning_free(&topic->beginning);
    }
    free(topics);
}

void evidence_free(struct evidence *evidence) {
    evidence_free_topics(evidence->topics, evidence->topic_count);
    evidence_free_topics(evidence->parts, evidence->part_count);
    evidence_forget_denied(evidence);
    counted_free(&evidence->collections);
    arena_free(&evidence->arena);
    free(evidence->reads);
    free(evidence->keyed);
    *evidence = (struct evidence){0};
}

static enum evidence_role evidence_role_of(const struct evidence *evidence, struct span name) {
    size_t prefix = strlen(evidence->prefix);
    size_t size = sizeof evidence_heartbeat - 1;
    if (name.size > size && memcmp(name.data, evidence_heartbeat, size) == 0)
        return EVIDENCE_HEARTBEATS;
    char copy[EVIDENCE_NAME_SIZE];
    (void)snprintf(copy, sizeof copy, "%.*s", (int)name.size, name.data);
    if (topic_is_heartbeats(copy, evidence->prefix))
        return EVIDENCE_HEARTBEATS;
    if (topic_may_be_heartbeats(copy, evidence->prefix))
        return EVIDENCE_MAY_BE_HEARTBEATS;
    if (span_is(name, evidence->prefix)) // the DDL of MySQL's connectors
        return EVIDENCE_SCHEMA_CHANGES;
    bool transactions = name.size == prefix + sizeof evidence_transaction - 1 &&
                        memcmp(name.data, evidence->prefix, prefix) == 0 &&
                        memcmp(name.data + prefix, evidence_transaction, name.size - prefix) == 0;
    return transactions ? EVIDENCE_TRANSACTIONS : EVIDENCE_TABLE;
}

// Room for one more.
static bool evidence_grow(struct evidence_topic **topics, int count, int *capacity) {
    enum { TOPICS_FIRST = 16 };
    if (count < *capacity)
        return true;
    int more = *capacity > 0 ? *capacity * 2 : TOPICS_FIRST;
    struct evidence_topic *grown = realloc(*topics, (size_t)more * sizeof *grown);
    if (grown == NULL)
        return false;
    *topics = grown;
    *capacity = more;
    return true;
}

int evidence_topic(struct evidence *evidence, struct span name, int partitions, struct error *error) {
    for (int i = 0; i < evidence->topic_count; i++) {
        struct evidence_topic *topic = &evidence->topics[i];
        if (!span_is(name, topic->name))
            continue;
        topic->partitions = partitions > topic->partitions ? partitions : topic->partitions;
        return i;
    }
    if (evidence->topic_count == EVIDENCE_TOPICS_MAX)
        return error_set(error, ERROR_SYSTEM, "more than %d topics", EVIDENCE_TOPICS_MAX);
    char *copy = strndup(name.data, name.size);
    if (copy == NULL || !evidence_grow(&evidence->topics, evidence->topic_count, &evidence->topic_capacity)) {
        free(copy);
        return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    evidence->topics[evidence->topic_count] = (struct evidence_topic){
        .name = copy, .role = evidence_role_of(evidence, name), .partitions = partitions};
    return evidence->topic_count++;
}

void evidence_forget_topics(struct evidence *evidence, int count) {
    while (evidence->topic_count > count)
        free(evidence->topics[--evidence->topic_count].name);
}

// They come in the topics' order, or nearly.
static struct evidence_topic *evidence_topic_told(struct evidence *evidence, const char *name, int likely) {
    if (likely < evidence->topic_count && strcmp(evidence->topics[likely].name, name) == 0)
        return &evidence->topics[likely];
    for (int i = 0; i < evidence->topic_count; i++)
        if (strcmp(evidence->topics[i].name, name) == 0)
            return &evidence->topics[i];
    return NULL;
}

void evidence_note_settings(struct evidence *evidence, const struct kafka_topic_settings *told, int count) {
    for (int i = 0; i < count; i++) {
        struct evidence_topic *topic = evidence_topic_told(evidence, told[i].topic, i);
        if (topic == NULL)
            continue;
        topic->settings_told = told[i].told;
        topic->settings_refused = told[i].refused;
        topic->compacted = told[i].compacted;
        topic->retention_ms = told[i].retention_ms;
        topic->retention_bytes = told[i].retention_bytes;
    }
}

// --- one message

// A message's parts, whatever form it has.
struct evidence_parts {
    struct fields row;    // the row, or `before` of a delete; count 0 = none
    struct fields before; // count 0 = none
    struct fields source;
    struct span schema;      // of the row: the "fields" of Connect's struct; data NULL = none
    struct span transaction; // its id; data NULL = not said
    char op;                 // 'c', 'u', 'd', 'r', 't', 'm'; '\0' = not said
    bool wrapped, enveloped, has_transaction;
};

// The payload of {"schema","payload"} or {"schemaId","payload"}, or the object itself.
static bool evidence_unwrap(struct fields *object, struct arena *arena, struct span *ret_schema) {
    const struct json_value *schema = fields_get(object, "schema");
    const struct json_value *payload = fields_get(object, "payload");
    bool has_id = schema == NULL && fields_get(object, "schemaId") != NULL;
    *ret_schema = (struct span){0};
    if (payload == NULL || object->count != 1 + (schema != NULL) + has_id ||
        (schema == NULL && payload->kind != JSON_OBJECT_BEGIN))
        return false;
    if (schema != NULL && schema->kind == JSON_OBJECT_BEGIN)
        *ret_schema = schema->raw;
    struct fields inside = {0};
    if (payload->kind == JSON_OBJECT_BEGIN && !fields_read(payload->raw, arena, &inside))
        return false;
    *object = inside;
    return true;
}

// The "fields" of the struct, or those of its field `name`.
static struct span evidence_schema_fields(struct span schema, const char *name, struct arena *arena) {
    struct fields object;
    if (schema.data == NULL || !fields_read(schema, arena, &object))
        return (struct span){0};
    const struct json_value *list = fields_get(&object, "fields");
    if (list == NULL || list->kind != JSON_ARRAY_BEGIN)
        return (struct span){0};
    if (name == NULL)
        return list->raw;
    struct json_reader json;
    struct json_value element;
    json_open(&json, list->raw);
    (void)json_next(&json);
    while (json_take(&json, &element)) {
        struct fields field;
        if (fields_read(element.raw, arena, &field) && span_is(fields_text(&field, "field", arena), name)) {
            list = fields_get(&field, "fields");
            return list != NULL && list->kind == JSON_ARRAY_BEGIN ? list->raw : (struct span){0};
        }
    }
    return (struct span){0};
}

static void evidence_read_envelope(struct evidence_parts *parts, const struct fields *object,
                                   struct span schema, struct arena *arena) {
    struct span op = fields_text(object, "op", arena);
    struct fields transaction;
    parts->enveloped = true;
    parts->op = op.size == 1 ? op.data[0] : '?';
    parts->has_transaction = fields_inside(object, "transaction", arena, &transaction);
    if (parts->has_transaction)
        parts->transaction = fields_text(&transaction, "id", arena);
    (void)fields_inside(object, "before", arena, &parts->before);
    (void)fields_inside(object, "source", arena, &parts->source);
    if (!fields_inside(object, "after", arena, &parts->row))
        parts->row = parts->before;
    parts->schema = evidence_schema_fields(schema, "after", arena);
}

// ExtractNewRecordState's rows; its add.fields begin with "__".
static void evidence_read_flat(struct evidence_parts *parts, const struct fields *object, struct span schema,
                               struct arena *arena) {
    struct span op = fields_text(object, "__op", arena);
    parts->row = *object;
    parts->op = op.size == 1 ? op.data[0] : '\0';
    const struct json_value *deleted =
        fields_get(object, "__deleted"); // MongoDB's transform says true, not "true"
    if (deleted != NULL && (deleted->kind == JSON_TRUE || span_is(fields_text_of(deleted, arena), "true")))
        parts->op = 'd';
    parts->schema = evidence_schema_fields(schema, NULL, arena);
}

// Whose row it says that it is; data NULL = not said.
struct evidence_names {
    struct span connector, schema, table;
};

static bool evidence_read(struct span value, struct arena *arena, struct evidence_parts *ret) {
    struct fields object;
    struct span schema;
    *ret = (struct evidence_parts){0};
    if (!fields_read(value, arena, &object))
        return false;
    ret->wrapped = evidence_unwrap(&object, arena, &schema);
    const struct json_value *op = fields_get(&object, "op");
    bool enveloped = op != NULL && op->kind == JSON_STRING &&
                     (fields_get(&object, "after") != NULL || fields_get(&object, "before") != NULL ||
                      fields_get(&object, "source") != NULL);
    if (enveloped)
        evidence_read_envelope(ret, &object, schema, arena);
    else
        evidence_read_flat(ret, &object, schema, arena);
    return true;
}

static void evidence_name(char ret[EVIDENCE_NAME_SIZE], struct span text) {
    if (text.data != NULL && text.size < EVIDENCE_NAME_SIZE)
        (void)snprintf(ret, EVIDENCE_NAME_SIZE, "%.*s", (int)text.size, text.data);
}

// Whether an unwrapped row has a member of `source`, by either of the names that add.fields gives it.
static bool evidence_has_added(const struct evidence_parts *parts, const char *with_source,
                               const char *without) {
    return fields_get(&parts->row, with_source) != NULL || fields_get(&parts->row, without) != NULL;
}

static struct span evidence_added_text(const struct evidence_parts *parts, const char *with_source,
                                       const char *without, struct arena *arena) {
    struct span text = fields_text(&parts->row, with_source, arena);
    return text.data != NULL ? text : fields_text(&parts->row, without, arena);
}

// As the decoder has it: a binlog's place is a position with its row and its time only.
static void evidence_take_position(struct evidence_topic *topic, const struct evidence_parts *parts,
                                   struct arena *arena) {
    bool timed = fields_get(&parts->row, "__source_ts_ms") != NULL;
    bool lsn = evidence_has_added(parts, "__source_lsn", "__lsn");
    bool binlog = timed && evidence_has_added(parts, "__source_pos", "__pos") &&
                  evidence_has_added(parts, "__source_row", "__row");
    struct span connector = fields_text(&parts->source, "connector", arena);
    bool of_lsn = connector.data == NULL || span_is(connector, "postgresql");
    bool of_binlog = span_is(connector, "mysql") || span_is(connector, "mariadb");
    topic->with_position += lsn || binlog || (of_lsn && fields_get(&parts->source, "lsn") != NULL) ||
                            (of_binlog && fields_get(&parts->source, "pos") != NULL);
    topic->without_timeline +=
        lsn && !(timed && evidence_has_added(parts, "__source_sequence", "__sequence"));
}

// Whose row it is, as the decoder has it: a connector without schemas calls its database one, and an unwrapped row that says
// neither its connector nor a place of PostgreSQL's is likely of one.
static void evidence_read_names(const struct evidence_parts *parts, struct arena *arena,
                                struct evidence_names *ret) {
    if (parts->enveloped) {
        ret->connector = fields_text(&parts->source, "connector", arena);
        ret->table = fields_text(&parts->source, "table", arena);
        ret->schema = fields_text(&parts->source, "schema", arena);
        if (ret->schema.data == NULL)
            ret->schema = fields_text(&parts->source, "db", arena);
        return;
    }
    ret->connector = evidence_added_text(parts, "__source_connector", "__connector", arena);
    ret->table = evidence_added_text(parts, "__source_table", "__table", arena);
    ret->schema = evidence_added_text(parts, "__source_schema", "__schema", arena);
    bool postgres = ret->connector.data != NULL ? span_is(ret->connector, "postgresql")
                                                : evidence_has_added(parts, "__source_lsn", "__lsn") ||
                                                      evidence_has_added(parts, "__source_txId", "__txId");
    if (ret->schema.data == NULL && !postgres)
        ret->schema = evidence_added_text(parts, "__source_db", "__db", arena);
}

// A topic's or a part's rows may be of that table: what is not said is no other.
static bool evidence_may_be_of(const struct evidence_topic *topic, const struct evidence_names *names) {
    return (topic->table[0] == '\0' || names->table.size == 0 || span_is(names->table, topic->table)) &&
           (topic->schema[0] == '\0' || names->schema.size == 0 || span_is(names->schema, topic->schema));
}

// Where a row of the topic is counted. *ret NULL: it is of one more table than are looked at.
static int evidence_part(struct evidence *evidence, int number, const struct evidence_names *names,
                         struct evidence_topic **ret, struct error *error) {
    struct evidence_topic *topic = &evidence->topics[number];
    *ret = evidence_may_be_of(topic, names) ? topic : NULL;
    topic->mixed |= *ret == NULL;
    for (int i = 0; i < evidence->part_count && *ret == NULL; i++)
        if (evidence->parts[i].of == number && evidence_may_be_of(&evidence->parts[i], names))
            *ret = &evidence->parts[i];
    if (*ret != NULL || evidence->part_count == EVIDENCE_PARTS_MAX)
        return 0;
    char *copy = strdup(topic->name);
    if (copy == NULL || !evidence_grow(&evidence->parts, evidence->part_count, &evidence->part_capacity)) {
        free(copy);
        return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    *ret = &evidence->parts[evidence->part_count++];
    **ret = (struct evidence_topic){
        .name = copy, .role = EVIDENCE_TABLE, .of = number, .mixed = true, .partitions = topic->partitions};
    return 0;
}

static void evidence_take_database(struct evidence_topic *topic, const struct evidence_parts *parts,
                                   struct arena *arena) {
    struct span name = fields_text(&parts->source, "db", arena);
    if (name.size == 0 || strcmp(topic->connector, "postgresql") != 0)
        return;
    if (topic->database[0] == '\0')
        evidence_name(topic->database, name);
    else if (!span_is(name, topic->database))
        evidence_name(topic->other_database, name);
}

static void evidence_take_source(struct evidence_topic *topic, const struct evidence_parts *parts,
                                 const struct evidence_names *names, struct arena *arena) {
    evidence_name(topic->table, names->table);
    evidence_name(topic->schema, names->schema);
    if (names->connector.data != NULL)
        (void)snprintf(topic->connector, sizeof topic->connector, "%.*s", (int)names->connector.size,
                       names->connector.data);
    topic->nameless_binlog += !parts->enveloped && names->connector.data == NULL &&
                              evidence_has_added(parts, "__source_file", "__file");
    evidence_take_position(topic, parts, arena);
    evidence_take_database(topic, parts, arena);
}

static bool evidence_has_null(const struct fields *row) {
    for (int i = 0; i < row->count; i++)
        if (row->list[i].value.kind == JSON_NULL)
            return true;
    return false;
}

static void evidence_count_message(struct evidence_topic *topic, const struct evidence_parts *parts,
                                   bool row) {
    topic->rows += row;
    topic->with_schema += parts->schema.data != NULL;
    topic->unwrapped += !parts->enveloped;
    topic->marked += !parts->enveloped && fields_get(&parts->row, "__deleted") != NULL;
    topic->with_transaction += parts->has_transaction;
    switch (parts->op) {
    case 'r':
        topic->reads++;
        break;
    case 'u':
        topic->updates++;
        topic->updates_with_before += parts->before.count > 0;
        topic->updates_with_nulls += parts->before.count == 0 && evidence_has_null(&parts->row);
        break;
    case 'd':
        topic->deletes++;
        break;
    case 't':
        topic->truncates++;
        break;
    case 'm':
        topic->logical++;
        break;
    default:
        break;
    }
}

static bool evidence_is_added(struct span name) {
    return name.size > 2 && name.data[0] == '_' && name.data[1] == '_';
}

static bool evidence_take_schema(struct evidence_topic *topic, const struct evidence_parts *parts,
                                 struct arena *arena) {
    struct json_reader json;
    struct json_value element;
    json_open(&json, parts->schema);
    (void)json_next(&json);
    while (json_take(&json, &element)) {
        struct fields field;
        struct span name;
        if (!fields_read(element.raw, arena, &field) ||
            (name = fields_text(&field, "field", arena)).data == NULL ||
            (!parts->enveloped && evidence_is_added(name)))
            continue;
        struct evidence_column *column = column_of(topic, name);
        if (column == NULL)
            return false;
        const struct json_value *value = NULL;
        for (int i = 0; i < parts->row.count && value == NULL; i++)
            if (span_equal(parts->row.list[i].name, name))
                value = &parts->row.list[i].value;
        column_note_schema(column, &field, parts->op == 'd' ? NULL : value, arena);
    }
    return true;
}

static void evidence_note_newer(int64_t *newest_ms, int64_t ts_ms) {
    *newest_ms = ts_ms > *newest_ms ? ts_ms : *newest_ms;
}

// A delete names its columns, but its values are the key's only.
static bool evidence_take_columns(struct evidence_topic *topic, const struct evidence_parts *parts,
                                  int64_t ts_ms, struct arena *arena) {
    if (parts->op != 'd')
        evidence_note_newer(&topic->newest_row_ms, ts_ms);
    for (int i = 0; i < parts->row.count; i++) {
        const struct field *field = &parts->row.list[i];
        if (!parts->enveloped && evidence_is_added(field->name))
            continue;
        struct evidence_column *column = column_of(topic, field->name);
        if (column == NULL)
            return false;
        if (parts->op == 'd')
            continue;
        column_count_value(column, &field->value, arena);
        column_note_row(column, topic->rows, ts_ms);
    }
    if (parts->op != 'd')
        column_note_lacking(topic, ts_ms);
    return parts->schema.data == NULL || evidence_take_schema(topic, parts, arena);
}

// The columns of the key, in its order. Their number, -1 = out of memory.
static int evidence_take_key(struct evidence_topic *topic, struct span key, struct fields *object,
                             struct arena *arena) {
    struct span schema;
    if (key.data == NULL) {
        topic->null_keys++;
        return 0;
    }
    if (!fields_read(key, arena, object))
        return 0;
    (void)evidence_unwrap(object, arena, &schema);
    for (int i = 0; i < object->count; i++) {
        struct evidence_column *column = column_of(topic, object->list[i].name);
        if (column == NULL)
            return -1;
        column->key = i + 1;
    }
    return object->count;
}

static void evidence_note_unreadable_like(struct evidence_topic *topic, const char *like) {
    if (topic->unreadable++ == 0)
        (void)snprintf(topic->unreadable_like, sizeof topic->unreadable_like, "%s", like);
}

static void evidence_note_unreadable(struct evidence_topic *topic, struct span value) {
    char like[GUESS_SIZE];
    evidence_note_unreadable_like(
        topic, guess_format(value, like) ? like : "no JSON object, and nothing else that is known");
}

static bool evidence_has_all(const struct fields *row, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (fields_get(row, names[i]) == NULL)
            return false;
    return true;
}

static bool evidence_is_cloud_event(const struct evidence_parts *parts) {
    return !parts->enveloped &&
           evidence_has_all(&parts->row, guess_cloud_event_names, GUESS_CLOUD_EVENT_NAMES);
}

static bool evidence_are_cells(const struct fields *row) {
    int cells = 0;
    for (int i = 0; i < row->count; i++) {
        if (row->list[i].value.kind == JSON_NULL)
            continue;
        if (!cells_is_one(row->list[i].value.raw))
            return false;
        cells++;
    }
    return cells > 0;
}

// Whether a member of the key is one of the object, as it is of a row.
static bool evidence_has_its_key(const struct fields *object, struct span key, struct arena *arena) {
    struct fields columns;
    struct span schema;
    if (!fields_read(key, arena, &columns))
        return false;
    (void)evidence_unwrap(&columns, arena, &schema);
    for (int i = 0; i < columns.count; i++)
        for (int m = 0; m < object->count; m++)
            if (span_equal(columns.list[i].name, object->list[m].name))
                return true;
    return false;
}

static bool evidence_is_row_or_null(const struct json_value *value) {
    return value == NULL || value->kind == JSON_OBJECT_BEGIN || value->kind == JSON_NULL;
}

// {"before":..,"after":..} with nothing that says what became of the row.
static bool evidence_is_opless(const struct fields *object) {
    const struct json_value *after = fields_get(object, "after"), *before = fields_get(object, "before");
    return (after != NULL || before != NULL) && evidence_is_row_or_null(after) &&
           evidence_is_row_or_null(before);
}

// Why a message is no row that is read, as the decoder has it; NULL: it is one, or nothing is known of it.
static const char *evidence_refusal(const struct evidence_parts *parts, struct span connector,
                                    const struct message *message, struct arena *arena) {
    if (evidence_are_cells(&parts->row))
        return cells_refused;
    if (cells_are_of(connector))
        return cells_scylla_refused;
    if (parts->enveloped)
        return NULL;
    bool of_its_key = evidence_has_its_key(&parts->row, message->key, arena);
    const char *other = parts->wrapped || (of_its_key && fields_get(&parts->row, "isDdl") == NULL)
                            ? NULL
                            : guess_object(message->value);
    return other == NULL && !of_its_key && evidence_is_opless(&parts->row) ? guess_opless : other;
}

static bool evidence_is_boundary(const struct fields *row) {
    static const char *const names[] = {"status", "id", "event_count", "data_collections"};
    return evidence_has_all(row, names, sizeof names / sizeof *names);
}

// How far CockroachDB's changefeed is; such a message has no key.
static bool evidence_is_resolved(const struct fields *row, struct span key) {
    return row->count == 1 && key.data == NULL &&
           (fields_get(row, "resolved") != NULL || fields_get(row, "__crdb__") != NULL);
}

// {"ts_ms":..} of the key {"serverName":..}.
static bool evidence_is_beat(const struct fields *row, struct span key, struct arena *arena) {
    struct fields object;
    struct span schema;
    if (row->count != 1 || fields_get(row, "ts_ms") == NULL || !fields_read(key, arena, &object))
        return false;
    (void)evidence_unwrap(&object, arena, &schema);
    return object.count == 1 && fields_get(&object, "serverName") != NULL;
}

static void evidence_take_boundary(struct evidence *evidence, struct evidence_topic *topic,
                                   const struct message *message) {
    struct span value = message->value;
    struct fields object;
    struct span schema;
    if (!fields_read(value, &evidence->arena, &object)) {
        if (value.data != NULL)
            evidence_note_unreadable(topic, value);
        return;
    }
    topic->with_schema += evidence_unwrap(&object, &evidence->arena, &schema);
    struct span status = fields_text(&object, "status", &evidence->arena);
    struct span id = fields_text(&object, "id", &evidence->arena);
    const struct json_value *count = fields_get(&object, "event_count");
    topic->begins += span_is(status, "BEGIN");
    topic->ends += span_is(status, "END");
    bool placed = id.data != NULL && memchr(id.data, ':', id.size) != NULL;
    topic->placed += placed;
    counted_take(&evidence->collections, &object, &evidence->arena);
    if (topic->partitions == 1)
        unended_take_boundary(&evidence->unended, message->offset, span_is(status, "BEGIN"), id);
    bool rowless = span_is(status, "END") && count != NULL && span_is(count->raw, "0");
    topic->rowless += rowless;
    topic->empty_ends += placed && rowless;
}

// What Debezium's notification.sink.topic.name gets: these members alone, some versions without a `timestamp`.
static bool evidence_is_notification(const struct fields *object) {
    static const char *const names[] = {"id", "type", "aggregate_type", "additional_data"};
    enum { NAMES = sizeof names / sizeof *names };
    return evidence_has_all(object, names, NAMES) &&
           object->count == NAMES + (fields_get(object, "timestamp") != NULL);
}

// What Debezium's signal.kafka.topic has: it is asked to do something, by its prefix as the key.
static bool evidence_is_signal(const struct fields *object, struct span key, const char *prefix) {
    return span_is(key, prefix) && fields_get(object, "type") != NULL &&
           object->count == 1 + (fields_get(object, "data") != NULL) + (fields_get(object, "id") != NULL);
}

// What the connector tells of itself or is told, in a topic that a setting or a router has named (topic.transaction,
// topic.heartbeat.prefix, notification.sink.topic.name, signal.kafka.topic).
static bool evidence_take_own(struct evidence *evidence, struct evidence_topic *topic,
                              const struct message *message, const struct evidence_parts *parts) {
    if (parts->enveloped)
        return false;
    bool told = evidence_is_notification(&parts->row) ||
                evidence_is_signal(&parts->row, message->key, evidence->prefix) ||
                evidence_has_all(&parts->row, guess_ddl_names, GUESS_DDL_NAMES);
    topic->told += told;
    if (told || evidence_is_resolved(&parts->row, message->key))
        return true;
    if (evidence_is_boundary(&parts->row)) {
        evidence_take_boundary(evidence, topic, message);
        return true;
    }
    bool beat = evidence_is_beat(&parts->row, message->key, &evidence->arena);
    topic->beats += beat;
    return beat;
}

// 0: it has none.
static uint64_t evidence_hash_key(struct span key, struct arena *arena) {
    struct fields object = {0};
    struct span schema;
    if (key.data == NULL)
        return 0;
    if (fields_read(key, arena, &object))
        (void)evidence_unwrap(&object, arena, &schema);
    if (object.count == 0)
        return hash_bytes(HASH_SEED, column_bare_key(key, arena)) | 1;
    uint64_t hash = HASH_SEED;
    for (int i = 0; i < object.count; i++)
        hash = hash_bytes(hash, object.list[i].value.raw);
    return hash | 1;
}

// An unwrapped row that does not say its op may be a new one.
static void evidence_take_beginning(struct evidence_topic *topic, const struct message *message, char op,
                                    struct arena *arena) {
    enum beginning_op does = BEGINNING_OTHER;
    if (op == 'u' || op == 'd')
        does = BEGINNING_CHANGES;
    else if (op == 'c' || op == 'r' || (op == '\0' && message->value.size > 0))
        does = BEGINNING_MAKES;
    if (topic->partitions == 1)
        topic->of_older +=
            beginning_take(&topic->beginning, message->offset, evidence_hash_key(message->key, arena), does);
}

// What JsonConverter writes for a null that still has its schema, which ExtractNewRecordState makes of a delete
// (delete.tombstone.handling.mode=tombstone, its default). It deletes the row, and is no tombstone to Kafka.
static bool evidence_is_null(struct span value, struct arena *arena) {
    struct json_reader json;
    struct json_value whole;
    struct fields object;
    json_open(&json, value);
    if (!json_take(&json, &whole))
        return false;
    if (whole.kind != JSON_OBJECT_BEGIN || !fields_read(value, arena, &object))
        return whole.kind == JSON_NULL;
    const struct json_value *payload = fields_get(&object, "payload");
    return object.count == 2 && payload != NULL && payload->kind == JSON_NULL &&
           fields_get(&object, "schema") != NULL;
}

// A row of a snapshot: whether another topic had it. Debezium reads a partition's rows for the partitioned table and for the partition.
static bool evidence_take_read(struct evidence *evidence, int number, uint64_t row) {
    struct evidence_topic *topic = &evidence->topics[number];
    uint64_t first;
    if (!seen_take(&evidence->reads, row, (uint64_t)number, &first))
        return false;
    if (first != (uint64_t)number) {
        topic->twin = (int)first;
        topic->twins++;
    }
    return true;
}

// An enveloped row of a snapshot. False: out of memory.
static bool evidence_take_snapshot(struct evidence *evidence, int number, struct evidence_topic *topic,
                                   const struct message *message, const struct evidence_parts *parts) {
    if (parts->op != 'r' || !parts->enveloped)
        return true;
    const uint64_t row = fields_hash(&parts->row);
    return evidence_take_read(evidence, number, row) &&
           shared_key_take(evidence, topic, message->key, &parts->source, row);
}

static bool evidence_note_refused(struct evidence_topic *topic, const struct evidence_parts *parts,
                                  struct span connector, const struct message *message, struct arena *arena) {
    bool is_cloud_event = evidence_is_cloud_event(parts);
    const char *refusal =
        is_cloud_event ? guess_cloud_event : evidence_refusal(parts, connector, message, arena);
    if (refusal == NULL)
        return false;
    topic->refused += !is_cloud_event; // which a converter mends
    evidence_note_unreadable_like(topic, refusal);
    return true;
}

static int evidence_take_row(struct evidence *evidence, int number, const struct message *message,
                             struct error *error) {
    struct evidence_topic *topic = &evidence->topics[number];
    struct arena *arena = &evidence->arena;
    struct evidence_parts parts;
    struct fields key = {0};
    if (message->value.data == NULL || message->value.size == 0) {
        topic->tombstones++;
        evidence_take_beginning(topic, message, '\0', arena);
        return 0;
    }
    if (evidence_is_null(message->value, arena)) {
        topic->deletes++;
        evidence_take_beginning(topic, message, 'd', arena);
        return 0;
    }
    if (!evidence_read(message->value, arena, &parts)) {
        evidence_note_unreadable(topic, message->value);
        return 0;
    }
    struct evidence_names names;
    evidence_read_names(&parts, arena, &names);
    if (evidence_take_own(evidence, topic, message, &parts) ||
        evidence_note_refused(topic, &parts, names.connector, message, arena))
        return 0;
    struct evidence_topic *main = topic;
    if (evidence_part(evidence, number, &names, &topic, error) != 0)
        return -1;
    if (topic == NULL)
        return 0;
    bool row = parts.op != 't' && parts.op != 'm';
    int key_columns = row ? evidence_take_key(topic, message->key, &key, arena) : 0;
    if (key_columns < 0 || (row && (!evidence_take_columns(topic, &parts, message->ts_ms, arena) ||
                                    (parts.op != 'd' && !column_count_key(topic, &key, &parts.row, arena)))))
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (!evidence_take_snapshot(evidence, number, topic, message, &parts))
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (row && key_columns == 0 && message->key.data != NULL && parts.op != 'd')
        column_take_scalar_key(topic, &parts.row, message->key, arena);
    evidence_take_source(topic, &parts, &names, arena);
    evidence_count_message(topic, &parts, row);
    evidence_take_beginning(main, message, parts.op, arena);
    if (row) // a truncate is a statement
        unended_take_row(&evidence->unended, number, parts.transaction);
    return 0;
}

static void evidence_take_schema_change(struct evidence *evidence, struct span value) {
    struct fields object;
    struct span schema;
    if (!fields_read(value, &evidence->arena, &object))
        return;
    (void)evidence_unwrap(&object, &evidence->arena, &schema);
    schema_change_take(evidence, &object);
}

const char *evidence_table_name(const struct evidence_topic *topic) {
    return topic->table[0] != '\0' ? topic->table : topic->name;
}

const struct evidence_column *evidence_find_column(const struct evidence_topic *topic, const char *name) {
    for (int i = 0; i < topic->column_count; i++)
        if (strcmp(topic->columns[i].name, name) == 0)
            return &topic->columns[i];
    return NULL;
}

int evidence_take(struct evidence *evidence, int topic, const struct message *message, struct error *error) {
    struct evidence_topic *taking = &evidence->topics[topic];
    struct message bare;
    message = framing_pass_message(message, &bare);
    arena_reset(&evidence->arena);
    taking->messages++;
    evidence_note_newer(&evidence->newest_ms, message->ts_ms);
    if (taking->role == EVIDENCE_TABLE)
        return evidence_take_row(evidence, topic, message, error);
    taking->tombstones += message->value.size == 0;
    if (taking->role == EVIDENCE_TRANSACTIONS)
        evidence_take_boundary(evidence, taking, message);
    if (taking->role == EVIDENCE_SCHEMA_CHANGES)
        evidence_take_schema_change(evidence, message->value);
    struct evidence_parts parts;
    if (taking->role == EVIDENCE_MAY_BE_HEARTBEATS && evidence_read(message->value, &evidence->arena, &parts))
        taking->beats += evidence_is_beat(&parts.row, message->key, &evidence->arena);
    return 0;
}

int evidence_unended(const struct evidence *evidence, int topic) {
    return unended_of(&evidence->unended, topic);
}
