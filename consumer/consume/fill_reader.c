#include "consumer/consume/fill_reader.h"

#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/log.h"

#include <stdlib.h>

enum { FILL_READER_REPORT_MS = 200 };

struct fill_reader {
    struct kafka *kafka;
    struct fill *fill;
    int assigned; // slots
    int64_t reported_ms;
};

void fill_reader_free(struct fill_reader **reader) {
    struct fill_reader *r = *reader;
    if (r == NULL)
        return;
    fill_free(&r->fill);
    kafka_close(&r->kafka);
    free(r);
    *reader = NULL;
}

static void fill_reader_wait(void *self, int ms) {
    kafka_wait(self, ms);
}

static int fill_reader_try_open(struct fill_reader *reader, const struct kafka_config *kafka,
                                const struct apply_config *live, const char *db, struct error *error) {
    // The source is the consumer's own, and may ask nothing of it before it is there.
    if (kafka_open(&reader->kafka, kafka, error) != 0)
        return -1;
    const struct fill_config fill = {
        .live = live, .db = db, .source = kafka_source(reader->kafka), .wait = fill_reader_wait};
    return fill_new(&reader->fill, &fill, error);
}

void fill_reader_open(struct fill_reader **ret, const struct kafka_config *kafka,
                      const struct apply_config *live, const char *db) {
    *ret = NULL;
    struct error error = {0};
    if (!fill_is_awaited(live->store, false)) {
        fill_clear(live->store, db);
        return;
    }
    CLEANUP(fill_reader_free) struct fill_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL || fill_reader_try_open(reader, kafka, live, db, &error) != 0) {
        log_event(LEVEL_WARN, "filling", NULL, "nothing is filled from the log: %s",
                  reader == NULL ? "out of memory" : error.message);
        return;
    }
    *ret = reader;
    reader = NULL;
}

static void fill_reader_give_up(struct fill_reader **reader, const char *why) {
    log_event(LEVEL_WARN, "filling", NULL, "filling from the log stops until the next start: %s", why);
    fill_reader_free(reader);
}

// What happens to the connection the live reading tells. False when the reading cannot go on.
static bool fill_reader_handle_events(struct fill_reader *reader, struct error *error) {
    struct kafka_event event;
    for (kafka_event(reader->kafka, &event); event.kind != KAFKA_EVENT_NONE;
         kafka_event(reader->kafka, &event))
        if (event.kind == KAFKA_EVENT_OUT_OF_RANGE || event.kind == KAFKA_EVENT_DAMAGED ||
            event.kind == KAFKA_EVENT_TOPIC_DELETED) {
            (void)error_set(error, ERROR_HALT, "%s", event.message);
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
    if (*reader == NULL)
        return 0;
    if (fill_reader_read(*reader, live, ret_taken, &own) != 0) {
        fill_reader_give_up(reader, own.message);
        return 0;
    }
    int outcome = fill_join((*reader)->fill, live, &own);
    if (outcome < 0) {
        *error = own;
        return -1;
    }
    if (outcome == FILL_FAILED)
        fill_reader_give_up(reader, own.message);
    else if (outcome == FILL_DONE) {
        fill_log_end((*reader)->fill);
        fill_reader_free(reader);
    }
    return 0;
}
