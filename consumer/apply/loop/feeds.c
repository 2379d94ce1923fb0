#include "consumer/apply/loop/feeds.h"

#include <stdlib.h>

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

bool feeds_table(const struct partition *partition, const struct table *table) {
    return partition->feeds[table->index];
}

const char *feeds_read_before(const struct apply *apply, const struct table *table) {
    int count;
    const struct store_offset *offsets = store_offsets(apply->config.store, &count);
    for (int i = 0; i < count; i++)
        if (topic_feeds(offsets[i].topic, apply->config.prefix, table) != TOPIC_FEEDS_NOT)
            return offsets[i].topic;
    return NULL;
}
