// The page at `/`: one document, joined at build from http/page (join.cmake) with the policy that fits it. It reads the
// file not at all, so it is there while everything else is not ready yet.
#include "http/accept.h"
#include "http/answers.h"
#include "views/base/embedded.h"

#include <stdio.h>
#include <string.h>

static struct span page_part(const char *path) {
    const struct embedded_file *file = page_embedded;
    while (strcmp(file->path, path) != 0)
        file++;
    return (struct span){file->bytes, (size_t)(file->end - file->bytes)};
}

enum routes_result answer_page(struct exchange *exchange) {
    struct response *response = exchange->response;
    struct span tag = page_part("tag");
    struct span document = page_part("index.html");
    (void)snprintf(response->etag, sizeof response->etag, "\"%.*s\"", (int)tag.size, tag.data);
    response->content_type = "text/html; charset=utf-8";
    response_header(response, "Content-Security-Policy", page_part("policy"));
    response_header(response, "X-Content-Type-Options", SPAN("nosniff"));
    response_header(response, "Referrer-Policy", SPAN("no-referrer"));
    bool known = accept_has_tag(exchange->request->if_none_match, span_of(response->etag));
    response->status = known ? 304 : 200;
    if (!known)
        buffer_append(&response->body, document.data, document.size);
    return ROUTES_ANSWERED;
}
