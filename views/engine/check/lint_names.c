#include "views/engine/check/lint_names.h"

bool lint_names_is_any(const struct tokens *tokens, int number, const char *const *words) {
    for (; *words != NULL; words++)
        if (tokens_is(tokens, number, *words))
            return true;
    return false;
}

bool lint_names_same(struct span a, struct span b) {
    return a.size == b.size && a.size > 0 && sqlite3_strnicmp(a.data, b.data, (int)a.size) == 0;
}

bool lint_names_is_kept(const struct view *view, struct span table) {
    for (int i = 0; i < view->history_count; i++)
        if (lint_names_same(span_of(view->history[i]), table))
            return true;
    return false;
}

bool lint_names_are_listed(const struct tokens *tokens) {
    static const char *const begins[] = {"(", "not", "materialized", "select", "with", "values", NULL};
    for (int i = 0; i < tokens->count; i++)
        if (tokens_is(tokens, i, ")") && tokens_is(tokens, i + 1, "as") &&
            lint_names_is_any(tokens, i + 2, begins))
            return true;
    return false;
}

// Whether the token at `number` names what stands before it, with `as` or without.
static bool lint_names_is_alias(const struct tokens *tokens, int number) {
    static const char *const before_a_column[] = {
        "select", "distinct", "all",   "by",   "where",  "and",       "or",    "not",     "on",
        "when",   "then",     "else",  "case", "in",     "is",        "like",  "between", "set",
        "having", "from",     "using", "of",   "return", "returning", "limit", "values",  "into",
        "null",   "collate",  "key",   "glob", "filter", "if",        NULL};
    struct span before = tokens_at(tokens, number - 1);
    if (before.size == 0 || lint_names_is_any(tokens, number - 1, before_a_column))
        return false;
    const char first = before.data[0];
    return first == ')' || first == '\'' || (first >= '0' && first <= '9') || first == ':' || first == '?' ||
           tokens_name(tokens, number - 1).size > 0;
}

// A name with its table's is a column.
static bool lint_names_is_bare(const struct tokens *tokens, int number) {
    struct span token = tokens_at(tokens, number);
    struct span name = tokens_name(tokens, number);
    return name.size > 0 && tokens_unquoted(token).size == name.size;
}

// `n as n` and `t.n as n` say what they said before.
static bool lint_names_says_itself(const struct tokens *tokens, int alias) {
    int before = alias - 1 - tokens_is(tokens, alias - 1, "as");
    static const char *const begins[] = {"select", "distinct", "all", ",", NULL};
    return lint_names_same(tokens_name(tokens, before), tokens_name(tokens, alias)) &&
           lint_names_is_any(tokens, before - 1, begins);
}

static bool lint_names_has_alias(const struct tokens *tokens, struct span name) {
    for (int i = 0; i < tokens->count; i++)
        if (lint_names_same(tokens_name(tokens, i), name) && lint_names_is_bare(tokens, i) &&
            lint_names_is_alias(tokens, i) && !lint_names_says_itself(tokens, i))
            return true;
    return false;
}

int lint_names_bracket(const struct tokens *tokens, int number) {
    int depth = 0;
    for (int i = number - 1; i >= 0; i--) {
        depth += tokens_is(tokens, i, ")") - tokens_is(tokens, i, "(");
        if (depth < 0)
            return i;
    }
    return -1;
}

// Whether what stands before the alias is a call that gives counts where it is given some.
static bool lint_names_of_counts(const struct tokens *tokens, int alias) {
    static const char *const functions[] = {"sum",      "min",         "max",        "abs",       "round",
                                            "coalesce", "ifnull",      "nullif",     "iif",       "lag",
                                            "lead",     "first_value", "last_value", "nth_value", NULL};
    const int end = alias - 1 - tokens_is(tokens, alias - 1, "as");
    return tokens_is(tokens, end, ")") &&
           lint_names_is_any(tokens, lint_names_bracket(tokens, end) - 1, functions);
}

bool lint_names_is_hidden(const struct tokens *tokens, int number) {
    static const char *const begins[] = {"(", "not", "materialized", NULL}; // behind `with x(a, b) as`
    const struct span name = tokens_name(tokens, number);
    for (int i = 0; i < tokens->count; i++) {
        if (!lint_names_same(tokens_name(tokens, i), name) || !lint_names_is_bare(tokens, i))
            continue;
        const int bracket = lint_names_bracket(tokens, i);
        const int behind = bracket >= 0 ? tokens_behind(tokens, bracket) : 0;
        const bool listed =
            bracket > 0 && tokens_is(tokens, behind, "as") && lint_names_is_any(tokens, behind + 1, begins);
        const bool says = lint_names_is_alias(tokens, i) && !lint_names_says_itself(tokens, i) &&
                          !lint_names_of_counts(tokens, i);
        if (listed || (says && bracket >= 0 && (number < bracket || number >= behind)))
            return true;
    }
    return false;
}

static int lint_names_count(const struct tokens *tokens, const char *name) {
    int count = 0;
    for (int i = 0; i < tokens->count; i++)
        count += lint_names_same(tokens_name(tokens, i), span_of(name));
    return count;
}

// What stands before the last point of the token; empty when there is none.
static struct span lint_names_qualifier(const struct tokens *tokens, int number) {
    struct span token = tokens_at(tokens, number);
    if (token.size == 0 || tokens_unquoted(token).size < token.size)
        return SPAN("");
    for (size_t i = token.size; i > 1; i--)
        if (token.data[i - 1] == '.')
            return (struct span){token.data, i - 1};
    return SPAN("");
}

// The column that `p.amount` names, of the table that `from pay p` calls so, or that is itself called p; NULL when that is not one
// mirrored column.
static const struct column *lint_names_of_table(const struct tokens *tokens, struct span qualifier,
                                                struct span name, const struct guard *guard) {
    const struct column *found = columns_read_of(&guard->reads, qualifier, name);
    for (int i = 1; i < tokens->count; i++) {
        if (!lint_names_is_bare(tokens, i) || !lint_names_same(tokens_name(tokens, i), qualifier))
            continue;
        int before = i - 1 - tokens_is(tokens, i - 1, "as");
        const struct column *column = columns_read_of(&guard->reads, tokens_name(tokens, before), name);
        if (column != NULL && found != NULL && column != found)
            return NULL;
        found = column != NULL ? column : found;
    }
    return found;
}

const struct column *lint_names_column(const struct tokens *tokens, int number, const struct guard *guard) {
    struct span name = tokens_name(tokens, number);
    struct span qualifier = lint_names_qualifier(tokens, number);
    const struct column *column = NULL;
    if (name.size == 0)
        return NULL;
    if (qualifier.size > 0)
        column = lint_names_of_table(tokens, qualifier, name, guard);
    if (column != NULL)
        return column;
    bool inserted = guard->written[0] != '\0' && lint_names_count(tokens, guard->written) == 1 &&
                    tokens_is(tokens, 0, "insert") && number < tokens_find(tokens, "conflict");
    column = columns_read_column(&guard->reads, name, inserted ? guard->written : NULL);
    return column != NULL && !lint_names_has_alias(tokens, name) ? column : NULL;
}

// The first token of the item `number` of the list that begins at `at`, and behind its last; -1 = the list has no such item.
static int lint_names_item(const struct tokens *tokens, int at, int number, int *ret_end) {
    static const char *const ends[] = {")", "from", "where", "group", "union", "having", "on", ";", NULL};
    int begin = at;
    for (int end = at;; end++) {
        const bool last = end >= tokens->count || lint_names_is_any(tokens, end, ends);
        if (last || tokens_is(tokens, end, ",")) {
            if (number-- == 0) {
                *ret_end = end;
                return begin;
            }
            if (last)
                return -1;
            begin = end + 1;
        } else if (tokens_is(tokens, end, "(")) {
            end = tokens_behind(tokens, end) - 1;
        }
    }
}

int lint_names_inserted_item(const struct tokens *tokens, struct span column, int own, int *ret_end) {
    int open = tokens_find(tokens, "into") + 2;
    bool listed = tokens_is(tokens, open, "(");
    int select = listed ? tokens_behind(tokens, open) : open;
    int place = listed ? -1 : own;
    for (int i = open + 1, number = 0; i < select && place < 0; i++) {
        if (lint_names_same(tokens_name(tokens, i), column))
            place = number;
        number += tokens_is(tokens, i, ",");
    }
    return place >= 0 && tokens_is(tokens, select, "select")
               ? lint_names_item(tokens, select + 1 + tokens_is(tokens, select + 1, "distinct"), place,
                                 ret_end)
               : -1;
}

int lint_names_inserted(const struct tokens *tokens, struct span column, int own) {
    int end;
    int item = lint_names_inserted_item(tokens, column, own, &end);
    return item >= 0 && end == item + 1 ? item : -1;
}

int lint_names_prepare_columns(sqlite3 *db, const char *table, bool of_key, const char *file,
                               sqlite3_stmt **ret) {
    if (stmt_prepare(db, "select name, cid from pragma_table_info(:table) where (pk > 0) = :of_key", file,
                     ret, NULL) != 0)
        return -1;
    stmt_bind_text(*ret, ":table", span_of(table));
    stmt_bind_integer(*ret, ":of_key", of_key);
    return 0;
}

bool lint_names_next_item(sqlite3_stmt *columns, const struct tokens *tokens, struct lint_item *ret) {
    if (stmt_row(columns, "pragma_table_info", NULL) != 1)
        return false;
    ret->column = (const char *)sqlite3_column_text(columns, 0);
    ret->begin = ret->column != NULL ? lint_names_inserted_item(tokens, span_of(ret->column),
                                                                sqlite3_column_int(columns, 1), &ret->end)
                                     : -1;
    return true;
}

int lint_names_place(sqlite3 *db, const char *table, struct span column) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(db, "select cid from pragma_table_info(:table) where name = :column collate nocase",
                     table, &stmt, NULL) != 0)
        return -1;
    stmt_bind_text(stmt, ":table", span_of(table));
    stmt_bind_text(stmt, ":column", column);
    return stmt_row(stmt, table, NULL) == 1 ? sqlite3_column_int(stmt, 0) : -1;
}

bool lint_names_is_by(const struct tokens *tokens, struct span name) {
    for (int i = 1; i < tokens->count; i++) {
        struct span by = tokens_at(tokens, i + 2);
        if (tokens_begins(tokens_name(tokens, i), "_sums_") && by.size > 2 &&
            lint_names_same((struct span){by.data + 1, by.size - 2}, name))
            return true;
    }
    return false;
}

bool lint_names_is_sum(const struct tokens *tokens, struct span name, const struct guard *guard) {
    return !lint_names_is_by(tokens, name) &&
           columns_read_are_of(&guard->reads, name, "_sums_", guard->written);
}

// Whether a row may come without such a condition being met: `or`, but for `insert or ignore`; a join that keeps it; a case, whose
// `and` it may be.
static bool lint_names_has_other_ways(const struct tokens *tokens, bool is_and) {
    static const char *const ways[] = {"or", "left", "right", "full", NULL};
    if (is_and && tokens_find(tokens, "case") < tokens->count)
        return true;
    for (int i = 0; i < tokens->count; i++)
        if (lint_names_is_any(tokens, i, ways) && !tokens_is(tokens, i - 1, "insert") &&
            !tokens_is(tokens, i - 1, "update"))
            return true;
    return false;
}

// Whether the token is one side of a condition that all rows of its select are to meet.
static bool lint_names_is_met(const struct tokens *tokens, int number) {
    static const char *const conditions[] = {
        "=", "==", "<", "<=", ">", ">=", "<>", "!=", "in", "like", "between", NULL};
    static const char *const before[] = {"where", "and", "on", NULL};
    const bool left =
        lint_names_is_any(tokens, number - 1, before) &&
        (lint_names_is_any(tokens, number + 1, conditions) || tokens_is(tokens, number + 1, "not"));
    const bool right =
        lint_names_is_any(tokens, number - 1, conditions) && lint_names_is_any(tokens, number - 3, before);
    return (left || right) &&
           !lint_names_has_other_ways(tokens, tokens_is(tokens, left ? number - 1 : number - 3, "and"));
}

int lint_names_select(const struct tokens *tokens, int number) {
    int bracket = lint_names_bracket(tokens, number);
    while (bracket >= 0 && !tokens_is(tokens, bracket + 1, "select"))
        bracket = lint_names_bracket(tokens, bracket);
    return bracket;
}

bool lint_names_excludes_null(const struct tokens *tokens, int number) {
    const struct span name = tokens_name(tokens, number);
    const int select = lint_names_select(tokens, number);
    for (int i = 0; i < tokens->count; i++)
        if (lint_names_same(tokens_name(tokens, i), name) &&
            ((tokens_is(tokens, i + 1, "is") && tokens_is(tokens, i + 2, "not") &&
              tokens_is(tokens, i + 3, "null")) ||
             (lint_names_select(tokens, i) == select && lint_names_is_met(tokens, i))))
            return true;
    return false;
}

bool lint_names_assigns(const struct tokens *tokens, int number) {
    static const char *const clauses[] = {"select", "where", "on",   "when", "having",
                                          "and",    "or",    "then", "by",   NULL};
    if (!tokens_is(tokens, number, "="))
        return false;
    for (int i = number - 1, depth = 0; i >= 0 && depth >= 0; i--) {
        depth += tokens_is(tokens, i, ")");
        depth -= tokens_is(tokens, i, "(");
        if (depth == 0 && tokens_is(tokens, i, "set"))
            return true;
        if (depth == 0 && lint_names_is_any(tokens, i, clauses))
            return false;
    }
    return false;
}

int lint_names_assignment_end(const struct tokens *tokens, int from, int set_end) {
    int end = from;
    while (end < set_end && !tokens_is(tokens, end, ","))
        end = tokens_is(tokens, end, "(") ? tokens_behind(tokens, end) : end + 1;
    return end < set_end ? end : set_end;
}

bool lint_names_value_adds(const struct tokens *tokens, int value, int end, struct span inserted) {
    static const char *const additions[] = {"+", "-", "decimal_add", "decimal_sub", NULL};
    const struct span column = tokens_name(tokens, value - 2);
    bool adds = false, names = column.size == 0;
    for (int i = value; i < end; i++) {
        const struct span token = tokens_at(tokens, i), name = tokens_name(tokens, i);
        adds |= lint_names_is_any(tokens, i, additions);
        names |= !tokens_begins(token, "excluded.") && !tokens_begins(token, "new.") &&
                 (lint_names_same(name, column) || lint_names_same(name, inserted));
    }
    return adds && names;
}

bool lint_names_adds(const struct tokens *tokens, int from, int set_end) {
    for (int end; from < set_end; from = end + 1) {
        end = lint_names_assignment_end(tokens, from, set_end);
        if (lint_names_value_adds(tokens, from + 2, end, SPAN("")))
            return true;
    }
    return false;
}
