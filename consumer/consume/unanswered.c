#include "consumer/consume/unanswered.h"

#include <inttypes.h>
#include <stdio.h>

static void unanswered_describe(struct unanswered *unanswered, const struct kafka_unanswered *longest,
                                int count) {
    char more[32] = "";
    if (count > 1)
        (void)snprintf(more, sizeof more, " and %d more", count - 1);
    (void)snprintf(unanswered->reason, sizeof unanswered->reason,
                   "no broker has answered a fetch of %s partition %" PRId32 "%s for %" PRId64 " s: %s",
                   longest->topic, longest->partition, more, longest->ms / 1000, longest->why);
}

void unanswered_look(struct unanswered *unanswered, struct kafka *kafka, const struct discovery *discovery,
                     int64_t now_ms) {
    struct kafka_unanswered longest = {0};
    int count = 0;
    int read = 0;
    unanswered->oldest_ms = now_ms;
    unanswered->newest_ms = 0;
    for (int i = 0; i < discovery_slots(discovery); i++) {
        struct kafka_unanswered found;
        if (!discovery_is_assigned(discovery, i))
            continue;
        read++;
        kafka_unanswered(kafka, i, &found);
        count += found.ms >= UNANSWERED_MS;
        if (found.answered_ms < unanswered->oldest_ms)
            unanswered->oldest_ms = found.answered_ms;
        if (found.answered_ms > unanswered->newest_ms)
            unanswered->newest_ms = found.answered_ms;
        if (found.ms > longest.ms)
            longest = found;
    }
    if (count == 0 || unanswered->answered_ms == 0)
        unanswered->answered_ms = now_ms;
    unanswered->all = count == read;
    unanswered->reason[0] = '\0';
    if (count > 0 && now_ms - unanswered->answered_ms >= UNANSWERED_SEEN_MS)
        unanswered_describe(unanswered, &longest, count);
}
