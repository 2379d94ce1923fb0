// The prepared statements that a reader keeps, and what is known of their columns. Belongs to one connection
// and its thread; the statement that was used longest ago goes when all places are taken.
#ifndef TIDEMARK_READ_STATEMENT_H
#define TIDEMARK_READ_STATEMENT_H

#include "views/base/buffer.h"
#include "views/engine/read.h"
#include "views/engine/sqlite/stmt.h"

enum { STATEMENT_EQUALS_MAX = 32 };

// What a statement asks: two equal keys are one statement.
struct statement_key {
    const void *subject;                   // the struct query, the struct table, or another fixed address
    uint16_t equals[STATEMENT_EQUALS_MAX]; // of a table: the columns that are compared, ascending
    int equal_count;
    bool keyset;      // of a table: begins after a key
    bool count;       // of a table: how many rows it has
    struct span text; // what else tells it from others: of a filter its SQL; data NULL = nothing
};

// How the integers and the texts of a result column are to be read (everything else tells by itself), where it stands in
// SQLite's row, what it is called, and where the text of its member ends.
struct column_form {
    enum cell_kind integers; // CELL_INTEGER, CELL_BIGINT, CELL_BOOLEAN or CELL_DECIMAL
    enum cell_kind texts;    // CELL_TEXT or CELL_JSON
    int scale;
    int place;
    size_t name; // in `names`
    size_t member_end;
};

// The result columns of a statement over a mirrored table: some of the table's, and then those that only its cursors need. Of
// a query (`table` is NULL) all but the engine's.
struct statement_columns {
    const struct table *table;
    const uint16_t *columns;  // the table's; NULL = all in order
    const struct span *names; // of the answer; NULL = the table's
    int count;
};

struct statement {
    sqlite3_stmt *stmt;
    struct statement_key key;
    uint64_t used;    // when, by the cache's count
    int column_count; // that are shown
    struct column_form *forms;
    struct buffer members; // `{"id":` and `,"name":` of all columns
    struct buffer names;   // each with a NUL
    struct buffer text;    // the key's
};

struct statement_cache {
    struct statement statements[READ_STATEMENTS_MAX];
    int count;
    uint64_t used;
};

void statement_cache_free(struct statement_cache *cache);
// NULL when it is not kept. Lives until the next statement_prepare.
struct statement *statement_find(struct statement_cache *cache, const struct statement_key *key);
// Prepares `sql` and keeps it under `key`, whose text is copied; `what` names it in messages. `columns`: what it shows of a
// table; NULL = what SQLite says of its result. NULL on error.
struct statement *statement_prepare(struct statement_cache *cache, sqlite3 *db,
                                    const struct statement_key *key, const char *sql, const char *what,
                                    const struct statement_columns *columns, struct error *error);

#endif
