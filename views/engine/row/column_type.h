// The declared type of a source column -> how the mirror stores it. Pure.
#ifndef TIDEMARK_ROW_COLUMN_TYPE_H
#define TIDEMARK_ROW_COLUMN_TYPE_H

#include "views/engine/table.h"

#include <stddef.h>

enum { TYPE_NAME_SIZE = 64, TYPE_TEXT_SIZE = 128 };

// A type as PostgreSQL's parser gives it.
struct declared_type {
    char name[TYPE_NAME_SIZE];    // its internal name, without schema: int4, bpchar, timestamptz, citext
    char written[TYPE_TEXT_SIZE]; // as source.sql has it, of a domain its base type
    int arguments[2];             // numeric(8,2), varchar(5), timestamp(3)
    int argument_count;
    bool array;      // of any number of dimensions
    bool is_text;    // whatever its name: an enum, a range of the source's own
    int enum_number; // 1-based place of the enum among source.sql's own types, 0 = it is none
    bool is_any;     // whatever its name: a composite
    bool is_domain;  // a domain, or an array of one; the rest is its base type's
    bool is_loose;   // its collation may take texts of other bytes for equal
};

// Sets type, element, precision, scale, `unmarked` and `hides_nulls` of `column`. A name that is not known is COLUMN_OTHER.
void column_type_set(struct column *column, const struct declared_type *declared);
// Whether events have no values of the type of this name, in any case, but with include.unknown.datatypes=true.
bool column_type_is_unsent(struct span name);
// What the mirror's CREATE TABLE says for it: its affinity stores the value as it is, and DECIMAL(p,s) and
// BOOLEAN tell a reader of any query over it how to write it.
void column_type_stored(const struct column *column, char *ret, size_t size);
// The collation of SQL (collations.h) where the column's texts are not compared by their bytes, else NULL.
// For a time it is that of all times, also of those that are compared by their bytes as long as their years have four digits.
const char *column_type_collation(const struct column *column);
// Rows shorter than this (bytes of all values that could be moved out of line) are never TOASTed: PostgreSQL's least
// toast_tuple_target is 128.
enum { COLUMN_TOAST_ROW_MIN = 100 };
// Whether PostgreSQL may move a value of this type out of line (TOAST).
bool column_type_toastable(enum column_type type);
// What a file that is read again beside another (store_open_fill) has where no event told the column: a value of a type that the
// column never has.
struct value column_type_untold(const struct column *column);
bool column_type_is_untold(const struct column *column, const struct value *value);

#endif
