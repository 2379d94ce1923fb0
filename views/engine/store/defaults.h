// Which columns that cannot be null have had a literal default when source.sql was last carried out: rows that were there have it. A
// default that the program before did not understand left them NULL, and the declaration is the same. One thread, within a transaction.
#ifndef TIDEMARK_STORE_DEFAULTS_H
#define TIDEMARK_STORE_DEFAULTS_H

#include "views/base/error.h"
#include "views/engine/catalog.h"

struct sqlite3;

struct defaults {
    char *known; // NULL = the file was never asked
};

// *ret: for defaults_free.
int defaults_load(struct sqlite3 *db, struct defaults *ret, struct error *error);
void defaults_free(struct defaults *defaults);
// Whether the file's rows may be NULL for it. `table`: as the file knows it.
bool defaults_may_lack(const struct defaults *defaults, const struct table *table,
                       const struct column *column);
// Whether the catalog has one that the file does not know.
bool defaults_has_more(const struct defaults *defaults, const struct catalog *catalog);
// The catalog's are the file's from now on.
int defaults_keep(struct sqlite3 *db, const struct catalog *catalog, struct error *error);

#endif
