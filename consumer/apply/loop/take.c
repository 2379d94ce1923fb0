#include "consumer/apply/loop/take.h"

#include "consumer/apply/loop/astray.h"
#include "consumer/apply/loop/commit.h"
#include "consumer/apply/loop/compacted.h"
#include "consumer/apply/loop/cut.h"
#include "consumer/apply/loop/emptied.h"
#include "consumer/apply/loop/leaves.h"
#include "consumer/apply/loop/lost.h"
#include "consumer/apply/loop/snapshots.h"
#include "consumer/apply/loop/sources.h"
#include "views/base/hash.h"
#include "views/engine/line_name.h"

#include <stdio.h>

void take_set_writing(struct apply *apply) {
    enum writing writing = apply->config.goes_back ? WRITING_AT_THE_COMMIT : WRITING_AS_THEY_COME;
    store_set_writing(apply->config.store, apply->singly > 0 ? WRITING_SINGLY : writing);
}

void take_release(struct apply *apply, int slot) {
    struct partition *partition = apply->partitions[slot];
    compacted_note_gap(apply, partition);
    partition->next_offset = partition->head->offset + 1;
    partition->newest_ts_ms = partition->head->ts_ms;
    if (!partition->known) {
        partition->first_ms = partition->head->ts_ms > 0 ? partition->head->ts_ms : -1;
        cut_note_first(apply, partition);
    }
    partition->known = true;
    partition->dirty = true;
    if (apply->singly > 0 && --apply->singly == 0)
        take_set_writing(apply);
    apply->open.messages++;
    apply->open.bytes += (int64_t)partition->head->value.size;
    apply->counters.messages++;
    partition->head = NULL;
    prefetch_release(apply->prefetch, slot);
}

// The table whose row the head is, as far as it says; NULL = not known.
static const struct table *take_table_of_unread(const struct partition *partition) {
    const struct event *event = partition->event;
    if (partition->role != TOPIC_TABLE)
        return NULL;
    if (event->placed && event->table.data != NULL && !event->routed)
        return event->change.table;
    return partition->feeds_count <= 1 ? partition->table : NULL;
}

// Whose row it is: a later change of the same row makes up for it.
static int take_note_row(struct apply *apply, const struct partition *partition,
                         struct store_quarantined *quarantined, struct error *error) {
    const struct change *change = &partition->event->change;
    quarantined->lsn = partition->event->placed ? change->lsn : LSN_NONE;
    quarantined->behind_lsn = partition->event->placed ? snapshots_behind(apply, partition) : LSN_NONE;
    if (partition->failure == NULL) {
        quarantined->table = change->table;
        quarantined->row_values = change->op == CHANGE_TRUNCATE ? NULL : change->values;
        return 0;
    }
    quarantined->table = take_table_of_unread(partition);
    return quarantined->table == NULL ? 0
                                      : redecode_row_key(&apply->redecode, &apply->config, quarantined->table,
                                                         partition->head, &quarantined->row_values, error);
}

// Says of the newest warning which message it is about.
static void take_about(struct apply *apply, const struct partition *partition, const char *event) {
    int64_t lsn = partition->event->change.lsn;
    warnings_about(&apply->warnings, event,
                   &(struct log_fields){.topic = partition->topic,
                                        .has_offset = true,
                                        .partition = partition->id,
                                        .offset = partition->head->offset,
                                        .lsn = lsn != LSN_NONE ? timeline_source_lsn(lsn) : 0});
}

static int take_quarantine(struct apply *apply, struct partition *partition, const char *reason,
                           struct error *error) {
    struct store_quarantined event = {
        .topic = partition->topic,
        .partition = partition->id,
        .offset = partition->head->offset,
        .key = partition->head->key,
        .value = partition->head->value,
        .reason = reason,
        .at_ms = apply->config.wall_ms(),
    };
    if (take_note_row(apply, partition, &event, error) != 0)
        return -1;
    if (partition->event->placed && partition->event->change.table != NULL) {
        snapshots_place(apply, partition);
        store_mark_snapshot(apply->config.store, &partition->event->change);
        snapshots_note_row(apply, partition, &partition->event->change);
    }
    // The tombstone behind a delete that could not be applied does not do it either.
    partition->after_delete = partition->event->change.op == CHANGE_DELETE && partition->event->key_hash != 0;
    partition->deleted_key = partition->event->key_hash;
    if (!partition->event->placed && partition->table != NULL)
        lost_note_unreadable(apply, partition);
    apply->counters.quarantined++;
    progress_set_error(apply->config.progress, reason);
    warnings_add(&apply->warnings, "quarantined %s partition %d offset %lld: %s", partition->topic,
                 partition->id, (long long)partition->head->offset, reason);
    take_about(apply, partition, "quarantined");
    return store_quarantine(apply->config.store, &event, error);
}

static bool take_follows_its_delete(const struct partition *partition) {
    return partition->after_delete && partition->deleted_key == partition->event->key_hash;
}

// A tombstone after its delete says nothing new; one that stands alone (deletes turned into tombstones, or
// compacted away) is the delete.
static bool take_is_spent_tombstone(struct partition *partition) {
    const struct event *event = partition->event;
    if (event->change.op == CHANGE_TOMBSTONE)
        return take_follows_its_delete(partition);
    partition->after_delete = event->change.op == CHANGE_DELETE;
    partition->deleted_key = event->key_hash;
    return false;
}

// Where the messages' key has other columns than the primary key (message.key.columns), a tombstone does not say whose it is, and
// needs not: its delete did.
static bool take_is_unread_spent(const struct partition *partition) {
    const struct event *event = partition->event;
    return event->kind == EVENT_CHANGE && event->change.op == CHANGE_TOMBSTONE && event->key_hash != 0 &&
           take_follows_its_delete(partition);
}

// A capture has every topic's messages; those of the prefix that feed no table are told, as `run` does at its start.
static void take_undeclared(struct apply *apply, struct partition *partition) {
    size_t size = strlen(apply->config.prefix);
    if (partition->role != TOPIC_IGNORED || strncmp(partition->topic, apply->config.prefix, size) != 0 ||
        partition->topic[size] != '.' || strcmp(partition->topic + size, ".message") == 0)
        return; // logical decoding messages are nobody's rows
    const struct span none = {0};
    if (topic_is_left_out(partition->topic, apply->config.prefix, apply->config.catalog))
        return;
    if (unplaced_note(&apply->unplaced, partition->topic, none, none) == NULL)
        return;
    char line[TOPIC_LINE_SIZE];
    if (topic_write_line_of_older(partition->topic, apply->config.prefix, apply->config.catalog, line))
        warnings_add(
            &apply->warnings,
            "topic %s is of a name that a declared table had before, and is not read: where the table's "
            "rows of then are to be here, `-- tidemark: %s` reads both",
            partition->topic, line);
    else
        warnings_add(
            &apply->warnings,
            "topic %s feeds no declared table: its messages are not applied; declare its table in source.sql, "
            "say whose it is with `-- tidemark: topic TABLE = %s`, or that it is not wanted with `-- tidemark: ignore TABLE`",
            partition->topic, partition->topic);
    take_about(apply, partition, "undeclared");
}

// A row of a topic that several tables share, and of none of them.
static void take_unplaced(struct apply *apply, struct partition *partition) {
    const struct event *event = partition->event;
    if (take_is_spent_tombstone(partition))
        return;
    const char *table = unplaced_note(&apply->unplaced, partition->topic, event->schema, event->table);
    if (table == NULL)
        return;
    if (table[0] != '\0')
        warnings_add(
            &apply->warnings,
            "topic %s: rows of %s are no declared table's and are not applied, from partition %d offset %lld on; "
            "declare the table in source.sql, leave it out there (`-- tidemark: ignore`), or keep it out of the topic",
            partition->topic, table, partition->id, (long long)partition->head->offset);
    else
        warnings_add(
            &apply->warnings,
            "topic %s: several tables come in it, and %s not say whose it is, so it is not applied, nor are others, from "
            "partition %d offset %lld on; with ExtractNewRecordState: add.fields=table and "
            "delete.tombstone.handling.mode=rewrite",
            partition->topic, event->change.op == CHANGE_TOMBSTONE ? "a tombstone alone does" : "a row does",
            partition->id, (long long)partition->head->offset);
    take_about(apply, partition, "unplaced");
}

// The row that made a view's statement fail.
static int take_blame_row(const struct partition *partition, const struct error *failure,
                          struct error *error) {
    enum { KEY_SHOWN = 100 };
    struct span key = partition->head->key;
    bool cut = key.size > KEY_SHOWN;
    (void)error_set(error, ERROR_HALT, "%s; it was %s %.*s%s, %s partition %d offset %lld; " TAKE_VIEW_REMEDY,
                    failure->message, partition->event->change.table->name, (int)(cut ? KEY_SHOWN : key.size),
                    key.data != NULL ? key.data : "", cut ? ".." : "", partition->topic, partition->id,
                    (long long)partition->head->offset);
    return error_blame(error, ERROR_HALT, failure->subject);
}

// An update that changes the row's key takes the row away where it was. The new row comes as after a delete.
static int take_moved_away(struct apply *apply, struct event *event, struct error *error) {
    enum store_outcome outcome;
    const struct change gone = event_moved_away(event);
    if (store_apply(apply->config.store, &gone, &outcome, error) != 0)
        return -1;
    event->change.op = CHANGE_CREATE;
    return 0;
}

int take_into_store(struct apply *apply, struct event *event, enum store_outcome *ret, struct error *error) {
    if (event->moved_from != NULL && take_moved_away(apply, event, error) != 0)
        return -1;
    return store_apply(apply->config.store, &event->change, ret, error);
}

static void take_note_growth(struct partition *partition) {
    enum change_op op = partition->event->change.op;
    int grown = partition->grown + (op == CHANGE_CREATE || op == CHANGE_READ ? 1 : -APPLY_GROWN_LESS);
    partition->grown = grown < 0 ? 0 : grown < APPLY_GROWN_MAX ? grown : APPLY_GROWN_MAX;
}

// A topic that changes a row which neither it nor a snapshot has made: the log has no word of other such rows. Only the first
// partition says so, and behind its first message only where it is the table's one: to a partition that was added a key may
// have come whose row is older.
static bool take_is_of_older(struct apply *apply, struct partition *partition) {
    const struct change *change = &partition->event->change;
    int number = change->table->index;
    bool alone = apply->feeding[number].count == 1;
    // what its topic of now changes at first was made in that of its older name
    bool elsewhere = change->table->older_count > 0 && !partition->event->routed &&
                     sources_are_several_topics(apply, change->table);
    bool told =
        elsewhere || apply->lost.tables[number].read_before || apply->snapshots[number].lsn != LSN_NONE;
    enum beginning_op op = BEGINNING_OTHER;
    if (change->op == CHANGE_CREATE || change->op == CHANGE_READ || change->op_untold ||
        partition->event->moved_from != NULL) // there was no row of its key of now
        op = BEGINNING_MAKES;
    else if (change->op == CHANGE_UPDATE || change->op == CHANGE_DELETE)
        op = BEGINNING_CHANGES;
    bool shared = partition->feeds_count > 1;
    if (told && shared &&
        op == BEGINNING_CHANGES) // of which nothing is asked any more, while others of the topic are watched
        op = BEGINNING_MAKES;
    if ((told && !shared) || partition->id != 0 || (partition->head->offset > 0 && !alone))
        beginning_free(&partition->beginning);
    uint64_t row = op == BEGINNING_OTHER ? 1 // of no row that is made or changed
                                         : hash_mix(store_hash_key(change), (uint64_t)number);
    return beginning_take(&partition->beginning, partition->head->offset, row, op);
}

static int take_note_beginning(struct apply *apply, struct partition *partition, struct error *error) {
    const struct table *table = partition->event->change.table;
    if (partition->beginning.over || !take_is_of_older(apply, partition))
        return 0;
    char reason[ERROR_MESSAGE_SIZE];
    char where[64] = "begins with the change of a row that no snapshot brought";
    if (partition->head->offset > 0)
        (void)snprintf(where, sizeof where, "changes at offset %lld a row that nothing brought",
                       (long long)partition->head->offset);
    (void)snprintf(reason, sizeof reason,
                   "%s %s (snapshot.mode=no_data?): rows that have not changed since are missing until the "
                   "next snapshot",
                   partition->topic, where);
    if (commit_tell_incomplete(apply, table, "is incomplete", reason, 0, error) != 0)
        return -1;
    take_about(apply, partition, "incomplete");
    return 0;
}

// A log that is there from its beginning has all rows since a truncate, and no other.
static int take_note_truncated(struct apply *apply, const struct change *change, struct error *error) {
    return change->op == CHANGE_TRUNCATE &&
                   store_snapshot(apply->config.store, change->table).left_out_lsn != LSN_NONE
               ? commit_note_complete(apply, change->table, error)
               : 0;
}

static bool take_lacks_toast(const struct change *change) {
    bool lacks = false;
    for (int i = 0; i < change->table->column_count && !lacks; i++)
        lacks = change->values[i].kind == VALUE_UNAVAILABLE;
    return lacks;
}

// An array with a NULL among its elements comes as one that is NULL: told once, when one has come, and once where it is sure.
static void take_tell_hidden_null(struct apply *apply, const struct partition *partition) {
    const struct change *change = &partition->event->change;
    const struct table *table = change->table;
    bool *told = apply->lost.tables[table->index].hidden_null;
    for (int i = 0; i < table->column_count && change_is_row(change); i++) {
        const struct column *column = &table->columns[i];
        bool sure = column->not_null;
        if (!column->hides_nulls || told[sure] || change->values[i].kind != VALUE_NULL ||
            change_null_is_unsure(change, column))
            continue;
        told[sure] = true;
        warnings_add(
            &apply->warnings,
            "table %s: NULL came in %s (%s), which Debezium also sends of an array with a NULL among its elements: %s; "
            "event.converting.failure.handling.mode=fail ends the connector at one in place of that",
            table->name, column->name, column->declared,
            sure ? "the column is not null, so it was one" : "which it was, nothing tells");
        take_about(apply, partition, "hidden_null");
    }
}

// What an update did not change is in a topic of the table's older name that is read beside.
static void take_tell_made(struct apply *apply, const struct partition *partition) {
    const struct change *change = &partition->event->change;
    bool *told = &apply->lost.tables[change->table->index].made_without;
    if (*told || !store_made(apply->config.store) || !take_lacks_toast(change))
        return;
    *told = true;
    warnings_add(
        &apply->warnings,
        "table %s: a row was changed under its name of now before what made it was read under an older one, and is "
        "NULL where its TOAST values are unchanged: an incremental snapshot brings them",
        change->table->name);
    take_about(apply, partition, "incomplete");
}

// The newer of the two is all that there is, and a delete of either takes it away.
static void take_tell_mixed(struct apply *apply, const struct partition *partition) {
    const struct event *event = partition->event;
    const struct table *table = event->change.table;
    warnings_add(
        &apply->warnings,
        "table %s: a row of %.*s%s%.*s has the key of a row that came from another of the source's tables, and such rows are one "
        "here: make what tells them apart part of the key (ByLogicalTableRouter adds \"" TABLE_ROUTER_FIELD
        "\", or what its key.field.name says: declare it), or declare a table for each; where one was renamed to the other or is "
        "a partition of it, say so (`-- tidemark: renamed %s from OLD`, `partition of`)",
        table->name, (int)event->schema.size, event->schema.size > 0 ? event->schema.data : "",
        event->schema.size > 0 ? "." : "", (int)event->table.size, event->table.data,
        line_name_table(table->name).text);
    take_about(apply, partition, "mixed_keys");
}

static int take_change(struct apply *apply, struct partition *partition, bool *ret_applied,
                       struct error *error) {
    *ret_applied = false;
    take_note_growth(partition);
    if (take_note_beginning(apply, partition, error) != 0)
        return -1;
    if (take_is_spent_tombstone(partition)) {
        apply->counters.ignored++;
        return 0;
    }
    enum store_outcome outcome;
    struct error failure;
    error_clear(&failure);
    if (sources_note(apply, partition, error) != 0)
        return -1;
    snapshots_place(apply, partition);
    emptied_note(apply, partition);
    if (take_into_store(apply, partition->event, &outcome, &failure) != 0) {
        if (failure.kind == ERROR_INPUT)
            return take_quarantine(apply, partition, failure.message, error);
        if (failure.kind == ERROR_VIEW && apply->singly > 0)
            return take_blame_row(partition, &failure, error);
        if (error != NULL)
            *error = failure;
        return -1;
    }
    if (partition->event->change.ts_ms > apply->newest_ts_ms)
        apply->newest_ts_ms = partition->event->change.ts_ms;
    missing_note(&apply->missing, partition->topic_slot, &partition->event->change,
                 store_lacked(apply->config.store), store_made(apply->config.store));
    take_tell_made(apply, partition);
    freshness_note(&apply->freshness, partition->event->change.table->index, partition->event->change.ts_ms);
    *ret_applied = outcome == STORE_APPLIED;
    astray_note_order(apply, &partition->event->change, *ret_applied);
    if (partition->event->change.op == CHANGE_READ)
        snapshots_note_row(apply, partition, &partition->event->change);
    if (partition->event->change.table->hides_nulls)
        take_tell_hidden_null(apply, partition);
    if (*ret_applied && sources_mix_keys(apply, partition))
        take_tell_mixed(apply, partition);
    if (*ret_applied && take_note_truncated(apply, &partition->event->change, error) != 0)
        return -1;
    if (*ret_applied)
        apply->counters.applied++;
    else
        apply->counters.duplicates++;
    return 0;
}

bool take_count_passed(struct apply *apply, int64_t txid) {
    for (int i = 0; i < apply->torn.count; i++)
        if (apply->torn.txids[i] == txid)
            return false;
    apply->torn.txids[apply->torn.next] = txid;
    apply->torn.next = (apply->torn.next + 1) % ENDLESS_MAX;
    if (apply->torn.count < ENDLESS_MAX)
        apply->torn.count++;
    apply->counters.transactions_passed++;
    return true;
}

// A row was shown by itself: its transaction's END is not there, or went by without it.
static void take_note_endless(struct apply *apply, const struct event *event) {
    bool is_new = event->change.total_order > 0 && take_count_passed(apply, event->change.txid);
    if (is_new && !apply->torn.is && !merge_is_letting_through(apply->merge))
        warnings_add(
            &apply->warnings,
            "transaction %lld: its END is not in the transaction topic, or went by before its rows came; such rows are shown one by one",
            (long long)event->change.txid);
}

// Rows of other tables than the topic's own come in it, so a tombstone alone may be of either. It holds in all of the topic's
// partitions: a table's row may be of the same key in another one.
static void take_note_others(struct apply *apply, struct partition *partition) {
    if (partition->has_others)
        return;
    partition->others_first = true;
    for (int i = 0; i < apply->partition_count; i++)
        if (apply->partitions[i] != NULL && strcmp(apply->partitions[i]->topic, partition->topic) == 0)
            apply->partitions[i]->has_others = true;
}

static void take_note_kind(struct apply *apply, struct partition *partition) {
    const struct event *event = partition->event;
    switch (event->kind) {
    case EVENT_HEARTBEAT:
        progress_heartbeat(apply->config.progress, event->heartbeat_ms);
        lost_note_heartbeat(apply, event->heartbeat_ms);
        break;
    case EVENT_BEGIN:
        merge_note_begin(apply->merge, event);
        break;
    case EVENT_END:
        merge_note_end(apply->merge);
        break;
    case EVENT_UNPLACED:
        take_unplaced(apply, partition);
        break;
    case EVENT_LEFT_OUT:
        take_note_others(apply, partition);
        (void)take_is_spent_tombstone(partition); // behind its delete comes its tombstone
        break;
    case EVENT_NOTHING:
        take_undeclared(apply, partition);
        break;
    case EVENT_CHANGE:
        break;
    }
}

// A transaction that went on without some of its rows is shown whole when the last of them is in.
static int take_note_late(struct apply *apply, const struct event *event, struct error *error) {
    int64_t lsn;
    if (!merge_note_late(apply->merge, event, &lsn))
        return 0;
    return store_transaction_end(apply->config.store, event->change.txid, lsn, error);
}

// ENDs come in commit order, so the first above the commit that the row names is its own transaction's.
static void take_note_torn(struct apply *apply, const struct change *change) {
    int64_t before = change->previous_commit != LSN_NONE ? change->previous_commit : change->lsn;
    torn_begin(&apply->torn);
    if (before > apply->torn.beyond)
        apply->torn.beyond = before;
}

// All transactions so far are whole when the partition of a table that is new to the file has been read to its end.
static void take_note_late_table(struct apply *apply, const struct change *change) {
    int64_t finished = merge_finished_lsn(apply->merge);
    if (apply->torn.is && apply->torn.until == LSN_NONE) {
        take_note_torn(apply, change);
        return;
    }
    apply->torn.is = true;
    if (finished > apply->torn.until)
        apply->torn.until = finished;
}

// A row that no END orders may be part of a transaction that is not shown whole; one that went by before may be the
// last that such a one lacked.
static int take_note_outside(struct apply *apply, const struct partition *partition,
                             enum merge_verdict verdict, bool applied, struct error *error) {
    const struct event *event = partition->event;
    const struct change *change = &event->change;
    bool streamed = change->op != CHANGE_READ && change->op != CHANGE_TOMBSTONE;
    if (verdict == MERGE_PAST && applied && !partition->late)
        take_note_endless(apply, event);
    if (applied && verdict == MERGE_PAST && partition->late)
        take_note_late_table(apply, change);
    else if (applied && (verdict == MERGE_PAST || (verdict == MERGE_TAKE && streamed)))
        take_note_torn(apply, change);
    bool awaits_end = change->total_order > 0 &&
                      (!merge_is_sequenced(apply->merge) || merge_is_letting_through(apply->merge));
    if (awaits_end)
        merge_note_passed(apply->merge, event);
    else if (verdict == MERGE_PAST)
        return take_note_late(apply, event, error);
    return 0;
}

int take_head(struct apply *apply, int slot, enum merge_verdict verdict, struct error *error) {
    struct partition *partition = apply->partitions[slot];
    struct event *event = partition->event;
    bool applied = false;
    commit_open(apply);
    int status = 0;
    bool of_others = event->kind == EVENT_CHANGE && event->change.table != partition->table;
    if (of_others) // also one that could not be read: its tombstone may come by itself
        take_note_others(apply, partition);
    else if (partition->has_others && partition->failure == NULL && event->kind == EVENT_CHANGE &&
             event->change.op == CHANGE_TOMBSTONE)
        event->kind = EVENT_UNPLACED;
    event->change.unordered = verdict == MERGE_TAKE;
    event->change.follows = event->kind == EVENT_CHANGE && astray_may_judge(apply, partition, verdict);
    if (partition->failure != NULL && take_is_unread_spent(partition))
        apply->counters.ignored++;
    else if (partition->failure != NULL && !leaves_are_truncated(apply, partition))
        status = take_quarantine(apply, partition, partition->failure, error);
    else if (event->kind == EVENT_CHANGE)
        status = take_change(apply, partition, &applied, error);
    else
        apply->counters.ignored++;
    if (status != 0)
        return -1;
    apply->waiting.advanced |= verdict == MERGE_CURRENT || verdict == MERGE_PAST;
    if (event->kind != EVENT_CHANGE)
        take_note_kind(apply, partition);
    else if (verdict == MERGE_CURRENT)
        merge_count(apply->merge, event);
    else if (take_note_outside(apply, partition, verdict, applied, error) != 0)
        return -1;
    take_release(apply, slot);
    return 0;
}
