// A value as a text that both sides can make: PostgreSQL by an expression, we of what the mirror stores. Where the two
// texts are equal, so are the values; where they are not, same.h looks at the values. NULL is a text of its own: data NULL.
// Pure, one thread a form's scratch.
#ifndef TIDEMARK_POSTGRES_FORM_H
#define TIDEMARK_POSTGRES_FORM_H

#include "consumer/postgres/form_kind.h"
#include "views/base/buffer.h"
#include "views/engine/read.h"

// A column of the source, as its catalogue has it.
struct source_type {
    struct span name;    // pg_type.typname, of a domain its base type: int4
    struct span element; // of an array, else data NULL
    char kind; // pg_type.typtype of it, or of the element: b base, e enum, c composite, r range, m multirange
    bool array;
};

struct form {
    const struct column *column; // of the mirror
    enum form_kind kind;
    enum form_kind element; // FORM_ARRAY
    const char *sql;        // the expression, % for the column
    bool milliseconds;      // the connector cuts them (time.precision.mode connect)
    bool literal; // PostgreSQL reads the form back as the value: `$1::TYPE` finds a row by its index
};

// `connect`: the table's times come in whole milliseconds.
struct form form_of(const struct column *column, const struct source_type *type, bool connect);
// The expression of PostgreSQL over `name`, which is quoted already. Its text is null where the value is.
void form_write_sql(const struct form *form, struct span name, struct buffer *out);
// The mirror's value. The bytes are the cell's own, or in `scratch`, which is cleared first; data NULL = NULL. Out of
// memory: scratch->failed.
struct span form_of_cell(const struct form *form, const struct cell *cell, struct buffer *scratch);
// Whether the mirror's column, of a table's key, finds the rows that the source's texts name. `cast`: the source's type.
bool form_suits_key(const struct form *form, struct span cast);
// What the kind is called where it cannot be compared as its type would, NULL = it can.
const char *form_caveat(const struct form *form);

#endif
