#include "views/engine/check/lint_drift.h"

#include "views/base/cleanup.h"
#include "views/engine/check/guard.h"
#include "views/engine/check/lint_drift_parts.h"
#include "views/engine/check/lint_halves.h"
#include "views/engine/check/lint_names.h"

#include <stdlib.h>
#include <string.h>

// --- what a statement does

static int lint_drift_find(const struct tokens *tokens, const char *prefix) {
    int i = 0;
    while (i < tokens->count && !tokens_begins(tokens_name(tokens, i), prefix))
        i++;
    return i;
}

static bool lint_drift_is_mirrored(const struct lint_drift *lint, struct span name) {
    return name.size > 0 && catalog_table(lint->catalog, name.data, name.size) != NULL;
}

// Whether the schema makes an SQL view of that name.
static bool lint_drift_is_sql_view(const struct lint_drift *lint, struct span name) {
    for (int i = 1; i < lint->schema.count; i++)
        if (tokens_is(&lint->schema, i, "view") && lint_names_same(tokens_name(&lint->schema, i + 1), name))
            return true;
    return false;
}

// --- rows that stay

// `_weight > 0` and its like: it sees what came, and not what went.
static bool lint_drift_sees_what_came(const struct tokens *tokens) {
    static const char *const compares[] = {">", ">=", "=", "==", NULL};
    int seen = 0;
    for (int i = 1; i < tokens->count; i++) {
        if (!lint_names_same(tokens_name(tokens, i), SPAN("_weight")))
            continue;
        if (!lint_names_is_any(tokens, i + 1, compares) || tokens_is(tokens, i + 2, "-"))
            return false;
        seen++;
    }
    return seen > 0 && lint_drift_find(tokens, "_delta_") < tokens->count;
}

// `.. from T where k in (select k from _delta_T) ..`: a row, or a group's last row, that went is not in T.
static bool lint_drift_is_anew(const struct lint_drift *lint, const struct lint_drift_statement *statement) {
    static const char *const from[] = {"from", NULL};
    static const char *const grouped[] = {"group", NULL};
    static const char *const aggregates[] = {"count", "sum",         "min",      "max", "avg",
                                             "total", "decimal_sum", "real_sum", NULL};
    const struct tokens *tokens = &statement->tokens;
    int at = lint_drift_outside(tokens, statement->begins, from);
    struct span table = tokens_name(tokens, at + 1);
    if (!lint_drift_is_mirrored(lint, table) || !lint_drift_reads_changes(tokens, table))
        return false;
    bool groups = lint_drift_outside(tokens, at, grouped) < tokens->count;
    // one row for all of T, which is there always
    return groups || lint_drift_outside(tokens, statement->begins, aggregates) >= at;
}

static bool lint_drift_only_comes(const struct lint_drift *lint,
                                  const struct lint_drift_statement *statement) {
    return statement->kind == DRIFT_INSERTS &&
           (lint_drift_sees_what_came(&statement->tokens) ||
            (!lint_drift_says(&statement->tokens, SPAN("_weight")) && lint_drift_is_anew(lint, statement)));
}

// A trigger of the schema, on whatever table, deletes from it or updates it.
static bool lint_drift_schema_takes(const struct lint_drift *lint, struct span table) {
    const struct tokens *tokens = &lint->schema;
    for (int i = 1; i < tokens->count; i++)
        if (lint_names_same(tokens_name(tokens, i), table) &&
            (tokens_is(tokens, i - 1, "update") ||
             (tokens_is(tokens, i - 1, "from") && tokens_is(tokens, i - 2, "delete"))))
            return true;
    return tokens->count == TOKENS_MAX;
}

// `update T set gone = 1 where ..`: a row that went keeps its place, which it has not where the table is made anew.
static bool lint_drift_only_marks(const struct lint_drift_statement *statement) {
    const struct tokens *tokens = &statement->tokens;
    const int value = tokens_find(tokens, "set") + 3;
    const struct span literal = tokens_at(tokens, value);
    return statement->kind == DRIFT_UPDATES && literal.size > 0 && tokens_is(tokens, value + 1, "where") &&
           (literal.data[0] == '\'' || (literal.data[0] >= '1' && literal.data[0] <= '9'));
}

// Whether what the statement does to its table takes away what went.
static bool lint_drift_takes(const struct lint_drift *lint, const struct lint_drift_statement *statement) {
    if (statement->kind == DRIFT_DELETES)
        return !lint_drift_sees_what_came(&statement->tokens);
    return !lint_drift_only_comes(lint, statement) && !lint_drift_only_marks(statement);
}

// Whether another statement, or a trigger, takes away what `of` leaves in its table.
static bool lint_drift_is_taken(const struct lint_drift *lint, const struct lint_drift_statement *of) {
    for (int i = 0; i < lint->view->apply_count; i++) {
        const struct lint_drift_statement *other = &lint->statements[i];
        if (other != of && lint_names_same(other->written, of->written) && lint_drift_takes(lint, other))
            return true;
    }
    return lint_drift_schema_takes(lint, of->written);
}

static void lint_drift_rows(struct lint_drift *lint, const struct lint_drift_statement *statement) {
    if (!lint_drift_only_comes(lint, statement) || lint_names_is_kept(lint->view, statement->written) ||
        lint_drift_is_taken(lint, statement))
        return;
    LINT_DRIFT_WARN(
        lint, statement, statement->written_at,
        "nothing takes a row away from %.*s: what goes at the source stays there. Let a statement before this "
        "one delete the rows whose key is in _delta_, or say -- tidemark: keep %.*s where they are to stay",
        (int)statement->written.size, statement->written.data, (int)statement->written.size,
        statement->written.data);
}

// Whether the insert puts something beside a key into its table.
static bool lint_drift_has_values(const struct lint_drift *lint,
                                  const struct lint_drift_statement *statement) {
    CLEANUP(stmt_finalize) sqlite3_stmt *columns = NULL;
    if (stmt_prepare(lint->db,
                     "select name, cid from pragma_table_info(:table) where pk = 0 and exists (select 1 from "
                     "pragma_table_info(:table) where pk > 0)",
                     lint->view->file, &columns, NULL) != 0)
        return false;
    stmt_bind_text(columns, ":table", statement->written);
    while (stmt_row(columns, lint->view->file, NULL) == 1) {
        const char *column = (const char *)sqlite3_column_text(columns, 0);
        const int item = column != NULL ? lint_names_inserted(&statement->tokens, span_of(column),
                                                              sqlite3_column_int(columns, 1))
                                        : -1;
        if (tokens_name(&statement->tokens, item).size > 0)
            return true;
    }
    return false;
}

// `insert or ignore` of rows of _delta_T where no statement before it has deleted what changed: a row that is there stays as it was.
static void lint_drift_ignored(struct lint_drift *lint, const struct lint_drift_statement *statement) {
    const struct tokens *tokens = &statement->tokens;
    const bool ignores = (tokens_is(tokens, statement->begins + 1, "or") &&
                          tokens_is(tokens, statement->begins + 2, "ignore")) ||
                         tokens_is(tokens, tokens_find(tokens, "do") + 1, "nothing");
    if (statement->kind != DRIFT_INSERTS || !ignores || !lint_drift_sees_what_came(tokens) ||
        !lint_drift_has_values(lint, statement) || lint_names_is_kept(lint->view, statement->written))
        return;
    for (int i = 0; i < lint->view->apply_count; i++) {
        const struct lint_drift_statement *other = &lint->statements[i];
        if (lint_names_same(other->written, statement->written) &&
            (other->kind == DRIFT_UPDATES || (other->kind == DRIFT_DELETES && other < statement &&
                                              tokens_find(&other->tokens, "not") == other->tokens.count)))
            return;
    }
    LINT_DRIFT_WARN(
        lint, statement, statement->begins,
        "a row that changes is there already, and stays as it was: write on conflict do update set .. = "
        "excluded..., or let a statement before this one delete the rows whose key is in _delta_");
}

// What a commit has added, one row behind the other: another start cuts commits elsewhere.
static void lint_drift_log(struct lint_drift *lint, const struct lint_drift_statement *statement) {
    const struct tokens *tokens = &statement->tokens;
    const int changes = lint_drift_find(tokens, "_delta_");
    const int sums = lint_drift_find(tokens, "_sums_");
    const bool weighs = lint_drift_says(tokens, SPAN("_weight")) && !lint_drift_sees_what_came(tokens);
    if (statement->kind != DRIFT_INSERTS || !weighs || (changes == tokens->count && sums == tokens->count) ||
        tokens_find(tokens, "conflict") < tokens->count || tokens_is(tokens, statement->begins + 1, "or") ||
        tokens_is(tokens, statement->begins, "replace") ||
        lint_names_is_kept(lint->view, statement->written) || lint_drift_is_taken(lint, statement))
        return;
    LINT_DRIFT_WARN(
        lint, statement, statement->written_at,
        "each commit adds rows of its own to %.*s, so that they depend on where commits fall, and are others when the "
        "view is made anew: add to a row by group, on conflict do update, or say -- tidemark: keep %.*s",
        (int)statement->written.size, statement->written.data, (int)statement->written.size,
        statement->written.data);
}

// --- rows that go at once

// `delete from T where k in (select k from _delta_S ..)`, and no other condition.
static bool lint_drift_deletes_changed(const struct lint_drift_statement *statement) {
    static const char *const others[] = {"not", "and", "having", "except", ">", NULL};
    const struct tokens *tokens = &statement->tokens;
    int in = tokens_find(tokens, "in");
    if (statement->kind != DRIFT_DELETES || !tokens_is(tokens, in + 2, "select") ||
        lint_drift_find(tokens, "_delta_") == tokens->count)
        return false;
    for (int i = statement->begins; i < tokens->count; i++)
        if (lint_names_is_any(tokens, i, others))
            return false;
    return true;
}

// Whether one change makes the delete and the insert run: what another table's change takes away has to go last.
static bool lint_drift_shares_changes(const struct lint_drift_statement *deletes,
                                      const struct lint_drift_statement *inserts) {
    for (int i = 1; i < deletes->tokens.count; i++) {
        struct span name = tokens_name(&deletes->tokens, i);
        if (tokens_begins(name, "_delta_") &&
            lint_drift_reads_changes(&inserts->tokens, lint_drift_changes_of(name)))
            return true;
    }
    return false;
}

// Statements run in the order of their names: what one inserts, a later one must not delete as changed.
static void lint_drift_order(struct lint_drift *lint, int number) {
    const struct lint_drift_statement *deletes = &lint->statements[number];
    const struct lint_drift_statement *inserts = NULL;
    if (!lint_drift_deletes_changed(deletes))
        return;
    for (int i = 0; i < lint->view->apply_count; i++) {
        const struct lint_drift_statement *other = &lint->statements[i];
        if (!lint_drift_only_comes(lint, other) || !lint_names_same(other->written, deletes->written) ||
            !lint_drift_shares_changes(deletes, other))
            continue;
        if (i > number)
            return;
        inserts = other;
    }
    if (inserts != NULL)
        LINT_DRIFT_WARN(
            lint, deletes, deletes->begins,
            "it deletes what %s has just inserted, since statements run in the order of their names: a row "
            "that changes would be gone. Name this one so that it comes first",
            inserts->apply->file);
}

// --- what happened

// Columns of _changes_T that a view which is made anew finds empty, and what a row was before it.
static int lint_drift_told_once(const struct tokens *tokens, bool *ret_takes_back) {
    static const char *const told[] = {"_ts_ms", "_txid", "_lsn", "_snapshot", NULL};
    int found = tokens->count;
    *ret_takes_back = false;
    for (int i = tokens->count - 1; i > 0; i--) {
        struct span name = tokens_name(tokens, i);
        *ret_takes_back |= tokens_begins(name, "old_");
        for (int k = 0; told[k] != NULL; k++)
            if (lint_names_same(name, span_of(told[k])))
                found = i;
    }
    return found;
}

static void lint_drift_history(struct lint_drift *lint, const struct lint_drift_statement *statement) {
    const struct tokens *tokens = &statement->tokens;
    int changes = lint_drift_find(tokens, "_changes_");
    bool takes_back;
    int told = lint_drift_told_once(tokens, &takes_back);
    if (statement->kind != DRIFT_INSERTS || changes == tokens->count ||
        lint_names_is_kept(lint->view, statement->written))
        return;
    if (told < tokens->count)
        LINT_DRIFT_WARN(
            lint, statement, told,
            "%.*s is known of changes only, and %.*s is made anew from the rows as they are whenever the "
            "view changes: say -- tidemark: keep %.*s in schema.sql",
            (int)tokens_at(tokens, told).size, tokens_at(tokens, told).data, (int)statement->written.size,
            statement->written.data, (int)statement->written.size, statement->written.data);
    else if (!takes_back && !lint_drift_is_taken(lint, statement))
        LINT_DRIFT_WARN(
            lint, statement, changes,
            "it takes nothing back for a row that changes or goes (old_ columns), and %.*s is made anew from "
            "the rows as they are whenever the view changes: read _delta_, or, for what happened, say "
            "-- tidemark: keep %.*s in schema.sql",
            (int)statement->written.size, statement->written.data, (int)statement->written.size,
            statement->written.data);
}

// --- triggers

struct lint_drift_trigger {
    struct tokens tokens; // of its text as sqlite_schema has it
    int event;            // the token insert, update or delete
};

static void lint_drift_read_trigger(struct lint_drift_trigger *ret, sqlite3_stmt *triggers, int column) {
    static const char *const events[] = {"insert", "update", "delete", NULL};
    const char *sql = (const char *)sqlite3_column_text(triggers, column);
    tokens_read(&ret->tokens, sql != NULL ? sql : "");
    ret->event = lint_drift_outside(&ret->tokens, 3, events); // behind `create trigger NAME`
}

// How many triggers of that event on `on` name `table` (empty = any) behind its own.
static int lint_drift_count_triggers(const struct lint_drift *lint, const char *event, struct span on,
                                     struct span table) {
    CLEANUP(stmt_finalize) sqlite3_stmt *triggers = NULL;
    CLEANUP(free_any) struct lint_drift_trigger *trigger = calloc(1, sizeof *trigger);
    if (trigger == NULL ||
        stmt_prepare(lint->db,
                     "select sql from sqlite_schema where type = 'trigger' and tbl_name = :on collate nocase",
                     lint->view->file, &triggers, NULL) != 0)
        return 1; // rather no warning than a false one
    stmt_bind_text(triggers, ":on", on);
    int count = 0;
    while (stmt_row(triggers, lint->view->file, NULL) == 1) {
        lint_drift_read_trigger(trigger, triggers, 0);
        if (!tokens_is(&trigger->tokens, trigger->event, event))
            continue;
        int i = trigger->event + 1;
        while (table.size > 0 && i < trigger->tokens.count &&
               !lint_names_same(tokens_name(&trigger->tokens, i), table))
            i++;
        count += i < trigger->tokens.count;
    }
    return count;
}

static bool lint_drift_has_trigger(const struct lint_drift *lint, const char *event, struct span on,
                                   struct span table) {
    return lint_drift_count_triggers(lint, event, on, table) > 0;
}

// --- rows of another table

// A statement that reads the table's changes, or triggers on it that name `written`.
static bool lint_drift_follows(const struct lint_drift *lint, struct span table, struct span written) {
    for (int i = 0; i < lint->view->apply_count; i++)
        if (lint_drift_reads_changes(&lint->statements[i].tokens, table))
            return true;
    return lint_drift_has_trigger(lint, "update", table, written) ||
           (lint_drift_has_trigger(lint, "insert", table, written) &&
            lint_drift_has_trigger(lint, "delete", table, written));
}

// Whether a statement that inserts into `written` reads the table's changes, or a trigger of it names `written`.
static bool lint_drift_comes_with(const struct lint_drift *lint, struct span table, struct span written) {
    for (int i = 0; i < lint->view->apply_count; i++)
        if (lint->statements[i].kind == DRIFT_INSERTS &&
            lint_names_same(lint->statements[i].written, written) &&
            lint_drift_reads_changes(&lint->statements[i].tokens, table))
            return true;
    return lint_drift_has_trigger(lint, "insert", table, written) ||
           lint_drift_has_trigger(lint, "update", table, written);
}

// The mirrored table that is read at `at`, as it is or by _at_T; empty = none is.
static struct span lint_drift_looked_up(const struct lint_drift *lint, const struct tokens *tokens, int at) {
    static const char *const before[] = {"from", "join", NULL};
    static const char as_of[] = "_at_";
    struct span name = tokens_name(tokens, at);
    if (!lint_names_is_any(tokens, at - 1, before))
        return SPAN("");
    if (tokens_begins(name, as_of))
        name = (struct span){name.data + sizeof as_of - 1, name.size - (sizeof as_of - 1)};
    return lint_drift_is_mirrored(lint, name) ? name : SPAN("");
}

// Whether another statement than an insert of the table reads the changes of T, or a trigger of T names it.
static bool lint_drift_goes_with(const struct lint_drift *lint, struct span table, struct span written) {
    for (int i = 0; i < lint->view->apply_count; i++)
        if (lint->statements[i].kind != DRIFT_INSERTS &&
            lint_names_same(lint->statements[i].written, written) &&
            lint_drift_reads_changes(&lint->statements[i].tokens, table))
            return true;
    return lint_drift_has_trigger(lint, "delete", table, written) || lint_drift_schema_takes(lint, written);
}

// `insert .. from A join T where .. in (select .. from _delta_T)`: a row whose row of T goes is not among those that are made anew.
static bool lint_drift_stays(struct lint_drift *lint, const struct lint_drift_statement *statement, int at,
                             struct span table) {
    static const char *const keeps[] = {"left", "outer", NULL};
    const struct tokens *tokens = &statement->tokens;
    if (statement->kind != DRIFT_INSERTS || !tokens_is(tokens, at - 1, "join") ||
        lint_names_is_any(tokens, at - 2, keeps) || lint_drift_says(tokens, SPAN("_weight")) ||
        lint_names_select(tokens, at) >= 0 || !lint_drift_reads_changes(tokens, table) ||
        lint_drift_goes_with(lint, table, statement->written))
        return false;
    LINT_DRIFT_WARN(
        lint, statement, at,
        "a row whose partner in %.*s goes stays in %.*s, since no statement takes it away for _delta_%.*s: "
        "let one before this delete what it makes anew",
        (int)table.size, table.data, (int)statement->written.size, statement->written.data, (int)table.size,
        table.data);
    return true;
}

// `insert .. from _delta_A join T`: a row of A whose row of T comes later is left out, and a statement that only updates with T does
// not make it.
static bool lint_drift_waits(struct lint_drift *lint, const struct lint_drift_statement *statement, int at,
                             struct span table) {
    static const char *const keeps[] = {"left", "outer", NULL};
    const struct tokens *tokens = &statement->tokens;
    if (statement->kind != DRIFT_INSERTS || !tokens_is(tokens, at - 1, "join") ||
        lint_names_is_any(tokens, at - 2, keeps) || !lint_drift_follows(lint, table, statement->written) ||
        lint_drift_comes_with(lint, table, statement->written) ||
        lint_drift_find(tokens, "_delta_") == tokens->count)
        return false;
    LINT_DRIFT_WARN(
        lint, statement, at,
        "a row whose partner in %.*s comes later is left out for good: no statement that inserts into "
        "%.*s follows %.*s. Write left join, or insert for _delta_%.*s too",
        (int)table.size, table.data, (int)statement->written.size, statement->written.data, (int)table.size,
        table.data, (int)table.size, table.data);
    return true;
}

static void lint_drift_lookups(struct lint_drift *lint, const struct lint_drift_statement *statement) {
    const struct tokens *tokens = &statement->tokens;
    if (statement->kind == DRIFT_DELETES || lint_names_is_kept(lint->view, statement->written))
        return;
    for (int i = 1; i < tokens->count; i++) {
        struct span table = lint_drift_looked_up(lint, tokens, i);
        if (table.size == 0 || lint_drift_waits(lint, statement, i, table) ||
            lint_drift_stays(lint, statement, i, table) ||
            lint_drift_follows(lint, table, statement->written))
            continue;
        LINT_DRIFT_WARN(
            lint, statement, i,
            "no statement or trigger of the view follows %.*s: what %.*s has of it stays as it was, until the view is made "
            "anew, which takes it as it is then. Join %.*s in the query, or say -- tidemark: keep %.*s",
            (int)table.size, table.data, (int)statement->written.size, statement->written.data,
            (int)table.size, table.data, (int)statement->written.size, statement->written.data);
        return;
    }
}

// --- the schema

// Nothing here sets `pragma foreign_keys`.
static void lint_drift_foreign_keys(struct lint_drift *lint) {
    static const char *const actions[] = {"cascade", "set", NULL};
    static const char *const events[] = {"delete", "update", NULL};
    const struct tokens *tokens = &lint->schema;
    for (int i = 1; i < tokens->count; i++)
        if (tokens_is(tokens, i, "on") && lint_names_is_any(tokens, i + 1, events) &&
            lint_names_is_any(tokens, i + 2, actions))
            catalog_warn_at(
                lint->catalog, lint->view->file, lint->view->schema, tokens_at(tokens, i).data,
                "foreign keys of a view's tables are not looked at, so on %.*s does nothing: let a statement, or "
                "a trigger of that table, do it",
                (int)tokens_at(tokens, i + 1).size, tokens_at(tokens, i + 1).data);
}

// The table or SQL view that fts5 is told to take the rows of its table `name` from; empty = none.
static struct span lint_drift_content(const struct lint_drift *lint, struct span name) {
    const struct tokens *tokens = &lint->schema;
    for (int i = 1; i + 2 < tokens->count; i++) {
        const int open = lint_names_bracket(tokens, i);
        if (tokens_is(tokens, i, "content") && tokens_is(tokens, i + 1, "=") &&
            tokens_is(tokens, open - 2, "using") && lint_names_same(tokens_name(tokens, open - 3), name))
            return tokens_unquoted(tokens_at(tokens, i + 2));
    }
    return SPAN("");
}

// Whether a statement before `statement` has taken rows out of the table, or written others over them.
static bool lint_drift_has_changed(const struct lint_drift *lint,
                                   const struct lint_drift_statement *statement, struct span table) {
    for (const struct lint_drift_statement *i = lint->statements; i < statement; i++)
        if (lint_names_same(i->written, table) &&
            (i->kind != DRIFT_INSERTS || tokens_find(&i->tokens, "conflict") < i->tokens.count ||
             tokens_is(&i->tokens, i->begins, "replace") || tokens_is(&i->tokens, i->begins + 2, "replace")))
            return true;
    return false;
}

// A delete takes the words that are to go from there, where they are others by then.
static void lint_drift_contents(struct lint_drift *lint, const struct lint_drift_statement *statement) {
    const struct span content = lint_drift_content(lint, statement->written);
    if (content.size == 0 || statement->kind == DRIFT_INSERTS)
        return;
    if (lint_drift_is_mirrored(lint, content) || lint_drift_is_sql_view(lint, content))
        LINT_DRIFT_WARN(
            lint, statement, statement->begins,
            "fts5 takes the words that are to go out of %.*s from %.*s, which has the new ones when a statement runs, so "
            "that the index goes wrong: leave content= out, or let triggers do it, with OLD's words",
            (int)statement->written.size, statement->written.data, (int)content.size, content.data);
    else if (lint_drift_has_changed(lint, statement, content))
        LINT_DRIFT_WARN(
            lint, statement, statement->begins,
            "fts5 takes the words that are to go out of %.*s from %.*s, of which a statement before this one has taken "
            "the rows, so that the index goes wrong: name this one so that it comes first",
            (int)statement->written.size, statement->written.data, (int)content.size, content.data);
}

// The same of an after trigger, `delete from f ..` or `update f set ..`: at the name.
static void lint_drift_trigger_content(struct lint_drift *lint, int at) {
    const struct tokens *tokens = &lint->schema;
    const struct span name = tokens_name(tokens, at);
    const bool takes = (tokens_is(tokens, at - 1, "from") && tokens_is(tokens, at - 2, "delete")) ||
                       (tokens_is(tokens, at - 1, "update") && tokens_is(tokens, at + 1, "set"));
    if (!takes || lint_drift_content(lint, name).size == 0)
        return;
    int begins = at;
    while (begins > 0 && !tokens_is(tokens, begins, "trigger"))
        begins--;
    if (tokens_next(tokens, begins, "before") > at)
        catalog_warn_at(
            lint->catalog, lint->view->file, lint->view->schema, tokens_at(tokens, at).data,
            "fts5 takes the words that are to go out of %.*s from the row as it is behind the change, so that the "
            "index goes wrong: write insert into %.*s(%.*s, rowid, ..) values ('delete', OLD.id, OLD...)",
            (int)name.size, name.data, (int)name.size, name.data, (int)name.size, name.data);
}

static void lint_drift_trigger_contents(struct lint_drift *lint) {
    for (int i = 2; i < lint->schema.count; i++)
        lint_drift_trigger_content(lint, i);
}

// `replace` into a table whose delete triggers count on being fired.
static void lint_drift_replaces(struct lint_drift *lint, const struct lint_drift_statement *statement) {
    const struct tokens *tokens = &statement->tokens;
    bool replaces = tokens_is(tokens, statement->begins, "replace") ||
                    (tokens_is(tokens, statement->begins, "insert") &&
                     tokens_is(tokens, statement->begins + 2, "replace"));
    if (replaces && lint_drift_has_trigger(lint, "delete", statement->written, SPAN("")))
        LINT_DRIFT_WARN(
            lint, statement, statement->begins,
            "the row that a replace takes the place of fires no delete trigger, and %.*s has one: delete it "
            "before, or write on conflict do update",
            (int)statement->written.size, statement->written.data);
}

// Whether the trigger looks at a column of the new row that is not of its table's key.
static bool lint_drift_reads_beside_key(const struct lint_drift_trigger *trigger, const struct table *table) {
    for (int i = trigger->event; i < trigger->tokens.count; i++) {
        struct span name = tokens_name(&trigger->tokens, i);
        if (!tokens_begins(tokens_at(&trigger->tokens, i), "new."))
            continue;
        for (int c = 0; c < table->column_count; c++)
            if (!table->columns[c].key && lint_names_same(span_of(table->columns[c].name), name))
                return true;
    }
    return false;
}

static bool lint_drift_statement_writes(const struct lint_drift *lint, struct span table) {
    for (int i = 0; i < lint->view->apply_count; i++)
        if (lint_names_same(lint->statements[i].written, table))
            return true;
    return false;
}

// Where the schema has the trigger's name.
static const char *lint_drift_trigger_at(const struct lint_drift *lint, const char *name) {
    const char *at = strstr(lint->view->schema, name);
    return at != NULL ? at : lint->view->schema;
}

#define LINT_DRIFT_WARN_TRIGGER(lint, name, ...)                                                             \
    catalog_warn_at((lint)->catalog, (lint)->view->file, (lint)->view->schema,                               \
                    lint_drift_trigger_at((lint), (name)), __VA_ARGS__)

// The insert trigger `name` of `on` writes `table`: what went, and what it was before, is to be taken back.
static void lint_drift_trigger_writes(struct lint_drift *lint, const struct lint_drift_trigger *trigger,
                                      const char *name, const struct table *on, struct span table) {
    const struct span source = span_of(on->name);
    if (table.size == 0 || lint_names_is_kept(lint->view, table) || lint_drift_statement_writes(lint, table))
        return;
    const char *lacks =
        !lint_drift_has_trigger(lint, "delete", source, table) ? "delete"
        : lint_drift_reads_beside_key(trigger, on) && !lint_drift_has_trigger(lint, "update", source, table)
            ? "update"
            : NULL;
    if (lacks != NULL)
        LINT_DRIFT_WARN_TRIGGER(
            lint, name,
            "no after %s trigger on %s takes back what this one has put into %.*s: write one, or, where "
            "it is to stay, say -- tidemark: keep %.*s",
            lacks, on->name, (int)table.size, table.data, (int)table.size, table.data);
}

// Whether the trigger's body says OLD., or another update trigger of its table names `written`.
static bool lint_drift_takes_old(const struct lint_drift *lint, const struct lint_drift_trigger *trigger,
                                 int body, const char *on, struct span written) {
    const struct tokens *tokens = &trigger->tokens;
    for (int i = body; i < tokens->count; i++)
        if (tokens_begins(tokens_at(tokens, i), "old."))
            return true;
    return lint_drift_count_triggers(lint, "update", span_of(on), written) > 1;
}

// An update trigger of `on` that adds to what is there, and does not look at what the row was.
static void lint_drift_trigger_adds(struct lint_drift *lint, const struct lint_drift_trigger *trigger,
                                    const char *name, const struct table *on) {
    const struct tokens *tokens = &trigger->tokens;
    const int body = tokens_next(tokens, trigger->event, "begin");
    const int set = tokens_next(tokens, body, "set");
    const int into = tokens_next(tokens, body, "into");
    const struct span written = tokens_name(tokens, into < set ? into + 1 : set - 1);
    if (lint_drift_adds(tokens, set) && written.size > 0 &&
        !lint_drift_takes_old(lint, trigger, body, on->name, written) &&
        !lint_names_is_kept(lint->view, written))
        LINT_DRIFT_WARN_TRIGGER(
            lint, name,
            "at each update of %s it adds to %.*s, and nothing takes away what the row was "
            "(OLD.): take that away first",
            on->name, (int)written.size, written.data);
}

// What a trigger of `on` copies from another mirrored table, whose row may come later or change.
static void lint_drift_trigger_looks_up(struct lint_drift *lint, const struct lint_drift_trigger *trigger,
                                        const char *name, const struct table *on) {
    const struct tokens *tokens = &trigger->tokens;
    const int body = tokens_next(tokens, trigger->event, "begin");
    const int into = tokens_next(tokens, body, "into");
    const struct span written =
        tokens_name(tokens, into < tokens->count ? into + 1 : tokens_next(tokens, body, "update") + 1);
    for (int i = body; i < tokens->count && written.size > 0; i++) {
        struct span table = lint_drift_looked_up(lint, tokens, i);
        if (table.size == 0 || lint_names_same(table, span_of(on->name)) ||
            lint_names_is_kept(lint->view, written) || lint_drift_follows(lint, table, written))
            continue;
        LINT_DRIFT_WARN_TRIGGER(
            lint, name,
            "no statement or trigger of the view follows %.*s: what %.*s has of it stays as it was, also where its row "
            "comes later. Join %.*s in the query",
            (int)table.size, table.data, (int)written.size, written.data, (int)table.size, table.data);
        return;
    }
}

static void lint_drift_triggers(struct lint_drift *lint) {
    CLEANUP(stmt_finalize) sqlite3_stmt *triggers = NULL;
    CLEANUP(free_any) struct lint_drift_trigger *trigger = calloc(1, sizeof *trigger);
    if (trigger == NULL ||
        stmt_prepare(lint->db, "select name, tbl_name, sql from sqlite_schema where type = 'trigger'",
                     lint->view->file, &triggers, NULL) != 0)
        return;
    while (stmt_row(triggers, lint->view->file, NULL) == 1) {
        const char *name = (const char *)sqlite3_column_text(triggers, 0);
        const char *table = (const char *)sqlite3_column_text(triggers, 1);
        const struct table *on = table != NULL ? catalog_table(lint->catalog, table, strlen(table)) : NULL;
        lint_drift_read_trigger(trigger, triggers, 2);
        if (on == NULL || name == NULL || tokens_is(&trigger->tokens, trigger->event, "delete"))
            continue;
        lint_drift_trigger_looks_up(lint, trigger, name, on);
        if (tokens_is(&trigger->tokens, trigger->event, "update"))
            lint_drift_trigger_adds(lint, trigger, name, on);
        if (!tokens_is(&trigger->tokens, trigger->event, "insert"))
            continue;
        int into = tokens_next(&trigger->tokens, trigger->event, "into");
        lint_drift_trigger_writes(lint, trigger, name, on, tokens_name(&trigger->tokens, into + 1));
    }
}

void lint_drift(struct catalog *catalog, struct sqlite3 *db, const struct view *view) {
    CLEANUP(free_any) struct lint_drift *lint = calloc(1, sizeof *lint);
    CLEANUP(free_any)
    struct lint_drift_statement *statements = calloc((size_t)view->apply_count + 1, sizeof *statements);
    if (lint == NULL || statements == NULL)
        return;
    lint->catalog = catalog;
    lint->db = db;
    lint->view = view;
    lint->statements = statements;
    tokens_read(&lint->schema, view->schema);
    for (int i = 0; i < view->apply_count; i++)
        lint_drift_read(&statements[i], &view->applies[i]);
    for (int i = 0; i < view->apply_count; i++) {
        if (lint_drift_is_sql_view(lint, statements[i].written))
            continue; // a trigger instead of it says what becomes of its rows
        lint_drift_rows(lint, &statements[i]);
        lint_drift_order(lint, i);
        lint_drift_history(lint, &statements[i]);
        lint_drift_lookups(lint, &statements[i]);
        lint_drift_replaces(lint, &statements[i]);
        lint_drift_ignored(lint, &statements[i]);
        lint_drift_log(lint, &statements[i]);
        lint_drift_contents(lint, &statements[i]);
    }
    lint_drift_foreign_keys(lint);
    lint_drift_trigger_contents(lint);
    lint_drift_triggers(lint);
    lint_halves(lint);
}
