// The OpenAPI 3.1 document of exactly the routes that are loaded. What does not depend on tables and queries stands in
// openapi/base.json; theirs is added here.
#include "http/answers.h"
#include "http/document.h"
#include "http/openapi_problems.h"
#include "http/openapi_types.h"
#include "http/route.h"
#include "views/base/cleanup.h"
#include "views/base/embedded.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 256 };

struct openapi {
    json_t *root;
    json_t *base; // paths of base.json
    json_t *paths;
    json_t *schemas;
    struct reader *reader; // to learn what queries give
    bool tokens;           // the server was given some
    bool failed;
};

static void openapi_set(struct openapi *api, json_t *object, const char *name, json_t *value) {
    if (value == NULL || json_object_set_new(object, name, value) != 0)
        api->failed = true;
}

static json_t *openapi_ref(const char *kind, const char *name) {
    char reference[NAME_SIZE + 64];
    (void)snprintf(reference, sizeof reference, "#/components/%s/%s", kind, name);
    return json_pack("{s:s}", "$ref", reference);
}

static void openapi_add_refs(json_t **parameters, const char *const *names) {
    for (; *names != NULL; names++)
        document_add(parameters, openapi_ref("parameters", *names));
}

// What ids and components may be called: letters, digits and _. `kind_name` is of one table or query alone where the name is one
// (`plain`); others have their number in front of it, which no kind ends with: `kind7_name`.
static void openapi_name(char ret[NAME_SIZE], const char *kind, const char *name, int number, bool plain) {
    for (const char *at = name; *at != '\0'; at++)
        plain = plain && (isalnum((unsigned char)*at) || *at == '_');
    plain = plain && strlen(kind) + strlen(name) + sizeof "_" <= NAME_SIZE;
    if (plain)
        (void)snprintf(ret, NAME_SIZE, "%s_%s", kind, name);
    else
        (void)snprintf(ret, NAME_SIZE, "%s%d_%s", kind, number, name);
    for (char *at = ret; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at))
            *at = '_';
}

static json_t *openapi_query_parameter(const char *name, const char *description, bool required,
                                       json_t *schema) {
    return json_pack("{s:s,s:s,s:b,s:s,s:o}", "name", name, "in", "query", "required", required,
                     "description", description, "schema", schema);
}

// --- answers

// The envelope of rows: `subject` names the members beside them.
static json_t *openapi_envelope(const char *row, const char *const *subject, bool quarantined) {
    json_t *properties = json_pack("{s:{s:s,s:o},s:{s:[s,s]},s:{s:s,s:s},s:o,s:o}", "rows", "type", "array",
                                   "items", openapi_ref("schemas", row), "next", "type", "string", "null",
                                   "count", "type", "integer", "format", "int64", "position",
                                   openapi_ref("schemas", "position"), "lag", openapi_ref("schemas", "lag"));
    json_t *required = json_pack("[s,s,s,s]", "rows", "next", "position", "lag");
    if (quarantined)
        document_set(
            &properties, "quarantined",
            json_pack("{s:s,s:o}", "type", "array", "items", openapi_ref("schemas", "table_quarantined")));
    for (; *subject != NULL; subject++) {
        document_set(&properties, *subject, json_pack("{s:s}", "type", "string"));
        document_add(&required, json_string(*subject));
    }
    return json_pack("{s:s,s:o,s:o}", "type", "object", "required", required, "properties", properties);
}

static json_t *openapi_data_headers(void) {
    static const char *const names[] = {"Tidemark-Lsn", "Tidemark-Consistency", "Tidemark-State",
                                        "Tidemark-Lag", "Tidemark-Quarantine",  "Tidemark-Filling",
                                        "ETag",         "Tidemark-Next",        "Content-Range"};
    json_t *headers = json_object();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        document_set(&headers, names[i], openapi_ref("headers", names[i]));
    return headers;
}

static json_t *openapi_rows_answer(json_t *json, const char *row, bool postgrest) {
    json_t *content =
        json_pack("{s:{s:o},s:{s:{s:s}},s:{s:{s:s}}}", "application/json", "schema", json, "text/csv",
                  "schema", "type", "string", "application/x-ndjson", "schema", "type", "string");
    if (postgrest)
        document_set(&content, "application/vnd.pgrst.object+json",
                     json_pack("{s:o}", "schema", openapi_ref("schemas", row)));
    return json_pack("{s:s,s:o,s:o}", "description", "rows", "headers", openapi_data_headers(), "content",
                     content);
}

static json_t *openapi_events_answer(void) {
    return json_pack("{s:s,s:{s:{s:{s:s}},s:{s:{s:s}}}}", "description", "the rows, then how they change",
                     "content", "text/event-stream", "schema", "type", "string", "application/x-ndjson",
                     "schema", "type", "string");
}

static json_t *openapi_operation(const char *id, const char *summary, json_t *parameters, json_t *answer) {
    return json_pack("{s:s,s:s,s:o,s:{s:o}}", "operationId", id, "summary", summary, "parameters", parameters,
                     "responses", "200", answer);
}

// The answers that have an ETag.
static json_t *openapi_rows_operation(struct openapi *api, const char *id, const char *summary,
                                      json_t *parameters, json_t *answer) {
    json_t *operation = openapi_operation(id, summary, parameters, answer);
    openapi_set(api, json_object_get(operation, "responses"), "304",
                openapi_ref("responses", "not_modified"));
    return operation;
}

// --- tables

static json_t *openapi_table_row(const struct table *table) {
    json_t *properties = json_object();
    for (int i = 0; i < table->column_count; i++)
        document_set(&properties, table->columns[i].name, openapi_column(&table->columns[i]));
    return json_pack("{s:s,s:o}", "type", "object", "properties", properties);
}

// A name as select= and order= take it.
static json_t *openapi_listed_name(const char *name, const char *end) {
    bool plain = strpbrk(name, ",:(-.\"\\*") == NULL;
    CLEANUP(buffer_free) struct buffer text = {0};
    if (!plain)
        buffer_char(&text, '"');
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            buffer_char(&text, '\\');
        buffer_char(&text, *at);
    }
    if (!plain)
        buffer_char(&text, '"');
    buffer_text(&text, end);
    return text.failed ? NULL : json_stringn(text.data, text.size);
}

static json_t *openapi_list_parameter(const char *name, const char *description, json_t *items, int most) {
    return json_pack("{s:s,s:s,s:b,s:s,s:s,s:b,s:{s:s,s:i,s:i,s:b,s:{s:s,s:o}}}", "name", name, "in", "query",
                     "required", 0, "description", description, "style", "form", "explode", 0, "schema",
                     "type", "array", "minItems", 1, "maxItems", most, "uniqueItems", 1, "items", "type",
                     "string", "enum", items);
}

static void openapi_add_lists(json_t **parameters, const struct table *table) {
    enum { SELECTED_MAX = 64, ORDERED_MAX = 16 };
    json_t *names = json_array();
    json_t *orders = json_array();
    for (int i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        document_add(&names, openapi_listed_name(column->name, ""));
        if (!openapi_has_order(column))
            continue;
        document_add(&orders, openapi_listed_name(column->name, ".asc"));
        document_add(&orders, openapi_listed_name(column->name, ".desc"));
    }
    document_add(parameters, openapi_list_parameter("select", "the columns to show; NAME:COLUMN renames one",
                                                    names, SELECTED_MAX));
    document_add(parameters,
                 openapi_list_parameter("order", "then by key; .nullsfirst and .nullslast may follow", orders,
                                        ORDERED_MAX));
}

static json_t *openapi_table_parameters(const struct table *table, enum route route) {
    static const char *const common[] = {"after_lsn",       "after_txid", "after_offset",  "wait_ms",
                                         "max_lag_seconds", "bigint",     "if_none_match", NULL};
    static const char *const of_table[] = {"table_limit", "after", "offset", "quarantined", "prefer", NULL};
    static const char *const of_rest[] = {"rest_limit",     "offset", "quarantined", "prefer",
                                          "accept_profile", "range",  NULL};
    static const char *const of_follow[] = {"follow_limit", "last_event_id", NULL};
    json_t *parameters = json_array();
    CLEANUP(buffer_free) struct buffer name = {0};
    for (int i = 0; i < table->column_count; i++) {
        buffer_clear(&name);
        route_write_column(&name, table->columns[i].name);
        buffer_char(&name, '\0');
        document_add(&parameters, name.failed
                                      ? NULL
                                      : openapi_query_parameter(name.data, table->columns[i].declared, false,
                                                                openapi_filter(&table->columns[i])));
    }
    openapi_add_lists(&parameters, table);
    openapi_add_refs(&parameters, route == ROUTE_REST    ? of_rest
                                  : route == ROUTE_TABLE ? of_table
                                                         : of_follow);
    openapi_add_refs(&parameters, common);
    return parameters;
}

// `row_of_view_..` and `row_of_view7_..` are of views' queries.
static void openapi_table_name(char ret[NAME_SIZE], const char *kind, const struct table *table) {
    static const char view[] = "view";
    const size_t size = sizeof view - 1;
    bool plain = strncmp(table->name, view, size) != 0 ||
                 table->name[size + strspn(table->name + size, "0123456789")] != '_';
    openapi_name(ret, kind, table->name, table->index, plain);
}

static json_t *openapi_table_operation(struct openapi *api, const struct table *table, enum route route,
                                       const char *summary) {
    static const char *const subject[] = {"table", NULL};
    static const char *const kinds[ROUTE_COUNT] = {[ROUTE_DIGEST] = "digest",
                                                   [ROUTE_FOLLOW_TABLE] = "follow_table",
                                                   [ROUTE_TABLE] = "table",
                                                   [ROUTE_REST] = "rest"};
    char id[NAME_SIZE];
    char row[NAME_SIZE];
    char answer[NAME_SIZE];
    openapi_table_name(id, kinds[route], table);
    openapi_table_name(row, "row_of", table);
    openapi_table_name(answer, "answer_of", table);
    if (route == ROUTE_DIGEST)
        return openapi_operation(id, summary, json_array(), openapi_ref("responses", "digest"));
    json_t *parameters = openapi_table_parameters(table, route);
    if (route == ROUTE_FOLLOW_TABLE)
        return openapi_operation(id, summary, parameters, openapi_events_answer());
    if (route == ROUTE_TABLE) {
        openapi_set(api, api->schemas, row, openapi_table_row(table));
        openapi_set(api, api->schemas, answer, openapi_envelope(row, subject, true));
        return openapi_rows_operation(api, id, summary, parameters,
                                      openapi_rows_answer(openapi_ref("schemas", answer), row, true));
    }
    json_t *rows = json_pack("{s:s,s:o}", "type", "array", "items", openapi_ref("schemas", row));
    json_t *operation =
        openapi_rows_operation(api, id, summary, parameters, openapi_rows_answer(rows, row, true));
    openapi_set(api, json_object_get(operation, "responses"), "206",
                json_deep_copy(json_object_get(json_object_get(operation, "responses"), "200")));
    return operation;
}

// --- queries

static void openapi_add_result_column(void *self, const char *name, const char *declared) {
    document_set(self, name, openapi_result_column(declared));
}

// A query whose columns cannot be learnt, as one of a view that is not kept, has rows of any kind.
static json_t *openapi_query_row(struct openapi *api, const struct query *query) {
    struct error error;
    json_t *properties = json_object();
    bool learnt =
        reader_query_columns(api->reader, query, openapi_add_result_column, &properties, &error) == 0;
    if (!learnt)
        (void)json_object_clear(properties);
    api->failed |= !learnt && (error.kind == ERROR_RETRY || error.kind == ERROR_SYSTEM);
    json_t *required = json_array();
    const char *name;
    json_t *unused;
    json_object_foreach(properties, name, unused) document_add(&required, json_string(name));
    return json_pack("{s:s,s:o,s:o}", "type", "object", "required", required, "properties", properties);
}

static json_t *openapi_query_parameters(const struct query *query, bool follows) {
    static const char *const common[] = {"after",        "after_lsn",     "after_txid",
                                         "after_offset", "wait_ms",       "max_lag_seconds",
                                         "bigint",       "if_none_match", NULL};
    static const char *const of_rows[] = {"limit", NULL};
    static const char *const of_follow[] = {"follow_limit", "last_event_id", NULL};
    json_t *parameters = json_array();
    for (int i = 0; i < query->parameter_count; i++)
        document_add(&parameters,
                     openapi_query_parameter(query->parameters[i], "bound by name", query->rules[i].required,
                                             openapi_rule(&query->rules[i])));
    openapi_add_refs(&parameters, follows ? of_follow : of_rows);
    openapi_add_refs(&parameters, common);
    return parameters;
}

// The first _ is then the one between view and query.
static void openapi_query_name(char ret[NAME_SIZE], const char *kind, const struct query *query, int number) {
    char name[NAME_SIZE];
    int size = snprintf(name, sizeof name, "%s_%s", query->view, query->name);
    openapi_name(ret, kind, name, number, size < NAME_SIZE && strchr(query->view, '_') == NULL);
}

static json_t *openapi_query_operation(struct openapi *api, const struct query *query, bool follows) {
    static const char *const subject[] = {"view", "query", NULL};
    char id[NAME_SIZE];
    char row[NAME_SIZE];
    char answer[NAME_SIZE];
    int number = (int)json_object_size(api->paths);
    json_t *parameters = openapi_query_parameters(query, follows);
    openapi_query_name(id, follows ? "follow_view" : "view", query, number);
    if (follows)
        return openapi_operation(id, query->file, parameters, openapi_events_answer());
    openapi_query_name(row, "row_of_view", query, number);
    openapi_query_name(answer, "answer_of_view", query, number);
    openapi_set(api, api->schemas, row, openapi_query_row(api, query));
    openapi_set(api, api->schemas, answer, openapi_envelope(row, subject, false));
    return openapi_rows_operation(api, id, query->file, parameters,
                                  openapi_rows_answer(openapi_ref("schemas", answer), row, false));
}

// --- the document

static void openapi_add_route(void *self, const struct loaded_route *loaded) {
    struct openapi *api = self;
    const struct route_form *form = route_form(loaded->route);
    CLEANUP(buffer_free) struct buffer path = {0};
    route_write_path(&path, loaded);
    buffer_char(&path, '\0');
    json_t *item = NULL;
    if (loaded->table != NULL)
        item = json_pack("{s:o}", "get",
                         openapi_table_operation(api, loaded->table, loaded->route, form->summary));
    else if (loaded->query != NULL)
        item = json_pack("{s:o}", "get", openapi_query_operation(api, loaded->query, form->stream));
    else
        item = json_deep_copy(json_object_get(api->base, form->pattern));
    const char *method;
    json_t *operation;
    json_object_foreach(item, method, operation) api->failed |=
        !openapi_add_problems(operation, loaded->route, api->tokens);
    if (!path.failed)
        openapi_set(api, api->paths, path.data, item);
    else
        json_decref(item);
    api->failed |= path.failed;
}

// The names that a part of a path can have.
static void openapi_set_names(struct openapi *api, const char *path, json_t *names) {
    json_t *parameters =
        json_object_get(json_object_get(json_object_get(api->paths, path), "get"), "parameters");
    openapi_set(api, json_object_get(json_array_get(parameters, 0), "schema"), "enum", names);
}

static void openapi_add_names(struct openapi *api, const struct catalog *catalog) {
    json_t *problems = json_array();
    json_t *views = json_array();
    for (int i = 0; i < PROBLEM_COUNT; i++)
        document_add(&problems, json_string(problem_kind((enum problem)i)->type + sizeof "/problems/" - 1));
    for (int i = 0; i < catalog->view_count; i++)
        document_add(&views, json_string(catalog->views[i].name));
    openapi_set_names(api, "/problems/{problem}", problems);
    if (catalog->view_count > 0)
        openapi_set_names(api, "/v1/views/{view}", views);
    else
        json_decref(views);
}

static int openapi_append_dump(const char *text, size_t size, void *self) {
    buffer_append(self, text, size);
    return 0;
}

static bool openapi_make(struct openapi *api, const struct catalog *catalog, const char *version) {
    const struct embedded_file *base = &openapi_embedded[0];
    api->root = json_loadb(base->bytes, (size_t)(base->end - base->bytes), 0, NULL);
    if (api->root == NULL)
        return false;
    api->base = json_incref(json_object_get(api->root, "paths"));
    json_t *components = json_object_get(api->root, "components");
    api->schemas = json_object_get(components, "schemas");
    api->failed |= !openapi_add_problem_components(components);
    api->paths = json_object();
    openapi_set(api, json_object_get(api->root, "info"), "version", json_string(version));
    openapi_set(api, api->root, "paths", api->paths);
    if (!api->tokens) // said, since linters take what is not said for forgotten
        openapi_set(api, api->root, "security", json_array());
    route_each(catalog, openapi_add_route, api);
    openapi_add_names(api, catalog);
    return !api->failed;
}

int openapi_write(struct buffer *out, const struct routes_config *config, struct reader *reader,
                  struct error *error) {
    struct openapi api = {.reader = reader,
                          .tokens = config->access != NULL && access_has_tokens(config->access)};
    bool written = openapi_make(&api, config->catalog, config->version) &&
                   json_dump_callback(api.root, openapi_append_dump, out, JSON_COMPACT) == 0;
    json_decref(api.base);
    json_decref(api.root);
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
