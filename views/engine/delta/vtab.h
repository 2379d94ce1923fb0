// What the virtual tables of delta.h have in common: what they show, how they are declared and registered, which
// columns a statement uses. Used by net_changes.c, sums.c, as_of.c and by delta.c, which registers them; one
// connection's thread.
#ifndef TIDEMARK_DELTA_VTAB_H
#define TIDEMARK_DELTA_VTAB_H

#include "views/engine/delta/batch.h"
#include "views/engine/sqlite/sqlite_value.h"
#include "views/engine/sqlite/stmt.h"

// What a connection's virtual tables show; outlives the connection. All zero: they are empty.
struct delta_shown {
    struct delta_use *uses;   // by table number: where it is noted what statements use, NULL = nowhere
    struct delta_list *lists; // by table number, NULL = none
    struct row_cache *kept;   // by table number: the file's rows that were looked up
    const int *from;          // by table number: the first step that the running statement has not seen
    // By table number, set while a statement is prepared, NULL = nowhere:
    bool *named;  // it names _delta_T, _changes_T or _sums_T
    bool *netted; // it names _delta_T or _sums_T
    bool *past;   // it names _at_T
    bool fill;    // show every row of the mirror, as a snapshot's
};

struct delta_vtab {
    struct sqlite3_vtab base; // of the one table that the module has
    sqlite3 *db;
    struct delta_shown *shown;
    const struct table *table;
    int kind; // for the module's own use
};

// `"a" TYPE,"b" TYPE...` of the mirrored table, each name with the prefix.
void delta_vtab_columns(sqlite3_str *sql, const struct table *table, const char *prefix);
// The work of xConnect and xDisconnect. `aux` is the registered module; `declare` writes the columns.
int delta_vtab_connect(sqlite3 *db, void *aux,
                       void (*declare)(sqlite3_str *sql, const struct delta_vtab *module),
                       sqlite3_vtab **ret);
int delta_vtab_disconnect(sqlite3_vtab *table);
// `name`: with %s for the table's. The module is copied.
int delta_vtab_register(sqlite3 *db, const char *name, const sqlite3_module *methods,
                        const struct delta_vtab *module, struct error *error);
// Whether SQLite's mask of used columns has the virtual table's column: its last bit stands for all from
// there on.
bool delta_vtab_uses(uint64_t mask, int column);
uint64_t delta_vtab_bit(int column);

#endif
