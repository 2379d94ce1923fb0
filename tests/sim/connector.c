#include "tests/sim/sim.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_SIZE = 2048,
    SENT_MAX = 24, // messages in one turn
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
    int64_t heartbeat_ms;
};

static int64_t previous_commit(const struct sim_world *world, int transaction) {
    const struct sim_connector *connector = world->connector;
    return transaction > connector->first ? world->source.committed[transaction - 1].commit_lsn : 0;
}

static void write_row(char *out, size_t size, int key, const struct sim_row *row, bool unavailable) {
    const char *note = sim_note(row->note);
    if (unavailable)
        (void)snprintf(out, size, "{\"id\":%d,\"v\":%d,\"note\":\"__debezium_unavailable_value\"}", key,
                       row->v);
    else if (note == NULL)
        (void)snprintf(out, size, "{\"id\":%d,\"v\":%d,\"note\":null}", key, row->v);
    else
        (void)snprintf(out, size, "{\"id\":%d,\"v\":%d,\"note\":\"%s\"}", key, row->v, note);
}

static int log_of(struct sim_world *world, int table, int key) {
    return sim_kafka_log_of_table(table,
                                  (int)((unsigned)(key * 7 + 3) % (unsigned)world->traits.partitions[table]));
}

static void send(struct sim_world *world, int table, int log, const char *key, const char *value) {
    if (table == 1 && world->traits.drops_items)
        return;
    sim_kafka_send(world, log, key, value);
}

struct streamed {
    const struct sim_transaction *transaction;
    int index;
    int table;
    int64_t lsn;
    int order;
};

static void send_event(struct sim_world *world, const struct streamed *at, char op, int key,
                       const char *after) {
    char value[TEXT_SIZE], key_text[32], sequence[96], transaction[128];
    const struct sim_transaction *t = at->transaction;
    int64_t previous = previous_commit(world, at->index);
    if (previous != 0)
        (void)snprintf(sequence, sizeof sequence, "[\\\"%" PRId64 "\\\",\\\"%" PRId64 "\\\"]", previous,
                       at->lsn);
    else
        (void)snprintf(sequence, sizeof sequence, "[null,\\\"%" PRId64 "\\\"]", at->lsn);
    if (world->traits.metadata)
        (void)snprintf(transaction, sizeof transaction,
                       "{\"id\":\"%" PRId64 ":%" PRId64 "\",\"total_order\":%d,\"data_collection_order\":1}",
                       t->txid, at->lsn, at->order);
    else
        (void)snprintf(transaction, sizeof transaction, "null");
    (void)snprintf(key_text, sizeof key_text, "{\"id\":%d}", key);
    (void)snprintf(
        value, sizeof value,
        "{\"before\":null,\"after\":%s,\"source\":{\"version\":\"3.6.1.Final\",\"connector\":\"postgresql\","
        "\"name\":\"sim\",\"ts_ms\":%" PRId64 ",\"snapshot\":\"false\",\"db\":\"sim\",\"sequence\":\"%s\","
        "\"schema\":\"public\",\"table\":\"%s\",\"txId\":%" PRId64 ",\"lsn\":%" PRId64
        ",\"xmin\":null},\"transaction\":%s,\"op\":\"%c\",\"ts_ms\":%" PRId64 "}",
        after, t->commit_ms, sequence, sim_table_names[at->table], t->txid, at->lsn, transaction, op,
        world->now_ms);
    int log = op == 't'
                  ? sim_kafka_log_of_table(at->table, sim_below(world, world->traits.partitions[at->table]))
                  : log_of(world, at->table, key);
    send(world, at->table, log, op == 't' ? NULL : key_text, value);
    if (op == 'd')
        send(world, at->table, log, key_text, NULL);
}

static void send_change(struct sim_world *world, struct place *place, const struct sim_change *change) {
    char after[TEXT_SIZE / 2];
    struct streamed at = {.transaction = &world->source.committed[place->transaction],
                          .index = place->transaction,
                          .table = change->table,
                          .lsn = change->lsn,
                          .order = ++place->order};
    write_row(after, sizeof after, change->key, &change->row, change->unavailable);
    switch (change->op) {
    case SIM_INSERT:
        send_event(world, &at, 'c', change->key, after);
        break;
    case SIM_UPDATE:
        send_event(world, &at, 'u', change->key, after);
        break;
    case SIM_DELETE:
        send_event(world, &at, 'd', change->key, "null");
        break;
    case SIM_MOVE:
        send_event(world, &at, 'd', change->old_key, "null");
        at.order = ++place->order;
        send_event(world, &at, 'c', change->key, after);
        break;
    case SIM_TRUNCATE:
        send_event(world, &at, 't', 0, "null");
        break;
    }
}

static void send_boundary(struct sim_world *world, const struct place *place, bool end) {
    const struct sim_transaction *t = &world->source.committed[place->transaction];
    char value[TEXT_SIZE], collections[TEXT_SIZE / 2], key[96];
    int counts[SIM_TABLES] = {0};
    for (int i = 0; i < t->count; i++)
        counts[t->changes[i].table] += t->changes[i].op == SIM_MOVE ? 2 : 1;
    int size = snprintf(collections, sizeof collections, "[");
    int total = 0;
    for (int table = 0; table < SIM_TABLES; table++) {
        if (counts[table] == 0)
            continue;
        size += snprintf(collections + size, sizeof collections - (size_t)size,
                         "%s{\"data_collection\":\"public.%s\",\"event_count\":%d}", total > 0 ? "," : "",
                         sim_table_names[table], counts[table]);
        total += counts[table];
    }
    (void)snprintf(collections + size, sizeof collections - (size_t)size, "]");
    int64_t lsn = end ? t->commit_lsn : t->changes[0].lsn;
    (void)snprintf(key, sizeof key, "{\"id\":\"%" PRId64 ":%" PRId64 "\"}", t->txid, lsn);
    if (end)
        (void)snprintf(value, sizeof value,
                       "{\"status\":\"END\",\"id\":\"%" PRId64 ":%" PRId64
                       "\",\"event_count\":%d,\"data_collections\":%s,\"ts_ms\":%" PRId64 "}",
                       t->txid, lsn, total, collections, t->commit_ms);
    else
        (void)snprintf(value, sizeof value,
                       "{\"status\":\"BEGIN\",\"id\":\"%" PRId64 ":%" PRId64
                       "\",\"event_count\":null,\"data_collections\":null,\"ts_ms\":%" PRId64 "}",
                       t->txid, lsn, t->commit_ms);
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

static void send_snapshot_row(struct sim_world *world, int table, int key, const struct sim_row *row,
                              const char *marker, int64_t lsn) {
    char value[TEXT_SIZE], after[TEXT_SIZE / 2], key_text[32], place[160];
    write_row(after, sizeof after, key, row, false);
    (void)snprintf(key_text, sizeof key_text, "{\"id\":%d}", key);
    if (lsn != 0)
        (void)snprintf(place, sizeof place,
                       "\"sequence\":\"[null,\\\"%" PRId64 "\\\"]\",\"txId\":%d,\"lsn\":%" PRId64, lsn, 690,
                       lsn);
    else
        (void)snprintf(place, sizeof place, "\"sequence\":\"[null,null]\",\"txId\":null,\"lsn\":null");
    (void)snprintf(
        value, sizeof value,
        "{\"before\":null,\"after\":%s,\"source\":{\"version\":\"3.6.1.Final\",\"connector\":\"postgresql\","
        "\"name\":\"sim\",\"ts_ms\":%" PRId64 ",\"snapshot\":\"%s\",\"db\":\"sim\",\"schema\":\"public\","
        "\"table\":\"%s\",%s,\"xmin\":null},\"transaction\":null,\"op\":\"r\",\"ts_ms\":%" PRId64 "}",
        after, world->now_ms, marker, sim_table_names[table], place, world->now_ms);
    send(world, table, log_of(world, table, key), key_text, value);
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
        send_snapshot_row(world, row / SIM_KEYS, row % SIM_KEYS, &rows[row],
                          snapshot_marker(connector, row, world->seed % 2 == 0), connector->snapshot_lsn);
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
        if (state->rows[table][key].exists && sim_chance(world, 3))
            send_snapshot_row(world, table, key, &state->rows[table][key], "incremental", 0);
}

static void send_heartbeat(struct sim_world *world) {
    char value[64];
    world->connector->heartbeat_ms = world->now_ms;
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

void sim_connector_act(struct sim_world *world, bool steady) {
    struct sim_connector *connector = world->connector;
    if (connector->is_away && !connector_comes_back(world))
        return;
    if (!steady && world->traits.kills && sim_chance(world, 30)) {
        connector_die(world);
        return;
    }
    int count = world->traits.slow_connector && !steady ? 1 : 1 + sim_below(world, SENT_MAX);
    for (int i = 0; i < count; i++) {
        if (world->traits.heartbeats && sim_chance(world, 12))
            send_heartbeat(world);
        if (connector->snapshotting ? !snapshot_one(world) && connector->snapshotting : !stream_one(world))
            break;
        bool is_there =
            !connector->snapshotting && connector->place.transaction == world->source.committed_count;
        if (is_there && world->traits.incremental && sim_chance(world, 4))
            send_chunk(world);
        if (!connector->snapshotting && sim_chance(world, 8))
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

int64_t sim_connector_snapshot_lsn(const struct sim_world *world) {
    return world->connector->snapshot_lsn;
}

int sim_connector_snapshots(const struct sim_world *world) {
    return world->connector->snapshots;
}

int64_t sim_connector_heartbeat_ms(const struct sim_world *world) {
    return world->connector->heartbeat_ms;
}
