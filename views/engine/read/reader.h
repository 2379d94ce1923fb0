// The inside of a reader, shared by read.c (connection, snapshot) and rows.c (questions and their rows) only.
#ifndef TIDEMARK_READ_READER_H
#define TIDEMARK_READ_READER_H

#include "views/base/buffer.h"
#include "views/engine/read.h"
#include "views/engine/sqlite/stmt.h"
#include "views/engine/store.h"

enum {
    READ_BUSY_MS = 5000, // only while a crashed writer's log is recovered: readers do not wait for a writer
    READ_PROGRESS_STEPS = 2000, // SQLite's virtual machine, between two looks at the clock
    READ_TABLE_EQUALS_MAX = 32,
};

// How the integers of a result column are to be read (everything else tells by itself), and where the text of
// its member ends.
struct column_form {
    enum cell_kind integers; // CELL_INTEGER, CELL_BOOLEAN or CELL_DECIMAL
    int scale;
    size_t member_end;
};

// A statement that is kept, and what it is the statement of.
struct kept {
    sqlite3_stmt *stmt;
    const void *subject;                   // struct query, struct table, or a name in rows.c
    uint8_t equals[READ_TABLE_EQUALS_MAX]; // of a table: the columns that are compared, ascending
    int equal_count;
    bool keyset; // of a table: begins after a key
    uint64_t used;
    int column_count;
    struct column_form *forms;
    struct buffer members; // `{"id":` and `,"name":` of all columns
};

struct rows {
    struct reader *reader;
    struct kept *kept;
    const char *what; // for messages
    int limit;        // rows given at most
    int given;
    int64_t passed;     // rows passed over before the first, for an offset cursor
    bool open;          // the statement has been bound and not reset
    bool more;          // a row beyond the limit exists
    bool pages;         // has cursors at all
    bool first_is_next; // the cursor is the last row's first column
    const struct table *table;
};

enum reader_statement {
    READER_VERSION,
    READER_POSITION,
    READER_TRANSACTION,
    READER_NEXT_OFFSET,
    READER_OFFSETS,
    READER_QUARANTINE_COUNT,
    READER_STATEMENTS,
};

struct reader {
    sqlite3 *db;
    char *path;
    char store_id[STORE_ID_SIZE];
    sqlite3_stmt *statements[READER_STATEMENTS];
    bool begun;
    _Atomic bool interrupted;
    int deadline_ms;
    int64_t deadline_at_ms; // monotonic
    int64_t data_version;   // SQLite's own of the snapshot that `position` was read in; -1 = none was
    struct position position;
    struct buffer offsets; // of the position above
    struct kept kept[READ_STATEMENTS_MAX];
    int kept_count;
    uint64_t used;
    struct rows rows;
    struct buffer cursor;
    struct buffer scratch;
    struct buffer topics;
    struct applied_offset *applied;
    int applied_capacity;
};

// The words for what SQLite says now; ERROR_TIMEOUT when the deadline interrupted it.
int reader_error(struct reader *reader, const char *what, struct error *error);

// Closes the rows that are open, if any.
void rows_close(struct rows *rows);

#endif
