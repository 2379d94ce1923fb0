// `tidemark replay`: captures applied without a broker, as a restarted consumer would apply them. One thread.
#ifndef TIDEMARK_REPLAY_H
#define TIDEMARK_REPLAY_H

#include "consumer/apply/apply.h"

enum { REPLAY_TOPIC_SIZE = 250 }; // Kafka's longest name, and NUL

// How far a replay has come.
struct replay_place {
    int64_t commits;
    const char *capture; // the newest line that was read: of this file
    int64_t line;
    char topic[REPLAY_TOPIC_SIZE];
    int32_t partition;
    int64_t offset;
};

struct replay_config {
    const char *const *captures; // files
    int capture_count;
    const char *db;            // the store's file
    struct apply_config apply; // its source is set here; prefix NULL = as the first capture's topics say
    bool progress_line;        // on stderr, once a second
    // What was done with the same captures before, by runs that ended with an error: it counts to what is done now.
    struct progress_counters before;
    bool unsequenced; // transactions are not read: each row may be shown by itself
    // Called after the commits that a line brought, and at the end after the last, when they are in the file; NULL = not
    // told. 0 = go on, 1 = stop here, without what was not committed; -1 = error.
    int (*committed)(void *self, const struct replay_place *place, struct error *error);
    void *self;
};

// Applies every line of every capture in turn; at the end also what is still incomplete, and says so.
// ret_counters may be NULL; after an error it has what is in the file. Errors: ERROR_INPUT (file and line), ERROR_USAGE (captures of several prefixes),
// ERROR_STORE.
int replay_run(const struct replay_config *config, struct progress_counters *ret_counters,
               struct error *error);

#endif
