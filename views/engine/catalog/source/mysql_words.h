// MySQL's and MariaDB's own DDL, which is not read here: told from a plain mistake, so that the error can say what to do. Pure.
#ifndef TIDEMARK_CATALOG_SOURCE_MYSQL_WORDS_H
#define TIDEMARK_CATALOG_SOURCE_MYSQL_WORDS_H

#include "views/base/span.h"

// Whether what PostgreSQL's grammar stops at, byte `at` of the statement, is what those write: a name in backticks, `int(11)`,
// a word such as UNSIGNED or ENGINE.
bool source_is_mysql(struct span statement, size_t at);

#endif
