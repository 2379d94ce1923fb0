// What a reader sees after EVERY commit of a replay: the tables that views keep equal their aggregates over
// the mirror, kept set by set they equal those kept by triggers, and a source's invariant holds
// (transfers.jsonl: each transaction keeps the stock's sum and one reservation an order). The commits are
// seen from within, on a connection of their own, so none is missed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "consumer/capture.h"
#include "consumer/replay.h"
#include "views/base/cleanup.h"
#include "views/base/log.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

// transfers.jsonl is reset by two transactions: the stock, then the orders.
enum { RESET_TRANSACTIONS = 2, LINES_MAX = 20000, PARTITIONS_MAX = 64, PATH_SIZE = 512 };

// What a view keeps, as its query shows it, and the same computed at once.
#define SOLD "status in ('paid','shipped')"
static const struct {
    const char *view;
    const char *query;
    const char *columns;
    const char *computed;
} aggregates[] = {
    {"analytics", "orders_by_status", "status, orders, total",
     "select status, count(*), coalesce(sum(total),0) from orders group by status"},
    {"analytics", "revenue_by_day", "placed_on, orders, revenue",
     "select placed_on, count(*), coalesce(sum(total),0) from orders where " SOLD " group by placed_on"},
    {"analytics", "top_skus", "sku, quantity, revenue",
     "select sku, coalesce(sum(quantity),0), coalesce(sum(total),0) from orders where " SOLD " group by sku"},
    {"analytics", "customers_by_tier", "loyalty_tier, customers",
     "select loyalty_tier, count(*) from customers group by loyalty_tier"},
    {"loyalty", "points", "customer_id, points, orders",
     "select customer_id, coalesce(sum(points),0), count(*) from points group by customer_id"},
    {"warehouse", "stock", "sku, to_ship",
     "select sku, (select coalesce(sum(quantity),0) from orders o where o.status='paid' and o.sku=i.sku)"
     " from inventory i"},
};
enum { AGGREGATES = sizeof aggregates / sizeof *aggregates };

// Tables that have a twin kept by triggers, rows_NAME (tests/blackbox/views), and the rows of both that
// count.
static const struct {
    const char *table;
    const char *where;
} twins[] = {
    {"analytics_orders_by_status", "orders > 0"},
    {"analytics_revenue_by_day", "orders > 0"},
    {"analytics_top_skus", "orders > 0"},
    {"analytics_customers_by_tier", "customers > 0"},
    {"loyalty_balance", "orders > 0"},
    {"warehouse_to_ship", "quantity <> 0"},
    {"email_outbox", "true"},
};
enum { TWINS = sizeof twins / sizeof *twins };
#define TWIN_VIEWS FIXTURES "/../tests/blackbox/views"

struct watch {
    const char *views;   // as catalog_load has it
    int commit_messages; // 0 = 1
    sqlite3 *db;
    sqlite3_stmt *aggregates[AGGREGATES];
    sqlite3_stmt *twins[TWINS]; // with TWIN_VIEWS
    sqlite3_stmt *position;     // sequenced_lsn, applied_total, transactional
    sqlite3_stmt *sums;         // sum(on_hand), paid orders - sum(reserved)
    int64_t commits;
    int64_t wrong;         // commits after which an aggregate or a twin differs
    int64_t torn;          // commits that break the invariant
    int64_t checked;       // commits at which the invariant must hold
    int64_t whole_from;    // sequenced_lsn from which it does, -1 = it is not looked at
    int64_t preamble_last; // applied_total after which every snapshot row is there
};

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql) {
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    return stmt;
}

static int64_t column(sqlite3_stmt *stmt, int number) {
    return sqlite3_column_int64(stmt, number);
}

// Whether the two that a statement compares differ.
static bool differs(const struct watch *watch, sqlite3_stmt *stmt, const char *what) {
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t rows = column(stmt, 0);
    (void)sqlite3_reset(stmt);
    if (rows != 0)
        print_error("commit %lld: %s\n", (long long)watch->commits, what);
    return rows != 0;
}

static void on_commit(void *self) {
    struct watch *watch = self;
    if (watch->db == NULL)
        return;
    assert_int_equal(sqlite3_exec(watch->db, "begin", NULL, NULL, NULL), SQLITE_OK);
    watch->commits++;
    bool wrong = false;
    for (int i = 0; i < AGGREGATES && !wrong; i++)
        wrong = differs(watch, watch->aggregates[i], aggregates[i].query);
    for (int i = 0; i < TWINS && watch->views != NULL && !wrong; i++)
        wrong = differs(watch, watch->twins[i], twins[i].table);
    watch->wrong += wrong;
    assert_int_equal(sqlite3_step(watch->position), SQLITE_ROW);
    bool looked_at = watch->whole_from >= 0 && column(watch->position, 0) >= watch->whole_from &&
                     column(watch->position, 1) >= watch->preamble_last;
    // Once it says "transactional", it must be.
    looked_at |= watch->whole_from >= 0 && column(watch->position, 2) == 1 &&
                 column(watch->position, 0) >= watch->whole_from;
    (void)sqlite3_reset(watch->position);
    if (looked_at) {
        assert_int_equal(sqlite3_step(watch->sums), SQLITE_ROW);
        watch->checked++;
        watch->torn += column(watch->sums, 0) != 2000 || column(watch->sums, 1) != 0;
        if (column(watch->sums, 0) != 2000 || column(watch->sums, 1) != 0)
            print_error("commit %lld: sum(on_hand) %lld, paid orders beyond reserved %lld\n",
                        (long long)watch->commits, (long long)column(watch->sums, 0),
                        (long long)column(watch->sums, 1));
        (void)sqlite3_reset(watch->sums);
    }
    (void)sqlite3_exec(watch->db, "commit", NULL, NULL, NULL);
}

// Counts the rows that only one of the two has.
#define DIFFERENCES                                                                                          \
    "with kept as (%s), computed as (%s) select count(*) from"                                               \
    " (select * from (select * from kept except select * from computed) union all"                           \
    " select * from (select * from computed except select * from kept))"

static sqlite3_stmt *prepare_twin(sqlite3 *db, int number) {
    char *kept = sqlite3_mprintf("select * from %s where %s", twins[number].table, twins[number].where);
    char *rows = sqlite3_mprintf("select * from rows_%s where %s", twins[number].table, twins[number].where);
    char *sql = sqlite3_mprintf(DIFFERENCES, kept, rows);
    sqlite3_stmt *stmt = prepare(db, sql);
    sqlite3_free(kept);
    sqlite3_free(rows);
    sqlite3_free(sql);
    return stmt;
}

static sqlite3_stmt *prepare_aggregate(sqlite3 *db, const struct catalog *catalog, int number) {
    const struct query *query =
        view_query(catalog_view(catalog, aggregates[number].view), aggregates[number].query);
    assert_non_null(query);
    char *kept = sqlite3_mprintf("select %s from (%s)", aggregates[number].columns, query->sql);
    char *sql = sqlite3_mprintf(DIFFERENCES, kept, aggregates[number].computed);
    sqlite3_stmt *stmt = prepare(db, sql);
    sqlite3_free(kept);
    sqlite3_free(sql);
    return stmt;
}

static void watch_open(struct watch *watch, const char *path, const struct catalog *catalog) {
    assert_int_equal(sqlite3_open_v2(path, &watch->db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (int i = 0; i < AGGREGATES; i++)
        watch->aggregates[i] = prepare_aggregate(watch->db, catalog, i);
    for (int i = 0; i < TWINS && watch->views != NULL; i++)
        watch->twins[i] = prepare_twin(watch->db, i);
    watch->position =
        prepare(watch->db, "select coalesce(sequenced_lsn,-1), applied_total, transactional from _position");
    watch->sums = prepare(watch->db, "select (select sum(on_hand) from inventory),"
                                     " (select count(*) from orders where status='paid')"
                                     " - (select sum(reserved) from inventory)");
}

static void watch_close(struct watch *watch) {
    for (int i = 0; i < AGGREGATES; i++)
        (void)sqlite3_finalize(watch->aggregates[i]);
    for (int i = 0; i < TWINS; i++)
        (void)sqlite3_finalize(watch->twins[i]);
    (void)sqlite3_finalize(watch->position);
    (void)sqlite3_finalize(watch->sums);
    (void)sqlite3_close(watch->db);
}

struct folder {
    char path[64];
};

static struct folder folder_make(void) {
    struct folder folder = {"/tmp/tidemark-commits-XXXXXX"};
    assert_non_null(mkdtemp(folder.path));
    return folder;
}

static void folder_remove(struct folder *folder) {
    DIR *directory = opendir(folder->path);
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        char path[PATH_SIZE];
        (void)snprintf(path, sizeof path, "%s/%s", folder->path, entry->d_name);
        (void)unlink(path);
    }
    if (directory != NULL)
        (void)closedir(directory);
    (void)rmdir(folder->path);
}

// Replays one capture, where possible a commit a message, under the eyes of `watch`.
static void replay_watched(const char *capture, struct watch *watch) {
    CLEANUP(folder_remove) struct folder folder = folder_make();
    char db[PATH_SIZE];
    (void)snprintf(db, sizeof db, "%s/watched.db", folder.path);
    struct error error = {0};
    CLEANUP(catalog_free) struct catalog *catalog = NULL;
    CLEANUP(progress_free) struct progress *progress = NULL;
    CLEANUP(store_close) struct store *store = NULL;
    struct store_report report;
    if (catalog_load(watch->views, NULL, &catalog, &error) != 0 || progress_new(&progress, &error) != 0 ||
        store_open(&store, db, catalog, &report, &error) != 0)
        fail_msg("%s", error.message);
    watch_open(watch, db, catalog);
    assert_true(progress_on_commit(progress, on_commit, watch));
    const char *const captures[] = {capture};
    const struct replay_config config = {
        .captures = captures,
        .capture_count = 1,
        .apply = {.catalog = catalog,
                  .store = store,
                  .progress = progress,
                  .settings = &value_settings_default,
                  .commit_messages = watch->commit_messages > 0 ? watch->commit_messages : 1}};
    int status = replay_run(&config, NULL, &error);
    progress_off_commit(progress, watch);
    watch_close(watch);
    if (status != 0)
        fail_msg("%s: %s", capture, error.message);
}

static void aggregates_after_every_commit(void **state) {
    (void)state;
    DIR *directory = opendir(FIXTURES "/captures");
    assert_non_null(directory);
    int captures = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        size_t size = strlen(entry->d_name);
        if (size < 6 || strcmp(entry->d_name + size - 6, ".jsonl") != 0)
            continue;
        char path[PATH_SIZE];
        (void)snprintf(path, sizeof path, "%s/captures/%s", FIXTURES, entry->d_name);
        // Beside triggers each change is written as it comes, else many at once.
        static const struct {
            const char *views;
            int commit_messages;
        } runs[] = {{NULL, 1}, {NULL, 40}, {TWIN_VIEWS, 10}};
        for (size_t run = 0; run < sizeof runs / sizeof *runs; run++) {
            struct watch watch = {
                .views = runs[run].views, .commit_messages = runs[run].commit_messages, .whole_from = -1};
            replay_watched(path, &watch);
            print_message("%s: %lld commits\n", entry->d_name, (long long)watch.commits);
            assert_int_equal(watch.wrong, 0);
            assert_true(watch.commits > 3);
        }
        captures++;
    }
    (void)closedir(directory);
    assert_true(captures >= 8);
}

// --- transfers.jsonl in other orders

struct line {
    struct span text; // with its newline
    int partition;    // in `lines`' own numbering
};

struct lines {
    char *bytes;
    struct line *list;
    int count;
    int preamble; // lines up to the END of the reset, which comes first
    int64_t reset_lsn;
    int64_t preamble_total; // sum of the next offsets after them
    char names[PARTITIONS_MAX][128];
    int partitions;
};

static int number_of(struct lines *lines, const struct capture_line *line) {
    char name[128];
    (void)snprintf(name, sizeof name, "%.*s/%d", (int)line->topic.size, line->topic.data,
                   (int)line->partition);
    for (int i = 0; i < lines->partitions; i++)
        if (strcmp(lines->names[i], name) == 0)
            return i;
    assert_true(lines->partitions < PARTITIONS_MAX);
    (void)snprintf(lines->names[lines->partitions], sizeof lines->names[0], "%s", name);
    return lines->partitions++;
}

// The commit LSN of an END, -1 = not an END: "id":"TXID:LSN".
static int64_t end_lsn(const struct capture_line *line) {
    char value[1024];
    if (line->value.data == NULL || line->value.size >= sizeof value || line->topic.size < 12 ||
        memcmp(line->topic.data + line->topic.size - 12, ".transaction", 12) != 0)
        return -1;
    memcpy(value, line->value.data, line->value.size);
    value[line->value.size] = '\0';
    const char *id = strstr(value, "\"id\":\"");
    const char *colon = id != NULL ? strchr(id + 6, ':') : NULL;
    return strstr(value, "\"END\"") != NULL && colon != NULL ? strtoll(colon + 1, NULL, 10) : -1;
}

static void lines_read(struct lines *lines, const char *path) {
    *lines = (struct lines){.list = calloc(LINES_MAX, sizeof *lines->list), .reset_lsn = -1};
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_non_null(lines->list);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size_t size = (size_t)ftell(file);
    rewind(file);
    lines->bytes = malloc(size);
    assert_non_null(lines->bytes);
    assert_int_equal(fread(lines->bytes, 1, size, file), size);
    (void)fclose(file);
    struct error error = {0};
    CLEANUP(capture_close) struct capture *capture = NULL;
    assert_int_equal(capture_open_bytes(&capture, (struct span){lines->bytes, size}, path, &error), 0);
    CLEANUP(arena_free) struct arena arena = {0};
    struct capture_line line;
    int64_t next[PARTITIONS_MAX] = {0};
    int ends = 0;
    while (capture_next(capture, &arena, &line, &error) == 1) {
        assert_true(lines->count < LINES_MAX);
        size_t at = capture_place(capture);
        const char *end = memchr(lines->bytes + at, '\n', size - at);
        assert_non_null(end);
        int number = number_of(lines, &line);
        lines->list[lines->count++] =
            (struct line){{lines->bytes + at, (size_t)(end + 1 - (lines->bytes + at))}, number};
        next[number] = line.offset + 1;
        int64_t lsn = end_lsn(&line);
        if (lsn >= 0 && ++ends == RESET_TRANSACTIONS) {
            lines->reset_lsn = lsn;
            lines->preamble = lines->count;
            for (int i = 0; i < lines->partitions; i++)
                lines->preamble_total += next[i];
        }
        arena_reset(&arena);
    }
    assert_true(lines->reset_lsn >= 0);
}

static void lines_free(struct lines *lines) {
    free(lines->bytes);
    free(lines->list);
}

static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

// The preamble as it was; then runs of up to `run` messages from partitions taken at random.
static void write_order(const struct lines *lines, const char *path, uint64_t seed, int run) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    int at[PARTITIONS_MAX]; // the next line of each partition
    for (int i = 0; i < lines->preamble; i++)
        (void)fwrite(lines->list[i].text.data, 1, lines->list[i].text.size, file);
    for (int p = 0; p < lines->partitions; p++)
        at[p] = lines->preamble;
    for (int left = lines->count - lines->preamble; left > 0;) {
        int p = (int)(next_random(&seed) % (uint64_t)lines->partitions);
        for (int n = 1 + (int)(next_random(&seed) % (uint64_t)run); n > 0; n--) {
            while (at[p] < lines->count && lines->list[at[p]].partition != p)
                at[p]++;
            if (at[p] == lines->count)
                break;
            (void)fwrite(lines->list[at[p]].text.data, 1, lines->list[at[p]].text.size, file);
            at[p]++;
            left--;
        }
    }
    assert_int_equal(fclose(file), 0);
}

// A sanitized build is some times slower and looks for other mistakes than wrong rows.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SEEDS = 2 };
#else
enum { SEEDS = 8 };
#endif

static void no_commit_shows_half_a_transaction(void **state) {
    (void)state;
    CLEANUP(lines_free) struct lines lines;
    lines_read(&lines, FIXTURES "/captures/transfers.jsonl");
    CLEANUP(folder_remove) struct folder folder = folder_make();
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/order.jsonl", folder.path);
    static const int runs[] = {1, 3, 40, 400};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        write_order(&lines, path, seed * 0x9e3779b97f4a7c15u, runs[seed % 4]);
        struct watch watch = {.whole_from = lines.reset_lsn, .preamble_last = lines.preamble_total};
        replay_watched(path, &watch);
        print_message("seed %d: %lld commits, %lld looked at, %lld torn\n", (int)seed,
                      (long long)watch.commits, (long long)watch.checked, (long long)watch.torn);
        assert_int_equal(watch.wrong, 0);
        assert_int_equal(watch.torn, 0);
        assert_true(watch.checked > 100);
    }
}

int main(void) {
    log_setup(LEVEL_ERROR, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aggregates_after_every_commit),
        cmocka_unit_test(no_commit_shows_half_a_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
