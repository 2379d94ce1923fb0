#include "consumer/apply/loop/missing.h"

#include <stdlib.h>

// Topics of one table may differ: another source's lacks what this one's has.
struct missing_lacked {
    bool is;            // the newest row lacked it
    int64_t had_lsn;    // the lowest of a row that had it, INT64_MAX = none is known
    int64_t lacked_lsn; // the highest of a change that lacked it, 0 = none
};

struct missing_column {
    int64_t times; // since the newest report
    int lacking;   // topics whose newest row lacked it
    bool was_reported;
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
}

static void missing_free_rows(struct missing_rows *rows) {
    while (rows != NULL) {
        struct missing_rows *next = rows->next;
        free(rows->columns);
        free(rows);
        rows = next;
    }
}

void missing_free(struct missing *missing) {
    for (int i = 0; missing->tables != NULL && i < missing->table_count; i++)
        free(missing->tables[i].columns);
    for (int i = 0; i < missing->topic_count; i++)
        missing_free_rows(missing->topics[i]);
    free(missing->tables);
    free(missing->topics);
    *missing = (struct missing){0};
}

static bool missing_grow_topics(struct missing *missing, int count) {
    if (count <= missing->topic_count)
        return true;
    struct missing_rows **grown = realloc(missing->topics, (size_t)count * sizeof *grown);
    if (grown == NULL)
        return false;
    for (int i = missing->topic_count; i < count; i++)
        grown[i] = NULL;
    missing->topics = grown;
    missing->topic_count = count;
    return true;
}

// It is the first from then on: rows of one table come one after another.
struct missing_rows *missing_find_rows(struct missing *missing, int topic, const struct table *table) {
    if (!missing_grow_topics(missing, topic + 1))
        return NULL;
    struct missing_rows **first = &missing->topics[topic];
    struct missing_rows **link = first;
    while (*link != NULL && (*link)->table != table)
        link = &(*link)->next;
    struct missing_rows *rows = *link;
    if (rows != NULL)
        *link = rows->next;
    else if ((rows = calloc(1, sizeof *rows)) == NULL)
        return NULL;
    rows->table = table;
    rows->next = *first;
    *first = rows;
    return rows;
}

static bool missing_lacks(const struct change *change, int column) {
    return change->values[column].kind == VALUE_ABSENT && change->table->columns[column].generated == NULL;
}

static bool missing_lacks_any(const struct change *change) {
    bool lacks = false;
    const int looked_at =
        change->packed.row == NULL ? change->table->column_count : 0; // a packed row lacks none
    for (int i = 0; i < looked_at; i++)
        lacks |= missing_lacks(change, i);
    return lacks;
}

// A row of before this one that had all columns, of the same topic, had each.
static bool missing_begin_rows(struct missing_rows *rows, const struct change *change) {
    if (rows->columns != NULL)
        return true;
    rows->columns = calloc((size_t)change->table->column_count, sizeof *rows->columns);
    bool had = rows->whole_ms > 0 && rows->whole_ms < change->ts_ms;
    for (int i = 0; rows->columns != NULL && i < change->table->column_count; i++)
        rows->columns[i].had_lsn = had ? 0 : INT64_MAX;
    return rows->columns != NULL;
}

// NULL = memory is out.
static struct missing_column *missing_begin_table(struct missing *missing, const struct table *table) {
    if (missing->tables == NULL)
        missing->tables = calloc((size_t)missing->table_count, sizeof *missing->tables);
    if (missing->tables == NULL)
        return NULL;
    struct missing_table *found = &missing->tables[table->index];
    found->table = table;
    if (found->columns == NULL)
        found->columns = calloc((size_t)table->column_count, sizeof *found->columns);
    return found->columns;
}

// Whether the source had it, had it not, and has it again. Partitions are read in turns, so that positions tell it.
static void missing_note_back(struct missing_column *column, struct missing_lacked *lacked,
                              const struct change *change) {
    if (change->lsn == LSN_NONE)
        return;
    if (!lacked->is && change->lsn < lacked->had_lsn)
        lacked->had_lsn = change->lsn;
    if (change->op == CHANGE_READ) // a snapshot's rows also have what is not streamed
        return;
    if (lacked->is && change->lsn > lacked->lacked_lsn)
        lacked->lacked_lsn = change->lsn;
    else if (!lacked->is && column->back == MISSING_NOT_BACK && lacked->had_lsn < lacked->lacked_lsn &&
             lacked->lacked_lsn < change->lsn)
        column->back = MISSING_BACK;
}

void missing_note_row(struct missing *missing, int topic, const struct change *change, bool made) {
    struct missing_rows *rows = missing_rows_of(missing, topic, change->table);
    if (rows == NULL)
        return;
    if (rows->columns == NULL && !missing_lacks_any(change)) {
        missing_note_whole(missing, topic, change);
        return;
    }
    struct missing_column *columns = missing_begin_table(missing, change->table);
    if (columns == NULL || !missing_begin_rows(rows, change))
        return;
    for (int i = 0; i < change->table->column_count; i++) {
        struct missing_column *column = &columns[i];
        struct missing_lacked *lacked = &rows->columns[i];
        bool was = lacked->is;
        lacked->is = missing_lacks(change, i);
        column->lacking += lacked->is - was;
        column->times += lacked->is;
        missing_note_back(column, lacked, change);
        // A row that was written before its column was added.
        if (column->made == MISSING_NOT_MADE && (made || change->op != CHANGE_UPDATE) &&
            change_guesses(change, i))
            column->made = MISSING_MADE;
        missing->reports |= lacked->is || column->was_reported || column->back == MISSING_BACK;
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
        declared->source_default
            ? "table %s: rows come without %s, whose default is the source's to compute: they are NULL there, where the "
              "source's have what it was added with, until an event or a snapshot names them (an incremental one does). "
              "Where it was dropped at the source, drop it"
        : !column_has_default(declared)
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
            if (column->lacking == 0 && (column->was_reported || column->times > 0))
                progress_column_seen(progress, table->table->name, name, (int)strlen(name));
            column->was_reported = column->lacking > 0;
            column->times = 0;
        }
    }
}
