// A thread that does one piece of work at a time for another: one commit is written while the next is taken. Knows
// nothing of the work. What the work touches must be left alone until writer_thread_wait. Of use to the store
// only; one thread calls it. The thread inside starts with the first work; where it cannot, the work is done at
// once.
#ifndef TIDEMARK_STORE_WRITER_THREAD_H
#define TIDEMARK_STORE_WRITER_THREAD_H

#include "views/base/error.h"

#include <stdbool.h>

struct writer_thread;

int writer_thread_new(struct writer_thread **ret, struct error *error);
// Waits for the work that is under way.
void writer_thread_free(struct writer_thread **writer);

// None may be under way.
void writer_thread_start(struct writer_thread *writer, void (*work)(void *self), void *self);
bool writer_thread_is_busy(const struct writer_thread *writer);
// Until the work is done; at once when there is none. What it wrote is seen by the caller afterwards.
void writer_thread_wait(struct writer_thread *writer);

#endif
