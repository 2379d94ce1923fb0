// A ring of texts that a person should know of and that are no errors. The oldest gives way: a storm of
// warnings is told by its newest, and by the counters. One thread.
#ifndef TIDEMARK_APPLY_LOOP_WARNINGS_H
#define TIDEMARK_APPLY_LOOP_WARNINGS_H

#include "views/base/error.h"

enum { WARNINGS_MAX = 16 };

struct warnings {
    char texts[WARNINGS_MAX][ERROR_MESSAGE_SIZE];
    int next;
    int count;
};

void warnings_add(struct warnings *warnings, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The oldest, which is in the ring no more; lives until the next call of warnings_add. NULL = there is none.
const char *warnings_take(struct warnings *warnings);

#endif
