// What is loaded: the mirrored tables that source.sql declares, and the views with their queries.
// Read from the files embedded at build time or from a folder, checked against an in-memory database, and
// never changed again: any thread may read a catalog. catalog_free after the last reader.
#ifndef TIDEMARK_CATALOG_H
#define TIDEMARK_CATALOG_H

#include "views/base/error.h"
#include "views/base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How a declared source type is stored and written (DESIGN.md section 2).
enum column_type {
    COLUMN_INTEGER,   // SMALLINT, INT, BIGINT, SERIAL, OID
    COLUMN_BOOLEAN,   // 0/1
    COLUMN_DECIMAL,   // DECIMAL(p,s), p <= 18: INTEGER count of 10^-s
    COLUMN_NUMERIC,   // exact digits as TEXT
    COLUMN_REAL,      // REAL, DOUBLE
    COLUMN_TEXT,      // TEXT, VARCHAR, CHAR, ENUM, UUID, anything else that is a string
    COLUMN_JSON,      // JSON, JSONB: TEXT; its TOAST placeholder is not valid JSON
    COLUMN_DATE,      // 'YYYY-MM-DD'
    COLUMN_TIME,      // 'HH:MM:SS.ffffff'
    COLUMN_TIMESTAMP, // 'YYYY-MM-DDTHH:MM:SS.ffffff'
    COLUMN_TIMESTAMPTZ,
    COLUMN_BYTEA, // BLOB
    COLUMN_ARRAY, // any array or struct: JSON text
};

enum {
    TABLE_COLUMNS_MAX = 256,
    TABLE_KEYS_MAX = 16,
    CATALOG_TABLES_MAX = 1024,
    DECIMAL_PRECISION_MAX = 18,
};

struct column {
    char *name;
    char *declared; // the type as source.sql has it, for messages
    enum column_type type;
    int precision; // DECIMAL only
    int scale;     // DECIMAL only
    int key;       // 1-based place in the primary key, 0 = not part of it
    bool not_null;
};

struct table {
    char *name;
    int index; // in catalog->tables
    struct column *columns;
    int column_count;
    int keys[TABLE_KEYS_MAX]; // column numbers in key order
    int key_count;
};

// What a parameter must be written as: `-- tidemark: NAME is TYPE` in its query's file.
enum parameter_type { PARAMETER_ANY, PARAMETER_INTEGER, PARAMETER_NUMBER, PARAMETER_DATE };

struct query {
    char *view;
    char *name;
    char *file; // for messages: "warehouse/query.stock.sql"
    char *sql;
    char **parameters; // names without the colon, in order of appearance, without limit and after
    enum parameter_type *parameter_types; // as many
    int parameter_count;
    enum parameter_type after_type;
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
    char **kept;
    int kept_count;
    struct query *queries;
    int query_count;
};

struct catalog {
    char *source; // text of source.sql
    struct table *tables;
    int table_count;
    struct view *views; // sorted by name
    int view_count;
};

// `directory` NULL: the built-in views. A directory with its own source.sql stands alone; one without adds
// its views to the built-in ones (a view of the same name replaces). `only`: comma-separated view names, NULL
// = all. Errors: ERROR_INPUT with file and line, ERROR_NOTFOUND for a name in `only`, ERROR_SYSTEM.
int catalog_load(const char *directory, const char *only, struct catalog **ret, struct error *error);
void catalog_free(struct catalog **catalog);

// NULL when there is none. Names compare exactly.
const struct table *catalog_table(const struct catalog *catalog, const char *name, size_t size);
const struct view *catalog_view(const struct catalog *catalog, const char *name);
// The name of the next table that a schema's text declares as history, borrowed from it; *at then stands
// behind. data NULL = no more.
struct span schema_next_kept(const char **at);
const struct query *view_query(const struct view *view, const char *name);
int table_column(const struct table *table, const char *name, size_t size); // column number or -1

#endif
