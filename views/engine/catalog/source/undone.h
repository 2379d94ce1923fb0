// What a transaction takes back: statements between BEGIN and ROLLBACK, and behind a savepoint that is rolled back to.
#ifndef TIDEMARK_CATALOG_SOURCE_UNDONE_H
#define TIDEMARK_CATALOG_SOURCE_UNDONE_H

#include "views/engine/catalog/source/text.h"

// Marks them. *ret_open: the BEGIN whose transaction the text does not end, NULL = there is none. Errors: ERROR_SYSTEM.
int source_undone_mark(struct source_text *text, const struct source_statement **ret_open,
                       struct error *error);

#endif
