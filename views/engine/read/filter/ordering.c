#include "views/engine/read/filter/ordering.h"

#include "views/engine/read/filter/filter.h"
#include "views/engine/read/filter/name_list.h"
#include "views/engine/row/column_type.h"

static int ordering_bad(struct span text, struct error *error) {
    enum { SHOWN_MAX = 100 };
    return error_set(
        error, ERROR_USAGE,
        "order=%.*s: expected column[.asc|.desc][.nullsfirst|.nullslast], with commas between them, "
        "%d columns at most",
        (int)(text.size < SHOWN_MAX ? text.size : SHOWN_MAX), text.data, ORDERING_GIVEN_MAX);
}

static bool ordering_has(const struct ordering *ordering, int column) {
    for (int i = 0; i < ordering->count; i++)
        if (ordering->terms[i].column == column)
            return true;
    return false;
}

static void ordering_add(struct ordering *ordering, const struct table *table, int column, bool descending,
                         bool nulls_first) {
    ordering->terms[ordering->count++] = (struct ordering_term){
        .column = (uint16_t)column,
        .descending = descending,
        .nulls_first = nulls_first,
        .collation = column_type_collation(&table->columns[column]),
    };
}

// `.desc`, `.nullslast` behind a column's name. False when it is something else.
static bool ordering_read_words(struct span *rest, bool *ret_descending, bool *ret_nulls_first) {
    enum { NOT_SAID, FIRST, LAST } nulls = NOT_SAID;
    bool direction = false;
    *ret_descending = false;
    while (name_list_accept(rest, '.')) {
        size_t size = 0;
        while (size < rest->size && rest->data[size] != '.' && rest->data[size] != ',')
            size++;
        struct span word = {rest->data, size};
        *rest = (struct span){rest->data + size, rest->size - size};
        if (!direction && nulls == NOT_SAID && (span_is(word, "asc") || span_is(word, "desc"))) {
            direction = true;
            *ret_descending = span_is(word, "desc");
        } else if (nulls == NOT_SAID && (span_is(word, "nullsfirst") || span_is(word, "nullslast"))) {
            nulls = span_is(word, "nullsfirst") ? FIRST : LAST;
        } else {
            return false;
        }
    }
    *ret_nulls_first = nulls == NOT_SAID ? *ret_descending : nulls == FIRST;
    return true;
}

static int ordering_read_item(struct ordering *ordering, const struct table *table, struct span whole,
                              struct span *rest, struct arena *arena, struct error *error) {
    struct span name;
    bool descending;
    bool nulls_first;
    if (ordering->count == ORDERING_GIVEN_MAX || !name_list_take(rest, ".,", arena, &name))
        return ordering_bad(whole, error);
    int column = table_column(table, name.data, name.size);
    if (column < 0)
        return filter_unknown_column(table, name, error);
    const char *fault = column_lacks_order(&table->columns[column]);
    if (fault != NULL)
        return error_set(error, ERROR_USAGE, "order=%s: the column is %s, which %s",
                         table->columns[column].name, table->columns[column].declared, fault);
    if (!ordering_read_words(rest, &descending, &nulls_first))
        return ordering_bad(whole, error);
    if (!ordering_has(ordering, column)) // again it would change nothing
        ordering_add(ordering, table, column, descending, nulls_first);
    return 0;
}

// Keys whose equal values may have several spellings: 1.0 and 1.00, Ann and ann.
static bool ordering_is_spelled(const struct column *column) {
    return column_type_collation(column) != NULL && !column_is_time(column);
}

// Behind an order the key goes on as its type is ordered. Its bytes come last, as the table's own key is ordered, which the cursors
// of tables without an order rest on: two spellings of one value would stand at one place, and the second be lost between two pages.
static void ordering_add_keys(struct ordering *ordering, const struct table *table) {
    for (int i = 0; i < table->key_count && ordering->given > 0; i++) {
        const int key = table->keys[i];
        if (!ordering_has(ordering, key) && ordering_is_spelled(&table->columns[key]))
            ordering_add(ordering, table, key, false, false);
    }
    for (int i = 0; i < table->key_count; i++) {
        const int key = table->keys[i];
        if (ordering_has(ordering, key) && !ordering_is_spelled(&table->columns[key]))
            continue;
        ordering_add(ordering, table, key, false, false);
        ordering->terms[ordering->count - 1].collation = NULL;
    }
}

int ordering_read(struct ordering *ordering, const struct table *table, struct span text, struct arena *arena,
                  struct error *error) {
    ordering->count = 0;
    struct span rest = text;
    name_list_skip(&rest);
    if (text.size > 0) {
        do {
            if (ordering_read_item(ordering, table, text, &rest, arena, error) != 0)
                return -1;
        } while (name_list_accept_spaced(&rest, ','));
        name_list_skip(&rest);
        if (rest.size > 0)
            return ordering_bad(text, error);
    }
    ordering->given = ordering->count;
    ordering_add_keys(ordering, table);
    return 0;
}

static void ordering_write_term(const struct ordering_term *term, const struct table *table,
                                sqlite3_str *sql) {
    sqlite3_str_appendf(sql, "\"%w\"", table->columns[term->column].name);
    if (term->collation != NULL)
        sqlite3_str_appendf(sql, " collate %s", term->collation);
}

void ordering_write(const struct ordering *ordering, const struct table *table, sqlite3_str *sql) {
    for (int i = 0; i < ordering->count; i++) {
        const struct ordering_term *term = &ordering->terms[i];
        sqlite3_str_appendall(sql, i == 0 ? " order by " : ",");
        ordering_write_term(term, table, sql);
        if (term->descending)
            sqlite3_str_appendall(sql, " desc");
        // A key has no NULL, and SQLite takes an index for its own order of NULLs only.
        if (table->columns[term->column].key == 0)
            sqlite3_str_appendall(sql, term->nulls_first ? " nulls first" : " nulls last");
    }
}

// `term` behind its value, which is bound as ?number. NULL is bound, too, and compared by `is`.
static void ordering_write_behind(const struct ordering_term *term, const struct table *table, bool null,
                                  int number, sqlite3_str *sql) {
    if (null) {
        if (!term->nulls_first) {
            sqlite3_str_appendall(sql, "0");
            return;
        }
        ordering_write_term(term, table, sql);
        sqlite3_str_appendall(sql, " is not null");
        return;
    }
    sqlite3_str_appendall(sql, "(");
    ordering_write_term(term, table, sql);
    sqlite3_str_appendf(sql, "%s?%d", term->descending ? "<" : ">", number);
    if (!term->nulls_first && table->columns[term->column].key == 0)
        sqlite3_str_appendf(sql, " or \"%w\" is null", table->columns[term->column].name);
    sqlite3_str_appendall(sql, ")");
}

void ordering_write_after(const struct ordering *ordering, const struct table *table,
                          const struct cell *cells, int first, sqlite3_str *sql) {
    sqlite3_str_appendall(sql, "(");
    for (int i = 0; i < ordering->count; i++) {
        sqlite3_str_appendall(sql, i > 0 ? " or (" : "(");
        for (int j = 0; j < i; j++) {
            ordering_write_term(&ordering->terms[j], table, sql);
            sqlite3_str_appendf(sql, " is ?%d and ", first + j);
        }
        ordering_write_behind(&ordering->terms[i], table, cells[i].kind == CELL_NULL, first + i, sql);
        sqlite3_str_appendall(sql, ")");
    }
    sqlite3_str_appendall(sql, ")");
}
