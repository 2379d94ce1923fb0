#include "views/engine/store/fills.h"

#include "views/engine/catalog/stored_files.h"
#include "views/engine/row/column_type.h"
#include "views/engine/row/table_change.h"
#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/sqlite/meta.h"
#include "views/engine/sqlite/sqlite_value.h"
#include "views/engine/store/standing.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    FILLS_VALUES_AT_ONCE = 16384, // of rows that are read before they are applied
    FILLS_ROWS_AT_ONCE = 512,
    FILLS_NAME_SIZE = 64,
    FILLS_PATH_SIZE = 4096,
};

static enum store_fill_kind fills_kind_of(const char *name) {
    return strcmp(name, "column") == 0  ? STORE_FILL_COLUMN
           : strcmp(name, "table") == 0 ? STORE_FILL_TABLE
                                        : STORE_FILL_NEW;
}

static int fills_add(struct fills *fills, const struct catalog *catalog, sqlite3_stmt *row,
                     struct error *error) {
    const char *name = (const char *)sqlite3_column_text(row, 0);
    const char *column = (const char *)sqlite3_column_text(row, 1);
    const char *kind = (const char *)sqlite3_column_text(row, 2);
    if (name == NULL || column == NULL || kind == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    const struct table *table = catalog_table(catalog, name, strlen(name));
    if (table == NULL || strcmp(kind, "gone") == 0)
        return 0;
    struct store_fill *grown = realloc(fills->list, ((size_t)fills->count + 1) * sizeof *grown);
    if (grown == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    fills->list = grown;
    fills->list[fills->count++] = (struct store_fill){
        .table = table,
        .column = column[0] != '\0' ? table_column(table, column, strlen(column)) : -1,
        .kind = fills_kind_of(kind),
        .lacking = sqlite3_column_type(row, 3) != SQLITE_NULL ? sqlite3_column_int64(row, 3) : -1,
    };
    return 0;
}

int fills_load(struct fills *fills, struct sqlite3 *db, const struct catalog *catalog, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    fills_free(fills);
    if (engine_sql_prepare(db, "fill_load", &stmt, error) != 0)
        return -1;
    int row;
    while ((row = stmt_row(stmt, "_fill", error)) == 1)
        if (fills_add(fills, catalog, stmt, error) != 0)
            return -1;
    return row;
}

void fills_free(struct fills *fills) {
    free(fills->list);
    *fills = (struct fills){0};
}

// --- new tables

static int fills_step(sqlite3 *db, const char *statement, const char *parameter, const char *value,
                      struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, statement, &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, parameter, span_of(value));
    return stmt_step(stmt, statement, NULL, error);
}

static int fills_settle_new(sqlite3 *db, const struct table *table, bool again, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, again ? "fill_add" : "fill_forget", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":table", span_of(table->name));
    stmt_bind_text(stmt, ":column", SPAN(""));
    if (again)
        stmt_bind_text(stmt, ":kind", SPAN("table"));
    return stmt_step(stmt, "_fill", NULL, error);
}

int fills_tell_awaited(struct sqlite3 *db, struct error *error) {
    return engine_sql_run(db, "position_filling", error) != 0 ? -1
                                                              : engine_sql_run(db, "position_next", error);
}

static int fills_write_new(const struct fills *fills, sqlite3 *db, const char *const *topics, int topic_count,
                           const bool *again, struct error *error) {
    for (int i = 0; i < topic_count; i++)
        if (fills_step(db, "offsets_forget", ":topic", topics[i], error) != 0)
            return -1;
    for (int i = 0; i < fills->count; i++)
        if (fills->list[i].kind == STORE_FILL_NEW &&
            fills_settle_new(db, fills->list[i].table, again[fills->list[i].table->index], error) != 0)
            return -1;
    return fills_tell_awaited(db, error);
}

int fills_begin_new(struct fills *fills, struct sqlite3 *db, const struct catalog *catalog,
                    const char *const *topics, int topic_count, const bool *again, struct error *error) {
    if (engine_sql_run(db, "begin", error) != 0)
        return -1;
    int status = fills_write_new(fills, db, topics, topic_count, again, error);
    if (status == 0)
        status = engine_sql_run(db, "commit", error);
    if (status != 0)
        (void)engine_sql_run(db, "rollback", NULL);
    return status != 0 ? -1 : fills_load(fills, db, catalog, error);
}

// --- what was read beside

int fills_attach(struct sqlite3 *db, const char *path, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(db, "attach database :path as fill", path, &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":path", span_of(path));
    return stmt_step(stmt, path, NULL, error);
}

// `ret` is to be closed whatever comes back.
static bool fills_open(const char *path, const char *name, sqlite3 **ret) {
    char found[FILLS_NAME_SIZE];
    return sqlite3_open_v2(path, ret, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
           meta_get(*ret, "fill", found, sizeof found, NULL) == 1 && strcmp(found, name) == 0;
}

int fills_name(sqlite3 *db, const char *id, char *ret, size_t size, struct error *error) {
    int64_t number = 0;
    if (meta_get_integer(db, "evolution", &number, error) != 0)
        return -1;
    (void)snprintf(ret, size, "%s %lld", id, (long long)number);
    return 0;
}

bool fills_is(const char *path, const char *name) {
    CLEANUP(stmt_close) sqlite3 *db = NULL;
    return fills_open(path, name, &db);
}

static bool fills_was_made_with(sqlite3 *db, const char *source) {
    CLEANUP(view_files_free) struct view_files files = {0};
    if (stored_files_read(db, "_files", &files, NULL) != 0)
        return false;
    const char *text = view_files_text(&files, "source.sql");
    return text != NULL && strcmp(text, source) == 0;
}

// A timeline that this one has taken back numbers the LSNs of the file beside otherwise.
static bool fills_has_timelines_of(sqlite3 *db, struct sqlite3 *of) {
    CLEANUP(standing_free) struct standing its = {0};
    CLEANUP(standing_free) struct standing ours = {0};
    if (standing_load_timelines(&its, db, NULL) != 0 || standing_load_timelines(&ours, of, NULL) != 0)
        return false;
    for (int i = 0; i < its.timeline_count; i++) {
        bool has = false;
        for (int o = 0; o < ours.timeline_count && !has; o++)
            has = ours.timelines[o] == its.timelines[i];
        if (!has)
            return false;
    }
    return true;
}

// What cannot be read of either is no reason to go on.
bool fills_goes_on(const char *path, const char *name, const char *source, struct sqlite3 *of) {
    CLEANUP(stmt_close) sqlite3 *db = NULL;
    CLEANUP(stmt_finalize) sqlite3_stmt *offsets = NULL;
    CLEANUP(stmt_finalize) sqlite3_stmt *behind = NULL;
    if (!fills_open(path, name, &db) || !fills_was_made_with(db, source) || !fills_has_timelines_of(db, of) ||
        engine_sql_prepare(db, "offsets_load", &offsets, NULL) != 0 ||
        engine_sql_prepare(of, "offsets_behind", &behind, NULL) != 0)
        return false;
    int row;
    while ((row = stmt_row(offsets, "_offsets", NULL)) == 1) {
        stmt_bind_text(behind, ":topic", span_of((const char *)sqlite3_column_text(offsets, 0)));
        stmt_bind_integer(behind, ":partition", sqlite3_column_int64(offsets, 1));
        stmt_bind_integer(behind, ":next_offset", sqlite3_column_int64(offsets, 2));
        if (stmt_row(behind, "_offsets", NULL) != 0)
            return false;
        (void)sqlite3_reset(behind);
    }
    return row == 0;
}

int store_fill_catalog(struct catalog *ret, const struct catalog *of, struct error *error) {
    *ret = (struct catalog){.source = of->source, .ignored = of->ignored, .ignored_count = of->ignored_count};
    ret->tables = calloc((size_t)of->table_count, sizeof *ret->tables);
    if (ret->tables == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int t = 0; t < of->table_count; t++) {
        struct table *table = &ret->tables[ret->table_count++];
        size_t size = (size_t)of->tables[t].column_count * sizeof *table->columns;
        *table = of->tables[t];
        table->columns = malloc(size);
        if (table->columns == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        memcpy(table->columns, of->tables[t].columns, size);
        for (int c = 0; c < table->column_count; c++)
            table->columns[c].fallback = column_type_untold(&table->columns[c]);
    }
    return 0;
}

void store_fill_catalog_free(struct catalog *catalog) {
    for (int t = 0; t < catalog->table_count; t++)
        free(catalog->tables[t].columns);
    free(catalog->tables);
    *catalog = (struct catalog){0};
}

void store_remove_fill(const char *path) {
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char file[FILLS_PATH_SIZE];
        if (snprintf(file, sizeof file, "%s%s", path, suffixes[i]) < (int)sizeof file)
            (void)unlink(file);
    }
}

void fills_detach(struct sqlite3 *db) {
    (void)stmt_run(db, "detach database fill", "fill", NULL);
}

// One table's rows on their way.
struct fills_way {
    sqlite3 *db;
    struct mirror *mirror;
    const struct table *table;
    const bool *columns; // that are awaited
    struct arena arena;
    struct arena older;   // of the rows before, whose last key is bound
    struct value *values; // of `capacity` rows
    struct fills_row {
        int64_t lsn;
        int64_t snapshot;
        bool same; // the file has it at the same position
        bool none; // the file has it not
    } * rows;
    int capacity;
    int count;
    struct value *scratch;
};

static void fills_done(struct fills_way *way) {
    arena_free(&way->arena);
    arena_free(&way->older);
    free(way->values);
    free(way->rows);
    free(way->scratch);
}

static int fills_make_way(struct fills_way *way, struct error *error) {
    int columns = way->table->column_count;
    way->capacity = FILLS_VALUES_AT_ONCE / columns + 1;
    if (way->capacity > FILLS_ROWS_AT_ONCE)
        way->capacity = FILLS_ROWS_AT_ONCE;
    way->values = calloc((size_t)way->capacity * (size_t)columns, sizeof *way->values);
    way->rows = calloc((size_t)way->capacity, sizeof *way->rows);
    way->scratch = calloc((size_t)columns, sizeof *way->scratch);
    return way->values != NULL && way->rows != NULL && way->scratch != NULL
               ? 0
               : error_set(error, ERROR_SYSTEM, "out of memory");
}

static int fills_read_row(struct fills_way *way, sqlite3_stmt *stmt) {
    int columns = way->table->column_count;
    struct value *values = &way->values[way->count * columns];
    for (int i = 0; i < columns; i++) {
        if (sqlite_value_take(&way->arena, sqlite3_column_value(stmt, i), &values[i]) != SQLITE_OK)
            return -1;
        // What is generated is computed of what the row comes to.
        if (way->table->columns[i].key == 0 && (way->table->columns[i].generated != NULL ||
                                                column_type_is_untold(&way->table->columns[i], &values[i])))
            values[i].kind = VALUE_ABSENT;
    }
    way->rows[way->count++] = (struct fills_row){.lsn = sqlite3_column_int64(stmt, columns),
                                                 .snapshot = sqlite3_column_int64(stmt, columns + 1),
                                                 .same = sqlite3_column_int(stmt, columns + 2) != 0,
                                                 .none = sqlite3_column_int(stmt, columns + 3) != 0};
    return 0;
}

// The next rows by key, after those that were read last.
static int fills_read(struct fills_way *way, sqlite3_stmt *stmt, struct error *error) {
    const struct value *last =
        way->count > 0 ? &way->values[(way->count - 1) * way->table->column_count] : NULL;
    for (int k = 0; last != NULL && k < way->table->key_count; k++)
        sqlite_value_bind(stmt, k + 1, &last[way->table->keys[k]]);
    struct arena swap = way->arena;
    way->arena = way->older;
    way->older = swap;
    arena_reset(&way->arena);
    CLEANUP(stmt_reset) sqlite3_stmt *rows = stmt;
    int row = stmt_row(rows, way->table->name, error);
    way->count = 0;
    while (row == 1 && way->count < way->capacity) {
        if (fills_read_row(way, rows) != 0)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        if (way->count < way->capacity)
            row = stmt_row(rows, way->table->name, error);
    }
    return row < 0 ? -1 : 0;
}

static int fills_apply(struct fills_way *way, const struct change *change, struct error *error) {
    enum mirror_outcome outcome;
    return mirror_apply(way->mirror, change, &outcome, error);
}

// The row as the file knows it, with what it awaits.
static int fills_apply_columns(struct fills_way *way, const struct value *values, struct error *error) {
    for (int i = 0; i < way->table->column_count; i++) {
        const struct column *column = &way->table->columns[i];
        bool told = way->columns[i] || column->key != 0 || values[i].kind != VALUE_NULL;
        way->scratch[i] = told ? values[i] : (struct value){.kind = VALUE_ABSENT};
    }
    const struct change change = {.op = CHANGE_READ,
                                  .snapshot = SNAPSHOT_INCREMENTAL,
                                  .table = way->table,
                                  .values = way->scratch,
                                  .lsn = LSN_NONE,
                                  .previous_commit = LSN_NONE,
                                  .txid = -1};
    return fills_apply(way, &change, error);
}

// What was not known of the row: by the rules for what a snapshot read, and for what was streamed; no effect is due.
static int fills_apply_row(struct fills_way *way, const struct fills_row *row, const struct value *values,
                           struct error *error) {
    struct change change = {.op = CHANGE_READ,
                            .snapshot = SNAPSHOT_FULL,
                            .table = way->table,
                            .values = values,
                            .lsn = row->snapshot,
                            .previous_commit = LSN_NONE,
                            .txid = -1};
    if (row->snapshot != LSN_NONE && fills_apply(way, &change, error) != 0)
        return -1;
    change.snapshot = SNAPSHOT_INCREMENTAL;
    change.lsn = row->lsn;
    if (row->lsn != LSN_NONE) {
        change.op = CHANGE_UPDATE;
        return fills_apply(way, &change, error);
    }
    return row->snapshot == LSN_NONE && row->none ? fills_apply(way, &change, error) : 0;
}

// A row that the table's newest snapshot did not name, and that its end swept.
static bool fills_is_ghost(const struct fills_way *way, const struct fills_row *row) {
    int64_t snapshot = mirror_snapshot(way->mirror, way->table).lsn;
    return row->none && snapshot != LSN_NONE && row->snapshot != snapshot && row->lsn < snapshot;
}

static int fills_apply_rows(struct fills_way *way, struct error *error) {
    for (int i = 0; i < way->count; i++) {
        const struct fills_row *row = &way->rows[i];
        const struct value *values = &way->values[i * way->table->column_count];
        if (fills_is_ghost(way, row))
            continue;
        if (row->same ? fills_apply_columns(way, values, error) != 0
                      : fills_apply_row(way, row, values, error) != 0)
            return -1;
    }
    return 0;
}

typedef int fills_apply_all(struct fills_way *way, struct error *error);

// `first` and `next` select rows by key: from the least on, and behind those that were read last.
static int fills_each(struct fills_way *way, sqlite3_stmt *first, sqlite3_stmt *next, fills_apply_all *apply,
                      struct error *error) {
    sqlite3_stmt *stmt = first;
    way->count = 0;
    do {
        if (fills_read(way, stmt, error) != 0 || apply(way, error) != 0)
            return -1;
        stmt = next;
    } while (way->count > 0);
    return 0;
}

static int fills_prepare(const struct fills_way *way, char *sql, sqlite3_stmt **ret, struct error *error) {
    CLEANUP(stmt_free_text) char *made = sql;
    return made == NULL ? error_set(error, ERROR_SYSTEM, "out of memory")
                        : stmt_prepare(way->db, made, way->table->name, ret, error);
}

static int fills_take_rows(struct fills_way *way, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *first = NULL;
    CLEANUP(stmt_finalize) sqlite3_stmt *next = NULL;
    if (fills_prepare(way, table_change_fill(way->table, way->columns, true), &first, error) != 0 ||
        fills_prepare(way, table_change_fill(way->table, way->columns, false), &next, error) != 0)
        return -1;
    return fills_each(way, first, next, fills_apply_rows, error);
}

static int fills_apply_gone(struct fills_way *way, struct error *error) {
    for (int i = 0; i < way->count; i++) {
        const struct change change = {.op = CHANGE_DELETE,
                                      .snapshot = SNAPSHOT_INCREMENTAL,
                                      .table = way->table,
                                      .values = &way->values[i * way->table->column_count],
                                      .lsn = LSN_NONE,
                                      .previous_commit = LSN_NONE,
                                      .txid = -1};
        if (fills_apply(way, &change, error) != 0)
            return -1;
    }
    return 0;
}

// Rows that were truncated or deleted by what had been passed over.
static int fills_take_gone(struct fills_way *way, int64_t truncate_lsn, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *first = NULL;
    CLEANUP(stmt_finalize) sqlite3_stmt *next = NULL;
    const struct change truncate = {.op = CHANGE_TRUNCATE,
                                    .snapshot = SNAPSHOT_INCREMENTAL,
                                    .table = way->table,
                                    .lsn = truncate_lsn,
                                    .previous_commit = LSN_NONE,
                                    .txid = -1};
    if (truncate_lsn != LSN_NONE && fills_apply(way, &truncate, error) != 0)
        return -1;
    if (fills_prepare(way, table_change_fill_gone(way->table, true), &first, error) != 0 ||
        fills_prepare(way, table_change_fill_gone(way->table, false), &next, error) != 0)
        return -1;
    return fills_each(way, first, next, fills_apply_gone, error);
}

static int fills_count_lacking(const struct fills_way *way, int64_t *ret, struct error *error) {
    CLEANUP(stmt_free_text) char *sql = table_change_lacking(way->table, way->columns);
    return sql == NULL ? error_set(error, ERROR_SYSTEM, "out of memory")
                       : stmt_read_integer(way->db, sql, way->table->name, ret, error);
}

static int fills_take_carried(const struct fills_way *way, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(way->db, "carry_take", &stmt, error) != 0)
        return -1;
    for (int i = 0; i < way->table->column_count; i++) {
        if (!way->columns[i])
            continue;
        stmt_bind_text(stmt, ":table", span_of(way->table->name));
        stmt_bind_text(stmt, ":column", span_of(way->table->columns[i].name));
        stmt_bind_text(stmt, ":untold",
                       column_type_untold(&way->table->columns[i]).kind == VALUE_TEXT ? SPAN("text")
                                                                                      : SPAN("blob"));
        if (stmt_step(stmt, "_carry", NULL, error) != 0)
            return -1;
    }
    return mirror_reload_carried(way->mirror, error);
}

static int fills_end_table(sqlite3 *db, const struct table *table, int64_t lacking, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, "fill_end", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":table", span_of(table->name));
    stmt_bind_integer(stmt, ":lacking", lacking);
    return stmt_step(stmt, "_fill", NULL, error);
}

static int fills_read_guards(const struct fills_way *way, struct mirror_guards *ret, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    *ret = (struct mirror_guards){.truncate_lsn = LSN_NONE, .deleted_lsn = LSN_NONE};
    if (engine_sql_prepare(way->db, "fill_guards", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":table", span_of(way->table->name));
    int row = stmt_row(stmt, "_tables", error);
    if (row == 1)
        *ret = (struct mirror_guards){.truncate_lsn = sqlite3_column_int64(stmt, 0),
                                      .deleted_lsn = sqlite3_column_int64(stmt, 1),
                                      .stale_before_ms = sqlite3_column_int64(stmt, 2),
                                      .has_chunks = sqlite3_column_int(stmt, 3) != 0};
    return row < 0 ? -1 : 0;
}

// What is gone, and what keeps older changes of a table that was not declared from coming back.
static int fills_take_guards(struct fills_way *way, struct error *error) {
    CLEANUP(stmt_free_text) char *deletes = table_change_fill_deleted(way->table);
    struct mirror_guards guards;
    if (deletes == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (fills_read_guards(way, &guards, error) != 0 ||
        fills_take_gone(way, guards.truncate_lsn, error) != 0 ||
        stmt_run(way->db, deletes, way->table->name, error) != 0)
        return -1;
    return mirror_take_guards(way->mirror, way->table, &guards, error);
}

static int fills_take_table(sqlite3 *db, struct mirror *mirror, const struct table *table,
                            const bool *columns, bool whole, struct error *error) {
    CLEANUP(fills_done)
    struct fills_way way = {.db = db, .mirror = mirror, .table = table, .columns = columns};
    int64_t lacking = 0;
    if (fills_make_way(&way, error) != 0 || (whole && fills_take_guards(&way, error) != 0) ||
        fills_count_lacking(&way, &lacking, error) != 0 || fills_take_rows(&way, error) != 0 ||
        fills_take_carried(&way, error) != 0)
        return -1;
    return fills_end_table(db, table, lacking, error);
}

int fills_take(const struct fills *fills, struct sqlite3 *db, struct mirror *mirror, struct error *error) {
    for (int i = 0; i < fills->count;) {
        const struct table *table = fills->list[i].table;
        bool columns[TABLE_COLUMNS_MAX] = {false};
        bool whole = false;
        bool awaits = false;
        for (; i < fills->count && fills->list[i].table == table; i++) {
            const struct store_fill *fill = &fills->list[i];
            if (fill->kind == STORE_FILL_NEW)
                continue;
            awaits = true;
            whole |= fill->column < 0;
            if (fill->column >= 0)
                columns[fill->column] = true;
        }
        for (int c = 0; whole && c < table->column_count; c++)
            columns[c] = table->columns[c].key == 0 && table->columns[c].generated == NULL;
        if (awaits && fills_take_table(db, mirror, table, columns, whole, error) != 0)
            return -1;
    }
    return engine_sql_run(db, "fill_forget_whole", error) != 0
               ? -1
               : engine_sql_run(db, "position_filling", error);
}
