#include "consumer/consume/discovery.h"

#include "consumer/consume/census.h"
#include "consumer/decode/topic_role.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DISCOVERY_TROUBLE_SIZE = 400,
    DISCOVERY_DENIED_NAMED = 3,  // topics that may not be seen, by name; the others are counted
    DISCOVERY_REPORTED_MAX = 16, // partitions that are named one by one in the log when reading them begins
};

enum discovery_stage {
    DISCOVERY_RESTS,
    DISCOVERY_ASKED_TOPICS,
    DISCOVERY_ASKED_ENDS,
};

// A partition that was found and is not read yet.
struct discovery_partition {
    char *topic;
    int32_t partition;
    int slot;
    int64_t next_offset;
};

struct discovery {
    struct discovery_config config;
    struct census *census;
    enum discovery_stage stage;
    enum kafka_topics asked;
    bool *assigned; // by slot
    bool *deleted;  // was assigned, and does not exist any more
    int64_t *least_ends;
    int slot_count;
    struct discovery_partition *unread;
    struct kafka_ends *ends; // of each unread one
    int unread_count;
    char trouble[DISCOVERY_TROUBLE_SIZE];
    char denied[DISCOVERY_TROUBLE_SIZE];
    char fewer[DISCOVERY_TROUBLE_SIZE]; // of a topic whose partitions are fewer than were read, "" = none is
    struct error failure;               // of a step
    bool has_transactions;
    bool missed;      // ends were not answered, or a topic is deleted
    bool asked_again; // for the ends, of a client that was opened anew
    // monotonic
    int64_t asked_ms;
    int64_t all_asked_ms;
    int64_t newest_find_ms;
    int64_t fewer_ms;        // since when each listing had fewer, 0 = the newest had not
    int64_t fewer_listed_ms; // the newest that had
    bool unlisted;           // a listing since then was not answered
};

static void discovery_drop_unread(struct discovery *discovery, int left) {
    while (discovery->unread_count > left)
        free(discovery->unread[--discovery->unread_count].topic);
}

static void discovery_forget_unread(struct discovery *discovery) {
    discovery_drop_unread(discovery, 0);
    free(discovery->unread);
    free(discovery->ends);
    discovery->unread = NULL;
    discovery->ends = NULL;
}

void discovery_free(struct discovery **discovery) {
    struct discovery *freeing = *discovery;
    if (freeing == NULL)
        return;
    discovery_forget_unread(freeing);
    census_free(&freeing->census);
    free(freeing->assigned);
    free(freeing->deleted);
    free(freeing->least_ends);
    free(freeing);
    *discovery = NULL;
}

int discovery_new(struct discovery **ret, const struct discovery_config *config, struct error *error) {
    CLEANUP(discovery_free) struct discovery *discovery = calloc(1, sizeof *discovery);
    if (discovery == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    discovery->config = *config;
    discovery->newest_find_ms = clock_monotonic_ms();
    if (census_new(&discovery->census, config->applied->catalog, config->applied->prefix,
                   config->applied->progress, error) != 0)
        return -1;
    *ret = discovery;
    discovery = NULL;
    return 0;
}

bool discovery_is_assigned(const struct discovery *discovery, int slot) {
    return slot < discovery->slot_count && discovery->assigned[slot];
}

int64_t discovery_least_end(const struct discovery *discovery, int slot) {
    return discovery->least_ends[slot];
}

int discovery_slots(const struct discovery *discovery) {
    return discovery->slot_count;
}

bool discovery_reads_none(const struct discovery *discovery) {
    if (discovery->fewer_ms != 0)
        return false; // brokers do answer
    for (int slot = 0; slot < discovery->slot_count; slot++)
        if (discovery->assigned[slot] || discovery->deleted[slot])
            return false;
    return true;
}

bool discovery_reads_all(const struct discovery *discovery) {
    return discovery->unread_count == 0 && discovery->trouble[0] == '\0';
}

const char *discovery_trouble(const struct discovery *discovery) {
    return discovery->trouble[0] != '\0' ? discovery->trouble : NULL;
}

void discovery_topic_deleted(struct discovery *discovery, int slot, const char *why) {
    if (!discovery_is_assigned(discovery, slot))
        return;
    discovery->assigned[slot] = false;
    discovery->deleted[slot] = true;
    discovery->missed = true;
    progress_forget_high(discovery->config.applied->progress, slot);
    discovery->newest_find_ms = clock_monotonic_ms();
    (void)snprintf(discovery->trouble, sizeof discovery->trouble, "%s", why);
}

const char *discovery_missing(const struct discovery *discovery) {
    return census_missing(discovery->census);
}

const char *discovery_others(const struct discovery *discovery) {
    return census_others(discovery->census);
}

const char *discovery_denied(const struct discovery *discovery) {
    return discovery->denied[0] != '\0' ? discovery->denied : NULL;
}

const char *discovery_may_be_transactions(const struct discovery *discovery) {
    return census_may_be_transactions(discovery->census);
}

const char *discovery_may_be_heartbeats(const struct discovery *discovery) {
    return census_may_be_heartbeats(discovery->census);
}

static int discovery_grow(struct discovery *discovery, int slot, struct error *error) {
    if (slot < discovery->slot_count)
        return 0;
    size_t count = (size_t)slot + 1;
    bool *assigned = realloc(discovery->assigned, count * sizeof *assigned);
    if (assigned != NULL)
        discovery->assigned = assigned;
    bool *deleted = realloc(discovery->deleted, count * sizeof *deleted);
    if (deleted != NULL)
        discovery->deleted = deleted;
    int64_t *least_ends = realloc(discovery->least_ends, count * sizeof *least_ends);
    if (least_ends != NULL)
        discovery->least_ends = least_ends;
    if (assigned == NULL || deleted == NULL || least_ends == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (; discovery->slot_count <= slot; discovery->slot_count++) {
        assigned[discovery->slot_count] = deleted[discovery->slot_count] = false;
        least_ends[discovery->slot_count] = 0;
    }
    return 0;
}

static int discovery_add_unread(struct discovery *discovery, const struct discovery_partition *found,
                                struct error *error) {
    size_t count = (size_t)discovery->unread_count + 1;
    struct discovery_partition *grown = realloc(discovery->unread, count * sizeof *grown);
    if (grown != NULL)
        discovery->unread = grown;
    struct kafka_ends *ends = realloc(discovery->ends, count * sizeof *ends);
    if (ends != NULL)
        discovery->ends = ends;
    char *topic = strdup(found->topic);
    if (grown == NULL || ends == NULL || topic == NULL) {
        free(topic);
        return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    discovery->unread[count - 1] = *found;
    discovery->unread[count - 1].topic = topic;
    discovery->ends[count - 1] =
        (struct kafka_ends){.topic = topic, .partition = found->partition, .low = -1, .high = -1};
    discovery->unread_count++;
    return 0;
}

static int discovery_note_partition(struct discovery *discovery, const char *topic, int32_t number,
                                    struct error *error) {
    struct discovery_partition found = {.topic = (char *)(uintptr_t)topic, .partition = number};
    if (apply_add_partition(discovery->config.apply, topic, number, &found.slot, &found.next_offset, error) !=
            0 ||
        discovery_grow(discovery, found.slot, error) != 0)
        return -1;
    return discovery->assigned[found.slot] ? 0 : discovery_add_unread(discovery, &found, error);
}

// One that was read and that a listing lacks, -1 = none.
static int32_t discovery_lacks(const struct discovery *discovery, const char *topic, int partitions) {
    int count;
    const struct store_offset *offsets = store_offsets(discovery->config.applied->store, &count);
    for (int i = 0; i < count; i++)
        if (offsets[i].unread == STORE_READ && offsets[i].partition >= partitions &&
            strcmp(offsets[i].topic, topic) == 0)
            return offsets[i].partition;
    return -1;
}

// Kafka takes no partition away: where one that was read is not there, the others are of another topic too, and what is said of them by their
// newest messages may be nothing. But a broker that was told late of partitions that were added lists as many as there were. False: none
// of the topic may be read by now.
static bool discovery_check_count(struct discovery *discovery, const char *topic, int partitions) {
    int64_t now = clock_monotonic_ms();
    int32_t lacks = discovery_lacks(discovery, topic, partitions);
    if (lacks < 0)
        return true;
    if (discovery->fewer_ms == 0)
        discovery->fewer_ms = now;
    else if (discovery->unlisted) // while nobody answers, no broker hears anything either
        discovery->fewer_ms += now - discovery->fewer_listed_ms;
    discovery->fewer_listed_ms = now;
    discovery->unlisted = false;
    (void)snprintf(
        discovery->fewer, sizeof discovery->fewer,
        "%s is told to have %d partitions, and this file has read its partition %" PRId32
        ": the broker that was asked may lag behind, so it is asked again for %d s before this halts",
        topic, partitions, lacks, DISCOVERY_FEWER_MS / 1000);
    if (now - discovery->fewer_ms >= DISCOVERY_FEWER_MS)
        (void)error_set(&discovery->failure, ERROR_HALT,
                        "%s has %d partitions, and this file has read its partition %" PRId32
                        ": the topic was made anew; read the topics into a new --db file",
                        topic, partitions, lacks);
    return false;
}

static void discovery_found(void *self, const char *topic, int partitions) {
    struct discovery *discovery = self;
    const struct apply_config *applied = discovery->config.applied;
    const struct table *table;
    enum topic_role role = topic_role(topic, applied->prefix, applied->catalog, &table);
    census_see(discovery->census, topic);
    if (role == TOPIC_IGNORED || role == TOPIC_TABLE)
        census_note(discovery->census, topic, partitions, table);
    if (role == TOPIC_IGNORED)
        return;
    discovery->has_transactions |= role == TOPIC_TRANSACTION;
    int unread = discovery->unread_count;
    for (int i = 0; i < partitions && discovery->failure.kind == ERROR_NONE; i++)
        (void)discovery_note_partition(discovery, topic, i, &discovery->failure);
    if (discovery->config.verify_topics && discovery->unread_count > unread &&
        !discovery_check_count(discovery, topic, partitions))
        discovery_drop_unread(discovery, unread);
}

// A topic that was deleted while messages of it were never read, and nothing of it was applied that could tell it from
// the one that is there now. True when `failure` says so.
static bool discovery_was_unread(struct discovery *discovery, const struct discovery_partition *found) {
    int64_t at_ms;
    int64_t high = kafka_high(discovery->config.kafka, found->slot, &at_ms);
    if (!discovery->deleted[found->slot] || found->next_offset > 0 || high <= 0)
        return false;
    (void)error_set(&discovery->failure, ERROR_HALT,
                    "%s partition %" PRId32 ": the topic was made anew, and %" PRId64
                    " messages of the old one were never read; read the topics into a new --db file",
                    found->topic, found->partition, high);
    return true;
}

static int discovery_assign(struct discovery *discovery, const struct discovery_partition *found,
                            int64_t from, int64_t low, struct error *error) {
    struct kafka *kafka = discovery->config.kafka;
    return found->next_offset < 0
               ? kafka_assign_oldest(kafka, found->slot, found->topic, found->partition, low, error)
               : kafka_assign(kafka, found->slot, found->topic, found->partition, from, error);
}

// Reads from one message back, where it still exists. The topic is the same when that message is the one that
// was applied.
static void discovery_begin(struct discovery *discovery, const struct discovery_partition *found,
                            const struct kafka_ends *ends, struct error *error) {
    const struct discovery_config *config = &discovery->config;
    bool verify = config->verify_topics && found->next_offset > ends->low && found->next_offset <= ends->high;
    int64_t from = verify ? found->next_offset - 1 : found->next_offset;
    // What its log lacks is noted first: a partition that is assigned is not begun again.
    if (found->next_offset < 0 &&
        apply_start_at(config->apply, found->slot, ends->low, ends->high, error) != 0)
        return;
    if (discovery_assign(discovery, found, from, ends->low, error) != 0)
        return;
    discovery->assigned[found->slot] = true;
    discovery->deleted[found->slot] = false;
    if (config->captured != NULL)
        discovery->least_ends[found->slot] = config->captured(config->broker, found->topic, found->partition);
    if (verify)
        apply_verify_first(config->apply, found->slot);
    progress_set_high(config->applied->progress, found->slot, ends->high, clock_wall_ms());
    progress_set_log_start(config->applied->progress, found->slot, ends->low);
    int64_t offset = apply_next_offset(config->apply, found->slot);
    log_event(discovery->unread_count > DISCOVERY_REPORTED_MAX ? LEVEL_DEBUG : LEVEL_INFO, "reading",
              &(struct log_fields){
                  .topic = found->topic, .has_offset = true, .partition = found->partition, .offset = offset},
              "reading %s partition %" PRId32 " from offset %" PRId64, found->topic, found->partition,
              offset);
}

// After a listing of all topics: what has no topic by now has none, unless it is one that may not be seen.
static void discovery_note_all_read(struct discovery *discovery) {
    if (discovery->asked == KAFKA_TOPICS_ALL && !discovery->missed && discovery->denied[0] == '\0')
        apply_note_discovery(discovery->config.apply);
}

static void discovery_tell_fewer(struct discovery *discovery) {
    if (discovery->fewer[0] == '\0')
        return;
    if (strcmp(discovery->trouble, discovery->fewer) != 0)
        log_event(LEVEL_WARN, "discovery", NULL, "%s", discovery->fewer);
    (void)snprintf(discovery->trouble, sizeof discovery->trouble, "%s", discovery->fewer);
    discovery->missed = true;
}

// Begins to read one if its ends are known, and says why it is not read where it is not.
static void discovery_begin_told(struct discovery *discovery, const struct discovery_partition *found,
                                 const struct kafka_ends *ends) {
    struct error error = {0};
    if (ends->low >= 0 && !discovery_was_unread(discovery, found))
        discovery_begin(discovery, found, ends, &error);
    if (error.kind != ERROR_NONE)
        discovery->failure = error;
    if (discovery->assigned[found->slot])
        return;
    if (ends->low >= 0)
        (void)snprintf(discovery->trouble, sizeof discovery->trouble, "%s", discovery->failure.message);
    else
        (void)snprintf(discovery->trouble, sizeof discovery->trouble,
                       "%s partition %" PRId32 " is not read yet: its broker does not tell where it ends%s",
                       found->topic, found->partition, kafka_failure(discovery->config.kafka));
}

// Reads the partitions whose ends the broker answered. From now on rows wait for ENDs, if there are any: not
// before every partition is known.
static void discovery_begin_answered(struct discovery *discovery) {
    discovery->trouble[0] = '\0';
    kafka_assign_begin(discovery->config.kafka);
    for (int i = 0; i < discovery->unread_count; i++)
        discovery_begin_told(discovery, &discovery->unread[i], &discovery->ends[i]);
    struct error error = {0};
    if (kafka_assign_end(discovery->config.kafka, &error) != 0 && discovery->failure.kind == ERROR_NONE)
        (void)error_set(&discovery->failure, ERROR_HALT, "%s", error.message);
    if (discovery->unread_count > DISCOVERY_REPORTED_MAX)
        log_event(LEVEL_INFO, "reading", NULL, "reading %d partitions more", discovery->unread_count);
    discovery->missed = discovery->trouble[0] != '\0';
    if (discovery->asked == KAFKA_TOPICS_ALL && discovery->fewer[0] == '\0')
        discovery->fewer_ms = 0;
    discovery_tell_fewer(discovery);
    for (int slot = 0; slot < discovery->slot_count && !discovery->missed; slot++)
        if (discovery->deleted[slot]) {
            discovery->missed = true;
            (void)snprintf(discovery->trouble, sizeof discovery->trouble, "%s",
                           "a topic does not exist any more");
        }
    discovery_forget_unread(discovery);
    discovery->newest_find_ms = clock_monotonic_ms();
    apply_set_sequenced(discovery->config.apply, discovery->has_transactions);
    discovery_note_all_read(discovery);
}

// True when the client was opened anew for how far behind the partitions are, and has to hear of them.
static bool discovery_asks_again(struct discovery *discovery) {
    struct discovery_behind behind = {0};
    if (discovery->asked_again)
        return false;
    for (int i = 0; i < discovery->unread_count; i++) {
        const struct kafka_ends *ends = &discovery->ends[i];
        int64_t next = discovery->unread[i].next_offset;
        if (ends->low >= 0 && ends->high > next)
            discovery_add_behind(&behind, ends->high - (next > ends->low ? next : ends->low));
    }
    discovery->asked_again = kafka_expect_far(discovery->config.kafka, discovery_far(&behind));
    return discovery->asked_again &&
           kafka_ask_ends(discovery->config.kafka, discovery->ends, discovery->unread_count);
}

static bool discovery_is_stable(const struct discovery *discovery, bool connected) {
    return connected && discovery->slot_count > 0 && !discovery->missed &&
           (discovery->has_transactions || !apply_saw_transactions(discovery->config.apply));
}

static int64_t discovery_within(int64_t value, int64_t least, int64_t most) {
    return value < least ? least : value > most ? most : value;
}

// Whether it is time to ask, and for which topics.
static bool discovery_is_due(const struct discovery *discovery, bool connected, enum kafka_topics *ret) {
    int64_t now = clock_monotonic_ms();
    int64_t since_find = now - discovery->newest_find_ms;
    int64_t until_asked = discovery->all_asked_ms - discovery->newest_find_ms;
    bool stable = discovery_is_stable(discovery, connected);
    int64_t every_all =
        stable ? discovery_within(until_asked, DISCOVERY_ALL_LEAST_MS,
                                  discovery->denied[0] != '\0' ? DISCOVERY_DENIED_MS : DISCOVERY_ALL_MOST_MS)
               : discovery_within(since_find / 4, DISCOVERY_UNSETTLED_MS, DISCOVERY_UNSETTLED_MOST_MS);
    *ret = KAFKA_TOPICS_ALL;
    if (discovery->all_asked_ms == 0 || now - discovery->all_asked_ms >= every_all)
        return true;
    *ret = KAFKA_TOPICS_ASSIGNED;
    return discovery->slot_count > 0 && now - discovery->asked_ms >= DISCOVERY_ASSIGNED_EVERY_MS;
}

static void discovery_ask(struct discovery *discovery, bool connected) {
    enum kafka_topics which;
    if (!discovery_is_due(discovery, connected, &which) || !kafka_ask_topics(discovery->config.kafka, which))
        return;
    discovery->stage = DISCOVERY_ASKED_TOPICS;
    discovery->asked = which;
}

static void discovery_name_denied(const struct discovery *discovery, char *ret, size_t size) {
    const char *names[DISCOVERY_DENIED_NAMED] = {NULL};
    const char *name;
    int count = 0;
    for (; (name = kafka_denied(discovery->config.kafka, count)) != NULL; count++)
        if (count < DISCOVERY_DENIED_NAMED)
            names[count] = name;
    census_list(ret, size, names, count < DISCOVERY_DENIED_NAMED ? count : DISCOVERY_DENIED_NAMED, count);
}

static void discovery_end_listing(struct discovery *discovery) {
    char names[DISCOVERY_TROUBLE_SIZE / 2];
    char before[DISCOVERY_TROUBLE_SIZE];
    discovery_name_denied(discovery, names, sizeof names);
    (void)snprintf(before, sizeof before, "%s", discovery->denied);
    discovery->denied[0] = '\0';
    if (names[0] != '\0')
        (void)snprintf(
            discovery->denied, sizeof discovery->denied,
            "Topic authorization failed: whether these exist is not told, and this account needs Read on "
            "those that do: %s",
            names);
    if (names[0] != '\0' && strcmp(before, discovery->denied) != 0)
        log_event(LEVEL_WARN, "denied", NULL, "%s", discovery->denied);
    census_end(discovery->census);
}

// A listing was taken, and no partition of it is to be begun.
static void discovery_take_nothing_new(struct discovery *discovery) {
    bool told = discovery->fewer_ms != 0 && discovery->fewer[0] == '\0';
    if (discovery->asked == KAFKA_TOPICS_ALL && told) {
        discovery_begin_answered(discovery); // that topic is gone, and what was said of it
        return;
    }
    discovery_tell_fewer(discovery);
    discovery_note_all_read(discovery);
}

static int discovery_take_topics(struct discovery *discovery, bool *ret_answered, struct error *error) {
    if (discovery->asked == KAFKA_TOPICS_ALL) {
        census_begin(discovery->census);
        discovery->fewer[0] = '\0';
    }
    int status = kafka_take_topics(discovery->config.kafka, discovery_found, discovery, error);
    if (status == 0)
        return 0;
    *ret_answered = status == 1;
    discovery->unlisted |= status != 1;
    discovery->stage = DISCOVERY_RESTS;
    discovery->asked_ms = clock_monotonic_ms();
    if (discovery->asked == KAFKA_TOPICS_ALL)
        discovery->all_asked_ms = discovery->asked_ms;
    if (discovery->asked == KAFKA_TOPICS_ALL && status == 1)
        discovery_end_listing(discovery);
    if (discovery->unread_count > 0)
        kafka_expect(discovery->config.kafka, discovery->slot_count);
    if (discovery->unread_count > 0 &&
        kafka_ask_ends(discovery->config.kafka, discovery->ends, discovery->unread_count))
        discovery->stage = DISCOVERY_ASKED_ENDS;
    else if (discovery->unread_count == 0 && status == 1)
        discovery_take_nothing_new(discovery);
    return status == 1 ? 0 : -1;
}

// Where leaders do not answer, it takes seconds, and more where there are many.
static void discovery_take_ends(struct discovery *discovery) {
    if (kafka_take_ends(discovery->config.kafka)) {
        if (discovery_asks_again(discovery))
            return;
        discovery->stage = DISCOVERY_RESTS;
        discovery_begin_answered(discovery);
    } else if (clock_monotonic_ms() - discovery->asked_ms >= DISCOVERY_ENDS_SLOW_MS) {
        (void)snprintf(discovery->trouble, sizeof discovery->trouble,
                       "no broker has told yet where %d partitions end%s", discovery->unread_count,
                       kafka_failure(discovery->config.kafka));
    }
}

int discovery_step(struct discovery *discovery, bool connected, bool *ret_answered, struct error *error) {
    *ret_answered = false;
    int status = 0;
    discovery->failure = (struct error){0};
    switch (discovery->stage) {
    case DISCOVERY_RESTS:
        discovery_ask(discovery, connected);
        break;
    case DISCOVERY_ASKED_TOPICS:
        status = discovery_take_topics(discovery, ret_answered, error);
        break;
    case DISCOVERY_ASKED_ENDS:
        discovery_take_ends(discovery);
        break;
    }
    if (status == 0 && discovery->failure.kind != ERROR_NONE)
        return error_set(error, discovery->failure.kind, "%s", discovery->failure.message);
    return status;
}
