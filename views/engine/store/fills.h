// The file's _fill, for the store: what it awaits, and how a table takes what was read again beside the file. Of use to
// store.c only; the store's thread.
#ifndef TIDEMARK_STORE_FILLS_H
#define TIDEMARK_STORE_FILLS_H

#include "views/engine/catalog.h"
#include "views/engine/mirror/mirror.h"
#include "views/engine/store_fill.h"

struct sqlite3;

struct fills {
    struct store_fill *list;
    int count;
};

int fills_load(struct fills *fills, struct sqlite3 *db, const struct catalog *catalog, struct error *error);
void fills_free(struct fills *fills);

// In its caller's transaction, beside those that take messages: what is awaited has changed, and answers say so.
int fills_tell_awaited(struct sqlite3 *db, struct error *error);

// In one transaction of its own: the new tables are awaited no more. `topics` were not read for a table: their offsets are
// forgotten. `again`, by table: it is filled beside instead, since its topics are read already.
int fills_begin_new(struct fills *fills, struct sqlite3 *db, const struct catalog *catalog,
                    const char *const *topics, int topic_count, const bool *again, struct error *error);

// What a store beside this one is of: its file, by `id`, and how often its source.sql had changed.
int fills_name(struct sqlite3 *db, const char *id, char *ret, size_t size, struct error *error);
// Whether the file at `path` was read beside the one that has this name. Its end is store_remove_fill.
bool fills_is(const char *path, const char *name);
// And whether it was made with this source.sql, and read no further than `of` by now: else that is a backup which was put back,
// or has lost its newest commits to a power cut. What is of a later time would come without its effects, and those be lost. Nor does one go
// on that has a timeline of the source which `of` has not.
bool fills_goes_on(const char *path, const char *name, const char *source, struct sqlite3 *of);

// The file that was read beside, as schema `fill` of the connection; without a transaction.
int fills_attach(struct sqlite3 *db, const char *path, struct error *error);
void fills_detach(struct sqlite3 *db);
// Takes from it, within the mirror's transaction, what the tables await, as a snapshot would bring it: a row at the same
// position its awaited columns and what else the log has a value of, a row that is there newer or only there all of it.
// The file must have been read up to where this one stands.
int fills_take(const struct fills *fills, struct sqlite3 *db, struct mirror *mirror, struct error *error);

#endif
