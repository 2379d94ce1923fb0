// Requests whose bytes leave open what is asked, or where they end: what is answered, by where in them that was found. Pure.
#ifndef TIDEMARK_HTTP_UNREADABLE_H
#define TIDEMARK_HTTP_UNREADABLE_H

#include "http/refusals.h"

enum request_part {
    PART_LINE, // the first
    PART_HEADERS,
    PART_BODY,
};

// What two readers of `request` may read differently (RFC 9112, 3.2 and 6.3), so that who stands between client and server sees
// other requests than the server; NULL = nothing. The library's own checks differ by its version.
const char *unreadable_doubt(const struct request *request);
// The problem of a request that unreadable_doubt has a word on. The connection is closed.
void unreadable_refuse(struct refusals *refusals, const char *doubt, struct response *ret);
// The library gave up with `status` in `part`; of `request` there is what came before. False, and nothing is done, for a status
// that it has no reason to give.
bool unreadable_answer(struct refusals *refusals, unsigned status, enum request_part part,
                       const struct request *request, struct response *ret);

#endif
