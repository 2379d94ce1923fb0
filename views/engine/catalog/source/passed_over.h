// Which statements of source.sql make no table, column, key or type: their first words say so, and they are not parsed. Pure.
#ifndef TIDEMARK_CATALOG_SOURCE_PASSED_OVER_H
#define TIDEMARK_CATALOG_SOURCE_PASSED_OVER_H

#include "views/engine/catalog/source/text.h"

bool source_passed_over(const struct source_statement *statement, bool as_before);

#endif
