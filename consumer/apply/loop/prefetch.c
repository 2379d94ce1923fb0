#define _GNU_SOURCE // pthread_setname_np
#include "consumer/apply/loop/prefetch.h"

#include "views/base/bounds.h"
#include "views/base/cleanup.h"
#include "views/base/fetch.h"
#include "views/base/give_way.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

enum {
    LOOK_EVERY = BOUND(64, 2), // messages between two looks whether a second batch can be handed over
    FETCHED_BYTES = offsetof(struct event, others), // of an event: what the loop looks at of nearly all
    VALUES_AHEAD = 4, // messages between the one that is decoded and the one whose value is asked for
    VALUE_BYTES_AHEAD = 1024,
};

struct entry {
    struct message message;
    struct event *event; // in the batch's arena
    const char *failure; // the same; NULL = it was decoded
    enum error_kind kind;
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
    struct drift drift;
    struct batch *pooled;
};

struct slot_batches {
    enum topic_role role;
    const struct table *table;
    struct batch *front; // its messages are being given out; NULL: the source is asked for one at a time
    struct batch *back;
    bool ready;   // the front is DONE or TAKEN_BACK, as the loop knows
    bool decoded; // `own` is the head's
    struct event own;
    bool failed;
    struct error failure;
};

// What only the thread touches, once it runs.
struct decode_thread {
    struct envelope_decoder *decoder;
    struct event scratch;
    struct error error;
    struct batch *batch; // being decoded
    bool runs;           // the loop's
    pthread_t id;
};

// What the loop and the thread share.
struct decode_queue {
    pthread_mutex_t mutex; // of all below
    pthread_cond_t work;
    pthread_cond_t done;
    struct batch *batches[PREFETCH_BATCHES_MAX];
    int count;
    bool idle;    // the thread waits for work
    bool waiting; // the loop waits for the batch that the thread decodes
    bool stop;
};

struct prefetch {
    struct prefetch_config config;
    struct envelope_decoder *decoder; // the loop's
    struct slot_batches **slots;      // by slot
    int slot_count;
    struct batch *pool;
    int batch_count; // in slots and in the pool
    int64_t given;
    bool looking_ahead; // what `decoder` tells of drift is not counted: it is told again when it is its turn

    struct decode_thread thread;
    struct decode_queue queue;
};

// --- the thread's side

static void prefetch_count_drift(void *self, const struct table *table, struct span column, int64_t events) {
    struct prefetch *prefetch = self;
    drift_count(&prefetch->thread.batch->drift, table, column, events);
}

// What the event holds beside itself, and where that is in the scratch: copied behind it.
static bool prefetch_copy_parts(struct prefetch *prefetch, struct event *event) {
    const struct event *scratch = &prefetch->thread.scratch;
    const struct table *table = scratch->change.table;
    event->arena = (struct arena){0};
    event->expected = NULL;
    event->values = NULL;
    if (event->kind == EVENT_END) {
        size_t bytes = (size_t)prefetch->config.envelope.catalog->table_count * sizeof *event->expected;
        event->expected = arena_take(&prefetch->thread.scratch.arena, bytes);
        if (event->expected == NULL)
            return false;
        memcpy(event->expected, scratch->expected, bytes);
    }
    if (event->kind == EVENT_CHANGE && table != NULL) {
        size_t bytes = (size_t)table->column_count * sizeof *event->values;
        event->values = arena_take(&prefetch->thread.scratch.arena, bytes);
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

static bool prefetch_is_change(const struct event *event) {
    return event->kind == EVENT_CHANGE && event->change.table != NULL;
}

static void prefetch_decode_entry(struct prefetch *prefetch, const struct batch *batch, struct entry *entry) {
    struct error *error = &prefetch->thread.error;
    *error->message = '\0';
    int status = envelope_decode(prefetch->thread.decoder, batch->role, batch->table, &entry->message,
                                 &prefetch->thread.scratch, error);
    entry->failure = NULL;
    entry->event = arena_take(&prefetch->thread.scratch.arena, sizeof *entry->event);
    if (entry->event == NULL) {
        prefetch_fail(entry, ERROR_SYSTEM, "out of memory");
        return;
    }
    *entry->event = prefetch->thread.scratch;
    if (!prefetch_copy_parts(prefetch, entry->event)) {
        prefetch_fail(entry, ERROR_SYSTEM, "out of memory");
        return;
    }
    if (status == 0) {
        if (prefetch->config.pack != NULL && prefetch_is_change(entry->event))
            prefetch->config.pack(&entry->event->change, &prefetch->thread.scratch.arena);
        return;
    }
    size_t size = strlen(error->message) + 1;
    char *text = arena_take(&prefetch->thread.scratch.arena, size);
    if (text == NULL) {
        prefetch_fail(entry, ERROR_SYSTEM, "out of memory");
        return;
    }
    memcpy(text, error->message, size);
    prefetch_fail(entry, error->kind, text);
}

// A message's bytes were written by the thread that fetches. Of a long one the processor sees by itself how it goes on.
static void prefetch_expect_value(const struct message *message) {
    size_t size = message->value.size;
    fetch_soon(message->value.data, size < VALUE_BYTES_AHEAD ? size : VALUE_BYTES_AHEAD);
}

static void prefetch_decode_batch(struct prefetch *prefetch, struct batch *batch) {
    prefetch->thread.batch = batch;
    prefetch->thread.scratch.arena = batch->arena;
    for (int i = 0; i < batch->count; i++) {
        if (i + VALUES_AHEAD < batch->count)
            prefetch_expect_value(&batch->entries[i + VALUES_AHEAD].message);
        prefetch_decode_entry(prefetch, batch, &batch->entries[i]);
    }
    envelope_tell_drift(prefetch->thread.decoder);
    batch->arena = prefetch->thread.scratch.arena;
    prefetch->thread.scratch.arena = (struct arena){0};
    prefetch->thread.batch = NULL;
}

static void prefetch_unqueue(struct prefetch *prefetch, int place) {
    prefetch->queue.count--;
    memmove(&prefetch->queue.batches[place], &prefetch->queue.batches[place + 1],
            (size_t)(prefetch->queue.count - place) * sizeof *prefetch->queue.batches);
}

static void *prefetch_run(void *self) {
    struct prefetch *prefetch = self;
    (void)pthread_mutex_lock(&prefetch->queue.mutex);
    while (!prefetch->queue.stop) {
        if (prefetch->queue.count == 0) {
            prefetch->queue.idle = true;
            (void)pthread_cond_wait(&prefetch->queue.work, &prefetch->queue.mutex);
            prefetch->queue.idle = false;
            continue;
        }
        struct batch *batch = prefetch->queue.batches[0];
        prefetch_unqueue(prefetch, 0);
        batch->state = BATCH_RUNNING;
        (void)pthread_mutex_unlock(&prefetch->queue.mutex);
        prefetch_decode_batch(prefetch, batch);
        (void)pthread_mutex_lock(&prefetch->queue.mutex);
        batch->state = BATCH_DONE;
        if (prefetch->queue.waiting)
            (void)pthread_cond_signal(&prefetch->queue.done);
        (void)pthread_mutex_unlock(&prefetch->queue.mutex); // the loop may go on meanwhile
        give_way();
        (void)pthread_mutex_lock(&prefetch->queue.mutex);
    }
    (void)pthread_mutex_unlock(&prefetch->queue.mutex);
    return NULL;
}

// False when there is no thread and none can be had: then the loop goes on alone.
static bool prefetch_start(struct prefetch *prefetch) {
    if (prefetch->thread.runs)
        return true;
    struct envelope_config envelope = prefetch->config.envelope;
    envelope.drift = prefetch_count_drift;
    envelope.self = prefetch;
    if ((prefetch->thread.scratch.values == NULL &&
         event_init(&prefetch->thread.scratch, envelope.catalog, NULL) != 0) ||
        (prefetch->thread.decoder == NULL &&
         envelope_decoder_new(&prefetch->thread.decoder, &envelope, NULL) != 0))
        return false;
    prefetch->thread.scratch.keeps_arena = true;
    prefetch->thread.runs = pthread_create(&prefetch->thread.id, NULL, prefetch_run, prefetch) == 0;
    if (prefetch->thread.runs)
        (void)pthread_setname_np(prefetch->thread.id, "decode");
    return prefetch->thread.runs;
}

static void prefetch_stop(struct prefetch *prefetch) {
    if (!prefetch->thread.runs)
        return;
    (void)pthread_mutex_lock(&prefetch->queue.mutex);
    prefetch->queue.stop = true;
    (void)pthread_cond_signal(&prefetch->queue.work);
    (void)pthread_mutex_unlock(&prefetch->queue.mutex);
    (void)pthread_join(prefetch->thread.id, NULL);
    prefetch->thread.runs = false;
}

// --- the loop's side

static void prefetch_count_own_drift(void *self, const struct table *table, struct span column,
                                     int64_t events) {
    struct prefetch *prefetch = self;
    if (!prefetch->looking_ahead)
        drift_count(prefetch->config.drift, table, column, events);
}

int prefetch_new(struct prefetch **ret, const struct prefetch_config *config, struct error *error) {
    CLEANUP(prefetch_free) struct prefetch *prefetch = calloc(1, sizeof *prefetch);
    if (prefetch == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    (void)pthread_mutex_init(&prefetch->queue.mutex, NULL);
    (void)pthread_cond_init(&prefetch->queue.work, NULL);
    (void)pthread_cond_init(&prefetch->queue.done, NULL);
    prefetch->config = *config;
    prefetch->config.envelope.drift = prefetch_count_own_drift;
    prefetch->config.envelope.self = prefetch;
    if (envelope_decoder_new(&prefetch->decoder, &prefetch->config.envelope, error) != 0)
        return -1;
    *ret = prefetch;
    prefetch = NULL;
    return 0;
}

static void prefetch_free_batch(struct batch *batch) {
    if (batch == NULL)
        return;
    arena_free(&batch->arena);
    drift_free(&batch->drift);
    free(batch);
}

static void prefetch_free_slot(struct slot_batches *batches) {
    if (batches == NULL)
        return;
    prefetch_free_batch(batches->front);
    prefetch_free_batch(batches->back);
    event_done(&batches->own);
    free(batches);
}

void prefetch_free(struct prefetch **prefetch) {
    struct prefetch *a = *prefetch;
    if (a == NULL)
        return;
    prefetch_stop(a);
    for (int i = 0; i < a->slot_count; i++)
        prefetch_free_slot(a->slots[i]);
    free(a->slots);
    while (a->pool != NULL) {
        struct batch *batch = a->pool;
        a->pool = batch->pooled;
        prefetch_free_batch(batch);
    }
    event_done(&a->thread.scratch);
    envelope_decoder_free(&a->thread.decoder);
    envelope_decoder_free(&a->decoder);
    (void)pthread_cond_destroy(&a->queue.work);
    (void)pthread_cond_destroy(&a->queue.done);
    (void)pthread_mutex_destroy(&a->queue.mutex);
    free(a);
    *prefetch = NULL;
}

int prefetch_add_slot(struct prefetch *prefetch, int slot, enum topic_role role, const struct table *table,
                      struct error *error) {
    if (slot >= prefetch->slot_count) {
        struct slot_batches **grown =
            realloc(prefetch->slots, ((size_t)slot + 1) * sizeof(struct slot_batches *));
        if (grown == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        prefetch->slots = grown;
        while (prefetch->slot_count <= slot)
            prefetch->slots[prefetch->slot_count++] = NULL;
    }
    if (prefetch->slots[slot] != NULL)
        return 0;
    struct slot_batches *batches = calloc(1, sizeof *batches);
    if (batches == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (event_init(&batches->own, prefetch->config.envelope.catalog, error) != 0) {
        free(batches);
        return -1;
    }
    batches->role = role;
    batches->table = table;
    prefetch->slots[slot] = batches;
    return 0;
}

static struct batch *prefetch_take_batch(struct prefetch *prefetch) {
    struct batch *batch = prefetch->pool;
    if (batch != NULL) {
        prefetch->pool = batch->pooled;
        return batch;
    }
    if (prefetch->batch_count == PREFETCH_BATCHES_MAX || !prefetch_start(prefetch) ||
        (batch = malloc(sizeof *batch)) == NULL)
        return NULL;
    prefetch->batch_count++;
    batch->arena = (struct arena){0};
    batch->drift = (struct drift){0};
    return batch;
}

static void prefetch_give_back(struct prefetch *prefetch, struct batch *batch) {
    if (batch->bytes > PREFETCH_ARENA_BYTES_KEPT)
        arena_free(&batch->arena);
    else
        arena_reset(&batch->arena);
    batch->pooled = prefetch->pool;
    prefetch->pool = batch;
}

static void prefetch_enqueue(struct prefetch *prefetch, struct batch *batch) {
    (void)pthread_mutex_lock(&prefetch->queue.mutex);
    batch->state = BATCH_QUEUED;
    prefetch->queue.batches[prefetch->queue.count++] = batch;
    if (prefetch->queue.idle)
        (void)pthread_cond_signal(&prefetch->queue.work);
    (void)pthread_mutex_unlock(&prefetch->queue.mutex);
}

// One batch more for the slot; false when there are too few messages, or no room.
static bool prefetch_hand_over(struct prefetch *prefetch, int slot, struct slot_batches *batches) {
    const struct message_source *source = &prefetch->config.source;
    int held = batches->front != NULL ? batches->front->count - batches->front->next : 0;
    int count = source->delivered(source->self, slot) - held;
    struct batch *batch = count >= PREFETCH_LEAST ? prefetch_take_batch(prefetch) : NULL;
    if (batch == NULL)
        return false;
    batch->role = batches->role;
    batch->table = batches->table;
    batch->count = batch->next = 0;
    batch->bytes = 0;
    if (count > PREFETCH_BATCH_MESSAGES)
        count = PREFETCH_BATCH_MESSAGES;
    while (batch->count < count && batch->bytes < PREFETCH_BATCH_BYTES) {
        struct entry *entry = &batch->entries[batch->count];
        source->peek_at(source->self, slot, held + batch->count++, &entry->message);
        batch->bytes += entry->message.key.size + entry->message.value.size;
    }
    if (batches->front == NULL)
        batches->front = batch;
    else
        batches->back = batch;
    prefetch_enqueue(prefetch, batch);
    return true;
}

const struct message *prefetch_peek(struct prefetch *prefetch, int slot) {
    const struct message_source *source = &prefetch->config.source;
    struct slot_batches *batches = prefetch->slots[slot];
    if (source->peek_at == NULL || (batches->front == NULL && batches->decoded))
        return source->peek(source->self, slot);
    bool look = batches->front == NULL || (batches->back == NULL && batches->front->next % LOOK_EVERY == 0);
    while (look && batches->back == NULL && prefetch_hand_over(prefetch, slot, batches))
        ;
    return batches->front != NULL ? &batches->front->entries[batches->front->next].message
                                  : source->peek(source->self, slot);
}

// The front batch is decoded, or is the loop's to decode, afterwards.
static void prefetch_await(struct prefetch *prefetch, struct slot_batches *batches) {
    struct batch *front = batches->front;
    (void)pthread_mutex_lock(&prefetch->queue.mutex);
    if (front->state == BATCH_QUEUED) {
        int place = 0;
        while (prefetch->queue.batches[place] != front)
            place++;
        prefetch_unqueue(prefetch, place);
        front->state = BATCH_TAKEN_BACK;
    }
    prefetch->queue.waiting = true;
    while (front->state == BATCH_RUNNING)
        (void)pthread_cond_wait(&prefetch->queue.done, &prefetch->queue.mutex);
    prefetch->queue.waiting = false;
    (void)pthread_mutex_unlock(&prefetch->queue.mutex);
    batches->ready = true;
    if (front->state == BATCH_DONE)
        drift_move(prefetch->config.drift, &front->drift);
}

static int prefetch_decode_own(struct prefetch *prefetch, int slot, struct slot_batches *batches) {
    const struct message *message = batches->front != NULL
                                        ? &batches->front->entries[batches->front->next].message
                                        : prefetch->config.source.peek(prefetch->config.source.self, slot);
    *batches->failure.message = '\0';
    batches->failed = envelope_decode(prefetch->decoder, batches->role, batches->table, message,
                                      &batches->own, &batches->failure) != 0;
    batches->decoded = true;
    return batches->failed && batches->failure.kind != ERROR_INPUT ? -1 : 0;
}

int prefetch_event(struct prefetch *prefetch, int slot, struct event **ret, const char **ret_failure,
                   struct error *error) {
    struct slot_batches *batches = prefetch->slots[slot];
    if (batches->front != NULL && !batches->ready)
        prefetch_await(prefetch, batches);
    if (batches->front == NULL || batches->front->state == BATCH_TAKEN_BACK) {
        if (!batches->decoded && prefetch_decode_own(prefetch, slot, batches) != 0)
            return error_set(error, batches->failure.kind, "%s", batches->failure.message);
        *ret = &batches->own;
        *ret_failure = batches->failed ? batches->failure.message : NULL;
        return 0;
    }
    const struct entry *entry = &batches->front->entries[batches->front->next];
    // Only a message's own fault may put it aside; memory that is out is not.
    if (entry->failure != NULL && entry->kind != ERROR_INPUT)
        return error_set(error, entry->kind, "%s", entry->failure);
    *ret = entry->event;
    *ret_failure = entry->failure;
    return 0;
}

// An event lies in the cache of the decoding core. Asked for some messages before, it is here when it is taken: a message
// waits for others' in between.
static void prefetch_look_ahead(struct prefetch *prefetch, const struct batch *front) {
    int first = front->next + prefetch->config.ahead_max;
    if (first + 1 < front->count)
        fetch_soon(&front->entries[first + 1].event, 1);
    if (first < front->count)
        fetch_soon(front->entries[first].event, FETCHED_BYTES);
    int left = front->count - front->next;
    int most = prefetch->config.ahead_max < left ? prefetch->config.ahead_max : left;
    for (int count = prefetch->config.ahead != NULL ? most : 0; count > 0; count--) {
        const struct entry *entry = &front->entries[front->next + count - 1];
        if (entry->failure == NULL && prefetch_is_change(entry->event))
            prefetch->config.ahead(prefetch->config.self, &entry->event->change, count);
    }
}

void prefetch_release(struct prefetch *prefetch, int slot) {
    struct slot_batches *batches = prefetch->slots[slot];
    // Passed over without its event: the thread must be done with it all the same.
    if (batches->front != NULL && !batches->ready)
        prefetch_await(prefetch, batches);
    batches->decoded = false;
    prefetch->config.source.release(prefetch->config.source.self, slot);
    if (batches->front == NULL)
        return;
    prefetch->given += batches->front->state == BATCH_DONE;
    if (++batches->front->next < batches->front->count) {
        if (batches->front->state == BATCH_DONE)
            prefetch_look_ahead(prefetch, batches->front);
        return;
    }
    prefetch_give_back(prefetch, batches->front);
    batches->front = batches->back;
    batches->back = NULL;
    batches->ready = false;
    give_way();
}

bool prefetch_newest(struct prefetch *prefetch, int slot, int back, struct event *ret, int64_t *ret_ts_ms) {
    const struct message_source *source = &prefetch->config.source;
    const struct slot_batches *batches = prefetch->slots[slot];
    int count = source->peek_at != NULL ? source->delivered(source->self, slot) : 0;
    if (back > count)
        return false;
    struct message message;
    source->peek_at(source->self, slot, count - back, &message);
    *ret_ts_ms = message.ts_ms;
    envelope_tell_drift(prefetch->decoder); // what was counted so far
    prefetch->looking_ahead = true;
    bool decoded =
        envelope_decode(prefetch->decoder, batches->role, batches->table, &message, ret, NULL) == 0;
    envelope_tell_drift(prefetch->decoder);
    prefetch->looking_ahead = false;
    return decoded;
}

void prefetch_tell_drift(struct prefetch *prefetch) {
    envelope_tell_drift(prefetch->decoder);
}

int64_t prefetch_count(const struct prefetch *prefetch) {
    return prefetch->given;
}
