#include "views/engine/mirror/purge.h"

#include "views/base/clock.h"
#include "views/engine/sqlite/meta.h"

static const char mirror_purge_name[] = "purged_ts_ms";

// The clock is read only where the time that it gave last does not do.
static bool mirror_purge_believes(struct mirror *mirror, int64_t ts_ms) {
    if (ts_ms > mirror->believed_ts_ms)
        mirror->believed_ts_ms = clock_wall_ms() + MIRROR_CLOCK_AHEAD_MS;
    return ts_ms <= mirror->believed_ts_ms;
}

void mirror_purge_note_time(struct mirror *mirror, int64_t ts_ms) {
    mirror->untimed |= ts_ms <= 0;
    if (ts_ms > mirror->newest_ts_ms && mirror_purge_believes(mirror, ts_ms))
        mirror->newest_ts_ms = ts_ms;
}

int mirror_purge_load(struct mirror *mirror, struct error *error) {
    mirror->purged_ts_ms = 0;
    if (meta_get_integer(mirror->db, mirror_purge_name, &mirror->purged_ts_ms, error) != 0)
        return -1;
    mirror->timeless = mirror->purged_ts_ms == 0;
    if (!mirror_purge_believes(mirror, mirror->purged_ts_ms))
        mirror->purged_ts_ms = 0;
    return 0;
}

static int mirror_purge_deleted(struct mirror *mirror, int64_t now_ms, struct error *error) {
    for (int i = 0; i < mirror->catalog->table_count; i++) {
        sqlite3_stmt *stmt = mirror_table_statement(&mirror->tables[i], STATEMENT_PURGE, error);
        if (stmt == NULL)
            return -1;
        stmt_bind_integer(stmt, ":before_ms", now_ms - MIRROR_DELETED_KEEP_MS);
        if (stmt_step(stmt, "purge", NULL, error) != 0)
            return -1;
    }
    return 0;
}

// What deletes leave has this machine's time where they have none (mirror_moment), so it goes by that.
static int mirror_purge_timeless(struct mirror *mirror, struct error *error) {
    int64_t now_ms = clock_wall_ms();
    if (now_ms - mirror->purged_wall_ms >= MIRROR_DELETED_PURGE_EVERY_MS) {
        if (mirror_purge_deleted(mirror, now_ms, error) != 0)
            return -1;
        mirror->purged_wall_ms = now_ms;
    }
    return toast_carry_purge(mirror->carry, now_ms, error);
}

int mirror_purge(struct mirror *mirror, struct error *error) {
    // Until a change says which clock the file has, none is gone by: an older format does not tell, and what is behind is older
    // than this machine's time.
    if (mirror->timeless && mirror->written_ts_ms == 0)
        return mirror->written_untimed ? mirror_purge_timeless(mirror, error) : 0;
    if (mirror->written_ts_ms - mirror->purged_ts_ms >= MIRROR_DELETED_PURGE_EVERY_MS) {
        if (mirror_purge_deleted(mirror, mirror->written_ts_ms, error) != 0)
            return -1;
        mirror->purged_ts_ms = mirror->written_ts_ms;
        mirror->timeless = false;
        if (meta_set_integer(mirror->db, mirror_purge_name, mirror->purged_ts_ms, error) != 0)
            return -1;
    }
    return toast_carry_purge(mirror->carry, mirror->written_ts_ms, error);
}
