// Tables that transactions count rows of, and no topic has. Inside the doctor only.
#ifndef TIDEMARK_DOCTOR_ELSEWHERE_H
#define TIDEMARK_DOCTOR_ELSEWHERE_H

#include "consumer/doctor/findings.h"
#include "views/engine/catalog.h"

// `catalog` NULL: nothing is declared.
void elsewhere_check(const struct evidence *evidence, const struct catalog *catalog,
                     struct findings *findings);

#endif
