// The HTTP server: the only module, beside reply.h and tls.h, that includes microhttpd.h. A pool of threads, one reader each; limits,
// timeouts, start and stop. Answers come from routes.h, which knows no sockets. Requests that wait for a
// position are suspended (waiters.h): they hold a connection, not a thread. SIGPIPE is for main to ignore.
#ifndef TIDEMARK_HTTP_SERVER_H
#define TIDEMARK_HTTP_SERVER_H

#include "http/library.h"
#include "http/limits.h"
#include "views/base/error.h"
#include "views/engine/catalog.h"
#include "views/engine/progress.h"

struct endpoint;  // endpoint.h
struct snapshots; // views/engine/snapshots.h
struct server;

enum {
    SERVER_THREADS = 4,
    SERVER_MOMENT_MS = 50,   // a query that takes longer goes to the slow lane (slow_lane.h)
    SERVER_BULK_MS = 300000, // whole tables, which are read in a lane of their own
    SERVER_IDLE_TIMEOUT_S = 60,
    SERVER_READ_BYTES_S =
        64 << 10,             // at which an answer is to be read, beside as long as a connection may be idle
    SERVER_HEADERS_MAX = 100, // of a request: the library's own bound comes later
    SERVER_REQUEST_BODY_MAX =
        1 << 20, // bytes that a client may send after its headers; they are not looked at
    // A connection's, for the longest URL, headers and the answer's headers. The library writes zeros to all of it after
    // each request.
    SERVER_CONNECTION_BYTES = 32 << 10,
    SERVER_HAND_OVER_MS = 500,
    SERVER_STOP_WAIT_MS = 2000, // for the answers under way, and once more for those that it interrupts
};

struct server_config {
    const struct endpoint *endpoint; // where, and who may ask; outlives the server
    const char *db;
    const struct catalog *catalog; // outlives the server
    struct progress *progress;     // outlives the server
    struct snapshots *snapshots;   // that its readers join; outlives the server, NULL = none
    const char *version;
    const struct library *libraries; // as routes_config has it
    struct limits limits;
    bool answer_empty;      // with no rows, not 503, before anything was applied to the file
    int64_t feed_window_ms; // how long what a follower has seen is remembered after he has left
};

// From here on clients are answered. Errors: ERROR_SYSTEM naming the address and the cause.
int server_start(struct server **ret, const struct server_config *config, struct error *error);
// The library that the program runs with, "0.9.75".
const char *server_library_version(void);
// Takes no more connections, answers those who wait with 503, finishes the answers under way within
// SERVER_STOP_WAIT_MS, interrupts the others, and frees. NULL is fine.
void server_stop(struct server **server);
// The same before another server is started at the same endpoint: what clients have sent is answered as ever, and those
// who come meanwhile wait in the socket's queue. Idle connections are closed after SERVER_HAND_OVER_MS.
void server_stop_for_next(struct server **server);

#endif
