// What a reader makes of a question about a table before it asks SQLite, kept so that the next question needs no memory.
#ifndef TIDEMARK_READ_TABLE_PLAN_H
#define TIDEMARK_READ_TABLE_PLAN_H

#include "views/base/buffer.h"
#include "views/engine/read/filter/filter.h"
#include "views/engine/read/filter/functions.h"
#include "views/engine/read/filter/ordering.h"
#include "views/engine/read/filter/selection.h"
#include "views/engine/read/index_advice.h"

enum {
    TABLE_CURSOR_CELLS_MAX = 1 + ORDERING_TERMS_MAX,
    TABLE_RESULT_MAX = TABLE_COLUMNS_MAX + ORDERING_TERMS_MAX,
};

// What a cursor is made of.
struct table_cursor {
    int64_t order;                        // tells it from another, 0 = by the key
    uint16_t columns[ORDERING_TERMS_MAX]; // of the result
    int column_count;
};

struct table_plan {
    struct filter filter;
    struct ordering ordering;
    struct selection selection;
    struct table_cursor cursor;
    uint16_t result
        [TABLE_RESULT_MAX]; // the table's columns: those selected, then those that only the cursor needs
    int result_count;
    struct cell after[TABLE_CURSOR_CELLS_MAX]; // where to begin
    bool begins_after;
    enum table_quarantined quarantined;
    struct buffer text; // its statement's key
};

// SQL for the caller to free with sqlite3_free; NULL without memory.
char *table_plan_sql(const struct table_plan *plan, const struct table *table);
char *table_plan_count_sql(const struct table_plan *plan, const struct table *table);
// The results' columns and the cursor's, of the selection and the ordering that were read.
void table_plan_lay_out(struct table_plan *plan, int64_t order);
// The columns that an index would have, of the filter and the ordering.
void table_plan_advise(const struct table_plan *plan, struct index_advice *ret);
void table_plan_free(struct table_plan *plan);

#endif
