// What the rules of lint_drift.h and of lint_halves.h look at: a view's statements by their words. Inside views' check only.
#ifndef TIDEMARK_CHECK_LINT_DRIFT_PARTS_H
#define TIDEMARK_CHECK_LINT_DRIFT_PARTS_H

#include "views/engine/catalog.h"
#include "views/engine/check/tokens.h"

struct sqlite3;

struct lint_drift_statement {
    const struct apply_statement *apply;
    struct tokens tokens;
    enum { DRIFT_INSERTS, DRIFT_UPDATES, DRIFT_DELETES } kind;
    int begins; // the token that says so
    struct span written;
    int written_at; // its token
};

struct lint_drift {
    struct catalog *catalog;
    struct sqlite3 *db; // has the view's tables and triggers
    const struct view *view;
    struct tokens schema;
    struct lint_drift_statement *statements; // as many as the view's applies
};

#define LINT_DRIFT_WARN(lint, statement, number, ...)                                                        \
    catalog_warn_at((lint)->catalog, (statement)->apply->file, (statement)->apply->sql,                      \
                    tokens_at(&(statement)->tokens, (number)).data, __VA_ARGS__)

void lint_drift_read(struct lint_drift_statement *ret, const struct apply_statement *apply);
// The first token from `from` on that is one of the words and stands in no brackets; the count when there is none.
int lint_drift_outside(const struct tokens *tokens, int from, const char *const *words);
// The `orders` of `_delta_orders`, `_sums_orders`, `_changes_orders`; empty of any other name.
struct span lint_drift_changes_of(struct span name);
// That of the statement's first name that is one of these; empty = it sees no changes.
struct span lint_drift_first_changes(const struct tokens *tokens);
bool lint_drift_says(const struct tokens *tokens, struct span name);
bool lint_drift_reads_changes(const struct tokens *tokens, struct span table);
// Whether an assignment behind the `set` adds to what its column has.
bool lint_drift_adds(const struct tokens *tokens, int set);

#endif
