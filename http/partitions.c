#include "http/partitions.h"

#include <stdlib.h>

void partition_rows_free(struct partition_rows *rows) {
    free(rows->rows);
    free(rows->known);
}

static int partitions_read_known(struct progress *progress, struct partition_rows *ret, int *ret_count) {
    int capacity = progress_partitions(progress, NULL, 0) + 16;
    ret->known = calloc((size_t)capacity, sizeof *ret->known);
    if (ret->known == NULL)
        return -1;
    int count = progress_partitions(progress, ret->known, capacity);
    *ret_count = count < capacity ? count : capacity;
    return 0;
}

static int partitions_compare(struct span topic, int32_t partition, const struct partition_progress *known) {
    size_t known_size = strlen(known->topic);
    size_t shared = topic.size < known_size ? topic.size : known_size;
    int order = shared > 0 ? memcmp(topic.data, known->topic, shared) : 0;
    if (order == 0)
        order = (topic.size > known_size) - (topic.size < known_size);
    return order != 0 ? order : (partition > known->partition) - (partition < known->partition);
}

static struct partition_row partitions_row_of(const struct partition_progress *known) {
    return (struct partition_row){
        .topic = span_of(known->topic),
        .partition = known->partition,
        .applied = known->applied,
        .high = known->high,
        .high_at_ms = known->high_at_ms,
        .log_start = known->log_start,
    };
}

// Both lists are in (topic, partition) order.
static void partitions_merge(struct partition_rows *ret, const struct applied_offset *applied,
                             int applied_count, int known_count) {
    int a = 0;
    int k = 0;
    ret->behind = known_count > 0 ? 0 : -1;
    while (a < applied_count || k < known_count) {
        int order = a == applied_count ? 1 : -1;
        if (a < applied_count && k < known_count)
            order = partitions_compare(applied[a].topic, applied[a].partition, &ret->known[k]);
        struct partition_row row = {.high = -1, .log_start = -1};
        int64_t read_to = 0; // behind the newest message, where the offsets between hold none
        if (order >= 0) {
            const struct partition_progress *known = &ret->known[k++];
            row = partitions_row_of(known);
            read_to = order == 0 && applied[a].next_offset >= known->committed ? known->applied : 0;
        }
        if (order <= 0) {
            row.topic = applied[a].topic;
            row.partition = applied[a].partition;
            row.applied = applied[a].next_offset > read_to ? applied[a].next_offset : read_to;
            a++;
        }
        if (row.high >= 0 && row.high < row.applied)
            row.high = row.applied;
        if (order >= 0) // one that is read: a partition that only the file knows says nothing of the lag
            ret->behind = row.high < 0 || ret->behind < 0 ? -1 : ret->behind + row.high - row.applied;
        ret->rows[ret->count++] = row;
    }
}

int partition_rows_read(struct exchange *exchange, struct partition_rows *ret, struct error *error) {
    const struct applied_offset *applied;
    int applied_count;
    int known_count;
    if (reader_offsets(exchange->reader, &applied, &applied_count, error) != 0)
        return -1;
    if (partitions_read_known(exchange->routes->config.progress, ret, &known_count) != 0)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    ret->rows = calloc((size_t)(applied_count + known_count) + 1, sizeof *ret->rows);
    if (ret->rows == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    partitions_merge(ret, applied, applied_count, known_count);
    // The sum of what is listed, not of watermarks a moment older.
    exchange->lag.messages = ret->behind;
    return 0;
}

int64_t partition_row_lag(const struct partition_row *row) {
    return row->high >= 0 ? row->high - row->applied : -1;
}

int64_t partition_age_ms(int64_t at_ms, int64_t now_ms) {
    if (at_ms <= 0)
        return -1;
    return now_ms > at_ms ? now_ms - at_ms : 0;
}
