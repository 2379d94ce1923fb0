#include "consumer/broker/client/ends.h"

#include "views/base/cleanup.h"

static void kafka_ends_destroy_list(rd_kafka_topic_partition_list_t **list) {
    rd_kafka_topic_partition_list_destroy(*list);
}

static bool kafka_ends_ask_each(rd_kafka_t *client, struct kafka_ends *ends, int count, int64_t which,
                                int wait_ms) {
    CLEANUP(kafka_ends_destroy_list)
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    for (int i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, ends[i].topic, ends[i].partition)->offset = which;
    // In place of a time the protocol takes these two as well.
    if (rd_kafka_offsets_for_times(client, list, wait_ms) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    bool told = true;
    for (int i = 0; i < count; i++) {
        const rd_kafka_topic_partition_t *found = &list->elems[i];
        int64_t offset = found->err == RD_KAFKA_RESP_ERR_NO_ERROR ? found->offset : -1;
        *(which == RD_KAFKA_OFFSET_BEGINNING ? &ends[i].low : &ends[i].high) = offset;
        told &= offset >= 0;
    }
    return told;
}

bool kafka_ends_ask_low(rd_kafka_t *client, struct kafka_ends *ends, int count, int wait_ms) {
    return kafka_ends_ask_each(client, ends, count, RD_KAFKA_OFFSET_BEGINNING, wait_ms);
}

bool kafka_ends_ask(rd_kafka_t *client, struct kafka_ends *ends, int count, int wait_ms) {
    return kafka_ends_ask_low(client, ends, count, wait_ms) &&
           kafka_ends_ask_each(client, ends, count, RD_KAFKA_OFFSET_END, wait_ms);
}
