#include "views/engine/check/once_stale.h"

#include "views/base/cleanup.h"
#include "views/base/hash.h"
#include "views/engine/check/lint_drift_parts.h"
#include "views/engine/check/lint_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct once_stale {
    const struct view *view;
    struct lint_drift_statement *statements;
    struct tokens schema;
};

static void once_stale_free(struct once_stale *stale) {
    free(stale->statements);
}

// Whether it names the `prefix` table of T.
static bool once_stale_names(const struct tokens *tokens, const char *prefix, struct span table) {
    for (int i = 0; i < tokens->count; i++) {
        const struct span name = tokens_name(tokens, i);
        const size_t size = strlen(prefix);
        if (tokens_begins(name, prefix) &&
            lint_names_same((struct span){name.data + size, name.size - size}, table))
            return true;
    }
    return false;
}

static bool once_stale_sees_more(const struct tokens *tokens, struct span table) {
    return once_stale_names(tokens, "_sums_", table) || once_stale_names(tokens, "_changes_", table);
}

// Whether what the statement makes depends on the rows that the table has: it says its name, and does not only insert into it.
static bool once_stale_depends(const struct lint_drift_statement *statement, struct span table) {
    for (int i = 0; i < statement->tokens.count; i++)
        if (lint_names_same(tokens_name(&statement->tokens, i), table) &&
            (i != statement->written_at || statement->kind != DRIFT_INSERTS))
            return true;
    return false;
}

// A table that the schema's triggers write, or an SQL view, which may show any.
static bool once_stale_is_made(const struct tokens *schema, int number) {
    return tokens_is(schema, number - 1, "into") || tokens_is(schema, number - 1, "update") ||
           tokens_is(schema, number - 1, "view") ||
           (tokens_is(schema, number - 1, "from") && tokens_is(schema, number - 2, "delete"));
}

static bool once_stale_depends_on_schema(const struct once_stale *stale,
                                         const struct lint_drift_statement *statement) {
    for (int i = 1; i < stale->schema.count; i++)
        if (once_stale_is_made(&stale->schema, i) &&
            once_stale_depends(statement, tokens_name(&stale->schema, i)))
            return true;
    return false;
}

static bool once_stale_has_trigger(const struct tokens *schema, struct span table) {
    for (int i = tokens_find(schema, "trigger"); i < schema->count; i++)
        if (tokens_is(schema, i, "on") && lint_names_same(tokens_name(schema, i + 1), table))
            return true;
    return false;
}

// Whether the statement, which sees _delta_T or a _sums_T, sees what is made of changes that it was not run for.
static bool once_stale_was_missed(const struct once_stale *stale,
                                  const struct lint_drift_statement *statement, struct span table) {
    const bool nets = once_stale_names(&statement->tokens, "_delta_", table);
    bool more = once_stale_has_trigger(&stale->schema, table);
    for (int i = 0; i < stale->view->apply_count; i++) {
        const struct lint_drift_statement *other = &stale->statements[i];
        if (!once_stale_sees_more(&other->tokens, table) &&
            (nets || !once_stale_names(&other->tokens, "_delta_", table)))
            continue;
        if (other == statement ? nets : once_stale_depends(statement, other->written))
            return true;
        more |= other != statement;
    }
    return more && once_stale_depends_on_schema(stale, statement);
}

static bool once_stale_is(const struct once_stale *stale) {
    static const char *const prefixes[] = {"_delta_", "_sums_"};
    for (int i = 0; i < stale->view->apply_count; i++) {
        const struct lint_drift_statement *statement = &stale->statements[i];
        for (int t = 0; t < statement->tokens.count; t++) {
            const struct span name = tokens_name(&statement->tokens, t);
            for (size_t p = 0; p < sizeof prefixes / sizeof *prefixes; p++) {
                const size_t size = strlen(prefixes[p]);
                if (tokens_begins(name, prefixes[p]) &&
                    once_stale_was_missed(stale, statement,
                                          (struct span){name.data + size, name.size - size}))
                    return true;
            }
        }
    }
    return false;
}

int once_stale_mark(struct view *view, struct error *error) {
    CLEANUP(once_stale_free) struct once_stale stale = {.view = view};
    stale.statements = calloc((size_t)view->apply_count + 1, sizeof *stale.statements);
    if (stale.statements == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    tokens_read(&stale.schema, view->schema);
    for (int i = 0; i < view->apply_count; i++)
        lint_drift_read(&stale.statements[i], &view->applies[i]);
    if (once_stale_is(&stale))
        (void)snprintf(view->hash, sizeof view->hash, "%016" PRIx64,
                       hash_fnv(hash_fnv(HASH_FNV_BASIS, span_of(view->hash)), SPAN("once stale")));
    return 0;
}
