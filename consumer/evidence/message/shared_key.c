#include "consumer/evidence/message/shared_key.h"

#include "consumer/evidence/message/seen.h"
#include "views/base/hash.h"

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
                     const struct fields *source, uint64_t row) {
    const struct json_value *lsn = fields_get(source, "lsn");
    if (key.size == 0 || lsn == NULL || lsn->kind == JSON_NULL ||
        shared_key_is_incremental(source, &evidence->arena))
        return true;
    uint64_t first;
    if (!seen_take(&evidence->keyed, shared_key_hash(key, source, lsn), row, &first))
        return false;
    topic->sharing += first != row;
    return true;
}
