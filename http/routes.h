// Every route, from a request to an answer, without sockets. `struct routes` is shared and never changes
// after routes_new but for its counters; a worker answers one request at a time, with its own reader.
#ifndef TIDEMARK_HTTP_ROUTES_H
#define TIDEMARK_HTTP_ROUTES_H

#include "http/exchange.h"
#include "http/unreadable.h"

int routes_new(struct routes **ret, const struct routes_config *config, struct error *error);
void routes_free(struct routes **routes);

// Never fails: what goes wrong is an answer too. HEAD is answered as GET; who sends the answer leaves the
// body out.
enum routes_result routes_answer(struct worker *worker, const struct request *request, struct response *ret,
                                 struct wait *ret_wait);
// The answer to a request that comes or waits while the server stops.
void routes_stopping(struct routes *routes, struct response *ret);
// One more is open, or one less (-1).
void routes_count_stream(struct routes *routes, int change);
// The answer to a request that there is no room for.
void routes_refuse(struct routes *routes, enum refusal refusal, struct response *ret);
// The answers to one that cannot be read (unreadable.h).
void routes_refuse_unreadable(struct routes *routes, const char *doubt, struct response *ret);
bool routes_answer_unreadable(struct routes *routes, unsigned status, enum request_part part,
                              const struct request *request, struct response *ret);

#endif
