// The position's "offsets" as readers give it out: {"topic":[next offset of partition 0, 1, ..]}, null where
// a partition is not read. Kept in order and written once a commit. One thread.
#ifndef TIDEMARK_OFFSETS_DOCUMENT_H
#define TIDEMARK_OFFSETS_DOCUMENT_H

#include "views/base/buffer.h"
#include "views/base/error.h"

struct offsets_entry {
    const char *topic; // borrowed
    int32_t partition;
    int slot;
    int64_t next_offset;
};

struct offsets_document {
    struct offsets_entry *entries; // by topic, then partition
    int count;
    int *entry_of_slot;
    int slot_count;
    struct buffer text;
};

void offsets_document_free(struct offsets_document *document);
int offsets_document_add(struct offsets_document *document, const char *topic, int32_t partition, int slot,
                         struct error *error);
void offsets_document_set(struct offsets_document *document, int slot, int64_t next_offset);
// `ret` lives until the document is written again.
int offsets_document_write(struct offsets_document *document, struct span *ret, struct error *error);

#endif
