#include "consumer/apply/loop/feeds.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = BOUND(4, 1) };

int feeds_init(const struct apply *apply, struct partition *partition, struct error *error) {
    const struct catalog *catalog = apply->config.catalog;
    partition->feeds = calloc((size_t)catalog->table_count + 1, sizeof *partition->feeds);
    if (partition->feeds == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int t = 0; t < catalog->table_count; t++) {
        const struct table *table = &catalog->tables[t];
        partition->feeds[t] = partition->table == table ||
                              (partition->role == TOPIC_TABLE && table->topic != NULL &&
                               topic_feeds(partition->topic, apply->config.prefix, table) != TOPIC_FEEDS_NOT);
        partition->feeds_count += partition->feeds[t];
    }
    return 0;
}

static int feeds_make_room(struct slot_list *list) {
    if (list->count < list->capacity)
        return 0;
    int capacity = list->capacity > 0 ? list->capacity * 2 : SLOTS_FIRST;
    int *grown = realloc(list->slots, (size_t)capacity * sizeof *grown);
    if (grown == NULL)
        return -1;
    list->slots = grown;
    list->capacity = capacity;
    return 0;
}

// The list of what is no table's, NULL = it is one's, or nobody's.
static struct slot_list *feeds_list_of(struct apply *apply, enum topic_role role) {
    return role == TOPIC_TRANSACTION ? &apply->boundaries
           : role == TOPIC_HEARTBEAT ? &apply->heartbeats
                                     : NULL;
}

int feeds_expect_slot(struct apply *apply, const struct partition *partition, struct error *error) {
    int tables = apply->config.catalog->table_count;
    struct slot_list *list = feeds_list_of(apply, partition->role);
    bool room = list == NULL || feeds_make_room(list) == 0;
    for (int t = 0; t < tables && room; t++)
        room = !partition->feeds[t] || feeds_make_room(&apply->feeding[t]) == 0;
    return room ? 0 : error_set(error, ERROR_SYSTEM, "out of memory");
}

void feeds_add_slot(struct apply *apply, const struct partition *partition, int slot) {
    struct slot_list *list = feeds_list_of(apply, partition->role);
    if (list != NULL)
        list->slots[list->count++] = slot;
    for (const struct table *table = NULL; (table = feeds_next(apply, partition, table)) != NULL;) {
        struct slot_list *of_table = &apply->feeding[table->index];
        of_table->slots[of_table->count++] = slot;
    }
}

void feeds_free(struct apply *apply) {
    for (int t = 0; apply->feeding != NULL && t < apply->config.catalog->table_count; t++)
        free(apply->feeding[t].slots);
    free(apply->feeding);
    free(apply->boundaries.slots);
    free(apply->heartbeats.slots);
}

bool feeds_table(const struct partition *partition, const struct table *table) {
    return partition->feeds[table->index];
}

const struct table *feeds_next(const struct apply *apply, const struct partition *partition,
                               const struct table *after) {
    const struct catalog *catalog = apply->config.catalog;
    for (int t = after != NULL ? after->index + 1 : 0; t < catalog->table_count; t++)
        if (partition->feeds[t])
            return &catalog->tables[t];
    return NULL;
}

int feeds_topic_slot(const struct apply *apply, const char *topic, int slot) {
    for (int i = 0; i < apply->partition_count; i++)
        if (apply->partitions[i] != NULL && strcmp(apply->partitions[i]->topic, topic) == 0)
            return apply->partitions[i]->topic_slot;
    return slot;
}

const char *feeds_read_before(const struct apply *apply, const struct table *table) {
    int count;
    const struct store_offset *offsets = store_offsets(apply->config.store, &count);
    for (int i = 0; i < count; i++)
        if (offsets[i].unread == STORE_READ &&
            topic_feeds(offsets[i].topic, apply->config.prefix, table) != TOPIC_FEEDS_NOT)
            return offsets[i].topic;
    return NULL;
}
