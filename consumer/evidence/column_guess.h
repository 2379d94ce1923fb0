// The PostgreSQL type that a column most likely has at the source. Where messages have schemas it is what they say; else it
// is what no value that was seen, and hardly one that comes, contradicts: a wrong guess must not put rows into quarantine
// where a wider type would have kept them. Pure.
#ifndef TIDEMARK_EVIDENCE_COLUMN_GUESS_H
#define TIDEMARK_EVIDENCE_COLUMN_GUESS_H

#include "consumer/evidence/facts.h"

struct column_guess {
    char type[128];
    char unsure[224]; // what is not known, "" = the type is known
    bool nanoseconds; // of times without a schema: source.sql has to say it
};

void column_guess(const struct evidence_column *column, struct column_guess *ret);
// Every text of a column without a schema is base64, and one at least is hardly anything else: bytes, or decimals without a scale.
bool column_guess_is_base64(const struct evidence_column *column);

#endif
