// `tidemark quarantine`: what could not be applied is listed, shown, retried and discarded, also beside a process that
// consumes: that one does what is asked with its next commit. Without one it is done here. One thread.
#ifndef TIDEMARK_QUARANTINE_H
#define TIDEMARK_QUARANTINE_H

#include "views/base/error.h"
#include "views/engine/catalog.h"

#include <stdio.h>

enum {
    QUARANTINE_WAIT_MS = 10000,  // for the process that has the file
    QUARANTINE_WRITE_MS = 30000, // for a moment in which it does not write
    QUARANTINE_POLL_MS = 20,
};

struct quarantine_command {
    const char *db;
    const struct catalog *catalog; // as the file remembers it, or what --views says; NULL until it is loaded
    const char *const *words;      // list | show ID | retry ID.. or all | discard ID.. or all
    int word_count;
    const char *state;  // list: of these; NULL = what waits
    const char *reason; // discard: why
};

// Whether the words are a command: ERROR_USAGE says what is.
int quarantine_check(const struct quarantine_command *command, struct error *error);
// ERROR_INPUT also when a message that was retried waits on; ERROR_TIMEOUT when the process that has the file did nothing.
int quarantine_run(const struct quarantine_command *command, FILE *out, struct error *error);

#endif
