// `tidemark replay`: captures applied without a broker, as a restarted consumer would apply them. One thread.
#ifndef TIDEMARK_REPLAY_H
#define TIDEMARK_REPLAY_H

#include "consumer/apply/apply.h"
#include "consumer/decode/value.h"
#include "views/engine/progress.h"
#include "views/engine/store.h"

struct replay_config {
    const char *const *captures; // files
    int capture_count;
    const char *prefix; // NULL = as the first capture's topics say
    const struct catalog *catalog;
    struct store *store;
    struct progress *progress;
    const struct value_settings *settings;
    int commit_messages;
    enum apply_timeline on_timeline;
    bool progress_line; // on stderr, once a second
};

// Applies every line of every capture in turn; at the end also what is still incomplete, and says so.
// ret_counters may be NULL. Errors: ERROR_INPUT (file and line), ERROR_USAGE (captures of several prefixes),
// ERROR_STORE.
int replay_run(const struct replay_config *config, struct progress_counters *ret_counters,
               struct error *error);

#endif
