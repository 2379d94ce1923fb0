// What a person asked of messages in quarantine: one is decoded again, as source.sql is now, and applied by the rules that
// any change is; what is older than its row stays superseded. Inside apply only.
#ifndef TIDEMARK_APPLY_LOOP_RETRY_H
#define TIDEMARK_APPLY_LOOP_RETRY_H

#include "consumer/apply/loop/state.h"

enum { RETRY_AT_ONCE = BOUND(1000, 2) }; // requests that are done before other messages are taken

// Does what is asked, within the transaction that is open or a new one. ret_done: how many.
int retry_requested(struct apply *apply, int *ret_done, struct error *error);

#endif
