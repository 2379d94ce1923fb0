#include "consumer/fill/fill.h"

#include "consumer/apply/refill.h"
#include "consumer/decode/topic_role.h"
#include "views/base/cleanup.h"
#include "views/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILL_PATH_SIZE = 4096 };

struct fill_part {
    char *topic;
    int32_t partition;
    int64_t from;
    int64_t limit;
};

struct fill {
    struct fill_config config;
    char path[FILL_PATH_SIZE];
    char names[FILL_TEXT_SIZE];
    bool *awaited;          // by table
    struct catalog catalog; // the live one's tables without views, as store_fill_catalog makes them
    struct store *store;
    struct progress *progress;
    struct apply *apply;
    struct fill_part *parts; // by slot
    int part_count;
    int64_t quarantined;
};

// --- new tables

static bool fill_feeds(const char *topic, const struct apply_config *live, const struct table *table) {
    const struct table *first;
    if (topic_role(topic, live->prefix, live->catalog, &first) != TOPIC_TABLE)
        return false;
    return first == table ||
           (table->topic != NULL && topic_feeds(topic, live->prefix, table) != TOPIC_FEEDS_NOT);
}

struct fill_topics {
    const char **names;
    int count;
};

// A topic that feeds new tables only was read for nothing so far. One that feeds others too is read again beside.
static void fill_sort_topic(const char *topic, const struct apply_config *live, const bool *is_new,
                            bool *again, struct fill_topics *forgotten) {
    bool feeds_new = false;
    bool feeds_other = false;
    for (int t = 0; t < live->catalog->table_count; t++) {
        bool feeds = fill_feeds(topic, live, &live->catalog->tables[t]);
        feeds_new |= feeds && is_new[t];
        feeds_other |= feeds && !is_new[t];
    }
    if (feeds_new && !feeds_other)
        forgotten->names[forgotten->count++] = topic;
    for (int t = 0; feeds_new && feeds_other && t < live->catalog->table_count; t++)
        again[t] |= is_new[t] && fill_feeds(topic, live, &live->catalog->tables[t]);
}

int fill_begin_new(const struct apply_config *live, struct error *error) {
    int count;
    int offset_count;
    const struct store_fill *fills = store_fills(live->store, &count);
    const struct store_offset *offsets = store_offsets(live->store, &offset_count);
    size_t tables = (size_t)live->catalog->table_count;
    CLEANUP(free_any) bool *is_new = calloc(tables, sizeof *is_new);
    CLEANUP(free_any) bool *again = calloc(tables, sizeof *again);
    CLEANUP(free_any) const char **topics = calloc((size_t)offset_count + 1, sizeof *topics);
    if (is_new == NULL || again == NULL || topics == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    bool any = false;
    for (int i = 0; i < count; i++) {
        is_new[fills[i].table->index] |= fills[i].kind == STORE_FILL_NEW;
        any |= fills[i].kind == STORE_FILL_NEW;
    }
    if (!any)
        return 0;
    struct fill_topics forgotten = {.names = topics};
    for (int i = 0; i < offset_count; i++)
        fill_sort_topic(offsets[i].topic, live, is_new, again, &forgotten);
    // The store frees the offsets, and with them the names, when it is done.
    return store_begin_new(live->store, topics, forgotten.count, again, error);
}

// --- the store beside

bool fill_is_awaited(const struct store *store, bool again) {
    int count;
    const struct store_fill *fills = store_fills(store, &count);
    for (int i = 0; i < count; i++)
        if (fills[i].kind != STORE_FILL_NEW && (fills[i].lacking < 0 || again))
            return true;
    return false;
}

void fill_clear(const struct store *store, const char *db) {
    char path[FILL_PATH_SIZE];
    if (db != NULL && snprintf(path, sizeof path, "%s-fill", db) < (int)sizeof path)
        store_remove_spent_fill(store, path);
}

static void fill_name_awaited(struct fill *fill) {
    int count;
    const struct store_fill *fills = store_fills(fill->config.live->store, &count);
    for (int i = 0; i < count; i++) {
        const struct store_fill *awaited = &fills[i];
        if (awaited->kind == STORE_FILL_NEW)
            continue;
        size_t used = strlen(fill->names);
        const char *column = awaited->column >= 0 ? awaited->table->columns[awaited->column].name : "";
        (void)snprintf(fill->names + used, sizeof fill->names - used, "%s%s%s%s", used > 0 ? ", " : "",
                       awaited->table->name, column[0] != '\0' ? "." : "", column);
        fill->awaited[awaited->table->index] = true;
    }
}

static const struct message *fill_peek(void *self, int slot) {
    const struct fill *fill = self;
    const struct message_source *source = &fill->config.source;
    const struct message *message = source->peek(source->self, slot);
    return message != NULL && message->offset < fill->parts[slot].limit ? message : NULL;
}

static void fill_release(void *self, int slot) {
    const struct fill *fill = self;
    fill->config.source.release(fill->config.source.self, slot);
}

// The last offsets before the limit may hold no message.
static bool fill_is_there(const struct fill *fill, int slot) {
    const struct message_source *source = &fill->config.source;
    if (apply_next_offset(fill->apply, slot) >= fill->parts[slot].limit)
        return true;
    const struct message *message = source->peek(source->self, slot);
    return message != NULL ? message->offset >= fill->parts[slot].limit : source->at_end(source->self, slot);
}

static bool fill_at_end(void *self, int slot) {
    return fill_is_there(self, slot);
}

static int fill_open(struct fill *fill, struct error *error) {
    const struct apply_config *live = fill->config.live;
    if (snprintf(fill->path, sizeof fill->path, "%s-fill", fill->config.db) >= (int)sizeof fill->path)
        return error_set(error, ERROR_STORE, "%s: its name is too long", fill->config.db);
    if (store_fill_catalog(&fill->catalog, live->catalog, error) != 0 ||
        store_open_fill(&fill->store, live->store, fill->path, &fill->catalog, error) != 0 ||
        progress_new(&fill->progress, error) != 0)
        return -1;
    const struct apply_config apply = {
        .catalog = &fill->catalog,
        .store = fill->store,
        .progress = fill->progress,
        .source = {.self = fill, .peek = fill_peek, .release = fill_release, .at_end = fill_at_end},
        .prefix = live->prefix,
        .settings = live->settings,
        .commit_messages = live->commit_messages,
        // What the source sent under its older key is in the file, and a key that is declared wrongly halts the live reading.
        .other_keys = true,
        .on_timeline = TIMELINE_FOLLOW,
        .transaction_wait_ms = live->transaction_wait_ms,
        .monotonic_ms = live->monotonic_ms,
        .wall_ms = live->wall_ms,
    };
    return apply_new(&fill->apply, &apply, error);
}

int fill_new(struct fill **ret, const struct fill_config *config, struct error *error) {
    *ret = NULL;
    CLEANUP(fill_free) struct fill *fill = calloc(1, sizeof *fill);
    if (fill != NULL)
        fill->awaited = calloc((size_t)config->live->catalog->table_count, sizeof *fill->awaited);
    if (fill == NULL || fill->awaited == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    fill->config = *config;
    fill_name_awaited(fill);
    if (fill_open(fill, error) != 0)
        return -1;
    *ret = fill;
    fill = NULL;
    return 0;
}

static void fill_close(struct fill *fill) {
    apply_free(&fill->apply);
    store_close(&fill->store);
    progress_free(&fill->progress);
}

void fill_free(struct fill **fill) {
    struct fill *f = *fill;
    if (f == NULL)
        return;
    fill_close(f);
    for (int i = 0; i < f->part_count; i++)
        free(f->parts[i].topic);
    free(f->parts);
    store_fill_catalog_free(&f->catalog);
    free(f->awaited);
    free(f);
    *fill = NULL;
}

void fill_discard(struct fill *fill) {
    fill_close(fill);
    store_remove_fill(fill->path);
}

// --- how far

static bool fill_reads(const struct fill *fill, const char *topic) {
    const struct apply_config *live = fill->config.live;
    for (int t = 0; t < live->catalog->table_count; t++)
        if (fill->awaited[t] && fill_feeds(topic, live, &live->catalog->tables[t]))
            return true;
    return false;
}

static int fill_add(struct fill *fill, const char *topic, int32_t partition, int *ret, struct error *error) {
    int64_t from;
    if (apply_add_partition(fill->apply, topic, partition, ret, &from, error) != 0)
        return -1;
    if (*ret < fill->part_count)
        return 0;
    struct fill_part *grown = realloc(fill->parts, ((size_t)*ret + 1) * sizeof *grown);
    if (grown == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    fill->parts = grown;
    char *copy = strdup(topic);
    if (copy == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    fill->parts[fill->part_count++] = (struct fill_part){copy, partition, from, 0};
    return 0;
}

int fill_follow(struct fill *fill, const struct apply *live, struct error *error) {
    struct apply_partition known;
    if (apply_follow_timelines(fill->apply, fill->config.live->store, error) != 0)
        return -1;
    for (int i = 0; apply_partition(live, i, &known); i++) {
        int slot;
        if (known.topic == NULL || !fill_reads(fill, known.topic))
            continue;
        if (fill_add(fill, known.topic, known.partition, &slot, error) != 0)
            return -1;
        fill->parts[slot].limit = known.committed_offset;
    }
    return 0;
}

bool fill_partition(const struct fill *fill, int slot, struct fill_partition *ret) {
    if (slot >= fill->part_count)
        return false;
    const struct fill_part *part = &fill->parts[slot];
    *ret = (struct fill_partition){part->topic, part->partition, part->from};
    return true;
}

int fill_slot(const struct fill *fill, struct span topic, int32_t partition) {
    for (int i = 0; i < fill->part_count; i++)
        if (fill->parts[i].partition == partition && span_is(topic, fill->parts[i].topic))
            return i;
    return -1;
}

bool fill_wants(const struct fill *fill, int slot, int64_t offset) {
    return offset < fill->parts[slot].limit;
}

int fill_step(struct fill *fill, int64_t *ret_taken, struct error *error) {
    int status = apply_step(fill->apply, ret_taken, error);
    fill->quarantined = apply_counters(fill->apply)->quarantined;
    while (apply_warning(fill->apply) != NULL)
        continue;
    return status;
}

int64_t fill_behind(const struct fill *fill) {
    int64_t behind = 0;
    for (int i = 0; i < fill->part_count; i++)
        if (!fill_is_there(fill, i))
            behind += fill->parts[i].limit - apply_next_offset(fill->apply, i);
    return behind;
}

static int fill_percent(const struct fill *fill) {
    int64_t all = 0;
    int64_t read = 0;
    for (int i = 0; i < fill->part_count; i++) {
        all += fill->parts[i].limit;
        read += fill_is_there(fill, i) ? fill->parts[i].limit : apply_next_offset(fill->apply, i);
    }
    return all > 0 ? (int)(read * 100 / all) : 0;
}

// Calls progress for each awaited table, with its columns by name.
void fill_report(const struct fill *fill) {
    const struct apply_config *live = fill->config.live;
    int percent = fill_percent(fill);
    int count;
    const struct store_fill *fills = store_fills(live->store, &count);
    for (int i = 0; i < count;) {
        const struct table *table = fills[i].table;
        char text[FILL_TEXT_SIZE] = "";
        for (; i < count && fills[i].table == table; i++) {
            size_t used = strlen(text);
            if (fills[i].column >= 0)
                (void)snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? ", " : "",
                               table->columns[fills[i].column].name);
        }
        if (fill->awaited[table->index])
            progress_table_filling(live->progress, table->index, text, percent);
    }
}

void fill_report_lacking(const struct apply_config *live) {
    int count;
    const struct store_fill *fills = store_fills(live->store, &count);
    for (int i = 0; i < count; i++)
        if (fills[i].lacking > 0)
            progress_table_lacking(live->progress, fills[i].table->index, fills[i].lacking);
}

// --- the end

// While the live loop waits.
static int fill_catch_up(struct fill *fill, struct error *error) {
    for (int waits = 0; fill_behind(fill) > 0;) {
        int64_t taken;
        if (fill_step(fill, &taken, error) != 0)
            return -1;
        if (taken > 0)
            continue;
        if (fill->config.wait == NULL || waits++ == FILL_JOIN_WAITS)
            return 0;
        fill->config.wait(fill->config.source.self, FILL_JOIN_WAIT_MS);
    }
    return 0;
}

// Both stand still, at the same offsets.
static int fill_meet(struct fill *fill, struct apply *live, struct error *error) {
    int64_t taken;
    if (fill_behind(fill) > FILL_JOIN_MESSAGES)
        return FILL_NOT_YET;
    if (apply_commit(live, error) != 0)
        return -1;
    if (apply_open_ms(live, &taken) >= 0)
        return FILL_NOT_YET;
    if (fill_follow(fill, live, error) != 0 || fill_catch_up(fill, error) != 0)
        return FILL_FAILED;
    if (fill_behind(fill) > 0)
        return FILL_NOT_YET;
    return apply_commit(fill->apply, error) != 0 ? FILL_FAILED : FILL_DONE;
}

int fill_join(struct fill *fill, struct apply *live, struct error *error) {
    int met = fill_meet(fill, live, error);
    if (met != FILL_DONE)
        return met;
    fill_close(fill);
    if (refill_take(live, fill->path, error) != 1)
        return -1;
    store_remove_fill(fill->path);
    for (int t = 0; t < fill->catalog.table_count; t++)
        if (fill->awaited[t])
            progress_table_filling(fill->config.live->progress, t, NULL, 0);
    fill_report_lacking(fill->config.live);
    return FILL_DONE;
}

void fill_log_end(const struct fill *fill) {
    int count;
    const struct store_fill *fills = store_fills(fill->config.live->store, &count);
    log_event(LEVEL_INFO, "filled", NULL, "filled from the log: %s", fill->names);
    if (fill->quarantined > 0)
        log_event(LEVEL_WARN, "filled", NULL,
                  "%lld messages of before do not suit the new declaration, and were passed over",
                  (long long)fill->quarantined);
    for (int i = 0; i < count; i++)
        if (fills[i].lacking > 0 && fill->awaited[fills[i].table->index])
            log_event(
                LEVEL_WARN, "filled", NULL,
                "table %s: of %lld rows the log has no event any more, or none with a value of a column that is not "
                "null: they keep what the file had of them, and the default, or null, in new columns. A snapshot (an "
                "incremental one does) brings them; so does, in such a column, the default that it was added with",
                fills[i].table->name, (long long)fills[i].lacking);
}
