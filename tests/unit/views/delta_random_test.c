// Random changes against a plain model of the mirror's rules (views/engine/mirror/mirror.h): repeats, old positions,
// deletes, snapshots, truncates and partial rows over few keys, with commits, rollbacks and restarts at
// random. After every commit the mirror, sums kept in several ways and the log of changes, with the customer
// of each as he was then, are what the model says.
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"

#include "views/base/random.h"

enum {
    KEYS = 7,
    GROUPS = 4,
    ROUNDS = 2500,
    COMMIT_CHANGES_MAX = 60,
    OLD = 25,
    FIRST_MS =
        2 * 24 * 3600 * 1000, // later than all that follows, and what was deleted is looked through once
};

// A sanitized build is some times slower and looks for other mistakes than wrong rows.
#ifdef __SANITIZE_ADDRESS__
enum { SEEDS = 4 };
#else
enum { SEEDS = 8 };
#endif

enum {
    TEXT_KEYS = 1 << 0,
    TRIGGERS = 1 << 1, // each change is written as it comes
    AT_ONLY = 1 << 2,  // no statement looks customers up, so none runs before they change
    KINDS = 1 << 3,
};

#define NONE INT64_MIN // NULL

// A row of orders (a the customer, b the amount) or of customers (a the name, b the city).
struct row {
    bool there;
    int64_t a;
    int64_t b;
    int64_t lsn;
    int64_t snapshot;
    int64_t deleted; // what a delete left behind
};

enum { ORDERS, CUSTOMERS, TABLES };
static const char *const names[TABLES] = {"orders", "customers"};

struct model {
    struct row rows[TABLES][KEYS];
    int64_t truncated[TABLES];
    int64_t snapshot[TABLES];
    bool has_chunks[TABLES];
    char log[FIXTURE_ROW_SIZE]; // what the view's log gets since the newest commit
    size_t log_size;
};

struct run {
    struct fixture f;
    uint64_t random;
    int64_t lsn;
    struct model now;
    struct model committed;
    int changes; // since the newest commit
    int commits;
    unsigned kind;
    bool mostly_read; // half of the changes are rows of snapshots
};

static int64_t below(struct run *run, int count) {
    return (int64_t)random_below(&run->random, (uint64_t)count);
}

static bool one_in(struct run *run, int count) {
    return below(run, count) == 0;
}

// --- the model

static const char *text_of(int64_t value, char text[24]) {
    (void)snprintf(text, 24, value == NONE ? "-" : "%lld", (long long)value);
    return text;
}

static void note(struct model *model, char op, int key, const struct row *old, const struct row *new) {
    char texts[6][24];
    const struct row *its = new->there ? new : old;
    const struct row *customer = its->a >= 0 && its->a < KEYS ? &model->rows[CUSTOMERS][its->a] : NULL;
    bool is_known = customer != NULL && customer->there;
    model->log_size += (size_t)snprintf(
        model->log + model->log_size, sizeof model->log - model->log_size, "%s%c|%d|%s|%s|%s|%s|%s|%s",
        model->log_size > 0 ? ", " : "", op, key, text_of(old->there ? old->a : NONE, texts[0]),
        text_of(old->there ? old->b : NONE, texts[1]), text_of(new->there ? new->a : NONE, texts[2]),
        text_of(new->there ? new->b : NONE, texts[3]), text_of(is_known ? customer->a : NONE, texts[4]),
        text_of(is_known ? customer->b : NONE, texts[5]));
    assert_true(model->log_size < sizeof model->log);
}

static void set_row(struct model *model, int table, int key, char op, struct row row) {
    const struct row old = model->rows[table][key];
    model->rows[table][key] = row;
    if (table == ORDERS && (old.there || row.there))
        note(model, op, key, &old, &row);
}

static struct row without(struct row row) {
    return (struct row){.lsn = -1, .snapshot = -1, .deleted = row.deleted};
}

// A repeat of the row's newest change takes back what a chunk wrote over it.
static void write_again(struct model *model, int table, int key, char op, int64_t lsn, struct row row) {
    const struct row is = model->rows[table][key];
    bool differs = row.a != is.a || row.b != is.b;
    if (model->has_chunks[table] && is.there && is.lsn == lsn && is.snapshot < lsn && differs)
        set_row(model, table, key, op, row);
}

static bool write_streamed(struct model *model, int table, int key, char op, int64_t lsn, int64_t a,
                           int64_t b, bool has_b) {
    struct row row = model->rows[table][key];
    bool repeated = lsn < model->truncated[table] || lsn <= row.deleted || (row.there && lsn <= row.lsn);
    row.b = has_b ? b : row.there ? row.b : NONE;
    row.a = a;
    if (repeated) {
        write_again(model, table, key, op, lsn, row);
        return false;
    }
    row.lsn = lsn;
    row.there = true;
    set_row(model, table, key, op, row);
    return true;
}

static void delete_row(struct model *model, int table, int key, int64_t lsn) {
    struct row row = model->rows[table][key];
    bool again =
        model->has_chunks[table] && row.there && lsn == row.deleted && row.lsn < lsn && row.snapshot < lsn;
    if (again)
        set_row(model, table, key, 'd', without(row));
    if (lsn < model->truncated[table] || lsn <= row.deleted || (row.there && lsn <= row.lsn))
        return;
    row.deleted = model->rows[table][key].deleted = lsn;
    if (row.there)
        set_row(model, table, key, 'd', without(row));
}

static bool write_snapshot(struct model *model, int table, int key, int64_t lsn, int64_t a, int64_t b) {
    struct row row = model->rows[table][key];
    if (lsn > model->snapshot[table])
        model->snapshot[table] = lsn;
    if (lsn < model->snapshot[table] || lsn < model->truncated[table] || lsn < row.deleted ||
        (row.there && lsn < row.lsn))
        return false;
    row.a = a;
    row.b = b;
    row.snapshot = lsn;
    row.there = true;
    set_row(model, table, key, 'r', row);
    return true;
}

// An incremental snapshot's row: what it meets was in the log before it.
static void write_incremental(struct model *model, int table, int key, int64_t a, int64_t b) {
    struct row row = model->rows[table][key];
    row.a = a;
    row.b = b;
    row.there = true;
    model->has_chunks[table] = true;
    set_row(model, table, key, 'r', row);
}

static void truncate_rows(struct model *model, int table, int64_t lsn) {
    if (lsn <= model->truncated[table])
        return;
    for (int key = 0; key < KEYS; key++) {
        struct row row = model->rows[table][key];
        if (row.there && row.lsn < lsn && row.snapshot < lsn)
            set_row(model, table, key, 'd', without(row));
    }
    model->truncated[table] = lsn;
}

static int sweep_rows(struct model *model, int table) {
    int swept = 0;
    for (int key = 0; key < KEYS; key++) {
        struct row row = model->rows[table][key];
        if (!row.there || row.snapshot == model->snapshot[table] || row.lsn >= model->snapshot[table])
            continue;
        if (row.lsn > row.deleted)
            row.deleted = row.lsn;
        set_row(model, table, key, 'd', without(row));
        swept++;
    }
    return swept;
}

// --- one change, of both

static int64_t choose_lsn(struct run *run) {
    if (!one_in(run, 4))
        return ++run->lsn;
    int64_t lsn = run->lsn - below(run, OLD);
    return lsn > 0 ? lsn : 1;
}

static void row_text(char *text, size_t size, int key, int64_t a, int64_t b, bool has_b) {
    char texts[2][24];
    text_of(a, texts[0]);
    text_of(b, texts[1]);
    (void)snprintf(text, size, has_b ? "%d|%s|%s" : "%d|%s", key, a == NONE ? "null" : texts[0],
                   b == NONE ? "null" : texts[1]);
}

static void stream_one(struct run *run, int table) {
    int key = (int)below(run, KEYS);
    int64_t lsn = choose_lsn(run);
    int64_t a = one_in(run, 8) ? NONE : below(run, GROUPS);
    int64_t b = one_in(run, 8) ? NONE : below(run, 100) - 50;
    bool has_b = !one_in(run, 6);
    char text[64];
    row_text(text, sizeof text, key, a, b, has_b);
    enum change_op op = one_in(run, 2) ? CHANGE_CREATE : CHANGE_UPDATE;
    bool applied = fixture_change(&run->f, op, lsn, names[table], text);
    assert_int_equal(
        applied, write_streamed(&run->now, table, key, op == CHANGE_CREATE ? 'c' : 'u', lsn, a, b, has_b));
}

static void erase_one(struct run *run, int table) {
    int key = (int)below(run, KEYS);
    int64_t lsn = choose_lsn(run);
    char text[24];
    (void)snprintf(text, sizeof text, "%d", key);
    (void)erase(&run->f, lsn, names[table], text);
    delete_row(&run->now, table, key, lsn);
}

static void snapshot_one(struct run *run, int table) {
    int key = (int)below(run, KEYS);
    int64_t lsn = run->now.snapshot[table];
    if (lsn < 0 || one_in(run, 5))
        lsn = choose_lsn(run);
    int64_t a = below(run, GROUPS);
    int64_t b = one_in(run, 8) ? NONE : below(run, 100);
    char text[64];
    row_text(text, sizeof text, key, a, b, true);
    bool applied = snapshot(&run->f, lsn, names[table], text);
    assert_int_equal(applied, write_snapshot(&run->now, table, key, lsn, a, b));
}

static void read_one(struct run *run, int table, int64_t ts_ms) {
    enum store_outcome outcome;
    int key = (int)below(run, KEYS);
    int64_t a = below(run, GROUPS);
    int64_t b = below(run, 100);
    char text[64];
    row_text(text, sizeof text, key, a, b, true);
    const struct change change = {
        .op = CHANGE_READ, .snapshot = SNAPSHOT_INCREMENTAL, .lsn = LSN_NONE, .txid = -1, .ts_ms = ts_ms};
    if (fixture_try(&run->f, change, names[table], text, &outcome) != 0)
        fail_msg("%s", run->f.error.message);
    write_incremental(&run->now, table, key, a, b);
}

static void change_one(struct run *run) {
    int table = one_in(run, 4) ? CUSTOMERS : ORDERS;
    int64_t chance = below(run, 100);
    if (run->mostly_read && one_in(run, 2))
        chance = 84 + below(run, 12);
    if (chance < 60) {
        stream_one(run, table);
    } else if (chance < 84) {
        erase_one(run, table);
    } else if (chance < 92) {
        snapshot_one(run, table);
    } else if (chance < 96) {
        read_one(run, table, 0);
    } else if (chance < 98) {
        int64_t lsn = choose_lsn(run);
        (void)truncate_table(&run->f, lsn, names[table]);
        truncate_rows(&run->now, table, lsn);
    } else if (run->now.snapshot[table] >= 0) {
        int64_t swept = sweep(&run->f, names[table]);
        assert_int_equal(swept, sweep_rows(&run->now, table));
    }
    run->changes++;
}

// --- what a reader must see

static void expect_rows(const struct model *model, int table, char *text, size_t size) {
    char texts[2][24];
    size_t at = 0;
    text[0] = '\0';
    for (int key = 0; key < KEYS; key++) {
        const struct row *row = &model->rows[table][key];
        if (row->there)
            at += (size_t)snprintf(text + at, size - at, "%s%d|%s|%s", at > 0 ? ", " : "", key,
                                   text_of(row->a, texts[0]), text_of(row->b, texts[1]));
    }
}

static void expect_sums(const struct model *model, bool of_some, char *text, size_t size) {
    size_t at = 0;
    text[0] = '\0';
    for (int64_t group = -1; group < GROUPS; group++) {
        int64_t count = 0;
        int64_t sum = 0;
        for (int key = 0; key < KEYS; key++) {
            const struct row *row = &model->rows[ORDERS][key];
            if (!row->there || (row->a == NONE ? -1 : row->a) != group || (of_some && key != 2 && key != 5))
                continue;
            count++;
            sum += row->b == NONE ? 0 : row->b;
        }
        if (count > 0)
            at += (size_t)snprintf(text + at, size - at, "%s%lld|%lld|%lld", at > 0 ? ", " : "",
                                   (long long)group, (long long)count, (long long)sum);
    }
}

static void compare(struct run *run) {
    static const char *const kept[] = {"sums_delta", "sums_sums", "sums_some"};
    char wanted[1024];
    for (int table = 0; table < TABLES; table++) {
        char sql[64];
        (void)snprintf(sql, sizeof sql, "select id, a, b from %s order by id", names[table]);
        expect_rows(&run->now, table, wanted, sizeof wanted);
        assert_string_equal(rows(&run->f, sql), wanted);
    }
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        char sql[64];
        (void)snprintf(sql, sizeof sql, "select * from %s where n <> 0 order by 1", kept[i]);
        expect_sums(&run->now, i == 2, wanted, sizeof wanted);
        assert_string_equal(rows(&run->f, sql), wanted);
    }
    if ((run->kind & AT_ONLY) == 0)
        assert_string_equal(seen(&run->f, "log_t"), run->now.log);
    assert_string_equal(seen(&run->f, "past_t"), run->now.log);
}

static void end_commit(struct run *run) {
    run->now.log_size = 0;
    run->now.log[0] = '\0';
    run->changes = 0;
}

// Another text of the schema: the sums are filled from the mirror.
static void write_sums(struct fixture *f, int version) {
    char schema[512];
    (void)snprintf(schema, sizeof schema,
                   "-- %d\ncreate table sums_delta(a integer primary key, n, b);\n"
                   "create table sums_sums(a integer primary key, n, b);\n"
                   "create table sums_some(a integer primary key, n, b);\n",
                   version);
    fixture_file(f, "sums/schema.sql", schema);
}

static void random_commit(struct run *run) {
    commit(&run->f);
    run->commits++;
    compare(run);
    end_commit(run);
    run->committed = run->now;
    if (!one_in(run, 50))
        return;
    if (one_in(run, 2))
        write_sums(&run->f, run->commits);
    fixture_close(&run->f);
    fixture_open(&run->f);
    compare(run);
}

static void write_views(struct fixture *f, unsigned kind) {
    fixture_file(f, "source.sql",
                 (kind & TEXT_KEYS) != 0 ? "create table orders(id text primary key, a int, b int);\n"
                                           "create table customers(id text primary key, a int, b int);\n"
                                         : "create table orders(id int primary key, a int, b int);\n"
                                           "create table customers(id int primary key, a int, b int);\n");
    write_sums(f, 0);
    fixture_file(f, "sums/apply.delta.sql",
                 "insert into sums_delta select ifnull(a, -1), sum(_weight), ifnull(sum(_weight * b), 0)"
                 " from _delta_orders group by a having count(*) > 0 on conflict(a) do update set"
                 " n = n + excluded.n, b = b + excluded.b");
    fixture_file(f, "sums/apply.sums.sql",
                 "insert into sums_sums select ifnull(a, -1), _weight, b from _sums_orders('a') where true"
                 " on conflict(a) do update set n = n + excluded.n, b = b + excluded.b");
    fixture_file(f, "sums/apply.some.sql",
                 "insert into sums_some select ifnull(a, -1), _weight, b from"
                 " _sums_orders('a', 'id', 2, 5, '2', '5') where true"
                 " on conflict(a) do update set n = n + excluded.n, b = b + excluded.b");
    // the customer as of the change: looked up, by a statement that runs before customers change
    if ((kind & AT_ONLY) == 0) {
        fixture_file(f, "log/schema.sql", "create table log_t(op, id, old_a, old_b, a, b, name, city);");
        fixture_file(f, "log/apply.t.sql",
                     "insert into log_t select _op, ifnull(new_id, old_id), old_a, old_b, new_a, new_b,"
                     " (select c.a from customers c where c.id = iif(new_id is null, old_a, new_a)),"
                     " (select c.b from customers c where c.id = iif(new_id is null, old_a, new_a))"
                     " from _changes_orders");
    }
    // and as _at_ tells, the order's own rows too
    fixture_file(f, "past/schema.sql", "create table past_t(op, id, old_a, old_b, a, b, name, city);");
    fixture_file(f, "past/apply.t.sql",
                 "insert into past_t select o._op, ifnull(o.new_id, o.old_id), p.a, p.b, n.a, n.b, c.a, c.b"
                 " from _changes_orders o"
                 " left join _at_orders p on p._step = o._step - 1 and p.id = ifnull(o.new_id, o.old_id)"
                 " left join _at_orders n on n._step = o._step and n.id = ifnull(o.new_id, o.old_id)"
                 " left join _at_customers c on c._step = o._step"
                 " and c.id = iif(o.new_id is null, o.old_a, o.new_a)");
    if ((kind & TRIGGERS) != 0)
        fixture_file(f, "strict/schema.sql",
                     "create table strict_t(n);\ncreate trigger strict_i after insert"
                     " on orders begin insert into strict_t values(1); end;\n");
}

static void run_seed(uint64_t seed) {
    static struct run run;
    run = (struct run){.random = seed, .lsn = 100};
    for (int table = 0; table < TABLES; table++) {
        run.now.truncated[table] = run.now.snapshot[table] = -1;
        for (int key = 0; key < KEYS; key++)
            run.now.rows[table][key] = (struct row){.lsn = -1, .snapshot = -1, .deleted = -1};
    }
    run.committed = run.now;
    fixture_make(&run.f);
    run.kind = (unsigned)(seed % KINDS);
    run.mostly_read = seed % 3 == 0;
    write_views(&run.f, run.kind);
    fixture_open(&run.f);
    bool late = (run.kind & TRIGGERS) != 0 && one_in(&run, 2);
    store_set_writing(run.f.store, late ? WRITING_AT_THE_COMMIT : WRITING_AS_THEY_COME);
    int commit_every = 1 + (int)below(&run, 30);
    print_message("seed %d: a commit about every %d changes%s%s%s%s\n", (int)seed, commit_every,
                  run.mostly_read ? ", mostly rows of snapshots" : "",
                  (run.kind & TEXT_KEYS) != 0 ? ", keys of text" : "",
                  late                         ? ", each change written by itself"
                  : (run.kind & TRIGGERS) != 0 ? ", each change written at once"
                                               : "",
                  (run.kind & AT_ONLY) != 0 ? ", no look-ups" : "");
    // A file that was told no time of the source yet goes by this machine's clock, for which these deletes are old.
    read_one(&run, ORDERS, FIRST_MS);
    random_commit(&run);
    for (int i = 0; i < ROUNDS; i++) {
        change_one(&run);
        if (one_in(&run, 150)) {
            rollback(&run.f);
            run.now = run.committed;
            end_commit(&run);
        } else if (one_in(&run, commit_every) || run.changes == COMMIT_CHANGES_MAX) {
            random_commit(&run);
        }
    }
    random_commit(&run);
    fixture_remove(&run.f);
}

static void as_the_model_says(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run_seed(seed);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_model_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
