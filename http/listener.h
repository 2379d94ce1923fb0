// The socket that is listened on. No library of HTTP here.
#ifndef TIDEMARK_HTTP_LISTENER_H
#define TIDEMARK_HTTP_LISTENER_H

#include "views/base/error.h"

enum { LISTENER_ADDRESS_SIZE = 128 };

// "127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080" = 127.0.0.1; port 0 = any that is free. A
// non-blocking socket into `ret`, and "HOST:PORT" as it came to be into ret_address. Errors: ERROR_USAGE for
// an address that is none, ERROR_SYSTEM when it cannot be listened on.
int listener_open(const char *listen_at, int *ret, char ret_address[LISTENER_ADDRESS_SIZE],
                  struct error *error);

#endif
