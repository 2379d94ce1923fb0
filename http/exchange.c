#include "http/exchange.h"

#include "views/base/cleanup.h"
#include "views/base/hash.h"

#include <assert.h>
#include <stdlib.h>

int worker_new(struct worker **ret, struct routes *routes, struct error *error) {
    CLEANUP(worker_free) struct worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    worker->routes = routes;
    worker->position_version = -1;
    if (reader_open(&worker->reader, routes->config.db, routes->config.catalog, error) != 0)
        return -1;
    reader_join(worker->reader, routes->config.snapshots);
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
    buffer_free(&w->headers);
    buffer_free(&w->scratch);
    buffer_free(&w->lists);
    free(w);
    *worker = NULL;
}

struct reader *worker_reader(struct worker *worker) {
    return worker->reader;
}

uint64_t worker_subject(const struct worker *worker) {
    enum { NAME = 2 }; // its segment, in all of the routes that may be slow
    const struct target *target = &worker->target;
    bool of_view = worker->route == ROUTE_QUERY || worker->route == ROUTE_FOLLOW_QUERY;
    struct span name = target->segment_count > NAME ? target->segments[NAME] : SPAN("");
    return hash_bytes(hash_bytes(HASH_SEED, of_view ? SPAN("view ") : SPAN("table ")), name);
}

// Why the process halted may be why.
static void exchange_tell_unread(struct exchange *exchange, const struct error *error) {
    struct progress_summary summary;
    progress_summary(exchange->routes->config.progress, &summary);
    if (summary.state == STATE_HALTED && summary.reason[0] != '\0')
        problem_set(exchange->response, PROBLEM_STORE_FAILED, "%s; halted: %s", error->message,
                    summary.reason);
    else
        problem_from_error(exchange->response, error);
}

int exchange_begin(struct exchange *exchange) {
    struct error error;
    if (reader_begin(exchange->reader, &exchange->position, &error) != 0) {
        exchange_tell_unread(exchange, &error);
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

#define LAG_BEGINNING ",\"lag\":"

static void exchange_make_position(struct exchange *exchange) {
    struct buffer *out = &exchange->worker->position;
    buffer_clear(out);
    buffer_text(out, "\"position\":");
    render_position(out, &exchange->position);
}

static void exchange_make_lag(struct exchange *exchange) {
    struct buffer *out = &exchange->worker->lag_text;
    buffer_clear(out);
    buffer_text(out, LAG_BEGINNING);
    render_lag(out, &exchange->lag);
}

static void exchange_make_etag(struct exchange *exchange) {
    struct buffer *out = &exchange->worker->etag;
    buffer_clear(out);
    buffer_text(out, "W/\"");
    // With the offsets: a file and its copy that goes on by itself have one id, and soon other rows at one version.
    render_position_id(out, &exchange->position);
    buffer_format(out, "-%s-%s", exchange->routes->identity, progress_state_name(exchange->lag.state));
}

static void exchange_begin_header(struct buffer *headers, const char *name) {
    buffer_append(headers, name, strlen(name) + 1);
}

// After the lag's text, which it takes over.
static void exchange_make_headers(struct exchange *exchange) {
    const size_t beginning = sizeof LAG_BEGINNING - 1;
    const struct buffer *lag = &exchange->worker->lag_text;
    struct buffer *out = &exchange->worker->headers;
    buffer_clear(out);
    exchange_begin_header(out, "Tidemark-Lsn");
    if (exchange->position.lsn >= 0)
        render_lsn(out, exchange->position.lsn);
    else
        buffer_text(out, "null");
    buffer_char(out, '\0');
    exchange_begin_header(out, "Tidemark-Consistency");
    buffer_text(out, exchange->position.transactional ? "transactional" : "per-key");
    buffer_char(out, '\0');
    exchange_begin_header(out, "Tidemark-State");
    buffer_text(out, progress_state_name(exchange->lag.state));
    buffer_char(out, '\0');
    exchange_begin_header(out, "Tidemark-Lag");
    if (!lag->failed)
        buffer_append(out, lag->data + beginning, lag->size - beginning);
    buffer_char(out, '\0');
    exchange_begin_header(out, "Tidemark-Quarantine");
    buffer_integer(out, exchange->position.quarantined);
    buffer_char(out, '\0');
    if (exchange->position.filling.data == NULL)
        return;
    exchange_begin_header(out, "Tidemark-Filling");
    buffer_text(out, "true");
    buffer_char(out, '\0');
}

// Makes the texts that are out of date. The position's is the long one: a commit alone changes it.
static void exchange_refresh(struct exchange *exchange) {
    struct worker *worker = exchange->worker;
    const struct lag *lag = &exchange->lag;
    bool same_position = worker->position_version == exchange->position.version;
    bool same_state = worker->lag.state == lag->state;
    if (same_position && same_state && worker->lag.messages == lag->messages && worker->lag.ms == lag->ms)
        return;
    if (!same_position)
        exchange_make_position(exchange);
    if (!same_position || !same_state)
        exchange_make_etag(exchange);
    exchange_make_lag(exchange);
    exchange_make_headers(exchange);
    bool failed =
        worker->position.failed || worker->lag_text.failed || worker->etag.failed || worker->headers.failed;
    worker->position_version = failed ? -1 : exchange->position.version;
    worker->lag = *lag;
}

void exchange_render_position(struct exchange *exchange, struct buffer *out) {
    const struct worker *worker = exchange->worker;
    exchange_refresh(exchange);
    buffer_append(out, worker->position.data, worker->position.size);
    buffer_append(out, worker->lag_text.data, worker->lag_text.size);
    out->failed |= worker->position.failed || worker->lag_text.failed;
}

void exchange_set_headers(struct exchange *exchange) {
    const struct buffer *headers = &exchange->worker->headers;
    struct response *response = exchange->response;
    exchange_refresh(exchange);
    assert(headers->size <= sizeof response->position);
    response->headers.failed |= headers->failed;
    memcpy(response->position, headers->data, headers->size);
    response->position_size = headers->size;
}

void exchange_set_etag(struct exchange *exchange, const char *suffix) {
    struct response *response = exchange->response;
    const struct buffer *etag = &exchange->worker->etag;
    exchange_refresh(exchange);
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
    if (exchange->response->body.starved)
        return ROUTES_ANSWERED; // routes_answer tells it
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
