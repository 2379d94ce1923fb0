// `tidemark prove`: captures applied to a scratch file commit by commit, cut in several ways, and after each commit every
// view compared with what its mirror's rows make of it (views/engine/prove.h). One thread.
#ifndef TIDEMARK_CONSUMER_PROVE_H
#define TIDEMARK_CONSUMER_PROVE_H

#include "views/engine/catalog.h"

#include <stdint.h>

enum {
    // Views are looked at after each of so many commits of a cutting; of more, after every second, third, .. A difference
    // is then followed back to the commit that it came with.
    PROVE_LOOKS_MAX = 200,
    PROVE_RESTARTS = 10,
};

struct prove_config {
    const struct catalog *catalog;
    const char *db; // the scratch file: made anew for each cutting, and left as it is at a difference
    const char *const *captures;
    int capture_count;
    const char *prefix; // NULL = as the first capture's topics say
    int64_t transaction_wait_ms;
    void (*tell)(const char *line); // what was looked at, a line a cutting
};

// The captures, cut in each way. ERROR_INPUT names the first difference: view, table, key, what the statements made and
// what the mirror says, the commit and the line, and the cutting. The scratch file is gone where there is none.
int prove_captures(const struct prove_config *config, struct error *error);
// A file's views as they stand. It is only read, and may be in use.
int prove_file(const char *db, const struct catalog *catalog, struct error *error);

#endif
