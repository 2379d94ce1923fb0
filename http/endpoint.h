// Where HTTP is served and who may ask there: the bound socket, the certificate, the tokens. Opened before anything else
// is done, so that what is wrong with them is told before a file is made. Main opens it, gives it to the server, and
// frees it after the server.
#ifndef TIDEMARK_HTTP_ENDPOINT_H
#define TIDEMARK_HTTP_ENDPOINT_H

#include "http/access.h"
#include "http/listener.h"

enum { ENDPOINT_PEM_SIZE_MAX = 1 << 20, ENDPOINT_WARNING_SIZE = 512, ENDPOINT_URL_SIZE = 160 };

struct endpoint_config {
    const char *listen;      // as listener.h takes it
    const char *socket_mode; // of a UNIX socket, octal; NULL = 660
    const char *token_file;  // NULL = none, as the rest
    const char *allow_origins;
    const char *allow_hosts;
    const char *tls_cert; // PEM: the certificate, and those between it and the root
    const char *tls_key;  // PEM
    bool no_auth;         // an address that others reach may be without a token file
};

struct endpoint {
    struct listener listener;
    struct access *access;
    struct buffer tls_cert; // NUL-terminated; no data = plain HTTP
    struct buffer tls_key;
    char url[ENDPOINT_URL_SIZE];         // "https://127.0.0.1:8443", "unix:/run/tidemark/http"
    char warning[ENDPOINT_WARNING_SIZE]; // what is allowed and looks wrong; "" = nothing
};

// ERROR_USAGE names the flag, ERROR_INPUT the file, ERROR_SYSTEM the address.
int endpoint_open(struct endpoint **ret, const struct endpoint_config *config, struct error *error);
void endpoint_free(struct endpoint **endpoint);
// Reads the token file again, while the server runs; `warning` is of the file as it is now.
int endpoint_reload(struct endpoint *endpoint, const struct endpoint_config *config, struct error *error);

#endif
