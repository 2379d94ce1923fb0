// The mirrored tables as source.sql declares them: plain types that every room of the engine knows. Made by the
// catalog, never changed again, so any thread may read them. Includes nothing of the engine but values.
#ifndef TIDEMARK_TABLE_H
#define TIDEMARK_TABLE_H

#include "views/base/strings.h"
#include "views/engine/value.h"

#include <string.h>

// How a declared source type is stored and written.
enum column_type {
    COLUMN_INTEGER,   // SMALLINT, INT, BIGINT, SERIAL, OID
    COLUMN_BOOLEAN,   // 0/1
    COLUMN_DECIMAL,   // DECIMAL(p,s), p <= 18: INTEGER count of 10^-s
    COLUMN_NUMERIC,   // exact digits as TEXT
    COLUMN_REAL,      // REAL, DOUBLE
    COLUMN_TEXT,      // TEXT, VARCHAR, CHAR, NAME, UUID, an enum that source.sql creates
    COLUMN_JSON,      // JSON, JSONB: TEXT; its TOAST placeholder is not valid JSON
    COLUMN_DATE,      // 'YYYY-MM-DD'
    COLUMN_TIME,      // 'HH:MM:SS.ffffff'
    COLUMN_TIMESTAMP, // 'YYYY-MM-DDTHH:MM:SS.ffffff'
    COLUMN_TIMESTAMPTZ,
    COLUMN_BYTEA, // BLOB
    COLUMN_ARRAY, // any array or struct: JSON text
    COLUMN_BIT,   // BIT, BIT VARYING: TEXT of 0 and 1
    COLUMN_OTHER, // INTERVAL, a range, a type that is not known: TEXT, of what is no string its JSON
};

enum {
    CATALOG_TABLES_MAX = 4096,
    TABLE_COLUMNS_MAX = 1600, // PostgreSQL's: MaxHeapAttributeNumber
    TABLE_KEYS_MAX = 32,      // PostgreSQL's: INDEX_MAX_KEYS
    DECIMAL_PRECISION_MAX = 18,
};

// What ByLogicalTableRouter calls the field that it adds to the key, where nobody named another (key.field.name): the one name
// that begins with _ and is no name of the engine's.
#define TABLE_ROUTER_FIELD "__dbz__physicalTableIdentifier"

// What the connector was told of times, where it was told other than the rest (`-- tidemark: time TABLE =`):
// Debezium's time.precision.mode.
enum time_precision {
    TIME_PRECISION_UNSET,
    TIME_PRECISION_ADAPTIVE,
    TIME_PRECISION_ADAPTIVE_TIME_MICROSECONDS,
    TIME_PRECISION_CONNECT,
    TIME_PRECISION_ISOSTRING,
    TIME_PRECISION_MICROSECONDS,
    TIME_PRECISION_NANOSECONDS,
};

// How BYTEA is written (`-- tidemark: bytes TABLE.COLUMN =`): Debezium's binary.handling.mode.
// PLAIN: its default `bytes`, of which the JSON converter makes base64.
enum bytes_form { BYTES_UNSET, BYTES_PLAIN, BYTES_BASE64, BYTES_BASE64URL, BYTES_HEX };

// What a type says beyond how it is stored: how its values are compared, and how wide they are.
enum column_variant {
    COLUMN_COMMON,
    COLUMN_BIGINT, // INTEGER of 64 bits
    COLUMN_UUID,   // TEXT in small letters
    COLUMN_CITEXT, // TEXT that knows no case
    COLUMN_PADDED, // TEXT: CHAR(n), whose trailing spaces do not count
    COLUMN_ENUM,   // TEXT: a label, whose order is that of its type's declaration, which is not kept
    // TEXT: PostgreSQL's NAME. Its values come by snapshot alone: streamed they are null, or empty where the column is not
    // null, unless include.unknown.datatypes=true (Debezium 2.7.4 to 3.6.1; findings/debezium-postgres-name-is-not-streamed.sh).
    COLUMN_NAME,
};

struct column {
    char *name;
    bool not_null;  // as the source declares it; the mirror does not enforce it
    char *declared; // the type as PostgreSQL writes it, a domain's base type; for messages
    enum column_type type;
    enum column_variant variant; // ARRAY: its elements'
    // The type that may be meant where it is one that neither PostgreSQL has nor source.sql makes, "" = none is like it; else NULL.
    const char *unknown_meant;
    int padded_to;            // PADDED: characters, 0 = it is as wide as its values
    enum column_type element; // ARRAY only: of its elements; COLUMN_OTHER when nothing is known of them
    int precision;            // DECIMAL: digits; BIT: its width, 0 = it varies; ARRAY: its elements'
    int scale;                // DECIMAL, and ARRAY of it
    int key;                  // 1-based place in the primary key, 0 = not part of it
    int line;                 // of source.sql
    int remade;               // columns of its name that the table had before it, and that were dropped
    // The literal `default`: what a row has that was written before the column was added. VALUE_ABSENT = none.
    struct value fallback;
    char **labels; // ENUM: of its type, as source.sql makes it; NULL = not said
    int label_count;
    bool source_default; // it has a default of which only the source knows the value
    char *generated;     // `generated always as`: SQL over the table's columns; NULL = a column as any other
    enum bytes_form bytes;
    bool unmarked;    // an unchanged TOAST value of its type may come as null (column_type.h)
    bool hides_nulls; // an array that comes as null where one of its elements is (column_type.h)
    // Its names in older files and messages (`-- tidemark: renamed`, RENAME COLUMN), the newest last.
    char **older;
    int older_count;
};

struct table {
    char *name; // in the mirror, SQL and HTTP: "orders", or "sales.orders" when it is declared with a schema
    char *schema;   // as declared, NULL = any
    char *relation; // its name at the source, without schema
    int index;      // in catalog->tables
    struct column *columns;
    int column_count;
    int keys[TABLE_KEYS_MAX]; // column numbers in key order
    int key_count;
    int line;     // of source.sql
    int key_line; // where the key is declared
    int remade;   // tables of its name that were dropped before it
    // Its partitions, "schema.relation" or "relation" as declared: their rows are this table's.
    char **partitions;
    int partition_count;
    char **branches; // of them, those that are partitioned themselves, and so have no rows
    int branch_count;
    // `-- tidemark: topic TABLE = NAME`, or /REGEX/ without its slashes; NULL = found by name.
    char *topic;
    bool topic_is_regex;
    // Its names in older files (`-- tidemark: renamed`, RENAME TO, SET SCHEMA), the newest last.
    char **older;
    int older_count;
    enum time_precision time_precision;
    // `-- tidemark: unavailable TABLE =`: unavailable.value.placeholder, its bytes; data NULL = not told, the default.
    struct span unavailable;
    // What Debezium writes of it where a text stands: what is no UTF-8 in it is U+FFFD there. data NULL = the same bytes.
    struct span unavailable_text;
    char *
        added_prefix; // `-- tidemark: added TABLE =`: ExtractNewRecordState's add.fields.prefix, NULL = not told, "__"
    char *deleted_mark; // `-- tidemark: deleted TABLE =`: what __deleted is called, NULL = not told
    // `-- tidemark: ignore TABLE.COLUMN`: columns that are left out, declared or not.
    char **left_out;
    int left_out_count;
    bool identity_index; // REPLICA IDENTITY USING INDEX beside a primary key: deletes do not say which row
    bool key_deferrable; // rows may take one another's keys in one statement
    bool cascades;       // a row that is deleted or gets another key takes rows of this table along
    bool unlogged;       // what changes in it is not in PostgreSQL's log
    bool has_generated;  // of its columns
    bool has_renamed;    // of its columns
    bool hides_nulls;    // likewise
};

// A table that source.sql leaves out by a line `-- tidemark: ignore`.
struct ignored_table {
    char *schema; // NULL = any
    char *relation;
};

static inline bool column_is_interval(const struct column *column) {
    static const char name[] = "interval";
    return column->type == COLUMN_OTHER && strncmp(column->declared, name, sizeof name - 1) == 0;
}

// It has a literal default, which is not null.
static inline bool column_has_default(const struct column *column) {
    return column->fallback.kind != VALUE_ABSENT && column->fallback.kind != VALUE_NULL;
}

static inline bool column_was_called(const struct column *column, const char *name) {
    return strings_have(column->older, column->older_count, name);
}

// Whether a line leaves the column out, which then is none that source.sql lacks.
static inline bool table_leaves_out(const struct table *table, struct span name) {
    for (int i = 0; i < table->left_out_count; i++)
        if (span_is(name, table->left_out[i]))
            return true;
    return false;
}

// Whether the partition is partitioned itself, and so has no rows.
static inline bool table_is_branch(const struct table *table, const char *partition) {
    return strings_have(table->branches, table->branch_count, partition);
}

// The number of the column with exactly this name, -1 = there is none.
static inline int table_column(const struct table *table, const char *name, size_t size) {
    for (int i = 0; i < table->column_count; i++)
        if (strlen(table->columns[i].name) == size && memcmp(table->columns[i].name, name, size) == 0)
            return i;
    return -1;
}

#endif
