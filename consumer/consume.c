#include "consumer/consume.h"

#include "consumer/consume/discovery.h"
#include "consumer/consume/fill_reader.h"
#include "consumer/consume/kept.h"
#include "consumer/consume/leader.h"
#include "consumer/consume/lint.h"
#include "consumer/consume/recheck.h"
#include "consumer/consume/state.h"
#include "consumer/consume/unanswered.h"
#include "consumer/decode/topic_names.h"
#include "consumer/decode/topic_role.h"
#include "consumer/progress_line.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/log.h"
#include "views/engine/watched_file.h"

#include <stdio.h>
#include <string.h>

struct consume {
    struct consume_config *config;
    struct progress *progress;
    struct kafka *kafka;
    struct apply *apply;
    struct discovery *discovery;
    struct kept *kept;
    struct lint *lint;
    struct recheck *recheck; // NULL = logs are not looked at again
    struct leader *leader;   // NULL = none
    struct message_source source;
    struct fill_reader *fill; // NULL = nothing is filled
    int64_t filled;           // messages that it took in this round
    bool connected;
    bool halted;
    bool quiet;           // nothing is open, and nothing is written while another builds
    bool degraded;        // nothing was written yet since the file could not be
    struct error passing; // why this run ends and another goes on, ERROR_NONE = it does not
    int64_t caught_up_ms; // monotonic times
    int64_t silent_ms;    // the last time that the brokers were known not to answer for all that is read
    struct unanswered unanswered;
    int64_t unwritten_ms; // the last time that no commit was being written
    int64_t group_committed_ms;
    bool group_waits; // for the disk, to be told what it has
    int64_t watermarks_ms;
    bool few_are_far;    // as of then: few partitions are far behind, one of them for long
    unsigned arrivals;   // when something last happened
    int64_t happened_ms; // that time
    bool at_ends;        // what was last seen
    int64_t at_ends_ms;  // when
    int64_t worked_ms;   // when partitions were last asked for messages
    int64_t requests_ms; // when it was last looked whether a person asks something
    int64_t file_checked_ms;
    bool log_is_over;          // as the last look at the file had it
    int64_t brokerless_ms;     // the last time that no broker answered
    int64_t heartbeats;        // that had come at the last look
    int64_t heartbeat_came_ms; // the newest, monotonic; 0 = it may have waited in the log
    bool state_logged;
    struct state_report logged; // state and reason that were logged last
    int64_t state_logged_ms[STATES];
    struct progress_line line;
};

// `view`: whose statement failed, NULL = none's.
static void consume_halt_for(struct consume *consume, const char *reason, const char *view) {
    if (consume->halted)
        return;
    consume->halted = true;
    progress_line_end(&consume->line);
    log_event(LEVEL_ERROR, "state", &(struct log_fields){.state = "halted", .view = view}, "halted: %s",
              reason);
    // What is being written is shown all the same; that it fails is news, if it is not the reason itself.
    struct error error = {0};
    if (apply_finish(consume->apply, &error) != 0 && strcmp(error.message, reason) != 0)
        log_error("%s", error.message);
    // What was taken since is given up: a process may be left halted for days, and holds no lock meanwhile.
    if (store_rollback(consume->config->apply.store, &error) != 0)
        log_error("%s", error.message);
    progress_set_error(consume->progress, reason);
    progress_set_state(consume->progress, STATE_HALTED, reason);
    // Nobody takes from clients beside the live one any more, and what librdkafka tells of each twice a second is kept by it.
    recheck_free(&consume->recheck);
    fill_reader_free(&consume->fill);
}

static void consume_halt(struct consume *consume, const char *reason) {
    consume_halt_for(consume, reason, NULL);
}

static void consume_set_connected(struct consume *consume, bool connected, const char *why) {
    if (consume->connected != connected && connected)
        log_event(LEVEL_INFO, "connected", NULL, "connected to %s", consume->config->brokers);
    if (consume->connected != connected && !connected)
        log_event(LEVEL_WARN, "disconnected", NULL, "%s", why);
    consume->connected = connected;
}

// Over a slow link other answers wait behind that to a fetch: where messages come, somebody answers.
static bool consume_is_fed(const struct consume *consume) {
    return consume->connected && consume->unanswered.newest_ms != 0 &&
           clock_monotonic_ms() - consume->unanswered.newest_ms < UNANSWERED_MS;
}

static void consume_discover(struct consume *consume) {
    struct error error = {0};
    bool answered;
    if (discovery_step(consume->discovery, consume->connected, &answered, &error) != 0) {
        progress_set_error(consume->progress, error.message);
        if (error.kind == ERROR_HALT)
            consume_halt(consume, error.message);
        else if (error.kind == ERROR_BROKER && !answered && !consume_is_fed(consume))
            consume_set_connected(consume, false, error.message);
        else
            log_event(LEVEL_WARN, "discovery", NULL, "%s", error.message);
    }
    if (answered)
        consume_set_connected(consume, true, "");
}

static void consume_note_happening(struct consume *consume) {
    consume->arrivals = kafka_arrivals(consume->kafka);
    consume->happened_ms = clock_monotonic_ms();
}

// Messages that were there when the partition was found were gone before they were read: for retention, or since the account was not
// let read them.
static void consume_begin_later(struct consume *consume, const struct kafka_event *event) {
    struct error error = {0};
    log_event(LEVEL_WARN, "begins_later", NULL, "%s", event->message);
    progress_set_log_start(consume->progress, event->slot, event->low);
    if (apply_start_at(consume->apply, event->slot, event->low, event->high, &error) != 0)
        consume_halt(consume, error.message);
}

static void consume_handle_event(struct consume *consume, const struct kafka_event *event) {
    consume_note_happening(consume);
    switch (event->kind) {
    case KAFKA_EVENT_CONNECTED:
        consume_set_connected(consume, true, "");
        break;
    case KAFKA_EVENT_DISCONNECTED:
        consume_set_connected(consume, false, event->message);
        progress_set_error(consume->progress, event->message);
        break;
    case KAFKA_EVENT_OUT_OF_RANGE:
        if (event->cut_off)
            progress_forget_high(consume->progress, event->slot);
        if (consume->config->passed != NULL)
            atomic_store(consume->config->passed, true);
        consume_halt(consume, event->message);
        break;
    case KAFKA_EVENT_BEGINS_LATER:
        consume_begin_later(consume, event);
        break;
    case KAFKA_EVENT_DAMAGED:
        consume_halt(consume, event->message);
        break;
    case KAFKA_EVENT_TOPIC_DELETED:
        log_event(LEVEL_WARN, "topic_gone", NULL, "%s", event->message);
        discovery_topic_deleted(consume->discovery, event->slot, event->message);
        break;
    case KAFKA_EVENT_PARTITION_ERROR:
    case KAFKA_EVENT_ERROR:
        log_event(LEVEL_WARN, "broker", NULL, "%s", event->message);
        progress_set_error(consume->progress, event->message);
        break;
    case KAFKA_EVENT_NONE:
        break;
    }
}

static void consume_handle_events(struct consume *consume) {
    struct kafka_event event;
    for (kafka_event(consume->kafka, &event); event.kind != KAFKA_EVENT_NONE;
         kafka_event(consume->kafka, &event))
        consume_handle_event(consume, &event);
}

static bool consume_slot_at_end(void *self, int slot) {
    struct consume *consume = self;
    return discovery_is_assigned(consume->discovery, slot) &&
           consume->source.at_end(consume->source.self, slot);
}

// Whether what was seen at that time still counts. Where nothing comes, looking at a thousand partitions ten times a
// second is most of what the process does.
static bool consume_is_still(const struct consume *consume, int64_t seen_ms) {
    int64_t now = clock_monotonic_ms();
    return kafka_arrivals(consume->kafka) == consume->arrivals &&
           now - consume->happened_ms >= CONSUME_STILL_MS && now - seen_ms < CONSUME_STILL_MS;
}

static bool consume_slots_at_end(struct consume *consume) {
    for (int i = 0; i < discovery_slots(consume->discovery); i++) {
        if (!discovery_is_assigned(consume->discovery, i))
            continue;
        int64_t least = discovery_least_end(consume->discovery, i);
        if (!consume_slot_at_end(consume, i) || (least > 0 && kafka_position(consume->kafka, i) < least))
            return false;
    }
    return true;
}

static bool consume_all_at_end(struct consume *consume) {
    if (!consume_is_still(consume, consume->at_ends_ms)) {
        consume->at_ends = consume_slots_at_end(consume);
        consume->at_ends_ms = clock_monotonic_ms();
    }
    return consume->at_ends && discovery_slots(consume->discovery) > 0 &&
           discovery_reads_all(consume->discovery);
}

// The last offsets of a partition may hold no message: then it stands where it was read to, not behind the newest
// message that was committed.
static int64_t consume_position(struct consume *consume, int slot) {
    int64_t committed = apply_committed_offset(consume->apply, slot);
    if (apply_next_offset(consume->apply, slot) != committed)
        return committed;
    int64_t position = kafka_position(consume->kafka, slot);
    return position > committed ? position : committed;
}

static void consume_look_at_watermarks(struct consume *consume, int64_t now) {
    consume->watermarks_ms = now;
    struct discovery_behind behind = {0};
    for (int i = 0; i < discovery_slots(consume->discovery); i++) {
        if (!discovery_is_assigned(consume->discovery, i))
            continue;
        int64_t at_ms;
        int64_t high = kafka_high(consume->kafka, i, &at_ms);
        if (high >= 0)
            progress_set_high(consume->progress, i, high, at_ms);
        int64_t position = consume_position(consume, i);
        progress_set_position(consume->progress, i, position);
        // Before its first answer librdkafka does not know it; discovery did.
        int64_t end = high >= 0 ? high : progress_high(consume->progress, i);
        if (end > position)
            discovery_add_behind(&behind, end - position);
    }
    consume->few_are_far =
        behind.furthest >= DISCOVERY_FAR_FOR_LONG && kafka_holds_less(consume->kafka, discovery_far(&behind));
}

static void consume_report_watermarks(struct consume *consume) {
    int64_t now = clock_monotonic_ms();
    if (now - consume->watermarks_ms >= CONSUME_WAIT_MS && !consume_is_still(consume, consume->watermarks_ms))
        consume_look_at_watermarks(consume, now);
}

// -1 = no heartbeat is known. One that came while all was read was sent just then, whatever the two clocks say: one of them
// may be put forward or back. What one was that had been waiting in the log, only the clocks tell.
static int64_t consume_heartbeat_age_ms(struct consume *consume, const struct progress_summary *summary,
                                        bool was_current, int64_t now) {
    if (summary->heartbeats != consume->heartbeats) {
        consume->heartbeats = summary->heartbeats;
        consume->heartbeat_came_ms = was_current || consume->config->heartbeats_by_arrival ? now : 0;
    }
    if (summary->newest_heartbeat_ms == 0)
        return -1;
    return consume->heartbeat_came_ms != 0 ? now - consume->heartbeat_came_ms
                                           : clock_wall_ms() - summary->newest_heartbeat_ms;
}

static int64_t consume_source_age_ms(const struct progress_summary *summary) {
    return summary->newest_applied_ts_ms > 0 ? clock_wall_ms() - summary->newest_applied_ts_ms : -1;
}

// A connector that died before this start is silent all the same: the file remembers when its newest heartbeat was
// written, as of each topic's newest message.
static void consume_recall_heartbeat(struct consume *consume) {
    const struct apply_config *apply = &consume->config->apply;
    int count;
    const struct store_offset *offsets = store_offsets(apply->store, &count);
    for (int i = 0; i < count && !consume->config->heartbeats_by_arrival; i++) {
        const struct table *table;
        if (topic_role(offsets[i].topic, apply->prefix, apply->catalog, &table) == TOPIC_HEARTBEAT)
            progress_heartbeat(consume->progress, offsets[i].newest_ts_ms);
    }
}

static enum log_level consume_state_level(enum progress_state state) {
    switch (state) {
    case STATE_DISCONNECTED:
    case STATE_UPSTREAM_SILENT:
        return LEVEL_WARN;
    case STATE_HALTED:
        return LEVEL_ERROR;
    default:
        return LEVEL_INFO;
    }
}

// A state that comes and goes is logged once in a while, and the one that stays is logged at the end.
static void consume_log_state(struct consume *consume, const struct state_report *report, int64_t now) {
    if (consume->leader != NULL)
        return; // what the process is, the leader's loop tells
    // What is waited for is known some time after the state is.
    bool why_known = report->state == STATE_CATCHING_UP && consume->logged.state == STATE_CATCHING_UP &&
                     consume->logged.reason[0] == '\0';
    bool why_changed =
        (report->state == STATE_STARTING || why_known) && strcmp(report->reason, consume->logged.reason) != 0;
    if (consume->state_logged && report->state == consume->logged.state && !why_changed)
        return;
    int64_t *logged_ms = &consume->state_logged_ms[report->state];
    if (!why_changed && *logged_ms != 0 && now - *logged_ms < LOG_REPEAT_MS)
        return;
    *logged_ms = now;
    consume->state_logged = true;
    consume->logged = *report;
    progress_line_end(&consume->line);
    const char *name = progress_state_name(report->state);
    log_event(consume_state_level(report->state), "state", &(struct log_fields){.state = name}, "%s%s%s",
              name, report->reason[0] != '\0' ? ": " : "", report->reason);
}

// Opening a file says nothing of writing it: it is well again when a commit was written, or nothing is left to write.
static bool consume_is_degraded(struct consume *consume) {
    int64_t taken;
    struct progress_summary summary;
    progress_summary(consume->progress, &summary);
    bool written = summary.counters.commits > consume->config->apply.counters.commits;
    bool idle = consume_all_at_end(consume) && apply_open_ms(consume->apply, &taken) < 0;
    consume->degraded &= !written && !idle;
    return consume->degraded;
}

static bool consume_commit_is_slow(struct consume *consume, int64_t now) {
    if (!apply_is_writing(consume->apply) || consume->unwritten_ms == 0)
        consume->unwritten_ms = now;
    return now - consume->unwritten_ms >= STATE_SLOW_COMMIT_MS;
}

// What was the end before brokers were silent is none any more, until each partition has been answered since.
static void consume_note_silence(struct consume *consume, int64_t now) {
    if (consume->connected && consume->unanswered.reason[0] == '\0')
        return;
    consume->silent_ms = now;
    consume->caught_up_ms = 0;
}

static void consume_note_end(struct consume *consume, bool was_current, int64_t now) {
    if (consume->unanswered.oldest_ms <= consume->silent_ms ||
        (!was_current && !consume_slots_at_end(consume)))
        return;
    if (!was_current)
        consume_look_at_watermarks(consume, now); // the lag that is told beside `live` is of these ends
    consume->caught_up_ms = now;
}

static void consume_look_at_unanswered(struct consume *consume, int64_t now) {
    bool still = consume_is_still(consume, consume->unanswered.looked_ms);
    unanswered_look(&consume->unanswered, consume->kafka, consume->discovery, still, now);
}

// The end of a Kafka transaction. What is read comes first: where it stands at its end is looked at only when nothing more came.
static int64_t consume_describe_open(struct consume *consume, char *ret, size_t size, const char *before) {
    char text[PROGRESS_REASON_SIZE];
    int64_t since = 0;
    bool current = consume->caught_up_ms != 0 && clock_monotonic_ms() - consume->caught_up_ms < STATE_LIVE_MS;
    for (int i = 0; !current && since == 0 && i < discovery_slots(consume->discovery); i++)
        if (discovery_is_assigned(consume->discovery, i))
            since = kafka_describe_open(consume->kafka, i, text, sizeof text);
    if (since != 0)
        (void)snprintf(ret, size, "%s%s", before, text);
    return since;
}

// What is waited for, in words, "" = nothing; since when (monotonic), 0 = nothing is.
static int64_t consume_describe_wait(struct consume *consume, char *ret, size_t size) {
    int64_t since = 0;
    ret[0] = '\0';
    bool waiting = apply_is_waiting(consume->apply, &since);
    if (waiting)
        apply_describe_wait(consume->apply, ret, size);
    size_t used = strlen(ret);
    int64_t open_since =
        consume_describe_open(consume, ret + used, size - used, waiting ? "; " : "waiting: ");
    progress_set_waiting(consume->progress, ret);
    return waiting ? since : open_since;
}

static void consume_report_state(struct consume *consume) {
    if (consume->halted || (consume->degraded && consume_is_degraded(consume)))
        return;
    int64_t now = clock_monotonic_ms();
    char waits_for[PROGRESS_REASON_SIZE];
    int64_t waiting_since_ms = consume_describe_wait(consume, waits_for, sizeof waits_for);
    bool was_current = consume->caught_up_ms != 0 && now - consume->caught_up_ms < STATE_LIVE_MS;
    consume_look_at_unanswered(consume, now);
    bool slow = consume_commit_is_slow(consume, now);
    consume_note_silence(consume, now);
    if (consume_all_at_end(consume) && waiting_since_ms == 0 && !slow)
        consume_note_end(consume, was_current, now);
    struct progress_summary summary;
    progress_summary(consume->progress, &summary);
    const struct state_facts facts = {
        .now_ms = now,
        .connected = consume->connected,
        .broker_error = summary.last_error,
        .prefix = consume->config->apply.prefix,
        .any_partition = discovery_slots(consume->discovery) > 0,
        .unanswered = consume->unanswered.reason,
        .all_unanswered = consume->unanswered.all,
        .silence = consume->unanswered.text,
        .trouble = discovery_trouble(consume->discovery),
        .none_read = discovery_reads_none(consume->discovery),
        .caught_up_ms = consume->caught_up_ms,
        .waiting_since_ms = waiting_since_ms,
        .waits_for = waits_for,
        .building = consume->quiet,
        .slow_commit = slow,
        .heartbeat_age_ms = consume_heartbeat_age_ms(consume, &summary, was_current, now),
        .silent_after_ms = consume->config->silent_after_ms,
        .source_age_ms = consume_source_age_ms(&summary),
        .missing = discovery_missing(consume->discovery),
        .others = discovery_others(consume->discovery),
        .denied = discovery_denied(consume->discovery),
    };
    // What the thread of a statement said of it (loading_tell_slow) says more.
    if ((slow || consume->quiet) && summary.state == STATE_CATCHING_UP && summary.reason[0] != '\0')
        return;
    struct state_report report;
    state_of(&facts, &report);
    if (state_is_current(&facts))
        progress_caught_up(consume->progress);
    consume_log_state(consume, &report, now);
    progress_set_state(consume->progress, report.state, report.reason);
    if (report.state == STATE_CATCHING_UP)
        progress_line_update(&consume->line, apply_counters(consume->apply)->messages,
                             summary.messages_behind);
}

static void consume_note_group(struct consume *consume) {
    for (int i = 0; i < discovery_slots(consume->discovery); i++)
        if (discovery_is_assigned(consume->discovery, i))
            kafka_note_offset(consume->kafka, i, consume_position(consume, i));
}

// Never told more than a power cut would leave, since topics may be cut down by that: the log is synced first, beside the writer.
static void consume_report_group_sometimes(struct consume *consume) {
    struct error error = {0};
    if (consume->group_waits) {
        int synced = store_is_synced(consume->config->apply.store, &error);
        if (synced < 0)
            consume->passing = error;
        if (synced > 0)
            kafka_commit_noted(consume->kafka);
        consume->group_waits = synced == 0;
    }
    int64_t now = clock_monotonic_ms();
    if (consume->group_waits || now - consume->group_committed_ms < CONSUME_GROUP_COMMIT_MS)
        return;
    consume->group_committed_ms = now;
    consume_note_group(consume);
    store_ask_sync(consume->config->apply.store);
    consume->group_waits = true;
}

// What is to be written at rest (a commit that takes nothing may be due by then) is the next run's: who builds in the file holds its lock.
static int consume_report_group_at_end(struct consume *consume, struct error *error) {
    if ((!consume->quiet && apply_commit(consume->apply, error) != 0) ||
        store_sync(consume->config->apply.store, error) != 0)
        return -1;
    consume_note_group(consume);
    kafka_commit_noted(consume->kafka);
    return 0;
}

// While no broker answers, and just after, nobody knows where the partitions end.
static bool consume_knows_ends(struct consume *consume) {
    int64_t now = clock_monotonic_ms();
    if (!consume->connected)
        consume->brokerless_ms = now;
    return consume->connected && (consume->brokerless_ms == 0 ||
                                  now - consume->brokerless_ms >= consume->config->apply.transaction_wait_ms);
}

// Far behind, what has come is not shown at once but with more: few commits of much are cheaper than many of
// little. By the lag, so that no answer is later for it by more than a small part of the time that catching
// up takes. Returns how long to go on gathering, 0 = not at all.
static int64_t consume_gather_ms(const struct consume *consume) {
    struct progress_summary summary;
    int64_t taken;
    int64_t open_ms = apply_open_ms(consume->apply, &taken);
    if (open_ms < 0)
        return 0; // nothing is open, nothing being written
    progress_summary(consume->progress, &summary);
    int64_t gather = (summary.messages_behind - taken) / CONSUME_GATHER_MESSAGES_PER_MS;
    gather = gather > APPLY_COMMIT_MS ? APPLY_COMMIT_MS : gather;
    // The next commit could not be written yet anyway.
    if (apply_is_writing(consume->apply))
        return gather > 0 ? gather : 0;
    return gather > open_ms ? gather - open_ms : 0;
}

// Nothing more can be read now: passes rows that will never come, and commits whole transactions.
static int consume_finish_read(struct consume *consume, struct error *error) {
    if (consume_knows_ends(consume) && apply_pass_lost(consume->apply, error) != 0)
        return -1;
    if (apply_sweep(consume->apply, consume_slot_at_end, consume, false, error) != 0)
        return -1;
    return consume_gather_ms(consume) > 0 ? 0 : apply_commit(consume->apply, error);
}

// Whether this run ends for it and another goes on: the file cannot be written now, memory lacks, or a view's statement failed.
static bool consume_is_passing(const struct consume *consume, const struct error *error) {
    bool named = error->kind == ERROR_HALT && error->subject[0] != '\0';
    return error->kind == ERROR_RETRY || error->kind == ERROR_BUSY || error->kind == ERROR_SYSTEM ||
           error->kind == ERROR_VIEW || error->kind == ERROR_REFUSED ||
           (named && consume->config->disable_views);
}

// What failed ends this run, or halts.
static void consume_fail(struct consume *consume, const struct error *failure) {
    struct error error = *failure;
    (void)store_check_file(consume->config->apply.store,
                           &error); // what SQLite says of a file that is gone is vague
    if (consume_is_passing(consume, &error))
        consume->passing = error;
    else
        consume_halt_for(consume, error.message, error.subject[0] != '\0' ? error.subject : NULL);
}

// Whether every partition was asked for messages since the newest came, and nothing waits that time or another loop alone may
// bring on.
static bool consume_has_nothing_to_do(const struct consume *consume) {
    int64_t ignored;
    return consume_is_still(consume, consume->worked_ms) && consume->leader == NULL &&
           consume->fill == NULL && !apply_is_waiting(consume->apply, &ignored) &&
           !apply_awaits_sweep(consume->apply) && apply_open_ms(consume->apply, &ignored) < 0;
}

static int consume_step(struct consume *consume, int64_t *ret_taken, struct error *error) {
    consume->worked_ms = clock_monotonic_ms();
    int status = apply_step(consume->apply, ret_taken, error);
    return status == 0 && *ret_taken < APPLY_STEP_MESSAGES ? consume_finish_read(consume, error) : status;
}

// Looking whether there are any is as much as a tenth of a small commit.
static int consume_do_requests(struct consume *consume, int *ret_done, struct error *error) {
    int64_t now = clock_monotonic_ms();
    if (now - consume->requests_ms < CONSUME_REQUESTS_MS)
        return 0;
    consume->requests_ms = now;
    return apply_requested(consume->apply, ret_done, error);
}

static void consume_work(struct consume *consume) {
    struct error error = {0};
    int64_t taken = 0;
    int requests = 0;
    int status = consume_do_requests(consume, &requests, &error);
    if (status == 0 && (requests > 0 || !consume_has_nothing_to_do(consume)))
        status = consume_step(consume, &taken, &error);
    while (apply_log_warning(consume->apply))
        progress_line_end(&consume->line);
    if (status != 0) {
        consume_fail(consume, &error);
        return;
    }
    bool idle = taken == 0 && requests == 0 && consume->filled == 0;
    if (!idle || apply_is_writing(consume->apply) || kafka_arrivals(consume->kafka) != consume->arrivals)
        consume_note_happening(consume);
    if (idle) {
        int64_t gather = consume_gather_ms(consume);
        kafka_wait(consume->kafka, gather > 0 && gather < CONSUME_WAIT_MS ? (int)gather : CONSUME_WAIT_MS);
    }
}

// Where many partitions were far behind at the start and few are now, the client holds too little of each for them
// (kafka_expect_far): the loop begins anew where the file stands. Each time hundreds of thousands of messages come between.
static bool consume_begins_anew(struct consume *consume) {
    const struct consume_config *config = consume->config;
    if (!consume->few_are_far || consume->halted || config->leader != NULL ||
        config->apply.on_timeline == TIMELINE_ACCEPT_ONE)
        return false;
    struct error error = {0};
    consume->few_are_far = false;
    if (apply_commit(consume->apply, &error) == 0)
        return true;
    consume_fail(consume, &error);
    return false;
}

// What is written into a file without a name is seen by nobody.
static void consume_check_file(struct consume *consume) {
    int64_t now = clock_monotonic_ms();
    if (now - consume->file_checked_ms < WATCHED_FILE_CHECK_MS)
        return;
    consume->file_checked_ms = now;
    struct error error = {0};
    if (store_check_file(consume->config->apply.store, &error) != 0)
        consume_halt(consume, error.message);
    int64_t over = store_log_bytes_over(consume->config->apply.store);
    if (over > 0 && !consume->log_is_over)
        log_event(
            LEVEL_WARN, "wal", NULL,
            "the write-ahead log is %lld MB over its bound: another process holds an old snapshot of the file "
            "(`tidemark serve`, sqlite3, a backup tool); it begins anew when that ends",
            (long long)(over >> 20));
    consume->log_is_over = over > 0;
}

// Beside the live reading, once that knows where it stands, and not behind what failed: joining commits.
static void consume_fill(struct consume *consume) {
    struct error error = {0};
    consume->filled = 0;
    if (consume->fill == NULL || consume->halted || consume->passing.kind != ERROR_NONE ||
        discovery_slots(consume->discovery) == 0 || !discovery_reads_all(consume->discovery))
        return;
    if (fill_reader_step(&consume->fill, consume->apply, &consume->filled, &error) != 0)
        consume_fail(consume, &error);
}

// Within a source transaction there is no rest yet.
static void consume_quieten(struct consume *consume) {
    struct error error = {0};
    int64_t taken;
    if (!consume->halted && apply_commit(consume->apply, &error) != 0)
        consume_fail(consume, &error);
    else
        consume->quiet = consume->halted || apply_open_ms(consume->apply, &taken) < 0;
}

// Whether nothing is to be written in this round.
static bool consume_rests(struct consume *consume) {
    const struct consume_config *config = consume->config;
    if (config->rest == NULL || !config->rest(config->self, false))
        return consume->quiet = false;
    if (!consume->quiet)
        consume_quieten(consume);
    // What was to be done at rest may be refused: then this round is one like others, whose end commits what it took.
    return consume->quiet = consume->quiet && config->rest(config->self, true);
}

static void consume_rest(struct consume *consume) {
    if (!consume->halted) {
        consume_check_file(consume);
        consume_report_watermarks(consume);
    }
    consume_report_state(consume);
    kafka_wait(consume->kafka, CONSUME_WAIT_MS);
}

// Whether what is written, and what is read, is still what it was.
static void consume_check(struct consume *consume) {
    struct error error = {0};
    consume_check_file(consume);
    if (!consume->halted && consume->recheck != NULL &&
        recheck_step(consume->recheck, clock_monotonic_ms(), &error) != 0)
        consume_fail(consume, &error);
}

// How they are kept, which tells whether tables are complete, and what their messages say of the connector.
static void consume_look_at_topics(struct consume *consume) {
    struct error error = {0};
    if (kept_step(consume->kept, &error) != 0)
        consume_fail(consume, &error);
    lint_step(consume->lint);
}

static void consume_done(struct consume *consume) {
    fill_reader_free(&consume->fill);
    lint_free(&consume->lint);
    recheck_free(&consume->recheck);
    kept_free(&consume->kept);
    apply_free(&consume->apply);
    leader_free(&consume->leader);
    kafka_close(&consume->kafka);
    discovery_free(&consume->discovery);
}

static int consume_open_recheck(struct consume *consume, struct kafka_config kafka, struct error *error) {
    char group[PROGRESS_GROUP_SIZE];
    (void)snprintf(group, sizeof group, "tidemark-%s-check", store_id(consume->config->apply.store));
    kafka.group_id = group;
    const struct recheck_config recheck = {&kafka, consume->kafka, consume->apply, consume->discovery,
                                           &consume->config->unnoted};
    return recheck_new(&consume->recheck, &recheck, error);
}

static int consume_open(struct consume *consume, struct error *error) {
    const struct consume_config *config = consume->config;
    char group[PROGRESS_GROUP_SIZE];
    (void)snprintf(group, sizeof group, "tidemark-%s", store_id(config->apply.store));
    progress_set_group(config->apply.progress, group);
    struct kafka_config kafka = {.brokers = config->brokers,
                                 .group_id = group,
                                 .properties = config->properties,
                                 .property_count = config->property_count};
    (void)store_offsets(config->apply.store, &kafka.partitions);
    CLEANUP(topic_names_free) struct topic_names sought;
    if (topic_names_make(&sought, config->apply.prefix, config->apply.catalog, error) != 0)
        return -1;
    kafka.sought = sought.names;
    kafka.sought_count = sought.count;
    kafka.sought_at_once = sought.of_rows;
    if (store_claim_prefix(config->apply.store, config->apply.prefix, error) != 0 ||
        fill_begin_new(&config->apply, error) != 0 || kafka_open(&consume->kafka, &kafka, error) != 0)
        return -1;
    consume_recall_heartbeat(consume);
    struct apply_config apply = config->apply;
    apply.source = consume->source = kafka_source(consume->kafka);
    if (config->leader != NULL) {
        if (leader_new(&consume->leader, config->leader, config->apply.progress, &consume->source, error) !=
            0)
            return -1;
        apply.source = consume->source = leader_source(consume->leader);
    }
    if (apply_new(&consume->apply, &apply, error) != 0)
        return -1;
    fill_report_lacking(&config->apply);
    (void)snprintf(group, sizeof group, "tidemark-%s-fill", store_id(config->apply.store));
    fill_reader_open(&consume->fill, &kafka, &config->apply, config->db);
    const struct discovery_config discovery = {.kafka = consume->kafka,
                                               .apply = consume->apply,
                                               .applied = &config->apply,
                                               .verify_topics = config->verify_topics,
                                               .captured = config->captured,
                                               .broker = config->broker};
    if (discovery_new(&consume->discovery, &discovery, error) != 0 ||
        kept_new(&consume->kept, consume->apply, consume->progress, consume->kafka, consume->discovery,
                 error) != 0)
        return -1;
    if (config->verify_topics && consume_open_recheck(consume, kafka, error) != 0)
        return -1;
    return lint_new(&consume->lint, &config->apply, consume->kafka, consume->discovery, consume->kept, error);
}

static int consume_run_once(struct consume_config *config, bool *ret_anew, struct error *error) {
    CLEANUP(consume_done)
    struct consume consume = {
        .config = config, .progress = config->apply.progress, .degraded = config->degraded != NULL};
    if (consume_open(&consume, error) != 0)
        return -1;
    progress_line_begin(&consume.line, config->progress_line);
    consume_check(&consume); // a stop or a reload forgets what the run before could not write down
    while (consume.passing.kind == ERROR_NONE && !*ret_anew && !config->stop(config->self)) {
        consume_handle_events(&consume);
        if (consume_rests(&consume)) {
            consume_rest(&consume);
            continue;
        }
        if (consume.passing.kind != ERROR_NONE)
            break;
        if (consume.halted) {
            kafka_wait(consume.kafka, CONSUME_WAIT_MS);
            continue;
        }
        consume_check(&consume);
        if (!consume.halted && consume.passing.kind == ERROR_NONE)
            consume_discover(&consume);
        if (consume.halted || consume.passing.kind != ERROR_NONE)
            continue;
        consume_report_watermarks(&consume);
        consume_look_at_topics(&consume);
        if (consume.halted)
            continue;
        if (consume.leader != NULL)
            leader_look(consume.leader);
        consume_work(&consume);
        consume_fill(&consume);
        if (consume.passing.kind != ERROR_NONE)
            break;
        consume_report_state(&consume);
        consume_report_group_sometimes(&consume);
        *ret_anew = consume_begins_anew(&consume);
    }
    progress_line_end(&consume.line);
    if (consume.halted)
        return CONSUME_HALTED;
    if (consume.passing.kind != ERROR_NONE) {
        *error = consume.passing;
        return error->subject[0] != '\0' ? CONSUME_VIEW_FAILED : CONSUME_DEGRADED;
    }
    if (*ret_anew || consume_report_group_at_end(&consume, error) == 0)
        return 0;
    return error->kind == ERROR_REFUSED ? CONSUME_VIEW_FAILED : -1;
}

// Begins anew three times at most while it catches up: each time several times as much of each partition is held.
int consume_run(struct consume_config *config, struct error *error) {
    for (;;) {
        bool anew = false;
        int status = consume_run_once(config, &anew, error);
        if (!anew)
            return status;
        log_event(LEVEL_INFO, "reading", NULL,
                  "few partitions are far behind now: reading begins anew, with more of each at a time");
        struct store_report report;
        if (store_reopen(config->apply.store, &report, error) != 0)
            return CONSUME_DEGRADED;
        struct progress_summary summary;
        progress_summary(config->apply.progress, &summary);
        config->apply.counters = summary.counters;
        config->degraded = NULL;
    }
}
