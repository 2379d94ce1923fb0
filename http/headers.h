// A request's headers as they come, one by one: a list on several lines is one list (RFC 9110, 5.3), of any other header the
// first line counts. Pure, one thread a request.
#ifndef TIDEMARK_HTTP_HEADERS_H
#define TIDEMARK_HTTP_HEADERS_H

#include "http/request.h"

enum headers_list {
    HEADERS_ACCEPT,
    HEADERS_IF_NONE_MATCH,
    HEADERS_PREFER,
    HEADERS_ACCEPT_ENCODING,
    HEADERS_LISTS
};

// What lists on several lines are joined in: as long as the request's headers at most. Nothing else takes memory.
struct headers_joined {
    struct buffer lists[HEADERS_LISTS];
};

// `value`: NULL = empty; lives as long as the request. Without memory for a list its lines before this one count.
void headers_take(struct request *request, struct headers_joined *joined, const char *name,
                  const char *value);
void headers_free(struct headers_joined *joined);

#endif
