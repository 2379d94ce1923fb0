// What a problem's type is the address of: a page that says what it means.
#include "http/answers.h"

static const struct problem_kind *problem_page_kind(struct span name) {
    static const struct span folder = {"/problems/", sizeof "/problems/" - 1};
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        const struct problem_kind *kind = problem_kind((enum problem)i);
        if (span_is(name, kind->type + folder.size))
            return kind;
    }
    return NULL;
}

static void problem_page_set_unknown(struct exchange *exchange, struct span name) {
    struct buffer *out = &exchange->response->body;
    problem_begin(exchange->response, PROBLEM_NOT_FOUND, "no problem is called \"%.*s\"; see known",
                  (int)name.size, name.data);
    buffer_text(out, ",\"known\":[");
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        buffer_text(out, i > 0 ? "," : "");
        buffer_json_string(out, span_of(problem_kind((enum problem)i)->type));
    }
    buffer_char(out, ']');
    problem_end(exchange->response);
}

enum routes_result answer_problem(struct exchange *exchange) {
    struct response *response = exchange->response;
    if (exchange_refuse_parameters(exchange))
        return ROUTES_ANSWERED;
    const struct problem_kind *kind = problem_page_kind(exchange->target->segments[1]);
    if (kind == NULL) {
        problem_page_set_unknown(exchange, exchange->target->segments[1]);
        return ROUTES_ANSWERED;
    }
    response->status = 200;
    response->content_type = "text/html; charset=utf-8";
    response_header(response, "Content-Security-Policy", SPAN("default-src 'none'"));
    buffer_format(&response->body,
                  "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>%s</title>\n"
                  "<h1>%s</h1>\n<p>Status %d, type <code>%s</code>.</p>\n<p>%s</p>\n</html>\n",
                  kind->title, kind->title, kind->status, kind->type, kind->meaning);
    return ROUTES_ANSWERED;
}
