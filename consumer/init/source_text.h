// The text of a source.sql made of evidence. Pure, but for memory.
#ifndef TIDEMARK_INIT_SOURCE_TEXT_H
#define TIDEMARK_INIT_SOURCE_TEXT_H

#include "consumer/evidence/facts.h"
#include "views/base/buffer.h"

struct source_text_report {
    int tables, unsure, without;
    int elsewhere; // tables that transactions count rows of, which come in none of the topics
};

// Appends a `create table` for each table that the topics have rows of, and its topic where that does not follow from the
// name. A table without a key stands there as a comment.
void source_text_write(struct buffer *out, const struct evidence *evidence, struct source_text_report *ret);

// Whether a topic is of MySQL's or MariaDB's connector, whose DDL `--ddl` cannot read.
bool source_text_any_of_mysql(const struct evidence *evidence);

#endif
