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
        if (columns_read_is(&guard->reads, column, lint_stored[i].type))
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

// --- texts that are computed

// What an expression gives, as far as its words tell.
enum lint_gives { GIVES_OTHER, GIVES_TEXT, GIVES_JSON };

static enum lint_gives lint_parameters_call(const struct tokens *tokens, int name,
                                            const struct guard *guard) {
    static const char *const texts[] = {"lower",  "upper",   "trim",         "ltrim",    "rtrim",
                                        "substr", "replace", "substring",    "strftime", "printf",
                                        "format", "hex",     "group_concat", NULL};
    static const char *const passing[] = {"coalesce", "ifnull", "nullif", NULL};
    if (lint_names_is_any(tokens, name, texts))
        return GIVES_TEXT;
    if (tokens_is(tokens, name, "json_extract"))
        return GIVES_JSON;
    if (!lint_names_is_any(tokens, name, passing) || !tokens_is(tokens, name + 3, ","))
        return GIVES_OTHER;
    const struct column *column = lint_names_column(tokens, name + 2, guard);
    return column != NULL && column->type == COLUMN_TEXT ? GIVES_TEXT : GIVES_OTHER;
}

static bool lint_parameters_is_arrow(const struct tokens *tokens, int number) {
    return tokens_is(tokens, number, "-") && tokens_is(tokens, number + 1, ">") &&
           tokens_is(tokens, number + 2, ">");
}

static bool lint_parameters_is_arithmetic(const struct tokens *tokens, int number) {
    static const char *const operators[] = {"+", "-", "*", "/", "%", "&", NULL};
    return lint_names_is_any(tokens, number, operators) && !lint_parameters_is_arrow(tokens, number);
}

static bool lint_parameters_is_joined(const struct tokens *tokens, int number) {
    return tokens_is(tokens, number, "|") && tokens_is(tokens, number + 1, "|");
}

// What the expression gives whose last token is `last`.
static enum lint_gives lint_parameters_left(const struct tokens *tokens, int last,
                                            const struct guard *guard) {
    int name = last;
    if (lint_parameters_is_arrow(tokens, last - 3))
        return GIVES_JSON;
    if (tokens_is(tokens, last, ")")) {
        int open = last - 1;
        while (open > 0 && !(tokens_is(tokens, open, "(") && tokens_behind(tokens, open) == last + 1))
            open--;
        name = open - 1;
    }
    if (lint_parameters_is_arithmetic(tokens, name - 1))
        return GIVES_OTHER;
    if (lint_parameters_is_joined(tokens, name - 2))
        return GIVES_TEXT;
    return name < last ? lint_parameters_call(tokens, name, guard) : GIVES_OTHER;
}

// What the expression gives whose first token is `first`.
static enum lint_gives lint_parameters_right(const struct tokens *tokens, int first,
                                             const struct guard *guard) {
    bool call = tokens_is(tokens, first + 1, "(");
    int behind = call ? tokens_behind(tokens, first + 1) : first + 1;
    if (lint_parameters_is_arrow(tokens, behind))
        return GIVES_JSON;
    if (lint_parameters_is_arithmetic(tokens, behind))
        return GIVES_OTHER;
    if (lint_parameters_is_joined(tokens, behind))
        return GIVES_TEXT;
    return call ? lint_parameters_call(tokens, first, guard) : GIVES_OTHER;
}

// The last token of what the list around the parameter is looked for in; -1 = it stands in none.
static int lint_parameters_before_list(const struct tokens *tokens, int at) {
    int open = at - 1;
    while (open > 0 && (tokens_is(tokens, open, ",") || tokens_at(tokens, open).data[0] == ':' ||
                        tokens_at(tokens, open).data[0] == '\''))
        open--;
    if (!tokens_is(tokens, open, "(") || !tokens_is(tokens, open - 1, "in"))
        return -1;
    return open - 2 - tokens_is(tokens, open - 2, "not");
}

// The first of a list that the parameter is looked for in: a column there has not what it is, either.
static enum lint_gives lint_parameters_listed(const struct tokens *tokens, int first,
                                              const struct guard *guard) {
    const struct column *column = lint_names_column(tokens, first, guard);
    return column != NULL && column->type == COLUMN_TEXT ? GIVES_TEXT
                                                         : lint_parameters_right(tokens, first, guard);
}

// What the parameter at `at` is compared with.
static enum lint_gives lint_parameters_with(const struct tokens *tokens, int at, const struct guard *guard) {
    int list = lint_parameters_before_list(tokens, at);
    enum lint_gives gives = GIVES_OTHER;
    if (lint_parameters_is_joined(tokens, at + 1) || lint_parameters_is_arithmetic(tokens, at + 1))
        return gives;
    if (lint_parameters_is_comparison(tokens, at - 1))
        gives = lint_parameters_left(tokens, at - 2, guard);
    else if (tokens_is(tokens, at - 1, "and") && tokens_is(tokens, at - 3, "between"))
        gives = lint_parameters_left(tokens, at - 4, guard);
    else if (list >= 0)
        gives = lint_parameters_left(tokens, list, guard);
    if (gives == GIVES_OTHER && lint_parameters_is_comparison(tokens, at + 1))
        gives = lint_parameters_right(tokens, at + 2, guard);
    if (gives == GIVES_OTHER && tokens_is(tokens, at + 1, "in") && tokens_is(tokens, at + 2, "("))
        gives = lint_parameters_listed(tokens, at + 3, guard);
    return gives;
}

// SQLite takes a text that is compared with a column for what the column is; an expression is nothing.
static void lint_parameters_computed(struct catalog *catalog, const struct query *query,
                                     const struct tokens *tokens, int at, const struct guard *guard) {
    struct span token = tokens_at(tokens, at);
    const struct parameter_rule *rule = lint_parameters_rule(query, token);
    if (rule == NULL || rule->type != PARAMETER_ANY)
        return;
    enum lint_gives gives = lint_parameters_with(tokens, at, guard);
    if (gives == GIVES_OTHER)
        return;
    catalog_warn_at(catalog, query->file, tokens->sql, token.data,
                    "%.*s is a number where it is written as one (42), and %s: write "
                    "`-- tidemark: %.*s is text`%s",
                    (int)token.size, token.data,
                    gives == GIVES_TEXT
                        ? "is compared with a text, which no number equals"
                        : "what it is compared with is a text where the JSON has one (\"42\")",
                    (int)token.size - 1, token.data + 1,
                    gives == GIVES_TEXT ? "" : ", or integer or number, as the JSON has it");
}

void lint_parameters(struct catalog *catalog, const struct query *query, const struct guard *guard) {
    struct tokens tokens;
    if (query->parameter_count == 0)
        return;
    tokens_read(&tokens, query->sql);
    for (int i = 0; i < tokens.count; i++) {
        const struct lint_stored *stored = lint_parameters_stored(guard, tokens_name(&tokens, i));
        lint_parameters_computed(catalog, query, &tokens, i, guard);
        if (stored != NULL)
            lint_parameters_beside(catalog, query, &tokens, i, stored);
    }
}
