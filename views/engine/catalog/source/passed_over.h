// Which statements of source.sql make no table, column, key or type: their first words say so, and they are not parsed. Pure.
#ifndef TIDEMARK_CATALOG_SOURCE_PASSED_OVER_H
#define TIDEMARK_CATALOG_SOURCE_PASSED_OVER_H

#include "views/engine/catalog/source/text.h"

// ALTER and DROP of an index, a type, a domain or a schema tell of what was made before. What of theirs the grammar does not
// know is passed over, as they all were: other databases' words are among them (`drop index i on t`).
bool source_passed_over_unread(const struct source_statement *statement);
bool source_passed_over(const struct source_statement *statement, bool as_before);

#endif
