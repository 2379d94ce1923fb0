#include "views/engine/check/told_again.h"

#include "views/base/cleanup.h"
#include "views/engine/check/lint_drift_parts.h"
#include "views/engine/check/lint_names.h"

#include <stdlib.h>

// Whether it looks itself at what the table has, or at whether a change is one: `not exists`, once(), _snapshot = 0.
static bool told_again_asks(const struct tokens *tokens) {
    for (int i = 0; i < tokens->count; i++)
        if (tokens_is(tokens, i, "not") &&
            (tokens_is(tokens, i + 1, "exists") || tokens_is(tokens, i + 1, "in")))
            return true;
    return lint_drift_says(tokens, SPAN("_snapshot")) || lint_drift_says(tokens, SPAN("once"));
}

// `or ignore`, `or replace`, `on conflict ..`, but for one that adds: a second time changes nothing.
static bool told_again_is_settled(const struct lint_drift_statement *statement) {
    const struct tokens *tokens = &statement->tokens;
    const int conflict = tokens_find(tokens, "conflict");
    if (conflict < tokens->count)
        return !lint_drift_adds(tokens, tokens_next(tokens, conflict, "set"));
    return tokens_is(tokens, statement->begins, "replace") ||
           tokens_is(tokens, statement->begins + 2, "ignore") ||
           tokens_is(tokens, statement->begins + 2, "replace");
}

int told_again_note(struct view *view, struct error *error) {
    CLEANUP(free_any) struct lint_drift_statement *statement = calloc(1, sizeof *statement);
    if (statement == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int i = 0; i < view->apply_count && view->history_count > 0; i++) {
        lint_drift_read(statement, &view->applies[i]);
        if (statement->kind != DRIFT_INSERTS || told_again_asks(&statement->tokens) ||
            told_again_is_settled(statement))
            continue;
        for (int h = 0; h < view->history_count; h++)
            if (lint_names_same(span_of(view->history[h]), statement->written))
                view->applies[i].tells_again = view->history[h];
    }
    return 0;
}
