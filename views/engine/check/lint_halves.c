#include "views/engine/check/lint_halves.h"

#include "views/engine/check/lint_drift_parts.h"
#include "views/engine/check/lint_names.h"

// --- rows that are looked for where they are gone

// The mirrored table whose rows the select that begins at `select` has, and does not only look for: T itself (`own`), or
// another. Empty = there is none.
static struct span lint_halves_rows_of(const struct lint_drift *lint, const struct tokens *tokens, int select,
                                       struct span table, bool own) {
    static const char *const ends[] = {"union", "intersect", "except", "where", "group", ")", NULL};
    static const char *const before[] = {"from", "join", ",", NULL};
    static const char *const keeps[] = {"left", "outer", NULL};
    int depth = 0;
    int i = tokens_next(tokens, select, "from");
    for (; i < tokens->count && (depth > 0 || !lint_names_is_any(tokens, i, ends)); i++) {
        const struct span name = tokens_name(tokens, i + 1);
        depth += tokens_is(tokens, i, "(") - tokens_is(tokens, i, ")");
        if (lint_names_is_any(tokens, i, before) && name.size > 0 &&
            catalog_table(lint->catalog, name.data, name.size) != NULL &&
            lint_names_same(name, table) == own &&
            !(tokens_is(tokens, i, "join") && lint_names_is_any(tokens, i - 1, keeps)))
            return name;
    }
    return SPAN("");
}

// The `select` that the token is part of, among those of its bracket; -1 = it is part of none.
static int lint_halves_select(const struct tokens *tokens, int number) {
    int depth = 0;
    for (int i = number - 1; i >= 0; i--) {
        depth += tokens_is(tokens, i, ")") - tokens_is(tokens, i, "(");
        if (depth < 0)
            return -1;
        if (depth == 0 && tokens_is(tokens, i, "select"))
            return i;
    }
    return -1;
}

// The same of the selects that the token, of T's changes, stands in: `select b.id from T b where b.id in (select id from _delta_T)`.
static struct span lint_halves_within(const struct lint_drift *lint, const struct tokens *tokens, int number,
                                      struct span table, bool own) {
    struct span found = SPAN("");
    for (int at = number; at >= 0 && found.size == 0; at = lint_names_bracket(tokens, at)) {
        const int select = lint_halves_select(tokens, at);
        if (select >= 0)
            found = lint_halves_rows_of(lint, tokens, select, table, own);
    }
    return found;
}

// Whether a delete or an update of the table has rows of T's changes from these themselves, without T's or (`alone`) any other rows.
static bool lint_halves_has_rows(const struct lint_drift *lint, struct span written, struct span table,
                                 bool alone) {
    for (int s = 0; s < lint->view->apply_count; s++) {
        const struct lint_drift_statement *other = &lint->statements[s];
        if (other->kind == DRIFT_INSERTS || !lint_names_same(other->written, written))
            continue;
        for (int i = 0; i < other->tokens.count; i++)
            if (lint_names_same(lint_drift_changes_of(tokens_name(&other->tokens, i)), table) &&
                lint_halves_within(lint, &other->tokens, i, table, !alone).size == 0)
                return true;
    }
    return false;
}

// `delete .. in (select b.id from _delta_T d join b ..)`: where both go in one commit, neither finds the other.
static bool lint_halves_parts(const struct lint_drift *lint, const struct lint_drift_statement *statement,
                              int at, struct span table) {
    const struct span partner = lint_halves_within(lint, &statement->tokens, at, table, false);
    if (statement->kind != DRIFT_DELETES || partner.size == 0 ||
        lint_halves_has_rows(lint, statement->written, table, true) ||
        lint_halves_has_rows(lint, statement->written, partner, true))
        return false;
    LINT_DRIFT_WARN(
        lint, statement, at,
        "where a row of %.*s goes in one commit with its row of %.*s, that is not found, and what %.*s has "
        "of both stays: delete what is in _delta_%.*s, or _delta_%.*s, without a join",
        (int)table.size, table.data, (int)partner.size, partner.data, (int)statement->written.size,
        statement->written.data, (int)table.size, table.data, (int)partner.size, partner.data);
    return true;
}

static void lint_halves_gone(const struct lint_drift *lint, const struct lint_drift_statement *statement) {
    const struct tokens *tokens = &statement->tokens;
    if (statement->kind == DRIFT_INSERTS)
        return;
    for (int i = 0; i < tokens->count; i++) {
        const struct span table = lint_drift_changes_of(tokens_name(tokens, i));
        if (table.size == 0)
            continue;
        if (lint_halves_within(lint, tokens, i, table, true).size == 0 ||
            lint_halves_has_rows(lint, statement->written, table, false)) {
            if (lint_halves_parts(lint, statement, i, table))
                return;
            continue;
        }
        LINT_DRIFT_WARN(
            lint, statement, i,
            "a row of %.*s that went, or was another, is not in %.*s any more when this runs: what %.*s "
            "has of it stays. Take it from _delta_%.*s alone, which has it with _weight -1",
            (int)table.size, table.data, (int)table.size, table.data, (int)statement->written.size,
            statement->written.data, (int)table.size, table.data);
        return;
    }
}

// --- counts of rows that came before what they are counted in

// `update V set n = n + .. _delta_T ..`: the table T; empty = it is no such statement.
static struct span lint_halves_counted(const struct lint_drift_statement *statement) {
    const struct tokens *tokens = &statement->tokens;
    bool counts = statement->kind == DRIFT_UPDATES &&
                  lint_drift_adds(tokens, tokens_next(tokens, statement->begins, "set"));
    return counts ? lint_drift_first_changes(tokens) : SPAN("");
}

// Rows of V that come with another table's changes have to have what was counted before.
static void lint_halves_counts(const struct lint_drift *lint, const struct lint_drift_statement *statement) {
    const struct span table = lint_halves_counted(statement);
    const struct lint_drift_statement *late = NULL, *twice = NULL;
    if (table.size == 0 || lint_names_is_kept(lint->view, statement->written))
        return;
    for (int s = 0; s < lint->view->apply_count; s++) {
        const struct lint_drift_statement *other = &lint->statements[s];
        if (other->kind != DRIFT_INSERTS || !lint_names_same(other->written, statement->written) ||
            lint_drift_first_changes(&other->tokens).size == 0)
            continue;
        if (lint_drift_reads_changes(&other->tokens, table))
            return; // a row comes with what is counted, too
        if (!lint_drift_says(&other->tokens, table))
            late = other;
        else if (other < statement)
            twice = other;
    }
    if (late != NULL)
        LINT_DRIFT_WARN(
            lint, statement, statement->begins,
            "a row that %s puts into %.*s, or puts there anew, has not what rows of %.*s that were there "
            "before it add: count them there, (select count(*) from %.*s ..), and name that statement so "
            "that it comes behind this one",
            late->apply->file, (int)statement->written.size, statement->written.data, (int)table.size,
            table.data, (int)table.size, table.data);
    else if (twice != NULL)
        LINT_DRIFT_WARN(
            lint, statement, statement->begins,
            "what comes together with a row that %s has just put into %.*s is counted there, and by this "
            "one again: name this one so that it comes first",
            twice->apply->file, (int)statement->written.size, statement->written.data);
}

void lint_halves(const struct lint_drift *lint) {
    for (int i = 0; i < lint->view->apply_count; i++) {
        lint_halves_gone(lint, &lint->statements[i]);
        lint_halves_counts(lint, &lint->statements[i]);
    }
}
