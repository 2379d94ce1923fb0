#include "http/ready.h"

#include <stddef.h>

const char *ready_lacks(const struct progress_summary *summary, bool applied) {
    if (summary->state == STATE_HALTED)
        return "will not go on by itself";
    if (!summary->caught_up_once && summary->state != STATE_SERVING)
        return "has not caught up yet";
    return applied ? NULL : "nothing was applied to this file yet";
}
