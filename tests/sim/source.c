#include "tests/sim/sim.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_LSN = 1000000,
    FIRST_TXID = 700,
    LSN_STEP = 8,
    TIMELINE_LSNS = 100000, // so much lower begins the next one
    BACK_MAX = 12,          // transactions that a restored server has not
    STATEMENTS_MAX = 6,     // in one turn
};

const char *const sim_table_names[SIM_TABLES] = {"orders", "items", "audit"};

const char *sim_note(int note) {
    enum { LONG = 160 };
    static char text[LONG + 32];
    if (note == 0)
        return NULL;
    int size = snprintf(text, sizeof text, "note-%d-", note);
    if (note % 2 == 1) {
        memset(text + size, 'x', LONG);
        text[size + LONG] = '\0';
    }
    return text;
}

static int64_t source_next_lsn(struct sim_world *world) {
    world->source.lsn += LSN_STEP + LSN_STEP * sim_below(world, 16);
    return world->source.lsn;
}

static int source_new_note(struct sim_world *world) {
    int kind = sim_below(world, 4);
    world->source.notes += 2;
    return kind == 0 ? 0 : kind == 1 ? world->source.notes : world->source.notes + 1;
}

static void source_apply(struct sim_state *state, const struct sim_change *change) {
    struct sim_row *rows = state->rows[change->table];
    switch (change->op) {
    case SIM_INSERT:
    case SIM_UPDATE:
        rows[change->key] = change->row;
        break;
    case SIM_DELETE:
        rows[change->key] = (struct sim_row){0};
        break;
    case SIM_MOVE:
        rows[change->old_key] = (struct sim_row){0};
        rows[change->key] = change->row;
        break;
    case SIM_TRUNCATE:
        memset(rows, 0, SIM_KEYS * sizeof *rows);
        break;
    }
}

static void source_append(struct sim_world *world, int slot, struct sim_change change) {
    struct sim_transaction *transaction = &world->source.open[slot];
    if (transaction->count == transaction->capacity) {
        transaction->capacity = transaction->capacity == 0 ? 8 : transaction->capacity * 2;
        transaction->changes =
            realloc(transaction->changes, (size_t)transaction->capacity * sizeof *transaction->changes);
        assert(transaction->changes != NULL);
    }
    change.lsn = source_next_lsn(world);
    source_apply(&world->source.own[slot], &change);
    transaction->changes[transaction->count++] = change;
}

// What the transaction has locked it sees as its own changes left it, and no other changes it.
static bool source_lock(struct sim_source *source, int slot, int table, int key) {
    if (source->locks[table][key] == slot + 1)
        return true;
    if (source->locks[table][key] != 0)
        return false;
    source->locks[table][key] = slot + 1;
    source->own[slot].rows[table][key] = source->state.rows[table][key];
    return true;
}

static bool source_lock_table(struct sim_source *source, int slot, int table) {
    for (int key = 0; key < SIM_KEYS; key++)
        if (source->locks[table][key] != 0 && source->locks[table][key] != slot + 1)
            return false;
    for (int key = 0; key < SIM_KEYS; key++)
        (void)source_lock(source, slot, table, key);
    return true;
}

static void source_move(struct sim_world *world, int slot, int table, int key, struct sim_row row) {
    int other = sim_below(world, SIM_KEYS);
    if (other == key || !source_lock(&world->source, slot, table, other) ||
        world->source.own[slot].rows[table][other].exists)
        return;
    bool keeps_note = sim_below(world, 3) > 0;
    if (!keeps_note)
        row.note = source_new_note(world);
    row.v++;
    source_append(world, slot,
                  (struct sim_change){.op = SIM_MOVE,
                                      .table = table,
                                      .key = other,
                                      .old_key = key,
                                      .row = row,
                                      .unavailable = keeps_note && row.note % 2 == 1});
}

static void source_statement(struct sim_world *world, int slot) {
    int table = sim_below(world, world->traits.audit ? SIM_TABLES : SIM_MIRRORED);
    if (world->traits.truncates && sim_chance(world, 60)) {
        if (source_lock_table(&world->source, slot, table))
            source_append(world, slot, (struct sim_change){.op = SIM_TRUNCATE, .table = table});
        return;
    }
    int key = sim_below(world, SIM_KEYS);
    if (!source_lock(&world->source, slot, table, key))
        return;
    struct sim_row row = world->source.own[slot].rows[table][key];
    struct sim_change change = {.table = table, .key = key};
    if (!row.exists) {
        change.op = SIM_INSERT;
        change.row =
            (struct sim_row){.exists = true, .v = sim_below(world, 100), .note = source_new_note(world)};
    } else if (sim_chance(world, 5)) {
        change.op = SIM_DELETE;
    } else if (world->traits.moves && sim_chance(world, 5)) {
        source_move(world, slot, table, key, row);
        return;
    } else {
        bool keeps_note = sim_below(world, 2) > 0;
        change.op = SIM_UPDATE;
        change.row = row;
        change.row.v++;
        if (!keeps_note)
            change.row.note = source_new_note(world);
        change.unavailable = keeps_note && row.note % 2 == 1;
    }
    source_append(world, slot, change);
}

static void source_unlock(struct sim_source *source, int slot) {
    for (int table = 0; table < SIM_TABLES; table++)
        for (int key = 0; key < SIM_KEYS; key++)
            if (source->locks[table][key] == slot + 1)
                source->locks[table][key] = 0;
}

static void source_end(struct sim_world *world, int slot, bool commit) {
    struct sim_source *source = &world->source;
    struct sim_transaction *transaction = &source->open[slot];
    source_unlock(source, slot);
    source->is_open[slot] = false;
    if (!commit || transaction->count == 0) {
        free(transaction->changes);
        *transaction = (struct sim_transaction){0};
        return;
    }
    if (source->committed_count == source->committed_capacity) {
        source->committed_capacity = source->committed_capacity == 0 ? 64 : source->committed_capacity * 2;
        size_t capacity = (size_t)source->committed_capacity;
        source->committed = realloc(source->committed, capacity * sizeof *source->committed);
        source->states = realloc(source->states, capacity * sizeof *source->states);
        assert(source->committed != NULL && source->states != NULL);
    }
    transaction->commit_lsn = source_next_lsn(world);
    transaction->commit_ms = world->now_ms;
    transaction->timeline = source->timeline;
    for (int i = 0; i < transaction->count; i++)
        source_apply(&source->state, &transaction->changes[i]);
    source->states[source->committed_count] = source->state;
    source->committed[source->committed_count++] = *transaction;
    *transaction = (struct sim_transaction){0};
}

// Back to a savepoint: the newest changes never happened. Their locks stay until the end, as PostgreSQL's do.
static void source_roll_back_some(struct sim_world *world, int slot) {
    struct sim_source *source = &world->source;
    struct sim_transaction *transaction = &source->open[slot];
    transaction->count -= sim_below(world, transaction->count + 1);
    source->own[slot] = source->state;
    for (int i = 0; i < transaction->count; i++)
        source_apply(&source->own[slot], &transaction->changes[i]);
}

static void source_open(struct sim_world *world, int slot) {
    struct sim_source *source = &world->source;
    if (source->is_open[slot])
        return;
    source->is_open[slot] = true;
    source->open[slot] = (struct sim_transaction){.txid = ++source->txid};
}

static void source_turn(struct sim_world *world, int slot) {
    int statements = 1 + sim_below(world, STATEMENTS_MAX);
    if (world->traits.big && sim_chance(world, 40))
        statements = 20 + sim_below(world, SIM_ROWS_LARGE);
    if (world->traits.huge_rows > 0 && world->turn == world->traits.huge_turn)
        statements = world->traits.huge_rows;
    for (int i = 0; i < statements; i++)
        source_statement(world, slot);
    if (sim_chance(world, 12))
        source_roll_back_some(world, slot);
    if (sim_chance(world, 2))
        source_end(world, slot, !sim_chance(world, 8));
}

void sim_source_act(struct sim_world *world, bool quiet) {
    struct sim_source *source = &world->source;
    if (quiet) {
        for (int i = 0; i < SIM_OPEN_MAX; i++)
            if (source->is_open[i])
                source_end(world, i, true);
        return;
    }
    int slot = sim_below(world, SIM_OPEN_MAX);
    source_open(world, slot);
    source_turn(world, slot);
}

void sim_source_restore(struct sim_world *world, bool back) {
    struct sim_source *source = &world->source;
    for (int i = 0; i < SIM_OPEN_MAX; i++)
        if (source->is_open[i])
            source_end(world, i, false);
    int kept = source->committed_count - (back ? sim_below(world, BACK_MAX) : 0);
    source->state = kept > 0 ? source->states[kept - 1] : source->first;
    if (back) // its numbers come again too
        source->txid = kept > 0 ? source->committed[kept - 1].txid : FIRST_TXID;
    source->timeline++;
    source->lsn = FIRST_LSN - source->timeline * TIMELINE_LSNS + source->timeline;
}

void sim_source_start(struct sim_world *world) {
    struct sim_source *source = &world->source;
    source->lsn = FIRST_LSN;
    source->txid = FIRST_TXID;
    if (!world->traits.initial_rows)
        return;
    for (int table = 0; table < SIM_TABLES; table++) {
        int count = sim_below(world, 5);
        if (table == 0 && world->traits.one_row_first)
            count = 1;
        for (int key = 0; key < count; key++)
            source->state.rows[table][key] =
                (struct sim_row){.exists = true, .v = key, .note = source_new_note(world)};
    }
    source->first = source->state;
}

void sim_source_fill(struct sim_world *world, int table) {
    struct sim_source *source = &world->source;
    sim_source_act(world, true);
    for (int key = 0; key < SIM_KEYS; key++)
        if (source->state.rows[table][key].exists)
            return;
    source_open(world, 0);
    source_append(world, 0,
                  (struct sim_change){.op = SIM_INSERT, .table = table, .row = {.exists = true, .v = 1}});
    source_end(world, 0, true);
}

int64_t sim_source_snapshot(struct sim_world *world) {
    struct sim_source *source = &world->source;
    sim_source_act(world, true); // a new slot waits for the transactions that run,
    for (int i = 0; world->traits.straddles && i < SIM_OPEN_MAX; i++)
        if (sim_chance(world, 2)) { // but not for those that begin meanwhile
            source_open(world, i);
            for (int n = 1 + sim_below(world, STATEMENTS_MAX); n > 0; n--)
                source_statement(world, i);
        }
    source->lsn += LSN_STEP;
    assert(source->snapshot_count < SIM_SNAPSHOTS_MAX);
    source->snapshots[source->snapshot_count] = source->state;
    source->snapshot_lsns[source->snapshot_count++] = source->lsn;
    return source->lsn;
}

const struct sim_state *sim_source_state_at(const struct sim_source *source, int64_t commit_lsn) {
    for (int i = source->committed_count - 1; i >= 0; i--)
        if (source->committed[i].commit_lsn == commit_lsn)
            return &source->states[i];
    for (int i = 0; i < source->snapshot_count; i++)
        if (source->snapshot_lsns[i] == commit_lsn)
            return &source->snapshots[i];
    return NULL;
}

void sim_source_free(struct sim_source *source) {
    for (int i = 0; i < SIM_OPEN_MAX; i++)
        free(source->open[i].changes);
    for (int i = 0; i < source->committed_count; i++)
        free(source->committed[i].changes);
    free(source->committed);
    free(source->states);
}
