// Columns that source.sql declares and events lack: a column that was dropped at the source or is left out by the
// connector, a type that it does not send. How many rows lacked each since it was reported. Computed columns are
// nobody's to send. One thread.
#ifndef TIDEMARK_APPLY_LOOP_MISSING_H
#define TIDEMARK_APPLY_LOOP_MISSING_H

#include "consumer/apply/loop/warnings.h"
#include "views/engine/change.h"
#include "views/engine/progress.h"

// The rows of one table that come in one topic.
struct missing_rows {
    const struct table *table;
    int64_t whole_ms;               // the newest source time of a row that lacked nothing
    struct missing_lacked *columns; // NULL = none was ever missing
    struct missing_rows *next;      // of the same topic
};

struct missing {
    struct missing_table *tables; // by the table's number, made with the first that lacks anything
    int table_count;
    struct missing_rows **topics; // by topic
    int topic_count;
    bool reports; // something was noted since the last report
};

// `table_count`: of the catalog. Nothing to fail: where memory is out the next row is counted.
void missing_init(struct missing *missing, int table_count);
void missing_free(struct missing *missing);
// What missing_note does where a row lacks a column, or its table's rows did.
void missing_note_row(struct missing *missing, int topic, const struct change *change, bool made);
// The rows of a table and topic that are not the first in the list; NULL = memory is out.
struct missing_rows *missing_find_rows(struct missing *missing, int topic, const struct table *table);
// To the page and /v1/status: what was counted since the last time, and what is there again. Warns once of a column where a
// row was made without it, and has its default of now, or is null where that cannot be; and once where changes lacked it and
// later ones of the same topic have it again.
void missing_report(struct missing *missing, struct progress *progress, struct warnings *warnings);

static inline struct missing_rows *missing_rows_of(struct missing *missing, int topic,
                                                   const struct table *table) {
    struct missing_rows *first = topic < missing->topic_count ? missing->topics[topic] : NULL;
    return first != NULL && first->table == table ? first : missing_find_rows(missing, topic, table);
}

static inline void missing_note_whole(struct missing *missing, int topic, const struct change *change) {
    struct missing_rows *rows = missing_rows_of(missing, topic, change->table);
    if (rows != NULL && rows->whole_ms < change->ts_ms)
        rows->whole_ms = change->ts_ms;
}

// A row that was applied. `topic`: a number of its own for each. `lacked` and `made`: store_lacked() and store_made() of it.
static inline void missing_note(struct missing *missing, int topic, const struct change *change, bool lacked,
                                bool made) {
    if (!change_is_row(change))
        return;
    if (lacked || missing->tables != NULL)
        missing_note_row(missing, topic, change, made);
    else
        missing_note_whole(missing, topic, change);
}

#endif
