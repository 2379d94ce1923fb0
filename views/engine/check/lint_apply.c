#include "views/engine/check/lint_apply.h"

#include "views/engine/check/lint_literals.h"
#include "views/engine/check/lint_names.h"
#include "views/engine/check/tokens.h"
#include "views/engine/decimal.h"
#include "views/engine/row/column_type.h"

#include <string.h>

enum { LINT_APPLY_TYPE_SIZE = 32 };

struct lint_apply {
    struct catalog *catalog;
    const struct apply_statement *apply;
    const struct guard *guard;
    struct tokens tokens;
};

#define LINT_APPLY_WARN(lint, number, ...)                                                                   \
    catalog_warn_at((lint)->catalog, (lint)->apply->file, (lint)->apply->sql,                                \
                    tokens_at(&(lint)->tokens, (number)).data, __VA_ARGS__)

static bool lint_apply_is_changes(const struct lint_apply *lint, int number) {
    struct span name = tokens_name(&lint->tokens, number);
    return tokens_begins(name, "_delta_") || tokens_begins(name, "_sums_");
}

// --- weights

// `insert or ignore into t(k, n, at) select k, 0, null`, the same with n's default, `.. on conflict do nothing`: it makes groups, of which one without rows is as good
// as none.
static bool lint_apply_makes_groups(const struct lint_apply *lint, sqlite3 *db) {
    static const char *const nothing[] = {"0", "null", NULL};
    const struct tokens *tokens = &lint->tokens;
    const int begins = tokens_find(tokens, "into") - 1;
    const int list = begins + 3;
    const int select = tokens_is(tokens, list, "(") ? tokens_behind(tokens, list) : list;
    CLEANUP(stmt_finalize) sqlite3_stmt *columns = NULL;
    if ((!tokens_is(tokens, begins, "ignore") &&
         !tokens_is(tokens, tokens_find(tokens, "do") + 1, "nothing")) ||
        !tokens_is(tokens, select, "select") ||
        lint_names_prepare_columns(db, lint->guard->written, false, lint->apply->file, &columns) != 0)
        return false;
    struct lint_item item;
    bool makes = false;
    while (lint_names_next_item(columns, tokens, &item)) {
        makes =
            item.begin < 0 || (item.end == item.begin + 1 && lint_names_is_any(tokens, item.begin, nothing));
        if (!makes)
            return false;
    }
    return makes;
}

// Whether the rows of the _delta_ table there are what the statement takes: not of one that is asked for in a condition.
static bool lint_apply_takes_rows(const struct lint_apply *lint, int table) {
    const struct tokens *tokens = &lint->tokens;
    if (!tokens_begins(tokens_name(tokens, table), "_delta_"))
        return false;
    for (int open = lint_names_bracket(tokens, table); open >= 0; open = lint_names_bracket(tokens, open))
        if (tokens_is(tokens, open - 1, "exists") || tokens_is(tokens, open - 1, "in"))
            return false;
    return true;
}

// The first _delta_ table whose rows the statement takes, the count = of none.
static int lint_apply_taken(const struct lint_apply *lint) {
    int table = 0;
    while (table < lint->tokens.count && !lint_apply_takes_rows(lint, table))
        table++;
    return table;
}

static void lint_apply_weights(struct lint_apply *lint, sqlite3 *db) {
    const struct guard *guard = lint->guard;
    if (!guard->reads_delta || guard->reads_weight || guard->reads_mirror)
        return;
    const int table = lint_apply_taken(lint);
    if (table == lint->tokens.count)
        return;
    bool inserts = tokens_is(&lint->tokens, 0, "insert") || tokens_is(&lint->tokens, 0, "replace");
    if (guard->adds_up)
        LINT_APPLY_WARN(lint, table,
                        "it counts or adds up rows of a _delta_ table without _weight: a row that goes has "
                        "weight -1, so write sum(_weight) for count(*) and sum(_weight * x) for sum(x)");
    else if (inserts && !lint_apply_makes_groups(lint, db))
        LINT_APPLY_WARN(
            lint, table,
            "it inserts rows of a _delta_ table without _weight: rows as they were come too, with "
            "weight -1; write where _weight > 0, and delete what went");
}

// Whether the brackets at `open` hold one column, with a collation or without.
static bool lint_apply_has_one(const struct tokens *tokens, int open) {
    int at = open + 2 + (tokens_is(tokens, open + 2, "collate") ? 2 : 0);
    return tokens_is(tokens, at, ")");
}

// `max` of what changed does not go down when its row goes.
static void lint_apply_extremes(struct lint_apply *lint) {
    const struct tokens *tokens = &lint->tokens;
    if (lint->guard->reads_mirror || lint_apply_taken(lint) == tokens->count)
        return;
    for (int i = 0; i < tokens->count; i++) {
        bool extreme = tokens_is(tokens, i, "max") || tokens_is(tokens, i, "min");
        if (tokens_is(tokens, i, "(") && tokens_is(tokens, i + 1, "distinct") && lint->guard->reads_weight)
            LINT_APPLY_WARN(
                lint, i + 1,
                "of the different values of rows that change those of all rows do not follow: a "
                "value may be another row's too. Count them anew from the mirrored table, for the "
                "groups of _delta_");
        if (extreme && tokens_is(tokens, i + 1, "(") && lint_apply_has_one(tokens, i + 1) &&
            i < tokens_find(tokens, "conflict"))
            LINT_APPLY_WARN(
                lint, i,
                "the %.*s of rows that change is not that of all rows: it cannot go back when its row goes. "
                "Let a query ask for it, with an index on the mirrored table",
                (int)tokens_at(tokens, i).size, tokens_at(tokens, i).data);
    }
}

// Whether the token is the whole key of the table whose _delta_ is `changes`: not more than one row has it.
static bool lint_apply_is_key(const struct lint_apply *lint, int number, struct span changes) {
    static const char delta[] = "_delta_";
    const struct span name = tokens_name(&lint->tokens, number);
    if (name.size == 0 || !tokens_begins(changes, delta))
        return false;
    const struct table *table =
        catalog_table(lint->catalog, changes.data + sizeof delta - 1, changes.size - (sizeof delta - 1));
    const int column = table != NULL ? table_column(table, name.data, name.size) : -1;
    return column >= 0 && table->columns[column].key != 0 && table->key_count == 1;
}

// `update t set n = n - 1 where k in (select k from _delta_T ..)`: once, however many rows have the key. A kept table may count so by
// the key of T.
static void lint_apply_steps(struct lint_apply *lint, bool kept) {
    const struct tokens *tokens = &lint->tokens;
    const int set = tokens_find(tokens, "set");
    const int where = tokens_next(tokens, set, "where");
    const int in = tokens_next(tokens, where, "in");
    if (!tokens_is(tokens, 0, "update") || !tokens_is(tokens, in + 2, "select") ||
        tokens_is(tokens, in - 1, "not"))
        return;
    int changes = in;
    while (changes < tokens->count && !lint_apply_is_changes(lint, changes) &&
           !tokens_begins(tokens_name(tokens, changes), "_changes_"))
        changes++;
    if (kept && lint_apply_is_key(lint, in + 3, tokens_name(tokens, changes)))
        return;
    for (int i = set; i < where && changes < tokens->count; i++) {
        struct span number = tokens_at(tokens, i + 1);
        if ((tokens_is(tokens, i, "+") || tokens_is(tokens, i, "-")) && number.size > 0 &&
            number.data[0] >= '0' && number.data[0] <= '9')
            LINT_APPLY_WARN(lint, i,
                            "it adds once, however many rows of %.*s have the key: write insert .. select k, "
                            "sum(_weight) .. group by k, on conflict do update set n = n + excluded.n",
                            (int)tokens_at(tokens, changes).size, tokens_at(tokens, changes).data);
    }
}

// --- joins

// Whether an arm of a union, from `from` on to `end`, reads the table as `prefix` and its name, behind from, join or a comma.
static bool lint_apply_arm_reads(const struct tokens *tokens, int from, int end, const char *prefix,
                                 struct span table) {
    for (int i = from; i < end; i++) {
        struct span name = tokens_name(tokens, i);
        const size_t size = strlen(prefix);
        if (name.size == size + table.size && sqlite3_strnicmp(name.data, prefix, (int)size) == 0 &&
            lint_names_same((struct span){name.data + size, table.size}, table) &&
            (tokens_is(tokens, i - 1, "from") || tokens_is(tokens, i - 1, "join") ||
             tokens_is(tokens, i - 1, ",")))
            return true;
    }
    return false;
}

// The table of whose changes the arm reads first, as its _delta_; empty = of none.
static struct span lint_apply_arm_delta(const struct tokens *tokens, int from, int end) {
    static const char delta[] = "_delta_";
    for (int i = from; i < end; i++) {
        struct span name = tokens_name(tokens, i);
        if (tokens_begins(name, delta))
            return (struct span){name.data + sizeof delta - 1, name.size - (sizeof delta - 1)};
    }
    return SPAN("");
}

// `_delta_A join B union all A join _delta_B`: rows of both that change in one commit are counted twice. The third part takes
// them away: `_delta_A join _delta_B`, each with -1.
static void lint_apply_third_part(struct lint_apply *lint) {
    const struct tokens *tokens = &lint->tokens;
    const int first = tokens_find(tokens, "union");
    const int second = first + 1 + tokens_is(tokens, first + 1, "all");
    if (!lint->guard->reads_weight || first == tokens->count ||
        tokens_next(tokens, second, "union") < tokens->count)
        return;
    const int open = lint_names_bracket(tokens, first);
    const int begin = open >= 0 ? open : 0;
    const int end = open >= 0 ? tokens_behind(tokens, open) : tokens->count;
    struct span a = lint_apply_arm_delta(tokens, begin, first);
    struct span b = lint_apply_arm_delta(tokens, second, end);
    if (a.size > 0 && b.size > 0 && !lint_names_same(a, b) &&
        lint_apply_arm_reads(tokens, begin, first, "", b) && lint_apply_arm_reads(tokens, second, end, "", a))
        LINT_APPLY_WARN(
            lint, first,
            "a row of %.*s and one of %.*s that change in one commit are counted twice: a third part "
            "takes them away, union all select .. -x._weight * y._weight from _delta_%.*s x join "
            "_delta_%.*s y",
            (int)a.size, a.data, (int)b.size, b.data, (int)a.size, a.data, (int)b.size, b.data);
}

// New rows of one table meet only new rows of the other.
static void lint_apply_join(struct lint_apply *lint) {
    const struct tokens *tokens = &lint->tokens;
    int seen = tokens->count; // the select that has one
    if (tokens_find(tokens, "union") < tokens->count)
        return; // the one right form has three parts
    for (int i = 1; i < tokens->count; i++) {
        if (!lint_apply_is_changes(lint, i))
            continue;
        bool joined = tokens_is(tokens, i - 1, "join") || tokens_is(tokens, i - 1, ",");
        const int select = lint_names_select(tokens, i);
        if (seen == select && joined) {
            LINT_APPLY_WARN(
                lint, i,
                "a join of two tables of changes: a row that changes meets only rows of the other table that "
                "change in the same commit. Keep one table's changes and join in the query");
            return;
        }
        if (joined || tokens_is(tokens, i - 1, "from"))
            seen = select;
    }
}

// --- groups

// A group whose sums stay is left out, whatever else of its rows changed.
static void lint_apply_groups(struct lint_apply *lint) {
    static const char sums[] = "_sums_";
    const struct tokens *tokens = &lint->tokens;
    for (int i = 1; i < tokens->count; i++) {
        struct span changes = tokens_name(tokens, i);
        if (!tokens_begins(changes, sums))
            continue;
        struct span table = {changes.data + sizeof sums - 1, changes.size - (sizeof sums - 1)};
        for (int j = 1; j < tokens->count; j++)
            if (lint_names_same(tokens_name(tokens, j), table) &&
                (tokens_is(tokens, j - 1, "from") || tokens_is(tokens, j - 1, "join"))) {
                LINT_APPLY_WARN(
                    lint, i,
                    "a group is left out whose sums stay as they are, though its rows are others: what "
                    "is computed from %.*s takes the groups that changed from _delta_%.*s",
                    (int)table.size, table.data, (int)table.size, table.data);
                return;
            }
    }
}

// Groups of a _sums_T are told apart by bytes, and two that the source takes for one meet in a key that does too.
static void lint_apply_spelling(struct lint_apply *lint, sqlite3 *db, int at) {
    struct span name = tokens_name(&lint->tokens, at), by = tokens_at(&lint->tokens, at + 2);
    if (!tokens_begins(name, "_sums_") || by.size < 2 || by.data[0] != '\'')
        return;
    CLEANUP(stmt_free_text) char *table = sqlite3_mprintf("%.*s", (int)name.size, name.data);
    CLEANUP(stmt_free_text) char *group = sqlite3_mprintf("%.*s", (int)by.size - 2, by.data + 1);
    CLEANUP(stmt_finalize) sqlite3_stmt *keys = NULL;
    const struct column *column =
        table != NULL && group != NULL ? columns_read_find(lint->catalog, table, group) : NULL;
    const char *wanted = column != NULL ? column_type_collation(column) : NULL;
    if (wanted == NULL || stmt_prepare(db, "select name, cid from pragma_table_info(:table) where pk > 0",
                                       lint->apply->file, &keys, NULL) != 0)
        return;
    stmt_bind_text(keys, ":table", span_of(lint->guard->written));
    while (stmt_row(keys, lint->apply->file, NULL) == 1) {
        const char *key = (const char *)sqlite3_column_text(keys, 0), *collation = NULL;
        int item =
            key != NULL ? lint_names_inserted(&lint->tokens, span_of(key), sqlite3_column_int(keys, 1)) : -1;
        if (item >= 0 && lint_names_same(tokens_name(&lint->tokens, item), span_of(column->name)) &&
            sqlite3_table_column_metadata(db, "main", lint->guard->written, key, NULL, &collation, NULL, NULL,
                                          NULL) == SQLITE_OK &&
            sqlite3_stricmp(collation, wanted) != 0)
            LINT_APPLY_WARN(
                lint, item,
                "%s is compared by %s at the source, and %s.%s by bytes, so that one group there is several here: "
                "declare %s.%s with collate %s",
                column->name, wanted, lint->guard->written, key, lint->guard->written, key, wanted);
    }
}

static bool lint_apply_has_sum(enum column_type type) {
    return type == COLUMN_INTEGER || type == COLUMN_BOOLEAN || type == COLUMN_DECIMAL ||
           type == COLUMN_NUMERIC || type == COLUMN_REAL;
}

// Whether one of the calls of that _sums_T is by the column.
static bool lint_apply_is_by(const struct tokens *tokens, const char *table, const char *column) {
    for (int i = 1; i < tokens->count; i++) {
        struct span by = tokens_at(tokens, i + 2);
        if (lint_names_same(tokens_name(tokens, i), span_of(table)) && by.size > 2 &&
            lint_names_same((struct span){by.data + 1, by.size - 2}, span_of(column)))
            return true;
    }
    return false;
}

// A text has no sum, and neither has an interval, which is kept as one: _sums_T has 0 for it.
static void lint_apply_sumless(struct lint_apply *lint) {
    const struct columns_read *reads = &lint->guard->reads;
    for (int i = 0; i < reads->count; i++) {
        const struct column *column = reads->list[i].mirrored;
        const char *table = reads->list[i].table;
        int at = 1;
        while (at < lint->tokens.count && !lint_names_same(tokens_name(&lint->tokens, at), span_of(table)))
            at++;
        if (column == NULL || !tokens_begins(span_of(table), "_sums_") || at == lint->tokens.count ||
            lint_apply_has_sum(column->type) || lint_apply_is_by(&lint->tokens, table, reads->list[i].column))
            continue;
        LINT_APPLY_WARN(
            lint, at,
            "%s is %s, of which there is no sum: %s has 0 for it in each row. What is a number in it is added up over "
            "_delta_%s: sum(_weight * cast(%s as integer))",
            column->name, column->declared, table, table + strlen("_sums_"), column->name);
    }
}

static void lint_apply_spellings(struct lint_apply *lint, sqlite3 *db) {
    for (int i = 1; i < lint->tokens.count; i++)
        lint_apply_spelling(lint, db, i);
}

// The column of `_sums_T('BY', 'OF', VALUE...)` whose values are compared; NULL = that is not what stands at `at`.
static const struct column *lint_apply_compared(const struct lint_apply *lint, int at) {
    struct span name = tokens_name(&lint->tokens, at);
    struct span of = tokens_at(&lint->tokens, at + 4);
    if (!tokens_begins(name, "_sums_") || !tokens_is(&lint->tokens, at + 3, ",") || of.size < 2 ||
        of.data[0] != '\'')
        return NULL;
    CLEANUP(stmt_free_text) char *table = sqlite3_mprintf("%.*s", (int)name.size, name.data);
    CLEANUP(stmt_free_text) char *column = sqlite3_mprintf("%.*s", (int)of.size - 2, of.data + 1);
    return table != NULL && column != NULL ? columns_read_find(lint->catalog, table, column) : NULL;
}

// A value that no row has makes no group: the sums are 0.
static void lint_apply_values(struct lint_apply *lint) {
    enum { VALUES_FROM = 6 }; // behind the name, (, 'BY', the comma, 'OF' and the comma
    const struct tokens *tokens = &lint->tokens;
    for (int i = 1; i < tokens->count; i++) {
        const struct column *column = lint_apply_compared(lint, i);
        for (int v = i + VALUES_FROM; column != NULL && v < tokens_behind(tokens, i + 1) - 1; v++) {
            const char *stored = lint_literals_stored(column, tokens_at(tokens, v), LITERAL_RAW);
            if (stored != NULL && (tokens_is(tokens, v + 1, ",") || tokens_is(tokens, v + 1, ")")))
                LINT_APPLY_WARN(
                    lint, v, "%s is stored as %s, and %.*s is compared with that as it is written",
                    column->name, stored, (int)tokens_at(tokens, v).size, tokens_at(tokens, v).data);
        }
    }
}

// --- NULLs

static void lint_apply_into(struct lint_apply *lint, int item, const char *column, bool key) {
    const struct guard *guard = lint->guard;
    struct span name = tokens_name(&lint->tokens, item);
    if (name.size == 0 || !columns_read_nullable(&guard->reads, name, guard->written) ||
        (lint_names_is_sum(&lint->tokens, name, guard) &&
         !columns_read_is(&guard->reads, name, COLUMN_REAL)) ||
        lint_names_excludes_null(&lint->tokens, item))
        return;
    LINT_APPLY_WARN(lint, item,
                    "%.*s may be NULL, and %s.%s %s: write ifnull(%.*s, ..), or leave such rows out with "
                    "where %.*s is not null",
                    (int)name.size, name.data, guard->written, column,
                    key ? "is a key, where a NULL is refused, made a number, or never found again"
                        : "is not null, so that the statement would fail",
                    (int)name.size, name.data, (int)name.size, name.data);
}

static void lint_apply_nulls(struct lint_apply *lint, sqlite3 *db) {
    const struct tokens *tokens = &lint->tokens;
    CLEANUP(stmt_finalize) sqlite3_stmt *columns = NULL;
    if (!tokens_is(tokens, 0, "insert") ||
        stmt_prepare(db,
                     "select name, pk > 0, cid from pragma_table_info(:table) where pk > 0 or \"notnull\"",
                     lint->apply->file, &columns, NULL) != 0)
        return;
    stmt_bind_text(columns, ":table", span_of(lint->guard->written));
    while (stmt_row(columns, lint->apply->file, NULL) == 1) {
        const char *column = (const char *)sqlite3_column_text(columns, 0);
        int item = column != NULL
                       ? lint_names_inserted(tokens, span_of(column), sqlite3_column_int(columns, 2))
                       : -1;
        if (item >= 0)
            lint_apply_into(lint, item, column, sqlite3_column_int(columns, 1) != 0);
    }
}

// --- digits

// A count that is put into a column which shows counts of other digits.
static void lint_apply_digits_of(struct lint_apply *lint, int item, const char *column, int scale) {
    const struct column *from = lint_names_column(&lint->tokens, item, lint->guard);
    bool whole = from != NULL && from->type == COLUMN_INTEGER;
    if (from == NULL || (!whole && (from->type != COLUMN_DECIMAL || from->scale == scale)))
        return;
    char declared[LINT_APPLY_TYPE_SIZE] = "integer";
    if (!whole)
        (void)sqlite3_snprintf(sizeof declared, declared, "decimal(%d, %d)", DECIMAL_PRECISION_MAX,
                               from->scale);
    LINT_APPLY_WARN(
        lint, item,
        "%s has %d digits behind the point, and %s.%s shows what it holds by %d: declare that column %s",
        from->name, whole ? 0 : from->scale, lint->guard->written, column, scale, declared);
}

static void lint_apply_digits(struct lint_apply *lint, sqlite3 *db) {
    const struct tokens *tokens = &lint->tokens;
    CLEANUP(stmt_finalize) sqlite3_stmt *columns = NULL;
    if (!tokens_is(tokens, 0, "insert") ||
        stmt_prepare(db, "select name, type, cid from pragma_table_info(:table)", lint->apply->file, &columns,
                     NULL) != 0)
        return;
    stmt_bind_text(columns, ":table", span_of(lint->guard->written));
    while (stmt_row(columns, lint->apply->file, NULL) == 1) {
        const char *column = (const char *)sqlite3_column_text(columns, 0);
        int scale = decimal_declared_scale((const char *)sqlite3_column_text(columns, 1));
        int item = column != NULL && scale >= 0
                       ? lint_names_inserted(tokens, span_of(column), sqlite3_column_int(columns, 2))
                       : -1;
        if (item >= 0)
            lint_apply_digits_of(lint, item, column, scale);
    }
}

void lint_apply(struct catalog *catalog, sqlite3 *db, const struct apply_statement *apply,
                const struct guard *guard, bool kept) {
    struct lint_apply lint = {.catalog = catalog, .apply = apply, .guard = guard};
    tokens_read(&lint.tokens, apply->sql);
    lint_apply_weights(&lint, db);
    if (!kept) // of all that ever were
        lint_apply_extremes(&lint);
    lint_apply_steps(&lint, kept);
    lint_apply_join(&lint);
    lint_apply_third_part(&lint);
    lint_apply_groups(&lint);
    lint_apply_values(&lint);
    lint_apply_sumless(&lint);
    lint_apply_spellings(&lint, db);
    lint_apply_nulls(&lint, db);
    lint_apply_digits(&lint, db);
}
