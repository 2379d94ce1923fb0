#include "consumer/evidence/reader.h"

#include "consumer/capture.h"
#include "consumer/decode/other_prefixes.h"
#include "consumer/decode/topic_role.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READER_WAIT_MS = 100 };

// --- a capture

static int reader_take_line(struct evidence *evidence, const struct capture_line *line, struct error *error) {
    const struct message message = {
        .offset = line->offset, .ts_ms = line->ts_ms, .key = line->key, .value = line->value};
    int topic = evidence_topic(evidence, line->topic, line->partition + 1, error);
    return topic < 0 ? -1 : evidence_take(evidence, topic, &message, error);
}

int evidence_read_capture(struct evidence *evidence, const char *path, const char *prefix,
                          struct error *error) {
    CLEANUP(capture_close) struct capture *capture = NULL;
    CLEANUP(arena_free) struct arena arena = {0};
    if (capture_open(&capture, path, error) != 0)
        return -1;
    struct span found = prefix != NULL ? span_of(prefix) : capture_prefix(capture);
    if (found.data == NULL || found.size >= sizeof evidence->prefix)
        return error_set(error, ERROR_INPUT, "%s: no topic says the connector's prefix: give --prefix", path);
    (void)snprintf(evidence->prefix, sizeof evidence->prefix, "%.*s", (int)found.size, found.data);
    struct capture_line line;
    int more;
    while ((more = capture_next(capture, &arena, &line, error)) == 1) {
        if (reader_take_line(evidence, &line, error) != 0)
            return -1;
        arena_reset(&arena);
    }
    return more;
}

// --- a broker

// A part of a partition's log that is read.
struct reader_window {
    int topic;
    int64_t from, to;
    bool done;
};

struct reader {
    struct evidence *evidence;
    const struct catalog *declared; // NULL = nothing is
    struct kafka_ends *ends;        // of every partition of the topics; their topics are the evidence's names
    int *topics;                    // of ends
    int count;
    struct reader_window *windows;    // of ends
    char others[OTHER_PREFIXES_SIZE]; // prefixes that there are
    bool own;                         // there is a topic of the prefix, or of a declared table
    struct error failure;
};

static void reader_free(struct reader *reader) {
    free(reader->ends);
    free(reader->topics);
    free(reader->windows);
}

static bool reader_is_of(const char *topic, const char *prefix) {
    return topic_has_prefix(topic, prefix) || strcmp(topic, prefix) == 0 ||
           topic_is_heartbeats(topic, prefix);
}

// A line `-- tidemark: topic` may name one that has not the prefix.
static bool reader_is_declared(const struct reader *reader, const char *topic) {
    const struct table *table;
    return reader->declared != NULL &&
           topic_role(topic, reader->evidence->prefix, reader->declared, &table) == TOPIC_TABLE;
}

static void reader_found(void *self, const char *topic, int partitions) {
    struct reader *reader = self;
    const char *prefix = reader->evidence->prefix;
    bool declared = reader_is_declared(reader, topic);
    // with another topic.delimiter these are known by their names, and the tables' by lines alone
    bool apart = !topic_has_prefix(topic, prefix) &&
                 (topic_may_be_transactions(topic, prefix) || topic_may_be_heartbeats(topic, prefix));
    bool own = !apart && reader_is_of(topic, prefix);
    reader->own |= declared || own;
    if (!own && !declared && !apart)
        other_prefixes_add(reader->others, topic);
    else if (reader->failure.kind == ERROR_NONE)
        (void)evidence_topic(reader->evidence, span_of(topic), partitions, &reader->failure);
}

static int reader_find_topics(struct reader *reader, struct kafka *kafka, struct error *error) {
    int64_t until = clock_monotonic_ms() + EVIDENCE_SILENCE_MS;
    int answered;
    (void)kafka_ask_topics(kafka, KAFKA_TOPICS_ALL);
    while ((answered = kafka_take_topics(kafka, reader_found, reader, error)) == 0) {
        if (clock_monotonic_ms() > until)
            return error_set(error, ERROR_BROKER, "no broker answered for %d s", EVIDENCE_SILENCE_MS / 1000);
        kafka_wait(kafka, READER_WAIT_MS);
    }
    if (answered < 0)
        return -1;
    evidence_forget_denied(reader->evidence);
    for (int i = 0; kafka_denied(kafka, i) != NULL; i++)
        evidence_deny(reader->evidence, kafka_denied(kafka, i));
    if (reader->failure.kind != ERROR_NONE)
        return *error = reader->failure, -1;
    if (!reader->own)
        return error_set(
            error, ERROR_NOTFOUND, "no topic begins with %s.; --prefix is the connector's topic.prefix%s%s%s",
            reader->evidence->prefix, reader->others[0] != '\0' ? ", and there are topics of " : "",
            reader->others,
            reader->evidence->denied_count > 0
                ? "; or this account may not see them (Topic authorization failed): it needs Read"
                : "");
    return 0;
}

static int reader_list_partitions(struct reader *reader, struct error *error) {
    struct evidence *evidence = reader->evidence;
    size_t count = 0;
    for (int t = 0; t < evidence->topic_count; t++)
        count += (size_t)evidence->topics[t].partitions;
    reader->ends = calloc(count + 1, sizeof *reader->ends);
    reader->topics = calloc(count + 1, sizeof *reader->topics);
    reader->windows = calloc(count + 1, sizeof *reader->windows);
    if (reader->ends == NULL || reader->topics == NULL || reader->windows == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int t = 0; t < evidence->topic_count; t++)
        for (int p = 0; p < evidence->topics[t].partitions; p++) {
            reader->topics[reader->count] = t;
            reader->ends[reader->count++] =
                (struct kafka_ends){.topic = evidence->topics[t].name, .partition = p, .low = -1, .high = -1};
        }
    return 0;
}

static void reader_pass_over(void *self, const char *topic, int partitions) {
    (void)self;
    (void)topic;
    (void)partitions;
}

// Who leads by now: a leader that was lost has another one behind it in a few seconds.
static bool reader_hear_of_leaders(struct kafka *kafka, int64_t until) {
    struct error ignored = {0};
    int answered = 0;
    kafka_wait(kafka, READER_WAIT_MS);
    (void)kafka_ask_topics(kafka, KAFKA_TOPICS_ALL);
    while (clock_monotonic_ms() <= until &&
           (answered = kafka_take_topics(kafka, reader_pass_over, NULL, &ignored)) == 0)
        kafka_wait(kafka, READER_WAIT_MS);
    return answered != 0;
}

// The first that was not told, -1 = all were.
static int reader_lacks_end(const struct reader *reader) {
    for (int i = 0; i < reader->count; i++)
        if (reader->ends[i].low < 0)
            return i;
    return -1;
}

// Where some were told, whatever question it was behind: the first that was not is named.
static int reader_refuse_ends(const struct reader *reader, struct kafka *kafka, struct error *error) {
    int lacks = reader_lacks_end(reader);
    for (int i = 0; lacks >= 0 && i < reader->count; i++)
        if (reader->ends[i].low >= 0)
            return error_set(error, ERROR_BROKER,
                             "%s partition %" PRId32 ": the broker does not tell its ends%s",
                             reader->ends[lacks].topic, reader->ends[lacks].partition, kafka_failure(kafka));
    return error_set(error, ERROR_BROKER, "no broker told the ends of the topics for %d s%s",
                     EVIDENCE_SILENCE_MS / 1000, kafka_failure(kafka));
}

static int reader_find_ends(struct reader *reader, struct kafka *kafka, struct error *error) {
    int64_t until = clock_monotonic_ms() + EVIDENCE_SILENCE_MS;
    int lacks;
    do {
        (void)kafka_ask_ends(kafka, reader->ends, reader->count);
        while (!kafka_take_ends(kafka)) {
            if (clock_monotonic_ms() > until)
                return reader_refuse_ends(reader, kafka, error);
            kafka_wait(kafka, READER_WAIT_MS);
        }
        lacks = reader_lacks_end(reader);
    } while (lacks >= 0 && reader_hear_of_leaders(kafka, until));
    if (lacks >= 0)
        return reader_refuse_ends(reader, kafka, error);
    for (int i = 0; i < reader->count; i++)
        reader->evidence->topics[reader->topics[i]].beginning_gone += reader->ends[i].low > 0;
    return 0;
}

static int reader_find_settings(struct reader *reader, struct kafka *kafka, struct error *error) {
    struct evidence *evidence = reader->evidence;
    CLEANUP(free_any)
    struct kafka_topic_settings *settings = calloc(EVIDENCE_TOPICS_MAX, sizeof *settings);
    if (settings == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int i = 0; i < evidence->topic_count; i++)
        settings[i].topic = evidence->topics[i].name;
    kafka_ask_settings(kafka, settings, evidence->topic_count);
    evidence_note_settings(evidence, settings, evidence->topic_count);
    return 0;
}

static int64_t reader_share(const struct reader *reader, int i, int64_t messages) {
    int64_t share = messages / reader->evidence->topics[reader->topics[i]].partitions;
    return share > EVIDENCE_PARTITION_LEAST ? share : EVIDENCE_PARTITION_LEAST;
}

// False when there is nothing to read.
static bool reader_set_windows(struct reader *reader, bool newest) {
    bool any = false;
    for (int i = 0; i < reader->count; i++) {
        const struct kafka_ends *ends = &reader->ends[i];
        struct reader_window *window = &reader->windows[i];
        int64_t oldest_to = ends->low + reader_share(reader, i, EVIDENCE_OLDEST);
        int64_t newest_from = ends->high - reader_share(reader, i, EVIDENCE_NEWEST);
        window->topic = reader->topics[i];
        reader->evidence->topics[window->topic].partial |= oldest_to < newest_from;
        window->from = newest ? (newest_from > oldest_to ? newest_from : oldest_to) : ends->low;
        window->to = newest || oldest_to > ends->high ? ends->high : oldest_to;
        window->done = window->from >= window->to;
        any |= !window->done;
    }
    return any;
}

static int reader_check_events(const struct reader *reader, struct kafka *kafka, struct error *error) {
    struct kafka_event event;
    for (kafka_event(kafka, &event); event.kind != KAFKA_EVENT_NONE; kafka_event(kafka, &event))
        if (event.kind == KAFKA_EVENT_OUT_OF_RANGE || event.kind == KAFKA_EVENT_TOPIC_DELETED ||
            event.kind == KAFKA_EVENT_DAMAGED || event.kind == KAFKA_EVENT_PARTITION_ERROR)
            return error_set(error, ERROR_BROKER, "%s%s%s",
                             event.slot >= 0 ? reader->ends[event.slot].topic : "",
                             event.slot >= 0 ? ": " : "", event.message);
    return 0;
}

// What a partition has now. The number of messages, -1 = an error.
static int64_t reader_take_window(struct reader *reader, const struct message_source *source, int slot,
                                  struct error *error) {
    struct reader_window *window = &reader->windows[slot];
    int64_t taken = 0;
    const struct message *message;
    while (!window->done && (message = source->peek(source->self, slot)) != NULL) {
        bool inside = message->offset < window->to;
        if (inside && evidence_take(reader->evidence, window->topic, message, error) != 0)
            return -1;
        window->done = message->offset + 1 >= window->to;
        source->release(source->self, slot);
        taken++;
    }
    window->done |= source->at_end(source->self, slot);
    return taken;
}

static int reader_read_windows(struct reader *reader, struct kafka *kafka, struct error *error) {
    struct message_source source = kafka_source(kafka);
    int64_t until = clock_monotonic_ms() + EVIDENCE_SILENCE_MS;
    for (bool done = false; !done;) {
        done = true;
        if (reader_check_events(reader, kafka, error) != 0)
            return -1;
        int64_t taken = 0;
        for (int i = 0; i < reader->count; i++) {
            int64_t some = reader->windows[i].done ? 0 : reader_take_window(reader, &source, i, error);
            if (some < 0)
                return -1;
            taken += some;
            done &= reader->windows[i].done;
        }
        if (taken > 0)
            until = clock_monotonic_ms() + EVIDENCE_SILENCE_MS;
        else if (clock_monotonic_ms() > until)
            return error_set(error, ERROR_BROKER, "no message came for %d s", EVIDENCE_SILENCE_MS / 1000);
        if (!done && taken == 0)
            kafka_wait(kafka, READER_WAIT_MS);
    }
    return 0;
}

// The log's beginning may have moved since it was told: then it is read from where it begins now.
static int reader_assign(const struct reader *reader, struct kafka *kafka, int slot, struct error *error) {
    const struct kafka_ends *ends = &reader->ends[slot];
    int64_t from = reader->windows[slot].from;
    return from == ends->low ? kafka_assign_oldest(kafka, slot, ends->topic, ends->partition, from, error)
                             : kafka_assign(kafka, slot, ends->topic, ends->partition, from, error);
}

// A slot is read from one place only, so the second windows have a client of their own.
static int reader_read_part(struct reader *reader, const struct kafka_config *config, bool newest,
                            struct error *error) {
    if (!reader_set_windows(reader, newest))
        return 0;
    CLEANUP(kafka_close) struct kafka *kafka = NULL;
    if (kafka_open(&kafka, config, error) != 0 || reader_find_topics(reader, kafka, error) != 0)
        return -1;
    for (int i = 0; i < reader->count; i++)
        if (!reader->windows[i].done && reader_assign(reader, kafka, i, error) != 0)
            return -1;
    return reader_read_windows(reader, kafka, error);
}

int evidence_read_broker(struct evidence *evidence, const struct kafka_config *config, const char *prefix,
                         const struct catalog *declared, bool settings, struct error *error) {
    CLEANUP(reader_free) struct reader reader = {.evidence = evidence, .declared = declared};
    if (strlen(prefix) >= sizeof evidence->prefix)
        return error_set(error, ERROR_USAGE, "--prefix is longer than a topic's name can be");
    (void)snprintf(evidence->prefix, sizeof evidence->prefix, "%s", prefix);
    {
        CLEANUP(kafka_close) struct kafka *kafka = NULL;
        if (kafka_open(&kafka, config, error) != 0 || reader_find_topics(&reader, kafka, error) != 0 ||
            reader_list_partitions(&reader, error) != 0 ||
            (settings && reader_find_settings(&reader, kafka, error) != 0) ||
            reader_find_ends(&reader, kafka, error) != 0)
            return -1;
    }
    return reader_read_part(&reader, config, false, error) != 0
               ? -1
               : reader_read_part(&reader, config, true, error);
}
