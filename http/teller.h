// The producer of /v1/live: a thread of its own takes the samples and tells what live.h finds.
#ifndef TIDEMARK_HTTP_TELLER_H
#define TIDEMARK_HTTP_TELLER_H

#include "http/exchange.h"
#include "http/streams.h"

struct teller;

int teller_new(struct teller **ret, struct routes *routes, struct streams *streams, struct error *error);
// Ends the thread. NULL is fine.
void teller_free(struct teller **teller);

#endif
