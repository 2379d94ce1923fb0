// A JSON text in the one spelling that all texts of the same value share: no spaces between tokens, no escape that is not
// needed, each number by its digits and its power of ten, members in the order of jsonb (by length, then bytes), of those of one
// name the last. What is left as it came: half a pair of surrogates. Pure, any thread.
#ifndef TIDEMARK_BASE_JSON_SAME_H
#define TIDEMARK_BASE_JSON_SAME_H

#include "views/base/buffer.h"

// `text`: json_text_is_valid says so. What it has is shorter, or as long, but for numbers.
void json_same_write(struct buffer *out, struct span text);

#endif
