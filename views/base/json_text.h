// Whether a text is one JSON value (RFC 8259), looked at in place: nothing is made of it. Pure, any thread.
#ifndef TIDEMARK_BASE_JSON_TEXT_H
#define TIDEMARK_BASE_JSON_TEXT_H

#include "views/base/span.h"

enum { JSON_TEXT_DEPTH_MAX = 512 }; // arrays and objects within each other

// False for what is deeper than JSON_TEXT_DEPTH_MAX, too, and for what is not UTF-8.
bool json_text_is_valid(struct span text);

#endif
