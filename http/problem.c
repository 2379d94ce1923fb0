#include "http/problem.h"

#include <stdarg.h>
#include <stdio.h>

static const struct problem_kind kinds[PROBLEM_COUNT] = {
    [PROBLEM_MALFORMED_REQUEST] =
        {"/problems/malformed-request", "Malformed request", 400,
         "The request cannot be read: a first line, a header or a chunk that is none, two lengths, an escape that is none, bytes that are not UTF-8, too many parameters, no Host. detail says which. Correct the request."},
    [PROBLEM_BAD_PARAMETER] =
        {"/problems/bad-parameter", "Parameter has a value that it cannot have", 400,
         "A parameter has a value that it cannot have, or is given twice. detail says which, and what it may be."},
    [PROBLEM_UNKNOWN_PARAMETER] =
        {"/problems/unknown-parameter", "Unknown parameter", 400,
         "The route, the query or the table knows no such parameter or column. detail names those that there are."},
    [PROBLEM_UNAUTHORIZED] = {"/problems/unauthorized", "A token is needed", 401,
                              "The server wants a token: send Authorization: Bearer TOKEN."},
    [PROBLEM_FORBIDDEN] = {"/problems/forbidden", "Forbidden", 403,
                           "The token, or the lack of one, does not allow this."},
    [PROBLEM_NOT_FOUND] = {"/problems/not-found", "Not found", 404,
                           "There is no such route or thing. known names the routes."},
    [PROBLEM_UNKNOWN_VIEW] = {"/problems/unknown-view", "Unknown view", 404,
                              "No view of this name is loaded. known names those that are."},
    [PROBLEM_UNKNOWN_QUERY] = {"/problems/unknown-query", "Unknown query", 404,
                               "The view has no query of this name. known names those that it has."},
    [PROBLEM_UNKNOWN_TABLE] = {"/problems/unknown-table", "Unknown table", 404,
                               "source.sql declares no table of this name. known names those that it does."},
    [PROBLEM_METHOD_NOT_ALLOWED] =
        {"/problems/method-not-allowed", "Method not allowed", 405,
         "The route does not answer this method. The header Allow names those that it does."},
    [PROBLEM_NOT_WAITING] = {"/problems/not-waiting", "The message does not wait in quarantine", 409,
                             "The message was applied, discarded or superseded already."},
    [PROBLEM_STILL_QUARANTINED] = {"/problems/still-quarantined", "The message could not be applied", 409,
                                   "The message was tried again and could not be applied. detail says why."},
    [PROBLEM_REQUEST_TIMEOUT] =
        {"/problems/request-timeout", "The request did not come in time", 408,
         "The headers or the body did not come within --request-timeout (10 s), or the connection was kept without a request."},
    [PROBLEM_NOT_ACCEPTABLE] =
        {"/problems/not-acceptable", "The form that was asked for is not made", 406,
         "Accept asks for a form of PostgREST's that is not made here: rows without their nulls, a plan, GeoJSON. Ask for application/json, text/csv or application/x-ndjson."},
    [PROBLEM_NOT_ONE_ROW] =
        {"/problems/not-one-row", "One row was asked for, and there is not one", 406,
         "Accept asks for the one row there is, and there is none or more than one. Filter by the key, or ask for an array."},
    [PROBLEM_RANGE_NOT_THERE] =
        {"/problems/range-not-there", "The range has no rows", 416,
         "offset or Range begins behind the last row, and Content-Range says how many there are; or Range ends before it begins."},
    [PROBLEM_URL_TOO_LONG] =
        {"/problems/url-too-long", "URL too long", 414,
         "The URL has more than 8192 bytes. Put less into one in.(..), or make a query of a view."},
    [PROBLEM_CONTENT_TOO_LARGE] = {"/problems/content-too-large", "Content too large", 413,
                                   "The body that was sent is larger than any that is looked at (1 MB)."},
    [PROBLEM_HEADERS_TOO_LARGE] =
        {"/problems/headers-too-large", "Too many headers", 431,
         "The request has more than 100 headers, or they are too long. Send fewer."},
    [PROBLEM_MISDIRECTED] = {"/problems/misdirected-request", "The host is not this server's", 421,
                             "The Host header names another server. --allow-host allows more names."},
    [PROBLEM_ANSWER_TOO_LARGE] =
        {"/problems/answer-too-large", "Answer too large", 500,
         "The answer would not fit into the memory that one may take. Ask for less with limit=; a table, and no query, is given whole with limit=all."},
    [PROBLEM_ANSWER_FAILED] =
        {"/problems/answer-failed", "The answer could not be made", 500,
         "There was no memory for the answer, or a part of it cannot be written. Ask again."},
    [PROBLEM_STORE_FAILED] = {"/problems/store-failed", "The store could not be read", 500,
                              "The file could not be read. detail and the log say why."},
    [PROBLEM_NOT_READY] =
        {"/problems/not-ready", "Not ready", 503,
         "Nothing was applied to the file yet, the process has not caught up once, or another process has changed the file's tables or views. Ask again later; /readyz tells when."},
    [PROBLEM_TOO_STALE] =
        {"/problems/too-stale", "Further behind than max_lag_seconds allows", 503,
         "The answer is further behind than max_lag_seconds allows, or how far is not known. position and lag say where it stands."},
    [PROBLEM_TOO_SLOW] =
        {"/problems/too-slow", "The query took too long", 503,
         "The query took longer than a query may. For a table, detail names the index that would serve it; put that into the schema.sql of a view."},
    [PROBLEM_TOO_BUSY] =
        {"/problems/too-busy", "Too much is under way", 503,
         "The answers under way take as much as they may take together, memory or disk, most likely since their readers are slow. Ask again later, or for less with limit=."},
    [PROBLEM_TOO_MANY_CONNECTIONS] =
        {"/problems/too-many-connections", "Too many connections", 503,
         "All connections that there may be are in use (--max-connections), or this address has as many as one may have (--max-connections-per-address). Use one for many requests, or ask again later."},
    [PROBLEM_TOO_MANY_STREAMS] =
        {"/problems/too-many-streams", "Too many streams", 503,
         "As many streams are open as there may be, or too much is waiting for slow readers. Ask again later."},
    [PROBLEM_VIEW_DISABLED] =
        {"/problems/view-disabled", "The view is not kept", 503,
         "One of the view's statements failed, so its tables are not kept. detail says which. Correct it and start again."},
    [PROBLEM_STOPPING] = {"/problems/stopping", "The server is stopping", 503,
                          "The server is stopping. Ask another one, or this one again when it is back."},
    [PROBLEM_OTHER_VERSION] = {"/problems/other-version", "Another version of HTTP", 505,
                               "The request is not of HTTP/1.1 or HTTP/1.0. Ask with one of them."},
    [PROBLEM_POSITION_NOT_REACHED] =
        {"/problems/position-not-reached", "Position not reached in time", 504,
         "The position that was waited for did not come in time. position and lag say where the answer would have stood."},
};

const struct problem_kind *problem_kind(enum problem problem) {
    return &kinds[problem];
}

// What PostgREST's clients look for: its own code where they compare one, and its words of no row, by which postgrest-py's
// maybe_single() (to 1.1) knows it.
static void problem_add_postgrest(struct buffer *out, enum problem problem, const char *detail) {
    const bool not_one = problem == PROBLEM_NOT_ONE_ROW;
    const char *code = not_one                              ? "PGRST116"
                       : problem == PROBLEM_RANGE_NOT_THERE ? "PGRST103"
                       : problem == PROBLEM_NOT_ACCEPTABLE  ? "PGRST107"
                                                            : kinds[problem].type + sizeof "/problems/" - 1;
    buffer_format(out, ",\"code\":\"%s\",\"message\":", code);
    buffer_json_string(out, span_of(detail));
    buffer_text(out, ",\"details\":");
    if (not_one)
        buffer_json_string(out, span_of(detail));
    else
        buffer_text(out, "null");
    buffer_text(out, ",\"hint\":null");
}

__attribute__((format(printf, 3, 0))) static void begin(struct response *response, enum problem problem,
                                                        const char *format, va_list args) {
    enum { DETAIL_SIZE = 1024 };
    char detail[DETAIL_SIZE];
    (void)vsnprintf(detail, sizeof detail, format, args);
    const struct problem_kind *kind = &kinds[problem];
    response->status = kind->status;
    response->content_type = "application/problem+json";
    response->retry = kind->status == 503;
    response->etag[0] = '\0';
    buffer_clear(&response->headers);
    buffer_clear(&response->body);
    body_file_free(&response->file);
    response->encoded = false;
    buffer_format(&response->body, "{\"type\":\"%s\",\"title\":\"%s\",\"status\":%d,\"detail\":", kind->type,
                  kind->title, kind->status);
    buffer_json_string(&response->body, span_of(detail));
    if (!response->postgrest)
        return;
    problem_add_postgrest(&response->body, problem, detail);
}

void problem_begin(struct response *response, enum problem problem, const char *format, ...) {
    va_list args;
    va_start(args, format);
    begin(response, problem, format, args);
    va_end(args);
}

void problem_end(struct response *response) {
    buffer_text(&response->body, "}\n");
}

void problem_set(struct response *response, enum problem problem, const char *format, ...) {
    va_list args;
    va_start(args, format);
    begin(response, problem, format, args);
    va_end(args);
    problem_end(response);
}

static enum problem problem_of(enum error_kind kind) {
    switch (kind) {
    case ERROR_USAGE:
        return PROBLEM_BAD_PARAMETER;
    case ERROR_NOTFOUND:
        return PROBLEM_UNKNOWN_PARAMETER;
    case ERROR_TIMEOUT:
        return PROBLEM_TOO_SLOW;
    case ERROR_DISABLED:
        return PROBLEM_VIEW_DISABLED;
    case ERROR_HALT: // the file is another's to change, and is taken over as it is now (consumer/serving.h)
        return PROBLEM_NOT_READY;
    case ERROR_NONE:
    case ERROR_INPUT:
    case ERROR_STORE:
    case ERROR_BUSY:
    case ERROR_RETRY:
    case ERROR_BROKER:
    case ERROR_SYSTEM:
    case ERROR_VIEW:
    case ERROR_REFUSED:
        return PROBLEM_STORE_FAILED;
    }
    return PROBLEM_STORE_FAILED;
}

void problem_from_error(struct response *response, const struct error *error) {
    problem_set(response, problem_of(error->kind), "%s", error->message);
}
