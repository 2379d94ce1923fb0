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

// Whether the statement, a second time, puts in or adds what is there.
static bool told_again_is(const struct lint_drift_statement *statement) {
    const struct tokens *tokens = &statement->tokens;
    if (told_again_asks(tokens))
        return false;
    if (statement->kind == DRIFT_INSERTS)
        return !told_again_is_settled(statement);
    return statement->kind == DRIFT_UPDATES &&
           lint_drift_adds(tokens, tokens_next(tokens, statement->begins, "set")) &&
           lint_drift_first_changes(tokens).size > 0;
}

static const char *told_again_kept(const struct view *view, struct span table) {
    for (int i = 0; i < view->history_count; i++)
        if (lint_names_same(span_of(view->history[i]), table))
            return view->history[i];
    return NULL;
}

// What the statement takes away is put in again by one that is not run: so is this one not.
static bool told_again_clears(const struct view *view, const struct lint_drift_statement *statement) {
    for (int i = 0; i < view->apply_count && statement->kind == DRIFT_DELETES; i++)
        if (view->applies[i].tells_again != NULL &&
            lint_names_same(span_of(view->applies[i].tells_again), statement->written))
            return true;
    return false;
}

int told_again_note(struct view *view, struct error *error) {
    CLEANUP(free_any) struct lint_drift_statement *statement = calloc(1, sizeof *statement);
    if (statement == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int clears = 0; clears <= 1; clears++)
        for (int i = 0; i < view->apply_count && view->history_count > 0; i++) {
            lint_drift_read(statement, &view->applies[i]);
            if (!(clears ? told_again_clears(view, statement) : told_again_is(statement)))
                continue;
            view->applies[i].tells_again = told_again_kept(view, statement->written);
            view->applies[i].takes_away = clears;
        }
    return 0;
}
