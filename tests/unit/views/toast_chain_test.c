// A row whose key changes several times, with an unchanged TOAST value each time: however the messages of its keys are
// delivered (each key's in their order), its last key has the value. Seeded; a failing seed is printed.
#include "views/base/random.h"
#include "views/engine/store.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
#ifdef __SANITIZE_ADDRESS__ // some times slower
    SEEDS = 200,
#else
    SEEDS = 1000,
#endif
    SEED = 20261128,
    KEYS_MAX = 5,
    CHANGES_MAX = 6, // of one key
    TEXT_SIZE = 160,
};

static char texts[2 * KEYS_MAX + 2][TEXT_SIZE]; // long enough to be TOASTed

struct step {
    enum change_op op;
    int64_t lsn;
    int64_t txid;
    int bio; // number of its text, -1 = unavailable
    int notes;
};

struct chain {
    struct step steps[KEYS_MAX][CHANGES_MAX];
    int counts[KEYS_MAX];
    int keys;
    int bio;   // that the last key has in the end
    int notes; // the same
    bool deleted;
};

static int below(uint64_t *random, int count) {
    return (int)random_below(random, (uint64_t)count);
}

static void push(struct chain *chain, int key, struct step step) {
    chain->steps[key][chain->counts[key]++] = step;
}

static void make(struct chain *chain, uint64_t *random) {
    *chain = (struct chain){.keys = 2 + below(random, KEYS_MAX - 1)};
    bool one_transaction = below(random, 3) == 0;
    int64_t lsn = 10, txid = 700;
    int texts_used = 1;
    push(chain, 0, (struct step){CHANGE_CREATE, lsn, txid, 0, 0});
    for (int key = 0; key < chain->keys; key++) {
        if (!one_transaction)
            txid++;
        if (below(random, 3) == 0) {
            bool changes = below(random, 3) == 0;
            chain->bio = changes ? texts_used++ : chain->bio;
            push(chain, key,
                 (struct step){CHANGE_UPDATE, lsn += 10, txid, changes ? chain->bio : -1, ++chain->notes});
        }
        if (key + 1 == chain->keys)
            break;
        lsn += 10;
        push(chain, key, (struct step){CHANGE_DELETE, lsn, txid, -1, 0});
        push(chain, key + 1, (struct step){CHANGE_CREATE, lsn, txid, -1, chain->notes});
    }
    chain->deleted = below(random, 8) == 0;
    if (chain->deleted)
        push(chain, chain->keys - 1, (struct step){CHANGE_DELETE, lsn + 10, txid, -1, 0});
}

struct fixture {
    char path[64];
    struct catalog *catalog;
    struct store *store;
    const struct table *customers;
};

static int set_up(void **state) {
    static struct fixture f;
    f = (struct fixture){.path = "/tmp/tidemark-chain-XXXXXX"};
    int fd = mkstemp(f.path);
    assert_true(fd >= 0);
    (void)close(fd);
    struct error error = {0};
    struct store_report report;
    assert_int_equal(catalog_load(NULL, NULL, &f.catalog, &error), 0);
    assert_int_equal(store_open(&f.store, f.path, f.catalog, &report, &error), 0);
    f.customers = catalog_table(f.catalog, "customers", 9);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        memset(texts[i], 'a' + (int)i, TEXT_SIZE - 1);
        texts[i][TEXT_SIZE - 1] = '\0';
    }
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    store_close(&f->store);
    catalog_free(&f->catalog);
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        char path[80];
        (void)snprintf(path, sizeof path, "%s%s", f->path, suffixes[i]);
        (void)unlink(path);
    }
    return 0;
}

static void commit(struct fixture *f) {
    struct error error = {0};
    const struct store_commit description = {
        .lsn = LSN_NONE, .txid = -1, .sequence = {.lsn = LSN_NONE}, .offsets = SPAN("{}")};
    if (store_in_transaction(f->store) && store_commit(f->store, &description, &error) != 0)
        fail_msg("%s", error.message);
}

// `base` tells the chains of the seeds apart.
static void apply(struct fixture *f, const struct step *step, int64_t id, int64_t base) {
    static struct value values[TABLE_COLUMNS_MAX];
    memset(values, 0, sizeof values);
    char name[16];
    (void)snprintf(name, sizeof name, "%d", step->notes);
    values[table_column(f->customers, "id", 2)] = (struct value){.kind = VALUE_INTEGER, .integer = id};
    if (step->op != CHANGE_DELETE) {
        values[table_column(f->customers, "full_name", 9)] =
            (struct value){.kind = VALUE_TEXT, .bytes = span_of(name)};
        values[table_column(f->customers, "bio", 3)] =
            step->bio >= 0 ? (struct value){.kind = VALUE_TEXT, .bytes = span_of(texts[step->bio])}
                           : (struct value){.kind = VALUE_UNAVAILABLE};
    }
    const struct change change = {.op = step->op,
                                  .table = f->customers,
                                  .values = values,
                                  .lsn = base + step->lsn,
                                  .previous_commit = LSN_NONE,
                                  .txid = base + step->txid,
                                  .total_order = 0,
                                  .unordered = true,
                                  .ts_ms = 1700000000000 + base};
    enum store_outcome outcome;
    struct error error = {0};
    if (!store_in_transaction(f->store))
        store_begin(f->store);
    if (store_apply(f->store, &change, &outcome, &error) != 0)
        fail_msg("%s", error.message);
}

// Each key's changes in their order, the keys in any.
static void deliver(struct fixture *f, const struct chain *chain, int64_t base, uint64_t *random) {
    int next[KEYS_MAX] = {0};
    int left = 0;
    for (int key = 0; key < chain->keys; key++)
        left += chain->counts[key];
    while (left > 0) {
        int key = below(random, chain->keys);
        if (next[key] == chain->counts[key])
            continue;
        apply(f, &chain->steps[key][next[key]++], base + key, base);
        left--;
        if (below(random, 3) == 0)
            commit(f);
    }
    commit(f);
}

static void check(const struct fixture *f, const struct chain *chain, int64_t base, int seed) {
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "select id, full_name, bio from customers where id between ? and ?",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    (void)sqlite3_bind_int64(stmt, 1, base);
    (void)sqlite3_bind_int64(stmt, 2, base + KEYS_MAX);
    bool found = sqlite3_step(stmt) == SQLITE_ROW;
    char notes[16];
    (void)snprintf(notes, sizeof notes, "%d", chain->notes);
    if (found == chain->deleted)
        fail_msg("seed %d: the row is %s", seed, found ? "there" : "not there");
    if (found) {
        const char *bio = (const char *)sqlite3_column_text(stmt, 2);
        if (sqlite3_column_int64(stmt, 0) != base + chain->keys - 1 ||
            strcmp((const char *)sqlite3_column_text(stmt, 1), notes) != 0)
            fail_msg("seed %d: another row is there", seed);
        if (bio == NULL || strcmp(bio, texts[chain->bio]) != 0)
            fail_msg("seed %d: the value of %d keys is %.4s, not %.4s", seed, chain->keys,
                     bio != NULL ? bio : "null", texts[chain->bio]);
        if (sqlite3_step(stmt) != SQLITE_DONE)
            fail_msg("seed %d: more than one row", seed);
    }
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
}

static void the_last_key_has_the_value(void **state) {
    struct fixture *f = *state;
    uint64_t random = SEED;
    struct chain chain;
    for (int seed = 0; seed < SEEDS; seed++) {
        int64_t base = (int64_t)seed * 1000 + 1000;
        make(&chain, &random);
        deliver(f, &chain, base, &random);
        check(f, &chain, base, seed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_last_key_has_the_value, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
