// The gate: the thread that accepts connections, refuses those that are too many, and ends those who let the server wait:
// for headers, for a body, for room in their sockets. Connections that are let in are the server's.
#ifndef TIDEMARK_HTTP_GATE_H
#define TIDEMARK_HTTP_GATE_H

#include "http/connections.h"

#include <sys/socket.h>

struct gate;

struct gate_config {
    int listener;   // non-blocking; the caller's, listened on
    bool encrypted; // nothing can be said in plain
    int most;
    int most_of_address; // 0 = no bound
    int headers_ms;
    struct refusals *refusals;
    // Takes the socket, also when it fails, which closes it. On the gate's thread.
    bool (*take)(void *self, int fd, const struct sockaddr *address, socklen_t size);
    void (*tidy)(void *self); // once a second while there are connections; on the gate's thread
    void *self;
};

int gate_new(struct gate **ret, const struct gate_config *config, struct error *error);
void gate_free(struct gate **gate);
// From here on clients are let in.
int gate_open(struct gate *gate, struct error *error);
// No more of them, and nobody is ended any more. What waits in the listener's queue stays there.
void gate_close(struct gate *gate);

// A socket that `take` took is served from now on; and, before it is closed, no more. Any thread.
struct booked *gate_begin(struct gate *gate, int fd);
void gate_leave(struct gate *gate, int fd);
int gate_count(struct gate *gate);

#endif
