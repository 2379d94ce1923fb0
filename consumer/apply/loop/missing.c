#include "consumer/apply/loop/missing.h"

#include <stdlib.h>

struct missing_column {
    int64_t times; // since the newest report
    bool is;       // the newest row lacked it
    bool was_reported;
    enum { MISSING_NO_NULL, MISSING_NULL, MISSING_NULL_TOLD } null; // where it cannot be
};

struct missing_table {
    const struct table *table;
    struct missing_column *columns; // NULL = none was ever missing
};

void missing_init(struct missing *missing, int table_count) {
    *missing = (struct missing){.table_count = table_count};
}

void missing_free(struct missing *missing) {
    for (int i = 0; missing->tables != NULL && i < missing->table_count; i++)
        free(missing->tables[i].columns);
    free(missing->tables);
    *missing = (struct missing){0};
}

static bool missing_lacks(const struct change *change, int column) {
    return change->values[column].kind == VALUE_ABSENT && change->table->columns[column].generated == NULL;
}

// A row that was written before its column was added, with a default that is none any more.
static bool missing_makes_null(const struct change *change, int column) {
    return change->op != CHANGE_UPDATE && change->table->columns[column].not_null &&
           change->table->columns[column].fallback.kind == VALUE_ABSENT;
}

// NULL = nothing of the table is missing, or memory is out.
static struct missing_column *missing_columns(struct missing *missing, const struct change *change) {
    bool lacks = false;
    for (int i = 0; i < change->table->column_count; i++)
        lacks |= missing_lacks(change, i);
    if (missing->tables == NULL && lacks)
        missing->tables = calloc((size_t)missing->table_count, sizeof *missing->tables);
    if (missing->tables == NULL)
        return NULL;
    struct missing_table *table = &missing->tables[change->table->index];
    if (table->columns == NULL && lacks) {
        table->table = change->table;
        table->columns = calloc((size_t)change->table->column_count, sizeof *table->columns);
    }
    return table->columns;
}

void missing_note_row(struct missing *missing, const struct change *change) {
    struct missing_column *columns = missing_columns(missing, change);
    for (int i = 0; columns != NULL && i < change->table->column_count; i++) {
        columns[i].is = missing_lacks(change, i);
        columns[i].times += columns[i].is;
        if (columns[i].is && columns[i].null == MISSING_NO_NULL && missing_makes_null(change, i))
            columns[i].null = MISSING_NULL;
        missing->reports |= columns[i].is || columns[i].was_reported;
    }
}

static void missing_warn(const char *table, struct missing_column *column, const char *name,
                         struct warnings *warnings) {
    if (column->null != MISSING_NULL)
        return;
    column->null = MISSING_NULL_TOLD;
    warnings_add(
        warnings,
        "table %s: rows come without %s, which source.sql declares not null, and are NULL there until an event or a "
        "snapshot names them (an incremental one does). Where it was added at the source later, declare it with "
        "the default that it was added with; where it was dropped there, drop it",
        table, name);
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
            missing_warn(table->table->name, column, name, warnings);
            if (column->times > 0)
                progress_missing(progress, table->table->name, name, (int)strlen(name), column->times);
            if (!column->is && (column->was_reported || column->times > 0))
                progress_column_seen(progress, table->table->name, name, (int)strlen(name));
            column->was_reported = column->is;
            column->times = 0;
        }
    }
}
