// The mirrored tables as source.sql declares them: plain types that every room of the engine knows. Made by
// the catalog, never changed again, so any thread may read them. Includes nothing of the engine.
#ifndef TIDEMARK_TABLE_H
#define TIDEMARK_TABLE_H

#include <string.h>

// How a declared source type is stored and written.
enum column_type {
    COLUMN_INTEGER,   // SMALLINT, INT, BIGINT, SERIAL, OID
    COLUMN_BOOLEAN,   // 0/1
    COLUMN_DECIMAL,   // DECIMAL(p,s), p <= 18: INTEGER count of 10^-s
    COLUMN_NUMERIC,   // exact digits as TEXT
    COLUMN_REAL,      // REAL, DOUBLE
    COLUMN_TEXT,      // TEXT, VARCHAR, CHAR, NAME, UUID
    COLUMN_JSON,      // JSON, JSONB: TEXT; its TOAST placeholder is not valid JSON
    COLUMN_DATE,      // 'YYYY-MM-DD'
    COLUMN_TIME,      // 'HH:MM:SS.ffffff'
    COLUMN_TIMESTAMP, // 'YYYY-MM-DDTHH:MM:SS.ffffff'
    COLUMN_TIMESTAMPTZ,
    COLUMN_BYTEA, // BLOB
    COLUMN_ARRAY, // any array or struct: JSON text
    COLUMN_BIT,   // BIT, BIT VARYING: TEXT of 0 and 1
    COLUMN_OTHER, // an enum, INTERVAL, a range, a type that is not known: TEXT, of what is no string its JSON
};

enum {
    TABLE_COLUMNS_MAX = 256,
    TABLE_KEYS_MAX = 16,
    DECIMAL_PRECISION_MAX = 18,
};

struct column {
    char *name;
    char *declared; // the type as source.sql has it, for messages
    enum column_type type;
    enum column_type element; // ARRAY only: of its elements; COLUMN_OTHER when nothing is known of them
    int precision;            // DECIMAL: digits; BIT: its width, 0 = it varies; ARRAY: its elements'
    int scale;                // DECIMAL, and ARRAY of it
    int key;                  // 1-based place in the primary key, 0 = not part of it
};

struct table {
    char *name;
    int index; // in catalog->tables
    struct column *columns;
    int column_count;
    int keys[TABLE_KEYS_MAX]; // column numbers in key order
    int key_count;
};

// The number of the column with exactly this name, -1 = there is none.
static inline int table_column(const struct table *table, const char *name, size_t size) {
    for (int i = 0; i < table->column_count; i++)
        if (strlen(table->columns[i].name) == size && memcmp(table->columns[i].name, name, size) == 0)
            return i;
    return -1;
}

#endif
