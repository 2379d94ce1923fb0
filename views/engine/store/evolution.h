// How source.sql differs from the one that a store file was made with: which tables and columns are new, gone, renamed
// or of another type. Plain data, made from the two texts' tables; pure. Carried out by evolve.h.
#ifndef TIDEMARK_STORE_EVOLUTION_H
#define TIDEMARK_STORE_EVOLUTION_H

#include "views/base/error.h"
#include "views/engine/catalog/source_sql.h"
#include "views/engine/view.h"

struct evolution_column {
    int was;      // its number in the old table, -1 = new there
    bool retyped; // what is stored of it means something else now: its values go
    bool reread; // what is stored of it may have been read wrongly: its values stay until they are read again
    bool generated;    // is to be computed anew
    bool was_computed; // is one that events bring by now
    // A label of its enum that is none any more: PostgreSQL renames one in all rows without an event. NULL = none; of the old
    // table.
    const char *lost_label;
    // Cannot be null at the source, and has a literal default now: rows that are null have no event that says what they were
    // added with.
    bool defaulted;
    bool remade;   // another column of its name was dropped, and this one made, without an event
    bool unpadded; // was a CHAR(n): the source's cast took the spaces at its end, and wrote no event
};

struct evolution_table {
    const struct table *was; // NULL = a new table
    bool anew;               // its key is another: the rows are kept under that
    bool remade;             // so was the table
    bool refeed;             // more topics may feed it, whose messages were read for nothing or another table
    bool renamed_topic; // only topics of its name of now feed it, which were read for nothing, if they were
    struct evolution_column *columns; // of the table as it is now
};

struct evolution {
    struct table *old; // as the file was made with
    int old_count;
    bool *gone;                    // by old table: it is nobody's now
    struct ignored_table *ignored; // what the old source.sql left out
    int ignored_count;
    const struct catalog *catalog;  // what is declared now; outlives it
    struct evolution_table *tables; // as in the catalog
    bool changes;                   // there is anything to carry out
    bool only_adds;                 // and it is tables and columns more, nothing else
    bool rebuilds;                  // what views have made of the rows may not hold any more
};

// `old_source`: the text of the older source.sql, and how it is read. Errors: ERROR_INPUT when it cannot be read any more, or
// cannot become what is declared now.
int evolution_find(struct evolution *ret, const char *old_source, enum source_reading reading,
                   const struct catalog *catalog, struct error *error);
void evolution_free(struct evolution *evolution);

// Whether `table` has the partition NAME.
bool evolution_has_partition(const struct table *table, const char *name);

// Whether the column's values are to be read from the log again.
static inline bool evolution_fills(const struct evolution_column *column, const struct column *is) {
    return is->generated == NULL && (column->was < 0 || column->retyped || column->reread);
}

#endif
