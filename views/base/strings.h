// A list of texts. Pure.
#ifndef TIDEMARK_BASE_STRINGS_H
#define TIDEMARK_BASE_STRINGS_H

#include <stdbool.h>
#include <string.h>

// The number of the first that is the text, -1 = none is.
static inline int strings_find(char *const *list, int count, const char *text) {
    for (int i = 0; i < count; i++)
        if (strcmp(list[i], text) == 0)
            return i;
    return -1;
}

static inline bool strings_have(char *const *list, int count, const char *text) {
    return strings_find(list, count, text) >= 0;
}

#endif
