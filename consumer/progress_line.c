#include "consumer/progress_line.h"

#include "views/base/clock.h"

#include <stdio.h>
#include <unistd.h>

void progress_line_begin(struct progress_line *line, bool wanted) {
    *line = (struct progress_line){.shown = wanted && isatty(STDERR_FILENO) != 0};
    line->newest_ms = clock_monotonic_ms();
}

void progress_line_update(struct progress_line *line, int64_t messages, int64_t left) {
    if (!line->shown)
        return;
    int64_t now = clock_monotonic_ms();
    int64_t passed = now - line->newest_ms;
    if (passed < PROGRESS_LINE_EVERY_MS)
        return;
    double rate = (double)(messages - line->newest_messages) * 1000.0 / (double)passed;
    line->rate = line->written ? 0.7 * line->rate + 0.3 * rate : rate;
    line->newest_ms = now;
    line->newest_messages = messages;
    line->written = true;
    (void)fprintf(stderr, "\r\x1b[K%lld messages, %.0f/s", (long long)messages, line->rate);
    if (left >= 0) {
        (void)fprintf(stderr, ", %lld behind", (long long)left);
        if (line->rate >= 1)
            (void)fprintf(stderr, ", %.0f s to go", (double)left / line->rate);
    }
    (void)fflush(stderr);
}

void progress_line_end(struct progress_line *line) {
    if (line->written)
        (void)fputs("\r\x1b[K", stderr);
    line->written = false;
}
