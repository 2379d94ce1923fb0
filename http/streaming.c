// The routes whose answer does not end: what they are asked, not what they tell (live.c, followed.c).
#include "http/accept.h"
#include "http/answers.h"

// Server-sent events, unless NDJSON is asked for and they are not.
static const char *streaming_type(struct span accept) {
    return accept_format(accept) == FORMAT_NDJSON ? "application/x-ndjson" : "text/event-stream";
}

void streaming_begin(struct exchange *exchange) {
    exchange->response->content_type = streaming_type(exchange->request->accept);
    exchange->response->as_lines = accept_format(exchange->request->accept) == FORMAT_NDJSON;
}

enum routes_result answer_live(struct exchange *exchange) {
    if (exchange_refuse_parameters(exchange))
        return ROUTES_ANSWERED;
    streaming_begin(exchange);
    return ROUTES_STREAM;
}
