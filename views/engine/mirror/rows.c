#include "views/engine/mirror/rows.h"

#include "views/engine/mirror/generated.h"
#include "views/engine/row/column_type.h"
#include "views/engine/row/key.h"

#include <assert.h>

int mirror_begin_write(struct mirror *mirror, struct error *error) {
    if (mirror->owner.begin_write(mirror->owner.self, error) != 0)
        return -1;
    delta_set_batch(mirror->delta, mirror->accepting);
    return 0;
}

int mirror_has_row(struct mirror_table *table, const struct change *change, bool *ret, struct error *error) {
    sqlite3_stmt *stmt = mirror_table_statement(table, STATEMENT_LSN, error);
    if (stmt == NULL)
        return -1;
    mirror_bind_key(stmt, table->table, change->values);
    int row = stmt_row(stmt, table->table->name, error);
    *ret = row == 1;
    if (row == 1)
        (void)sqlite3_reset(stmt);
    return row < 0 ? -1 : 0;
}

int mirror_read_lsn(struct mirror_table *table, enum mirror_statement which, const struct change *change,
                    int64_t *ret, struct error *error) {
    *ret = LSN_NONE;
    sqlite3_stmt *stmt = mirror_table_statement(table, which, error);
    if (stmt == NULL)
        return -1;
    mirror_bind_key(stmt, table->table, change->values);
    int row = stmt_row(stmt, table->table->name, error);
    if (row == 1) {
        *ret = sqlite3_column_int64(stmt, 0);
        (void)sqlite3_reset(stmt);
    }
    return row < 0 ? -1 : 0;
}

const struct packed_row *mirror_copy_row(struct mirror *mirror, const struct table *table, sqlite3_stmt *row,
                                         int at, const bool *columns) {
    struct value values[TABLE_COLUMNS_MAX];
    for (int i = 0; i < table->column_count; i++) {
        values[i] = (struct value){.kind = VALUE_ABSENT};
        if (columns[i] && sqlite_value_borrow(sqlite3_column_value(row, at++), &values[i]) != SQLITE_OK)
            return NULL;
    }
    return delta_pack(delta_current_batch(mirror->delta), table, values);
}

int mirror_read_columns(struct mirror *mirror, struct mirror_table *table, enum mirror_statement which,
                        const bool *columns, const struct change *change, const struct packed_row **ret,
                        struct error *error) {
    *ret = NULL;
    sqlite3_stmt *stmt = mirror_table_statement(table, which, error);
    if (stmt == NULL)
        return -1;
    mirror_bind_key(stmt, table->table, change->values);
    int found = stmt_row(stmt, table->table->name, error);
    if (found != 1)
        return found;
    CLEANUP(stmt_reset) sqlite3_stmt *row = stmt;
    *ret = mirror_copy_row(mirror, table->table, row, 0, columns);
    return *ret != NULL ? 0 : error_set(error, ERROR_SYSTEM, "out of memory");
}

int mirror_recall_deleted(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                          const struct packed_row **ret, struct error *error) {
    return mirror_read_columns(mirror, table, STATEMENT_RECALL_DELETED, table->recalled_deleted, change, ret,
                               error);
}

enum mirror_upsert mirror_upsert_of(const struct change *change) {
    if (change->lsn == LSN_NONE || (change->op == CHANGE_READ && change->snapshot != SNAPSHOT_FULL))
        return UPSERT_FORCED;
    return change->op == CHANGE_READ ? UPSERT_SNAPSHOT : UPSERT_STREAMED;
}

bool mirror_may_be_unchanged(const struct change *change) {
    for (int i = 0; change->nulls_unsure && i < change->table->column_count; i++)
        if (change->values[i].kind == VALUE_NULL && change_null_is_unsure(change, &change->table->columns[i]))
            return true;
    return false;
}

int mirror_keep_unchanged(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                          struct value *values, struct error *error) {
    const struct packed_row *stored;
    if (mirror_read_columns(mirror, table, STATEMENT_UNMARKED, table->unmarked, change, &stored, error) != 0)
        return -1;
    for (int i = 0; stored != NULL && i < table->table->column_count; i++) {
        if (values[i].kind != VALUE_NULL || !change_null_is_unsure(change, &table->table->columns[i]))
            continue;
        struct value value = packed_row_value(stored, i);
        bool name = table->table->columns[i].variant == COLUMN_NAME && value.kind == VALUE_TEXT;
        if (name || value_bytes(&value) >= COLUMN_TOAST_ROW_MIN)
            values[i].kind = VALUE_UNAVAILABLE;
    }
    return 0;
}

bool mirror_lacks_values(const struct table *table, const struct value *values) {
    unsigned kinds = 0; // a bit each: looked at once, at the end
    for (int i = 0; i < table->column_count; i++)
        kinds |= 1U << values[i].kind;
    return (kinds & (1U << VALUE_ABSENT | 1U << VALUE_UNAVAILABLE)) != 0;
}

// A row that was written before its column was added has the literal default of the declaration, as in the source.
static const struct value *mirror_rows_stored(const struct column *column, const struct value *value) {
    return value->kind == VALUE_ABSENT ? &column->fallback : value;
}

static bool mirror_rows_lacks_generated(const struct table *table, const struct value *values) {
    for (int i = 0; table->has_generated && i < table->column_count; i++)
        if (table->columns[i].generated != NULL && values[i].kind == VALUE_ABSENT)
            return true;
    return false;
}

// From the row as it is now in the file (generated.h).
static int mirror_rows_set_generated(struct mirror_table *table, const struct value *values,
                                     struct error *error) {
    sqlite3_stmt *stmt = mirror_table_statement(table, STATEMENT_SET_GENERATED, error);
    if (stmt == NULL)
        return -1;
    mirror_bind_key(stmt, table->table, values);
    return mirror_run(table, stmt, NULL, error);
}

// The statement with a row's values. NULL on error.
static sqlite3_stmt *mirror_rows_bound(struct mirror_table *table, enum mirror_statement which,
                                       const struct value *values, enum mirror_upsert kind, int64_t position,
                                       struct error *error) {
    sqlite3_stmt *stmt = mirror_table_statement(table, which, error);
    if (stmt == NULL)
        return NULL;
    for (int i = 0; i < table->table->column_count; i++)
        sqlite_value_bind(stmt, i + 1, mirror_rows_stored(&table->table->columns[i], &values[i]));
    if (kind != UPSERT_FORCED)
        (void)sqlite3_bind_int64(stmt, table->table->column_count + 1, position);
    return stmt;
}

// Before the row is written, since a message that is refused leaves nothing.
static int mirror_rows_check_generated(struct mirror_table *table, const struct value *values,
                                       struct error *error) {
    if (!mirror_rows_lacks_generated(table->table, values))
        return 0;
    sqlite3_stmt *stmt = mirror_rows_bound(table, STATEMENT_BEYOND, values, UPSERT_FORCED, LSN_NONE, error);
    if (stmt == NULL)
        return -1;
    mirror_bind_keep_masks(stmt, table->table, values);
    return generated_check_beyond(table->table, stmt, error);
}

bool mirror_outlives_sweep(const struct mirror_table *table, const struct change *change) {
    if (!table->snapshot_open || !change->behind_snapshot)
        return false;
    enum mirror_upsert kind = mirror_upsert_of(change);
    return kind == UPSERT_FORCED || (kind == UPSERT_STREAMED && change->lsn < table->snapshot_lsn);
}

static int mirror_rows_write(struct mirror_table *table, enum mirror_statement of_streamed,
                             enum mirror_upsert kind, const struct value *values, int64_t position,
                             int *ret_changes, struct error *error) {
    sqlite3_stmt *stmt = mirror_rows_bound(table, (enum mirror_statement)((int)of_streamed + (int)kind),
                                           values, kind, position, error);
    return stmt == NULL ? -1 : mirror_run(table, stmt, ret_changes, error);
}

int mirror_write_row(struct mirror_table *table, enum mirror_upsert kind, bool update_first,
                     const struct value *values, int64_t position, int *ret_changes, struct error *error) {
    enum mirror_statement first = update_first ? STATEMENT_UPDATE_STREAMED : STATEMENT_INSERT_STREAMED;
    enum mirror_statement last = update_first ? STATEMENT_INSERT_STREAMED : STATEMENT_UPDATE_STREAMED;
    if (mirror_rows_write(table, first, kind, values, position, ret_changes, error) != 0)
        return -1;
    return *ret_changes > 0 ? 0 : mirror_rows_write(table, last, kind, values, position, ret_changes, error);
}

static int mirror_rows_run(struct mirror_table *table, sqlite3_stmt *stmt, const struct value *values,
                           int *ret_changes, struct error *error) {
    if (mirror_run(table, stmt, ret_changes, error) != 0)
        return -1;
    return *ret_changes > 0 && mirror_rows_lacks_generated(table->table, values)
               ? mirror_rows_set_generated(table, values, error)
               : 0;
}

// `behind`: with the mark for the sweep that the table awaits.
static int mirror_rows_upsert(struct mirror_table *table, enum mirror_upsert kind, bool behind,
                              const struct value *values, int64_t position, int *ret_changes,
                              struct error *error) {
    bool masked = mirror_lacks_values(table->table, values);
    if (mirror_rows_check_generated(table, values, error) != 0)
        return -1;
    int which = behind ? (masked ? STATEMENT_BEHIND_MASKED_STREAMED : STATEMENT_BEHIND_STREAMED) +
                             (kind == UPSERT_FORCED)
                       : (masked ? STATEMENT_MASKED_STREAMED : STATEMENT_UPSERT_STREAMED) + (int)kind;
    sqlite3_stmt *stmt =
        mirror_rows_bound(table, (enum mirror_statement)which, values, kind, position, error);
    if (stmt == NULL)
        return -1;
    if (masked)
        mirror_bind_keep_masks(stmt, table->table, values);
    if (behind)
        stmt_bind_integer(stmt, ":behind", -2 - table->snapshot_lsn);
    return mirror_rows_run(table, stmt, values, ret_changes, error);
}

int mirror_upsert(struct mirror_table *table, enum mirror_upsert kind, const struct value *values,
                  int64_t position, int *ret_changes, struct error *error) {
    return mirror_rows_upsert(table, kind, false, values, position, ret_changes, error);
}

int mirror_upsert_change(struct mirror_table *table, const struct change *change, const struct value *values,
                         int *ret_changes, struct error *error) {
    return mirror_rows_upsert(table, mirror_upsert_of(change), mirror_outlives_sweep(table, change), values,
                              change->lsn, ret_changes, error);
}

int mirror_write_again(struct mirror_table *table, const struct value *values, int64_t lsn, int *ret_changes,
                       struct error *error) {
    if (mirror_rows_check_generated(table, values, error) != 0)
        return -1;
    sqlite3_stmt *stmt = mirror_rows_bound(table, STATEMENT_WRITE_AGAIN, values, UPSERT_FORCED, lsn, error);
    if (stmt == NULL)
        return -1;
    stmt_bind_integer(stmt, ":lsn", lsn);
    mirror_bind_keep_masks(stmt, table->table, values);
    return mirror_rows_run(table, stmt, values, ret_changes, error);
}

int mirror_delete_row(struct mirror_table *table, const struct change *change, enum mirror_statement which,
                      int *ret_changes, struct error *error) {
    sqlite3_stmt *stmt = mirror_table_statement(table, which, error);
    if (stmt == NULL)
        return -1;
    mirror_bind_key(stmt, table->table, change->values);
    if (which == STATEMENT_DELETE)
        stmt_bind_integer(stmt, ":lsn", change->lsn);
    return mirror_run(table, stmt, ret_changes, error);
}

int mirror_raise_bound(struct mirror_table *table, const struct value *values, int64_t lsn,
                       struct error *error) {
    uint64_t hash = key_hash(table->table, values);
    if (lsn_bounds_prepare(&table->bounds, table->newest_lsn, error) != 0)
        return -1;
    lsn_bound_raise(&table->bounds, hash, lsn);
    if (lsn > table->newest_lsn) {
        table->newest_lsn = lsn;
        table->dirty = true;
    }
    return 0;
}
