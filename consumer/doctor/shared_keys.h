// Whether different rows of a snapshot had one key. Inside the doctor only.
#ifndef TIDEMARK_DOCTOR_SHARED_KEYS_H
#define TIDEMARK_DOCTOR_SHARED_KEYS_H

#include "consumer/doctor/findings.h"
#include "views/engine/catalog.h"

// `catalog` NULL: there is no source.sql.
void shared_keys_check(const struct evidence *evidence, const struct catalog *catalog,
                       struct findings *findings);

#endif
