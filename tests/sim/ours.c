#include "tests/sim/sim.h"

#include "consumer/apply/apply.h"
#include "views/engine/catalog.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    TRANSACTION_WAIT_MS = 5000,
    STEPS_MAX = 20, // in one round, unless it is to do all that it can
    STEPS_QUIET_MAX = 1 << 20,
};

void sim_fail(struct sim_run *run, const char *format, ...) {
    if (run->failure[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(run->failure, sizeof run->failure, format, arguments);
    va_end(arguments);
}

bool sim_ours_open(struct sim_run *run, bool accept_timeline) {
    struct sim_ours *ours = &run->ours;
    struct store_report report;
    struct error error = {0};
    if (progress_new(&ours->progress, &error) != 0 ||
        store_open(&ours->store, ours->path, ours->catalog, &report, &error) != 0 ||
        store_claim_prefix(ours->store, "sim", &error) != 0) {
        sim_fail(run, "cannot open: %s", error.message);
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
        .on_timeline = accept_timeline ? TIMELINE_ACCEPT_ONE : TIMELINE_HALT,
        .transaction_wait_ms = TRANSACTION_WAIT_MS,
    };
    if (apply_new(&ours->apply, &config, &error) != 0) {
        sim_fail(run, "cannot apply: %s", error.message);
        return false;
    }
    if (ours->reader == NULL &&
        sqlite3_open_v2(ours->path, &ours->reader, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        sim_fail(run, "cannot read");
    return true;
}

void sim_ours_close(struct sim_run *run) {
    struct sim_ours *ours = &run->ours;
    if (ours->apply != NULL)
        ours->passed += apply_counters(ours->apply)->transactions_passed;
    apply_free(&ours->apply);
    store_close(&ours->store);
    progress_free(&ours->progress);
    for (int i = 0; i < run->world.log_count; i++) {
        run->world.logs[i].slot = -1;
        if (run->world.logs[i].deleted)
            sim_kafka_renew(&run->world, i);
    }
}

// The topic is another one than ours has read: a person reads it into a new file.
static void ours_end(struct sim_run *run, const char *why) {
    run->ours.ended = true;
    if (run->world.trace)
        printf("%" PRId64 " halted: %s\n", run->world.now_ms, why);
    if (run->world.traits.remade_log < 0)
        sim_fail(run, "halted: %s", why);
}

// As consume/discovery.c begins to read a partition: from one message back, which must be the one that was applied.
static void ours_begin(struct sim_run *run, int number) {
    struct sim_world *world = &run->world;
    struct sim_log *log = &world->logs[number];
    struct error error = {0};
    int64_t next;
    bool was_deleted = log->deleted;
    bool unread = sim_kafka_leaves_unread(world, number);
    if (apply_add_partition(run->ours.apply, log->topic, log->partition, &log->slot, &next, &error) != 0) {
        sim_fail(run, "%s: %s", log->topic, error.message);
        return;
    }
    if (was_deleted && next <= 0 && unread) {
        ours_end(run, "deleted before it was read");
        return;
    }
    // Nothing of it is in the file, and no process that saw it lives: a limit.
    if (!was_deleted && next <= 0 && log->had_others) {
        ours_end(run, "deleted before anything of it was applied, and ours was started again");
        return;
    }
    if (was_deleted)
        sim_kafka_renew(world, number);
    if (next > log->sent.next_offset) {
        ours_end(run, "offset out of range");
        return;
    }
    world->log_of_slot[log->slot] = number;
    sim_kafka_seek(world, number, next > 0 ? next - 1 : 0);
    if (next > 0)
        apply_verify_first(run->ours.apply, log->slot);
    if (number == sim_kafka_transaction_log(world))
        apply_set_sequenced(run->ours.apply, true);
}

static bool ours_reads(const struct sim_world *world, int number) {
    if (number >= SIM_TABLES * SIM_PARTITIONS_MAX)
        return true;
    int table = number / SIM_PARTITIONS_MAX;
    return table < SIM_MIRRORED && world->logs[number].partition < world->traits.partitions[table];
}

// Partitions that have come up, or are there again.
static void ours_discover(struct sim_run *run) {
    struct sim_world *world = &run->world;
    bool missed = false;
    for (int i = 0; i < world->log_count && !run->ours.ended; i++) {
        const struct sim_log *log = &world->logs[i];
        if (!ours_reads(world, i))
            continue;
        bool again = log->exists && sim_kafka_is_gone(world, i);
        if (again || (log->exists && log->slot < 0))
            ours_begin(run, i);
        missed |= log->deleted;
    }
    if (!missed)
        apply_note_discovery(run->ours.apply);
}

static bool ours_slot_at_end(void *self, int slot) {
    struct message_source source = sim_kafka_source(self);
    return source.at_end(self, slot);
}

// Nothing more can be taken now: what is whole is shown.
static int ours_rest(struct sim_run *run, struct error *error) {
    struct sim_ours *ours = &run->ours;
    if (apply_pass_lost(ours->apply, error) != 0 ||
        apply_sweep(ours->apply, ours_slot_at_end, &run->world, false, error) != 0)
        return -1;
    return apply_commit(ours->apply, error);
}

static void ours_tell(struct sim_run *run) {
    for (const char *text = apply_warning(run->ours.apply); text != NULL;
         text = apply_warning(run->ours.apply))
        if (run->world.trace)
            printf("%" PRId64 " warning: %s\n", run->world.now_ms, text);
}

static void ours_halt(struct sim_run *run, const struct error *error) {
    struct sim_ours *ours = &run->ours;
    int accepted; // and written: it may have been killed before that
    (void)store_timelines(ours->store, &accepted);
    if (error->kind == ERROR_HALT && strstr(error->message, "made anew") != NULL) {
        ours_end(run, error->message);
    } else if (error->kind == ERROR_HALT && strstr(error->message, "a new timeline") != NULL &&
               accepted < run->world.source.timeline) {
        ours->halted = true;
        if (run->world.trace)
            printf("%" PRId64 " halted: %s\n", run->world.now_ms, error->message);
    } else {
        sim_fail(run, "halted: %s", error->message);
    }
}

// A person looks at the reason in the end, and finds it right.
static void ours_accept(struct sim_run *run, bool quiet) {
    if (!quiet && !sim_chance(&run->world, 8))
        return;
    sim_ours_close(run);
    run->ours.halted = false;
    (void)sim_ours_open(run, true);
}

void sim_ours_act(struct sim_run *run, bool quiet) {
    struct error error = {0};
    int64_t taken = 1;
    if (run->ours.ended)
        return;
    if (run->ours.halted)
        ours_accept(run, quiet);
    if (run->ours.halted || run->failure[0] != '\0')
        return;
    ours_discover(run);
    if (run->ours.ended)
        return;
    for (int i = 0; i < run->world.log_count; i++)
        if (run->world.logs[i].slot >= 0)
            progress_set_high(run->ours.progress, run->world.logs[i].slot, sim_kafka_high(&run->world, i),
                              run->world.now_ms);
    int status = 0;
    bool all = quiet || sim_chance(&run->world, 2);
    int steps = all ? STEPS_QUIET_MAX : 1 + sim_below(&run->world, STEPS_MAX);
    for (int i = 0; i < steps && status == 0 && taken > 0; i++)
        status = apply_step(run->ours.apply, &taken, &error);
    if (status == 0 && taken < APPLY_STEP_MESSAGES)
        status = ours_rest(run, &error);
    ours_tell(run);
    if (status != 0)
        ours_halt(run, &error);
    else
        sim_check_answer(run);
}

void sim_ours_crash(struct sim_run *run) {
    if (run->world.trace)
        printf("%" PRId64 " ours is killed\n", run->world.now_ms);
    sim_ours_close(run);
    run->ours.crashes++;
    run->ours.halted = false;
    (void)sim_ours_open(run, false);
}

bool sim_ours_knows_a_commit(const struct sim_run *run) {
    return run->ours.store != NULL && store_sequence(run->ours.store).lsn != LSN_NONE;
}

int64_t sim_ours_passed(const struct sim_run *run) {
    return run->ours.passed +
           (run->ours.apply != NULL ? apply_counters(run->ours.apply)->transactions_passed : 0);
}
