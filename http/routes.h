// Every route, from a request to an answer, without sockets. `struct routes` is shared and never changes
// after routes_new but for its counters; a worker answers one request at a time, with its own reader.
#ifndef TIDEMARK_HTTP_ROUTES_H
#define TIDEMARK_HTTP_ROUTES_H

#include "http/exchange.h"

int routes_new(struct routes **ret, const struct routes_config *config, struct error *error);
void routes_free(struct routes **routes);

// Never fails: what goes wrong is an answer too. HEAD is answered as GET; who sends the answer leaves the
// body out.
enum routes_result routes_answer(struct worker *worker, const struct request *request, struct response *ret,
                                 struct wait *ret_wait);
// The answers to a request that comes or waits while the server stops, and to a slow one when too many are;
// likewise to a stream.
void routes_stopping(struct routes *routes, struct response *ret);
// One more is open, or one less (-1).
void routes_count_stream(struct routes *routes, int change);
void routes_too_many_streams(struct routes *routes, struct response *ret);
void routes_too_many(struct routes *routes, struct response *ret);
// The answer to a request that announces a body of more than any may have.
void routes_too_large(struct routes *routes, struct response *ret);

#endif
