// JSON by its value: objects whatever the order of their members, numbers by their value, whatever spaces. Pure.
#ifndef TIDEMARK_POSTGRES_SAME_JSON_H
#define TIDEMARK_POSTGRES_SAME_JSON_H

#include "views/base/span.h"

// What is no JSON is the same as its own bytes.
bool same_json(struct span a, struct span b);

#endif
