// One change of source.sql and the views while the file is read and served as it is: a thread of its own builds what they
// make of the rows, in a successor of the store (store.h); answers go on from the old one. The main thread's.
#ifndef TIDEMARK_RELOAD_H
#define TIDEMARK_RELOAD_H

#include "views/engine/catalog.h"
#include "views/engine/store.h"

struct reload;

// Begins to build; `of` has no transaction open, and begins none until the reload is freed or taken. Takes *next, also when
// it fails (ERROR_SYSTEM, or what a store cannot be opened for).
int reload_start(struct reload **ret, const struct store *of, struct catalog **next, struct error *error);
// Whether reload_end would return at once.
bool reload_is_done(const struct reload *reload);
// Waits for the building. 0, or why it failed: the file is as it was.
int reload_end(struct reload *reload, struct error *error);
// After reload_end, with no reader left: the file is what was built, *store its store and *catalog its catalog; the old ones
// are freed. An error with *store not NULL: nothing has changed. NULL: the file has, and cannot be gone on with.
int reload_take(struct reload *reload, struct store **store, struct catalog **catalog,
                struct store_report *report, struct error *error);
// What was to be built, in place of the reload, which is freed.
struct catalog *reload_give_up(struct reload **reload);
// Ends the building, and undoes what was not taken.
void reload_free(struct reload **reload);

#endif
