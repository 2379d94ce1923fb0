// Which words of a statement name plain mirrored columns, as far as words tell: an alias, a `with` or an SQL view that names
// its columns hide what a name means, and such a name is none. Inside views' check only.
#ifndef TIDEMARK_CHECK_LINT_NAMES_H
#define TIDEMARK_CHECK_LINT_NAMES_H

#include "views/engine/check/guard.h"
#include "views/engine/check/tokens.h"

bool lint_names_is_any(const struct tokens *tokens, int number, const char *const *words);
bool lint_names_same(struct span a, struct span b);
// Whether the view says `-- tidemark: keep` of that table.
bool lint_names_is_kept(const struct view *view, struct span table);
// `from t(a, b) as (`: of a `with`; `v(a, b) as select`: of an SQL view.
bool lint_names_are_listed(const struct tokens *tokens);
// The bracket that the token stands in, -1 = in none.
int lint_names_bracket(const struct tokens *tokens, int number);
// The bracket of the select that the token is part of, -1 = the statement's own.
int lint_names_select(const struct tokens *tokens, int number);
// Whether a part of the statement in brackets, of which the token is none, gives its name to something that is no count of its last
// digit by then: `decimal(total, 2) as total` of a subquery or a `with`.
bool lint_names_is_hidden(const struct tokens *tokens, int number);
// The mirrored column that the token names, NULL = it names none for certain. `guard` has seen the statement. Columns of the
// table that is only inserted into mean nothing before `on conflict`.
const struct column *lint_names_column(const struct tokens *tokens, int number, const struct guard *guard);
// The token that `insert into T(a, b) select x, y` puts into the column, if it is one alone; -1. `own`: the column's place in
// T, for a statement that names none; -1 = it has none.
int lint_names_inserted(const struct tokens *tokens, struct span column, int own);
// The first token of what is put into it, one or several, and behind the last; -1 = nothing that is selected there.
int lint_names_inserted_item(const struct tokens *tokens, struct span column, int own, int *ret_end);
// The columns of the table of `db`, those of its primary key or the others, for lint_names_next_item. -1: it cannot be asked.
int lint_names_prepare_columns(sqlite3 *db, const char *table, bool of_key, const char *file,
                               sqlite3_stmt **ret);
// What is put into a column of the table.
struct lint_item {
    const char *column; // until the next; NULL = memory is out
    int begin, end;     // as lint_names_inserted_item has them
};
// That of the next column; false when there is no more.
bool lint_names_next_item(sqlite3_stmt *columns, const struct tokens *tokens, struct lint_item *ret);
// The column's place in the table of `db`, -1 = it has none.
int lint_names_place(sqlite3 *db, const char *table, struct span column);
// Whether one of the statement's _sums_T('COLUMN', ..) is by the column of that name.
bool lint_names_is_by(const struct tokens *tokens, struct span name);
// Whether it is a sum of a _sums_T, of which NULLs are 0: only a REAL's is NULL, where it is NaN.
bool lint_names_is_sum(const struct tokens *tokens, struct span name, const struct guard *guard);
// Whether the statement itself leaves out the rows in which the column that the token names is NULL.
bool lint_names_excludes_null(const struct tokens *tokens, int number);
// Whether the token is the = of `set a = b, c = d`, which is no comparison.
bool lint_names_assigns(const struct tokens *tokens, int number);
// Behind the assignment that begins at `from`, of those that end at `set_end`.
int lint_names_assignment_end(const struct tokens *tokens, int from, int set_end);
// Whether the assigned value from `value` on adds to what its column, or that of the inserted one's name (empty = none), has:
// `n = n + excluded.n`. Of several columns at once, whether it adds.
bool lint_names_value_adds(const struct tokens *tokens, int value, int end, struct span inserted);
// Whether one of the assignments from `from` on does.
bool lint_names_adds(const struct tokens *tokens, int from, int set_end);

#endif
