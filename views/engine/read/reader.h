// The inside of a reader, shared by the files of this room: reader.c has the connection and the snapshot,
// query.c and table_query.c put questions, rows.c gives their rows.
#ifndef TIDEMARK_READ_READER_H
#define TIDEMARK_READ_READER_H

#include "views/engine/read/statement.h"
#include "views/engine/read/table_plan.h"
#include "views/engine/snapshots.h"
#include "views/engine/sqlite/wal_index.h"
#include "views/engine/store.h"

#include <time.h>

enum {
    READ_PROGRESS_STEPS = 500, // SQLite's virtual machine, between two looks at the clock
    // As an answer's; no message that is stored is longer.
    READER_VALUE_BYTES_MAX = 64 << 20,
};

struct rows {
    struct reader *reader;
    struct statement *statement;
    const char *what; // for messages
    int64_t limit;    // rows given at most
    int64_t given;
    int64_t passed_first;  // rows to be passed over before the first, for an offset cursor
    int64_t passed;        // of them: have been
    bool open;             // the statement has been bound and not reset
    bool more;             // a row beyond the limit exists
    bool pages;            // has cursors at all
    bool cursorless;       // nobody asks for the next page
    bool first_is_next;    // the cursor is the last row's first column
    const char *no_cursor; // why no cursor could be made, NULL = one was, or none was needed
    const struct table *table;
    const struct table_plan *plan;           // of a table, NULL = by equality, in the order of its key
    const struct parameter_rule *after_rule; // that the cursor is read back by; NULL = as it is written
    struct span after;                       // the cursor of a query that takes :after, as it was given
};

enum reader_statement {
    READER_VERSION,
    READER_SCHEMA_VERSION,
    READER_POSITION,
    READER_TRANSACTION,
    READER_OLDEST_TRANSACTION,
    READER_NEXT_OFFSET,
    READER_OFFSETS,
    READER_DISABLED,
    READER_IS_ASKED,
    READER_STATEMENTS,
};

struct reader {
    sqlite3 *db;
    char *path;
    char store_id[STORE_ID_SIZE];
    sqlite3_stmt *statements[READER_STATEMENTS];
    int past_tables; // of a reader of then: how many tables it shows
    bool immutable;  // the file is a copy that nobody writes, as long as `modified` is what it was
    struct timespec modified;
    bool begun;
    _Atomic bool interrupted;
    struct snapshots *snapshots; // that `holder` has joined
    struct snapshot_holder holder;
    struct wal_index index; // as it was before the snapshot began, where that may be kept
    bool begun_whole;       // with its position
    int deadline_ms;
    int64_t deadline_at_ms; // monotonic
    int64_t schema_version; // SQLite's own of a file that was made with the catalog
    int64_t data_version;   // SQLite's own of the snapshot that `position` was read in; -1 = none was
    struct position position;
    struct buffer offsets; // of the position above
    struct buffer filling;
    const struct catalog *catalog;
    char **
        disabled; // of the same snapshot, by the view's number in the catalog: why it is not kept, NULL = it is
    bool any_disabled;
    struct statement_cache cache;
    struct filter_functions functions;
    struct table_plan plan;
    struct rows rows;
    struct buffer cursor;
    struct buffer scratch;
    struct buffer topics;
    struct buffer message; // of the newest reader_quarantined
    struct applied_offset *applied;
    int applied_capacity;
};

// The words for what SQLite says now; ERROR_TIMEOUT when the deadline interrupted it.
int reader_error(struct reader *reader, const char *what, struct error *error);

// ERROR_DISABLED when the query shows a view that is not kept.
int reader_check_enabled(const struct reader *reader, const struct query *query, struct error *error);

// Resets their statement, so that no snapshot is held by it. Safe when they are closed already.
void rows_close(struct rows *rows);

#endif
