// What a follower asks at each commit, as text: two that ask the same share one evaluation. Pure.
#ifndef TIDEMARK_HTTP_FOLLOW_QUESTION_H
#define TIDEMARK_HTTP_FOLLOW_QUESTION_H

#include "views/base/buffer.h"

// A request's target without the parameters that count at the beginning only (what to wait for, where to go on).
void follow_write_question(struct buffer *out, struct span target);

#endif
