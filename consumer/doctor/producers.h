// What is known of those that write a topic, by the connector that its messages name: what they send in place of what the source has,
// and what came of it. Inside the doctor only.
#ifndef TIDEMARK_DOCTOR_PRODUCERS_H
#define TIDEMARK_DOCTOR_PRODUCERS_H

#include "consumer/doctor/findings.h"
#include "views/engine/catalog.h"

extern const char producers_valueless_remedy[];

// "; ..": what a connector that came does, "" = nothing is known; and what to do about it, NULL = nothing.
const char *producers_note(const struct evidence *evidence);
const char *producers_remedy(const struct evidence *evidence);
// Whether envelopes came that name no connector, as Flink's, RisingWave's and CockroachDB's, or TiCDC's: they have no settings of
// Debezium's.
bool producers_are_others(const struct evidence *evidence);
// Two databases, texts with U+FFFD, topics that have no values, and NULLs that may be moments. `catalog` NULL: there is no source.sql.
void producers_check(const struct evidence *evidence, const struct catalog *catalog,
                     struct findings *findings);

#endif
