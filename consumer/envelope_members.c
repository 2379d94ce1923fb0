#include "consumer/envelope_members.h"

#include "consumer/envelope_row.h"

const struct members members_none = {
    .lsn = LSN_NONE, .previous_commit = LSN_NONE, .txid = -1, .after_kind = 0};

// A scalar that comes next; containers are passed over. `ret` has the raw text of a string or number, data
// NULL for null.
int members_scalar(struct json_reader *json, struct span *ret, struct error *error) {
    *ret = (struct span){0};
    switch (json_next(json)) {
    case JSON_STRING:
    case JSON_NUMBER:
        *ret = json->text;
        return 0;
    case JSON_TRUE:
        *ret = SPAN("true");
        return 0;
    case JSON_FALSE:
        *ret = SPAN("false");
        return 0;
    case JSON_NULL:
        return 0;
    case JSON_OBJECT_BEGIN:
    case JSON_ARRAY_BEGIN:
        return json_leave(json, json->depth - 1) ? 0 : row_broken(json, error);
    default:
        return row_broken(json, error);
    }
}

// A number, or a string that holds one (unwrapped members, Connect's own converters).
static int take_integer(struct span text, const char *name, int64_t *ret, struct error *error) {
    if (text.data == NULL || json_to_integer(text, ret))
        return 0;
    return error_set(error, ERROR_INPUT, "%s is no integer: %.*s", name,
                     (int)(text.size < 40 ? text.size : 40), text.data);
}

int members_integer(struct json_reader *json, const char *name, int64_t *ret, struct error *error) {
    struct span text;
    return members_scalar(json, &text, error) != 0 ? -1 : take_integer(text, name, ret, error);
}

// "[\"426202712\",\"426202768\"]" with its quotes escaped: the first entry, a number or null.
static int64_t first_of_sequence(struct span sequence) {
    const char *c = sequence.data;
    const char *end = c + sequence.size;
    while (c < end && (*c == '[' || *c == '\\' || *c == '"' || *c == ' '))
        c++;
    const char *digits = c;
    while (c < end && *c >= '0' && *c <= '9')
        c++;
    int64_t lsn;
    return c > digits && json_to_integer((struct span){digits, (size_t)(c - digits)}, &lsn) ? lsn : LSN_NONE;
}

static int read_sequence(struct json_reader *json, struct members *members, struct error *error) {
    struct span text;
    if (members_scalar(json, &text, error) != 0)
        return -1;
    members->previous_commit = text.data != NULL ? first_of_sequence(text) : LSN_NONE;
    return 0;
}

static int source_member(struct json_reader *json, struct members *members, struct error *error) {
    if (KEY_IS(json, "lsn"))
        return members_integer(json, "source.lsn", &members->lsn, error);
    if (KEY_IS(json, "txId"))
        return members_integer(json, "source.txId", &members->txid, error);
    if (KEY_IS(json, "ts_ms"))
        return members_integer(json, "source.ts_ms", &members->ts_ms, error);
    if (KEY_IS(json, "table"))
        return members_scalar(json, &members->table, error);
    if (KEY_IS(json, "snapshot"))
        return members_scalar(json, &members->snapshot, error);
    if (KEY_IS(json, "sequence"))
        return read_sequence(json, members, error);
    return json_skip(json) ? 0 : row_broken(json, error);
}

// What members_scalar would give for the value at a place of a shape.
static struct span scalar_text(const struct json_scalar *scalars, int place) {
    if (place < 0 || scalars[place].kind == JSON_NULL)
        return (struct span){0};
    if (scalars[place].kind == JSON_TRUE)
        return SPAN("true");
    return scalars[place].kind == JSON_FALSE ? SPAN("false") : scalars[place].text;
}

static int scalar_integer(const struct json_scalar *scalars, int place, const char *name, int64_t *ret,
                          struct error *error) {
    return take_integer(scalar_text(scalars, place), name, ret, error);
}

static int take_source(const struct source_shape *shape, const struct json_scalar *scalars,
                       struct members *members, struct error *error) {
    members->has_source = true;
    members->table = scalar_text(scalars, shape->table);
    members->snapshot = scalar_text(scalars, shape->snapshot);
    struct span sequence = scalar_text(scalars, shape->sequence);
    members->previous_commit = sequence.data != NULL ? first_of_sequence(sequence) : LSN_NONE;
    if (scalar_integer(scalars, shape->lsn, "source.lsn", &members->lsn, error) != 0 ||
        scalar_integer(scalars, shape->txid, "source.txId", &members->txid, error) != 0)
        return -1;
    return scalar_integer(scalars, shape->ts_ms, "source.ts_ms", &members->ts_ms, error);
}

static void learn_source(struct source_shape *shape, struct span object) {
    json_learn_shape(&shape->keys, object);
    shape->lsn = json_shape_find(&shape->keys, "lsn");
    shape->txid = json_shape_find(&shape->keys, "txId");
    shape->ts_ms = json_shape_find(&shape->keys, "ts_ms");
    shape->table = json_shape_find(&shape->keys, "table");
    shape->snapshot = json_shape_find(&shape->keys, "snapshot");
    shape->sequence = json_shape_find(&shape->keys, "sequence");
}

// The { of a member's object: 1, or 0 for null.
static int open_object(struct json_reader *json, const char *name, struct error *error) {
    enum json_kind kind = json_next(json);
    if (kind == JSON_OBJECT_BEGIN || kind == JSON_NULL)
        return kind == JSON_OBJECT_BEGIN;
    return json->error != NULL ? row_broken(json, error)
                               : error_set(error, ERROR_INPUT, "%s is no object", name);
}

int members_read_source(struct json_reader *json, struct members *members, struct error *error) {
    struct json_scalar scalars[JSON_SHAPE_KEYS_MAX];
    struct source_shape *shape = &members->shapes->source;
    if (json_read_shape(json, &shape->keys, scalars))
        return take_source(shape, scalars, members, error);
    const char *start = json_value_at(json);
    int opened = open_object(json, "source", error);
    if (opened <= 0)
        return opened;
    members->has_source = true;
    enum json_kind kind;
    while ((kind = json_next(json)) == JSON_KEY)
        if (source_member(json, members, error) != 0)
            return -1;
    if (kind != JSON_OBJECT_END)
        return row_broken(json, error);
    learn_source(shape, (struct span){start, (size_t)(json->next - start)});
    return 0;
}

// "621970:426187064": the transaction, then the LSN of the event that says it.
int members_split_id(struct span id, int64_t *ret_txid, int64_t *ret_lsn, struct error *error) {
    const char *colon = id.data != NULL ? memchr(id.data, ':', id.size) : NULL;
    size_t head = colon != NULL ? (size_t)(colon - id.data) : id.size;
    int64_t txid = -1;
    int64_t lsn = LSN_NONE;
    if (id.data == NULL || !json_to_integer((struct span){id.data, head}, &txid) ||
        (colon != NULL && !json_to_integer((struct span){colon + 1, id.size - head - 1}, &lsn)))
        return error_set(error, ERROR_INPUT, "transaction id is not TXID:LSN: %.*s",
                         id.data == NULL ? 4 : (int)(id.size < 40 ? id.size : 40),
                         id.data != NULL ? id.data : "null");
    *ret_txid = txid;
    *ret_lsn = lsn;
    return 0;
}

static int take_transaction(const struct transaction_shape *shape, const struct json_scalar *scalars,
                            struct members *members, struct error *error) {
    int64_t lsn;
    members->has_transaction = true;
    if (shape->id >= 0 && members_split_id(scalar_text(scalars, shape->id), &members->txid, &lsn, error) != 0)
        return -1;
    return scalar_integer(scalars, shape->total_order, "transaction.total_order", &members->total_order,
                          error);
}

static void learn_transaction(struct transaction_shape *shape, struct span object) {
    json_learn_shape(&shape->keys, object);
    shape->id = json_shape_find(&shape->keys, "id");
    shape->total_order = json_shape_find(&shape->keys, "total_order");
}

int members_read_transaction(struct json_reader *json, struct members *members, struct error *error) {
    struct json_scalar scalars[JSON_SHAPE_KEYS_MAX];
    struct transaction_shape *shape = &members->shapes->transaction;
    if (json_read_shape(json, &shape->keys, scalars))
        return take_transaction(shape, scalars, members, error);
    const char *start = json_value_at(json);
    int opened = open_object(json, "transaction", error);
    if (opened <= 0)
        return opened;
    members->has_transaction = true;
    enum json_kind kind;
    while ((kind = json_next(json)) == JSON_KEY) {
        int status = 0;
        int64_t lsn;
        struct span id;
        if (KEY_IS(json, "id"))
            status = members_scalar(json, &id, error) != 0 ||
                             members_split_id(id, &members->txid, &lsn, error) != 0
                         ? -1
                         : 0;
        else if (KEY_IS(json, "total_order"))
            status = members_integer(json, "transaction.total_order", &members->total_order, error);
        else if (!json_skip(json))
            status = row_broken(json, error);
        if (status != 0)
            return -1;
    }
    if (kind != JSON_OBJECT_END)
        return row_broken(json, error);
    learn_transaction(shape, (struct span){start, (size_t)(json->next - start)});
    return 0;
}
// Members that ExtractNewRecordState adds (add.fields), under Debezium's default prefix "__".
int members_read_added(struct json_reader *json, struct members *members, struct error *error) {
    struct span text;
    if (KEY_IS(json, "__deleted")) {
        if (members_scalar(json, &text, error) != 0)
            return -1;
        members->has_deleted = true;
        members->deleted = span_is(text, "true");
        return 0;
    }
    if (KEY_IS(json, "__op"))
        return members_scalar(json, &members->op, error);
    if (KEY_IS(json, "__source_lsn") || KEY_IS(json, "__lsn"))
        return members_integer(json, "__source_lsn", &members->lsn, error);
    if (KEY_IS(json, "__source_txId") || KEY_IS(json, "__txId"))
        return members_integer(json, "__source_txId", &members->txid, error);
    if (KEY_IS(json, "__source_ts_ms"))
        return members_integer(json, "__source_ts_ms", &members->ts_ms, error);
    if (KEY_IS(json, "__source_table") || KEY_IS(json, "__table"))
        return members_scalar(json, &members->table, error);
    if (KEY_IS(json, "__source_snapshot") || KEY_IS(json, "__snapshot"))
        return members_scalar(json, &members->snapshot, error);
    if (KEY_IS(json, "__source_sequence") || KEY_IS(json, "__sequence"))
        return read_sequence(json, members, error);
    return json_skip(json) ? 0 : row_broken(json, error);
}
