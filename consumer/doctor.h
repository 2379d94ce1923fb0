// `tidemark doctor`: verdicts on the connector's settings from what a sample of its topics says (evidence/facts.h), each with
// what was seen and the remedy. What the sample cannot tell is "not seen", never ok. One thread.
#ifndef TIDEMARK_CONSUMER_DOCTOR_H
#define TIDEMARK_CONSUMER_DOCTOR_H

#include "consumer/evidence/facts.h"
#include "views/base/buffer.h"
#include "views/engine/catalog.h"

struct doctor_config {
    const struct evidence *evidence;
    const struct catalog *catalog; // NULL: nothing is compared with what source.sql declares
    bool of_broker;                // the sample is a broker's: it knows where logs begin
    bool json;
};

// Appends the report: a table for people, or one JSON object and a newline. The number of checks that failed, -1 = out of
// memory.
int doctor_write(const struct doctor_config *config, struct buffer *out);

#endif
