#include "consumer/apply/loop/offsets_json.h"

#include <stdlib.h>

void offsets_json_free(struct offsets_json *document) {
    free(document->entries);
    free(document->entry_of_slot);
    buffer_free(&document->text);
    *document = (struct offsets_json){0};
}

static int offsets_json_compare(const void *a, const void *b) {
    const struct offsets_entry *x = a;
    const struct offsets_entry *y = b;
    int order = strcmp(x->topic, y->topic);
    return order != 0 ? order : (x->partition > y->partition) - (x->partition < y->partition);
}

int offsets_json_add(struct offsets_json *document, const char *topic, int32_t partition, int slot,
                     struct error *error) {
    struct offsets_entry *entries =
        realloc(document->entries, ((size_t)document->count + 1) * sizeof *document->entries);
    if (entries == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    document->entries = entries;
    if (slot >= document->slot_count) {
        int *slots = realloc(document->entry_of_slot, ((size_t)slot + 1) * sizeof *slots);
        if (slots == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        document->entry_of_slot = slots;
        while (document->slot_count <= slot)
            document->entry_of_slot[document->slot_count++] = -1;
    }
    entries[document->count++] = (struct offsets_entry){.topic = topic, .partition = partition, .slot = slot};
    qsort(entries, (size_t)document->count, sizeof *entries, offsets_json_compare);
    for (int i = 0; i < document->count; i++)
        document->entry_of_slot[entries[i].slot] = i;
    return 0;
}

void offsets_json_set(struct offsets_json *document, int slot, int64_t next_offset) {
    document->entries[document->entry_of_slot[slot]].next_offset = next_offset;
}

int offsets_json_write(struct offsets_json *document, struct span *ret, struct error *error) {
    struct buffer *text = &document->text;
    buffer_clear(text);
    buffer_char(text, '{');
    int32_t next_partition = 0;
    for (int i = 0; i < document->count; i++) {
        const struct offsets_entry *entry = &document->entries[i];
        bool first = i == 0 || strcmp(entry[-1].topic, entry->topic) != 0;
        if (first) {
            buffer_text(text, i == 0 ? "" : "],");
            buffer_json_string(text, span_of(entry->topic));
            buffer_text(text, ":[");
            next_partition = 0;
        }
        for (; next_partition < entry->partition; next_partition++)
            buffer_text(text, next_partition == 0 ? "null" : ",null");
        if (next_partition > 0)
            buffer_char(text, ',');
        buffer_integer(text, entry->next_offset);
        next_partition = entry->partition + 1;
    }
    buffer_text(text, document->count > 0 ? "]}" : "}");
    if (text->failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *ret = (struct span){text->data, text->size};
    return 0;
}
