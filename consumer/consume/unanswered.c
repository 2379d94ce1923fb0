#include "consumer/consume/unanswered.h"

#include <inttypes.h>
#include <stdio.h>

static void unanswered_describe(struct unanswered *unanswered, const struct kafka_unanswered *longest,
                                int count) {
    char more[32] = "";
    if (count > 1)
        (void)snprintf(more, sizeof more, " and %d more", count - 1);
    (void)snprintf(unanswered->text, sizeof unanswered->text,
                   "no broker has answered a fetch of %s partition %" PRId32 "%s for %" PRId64 " s: %s",
                   longest->topic, longest->partition, more, longest->ms / 1000, longest->why);
}

static void unanswered_look_at_partitions(struct unanswered *unanswered, struct kafka *kafka,
                                          const struct discovery *discovery) {
    struct kafka_unanswered longest = {0};
    unanswered->found = unanswered->read = 0;
    unanswered->oldest_answer_ms = INT64_MAX;
    unanswered->newest_ms = 0;
    for (int i = 0; i < discovery_slots(discovery); i++) {
        struct kafka_unanswered found;
        if (!discovery_is_assigned(discovery, i))
            continue;
        unanswered->read++;
        kafka_unanswered(kafka, i, &found);
        unanswered->found += found.ms >= UNANSWERED_MS;
        if (found.answered_ms < unanswered->oldest_answer_ms)
            unanswered->oldest_answer_ms = found.answered_ms;
        if (found.answered_ms > unanswered->newest_ms)
            unanswered->newest_ms = found.answered_ms;
        if (found.ms > longest.ms)
            longest = found;
    }
    unanswered->text[0] = '\0';
    if (longest.ms > 0)
        unanswered_describe(unanswered, &longest, unanswered->found);
}

void unanswered_look(struct unanswered *unanswered, struct kafka *kafka, const struct discovery *discovery,
                     bool still, int64_t now_ms) {
    if (!still || unanswered->told != kafka_told(kafka)) {
        unanswered->told = kafka_told(kafka);
        unanswered->looked_ms = now_ms;
        unanswered_look_at_partitions(unanswered, kafka, discovery);
    }
    int count = unanswered->found;
    unanswered->oldest_ms = unanswered->oldest_answer_ms < now_ms ? unanswered->oldest_answer_ms : now_ms;
    if (count == 0 || unanswered->answered_ms == 0)
        unanswered->answered_ms = now_ms;
    unanswered->all = count == unanswered->read;
    bool due = count > 0 && now_ms - unanswered->answered_ms >= UNANSWERED_SEEN_MS;
    (void)snprintf(unanswered->reason, sizeof unanswered->reason, "%s", due ? unanswered->text : "");
}
