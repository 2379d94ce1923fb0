// `tidemark replay`: captures applied without a broker, as a restarted consumer would apply them. One thread.
#ifndef TIDEMARK_REPLAY_H
#define TIDEMARK_REPLAY_H

#include "consumer/apply/apply.h"

struct replay_config {
    const char *const *captures; // files
    int capture_count;
    struct apply_config apply; // its source is set here; prefix NULL = as the first capture's topics say
    bool progress_line;        // on stderr, once a second
};

// Applies every line of every capture in turn; at the end also what is still incomplete, and says so.
// ret_counters may be NULL. Errors: ERROR_INPUT (file and line), ERROR_USAGE (captures of several prefixes),
// ERROR_STORE.
int replay_run(const struct replay_config *config, struct progress_counters *ret_counters,
               struct error *error);

#endif
