// The order of an answer's rows: PostgREST's `order=total.desc,placed_on.asc.nullsfirst`, then the key, so that no two rows
// stand at one place. As in PostgreSQL NULL is the greatest unless nullsfirst or nullslast says otherwise.
#ifndef TIDEMARK_READ_ORDERING_H
#define TIDEMARK_READ_ORDERING_H

#include "views/base/arena.h"
#include "views/engine/read.h"
#include "views/engine/sqlite/stmt.h"

enum { ORDERING_GIVEN_MAX = 16, ORDERING_TERMS_MAX = ORDERING_GIVEN_MAX + 2 * TABLE_KEYS_MAX };

struct ordering_term {
    uint16_t column;
    bool descending;
    bool nulls_first;
    const char *collation; // NULL = as SQLite orders
};

struct ordering {
    struct ordering_term terms[ORDERING_TERMS_MAX];
    int given; // terms that were asked for
    int count; // those and the columns of the key: one of several spellings twice, by its type and by its bytes
};

// `text` data NULL: by the key. Errors: ERROR_NOTFOUND for a column that the table has not, ERROR_USAGE for a type that has
// no order here and for what is no order.
int ordering_read(struct ordering *ordering, const struct table *table, struct span text, struct arena *arena,
                  struct error *error);
// ` order by "a" desc nulls first,"id"`
void ordering_write(const struct ordering *ordering, const struct table *table, sqlite3_str *sql);
// Whether a row stands behind the one whose terms have the values of `cells`, which bind as ?first and so on.
void ordering_write_after(const struct ordering *ordering, const struct table *table,
                          const struct cell *cells, int first, sqlite3_str *sql);

#endif
