// Cursors of pages: where the next page begins, as text for a URL that tells its reader nothing. Pure.
#ifndef TIDEMARK_READ_PAGE_CURSOR_H
#define TIDEMARK_READ_PAGE_CURSOR_H

#include "views/base/buffer.h"
#include "views/engine/read.h"

enum cursor_kind {
    CURSOR_OFFSET = 'o', // one integer: rows to pass over
    CURSOR_KEYS = 'k',   // the key of the last row that was given
    CURSOR_ORDER = 'w',  // what tells the order, the values that it is ordered by, the key
    CURSOR_COLUMN = 'c', // its first column, where that is not told by its own text
};

// Cells of kind CELL_NULL, _INTEGER, _REAL, _TEXT, _BLOB, exactly.
void cursor_write(struct buffer *out, enum cursor_kind kind, const struct cell *cells, int count);
// Reads back `count` cells; `scratch` is overwritten and holds their bytes. False when `text` is no cursor of
// this kind with so many cells.
bool cursor_read(struct span text, enum cursor_kind kind, struct buffer *scratch, struct cell *cells,
                 int count);

#endif
