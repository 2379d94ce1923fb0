// Cleanup declared where a thing is acquired. Destructors accept NULL.
// Floor of the project: includes nothing of ours.
#ifndef TIDEMARK_BASE_CLEANUP_H
#define TIDEMARK_BASE_CLEANUP_H

#include <stdlib.h>
#include <string.h>

#define CLEANUP(destructor) __attribute__((cleanup(destructor)))

// For `CLEANUP(free_charp) char *text = ...`.
static inline void free_charp(char **text) {
    free(*text);
    *text = NULL;
}

// For `CLEANUP(free_any) int *numbers = ...`: memory of any type. `pointer`: where the pointer to it is.
static inline void free_any(void *pointer) {
    void *memory;
    memcpy(&memory, pointer, sizeof memory);
    free(memory);
    memory = NULL;
    memcpy(pointer, &memory, sizeof memory);
}

#endif
