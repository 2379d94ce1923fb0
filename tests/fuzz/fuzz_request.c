// Any request: it is answered, never by a 500, and a JSON answer is JSON. Its lines are the target, then the headers that
// routes read.
#define _GNU_SOURCE // memmem
#include "tests/unit/http/routes_fixture.h"

#include <jansson.h>

// what the fixture's own queries fail at by design
static const char SQL_FAILS[] = "\"detail\":\"lab/query.";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fixture fixture;
static struct routes *routes;
static struct worker *worker;

static void close_all(void) {
    worker_free(&worker);
    routes_free(&routes);
    fixture_close(&fixture);
}

static void open_all(void) {
    enum { ORDERS = 20, DEADLINE_MS = 200 };
    struct error error = {0};
    fixture_open(&fixture, ORDERS);
    routes = fixture_routes(&fixture);
    fixture_check(worker_new(&worker, routes, &error), &error);
    reader_set_deadline(worker_reader(worker), DEADLINE_MS);
    (void)atexit(close_all);
}

// The next line, NULL when none is left or it is empty.
static struct span next_line(struct span *rest) {
    const char *end = rest->size > 0 ? memchr(rest->data, '\n', rest->size) : NULL;
    size_t size = end != NULL ? (size_t)(end - rest->data) : rest->size;
    struct span line = {size > 0 ? rest->data : NULL, size};
    size_t used = size + (end != NULL ? 1 : 0);
    *rest = (struct span){rest->data + used, rest->size - used};
    return line;
}

static void check(const struct request *request, const struct response *response) {
    // a query of the fixture fails on its own rows
    bool own = response->body.size > 0 &&
               memmem(response->body.data, response->body.size, SQL_FAILS, strlen(SQL_FAILS)) != NULL;
    if ((response->status == 500 && !own) || response->status < 200) {
        fprintf(stderr, "%d %.*s: %.*s\n", response->status, (int)request->target.size, request->target.data,
                (int)response->body.size, response->body.data);
        abort();
    }
    if (response->content_type == NULL || strstr(response->content_type, "json") == NULL ||
        strstr(response->content_type, "ndjson") != NULL || response->encoded || response->body.size == 0 ||
        response->file != NULL)
        return;
    json_error_t error;
    json_t *body =
        json_loadb(response->body.data, response->body.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (body == NULL) {
        fprintf(stderr, "%s at %d: %.*s\n", error.text, error.position, (int)response->body.size,
                response->body.data);
        abort();
    }
    json_decref(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (routes == NULL)
        open_all();
    char *copy = malloc(size > 0 ? size : 1); // of its exact size, so that a read past it is seen
    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    struct span rest = {copy, size};
    struct request request = {.method = SPAN("GET")};
    request.target = next_line(&rest);
    struct span *const headers[] = {&request.accept,         &request.last_event_id, &request.if_none_match,
                                    &request.prefer,         &request.range,         &request.accept_profile,
                                    &request.accept_encoding};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        *headers[i] = next_line(&rest);
    struct response response = {0};
    struct wait wait = {0};
    if (request.target.data != NULL) {
        request.patient = true;
        enum routes_result result = routes_answer(worker, &request, &response, &wait);
        if (result == ROUTES_WAIT) {
            request.waited = WAITED_EXPIRED;
            result = routes_answer(worker, &request, &response, &wait);
        }
        if (result == ROUTES_ANSWERED)
            check(&request, &response);
    }
    response_free(&response);
    free(copy);
    return 0;
}
