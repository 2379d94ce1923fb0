#include "views/engine/check/lint_schema.h"

#include "views/base/cleanup.h"
#include "views/engine/check/guard.h"
#include "views/engine/check/lint_names.h"

#include <stdlib.h>

// The token behind the statement that begins at `at`; a trigger ends with an END behind the last of its own.
static int lint_schema_end(const struct tokens *tokens, int at) {
    const int kind = at + 1 + (tokens_is(tokens, at + 1, "temp") || tokens_is(tokens, at + 1, "temporary"));
    int end = tokens_next(tokens, at, ";");
    while (tokens_is(tokens, at, "create") && tokens_is(tokens, kind, "trigger") && end < tokens->count &&
           !tokens_is(tokens, end + 1, "end"))
        end = tokens_next(tokens, end + 1, ";");
    return end + 1;
}

// `create table v as select ..`, `insert into v ..` and what writes as that does.
static bool lint_schema_writes(const struct tokens *tokens, int at, int end) {
    static const char *const verbs[] = {"insert", "replace", "update", "delete", "with", NULL};
    if (lint_names_is_any(tokens, at, verbs))
        return true;
    const int as = tokens_next(tokens, at, "as");
    return tokens_is(tokens, at, "create") && tokens_is(tokens, at + 1, "table") && as < end &&
           !tokens_is(tokens, as - 1, ")") && tokens_next(tokens, at, "(") > as;
}

// Whether the comma before the token stands in the list of a `from`, where a name is a table's.
static bool lint_schema_is_listed(const struct tokens *tokens, int at, int number) {
    static const char *const clauses[] = {"select", "where",     "by",     "set", "values",
                                          "into",   "returning", "having", NULL};
    int depth = 0;
    for (int i = number - 1; tokens_is(tokens, number - 1, ",") && i > at; i--) {
        depth += tokens_is(tokens, i, ")") - tokens_is(tokens, i, "(");
        if (depth < 0 || (depth == 0 && lint_names_is_any(tokens, i, clauses)))
            return false;
        if (depth == 0 && tokens_is(tokens, i, "from"))
            return true;
    }
    return false;
}

// The first mirrored table that the statement reads, -1 = none.
static int lint_schema_reads(const struct catalog *catalog, const struct tokens *tokens, int at, int end) {
    static const char *const before[] = {"from", "join", NULL};
    for (int i = at + 1; i < end; i++) {
        if (!lint_names_is_any(tokens, i - 1, before) && !lint_schema_is_listed(tokens, at, i))
            continue;
        for (int t = 0; t < catalog->table_count; t++)
            if (lint_names_same(tokens_name(tokens, i), span_of(catalog->tables[t].name)))
                return i;
    }
    return -1;
}

void lint_schema(struct catalog *catalog, const char *file, const char *sql) {
    CLEANUP(free_any) struct tokens *tokens = calloc(1, sizeof *tokens);
    if (tokens == NULL)
        return;
    tokens_read(tokens, sql);
    for (int at = 0, end; at < tokens->count; at = end) {
        end = lint_schema_end(tokens, at);
        const int read =
            lint_schema_writes(tokens, at, end) ? lint_schema_reads(catalog, tokens, at, end) : -1;
        if (read >= 0)
            catalog_warn_at(
                catalog, file, sql, tokens_at(tokens, read).data,
                "%.*s is read once, when the view is made: of a new file no row, and nothing brings what "
                "comes later; let an apply.NAME.sql fill the table",
                (int)tokens_at(tokens, read).size, tokens_at(tokens, read).data);
    }
}
