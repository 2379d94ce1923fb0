// The names of the topics that a connector makes where nothing renames them: PREFIX.transaction, __debezium-heartbeat.PREFIX, and
// of each declared table the one of its `-- tidemark: topic` line, or PREFIX.SCHEMA.TABLE (of PostgreSQL's schema public, where
// none is declared). For who asks a broker about them by name: a listing leaves out what may not be described. Pure.
#ifndef TIDEMARK_DECODE_TOPIC_NAMES_H
#define TIDEMARK_DECODE_TOPIC_NAMES_H

#include "views/base/error.h"
#include "views/engine/catalog.h"

enum { TOPIC_NAMES_MAX = 256 }; // tables beyond it are not asked for

struct topic_names {
    char *names[TOPIC_NAMES_MAX];
    int count;
    int of_rows; // the first so many have rows and their transactions
};

// `catalog` NULL: without tables. Errors: ERROR_SYSTEM.
int topic_names_make(struct topic_names *ret, const char *prefix, const struct catalog *catalog,
                     struct error *error);
void topic_names_free(struct topic_names *names);

#endif
