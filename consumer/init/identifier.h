// A name as it stands in SQL that both PostgreSQL's grammar and SQLite read. Pure.
#ifndef TIDEMARK_INIT_IDENTIFIER_H
#define TIDEMARK_INIT_IDENTIFIER_H

#include "views/base/buffer.h"

// In double quotes where it is more than small letters, digits and _, or a word of either's grammar.
void identifier_write(struct buffer *out, const char *name);

#endif
