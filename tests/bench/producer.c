#include "tests/bench/producer.h"

rd_kafka_t *producer_open(const char *brokers, const struct producer_setting *settings,
                          void (*delivered)(rd_kafka_t *client, const rd_kafka_message_t *message,
                                            void *self),
                          void *self, struct error *error) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[256] = "";
    rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, "bootstrap.servers", brokers, text, sizeof text);
    for (const struct producer_setting *set = settings; set->name != NULL && result == RD_KAFKA_CONF_OK;
         set++)
        result = rd_kafka_conf_set(conf, set->name, set->value, text, sizeof text);
    if (delivered != NULL)
        rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    rd_kafka_conf_set_opaque(conf, self);
    rd_kafka_t *client =
        result == RD_KAFKA_CONF_OK ? rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text) : NULL;
    if (client == NULL) {
        rd_kafka_conf_destroy(conf);
        (void)error_set(error, ERROR_BROKER, "%s", text);
    }
    return client;
}
