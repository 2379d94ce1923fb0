// Which rows of a mirrored table are asked for, in PostgREST's dialect (https://docs.postgrest.org, version 12,
// "Horizontal filtering"): read from a question's parameters, written as the condition of a select, bound to it.
//
//   column=value                    equal, as it stands; a value that begins like an operator is written eq.VALUE
//   column=OP.value                 eq neq gt gte lt lte like ilike isdistinct; like's * is %
//   column=in.(a,b,"c,d")           one of them; a value with , ) or " is quoted, a backslash stands before " and itself
//   column=is.null                  also not_null true false unknown
//   column=not.OP...                the opposite; as in SQL NULL is neither
//   or=(a.eq.1,not.and(b.gt.2,c.is.null))     also and=, not.or=, not.and=
//
// All parameters together must hold. Only names of columns that the table has stand in the SQL, quoted; values are
// bound. A filter belongs to one question at a time and may be used for the next.
#ifndef TIDEMARK_READ_FILTER_H
#define TIDEMARK_READ_FILTER_H

#include "views/engine/read/filter/column_value.h"
#include "views/engine/sqlite/stmt.h"

enum {
    FILTER_TERMS_MAX = 256,
    FILTER_VALUES_MAX = 1024,
    FILTER_DEPTH_MAX = 16,
};

enum filter_operator {
    FILTER_EQ,
    FILTER_NEQ,
    FILTER_GT,
    FILTER_GTE,
    FILTER_LT,
    FILTER_LTE,
    FILTER_LIKE,
    FILTER_ILIKE,
    FILTER_IN,
    FILTER_DISTINCT,
    FILTER_IS_NULL,
    FILTER_IS_NOT_NULL,
    FILTER_IS_TRUE,
    FILTER_IS_FALSE,
    FILTER_AND, // up to its FILTER_END
    FILTER_OR,
    FILTER_END,
};

struct filter_term {
    enum filter_operator op;
    bool negated;
    bool plain; // a parameter `column=value` of its own: no other can say another value of the column
    enum column_compare compare;
    uint16_t column;
    int first_value;
    int value_count;
};

// All zeros is an empty one.
struct filter {
    const struct table *table;
    struct filter_term terms[FILTER_TERMS_MAX];
    int term_count;
    struct cell values[FILTER_VALUES_MAX];
    int value_count;
    struct arena arena; // of the values' bytes
};

void filter_free(struct filter *filter);

// Whether the parameter is `column=value`, equality with the value as it stands.
bool filter_is_plain(const struct parameter *parameter);

// Errors: ERROR_NOTFOUND for a column that the table has not, naming those it has; ERROR_USAGE for what is no filter,
// naming what it could be, for a value that the column's type cannot be, and past a bound.
int filter_read(struct filter *filter, const struct table *table, const struct parameter *parameters,
                int count, struct error *error);
// ERROR_NOTFOUND, naming the columns there are. Returns -1.
int filter_unknown_column(const struct table *table, struct span name, struct error *error);

// `"a"=?1 and ("b">?2 or ...)`, ?1 to ?N for its values; nothing when there is no term.
void filter_write(const struct filter *filter, sqlite3_str *sql);

#endif
