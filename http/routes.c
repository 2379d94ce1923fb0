#include "http/routes.h"

#include "http/exchange.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct route {
    const char *method;
    const char *pattern; // "{name}" stands for one segment
    route_handler *handler;
} table[] = {
    {"GET", "/v1/tables/{table}", answer_table},
    {"GET", "/v1/views/{view}/{query}", answer_query},
    {"GET", "/v1/lag", answer_lag},
    {"GET", "/v1/status", answer_status},
    {"GET", "/v1/views", answer_views},
    {"GET", "/v1/quarantine", answer_quarantine},
    {"GET", "/healthz", answer_health},
    {"GET", "/readyz", answer_ready},
    {"GET", "/metrics", answer_metrics},
    {"GET", "/openapi.json", answer_openapi},
};
enum { ROUTE_COUNT = sizeof table / sizeof *table, LAG_NOT_SHOWN = -2 };

static uint64_t routes_hash_text(uint64_t hash, const char *text) {
    // FNV-1a, each text with its NUL
    const uint64_t prime = 0x100000001b3;
    do {
        hash = (hash ^ (unsigned char)*text) * prime;
    } while (*text++ != '\0');
    return hash;
}

static void routes_identify(const struct catalog *catalog, char *ret, size_t size) {
    uint64_t hash = routes_hash_text(0xcbf29ce484222325, catalog->source);
    for (int i = 0; i < catalog->view_count; i++) {
        const struct view *view = &catalog->views[i];
        hash = routes_hash_text(routes_hash_text(hash, view->name), view->hash);
        for (int j = 0; j < view->query_count; j++)
            hash = routes_hash_text(routes_hash_text(hash, view->queries[j].name), view->queries[j].sql);
    }
    (void)snprintf(ret, size, "%016llx", (unsigned long long)hash);
}

int routes_new(struct routes **ret, const struct routes_config *config, struct error *error) {
    CLEANUP(routes_free) struct routes *routes = calloc(1, sizeof *routes);
    if (routes == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    routes->config = *config;
    routes_identify(config->catalog, routes->identity, sizeof routes->identity);
    if (openapi_write(&routes->openapi, config->catalog, config->version, error) < 0)
        return -1;
    *ret = routes;
    routes = NULL;
    return 0;
}

void routes_free(struct routes **routes) {
    if (*routes == NULL)
        return;
    buffer_free(&(*routes)->openapi);
    free(*routes);
    *routes = NULL;
}

int worker_new(struct worker **ret, struct routes *routes, struct error *error) {
    CLEANUP(worker_free) struct worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    worker->routes = routes;
    worker->position_version = -1;
    worker->lag.messages = LAG_NOT_SHOWN;
    if (reader_open(&worker->reader, routes->config.db, routes->config.catalog, error) < 0)
        return -1;
    *ret = worker;
    worker = NULL;
    return 0;
}

void worker_free(struct worker **worker) {
    struct worker *w = *worker;
    if (w == NULL)
        return;
    reader_free(&w->reader);
    buffer_free(&w->position);
    buffer_free(&w->etag);
    buffer_free(&w->lag_text);
    buffer_free(&w->scratch);
    free(w);
    *worker = NULL;
}

struct reader *worker_reader(struct worker *worker) {
    return worker->reader;
}

int exchange_begin(struct exchange *exchange) {
    struct error error;
    if (reader_begin(exchange->reader, &exchange->position, &error) < 0) {
        problem_from_error(exchange->response, &error);
        return -1;
    }
    struct progress_lag known;
    progress_lag(exchange->routes->config.progress, &known);
    lag_of(&exchange->lag, &known, &exchange->position, exchange->now_ms);
    return 0;
}

// The position changes with a commit only, so its text is made once a commit.
static void routes_refresh_position(struct exchange *exchange) {
    struct worker *worker = exchange->worker;
    const struct position *position = &exchange->position;
    if (worker->position_version == position->version)
        return;
    buffer_clear(&worker->position);
    buffer_text(&worker->position, "\"position\":");
    render_position(&worker->position, position);
    buffer_clear(&worker->etag);
    buffer_format(&worker->etag, "W/\"%s-%lld-%s", position->store_id, (long long)position->version,
                  exchange->routes->identity);
    bool failed = worker->position.failed || worker->etag.failed;
    worker->position_version = failed ? -1 : position->version;
}

static void routes_refresh_lag(struct worker *worker, const struct lag *lag) {
    const struct lag *shown = &worker->lag;
    if (shown->state == lag->state && shown->messages == lag->messages && shown->ms == lag->ms)
        return;
    buffer_clear(&worker->lag_text);
    buffer_text(&worker->lag_text, ",\"lag\":");
    render_lag(&worker->lag_text, lag);
    worker->lag = *lag;
    if (worker->lag_text.failed)
        worker->lag.messages = LAG_NOT_SHOWN;
}

void exchange_render_position(struct exchange *exchange, struct buffer *out) {
    struct worker *worker = exchange->worker;
    routes_refresh_position(exchange);
    routes_refresh_lag(worker, &exchange->lag);
    buffer_append(out, worker->position.data, worker->position.size);
    buffer_append(out, worker->lag_text.data, worker->lag_text.size);
    out->failed |= worker->position.failed || worker->lag_text.failed;
}

void exchange_set_etag(struct exchange *exchange, const char *suffix) {
    struct response *response = exchange->response;
    const struct buffer *etag = &exchange->worker->etag;
    routes_refresh_position(exchange);
    size_t end = strlen(suffix);
    assert(etag->size + end + sizeof "\"" <= sizeof response->etag);
    response->etag[0] = '\0';
    if (etag->failed)
        return;
    memcpy(response->etag, etag->data, etag->size);
    memcpy(response->etag + etag->size, suffix, end);
    memcpy(response->etag + etag->size + end, "\"", sizeof "\"");
}

enum routes_result exchange_fail(struct exchange *exchange, const struct error *error) {
    if (error->kind == ERROR_TIMEOUT && !exchange->request->patient) {
        response_free(exchange->response);
        *exchange->response = (struct response){0};
        return ROUTES_SLOW;
    }
    problem_from_error(exchange->response, error);
    return ROUTES_ANSWERED;
}

void exchange_json(struct exchange *exchange) {
    exchange->response->status = 200;
    exchange->response->content_type = "application/json";
}

bool exchange_refuse_parameters(struct exchange *exchange) {
    if (exchange->target->parameter_count == 0)
        return false;
    struct span name = exchange->target->parameters[0].name;
    problem_set(exchange->response, PROBLEM_UNKNOWN_PARAMETER, "no parameter \"%.*s\"; this route has none",
                (int)name.size, name.data);
    return true;
}

static bool routes_pattern_takes(const char *pattern, const struct target *target) {
    for (int i = 0; i < target->segment_count; i++) {
        if (*pattern++ != '/')
            return false;
        size_t size = strcspn(pattern, "/");
        if (pattern[0] != '{' && !span_equal((struct span){pattern, size}, target->segments[i]))
            return false;
        pattern += size;
    }
    return *pattern == '\0';
}

static const struct route *routes_find_route(const struct target *target) {
    for (int i = 0; i < ROUTE_COUNT; i++)
        if (routes_pattern_takes(table[i].pattern, target))
            return &table[i];
    return NULL;
}

static void routes_set_not_found(struct response *response) {
    problem_begin(response, PROBLEM_NOT_FOUND, "no such route");
    buffer_text(&response->body, ",\"known\":[");
    for (int i = 0; i < ROUTE_COUNT; i++) {
        buffer_text(&response->body, i > 0 ? "," : "");
        buffer_json_string(&response->body, span_of(table[i].pattern));
    }
    buffer_char(&response->body, ']');
    problem_end(response);
}

static enum routes_result routes_dispatch(struct worker *worker, const struct request *request,
                                          struct response *response, struct wait *wait) {
    struct target *target = &worker->target;
    struct error error;
    if (request->target.size > TARGET_SIZE_MAX) {
        problem_set(response, PROBLEM_URL_TOO_LONG, "the URL has more than %d bytes", TARGET_SIZE_MAX);
        return ROUTES_ANSWERED;
    }
    if (target_parse(target, request->target, &error) < 0) {
        problem_set(response, PROBLEM_MALFORMED_REQUEST, "%s", error.message);
        return ROUTES_ANSWERED;
    }
    const struct route *route = routes_find_route(target);
    if (route == NULL) {
        routes_set_not_found(response);
        return ROUTES_ANSWERED;
    }
    if (!span_is(request->method, route->method) && !span_is(request->method, "HEAD")) {
        problem_set(response, PROBLEM_METHOD_NOT_ALLOWED, "this route answers GET and HEAD only");
        response->allow = "GET, HEAD";
        return ROUTES_ANSWERED;
    }
    struct exchange exchange = {
        .worker = worker,
        .request = request,
        .response = response,
        .wait = wait,
        .routes = worker->routes,
        .reader = worker->reader,
        .target = target,
        .now_ms = clock_wall_ms(),
    };
    enum routes_result result = route->handler(&exchange);
    reader_end(worker->reader);
    return result;
}

static void routes_count_answer(struct routes *routes, const struct response *response) {
    int class = response->status / 100;
    atomic_fetch_add_explicit(&routes->answers[class < STATUS_CLASSES ? class : 0], 1, memory_order_relaxed);
}

enum routes_result routes_answer(struct worker *worker, const struct request *request, struct response *ret,
                                 struct wait *ret_wait) {
    ret->body.limit = ANSWER_SIZE_MAX;
    enum routes_result result = routes_dispatch(worker, request, ret, ret_wait);
    if (result == ROUTES_WAIT)
        atomic_fetch_add_explicit(&worker->routes->waits, 1, memory_order_relaxed);
    if (result == ROUTES_SLOW)
        atomic_fetch_add_explicit(&worker->routes->slow, 1, memory_order_relaxed);
    if (result != ROUTES_ANSWERED)
        return result;
    if (ret->body.failed || ret->headers.failed)
        problem_set(ret, PROBLEM_ANSWER_TOO_LARGE,
                    "the answer has more than %d bytes; ask for less with limit=", ANSWER_SIZE_MAX);
    routes_count_answer(worker->routes, ret);
    return ROUTES_ANSWERED;
}

void routes_stopping(struct routes *routes, struct response *ret) {
    problem_set(ret, PROBLEM_STOPPING, "the server is stopping");
    routes_count_answer(routes, ret);
}

void routes_too_many(struct routes *routes, struct response *ret) {
    problem_set(ret, PROBLEM_TOO_SLOW, "too many slow queries are under way");
    routes_count_answer(routes, ret);
}

static void routes_visit_queries(const struct catalog *catalog, void (*visit)(void *self, const char *route),
                                 void *self) {
    CLEANUP(buffer_free) struct buffer route = {0};
    for (int i = 0; i < catalog->view_count; i++)
        for (int j = 0; j < catalog->views[i].query_count; j++) {
            buffer_clear(&route);
            buffer_format(&route, "GET /v1/views/%s/%s", catalog->views[i].name,
                          catalog->views[i].queries[j].name);
            buffer_char(&route, '\0');
            if (!route.failed)
                visit(self, route.data);
        }
}

static void routes_visit_tables(const struct catalog *catalog, void (*visit)(void *self, const char *route),
                                void *self) {
    CLEANUP(buffer_free) struct buffer route = {0};
    for (int i = 0; i < catalog->table_count; i++) {
        buffer_clear(&route);
        buffer_format(&route, "GET /v1/tables/%s", catalog->tables[i].name);
        buffer_char(&route, '\0');
        if (!route.failed)
            visit(self, route.data);
    }
}

void routes_each(const struct catalog *catalog, void (*visit)(void *self, const char *route), void *self) {
    CLEANUP(buffer_free) struct buffer route = {0};
    for (int i = 0; i < ROUTE_COUNT; i++) {
        if (strchr(table[i].pattern, '{') != NULL)
            continue;
        buffer_clear(&route);
        buffer_format(&route, "%s %s", table[i].method, table[i].pattern);
        buffer_char(&route, '\0');
        if (!route.failed)
            visit(self, route.data);
    }
    routes_visit_queries(catalog, visit, self);
    routes_visit_tables(catalog, visit, self);
}
