// The simulator: many small worlds, each from one seed, through the apply loop that `tidemark run` uses. After every
// commit whose answer is transactional the mirror must be what the source held at that very commit; at the end it must be
// what the source holds, whole, with nothing waiting.
//
//   sim [--seeds N] [--first SEED] [--trace]     prints the command that repeats a seed that failed; exit 1 then
#include "tests/sim/sim.h"

#include "consumer/apply/apply.h"
#include "consumer/consume.h"
#include "views/base/random.h"
#include "views/engine/catalog.h"

#include <assert.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    TURNS = 160,
    TURNS_SILENT = 100,
    TURNS_QUIET_MAX = 600, // until all is in, or something waits for ever
    TURN_MS = 150,
    TURN_AWAY_MS = 2000,
    FIRST_MS = 1700000000,
    CLOSING_TRANSACTIONS = 3,
    TRANSACTION_WAIT_MS = 5000,
    FAILED_MAX = 10,
    SEEDS_DEFAULT = 300,
};

static const char source_sql[] = "create table orders(id int primary key, v int, note text);\n"
                                 "create table items(id int primary key, v int, note text);\n";

// Every clock of the program is the world's: linked with --wrap=clock_gettime.
static int64_t clock_ms = FIRST_MS;
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret) {
    (void)clock;
    ret->tv_sec = clock_ms / 1000;
    ret->tv_nsec = clock_ms % 1000 * 1000000;
    return 0;
}

int sim_below(struct sim_world *world, int count) {
    return (int)random_below(&world->random, (uint64_t)count);
}

bool sim_chance(struct sim_world *world, int of) {
    return sim_below(world, of) == 0;
}

struct ours {
    struct catalog *catalog;
    struct store *store;
    struct progress *progress;
    struct apply *apply;
    sqlite3 *reader;
    char path[128];
    int64_t checked_version;
    int transactional_answers;
    int64_t passed; // transactions, over all lives
    int crashes;
};

struct run {
    struct sim_world world;
    struct ours ours;
    char failure[512];
};

__attribute__((format(printf, 2, 3))) static void fail(struct run *run, const char *format, ...) {
    if (run->failure[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(run->failure, sizeof run->failure, format, arguments);
    va_end(arguments);
}

static void choose(struct sim_world *world) {
    struct sim_traits *traits = &world->traits;
    for (int i = 0; i < SIM_TABLES; i++)
        traits->partitions[i] = 1 + sim_below(world, SIM_PARTITIONS_MAX);
    traits->metadata = !sim_chance(world, 6);
    traits->heartbeats = !sim_chance(world, 4);
    traits->kills = sim_chance(world, 2);
    traits->resnapshots = traits->kills && sim_chance(world, 3);
    traits->incremental = sim_chance(world, 3);
    traits->truncates = sim_chance(world, 3);
    traits->moves = sim_chance(world, 2);
    traits->big = sim_chance(world, 4);
    traits->crashes = sim_chance(world, 2);
    traits->markers = sim_chance(world, 4);
    traits->drops_items = sim_chance(world, 12);
    traits->audit = sim_chance(world, 3);
    traits->initial_rows = !sim_chance(world, 4);
    traits->one_row_first = sim_chance(world, 3);
    traits->slow_connector = sim_chance(world, 4);
    traits->late_topics = sim_chance(world, 3);
    // What tells that an SMT drops rows, or that a snapshot was taken anew, stands ahead.
    traits->ahead = sim_chance(world, 2) || traits->drops_items || traits->resnapshots;
    traits->away_ms_max = sim_chance(world, 3) ? 120000 : 3000;
}

static void print_traits(const struct sim_traits *traits) {
    const struct {
        const char *name;
        bool on;
    } all[] = {
        {"metadata", traits->metadata},
        {"heartbeats", traits->heartbeats},
        {"kills", traits->kills},
        {"resnapshots", traits->resnapshots},
        {"incremental", traits->incremental},
        {"truncates", traits->truncates},
        {"moves", traits->moves},
        {"big", traits->big},
        {"crashes", traits->crashes},
        {"markers", traits->markers},
        {"drops_items", traits->drops_items},
        {"audit", traits->audit},
        {"initial_rows", traits->initial_rows},
        {"one_row_first", traits->one_row_first},
        {"slow_connector", traits->slow_connector},
        {"late_topics", traits->late_topics},
        {"ahead", traits->ahead},
    };
    printf("partitions %d %d %d:", traits->partitions[0], traits->partitions[1], traits->partitions[2]);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].on)
            printf(" %s", all[i].name);
    printf(", away at most %" PRId64 " ms\n", traits->away_ms_max);
}

static bool ours_open(struct run *run) {
    struct ours *ours = &run->ours;
    struct store_report report;
    struct error error = {0};
    if (progress_new(&ours->progress, &error) != 0 ||
        store_open(&ours->store, ours->path, ours->catalog, &report, &error) != 0 ||
        store_claim_prefix(ours->store, "sim", &error) != 0) {
        fail(run, "cannot open: %s", error.message);
        return false;
    }
    const struct apply_config config = {
        .catalog = ours->catalog,
        .store = ours->store,
        .progress = ours->progress,
        .source = sim_kafka_source(&run->world),
        .prefix = "sim",
        .settings = &value_settings_default,
        .commit_messages = 1 + sim_below(&run->world, 40),
        .on_timeline = TIMELINE_HALT,
        .transaction_wait_ms = TRANSACTION_WAIT_MS,
    };
    if (apply_new(&ours->apply, &config, &error) != 0) {
        fail(run, "cannot apply: %s", error.message);
        return false;
    }
    if (ours->reader == NULL &&
        sqlite3_open_v2(ours->path, &ours->reader, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        fail(run, "cannot read");
    return true;
}

static void ours_close(struct run *run) {
    struct ours *ours = &run->ours;
    if (ours->apply != NULL)
        ours->passed += apply_counters(ours->apply)->transactions_passed;
    apply_free(&ours->apply);
    store_close(&ours->store);
    progress_free(&ours->progress);
    for (int i = 0; i < run->world.log_count; i++)
        run->world.logs[i].slot = -1;
}

// Partitions that have come up.
static bool ours_discover(struct run *run) {
    struct sim_world *world = &run->world;
    struct error error = {0};
    for (int i = 0; i < world->log_count; i++) {
        struct sim_log *log = &world->logs[i];
        bool declared = i < SIM_MIRRORED * SIM_PARTITIONS_MAX || i >= SIM_TABLES * SIM_PARTITIONS_MAX;
        bool is_one = i >= SIM_TABLES * SIM_PARTITIONS_MAX ||
                      log->partition < world->traits.partitions[i / SIM_PARTITIONS_MAX];
        if (!log->exists || log->slot >= 0 || !declared || !is_one)
            continue;
        int64_t next;
        if (apply_add_partition(run->ours.apply, log->topic, log->partition, &log->slot, &next, &error) !=
            0) {
            fail(run, "%s: %s", log->topic, error.message);
            return false;
        }
        world->log_of_slot[log->slot] = i;
        sim_kafka_seek(world, i, next < 0 ? 0 : next);
        if (i == sim_kafka_transaction_log(world))
            apply_set_sequenced(run->ours.apply, true);
    }
    apply_note_discovery(run->ours.apply);
    return true;
}

static const struct sim_row *expected_row(const struct run *run, const struct sim_state *state, int table,
                                          int key) {
    static const struct sim_row none;
    return table == 1 && run->world.traits.drops_items ? &none : &state->rows[table][key];
}

// Each row of the mirror, as the file has it.
static bool read_mirror(struct run *run, int table, struct sim_row rows[SIM_KEYS], bool equal[SIM_KEYS],
                        const struct sim_state *state) {
    char sql[96];
    (void)snprintf(sql, sizeof sql, "select id, v, note from %s", sim_table_names[table]);
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(run->ours.reader, sql, -1, &stmt, NULL) != SQLITE_OK)
        return false;
    memset(rows, 0, SIM_KEYS * sizeof *rows);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        int key = sqlite3_column_int(stmt, 0);
        const struct sim_row *expected = expected_row(run, state, table, key);
        const char *note = (const char *)sqlite3_column_text(stmt, 2);
        const char *wanted = sim_note(expected->note);
        rows[key] = (struct sim_row){.exists = true, .v = sqlite3_column_int(stmt, 1)};
        equal[key] = expected->exists && rows[key].v == expected->v &&
                     (note == NULL ? wanted == NULL : wanted != NULL && strcmp(note, wanted) == 0);
        if (run->world.trace && !equal[key])
            printf("  %s %d: v %d note %.12s, source: %s v %d note %.12s\n", sim_table_names[table], key,
                   rows[key].v, note != NULL ? note : "null", expected->exists ? "" : "none", expected->v,
                   wanted != NULL ? wanted : "null");
    }
    (void)sqlite3_finalize(stmt);
    return true;
}

static void compare(struct run *run, const struct sim_state *state, const char *when) {
    for (int table = 0; table < SIM_MIRRORED; table++) {
        struct sim_row rows[SIM_KEYS];
        bool equal[SIM_KEYS] = {0};
        if (!read_mirror(run, table, rows, equal, state)) {
            fail(run, "cannot read %s", sim_table_names[table]);
            return;
        }
        for (int key = 0; key < SIM_KEYS; key++) {
            bool wanted = expected_row(run, state, table, key)->exists;
            if (rows[key].exists && !wanted)
                fail(run, "%s: %s %d is there, the source has it not", when, sim_table_names[table], key);
            else if (!rows[key].exists && wanted)
                fail(run, "%s: %s %d is missing", when, sim_table_names[table], key);
            else if (wanted && !equal[key])
                fail(run, "%s: %s %d differs", when, sim_table_names[table], key);
        }
    }
}

// Why a snapshot may still be open, and what stands where.
static void print_tables(struct run *run) {
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(
            run->ours.reader,
            "select name, snapshot_lsn, snapshot_open, snapshot_marked, truncate_lsn from _tables", -1, &stmt,
            NULL) != SQLITE_OK)
        return;
    while (sqlite3_step(stmt) == SQLITE_ROW)
        printf("  %s: snapshot %lld, open %d, marked %d, truncated %lld\n",
               (const char *)sqlite3_column_text(stmt, 0), (long long)sqlite3_column_int64(stmt, 1),
               sqlite3_column_int(stmt, 2), sqlite3_column_int(stmt, 3),
               (long long)sqlite3_column_int64(stmt, 4));
    (void)sqlite3_finalize(stmt);
    for (int i = 0; i < run->world.log_count; i++)
        if (run->world.logs[i].slot >= 0)
            printf("  %s %d: %d of %d messages read\n", run->world.logs[i].topic,
                   run->world.logs[i].partition, run->world.logs[i].read, run->world.logs[i].count);
}

struct answer {
    int64_t version;
    int64_t lsn;
    bool transactional;
};

static bool read_answer(struct run *run, struct answer *ret) {
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(run->ours.reader, "select version, lsn, transactional from _position", -1, &stmt,
                           NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW) {
        fail(run, "no position: %s", sqlite3_errmsg(run->ours.reader));
        (void)sqlite3_finalize(stmt);
        return false;
    }
    *ret = (struct answer){sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
                           sqlite3_column_int(stmt, 2) != 0};
    (void)sqlite3_finalize(stmt);
    return true;
}

// What a reader would be told now.
static void check_answer(struct run *run) {
    struct answer answer;
    if (!read_answer(run, &answer) || answer.version == run->ours.checked_version)
        return;
    run->ours.checked_version = answer.version;
    if (run->world.trace)
        printf("%" PRId64 " answer %" PRId64 " at LSN %" PRId64 "%s\n", run->world.now_ms, answer.version,
               answer.lsn, answer.transactional ? "" : ", per-key");
    if (!answer.transactional)
        return;
    run->ours.transactional_answers++;
    const struct sim_state *state = sim_source_state_at(&run->world.source, answer.lsn);
    char when[96];
    (void)snprintf(when, sizeof when, "answer %" PRId64 " at LSN %" PRId64, answer.version, answer.lsn);
    if (state == NULL)
        fail(run, "%s: neither a commit nor a snapshot is there", when);
    else
        compare(run, state, when);
}

static bool slot_at_end(void *self, int slot) {
    struct message_source source = sim_kafka_source(self);
    return source.at_end(self, slot);
}

// Nothing more can be taken now: what is whole is shown.
static int ours_rest(struct run *run, struct error *error) {
    struct ours *ours = &run->ours;
    if (apply_pass_lost(ours->apply, error) != 0)
        return -1;
    if (apply_sweep(ours->apply, slot_at_end, &run->world, false, error) != 0)
        return -1;
    return apply_commit(ours->apply, error);
}

static void ours_act(struct run *run) {
    struct error error = {0};
    int64_t taken = 1;
    if (!ours_discover(run))
        return;
    int status = 0;
    for (int i = 0; i < 20 && status == 0 && taken > 0; i++)
        status = apply_step(run->ours.apply, &taken, &error);
    if (status == 0)
        status = ours_rest(run, &error);
    for (const char *text = apply_warning(run->ours.apply); text != NULL;
         text = apply_warning(run->ours.apply))
        if (run->world.trace)
            printf("%" PRId64 " warning: %s\n", run->world.now_ms - FIRST_MS, text);
    if (status != 0)
        fail(run, "halted: %s", error.message);
    else
        check_answer(run);
}

static void crash(struct run *run) {
    ours_close(run);
    run->ours.crashes++;
    (void)ours_open(run);
}

static void turn(struct run *run, bool quiet) {
    struct sim_world *world = &run->world;
    // Time flies while nothing can come.
    world->now_ms += 1 + sim_below(world, sim_connector_is_away(world) ? TURN_AWAY_MS : TURN_MS);
    clock_ms = world->now_ms;
    if (!quiet)
        sim_source_act(world, false);
    if (quiet || !sim_chance(world, 3))
        sim_connector_act(world, quiet);
    if (quiet || !sim_chance(world, 3))
        ours_act(run);
    if (!quiet && world->traits.crashes && sim_chance(world, 40) && run->failure[0] == '\0')
        crash(run);
}

static bool is_settled(struct run *run) {
    int64_t since;
    return sim_connector_is_done(&run->world) && sim_kafka_is_read(&run->world) &&
           !apply_is_waiting(run->ours.apply, &since) && !apply_awaits_sweep(run->ours.apply);
}

static void one_transaction(struct sim_world *world) {
    int before = world->source.committed_count;
    for (int turns = 0; turns < TURNS_SILENT && world->source.committed_count == before; turns++)
        sim_source_act(world, false);
    sim_source_act(world, true);
}

static void come_to_rest(struct run *run) {
    struct sim_world *world = &run->world;
    sim_source_act(world, true);
    int turns = 0;
    for (; turns < TURNS_QUIET_MAX && run->failure[0] == '\0' && !is_settled(run); turns++) {
        turn(run, true);
        // Without heartbeats only another transaction tells that what is lost will not come.
        if (!world->traits.heartbeats && turns % TURNS_SILENT == TURNS_SILENT - 1)
            one_transaction(world);
    }
    if (turns == TURNS_QUIET_MAX)
        fail(run, "after %d quiet turns something still waits", turns);
}

static void check_end(struct run *run) {
    struct answer answer;
    const struct sim_source *source = &run->world.source;
    if (run->failure[0] != '\0' || !read_answer(run, &answer))
        return;
    compare(run, &source->state, "at the end");
    if (!run->world.traits.metadata)
        return;
    int64_t newest = source->committed[source->committed_count - 1].commit_lsn;
    if (!answer.transactional)
        fail(run, "at the end answers are per-key still");
    else if (answer.lsn != newest)
        fail(run, "at the end the position is %" PRId64 ", the newest commit %" PRId64, answer.lsn, newest);
}

static void play(struct run *run) {
    struct sim_world *world = &run->world;
    for (int i = 0; i < TURNS && run->failure[0] == '\0'; i++)
        turn(run, false);
    come_to_rest(run);
    for (int i = 0; i < CLOSING_TRANSACTIONS && run->failure[0] == '\0'; i++) {
        one_transaction(world);
        come_to_rest(run);
    }
    check_end(run);
    int64_t passed = run->ours.passed + apply_counters(run->ours.apply)->transactions_passed;
    if (passed > 0 && !world->traits.drops_items && sim_connector_snapshots(world) == 1)
        fail(run, "%" PRId64 " transactions were passed, and all their rows came", passed);
}

static bool run_seed(uint64_t seed, const char *folder, struct catalog *catalog, bool trace,
                     char failure[512]) {
    struct run *run = calloc(1, sizeof *run);
    assert(run != NULL);
    run->world = (struct sim_world){
        .seed = seed, .random = seed * 0x9E3779B97F4A7C15u + 1, .now_ms = FIRST_MS, .trace = trace};
    run->ours.catalog = catalog;
    clock_ms = FIRST_MS;
    (void)snprintf(run->ours.path, sizeof run->ours.path, "%s/%" PRIu64 ".db", folder, seed);
    choose(&run->world);
    if (trace)
        print_traits(&run->world.traits);
    sim_kafka_start(&run->world);
    sim_source_start(&run->world);
    sim_connector_start(&run->world);
    if (ours_open(run))
        play(run);
    if (trace && run->failure[0] != '\0')
        print_tables(run);
    if (trace)
        printf("seed %" PRIu64 ": %d commits, %d transactional answers, %d snapshots, %d crashes of ours\n",
               seed, run->world.source.committed_count, run->ours.transactional_answers,
               sim_connector_snapshots(&run->world), run->ours.crashes);
    (void)snprintf(failure, 512, "%s", run->failure);
    ours_close(run);
    (void)sqlite3_close(run->ours.reader);
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[160];
        (void)snprintf(path, sizeof path, "%s%s", run->ours.path, suffixes[i]);
        (void)unlink(path);
    }
    sim_connector_free(&run->world);
    sim_source_free(&run->world.source);
    sim_kafka_free(&run->world);
    bool good = run->failure[0] == '\0';
    free(run);
    return good;
}

static int load(const char *folder, struct catalog **ret) {
    char path[160];
    struct error error = {0};
    (void)snprintf(path, sizeof path, "%s/source.sql", folder);
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(source_sql, file) < 0 || fclose(file) != 0)
        return -1;
    if (catalog_load(folder, NULL, ret, &error) == 0)
        return 0;
    fprintf(stderr, "%s\n", error.message);
    return -1;
}

int main(int argc, char **argv) {
    uint64_t first = 1, seeds = SEEDS_DEFAULT;
    bool trace = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--trace") == 0)
            trace = true;
        else if (strcmp(argv[i], "--first") == 0 && i + 1 < argc)
            first = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc)
            seeds = strtoull(argv[++i], NULL, 10);
        else
            return fprintf(stderr, "sim [--seeds N] [--first SEED] [--trace]\n"), 2;
    }
    char folder[64] = "/dev/shm/tidemark-sim-XXXXXX";
    if (mkdtemp(folder) == NULL) {
        (void)snprintf(folder, sizeof folder, "/tmp/tidemark-sim-XXXXXX");
        if (mkdtemp(folder) == NULL)
            return perror(folder), 1;
    }
    struct catalog *catalog = NULL;
    if (load(folder, &catalog) != 0)
        return 1;
    int failed = 0;
    for (uint64_t seed = first; seed < first + seeds && failed < FAILED_MAX; seed++) {
        char failure[512];
        if (run_seed(seed, folder, catalog, trace, failure))
            continue;
        failed++;
        printf("seed %" PRIu64 ": %s\n    repeat: %s --first %" PRIu64 " --seeds 1 --trace\n", seed, failure,
               argv[0], seed);
    }
    catalog_free(&catalog);
    char path[160];
    (void)snprintf(path, sizeof path, "%s/source.sql", folder);
    (void)unlink(path);
    (void)rmdir(folder);
    printf("%" PRIu64 " seeds from %" PRIu64 ": %d failed\n", seeds, first, failed);
    return failed > 0;
}
