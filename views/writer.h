// A thread that does one piece of work at a time for another, so that what is written of one commit and what
// is taken for the next overlap. Knows nothing of what the work is: what it touches must be left alone until
// writer_wait. Of use to the store only; one thread calls it. The thread inside starts with the first work;
// where it cannot, the work is done at once.
#ifndef TIDEMARK_WRITER_H
#define TIDEMARK_WRITER_H

#include "views/base/error.h"

#include <stdbool.h>

struct writer;

int writer_new(struct writer **ret, struct error *error);
// Waits for the work that is under way.
void writer_free(struct writer **writer);

// None may be under way.
void writer_start(struct writer *writer, void (*work)(void *self), void *self);
bool writer_is_busy(const struct writer *writer);
// Until the work is done; at once when there is none. What it wrote is seen by the caller afterwards.
void writer_wait(struct writer *writer);

#endif
