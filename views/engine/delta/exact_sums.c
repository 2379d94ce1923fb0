#include "views/engine/delta/exact_sums.h"

#include "views/base/arena.h"
#include "views/engine/sqlite/engine_sql.h"

#include <stdlib.h>
#include <string.h>

enum exact_sums_statement {
    EXACT_SUMS_FIND,
    EXACT_SUMS_ADD,
    EXACT_SUMS_LOAD,
    EXACT_SUMS_SET,
    EXACT_SUMS_UNSET,
    EXACT_SUMS_STATEMENTS,
};

static const char *const exact_sums_names[EXACT_SUMS_STATEMENTS] = {
    [EXACT_SUMS_FIND] = "real_sums_find",   [EXACT_SUMS_ADD] = "real_sums_add",
    [EXACT_SUMS_LOAD] = "real_sums_load",   [EXACT_SUMS_SET] = "real_sums_set",
    [EXACT_SUMS_UNSET] = "real_sums_unset",
};

// Names and bytes are in the arena.
struct exact_call {
    const char *name;
    int64_t id; // in _real_sums, 0 = not there yet
};

struct exact_row {
    int call;
    struct span group;
    struct span sum; // as real_sum_write has it, empty = it is 0
};

struct exact_sums {
    sqlite3 *db;
    sqlite3_stmt *statements[EXACT_SUMS_STATEMENTS];
    const char *view;
    const char *apply;
    bool anew;
    struct exact_call *calls;
    int call_count;
    struct exact_row *rows;
    size_t row_count;
    size_t row_capacity;
    struct arena arena;
    struct buffer scratch;
};

int exact_sums_open(struct exact_sums **ret, struct sqlite3 *db, struct error *error) {
    CLEANUP(exact_sums_close) struct exact_sums *sums = calloc(1, sizeof *sums);
    if (sums == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    sums->db = db;
    for (int i = 0; i < EXACT_SUMS_STATEMENTS; i++)
        if (engine_sql_prepare(db, exact_sums_names[i], &sums->statements[i], error) != 0)
            return -1;
    *ret = sums;
    sums = NULL;
    return 0;
}

void exact_sums_close(struct exact_sums **sums) {
    struct exact_sums *s = *sums;
    if (s == NULL)
        return;
    for (int i = 0; i < EXACT_SUMS_STATEMENTS; i++)
        stmt_finalize(&s->statements[i]);
    free(s->calls);
    free(s->rows);
    arena_free(&s->arena);
    buffer_free(&s->scratch);
    free(s);
    *sums = NULL;
}

void exact_sums_forget(struct exact_sums *sums) {
    sums->call_count = 0;
    sums->row_count = 0;
    arena_reset(&sums->arena);
}

void exact_sums_begin(struct exact_sums *sums, const char *view, const char *apply, bool anew) {
    exact_sums_forget(sums);
    sums->view = view;
    sums->apply = apply;
    sums->anew = anew;
}

// --- within the run

static struct span exact_sums_copy(struct exact_sums *sums, struct span bytes) {
    char *copy = arena_take(&sums->arena, bytes.size + 1);
    if (copy == NULL)
        return (struct span){0};
    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    copy[bytes.size] = '\0';
    return (struct span){copy, bytes.size};
}

static int exact_sums_find(struct exact_sums *sums, const char *name, int64_t *ret) {
    sqlite3_stmt *find = sums->statements[EXACT_SUMS_FIND];
    stmt_bind_text(find, ":view", span_of(sums->view));
    stmt_bind_text(find, ":apply", span_of(sums->apply));
    stmt_bind_text(find, ":call", span_of(name));
    int code = sqlite3_step(find);
    *ret = code == SQLITE_ROW ? sqlite3_column_int64(find, 0) : 0;
    (void)sqlite3_reset(find);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

int exact_sums_call(struct exact_sums *sums, const char *call, int *ret, bool *ret_again) {
    for (int i = 0; i < sums->call_count; i++)
        if (strcmp(sums->calls[i].name, call) == 0) {
            *ret = i;
            *ret_again = true;
            return SQLITE_OK;
        }
    struct exact_call *grown = realloc(sums->calls, ((size_t)sums->call_count + 1) * sizeof *grown);
    if (grown == NULL)
        return SQLITE_NOMEM;
    sums->calls = grown;
    struct exact_call *added = &sums->calls[sums->call_count];
    *added = (struct exact_call){.name = exact_sums_copy(sums, span_of(call)).data};
    if (added->name == NULL)
        return SQLITE_NOMEM;
    *ret = sums->call_count++;
    *ret_again = false;
    return exact_sums_find(sums, added->name, &added->id);
}

int exact_sums_load(struct exact_sums *sums, int call, struct span group, struct real_sum *ret) {
    if (sums->anew || sums->calls[call].id == 0)
        return SQLITE_OK;
    sqlite3_stmt *load = sums->statements[EXACT_SUMS_LOAD];
    stmt_bind_integer(load, ":call", sums->calls[call].id);
    stmt_bind_blob(load, ":group", group);
    int code = sqlite3_step(load);
    bool valid = true;
    if (code == SQLITE_ROW) {
        const void *bytes = sqlite3_column_blob(load, 0);
        const struct span stored = {bytes, (size_t)sqlite3_column_bytes(load, 0)};
        code = real_sum_read(stored, ret, &valid) == 0 ? SQLITE_DONE : valid ? SQLITE_NOMEM : SQLITE_CORRUPT;
    }
    (void)sqlite3_reset(load);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int exact_sums_keep(struct exact_sums *sums, int call, struct span group, const struct real_sum *sum) {
    if (sums->row_count == sums->row_capacity) {
        size_t capacity = sums->row_capacity == 0 ? 64 : sums->row_capacity * 2;
        struct exact_row *grown = realloc(sums->rows, capacity * sizeof *grown);
        if (grown == NULL)
            return SQLITE_NOMEM;
        sums->rows = grown;
        sums->row_capacity = capacity;
    }
    buffer_clear(&sums->scratch);
    if (!real_sum_is_zero(sum))
        real_sum_write(sum, &sums->scratch);
    struct exact_row row = {
        .call = call,
        .group = exact_sums_copy(sums, group),
        .sum = exact_sums_copy(sums, (struct span){sums->scratch.data, sums->scratch.size}),
    };
    if (sums->scratch.failed || row.group.data == NULL || row.sum.data == NULL)
        return SQLITE_NOMEM;
    sums->rows[sums->row_count++] = row;
    return SQLITE_OK;
}

// --- around it

static int exact_sums_write_row(struct exact_sums *sums, const struct exact_row *row, struct error *error) {
    struct exact_call *call = &sums->calls[row->call];
    if (call->id == 0) {
        sqlite3_stmt *add = sums->statements[EXACT_SUMS_ADD];
        stmt_bind_text(add, ":view", span_of(sums->view));
        stmt_bind_text(add, ":apply", span_of(sums->apply));
        stmt_bind_text(add, ":call", span_of(call->name));
        if (stmt_step(add, "_real_sums", NULL, error) != 0)
            return -1;
        call->id = sqlite3_last_insert_rowid(sums->db);
    }
    sqlite3_stmt *write = sums->statements[row->sum.size > 0 ? EXACT_SUMS_SET : EXACT_SUMS_UNSET];
    stmt_bind_integer(write, ":call", call->id);
    stmt_bind_blob(write, ":group", row->group);
    if (row->sum.size > 0)
        stmt_bind_blob(write, ":sum", row->sum);
    return stmt_step(write, "_real_sum_groups", NULL, error);
}

int exact_sums_write(struct exact_sums *sums, struct error *error) {
    int status = 0;
    for (size_t i = 0; status == 0 && i < sums->row_count; i++)
        status = exact_sums_write_row(sums, &sums->rows[i], error);
    if (sums->call_count > 0)
        exact_sums_forget(sums);
    return status;
}

int exact_sums_drop(struct sqlite3 *db, const char *view, struct error *error) {
    static const char *const names[] = {"real_sums_drop_groups", "real_sums_drop"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CLEANUP(stmt_finalize) sqlite3_stmt *drop = NULL;
        if (engine_sql_prepare(db, names[i], &drop, error) != 0)
            return -1;
        stmt_bind_text(drop, ":view", span_of(view));
        if (stmt_step(drop, names[i], NULL, error) != 0)
            return -1;
    }
    return 0;
}
