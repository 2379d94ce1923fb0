// Carries a changed source.sql out on the store file: tables and columns come, go, and are renamed in place, and what the
// file cannot know of them is noted in _fill, to be read from the log. Of use to install.c only, within the transaction
// that its caller opened: a failure leaves the file as it was.
#ifndef TIDEMARK_STORE_EVOLVE_H
#define TIDEMARK_STORE_EVOLVE_H

#include "views/engine/store/evolution.h"
#include "views/engine/store_report.h"

struct sqlite3;

struct evolve {
    struct evolution evolution;
    char *mirror; // the file's mirrored tables as SQL, in which its views' schemas hold; sqlite3_free
};

// What differs between the file and the catalog. ERROR_INPUT when the file does not know what it was made with;
// ERROR_STORE when the built-in source.sql would take tables or columns away.
int evolve_find(struct sqlite3 *db, const struct catalog *catalog, struct evolve *ret, struct error *error);
void evolve_free(struct evolve *evolve);
// Nothing of the views that may read what goes may be there: the tables' indexes, triggers, SQL views. Says in the
// report what was done.
int evolve_run(struct sqlite3 *db, const struct evolve *evolve, struct store_report *report,
               struct error *error);

#endif
