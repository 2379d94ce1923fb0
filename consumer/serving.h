// `tidemark serve`, beside the process that writes the file: sees that the file is still the one of its name, and when that
// process has made it anew with another source.sql or other views, has it served as it is now. The main thread's.
#ifndef TIDEMARK_SERVING_H
#define TIDEMARK_SERVING_H

#include "consumer/options.h"
#include "consumer/stopper.h"
#include "views/engine/catalog.h"
#include "views/engine/progress.h"

struct serving_config {
    const struct options *options;
    int descriptor; // of the file as it was opened
    struct stopper *stopper;
    struct catalog **catalog;   // that is served
    struct progress **progress; // of it
    // Serves *catalog and *progress, which were made anew by `serving_run`, from now on; the old ones until then.
    void (*stop)(void *self);
    int (*start)(void *self, struct error *error);
    void *self;
};

// Until it is stopped. -1: ERROR_HALT with what a person must decide, or what made it impossible to go on.
int serving_run(const struct serving_config *config, struct error *error);

#endif
