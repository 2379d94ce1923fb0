// What the messages say of the connector's settings. Pure.
#ifndef TIDEMARK_DOCTOR_SETTINGS_H
#define TIDEMARK_DOCTOR_SETTINGS_H

#include "consumer/doctor/findings.h"
#include "views/engine/catalog.h"

// `catalog` NULL: what source.sql says of times, and which tables it leaves out, is not known. `of_broker`: where the logs begin is known.
void settings_check(const struct evidence *evidence, const struct catalog *catalog, bool of_broker,
                    struct findings *findings);

#endif
