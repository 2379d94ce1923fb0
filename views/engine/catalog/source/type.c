#include "views/engine/catalog/source/type.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <strings.h>

struct source_name source_type_name(const json_t *list) {
    size_t size = json_array_size(list);
    struct source_name name = {0};
    if (size > 0)
        name.relation = source_type_string(json_array_get(list, size - 1));
    if (size > 1)
        name.schema = source_type_string(json_array_get(list, size - 2));
    return name;
}

bool source_type_integer(const struct source_text *text, const json_t *constant, size_t base, int64_t *ret) {
    const json_t *node = json_object_get(constant, "ival");
    if (node == NULL)
        return false;
    const json_t *value = json_object_get(node, "ival");
    *ret = value != NULL ? json_integer_value(value) : 0;
    const json_t *location = json_object_get(constant, "location");
    if (value != NULL || location == NULL || json_integer_value(location) < 0)
        return true;
    // Zero, or a negative number.
    const char *at = text->text + source_type_location(constant, base);
    bool negative = false;
    for (; *at == '-' || *at == '+' || isspace((unsigned char)*at); at++)
        negative ^= *at == '-';
    errno = 0;
    *ret = strtoll(at, NULL, 10) * (negative ? -1 : 1);
    return errno == 0;
}

// INTERVAL's first argument is its fields; the second is the precision.
static void source_type_arguments(struct source_draft *draft, const json_t *type, size_t base,
                                  struct declared_type *ret) {
    const json_t *arguments = json_object_get(type, "typmods");
    bool interval = strcmp(ret->name, "interval") == 0;
    for (size_t i = interval ? 1 : 0; i < json_array_size(arguments); i++) {
        int64_t argument;
        if (ret->argument_count == 2 ||
            !source_type_integer(draft->text, json_object_get(json_array_get(arguments, i), "A_Const"), base,
                                 &argument)) {
            ret->argument_count = 0; // geometry(Point,4326): such arguments say nothing to us
            return;
        }
        ret->arguments[ret->argument_count++] = (int)argument;
    }
}

// One of source.sql's own: written as it is declared; an unqualified name of the path's first schema that has one, or of any.
static const struct draft_type *source_type_own(const struct source_draft *draft, struct source_name name) {
    const struct draft_type *own = NULL;
    for (int i = 0; name.schema == NULL && own == NULL && i < draft->path_count; i++)
        own = source_draft_type(draft, (struct source_name){draft->path[i], name.relation});
    if (own == NULL)
        own = source_draft_type(draft, name);
    if (own != NULL || name.schema != NULL)
        return own;
    for (int i = 0; i < draft->type_count; i++) {
        const char *dot = strrchr(draft->types[i].name, '.');
        if (dot != NULL && strcmp(dot + 1, name.relation) == 0 && (own == NULL || !draft->text->as_before))
            own = &draft->types[i];
    }
    return own;
}

// How long the token at `at` is.
static size_t source_type_token(const char *at) {
    size_t size = 1;
    if (*at == '"')
        while (at[size] != '\0' && at[size - (size > 1)] != '"')
            size++;
    if (*at == '(' || *at == '[')
        return strcspn(at, *at == '(' ? ")" : "]") + 1;
    while (isalnum((unsigned char)*at) && (isalnum((unsigned char)at[size]) || at[size] == '_'))
        size++;
    return size;
}

// Whether the token belongs to the type that stands before it: arguments, brackets, and the words of types that have
// several.
static bool source_type_goes_on(const char *at, size_t size) {
    static const char *const words[] = {"precision", "varying", "character", "char",   "varchar", "with",
                                        "without",   "time",    "zone",      "array",  "to",      "year",
                                        "month",     "day",     "hour",      "minute", "second"};
    if (*at == '(' || *at == '[' || *at == '.')
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == size && strncasecmp(at, words[i], size) == 0)
            return true;
    return false;
}

// The words of source.sql from `at` on that are the type's, with single spaces.
static void source_type_written(const struct source_text *text, size_t at, char ret[TYPE_TEXT_SIZE]) {
    size_t used = 0;
    bool first = true;
    while (at < text->size) {
        const char *token = text->text + at;
        if (isspace((unsigned char)*token)) {
            if (used > 0 && used + 1 < TYPE_TEXT_SIZE && ret[used - 1] != ' ')
                ret[used++] = ' ';
            at++;
            continue;
        }
        size_t size = source_type_token(token);
        bool name = first || ret[used - 1] == '.';
        if ((!name && !source_type_goes_on(token, size)) || used + size >= TYPE_TEXT_SIZE ||
            at + size > text->size)
            break;
        memcpy(ret + used, token, size);
        used += size;
        at += size;
        first = false;
    }
    while (used > 0 && ret[used - 1] == ' ')
        used--;
    ret[used] = '\0';
}

// As PostgreSQL writes every array, whatever its bounds and dimensions: int[3], int[][] and int array are int[].
static void source_type_write_array(char written[TYPE_TEXT_SIZE]) {
    static const char word[] = " array";
    size_t size = strcspn(written, "[");
    while (size > 0 && written[size - 1] == ' ')
        size--;
    if (size >= sizeof word && strncasecmp(written + size - (sizeof word - 1), word, sizeof word - 1) == 0)
        size -= sizeof word - 1;
    written[size] = '\0';
    (void)strncat(written, "[]", TYPE_TEXT_SIZE - size - 1);
}

int source_type_read(struct source_draft *draft, const json_t *type, size_t base, struct declared_type *ret) {
    *ret = (struct declared_type){0};
    struct source_name name = source_type_name(json_object_get(type, "names"));
    if (name.relation == NULL || json_is_true(json_object_get(type, "pct_type")) ||
        json_is_true(json_object_get(type, "setof")))
        return source_text_error(draft->text, source_type_location(type, base), draft->error,
                                 "a column's type is a type's name");
    bool builtin = name.schema != NULL && strcmp(name.schema, "pg_catalog") == 0;
    const struct draft_type *own = builtin ? NULL : source_type_own(draft, name);
    bool array = json_array_size(json_object_get(type, "arrayBounds")) > 0;
    if (own != NULL) {
        *ret = own->base;
    } else {
        (void)snprintf(ret->name, sizeof ret->name, "%s", name.relation);
        source_type_arguments(draft, type, base, ret);
        source_type_written(draft->text, source_type_location(type, base), ret->written);
    }
    if (array)
        source_type_write_array(ret->written);
    ret->array |= array;
    return 0;
}

struct source_expression source_type_default(const struct source_draft *draft, const json_t *type) {
    struct source_name name = source_type_name(json_object_get(type, "names"));
    bool array = json_array_size(json_object_get(type, "arrayBounds")) > 0;
    const struct draft_type *own = name.relation != NULL && !array ? source_type_own(draft, name) : NULL;
    return own != NULL ? own->expression : (struct source_expression){0};
}

int source_type_number(const struct source_draft *draft, const json_t *type) {
    const struct source_name name = source_type_name(json_object_get(type, "names"));
    const struct draft_type *own = name.relation != NULL ? source_type_own(draft, name) : NULL;
    return own != NULL ? (int)(own - draft->types) + 1 : 0;
}
