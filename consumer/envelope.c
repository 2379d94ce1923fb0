#include "consumer/envelope.h"

#include "consumer/envelope_row.h"
#include "consumer/json_flat.h"
#include "views/base/cleanup.h"

#include <stdio.h>

// Where in an object of a known shape the members stand that matter, -1 = not there.
struct source_shape {
    struct json_shape keys;
    int lsn, txid, ts_ms, table, snapshot, sequence;
};

struct transaction_shape {
    struct json_shape keys;
    int id, total_order;
};

// A connector writes the same keys in every message.
struct envelope_shapes {
    struct source_shape source;
    struct transaction_shape transaction;
};

struct envelope_decoder {
    struct envelope_config config;
    struct schema_cache *schemas;
    struct value key_values[TABLE_COLUMNS_MAX];
    struct envelope_shapes shapes;
};

int event_init(struct event *event, const struct catalog *catalog, struct error *error) {
    *event = (struct event){.expected = calloc((size_t)catalog->table_count, sizeof(int64_t)),
                            .values = calloc(TABLE_COLUMNS_MAX, sizeof(struct value))};
    if (event->expected != NULL && event->values != NULL)
        return 0;
    event_done(event);
    return error_set(error, ERROR_SYSTEM, "out of memory");
}

void event_done(struct event *event) {
    free(event->expected);
    free(event->values);
    arena_free(&event->arena);
    *event = (struct event){0};
}

int envelope_decoder_new(struct envelope_decoder **ret, const struct envelope_config *config,
                         struct error *error) {
    CLEANUP(envelope_decoder_free) struct envelope_decoder *decoder = calloc(1, sizeof *decoder);
    if (decoder == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    decoder->config = *config;
    if (schema_cache_new(&decoder->schemas, error) != 0)
        return -1;
    *ret = decoder;
    decoder = NULL;
    return 0;
}

void envelope_decoder_free(struct envelope_decoder **decoder) {
    if (*decoder == NULL)
        return;
    schema_cache_free(&(*decoder)->schemas);
    free(*decoder);
    *decoder = NULL;
}

// What an envelope or an unwrapped row says beside its columns.
struct members {
    struct span before; // data NULL = not there or null
    struct span after;
    struct span table; // source.table
    struct span op;
    struct span snapshot;
    int64_t lsn;
    int64_t previous_commit;
    int64_t txid;
    int64_t ts_ms;
    int64_t total_order;
    struct envelope_shapes *shapes;
    bool has_source;
    bool has_transaction;
    bool deleted;     // __deleted is "true"
    bool has_deleted; // __deleted is there
    bool after_read;  // the row's values are in the event
    int after_kind;   // of row_object
};

static const struct members members_none = {
    .lsn = LSN_NONE, .previous_commit = LSN_NONE, .txid = -1, .after_kind = 0};

static bool key_is(const struct json_reader *json, const char *name, size_t size) {
    return json_key_is(json, name, size);
}
#define KEY_IS(json, literal) key_is((json), (literal), sizeof(literal) - 1)

// A scalar that comes next; containers are passed over. `ret` has the raw text of a string or number, data
// NULL for null.
static int read_scalar(struct json_reader *json, struct span *ret, struct error *error) {
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

static int read_integer(struct json_reader *json, const char *name, int64_t *ret, struct error *error) {
    struct span text;
    return read_scalar(json, &text, error) != 0 ? -1 : take_integer(text, name, ret, error);
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
    if (read_scalar(json, &text, error) != 0)
        return -1;
    members->previous_commit = text.data != NULL ? first_of_sequence(text) : LSN_NONE;
    return 0;
}

static int source_member(struct json_reader *json, struct members *members, struct error *error) {
    if (KEY_IS(json, "lsn"))
        return read_integer(json, "source.lsn", &members->lsn, error);
    if (KEY_IS(json, "txId"))
        return read_integer(json, "source.txId", &members->txid, error);
    if (KEY_IS(json, "ts_ms"))
        return read_integer(json, "source.ts_ms", &members->ts_ms, error);
    if (KEY_IS(json, "table"))
        return read_scalar(json, &members->table, error);
    if (KEY_IS(json, "snapshot"))
        return read_scalar(json, &members->snapshot, error);
    if (KEY_IS(json, "sequence"))
        return read_sequence(json, members, error);
    return json_skip(json) ? 0 : row_broken(json, error);
}

// What read_scalar would give for the value at a place of a shape.
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

static int read_source(struct json_reader *json, struct members *members, struct error *error) {
    struct json_scalar scalars[JSON_SHAPE_KEYS_MAX];
    struct source_shape *shape = &members->shapes->source;
    if (json_read_shape(json, &shape->keys, scalars))
        return take_source(shape, scalars, members, error);
    const char *start = json_value_at(json);
    enum json_kind kind = json_next(json);
    if (kind == JSON_NULL)
        return 0;
    if (kind != JSON_OBJECT_BEGIN)
        return json->error != NULL ? row_broken(json, error)
                                   : error_set(error, ERROR_INPUT, "source is no object");
    members->has_source = true;
    while ((kind = json_next(json)) == JSON_KEY)
        if (source_member(json, members, error) != 0)
            return -1;
    if (kind != JSON_OBJECT_END)
        return row_broken(json, error);
    learn_source(shape, (struct span){start, (size_t)(json->next - start)});
    return 0;
}

// "621970:426187064": the transaction, then the LSN of the event that says it.
static int split_id(struct span id, int64_t *ret_txid, int64_t *ret_lsn, struct error *error) {
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
    if (shape->id >= 0 && split_id(scalar_text(scalars, shape->id), &members->txid, &lsn, error) != 0)
        return -1;
    return scalar_integer(scalars, shape->total_order, "transaction.total_order", &members->total_order,
                          error);
}

static void learn_transaction(struct transaction_shape *shape, struct span object) {
    json_learn_shape(&shape->keys, object);
    shape->id = json_shape_find(&shape->keys, "id");
    shape->total_order = json_shape_find(&shape->keys, "total_order");
}

static int read_transaction(struct json_reader *json, struct members *members, struct error *error) {
    struct json_scalar scalars[JSON_SHAPE_KEYS_MAX];
    struct transaction_shape *shape = &members->shapes->transaction;
    if (json_read_shape(json, &shape->keys, scalars))
        return take_transaction(shape, scalars, members, error);
    const char *start = json_value_at(json);
    enum json_kind kind = json_next(json);
    if (kind == JSON_NULL)
        return 0;
    if (kind != JSON_OBJECT_BEGIN)
        return json->error != NULL ? row_broken(json, error)
                                   : error_set(error, ERROR_INPUT, "transaction is no object");
    members->has_transaction = true;
    while ((kind = json_next(json)) == JSON_KEY) {
        int status = 0;
        int64_t lsn;
        struct span id;
        if (KEY_IS(json, "id"))
            status =
                read_scalar(json, &id, error) != 0 || split_id(id, &members->txid, &lsn, error) != 0 ? -1 : 0;
        else if (KEY_IS(json, "total_order"))
            status = read_integer(json, "transaction.total_order", &members->total_order, error);
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

static int raw_or_null(struct json_reader *json, struct span *ret, struct error *error) {
    if (!json_raw(json, ret))
        return row_broken(json, error);
    if (span_is(*ret, "null"))
        *ret = (struct span){0};
    return 0;
}

// "after" is read where it stands, by the topic's table and as if its op allowed placeholders: true of nearly
// every message. It is read again when source.table or the op say otherwise.
static int read_after(struct json_reader *json, struct row_reader *row, struct members *members,
                      struct error *error) {
    const char *start = json->next;
    members->after_read = true;
    members->after_kind = row_object(row, json, error);
    if (members->after_kind < 0)
        return -1;
    while (start < json->next && *start != '{' && *start != 'n')
        start++;
    if (members->after_kind == 1)
        members->after = (struct span){start, (size_t)(json->next - start)};
    return 0;
}

static int envelope_member(struct json_reader *json, struct row_reader *row, struct members *members,
                           struct error *error) {
    if (KEY_IS(json, "after"))
        return read_after(json, row, members, error);
    if (KEY_IS(json, "before"))
        return raw_or_null(json, &members->before, error);
    if (KEY_IS(json, "source"))
        return read_source(json, members, error);
    if (KEY_IS(json, "transaction"))
        return read_transaction(json, members, error);
    if (KEY_IS(json, "op"))
        return read_scalar(json, &members->op, error);
    return json_skip(json) ? 0 : row_broken(json, error);
}

// Members that ExtractNewRecordState adds (add.fields), under Debezium's default prefix "__".
static int flat_member(struct json_reader *json, struct members *members, struct error *error) {
    struct span text;
    if (KEY_IS(json, "__deleted")) {
        if (read_scalar(json, &text, error) != 0)
            return -1;
        members->has_deleted = true;
        members->deleted = span_is(text, "true");
        return 0;
    }
    if (KEY_IS(json, "__op"))
        return read_scalar(json, &members->op, error);
    if (KEY_IS(json, "__source_lsn") || KEY_IS(json, "__lsn"))
        return read_integer(json, "__source_lsn", &members->lsn, error);
    if (KEY_IS(json, "__source_txId") || KEY_IS(json, "__txId"))
        return read_integer(json, "__source_txId", &members->txid, error);
    if (KEY_IS(json, "__source_ts_ms"))
        return read_integer(json, "__source_ts_ms", &members->ts_ms, error);
    if (KEY_IS(json, "__source_table") || KEY_IS(json, "__table"))
        return read_scalar(json, &members->table, error);
    if (KEY_IS(json, "__source_snapshot") || KEY_IS(json, "__snapshot"))
        return read_scalar(json, &members->snapshot, error);
    if (KEY_IS(json, "__source_sequence") || KEY_IS(json, "__sequence"))
        return read_sequence(json, members, error);
    return json_skip(json) ? 0 : row_broken(json, error);
}

static int read_flat(struct json_reader *json, struct row_reader *row, struct members *members,
                     struct error *error) {
    row_begin(row);
    enum json_kind kind = JSON_KEY;
    for (; kind == JSON_KEY; kind = json_next(json)) {
        struct span name = json->text;
        bool added = name.size > 2 && name.data[0] == '_' && name.data[1] == '_';
        int member = added ? 0 : row_member(row, json, error);
        if (member < 0)
            return -1;
        if (member == 1)
            continue;
        if (added) {
            if (flat_member(json, members, error) != 0)
                return -1;
            continue;
        }
        if (row->config->drift != NULL)
            row->config->drift(row->config->self, row->table, name);
        if (!json_skip(json))
            return row_broken(json, error);
    }
    members->after_kind = 1;
    members->after_read = true;
    return kind == JSON_OBJECT_END ? 0 : row_broken(json, error);
}

static bool is_envelope_key(const struct json_reader *json) {
    return KEY_IS(json, "before") || KEY_IS(json, "after") || KEY_IS(json, "source") || KEY_IS(json, "op") ||
           KEY_IS(json, "transaction");
}

// The members from the KEY that was just read on. One that is wrong does not hide the others: they say where
// the event belongs, and whether this is an envelope at all.
static int read_envelope(struct json_reader *json, struct row_reader *row, struct members *members, int depth,
                         struct error *error) {
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
static int read_payload(struct json_reader *json, struct row_reader *row, struct members *members,
                        struct error *error) {
    struct json_reader start = *json;
    enum json_kind kind = json_next(json);
    if (kind == JSON_OBJECT_END)
        return error_set(error, ERROR_INPUT, "neither an envelope nor a row: the object is empty");
    if (kind != JSON_KEY)
        return row_broken(json, error);
    if (!is_envelope_key(json))
        return read_flat(json, row, members, error);
    struct error failure = {0};
    int status = read_envelope(json, row, members, start.depth, &failure);
    if (members->op.data != NULL || members->has_source || json->error != NULL) {
        if (error != NULL && (status != 0 || row->failed))
            *error = failure;
        return status;
    }
    *json = start;
    struct envelope_shapes *shapes = members->shapes;
    *members = members_none;
    members->shapes = shapes;
    if (json_next(json) != JSON_KEY)
        return row_broken(json, error);
    return read_flat(json, row, members, error);
}

static int read_schema(struct envelope_decoder *decoder, struct json_reader *json, const struct table *table,
                       const struct schema **ret, struct error *error) {
    struct span bytes;
    if (!json_raw(json, &bytes))
        return row_broken(json, error);
    if (span_is(bytes, "null"))
        return 0;
    if (bytes.data[0] != '{')
        return error_set(error, ERROR_INPUT, "schema is no object");
    return schema_read(decoder->schemas, bytes, table, ret, error);
}

// Stands at the payload's {, or says that there is none: 1, 0 (null: a tombstone), -1. Takes the schema on
// the way.
static int enter(struct envelope_decoder *decoder, struct json_reader *json, const struct table *table,
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
    if (table == NULL ? !json_skip(&inside) : read_schema(decoder, &inside, table, ret_schema, error) != 0)
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
static int leave(struct json_reader *json, struct error *error) {
    if (json->depth > 0 && !json_leave(json, 0))
        return row_broken(json, error);
    return json_next(json) == JSON_END ? 0 : row_broken(json, error);
}

static int read_row_again(struct row_reader *row, struct span object, struct error *error) {
    struct json_reader json;
    json_open(&json, object);
    return row_object(row, &json, error);
}

// FNV-1a of a key's bytes: tells whether a tombstone follows the delete of the same key.
static uint64_t hash_key(struct span key) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < key.size; i++)
        hash = (hash ^ (unsigned char)key.data[i]) * 0x100000001b3u;
    return hash;
}

static int read_key(struct envelope_decoder *decoder, const struct message *message,
                    const struct table *table, struct event *event, struct error *error) {
    if (message->key.data == NULL)
        return error_set(error, ERROR_INPUT, "no key: rows of a table are told apart by theirs");
    struct row_reader row = {
        .config = &decoder->config, .table = table, .values = decoder->key_values, .arena = &event->arena};
    struct envelope_config quiet = decoder->config; // a key's columns say nothing of drift
    quiet.drift = NULL;
    row.config = &quiet;
    struct json_reader json;
    json_open(&json, message->key);
    int status = enter(decoder, &json, table, &row.schema, error);
    if (status == 0)
        return error_set(error, ERROR_INPUT, "the key is null");
    if (status < 0 || row_rest(&row, &json, error) < 0 || leave(&json, error) != 0)
        return error_prefix(error, "key");
    return row.failed ? error_prefix(error, "key") : 0;
}

static bool same_value(const struct value *a, const struct value *b) {
    if (a->kind != b->kind)
        return false;
    if (a->kind == VALUE_INTEGER)
        return a->integer == b->integer;
    return (a->kind != VALUE_TEXT && a->kind != VALUE_BLOB) || span_equal(a->bytes, b->bytes);
}

// A key that names other columns (message.key.columns) says nothing; one that names the primary key must
// agree.
static int compare_key(const struct envelope_decoder *decoder, const struct event *event,
                       struct error *error) {
    const struct table *table = event->change.table;
    for (int i = 0; i < table->key_count; i++) {
        int column = table->keys[i];
        if (decoder->key_values[column].kind != VALUE_ABSENT &&
            !same_value(&decoder->key_values[column], &event->values[column]))
            return error_set(error, ERROR_INPUT, "key and row disagree on %s", table->columns[column].name);
    }
    return 0;
}

// A delete's row is known by its key; where the key has other columns, by "before".
static int take_key(struct envelope_decoder *decoder, struct row_reader *row, struct span before,
                    struct event *event, struct error *error) {
    const struct table *table = event->change.table;
    bool whole = true;
    for (int i = 0; i < table->key_count; i++)
        whole &= decoder->key_values[table->keys[i]].kind != VALUE_ABSENT;
    if (whole) {
        memcpy(event->values, decoder->key_values, (size_t)table->column_count * sizeof *event->values);
        return 0;
    }
    if (before.data == NULL)
        return error_set(error, ERROR_INPUT,
                         "the key lacks a column of the primary key, and there is no before");
    row->failed = false;
    if (read_row_again(row, before, error) < 0 || row->failed)
        return error_prefix(error, "before");
    return 0;
}

static int set_op(const struct members *members, struct change *change, struct error *error) {
    if (members->op.data == NULL) {
        change->op = members->deleted ? CHANGE_DELETE : CHANGE_UPDATE;
        return members->has_source ? error_set(error, ERROR_INPUT, "an envelope without op") : 0;
    }
    static const struct {
        const char *name;
        enum change_op op;
    } ops[] = {{"c", CHANGE_CREATE},
               {"u", CHANGE_UPDATE},
               {"d", CHANGE_DELETE},
               {"r", CHANGE_READ},
               {"t", CHANGE_TRUNCATE}};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (span_is(members->op, ops[i].name)) {
            change->op = members->deleted ? CHANGE_DELETE : ops[i].op;
            return 0;
        }
    }
    return error_set(error, ERROR_INPUT, "unknown op: %.*s",
                     (int)(members->op.size < 40 ? members->op.size : 40), members->op.data);
}

static void set_snapshot(struct span snapshot, struct change *change) {
    change->snapshot = SNAPSHOT_NONE;
    change->snapshot_table_last = change->snapshot_last = false;
    if (change->op != CHANGE_READ)
        return;
    change->snapshot = span_is(snapshot, "incremental") ? SNAPSHOT_INCREMENTAL : SNAPSHOT_FULL;
    change->snapshot_last = span_is(snapshot, "last");
    change->snapshot_table_last = change->snapshot_last || span_is(snapshot, "last_in_data_collection");
}

static void set_place(const struct members *members, struct event *event) {
    struct change *change = &event->change;
    change->lsn = members->lsn;
    change->previous_commit = members->previous_commit;
    change->txid = members->txid;
    change->ts_ms = members->ts_ms;
    change->total_order = members->has_transaction ? members->total_order : 0;
    event->placed = members->has_source || members->op.data != NULL || members->has_deleted;
}

// Which table the row is of: source.table knows better than the topic's name (routing transforms).
static const struct table *row_table(const struct envelope_decoder *decoder, const struct members *members,
                                     const struct table *topic_table) {
    if (members->table.data == NULL || members->table.size == 0 || span_is(members->table, topic_table->name))
        return topic_table;
    return catalog_table(decoder->config.catalog, members->table.data, members->table.size);
}

static int finish_row(struct envelope_decoder *decoder, const struct message *message, struct row_reader *row,
                      const struct members *members, struct event *event, struct error *error) {
    struct change *change = &event->change;
    bool other_table = change->table != row->table;
    bool must_exist = change->op == CHANGE_READ && row->found_unavailable;
    if (change->op == CHANGE_TRUNCATE)
        return change->lsn == LSN_NONE ? error_set(error, ERROR_INPUT, "a truncate without source.lsn") : 0;
    row->table = change->table;
    if (read_key(decoder, message, change->table, event, error) != 0)
        return -1;
    if (change->op == CHANGE_DELETE)
        return take_key(decoder, row, members->before, event, error);
    if (members->after_kind != 1)
        return error_set(error, ERROR_INPUT, "op %.*s without a row in after", (int)members->op.size,
                         members->op.data);
    if ((other_table || must_exist) && members->after.data != NULL) {
        row->may_be_unavailable = change->op != CHANGE_READ;
        row->failed = false;
        if (read_row_again(row, members->after, error) < 0)
            return -1;
    }
    if (row->failed)
        return -1;
    return compare_key(decoder, event, error);
}

static int decode_row(struct envelope_decoder *decoder, const struct table *topic_table,
                      const struct message *message, struct event *event, struct error *error) {
    struct row_reader row = {.config = &decoder->config,
                             .table = topic_table,
                             .may_be_unavailable = true,
                             .values = event->values,
                             .arena = &event->arena};
    struct members members = members_none;
    members.shapes = &decoder->shapes;
    struct json_reader json;
    struct change *change = &event->change;
    change->table = topic_table;
    event->key_hash = hash_key(message->key);
    json_open(&json, message->value);
    int entered = message->value.size == 0 ? 0 : enter(decoder, &json, topic_table, &row.schema, error);
    if (entered < 0)
        return -1;
    if (entered == 0) {
        *change = (struct change){.op = CHANGE_TOMBSTONE,
                                  .table = topic_table,
                                  .values = event->values,
                                  .lsn = LSN_NONE,
                                  .previous_commit = LSN_NONE,
                                  .txid = -1};
        if (read_key(decoder, message, topic_table, event, error) != 0)
            return -1;
        return take_key(decoder, &row, (struct span){0}, event, error);
    }
    struct error failure = {0};
    int status = read_payload(&json, &row, &members, &failure);
    if (status == 0)
        status = leave(&json, &failure);
    // A row that is broken in a column still has its place; one that is broken as JSON may have been cut
    // anywhere.
    if (json.error == NULL)
        set_place(&members, event);
    if (status == 0)
        status = set_op(&members, change, &failure);
    if (status == 0) {
        set_snapshot(members.snapshot, change);
        change->table = row_table(decoder, &members, topic_table);
        if (change->table == NULL) {
            event->kind = EVENT_NOTHING;
            return 0;
        }
        status = finish_row(decoder, message, &row, &members, event, &failure);
    }
    if (status != 0 && error != NULL)
        *error = failure;
    return status;
}

static int collection_member(struct json_reader *json, struct span *name, int64_t *count,
                             struct error *error) {
    if (KEY_IS(json, "data_collection"))
        return read_scalar(json, name, error);
    if (KEY_IS(json, "event_count"))
        return read_integer(json, "event_count", count, error);
    return json_skip(json) ? 0 : row_broken(json, error);
}

// [{"data_collection":"public.orders","event_count":2},..]: tables that are not mirrored here do not count.
static int read_collections(const struct envelope_decoder *decoder, struct json_reader *json,
                            struct event *event, struct error *error) {
    enum json_kind kind = json_next(json);
    if (kind == JSON_NULL)
        return 0;
    if (kind != JSON_ARRAY_BEGIN)
        return json->error != NULL ? row_broken(json, error)
                                   : error_set(error, ERROR_INPUT, "data_collections is no array");
    while ((kind = json_next(json)) == JSON_OBJECT_BEGIN) {
        struct span name = {0};
        int64_t count = 0;
        while ((kind = json_next(json)) == JSON_KEY)
            if (collection_member(json, &name, &count, error) != 0)
                return -1;
        if (kind != JSON_OBJECT_END)
            return row_broken(json, error);
        const char *dot = name.data != NULL ? memchr(name.data, '.', name.size) : NULL;
        const struct table *table = dot != NULL ? catalog_table(decoder->config.catalog, dot + 1,
                                                                name.size - (size_t)(dot + 1 - name.data))
                                                : NULL;
        if (count < 0)
            return error_set(error, ERROR_INPUT, "event_count is negative");
        if (table != NULL) {
            event->expected[table->index] += count;
            event->expected_total += count;
        }
    }
    return kind == JSON_ARRAY_END ? 0 : row_broken(json, error);
}

static int transaction_member(const struct envelope_decoder *decoder, struct json_reader *json,
                              struct span *status, struct span *id, struct event *event,
                              struct error *error) {
    if (KEY_IS(json, "status"))
        return read_scalar(json, status, error);
    if (KEY_IS(json, "id"))
        return read_scalar(json, id, error);
    if (KEY_IS(json, "ts_ms"))
        return read_integer(json, "ts_ms", &event->change.ts_ms, error);
    if (KEY_IS(json, "event_count"))
        return read_integer(json, "event_count", &event->event_count, error);
    if (KEY_IS(json, "data_collections"))
        return read_collections(decoder, json, event, error);
    return json_skip(json) ? 0 : row_broken(json, error);
}

static int decode_transaction(struct envelope_decoder *decoder, const struct message *message,
                              struct event *event, struct error *error) {
    struct json_reader json;
    const struct schema *none = NULL;
    json_open(&json, message->value);
    int entered = message->value.size == 0 ? 0 : enter(decoder, &json, NULL, &none, error);
    if (entered <= 0)
        return entered; // a tombstone in a compacted transaction topic says nothing
    memset(event->expected, 0, (size_t)decoder->config.catalog->table_count * sizeof *event->expected);
    event->expected_total = event->event_count = 0;
    struct span status = {0};
    struct span id = {0};
    enum json_kind kind;
    while ((kind = json_next(&json)) == JSON_KEY)
        if (transaction_member(decoder, &json, &status, &id, event, error) != 0)
            return -1;
    if (kind != JSON_OBJECT_END)
        return row_broken(&json, error);
    if (leave(&json, error) != 0 || split_id(id, &event->change.txid, &event->change.lsn, error) != 0)
        return -1;
    if (!span_is(status, "BEGIN") && !span_is(status, "END"))
        return error_set(error, ERROR_INPUT, "status is neither BEGIN nor END");
    event->kind = span_is(status, "END") ? EVENT_END : EVENT_BEGIN;
    if (event->kind == EVENT_END && event->change.lsn == LSN_NONE)
        return error_set(error, ERROR_INPUT, "the id of an END has no LSN");
    return 0;
}

static int decode_heartbeat(struct envelope_decoder *decoder, const struct message *message,
                            struct event *event, struct error *error) {
    struct json_reader json;
    const struct schema *none = NULL;
    json_open(&json, message->value);
    int entered = message->value.size == 0 ? 0 : enter(decoder, &json, NULL, &none, error);
    if (entered <= 0)
        return entered;
    enum json_kind kind;
    while ((kind = json_next(&json)) == JSON_KEY) {
        if (KEY_IS(&json, "ts_ms")) {
            if (read_integer(&json, "ts_ms", &event->heartbeat_ms, error) != 0)
                return -1;
        } else if (!json_skip(&json)) {
            return row_broken(&json, error);
        }
    }
    if (kind != JSON_OBJECT_END)
        return row_broken(&json, error);
    if (leave(&json, error) != 0)
        return -1;
    event->kind = EVENT_HEARTBEAT;
    return 0;
}

int envelope_decode(struct envelope_decoder *decoder, enum topic_role role, const struct table *table,
                    const struct message *message, struct event *ret, struct error *error) {
    arena_reset(&ret->arena);
    ret->kind = EVENT_NOTHING;
    ret->placed = false;
    ret->heartbeat_ms = 0;
    ret->change = (struct change){
        .table = table, .values = ret->values, .lsn = LSN_NONE, .previous_commit = LSN_NONE, .txid = -1};
    if (message->value.size > ENVELOPE_BYTES_MAX)
        return error_set(error, ERROR_INPUT, "a value of %zu bytes: at most %d are read", message->value.size,
                         ENVELOPE_BYTES_MAX);
    int status = 0;
    switch (role) {
    case TOPIC_TABLE:
        ret->kind = EVENT_CHANGE;
        status = decode_row(decoder, table, message, ret, error);
        break;
    case TOPIC_TRANSACTION:
        status = decode_transaction(decoder, message, ret, error);
        break;
    case TOPIC_HEARTBEAT:
        status = decode_heartbeat(decoder, message, ret, error);
        break;
    case TOPIC_IGNORED:
        break;
    }
    ret->source_lsn = ret->change.lsn;
    ret->source_previous_commit = ret->change.previous_commit;
    return status;
}
