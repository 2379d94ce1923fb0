// What the virtual tables of delta.h have in common: how they are declared and registered, which columns a
// statement uses, what a column answers. Inside views only (delta_table.c, delta_sums.c,
// delta_at.c).
#ifndef TIDEMARK_DELTA_MODULE_H
#define TIDEMARK_DELTA_MODULE_H

#include "views/delta_table.h"
#include "views/stmt.h"
#include "views/stored.h"

struct delta_module {
    struct sqlite3_vtab base; // of the one table that the module has
    sqlite3 *db;
    struct delta_shown *shown;
    const struct table *table;
    int kind; // for the module's own use
};

// `"a" TYPE,"b" TYPE...` of the mirrored table, each name with the prefix.
void delta_module_columns(sqlite3_str *sql, const struct table *table, const char *prefix);
// The work of xConnect and xDisconnect. `aux` is the registered module; `declare` writes the columns.
int delta_module_connect(sqlite3 *db, void *aux,
                         void (*declare)(sqlite3_str *sql, const struct delta_module *module),
                         sqlite3_vtab **ret);
int delta_module_disconnect(sqlite3_vtab *table);
// `name`: with %s for the table's. The module is copied.
int delta_module_register(sqlite3 *db, const char *name, const sqlite3_module *methods,
                          const struct delta_module *module, struct error *error);
// Whether SQLite's mask of used columns has the virtual table's column: its last bit stands for all from
// there on.
bool delta_module_uses(uint64_t mask, int column);
uint64_t delta_module_bit(int column);

#endif
