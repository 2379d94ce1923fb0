// The inside of routes.h: what a handler is given. Shared by the files of http that answer routes.
#ifndef TIDEMARK_HTTP_EXCHANGE_H
#define TIDEMARK_HTTP_EXCHANGE_H

#include "http/problem.h"
#include "http/render.h"
#include "http/routes.h"

#include <stdatomic.h>

enum { STATUS_CLASSES = 6 };

struct routes {
    struct routes_config config;
    char identity[17];                        // hex of what the catalog holds: part of every ETag
    struct buffer openapi;                    // the document, made once
    _Atomic uint64_t answers[STATUS_CLASSES]; // by status / 100
    _Atomic uint64_t waits;                   // requests that were put aside
    _Atomic uint64_t slow;                    // requests that went to the slow lane
};

struct worker {
    struct routes *routes;
    struct reader *reader;
    struct target target;
    // Of the newest position that was shown: its version, `"position":{..}`, and the ETag without its end
    int64_t position_version; // -1 = none
    struct buffer position;
    struct buffer etag;
    struct lag lag; // the newest that was shown, and `,"lag":{..}`
    struct buffer lag_text;
    struct buffer scratch;
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
};

typedef enum routes_result route_handler(struct exchange *exchange);

// Opens the snapshot that the answer shows and reads position and lag; -1 when a problem is the answer.
int exchange_begin(struct exchange *exchange);
// The answer to a question that failed.
enum routes_result exchange_fail(struct exchange *exchange, const struct error *error);
// `"position":{..},"lag":{..}`
void exchange_render_position(struct exchange *exchange, struct buffer *out);
// Weak: rows and position are the same, the lag beside them moves on. `suffix` tells the forms apart.
void exchange_set_etag(struct exchange *exchange, const char *suffix);
// A 200 that is JSON and must not be kept by caches.
void exchange_json(struct exchange *exchange);
// A 400 unless the route has no parameters. For routes that take none.
bool exchange_refuse_parameters(struct exchange *exchange);

route_handler answer_query, answer_table, answer_quarantine;            // data.c
route_handler answer_health, answer_ready, answer_status, answer_views; // status.c
route_handler answer_lag, answer_metrics;                               // gauges.c
route_handler answer_openapi;                                           // openapi.c

// Text of the OpenAPI document.
int openapi_write(struct buffer *out, const struct catalog *catalog, const char *version,
                  struct error *error);

#endif
