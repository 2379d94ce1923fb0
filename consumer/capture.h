// A capture: JSON lines {"topic","partition","offset","ts","key","value"}, key and value strings or null, in
// the order of delivery. As kcat -J prints them, too: there "payload" is the value, and other members are passed
// over. Mapped into memory, read line by line; what is packed by gzip or comes from a pipe goes to a nameless
// temporary file first. One thread.
#ifndef TIDEMARK_CAPTURE_H
#define TIDEMARK_CAPTURE_H

#include "views/base/arena.h"
#include "views/base/error.h"
#include "views/base/span.h"

#include <stdint.h>

struct capture;

struct capture_line {
    struct span topic;
    int32_t partition;
    int64_t offset;
    int64_t ts_ms;
    struct span key;   // data NULL = null
    struct span value; // data NULL = null
    int64_t line;      // from 1
};

// "-" is stdin.
int capture_open(struct capture **ret, const char *path, struct error *error);
// Whether it is there, can be read, and begins as a capture does: before a file is made for it. Of what comes once, a pipe
// or "-", and of what is packed nothing is read. ERROR_INPUT.
int capture_check(const char *path, struct error *error);
int capture_check_all(const char *const *paths, int count, struct error *error);
// Over bytes that outlive the capture; `name` is for messages.
int capture_open_bytes(struct capture **ret, struct span bytes, const char *name, struct error *error);
void capture_close(struct capture **capture);

// 1 = a line, 0 = the end, -1 = ERROR_INPUT naming file and line. A line cut off at the end of the file (no
// newline, broken JSON) is an error like any other. Unescaped text goes to `arena` and lives until it is
// reset.
int capture_next(struct capture *capture, struct arena *arena, struct capture_line *ret, struct error *error);
// Byte offset of the line that capture_next read last; capture_at reads that line again.
size_t capture_place(const struct capture *capture);
int capture_at(struct capture *capture, size_t place, struct arena *arena, struct capture_line *ret,
               struct error *error);
// zlib's, as the program runs with it.
const char *capture_library_version(void);
// Back to the start.
void capture_rewind(struct capture *capture);
// True when some line's topic ends in `suffix`: for knowing, before the first message, whether a transaction
// topic will come. One pass over the bytes, no parsing beyond the topic.
bool capture_has_topic(const struct capture *capture, const char *suffix);
// Visits the topic and partition of each line, unless they are those of the line before. Lines that are
// broken, or say so behind the key, are passed over: capture_next tells of them. Stops at the first error of
// `visit`.
int capture_visit_partitions(const struct capture *capture,
                             int (*visit)(void *self, struct span topic, int32_t partition,
                                          struct error *error),
                             void *self, struct error *error);
// "theworldshop" from the first table's, transaction's or heartbeat's topic; data NULL when no line tells.
struct span capture_prefix(const struct capture *capture);

#endif
