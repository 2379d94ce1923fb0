// The position's "offsets" as readers give it out: {"topic":[next offset of partition 0, 1, ..]}, null where
// a partition is not read. Kept in order and written once a commit. One thread.
#ifndef TIDEMARK_APPLY_LOOP_OFFSETS_JSON_H
#define TIDEMARK_APPLY_LOOP_OFFSETS_JSON_H

#include "views/base/buffer.h"
#include "views/base/error.h"

struct offsets_entry {
    const char *topic; // borrowed
    int32_t partition;
    int slot;
    int64_t next_offset;
};

struct offsets_json {
    struct offsets_entry *entries; // by topic, then partition
    int count;
    int *entry_of_slot;
    int slot_count;
    struct buffer text;
};

void offsets_json_free(struct offsets_json *document);
int offsets_json_add(struct offsets_json *document, const char *topic, int32_t partition, int slot,
                     struct error *error);
void offsets_json_set(struct offsets_json *document, int slot, int64_t next_offset);
// `ret` lives until the document is written again.
int offsets_json_write(struct offsets_json *document, struct span *ret, struct error *error);

#endif
