#include "http/exchange.h"

#include "views/base/cleanup.h"

#include <assert.h>
#include <stdlib.h>

enum { LAG_NOT_SHOWN = -2 };

int worker_new(struct worker **ret, struct routes *routes, struct error *error) {
    CLEANUP(worker_free) struct worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    worker->routes = routes;
    worker->position_version = -1;
    worker->lag.messages = LAG_NOT_SHOWN;
    if (reader_open(&worker->reader, routes->config.db, routes->config.catalog, error) != 0)
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
    if (reader_begin(exchange->reader, &exchange->position, &error) != 0) {
        problem_from_error(exchange->response, &error);
        return -1;
    }
    struct progress_lag known;
    progress_lag(exchange->routes->config.progress, &known);
    lag_of(&exchange->lag, &known, &exchange->position, exchange->now_ms);
    return 0;
}

bool exchange_has_applied(const struct exchange *exchange) {
    return exchange->position.applied_total > 0;
}

// The position changes with a commit only, so its text is made once a commit.
static void exchange_refresh_position(struct exchange *exchange) {
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

static void exchange_refresh_lag(struct worker *worker, const struct lag *lag) {
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
    exchange_refresh_position(exchange);
    exchange_refresh_lag(worker, &exchange->lag);
    buffer_append(out, worker->position.data, worker->position.size);
    buffer_append(out, worker->lag_text.data, worker->lag_text.size);
    out->failed |= worker->position.failed || worker->lag_text.failed;
}

void exchange_set_etag(struct exchange *exchange, const char *suffix) {
    struct response *response = exchange->response;
    const struct buffer *etag = &exchange->worker->etag;
    exchange_refresh_position(exchange);
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
