// TOAST values across a primary key change. A key change is a delete of the old key and a create of the new
// one with the same (table, txId, lsn), the txId where rows name it, often in different partitions; the create says of an unchanged TOAST
// value only that it is unavailable. Whichever comes first leaves word for the other in _carry. Inside the
// mirror only.
#ifndef TIDEMARK_MIRROR_TOAST_CARRY_H
#define TIDEMARK_MIRROR_TOAST_CARRY_H

#include "views/base/arena.h"
#include "views/engine/catalog.h"
#include "views/engine/mirror/table.h"
#include "views/engine/row/packed_row.h"

struct toast_carry;

enum {
    // Values wait for the other half of a key change at most this long where no transaction ends them.
    TOAST_CARRY_KEEP_MS = 3600 * 1000,
    // How often what is older is looked for: each look reads all of _carry.
    TOAST_CARRY_PURGE_EVERY_MS = TOAST_CARRY_KEEP_MS / 4,
    // Tables of rows left with NULL that are remembered until they are taken: one more is told by its next such row.
    TOAST_CARRY_LOST_MAX = 16,
    TOAST_CARRY_NAME_SIZE = 256,
};

// `catalog` lives until the carry is closed, or given another.
int toast_carry_open(struct toast_carry **ret, sqlite3 *db, const struct catalog *catalog,
                     struct error *error);
void toast_carry_close(struct toast_carry **carry);

// These three while another thread writes, too: as they were at some moment of that.
// Whether anything is kept or awaited, so that a transaction's end has something to settle.
bool toast_carry_has_rows(const struct toast_carry *carry);
// True while some create's row awaits values.
bool toast_carry_is_awaiting(const struct toast_carry *carry);
// Whether the change is, or may be, one of a row that awaits values, or the delete that brings them: then it must be written
// as it comes, behind all that its table has pending.
bool toast_carry_concerns(const struct toast_carry *carry, const struct change *change);
// Before a row is deleted: whether the create that waits for its values can have them. What a generated column cannot be computed of is
// ERROR_INPUT, and nothing has been written then. `old`: as for toast_carry_delete.
int toast_carry_check(struct toast_carry *carry, struct mirror_table *table, const struct change *delete,
                      const struct packed_row *old, struct error *error);
// A row was deleted: what could have been out of line is kept, and creates that wait for it get it. `old`: at
// least its columns that can be (column_type_toastable).
int toast_carry_delete(struct toast_carry *carry, struct mirror_table *table, const struct change *delete,
                       const struct packed_row *old, struct error *error);
// Before a create with unavailable values is stored: those that were carried replace them in `values` (a copy
// of the change's, column by column); their bytes live in `arena`.
int toast_carry_create(struct toast_carry *carry, const struct change *create, struct value *values,
                       struct arena *arena, struct error *error);
// After such a create was stored: the columns that are still unavailable are awaited. `kept`: over a row that was there.
int toast_carry_await(struct toast_carry *carry, const struct change *create, const struct value *values,
                      bool kept, struct error *error);
// After any write of real values: what was awaited for these columns of this key is not any more.
int toast_carry_written(struct toast_carry *carry, const struct change *change, const struct value *values,
                        struct error *error);
// After a row was deleted: nothing is awaited for it any more.
int toast_carry_deleted(struct toast_carry *carry, const struct change *delete, struct error *error);
int toast_carry_transaction_end(struct toast_carry *carry, int64_t txid, struct error *error);
// Forgets what has waited longer than TOAST_CARRY_KEEP_MS. `now_ms`: the source's clock.
int toast_carry_purge(struct toast_carry *carry, int64_t now_ms, struct error *error);
// One of the tables that have rows left with NULL, since what these awaited never came; NULL: no more since they were taken.
// Lives until the next change. While nothing is being written.
const char *toast_carry_take_lost(struct toast_carry *carry);
// As the file has it, after something else changed that: the accepting thread, while nothing else writes.
int toast_carry_reload(struct toast_carry *carry, const struct catalog *catalog, struct error *error);

#endif
