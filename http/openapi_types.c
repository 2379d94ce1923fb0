#include "http/openapi_types.h"

#include "http/document.h"
#include "views/base/buffer.h"
#include "views/base/cleanup.h"

#include <strings.h>

#define DATE_PATTERN "[+-]?[0-9]{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
#define TIME_PATTERN "([01][0-9]|2[0-4]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?"
#define ZONE_PATTERN "(Z|[+-][0-9]{2}(:?[0-9]{2}(:[0-9]{2})?)?)?"
#define FINITE_PATTERN "[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?"
#define NUMBER_PATTERN "(" FINITE_PATTERN "|[nN][aA][nN]|[+-]?[iI][nN][fF]([iI][nN][iI][tT][yY])?)"
#define UUID_PATTERN "\\{?[0-9a-fA-F]{4}(-?[0-9a-fA-F]{4}){7}\\}?"
#define UUID_SAMPLE "6fa459ea-ee8a-3ca4-894e-db77e160355e"

enum { SAMPLES = 2 };

// How a type's values are written. A pattern has all of them, and more: it cannot tell which days a month has, or which
// number is too large. The samples are right.
struct openapi_values {
    const char *pattern; // NULL = any text
    const char *samples[SAMPLES];
};

static json_t *openapi_types_of(const char *first, const char *second, bool nullable) {
    json_t *types = json_array();
    document_add(&types, json_string(first));
    if (second != NULL)
        document_add(&types, json_string(second));
    if (nullable)
        document_add(&types, json_string("null"));
    return types;
}

// Generated clients take an integer without a format for one of 32 bits.
static json_t *openapi_types_integer(void) {
    return json_pack("{s:s,s:s,s:I,s:I}", "type", "integer", "format", "int64", "minimum",
                     (json_int_t)INT64_MIN, "maximum", (json_int_t)INT64_MAX);
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
    if (column->type == COLUMN_INTEGER)
        document_set(&schema, "format", json_string("int64"));
    if (column->variant == COLUMN_UUID && column->type == COLUMN_TEXT)
        document_set(&schema, "format", json_string("uuid"));
    return schema;
}

json_t *openapi_result_column(const char *declared) {
    if (declared != NULL && strncasecmp(declared, "decimal", sizeof "decimal" - 1) == 0)
        return json_pack("{s:o,s:s}", "type", openapi_types_of("string", NULL, true), "description",
                         declared);
    if (declared != NULL && strncasecmp(declared, "int", sizeof "int" - 1) == 0)
        return json_pack("{s:o,s:s}", "type", openapi_types_of("integer", "string", true), "format", "int64");
    if (declared != NULL && strcasecmp(declared, "text") == 0)
        return json_pack("{s:o}", "type", openapi_types_of("string", NULL, true));
    if (declared != NULL && strcasecmp(declared, "boolean") == 0)
        return json_pack("{s:o}", "type", openapi_types_of("boolean", NULL, true));
    return json_pack("{s:[s,s,s,s]}", "type", "string", "number", "boolean", "null");
}

static struct openapi_values openapi_types_values(const struct column *column) {
    switch (column->type) {
    case COLUMN_INTEGER:
        return (struct openapi_values){"([+-]?0*[0-9]{1,19})", {"7", "-12"}};
    case COLUMN_BOOLEAN:
        return (struct openapi_values){"([tT]([rR][uU][eE])?|[fF]([aA][lL][sS][eE])?|1|0)",
                                       {"true", "false"}};
    case COLUMN_DECIMAL:
    case COLUMN_NUMERIC:
    case COLUMN_REAL:
        return (struct openapi_values){NUMBER_PATTERN, {"0", "-1"}};
    case COLUMN_DATE:
        return (struct openapi_values){"(" DATE_PATTERN "Z?|-?infinity)", {"2026-01-31", "infinity"}};
    case COLUMN_TIME:
        return (struct openapi_values){"(" TIME_PATTERN ZONE_PATTERN ")", {"22:32:34.86", "08:00:00"}};
    case COLUMN_TIMESTAMP:
        return (struct openapi_values){"(" DATE_PATTERN "([T ]" TIME_PATTERN
                                       ")?(Z|\\+00(:?00)?|-00:00)?|-?infinity)",
                                       {"2026-01-31T22:32:34.86", "2026-01-31"}};
    case COLUMN_TIMESTAMPTZ:
        return (struct openapi_values){"(" DATE_PATTERN "([T ]" TIME_PATTERN ")?" ZONE_PATTERN "|-?infinity)",
                                       {"2026-01-31T22:32:34.86Z", "2026-01-31 23:00:00+01:00"}};
    case COLUMN_BYTEA:
        return (struct openapi_values){"([A-Za-z0-9+/]*={0,2})", {"AP8Q", ""}};
    case COLUMN_BIT:
        return (struct openapi_values){"([01]*)", {"1", "0101"}};
    case COLUMN_JSON:
    case COLUMN_ARRAY:
        return (struct openapi_values){NULL, {"[1,2]", "[]"}};
    case COLUMN_TEXT:
        if (column->variant == COLUMN_UUID)
            return (struct openapi_values){"(" UUID_PATTERN ")", {UUID_SAMPLE, UUID_SAMPLE}};
        break;
    case COLUMN_OTHER:
        break;
    }
    return (struct openapi_values){0};
}

bool openapi_has_order(const struct column *column) {
    return column->type != COLUMN_JSON && column->type != COLUMN_ARRAY && column->type != COLUMN_OTHER &&
           column->variant != COLUMN_ENUM;
}

static json_t *openapi_types_samples(const struct openapi_values *values, bool ordered) {
    static const char form[] = "in.(\"%s\",\"%s\")";
    const char *first = values->samples[0];
    const char *second = values->samples[1];
    json_t *samples = json_array();
    document_add(&samples, json_sprintf("eq.%s", first));
    document_add(&samples, json_sprintf(ordered ? "gte.%s" : "not.eq.%s", second));
    document_add(&samples, json_sprintf(form, first, second));
    document_add(&samples, json_string("is.null"));
    return samples;
}

// The pattern of a column's filter: a value alone, or behind an operator, or several of them.
static void openapi_types_write_filter(struct buffer *out, const char *value, const struct column *column) {
    const char *operators =
        openapi_has_order(column) ? "eq|neq|gt|gte|lt|lte|isdistinct" : "eq|neq|isdistinct";
    const char *is = column->type == COLUMN_BOOLEAN ? "null|not_null|true|false|unknown" : "null|not_null";
    buffer_format(out, "^(%s|(not\\.)?(is\\.(%s)|in\\.\\((\"?%s\"?(,\"?%s\"?)*)?\\)|(%s)\\.%s))$", value, is,
                  value, value, operators, value);
    buffer_char(out, '\0');
}

// A text in each case, as it stands in the URL: of a choice (a number, or a text with its operator) generated clients make
// classes of their own, and some of those clients fail where none is given.
json_t *openapi_filter(const struct column *column) {
    const struct openapi_values values = openapi_types_values(column);
    const bool ordered = openapi_has_order(column);
    json_t *schema = json_pack("{s:s}", "type", "string");
    if (values.samples[0] == NULL)
        return schema;
    if (values.pattern != NULL) {
        CLEANUP(buffer_free) struct buffer pattern = {0};
        openapi_types_write_filter(&pattern, values.pattern, column);
        document_set(&schema, "pattern", pattern.failed ? NULL : json_string(pattern.data));
    }
    document_set(&schema, "examples", openapi_types_samples(&values, ordered));
    return schema;
}

static json_t *openapi_types_rule(const char *pattern, const char *sample) {
    return json_pack("{s:s,s:s,s:[s]}", "type", "string", "pattern", pattern, "examples", sample);
}

json_t *openapi_rule(const struct parameter_rule *rule) {
    json_t *uuid;
    switch (rule->type) {
    case PARAMETER_INTEGER:
        return openapi_types_integer();
    case PARAMETER_NUMBER:
        return json_pack("{s:s}", "type", "number");
    case PARAMETER_BOOLEAN:
        return json_pack("{s:s}", "type", "boolean");
    case PARAMETER_DECIMAL:
        return openapi_types_rule("^" FINITE_PATTERN "$", "0");
    case PARAMETER_DATE:
        return openapi_types_rule("^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", "2026-01-31");
    case PARAMETER_TIMESTAMP:
        return openapi_types_rule(
            "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[T ]([01][0-9]|2[0-3]):[0-5][0-"
            "9]:[0-5][0-9](\\.[0-9]{1,6})?Z?$",
            "2026-01-31T22:32:34.86");
    case PARAMETER_TIMESTAMPTZ:
        return openapi_types_rule("^" DATE_PATTERN "([T ]" TIME_PATTERN ")?" ZONE_PATTERN "$",
                                  "2026-01-31T22:32:34.86+01:00");
    case PARAMETER_UUID:
        uuid = openapi_types_rule("^" UUID_PATTERN "$", UUID_SAMPLE);
        document_set(&uuid, "format", json_string("uuid"));
        return uuid;
    case PARAMETER_TEXT:
    case PARAMETER_ANY:
    case PARAMETER_TYPES:
        break;
    }
    return json_pack("{s:s}", "type", "string");
}
