// bench-followers DB PORT RATE SECONDS [FOLLOWERS]: the program's own apply and HTTP server, on the shop's traffic: a source
// transaction is a commit, RATE of them a second. A crowd in another process follows /v1/views/analytics/orders_by_status.
// Prints how long after a commit that touches an order the last of the crowd had it, what it cost, and how often the
// question was put.
#include "consumer/apply/apply.h"
#include "http/endpoint.h"
#include "http/server.h"
#include "tests/bench/crowd.h"
#include "tests/bench/shop.h"
#include "views/base/cleanup.h"
#include "views/engine/read.h"
#include "views/engine/snapshots.h"

#include <inttypes.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum {
    FOLLOWERS = 1000,
    CUSTOMERS = 500,
    GOODS = 100,
    SLOTS = SHOP_TABLES * SHOP_PARTITIONS + 1,
    MESSAGES_MAX = 4096, // of one transaction and slot
    SNAPSHOT_ROWS = CUSTOMERS + GOODS,
    WAIT_S = 60, // bound of each wait
    WAIT_STEP_NS = 2000000,
    WARM_UP_S = 1,
    FEED_WINDOW_MS = 300000,
    LISTEN_SIZE = 32,
};

struct slot {
    struct message messages[MESSAGES_MAX];
    int count;
    int next;
    int64_t offset;
};

// What the two threads of the measurement share: commits are told on the thread that commits.
struct bench {
    struct crowd *crowd;
    struct slot slots[SLOTS];
    struct catalog *catalog;
    struct progress *progress;
    struct snapshots *snapshots;
    struct store *store;
    struct apply *apply;
    struct endpoint *endpoint;
    struct server *server;
    struct shop *shop;
    int64_t told_ns;                       // the commit under way, 0 = not yet
    bool touches;                          // an order
    int64_t commit_ns[CROWD_VERSIONS_MAX]; // 0 = it does not count
    int64_t commits;
    double rate;
    double seconds;
};

static _Atomic int64_t evaluations;

// --- how often the question is put: counted where SQLite begins to run it

static int count_statement(unsigned kind, void *self, void *stmt, void *text) {
    (void)kind, (void)self, (void)text;
    const char *sql = sqlite3_sql(stmt);
    if (sql != NULL && strstr(sql, "from analytics_orders_by_status\nwhere orders > 0") != NULL)
        (void)atomic_fetch_add(&evaluations, 1);
    return 0;
}

static int count_on_open(sqlite3 *db, char **message, const void *api) {
    (void)message, (void)api;
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, count_statement, NULL);
}

// --- what is applied

static const struct message *peek(void *self, int number) {
    struct slot *slot = &((struct bench *)self)->slots[number];
    return slot->next < slot->count ? &slot->messages[slot->next] : NULL;
}

static void release(void *self, int number) {
    ((struct bench *)self)->slots[number].next++;
}

static bool at_end(void *self, int number) {
    return peek(self, number) == NULL;
}

static void bench_free_messages(struct bench *bench) {
    for (int i = 0; i < SLOTS; i++) {
        struct slot *slot = &bench->slots[i];
        for (int j = 0; j < slot->count; j++) {
            free((void *)(uintptr_t)slot->messages[j].key.data);
            free((void *)(uintptr_t)slot->messages[j].value.data);
        }
        slot->count = slot->next = 0;
    }
}

static struct span bench_copy(struct span from) {
    char *copy = from.data != NULL ? malloc(from.size + 1) : NULL;
    if (copy != NULL)
        memcpy(copy, from.data, from.size);
    return (struct span){copy, from.size};
}

// The rest of the shop's transaction, or one row of its snapshot.
static int bench_take_transaction(struct bench *bench, struct error *error) {
    bench->touches = false;
    do {
        struct shop_message made;
        if (shop_next(bench->shop, 0, &made, error) != 1)
            return -1;
        int number = (int)made.topic * SHOP_PARTITIONS + made.partition;
        struct slot *slot = &bench->slots[number];
        if (slot->count == MESSAGES_MAX)
            return error_set(error, ERROR_SYSTEM, "a transaction is too long");
        slot->messages[slot->count++] = (struct message){.slot = number,
                                                         .offset = slot->offset++,
                                                         .ts_ms = made.ts_ms,
                                                         .key = bench_copy(made.key),
                                                         .value = bench_copy(made.value)};
        bench->touches |= made.is_row && made.topic == SHOP_ORDERS;
    } while (!shop_is_between(bench->shop));
    return 0;
}

static int bench_apply(struct bench *bench, struct error *error) {
    int64_t taken = 1;
    while (taken > 0)
        if (apply_step(bench->apply, &taken, error) != 0)
            return -1;
    bench->told_ns = 0;
    if (apply_commit(bench->apply, error) != 0)
        return -1;
    for (int i = 0; i < SLOTS; i++)
        if (peek(bench, i) != NULL)
            return error_set(error, ERROR_SYSTEM, "a message of the transaction was not taken");
    bench_free_messages(bench);
    return 0;
}

static void on_commit(void *self) {
    struct bench *bench = self;
    if (bench->told_ns == 0)
        bench->told_ns = crowd_now_ns();
}

// --- the parts

static void bench_free(struct bench *bench) {
    server_stop(&bench->server);
    endpoint_free(&bench->endpoint);
    apply_free(&bench->apply);
    bench_free_messages(bench);
    store_close(&bench->store);
    snapshots_free(&bench->snapshots);
    progress_free(&bench->progress);
    catalog_free(&bench->catalog);
    shop_free(&bench->shop);
}

static int bench_open(struct bench *bench, const char *db, struct error *error) {
    const struct shop_config shop = {.prefix = "bench", .seed = 1, .customers = CUSTOMERS, .goods = GOODS};
    struct store_report report;
    if (shop_new(&bench->shop, &shop, error) != 0 || catalog_load(NULL, NULL, &bench->catalog, error) != 0 ||
        progress_new(&bench->progress, error) != 0 || snapshots_new(&bench->snapshots, error) != 0 ||
        store_open(&bench->store, db, bench->catalog, &report, error) != 0)
        return -1;
    const struct apply_config config = {
        .catalog = bench->catalog,
        .store = bench->store,
        .progress = bench->progress,
        .source = {.self = bench, .peek = peek, .release = release, .at_end = at_end},
        .prefix = "bench",
        .settings = &value_settings_default,
        .commit_messages = APPLY_COMMIT_MESSAGES,
    };
    if (apply_new(&bench->apply, &config, error) != 0)
        return -1;
    apply_set_sequenced(bench->apply, true);
    for (int i = 0; i < SLOTS; i++) {
        char topic[64];
        int slot;
        int64_t next_offset;
        shop_topic_name(bench->shop, (enum shop_topic)(i / SHOP_PARTITIONS), topic, sizeof topic);
        if (apply_add_partition(bench->apply, topic, i % SHOP_PARTITIONS, &slot, &next_offset, error) != 0)
            return -1;
    }
    return 0;
}

static int bench_serve(struct bench *bench, const char *db, struct error *error) {
    char listen[LISTEN_SIZE];
    (void)snprintf(listen, sizeof listen, "127.0.0.1:%d", bench->crowd->port);
    const struct endpoint_config endpoint = {.listen = listen};
    if (endpoint_open(&bench->endpoint, &endpoint, error) != 0)
        return -1;
    const struct server_config config = {.endpoint = bench->endpoint,
                                         .db = db,
                                         .catalog = bench->catalog,
                                         .progress = bench->progress,
                                         .snapshots = bench->snapshots,
                                         .version = "0",
                                         .feed_window_ms = FEED_WINDOW_MS};
    if (!progress_on_commit(bench->progress, on_commit, bench))
        return error_set(error, ERROR_SYSTEM, "too many listen to commits");
    return server_start(&bench->server, &config, error);
}

static int bench_read_version(struct bench *bench, const char *db, int64_t *ret, struct error *error) {
    CLEANUP(reader_free) struct reader *reader = NULL;
    struct position position;
    if (reader_open(&reader, db, bench->catalog, error) != 0 || reader_begin(reader, &position, error) != 0)
        return -1;
    *ret = position.version;
    reader_end(reader);
    return 0;
}

// --- what is measured

static int64_t process_cpu_us(void) {
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

static int64_t thread_cpu_us(void) {
    struct timespec cpu;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    return (int64_t)cpu.tv_sec * 1000000 + cpu.tv_nsec / 1000;
}

static void sleep_until(int64_t ns) {
    const struct timespec until = {ns / 1000000000, ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0)
        continue;
}

// Until all of them follow, or have version `version`.
static int bench_wait(const struct bench *bench, bool connecting, int64_t version, struct error *error) {
    struct crowd *crowd = bench->crowd;
    int64_t until = crowd_now_ns() + (int64_t)WAIT_S * 1000000000;
    while (connecting ? atomic_load(&crowd->following) < crowd->followers
                      : atomic_load(&crowd->done) < version) {
        if (atomic_load(&crowd->failed))
            return error_set(error, ERROR_SYSTEM, "the followers have ended");
        if (crowd_now_ns() > until)
            return error_set(error, ERROR_SYSTEM, "not within %d s: %d of %d follow", WAIT_S,
                             atomic_load(&crowd->following), crowd->followers);
        sleep_until(crowd_now_ns() + WAIT_STEP_NS);
    }
    return 0;
}

static int bench_commit_loop(struct bench *bench, int64_t count, struct error *error) {
    int64_t begun = crowd_now_ns();
    for (bench->commits = 0; bench->commits < count;) {
        if (bench_take_transaction(bench, error) != 0)
            return -1;
        sleep_until(begun + (int64_t)((double)bench->commits * 1e9 / bench->rate));
        if (bench_apply(bench, error) != 0)
            return -1;
        bench->commits++;
        if (bench->touches && (double)bench->commits > WARM_UP_S * bench->rate)
            bench->commit_ns[bench->commits] = bench->told_ns;
        if (atomic_load(&bench->crowd->failed))
            return error_set(error, ERROR_SYSTEM, "the followers have ended");
    }
    return 0;
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

// Takes commit_ns for the differences.
static void bench_print_latency(struct bench *bench) {
    int count = 0;
    int64_t *samples = bench->commit_ns;
    for (int64_t i = 1; i <= bench->commits; i++)
        if (bench->commit_ns[i] != 0)
            samples[count++] = bench->crowd->done_ns[i] - bench->commit_ns[i];
    qsort(samples, (size_t)count, sizeof *samples, compare);
    static const double parts[] = {0.5, 0.9, 0.99, 0.999};
    (void)printf("\"samples\":%d,\"commit_to_last_ms\":{", count);
    for (size_t i = 0; i < sizeof parts / sizeof *parts && count > 0; i++)
        (void)printf("\"p%g\":%.2f,", parts[i] * 100, (double)samples[(int)(count * parts[i])] / 1e6);
    (void)printf("\"max\":%.2f},", count > 0 ? (double)samples[count - 1] / 1e6 : 0.0);
}

static int bench_measure(struct bench *bench, const char *db, struct error *error) {
    struct crowd *crowd = bench->crowd;
    if (bench_read_version(bench, db, &crowd->first_version, error) != 0 ||
        crowd_connect(crowd, error) != 0 || bench_wait(bench, true, 0, error) != 0)
        return -1;
    int64_t evaluated = atomic_load(&evaluations);
    int64_t events = atomic_load(&crowd->events);
    int64_t begun = crowd_now_ns();
    int64_t cpu = process_cpu_us();
    int64_t own = thread_cpu_us();
    int64_t version;
    if (bench_commit_loop(bench, (int64_t)(bench->rate * (bench->seconds + WARM_UP_S)), error) != 0 ||
        bench_wait(bench, false, crowd->first_version + bench->commits, error) != 0 ||
        bench_read_version(bench, db, &version, error) != 0)
        return -1;
    if (version != crowd->first_version + bench->commits)
        return error_set(error, ERROR_SYSTEM, "a transaction was not one commit");
    double wall_us = (double)(crowd_now_ns() - begun) / 1e3;
    own = thread_cpu_us() - own;
    cpu = process_cpu_us() - cpu - own;
    int64_t crowd_us;
    crowd_stop(crowd, &crowd_us);
    double commits = (double)bench->commits;
    (void)printf("{\"followers\":%d,\"commits\":%" PRId64 ",\"commits_s\":%.0f,", crowd->followers,
                 bench->commits, commits / wall_us * 1e6);
    bench_print_latency(bench);
    (void)printf(
        "\"evaluations_a_commit\":%.3f,\"events_a_commit\":%.3f,\"resets\":%" PRId64
        ",\"server_cpu\":%.2f,\"commit_cpu\":%.2f,\"followers_cpu\":%.2f,\"server_us_an_event\":%.2f,",
        (double)(atomic_load(&evaluations) - evaluated) / commits,
        (double)(atomic_load(&crowd->events) - events) / commits / crowd->followers,
        atomic_load(&crowd->resets), (double)cpu / wall_us, (double)own / wall_us, (double)crowd_us / wall_us,
        (double)cpu / (double)(atomic_load(&crowd->events) - events));
    double load = 0;
    (void)getloadavg(&load, 1);
    (void)printf("\"reads\":%" PRId64 ",\"mb\":%.0f,\"load\":%.2f}\n", atomic_load(&crowd->reads),
                 (double)atomic_load(&crowd->bytes) / 1e6, load);
    return 0;
}

// The snapshot is one commit, before anybody follows.
static int bench_run(struct bench *bench, const char *db, struct error *error) {
    if (bench->rate <= 0 || bench->rate * (bench->seconds + WARM_UP_S) >= CROWD_VERSIONS_MAX - 1 ||
        bench->crowd->followers < 1 || bench->crowd->followers > CROWD_FOLLOWERS_MAX)
        return error_set(error, ERROR_USAGE, "at most %d commits and %d followers", CROWD_VERSIONS_MAX - 2,
                         CROWD_FOLLOWERS_MAX);
    if (crowd_start(bench->crowd, error) != 0 || bench_open(bench, db, error) != 0)
        return -1;
    while (shop_rows(bench->shop) < SNAPSHOT_ROWS + 1)
        if (bench_take_transaction(bench, error) != 0)
            return -1;
    if (bench_apply(bench, error) != 0 || bench_serve(bench, db, error) != 0)
        return -1;
    return bench_measure(bench, db, error);
}

int main(int argc, char **argv) {
    struct crowd *crowd = crowd_new();
    struct bench *bench = calloc(1, sizeof *bench);
    if (argc < 5 || crowd == NULL || bench == NULL) {
        (void)fprintf(stderr, "usage: bench-followers DB PORT RATE SECONDS [FOLLOWERS]\n");
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sqlite3_auto_extension((void (*)(void))count_on_open);
    *bench = (struct bench){.crowd = crowd, .rate = strtod(argv[3], NULL), .seconds = strtod(argv[4], NULL)};
    crowd->port = (int)strtol(argv[2], NULL, 10);
    crowd->followers = argc > 5 ? (int)strtol(argv[5], NULL, 10) : FOLLOWERS;
    (void)snprintf(crowd->path, sizeof crowd->path, "/v1/views/analytics/orders_by_status/follow");
    struct error error = {0};
    int status = bench_run(bench, argv[1], &error);
    if (status != 0)
        (void)fprintf(stderr, "bench-followers: %s\n", error.message);
    bench_free(bench);
    free(bench);
    return status == 0 ? 0 : 1;
}
