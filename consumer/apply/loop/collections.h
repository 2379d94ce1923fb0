// Whose the rows are that an END counts of collections which source.sql does not declare: a partition or a shard may be
// sent into a declared table's topic by a router. Learnt from rows, and from their absence. Plain data; one thread.
#ifndef TIDEMARK_APPLY_LOOP_COLLECTIONS_H
#define TIDEMARK_APPLY_LOOP_COLLECTIONS_H

#include "consumer/decode/event.h"
#include "views/base/bounds.h"

enum {
    COLLECTIONS_MAX =
        BOUND(4096, 8), // that are remembered; when one more comes all are forgotten, and learnt anew
    COLLECTIONS_BUCKETS = 2 * COLLECTIONS_MAX,
};

struct collections {
    struct collection *known;      // COLLECTIONS_BUCKETS, by name
    struct event_collection *open; // of the END that began last: those that are no table's yet
    bool *routes;                  // by table: rows of collections that nobody declared may be its
    int count;
    int open_count;
    bool any_routes;
    bool unsure; // some of the open ones may yet be a table's
};

// False when out of memory.
bool collections_init(struct collections *collections, const struct catalog *catalog);
void collections_free(struct collections *collections);
// An END: adds to `missing`, by table, what is known to be of tables. Returns how many rows that are.
int64_t collections_begin(struct collections *collections, const struct event *end, int64_t *missing);
// That END is finished with.
void collections_end(struct collections *collections);
// A row was routed to its table. Returns how many rows of its collection the END counts that were nobody's so far.
int64_t collections_learn(struct collections *collections, const struct event *row);
// No row of the open ones comes: they are nobody's.
void collections_settle(struct collections *collections);

#endif
