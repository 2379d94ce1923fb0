#include "consumer/apply/loop/missing.h"

#include <stdlib.h>

struct missing_column {
    int64_t times; // since the newest report
    bool is;       // the newest row lacked it
    bool was_reported;
    int64_t had_lsn;    // the lowest of a row that had it, INT64_MAX = none is known
    int64_t lacked_lsn; // the highest of a change that lacked it, 0 = none
    enum { MISSING_NOT_BACK, MISSING_BACK, MISSING_BACK_TOLD } back; // a later change had it again
    enum {
        MISSING_NOT_MADE,
        MISSING_MADE,
        MISSING_MADE_TOLD
    } made; // a row without it, and what it has there is a guess
};

struct missing_table {
    const struct table *table;
    struct missing_column *columns; // NULL = none was ever missing
};

void missing_init(struct missing *missing, int table_count) {
    *missing = (struct missing){.table_count = table_count};
    missing->whole_ms = calloc((size_t)table_count + 1, sizeof *missing->whole_ms);
}

void missing_free(struct missing *missing) {
    for (int i = 0; missing->tables != NULL && i < missing->table_count; i++)
        free(missing->tables[i].columns);
    free(missing->tables);
    free(missing->whole_ms);
    *missing = (struct missing){0};
}

static bool missing_lacks(const struct change *change, int column) {
    return change->values[column].kind == VALUE_ABSENT && change->table->columns[column].generated == NULL;
}

// `whole_ms`: of a row before this one that had all columns, 0 = none came.
static struct missing_column *missing_begin(struct missing_table *table, const struct change *change,
                                            int64_t whole_ms) {
    table->table = change->table;
    table->columns = calloc((size_t)change->table->column_count, sizeof *table->columns);
    bool had = whole_ms > 0 && whole_ms < change->ts_ms;
    for (int i = 0; table->columns != NULL && i < change->table->column_count; i++)
        table->columns[i].had_lsn = had ? 0 : INT64_MAX;
    return table->columns;
}

// NULL = nothing of the table is missing, or memory is out.
static struct missing_column *missing_columns(struct missing *missing, const struct change *change) {
    bool lacks = false;
    const int looked_at =
        change->packed.row == NULL ? change->table->column_count : 0; // a packed row lacks none
    for (int i = 0; i < looked_at; i++)
        lacks |= missing_lacks(change, i);
    if (missing->tables == NULL && lacks)
        missing->tables = calloc((size_t)missing->table_count, sizeof *missing->tables);
    if (missing->tables == NULL)
        return NULL;
    struct missing_table *table = &missing->tables[change->table->index];
    if (table->columns == NULL && !lacks)
        missing_note_whole(missing, change);
    else if (table->columns == NULL)
        return missing_begin(table, change,
                             missing->whole_ms != NULL ? missing->whole_ms[change->table->index] : 0);
    return table->columns;
}

// Whether the source had it, had it not, and has it again. Partitions are read in turns, so that positions tell it.
static void missing_note_back(struct missing_column *column, const struct change *change) {
    if (change->lsn == LSN_NONE)
        return;
    if (!column->is && change->lsn < column->had_lsn)
        column->had_lsn = change->lsn;
    if (change->op == CHANGE_READ) // a snapshot's rows also have what is not streamed
        return;
    if (column->is && change->lsn > column->lacked_lsn)
        column->lacked_lsn = change->lsn;
    else if (!column->is && column->back == MISSING_NOT_BACK && column->had_lsn < column->lacked_lsn &&
             column->lacked_lsn < change->lsn)
        column->back = MISSING_BACK;
}

void missing_note_row(struct missing *missing, const struct change *change, bool made) {
    struct missing_column *columns = missing_columns(missing, change);
    for (int i = 0; columns != NULL && i < change->table->column_count; i++) {
        columns[i].is = missing_lacks(change, i);
        columns[i].times += columns[i].is;
        missing_note_back(&columns[i], change);
        // A row that was written before its column was added.
        if (columns[i].made == MISSING_NOT_MADE && (made || change->op != CHANGE_UPDATE) &&
            change_guesses(change, i))
            columns[i].made = MISSING_MADE;
        missing->reports |= columns[i].is || columns[i].was_reported || columns[i].back == MISSING_BACK;
    }
}

static void missing_warn(const struct table *table, int number, struct missing_column *column,
                         struct warnings *warnings) {
    const struct column *declared = &table->columns[number];
    if (column->made != MISSING_MADE)
        return;
    column->made = MISSING_MADE_TOLD;
    warnings_add(
        warnings,
        !column_has_default(declared)
            ? "table %s: rows come without %s, which source.sql declares not null, and are NULL there until an event or "
              "a snapshot names them (an incremental one does). Where it was added at the source later, declare it "
              "with the default that it was added with; where it was dropped there, drop it"
            : "table %s: rows come without %s, and have the default that source.sql declares: where that is not what it "
              "was added with at the source, they are wrong there until an event or a snapshot names them (an "
              "incremental one does)",
        table->name, declared->name);
}

static void missing_warn_back(const struct table *table, int number, struct missing_column *column,
                              struct warnings *warnings) {
    if (column->back != MISSING_BACK)
        return;
    column->back = MISSING_BACK_TOLD;
    warnings_add(
        warnings,
        "table %s: rows came without %s, and have it again: those that were changed without it keep what they had, and "
        "where it was dropped at the source and added anew, so do all that no event names since. A snapshot (an "
        "incremental one does) puts them right",
        table->name, table->columns[number].name);
}

void missing_report(struct missing *missing, struct progress *progress, struct warnings *warnings) {
    if (!missing->reports)
        return;
    missing->reports = false;
    for (int t = 0; t < missing->table_count; t++) {
        const struct missing_table *table = &missing->tables[t];
        for (int i = 0; table->columns != NULL && i < table->table->column_count; i++) {
            struct missing_column *column = &table->columns[i];
            const char *name = table->table->columns[i].name;
            missing_warn(table->table, i, column, warnings);
            missing_warn_back(table->table, i, column, warnings);
            if (column->times > 0)
                progress_missing(progress, table->table->name, name, (int)strlen(name), column->times);
            if (!column->is && (column->was_reported || column->times > 0))
                progress_column_seen(progress, table->table->name, name, (int)strlen(name));
            column->was_reported = column->is;
            column->times = 0;
        }
    }
}
