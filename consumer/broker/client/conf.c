#include "consumer/broker/client/conf.h"

#include "consumer/broker/client/settings.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void kafka_conf_destroy(rd_kafka_conf_t **conf) {
    if (*conf != NULL)
        rd_kafka_conf_destroy(*conf);
}

int kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *error) {
    char text[KAFKA_CLIENT_ERROR_SIZE];
    rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, name, value, text, sizeof text);
    if (result == RD_KAFKA_CONF_OK)
        return 0;
    // librdkafka's text may hold the value
    if (result == RD_KAFKA_CONF_INVALID && kafka_setting_is_secret(name))
        return error_set(error, ERROR_USAGE, "-X %s: librdkafka refuses the value", name);
    return error_set(error, ERROR_USAGE, "-X %s: %s", name, text);
}

int kafka_conf_set_number(rd_kafka_conf_t *conf, const char *name, int value, struct error *error) {
    char text[16];
    (void)snprintf(text, sizeof text, "%d", value);
    return kafka_conf_set(conf, name, text, error);
}

int64_t kafka_conf_number(const rd_kafka_conf_t *conf, const char *name) {
    char text[32];
    size_t size = sizeof text;
    return rd_kafka_conf_get(conf, name, text, &size) == RD_KAFKA_CONF_OK ? strtoll(text, NULL, 10) : 0;
}

static atomic_uint kafka_conf_closed_count;

static int kafka_conf_on_close(int socket, void *opaque) {
    (void)opaque;
    (void)atomic_fetch_add(&kafka_conf_closed_count, 1);
    return close(socket);
}

void kafka_conf_count_closed(rd_kafka_conf_t *conf) {
    rd_kafka_conf_set_closesocket_cb(conf, kafka_conf_on_close);
}

unsigned kafka_conf_closed(void) {
    return atomic_load(&kafka_conf_closed_count);
}
