// What the OpenAPI document says of problems and tokens: which statuses a route is answered with when it is none of its
// own, and who may ask. Pure; any thread. What there is no memory for is NULL, or takes the document with it (document.h).
#ifndef TIDEMARK_HTTP_OPENAPI_PROBLEMS_H
#define TIDEMARK_HTTP_OPENAPI_PROBLEMS_H

#include "http/route.h"

#include <jansson.h>
#include <stdbool.h>

// Adds `problem_404` and its like, one a status that any route has, to components/responses, and each type to the enum of
// the schema `problem`. False without memory.
bool openapi_add_problem_components(json_t *components);
// Adds the statuses of the route's problems to the operation's responses, and its `security`. `tokens`: the server was
// given some. False without memory.
bool openapi_add_problems(json_t *operation, enum route route, bool tokens);

#endif
