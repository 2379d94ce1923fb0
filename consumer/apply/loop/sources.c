#include "consumer/apply/loop/sources.h"

#include "consumer/apply/loop/snapshots.h"
#include "consumer/decode/placement.h"
#include "views/base/log.h"

#include <stdlib.h>

enum { SOURCES_FIRST = BOUND(8, 1), SOURCES_MAX = BOUND(512, 4) };

// The newest full snapshot that the topic has shown rows of, LSN_NONE = none; ret_read: something of it was applied.
static int64_t sources_topic_snapshot(const struct apply *apply, const struct slot_list *slots,
                                      const char *topic, bool *ret_read) {
    int64_t newest = LSN_NONE;
    *ret_read = false;
    for (int i = 0; i < slots->count; i++) {
        const struct partition *partition = apply->partitions[slots->slots[i]];
        if (partition == NULL || strcmp(partition->topic, topic) != 0)
            continue;
        *ret_read |= partition->known;
        newest = partition->snapshot_lsn > newest ? partition->snapshot_lsn : newest;
    }
    return newest;
}

bool sources_are_several_topics(const struct apply *apply, const struct table *table) {
    const struct slot_list *slots = &apply->feeding[table->index];
    const struct partition *first = slots->count > 0 ? apply->partitions[slots->slots[0]] : NULL;
    for (int i = 1; first != NULL && i < slots->count; i++) {
        const struct partition *partition = apply->partitions[slots->slots[i]];
        if (partition != NULL && strcmp(partition->topic, first->topic) != 0)
            return true;
    }
    return false;
}

// Where the source's newest snapshot is kept. NULL = there are too many of them, or memory is out.
static struct source *sources_find(struct table_snapshot *snapshot, uint64_t name) {
    for (int i = 0; i < snapshot->source_count; i++)
        if (snapshot->sources[i].name == name)
            return &snapshot->sources[i];
    if (snapshot->source_count == SOURCES_MAX)
        return NULL;
    if (snapshot->source_count == snapshot->source_capacity) {
        int capacity = snapshot->source_capacity > 0 ? 2 * snapshot->source_capacity : SOURCES_FIRST;
        struct source *grown = realloc(snapshot->sources, (size_t)capacity * sizeof *grown);
        if (grown == NULL)
            return NULL;
        snapshot->sources = grown;
        snapshot->source_capacity = capacity;
    }
    struct source *source = &snapshot->sources[snapshot->source_count++];
    *source = (struct source){name, LSN_NONE};
    return source;
}

static bool sources_is_full_snapshot(const struct change *change) {
    return snapshots_is_full(change) && change->lsn != LSN_NONE;
}

// Shards and parts of a table have other names than it, all of them. Where rows name the table itself too, those of another name
// may be another table's, whose equal keys are written over.
static void sources_tell_other(struct table_snapshot *snapshot, const struct partition *partition) {
    const struct event *event = partition->event;
    snapshot->has_itself |= !event->routed;
    if (!event->routed || !snapshot->has_itself || snapshot->told_other)
        return;
    snapshot->told_other = true;
    log_event(
        LEVEL_WARN, "other_table", NULL,
        "topic %s has rows of table %s and of %.*s, which source.sql does not declare: they are kept as rows of "
        "%s, as a shard's or a partition's are; where it is a table of its own, declare it with a line "
        "`-- tidemark: topic TABLE = %s` for each",
        partition->topic, event->change.table->name, (int)event->table.size, event->table.data,
        event->change.table->name, partition->topic);
}

// A row of a topic that holds several of the source's tables. ret_newest: the newest snapshot of its own one before.
static int sources_note_routed(struct table_snapshot *snapshot, const struct event *event,
                               int64_t *ret_newest, struct error *error) {
    struct source *source = sources_find(snapshot, placement_hash_source(event->schema, event->table));
    if (source == NULL && snapshot->source_count < SOURCES_MAX)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    snapshot->mixed |= source == NULL; // too many to tell apart
    if (source == NULL)
        return 0;
    *ret_newest = source->snapshot_lsn;
    if (sources_is_full_snapshot(&event->change) && event->change.lsn > source->snapshot_lsn)
        source->snapshot_lsn = event->change.lsn;
    return 0;
}

// Whether a row of a snapshot before the table's newest is of the newest of what it comes from. One connector's snapshots
// come in the order of their places in a partition.
static bool sources_is_newest(struct apply *apply, const struct partition *partition, int64_t newest_routed) {
    const struct change *change = &partition->event->change;
    struct table_snapshot *snapshot = &apply->snapshots[change->table->index];
    bool read;
    if (change->lsn < partition->snapshot_lsn) {
        snapshot->mixed = true;
        return true;
    }
    if (snapshot->source_count > 1)
        return change->lsn >= newest_routed;
    return sources_are_several_topics(apply, change->table) &&
           change->lsn >=
               sources_topic_snapshot(apply, &apply->feeding[change->table->index], partition->topic, &read);
}

int sources_note(struct apply *apply, const struct partition *partition, struct error *error) {
    struct event *event = partition->event;
    struct change *change = &event->change;
    struct table_snapshot *snapshot = &apply->snapshots[change->table->index];
    int64_t newest_routed = LSN_NONE;
    change->newest_of_source = false;
    if ((event->routed || snapshot->source_count > 0) && change->op != CHANGE_TOMBSTONE) {
        sources_tell_other(snapshot, partition);
        if (sources_note_routed(snapshot, event, &newest_routed, error) != 0)
            return -1;
    }
    if (sources_is_full_snapshot(change) &&
        change->lsn < store_snapshot(apply->config.store, change->table).lsn)
        change->newest_of_source = sources_is_newest(apply, partition, newest_routed);
    return 0;
}

bool sources_are_in_snapshot(const struct apply *apply, const struct table *table, int64_t lsn) {
    const struct table_snapshot *snapshot = &apply->snapshots[table->index];
    const struct slot_list *slots = &apply->feeding[table->index];
    if (snapshot->mixed)
        return false;
    for (int i = 0; i < snapshot->source_count; i++)
        if (snapshot->sources[i].snapshot_lsn != lsn)
            return false;
    if (!sources_are_several_topics(apply, table))
        return true;
    for (int i = 0; i < slots->count; i++) {
        const struct partition *partition = apply->partitions[slots->slots[i]];
        bool read;
        if (partition != NULL && sources_topic_snapshot(apply, slots, partition->topic, &read) != lsn && read)
            return false;
    }
    return true;
}

// Tables of the source that are one here: by a router, or by a line `topic` that names several. Partitions have no key twice, and
// a table that was renamed is one under each of its names.
static bool sources_may_mix(const struct table *table, const struct event *event) {
    return event->table.size > 0 && (event->routed || table->topic != NULL) && table->partition_count == 0 &&
           table->older_count == 0;
}

// Rows that go with other messages than their own delete.
static void sources_forget_keys(struct mixed_keys *mixed, const struct event *event) {
    if (mixed->count == 0)
        return;
    if (event->change.op == CHANGE_TRUNCATE)
        mixed_keys_free(mixed);
    else if (event->change.op == CHANGE_TOMBSTONE)
        mixed_keys_forget(mixed, store_hash_key(&event->change));
    if (event->moved_from == NULL)
        return;
    const struct change gone = event_moved_away(event);
    mixed_keys_forget(mixed, store_hash_key(&gone));
}

bool sources_mix_keys(struct apply *apply, const struct partition *partition) {
    const struct event *event = partition->event;
    const struct change *change = &event->change;
    struct table_snapshot *snapshot = &apply->snapshots[change->table->index];
    struct mixed_keys *mixed = &snapshot->mixed_keys;
    sources_forget_keys(mixed, event);
    if (snapshot->told_keys || change->op == CHANGE_TRUNCATE || !sources_may_mix(change->table, event))
        return false;
    snapshot->told_keys =
        mixed_keys_note(mixed, store_hash_key(change), placement_hash_source(event->schema, event->table),
                        change->op == CHANGE_DELETE);
    if (snapshot->told_keys)
        mixed_keys_free(mixed);
    return snapshot->told_keys;
}

void sources_free(struct apply *apply) {
    for (int t = 0; apply->snapshots != NULL && t < apply->config.catalog->table_count; t++) {
        free(apply->snapshots[t].sources);
        mixed_keys_free(&apply->snapshots[t].mixed_keys);
    }
}
