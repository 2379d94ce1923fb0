#include "consumer/decode/envelope/members.h"

#include "consumer/decode/envelope/row.h"
#include "consumer/json/scan.h"
#include "views/base/utf8.h"

#include <strings.h>

const struct members members_none = {
    .binlog_row = -1, .lsn = LSN_NONE, .previous_commit = LSN_NONE, .txid = -1, .after_kind = 0};

#define NAMED(key)                                                                                           \
    { key, sizeof(key) - 1 }

static const struct member_name in_envelope[] = {
    {NAMED("before"), MEMBER_BEFORE, "before"},
    {NAMED("after"), MEMBER_AFTER, "after"},
    {NAMED("source"), MEMBER_SOURCE, "source"},
    {NAMED("transaction"), MEMBER_TRANSACTION, "transaction"},
    {NAMED("op"), MEMBER_OP, "op"},
};

static const struct member_name in_source[] = {
    {NAMED("connector"), MEMBER_CONNECTOR, NULL},
    {NAMED("ts_ms"), MEMBER_TS_MS, "source.ts_ms"},
    {NAMED("snapshot"), MEMBER_SNAPSHOT, NULL},
    {NAMED("sequence"), MEMBER_SEQUENCE, NULL},
    {NAMED("schema"), MEMBER_SCHEMA, NULL},
    {NAMED("table"), MEMBER_TABLE, NULL},
    {NAMED("name"), MEMBER_SERVER, NULL},
    {NAMED("txId"), MEMBER_TXID, "source.txId"},
    {NAMED("lsn"), MEMBER_LSN, "source.lsn"},
    {NAMED("db"), MEMBER_DATABASE, NULL},
    {NAMED("keyspace"), MEMBER_DATABASE, NULL},
    {NAMED("file"), MEMBER_BINLOG_FILE, NULL},
    {NAMED("pos"), MEMBER_BINLOG_POS, "source.pos"},
    {NAMED("row"), MEMBER_BINLOG_ROW, "source.row"},
    {NAMED("gtid"), MEMBER_CHANGING, NULL},
    {NAMED("change_lsn"), MEMBER_CHANGING, NULL},
    {NAMED("commit_lsn"), MEMBER_CHANGING, NULL},
    {NAMED("scn"), MEMBER_CHANGING, NULL},
    {NAMED("commit_scn"), MEMBER_CHANGING, NULL},
};

static const struct member_name in_transaction[] = {
    {NAMED("id"), MEMBER_TRANSACTION_ID, "transaction.id"},
    {NAMED("total_order"), MEMBER_TOTAL_ORDER, "transaction.total_order"},
};

const struct member_name members_split_txid = {NAMED("id"), MEMBER_TRANSACTION_TXID, "transaction.id"};
const struct member_name members_split_lsn = {NAMED("id"), MEMBER_TRANSACTION_LSN, "transaction.id"};

static const struct member_name added[] = {
    {NAMED("__deleted"), MEMBER_DELETED, NULL},
    {NAMED("__op"), MEMBER_OP, NULL},
    {NAMED("__source_lsn"), MEMBER_LSN, "__source_lsn"},
    {NAMED("__lsn"), MEMBER_LSN, "__lsn"},
    {NAMED("__source_txId"), MEMBER_TXID, "__source_txId"},
    {NAMED("__txId"), MEMBER_TXID, "__txId"},
    {NAMED("__source_ts_ms"), MEMBER_TS_MS, "__source_ts_ms"},
    {NAMED("__source_connector"), MEMBER_CONNECTOR, NULL},
    {NAMED("__connector"), MEMBER_CONNECTOR, NULL},
    {NAMED("__source_schema"), MEMBER_SCHEMA, NULL},
    {NAMED("__schema"), MEMBER_SCHEMA, NULL},
    {NAMED("__source_db"), MEMBER_DATABASE, NULL},
    {NAMED("__db"), MEMBER_DATABASE, NULL},
    {NAMED("__source_keyspace"), MEMBER_DATABASE, NULL},
    {NAMED("__keyspace"), MEMBER_DATABASE, NULL},
    {NAMED("__source_table"), MEMBER_TABLE, NULL},
    {NAMED("__table"), MEMBER_TABLE, NULL},
    {NAMED("__source_file"), MEMBER_BINLOG_FILE, NULL},
    {NAMED("__file"), MEMBER_BINLOG_FILE, NULL},
    {NAMED("__source_pos"), MEMBER_BINLOG_POS, "__source_pos"},
    {NAMED("__pos"), MEMBER_BINLOG_POS, "__pos"},
    {NAMED("__source_row"), MEMBER_BINLOG_ROW, "__source_row"},
    {NAMED("__row"), MEMBER_BINLOG_ROW, "__row"},
    {NAMED("__source_snapshot"), MEMBER_SNAPSHOT, NULL},
    {NAMED("__snapshot"), MEMBER_SNAPSHOT, NULL},
    {NAMED("__source_sequence"), MEMBER_SEQUENCE, NULL},
    {NAMED("__sequence"), MEMBER_SEQUENCE, NULL},
};

static const struct {
    const struct member_name *names;
    size_t count;
} homes[] = {
    [HOME_ENVELOPE] = {in_envelope, sizeof in_envelope / sizeof *in_envelope},
    [HOME_SOURCE] = {in_source, sizeof in_source / sizeof *in_source},
    [HOME_TRANSACTION] = {in_transaction, sizeof in_transaction / sizeof *in_transaction},
    [HOME_ADDED] = {added, sizeof added / sizeof *added},
};

const struct member_name *members_find(enum member_home home, const struct json_reader *json) {
    const struct member_name *name = homes[home].names;
    for (size_t i = 0; i < homes[home].count; i++, name++)
        if (json_key_is(json, name->key.data, name->key.size))
            return name;
    return NULL;
}

// The member of Debezium's own prefix whose name goes on with `rest`.
static const struct member_name *members_added_as(struct span rest) {
    for (size_t i = 0; i < sizeof added / sizeof *added; i++)
        if (added[i].key.size == rest.size + 2 && memcmp(added[i].key.data + 2, rest.data, rest.size) == 0)
            return &added[i];
    return NULL;
}

bool members_is_added(const struct table *table, struct span name, const struct member_name **ret) {
    static const struct member_name deleted = {NAMED("__deleted"), MEMBER_DELETED, NULL};
    *ret = NULL;
    bool is_debeziums = name.size > 2 && name.data[0] == '_' && name.data[1] == '_';
    if (table->deleted_mark != NULL && span_is(name, table->deleted_mark))
        *ret = &deleted;
    else if (is_debeziums)
        *ret = members_added_as((struct span){name.data + 2, name.size - 2});
    size_t size = table->added_prefix != NULL ? strlen(table->added_prefix) : 0;
    if (*ret == NULL && table->added_prefix != NULL && name.size > size &&
        memcmp(name.data, table->added_prefix, size) == 0 && table_column(table, name.data, name.size) < 0)
        *ret = members_added_as((struct span){name.data + size, name.size - size});
    return *ret != NULL || (is_debeziums && !members_is_likely_mark(table, name));
}

static bool members_ends_as(struct span name, const char *const *ends, size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(ends[i]);
        if (name.size >= size && strncasecmp(name.data + name.size - size, ends[i], size) == 0)
            return true;
    }
    return false;
}

bool members_is_op_renamed(struct span name) {
    static const char *const ends[] = {"operation", "_action", "op_type", "optype", "change_type", "_OP"};
    return !members_is_op_prefixed(name) && (members_ends_as(name, ends, sizeof ends / sizeof *ends) ||
                                             span_is(name, "OP") || span_is(name, "action"));
}

static bool members_is_deleted_renamed(struct span name) {
    static const char *const ends[] = {"deleted", "_delete", "_del", "deleted_flag"};
    return members_ends_as(name, ends, sizeof ends / sizeof *ends);
}

bool members_is_likely_mark(const struct table *table, struct span name) {
    return (table->deleted_mark == NULL &&
            (members_is_deleted_renamed(name) || members_is_op_renamed(name))) ||
           (table->added_prefix == NULL && members_is_op_prefixed(name));
}

void members_note_likely_mark(struct members *members, struct span name, const struct json_value *value) {
    struct span text = value->kind == JSON_STRING ? members_text(value) : (struct span){0};
    bool of_op = members_is_op_prefixed(name) || members_is_op_renamed(name);
    if (of_op ? TEXT_IS(text, "d") : TEXT_IS(text, "true"))
        members->likely_mark = name;
}

bool members_is_envelopes(const char *name) {
    static const char *const times[] = {"ts_ms", "ts_us", "ts_ns"}; // of no interest, so not in the table
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (strcmp(name, times[i]) == 0)
            return true;
    for (size_t i = 0; i < homes[HOME_ENVELOPE].count; i++)
        if (span_is(homes[HOME_ENVELOPE].names[i].key, name))
            return true;
    return false;
}

int members_visible(struct span text) {
    enum { VISIBLE_MAX = 40 };
    return (int)utf8_fit(text.data, text.size, VISIBLE_MAX);
}

int members_no_integer(const struct json_value *value, const char *label, struct error *error) {
    struct span text = members_text(value);
    return error_set(error, ERROR_INPUT, "%s is no integer: %.*s", label, members_visible(text), text.data);
}

// "[\"426202712\",\"426202768\"]" with its quotes escaped: the first entry, a number or null.
static int64_t envelope_members_first_of_sequence(struct span sequence) {
    if (sequence.data == NULL)
        return LSN_NONE;
    const char *c = sequence.data;
    const char *end = c + sequence.size;
    const char *plain = pass_word(c, end, SPAN("[\\\""));
    if (likely(plain != NULL))
        c = plain;
    while (c < end && (*c == '[' || *c == '\\' || *c == '"' || *c == ' '))
        c++;
    const char *digits = c;
    c = pass_digits(c, end);
    int64_t lsn;
    return c > digits && members_read_lsn((struct span){digits, (size_t)(c - digits)}, &lsn) ? lsn : LSN_NONE;
}

static int members_take_sequence(struct members *members, struct span sequence) {
    members->previous_commit = envelope_members_first_of_sequence(sequence);
    members->has_sequence = sequence.data != NULL;
    return 0;
}

bool members_split_id(struct span id, int64_t *ret_txid, int64_t *ret_lsn) {
    const char *colon = id.data != NULL ? memchr(id.data, ':', id.size) : NULL;
    int64_t txid = -1, lsn = LSN_NONE;
    if (colon == NULL || !json_to_integer((struct span){id.data, (size_t)(colon - id.data)}, &txid) ||
        !members_read_lsn((struct span){colon + 1, (size_t)(id.data + id.size - colon - 1)}, &lsn))
        return false;
    *ret_txid = txid;
    *ret_lsn = lsn;
    return true;
}

// A number that labels the row: of another form it is left out.
static void members_take_foreign_label(struct members *members, const struct member_name *name,
                                       const struct json_value *value, int64_t *ret) {
    struct span text = members_text(value);
    bool container = value->kind == JSON_OBJECT_BEGIN || value->kind == JSON_ARRAY_BEGIN;
    if (container || (text.data != NULL && (text.size == 0 || !json_to_integer(text, ret))))
        members->foreign = name->label;
}

static inline int members_take_label(struct members *members, const struct member_name *name,
                                     const struct json_value *value, int64_t *ret) {
    if (value->kind != JSON_NUMBER || !json_to_integer(value->raw, ret))
        members_take_foreign_label(members, name, value, ret);
    return 0;
}

// PostgreSQL's own are below LSN_MAX for longer than anyone lives; the bits above it are the timeline's.
static inline int members_take_lsn(struct members *members, const struct member_name *name,
                                   const struct json_value *value) {
    (void)members_take_label(members, name, value, &members->lsn);
    if (members->lsn > LSN_MAX) {
        members->lsn = LSN_NONE;
        members->foreign = name->label;
    }
    return 0;
}

// "mysql-bin.000003" -> 3.
static bool members_binlog_number(struct span file, int64_t *ret) {
    enum { NUMBER_BITS = 24 };
    size_t at = file.size;
    while (at > 0 && (unsigned)(file.data[at - 1] - '0') <= 9)
        at--;
    return at < file.size && json_to_integer((struct span){file.data + at, file.size - at}, ret) &&
           *ret > 0 && *ret < (int64_t)1 << NUMBER_BITS;
}

// A row's image takes a byte at least, so pos + row lies inside its event: unique but for the delete and the insert
// of one key change, which are of two keys, and in the binlog's order. Without the row (an unwrapped row need not have it)
// two changes of one key in an event have one place (INSERT .. ON DUPLICATE KEY UPDATE), so it is none.
static enum event_positions members_binlog_positions(struct members *members) {
    enum { POS_BITS = 32 };
    int64_t number, at = members->binlog_pos + members->binlog_row;
    // Without a time one of a binlog that was begun anew is no other than one that is sent again.
    bool timeless = !members->has_source && members->ts_ms == 0 && !TEXT_IS(members->op, "r");
    if (members->binlog_row < 0 || timeless || !members_binlog_number(members->file, &number) || at <= 0 ||
        at >> POS_BITS != 0)
        return POSITIONS_OFFSETS;
    members->lsn = number << POS_BITS | at;
    return POSITIONS_BINLOG;
}

// An unwrapped row need not name its connector; one that names a database and no schema is likely of one without schemas.
static bool members_has_postgres_labels(const struct members *members) {
    return members->postgres || members->lsn != LSN_NONE || members->txid >= 0 || members->has_sequence;
}

enum event_positions members_positions(struct members *members) {
    struct span connector = members->connector;
    members->names_transaction = members->has_transaction;
    if (connector.data == NULL && !members->has_source && members->schema.data == NULL &&
        !members_has_postgres_labels(members))
        members->schema = members->database;
    if (members_is_postgres(members) || (connector.data == NULL && !members_is_mysql(members))) {
        members->has_transaction &= !members->has_foreign_transaction;
        return members->foreign != NULL ? POSITIONS_FOREIGN : POSITIONS_LSN;
    }
    members->lsn = members->previous_commit = LSN_NONE;
    members->txid = -1;
    members->has_transaction = false;
    if (members->schema.data == NULL)
        members->schema = members->database;
    return members_is_mysql(members) ? members_binlog_positions(members) : POSITIONS_OFFSETS;
}

bool members_is_beside_snapshot(const struct members *members) {
    enum { MS_PER_SECOND = 1000 };
    if (members_is_postgres(members))
        return span_is(members->snapshot, "true") && members->names_transaction;
    bool whole_second = members->ts_ms > 0 && members->ts_ms % MS_PER_SECOND == 0;
    return members_is_mysql(members) && span_is(members->snapshot, "incremental") &&
           (members->names_transaction || whole_second);
}

int members_unescape_odd(const struct json_value *value, struct arena *arena, struct span *ret,
                         struct error *error) {
    *ret = members_text(value);
    if (value->kind != JSON_STRING || !value->escaped || json_unescape_text(*ret, arena, ret))
        return 0;
    return error_set(error, ERROR_SYSTEM, "out of memory");
}

static inline int members_take_text(struct members *members, const struct json_value *value, struct span *ret,
                                    struct error *error) {
    return members_unescape(value, members->arena, ret, error);
}

static int members_take_transaction_id(struct members *members, const struct member_name *name,
                                       const struct json_value *value, struct error *error) {
    struct span id;
    int64_t lsn;
    if (members_take_text(members, value, &id, error) != 0)
        return -1;
    if (members_split_id(id, &members->txid, &lsn))
        return 0;
    members->foreign = name->label;
    members->has_foreign_transaction = true;
    return 0;
}

// A connector may name both, and leave one empty.
static int members_take_database(struct members *members, const struct json_value *value,
                                 struct error *error) {
    struct span text;
    if (members_take_text(members, value, &text, error) != 0)
        return -1;
    members->database = text.size > 0 ? text : members->database;
    return 0;
}

static int members_take_deleted(struct members *members, const struct json_value *value,
                                struct error *error) {
    struct span text;
    members->has_deleted = true;
    if (members_take_text(members, value, &text, error) != 0)
        return -1;
    members->deleted =
        TEXT_IS(text, "true") || TEXT_IS(text, "d"); // an op, by the name that add.fields gave it
    return 0;
}

// No error is told: the general reader then takes the id whole.
static int members_check_split_lsn(const struct json_value *value) {
    int64_t lsn;
    return members_read_lsn(value->raw, &lsn) ? 0 : -1;
}

int members_take(struct members *members, const struct member_name *name, const struct json_value *value,
                 struct error *error) {
    switch (name->kind) {
    case MEMBER_BEFORE:
    case MEMBER_AFTER:
    case MEMBER_SOURCE:
    case MEMBER_TRANSACTION: // objects: payload.c reads them
    case MEMBER_CHANGING:
        return 0;
    case MEMBER_OP:
        return members_take_text(members, value, &members->op, error);
    case MEMBER_SNAPSHOT:
        return members_take_text(members, value, &members->snapshot, error);
    case MEMBER_CONNECTOR:
        return members_take_text(members, value, &members->connector, error);
    case MEMBER_SCHEMA:
        return members_take_text(members, value, &members->schema, error);
    case MEMBER_TABLE:
        return members_take_text(members, value, &members->table, error);
    case MEMBER_DATABASE:
        return members_take_database(members, value, error);
    case MEMBER_SERVER:
        return members_take_text(members, value, &members->server, error);
    case MEMBER_BINLOG_FILE:
        return members_take_text(members, value, &members->file, error);
    case MEMBER_LSN:
        return members_take_lsn(members, name, value);
    case MEMBER_TXID:
    case MEMBER_TRANSACTION_TXID:
        return members_take_label(members, name, value, &members->txid);
    case MEMBER_TS_MS:
        return members_take_label(members, name, value, &members->ts_ms);
    case MEMBER_TOTAL_ORDER:
        return members_take_label(members, name, value, &members->total_order);
    case MEMBER_BINLOG_POS:
        return members_take_label(members, name, value, &members->binlog_pos);
    case MEMBER_BINLOG_ROW:
        return members_take_label(members, name, value, &members->binlog_row);
    case MEMBER_SEQUENCE:
        return members_take_sequence(members, members_text(value));
    case MEMBER_TRANSACTION_ID:
        return members_take_transaction_id(members, name, value, error);
    case MEMBER_TRANSACTION_LSN:
        return members_check_split_lsn(value);
    case MEMBER_DELETED:
        return members_take_deleted(members, value, error);
    }
    return 0;
}

int members_read(struct json_reader *json, enum member_home home, struct members *members,
                 struct error *error) {
    enum json_kind kind;
    *(home == HOME_SOURCE ? &members->has_source : &members->has_transaction) = true;
    while ((kind = json_next(json)) == JSON_KEY) {
        const struct member_name *name = members_find(home, json);
        struct json_value value;
        if (name == NULL ? !json_skip(json) : !json_take(json, &value))
            return row_broken(json, error);
        if (name != NULL && members_take(members, name, &value, error) != 0)
            return -1;
    }
    return kind == JSON_OBJECT_END ? 0 : row_broken(json, error);
}
