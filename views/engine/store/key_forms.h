// Keys that files of before have in another form than they are read in now: numeric without digits as it was written (1.50
// is 1.5 now), uuid in capitals. An update would not find its row, and leave a ghost. One thread, within a transaction.
#ifndef TIDEMARK_STORE_KEY_FORMS_H
#define TIDEMARK_STORE_KEY_FORMS_H

#include "views/base/error.h"
#include "views/engine/catalog.h"

struct sqlite3;

// ERROR_INPUT naming table, column and one such key, with what to do. A file that has none is not looked at again.
int key_forms_check(struct sqlite3 *db, const struct catalog *catalog, struct error *error);

#endif
