// Views and their queries, and the catalog that holds them beside the mirrored tables: plain types that every room
// of the engine knows. Made by the catalog's loader, filled in by its check, never changed again.
#ifndef TIDEMARK_VIEW_H
#define TIDEMARK_VIEW_H

#include "views/engine/table.h"

#include <stdbool.h>

// What a parameter must be written as: `-- tidemark: NAME is TYPE` in its query's file.
enum parameter_type {
    PARAMETER_ANY,
    PARAMETER_TEXT,
    PARAMETER_INTEGER,
    PARAMETER_NUMBER,
    PARAMETER_DECIMAL, // bound as the count that a DECIMAL column of this scale holds
    PARAMETER_DATE,
    PARAMETER_TIMESTAMP,   // bound as the mirror writes it
    PARAMETER_TIMESTAMPTZ, // the same, in UTC
    PARAMETER_BOOLEAN,     // bound as 0 or 1
    PARAMETER_UUID,
    PARAMETER_TYPES,
};

// With `required` behind the type, a question that does not give it is refused.
struct parameter_rule {
    enum parameter_type type;
    int precision; // DECIMAL
    int scale;     // DECIMAL
    bool required;
};

struct query {
    char *view;
    char *name;
    char *file; // for messages: "warehouse/query.stock.sql"
    char *sql;
    // What catalog_check found in the SQL; until then there are none.
    char **parameters;            // names without the colon, in order of appearance, without limit and after
    struct parameter_rule *rules; // as many
    int parameter_count;
    struct parameter_rule after_rule;
    bool *reads; // by the number of the view in the catalog: it reads tables of these; NULL = not looked at
    bool asks_time;   // its answer is another later, though no row has changed
    bool names_limit; // the SQL binds :limit itself
    bool names_after; // the SQL binds :after: the cursor is the last row's first column
    bool
        names_engine_columns; // it, its view's schema, or that of a view that it reads, says _lsn or _snapshot, which come with every * of a mirrored table
};

// One statement that carries what a commit changes into the view's tables: `apply.NAME.sql`.
struct apply_statement {
    char *name;
    char *file; // for messages: "analytics/apply.by_status.sql"
    char *sql;
    // The table of the view's history that it would tell once more, or take away; NULL = none. Found by catalog_check.
    const char *tells_again;
    bool takes_away; // of that table
};

struct view {
    char *name;
    char *schema; // text of schema.sql, "" when it has none
    char *file;
    char hash[17]; // hex, of schema and applies (check/once_stale.h: of more); NUL-terminated
    struct apply_statement *applies; // sorted by name: they run in this order
    int apply_count;
    // Tables named by lines `-- tidemark: keep NAME` in schema.sql: history that the mirror cannot rebuild.
    char **history;
    int history_count;
    struct query *queries;
    int query_count;
};

struct catalog {
    char *source;  // text of source.sql
    bool built_in; // it is the one that the program brings
    struct table *tables;
    int table_count;
    struct ignored_table *ignored; // as far as no declared table has such a column
    int ignored_count;
    struct view *views; // sorted by name
    int view_count;
    char **warnings; // what is allowed and looks wrong, each with its file
    char **excerpts; // of each, the line with a caret below the place; "" = none
    int warning_count;
};

#endif
