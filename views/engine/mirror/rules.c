#include "views/engine/mirror/rules.h"

#include "views/engine/mirror/bulk.h"
#include "views/engine/mirror/deleted.h"
#include "views/engine/mirror/flush.h"
#include "views/engine/mirror/follows.h"
#include "views/engine/mirror/rows.h"

static bool mirror_rules_has_unavailable(const struct table *table, const struct value *values) {
    for (int i = 0; i < table->column_count; i++)
        if (values[i].kind == VALUE_UNAVAILABLE)
            return true;
    return false;
}

// The row goes, unless its newest change, or the snapshot that named it last, is at the position or later.
static int mirror_rules_delete_older(struct mirror_table *table, const struct change *change, int64_t lsn,
                                     int *ret_changes, struct error *error) {
    sqlite3_stmt *stmt = mirror_table_statement(table, STATEMENT_TRUNCATE_KEY, error);
    if (stmt == NULL)
        return -1;
    mirror_bind_key(stmt, table->table, change->values);
    stmt_bind_integer(stmt, ":lsn", lsn);
    return mirror_run(table, stmt, ret_changes, error);
}

// The change's values; where there are nulls that may be unchanged TOAST values, or it is asked for, a copy that may be written.
static int mirror_rules_take_values(struct mirror *mirror, struct mirror_table *table,
                                    const struct change *change, bool copied, const struct value **ret,
                                    struct error *error) {
    *ret = change->values;
    if (!copied && !mirror->unsure)
        return 0;
    memcpy(mirror->values, change->values, (size_t)table->table->column_count * sizeof *mirror->values);
    *ret = mirror->values;
    return mirror->unsure ? mirror_keep_unchanged(mirror, table, change, mirror->values, error) : 0;
}

// Whether the change may be a key change's create, which lacks values that the row of the older key has. An unwrapped row need
// not say that it is one: over a row that is there it is an update. What the key has pending is in the file.
static int mirror_rules_may_be_moved(struct mirror_table *table, const struct change *change, bool *ret,
                                     bool *ret_there, struct error *error) {
    *ret_there = false;
    *ret = (change->op == CHANGE_CREATE || (change->op == CHANGE_UPDATE && change->op_untold)) &&
           mirror_rules_has_unavailable(table->table, change->values);
    if (*ret && mirror_has_row(table, change, ret_there, error) != 0)
        return -1;
    *ret = *ret && (change->op == CHANGE_CREATE || !*ret_there);
    return 0;
}

// Whether the change is an update that lacks what would be guessed in a row that it makes, and no row is there. Of a table that was
// renamed the change that has its unchanged TOAST values may come later, in the topic of its older name.
static int mirror_rules_makes(const struct mirror *mirror, struct mirror_table *table,
                              const struct change *change, bool *ret, struct error *error) {
    bool there = true;
    bool guesses = false;
    for (int i = 0; mirror->lacked && change->op == CHANGE_UPDATE && i < table->table->column_count; i++)
        guesses |= change_guesses(change, i) ||
                   (change->values[i].kind == VALUE_UNAVAILABLE && table->table->older_count > 0);
    if (guesses && mirror_has_row(table, change, &there, error) != 0)
        return -1;
    *ret = !there;
    return 0;
}

static int mirror_rules_apply_row(struct mirror *mirror, struct mirror_table *table,
                                  const struct change *change, int *ret_changes, struct error *error) {
    const struct value *values;
    bool unavailable;
    bool there;
    bool makes;
    if (mirror_rules_may_be_moved(table, change, &unavailable, &there, error) != 0 ||
        mirror_rules_makes(mirror, table, change, &makes, error) != 0)
        return -1;
    if (mirror_rules_take_values(mirror, table, change, unavailable, &values, error) != 0)
        return -1;
    if (unavailable) {
        arena_reset(&mirror->arena);
        if (toast_carry_create(mirror->carry, change, mirror->values, &mirror->arena, error) != 0)
            return -1;
    }
    if (mirror_upsert_change(table, change, values, ret_changes, error) != 0)
        return -1;
    if (*ret_changes == 0)
        return 0;
    mirror->made = makes;
    if (unavailable && toast_carry_await(mirror->carry, change, values, there, error) != 0)
        return -1;
    return toast_carry_written(mirror->carry, change, values, error);
}

static int mirror_rules_apply_streamed(struct mirror *mirror, struct mirror_table *table,
                                       const struct change *change, enum mirror_outcome *ret,
                                       struct error *error) {
    bool deleted;
    if (mirror_was_deleted(table, change, change->lsn, &deleted, error) != 0)
        return -1;
    bool dead = change->lsn != LSN_NONE && change->lsn < table->truncate_lsn;
    *ret = MIRROR_REPEATED;
    bool older = change->lsn != LSN_NONE ? deleted || (dead && !change->unordered)
                                         : mirror_bulk_is_stale(table, change);
    if (older)
        return 0;
    int changes = 0;
    if (mirror_follows_look(table, mirror_follows_finds(mirror, table, change), change->values, change->lsn,
                            error) != 0 ||
        mirror_rules_apply_row(mirror, table, change, &changes, error) != 0)
        return -1;
    if (changes > 0)
        *ret = MIRROR_APPLIED;
    // No END ordered the two: its effects happen, its row does not stay.
    return changes > 0 && dead ? mirror_rules_delete_older(table, change, table->truncate_lsn, NULL, error)
                               : 0;
}

static int mirror_rules_apply_snapshot(struct mirror *mirror, struct mirror_table *table,
                                       const struct change *change, enum mirror_outcome *ret,
                                       struct error *error) {
    enum mirror_upsert kind = mirror_upsert_of(change);
    bool deleted = false;
    *ret = MIRROR_REPEATED;
    if (mirror_bulk_overtakes(table, change))
        return 0;
    if (kind == UPSERT_SNAPSHOT && mirror_was_deleted(table, change, change->lsn + 1, &deleted, error) != 0)
        return -1;
    if (deleted)
        return 0;
    int changes = 0;
    if (mirror_upsert_change(table, change, change->values, &changes, error) != 0)
        return -1;
    if (changes == 0)
        return 0;
    *ret = MIRROR_APPLIED;
    return toast_carry_written(mirror->carry, change, change->values, error);
}

// A newer row is no sign of a wrong key.
static int mirror_rules_count_astray(struct mirror_table *table, const struct change *change, int deleted,
                                     struct error *error) {
    int64_t newer = LSN_NONE;
    if (deleted > 0)
        return 0;
    if (mirror_read_lsn(table, STATEMENT_LSN, change, &newer, error) != 0)
        return -1;
    return newer != LSN_NONE ? 0 : mirror_count_astray(table, change, error);
}

// What the row is, and whether the delete that takes it away can be carried out as a whole: a message that is refused leaves nothing.
static int mirror_rules_recall_deleted(struct mirror *mirror, struct mirror_table *table,
                                       const struct change *change, const struct packed_row **ret,
                                       struct error *error) {
    int64_t newest = LSN_NONE;
    *ret = NULL;
    if (!table->has_toastable)
        return 0;
    if (mirror_recall_deleted(mirror, table, change, ret, error) != 0)
        return -1;
    if (*ret == NULL || !toast_carry_concerns(mirror->carry, change))
        return 0;
    if (mirror_read_lsn(table, STATEMENT_LSN, change, &newest, error) != 0)
        return -1;
    return newest < change->lsn ? toast_carry_check(mirror->carry, table, change, *ret, error) : 0;
}

// Without a position (a tombstone alone, an event without lsn) the log's order is all there is.
static int mirror_rules_apply_delete(struct mirror *mirror, struct mirror_table *table,
                                     const struct change *change, enum mirror_outcome *ret,
                                     struct error *error) {
    int deleted = 0;
    int noted = 0;
    *ret = MIRROR_REPEATED;
    if (change->op == CHANGE_TOMBSTONE || change->lsn == LSN_NONE) {
        if (mirror_delete_row(table, change, STATEMENT_DELETE_KEY, &deleted, error) != 0)
            return -1;
    } else if (change->lsn >= table->truncate_lsn) {
        bool again;
        if (mirror_was_deleted(table, change, change->lsn, &again, error) != 0)
            return -1;
        if (again)
            return 0; // a snapshot may have brought the row back since
        const struct packed_row *old = NULL;
        if (mirror_follows_look(table, mirror_follows_finds(mirror, table, change), change->values,
                                change->lsn, error) != 0 ||
            mirror_rules_recall_deleted(mirror, table, change, &old, error) != 0 ||
            mirror_delete_row(table, change, STATEMENT_DELETE, &deleted, error) != 0 ||
            mirror_rules_count_astray(table, change, deleted, error) != 0 ||
            mirror_note_delete(table, change, &noted, error) != 0)
            return -1;
        if (change->lsn > table->deleted_lsn) {
            table->deleted_lsn = change->lsn;
            table->dirty = true;
        }
        if (deleted > 0 && old != NULL && toast_carry_delete(mirror->carry, table, change, old, error) != 0)
            return -1;
    }
    if (deleted > 0 && toast_carry_deleted(mirror->carry, change, error) != 0)
        return -1;
    *ret = deleted > 0 || noted > 0 ? MIRROR_APPLIED : MIRROR_REPEATED;
    return 0;
}

static int mirror_rules_dispatch(struct mirror *mirror, struct mirror_table *table,
                                 const struct change *change, enum mirror_outcome *ret, struct error *error) {
    switch (change->op) {
    case CHANGE_CREATE:
    case CHANGE_UPDATE:
        return mirror_rules_apply_streamed(mirror, table, change, ret, error);
    case CHANGE_READ:
        return mirror_rules_apply_snapshot(mirror, table, change, ret, error);
    case CHANGE_DELETE:
    case CHANGE_TOMBSTONE:
        return mirror_rules_apply_delete(mirror, table, change, ret, error);
    case CHANGE_TRUNCATE:
        return mirror_bulk_truncate(mirror, table, change, ret, error);
    }
    return error_set(error, ERROR_INPUT, "unknown operation");
}

// The key's pending change must be in the file first. Where a value of another row may be carried over, every
// pending change must be: a delete that is written behind the create would give its values to a row that no view looks at any more.
static int mirror_rules_flush_before(struct mirror *mirror, struct mirror_table *table,
                                     const struct change *change, struct error *error) {
    bool of_all = toast_carry_concerns(mirror->carry, change);
    bool there;
    if (!of_all && (mirror_flush_key(mirror, table, change, error) != 0 ||
                    mirror_rules_may_be_moved(table, change, &of_all, &there, error) != 0))
        return -1;
    return of_all ? mirror_flush(mirror, table->table, error) : 0;
}

typedef int mirror_rules_write(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                               enum mirror_outcome *ret, struct error *error);

// The views follow what `write` does.
static int mirror_rules_watched(struct mirror *mirror, struct mirror_table *table,
                                const struct change *change, mirror_rules_write *write,
                                enum mirror_outcome *ret, struct error *error) {
    int listed = delta_list(mirror->accepting, table->table)->count;
    mirror->current = change;
    table->watched = true;
    delta_watch(mirror->delta, table->table, change);
    int status = write(mirror, table, change, ret, error);
    table->watched = false;
    mirror->current = NULL;
    if (delta_watch_end(mirror->delta, status == 0 ? error : NULL) != 0)
        return -1;
    if (status != 0) {
        delta_take_back(mirror->accepting, table->table, listed);
        return -1;
    }
    return 0;
}

// Whether the change is written by several statements, of which a view's trigger may refuse a later one.
static bool mirror_rules_may_be_halved(const struct mirror *mirror, const struct mirror_table *table,
                                       const struct change *change) {
    if (table->may_defer ||
        change->op == CHANGE_TRUNCATE) // there is nobody to refuse; or it is undone as a whole itself
        return false;
    if (change->op == CHANGE_DELETE || change->op == CHANGE_TOMBSTONE)
        return toast_carry_concerns(mirror->carry, change);
    return (table->table->has_generated && mirror_lacks_values(table->table, change->values)) ||
           (change->unordered && change->lsn < table->truncate_lsn);
}

// What was accepted before is in the file, and the views have followed it.
static int mirror_rules_all_or_none(struct mirror *mirror, struct mirror_table *table,
                                    const struct change *change, mirror_rules_write *write,
                                    enum mirror_outcome *ret, struct error *error) {
    if (stmt_run(mirror->db, "savepoint changing", "savepoint", error) != 0)
        return -1;
    if (mirror_rules_watched(mirror, table, change, write, ret, error) == 0)
        return stmt_run(mirror->db, "release changing", "release", error);
    delta_forget(mirror->delta);
    if ((stmt_run(mirror->db, "rollback to changing; release changing", "rollback", NULL) != 0 ||
         toast_carry_reload(mirror->carry, mirror->catalog, NULL) != 0) &&
        error != NULL)
        error->kind = ERROR_STORE;
    return -1;
}

int mirror_rules_apply(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                       enum mirror_outcome *ret, struct error *error) {
    if (mirror_begin_write(mirror, error) != 0)
        return -1;
    // What may be undone as a whole: nothing else is on its way to the views meanwhile.
    bool halved = mirror_rules_may_be_halved(mirror, table, change);
    if (halved || change->op == CHANGE_TRUNCATE
            ? mirror_flush_all(mirror, error) != 0
            : mirror_rules_flush_before(mirror, table, change, error) != 0)
        return -1;
    if ((halved ? mirror_rules_all_or_none : mirror_rules_watched)(mirror, table, change,
                                                                   mirror_rules_dispatch, ret, error) != 0)
        return -1;
    bool streamed = change->op != CHANGE_READ && change->op != CHANGE_TRUNCATE && change->lsn != LSN_NONE;
    return streamed ? mirror_raise_bound(table, change->values, change->lsn, error) : 0;
}

static int mirror_rules_delete_again(struct mirror *mirror, struct mirror_table *table,
                                     const struct change *change, struct error *error) {
    bool here;
    bool later;
    int deleted = 0;
    if (mirror_was_deleted(table, change, change->lsn, &here, error) != 0 ||
        mirror_was_deleted(table, change, change->lsn + 1, &later, error) != 0)
        return -1;
    if (!here || later)
        return 0;
    if (mirror_rules_delete_older(table, change, change->lsn, &deleted, error) != 0)
        return -1;
    return deleted > 0 ? toast_carry_deleted(mirror->carry, change, error) : 0;
}

static int mirror_rules_dispatch_again(struct mirror *mirror, struct mirror_table *table,
                                       const struct change *change, enum mirror_outcome *ret,
                                       struct error *error) {
    const struct value *values;
    int changes = 0;
    *ret = MIRROR_REPEATED;
    if (change->op == CHANGE_DELETE)
        return mirror_rules_delete_again(mirror, table, change, error);
    if (mirror_rules_take_values(mirror, table, change, false, &values, error) != 0)
        return -1;
    if (mirror_write_again(table, values, change->lsn, &changes, error) != 0)
        return -1;
    return changes > 0 ? toast_carry_written(mirror->carry, change, values, error) : 0;
}

int mirror_rules_write_again(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                             struct error *error) {
    bool has_values = change->op == CHANGE_CREATE || change->op == CHANGE_UPDATE;
    bool may_differ = has_values && table->table->key_count < table->table->column_count;
    if (change->lsn == LSN_NONE || (change->op != CHANGE_DELETE && !may_differ))
        return 0;
    int64_t pending = mirror_flush_pending_lsn(mirror, table, change);
    if (pending != LSN_NONE && pending != change->lsn) // it is newer
        return 0;
    enum mirror_outcome outcome;
    bool halved = mirror_rules_may_be_halved(mirror, table, change);
    if (mirror_begin_write(mirror, error) != 0 ||
        (halved ? mirror_flush_all(mirror, error) : mirror_flush_key(mirror, table, change, error)) != 0)
        return -1;
    return (halved ? mirror_rules_all_or_none : mirror_rules_watched)(
        mirror, table, change, mirror_rules_dispatch_again, &outcome, error);
}
