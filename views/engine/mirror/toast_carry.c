#include "views/engine/mirror/toast_carry.h"

#include "views/engine/mirror/generated.h"
#include "views/engine/mirror/toast_awaited.h"
#include "views/engine/row/column_type.h"
#include "views/engine/row/key.h"
#include "views/engine/row/key_text.h"
#include "views/engine/row/table_sql.h"
#include "views/engine/sqlite/engine_sql.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum toast_carry_statement {
    TOAST_CARRY_KEEP,
    TOAST_CARRY_FIND,
    TOAST_CARRY_WANTED,
    TOAST_CARRY_GIVEN,
    TOAST_CARRY_END,
    TOAST_CARRY_PURGE,
    TOAST_CARRY_COUNT,
    TOAST_CARRY_JOINED,
    TOAST_CARRY_UNLINKED,
    TOAST_CARRY_UNKEPT,
    TOAST_CARRY_AWAITED,
    TOAST_CARRY_AWAIT,
    TOAST_CARRY_PASS_ON,
    TOAST_CARRY_TAKE_OVER,
    TOAST_CARRY_UNAWAIT,
    TOAST_CARRY_STATEMENTS,
};

static const char *const toast_carry_names[TOAST_CARRY_STATEMENTS] = {
    [TOAST_CARRY_KEEP] = "carry_keep",         [TOAST_CARRY_FIND] = "carry_find",
    [TOAST_CARRY_WANTED] = "carry_wanted",     [TOAST_CARRY_GIVEN] = "carry_given",
    [TOAST_CARRY_END] = "carry_end",           [TOAST_CARRY_PURGE] = "carry_purge",
    [TOAST_CARRY_COUNT] = "carry_count",       [TOAST_CARRY_JOINED] = "carry_joined",
    [TOAST_CARRY_UNLINKED] = "carry_unlinked", [TOAST_CARRY_UNKEPT] = "carry_unkept",
    [TOAST_CARRY_AWAITED] = "carry_awaited",   [TOAST_CARRY_AWAIT] = "carry_await",
    [TOAST_CARRY_PASS_ON] = "carry_pass_on",   [TOAST_CARRY_TAKE_OVER] = "carry_take_over",
    [TOAST_CARRY_UNAWAIT] = "carry_unawait",
};

enum { TOAST_CARRY_LINK_SIZE = 48 };

struct toast_carry {
    const struct catalog *catalog;
    sqlite3_stmt *statements[TOAST_CARRY_STATEMENTS];
    // Asked for while another thread may keep what a delete leaves.
    atomic_int_least64_t rows;  // in _carry
    atomic_int_least64_t wants; // those of them that await a value
    atomic_int_least64_t links; // those of the wants that are passed on, and have no row yet
    int64_t purged_ts_ms;       // by the source's clock: the newest purge
    struct toast_awaited awaited;
    struct buffer key;  // of the row that the statement under way is about, as key_text.h writes it
    struct arena arena; // the values of a key that was read
    char lost[TOAST_CARRY_LOST_MAX][TOAST_CARRY_NAME_SIZE]; // tables of rows whose values never came
    int lost_count;
};

int toast_carry_open(struct toast_carry **ret, sqlite3 *db, const struct catalog *catalog,
                     struct error *error) {
    CLEANUP(toast_carry_close) struct toast_carry *carry = calloc(1, sizeof *carry);
    if (carry == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int i = 0; i < TOAST_CARRY_STATEMENTS; i++)
        if (engine_sql_prepare(db, toast_carry_names[i], &carry->statements[i], error) != 0)
            return -1;
    if (toast_carry_reload(carry, catalog, error) != 0)
        return -1;
    *ret = carry;
    carry = NULL;
    return 0;
}

void toast_carry_close(struct toast_carry **carry) {
    if (*carry == NULL)
        return;
    for (int i = 0; i < TOAST_CARRY_STATEMENTS; i++)
        stmt_finalize(&(*carry)->statements[i]);
    toast_awaited_forget(&(*carry)->awaited);
    buffer_free(&(*carry)->key);
    arena_free(&(*carry)->arena);
    free(*carry);
    *carry = NULL;
}

static int toast_carry_count(struct toast_carry *carry, struct error *error) {
    sqlite3_stmt *count = carry->statements[TOAST_CARRY_COUNT];
    if (stmt_row(count, "_carry", error) != 1)
        return -1;
    carry->rows = sqlite3_column_int64(count, 0);
    carry->wants = sqlite3_column_int64(count, 1);
    carry->links = sqlite3_column_int64(count, 2);
    (void)sqlite3_reset(count);
    return 0;
}

static struct span toast_carry_text(sqlite3_stmt *row, int column) {
    const char *text = (const char *)sqlite3_column_text(row, column);
    return (struct span){text, text != NULL ? (size_t)sqlite3_column_bytes(row, column) : 0};
}

// `values`: by column number; they live until the next call. False: it is the key of no row.
static bool toast_carry_read_key(struct toast_carry *carry, const struct table *table, struct span key,
                                 struct value *values) {
    arena_reset(&carry->arena);
    return key_text_read(key, table, &carry->arena, values);
}

// The row that awaits, as a line of what is awaited names it: none where the value was passed on. Without the key no hash tells it.
static int toast_carry_load_row(struct toast_carry *carry, const struct table *table, sqlite3_stmt *row,
                                struct error *error) {
    struct value key[TABLE_COLUMNS_MAX];
    struct span text = toast_carry_text(row, 3);
    if (text.data == NULL)
        return 0;
    if (toast_carry_read_key(carry, table, text, key))
        return toast_awaited_add_row(&carry->awaited, table, key_hash(table, key), error);
    carry->awaited.all = true;
    return 0;
}

static int toast_carry_load_awaited(struct toast_carry *carry, const struct catalog *catalog,
                                    struct error *error) {
    toast_awaited_forget(&carry->awaited);
    sqlite3_stmt *stmt = carry->statements[TOAST_CARRY_AWAITED];
    int more;
    while ((more = stmt_row(stmt, "_carry", error)) == 1) {
        CLEANUP(stmt_reset) sqlite3_stmt *row = stmt;
        struct span name = toast_carry_text(row, 0);
        const struct table *table = name.data != NULL ? catalog_table(catalog, name.data, name.size) : NULL;
        if (table != NULL && (toast_awaited_add_delete(&carry->awaited, table, sqlite3_column_int64(row, 1),
                                                       sqlite3_column_int64(row, 2), error) != 0 ||
                              toast_carry_load_row(carry, table, row, error) != 0))
            return -1;
        row = NULL;
    }
    return more;
}

int toast_carry_reload(struct toast_carry *carry, const struct catalog *catalog, struct error *error) {
    carry->catalog = catalog;
    return toast_carry_count(carry, error) != 0 ? -1 : toast_carry_load_awaited(carry, catalog, error);
}

// Whether the other half of a key change would name the same place: an LSN is that of one change, with or without its txId.
// A binlog's positions say so too, and its database has no TOAST.
static bool toast_carry_has_place(const struct change *change) {
    return change->txid != TXID_NONE && change->lsn != LSN_NONE;
}

static void toast_carry_note_lost(struct toast_carry *carry, const char *table) {
    if (table == NULL || carry->lost_count == TOAST_CARRY_LOST_MAX)
        return;
    for (int i = 0; i < carry->lost_count; i++)
        if (strcmp(carry->lost[i], table) == 0)
            return;
    (void)snprintf(carry->lost[carry->lost_count++], TOAST_CARRY_NAME_SIZE, "%s", table);
}

const char *toast_carry_take_lost(struct toast_carry *carry) {
    return carry->lost_count > 0 ? carry->lost[--carry->lost_count] : NULL;
}

static void toast_carry_bind_place(sqlite3_stmt *stmt, const struct change *change) {
    stmt_bind_text(stmt, ":table", span_of(change->table->name));
    stmt_bind_integer(stmt, ":txid", change->txid);
    stmt_bind_integer(stmt, ":lsn", change_place(change));
}

// The key lives in `carry` until the next call.
static int toast_carry_bind_key(struct toast_carry *carry, sqlite3_stmt *stmt, const struct table *table,
                                const struct value *values, struct error *error) {
    buffer_clear(&carry->key);
    if (!key_text_write(&carry->key, table, values) || carry->key.failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    stmt_bind_text(stmt, ":key", (struct span){carry->key.data, carry->key.size});
    return 0;
}

// Where the create of a key change looks, as a 'want' names it that is passed on.
static struct span toast_carry_link(const struct change *change, char ret[TOAST_CARRY_LINK_SIZE]) {
    int size =
        snprintf(ret, TOAST_CARRY_LINK_SIZE, "%" PRId64 ":%" PRId64, change->txid, change_place(change));
    return (struct span){ret, (size_t)size};
}

bool toast_carry_has_rows(const struct toast_carry *carry) {
    return carry->rows > 0;
}

bool toast_carry_is_awaiting(const struct toast_carry *carry) {
    return carry->wants > carry->links;
}

bool toast_carry_concerns(const struct toast_carry *carry, const struct change *change) {
    return toast_carry_is_awaiting(carry) && toast_awaited_concerns(&carry->awaited, change);
}

static bool toast_carry_could_be_toasted(const struct table *table, const struct packed_row *row) {
    size_t bytes = 0;
    for (int i = 0; i < table->column_count; i++) {
        struct value value = packed_row_value(row, i);
        if (column_type_toastable(table->columns[i].type))
            bytes += value_bytes(&value);
    }
    return bytes >= COLUMN_TOAST_ROW_MIN;
}

static int toast_carry_keep(struct toast_carry *carry, const struct change *delete, int column,
                            const struct value *value, struct error *error) {
    sqlite3_stmt *keep = carry->statements[TOAST_CARRY_KEEP];
    toast_carry_bind_place(keep, delete);
    stmt_bind_text(keep, ":column", span_of(delete->table->columns[column].name));
    stmt_bind_integer(keep, ":ts_ms", mirror_moment(delete->ts_ms));
    sqlite_value_bind(keep, sqlite3_bind_parameter_index(keep, ":value"), value);
    int kept = 0;
    if (stmt_step(keep, "_carry", &kept, error) != 0)
        return -1;
    carry->rows += kept;
    return 0;
}

static int toast_carry_keep_row(struct toast_carry *carry, const struct change *delete,
                                const struct packed_row *row, struct error *error) {
    const struct table *table = delete->table;
    for (int i = 0; i < table->column_count; i++) {
        struct value value = packed_row_value(row, i);
        if (column_type_toastable(table->columns[i].type) &&
            toast_carry_keep(carry, delete, i, &value, error) != 0)
            return -1;
    }
    return 0;
}

// `sql` (taken) with the value of one column for the row whose key is in `keys`.
static int toast_carry_bind_given(struct mirror_table *table, char *sql, const struct value *value,
                                  const struct value *keys, sqlite3_stmt **ret, struct error *error) {
    CLEANUP(stmt_free_text) char *text = sql;
    if (text == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (stmt_prepare(table->db, text, table->table->name, ret, error) != 0)
        return -1;
    int parameter = sqlite3_bind_parameter_index(*ret, ":value");
    if (parameter > 0) // nothing is generated from the column else
        sqlite_value_bind(*ret, parameter, value);
    mirror_bind_key(*ret, table->table, keys);
    return 0;
}

// Gives one awaited column to the row of `key` from the old row. The views see that of a delete that is written
// at once: one that waits for the commit was accepted before anything awaited it (mirror_rules_flush_before). What cannot be
// computed of it was refused before the delete (toast_carry_check).
static int toast_carry_give(struct toast_carry *carry, struct mirror_table *table,
                            const struct packed_row *row, int column, struct span key, struct error *error) {
    struct value keys[TABLE_COLUMNS_MAX];
    CLEANUP(stmt_finalize) sqlite3_stmt *set = NULL;
    const struct value value = packed_row_value(row, column);
    assert(table->watched);
    if (!toast_carry_read_key(carry, table->table, key, keys))
        return 0;
    return toast_carry_bind_given(table, table_sql_set_column(table->table, column), &value, keys, &set,
                                  error) != 0
               ? -1
               : mirror_run(table, set, NULL, error);
}

// What is awaited further along the chain of key changes is kept there: `link` is where.
static int toast_carry_keep_along(struct toast_carry *carry, const struct change *delete,
                                  const struct packed_row *row, int column, struct span link,
                                  struct error *error) {
    struct change along = *delete;
    char text[TOAST_CARRY_LINK_SIZE];
    if (link.data == NULL || link.size >= sizeof text)
        return 0;
    memcpy(text, link.data, link.size);
    text[link.size] = '\0';
    char *end;
    along.txid = strtoll(text, &end, 10);
    along.lsn = *end == ':' ? strtoll(end + 1, NULL, 10) : LSN_NONE;
    struct value value = packed_row_value(row, column);
    return toast_carry_keep(carry, &along, column, &value, error);
}

static bool toast_carry_lacks(struct toast_carry *carry, sqlite3_stmt *row, const struct table *table,
                              int column) {
    CLEANUP(stmt_free_text) char *sql = table_sql_lacks_column(table, column);
    CLEANUP(stmt_finalize) sqlite3_stmt *lacks = NULL;
    struct value key[TABLE_COLUMNS_MAX];
    struct error ignored = {0};
    if (sql == NULL || !toast_carry_read_key(carry, table, toast_carry_text(row, 1), key) ||
        stmt_prepare(sqlite3_db_handle(carry->statements[TOAST_CARRY_FIND]), sql, table->name, &lacks,
                     &ignored) != 0)
        return false;
    mirror_bind_key(lacks, table, key);
    return stmt_row(lacks, table->name, &ignored) == 1;
}

// What was awaited in vain is lost where the row has nothing: one that was there before has kept its value.
static void toast_carry_check_lost(struct toast_carry *carry, sqlite3_stmt *row) {
    const char *name = (const char *)sqlite3_column_text(row, 2);
    const char *column = (const char *)sqlite3_column_text(row, 3);
    if (name == NULL || column == NULL || sqlite3_column_type(row, 1) == SQLITE_NULL)
        return;
    const struct table *table = catalog_table(carry->catalog, name, strlen(name));
    int number = table != NULL ? table_column(table, column, strlen(column)) : -1;
    if (number >= 0 && toast_carry_lacks(carry, row, table, number))
        toast_carry_note_lost(carry, name);
}

// Runs a statement that deletes rows, and returns of each whether it awaited a value, and its key: none when that was passed on;
// and where that was in vain its table and column.
static int toast_carry_end_rows(struct toast_carry *carry, sqlite3_stmt *stmt, struct error *error) {
    int more;
    while ((more = stmt_row(stmt, "_carry", error)) == 1) {
        carry->rows--;
        bool awaited = sqlite3_column_int(stmt, 0) != 0;
        carry->wants -= awaited;
        carry->links -= awaited && sqlite3_column_type(stmt, 1) == SQLITE_NULL;
        if (awaited && sqlite3_column_count(stmt) > 2)
            toast_carry_check_lost(carry, stmt);
    }
    return more;
}

// 1 = some create awaited values of this row and has them now, 0 = none did.
static int toast_carry_give_awaited(struct toast_carry *carry, struct mirror_table *table,
                                    const struct change *delete, const struct packed_row *row,
                                    struct error *error) {
    if (carry->wants == 0)
        return 0;
    sqlite3_stmt *wanted = carry->statements[TOAST_CARRY_WANTED];
    toast_carry_bind_place(wanted, delete);
    int given = 0;
    int more;
    while ((more = stmt_row(wanted, "_carry", error)) == 1) {
        CLEANUP(stmt_reset) sqlite3_stmt *reset_on_error = wanted;
        const char *name = (const char *)sqlite3_column_text(wanted, 0);
        bool has_key = sqlite3_column_type(wanted, 1) != SQLITE_NULL;
        int which = has_key ? 1 : 2;
        struct span to = {(const char *)sqlite3_column_text(wanted, which),
                          (size_t)sqlite3_column_bytes(wanted, which)};
        if (name == NULL || to.data == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        int column = table_column(table->table, name, strlen(name));
        if (column >= 0 && (has_key ? toast_carry_give(carry, table, row, column, to, error)
                                    : toast_carry_keep_along(carry, delete, row, column, to, error)) != 0)
            return -1;
        given = 1;
        reset_on_error = NULL;
    }
    if (more < 0 || given == 0)
        return more;
    sqlite3_stmt *given_all = carry->statements[TOAST_CARRY_GIVEN];
    toast_carry_bind_place(given_all, delete);
    return toast_carry_end_rows(carry, given_all, error) != 0 ? -1 : 1;
}

// Whether the row whose key is in `values` can have those of its columns that are there.
static int toast_carry_check_row(struct mirror_table *table, const struct value *values,
                                 struct error *error) {
    sqlite3_stmt *beyond = mirror_table_statement(table, STATEMENT_BEYOND, error);
    if (beyond == NULL)
        return -1;
    for (int i = 0; i < table->table->column_count; i++)
        sqlite_value_bind(beyond, i + 1, &values[i]);
    mirror_bind_keep_masks(beyond, table->table, values);
    return generated_check_beyond(table->table, beyond, error);
}

// The columns that await a value of one place are of one row, and a generated one may be made of several.
int toast_carry_check(struct toast_carry *carry, struct mirror_table *table, const struct change *delete,
                      const struct packed_row *old, struct error *error) {
    if (!table->table->has_generated || carry->wants == 0 || !toast_carry_has_place(delete))
        return 0;
    struct value values[TABLE_COLUMNS_MAX];
    bool has_row = false;
    for (int i = 0; i < table->table->column_count; i++)
        values[i] = (struct value){.kind = VALUE_ABSENT};
    sqlite3_stmt *wanted = carry->statements[TOAST_CARRY_WANTED];
    toast_carry_bind_place(wanted, delete);
    int more;
    while ((more = stmt_row(wanted, "_carry", error)) == 1) {
        struct span name = toast_carry_text(wanted, 0);
        struct span key = toast_carry_text(wanted, 1);
        int column = name.data != NULL ? table_column(table->table, name.data, name.size) : -1;
        if (column < 0 || key.data == NULL || !toast_carry_read_key(carry, table->table, key, values))
            continue;
        values[column] = packed_row_value(old, column);
        has_row = true;
    }
    return more == 0 && has_row ? toast_carry_check_row(table, values, error) : more;
}

// The deleted row awaits values itself: what came of them goes to the create of its key change. ret_passed: columns.
static int toast_carry_pass_on(struct toast_carry *carry, const struct change *delete, int *ret_passed,
                               struct error *error) {
    *ret_passed = 0;
    if (carry->wants == 0)
        return 0;
    sqlite3_stmt *pass = carry->statements[TOAST_CARRY_PASS_ON];
    char link[TOAST_CARRY_LINK_SIZE];
    toast_carry_bind_place(pass, delete);
    stmt_bind_text(pass, ":link", toast_carry_link(delete, link));
    if (toast_carry_bind_key(carry, pass, delete->table, delete->values, error) != 0)
        return -1;
    int more;
    while ((more = stmt_row(pass, "_carry", error)) == 1) {
        ++*ret_passed;
        carry->links += sqlite3_column_type(pass, 0) == SQLITE_NULL;
    }
    if (more < 0 || *ret_passed == 0)
        return more;
    sqlite3_stmt *joined = carry->statements[TOAST_CARRY_JOINED];
    toast_carry_bind_place(joined, delete);
    if (toast_carry_end_rows(carry, joined, error) != 0)
        return -1;
    sqlite3_stmt *unlinked = carry->statements[TOAST_CARRY_UNLINKED];
    stmt_bind_text(unlinked, ":table", span_of(delete->table->name));
    return stmt_step(unlinked, "_carry", NULL, error);
}

// Drops what was kept of a row where a value is still to be passed on to the same place.
static int toast_carry_unkeep_passed(struct toast_carry *carry, const struct change *delete,
                                     struct error *error) {
    char link[TOAST_CARRY_LINK_SIZE];
    sqlite3_stmt *unkept = carry->statements[TOAST_CARRY_UNKEPT];
    toast_carry_bind_place(unkept, delete);
    stmt_bind_text(unkept, ":link", toast_carry_link(delete, link));
    int changes = 0;
    if (stmt_step(unkept, "_carry", &changes, error) != 0)
        return -1;
    carry->rows -= changes;
    return 0;
}

int toast_carry_delete(struct toast_carry *carry, struct mirror_table *table, const struct change *delete,
                       const struct packed_row *old, struct error *error) {
    if (!table->has_toastable || !toast_carry_has_place(delete))
        return 0;
    int passed;
    if (toast_carry_pass_on(carry, delete, &passed, error) != 0)
        return -1;
    if (!toast_carry_could_be_toasted(table->table, old))
        return 0;
    int given = toast_carry_give_awaited(carry, table, delete, old, error);
    if (given != 0)
        return given < 0 ? -1 : 0;
    if (toast_carry_keep_row(carry, delete, old, error) != 0)
        return -1;
    return passed > 0 ? toast_carry_unkeep_passed(carry, delete, error) : 0;
}

// The carried value of one column: 1 = found and put into `ret`, 0 = there is none.
static int toast_carry_find(struct toast_carry *carry, const struct change *create, int column,
                            struct value *ret, struct arena *arena, struct error *error) {
    sqlite3_stmt *stmt = carry->statements[TOAST_CARRY_FIND];
    toast_carry_bind_place(stmt, create);
    stmt_bind_text(stmt, ":column", span_of(create->table->columns[column].name));
    int found = stmt_row(stmt, "_carry", error);
    if (found != 1)
        return found;
    CLEANUP(stmt_reset) sqlite3_stmt *row = stmt;
    return sqlite_value_take(arena, sqlite3_column_value(row, 0), ret) == SQLITE_OK
               ? 1
               : error_set(error, ERROR_SYSTEM, "out of memory");
}

int toast_carry_create(struct toast_carry *carry, const struct change *create, struct value *values,
                       struct arena *arena, struct error *error) {
    if (carry->rows == 0 || !toast_carry_has_place(create))
        return 0;
    for (int i = 0; i < create->table->column_count; i++)
        if (values[i].kind == VALUE_UNAVAILABLE &&
            toast_carry_find(carry, create, i, &values[i], arena, error) < 0)
            return -1;
    return 0;
}

// A value that was passed on to this create: 1 = it is awaited for this row now, 0 = there is none.
static int toast_carry_take_over(struct toast_carry *carry, const struct change *create,
                                 const struct value *values, int column, struct error *error) {
    if (carry->wants == 0)
        return 0;
    sqlite3_stmt *take = carry->statements[TOAST_CARRY_TAKE_OVER];
    char link[TOAST_CARRY_LINK_SIZE];
    stmt_bind_text(take, ":table", span_of(create->table->name));
    stmt_bind_text(take, ":column", span_of(create->table->columns[column].name));
    stmt_bind_text(take, ":link", toast_carry_link(create, link));
    int taken = 0;
    if (toast_carry_bind_key(carry, take, create->table, values, error) != 0 ||
        stmt_step(take, "_carry", &taken, error) != 0)
        return -1;
    carry->links -= taken;
    return taken > 0;
}

static int toast_carry_await_column(struct toast_carry *carry, const struct change *create,
                                    const struct value *values, int column, struct error *error) {
    sqlite3_stmt *await = carry->statements[TOAST_CARRY_AWAIT];
    toast_carry_bind_place(await, create);
    stmt_bind_text(await, ":column", span_of(create->table->columns[column].name));
    stmt_bind_integer(await, ":ts_ms", mirror_moment(create->ts_ms));
    int awaited = 0;
    if (toast_carry_bind_key(carry, await, create->table, values, error) != 0 ||
        stmt_step(await, "_carry", &awaited, error) != 0)
        return -1;
    carry->rows += awaited;
    carry->wants += awaited;
    return 0;
}

int toast_carry_await(struct toast_carry *carry, const struct change *create, const struct value *values,
                      bool kept, struct error *error) {
    if (!toast_carry_has_place(create)) {
        if (!kept)
            toast_carry_note_lost(carry, create->table->name);
        return 0;
    }
    if (carry->wants == 0)
        toast_awaited_forget(&carry->awaited);
    bool awaits = false;
    for (int i = 0; i < create->table->column_count; i++) {
        if (values[i].kind != VALUE_UNAVAILABLE)
            continue;
        int taken = toast_carry_take_over(carry, create, values, i, error);
        if (taken < 0 || (taken == 0 && toast_carry_await_column(carry, create, values, i, error) != 0))
            return -1;
        awaits = true;
    }
    if (awaits &&
        (toast_awaited_add_row(&carry->awaited, create->table, key_hash(create->table, values), error) != 0 ||
         toast_awaited_add_delete(&carry->awaited, create->table, create->txid, change_place(create),
                                  error) != 0))
        return -1;
    return 0;
}

// Ends the awaiting of a column, of all of them when `column` is none.
static int toast_carry_unawait(struct toast_carry *carry, const struct change *change,
                               const struct value *values, struct span column, struct error *error) {
    sqlite3_stmt *unawait = carry->statements[TOAST_CARRY_UNAWAIT];
    stmt_bind_text(unawait, ":table", span_of(change->table->name));
    stmt_bind_text(unawait, ":column", column);
    return toast_carry_bind_key(carry, unawait, change->table, values, error) != 0
               ? -1
               : toast_carry_end_rows(carry, unawait, error);
}

int toast_carry_written(struct toast_carry *carry, const struct change *change, const struct value *values,
                        struct error *error) {
    if (!toast_carry_concerns(carry, change))
        return 0;
    for (int i = 0; i < change->table->column_count; i++) {
        if (values[i].kind == VALUE_UNAVAILABLE || values[i].kind == VALUE_ABSENT)
            continue;
        if (toast_carry_unawait(carry, change, values, span_of(change->table->columns[i].name), error) != 0)
            return -1;
    }
    return 0;
}

int toast_carry_deleted(struct toast_carry *carry, const struct change *delete, struct error *error) {
    return toast_carry_concerns(carry, delete)
               ? toast_carry_unawait(carry, delete, delete->values, (struct span){0}, error)
               : 0;
}

int toast_carry_transaction_end(struct toast_carry *carry, int64_t txid, struct error *error) {
    if (carry->rows == 0)
        return 0;
    sqlite3_stmt *end = carry->statements[TOAST_CARRY_END];
    stmt_bind_integer(end, ":txid", txid);
    return toast_carry_end_rows(carry, end, error);
}

int toast_carry_purge(struct toast_carry *carry, int64_t now_ms, struct error *error) {
    if (carry->rows == 0 || now_ms - carry->purged_ts_ms < TOAST_CARRY_PURGE_EVERY_MS)
        return 0;
    sqlite3_stmt *purge = carry->statements[TOAST_CARRY_PURGE];
    stmt_bind_integer(purge, ":before_ms", now_ms - TOAST_CARRY_KEEP_MS);
    if (toast_carry_end_rows(carry, purge, error) != 0)
        return -1;
    carry->purged_ts_ms = now_ms;
    return toast_carry_count(carry, error);
}
