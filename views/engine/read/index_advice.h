// Which index would have served a question about a table that took too long.
#ifndef TIDEMARK_READ_INDEX_ADVICE_H
#define TIDEMARK_READ_INDEX_ADVICE_H

#include "views/base/error.h"
#include "views/engine/sqlite/stmt.h"
#include "views/engine/table.h"

enum { INDEX_ADVICE_COLUMNS_MAX = 8 };

// Columns that must be equal, then one that is within bounds or those that order the rows.
struct index_advice {
    uint16_t columns[INDEX_ADVICE_COLUMNS_MAX];
    int count;
};

// Does nothing when the column is there already or no more fit.
void index_advice_column(struct index_advice *advice, int column);
// Adds to a message that the statement took too long: the index to create, or that none can serve. Only when the statement
// has read rows that no index led to.
void index_advice_add(const struct index_advice *advice, const struct table *table, sqlite3_stmt *stmt,
                      struct error *error);

#endif
