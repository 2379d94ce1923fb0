#include "views/engine/check/lint_arms.h"

#include "views/engine/check/tokens.h"
#include "views/engine/decimal.h"
#include "views/engine/sqlite/stmt.h"

enum { LINT_ARMS_REMEDY_SIZE = 256 };

struct lint_arms {
    struct catalog *catalog;
    sqlite3 *scratch;
    const char *file;
    struct tokens tokens;
};

// What the integers of a column are.
enum { SHOWN_AS_NUMBER = -1, SHOWN_AS_BOOLEAN = -2, SHOWN_NOWHERE = -3 }; // else a DECIMAL's scale

static int lint_arms_shown(const char *declared) {
    static const char *const numbers[] = {"integer", "int", "bigint", "smallint"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (declared == NULL || sqlite3_stricmp(declared, numbers[i]) == 0)
            return SHOWN_AS_NUMBER;
    if (sqlite3_stricmp(declared, "boolean") == 0)
        return SHOWN_AS_BOOLEAN;
    int scale = decimal_declared_scale(declared);
    return scale >= 0 ? scale : SHOWN_NOWHERE;
}

static bool lint_arms_is_operator(const struct tokens *tokens, int at) {
    return tokens_is(tokens, at, "union") || tokens_is(tokens, at, "intersect") ||
           tokens_is(tokens, at, "except");
}

// The first select that the operator belongs to; *ret_with: the `with` before it, else the select itself. -1 = none.
static int lint_arms_head(const struct tokens *tokens, int at, int *ret_with) {
    int head = -1;
    int depth = 0;
    *ret_with = -1;
    for (int i = at - 1; i >= 0 && depth >= 0 && !tokens_is(tokens, i, ";"); i--) {
        depth += tokens_is(tokens, i, ")") - tokens_is(tokens, i, "(");
        if (depth == 0 && tokens_is(tokens, i, "select"))
            head = i;
        if (depth == 0 && tokens_is(tokens, i, "with"))
            *ret_with = i;
    }
    if (*ret_with < 0)
        *ret_with = head;
    return head;
}

// The token behind the select that begins at `at`.
static int lint_arms_end(const struct tokens *tokens, int at) {
    static const char *const ends[] = {"union", "intersect", "except", "order", "limit", ";", ")"};
    for (int i = at; i < tokens->count; i++) {
        if (tokens_is(tokens, i, "("))
            i = tokens_behind(tokens, i) - 1;
        else
            for (size_t e = 0; e < sizeof ends / sizeof *ends; e++)
                if (tokens_is(tokens, i, ends[e]))
                    return i;
    }
    return tokens->count;
}

static const char *lint_arms_place(const struct tokens *tokens, int at) {
    return at < tokens->count ? tokens_at(tokens, at).data : tokens->sql + strlen(tokens->sql);
}

// The select by itself, behind what the `with` before the first one names.
static sqlite3_stmt *lint_arms_prepare(const struct lint_arms *lint, int with, int head, int arm) {
    const char *begin = lint_arms_place(&lint->tokens, with);
    const char *select = lint_arms_place(&lint->tokens, arm);
    const char *end = lint_arms_place(&lint->tokens, lint_arms_end(&lint->tokens, arm));
    sqlite3_str *text = sqlite3_str_new(lint->scratch);
    sqlite3_str_append(text, begin, (int)(lint_arms_place(&lint->tokens, head) - begin));
    sqlite3_str_append(text, select, (int)(end - select));
    CLEANUP(stmt_free_text) char *sql = sqlite3_str_finish(text);
    sqlite3_stmt *stmt = NULL;
    if (sql != NULL)
        (void)sqlite3_prepare_v2(lint->scratch, sql, -1, &stmt, NULL);
    return stmt;
}

static void lint_arms_warn(const struct lint_arms *lint, int arm, const char *name, const char *declared,
                           const char *first) {
    char remedy[LINT_ARMS_REMEDY_SIZE];
    int is = lint_arms_shown(declared);
    if (is >= 0)
        (void)sqlite3_snprintf(sizeof remedy, remedy, "decimal(%s, %d)", name, is);
    else
        (void)sqlite3_snprintf(sizeof remedy, remedy,
                               is == SHOWN_AS_BOOLEAN ? "iif(%s, 'true', 'false')" : "cast(%s as text)",
                               name);
    catalog_warn_at(lint->catalog, lint->file, lint->tokens.sql, tokens_at(&lint->tokens, arm).data,
                    "%s of this select is %s, and would be shown as the first select's column, %s: write %s",
                    name, declared, first != NULL ? first : "a plain number", remedy);
}

static void lint_arms_compare(const struct lint_arms *lint, int arm, sqlite3_stmt *head,
                              sqlite3_stmt *other) {
    for (int i = 0; i < sqlite3_column_count(head) && i < sqlite3_column_count(other); i++) {
        const char *first = sqlite3_column_decltype(head, i);
        const char *declared = sqlite3_column_decltype(other, i);
        int shown = lint_arms_shown(first);
        int is = lint_arms_shown(declared);
        bool plain = is == SHOWN_AS_NUMBER && shown == SHOWN_NOWHERE; // a number all the same
        if (declared != NULL && is != SHOWN_NOWHERE && is != shown && !plain)
            lint_arms_warn(lint, arm, sqlite3_column_name(other, i), declared, first);
    }
}

void lint_arms(struct catalog *catalog, sqlite3 *scratch, const char *file, const char *sql) {
    struct lint_arms lint = {.catalog = catalog, .scratch = scratch, .file = file};
    tokens_read(&lint.tokens, sql);
    for (int i = 1; i < lint.tokens.count; i++) {
        int with;
        int arm = i + 1 + tokens_is(&lint.tokens, i + 1, "all");
        int head = lint_arms_is_operator(&lint.tokens, i) ? lint_arms_head(&lint.tokens, i, &with) : -1;
        if (head < 0 || !tokens_is(&lint.tokens, arm, "select"))
            continue;
        CLEANUP(stmt_finalize) sqlite3_stmt *first = lint_arms_prepare(&lint, with, head, head);
        CLEANUP(stmt_finalize) sqlite3_stmt *other = lint_arms_prepare(&lint, with, head, arm);
        if (first != NULL && other != NULL)
            lint_arms_compare(&lint, arm, first, other);
    }
}
