// What the topics have against what pg_dump's DDL declares, told in the source.sql that is written of it. Pure, but for memory.
#ifndef TIDEMARK_INIT_DDL_NOTES_H
#define TIDEMARK_INIT_DDL_NOTES_H

#include "consumer/evidence/facts.h"
#include "views/base/buffer.h"
#include "views/engine/catalog.h"

struct ddl_notes_report {
    int missing;    // tables without a topic
    int undeclared; // topics without a table
};

// Appends the text with comments: behind its first line what is missing in all, above each table what it lacks. `catalog` was
// loaded of the text.
void ddl_notes_write(struct buffer *out, struct span text, const struct catalog *catalog,
                     const struct evidence *evidence, struct ddl_notes_report *ret);

#endif
