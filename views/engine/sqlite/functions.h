// The SQL functions that views may use. Registered on every connection that runs view SQL.
//   change_op()        'c','u','d','r','t': what the change that fired the trigger was; NULL outside of one
//   change_snapshot()  1 for a snapshot's row, a ghost that it sweeps, a rebuild: no effects then; else 0
//   change_ts_ms()     source commit time, ms since 1970, or NULL
//   change_txid(), change_lsn()   source transaction and LSN, or NULL
//   decimal(value, scale)         the text of a scaled integer: decimal(4200, 2) is '42.00'; of a NUMERIC as text, with
//                                 zeros up to `scale` places: decimal('42', 2) is '42.00', decimal('0.125', 2) '0.125'
// and those of exact_functions.h and text_functions.h, and the collations of collations.h.
// Registering also bounds what the connection's SQL makes: SQLite's own bound is a gigabyte a value.
#ifndef TIDEMARK_SQLITE_FUNCTIONS_H
#define TIDEMARK_SQLITE_FUNCTIONS_H

#include "views/base/error.h"
#include "views/engine/change.h"

struct sqlite3;

enum {
    FUNCTIONS_VALUE_BYTES_MAX =
        256 << 20, // of a value or a row; a message has at most 64 MB, a row values of several
    FUNCTIONS_PATTERN_BYTES_MAX =
        1000, // of LIKE and GLOB, which take text times pattern and are not interrupted
};

// `current` points at where the connection's owner keeps the change being applied (NULL between changes, and
// always for readers); it outlives the connection. `current` itself may be NULL.
int functions_register(struct sqlite3 *db, const struct change *const *current, struct error *error);

#endif
