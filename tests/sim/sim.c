// The simulator: many small worlds, each from one seed, through the apply loop that `tidemark run` uses. After every
// commit whose answer is transactional the mirror must be what the source held at that very commit; at the end it must be
// what the source holds, whole, with nothing waiting.
//
//   sim [--seeds N] [--first SEED] [--trace]     prints the command that repeats a seed that failed; exit 1 then
//
// Odd seeds are played by the twin where there is one: the same program with tiny bounds (views/base/bounds.h). The two
// run at the same time.
#include "tests/sim/sim.h"

#include "consumer/apply/apply.h"
#include "views/base/random.h"
#include "views/engine/catalog.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    TURNS = 160,
    TURNS_SILENT = 100,
    // Until all is in, or something waits for ever. A halt begins anew what was waited for.
    TURNS_QUIET_MAX = 1200,
    TURN_MS = 150,
    TURN_AWAY_MS = 2000,
    FIRST_MS = 1700000000,
    CLOSING_TRANSACTIONS = 3,
    RESTORE_MS = 3000, // until a source that failed over is there again
    HUGE_DIGITS_LEAST = 2,
    HUGE_PARTS = 1000, // of a digit
    FAILED_MAX = 10,
    SEEDS_DEFAULT = 300,
};

static const char source_sql[] = "create table orders(id int primary key, v int, note text);\n"
                                 "create table items(id int primary key, v int, note text);\n";

// Every clock of the program is the world's: linked with --wrap=clock_gettime.
static _Atomic int64_t clock_ms = FIRST_MS; // the writer's thread reads it too
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret) {
    (void)clock;
    ret->tv_sec = clock_ms / 1000;
    ret->tv_nsec = clock_ms % 1000 * 1000000;
    return 0;
}

// How far the writer's thread has come is the seed's to say, not the machine's.
static uint64_t writer_random;
struct writer_thread;
void writer_thread_wait(struct writer_thread *writer);
bool __wrap_writer_thread_is_busy(struct writer_thread *writer);
bool __wrap_writer_thread_is_busy(struct writer_thread *writer) {
    if (random_below(&writer_random, 2) == 0)
        return true;
    writer_thread_wait(writer);
    return false;
}

int sim_below(struct sim_world *world, int count) {
    return (int)random_below(&world->random, (uint64_t)count);
}

bool sim_chance(struct sim_world *world, int of) {
    return sim_below(world, of) == 0;
}

// Between 1 and 10 to the power of `digits`, each order of magnitude as likely as another.
static int choose_size(struct sim_world *world, double digits) {
    double size = pow(10, digits * (sim_below(world, HUGE_PARTS) + 1) / HUGE_PARTS);
    return size < SIM_ROWS_MAX ? (int)size : SIM_ROWS_MAX;
}

// What happens once: so large a transaction that most worlds stay cheap, a topic that is made again, another server.
static void choose_accidents(struct sim_world *world) {
    struct sim_traits *traits = &world->traits;
    double most = log10(SIM_ROWS_MAX);
    double digits =
        HUGE_DIGITS_LEAST + (most - HUGE_DIGITS_LEAST) * sim_below(world, HUGE_PARTS + 1) / HUGE_PARTS;
    traits->huge_rows = sim_chance(world, 4) ? choose_size(world, digits) : 0;
    traits->huge_turn = sim_below(world, TURNS);
    traits->remade_log = !traits->drops_items && sim_chance(world, 12) ? sim_below(world, SIM_LOGS_MAX) : -1;
    traits->remade_turn = sim_below(world, TURNS);
    traits->restores = traits->remade_log < 0 && sim_chance(world, 10);
    traits->restored_turn = sim_below(world, TURNS);
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
    traits->away_ms_max = sim_chance(world, 3) ? 120000 : 3000;
    traits->last_is_told = world->seed / 2 % 2 == 0;
    choose_accidents(world);
    // What was streamed behind a second snapshot may be taken before its first row, which waits in another partition.
    traits->straddles = world->seed / 4 % 2 == 0 && !traits->resnapshots && !traits->restores;
    // What tells that an SMT drops rows, or that a snapshot was taken anew, stands ahead.
    traits->ahead = sim_chance(world, 2) || traits->drops_items || traits->resnapshots || traits->restores;
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
        {"straddles", traits->straddles},
        {"slow_connector", traits->slow_connector},
        {"late_topics", traits->late_topics},
        {"ahead", traits->ahead},
        {"remade", traits->remade_log >= 0},
        {"restores", traits->restores},
    };
    printf("partitions %d %d %d:", traits->partitions[0], traits->partitions[1], traits->partitions[2]);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].on)
            printf(" %s", all[i].name);
    printf(", away at most %" PRId64 " ms, one transaction of %d rows\n", traits->away_ms_max,
           traits->huge_rows);
}

// Another server: one that has everything, and goes on where the connector stands, or one that was restored.
static void restore(struct sim_world *world) {
    bool back = sim_chance(world, 2) || !sim_connector_is_done(world);
    world->now_ms += RESTORE_MS;
    sim_source_restore(world, back);
    if (back || sim_chance(world, 2))
        sim_connector_lose_offsets(world);
    else
        sim_connector_go_on(world);
    if (world->trace)
        printf("%" PRId64 " another server, %s\n", world->now_ms, back ? "restored" : "that has everything");
}

// A file that has seen no commit has none to compare with, so that another server cannot be told: a limit.
static void accidents(struct sim_run *run) {
    struct sim_world *world = &run->world;
    if (world->traits.restores && world->turn >= world->traits.restored_turn && world->source.timeline == 0 &&
        sim_ours_knows_a_commit(run))
        restore(world);
    if (world->traits.remade_log >= 0 && world->turn == world->traits.remade_turn)
        sim_kafka_delete(world, world->traits.remade_log);
}

static void turn(struct sim_run *run, bool quiet) {
    struct sim_world *world = &run->world;
    // Time flies while nothing can come.
    world->now_ms += 1 + sim_below(world, sim_connector_is_away(world) ? TURN_AWAY_MS : TURN_MS);
    if (!quiet) {
        accidents(run);
        sim_source_act(world, false);
    }
    clock_ms = world->now_ms;
    if (quiet || !sim_chance(world, 3))
        sim_connector_act(world, quiet);
    if (quiet || !sim_chance(world, 3))
        sim_ours_act(run, quiet);
    if (!quiet && world->traits.crashes && sim_chance(world, 40) && run->failure[0] == '\0')
        sim_ours_crash(run);
}

static bool goes_on(const struct sim_run *run) {
    return run->failure[0] == '\0' && !run->ours.ended;
}

static bool is_settled(struct sim_run *run) {
    int64_t since;
    return !run->ours.halted && sim_connector_is_done(&run->world) && sim_kafka_is_read(&run->world) &&
           !apply_is_waiting(run->ours.apply, &since) && !apply_awaits_sweep(run->ours.apply);
}

static void one_transaction(struct sim_world *world) {
    int before = world->source.committed_count;
    for (int turns = 0; turns < TURNS_SILENT && world->source.committed_count == before; turns++)
        sim_source_act(world, false);
    sim_source_act(world, true);
}

static void come_to_rest(struct sim_run *run) {
    struct sim_world *world = &run->world;
    sim_source_act(world, true);
    int turns = 0;
    for (; turns < TURNS_QUIET_MAX && goes_on(run) && !is_settled(run); turns++) {
        turn(run, true);
        // Without heartbeats only another transaction tells that what is lost will not come. Also where a snapshot may be
        // of a new timeline, or stands behind more rows of an unfinished transaction than are delivered.
        if ((!world->traits.heartbeats || world->traits.restores || world->traits.resnapshots) &&
            turns % TURNS_SILENT == TURNS_SILENT - 1)
            one_transaction(world);
    }
    if (turns == TURNS_QUIET_MAX)
        sim_fail(run, "after %d quiet turns something still waits", turns);
}

static void play(struct sim_run *run) {
    struct sim_world *world = &run->world;
    for (world->turn = 0; world->turn < TURNS && goes_on(run); world->turn++)
        turn(run, false);
    come_to_rest(run);
    for (int i = 0; i < CLOSING_TRANSACTIONS && goes_on(run); i++) {
        one_transaction(world);
        come_to_rest(run);
    }
    if (!goes_on(run))
        return;
    sim_check_end(run);
    int64_t passed = sim_ours_passed(run);
    if (passed > 0 && !world->traits.drops_items && world->traits.remade_log < 0 &&
        sim_connector_snapshots(world) == 1)
        sim_fail(run, "%" PRId64 " transactions were passed, and all their rows came", passed);
}

static bool run_seed(uint64_t seed, const char *folder, struct catalog *catalog, bool trace,
                     char failure[512]) {
    struct sim_run *run = calloc(1, sizeof *run);
    assert(run != NULL);
    run->world = (struct sim_world){
        .seed = seed, .random = seed * 0x9E3779B97F4A7C15u + 1, .now_ms = FIRST_MS, .trace = trace};
    run->ours.catalog = catalog;
    clock_ms = FIRST_MS;
    writer_random = seed;
    (void)snprintf(run->ours.path, sizeof run->ours.path, "%s/%" PRIu64 ".db", folder, seed);
    choose(&run->world);
    if (trace)
        print_traits(&run->world.traits);
    sim_kafka_start(&run->world);
    sim_source_start(&run->world);
    sim_connector_start(&run->world);
    if (sim_ours_open(run, false))
        play(run);
    if (trace && run->failure[0] != '\0')
        sim_check_print(run);
    if (trace)
        printf("seed %" PRIu64 ": %d commits, %d transactional answers, %d snapshots, %d crashes of ours%s\n",
               seed, run->world.source.committed_count, run->ours.transactional_answers,
               sim_connector_snapshots(&run->world), run->ours.crashes, run->ours.ended ? ", halted" : "");
    (void)snprintf(failure, 512, "%s", run->failure);
    sim_ours_close(run);
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

struct arguments {
    uint64_t first;
    uint64_t seeds;
    bool trace;
    bool is_twin; // odd seeds only
};

static bool read_arguments(int argc, char **argv, struct arguments *ret) {
    *ret = (struct arguments){.first = 1, .seeds = SEEDS_DEFAULT};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--trace") == 0)
            ret->trace = true;
        else if (strcmp(argv[i], "--odd") == 0)
            ret->is_twin = true;
        else if (strcmp(argv[i], "--first") == 0 && i + 1 < argc)
            ret->first = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc)
            ret->seeds = strtoull(argv[++i], NULL, 10);
        else
            return false;
    }
    return true;
}

// The same program with tiny bounds, for the odd seeds. 0 = there is none.
static pid_t start_twin(char **argv) {
#ifdef SIM_TWIN
    extern char **environ;
    enum { ARGUMENTS_MAX = 16 };
    char path[PATH_MAX];
    char *arguments[ARGUMENTS_MAX] = {path};
    int count = 1;
    for (char **argument = argv + 1; *argument != NULL && count < ARGUMENTS_MAX - 2; argument++)
        arguments[count++] = *argument;
    arguments[count] = (char *)(uintptr_t) "--odd";
    pid_t pid;
    (void)snprintf(path, sizeof path, "%s-tiny", argv[0]);
    (void)fflush(stdout);
    return posix_spawn(&pid, path, NULL, NULL, arguments, environ) == 0 ? pid : -1;
#else
    (void)argv;
    return 0;
#endif
}

static bool twin_fails(pid_t pid) {
    int status = 0;
    return pid < 0 || (pid > 0 && (waitpid(pid, &status, 0) != pid || status != 0));
}

static int play_all(const struct arguments *arguments, const char *program, bool has_twin,
                    const char *folder) {
    struct catalog *catalog = NULL;
    int failed = 0;
    uint64_t played = 0;
    if (load(folder, &catalog) != 0)
        return 1;
    for (uint64_t seed = arguments->first; seed < arguments->first + arguments->seeds && failed < FAILED_MAX;
         seed++) {
        char failure[512];
        bool odd = seed % 2 == 1;
        if (arguments->is_twin ? !odd : odd && has_twin)
            continue;
        played++;
        if (run_seed(seed, folder, catalog, arguments->trace, failure))
            continue;
        failed++;
        printf("seed %" PRIu64 ": %s\n    repeat: %s --first %" PRIu64 " --seeds 1 --trace\n", seed, failure,
               program, seed);
    }
    catalog_free(&catalog);
    printf("%" PRIu64 " seeds%s: %d failed\n", played, SIM_ROWS_MAX < 1000000 ? " with tiny bounds" : "",
           failed);
    return failed;
}

int main(int argc, char **argv) {
    struct arguments arguments;
    if (!read_arguments(argc, argv, &arguments))
        return fprintf(stderr, "sim [--seeds N] [--first SEED] [--trace]\n"), 2;
    char folder[64] = "/dev/shm/tidemark-sim-XXXXXX";
    if (mkdtemp(folder) == NULL) {
        (void)snprintf(folder, sizeof folder, "/tmp/tidemark-sim-XXXXXX");
        if (mkdtemp(folder) == NULL)
            return perror(folder), 1;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0); // what failed is told though the run is ended
    pid_t twin = start_twin(argv);
    int failed = play_all(&arguments, argv[0], twin != 0, folder);
    char path[160];
    (void)snprintf(path, sizeof path, "%s/source.sql", folder);
    (void)unlink(path);
    (void)rmdir(folder);
    return (int)twin_fails(twin) | (failed > 0);
}
