// What deletes leave behind in the file (_deleted_T, row/table_sql.h): the LSN of each, by which what came before it is told.
// It lies in parts: one is filled after the other, and a key is looked for in those that have LSNs as new as what is asked
// about, which are few where a connector sends again what it sent lately. Of a part that the process has not filled itself
// that is learnt when it is first asked for. Used by the mirror's other files; while nothing is being written, but for what
// notes, which is the writing thread's.
#ifndef TIDEMARK_MIRROR_DELETED_H
#define TIDEMARK_MIRROR_DELETED_H

#include "views/engine/mirror/table.h"

// Which parts the file has. Also when others have changed them.
int mirror_deleted_load(struct mirror_table *table, struct error *error);
// Whether a delete of the change's key left an LSN of `position` or above; never, where that is LSN_NONE.
int mirror_was_deleted(struct mirror_table *table, const struct change *change, int64_t position, bool *ret,
                       struct error *error);

// The statement that notes deletes, with the part that they go into. NULL on error.
sqlite3_stmt *mirror_note_statement(struct mirror_table *table, enum mirror_statement which,
                                    struct error *error);
// It has noted so many, none newer than `lsn`.
void mirror_noted(struct mirror_table *table, int count, int64_t lsn);
// Leaves the delete's LSN in the file, with its time: one that names none is kept as if it were of now.
int mirror_note_delete(struct mirror_table *table, const struct change *change, int *ret_changes,
                       struct error *error);
// A delete that is newer than all that is known of its key found no row. Before mirror_note_delete.
int mirror_count_astray(struct mirror_table *table, const struct change *change, struct error *error);

#endif
