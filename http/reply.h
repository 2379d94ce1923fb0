// An answer of ours on its way into the library, and the only place that gives it one.
//
// What the library refuses by itself, since it cannot read it, it gives to MHD_queue_response too. The program has a function
// of that name before the library's, so those answers are ours to write. That holds where the library calls itself as anybody
// would (Debian's 0.9.75 and 1.0.1 do); one that is linked with -Bsymbolic-functions sends its own pages, as it would without us.
#ifndef TIDEMARK_HTTP_REPLY_H
#define TIDEMARK_HTTP_REPLY_H

#include "http/request.h"

#include <microhttpd.h>

// How much an answer takes until it has been sent.
struct reply_held {
    size_t memory; // bytes of an account's
    int64_t file;
};

// What a socket's context begins with.
struct reply_refuser {
    // The library refuses what comes on `connection` with `status`: on the connection's thread. False = its own page is sent.
    bool (*refuse)(struct reply_refuser *self, struct MHD_Connection *connection, unsigned status);
};

// Whether the library sends the status and the headers of a refusal twice, where it refuses what headers say: those before 1.0 do.
bool reply_is_garbled(void);
// Finds the library's own function; before anything is answered. Errors: ERROR_SYSTEM.
int reply_prepare(struct error *error);

// The response's body, which is the library's from here on. NULL: there is no memory.
struct MHD_Response *reply_body(struct response *response, struct reply_held *ret_held);
// `body` is freed with it; where there is no memory, NULL, it is not.
struct MHD_Response *reply_of_bytes(char *body, size_t size);
// One that does not end: `read` gives `self` what comes next. Of a `head` nothing is read.
struct MHD_Response *reply_of_stream(bool head, MHD_ContentReaderCallback read, void *self);
void reply_free(struct MHD_Response *reply); // once it has been sent by whoever sends it
// All headers. False when one is lost without which a client would believe something else.
bool reply_headers(struct MHD_Response *reply, const struct response *response);
// Hands `reply` over, and frees it.
enum MHD_Result reply_queue(struct MHD_Connection *connection, int status, struct MHD_Response *reply);
// The same, and it stays the caller's.
enum MHD_Result reply_queue_kept(struct MHD_Connection *connection, int status, struct MHD_Response *reply);

#endif
