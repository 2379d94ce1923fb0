// The OpenAPI 3.1 document of exactly the routes that are loaded.
#include "http/answers.h"
#include "http/route.h"
#include "views/base/cleanup.h"

#include <jansson.h>

static json_t *openapi_parameter(const char *name, const char *description, const char *type) {
    return json_pack("{s:s,s:s,s:b,s:s,s:{s:s}}", "name", name, "in", "query", "required", 0, "description",
                     description, "schema", "type", type);
}

static void openapi_add_common(json_t *parameters) {
    int count;
    const struct route_parameter *common = route_parameters(&count);
    for (int i = 0; i < count; i++) {
        char reference[64];
        (void)snprintf(reference, sizeof reference, "#/components/parameters/%s", common[i].name);
        (void)json_array_append_new(parameters, json_pack("{s:s}", "$ref", reference));
    }
}

static json_t *openapi_problem_answer(const char *description) {
    return json_pack("{s:s,s:{s:{s:{s:s}}}}", "description", description, "content",
                     "application/problem+json", "schema", "$ref", "#/components/schemas/problem");
}

static json_t *openapi_operation(const char *method, const char *summary, json_t *parameters,
                                 json_t *content) {
    return json_pack("{s:{s:s,s:o,s:{s:{s:s,s:o},s:o}}}", method, "summary", summary, "parameters",
                     parameters, "responses", "200", "description", "the answer", "content", content,
                     "default", openapi_problem_answer("a problem document (RFC 9457)"));
}

static json_t *openapi_rows_content(void) {
    return json_pack("{s:{s:{s:s}},s:{},s:{}}", "application/json", "schema", "$ref",
                     "#/components/schemas/answer", "text/csv", "application/x-ndjson");
}

static json_t *openapi_content(const struct route_form *form) {
    if (form->type == NULL)
        return openapi_rows_content();
    json_t *content = json_pack("{s:{}}", form->type);
    if (form->stream)
        (void)json_object_set_new(content, "application/x-ndjson", json_object());
    return content;
}

// Integers, decimals and booleans come as text in a URL all the same; what they must look like is in the
// words.
static json_t *openapi_table_parameters(const struct table *table) {
    json_t *parameters = json_array();
    CLEANUP(buffer_free) struct buffer name = {0};
    for (int i = 0; i < table->column_count; i++) {
        buffer_clear(&name);
        route_write_column(&name, table->columns[i].name);
        buffer_char(&name, '\0');
        (void)json_array_append_new(parameters, openapi_parameter(name.failed ? "" : name.data,
                                                                  table->columns[i].declared, "string"));
    }
    return parameters;
}

static json_t *openapi_query_parameters(const struct query *query) {
    static const char *const types[PARAMETER_TYPES] = {
        [PARAMETER_ANY] = "string",       [PARAMETER_TEXT] = "string",    [PARAMETER_INTEGER] = "integer",
        [PARAMETER_NUMBER] = "number",    [PARAMETER_DECIMAL] = "string", [PARAMETER_DATE] = "string",
        [PARAMETER_TIMESTAMP] = "string", [PARAMETER_UUID] = "string"};
    static const char *const formats[PARAMETER_TYPES] = {
        [PARAMETER_DATE] = "date", [PARAMETER_TIMESTAMP] = "date-time", [PARAMETER_UUID] = "uuid"};
    json_t *parameters = json_array();
    for (int i = 0; i < query->parameter_count; i++) {
        const struct parameter_rule *rule = &query->rules[i];
        json_t *parameter = openapi_parameter(query->parameters[i], "bound by name", types[rule->type]);
        (void)json_object_set_new(parameter, "required", json_boolean(rule->required));
        if (formats[rule->type] != NULL)
            (void)json_object_set_new(json_object_get(parameter, "schema"), "format",
                                      json_string(formats[rule->type]));
        (void)json_array_append_new(parameters, parameter);
    }
    return parameters;
}

static void openapi_add_of_quarantine(json_t *parameters, enum route route) {
    if (route == ROUTE_QUARANTINE)
        (void)json_array_append_new(
            parameters,
            openapi_parameter("state", "waiting (the default), superseded, applied, discarded or all",
                              "string"));
    if (route == ROUTE_QUARANTINED || route == ROUTE_RETRY || route == ROUTE_DISCARD)
        (void)json_array_append_new(parameters, json_pack("{s:s,s:s,s:b,s:{s:s}}", "name", "id", "in", "path",
                                                          "required", 1, "schema", "type", "integer"));
    if (route == ROUTE_RETRY || route == ROUTE_DISCARD)
        (void)json_array_append_new(parameters,
                                    json_pack("{s:s}", "$ref", "#/components/parameters/wait_ms"));
    if (route == ROUTE_DISCARD) {
        json_t *reason = openapi_parameter("reason", "why it is not missed; kept", "string");
        (void)json_object_set_new(reason, "required", json_true());
        (void)json_array_append_new(parameters, reason);
    }
}

static void openapi_add_route(void *self, const struct loaded_route *loaded) {
    json_t *paths = self;
    const struct route_form *form = route_form(loaded->route);
    CLEANUP(buffer_free) struct buffer path = {0};
    route_write_path(&path, loaded);
    const char *summary = loaded->query != NULL ? loaded->query->file : form->summary;
    json_t *parameters = loaded->table != NULL   ? openapi_table_parameters(loaded->table)
                         : loaded->query != NULL ? openapi_query_parameters(loaded->query)
                                                 : json_array();
    bool follows = form->stream && (loaded->query != NULL || loaded->table != NULL);
    if (form->type == NULL || follows)
        openapi_add_common(parameters);
    if (follows)
        (void)json_array_append_new(
            parameters,
            openapi_parameter(ROUTE_LAST_EVENT_ID, "go on after the event with this id", "string"));
    openapi_add_of_quarantine(parameters, loaded->route);
    if (!path.failed)
        (void)json_object_setn_new(paths, path.data, path.size,
                                   openapi_operation(strcmp(form->method, "POST") == 0 ? "post" : "get",
                                                     summary, parameters, openapi_content(form)));
}

static json_t *openapi_problem_types(void) {
    json_t *types = json_array();
    for (int i = 0; i < PROBLEM_COUNT; i++)
        (void)json_array_append_new(types, json_string(problem_kind((enum problem)i)->type));
    return types;
}

static json_t *openapi_components(void) {
    int count;
    const struct route_parameter *common = route_parameters(&count);
    json_t *parameters = json_object();
    for (int i = 0; i < count; i++)
        (void)json_object_set_new(parameters, common[i].name,
                                  openapi_parameter(common[i].name, common[i].description, common[i].type));
    json_t *problem =
        json_pack("{s:s,s:[s,s,s],s:{s:{s:o},s:{s:s},s:{s:s},s:{s:s}}}", "type", "object", "required", "type",
                  "title", "status", "properties", "type", "enum", openapi_problem_types(), "title", "type",
                  "string", "status", "type", "integer", "detail", "type", "string");
    json_t *answer =
        json_pack("{s:s,s:[s,s,s,s],s:{s:{s:s,s:{s:s}},s:{s:[s,s]},s:{s:s},s:{s:s}}}", "type", "object",
                  "required", "rows", "next", "position", "lag", "properties", "rows", "type", "array",
                  "items", "type", "object", "next", "type", "string", "null", "position", "$ref",
                  "#/components/schemas/position", "lag", "$ref", "#/components/schemas/lag");
    json_t *position =
        json_pack("{s:s,s:{s:{s:[s,s]},s:{s:[s,s]},s:{s:s},s:{s:s}}}", "type", "object", "properties", "lsn",
                  "type", "string", "null", "consistency", "enum", "transactional", "per-key", "offsets",
                  "type", "object", "quarantine", "type", "integer");
    json_t *lag = json_pack("{s:s,s:{s:{s:s},s:{s:[s,s]},s:{s:[s,s]}}}", "type", "object", "properties",
                            "state", "type", "string", "messages", "type", "integer", "null", "seconds",
                            "type", "number", "null");
    return json_pack("{s:o,s:{s:o,s:o,s:o,s:o}}", "parameters", parameters, "schemas", "problem", problem,
                     "answer", answer, "position", position, "lag", lag);
}

static int openapi_append_dump(const char *text, size_t size, void *self) {
    buffer_append(self, text, size);
    return 0;
}

int openapi_write(struct buffer *out, const struct catalog *catalog, const char *version,
                  struct error *error) {
    json_t *paths = json_object();
    route_each(catalog, openapi_add_route, paths);
    json_t *root = json_pack("{s:s,s:{s:s,s:s},s:o,s:o}", "openapi", "3.1.0", "info", "title", "tidemark",
                             "version", version, "paths", paths, "components", openapi_components());
    bool written = root != NULL && json_dump_callback(root, openapi_append_dump, out, JSON_COMPACT) == 0;
    json_decref(root);
    buffer_char(out, '\n');
    if (!written || out->failed)
        return error_set(error, ERROR_SYSTEM,
                         "openapi.json cannot be written: out of memory, or a name is not UTF-8");
    return 0;
}

enum routes_result answer_openapi(struct exchange *exchange) {
    if (exchange_refuse_parameters(exchange))
        return ROUTES_ANSWERED;
    exchange_json(exchange);
    buffer_append(&exchange->response->body, exchange->routes->openapi.data, exchange->routes->openapi.size);
    return ROUTES_ANSWERED;
}
