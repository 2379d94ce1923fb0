#include "http/openapi_types.h"

#include "http/document.h"
#include "views/base/buffer.h"
#include "views/base/cleanup.h"

#include <stdio.h>
#include <strings.h>

#define DATE_PATTERN "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
#define TIME_PATTERN "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?"
#define UUID_PATTERN "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

enum { PATTERN_SIZE = 512 };

static json_t *openapi_types_of(const char *first, const char *second, bool nullable) {
    json_t *types = json_array();
    document_add(&types, json_string(first));
    if (second != NULL)
        document_add(&types, json_string(second));
    if (nullable)
        document_add(&types, json_string("null"));
    return types;
}

json_t *openapi_column(const struct column *column) {
    bool nullable = column->key == 0;
    const char *first = "string";
    const char *second = NULL;
    switch (column->type) {
    case COLUMN_INTEGER:
        first = "integer";
        second = column->variant == COLUMN_BIGINT ? "string" : NULL;
        break;
    case COLUMN_BOOLEAN:
        first = "boolean";
        break;
    case COLUMN_REAL:
        first = "number";
        second = "string"; // NaN and the infinities
        break;
    case COLUMN_JSON:
    case COLUMN_ARRAY:
        return json_pack("{s:s}", "description", column->declared);
    default:
        break;
    }
    json_t *schema = json_pack("{s:o,s:s}", "type", openapi_types_of(first, second, nullable), "description",
                               column->declared);
    if (column->variant == COLUMN_UUID && column->type == COLUMN_TEXT)
        document_set(&schema, "format", json_string("uuid"));
    return schema;
}

json_t *openapi_result_column(const char *declared) {
    if (declared != NULL && strncasecmp(declared, "decimal", sizeof "decimal" - 1) == 0)
        return json_pack("{s:o,s:s}", "type", openapi_types_of("string", NULL, true), "description",
                         declared);
    if (declared != NULL && strncasecmp(declared, "int", sizeof "int" - 1) == 0)
        return json_pack("{s:o}", "type", openapi_types_of("integer", "string", true));
    if (declared != NULL && strcasecmp(declared, "text") == 0)
        return json_pack("{s:o}", "type", openapi_types_of("string", NULL, true));
    if (declared != NULL && strcasecmp(declared, "boolean") == 0)
        return json_pack("{s:o}", "type", openapi_types_of("boolean", NULL, true));
    return json_pack("{s:[s,s,s,s]}", "type", "string", "number", "boolean", "null");
}

// NULL for texts, which may be anything.
static const char *openapi_types_value(const struct column *column, char made[PATTERN_SIZE]) {
    int whole = column->precision - column->scale;
    switch (column->type) {
    case COLUMN_INTEGER:
        return column->variant == COLUMN_BIGINT ? "(0|-?[1-9][0-9]{0,17})" : "(0|-?[1-9][0-9]{0,8})";
    case COLUMN_BOOLEAN:
        return "(true|false)";
    case COLUMN_DECIMAL:
        if (whole > 0)
            (void)snprintf(made, PATTERN_SIZE, "(-?(0|[1-9][0-9]{0,%d})", whole - 1);
        else
            (void)snprintf(made, PATTERN_SIZE, "(-?0");
        if (column->scale > 0)
            (void)snprintf(made + strlen(made), PATTERN_SIZE - strlen(made), "(\\.[0-9]{1,%d})?",
                           column->scale);
        (void)snprintf(made + strlen(made), PATTERN_SIZE - strlen(made), ")");
        return made;
    case COLUMN_NUMERIC:
    case COLUMN_REAL:
        return "(-?(0|[1-9][0-9]{0,14})(\\.[0-9]{1,10})?)";
    case COLUMN_DATE:
        return "(" DATE_PATTERN ")";
    case COLUMN_TIME:
        return "(" TIME_PATTERN ")";
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMPTZ:
        return "(" DATE_PATTERN "T" TIME_PATTERN "Z?)";
    case COLUMN_BYTEA:
        return "(([A-Za-z0-9]{4}){1,10})";
    case COLUMN_BIT:
        return "([01]{1,64})";
    case COLUMN_JSON:
    case COLUMN_ARRAY:
        return "(null|true|false|[1-9][0-9]{0,8})";
    case COLUMN_TEXT:
        return column->variant == COLUMN_UUID ? "(" UUID_PATTERN ")" : NULL;
    case COLUMN_OTHER:
        return NULL;
    }
    return NULL;
}

static bool openapi_types_are_ordered(const struct column *column) {
    return column->type != COLUMN_JSON && column->type != COLUMN_ARRAY;
}

json_t *openapi_filter(const struct column *column) {
    char made[PATTERN_SIZE] = "";
    const char *value = openapi_types_value(column, made);
    if (value == NULL)
        return json_pack("{s:s}", "type", "string");
    CLEANUP(buffer_free) struct buffer pattern = {0};
    const char *operators =
        openapi_types_are_ordered(column) ? "eq|neq|gt|gte|lt|lte|isdistinct" : "eq|neq|isdistinct";
    buffer_format(&pattern, "^(%s|(not\\.)?(is\\.(null|not_null)|in\\.\\(%s(,%s){0,4}\\)|(%s)\\.%s))$", value,
                  value, value, operators, value);
    buffer_char(&pattern, '\0');
    if (pattern.failed)
        return NULL;
    const char *text = pattern.data;
    if (column->type == COLUMN_INTEGER)
        return json_pack("{s:[{s:s,s:i,s:i},{s:s,s:s}]}", "anyOf", "type", "integer", "minimum", -2147483647,
                         "maximum", 2147483647, "type", "string", "pattern", text);
    if (column->type == COLUMN_BOOLEAN)
        return json_pack("{s:[{s:s},{s:s,s:s}]}", "anyOf", "type", "boolean", "type", "string", "pattern",
                         text);
    return json_pack("{s:s,s:s}", "type", "string", "pattern", text);
}

json_t *openapi_rule(const struct parameter_rule *rule) {
    const struct column decimal = {
        .type = COLUMN_DECIMAL, .precision = rule->precision, .scale = rule->scale};
    char made[PATTERN_SIZE] = "";
    char pattern[PATTERN_SIZE + 4];
    switch (rule->type) {
    case PARAMETER_INTEGER:
        return json_pack("{s:s,s:I,s:I}", "type", "integer", "minimum", (json_int_t)-9007199254740991,
                         "maximum", (json_int_t)9007199254740991);
    case PARAMETER_NUMBER:
        return json_pack("{s:s,s:i,s:i}", "type", "number", "minimum", -1000000000, "maximum", 1000000000);
    case PARAMETER_DECIMAL:
        (void)snprintf(pattern, sizeof pattern, "^%s$", openapi_types_value(&decimal, made));
        return json_pack("{s:s,s:s}", "type", "string", "pattern", pattern);
    case PARAMETER_DATE:
        return json_pack("{s:s,s:s}", "type", "string", "pattern", "^" DATE_PATTERN "$");
    case PARAMETER_TIMESTAMP:
        return json_pack("{s:s,s:s}", "type", "string", "pattern", "^" DATE_PATTERN "T" TIME_PATTERN "Z?$");
    case PARAMETER_TIMESTAMPTZ:
        return json_pack("{s:s,s:s}", "type", "string", "pattern",
                         "^" DATE_PATTERN "T" TIME_PATTERN "(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?$");
    case PARAMETER_BOOLEAN:
        return json_pack("{s:s}", "type", "boolean");
    case PARAMETER_UUID:
        return json_pack("{s:s,s:s,s:s}", "type", "string", "format", "uuid", "pattern",
                         "^" UUID_PATTERN "$");
    case PARAMETER_TEXT:
    case PARAMETER_ANY:
    case PARAMETER_TYPES:
        break;
    }
    return json_pack("{s:s}", "type", "string");
}
