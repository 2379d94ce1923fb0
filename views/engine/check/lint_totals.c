#include "views/engine/check/lint_totals.h"

#include "views/engine/check/lint_names.h"
#include "views/engine/check/tokens.h"

#include <string.h>

struct lint_totals {
    struct catalog *catalog;
    sqlite3 *db;
    const struct apply_statement *apply;
    const struct guard *guard;
    struct tokens tokens;
    int set;     // behind the `set` of an upsert or an update, the count when there is none
    int set_end; // behind its last assignment
};

#define LINT_TOTALS_WARN(lint, number, ...)                                                                  \
    catalog_warn_at((lint)->catalog, (lint)->apply->file, (lint)->apply->sql,                                \
                    tokens_at(&(lint)->tokens, (number)).data, __VA_ARGS__)

static void lint_totals_read(struct lint_totals *ret) {
    static const char *const ends[] = {"where", "from", "returning", ";", NULL};
    const struct tokens *tokens = &ret->tokens;
    ret->set = tokens->count;
    ret->set_end = tokens->count;
    for (int i = 0; i < tokens->count; i++) {
        if (tokens_is(tokens, i, "("))
            i = tokens_behind(tokens, i) - 1;
        else if (ret->set == tokens->count && tokens_is(tokens, i, "set"))
            ret->set = i + 1;
        else if (ret->set < i && lint_names_is_any(tokens, i, ends)) {
            ret->set_end = i;
            return;
        }
    }
}

static bool lint_totals_adds(const struct lint_totals *lint) {
    return lint_names_adds(&lint->tokens, lint->set, lint->set_end);
}

// Where the assignment whose value names `excluded.COLUMN` has its value, and behind its end; false = none does.
static bool lint_totals_assigned(const struct lint_totals *lint, struct span column, int *ret_value,
                                 int *ret_end) {
    const struct tokens *tokens = &lint->tokens;
    for (int from = lint->set; from < lint->set_end; from = *ret_end + 1) {
        *ret_value = from + 2; // behind the column and the =
        *ret_end = lint_names_assignment_end(tokens, from, lint->set_end);
        for (int i = from; i < *ret_end; i++)
            if (tokens_begins(tokens_at(tokens, i), "excluded.") &&
                lint_names_same(tokens_name(tokens, i), column))
                return true;
    }
    return false;
}

// --- NULLs

// Whether the token is what decides in a `case`, not what it gives: nothing of it comes out.
static bool lint_totals_decides(const struct tokens *tokens, int number) {
    const int bracket = lint_names_bracket(tokens, number);
    static const char *const gives[] = {"then", "else", "end", NULL};
    for (int i = number - 1; i > bracket; i--) {
        if (tokens_is(tokens, i, ")"))
            i = lint_names_bracket(tokens, i);
        else if (lint_names_is_any(tokens, i, gives))
            return false;
        else if (tokens_is(tokens, i, "when") || tokens_is(tokens, i, "case"))
            return true;
    }
    // the condition of iif(condition, a, b)
    int i = number;
    while (i > bracket && !tokens_is(tokens, i, ","))
        i--;
    return i == bracket && tokens_is(tokens, bracket - 1, "iif");
}

// Whether a NULL at `number` comes to no NULL of what stands in the brackets at `open`, -1 = of the statement.
static bool lint_totals_is_safe(const struct tokens *tokens, int number, int open) {
    static const char *const safe[] = {"ifnull", "coalesce", "total", "count", NULL};
    if (tokens_is(tokens, number + 1, "is"))
        return true;
    for (int at = number; at > open; at = lint_names_bracket(tokens, at)) {
        if (lint_totals_decides(tokens, at))
            return true;
        const int bracket = lint_names_bracket(tokens, at);
        if (bracket > open && lint_names_is_any(tokens, bracket - 1, safe))
            return true;
    }
    return false;
}

// Whether the part asks itself whether the column is NULL: `iif(x is null, 0, x)`.
static bool lint_totals_asks(const struct tokens *tokens, int from, int to, struct span name) {
    for (int i = from; i < to; i++)
        if (tokens_is(tokens, i + 1, "is") && lint_names_same(tokens_name(tokens, i), name))
            return true;
    return false;
}

// The first token in it that may be NULL and makes it NULL; -1 = there is none.
static int lint_totals_nullable(const struct lint_totals *lint, int from, int to, int open) {
    const struct guard *guard = lint->guard;
    for (int i = from; i < to; i++) {
        struct span name = tokens_name(&lint->tokens, i);
        if (name.size > 0 && !tokens_is(&lint->tokens, i + 1, "(") &&
            columns_read_nullable(&guard->reads, name, guard->written) &&
            !lint_names_is_sum(&lint->tokens, name, guard) &&
            !lint_totals_asks(&lint->tokens, from, to, name) &&
            !lint_totals_is_safe(&lint->tokens, i, open) && !lint_names_excludes_null(&lint->tokens, i))
            return i;
    }
    return -1;
}

// `case when .. then x end`, which is NULL of all others.
static bool lint_totals_has_open_case(const struct tokens *tokens, int open) {
    int open_cases = 0;
    for (int i = open + 1; i < tokens_behind(tokens, open); i++) {
        open_cases += tokens_is(tokens, i, "case") && !lint_totals_is_safe(tokens, i, open);
        open_cases -= tokens_is(tokens, i, "else");
    }
    return open_cases > 0;
}

// Whether the select in which the token stands has a row of no rows: no group by, and no condition on what it makes, nor one on what
// an update looks up by it.
static bool lint_totals_is_of_all(const struct lint_totals *lint, int number) {
    const struct tokens *tokens = &lint->tokens;
    const int bracket = lint_names_bracket(tokens, number);
    const int end = bracket >= 0 ? tokens_behind(tokens, bracket) : tokens->count;
    const bool chosen = bracket >= lint->set && lint->set_end < tokens->count;
    bool from = false;
    for (int i = number; i < end; i++) {
        from |= tokens_is(tokens, i, "from");
        if (tokens_is(tokens, i, "group") || tokens_is(tokens, i, "over") ||
            (tokens_is(tokens, i, "where") && chosen) ||
            (tokens_is(tokens, i, "having") && !tokens_is(tokens, i + 1, "true")))
            return false;
        if (tokens_is(tokens, i, "("))
            i = tokens_behind(tokens, i) - 1;
    }
    return from;
}

// Whether the statement looks at the sum by the name that it gives it: `ifnull(n, 0)`, `n <> 0`.
static bool lint_totals_is_looked_at(const struct tokens *tokens, int behind) {
    static const char *const conditions[] = {"is", "<>", "!=", ">", "<", "=", NULL};
    struct span alias = tokens_name(tokens, behind + tokens_is(tokens, behind, "as"));
    const bool or = tokens_find(tokens, "or") < tokens->count;
    for (int i = 0; i < tokens->count && tokens_is(tokens, behind, "as"); i++)
        if (i != behind + 1 && lint_names_same(tokens_name(tokens, i), alias) &&
            ((lint_names_is_any(tokens, i + 1, conditions) && ! or &&!lint_names_assigns(tokens, i + 1)) ||
             (tokens_is(tokens, i - 1, "(") &&
              (tokens_is(tokens, i - 2, "ifnull") || tokens_is(tokens, i - 2, "coalesce")))))
            return true;
    return false;
}

// Whether the column that `number` is put into takes up a NULL: `n = ifnull(n, 0) + ifnull(excluded.n, 0)`.
static bool lint_totals_is_taken_up(const struct lint_totals *lint, int number) {
    const struct tokens *tokens = &lint->tokens;
    for (int from = lint->set, end; from < lint->set_end; from = end + 1) {
        const struct span column = tokens_name(tokens, from);
        int item_end = 0;
        end = lint_names_assignment_end(tokens, from, lint->set_end);
        const int item = lint_names_inserted_item(
            tokens, column, lint_names_place(lint->db, lint->guard->written, column), &item_end);
        if (item < 0 || number < item || number >= item_end)
            continue;
        for (int i = from + 2; i < end; i++)
            if (lint_names_same(tokens_name(tokens, i), column) && !lint_totals_is_safe(tokens, i, -1))
                return false;
        return true;
    }
    return false;
}

// `sum(_weight * x)` without an ifnull around it, which is added to what is there.
static void lint_totals_null_sum(struct lint_totals *lint, int call) {
    const struct tokens *tokens = &lint->tokens;
    const int behind = tokens_behind(tokens, call + 1);
    const bool filtered = tokens_is(tokens, behind, "filter");
    if (lint_totals_is_safe(tokens, call, -1) || lint_totals_is_taken_up(lint, call) ||
        lint_totals_is_looked_at(tokens, filtered ? tokens_behind(tokens, behind + 1) : behind))
        return;
    const int column = lint_totals_nullable(lint, call + 2, behind - 1, call + 1);
    const struct span name = tokens_name(tokens, column);
    if (column >= 0)
        LINT_TOTALS_WARN(
            lint, call,
            "the sum of NULLs alone is NULL, and %.*s may be NULL: added, it makes the total NULL for good; "
            "write ifnull(sum(..), 0)",
            (int)name.size, name.data);
    else if (filtered || lint_totals_has_open_case(tokens, call + 1) || lint_totals_is_of_all(lint, call))
        LINT_TOTALS_WARN(lint, call,
                         "the sum of no rows is NULL, and %s: added, it makes the total NULL for good; write "
                         "ifnull(sum(..), 0)",
                         filtered ? "filter may leave none"
                         : lint_totals_has_open_case(tokens, call + 1)
                             ? "a case without else is NULL, as no row is"
                             : "without group by it is also that of a commit in which none is another");
}

static void lint_totals_null_sums(struct lint_totals *lint) {
    const struct tokens *tokens = &lint->tokens;
    for (int i = 0; i < tokens->count && lint_totals_adds(lint); i++)
        if ((tokens_is(tokens, i, "sum") || tokens_is(tokens, i, "decimal_sum")) &&
            tokens_is(tokens, i + 1, "("))
            lint_totals_null_sum(lint, i);
}

// --- items of an insert

// `_weight` that is counted: not one that is compared, to tell what came from what went.
static bool lint_totals_is_weight(const struct tokens *tokens, int number) {
    static const char *const compares[] = {">", "<", ">=", "<=", "=", "==", "<>", "!=", "when", NULL};
    return lint_names_same(tokens_name(tokens, number), SPAN("_weight")) &&
           !lint_names_is_any(tokens, number + 1, compares) &&
           !lint_names_is_any(tokens, number - 1, compares);
}

// Whether the item is what a commit adds: it has _weight, or is a sum of a _sums_T, by itself or by a subquery's name for it.
static bool lint_totals_is_difference(const struct lint_totals *lint, int from, int to) {
    const struct tokens *tokens = &lint->tokens;
    for (int i = from; i < to; i++)
        if (lint_totals_is_weight(tokens, i))
            return true;
    const struct span name = tokens_name(tokens, from);
    if (to != from + 1 || name.size == 0)
        return false;
    for (int i = 1; i < tokens->count; i++)
        if (lint_names_same(tokens_name(tokens, i), name) && tokens_is(tokens, i - 1, "as") &&
            tokens_is(tokens, i - 2, ")"))
            for (int w = lint_names_bracket(tokens, i - 2); w < i; w++)
                if (lint_totals_is_weight(tokens, w))
                    return true;
    return lint_names_is_sum(tokens, name, lint->guard);
}

static bool lint_totals_has_call(const struct tokens *tokens, int from, int to) {
    static const char *const aggregates[] = {"sum",   "decimal_sum", "count",    "min", "max",
                                             "total", "avg",         "real_sum", NULL};
    for (int i = from; i < to; i++)
        if (lint_names_is_any(tokens, i, aggregates) && tokens_is(tokens, i + 1, "("))
            return true;
    return false;
}

// What `insert .. select` puts into one column of the view.
static void lint_totals_item(struct lint_totals *lint, struct span column, int from, int to, bool replaces) {
    const struct tokens *tokens = &lint->tokens;
    int value, end;
    const bool assigned = lint_totals_assigned(lint, column, &value, &end);
    const bool adds = assigned && lint_names_value_adds(tokens, value, end, column);
    if (replaces || (assigned && !adds)) {
        if (lint_totals_is_difference(lint, from, to))
            LINT_TOTALS_WARN(lint, assigned ? value : from,
                             "%.*s is what a commit adds, and takes the place of what was there: write on "
                             "conflict do update set %.*s = %.*s + excluded.%.*s",
                             (int)column.size, column.data, (int)column.size, column.data, (int)column.size,
                             column.data, (int)column.size, column.data);
        return;
    }
    const int null = adds && lint->guard->reads_delta && !lint_totals_has_call(tokens, from, to)
                         ? lint_totals_nullable(lint, from, to, -1)
                         : -1;
    if (null >= 0 && lint_names_column(tokens, null, lint->guard) != NULL)
        LINT_TOTALS_WARN(lint, null,
                         "%.*s may be NULL: added, it makes the total NULL for good; write ifnull(%.*s, 0)",
                         (int)tokens_name(tokens, null).size, tokens_name(tokens, null).data,
                         (int)tokens_at(tokens, null).size, tokens_at(tokens, null).data);
}

static void lint_totals_items(struct lint_totals *lint, bool kept) {
    const struct tokens *tokens = &lint->tokens;
    const int begins = tokens_find(tokens, "into") - 1;
    const bool replaces = tokens_is(tokens, begins, "replace") && !kept;
    CLEANUP(stmt_finalize) sqlite3_stmt *columns = NULL;
    if (begins == tokens->count - 1 ||
        lint_names_prepare_columns(lint->db, lint->guard->written, false, lint->apply->file, &columns) != 0)
        return;
    struct lint_item item;
    while (lint_names_next_item(columns, tokens, &item))
        if (item.begin >= 0)
            lint_totals_item(lint, span_of(item.column), item.begin, item.end, replaces);
}

// --- groups that are left out

// Whether the statement reads another sum of a _sums_T than _weight.
static bool lint_totals_reads_sum(const struct lint_totals *lint) {
    const struct tokens *tokens = &lint->tokens;
    for (int i = 0; i < tokens->count; i++) {
        struct span name = tokens_name(tokens, i);
        if (!lint_names_same(name, SPAN("_weight")) && lint_names_is_sum(tokens, name, lint->guard))
            return true;
    }
    return false;
}

// A group's sums change also where as many rows went as came, or more.
static void lint_totals_left_out(struct lint_totals *lint) {
    static const char *const came[] = {">", ">=", "=", "==", "<", "<=", NULL};
    static const char *const differs[] = {"<>", "!=", NULL};
    const struct tokens *tokens = &lint->tokens;
    if (!lint->guard->reads_sums || !lint_totals_adds(lint))
        return;
    const bool drops = lint_totals_reads_sum(lint) && tokens_find(tokens, "or") == tokens->count;
    for (int i = 1; i < tokens->count; i++)
        if (lint_names_same(tokens_name(tokens, i), SPAN("_weight")) && tokens_is(tokens, i + 2, "0") &&
            (lint_names_is_any(tokens, i + 1, came) || (drops && lint_names_is_any(tokens, i + 1, differs))))
            LINT_TOTALS_WARN(
                lint, i,
                "_weight of a _sums_ table is how many rows more a group has now, 0 or less also "
                "where its sums are others: a group that is left out keeps what it had; take all");
}

// --- one row of all

// Whether the brackets at `open` hold one value: max(a, b) is none of all rows.
static bool lint_totals_is_one(const struct tokens *tokens, int open) {
    const int behind = tokens_behind(tokens, open);
    int i = open + 1;
    while (i < behind && !tokens_is(tokens, i, ","))
        i = tokens_is(tokens, i, "(") ? tokens_behind(tokens, i) : i + 1;
    return i >= behind;
}

// `select 'all', count(*) from T where exists (select 1 from _delta_T)`: a row with 0 where no row of T is another in the end, as after
// an update of columns that nothing names.
static void lint_totals_of_none(struct lint_totals *lint) {
    const struct tokens *tokens = &lint->tokens;
    const int exists = tokens_find(tokens, "exists");
    const struct span changes = tokens_name(tokens, exists + 5); // ( select 1 from _delta_T
    if ((!tokens_begins(changes, "_delta_") && !tokens_begins(changes, "_sums_")) ||
        lint_names_select(tokens, exists) >= 0)
        return;
    for (int i = tokens_find(tokens, "into"); i < exists; i++)
        if (lint_totals_has_call(tokens, i, i + 1) && lint_names_select(tokens, i) < 0 &&
            lint_totals_is_one(tokens, i + 1) && lint_totals_is_of_all(lint, i)) {
            LINT_TOTALS_WARN(
                lint, i,
                "without group by it is a row of no rows too, where no change of %.*s is left in the end (a row "
                "that came and went): write (select %.*s(..) from ..) where exists (..)",
                (int)changes.size, changes.data, (int)tokens_at(tokens, i).size, tokens_at(tokens, i).data);
            return;
        }
}

// --- groups that become one

// `x`, `x as y`, or `ifnull(x, x'')`, of a column by which a _sums_T is.
static bool lint_totals_is_group(const struct tokens *tokens, int from, int end) {
    if (end == from + 1 || (end == from + 3 && tokens_is(tokens, from + 1, "as")))
        return lint_names_is_by(tokens, tokens_name(tokens, from));
    return (tokens_is(tokens, from, "ifnull") || tokens_is(tokens, from, "coalesce")) &&
           lint_names_is_by(tokens, tokens_name(tokens, from + 2)) && tokens_is(tokens, from + 4, "x") &&
           tokens_is(tokens, from + 5, "''");
}

// The exact sum is of one group: what leads the total of two from one to the next is of neither.
static void lint_totals_merged(struct lint_totals *lint) {
    const struct tokens *tokens = &lint->tokens;
    CLEANUP(stmt_finalize) sqlite3_stmt *keys = NULL;
    if (!columns_read_has(&lint->guard->reads, "_sums_", COLUMN_REAL) || lint->guard->reads.full ||
        !lint_totals_adds(lint) ||
        lint_names_prepare_columns(lint->db, lint->guard->written, true, lint->apply->file, &keys) != 0)
        return;
    struct lint_item item;
    int any = -1;
    while (lint_names_next_item(keys, tokens, &item)) {
        if (item.begin < 0 || lint_totals_is_group(tokens, item.begin, item.end))
            return;
        any = item.begin;
    }
    if (any >= 0)
        LINT_TOTALS_WARN(
            lint, any,
            "several groups of _sums_ may come to this one key, and the sum of a REAL is exact for each "
            "group by itself: take the column as it is, a NULL as ifnull(.., x'')");
}

void lint_totals(struct catalog *catalog, sqlite3 *db, const struct apply_statement *apply,
                 const struct guard *guard, bool kept) {
    struct lint_totals lint = {.catalog = catalog, .db = db, .apply = apply, .guard = guard};
    tokens_read(&lint.tokens, apply->sql);
    lint_totals_read(&lint);
    lint_totals_null_sums(&lint);
    lint_totals_items(&lint, kept);
    lint_totals_left_out(&lint);
    lint_totals_of_none(&lint);
    lint_totals_merged(&lint);
}
