// Brings a store file's mirrored tables and views in step with the loaded ones: carries a changed source.sql out
// (evolve.h), makes new views, rebuilds changed ones from the mirror, drops those that are not loaded any more. Inside views only; runs within the transaction that its caller opened,
// so a failure leaves the file as it was.
#ifndef TIDEMARK_STORE_INSTALL_H
#define TIDEMARK_STORE_INSTALL_H

#include "views/engine/catalog.h"
#include "views/engine/change.h"
#include "views/engine/store_report.h"

struct sqlite3;

// Creates the mirror's tables in a new file.
int install_mirror(struct sqlite3 *db, const struct catalog *catalog, struct error *error);
// `current`: where the connection's SQL functions look for the change; rows that fill a view appear there as
// snapshot rows. Errors: ERROR_INPUT when a changed source.sql cannot be carried out, or a changed view's
// history cannot be kept.
int install_views(struct sqlite3 *db, const struct catalog *catalog, const struct change **current,
                  struct store_report *report, struct error *error);

#endif
