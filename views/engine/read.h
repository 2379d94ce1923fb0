// Reading: one read-only connection a thread, short snapshots, prepared statements kept. Includes no SQLite
// type. A reader belongs to one thread at a time. Rows and position of one snapshot agree: reader_begin ..
// reader_end. No statement is left open past reader_end but a snapshot that may be kept, so the writer's checkpoints are
// never held up by an answer's body.
#ifndef TIDEMARK_READ_H
#define TIDEMARK_READ_H

#include "views/base/bounds.h"
#include "views/base/error.h"
#include "views/base/span.h"
#include "views/engine/catalog.h"

struct reader;

#define READ_LIMIT_ALL (INT64_MAX - 1) // rows, of those who ask for all
struct snapshots;                      // snapshots.h

enum {
    READ_LIMIT_DEFAULT = 100,
    READ_LIMIT_MAX = 1000,
    READ_OFFSET_MAX = INT32_MAX, // rows of a table passed over
    READ_DEADLINE_MS = 10000,    // a statement that runs longer is interrupted: ERROR_TIMEOUT
    READ_PARAMETERS_MAX = 64,    // of a question, and that a query may name
    READ_CURSOR_SIZE_MAX = 4096,
    READ_QUARANTINED_MAX = 100,
    READ_STATEMENTS_MAX = BOUND(256, 2), // prepared statements that a reader keeps; the oldest goes
};

// Opens `path` read-only and checks that it is ours, of this format, and was written with this source.sql and these views.
int reader_open(struct reader **ret, const char *path, const struct catalog *catalog, struct error *error);
void reader_free(struct reader **reader);
// Instead of READ_DEADLINE_MS, for what comes after the next reader_begin.
void reader_set_deadline(struct reader *reader, int ms);

// Its snapshots are among those that may be asked to end (ERROR_TIMEOUT), oldest first, when the write-ahead log is at
// its bound. Once; `snapshots` outlives the reader.
void reader_join(struct reader *reader, struct snapshots *snapshots);

// From now on reader_end leaves the snapshot for the next reader_begin, which takes it when nothing was committed since,
// by whomever. Others end it meanwhile (snapshots.h). After reader_join, once; not for a file that stands still.
void reader_keep_snapshots(struct reader *reader);

// From now on statements that run for long fail with ERROR_TIMEOUT, the one that runs now too, until reader_allow. These
// are the two calls that another thread may make.
void reader_interrupt(struct reader *reader);
void reader_allow(struct reader *reader);

// Where a snapshot stands, as the writer left it in the commit that the snapshot shows.
struct position {
    int64_t version;       // grows with each commit
    int64_t lsn;           // commit LSN, -1 = null
    int64_t txid;          // newest source transaction shown whole, -1 = none
    bool transactional;    // consistency
    int64_t applied_total; // sum of next offsets, for the lag
    int64_t quarantined;   // messages that could not be applied and whose rows may be wrong for it
    // JSON object {"topic":[next offset per partition, null = none]}; lives until the next reader_begin
    struct span offsets;
    // What a changed source.sql left to be filled from the log, as "orders.note, points": those columns are null until
    // then, those tables lack rows; data NULL = nothing. Lives until the next reader_begin.
    struct span filling;
    const char *store_id; // hex, as long as the reader; with `version`, `lsn` and `offsets` it makes the ETag
};

// The snapshot's age counts from here: the deadline is for all that is asked of it. ERROR_HALT: another process has made
// the file anew with another source.sql or other views, so this reader knows no more what its rows mean.
int reader_begin(struct reader *reader, struct position *ret, struct error *error);
void reader_end(struct reader *reader); // safe to call twice

enum cell_kind {
    CELL_NULL,
    CELL_INTEGER,
    CELL_BIGINT, // an integer whose column may have some that no double has
    CELL_REAL,
    CELL_TEXT,
    CELL_JSON, // a text of a column whose texts are JSON: unless it says otherwise when it is looked at
    CELL_BLOB,
    CELL_BOOLEAN,
    CELL_DECIMAL,
};

struct cell {
    enum cell_kind kind;
    int scale;       // CELL_DECIMAL: integer is a count of 10^-scale
    int64_t integer; // also CELL_BOOLEAN, 0 or 1
    double real;
    struct span bytes; // lives until the next rows_next
};

struct parameter {
    struct span name;
    struct span value; // text as it came
    bool is_column;    // of a table: the name is a column's, also where it could be or, and, not.or, not.and
};

// What the file remembers of tables whose older rows may be missing (store_set_incomplete). No reader is needed.
int read_incomplete(const char *path, void (*visit)(void *self, const char *table, const char *reason),
                    void *self, struct error *error);

struct rows; // of a reader, at most one open at a time

// A query of a view. A value binds as INTEGER or REAL when it is written the way SQLite would write that
// number ("42", "-1.5", but not "007" or "1.50", which only text can be), else as TEXT. Parameters that are
// not given are NULL. `after` is the cursor that rows_cursor gave; data NULL = from the start. A query that
// binds :limit and not :after has no pages.
// Errors: ERROR_NOTFOUND for an unknown parameter, naming those that exist; ERROR_USAGE for a cursor that does
// not fit and for a value that the parameter's type cannot be; ERROR_DISABLED where a view that it shows is not kept.
int reader_query(struct reader *reader, const struct query *query, const struct parameter *parameters,
                 int count, int64_t limit, struct span after, struct rows **ret, struct error *error);
// The columns that a query gives, in order: what each is called, and what SQLite says of its declaration, NULL of an
// expression. Names twice are given twice.
int reader_query_columns(struct reader *reader, const struct query *query,
                         void (*visit)(void *self, const char *name, const char *declared), void *self,
                         struct error *error);
// What is asked of a mirrored table, in PostgREST's dialect: README.md of http/ has it whole, filter/filter.h the filters'
// grammar. A value is written as the answers show it: "42.00" of a DECIMAL; times as ISO 8601 has them.
struct table_question {
    const struct parameter
        *filters; // column=value, column=OP.value, or=(..), and=(..), not.or=(..), not.and=(..)
    int filter_count;
    struct span select; // columns and what they are called, data NULL = all
    struct span order;  // data NULL = by the key
    int64_t limit;
    // Only rows for which a message waits in quarantine (they may be older than the rest), or only the others.
    enum table_quarantined { QUARANTINED_ANY, QUARANTINED_ONLY, QUARANTINED_NOT } quarantined;
    int offset; // rows passed over before the first, 0 to READ_OFFSET_MAX
    // data NULL = from the start. A cursor of one order is none of another; with an offset there is none.
    struct span after;
};
// Errors: ERROR_NOTFOUND for a column that the table has not, naming those that it has; ERROR_USAGE for a filter, a
// selection, an order or a cursor that is none, and for a value that the column's type cannot be. ERROR_TIMEOUT, here and
// from rows_next, names the index that would have served where one could.
int reader_table(struct reader *reader, const struct table *table, const struct table_question *question,
                 struct rows **ret, struct error *error);
// How many rows its filters let through, within a snapshot and before rows are open. Errors as above.
int reader_count_filtered(struct reader *reader, const struct table *table,
                          const struct table_question *question, int64_t *ret, struct error *error);
// What could not be applied, newest first: id, topic, partition, offset, key, reason, time, state, table, row_key.
// `state`: waiting, superseded, applied, discarded or all; data NULL = what waits. ERROR_USAGE for another.
int reader_quarantine(struct reader *reader, struct span state, int limit, struct span after,
                      struct rows **ret, struct error *error);

// One of them, whole. Borrowed until the next call or reader_end; data NULL = null.
struct quarantined {
    int64_t id;
    struct span state;
    struct span topic;
    int64_t partition;
    int64_t offset;
    struct span reason;
    struct span time;
    struct span table;   // the declared table of its row, if it is known
    struct span row_key; // the row's key, a JSON array, if it could be read
    int64_t lsn;         // -1 = not known
    bool overtaken;      // a later change of the row was applied, and lacked a value that this one may have
    struct span settled; // time, if it does not wait
    struct span note;    // why it was discarded, for example
    struct span key;     // bytes, as they came
    struct span value;
    bool value_dropped; // to keep the quarantine's bound
};
// Up to READ_QUARANTINED_MAX messages that wait for rows of this table; row_key: as in answers, data NULL = which row is not known.
int reader_quarantined_of(struct reader *reader, const struct table *table,
                          void (*visit)(void *self, int64_t id, struct span row_key), void *self,
                          struct error *error);
// ERROR_NOTFOUND: there is none.
int reader_quarantined(struct reader *reader, int64_t id, struct quarantined *ret, struct error *error);

// Whether something is asked of this message, or of any with 0, that is not done yet (ask.h). Within a snapshot.
int reader_is_asked(struct reader *reader, int64_t id, bool *ret, struct error *error);

int rows_column_count(const struct rows *rows);
const char *rows_column_name(const struct rows *rows, int column); // lives as long as the rows
// The column of the table that this one shows, under whatever name; -1 of a query of a view.
int rows_table_column(const struct rows *rows, int column);
// What stands before the column's value in a JSON object of the whole row: `{"id":`, `,"name":`.
struct span rows_member(const struct rows *rows, int column); // lives as long as the rows
// 1 = a row, 0 = the end (or the limit), -1 = error. At the end the statement is closed at once. ERROR_INPUT:
// another page follows and no cursor can say where it begins (the first column of a query that names :after is
// NULL, or the same in the page's last row and the one behind, or a key is longer than READ_CURSOR_SIZE_MAX).
int rows_next(struct rows *rows, struct error *error);
void rows_cell(const struct rows *rows, int column, struct cell *ret);
// After the end: the cursor of the next page, or data NULL when there is none. Printable ASCII without a space,
// whatever the column holds. Lives until reader_end.
struct span rows_cursor(const struct rows *rows);
// Before the first row, by who takes no next page: none needs a place to begin, and rows_cursor has none.
void rows_without_cursor(struct rows *rows);
// After the end: whether there are more than the limit.
bool rows_have_more(const struct rows *rows);

// Why the view of this number in the catalog is not kept (--on-view-error disable), within a snapshot; NULL = it is.
const char *reader_disabled(const struct reader *reader, int view);

// Calls `visit` for each table of the file that the rows' statement reads, whatever views are between; a table may come
// more than once.
int rows_tables(const struct rows *rows, void (*visit)(void *self, const char *table), void *self,
                struct error *error);

// A reader of the file as it was at an older version, as far as the feeds (store/feed.h) know it: every question that
// reads nothing but tables that have one is answered by the rows of then, any other fails. NULL in *ret when the file
// knows nothing of that version.
int reader_open_past(struct reader **ret, const char *path, const struct catalog *catalog, int64_t version,
                     struct error *error);
// Within a snapshot of such a reader, before the question: whether that version is still known, and was the position of
// that hash (hash_position). The snapshot's own position is the newest one.
int reader_knows_past(struct reader *reader, int64_t version, uint64_t hash, bool *ret, struct error *error);

// Rows of a table, within a snapshot. ERROR_TIMEOUT past the deadline.
int reader_count_rows(struct reader *reader, const struct table *table, int64_t *ret, struct error *error);

// For those who wait, within a snapshot: whether the source transaction with this txid (its low 32 bits) is
// among the recent ones that are shown whole; and the next offset of one partition, -1 = none was applied.
int reader_shows_transaction(struct reader *reader, int64_t txid, bool *ret, struct error *error);
int reader_next_offset(struct reader *reader, struct span topic, int32_t partition, int64_t *ret,
                       struct error *error);
// The least txid (its low 32 bits) that is remembered, -1 = none is: whether an older one is shown is not known.
int reader_oldest_transaction(struct reader *reader, int64_t *ret, struct error *error);

// The snapshot's next offsets, in (topic, partition) order. All of it lives until the next call
// or reader_end.
struct applied_offset {
    struct span topic;
    int32_t partition;
    int64_t next_offset;
};
int reader_offsets(struct reader *reader, const struct applied_offset **ret, int *ret_count,
                   struct error *error);

#endif
