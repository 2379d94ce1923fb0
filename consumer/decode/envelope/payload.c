#include "consumer/decode/envelope/payload.h"

#include "consumer/decode/envelope/boundary.h"
#include "consumer/decode/guess.h"

static int envelope_payload_raw_or_null(struct json_reader *json, struct span *ret, struct error *error) {
    if (!json_raw(json, ret))
        return row_broken(json, error);
    if (span_is(*ret, "null"))
        *ret = (struct span){0};
    return 0;
}

// "after" is read where it stands, by the topic's table and as if its op allowed placeholders: true of nearly
// every message. It is read again when source.table or the op say otherwise.
static int envelope_payload_read_after(struct json_reader *json, struct row_reader *row,
                                       struct members *members, struct error *error) {
    const char *start = json->next;
    members->after_kind = row_object(row, json, error);
    if (members->after_kind < 0)
        return -1;
    while (start < json->next && *start != '{' && *start != 'n')
        start++;
    if (members->after_kind == 1)
        members->after = (struct span){start, (size_t)(json->next - start)};
    return 0;
}

// A member that says where the row belongs; NULL: it says nothing to us.
static int envelope_payload_other_member(struct json_reader *json, const struct member_name *name,
                                         struct members *members, struct error *error) {
    struct json_value value;
    if (name == NULL)
        return json_skip(json) ? 0 : row_broken(json, error);
    return json_take(json, &value) ? members_take(members, name, &value, error) : row_broken(json, error);
}

// "source" or "transaction".
static int envelope_payload_read_members(struct json_reader *json, enum member_home home, const char *label,
                                         struct members *members, struct error *error) {
    switch (json_next(json)) {
    case JSON_NULL:
        return 0;
    case JSON_OBJECT_BEGIN:
        return members_read(json, home, members, error);
    case JSON_ERROR:
        return row_broken(json, error);
    default:
        return error_set(error, ERROR_INPUT, "%s is no object", label);
    }
}

static int envelope_payload_member(struct json_reader *json, const struct member_name *name,
                                   struct row_reader *row, struct members *members, struct error *error) {
    if (name == NULL)
        return json_skip(json) ? 0 : row_broken(json, error);
    switch (name->kind) {
    case MEMBER_AFTER:
        return envelope_payload_read_after(json, row, members, error);
    case MEMBER_BEFORE:
        return envelope_payload_raw_or_null(json, &members->before, error);
    case MEMBER_SOURCE:
        return envelope_payload_read_members(json, HOME_SOURCE, name->label, members, error);
    case MEMBER_TRANSACTION:
        return envelope_payload_read_members(json, HOME_TRANSACTION, name->label, members, error);
    default:
        return envelope_payload_other_member(json, name, members, error);
    }
}

// What tells an envelope from an unwrapped row, gathered from the top level's keys and their values' first bytes.
struct payload_look {
    int objects; // of before, after, source and transaction
    int scalars; // of the same, neither object nor null, where the table has a column of the name
    int columns; // of the table
    int keys;    // of the table's primary key, but for those of an envelope's names
    int cloud;   // of a CloudEvent's attributes
    int all;
    int boundary; // of a transaction's boundary
    int ddl;      // of a change of the schema
    bool ts_ms;
    bool resolved; // of a changefeed's progress
    bool added;    // a member that ExtractNewRecordState adds, by Debezium's prefix
    bool source;   // an object of that name
    bool op;
    bool is_ddl; // of Canal's JSON, whose `id` may be taken for the table's
};

// How many of the names the newest KEY is.
static int envelope_payload_is_one(const struct json_reader *json, const char *const *names, int count) {
    int found = 0;
    for (int i = 0; i < count; i++)
        found += json_key_is(json, names[i], strlen(names[i]));
    return found;
}

// The newest KEY. True when an envelope has a member of that name.
static bool envelope_payload_look_at(struct payload_look *look, const struct json_reader *json,
                                     const struct table *table) {
    const struct member_name *name = members_find(HOME_ENVELOPE, json);
    const char *at = json_value_at(json);
    char first = at < json->end ? *at : '\0';
    bool is_object_member = name != NULL && name->kind <= MEMBER_TRANSACTION;
    const struct member_name *added;
    look->objects += is_object_member && first == '{';
    look->source |= name != NULL && name->kind == MEMBER_SOURCE && first == '{';
    look->added |= members_is_added(table, json->text, &added) && added != NULL;
    look->all++;
    look->boundary += boundary_find(json) >= 0;
    look->ddl += envelope_payload_is_one(json, guess_ddl_names, GUESS_DDL_NAMES);
    look->ts_ms |= KEY_IS(json, "ts_ms");
    look->op |= name != NULL && name->kind == MEMBER_OP;
    look->is_ddl |= KEY_IS(json, "isDdl");
    look->resolved |= KEY_IS(json, "resolved") || KEY_IS(json, "__crdb__");
    look->cloud += envelope_payload_is_one(json, guess_cloud_event_names, GUESS_CLOUD_EVENT_NAMES);
    for (int i = 0; i < table->column_count; i++) {
        if (!json_key_is(json, table->columns[i].name, strlen(table->columns[i].name)))
            continue;
        look->columns++;
        look->keys += table->columns[i].key > 0 && !members_is_envelopes(table->columns[i].name);
        look->scalars += is_object_member && first != '{' && first != 'n';
    }
    return name != NULL;
}

static bool envelope_payload_has_key(const struct payload_look *look, const struct table *table) {
    int keys = 0;
    for (int i = 0; i < table->key_count; i++)
        keys += !members_is_envelopes(table->columns[table->keys[i]].name);
    return keys > 0 && look->keys >= keys;
}

static bool envelope_payload_has_column(const struct table *table, struct span name) {
    return table != NULL && table_column(table, name.data, name.size) >= 0;
}

// A row of the source's may have the same columns.
static bool envelope_payload_is_cloud_event(const struct payload_look *look, const struct table *table) {
    return look->cloud == GUESS_CLOUD_EVENT_NAMES && !envelope_payload_has_column(table, SPAN("specversion"));
}

// What the connector tells of itself, which a router may have sent into a table's topic: {"status","id","ts_ms",
// "event_count","data_collections"}, of a heartbeat {"ts_ms"} alone, of DDL {"source","ts_ms","databaseName","schemaName",
// "ddl","tableChanges"}. CockroachDB's changefeed sends how far it is into each partition of a table's topic:
// {"resolved":".."}, with envelope=row {"__crdb__":{"resolved":".."}}.
static bool envelope_payload_is_own(const struct payload_look *look, const struct table *table) {
    if (look->all == 1)
        return (look->ts_ms && !envelope_payload_has_column(table, SPAN("ts_ms"))) ||
               (look->resolved && !envelope_payload_has_column(table, SPAN("resolved")));
    if (look->ddl == GUESS_DDL_NAMES)
        return !envelope_payload_has_column(table, SPAN("tableChanges"));
    return look->all == BOUNDARY_MEMBERS && look->boundary == BOUNDARY_MEMBERS &&
           !envelope_payload_has_column(table, SPAN("data_collections"));
}

// The row may be of another table that shares the topic, so that no column tells it: what is added does, but that without a prefix
// (`added TABLE = ''`) has an envelope's names.
static bool envelope_payload_is_row(const struct payload_look *look, const struct table *table) {
    bool bare = table->added_prefix != NULL && table->added_prefix[0] == '\0';
    return envelope_payload_has_key(look, table) || look->scalars > 0 || (look->added && !look->source) ||
           (look->objects == 0 && (look->columns > 0 || bare));
}

// Whether it may be a change in another format than Debezium's: nothing says whose row it is, or what became of it. A row's columns are
// all declared where it has the names of such a format.
static bool envelope_payload_is_odd(const struct payload_look *look, const struct table *table,
                                    bool is_envelope) {
    if (is_envelope)
        return !look->op;
    return (!envelope_payload_has_key(look, table) && look->columns < look->all) ||
           (look->is_ddl && !envelope_payload_has_column(table, SPAN("isDdl")));
}

// The rest of an object whose newest KEY has been read, looked at only; what is broken in it the reader says. True
// when an envelope's member is there.
static bool envelope_payload_look_through(struct json_reader json, const struct table *table,
                                          struct payload_look *look) {
    bool found = false;
    do {
        found |= envelope_payload_look_at(look, &json, table);
    } while (json_skip(&json) && json_next(&json) == JSON_KEY);
    return found;
}

static int envelope_payload_read_flat(struct json_reader *json, struct row_reader *row,
                                      struct members *members, struct error *error) {
    row_begin(row);
    enum json_kind kind = JSON_KEY;
    for (; kind == JSON_KEY; kind = json_next(json)) {
        struct span name = json->text;
        const struct member_name *known;
        bool added = members_is_added(row->table, name, &known);
        int member = added ? 0 : row_member(row, json, error);
        if (member < 0)
            return -1;
        if (member == 1)
            continue;
        if (added) {
            if (envelope_payload_other_member(json, known, members, error) != 0)
                return -1;
            continue;
        }
        if (row->config->drift != NULL)
            row->config->drift(row->config->self, row->table, name, 1);
        struct json_value value;
        if (!json_take(json, &value))
            return row_broken(json, error);
        if (members_is_likely_mark(row->table, name))
            members_note_likely_mark(members, name, &value);
    }
    members->after_kind = 1;
    members->flat = true;
    return kind == JSON_OBJECT_END ? 0 : row_broken(json, error);
}

// The members from the KEY that was just read on. One that is wrong does not hide the others: they say where
// the event belongs, and whether this is an envelope at all.
static int envelope_payload_read_envelope(struct json_reader *json, struct row_reader *row,
                                          struct members *members, struct error *error) {
    int status = 0, depth = json->depth;
    enum json_kind kind = JSON_KEY;
    for (; kind == JSON_KEY; kind = json_next(json)) {
        struct error later = {0};
        const struct member_name *name = members_find(HOME_ENVELOPE, json);
        if (envelope_payload_member(json, name, row, members, status == 0 ? error : &later) == 0)
            continue;
        status = -1;
        if (json->error != NULL || !json_leave(json, depth))
            return row_broken(json, error);
    }
    return kind == JSON_OBJECT_END ? status : row_broken(json, error);
}

int payload_read(struct json_reader *json, struct row_reader *row, struct members *members,
                 struct payload_form *form, struct error *error) {
    struct payload_look look = {0};
    row->object = json->token;
    enum json_kind kind = json_next(json);
    if (kind == JSON_OBJECT_END)
        return error_set(error, ERROR_INPUT, "neither an envelope nor a row: the object is empty");
    if (kind != JSON_KEY)
        return row_broken(json, error);
    bool is_envelope = envelope_payload_look_through(*json, row->table, &look) &&
                       !envelope_payload_is_row(&look, row->table);
    members->own = envelope_payload_is_own(&look, row->table);
    if (members->own)
        return 0;
    if (envelope_payload_is_cloud_event(&look, row->table))
        return error_set(error, ERROR_INPUT, "%s", guess_cloud_event);
    form->flat = !is_envelope;
    form->certain = is_envelope || envelope_payload_has_key(&look, row->table);
    const char *other = envelope_payload_is_odd(&look, row->table, is_envelope)
                            ? guess_object((struct span){row->object, (size_t)(json->end - row->object)})
                            : NULL;
    if (other != NULL)
        return error_set(error, ERROR_INPUT, "%s", other);
    return is_envelope ? envelope_payload_read_envelope(json, row, members, error)
                       : envelope_payload_read_flat(json, row, members, error);
}

// A wrapper's members, as far as it has them.
struct wrapper {
    struct json_reader payload; // stands before its value
    struct span schema;         // with its bytes, data NULL = none
    const struct schema *known; // the schema, if it is one that was read before
    int others;
    bool has_payload, has_schema;
    bool has_schema_id; // {"schemaId":5,"payload":{..}}, as Apicurio's ExtJsonConverter writes it (2.6.13)
};

static bool envelope_payload_pass_schema(struct schema_cache *schemas, struct json_reader *json,
                                         const struct table *table, struct wrapper *wrapper) {
    const char *at = json_value_at(json);
    wrapper->has_schema = true;
    if (table != NULL)
        wrapper->known = schema_at(schemas, (struct span){at, (size_t)(json->end - at)}, table);
    if (wrapper->known == NULL)
        return json_raw(json, &wrapper->schema);
    wrapper->schema = (struct span){at, wrapper->known->bytes.size};
    json_accept(json, at + wrapper->schema.size);
    return true;
}

// The members of the object whose { has been read. False: it is broken.
static bool envelope_payload_find_wrapper(struct schema_cache *schemas, struct json_reader *json,
                                          const struct table *table, struct wrapper *ret) {
    enum json_kind kind;
    *ret = (struct wrapper){0};
    while ((kind = json_next(json)) == JSON_KEY && ret->others == 0) {
        bool passed;
        if (KEY_IS(json, "schema") && !ret->has_schema) {
            passed = envelope_payload_pass_schema(schemas, json, table, ret);
        } else if (KEY_IS(json, "payload") && !ret->has_payload) {
            ret->has_payload = true;
            ret->payload = *json;
            passed = json_skip(json);
        } else if (KEY_IS(json, "schemaId") && !ret->has_schema_id) {
            ret->has_schema_id = true;
            passed = json_skip(json);
        } else {
            ret->others++;
            passed = true;
        }
        if (!passed)
            return false;
        if (ret->others > 0)
            return true;
    }
    return kind == JSON_OBJECT_END;
}

// What cannot be a row of the table is a wrapper, and perhaps a broken one.
static bool envelope_payload_is_wrapper(const struct wrapper *wrapper, const struct table *table) {
    if (!wrapper->has_payload || wrapper->others > 0 || (wrapper->has_schema && wrapper->has_schema_id))
        return false;
    char first = *json_value_at(&wrapper->payload);
    if (wrapper->has_schema_id && envelope_payload_has_column(table, SPAN("schemaId")))
        return false;
    if (!wrapper->has_schema)
        return first == '{';
    if (!envelope_payload_has_column(table, SPAN("schema")) &&
        !envelope_payload_has_column(table, SPAN("payload")))
        return true;
    return wrapper->schema.data[0] == '{' ||
           (span_is(wrapper->schema, "null") && (first == '{' || first == 'n'));
}

static int envelope_payload_enter_value(struct json_reader *json, struct payload_form *form,
                                        struct error *error) {
    struct json_reader before = *json;
    switch (json_next(json)) {
    case JSON_NULL:
        return PAYLOAD_NULL;
    case JSON_OBJECT_BEGIN:
        form->at = json->token;
        return PAYLOAD_OBJECT;
    case JSON_ERROR:
        return row_broken(json, error);
    case JSON_ARRAY_BEGIN:
        return error_set(error, ERROR_INPUT, "%s",
                         form->wrapped ? "payload is no object" : "not a JSON object");
    default:
        *json = before;
        return PAYLOAD_SCALAR;
    }
}

bool payload_is_wrappers(const struct json_reader *json) {
    return KEY_IS(json, "schema") || KEY_IS(json, "payload") || KEY_IS(json, "schemaId");
}

int payload_enter(struct schema_cache *schemas, struct json_reader *json, const struct table *table,
                  struct payload_form *ret, struct error *error) {
    *ret = (struct payload_form){0};
    int kind = envelope_payload_enter_value(json, ret, error);
    if (kind != PAYLOAD_OBJECT)
        return kind;
    struct json_reader first = *json;
    if (json_next(&first) != JSON_KEY || !payload_is_wrappers(&first))
        return kind;
    struct json_reader inside = *json;
    struct wrapper wrapper;
    if (!envelope_payload_find_wrapper(schemas, &inside, table, &wrapper))
        return row_broken(&inside, error);
    if (!envelope_payload_is_wrapper(&wrapper, table))
        return kind;
    ret->wrapped = true;
    ret->schema = wrapper.known;
    if (wrapper.has_schema && !span_is(wrapper.schema, "null")) {
        ret->schema_bytes = wrapper.schema;
        if (wrapper.schema.data[0] != '{')
            return error_set(error, ERROR_INPUT, "schema is no object");
        if (ret->schema == NULL && table != NULL &&
            schema_read(schemas, wrapper.schema, table, &ret->schema, error) != 0)
            return -1;
    }
    *json = wrapper.payload;
    return envelope_payload_enter_value(json, ret, error);
}

const char payload_converted_twice[] =
    "a text that holds an object: JsonConverter has written what was a text of JSON already; set StringConverter "
    "there, or leave out what makes the text";

bool payload_is_converted_twice(const struct json_reader *json) {
    const char *at = json_value_at(json);
    return json->end - at > 1 && at[0] == '"' && at[1] == '{';
}

int payload_enter_object(struct schema_cache *schemas, struct json_reader *json, const struct table *table,
                         struct payload_form *ret, struct error *error) {
    int kind = payload_enter(schemas, json, table, ret, error);
    if (kind != PAYLOAD_SCALAR)
        return kind;
    bool twice = payload_is_converted_twice(json);
    return error_set(error, ERROR_INPUT, "%s%s%s",
                     ret->wrapped ? "payload is no object" : "not a JSON object", twice ? ", but " : "",
                     twice ? payload_converted_twice : "");
}

// After the payload's }: the wrapper's, if any, and nothing more.
int payload_leave(struct json_reader *json, struct error *error) {
    if (json->depth > 0 && !json_leave(json, 0))
        return row_broken(json, error);
    return json_next(json) == JSON_END ? 0 : row_broken(json, error);
}
