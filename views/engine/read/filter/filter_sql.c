// The SQL of a filter. See filter.h.
#include "views/engine/read/filter/filter.h"
#include "views/engine/row/column_type.h"

static const char *const comparisons[] = {
    [FILTER_EQ] = "=",
    [FILTER_NEQ] = "<>",
    [FILTER_GT] = ">",
    [FILTER_GTE] = ">=",
    [FILTER_LT] = "<",
    [FILTER_LTE] = "<=",
    [FILTER_DISTINCT] = " is not ",
};

static void filter_sql_column(sqlite3_str *sql, const struct column *column, enum column_compare compare) {
    switch (compare) {
    case COMPARE_PLAIN:
    case COMPARE_TIME:
    case COMPARE_SINGLE:
    case COMPARE_PADDED:
        sqlite3_str_appendf(sql, "\"%w\"", column->name);
        break;
    case COMPARE_COLLATED:
        sqlite3_str_appendf(sql, "\"%w\" collate %s", column->name, column_type_collation(column));
        break;
    case COMPARE_DECIMAL:
        sqlite3_str_appendf(sql, "decimal(\"%w\",%d) collate numeric", column->name, column->scale);
        break;
    case COMPARE_JSON:
        sqlite3_str_appendf(sql, "filter_json(\"%w\")", column->name);
        break;
    }
}

static void filter_sql_list(sqlite3_str *sql, const struct filter_term *term) {
    for (int i = 0; i < term->value_count; i++)
        sqlite3_str_appendf(sql, term->compare == COMPARE_JSON ? "%sfilter_json(?%d)" : "%s?%d",
                            i > 0 ? "," : "(", term->first_value + i + 1);
    sqlite3_str_appendall(sql, term->value_count > 0 ? ")" : "()");
}

// What begins with the time but for its Z is of the same microsecond or within it: nanoseconds, whose text stands before that of
// none, are behind it.
static void filter_sql_zoned(sqlite3_str *sql, const char *name, enum filter_operator op, int value) {
    switch (op) {
    case FILTER_GT:
        sqlite3_str_appendf(sql, "\"%w\">rtrim(?%d,'Z') and \"%w\"<>?%d", name, value, name, value);
        break;
    case FILTER_LTE:
        sqlite3_str_appendf(sql, "\"%w\"<=?%d and not(\"%w\">rtrim(?%d,'Z') and \"%w\"<?%d)", name, value,
                            name, value, name, value);
        break;
    default:
        sqlite3_str_appendf(sql, "\"%w\"%srtrim(?%d,'Z')", name, comparisons[op], value);
        break;
    }
}

// Years above 9999, whose text begins with +, are later than all of four digits, and stand before them.
static void filter_sql_time(sqlite3_str *sql, const struct column *column, const struct filter_term *term) {
    bool later = term->op == FILTER_GT || term->op == FILTER_GTE;
    sqlite3_str_appendall(sql, "(");
    if (column->type == COLUMN_TIMESTAMPTZ)
        filter_sql_zoned(sql, column->name, term->op, term->first_value + 1);
    else
        sqlite3_str_appendf(sql, "\"%w\"%s?%d", column->name, comparisons[term->op], term->first_value + 1);
    sqlite3_str_appendf(sql, " %s(\"%w\">='+' and \"%w\"<','))", later ? "or " : "and not", column->name,
                        column->name);
}

static bool filter_sql_is_order(enum filter_operator op) {
    return op >= FILTER_GT && op <= FILTER_LTE;
}

// Pairs: the least and the most of the doubles that are one.
static void filter_sql_single(sqlite3_str *sql, const char *name, const struct filter_term *term) {
    sqlite3_str_appendall(sql, term->op == FILTER_NEQ ? "not(" : "(");
    for (int i = 0; i < term->value_count; i += 2)
        sqlite3_str_appendf(sql, "%s\"%w\" between ?%d and ?%d", i > 0 ? " or " : "", name,
                            term->first_value + i + 1, term->first_value + i + 2);
    sqlite3_str_appendall(sql, term->op == FILTER_DISTINCT ? ") is not 1" : ")");
}

static void filter_sql_comparison(sqlite3_str *sql, const struct column *column,
                                  const struct filter_term *term) {
    if (term->compare == COMPARE_TIME && filter_sql_is_order(term->op)) {
        filter_sql_time(sql, column, term);
        return;
    }
    if (term->compare == COMPARE_SINGLE && !filter_sql_is_order(term->op)) {
        filter_sql_single(sql, column->name, term);
        return;
    }
    filter_sql_column(sql, column, term->compare);
    if (term->op == FILTER_IN || term->compare == COMPARE_PADDED) {
        sqlite3_str_appendall(sql, term->op == FILTER_NEQ ? " not in " : " in ");
        filter_sql_list(sql, term);
        return;
    }
    sqlite3_str_appendf(sql, term->compare == COMPARE_JSON ? "%sfilter_json(?%d)" : "%s?%d",
                        comparisons[term->op], term->first_value + 1);
}

static void filter_sql_condition(sqlite3_str *sql, const struct filter *filter,
                                 const struct filter_term *term) {
    const struct column *column = &filter->table->columns[term->column];
    switch (term->op) {
    case FILTER_LIKE:
    case FILTER_ILIKE:
        sqlite3_str_appendf(sql, "%s(\"%w\",?%d)",
                            term->op == FILTER_ILIKE || column->variant == COLUMN_CITEXT ? "filter_ilike"
                                                                                         : "filter_like",
                            column->name, term->first_value + 1);
        break;
    case FILTER_IS_NULL:
        sqlite3_str_appendf(sql, "\"%w\" is null", column->name);
        break;
    case FILTER_IS_NOT_NULL:
        sqlite3_str_appendf(sql, "\"%w\" is not null", column->name);
        break;
    case FILTER_IS_TRUE:
        sqlite3_str_appendf(sql, "\"%w\" is 1", column->name);
        break;
    case FILTER_IS_FALSE:
        sqlite3_str_appendf(sql, "\"%w\" is 0", column->name);
        break;
    default:
        filter_sql_comparison(sql, column, term);
        break;
    }
}

void filter_write(const struct filter *filter, sqlite3_str *sql) {
    const char *joins[FILTER_DEPTH_MAX + 1] = {" and "};
    int depth = 0;
    bool first = true;
    for (int i = 0; i < filter->term_count; i++) {
        const struct filter_term *term = &filter->terms[i];
        if (term->op == FILTER_END) {
            sqlite3_str_appendall(sql, ")");
            depth--;
            first = false;
            continue;
        }
        sqlite3_str_appendall(sql, first ? "" : joins[depth]);
        first = term->op == FILTER_AND || term->op == FILTER_OR;
        if (first) {
            joins[++depth] = term->op == FILTER_OR ? " or " : " and ";
            sqlite3_str_appendall(sql, term->negated ? "not(" : "(");
            continue;
        }
        sqlite3_str_appendall(sql, term->negated ? "not(" : "");
        filter_sql_condition(sql, filter, term);
        sqlite3_str_appendall(sql, term->negated ? ")" : "");
    }
}
