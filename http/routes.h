// Every route, from a request to an answer, without sockets. `struct routes` is shared and never changes
// after routes_new but for its counters; a worker answers one request at a time, with its own reader.
#ifndef TIDEMARK_HTTP_ROUTES_H
#define TIDEMARK_HTTP_ROUTES_H

#include "http/request.h"
#include "http/wait.h"
#include "views/engine/progress.h"

struct routes;
struct worker;

struct routes_config {
    const char *db;
    const struct catalog *catalog; // outlives the routes, like all that follows
    struct progress *progress;
    const char *version;
};

int routes_new(struct routes **ret, const struct routes_config *config, struct error *error);
void routes_free(struct routes **routes);

int worker_new(struct worker **ret, struct routes *routes, struct error *error);
void worker_free(struct worker **worker);
// For a shorter deadline, and to interrupt it.
struct reader *worker_reader(struct worker *worker);

enum routes_result {
    ROUTES_ANSWERED,
    // What the request waits for has not come: answer it again when it has (WAITED_REACHED) or when
    // ret_wait->wait_ms have passed (WAITED_EXPIRED). `ret` is as it was.
    ROUTES_WAIT,
    // The reader's deadline was met and the request is not patient: answer it again with more time. `ret` is
    // empty.
    ROUTES_SLOW,
};

// Never fails: what goes wrong is an answer too. HEAD is answered as GET; who sends the answer leaves the
// body out.
enum routes_result routes_answer(struct worker *worker, const struct request *request, struct response *ret,
                                 struct wait *ret_wait);
// The answers to a request that comes or waits while the server stops, and to a slow one when too many are.
void routes_stopping(struct routes *routes, struct response *ret);
void routes_too_many(struct routes *routes, struct response *ret);

// Calls `visit` for each route that is loaded, queries of views by name: "GET /v1/views/email/outbox".
void routes_each(const struct catalog *catalog, void (*visit)(void *self, const char *route), void *self);

#endif
