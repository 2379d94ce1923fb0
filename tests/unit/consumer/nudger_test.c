// What asks for a partition may go before its question was asked, and while it is. The address sanitizer sees a use
// of what was freed.
#include "consumer/broker/client/nudger.h"

#include "tests/unit/consumer/mock_cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NUDGES = 4 };

struct asker {
    char *topic;
    struct kafka_nudge *nudge;
};

static struct asker asker_new(void) {
    struct asker asker = {strdup("shop.public.orders"), calloc(1, sizeof *asker.nudge)};
    assert_non_null(asker.topic);
    assert_non_null(asker.nudge);
    asker.nudge->topic = asker.topic;
    return asker;
}

// As a topic's partitions go that was deleted and made again.
static void asker_go(struct asker *asker, struct kafka_nudger *nudger) {
    kafka_nudger_forget(nudger, asker->nudge);
    assert_false(asker->nudge->queued);
    memset(asker->topic, 'x', strlen(asker->topic));
    free(asker->topic);
    free(asker->nudge);
}

// No broker answers, so each question takes as long as it may: the first is under way or queued, the others are
// queued.
static void forgets_what_is_freed(void **state) {
    (void)state;
    static const int orders[][NUDGES] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}};
    for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
        char text[256];
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        rd_kafka_conf_set_log_cb(conf, mock_cluster_quiet);
        rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
        assert_non_null(client);
        struct kafka_nudger *nudger = NULL;
        struct error error = {0};
        assert_int_equal(kafka_nudger_start(&nudger, client, &error), 0);
        struct asker askers[NUDGES];
        for (int i = 0; i < NUDGES; i++) {
            askers[i] = asker_new();
            kafka_nudger_ask(nudger, askers[i].nudge);
            kafka_nudger_ask(nudger, askers[i].nudge);
        }
        for (int i = 0; i < NUDGES; i++)
            asker_go(&askers[orders[o][i]], nudger);
        struct asker last = asker_new(); // the queue still takes another
        kafka_nudger_ask(nudger, last.nudge);
        asker_go(&last, nudger);
        kafka_nudger_stop(&nudger);
        rd_kafka_destroy(client);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(forgets_what_is_freed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
