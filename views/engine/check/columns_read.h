// Which columns a statement reads, as SQLite's authorizer tells it: whether a name is that of a mirrored column of some
// type, and of nothing else. Plain memory; used by guard.c and the files that check a catalog.
#ifndef TIDEMARK_CHECK_COLUMNS_READ_H
#define TIDEMARK_CHECK_COLUMNS_READ_H

#include "views/engine/catalog.h"

enum { COLUMNS_READ_MAX = 256, COLUMNS_READ_BYTES = 16384 };

// All zero: none.
struct columns_read {
    struct {
        const char *table; // in `names`
        const char *column;
        bool nullable;                 // mirrored, not of the key, and not declared otherwise
        const struct column *mirrored; // of the catalog; NULL = it is another table's
    } list[COLUMNS_READ_MAX];
    int count;
    char names[COLUMNS_READ_BYTES];
    size_t size;
    bool full; // there are more
};

// `column`: "" when rows are read and none of their columns. `table`: mirrored, a virtual table of changes, or any other.
void columns_read_note(struct columns_read *reads, const struct catalog *catalog, const char *table,
                       const char *column);
// The mirrored column of that name of a table, by itself or through a virtual table of changes; NULL = there is none.
const struct column *columns_read_find(const struct catalog *catalog, const char *table, const char *column);
// Whether all columns of that name that are read are mirrored ones of `type`, and there is one. False when there were too
// many.
bool columns_read_is(const struct columns_read *reads, struct span name, enum column_type type);
// One of the columns of that name that are read, where all are mirrored ones, of one type and variant; NULL = they are not.
// Those of the table `but` (NULL = none) are not looked at.
const struct column *columns_read_column(const struct columns_read *reads, struct span name, const char *but);
// The mirrored column of that name that is read of that table; NULL = there is none.
const struct column *columns_read_of(const struct columns_read *reads, struct span table, struct span name);
// Whether all columns of that name that are read may be NULL at the source, and there is one. `but`: as above.
bool columns_read_nullable(const struct columns_read *reads, struct span name, const char *but);
// Whether all columns of that name that are read are of virtual tables whose name begins so, and there is one; `but`: as above.
bool columns_read_are_of(const struct columns_read *reads, struct span name, const char *prefix,
                         const char *but);
// Whether a column of `type` is read of a virtual table whose name begins so.
bool columns_read_has(const struct columns_read *reads, const char *prefix, enum column_type type);

#endif
