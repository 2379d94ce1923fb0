// The virtual tables _delta_T and _changes_T over the lists of delta.h: how SQLite reads them. Read-only,
// eponymous. Registered by delta.c; one connection's thread.
#ifndef TIDEMARK_DELTA_NET_CHANGES_H
#define TIDEMARK_DELTA_NET_CHANGES_H

#include "views/base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct delta_vtab;
struct packed_row;
struct sqlite3;
struct table;

// `module`: as delta_vtab_register has it (vtab.h).
int net_changes_register(struct sqlite3 *db, const struct delta_vtab *module, struct error *error);
// The bit of the mirrored table's column among those of delta_input.compared.
uint64_t net_changes_bit(int column);
// Whether two states of a row are equal in the columns of these bits; NULL = there is none.
bool net_changes_is_same(const struct table *table, uint64_t compared, const struct packed_row *a,
                         const struct packed_row *b);

#endif
