// Which lines of a log are written, so that a storm stays readable: the same text once in a while, and only so many
// lines of one kind in the same time. Pure; the owner's lock.
#ifndef TIDEMARK_BASE_LOG_LIMIT_H
#define TIDEMARK_BASE_LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

// Texts and kinds that are remembered. Two that meet in one place forget each other: then a line more is written.
enum { LOG_LIMIT_PLACES = 256 };

struct log_limit {
    struct {
        uint64_t text; // hash
        int64_t written_ms;
    } texts[LOG_LIMIT_PLACES];
    struct {
        uint64_t kind;
        int64_t since_ms;
        int written; // since then
        int64_t left_out;
    } kinds[LOG_LIMIT_PLACES];
};

// True when the line is written; ret_left_out: lines of its kind that were not, since the last one that was.
// `repeat_ms` and `burst`: LOG_REPEAT_MS, LOG_BURST_LINES. now_ms: monotonic, above 0.
bool log_limit_passes(struct log_limit *limit, uint64_t text, uint64_t kind, int64_t now_ms,
                      int64_t repeat_ms, int burst, int64_t *ret_left_out);

#endif
