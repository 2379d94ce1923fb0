#include "consumer/evidence/message/unended.h"

#include "views/base/hash.h"

static uint64_t unended_hash(struct span id) {
    return id.data != NULL ? hash_bytes(HASH_SEED, id) | 1 : 0;
}

static int unended_kept(int64_t count, int max) {
    return count < max ? (int)count : max;
}

// Its place, -1 = none.
static int unended_find(const struct evidence_unended *unended, uint64_t id) {
    for (int i = 0; i < unended_kept(unended->count, EVIDENCE_UNENDED_MAX); i++)
        if (unended->ids[i] == id)
            return i;
    return -1;
}

void unended_take_boundary(struct evidence_unended *unended, int64_t offset, bool begins, struct span id) {
    uint64_t hash = unended_hash(id);
    int ended = begins ? -1 : unended_find(unended, hash);
    if (ended >= 0)
        unended->ids[ended] = 0;
    bool follows = unended->begun != 0 && unended->begun_offset + 1 == offset;
    if (begins && follows && unended->begun != hash && unended_find(unended, unended->begun) < 0)
        unended->ids[unended->count++ % EVIDENCE_UNENDED_MAX] = unended->begun;
    unended->begun = begins ? hash : 0;
    unended->begun_offset = offset;
}

void unended_take_row(struct evidence_unended *unended, int topic, struct span id) {
    if (id.data == NULL)
        return;
    struct evidence_named named = {unended_hash(id), topic};
    for (int i = 0; i < unended_kept(unended->named_count, EVIDENCE_NAMED_MAX); i++)
        if (unended->named[i].id == named.id && unended->named[i].topic == topic)
            return;
    unended->named[unended->named_count++ % EVIDENCE_NAMED_MAX] = named;
}

int unended_of(const struct evidence_unended *unended, int topic) {
    int count = 0;
    for (int i = 0; i < unended_kept(unended->named_count, EVIDENCE_NAMED_MAX); i++)
        count += unended->named[i].topic == topic && unended_find(unended, unended->named[i].id) >= 0;
    return count;
}
