// The routes whose answer does not end: what they are asked, not what they tell (live.c, followed.c).
#include "http/accept.h"
#include "http/answers.h"

void streaming_begin(struct exchange *exchange) {
    bool lines = accept_wants_lines(exchange->request->accept);
    exchange->response->content_type = lines ? "application/x-ndjson" : "text/event-stream";
    exchange->response->as_lines = lines;
}

enum routes_result answer_live(struct exchange *exchange) {
    if (exchange_refuse_parameters(exchange))
        return ROUTES_ANSWERED;
    streaming_begin(exchange);
    return ROUTES_STREAM;
}
