#include "consumer/replay.h"

#include "consumer/apply/apply.h"
#include "consumer/capture.h"
#include "consumer/decode/topic_role.h"
#include "consumer/fill/fill.h"
#include "consumer/progress_line.h"
#include "views/base/bounds.h"
#include "views/base/cleanup.h"
#include "views/base/log.h"

#include <stdio.h>
#include <string.h>

// A line that was delivered and waits behind others of its partition: where it stands.
struct replay_line {
    int capture;
    size_t at;
};

struct queue {
    struct replay_line *places; // ring
    size_t first;
    size_t count;
    size_t capacity;
    // the oldest delivered message, read
    bool loaded;
    struct message message;
    struct arena arena;
};

struct replay {
    const struct replay_config *config;
    struct capture **captures;
    struct apply *apply;
    struct fill *fill;     // NULL, or what reads the captures again
    struct queue **queues; // by slot; each stays where it is, messages are borrowed from it
    int queue_count;
    struct arena scratch; // of the line being delivered
    struct replay_place place;
    bool stopped;         // as `committed` asked
    bool ended;           // nothing will come any more
    struct error failure; // of a line that could be read once but not again
    bool failed;
};

static void replay_set_message(struct queue *queue, const struct capture_line *line, int slot) {
    queue->message = (struct message){
        .slot = slot, .offset = line->offset, .ts_ms = line->ts_ms, .key = line->key, .value = line->value};
    queue->loaded = true;
}

static const struct message *replay_peek(void *self, int slot) {
    struct replay *replay = self;
    struct queue *queue = replay->queues[slot];
    if (queue->loaded)
        return &queue->message;
    if (queue->count == 0 || replay->failed)
        return NULL;
    const struct replay_line place = queue->places[queue->first];
    struct capture_line line;
    arena_reset(&queue->arena);
    if (capture_at(replay->captures[place.capture], place.at, &queue->arena, &line, &replay->failure) != 1) {
        replay->failed = true;
        return NULL;
    }
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    replay_set_message(queue, &line, slot);
    return &queue->message;
}

static void replay_release(void *self, int slot) {
    struct replay *replay = self;
    replay->queues[slot]->loaded = false;
}

// Until the captures are at their end more lines may follow.
static bool replay_at_end(void *self, int slot) {
    const struct replay *replay = self;
    return replay->ended && !replay->queues[slot]->loaded && replay->queues[slot]->count == 0;
}

// Its bound is the captures' own: a place is smaller than the line that it stands for.
static int replay_enqueue(struct queue *queue, struct replay_line place, struct error *error) {
    if (queue->count == queue->capacity) {
        size_t capacity = queue->capacity == 0 ? BOUND(16, 2) : queue->capacity * 2;
        struct replay_line *grown = malloc(capacity * sizeof *grown);
        if (grown == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        for (size_t i = 0; i < queue->count; i++)
            grown[i] = queue->places[(queue->first + i) % queue->capacity];
        free(queue->places);
        queue->places = grown;
        queue->first = 0;
        queue->capacity = capacity;
    }
    queue->places[(queue->first + queue->count++) % queue->capacity] = place;
    return 0;
}

static int replay_make_queues(struct replay *replay, int slot, struct error *error) {
    if (slot < replay->queue_count)
        return 0;
    struct queue **grown = realloc(replay->queues, ((size_t)slot + 1) * sizeof *grown);
    if (grown == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    replay->queues = grown;
    for (; replay->queue_count <= slot; replay->queue_count++)
        if ((replay->queues[replay->queue_count] = calloc(1, sizeof **grown)) == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
    return 0;
}

static int replay_find_slot(struct replay *replay, struct span name, int32_t partition, int *ret,
                            struct error *error) {
    char topic[REPLAY_TOPIC_SIZE];
    memcpy(topic, name.data, name.size);
    topic[name.size] = '\0';
    int64_t next_offset;
    if (apply_add_partition(replay->apply, topic, partition, ret, &next_offset, error) != 0)
        return -1;
    return replay_make_queues(replay, *ret, error);
}

// A broker tells all of its partitions before the first message: what is missing in one is judged by the
// others.
static int replay_add_partition(void *self, struct span topic, int32_t partition, struct error *error) {
    int slot;
    return topic.size < REPLAY_TOPIC_SIZE ? replay_find_slot(self, topic, partition, &slot, error) : 0;
}

static int replay_deliver(struct replay *replay, int number, const struct capture_line *line,
                          struct error *error) {
    int slot;
    if (line->topic.size >= REPLAY_TOPIC_SIZE)
        return error_set(error, ERROR_INPUT, "%s:%lld: a topic's name has at most %d characters",
                         replay->config->captures[number], (long long)line->line, REPLAY_TOPIC_SIZE - 1);
    if (replay_find_slot(replay, line->topic, line->partition, &slot, error) != 0)
        return -1;
    struct queue *queue = replay->queues[slot];
    if (queue->loaded || queue->count > 0)
        return replay_enqueue(queue, (struct replay_line){number, capture_place(replay->captures[number])},
                              error);
    // The line's text is in the scratch arena: the two arenas change places.
    struct arena swap = queue->arena;
    queue->arena = replay->scratch;
    replay->scratch = swap;
    replay_set_message(queue, line, slot);
    return 0;
}

static int replay_step(struct replay *replay, int64_t *ret_taken, struct error *error) {
    apply_note_discovery(replay->apply); // a capture's partitions are all known before its first message
    int status = apply_step(replay->apply, ret_taken, error);
    if (status == 0 && replay->failed) {
        if (error != NULL)
            *error = replay->failure;
        status = -1;
    }
    while (apply_log_warning(replay->apply)) {
    }
    return status;
}

// `last`: nothing comes after it.
static int replay_tell(struct replay *replay, bool last, struct error *error) {
    int64_t commits = apply_counters(replay->apply)->commits;
    if (replay->config->committed == NULL || (commits == replay->place.commits && !last))
        return 0;
    if (apply_finish(replay->apply, error) != 0)
        return -1;
    replay->place.commits = commits;
    int stop = replay->config->committed(replay->config->self, &replay->place, error);
    replay->stopped = stop == 1;
    return stop < 0 ? -1 : 0;
}

static int replay_play(struct replay *replay, int number, struct progress_line *line_out,
                       struct error *error) {
    while (!replay->stopped) {
        struct capture_line line;
        arena_reset(&replay->scratch);
        int more = capture_next(replay->captures[number], &replay->scratch, &line, error);
        if (more <= 0)
            return more;
        int64_t taken;
        replay->place.capture = replay->config->captures[number];
        replay->place.line = line.line;
        (void)snprintf(replay->place.topic, sizeof replay->place.topic, "%.*s", (int)line.topic.size,
                       line.topic.data);
        replay->place.partition = line.partition;
        replay->place.offset = line.offset;
        if (replay_deliver(replay, number, &line, error) != 0 || replay_step(replay, &taken, error) != 0 ||
            replay_tell(replay, false, error) != 0)
            return -1;
        progress_line_update(line_out, apply_counters(replay->apply)->messages, -1);
    }
    return 0;
}

// Nothing will come any more: what waits is applied all the same.
static int replay_finish(struct replay *replay, struct error *error) {
    int64_t taken = 0;
    int64_t since;
    replay->ended = true;
    do {
        if (replay_step(replay, &taken, error) != 0)
            return -1;
        if (taken == 0 && apply_is_waiting(replay->apply, &since)) {
            if (apply_pass(replay->apply, error) != 0)
                return -1;
            taken = 1;
        }
    } while (taken > 0);
    if (apply_sweep(replay->apply, replay_at_end, replay, true, error) != 0 ||
        apply_commit(replay->apply, error) != 0)
        return -1;
    if (replay_step(replay, &taken, error) != 0) // its warnings
        return -1;
    return store_check_file(replay->config->apply.store, error) != 0 ? -1 : replay_tell(replay, true, error);
}

static void replay_free_queues(struct replay *replay) {
    for (int i = 0; i < replay->queue_count; i++) {
        free(replay->queues[i]->places);
        arena_free(&replay->queues[i]->arena);
        free(replay->queues[i]);
    }
    free(replay->queues);
    arena_free(&replay->scratch);
    replay->queues = NULL;
    replay->queue_count = 0;
}

// --- a changed source.sql: the captures are read again for what it left to be filled

static int replay_fill_lines(struct replay *again, struct capture *capture, struct error *error) {
    capture_rewind(capture);
    for (;;) {
        struct capture_line line;
        int64_t taken;
        arena_reset(&again->scratch);
        int more = capture_next(capture, &again->scratch, &line, error);
        if (more <= 0)
            return more;
        int slot = fill_slot(again->fill, line.topic, line.partition);
        if (slot < 0 || !fill_wants(again->fill, slot, line.offset))
            continue;
        replay_set_message(again->queues[slot], &line, slot);
        if (fill_step(again->fill, &taken, error) != 0)
            return -1;
    }
}

// Nothing waits for anything in the reading beside: each line is taken when it is delivered.
static int replay_fill_from(struct replay *again, const struct replay *replay, struct error *error) {
    if (fill_follow(again->fill, replay->apply, error) != 0)
        return -1;
    struct fill_partition partition;
    for (int slot = 0; fill_partition(again->fill, slot, &partition); slot++)
        if (replay_make_queues(again, slot, error) != 0)
            return -1;
    for (int i = 0; i < replay->config->capture_count; i++)
        if (replay_fill_lines(again, replay->captures[i], error) != 0)
            return -1;
    again->ended = true;
    return 0;
}

static void replay_free_again(struct replay *again) {
    fill_free(&again->fill);
    replay_free_queues(again);
}

static int replay_fill(const struct replay *replay, const struct apply_config *live, struct error *error) {
    CLEANUP(replay_free_again) struct replay again = {.config = replay->config};
    const struct fill_config config = {
        .live = live,
        .db = replay->config->db,
        .source = {.self = &again, .peek = replay_peek, .release = replay_release, .at_end = replay_at_end}};
    // More captures may have what those before lacked.
    if (!fill_is_awaited(live->store, true)) {
        fill_clear(live->store, replay->config->db);
        return 0;
    }
    if (fill_new(&again.fill, &config, error) != 0)
        return -1;
    if (replay_fill_from(&again, replay, error) != 0)
        return -1;
    int outcome = fill_join(again.fill, replay->apply, error);
    if (outcome == FILL_DONE)
        fill_log_end(again.fill);
    else if (outcome == FILL_NOT_YET)
        log_event(LEVEL_WARN, "filling", NULL,
                  "what source.sql added is not filled: a source transaction is shown in part");
    return outcome == FILL_DONE || outcome == FILL_NOT_YET ? 0 : -1;
}

static void replay_done(struct replay *replay) {
    apply_free(&replay->apply);
    replay_free_queues(replay);
    for (int i = 0; replay->captures != NULL && i < replay->config->capture_count; i++)
        capture_close(&replay->captures[i]);
    free(replay->captures);
}

// The capture's guess at a four-part topic holds the database too.
static bool replay_is_of_prefix(struct span guess, const char *prefix) {
    size_t size = strlen(prefix);
    return guess.size >= size && memcmp(guess.data, prefix, size) == 0 &&
           (guess.size == size || guess.data[size] == '.');
}

struct replay_prefix_search {
    const struct catalog *catalog;
    const char *prefix;
    bool found;
};

// Stops at the first topic that is of the prefix, or that a line of source.sql names.
static int replay_visit_topic(void *self, struct span topic, int32_t partition, struct error *error) {
    enum { TOPIC_SIZE = 256 };
    struct replay_prefix_search *search = self;
    const struct table *table;
    char name[TOPIC_SIZE];
    (void)partition;
    (void)error;
    (void)snprintf(name, sizeof name, "%.*s", (int)topic.size, topic.data);
    search->found = replay_is_of_prefix(topic, search->prefix) ||
                    topic_role(name, search->prefix, search->catalog, &table) != TOPIC_IGNORED;
    return search->found ? -1 : 0;
}

// A capture of another connector is a mistake; one that has topics of others, or such as a router named, is none.
static int replay_check_prefix(const struct replay *replay, int number, const char *prefix,
                               struct error *error) {
    const struct capture *capture = replay->captures[number];
    struct span its = capture_prefix(capture);
    struct replay_prefix_search search = {.catalog = replay->config->apply.catalog, .prefix = prefix};
    if (its.data == NULL || replay_is_of_prefix(its, prefix))
        return 0;
    (void)capture_visit_partitions(capture, replay_visit_topic, &search, NULL);
    return search.found ? 0
                        : error_set(error, ERROR_USAGE, "%s has topics of prefix %.*s, not %s",
                                    replay->config->captures[number], (int)its.size, its.data, prefix);
}

static int replay_open_captures(struct replay *replay, char *prefix, size_t size, bool *ret_sequenced,
                                struct error *error) {
    const struct replay_config *config = replay->config;
    replay->captures = calloc((size_t)config->capture_count, sizeof *replay->captures);
    if (replay->captures == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *ret_sequenced = false;
    prefix[0] = '\0';
    if (config->apply.prefix != NULL)
        (void)snprintf(prefix, size, "%s", config->apply.prefix);
    for (int i = 0; i < config->capture_count; i++) {
        if (capture_open(&replay->captures[i], config->captures[i], error) != 0)
            return -1;
        struct span its = capture_prefix(replay->captures[i]);
        if (prefix[0] == '\0' && its.data != NULL)
            (void)snprintf(prefix, size, "%.*s", (int)its.size, its.data);
        if (replay_check_prefix(replay, i, prefix, error) != 0)
            return -1;
        char topic[256];
        (void)snprintf(topic, sizeof topic, "%s.transaction", prefix);
        *ret_sequenced |= capture_has_topic(replay->captures[i], topic);
    }
    return 0;
}

// What a run has done, with what others have before it: of its messages it has passed over theirs as known.
static struct progress_counters replay_count(const struct progress_counters *run,
                                             const struct progress_counters *before) {
    struct progress_counters all = *run;
    int64_t known = run->messages < before->messages ? run->messages : before->messages;
    all.messages += before->messages - known;
    all.duplicates += before->duplicates - known;
    all.applied += before->applied;
    all.ignored += before->ignored;
    all.quarantined += before->quarantined;
    all.commits += before->commits;
    all.transactions += before->transactions;
    all.transactions_passed += before->transactions_passed;
    all.deletes_without_row += before->deletes_without_row;
    return all;
}

int replay_run(const struct replay_config *config, struct progress_counters *ret_counters,
               struct error *error) {
    CLEANUP(replay_done) struct replay replay = {.config = config};
    char prefix[256];
    bool sequenced = false;
    if (replay_open_captures(&replay, prefix, sizeof prefix, &sequenced, error) != 0)
        return -1;
    if (prefix[0] != '\0' && store_claim_prefix(config->apply.store, prefix, error) != 0)
        return -1;
    struct apply_config apply = config->apply;
    apply.prefix = prefix;
    apply.source = (struct message_source){
        .self = &replay, .peek = replay_peek, .release = replay_release, .at_end = replay_at_end};
    if (fill_begin_new(&apply, error) != 0 || apply_new(&replay.apply, &apply, error) != 0)
        return -1;
    apply_set_sequenced(replay.apply, sequenced && !config->unsequenced);
    struct progress_line line;
    progress_line_begin(&line, config->progress_line);
    int status = 0;
    for (int i = 0; i < config->capture_count && status == 0; i++)
        status = capture_visit_partitions(replay.captures[i], replay_add_partition, &replay, error);
    for (int i = 0; i < config->capture_count && status == 0; i++)
        status = replay_play(&replay, i, &line, error);
    if (status == 0 && !replay.stopped)
        status = replay_finish(&replay, error);
    if (status == 0)
        status = replay_fill(&replay, &apply, error);
    else
        (void)store_check_file(config->apply.store,
                               error); // what SQLite says of a file that is gone is vague
    progress_line_end(&line);
    if (ret_counters != NULL)
        *ret_counters = replay_count(
            status == 0 ? apply_counters(replay.apply) : apply_committed(replay.apply), &config->before);
    return status;
}
