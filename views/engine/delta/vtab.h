// What the virtual tables of delta.h have in common: what they show, how they are declared and registered,
// which columns a statement uses. Used by net_changes.c, sums.c, as_of.c and by delta.c, which registers
// them; one connection's thread.
#ifndef TIDEMARK_DELTA_VTAB_H
#define TIDEMARK_DELTA_VTAB_H

#include "views/engine/delta/batch.h"
#include "views/engine/sqlite/sqlite_value.h"
#include "views/engine/sqlite/stmt.h"

struct delta_vtab_type;
struct exact_sums;

// What a connection's virtual tables show. All zero: they are empty.
struct delta_input {
    struct delta_use *uses;   // by table number: where it is noted what statements use, NULL = nowhere
    struct delta_list *lists; // by table number, NULL = none
    struct row_cache *caches; // by table number: the file's rows that were looked up
    struct exact_sums *exact; // of the running statement; there when `lists` or `fill` is
    const int *from;          // by table number: the first step that the running statement has not seen
    const uint64_t *compared; // by table number: columns that tell net changes (net_changes_bit)
    // By table number, set while a statement is prepared, NULL = nowhere:
    bool *named;       // it names _delta_T, _changes_T or _sums_T
    bool *netted;      // it names _delta_T or _sums_T
    bool *past;        // it names _at_T
    uint64_t *columns; // of _delta_T, _changes_T or _sums_T that it names (net_changes_bit)
    bool fill;         // show every row of the mirror, as a snapshot's
};

struct delta_vtab {
    struct sqlite3_vtab base; // of the one table that the module has
    sqlite3 *db;
    const struct delta_vtab_type *type;
    const struct table *table;
    struct delta_input *input; // the connection owner's; NULL when registered: `own`
    struct delta_input own;
    const void *rows; // what a module shows that is not in `input`: of its own type
};

// Begins every cursor. A new one is all zero.
struct delta_cursor {
    struct sqlite3_vtab_cursor base;
    int64_t at; // the row that it stands on, which is its rowid
};

// What each kind of table has to say.
struct delta_vtab_type {
    const char *name; // with %s for the mirrored table's
    int kind;         // for the module's own use
    size_t cursor_size;
    void (*declare)(sqlite3_str *sql, const struct delta_vtab *module); // its columns
    void (*clear)(struct delta_cursor *cursor); // frees what it holds, not itself; it may be used again
    sqlite3_module methods;
};

// Read-only tables that are there by their module's name alone: no xCreate.
#define DELTA_VTAB_METHODS(best_index, filter, next, eof, column)                                            \
    {                                                                                                        \
        .xConnect = delta_vtab_connect, .xBestIndex = (best_index), .xDisconnect = delta_vtab_disconnect,    \
        .xOpen = delta_vtab_open, .xClose = delta_vtab_close, .xFilter = (filter), .xNext = (next),          \
        .xEof = (eof), .xColumn = (column), .xRowid = delta_vtab_rowid                                       \
    }
int delta_vtab_connect(sqlite3 *db, void *aux, int count, const char *const *arguments, sqlite3_vtab **ret,
                       char **ret_message);
int delta_vtab_disconnect(sqlite3_vtab *table);
int delta_vtab_open(sqlite3_vtab *table, sqlite3_vtab_cursor **ret);
int delta_vtab_close(sqlite3_vtab_cursor *cursor);
int delta_vtab_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret);

// `module`: its table, and `input` or `own`; copied. `type` outlives the connection.
int delta_vtab_register(sqlite3 *db, const struct delta_vtab_type *type, const struct delta_vtab *module,
                        struct error *error);
// `"a" TYPE,"b" TYPE...` of the mirrored table, each name with the prefix.
void delta_vtab_columns(sqlite3_str *sql, const struct table *table, const char *prefix);
// Ends an xBestIndex: `plan` (of sqlite3_mprintf) becomes idxStr. SQLITE_NOMEM when it is NULL.
int delta_vtab_plan(sqlite3_index_info *info, char *plan, int cost, int rows);
// Whether SQLite's mask of used columns has the virtual table's column: its last bit stands for all from
// there on.
bool delta_vtab_uses(uint64_t mask, int column);
uint64_t delta_vtab_bit(int column);

#endif
