// The declared type of a source column (PostgreSQL's name) -> how the mirror stores it. Pure.
#ifndef TIDEMARK_ROW_COLUMN_TYPE_H
#define TIDEMARK_ROW_COLUMN_TYPE_H

#include "views/engine/table.h"

#include <stdbool.h>

// Sets type, element, precision and scale of `column` from column->declared. A name that is not known is a
// type of the source's own (an enum, a domain, an extension's): COLUMN_OTHER.
void column_type_parse(struct column *column);
// What the mirror's CREATE TABLE says for it: its affinity stores the value as it is, and DECIMAL(p,s) and
// BOOLEAN tell a reader of any query over it how to write it.
void column_type_stored(const struct column *column, char *ret, size_t size);
// Whether PostgreSQL may move a value of this type out of line (TOAST).
bool column_type_toastable(enum column_type type);

#endif
