#include "views/base/log.h"

#include "views/base/buffer.h"
#include "views/base/clock.h"
#include "views/base/hash.h"
#include "views/base/log_limit.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct log_limit log_limits;              // under log_mutex
static struct log_kept log_ring[LOG_KEPT_LINES]; // under log_mutex
static int64_t log_ring_count;                   // lines that were ever kept; under log_mutex

static enum log_level log_most = LEVEL_INFO;
static bool log_json;

static const char *const level_names[] = {
    [LEVEL_ERROR] = "error", [LEVEL_WARN] = "warn", [LEVEL_INFO] = "info", [LEVEL_DEBUG] = "debug"};

void log_setup(enum log_level most, bool json) {
    log_most = most;
    log_json = json;
}

// Debug lines are asked for, and are all wanted.
static bool log_is_wanted(enum log_level level, const char *event, const char *format, const char *message,
                          int64_t *ret_left_out) {
    *ret_left_out = 0;
    if (level == LEVEL_DEBUG)
        return true;
    uint64_t kind = hash_bytes(hash_bytes(HASH_SEED, span_of(event)), span_of(format));
    (void)pthread_mutex_lock(&log_mutex);
    bool wanted = log_limit_passes(&log_limits, hash_bytes(HASH_SEED, span_of(message)), kind,
                                   clock_monotonic_ms(), LOG_REPEAT_MS, LOG_BURST_LINES, ret_left_out);
    (void)pthread_mutex_unlock(&log_mutex);
    return wanted;
}

static void log_keep(enum log_level level, const struct timespec *at, const char *event,
                     const char *message) {
    if (level == LEVEL_DEBUG)
        return;
    (void)pthread_mutex_lock(&log_mutex);
    struct log_kept *kept = &log_ring[log_ring_count++ % LOG_KEPT_LINES];
    kept->at_ms = (int64_t)at->tv_sec * 1000 + at->tv_nsec / 1000000;
    kept->level = level;
    (void)snprintf(kept->event, sizeof kept->event, "%s", event);
    (void)snprintf(kept->message, sizeof kept->message, "%s", message);
    (void)pthread_mutex_unlock(&log_mutex);
}

int log_kept(struct log_kept *ret, int room) {
    (void)pthread_mutex_lock(&log_mutex);
    int64_t from = log_ring_count > LOG_KEPT_LINES ? log_ring_count - LOG_KEPT_LINES : 0;
    if (log_ring_count - from > room)
        from = log_ring_count - room;
    int count = 0;
    for (int64_t i = from; i < log_ring_count; i++)
        ret[count++] = log_ring[i % LOG_KEPT_LINES];
    (void)pthread_mutex_unlock(&log_mutex);
    return count;
}

const char *log_level_name(enum log_level level) {
    return level_names[level];
}

static void log_json_text(struct buffer *line, const char *name, const char *value) {
    if (value == NULL)
        return;
    buffer_format(line, ",\"%s\":", name);
    buffer_json_string(line, span_of(value));
}

static void log_json_line(struct buffer *line, const char *at, enum log_level level, const char *event,
                          const struct log_fields *fields, const char *message) {
    buffer_format(line, "{\"at\":\"%s\",\"level\":\"%s\"", at, level_names[level]);
    log_json_text(line, "event", event);
    log_json_text(line, "message", message);
    if (fields != NULL) {
        log_json_text(line, "topic", fields->topic);
        if (fields->has_offset)
            buffer_format(line, ",\"partition\":%d,\"offset\":%lld", (int)fields->partition,
                          (long long)fields->offset);
        log_json_text(line, "state", fields->state);
        log_json_text(line, "view", fields->view);
        if (fields->lsn > 0)
            buffer_format(line, ",\"lsn\":\"%X/%X\"", (unsigned)(fields->lsn >> 32),
                          (unsigned)(fields->lsn & 0xffffffff));
    }
    buffer_text(line, "}\n");
}

// One write a line, so that lines of several threads do not mix. A log that cannot be written is not an error.
static void log_write(const char *text, size_t size) {
    (void)!write(STDERR_FILENO, text, size);
}

// Takes no memory: what goes wrong for want of it is told all the same.
static void log_text_line(const char *at, enum log_level level, const char *message) {
    char text[LOG_MESSAGE_SIZE + LOG_PREFIX_SIZE];
    int size = snprintf(text, sizeof text, "%s %-5s %s\n", at, level_names[level], message);
    if (size > 0 && (size_t)size < sizeof text)
        log_write(text, (size_t)size);
}

void log_event(enum log_level level, const char *event, const struct log_fields *fields, const char *format,
               ...) {
    if (level > log_most)
        return;
    char message[LOG_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    for (char *c = message; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    int64_t left_out;
    if (!log_is_wanted(level, event, format, message, &left_out))
        return;
    size_t size = strlen(message);
    if (left_out > 0)
        (void)snprintf(message + size, sizeof message - size, " (%lld such lines were left out before)",
                       (long long)left_out);
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    log_keep(level, &now, event, message);
    struct tm utc;
    (void)gmtime_r(&now.tv_sec, &utc);
    char at[40];
    size_t n = strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(at + n, sizeof at - n, ".%03ldZ", now.tv_nsec / 1000000);
    struct buffer line = {0};
    if (log_json)
        log_json_line(&line, at, level, event, fields, message);
    if (log_json && !line.failed)
        log_write(line.data, line.size);
    else
        log_text_line(at, level, message);
    buffer_free(&line);
}
