// once(): answers as a unique index would, over commits, undone parts, restarts and more keys than stay in
// memory.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/base/embedded.h"
#include "views/base/random.h"
#include "views/engine/delta/dedup.h"
#include "views/engine/delta/dedup_blocks.h"
#include "views/engine/sqlite/stmt.h"

#include <stdio.h>
#include <string.h>

enum { SEED = 4127, STEPS = 40000 };

struct file {
    sqlite3 *db;
    struct dedup *once;
    sqlite3_stmt *ask;
    sqlite3_stmt *oracle;
};

static void sql(struct file *f, const char *text) {
    char *says = NULL;
    if (sqlite3_exec(f->db, text, NULL, NULL, &says) != SQLITE_OK)
        fail_msg("%s: %s", text, says);
}

static void prepare(struct file *f) {
    struct error error;
    assert_int_equal(dedup_open(&f->once, f->db, &error), 0);
    assert_int_equal(
        sqlite3_prepare_v2(f->db, "select once('outbox', 'id', 'kind', ?1, ?2)", -1, &f->ask, NULL),
        SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(f->db, "insert or ignore into told values(?1, ?2)", -1, &f->oracle, NULL),
        SQLITE_OK);
}

static void let_go(struct file *f) {
    stmt_finalize(&f->ask);
    stmt_finalize(&f->oracle);
    dedup_close(&f->once);
}

static int open_file(void **state) {
    static struct file file;
    struct file *f = &file;
    *f = (struct file){0};
    assert_int_equal(sqlite3_open(":memory:", &f->db), SQLITE_OK);
    for (const struct embedded_file *e = engine_embedded; e->path != NULL; e++)
        if (strcmp(e->path, "engine.sql") == 0)
            sql(f, e->bytes);
    sql(f, "create table outbox(seq integer primary key, id integer, kind);"
           "create table told(id, kind, unique(id, kind)); begin");
    prepare(f);
    *state = f;
    return 0;
}

static int close_file(void **state) {
    struct file *f = *state;
    let_go(f);
    assert_int_equal(sqlite3_close(f->db), SQLITE_OK);
    return 0;
}

static void write_out(struct file *f) {
    struct error error;
    if (dedup_write(f->once, &error) != 0)
        fail_msg("%s", error.message);
}

// Answers 1 or 0; -1 = refused.
static int run(sqlite3_stmt *stmt) {
    int answer = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int(stmt, 0) : -1;
    (void)sqlite3_reset(stmt);
    (void)sqlite3_clear_bindings(stmt);
    return answer;
}

static int ask(struct file *f, int64_t key, const char *kind) {
    (void)sqlite3_bind_int64(f->ask, 1, key);
    (void)sqlite3_bind_text(f->ask, 2, kind, -1, SQLITE_TRANSIENT);
    return run(f->ask);
}

static void expect_complaint(struct file *f, const char *text, const char *part) {
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(f->db, text, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ERROR);
    (void)sqlite3_finalize(stmt);
    if (strstr(sqlite3_errmsg(f->db), part) == NULL)
        fail_msg("%s: %s", text, sqlite3_errmsg(f->db));
}

static int64_t count(struct file *f, const char *text) {
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(f->db, text, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t answer = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return answer;
}

// --- against a unique index

static void bind_random(struct file *f, uint64_t *random) {
    static const int64_t edges[] = {INT64_MIN, INT64_MIN + 255, INT64_MIN + 256, -257, -256, -255, -1,
                                    0,         INT64_MAX};
    int64_t key;
    switch (random_below(random, 4)) {
    case 0:
        key = (int64_t)random_below(random, 600) - 300;
        break;
    case 1:
        key = edges[random_below(random, sizeof edges / sizeof *edges)];
        break;
    case 2: // neither neighbours nor the same key again, nearly
        key = (int64_t)(random_below(random, UINT32_MAX) << 31);
        break;
    default:
        key = 100000 + (int64_t)random_below(random, 5000);
    }
    uint64_t kind = random_below(random, 21);
    char text[32];
    (void)snprintf(text, sizeof text, "kind %d", (int)kind);
    sqlite3_stmt *const stmts[] = {f->ask, f->oracle};
    for (int i = 0; i < 2; i++) {
        (void)sqlite3_bind_int64(stmts[i], 1, key);
        if (kind % 3 == 0)
            (void)sqlite3_bind_int64(stmts[i], 2, (int64_t)kind - 6);
        else if (kind != 20)
            (void)sqlite3_bind_text(stmts[i], 2, text, -1, SQLITE_TRANSIENT);
    }
}

static void now_and_then(struct file *f, uint64_t *random) {
    switch (random_below(random, 400)) {
    case 0:
        write_out(f);
        break;
    case 1:
        write_out(f);
        sql(f, "commit; begin");
        break;
    case 2:
        sql(f, "rollback; begin");
        dedup_forget(f->once);
        break;
    case 3: // a part that is undone, after what came before it was written
        write_out(f);
        sql(f, "savepoint part");
        for (int i = 0; i < 20; i++) {
            bind_random(f, random);
            (void)run(f->ask);
            (void)run(f->oracle);
        }
        sql(f, "rollback to part; release part");
        dedup_forget(f->once);
        break;
    case 4:
        write_out(f);
        let_go(f);
        prepare(f);
        break;
    default:
        break;
    }
}

static void test_as_a_unique_index(void **state) {
    struct file *f = *state;
    uint64_t random = SEED;
    print_message("seed %d\n", SEED);
    int told = 0;
    for (int step = 0; step < STEPS; step++) {
        now_and_then(f, &random);
        bind_random(f, &random);
        int answer = run(f->ask);
        int before = sqlite3_total_changes(f->db);
        (void)run(f->oracle);
        int inserted = sqlite3_total_changes(f->db) - before;
        if (answer != inserted)
            fail_msg("step %d: once says %d, a unique index %d", step, answer, inserted);
        told += answer;
    }
    assert_in_range(told, STEPS / 10, STEPS * 9 / 10);
}

static bool adds(struct dedup_blocks *blocks, int64_t set, int64_t key, int number) {
    struct error error;
    bool is_new = false;
    if (dedup_blocks_add(blocks, set, key, number, &is_new, &error) != 0)
        fail_msg("%s", error.message);
    assert_in_range(blocks->count, 1, DEDUP_BLOCKS_MAX);
    return is_new;
}

static void test_more_blocks_than_memory_has(void **state) {
    struct file *f = *state;
    const int64_t keys = DEDUP_BLOCKS_MAX + 1000;
    struct error error;
    CLEANUP(dedup_blocks_done) struct dedup_blocks blocks = {.db = f->db};
    for (int round = 0; round < 2; round++)
        for (int64_t i = 0; i < keys; i++)
            assert_int_equal(adds(&blocks, 1, i * 1000003, 0), round == 0);
    assert_int_equal(dedup_blocks_write(&blocks, &error), 0);
    assert_int_equal(count(f, "select count(*) from _once_blocks"), keys);
}

// Blocks that differ in one of set, part and number only, many enough to meet in memory.
static void test_blocks_are_told_apart(void **state) {
    struct file *f = *state;
    const int many = DEDUP_BLOCKS_MAX / 4;
    CLEANUP(dedup_blocks_done) struct dedup_blocks blocks = {.db = f->db};
    for (int round = 0; round < 2; round++)
        for (int i = 1; i <= many; i++) {
            assert_int_equal(adds(&blocks, i, 5, 0), round == 0);
            assert_int_equal(adds(&blocks, 0, 5, i * DEDUP_PART_BITS), round == 0);
            assert_int_equal(adds(&blocks, 0, (int64_t)i * DEDUP_BLOCK_KEYS, 0), round == 0);
        }
}

static void test_neighbours_share_a_row(void **state) {
    struct file *f = *state;
    for (int64_t i = 0; i < DEDUP_BLOCK_KEYS * 10; i++)
        assert_int_equal(ask(f, i, i % 2 == 0 ? "x" : "y"), 1);
    write_out(f);
    assert_int_equal(count(f, "select count(*) from _once_blocks"), 10);
    assert_int_equal(count(f, "select max(length(told)) from _once_blocks"), DEDUP_BLOCK_KEYS * 2);
}

static void test_null_is_like_no_other(void **state) {
    struct file *f = *state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(count(f, "select once('outbox', 'id', 'kind', null, 'x')"), 1);
        assert_int_equal(count(f, "select once('outbox', 'id', 'kind', 5, null)"), 1);
    }
}

// --- what it knows of the table

static void test_it_learns_what_the_table_has(void **state) {
    struct file *f = *state;
    sql(f, "insert into outbox(id, kind) values(5, 'x'), (5, 7), (6, 'x'), (null, 'x'), (6, null)");
    assert_int_equal(ask(f, 5, "x"), 0);
    assert_int_equal(ask(f, 5, "y"), 1);
    assert_int_equal(ask(f, 6, "x"), 0);
    assert_int_equal(count(f, "select once('outbox', 'id', 'kind', 5, 7)"), 0);
    assert_int_equal(ask(f, 5, "7"), 1); // a text is no number
    assert_int_equal(ask(f, 7, "x"), 1);
    // by whatever names, and other columns are another matter
    assert_int_equal(count(f, "select once('OUTBOX', 'Id', 'KIND', 7, 'x')"), 0);
    assert_int_equal(count(f, "select once('outbox', 'seq', 'kind', 7, 'x')"), 1);
}

// Names need not be constants: each call is asked of its own.
static void test_names_from_rows(void **state) {
    struct file *f = *state;
    sql(f, "insert into outbox(id, kind) values(5, 'x'); insert into told values(6, 'x')");
    static const char by_column[] = "select group_concat(once('outbox', column1, 'kind', 2, 'x'), '')"
                                    " from (values('id'), ('seq'), ('id'), ('seq'))";
    static const char by_table[] = "select group_concat(once(column1, 'id', 'kind', column2, 'x'), '')"
                                   " from (values('outbox', 5), ('told', 5), ('told', 6), ('outbox', 6))";
    assert_int_equal(count(f, by_column), 1100);
    assert_int_equal(count(f, by_table), 101); // 0101
}

static void test_a_table_made_anew_is_learnt_anew(void **state) {
    struct file *f = *state;
    struct error error;
    assert_int_equal(ask(f, 5, "x"), 1);
    assert_int_equal(count(f, "select once('told', 'id', 'kind', 5, 'x')"), 1);
    write_out(f);
    let_go(f);
    sql(f, "delete from outbox; insert into outbox(id, kind) values(6, 'x')");
    assert_int_equal(dedup_drop(f->db, "Outbox", &error), 0);
    prepare(f);
    assert_int_equal(ask(f, 5, "x"), 1);
    assert_int_equal(ask(f, 6, "x"), 0);
    assert_int_equal(count(f, "select once('told', 'id', 'kind', 5, 'x')"), 0);
}

// --- what it refuses

static void test_refusals(void **state) {
    struct file *f = *state;
    expect_complaint(f, "select once('outbix', 'id', 'kind', 1, 'x')", "no such table column: outbix.id");
    expect_complaint(f, "select once('outbox', 'idd', 'kind', 1, 'x')", "no such table column: outbox.idd");
    expect_complaint(f, "select once('outbox', 'id', 'kinds', 1, 'x')", "no such table column: outbox.kinds");
    expect_complaint(f, "select once(null, 'id', 'kind', 1, 'x')", "given as texts");
    expect_complaint(f, "select once('outbox', 'id', 'kind', '1', 'x')", "outbox.id is no integer");
    expect_complaint(f, "select once('outbox', 'id', 'kind', 1, 1.5)", "neither a text nor an integer");
    expect_complaint(f, "select once('outbox', 'id', 'kind', 1, x'00')", "neither a text nor an integer");
}

static void test_too_many_values(void **state) {
    struct file *f = *state;
    char text[32];
    for (int i = 0; i < DEDUP_VALUES_MAX; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        assert_int_equal(ask(f, 1, text), 1);
    }
    assert_int_equal(ask(f, 1, "one more"), -1);
    assert_non_null(strstr(sqlite3_errmsg(f->db), "more than 64 different values"));
    assert_int_equal(ask(f, 1, "63"), 0);
}

static void test_a_damaged_row(void **state) {
    struct file *f = *state;
    static const char *const damages[] = {"x'05'", "x'05010501'", "x'06010501'", "zeroblob(514)"};
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        assert_int_not_equal(ask(f, 261, "x"), -1);
        write_out(f);
        dedup_forget(f->once);
        char text[128];
        (void)snprintf(text, sizeof text, "update _once_blocks set told = %s", damages[i]);
        sql(f, text);
        assert_int_equal(ask(f, 261, "x"), -1);
        assert_non_null(strstr(sqlite3_errmsg(f->db), "_once_blocks: the row (1, 0, 1) is damaged"));
        sql(f, "delete from _once_blocks");
        dedup_forget(f->once);
    }
}

static void test_not_where_nothing_is_applied(void **state) {
    struct file *f = *state;
    struct error error;
    let_go(f);
    assert_int_equal(dedup_declare(f->db, &error), 0);
    expect_complaint(f, "select once('outbox', 'id', 'kind', 1, 'x')", "apply statements only");
    prepare(f);
    sql(f, "create trigger t after insert on outbox begin select once('outbox', 'id', 'kind', 1, 'x'); end");
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(f->db, "insert into outbox(id) values(1)", -1, &stmt, NULL),
                     SQLITE_ERROR);
    assert_non_null(strstr(sqlite3_errmsg(f->db), "unsafe use of once()"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_as_a_unique_index, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_more_blocks_than_memory_has, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_blocks_are_told_apart, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_neighbours_share_a_row, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_null_is_like_no_other, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_it_learns_what_the_table_has, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_names_from_rows, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_a_table_made_anew_is_learnt_anew, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_refusals, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_too_many_values, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_a_damaged_row, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_not_where_nothing_is_applied, open_file, close_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
