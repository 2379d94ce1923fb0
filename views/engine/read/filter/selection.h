// Which columns of a table an answer shows, and what they are called in it: PostgREST's `select=id,sum:total`.
#ifndef TIDEMARK_READ_SELECTION_H
#define TIDEMARK_READ_SELECTION_H

#include "views/base/arena.h"
#include "views/base/error.h"
#include "views/base/span.h"
#include "views/engine/table.h"

struct selection {
    uint16_t columns[TABLE_COLUMNS_MAX];
    struct span names[TABLE_COLUMNS_MAX]; // the columns' own, the text's or in the arena
    int count;
};

// `text` data NULL: all of them. Each item is COLUMN, NAME:COLUMN or *, a name in quotes where it has other than letters,
// digits and _. Errors: ERROR_NOTFOUND for a column that the table has not; ERROR_USAGE for what PostgREST has and this
// has not (casts, JSON paths, embedded tables, aggregates) and for two columns of one name.
int selection_read(struct selection *selection, const struct table *table, struct span text,
                   struct arena *arena, struct error *error);

#endif
