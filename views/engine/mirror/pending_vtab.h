// The virtual table _pending_T: accepted changes of a mirrored table as rows, so that one statement writes, recalls or
// notes many of them. Its columns: T's as the change left the row, _lsn and _ts_ms of the change, _step = its number in
// the table's list. It shows what flush.c chose for the statement that runs. Read-only, eponymous; inside the mirror
// only, on its connection.
#ifndef TIDEMARK_MIRROR_PENDING_VTAB_H
#define TIDEMARK_MIRROR_PENDING_VTAB_H

#include "views/engine/delta/step.h"
#include "views/engine/table.h"

struct error;
struct sqlite3;

// What the table shows: some steps of one list, in this order.
struct pending_rows {
    const struct delta_step *steps; // the list's, borrowed while a statement runs
    int *numbers;
    int count;
    int capacity;
};

// `rows` outlives the connection's statements.
int pending_vtab_register(struct sqlite3 *db, const struct table *table, const struct pending_rows *rows,
                          struct error *error);

// Shows none of `steps` yet; room for `count` numbers. ERROR_SYSTEM.
int pending_rows_begin(struct pending_rows *rows, const struct delta_step *steps, int count,
                       struct error *error);
// Within that room.
void pending_rows_add(struct pending_rows *rows, int number);
void pending_rows_free(struct pending_rows *rows);

#endif
