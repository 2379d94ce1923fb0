#include "views/engine/check/lint_order.h"

#include "views/base/utf8.h"
#include "views/engine/check/lint_names.h"
#include "views/engine/row/column_type.h"

#include <stdlib.h>
#include <string.h>

struct lint_order {
    struct catalog *catalog;
    const char *file;
    const struct guard *guard;
    struct tokens tokens;
};

// What is said of a column, by its collation.
struct order_words {
    const char *collation;
    const char *is;
    const char *compares;
    const char *or_else;
};

static const struct order_words order_words[] = {
    {"numeric", "a NUMERIC that is kept as text", "texts, where '10' is below '9' and '1.5' is not '1.50'",
     ", or compare by decimal_cmp(%.*s, ..)"},
    {"citext", "a CITEXT", "texts with their case", ""},
    {"rtrim", "a CHAR(n)", "texts with the spaces at their end", ""},
};

static const struct order_words *lint_order_words(const struct column *column) {
    const char *collation = column != NULL ? column_type_collation(column) : NULL;
    for (size_t i = 0; collation != NULL && i < sizeof order_words / sizeof *order_words; i++)
        if (strcmp(order_words[i].collation, collation) == 0)
            return &order_words[i];
    return NULL;
}

static void lint_order_warn(struct lint_order *lint, int number, int does, const char *more,
                            const struct column *column) {
    const struct order_words *words = lint_order_words(column);
    struct span name = tokens_at(&lint->tokens, number);
    struct span verb = tokens_at(&lint->tokens, does);
    char or_else[ERROR_MESSAGE_SIZE];
    (void)sqlite3_snprintf(sizeof or_else, or_else, words->or_else, (int)name.size, name.data);
    catalog_warn_at(lint->catalog, lint->file, lint->tokens.sql, name.data,
                    "%.*s is %s, and %.*s%s compares %s: write %.*s collate %s%s", (int)name.size, name.data,
                    words->is, (int)verb.size, verb.data, more, words->compares, (int)name.size, name.data,
                    words->collation, or_else);
}

// --- operands

// The column that the expression at `at` has its text of: by itself, or as the first argument of what passes it on. *ret_end:
// the token behind the expression. NULL = it is another, or none that matters here.
static const struct column *lint_order_operand(const struct lint_order *lint, int at, int *ret_name,
                                               int *ret_end) {
    static const char *const passing[] = {"coalesce", "ifnull", "nullif", NULL};
    const struct tokens *tokens = &lint->tokens;
    bool passed = lint_names_is_any(tokens, at, passing) && tokens_is(tokens, at + 1, "(") &&
                  tokens_is(tokens, at + 3, ",");
    *ret_name = passed ? at + 2 : at;
    *ret_end = passed ? tokens_behind(tokens, at + 1) : at + 1;
    const struct column *column = lint_names_column(tokens, *ret_name, lint->guard);
    return lint_order_words(column) != NULL ? column : NULL;
}

static bool lint_order_is_arithmetic(const struct tokens *tokens, int number) {
    static const char *const operators[] = {"+", "-", "*", "/", "%", "|", "&", "(", NULL};
    return lint_names_is_any(tokens, number, operators);
}

// Where the operand that ends before `end` begins: a name, or a call.
static int lint_order_begin(const struct tokens *tokens, int end) {
    if (!tokens_is(tokens, end - 1, ")"))
        return end - 1;
    int open = end - 2;
    while (open > 0 && !(tokens_is(tokens, open, "(") && tokens_behind(tokens, open) == end))
        open--;
    return open - 1;
}

static const struct column *lint_order_left(const struct lint_order *lint, int end, int *ret_name) {
    int begin = lint_order_begin(&lint->tokens, end), behind;
    static const char *const operators[] = {"+", "-", "*", "/", "%", "|", "&", NULL};
    if (begin < 0 || lint_names_is_any(&lint->tokens, begin - 1, operators))
        return NULL;
    const struct column *column = lint_order_operand(lint, begin, ret_name, &behind);
    return behind == end ? column : NULL;
}

static const struct column *lint_order_right(const struct lint_order *lint, int at, int *ret_name) {
    int behind;
    const struct column *column = lint_order_operand(lint, at, ret_name, &behind);
    return lint_order_is_arithmetic(&lint->tokens, behind) ? NULL : column;
}

// --- comparisons

// SQLite compares numbers where the other side is a number by its type.
static bool lint_order_is_number(const struct lint_order *lint, int at) {
    const struct column *column = lint_names_column(&lint->tokens, at, lint->guard);
    return tokens_is(&lint->tokens, at, "cast") ||
           (column != NULL && (column->type == COLUMN_INTEGER || column->type == COLUMN_REAL ||
                               column->type == COLUMN_BOOLEAN));
}

// The characters of the text in quotes, or of the shortest of a list in brackets, -1 = it is something else.
static int lint_order_literal(const struct tokens *tokens, int number) {
    int shortest = -1;
    bool list = tokens_is(tokens, number, "(");
    int end = list ? tokens_behind(tokens, number) - 1 : number + 1;
    for (int i = number + list; i < end; i++) {
        struct span token = tokens_at(tokens, i);
        if (list && tokens_is(tokens, i, ","))
            continue;
        if (token.size < 2 || token.data[0] != '\'')
            return -1;
        const int characters = (int)utf8_count(token.data + 1, token.size - 2);
        shortest = shortest < 0 || characters < shortest ? characters : shortest;
    }
    return shortest;
}

// What is of the column's own width, or has no letter, is compared as the source does.
static bool lint_order_is_alike(const struct lint_order *lint, const struct column *column, int other) {
    int behind, name;
    const struct column *with = lint_order_operand(lint, other, &name, &behind);
    int characters = lint_order_literal(&lint->tokens, other);
    switch (column->variant) {
    case COLUMN_PADDED:
        return column->padded_to > 0 &&
               (characters >= column->padded_to ||
                (with != NULL && with->variant == COLUMN_PADDED && with->padded_to == column->padded_to));
    case COLUMN_CITEXT:
        return characters == 0;
    case COLUMN_COMMON:
    case COLUMN_BIGINT:
    case COLUMN_UUID:
    case COLUMN_ENUM:
    case COLUMN_NAME:
        return column->type == COLUMN_NUMERIC && lint_order_is_number(lint, other);
    }
    return false;
}

// The operator's token, and where its right side begins; 0 = it is none.
static int lint_order_right_side(const struct tokens *tokens, int number) {
    static const char *const comparisons[] = {"<", ">", "=", "==", "<=", ">=", "<>", "!=", "between", NULL};
    static const char *const constants[] = {"null", "true", "false", NULL};
    if (lint_names_is_any(tokens, number, comparisons))
        return number + 1;
    if (tokens_is(tokens, number, "in"))
        return number + 1;
    if (!tokens_is(tokens, number, "is"))
        return 0;
    int at = number + 1 + tokens_is(tokens, number + 1, "not");
    at += tokens_is(tokens, at, "distinct") ? 2 : 0;
    return lint_names_is_any(tokens, at, constants) ? 0 : at;
}

// Whether the operand at `at` names its collation.
static bool lint_order_is_collated(const struct tokens *tokens, int at) {
    int behind = tokens_is(tokens, at + 1, "(") ? tokens_behind(tokens, at + 1) : at + 1;
    return tokens_is(tokens, behind, "collate");
}

static void lint_order_comparison(struct lint_order *lint, int number) {
    const struct tokens *tokens = &lint->tokens;
    int right = lint_order_right_side(tokens, number), name;
    int left = number - tokens_is(tokens, number - 1, "not");
    bool in = tokens_is(tokens, number, "in");
    bool either = !in && !tokens_is(tokens, number, "between"); // these have the collation of their left side
    if (right == 0 || lint_names_assigns(tokens, number) || tokens_is(tokens, left - 2, "collate") ||
        (either && lint_order_is_collated(tokens, right)))
        return;
    const struct column *column = lint_order_left(lint, left, &name);
    int other = right;
    if (column == NULL && !in) {
        column = lint_order_right(lint, right, &name);
        other = lint_order_begin(tokens, left);
    }
    if (column != NULL && !lint_order_is_alike(lint, column, other))
        lint_order_warn(lint, name, number, "", column);
}

// --- lists

// Where the item at `at` of a list ends: its comma, the list's bracket, or a word that ends lists.
static int lint_order_item_end(const struct tokens *tokens, int at) {
    static const char *const ends[] = {",",     ")",         "from",   "where",  "having",    "order",
                                       "limit", ";",         "window", "rows",   "range",     "groups",
                                       "union", "group",     "into",   "except", "intersect", "filter",
                                       "end",   "returning", NULL};
    while (at < tokens->count && !lint_names_is_any(tokens, at, ends))
        at = tokens_is(tokens, at, "(") ? tokens_behind(tokens, at) : at + 1;
    return at;
}

// The select at the depth of the token, before it; -1.
static int lint_order_select(const struct tokens *tokens, int number) {
    for (int i = number - 1, depth = 0; i >= 0 && depth >= 0; i--) {
        depth += tokens_is(tokens, i, ")");
        depth -= tokens_is(tokens, i, "(");
        if (depth == 0 && tokens_is(tokens, i, "select"))
            return i;
    }
    return -1;
}

// The select's item that the token stands for, by its number or its alias; the token itself when there is none.
static int lint_order_resolve(const struct tokens *tokens, int at, int end) {
    int select = lint_order_select(tokens, at);
    struct span token = tokens_at(tokens, at), name = tokens_name(tokens, at);
    bool counts = token.size > 0 && token.data[0] >= '0' && token.data[0] <= '9';
    int number = counts ? atoi(token.data) : 0;
    if (select < 0 || end <= at || (!counts && (name.size == 0 || name.size != token.size)))
        return at;
    int item = select + 1 + tokens_is(tokens, select + 1, "distinct");
    for (int i = 1; item < at; i++) {
        int behind = lint_order_item_end(tokens, item);
        if (counts ? i == number
                   : behind - 1 > item && lint_names_same(tokens_name(tokens, behind - 1), name))
            return item;
        if (!tokens_is(tokens, behind, ","))
            return at;
        item = behind + 1;
    }
    return at;
}

// An item that is the column and nothing else, but for an alias or a direction.
static void lint_order_item(struct lint_order *lint, int at, int does, const char *more) {
    static const char *const following[] = {"as", "asc", "desc", "nulls", NULL};
    const struct tokens *tokens = &lint->tokens;
    int name, behind, end = lint_order_item_end(tokens, at);
    const struct column *column = lint_order_operand(lint, at, &name, &behind);
    if (column == NULL || tokens_is(tokens, behind, "collate"))
        return;
    if (column->variant == COLUMN_PADDED) // values of one width
        return;
    if (behind == end || lint_names_is_any(tokens, behind, following) ||
        (behind + 1 == end && tokens_name(tokens, behind).size > 0))
        lint_order_warn(lint, name, does, more, column);
}

static void lint_order_items(struct lint_order *lint, int at, int does, const char *more, bool resolves) {
    const struct tokens *tokens = &lint->tokens;
    for (int end = at - 1; end < at; at = end + 1) {
        end = lint_order_item_end(tokens, at);
        lint_order_item(lint, resolves ? lint_order_resolve(tokens, at, end) : at, does, more);
        if (!tokens_is(tokens, end, ","))
            return;
    }
}

static void lint_order_lists(struct lint_order *lint, int number) {
    static const char *const before_by[] = {"order", "group", "partition", NULL};
    const struct tokens *tokens = &lint->tokens;
    if (lint_names_is_any(tokens, number, before_by) && tokens_is(tokens, number + 1, "by"))
        lint_order_items(lint, number + 2, number, " by", true);
    if (tokens_is(tokens, number, "distinct") && !tokens_is(tokens, number + 1, "from"))
        lint_order_items(lint, number + 1, number, "", false);
    if ((tokens_is(tokens, number, "min") || tokens_is(tokens, number, "max")) &&
        tokens_is(tokens, number + 1, "("))
        lint_order_items(lint, number + 2, number, "()", false);
}

// SQLite does not tell that it reads the columns of a `using`: one of the tables that are read has it.
static const struct column *lint_order_joined(const struct lint_order *lint, struct span name) {
    char text[ERROR_MESSAGE_SIZE];
    const struct columns_read *reads = &lint->guard->reads;
    (void)sqlite3_snprintf(sizeof text, text, "%.*s", (int)name.size, name.data);
    for (int i = 0; i < reads->count; i++) {
        const struct column *column = columns_read_find(lint->guard->catalog, reads->list[i].table, text);
        if (lint_order_words(column) != NULL)
            return column;
    }
    return NULL;
}

static void lint_order_using(struct lint_order *lint, int number) {
    const struct tokens *tokens = &lint->tokens;
    if (!tokens_is(tokens, number, "using") || !tokens_is(tokens, number + 1, "("))
        return;
    int end = tokens_behind(tokens, number + 1) - 1;
    for (int i = number + 2; i < end; i += 2) {
        const struct column *column = lint_order_joined(lint, tokens_name(tokens, i));
        if (column != NULL && column->variant != COLUMN_PADDED)
            lint_order_warn(lint, i, number, " (not on)", column);
    }
}

void lint_order(struct catalog *catalog, const char *file, const char *sql, const struct guard *guard) {
    struct lint_order lint = {.catalog = catalog, .file = file, .guard = guard};
    tokens_read(&lint.tokens, sql);
    if (lint_names_are_listed(&lint.tokens))
        return;
    for (int i = 0; i < lint.tokens.count; i++) {
        lint_order_comparison(&lint, i);
        lint_order_lists(&lint, i);
        lint_order_using(&lint, i);
    }
}
