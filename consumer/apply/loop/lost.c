#include "consumer/apply/loop/lost.h"

#include "consumer/apply/loop/astray.h"
#include "consumer/apply/loop/feeds.h"
#include "consumer/apply/loop/new_timeline.h"
#include "consumer/apply/loop/snapshots.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NEWEST_BOUNDARIES = 4, // of the transaction topic that are looked at for an END
    DIGITS_MAX = 32,
    TABLES_NAMED_MAX = 3,
};

// Why the rows that a table owes the current transaction will not come.
enum lost_kind {
    LOST_NOT_KNOWN, // they may be under way
    LOST_PAST,
    LOST_NO_TOPIC,
    LOST_RETENTION,
    LOST_LATER_END,
    LOST_BY_HEARTBEATS,
    LOST_PARTIALLY,
    LOST_EMPTY,
    LOST_UNREADABLE,
};

static const char *const lost_names[] = {
    [LOST_PAST] = "every partition is past them",
    [LOST_NO_TOPIC] = "no topic of it is read",
    [LOST_RETENTION] = "retention has taken the beginning of its partitions, which are read to their ends",
    [LOST_LATER_END] = "the connector has sent later transactions, and its partitions are read to their ends",
    [LOST_BY_HEARTBEATS] = "heartbeats have gone on without a gap, and its partitions are read to their ends",
    [LOST_UNREADABLE] = "messages of its topic could not be read and are in quarantine",
    [LOST_EMPTY] = "its topic has never had a message, and heartbeats go on",
    [LOST_PARTIALLY] =
        "some of its rows never come, the connector has gone on, and its partitions are read to their ends",
};

int lost_init(struct apply *apply, struct error *error) {
    struct lost *lost = &apply->lost;
    const struct catalog *catalog = apply->config.catalog;
    lost->tables = calloc((size_t)catalog->table_count, sizeof *lost->tables);
    if (lost->tables == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int t = 0; t < catalog->table_count; t++)
        lost->tables[t].read_before = feeds_read_before(apply, &catalog->tables[t]) != NULL;
    return event_init(&lost->boundary, catalog, error);
}

void lost_free(struct lost *lost) {
    free(lost->tables);
    event_done(&lost->boundary);
    *lost = (struct lost){0};
}

void lost_note_heartbeat(struct apply *apply, int64_t ts_ms) {
    struct lost *lost = &apply->lost;
    if (ts_ms <= lost->heartbeat_ms || ts_ms > apply->config.wall_ms() + LOST_CLOCK_AHEAD_MS)
        return;
    if (ts_ms - lost->heartbeat_ms > apply->config.transaction_wait_ms * LOST_HEARTBEAT_GAP)
        lost->heartbeats_since_ms = ts_ms;
    lost->heartbeat_ms = ts_ms;
}

void lost_note_table(struct apply *apply, const struct table *table) {
    struct lost_table *watch = &apply->lost.tables[table->index];
    apply->lost.absent -= watch->absent;
    watch->absent = false;
}

void lost_note_unreadable(struct apply *apply, const struct partition *partition) {
    int64_t finished = merge_finished_lsn(apply->merge);
    // Behind a row of the current transaction it may be of a later one.
    bool behind = merge_has_current(apply->merge) && partition->newest_lsn > finished;
    for (const struct table *table = NULL; (table = feeds_next(apply, partition, table)) != NULL;) {
        struct lost_table *watch = &apply->lost.tables[table->index];
        watch->unreadable++;
        watch->unreadable_lsn = behind ? merge_current_lsn(apply->merge) : finished;
    }
}

void lost_note_end(struct apply *apply, const struct event *end) {
    bool whole = merge_is_whole(apply->merge);
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        struct lost_table *watch = &apply->lost.tables[t];
        watch->lacked |= !whole && merge_missing(apply->merge, &apply->config.catalog->tables[t]) > 0;
        if (!whole || end->expected[t] == 0)
            continue;
        watch->partial = false;
        watch->awaited_since_ms = 0;
        if (end->change.lsn > watch->unreadable_lsn)
            watch->unreadable = 0;
    }
}

void lost_note_discovery(struct apply *apply) {
    if (apply->lost.discoveries++ == 0 && !apply->handed.writing)
        astray_count(
            apply); // what the run before found with its last commit, and had no other to tell it with
}

void lost_begin_current(struct apply *apply, int slot) {
    struct lost *lost = &apply->lost;
    lost->end_slot = slot;
    lost->end_ts_ms = apply->partitions[slot]->head->ts_ms;
    lost->end_discoveries = lost->discoveries;
    lost->end_since_ms = apply->config.monotonic_ms();
    lost->end_high = -1;
    lost->end_grown_ms = 0;
    for (int t = 0; lost->absent > 0 && t < apply->config.catalog->table_count; t++)
        if (lost->tables[t].absent)
            merge_excuse(apply->merge, &apply->config.catalog->tables[t]);
}

static bool lost_has_waited(const struct apply *apply, int64_t ms) {
    return apply->config.monotonic_ms() - apply->waiting.since_ms >= ms;
}

// What the connector sent at `ts_ms` by its clock would have come: it has gone on for `ms` since.
static bool lost_heartbeats_went_on(const struct apply *apply, int64_t ts_ms, int64_t ms) {
    const struct lost *lost = &apply->lost;
    return lost->heartbeat_ms > 0 && lost->heartbeats_since_ms <= ts_ms && lost->heartbeat_ms - ms >= ts_ms;
}

// The same of a connector that may have been started again since: it sent again what it had not finished.
static bool lost_heartbeats_go_on(const struct apply *apply, int64_t ts_ms, int64_t ms) {
    int64_t since_ms = apply->lost.heartbeats_since_ms;
    return lost_heartbeats_went_on(apply, since_ms > ts_ms ? since_ms : ts_ms, ms);
}

// The same where so much waits behind the current END that the later one is not delivered: the topic has grown since,
// and what the connector had to send again when it did would have come.
static bool lost_later_unseen(struct apply *apply, int64_t ms) {
    struct lost *lost = &apply->lost;
    const struct message_source *source = &apply->config.source;
    int64_t now = apply->config.monotonic_ms();
    int delivered = source->delivered != NULL ? source->delivered(source->self, lost->end_slot) : 0;
    int64_t high = progress_high(apply->config.progress, lost->end_slot);
    if (delivered == 0 || now - lost->end_since_ms < ms)
        return false;
    struct message newest;
    source->peek_at(source->self, lost->end_slot, delivered - 1, &newest);
    if (high <= newest.offset + 1)
        return false;
    if (lost->end_high < 0)
        lost->end_high = high;
    if (high > lost->end_high && lost->end_grown_ms == 0)
        lost->end_grown_ms = now;
    return lost->end_grown_ms > 0 && now - lost->end_grown_ms >= ms;
}

// An END above the current transaction's, sent so much later (`ms`) that the rows before it are not in the
// producer's buffers any more. A connector that was killed sends the current transaction again before a later END. One
// of a new timeline is lower and later: the old one's are all sent.
static bool lost_later_end(struct apply *apply, int64_t ms) {
    struct lost *lost = &apply->lost;
    int64_t sent_ms;
    for (int i = 1; i <= NEWEST_BOUNDARIES; i++) {
        if (!prefetch_newest(apply->prefetch, lost->end_slot, i, &lost->boundary, &sent_ms))
            continue;
        const struct change *change = &lost->boundary.change;
        int64_t lsn = timeline_lsn(&apply->timelines, change->lsn, change->ts_ms);
        if (lost->boundary.kind == EVENT_END && sent_ms >= lost->end_ts_ms + ms &&
            (lsn > merge_current_lsn(apply->merge) || timeline_is_new(apply->newest, lsn, change->ts_ms)))
            return true;
    }
    return lost_later_unseen(apply, ms);
}

struct lost_partitions {
    int count;
    int past;      // the head waits: it is of a later transaction
    int expired;   // read to their ends, nothing was found, and the beginning is gone
    int empty;     // never had a message
    int unread;    // there may be more that was not delivered
    bool streamed; // rows of the table have come at all
};

// Whether the head is of a later transaction. One of the current transaction may not have been taken yet (the loop holds
// it back until a commit is written), and behind a row that waits to be placed there may be some.
static bool lost_head_is_past(const struct apply *apply, const struct partition *partition) {
    if (partition->head == NULL || partition->lower != LOWER_NOT)
        return partition->lower == LOWER_IS;
    return partition->event->kind == EVENT_CHANGE &&
           (partition->failure == NULL || partition->event->placed) &&
           merge_judge(apply->merge, partition->event) == MERGE_WAIT;
}

static struct lost_partitions lost_look_at(const struct apply *apply, const struct table *table) {
    struct lost_partitions found = {0};
    for (int i = 0; i < apply->partition_count; i++) {
        const struct partition *partition = apply->partitions[i];
        if (partition == NULL || !feeds_table(partition, table))
            continue;
        bool streamed = partition->newest_lsn != LSN_NONE;
        found.count++;
        bool past = lost_head_is_past(apply, partition);
        found.past += past;
        found.unread +=
            !past && (partition->head != NULL || !apply->config.source.at_end(apply->config.source.self, i));
        found.expired += partition->head == NULL && partition->started_at > 0 && !streamed;
        found.empty += partition->head == NULL && !partition->known && partition->started_at <= 0;
        found.streamed |= streamed;
    }
    return found;
}

// Whether rows of the table have been waited for so long, by one transaction after another. Not by the current one alone: else a source
// that commits more often would fall behind for good. Behind a pause, of the source or of this process, what the brokers have is not
// known any more, and the time begins anew.
static bool lost_is_awaited(struct apply *apply, struct lost_table *watch, int64_t ms) {
    int64_t now = apply->config.monotonic_ms();
    if (watch->awaited_since_ms == 0 || now - watch->awaited_at_ms > ms)
        watch->awaited_since_ms = apply->waiting.since_ms;
    watch->awaited_at_ms = now;
    return now - watch->awaited_since_ms >= ms;
}

// A table of which some rows were seen never to come is waited for less, but not without evidence.
static bool lost_partially(struct apply *apply, const struct table *table) {
    int64_t ms = apply->config.transaction_wait_ms / LOST_PARTIAL_PART;
    struct lost_table *watch = &apply->lost.tables[table->index];
    return lost_is_awaited(apply, watch, ms) && watch->partial &&
           (lost_later_end(apply, ms) || lost_heartbeats_went_on(apply, apply->lost.end_ts_ms, ms));
}

static bool lost_share_a_topic(const struct apply *apply, const struct table *one,
                               const struct table *other) {
    for (int i = 0; i < apply->partition_count; i++) {
        const struct partition *partition = apply->partitions[i];
        if (partition != NULL && feeds_table(partition, one) && feeds_table(partition, other))
            return true;
    }
    return one == other;
}

// Rows that the tables of its topics owe together: a message that could not be read was a row of one of them.
static int64_t lost_owed_with(const struct apply *apply, const struct table *table) {
    int64_t owed = 0;
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        const struct table *other = &apply->config.catalog->tables[t];
        if (merge_missing(apply->merge, other) > 0 && lost_share_a_topic(apply, table, other))
            owed += merge_missing(apply->merge, other);
    }
    return owed;
}

// No topic of the table is read, though all that exist have been added.
static bool lost_has_no_topic(const struct apply *apply, const struct table *table) {
    return apply->lost.discoveries > apply->lost.end_discoveries && lost_look_at(apply, table).count == 0;
}

static const char lost_gone[] = "was read before, and does not exist any more";

static void lost_tell_gone(struct apply *apply, const struct table *table) {
    const char *topic = feeds_read_before(apply, table);
    if (apply->lost.tables[table->index].gone || topic == NULL)
        return;
    apply->lost.tables[table->index].gone = true;
    warnings_add(
        &apply->warnings,
        "table %s: its topic %s %s; transactions that count rows of it wait until it is there. Where it never "
        "will be, take the table out of source.sql",
        table->name, topic, lost_gone);
}

static enum lost_kind lost_of_table(struct apply *apply, const struct table *table) {
    const struct lost *lost = &apply->lost;
    int64_t wait_ms = apply->config.transaction_wait_ms;
    const struct lost_partitions found = lost_look_at(apply, table);
    if (found.count == 0)
        return lost_has_no_topic(apply, table) && !lost->tables[table->index].read_before ? LOST_NO_TOPIC
                                                                                          : LOST_NOT_KNOWN;
    if (found.past == found.count)
        return LOST_PAST;
    if (found.unread > 0)
        return LOST_NOT_KNOWN;
    if (lost_partially(apply, table))
        return LOST_PARTIALLY;
    if (!lost_has_waited(apply, wait_ms))
        return LOST_NOT_KNOWN;
    if (lost->tables[table->index].unreadable >= lost_owed_with(apply, table))
        return LOST_UNREADABLE;
    if (found.past + found.expired == found.count)
        return LOST_RETENTION;
    if (lost_later_end(apply, wait_ms))
        return LOST_LATER_END;
    if (lost_heartbeats_went_on(apply, lost->end_ts_ms, wait_ms * LOST_HEARTBEATS))
        return LOST_BY_HEARTBEATS;
    bool empty = found.empty == found.count &&
                 lost_heartbeats_go_on(apply, lost->end_ts_ms, wait_ms * LOST_HEARTBEATS);
    return empty ? LOST_EMPTY : LOST_NOT_KNOWN;
}

// The messages that could not be read were the table's: they are missed by no other.
static void lost_use_up(struct apply *apply, const struct table *table) {
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        struct lost_table *watch = &apply->lost.tables[t];
        int64_t left = watch->unreadable - merge_missing(apply->merge, table);
        if (lost_share_a_topic(apply, table, &apply->config.catalog->tables[t]))
            watch->unreadable = left > 0 ? left : 0;
    }
}

// What was found out about a table holds for the next transaction too.
static void lost_learn(struct apply *apply, const struct table *table, enum lost_kind kind) {
    struct lost_table *watch = &apply->lost.tables[table->index];
    if (kind == LOST_UNREADABLE)
        lost_use_up(apply, table);
    bool by_design =
        kind == LOST_NO_TOPIC || kind == LOST_EMPTY || kind == LOST_LATER_END || kind == LOST_BY_HEARTBEATS;
    if (!by_design || watch->absent || watch->partial)
        return;
    bool none = kind == LOST_NO_TOPIC || !lost_look_at(apply, table).streamed;
    watch->absent = none;
    watch->partial = !none;
    apply->lost.absent += none;
    warnings_add(
        &apply->warnings,
        "table %s: transactions count rows of it that do not come (%s); %s. Take it out of source.sql, or "
        "its rows' transforms out of the connector",
        table->name, lost_names[kind],
        none ? "they are not waited for any more" : "they are waited for less from now on");
}

__attribute__((format(printf, 2, 3))) static void lost_append(char *text, const char *format, ...) {
    size_t size = strlen(text);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text + size, LOST_WHY_SIZE - size, format, args);
    va_end(args);
}

bool lost_excuse(struct apply *apply) {
    bool any = false;
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        const struct table *table = &apply->config.catalog->tables[t];
        if (merge_missing(apply->merge, table) <= 0 || !lost_has_no_topic(apply, table))
            continue;
        if (apply->lost.tables[table->index].read_before) {
            lost_tell_gone(apply, table);
            continue;
        }
        lost_learn(apply, table, LOST_NO_TOPIC);
        merge_excuse(apply->merge, table);
        any = true;
    }
    return any;
}

bool lost_is_past(struct apply *apply) {
    bool owed = false;
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        const struct table *table = &apply->config.catalog->tables[t];
        if (merge_missing(apply->merge, table) <= 0)
            continue;
        const struct lost_partitions found = lost_look_at(apply, table);
        if (found.count == 0 || found.past < found.count)
            return false;
        owed = true;
    }
    return owed;
}

bool lost_is_nobodys(struct apply *apply) {
    bool at_ends = false;
    for (int i = 0; i < apply->partition_count; i++) {
        const struct partition *partition = apply->partitions[i];
        if (partition == NULL || partition->table == NULL || partition->head != NULL ||
            !merge_may_route(apply->merge, partition->table))
            continue;
        if (!apply->config.source.at_end(apply->config.source.self, i))
            return false;
        at_ends = true;
    }
    int64_t wait_ms = apply->config.transaction_wait_ms / LOST_PARTIAL_PART;
    return !at_ends || apply->config.monotonic_ms() - apply->lost.end_since_ms >= wait_ms;
}

bool lost_rows(struct apply *apply, char *ret_why) {
    enum lost_kind kinds[CATALOG_TABLES_MAX] = {LOST_NOT_KNOWN};
    bool owed = false;
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        const struct table *table = &apply->config.catalog->tables[t];
        if (merge_missing(apply->merge, table) <= 0)
            continue;
        owed = true;
        kinds[t] = lost_of_table(apply, table);
        if (kinds[t] == LOST_NOT_KNOWN)
            return false;
    }
    *ret_why = '\0';
    int named = 0;
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        if (kinds[t] == LOST_NOT_KNOWN)
            continue;
        const struct table *table = &apply->config.catalog->tables[t];
        if (named++ < TABLES_NAMED_MAX)
            lost_append(ret_why, "%s%" PRId64 " of %s: %s", named > 1 ? "; " : "",
                        merge_missing(apply->merge, table), table->name, lost_names[kinds[t]]);
        lost_learn(apply, table, kinds[t]);
    }
    return owed;
}

// The newest time at which a row that waits was sent.
static int64_t lost_waiting_ts_ms(const struct apply *apply) {
    int64_t newest = 0;
    for (int i = 0; i < apply->partition_count; i++) {
        const struct partition *partition = apply->partitions[i];
        if (partition != NULL && partition->head != NULL && partition->head->ts_ms > newest)
            newest = partition->head->ts_ms;
    }
    return newest;
}

// What waits was streamed behind the snapshot, so the connector goes on from before it.
static bool lost_is_behind(struct apply *apply, int64_t snapshot_lsn) {
    for (int i = 0; i < apply->partition_count; i++) {
        const struct partition *partition = apply->partitions[i];
        if (partition != NULL && partition->table != NULL && partition->head != NULL &&
            partition->lower == LOWER_NOT && snapshots_is_behind(apply, partition, snapshot_lsn))
            return true;
    }
    return false;
}

// A full snapshot that was taken after every row that waits: it has what they did. A transaction is committed
// before the connector sends its first row.
static bool lost_snapshot_after(struct apply *apply) {
    int64_t snapshot = LSN_NONE, newest = LSN_NONE;
    for (int t = 0; t < apply->config.catalog->table_count; t++)
        if (apply->snapshots[t].lsn > snapshot)
            snapshot = apply->snapshots[t].lsn;
    for (int i = 0; i < apply->partition_count; i++) {
        const struct partition *partition = apply->partitions[i];
        if (partition == NULL || partition->table == NULL || partition->head == NULL ||
            partition->lower != LOWER_NOT)
            continue;
        const struct change *change = &partition->event->change;
        newest = change->lsn > newest ? change->lsn : newest;
        int64_t sent_ms;
        if (!prefetch_newest(apply->prefetch, i, 1, &apply->lost.boundary, &sent_ms))
            continue;
        change = &apply->lost.boundary.change;
        int64_t lsn = timeline_lsn(&apply->timelines, change->lsn, change->ts_ms);
        if (change->op == CHANGE_READ && change->snapshot == SNAPSHOT_FULL && lsn > snapshot)
            snapshot = lsn;
    }
    return newest != LSN_NONE && snapshot > newest && !lost_is_behind(apply, snapshot);
}

// Whether the transaction topic is read to its end. ret_expired: its beginning is gone, and nothing came since.
static bool lost_is_at_end(const struct apply *apply, bool *ret_expired) {
    *ret_expired = false;
    for (int i = 0; i < apply->partition_count; i++) {
        const struct partition *partition = apply->partitions[i];
        if (partition == NULL || partition->role != TOPIC_TRANSACTION)
            continue;
        if (partition->head != NULL || !apply->config.source.at_end(apply->config.source.self, i))
            return false;
        *ret_expired |= partition->started_at > 0 && !partition->known;
    }
    return true;
}

bool lost_end(struct apply *apply, char *ret_why) {
    static const char by_snapshot[] = "a snapshot was taken after them";
    static const char by_retention[] =
        "retention has taken the beginning of the transaction topic, which is empty since";
    static const char by_heartbeats[] =
        "it has no BEGIN of theirs either, and heartbeats have gone on without a gap";
    bool expired;
    int64_t txid;
    if (new_timeline_is_awaited(apply) || !lost_has_waited(apply, apply->config.transaction_wait_ms) ||
        !lost_is_at_end(apply, &expired))
        return false;
    const char *why = NULL;
    if (lost_snapshot_after(apply))
        why = by_snapshot;
    else if (merge_is_being_sent(apply->merge, &txid))
        return false;
    else if (expired)
        why = by_retention;
    else if (lost_heartbeats_went_on(apply, lost_waiting_ts_ms(apply),
                                     apply->config.transaction_wait_ms * LOST_HEARTBEATS))
        why = by_heartbeats;
    (void)snprintf(ret_why, LOST_WHY_SIZE, "%s", why != NULL ? why : "");
    return why != NULL;
}

static void lost_write_number(int64_t number, char ret[DIGITS_MAX]) {
    char digits[DIGITS_MAX];
    int size = snprintf(digits, sizeof digits, "%" PRId64, number);
    int at = 0;
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0)
            ret[at++] = ',';
        ret[at++] = digits[i];
    }
    ret[at] = '\0';
}

// Messages of one transaction, or of any where it is -1, that wait in the tables' topics. All that follows its
// first row is of it while it is the one being sent.
static int64_t lost_count_waiting(const struct apply *apply, int64_t txid) {
    int64_t count = 0;
    for (int i = 0; i < apply->partition_count; i++) {
        const struct partition *partition = apply->partitions[i];
        if (partition == NULL || partition->table == NULL || partition->head == NULL ||
            (txid >= 0 && partition->event->change.txid != txid))
            continue;
        int64_t high = progress_high(apply->config.progress, i);
        count += high > partition->head->offset ? high - partition->head->offset : 1;
    }
    return count;
}

static void lost_describe_missing(const struct apply *apply, char *ret, size_t size) {
    const struct table *first = NULL;
    int others = -1;
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        const struct table *table = &apply->config.catalog->tables[t];
        if (merge_missing(apply->merge, table) <= 0)
            continue;
        if (first == NULL)
            first = table;
        others++;
    }
    if (first == NULL && merge_is_unsure(apply->merge)) {
        (void)snprintf(ret, size,
                       "waiting: transaction %" PRId64
                       " counts rows of tables that source.sql does not declare; they may "
                       "come into a declared table's topic",
                       merge_current_txid(apply->merge));
        return;
    }
    char rows[DIGITS_MAX];
    lost_write_number(first != NULL ? merge_missing(apply->merge, first) : 0, rows);
    int written = snprintf(ret, size, "waiting: transaction %" PRId64 ", %s rows of %s have not come",
                           merge_current_txid(apply->merge), rows, first != NULL ? first->name : "no table");
    if (others > 0 && written > 0 && (size_t)written < size)
        written += snprintf(ret + written, size - (size_t)written, ", and some of %d other tables", others);
    bool gone = first != NULL && apply->lost.tables[first->index].gone && lost_has_no_topic(apply, first);
    const char *topic = gone ? feeds_read_before(apply, first) : NULL;
    if (topic != NULL && written > 0 && (size_t)written < size)
        (void)snprintf(ret + written, size - (size_t)written, ": its topic %s %s", topic, lost_gone);
}

void lost_describe(const struct apply *apply, char *ret, size_t size) {
    int64_t txid;
    char rows[DIGITS_MAX];
    if (merge_has_current(apply->merge)) {
        lost_describe_missing(apply, ret, size);
        return;
    }
    if (new_timeline_is_awaited(apply)) {
        (void)snprintf(
            ret, size,
            "waiting: rows of a snapshot that is lower than the newest commit, and later: the next "
            "transaction tells whether the source was restored");
        return;
    }
    bool sending = merge_is_being_sent(apply->merge, &txid);
    for (int i = 0; !sending && i < apply->partition_count; i++) {
        const struct partition *partition = apply->partitions[i];
        if (partition != NULL && partition->table != NULL && partition->head != NULL)
            txid = partition->event->change.txid;
    }
    lost_write_number(lost_count_waiting(apply, txid), rows);
    (void)snprintf(ret, size, "waiting: transaction %" PRId64 ", %s rows so far%s", txid, rows,
                   sending ? "" : ", neither its BEGIN nor its END has come");
}
