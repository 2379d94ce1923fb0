#include "views/engine/read/filter/filter.h"

#include "views/base/buffer.h"
#include "views/base/cleanup.h"
#include "views/base/real.h"
#include "views/engine/read/filter/name_list.h"
#include "views/engine/sqlite/like.h"

#include <strings.h>

enum { SHOWN_MAX = 100 };

// How an operator takes what follows it.
enum filter_kind { KIND_VALUE, KIND_ORDER, KIND_PATTERN, KIND_LIST, KIND_IS, KIND_NOT, KIND_REFUSED };

static const struct filter_word {
    const char *name;
    enum filter_kind kind;
    enum filter_operator op;
} words[] = {
    {"eq", KIND_VALUE, FILTER_EQ},
    {"neq", KIND_VALUE, FILTER_NEQ},
    {"gt", KIND_ORDER, FILTER_GT},
    {"gte", KIND_ORDER, FILTER_GTE},
    {"lt", KIND_ORDER, FILTER_LT},
    {"lte", KIND_ORDER, FILTER_LTE},
    {"like", KIND_PATTERN, FILTER_LIKE},
    {"ilike", KIND_PATTERN, FILTER_ILIKE},
    {"in", KIND_LIST, FILTER_IN},
    {"is", KIND_IS, FILTER_IS_NULL},
    {"isdistinct", KIND_VALUE, FILTER_DISTINCT},
    {"not", KIND_NOT, FILTER_END},
    // PostgREST has them, SQLite has not what they ask for.
    {"match", KIND_REFUSED, FILTER_END},
    {"imatch", KIND_REFUSED, FILTER_END},
    {"fts", KIND_REFUSED, FILTER_END},
    {"plfts", KIND_REFUSED, FILTER_END},
    {"phfts", KIND_REFUSED, FILTER_END},
    {"wfts", KIND_REFUSED, FILTER_END},
    {"cs", KIND_REFUSED, FILTER_END},
    {"cd", KIND_REFUSED, FILTER_END},
    {"ov", KIND_REFUSED, FILTER_END},
    {"sl", KIND_REFUSED, FILTER_END},
    {"sr", KIND_REFUSED, FILTER_END},
    {"nxr", KIND_REFUSED, FILTER_END},
    {"nxl", KIND_REFUSED, FILTER_END},
    {"adj", KIND_REFUSED, FILTER_END},
};
static const char known_words[] =
    "eq, neq, gt, gte, lt, lte, like, ilike, in, is, isdistinct, each also after not.";

// What is read now: a whole parameter, or what stands between the parentheses of or= and and=.
struct filter_reading {
    struct filter *filter;
    struct span rest;
    bool whole;                        // the value is all that is left
    const struct parameter *parameter; // for messages
    struct error *error;
};

void filter_free(struct filter *filter) {
    arena_free(&filter->arena);
}

static struct span filter_cut(struct span text, size_t size) {
    return (struct span){text.data + size, text.size - size};
}

static int filter_shown(struct span text) {
    return (int)(text.size < SHOWN_MAX ? text.size : SHOWN_MAX);
}

static int filter_bad(const struct filter_reading *reading, const char *what) {
    const struct span name = reading->parameter->name;
    const struct span text = reading->parameter->value;
    return error_set(reading->error, ERROR_USAGE, "%.*s=%.*s: %s", filter_shown(name), name.data,
                     filter_shown(text), text.data, what);
}

// The operator's word that `text` begins with, up to a full stop or a parenthesis; NULL = it begins with none.
static const struct filter_word *filter_word_of(struct span text) {
    enum { WORD_MAX = 10 };
    size_t size = 0;
    while (size < text.size && size <= WORD_MAX && text.data[size] >= 'a' && text.data[size] <= 'z')
        size++;
    if (size == 0 || size == text.size || (text.data[size] != '.' && text.data[size] != '('))
        return NULL;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_equal(span_of(words[i].name), (struct span){text.data, size}))
            return &words[i];
    return NULL;
}

static bool filter_is_logic(const struct parameter *parameter) {
    const struct span name = parameter->name;
    return !parameter->is_column && (span_is(name, "or") || span_is(name, "and") || span_is(name, "not.or") ||
                                     span_is(name, "not.and"));
}

bool filter_is_plain(const struct parameter *parameter) {
    const struct span value = parameter->value;
    bool word =
        value.size > 0 && value.data[0] >= 'a' && value.data[0] <= 'z' && filter_word_of(value) != NULL;
    return !word && !filter_is_logic(parameter);
}

int filter_unknown_column(const struct table *table, struct span name, struct error *error) {
    CLEANUP(buffer_free) struct buffer list = {0};
    for (int i = 0; i < table->column_count; i++) {
        buffer_text(&list, i > 0 ? ", " : "");
        buffer_text(&list, table->columns[i].name);
    }
    buffer_char(&list, '\0');
    return error_set(error, ERROR_NOTFOUND, "%s has no column \"%.*s\"; it has: %s", table->name,
                     filter_shown(name), name.data, list.failed ? "" : list.data);
}

static struct filter_term *filter_add_term(const struct filter_reading *reading, enum filter_operator op,
                                           bool negated) {
    struct filter *filter = reading->filter;
    if (filter->term_count == FILTER_TERMS_MAX) {
        (void)error_set(reading->error, ERROR_USAGE, "more than %d conditions", FILTER_TERMS_MAX);
        return NULL;
    }
    struct filter_term *term = &filter->terms[filter->term_count++];
    *term = (struct filter_term){.op = op, .negated = negated, .first_value = filter->value_count};
    return term;
}

static int filter_add_cell(const struct filter_reading *reading, struct filter_term *term,
                           const struct cell *cell) {
    struct filter *filter = reading->filter;
    if (filter->value_count == FILTER_VALUES_MAX)
        return error_set(reading->error, ERROR_USAGE,
                         "more than %d values, of which one of a real or of CHAR(n) counts as two",
                         FILTER_VALUES_MAX);
    filter->values[filter->value_count++] = *cell;
    term->value_count++;
    return 0;
}

// The value of CHAR(n) is equal to itself with the spaces that it is filled up with.
static int filter_add_padded(const struct filter_reading *reading, struct filter_term *term,
                             const struct column *column, struct span text) {
    struct cell cell = {.kind = CELL_TEXT};
    if (column_pad(column, text, &reading->filter->arena, &cell.bytes, reading->error) != 0)
        return -1;
    return filter_add_cell(reading, term, &cell);
}

// PostgreSQL reads what a `real` is compared with as one, while the mirror has a double: in the digits that name the float, in more
// of them as some writers have it, or widened.
static int filter_add_single(const struct filter_reading *reading, struct filter_term *term,
                             const struct cell *value, struct span text) {
    const bool order = term->op >= FILTER_GT && term->op <= FILTER_LTE;
    struct cell least = *value;
    struct cell most = *value;
    if (value->kind == CELL_REAL && !real_single_range(value->real, &least.real, &most.real) && !order)
        return column_value_bad(&reading->filter->table->columns[term->column], text,
                                reading->error); // no row has it
    term->compare = COMPARE_SINGLE;
    if (order)
        return filter_add_cell(reading, term,
                               term->op == FILTER_GT || term->op == FILTER_LTE ? &most : &least);
    return filter_add_cell(reading, term, &least) == 0 ? filter_add_cell(reading, term, &most) : -1;
}

// The values of a list are compared the way that the least usual of them needs.
static int filter_add_value(const struct filter_reading *reading, struct filter_term *term,
                            struct span text) {
    const struct column *column = &reading->filter->table->columns[term->column];
    struct column_value value;
    if (column_value_read(column, text, &reading->filter->arena, &value, reading->error) != 0)
        return -1;
    bool equality = term->op == FILTER_EQ || term->op == FILTER_NEQ || term->op == FILTER_IN;
    if (value.compare == COMPARE_DECIMAL && (equality || term->op == FILTER_DISTINCT))
        return column_value_bad(column, text, reading->error); // no row has it
    if (value.compare == COMPARE_SINGLE)
        return filter_add_single(reading, term, &value.cell, text);
    if (value.compare == COMPARE_PADDED && !equality)
        value.compare = COMPARE_COLLATED;
    bool first = term->value_count == 0;
    if (first || value.compare == COMPARE_COLLATED)
        term->compare = value.compare;
    if (value.compare == COMPARE_PADDED && filter_add_padded(reading, term, column, value.cell.bytes) != 0)
        return -1;
    return filter_add_cell(reading, term, &value.cell);
}

// What is quoted, or stands before one of `stops`.
static int filter_take_name(struct filter_reading *reading, const char *stops, struct span *ret) {
    return name_list_take(&reading->rest, stops, &reading->filter->arena, ret)
               ? 0
               : filter_bad(reading, "a \" is not closed");
}

// Where the value that begins `text` ends: at a comma or ) that stands in no array or object of JSON. False when one is open.
static bool filter_value_end(struct span text, size_t *ret) {
    size_t size = 0;
    int open = 0;
    bool quoted = false;
    for (; size < text.size && (open > 0 || (text.data[size] != ',' && text.data[size] != ')')); size++) {
        char c = text.data[size];
        if (quoted && c == '\\')
            size++;
        else if (open > 0 && c == '"')
            quoted = !quoted;
        else if (!quoted)
            open += (c == '{' || c == '[') - (open > 0 && (c == '}' || c == ']'));
    }
    *ret = size;
    return size <= text.size && open == 0;
}

// Up to a comma or ), but for the {..} that it begins with, which PostgREST takes as one where one value stands.
static size_t filter_text_end(struct span text, bool braces) {
    size_t size = 0;
    const char *closed =
        braces && text.size > 0 && text.data[0] == '{' ? memchr(text.data, '}', text.size) : NULL;
    if (closed != NULL)
        size = (size_t)(closed - text.data) + 1;
    while (size < text.size && text.data[size] != ',' && text.data[size] != ')')
        size++;
    return size;
}

// A value within parentheses: quoted, or up to a comma or the end. Of a column that holds them an array or object of JSON, and
// {..}, is one value; in a text a bracket is a letter.
static int filter_take_value(struct filter_reading *reading, const struct filter_term *term,
                             struct span *ret) {
    const enum column_type type = reading->filter->table->columns[term->column].type;
    struct span rest = reading->rest;
    if (rest.size > 0 && rest.data[0] == '"')
        return filter_take_name(reading, "", ret);
    name_list_skip(&rest);
    if (rest.size > 0 && rest.data[0] == '"')
        return filter_bad(reading, "a value in quotes stands directly behind its comma or (");
    rest = reading->rest;
    size_t size = 0;
    if (type != COLUMN_JSON && type != COLUMN_ARRAY && type != COLUMN_OTHER)
        size = filter_text_end(rest, term->op != FILTER_IN);
    else if (!filter_value_end(rest, &size))
        return filter_bad(reading, "a { or [ is not closed");
    *ret = (struct span){rest.data, size};
    reading->rest = filter_cut(rest, size);
    return 0;
}

static int filter_read_list(struct filter_reading *reading, struct filter_term *term) {
    if (!name_list_accept_spaced(&reading->rest, '('))
        return filter_bad(reading,
                          "in. takes (a,b,..); a value that begins like this is written eq.in.VALUE");
    if (name_list_accept_spaced(&reading->rest, ')'))
        return 0;
    do {
        struct span value;
        if (filter_take_value(reading, term, &value) != 0 || filter_add_value(reading, term, value) != 0)
            return -1;
    } while (name_list_accept(&reading->rest, ','));
    return name_list_accept_spaced(&reading->rest, ')')
               ? 0
               : filter_bad(reading, "the list of in. is not closed by )");
}

static int filter_read_is(struct filter_reading *reading, struct filter_term *term) {
    static const struct {
        const char *word;
        enum filter_operator op;
        bool of_booleans;
    } known[] = {{"null", FILTER_IS_NULL, false},
                 {"not_null", FILTER_IS_NOT_NULL, false},
                 {"true", FILTER_IS_TRUE, true},
                 {"false", FILTER_IS_FALSE, true},
                 {"unknown", FILTER_IS_NULL, true}};
    const struct column *column = &reading->filter->table->columns[term->column];
    struct span value;
    if (filter_take_name(reading, reading->whole ? "" : " \t,)", &value) != 0)
        return -1;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (value.size == strlen(known[i].word) && strncasecmp(value.data, known[i].word, value.size) == 0) {
            if (known[i].of_booleans && column->type != COLUMN_BOOLEAN)
                return filter_bad(reading, "is.true, is.false and is.unknown are for boolean columns");
            term->op = known[i].op;
            return 0;
        }
    return filter_bad(reading,
                      "after is. comes null, not_null, true, false or unknown; a value that begins like "
                      "this is written eq.is.VALUE");
}

// PostgREST's * for %, since % has to be escaped in a URL.
static int filter_read_pattern(struct filter_reading *reading, struct filter_term *term, struct span value) {
    struct cell cell = {.kind = CELL_TEXT};
    char *pattern = arena_take(&reading->filter->arena, value.size + 1);
    if (pattern == NULL)
        return error_set(reading->error, ERROR_SYSTEM, "out of memory");
    for (size_t i = 0; i < value.size; i++)
        pattern[i] = value.data[i] == '*' ? '%' : value.data[i];
    cell.bytes = (struct span){pattern, value.size};
    if (!like_is_pattern(cell.bytes))
        return filter_bad(reading, "a pattern may not end in a backslash");
    return filter_add_cell(reading, term, &cell);
}

static int filter_check_operator(const struct filter_reading *reading, const struct filter_word *word,
                                 const struct column *column) {
    const char *fault = word->kind == KIND_ORDER ? column_lacks_order(column) : NULL;
    const char *instead = "eq, neq, in, is and isdistinct compare it";
    if (word->kind == KIND_PATTERN && !column_is_text(column)) {
        fault = "is no text";
        instead = "like and ilike do not compare it";
    }
    if (fault == NULL)
        return 0;
    const struct span name = reading->parameter->name;
    const struct span text = reading->parameter->value;
    return error_set(reading->error, ERROR_USAGE, "%.*s=%.*s: the column \"%s\" is %s, which %s: %s",
                     filter_shown(name), name.data, filter_shown(text), text.data, column->name,
                     column->declared, fault, instead);
}

// Behind the operator and its full stop.
static int filter_read_operand(struct filter_reading *reading, const struct filter_word *word,
                               struct filter_term *term) {
    const struct column *column = &reading->filter->table->columns[term->column];
    if (filter_check_operator(reading, word, column) != 0)
        return -1;
    if (word->kind == KIND_IS)
        return filter_read_is(reading, term);
    if (word->kind == KIND_LIST)
        return filter_read_list(reading, term);
    struct span value = reading->rest;
    if (reading->whole)
        reading->rest = filter_cut(value, value.size);
    else if (filter_take_value(reading, term, &value) != 0)
        return -1;
    return word->kind == KIND_PATTERN ? filter_read_pattern(reading, term, value)
                                      : filter_add_value(reading, term, value);
}

static int filter_bad_operator(const struct filter_reading *reading, const struct filter_word *word) {
    const struct span name = reading->parameter->name;
    const struct span text = reading->parameter->value;
    if (word != NULL && word->kind == KIND_REFUSED)
        return error_set(
            reading->error, ERROR_USAGE,
            "%.*s=%.*s: the operator %s is not served; served are %s; a value that begins like this is "
            "written eq.VALUE",
            filter_shown(name), name.data, filter_shown(text), text.data, word->name, known_words);
    return error_set(
        reading->error, ERROR_USAGE,
        "%.*s=%.*s: expected an operator and a full stop: %s; a value that begins like this is written "
        "eq.VALUE",
        filter_shown(name), name.data, filter_shown(text), text.data, known_words);
}

// `[not.]OP.value`, of a column that is known.
static int filter_read_condition(struct filter_reading *reading, int column) {
    const struct filter_word *word = filter_word_of(reading->rest);
    bool negated = word != NULL && word->kind == KIND_NOT && reading->rest.data[3] == '.';
    if (negated) {
        reading->rest = filter_cut(reading->rest, sizeof "not." - 1);
        word = filter_word_of(reading->rest);
    }
    if (word == NULL || word->kind == KIND_REFUSED || word->kind == KIND_NOT)
        return filter_bad_operator(reading, word);
    reading->rest = filter_cut(reading->rest, strlen(word->name));
    if (!name_list_accept(&reading->rest, '.'))
        return filter_bad(
            reading,
            "a full stop stands behind the operator; (any) and (all) are not served: in.(a,b) and or=(..), "
            "and=(..) ask for several; a value that begins like this is written eq.VALUE");
    struct filter_term *term = filter_add_term(reading, word->op, negated);
    if (term == NULL)
        return -1;
    term->column = (uint16_t)column;
    return filter_read_operand(reading, word, term);
}

// The column's name in front of a condition within parentheses, and its full stop.
static int filter_take_column(struct filter_reading *reading, int *ret) {
    const struct table *table = reading->filter->table;
    struct span name;
    if (filter_take_name(reading, ".,()", &name) != 0)
        return -1;
    if (!name_list_accept(&reading->rest, '.'))
        return filter_bad(reading,
                          "a condition is COLUMN.OP.VALUE, or and(..), or(..), not.and(..), not.or(..)");
    *ret = table_column(table, name.data, name.size);
    return *ret >= 0 ? 0 : filter_unknown_column(table, name, reading->error);
}

// `[not.]and(` and `[not.]or(` begin a group. 1 = one has begun, 0 = there is none, -1 = error.
static int filter_open_group(struct filter_reading *reading) {
    static const struct {
        const char *word;
        enum filter_operator op;
        bool negated;
    } known[] = {{"and", FILTER_AND, false},
                 {"or", FILTER_OR, false},
                 {"not.and", FILTER_AND, true},
                 {"not.or", FILTER_OR, true}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t size = strlen(known[i].word);
        if (reading->rest.size < size || memcmp(reading->rest.data, known[i].word, size) != 0)
            continue;
        struct span rest = filter_cut(reading->rest, size);
        if (!name_list_accept_spaced(&rest, '('))
            continue;
        reading->rest = rest;
        return filter_add_term(reading, known[i].op, known[i].negated) != NULL ? 1 : -1;
    }
    return 0;
}

// Behind a condition or a group: what closes groups, then a comma or the end.
static int filter_close_groups(struct filter_reading *reading, int *depth) {
    while (*depth > 0 && name_list_accept_spaced(&reading->rest, ')')) {
        if (filter_add_term(reading, FILTER_END, false) == NULL)
            return -1;
        (*depth)--;
    }
    if (*depth == 0)
        return reading->rest.size == 0 ? 0 : filter_bad(reading, "something stands behind the last )");
    if (name_list_accept_spaced(&reading->rest, ','))
        return 0;
    return filter_bad(reading, "expected a comma or ) behind a condition");
}

// `(condition,condition,..)` of or=, and=, not.or=, not.and=.
static int filter_read_logic(struct filter_reading *reading, struct span name) {
    bool negated = name.size > 3 && memcmp(name.data, "not", 3) == 0;
    bool any = name.data[name.size - 1] == 'r';
    int depth = 1;
    if (!name_list_accept_spaced(&reading->rest, '('))
        return filter_bad(reading, "expected (condition,condition,..)");
    if (filter_add_term(reading, any ? FILTER_OR : FILTER_AND, negated) == NULL)
        return -1;
    while (depth > 0) {
        int opened = filter_open_group(reading);
        if (opened < 0)
            return -1;
        if (opened > 0 && ++depth > FILTER_DEPTH_MAX)
            return filter_bad(reading, "conditions stand too deep within each other");
        int column = -1;
        if (opened == 0 &&
            (filter_take_column(reading, &column) != 0 || filter_read_condition(reading, column) != 0 ||
             filter_close_groups(reading, &depth) != 0))
            return -1;
    }
    return 0;
}

static int filter_read_plain(const struct filter_reading *reading, int column) {
    for (int i = 0; i < reading->filter->term_count; i++) {
        const struct filter_term *term = &reading->filter->terms[i];
        if (term->plain && term->column == column)
            return error_set(reading->error, ERROR_USAGE, "column \"%s\" is given twice",
                             reading->filter->table->columns[column].name);
    }
    struct filter_term *term = filter_add_term(reading, FILTER_EQ, false);
    if (term == NULL)
        return -1;
    term->column = (uint16_t)column;
    term->plain = true;
    return filter_add_value(reading, term, reading->rest);
}

// The column that a parameter is called as: by its name, which may be in quotes, as PostgREST has those with a full stop.
static int filter_column_of(struct filter *filter, struct span name) {
    int column = table_column(filter->table, name.data, name.size);
    if (column >= 0 || name.size == 0 || name.data[0] != '"')
        return column;
    struct span rest = name;
    struct span plain;
    bool taken = name_list_take(&rest, "", &filter->arena, &plain) && rest.size == 0;
    return taken ? table_column(filter->table, plain.data, plain.size) : -1;
}

static int filter_read_parameter(struct filter *filter, const struct parameter *parameter,
                                 struct error *error) {
    struct filter_reading reading = {
        .filter = filter, .rest = parameter->value, .whole = true, .parameter = parameter, .error = error};
    if (filter_is_logic(parameter)) {
        reading.whole = false;
        return filter_read_logic(&reading, parameter->name);
    }
    int column = filter_column_of(filter, parameter->name);
    if (column < 0)
        return filter_unknown_column(filter->table, parameter->name, error);
    if (filter_is_plain(parameter))
        return filter_read_plain(&reading, column);
    if (filter_read_condition(&reading, column) != 0)
        return -1;
    return reading.rest.size == 0 ? 0 : filter_bad(&reading, "something stands behind the )");
}

int filter_read(struct filter *filter, const struct table *table, const struct parameter *parameters,
                int count, struct error *error) {
    filter->table = table;
    filter->term_count = filter->value_count = 0;
    arena_reset(&filter->arena);
    for (int i = 0; i < count; i++)
        if (filter_read_parameter(filter, &parameters[i], error) != 0)
            return -1;
    return 0;
}
