// What a schema.sql takes of mirrored tables while it is run, once: the rows of then, which nothing keeps up to date. By words.
#ifndef TIDEMARK_CHECK_LINT_SCHEMA_H
#define TIDEMARK_CHECK_LINT_SCHEMA_H

#include "views/engine/catalog.h"

void lint_schema(struct catalog *catalog, const char *file, const char *sql);

#endif
