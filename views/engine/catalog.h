// What is loaded: the mirrored tables that source.sql declares, and the views with their queries. Read from
// the files embedded at build time or from a folder. Whoever loads it also checks it (check.h), before
// another thread has it; from then on it never changes and any thread may read it. catalog_free after the
// last reader.
#ifndef TIDEMARK_CATALOG_H
#define TIDEMARK_CATALOG_H

#include "views/base/error.h"
#include "views/base/span.h"
#include "views/engine/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What a parameter must be written as: `-- tidemark: NAME is TYPE` in its query's file.
enum parameter_type {
    PARAMETER_ANY,
    PARAMETER_TEXT,
    PARAMETER_INTEGER,
    PARAMETER_NUMBER,
    PARAMETER_DECIMAL, // bound as the count that a DECIMAL column of this scale holds
    PARAMETER_DATE,
    PARAMETER_TIMESTAMP, // bound as the mirror writes it
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
    bool names_limit; // the SQL binds :limit itself
    bool names_after; // the SQL binds :after: the cursor is the last row's first column
};

// One statement that carries what a commit changes into the view's tables: `apply.NAME.sql`.
struct apply_statement {
    char *name;
    char *file; // for messages: "analytics/apply.by_status.sql"
    char *sql;
};

struct view {
    char *name;
    char *schema; // text of schema.sql, "" when it has none
    char *file;
    char hash[17];                   // hex, of schema and applies; NUL-terminated
    struct apply_statement *applies; // sorted by name: they run in this order
    int apply_count;
    // Tables named by lines `-- tidemark: keep NAME` in schema.sql: history that the mirror cannot rebuild.
    char **history;
    int history_count;
    struct query *queries;
    int query_count;
};

struct catalog {
    char *source; // text of source.sql
    struct table *tables;
    int table_count;
    struct view *views; // sorted by name
    int view_count;
    char **warnings; // what is allowed and looks wrong, each with its file
    int warning_count;
};

// `directory` NULL: the built-in views. A directory with its own source.sql stands alone; one without adds
// its views to the built-in ones (a view of the same name replaces). `only`: comma-separated view names, NULL
// = all. The tables are read, the views' SQL is not looked at: that is catalog_check's (check.h). Errors:
// ERROR_INPUT with file and line, ERROR_NOTFOUND for a name in `only`, ERROR_SYSTEM.
int catalog_load(const char *directory, const char *only, struct catalog **ret, struct error *error);
// What the store file `db` was made with; *ret NULL when it remembers nothing, as older files do.
int catalog_load_stored(const char *db, const char *only, struct catalog **ret, struct error *error);
void catalog_free(struct catalog **catalog);

// Adds a warning, while the catalog is loaded and checked. Out of memory loses it.
void catalog_warn(struct catalog *catalog, const char *format, ...) __attribute__((format(printf, 2, 3)));

// NULL when there is none. Names compare exactly.
const struct table *catalog_table(const struct catalog *catalog, const char *name, size_t size);
const struct view *catalog_view(const struct catalog *catalog, const char *name);
// The name of the next table that a schema's text declares as history, borrowed from it; *at then stands
// behind. data NULL = no more.
struct span schema_next_history(const char **at);
const struct query *view_query(const struct view *view, const char *name);

#endif
