#include "consumer/decode/envelope/payload.h"

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

// A member that says where the row belongs, if `home` has one of that name.
static int envelope_payload_other_member(struct json_reader *json, enum member_home home,
                                         struct members *members, struct error *error) {
    const struct member_name *name = members_find(home, json);
    struct json_value value;
    if (name == NULL)
        return json_skip(json) ? 0 : row_broken(json, error);
    return json_take(json, &value) ? members_take(members, name, &value, error) : row_broken(json, error);
}

static int envelope_member(struct json_reader *json, struct row_reader *row, struct members *members,
                           struct error *error) {
    if (KEY_IS(json, "after"))
        return envelope_payload_read_after(json, row, members, error);
    if (KEY_IS(json, "before"))
        return envelope_payload_raw_or_null(json, &members->before, error);
    if (KEY_IS(json, "source"))
        return members_read(json, HOME_SOURCE, members, error);
    if (KEY_IS(json, "transaction"))
        return members_read(json, HOME_TRANSACTION, members, error);
    return envelope_payload_other_member(json, HOME_ENVELOPE, members, error);
}

static int envelope_payload_read_flat(struct json_reader *json, struct row_reader *row,
                                      struct members *members, struct error *error) {
    row_begin(row);
    enum json_kind kind = JSON_KEY;
    for (; kind == JSON_KEY; kind = json_next(json)) {
        struct span name = json->text;
        bool added = payload_is_added(name);
        int member = added ? 0 : row_member(row, json, error);
        if (member < 0)
            return -1;
        if (member == 1)
            continue;
        if (added) {
            if (envelope_payload_other_member(json, HOME_ADDED, members, error) != 0)
                return -1;
            continue;
        }
        if (row->config->drift != NULL)
            row->config->drift(row->config->self, row->table, name);
        if (!json_skip(json))
            return row_broken(json, error);
    }
    members->after_kind = 1;
    members->flat = true;
    return kind == JSON_OBJECT_END ? 0 : row_broken(json, error);
}

bool payload_is_envelope_key(const struct json_reader *json) {
    return KEY_IS(json, "before") || KEY_IS(json, "after") || KEY_IS(json, "source") || KEY_IS(json, "op") ||
           KEY_IS(json, "transaction");
}

// The members from the KEY that was just read on. One that is wrong does not hide the others: they say where
// the event belongs, and whether this is an envelope at all.
static int envelope_payload_read_envelope(struct json_reader *json, struct row_reader *row,
                                          struct members *members, int depth, struct error *error) {
    int status = 0;
    enum json_kind kind = JSON_KEY;
    for (; kind == JSON_KEY; kind = json_next(json)) {
        struct error later = {0};
        if (envelope_member(json, row, members, status == 0 ? error : &later) == 0)
            continue;
        status = -1;
        if (json->error != NULL || !json_leave(json, depth))
            return row_broken(json, error);
    }
    return kind == JSON_OBJECT_END ? status : row_broken(json, error);
}

// The payload's { has been read. An unwrapped row may have columns of an envelope's names: what has no op
// and no source is read again as a row.
int payload_read(struct json_reader *json, struct row_reader *row, struct members *members,
                 struct error *error) {
    struct json_reader start = *json;
    enum json_kind kind = json_next(json);
    if (kind == JSON_OBJECT_END)
        return error_set(error, ERROR_INPUT, "neither an envelope nor a row: the object is empty");
    if (kind != JSON_KEY)
        return row_broken(json, error);
    if (!payload_is_envelope_key(json))
        return envelope_payload_read_flat(json, row, members, error);
    struct error failure = {0};
    int status = envelope_payload_read_envelope(json, row, members, start.depth, &failure);
    if (members->op.data != NULL || members->has_source || json->error != NULL) {
        if (error != NULL && (status != 0 || row->failed))
            *error = failure;
        return status;
    }
    *json = start;
    *members = members_none;
    if (json_next(json) != JSON_KEY)
        return row_broken(json, error);
    return envelope_payload_read_flat(json, row, members, error);
}

static int envelope_payload_read_schema(struct schema_cache *schemas, struct json_reader *json,
                                        const struct table *table, const struct schema **ret,
                                        struct error *error) {
    struct span bytes;
    const char *at = json_value_at(json);
    const struct schema *known = schema_at(schemas, (struct span){at, (size_t)(json->end - at)}, table);
    if (known != NULL) {
        json_accept(json, at + known->bytes.size);
        *ret = known;
        return 0;
    }
    if (!json_raw(json, &bytes))
        return row_broken(json, error);
    if (span_is(bytes, "null"))
        return 0;
    if (bytes.data[0] != '{')
        return error_set(error, ERROR_INPUT, "schema is no object");
    return schema_read(schemas, bytes, table, ret, error);
}

// Stands at the payload's {, or says that there is none: 1, 0 (null: a tombstone), -1. Takes the schema on
// the way.
int payload_enter(struct schema_cache *schemas, struct json_reader *json, const struct table *table,
                  const struct schema **ret_schema, struct error *error) {
    enum json_kind kind = json_next(json);
    if (kind == JSON_NULL)
        return 0;
    if (kind != JSON_OBJECT_BEGIN)
        return json->error != NULL ? row_broken(json, error)
                                   : error_set(error, ERROR_INPUT, "not a JSON object");
    struct json_reader inside = *json;
    if (json_next(&inside) != JSON_KEY || !KEY_IS(&inside, "schema"))
        return 1;
    if (table == NULL ? !json_skip(&inside)
                      : envelope_payload_read_schema(schemas, &inside, table, ret_schema, error) != 0)
        return json->error != NULL || table == NULL ? row_broken(&inside, error) : -1;
    if (json_next(&inside) != JSON_KEY || !KEY_IS(&inside, "payload"))
        return inside.error != NULL ? row_broken(&inside, error) : 1; // a row with a column of that name
    kind = json_next(&inside);
    if (kind == JSON_NULL)
        return 0;
    if (kind != JSON_OBJECT_BEGIN)
        return inside.error != NULL ? row_broken(&inside, error)
                                    : error_set(error, ERROR_INPUT, "payload is no object");
    *json = inside;
    return 1;
}

// After the payload's }: the wrapper's, if any, and nothing more.
int payload_leave(struct json_reader *json, struct error *error) {
    if (json->depth > 0 && !json_leave(json, 0))
        return row_broken(json, error);
    return json_next(json) == JSON_END ? 0 : row_broken(json, error);
}
