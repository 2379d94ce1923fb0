#include "views/engine/catalog/source/default.h"

#include "views/base/cleanup.h"
#include "views/engine/catalog/source/default_array.h"
#include "views/engine/catalog/source/type.h"
#include "views/engine/decimal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

enum { LITERAL_MAX = 65536 };

// What the expression spells, through casts and ARRAY[]; NULL: it is no literal. `scratch` holds a number's digits.
static const char *source_default_text(const struct source_draft *draft, const json_t *tree, size_t base,
                                       char scratch[32], bool *ret_null) {
    const json_t *cast = json_object_get(tree, "TypeCast");
    if (cast != NULL)
        return source_default_text(draft, json_object_get(cast, "arg"), base, scratch, ret_null);
    const json_t *array = json_object_get(tree, "A_ArrayExpr");
    if (array != NULL)
        return json_array_size(json_object_get(array, "elements")) == 0 ? "{}" : NULL;
    const json_t *constant = json_object_get(tree, "A_Const");
    if (constant == NULL)
        return NULL;
    if (json_is_true(json_object_get(constant, "isnull"))) {
        *ret_null = true;
        return NULL;
    }
    const json_t *boolean = json_object_get(constant, "boolval");
    if (boolean != NULL)
        return json_is_true(json_object_get(boolean, "boolval")) ? "true" : "false";
    int64_t integer;
    if (source_type_integer(draft->text, constant, base, &integer)) {
        (void)snprintf(scratch, 32, "%lld", (long long)integer);
        return scratch;
    }
    const json_t *number = json_object_get(constant, "fval");
    return number != NULL ? json_string_value(json_object_get(number, "fval"))
                          : json_string_value(json_object_get(json_object_get(constant, "sval"), "sval"));
}

static const json_t *source_default_uncast(const json_t *tree) {
    while (json_object_get(tree, "TypeCast") != NULL)
        tree = json_object_get(json_object_get(tree, "TypeCast"), "arg");
    return tree;
}

// b'101', for bits alone: another type's value of it is the number that they are. NULL: it is none.
static const char *source_default_bits_text(const json_t *tree) {
    const json_t *constant = json_object_get(source_default_uncast(tree), "A_Const");
    const char *text = json_string_value(json_object_get(json_object_get(constant, "bsval"), "bsval"));
    return text != NULL && *text == 'b' ? text + 1 : NULL; // "b101", "x1F"
}

static bool source_default_set_text(struct value *ret, const char *text, size_t size) {
    char *copy = strndup(text, size);
    if (copy == NULL)
        return false;
    *ret = (struct value){.kind = VALUE_TEXT, .bytes = {copy, size}};
    return true;
}

static bool source_default_integer(const char *text, struct value *ret) {
    char *end;
    errno = 0;
    long long integer = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0')
        return true;
    *ret = (struct value){.kind = VALUE_INTEGER, .integer = integer};
    return true;
}

static bool source_default_boolean(const char *text, struct value *ret) {
    static const char *const words[] = {"false", "true", "f", "t", "no", "yes", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], text) == 0)
            *ret = (struct value){.kind = VALUE_INTEGER, .integer = (int64_t)(i % 2)};
    return true;
}

static bool source_default_real(const char *text, struct value *ret) {
    char *end;
    double real = strtod(text, &end);
    if (end != text && *end == '\0' && !isalpha((unsigned char)end[-1]))
        *ret = (struct value){.kind = VALUE_REAL, .real = real};
    return true;
}

// NUMERIC(p,s) is written with all its s digits.
static bool source_default_numeric(const char *text, const struct declared_type *type, struct value *ret) {
    const char *point = strchr(text, '.');
    size_t digits = strspn(text + (*text == '-'), "0123456789");
    size_t fraction = point != NULL ? strlen(point + 1) : 0;
    size_t scale = type->argument_count > 1 && type->arguments[1] > 0 ? (size_t)type->arguments[1] : 0;
    if (digits == 0 || !decimal_is_literal(span_of(text)) || strpbrk(text, "eE+") != NULL ||
        (type->argument_count > 0 &&
         (fraction > scale || (type->argument_count > 1 && type->arguments[1] < 0))))
        return true;
    char padded[LITERAL_MAX];
    size_t missing = type->argument_count > 0 ? scale - fraction : 0;
    if (strlen(text) + missing + 2 > sizeof padded)
        return true;
    int size = snprintf(padded, sizeof padded, "%s%s", text, point == NULL && missing > 0 ? "." : "");
    memset(padded + size, '0', missing);
    return source_default_set_text(ret, padded, (size_t)size + missing);
}

// "dddd-dd-dd", where d is a digit and the rest is itself.
static bool source_default_matches(const char *text, const char *form, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (form[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
            return false;
    return true;
}

static const char date_form[] = "dddd-dd-dd";
static const char time_form[] = "dd:dd:dd";

// "HH:MM:SS" and up to six digits more, written with all six. Returns what is behind it, NULL = it is no time.
static const char *source_default_time(const char *text, char ret[16]) {
    size_t size = sizeof time_form - 1;
    if (!source_default_matches(text, time_form, size))
        return NULL;
    size_t digits = text[size] == '.' ? strspn(text + size + 1, "0123456789") : 0;
    if (digits > 6)
        return NULL;
    (void)snprintf(ret, 16, "%.8s.%.*s%.*s", text, (int)digits, text + size + 1, 6 - (int)digits, "000000");
    return text + size + (digits > 0 ? digits + 1 : 0);
}

static bool source_default_moment(const char *text, enum column_type type, struct value *ret) {
    char written[40];
    char time[16];
    if (type == COLUMN_TIME) {
        const char *rest = source_default_time(text, time);
        return rest == NULL || *rest != '\0' || source_default_set_text(ret, time, strlen(time));
    }
    if (strcmp(text, "infinity") == 0 || strcmp(text, "-infinity") == 0)
        return source_default_set_text(ret, text, strlen(text));
    size_t size = sizeof date_form - 1;
    if (!source_default_matches(text, date_form, size))
        return true;
    if (type == COLUMN_DATE)
        return text[size] != '\0' || source_default_set_text(ret, text, size);
    bool midnight = text[size] == '\0';
    const char *rest = source_default_time(midnight ? "00:00:00" : text + size + 1, time);
    if (rest == NULL || (!midnight && text[size] != ' ' && text[size] != 'T'))
        return true;
    bool zoned = type == COLUMN_TIMESTAMPTZ;
    if (strcmp(rest, zoned ? "+00" : "") != 0) // another offset, or the server's own
        return true;
    (void)snprintf(written, sizeof written, "%.10sT%s%s", text, time, zoned ? "Z" : "");
    return source_default_set_text(ret, written, strlen(written));
}

static bool source_default_bytea(const char *text, struct value *ret) {
    size_t size = strlen(text);
    if (size == 0 ? false : size < 2 || text[0] != '\\' || text[1] != 'x' || size % 2 != 0)
        return true;
    size_t count = size > 2 ? size / 2 - 1 : 0;
    char *bytes = malloc(count + 1);
    if (bytes == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        char pair[3] = {text[2 + 2 * i], text[3 + 2 * i], '\0'};
        char *end;
        bytes[i] = (char)strtoul(pair, &end, 16);
        if (end != pair + 2) {
            free(bytes);
            return true;
        }
    }
    *ret = (struct value){.kind = VALUE_BLOB, .bytes = {bytes, count}};
    return true;
}

// CHAR(n) comes padded with blanks. Of other types only the form is the source's that is the text itself.
static bool source_default_string(const char *text, const struct declared_type *type, struct value *ret) {
    static const char *const as_written[] = {"text", "varchar", "name", "citext"};
    char padded[LITERAL_MAX];
    size_t size = strlen(text);
    if (strcmp(type->name, "bpchar") == 0) {
        size_t width = type->argument_count > 0 && type->arguments[0] > 0 ? (size_t)type->arguments[0] : 1;
        if (width >= sizeof padded || size > width)
            return true;
        memset(padded, ' ', width);
        memcpy(padded, text, size);
        return source_default_set_text(ret, padded, width);
    }
    if (type->is_text)
        return source_default_set_text(ret, text, size);
    if (strcmp(type->name, "uuid") == 0 && size == 36 && strspn(text, "0123456789abcdef-") == size)
        return source_default_set_text(ret, text, size);
    for (size_t i = 0; i < sizeof as_written / sizeof *as_written; i++)
        if (strcmp(as_written[i], type->name) == 0)
            return source_default_set_text(ret, text, size);
    return true;
}

// JSONB is written anew by PostgreSQL; of its forms those are taken that cannot differ.
static bool source_default_json(const char *text, const struct declared_type *type, struct value *ret) {
    bool simple = strcmp(text, "{}") == 0 || strcmp(text, "[]") == 0 || strcmp(text, "null") == 0 ||
                  strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    return (strcmp(type->name, "jsonb") == 0 && !simple) || source_default_set_text(ret, text, strlen(text));
}

// "{a,b}" as the events have it. Of what else may be in an array the form is another than the literal's.
static bool source_default_array(const char *text, const struct declared_type *type,
                                 const struct column *column, struct value *ret) {
    static const char *const as_written[] = {"text", "varchar", "citext"};
    CLEANUP(buffer_free) struct buffer json = {0};
    bool is_text = type->is_text;
    if (strcmp(type->name, "hstore") == 0 && *text == '\0')
        return source_default_set_text(ret, "{}", 2);
    for (size_t i = 0; i < sizeof as_written / sizeof *as_written; i++)
        is_text |= strcmp(as_written[i], type->name) == 0;
    if (!type->array || (strcmp(text, "{}") != 0 && column->element == COLUMN_TEXT && !is_text) ||
        !default_array_read(text, strcmp(text, "{}") == 0 ? COLUMN_TEXT : column->element, &json))
        return !json.failed;
    return source_default_set_text(ret, json.data, json.size);
}

static bool source_default_bits(const char *text, const struct column *column, struct value *ret) {
    size_t size = strlen(text);
    return column->precision == 0 || (size_t)column->precision != size || strspn(text, "01") != size ||
           source_default_set_text(ret, text, size);
}

// An address without a mask.
static bool source_default_other(const char *text, const struct declared_type *type, struct value *ret) {
    unsigned char address[sizeof(struct in6_addr)];
    char written[INET6_ADDRSTRLEN];
    int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    if (strcmp(type->name, "inet") != 0 || inet_pton(family, text, address) != 1 ||
        inet_ntop(family, address, written, sizeof written) == NULL || strcmp(text, written) != 0)
        return true;
    return source_default_set_text(ret, text, strlen(text));
}

static bool source_default_take(const char *text, const struct declared_type *type,
                                const struct column *column, struct value *ret) {
    switch (column->type) {
    case COLUMN_INTEGER:
        return source_default_integer(text, ret);
    case COLUMN_BOOLEAN:
        return source_default_boolean(text, ret);
    case COLUMN_DECIMAL:
        if (decimal_parse(span_of(text), column->precision, column->scale, &ret->integer))
            ret->kind = VALUE_INTEGER;
        return true;
    case COLUMN_NUMERIC:
        return source_default_numeric(text, type, ret);
    case COLUMN_REAL:
        return source_default_real(text, ret);
    case COLUMN_TEXT:
        return source_default_string(text, type, ret);
    case COLUMN_JSON:
        return source_default_json(text, type, ret);
    case COLUMN_DATE:
    case COLUMN_TIME:
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMPTZ:
        return source_default_moment(text, column->type, ret);
    case COLUMN_BYTEA:
        return source_default_bytea(text, ret);
    case COLUMN_ARRAY:
        return source_default_array(text, type, column, ret);
    case COLUMN_BIT:
        return source_default_bits(text, column, ret);
    case COLUMN_OTHER:
        return source_default_other(text, type, ret);
    }
    return true;
}

// array['a', 'b'] as the literal "{a,b}" that says the same. False: not all its elements are literals.
static bool source_default_elements(const struct source_draft *draft, const json_t *tree, size_t base,
                                    struct buffer *ret) {
    const json_t *element;
    size_t i;
    const json_t *array = json_object_get(source_default_uncast(tree), "A_ArrayExpr");
    const json_t *elements = json_object_get(array, "elements");
    if (json_array_size(elements) == 0)
        return false;
    buffer_char(ret, '{');
    json_array_foreach(elements, i, element) {
        char scratch[32];
        bool is_null = false;
        const char *text = source_default_text(draft, element, base, scratch, &is_null);
        bool is_array = json_object_get(source_default_uncast(element), "A_ArrayExpr") != NULL;
        if ((text == NULL && !is_null) || is_array)
            return false;
        default_array_append(ret, text);
    }
    buffer_append(ret, "}", 2);
    return !ret->failed;
}

int source_default_read(struct source_draft *draft, const struct draft_column *declared,
                        struct column *column) {
    char scratch[32];
    bool is_null = false;
    column->fallback = (struct value){.kind = VALUE_ABSENT};
    column->source_default = false;
    const char *text =
        source_default_text(draft, declared->expression.tree, declared->expression.base, scratch, &is_null);
    CLEANUP(buffer_free) struct buffer literal = {0};
    if (text == NULL && column->type == COLUMN_BIT)
        text = source_default_bits_text(declared->expression.tree);
    if (text == NULL && !is_null && column->type == COLUMN_ARRAY &&
        source_default_elements(draft, declared->expression.tree, declared->expression.base, &literal))
        text = literal.data;
    if (is_null)
        column->fallback.kind = VALUE_NULL;
    if (text != NULL && strlen(text) < LITERAL_MAX &&
        !source_default_take(text, &declared->type, column, &column->fallback))
        return source_draft_out_of_memory(draft);
    column->source_default = column->fallback.kind == VALUE_ABSENT;
    return 0;
}
