// Preloaded into the program: makes the k-th call of one function of librdkafka fail, and with FAULT_EVER=1 all that follow it. Calls
// that librdkafka makes itself do not count.
//   FAULT_CALL  the function's name
//   FAULT_AT    the number of the call, from 1; 0 = none fails
//   FAULT_COUNT a file that gets the number of calls at the end
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *fault_call;
static long fault_at;
static bool fault_ever;
static _Atomic long fault_calls;

__attribute__((constructor)) static void fault_kafka_set_up(void) {
    const char *at = getenv("FAULT_AT");
    fault_call = getenv("FAULT_CALL");
    fault_at = at != NULL ? strtol(at, NULL, 10) : 0;
    fault_ever = getenv("FAULT_EVER") != NULL;
}

__attribute__((destructor)) static void fault_kafka_tell(void) {
    const char *path = getenv("FAULT_COUNT");
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    if (file == NULL)
        return;
    (void)fprintf(file, "%ld\n", fault_calls);
    (void)fclose(file);
}

static bool fault_now(const char *name, const void *caller) {
    Dl_info from;
    if (fault_call == NULL || strcmp(name, fault_call) != 0 ||
        (dladdr(caller, &from) != 0 && strstr(from.dli_fname, "librdkafka") != NULL))
        return false;
    long call = ++fault_calls;
    return fault_at != 0 && (call == fault_at || (fault_ever && call > fault_at));
}

#define FAULT() fault_now(__func__, __builtin_return_address(0))
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

rd_kafka_t *rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *text, size_t size) {
    if (!FAULT())
        return REAL(rd_kafka_new)(type, conf, text, size);
    (void)snprintf(text, size, "no threads");
    return NULL;
}

rd_kafka_conf_res_t rd_kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, char *text,
                                      size_t size) {
    if (!FAULT())
        return REAL(rd_kafka_conf_set)(conf, name, value, text, size);
    (void)snprintf(text, size, "no such value for \"%s\"", name);
    return RD_KAFKA_CONF_INVALID;
}

rd_kafka_queue_t *rd_kafka_queue_get_partition(rd_kafka_t *client, const char *topic, int32_t partition) {
    return FAULT() ? NULL : REAL(rd_kafka_queue_get_partition)(client, topic, partition);
}

rd_kafka_error_t *rd_kafka_incremental_assign(rd_kafka_t *client,
                                              const rd_kafka_topic_partition_list_t *list) {
    return FAULT() ? rd_kafka_error_new(RD_KAFKA_RESP_ERR__STATE, "no assignment now")
                   : REAL(rd_kafka_incremental_assign)(client, list);
}

ssize_t rd_kafka_consume_batch_queue(rd_kafka_queue_t *queue, int timeout_ms, rd_kafka_message_t **messages,
                                     size_t size) {
    return FAULT() ? (errno = EINTR, -1)
                   : REAL(rd_kafka_consume_batch_queue)(queue, timeout_ms, messages, size);
}

rd_kafka_resp_err_t rd_kafka_metadata(rd_kafka_t *client, int all, rd_kafka_topic_t *only,
                                      const struct rd_kafka_metadata **metadata, int timeout_ms) {
    return FAULT() ? RD_KAFKA_RESP_ERR__TRANSPORT
                   : REAL(rd_kafka_metadata)(client, all, only, metadata, timeout_ms);
}

rd_kafka_resp_err_t rd_kafka_offsets_for_times(rd_kafka_t *client, rd_kafka_topic_partition_list_t *offsets,
                                               int timeout_ms) {
    return FAULT() ? RD_KAFKA_RESP_ERR__TIMED_OUT
                   : REAL(rd_kafka_offsets_for_times)(client, offsets, timeout_ms);
}

rd_kafka_resp_err_t rd_kafka_get_watermark_offsets(rd_kafka_t *client, const char *topic, int32_t partition,
                                                   int64_t *low, int64_t *high) {
    return FAULT() ? RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION
                   : REAL(rd_kafka_get_watermark_offsets)(client, topic, partition, low, high);
}

rd_kafka_resp_err_t rd_kafka_commit(rd_kafka_t *client, const rd_kafka_topic_partition_list_t *offsets,
                                    int async) {
    return FAULT() ? RD_KAFKA_RESP_ERR__TRANSPORT : REAL(rd_kafka_commit)(client, offsets, async);
}

rd_kafka_event_t *rd_kafka_queue_poll(rd_kafka_queue_t *queue, int timeout_ms) {
    return FAULT() ? NULL : REAL(rd_kafka_queue_poll)(queue, timeout_ms);
}

int rd_kafka_brokers_add(rd_kafka_t *client, const char *brokers) {
    return FAULT() ? 0 : REAL(rd_kafka_brokers_add)(client, brokers);
}
