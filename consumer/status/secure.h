// TLS over a connected socket, as its client: the only module that knows GnuTLS. The certificate must lead to one that is
// trusted and name the host. One thread.
#ifndef TIDEMARK_STATUS_SECURE_H
#define TIDEMARK_STATUS_SECURE_H

#include "views/base/error.h"

#include <sys/types.h>

struct secure;

// `fd` stays the caller's, and open until secure_close. `ca`: a PEM file of the certificates that are trusted; NULL = the
// system's. ERROR_INPUT: `ca` has none, or the server's certificate is not one for `host`, with the reason; ERROR_SYSTEM:
// what answers speaks no TLS, or not in time.
int secure_open(struct secure **ret, int fd, const char *host, const char *ca, struct error *error);
// As send and recv: how many bytes, 0 at the end, -1 with the error.
ssize_t secure_send(struct secure *secure, const void *data, size_t size, struct error *error);
ssize_t secure_receive(struct secure *secure, void *ret, size_t size, struct error *error);
void secure_close(struct secure **secure);

#endif
