// One exact column of one group of a _sums_T: what its REALs or NUMERICs come to, and what the view is to add.
//
// A NUMERIC's is the sum of the changes, as text. A REAL's leads from the sum before, rounded once, to the sum
// after, rounded once. The view's `total + d` rounds too, so one d does not always do. Then there are two: d1 is
// the rounded difference and leads as near as one can; d2 is what then lacks. d2 is a double: if the sum after is
// less than half of d1's last place, d1 leads to 0; else d1 leads to within a factor of 2 of it, and the
// difference of two such doubles is exact (Sterbenz). A statement that takes the first row only is off by a
// rounding, as ever. Where the difference is beyond the largest double, d1 leads to 0. Infinity and NaN: see
// views/README.md. Used by sums.c only.
#ifndef TIDEMARK_DELTA_EXACT_COLUMN_H
#define TIDEMARK_DELTA_EXACT_COLUMN_H

#include "views/base/arena.h"
#include "views/engine/delta/exact_sums.h"
#include "views/engine/row/numeric_sum.h"
#include "views/engine/table.h"

// All zero but for `type`.
struct exact_column {
    enum column_type type; // COLUMN_REAL or COLUMN_NUMERIC
    bool has_second;
    double second; // d2
    union {
        struct real_sum real;
        struct numeric_sum numeric;
    };
};

static inline bool exact_column_is(enum column_type type) {
    return type == COLUMN_REAL || type == COLUMN_NUMERIC;
}

void exact_column_done(struct exact_column *exact);
// NULL counts as 0. The codes are SQLite's.
int exact_column_add(struct exact_column *exact, const struct value *value, int weight);
// What was added comes to nothing.
bool exact_column_is_zero(struct exact_column *exact);
// A NUMERIC's: what is to be added; the bytes are in the arena.
int exact_column_numeric(struct exact_column *exact, struct arena *arena, struct value *ret);
// A REAL's: d1, and `second`. `call`, `again`: from exact_sums_call; `group`: by its bytes.
int exact_column_real(struct exact_column *exact, struct exact_sums *sums, int call, bool again,
                      struct span group, struct value *ret);

// One column of a _sums_T('BY'[, 'OF', VALUE...]).
struct sums_call {
    const struct table *table;
    int column;
    int by;
    int of; // -1 = none
    const struct value *values;
    int value_count;
};

// What tells it from all others of a statement, whatever bytes its values have: for sqlite3_free, NULL = no memory.
char *exact_column_call_name(const struct sums_call *call);
// A value's bytes behind what kind it is; numbers that are equal are so as bytes. Appended.
void exact_column_name_value(const struct value *value, struct buffer *ret);

#endif
