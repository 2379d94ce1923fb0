// Whether deletes of unwrapped rows come, by what the messages say. Inside the doctor only.
#ifndef TIDEMARK_DOCTOR_DELETES_H
#define TIDEMARK_DOCTOR_DELETES_H

#include "consumer/doctor/findings.h"
#include "views/engine/catalog.h"

// `catalog` NULL: there is no source.sql.
void deletes_check(const struct evidence *evidence, const struct catalog *catalog, struct findings *findings);

#endif
