#include "views/engine/read/table_plan.h"

void table_plan_free(struct table_plan *plan) {
    filter_free(&plan->filter);
    buffer_free(&plan->text);
}

// Where the table's column stands in the result; added when it does not.
static uint16_t table_plan_place(struct table_plan *plan, uint16_t column) {
    for (int i = 0; i < plan->result_count; i++)
        if (plan->result[i] == column)
            return (uint16_t)i;
    plan->result[plan->result_count] = column;
    return (uint16_t)plan->result_count++;
}

void table_plan_lay_out(struct table_plan *plan, int64_t order) {
    plan->result_count = 0;
    for (int i = 0; i < plan->selection.count; i++)
        plan->result[plan->result_count++] = plan->selection.columns[i];
    plan->cursor.order = order;
    plan->cursor.column_count = plan->ordering.count;
    for (int i = 0; i < plan->ordering.count; i++)
        plan->cursor.columns[i] = table_plan_place(plan, plan->ordering.terms[i].column);
}

// The row's key is among those of the messages that wait. One that cannot be read, as of an older file, is that of no row.
static void table_plan_write_quarantined(const struct table_plan *plan, const struct table *table,
                                         sqlite3_str *sql) {
    sqlite3_str_appendall(sql, plan->quarantined == QUARANTINED_NOT ? "not (" : "(");
    for (int i = 0; i < table->key_count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"", i > 0 ? "," : "(", table->columns[table->keys[i]].name);
    sqlite3_str_appendall(sql, ") in (select ");
    for (int i = 0; i < table->key_count; i++)
        sqlite3_str_appendf(sql, "%skey_part(%Q,row_key,%d)", i > 0 ? "," : "", table->name, i);
    sqlite3_str_appendf(
        sql,
        " from _quarantine where \"table\"=%Q and state='waiting' and key_part(%Q,row_key,0) is not null))",
        table->name, table->name);
}

static void table_plan_where(const struct table_plan *plan, const struct table *table, bool after,
                             sqlite3_str *sql) {
    const char *join = " where ";
    if (plan->filter.term_count > 0) {
        sqlite3_str_appendall(sql, join);
        filter_write(&plan->filter, sql);
        join = " and ";
    }
    if (plan->quarantined != QUARANTINED_ANY) {
        sqlite3_str_appendall(sql, join);
        table_plan_write_quarantined(plan, table, sql);
        join = " and ";
    }
    if (!after)
        return;
    sqlite3_str_appendall(sql, join);
    ordering_write_after(&plan->ordering, table, plan->after, plan->filter.value_count + 1, sql);
}

char *table_plan_sql(const struct table_plan *plan, const struct table *table) {
    sqlite3_str *sql = sqlite3_str_new(NULL);
    for (int i = 0; i < plan->result_count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"", i > 0 ? "," : "select ", table->columns[plan->result[i]].name);
    sqlite3_str_appendf(sql, " from \"%w\"", table->name);
    table_plan_where(plan, table, plan->begins_after, sql);
    ordering_write(&plan->ordering, table, sql);
    int number = plan->filter.value_count + (plan->begins_after ? plan->ordering.count : 0) + 1;
    sqlite3_str_appendf(sql, " limit ?%d offset ?%d", number, number + 1);
    return sqlite3_str_finish(sql);
}

char *table_plan_count_sql(const struct table_plan *plan, const struct table *table) {
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "select count(*) from \"%w\"", table->name);
    table_plan_where(plan, table, false, sql);
    return sqlite3_str_finish(sql);
}

static bool table_plan_is_indexable(const struct filter_term *term) {
    return !term->negated && (term->compare == COMPARE_PLAIN || term->compare == COMPARE_TIME ||
                              term->compare == COMPARE_PADDED || term->compare == COMPARE_SINGLE);
}

// Terms at the top that every row meets. `equal`: those that leave one place of an index, else those that leave a range.
static void table_plan_advise_terms(const struct table_plan *plan, bool equal, struct index_advice *ret) {
    int depth = 0;
    for (int i = 0; i < plan->filter.term_count; i++) {
        const struct filter_term *term = &plan->filter.terms[i];
        bool equals = term->op == FILTER_EQ || term->op == FILTER_IN || term->op == FILTER_IS_NULL ||
                      term->op == FILTER_IS_TRUE || term->op == FILTER_IS_FALSE;
        bool ranges = term->op >= FILTER_GT && term->op <= FILTER_LTE;
        if (term->compare == COMPARE_SINGLE) { // one is a range of doubles
            ranges |= equals;
            equals = false;
        }
        if (term->op == FILTER_AND || term->op == FILTER_OR)
            depth++;
        else if (term->op == FILTER_END)
            depth--;
        else if (depth == 0 && (equal ? equals : ranges) && table_plan_is_indexable(term))
            index_advice_column(ret, term->column);
    }
}

void table_plan_advise(const struct table_plan *plan, struct index_advice *ret) {
    ret->count = 0;
    table_plan_advise_terms(plan, true, ret);
    int equal = ret->count;
    table_plan_advise_terms(plan, false, ret);
    if (ret->count > equal + 1)
        ret->count = equal + 1; // an index goes on behind no second range
    for (int i = 0; i < plan->ordering.given && ret->count == equal + i; i++) {
        const struct ordering_term *term = &plan->ordering.terms[i];
        if (term->collation == NULL || column_is_time(&plan->filter.table->columns[term->column]))
            index_advice_column(ret, term->column);
    }
}
