#include "views/engine/check/lint_parameters.h"

#include "views/engine/check/lint_names.h"

struct lint_stored {
    enum column_type type;
    const char *rule;
    const char *is; // how its values are stored
};

static const struct lint_stored lint_stored[] = {
    {COLUMN_BOOLEAN, "boolean", "stored as 0 or 1"},
    {COLUMN_TIMESTAMP, "timestamp", "stored with six digits of a second"},
    {COLUMN_TIMESTAMPTZ, "timestamptz", "stored in UTC with six digits of a second"},
};

static const struct lint_stored *lint_parameters_stored(const struct guard *guard, struct span column) {
    for (size_t i = 0; column.size > 0 && i < sizeof lint_stored / sizeof *lint_stored; i++)
        if (columns_read_is(&guard->reads, column, lint_stored[i].type, NULL))
            return &lint_stored[i];
    return NULL;
}

static bool lint_parameters_is_comparison(const struct tokens *tokens, int number) {
    static const char *const words[] = {"<", ">", "=", "==", "<=", ">=", "<>", "!=", "between", "is", NULL};
    return lint_names_is_any(tokens, number, words);
}

// The rule of the parameter that the token is; NULL when it is none.
static const struct parameter_rule *lint_parameters_rule(const struct query *query, struct span token) {
    for (int i = 0; token.size > 1 && token.data[0] == ':' && i < query->parameter_count; i++)
        if (span_is((struct span){token.data + 1, token.size - 1}, query->parameters[i]))
            return &query->rules[i];
    return NULL;
}

// The tokens that the column at `at` is compared with may be parameters.
static void lint_parameters_beside(struct catalog *catalog, const struct query *query,
                                   const struct tokens *tokens, int at, const struct lint_stored *stored) {
    const bool before = lint_parameters_is_comparison(tokens, at - 1);
    const bool behind = lint_parameters_is_comparison(tokens, at + 1);
    const bool twice = tokens_is(tokens, at + 1, "between") && tokens_is(tokens, at + 3, "and");
    const int with[] = {before ? at - 2 : -1, behind ? at + 2 : -1, twice ? at + 4 : -1};
    for (size_t i = 0; i < sizeof with / sizeof *with; i++) {
        struct span token = tokens_at(tokens, with[i]);
        const struct parameter_rule *rule = lint_parameters_rule(query, token);
        if (rule == NULL || rule->type != PARAMETER_ANY)
            continue;
        struct span column = tokens_name(tokens, at);
        catalog_warn_at(catalog, query->file, tokens->sql, token.data,
                        "%.*s is %s, and %.*s is compared with that as it is written: write "
                        "`-- tidemark: %.*s is %s`",
                        (int)column.size, column.data, stored->is, (int)token.size, token.data,
                        (int)token.size - 1, token.data + 1, stored->rule);
    }
}

void lint_parameters(struct catalog *catalog, const struct query *query, const struct guard *guard) {
    struct tokens tokens;
    if (query->parameter_count == 0)
        return;
    tokens_read(&tokens, query->sql);
    for (int i = 0; i < tokens.count; i++) {
        const struct lint_stored *stored = lint_parameters_stored(guard, tokens_name(&tokens, i));
        if (stored != NULL)
            lint_parameters_beside(catalog, query, &tokens, i, stored);
    }
}
