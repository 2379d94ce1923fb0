// One question over HTTP to a tidemark on this machine or nearby, and its answer whole: HTTP/1.0, a connection each, over TLS (secure.h)
// where the URL is https.
#ifndef TIDEMARK_STATUS_ASK_H
#define TIDEMARK_STATUS_ASK_H

#include "views/base/buffer.h"
#include "views/base/error.h"

enum { ASK_TIMEOUT_MS = 5000, ASK_ANSWER_SIZE_MAX = 16 << 20, ASK_HOST_SIZE = 256, ASK_PATH_SIZE = 108 };

struct ask_server {
    char host[ASK_HOST_SIZE]; // without brackets
    char port[8];
    char path[ASK_PATH_SIZE]; // of a UNIX socket; "" = TCP
    bool tls;
    const char *ca;    // of TLS: secure.h's
    const char *token; // NULL = none
};

// ERROR_USAGE for what is no URL.
int ask_parse(struct ask_server *ret, const char *url, struct error *error);
// The body of a 200 into `ret`, NUL-terminated; `first_line`: of an answer that does not end only that. Errors:
// ERROR_SYSTEM when nobody answers in time, ERROR_INPUT for another answer, with its words,
// and for a certificate that is not trusted.
int ask_get(const struct ask_server *server, const char *target, bool first_line, struct buffer *ret,
            struct error *error);

#endif
