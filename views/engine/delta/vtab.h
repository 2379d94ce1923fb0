// What the virtual tables of delta.h have in common: how they are declared and registered, which columns a
// statement uses, what a column answers. Inside views only (net_changes.c, delta_sums.c,
// delta_as_of.c).
#ifndef TIDEMARK_DELTA_VTAB_H
#define TIDEMARK_DELTA_VTAB_H

#include "views/engine/delta/net_changes.h"
#include "views/engine/sqlite/sqlite_value.h"
#include "views/engine/sqlite/stmt.h"

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
