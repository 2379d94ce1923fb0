// What a changed source.sql left to be read from the log, of store.h: plain data, and the end of the file beside.
#ifndef TIDEMARK_STORE_FILL_H
#define TIDEMARK_STORE_FILL_H

#include "views/base/error.h"
#include "views/engine/view.h"

enum store_fill_kind {
    STORE_FILL_COLUMN, // its values
    STORE_FILL_TABLE,  // the table's rows: its key is another, or the file had it before
    STORE_FILL_NEW,    // a table that is new: its topics are read from their beginning
};

struct store_fill {
    const struct table *table;
    int column; // -1 = the whole table
    enum store_fill_kind kind;
    int64_t lacking; // rows of which the log had no event any more; -1 = it is not filled yet
};

// The tables of a file that is filled beside a store, without views: copies, whose columns have in place of a default what tells
// that no event had a value, since the file may have another default of before. `of` outlives it; store_fill_catalog_free,
// whatever comes back.
int store_fill_catalog(struct catalog *ret, const struct catalog *of, struct error *error);
void store_fill_catalog_free(struct catalog *catalog);
// The file at `path` that was filled beside a store, its log and its shared memory go. Any thread; it is open nowhere.
void store_remove_fill(const char *path);

#endif
