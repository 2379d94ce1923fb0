// One line on a terminal while catching up: messages, rate, what is left and how long that will take. One
// thread.
#ifndef TIDEMARK_PROGRESS_LINE_H
#define TIDEMARK_PROGRESS_LINE_H

#include <stdbool.h>
#include <stdint.h>

enum { PROGRESS_LINE_EVERY_MS = 250 };

struct progress_line {
    bool shown;   // wanted, and stderr is a terminal
    bool written; // something stands on the line
    int64_t newest_ms;
    int64_t newest_messages;
    double rate; // messages/s, smoothed
};

void progress_line_begin(struct progress_line *line, bool wanted);
// `left`: messages behind, -1 = not known. Cheap to call often.
void progress_line_update(struct progress_line *line, int64_t messages, int64_t left);
// Clears the line, so that what is logged next stands alone.
void progress_line_end(struct progress_line *line);

#endif
