#include "consumer/apply/loop/feeds.h"

bool feeds_table(const struct apply *apply, const struct partition *partition, const struct table *table) {
    return partition->table == table ||
           (partition->role == TOPIC_TABLE && table->topic != NULL &&
            topic_feeds(partition->topic, apply->config.prefix, table) != TOPIC_FEEDS_NOT);
}
