// Changed views and a changed source.sql of a process that runs: read at SIGHUP and, with --watch, when they are saved; built
// beside while the loop rests (reload.h), with --rebuild from the topics while the loop goes on (rebuild.h) where the file
// cannot follow; taken over, or refused and told in the progress. The main thread's.
#ifndef TIDEMARK_CHANGES_H
#define TIDEMARK_CHANGES_H

#include "consumer/options.h"
#include "consumer/stopper.h"
#include "views/engine/catalog.h"
#include "views/engine/progress.h"
#include "views/engine/store.h"

enum {
    // Changes wait so long for the end of a source transaction that is half applied; then it is given up, and read again
    // after them.
    CHANGES_QUIET_MS = 5000,
    // A file that was built anew and does not come to where the live loop stands is tried again after so long, so often.
    CHANGES_JOIN_AGAIN_MS = 30000,
    CHANGES_JOINS_MAX = 5,
};

struct changes;

struct changes_config {
    const struct options *options;
    // The caller's, of what is loaded; changes_take puts others there.
    struct catalog **catalog;
    struct store **store;
    struct progress **progress;
    // Opens the store of the catalog that stands there, after its file was replaced.
    int (*open_store)(void *self, struct error *error);
    void *self;
};

// Errors: a folder that --watch cannot watch.
int changes_new(struct changes **ret, const struct changes_config *config, struct error *error);
void changes_free(struct changes **changes); // before the store
// Reads them again. `cause` is told: "SIGHUP".
void changes_read(struct changes *changes, const char *cause);
// consume_config's `rest`.
bool changes_rest(struct changes *changes, bool quiet);
// To be asked in each round. True: the loop is to end for them, and to go on after changes_build and changes_take.
bool changes_end_loop(struct changes *changes);
// Whether something is to be built, or is being built.
bool changes_are_there(const struct changes *changes);
// After the loop has ended for them: waits until they are built, or `stopper` is asked. 1 = they are to be taken; 0 = the loop goes on
// without them, from where the file stands; -1: it cannot.
int changes_build(struct changes *changes, struct stopper *stopper, struct error *error);
// With no reader left. Taken over, or refused: 0. -1: the store, and with it the process, cannot go on.
int changes_take(struct changes *changes, struct error *error);

#endif
