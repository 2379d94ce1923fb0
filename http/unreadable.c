#include "http/unreadable.h"

#include <string.h>
#include <strings.h>

static bool unreadable_is_chunked(struct span coding) {
    return coding.size == sizeof "chunked" - 1 && strncasecmp(coding.data, "chunked", coding.size) == 0;
}

const char *unreadable_doubt(const struct request *request) {
    if (memchr(request->target.data, ' ', request->target.size) != NULL)
        return "the URL has a space; write %20";
    if (request->transfer_encoding.data == NULL)
        return request->length_count > 1
                   ? "a request has one Content-Length header, this one has several; send one"
                   : NULL;
    if (request->length_count > 0)
        return "a request has Content-Length or Transfer-Encoding, this one has both; send one of them";
    if (request->http_1_0)
        return "HTTP/1.0 has no Transfer-Encoding; send Content-Length, or ask with HTTP/1.1";
    if (!unreadable_is_chunked(request->transfer_encoding))
        return "the Transfer-Encoding is not chunked, which is the only one that is read here";
    return NULL;
}

void unreadable_refuse(struct refusals *refusals, const char *doubt, struct response *ret) {
    refusal_count(refusals, REFUSAL_UNREADABLE);
    problem_set(ret, PROBLEM_MALFORMED_REQUEST, "%s", doubt);
    ret->closes = true;
}

static bool unreadable_is_length(struct span length) {
    size_t digits = 0;
    while (digits < length.size && length.data[digits] >= '0' && length.data[digits] <= '9')
        digits++;
    return digits > 0 && digits == length.size;
}

static const char *unreadable_line(const struct request *request) {
    (void)request;
    return "the first line cannot be read: it is METHOD, a space, the URL without a space, a space, HTTP/1.1";
}

static const char *unreadable_headers(const struct request *request) {
    if (request->content_length.data != NULL && !unreadable_is_length(request->content_length))
        return "Content-Length is not a number of bytes; send one, or none";
    const char *doubt = unreadable_doubt(request);
    return doubt != NULL
               ? doubt
               : "a header cannot be read: each is NAME: VALUE on a line of its own, with no space and no NUL in NAME; Host is one of them";
}

static const char *unreadable_body(const struct request *request) {
    (void)request;
    return "the chunked body cannot be read: a chunk is its size in hexadecimal digits, CR LF, so many bytes, CR LF, and the last one's size is 0";
}

bool unreadable_answer(struct refusals *refusals, unsigned status, enum request_part part,
                       const struct request *request, struct response *ret) {
    static const char *(*const doubts[])(const struct request *request) = {
        [PART_LINE] = unreadable_line, [PART_HEADERS] = unreadable_headers, [PART_BODY] = unreadable_body};
    switch (status) {
    case 301: // of a URL with a space
    case 400:
        unreadable_refuse(refusals, doubts[part](request), ret);
        return true;
    case 413:
        refusal_answer(refusals, REFUSAL_BODY_TOO_LARGE, ret);
        return true;
    case 414:
        refusal_count(refusals, REFUSAL_UNREADABLE);
        problem_set(ret, PROBLEM_URL_TOO_LONG, "the URL has more than %d bytes", TARGET_SIZE_MAX);
        return true;
    case 431:
    case 500: // they leave no room for a body
        refusal_answer(refusals, REFUSAL_HEADERS_TOO_MANY, ret);
        return true;
    case 505:
        refusal_count(refusals, REFUSAL_UNREADABLE);
        problem_set(ret, PROBLEM_OTHER_VERSION,
                    "this server speaks HTTP/1.1 and HTTP/1.0; ask with one of them (curl: --http1.1)");
        return true;
    default:
        return false;
    }
}
