// Changes that do not follow from what is here: an update or a delete of a row that is not there, a create of one that is. The log, which is
// whole as far as is known (change.h), lacks what came between. Inside the mirror only.
#ifndef TIDEMARK_MIRROR_FOLLOWS_H
#define TIDEMARK_MIRROR_FOLLOWS_H

#include "views/engine/mirror/state.h"

// What the first change of a chain finds of its row.
enum mirror_finds { FINDS_UNTOLD, FINDS_A_ROW, FINDS_NONE };

// By what is known without a look at the file.
enum mirror_finds mirror_follows_finds(const struct mirror *mirror, const struct mirror_table *table,
                                       const struct change *change);
// Before it is written. `values` has the key.
int mirror_follows_look(struct mirror_table *table, enum mirror_finds finds, const struct value *values,
                        int64_t lsn, struct error *error);
// The same of the chain that ends with the step, as long as the flush has looks left.
int mirror_follows_look_step(struct mirror_table *table, const struct delta_step *first,
                             const struct delta_step *last, struct error *error);
// What was written since this was asked last. While nothing is being written.
struct store_astray mirror_follows_take(struct mirror *mirror, struct mirror_table *table);
// Behind what was written, before its commit: of tables that are to be told (follows_kept) the file keeps what was found until the commit
// behind it, which tells it. Between the two the process may be killed, or the disk be full.
int mirror_follows_keep(struct mirror *mirror, struct error *error);
// As the file has it.
int mirror_follows_load(struct mirror *mirror, struct error *error);
// The flush begins.
void mirror_follows_begin(struct mirror_table *table);
// One in so many of `count` chains is looked at, from the one of number *ret_first on, which is another each time.
int mirror_follows_every(struct mirror_table *table, int count, int *ret_first);

#endif
