#include "views/engine/mirror/follows.h"

#include "views/base/bounds.h"
#include "views/engine/mirror/rows.h"
#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/sqlite/meta.h"

#include <string.h>

enum {
    // A table's, a flush, and one of so many chains that are written together: a look costs a third of a row that is applied.
    FOLLOWS_LOOKS = BOUND(16, 2),
    FOLLOWS_OF = BOUND(32, 3),
    // Behind the first row of a snapshot, by the source's time: what was committed while it was read may be streamed again,
    // and rows of it are newer than it says. The connector's clock is another one than the source's.
    FOLLOWS_SNAPSHOT_MS = BOUND(60000, 60000),
};

enum mirror_finds mirror_follows_finds(const struct mirror *mirror, const struct mirror_table *table,
                                       const struct change *change) {
    if (!change->follows || *mirror->owner.waiting != 0 || change->lsn <= table->snapshot_lsn ||
        change->lsn <= table->truncate_lsn)
        return FINDS_UNTOLD;
    int64_t read_ms =
        table->stale_before_ms > table->snapshot_ts_ms ? table->stale_before_ms : table->snapshot_ts_ms;
    if (read_ms > 0 && change->ts_ms <= read_ms + FOLLOWS_SNAPSHOT_MS)
        return FINDS_UNTOLD;
    switch (change->op) {
    case CHANGE_CREATE: // over a ghost that a sweep will take, as long as one is to come
        return table->whole_lsn == table->snapshot_lsn ? FINDS_NONE : FINDS_UNTOLD;
    case CHANGE_UPDATE: // of a row that the snapshot has in a partition that is not read so far (a topic that was given more)
    case CHANGE_DELETE:
        return table->whole_lsn == table->snapshot_lsn || !table->snapshot_open ? FINDS_A_ROW : FINDS_UNTOLD;
    default:
        return FINDS_UNTOLD;
    }
}

int mirror_follows_look(struct mirror_table *table, enum mirror_finds finds, const struct value *values,
                        int64_t lsn, struct error *error) {
    const struct change change = {.table = table->table, .values = values};
    int64_t stored = LSN_NONE;
    bool there = false;
    if (finds == FINDS_A_ROW) {
        if (mirror_has_row(table, &change, &there, error) != 0)
            return -1;
        table->written.of_none += !there;
    } else if (finds == FINDS_NONE) {
        // One that a snapshot has made says no LSN: it may be newer than its place in the log.
        if (mirror_read_lsn(table, STATEMENT_LSN, &change, &stored, error) != 0)
            return -1;
        table->written.of_one += stored != LSN_NONE && stored < lsn;
    }
    return 0;
}

// A message that a person has discarded may be what had made a row, or deleted it.
static bool mirror_follows_lacks_discarded(struct mirror *mirror, const struct mirror_table *table) {
    CLEANUP(stmt_reset) sqlite3_stmt *discarded = mirror->discarded;
    stmt_bind_text(discarded, ":table", span_of(table->table->name));
    return stmt_row(discarded, "_quarantine", NULL) != 0;
}

struct store_astray mirror_follows_take(struct mirror *mirror, struct mirror_table *table) {
    struct store_astray astray = table->written;
    table->written = (struct store_astray){0};
    if ((astray.of_none > 0 || astray.of_one > 0) && mirror_follows_lacks_discarded(mirror, table))
        astray.of_none = astray.of_one = 0;
    return astray;
}

int mirror_follows_look_step(struct mirror_table *table, const struct delta_step *first,
                             const struct delta_step *last, struct error *error) {
    if (first->finds == FINDS_UNTOLD || table->looks == 0)
        return 0;
    struct value key[TABLE_COLUMNS_MAX];
    table->looks--;
    packed_row_key(last->row, table->table, key);
    return mirror_follows_look(table, (enum mirror_finds)first->finds, key, last->lsn, error);
}

void mirror_follows_begin(struct mirror_table *table) {
    table->looks = FOLLOWS_LOOKS;
}

int mirror_follows_every(struct mirror_table *table, int count, int *ret_first) {
    int looks = count / FOLLOWS_OF + 1;
    int every = count / (looks < FOLLOWS_LOOKS ? looks : FOLLOWS_LOOKS);
    *ret_first = every > 0 ? (int)(table->looked++ % (unsigned)every) : 0;
    return every > 0 ? every : 1;
}

static const char follows_none[] = "none"; // in the file: a change of none; else of one

static int mirror_follows_mark(struct mirror_table *table, bool found, struct error *error) {
    CLEANUP(stmt_free_text) char *name = sqlite3_mprintf("astray:%s", table->table->name);
    if (name == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    const char *what = table->written.of_none > 0 ? follows_none : "one";
    if ((found ? meta_set(table->db, name, what, error) : meta_unset(table->db, name, error)) != 0)
        return -1;
    table->follows_marked = found;
    return 0;
}

int mirror_follows_keep(struct mirror *mirror, struct error *error) {
    for (int i = 0; i < mirror->catalog->table_count; i++) {
        struct mirror_table *table = &mirror->tables[i];
        bool found = table->follows_kept && (table->written.of_none > 0 || table->written.of_one > 0);
        if (found != table->follows_marked && mirror_follows_mark(table, found, error) != 0)
            return -1;
    }
    return 0;
}

int mirror_follows_load(struct mirror *mirror, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *load = NULL;
    for (int i = 0; i < mirror->catalog->table_count; i++) {
        struct mirror_table *table = &mirror->tables[i];
        table->written.of_none = table->written.of_one = 0;
        table->follows_kept = table->follows_marked = false;
    }
    if (engine_sql_prepare(mirror->db, "astray_load", &load, error) != 0)
        return -1;
    int row;
    while ((row = stmt_row(load, "_meta", error)) == 1) {
        const char *name = (const char *)sqlite3_column_text(load, 0);
        const char *what = (const char *)sqlite3_column_text(load, 1);
        if (name == NULL || what == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        const struct table *is = catalog_table(mirror->catalog, name, strlen(name));
        if (is == NULL)
            continue;
        struct mirror_table *table = &mirror->tables[is->index];
        *(strcmp(what, follows_none) == 0 ? &table->written.of_none : &table->written.of_one) = 1;
        table->follows_kept = table->follows_marked = true; // until somebody takes it
    }
    return row;
}
