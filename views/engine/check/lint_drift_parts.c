#include "views/engine/check/lint_drift_parts.h"

#include "views/engine/check/lint_names.h"

int lint_drift_outside(const struct tokens *tokens, int from, const char *const *words) {
    for (int i = from; i < tokens->count; i++) {
        if (tokens_is(tokens, i, "("))
            i = tokens_behind(tokens, i) - 1;
        else if (lint_names_is_any(tokens, i, words))
            return i;
    }
    return tokens->count;
}

void lint_drift_read(struct lint_drift_statement *ret, const struct apply_statement *apply) {
    static const char *const writes[] = {"insert", "replace", "update", "delete", NULL};
    const struct tokens *tokens = &ret->tokens;
    ret->apply = apply;
    tokens_read(&ret->tokens, apply->sql);
    ret->begins = lint_drift_outside(tokens, 0, writes);
    ret->kind = DRIFT_INSERTS;
    ret->written_at = tokens_next(tokens, ret->begins, "into") + 1;
    if (tokens_is(tokens, ret->begins, "delete")) {
        ret->kind = DRIFT_DELETES;
        ret->written_at = ret->begins + 2;
    } else if (tokens_is(tokens, ret->begins, "update")) {
        ret->kind = DRIFT_UPDATES;
        ret->written_at = ret->begins + (tokens_is(tokens, ret->begins + 1, "or") ? 3 : 1);
    }
    ret->written = tokens_name(tokens, ret->written_at);
}

struct span lint_drift_changes_of(struct span name) {
    static const char *const prefixes[] = {"_delta_", "_sums_", "_changes_", NULL};
    for (int i = 0; prefixes[i] != NULL; i++)
        if (tokens_begins(name, prefixes[i]))
            return (struct span){name.data + strlen(prefixes[i]), name.size - strlen(prefixes[i])};
    return SPAN("");
}

struct span lint_drift_first_changes(const struct tokens *tokens) {
    struct span table = SPAN("");
    for (int i = 0; i < tokens->count && table.size == 0; i++)
        table = lint_drift_changes_of(tokens_name(tokens, i));
    return table;
}

bool lint_drift_says(const struct tokens *tokens, struct span name) {
    int i = 0;
    while (i < tokens->count && !lint_names_same(tokens_name(tokens, i), name))
        i++;
    return i < tokens->count;
}

bool lint_drift_reads_changes(const struct tokens *tokens, struct span table) {
    for (int i = 1; i < tokens->count; i++)
        if (lint_names_same(lint_drift_changes_of(tokens_name(tokens, i)), table))
            return true;
    return false;
}

bool lint_drift_adds(const struct tokens *tokens, int set) {
    static const char *const ends[] = {"where", "from", "returning", ";", NULL};
    return lint_names_adds(tokens, set + 1, lint_drift_outside(tokens, set, ends));
}
