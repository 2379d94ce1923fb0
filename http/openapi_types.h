// What the OpenAPI document says of columns and parameters: their JSON Schemas, from declared types. Each value is the
// caller's; NULL without memory. Pure.
#ifndef TIDEMARK_HTTP_OPENAPI_TYPES_H
#define TIDEMARK_HTTP_OPENAPI_TYPES_H

#include "views/engine/view.h"

#include <jansson.h>

// A column in an answer.
json_t *openapi_column(const struct column *column);
// A result column of a query by what SQLite says of it; NULL = an expression, which may be anything.
json_t *openapi_result_column(const char *declared);
// Whether gt, order= and their like take it.
bool openapi_has_order(const struct column *column);
// What a table's column may be compared with: all that is accepted, and more; of the examples all are.
json_t *openapi_filter(const struct column *column);
json_t *openapi_rule(const struct parameter_rule *rule);

#endif
