#include "views/engine/catalog/source/default.h"

#include "views/base/base64.h"
#include "views/base/cleanup.h"
#include "views/base/real.h"
#include "views/base/strings.h"
#include "views/base/utf8.h"
#include "views/base/uuid.h"
#include "views/engine/catalog/source/default_array.h"
#include "views/engine/catalog/source/default_json.h"
#include "views/engine/catalog/source/type.h"
#include "views/engine/decimal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

enum {
    LITERAL_MAX = 65536,
    NUMBER_SIZE = 32,
    MONEY_DIGITS = 2,
    SHORT_DIGITS_MOST = 9, // that tell any two floats apart
};

// --- forms

// "dddd-dd-dd", where d is a digit and the rest is itself.
static bool source_default_matches(const char *text, const char *form, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (form[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
            return false;
    return true;
}

static const char date_form[] = "dddd-dd-dd";
static const char time_form[] = "dd:dd:dd";

// --- casts

static bool source_default_is_among(const char *name, const char *const *names) {
    for (; *names != NULL; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

// [-]digits[.digits], as a NUMERIC writes itself, which has no -0. *ret_fraction: the digits behind the point.
static bool source_default_is_number(const char *text, size_t *ret_fraction) {
    static const char digits[] = "0123456789";
    if (*text == '-' && strpbrk(text, "123456789") == NULL)
        return false;
    text += *text == '-';
    size_t whole = strspn(text, digits);
    bool point = text[whole] == '.';
    *ret_fraction = point ? strspn(text + whole + 1, digits) : 0;
    return whole > 0 && (whole == 1 || text[0] != '0') && (!point || *ret_fraction > 0) &&
           text[whole + point + *ret_fraction] == '\0';
}

static bool source_default_is_textual(const char *type) {
    static const char *const texts[] = {"text", "varchar", "citext", "bpchar", "name", NULL};
    return source_default_is_among(type, texts);
}

// A cast to a type of texts, of which n characters are kept, and of CHAR no blank at the end.
static bool source_default_fits(const char *text, const struct declared_type *cast) {
    size_t size = strlen(text);
    bool padded = strcmp(cast->name, "bpchar") == 0;
    return (cast->argument_count == 0 || utf8_count(text, size) <= (size_t)cast->arguments[0]) &&
           !(padded && size > 0 && text[size - 1] == ' ');
}

static bool source_default_is_same_type(const struct declared_type *a, const struct declared_type *b) {
    bool same = strcmp(a->name, b->name) == 0 && a->array == b->array;
    for (int i = 0; same && i < a->argument_count; i++)
        same = a->argument_count == b->argument_count && a->arguments[i] == b->arguments[i];
    return same;
}

static bool source_default_keeps(const struct declared_type *cast, const struct declared_type *type,
                                 const char *text);

struct source_default_element {
    struct declared_type cast, type;
};

static bool source_default_keeps_element(void *self, const char *text, bool is_null) {
    const struct source_default_element *element = self;
    return is_null || source_default_keeps(&element->cast, &element->type, text);
}

// The cast of an array's literal is one of each element.
static bool source_default_keeps_each(const struct declared_type *cast, const struct declared_type *type,
                                      const char *text) {
    struct source_default_element element = {*cast, *type};
    element.cast.array = element.type.array = false;
    return default_array_each(text, source_default_keeps_element, &element);
}

// Whether the cast leaves the text as it is, on its way into a column of `type`: 1.9::int is 2, 'abc'::varchar(2) 'ab', 0.1::real
// in a double 0.10000000149.
static bool source_default_keeps(const struct declared_type *cast, const struct declared_type *type,
                                 const char *text) {
    static const char *const texts[] = {"text", "varchar", "citext", "bpchar", NULL};
    static const char *const integers[] = {"int2", "int4", "int8", "oid", NULL};
    static const char *const reals[] = {"float4", "float8", NULL};
    enum { REAL_DIGITS_SURE = 6 }; // of a whole number
    size_t fraction = 0;
    bool number = source_default_is_number(text, &fraction);
    if (cast->array)
        return type->array && source_default_keeps_each(cast, type, text);
    if (source_default_is_among(cast->name, texts))
        return source_default_fits(text, cast);
    if (source_default_is_same_type(cast, type) || cast->enum_number > 0)
        return true;
    if (source_default_is_among(cast->name, integers))
        return number && fraction == 0;
    if (source_default_is_among(cast->name, reals))
        return number && fraction == 0 && strlen(text) <= REAL_DIGITS_SURE;
    if (strcmp(cast->name, "numeric") == 0)
        return number && (cast->argument_count == 0 ||
                          fraction == (size_t)(cast->argument_count > 1 ? cast->arguments[1] : 0));
    return strcmp(cast->name, "json") == 0 ||
           (strcmp(cast->name, "date") == 0 && strlen(text) == sizeof date_form - 1 &&
            source_default_matches(text, date_form, sizeof date_form - 1));
}

static const char *source_default_text(struct source_draft *draft, const struct draft_column *declared,
                                       const json_t *tree, char scratch[NUMBER_SIZE], bool *ret_null);

static const json_t *source_default_uncast(const json_t *tree) {
    while (json_object_get(tree, "TypeCast") != NULL)
        tree = json_object_get(json_object_get(tree, "TypeCast"), "arg");
    return tree;
}

static const char *source_default_cast(struct source_draft *draft, const struct draft_column *declared,
                                       const json_t *cast, char scratch[NUMBER_SIZE], bool *ret_null) {
    struct declared_type type;
    const char *text = source_default_text(draft, declared, json_object_get(cast, "arg"), scratch, ret_null);
    bool kept =
        text != NULL &&
        source_type_read(draft, json_object_get(cast, "typeName"), declared->expression.base, &type) == 0 &&
        source_default_keeps(&type, &declared->type, text);
    return kept ? text : NULL;
}

// "b101", "x1F": of another type, as through ::int, it is a number.
static const char *source_default_bits_text(const struct declared_type *type, const json_t *constant) {
    const char *text = json_string_value(json_object_get(json_object_get(constant, "bsval"), "bsval"));
    bool is_bits = strcmp(type->name, "bit") == 0 || strcmp(type->name, "varbit") == 0;
    return is_bits && text != NULL && *text == 'b' ? text + 1 : NULL;
}

// 1e2 and -0.0 are 100 and 0.0 in a text.
static const char *source_default_number_text(const struct declared_type *type, const json_t *constant) {
    const char *text = json_string_value(json_object_get(json_object_get(constant, "fval"), "fval"));
    size_t fraction;
    return text != NULL &&
                   (source_default_is_number(text, &fraction) || !source_default_is_textual(type->name))
               ? text
               : NULL;
}

// What the expression spells, through casts and ARRAY[]; NULL: it is no literal. `scratch` holds a number's digits.
static const char *source_default_text(struct source_draft *draft, const struct draft_column *declared,
                                       const json_t *tree, char scratch[NUMBER_SIZE], bool *ret_null) {
    const json_t *cast = json_object_get(tree, "TypeCast");
    if (cast != NULL)
        return source_default_cast(draft, declared, cast, scratch, ret_null);
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
    if (source_type_integer(draft->text, constant, declared->expression.base, &integer)) {
        (void)snprintf(scratch, NUMBER_SIZE, "%lld", (long long)integer);
        return scratch;
    }
    if (json_object_get(constant, "bsval") != NULL)
        return source_default_bits_text(&declared->type, constant);
    return json_object_get(constant, "fval") != NULL
               ? source_default_number_text(&declared->type, constant)
               : json_string_value(json_object_get(json_object_get(constant, "sval"), "sval"));
}

// --- values

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

// What REAL has of a number, as its shortest digits say it.
static double source_default_short(const char *text) {
    char digits[NUMBER_SIZE] = "";
    float real = strtof(text, NULL);
    for (int count = 1; count <= SHORT_DIGITS_MOST && (count == 1 || strtof(digits, NULL) != real); count++)
        (void)snprintf(digits, sizeof digits, "%.*g", count, (double)real);
    return strtod(digits, NULL);
}

static bool source_default_real(const char *text, const struct declared_type *type, struct value *ret) {
    char *end;
    double real = strtod(text, &end);
    if (strcmp(type->name, "float4") == 0)
        real = source_default_short(text);
    if (end != text && *end == '\0' && !isalpha((unsigned char)end[-1]))
        *ret = (struct value){.kind = VALUE_REAL, .real = real};
    return true;
}

// NUMERIC(p,s) is written with all its s digits, and MONEY with two, by money.fraction.digits's default.
static bool source_default_numeric(const char *text, const struct declared_type *type, struct value *ret) {
    size_t fraction;
    size_t scale = type->argument_count > 1 && type->arguments[1] > 0 ? (size_t)type->arguments[1] : 0;
    bool money = strcmp(type->name, "money") == 0;
    bool rounded = type->argument_count > 0 || money;
    scale = money ? MONEY_DIGITS : scale;
    if (!source_default_is_number(text, &fraction) ||
        (rounded && (fraction > scale || (type->argument_count > 1 && type->arguments[1] < 0))))
        return true;
    char padded[LITERAL_MAX];
    size_t missing = rounded ? scale - fraction : 0;
    if (strlen(text) + missing + 2 > sizeof padded)
        return true;
    int size = snprintf(padded, sizeof padded, "%s%s", text, fraction == 0 && missing > 0 ? "." : "");
    memset(padded + size, '0', missing);
    return source_default_set_text(ret, padded, (size_t)size + missing);
}

// "HH:MM:SS" and as many digits more as the type has, six at most, written with all six. Returns what is behind it, NULL = it is
// no time, or one that PostgreSQL writes as another: more digits are rounded, and second 60 is the next minute.
static const char *source_default_time(const char *text, const struct declared_type *type, char ret[16]) {
    size_t size = sizeof time_form - 1;
    if (!source_default_matches(text, time_form, size) || text[size - 2] == '6')
        return NULL;
    size_t digits = text[size] == '.' ? strspn(text + size + 1, "0123456789") : 0;
    if (digits > 6 || (type->argument_count > 0 && digits > (size_t)type->arguments[0]))
        return NULL;
    (void)snprintf(ret, 16, "%.8s.%.*s%.*s", text, (int)digits, text + size + 1, 6 - (int)digits, "000000");
    return text + size + (digits > 0 ? digits + 1 : 0);
}

static bool source_default_moment(const char *text, const struct declared_type *declared,
                                  enum column_type type, struct value *ret) {
    char written[40];
    char time[16];
    if (type == COLUMN_TIME) {
        const char *rest = source_default_time(text, declared, time);
        bool of_zone =
            strcmp(declared->name, "timetz") == 0; // another offset, or the server's own, is another time
        return rest == NULL || strcmp(rest, of_zone ? "+00" : "") != 0 ||
               source_default_set_text(ret, time, strlen(time));
    }
    if (strcmp(text, "infinity") == 0 || strcmp(text, "-infinity") == 0)
        return source_default_set_text(ret, text, strlen(text));
    size_t size = sizeof date_form - 1;
    if (!source_default_matches(text, date_form, size))
        return true;
    if (type == COLUMN_DATE)
        return text[size] != '\0' || source_default_set_text(ret, text, size);
    bool midnight = text[size] == '\0';
    const char *rest = source_default_time(midnight ? "00:00:00" : text + size + 1, declared, time);
    if (rest == NULL || (!midnight && text[size] != ' ' && text[size] != 'T'))
        return true;
    bool zoned = type == COLUMN_TIMESTAMPTZ;
    // Another offset, or the server's own; hour 24 is the next day's first.
    if (strcmp(rest, zoned ? "+00" : "") != 0 || strncmp(time, "24", 2) == 0)
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

// CHAR(n) comes padded with blanks to n characters.
static bool source_default_padded(const char *text, const struct declared_type *type, struct value *ret) {
    char padded[LITERAL_MAX];
    size_t size = strlen(text);
    size_t characters = utf8_count(text, size);
    size_t width = type->arguments[0] > 0 ? (size_t)type->arguments[0] : 1;
    if (characters > width || size + (width - characters) >= sizeof padded)
        return true;
    memcpy(padded, text, size);
    memset(padded + size, ' ', width - characters);
    return source_default_set_text(ret, padded, size + (width - characters));
}

// The form is known of those types alone whose form is the text itself.
static bool source_default_string(const char *text, const struct declared_type *type, struct value *ret) {
    size_t size = strlen(text);
    if (strcmp(type->name, "bpchar") == 0 && !type->is_text && type->argument_count > 0)
        return source_default_padded(text, type, ret);
    if (type->argument_count > 0 && utf8_count(text, size) > (size_t)type->arguments[0])
        return true; // it is cut
    if (type->enum_number > 0)
        return source_default_set_text(ret, text, size);
    if (strcmp(type->name, "char") == 0)
        return size > 1 || source_default_set_text(ret, text, size);
    char uuid[UUID_SIZE];
    if (strcmp(type->name, "uuid") == 0)
        return !uuid_read((struct span){text, size}, uuid) || source_default_set_text(ret, uuid, UUID_SIZE);
    return !source_default_is_textual(type->name) || source_default_set_text(ret, text, size);
}

// JSONB is written anew by PostgreSQL, JSON is kept.
static bool source_default_json(const char *text, const struct declared_type *type, struct value *ret) {
    CLEANUP(buffer_free) struct buffer json = {0};
    if (strcmp(type->name, "jsonb") != 0)
        return source_default_set_text(ret, text, strlen(text));
    if (!default_json_binary(text, &json))
        return !json.failed;
    return source_default_set_text(ret, json.data, json.size);
}

static bool source_default_take(const char *text, const struct declared_type *type,
                                const struct column *column, struct value *ret);

struct source_default_elements {
    struct declared_type type;
    struct column column; // of one element
    struct buffer *json;
};

// Java writes a double of this size without an exponent.
static bool source_default_write_real(double real, struct buffer *json) {
    enum { PLAIN_LEAST = 1000, PLAIN_MOST = 10000000 };
    char text[REAL_TEXT_SIZE];
    double size = real < 0 ? -real : real;
    if (size >= PLAIN_MOST || (size < 1.0 / PLAIN_LEAST && size > 0))
        return false;
    buffer_append(json, text, real_write(real, text));
    if (strchr(text, '.') == NULL)
        buffer_text(json, ".0");
    return true;
}

// A value as an element of an array that its events have (value_read_array in consumer/decode).
static bool source_default_write_element(const struct value *value, const struct column *column,
                                         struct buffer *json) {
    char digits[DECIMAL_TEXT_SIZE];
    switch (value->kind) {
    case VALUE_INTEGER:
        if (column->type == COLUMN_DECIMAL)
            buffer_json_string(json,
                               (struct span){digits, decimal_write(value->integer, column->scale, digits)});
        else if (column->type == COLUMN_BOOLEAN)
            buffer_text(json, value->integer != 0 ? "true" : "false");
        else
            buffer_format(json, "%lld", (long long)value->integer);
        return true;
    case VALUE_REAL:
        return source_default_write_real(value->real, json);
    case VALUE_TEXT:
        buffer_json_string(json, value->bytes);
        return true;
    case VALUE_BLOB:
        buffer_char(json, '"');
        base64_write(json, value->bytes);
        buffer_char(json, '"');
        return true;
    default:
        return false; // its form is not known
    }
}

static bool source_default_take_element(void *self, const char *text, bool is_null) {
    const struct source_default_elements *elements = self;
    struct buffer *json = elements->json;
    struct value value = {.kind = VALUE_ABSENT};
    if (json->size > 1)
        buffer_char(json, ',');
    if (is_null) {
        buffer_text(json, "null");
        return true;
    }
    if (!source_default_take(text, &elements->type, &elements->column, &value)) {
        json->failed = true;
        return false;
    }
    bool written = source_default_write_element(&value, &elements->column, json);
    if (value.kind == VALUE_TEXT || value.kind == VALUE_BLOB)
        free((char *)value.bytes.data);
    return written;
}

// "{a,b}" as the events have it, each element as a column of its type would. Bits never come.
static bool source_default_array(const char *text, const struct declared_type *type,
                                 const struct column *column, struct value *ret) {
    CLEANUP(buffer_free) struct buffer json = {0};
    if (!type->array && strcmp(type->name, "hstore") == 0)
        return default_json_pairs(text, &json) ? source_default_set_text(ret, json.data, json.size)
                                               : !json.failed;
    struct source_default_elements elements = {*type, *column, &json};
    elements.type.array = false;
    elements.column.type = column->element;
    bool empty = strcmp(text, "{}") == 0;
    if (!type->array || (!empty && (column->element == COLUMN_ARRAY || column->element == COLUMN_BIT)))
        return true;
    buffer_char(&json, '[');
    if (!default_array_each(text, source_default_take_element, &elements))
        return !json.failed;
    buffer_char(&json, ']');
    return !json.failed && source_default_set_text(ret, json.data, json.size);
}

static bool source_default_bits(const char *text, const struct column *column, struct value *ret) {
    size_t size = strlen(text);
    return column->precision == 0 || (size_t)column->precision != size || strspn(text, "01") != size ||
           source_default_set_text(ret, text, size);
}

// An address as PostgreSQL writes it. INET drops the mask of a single address, and CIDR has one always.
static bool source_default_is_address(const char *text, bool is_cidr) {
    enum { BITS = 8, MASK_DIGITS_MOST = 3 };
    unsigned char address[sizeof(struct in6_addr)];
    char host[INET6_ADDRSTRLEN], written[INET6_ADDRSTRLEN];
    int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    long whole = BITS * (family == AF_INET6 ? (long)sizeof(struct in6_addr) : (long)sizeof(struct in_addr));
    size_t size = strcspn(text, "/");
    const char *mask = text + size + (text[size] == '/');
    if (size >= sizeof host || (text[size] == '/') != (*mask != '\0') || (*mask == '\0' && is_cidr))
        return false;
    size_t digits = strspn(mask, "0123456789");
    bool plain = mask[digits] == '\0' && digits <= MASK_DIGITS_MOST && (*mask != '0' || digits == 1);
    if (!plain || (*mask != '\0' && strtol(mask, NULL, 10) >= whole + is_cidr))
        return false;
    (void)snprintf(host, sizeof host, "%.*s", (int)size, text);
    return inet_pton(family, host, address) == 1 &&
           inet_ntop(family, address, written, sizeof written) != NULL && strcmp(host, written) == 0;
}

// "08:00:2b:01:02:03"
static bool source_default_is_hardware(const char *text, size_t bytes) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes; i++, text += 3)
        if (strspn(text, digits) != 2 || text[2] != (i + 1 < bytes ? ':' : '\0'))
            return false;
    return true;
}

// Labels between points.
static bool source_default_is_tree(const char *text) {
    for (const char *at = text; *text != '\0'; at++) {
        size_t label = 0;
        while (isalnum((unsigned char)at[label]) || at[label] == '_')
            label++;
        at += label;
        if (label == 0 || (*at != '.' && *at != '\0'))
            return false;
        if (*at == '\0')
            break;
    }
    return true;
}

// Types whose text, where it is of this form, is what PostgreSQL writes of it.
static bool source_default_other(const char *text, const struct declared_type *type, struct value *ret) {
    enum { HARDWARE_BYTES = 6, HARDWARE8_BYTES = 8 };
    const char *name = type->name;
    bool as_written = ((strcmp(name, "inet") == 0 || strcmp(name, "cidr") == 0) &&
                       source_default_is_address(text, *name == 'c')) ||
                      (strcmp(name, "macaddr") == 0 && source_default_is_hardware(text, HARDWARE_BYTES)) ||
                      (strcmp(name, "macaddr8") == 0 && source_default_is_hardware(text, HARDWARE8_BYTES)) ||
                      (strcmp(name, "ltree") == 0 && source_default_is_tree(text)) ||
                      (strcmp(name, "xml") == 0 && text[0] == '<' && text[1] != '?');
    return !as_written || source_default_set_text(ret, text, strlen(text));
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
        return source_default_real(text, type, ret);
    case COLUMN_TEXT:
        return source_default_string(text, type, ret);
    case COLUMN_JSON:
        return source_default_json(text, type, ret);
    case COLUMN_DATE:
    case COLUMN_TIME:
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMPTZ:
        return source_default_moment(text, type, column->type, ret);
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

// Whether the casts that stand around an expression leave the text as it is on its way into `into`; NULL is left by each. `each`: they are
// an array's, and the text is of one element.
static bool source_default_casts_keep(struct source_draft *draft, const json_t *tree, size_t base,
                                      const struct declared_type *into, bool each, const char *text) {
    const json_t *cast;
    for (; (cast = json_object_get(tree, "TypeCast")) != NULL; tree = json_object_get(cast, "arg")) {
        struct declared_type type;
        if (source_type_read(draft, json_object_get(cast, "typeName"), base, &type) != 0)
            return false;
        type.array &= !each;
        if (text != NULL && !source_default_keeps(&type, into, text))
            return false;
    }
    return true;
}

// array['a', 'b'] as the literal "{a,b}" that says the same. False: not all its elements are literals.
static bool source_default_elements(struct source_draft *draft, const struct draft_column *declared,
                                    struct buffer *ret) {
    const struct source_expression *expression = &declared->expression;
    struct draft_column one = *declared;
    const json_t *element;
    size_t i;
    one.type.array = false;
    const json_t *array = json_object_get(source_default_uncast(expression->tree), "A_ArrayExpr");
    const json_t *elements = json_object_get(array, "elements");
    if (json_array_size(elements) == 0)
        return false;
    buffer_char(ret, '{');
    json_array_foreach(elements, i, element) {
        char scratch[NUMBER_SIZE];
        bool is_null = false;
        const char *text = source_default_text(draft, &one, element, scratch, &is_null);
        bool is_array = json_object_get(source_default_uncast(element), "A_ArrayExpr") != NULL;
        if (is_array || (text == NULL ? !is_null
                                      : !source_default_casts_keep(draft, expression->tree, expression->base,
                                                                   &one.type, true, text)))
            return false;
        default_array_append(ret, text);
    }
    buffer_append(ret, "}", 2);
    return !ret->failed;
}

bool source_default_stays(struct source_draft *draft, const struct draft_column *was,
                          const struct declared_type *is, const json_t *using, size_t base) {
    char scratch[NUMBER_SIZE];
    bool is_null = false;
    if (was->expression.tree == NULL)
        return true;
    const char *text = source_default_text(draft, was, was->expression.tree, scratch, &is_null);
    bool known = is_null || (text != NULL && source_default_keeps(&was->type, is, text));
    return known && source_default_casts_keep(draft, using, base, is, false, text) &&
           (using == NULL || json_object_get(source_default_uncast(using), "ColumnRef") != NULL);
}

// One that `rename value` took the place of is not what the rows have.
static bool source_default_is_label(const struct source_draft *draft, const struct declared_type *type,
                                    const char *text) {
    if (type->enum_number == 0 || type->array)
        return true;
    const struct draft_type *own = &draft->types[type->enum_number - 1];
    return strings_have(own->labels, own->label_count, text);
}

int source_default_read(struct source_draft *draft, const struct draft_column *declared,
                        struct column *column) {
    char scratch[NUMBER_SIZE];
    bool is_null = false;
    column->fallback = (struct value){.kind = VALUE_ABSENT};
    column->source_default = false;
    const char *text = source_default_text(draft, declared, declared->expression.tree, scratch, &is_null);
    CLEANUP(buffer_free) struct buffer literal = {0};
    if (text == NULL && !is_null && column->type == COLUMN_ARRAY &&
        source_default_elements(draft, declared, &literal))
        text = literal.data;
    if (is_null)
        column->fallback.kind = VALUE_NULL;
    if (text != NULL && strlen(text) < LITERAL_MAX && source_default_is_label(draft, &declared->type, text) &&
        !source_default_take(text, &declared->type, column, &column->fallback))
        return source_draft_out_of_memory(draft);
    column->source_default = column->fallback.kind == VALUE_ABSENT;
    return 0;
}
