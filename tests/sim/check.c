#include "tests/sim/sim.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static const struct sim_row *check_expected_row(const struct sim_run *run, const struct sim_state *state,
                                                int table, int key) {
    static const struct sim_row none;
    return table == 1 && run->world.traits.drops_items ? &none : &state->rows[table][key];
}

// Each row of the mirror, as the file has it.
static bool check_read_mirror(struct sim_run *run, int table, struct sim_row rows[SIM_KEYS],
                              bool equal[SIM_KEYS], const struct sim_state *state) {
    char sql[96];
    (void)snprintf(sql, sizeof sql, "select id, v, note from %s", sim_table_names[table]);
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(run->ours.reader, sql, -1, &stmt, NULL) != SQLITE_OK)
        return false;
    memset(rows, 0, SIM_KEYS * sizeof *rows);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        int key = sqlite3_column_int(stmt, 0);
        const struct sim_row *expected = check_expected_row(run, state, table, key);
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

static void check_rows(struct sim_run *run, const struct sim_state *state, const char *when) {
    for (int table = 0; table < SIM_MIRRORED; table++) {
        struct sim_row rows[SIM_KEYS];
        bool equal[SIM_KEYS] = {0};
        if (!check_read_mirror(run, table, rows, equal, state)) {
            sim_fail(run, "cannot read %s", sim_table_names[table]);
            return;
        }
        for (int key = 0; key < SIM_KEYS; key++) {
            bool wanted = check_expected_row(run, state, table, key)->exists;
            if (rows[key].exists && !wanted)
                sim_fail(run, "%s: %s %d is there, the source has it not", when, sim_table_names[table], key);
            else if (!rows[key].exists && wanted)
                sim_fail(run, "%s: %s %d is missing", when, sim_table_names[table], key);
            else if (wanted && !equal[key])
                sim_fail(run, "%s: %s %d differs", when, sim_table_names[table], key);
        }
    }
}

struct answer {
    int64_t version;
    int64_t lsn;
    bool transactional;
};

static bool check_read_answer(struct sim_run *run, struct answer *ret) {
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(run->ours.reader, "select version, lsn, transactional from _position", -1, &stmt,
                           NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW) {
        sim_fail(run, "no position: %s", sqlite3_errmsg(run->ours.reader));
        (void)sqlite3_finalize(stmt);
        return false;
    }
    *ret = (struct answer){sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
                           sqlite3_column_int(stmt, 2) != 0};
    (void)sqlite3_finalize(stmt);
    return true;
}

static void check_answer(struct sim_run *run) {
    struct answer answer;
    if (!check_read_answer(run, &answer) || answer.version == run->ours.checked_version)
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
        sim_fail(run, "%s: neither a commit nor a snapshot is there", when);
    else
        check_rows(run, state, when);
}

// What a reader would be told now: position and rows of one snapshot, since the writer's thread may be in the middle of
// a commit.
void sim_check_answer(struct sim_run *run) {
    if (sqlite3_exec(run->ours.reader, "begin", NULL, NULL, NULL) != SQLITE_OK)
        sim_fail(run, "cannot read: %s", sqlite3_errmsg(run->ours.reader));
    check_answer(run);
    (void)sqlite3_exec(run->ours.reader, "commit", NULL, NULL, NULL);
}

void sim_check_end(struct sim_run *run) {
    struct answer answer;
    const struct sim_source *source = &run->world.source;
    if (run->failure[0] != '\0' || !check_read_answer(run, &answer))
        return;
    check_rows(run, &source->state, "at the end");
    if (!run->world.traits.metadata)
        return;
    int64_t newest = source->committed[source->committed_count - 1].commit_lsn;
    if (!answer.transactional)
        sim_fail(run, "at the end answers are per-key still");
    else if (answer.lsn != newest)
        sim_fail(run, "at the end the position is %" PRId64 ", the newest commit %" PRId64, answer.lsn,
                 newest);
}

// Why a snapshot may still be open, and what stands where.
void sim_check_print(struct sim_run *run) {
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
                   run->world.logs[i].partition, run->world.logs[i].read, run->world.logs[i].sent.count);
}
