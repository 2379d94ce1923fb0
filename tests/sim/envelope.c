#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void sim_envelope_key(char ret[SIM_KEY_SIZE], int key) {
    (void)snprintf(ret, SIM_KEY_SIZE, "{\"id\":%d}", key);
}

static void envelope_row(char *out, size_t size, int key, const struct sim_row *row, bool unavailable) {
    const char *note = sim_note(row->note);
    if (unavailable)
        (void)snprintf(out, size, "{\"id\":%d,\"v\":%d,\"note\":\"__debezium_unavailable_value\"}", key,
                       row->v);
    else if (note == NULL)
        (void)snprintf(out, size, "{\"id\":%d,\"v\":%d,\"note\":null}", key, row->v);
    else
        (void)snprintf(out, size, "{\"id\":%d,\"v\":%d,\"note\":\"%s\"}", key, row->v, note);
}

// What the change does to which key, and the row after it.
static char envelope_op(const struct sim_event *event, const struct sim_change *change, int *ret_key,
                        char *ret_after, size_t size) {
    bool gone =
        change->op == SIM_DELETE || change->op == SIM_TRUNCATE || (change->op == SIM_MOVE && !event->created);
    *ret_key = change->op == SIM_MOVE && !event->created ? change->old_key : change->key;
    if (gone)
        (void)snprintf(ret_after, size, "null");
    else
        envelope_row(ret_after, size, change->key, &change->row, change->unavailable);
    if (change->op == SIM_TRUNCATE)
        return 't';
    return gone ? 'd' : change->op == SIM_UPDATE ? 'u' : 'c';
}

bool sim_envelope_event(const struct sim_world *world, const struct sim_event *event, int64_t sent_ms,
                        char ret_key[SIM_KEY_SIZE], char ret_value[SIM_TEXT_SIZE]) {
    char after[SIM_TEXT_SIZE / 2], sequence[96], transaction[128];
    const struct sim_transaction *t = &world->source.committed[event->transaction];
    const struct sim_change *change = &t->changes[event->change];
    int key;
    char op = envelope_op(event, change, &key, after, sizeof after);
    sim_envelope_key(ret_key, key);
    if (event->after)
        (void)snprintf(sequence, sizeof sequence, "[\\\"%" PRId64 "\\\",\\\"%" PRId64 "\\\"]",
                       world->source.committed[event->transaction - 1].commit_lsn, change->lsn);
    else
        (void)snprintf(sequence, sizeof sequence, "[null,\\\"%" PRId64 "\\\"]", change->lsn);
    if (world->traits.metadata)
        (void)snprintf(transaction, sizeof transaction,
                       "{\"id\":\"%" PRId64 ":%" PRId64 "\",\"total_order\":%d,\"data_collection_order\":1}",
                       t->txid, change->lsn, event->order);
    else
        (void)snprintf(transaction, sizeof transaction, "null");
    (void)snprintf(
        ret_value, SIM_TEXT_SIZE,
        "{\"before\":null,\"after\":%s,\"source\":{\"version\":\"3.6.1.Final\",\"connector\":\"postgresql\","
        "\"name\":\"sim\",\"ts_ms\":%" PRId64 ",\"snapshot\":\"false\",\"db\":\"sim\",\"sequence\":\"%s\","
        "\"schema\":\"public\",\"table\":\"%s\",\"txId\":%" PRId64 ",\"lsn\":%" PRId64
        ",\"xmin\":null},\"transaction\":%s,\"op\":\"%c\",\"ts_ms\":%" PRId64 "}",
        after, t->commit_ms, sequence, sim_table_names[change->table], t->txid, change->lsn, transaction, op,
        sent_ms);
    return op != 't';
}

void sim_envelope_boundary(const struct sim_transaction *t, bool end, char ret_key[SIM_KEY_SIZE * 4],
                           char ret_value[SIM_TEXT_SIZE]) {
    char collections[SIM_TEXT_SIZE / 2];
    int counts[SIM_TABLES] = {0};
    for (int i = 0; i < t->count && end; i++)
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
    (void)snprintf(ret_key, SIM_KEY_SIZE * 4, "{\"id\":\"%" PRId64 ":%" PRId64 "\"}", t->txid, lsn);
    if (end)
        (void)snprintf(ret_value, SIM_TEXT_SIZE,
                       "{\"status\":\"END\",\"id\":\"%" PRId64 ":%" PRId64
                       "\",\"event_count\":%d,\"data_collections\":%s,\"ts_ms\":%" PRId64 "}",
                       t->txid, lsn, total, collections, t->commit_ms);
    else
        (void)snprintf(ret_value, SIM_TEXT_SIZE,
                       "{\"status\":\"BEGIN\",\"id\":\"%" PRId64 ":%" PRId64
                       "\",\"event_count\":null,\"data_collections\":null,\"ts_ms\":%" PRId64 "}",
                       t->txid, lsn, t->commit_ms);
}

void sim_envelope_snapshot(const struct sim_world *world, const struct sim_snapshot_row *at,
                           char ret[SIM_TEXT_SIZE]) {
    char after[SIM_TEXT_SIZE / 2], place[160];
    envelope_row(after, sizeof after, at->key, at->row, false);
    if (at->lsn != 0)
        (void)snprintf(place, sizeof place,
                       "\"sequence\":\"[null,\\\"%" PRId64 "\\\"]\",\"txId\":%d,\"lsn\":%" PRId64, at->lsn,
                       690, at->lsn);
    else
        (void)snprintf(place, sizeof place, "\"sequence\":\"[null,null]\",\"txId\":null,\"lsn\":null");
    (void)snprintf(
        ret, SIM_TEXT_SIZE,
        "{\"before\":null,\"after\":%s,\"source\":{\"version\":\"3.6.1.Final\",\"connector\":\"postgresql\","
        "\"name\":\"sim\",\"ts_ms\":%" PRId64 ",\"snapshot\":\"%s\",\"db\":\"sim\",\"schema\":\"public\","
        "\"table\":\"%s\",%s,\"xmin\":null},\"transaction\":null,\"op\":\"r\",\"ts_ms\":%" PRId64 "}",
        after, world->now_ms, at->marker, sim_table_names[at->table], place, world->now_ms);
}
