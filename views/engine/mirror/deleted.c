#include "views/engine/mirror/deleted.h"

#include "views/base/bounds.h"
#include "views/engine/mirror/rows.h"

#include <stdlib.h>

enum {
    DELETED_PART_ROWS = BOUND(32768, 4), // some 200 pages: so many a commit's deletes change at most
    FIRST_SIZE = 8,
};

static int deleted_add_part(struct deleted_parts *parts, int64_t number, int64_t newest_lsn,
                            struct error *error) {
    if (parts->count == parts->size) {
        int size = parts->size == 0 ? FIRST_SIZE : parts->size * 2;
        struct deleted_part *grown = realloc(parts->list, (size_t)size * sizeof *grown);
        if (grown == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        parts->list = grown;
        parts->size = size;
    }
    parts->list[parts->count++] = (struct deleted_part){.number = number, .newest_lsn = newest_lsn};
    parts->rows = 0;
    return 0;
}

// The number of the newest part, -1 = there is none.
static int64_t deleted_newest_part(const struct deleted_parts *parts) {
    return parts->count > 0 ? parts->list[parts->count - 1].number : -1;
}

static int deleted_read_part(struct mirror_table *table, struct deleted_part *part, int64_t *ret_rows,
                             struct error *error) {
    sqlite3_stmt *stmt = mirror_table_statement(table, STATEMENT_PART, error);
    if (stmt == NULL)
        return -1;
    stmt_bind_integer(stmt, ":part", part->number);
    if (stmt_row(stmt, table->table->name, error) != 1)
        return -1;
    part->newest_lsn = sqlite3_column_int64(stmt, 0);
    *ret_rows = sqlite3_column_int64(stmt, 1);
    (void)sqlite3_reset(stmt);
    return 0;
}

int mirror_deleted_load(struct mirror_table *table, struct error *error) {
    struct deleted_parts *parts = &table->parts;
    parts->count = 0;
    sqlite3_stmt *next = mirror_table_statement(table, STATEMENT_NEXT_PART, error);
    if (next == NULL)
        return -1;
    CLEANUP(stmt_reset) sqlite3_stmt *row = next;
    for (;;) {
        stmt_bind_integer(row, ":part", deleted_newest_part(parts));
        if (stmt_row(row, table->table->name, error) != 1)
            return -1;
        if (sqlite3_column_type(row, 0) == SQLITE_NULL)
            break;
        if (deleted_add_part(parts, sqlite3_column_int64(row, 0), DELETED_UNKNOWN, error) != 0)
            return -1;
        (void)sqlite3_reset(row);
    }
    return parts->count == 0 ? 0
                             : deleted_read_part(table, &parts->list[parts->count - 1], &parts->rows, error);
}

static int deleted_look(struct mirror_table *table, const struct change *change, struct deleted_part *part,
                        int64_t position, bool *ret, struct error *error) {
    int64_t rows;
    int64_t found;
    if (part->newest_lsn == DELETED_UNKNOWN && deleted_read_part(table, part, &rows, error) != 0)
        return -1;
    if (part->newest_lsn < position)
        return 0;
    sqlite3_stmt *look = mirror_table_statement(table, STATEMENT_DELETED_LSN, error);
    if (look == NULL)
        return -1;
    stmt_bind_integer(look, ":part", part->number);
    if (mirror_read_lsn(table, STATEMENT_DELETED_LSN, change, &found, error) != 0)
        return -1;
    *ret = found >= position;
    return 0;
}

// From the oldest on: what was sent again was mostly deleted not long after it.
int mirror_was_deleted(struct mirror_table *table, const struct change *change, int64_t position, bool *ret,
                       struct error *error) {
    *ret = false;
    if (position <= LSN_NONE || position > table->deleted_lsn)
        return 0;
    for (int i = 0; i < table->parts.count && !*ret; i++)
        if (deleted_look(table, change, &table->parts.list[i], position, ret, error) != 0)
            return -1;
    return 0;
}

sqlite3_stmt *mirror_note_statement(struct mirror_table *table, enum mirror_statement which,
                                    struct error *error) {
    struct deleted_parts *parts = &table->parts;
    sqlite3_stmt *note = mirror_table_statement(table, which, error);
    if (note == NULL)
        return NULL;
    if ((parts->count == 0 || parts->rows >= DELETED_PART_ROWS) &&
        deleted_add_part(parts, deleted_newest_part(parts) + 1, LSN_NONE, error) != 0)
        return NULL;
    stmt_bind_integer(note, ":part", deleted_newest_part(parts));
    return note;
}

void mirror_noted(struct mirror_table *table, int count, int64_t lsn) {
    struct deleted_part *part = &table->parts.list[table->parts.count - 1];
    table->parts.rows += count;
    if (count > 0 && lsn > part->newest_lsn)
        part->newest_lsn = lsn;
}

int mirror_note_delete(struct mirror_table *table, const struct change *change, int *ret_changes,
                       struct error *error) {
    sqlite3_stmt *note = mirror_note_statement(table, STATEMENT_NOTE_DELETED, error);
    int noted = 0;
    if (note == NULL)
        return -1;
    mirror_bind_key(note, table->table, change->values);
    stmt_bind_integer(note, ":lsn", change->lsn);
    stmt_bind_integer(note, ":ts_ms", mirror_moment(change->ts_ms));
    if (mirror_run(table, note, &noted, error) != 0)
        return -1;
    mirror_noted(table, noted, change->lsn);
    if (ret_changes != NULL)
        *ret_changes = noted;
    return 0;
}

// The newest parts have a key that is deleted again and again.
int mirror_count_astray(struct mirror_table *table, const struct change *change, struct error *error) {
    int64_t deleted;
    sqlite3_stmt *lately = mirror_table_statement(table, STATEMENT_DELETED_LATELY, error);
    if (lately == NULL)
        return -1;
    stmt_bind_integer(lately, ":part", deleted_newest_part(&table->parts));
    if (mirror_read_lsn(table, STATEMENT_DELETED_LATELY, change, &deleted, error) != 0)
        return -1;
    table->written.deletes++;
    table->written.deletes_again += deleted != LSN_NONE;
    return 0;
}
