// What the messages have against what source.sql declares. Pure.
#ifndef TIDEMARK_DOCTOR_DECLARED_H
#define TIDEMARK_DOCTOR_DECLARED_H

#include "consumer/doctor/findings.h"
#include "views/engine/catalog.h"

void declared_check(const struct evidence *evidence, const struct catalog *catalog,
                    struct findings *findings);

#endif
