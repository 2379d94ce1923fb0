#include "views/engine/store/standing.h"

#include "views/base/cleanup.h"
#include "views/engine/change.h"
#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/sqlite/meta.h"
#include "views/engine/sqlite/stmt.h"

#include <stdlib.h>

static void standing_free_offsets(struct standing *standing) {
    for (int i = 0; i < standing->offset_count; i++)
        free(standing->offsets[i].topic);
    free(standing->offsets);
    standing->offsets = NULL;
    standing->offset_count = 0;
}

void standing_free(struct standing *standing) {
    standing_free_offsets(standing);
    free(standing->timelines);
    *standing = (struct standing){0};
}

int standing_load_offsets(struct standing *standing, struct sqlite3 *db, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    standing_free_offsets(standing);
    if (engine_sql_prepare(db, "offsets_load", &stmt, error) != 0)
        return -1;
    int row;
    while ((row = stmt_row(stmt, "_offsets", error)) == 1) {
        struct store_offset *grown =
            realloc(standing->offsets, ((size_t)standing->offset_count + 1) * sizeof *grown);
        if (grown == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        char *topic = stmt_copy_text(stmt, 0);
        standing->offsets = grown;
        if (topic == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        standing->offsets[standing->offset_count++] = (struct store_offset){
            .topic = topic,
            .partition = sqlite3_column_int(stmt, 1),
            .next_offset = sqlite3_column_int64(stmt, 2),
            .after_delete = sqlite3_column_type(stmt, 3) != SQLITE_NULL,
            .deleted_key = (uint64_t)sqlite3_column_int64(stmt, 3),
            .newest_ts_ms = sqlite3_column_int64(stmt, 4),
            .snapshot_lsn = sqlite3_column_int64(stmt, 5),
            .snapshot_ms = sqlite3_column_int64(stmt, 6),
            .newest_lsn = sqlite3_column_int64(stmt, 7),
            .newest_source_ms = sqlite3_column_int64(stmt, 8),
            .unread = (enum store_unread)sqlite3_column_int(stmt, 9),
            .has_others = sqlite3_column_int(stmt, 10) != 0,
        };
    }
    return row;
}

void standing_bind_offset(struct sqlite3_stmt *stmt, const struct store_offset *offset) {
    stmt_bind_text(stmt, ":topic", span_of(offset->topic));
    stmt_bind_integer(stmt, ":partition", offset->partition);
    stmt_bind_integer(stmt, ":next", offset->next_offset);
    if (offset->after_delete)
        stmt_bind_integer(stmt, ":deleted", (int64_t)offset->deleted_key);
    else
        stmt_bind_null(stmt, ":deleted");
    stmt_bind_integer(stmt, ":newest_ts_ms", offset->newest_ts_ms);
    stmt_bind_integer(stmt, ":snapshot", offset->snapshot_lsn);
    stmt_bind_integer(stmt, ":snapshot_ms", offset->snapshot_ms);
    stmt_bind_integer(stmt, ":newest_lsn", offset->newest_lsn);
    stmt_bind_integer(stmt, ":newest_source_ms", offset->newest_source_ms);
    stmt_bind_integer(stmt, ":unread", offset->unread);
}

int standing_note_others(struct sqlite3 *db, const char *topic, struct error *error) {
    CLEANUP(stmt_free_text) char *name = sqlite3_mprintf("left_out:%s", topic);
    return name == NULL ? error_set(error, ERROR_SYSTEM, "out of memory")
                        : meta_set_integer(db, name, 1, error);
}

static int standing_load_sequence(struct standing *standing, struct sqlite3 *db, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    standing->sequence = (struct store_sequence){.lsn = LSN_NONE};
    if (engine_sql_prepare(db, "position_load", &stmt, error) != 0)
        return -1;
    int row = stmt_row(stmt, "_position", error);
    if (row == 1 && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
        standing->sequence =
            (struct store_sequence){sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1)};
    int64_t marks = row == 1 ? sqlite3_column_int64(stmt, 2) : 0;
    standing->before.torn = (marks & STANDING_TORN) != 0;
    standing->before.torn_ms = (marks >> STANDING_MARKS_BITS) - 1;
    standing->before.nameless = (marks & STANDING_NAMELESS) != 0;
    return row < 0 ? -1 : 0;
}

static const char standing_unjudged[] = "snapshot_unjudged";

static int standing_load_unjudged(struct standing *standing, struct sqlite3 *db, struct error *error) {
    standing->saved_unjudged_lsn = LSN_NONE;
    return meta_get_integer(db, standing_unjudged, &standing->saved_unjudged_lsn, error);
}

int standing_save_unjudged(struct standing *standing, struct sqlite3 *db, int64_t lsn, struct error *error) {
    int64_t wanted = lsn > 0 ? lsn : LSN_NONE;
    if (wanted == standing->saved_unjudged_lsn)
        return 0;
    standing->saved_unjudged_lsn = wanted;
    return wanted != LSN_NONE ? meta_set_integer(db, standing_unjudged, wanted, error)
                              : meta_unset(db, standing_unjudged, error);
}

int standing_recall(struct standing *standing, struct sqlite3 *db, struct error *error) {
    return standing_load_unjudged(standing, db, error) != 0 ? -1
                                                            : standing_load_timelines(standing, db, error);
}

int standing_load_timelines(struct standing *standing, struct sqlite3 *db, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, "timelines_load", &stmt, error) != 0)
        return -1;
    standing->timeline_count = 0;
    int row;
    while ((row = stmt_row(stmt, "_timelines", error)) == 1) {
        int64_t *grown = realloc(standing->timelines, ((size_t)standing->timeline_count + 1) * sizeof *grown);
        if (grown == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        standing->timelines = grown;
        standing->timelines[standing->timeline_count++] = sqlite3_column_int64(stmt, 0);
    }
    return row;
}

int standing_load(struct standing *standing, struct sqlite3 *db, struct error *error) {
    if (standing_load_offsets(standing, db, error) != 0 || standing_load_sequence(standing, db, error) != 0 ||
        standing_recall(standing, db, error) != 0)
        return -1;
    standing->before.unjudged_lsn = standing->saved_unjudged_lsn;
    return 0;
}
