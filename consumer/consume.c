#include "consumer/consume.h"

#include "consumer/apply/apply.h"
#include "consumer/decode/topic_role.h"
#include "consumer/progress_line.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct consume {
    const struct consume_config *config;
    struct kafka *kafka;
    struct apply *apply;
    bool *assigned; // by slot
    int slot_count;
    struct found_partition *found; // by the discovery under way
    int found_count;
    struct error found_error;
    bool has_transactions; // a transaction topic exists
    bool has_heartbeats;
    bool connected;
    bool halted;
    int64_t discovered_ms; // monotonic times
    int64_t caught_up_ms;
    int64_t group_committed_ms;
    int64_t watermarks_ms;
    int64_t sweep_since_ms;
    int64_t brokerless_ms;       // the last time that no broker answered
    int64_t under_way_ms;        // the last time that what is waited for was perhaps not delivered yet
    int64_t newest_heartbeat_ms; // as it said
    int64_t heartbeat_came_ms;   // wall clock
    struct progress_line line;
};

static void consume_halt(struct consume *follow, const char *reason) {
    if (follow->halted)
        return;
    follow->halted = true;
    progress_line_end(&follow->line);
    log_error("halted: %s", reason);
    // What is being written is shown all the same; that it fails is news, if it is not the reason itself.
    struct error error = {0};
    if (apply_finish(follow->apply, &error) != 0 && strcmp(error.message, reason) != 0)
        log_error("%s", error.message);
    progress_set_error(follow->config->progress, reason);
    progress_set_state(follow->config->progress, STATE_HALTED, reason);
}

static bool consume_is_wanted(void *self, const char *topic) {
    const struct consume *follow = self;
    const struct table *table;
    return topic_role(topic, follow->config->prefix, follow->config->catalog, &table) != TOPIC_IGNORED;
}

static int consume_note_slot(struct consume *follow, int slot, struct error *error) {
    if (slot >= follow->slot_count) {
        bool *grown = realloc(follow->assigned, ((size_t)slot + 1) * sizeof *grown);
        if (grown == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        follow->assigned = grown;
        while (follow->slot_count <= slot)
            follow->assigned[follow->slot_count++] = false;
    }
    return 0;
}

// A partition that was found and is not read yet.
struct found_partition {
    char *topic;
    int32_t partition;
    int slot;
    int64_t next_offset;
    int64_t low; // -1 = the broker did not tell
    int64_t high;
};

static void consume_found(void *self, const char *topic, int32_t partition) {
    struct consume *follow = self;
    int slot;
    int64_t next_offset;
    if (follow->found_error.kind != ERROR_NONE ||
        apply_add_partition(follow->apply, topic, partition, &slot, &next_offset, &follow->found_error) !=
            0 ||
        consume_note_slot(follow, slot, &follow->found_error) != 0 || follow->assigned[slot])
        return;
    struct found_partition *grown = realloc(follow->found, ((size_t)follow->found_count + 1) * sizeof *grown);
    char *copy = strdup(topic);
    if (grown != NULL)
        follow->found = grown;
    if (grown == NULL || copy == NULL) {
        free(copy);
        (void)error_set(&follow->found_error, ERROR_SYSTEM, "out of memory");
        return;
    }
    follow->found[follow->found_count++] =
        (struct found_partition){copy, partition, slot, next_offset, -1, -1};
}

static void consume_begin_partition(struct consume *follow, const struct found_partition *found,
                                    struct error *error) {
    bool told = found->low >= 0;
    // One message back, where it still exists: that it is the one which was applied tells that the topic is
    // the same.
    bool verify = told && follow->config->verify_topics && found->next_offset > found->low &&
                  found->next_offset <= found->high;
    int64_t from = verify ? found->next_offset - 1 : found->next_offset;
    if (kafka_assign(follow->kafka, found->slot, found->topic, found->partition, from, error) != 0)
        return;
    follow->assigned[found->slot] = true;
    if (verify)
        apply_verify_first(follow->apply, found->slot);
    if (told && found->next_offset < 0)
        apply_start_at(follow->apply, found->slot, found->low);
    if (told)
        progress_set_high(follow->config->progress, found->slot, found->high, clock_wall_ms());
    const struct table *table;
    enum topic_role role = topic_role(found->topic, follow->config->prefix, follow->config->catalog, &table);
    follow->has_transactions |= role == TOPIC_TRANSACTION;
    follow->has_heartbeats |= role == TOPIC_HEARTBEAT;
    log_info("reading %s partition %d from offset %lld", found->topic, found->partition,
             (long long)apply_next_offset(follow->apply, found->slot));
}

// The ends of all are asked first: later such a question would wait behind a fetch on the same connection.
static void consume_begin_found(struct consume *follow) {
    struct error ignored; // a broker that does not answer is told by kafka_event
    for (int i = 0; i < follow->found_count; i++)
        (void)kafka_query_log(follow->kafka, follow->found[i].topic, follow->found[i].partition,
                              CONSUME_WATERMARK_WAIT_MS, &follow->found[i].low, &follow->found[i].high,
                              &ignored);
    for (int i = 0; i < follow->found_count; i++)
        consume_begin_partition(follow, &follow->found[i], &follow->found_error);
    for (int i = 0; i < follow->found_count; i++)
        free(follow->found[i].topic);
    follow->found_count = 0;
    // From now on rows wait for ENDs, if there are any; never before every partition is known.
    apply_set_sequenced(follow->apply, follow->has_transactions);
}

static void consume_tell_discovered(struct consume *follow, int status, const struct error *error) {
    if (follow->found_error.kind != ERROR_NONE) {
        log_warn("%s", follow->found_error.message);
        progress_set_error(follow->config->progress, follow->found_error.message);
    }
    if (status == 0 && !follow->connected)
        log_info("connected to %s", follow->config->brokers);
    if (status != 0 && follow->connected)
        log_warn("%s", error->message);
    if (status != 0)
        progress_set_error(follow->config->progress, error->message);
    follow->connected = status == 0;
}

// New topics and partitions are looked for now and then.
static void consume_discover(struct consume *follow) {
    int64_t now = clock_monotonic_ms();
    bool settled = follow->connected && follow->slot_count > 0 &&
                   (follow->has_transactions || !apply_saw_transactions(follow->apply));
    int64_t every = settled ? KAFKA_METADATA_EVERY_MS : CONSUME_WAIT_MS;
    if (follow->discovered_ms != 0 && now - follow->discovered_ms < every)
        return;
    struct error error = {0};
    follow->found_error = (struct error){0};
    int status = kafka_discover(follow->kafka, CONSUME_DISCOVER_WAIT_MS, consume_is_wanted, consume_found,
                                follow, &error);
    follow->discovered_ms = clock_monotonic_ms();
    consume_begin_found(follow);
    consume_tell_discovered(follow, status, &error);
}

static void consume_handle_event(struct consume *follow, const struct kafka_event *event) {
    switch (event->kind) {
    case KAFKA_EVENT_CONNECTED:
        if (!follow->connected)
            log_info("connected to %s", follow->config->brokers);
        follow->connected = true;
        break;
    case KAFKA_EVENT_DISCONNECTED:
        if (follow->connected)
            log_warn("%s", event->message);
        follow->connected = false;
        progress_set_error(follow->config->progress, event->message);
        break;
    case KAFKA_EVENT_OUT_OF_RANGE:
        consume_halt(follow, event->message);
        break;
    case KAFKA_EVENT_PARTITION_ERROR:
    case KAFKA_EVENT_ERROR:
        log_warn("%s", event->message);
        progress_set_error(follow->config->progress, event->message);
        break;
    case KAFKA_EVENT_NONE:
        break;
    }
}

static void consume_handle_events(struct consume *follow) {
    struct kafka_event event;
    for (kafka_event(follow->kafka, &event); event.kind != KAFKA_EVENT_NONE;
         kafka_event(follow->kafka, &event))
        consume_handle_event(follow, &event);
}

static bool consume_slot_at_end(void *self, int slot) {
    struct consume *follow = self;
    struct message_source source = kafka_source(follow->kafka);
    return slot < follow->slot_count && follow->assigned[slot] && source.at_end(source.self, slot);
}

static bool consume_all_at_end(struct consume *follow) {
    for (int i = 0; i < follow->slot_count; i++)
        if (follow->assigned[i] && !consume_slot_at_end(follow, i))
            return false;
    return follow->slot_count > 0;
}

static void consume_tell_watermarks(struct consume *follow) {
    int64_t now = clock_monotonic_ms();
    if (now - follow->watermarks_ms < CONSUME_WAIT_MS)
        return;
    follow->watermarks_ms = now;
    for (int i = 0; i < follow->slot_count; i++) {
        if (!follow->assigned[i])
            continue;
        int64_t at_ms;
        int64_t high = kafka_high(follow->kafka, i, &at_ms);
        if (high >= 0)
            progress_set_high(follow->config->progress, i, high, at_ms);
    }
}

static bool consume_is_silent(struct consume *follow, const struct progress_summary *summary) {
    if (summary->newest_heartbeat_ms > follow->newest_heartbeat_ms) {
        follow->newest_heartbeat_ms = summary->newest_heartbeat_ms;
        follow->heartbeat_came_ms = clock_wall_ms();
    }
    if (!follow->has_heartbeats || follow->newest_heartbeat_ms == 0)
        return false;
    int64_t newest =
        follow->config->heartbeats_by_arrival ? follow->heartbeat_came_ms : follow->newest_heartbeat_ms;
    return clock_wall_ms() - newest > follow->config->silent_after_ms;
}

static void consume_tell_state(struct consume *follow) {
    if (follow->halted)
        return;
    int64_t now = clock_monotonic_ms();
    int64_t since;
    if (consume_all_at_end(follow) && !apply_is_waiting(follow->apply, &since))
        follow->caught_up_ms = now;
    struct progress_summary summary;
    progress_summary(follow->config->progress, &summary);
    bool current = follow->caught_up_ms != 0 && now - follow->caught_up_ms < CONSUME_LIVE_MS;
    if (current)
        progress_caught_up(follow->config->progress);
    enum progress_state state = STATE_CATCHING_UP;
    char reason[PROGRESS_REASON_SIZE] = "";
    if (apply_is_waiting(follow->apply, &since) && now - since > CONSUME_LIVE_MS)
        (void)snprintf(reason, sizeof reason, "waiting for %lld s for events of a source transaction",
                       (long long)((now - since) / 1000));
    if (!follow->connected) {
        reason[0] = '\0';
        state =
            summary.state == STATE_STARTING && follow->slot_count == 0 ? STATE_STARTING : STATE_DISCONNECTED;
        if (summary.last_error[0] != '\0') {
            state = STATE_DISCONNECTED;
            (void)snprintf(reason, sizeof reason, "%s", summary.last_error);
        }
    } else if (follow->slot_count == 0) {
        state = STATE_STARTING;
        (void)snprintf(reason, sizeof reason, "no topic of prefix %s exists yet", follow->config->prefix);
    } else if (current && consume_is_silent(follow, &summary)) {
        state = STATE_UPSTREAM_SILENT;
        (void)snprintf(reason, sizeof reason, "no heartbeat from the connector for %lld s",
                       (long long)((clock_wall_ms() - (follow->config->heartbeats_by_arrival
                                                           ? follow->heartbeat_came_ms
                                                           : follow->newest_heartbeat_ms)) /
                                   1000));
    } else if (current) {
        state = STATE_LIVE;
    }
    bool why_changed = state == STATE_STARTING && strcmp(reason, summary.reason) != 0;
    if (state != summary.state || why_changed) {
        progress_line_end(&follow->line);
        log_info("%s%s%s", progress_state_name(state), reason[0] != '\0' ? ": " : "", reason);
    }
    progress_set_state(follow->config->progress, state, reason);
    if (state == STATE_CATCHING_UP)
        progress_line_update(&follow->line, apply_counters(follow->apply)->messages, summary.messages_behind);
}

static void consume_commit_to_group(struct consume *follow) {
    int64_t now = clock_monotonic_ms();
    if (now - follow->group_committed_ms < CONSUME_GROUP_COMMIT_MS)
        return;
    follow->group_committed_ms = now;
    for (int i = 0; i < follow->slot_count; i++)
        if (follow->assigned[i])
            kafka_commit_offset(follow->kafka, i, apply_committed_offset(follow->apply, i));
    kafka_commit_flush(follow->kafka);
}

static int consume_sweep(struct consume *follow, struct error *error) {
    if (!apply_awaits_sweep(follow->apply)) {
        follow->sweep_since_ms = 0;
        return 0;
    }
    int64_t now = clock_monotonic_ms();
    if (follow->sweep_since_ms == 0)
        follow->sweep_since_ms = now;
    if (now - follow->sweep_since_ms < CONSUME_SWEEP_AFTER_MS)
        return 0;
    return apply_sweep(follow->apply, consume_slot_at_end, follow, false, error);
}

// While no broker answers nothing can come: that time is no sign that it never will.
static bool consume_has_waited_too_long(struct consume *follow) {
    int64_t now = clock_monotonic_ms();
    if (!follow->connected)
        follow->brokerless_ms = now;
    int64_t since;
    if (!apply_is_waiting(follow->apply, &since))
        return false;
    int64_t from = since > follow->brokerless_ms ? since : follow->brokerless_ms;
    // However it looks, there is an end to waiting.
    if (now - from >= follow->config->transaction_wait_ms * CONSUME_PATIENCE)
        return true;
    // What the log has and was not delivered yet is no sign either.
    if (apply_is_under_way(follow->apply))
        follow->under_way_ms = now;
    if (follow->under_way_ms > from)
        from = follow->under_way_ms;
    // A connector that is down has not sent them yet. Its newer heartbeat says that it is past them; without
    // heartbeats time says it.
    struct progress_summary summary;
    progress_summary(follow->config->progress, &summary);
    bool overdue =
        !follow->has_heartbeats || summary.newest_heartbeat_ms > apply_waits_for_ts_ms(follow->apply);
    return overdue && now - from >= follow->config->transaction_wait_ms;
}

// Far behind, what has come is not shown at once but with more: few commits of much are cheaper than many of
// little. By the lag, so that no answer is later for it by more than a small part of the time that catching
// up takes. Returns how long to go on gathering, 0 = not at all.
static int64_t consume_gather_ms(const struct consume *follow) {
    struct progress_summary summary;
    int64_t taken;
    int64_t open_ms = apply_open_ms(follow->apply, &taken);
    if (open_ms < 0)
        return 0; // nothing is open, nothing being written
    progress_summary(follow->config->progress, &summary);
    int64_t gather = (summary.messages_behind - taken) / CONSUME_GATHER_MESSAGES_PER_MS;
    gather = gather > APPLY_COMMIT_MS ? APPLY_COMMIT_MS : gather;
    // The next commit could not be written yet anyway.
    if (apply_is_writing(follow->apply))
        return gather > 0 ? gather : 0;
    return gather > open_ms ? gather - open_ms : 0;
}

// Nothing more can be taken now: what is whole is shown, what has waited too long is passed.
static int consume_settle(struct consume *follow, struct error *error) {
    if (consume_has_waited_too_long(follow) && apply_pass(follow->apply, error) != 0)
        return -1;
    if (consume_sweep(follow, error) != 0)
        return -1;
    return consume_gather_ms(follow) > 0 ? 0 : apply_commit(follow->apply, error);
}

static void consume_work(struct consume *follow) {
    struct error error = {0};
    int64_t taken = 0;
    int status = apply_step(follow->apply, &taken, &error);
    if (status == 0 && taken < APPLY_STEP_MESSAGES)
        status = consume_settle(follow, &error);
    for (const char *text = apply_warning(follow->apply); text != NULL; text = apply_warning(follow->apply)) {
        progress_line_end(&follow->line);
        log_warn("%s", text);
    }
    if (status != 0) {
        consume_halt(follow, error.message);
        return;
    }
    if (taken == 0) {
        int64_t gather = consume_gather_ms(follow);
        kafka_wait(follow->kafka, gather > 0 && gather < CONSUME_WAIT_MS ? (int)gather : CONSUME_WAIT_MS);
    }
}

static void consume_done(struct consume *follow) {
    apply_free(&follow->apply);
    kafka_close(&follow->kafka);
    free(follow->assigned);
    free(follow->found);
}

int consume_run(const struct consume_config *config, struct error *error) {
    CLEANUP(consume_done) struct consume follow = {.config = config};
    char group[64];
    (void)snprintf(group, sizeof group, "tidemark-%s", store_id(config->store));
    const struct kafka_config kafka = {.brokers = config->brokers,
                                       .group_id = group,
                                       .properties = config->properties,
                                       .property_count = config->property_count};
    if (store_claim_prefix(config->store, config->prefix, error) != 0 ||
        kafka_open(&follow.kafka, &kafka, error) != 0)
        return -1;
    const struct apply_config apply = {
        .catalog = config->catalog,
        .store = config->store,
        .progress = config->progress,
        .source = kafka_source(follow.kafka),
        .prefix = config->prefix,
        .settings = config->settings,
        .commit_messages = config->commit_messages,
        .on_timeline = config->on_timeline,
    };
    if (apply_new(&follow.apply, &apply, error) != 0)
        return -1;
    progress_line_begin(&follow.line, config->progress_line);
    while (!config->stop(config->self)) {
        consume_handle_events(&follow);
        if (follow.halted) {
            kafka_wait(follow.kafka, CONSUME_WAIT_MS);
            continue;
        }
        consume_discover(&follow);
        consume_tell_watermarks(&follow);
        consume_work(&follow);
        consume_tell_state(&follow);
        consume_commit_to_group(&follow);
    }
    progress_line_end(&follow.line);
    return follow.halted ? 0 : apply_commit(follow.apply, error);
}
