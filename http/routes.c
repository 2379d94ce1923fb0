#include "http/routes.h"

#include "http/accept.h"
#include "http/answers.h"
#include "http/build_id.h"
#include "http/route.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/hash.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static route_handler *const handlers[] = {
    [ROUTE_TABLE] = answer_table,
    [ROUTE_QUERY] = answer_query,
    [ROUTE_LAG] = answer_lag,
    [ROUTE_LIVE] = answer_live,
    [ROUTE_FOLLOW_TABLE] = answer_follow_table,
    [ROUTE_REST] = answer_rest,
    [ROUTE_DIGEST] = answer_digest,
    [ROUTE_FOLLOW_QUERY] = answer_follow_query,
    [ROUTE_STATUS] = answer_status,
    [ROUTE_VIEWS] = answer_views,
    [ROUTE_VIEW] = answer_view,
    [ROUTE_TABLES] = answer_tables,
    [ROUTE_PROBLEM] = answer_problem,
    [ROUTE_QUARANTINE] = answer_quarantine,
    [ROUTE_QUARANTINED] = answer_quarantined,
    [ROUTE_RETRY] = answer_retry,
    [ROUTE_DISCARD] = answer_discard,
    [ROUTE_HEALTH] = answer_health,
    [ROUTE_READY] = answer_ready,
    [ROUTE_METRICS] = answer_metrics,
    [ROUTE_OPENAPI] = answer_openapi,
    [ROUTE_PAGE] = answer_page,
};
static_assert(sizeof handlers / sizeof *handlers == ROUTE_COUNT, "each route has its handler");

static uint64_t routes_hash_text(uint64_t hash, const char *text) {
    return hash_bytes(hash, span_of(text));
}

// With the build: after an upgrade the same rows may be written or ordered otherwise, and no commit says so.
static void routes_identify(const struct catalog *catalog, char *ret, size_t size) {
    uint64_t hash = routes_hash_text(hash_bytes(HASH_SEED, build_id()), catalog->source);
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
    int answer_mb = config->limits.answer_mb;
    routes->memory.max = (size_t)(answer_mb > 0 ? answer_mb : LIMITS_ANSWER_MB) << 20;
    routes_identify(config->catalog, routes->identity, sizeof routes->identity);
    // What queries give only the file says.
    CLEANUP(reader_free) struct reader *reader = NULL;
    if (reader_open(&reader, config->db, config->catalog, error) != 0 ||
        openapi_write(&routes->openapi, config, reader, error) != 0)
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

static bool routes_has_query(const struct catalog *catalog, struct span view, struct span query) {
    for (int v = 0; v < catalog->view_count; v++)
        for (int q = 0; q < catalog->views[v].query_count; q++)
            if (span_is(view, catalog->views[v].name) && span_is(query, catalog->views[v].queries[q].name))
                return true;
    return false;
}

// What is asked for elsewhere: /v1/orders, /v1/tables/orders/5001, /v1/warehouse/stock.
static void routes_write_hint(const struct catalog *catalog, const struct target *target,
                              struct buffer *out) {
    static const struct span none = {"", 0};
    const struct span *segments = target->segments;
    bool version = target->segment_count > 1 && span_is(segments[0], "v1");
    bool named = version && target->segment_count > 2 && span_is(segments[1], "tables");
    struct span name = version ? segments[named ? 2 : 1] : none;
    struct span behind = version && target->segment_count == 3 ? segments[2] : none;
    const struct table *table = catalog_table(catalog, name.data, name.size);
    if (table != NULL && table->key_count > 0) {
        buffer_format(out, "; rows of %s are at ", table->name);
        route_write_path(out, &(struct loaded_route){.route = ROUTE_TABLE, .table = table});
        buffer_text(out, ", one of them by its columns: ?");
        route_write_column(out, table->columns[table->keys[0]].name);
        buffer_text(out, "=..");
    } else if (!named && behind.size > 0 && routes_has_query(catalog, name, behind)) {
        buffer_format(out, "; /v1/views/%.*s/%.*s is", (int)name.size, name.data, (int)behind.size,
                      behind.data);
    }
}

static void routes_set_not_found(const struct catalog *catalog, const struct target *target,
                                 struct response *response) {
    response->postgrest = target->segment_count > 0 && span_is(target->segments[0], "rest");
    CLEANUP(buffer_free) struct buffer hint = {0};
    routes_write_hint(catalog, target, &hint);
    problem_begin(response, PROBLEM_NOT_FOUND, "no such route%.*s", hint.failed ? 0 : (int)hint.size,
                  hint.data != NULL ? hint.data : "");
    buffer_text(&response->body, ",\"known\":[");
    for (int i = 0; i < ROUTE_COUNT; i++) {
        buffer_text(&response->body, i > 0 ? "," : "");
        buffer_json_string(&response->body, span_of(route_form((enum route)i)->pattern));
    }
    buffer_char(&response->body, ']');
    problem_end(response);
}

static enum access_need routes_need(enum route route) {
    return route_is_open(route) ? ACCESS_OPEN : route_changes(route) ? ACCESS_WRITE : ACCESS_READ;
}

static bool routes_reads(const struct route_form *form) {
    return strcmp(form->method, "GET") == 0;
}

// Which methods a route answers; `form` NULL: the whole server, asked for by `*`.
static bool routes_answer_options(const struct request *request, const struct route_form *form,
                                  struct response *response) {
    if (form == NULL && !span_is(request->target, "*"))
        return false;
    response->status = 204;
    response->allow = form == NULL         ? "GET, HEAD, POST, OPTIONS"
                      : routes_reads(form) ? "GET, HEAD, OPTIONS"
                                           : "POST, OPTIONS";
    return true;
}

static bool routes_refuse_method(const struct request *request, const struct route_form *form,
                                 struct response *response) {
    bool reads = routes_reads(form);
    if (span_is(request->method, form->method) || (reads && span_is(request->method, "HEAD")))
        return false;
    response->allow = reads ? "GET, HEAD, OPTIONS" : "POST, OPTIONS";
    response->postgrest = form == route_form(ROUTE_REST);
    problem_set(response, PROBLEM_METHOD_NOT_ALLOWED, "this route answers %s only",
                reads ? "GET and HEAD" : "POST");
    return true;
}

static enum routes_result routes_dispatch(struct worker *worker, const struct request *request,
                                          struct response *response, struct wait *wait) {
    struct target *target = &worker->target;
    struct access *access = worker->routes->config.access;
    struct error error;
    worker->route = ROUTE_COUNT;
    if (access != NULL &&
        (access_refuse_host(access, request, response) || access_answer_preflight(access, request, response)))
        return ROUTES_ANSWERED;
    if (request->target.size > TARGET_SIZE_MAX) {
        problem_set(response, PROBLEM_URL_TOO_LONG, "the URL has more than %d bytes", TARGET_SIZE_MAX);
        return ROUTES_ANSWERED;
    }
    bool asks = span_is(request->method, "OPTIONS"); // which changes nothing
    if (asks && routes_answer_options(request, NULL, response))
        return ROUTES_ANSWERED;
    if (target_parse(target, request->target, &error) != 0) {
        problem_set(response, PROBLEM_MALFORMED_REQUEST, "%s", error.message);
        return ROUTES_ANSWERED;
    }
    enum route route = worker->route = route_find(target);
    if (access_refuse_token(access, request, asks ? ACCESS_READ : routes_need(route), response))
        return ROUTES_ANSWERED;
    if (asks && route != ROUTE_COUNT && routes_answer_options(request, route_form(route), response))
        return ROUTES_ANSWERED;
    if (route == ROUTE_COUNT) {
        routes_set_not_found(worker->routes->config.catalog, target, response);
        return ROUTES_ANSWERED;
    }
    if (routes_refuse_method(request, route_form(route), response))
        return ROUTES_ANSWERED;
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
    enum routes_result result = handlers[route](&exchange);
    reader_end(worker->reader);
    return result;
}

static void routes_count_answer(struct routes *routes, const struct response *response) {
    int class = response->status / 100;
    atomic_fetch_add_explicit(&routes->answers[class < STATUS_CLASSES ? class : 0], 1, memory_order_relaxed);
}

// A long answer was encoded piece by piece. Without memory it is sent as it is.
static void routes_encode(const struct request *request, struct response *response) {
    struct error error;
    if (response->status != 200 || response->file != NULL || response->body.size < BODY_GZIP_FROM ||
        !accept_takes_gzip(request->accept_encoding))
        return;
    response->encoded = body_gzip(&response->body, &error) == 0;
    size_t tag = strlen(response->etag);
    if (!response->encoded || response->etag[0] != '"' || tag + sizeof "W/" > sizeof response->etag)
        return;
    // The same in another coding is not the same to the byte.
    memmove(response->etag + 2, response->etag, tag + 1);
    memcpy(response->etag, "W/", 2);
}

// Why there is no body; the memory of what there is of it goes first.
static void routes_tell_failure(struct routes *routes, struct response *ret) {
    bool full = ret->body.full;
    bool starved = ret->body.starved;
    buffer_free(&ret->body);
    if (full)
        problem_set(ret, PROBLEM_ANSWER_TOO_LARGE,
                    "the answer has more than %d bytes; ask for less with limit=", ANSWER_SIZE_MAX);
    else if (starved)
        refusal_answer(&routes->refusals, REFUSAL_ANSWER_BYTES, ret);
    else
        problem_set(ret, PROBLEM_ANSWER_FAILED, "out of memory, or a part of it is no text");
}

enum routes_result routes_answer(struct worker *worker, const struct request *request, struct response *ret,
                                 struct wait *ret_wait) {
    ret->body.limit = ANSWER_SIZE_MAX;
    ret->body.account = &worker->routes->memory;
    enum routes_result result = routes_dispatch(worker, request, ret, ret_wait);
    if (result == ROUTES_WAIT)
        atomic_fetch_add_explicit(&worker->routes->waits, 1, memory_order_relaxed);
    if (result == ROUTES_SLOW)
        atomic_fetch_add_explicit(&worker->routes->slow, 1, memory_order_relaxed);
    if (result == ROUTES_STREAM)
        ret->status = 200;
    if (result == ROUTES_WAIT || result == ROUTES_SLOW || result == ROUTES_BULK)
        return result;
    if (request->begun_us > 0)
        histogram_observe(&worker->routes->durations[worker->route],
                          clock_monotonic_us() - request->begun_us);
    if (request->origin.data != NULL)
        ret->origin = access_origin(worker->routes->config.access, request);
    if (ret->body.failed || ret->headers.failed)
        routes_tell_failure(worker->routes, ret);
    else if (request->accept_encoding.data != NULL)
        routes_encode(request, ret);
    routes_count_answer(worker->routes, ret);
    return result;
}

void routes_stopping(struct routes *routes, struct response *ret) {
    problem_set(ret, PROBLEM_STOPPING, "the server is stopping");
    routes_count_answer(routes, ret);
}

void routes_count_stream(struct routes *routes, int change) {
    (void)atomic_fetch_add_explicit(&routes->streams, change, memory_order_relaxed);
}

void routes_refuse(struct routes *routes, enum refusal refusal, struct response *ret) {
    refusal_answer(&routes->refusals, refusal, ret);
    routes_count_answer(routes, ret);
}

void routes_refuse_unreadable(struct routes *routes, const char *doubt, struct response *ret) {
    unreadable_refuse(&routes->refusals, doubt, ret);
    routes_count_answer(routes, ret);
}

bool routes_answer_unreadable(struct routes *routes, unsigned status, enum request_part part,
                              const struct request *request, struct response *ret) {
    if (!unreadable_answer(&routes->refusals, status, part, request, ret))
        return false;
    routes_count_answer(routes, ret);
    return true;
}
