// The virtual tables _delta_T and _changes_T over the lists of delta.h: how SQLite reads them. Read-only,
// eponymous. With them those of delta_sums.h and delta_as_of.h are registered. Inside views only (delta.c); one
// connection's thread.
#ifndef TIDEMARK_DELTA_NET_CHANGES_H
#define TIDEMARK_DELTA_NET_CHANGES_H

#include "views/engine/delta/delta.h"

// What a connection's virtual tables show; outlives the connection. All zero: they are empty.
struct delta_shown {
    struct delta_use *uses;   // by table number: where it is noted what statements use, NULL = nowhere
    struct delta_list *lists; // by table number, NULL = none
    struct row_cache *kept;   // by table number: the file's rows that were looked up
    const int *from;          // by table number: the first step that the running statement has not seen
    bool *
        named; // by table number: set when a statement that names _delta_T, _changes_T or _sums_T is prepared
    bool *netted; // by table number: when it names _delta_T
    bool *past;   // by table number: when it names _at_T
    bool fill;    // every row of the mirror, as a snapshot's
};

int net_changes_register(struct sqlite3 *db, const struct catalog *catalog, struct delta_shown *shown,
                         struct error *error);

#endif
