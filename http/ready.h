// Whether the process is ready, as /readyz and /v1/live tell it. Pure.
#ifndef TIDEMARK_HTTP_READY_H
#define TIDEMARK_HTTP_READY_H

#include "views/engine/progress.h"

// Ready is what has read to the end once and can go on. How late it is meanwhile is another question: a dead
// connector makes nobody unready. NULL, or what is lacking. `applied`: the file has applied something.
const char *ready_lacks(const struct progress_summary *summary, bool applied);

#endif
