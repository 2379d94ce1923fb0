// What the topics' own settings will do to what is there now: whether they are compacted, and how long they are kept. Inside the
// doctor only.
#ifndef TIDEMARK_DOCTOR_RETENTION_H
#define TIDEMARK_DOCTOR_RETENTION_H

#include "consumer/doctor/findings.h"

void retention_check(const struct evidence *evidence, struct findings *findings);

#endif
