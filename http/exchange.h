// One request on its way to an answer, and what it is answered with: the worker of its thread (a reader, and
// the texts of the newest position and lag) and what all workers share. Handlers (answers.h) are given an
// exchange; routes.c makes it.
#ifndef TIDEMARK_HTTP_EXCHANGE_H
#define TIDEMARK_HTTP_EXCHANGE_H

#include "http/access.h"
#include "http/library.h"
#include "http/limits.h"
#include "http/problem.h"
#include "http/refusals.h"
#include "http/render.h"
#include "http/route.h"
#include "http/wait.h"
#include "views/base/histogram.h"

#include <stdatomic.h>

enum { STATUS_CLASSES = 6 };

struct routes_config {
    const char *db;
    const struct catalog *catalog; // outlives the routes, like all that follows
    struct progress *progress;
    struct snapshots *snapshots; // that its readers join, NULL = none
    struct access *access;       // NULL = anybody may read, nobody may write
    const char *version;
    const struct library *libraries; // ended by a NULL name; NULL = none are told
    struct limits limits;
    bool answer_empty; // with no rows, not 503, before anything was applied to the file
};

// What all workers share; it never changes after routes_new but for its counters.
struct routes {
    struct routes_config config;
    char identity[17];     // hex of what the catalog holds and of the build: part of every ETag
    struct buffer openapi; // the document, made once
    _Atomic uint64_t answers[STATUS_CLASSES]; // by status / 100
    _Atomic uint64_t waits;                   // requests that were put aside
    _Atomic uint64_t slow;                    // requests that went to the slow lane
    _Atomic int64_t connections;
    _Atomic int64_t streams;    // answers that do not end, open now
    struct account memory;      // of the bodies that are made or sent
    _Atomic int64_t file_bytes; // of the bodies that are sent from files
    struct refusals refusals;
    // How long answers took, of requests whose begin is known; the last is that of no route.
    struct histogram durations[ROUTE_COUNT + 1];
};

// A thread's own: it answers one request at a time.
struct worker {
    struct routes *routes;
    struct reader *reader;
    struct target target;
    enum route route; // of the request under way
    // The newest position and lag that were shown, and the texts that follow from them. They change with a
    // commit, with the state and, unless it is live, with the time.
    int64_t position_version; // -1 = none
    struct lag lag;
    struct buffer position; // `"position":{..}`
    struct buffer lag_text; // `,"lag":{..}`
    struct buffer etag;     // without its end
    struct buffer headers;  // Tidemark-Lsn, -Consistency, -State, -Lag and -Quarantine
    struct buffer scratch;
    struct buffer lists; // of the request's parameters that are given more than once
};

enum routes_result {
    ROUTES_ANSWERED,
    // What the request waits for has not come: answer it again when it has (WAITED_REACHED) or when
    // ret_wait->wait_ms have passed (WAITED_EXPIRED). `ret` is as it was.
    ROUTES_WAIT,
    // The reader's deadline was met and the request is not patient: answer it again with more time. `ret` is
    // empty.
    ROUTES_SLOW,
    // The answer may be long, and the request is not patient: answer it again where that holds nobody up. `ret` is empty.
    ROUTES_BULK,
    // The answer does not end: `ret` has its content type, the events come from streams.h.
    ROUTES_STREAM,
};

struct exchange {
    struct worker *worker;
    const struct request *request;
    struct response *response;
    struct wait *wait;
    const struct routes *routes;
    struct reader *reader;
    struct target *target;
    struct position position; // once exchange_begin has been called
    struct lag lag;
    int64_t now_ms; // wall clock
    bool as_csv;    // the path says so
};

int worker_new(struct worker **ret, struct routes *routes, struct error *error);
void worker_free(struct worker **worker);
// For a shorter deadline, and to interrupt it.
struct reader *worker_reader(struct worker *worker);
// The view or the table that the newest request asked for, as a number.
uint64_t worker_subject(const struct worker *worker);

// Opens the snapshot that the answer shows and reads position and lag; -1 when a problem is the answer.
int exchange_begin(struct exchange *exchange);
// Whether the file has applied anything at all. Without it, no rows means nothing.
bool exchange_has_applied(const struct exchange *exchange);
// The answer to a question that failed: a problem, or ROUTES_SLOW when it is asked again with more time.
enum routes_result exchange_fail(struct exchange *exchange, const struct error *error);
// `"position":{..},"lag":{..}`
void exchange_render_position(struct exchange *exchange, struct buffer *out);
// The position and the lag as headers: every answer of a data route has them, one without a body too.
void exchange_set_headers(struct exchange *exchange);
// Weak: while it is the same, rows, position and state are, and only the numbers of the lag move on. `suffix`
// tells the forms and parts apart, in fewer than ETAG_END_SIZE bytes.
void exchange_set_etag(struct exchange *exchange, const char *suffix);
// A 200 that is JSON and must not be kept by caches.
void exchange_json(struct exchange *exchange);
// A 400 unless the route has no parameters. For routes that take none.
bool exchange_refuse_parameters(struct exchange *exchange);

#endif
