// What a person asks of a message in quarantine, put into the file for the process that writes it: that one does it with
// its next commit, or at its next start. Any process and any thread may ask: each call has a connection of its own.
#ifndef TIDEMARK_ASK_H
#define TIDEMARK_ASK_H

#include "views/base/error.h"
#include "views/base/span.h"

#include <stdint.h>

enum ask_action {
    ASK_RETRY,   // decode and apply it again, as source.sql is now
    ASK_DISCARD, // it is not missed: `note` says why
};

enum { ASK_ALL = 0 }; // every message that waits

// Asks it of `count` messages, or of the one ASK_ALL; where one of them is none to ask it of, nothing is asked of any.
// What waits to be done already is not asked once more: of two reasons for a discard the first is kept.
// `wait_ms`: for a moment in which nobody writes the file. ERROR_NOTFOUND there is no such message; ERROR_INPUT it does
// not wait; ERROR_TIMEOUT the file was being written all the time; others as store_open has them.
int ask_quarantined(const char *path, enum ask_action action, const int64_t *ids, int count, struct span note,
                    int wait_ms, struct error *error);

#endif
