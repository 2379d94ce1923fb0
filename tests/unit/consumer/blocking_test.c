// A blocking snapshot that was asked for some rows takes none away, whatever comes between its rows and its end: a restart too.
#include "consumer/apply/apply.h"

#include "tests/unit/shop_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>

enum { MESSAGES_MAX = 4, TEXT_SIZE = 512 };

static int64_t now_ms;

static int64_t virtual_ms(void) {
    return now_ms;
}

// One partition's log, delivered whole.
struct log {
    struct message messages[MESSAGES_MAX];
    char keys[MESSAGES_MAX][TEXT_SIZE];
    char values[MESSAGES_MAX][TEXT_SIZE];
    int count;
    int next;
};

static const struct message *peek(void *self, int slot) {
    struct log *log = self;
    (void)slot;
    return log->next < log->count ? &log->messages[log->next] : NULL;
}

static void release(void *self, int slot) {
    (void)slot;
    ((struct log *)self)->next++;
}

static bool at_end(void *self, int slot) {
    return peek(self, slot) == NULL;
}

// `sequence`: the commit before the row's own, 0 = none is named.
static void add(struct log *log, int64_t offset, int id, const char *op, const char *snapshot, int lsn,
                int sequence) {
    char before[32] = "null";
    if (sequence != 0)
        (void)snprintf(before, sizeof before, "\\\"%d\\\"", sequence);
    int i = log->count++;
    (void)snprintf(log->keys[i], TEXT_SIZE, "{\"order_id\":%d,\"customer_id\":1}", id);
    (void)snprintf(
        log->values[i], TEXT_SIZE,
        "{\"before\":null,\"after\":{\"order_id\":%d,\"customer_id\":1,\"points\":1,\"reason\":null},"
        "\"source\":{\"ts_ms\":1795386736089,\"snapshot\":\"%s\",\"sequence\":\"[%s,\\\"%d\\\"]\","
        "\"schema\":\"public\",\"table\":\"points\",\"txId\":9,\"lsn\":%d},\"op\":\"%s\","
        "\"ts_ms\":1795386736089}",
        id, snapshot, before, lsn, lsn, op);
    log->messages[i] = (struct message){.offset = offset,
                                        .ts_ms = 1000 + offset,
                                        .key = span_of(log->keys[i]),
                                        .value = span_of(log->values[i])};
}

// A run of the program over the log. `sweep`: it goes on until what its snapshots do not have is gone.
static void run(const struct shop_file *file, const struct catalog *catalog, struct log *log, bool sweep) {
    struct store *store;
    struct progress *progress;
    struct apply *apply;
    struct store_report report;
    struct error error = {0};
    assert_int_equal(store_open(&store, file->path, catalog, &report, &error), 0);
    assert_int_equal(progress_new(&progress, &error), 0);
    const struct apply_config config = {
        .catalog = catalog,
        .store = store,
        .progress = progress,
        .source = {.self = log, .peek = peek, .release = release, .at_end = at_end},
        .prefix = "shop",
        .settings = &value_settings_default,
        .commit_messages = APPLY_COMMIT_MESSAGES,
        .monotonic_ms = virtual_ms,
    };
    assert_int_equal(apply_new(&apply, &config, &error), 0);
    int slot;
    int64_t next;
    int64_t taken = 1;
    assert_int_equal(apply_add_partition(apply, "shop.public.points", 0, &slot, &next, &error), 0);
    while (taken > 0)
        assert_int_equal(apply_step(apply, &taken, &error), 0);
    for (int i = 0; sweep && i < 3; i++, now_ms += 1000)
        assert_int_equal(apply_sweep(apply, at_end, log, false, &error), 0);
    assert_int_equal(apply_commit(apply, &error), 0);
    apply_free(&apply);
    progress_free(&progress);
    store_close(&store);
}

static int rows(const struct shop_file *file) {
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open(file->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "select count(*) from points", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int count = sqlite3_column_int(stmt, 0);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return count;
}

// Two rows, a snapshot that was asked for one of them, and a row behind it.
static int rows_after(int sequence, bool restart) {
    struct shop_file file;
    struct catalog *catalog = NULL;
    struct error error = {0};
    struct log log = {0};
    struct log behind = {0};
    shop_file_make(&file, "blocking");
    assert_int_equal(catalog_load(NULL, NULL, &catalog, &error), 0);
    add(&log, 0, 1, "c", "false", 1000, 900);
    add(&log, 1, 2, "c", "false", 1001, 900);
    add(&log, 2, 2, "r", "last", 2000, sequence);
    if (restart)
        run(&file, catalog, &log, false);
    add(restart ? &behind : &log, 3, 3, "c", "false", 3000, 2000);
    run(&file, catalog, restart ? &behind : &log, true);
    int count = rows(&file);
    catalog_free(&catalog);
    shop_file_remove(&file);
    return count;
}

static void a_blocking_snapshot_takes_no_row(void **state) {
    (void)state;
    assert_int_equal(rows_after(2000, false), 3);
    assert_int_equal(rows_after(2000, true), 3);
}

static void one_that_begins_a_stream_does(void **state) {
    (void)state;
    assert_int_equal(rows_after(0, false), 2);
    assert_int_equal(rows_after(0, true), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_blocking_snapshot_takes_no_row),
        cmocka_unit_test(one_that_begins_a_stream_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
