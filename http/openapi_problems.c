#include "http/openapi_problems.h"

#include "http/document.h"
#include "http/problem.h"

#include <stdio.h>

// Which routes a problem is told by.
enum {
    BY_ALL = 1 << 0,
    BY_GUARDED = 1 << 1, // those that need a token where there are some
    BY_CHANGES = 1 << 2, // those that always need one
    BY_ROWS = 1 << 3,    // views, tables, the quarantine, and what is followed
    BY_TABLES = 1 << 4,  // rows of tables, PostgREST's too
    BY_REST = 1 << 5,
    BY_NAMED = 1 << 6, // a part of the path is a name or a number that may be none
};

static const int told_by[PROBLEM_COUNT] = {
    [PROBLEM_MALFORMED_REQUEST] = BY_ALL, [PROBLEM_BAD_PARAMETER] = BY_ALL,
    [PROBLEM_UNKNOWN_PARAMETER] = BY_ALL, [PROBLEM_UNAUTHORIZED] = BY_GUARDED,
    [PROBLEM_FORBIDDEN] = BY_CHANGES,     [PROBLEM_NOT_FOUND] = BY_NAMED,
    [PROBLEM_UNKNOWN_VIEW] = BY_NAMED,    [PROBLEM_NOT_ACCEPTABLE] = BY_TABLES,
    [PROBLEM_UNKNOWN_TABLE] = BY_REST, // of the schema that Accept-Profile names
    [PROBLEM_NOT_WAITING] = BY_CHANGES,   [PROBLEM_STILL_QUARANTINED] = BY_CHANGES,
    [PROBLEM_NOT_ONE_ROW] = BY_TABLES,    [PROBLEM_RANGE_NOT_THERE] = BY_REST,
    [PROBLEM_URL_TOO_LONG] = BY_ALL,      [PROBLEM_CONTENT_TOO_LARGE] = BY_ALL,
    [PROBLEM_REQUEST_TIMEOUT] = BY_ALL,   [PROBLEM_HEADERS_TOO_LARGE] = BY_ALL,
    [PROBLEM_TOO_BUSY] = BY_ALL,          [PROBLEM_TOO_MANY_CONNECTIONS] = BY_ALL,
    [PROBLEM_MISDIRECTED] = BY_ALL,       [PROBLEM_ANSWER_TOO_LARGE] = BY_ALL,
    [PROBLEM_ANSWER_FAILED] = BY_ALL,     [PROBLEM_STORE_FAILED] = BY_ALL,
    [PROBLEM_NOT_READY] = BY_ALL,         [PROBLEM_TOO_STALE] = BY_ALL,
    [PROBLEM_TOO_SLOW] = BY_ALL,          [PROBLEM_TOO_MANY_STREAMS] = BY_ALL,
    [PROBLEM_VIEW_DISABLED] = BY_ALL,     [PROBLEM_STOPPING] = BY_ALL,
    [PROBLEM_OTHER_VERSION] = BY_ALL,     [PROBLEM_POSITION_NOT_REACHED] = BY_ROWS,
};

static int openapi_problems_of(enum route route, bool tokens) {
    int kinds = BY_ALL | (tokens && !route_is_open(route) ? BY_GUARDED : 0);
    switch (route) {
    case ROUTE_REST:
        return kinds | BY_ROWS | BY_TABLES | BY_REST;
    case ROUTE_TABLE:
        return kinds | BY_ROWS | BY_TABLES;
    case ROUTE_QUERY:
    case ROUTE_QUARANTINE:
    case ROUTE_FOLLOW_TABLE:
    case ROUTE_FOLLOW_QUERY:
        return kinds | BY_ROWS;
    case ROUTE_RETRY:
    case ROUTE_DISCARD:
        return kinds | BY_NAMED | BY_CHANGES;
    case ROUTE_VIEW:
    case ROUTE_PROBLEM:
    case ROUTE_QUARANTINED:
        return kinds | BY_NAMED;
    default:
        return kinds;
    }
}

static void openapi_problems_name(char ret[32], int status) {
    (void)snprintf(ret, 32, "problem_%d", status);
}

// The header that a status always has, NULL = none.
static const char *openapi_problems_header(int status) {
    return status == 401 ? "WWW-Authenticate" : status == 503 ? "Retry-After" : NULL;
}

static json_t *openapi_problems_response(int status) {
    json_t *types = json_array();
    char titles[512] = "";
    size_t used = 0;
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        const struct problem_kind *kind = problem_kind((enum problem)i);
        if (kind->status != status || told_by[i] == 0)
            continue;
        document_add(&types, json_string(kind->type));
        if (used < sizeof titles)
            used += (size_t)snprintf(titles + used, sizeof titles - used, "%s%s", used > 0 ? "; " : "",
                                     kind->title);
    }
    json_t *schema =
        json_pack("{s:[{s:s},{s:{s:{s:o},s:{s:i}}}]}", "allOf", "$ref", "#/components/schemas/problem",
                  "properties", "type", "enum", types, "status", "const", status);
    json_t *response = json_pack("{s:s,s:{s:{s:o}}}", "description", titles, "content",
                                 "application/problem+json", "schema", schema);
    const char *header = openapi_problems_header(status);
    if (header != NULL) {
        char reference[64];
        (void)snprintf(reference, sizeof reference, "#/components/headers/%s", header);
        document_set(&response, "headers", json_pack("{s:{s:s}}", header, "$ref", reference));
    }
    return response;
}

bool openapi_add_problem_components(json_t *components) {
    json_t *responses = json_object_get(components, "responses");
    json_t *schema = json_object_get(json_object_get(components, "schemas"), "problem");
    json_t *types = json_object_get(json_object_get(json_object_get(schema, "properties"), "type"), "enum");
    bool made = true;
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        char name[32];
        const struct problem_kind *kind = problem_kind((enum problem)i);
        openapi_problems_name(name, kind->status);
        made = json_array_append_new(types, json_string(kind->type)) == 0 && made;
        if (told_by[i] != 0 && json_object_get(responses, name) == NULL)
            made = json_object_set_new(responses, name, openapi_problems_response(kind->status)) == 0 && made;
    }
    return made;
}

bool openapi_add_problems(json_t *operation, enum route route, bool tokens) {
    int kinds = openapi_problems_of(route, tokens);
    json_t *responses = json_object_get(operation, "responses");
    bool made = responses != NULL;
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        char status[8];
        char reference[64] = "#/components/responses/";
        int number = problem_kind((enum problem)i)->status;
        (void)snprintf(status, sizeof status, "%d", number);
        if ((told_by[i] & kinds) == 0 || json_object_get(responses, status) != NULL)
            continue;
        openapi_problems_name(reference + strlen(reference), number);
        made = json_object_set_new(responses, status, json_pack("{s:s}", "$ref", reference)) == 0 && made;
    }
    if (!route_changes(route) && (!tokens || route_is_open(route)))
        return made;
    return json_object_set_new(operation, "security", json_pack("[{s:[]}]", "token")) == 0 && made;
}
