// The socket that is listened on: TCP or a UNIX domain socket. Bound first, so that an address that is taken is told
// before anything else is done; clients come only once it listens. No library of HTTP here.
#ifndef TIDEMARK_HTTP_LISTENER_H
#define TIDEMARK_HTTP_LISTENER_H

#include "views/base/error.h"

#include <sys/stat.h>

enum { LISTENER_ADDRESS_SIZE = 128 };

enum listener_kind {
    LISTENER_LOOPBACK, // TCP, from this machine only
    LISTENER_NETWORK,  // TCP, from elsewhere too
    LISTENER_UNIX,     // whom the file's mode lets in
};

struct listener {
    int fd; // non-blocking; -1 = none
    enum listener_kind kind;
    char address[LISTENER_ADDRESS_SIZE]; // "127.0.0.1:8080" as it came to be, "unix:/path"
    dev_t device; // of a UNIX socket's file, so that only this listener's own is removed
    ino_t inode;
};

// "127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080" = 127.0.0.1; port 0 = any that is free; "unix:/path" with
// `mode` (such as 0660). A UNIX socket that nobody listens on any more is removed first. Errors: ERROR_USAGE for an
// address that is none, ERROR_SYSTEM when it cannot be had.
int listener_open(struct listener *ret, const char *listen_at, mode_t mode, struct error *error);
// From here on clients may connect.
int listener_listen(const struct listener *listener, struct error *error);
void listener_close(struct listener *listener);

#endif
