#include "tests/sim/sim.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SENT_MAX = 24,       // messages in one turn
    LARGE_PARTS = 12,    // of a large transaction in one turn: one of so many at most,
    SLOW_PARTS = 40,     // from a slow connector
    HEARTBEAT_PARTS = 3, // and so many heartbeats between its rows
};

// Where the connector stands in the source's log: before message `step` of a transaction. 0 is its BEGIN.
struct place {
    int transaction;
    int step;
    int order; // total_order of the newest row that was sent
};

struct sim_connector {
    bool snapshotting;
    int64_t snapshot_lsn;
    int snapshots;
    struct sim_state snapshot;
    int snapshot_row;   // of table * SIM_KEYS + key: the next one
    bool snapshot_sent; // some row of it was
    int first;          // transaction: the first after the snapshot
    struct place place;
    struct place flushed; // where a restart goes on
    bool is_away;
    int64_t back_ms;
    bool loses_offsets;
};

static int log_of(struct sim_world *world, int table, int key) {
    return sim_kafka_log_of_table(table,
                                  (int)((unsigned)(key * 7 + 3) % (unsigned)world->traits.partitions[table]));
}

static bool is_dropped(const struct sim_world *world, int table) {
    return table == 1 && world->traits.drops_items;
}

static void send_event(struct sim_world *world, const struct sim_change *change, struct sim_event event) {
    bool of_old = change->op == SIM_MOVE && !event.created;
    int log =
        change->op == SIM_TRUNCATE
            ? sim_kafka_log_of_table(change->table, sim_below(world, world->traits.partitions[change->table]))
            : log_of(world, change->table, of_old ? change->old_key : change->key);
    if (is_dropped(world, change->table))
        return;
    event.is = true;
    sim_kafka_send_event(world, log, &event);
    event.tombstone = true;
    if (change->op == SIM_DELETE || of_old)
        sim_kafka_send_event(world, log, &event);
}

static void send_change(struct sim_world *world, struct place *place, const struct sim_change *change) {
    struct sim_event event = {.transaction = place->transaction,
                              .change = (int)(change - world->source.committed[place->transaction].changes),
                              .order = ++place->order,
                              .after = place->transaction > world->connector->first};
    send_event(world, change, event);
    if (change->op != SIM_MOVE)
        return;
    event.order = ++place->order;
    event.created = true;
    send_event(world, change, event);
}

static void send_boundary(struct sim_world *world, const struct place *place, bool end) {
    char value[SIM_TEXT_SIZE], key[SIM_KEY_SIZE * 4];
    sim_envelope_boundary(&world->source.committed[place->transaction], end, key, value);
    sim_kafka_send(world, sim_kafka_transaction_log(world), key, value);
}

// The message at the place, and on to the next. False when the log has no more.
static bool stream_one(struct sim_world *world) {
    struct place *place = &world->connector->place;
    if (place->transaction == world->source.committed_count)
        return false;
    const struct sim_transaction *t = &world->source.committed[place->transaction];
    if (place->step == 0) {
        place->order = 0;
        if (world->traits.metadata)
            send_boundary(world, place, false);
    } else if (place->step <= t->count) {
        send_change(world, place, &t->changes[place->step - 1]);
    } else {
        if (world->traits.metadata)
            send_boundary(world, place, true);
        if (world->traits.markers)
            sim_kafka_mark(world);
        *place = (struct place){.transaction = place->transaction + 1};
        return true;
    }
    place->step++;
    return true;
}

static const char *snapshot_marker(const struct sim_connector *connector, int row, bool last_is_told) {
    int table = row / SIM_KEYS;
    bool more = false, more_of_table = false, first_of_table = true;
    const struct sim_row *rows = &connector->snapshot.rows[0][0];
    for (int i = row + 1; i < SIM_TABLES * SIM_KEYS; i++) {
        more |= rows[i].exists;
        more_of_table |= rows[i].exists && i / SIM_KEYS == table;
    }
    for (int i = table * SIM_KEYS; i < row; i++)
        first_of_table &= !rows[i].exists;
    if (!more && (last_is_told || table == SIM_TABLES - 1))
        return "last";
    if (!connector->snapshot_sent)
        return "first"; // also of a table of one row: Debezium 3.4 to 3.7
    if (!more_of_table)
        return "last_in_data_collection";
    return first_of_table ? "first_in_data_collection" : "true";
}

static void send_snapshot_row(struct sim_world *world, const struct sim_snapshot_row *at) {
    char value[SIM_TEXT_SIZE], key[SIM_KEY_SIZE];
    if (is_dropped(world, at->table))
        return;
    sim_envelope_key(key, at->key);
    sim_envelope_snapshot(world, at, value);
    sim_kafka_send(world, log_of(world, at->table, at->key), key, value);
}

static void snapshot_begin(struct sim_world *world) {
    struct sim_connector *connector = world->connector;
    // A second snapshot of an empty table sends nothing, so the log cannot tell that its rows went: a limit that is
    // documented, and avoided here.
    for (int table = 0; table < SIM_MIRRORED && connector->snapshots > 0; table++)
        sim_source_fill(world, table);
    connector->snapshotting = true;
    connector->snapshot_lsn = sim_source_snapshot(world);
    connector->snapshot = world->source.state;
    connector->snapshots++;
    connector->snapshot_row = 0;
    connector->snapshot_sent = false;
    connector->first = world->source.committed_count;
    connector->place = connector->flushed = (struct place){.transaction = connector->first};
}

// True when a row was sent; at the end streaming begins.
static bool snapshot_one(struct sim_world *world) {
    struct sim_connector *connector = world->connector;
    const struct sim_row *rows = &connector->snapshot.rows[0][0];
    while (connector->snapshot_row < SIM_TABLES * SIM_KEYS) {
        int row = connector->snapshot_row++;
        if (!rows[row].exists)
            continue;
        const struct sim_snapshot_row at = {row / SIM_KEYS, row % SIM_KEYS, &rows[row],
                                            snapshot_marker(connector, row, world->traits.last_is_told),
                                            connector->snapshot_lsn};
        send_snapshot_row(world, &at);
        connector->snapshot_sent = true;
        return true;
    }
    connector->snapshotting = false;
    return false;
}

// A chunk of an incremental snapshot. Debezium reads the table as it is now and lets its rows out when the stream has
// come to that time, so none comes while there is more to send.
static void send_chunk(struct sim_world *world) {
    const struct sim_connector *connector = world->connector;
    int at = connector->place.transaction;
    const struct sim_state *state =
        at > connector->first ? &world->source.states[at - 1] : &connector->snapshot;
    int table = sim_below(world, SIM_MIRRORED);
    for (int key = 0; key < SIM_KEYS; key++)
        if (state->rows[table][key].exists && sim_chance(world, 3)) {
            const struct sim_snapshot_row row = {table, key, &state->rows[table][key], "incremental", 0};
            send_snapshot_row(world, &row);
        }
}

static void send_heartbeat(struct sim_world *world) {
    char value[64];
    (void)snprintf(value, sizeof value, "{\"ts_ms\":%" PRId64 "}", world->now_ms);
    sim_kafka_send(world, sim_kafka_heartbeat_log(world), "{\"serverName\":\"sim\"}", value);
}

// Dies; what was sent since the newest flush comes again.
static void connector_die(struct sim_world *world) {
    struct sim_connector *connector = world->connector;
    connector->is_away = true;
    connector->back_ms = world->now_ms + 100 + sim_below(world, (int)world->traits.away_ms_max);
    connector->loses_offsets = world->traits.resnapshots && sim_chance(world, 3);
}

static bool connector_comes_back(struct sim_world *world) {
    struct sim_connector *connector = world->connector;
    if (world->now_ms < connector->back_ms)
        return false;
    connector->is_away = false;
    if (connector->loses_offsets || connector->snapshotting) // a snapshot that was not finished begins anew
        snapshot_begin(world);
    else
        connector->place = connector->flushed;
    return true;
}

// How much is sent in one turn: of a large transaction more.
static int connector_count(struct sim_world *world, bool steady) {
    const struct sim_connector *connector = world->connector;
    bool slow = world->traits.slow_connector && !steady;
    int rows = !connector->snapshotting && connector->place.transaction < world->source.committed_count
                   ? world->source.committed[connector->place.transaction].count
                   : 0;
    if (rows > SIM_ROWS_LARGE)
        return 1 + sim_below(world, rows / (slow ? SLOW_PARTS : LARGE_PARTS));
    return slow ? 1 : 1 + sim_below(world, SENT_MAX);
}

void sim_connector_act(struct sim_world *world, bool steady) {
    struct sim_connector *connector = world->connector;
    if (connector->is_away && !connector_comes_back(world))
        return;
    if (!steady && world->traits.kills && sim_chance(world, 30)) {
        connector_die(world);
        return;
    }
    int count = connector_count(world, steady);
    for (int i = 0; i < count; i++) {
        if (world->traits.heartbeats && sim_chance(world, count > SENT_MAX ? count / HEARTBEAT_PARTS : 12))
            send_heartbeat(world);
        if (connector->snapshotting ? !snapshot_one(world) && connector->snapshotting : !stream_one(world))
            break;
        bool is_there =
            !connector->snapshotting && connector->place.transaction == world->source.committed_count;
        if (is_there && world->traits.incremental && sim_chance(world, 4))
            send_chunk(world);
        if (!connector->snapshotting && sim_chance(world, count > SENT_MAX ? count : 8))
            connector->flushed = connector->place;
    }
    if (world->traits.heartbeats)
        send_heartbeat(world);
}

void sim_connector_start(struct sim_world *world) {
    world->connector = calloc(1, sizeof *world->connector);
    assert(world->connector != NULL);
    snapshot_begin(world);
}

void sim_connector_free(struct sim_world *world) {
    free(world->connector);
    world->connector = NULL;
}

bool sim_connector_is_away(const struct sim_world *world) {
    return world->connector->is_away;
}

bool sim_connector_is_done(const struct sim_world *world) {
    const struct sim_connector *connector = world->connector;
    return !connector->is_away && !connector->snapshotting &&
           connector->place.transaction == world->source.committed_count;
}

int sim_connector_snapshots(const struct sim_world *world) {
    return world->connector->snapshots;
}

void sim_connector_lose_offsets(struct sim_world *world) {
    connector_die(world);
    world->connector->loses_offsets = true;
}

void sim_connector_go_on(struct sim_world *world) {
    struct sim_connector *connector = world->connector;
    connector->snapshot = world->source.state;
    connector->first = world->source.committed_count;
    connector->place = connector->flushed = (struct place){.transaction = connector->first};
}
