#include "http/live.h"

#include "http/event.h"
#include "http/ready.h"
#include "views/base/cleanup.h"

#include <stdio.h>

enum { LIVE_RATES_FROM_MS = 200 };

struct live_history {
    int64_t at_ms;
    int64_t messages; // -1 = not known, as the two that follow
    int64_t lag_ms;
    double events_per_second;
};

// Where the counters stood at a moment.
struct live_counts {
    int64_t monotonic_ms;
    int64_t messages_behind;
    struct progress_counters counters;
};

// -1 = not known.
struct live_rates {
    double events;
    double transactions;
    double commits;
    int64_t eta_seconds;
};

// What one event tells.
struct live_view {
    int64_t at_ms;
    struct progress_summary summary;
    struct lag lag;
    struct live_rates rates;
    int64_t version; // of the position
    int64_t quarantine;
    bool applied;  // the file has applied something
    char why[512]; // the file cannot be read: why
};

struct live {
    struct progress *progress;
    struct reader *reader;
    struct live_history *history; // a ring of LIVE_HISTORY
    int history_count;
    int history_next;
    struct live_counts counts[LIVE_RATE_SAMPLES + 1]; // the oldest first
    int count;
    struct live_view now;
    struct live_view told;
    bool has_told;
    struct buffer position; // `{"lsn":..}` of now.version, "" = none was read
    struct buffer id;
    bool transactional;
};

int live_new(struct live **ret, struct progress *progress, struct reader *reader, struct error *error) {
    CLEANUP(live_free) struct live *live = calloc(1, sizeof *live);
    if (live == NULL || (live->history = calloc(LIVE_HISTORY, sizeof *live->history)) == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    live->progress = progress;
    live->reader = reader;
    live->now.version = -1;
    *ret = live;
    live = NULL;
    return 0;
}

void live_free(struct live **live) {
    if (*live == NULL)
        return;
    free((*live)->history);
    buffer_free(&(*live)->position);
    buffer_free(&(*live)->id);
    free(*live);
    *live = NULL;
}

static double live_per_second(int64_t now, int64_t then, int64_t elapsed_ms) {
    return now > then ? (double)(now - then) * 1000 / (double)elapsed_ms : 0;
}

// By the oldest counters that are kept, some seconds ago. Where nothing is consumed there are none.
static void live_find_rates(const struct live *live, const struct progress_summary *summary,
                            int64_t monotonic_ms, struct live_rates *ret) {
    *ret = (struct live_rates){-1, -1, -1, -1};
    const struct live_counts *then = &live->counts[0];
    int64_t elapsed_ms = live->count > 0 ? monotonic_ms - then->monotonic_ms : 0;
    if (elapsed_ms < LIVE_RATES_FROM_MS || summary->state == STATE_SERVING)
        return;
    const struct progress_counters *now = &summary->counters;
    ret->events = live_per_second(now->applied, then->counters.applied, elapsed_ms);
    ret->transactions = live_per_second(now->transactions, then->counters.transactions, elapsed_ms);
    ret->commits = live_per_second(now->commits, then->counters.commits, elapsed_ms);
    // What is behind goes by what is taken less what comes.
    double gained = live_per_second(then->messages_behind, summary->messages_behind, elapsed_ms);
    if (summary->state == STATE_CATCHING_UP && summary->messages_behind > 0 && gained > 0)
        ret->eta_seconds = (int64_t)((double)summary->messages_behind / gained) + 1;
}

static void live_keep_counts(struct live *live, const struct progress_summary *summary,
                             int64_t monotonic_ms) {
    if (live->count > LIVE_RATE_SAMPLES)
        memmove(&live->counts[0], &live->counts[1], sizeof live->counts[0] * (size_t)--live->count);
    live->counts[live->count++] = (struct live_counts){.monotonic_ms = monotonic_ms,
                                                       .messages_behind = summary->messages_behind,
                                                       .counters = summary->counters};
}

static int64_t live_lag_ms(const struct progress_summary *summary, int64_t wall_ms) {
    const struct progress_lag known = {
        .state = summary->state, .high_total = -1, .newest_applied_ts_ms = summary->newest_applied_ts_ms};
    struct lag lag;
    lag_of(&lag, &known, &(struct position){0}, wall_ms);
    return lag.ms;
}

void live_sample(struct live *live, int64_t wall_ms, int64_t monotonic_ms) {
    struct progress_summary summary;
    struct live_rates rates;
    progress_summary(live->progress, &summary);
    live_find_rates(live, &summary, monotonic_ms, &rates);
    live_keep_counts(live, &summary, monotonic_ms);
    live->history[live->history_next] = (struct live_history){.at_ms = wall_ms,
                                                              .messages = summary.messages_behind,
                                                              .lag_ms = live_lag_ms(&summary, wall_ms),
                                                              .events_per_second = rates.events};
    live->history_next = (live->history_next + 1) % LIVE_HISTORY;
    live->history_count += live->history_count < LIVE_HISTORY;
}

static void live_note_position(struct live *live, const struct position *position) {
    live->now.version = position->version;
    live->now.quarantine = position->quarantined;
    live->now.applied = position->applied_total > 0;
    live->transactional = position->transactional;
    buffer_clear(&live->position);
    render_position(&live->position, position);
    buffer_clear(&live->id);
    render_position_id(&live->id, position);
}

static int live_read_file(struct live *live, const struct progress_lag *known, int64_t wall_ms,
                          struct error *error) {
    struct position position;
    if (reader_begin(live->reader, &position, error) != 0)
        return -1;
    if (position.version != live->now.version || live->position.size == 0)
        live_note_position(live, &position);
    lag_of(&live->now.lag, known, &position, wall_ms);
    reader_end(live->reader);
    return 0;
}

// The lag's seconds run by themselves while it is not live: a whole second more is news.
static bool live_differs(const struct live_view *a, const struct live_view *b) {
    return a->version != b->version || a->summary.state != b->summary.state ||
           a->lag.messages != b->lag.messages || a->lag.ms / 1000 != b->lag.ms / 1000 ||
           a->quarantine != b->quarantine ||
           memcmp(&a->summary.counters, &b->summary.counters, sizeof a->summary.counters) != 0 ||
           memcmp(&a->rates, &b->rates, sizeof a->rates) != 0 ||
           a->summary.newest_heartbeat_ms != b->summary.newest_heartbeat_ms ||
           a->summary.caught_up_once != b->summary.caught_up_once ||
           strcmp(a->summary.reason, b->summary.reason) != 0 ||
           strcmp(a->summary.waiting, b->summary.waiting) != 0 || strcmp(a->why, b->why) != 0;
}

bool live_look(struct live *live, int64_t wall_ms, int64_t monotonic_ms) {
    struct live_view *now = &live->now;
    struct progress_lag known;
    struct error error;
    now->at_ms = wall_ms;
    progress_lag(live->progress, &known);
    progress_summary(live->progress, &now->summary);
    live_find_rates(live, &now->summary, monotonic_ms, &now->rates);
    now->why[0] = '\0';
    if (live_read_file(live, &known, wall_ms, &error) != 0) {
        now->lag = (struct lag){.state = known.state, .messages = -1, .ms = -1};
        (void)snprintf(now->why, sizeof now->why, "%s", error.message);
    }
    return !live->has_told || live_differs(now, &live->told);
}

static void live_write_rate(struct buffer *out, const char *name, double rate) {
    if (rate < 0)
        buffer_format(out, "\"%s\":null", name);
    else
        buffer_format(out, "\"%s\":%.1f", name, rate);
}

static void live_write_rates(struct buffer *out, const struct live_rates *rates) {
    buffer_text(out, ",\"rates\":{");
    live_write_rate(out, "events_per_second", rates->events);
    buffer_char(out, ',');
    live_write_rate(out, "transactions_per_second", rates->transactions);
    buffer_char(out, ',');
    live_write_rate(out, "commits_per_second", rates->commits);
    buffer_char(out, '}');
}

static void live_write_moment(struct buffer *out, const char *name, int64_t ms) {
    buffer_format(out, "\"%s\":", name);
    render_integer_or_null(out, ms > 0 ? ms : -1);
}

static void live_write_hops(struct buffer *out, const struct progress_summary *summary) {
    buffer_text(out, ",\"hops\":{");
    live_write_moment(out, "source_commit_ms", summary->newest_applied_ts_ms);
    buffer_char(out, ',');
    live_write_moment(out, "heartbeat_ms", summary->newest_heartbeat_ms);
    buffer_char(out, ',');
    live_write_moment(out, "broker_ms", summary->oldest_high_at_ms);
    buffer_char(out, ',');
    live_write_moment(out, "applied_ms", summary->newest_commit_ms);
    buffer_char(out, '}');
}

static void live_write_text_or_null(struct buffer *out, const char *name, const char *text) {
    buffer_format(out, ",\"%s\":", name);
    if (text[0] == '\0')
        buffer_text(out, "null");
    else
        buffer_json_string(out, span_of(text));
}

static void live_write_state(const struct live *live, struct buffer *out) {
    const struct live_view *now = &live->now;
    const char *lacks = ready_lacks(&now->summary, now->applied);
    const char *reason = now->why[0] != '\0' ? now->why : now->summary.reason;
    bool ready = lacks == NULL && now->why[0] == '\0';
    buffer_format(out, "{\"at_ms\":%lld,\"state\":\"%s\",\"ready\":%s", (long long)now->at_ms,
                  progress_state_name(now->summary.state), ready ? "true" : "false");
    live_write_text_or_null(out, "reason", reason[0] == '\0' && !ready ? lacks : reason);
    buffer_text(out, ",\"consistency\":");
    buffer_text(out, live->position.size == 0 ? "null"
                     : live->transactional    ? "\"transactional\""
                                              : "\"per-key\"");
    buffer_text(out, ",\"position\":");
    if (live->position.size == 0)
        buffer_text(out, "null");
    buffer_append(out, live->position.data, live->position.size);
    out->failed |= live->position.failed || live->id.failed;
}

// The oldest first.
static void live_write_history(const struct live *live, struct buffer *out) {
    buffer_text(out, ",\"history\":[");
    for (int i = 0; i < live->history_count; i++) {
        int at = (live->history_next + LIVE_HISTORY - live->history_count + i) % LIVE_HISTORY;
        const struct live_history *sample = &live->history[at];
        buffer_format(out, "%s{\"at_ms\":%lld,\"messages\":", i > 0 ? "," : "", (long long)sample->at_ms);
        render_integer_or_null(out, sample->messages);
        buffer_text(out, ",\"seconds\":");
        render_seconds_or_null(out, sample->lag_ms);
        buffer_char(out, ',');
        live_write_rate(out, "events_per_second", sample->events_per_second);
        buffer_char(out, '}');
    }
    buffer_char(out, ']');
}

size_t live_render(struct live *live, struct buffer *out, bool first) {
    const struct live_view *now = &live->now;
    size_t json_at = event_begin(out, "live", (struct span){live->id.data, live->id.size}, first);
    live_write_state(live, out);
    buffer_text(out, ",\"lag\":");
    render_lag(out, &now->lag);
    live_write_rates(out, &now->rates);
    live_write_hops(out, &now->summary);
    buffer_format(out, ",\"applied\":%lld,\"transactions\":%lld,\"quarantine\":%lld",
                  (long long)now->summary.counters.applied, (long long)now->summary.counters.transactions,
                  (long long)now->quarantine);
    live_write_text_or_null(out, "waiting", now->summary.waiting);
    buffer_text(out, ",\"eta_seconds\":");
    render_integer_or_null(out, now->rates.eta_seconds);
    if (first)
        live_write_history(live, out);
    buffer_char(out, '}');
    live->told = *now;
    live->has_told = true;
    return json_at;
}
