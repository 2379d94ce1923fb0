#include "consumer/apply/loop/collections.h"

#include "consumer/decode/placement.h"

#include <stdlib.h>
#include <string.h>

enum { NOBODY = -1 };

struct collection {
    uint64_t name;
    int table; // number, NOBODY
    bool used;
};

bool collections_init(struct collections *collections, const struct catalog *catalog) {
    size_t tables = (size_t)catalog->table_count + 1;
    collections->known = calloc(COLLECTIONS_BUCKETS, sizeof *collections->known);
    collections->open = calloc(EVENT_OTHERS_MAX, sizeof *collections->open);
    collections->routes = calloc(tables, sizeof *collections->routes);
    if (collections->known == NULL || collections->open == NULL || collections->routes == NULL)
        return false;
    for (int t = 0; t < catalog->table_count; t++) {
        collections->routes[t] = catalog->tables[t].topic != NULL;
        collections->any_routes |= collections->routes[t];
    }
    return true;
}

void collections_free(struct collections *collections) {
    free(collections->known);
    free(collections->open);
    free(collections->routes);
    *collections = (struct collections){0};
}

// Its bucket, or the free one that it would take.
static struct collection *collections_find(const struct collections *collections, uint64_t name) {
    size_t at = name % COLLECTIONS_BUCKETS;
    while (collections->known[at].used && collections->known[at].name != name)
        at = (at + 1) % COLLECTIONS_BUCKETS;
    return &collections->known[at];
}

static void collections_put(struct collections *collections, uint64_t name, int table) {
    struct collection *found = collections_find(collections, name);
    if (!found->used && collections->count == COLLECTIONS_MAX) {
        memset(collections->known, 0, COLLECTIONS_BUCKETS * sizeof *collections->known);
        collections->count = 0;
        found = collections_find(collections, name);
    }
    collections->count += !found->used;
    *found = (struct collection){name, table, true};
}

int64_t collections_begin(struct collections *collections, const struct event *end, int64_t *missing) {
    int64_t rows = 0;
    collections_end(collections);
    for (int i = 0; i < end->other_count; i++) {
        const struct collection *found = collections_find(collections, end->others[i].name);
        if (found->used && found->table != NOBODY) {
            missing[found->table] += end->others[i].rows;
            rows += end->others[i].rows;
            continue;
        }
        collections->unsure |= !found->used && collections->any_routes;
        collections->open[collections->open_count++] = end->others[i];
    }
    return rows;
}

void collections_end(struct collections *collections) {
    collections->open_count = 0;
    collections->unsure = false;
}

static bool collections_is_unsure(const struct collections *collections) {
    for (int i = 0; i < collections->open_count; i++)
        if (!collections_find(collections, collections->open[i].name)->used)
            return true;
    return false;
}

int64_t collections_learn(struct collections *collections, const struct event *row) {
    uint64_t name = placement_hash_source(row->schema, row->table);
    int table = row->change.table->index;
    collections->routes[table] = collections->any_routes = true;
    const struct collection *found = collections_find(collections, name);
    if (!found->used || found->table != table)
        collections_put(collections, name, table);
    int64_t rows = 0;
    int kept = 0;
    for (int i = 0; i < collections->open_count; i++) {
        if (collections->open[i].name == name)
            rows += collections->open[i].rows;
        else
            collections->open[kept++] = collections->open[i];
    }
    collections->open_count = kept;
    // The first routed row of all says that the others may be routed too.
    collections->unsure = collections_is_unsure(collections);
    return rows;
}

void collections_settle(struct collections *collections) {
    for (int i = 0; i < collections->open_count; i++)
        collections_put(collections, collections->open[i].name, NOBODY);
    collections->unsure = false;
}
