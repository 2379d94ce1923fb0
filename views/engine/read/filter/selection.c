#define _GNU_SOURCE // memmem
#include "views/engine/read/filter/selection.h"

#include "views/engine/read/filter/filter.h"
#include "views/engine/read/filter/name_list.h"
#include "views/engine/read/literals.h"

static int selection_bad(struct span text, const char *what, struct error *error) {
    enum { SHOWN_MAX = 100 };
    return error_set(error, ERROR_USAGE, "select=%.*s: %s",
                     (int)(text.size < SHOWN_MAX ? text.size : SHOWN_MAX), text.data, what);
}

static int selection_add(struct selection *selection, int column, struct span name, struct error *error) {
    for (int i = 0; i < selection->count; i++)
        if (span_equal(selection->names[i], name))
            return error_set(error, ERROR_USAGE, "select=: two columns are called \"%.*s\"", (int)name.size,
                             name.data);
    if (selection->count == TABLE_COLUMNS_MAX)
        return error_set(error, ERROR_USAGE, "select=: more than %d columns", TABLE_COLUMNS_MAX);
    selection->columns[selection->count] = (uint16_t)column;
    selection->names[selection->count++] = name;
    return 0;
}

static int selection_add_all(struct selection *selection, const struct table *table, struct error *error) {
    for (int i = 0; i < table->column_count; i++)
        if (selection_add(selection, i, span_of(table->columns[i].name), error) != 0)
            return -1;
    return 0;
}

static int selection_refuse(struct span whole, struct span rest, struct error *error) {
    const char *what = "expected column, name:column or *, with commas between them";
    if (rest.data[0] == '(')
        what = "other tables and aggregates cannot be embedded: a view's query joins and sums";
    else if (rest.data[0] == ':')
        what = "a cast (::type) is not served: each column has one type";
    return selection_bad(whole, what, error);
}

// A column's name, or another for it. PostgREST passes over spaces around one, and takes a hyphen in it, but for that of ->.
static int selection_take_name(struct span whole, struct span *rest, struct arena *arena, struct span *ret,
                               struct error *error) {
    name_list_skip(rest);
    const bool quoted = rest->size > 0 && rest->data[0] == '"';
    if (!name_list_take(rest, ",:(", arena, ret))
        return selection_bad(whole, "a \" is not closed", error);
    if (quoted)
        return 0;
    *ret = literals_trimmed(*ret);
    if (memmem(ret->data, ret->size, "->", sizeof "->" - 1) != NULL)
        return selection_bad(whole, "a path into JSON (->) is not served: take the whole column", error);
    return 0;
}

// One item of the list; `rest` stands behind it.
static int selection_read_item(struct selection *selection, const struct table *table, struct span whole,
                               struct span *rest, struct arena *arena, struct error *error) {
    struct span name;
    if (name_list_accept(rest, '*'))
        return selection_add_all(selection, table, error);
    if (selection_take_name(whole, rest, arena, &name, error) != 0)
        return -1;
    struct span column_name = name;
    if (rest->size > 1 && rest->data[0] == ':' && rest->data[1] != ':') {
        *rest = (struct span){rest->data + 1, rest->size - 1};
        if (selection_take_name(whole, rest, arena, &column_name, error) != 0)
            return -1;
    }
    struct span behind = *rest;
    name_list_skip(&behind);
    if (behind.size > 0 && behind.data[0] != ',')
        return selection_refuse(whole, behind, error);
    int column = table_column(table, column_name.data, column_name.size);
    if (column < 0)
        return filter_unknown_column(table, column_name, error);
    return selection_add(selection, column, name, error);
}

int selection_read(struct selection *selection, const struct table *table, struct span text,
                   struct arena *arena, struct error *error) {
    selection->count = 0;
    if (text.size == 0)
        return selection_add_all(selection, table, error);
    struct span rest = text;
    name_list_skip(&rest);
    do {
        if (selection_read_item(selection, table, text, &rest, arena, error) != 0)
            return -1;
    } while (name_list_accept_spaced(&rest, ','));
    name_list_skip(&rest);
    return rest.size == 0 ? 0 : selection_refuse(text, rest, error);
}
