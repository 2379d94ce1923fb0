// Partitions that have a topic of their own beside their table's. Inside the doctor only.
#ifndef TIDEMARK_DOCTOR_PARTITIONS_H
#define TIDEMARK_DOCTOR_PARTITIONS_H

#include "consumer/doctor/findings.h"
#include "views/engine/catalog.h"

// `catalog` NULL: there is no source.sql.
void partitions_check(const struct evidence *evidence, const struct catalog *catalog,
                      struct findings *findings);

#endif
