// Who may ask: bearer tokens, the Host header, requests of pages from elsewhere (CORS). Pure but for the token file.
// Any thread may ask; access_reload may run beside them.
//
// Host is looked at because of DNS rebinding: a page of evil.example may let its own name point at 127.0.0.1 and then
// read a store on loopback as if it were its own. Its requests still name evil.example. An address (127.0.0.1, [::1])
// cannot be rebound, so any is taken, as are localhost and names below it.
#ifndef TIDEMARK_HTTP_ACCESS_H
#define TIDEMARK_HTTP_ACCESS_H

#include "http/request.h"

enum {
    ACCESS_TOKENS_MAX = 16,     // lines of a token file
    ACCESS_TOKEN_SIZE_MIN = 16, // bytes of a token
    ACCESS_TOKEN_SIZE_MAX = 1024,
    ACCESS_NAMES_MAX = 32, // origins, and hosts
};

// What a route asks of its caller.
enum access_need {
    ACCESS_OPEN,  // nothing: /healthz and /readyz
    ACCESS_READ,  // a token where there is a token file
    ACCESS_WRITE, // a token always: without a token file nobody may
};

struct access_config {
    const char *token_file;    // one token a line, empty lines and lines that begin with # apart; NULL = none
    const char *allow_origins; // "https://a.example,https://b.example:8443", or "*"; NULL = none
    const char *allow_hosts;   // "tide.example,store": names that Host may have; NULL = none
    bool any_host;             // Host is looked at only where allow_hosts is given
};

struct access;

// ERROR_USAGE for an origin or a host that is none, ERROR_INPUT naming the token file and what is wrong with it.
int access_new(struct access **ret, const struct access_config *config, struct error *error);
void access_free(struct access **access);
// As `any_host`, where what is listened on is known later. Before anything is asked.
void access_take_any_host(struct access *access);
// Reads the token file again. -1 = it cannot be used: the tokens stay as they were.
int access_reload(struct access *access, struct error *error);
bool access_has_tokens(const struct access *access);

// In this order, before a request is answered. `access` NULL = anybody may read, nobody may write. True = `response`
// is the answer.
bool access_refuse_host(const struct access *access, const struct request *request,
                        struct response *response); // 400, 421
bool access_answer_preflight(const struct access *access, const struct request *request,
                             struct response *response); // 204
bool access_refuse_token(struct access *access, const struct request *request, enum access_need need,
                         struct response *response); // 401, 403
// What Access-Control-Allow-Origin is to say, NULL = nothing. It lives as long as `access`.
const char *access_origin(const struct access *access, const struct request *request);

#endif
