#include "views/engine/mirror/purge.h"

// What deletes left behind is looked at as a whole: not again before this part of it may have grown too old.
enum { DELETED_PURGED_EVERY_MS = MIRROR_DELETED_KEEP_MS / 64 };

static int mirror_purge_deleted(struct mirror *mirror, struct error *error) {
    for (int i = 0; i < mirror->catalog->table_count; i++) {
        sqlite3_stmt *stmt = mirror_table_statement(&mirror->tables[i], STATEMENT_PURGE, error);
        if (stmt == NULL)
            return -1;
        stmt_bind_integer(stmt, ":before_ms", mirror->written_ts_ms - MIRROR_DELETED_KEEP_MS);
        if (stmt_step(stmt, "purge", NULL, error) != 0)
            return -1;
    }
    mirror->purged_ts_ms = mirror->written_ts_ms;
    return 0;
}

int mirror_purge(struct mirror *mirror, struct error *error) {
    mirror->deletes = 0;
    if (mirror->written_ts_ms - mirror->purged_ts_ms >= DELETED_PURGED_EVERY_MS &&
        mirror_purge_deleted(mirror, error) != 0)
        return -1;
    return toast_carry_purge(mirror->carry, mirror->written_ts_ms - TOAST_CARRY_KEEP_MS, error);
}
