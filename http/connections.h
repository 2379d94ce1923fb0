// The book of open connections: how many there are, of all and of each address, and whose turn it is on each, for how long.
// Knows sockets as numbers only: what is to be done with one that is over its time is the caller's.
//
// The thread that serves a connection tells whose turn it is, which costs one store; the one who sweeps measures the time,
// so a turn may last one sweep longer.
#ifndef TIDEMARK_HTTP_CONNECTIONS_H
#define TIDEMARK_HTTP_CONNECTIONS_H

#include "http/refusals.h"
#include "views/base/error.h"

#include <stdatomic.h>

struct connections;

enum turn {
    TURN_HEADERS, // its first request's headers have not come whole
    TURN_IDLE,    // its next request's
    TURN_BODY,    // what follows the headers
    TURN_SERVER,  // the server's turn
    TURN_READS,   // it is being sent an answer
};

struct connections_config {
    int most;            // of all
    int most_of_address; // of one address (address.h); 0 = as many as there may be
    int files;           // sockets have lower numbers
    int headers_ms;      // that TURN_HEADERS may last
    // A connection is over its time, or is to make room: `why` is REFUSAL_COUNT for one that was only idle. With the lock
    // held: it must not call back. What it closes is told by connections_leave later. False = it is the server that is
    // late: the connection's time begins anew.
    bool (*end)(void *self, int fd, enum refusal why);
    void *self;
};

int connections_new(struct connections **ret, const struct connections_config *config, struct error *error);
void connections_free(struct connections **connections);

// What a connection is in the book, from connections_enter to connections_leave.
struct booked;

// A connection of `address` is there. False, and it is not, when there are too many: *ret_why says of whom.
bool connections_enter(struct connections *connections, int fd, uint64_t address, int64_t now_ms,
                       enum refusal *ret_why);
// It is served from now on: until connections_leave its socket may be given to `end`.
struct booked *connections_begin(struct connections *connections, int fd);
// Before the socket is closed. Safe for one that is not in the book.
void connections_leave(struct connections *connections, int fd);

// Its thread's: it may stay in `turn` for so long, 0 = for ever.
void booked_turn_to(struct booked *booked, enum turn turn, uint32_t ms);

int connections_count(struct connections *connections);
// Whether there is room for one more. Where there is none, those who have been waiting for a request for the longest are
// ended, some at once; *ret_any = whether any is on its way out.
bool connections_make_room(struct connections *connections, int64_t now_ms, bool *ret_any);
// Ends those who are over their time.
void connections_sweep(struct connections *connections, int64_t now_ms);

#endif
