#include "consumer/decode/envelope/members.h"

#include "consumer/decode/envelope/row.h"
#include "views/base/utf8.h"

const struct members members_none = {
    .lsn = LSN_NONE, .previous_commit = LSN_NONE, .txid = -1, .after_kind = 0};

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
    {NAMED("ts_ms"), MEMBER_TS_MS, "source.ts_ms"}, {NAMED("snapshot"), MEMBER_SNAPSHOT, NULL},
    {NAMED("sequence"), MEMBER_SEQUENCE, NULL},     {NAMED("table"), MEMBER_TABLE, NULL},
    {NAMED("txId"), MEMBER_TXID, "source.txId"},    {NAMED("lsn"), MEMBER_LSN, "source.lsn"},
};

static const struct member_name in_transaction[] = {
    {NAMED("id"), MEMBER_TRANSACTION_ID, NULL},
    {NAMED("total_order"), MEMBER_TOTAL_ORDER, "transaction.total_order"},
};

static const struct member_name added[] = {
    {NAMED("__deleted"), MEMBER_DELETED, NULL},
    {NAMED("__op"), MEMBER_OP, NULL},
    {NAMED("__source_lsn"), MEMBER_LSN, "__source_lsn"},
    {NAMED("__lsn"), MEMBER_LSN, "__lsn"},
    {NAMED("__source_txId"), MEMBER_TXID, "__source_txId"},
    {NAMED("__txId"), MEMBER_TXID, "__txId"},
    {NAMED("__source_ts_ms"), MEMBER_TS_MS, "__source_ts_ms"},
    {NAMED("__source_table"), MEMBER_TABLE, NULL},
    {NAMED("__table"), MEMBER_TABLE, NULL},
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

bool members_is_envelopes(const char *name) {
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
    while (c < end && (*c == '[' || *c == '\\' || *c == '"' || *c == ' '))
        c++;
    const char *digits = c;
    while (c < end && *c >= '0' && *c <= '9')
        c++;
    int64_t lsn;
    return c > digits && json_to_integer((struct span){digits, (size_t)(c - digits)}, &lsn) ? lsn : LSN_NONE;
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
                         id.data == NULL ? 4 : members_visible(id), id.data != NULL ? id.data : "null");
    *ret_txid = txid;
    *ret_lsn = lsn;
    return 0;
}

int members_take(struct members *members, const struct member_name *name, const struct json_value *value,
                 struct error *error) {
    int64_t lsn;
    switch (name->kind) {
    case MEMBER_BEFORE:
    case MEMBER_AFTER:
    case MEMBER_SOURCE:
    case MEMBER_TRANSACTION:
        return 0; // objects: payload.c reads them
    case MEMBER_OP:
        members->op = members_text(value);
        return 0;
    case MEMBER_LSN:
        return members_integer(value, name->label, &members->lsn, error);
    case MEMBER_TXID:
        return members_integer(value, name->label, &members->txid, error);
    case MEMBER_TS_MS:
        return members_integer(value, name->label, &members->ts_ms, error);
    case MEMBER_TABLE:
        members->table = members_text(value);
        return 0;
    case MEMBER_SNAPSHOT:
        members->snapshot = members_text(value);
        return 0;
    case MEMBER_SEQUENCE:
        members->previous_commit = envelope_members_first_of_sequence(members_text(value));
        return 0;
    case MEMBER_TRANSACTION_ID:
        return members_split_id(members_text(value), &members->txid, &lsn, error);
    case MEMBER_TOTAL_ORDER:
        return members_integer(value, name->label, &members->total_order, error);
    case MEMBER_DELETED:
        members->has_deleted = true;
        members->deleted = TEXT_IS(members_text(value), "true");
        return 0;
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
