// A ring of texts that a person should know of and that are no errors, each with what it is about. The oldest gives way: a
// storm of warnings is told by its newest, by how many it pushed out, and by the counters. One thread.
#ifndef TIDEMARK_APPLY_LOOP_WARNINGS_H
#define TIDEMARK_APPLY_LOOP_WARNINGS_H

#include "views/base/error.h"
#include "views/base/log.h"

enum { WARNINGS_MAX = 16, WARNINGS_TOPIC_SIZE = 250 };

struct warning {
    const char *event; // as log_event has it
    struct log_fields about;
    char topic[WARNINGS_TOPIC_SIZE]; // of `about`
    char text[ERROR_MESSAGE_SIZE];
};

struct warnings {
    struct warning list[WARNINGS_MAX];
    int next;
    int count;
    int left_out; // gave way since the newest was taken
    struct warning of_left_out;
};

void warnings_add(struct warnings *warnings, const char *format, ...) __attribute__((format(printf, 2, 3)));
// What the newest is about; of no use when there is none. `topic` is copied.
void warnings_about(struct warnings *warnings, const char *event, const struct log_fields *about);
// The oldest, which is in the ring no more, or first how many gave way before it; lives until the next call of warnings_add. NULL = there is none.
const struct warning *warnings_take(struct warnings *warnings);

#endif
