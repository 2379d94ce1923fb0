#define _GNU_SOURCE // pthread_setname_np
#include "consumer/apply/loop/prefetch.h"

#include "views/base/cleanup.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

enum { LOOK_EVERY = 64 }; // messages between two looks whether a second batch can be handed over

struct entry {
    struct message message;
    struct event *event; // in the batch's arena
    const char *failure; // the same; NULL = it was decoded
    enum error_kind kind;
};

// A column that the batch's events have and their table does not.
struct drifted {
    struct drifted *next;
    const struct table *table;
    struct span column;
    int64_t times;
};

enum batch_state {
    BATCH_QUEUED,
    BATCH_RUNNING, // the thread's
    BATCH_DONE,
    BATCH_TAKEN_BACK, // before the thread began: the loop decodes its messages one by one
};

struct batch {
    enum batch_state state; // under the mutex while it is QUEUED or RUNNING
    enum topic_role role;
    const struct table *table;
    struct entry entries[PREFETCH_BATCH_MESSAGES];
    int count;
    int next; // the loop's place
    size_t bytes;
    struct arena arena;
    struct drifted *drifted;
    struct batch *pooled;
};

struct lane {
    enum topic_role role;
    const struct table *table;
    struct batch *front; // its messages are being given out; NULL: the source is asked for one at a time
    struct batch *back;
    bool settled; // the front is DONE or TAKEN_BACK, as the loop knows
    bool decoded; // `own` is the head's
    struct event own;
    bool failed;
    struct error failure;
};

struct prefetch {
    struct prefetch_config config;
    struct envelope_decoder *decoder; // the loop's
    struct lane **lanes;              // by slot
    int lane_count;
    struct batch *pool;
    int batch_count; // in lanes and in the pool
    int64_t given;

    // the thread's
    struct envelope_decoder *thread_decoder;
    struct event scratch;
    struct error thread_error;
    struct batch *running;
    bool runs;
    pthread_t thread;

    pthread_mutex_t mutex; // of all below
    pthread_cond_t work;
    pthread_cond_t done;
    struct batch *queue[PREFETCH_BATCHES_MAX];
    int queued;
    bool idle;    // the thread waits for work
    bool waiting; // the loop waits for the running batch
    bool stop;
};

// --- the thread's side

static void prefetch_note_drift(void *self, const struct table *table, struct span column) {
    struct prefetch *ahead = self;
    struct batch *batch = ahead->running;
    struct drifted *drifted = batch->drifted;
    while (drifted != NULL && (drifted->table != table || !span_equal(drifted->column, column)))
        drifted = drifted->next;
    if (drifted != NULL) {
        drifted->times++;
        return;
    }
    drifted = arena_take(&ahead->scratch.arena, sizeof *drifted);
    char *name = drifted != NULL ? arena_take(&ahead->scratch.arena, column.size) : NULL;
    if (name == NULL) // the next event that has it tells
        return;
    memcpy(name, column.data, column.size);
    *drifted = (struct drifted){batch->drifted, table, {name, column.size}, 1};
    batch->drifted = drifted;
}

// What the event holds beside itself, and where that is in the scratch: copied behind it.
static bool prefetch_copy_parts(struct prefetch *ahead, struct event *event) {
    const struct event *scratch = &ahead->scratch;
    const struct table *table = scratch->change.table;
    event->arena = (struct arena){0};
    event->expected = NULL;
    event->values = NULL;
    if (event->kind == EVENT_END) {
        size_t bytes = (size_t)ahead->config.envelope.catalog->table_count * sizeof *event->expected;
        event->expected = arena_take(&ahead->scratch.arena, bytes);
        if (event->expected == NULL)
            return false;
        memcpy(event->expected, scratch->expected, bytes);
    }
    if (event->kind == EVENT_CHANGE && table != NULL) {
        size_t bytes = (size_t)table->column_count * sizeof *event->values;
        event->values = arena_take(&ahead->scratch.arena, bytes);
        if (event->values == NULL)
            return false;
        memcpy(event->values, scratch->values, bytes);
    }
    event->change.values = event->values;
    return true;
}

static void prefetch_fail(struct entry *entry, enum error_kind kind, const char *why) {
    entry->kind = kind;
    entry->failure = why;
}

static void prefetch_decode_entry(struct prefetch *ahead, const struct batch *batch, struct entry *entry) {
    struct error *error = &ahead->thread_error;
    *error->message = '\0';
    int status = envelope_decode(ahead->thread_decoder, batch->role, batch->table, &entry->message,
                                 &ahead->scratch, error);
    entry->failure = NULL;
    entry->event = arena_take(&ahead->scratch.arena, sizeof *entry->event);
    if (entry->event == NULL) {
        prefetch_fail(entry, ERROR_SYSTEM, "out of memory");
        return;
    }
    *entry->event = ahead->scratch;
    if (!prefetch_copy_parts(ahead, entry->event)) {
        prefetch_fail(entry, ERROR_SYSTEM, "out of memory");
        return;
    }
    if (status == 0)
        return;
    size_t size = strlen(error->message) + 1;
    char *text = arena_take(&ahead->scratch.arena, size);
    if (text == NULL) {
        prefetch_fail(entry, ERROR_SYSTEM, "out of memory");
        return;
    }
    memcpy(text, error->message, size);
    prefetch_fail(entry, error->kind, text);
}

static void prefetch_decode_batch(struct prefetch *ahead, struct batch *batch) {
    ahead->running = batch;
    ahead->scratch.arena = batch->arena;
    for (int i = 0; i < batch->count; i++)
        prefetch_decode_entry(ahead, batch, &batch->entries[i]);
    batch->arena = ahead->scratch.arena;
    ahead->scratch.arena = (struct arena){0};
    ahead->running = NULL;
}

static void prefetch_unqueue(struct prefetch *ahead, int place) {
    ahead->queued--;
    memmove(&ahead->queue[place], &ahead->queue[place + 1],
            (size_t)(ahead->queued - place) * sizeof *ahead->queue);
}

static void *prefetch_run(void *self) {
    struct prefetch *ahead = self;
    (void)pthread_mutex_lock(&ahead->mutex);
    while (!ahead->stop) {
        if (ahead->queued == 0) {
            ahead->idle = true;
            (void)pthread_cond_wait(&ahead->work, &ahead->mutex);
            ahead->idle = false;
            continue;
        }
        struct batch *batch = ahead->queue[0];
        prefetch_unqueue(ahead, 0);
        batch->state = BATCH_RUNNING;
        (void)pthread_mutex_unlock(&ahead->mutex);
        prefetch_decode_batch(ahead, batch);
        (void)pthread_mutex_lock(&ahead->mutex);
        batch->state = BATCH_DONE;
        if (ahead->waiting)
            (void)pthread_cond_signal(&ahead->done);
    }
    (void)pthread_mutex_unlock(&ahead->mutex);
    return NULL;
}

// False when there is no thread and none can be had: then the loop goes on alone.
static bool prefetch_start(struct prefetch *ahead) {
    if (ahead->runs)
        return true;
    struct envelope_config envelope = ahead->config.envelope;
    envelope.drift = prefetch_note_drift;
    envelope.self = ahead;
    if ((ahead->scratch.values == NULL && event_init(&ahead->scratch, envelope.catalog, NULL) != 0) ||
        (ahead->thread_decoder == NULL && envelope_decoder_new(&ahead->thread_decoder, &envelope, NULL) != 0))
        return false;
    ahead->scratch.keeps_arena = true;
    ahead->runs = pthread_create(&ahead->thread, NULL, prefetch_run, ahead) == 0;
    if (ahead->runs)
        (void)pthread_setname_np(ahead->thread, "decode");
    return ahead->runs;
}

static void prefetch_stop(struct prefetch *ahead) {
    if (!ahead->runs)
        return;
    (void)pthread_mutex_lock(&ahead->mutex);
    ahead->stop = true;
    (void)pthread_cond_signal(&ahead->work);
    (void)pthread_mutex_unlock(&ahead->mutex);
    (void)pthread_join(ahead->thread, NULL);
    ahead->runs = false;
}

// --- the loop's side

int prefetch_new(struct prefetch **ret, const struct prefetch_config *config, struct error *error) {
    CLEANUP(prefetch_free) struct prefetch *ahead = calloc(1, sizeof *ahead);
    if (ahead == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    (void)pthread_mutex_init(&ahead->mutex, NULL);
    (void)pthread_cond_init(&ahead->work, NULL);
    (void)pthread_cond_init(&ahead->done, NULL);
    ahead->config = *config;
    if (envelope_decoder_new(&ahead->decoder, &config->envelope, error) != 0)
        return -1;
    *ret = ahead;
    ahead = NULL;
    return 0;
}

static void prefetch_free_batch(struct batch *batch) {
    if (batch == NULL)
        return;
    arena_free(&batch->arena);
    free(batch);
}

static void prefetch_free_lane(struct lane *lane) {
    if (lane == NULL)
        return;
    prefetch_free_batch(lane->front);
    prefetch_free_batch(lane->back);
    event_done(&lane->own);
    free(lane);
}

void prefetch_free(struct prefetch **ahead) {
    struct prefetch *a = *ahead;
    if (a == NULL)
        return;
    prefetch_stop(a);
    for (int i = 0; i < a->lane_count; i++)
        prefetch_free_lane(a->lanes[i]);
    free(a->lanes);
    while (a->pool != NULL) {
        struct batch *batch = a->pool;
        a->pool = batch->pooled;
        prefetch_free_batch(batch);
    }
    event_done(&a->scratch);
    envelope_decoder_free(&a->thread_decoder);
    envelope_decoder_free(&a->decoder);
    (void)pthread_cond_destroy(&a->work);
    (void)pthread_cond_destroy(&a->done);
    (void)pthread_mutex_destroy(&a->mutex);
    free(a);
    *ahead = NULL;
}

int prefetch_add_slot(struct prefetch *ahead, int slot, enum topic_role role, const struct table *table,
                      struct error *error) {
    if (slot >= ahead->lane_count) {
        struct lane **grown = realloc(ahead->lanes, ((size_t)slot + 1) * sizeof(struct lane *));
        if (grown == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        ahead->lanes = grown;
        while (ahead->lane_count <= slot)
            ahead->lanes[ahead->lane_count++] = NULL;
    }
    assert(ahead->lanes[slot] == NULL);
    struct lane *lane = calloc(1, sizeof *lane);
    if (lane == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    ahead->lanes[slot] = lane;
    lane->role = role;
    lane->table = table;
    return event_init(&lane->own, ahead->config.envelope.catalog, error);
}

static struct batch *prefetch_take_batch(struct prefetch *ahead) {
    struct batch *batch = ahead->pool;
    if (batch != NULL) {
        ahead->pool = batch->pooled;
        return batch;
    }
    if (ahead->batch_count == PREFETCH_BATCHES_MAX || !prefetch_start(ahead) ||
        (batch = malloc(sizeof *batch)) == NULL)
        return NULL;
    ahead->batch_count++;
    batch->arena = (struct arena){0};
    return batch;
}

static void prefetch_give_back(struct prefetch *ahead, struct batch *batch) {
    if (batch->bytes > PREFETCH_ARENA_BYTES_KEPT)
        arena_free(&batch->arena);
    else
        arena_reset(&batch->arena);
    batch->pooled = ahead->pool;
    ahead->pool = batch;
}

static void prefetch_enqueue(struct prefetch *ahead, struct batch *batch) {
    (void)pthread_mutex_lock(&ahead->mutex);
    batch->state = BATCH_QUEUED;
    ahead->queue[ahead->queued++] = batch;
    if (ahead->idle)
        (void)pthread_cond_signal(&ahead->work);
    (void)pthread_mutex_unlock(&ahead->mutex);
}

// One batch more for the lane; false when there are too few messages, or no room.
static bool prefetch_hand_over(struct prefetch *ahead, int slot, struct lane *lane) {
    const struct message_source *source = &ahead->config.source;
    int held = lane->front != NULL ? lane->front->count - lane->front->next : 0;
    int count = source->delivered(source->self, slot) - held;
    struct batch *batch = count >= PREFETCH_LEAST ? prefetch_take_batch(ahead) : NULL;
    if (batch == NULL)
        return false;
    batch->role = lane->role;
    batch->table = lane->table;
    batch->count = batch->next = 0;
    batch->bytes = 0;
    batch->drifted = NULL;
    if (count > PREFETCH_BATCH_MESSAGES)
        count = PREFETCH_BATCH_MESSAGES;
    while (batch->count < count && batch->bytes < PREFETCH_BATCH_BYTES) {
        struct entry *entry = &batch->entries[batch->count];
        source->peek_at(source->self, slot, held + batch->count++, &entry->message);
        batch->bytes += entry->message.key.size + entry->message.value.size;
    }
    if (lane->front == NULL)
        lane->front = batch;
    else
        lane->back = batch;
    prefetch_enqueue(ahead, batch);
    return true;
}

const struct message *prefetch_peek(struct prefetch *ahead, int slot) {
    const struct message_source *source = &ahead->config.source;
    struct lane *lane = ahead->lanes[slot];
    if (source->peek_at == NULL || (lane->front == NULL && lane->decoded))
        return source->peek(source->self, slot);
    bool look = lane->front == NULL || (lane->back == NULL && lane->front->next % LOOK_EVERY == 0);
    while (look && lane->back == NULL && prefetch_hand_over(ahead, slot, lane))
        ;
    return lane->front != NULL ? &lane->front->entries[lane->front->next].message
                               : source->peek(source->self, slot);
}

static void prefetch_tell_drift(const struct prefetch *ahead, const struct batch *batch) {
    const struct envelope_config *envelope = &ahead->config.envelope;
    for (const struct drifted *drifted = batch->drifted; drifted != NULL && envelope->drift != NULL;
         drifted = drifted->next)
        for (int64_t i = 0; i < drifted->times; i++)
            envelope->drift(envelope->self, drifted->table, drifted->column);
}

// The front batch is decoded, or is the loop's to decode, afterwards.
static void prefetch_settle(struct prefetch *ahead, struct lane *lane) {
    struct batch *front = lane->front;
    (void)pthread_mutex_lock(&ahead->mutex);
    if (front->state == BATCH_QUEUED) {
        int place = 0;
        while (ahead->queue[place] != front)
            place++;
        prefetch_unqueue(ahead, place);
        front->state = BATCH_TAKEN_BACK;
    }
    ahead->waiting = true;
    while (front->state == BATCH_RUNNING)
        (void)pthread_cond_wait(&ahead->done, &ahead->mutex);
    ahead->waiting = false;
    (void)pthread_mutex_unlock(&ahead->mutex);
    lane->settled = true;
    if (front->state == BATCH_DONE)
        prefetch_tell_drift(ahead, front);
}

static int prefetch_decode_own(struct prefetch *ahead, int slot, struct lane *lane) {
    const struct message *message = lane->front != NULL
                                        ? &lane->front->entries[lane->front->next].message
                                        : ahead->config.source.peek(ahead->config.source.self, slot);
    *lane->failure.message = '\0';
    lane->failed =
        envelope_decode(ahead->decoder, lane->role, lane->table, message, &lane->own, &lane->failure) != 0;
    lane->decoded = true;
    return lane->failed && lane->failure.kind != ERROR_INPUT ? -1 : 0;
}

int prefetch_event(struct prefetch *ahead, int slot, struct event **ret, const char **ret_failure,
                   struct error *error) {
    struct lane *lane = ahead->lanes[slot];
    if (lane->front != NULL && !lane->settled)
        prefetch_settle(ahead, lane);
    if (lane->front == NULL || lane->front->state == BATCH_TAKEN_BACK) {
        if (!lane->decoded && prefetch_decode_own(ahead, slot, lane) != 0)
            return error_set(error, lane->failure.kind, "%s", lane->failure.message);
        *ret = &lane->own;
        *ret_failure = lane->failed ? lane->failure.message : NULL;
        return 0;
    }
    const struct entry *entry = &lane->front->entries[lane->front->next];
    // Only a message's own fault may put it aside; memory that is out is not.
    if (entry->failure != NULL && entry->kind != ERROR_INPUT)
        return error_set(error, entry->kind, "%s", entry->failure);
    *ret = entry->event;
    *ret_failure = entry->failure;
    return 0;
}

void prefetch_release(struct prefetch *ahead, int slot) {
    struct lane *lane = ahead->lanes[slot];
    // Passed over without its event: the thread must be done with it all the same.
    if (lane->front != NULL && !lane->settled)
        prefetch_settle(ahead, lane);
    lane->decoded = false;
    ahead->config.source.release(ahead->config.source.self, slot);
    if (lane->front == NULL)
        return;
    ahead->given += lane->front->state == BATCH_DONE;
    if (++lane->front->next < lane->front->count)
        return;
    prefetch_give_back(ahead, lane->front);
    lane->front = lane->back;
    lane->back = NULL;
    lane->settled = false;
}

int64_t prefetch_count(const struct prefetch *ahead) {
    return ahead->given;
}
