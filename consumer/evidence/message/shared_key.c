#include "consumer/evidence/message/shared_key.h"

#include "views/base/hash.h"

#include <stdlib.h>

static uint64_t shared_key_hash(struct span key, const struct fields *source, const struct json_value *lsn) {
    const struct json_value *schema = fields_get(source, "schema");
    const struct json_value *table = fields_get(source, "table");
    uint64_t hash = hash_bytes(hash_bytes(HASH_SEED, key), lsn->raw);
    if (schema != NULL)
        hash = hash_bytes(hash, schema->raw);
    if (table != NULL)
        hash = hash_bytes(hash, table->raw);
    return hash | 1;
}

static bool shared_key_is_incremental(const struct fields *source, struct arena *arena) {
    return span_is(fields_text(source, "snapshot", arena), "incremental");
}

bool shared_key_take(struct evidence *evidence, struct evidence_topic *topic, struct span key,
                     const struct fields *source, const struct fields *row) {
    const struct json_value *lsn = fields_get(source, "lsn");
    if (key.size == 0 || lsn == NULL || lsn->kind == JSON_NULL ||
        shared_key_is_incremental(source, &evidence->arena))
        return true;
    if (evidence->keyed == NULL && (evidence->keyed = calloc(1, sizeof *evidence->keyed)) == NULL)
        return false;
    struct evidence_keyed *keyed = evidence->keyed;
    uint64_t hash = shared_key_hash(key, source, lsn);
    size_t at = (size_t)(hash % EVIDENCE_READS_SIZE);
    while (keyed->list[at].key != 0 && keyed->list[at].key != hash)
        at = (at + 1) % EVIDENCE_READS_SIZE;
    if (keyed->list[at].key == hash)
        topic->sharing += keyed->list[at].row != fields_hash(row);
    else if (keyed->count < EVIDENCE_READS_MAX) {
        keyed->list[at] = (struct evidence_keyed_row){hash, fields_hash(row)};
        keyed->count++;
    }
    return true;
}
