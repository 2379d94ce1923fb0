#include "consumer/consume/fill_reader.h"

#include "consumer/retry_pause.h"
#include "views/base/clock.h"
#include "views/base/log.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILL_READER_REPORT_MS = 200 };

struct fill_reader {
    struct kafka_config config;
    char group[PROGRESS_GROUP_SIZE];
    const struct apply_config *live;
    const char *db;
    struct kafka *kafka;
    struct fill *fill; // NULL = it is opened again at again_ms
    int assigned;      // slots
    int64_t reported_ms;
    bool passed; // the log has no more what the reading was to go on with
    int64_t taken;
    int64_t again_ms;
    struct retry_pause pause;
};

static void fill_reader_close(struct fill_reader *reader) {
    fill_free(&reader->fill);
    kafka_close(&reader->kafka);
    reader->assigned = 0;
}

void fill_reader_free(struct fill_reader **reader) {
    if (*reader == NULL)
        return;
    fill_reader_close(*reader);
    free(*reader);
    *reader = NULL;
}

static void fill_reader_wait(void *self, int ms) {
    kafka_wait(self, ms);
}

static int fill_reader_try_open(struct fill_reader *reader, struct error *error) {
    // The source is the consumer's own, and may ask nothing of it before it is there.
    if (kafka_open(&reader->kafka, &reader->config, error) != 0)
        return -1;
    const struct fill_config fill = {.live = reader->live,
                                     .db = reader->db,
                                     .source = kafka_source(reader->kafka),
                                     .wait = fill_reader_wait};
    return fill_new(&reader->fill, &fill, error);
}

// A full disk has room again, and the log's beginning is another: it goes on by itself. Other failures would come again.
static void fill_reader_fail(struct fill_reader **reader, const struct error *why) {
    struct fill_reader *r = *reader;
    bool again = why->kind == ERROR_RETRY || r->passed;
    progress_set_error(r->live->progress, why->message);
    if (r->fill != NULL && r->passed)
        fill_discard(r->fill);
    fill_reader_close(r);
    r->passed = false;
    if (!again) {
        log_event(LEVEL_WARN, "filling", NULL, "filling from the log stops until the next start: %s",
                  why->message);
        fill_reader_free(reader);
        return;
    }
    int pause_ms = retry_pause_take(&r->pause, r->taken);
    r->again_ms = clock_monotonic_ms() + pause_ms;
    log_event(LEVEL_WARN, "filling", NULL, "filling from the log goes on in %g s, or begins anew: %s",
              pause_ms / 1000.0, why->message);
}

void fill_reader_open(struct fill_reader **ret, const struct kafka_config *kafka,
                      const struct apply_config *live, const char *db) {
    *ret = NULL;
    struct error error = {0};
    if (!fill_is_awaited(live->store, false)) {
        fill_clear(live->store, db);
        return;
    }
    struct fill_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        log_event(LEVEL_WARN, "filling", NULL, "nothing is filled from the log: out of memory");
        return;
    }
    *reader = (struct fill_reader){.config = *kafka, .live = live, .db = db};
    (void)snprintf(reader->group, sizeof reader->group, "%s", kafka->group_id);
    reader->config.group_id = reader->group;
    // Topics are looked for by the live reading.
    reader->config.sought = NULL;
    reader->config.sought_count = reader->config.sought_at_once = 0;
    if (fill_reader_try_open(reader, &error) != 0)
        fill_reader_fail(&reader, &error);
    *ret = reader;
}

// What it was to go on with was not read in time: it begins anew, with what the log still has.
static void fill_reader_note_passed(struct fill_reader *reader, int slot, struct error *error) {
    struct fill_partition partition = {0};
    reader->passed = fill_partition(reader->fill, slot, &partition);
    (void)error_set(error, ERROR_HALT,
                    "%s partition %d: the log does not hold any more what is to be read next",
                    reader->passed ? partition.topic : "?", (int)partition.partition);
}

// What happens to the connection the live reading tells. False when the reading cannot go on.
static bool fill_reader_handle_events(struct fill_reader *reader, struct error *error) {
    struct kafka_event event;
    for (kafka_event(reader->kafka, &event); event.kind != KAFKA_EVENT_NONE;
         kafka_event(reader->kafka, &event)) {
        if (event.kind == KAFKA_EVENT_OUT_OF_RANGE)
            fill_reader_note_passed(reader, event.slot, error);
        else if (event.kind == KAFKA_EVENT_DAMAGED || event.kind == KAFKA_EVENT_TOPIC_DELETED)
            (void)error_set(error, ERROR_HALT, "%s", event.message);
        else
            continue;
        return false;
    }
    return true;
}

static int fill_reader_assign(struct fill_reader *reader, struct error *error) {
    struct fill_partition partition;
    for (; fill_partition(reader->fill, reader->assigned, &partition); reader->assigned++)
        if (kafka_assign(reader->kafka, reader->assigned, partition.topic, partition.partition,
                         partition.from, error) != 0)
            return -1;
    return 0;
}

static int fill_reader_read(struct fill_reader *reader, const struct apply *live, int64_t *ret_taken,
                            struct error *error) {
    if (!fill_reader_handle_events(reader, error) || fill_follow(reader->fill, live, error) != 0 ||
        fill_reader_assign(reader, error) != 0 || fill_step(reader->fill, ret_taken, error) != 0)
        return -1;
    int64_t now = clock_monotonic_ms();
    if (now - reader->reported_ms >= FILL_READER_REPORT_MS) {
        reader->reported_ms = now;
        fill_report(reader->fill);
    }
    return 0;
}

int fill_reader_step(struct fill_reader **reader, struct apply *live, int64_t *ret_taken,
                     struct error *error) {
    *ret_taken = 0;
    struct error own = {0};
    struct fill_reader *r = *reader;
    if (r == NULL || (r->fill == NULL && clock_monotonic_ms() < r->again_ms))
        return 0;
    if ((r->fill == NULL && fill_reader_try_open(r, &own) != 0) ||
        fill_reader_read(r, live, ret_taken, &own) != 0) {
        fill_reader_fail(reader, &own);
        return 0;
    }
    r->taken += *ret_taken;
    int outcome = fill_join(r->fill, live, &own);
    if (outcome < 0) {
        *error = own;
        return -1;
    }
    if (outcome == FILL_FAILED)
        fill_reader_fail(reader, &own);
    else if (outcome == FILL_DONE) {
        fill_log_end(r->fill);
        fill_reader_free(reader);
    }
    return 0;
}
