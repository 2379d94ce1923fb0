// The program's log: one line an event on stderr, text or JSON. Only main and the two loops (consumer, http)
// log, and apply its warnings when the loop asks; everything below returns errors. Any thread; a line is written whole. The same line is written once in
// LOG_REPEAT_MS, and of one kind of line LOG_BURST_LINES at most: what was left out is counted in the next.
#ifndef TIDEMARK_BASE_LOG_H
#define TIDEMARK_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };

enum {
    LOG_REPEAT_MS = 10000,
    LOG_BURST_LINES = 20,
    LOG_KEPT_LINES = 100,
    LOG_MESSAGE_SIZE = 1024,
    LOG_PREFIX_SIZE = 64, // time and level of a line of text
};

// What a line is about, as JSON members beside its message; the text form has the message only.
struct log_fields {
    const char *topic; // NULL = none, as the other texts
    bool has_offset;   // partition and offset hold
    int32_t partition;
    int64_t offset;
    const char *state;
    const char *view;
    int64_t lsn; // 0 = none
};

// Set once, before the first thread starts.
void log_setup(enum log_level most, bool json);
// `event`: a stable name for machines, in snake case. `fields` may be NULL.
void log_event(enum log_level level, const char *event, const struct log_fields *fields, const char *format,
               ...) __attribute__((format(printf, 4, 5)));

// One line that was written.
struct log_kept {
    int64_t at_ms; // wall clock
    enum log_level level;
    char event[32];                 // cut when longer
    char message[LOG_MESSAGE_SIZE]; // any bytes from ' ' on
};
// A copy of the newest lines, at most LOG_KEPT_LINES, the oldest first; how many there are. Debug lines are not kept.
int log_kept(struct log_kept *ret, int room);
const char *log_level_name(enum log_level level);

// Lines that only people read.
#define log_line(level, ...) log_event(level, "note", NULL, __VA_ARGS__)
#define log_error(...) log_line(LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LEVEL_DEBUG, __VA_ARGS__)

#endif
