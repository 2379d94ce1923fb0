// bench-instructions PART DB [VIEWS]: applies a fixed load from memory to a new file DB, for callgrind to count
// (--instr-atstart=no). Which load is the part: the parts[] below; `answer` counts keyed requests from the file instead.
// VIEWS: a folder of views beside the built-in ones. The clock is the program's own, so that nothing depends on how fast
// it runs. Prints the number of row events, or of requests.
#include "consumer/apply/apply.h"
#include "http/routes.h"
#include "tests/bench/shop.h"
#include "views/base/arena.h"
#include "views/base/cleanup.h"
#include "views/engine/snapshots.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_STOP_INSTRUMENTATION
#endif

enum {
    EVENTS = 12000,
    CUSTOMERS = 500,
    GOODS = 100,
    MESSAGES_MAX = 4 * EVENTS,
    SLOTS = SHOP_TABLES * SHOP_PARTITIONS + 1,
    STEP_NS = 100,
    REQUESTS = 5000,
    WARM_UP = 100, // requests that are not counted: statements are prepared, positions rendered
    FIRST_ORDER = 5001,
    DRIFT_COLUMNS = 50,
};

// In place of the C library's.
int clock_gettime(clockid_t clock, struct timespec *ret) {
    static int64_t now_ns[16];
    int64_t now = now_ns[(unsigned)clock % 16] += STEP_NS;
    *ret = (struct timespec){.tv_sec = 1795385751 + now / 1000000000, .tv_nsec = now % 1000000000};
    return 0;
}

struct slot {
    struct message *messages;
    int count;
    int next;
};

struct load {
    struct arena bytes;
    struct slot slots[SLOTS];
};

static const struct message *peek(void *self, int number) {
    struct load *load = self;
    struct slot *slot = &load->slots[number];
    return slot->next < slot->count ? &slot->messages[slot->next] : NULL;
}

static void release(void *self, int number) {
    struct load *load = self;
    load->slots[number].next++;
}

static bool at_end(void *self, int number) {
    return peek(self, number) == NULL;
}

static void load_done(struct load *load) {
    for (int i = 0; i < SLOTS; i++)
        free(load->slots[i].messages);
    arena_free(&load->bytes);
}

static int copy_span(struct arena *arena, struct span from, struct span *ret) {
    char *copy = from.data != NULL ? arena_take(arena, from.size) : NULL;
    if (copy != NULL)
        memcpy(copy, from.data, from.size);
    *ret = (struct span){copy, from.size};
    return from.data != NULL && copy == NULL ? -1 : 0;
}

static int fill(struct load *load, struct shop *shop, struct error *error) {
    struct shop_message made;
    int more;
    while ((more = shop_next(shop, 0, &made, error)) == 1) {
        int number = (int)made.topic * SHOP_PARTITIONS + made.partition;
        struct slot *slot = &load->slots[number];
        if (slot->messages == NULL)
            slot->messages = calloc(MESSAGES_MAX, sizeof *slot->messages);
        if (slot->messages == NULL || slot->count == MESSAGES_MAX)
            return error_set(error, ERROR_SYSTEM, "no room for the load");
        struct message *message = &slot->messages[slot->count];
        *message = (struct message){.slot = number, .offset = slot->count++, .ts_ms = made.ts_ms};
        if (copy_span(&load->bytes, made.key, &message->key) != 0 ||
            copy_span(&load->bytes, made.value, &message->value) != 0)
            return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    return more;
}

struct parts {
    struct catalog *catalog;
    struct progress *progress;
    struct store *store;
    struct apply *apply;
    struct snapshots *snapshots;
};

static void parts_done(struct parts *parts) {
    apply_free(&parts->apply);
    store_close(&parts->store);
    progress_free(&parts->progress);
    catalog_free(&parts->catalog);
    snapshots_free(&parts->snapshots);
}

static int open_parts(struct parts *parts, struct load *load, const struct shop *shop, const char *db,
                      const char *views, bool sequenced, struct error *error) {
    struct store_report report;
    if (catalog_load(views, NULL, &parts->catalog, error) != 0 ||
        progress_new(&parts->progress, error) != 0 || snapshots_new(&parts->snapshots, error) != 0 ||
        store_open(&parts->store, db, parts->catalog, &report, error) != 0)
        return -1;
    const struct apply_config config = {
        .catalog = parts->catalog,
        .store = parts->store,
        .progress = parts->progress,
        .source = {.self = load, .peek = peek, .release = release, .at_end = at_end},
        .prefix = "bench",
        .settings = &value_settings_default,
        .commit_messages = APPLY_COMMIT_MESSAGES,
        .goes_back = true,
    };
    if (apply_new(&parts->apply, &config, error) != 0)
        return -1;
    apply_set_sequenced(parts->apply, sequenced);
    for (int i = 0; i < SLOTS; i++) {
        char topic[64];
        int slot;
        int64_t next_offset;
        shop_topic_name(shop, (enum shop_topic)(i / SHOP_PARTITIONS), topic, sizeof topic);
        if (apply_add_partition(parts->apply, topic, i % SHOP_PARTITIONS, &slot, &next_offset, error) != 0)
            return -1;
        if (slot != i)
            return error_set(error, ERROR_SYSTEM, "%s is slot %d", topic, slot);
    }
    return 0;
}

static int apply_load(struct apply *apply, bool counted, struct error *error) {
    int64_t taken = 1;
    int status = 0;
    if (counted)
        CALLGRIND_START_INSTRUMENTATION;
    while (status == 0 && taken > 0)
        status = apply_step(apply, &taken, error);
    if (status == 0)
        status = apply_commit(apply, error);
    if (counted)
        CALLGRIND_STOP_INSTRUMENTATION;
    return status;
}

// `GET /v1/tables/orders?id=`, without the sockets. True when it is a 200 that has the row.
static bool answer_one(struct worker *worker, int64_t id) {
    char target[64];
    int size = snprintf(target, sizeof target, "/v1/tables/orders?id=%" PRId64, id);
    const struct request request = {.method = SPAN("GET"), .target = {target, (size_t)size}};
    CLEANUP(response_free) struct response response = {0};
    struct wait wait;
    static const char row[] = "{\"table\":\"orders\",\"rows\":[{\"id\":";
    return routes_answer(worker, &request, &response, &wait) == ROUTES_ANSWERED && response.status == 200 &&
           response.body.size > sizeof row && memcmp(response.body.data, row, sizeof row - 1) == 0;
}

static int answer_requests(const struct parts *parts, const char *db, int64_t orders, struct error *error) {
    const struct routes_config config = {
        .db = db,
        .catalog = parts->catalog,
        .progress = parts->progress,
        .snapshots = parts->snapshots,
        .version = "0",
    };
    CLEANUP(routes_free) struct routes *routes = NULL;
    CLEANUP(worker_free) struct worker *worker = NULL;
    if (routes_new(&routes, &config, error) != 0 || worker_new(&worker, routes, error) != 0)
        return -1;
    reader_keep_snapshots(worker_reader(worker)); // as the server's threads do
    bool answered = true;
    for (int i = 0; i < WARM_UP + REQUESTS && answered; i++) {
        if (i == WARM_UP)
            CALLGRIND_START_INSTRUMENTATION;
        answered = answer_one(worker, FIRST_ORDER + i * INT64_C(7919) % orders);
    }
    CALLGRIND_STOP_INSTRUMENTATION;
    return answered ? 0 : error_set(error, ERROR_STORE, "an order has no row in its answer");
}

// Each in the words of instructions.txt.
static const struct part {
    const char *name;
    struct shop_config shop;
} all_parts[] = {
    {"apply", {.customers = CUSTOMERS}},
    {"answer", {.customers = CUSTOMERS, .growing = true}}, // orders that stay, where they are to be asked for
    {"drift", {.customers = CUSTOMERS, .undeclared = DRIFT_COLUMNS}},
    {"schemas", {.customers = CUSTOMERS, .schemas = TIDEMARK_SCHEMAS}},
    {"snapshot", {.customers = EVENTS - GOODS}},
    {"triggers", {.customers = CUSTOMERS}}, // with a view that has some
    {"unwrapped", {.customers = CUSTOMERS, .form = SHOP_UNWRAPPED}},
};

static const struct part *find_part(const char *name) {
    for (size_t i = 0; i < sizeof all_parts / sizeof *all_parts; i++)
        if (strcmp(all_parts[i].name, name) == 0)
            return &all_parts[i];
    return NULL;
}

static int run(const struct part *part, const char *db, const char *views, struct error *error) {
    CLEANUP(load_done) struct load load = {0};
    CLEANUP(shop_free) struct shop *shop = NULL;
    CLEANUP(parts_done) struct parts parts = {0};
    struct shop_config config = part->shop;
    config.prefix = "bench";
    config.seed = 1;
    config.events = EVENTS;
    config.goods = GOODS;
    bool answer = strcmp(part->name, "answer") == 0;
    if (shop_new(&shop, &config, error) != 0 || fill(&load, shop, error) != 0 ||
        open_parts(&parts, &load, shop, db, views, config.form == SHOP_ENVELOPES, error) != 0 ||
        apply_load(parts.apply, !answer, error) != 0)
        return -1;
    int64_t applied = apply_counters(parts.apply)->applied;
    if (applied != shop_rows(shop))
        return error_set(error, ERROR_SYSTEM, "%" PRId64 " of %" PRId64 " row events were applied", applied,
                         shop_rows(shop));
    if (answer && answer_requests(&parts, db, applied - CUSTOMERS - GOODS, error) != 0)
        return -1;
    (void)printf("%" PRId64 "\n", answer ? REQUESTS : applied);
    return 0;
}

int main(int argc, char **argv) {
    const struct part *part = argc == 3 || argc == 4 ? find_part(argv[1]) : NULL;
    struct error error = {0};
    if (part == NULL) {
        (void)fprintf(
            stderr,
            "usage: bench-instructions apply|answer|drift|schemas|snapshot|triggers|unwrapped DB [VIEWS]\n");
        return 2;
    }
    if (run(part, argv[2], argc == 4 ? argv[3] : NULL, &error) == 0)
        return 0;
    (void)fprintf(stderr, "bench-instructions: %s\n", error.message);
    return 1;
}
