#include "views/engine/check/match.h"

#include "views/engine/check/guard.h"
#include "views/engine/check/tokens.h"

#include <string.h>

#define MATCH_SAYS                                                                                                     \
    "match fails at the first row that it is asked of, since no table for searching answers it there: it is of a "     \
    "table of fts5, and a condition by itself. Else, as beside `:words is null or`, behind not or a left join, write " \
    "rowid in (select rowid from TABLE where TABLE match :words)"

// SQLite's program of a statement: a condition that a table's index answers is none of its steps.
static int match_is_called(sqlite3 *db, const char *sql, const char *file, bool *ret, struct error *error) {
    enum { OPCODE = 1, P4 = 5 };
    static const char called[] = "match(";
    CLEANUP(stmt_free_text) char *explain = sqlite3_mprintf("explain %s", sql);
    CLEANUP(stmt_finalize) sqlite3_stmt *steps = NULL;
    *ret = false;
    if (explain == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (stmt_prepare(db, explain, file, &steps, error) != 0)
        return -1;
    int row;
    while ((row = stmt_row(steps, file, error)) == 1) {
        const char *opcode = (const char *)sqlite3_column_text(steps, OPCODE);
        const char *function = (const char *)sqlite3_column_text(steps, P4);
        *ret |= opcode != NULL && function != NULL && strstr(opcode, "Func") != NULL &&
                strncmp(function, called, sizeof called - 1) == 0;
    }
    return row;
}

// The first MATCH of `text`, where `sql` asks a row for one; NULL = it does not.
static int match_find(sqlite3 *db, const char *sql, const char *file, const char *text, const char **ret,
                      struct error *error) {
    bool is_called = false;
    struct tokens tokens;
    tokens_read(&tokens, text);
    const int at = tokens_find(&tokens, "match");
    *ret = NULL;
    if (at == tokens.count)
        return 0;
    if (match_is_called(db, sql, file, &is_called, error) != 0)
        return -1;
    if (is_called)
        *ret = tokens_at(&tokens, at).data;
    return 0;
}

int match_check(sqlite3 *db, const char *sql, const char *file, const char *text, struct error *error) {
    const char *at;
    if (match_find(db, sql, file, text, &at, error) != 0)
        return -1;
    if (at == NULL)
        return 0;
    const size_t place = (size_t)(at - text);
    (void)error_set(error, ERROR_INPUT, "%s:%d: %s", file, stmt_line(text, place), MATCH_SAYS);
    return guard_show(text, place, error);
}

int match_lint(struct catalog *catalog, sqlite3 *db, const char *sql, const char *file, const char *text,
               struct error *error) {
    const char *at;
    if (match_find(db, sql, file, text, &at, error) != 0)
        return -1;
    if (at != NULL)
        catalog_warn_at(catalog, file, text, at, MATCH_SAYS);
    return 0;
}
