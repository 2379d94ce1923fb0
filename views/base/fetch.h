// Asks the processor for memory that is looked at soon: the wait for it is then over, or shorter, when it is. Nothing comes of an
// address that is not looked at. Pure.
#ifndef TIDEMARK_BASE_FETCH_H
#define TIDEMARK_BASE_FETCH_H

#include <stddef.h>

enum { FETCH_LINE = 64 }; // bytes that come at once

// `bytes` from `from` on; NULL = nothing is wanted.
static inline void fetch_soon(const void *from, size_t bytes) {
    for (size_t at = 0; from != NULL && at < bytes; at += FETCH_LINE)
        __builtin_prefetch((const char *)from + at);
    if (from != NULL && bytes > 1) // what does not begin a line may end in one more
        __builtin_prefetch((const char *)from + bytes - 1);
    // GCC (12) takes a function that does nothing but ask for one without effect, and leaves out the calls of it.
    __asm__ volatile("");
}

#endif
