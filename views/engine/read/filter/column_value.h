// The values that a question compares a column with: read as the column's declared type reads a text, and written as
// the mirror stores it. Says also what of SQL compares them rightly.
#ifndef TIDEMARK_READ_COLUMN_VALUE_H
#define TIDEMARK_READ_COLUMN_VALUE_H

#include "views/base/arena.h"
#include "views/base/error.h"
#include "views/engine/read.h"

// How a stored value and a bound one are compared.
enum column_compare {
    COMPARE_PLAIN,    // as SQLite compares them
    COMPARE_TIME,     // the same, but for years above 9999, whose text begins with +
    COMPARE_COLLATED, // by the column's collation
    COMPARE_DECIMAL,  // a DECIMAL with more digits than the column has: as numbers, both as text
    COMPARE_JSON,     // as JSON without the spaces between its parts
    COMPARE_SINGLE,   // a float: by the doubles that are rounded to it, from one value to the next
    COMPARE_PADDED,   // equal with the spaces of CHAR(n) or without; else without them
};

struct column_value {
    struct cell cell;
    enum column_compare compare;
};

// ERROR_USAGE when the type cannot be that. The cell's bytes are the text's own or in `arena`.
int column_value_read(const struct column *column, struct span text, struct arena *arena,
                      struct column_value *ret, struct error *error);
// ERROR_USAGE: the column's type cannot be that. Returns -1.
int column_value_bad(const struct column *column, struct span text, struct error *error);
// Whether column_type_collation is that of times.
bool column_is_time(const struct column *column);
// Why the mirror's text does not tell which of two values is the greater one, behind "which"; NULL = it does.
const char *column_lacks_order(const struct column *column);
// Whether LIKE means anything.
bool column_is_text(const struct column *column);
// The CHAR(n) value with the spaces that the source may have sent; `text` when they are there. NULL: no memory.
int column_pad(const struct column *column, struct span text, struct arena *arena, struct span *ret,
               struct error *error);

#endif
