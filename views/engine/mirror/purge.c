#include "views/engine/mirror/purge.h"

#include "views/engine/sqlite/meta.h"

static const char mirror_purge_name[] = "purged_ts_ms";

int mirror_purge_load(struct mirror *mirror, struct error *error) {
    mirror->purged_ts_ms = 0;
    return meta_get_integer(mirror->db, mirror_purge_name, &mirror->purged_ts_ms, error);
}

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
    return meta_set_integer(mirror->db, mirror_purge_name, mirror->purged_ts_ms, error);
}

int mirror_purge(struct mirror *mirror, struct error *error) {
    if (mirror->written_ts_ms - mirror->purged_ts_ms >= MIRROR_DELETED_PURGE_EVERY_MS &&
        mirror_purge_deleted(mirror, error) != 0)
        return -1;
    return toast_carry_purge(mirror->carry, mirror->written_ts_ms, error);
}
