#include "consumer/consume/leader.h"

#include "views/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

struct leader {
    struct progress *progress;
    struct progress *own;
    struct message_source source;
    int64_t *limits; // by slot: the offset before which it may read
    int count;
};

int leader_new(struct leader **ret, struct progress *progress, struct progress *own,
               const struct message_source *source, struct error *error) {
    struct leader *leader = calloc(1, sizeof *leader);
    if (leader == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *leader = (struct leader){.progress = progress, .own = own, .source = *source};
    *ret = leader;
    return 0;
}

void leader_free(struct leader **leader) {
    if (*leader == NULL)
        return;
    free((*leader)->limits);
    free(*leader);
    *leader = NULL;
}

// A slot that was found since the last look waits for the next one.
static int64_t leader_limit(const struct leader *leader, int slot) {
    return slot < leader->count ? leader->limits[slot] : 0;
}

static const struct message *leader_peek(void *self, int slot) {
    const struct leader *leader = self;
    const struct message *message = leader->source.peek(leader->source.self, slot);
    return message != NULL && message->offset < leader_limit(leader, slot) ? message : NULL;
}

static void leader_release(void *self, int slot) {
    const struct leader *leader = self;
    leader->source.release(leader->source.self, slot);
}

static bool leader_at_end(void *self, int slot) {
    const struct leader *leader = self;
    if (slot >= leader->count)
        return false;
    const struct message *message = leader->source.peek(leader->source.self, slot);
    return message != NULL ? message->offset >= leader_limit(leader, slot)
                           : leader->source.at_end(leader->source.self, slot);
}

// Offsets rise, so those that may be read are the first.
static int leader_delivered(void *self, int slot) {
    const struct leader *leader = self;
    int64_t limit = leader_limit(leader, slot);
    int least = 0;
    int most = leader->source.delivered(leader->source.self, slot);
    for (int looked_at = most - 1; least < most; looked_at = least + (most - least) / 2) {
        struct message message;
        leader->source.peek_at(leader->source.self, slot, looked_at, &message);
        if (message.offset < limit)
            least = looked_at + 1;
        else
            most = looked_at;
    }
    return least;
}

static void leader_peek_at(void *self, int slot, int index, struct message *ret) {
    const struct leader *leader = self;
    leader->source.peek_at(leader->source.self, slot, index, ret);
}

struct message_source leader_source(struct leader *leader) {
    bool ahead = leader->source.peek_at != NULL;
    return (struct message_source){.self = leader,
                                   .peek = leader_peek,
                                   .release = leader_release,
                                   .delivered = ahead ? leader_delivered : NULL,
                                   .peek_at = ahead ? leader_peek_at : NULL,
                                   .at_end = leader_at_end};
}

int leader_partitions(struct progress *progress, struct partition_progress **ret) {
    int count = progress_partitions(progress, NULL, 0);
    *ret = count > 0 ? calloc((size_t)count, sizeof **ret) : NULL;
    if (*ret == NULL)
        return 0;
    int now = progress_partitions(progress, *ret, count);
    return now < count ? now : count;
}

static int leader_compare(const void *a, const void *b) {
    const struct partition_progress *x = a;
    const struct partition_progress *y = b;
    int order = strcmp(x->topic, y->topic);
    return order != 0 ? order : (x->partition > y->partition) - (x->partition < y->partition);
}

static const struct partition_progress *leader_find(const struct partition_progress *rows, int count,
                                                    const struct partition_progress *of) {
    return count > 0 ? bsearch(of, rows, (size_t)count, sizeof *rows, leader_compare) : NULL;
}

// Its partitions, and what it had committed of them, are known from then on.
static bool leader_has_started(struct progress *progress) {
    struct progress_summary summary;
    progress_summary(progress, &summary);
    return summary.state != STATE_STARTING && progress_partitions(progress, NULL, 0) > 0;
}

void leader_look(struct leader *leader) {
    if (!leader_has_started(leader->progress))
        return;
    CLEANUP(free_any) struct partition_progress *theirs = NULL;
    CLEANUP(free_any) struct partition_progress *own = NULL;
    int their_count = leader_partitions(leader->progress, &theirs);
    int own_count = leader_partitions(leader->own, &own);
    int64_t *grown = realloc(leader->limits, ((size_t)own_count + 1) * sizeof *grown);
    if (grown == NULL)
        return;
    leader->limits = grown;
    for (int i = 0; i < own_count; i++) {
        int slot = progress_partition(leader->own, own[i].topic, own[i].partition);
        const struct partition_progress *their = leader_find(theirs, their_count, &own[i]);
        if (slot >= 0 && slot < own_count)
            leader->limits[slot] = their != NULL ? their->committed : INT64_MAX;
    }
    leader->count = own_count;
}

int64_t leader_behind(struct progress *progress, struct progress *own) {
    if (!leader_has_started(progress))
        return -1;
    CLEANUP(free_any) struct partition_progress *theirs = NULL;
    CLEANUP(free_any) struct partition_progress *ours = NULL;
    int their_count = leader_partitions(progress, &theirs);
    int count = leader_partitions(own, &ours);
    int64_t behind = 0;
    for (int i = 0; i < count; i++) {
        const struct partition_progress *their = leader_find(theirs, their_count, &ours[i]);
        if (their != NULL)
            behind += their->committed > ours[i].applied ? their->committed - ours[i].applied : 0;
    }
    return behind;
}
