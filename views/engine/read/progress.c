#include "views/engine/progress.h"

#include "views/base/bounds.h"
#include "views/base/clock.h"
#include "views/engine/read/pair_counts.h"
#include "views/engine/read/transaction_ring.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct topic_state {
    int partitions;
    bool listed; // by the listing that is under way, or since the newest that ended
};

struct table_state {
    char **topics; // by name
    struct topic_state *feeds;
    int topic_count;
    int topic_capacity;
    int64_t newest_event_ms;
    char *incomplete;
    char *filling;
    int filling_percent;
    int64_t lacking;
};

struct listener {
    void (*wake)(void *self); // NULL = nobody
    void *self;
};

struct followed_table {
    char name[PROGRESS_FOLLOWED_SIZE];
    bool fresh; // told of since the consumer has asked
};

struct progress {
    pthread_mutex_t mutex;
    struct progress_summary summary;
    struct partition_progress *partitions;
    int partition_count;
    int partition_capacity;
    int64_t high_total;          // of the partitions whose high watermark is known
    int high_unknown;            // how many are not
    int64_t hollow_total;        // offsets before `applied` and not before `committed`, of all partitions
    struct pair_counts drift;    // table, column
    struct pair_counts missing;  // table, column
    struct pair_counts unplaced; // topic, source table
    struct progress_finding findings[PROGRESS_FINDINGS_MAX];
    int finding_count;
    struct table_state *tables; // by number
    int table_count;            // the highest number that was told of, and one
    char *undeclared[PROGRESS_UNDECLARED_MAX];
    int undeclared_named;
    pthread_mutex_t wake_mutex; // held while the listeners run, so that one who leaves is not called again
    struct listener listeners[PROGRESS_LISTENERS_MAX];
    struct followed_table followed[PROGRESS_FOLLOWED_MAX];
    int followed_count;
    _Atomic bool followed_fresh; // one of them
    struct transaction_ring transactions;
    struct histogram histograms[PROGRESS_HISTOGRAMS];
};

const char *progress_state_name(enum progress_state state) {
    static const char *const names[] = {
        [STATE_STARTING] = "starting",
        [STATE_CATCHING_UP] = "catching_up",
        [STATE_LIVE] = "live",
        [STATE_DISCONNECTED] = "disconnected",
        [STATE_UPSTREAM_SILENT] = "upstream_silent",
        [STATE_DEGRADED] = "degraded",
        [STATE_HALTED] = "halted",
        [STATE_SERVING] = "serving",
    };
    return names[state];
}

int progress_new(struct progress **ret, struct error *error) {
    struct progress *progress = calloc(1, sizeof *progress);
    if (progress == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    (void)pthread_mutex_init(&progress->mutex, NULL);
    (void)pthread_mutex_init(&progress->wake_mutex, NULL);
    progress->summary.started_at_ms = clock_wall_ms();
    *ret = progress;
    return 0;
}

static void progress_free_table(struct table_state *table) {
    for (int i = 0; i < table->topic_count; i++)
        free(table->topics[i]);
    free(table->topics);
    free(table->feeds);
    free(table->incomplete);
    free(table->filling);
}

static void progress_free_undeclared(struct progress *progress) {
    for (int i = 0; i < progress->undeclared_named; i++)
        free(progress->undeclared[i]);
    progress->undeclared_named = 0;
}

void progress_free(struct progress **progress) {
    struct progress *p = *progress;
    if (p == NULL)
        return;
    for (int i = 0; i < p->partition_count; i++)
        free((char *)p->partitions[i].topic);
    pair_counts_free(&p->drift);
    pair_counts_free(&p->missing);
    pair_counts_free(&p->unplaced);
    for (int i = 0; i < p->table_count; i++)
        progress_free_table(&p->tables[i]);
    free(p->tables);
    progress_free_undeclared(p);
    free(p->partitions);
    (void)pthread_mutex_destroy(&p->mutex);
    (void)pthread_mutex_destroy(&p->wake_mutex);
    free(p);
    *progress = NULL;
}

static int progress_add_partition(struct progress *progress, const char *topic, int32_t partition) {
    if (progress->partition_count == PROGRESS_PARTITIONS_MAX)
        return -1;
    if (progress->partition_count == progress->partition_capacity) {
        int capacity = progress->partition_capacity == 0 ? BOUND(16, 2) : progress->partition_capacity * 2;
        struct partition_progress *grown =
            realloc(progress->partitions, (size_t)capacity * sizeof *progress->partitions);
        if (grown == NULL)
            return -1;
        progress->partitions = grown;
        progress->partition_capacity = capacity;
    }
    char *copy = strdup(topic);
    if (copy == NULL)
        return -1;
    progress->partitions[progress->partition_count] =
        (struct partition_progress){.topic = copy, .partition = partition, .high = -1, .log_start = -1};
    progress->high_unknown++;
    return progress->partition_count++;
}

int progress_partition(struct progress *progress, const char *topic, int32_t partition) {
    (void)pthread_mutex_lock(&progress->mutex);
    int number = 0;
    while (number < progress->partition_count && (progress->partitions[number].partition != partition ||
                                                  strcmp(progress->partitions[number].topic, topic) != 0))
        number++;
    if (number == progress->partition_count)
        number = progress_add_partition(progress, topic, partition);
    (void)pthread_mutex_unlock(&progress->mutex);
    return number;
}

static void progress_wake(struct progress *progress) {
    (void)pthread_mutex_lock(&progress->wake_mutex);
    for (int i = 0; i < PROGRESS_LISTENERS_MAX; i++)
        if (progress->listeners[i].wake != NULL)
            progress->listeners[i].wake(progress->listeners[i].self);
    (void)pthread_mutex_unlock(&progress->wake_mutex);
}

void progress_set_state(struct progress *progress, enum progress_state state, const char *reason) {
    (void)pthread_mutex_lock(&progress->mutex);
    bool changed = progress->summary.state != state;
    progress->summary.state = state;
    progress->summary.caught_up_once |= state == STATE_LIVE;
    (void)snprintf(progress->summary.reason, sizeof progress->summary.reason, "%s", reason);
    (void)pthread_mutex_unlock(&progress->mutex);
    if (changed)
        progress_wake(progress);
}

void progress_set_positions(struct progress *progress, const char *what) {
    (void)pthread_mutex_lock(&progress->mutex);
    (void)snprintf(progress->summary.positions, sizeof progress->summary.positions, "%s", what);
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_set_group(struct progress *progress, const char *group) {
    (void)pthread_mutex_lock(&progress->mutex);
    (void)snprintf(progress->summary.group, sizeof progress->summary.group, "%s", group);
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_set_reload(struct progress *progress, enum progress_reload reload, const char *message) {
    struct progress_summary *summary = &progress->summary;
    (void)pthread_mutex_lock(&progress->mutex);
    summary->reload = reload;
    summary->reload_at_ms = clock_wall_ms();
    (void)snprintf(summary->reload_message, sizeof summary->reload_message, "%s", message);
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_set_error(struct progress *progress, const char *message) {
    (void)pthread_mutex_lock(&progress->mutex);
    (void)snprintf(progress->summary.last_error, sizeof progress->summary.last_error, "%s", message);
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_set_waiting(struct progress *progress, const char *what) {
    (void)pthread_mutex_lock(&progress->mutex);
    (void)snprintf(progress->summary.waiting, sizeof progress->summary.waiting, "%s", what);
    (void)pthread_mutex_unlock(&progress->mutex);
}

static void progress_raise_high(struct progress *progress, struct partition_progress *partition,
                                int64_t high) {
    if (partition->high < 0)
        progress->high_unknown--;
    else
        progress->high_total -= partition->high;
    partition->high = high;
    progress->high_total += high;
}

void progress_set_high(struct progress *progress, int number, int64_t high, int64_t now_ms) {
    (void)pthread_mutex_lock(&progress->mutex);
    struct partition_progress *partition = &progress->partitions[number];
    progress_raise_high(progress, partition, high > partition->applied ? high : partition->applied);
    partition->high_at_ms = now_ms;
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_forget_high(struct progress *progress, int number) {
    (void)pthread_mutex_lock(&progress->mutex);
    struct partition_progress *partition = &progress->partitions[number];
    if (partition->high >= 0) {
        progress->high_unknown++;
        progress->high_total -= partition->high;
    }
    partition->high = -1;
    partition->high_at_ms = 0;
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_set_log_start(struct progress *progress, int number, int64_t log_start) {
    (void)pthread_mutex_lock(&progress->mutex);
    progress->partitions[number].log_start = log_start;
    (void)pthread_mutex_unlock(&progress->mutex);
}

int64_t progress_high(struct progress *progress, int number) {
    (void)pthread_mutex_lock(&progress->mutex);
    int64_t high = progress->partitions[number].high;
    (void)pthread_mutex_unlock(&progress->mutex);
    return high;
}

void progress_set_applied(struct progress *progress, int number, int64_t applied) {
    (void)pthread_mutex_lock(&progress->mutex);
    struct partition_progress *partition = &progress->partitions[number];
    progress->hollow_total -= partition->applied - partition->committed;
    partition->applied = partition->committed = applied;
    if (partition->high >= 0 && partition->high < applied)
        progress_raise_high(progress, partition, applied);
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_set_position(struct progress *progress, int number, int64_t position) {
    (void)pthread_mutex_lock(&progress->mutex);
    struct partition_progress *partition = &progress->partitions[number];
    if (position > partition->applied) {
        progress->hollow_total += position - partition->applied;
        partition->applied = position;
        if (partition->high >= 0 && partition->high < position)
            progress_raise_high(progress, partition, position);
    }
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_heartbeat(struct progress *progress, int64_t ts_ms) {
    (void)pthread_mutex_lock(&progress->mutex);
    progress->summary.heartbeats++;
    if (progress->summary.newest_heartbeat_ms < ts_ms)
        progress->summary.newest_heartbeat_ms = ts_ms;
    (void)pthread_mutex_unlock(&progress->mutex);
}

struct histogram *progress_histogram(struct progress *progress, enum progress_histogram which) {
    return &progress->histograms[which];
}

void progress_committed(struct progress *progress, const struct progress_counters *counters,
                        int64_t newest_applied_ts_ms) {
    int64_t now_ms = clock_wall_ms();
    (void)pthread_mutex_lock(&progress->mutex);
    // A commit of markers or repeats alone shows nothing newer.
    if (newest_applied_ts_ms > progress->summary.newest_applied_ts_ms)
        histogram_observe(&progress->histograms[PROGRESS_APPLY_DELAY],
                          newest_applied_ts_ms < now_ms ? (now_ms - newest_applied_ts_ms) * 1000 : 0);
    progress->summary.counters = *counters;
    progress->summary.newest_applied_ts_ms = newest_applied_ts_ms;
    progress->summary.newest_commit_ms = now_ms;
    (void)pthread_mutex_unlock(&progress->mutex);
    progress_wake(progress);
}

void progress_caught_up(struct progress *progress) {
    (void)pthread_mutex_lock(&progress->mutex);
    progress->summary.caught_up_once = true;
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_drift(struct progress *progress, const char *table, const char *column, int column_size,
                    int64_t times) {
    (void)pthread_mutex_lock(&progress->mutex);
    pair_counts_add(&progress->drift, table, column, column_size, times);
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_missing(struct progress *progress, const char *table, const char *column, int column_size,
                      int64_t times) {
    (void)pthread_mutex_lock(&progress->mutex);
    pair_counts_add(&progress->missing, table, column, column_size, times);
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_column_seen(struct progress *progress, const char *table, const char *column, int column_size) {
    (void)pthread_mutex_lock(&progress->mutex);
    pair_counts_remove(&progress->missing, table, column, column_size);
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_unplaced(struct progress *progress, const char *topic, const char *source_table,
                       int64_t times) {
    (void)pthread_mutex_lock(&progress->mutex);
    progress->summary.unplaced += times;
    pair_counts_add(&progress->unplaced, topic, source_table, (int)strlen(source_table), times);
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_set_undeclared(struct progress *progress, const char *const *topics, int named, int count) {
    (void)pthread_mutex_lock(&progress->mutex);
    progress_free_undeclared(progress);
    progress->summary.undeclared = count;
    for (int i = 0; i < named && i < PROGRESS_UNDECLARED_MAX; i++) {
        char *copy = strdup(topics[i]);
        if (copy != NULL)
            progress->undeclared[progress->undeclared_named++] = copy;
    }
    (void)pthread_mutex_unlock(&progress->mutex);
}

// The mutex is held. NULL out of memory, and for a number that no catalog has.
static struct table_state *progress_table_state(struct progress *progress, int table) {
    if (table < 0 || table >= PROGRESS_TABLES_MAX)
        return NULL;
    if (progress->tables == NULL)
        progress->tables = calloc(PROGRESS_TABLES_MAX, sizeof *progress->tables);
    if (progress->tables == NULL)
        return NULL;
    if (progress->table_count <= table)
        progress->table_count = table + 1;
    return &progress->tables[table];
}

// Where the topic is among the table's, or would be.
static int progress_topic_place(const struct table_state *table, const char *topic) {
    int from = 0;
    int to = table->topic_count;
    while (from < to) {
        int middle = from + (to - from) / 2;
        if (strcmp(table->topics[middle], topic) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static bool progress_grow_topics(struct table_state *table) {
    int capacity = table->topic_capacity == 0 ? BOUND(4, 1) : table->topic_capacity * 2;
    char **topics = realloc(table->topics, (size_t)capacity * sizeof *topics);
    table->topics = topics != NULL ? topics : table->topics;
    struct topic_state *feeds = realloc(table->feeds, (size_t)capacity * sizeof *feeds);
    table->feeds = feeds != NULL ? feeds : table->feeds;
    if (topics == NULL || feeds == NULL)
        return false;
    table->topic_capacity = capacity;
    return true;
}

// Each topic has a partition, so there are no more of them than of those.
static void progress_insert_topic(struct table_state *table, int at, const char *topic, int partitions) {
    if (table->topic_count == PROGRESS_PARTITIONS_MAX ||
        (table->topic_count == table->topic_capacity && !progress_grow_topics(table)))
        return;
    char *copy = strdup(topic);
    if (copy == NULL)
        return;
    size_t behind = (size_t)(table->topic_count - at);
    memmove(table->topics + at + 1, table->topics + at, behind * sizeof *table->topics);
    memmove(table->feeds + at + 1, table->feeds + at, behind * sizeof *table->feeds);
    table->topics[at] = copy;
    table->feeds[at] = (struct topic_state){partitions, true};
    table->topic_count++;
}

void progress_table_topic(struct progress *progress, int table, const char *topic, int partitions) {
    (void)pthread_mutex_lock(&progress->mutex);
    struct table_state *state = progress_table_state(progress, table);
    int at = state != NULL ? progress_topic_place(state, topic) : 0;
    if (state != NULL && at < state->topic_count && strcmp(state->topics[at], topic) == 0)
        state->feeds[at] = (struct topic_state){partitions, true};
    else if (state != NULL)
        progress_insert_topic(state, at, topic, partitions);
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_table_listed(struct progress *progress, int table) {
    (void)pthread_mutex_lock(&progress->mutex);
    struct table_state *state = progress_table_state(progress, table);
    int kept = 0;
    for (int i = 0; state != NULL && i < state->topic_count; i++) {
        if (!state->feeds[i].listed) {
            free(state->topics[i]);
            continue;
        }
        state->topics[kept] = state->topics[i];
        state->feeds[kept++] = (struct topic_state){state->feeds[i].partitions, false};
    }
    if (state != NULL)
        state->topic_count = kept;
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_table_event(struct progress *progress, int table, int64_t ts_ms) {
    (void)pthread_mutex_lock(&progress->mutex);
    struct table_state *state = progress_table_state(progress, table);
    if (state != NULL && state->newest_event_ms < ts_ms)
        state->newest_event_ms = ts_ms;
    (void)pthread_mutex_unlock(&progress->mutex);
}

static void progress_set_incomplete(struct progress *progress, int table, char *reason) {
    (void)pthread_mutex_lock(&progress->mutex);
    struct table_state *state = progress_table_state(progress, table);
    if (state != NULL) {
        char *before = state->incomplete;
        state->incomplete = reason;
        reason = before;
    }
    (void)pthread_mutex_unlock(&progress->mutex);
    free(reason);
}

bool progress_table_is_incomplete(struct progress *progress, int table) {
    (void)pthread_mutex_lock(&progress->mutex);
    const struct table_state *state = progress_table_state(progress, table);
    bool is = state != NULL && state->incomplete != NULL;
    (void)pthread_mutex_unlock(&progress->mutex);
    return is;
}

void progress_table_incomplete(struct progress *progress, int table, const char *reason) {
    progress_set_incomplete(progress, table, strdup(reason));
}

void progress_table_complete(struct progress *progress, int table) {
    progress_set_incomplete(progress, table, NULL);
}

void progress_table_filling(struct progress *progress, int table, const char *what, int percent) {
    char *copy = what != NULL ? strdup(what) : NULL;
    (void)pthread_mutex_lock(&progress->mutex);
    struct table_state *state = progress_table_state(progress, table);
    if (state != NULL) {
        char *before = state->filling;
        state->filling = copy;
        state->filling_percent = percent;
        copy = before;
    }
    (void)pthread_mutex_unlock(&progress->mutex);
    free(copy);
}

void progress_table_lacking(struct progress *progress, int table, int64_t rows) {
    (void)pthread_mutex_lock(&progress->mutex);
    struct table_state *state = progress_table_state(progress, table);
    if (state != NULL)
        state->lacking = rows;
    (void)pthread_mutex_unlock(&progress->mutex);
}

// Where the table is told of, a new place when there is none; NULL = there is no room.
static struct followed_table *progress_followed_place(struct progress *progress, const char *table) {
    struct followed_table *left = NULL; // nobody has told of it since the consumer has asked
    for (int i = 0; i < progress->followed_count; i++) {
        struct followed_table *at = &progress->followed[i];
        if (strcmp(at->name, table) == 0)
            return at;
        left = at->fresh ? left : at;
    }
    if (progress->followed_count < PROGRESS_FOLLOWED_MAX)
        left = &progress->followed[progress->followed_count++];
    if (left != NULL)
        (void)snprintf(left->name, sizeof left->name, "%s", table);
    return left;
}

void progress_follow(struct progress *progress, const char *table) {
    if (strlen(table) >= PROGRESS_FOLLOWED_SIZE)
        return;
    (void)pthread_mutex_lock(&progress->mutex);
    struct followed_table *place = progress_followed_place(progress, table);
    if (place != NULL) {
        place->fresh = true;
        atomic_store_explicit(&progress->followed_fresh, true, memory_order_relaxed);
    }
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_take_followed(struct progress *progress, void (*visit)(void *self, const char *table),
                            void *self) {
    if (!atomic_load_explicit(&progress->followed_fresh, memory_order_relaxed))
        return;
    (void)pthread_mutex_lock(&progress->mutex);
    atomic_store_explicit(&progress->followed_fresh, false, memory_order_relaxed);
    for (int i = 0; i < progress->followed_count; i++)
        if (progress->followed[i].fresh) {
            progress->followed[i].fresh = false;
            visit(self, progress->followed[i].name);
        }
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_transaction(struct progress *progress, int64_t txid, int64_t lsn) {
    transaction_ring_add(&progress->transactions, txid, lsn);
}

int progress_transactions(struct progress *progress, int64_t from, int64_t to, int64_t *ret, int capacity) {
    return from < 0 || to < from ? -1
                                 : transaction_ring_between(&progress->transactions, from, to, ret, capacity);
}

void progress_summary(struct progress *progress, struct progress_summary *ret) {
    (void)pthread_mutex_lock(&progress->mutex);
    *ret = progress->summary;
    ret->counters.drift_columns = progress->drift.count;
    ret->missing_columns = progress->missing.count;
    ret->messages_behind = progress->partition_count == 0 ? -1 : 0;
    int64_t oldest = INT64_MAX;
    for (int i = 0; i < progress->partition_count; i++) {
        const struct partition_progress *partition = &progress->partitions[i];
        if (partition->high < 0)
            ret->messages_behind = -1;
        else if (ret->messages_behind >= 0)
            ret->messages_behind += partition->high - partition->applied;
        if (partition->high_at_ms < oldest)
            oldest = partition->high_at_ms;
    }
    ret->oldest_high_at_ms = oldest == INT64_MAX ? 0 : oldest;
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_lag(struct progress *progress, struct progress_lag *ret) {
    (void)pthread_mutex_lock(&progress->mutex);
    bool known = progress->partition_count > 0 && progress->high_unknown == 0;
    *ret = (struct progress_lag){
        .state = progress->summary.state,
        .high_total = known ? progress->high_total - progress->hollow_total : -1,
        .newest_applied_ts_ms = progress->summary.newest_applied_ts_ms,
    };
    (void)pthread_mutex_unlock(&progress->mutex);
}

static int progress_compare_partitions(const void *a, const void *b) {
    const struct partition_progress *x = a;
    const struct partition_progress *y = b;
    int order = strcmp(x->topic, y->topic);
    return order != 0 ? order : (x->partition > y->partition) - (x->partition < y->partition);
}

int progress_partitions(struct progress *progress, struct partition_progress *ret, int capacity) {
    (void)pthread_mutex_lock(&progress->mutex);
    int count = progress->partition_count;
    int copied = count < capacity ? count : capacity;
    if (copied > 0)
        memcpy(ret, progress->partitions, (size_t)copied * sizeof *ret);
    (void)pthread_mutex_unlock(&progress->mutex);
    if (copied > 0)
        qsort(ret, (size_t)copied, sizeof *ret, progress_compare_partitions);
    return count;
}

static void progress_each(struct progress *progress, const struct pair_counts *counts,
                          void (*visit)(void *self, const char *first, const char *second, int64_t times),
                          void *self) {
    (void)pthread_mutex_lock(&progress->mutex);
    pair_counts_each(counts, visit, self);
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_drift_each(struct progress *progress,
                         void (*visit)(void *self, const char *table, const char *column, int64_t times),
                         void *self) {
    progress_each(progress, &progress->drift, visit, self);
}

void progress_missing_each(struct progress *progress,
                           void (*visit)(void *self, const char *table, const char *column, int64_t times),
                           void *self) {
    progress_each(progress, &progress->missing, visit, self);
}

void progress_set_findings(struct progress *progress, const struct progress_finding *list, int count) {
    (void)pthread_mutex_lock(&progress->mutex);
    progress->finding_count = count < PROGRESS_FINDINGS_MAX ? count : PROGRESS_FINDINGS_MAX;
    memcpy(progress->findings, list, (size_t)progress->finding_count * sizeof *list);
    (void)pthread_mutex_unlock(&progress->mutex);
}

int progress_findings(struct progress *progress, struct progress_finding *ret) {
    (void)pthread_mutex_lock(&progress->mutex);
    int count = progress->finding_count;
    memcpy(ret, progress->findings, (size_t)count * sizeof *ret);
    (void)pthread_mutex_unlock(&progress->mutex);
    return count;
}

void progress_unplaced_each(struct progress *progress,
                            void (*visit)(void *self, const char *topic, const char *source_table,
                                          int64_t times),
                            void *self) {
    progress_each(progress, &progress->unplaced, visit, self);
}

void progress_undeclared_each(struct progress *progress, void (*visit)(void *self, const char *topic),
                              void *self) {
    (void)pthread_mutex_lock(&progress->mutex);
    for (int i = 0; i < progress->undeclared_named; i++)
        visit(self, progress->undeclared[i]);
    (void)pthread_mutex_unlock(&progress->mutex);
}

void progress_table_visit(struct progress *progress, int table,
                          void (*visit)(void *self, const struct table_progress *table), void *self) {
    (void)pthread_mutex_lock(&progress->mutex);
    struct table_progress seen = {0};
    if (table < progress->table_count) {
        const struct table_state *state = &progress->tables[table];
        seen = (struct table_progress){.topics = (const char *const *)state->topics,
                                       .topic_count = state->topic_count,
                                       .newest_event_ms = state->newest_event_ms,
                                       .incomplete = state->incomplete,
                                       .filling = state->filling,
                                       .filling_percent = state->filling_percent,
                                       .lacking = state->lacking};
        for (int i = 0; i < state->topic_count; i++)
            seen.partitions += state->feeds[i].partitions;
    }
    visit(self, &seen);
    (void)pthread_mutex_unlock(&progress->mutex);
}

int progress_tables_without_topic(struct progress *progress, int count) {
    (void)pthread_mutex_lock(&progress->mutex);
    int with = 0;
    for (int i = 0; i < progress->table_count && i < count; i++)
        with += progress->tables[i].topic_count > 0;
    (void)pthread_mutex_unlock(&progress->mutex);
    return count - with;
}

bool progress_on_commit(struct progress *progress, void (*wake)(void *self), void *self) {
    (void)pthread_mutex_lock(&progress->wake_mutex);
    int at = 0;
    while (at < PROGRESS_LISTENERS_MAX && progress->listeners[at].wake != NULL)
        at++;
    if (at < PROGRESS_LISTENERS_MAX)
        progress->listeners[at] = (struct listener){wake, self};
    (void)pthread_mutex_unlock(&progress->wake_mutex);
    return at < PROGRESS_LISTENERS_MAX;
}

void progress_off_commit(struct progress *progress, const void *self) {
    (void)pthread_mutex_lock(&progress->wake_mutex);
    for (int i = 0; i < PROGRESS_LISTENERS_MAX; i++)
        if (progress->listeners[i].self == self)
            progress->listeners[i] = (struct listener){0};
    (void)pthread_mutex_unlock(&progress->wake_mutex);
}
