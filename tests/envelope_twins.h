// Two envelope decoders that must always say the same: one that has seen messages before and knows their
// shapes, and one that is new for each message, so that the general reader reads it. Used by the unit test
// and by the fuzz target.
#ifndef TIDEMARK_ENVELOPE_TWINS_H
#define TIDEMARK_ENVELOPE_TWINS_H

#include "consumer/decode/envelope.h"
#include "consumer/json/json.h"

#include <stdio.h>
#include <stdlib.h>

enum { TWINS_DRIFT_MAX = 4096 };

// What a decoder told.
struct twin {
    struct event event;
    struct error error;
    int status;
    char drift[TWINS_DRIFT_MAX];
    size_t drift_size;
};

struct twins {
    struct catalog *catalog;
    struct envelope_decoder *taught;
    struct twin by_shape;
    struct twin generally;
};

// One at a time: it is asked after each message. Fewer than none: the newest of that name is taken back.
static inline void twins_note_drift(void *self, const struct table *table, struct span column,
                                    int64_t events) {
    struct twin *twin = *(struct twin **)self;
    char told[TWINS_DRIFT_MAX];
    int size = snprintf(told, sizeof told, "%s.%.*s,", table->name, (int)column.size, column.data);
    if (size < 0 || (size_t)size >= sizeof told - twin->drift_size)
        return;
    size_t length = (size_t)size, at = twin->drift_size;
    if (events > 0) {
        memcpy(twin->drift + at, told, length);
        twin->drift_size += length;
        return;
    }
    while (at > 0 && (at + length > twin->drift_size || memcmp(twin->drift + at, told, length) != 0))
        at--;
    if (twin->drift_size >= length && memcmp(twin->drift + at, told, length) == 0) {
        twin->drift_size -= length;
        memmove(twin->drift + at, twin->drift + at + length, twin->drift_size - at);
    }
}

// The twin that is decoding.
static struct twin *twins_now;

static inline struct envelope_decoder *twins_decoder(const struct catalog *catalog) {
    const struct envelope_config config = {.catalog = catalog,
                                           .settings = &value_settings_default,
                                           .drift = twins_note_drift,
                                           .self = &twins_now};
    struct envelope_decoder *decoder = NULL;
    if (envelope_decoder_new(&decoder, &config, NULL) != 0)
        abort();
    return decoder;
}

// `views`: as catalog_load has it.
static inline void twins_init(struct twins *twins, const char *views) {
    struct error error = {0};
    *twins = (struct twins){0};
    if (catalog_load(views, NULL, &twins->catalog, &error) != 0 ||
        event_init(&twins->by_shape.event, twins->catalog, &error) != 0 ||
        event_init(&twins->generally.event, twins->catalog, &error) != 0) {
        fprintf(stderr, "%s\n", error.message);
        abort();
    }
    twins->taught = twins_decoder(twins->catalog);
}

static inline void twins_forget(struct twins *twins) {
    envelope_decoder_free(&twins->taught);
    twins->taught = twins_decoder(twins->catalog);
}

static inline void twins_done(struct twins *twins) {
    envelope_decoder_free(&twins->taught);
    event_done(&twins->by_shape.event);
    event_done(&twins->generally.event);
    catalog_free(&twins->catalog);
}

static inline void twins_run(struct twin *twin, struct envelope_decoder *decoder, enum topic_role role,
                             const struct table *table, const struct message *message) {
    twins_now = twin;
    twin->drift_size = 0;
    twin->error = (struct error){0};
    twin->status = envelope_decode(decoder, role, table, message, &twin->event, &twin->error);
    envelope_tell_drift(decoder);
}

static inline const char *twins_compare_place(const struct change *a, const struct change *b) {
    if (a->lsn != b->lsn || a->previous_commit != b->previous_commit)
        return "an LSN";
    if (a->nulls_unsure != b->nulls_unsure)
        return "nulls";
    if (a->txid != b->txid || a->total_order != b->total_order || a->ts_ms != b->ts_ms)
        return "the place in a transaction";
    return NULL;
}

static inline const char *twins_compare_source(const struct event *a, const struct event *b) {
    if (a->positions != b->positions || a->is_first != b->is_first || a->routed != b->routed)
        return "what positions mean, or whose the row is";
    if (!span_equal(a->connector, b->connector) || !span_equal(a->schema, b->schema) ||
        !span_equal(a->table, b->table))
        return "a name of the source";
    return (a->moved_from == NULL) != (b->moved_from == NULL) ? "the key before" : NULL;
}

static inline bool twins_same_value(const struct value *a, const struct value *b) {
    if (a->kind != b->kind)
        return false;
    if (a->kind == VALUE_INTEGER)
        return a->integer == b->integer;
    if (a->kind == VALUE_REAL)
        return memcmp(&a->real, &b->real, sizeof a->real) == 0;
    return (a->kind != VALUE_TEXT && a->kind != VALUE_BLOB) || span_equal(a->bytes, b->bytes);
}

static inline const char *twins_compare_change(const struct event *first, const struct event *second) {
    const struct change *a = &first->change, *b = &second->change;
    if (a->op != b->op || a->table != b->table || first->key_hash != second->key_hash)
        return "op, table or key";
    if (a->snapshot != b->snapshot || a->snapshot_table_last != b->snapshot_table_last ||
        a->snapshot_first != b->snapshot_first)
        return "the snapshot";
    if (a->op == CHANGE_TRUNCATE)
        return NULL;
    for (int i = 0; i < a->table->column_count; i++)
        if (!twins_same_value(&a->values[i], &b->values[i]))
            return a->table->columns[i].name;
    return NULL;
}

static inline const char *twins_compare(const struct twins *twins) {
    const struct twin *a = &twins->by_shape, *b = &twins->generally;
    if (a->status != b->status)
        return a->status == 0 ? "only one fails" : a->error.message;
    if (a->status != 0 && (a->error.kind != b->error.kind || strcmp(a->error.message, b->error.message) != 0))
        return "another error";
    if (a->event.kind != b->event.kind || a->event.placed != b->event.placed)
        return "another kind of event";
    if (a->event.source_lsn != b->event.source_lsn ||
        a->event.source_previous_commit != b->event.source_previous_commit)
        return "another source LSN";
    if (a->drift_size != b->drift_size || memcmp(a->drift, b->drift, a->drift_size) != 0)
        return "another drift";
    const char *problem = twins_compare_place(&a->event.change, &b->event.change);
    if (problem != NULL || a->status != 0)
        return problem;
    problem = twins_compare_source(&a->event, &b->event);
    if (problem != NULL)
        return problem;
    if (a->event.kind == EVENT_CHANGE)
        return twins_compare_change(&a->event, &b->event);
    if (a->event.kind != EVENT_BEGIN && a->event.kind != EVENT_END)
        return NULL;
    for (int i = 0; i < twins->catalog->table_count; i++)
        if (a->event.expected[i] != b->event.expected[i])
            return "another count of a table's rows";
    return a->event.event_count == b->event.event_count && a->event.expected_total == b->event.expected_total
               ? NULL
               : "another count of rows";
}

// What the two differ in, or NULL.
static inline const char *twins_disagreement(struct twins *twins, enum topic_role role,
                                             const struct table *table, const struct message *message) {
    struct envelope_decoder *fresh = twins_decoder(twins->catalog);
    twins_run(&twins->by_shape, twins->taught, role, table, message);
    twins_run(&twins->generally, fresh, role, table, message);
    const char *problem = twins_compare(twins);
    envelope_decoder_free(&fresh);
    return problem;
}

#endif
