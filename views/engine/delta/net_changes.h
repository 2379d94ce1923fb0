// The virtual tables _delta_T and _changes_T over the lists of delta.h: how SQLite reads them. Read-only,
// eponymous. Registered by delta.c; one connection's thread.
#ifndef TIDEMARK_DELTA_NET_CHANGES_H
#define TIDEMARK_DELTA_NET_CHANGES_H

#include "views/base/error.h"

#include <stdint.h>

struct delta_vtab;
struct sqlite3;

// `module`: as delta_vtab_register has it (vtab.h).
int net_changes_register(struct sqlite3 *db, const struct delta_vtab *module, struct error *error);
// The bit of the mirrored table's column among those of delta_input.compared.
uint64_t net_changes_bit(int column);

#endif
