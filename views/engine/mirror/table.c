#include "views/engine/mirror/table.h"

#include "views/engine/row/table_sql.h"

// NULL = it is none of them.
static char *mirror_table_behind_sql(const struct table *table, enum mirror_statement which) {
    switch (which) {
    case STATEMENT_BEHIND_STREAMED:
        return table_sql_upsert_behind(table, UPSERT_STREAMED, false);
    case STATEMENT_BEHIND_FORCED:
        return table_sql_upsert_behind(table, UPSERT_FORCED, false);
    case STATEMENT_BEHIND_MASKED_STREAMED:
        return table_sql_upsert_behind(table, UPSERT_STREAMED, true);
    case STATEMENT_BEHIND_MASKED_FORCED:
        return table_sql_upsert_behind(table, UPSERT_FORCED, true);
    default:
        return NULL;
    }
}

// What writes a row, or a table's part of _carry. NULL = it is none of them.
static char *mirror_table_upsert_sql(const struct table *table, enum mirror_statement which) {
    switch (which) {
    case STATEMENT_UPSERT_STREAMED:
        return table_sql_upsert(table, UPSERT_STREAMED, false);
    case STATEMENT_UPSERT_SNAPSHOT:
        return table_sql_upsert(table, UPSERT_SNAPSHOT, false);
    case STATEMENT_UPSERT_FORCED:
        return table_sql_upsert(table, UPSERT_FORCED, false);
    case STATEMENT_MASKED_STREAMED:
        return table_sql_upsert(table, UPSERT_STREAMED, true);
    case STATEMENT_MASKED_SNAPSHOT:
        return table_sql_upsert(table, UPSERT_SNAPSHOT, true);
    case STATEMENT_MASKED_FORCED:
        return table_sql_upsert(table, UPSERT_FORCED, true);
    case STATEMENT_WRITE_STREAMED:
        return table_sql_write_pending(table, UPSERT_STREAMED);
    case STATEMENT_WRITE_SNAPSHOT:
        return table_sql_write_pending(table, UPSERT_SNAPSHOT);
    case STATEMENT_WRITE_FORCED:
        return table_sql_write_pending(table, UPSERT_FORCED);
    case STATEMENT_INSERT_STREAMED:
        return table_sql_insert_new(table, UPSERT_STREAMED);
    case STATEMENT_INSERT_SNAPSHOT:
        return table_sql_insert_new(table, UPSERT_SNAPSHOT);
    case STATEMENT_INSERT_FORCED:
        return table_sql_insert_new(table, UPSERT_FORCED);
    case STATEMENT_UPDATE_STREAMED:
        return table_sql_update_older(table, UPSERT_STREAMED);
    case STATEMENT_UPDATE_SNAPSHOT:
        return table_sql_update_older(table, UPSERT_SNAPSHOT);
    case STATEMENT_UPDATE_FORCED:
        return table_sql_update_older(table, UPSERT_FORCED);
    case STATEMENT_WRITE_AGAIN:
        return table_sql_write_again(table);
    default:
        return mirror_table_behind_sql(table, which);
    }
}

// What deletes leave behind. NULL = it is none of them.
static char *mirror_table_deleted_sql(const struct table *table, enum mirror_statement which) {
    switch (which) {
    case STATEMENT_NOTE_DELETED:
        return table_sql_note_deleted(table);
    case STATEMENT_NOTE_PENDING_DELETES:
        return table_sql_note_pending_deletes(table);
    case STATEMENT_NOTE_SWEPT:
        return table_sql_note_swept(table);
    case STATEMENT_DELETED_LSN:
        return table_sql_deleted_lsn(table);
    case STATEMENT_DELETED_LATELY:
        return table_sql_deleted_lately(table);
    case STATEMENT_NEXT_PART:
        return table_sql_next_part(table);
    case STATEMENT_PART:
        return table_sql_part(table);
    case STATEMENT_PURGE:
        return table_sql_purge_deleted(table);
    default:
        return mirror_table_upsert_sql(table, which);
    }
}

static char *mirror_table_statement_sql(const struct mirror_table *state, enum mirror_statement which) {
    const struct table *table = state->table;
    switch (which) {
    case STATEMENT_RECALL_PENDING:
        return table_sql_recall_pending(table, state->recalled);
    case STATEMENT_RECALL_DELETED:
        return table_sql_some_columns(table, state->recalled_deleted);
    case STATEMENT_LOOKED_UP:
        return table_sql_some_columns(table, state->looked_up);
    case STATEMENT_UNMARKED:
        return table_sql_some_columns(table, state->unmarked);
    case STATEMENT_SET_GENERATED:
        return table_sql_set_generated(table);
    case STATEMENT_BEYOND:
        return table_sql_beyond_upsert(table);
    case STATEMENT_DELETE:
        return table_sql_delete(table);
    case STATEMENT_DELETE_KEY:
        return table_sql_delete_key(table);
    case STATEMENT_LSN:
        return table_sql_lsn(table);
    case STATEMENT_HIGHEST_KEY:
        return table_sql_highest_key(table);
    case STATEMENT_TRUNCATE:
        return table_sql_truncate(table);
    case STATEMENT_TRUNCATE_SIZES:
        return table_sql_truncate_sizes(table, state->recalled);
    case STATEMENT_TRUNCATE_KEY:
        return table_sql_truncate_key(table);
    case STATEMENT_SWEEP:
        return table_sql_sweep(table);
    case STATEMENT_SWEEP_SIZES:
        return table_sql_sweep_sizes(table, state->recalled);
    case STATEMENT_UNNAMED:
        return table_sql_unnamed(table);
    default:
        return mirror_table_deleted_sql(table, which);
    }
}

sqlite3_stmt *mirror_table_statement(struct mirror_table *table, enum mirror_statement which,
                                     struct error *error) {
    if (table->statements[which] != NULL)
        return table->statements[which];
    CLEANUP(stmt_free_text) char *sql = mirror_table_statement_sql(table, which);
    if (sql == NULL)
        return (void)error_set(error, ERROR_SYSTEM, "out of memory"), NULL;
    if (stmt_prepare(table->db, sql, table->table->name, &table->statements[which], error) != 0)
        return NULL;
    return table->statements[which];
}

void mirror_table_finalize(struct mirror_table *table) {
    for (int i = 0; i < STATEMENT_COUNT; i++)
        stmt_finalize(&table->statements[i]);
    lsn_bounds_done(&table->bounds);
    pending_rows_free(&table->pending);
    free(table->parts.list);
    free(table->recalled);
    free(table->recalled_deleted);
    free(table->unmarked);
}

int mirror_run(struct mirror_table *table, sqlite3_stmt *stmt, int *ret_changes, struct error *error) {
    int status = stmt_step(stmt, table->table->name, ret_changes, error);
    int code = status != 0 ? sqlite3_errcode(table->db) & 0xff : SQLITE_OK;
    bool goes_on = sqlite3_get_autocommit(table->db) == 0; // no more after a trigger's raise(rollback)
    // A function that a trigger or an index calls refuses a value by SQLITE_ERROR.
    bool by_function = code == SQLITE_ERROR && !table->may_defer;
    if (error != NULL && goes_on &&
        (by_function || code == SQLITE_CONSTRAINT || code == SQLITE_MISMATCH || code == SQLITE_TOOBIG))
        error->kind = ERROR_INPUT;
    if (code == SQLITE_INTERRUPT && error != NULL && error->kind == ERROR_STORE)
        return error_prefix(error, "a view's trigger on table %s", table->table->name);
    return status;
}

void mirror_bind_key(sqlite3_stmt *stmt, const struct table *table, const struct value *values) {
    static const char *const names[TABLE_KEYS_MAX] = {
        ":key1",  ":key2",  ":key3",  ":key4",  ":key5",  ":key6",  ":key7",  ":key8",
        ":key9",  ":key10", ":key11", ":key12", ":key13", ":key14", ":key15", ":key16",
        ":key17", ":key18", ":key19", ":key20", ":key21", ":key22", ":key23", ":key24",
        ":key25", ":key26", ":key27", ":key28", ":key29", ":key30", ":key31", ":key32"};
    for (int i = 0; i < table->key_count; i++)
        sqlite_value_bind(stmt, sqlite3_bind_parameter_index(stmt, names[i]), &values[table->keys[i]]);
}

void mirror_bind_keep_masks(sqlite3_stmt *stmt, const struct table *table, const struct value *values) {
    static const char *const names[] = {
        ":keep0",  ":keep1",  ":keep2",  ":keep3",  ":keep4",  ":keep5",  ":keep6",  ":keep7",  ":keep8",
        ":keep9",  ":keep10", ":keep11", ":keep12", ":keep13", ":keep14", ":keep15", ":keep16", ":keep17",
        ":keep18", ":keep19", ":keep20", ":keep21", ":keep22", ":keep23", ":keep24", ":keep25"};
    static_assert(sizeof names / sizeof *names * TABLE_SQL_KEEP_BITS >= TABLE_COLUMNS_MAX,
                  "a mask for every column");
    for (int first = 0; first < table->column_count; first += TABLE_SQL_KEEP_BITS) {
        int64_t mask = 0;
        for (int i = first; i < table->column_count && i < first + TABLE_SQL_KEEP_BITS; i++)
            if (values[i].kind == VALUE_ABSENT || values[i].kind == VALUE_UNAVAILABLE)
                mask |= (int64_t)1 << (i - first);
        int index = sqlite3_bind_parameter_index(stmt, names[first / TABLE_SQL_KEEP_BITS]);
        if (index > 0) // a group of key columns only has no mask in the statement
            (void)sqlite3_bind_int64(stmt, index, mask);
    }
}
