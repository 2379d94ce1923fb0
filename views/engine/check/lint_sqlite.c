#include "views/engine/check/lint_sqlite.h"

#include "views/base/cleanup.h"
#include "views/engine/check/tokens.h"

#include <stdlib.h>

struct lint_sqlite {
    struct catalog *catalog;
    sqlite3 *db;
    const char *file;
    struct tokens tokens;
};

// Whether `sql` has a row for the table and, where it asks for one, the column.
static bool lint_sqlite_has(const struct lint_sqlite *lint, const char *sql, struct span table,
                            struct span column) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(lint->db, sql, lint->file, &stmt, NULL) != 0)
        return false;
    stmt_bind_text(stmt, ":table", table);
    if (column.size > 0)
        stmt_bind_text(stmt, ":column", column);
    return stmt_row(stmt, lint->file, NULL) == 1;
}

// `not in ( select y from t`: at the `in`.
static void lint_sqlite_not_in(struct lint_sqlite *lint, int in) {
    static const char descending[] =
        "select 1 from pragma_index_list(:table) l, pragma_index_xinfo(l.name) x where x.seqno = 0 and x.\"desc\" "
        "and x.name = :column collate nocase and not exists (select 1 from pragma_table_info(:table) "
        "where name = x.name and \"notnull\")";
    const struct tokens *tokens = &lint->tokens;
    struct span column = tokens_name(tokens, in + 3), table = tokens_name(tokens, in + 5);
    if (!tokens_is(tokens, in - 1, "not") || !tokens_is(tokens, in + 1, "(") ||
        !tokens_is(tokens, in + 2, "select") || !tokens_is(tokens, in + 4, "from") || column.size == 0 ||
        table.size == 0 || !lint_sqlite_has(lint, descending, table, column))
        return;
    catalog_warn_at(
        lint->catalog, lint->file, tokens->sql, tokens_at(tokens, in).data,
        "not in does not see a NULL of %.*s, which has an index that is DESC (SQLite up to 3.53): "
        "write not exists (select 1 from %.*s where ..), or make the index without desc",
        (int)column.size, column.data, (int)table.size, table.data);
}

// `into t .. excluded.n`: at the `into`. Once a statement.
static void lint_sqlite_excluded(struct lint_sqlite *lint, int into) {
    static const char shifted[] =
        "select 1 from pragma_table_xinfo(:table) v, pragma_table_xinfo(:table) r where v.hidden = 2 and v.cid <= r.cid "
        "and (r.type like '%real%' or r.type like '%floa%' or r.type like '%doub%') and r.type not like '%int%'";
    const struct tokens *tokens = &lint->tokens;
    struct span table = tokens_name(tokens, into + 1);
    for (int i = into + 2; i < tokens->count && !tokens_is(tokens, i, ";"); i++) {
        if (!tokens_begins(tokens_at(tokens, i), "excluded."))
            continue;
        if (table.size > 0 && lint_sqlite_has(lint, shifted, table, (struct span){0}))
            catalog_warn_at(
                lint->catalog, lint->file, tokens->sql, tokens_at(tokens, i).data,
                "%.*s may be rounded to a double, since %.*s has a VIRTUAL generated column before a "
                "REAL one (SQLite up to 3.53): make it STORED, or put it at the end",
                (int)tokens_at(tokens, i).size, tokens_at(tokens, i).data, (int)table.size, table.data);
        return;
    }
}

// Whether the token stands among the arguments of a function that puts values into JSON.
static bool lint_sqlite_is_in_json(const struct tokens *tokens, int number) {
    static const char *const functions[] = {"json_array",        "json_object", "json_group_array",
                                            "json_group_object", "json_set",    "json_insert",
                                            "json_replace"};
    bool is = false;
    for (int i = 0; i < number && !is; i++)
        for (size_t f = 0; f < sizeof functions / sizeof *functions; f++)
            is |= tokens_is(tokens, i, functions[f]) && tokens_is(tokens, i + 1, "(") &&
                  tokens_behind(tokens, i + 1) > number;
    return is;
}

// `json_object('a', (select json_group_array(..`: at the subquery's bracket. Within json((select ..)) it is right.
static void lint_sqlite_nested(struct lint_sqlite *lint, int open) {
    const struct tokens *tokens = &lint->tokens;
    bool is_json = tokens_is(tokens, open - 1, "(") &&
                   (tokens_is(tokens, open - 2, "json") || tokens_is(tokens, open - 2, "jsonb"));
    if (is_json || !tokens_is(tokens, open + 1, "select") ||
        !tokens_begins(tokens_at(tokens, open + 2), "json_") || !lint_sqlite_is_in_json(tokens, open))
        return;
    catalog_warn_at(lint->catalog, lint->file, tokens->sql, tokens_at(tokens, open + 2).data,
                    "what a subquery has made as JSON is put into other JSON as a text, in quotes (SQLite "
                    "3.54): write json((select ..)), which is the same with every version");
}

void lint_sqlite(struct catalog *catalog, sqlite3 *db, const char *file, const char *sql) {
    CLEANUP(free_any) struct lint_sqlite *lint = calloc(1, sizeof *lint);
    if (lint == NULL)
        return;
    lint->catalog = catalog;
    lint->db = db;
    lint->file = file;
    tokens_read(&lint->tokens, sql);
    for (int i = 0; i < lint->tokens.count; i++) {
        if (tokens_is(&lint->tokens, i, "in"))
            lint_sqlite_not_in(lint, i);
        if (tokens_is(&lint->tokens, i, "into"))
            lint_sqlite_excluded(lint, i);
        if (tokens_is(&lint->tokens, i, "("))
            lint_sqlite_nested(lint, i);
    }
}
