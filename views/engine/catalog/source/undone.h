// What a transaction takes back: statements between BEGIN and ROLLBACK, and behind a savepoint that is rolled back to. And what a
// migration's part that takes back seems to make.
#ifndef TIDEMARK_CATALOG_SOURCE_UNDONE_H
#define TIDEMARK_CATALOG_SOURCE_UNDONE_H

#include "views/engine/catalog/source/draft.h"
#include "views/engine/catalog/source/line.h"

// Marks them. *ret_open: the BEGIN whose transaction the text does not end, NULL = there is none. Errors: ERROR_SYSTEM.
int source_undone_mark(struct source_text *text, const struct source_statement **ret_open,
                       struct error *error);
// A statement that takes back and makes a table or a column that there never was is told: it stands behind such a part then, as of a
// file of its own does that has no line by which a tool tells its parts.
int source_undone_tell(struct source_draft *draft, const struct source_lines *lines,
                       const struct source_statement *statement);

#endif
