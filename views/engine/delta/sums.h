// The virtual table _sums_T('COLUMN'[, 'COLUMN', VALUE...]) over the lists of delta.h: what a commit adds to
// the sums of T by a column, of all rows or of those whose second column has one of the values. A row for
// each group that differs: _weight how many rows more it has, the column itself, of every other column of
// numbers what is to be added to its sum; NULL counts as 0, and a sum of integers beyond 64 bits is a REAL, as
// with `+`. NUMERIC and REAL are summed exactly (exact_column.h), for which a group may have a second row of weight 0.
// The work of a `group by` over _delta_T without SQLite's interpreter for each row. Registered by
// delta.c.
#ifndef TIDEMARK_DELTA_SUMS_H
#define TIDEMARK_DELTA_SUMS_H

#include "views/base/error.h"

struct delta_vtab;
struct sqlite3;

enum {
    DELTA_SUMS_VALUES_MAX = 4,
};

// `module`: as delta_vtab_register has it (vtab.h).
int delta_sums_register(struct sqlite3 *db, const struct delta_vtab *module, struct error *error);

#endif
