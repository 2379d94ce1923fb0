// Problem documents (RFC 9457). The types are stable names that clients may compare; all of them are here.
#ifndef TIDEMARK_HTTP_PROBLEM_H
#define TIDEMARK_HTTP_PROBLEM_H

#include "http/request.h"

enum problem {
    PROBLEM_MALFORMED_REQUEST,    // 400 /problems/malformed-request
    PROBLEM_BAD_PARAMETER,        // 400 /problems/bad-parameter
    PROBLEM_UNKNOWN_PARAMETER,    // 400 /problems/unknown-parameter
    PROBLEM_UNAUTHORIZED,         // 401 /problems/unauthorized
    PROBLEM_FORBIDDEN,            // 403 /problems/forbidden
    PROBLEM_NOT_FOUND,            // 404 /problems/not-found
    PROBLEM_UNKNOWN_VIEW,         // 404 /problems/unknown-view
    PROBLEM_UNKNOWN_QUERY,        // 404 /problems/unknown-query
    PROBLEM_UNKNOWN_TABLE,        // 404 /problems/unknown-table
    PROBLEM_METHOD_NOT_ALLOWED,   // 405 /problems/method-not-allowed
    PROBLEM_NOT_WAITING,          // 409 /problems/not-waiting
    PROBLEM_STILL_QUARANTINED,    // 409 /problems/still-quarantined
    PROBLEM_REQUEST_TIMEOUT,      // 408 /problems/request-timeout
    PROBLEM_NOT_ACCEPTABLE,       // 406 /problems/not-acceptable
    PROBLEM_NOT_ONE_ROW,          // 406 /problems/not-one-row
    PROBLEM_RANGE_NOT_THERE,      // 416 /problems/range-not-there
    PROBLEM_URL_TOO_LONG,         // 414 /problems/url-too-long
    PROBLEM_CONTENT_TOO_LARGE,    // 413 /problems/content-too-large
    PROBLEM_HEADERS_TOO_LARGE,    // 431 /problems/headers-too-large
    PROBLEM_MISDIRECTED,          // 421 /problems/misdirected-request
    PROBLEM_ANSWER_TOO_LARGE,     // 500 /problems/answer-too-large
    PROBLEM_ANSWER_FAILED,        // 500 /problems/answer-failed
    PROBLEM_STORE_FAILED,         // 500 /problems/store-failed
    PROBLEM_NOT_READY,            // 503 /problems/not-ready
    PROBLEM_TOO_STALE,            // 503 /problems/too-stale
    PROBLEM_TOO_SLOW,             // 503 /problems/too-slow
    PROBLEM_TOO_BUSY,             // 503 /problems/too-busy
    PROBLEM_TOO_MANY_CONNECTIONS, // 503 /problems/too-many-connections
    PROBLEM_TOO_MANY_STREAMS,     // 503 /problems/too-many-streams
    PROBLEM_VIEW_DISABLED,        // 503 /problems/view-disabled
    PROBLEM_STOPPING,             // 503 /problems/stopping
    PROBLEM_OTHER_VERSION,        // 505 /problems/other-version
    PROBLEM_POSITION_NOT_REACHED, // 504 /problems/position-not-reached
    PROBLEM_COUNT,
};

struct problem_kind {
    const char *type;
    const char *title;
    int status;
    const char *meaning; // and what to do, in plain text
};
const struct problem_kind *problem_kind(enum problem problem);

// Makes `response` that problem. Between begin and end the caller may append members of its own to
// response->body, each with a comma before it.
void problem_begin(struct response *response, enum problem problem, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void problem_end(struct response *response);
// Without further members.
void problem_set(struct response *response, enum problem problem, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// What a reader's error is to a client.
void problem_from_error(struct response *response, const struct error *error);

#endif
