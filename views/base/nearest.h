// Which of the known names a mistyped one is likely meant for. Pure.
#ifndef TIDEMARK_BASE_NEAREST_H
#define TIDEMARK_BASE_NEAREST_H

#include <stdbool.h>

enum { NEAREST_SIZE_MAX = 64 }; // longer names are near none

// Whether `name` is other than `known`, and one letter more, less, another or two in turn away from it; two such steps where
// it has six letters or more. Small and capital letters are the same.
bool nearest_is(const char *name, const char *known);

#endif
