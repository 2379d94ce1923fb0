#include "consumer/decode/envelope.h"

#include "consumer/decode/cells.h"
#include "consumer/decode/envelope/bare_key.h"
#include "consumer/decode/envelope/before.h"
#include "consumer/decode/envelope/heartbeat.h"
#include "consumer/decode/envelope/key_check.h"
#include "consumer/decode/envelope/mend.h"
#include "consumer/decode/envelope/odd_row.h"
#include "consumer/decode/envelope/payload.h"
#include "consumer/decode/envelope/row_times.h"
#include "consumer/decode/envelope/shape.h"
#include "consumer/decode/envelope/transaction.h"
#include "consumer/decode/framing.h"
#include "consumer/decode/guess.h"
#include "consumer/decode/placement.h"
#include "views/base/cleanup.h"
#include "views/base/utf8.h"
#include "views/engine/line_name.h"

#include <stdatomic.h>
#include <stdio.h>

// Whose row it is, as far as its values depend on it. UNSEEN: none came yet. MARIADB: also one of a binlog that names no connector.
// OTHER: also one that names no connector.
enum source_kind {
    SOURCE_UNSEEN,
    SOURCE_OTHER,
    SOURCE_POSTGRES,
    SOURCE_MYSQL,
    SOURCE_MARIADB,
    SOURCE_OF_MYSQLS_TIMES, // TiDB's and Vitess' rows have the times of MySQL's, and none of its connector's faults
    SOURCE_OF_OTHER_TIMES,
    SOURCE_KINDS
};

struct envelope_decoder {
    struct envelope_config config;
    struct schema_cache *schemas;
    struct shapes *shapes;
    struct value_settings (*settings)[SOURCE_KINDS]; // by table
    uint8_t *sources;                                // by table: of the newest row
    bool *respelt_keys; // by table: its key is one value in several spellings (1.5, 1.50; a UUID's letters)
    bool *other_keys;   // by table: its messages' key has other columns than the declared one
    // By table: what a row's schema says of the key's columns, where keys bring none and it says more than the declaration;
    // owned, NULL: nothing.
    struct schema **key_schemas;
    struct value key_values[TABLE_COLUMNS_MAX];
    struct transaction_tables tables;
};

int envelope_decoder_new(struct envelope_decoder **ret, const struct envelope_config *config,
                         struct error *error) {
    CLEANUP(envelope_decoder_free) struct envelope_decoder *decoder = calloc(1, sizeof *decoder);
    if (decoder == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    decoder->config = *config;
    decoder->tables.catalog = config->catalog;
    decoder->settings = calloc((size_t)config->catalog->table_count + 1, sizeof *decoder->settings);
    decoder->sources = calloc((size_t)config->catalog->table_count + 1, sizeof *decoder->sources);
    decoder->other_keys = calloc((size_t)config->catalog->table_count + 1, sizeof *decoder->other_keys);
    decoder->key_schemas = calloc((size_t)config->catalog->table_count + 1, sizeof *decoder->key_schemas);
    decoder->respelt_keys = calloc((size_t)config->catalog->table_count + 1, sizeof *decoder->respelt_keys);
    if (decoder->settings == NULL || decoder->sources == NULL || decoder->other_keys == NULL ||
        decoder->key_schemas == NULL || decoder->respelt_keys == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int i = 0; i < config->catalog->table_count; i++) {
        const struct table *table = &config->catalog->tables[i];
        struct value_settings settings = value_settings_of(table, config->settings);
        decoder->settings[i][SOURCE_UNSEEN] = settings;
        decoder->settings[i][SOURCE_OTHER] = value_settings_of_nameless(&settings);
        decoder->settings[i][SOURCE_POSTGRES] = value_settings_of_postgres(&settings);
        decoder->settings[i][SOURCE_MYSQL] = decoder->settings[i][SOURCE_MARIADB] =
            decoder->settings[i][SOURCE_OF_MYSQLS_TIMES] = value_settings_of_mysql(&settings);
        decoder->settings[i][SOURCE_OF_OTHER_TIMES] = value_settings_of_others(&settings);
        for (int k = 0; k < table->key_count; k++)
            decoder->respelt_keys[i] |= table->columns[table->keys[k]].type == COLUMN_NUMERIC ||
                                        table->columns[table->keys[k]].variant == COLUMN_UUID;
    }
    if (schema_cache_new(&decoder->schemas, error) != 0 ||
        shapes_new(&decoder->shapes, &decoder->config, error) != 0)
        return -1;
    *ret = decoder;
    decoder = NULL;
    return 0;
}

void envelope_decoder_free(struct envelope_decoder **decoder) {
    if (*decoder == NULL)
        return;
    schema_cache_free(&(*decoder)->schemas);
    shapes_free(&(*decoder)->shapes);
    free((*decoder)->settings);
    free((*decoder)->sources);
    free((*decoder)->other_keys);
    for (int i = 0; (*decoder)->key_schemas != NULL && i < (*decoder)->config.catalog->table_count; i++)
        free((*decoder)->key_schemas[i]);
    free((*decoder)->key_schemas);
    free((*decoder)->respelt_keys);
    free(*decoder);
    *decoder = NULL;
}

static const struct value_settings *envelope_settings(const struct envelope_decoder *decoder,
                                                      const struct table *table) {
    return &decoder->settings[table->index][decoder->sources[table->index]];
}

static uint8_t envelope_source_of(const struct members *members) {
    if (members_is_postgres(members))
        return SOURCE_POSTGRES;
    if (members_may_be_mariadb(members))
        return SOURCE_MARIADB;
    if (members_is_mysql(members))
        return SOURCE_MYSQL;
    if (members_has_mysqls_times(members))
        return SOURCE_OF_MYSQLS_TIMES;
    return members_has_other_times(members) ? SOURCE_OF_OTHER_TIMES : SOURCE_OTHER;
}

void envelope_seen_postgres(_Atomic unsigned char *seen, int table_count) {
    for (int i = 0; i < table_count; i++)
        atomic_store_explicit(&seen[i], SOURCE_POSTGRES, memory_order_relaxed);
}

static void envelope_note_source(struct envelope_decoder *decoder, const struct table *table,
                                 const struct members *members) {
    uint8_t source = envelope_source_of(members);
    if (decoder->sources[table->index] == source)
        return;
    decoder->sources[table->index] = source;
    if (decoder->config.seen != NULL)
        atomic_store_explicit(&decoder->config.seen[table->index], source, memory_order_relaxed);
}

// An object of the message that was passed over, as a row of row->table.
static int envelope_read_row_again(const struct envelope_decoder *decoder, struct row_reader *row,
                                   struct span object, struct error *error) {
    shapes_tell_drift(decoder->shapes); // in the order in which it was seen
    struct span schema = row->schema != NULL ? row->schema->bytes : row->schema_bytes;
    if (schema.data != NULL && schema_read(decoder->schemas, schema, row->table, &row->schema, error) != 0)
        return -1;
    struct json_reader json;
    json_open(&json, object);
    return row_object(row, &json, error);
}

// The message's row once more, by row->table's columns and row->settings.
static int envelope_read_value_again(const struct envelope_decoder *decoder, struct row_reader *row,
                                     struct span value, struct error *error) {
    struct members known = members_none;
    struct payload_form form;
    struct json_reader json;
    known.arena = row->arena;
    json_open(&json, value);
    if (payload_enter_object(decoder->schemas, &json, row->table, &form, error) != 1)
        return -1;
    row->schema = form.schema;
    return payload_read(&json, row, &known, &form, error);
}

// An unwrapped row, as one of row->table: it was read by the columns of another.
static int envelope_read_flat_again(const struct envelope_decoder *decoder, struct row_reader *row,
                                    struct span value, struct error *error) {
    shapes_tell_drift(decoder->shapes); // in the order in which it was seen
    row->failed = row->found_unavailable = false;
    return envelope_read_value_again(decoder, row, value, error);
}

// Tells by a key's bytes whether a tombstone follows the delete of the same key. Eight bytes at a time, since
// a key may bring its schema.
static uint64_t envelope_hash_key(struct span key) {
    const uint64_t odd = 0x9E3779B97F4A7C15u;
    uint64_t hash = key.size * odd;
    for (size_t at = 0; at < key.size; at += 8) {
        uint64_t word = 0;
        if (key.size - at >= 8)
            memcpy(&word, key.data + at, 8);
        else
            memcpy(&word, key.data + at, key.size - at);
        hash = (hash ^ word) * odd;
        hash ^= hash >> 32;
    }
    return hash;
}

// Each of the key's columns into decoder->key_values, by the general reader. `of_row`: the schema of the row that it came
// with, where that is news; NULL: none.
static int envelope_read_key_generally(struct envelope_decoder *decoder, struct span key,
                                       const struct schema *of_row, struct row_reader *row,
                                       struct error *error) {
    struct json_reader json;
    json_open(&json, key);
    struct payload_form form;
    if (bare_key_is_text(row->table, key))
        return bare_key_read_text(key, row, error);
    int kind = payload_enter(decoder->schemas, &json, row->table, &form, error);
    if (kind == PAYLOAD_NULL)
        return error_set(error, ERROR_INPUT, "the key is null");
    if (form.schema == NULL && of_row != NULL &&
        schema_learn_key(decoder->schemas, of_row->bytes, row->table,
                         &decoder->key_schemas[row->table->index], error) != 0)
        return -1;
    row->schema = form.schema != NULL ? form.schema : decoder->key_schemas[row->table->index];
    if (kind == PAYLOAD_SCALAR || (kind < 0 && json.error != NULL))
        return bare_key_read(&json, kind, key, row, error);
    form.flat = form.certain = true;
    if (kind < 0 || row_rest(row, &json, error) < 0 || payload_leave(&json, error) != 0)
        return error_prefix(error, "key");
    if (row->failed)
        return error_prefix(error, "key");
    if (key_check(row->config->self, row->table, row->values, error) != 0)
        return -1;
    decoder->other_keys[row->table->index] |= row->values[row->table->keys[0]].kind == VALUE_ABSENT;
    if (row->schema == form.schema)
        shapes_learn_key(decoder->shapes, key, row->table, &form);
    return 0;
}

// When the row was written: of a source that does not say so, the broker's time is as good.
static int64_t envelope_written_ms(const struct message *message, const struct change *change) {
    return change->ts_ms > 0 ? change->ts_ms : message->ts_ms;
}

static int envelope_read_key(struct envelope_decoder *decoder, const struct message *message,
                             const struct row_reader *of, const struct table *table, struct event *event,
                             struct error *error) {
    if (message->key.data == NULL)
        return error_set(error, ERROR_INPUT, "no key: rows of a table are told apart by theirs");
    struct key_check check = {.passes = decoder->config.other_keys}; // a key's columns say nothing of drift
    struct envelope_config quiet = decoder->config;
    quiet.drift = key_check_note_unknown;
    quiet.self = &check;
    struct row_reader row = {.config = &quiet,
                             .table = table,
                             .settings = envelope_settings(decoder, table),
                             .values = decoder->key_values,
                             .arena = &event->arena,
                             .far = -1,
                             .unsure = -1};
    // The schema of a row that no shape knows may say more of the key than when the key's shape was learnt.
    const struct schema *of_row = of != NULL && !of->by_shape ? of->schema : NULL;
    bool by_shape = of_row == NULL && decoder->key_schemas[table->index] == NULL &&
                    shapes_read_key(decoder->shapes, message->key, &row);
    if (!by_shape && envelope_read_key_generally(decoder, message->key, of_row, &row, error) != 0)
        return -1;
    // A row's own time is looked at with the row.
    return of == NULL ? row_times_check(&row, envelope_written_ms(message, &event->change), error) : 0;
}

static bool envelope_has_a_column(const struct event *event) {
    for (int i = 0; i < event->change.table->column_count; i++)
        if (event->values[i].kind != VALUE_ABSENT)
            return true;
    return false;
}

// A key that names other columns (message.key.columns) says nothing; one that names the primary key must
// agree. What of it the row lacks the key alone says: a router's field (key.field.name), a column that a transform has
// taken out of the value.
static int envelope_compare_key(const struct envelope_decoder *decoder, const struct message *message,
                                const struct members *members, const struct event *event,
                                struct error *error) {
    const struct table *table = event->change.table;
    for (int i = 0; i < table->key_count; i++) {
        int column = table->keys[i];
        if (event->values[column].kind == VALUE_ABSENT && !envelope_has_a_column(event))
            return odd_row_refuse_columns(message->value, members, table, error);
        if (event->values[column].kind == VALUE_ABSENT)
            event->values[column] = decoder->key_values[column];
        else if (decoder->key_values[column].kind != VALUE_ABSENT &&
                 !value_same(&decoder->key_values[column], &event->values[column]))
            return error_set(error, ERROR_INPUT, "key and row disagree on %s", table->columns[column].name);
    }
    return 0;
}

static bool envelope_has_key(const struct table *table, const struct value *values) {
    for (int i = 0; i < table->key_count; i++) {
        enum value_kind kind = values[table->keys[i]].kind;
        if (kind == VALUE_ABSENT || kind == VALUE_NULL)
            return false;
    }
    return true;
}

// A delete's row, or a tombstone's, is known by its key; where the key has other columns, by "before", or by what an
// unwrapped row says, which is in the event's values then.
static int envelope_take_key(struct envelope_decoder *decoder, struct row_reader *row,
                             const struct message *message, const struct members *members,
                             struct event *event, struct error *error) {
    const struct table *table = event->change.table;
    event->key_hash = envelope_hash_key(message->key);
    bool whole = true;
    for (int i = 0; i < table->key_count; i++)
        whole &= decoder->key_values[table->keys[i]].kind != VALUE_ABSENT;
    if (whole) {
        memcpy(event->values, decoder->key_values, (size_t)table->column_count * sizeof *event->values);
        return 0;
    }
    if (members->flat && row->failed && envelope_read_flat_again(decoder, row, message->value, error) != 0)
        return -1;
    if (members->flat && envelope_has_key(table, event->values))
        return row->failed ? -1 : 0;
    if (members->before.data == NULL)
        return error_set(error, ERROR_INPUT,
                         "the key lacks a column of the primary key, and there is no before");
    row->failed = false;
    if (envelope_read_row_again(decoder, row, members->before, error) < 0 || row->failed)
        return error_prefix(error, "before");
    return 0;
}

static int envelope_set_op(const struct members *members, struct change *change, struct error *error) {
    change->op_untold = members->op.data == NULL && !members->deleted;
    if (members->op.data == NULL) {
        change->op = members->deleted ? CHANGE_DELETE : CHANGE_UPDATE;
        return members->flat ? 0 : error_set(error, ERROR_INPUT, "%s", guess_opless);
    }
    char op = members->op.size == 1 ? members->op.data[0] : '\0';
    switch (op) {
    case 'c':
        change->op = CHANGE_CREATE;
        break;
    case 'u':
        change->op = CHANGE_UPDATE;
        break;
    case 'd':
        change->op = CHANGE_DELETE;
        break;
    case 'r':
        change->op = CHANGE_READ;
        break;
    case 't':
        change->op = CHANGE_TRUNCATE;
        break;
    default:
        return error_set(error, ERROR_INPUT, "unknown op: %.*s", members_visible(members->op),
                         members->op.data);
    }
    if (members->deleted)
        change->op = CHANGE_DELETE;
    return 0;
}

static void envelope_set_snapshot(const struct members *members, struct change *change) {
    struct span snapshot = members->snapshot;
    change->snapshot = SNAPSHOT_NONE;
    change->snapshot_first = change->snapshot_table_last = change->snapshot_last = false;
    // ReadToInsertEvent makes a create of a snapshot's row, and unwrapped rows need not say their op.
    if ((change->op == CHANGE_CREATE || (change->op_untold && change->op == CHANGE_UPDATE)) &&
        snapshot.size > 0 && !span_is(snapshot, "false") && !members_is_beside_snapshot(members))
        change->op = CHANGE_READ;
    if (change->op != CHANGE_READ)
        return;
    change->snapshot = span_is(snapshot, "incremental") ? SNAPSHOT_INCREMENTAL : SNAPSHOT_FULL;
    change->snapshot_first = span_is(snapshot, "first");
    change->snapshot_last = span_is(snapshot, "last");
    change->snapshot_table_last = change->snapshot_last || span_is(snapshot, "last_in_data_collection");
}

static void envelope_set_place(struct members *members, struct event *event) {
    struct change *change = &event->change;
    event->positions = members_positions(members);
    if (event->positions != POSITIONS_LSN) {
        event->foreign_member = members->foreign;
        event->connector = members->connector;
        event->server = members->server;
    }
    event->schema = members->schema;
    event->table = members->table;
    change->lsn = members->lsn;
    change->previous_commit = members->previous_commit;
    event->is_first = members->has_sequence && members->previous_commit == LSN_NONE;
    bool untold = members->txid < 0 && members->lsn != LSN_NONE && event->positions == POSITIONS_LSN;
    change->txid = untold ? TXID_UNTOLD : members->txid;
    change->ts_ms = members->ts_ms;
    change->total_order = members->has_transaction ? members->total_order : 0;
    event->placed = members->has_source || members->op.data != NULL || members->has_deleted;
}

// A truncate of a part would empty the whole: which of the table's rows are the part's is not known.
static int envelope_check_truncate(const struct members *members, const struct change *change,
                                   struct error *error) {
    if (!placement_is_itself(change->table, members->schema, members->table))
        return error_set(
            error, ERROR_INPUT,
            "a truncate of %.*s alone, whose rows are kept in table %s with others: they stay; delete "
            "them at the source, or read into a new file",
            members_visible(members->table), members->table.data, change->table->name);
    return change->lsn == LSN_NONE ? error_set(error, ERROR_INPUT, "a truncate without source.lsn") : 0;
}

static bool envelope_wants_before(const struct envelope_decoder *decoder, const struct members *members,
                                  const struct change *change) {
    return before_is_wanted(members, change->op, decoder->other_keys[change->table->index]);
}

// Whether the key that was read has other declared columns than the primary key.
static bool envelope_has_other_key(const struct envelope_decoder *decoder, const struct table *table) {
    int named = 0, others = 0;
    for (int i = 0; i < table->column_count; i++)
        if (decoder->key_values[i].kind != VALUE_ABSENT)
            *(table->columns[i].key != 0 ? &named : &others) += 1;
    return others > 0 || named != table->key_count;
}

// An update that changes a message's key is a delete and a create of one place to Debezium. They are of one row here where
// the key is spelt anew (1.5, 1.50), or where another of its columns changed (message.key.columns). The create comes behind:
// WAL records begin at multiples of eight bytes, so the odd place is nobody's. In a binlog the delete comes before it, where
// nothing but another row's image is.
static void envelope_place_one_row(const struct envelope_decoder *decoder, enum event_positions positions,
                                   bool other_key, struct change *change) {
    if (!other_key && !decoder->respelt_keys[change->table->index])
        return;
    if (change->op == CHANGE_CREATE && positions == POSITIONS_LSN && change->lsn != LSN_NONE &&
        (change->lsn & 1) == 0) {
        change->lsn++;
        change->behind_delete = true;
    }
    if (change->op == CHANGE_DELETE && positions == POSITIONS_BINLOG)
        change->lsn--;
}

// A row with its placeholders read as such has other values than its key.
static bool envelope_agrees_by_shape(const struct envelope_decoder *decoder, struct span key,
                                     const struct row_reader *row, const struct members *members,
                                     const struct change *change) {
    return !row->found_unavailable && change->op != CHANGE_DELETE && members->after_kind == 1 &&
           shapes_key_agrees(decoder->shapes, key, row->table);
}

static int envelope_finish_row(struct envelope_decoder *decoder, const struct message *message,
                               struct row_reader *row, struct members *members, struct event *event,
                               struct error *error) {
    struct change *change = &event->change;
    change->nulls_unsure = change->op == CHANGE_UPDATE && members->before.data == NULL &&
                           event->positions == POSITIONS_LSN && change->lsn != LSN_NONE;
    change->bytes = row->schema != NULL ? row->schema->bytea : row->bytea;
    // A snapshot's row has all its values: what looks like a placeholder is none.
    bool must_exist = change->op == CHANGE_READ && (row->found_unavailable || row->failed);
    if (change->op == CHANGE_TRUNCATE)
        return envelope_check_truncate(members, change, error);
    if (change->op != CHANGE_DELETE && row_times_check(row, envelope_written_ms(message, change), error) != 0)
        return -1;
    if (row->by_shape && !envelope_wants_before(decoder, members, change) &&
        envelope_agrees_by_shape(decoder, message->key, row, members, change)) {
        if (change->op == CHANGE_CREATE)
            envelope_place_one_row(decoder, event->positions,
                                   shapes_key_is_other(decoder->shapes, row->table), change);
        return 0;
    }
    if (envelope_read_key(decoder, message, row, change->table, event, error) != 0)
        return -1;
    envelope_place_one_row(decoder, event->positions, envelope_has_other_key(decoder, change->table), change);
    row->may_be_unavailable = change->op != CHANGE_READ;
    if (members->flat && must_exist && envelope_read_flat_again(decoder, row, message->value, error) != 0)
        return -1;
    row->key_alone = change->op == CHANGE_DELETE;
    if (row->key_alone)
        return envelope_take_key(decoder, row, message, members, event, error);
    if (members->after_kind != 1)
        return odd_row_refuse_op(message->value, members, error);
    if (must_exist && members->after.data != NULL) {
        row->failed = false;
        if (envelope_read_row_again(decoder, row, members->after, error) < 0)
            return -1;
    }
    if (row->failed)
        return -1;
    if (envelope_compare_key(decoder, message, members, event, error) != 0)
        return -1;
    return envelope_wants_before(decoder, members, change)
               ? before_take(decoder->schemas, row, members, event, error)
               : 0;
}

// The tombstone behind a delete of nobody's row is nobody's too, and is known by its key. Whether the row could be read as one of
// the topic's tables does not matter: an op of its own is one of its columns.
static void envelope_set_unplaced(const struct message *message, const struct members *members, bool ignored,
                                  struct event *event) {
    event->kind = ignored ? EVENT_LEFT_OUT : EVENT_UNPLACED;
    event->change.table = NULL;
    if (members != NULL)
        (void)envelope_set_op(members, &event->change, NULL);
    if (event->change.op == CHANGE_DELETE || event->change.op == CHANGE_TOMBSTONE)
        event->key_hash = envelope_hash_key(message->key);
}

// A tombstone's key is streamed, as a delete's is, and does not say by whom.
static int envelope_mend_tombstone(const struct envelope_decoder *decoder, struct event *event,
                                   struct error *error) {
    const struct table *table = event->change.table;
    enum source_kind source = decoder->sources[table->index];
    if (source == SOURCE_UNSEEN && decoder->config.seen != NULL)
        source = atomic_load_explicit(&decoder->config.seen[table->index], memory_order_relaxed);
    static const enum mend_uuids uuids[SOURCE_KINDS] = {
        [SOURCE_UNSEEN] = MEND_UUIDS_UNSURE, [SOURCE_MYSQL] = MEND_UUIDS_STAY, [SOURCE_MARIADB] = MEND_UUIDS};
    bool is_mended = source == SOURCE_UNSEEN || source == SOURCE_MYSQL || source == SOURCE_MARIADB;
    return is_mended ? mend_key(event, uuids[source], error) : 0;
}

// A key whose value is null: a tombstone.
static int envelope_decode_tombstone(struct envelope_decoder *decoder, const struct message *message,
                                     struct row_reader *row, struct event *event, struct error *error) {
    event->change.op = CHANGE_TOMBSTONE;
    event->key_hash = envelope_hash_key(message->key);
    const struct span none = {0};
    if (placement_of_row(decoder->config.catalog, row->table, none, none).table == NULL) {
        envelope_set_unplaced(message, NULL, false, event);
        return 0;
    }
    struct error why = {0};
    if (envelope_read_key(decoder, message, NULL, row->table, event, &why) == 0)
        return envelope_take_key(decoder, row, message, &members_none, event, error) != 0
                   ? -1
                   : envelope_mend_tombstone(decoder, event, error);
    // A key of other columns may be another table's whose rows come in the topic: its rows say so, and halt if they are this one's.
    return error_set(error, why.kind == ERROR_HALT ? ERROR_INPUT : why.kind, "%s", why.message);
}

// A delete that is taken for an update leaves a ghost, and nobody would know.
static int envelope_check_mark(const struct members *members, const struct table *table,
                               struct error *error) {
    struct span name = members->likely_mark;
    if (name.data == NULL || members->has_deleted || members->op.data != NULL)
        return 0;
    bool of_op = members_is_op_prefixed(name);
    struct span told = {name.data, name.size - (of_op ? 2 : 0)};
    if (told.size == 0)
        told = SPAN("''");
    return error_set(
        error, ERROR_INPUT,
        "%.*s says that the row is deleted, if ExtractNewRecordState wrote it: say so in "
        "source.sql: -- tidemark: %s %s = %.*s; where it is a column of the source's own, declare "
        "it, or say = none",
        members_visible(name), name.data, of_op ? "added" : "deleted", line_name_table(table->name).text,
        members_visible(told), told.data);
}

static void envelope_count_less(void *self, const struct table *table, struct span column, int64_t events) {
    const struct envelope_config *told = self;
    told->drift(told->self, table, column, -events);
}

// The row of another table than its topic's was read by the topic's first, and says nothing of that one's columns.
static void envelope_take_back_drift(const struct envelope_decoder *decoder, const struct message *message,
                                     const struct row_reader *row, const struct members *members) {
    if (row->config->drift == NULL || members->after_kind != 1)
        return;
    struct error ignored = {0};
    struct row_reader again = *row;
    struct envelope_config less = {.drift = envelope_count_less, .self = (void *)row->config};
    again.config = &less;
    if (row->by_shape)
        shapes_take_back_drift(decoder->shapes);
    else if (members->flat)
        (void)envelope_read_value_again(decoder, &again, message->value, &ignored);
    else
        (void)envelope_read_row_again(decoder, &again, members->after, &ignored);
}

// A row names its connector behind its values, so they were read as those of the table's row before it.
static int envelope_read_by_connector(struct envelope_decoder *decoder, const struct message *message,
                                      struct row_reader *row, const struct members *members,
                                      struct error *error) {
    envelope_note_source(decoder, row->table, members);
    const struct value_settings *settings = envelope_settings(decoder, row->table);
    if (row->settings == settings)
        return 0;
    struct envelope_config quiet = decoder->config;
    quiet.drift = NULL; // the first reading has told
    row->settings = settings;
    row->by_shape = false;
    row->config = &quiet;
    int status = envelope_read_value_again(decoder, row, message->value, error);
    row->config = &decoder->config;
    return status;
}

static int envelope_decode_row(struct envelope_decoder *decoder, const struct table *table, bool placed,
                               const struct message *message, struct event *event, struct error *error);

// Whose row it is, as its message says.
static struct placement envelope_place(const struct envelope_decoder *decoder, const struct row_reader *row,
                                       struct members *members) {
    struct members_placement asked = {0}, *placement = members->placement;
    placement = placement != NULL ? placement : &asked;
    if (!placement->known)
        placement->is =
            placement_of_row(decoder->config.catalog, row->table, members->schema, members->table);
    placement->known = true;
    return placement->is;
}

// Before what its columns' types say of it. A row that a shape has read is as one that was taken.
static int envelope_check_cells(const struct row_reader *row, const struct members *members,
                                struct span message, struct error *error) {
    if (row->by_shape) // whose connector is that of one that was taken
        return 0;
    if (cells_are_of(members->connector))
        return error_set(error, ERROR_INPUT, "%s", cells_scylla_refused);
    struct span object = members->after.data != NULL ? members->after : members->before;
    if (members->flat)
        object = (struct span){row->object, (size_t)(message.data + message.size - row->object)};
    return object.data != NULL && cells_are(object) ? error_set(error, ERROR_INPUT, "%s", cells_refused) : 0;
}

// What the members and the columns mean, once they are read. `placed`: as those of the table that the row is of.
static int envelope_finish_members(struct envelope_decoder *decoder, const struct message *message,
                                   struct row_reader *row, bool placed, struct members *members,
                                   struct event *event, struct error *error) {
    struct change *change = &event->change;
    envelope_set_place(members, event);
    // No row; a router has sent it into a table's topic.
    if (members->own || (TEXT_IS(members->op, "m") && !members->flat)) {
        event->kind = EVENT_NOTHING;
        return 0;
    }
    struct placement placement = envelope_place(decoder, row, members);
    event->routed = placement.routed;
    change->table = placed ? row->table : placement.table;
    if (change->table != row->table)
        envelope_take_back_drift(decoder, message, row, members);
    if (change->table != NULL && change->table != row->table) // its columns, marks and units are others
        return envelope_decode_row(decoder, change->table, true, message, event, error);
    if (change->table == NULL) {
        envelope_set_unplaced(message, members, placement.ignored, event);
        return 0;
    }
    if (envelope_check_cells(row, members, message->value, error) != 0 ||
        envelope_check_mark(members, row->table, error) != 0 || envelope_set_op(members, change, error) != 0)
        return -1;
    envelope_set_snapshot(members, change);
    return envelope_read_by_connector(decoder, message, row, members, error) != 0 ||
                   envelope_finish_row(decoder, message, row, members, event, error) != 0 ||
                   mend_row(event, members, error) != 0
               ? -1
               : 0;
}

// An END counts a row that cannot be read for its table all the same. True: it is a row that source.sql leaves out, which need not be.
static bool envelope_set_routed(const struct envelope_decoder *decoder, const struct table *topic_table,
                                const struct message *message, struct members *members, struct event *event) {
    envelope_set_place(members, event);
    struct placement placement =
        placement_of_row(decoder->config.catalog, topic_table, event->schema, event->table);
    event->routed = placement.routed;
    event->change.table = placement.table != NULL ? placement.table : topic_table;
    if (placement.ignored)
        envelope_set_unplaced(message, members, true, event);
    return placement.ignored;
}

// Where a row belongs whose schema is refused: its place is readable whatever is said of its columns. As envelope_set_routed.
static bool envelope_read_place(const struct envelope_decoder *decoder, const struct table *table,
                                const struct message *message, struct event *event) {
    struct envelope_config quiet = decoder->config;
    quiet.drift = NULL;
    struct row_reader row = {.config = &quiet,
                             .table = table,
                             .settings = envelope_settings(decoder, table),
                             .far = -1,
                             .unsure = -1,
                             .may_be_unavailable = true,
                             .values = event->values,
                             .arena = &event->arena};
    struct members members = members_none;
    members.arena = &event->arena;
    struct payload_form form;
    struct json_reader json;
    struct error ignored = {0};
    json_open(&json, message->value);
    if (payload_enter_object(NULL, &json, NULL, &form, &ignored) != 1)
        return false;
    (void)payload_read(&json, &row, &members, &form, &ignored);
    if (json.error != NULL)
        return false;
    bool left_out = envelope_set_routed(decoder, table, message, &members, event);
    if (!left_out && envelope_set_op(&members, &event->change, &ignored) == 0)
        envelope_set_snapshot(&members, &event->change);
    return left_out;
}

// `placed`: `table` is the row's, whatever its topic's first.
static int envelope_decode_row(struct envelope_decoder *decoder, const struct table *table, bool placed,
                               const struct message *message, struct event *event, struct error *error) {
    struct row_reader row = {.config = &decoder->config,
                             .table = table,
                             .settings = envelope_settings(decoder, table),
                             .may_be_unavailable = true,
                             .values = event->values,
                             .arena = &event->arena,
                             .far = -1,
                             .unsure = -1};
    struct members members = members_none;
    members.arena = &event->arena;
    if (message->value.size == 0)
        return envelope_decode_tombstone(decoder, message, &row, event, error);
    row.by_shape = shapes_read_row(decoder->shapes, message->value, &row, &members);
    if (row.by_shape)
        return envelope_finish_members(decoder, message, &row, placed, &members, event, error);
    members = members_none;
    members.arena = &event->arena;
    struct json_reader json;
    json_open(&json, message->value);
    struct payload_form form;
    int entered = payload_enter_object(decoder->schemas, &json, table, &form, error);
    if (entered < 0)
        return envelope_read_place(decoder, table, message, event) ? 0 : -1;
    if (entered == 0)
        return envelope_decode_tombstone(decoder, message, &row, event, error);
    row.schema = form.schema;
    struct error failure = {0};
    int status = payload_read(&json, &row, &members, &form, &failure);
    if (status == 0)
        status = payload_leave(&json, &failure);
    // A row that is broken in a column still has its place; one that is broken as JSON may have been cut
    // anywhere.
    if (status != 0 && json.error == NULL && envelope_set_routed(decoder, table, message, &members, event))
        return 0;
    if (status == 0)
        status = envelope_finish_members(decoder, message, &row, placed, &members, event, &failure);
    // A tombstone does not delete either when its delete could not be read.
    bool is_delete = members.deleted || TEXT_IS(members.op, "d");
    if (status != 0 && json.error == NULL && is_delete) {
        event->change.op = CHANGE_DELETE;
        event->key_hash = envelope_hash_key(message->key);
    }
    if (status == 0 && !row.failed && event->kind != EVENT_NOTHING)
        shapes_learn_row(decoder->shapes, message->value, table, &form);
    if (status != 0 && error != NULL)
        *error = failure;
    return status;
}

static inline void envelope_empty(struct event *event, const struct table *table) {
    if (!event->keeps_arena)
        arena_reset(&event->arena);
    event->kind = EVENT_NOTHING;
    event->placed = event->routed = event->is_first = false;
    event->key_hash = 0;
    event->positions = POSITIONS_LSN;
    event->foreign_member = NULL;
    event->connector = event->server = event->schema = event->table = (struct span){0};
    event->heartbeat_ms = 0;
    event->moved_from = NULL;
    event->change = (struct change){
        .table = table, .values = event->values, .lsn = LSN_NONE, .previous_commit = LSN_NONE, .txid = -1};
}

int envelope_decode_key(struct envelope_decoder *decoder, const struct table *table,
                        const struct message *message, struct event *ret, struct error *error) {
    struct message bare;
    message = framing_pass_message(message, &bare);
    envelope_empty(ret, table);
    return envelope_read_key(decoder, message, NULL, table, ret, error) != 0
               ? -1
               : envelope_take_key(decoder, NULL, message, &members_none, ret, error);
}

int envelope_decode(struct envelope_decoder *decoder, enum topic_role role, const struct table *table,
                    const struct message *message, struct event *ret, struct error *error) {
    struct message bare;
    message = framing_pass_message(message, &bare);
    envelope_empty(ret, table);
    if (message->value.size > ENVELOPE_BYTES_MAX)
        return error_set(error, ERROR_INPUT, "a value of %zu bytes: at most %d are read", message->value.size,
                         ENVELOPE_BYTES_MAX);
    int status = 0;
    switch (role) {
    case TOPIC_TABLE:
        ret->kind = EVENT_CHANGE;
        status = envelope_decode_row(decoder, table, false, message, ret, error);
        break;
    case TOPIC_TRANSACTION:
        status = transaction_decode(decoder->shapes, &decoder->tables, message, ret, error);
        break;
    case TOPIC_HEARTBEAT:
        status = heartbeat_decode(message, ret, error);
        break;
    case TOPIC_IGNORED:
        break;
    }
    ret->source_lsn = ret->change.lsn;
    ret->source_previous_commit = ret->change.previous_commit;
    return status;
}

void envelope_tell_drift(struct envelope_decoder *decoder) {
    shapes_tell_drift(decoder->shapes);
}

int64_t envelope_decoder_known(const struct envelope_decoder *decoder) {
    return shapes_known(decoder->shapes);
}
